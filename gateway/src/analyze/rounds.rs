//! The decoding threads' rounds: which camera is visited next, and how many may be watched closely at the same time.
//!
//! A camera is visited a few times a second and everything that it sent meanwhile is taken in one go: one wake-up serves
//! many cameras, and a GOP decoded at once is 15 % cheaper than picture by picture. No thread is started here: that is
//! `app`'s.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sharpeyes_domain::ladder::DecoderChoice;

use super::{live::LiveAnalysis, seat::Role, watch::KeyframeDecoders};
use crate::clock::Clock;

/// Cameras that are due so soon are visited now.
const SLACK: Duration = Duration::from_millis(60);
/// Visits that are this late mean that decoding takes more time than there is: nobody else may climb.
const LATE: Duration = Duration::from_millis(1_500);
/// … and so late, that shadow models are not visited at all: what they miss is told to them when there is time again.
const LATE_FOR_SHADOWS: Duration = Duration::from_millis(500);
/// How long a shadow model then waits.
const GIVE_WAY: Duration = Duration::from_secs(1);

/// How many cameras may have a decoder of their own.
#[derive(Debug)]
pub struct Admission {
    most: usize,
    inside: AtomicUsize,
    /// Shadow models beside them. A live camera never waits for one of these.
    shadows: AtomicUsize,
    /// How late the last visit was, milliseconds.
    late_ms: AtomicU64,
}

impl Admission {
    /// Room for so many.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, inside: AtomicUsize::new(0), shadows: AtomicUsize::new(0), late_ms: AtomicU64::new(0) }
    }

    /// One more, if there is room and time. Shadow models get at most a quarter beside the rest, and only what is free.
    pub fn enter(&self, role: Role) -> bool {
        let inside = self.inside();
        let (of, room, latest) = match role {
            Role::Live => (&self.inside, self.most, LATE),
            Role::Shadow => {
                let free = self.most.saturating_sub(inside);
                (&self.shadows, free.min(self.most.div_ceil(4)), LATE_FOR_SHADOWS)
            }
        };
        let is_late = self.is_late(latest);
        let more = |inside: usize| (inside < room && !is_late).then_some(inside + 1);
        of.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// One less.
    pub fn leave(&self, role: Role) {
        let of = match role {
            Role::Live => &self.inside,
            Role::Shadow => &self.shadows,
        };
        let less = |inside: usize| Some(inside.saturating_sub(1));
        let _ = of.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    fn is_late(&self, by: Duration) -> bool {
        u128::from(self.late_ms.load(Ordering::Relaxed)) > by.as_millis()
    }

    /// How many live ones are inside.
    #[must_use]
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::Acquire)
    }

    fn was_late(&self, by: Duration) {
        self.late_ms.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// All cameras under live analysis, by when they are due.
pub struct Rounds {
    cameras: Vec<Arc<LiveAnalysis>>,
    choice: DecoderChoice,
    admission: Admission,
    clock: Clock,
    due: Mutex<Due>,
    changed: Condvar,
}

struct Due {
    heap: BinaryHeap<Reverse<(Instant, usize)>>,
    is_closed: bool,
}

impl Rounds {
    /// Every camera is due, one shortly after the other.
    #[must_use]
    pub fn new(
        cameras: Vec<Arc<LiveAnalysis>>,
        choice: DecoderChoice,
        admission: Admission,
        clock: Clock,
    ) -> Self {
        let now = clock.instant();
        let heap = (0..cameras.len()).map(|n| {
            let turn = u32::try_from(n % 50).unwrap_or(0);
            Reverse((now + Duration::from_millis(10) * turn, n))
        });
        let due = Due { heap: heap.collect(), is_closed: false };
        Self { cameras, choice, admission, clock, due: Mutex::new(due), changed: Condvar::new() }
    }

    /// One decoding thread: visits cameras until closed. A camera whose visit panics loses that visit only.
    pub fn work(&self) {
        let mut keyframes = KeyframeDecoders::new(self.choice);
        while let Some(n) = self.next() {
            let Some(camera) = self.cameras.get(n) else { continue };
            if camera.role() == Role::Shadow && self.admission.is_late(LATE_FOR_SHADOWS) {
                self.lock().heap.push(Reverse((self.clock.instant() + GIVE_WAY, n)));
                continue;
            }
            let visit = catch_unwind(AssertUnwindSafe(|| camera.visit(&mut keyframes, &self.admission)));
            let pause = visit.unwrap_or_else(|_| {
                camera.failed(&"the decoding of this camera panicked");
                keyframes = KeyframeDecoders::new(self.choice);
                Duration::from_secs(1)
            });
            self.lock().heap.push(Reverse((self.clock.instant() + pause, n)));
        }
    }

    /// Ends the threads that run [`Rounds::work`].
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Ends running alarms; the threads have ended.
    pub fn stop(&self) {
        self.cameras.iter().for_each(|camera| camera.stop(&self.admission));
    }

    fn next(&self) -> Option<usize> {
        let mut due = self.lock();
        loop {
            if due.is_closed {
                return None;
            }
            let now = self.clock.instant();
            let wait = match due.heap.peek() {
                Some(Reverse((at, n))) if *at <= now + SLACK => {
                    let n = *n;
                    self.admission.was_late(now.saturating_duration_since(*at));
                    due.heap.pop();
                    return Some(n);
                }
                Some(Reverse((at, _))) => at.saturating_duration_since(now),
                None => SLACK,
            };
            due = self.changed.wait_timeout(due, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_and_for_nobody_when_it_is_late() {
        let admission = Admission::new(2);
        assert!(admission.enter(Role::Live) && admission.enter(Role::Live) && !admission.enter(Role::Live));
        admission.leave(Role::Live);
        assert!(admission.enter(Role::Live));
        admission.leave(Role::Live);
        admission.was_late(Duration::from_secs(2));
        assert!(!admission.enter(Role::Live));
        admission.was_late(Duration::ZERO);
        assert!(admission.enter(Role::Live));
        assert_eq!(admission.inside(), 2);
    }

    #[test]
    fn a_shadow_model_gets_a_decoder_that_no_live_camera_wants_and_never_keeps_one_out() {
        let admission = Admission::new(4);
        assert!(admission.enter(Role::Shadow));
        assert!(!admission.enter(Role::Shadow), "a quarter at most");
        for n in 0..4 {
            assert!(admission.enter(Role::Live), "{n}");
        }
        admission.leave(Role::Shadow);
        assert!(!admission.enter(Role::Shadow), "all are live");
        admission.leave(Role::Live);
        admission.was_late(Duration::from_millis(600));
        assert!(
            !admission.enter(Role::Shadow) && admission.enter(Role::Live),
            "late for shadows, not for live cameras"
        );
    }
}
