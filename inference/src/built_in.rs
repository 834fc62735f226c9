//! The detector that is part of the product: our own, in the program, so that a fresh machine without a network has one.
//!
//! Exchanging it is exchanging the files in `models/sharpeyes-nano/`; nothing here knows more of it than its name.

use sharpeyes_domain::ids::ModelId;

use crate::manifest::{Manifest, ModelFile, Place};

/// Its name. No other model may bear it.
pub const BUILT_IN: &str = "sharpeyes-nano";

/// Its ONNX file.
pub(crate) const ONNX: &[u8] = include_bytes!("../models/sharpeyes-nano/model.onnx");

/// The detector for cameras and sites that name none.
#[must_use]
pub fn built_in() -> ModelFile {
    let manifest = Manifest::parse(include_str!("../models/sharpeyes-nano/model.toml"))
        .expect("the shipped manifest is read by a test");
    ModelFile { manifest, place: Place::Program }
}

pub(crate) fn is_built_in(id: &ModelId) -> bool {
    id.as_str() == BUILT_IN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_files_belong_together_and_are_small() {
        let model = built_in();
        assert!(is_built_in(&model.manifest.id), "{}", model.manifest.id);
        assert_eq!(model.read().unwrap(), ONNX, "as the manifest's SHA-256 says");
        assert!(ONNX.len() <= 6 << 20, "{} bytes are too many for every program to carry", ONNX.len());
        assert!(model.onnx().to_string_lossy().contains("built in"));
    }
}
