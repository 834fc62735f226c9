//! What the interface asks of parts that the process wires together at start.

use sharpeyes_domain::{
    ids::{CameraId, ModelId, StreamId},
    ladder::{Rung, RungReason},
    time::WallTime,
};
use sharpeyes_inference::Provider;

use crate::{analyze::decode::DecoderElement, ingest::Status, record::RecordStatus};

/// How cameras are doing. Answers come from memory, at once.
pub trait CameraHealth: Send + Sync + 'static {
    /// The stream's session; `None` when the site has no such stream.
    fn stream(&self, stream: &StreamId) -> Option<Status>;
    /// What the recorder has counted; `None` when the stream is not to be recorded.
    fn recording(&self, stream: &StreamId) -> Option<RecordStatus>;
    /// The camera's analysis; `None` when it is switched off.
    fn analysis(&self, camera: &CameraId) -> Option<AnalysisReport>;
    /// The shadow model beside it; `None` when the camera has none.
    fn shadow(&self, camera: &CameraId) -> Option<AnalysisReport>;
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
    /// What computes.
    pub provider: Provider,
    /// Where it stands on the ladder; `None` when it does not run.
    pub place: Option<LadderPlace>,
    /// What decodes; `None` before the first picture.
    pub decoder: Option<DecoderElement>,
    /// Nothing has been seen since, although there was something to look at.
    pub blind_since: Option<WallTime>,
    /// Stable word for the reason when it does not run as it should.
    pub message_code: Option<String>,
    /// What to do about it, English.
    pub remedy: Option<String>,
}

/// How closely a camera is looked at.
#[derive(Clone, Copy, Debug)]
pub struct LadderPlace {
    /// Which rung.
    pub rung: Rung,
    /// Why it stands there.
    pub reason: RungReason,
    /// Since when, by the time of its pictures.
    pub since: Option<WallTime>,
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
