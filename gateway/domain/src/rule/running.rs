//! Several people who run at the same time: a fight that spreads, a panic, or sport.
//!
//! Speed is measured in heights of the person per second along the picture: walking is at most 1.0, running 1.6 and more.
//! Someone who runs straight towards the camera or away from it looks slower, so this misses some and invents none.

use super::{
    RuleConfig,
    follow::{Follow, Reach, Step, Trail, seconds},
    watch::{Frame, Verdict},
};
use crate::{alarm::Detail, time::MediaDuration};

const WINDOW: MediaDuration = MediaDuration::from_millis(1_000);
/// A shorter way says nothing about a speed.
const LEAST_TIME: MediaDuration = MediaDuration::from_millis(600);
/// In heights per second: who runs …
const FAST: f32 = 1.6;
/// … and in either half of the time, so that a leap between two people is no run.
const STEADY: f32 = 1.1;
const REACH: Reach = Reach::new(700, 0.3, 2.0);

/// The speeds of all people.
#[derive(Clone, Debug, Default)]
pub(super) struct Runners {
    follow: Follow<Trail>,
}

impl Runners {
    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let mut counted = Vec::new();
        let mut fastest = 0.0_f32;
        for track in frame.seen().filter(|track| config.kind.counts(track.class)) {
            let trail = &mut self.follow.meet(track, frame, REACH, Trail::default).of;
            let step = Step { at: frame.at.pts, point: track.rect.foot(), size: track.rect.height() };
            trail.push(step, WINDOW);
            let speed = speed(trail);
            if speed >= FAST && config.applies_to(track) {
                counted.push(track);
                fastest = fastest.max(speed);
            }
        }
        self.follow.forget(frame.at.pts, REACH.time);
        Verdict::of(frame.at, counted.into_iter()).with(Detail::Speed { heights_per_s: fastest })
    }
}

/// Heights per second; 0 where it is not known, or not of one piece.
fn speed(trail: &Trail) -> f32 {
    let Some((first, last)) = trail.ends(WINDOW + MediaDuration::from_millis(200)) else { return 0.0 };
    if last.at - first.at < LEAST_TIME || trail.len() < 3 {
        return 0.0;
    }
    let between = |a: &Step, b: &Step| {
        b.point.distance(a.point) / f32::midpoint(a.size, b.size).max(1e-3) / seconds(b.at - a.at)
    };
    let half = MediaDuration((last.at - first.at).0 / 2);
    let middle = trail.steps().rev().find(|step| last.at - step.at >= half);
    let is_steady = middle.is_some_and(|middle| {
        middle.at > first.at && between(&first, middle) >= STEADY && between(middle, &last) >= STEADY
    });
    if is_steady { between(&first, &last) } else { 0.0 }
}
