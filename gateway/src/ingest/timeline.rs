//! From RTP time and arrival time to [`Pts`] and wall time (design §5 "Time"). Pure: every time is an argument.
//!
//! The camera's clock is never trusted. A run's wall start is the minimum over its pictures of
//! (arrival − media elapsed): the least delayed picture tells it best. Once settled, the wall time follows the drift
//! between the two clocks at no more than 500 ppm, so that time in the recording never jumps.

use std::time::{Duration, Instant};

use sharpeyes_domain::time::{MediaDuration, Pts, WallTime};

/// A step back by more than this is no reordering of B-frames.
const REORDER: MediaDuration = MediaDuration::from_secs(1);
/// A step forward by more than this is a new clock.
const JUMP: MediaDuration = MediaDuration::from_secs(10);
/// The minimum is adopted at once during a run's first seconds.
const SETTLING: MediaDuration = MediaDuration::from_secs(5);
/// The drift target is the least delay of the last one to two windows.
const WINDOW: MediaDuration = MediaDuration::from_secs(30);
const SLEW_PPM: i64 = 500;

/// Why a run cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeBreak {
    Backward(MediaDuration),
    Forward(MediaDuration),
}

/// Where one picture lies in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) pts: Pts,
    pub(super) wall: WallTime,
}

/// The time model of one run.
#[derive(Debug)]
pub(super) struct Timeline {
    first_rtp: i64,
    newest_rtp: i64,
    /// The wall clock is read once a run; then monotonic time carries on, so that a step of the clock tears nothing.
    anchor: Anchor,
    /// Microseconds from the anchor to the run's wall start, by the current model.
    offset_us: i64,
    slewed_at: i64,
    window: Window,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: WallTime,
    instant: Instant,
}

#[derive(Debug)]
struct Window {
    began: i64,
    least_us: i64,
    previous_us: i64,
}

impl Timeline {
    /// A run whose first picture has RTP time `rtp` (90 kHz, unwrapped) and arrived at `received`, when the wall clock
    /// read `wall`.
    pub(super) fn begin(rtp: i64, received: Instant, wall: WallTime) -> Self {
        Self {
            first_rtp: rtp,
            newest_rtp: rtp,
            anchor: Anchor { wall, instant: received },
            offset_us: 0,
            slewed_at: rtp,
            window: Window { began: rtp, least_us: 0, previous_us: i64::MAX },
        }
    }

    /// The wall time of media time zero, by the current model.
    pub(super) fn wall_start(&self) -> WallTime {
        WallTime(self.anchor.wall.0 + self.offset_us.div_euclid(1000))
    }

    /// Places the next picture, in decoding order.
    pub(super) fn step(&mut self, rtp: i64, received: Instant) -> Result<Moment, TimeBreak> {
        let ahead = MediaDuration(rtp.saturating_sub(self.newest_rtp));
        if -ahead > REORDER {
            return Err(TimeBreak::Backward(-ahead));
        }
        if ahead > JUMP {
            return Err(TimeBreak::Forward(ahead));
        }
        self.newest_rtp = self.newest_rtp.max(rtp);
        let elapsed = MediaDuration(rtp - self.first_rtp);
        self.follow(rtp, elapsed, micros_between(self.anchor.instant, received) - micros(elapsed));
        let wall_us = self.offset_us + micros(elapsed);
        Ok(Moment { pts: Pts(elapsed.0), wall: WallTime(self.anchor.wall.0 + wall_us.div_euclid(1000)) })
    }

    fn follow(&mut self, rtp: i64, elapsed: MediaDuration, candidate_us: i64) {
        if MediaDuration(rtp - self.window.began) > WINDOW {
            self.window = Window { began: rtp, least_us: i64::MAX, previous_us: self.window.least_us };
        }
        self.window.least_us = self.window.least_us.min(candidate_us);
        if elapsed <= SETTLING {
            self.offset_us = self.offset_us.min(candidate_us);
            self.slewed_at = rtp;
            return;
        }
        let target_us = self.window.least_us.min(self.window.previous_us);
        let most = micros(MediaDuration((rtp - self.slewed_at).max(0))) * SLEW_PPM / 1_000_000;
        if most > 0 {
            self.offset_us += (target_us - self.offset_us).clamp(-most, most);
            self.slewed_at = rtp;
        }
    }
}

fn micros(span: MediaDuration) -> i64 {
    span.0 * 100 / 9
}

fn micros_between(earlier: Instant, later: Instant) -> i64 {
    let signed = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match later.checked_duration_since(earlier) {
        Some(span) => signed(span),
        None => -signed(earlier.duration_since(later)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const START: WallTime = WallTime(1_700_000_000_000);

    fn ticks(millis: i64) -> i64 {
        MediaDuration::from_millis(millis).0
    }

    #[test]
    fn the_least_delayed_picture_sets_the_wall_start() {
        let zero = Clock::simulated(START).instant();
        // The first picture arrives 300 ms late, later ones with 0 to 80 ms of jitter.
        let mut timeline = Timeline::begin(0, zero + Duration::from_millis(300), START);
        let jitter = [300, 80, 10, 0, 60, 20];
        let mut last = None;
        for (n, late) in (0i64..).zip(jitter) {
            let received = zero + Duration::from_millis(u64::try_from(n * 40 + late).unwrap());
            last = Some(timeline.step(ticks(n * 40), received).unwrap());
        }
        assert_eq!(timeline.wall_start().0, START.0 - 300);
        assert_eq!(last.unwrap(), Moment { pts: Pts(ticks(200)), wall: WallTime(START.0 - 300 + 200) });
    }

    #[test]
    fn drift_is_followed_at_500_ppm_at_most_and_never_jumps() {
        let zero = Clock::simulated(START).instant();
        let mut timeline = Timeline::begin(0, zero, START);
        let mut previous = START.0;
        // The camera's clock runs 300 ppm slow: after an hour the arrivals are 1,080 ms later than its media time.
        for n in 0..90_000i64 {
            let media = n * 40;
            let real = media + media * 300 / 1_000_000;
            let at = timeline
                .step(ticks(media), zero + Duration::from_millis(u64::try_from(real).unwrap()))
                .unwrap();
            assert!((39..=41).contains(&(at.wall.0 - previous)) || n == 0, "frame {n} jumps");
            previous = at.wall.0;
        }
        let late = previous - (START.0 + 89_999 * 40);
        assert!((1_050..=1_085).contains(&late), "the hour ends {late} ms later by the model");
    }

    #[test]
    fn steps_that_no_camera_makes_in_one_run_end_it() {
        let zero = Clock::simulated(START).instant();
        let check = |millis: i64, expected: Option<TimeBreak>| {
            let mut timeline = Timeline::begin(0, zero, START);
            timeline.step(ticks(20_000).min(ticks(9_000)), zero).unwrap();
            assert_eq!(timeline.step(ticks(millis), zero).err(), expected, "{millis}");
        };
        check(8_920, None);
        check(9_040, None);
        check(7_000, Some(TimeBreak::Backward(MediaDuration::from_secs(2))));
        check(20_000, Some(TimeBreak::Forward(MediaDuration::from_secs(11))));
        check(-1_000_000_000, Some(TimeBreak::Backward(MediaDuration::from_millis(1_000_009_000))));
    }
}
