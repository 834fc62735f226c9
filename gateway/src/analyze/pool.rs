//! The inference threads of the process: detectors, frames that wait for them, and the watch over detections under way.
//!
//! [`super::live`] gives frames and takes what was detected; which frame is next is the scheduler's decision. No thread
//! is started here: that is `app`'s.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::ThreadId,
    time::{Duration, Instant},
};

use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::{Detector, DetectorOptions, InferenceError, Interrupter, ModelFile, Runtime};

use super::{live::Job, scheduler::Scheduler};
use crate::clock::Clock;

/// The detectors and the frames that wait for them.
pub struct InferencePool {
    scheduler: Arc<Scheduler<Job>>,
    runtime: Runtime,
    models: HashMap<ModelId, ModelFile>,
    clock: Clock,
    /// A frame waits no longer than this, and a detection runs no longer.
    time_limit: Duration,
    /// Detections under way, by thread.
    running: Mutex<HashMap<ThreadId, Running>>,
}

struct Running {
    since: Instant,
    interrupter: Interrupter,
}

impl InferencePool {
    /// A pool for these models. A frame that waits longer than `time_limit` is dropped, a detection that runs longer is
    /// given up.
    #[must_use]
    pub fn new(
        runtime: Runtime,
        models: HashMap<ModelId, ModelFile>,
        clock: Clock,
        time_limit: Duration,
    ) -> Self {
        let scheduler = Arc::new(Scheduler::new(clock.clone(), time_limit));
        Self { scheduler, runtime, models, clock, time_limit, running: Mutex::default() }
    }

    pub(super) fn scheduler(&self) -> &Arc<Scheduler<Job>> {
        &self.scheduler
    }

    /// Gives up detections that run for longer than the limit. Called now and then, by one task.
    pub fn interrupt_overdue(&self) {
        let now = self.clock.instant();
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for detection in running.values() {
            if now.duration_since(detection.since) > self.time_limit {
                detection.interrupter.interrupt();
            }
        }
    }

    /// Ends the threads that run [`InferencePool::work`].
    pub fn close(&self) {
        self.scheduler.close();
    }

    /// One inference thread: takes frames by turn until closed. A camera whose frame panics loses that frame only.
    pub fn work(&self) {
        let mut detectors: HashMap<ModelId, Detector> = HashMap::new();
        while let Some(mut job) = self.scheduler.take() {
            let analysis = job.analysis.clone();
            let outcome = catch_unwind(AssertUnwindSafe(|| self.detect(&mut detectors, &mut job)));
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) => analysis.failed(&error),
                Err(_) => {
                    detectors.remove(analysis.model());
                    analysis.failed(&"the detector panicked on a frame");
                }
            }
            analysis.finished(job);
            self.scheduler.done(analysis.camera());
        }
    }

    fn detect(
        &self,
        detectors: &mut HashMap<ModelId, Detector>,
        job: &mut Job,
    ) -> Result<(), InferenceError> {
        let analysis = job.analysis.clone();
        if !detectors.contains_key(analysis.model())
            && let Some(file) = self.models.get(analysis.model())
        {
            let detector = Detector::open(&self.runtime, file, DetectorOptions::default())?;
            detectors.insert(analysis.model().clone(), detector);
        }
        let Some(detector) = detectors.get_mut(analysis.model()) else { return Ok(()) };
        let _watched = self.watch(detector.interrupter());
        let detections = detector.detect_above(&job.picture(), analysis.floor())?;
        analysis.observed(job, &detections);
        Ok(())
    }

    fn watch(&self, interrupter: Interrupter) -> Watched<'_> {
        let running = Running { since: self.clock.instant(), interrupter };
        let thread = std::thread::current().id();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(thread, running);
        Watched { pool: self, thread }
    }
}

/// Ends the watch over a detection, also when it panics.
struct Watched<'a> {
    pool: &'a InferencePool,
    thread: ThreadId,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.pool.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.thread);
    }
}
