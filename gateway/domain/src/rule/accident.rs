//! Suspected traffic accidents: signs that add up, none of which is enough alone.
//!
//! No classifier of crashes is promised: published ones are weak on cameras like ours. What can be seen is that two come at
//! each other and touch on the ground, that one goes from fast to standing at once, that both then stand where they met,
//! that someone lies there, that people come and stay. Cars that pass each other touch in the picture but drive on; cars
//! that queue come to stand without haste; who brakes hard touches nobody.
//!
//! Lengths are in sizes of the vehicle (the square root of its box), so that near and far ones are treated alike.

use super::{
    RuleConfig, RuleKind,
    follow::{Follow, Known, Reach, Step, Trail, seconds},
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Evidence, Moment, Sign},
    detection::{ClassGroup, ObjectClass},
    geometry::{Confidence, NormRect},
    ids::TrackId,
    time::{MediaDuration, Pts},
};

/// How much of a vehicle's way is remembered.
const WINDOW: MediaDuration = MediaDuration::from_millis(2_400);
/// A speed is that of so much time.
const SPAN: MediaDuration = MediaDuration::from_millis(500);
/// An abrupt stop: this slow now, and [`fast`] at most [`BRAKING`] ago.
const SLOW: f32 = 0.25;
const BRAKING: MediaDuration = MediaDuration::from_millis(1_200);
/// Two have come at each other when their middles are nearer by this much than [`COMING`] ago.
const CLOSER: f32 = 0.6;
const COMING: MediaDuration = MediaDuration::from_millis(1_800);
/// They touch when the lower parts of their boxes, which stand on the ground, are no farther apart.
const TOUCH: f32 = 0.2;
/// The same of two of which one hides where the other stands, as seen along the way of who runs into a rear: what is hidden is
/// guessed, and of the nearer one more than its lower part is ground.
const TOUCH_BEHIND: f32 = 0.3;
/// Which part of a box stands on the ground.
const FOOTPRINT: f32 = 0.55;
/// Whose box ends in the box of one that stands nearer, or so much of its own height above it, is hidden by that one from
/// there on …
const ABOVE: f32 = 0.15;
/// … if so much of its breadth is behind it.
const BEHIND: f32 = 0.5;
/// A stop belongs to a contact that happened so shortly before or after.
const TOGETHER: MediaDuration = MediaDuration::from_millis(2_500);
/// Both have stood for so long where they met: halted.
const HALTED: MediaDuration = MediaDuration::from_secs(3);
/// Vehicles farther from the place have left it.
const THERE: f32 = 1.2;
/// Nobody of the two has been there for so long: it is over, or it was none.
const GONE: MediaDuration = MediaDuration::from_secs(6);
/// Nothing is remembered for longer.
const REMEMBERED: MediaDuration = MediaDuration::from_secs(600);
/// People within so many of their own heights are there …
const BESIDE: f32 = 1.2;
/// … and stay when they are there for so long.
const STAYS: MediaDuration = MediaDuration::from_secs(3);
/// Without a contact and without anyone lying there, the rest is worth no more than this.
const CIRCUMSTANTIAL: f32 = 0.5;
const REACH: Reach = Reach::new(3_000, 0.6, 1.0);

/// What a sign is worth.
const fn worth(sign: Sign) -> f32 {
    match sign {
        Sign::PersonDown => 0.35,
        Sign::AbruptStop => 0.3,
        Sign::Contact => 0.2,
        Sign::Halted => 0.15,
        Sign::Bystander | Sign::Bystanders => 0.1,
        Sign::BothAbrupt => 0.05,
    }
}

/// Speed before an abrupt stop. Who brakes in comfort loses up to 2.5 m/s each second, so 3 m/s within [`BRAKING`]; a
/// collision takes all there is in half a second. A car's box measures 2.3 m from the side and less from the front, that of
/// a cycle with its rider 1.4 m.
const fn fast(group: ClassGroup) -> f32 {
    match group {
        ClassGroup::Cycle => 2.5,
        ClassGroup::Person
        | ClassGroup::Vehicle
        | ClassGroup::Animal
        | ClassGroup::Fire
        | ClassGroup::Smoke
        | ClassGroup::Other => 1.6,
    }
}

#[derive(Clone, Debug)]
struct Mover {
    /// The same under every id that the tracker gives it.
    key: u64,
    trail: Trail,
    /// When it last came to stand at once.
    abrupt: Option<Pts>,
    /// Height of its box over the breadth, when nothing that moves last hid what stands on the ground.
    shape: Option<f32>,
}

/// Someone near a place.
#[derive(Clone, Copy, Debug)]
struct Beside {
    id: TrackId,
    since: Pts,
    last: Pts,
    lies_since: Option<Pts>,
}

/// Something that may be an accident.
#[derive(Clone, Debug)]
struct Collision {
    /// Keys of the movers; a stop alone has one.
    pair: (u64, Option<u64>),
    place: NormRect,
    size: f32,
    since: Pts,
    /// Last time one of the two was there.
    there: Pts,
    /// One of the two drove on.
    has_parted: bool,
    /// Since when all that are in sight stand.
    standing: Option<Pts>,
    signs: Vec<Sign>,
    beside: Vec<Beside>,
    ids: Vec<TrackId>,
}

/// All that may be accidents.
#[derive(Clone, Debug, Default)]
pub(super) struct Collisions {
    follow: Follow<Mover>,
    next_key: u64,
    suspected: Vec<Collision>,
}

impl Collisions {
    /// Something may be an accident: its signs are still to come.
    pub(super) const fn is_counting(&self) -> bool {
        !self.suspected.is_empty()
    }

    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::Accident { least_score } = config.kind else {
            return Verdict::of(frame.at, std::iter::empty());
        };
        self.move_on(frame);
        self.suspect(config, frame);
        let at = frame.at.pts;
        for collision in &mut self.suspected {
            collision.judge(&self.follow.known, frame);
        }
        self.suspected.retain(|it| {
            let is_over = it.has_parted && !it.has(Sign::PersonDown);
            !is_over && at - it.there <= GONE && at - it.since <= REMEMBERED
        });
        let found: Vec<_> = self
            .suspected
            .iter()
            .filter(|it| it.score() >= least_score.value() && it.has_one_there(at))
            .collect();
        let best = found.iter().max_by(|a, b| a.score().total_cmp(&b.score()));
        let mut verdict = Verdict::of(frame.at, std::iter::empty());
        let Some(best) = best else { return verdict };
        let since: Option<Moment> = found.iter().map(|it| it.since).min().map(|pts| frame.moment_of(pts));
        verdict.count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        verdict.class = frame.track(best.ids[0]).map_or(ObjectClass::Car, |track| track.class);
        verdict.score = Confidence::new(best.score());
        verdict.tracks = found.iter().flat_map(|it| it.ids.iter().copied()).collect();
        verdict.tracks.sort_unstable();
        verdict.tracks.dedup();
        verdict.tracks.truncate(Evidence::MOST_TRACKS);
        verdict.since(since).with(Detail::Accident { signs: best.signs.clone() })
    }

    /// Follows every vehicle and cycle, and notices who comes to stand at once.
    fn move_on(&mut self, frame: &Frame<'_>) {
        let at = frame.at.pts;
        for track in frame.seen().filter(|track| moves(track.class)) {
            let next = self.next_key;
            let first = || Mover { key: next, trail: Trail::default(), abrupt: None, shape: None };
            let is_hidden = frame.seen().any(|other| {
                other.id != track.id && moves(other.class) && ends_behind(&track.rect, &other.rect)
            });
            let mover = &mut self.follow.meet(track, frame, REACH, first).of;
            self.next_key += u64::from(mover.key == next);
            let step = Step { at, point: track.rect.centre(), size: size(&track.rect) };
            mover.trail.push(step, WINDOW);
            if !is_hidden {
                mover.shape = Some(track.rect.height() / track.rect.breadth().max(1e-3));
            }
            if mover.has_stopped_at_once(fast(track.class.group())) {
                mover.abrupt.get_or_insert(at);
            } else if mover.speed().is_some_and(|speed| speed > 2.0 * SLOW) {
                mover.abrupt = None;
            }
        }
        self.follow.forget(at, REACH.time + GONE);
    }

    /// New contacts, and new stops without one.
    fn suspect(&mut self, config: &RuleConfig, frame: &Frame<'_>) {
        let at = frame.at.pts;
        let is_in_zone =
            |rect: &NormRect| config.zone.as_ref().is_none_or(|zone| zone.holds(ObjectClass::Car, rect));
        let seen: Vec<&Known<Mover>> = self.follow.known.iter().filter(|known| known.seen == at).collect();
        let mut new = Vec::new();
        for (i, a) in seen.iter().enumerate() {
            for b in &seen[i + 1..] {
                let is_there = is_in_zone(&a.rect) || is_in_zone(&b.rect);
                if is_there && touch(a, b) && have_come_closer(a, b) {
                    new.push(Collision::of(a, Some(b), at));
                }
            }
            if a.of.abrupt == Some(at) && is_in_zone(&a.rect) {
                new.push(Collision::of(a, None, at));
            }
        }
        for collision in new {
            let (a, b) = collision.pair;
            let is_known = self.suspected.iter().any(|it| {
                let keys = [Some(it.pair.0), it.pair.1];
                keys.contains(&Some(a)) && (b.is_none() || keys.contains(&b))
            });
            if !is_known {
                // A contact says more than the stop of one of the two that came just before.
                self.suspected.retain(|it| {
                    b.is_none() || it.pair.1.is_some() || ![Some(a), b].contains(&Some(it.pair.0))
                });
                self.suspected.push(collision);
            }
        }
    }
}

impl Mover {
    /// Sizes per second over the last moment; `None` when it is not known.
    fn speed(&self) -> Option<f32> {
        let (first, last) = self.trail.ends(SPAN + MediaDuration::from_millis(50))?;
        (last.at > first.at).then(|| speed(&first, &last))
    }

    fn has_stopped_at_once(&self, fast: f32) -> bool {
        let Some(last) = self.trail.steps().next_back() else { return false };
        if self.speed().is_none_or(|speed| speed > SLOW) {
            return false;
        }
        let steps: Vec<&Step> = self.trail.steps().filter(|step| last.at - step.at <= BRAKING).collect();
        let fastest = steps.iter().filter_map(|from| {
            let to = steps.iter().find(|to| to.at - from.at >= SPAN)?;
            Some(speed(from, to))
        });
        fastest.fold(0.0, f32::max) >= fast
    }
}

impl Collision {
    fn of(a: &Known<Mover>, b: Option<&Known<Mover>>, at: Pts) -> Self {
        let place = b.map_or(a.rect, |b| a.rect.union(&b.rect));
        let size = b.map_or_else(|| size(&a.rect), |b| size(&a.rect).max(size(&b.rect)));
        let mut ids = vec![a.id];
        ids.extend(b.map(|b| b.id));
        Self {
            pair: (a.of.key, b.map(|b| b.of.key)),
            place,
            size,
            since: at,
            there: at,
            has_parted: false,
            standing: None,
            signs: b.map(|_| Sign::Contact).into_iter().collect(),
            beside: Vec::new(),
            ids,
        }
    }

    fn score(&self) -> f32 {
        let sum: f32 = self.signs.iter().map(|&sign| worth(sign)).sum();
        let is_grounded = self.signs.iter().any(|sign| matches!(sign, Sign::Contact | Sign::PersonDown));
        if is_grounded { sum.min(1.0) } else { sum.min(CIRCUMSTANTIAL) }
    }

    fn has_one_there(&self, at: Pts) -> bool {
        self.there == at || at - self.there <= STAYS
    }

    fn has(&self, sign: Sign) -> bool {
        self.signs.contains(&sign)
    }

    fn note(&mut self, sign: Sign, is_so: bool) {
        if is_so && !self.has(sign) {
            self.signs.push(sign);
        }
    }

    /// Takes one frame.
    fn judge(&mut self, known: &[Known<Mover>], frame: &Frame<'_>) {
        let at = frame.at.pts;
        let keys = [Some(self.pair.0), self.pair.1];
        let both: Vec<&Known<Mover>> = known.iter().filter(|it| keys.contains(&Some(it.of.key))).collect();
        let is_there = |it: &&&Known<Mover>| {
            it.rect.centre().distance(self.place.centre()) <= THERE * self.size.max(1e-3)
        };
        let there: Vec<&&Known<Mover>> = both.iter().filter(is_there).collect();
        self.has_parted |= both.iter().any(|it| it.seen == at && !is_there(&it));
        if there.iter().any(|it| it.seen == at) {
            self.there = at;
        }
        let stops: Vec<Pts> = both.iter().filter_map(|it| it.of.abrupt).collect();
        let belongs = |stop: &&Pts| (**stop - self.since).0.abs() <= TOGETHER.0;
        let n_abrupt = stops.iter().filter(belongs).count();
        let n_there = there.len();
        let all_stand = there.iter().all(|it| it.of.speed().is_none_or(|speed| speed <= SLOW));
        let expected = keys.iter().flatten().count();
        // One of two that have run into each other is often no longer seen as a thing of its own.
        let is_standing = n_there > 0 && all_stand && (n_there == expected || both.len() < expected);
        for it in &both {
            if !self.ids.contains(&it.id) && self.ids.len() < Evidence::MOST_TRACKS {
                self.ids.push(it.id);
            }
        }
        self.note(Sign::AbruptStop, n_abrupt > 0);
        self.note(Sign::BothAbrupt, n_abrupt > 1);
        if is_standing {
            let since = *self.standing.get_or_insert(at);
            self.note(Sign::Halted, self.has(Sign::Contact) && at - since >= HALTED);
        } else {
            self.standing = None;
        }
        self.people(frame);
    }

    fn people(&mut self, frame: &Frame<'_>) {
        let at = frame.at.pts;
        for track in frame.seen().filter(|track| track.class == ObjectClass::Person) {
            let reach = BESIDE * track.rect.height().max(0.5 * self.size);
            // Who sits in a vehicle or on a cycle was there before; who comes has feet on the road.
            if track.rect.gap(&self.place) > reach {
                continue;
            }
            let is_flat = track.rect.breadth() > 1.1 * track.rect.height();
            let index = self.beside.iter().position(|it| it.id == track.id);
            let index = index.unwrap_or_else(|| {
                self.beside.push(Beside { id: track.id, since: at, last: at, lies_since: None });
                self.beside.len() - 1
            });
            let it = &mut self.beside[index];
            it.last = at;
            it.lies_since = if is_flat { it.lies_since.or(Some(at)) } else { None };
        }
        self.beside.retain(|it| at - it.last <= STAYS);
        let from = self.since + MediaDuration::from_millis(500);
        let came = |it: &&Beside| it.since >= from && it.last - it.since >= STAYS && it.lies_since.is_none();
        let n_came = self.beside.iter().filter(came).count();
        let lies =
            |it: &Beside| it.lies_since.is_some_and(|since| it.last - since >= MediaDuration::from_secs(1));
        let someone_lies = self.beside.iter().any(lies);
        let ids: Vec<TrackId> = self.beside.iter().filter(|it| lies(it)).map(|it| it.id).collect();
        self.ids.extend(ids.into_iter().filter(|id| !self.ids.contains(id)).collect::<Vec<_>>());
        self.note(Sign::PersonDown, someone_lies);
        self.note(Sign::Bystander, n_came > 0);
        self.note(Sign::Bystanders, n_came > 1);
    }
}

fn moves(class: ObjectClass) -> bool {
    class.is_vehicle() || class.group() == ClassGroup::Cycle
}

/// In picture heights.
fn size(rect: &NormRect) -> f32 {
    (rect.height() * rect.breadth()).sqrt().max(1e-3)
}

/// Sizes per second.
fn speed(from: &Step, to: &Step) -> f32 {
    to.point.distance(from.point) / f32::midpoint(from.size, to.size).max(1e-3) / seconds(to.at - from.at)
}

/// Whether the lower part of what has the box `rect` is hidden by what has the box `front`.
fn ends_behind(rect: &NormRect, front: &NormRect) -> bool {
    let slack = ABOVE * rect.height();
    let common = rect.x1.min(front.x1) - rect.x0.max(front.x0);
    rect.y1 + slack >= front.y0 && rect.y1 + slack < front.y1 && common >= BEHIND * rect.width()
}

impl Known<Mover> {
    /// Its box as high as it was before `front` hid the lower part; `None` where it hides none.
    fn whole(&self, front: &NormRect) -> Option<NormRect> {
        let rect = self.rect;
        let shape = self.of.shape.filter(|_| ends_behind(&rect, front))?;
        Some(NormRect { y1: (rect.y0 + shape * rect.breadth()).min(front.y1).max(rect.y1), ..rect })
    }
}

/// The part of a box that stands on the ground.
fn footprint(rect: &NormRect) -> NormRect {
    NormRect { y0: rect.y1 - FOOTPRINT * rect.height(), ..*rect }
}

fn touch(a: &Known<Mover>, b: &Known<Mover>) -> bool {
    let (behind_b, behind_a) = (a.whole(&b.rect), b.whole(&a.rect));
    let limit = if behind_a.or(behind_b).is_some() { TOUCH_BEHIND } else { TOUCH };
    let (a, b) = (behind_b.unwrap_or(a.rect), behind_a.unwrap_or(b.rect));
    footprint(&a).gap(&footprint(&b)) <= limit * size(&a).min(size(&b))
}

/// They were farther from each other a moment ago, and one of them was under way.
fn have_come_closer(a: &Known<Mover>, b: &Known<Mover>) -> bool {
    let (Some((a_then, a_now)), Some((b_then, b_now))) = (a.of.trail.ends(COMING), b.of.trail.ends(COMING))
    else {
        return false;
    };
    let least = a_now.size.min(b_now.size);
    let then = a_then.point.distance(b_then.point);
    let now = a_now.point.distance(b_now.point);
    then - now >= CLOSER * least
}
