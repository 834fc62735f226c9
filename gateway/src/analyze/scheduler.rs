//! Which frame of which camera is looked at next.
//!
//! One slot per camera: the newest frame wins, an older one is dropped with a counter. Cameras take turns by how long
//! ago they were last served, so that none starves. A frame that has waited past its deadline is dropped before any
//! work is spent on it. Inference threads are the only callers of [`Scheduler::take`].
//! Nothing here knows what a detector does with a frame.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::ids::CameraId;

use crate::clock::Clock;

/// The shared waiting room.
pub struct Scheduler<T> {
    clock: Clock,
    /// A frame older than this shows nothing worth an alarm any more.
    patience: Duration,
    state: Mutex<State<T>>,
    filled: Condvar,
}

struct State<T> {
    slots: HashMap<CameraId, Slot<T>>,
    served: u64,
    is_closed: bool,
}

struct Slot<T> {
    waiting: Option<Waiting<T>>,
    /// Invariant: at most one frame of a camera is out at a time, so that its tracker sees them in order.
    is_out: bool,
    last_served: u64,
    counters: Arc<Mutex<Counters>>,
}

struct Waiting<T> {
    work: T,
    since: Instant,
}

/// What became of a camera's frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Handed to an inference thread.
    pub taken: u64,
    /// Replaced by a newer frame before its turn came.
    pub superseded: u64,
    /// Too old when its turn came.
    pub expired: u64,
}

impl<T> Scheduler<T> {
    /// An empty waiting room; frames wait at most `patience`.
    #[must_use]
    pub fn new(clock: Clock, patience: Duration) -> Self {
        let state = State { slots: HashMap::new(), served: 0, is_closed: false };
        Self { clock, patience, state: Mutex::new(state), filled: Condvar::new() }
    }

    /// Adds a camera; its counters can be read at any time.
    pub fn register(&self, camera: CameraId) -> Arc<Mutex<Counters>> {
        let counters = Arc::<Mutex<Counters>>::default();
        let slot = Slot { waiting: None, is_out: false, last_served: 0, counters: counters.clone() };
        self.lock().slots.insert(camera, slot);
        counters
    }

    /// Puts a camera's newest frame in its slot; never waits.
    pub fn offer(&self, camera: &CameraId, work: T) {
        let since = self.clock.instant();
        let mut state = self.lock();
        let Some(slot) = state.slots.get_mut(camera) else { return };
        if slot.waiting.replace(Waiting { work, since }).is_some() {
            slot.count(|counters| counters.superseded += 1);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// The next frame by turn; waits for one. `None` once closed. [`Scheduler::done`] must follow.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            match state.next(self.clock.instant(), self.patience) {
                Some(work) => return Some(work),
                None => state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The frame of `camera` that was taken is finished; its next one may go.
    pub fn done(&self, camera: &CameraId) {
        let mut state = self.lock();
        if let Some(slot) = state.slots.get_mut(camera) {
            slot.is_out = false;
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Wakes every inference thread to end.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn next(&mut self, now: Instant, patience: Duration) -> Option<T> {
        for slot in self.slots.values_mut() {
            if slot.waiting.as_ref().is_some_and(|waiting| now.duration_since(waiting.since) > patience) {
                slot.waiting = None;
                slot.count(|counters| counters.expired += 1);
            }
        }
        let ready = self.slots.values_mut().filter(|slot| !slot.is_out && slot.waiting.is_some());
        let slot = ready.min_by_key(|slot| slot.last_served)?;
        self.served += 1;
        slot.last_served = self.served;
        slot.is_out = true;
        slot.count(|counters| counters.taken += 1);
        slot.waiting.take().map(|waiting| waiting.work)
    }
}

impl<T> Slot<T> {
    fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.counters.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::time::WallTime;

    use super::*;

    fn camera(name: &str) -> CameraId {
        CameraId::new(name).unwrap()
    }

    #[test]
    fn the_newest_frame_wins_and_a_busy_camera_does_not_starve_a_quiet_one() {
        let scheduler = Scheduler::new(Clock::simulated(WallTime(0)), Duration::from_secs(1));
        let busy = scheduler.register(camera("busy"));
        scheduler.register(camera("quiet"));
        scheduler.offer(&camera("busy"), "b1");
        scheduler.offer(&camera("busy"), "b2");
        assert_eq!(scheduler.take(), Some("b2"));
        scheduler.offer(&camera("busy"), "b3");
        scheduler.offer(&camera("quiet"), "q1");
        assert_eq!(scheduler.take(), Some("q1"), "one frame of a camera at a time");
        scheduler.done(&camera("quiet"));
        scheduler.done(&camera("busy"));
        scheduler.offer(&camera("quiet"), "q2");
        assert_eq!(scheduler.take(), Some("b3"), "whoever waited longest for a turn");
        assert_eq!(*busy.lock().unwrap(), Counters { taken: 2, superseded: 1, expired: 0 });
    }

    #[test]
    fn a_frame_that_waited_too_long_is_dropped_before_work_is_spent_on_it() {
        let clock = Clock::simulated(WallTime(0));
        let scheduler = Scheduler::new(clock.clone(), Duration::from_secs(1));
        let counters = scheduler.register(camera("a"));
        scheduler.register(camera("b"));
        scheduler.offer(&camera("a"), 1);
        clock.advance(Duration::from_millis(1001));
        scheduler.offer(&camera("b"), 2);
        assert_eq!(scheduler.take(), Some(2));
        assert_eq!(counters.lock().unwrap().expired, 1);
    }

    #[test]
    fn closing_wakes_the_waiting_thread() {
        let scheduler = Scheduler::<u8>::new(Clock::system(), Duration::from_secs(1));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| scheduler.take());
            scheduler.close();
            assert_eq!(waiting.join().unwrap(), None);
        });
    }
}
