//! The inference threads of the process: detectors, frames that wait for them, and the watch over detections under way.
//!
//! [`super::live`] gives frames and takes what was detected; which frame is next is the scheduler's decision. No thread
//! is started here: [`InferencePool::supervise`] says how many are missing, and `app` starts them.
//!
//! A detection that takes too long is interrupted. One that does not let itself be interrupted (a driver or a library
//! that hangs) is given up: its thread is left to itself and counted, another takes its place, and its camera rests. A
//! thread that comes back after all ends quietly and is taken off the count. So nothing that a detector does can stop
//! the analysis of the others for longer than [`InferencePool::supervise`] needs to see it.

use std::{
    collections::HashMap,
    num::NonZeroU16,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::{Detector, DetectorOptions, InferenceError, Interrupter, ModelFile, Runtime};

use super::{
    live::{Job, LiveAnalysis, Outstanding},
    scheduler::{Outcome, Scheduler, Ticket, Turn},
};
use crate::clock::Clock;

/// Threads that are left hanging at the same time. Each keeps its session's memory; with more of them the machine would
/// fall with the detector. While so many hang, no further thread is started.
pub const MOST_LEFT_HANGING: usize = 4;
/// An interrupted detection gets at least so long to end.
const GRACE: Duration = Duration::from_secs(1);

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
    runtime: Runtime,
    models: HashMap<ModelId, ModelFile>,
    options: DetectorOptions,
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
    /// `None` while the detector is being opened.
    interrupter: Option<Interrupter>,
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
    /// A pool of so many threads for these models, each opened with `options`. A frame that waits for too long is dropped,
    /// a detection that runs for too long is given up.
    #[must_use]
    pub fn new(
        runtime: Runtime,
        models: HashMap<ModelId, ModelFile>,
        options: DetectorOptions,
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
        Self { scheduler, runtime, models, options, clock, limits, roster: Arc::new(Mutex::new(roster)) }
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
            let runs = now.duration_since(running.since);
            let TimeLimits { detection, opening } = self.limits;
            let most = if running.interrupter.is_some() { detection + detection.max(GRACE) } else { opening };
            if runs > most {
                work.is_given_up = true;
                hung.extend(work.running.take());
            } else if runs > detection
                && let Some(interrupter) = &running.interrupter
            {
                interrupter.interrupt();
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
            self.scheduler.give_up(&running.ticket);
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
        let mut detectors: HashMap<ModelId, Detector> = HashMap::new();
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
                Ok(Err(error)) => analysis.refused(&error),
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
        detectors: &mut HashMap<ModelId, Detector>,
        job: &mut Job,
        ticket: &Ticket,
    ) -> Result<(), InferenceError> {
        let analysis = job.analysis.clone();
        let running = |interrupter| Running {
            since: self.clock.instant(),
            ticket: ticket.clone(),
            analysis: analysis.clone(),
            frame: job.outstanding(),
            interrupter,
        };
        if !detectors.contains_key(analysis.model()) {
            worker.at(|work| work.running = Some(running(None)));
            if let Some(file) = self.models.get(analysis.model()) {
                let detector = Detector::open(&self.runtime, file, self.options)?;
                detectors.insert(analysis.model().clone(), detector);
            }
        }
        let Some(detector) = detectors.get_mut(analysis.model()) else { return Ok(()) };
        worker.at(|work| work.running = Some(running(Some(detector.interrupter()))));
        let part = analysis.part(job);
        let detections = detector.detect_in(&job.picture(), part, analysis.floor());
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
