//! The retention clock: it ages footage by time that was seen to pass, so that no jump of the wall clock deletes anything.

use std::time::Duration;

use crate::time::WallTime;

/// What a restart, a leap or a correction may take without a question.
const TOLERANCE: Duration = Duration::from_secs(3600);

/// The wall clock is ahead of the time that was seen to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// By how much.
    pub ahead: Duration,
    /// For how long it has stayed so.
    pub lasted: Duration,
}

/// Invariant: `trusted` never goes back, and goes forward only by time that was seen to pass, by at most an hour at a
/// restart, or after a doubt was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionClock {
    trusted: WallTime,
    doubt: Option<Doubt>,
}

impl RetentionClock {
    /// A clock that has seen nothing yet.
    #[must_use]
    pub const fn new(wall: WallTime) -> Self {
        Self { trusted: wall, doubt: None }
    }

    /// The first one of an index whose newest footage ended at `newest`: a wall clock far ahead of that is doubted as
    /// after any other absence, once it is observed.
    #[must_use]
    pub fn first(wall: WallTime, newest: Option<WallTime>) -> Self {
        Self::new(newest.map_or(wall, |newest| newest.min(wall)))
    }

    /// As it was kept.
    #[must_use]
    pub const fn kept(trusted: WallTime, doubt: Option<Doubt>) -> Self {
        Self { trusted, doubt }
    }

    /// Now, for the age of footage.
    #[must_use]
    pub const fn now(&self) -> WallTime {
        self.trusted
    }

    /// While there is one, nothing is deleted for its age.
    #[must_use]
    pub const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// The wall clock says `wall`, and `elapsed` monotonic time has passed since the last look (zero at a start).
    /// A wall clock that stays ahead by the same amount for `confirm_after` is believed; gives by how much the
    /// retention clock was then set forward. That time was not seen to pass, so footage does not age by it.
    pub fn observe(
        &mut self,
        wall: WallTime,
        elapsed: Duration,
        confirm_after: Duration,
    ) -> Option<Duration> {
        self.trusted = self.trusted.plus(elapsed);
        let ahead = wall.since(self.trusted);
        if ahead <= TOLERANCE {
            // Also when it went back: then the time that passed is all that counts.
            self.trusted = self.trusted.max(wall);
            self.doubt = None;
            return None;
        }
        let lasted = match self.doubt {
            Some(doubt) if doubt.ahead.abs_diff(ahead) <= TOLERANCE => doubt.lasted + elapsed,
            Some(_) | None => Duration::ZERO,
        };
        if lasted >= confirm_after {
            self.trusted = wall;
            self.doubt = None;
            return Some(ahead);
        }
        // The first reading stays, so that a creeping clock is not taken for a steady one.
        let ahead = self.doubt.filter(|_| lasted > Duration::ZERO).map_or(ahead, |doubt| doubt.ahead);
        self.doubt = Some(Doubt { ahead, lasted });
        None
    }

    /// A person says that the wall clock is right: footage ages by the whole jump at once.
    pub fn confirm(&mut self, wall: WallTime) {
        self.trusted = self.trusted.max(wall);
        self.doubt = None;
    }
}
