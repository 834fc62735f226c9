//! The inference threads of the process: detectors, frames that wait for them, and the watch over detections under way.
//!
//! [`super::live`] gives frames and takes what was detected; which frame is next is the scheduler's decision. No thread
//! is started here: [`InferencePool::supervise`] says how many are missing, and `app` starts them.
//!
//! A detection that takes too long is interrupted. One that does not let itself be interrupted (a driver or a library
//! that hangs) is given up, and its camera rests. Where it runs in a process of its own, that is ended, and its thread
//! goes on with a new one. Else its thread is left to itself and counted, and another takes its place; one that comes
//! back after all ends quietly and is taken off the count. So nothing that a detector does can stop the analysis of the
//! others for longer than [`InferencePool::supervise`] needs to see it.

use std::{
    collections::HashMap,
    num::NonZeroU16,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::ModelFile;

use super::{
    detectors::{Detectors, Loaded, NoAnswer, Stop},
    live::{Job, LiveAnalysis, Outstanding},
    scheduler::{Loss, Outcome, Scheduler, Ticket, Turn},
};
use crate::clock::Clock;

/// Threads that are left hanging at the same time. Each keeps its session's memory; with more of them the machine would
/// fall with the detector. While so many hang, no further thread is started.
pub const MOST_LEFT_HANGING: usize = 4;
/// An interrupted detection gets at least so long to end.
const GRACE: Duration = Duration::from_secs(1);
/// A process that was told to end and does not (it waits within a driver) is left to itself like a thread after so long.
const DYING: Duration = Duration::from_secs(5);

/// How the inference threads are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// At work or waiting for it.
    pub at_work: usize,
    /// Left to themselves in a detection that never ended.
    pub left_hanging: usize,
    /// Given up since the start, those that came back included.
    pub given_up: u64,
    /// Started in place of one that was given up or died.
    pub replaced: u64,
}

/// How long the work of an inference thread may take.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// A frame waits no longer than this, and a detection runs no longer.
    pub detection: Duration,
    /// A detector is read, hashed and prepared within this; an accelerator's library may compile it for half a minute.
    pub opening: Duration,
}

/// The detectors and the frames that wait for them.
pub struct InferencePool {
    scheduler: Arc<Scheduler<Job>>,
    detectors: Detectors,
    models: HashMap<ModelId, ModelFile>,
    clock: Clock,
    limits: TimeLimits,
    roster: Arc<Mutex<Roster>>,
}

/// Every thread of the pool.
struct Roster {
    wanted: usize,
    is_complete: bool,
    is_closed: bool,
    newest: u64,
    workers: HashMap<u64, Work>,
    given_up: u64,
    replaced: u64,
}

/// What a thread is doing.
#[derive(Default)]
struct Work {
    /// The detection under way.
    running: Option<Running>,
    is_given_up: bool,
}

struct Running {
    since: Instant,
    ticket: Ticket,
    analysis: Arc<LiveAnalysis>,
    frame: Outstanding,
    phase: Phase,
    /// `None`: nothing can be done about it.
    stop: Option<Stop>,
}

#[derive(Clone, Copy)]
enum Phase {
    Opening,
    Detecting,
}

/// What is to be done about a detection under way.
enum Verdict {
    InTime,
    Stop,
    GiveUp,
}

impl Running {
    fn judge(&self, now: Instant, limits: TimeLimits) -> Verdict {
        let runs = now.duration_since(self.since);
        let TimeLimits { detection, opening } = limits;
        let most = match self.phase {
            Phase::Opening => opening,
            Phase::Detecting => detection + detection.max(GRACE),
        };
        let (stop, give_up) = match (&self.stop, self.phase) {
            // It interrupts itself when it has run for too long.
            (Some(Stop::End(_)), _) => (most, most + DYING),
            (Some(Stop::Interrupt(_)), Phase::Detecting) => (detection, most),
            (Some(Stop::Interrupt(_)), Phase::Opening) | (None, _) => (most, most),
        };
        match runs {
            runs if runs > give_up => Verdict::GiveUp,
            runs if runs > stop => Verdict::Stop,
            _ => Verdict::InTime,
        }
    }
}

/// A place in the pool, for one thread; free again when dropped, however the thread ends.
pub struct Worker {
    number: u64,
    roster: Arc<Mutex<Roster>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.roster).workers.remove(&self.number);
    }
}

impl Worker {
    /// For the thread's name.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    fn is_given_up(&self) -> bool {
        self.at(|work| work.is_given_up)
    }

    fn at<R: Default>(&self, change: impl FnOnce(&mut Work) -> R) -> R {
        lock(&self.roster).workers.get_mut(&self.number).map(change).unwrap_or_default()
    }
}

fn lock(roster: &Mutex<Roster>) -> std::sync::MutexGuard<'_, Roster> {
    roster.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InferencePool {
    /// A pool of so many threads for these models. A frame that waits for too long is dropped, a detection that runs for
    /// too long is given up.
    #[must_use]
    pub fn new(
        detectors: Detectors,
        models: HashMap<ModelId, ModelFile>,
        clock: Clock,
        threads: NonZeroU16,
        limits: TimeLimits,
    ) -> Self {
        let scheduler = Arc::new(Scheduler::new(clock.clone(), limits.detection));
        let roster = Roster {
            wanted: usize::from(threads.get()),
            is_complete: false,
            is_closed: false,
            newest: 0,
            workers: HashMap::new(),
            given_up: 0,
            replaced: 0,
        };
        Self { scheduler, detectors, models, clock, limits, roster: Arc::new(Mutex::new(roster)) }
    }

    pub(super) fn scheduler(&self) -> &Arc<Scheduler<Job>> {
        &self.scheduler
    }

    /// Interrupts detections that run for too long, gives up those that do not mind it, and returns a place for every
    /// thread that is missing: the caller starts one for each. Called several times a second, by one task.
    #[must_use = "each is a thread to start"]
    pub fn supervise(&self) -> Vec<Worker> {
        let now = self.clock.instant();
        let mut roster = lock(&self.roster);
        let mut hung = Vec::new();
        for work in roster.workers.values_mut().filter(|work| !work.is_given_up) {
            let Some(running) = &work.running else { continue };
            match (running.judge(now, self.limits), &running.stop) {
                (Verdict::InTime, _) | (Verdict::Stop, None) => {}
                (Verdict::Stop, Some(Stop::Interrupt(interrupter))) => interrupter.interrupt(),
                (Verdict::Stop, Some(Stop::End(process))) => process.end(),
                (Verdict::GiveUp, _) => {
                    work.is_given_up = true;
                    hung.extend(work.running.take());
                }
            }
        }
        roster.given_up += u64::try_from(hung.len()).unwrap_or(u64::MAX);
        let hired = roster.hire(&self.roster);
        let left_hanging = roster.left_hanging();
        drop(roster);
        for running in hung {
            tracing::error!(
                camera.id = %running.analysis.camera(), model = %running.analysis.model(), left_hanging,
                "a detection does not end and cannot be interrupted: its thread is left to itself"
            );
            self.scheduler.give_up(&running.ticket, Loss::Thread);
            running.analysis.hung(running.frame, left_hanging >= MOST_LEFT_HANGING);
        }
        hired
    }

    /// How the threads are doing.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let roster = lock(&self.roster);
        PoolStatus {
            at_work: roster.workers.len() - roster.left_hanging(),
            left_hanging: roster.left_hanging(),
            given_up: roster.given_up,
            replaced: roster.replaced,
        }
    }

    /// Ends the threads that run [`InferencePool::work`], and starts no more.
    pub fn close(&self) {
        lock(&self.roster).is_closed = true;
        self.scheduler.close();
    }

    /// One inference thread: takes frames by turn until closed or given up. A camera whose frame panics loses that
    /// frame only.
    pub fn work(&self, worker: Worker) {
        let mut detectors: HashMap<ModelId, Loaded> = HashMap::new();
        while let Some(Turn { work: mut job, ticket }) = self.scheduler.take() {
            let mut finished =
                Finished { scheduler: &self.scheduler, ticket: &ticket, outcome: Outcome::Failed };
            let analysis = job.analysis.clone();
            let looked =
                catch_unwind(AssertUnwindSafe(|| self.look(&worker, &mut detectors, &mut job, &ticket)));
            worker.at(|work| work.running = None);
            // However it came back: its camera was told, and another frame of it may be through by now.
            if worker.is_given_up() {
                job.disown();
                break;
            }
            match looked {
                Ok(Ok(())) => finished.outcome = Outcome::Seen,
                Ok(Err(why)) => {
                    if let NoAnswer::Ended { .. } | NoAnswer::Hung = why {
                        detectors.remove(analysis.model());
                        self.scheduler.give_up(&ticket, Loss::Frame);
                    } else if !detectors.contains_key(analysis.model()) {
                        self.scheduler.give_up(&ticket, Loss::Detector);
                    }
                    analysis.unanswered(why);
                }
                Err(_) => {
                    detectors.remove(analysis.model());
                    analysis.failed(&"the detector panicked on a frame");
                }
            }
            drop(finished);
            analysis.finished(job);
        }
    }

    fn look(
        &self,
        worker: &Worker,
        detectors: &mut HashMap<ModelId, Loaded>,
        job: &mut Job,
        ticket: &Ticket,
    ) -> Result<(), NoAnswer> {
        let analysis = job.analysis.clone();
        let running = |phase, stop| Running {
            since: self.clock.instant(),
            ticket: ticket.clone(),
            analysis: analysis.clone(),
            frame: job.outstanding(),
            phase,
            stop,
        };
        if detectors.get(analysis.model()).is_some_and(|loaded| !loaded.is_alive()) {
            tracing::warn!(model = %analysis.model(), "the process of a detector ended between two pictures: another is started");
            detectors.remove(analysis.model());
        }
        if !detectors.contains_key(analysis.model()) {
            worker.at(|work| work.running = Some(running(Phase::Opening, None)));
            if let Some(file) = self.models.get(analysis.model()) {
                let room = self.detectors.room()?;
                worker.at(|work| work.running = Some(running(Phase::Opening, room.stop())));
                detectors.insert(analysis.model().clone(), room.load(file)?);
            }
        }
        let Some(loaded) = detectors.get_mut(analysis.model()) else { return Ok(()) };
        worker.at(|work| work.running = Some(running(Phase::Detecting, Some(loaded.stop()))));
        let part = analysis.part(job);
        let detections = loaded.look(job.frame(), part, analysis.floor());
        // Only the detector is watched.
        worker.at(|work| work.running = None);
        if !worker.is_given_up() {
            analysis.observed(job, part, &detections?);
        }
        Ok(())
    }
}

/// Gives the turn back, also when the thread dies on it: else its camera would never get another.
struct Finished<'a> {
    scheduler: &'a Scheduler<Job>,
    ticket: &'a Ticket,
    outcome: Outcome,
}

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.scheduler.done(self.ticket, self.outcome);
    }
}

impl Roster {
    fn left_hanging(&self) -> usize {
        self.workers.values().filter(|work| work.is_given_up).count()
    }

    fn hire(&mut self, roster: &Arc<Mutex<Self>>) -> Vec<Worker> {
        if self.is_closed || self.left_hanging() >= MOST_LEFT_HANGING {
            return Vec::new();
        }
        let missing = self.wanted.saturating_sub(self.workers.len() - self.left_hanging());
        if self.is_complete {
            self.replaced += u64::try_from(missing).unwrap_or(u64::MAX);
        }
        self.is_complete = true;
        let mut hire = || {
            self.newest += 1;
            self.workers.insert(self.newest, Work::default());
            Worker { number: self.newest, roster: roster.clone() }
        };
        (0..missing).map(|_| hire()).collect()
    }
}
