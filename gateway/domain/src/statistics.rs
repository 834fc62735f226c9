//! What a centre is judged by, counted from the histories of incidents. No time is read and nothing is stored here:
//! `gateway::store::statistics` brings the rows.
//!
//! **Invariant:** a share is never given without the two numbers that it comes from.

mod breakdown;
mod course;
mod tally;
#[cfg(test)]
mod tests;

pub use self::{
    breakdown::{ARRIVAL_CIRCLE_MS, Belongs, Breakdown, HeatCell},
    course::{Acceptance, Course, Entry, Part},
    tally::{Spread, Tally, UnitTally},
};
use crate::{closed::closed_enum, incident::CloseReason};

closed_enum! {
    /// What people found an alarm to be. A verdict is one of the whole incident, and all its alarms share it.
    pub enum Verdict ("verdict") {
        /// Something was there: closed as handled, or with nothing to be done.
        Confirmed => "confirmed",
        /// Nothing was there: closed as a false alarm.
        FalseAlarm => "false_alarm",
        /// Not said: still open, rejected, a test, or about the same thing as another incident.
        Undecided => "undecided",
    }
}

impl Verdict {
    /// Of why an incident was closed.
    #[must_use]
    pub const fn of_reason(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Handled | CloseReason::NoAction => Self::Confirmed,
            CloseReason::FalseAlarm => Self::FalseAlarm,
            CloseReason::Duplicate | CloseReason::Test => Self::Undecided,
        }
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The numerator.
    pub n: u64,
    /// The denominator.
    pub of: u64,
}

impl Share {
    /// One more of which it is asked, and perhaps one of those that are counted.
    pub const fn count(&mut self, is_counted: bool) {
        self.of += 1;
        if is_counted {
            self.n += 1;
        }
    }

    /// Both numbers together.
    pub const fn add(&mut self, other: Self) {
        self.n += other.n;
        self.of += other.of;
    }
}

/// Alarms by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// [`Verdict::Confirmed`].
    pub confirmed: u64,
    /// [`Verdict::FalseAlarm`].
    pub false_alarms: u64,
    /// [`Verdict::Undecided`].
    pub undecided: u64,
}

impl Verdicts {
    /// One more alarm.
    pub const fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Confirmed => self.confirmed += 1,
            Verdict::FalseAlarm => self.false_alarms += 1,
            Verdict::Undecided => self.undecided += 1,
        }
    }

    /// All of the other's too.
    pub const fn add(&mut self, other: Self) {
        self.confirmed += other.confirmed;
        self.false_alarms += other.false_alarms;
        self.undecided += other.undecided;
    }

    /// Confirmed ones of those that were decided (准确率).
    #[must_use]
    pub const fn accuracy(self) -> Share {
        Share { n: self.confirmed, of: self.confirmed + self.false_alarms }
    }

    /// All.
    #[must_use]
    pub const fn alarms(self) -> u64 {
        self.confirmed + self.false_alarms + self.undecided
    }
}
