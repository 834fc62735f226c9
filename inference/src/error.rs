//! Everything that can go wrong between a picture and its detections, said so that a technician knows what to do.

use std::{fmt, io, path::PathBuf};

use crate::{family::Family, provider::Provider, sha256::Sha256Hash};

/// Why there are no detections.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// Reconfigure: there is no library at the path.
    #[error(
        "ONNX Runtime not found at {path}: run scripts/onnxruntime.sh, or set [inference] runtime to a libonnxruntime.so of version 1.24 or newer"
    )]
    RuntimeMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Reconfigure: the file is no ONNX Runtime, is too old, or is made for another machine.
    #[error(
        "{path} cannot be used as ONNX Runtime: run scripts/onnxruntime.sh again, or point [inference] runtime to version 1.24 or newer for this processor"
    )]
    RuntimeUnusable {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        #[source]
        source: RuntimeFailure,
    },
    /// Reconfigure: one process has one ONNX Runtime.
    #[error(
        "this process already runs ONNX Runtime from {loaded}; {asked} cannot be loaded beside it: restart to change it"
    )]
    RuntimeInUse {
        /// The library that runs.
        loaded: PathBuf,
        /// The library that was asked for.
        asked: PathBuf,
    },
    /// Reconfigure: the library does not have the execution provider that was asked for.
    #[error(
        "[inference] provider = \"{provider}\", but {library} was built without it and has only {available}: point [inference] runtime to the libonnxruntime.so of a package that has it (PyPI `onnxruntime-openvino`, with its folder in LD_LIBRARY_PATH), or set provider = \"cpu\""
    )]
    ProviderMissing {
        /// Asked for.
        provider: Provider,
        /// The library that runs.
        library: PathBuf,
        /// What it does have, of what is run here.
        available: String,
    },
    /// Reconfigure: a file of the model cannot be read.
    #[error("{path} cannot be read: install the model again with `sharpeyes model add`, or correct the path")]
    ModelMissing {
        /// The manifest or the ONNX file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Reconfigure: a folder of models holds one that bears the built-in detector's name, so it would never be used.
    #[error(
        "{path} bears the name of the built-in detector, and that one is used: rename the folder, and the id in its model.toml"
    )]
    NameTaken {
        /// The folder.
        path: PathBuf,
    },
    /// Reconfigure: the manifest says something that cannot be.
    #[error("{path} is no valid manifest:{}", list(problems))]
    ManifestInvalid {
        /// The manifest.
        path: PathBuf,
        /// Every problem that was found, not only the first.
        problems: Vec<ManifestProblem>,
    },
    /// Install again: the bytes are not those that the manifest was written for.
    #[error(
        "{path} is damaged or was exchanged: its SHA-256 is {found}, the manifest expects {expected}. Install it again with `sharpeyes model add`"
    )]
    ModelDamaged {
        /// The ONNX file.
        path: PathBuf,
        /// By the manifest.
        expected: Sha256Hash,
        /// Of the file.
        found: Sha256Hash,
    },
    /// Give up on this file: it is what was meant, but ONNX Runtime does not understand it.
    #[error(
        "{path} has the right SHA-256, but is no model that this ONNX Runtime can load: export it again as ONNX with opset 19 or lower, in one file"
    )]
    ModelUnreadable {
        /// The ONNX file.
        path: PathBuf,
        /// What ONNX Runtime said.
        #[source]
        source: RuntimeFailure,
    },
    /// Give up on this file, on principle.
    #[error(
        "{path} is refused: its output `{output}` {shape} is an identity vector (re-identification, face or plate embedding). This product identifies nobody; install a model whose outputs are boxes"
    )]
    IdentityVectors {
        /// The ONNX file.
        path: PathBuf,
        /// The name of the output.
        output: String,
        /// Its dimensions.
        shape: Shape,
    },
    /// Reconfigure: the manifest describes another file.
    #[error("{path} is not what its manifest says (family {family}):{}", list(problems))]
    ModelMismatch {
        /// The ONNX file.
        path: PathBuf,
        /// As the manifest says.
        family: Family,
        /// Every difference.
        problems: Vec<ModelProblem>,
    },
    /// A bug of the caller or a broken decoder: this picture is skipped.
    #[error("a picture of {width_px}x{height_px} pixels was refused: {reason}")]
    Picture {
        /// As said by the caller.
        width_px: u32,
        /// As said by the caller.
        height_px: u32,
        /// What is wrong with it.
        reason: PictureProblem,
    },
    /// Retry with the next picture; when it persists, the model or the memory of the machine is at fault.
    #[error("model {model} failed on a picture")]
    Run {
        /// The manifest's id.
        model: String,
        /// What ONNX Runtime said.
        #[source]
        source: RuntimeFailure,
    },
    /// Retry with the next picture: somebody ended this detection through its `Interrupter`.
    #[error("model {model} took too long for a picture and was interrupted")]
    Interrupted {
        /// The manifest's id.
        model: String,
    },
    /// The answer is refused: numbers that are none, where boxes were due.
    #[error(
        "model {model} answers with NaN or infinity ({count} boxes of one picture): the file or the memory of the machine is damaged, or the model was made for other numbers. Check it with `sharpeyes model check`"
    )]
    NotFinite {
        /// The manifest's id.
        model: String,
        /// Boxes that were none.
        count: u64,
    },
    /// The answer is refused: nothing shows so much.
    #[error(
        "model {model} answers with a flood of boxes ({found} in one picture, and {limit} are believed at most): its score threshold does not fit, or the file is damaged. Raise `score`, or `max_boxes` up to 300, in its model.toml"
    )]
    Flood {
        /// The manifest's id.
        model: String,
        /// Boxes that are no doubles of each other.
        found: usize,
        /// The most that are believed.
        limit: usize,
    },
    /// Give up on this model: its output has another size than its input demands.
    #[error(
        "model {model} answered with {found} where {expected} was due: its export does not fit input {width}x{height}"
    )]
    Output {
        /// The manifest's id.
        model: String,
        /// What the family computes from the input.
        expected: Shape,
        /// What came.
        found: Shape,
        /// Input width in pixels.
        width: u32,
        /// Input height in pixels.
        height: u32,
    },
}

/// What ONNX Runtime or the system's loader said, in its own words.
#[derive(Debug)]
pub struct RuntimeFailure(Box<dyn std::error::Error + Send + Sync>);

impl RuntimeFailure {
    pub(crate) fn new(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }
}

impl fmt::Display for RuntimeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for RuntimeFailure {}

impl From<ort::Error> for RuntimeFailure {
    fn from(source: ort::Error) -> Self {
        Self::new(source)
    }
}

impl From<ort::Error<ort::session::builder::SessionBuilder>> for RuntimeFailure {
    fn from(source: ort::Error<ort::session::builder::SessionBuilder>) -> Self {
        Self::new(ort::Error::<()>::from(source))
    }
}

/// One thing that is wrong in a `model.toml`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ManifestProblem {
    /// Dotted, e.g. `input.width`.
    pub key: String,
    /// What is wrong and what would be right.
    pub reason: ManifestReason,
}

/// What is wrong with one key.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself in its message")]
pub enum ManifestReason {
    #[error("is missing")]
    Missing,
    #[error("{0}")]
    Syntax(String),
    #[error("{0}")]
    Id(#[from] sharpeyes_domain::ids::IdError),
    #[error("`{found}` is not known; known here: {known}")]
    Unknown { found: String, known: String },
    #[error(
        "`{found}` models yield identity vectors, and this product identifies nobody: they are not supported and will not be"
    )]
    Identity { found: String },
    #[error("{found} is not within {least} and {most}")]
    Range { found: f64, least: f64, most: f64 },
    #[error("{found} is not a multiple of {step}")]
    Multiple { found: u32, step: u32 },
    #[error("`{found}` is no SHA-256 (64 hexadecimal digits)")]
    Hash { found: String },
    #[error("`{found}` must be a plain file name in the model's own directory")]
    FileName { found: String },
    #[error("`{found}` is no class index below classes.count")]
    ClassIndex { found: String },
    #[error("maps no class: nothing would ever be detected")]
    NoClasses,
    #[error("is the score of a class that classes.map does not name")]
    NotMapped,
}

/// One difference between a manifest and its ONNX file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself in its message")]
pub enum ModelProblem {
    #[error("input `{name}` is {found}, the manifest needs {expected}")]
    InputShape { name: String, found: Shape, expected: Shape },
    #[error("input `{name}` takes {found}, not 32-bit floats")]
    InputType { name: String, found: String },
    #[error("it has {found} inputs ({names}), this family has {expected}")]
    InputCount { found: usize, names: String, expected: usize },
    #[error("output `{name}` is {found}, the manifest needs {expected} ({why})")]
    OutputShape { name: String, found: Shape, expected: Shape, why: &'static str },
    #[error("output `{name}` gives {found}, {expected} were expected")]
    OutputType { name: String, found: String, expected: &'static str },
    #[error("it has {found} outputs ({names}), this family has exactly {expected}")]
    OutputCount { found: usize, names: String, expected: usize },
    #[error("it has no output named `{name}`")]
    OutputName { name: &'static str },
    #[error("it has no input named `{name}`")]
    InputName { name: &'static str },
}

/// What is wrong with a picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureProblem {
    /// Nothing to look at, or a decoder gone mad.
    #[error("its sides must be 2 to 16384 pixels")]
    Size,
    /// Rows overlap.
    #[error("plane {plane} has a stride of {stride} bytes for rows of {row} bytes")]
    Stride {
        /// `Y`, `U`, `V` or `RGB`.
        plane: &'static str,
        /// As given.
        stride: usize,
        /// Bytes in a row.
        row: usize,
    },
    /// Shorter than its rows.
    #[error("plane {plane} has {found} bytes, {needed} are needed")]
    Short {
        /// `Y`, `U`, `V` or `RGB`.
        plane: &'static str,
        /// Bytes given.
        found: usize,
        /// Bytes needed.
        needed: usize,
    },
}

/// Dimensions of a tensor; `?` for those that a file leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Vec<i64>);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, side) in self.0.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            if *side < 0 { write!(f, "{comma}?")? } else { write!(f, "{comma}{side}")? }
        }
        f.write_str("]")
    }
}

fn list<T: fmt::Display>(problems: &[T]) -> String {
    problems.iter().map(|problem| format!("\n  - {problem}")).collect()
}
