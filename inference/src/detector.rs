//! One model in memory, ready for pictures: an ONNX Runtime session on the thread of its owner.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ort::{
    session::{NoSelectedOutputs, RunOptions, Session, SessionOutputs, builder::GraphOptimizationLevel},
    value::{Outlet, TensorElementType, TensorRef, ValueType},
};
use sharpeyes_domain::{
    detection::{Detection, ObjectClass},
    geometry::{Confidence, NormRect},
};

use crate::{
    error::{InferenceError, RuntimeFailure, Shape},
    family::{
        self, Candidate, Decoded, Element, Family, Frame, Port, PortNames, TensorData, TensorView,
        UnexpectedShape,
    },
    letterbox::{InputSize, Letterbox},
    manifest::{Input, KnownClass, Layout, Manifest, ModelFile},
    nms::{self, Suppression},
    picture::{Picture, PixelArea},
    preprocess::{self, Preprocessor},
    provider::Provider,
    runtime::Runtime,
};

/// Each shape of camera picture keeps its tables and tensor; a site has a handful of shapes, and the oldest goes when
/// there are more.
const MAX_SHAPES: usize = 16;

/// Up to so many times the manifest's limit of boxes, the surest are believed.
const MOST_OF_LIMIT: usize = 2;

/// How a model is run.
#[derive(Clone, Copy, Debug)]
pub struct DetectorOptions {
    /// Threads inside one inference. One is best: 2 sessions of 1 thread give 109 pictures a second where 1 session of
    /// 2 threads gives 49 to 68.
    pub threads: u16,
    /// Instead of the manifest's.
    pub score: Option<Confidence>,
    /// What computes.
    pub provider: Provider,
    /// Reads the time around every run of the network, for [`DetectorStats::in_network`]; `None` measures nothing.
    pub clock: Option<fn() -> Instant>,
}

impl Default for DetectorOptions {
    fn default() -> Self {
        Self { threads: 1, score: None, provider: Provider::Cpu, clock: None }
    }
}

/// What happened so far; only ever grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetectorStats {
    /// Pictures that were answered.
    pub n_pictures: u64,
    /// Boxes dropped because a number in them was NaN or infinite: a broken model or broken memory.
    pub n_non_finite: u64,
    /// Boxes dropped because there were more than the manifest allows.
    pub n_over_limit: u64,
    /// Answers refused as a whole: NaN, or a flood of boxes.
    pub n_refused: u64,
    /// Time inside ONNX Runtime, where there is a clock.
    pub in_network: Duration,
}

/// One model in memory. Owned by one thread at a time; several threads have several detectors.
pub struct Detector {
    manifest: Manifest,
    session: Session,
    interrupter: Interrupter,
    ports: PortNames,
    classes: Vec<Option<KnownClass>>,
    score: Confidence,
    clock: Option<fn() -> Instant>,
    /// The tensor once more, for models that want it as bytes, or colours side by side.
    bytes: Vec<u8>,
    interleaved: Vec<f32>,
    shapes: Shapes,
    stats: DetectorStats,
}

/// Ends the detection that is running in a detector, from another thread. One that comes too late, between two
/// pictures, does nothing.
#[derive(Clone)]
pub struct Interrupter {
    options: Arc<RunOptions<NoSelectedOutputs>>,
    is_asked: Arc<AtomicBool>,
}

impl Interrupter {
    fn new() -> Result<Self, RuntimeFailure> {
        Ok(Self { options: Arc::new(RunOptions::new()?), is_asked: Arc::default() })
    }

    /// The running `detect` returns [`InferenceError::Interrupted`] at the next layer of the network.
    pub fn interrupt(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
        if let Err(error) = self.options.terminate() {
            tracing::warn!(%error, "ONNX Runtime does not let itself be interrupted");
        }
    }

    fn clear(&self) -> Result<(), Failure> {
        self.is_asked.store(false, Ordering::SeqCst);
        Ok(self.options.unterminate()?)
    }

    fn failure(&self, error: ort::Error) -> Failure {
        if self.is_asked.load(Ordering::SeqCst) { Failure::Interrupted } else { error.into() }
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter").field("is_asked", &self.is_asked).finish_non_exhaustive()
    }
}

/// The picture sizes seen so far, most recently used last.
#[derive(Default)]
struct Shapes(Vec<PictureShape>);

/// A picture size and its way to the tensor.
struct PictureShape {
    width_px: u32,
    height_px: u32,
    preprocessor: Preprocessor,
}

impl Detector {
    /// Reads, hashes, loads and compares a model with its manifest, so that what is wrong is known before the first
    /// picture.
    ///
    /// # Errors
    /// Every [`InferenceError`] that is about a model; its message says what to do.
    pub fn open(
        runtime: &Runtime,
        model: &ModelFile,
        options: DetectorOptions,
    ) -> Result<Self, InferenceError> {
        let bytes = model.read()?;
        let path = model.onnx();
        options.provider.require(runtime)?;
        let session = session(runtime, &bytes, &options)
            .map_err(|source| InferenceError::ModelUnreadable { path: path.clone(), source })?;
        let interrupter = Interrupter::new()
            .map_err(|source| InferenceError::ModelUnreadable { path: path.clone(), source })?;
        let ports = compare(&path, &model.manifest, &session)?;
        let manifest = model.manifest.clone();
        tracing::info!(model = %manifest.id, family = %manifest.family, sha256 = %manifest.sha256, "model loaded");
        Ok(Self {
            classes: manifest.classes.table(),
            score: options.score.unwrap_or(manifest.score),
            clock: options.clock,
            bytes: Vec::new(),
            interleaved: Vec::new(),
            manifest,
            session,
            interrupter,
            ports,
            shapes: Shapes::default(),
            stats: DetectorStats::default(),
        })
    }

    /// The model's own description.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What happened so far.
    #[must_use]
    pub const fn stats(&self) -> DetectorStats {
        self.stats
    }

    /// The means to end a detection from another thread, when it takes longer than the site allows.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// The input that pictures of this size get.
    #[must_use]
    pub fn input_size(&self, width_px: u32, height_px: u32) -> InputSize {
        self.manifest.input.size_for(width_px, height_px)
    }

    /// What is in the picture, surest first, boxes clipped to the picture. Takes as long as it takes: call it on a
    /// thread of its own.
    ///
    /// # Errors
    /// [`InferenceError::Picture`], [`InferenceError::Run`], [`InferenceError::Interrupted`] or
    /// [`InferenceError::Output`].
    pub fn detect(&mut self, picture: &Picture<'_>) -> Result<Vec<Detection>, InferenceError> {
        self.detect_above(picture, self.score)
    }

    /// As [`Detector::detect`], with the score of the camera that the picture is from: one detector serves many.
    ///
    /// # Errors
    /// As [`Detector::detect`].
    pub fn detect_above(
        &mut self,
        picture: &Picture<'_>,
        score: Confidence,
    ) -> Result<Vec<Detection>, InferenceError> {
        picture.check()?;
        let input = self.input_size(picture.width_px(), picture.height_px());
        self.run(picture, input, score)
    }

    /// What is in a part of the picture, in shares of the whole picture; `None`: in all of it.
    ///
    /// A model of any size sees the part at the scale at which it sees the whole, for the share of the time that it
    /// covers; one of a fixed size sees it larger for the same time.
    ///
    /// # Errors
    /// As [`Detector::detect`].
    pub fn detect_in(
        &mut self,
        picture: &Picture<'_>,
        part: Option<NormRect>,
        score: Confidence,
    ) -> Result<Vec<Detection>, InferenceError> {
        let Some(part) = part else { return self.detect_above(picture, score) };
        picture.check()?;
        let (width_px, height_px) = (picture.width_px(), picture.height_px());
        let area = PixelArea::of(&part, width_px, height_px);
        let input = self.input_size(width_px, height_px);
        let whole = Letterbox::new(width_px, height_px, input, self.manifest.input.placement);
        let input = self.manifest.input.size_for_part((width_px, height_px), &whole, area);
        let mut detections = self.run(&picture.crop(area), input, score)?;
        let part = area.share_of(width_px, height_px);
        for detection in &mut detections {
            detection.rect = detection.rect.within(&part);
        }
        Ok(detections)
    }

    fn run(
        &mut self,
        picture: &Picture<'_>,
        input: InputSize,
        score: Confidence,
    ) -> Result<Vec<Detection>, InferenceError> {
        let preprocessor = self.shapes.preprocessor(picture, input, &self.manifest.input);
        let letterbox = *preprocessor.letterbox();
        let tensor = preprocessor.run(picture);
        let frame = Frame {
            input: letterbox.input,
            n_classes: self.classes.len(),
            // A floor of 0 would let every cell of the grid through.
            floor: score.value().max(0.001),
        };
        let tensor = match (self.manifest.input.layout, self.ports.takes_bytes) {
            (Layout::Nchw, _) => Tensor::Floats(tensor),
            (Layout::Nhwc, false) => {
                preprocess::interleave(tensor, &mut self.interleaved, |sample| sample);
                Tensor::Floats(&self.interleaved)
            }
            (Layout::Nhwc, true) => {
                preprocess::interleave(tensor, &mut self.bytes, preprocess::as_byte);
                Tensor::Bytes(&self.bytes)
            }
        };
        let began = self.clock.map(|now| now());
        let answer = answer(
            &mut self.session,
            &self.interrupter,
            &self.ports,
            letterbox.input,
            &tensor,
            self.manifest.input.layout,
        );
        if let (Some(now), Some(began)) = (self.clock, began) {
            self.stats.in_network += now().duration_since(began);
        }
        let family = self.manifest.family;
        let decoded = answer
            .and_then(|outputs| read(&outputs, &self.ports, family, &frame))
            .map_err(|failure| failure.explain(&self.manifest, letterbox.input))?;
        self.stats.n_pictures += 1;
        self.stats.n_non_finite += decoded.n_non_finite;
        let n_candidates = u64::try_from(decoded.candidates.len()).unwrap_or(u64::MAX);
        if decoded.n_non_finite > n_candidates {
            self.stats.n_refused += 1;
            let (model, count) = (self.manifest.id.to_string(), decoded.n_non_finite);
            return Err(InferenceError::NotFinite { model, count });
        }
        // A camera that asks for weaker boxes than its model gives by itself asks it of every class.
        let asks_for_weaker = score < self.manifest.score;
        let mut detections: Vec<Detection> = decoded
            .candidates
            .into_iter()
            .filter_map(|candidate| {
                let known = (*self.classes.get(candidate.class_index)?)?;
                let detection = place(&candidate, known.class, &letterbox)?;
                (asks_for_weaker || detection.confidence >= known.floor).then_some(detection)
            })
            .collect();
        let how = suppression(&self.manifest);
        let suppressed = nms::suppress(&mut detections, how);
        self.stats.n_over_limit += u64::try_from(suppressed.n_over_limit).unwrap_or(u64::MAX);
        // The surest of a few too many are believed; of a flood nothing is: rules would count it.
        let limit = how.max_boxes.saturating_mul(MOST_OF_LIMIT);
        if suppressed.n_distinct > limit {
            self.stats.n_refused += 1;
            let (model, found) = (self.manifest.id.to_string(), suppressed.n_distinct);
            return Err(InferenceError::Flood { model, found, limit });
        }
        Ok(detections)
    }
}

impl Shapes {
    /// The tables for a picture of this size, made when it is seen for the first time.
    fn preprocessor(&mut self, picture: &Picture<'_>, size: InputSize, input: &Input) -> &mut Preprocessor {
        let (width_px, height_px) = (picture.width_px(), picture.height_px());
        let is_known = |shape: &PictureShape| {
            shape.width_px == width_px
                && shape.height_px == height_px
                && shape.preprocessor.letterbox().input == size
        };
        let known = self.0.iter().position(is_known);
        let shape = match known {
            Some(index) => self.0.remove(index),
            None => {
                let letterbox = Letterbox::new(width_px, height_px, size, input.placement);
                tracing::debug!(width_px, height_px, ?letterbox, "a new picture size");
                if self.0.len() == MAX_SHAPES {
                    self.0.remove(0);
                }
                let preprocessor = Preprocessor::new(width_px, height_px, letterbox, input);
                PictureShape { width_px, height_px, preprocessor }
            }
        };
        self.0.push(shape);
        &mut self.0.last_mut().expect("one was just pushed").preprocessor
    }
}

fn session(runtime: &Runtime, bytes: &[u8], options: &DetectorOptions) -> Result<Session, RuntimeFailure> {
    Ok(Session::builder(runtime.environment())?
        .with_execution_providers(options.provider.dispatch(options.threads))?
        .with_intra_threads(usize::from(options.threads.max(1)))?
        .with_inter_threads(1)?
        // A thread that spins between two pictures takes the core from the next camera.
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .commit_from_memory(bytes)?)
}

fn compare(path: &Path, manifest: &Manifest, session: &Session) -> Result<PortNames, InferenceError> {
    let inputs: Vec<Port> = session.inputs().iter().map(port).collect();
    let outputs: Vec<Port> = session.outputs().iter().map(port).collect();
    if let Some(port) = family::identity_output(&outputs) {
        return Err(InferenceError::IdentityVectors {
            path: path.to_path_buf(),
            output: port.name.clone(),
            shape: Shape(port.shape.clone()),
        });
    }
    manifest.family.signature(&manifest.input, manifest.classes.count).compare(&inputs, &outputs).map_err(
        |problems| InferenceError::ModelMismatch {
            path: path.to_path_buf(),
            family: manifest.family,
            problems,
        },
    )
}

fn port(outlet: &Outlet) -> Port {
    let (element, shape) = match outlet.dtype() {
        ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } => (Element::Float, shape.to_vec()),
        ValueType::Tensor { ty: TensorElementType::Int64, shape, .. } => (Element::Int64, shape.to_vec()),
        ValueType::Tensor { ty: TensorElementType::Uint8, shape, .. } => (Element::Uint8, shape.to_vec()),
        ValueType::Tensor { ty, shape, .. } => (Element::Unsupported(ty.to_string()), shape.to_vec()),
        other => (Element::Unsupported(other.to_string()), Vec::new()),
    };
    Port { name: outlet.name().to_owned(), element, shape }
}

/// Why one picture was not answered, before the model's name is known.
enum Failure {
    Runtime(RuntimeFailure),
    Interrupted,
    Output(UnexpectedShape),
}

impl Failure {
    fn explain(self, manifest: &Manifest, input: InputSize) -> InferenceError {
        let model = manifest.id.to_string();
        match self {
            Self::Runtime(source) => InferenceError::Run { model, source },
            Self::Interrupted => InferenceError::Interrupted { model },
            Self::Output(UnexpectedShape { expected, found }) => InferenceError::Output {
                model,
                expected,
                found,
                width: input.width_px,
                height: input.height_px,
            },
        }
    }
}

impl From<ort::Error> for Failure {
    fn from(source: ort::Error) -> Self {
        Self::Runtime(source.into())
    }
}

/// What goes into the network.
enum Tensor<'a> {
    Floats(&'a [f32]),
    Bytes(&'a [u8]),
}

fn answer<'s>(
    session: &'s mut Session,
    interrupter: &'s Interrupter,
    ports: &PortNames,
    input: InputSize,
    tensor: &Tensor<'_>,
    layout: Layout,
) -> Result<SessionOutputs<'s>, Failure> {
    let (width, height) = (i64::from(input.width_px), i64::from(input.height_px));
    let shape = match layout {
        Layout::Nchw => [1, 3, height, width],
        Layout::Nhwc => [1, height, width, 3],
    };
    let size = [width, height];
    let name = ports.inputs[0].as_str();
    let mut inputs = match tensor {
        Tensor::Floats(samples) => ort::inputs![name => TensorRef::from_array_view((shape, *samples))?],
        Tensor::Bytes(samples) => ort::inputs![name => TensorRef::from_array_view((shape, *samples))?],
    };
    if let Some(name) = ports.inputs.get(1) {
        let size = TensorRef::from_array_view(([1_i64, 2], size.as_slice()))?;
        inputs.push((name.as_str().into(), size.into()));
    }
    interrupter.clear()?;
    session.run_with_options(inputs, &interrupter.options).map_err(|error| interrupter.failure(error))
}

fn read(
    outputs: &SessionOutputs<'_>,
    ports: &PortNames,
    family: Family,
    frame: &Frame,
) -> Result<Decoded, Failure> {
    let views =
        ports.outputs.iter().map(|name| view(&outputs[name.as_str()])).collect::<Result<Vec<_>, _>>()?;
    family.decode(frame, &views).map_err(Failure::Output)
}

fn view(value: &ort::value::DynValue) -> Result<TensorView<'_>, ort::Error> {
    if let Ok((shape, data)) = value.try_extract_tensor::<i64>() {
        return Ok(TensorView { shape: shape.to_vec(), data: TensorData::Int64(data) });
    }
    let (shape, data) = value.try_extract_tensor::<f32>()?;
    Ok(TensorView { shape: shape.to_vec(), data: TensorData::Float(data) })
}

/// From input pixels to the picture; `None` when nothing of the box is in it.
fn place(candidate: &Candidate, class: ObjectClass, letterbox: &Letterbox) -> Option<Detection> {
    let rect = letterbox.to_picture(candidate.rect).clipped();
    (rect.area() > 0.0).then(|| Detection { class, confidence: Confidence::new(candidate.score), rect })
}

fn suppression(manifest: &Manifest) -> Suppression {
    Suppression {
        same_class_iou: manifest.nms_iou,
        group_iou: manifest.group_iou,
        part: manifest.part,
        max_boxes: usize::try_from(manifest.max_boxes).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detector_can_be_given_to_its_thread() {
        fn is_send<T: Send>() {}
        fn is_shared<T: Send + Sync>() {}
        is_send::<Detector>();
        is_shared::<Interrupter>();
        is_shared::<Runtime>();
    }
}
