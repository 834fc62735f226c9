//! Left objects: a thing without a class that appears beside a person, who then goes without it.
//!
//! Such things come from the pixels (or from a model that knows bags). What appears with nobody near is light, leaves or a
//! door; what stands beside its owner is luggage.

use std::collections::VecDeque;

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Known, Reach},
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Moment},
    detection::ObjectClass,
    geometry::NormRect,
    ids::TrackId,
    time::{MediaDuration, Pts},
    track::Rest,
};

/// Its owner was near at most so long before it appeared: a body hides it at first, and pixels take their time.
const BEFORE: MediaDuration = MediaDuration::from_secs(8);
/// … or comes into sight so long after.
const AFTER: MediaDuration = MediaDuration::from_secs(3);
/// Whoever puts a thing down is this near, in their own heights.
const AT_HAND: f32 = 0.5;
/// Whoever is this near and belongs to it, or stands there, looks after it.
const NEAR: f32 = 1.5;
/// Who has stood for so long is no passer-by.
const STANDS: MediaDuration = MediaDuration::from_secs(3);
/// Hidden for no longer, it is still there.
const UNSEEN: MediaDuration = MediaDuration::from_secs(5);
const REACH: Reach = Reach::new(30_000, 0.6, 0.0);
/// Things do not walk: only one that stood is found again, and what shares less of its box with it is another.
const SAME_PLACE: f32 = 0.5;

#[derive(Clone, Debug)]
struct Thing {
    appeared: Pts,
    rest: Rest,
    owner: Option<TrackId>,
    /// Last time somebody looked after it.
    attended: Pts,
}

/// Where a person was.
#[derive(Clone, Copy, Debug)]
struct Passing {
    at: Pts,
    id: TrackId,
    rect: NormRect,
}

/// Things that stand, and people who were near.
#[derive(Clone, Debug, Default)]
pub(super) struct Placed {
    follow: Follow<Thing>,
    people: VecDeque<Passing>,
}

impl Placed {
    /// Something that somebody put down is there.
    pub(super) fn is_counting(&self) -> bool {
        self.follow.known.iter().any(|known| known.of.owner.is_some())
    }

    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::LeftObject { stay } = config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        let at = frame.at.pts;
        for person in frame.seen().filter(|track| track.class == ObjectClass::Person) {
            self.people.push_back(Passing { at, id: person.id, rect: person.rect });
        }
        while self.people.front().is_some_and(|passing| at - passing.at > BEFORE + AFTER) {
            self.people.pop_front();
        }
        for track in frame.seen().filter(|track| config.kind.counts(track.class)) {
            let first = || Thing {
                appeared: track.first_seen,
                rest: Rest::new(track.rect, track.still_since),
                owner: None,
                attended: track.first_seen,
            };
            let is_there = |known: &Known<Thing>| {
                let stood = known.seen - known.of.rest.since >= STANDS.min(stay);
                stood && known.rect.iou(&track.rect) >= SAME_PLACE
            };
            let thing = &mut self.follow.meet_where(track, frame, REACH, is_there, first).of;
            thing.rest.observe(&track.rect, at);
            if thing.owner.is_none() && at - thing.appeared <= AFTER {
                thing.owner = owner(&self.people, thing.appeared, &track.rect);
            }
            let is_attended = frame.seen().any(|person| {
                person.class == ObjectClass::Person
                    && (Some(person.id) == thing.owner || person.stood() >= STANDS)
                    && person.rect.gap(&track.rect) <= NEAR * person.rect.height()
            });
            if is_attended {
                thing.attended = at;
            }
        }
        self.follow.forget(at, REACH.time);
        let alone_since = |thing: &Thing| thing.attended.max(thing.rest.since);
        let left: Vec<_> = self
            .follow
            .known
            .iter()
            .filter(|known| {
                known.of.owner.is_some()
                    && at - known.seen <= UNSEEN
                    && known.seen - alone_since(&known.of) >= stay
                    && config.zone.as_ref().is_none_or(|zone| zone.holds(ObjectClass::Other, &known.rect))
            })
            .collect();
        let since: Option<Moment> =
            left.iter().map(|known| alone_since(&known.of)).min().map(|pts| frame.moment_of(pts));
        let mut verdict = Verdict::of(frame.at, left.iter().filter_map(|known| frame.track(known.id)));
        verdict.count = u32::try_from(left.len()).unwrap_or(u32::MAX);
        verdict.since(since).with(Detail::Stay { limit: stay })
    }
}

/// The nearest person who may have put down what appeared at `rect`, and is larger than it.
fn owner(people: &VecDeque<Passing>, appeared: Pts, rect: &NormRect) -> Option<TrackId> {
    let may_be = |passing: &&Passing| {
        appeared - passing.at <= BEFORE
            && passing.rect.gap(rect) <= AT_HAND * passing.rect.height()
            && rect.height() < passing.rect.height()
            && rect.area() < passing.rect.area()
    };
    let nearest = people.iter().filter(may_be).min_by(|a, b| a.rect.gap(rect).total_cmp(&b.rect.gap(rect)));
    nearest.map(|passing| passing.id)
}
