//! Wrong way: a thing that has gone a good part of its own size against the allowed direction.

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Known, Reach, Step, Trail},
    watch::{Frame, Verdict},
};
use crate::{alarm::Moment, geometry::Heading, time::MediaDuration, time::Pts};

/// How much of a thing's way is looked at.
const WINDOW: MediaDuration = MediaDuration::from_secs(3);
/// A shorter way is no direction: two boxes of one queue may swap their ids within a frame.
const LEAST_TIME: MediaDuration = MediaDuration::from_millis(500);
/// How far back it must have gone, in its own sizes; who parks reverses by less.
const LEAST_WAY: f32 = 1.5;
/// From then on it is on the wrong way for as long as it goes back by this much.
const STILL_WAY: f32 = 0.4;
/// Share of the whole way that leads straight back, and of the steps: 45° off is neither.
const STRAIGHT: f32 = 0.7;
/// A detector that misses it in a picture or two has not stopped it.
const UNSEEN: MediaDuration = MediaDuration::from_millis(500);
/// Missed in so many pictures and for longer than [`UNSEEN`], its way begins anew: in a row of cars the next one soon comes to
/// where one was lost, and what goes from car to car goes backwards.
const MISSED: u32 = 3;
const REACH: Reach = Reach::new(1_000, 0.5, 1.0);

#[derive(Clone, Debug, Default)]
struct Course {
    trail: Trail,
    /// Which picture it was last seen in.
    picture: u32,
    wrong_since: Option<Pts>,
    /// When last seen, it was where the rule counts it.
    is_counted: bool,
}

/// The ways of all things.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    follow: Follow<Course>,
    /// Counts pictures.
    picture: u32,
}

impl Ways {
    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::WrongWay { heading, .. } = &config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        self.picture = self.picture.wrapping_add(1);
        for track in frame.seen().filter(|track| config.kind.counts(track.class)) {
            let course = &mut self.follow.meet(track, frame, REACH, Course::default).of;
            let size = (track.rect.height() * track.rect.breadth()).sqrt();
            let step = Step { at: frame.at.pts, point: track.rect.centre(), size };
            let n_missed = self.picture.wrapping_sub(course.picture).saturating_sub(1);
            let last = course.trail.steps().next_back().map_or(step.at, |last| last.at);
            if n_missed >= MISSED && step.at - last > UNSEEN {
                *course = Course::default();
            }
            course.picture = self.picture;
            course.trail.push(step, WINDOW);
            course.judge(heading);
            course.is_counted = config.applies_to(track);
        }
        self.follow.forget(frame.at.pts, REACH.time);
        let is_there = |known: &&Known<Course>| known.of.is_counted && frame.at.pts - known.seen <= UNSEEN;
        let wrong =
            || self.follow.known.iter().filter(is_there).filter(|known| known.of.wrong_since.is_some());
        let since: Option<Moment> =
            wrong().filter_map(|known| known.of.wrong_since).min().map(|pts| frame.moment_of(pts));
        Verdict::of(frame.at, wrong().filter_map(|known| frame.track(known.id))).since(since)
    }
}

impl Course {
    fn judge(&mut self, heading: &Heading) {
        let Some((first, last)) = self.trail.ends(WINDOW) else { return };
        let size = f32::midpoint(first.size, last.size);
        let back = -heading.advance(first.point, last.point);
        if self.wrong_since.is_some() {
            if back < STILL_WAY * size {
                self.wrong_since = None;
            }
            return;
        }
        let is_far = back >= LEAST_WAY * size && last.at - first.at >= LEAST_TIME && self.trail.len() >= 3;
        let is_straight = back >= STRAIGHT * last.point.distance(first.point);
        if is_far && is_straight && self.share_back(heading) >= STRAIGHT {
            self.wrong_since = Some(first.at);
        }
    }

    /// Share of the steps that lead back.
    fn share_back(&self, heading: &Heading) -> f32 {
        let (mut back, mut all) = (0.0_f32, 0.0_f32);
        for (a, b) in self.trail.steps().zip(self.trail.steps().skip(1)) {
            all += 1.0;
            if heading.advance(a.point, b.point) < 0.0 {
                back += 1.0;
            }
        }
        if all > 0.0 { back / all } else { 0.0 }
    }
}
