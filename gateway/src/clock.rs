//! The only place that reads a clock. Everything else is handed a [`Clock`], so that tests move time by hand.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::{Timestamp, tz::TimeZone};
use sharpeyes_domain::time::WallTime;

/// Wall time and monotonic time, real or simulated. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Simulated(Arc<Mutex<Simulated>>),
}

#[derive(Debug)]
struct Simulated {
    wall: WallTime,
    monotonic: Instant,
}

impl Clock {
    /// The machine's own clocks.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `wall` until [`Clock::advance`].
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant can only be had from the system; it is the origin"
    )]
    pub fn simulated(wall: WallTime) -> Self {
        Self(Source::Simulated(Arc::new(Mutex::new(Simulated { wall, monotonic: Instant::now() }))))
    }

    /// Now, UTC. A system clock before 1970 reads as 1970.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub fn wall(&self) -> WallTime {
        match &self.0 {
            Source::System => {
                let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                WallTime(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Simulated(simulated) => simulated.lock().unwrap_or_else(PoisonError::into_inner).wall,
        }
    }

    /// Monotonic time, for elapsed time only.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub fn instant(&self) -> Instant {
        match &self.0 {
            Source::System => Instant::now(),
            Source::Simulated(simulated) => {
                simulated.lock().unwrap_or_else(PoisonError::into_inner).monotonic
            }
        }
    }

    /// Moves a simulated clock; a system clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Simulated(simulated) = &self.0 {
            let mut simulated = simulated.lock().unwrap_or_else(PoisonError::into_inner);
            simulated.wall = simulated.wall.plus(by);
            simulated.monotonic += by;
        }
    }

    /// Sets a simulated wall clock, as NTP or a person does: monotonic time does not move. A system clock is left alone.
    pub fn set_wall(&self, wall: WallTime) {
        if let Source::Simulated(simulated) = &self.0 {
            simulated.lock().unwrap_or_else(PoisonError::into_inner).wall = wall;
        }
    }
}

/// `wall` as people of the site read it: RFC 3339 with the offset of `zone`, to the millisecond.
#[must_use]
pub fn local_text(wall: WallTime, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(wall.0)
        .map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string())
        .unwrap_or_else(|_| format!("{} ms", wall.0))
}
