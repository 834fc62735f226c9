//! The families of detectors: what each one's file must look like, and how its tensors become boxes.
//!
//! Adding a family is adding a variant and a file here. A family has exactly the outputs that it lists.

mod detr;
mod gfl;
mod nanodet;
mod picodet;
mod ssd;
mod ultralytics;
mod yolox;

use std::fmt;

use crate::{
    error::{ModelProblem, Shape},
    letterbox::{InputSize, PixelRect},
    manifest::{Input, Layout, Resolution},
};

/// How a model's output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// YOLOX nano to x and its kin (ByteTrack's weights): `[1, A, 5 + C]`, raw grid.
    Yolox,
    /// NanoDet-Plus: `[1, A, C + 4 * bins]`, distances as distributions (generalised focal loss).
    Nanodet,
    /// NanoDet of the first release: as PicoDet, with three levels.
    NanodetV1,
    /// PicoDet without its post-processing: for each level `[1, n, C]`, then for each `[1, n, 4 * bins]`.
    Picodet,
    /// YOLOv8, v9, v11, v12 as exported by Ultralytics: `[1, 4 + C, A]`.
    Ultralytics,
    /// YOLOv10, 26 and other exports that keep their best boxes only: `[1, N, 6]`.
    UltralyticsEndToEnd,
    /// YOLOv5 as exported by Ultralytics: `[1, A, 5 + C]`, boxes in input pixels.
    Yolov5,
    /// SSD and EfficientDet from TensorFlow, with their post-processing: boxes, classes, scores, count.
    Ssd,
    /// DEIMv2, DEIM, D-FINE and RT-DETR exported with their post-processor: labels, boxes, scores.
    DetrPost,
    /// RF-DETR as it exports itself: boxes as parts of the picture, logits.
    DetrRaw,
}

impl Family {
    /// Those that this release supports.
    pub const ALL: [Self; 10] = [
        Self::Yolox,
        Self::Nanodet,
        Self::NanodetV1,
        Self::Picodet,
        Self::Ultralytics,
        Self::UltralyticsEndToEnd,
        Self::Yolov5,
        Self::Ssd,
        Self::DetrPost,
        Self::DetrRaw,
    ];

    /// As in `model.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yolox => "yolox",
            Self::Nanodet => "nanodet",
            Self::NanodetV1 => "nanodet-v1",
            Self::Picodet => "picodet",
            Self::Ultralytics => "ultralytics",
            Self::UltralyticsEndToEnd => "ultralytics-end2end",
            Self::Yolov5 => "yolov5",
            Self::Ssd => "ssd",
            Self::DetrPost => "detr-post",
            Self::DetrRaw => "detr-raw",
        }
    }

    /// The tensors that a file of this family takes and gives.
    pub(crate) fn signature(self, input: &Input, n_classes: u32) -> Signature {
        match self {
            Self::Yolox => yolox::signature(input, n_classes),
            Self::Nanodet => nanodet::signature(input, n_classes),
            Self::NanodetV1 => picodet::signature(input, n_classes, &picodet::NANODET_STRIDES),
            Self::Picodet => picodet::signature(input, n_classes, &picodet::STRIDES),
            Self::Ultralytics => ultralytics::signature(input, n_classes),
            Self::UltralyticsEndToEnd => ultralytics::end_to_end_signature(input),
            Self::Yolov5 => ultralytics::v5_signature(input, n_classes),
            Self::Ssd => ssd::signature(input),
            Self::DetrPost => detr::post_signature(input),
            Self::DetrRaw => detr::raw_signature(input, n_classes),
        }
    }

    /// Boxes of one picture, in input pixels, before suppression. The tensors are in the signature's order.
    pub(crate) fn decode(
        self,
        frame: &Frame,
        tensors: &[TensorView<'_>],
    ) -> Result<Decoded, UnexpectedShape> {
        match self {
            Self::Yolox => yolox::decode(frame, &tensors[0]),
            Self::Nanodet => nanodet::decode(frame, &tensors[0]),
            Self::NanodetV1 => picodet::decode(frame, tensors, &picodet::NANODET_STRIDES),
            Self::Picodet => picodet::decode(frame, tensors, &picodet::STRIDES),
            Self::Ultralytics => ultralytics::decode(frame, &tensors[0]),
            Self::UltralyticsEndToEnd => ultralytics::decode_end_to_end(frame, &tensors[0]),
            Self::Yolov5 => ultralytics::decode_v5(frame, &tensors[0]),
            Self::Ssd => ssd::decode(frame, tensors),
            Self::DetrPost => detr::decode_post(frame, tensors),
            Self::DetrRaw => detr::decode_raw(frame, tensors),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a picture was decoded for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The size of the tensor that went in.
    pub(crate) input: InputSize,
    /// Classes of the model.
    pub(crate) n_classes: usize,
    /// Weaker boxes are not wanted.
    pub(crate) floor: f32,
}

/// One box as the model gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) class_index: usize,
    pub(crate) score: f32,
    pub(crate) rect: PixelRect,
}

/// The boxes of one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) candidates: Vec<Candidate>,
    /// Boxes that were dropped because a score or side was NaN or infinite.
    pub(crate) n_non_finite: u64,
}

impl Decoded {
    /// Keeps a box whose numbers are numbers and counts one whose are not.
    fn push(&mut self, candidate: Candidate) {
        if candidate.score.is_finite() && candidate.rect.is_finite() {
            self.candidates.push(candidate);
        } else {
            self.n_non_finite += 1;
        }
    }
}

/// An output tensor.
#[derive(Clone, Debug)]
pub(crate) struct TensorView<'a> {
    pub(crate) shape: Vec<i64>,
    pub(crate) data: TensorData<'a>,
}

/// The numbers of an output tensor.
#[derive(Clone, Debug)]
pub(crate) enum TensorData<'a> {
    Float(&'a [f32]),
    Int64(&'a [i64]),
}

impl<'a> TensorView<'a> {
    /// The numbers, when the tensor has exactly this shape and is of floats.
    fn floats(&self, expected: &[i64]) -> Result<&'a [f32], UnexpectedShape> {
        match self.data {
            TensorData::Float(data) if self.shape == expected => Ok(data),
            TensorData::Float(_) | TensorData::Int64(_) => Err(self.unexpected(expected)),
        }
    }

    fn integers(&self, expected: &[i64]) -> Result<&'a [i64], UnexpectedShape> {
        match self.data {
            TensorData::Int64(data) if self.shape == expected => Ok(data),
            TensorData::Int64(_) | TensorData::Float(_) => Err(self.unexpected(expected)),
        }
    }

    fn unexpected(&self, expected: &[i64]) -> UnexpectedShape {
        UnexpectedShape { expected: Shape(expected.to_vec()), found: Shape(self.shape.clone()) }
    }
}

/// An output that does not fit its input.
#[derive(Debug, PartialEq)]
pub(crate) struct UnexpectedShape {
    pub(crate) expected: Shape,
    pub(crate) found: Shape,
}

/// What a tensor of a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Float,
    Int64,
    Uint8,
    Unsupported(String),
}

impl Element {
    fn name(&self) -> String {
        match self {
            Self::Float => "32-bit floats".to_owned(),
            Self::Int64 => "64-bit integers".to_owned(),
            Self::Uint8 => "bytes".to_owned(),
            Self::Unsupported(name) => name.clone(),
        }
    }
}

/// A tensor that a file takes or gives, as it declares it; sides that it leaves open are -1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) element: Element,
    pub(crate) shape: Vec<i64>,
}

/// The tensors of a family.
pub(crate) struct Signature {
    pub(crate) inputs: Vec<Expected>,
    pub(crate) outputs: Vec<Expected>,
}

/// A tensor that a family needs.
pub(crate) struct Expected {
    /// `None`: whatever it is called, it is found by its position.
    pub(crate) name: Option<&'static str>,
    /// Found by this word in its name, and by its position where no name has it.
    pub(crate) word: Option<&'static str>,
    pub(crate) element: Element,
    /// -1: any size.
    pub(crate) shape: Vec<i64>,
    /// Sides that a file must leave open.
    pub(crate) open: &'static [usize],
    /// How the sizes come about, for the message.
    pub(crate) why: &'static str,
}

impl Expected {
    /// The picture: `[1, 3, H, W]` of floats, or `[1, H, W, 3]` of floats or bytes.
    fn picture(name: Option<&'static str>, input: &Input) -> Self {
        let InputSize { width_px, height_px } = input.size;
        let (height, width) = (i64::from(height_px), i64::from(width_px));
        let (shape, open, why): (_, &[usize], _) = match (input.layout, input.resolution) {
            (Layout::Nchw, Resolution::Fixed) => {
                (vec![1, 3, height, width], &[], "[batch, colours, height, width]")
            }
            (Layout::Nchw, Resolution::Dynamic) => {
                (vec![1, 3, -1, -1], &[2, 3], "[batch, colours, height, width]")
            }
            (Layout::Nhwc, Resolution::Fixed) => {
                (vec![1, height, width, 3], &[], "[batch, height, width, colours]")
            }
            (Layout::Nhwc, Resolution::Dynamic) => {
                (vec![1, -1, -1, 3], &[1, 2], "[batch, height, width, colours]")
            }
        };
        Self { name, word: None, element: Element::Float, shape, open, why }
    }

    fn output(name: Option<&'static str>, element: Element, shape: Vec<i64>, why: &'static str) -> Self {
        Self { name, word: None, element, shape, open: &[], why }
    }

    fn fits(&self, shape: &[i64]) -> bool {
        shape.len() == self.shape.len()
            && self.shape.iter().zip(shape).all(|(due, found)| *due < 0 || *found < 0 || due == found)
            && self.open.iter().all(|side| shape[*side] < 0)
    }
}

impl Signature {
    /// Where the family's inputs and outputs are in the file.
    ///
    /// # Errors
    /// Every difference between the family and the file.
    pub(crate) fn compare(&self, inputs: &[Port], outputs: &[Port]) -> Result<PortNames, Vec<ModelProblem>> {
        let names = |ports: &[Port]| ports.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut problems = Vec::new();
        if inputs.len() != self.inputs.len() {
            let (found, expected) = (inputs.len(), self.inputs.len());
            problems.push(ModelProblem::InputCount { found, names: names(inputs), expected });
        }
        if outputs.len() != self.outputs.len() {
            let (found, expected) = (outputs.len(), self.outputs.len());
            problems.push(ModelProblem::OutputCount { found, names: names(outputs), expected });
        }
        let mut found_inputs = Vec::new();
        let mut takes_bytes = false;
        for (position, expected) in self.inputs.iter().enumerate() {
            let Some(port) = find(inputs, position, expected) else {
                problems.extend(expected.name.map(|name| ModelProblem::InputName { name }));
                continue;
            };
            // Bytes are what pictures are made of; only models from TensorFlow take them as they are.
            let is_bytes = position == 0 && port.element == Element::Uint8 && port.shape.last() == Some(&3);
            takes_bytes |= is_bytes;
            if port.element != expected.element && !is_bytes {
                problems
                    .push(ModelProblem::InputType { name: port.name.clone(), found: port.element.name() });
            }
            if !expected.fits(&port.shape) {
                problems.push(ModelProblem::InputShape {
                    name: port.name.clone(),
                    found: Shape(port.shape.clone()),
                    expected: Shape(expected.shape.clone()),
                });
            }
            found_inputs.push(port.name.clone());
        }
        let mut found_outputs = Vec::new();
        for (position, expected) in self.outputs.iter().enumerate() {
            let Some(port) = find(outputs, position, expected) else {
                problems.extend(expected.name.map(|name| ModelProblem::OutputName { name }));
                continue;
            };
            if port.element != expected.element {
                let expected =
                    if expected.element == Element::Int64 { "64-bit integers" } else { "32-bit floats" };
                let (name, found) = (port.name.clone(), port.element.name());
                problems.push(ModelProblem::OutputType { name, found, expected });
            }
            if !expected.fits(&port.shape) {
                problems.push(ModelProblem::OutputShape {
                    name: port.name.clone(),
                    found: Shape(port.shape.clone()),
                    expected: Shape(expected.shape.clone()),
                    why: expected.why,
                });
            }
            found_outputs.push(port.name.clone());
        }
        if problems.is_empty() {
            Ok(PortNames { inputs: found_inputs, takes_bytes, outputs: found_outputs })
        } else {
            Err(problems)
        }
    }
}

/// The names in the file, in the signature's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortNames {
    pub(crate) inputs: Vec<String>,
    /// The picture goes in as bytes, not as floats.
    pub(crate) takes_bytes: bool,
    pub(crate) outputs: Vec<String>,
}

fn find<'p>(ports: &'p [Port], position: usize, expected: &Expected) -> Option<&'p Port> {
    if let Some(name) = expected.name {
        return ports.iter().find(|port| port.name == name);
    }
    let has = |port: &&Port| expected.word.is_some_and(|word| port.name.to_ascii_lowercase().contains(word));
    ports.iter().find(has).or_else(|| ports.get(position))
}

/// The output, if any, that stands for whom a picture shows instead of where something is: 32 or more floats in one
/// row, however many sides of 1 are around it, without any box output; or anything whose name says so.
pub(crate) fn identity_output(outputs: &[Port]) -> Option<&Port> {
    const NAMES: [&str; 8] =
        ["embed", "reid", "re_id", "id_feature", "identity", "appearance", "arcface", "face_feature"];
    let is_named = |port: &&Port| {
        let name = port.name.to_ascii_lowercase();
        port.element == Element::Float
            && NAMES.iter().any(|word| name.contains(word))
            && port.shape.last().is_some_and(|d| !(0..32).contains(d))
    };
    // The batch is the first side; where it is 32 or more itself, it is a vector that was turned.
    let sides = |port: &Port| match port.shape.as_slice() {
        [batch, rest @ ..] if *batch < 32 && !rest.is_empty() => {
            rest.iter().copied().filter(|side| *side != 1).collect::<Vec<_>>()
        }
        all => all.iter().copied().filter(|side| *side != 1).collect(),
    };
    let is_vector =
        |port: &&Port| port.element == Element::Float && matches!(sides(port).as_slice(), [d] if *d >= 32);
    let has_boxes = outputs.iter().any(|port| sides(port).len() == 2);
    outputs.iter().find(is_named).or_else(|| if has_boxes { None } else { outputs.iter().find(is_vector) })
}

/// The highest of a box's class scores.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Best {
    index: usize,
    score: f32,
}

/// `None` when any score is NaN or infinite: a model that computes one such number has lost its way.
fn best_class(scores: &[f32]) -> Option<Best> {
    let mut best = Best { index: 0, score: f32::NEG_INFINITY };
    let mut is_finite = true;
    for (index, score) in scores.iter().enumerate() {
        is_finite &= score.is_finite();
        if *score > best.score {
            best = Best { index, score: *score };
        }
    }
    (is_finite && !scores.is_empty()).then_some(best)
}

/// A whole number that came as a float; `usize::MAX`, which is no class, for anything else.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against its range")]
fn class_number(value: f32) -> usize {
    if (0.0..1e6).contains(&value) { value.round() as usize } else { usize::MAX }
}

/// Cells of a grid of `stride` pixels over `side` pixels, as a convolution with padding leaves them.
fn cells(side_px: u32, stride: u32) -> usize {
    side_px.div_ceil(stride) as usize
}

/// All cells of all levels.
fn n_anchors(input: InputSize, strides: &[u32]) -> usize {
    strides.iter().map(|stride| cells(input.width_px, *stride) * cells(input.height_px, *stride)).sum()
}

/// The same for a signature: -1 while the size is free.
fn declared_anchors(input: &Input, strides: &[u32]) -> i64 {
    match input.resolution {
        Resolution::Fixed => i64::try_from(n_anchors(input.size, strides)).unwrap_or(-1),
        Resolution::Dynamic => -1,
    }
}

fn as_side(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
