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
    detection::Detection,
    geometry::Confidence,
    ids::{CameraId, ModelId},
    time::{Pts, WallTime},
    track::Track,
};
use sharpeyes_inference::InferenceError;
use tokio_util::sync::CancellationToken;

use super::{
    decode::{Decoder, Frame, FrameSink},
    pipeline::{CameraPipeline, FrameSampler},
    pool::InferencePool,
    scheduler::{Counters, Scheduler, Standing},
    snapshot,
};
use crate::{
    clock::Clock,
    hub::{HubEvent, Subscription},
    models,
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
    pub fault: Option<Fault>,
    /// Nothing has been seen since, although it was asked for.
    pub blind_since: Option<WallTime>,
    /// Share of the latest looks that the scheduler shed, when that is more than chance.
    pub shed: Option<f32>,
    /// The element that decodes.
    pub decoder: Option<String>,
}

/// What went wrong, for people and for the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable word.
    pub code: &'static str,
    /// What happened and what to do, English.
    pub text: String,
}

/// A look that nobody answered for so long: the camera is blind, and says so.
const BLIND: Duration = Duration::from_secs(15);
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
    standing: Arc<Mutex<Standing>>,
    clock: Clock,
    skipped: AtomicU64,
}

struct State {
    pipeline: CameraPipeline,
    /// Frames of an older run are dropped: they would run backwards in media time.
    generation: u64,
    /// Wall times of the frames of the last [`RATE_WINDOW`].
    recent: VecDeque<WallTime>,
    fault: Option<Fault>,
    decoder: Option<String>,
}

/// A frame on its way to an inference thread.
pub(super) struct Job {
    pub(super) analysis: Arc<LiveAnalysis>,
    generation: u64,
    pub(super) frame: Frame,
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
            standing: pool.scheduler().register(settings.camera.clone(), settings.model.clone()),
            clock: pool.clock().clone(),
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
        let standing = *self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.lock();
        let frames = u16::try_from(state.recent.len()).unwrap_or(u16::MAX);
        AnalysisStatus {
            model: self.model.clone(),
            wanted_fps: self.fps,
            fps: f32::from(frames) / RATE_WINDOW.as_secs_f32(),
            counters: standing.counters,
            blind_since: standing.blind_since(self.clock.wall(), BLIND),
            shed: standing.reduced(self.clock.instant()),
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
        self.fail(Fault { code: "analysis_failed", text: error.to_string() });
    }

    /// The detector did not answer, or its answer is none.
    pub(super) fn refused(&self, error: &InferenceError) {
        self.fail(Fault { code: models::code(error), text: error.to_string() });
    }

    /// The detector hangs on a frame of this camera; `is_last` when no thread is started for it any more.
    pub(super) fn hung(&self, is_last: bool) {
        let remedy = if is_last {
            "too many detections hang, so none is started any more: restart the service, and look at the driver and library behind [inference] runtime"
        } else {
            "it is tried again within half a minute; if this stays, choose another model or look at the driver behind [inference] provider"
        };
        let text = format!("model {} does not come back from a picture: {remedy}", self.model);
        self.fail(Fault { code: "detector_hung", text });
    }

    fn fail(&self, fault: Fault) {
        let mut state = self.lock();
        if state.fault.as_ref() != Some(&fault) {
            tracing::warn!(camera.id = %self.camera, code = fault.code, error = %fault.text, "this camera's analysis is interrupted; it is still recorded");
            state.fault = Some(fault);
        }
    }

    /// Ends running alarms and forgets the tracks: what happens while no frames come is not known.
    async fn interrupt(self: &Arc<Self>, cause: EndCause) {
        self.scheduler.forget(&self.camera);
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

    /// Weaker detections are not wanted.
    pub(super) const fn floor(&self) -> Confidence {
        self.floor
    }

    /// On an inference thread: what was detected in one frame goes through tracker and rules.
    pub(super) fn observed(&self, job: &Job, detections: &[Detection]) {
        let at = Moment { pts: job.frame.pts, wall: job.frame.wall };
        let mut state = self.lock();
        if state.generation != job.generation {
            return;
        }
        let observation = state.pipeline.observe(at, detections);
        let urgency = state.pipeline.urgency();
        state.recent.push_back(at.wall);
        while state.recent.front().is_some_and(|oldest| at.wall.since(*oldest) >= RATE_WINDOW) {
            state.recent.pop_front();
        }
        state.fault = None;
        drop(state);
        self.scheduler.rank(&self.camera, urgency);
        self.alarms.seen(&self.camera, at, &observation.tracks);
        for edge in observation.edges {
            let still = matches!(edge, AlarmEdge::Begin(_)).then(|| snapshot::jpeg(&job.frame));
            let still = still.transpose().unwrap_or_else(|error| {
                tracing::warn!(camera.id = %self.camera, %error, "no still for this alarm");
                None
            });
            self.alarms.alarm(&self.camera, edge, still);
        }
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
