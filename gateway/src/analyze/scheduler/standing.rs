//! How one camera fares: what became of its frames, and how many of the latest were shed.

use std::time::{Duration, Instant};

use sharpeyes_domain::time::WallTime;

use super::Outcome;

/// What was shed is judged over one to two of these.
const WINDOW: Duration = Duration::from_secs(10);
/// From this share of the wanted looks on, shedding is more than chance.
const REDUCED: f32 = 0.3;
/// Of fewer looks no share is taken.
const FEWEST: u32 = 5;

/// What became of a camera's frames; only ever grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Handed to an inference thread.
    pub taken: u64,
    /// Went through detector, tracker and rules.
    pub seen: u64,
    /// Were refused by the detector, or its answer was no answer.
    pub failed: u64,
    /// Never came back from the detector.
    pub hung: u64,
    /// Replaced by a newer frame before its turn came.
    pub superseded: u64,
    /// Too old when its turn came.
    pub expired: u64,
    /// Not even tried, because the detector hung before and rests.
    pub refused: u64,
}

impl Counters {
    /// Looks that were asked for and not had.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.failed + self.hung + self.superseded + self.expired + self.refused
    }
}

/// How a camera stands with the scheduler.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Since the start.
    pub counters: Counters,
    /// The first frame since the last one that was seen; `None` while every look was answered.
    pub unanswered_since: Option<WallTime>,
    /// A turn was given up since the last frame that was seen.
    pub has_hung: bool,
    current: Tally,
    previous: Tally,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    began: Option<Instant>,
    offered: u32,
    shed: u32,
}

impl Standing {
    /// Share of the latest looks that were shed because others were more urgent or newer; `None` while that is little.
    #[must_use]
    pub fn reduced(&self, now: Instant) -> Option<f32> {
        let is_old =
            self.current.began.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW * 2);
        if is_old {
            return None;
        }
        let offered = self.current.offered + self.previous.offered;
        let share = f64::from(self.current.shed + self.previous.shed) / f64::from(offered.max(1));
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let share = share as f32;
        (offered >= FEWEST && share > REDUCED).then_some(share)
    }

    /// Since when the camera is blind: its oldest look that nobody answered, once it is older than `after`.
    #[must_use]
    pub fn blind_since(&self, now: WallTime, after: Duration) -> Option<WallTime> {
        self.unanswered_since.filter(|since| now.since(*since) > after)
    }

    pub(super) fn offered(&mut self, now: Instant, wall: WallTime) {
        self.unanswered_since.get_or_insert(wall);
        let began = *self.current.began.get_or_insert(now);
        let age = now.saturating_duration_since(began);
        if age >= WINDOW {
            // What lies two windows back says nothing of today.
            self.previous = if age < WINDOW * 2 { self.current } else { Tally::default() };
            self.current = Tally { began: Some(now), ..Tally::default() };
        }
        self.current.offered += 1;
    }

    pub(super) fn shed(&mut self, count: impl FnOnce(&mut Counters)) {
        count(&mut self.counters);
        self.current.shed += 1;
    }

    pub(super) fn gave_up(&mut self) {
        self.counters.hung += 1;
        self.has_hung = true;
    }

    pub(super) fn answered(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Seen => {
                self.counters.seen += 1;
                self.unanswered_since = None;
                self.has_hung = false;
            }
            Outcome::Failed => self.counters.failed += 1,
        }
    }
}
