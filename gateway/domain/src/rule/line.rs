//! Lines: whose feet have crossed one, which way, each crossing once.

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Reach},
    kind::Direction,
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Evidence, LineRef},
    geometry::NormPoint,
    ids::TrackId,
    track::Track,
    zone::{Line, anchor},
};

/// Feet count as on a side from this far off the line on, in heights of the thing: a detector's jitter of who stands on the
/// line is half of it.
const BAND: f32 = 0.1;
const REACH: Reach = Reach::new(2_000, 0.5, 1.0);

/// Where a thing was when its side was last certain.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    certain: Option<(NormPoint, Way)>,
    has_moved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Left,
    Right,
}

/// How many went over a line each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// From its left to its right.
    pub forward: u32,
    /// From its right to its left.
    pub backward: u32,
}

/// Who is on which side, and how many have crossed.
#[derive(Clone, Debug, Default)]
pub(super) struct Crossings {
    follow: Follow<Side>,
    /// Since the rule began to look.
    pub(super) total: Passed,
    /// Since the running alarm began.
    passed: Passed,
    ids: Vec<TrackId>,
}

impl Crossings {
    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::LineCrossing { line, direction, .. } = &config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        if !frame.is_running {
            self.passed = Passed::default();
            self.ids.clear();
        }
        let mut counted: Vec<&Track> = Vec::new();
        for track in frame.seen().filter(|track| config.kind.counts(track.class)) {
            let known = self.follow.meet(track, frame, REACH, || Side {
                certain: certain_side(line, anchor(track.class, &track.origin), track),
                has_moved: false,
            });
            let side = &mut known.of;
            side.has_moved |= track.has_moved();
            let here = anchor(track.class, &track.rect);
            let Some((_, now)) = certain_side(line, here, track) else { continue };
            let before = side.certain.replace((here, now));
            let Some((from, _)) = before.filter(|(_, way)| *way != now) else { continue };
            let is_in_zone = config.zone.as_ref().is_none_or(|zone| zone.holds(track.class, &track.rect));
            let may_count = (side.has_moved || !config.must_have_moved) && is_in_zone;
            if !may_count || !line.is_crossed_by(from, here) {
                continue;
            }
            for passed in [&mut self.total, &mut self.passed] {
                match now {
                    Way::Right => passed.forward = passed.forward.saturating_add(1),
                    Way::Left => passed.backward = passed.backward.saturating_add(1),
                }
            }
            let is_asked = match direction {
                Direction::Forward => now == Way::Right,
                Direction::Backward => now == Way::Left,
                Direction::Both => true,
            };
            if is_asked {
                counted.push(track);
            }
        }
        self.follow.forget(frame.at.pts, REACH.time);
        self.verdict(line, *direction, frame, &counted)
    }

    /// True in the frames in which someone crosses.
    fn verdict(
        &mut self,
        line: &Line,
        direction: Direction,
        frame: &Frame<'_>,
        counted: &[&Track],
    ) -> Verdict {
        let mut verdict = Verdict::of(frame.at, counted.iter().copied());
        if counted.is_empty() {
            return verdict;
        }
        self.ids.append(&mut verdict.tracks);
        self.ids.sort_unstable();
        self.ids.dedup();
        self.ids.truncate(Evidence::MOST_TRACKS);
        let Passed { forward, backward } = self.passed;
        verdict.count = match direction {
            Direction::Forward => forward,
            Direction::Backward => backward,
            Direction::Both => forward.saturating_add(backward),
        };
        verdict.tracks.clone_from(&self.ids);
        let line = LineRef { id: line.id.clone(), name: line.name.clone() };
        verdict.with(Detail::Crossing { line, forward, backward })
    }
}

/// On which side `point` is, if it is far enough off the line for `track` to say.
fn certain_side(line: &Line, point: NormPoint, track: &Track) -> Option<(NormPoint, Way)> {
    let off = line.side(point);
    let band = BAND * track.rect.clipped().height();
    (off.abs() >= band).then_some((point, if off > 0.0 { Way::Right } else { Way::Left }))
}
