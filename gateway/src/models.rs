//! Which detector a camera gets, and what is wrong with it when it gets none.

use sharpeyes_config::Inference;
use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::{
    InferenceError, ModelFile,
    catalogue::{self, CatalogueError},
};

/// Why a camera has no detector.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// None is installed at all.
    #[error(
        "no detector is installed in {dir}: add one with `sharpeyes model add yolox-nano -c SITE [--file PATH]`"
    )]
    NoneInstalled {
        /// The models folder.
        dir: std::path::PathBuf,
    },
    /// Several are installed and none is named.
    #[error("several detectors are installed ({installed}): name one as `default_model` under [inference]")]
    Ambiguous {
        /// Their names.
        installed: String,
    },
    /// The models folder cannot be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// It cannot be used.
    #[error(transparent)]
    Unusable(#[from] InferenceError),
}

impl ModelError {
    /// Stable word for the API and the console.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoneInstalled { .. } => "no_model",
            Self::Ambiguous { .. } => "model_ambiguous",
            Self::Catalogue(_) => "models_unreadable",
            Self::Unusable(error) => code(error),
        }
    }
}

/// The camera's own model, else the site's default, else the only one that is installed.
///
/// # Errors
/// [`ModelError`] when there is none, when the choice is not clear, or when its manifest is wrong.
pub fn choose(inference: &Inference, wanted: Option<&ModelId>) -> Result<ModelFile, ModelError> {
    if let Some(id) = wanted.or(inference.default_model.as_ref()) {
        return Ok(ModelFile::load(&inference.models.join(id.as_str()))?);
    }
    let mut installed = catalogue::list(&inference.models)?;
    match installed.len() {
        0 => Err(ModelError::NoneInstalled { dir: inference.models.clone() }),
        1 => Ok(installed.remove(0).model?),
        _ => Err(ModelError::Ambiguous {
            installed: installed.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

const fn code(error: &InferenceError) -> &'static str {
    match error {
        InferenceError::RuntimeMissing { .. } => "runtime_missing",
        InferenceError::RuntimeUnusable { .. } | InferenceError::RuntimeInUse { .. } => "runtime_unusable",
        InferenceError::ModelMissing { .. } => "model_missing",
        InferenceError::ManifestInvalid { .. } => "manifest_invalid",
        InferenceError::ModelDamaged { .. } => "model_damaged",
        InferenceError::ModelUnreadable { .. } => "model_unreadable",
        InferenceError::IdentityVectors { .. } => "model_refused",
        InferenceError::ModelMismatch { .. } => "model_mismatch",
        InferenceError::Interrupted { .. } => "detector_slow",
        InferenceError::Picture { .. } | InferenceError::Run { .. } | InferenceError::Output { .. } => {
            "detector_failed"
        }
    }
}
