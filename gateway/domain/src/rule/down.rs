//! Person down: someone who stood, whose head comes down at once, and who then stays where they are.
//!
//! Detectors see lying people badly, so no box of a lying person is waited for. It is enough that one who stood shrinks from
//! the top and then lies, or shrinks from the top and is not seen any more though neither the picture's border nor a
//! vehicle can have hidden them. Who sits down keeps two thirds of their height; who bends gets up again. Someone who was
//! never seen upright is not noticed. Who squats is as low as someone who lies along the line of sight; they get up sooner.

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Known, Reach, Step, Trail},
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Evidence, Moment},
    detection::ObjectClass,
    geometry::{NormPoint, NormRect},
    time::{MediaDuration, Pts},
    track::Track,
};

/// A box is upright from this many times its breadth in height on …
const UPRIGHT: f32 = 1.3;
/// … and lies when it is no higher than this many times its breadth, …
const FLAT: f32 = 0.95;
/// … or, seen along the body and not upright, no higher than this share of who stood there.
const LOW: f32 = 0.45;
/// Heads come down by at least this share of the height. It tells a fall from legs that something hides.
const FALL: f32 = 0.3;
/// The same of someone of whom nothing is seen any more: the last boxes are of the beginning of the fall.
const BEGINNING: f32 = 0.2;
/// Who is low without being flat may squat: they must stay for so many times as long.
const PATIENCE: i64 = 2;
/// A fall takes no longer.
const FALLING: MediaDuration = MediaDuration::from_millis(1_500);
/// Upright no longer ago, someone has fallen; before that they have crouched, sat or lain down.
const RECENT: MediaDuration = MediaDuration::from_secs(4);
/// Unseen for this long, someone has vanished.
const VANISHED: MediaDuration = MediaDuration::from_millis(1_200);
/// Seen low for no longer, someone may have been on the move.
const MOMENT: MediaDuration = MediaDuration::from_millis(500);
/// Upright for a shorter time, someone else passed, and both were in one box.
const RISING: MediaDuration = MediaDuration::from_millis(500);
/// Nobody is looked for any longer.
const REMEMBERED: MediaDuration = MediaDuration::from_secs(120);
/// Who moves farther, in heights, is not still.
const STILL: f32 = 0.5;
/// Share of a box that something hides before nothing can be said of it.
const HIDDEN: f32 = 0.25;
/// A detector may box the upper half of somebody and their legs apart: the legs may reach down so many more of such a box.
const LEGS: f32 = 0.7;
/// Boxes that come this close to the picture's border may be cut by it.
const BORDER: f32 = 0.02;
/// How much of their reference height people lose in a second when they walk away.
const RECEDING: f32 = 0.1;
const REACH: Reach =
    Reach { time: MediaDuration::from_secs(30), heights: 0.8, heights_per_s: 0.0, swelling: 5.0 };

#[derive(Clone, Debug)]
struct Posture {
    /// Upright, in picture heights; 0 before they were ever seen so.
    height: f32,
    /// Where the head was when last upright.
    head: NormPoint,
    upright: Pts,
    /// Heads of the last moments, each with the height of its box.
    trail: Trail,
    /// Shares of the picture's width per second, when last seen.
    drift: f32,
    has_moved: bool,
    down: Option<Down>,
}

#[derive(Clone, Copy, Debug)]
struct Down {
    since: Pts,
    /// Where they lie.
    place: NormPoint,
    /// First box of them low; later than they were last seen when there was none.
    low: Pts,
    /// They may as well squat.
    is_doubtful: bool,
    /// Since when they are upright again.
    risen: Option<Pts>,
}

impl Down {
    fn needs(&self, still: MediaDuration) -> MediaDuration {
        if self.is_doubtful { MediaDuration(still.0.saturating_mul(PATIENCE)) } else { still }
    }
}

/// How everyone holds themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Fallen {
    follow: Follow<Posture>,
}

impl Fallen {
    /// Someone is down, or was seen to go down.
    pub(super) fn is_counting(&self) -> bool {
        self.follow.known.iter().any(|known| known.of.down.is_some())
    }

    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::PersonDown { still } = config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        let at = frame.at.pts;
        for track in frame.seen().filter(|track| track.class == ObjectClass::Person) {
            // Who comes to help is not the one who lies there and got up.
            let may_be = |known: &Known<Posture>| {
                let is_near = || track.origin.foot().distance(known.rect.foot()) <= STILL * known.of.height;
                known.of.down.is_none() || !is_upright(&track.rect) || is_near()
            };
            let posture = &mut self.follow.meet_where(track, frame, REACH, may_be, || Posture::new(track)).of;
            posture.see(track, at);
        }
        for known in &mut self.follow.known {
            known.of.miss(&known.rect, known.seen, frame);
        }
        self.follow.known.retain(|known| {
            let kept = if known.of.down.is_some() { REMEMBERED } else { RECENT };
            at - known.seen <= kept
        });
        let lying: Vec<_> = self
            .follow
            .known
            .iter()
            .filter_map(|known| known.of.down.map(|down| (known, down)))
            .filter(|(known, down)| {
                at - down.since >= down.needs(still)
                    && (known.of.has_moved || !config.must_have_moved)
                    && config.zone.as_ref().is_none_or(|zone| zone.holds(ObjectClass::Person, &known.rect))
            })
            .collect();
        let since: Option<Moment> =
            lying.iter().map(|(_, down)| down.since).min().map(|pts| frame.moment_of(pts));
        let mut verdict = Verdict::of(frame.at, lying.iter().filter_map(|(known, _)| frame.track(known.id)));
        verdict.class = ObjectClass::Person;
        verdict.count = u32::try_from(lying.len()).unwrap_or(u32::MAX);
        if verdict.tracks.is_empty() {
            // Not in sight: the box to show is the last one.
            verdict.tracks = lying.iter().map(|(known, _)| known.id).collect();
            verdict.tracks.sort_unstable();
            verdict.tracks.truncate(Evidence::MOST_TRACKS);
        }
        verdict.since(since).with(Detail::Stay { limit: still })
    }
}

impl Posture {
    fn new(track: &Track) -> Self {
        Self {
            height: 0.0,
            head: head(&track.rect),
            upright: track.first_seen,
            trail: Trail::default(),
            drift: 0.0,
            has_moved: false,
            down: None,
        }
    }

    /// Takes a detection of them.
    fn see(&mut self, track: &Track, at: Pts) {
        let rect = &track.rect;
        self.has_moved |= track.has_moved();
        self.drift = track.velocity.x;
        let previous = self.trail.steps().next_back().map_or(at, |step| step.at);
        let step = Step { at, point: head(rect), size: rect.height() };
        self.trail.push(step, FALLING);
        let is_low = is_flat(rect) || (rect.height() <= LOW * self.height && !is_upright(rect));
        if is_upright(rect) && rect.height() >= (1.0 - FALL) * self.height {
            if let Some(down) = &mut self.down
                && at - *down.risen.get_or_insert(at) < RISING
            {
                return;
            }
            let kept = self.height * (1.0 - RECEDING * super::follow::seconds(at - previous)).max(0.5);
            self.height = rect.height().max(kept);
            self.head = head(rect);
            self.upright = at;
            self.down = None;
            return;
        }
        if let Some(down) = &mut self.down {
            if rect.centre().distance(down.place) > STILL * self.height {
                (down.since, down.place) = (at, rect.centre());
            }
            down.is_doubtful &= !is_flat(rect);
            if is_low {
                down.risen = None;
            }
            return;
        }
        let has_dropped = head(rect).y - self.head.y >= FALL * self.height;
        let is_known = self.height > 0.0 && at - self.upright <= RECENT;
        if is_known && is_low && has_dropped && !is_cut(rect) {
            let is_doubtful = !is_flat(rect);
            let (since, place) = (self.upright, rect.centre());
            self.down = Some(Down { since, place, low: at, is_doubtful, risen: None });
        }
    }

    /// Takes a frame in which they may not be seen.
    fn miss(&mut self, rect: &NormRect, seen: Pts, frame: &Frame<'_>) {
        let at = frame.at.pts;
        let is_due = at - seen >= VANISHED && at - seen <= VANISHED + VANISHED;
        // Who was on the way out has left by now.
        let way = self.drift * super::follow::seconds(at - seen);
        let now = NormRect { x0: rect.x0 + way, x1: rect.x1 + way, ..*rect };
        if is_due && is_cut(&now) && self.down.is_some_and(|down| seen - down.low <= MOMENT) {
            self.down = None;
        }
        // Low and yet upright, a box is of their legs alone.
        let is_legs = rect.height() <= LOW * self.height && is_upright(rect);
        let is_explained = self.height <= 0.0 || is_cut(rect) || is_cut(&now) || is_legs;
        if self.down.is_some() || !is_due || is_explained {
            return;
        }
        // … or by somebody who stands there, and may be the same person in another box.
        let hides = |track: &Track| {
            let is_other = track.class == ObjectClass::Person && !track.is_coasting(at);
            let whole = with_legs(&track.rect);
            let stands = || is_upright(&track.rect) || (track.rect.y0 < rect.y0 && is_upright(&whole));
            (track.class.is_vehicle() && rect.covered_by(&track.rect) >= HIDDEN)
                || (is_other && stands() && rect.covered_by(&whole) >= HIDDEN)
        };
        let is_hidden = frame.tracks.iter().any(hides);
        let steps: Vec<&Step> = self.trail.steps().collect();
        let tallest = steps.iter().max_by(|a, b| a.size.total_cmp(&b.size));
        if let (Some(tallest), Some(last), false) = (tallest, steps.last(), is_hidden) {
            let drop = last.point.y - tallest.point.y;
            let shrinking = tallest.size - last.size;
            if drop.min(shrinking) >= BEGINNING * self.height && seen - self.upright <= FALLING {
                let since = self.upright.min(seen);
                let place = rect.centre();
                self.down = Some(Down { since, place, low: at, is_doubtful: false, risen: None });
            }
        }
    }
}

fn head(rect: &NormRect) -> NormPoint {
    NormPoint { x: rect.centre().x, y: rect.y0 }
}

fn with_legs(rect: &NormRect) -> NormRect {
    NormRect { y1: rect.y1 + LEGS * rect.height(), ..*rect }
}

fn is_flat(rect: &NormRect) -> bool {
    rect.height() <= FLAT * rect.breadth()
}

fn is_upright(rect: &NormRect) -> bool {
    rect.height() >= UPRIGHT * rect.breadth()
}

fn is_cut(rect: &NormRect) -> bool {
    rect.x0 < BORDER || rect.y0 < BORDER || rect.x1 > 1.0 - BORDER || rect.y1 > 1.0 - BORDER
}
