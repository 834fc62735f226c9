//! Stopped vehicles: one that came by itself and stands where traffic should flow.
//!
//! A queue is not that: where three or more stand at the same time, it takes three times as long. A light that stays red
//! for longer than the rule's time must lie outside its zone all the same, or a lone car before it raises an alarm.

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Known, Reach},
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Moment},
    geometry::NormRect,
    time::{MediaDuration, Pts},
    track::Rest,
};

/// So many that stand at once are a queue …
const QUEUE: usize = 3;
/// … for which the time counts so many times.
const PATIENCE: i64 = 3;
/// Who has stood for this long is one of the queue.
const STANDS: MediaDuration = MediaDuration::from_secs(2);
/// Hidden for no longer, it is still there.
const UNSEEN: MediaDuration = MediaDuration::from_secs(3);
/// Of what is lower, in picture heights, or is cut by the border, nobody can tell whether it stands: traffic at the horizon
/// hardly moves.
const LEAST_HEIGHT: f32 = 0.035;
const BORDER: f32 = 0.005;
/// What stands is found where it was, however long something stood before it.
const REACH: Reach = Reach::new(60_000, 0.35, 0.0);

#[derive(Clone, Copy, Debug)]
struct Stop {
    rest: Rest,
    has_moved: bool,
    is_in_zone: bool,
    /// The stop in which it was one of a queue: the last of a queue to drive off was in it too.
    queued: Option<Pts>,
}

impl Stop {
    fn was_queued(&self) -> bool {
        self.queued == Some(self.rest.since)
    }
}

/// Which vehicles stand, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    follow: Follow<Stop>,
}

impl Standing {
    /// Something that came by itself stands in the zone.
    pub(super) fn is_counting(&self) -> bool {
        let stands =
            |stop: &Stop, seen: Pts| stop.has_moved && stop.is_in_zone && seen - stop.rest.since >= STANDS;
        self.follow.known.iter().any(|known| stands(&known.of, known.seen))
    }

    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::StoppedVehicle { stay } = config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        let at = frame.at.pts;
        for track in frame.seen().filter(|track| config.kind.counts(track.class)) {
            if !is_whole(&track.rect) {
                // It cannot begin to stand there, but what it does ends a stop.
                for known in self.follow.known.iter_mut().filter(|known| known.id == track.id) {
                    known.of.rest.observe(&track.rect, at);
                }
                continue;
            }
            let rest = Rest::new(track.rect, track.still_since);
            let first = || Stop { rest, has_moved: false, is_in_zone: false, queued: None };
            // Only what stood can have been hidden meanwhile: in dense traffic another car is soon where one was lost.
            let stood = |known: &Known<Stop>| known.seen - known.of.rest.since >= STANDS.min(stay);
            let stop = &mut self.follow.meet_where(track, frame, REACH, stood, first).of;
            stop.rest.observe(&track.rect, at);
            stop.has_moved |= track.has_moved();
            stop.is_in_zone = config.zone.as_ref().is_none_or(|zone| zone.holds(track.class, &track.rect));
        }
        self.follow.forget(at, REACH.time);
        let stands = |known: &Known<Stop>| {
            let stop = &known.of;
            stop.is_in_zone
                && (stop.has_moved || !config.must_have_moved)
                && at - known.seen <= UNSEEN
                && known.seen - stop.rest.since >= STANDS.min(stay)
        };
        if self.follow.known.iter().filter(|known| stands(known)).count() >= QUEUE {
            for known in self.follow.known.iter_mut().filter(|known| stands(known)) {
                known.of.queued = Some(known.of.rest.since);
            }
        }
        let patient = MediaDuration(stay.0.saturating_mul(PATIENCE));
        let needed = |stop: &Stop| if stop.was_queued() { patient } else { stay };
        let long: Vec<_> = self
            .follow
            .known
            .iter()
            .filter(|known| stands(known) && known.seen - known.of.rest.since >= needed(&known.of))
            .collect();
        let limit = long.iter().map(|known| needed(&known.of)).min().unwrap_or(stay);
        let since: Option<Moment> =
            long.iter().map(|known| known.of.rest.since).min().map(|pts| frame.moment_of(pts));
        let mut verdict = Verdict::of(frame.at, long.iter().filter_map(|known| frame.track(known.id)));
        verdict.count = u32::try_from(long.len()).unwrap_or(u32::MAX);
        verdict.since(since).with(Detail::Stay { limit })
    }
}

fn is_whole(rect: &NormRect) -> bool {
    let is_inside = rect.x0 > BORDER && rect.y0 > BORDER && rect.x1 < 1.0 - BORDER && rect.y1 < 1.0 - BORDER;
    is_inside && rect.height() >= LEAST_HEIGHT
}
