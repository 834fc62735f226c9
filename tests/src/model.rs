//! The real ONNX Runtime, and detectors other than the one that is built into the product.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::catalogue::{self, Addition, Limits, Source};

use crate::shared::{Shared, workspace_root};

/// The library that `scripts/onnxruntime.sh` fetches, or the one that `ORT_DYLIB_PATH` names.
///
/// # Errors
/// When it is not there: the scripts bring it, so that is never a reason to skip.
#[expect(clippy::disallowed_methods, reason = "the variable is ONNX Runtime's own, and the scripts set it")]
pub fn runtime_library() -> anyhow::Result<PathBuf> {
    let named = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let path = named.unwrap_or_else(|| workspace_root().join(".cache/onnxruntime/libonnxruntime.so"));
    ensure!(path.is_file(), "no ONNX Runtime at {}: run scripts/onnxruntime.sh", path.display());
    Ok(path)
}

/// Installs YOLOX-nano in the folder `models`, as `sharpeyes model add --file` does, for tests on real video and for
/// comparing: every other test uses the built-in detector. A site has to name it.
///
/// # Errors
/// When the catalogue refuses the file.
pub fn install_yolox_nano(shared: &Shared, models: &Path) -> anyhow::Result<ModelId> {
    let addition = Addition {
        id: ModelId::new("yolox-nano")?,
        source: Source::File(shared.model("yolox_nano_dyn.onnx")),
        manifest: None,
    };
    std::fs::create_dir_all(models).with_context(|| models.display().to_string())?;
    catalogue::add(models, &addition, &Limits::default(), None, &mut |_| false)?;
    Ok(addition.id)
}
