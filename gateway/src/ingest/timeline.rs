//! From RTP time and arrival time to [`Pts`] and wall time (design §5 "Time"). Pure: every time is an argument.
//!
//! The camera's clock is never trusted. A run's wall start is the minimum over its pictures of
//! (arrival − media elapsed): the least delayed picture tells it best. During its first seconds a run moves towards it
//! at half speed; later the wall time follows the drift between the two clocks at no more than 500 ppm. So the wall
//! time of a run never jumps and never runs backwards, in the order in which its pictures are shown.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sharpeyes_domain::time::{MediaDuration, Pts, WallTime};

/// A step back by more than this is no reordering of B-frames.
const REORDER: MediaDuration = MediaDuration::from_secs(1);
/// A decoder holds at most 16 pictures (ITU-T H.264 A.3.1, H.265 A.4.2): more that lie behind in a row are a step back.
const REORDERED: u32 = 16;
/// A step forward by more than this is a new clock.
const JUMP: MediaDuration = MediaDuration::from_secs(10);
/// The minimum is adopted quickly during a run's first seconds.
const SETTLING: MediaDuration = MediaDuration::from_secs(5);
/// The drift target is the least delay of the last one to two windows.
const WINDOW: MediaDuration = MediaDuration::from_secs(30);
const SLEW_PPM: i64 = 500;
/// While settling: the wall time then still goes forward at half the media's speed.
const SETTLE_PPM: i64 = 500_000;
/// How far the wall time of a run may be from the arrival of its pictures. A camera whose clock is off by more than
/// 500 ppm gets there in the end (one that counts 25 pictures a second and sends 24.9 within minutes).
pub(super) const MAX_ERROR: Duration = Duration::from_secs(2);
/// A run that begins by less than this before the end of the one before is moved behind it. Where it is more, the
/// machine's clock was set back, and both times are true.
pub(super) const MAX_PUSH: Duration = Duration::from_secs(3);
/// Changes of the offset that pictures still to come may lie between.
const KNOTS: usize = 32;

/// Why a run cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeBreak {
    Backward(MediaDuration),
    Forward(MediaDuration),
    /// Media time and arrival have come apart by more than [`MAX_ERROR`].
    Apart(Duration),
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
    /// Pictures in a row that did not come later than the newest.
    n_behind: u32,
    /// The wall clock is read once a run; then monotonic time carries on, so that a step of the clock tears nothing.
    anchor: Anchor,
    /// RTP time, and microseconds from the anchor to the run's wall start as the model had it then; linear in between.
    ///
    /// Invariant: not empty, RTP times rising.
    knots: VecDeque<(i64, i64)>,
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
    /// read `wall`. `earliest`: the end of the run before.
    pub(super) fn begin(rtp: i64, received: Instant, wall: WallTime, earliest: Option<WallTime>) -> Self {
        let push = earliest.map_or(Duration::ZERO, |earliest| earliest.since(wall));
        let push = if push <= MAX_PUSH { push } else { Duration::ZERO };
        let offset_us = i64::try_from(push.as_micros()).unwrap_or(0);
        Self {
            first_rtp: rtp,
            newest_rtp: rtp,
            n_behind: 0,
            anchor: Anchor { wall, instant: received },
            knots: VecDeque::from([(rtp, offset_us)]),
            window: Window { began: rtp, least_us: 0, previous_us: i64::MAX },
        }
    }

    /// The wall time of media time zero, by the current model.
    pub(super) fn wall_start(&self) -> WallTime {
        self.wall_from(self.newest_knot().1, MediaDuration::ZERO)
    }

    /// The wall time of any RTP time near the newest picture's, by the current model.
    pub(super) fn wall_at(&self, rtp: i64) -> WallTime {
        self.wall_from(self.offset_at(rtp), MediaDuration(rtp.saturating_sub(self.first_rtp)))
    }

    /// Places the next picture, in decoding order.
    pub(super) fn step(&mut self, rtp: i64, received: Instant) -> Result<Moment, TimeBreak> {
        // Not the lowest number, which has no opposite.
        let ahead = MediaDuration(rtp.saturating_sub(self.newest_rtp).max(-i64::MAX));
        self.n_behind = if ahead > MediaDuration::ZERO { 0 } else { self.n_behind.saturating_add(1) };
        if -ahead > REORDER || self.n_behind > REORDERED {
            return Err(TimeBreak::Backward(-ahead));
        }
        if ahead > JUMP {
            return Err(TimeBreak::Forward(ahead));
        }
        let elapsed = MediaDuration(rtp - self.first_rtp);
        self.follow(rtp, elapsed, micros_between(self.anchor.instant, received) - micros(elapsed))?;
        self.newest_rtp = self.newest_rtp.max(rtp);
        Ok(Moment { pts: Pts(elapsed.0), wall: self.wall_at(rtp) })
    }

    fn follow(&mut self, rtp: i64, elapsed: MediaDuration, candidate_us: i64) -> Result<(), TimeBreak> {
        if MediaDuration(rtp - self.window.began) > WINDOW {
            self.window = Window { began: rtp, least_us: i64::MAX, previous_us: self.window.least_us };
        }
        self.window.least_us = self.window.least_us.min(candidate_us);
        let target_us = self.window.least_us.min(self.window.previous_us);
        let (slewed_at, offset_us) = self.newest_knot();
        let is_settling = elapsed <= SETTLING;
        let error = Duration::from_micros(target_us.abs_diff(offset_us));
        if error > MAX_ERROR && !is_settling {
            return Err(TimeBreak::Apart(error));
        }
        let ppm = if is_settling { SETTLE_PPM } else { SLEW_PPM };
        let most = micros(MediaDuration((rtp - slewed_at).max(0))) * ppm / 1_000_000;
        if most > 0 {
            self.knots.push_back((rtp, offset_us + (target_us - offset_us).clamp(-most, most)));
            if self.knots.len() > KNOTS {
                self.knots.pop_front();
            }
        }
        Ok(())
    }

    fn newest_knot(&self) -> (i64, i64) {
        self.knots.back().copied().unwrap_or((self.first_rtp, 0))
    }

    /// Later pictures may come earlier in presentation: they get the offset of their own time, not today's.
    fn offset_at(&self, rtp: i64) -> i64 {
        let mut after = self.newest_knot();
        for &before in self.knots.iter().rev() {
            if before.0 <= rtp {
                let span = after.0 - before.0;
                if rtp >= after.0 || span == 0 {
                    return after.1;
                }
                return before.1 + (after.1 - before.1) * (rtp - before.0) / span;
            }
            after = before;
        }
        after.1
    }

    fn wall_from(&self, offset_us: i64, elapsed: MediaDuration) -> WallTime {
        WallTime(self.anchor.wall.0 + (offset_us + micros(elapsed)).div_euclid(1000))
    }
}

fn micros(span: MediaDuration) -> i64 {
    span.0.saturating_mul(100) / 9
}

fn micros_between(earlier: Instant, later: Instant) -> i64 {
    let signed = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match later.checked_duration_since(earlier) {
        Some(span) => signed(span),
        None => -signed(earlier.duration_since(later)),
    }
}

#[cfg(test)]
mod tests;
