//! One camera under live analysis: what its decoding thread and the inference threads share.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause, Moment},
    detection::Detection,
    geometry::{Confidence, NormRect},
    ids::{CameraId, ModelId},
    ladder::{DecoderChoice, Rung, RungReason},
    tamper::TamperEdge,
    time::{Pts, WallTime},
    track::Track,
};

use super::{
    decode::{DecoderElement, Frame},
    detectors::NoAnswer,
    ladder::{Interest, LadderSettings, Look},
    pipeline::{CameraPipeline, Observation},
    pool::InferencePool,
    rounds::Admission,
    scheduler::{Counters, Scheduler, Standing, Weight},
    seat::{Role, Seat},
    snapshot,
    watch::{self, Eyes, KeyframeDecoders, Wanted, Watch, WatchCounters},
};
use crate::{
    clock::Clock,
    hub::{HubEvent, Polled},
};

/// Where alarms and boxes go: the desk. Told under the lock of the camera, in the order in which things happened: nothing
/// here may wait, least of all for a disk.
pub trait AlarmSink: Send + Sync + 'static {
    /// An alarm began, grew or ended; `still` is a JPEG of the frame that raised it.
    fn alarm(&self, camera: &CameraId, edge: AlarmEdge, still: Option<Vec<u8>>);
    /// A rule that is only written down would have raised an alarm, or it grew or ended. Kept by who wants it.
    fn shadow(&self, _camera: &CameraId, _edge: AlarmEdge) {}
    /// The camera was tampered with, or is so no more.
    fn tamper(&self, camera: &CameraId, edge: TamperEdge);
    /// What was seen in one frame.
    fn seen(&self, camera: &CameraId, at: Moment, tracks: &[Track]);
    /// Why what was told of the camera does not arrive.
    fn fault(&self, _camera: &CameraId) -> Option<Fault> {
        None
    }
}

/// One camera as the analysis knows it.
pub struct AnalysisSettings {
    /// Whose.
    pub camera: CameraId,
    /// What for.
    pub role: Role,
    /// Which detector.
    pub model: ModelId,
    /// Among other cameras that want a decoder or a look.
    pub weight: Weight,
    /// Tracks and rules.
    pub pipeline: CameraPipeline,
    /// How it climbs and rests.
    pub ladder: LadderSettings,
    /// What decodes it.
    pub decoder: DecoderChoice,
    /// Its stream.
    pub units: Polled,
}

/// Where the analysis of a camera stands.
#[derive(Clone, Debug)]
pub struct AnalysisStatus {
    /// Which detector.
    pub model: ModelId,
    /// Where it stands on the ladder.
    pub rung: Rung,
    /// Why it stands there.
    pub reason: RungReason,
    /// Since when.
    pub since: Option<WallTime>,
    /// Frames a second that it should see on this rung; 0 at rest.
    pub wanted_fps: f32,
    /// Frames a second that it saw over the last seconds.
    pub fps: f32,
    /// What becomes of its frames.
    pub counters: Counters,
    /// What was decoded and detected on each rung.
    pub watch: WatchCounters,
    /// Access units that were missed, and frames given up because too many waited.
    pub skipped: u64,
    /// How long ago a frame last went through the detector, whatever the wall clock was set to since.
    pub seen_ago: Option<Duration>,
    /// At rest, a frame goes through the detector at least so often.
    pub look_every: Duration,
    /// The last thing that went wrong, until frames go through again.
    pub fault: Option<Fault>,
    /// Nothing has been seen since, although it was asked for.
    pub blind_since: Option<WallTime>,
    /// Share of the latest looks that the scheduler shed, when that is more than chance.
    pub shed: Option<f32>,
    /// The element that decodes.
    pub decoder: Option<DecoderElement>,
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
/// Bytes of decoded frames that may wait for the detector: a climb brings several at once. Beyond that the oldest go.
const MOST_WAITING_BYTES: usize = 16 << 20;
/// A frame that waits for so long behind others of its camera is given up for newer ones: under overload a camera is seen
/// as it is now, not as it was. The frames of a climb are detected well within it.
const STALE: Duration = Duration::from_secs(2);
/// While a camera is watched it is visited so often, so that it has a few pictures decoded at a time …
const WATCHED: Duration = Duration::from_millis(200);
/// … and so often at rest, when there is only a keyframe now and then.
const RESTING: Duration = Duration::from_millis(500);

/// One camera under live analysis.
///
/// Locks are taken in the order of the fields and `answers` is held for no call.
pub struct LiveAnalysis {
    camera: CameraId,
    seat: Seat,
    model: ModelId,
    weight: Weight,
    floor: Confidence,
    scheduler: Arc<Scheduler<Job>>,
    alarms: Arc<dyn AlarmSink>,
    clock: Clock,
    feed: Mutex<Feed>,
    state: Mutex<State>,
    waiting: Mutex<Waiting>,
    /// The frame that the scheduler has; 0: none.
    out: AtomicU64,
    answers: Mutex<Vec<Answer>>,
    standing: Arc<Mutex<Standing>>,
    skipped: AtomicU64,
}

/// What only the decoding thread touches, one at a time.
struct Feed {
    units: Polled,
    events: VecDeque<HubEvent>,
    watch: Watch,
    generation: u64,
}

/// What inference threads change too.
struct State {
    pipeline: CameraPipeline,
    /// Frames of an older run are dropped: they would run backwards in media time. `None` between two runs.
    /// Invariant: changes only together with the pipeline's interruption.
    generation: Option<u64>,
    /// Wall times of the frames of the last [`RATE_WINDOW`].
    recent: VecDeque<WallTime>,
    /// When a frame last went through the detector.
    seen_at: Option<Instant>,
    fault: Option<Fault>,
    place: Place,
}

/// Where the watch stands, for who asks while it works.
#[derive(Clone)]
struct Place {
    rung: Rung,
    reason: RungReason,
    since: Option<WallTime>,
    fps: f32,
    look_every: Duration,
    decoder: Option<DecoderElement>,
    counters: WatchCounters,
}

/// Frames that wait until the one before them is detected: a tracker wants them in order, and all of a climb.
#[derive(Default)]
struct Waiting {
    frames: VecDeque<Job>,
    bytes: usize,
    n_made: u64,
}

impl Waiting {
    /// Takes out what has waited for too long. The newest stays: it is what is to be seen now.
    fn drop_stale(&mut self, now: Instant) -> Vec<Job> {
        let is_stale = |job: &&Job| now.saturating_duration_since(job.since) > STALE;
        let n = self.frames.iter().take(self.frames.len().saturating_sub(1)).take_while(is_stale).count();
        let stale: Vec<Job> = self.frames.drain(..n).collect();
        self.bytes -= stale.iter().map(|job| job.bytes).sum::<usize>();
        stale
    }
}

/// What became of a frame.
struct Answer {
    generation: u64,
    /// The error is the time of one that was not detected.
    seen: Result<watch::Answer, Pts>,
}

/// A frame on its way to an inference thread.
pub(super) struct Job {
    pub(super) analysis: Arc<LiveAnalysis>,
    number: u64,
    generation: u64,
    wanted: Wanted,
    bytes: usize,
    /// When it began to wait.
    since: Instant,
    is_answered: bool,
}

impl Drop for Job {
    /// A frame that nobody detected still has to be accounted for.
    fn drop(&mut self) {
        if !self.is_answered {
            let at = self.wanted.frame.pts;
            self.analysis.answer(Answer { generation: self.generation, seen: Err(at) });
        }
        let _ = self.analysis.out.compare_exchange(self.number, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl LiveAnalysis {
    /// Registers the camera with the pool's scheduler.
    #[must_use]
    pub fn new(
        settings: AnalysisSettings,
        pool: &InferencePool,
        alarms: Arc<dyn AlarmSink>,
        clock: Clock,
    ) -> Arc<Self> {
        let AnalysisSettings { camera, role, model, weight, pipeline, ladder, decoder, units } = settings;
        let seat = Seat { camera: camera.clone(), role };
        let watch = Watch::new(ladder, decoder);
        let place = Place::of(&watch, None);
        Arc::new(Self {
            standing: pool.scheduler().register(seat.clone(), model.clone(), weight),
            camera,
            seat,
            model,
            weight,
            floor: pipeline.floor(),
            scheduler: pool.scheduler().clone(),
            alarms,
            clock,
            feed: Mutex::new(Feed { units, events: VecDeque::new(), watch, generation: 0 }),
            state: Mutex::new(State {
                pipeline,
                generation: None,
                recent: VecDeque::new(),
                seen_at: None,
                fault: None,
                place,
            }),
            waiting: Mutex::default(),
            out: AtomicU64::new(0),
            answers: Mutex::default(),
            skipped: AtomicU64::new(0),
        })
    }

    pub(super) const fn camera(&self) -> &CameraId {
        &self.camera
    }

    pub(super) const fn role(&self) -> Role {
        self.seat.role
    }

    /// By the most urgent of its rules.
    pub(super) const fn weight(&self) -> Weight {
        self.weight
    }

    pub(super) const fn model(&self) -> &ModelId {
        &self.model
    }

    /// Weaker detections are not wanted.
    pub(super) const fn floor(&self) -> Confidence {
        self.floor
    }

    /// A snapshot.
    #[must_use]
    pub fn status(&self) -> AnalysisStatus {
        let now = self.clock.wall();
        let standing = *lock(&self.standing);
        let state = lock(&self.state);
        let frames = state.recent.iter().filter(|wall| now.since(**wall) < RATE_WINDOW).count();
        let frames = u16::try_from(frames).unwrap_or(u16::MAX);
        AnalysisStatus {
            model: self.model.clone(),
            rung: state.place.rung,
            reason: state.place.reason,
            since: state.place.since,
            wanted_fps: state.place.fps,
            fps: f32::from(frames) / RATE_WINDOW.as_secs_f32(),
            counters: standing.counters,
            blind_since: standing.blind_since(now, BLIND),
            shed: standing.reduced(self.clock.instant()),
            watch: state.place.counters,
            skipped: self.skipped.load(Ordering::Relaxed),
            seen_ago: state.seen_at.map(|at| self.clock.instant().saturating_duration_since(at)),
            look_every: state.place.look_every,
            fault: state.fault.clone().or_else(|| self.alarms.fault(&self.camera)),
            decoder: state.place.decoder.clone(),
        }
    }

    /// Takes what came since the last visit; says when the next one is due. On a decoding thread.
    pub(super) fn visit(
        self: &Arc<Self>,
        keyframes: &mut KeyframeDecoders,
        admission: &Admission,
    ) -> Duration {
        let mut feed = lock(&self.feed);
        let feed = &mut *feed;
        if feed.watch.has_decoder() && admission.gives_way(self.role(), self.weight) {
            let eyes = self.eyes(admission, feed.generation);
            feed.watch.give_way(&mut LiveEyes { has_left: true, ..eyes });
        }
        let answers = std::mem::take(&mut *lock(&self.answers));
        for answer in answers.into_iter().filter(|answer| answer.generation == feed.generation) {
            let mut eyes = self.eyes(admission, feed.generation);
            let judged = match answer.seen {
                Ok(seen) => feed.watch.seen(seen, &mut eyes),
                Err(at) => {
                    feed.watch.unseen(at);
                    Ok(())
                }
            };
            judged.unwrap_or_else(|error| self.failed(&error));
        }
        let mut events = std::mem::take(&mut feed.events);
        feed.units.drain(&mut events);
        for event in events.drain(..) {
            self.hear(feed, event, keyframes, admission);
        }
        feed.events = events;
        self.tell_place(&mut feed.watch);
        self.offer_next();
        if feed.watch.ladder().rung() >= Rung::Few { WATCHED } else { RESTING }
    }

    const fn eyes<'a>(self: &'a Arc<Self>, admission: &'a Admission, generation: u64) -> LiveEyes<'a> {
        LiveEyes { analysis: self, admission, generation, has_left: false }
    }

    fn hear(
        self: &Arc<Self>,
        feed: &mut Feed,
        event: HubEvent,
        keyframes: &mut KeyframeDecoders,
        admission: &Admission,
    ) {
        let mut eyes = self.eyes(admission, feed.generation);
        match event {
            HubEvent::Run(run) => {
                self.interrupt(EndCause::StreamLost, Some(run.generation));
                feed.generation = run.generation;
                eyes.generation = run.generation;
                feed.watch.begin(run.params.clone(), &mut eyes);
            }
            HubEvent::Unit(unit) => {
                if let Err(error) = feed.watch.unit(&unit, keyframes, &mut eyes) {
                    self.failed(&error);
                }
            }
            HubEvent::Lagged { dropped } => {
                self.skipped.fetch_add(dropped, Ordering::Relaxed);
                feed.watch.lose(&mut eyes);
            }
            HubEvent::End(_) => {
                feed.watch.interrupt(&mut eyes);
                self.interrupt(EndCause::StreamLost, None);
            }
        }
    }

    /// Nothing more will be decoded: running alarms end.
    pub(super) fn stop(self: &Arc<Self>, admission: &Admission) {
        let mut feed = lock(&self.feed);
        let generation = feed.generation;
        feed.watch.interrupt(&mut self.eyes(admission, generation));
        drop(feed);
        self.interrupt(EndCause::Stopped, None);
    }

    pub(super) fn failed(&self, error: &dyn std::fmt::Display) {
        self.fail(Fault { code: "analysis_failed", text: error.to_string() });
    }

    /// The detector did not answer, or its answer is none.
    pub(super) fn unanswered(&self, why: NoAnswer) {
        let again = "it is started again within half a minute; if this stays, choose another model or look at the driver behind [inference] provider and at the memory of the machine";
        let model = &self.model;
        let (code, text) = match why {
            NoAnswer::Refused { code, text } => (code, text),
            NoAnswer::Ended { how } => {
                ("detector_failed", format!("the process of model {model} ended ({how}): {again}"))
            }
            NoAnswer::Hung => (
                "detector_hung",
                format!(
                    "model {model} does not come back from a picture, and its process was ended: {again}"
                ),
            ),
        };
        self.fail(Fault { code, text });
    }

    /// The detector hangs on a frame of this camera; `is_last` when no thread is started for it any more.
    pub(super) fn hung(&self, frame: Outstanding, is_last: bool) {
        // The thread that hangs keeps the job: the next frame must not wait for it.
        self.answer(Answer { generation: frame.generation, seen: Err(frame.at) });
        let _ = self.out.compare_exchange(frame.number, 0, Ordering::AcqRel, Ordering::Acquire);
        let remedy = if is_last {
            "too many detections hang, so none is started any more: restart the service, and look at the driver and library behind [inference] runtime"
        } else {
            "it is tried again within half a minute; if this stays, choose another model or look at the driver behind [inference] provider"
        };
        let text = format!("model {} does not come back from a picture: {remedy}", self.model);
        self.fail(Fault { code: "detector_hung", text });
    }

    fn fail(&self, fault: Fault) {
        let mut state = lock(&self.state);
        if state.fault.as_ref() != Some(&fault) {
            tracing::warn!(camera.id = %self.camera, code = fault.code, error = %fault.text, "this camera's analysis is interrupted; it is still recorded");
            state.fault = Some(fault);
        }
    }

    /// Ends running alarms and forgets the tracks: what happens while no frames come is not known. From now on only frames of
    /// `next` count.
    fn interrupt(&self, cause: EndCause, next: Option<u64>) {
        self.scheduler.forget(&self.seat);
        let jobs = {
            let mut waiting = lock(&self.waiting);
            waiting.bytes = 0;
            std::mem::take(&mut waiting.frames)
        };
        let mut state = lock(&self.state);
        state.generation = next;
        state.recent.clear();
        let edges = state.pipeline.interrupt(cause);
        state.pipeline.take_shadow().into_iter().for_each(|edge| self.alarms.shadow(&self.camera, edge));
        state.pipeline.lose_sight().into_iter().for_each(|edge| self.alarms.tamper(&self.camera, edge));
        edges.into_iter().for_each(|edge| self.alarms.alarm(&self.camera, edge, None));
        drop(state);
        drop(jobs);
    }

    /// On an inference thread: where in this frame the detector has to look; `None`: everywhere.
    pub(super) fn part(&self, job: &Job) -> Option<NormRect> {
        lock(&self.state).pipeline.part(&job.wanted)
    }

    /// On an inference thread: what was detected in one frame, or in a part of it, goes through tracker and rules.
    pub(super) fn observed(&self, job: &mut Job, part: Option<NormRect>, detections: &[Detection]) {
        let frame = &job.wanted.frame;
        let at = Moment { pts: frame.pts, wall: frame.wall };
        let mut state = lock(&self.state);
        if state.generation != Some(job.generation) {
            return;
        }
        let sight = state.pipeline.look(&job.wanted, part, detections);
        state.recent.push_back(at.wall);
        while state.recent.front().is_some_and(|oldest| at.wall.since(*oldest) >= RATE_WINDOW) {
            state.recent.pop_front();
        }
        state.seen_at = Some(self.clock.instant());
        state.fault = None;
        if let Some(observation) = sight.observation {
            let shadow = state.pipeline.take_shadow();
            self.tell(frame, observation, shadow);
        }
        let urgency = state.pipeline.urgency();
        drop(state);
        self.scheduler.rank(&self.seat, urgency);
        let seen = watch::Answer { at: at.pts, look: job.wanted.look, interest: sight.interest };
        job.is_answered = true;
        self.answer(Answer { generation: job.generation, seen: Ok(seen) });
    }

    /// With the lock of the state held: else an end could overtake its begin.
    fn tell(&self, frame: &Frame, observation: Observation, shadow: Vec<AlarmEdge>) {
        let at = Moment { pts: frame.pts, wall: frame.wall };
        self.alarms.seen(&self.camera, at, &observation.tracks);
        shadow.into_iter().for_each(|edge| self.alarms.shadow(&self.camera, edge));
        observation.tamper.into_iter().for_each(|edge| self.alarms.tamper(&self.camera, edge));
        for edge in observation.edges {
            let still = matches!(edge, AlarmEdge::Begin(_)).then(|| snapshot::still(frame));
            let still = still.transpose().unwrap_or_else(|error| {
                tracing::warn!(camera.id = %self.camera, %error, "no still for this alarm");
                None
            });
            self.alarms.alarm(&self.camera, edge, still);
        }
    }

    /// The inference thread is done with this frame, whatever came of it: the next one may wait its turn.
    pub(super) fn finished(&self, job: Job) {
        drop(job);
        self.offer_next();
    }

    fn answer(&self, answer: Answer) {
        lock(&self.answers).push(answer);
    }

    fn enqueue(self: &Arc<Self>, wanted: Wanted, generation: u64) {
        let planes = wanted.frame.planes.iter();
        let bytes = planes.map(|plane| plane.data.len()).sum();
        let mut dropped = Vec::new();
        let mut waiting = lock(&self.waiting);
        waiting.n_made += 1;
        let number = waiting.n_made;
        waiting.bytes += bytes;
        let analysis = self.clone();
        let since = self.clock.instant();
        let job = Job { analysis, number, generation, wanted, bytes, since, is_answered: false };
        waiting.frames.push_back(job);
        while waiting.bytes > MOST_WAITING_BYTES && waiting.frames.len() > 1 {
            dropped.extend(waiting.frames.pop_front());
            waiting.bytes -= dropped.last().map_or(0, |job| job.bytes);
        }
        drop(waiting);
        self.skipped.fetch_add(u64::try_from(dropped.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.offer_next();
    }

    fn offer_next(&self) {
        let mut waiting = lock(&self.waiting);
        let stale = waiting.drop_stale(self.clock.instant());
        if !stale.is_empty() {
            self.scheduler.shed(&self.seat, stale.len());
        }
        if self.out.load(Ordering::Acquire) != 0 {
            return;
        }
        let Some(job) = waiting.frames.pop_front() else { return };
        waiting.bytes -= job.bytes;
        self.out.store(job.number, Ordering::Release);
        if job.wanted.look != Look::SafetyNet {
            self.scheduler.stirred(&self.seat);
        }
        self.scheduler.offer(&self.seat, job);
    }

    fn tell_place(&self, watch: &mut Watch) {
        for step in watch.take_steps() {
            tracing::debug!(camera.id = %self.camera, from = %step.from, to = %step.to, reason = %step.reason, "rung");
        }
        let mut state = lock(&self.state);
        let since = match &state.place {
            place if place.rung == watch.ladder().rung() => place.since,
            _ => watch.newest(),
        };
        state.place = Place::of(watch, since);
    }
}

impl Place {
    fn of(watch: &Watch, since: Option<WallTime>) -> Self {
        let ladder = watch.ladder();
        Self {
            rung: ladder.rung(),
            reason: ladder.reason(),
            since,
            fps: ladder.fps(),
            look_every: Duration::from_millis(u64::try_from(ladder.look_every().as_millis()).unwrap_or(0)),
            decoder: watch.element().cloned(),
            counters: *watch.counters(),
        }
    }
}

/// A frame that is out, for whoever has to do without it.
#[derive(Clone, Copy)]
pub(super) struct Outstanding {
    number: u64,
    generation: u64,
    at: Pts,
}

impl Job {
    pub(super) const fn outstanding(&self) -> Outstanding {
        Outstanding { number: self.number, generation: self.generation, at: self.wanted.frame.pts }
    }

    /// It was accounted for when its thread was given up.
    pub(super) const fn disown(&mut self) {
        self.is_answered = true;
    }

    pub(super) const fn frame(&self) -> &Frame {
        &self.wanted.frame
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A camera's pictures go to the scheduler.
struct LiveEyes<'a> {
    analysis: &'a Arc<LiveAnalysis>,
    admission: &'a Admission,
    generation: u64,
    /// It gave way: its place is not its own any more.
    has_left: bool,
}

impl Eyes for LiveEyes<'_> {
    fn look(&mut self, wanted: Wanted) -> Option<Interest> {
        self.analysis.enqueue(wanted, self.generation);
        None
    }

    fn admit(&mut self) -> bool {
        self.admission.enter(self.analysis.role(), self.analysis.weight)
    }

    fn rested(&mut self) {
        lock(&self.analysis.state).pipeline.rest();
    }

    fn release(&mut self) {
        if !self.has_left {
            self.admission.leave(self.analysis.role(), self.analysis.weight);
        }
    }
}

#[cfg(test)]
mod tests;
