//! What the recording says about itself: stretches of time, and the reasons for which some are missing.
//!
//! Files, rows and their order of writing live in `gateway::record`; this is only their vocabulary.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{closed::closed_enum, time::WallTime};

closed_enum! {
    /// Why a piece of recording is missing. Every gap has exactly one; the earliest cause wins.
    pub enum GapCause ("gap cause") {
        /// The camera could not be reached: no answer, connection refused or reset, no such host.
        CameraOffline => "camera_offline",
        /// The camera refused the name or the password.
        AuthFailed => "auth_failed",
        /// The camera knows no stream under this path.
        NotFound => "not_found",
        /// The session was set up, but not one picture came.
        NoMedia => "no_media",
        /// The camera sends something that cannot be recorded, e.g. an unknown coding.
        Unsupported => "unsupported",
        /// Media came and then stopped, with the connection still open.
        Stalled => "stalled",
        /// The camera ended the session, or broke the RTSP or RTP rules so that it had to be ended.
        SessionEnded => "session_ended",
        /// Packets were lost on the way, so that pictures up to the next keyframe could not be used.
        PacketLoss => "packet_loss",
        /// The service died or the machine lost power: what was not yet on the disk is gone.
        Restart => "restart",
        /// The service was stopped by someone and started again.
        Stopped => "stopped",
        /// The recorder's queue for this stream was full: the disk was too slow.
        Backlog => "backlog",
        /// Writing failed, the disk was full, missing or not ours.
        Disk => "disk",
        /// The wall clock stepped, so that a new run had to begin; nothing may be missing.
        ClockStep => "clock_step",
        /// The camera's timestamps or its SSRC jumped, so that a new run had to begin.
        TimestampJump => "timestamp_jump",
        /// Picture size or coding changed: a new run began at the next keyframe.
        ParameterChange => "parameter_change",
        /// A recorded file was found damaged or missing by the audit.
        Corrupt => "corrupt",
        /// Recording of this stream was switched off in the site file.
        RecordingOff => "recording_off",
        /// Deleted by the retention rule.
        Retention => "retention",
        /// The camera was quarantined after failing for long.
        Quarantined => "quarantined",
    }
}

impl GapCause {
    /// Nobody need look: someone wanted it so, or nothing was lost.
    #[must_use]
    pub const fn is_intended(self) -> bool {
        matches!(self, Self::Stopped | Self::RecordingOff | Self::Retention)
    }
}

/// A stretch of wall time, `from` included and `to` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The beginning.
    pub from: WallTime,
    /// The end; a span with `to <= from` is empty.
    pub to: WallTime,
}

impl Span {
    /// Zero when empty.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.to.since(self.from)
    }

    /// Holds no instant at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// `at` is inside.
    #[must_use]
    pub fn holds(&self, at: WallTime) -> bool {
        self.from <= at && at < self.to
    }

    /// What both share, `None` when that is nothing.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let shared = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (!shared.is_empty()).then_some(shared)
    }
}

/// Missing recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What is missing.
    pub span: Span,
    /// Why.
    pub cause: GapCause,
}

/// The pieces of `wanted` that no span of `recorded` covers, in order; `recorded` may overlap and be unsorted.
#[must_use]
pub fn uncovered(wanted: Span, recorded: &[Span]) -> Vec<Span> {
    let mut covered: Vec<Span> = recorded.iter().filter_map(|span| span.intersection(&wanted)).collect();
    covered.sort_by_key(|span| span.from);
    let mut missing = Vec::new();
    let mut reached = wanted.from;
    for span in covered {
        if span.from > reached {
            missing.push(Span { from: reached, to: span.from });
        }
        reached = reached.max(span.to);
    }
    if reached < wanted.to {
        missing.push(Span { from: reached, to: wanted.to });
    }
    missing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span { from: WallTime(from), to: WallTime(to) }
    }

    #[test]
    fn what_is_not_recorded_is_found() {
        let check = |recorded: &[Span], missing: &[Span]| {
            assert_eq!(uncovered(span(10, 20), recorded), missing, "{recorded:?}");
        };
        check(&[], &[span(10, 20)]);
        check(&[span(0, 30)], &[]);
        check(&[span(15, 18), span(0, 12)], &[span(12, 15), span(18, 20)]);
        check(&[span(10, 15), span(12, 13), span(15, 20)], &[]);
        check(&[span(20, 25), span(14, 14), span(16, 12)], &[span(10, 20)]);
    }

    proptest! {
        #[test]
        fn every_instant_is_either_recorded_or_missing(
            (from, to) in (-5i64..25, -5i64..25),
            pieces in prop::collection::vec((-5i64..25, -5i64..25), 0..6),
        ) {
            let wanted = span(from, to);
            let recorded: Vec<Span> = pieces.into_iter().map(|(a, b)| span(a, b)).collect();
            let missing = uncovered(wanted, &recorded);
            for at in (-6..26).map(WallTime) {
                let is_recorded = recorded.iter().any(|r| r.holds(at));
                let n_missing = missing.iter().filter(|m| m.holds(at)).count();
                prop_assert_eq!(n_missing, usize::from(wanted.holds(at) && !is_recorded));
            }
        }
    }
}
