//! What one camera's detections mean: tracks, then rules. The same code live and in a replay, in media time.
//!
//! No thread, clock, decoder or database: detections and their time come in, tracks and alarm edges go out.

use jiff::{Timestamp, tz::TimeZone};
use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause, Moment},
    detection::Detection,
    geometry::{Confidence, NormRect},
    ladder::{Need, Rung},
    luma::LumaPicture,
    rule::{FrameTime, RuleConfig, RuleState},
    schedule::{LocalTime, Weekday},
    tamper::TamperEdge,
    time::{MediaDuration, Pts, WallTime},
    track::{Track, Tracker, TrackerConfig},
};

use super::{
    ladder::Interest,
    pixels::{self, PixelSight, Pixels, Things},
    region::{self, Restless},
    scheduler::{Urgency, Weight},
    watch::Wanted,
};

/// Chooses the frames that a detector sees: `fps` of them, evenly, whatever the camera's own rate is.
///
/// They are due at multiples of the interval in media time, so that a camera that climbs sees the very frames that one sees
/// which is always watched.
#[derive(Clone, Debug)]
pub struct FrameSampler {
    interval: MediaDuration,
    last: Option<Pts>,
    due: Option<Pts>,
}

impl FrameSampler {
    /// At most `fps` frames a second; a rate that is no positive number is taken as one in five seconds.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "ticks of at most five seconds")]
    pub fn new(fps: f32) -> Self {
        let fps = if fps.is_finite() { fps.clamp(0.2, 30.0) } else { 0.2 };
        Self { interval: MediaDuration((90_000.0 / f64::from(fps)).round() as i64), last: None, due: None }
    }

    /// Another rate from the last frame on.
    pub fn change(&mut self, fps: f32) {
        let Self { interval, .. } = Self::new(fps);
        self.interval = interval;
        self.due = self.last.map(|last| self.after(last));
    }

    /// The first multiple of the interval that is more than a tenth of it later.
    const fn after(&self, pts: Pts) -> Pts {
        let interval = self.interval.0;
        Pts(((pts.0 + interval / 10).div_euclid(interval) + 1) * interval)
    }

    /// Whether the picture at `pts` is one of them.
    pub fn is_due(&mut self, pts: Pts) -> bool {
        let Some(due) = self.due else {
            self.last = Some(pts);
            self.due = Some(self.after(pts));
            return true;
        };
        let is_new_run = due - pts > self.interval + self.interval;
        // A tenth early counts: 40 ms and 33.3 ms do not divide evenly, and nobody sees the difference.
        if !is_new_run && (due - pts).0 > self.interval.0 / 10 {
            return false;
        }
        self.last = Some(pts);
        let is_late = is_new_run || pts - due > self.interval;
        self.due = Some(if is_late { self.after(pts) } else { due + self.interval });
        true
    }
}

/// What one frame changed.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// Things that the pixels alone showed, and that went to the tracker beside the detections.
    pub things: Vec<Detection>,
    /// Confirmed tracks at this frame.
    pub tracks: Vec<Track>,
    /// Alarms that began, grew or ended.
    pub edges: Vec<AlarmEdge>,
    /// Tampering that began or is over.
    pub tamper: Vec<TamperEdge>,
}

/// What one detected picture meant.
#[derive(Clone, Debug)]
pub struct Sight {
    /// For the ladder.
    pub interest: Interest,
    /// For everyone else; `None` when the picture is about to be seen again, in its place among those before it.
    pub observation: Option<Observation>,
}

/// A standing thing that is not worth another look.
#[derive(Clone, Copy, Debug)]
struct Known {
    rect: NormRect,
    last_seen: Pts,
}

/// What stood there and has not been seen for so long is new when it is seen again: a detector that is not sure of a
/// poster sees it more often than that.
const FORGOTTEN: MediaDuration = MediaDuration::from_secs(60);
/// A track that is younger than this may still begin to move.
const YOUNG: MediaDuration = MediaDuration::from_secs(5);
/// Shares of its own size that a thing moves in a second before it counts as moving.
const LIVELY: f32 = 0.15;
/// What has stood for so long without any rule counting it is seen on keyframes until it moves.
const SETTLED: MediaDuration = MediaDuration::from_secs(30);
/// Two boxes that share this much are the same standing thing, seen again.
const SAME: f32 = 0.5;

/// One camera's memory: its tracker and its rules.
#[derive(Debug)]
pub struct CameraPipeline {
    tracker: Tracker,
    floor: Confidence,
    /// Things that stood there when the camera was last watched closely.
    standing: Vec<Known>,
    rules: Vec<RuleState>,
    /// What they say is only written down.
    shadow: Vec<RuleState>,
    shadow_edges: Vec<AlarmEdge>,
    timezone: TimeZone,
    newest: Option<Moment>,
    urgency: Urgency,
    pixels: Pixels,
    restless: Restless,
    /// The picture whose detections come next.
    picture: Option<LumaPicture>,
}

impl CameraPipeline {
    /// A camera on which nothing was seen yet. `score` is the camera's own threshold from which a detection may begin
    /// a track; `weakest` is the detector's, below which its boxes are noise.
    #[must_use]
    pub fn new(
        rules: &[RuleConfig],
        score: Option<Confidence>,
        weakest: Confidence,
        timezone: TimeZone,
    ) -> Self {
        let usual = TrackerConfig::default();
        let strong = score.unwrap_or(usual.high);
        let floor = if strong < weakest { strong } else { weakest };
        let config = TrackerConfig { high: strong, low: floor, ..usual };
        let wants_things = rules.iter().any(|rule| rule.kind.needs_pixels());
        let things = if wants_things { Things::Wanted } else { Things::Unwanted };
        let heaviest = rules.iter().map(|rule| Weight::of(rule.level)).max();
        let urgency = Urgency::Idle(heaviest.unwrap_or_default());
        let rules = rules.iter().cloned().map(RuleState::new).collect();
        Self {
            tracker: Tracker::new(config),
            floor,
            standing: Vec::new(),
            rules,
            shadow: Vec::new(),
            shadow_edges: Vec::new(),
            timezone,
            newest: None,
            urgency,
            pixels: Pixels::new(things),
            restless: Restless::default(),
            picture: None,
        }
    }

    /// With rules that raise nothing: what they say waits for [`Self::take_shadow`]. They are looked at as closely as the
    /// others, or they would say something else once they are used.
    #[must_use]
    pub fn with_shadow(mut self, rules: &[RuleConfig]) -> Self {
        if rules.iter().any(|rule| rule.kind.needs_pixels()) {
            self.pixels = Pixels::new(Things::Wanted);
        }
        self.shadow = rules.iter().cloned().map(RuleState::new).collect();
        self
    }

    /// What the shadow rules said since this was last asked.
    pub fn take_shadow(&mut self) -> Vec<AlarmEdge> {
        std::mem::take(&mut self.shadow_edges)
    }

    fn all_rules(&self) -> impl Iterator<Item = &RuleState> {
        self.rules.iter().chain(&self.shadow)
    }

    /// What the rules ask of the analysis: the highest rung on which any of them lets it rest, the most pictures a
    /// second that any of them may want, and the shortest time for which any of them lets it doze.
    #[must_use]
    pub fn need(&self) -> Need {
        let none = Need { rest: Rung::Sizes, fps: 0.0, doze: MediaDuration::MAX };
        self.all_rules().map(|rule| rule.config().kind.need()).fold(none, |most, need| Need {
            rest: most.rest.max(need.rest),
            fps: most.fps.max(need.fps),
            doze: most.doze.min(need.doze),
        })
    }

    /// Where in this picture the detector has to look; `None`: everywhere.
    #[must_use]
    pub fn part(&self, wanted: &Wanted) -> Option<NormRect> {
        let moving = self.restless.others(wanted.moving);
        region::part(moving, self.tracker.live()).filter(|_| wanted.may_be_part)
    }

    /// Takes what was detected in one picture, or in a `part` of it, and says what the camera deserves next.
    pub fn look(&mut self, wanted: &Wanted, part: Option<NormRect>, detections: &[Detection]) -> Sight {
        let at = Moment { pts: wanted.frame.pts, wall: wanted.frame.wall };
        if wanted.look.is_glance() {
            let interest = self.glance(at, detections, wanted.changed);
            if interest.is_new {
                return Sight { interest, observation: None };
            }
        }
        if part.is_none() {
            self.restless.learn(wanted.moving, detections);
        }
        self.picture = pixels::luma(&wanted.frame);
        let before = self.newest.map(|newest| newest.pts);
        let complete = part.map(|part| region::complete(&part, detections, self.tracker.live(), before));
        let observation = self.observe(at, complete.as_deref().unwrap_or(detections));
        let interest = self.interest(at, &observation.tracks);
        Sight { interest, observation: Some(observation) }
    }

    /// Whether a picture of a camera at rest shows something that was not there before and that a rule may care about.
    /// `changed` is where the picture differs from what it was: there even a weak box counts.
    fn glance(&mut self, at: Moment, detections: &[Detection], changed: Option<NormRect>) -> Interest {
        let local = local_time(at.wall, &self.timezone);
        let high = self.tracker.config().high.value();
        self.standing.retain(|known| at.pts - known.last_seen <= FORGOTTEN);
        let mut is_new = false;
        for detection in detections {
            let mut is_known = false;
            for known in self.standing.iter_mut().filter(|known| known.rect.iou(&detection.rect) >= SAME) {
                known.last_seen = at.pts;
                is_known = true;
            }
            let is_strong = detection.confidence.value() >= high;
            let is_in_change = changed.is_some_and(|rect| rect.intersection(&detection.rect) > 0.0);
            is_new |= (is_strong || is_in_change)
                && !is_known
                && self.awake(local).any(|rule| rule.counts(detection.class));
        }
        Interest { is_new, ..self.interest(at, &[]) }
    }

    /// What the tracks of the picture that was just observed mean for the ladder.
    fn interest(&self, at: Moment, tracks: &[Track]) -> Interest {
        let local = local_time(at.wall, &self.timezone);
        let mut interest =
            Interest { is_busy: self.all_rules().any(|rule| !rule.is_quiet()), ..Interest::default() };
        for track in tracks {
            let has_settled = track.stood() >= SETTLED;
            for rule in self.awake(local) {
                let need = rule.kind.need();
                if has_settled && rule.cares_about(track) {
                    // What it counts already is busy above; what it may count when it moves shows when it moves.
                    interest.is_settled = true;
                } else if rule.cares_about(track) {
                    // A rule may count the time of what stands still long before it says anything.
                    interest.is_busy = true;
                    if is_lively(track, at.pts) {
                        interest.fps = interest.fps.max(need.fps);
                    }
                } else if need.rest >= Rung::Keyframes && rule.counts(track.class) {
                    interest.is_settled |= track.has_moved() || !rule.must_have_moved;
                }
            }
        }
        interest
    }

    fn awake(&self, local: LocalTime) -> impl Iterator<Item = &RuleConfig> {
        self.all_rules().map(RuleState::config).filter(move |rule| rule.schedule.is_open(local))
    }

    /// The camera goes to rest: what is there now is known, and no reason to come back.
    pub fn rest(&mut self) {
        for track in self.tracker.live() {
            self.standing.retain(|known| known.rect.iou(&track.rect) < SAME);
            self.standing.push(Known { rect: track.rect, last_seen: track.last_seen });
        }
    }

    /// Detections are wanted from this score on: weak ones carry a track on (`ByteTrack`), they begin none.
    #[must_use]
    pub const fn floor(&self) -> Confidence {
        self.floor
    }

    /// Takes the detections of one frame; frames of a run come in order. One that comes too late changes nothing.
    pub fn observe(&mut self, at: Moment, detections: &[Detection]) -> Observation {
        if self.newest.is_some_and(|newest| at.pts <= newest.pts) {
            return Observation::default();
        }
        self.newest = Some(at);
        let frame = FrameTime { pts: at.pts, wall: at.wall, local: local_time(at.wall, &self.timezone) };
        let picture = self.picture.take();
        let seen = picture
            .map_or_else(PixelSight::default, |picture| self.pixels.observe(at, frame.local, &picture));
        let things: Vec<Detection> = pixels::unexplained(&seen.things, detections).collect();
        let detections: Vec<Detection> = detections.iter().chain(&things).copied().collect();
        let tracks = self.tracker.update(at.pts, &detections).to_vec();
        let mut edges: Vec<AlarmEdge> =
            self.rules.iter_mut().filter_map(|rule| rule.step(frame, &tracks)).collect();
        let mut said: Vec<AlarmEdge> =
            self.shadow.iter_mut().filter_map(|rule| rule.step(frame, &tracks)).collect();
        if let Some(kind) = seen.doubt {
            edges.iter_mut().chain(&mut said).for_each(|edge| edge.doubt(kind));
        } else if seen.is_dark {
            edges.iter_mut().chain(&mut said).for_each(not_seen_to_be_over);
        }
        self.shadow_edges.extend(said);
        self.urgency = self.urgency_of(&tracks);
        Observation { things, tracks, edges, tamper: seen.tamper }
    }

    /// The frames stopped: tampering that runs is over as far as anyone knows.
    pub fn lose_sight(&mut self) -> Option<TamperEdge> {
        self.picture = None;
        self.pixels.interrupt()
    }

    /// How soon the camera deserves its next look, from what the latest one showed.
    #[must_use]
    pub const fn urgency(&self) -> Urgency {
        self.urgency
    }

    /// What the camera weighs among others: by the most urgent of its rules.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.rules.iter().map(|rule| Weight::of(rule.config().level)).max().unwrap_or_default()
    }

    /// By the most urgent rule that has an alarm running or counts what is there, else by all of them.
    fn urgency_of(&self, tracks: &[Track]) -> Urgency {
        let is_busy = |rule: &&RuleState| rule.active_since().is_some() || rule.count(tracks) > 0;
        let busy = self.rules.iter().filter(is_busy).map(|rule| Weight::of(rule.config().level)).max();
        busy.map_or_else(|| Urgency::Idle(self.weight()), Urgency::Busy)
    }

    /// The frames stopped: running alarms end, and the next run begins with no memory of this one.
    pub fn interrupt(&mut self, cause: EndCause) -> Vec<AlarmEdge> {
        self.tracker.reset();
        self.standing.clear();
        self.urgency = Urgency::Idle(self.weight());
        let Some(at) = self.newest.take() else { return Vec::new() };
        let said = self.shadow.iter_mut().filter_map(|rule| rule.reset(at, cause));
        self.shadow_edges.extend(said);
        self.rules.iter_mut().filter_map(|rule| rule.reset(at, cause)).collect()
    }
}

/// What ends because the light is gone may go on.
fn not_seen_to_be_over(edge: &mut AlarmEdge) {
    if let AlarmEdge::End(end) = edge
        && end.cause == EndCause::Cleared
    {
        end.cause = EndCause::LowTrust;
    }
}

/// It moves, or is too new to tell.
fn is_lively(track: &Track, at: Pts) -> bool {
    let (w, h) = (track.rect.width().max(0.01), track.rect.height().max(0.01));
    let speed = (track.velocity.x / w).hypot(track.velocity.y / h);
    at - track.first_seen < YOUNG || speed >= LIVELY
}

/// `wall` on the clocks of the site. A time that no calendar holds counts as Monday midnight.
#[must_use]
pub fn local_time(wall: WallTime, timezone: &TimeZone) -> LocalTime {
    let midnight = LocalTime { weekday: Weekday::Monday, minute_of_day: 0 };
    let Ok(at) = Timestamp::from_millisecond(wall.0) else { return midnight };
    let at = at.to_zoned(timezone.clone());
    let field = |n: i8| u16::try_from(n).unwrap_or(0);
    let weekday = u8::try_from(at.weekday().to_monday_one_offset()).ok().and_then(Weekday::from_iso);
    weekday.map_or(midnight, |weekday| LocalTime {
        weekday,
        minute_of_day: field(at.hour()) * 60 + field(at.minute()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_evenly_at_any_source_rate() {
        let check = |source_fps: i64, wanted: f32, expected: std::ops::RangeInclusive<usize>| {
            let mut sampler = FrameSampler::new(wanted);
            let taken = (0..source_fps * 10).filter(|n| sampler.is_due(Pts(n * 90_000 / source_fps))).count();
            assert!(expected.contains(&taken), "{source_fps} -> {wanted}: {taken} in ten seconds");
        };
        check(10, 5.0, 50..=50);
        check(15, 5.0, 50..=50);
        check(25, 5.0, 50..=51);
        check(30, 7.0, 69..=71);
        check(4, 5.0, 40..=40);
        check(25, 0.2, 2..=3);
    }

    #[test]
    fn who_begins_later_or_changes_the_rate_takes_the_same_frames() {
        let taken = |fps: f32, from: i64, slow: std::ops::Range<i64>, source_fps: i64| -> Vec<i64> {
            let mut sampler = FrameSampler::new(fps);
            let mut frames = Vec::new();
            for n in from..source_fps * 20 {
                if slow.start == n {
                    sampler.change(2.0);
                } else if slow.end == n {
                    sampler.change(fps);
                }
                if sampler.is_due(Pts(n * 90_000 / source_fps)) && n >= slow.end {
                    frames.push(n);
                }
            }
            frames
        };
        for (source_fps, fps) in [(30, 10.0), (25, 10.0), (15, 5.0), (10, 8.0)] {
            let whole = taken(fps, 0, -1..-1, source_fps);
            // From a keyframe on, two seconds of it at another rate.
            let later = taken(fps, 6 * source_fps, 6 * source_fps..8 * source_fps, source_fps);
            let expected: Vec<i64> = whole.into_iter().filter(|n| later.first() <= Some(n)).collect();
            assert_eq!(later, expected, "{source_fps} -> {fps}");
        }
    }

    #[test]
    fn a_new_run_that_begins_at_zero_is_sampled_at_once() {
        let mut sampler = FrameSampler::new(5.0);
        assert!(sampler.is_due(Pts(90_000_000)));
        assert!(sampler.is_due(Pts(0)));
        assert!(!sampler.is_due(Pts(9_000)));
        assert!(sampler.is_due(Pts(18_000)));
    }

    #[test]
    fn what_has_stood_for_long_is_seen_on_keyframes_until_it_moves() {
        use sharpeyes_domain::{
            detection::ObjectClass,
            ids::RuleId,
            rule::{RuleConfig, RuleKind},
        };
        // One of five that would be a crowd.
        let rule = RuleConfig::new(RuleId::new("crowd").unwrap(), RuleKind::Crowding { at_least: 5 }, None);
        let mut pipeline = CameraPipeline::new(&[rule], None, Confidence::new(0.1), TimeZone::UTC);
        let mut interest = |tenths: i64, x: f32| {
            let at = Moment { pts: Pts(tenths * 9_000), wall: WallTime(tenths * 100) };
            let rect = NormRect { x0: x, y0: 0.2, x1: x + 0.1, y1: 0.7 };
            let confidence = Confidence::new(0.9);
            let person = Detection { class: ObjectClass::Person, confidence, rect };
            let observation = pipeline.observe(at, &[person]);
            pipeline.interest(at, &observation.tracks)
        };
        for n in 0..15 {
            interest(2 * n, 0.1 + 0.01 * n as f32);
        }
        let arrived = interest(32, 0.25);
        assert!(arrived.is_busy && arrived.fps > 0.0, "{arrived:?}");
        let mut stood = Interest::default();
        for n in 17..200 {
            stood = interest(2 * n, 0.25);
        }
        assert!(!stood.is_busy && stood.is_settled && stood.fps <= 0.0, "{stood:?}");
        let moves = (200..215).map(|n| interest(2 * n, 0.25 + 0.012 * (n - 199) as f32)).last().unwrap();
        assert!(moves.is_busy && moves.fps > 0.0, "{moves:?}");
    }

    #[test]
    fn a_shadow_rule_says_the_same_as_a_live_one_to_nobody() {
        use sharpeyes_domain::{
            detection::ObjectClass,
            ids::RuleId,
            rule::{RuleConfig, RuleKind},
        };
        let kind = RuleKind::Intrusion { classes: vec![ObjectClass::Person] };
        let rule = RuleConfig {
            hold: MediaDuration::ZERO,
            must_have_moved: false,
            ..RuleConfig::new(RuleId::new("in").unwrap(), kind, None)
        };
        let seen = |pipeline: &mut CameraPipeline| {
            let mut edges = Vec::new();
            for n in 0..30 {
                let at = Moment { pts: Pts(n * 18_000), wall: WallTime(n * 200) };
                let rect = NormRect { x0: 0.4, y0: 0.2, x1: 0.5, y1: 0.7 };
                let confidence = Confidence::new(0.9);
                let person = Detection { class: ObjectClass::Person, confidence, rect };
                edges.extend(pipeline.observe(at, &[person]).edges);
            }
            edges.extend(pipeline.interrupt(EndCause::Stopped));
            edges
        };
        let weakest = Confidence::new(0.1);
        let rules = [rule];
        let mut live = CameraPipeline::new(&rules, None, weakest, TimeZone::UTC);
        let raised = seen(&mut live);
        assert!(matches!(raised[..], [AlarmEdge::Begin(_), AlarmEdge::End(_)]), "{raised:?}");
        assert_eq!(live.take_shadow(), []);
        let mut shadow = CameraPipeline::new(&[], None, weakest, TimeZone::UTC).with_shadow(&rules);
        assert_eq!(shadow.need(), live.need(), "it is looked at as closely");
        assert_eq!(seen(&mut shadow), []);
        assert_eq!(shadow.urgency(), Urgency::default(), "it is before nobody in the queue of the detector");
        assert_eq!(shadow.take_shadow(), raised);
        assert_eq!(shadow.take_shadow(), []);
    }

    #[test]
    fn an_alarm_that_a_covered_lens_or_a_place_without_light_no_longer_shows_ends_in_doubt() {
        use sharpeyes_domain::{
            detection::ObjectClass,
            ids::RuleId,
            rule::{RuleConfig, RuleKind},
        };
        // A drawn place with noise, or what is left of it.
        let picture = |n: i64, left: fn(u8) -> u8| {
            let pixel = |at: i64| if (at % 160 / 16 + at / 160 / 15) % 2 == 0 { 90 } else { 130 };
            let luma = (0..160 * 90).map(|at| left(pixel(at)) + u8::try_from((at * 7 + n * 13) % 5).unwrap());
            LumaPicture::grey(160, 90, luma.collect()).unwrap()
        };
        let check = |left: fn(u8) -> u8, expected: EndCause| {
            let kind = RuleKind::Intrusion { classes: vec![ObjectClass::Person] };
            let rule = RuleConfig {
                must_have_moved: false,
                ..RuleConfig::new(RuleId::new("in").unwrap(), kind, None)
            };
            let mut pipeline = CameraPipeline::new(&[rule], None, Confidence::new(0.1), TimeZone::UTC);
            let mut edges = Vec::new();
            for n in 0..200 {
                let is_there = n < 60;
                let at = Moment { pts: Pts(n * 18_000), wall: WallTime(n * 200) };
                let rect = NormRect { x0: 0.4, y0: 0.2, x1: 0.5, y1: 0.7 };
                let person = Detection { class: ObjectClass::Person, confidence: Confidence::new(0.9), rect };
                let seen: fn(u8) -> u8 = if is_there { |pixel| pixel } else { left };
                pipeline.picture = Some(picture(n, seen));
                let seen: &[Detection] = if is_there { &[person] } else { &[] };
                edges.extend(pipeline.observe(at, seen).edges);
            }
            let [AlarmEdge::Begin(begin), AlarmEdge::End(end)] = &edges[..] else { panic!("{edges:?}") };
            assert_eq!((begin.evidence.low_trust, end.cause), (None, expected));
        };
        check(|pixel| pixel, EndCause::Cleared);
        // Behind a cloth.
        check(|_| 24, EndCause::LowTrust);
        // The lamp went out.
        check(|pixel| 12 + pixel / 16, EndCause::LowTrust);
    }

    #[test]
    fn schedules_are_meant_in_the_sites_own_time() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        // 2026-11-22 was a Sunday; 18:30 UTC is 02:30 on Monday in Shanghai.
        let at = WallTime("2026-11-22T18:30:00Z".parse::<Timestamp>().unwrap().as_millisecond());
        assert_eq!(local_time(at, &shanghai), LocalTime { weekday: Weekday::Monday, minute_of_day: 150 });
    }
}
