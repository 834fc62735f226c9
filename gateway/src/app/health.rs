//! How every stream and every camera's analysis is doing, for the API.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sharpeyes_domain::{
    ids::{CameraId, ModelId, StreamId},
    ladder::RungReason,
    time::WallTime,
};
use sharpeyes_inference::Provider;

use crate::{
    analyze::{AnalysisStatus, Fault, LiveAnalysis},
    api::ports::{AnalysisReport, AnalysisState, CameraHealth, LadderPlace},
    clock::Clock,
    ingest::{Status, StatusCell},
    record::{RecordSender, RecordStatus},
};

/// No analysed frame for so long after one was due: whatever is configured, nothing is being seen.
const BLIND: Duration = Duration::from_secs(15);
/// Below this share of the wanted rate the analysis counts as reduced.
const REDUCED: f32 = 0.7;

/// Every place that a state is read from.
pub(super) struct Health {
    provider: Provider,
    started: WallTime,
    streams: HashMap<StreamId, Pulled>,
    analyses: HashMap<CameraId, Watched>,
    shadows: HashMap<CameraId, Watched>,
}

struct Pulled {
    status: Arc<StatusCell>,
    recorder: Option<RecordSender>,
}

enum Watched {
    Live(Arc<LiveAnalysis>),
    /// It cannot run until someone acts and the service is started again.
    Unavailable {
        model: Option<ModelId>,
        code: &'static str,
        reason: String,
    },
}

impl Health {
    pub(super) fn new(clock: &Clock, provider: Provider) -> Self {
        Self {
            started: clock.wall(),
            provider,
            streams: HashMap::new(),
            analyses: HashMap::new(),
            shadows: HashMap::new(),
        }
    }

    /// A stream that is pulled, and what records it.
    pub(super) fn stream(
        &mut self,
        stream: StreamId,
        status: Arc<StatusCell>,
        recorder: Option<RecordSender>,
    ) {
        self.streams.insert(stream, Pulled { status, recorder });
    }

    pub(super) fn analysed(&mut self, camera: CameraId, analysis: Arc<LiveAnalysis>) {
        self.analyses.insert(camera, Watched::Live(analysis));
    }

    pub(super) fn not_analysed(
        &mut self,
        camera: CameraId,
        model: Option<ModelId>,
        code: &'static str,
        reason: String,
    ) {
        self.analyses.insert(camera, Watched::Unavailable { model, code, reason });
    }

    pub(super) fn shadowed(&mut self, camera: CameraId, analysis: Arc<LiveAnalysis>) {
        self.shadows.insert(camera, Watched::Live(analysis));
    }

    pub(super) fn not_shadowed(
        &mut self,
        camera: CameraId,
        model: ModelId,
        code: &'static str,
        reason: String,
    ) {
        self.shadows.insert(camera, Watched::Unavailable { model: Some(model), code, reason });
    }

    fn tell(&self, watched: &Watched) -> AnalysisReport {
        match watched {
            Watched::Live(analysis) => self.report(analysis.status()),
            Watched::Unavailable { model, code, reason } => AnalysisReport {
                state: AnalysisState::Failed,
                fps: 0.0,
                dropped: 0,
                blind_since: Some(self.started),
                model: model.clone(),
                provider: self.provider,
                place: None,
                decoder: None,
                message_code: Some((*code).to_owned()),
                remedy: Some(reason.clone()),
            },
        }
    }

    fn report(&self, status: AnalysisStatus) -> AnalysisReport {
        let is_waiting = status.seen_ago.is_none_or(|age| age > status.look_every + BLIND);
        let is_short = status.reason == RungReason::Overload
            || status.shed.is_some()
            || status.fps < status.wanted_fps * REDUCED;
        let state = match (&status.fault, status.blind_since, is_waiting) {
            (Some(_), _, _) | (None, Some(_), _) => AnalysisState::Failed,
            (None, None, true) => AnalysisState::Waiting,
            (None, None, false) if is_short => AnalysisState::Reduced,
            (None, None, false) => AnalysisState::Running,
        };
        let reason = status.fault.clone().or_else(|| reason(&status, state));
        AnalysisReport {
            state,
            fps: if is_waiting { 0.0 } else { status.fps },
            dropped: status.counters.dropped() + status.skipped,
            model: Some(status.model),
            provider: self.provider,
            place: Some(LadderPlace { rung: status.rung, reason: status.reason, since: status.since }),
            decoder: status.decoder,
            blind_since: status.blind_since,
            message_code: reason.as_ref().map(|reason| reason.code.to_owned()),
            remedy: reason.map(|reason| reason.text),
        }
    }
}

/// Why it is not as it should be, when the detector itself has reported nothing.
fn reason(status: &AnalysisStatus, state: AnalysisState) -> Option<Fault> {
    let (code, text) = match (state, status.shed) {
        (AnalysisState::Failed, _) => (
            "analysis_blind",
            "pictures wait and none was looked at: the detectors are busy with other cameras or hang; give [inference] more threads, or analyse fewer cameras".to_owned(),
        ),
        (AnalysisState::Reduced, Some(share)) => (
            "analysis_overload",
            format!(
                "{:.0} % of the looks were left out, the least urgent first: give [inference] more threads, lower `fps`, or analyse fewer cameras",
                share * 100.0
            ),
        ),
        (AnalysisState::Reduced, None) if status.reason == RungReason::Overload => (
            "analysis_overload",
            "as many cameras are decoded as [analysis] decoders allows, and this one waits: allow more, or analyse fewer cameras".to_owned(),
        ),
        (AnalysisState::Reduced, None) => (
            "analysis_slow",
            "fewer pictures arrive than are wanted: the camera sends fewer, or the decoder is behind".to_owned(),
        ),
        (AnalysisState::Waiting | AnalysisState::Running, _) => return None,
    };
    Some(Fault { code, text })
}

impl CameraHealth for Health {
    fn stream(&self, stream: &StreamId) -> Option<Status> {
        self.streams.get(stream).map(|pulled| pulled.status.snapshot())
    }

    fn recording(&self, stream: &StreamId) -> Option<RecordStatus> {
        self.streams.get(stream)?.recorder.as_ref().map(RecordSender::status)
    }

    fn analysis(&self, camera: &CameraId) -> Option<AnalysisReport> {
        self.analyses.get(camera).map(|watched| self.tell(watched))
    }

    fn shadow(&self, camera: &CameraId) -> Option<AnalysisReport> {
        self.shadows.get(camera).map(|watched| self.tell(watched))
    }
}
