//! Time: media time in 90 kHz, wall time in UTC milliseconds. Elapsed real time is [`std::time::Duration`].
//!
//! There is no clock here; `gateway::clock` reads one and passes the value in.

use std::{
    fmt,
    ops::{Add, AddAssign, Neg, Sub},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Ticks per second of all media time (RFC 3551 §5 fixes 90 kHz for video).
pub const MEDIA_HZ: i64 = 90_000;

/// Presentation time of a picture in its run: 90 kHz, unwrapped to 64 bits at ingest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pts(pub i64);

/// A difference of two [`Pts`]: 90 kHz, may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaDuration(pub i64);

/// Milliseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallTime(pub i64);

impl Pts {
    /// Within 25,000 years of its run's beginning. What is read from a disk and lies beyond is damage, and sums of it
    /// could overflow.
    #[must_use]
    pub const fn is_plausible(self) -> bool {
        self.0.unsigned_abs() <= 1 << 56
    }

    /// From GStreamer's nanoseconds, rounded to the nearest tick.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        Self(MediaDuration::from_nanos(nanos).0)
    }

    /// To GStreamer's nanoseconds, rounded down; a negative time is 0.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        MediaDuration(self.0).as_nanos()
    }
}

impl MediaDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than anything lasts.
    pub const MAX: Self = Self(i64::MAX);

    /// Whole seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * MEDIA_HZ)
    }

    /// Milliseconds, exact (90 ticks each).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * (MEDIA_HZ / 1000))
    }

    /// Nanoseconds, rounded to the nearest tick, saturating.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        let ticks = (u128::from(nanos) * 90_000 + 500_000_000) / 1_000_000_000;
        Self(i64::try_from(ticks).unwrap_or(i64::MAX))
    }

    /// To nanoseconds, rounded down; a negative duration is 0.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        let nanos = u128::from(self.0.max(0).unsigned_abs()) * 1_000_000_000 / 90_000;
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// To milliseconds, rounded towards negative infinity.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(MEDIA_HZ / 1000)
    }

    /// To seconds, for people and statistics.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds for display: 52 bits of ticks are 1,500 years")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 90_000.0
    }
}

impl From<Duration> for MediaDuration {
    /// Rounded to the nearest tick, saturating.
    fn from(elapsed: Duration) -> Self {
        Self::from_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl WallTime {
    /// 285,000 years after 1970, in milliseconds: nothing is dated further from it, before or after.
    pub const FURTHEST_MS: i64 = 1 << 53;

    /// Within [`Self::FURTHEST_MS`] of 1970. What is read from a disk and lies beyond is damage, and sums of it could overflow.
    #[must_use]
    pub const fn is_plausible(self) -> bool {
        self.0.unsigned_abs() <= Self::FURTHEST_MS.unsigned_abs()
    }

    /// This time moved by `span`, media ticks rounded down to milliseconds.
    #[must_use]
    pub const fn plus_media(self, span: MediaDuration) -> Self {
        Self(self.0.saturating_add(span.as_millis()))
    }

    /// This time moved later by `span`, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This time moved earlier by `span`, saturating.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to this one; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Sub for Pts {
    type Output = MediaDuration;
    fn sub(self, earlier: Self) -> MediaDuration {
        MediaDuration(self.0 - earlier.0)
    }
}

impl Add<MediaDuration> for Pts {
    type Output = Self;
    fn add(self, span: MediaDuration) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub<MediaDuration> for Pts {
    type Output = Self;
    fn sub(self, span: MediaDuration) -> Self {
        Self(self.0 - span.0)
    }
}

impl Add for MediaDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for MediaDuration {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for MediaDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for MediaDuration {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for MediaDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}s", self.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_survive_the_round_trip_to_within_a_tick() {
        for ticks in [0, 1, 3_003, 3_600, 90_000, 8_589_934_592, i64::MAX / 20_000] {
            let there = Pts(ticks).as_nanos();
            assert!((Pts::from_nanos(there).0 - ticks).abs() <= 1, "{ticks}");
        }
    }

    #[test]
    fn milliseconds_round_down_on_both_sides_of_zero() {
        let check = |ticks, millis| assert_eq!(MediaDuration(ticks).as_millis(), millis);
        check(0, 0);
        check(89, 0);
        check(90, 1);
        check(-1, -1);
        check(-90, -1);
    }

    #[test]
    fn wall_time_never_runs_backwards_through_since() {
        assert_eq!(WallTime(5).since(WallTime(9)), Duration::ZERO);
        assert_eq!(WallTime(9).since(WallTime(5)), Duration::from_millis(4));
    }
}
