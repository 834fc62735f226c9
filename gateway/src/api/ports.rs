//! What the interface asks of parts that the process wires together at start.

use sharpeyes_domain::{
    ids::{CameraId, ModelId, StreamId},
    time::WallTime,
};

use crate::ingest::Status;

/// How cameras are doing. Answers come from memory, at once.
pub trait CameraHealth: Send + Sync + 'static {
    /// The stream's session; `None` when the site has no such stream.
    fn stream(&self, stream: &StreamId) -> Option<Status>;
    /// The camera's analysis; `None` when it is switched off.
    fn analysis(&self, camera: &CameraId) -> Option<AnalysisReport>;
}

/// How the analysis of one camera is doing.
#[derive(Clone, Debug)]
pub struct AnalysisReport {
    /// Where it stands.
    pub state: AnalysisState,
    /// Pictures analysed per second, over the last seconds.
    pub fps: f32,
    /// Pictures given up for newer ones since the start.
    pub dropped: u64,
    /// The detector.
    pub model: Option<ModelId>,
    /// Nothing has been seen since, although there was something to look at.
    pub blind_since: Option<WallTime>,
    /// Stable word for the reason when it does not run as it should.
    pub message_code: Option<String>,
    /// What to do about it, English.
    pub remedy: Option<String>,
}

/// Where the analysis of a camera stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalysisState {
    /// No picture yet.
    Waiting,
    /// At the wanted rate.
    Running,
    /// Below the wanted rate: the machine is short of time.
    Reduced,
    /// No detector, or it failed.
    Failed,
}
