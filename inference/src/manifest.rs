//! `model.toml`: what an ONNX file is, said by whoever packaged it. Read here, believed only after `detector` compared
//! it with the file.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sharpeyes_domain::{detection::ObjectClass, geometry::Confidence, ids::ModelId};

use crate::{
    built_in,
    error::{InferenceError, ManifestProblem, ManifestReason},
    family::Family,
    letterbox::{InputSize, Letterbox, MAX_SIDE_PX, Placement},
    picture::PixelArea,
    sha256::Sha256Hash,
};

/// The manifest's name in a model's directory.
pub(crate) const MANIFEST_FILE: &str = "model.toml";
/// The sides of a free input are multiples of this: every family here halves its picture five times.
pub(crate) const SIDE_STEP: u32 = 32;
/// More than twice as many boxes are a flood, and that many must still be counted before the weakest are dropped.
const MOST_BOXES: f64 = 300.0;

/// What a model is and how it wants its pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// How people call it; also the name of its directory.
    pub id: ModelId,
    /// How its output is read.
    pub family: Family,
    /// The ONNX file beside the manifest.
    pub file: String,
    /// Of the ONNX file.
    pub sha256: Sha256Hash,
    /// SPDX identifier or a sentence.
    pub licence: String,
    /// Where it came from.
    pub source: String,
    /// How it wants its pictures.
    pub input: Input,
    /// What its class numbers mean.
    pub classes: Classes,
    /// Boxes below are not reported; a camera may say otherwise.
    pub score: Confidence,
    /// From here on a box may begin a track, weaker ones only carry one on; `None` is as usual. A camera may say otherwise.
    pub strong: Option<Confidence>,
    /// Boxes of one class that overlap more are one thing.
    pub nms_iou: f32,
    /// Boxes of classes that are easily confused (car, bus, truck) that overlap more are one thing; `None` keeps both.
    pub group_iou: Option<f32>,
    /// A box of which more than this share lies in a surer one of its group, or that holds so much of one, is no thing of its
    /// own; `None` keeps both, as is right for a model that tells people apart who stand behind each other.
    pub part: Option<f32>,
    /// Never more boxes than this in one picture.
    pub max_boxes: u32,
}

/// How a model wants its pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its size, or the number of pixels that it may have.
    pub size: InputSize,
    /// Whether the size may change.
    pub resolution: Resolution,
    /// Whether colours come before or after the pixels.
    pub layout: Layout,
    /// Order of the channels.
    pub colour: ColourOrder,
    /// From samples to numbers.
    pub normalisation: Normalisation,
    /// Where the picture lies.
    pub placement: Placement,
    /// The sample (before normalisation) around it.
    pub pad: u8,
}

impl Input {
    /// The input that pictures of this size get.
    #[must_use]
    pub fn size_for(&self, width_px: u32, height_px: u32) -> InputSize {
        match self.resolution {
            Resolution::Fixed => self.size,
            Resolution::Dynamic => self.size.for_picture(width_px, height_px, SIDE_STEP),
        }
    }

    /// The input for a part of a picture of so many pixels, whose whole lies so in its own input.
    #[must_use]
    pub(crate) fn size_for_part(&self, picture: (u32, u32), whole: &Letterbox, part: PixelArea) -> InputSize {
        match self.resolution {
            Resolution::Fixed => self.size,
            // At the scale at which the whole is seen: larger, a detector takes parts of people for people.
            Resolution::Dynamic => {
                let Letterbox { content, .. } = whole;
                let side = |part: u32, content: u32, of: u32| {
                    let scaled = u64::from(part) * u64::from(content) / u64::from(of.max(1));
                    u32::try_from(scaled).unwrap_or(u32::MAX).max(1).next_multiple_of(SIDE_STEP)
                };
                InputSize {
                    width_px: side(part.width_px, content.width_px, picture.0).min(whole.input.width_px),
                    height_px: side(part.height_px, content.height_px, picture.1).min(whole.input.height_px),
                }
            }
        }
    }
}

/// Whether a model takes pictures of one size only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Exactly the manifest's size.
    Fixed,
    /// Any multiple of 32 in both directions; the manifest's size is the budget of pixels, and each camera gets the
    /// shape that shows its picture largest.
    Dynamic,
}

/// Where the channels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[1, 3, H, W]`: a plane for each.
    Nchw,
    /// `[1, H, W, 3]`: the three of a pixel side by side, as TensorFlow has them; floats, or bytes where the file takes
    /// bytes.
    Nhwc,
}

/// Order of the channels in the tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourOrder {
    /// Red first.
    Rgb,
    /// Blue first (OpenCV's order).
    Bgr,
}

impl ColourOrder {
    /// For each channel of the tensor, which of red (0), green (1), blue (2) it is.
    pub(crate) const fn planes(self) -> [usize; 3] {
        match self {
            Self::Rgb => [0, 1, 2],
            Self::Bgr => [2, 1, 0],
        }
    }
}

/// `(sample - mean) / std`, samples 0..=255, in the tensor's order of channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Subtracted.
    pub mean: [f32; 3],
    /// Divided by; never 0.
    pub std: [f32; 3],
}

/// What a model's class numbers mean here.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// How many classes the model has.
    pub count: u32,
    /// Those that matter here; the others are dropped.
    pub map: BTreeMap<u32, ObjectClass>,
    /// Boxes of these classes below these are not reported, where more than the manifest's `score` is needed.
    pub scores: BTreeMap<ObjectClass, Confidence>,
}

/// One of a model's classes that matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct KnownClass {
    pub(crate) class: ObjectClass,
    /// Of its boxes, unless a camera asks for weaker ones than the manifest's `score`.
    pub(crate) floor: Confidence,
}

impl Classes {
    /// By class number; `None` where it does not matter here.
    pub(crate) fn table(&self) -> Vec<Option<KnownClass>> {
        let known = |class: &ObjectClass| KnownClass {
            class: *class,
            floor: self.scores.get(class).copied().unwrap_or_default(),
        };
        (0..self.count).map(|index| self.map.get(&index).map(known)).collect()
    }
}

/// A manifest together with where its file lies.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// As read.
    pub manifest: Manifest,
    /// Where the ONNX file is.
    pub place: Place,
}

/// Where a model's ONNX file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the program itself: it cannot be missing, and a newer program brings a newer one.
    Program,
    /// In this directory, beside its `model.toml`.
    Directory(PathBuf),
}

impl ModelFile {
    /// Reads `dir/model.toml`. The ONNX file itself is read and hashed by `Detector::open` and `catalogue::check`.
    ///
    /// # Errors
    /// As [`Manifest::load`].
    pub fn load(dir: &Path) -> Result<Self, InferenceError> {
        let manifest = Manifest::load(&dir.join(MANIFEST_FILE))?;
        Ok(Self { manifest, place: Place::Directory(dir.to_path_buf()) })
    }

    /// The ONNX file; for the model in the program, which is none, what a message calls it.
    #[must_use]
    pub fn onnx(&self) -> PathBuf {
        match &self.place {
            Place::Program => format!("{} (built in)", self.manifest.id).into(),
            Place::Directory(dir) => dir.join(&self.manifest.file),
        }
    }

    /// The bytes of the ONNX file, which are those of the manifest's hash.
    ///
    /// # Errors
    /// [`InferenceError::ModelMissing`], [`InferenceError::ModelDamaged`].
    pub fn read(&self) -> Result<Cow<'static, [u8]>, InferenceError> {
        let path = self.onnx();
        let bytes = match &self.place {
            Place::Program => Cow::Borrowed(built_in::ONNX),
            Place::Directory(_) => match fs::read(&path) {
                Ok(bytes) => Cow::Owned(bytes),
                Err(source) => return Err(InferenceError::ModelMissing { path, source }),
            },
        };
        let (expected, found) = (self.manifest.sha256, Sha256Hash::of(&bytes));
        if found == expected {
            Ok(bytes)
        } else {
            Err(InferenceError::ModelDamaged { path, expected, found })
        }
    }
}

impl Manifest {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// [`InferenceError::ModelMissing`] when it cannot be read, [`InferenceError::ManifestInvalid`] with every problem.
    pub fn load(path: &Path) -> Result<Self, InferenceError> {
        let text = fs::read_to_string(path)
            .map_err(|source| InferenceError::ModelMissing { path: path.to_path_buf(), source })?;
        Self::parse(&text)
            .map_err(|problems| InferenceError::ManifestInvalid { path: path.to_path_buf(), problems })
    }

    /// Reads and checks the text of a manifest.
    ///
    /// # Errors
    /// Every problem that was found, not only the first.
    pub fn parse(text: &str) -> Result<Self, Vec<ManifestProblem>> {
        let raw: RawManifest = toml::from_str(text).map_err(|e| {
            vec![problem("model.toml", ManifestReason::Syntax(e.to_string().trim_end().to_owned()))]
        })?;
        raw.validate()
    }

    /// The text that [`Manifest::parse`] reads back to the same manifest.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&RawManifest::from(self)).expect("strings, numbers and tables of them are all TOML")
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    id: Option<String>,
    family: Option<String>,
    file: Option<String>,
    sha256: Option<String>,
    licence: Option<String>,
    source: Option<String>,
    score: Option<f64>,
    strong: Option<f64>,
    nms_iou: Option<f64>,
    group_iou: Option<f64>,
    part: Option<f64>,
    max_boxes: Option<f64>,
    #[serde(default)]
    input: RawInput,
    #[serde(default)]
    classes: RawClasses,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawInput {
    width: Option<u32>,
    height: Option<u32>,
    dynamic: Option<bool>,
    layout: Option<String>,
    colour: Option<String>,
    mean: Option<[f64; 3]>,
    std: Option<[f64; 3]>,
    letterbox: Option<String>,
    pad: Option<u8>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawClasses {
    count: Option<u32>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    score: BTreeMap<String, f64>,
}

impl From<&Manifest> for RawManifest {
    fn from(manifest: &Manifest) -> Self {
        let Manifest { id, family, file, sha256, licence, source, input, classes, .. } = manifest;
        Self {
            id: Some(id.to_string()),
            family: Some(family.to_string()),
            file: Some(file.clone()),
            sha256: Some(sha256.to_string()),
            licence: Some(licence.clone()),
            source: Some(source.clone()),
            score: Some(shortest(manifest.score.value())),
            strong: manifest.strong.map(|strong| shortest(strong.value())),
            nms_iou: Some(shortest(manifest.nms_iou)),
            group_iou: manifest.group_iou.map(shortest),
            part: manifest.part.map(shortest),
            max_boxes: Some(f64::from(manifest.max_boxes)),
            input: RawInput::from(input),
            classes: RawClasses {
                count: Some(classes.count),
                map: classes
                    .map
                    .iter()
                    .map(|(i, class)| (i.to_string(), class.as_str().to_owned()))
                    .collect(),
                score: classes
                    .scores
                    .iter()
                    .map(|(class, score)| (class.as_str().to_owned(), shortest(score.value())))
                    .collect(),
            },
        }
    }
}

impl From<&Input> for RawInput {
    fn from(input: &Input) -> Self {
        let name = |order: ColourOrder| match order {
            ColourOrder::Rgb => "rgb",
            ColourOrder::Bgr => "bgr",
        };
        let layout = match input.layout {
            Layout::Nchw => "nchw",
            Layout::Nhwc => "nhwc",
        };
        let placement = match input.placement {
            Placement::TopLeft => "top-left",
            Placement::Centred => "centred",
            Placement::Stretch => "stretch",
        };
        Self {
            width: Some(input.size.width_px),
            height: Some(input.size.height_px),
            dynamic: Some(input.resolution == Resolution::Dynamic),
            layout: Some(layout.to_owned()),
            colour: Some(name(input.colour).to_owned()),
            mean: Some(input.normalisation.mean.map(shortest)),
            std: Some(input.normalisation.std.map(shortest)),
            letterbox: Some(placement.to_owned()),
            pad: Some(input.pad),
        }
    }
}

/// 0.45 of 32 bits is written as 0.45, not as 0.44999998807907104.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// Collects problems; a value that failed is stood in for, and the manifest is refused at the end.
#[derive(Default)]
struct Problems(Vec<ManifestProblem>);

fn problem(key: &str, reason: ManifestReason) -> ManifestProblem {
    ManifestProblem { key: key.to_owned(), reason }
}

impl Problems {
    fn add(&mut self, key: &str, reason: ManifestReason) {
        self.0.push(problem(key, reason));
    }

    fn required<T>(&mut self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(key, ManifestReason::Missing);
        }
        value
    }

    /// `default` when the key is absent; `None` makes it required.
    #[expect(clippy::cast_possible_truncation, reason = "checked against the range before")]
    fn number(&mut self, key: &str, value: Option<f64>, range: [f64; 2], default: Option<f32>) -> f32 {
        let [least, most] = range;
        match value {
            Some(found) if (least..=most).contains(&found) => found as f32,
            Some(found) => {
                self.add(key, ManifestReason::Range { found, least, most });
                0.0
            }
            None => default.unwrap_or_else(|| {
                self.add(key, ManifestReason::Missing);
                0.0
            }),
        }
    }

    fn choice<T: Copy>(&mut self, key: &str, value: Option<String>, known: &[(&str, T)]) -> Option<T> {
        let found = self.required(key, value)?;
        let chosen = known.iter().find(|(name, _)| *name == found).map(|(_, choice)| *choice);
        if chosen.is_none() {
            let known = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            self.add(key, ManifestReason::Unknown { found, known });
        }
        chosen
    }
}

impl RawManifest {
    fn validate(self) -> Result<Manifest, Vec<ManifestProblem>> {
        let mut problems = Problems::default();
        let p = &mut problems;
        let id = p
            .required("id", self.id)
            .and_then(|text| ModelId::new(&text).map_err(|e| p.add("id", e.into())).ok());
        let family = p.required("family", self.family).and_then(|found| family(p, found));
        let file = self.file.unwrap_or_else(|| "model.onnx".to_owned());
        let is_plain = !file.is_empty()
            && file != MANIFEST_FILE
            && !file.starts_with('.')
            && !file.contains(['/', '\\']);
        if !is_plain {
            p.add("file", ManifestReason::FileName { found: file.clone() });
        }
        let sha256 = p.required("sha256", self.sha256).and_then(|found| {
            found.parse().map_err(|_| p.add("sha256", ManifestReason::Hash { found })).ok()
        });
        let licence = p.required("licence", self.licence);
        let score = p.number("score", self.score, [0.001, 1.0], None);
        let strong = self.strong.map(|v| p.number("strong", Some(v), [0.001, 1.0], None));
        let nms_iou = p.number("nms_iou", self.nms_iou, [0.05, 1.0], Some(0.45));
        let group_iou = self.group_iou.map(|v| p.number("group_iou", Some(v), [0.05, 1.0], None));
        let part = self.part.map(|v| p.number("part", Some(v), [0.05, 1.0], None));
        let max_boxes = p.number("max_boxes", self.max_boxes, [1.0, MOST_BOXES], Some(300.0));
        // SSD has sides such as 300; all others halve their picture five times.
        let step = if family == Some(Family::Ssd) { 1 } else { SIDE_STEP };
        let input = self.input.validate(p, step);
        let classes = self.classes.validate(p, score);
        let (Some(id), Some(family), Some(sha256), Some(licence), Some(input), Some(classes)) =
            (id, family, sha256, licence, input, classes)
        else {
            return Err(problems.0);
        };
        if !problems.0.is_empty() {
            return Err(problems.0);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1 and 300")]
        let max_boxes = max_boxes as u32;
        Ok(Manifest {
            id,
            family,
            file,
            sha256,
            licence,
            source: self.source.unwrap_or_default(),
            input,
            classes,
            score: Confidence::new(score),
            strong: strong.map(Confidence::new),
            nms_iou,
            group_iou,
            part,
            max_boxes,
        })
    }
}

/// A family that stands for people's identities gets its own answer instead of a list of what to write instead.
fn family(problems: &mut Problems, found: String) -> Option<Family> {
    const IDENTITY: [&str; 7] = ["reid", "re-id", "embedding", "face", "arcface", "plate", "gait"];
    if IDENTITY.iter().any(|word| found.to_ascii_lowercase().contains(word)) {
        problems.add("family", ManifestReason::Identity { found });
        return None;
    }
    problems.choice("family", Some(found), &Family::ALL.map(|family| (family.as_str(), family)))
}

impl RawInput {
    fn validate(self, p: &mut Problems, step: u32) -> Option<Input> {
        let mut side = |key: &str, value: Option<u32>| {
            let found = p.required(key, value)?;
            if !(SIDE_STEP..=MAX_SIDE_PX).contains(&found) {
                let (least, most) = (f64::from(SIDE_STEP), f64::from(MAX_SIDE_PX));
                p.add(key, ManifestReason::Range { found: f64::from(found), least, most });
            } else if !found.is_multiple_of(step) {
                p.add(key, ManifestReason::Multiple { found, step });
            }
            Some(found)
        };
        let (width, height) = (side("input.width", self.width), side("input.height", self.height));
        let resolution = if self.dynamic.unwrap_or(false) { Resolution::Dynamic } else { Resolution::Fixed };
        let layout = self.layout.unwrap_or_else(|| "nchw".to_owned());
        let layout =
            p.choice("input.layout", Some(layout), &[("nchw", Layout::Nchw), ("nhwc", Layout::Nhwc)]);
        let colour =
            p.choice("input.colour", self.colour, &[("rgb", ColourOrder::Rgb), ("bgr", ColourOrder::Bgr)]);
        let placement = p.choice(
            "input.letterbox",
            self.letterbox,
            &[
                ("top-left", Placement::TopLeft),
                ("centred", Placement::Centred),
                ("stretch", Placement::Stretch),
            ],
        );
        let mean = p.required("input.mean", self.mean)?;
        let std = p.required("input.std", self.std)?;
        let mean = mean.map(|v| p.number("input.mean", Some(v), [-1000.0, 1000.0], None));
        let std = std.map(|v| p.number("input.std", Some(v), [0.001, 1000.0], None));
        Some(Input {
            size: InputSize { width_px: width?, height_px: height? },
            resolution,
            layout: layout?,
            colour: colour?,
            normalisation: Normalisation { mean, std },
            placement: placement?,
            pad: self.pad.unwrap_or(114),
        })
    }
}

impl RawClasses {
    /// `least` is the manifest's `score`: what is below it is not asked of any class.
    fn validate(self, p: &mut Problems, least: f32) -> Option<Classes> {
        let count = p.required("classes.count", self.count)?;
        if !(1..=10_000).contains(&count) {
            let found = f64::from(count);
            p.add("classes.count", ManifestReason::Range { found, least: 1.0, most: 10_000.0 });
        }
        if self.map.is_empty() {
            p.add("classes.map", ManifestReason::NoClasses);
        }
        let known = || ObjectClass::ALL.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(", ");
        let mut map = BTreeMap::new();
        for (index, class) in self.map {
            let key = format!("classes.map.{index}");
            match index.parse::<u32>().ok().filter(|i| *i < count) {
                None => p.add(&key, ManifestReason::ClassIndex { found: index }),
                Some(index) => match class.parse() {
                    Ok(class) => drop(map.insert(index, class)),
                    Err(_) => p.add(&key, ManifestReason::Unknown { found: class, known: known() }),
                },
            }
        }
        let mut scores = BTreeMap::new();
        for (name, score) in self.score {
            let key = format!("classes.score.{name}");
            let Some(class) = map.values().copied().find(|class: &ObjectClass| class.as_str() == name) else {
                p.add(&key, ManifestReason::NotMapped);
                continue;
            };
            let score = p.number(&key, Some(score), [shortest(least), 1.0], None);
            scores.insert(class, Confidence::new(score));
        }
        Some(Classes { count, map, scores })
    }
}

#[cfg(test)]
mod tests;
