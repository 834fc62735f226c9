//! How every stream and every camera's analysis is doing, for the API.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sharpeyes_domain::{
    ids::{CameraId, ModelId, StreamId},
    ladder::RungReason,
};

use crate::{
    analyze::{AnalysisStatus, LiveAnalysis},
    api::ports::{AnalysisReport, AnalysisState, CameraHealth},
    clock::Clock,
    ingest::{Status, StatusCell},
};

/// No analysed frame for so long after one was due: whatever is configured, nothing is being seen.
const BLIND: Duration = Duration::from_secs(15);
/// Below this share of the wanted rate the analysis counts as reduced.
const REDUCED: f32 = 0.7;

/// Every place that a state is read from.
pub(super) struct Health {
    clock: Clock,
    streams: HashMap<StreamId, Arc<StatusCell>>,
    analyses: HashMap<CameraId, Watched>,
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
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, streams: HashMap::new(), analyses: HashMap::new() }
    }

    pub(super) fn stream(&mut self, stream: StreamId, status: Arc<StatusCell>) {
        self.streams.insert(stream, status);
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

    fn report(&self, status: AnalysisStatus) -> AnalysisReport {
        let is_blind =
            status.newest.is_none_or(|newest| self.clock.wall().since(newest) > status.look_every + BLIND);
        let is_short = status.reason == RungReason::Overload || status.fps < status.wanted_fps * REDUCED;
        let state = match (&status.fault, is_blind) {
            (Some(_), _) => AnalysisState::Failed,
            (None, true) => AnalysisState::Waiting,
            (None, false) if is_short => AnalysisState::Reduced,
            (None, false) => AnalysisState::Running,
        };
        AnalysisReport {
            state,
            fps: if is_blind { 0.0 } else { status.fps },
            dropped: status.counters.superseded + status.counters.expired + status.skipped,
            model: Some(status.model),
            message_code: status.fault.is_some().then(|| "analysis_failed".to_owned()),
            remedy: status.fault,
        }
    }
}

impl CameraHealth for Health {
    fn stream(&self, stream: &StreamId) -> Option<Status> {
        self.streams.get(stream).map(|cell| cell.snapshot())
    }

    fn analysis(&self, camera: &CameraId) -> Option<AnalysisReport> {
        match self.analyses.get(camera)? {
            Watched::Live(analysis) => Some(self.report(analysis.status())),
            Watched::Unavailable { model, code, reason } => Some(AnalysisReport {
                state: AnalysisState::Failed,
                fps: 0.0,
                dropped: 0,
                model: model.clone(),
                message_code: Some((*code).to_owned()),
                remedy: Some(reason.clone()),
            }),
        }
    }
}
