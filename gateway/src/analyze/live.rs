//! Live analysis: one task per camera feeds a decoder; [`InferencePool`] detects for all cameras.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause, Moment},
    geometry::Confidence,
    ids::{CameraId, ModelId},
    time::{Pts, WallTime},
    track::Track,
};
use sharpeyes_inference::{Detector, InferenceError};
use tokio_util::sync::CancellationToken;

use super::{
    decode::{Decoder, Frame, FrameSink},
    pipeline::{CameraPipeline, FrameSampler},
    pool::InferencePool,
    scheduler::{Counters, Scheduler},
    snapshot,
};
use crate::{
    hub::{HubEvent, Subscription},
    record::RunInfo,
};

/// Where alarms and boxes go: the desk. Called from inference threads.
pub trait AlarmSink: Send + Sync + 'static {
    /// An alarm began, grew or ended; `still` is a JPEG of the frame that raised it.
    fn alarm(&self, camera: &CameraId, edge: AlarmEdge, still: Option<Vec<u8>>);
    /// What was seen in one frame.
    fn seen(&self, camera: &CameraId, at: Moment, tracks: &[Track]);
}

/// One camera as the analysis knows it.
pub struct AnalysisSettings {
    /// Whose.
    pub camera: CameraId,
    /// Which detector.
    pub model: ModelId,
    /// Frames a second for it.
    pub fps: f32,
    /// Tracks and rules.
    pub pipeline: CameraPipeline,
}

/// Where the analysis of a camera stands.
#[derive(Clone, Debug)]
pub struct AnalysisStatus {
    /// Which detector.
    pub model: ModelId,
    /// Frames a second that it should see.
    pub wanted_fps: f32,
    /// Frames a second that it saw over the last seconds.
    pub fps: f32,
    /// What becomes of its frames.
    pub counters: Counters,
    /// Access units skipped because the decoder was behind.
    pub skipped: u64,
    /// Wall time of the newest frame that went through the rules.
    pub newest: Option<WallTime>,
    /// The last thing that went wrong, until frames go through again.
    pub fault: Option<String>,
    /// The element that decodes.
    pub decoder: Option<String>,
}

/// The rate is measured over so much wall time of frames.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// One camera under live analysis.
pub struct LiveAnalysis {
    camera: CameraId,
    model: ModelId,
    fps: f32,
    floor: Confidence,
    scheduler: Arc<Scheduler<Job>>,
    alarms: Arc<dyn AlarmSink>,
    state: Mutex<State>,
    counters: Arc<Mutex<Counters>>,
    skipped: AtomicU64,
}

struct State {
    pipeline: CameraPipeline,
    /// Frames of an older run are dropped: they would run backwards in media time.
    generation: u64,
    /// Wall times of the frames of the last [`RATE_WINDOW`].
    recent: VecDeque<WallTime>,
    fault: Option<String>,
    decoder: Option<String>,
}

/// A frame on its way to an inference thread.
pub(super) struct Job {
    pub(super) analysis: Arc<LiveAnalysis>,
    generation: u64,
    frame: Frame,
}

impl LiveAnalysis {
    /// Whose frames these are.
    pub(super) fn camera(&self) -> &CameraId {
        &self.camera
    }

    /// The detector that it asks for.
    pub(super) fn model(&self) -> &ModelId {
        &self.model
    }

    /// Registers the camera with the pool's scheduler.
    #[must_use]
    pub fn new(settings: AnalysisSettings, pool: &InferencePool, alarms: Arc<dyn AlarmSink>) -> Arc<Self> {
        let floor = settings.pipeline.floor();
        let state = State {
            pipeline: settings.pipeline,
            generation: 0,
            recent: VecDeque::new(),
            fault: None,
            decoder: None,
        };
        Arc::new(Self {
            counters: pool.scheduler().register(settings.camera.clone()),
            camera: settings.camera,
            model: settings.model,
            fps: settings.fps,
            floor,
            scheduler: pool.scheduler().clone(),
            alarms,
            state: Mutex::new(state),
            skipped: AtomicU64::new(0),
        })
    }

    /// A snapshot.
    #[must_use]
    pub fn status(&self) -> AnalysisStatus {
        let state = self.lock();
        let frames = u16::try_from(state.recent.len()).unwrap_or(u16::MAX);
        AnalysisStatus {
            model: self.model.clone(),
            wanted_fps: self.fps,
            fps: f32::from(frames) / RATE_WINDOW.as_secs_f32(),
            counters: *self.counters.lock().unwrap_or_else(PoisonError::into_inner),
            skipped: self.skipped.load(Ordering::Relaxed),
            newest: state.recent.back().copied(),
            fault: state.fault.clone(),
            decoder: state.decoder.clone(),
        }
    }

    /// Feeds the decoder from the hub until shutdown.
    pub async fn run(self: Arc<Self>, mut units: Subscription, shutdown: CancellationToken) {
        let mut feed = Feed { decoder: None, needs_keyframe: true, run: None };
        loop {
            let event = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                event = units.next() => event,
            };
            match event {
                None => break,
                Some(HubEvent::Run(run)) => self.begin(&mut feed, run).await,
                Some(HubEvent::Unit(unit)) => self.feed(&mut feed, &unit),
                Some(HubEvent::Lagged { dropped }) => {
                    self.skipped.fetch_add(dropped, Ordering::Relaxed);
                    feed.needs_keyframe = true;
                }
                Some(HubEvent::End(_)) => {
                    feed.decoder = None;
                    self.interrupt(EndCause::StreamLost).await;
                }
            }
        }
        drop(feed);
        self.interrupt(EndCause::Stopped).await;
    }

    async fn begin(self: &Arc<Self>, feed: &mut Feed, run: Arc<RunInfo>) {
        self.interrupt(EndCause::StreamLost).await;
        self.lock().generation = run.generation;
        feed.run = Some(run);
        self.renew(feed);
    }

    fn renew(self: &Arc<Self>, feed: &mut Feed) {
        feed.needs_keyframe = true;
        feed.decoder = None;
        let Some(run) = &feed.run else { return };
        let sink = LiveSink {
            analysis: self.clone(),
            generation: run.generation,
            sampler: FrameSampler::new(self.fps),
        };
        match Decoder::new(&run.params, sink) {
            Ok(decoder) => {
                self.lock().decoder = Some(decoder.backend().to_owned());
                feed.decoder = Some(decoder);
            }
            Err(error) => self.failed(&error),
        }
    }

    fn feed(self: &Arc<Self>, feed: &mut Feed, unit: &sharpeyes_domain::media::AccessUnit) {
        if unit.is_keyframe && feed.decoder.is_none() {
            self.renew(feed);
        }
        let Some(decoder) = &feed.decoder else { return };
        if decoder.is_behind() {
            feed.needs_keyframe = true;
        } else if unit.is_keyframe {
            feed.needs_keyframe = false;
        }
        if feed.needs_keyframe {
            self.skipped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if let Err(error) = decoder.feed(unit) {
            self.failed(&error);
            feed.decoder = None;
        }
    }

    pub(super) fn failed(&self, error: &dyn std::fmt::Display) {
        let mut state = self.lock();
        let text = error.to_string();
        if state.fault.as_ref() != Some(&text) {
            tracing::warn!(camera.id = %self.camera, error = %text, "this camera's analysis is interrupted; it is still recorded");
            state.fault = Some(text);
        }
    }

    /// Ends running alarms and forgets the tracks: what happens while no frames come is not known.
    async fn interrupt(self: &Arc<Self>, cause: EndCause) {
        let edges = {
            let mut state = self.lock();
            state.recent.clear();
            state.pipeline.interrupt(cause)
        };
        if edges.is_empty() {
            return;
        }
        let analysis = self.clone();
        let told = tokio::task::spawn_blocking(move || {
            edges.into_iter().for_each(|edge| analysis.alarms.alarm(&analysis.camera, edge, None));
        });
        if let Err(error) = told.await {
            tracing::error!(camera.id = %self.camera, %error, "the ends of alarms could not be stored");
        }
    }

    /// On an inference thread: one frame through detector, tracker and rules.
    pub(super) fn detected(&self, job: &Job, detector: &mut Detector) -> Result<(), InferenceError> {
        let detections = detector.detect_above(&job.frame.picture(), self.floor)?;
        let at = Moment { pts: job.frame.pts, wall: job.frame.wall };
        let mut state = self.lock();
        if state.generation != job.generation {
            return Ok(());
        }
        let observation = state.pipeline.observe(at, &detections);
        state.recent.push_back(at.wall);
        while state.recent.front().is_some_and(|oldest| at.wall.since(*oldest) >= RATE_WINDOW) {
            state.recent.pop_front();
        }
        state.fault = None;
        drop(state);
        self.alarms.seen(&self.camera, at, &observation.tracks);
        for edge in observation.edges {
            let still = matches!(edge, AlarmEdge::Begin(_)).then(|| snapshot::jpeg(&job.frame));
            let still = still.transpose().unwrap_or_else(|error| {
                tracing::warn!(camera.id = %self.camera, %error, "no still for this alarm");
                None
            });
            self.alarms.alarm(&self.camera, edge, still);
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Feed {
    decoder: Option<Decoder>,
    needs_keyframe: bool,
    run: Option<Arc<RunInfo>>,
}

struct LiveSink {
    analysis: Arc<LiveAnalysis>,
    generation: u64,
    sampler: FrameSampler,
}

impl FrameSink for LiveSink {
    fn wants(&mut self, pts: Pts) -> bool {
        self.sampler.is_due(pts)
    }

    fn frame(&mut self, frame: Frame) {
        let job = Job { analysis: self.analysis.clone(), generation: self.generation, frame };
        self.analysis.scheduler.offer(&self.analysis.camera, job);
    }
}
