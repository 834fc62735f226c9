//! The queue of trials: one at a time, on one thread, behind everything else.
//!
//! The thread has a low priority, reads so many bytes a second at most, and waits while the live analysis of any
//! camera is short of time. Trials that the end of the service cuts off are not taken up again; they say so.

use std::{
    collections::VecDeque,
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use sharpeyes_config::Site;
use sharpeyes_domain::{
    ids::{CameraId, ModelId, RuleId, TrialId},
    segment::Span,
    time::WallTime,
    trial::TrialState,
};
use sharpeyes_inference::{Detector, InferenceError, ModelFile, Runtime};

use super::{
    Blind, LiveAlarm, TrialPlan, TrialResult,
    look::{self, Course, LookError, Looking, STILL_WIDTH},
    meet,
};
use crate::{
    analyze::{self, decode},
    api::ports::CameraHealth,
    clock::Clock,
    models,
    record::clip::ClipReader,
    store::{
        db::DbError,
        trials::{TrialEnd, TrialRow, TrialRows},
    },
};

/// Trials that may wait; past that the next one is refused.
const MOST_WAITING: usize = 8;
/// Trials that are kept when they are over …
const MOST_KEPT: u32 = 20;
/// … and for how long: much less than the footage itself.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
/// Alarms of the live rules in one answer.
const MOST_LISTED: usize = 500;
/// One that takes longer is ended with what it found.
const LONGEST: Duration = Duration::from_hours(1);
/// Recordings are written to the same disk.
const READ_BYTES_PER_S: f64 = 16e6;
/// A tenth of the processor's time that a live thread gets, where both want it.
const NICE: i32 = 10;
/// How often the live analysis is asked whether it is short of time.
const ASK: Duration = Duration::from_millis(200);
/// How long a trial then waits.
const GIVE_WAY: Duration = Duration::from_secs(1);

/// What trials stand on.
pub struct TrialParts {
    /// Cameras, and how they are analysed.
    pub site: Arc<Site>,
    /// Recordings.
    pub clips: ClipReader,
    /// ONNX Runtime, or why there is none.
    pub onnx: Result<Runtime, Arc<InferenceError>>,
    /// How the live analysis is doing.
    pub health: Arc<dyn CameraHealth>,
    /// The table.
    pub rows: TrialRows,
    /// A folder of their own for stills.
    pub dir: PathBuf,
    /// Time.
    pub clock: Clock,
}

/// All trials. Clones share them.
#[derive(Clone)]
pub struct Trials(Arc<Inner>);

struct Inner {
    parts: TrialParts,
    queue: Mutex<Queue>,
    changed: Condvar,
    /// How far the running one has looked, Unix milliseconds.
    reached_ms: AtomicI64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(TrialId, TrialPlan)>,
    running: Option<TrialId>,
    /// The running one is to end.
    is_cancelled: bool,
    is_closed: bool,
}

/// Why the running trial breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Cancelled,
    TimedOut,
    Closing,
}

/// Which side's still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Of the rules tried.
    Trial,
    /// Of the camera's own rules.
    Live,
}

impl Trials {
    /// Ends what the last run of the service left open. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the table cannot be used.
    pub fn open(parts: TrialParts) -> Result<Self, DbError> {
        let n_left = parts.rows.interrupt_blocking(parts.clock.wall())?;
        if n_left > 0 {
            tracing::info!(n_left, "trials that the last end of the service cut off");
        }
        let trials = Self(Arc::new(Inner {
            parts,
            queue: Mutex::default(),
            changed: Condvar::new(),
            reached_ms: AtomicI64::new(0),
        }));
        trials.trim()?;
        Ok(trials)
    }

    /// The detector of that name, or the camera's own, if it can be used here.
    ///
    /// # Errors
    /// [`InferenceError`] when there is no runtime or no such model, or its manifest is wrong.
    pub fn model(
        &self,
        camera: &CameraId,
        wanted: Option<&ModelId>,
    ) -> Result<ModelFile, Arc<InferenceError>> {
        let TrialParts { site, onnx, .. } = &self.0.parts;
        if let Err(error) = onnx {
            return Err(error.clone());
        }
        let own = site.camera(camera).and_then(|camera| camera.model.as_ref());
        models::choose(&site.inference, wanted.or(own)).map_err(Arc::new)
    }

    /// Puts it at the end of the queue; `None` when that is full.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn ask(&self, plan: TrialPlan) -> Result<Option<TrialId>, DbError> {
        if self.lock().waiting.len() >= MOST_WAITING {
            return Ok(None);
        }
        let id = self.0.parts.rows.add(&plan, self.0.parts.clock.wall()).await?;
        self.lock().waiting.push_back((id, plan));
        self.0.changed.notify_all();
        Ok(Some(id))
    }

    /// Those of a camera, the newest first.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn list(&self, camera: CameraId) -> Result<Vec<TrialRow>, DbError> {
        let mut rows = self.0.parts.rows.list(camera).await?;
        rows.iter_mut().for_each(|row| self.tell_reached(row));
        Ok(rows)
    }

    /// One of a camera, with what it found.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn one(
        &self,
        camera: CameraId,
        id: TrialId,
    ) -> Result<Option<(TrialRow, Option<TrialResult>)>, DbError> {
        let mut found = self.0.parts.rows.one(camera, id).await?;
        if let Some((row, _)) = &mut found {
            self.tell_reached(row);
        }
        Ok(found)
    }

    /// What rules of a camera raised that touches `span`.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn live(
        &self,
        camera: CameraId,
        rules: Vec<RuleId>,
        span: Span,
    ) -> Result<Vec<LiveAlarm>, DbError> {
        let rows = self.0.parts.rows.clone();
        let read = move || rows.live_blocking(&camera, &rules, span, MOST_LISTED);
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(DbError::Closed))
    }

    fn tell_reached(&self, row: &mut TrialRow) {
        if row.state == TrialState::Running && self.lock().running == Some(row.id) {
            row.reached = WallTime(self.0.reached_ms.load(Ordering::Relaxed)).max(row.span.from);
        }
    }

    /// Ends one that waits or runs, and forgets one that is over.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn remove(&self, id: TrialId) -> Result<(), DbError> {
        let trials = self.clone();
        tokio::task::spawn_blocking(move || trials.remove_blocking(id)).await.unwrap_or(Err(DbError::Closed))
    }

    fn remove_blocking(&self, id: TrialId) -> Result<(), DbError> {
        let mut queue = self.lock();
        if queue.running == Some(id) {
            queue.is_cancelled = true;
            self.0.changed.notify_all();
            return Ok(());
        }
        let n_before = queue.waiting.len();
        queue.waiting.retain(|(waiting, _)| *waiting != id);
        let was_waiting = queue.waiting.len() < n_before;
        drop(queue);
        let TrialParts { rows, clock, .. } = &self.0.parts;
        if was_waiting {
            let (at, state) = (clock.wall(), TrialState::Cancelled);
            return rows
                .end_blocking(id, TrialEnd { state, reached: WallTime(0), at, reason: None, result: None });
        }
        rows.remove_blocking(id)?;
        remove_dir(&self.dir(id));
        Ok(())
    }

    /// The still of alarm `n` of that side, while its footage is there.
    pub async fn still(&self, row: &TrialRow, side: Side, n: usize, at: WallTime) -> Option<Bytes> {
        let path = self.dir(row.id).join(file_name(side, n));
        let (clips, instant) =
            (self.0.parts.clips.clone(), Span { from: at, to: WallTime(at.0.saturating_add(1)) });
        let stream = sharpeyes_domain::ids::StreamId { camera: row.camera.clone(), kind: row.stream };
        let read = move || {
            // No picture is shown whose footage is gone.
            let is_there = clips.has_any(&stream, instant).unwrap_or(false);
            is_there.then(|| std::fs::read(path).ok()).flatten()
        };
        tokio::task::spawn_blocking(read).await.ok().flatten().map(Bytes::from)
    }

    /// Looks at one after the other until [`Self::close`]. Blocks: for a thread of its own.
    pub fn work(&self) {
        // Where the system does not allow it, the pauses have to do.
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!(%error, "trials run with the priority of everything else");
        }
        while let Some((id, plan)) = self.next() {
            if let Err(error) = self.run(id, &plan) {
                tracing::error!(trial = %id, %error, "a trial could not be written down");
            }
            let mut queue = self.lock();
            (queue.running, queue.is_cancelled) = (None, false);
            drop(queue);
            if let Err(error) = self.trim() {
                tracing::warn!(%error, "old trials could not be removed");
            }
        }
    }

    /// The running trial breaks off and no other begins.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.0.changed.notify_all();
    }

    fn next(&self) -> Option<(TrialId, TrialPlan)> {
        let mut queue = self.lock();
        loop {
            if queue.is_closed {
                return None;
            }
            if let Some(next) = queue.waiting.pop_front() {
                queue.running = Some(next.0);
                self.0.reached_ms.store(next.1.span.from.0, Ordering::Relaxed);
                return Some(next);
            }
            queue = self.0.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run(&self, id: TrialId, plan: &TrialPlan) -> Result<(), DbError> {
        let TrialParts { rows, clock, .. } = &self.0.parts;
        rows.begin_blocking(id)?;
        let mut course = Pace::new(self, id);
        let (result, error) = match self.looking(plan) {
            Ok(looking) => look::look(looking, &mut course),
            Err(error) => (TrialResult::default(), Some(LookError::Inference(error))),
        };
        let stop = course.stop;
        if stop == Some(Stop::Closing) {
            // The next start says so.
            return Ok(());
        }
        let reached = WallTime(self.0.reached_ms.load(Ordering::Relaxed));
        let looked = Span { from: plan.span.from, to: reached.min(plan.span.to) };
        let result = self.compare(id, plan, looked, result)?;
        let (state, reason) = match (error, stop) {
            (Some(error), _) => {
                tracing::warn!(trial = %id, %error, "a trial cannot go on");
                (TrialState::Failed, Some((code(&error).to_owned(), error.to_string())))
            }
            (None, Some(Stop::TimedOut)) => (TrialState::TimedOut, None),
            (None, Some(_)) => (TrialState::Cancelled, None),
            (None, None) => (TrialState::Done, None),
        };
        tracing::info!(trial = %id, %state, alarms = result.n_alarms, "a trial is over");
        rows.end_blocking(id, TrialEnd { state, reached, at: clock.wall(), reason, result: Some(result) })
    }

    fn looking<'a>(&'a self, plan: &'a TrialPlan) -> Result<Looking<'a>, Arc<InferenceError>> {
        let TrialParts { site, clips, onnx, .. } = &self.0.parts;
        let model = self.model(&plan.stream.camera, Some(&plan.model))?;
        let runtime = onnx.as_ref().map_err(Arc::clone)?;
        let detector = Detector::open(runtime, &model, models::options(&site.inference))?;
        let camera = site.camera(&plan.stream.camera);
        Ok(Looking {
            clips,
            stream: &plan.stream,
            span: plan.span,
            rules: &plan.rules,
            score: camera.and_then(|camera| camera.score).or(model.manifest.strong),
            weakest: model.manifest.score,
            fps: camera.map_or(5.0, |camera| camera.fps),
            timezone: site.timezone.clone(),
            mode: site.analysis.ladder,
            look_every: site.analysis.look_every.into(),
            parts: site.analysis.parts,
            decoder: site.analysis.decoder,
            detector,
        })
    }

    /// Puts what the live rules raised beside it, with stills, and what is missing of the recording.
    fn compare(
        &self,
        id: TrialId,
        plan: &TrialPlan,
        looked: Span,
        mut result: TrialResult,
    ) -> Result<TrialResult, DbError> {
        let TrialParts { rows, clips, clock, .. } = &self.0.parts;
        let rules: Vec<RuleId> = plan.rules.iter().map(|rule| rule.id.clone()).collect();
        let camera = &plan.stream.camera;
        result.live = rows.live_blocking(camera, &rules, looked, TrialResult::MOST_ALARMS)?;
        result.blind = match clips.gaps_around(&plan.stream, looked, clock.wall()) {
            Ok(gaps) => {
                let cut = gaps.iter().filter_map(|gap| {
                    Some(Blind { span: gap.span.intersection(&looked)?, cause: Some(gap.cause) })
                });
                cut.collect()
            }
            Err(error) => {
                tracing::warn!(%error, "the gaps of a recording cannot be read");
                Vec::new()
            }
        };
        meet(&mut result.alarms, &mut result.live, &result.blind);
        for (n, alarm) in result.live.iter_mut().enumerate() {
            alarm.has_still = self.live_still(id, plan, n, alarm);
        }
        let used = plan.rules.iter().filter_map(|rule| rule.zone.as_ref());
        result.zones =
            plan.zones.iter().filter(|zone| used.clone().any(|of| of.id == zone.id)).cloned().collect();
        Ok(result)
    }

    /// The keyframe of the moment; its own still belongs to its incident.
    fn live_still(&self, id: TrialId, plan: &TrialPlan, n: usize, alarm: &LiveAlarm) -> bool {
        let clips = &self.0.parts.clips;
        let picture = || {
            let keyframe = clips.read_still(&clips.still(&plan.stream, alarm.raised).ok()?).ok()?;
            let frame = decode::still(&keyframe.params, &keyframe.unit).ok()?;
            analyze::jpeg(&frame.scaled_to(STILL_WIDTH)).ok()
        };
        picture().is_some_and(|jpeg| self.keep(id, Side::Live, n, &jpeg))
    }

    fn keep(&self, id: TrialId, side: Side, n: usize, jpeg: &[u8]) -> bool {
        let dir = self.dir(id);
        let kept =
            std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(dir.join(file_name(side, n)), jpeg));
        if let Err(error) = &kept {
            tracing::warn!(trial = %id, %error, "a still of a trial cannot be kept");
        }
        kept.is_ok()
    }

    fn dir(&self, id: TrialId) -> PathBuf {
        self.0.parts.dir.join(id.to_string())
    }

    /// Removes what is old, and stills of what is gone. Blocks.
    fn trim(&self) -> Result<(), DbError> {
        let TrialParts { rows, clock, dir, .. } = &self.0.parts;
        let left = rows.trim_blocking(MOST_KEPT, clock.wall().minus(KEPT_FOR))?;
        let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
        for entry in entries.flatten() {
            let of = entry.file_name().to_str().and_then(|name| name.parse().ok()).map(TrialId);
            if of.is_some_and(|id| !left.contains(&id)) {
                remove_dir(&entry.path());
            }
        }
        Ok(())
    }

    /// Any camera's analysis is short of time. One that merely sends few pictures is not.
    fn is_busy(&self) -> bool {
        let TrialParts { site, health, .. } = &self.0.parts;
        let states = site.cameras.iter().filter_map(|camera| health.analysis(&camera.id));
        states.into_iter().any(|report| report.message_code.as_deref() == Some("analysis_overload"))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How fast a trial goes, and when it stops.
struct Pace<'a> {
    trials: &'a Trials,
    id: TrialId,
    began: Instant,
    asked: Instant,
    /// Since when `bytes` were read.
    marked: Instant,
    bytes: usize,
    stop: Option<Stop>,
}

impl<'a> Pace<'a> {
    fn new(trials: &'a Trials, id: TrialId) -> Self {
        let now = trials.0.parts.clock.instant();
        Self { trials, id, began: now, asked: now, marked: now, bytes: 0, stop: None }
    }

    /// Waits, or less when it is to stop.
    fn rest(&self, span: Duration) {
        let queue = self.trials.lock();
        let is_wanted = |queue: &mut Queue| !queue.is_closed && !queue.is_cancelled;
        let waited = self.trials.0.changed.wait_timeout_while(queue, span, is_wanted);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn wanted_stop(&self, now: Instant) -> Option<Stop> {
        let queue = self.trials.lock();
        match (queue.is_closed, queue.is_cancelled) {
            (true, _) => Some(Stop::Closing),
            (false, true) => Some(Stop::Cancelled),
            (false, false) if now.saturating_duration_since(self.began) > LONGEST => Some(Stop::TimedOut),
            (false, false) => None,
        }
    }
}

impl Course for Pace<'_> {
    fn step(&mut self, reached: WallTime, bytes: usize) -> ControlFlow<()> {
        self.trials.0.reached_ms.store(reached.0, Ordering::Relaxed);
        self.bytes += bytes;
        let now = self.trials.0.parts.clock.instant();
        if bytes > 0 && now.saturating_duration_since(self.asked) < ASK {
            return ControlFlow::Continue(());
        }
        #[expect(clippy::cast_precision_loss, reason = "bytes of a fraction of a second")]
        let due = Duration::from_secs_f64(self.bytes as f64 / READ_BYTES_PER_S);
        let ahead = due.saturating_sub(now.saturating_duration_since(self.marked));
        if !ahead.is_zero() {
            self.rest(ahead);
        }
        if self.trials.is_busy() {
            self.rest(GIVE_WAY);
        }
        self.asked = self.trials.0.parts.clock.instant();
        (self.marked, self.bytes) = (self.asked, 0);
        self.stop = self.wanted_stop(self.asked);
        if self.stop.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn keep(&mut self, n: usize, jpeg: &[u8]) -> bool {
        self.trials.keep(self.id, Side::Trial, n, jpeg)
    }
}

fn file_name(side: Side, n: usize) -> String {
    match side {
        Side::Trial => format!("trial-{n}.jpg"),
        Side::Live => format!("live-{n}.jpg"),
    }
}

fn remove_dir(dir: &Path) {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(dir = %dir.display(), %error, "stills of a trial cannot be removed");
        }
        Ok(()) | Err(_) => {}
    }
}

fn code(error: &LookError) -> &'static str {
    match error {
        LookError::Decode(decode::DecodeError::Missing { .. }) => "decoder_missing",
        LookError::Decode(_) => "not_decoded",
        LookError::Inference(error) => models::code(error),
        LookError::Index(_) => "index_unreadable",
    }
}
