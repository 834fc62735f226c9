//! Picture in, detections out.
//!
//! This crate owns everything that knows a model: its file and manifest, ONNX Runtime, how a picture becomes a tensor
//! and how tensors become boxes. It knows no camera, stream, track or rule, starts no thread and reads no clock or
//! environment. `gateway::analyze` feeds it decoded pictures and takes the detections on.
//!
//! **Invariant:** no model that yields identity vectors runs here. A family lists exactly the outputs that it has, and
//! a file with any other output is refused, so that a person's embedding cannot even be computed.
//!
//! Modules are listed in the order in which one picture passes through them.

mod built_in;
pub mod catalogue;
mod detector;
mod error;
mod family;
mod letterbox;
mod manifest;
mod nms;
mod picture;
mod precision;
mod preprocess;
mod provider;
mod runtime;
mod sha256;

pub use built_in::{BUILT_IN, built_in};
pub use detector::{Detector, DetectorOptions, DetectorStats, Interrupter};
pub use error::{
    InferenceError, ManifestProblem, ManifestReason, ModelProblem, PictureProblem, RuntimeFailure, Shape,
};
pub use family::Family;
pub use letterbox::{InputSize, Letterbox, PixelRect, Placement};
pub use manifest::{
    Classes, ColourOrder, Input, Layout, Manifest, ModelFile, Normalisation, Place, Resolution,
};
pub use picture::{ColourMatrix, ColourRange, ColourSpace, Picture, Plane};
pub use precision::Precision;
pub use provider::Provider;
pub use runtime::Runtime;
pub use sha256::{HashError, Sha256Hash};
