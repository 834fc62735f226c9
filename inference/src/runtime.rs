//! The one ONNX Runtime of the process: found, loaded and kept. Sessions are made from it in `detector`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ort::{environment::Environment, logging::LogLevel};

use crate::error::{InferenceError, RuntimeFailure};

/// ONNX Runtime can be initialised once in a process and its environment cannot be made again once dropped
/// (ort 2.0.0-rc.15, environment.rs `build`), so the first one stays.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

/// A handle to ONNX Runtime; cheap to clone.
#[derive(Clone, Debug)]
pub struct Runtime {
    environment: Environment,
    library: PathBuf,
}

impl Runtime {
    /// Loads `libonnxruntime.so` from `path`; loading the same file again gives the same runtime.
    ///
    /// # Errors
    /// [`InferenceError::RuntimeMissing`], [`InferenceError::RuntimeUnusable`], or
    /// [`InferenceError::RuntimeInUse`] when another library was loaded before.
    pub fn load(path: &Path) -> Result<Self, InferenceError> {
        // Also makes the path absolute: the loader looks for relative ones beside the executable and in system folders.
        let library =
            path.canonicalize().map_err(|_| InferenceError::RuntimeMissing { path: path.to_path_buf() })?;
        if !library.is_file() {
            return Err(InferenceError::RuntimeMissing { path: library });
        }
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = loaded.as_ref() {
            if runtime.library == library {
                return Ok(runtime.clone());
            }
            return Err(InferenceError::RuntimeInUse { loaded: runtime.library.clone(), asked: library });
        }
        let unusable = |source| InferenceError::RuntimeUnusable { path: library.clone(), source };
        let environment = ort::init_from(&library)
            .map_err(|e| unusable(RuntimeFailure::new(e)))?
            .with_name("sharpeyes")
            .with_telemetry(false)
            .with_logger(Arc::new(log))
            .build()
            .map_err(|e| unusable(e.into()))?;
        tracing::info!(library = %library.display(), build = ort::info(), "ONNX Runtime loaded");
        let runtime = Self { environment, library };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// The library in use, with links resolved.
    #[must_use]
    pub fn library(&self) -> &Path {
        &self.library
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// ONNX Runtime's warnings are about a model's export and come in hundreds; its errors also come back as `Err`, where
/// they are logged once. So neither is louder than debug.
fn log(level: LogLevel, category: &str, _id: &str, location: &str, message: &str) {
    match level {
        LogLevel::Verbose | LogLevel::Info => tracing::trace!(category, location, "{message}"),
        LogLevel::Warning | LogLevel::Error => tracing::debug!(category, location, "{message}"),
        LogLevel::Fatal => tracing::error!(category, location, "{message}"),
    }
}
