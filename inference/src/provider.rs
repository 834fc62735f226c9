//! Which part of ONNX Runtime computes.

use ort::ep::{ExecutionProvider as _, OpenVINO};
use serde::{Deserialize, Serialize};

use crate::{error::InferenceError, runtime::Runtime};

/// An execution provider of ONNX Runtime. One that was asked for and is missing is an error, never the processor instead:
/// a box that silently became slow looks healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provider {
    /// ONNX Runtime's own kernels for the processor.
    #[default]
    Cpu,
    /// Intel's `OpenVINO`, on the processor, in the precision of the model. Needs a library that was built with it.
    OpenVino,
}

impl Provider {
    /// All that are run here, the default first.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::OpenVino];

    /// As in the site file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::OpenVino => "openvino",
        }
    }

    /// Whether the library that was loaded has it.
    ///
    /// # Errors
    /// [`InferenceError::ProviderMissing`].
    pub fn require(self, runtime: &Runtime) -> Result<(), InferenceError> {
        let is_there = |provider: &Self| match provider {
            Self::Cpu => true,
            Self::OpenVino => OpenVINO::is_available().unwrap_or(false),
        };
        if is_there(&self) {
            return Ok(());
        }
        let available: Vec<&str> =
            Self::ALL.iter().filter(|one| is_there(one)).map(|one| one.as_str()).collect();
        let library = runtime.library().to_path_buf();
        Err(InferenceError::ProviderMissing { provider: self, library, available: available.join(", ") })
    }

    /// What a session is asked to use before the processor's own kernels.
    pub(crate) fn dispatch(self, threads: u16) -> Vec<ort::ep::ExecutionProviderDispatch> {
        match self {
            Self::Cpu => Vec::new(),
            Self::OpenVino => {
                let openvino = OpenVINO::default()
                    .with_device_type("CPU")
                    // As many streams as sessions would take all cores; one thread each is the rule here.
                    .with_num_threads(usize::from(threads.max(1)))
                    .with_num_streams(1)
                    // Else it computes in 16 bits where the processor can, and the boxes are not the model's any more.
                    .with_precision("ACCURACY");
                vec![openvino.build().error_on_failure()]
            }
        }
    }
}

impl std::fmt::Display for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
