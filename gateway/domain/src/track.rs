//! Detections of single frames become things over time (after ByteTrack, Zhang et al., ECCV 2022).
//!
//! Detections of any score continue known tracks, weak ones only where they overlap; only strong ones that are left over
//! begin new tracks. Two things differ from the paper. Everything is in media time: the same settings serve 2 and 15
//! frames per second, and frames may be missing. And strong and weak detections are assigned together: in two steps,
//! a track whose own detection is weak in this frame may first take its neighbour's strong one (measured on six people
//! side by side with dropouts and jitter: IDF1 0.68 in two steps and 0.84 in one at 2 fps, 0.89 and 0.94 at 5 fps).
//! Fed by `gateway::analyze` with one camera's frames in order; feeds [`crate::rule`]. No identity of a person is made
//! or kept: an id means nothing outside one camera and one session of the analysis.

mod assign;
mod motion;
#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

use self::{assign::assign, motion::Motion};
use crate::{
    detection::{ClassGroup, Detection, ObjectClass},
    geometry::{Confidence, NormPoint, NormRect},
    ids::TrackId,
    time::{MediaDuration, Pts},
};

/// A box that another covers by so much is of a part of it.
const PART: f32 = 0.8;
/// So many things that are only guessed at are followed.
const MOST_HINTS: usize = 32;
/// So many things are followed at all: time to assign grows with the cube of their number, and a detector that floods must not
/// stall the other cameras.
const MOST_CANDIDATES: usize = 400;
/// Of one class group, two boxes that share this much are one thing that the detector named twice (car and lorry).
const TWIN_IOU: f32 = 0.75;
/// Squared Mahalanobis distance that 1 % of true continuations exceed (χ², two degrees of freedom).
const GATE: f32 = 9.21;
/// What a track without a detection costs: no continuation may be dearer. A perfect one costs 0, the worst that is
/// possible at all 1.
const ALONE: f32 = 0.75;
/// What a weak detection costs more: a strong one is preferred where both fit.
const WEAK: f32 = 0.05;
/// A continuation may be at most this many times larger or smaller than expected, per side.
const MOST_SWELLING: f32 = 2.5;
/// Over a time longer than [`TrackerConfig::lost`] without any frame, only what has hardly moved is the same thing …
const SAME_PLACE: f32 = 0.5;
/// … and nothing is, over a longer one. The slowest analysis that a site may ask for is one frame in five seconds.
const MOST_LEAP: MediaDuration = MediaDuration::from_secs(12);
/// A box that comes this close to the picture's border is cut by it.
const BORDER: f32 = 0.01;
/// From this [`Track::travelled`] on a thing has moved: less than 0.55 of both boxes is shared, as after a step of a third
/// of its width. A weak detector's jitter on a thing that stands leaves more than 0.6, and so does hiding a third of it.
pub const MOVED: f32 = 0.45;
/// A thing stands as long as its box shares this much with where it came to rest: less than a fifth of a side away.
const STANDS: f32 = 0.65;
/// A box may be elsewhere for this long, half hidden by what passes, without the thing having left.
const STIRRED: MediaDuration = MediaDuration::from_millis(1_000);

/// How detections are joined. Scores are the detector's, so a model with other scores needs other values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackerConfig {
    /// From here on a detection is strong: it may begin a track.
    pub high: Confidence,
    /// Below this a detection is ignored.
    pub low: Confidence,
    /// Overlap with the expected box that always makes a continuation possible, and the only way for weak detections.
    pub match_iou: f32,
    /// How long a track that is out of sight may still be continued; a track of the frame before always may, however
    /// long ago that was.
    pub lost: MediaDuration,
    /// How long a track that is out of sight is still reported, at its expected place.
    pub coast: MediaDuration,
    /// How long weak detections alone carry on what stands. Furniture that the detector half takes for a person never begins
    /// a track, and must not keep the one of somebody who went by for ever.
    pub weak: MediaDuration,
    /// Detections before a track is reported at all; 1 reports at once.
    pub confirm_hits: u32,
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self {
            high: Confidence::new(0.35),
            low: Confidence::new(0.1),
            match_iou: 0.25,
            lost: MediaDuration::from_millis(3_000),
            coast: MediaDuration::from_millis(1_000),
            weak: MediaDuration::from_secs(30),
            confirm_hits: 2,
        }
    }
}

/// One thing over time, as of the last update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Never used for another thing by the same tracker.
    pub id: TrackId,
    /// What most of its detections said, weighted by their scores.
    pub class: ObjectClass,
    /// Score of its latest detection.
    pub confidence: Confidence,
    /// Where it is, smoothed; where it is expected while it is out of sight. May reach outside the picture.
    pub rect: NormRect,
    /// Picture of its first detection, before it was confirmed.
    pub first_seen: Pts,
    /// Picture of its latest detection; earlier than the frame's time while it is out of sight.
    pub last_seen: Pts,
    /// Shares of the picture's width and height per second.
    pub velocity: NormPoint,
    /// How far it has come from where it was first seen, at most: 0 is not at all, 1 is clear of it (1 − IoU).
    pub travelled: f32,
    /// Where it was first seen.
    pub origin: NormRect,
    /// Picture since which its box has been where it is now; of a thing on the move, a moment ago.
    pub still_since: Pts,
}

impl Track {
    /// It has left the place where it was first seen: a bollard that looks like a person never does.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        self.travelled >= MOVED
    }

    /// How long its box has been where it is, as of its latest detection.
    #[must_use]
    pub fn stood(&self) -> MediaDuration {
        self.last_seen - self.still_since
    }

    /// No detection in the frame of `at`.
    #[must_use]
    pub fn is_coasting(&self, at: Pts) -> bool {
        self.last_seen < at
    }
}

/// What is known of one thing, reported or not.
#[derive(Clone, Debug)]
struct Candidate {
    /// `Some` once confirmed.
    id: Option<TrackId>,
    group: ClassGroup,
    /// Sum of scores per class, by position in `ObjectClass::ALL`.
    votes: [f32; ObjectClass::ALL.len()],
    class: ObjectClass,
    confidence: Confidence,
    motion: Motion,
    /// Its latest detection, not smoothed.
    latest: NormRect,
    first_seen: Pts,
    last_seen: Pts,
    /// Strong detections.
    hits: u32,
    /// The latest of them; of a hint, its first detection.
    last_strong: Pts,
    /// Weak detections have carried it on for long enough.
    wants_strong: bool,
    /// Frames in a row without a detection.
    misses: u32,
    /// Where it was first seen.
    origin: NormRect,
    travelled: f32,
    rest: Rest,
    /// This frame comes so long after the one before that movement says nothing.
    is_leap: bool,
}

/// Where a thing came to rest, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    rect: NormRect,
    pub(crate) since: Pts,
    /// Since when its box is elsewhere.
    stirred: Option<Pts>,
}

impl Rest {
    pub(crate) const fn new(rect: NormRect, since: Pts) -> Self {
        Self { rect, since, stirred: None }
    }

    pub(crate) fn observe(&mut self, rect: &NormRect, at: Pts) {
        if self.rect.iou(rect) >= STANDS {
            self.stirred = None;
            return;
        }
        let since = *self.stirred.get_or_insert(at);
        // Before it has stood for a moment there is no rest to be kept.
        if at - since >= STIRRED || since - self.since < STIRRED {
            *self = Self::new(*rect, at);
        }
    }
}

impl Candidate {
    fn new(pts: Pts, detection: &Detection) -> Self {
        let group = detection.class.group();
        let mut candidate = Self {
            id: None,
            group,
            votes: [0.0; ObjectClass::ALL.len()],
            class: detection.class,
            confidence: detection.confidence,
            motion: Motion::new(&detection.rect, group),
            latest: detection.rect,
            first_seen: pts,
            last_seen: pts,
            hits: 0,
            last_strong: pts,
            wants_strong: false,
            misses: 0,
            origin: detection.rect,
            travelled: 0.0,
            rest: Rest::new(detection.rect, pts),
            is_leap: false,
        };
        candidate.vote(detection);
        candidate
    }

    /// Only weak detections so far.
    const fn is_hint(&self) -> bool {
        self.hits == 0
    }

    fn vote(&mut self, detection: &Detection) {
        for (votes, &class) in self.votes.iter_mut().zip(ObjectClass::ALL) {
            // Old votes fade over some hundred frames, so that a class once wrong for long can be corrected.
            *votes *= 0.99;
            if class == detection.class {
                *votes += detection.confidence.value().max(0.01);
            }
        }
        let mut best = self.votes_of(self.class);
        for (&votes, &class) in self.votes.iter().zip(ObjectClass::ALL) {
            // Strictly more: a tie keeps the class that people have already been shown.
            if votes > best {
                best = votes;
                self.class = class;
            }
        }
        self.group = self.class.group();
    }

    fn votes_of(&self, wanted: ObjectClass) -> f32 {
        self.votes
            .iter()
            .zip(ObjectClass::ALL)
            .find(|&(_, &class)| class == wanted)
            .map_or(0.0, |(&votes, _)| votes)
    }

    fn continue_with(&mut self, pts: Pts, detection: &Detection) {
        self.motion.correct(&detection.rect);
        self.latest = detection.rect;
        self.vote(detection);
        self.confidence = detection.confidence;
        self.last_seen = pts;
        self.misses = 0;
        if self.is_hint() && self.origin.covered_by(&detection.rect) >= PART {
            // A weak box is often of a part of somebody: seen whole, they have gone nowhere.
            self.origin = detection.rect;
        }
        let share = self.origin.clipped().iou(&self.motion.rect().clipped());
        self.travelled = self.travelled.max(1.0 - share);
        self.rest.observe(&self.motion.rect(), pts);
    }

    /// What it costs to continue with `detection`; `None` when it cannot be the same thing.
    fn cost(&self, detection: &Detection, config: &TrackerConfig) -> Option<f32> {
        let (expected, found) = (self.motion.rect(), &detection.rect);
        if self.group != detection.class.group() || !could_become(&expected, &self.latest, found) {
            return None;
        }
        // Overlap with where it was counts as much as with where it should be: who stands still keeps the id although
        // jitter made the expectation drift.
        let iou = expected.iou(found).max(self.latest.iou(found));
        let is_weak = detection.confidence.value() < config.high.value();
        if is_weak && self.wants_strong {
            return None;
        }
        if self.is_leap {
            return (iou >= SAME_PLACE).then_some(0.5 * (1.0 - iou));
        }
        let surprise = self.motion.surprise(found) / GATE;
        let is_possible = iou >= config.match_iou || (surprise <= 1.0 && !is_weak);
        let extra = if is_weak { WEAK } else { 0.0 };
        is_possible.then(|| 0.5 * (1.0 - iou) + 0.5 * surprise.min(1.0) + extra)
    }

    /// A person where an animal is: the same thing, by another name.
    fn is_animal_called(&self, detection: &Detection) -> bool {
        self.group == ClassGroup::Animal
            && detection.class.group() == ClassGroup::Person
            && self.motion.rect().iou(&detection.rect).max(self.latest.iou(&detection.rect)) >= SAME_PLACE
    }

    fn is_in_picture(&self) -> bool {
        let centre = self.motion.centre();
        (0.0..=1.0).contains(&centre.x) && (0.0..=1.0).contains(&centre.y)
    }

    fn track(&self) -> Option<Track> {
        Some(Track {
            id: self.id?,
            class: self.class,
            confidence: self.confidence,
            rect: self.motion.rect(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            velocity: self.motion.velocity(),
            travelled: self.travelled,
            origin: self.origin,
            still_since: self.rest.since,
        })
    }
}

/// May a box of one thing look like `found`, after looking like `latest` and being expected like `expected`?
fn could_become(expected: &NormRect, latest: &NormRect, found: &NormRect) -> bool {
    let swelling = |a: f32, b: f32| a <= b * MOST_SWELLING && b <= a * MOST_SWELLING;
    let is_alike = swelling(expected.width(), found.width()) && swelling(expected.height(), found.height());
    // Who steps into the picture is cut by its border at first, and then suddenly many times as large.
    let is_cut = |r: &NormRect| r.x0 < BORDER || r.y0 < BORDER || r.x1 > 1.0 - BORDER || r.y1 > 1.0 - BORDER;
    let smaller = latest.area().min(found.area());
    is_alike || (is_cut(latest) && is_cut(found) && latest.intersection(found) > 0.6 * smaller)
}

/// Joins one camera's detections. Owns all state of its tracks; knows no clock but the frames' own.
#[derive(Clone, Debug)]
pub struct Tracker {
    config: TrackerConfig,
    candidates: Vec<Candidate>,
    /// What the last update returned.
    live: Vec<Track>,
    last: Option<Pts>,
    next_id: u64,
}

impl Tracker {
    /// Knows nothing yet; ids begin at 1.
    #[must_use]
    pub const fn new(config: TrackerConfig) -> Self {
        Self { config, candidates: Vec::new(), live: Vec::new(), last: None, next_id: 1 }
    }

    /// The settings it was made with.
    #[must_use]
    pub const fn config(&self) -> &TrackerConfig {
        &self.config
    }

    /// Forgets everything but which ids are used up: for a new run, whose media time begins anew.
    pub fn reset(&mut self) {
        self.candidates.clear();
        self.live.clear();
        self.last = None;
    }

    /// Takes the detections of one frame and returns every confirmed track that is in sight, or was at most
    /// [`TrackerConfig::coast`] ago, ordered by id. An empty `detections` is a frame in which nothing was found.
    ///
    /// Frames come in order. A frame not later than the previous one changes nothing; one that is earlier by more than
    /// [`TrackerConfig::lost`] can only be a new run and does what [`Self::reset`] does first.
    pub fn update(&mut self, pts: Pts, detections: &[Detection]) -> &[Track] {
        if let Some(last) = self.last {
            if last - pts > self.config.lost {
                self.reset();
            } else if pts <= last {
                return &self.live;
            }
        }
        self.advance(pts);
        let rest = self.continue_tracks(pts, self.sort_out(detections), Candidate::is_confirmed);
        let high = self.config.high.value();
        let is_strong = |detection: &Detection| detection.confidence.value() >= high;
        let (strong, weak): (Vec<Detection>, Vec<Detection>) = rest.into_iter().partition(is_strong);
        let strong = self.continue_animals(pts, strong);
        // Only strong ones confirm what has begun …
        let strong = self.continue_tracks(pts, strong, |candidate| !candidate.is_confirmed());
        // … but where it came from, weak ones tell too.
        let weak = self.continue_tracks(pts, weak, Candidate::is_hint);
        let n_hints = self.candidates.iter().filter(|candidate| candidate.is_hint()).count();
        let people = weak.iter().filter(|detection| detection.class.group() == ClassGroup::Person);
        let new = strong.iter().chain(people.take(MOST_HINTS.saturating_sub(n_hints)));
        self.candidates.extend(new.map(|detection| Candidate::new(pts, detection)));
        self.shed();
        for candidate in self.candidates.iter_mut().filter(|candidate| candidate.last_seen == pts) {
            if candidate.confidence.value() >= high {
                candidate.hits = candidate.hits.saturating_add(1);
                candidate.last_strong = pts;
            }
        }
        self.settle(pts);
        &self.live
    }

    /// What the last update returned.
    #[must_use]
    pub fn live(&self) -> &[Track] {
        &self.live
    }

    /// Drops what is out of sight for too long and moves the rest to where it is expected at `pts`.
    fn advance(&mut self, pts: Pts) {
        let TrackerConfig { lost, weak, .. } = self.config;
        self.candidates.retain(|candidate| {
            pts - candidate.last_seen <= lost.max(MOST_LEAP)
                && (candidate.misses == 0 || pts - candidate.last_seen <= lost)
        });
        for candidate in &mut self.candidates {
            let since = candidate.last_strong.max(candidate.rest.since);
            candidate.wants_strong = !candidate.is_hint() && pts - since > weak;
        }
        if let Some(last) = self.last {
            // Below `MOST_LEAP`, because nothing older than that is left.
            #[expect(clippy::cast_possible_truncation, reason = "a few seconds fit in f32")]
            let dt = (pts - last).as_secs_f64() as f32;
            let is_leap = pts - last > lost;
            for candidate in &mut self.candidates {
                candidate.is_leap = is_leap;
                if is_leap {
                    // Nobody knows where it would be by now; what stands is where it was.
                    candidate.motion = Motion::new(&candidate.latest, candidate.group);
                } else {
                    candidate.motion.predict(dt, candidate.misses > 0);
                }
            }
        }
        self.last = Some(pts);
    }

    /// Usable detections without twins, the strongest first.
    fn sort_out(&self, detections: &[Detection]) -> Vec<Detection> {
        let is_box = |rect: &NormRect| {
            let finite = [rect.x0, rect.y0, rect.x1, rect.y1].iter().all(|v| v.is_finite() && v.abs() < 16.0);
            finite && rect.width() > 0.0 && rect.height() > 0.0
        };
        let mut usable: Vec<Detection> = detections
            .iter()
            .filter(|d| d.confidence.value() >= self.config.low.value() && is_box(&d.rect))
            .copied()
            .collect();
        usable.sort_by(|a, b| b.confidence.value().total_cmp(&a.confidence.value()));
        let mut kept: Vec<Detection> = Vec::with_capacity(usable.len());
        for detection in usable {
            let is_twin = |other: &Detection| {
                other.class != detection.class
                    && other.class.group() == detection.class.group()
                    && other.rect.iou(&detection.rect) >= TWIN_IOU
            };
            if !kept.iter().any(is_twin) {
                kept.push(detection);
            }
        }
        kept
    }

    /// Continues the selected tracks that this frame has not continued yet; returns the detections that are left.
    fn continue_tracks(
        &mut self,
        pts: Pts,
        detections: Vec<Detection>,
        selects: impl Fn(&Candidate) -> bool,
    ) -> Vec<Detection> {
        let config = self.config;
        let mut waiting: Vec<&mut Candidate> =
            self.candidates.iter_mut().filter(|c| c.last_seen < pts && selects(c)).collect();
        let pairs = assign(waiting.len(), detections.len(), ALONE, |row, column| {
            waiting[row].cost(&detections[column], &config)
        });
        let mut is_used = vec![false; detections.len()];
        for (candidate, column) in waiting.iter_mut().zip(pairs) {
            if let Some(column) = column {
                candidate.continue_with(pts, &detections[column]);
                is_used[column] = true;
            }
        }
        detections
            .into_iter()
            .zip(is_used)
            .filter(|&(_, used)| !used)
            .map(|(detection, _)| detection)
            .collect()
    }

    /// A dog that turns away looks like somebody: who is where a known animal is, is that animal until more has spoken for a
    /// person than for it. Takes strong detections, for weak ones must not make a person of what a dog sat down by. Returns
    /// those that are left.
    fn continue_animals(&mut self, pts: Pts, mut strong: Vec<Detection>) -> Vec<Detection> {
        strong.retain(|detection| {
            let is_it = |candidate: &&mut Candidate| {
                candidate.is_confirmed() && candidate.is_animal_called(detection)
            };
            let Some(animal) = self.candidates.iter_mut().find(is_it) else { return true };
            if animal.last_seen < pts {
                animal.continue_with(pts, detection);
            } else {
                animal.vote(detection);
            }
            false
        });
        strong
    }

    /// Keeps [`MOST_CANDIDATES`]: the least sure of those that were never confirmed go first.
    fn shed(&mut self) {
        if self.candidates.len() > MOST_CANDIDATES {
            self.candidates.sort_by(|a, b| {
                let surer = || b.confidence.value().total_cmp(&a.confidence.value());
                b.is_confirmed().cmp(&a.is_confirmed()).then_with(surer)
            });
            self.candidates.truncate(MOST_CANDIDATES);
        }
    }

    /// Confirms, counts misses, forgets what left the picture or was never confirmed, and reports.
    fn settle(&mut self, pts: Pts) {
        let (confirm_hits, coast) = (self.config.confirm_hits, self.config.coast);
        for candidate in &mut self.candidates {
            if candidate.last_seen < pts {
                candidate.misses = candidate.misses.saturating_add(1);
            } else if candidate.id.is_none() && candidate.hits >= confirm_hits {
                candidate.id = Some(TrackId(self.next_id));
                self.next_id += 1;
            }
        }
        // One miss is forgiven before confirmation too: a weak detector sees every second frame.
        self.candidates
            .retain(|c| c.misses == 0 || (c.is_in_picture() && (c.is_confirmed() || c.misses < 2)));
        self.live.clear();
        self.live.extend(
            self.candidates.iter().filter(|c| pts - c.last_seen <= coast).filter_map(Candidate::track),
        );
        self.live.sort_by_key(|track| track.id);
    }
}

impl Candidate {
    const fn is_confirmed(&self) -> bool {
        self.id.is_some()
    }
}
