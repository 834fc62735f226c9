//! Loitering: how long one and the same thing has been in the zone.

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Reach},
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Moment},
    time::{MediaDuration, Pts},
};

/// Who leaves the zone for no longer has not left: feet on its edge are in and out at every frame.
const OUTSIDE: MediaDuration = MediaDuration::from_secs(5);
/// Who is out of sight is still there for so long.
const UNSEEN: MediaDuration = MediaDuration::from_secs(2);
/// Behind a passing lorry someone on foot comes out a few heights away.
const REACH: Reach = Reach::new(10_000, 0.7, 0.5);

#[derive(Clone, Copy, Debug)]
struct Visit {
    came: Pts,
    /// Last time in the zone.
    inside: Pts,
    has_moved: bool,
}

/// Who is in the zone, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Loiterers {
    follow: Follow<Visit>,
}

impl Loiterers {
    /// Someone who has moved is in the zone.
    pub(super) fn is_counting(&self) -> bool {
        self.follow.known.iter().any(|known| known.of.has_moved)
    }

    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::Loitering { stay, .. } = config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        let at = frame.at.pts;
        let is_inside = |track: &&crate::track::Track| {
            config.kind.counts(track.class)
                && config.zone.as_ref().is_none_or(|zone| zone.holds(track.class, &track.rect))
        };
        for track in frame.seen().filter(is_inside) {
            let first = || Visit { came: at, inside: at, has_moved: false };
            let visit = &mut self.follow.meet(track, frame, REACH, first).of;
            visit.inside = at;
            visit.has_moved |= track.has_moved();
        }
        // `seen` moves on only inside the zone, so whoever left it is forgotten too.
        self.follow.known.retain(|known| {
            let is_outside =
                frame.track(known.id).is_some_and(|track| !track.is_coasting(at) && !is_inside(&track));
            at - known.of.inside <= if is_outside { OUTSIDE } else { REACH.time }
        });
        let long: Vec<_> = self
            .follow
            .known
            .iter()
            .filter(|known| {
                let visit = known.of;
                at - visit.inside <= UNSEEN
                    && visit.inside - visit.came >= stay
                    && (visit.has_moved || !config.must_have_moved)
            })
            .collect();
        let since: Option<Moment> =
            long.iter().map(|known| known.of.came).min().map(|pts| frame.moment_of(pts));
        let tracks = long.iter().filter_map(|known| frame.track(known.id));
        let mut verdict = Verdict::of(frame.at, tracks);
        verdict.count = u32::try_from(long.len()).unwrap_or(u32::MAX);
        verdict.since(since).with(Detail::Stay { limit: stay })
    }
}
