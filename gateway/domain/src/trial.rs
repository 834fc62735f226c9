//! Words of trials: rules that are looked at on a recording before they are used.

use crate::closed::closed_enum;

closed_enum! {
    /// Where a trial stands.
    pub enum TrialState ("state of a trial") {
        /// Others are before it.
        Waiting => "waiting",
        /// It looks.
        Running => "running",
        /// It has looked at everything.
        Done => "done",
        /// Someone ended it; what it found until then is there.
        Cancelled => "cancelled",
        /// Its time was over; what it found until then is there.
        TimedOut => "timed_out",
        /// It could not go on; what it found until then is there.
        Failed => "failed",
        /// The service ended meanwhile, and nothing of it is left.
        Interrupted => "interrupted",
    }
}

impl TrialState {
    /// It still has something to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}
