//! The decoding threads' rounds: which camera is visited next, and how many may be watched closely at the same time.
//!
//! A camera is visited a few times a second and everything that it sent meanwhile is taken in one go: one wake-up serves
//! many cameras, and a GOP decoded at once is 15 % cheaper than picture by picture. When there is not time for all, the
//! cameras with the most urgent rules are visited first. No thread is started here: that is `app`'s.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sharpeyes_domain::ladder::DecoderChoice;

use super::{live::LiveAnalysis, scheduler::Weight, seat::Role, watch::KeyframeDecoders};
use crate::clock::Clock;

/// Cameras that are due so soon are visited now.
const SLACK: Duration = Duration::from_millis(60);
/// Visits that are this late mean that decoding takes more time than there is: nobody else may climb.
const LATE: Duration = Duration::from_millis(1_500);
/// … and so late, that shadow models are not visited at all: what they miss is told to them when there is time again.
const LATE_FOR_SHADOWS: Duration = Duration::from_millis(500);
/// How long a shadow model then waits.
const GIVE_WAY: Duration = Duration::from_secs(1);

/// How many cameras may have a decoder of their own, and which.
///
/// A camera that weighs more does not wait for one that weighs less: it comes in, and one of the lightest gives way at its
/// next visit.
#[derive(Debug)]
pub struct Admission {
    most: usize,
    inside: Mutex<Inside>,
    /// How late the last visit was, milliseconds.
    late_ms: AtomicU64,
}

#[derive(Debug, Default)]
struct Inside {
    /// Live cameras by what they weigh.
    live: BTreeMap<Weight, usize>,
    /// Shadow models beside them. A live camera never waits for one of these.
    shadows: usize,
    /// So many of the lightest have to give way to heavier ones that are inside already.
    owed: usize,
}

impl Inside {
    fn n_live(&self) -> usize {
        self.live.values().sum()
    }

    fn is_room_for(&mut self, weight: Weight, is_full: bool) -> bool {
        if !is_full {
            return true;
        }
        let n_lighter: usize = self.live.range(..weight).map(|(_, n)| n).sum();
        let has_room = n_lighter > self.owed;
        self.owed += usize::from(has_room);
        has_room
    }

    fn lose(&mut self, weight: Weight) {
        if let Some(n) = self.live.get_mut(&weight) {
            *n = n.saturating_sub(1);
        }
        // Whoever it was, there is a place more.
        self.owed = self.owed.saturating_sub(1);
    }
}

impl Admission {
    /// Room for so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, inside: Mutex::default(), late_ms: AtomicU64::new(0) }
    }

    /// One more, if there is room and time, or a lighter one in its place. Shadow models get at most a quarter beside the
    /// rest, and only what is free.
    pub fn enter(&self, role: Role, weight: Weight) -> bool {
        let mut inside = self.lock();
        match role {
            Role::Live => {
                let is_full = inside.n_live() >= self.most || self.is_late(LATE);
                let may = inside.is_room_for(weight, is_full);
                *inside.live.entry(weight).or_default() += usize::from(may);
                may
            }
            Role::Shadow => {
                let free = self.most.saturating_sub(inside.n_live());
                let room = free.min(self.most.div_ceil(4));
                let may = inside.shadows < room && !self.is_late(LATE_FOR_SHADOWS);
                inside.shadows += usize::from(may);
                may
            }
        }
    }

    /// Whether this one, of this weight and inside, has to leave, because a heavier one came in for it. Then it counts as
    /// outside already: [`Self::leave`] is not for it, and nobody else is told the same.
    #[must_use]
    pub fn gives_way(&self, role: Role, weight: Weight) -> bool {
        let mut inside = self.lock();
        let lightest = inside.live.iter().find(|(_, n)| **n > 0).map(|(lightest, _)| *lightest);
        let has_to = role == Role::Live && inside.owed > 0 && lightest == Some(weight);
        if has_to {
            inside.lose(weight);
        }
        has_to
    }

    /// One less.
    pub fn leave(&self, role: Role, weight: Weight) {
        let mut inside = self.lock();
        match role {
            Role::Live => inside.lose(weight),
            Role::Shadow => inside.shadows = inside.shadows.saturating_sub(1),
        }
    }

    fn is_late(&self, by: Duration) -> bool {
        u128::from(self.late_ms.load(Ordering::Relaxed)) > by.as_millis()
    }

    /// How many live ones are inside.
    #[must_use]
    pub fn inside(&self) -> usize {
        self.lock().n_live()
    }

    fn was_late(&self, by: Duration) {
        self.late_ms.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Which camera is due when. Cameras are numbered.
#[derive(Default)]
struct Due {
    later: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Those that are due already.
    now: Vec<(Instant, usize)>,
    /// Visits go to the heaviest and to the latest, one after the other, once that one is [`LATE`].
    was_for_latest: bool,
    is_closed: bool,
}

/// What is visited first: live cameras before shadow models, and among each the heaviest.
type Rank = (Reverse<Role>, Weight);

impl Due {
    fn push(&mut self, at: Instant, n: usize) {
        self.later.push(Reverse((at, n)));
    }

    /// The one to visit, and for how long the live camera that has waited longest has; how long there is none, else.
    fn take(&mut self, now: Instant, rank: impl Fn(usize) -> Rank) -> Result<(usize, Duration), Duration> {
        while let Some(Reverse(visit)) = self.later.peek().filter(|Reverse((at, _))| *at <= now + SLACK) {
            self.now.push(*visit);
            self.later.pop();
        }
        let waits = |(at, _): &(Instant, usize)| now.saturating_duration_since(*at);
        let numbered = || self.now.iter().enumerate();
        let Some((latest, visit)) = numbered().max_by_key(|(_, visit)| (rank(visit.1).0, waits(visit)))
        else {
            let next = self.later.peek();
            return Err(next.map_or(SLACK, |Reverse((at, _))| at.saturating_duration_since(now)));
        };
        let is_live = rank(visit.1).0 == Reverse(Role::Live);
        let late = if is_live { waits(visit) } else { Duration::ZERO };
        self.was_for_latest = late > LATE && !self.was_for_latest;
        let heaviest = numbered().max_by_key(|(_, visit)| (rank(visit.1), waits(visit))).map(|(i, _)| i);
        let turn = heaviest.filter(|_| !self.was_for_latest).unwrap_or(latest);
        Ok((self.now.swap_remove(turn).1, late))
    }
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
        let mut due = Due::default();
        for n in 0..cameras.len() {
            let turn = u32::try_from(n % 50).unwrap_or(0);
            due.push(now + Duration::from_millis(10) * turn, n);
        }
        Self { cameras, choice, admission, clock, due: Mutex::new(due), changed: Condvar::new() }
    }

    /// One decoding thread: visits cameras until closed. A camera whose visit panics loses that visit only.
    pub fn work(&self) {
        let mut keyframes = KeyframeDecoders::new(self.choice);
        while let Some(n) = self.next() {
            let Some(camera) = self.cameras.get(n) else { continue };
            if camera.role() == Role::Shadow && self.admission.is_late(LATE_FOR_SHADOWS) {
                self.lock().push(self.clock.instant() + GIVE_WAY, n);
                continue;
            }
            let visit = catch_unwind(AssertUnwindSafe(|| camera.visit(&mut keyframes, &self.admission)));
            let pause = visit.unwrap_or_else(|_| {
                camera.failed(&"the decoding of this camera panicked");
                keyframes = KeyframeDecoders::new(self.choice);
                Duration::from_secs(1)
            });
            self.lock().push(self.clock.instant() + pause, n);
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
            let wait = match due.take(self.clock.instant(), |n| self.rank(n)) {
                Ok((n, late)) => {
                    self.admission.was_late(late);
                    return Some(n);
                }
                Err(wait) => wait,
            };
            due = self.changed.wait_timeout(due, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn rank(&self, n: usize) -> Rank {
        self.cameras.get(n).map_or((Reverse(Role::Shadow), Weight::default()), |camera| {
            (Reverse(camera.role()), camera.weight())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{level::Level, time::WallTime};

    use super::*;

    const YELLOW: Weight = Weight::of(Level::Yellow);

    #[test]
    fn the_heaviest_of_those_that_are_due_is_visited_first_and_every_second_visit_is_for_who_is_late() {
        let start = Clock::simulated(WallTime(0)).instant();
        let after = |ms| start + Duration::from_millis(ms);
        let rank = |n: usize| match n {
            0 => (Reverse(Role::Live), Weight::RED),
            9 => (Reverse(Role::Shadow), Weight::RED),
            _ => (Reverse(Role::Live), YELLOW),
        };
        let mut due = Due::default();
        assert_eq!(due.take(start, rank), Err(SLACK), "nobody at all");
        for (ms, n) in [(0, 9), (1, 1), (2, 2), (3, 0), (5_000, 3)] {
            due.push(after(ms), n);
        }
        let visits = [(); 4].map(|()| due.take(after(500), rank).map(|(n, _)| n));
        assert_eq!(visits, [Ok(0), Ok(1), Ok(2), Ok(9)]);
        assert_eq!(due.take(after(500), rank), Err(Duration::from_millis(4_500)));

        // The red one asks again at once, and there is no time for the others.
        for n in 1..=3 {
            due.push(after(n), usize::try_from(n).unwrap());
        }
        let mut visits = Vec::new();
        for ms in [1_000, 1_400, 2_000, 2_400, 2_800, 3_200] {
            due.push(after(ms), 0);
            visits.push(due.take(after(ms), rank).unwrap().0);
        }
        assert_eq!(visits, [0, 0, 1, 0, 2, 0]);

        let mut due = Due::default();
        due.push(after(0), 9);
        due.push(after(4_000), 1);
        assert_eq!(due.take(after(4_100), rank), Ok((1, Duration::from_millis(100))));
        assert_eq!(due.take(after(4_100), rank), Ok((9, Duration::ZERO)), "no live camera waits");
    }

    #[test]
    fn there_is_room_for_so_many_and_for_nobody_when_it_is_late() {
        let admission = Admission::new(2);
        let enter = || admission.enter(Role::Live, YELLOW);
        assert!(enter() && enter() && !enter());
        admission.leave(Role::Live, YELLOW);
        assert!(enter());
        admission.leave(Role::Live, YELLOW);
        admission.was_late(Duration::from_secs(2));
        assert!(!enter());
        admission.was_late(Duration::ZERO);
        assert!(enter());
        assert_eq!(admission.inside(), 2);
        assert!(!admission.gives_way(Role::Live, YELLOW), "nobody heavier asked");
    }

    #[test]
    fn a_red_camera_takes_the_place_of_a_lighter_one_also_when_it_is_late() {
        let blue = Weight::of(Level::Blue);
        for late in [Duration::ZERO, Duration::from_secs(2)] {
            let admission = Admission::new(3);
            for weight in [blue, YELLOW, Weight::RED] {
                assert!(admission.enter(Role::Live, weight));
            }
            admission.was_late(late);
            assert!(admission.enter(Role::Live, Weight::RED), "{late:?}");
            let gives_way = [blue, YELLOW, Weight::RED].map(|weight| admission.gives_way(Role::Live, weight));
            assert_eq!(gives_way, [true, false, false], "the lightest, and only one");
            assert_eq!(admission.inside(), 3);
            assert!(!admission.enter(Role::Live, YELLOW), "one does not push out its like");
            assert!(admission.enter(Role::Live, Weight::RED));
            assert!(
                !admission.enter(Role::Live, Weight::RED),
                "nobody lighter is left that has not to go yet"
            );
            // A red one is done by itself: the yellow one may stay.
            admission.leave(Role::Live, Weight::RED);
            assert!(!admission.gives_way(Role::Live, YELLOW));
            assert_eq!(admission.inside(), 3);
        }
    }

    #[test]
    fn for_one_red_camera_one_other_gives_way_however_many_are_visited_before_it_has_gone() {
        let admission = Admission::new(4);
        for weight in [YELLOW, YELLOW, YELLOW, Weight::RED] {
            assert!(admission.enter(Role::Live, weight));
        }
        assert!(admission.enter(Role::Live, Weight::RED));
        // Several threads visit them before the first has closed its decoder.
        let gives_way = [YELLOW; 3].map(|weight| admission.gives_way(Role::Live, weight));
        assert_eq!((gives_way, admission.inside()), ([true, false, false], 4));
        // The next red one takes one more, whoever closes first.
        assert!(admission.enter(Role::Live, Weight::RED));
        let gives_way = [YELLOW; 2].map(|weight| admission.gives_way(Role::Live, weight));
        assert_eq!((gives_way, admission.inside()), ([true, false], 4));
    }

    #[test]
    fn a_shadow_model_gets_a_decoder_that_no_live_camera_wants_and_never_keeps_one_out() {
        let admission = Admission::new(4);
        let enter = |role| admission.enter(role, YELLOW);
        assert!(enter(Role::Shadow));
        assert!(!enter(Role::Shadow), "a quarter at most");
        for n in 0..4 {
            assert!(enter(Role::Live), "{n}");
        }
        admission.leave(Role::Shadow, YELLOW);
        assert!(!enter(Role::Shadow), "all are live");
        admission.leave(Role::Live, YELLOW);
        admission.was_late(Duration::from_millis(600));
        assert!(!enter(Role::Shadow) && enter(Role::Live), "late for shadows, not for live cameras");
    }
}
