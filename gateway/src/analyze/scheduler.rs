//! Which frame of which camera is looked at next.
//!
//! One slot per camera: the newest frame wins, an older one is dropped with a counter. The camera that is most urgent is
//! next; equally urgent ones take turns by how long ago they were last served. Whoever has waited longer than [`STARVED`]
//! gets every second turn, so that none starves and the urgent ones still get half. A frame that has waited past its
//! deadline is dropped before any work is spent on it. A shadow model gets a turn only when no live camera wants it. What is shed first under overload: docs/analysis-overload.md.
//! Inference threads are the only callers of [`Scheduler::take`].
//! Nothing here knows what a detector does with a frame, and no thread is started or stopped here.

mod standing;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::{
    ids::{CameraId, ModelId},
    level::Level,
};

pub use self::standing::{Counters, Standing};
use super::seat::{Role, Seat};
use crate::clock::Clock;

/// A camera that asks for so long without a turn gets one of the next, whatever else is urgent.
pub const STARVED: Duration = Duration::from_secs(5);
/// After a frame that hung the detector, its camera is left alone for this long; twice as long after each further one.
const REST: Duration = Duration::from_secs(5);
/// The longest of these rests: what works again is seen within a minute.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// How soon a camera deserves a look, the most urgent last.
///
/// What may become a red alarm is not behind a yellow one that is running: it is the level that counts, and not whether the
/// alarm has been raised, nor whether anybody has looked yet at what stirs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing is there that a rule asks about.
    Idle(Weight),
    /// A track is there that a rule counts, or its alarm runs; of several the most urgent one. Or something stirs, and nobody
    /// has looked yet at what that is: then it may be what the most urgent rule of all asks about.
    Busy(Weight),
}

impl Default for Urgency {
    fn default() -> Self {
        Self::Idle(Weight::default())
    }
}

/// What a camera weighs by the most urgent of some rules: nothing without any, most with a red one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u8);

impl Weight {
    /// The heaviest.
    pub const RED: Self = Self::of(Level::Red);

    /// Of a rule of this level.
    #[must_use]
    pub const fn of(level: Level) -> Self {
        Self(5 - level.number())
    }
}

/// What became of a frame that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went through detector, tracker and rules.
    Seen,
    /// It did not; the next one may.
    Failed,
}

/// Why a turn was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The frame never came back, and its thread with it.
    Thread,
    /// The frame never came back; the thread did.
    Frame,
    /// The detector cannot be opened, and would be opened anew for every frame.
    Detector,
}

/// A frame with the right to be worked on.
#[derive(Debug)]
pub struct Turn<T> {
    /// The frame.
    pub work: T,
    /// To be given back.
    pub ticket: Ticket,
}

/// Whose turn it is, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    seat: Seat,
    number: u64,
}

/// The shared waiting room.
pub struct Scheduler<T> {
    clock: Clock,
    /// A frame older than this shows nothing worth an alarm any more.
    patience: Duration,
    state: Mutex<State<T>>,
    filled: Condvar,
}

struct State<T> {
    slots: HashMap<Seat, Slot<T>>,
    lanes: HashMap<ModelId, Lane>,
    served: u64,
    /// Turns go to whoever starves and to whoever is urgent, one after the other.
    was_for_starved: bool,
    is_closed: bool,
}

struct Slot<T> {
    lane: ModelId,
    weight: Weight,
    urgency: Urgency,
    waiting: Option<Waiting<T>>,
    /// The number of the turn that is out.
    /// Invariant: at most one frame of a camera is out at a time, so that its tracker sees them in order.
    out: Option<u64>,
    last_served: u64,
    /// Since its last turn it asks for another.
    asks_since: Option<Instant>,
    rest: Rest,
    standing: Arc<Mutex<Standing>>,
}

struct Waiting<T> {
    work: T,
    since: Instant,
}

/// The cameras of one detector: what hangs for two of them in a row hangs for all.
#[derive(Default)]
struct Lane {
    rest: Rest,
    /// The last camera whose frame hung, until one goes through.
    hung: Option<CameraId>,
    /// After a rest, one frame has to go through before the others may.
    is_on_trial: bool,
    /// A shadow model has taken a thread from the live cameras for good: it gets no second one until the next start.
    is_shut_to_shadows: bool,
}

/// Pauses after frames that hung, each twice the one before.
#[derive(Clone, Copy, Default)]
struct Rest {
    until: Option<Instant>,
    strikes: u32,
}

impl Rest {
    fn begin(&mut self, now: Instant) {
        let length = REST.saturating_mul(1 << self.strikes.min(8)).min(LONGEST_REST);
        self.strikes += 1;
        self.until = Some(now + length);
    }

    fn is_resting(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

impl<T> Scheduler<T> {
    /// An empty waiting room; frames wait at most `patience`.
    #[must_use]
    pub fn new(clock: Clock, patience: Duration) -> Self {
        let state = State {
            slots: HashMap::new(),
            lanes: HashMap::new(),
            served: 0,
            was_for_starved: false,
            is_closed: false,
        };
        Self { clock, patience, state: Mutex::new(state), filled: Condvar::new() }
    }

    /// Adds one that `lane` detects for, and whose rules weigh so much; how it stands can be read at any time.
    pub fn register(&self, seat: Seat, lane: ModelId, weight: Weight) -> Arc<Mutex<Standing>> {
        let standing = Arc::<Mutex<Standing>>::default();
        let slot = Slot {
            lane: lane.clone(),
            weight,
            urgency: Urgency::Idle(weight),
            waiting: None,
            out: None,
            last_served: 0,
            asks_since: None,
            rest: Rest::default(),
            standing: standing.clone(),
        };
        let mut state = self.lock();
        state.lanes.entry(lane).or_default();
        state.slots.insert(seat, slot);
        standing
    }

    /// How soon the camera deserves its next looks.
    pub fn rank(&self, seat: &Seat, urgency: Urgency) {
        if let Some(slot) = self.lock().slots.get_mut(seat) {
            slot.urgency = urgency;
        }
    }

    /// What is offered next shows something that is new or moves: until somebody has looked, it may be the worst that the
    /// camera's rules know.
    pub fn stirred(&self, seat: &Seat) {
        if let Some(slot) = self.lock().slots.get_mut(seat)
            && let Urgency::Idle(weight) = slot.urgency
        {
            slot.urgency = Urgency::Busy(weight);
        }
    }

    /// Puts a camera's newest frame in its slot; never waits.
    pub fn offer(&self, seat: &Seat, work: T) {
        let (now, wall) = (self.clock.instant(), self.clock.wall());
        let mut state = self.lock();
        let State { slots, lanes, .. } = &mut *state;
        let Some(slot) = slots.get_mut(seat) else { return };
        slot.account(|standing| standing.offered(now, wall));
        slot.asks_since.get_or_insert(now);
        let is_resting = slot.rest.is_resting(now)
            || lanes.get(&slot.lane).is_some_and(|lane| {
                lane.rest.is_resting(now) || (seat.role == Role::Shadow && lane.is_shut_to_shadows)
            });
        if is_resting {
            slot.account(|standing| standing.counters.refused += 1);
            return;
        }
        if slot.waiting.replace(Waiting { work, since: now }).is_some() {
            slot.account(|standing| standing.shed(|counters| counters.superseded += 1));
        }
        drop(state);
        self.filled.notify_one();
    }

    /// So many frames of the camera were given up for newer ones before they were offered.
    pub fn shed(&self, seat: &Seat, n: usize) {
        let (now, wall) = (self.clock.instant(), self.clock.wall());
        if let Some(slot) = self.lock().slots.get_mut(seat) {
            slot.account(|standing| {
                for _ in 0..n {
                    standing.offered(now, wall);
                    standing.shed(|counters| counters.superseded += 1);
                }
            });
        }
    }

    /// The next frame by turn; waits for one. `None` once closed. [`Scheduler::done`] or [`Scheduler::give_up`] must
    /// follow.
    pub fn take(&self) -> Option<Turn<T>> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            match state.next(self.clock.instant(), self.patience) {
                Some(turn) => return Some(turn),
                None => state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The frame of this turn is finished; the camera's next one may go. A turn that was given up before says nothing.
    pub fn done(&self, ticket: &Ticket, outcome: Outcome) {
        let mut state = self.lock();
        let State { slots, lanes, .. } = &mut *state;
        if let Some(slot) = slots.get_mut(&ticket.seat).filter(|slot| slot.out == Some(ticket.number)) {
            slot.out = None;
            slot.rest = Rest::default();
            slot.account(|standing| standing.answered(outcome));
            if let Some(lane) = lanes.get_mut(&slot.lane) {
                *lane = Lane { is_shut_to_shadows: lane.is_shut_to_shadows, ..Lane::default() };
            }
        }
        drop(state);
        self.filled.notify_all();
    }

    /// The frame of this turn is lost: its camera rests, and after two cameras in a row the whole detector.
    pub fn give_up(&self, ticket: &Ticket, loss: Loss) {
        let now = self.clock.instant();
        let mut state = self.lock();
        let State { slots, lanes, .. } = &mut *state;
        if let Some(slot) = slots.get_mut(&ticket.seat).filter(|slot| slot.out == Some(ticket.number)) {
            slot.out = None;
            slot.waiting = None;
            slot.rest.begin(now);
            slot.account(|standing| match loss {
                Loss::Thread | Loss::Frame => standing.gave_up(),
                Loss::Detector => standing.answered(Outcome::Failed),
            });
            if let Some(lane) = lanes.get_mut(&slot.lane) {
                lane.is_shut_to_shadows |= ticket.seat.role == Role::Shadow && loss == Loss::Thread;
                lane.strike(&ticket.seat, now);
            }
        }
        drop(state);
        self.filled.notify_all();
    }

    /// The camera's stream is over: what waits is dropped, and that nothing was answered is nobody's fault.
    pub fn forget(&self, seat: &Seat) {
        if let Some(slot) = self.lock().slots.get_mut(seat) {
            slot.waiting = None;
            slot.asks_since = None;
            slot.urgency = Urgency::Idle(slot.weight);
            slot.account(|standing| standing.unanswered_since = None);
        }
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

impl Lane {
    fn strike(&mut self, seat: &Seat, now: Instant) {
        if self.is_on_trial || self.hung.as_ref().is_some_and(|hung| *hung != seat.camera) {
            self.rest.begin(now);
            self.is_on_trial = true;
        }
        self.hung = Some(seat.camera.clone());
    }
}

impl<T> State<T> {
    fn next(&mut self, now: Instant, patience: Duration) -> Option<Turn<T>> {
        for slot in self.slots.values_mut() {
            if slot.waiting.as_ref().is_some_and(|waiting| now.duration_since(waiting.since) > patience) {
                slot.waiting = None;
                slot.account(|standing| standing.shed(|counters| counters.expired += 1));
            }
        }
        let seat = self.choose(now)?;
        let slot = self.slots.get_mut(&seat)?;
        let work = slot.waiting.take()?.work;
        self.served += 1;
        slot.last_served = self.served;
        slot.asks_since = None;
        slot.out = Some(self.served);
        slot.account(|standing| standing.counters.taken += 1);
        Some(Turn { work, ticket: Ticket { seat, number: self.served } })
    }

    fn choose(&mut self, now: Instant) -> Option<Seat> {
        let is_busy =
            |model: &ModelId| self.slots.values().any(|slot| slot.lane == *model && slot.out.is_some());
        let is_open = |slot: &Slot<T>| {
            slot.out.is_none()
                && slot.waiting.is_some()
                && self.lanes.get(&slot.lane).is_none_or(|lane| {
                    !lane.rest.is_resting(now) && (!lane.is_on_trial || !is_busy(&slot.lane))
                })
        };
        let ready = || self.slots.iter().filter(|(_, slot)| is_open(slot));
        let starved = || {
            let waits = |slot: &Slot<T>| slot.asks_since.filter(|since| now.duration_since(*since) > STARVED);
            let live = ready().filter(|(seat, _)| seat.role == Role::Live);
            live.filter_map(|(seat, slot)| Some((waits(slot)?, seat))).min()
        };
        let hungriest = if self.was_for_starved { None } else { starved() };
        let (seat, is_for_starved) = match hungriest {
            Some((_, seat)) => (seat, true),
            None => {
                let turn = |slot: &Slot<T>| (std::cmp::Reverse(slot.urgency), slot.last_served);
                (ready().min_by_key(|(seat, slot)| (seat.role, turn(slot), *seat))?.0, false)
            }
        };
        let seat = seat.clone();
        self.was_for_starved = is_for_starved;
        Some(seat)
    }
}

impl<T> Slot<T> {
    fn account(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
