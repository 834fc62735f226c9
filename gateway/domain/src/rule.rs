//! Conditions over tracks, zones and time, and when they become alarms.
//!
//! Pure functions of what they are given: the same tracks give the same alarms live and in a replay.
//! Fed with the tracks of every analysed frame, in order; makes [`AlarmEdge`]s.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    alarm::{AlarmBegin, AlarmEdge, AlarmEnd, AlarmUpdate, EndCause, Evidence, Moment, ZoneRef},
    closed::closed_enum,
    detection::ObjectClass,
    geometry::Confidence,
    ids::RuleId,
    ladder::{Need, Rung},
    level::Level,
    schedule::{LocalTime, Schedule},
    time::{MediaDuration, Pts, WallTime},
    track::Track,
    zone::Zone,
};

/// A condition may fail for this long, or for one frame whatever the rate, without its hold time beginning anew.
const DROPOUT: MediaDuration = MediaDuration::from_millis(1_000);
/// Without a frame for this long nothing is known of the time between, so a hold time begins anew.
/// The slowest analysis that a site may ask for is one frame in five seconds.
const BLIND: MediaDuration = MediaDuration::from_secs(12);
/// Share of the hold time during which the condition must in fact have held.
const HELD_PERCENT: i64 = 70;

closed_enum! {
    /// What kind of event a rule is about: the class of its alarms and incidents.
    pub enum RuleClass ("rule class") {
        /// Too many people in one place (聚集).
        Crowding => "crowding",
        /// Something where it must not be (入侵).
        Intrusion => "intrusion",
    }
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleKind {
    /// At least this many people have their feet in the zone.
    Crowding {
        /// The limit; 0 counts as 1.
        at_least: u32,
    },
    /// Anything of these classes is in the zone.
    Intrusion {
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
}

impl RuleKind {
    /// Without its settings.
    #[must_use]
    pub const fn class(&self) -> RuleClass {
        match self {
            Self::Crowding { .. } => RuleClass::Crowding,
            Self::Intrusion { .. } => RuleClass::Intrusion,
        }
    }

    /// How many it takes.
    #[must_use]
    pub fn limit(&self) -> u32 {
        match self {
            Self::Crowding { at_least } => (*at_least).max(1),
            Self::Intrusion { .. } => 1,
        }
    }

    /// What it takes to see it.
    #[must_use]
    pub const fn need(&self) -> Need {
        match self {
            Self::Crowding { .. } => Need { rest: Rung::Sizes, fps: 2.0 },
            Self::Intrusion { .. } => Need { rest: Rung::Sizes, fps: 5.0 },
        }
    }

    fn counts(&self, class: ObjectClass) -> bool {
        match self {
            Self::Crowding { .. } => class == ObjectClass::Person,
            Self::Intrusion { classes } => classes.iter().any(|asked| class.may_be(*asked)),
        }
    }
}

/// One rule of one camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleConfig {
    /// Unique within its camera.
    pub id: RuleId,
    /// What must hold.
    pub kind: RuleKind,
    /// Where; `None` is the whole picture.
    pub zone: Option<Zone>,
    /// When it is awake.
    pub schedule: Schedule,
    /// How urgent its alarms are.
    pub level: Level,
    /// How long the condition must hold before the alarm begins; zero begins with the first frame.
    #[serde(rename = "hold_90k")]
    pub hold: MediaDuration,
    /// How long it must not hold before the alarm ends.
    #[serde(rename = "clear_90k")]
    pub clear: MediaDuration,
    /// Count only what has left the place where it was first seen ([`Track::has_moved`]), which keeps bollards, posts
    /// and posters that look like people from ever raising an alarm. The price: someone who was already standing
    /// there when the analysis began counts only once they take a step.
    pub must_have_moved: bool,
}

impl RuleConfig {
    /// Whether [`Self::must_have_moved`] is on where the site file says nothing.
    pub const MUST_HAVE_MOVED: bool = true;

    /// With the usual settings: day and night, yellow, 5 s to begin and 5 s to end, standing things ignored.
    #[must_use]
    pub fn new(id: RuleId, kind: RuleKind, zone: Option<Zone>) -> Self {
        Self {
            id,
            kind,
            zone,
            schedule: Schedule::always(),
            level: Level::Yellow,
            hold: MediaDuration::from_secs(5),
            clear: MediaDuration::from_secs(5),
            must_have_moved: Self::MUST_HAVE_MOVED,
        }
    }

    /// Whether a thing of this class can ever matter to the rule.
    #[must_use]
    pub fn counts(&self, class: ObjectClass) -> bool {
        self.kind.counts(class)
    }

    /// Whether the rule wants to see where this thing goes: it may come to count, wherever it is now.
    #[must_use]
    pub fn cares_about(&self, track: &Track) -> bool {
        self.kind.counts(track.class)
    }

    fn applies_to(&self, track: &Track) -> bool {
        self.kind.counts(track.class)
            && (!self.must_have_moved || track.has_moved())
            && self.zone.as_ref().is_none_or(|zone| zone.holds(track.class, &track.rect))
    }
}

/// The time of one frame in the three ways that a rule needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTime {
    /// Media time of the run.
    pub pts: Pts,
    /// Wall time of the picture.
    pub wall: WallTime,
    /// The same on the site's clocks.
    pub local: LocalTime,
}

impl FrameTime {
    const fn moment(&self) -> Moment {
        Moment { pts: self.pts, wall: self.wall }
    }
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// The condition does not hold.
    Quiet,
    /// It holds, but not yet for long enough.
    Pending {
        /// When it first held.
        since: Moment,
        /// When it last held.
        last: Moment,
        /// For how long it held since then, failures taken out.
        held: MediaDuration,
        /// Frames in a row in which it failed.
        n_failed: u32,
    },
    /// The alarm runs.
    Active {
        /// When the condition first held.
        began: Moment,
        /// When it last held.
        last: Moment,
        /// The most there were.
        peak: u32,
    },
}

/// What one frame says about the condition.
struct Tally {
    count: u32,
    class: ObjectClass,
    tracks: Vec<crate::ids::TrackId>,
    score: Confidence,
}

/// One rule with its memory.
#[derive(Clone, Debug)]
pub struct RuleState {
    config: RuleConfig,
    phase: Phase,
    /// Time of the last frame, and whether the condition held in it.
    previous: Option<(Pts, bool)>,
}

impl RuleState {
    /// Quiet.
    #[must_use]
    pub const fn new(config: RuleConfig) -> Self {
        Self { config, phase: Phase::Quiet, previous: None }
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &RuleConfig {
        &self.config
    }

    /// No alarm runs and none is about to begin: the rule would miss nothing if it saw no frame for a while.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        matches!(self.phase, Phase::Quiet)
    }

    /// When the condition of the running alarm first held; `None` while there is no alarm.
    #[must_use]
    pub const fn active_since(&self) -> Option<Moment> {
        match self.phase {
            Phase::Active { began, .. } => Some(began),
            Phase::Quiet | Phase::Pending { .. } => None,
        }
    }

    /// How many tracks of one frame the rule counts, whatever the time: for the console's counter.
    #[must_use]
    pub fn count(&self, tracks: &[Track]) -> usize {
        tracks.iter().filter(|track| self.config.applies_to(track)).count()
    }

    /// Takes one frame's tracks, frames in order, and says what changed.
    pub fn step(&mut self, at: FrameTime, tracks: &[Track]) -> Option<AlarmEdge> {
        if !self.config.schedule.is_open(at.local) {
            self.previous = None;
            return self.stop(at.moment(), EndCause::ScheduleClosed);
        }
        let tally = self.tally(tracks);
        let is_true = tally.count >= self.config.kind.limit();
        let since_previous = self.previous.map(|(pts, _)| at.pts - pts);
        if let Some(gap) = since_previous.filter(|gap| *gap <= MediaDuration::ZERO) {
            // A frame out of order says nothing new; a leap back is a new run whose beginning was not announced.
            return if -gap > DROPOUT { self.reset(at.moment(), EndCause::StreamLost) } else { None };
        }
        let edge = match self.phase {
            Phase::Quiet if is_true => self.begin_pending(at.moment(), &tally),
            Phase::Quiet => None,
            Phase::Pending { .. } if since_previous.is_none_or(|gap| gap > BLIND) => {
                self.phase = Phase::Quiet;
                if is_true { self.begin_pending(at.moment(), &tally) } else { None }
            }
            Phase::Pending { .. } => self.step_pending(at.moment(), is_true, &tally),
            Phase::Active { .. } => self.step_active(at.moment(), is_true, &tally),
        };
        self.previous = Some((at.pts, is_true));
        edge
    }

    /// Forgets what was pending and ends a running alarm, because the frames stopped coming or stopped mattering.
    /// The rule begins anew with the next frame.
    pub fn reset(&mut self, at: Moment, cause: EndCause) -> Option<AlarmEdge> {
        self.previous = None;
        self.stop(at, cause)
    }

    fn stop(&mut self, at: Moment, cause: EndCause) -> Option<AlarmEdge> {
        match std::mem::replace(&mut self.phase, Phase::Quiet) {
            Phase::Quiet | Phase::Pending { .. } => None,
            Phase::Active { began, last, peak } => Some(self.end(began, last, at, cause, peak)),
        }
    }

    fn end(&self, began: Moment, ended: Moment, cleared: Moment, cause: EndCause, peak: u32) -> AlarmEdge {
        AlarmEdge::End(AlarmEnd { rule: self.config.id.clone(), began, ended, cleared, cause, peak })
    }

    fn begin_pending(&mut self, at: Moment, tally: &Tally) -> Option<AlarmEdge> {
        self.phase = Phase::Pending { since: at, last: at, held: MediaDuration::ZERO, n_failed: 0 };
        (self.config.hold <= MediaDuration::ZERO).then(|| self.raise(at, at, tally))
    }

    fn raise(&mut self, since: Moment, at: Moment, tally: &Tally) -> AlarmEdge {
        self.phase = Phase::Active { began: since, last: at, peak: tally.count };
        AlarmEdge::Begin(AlarmBegin {
            rule: self.config.id.clone(),
            class: self.config.kind.class(),
            level: self.config.level,
            began: since,
            raised: at,
            evidence: self.evidence(tally, tally.count, at.pts - since.pts),
        })
    }

    fn step_pending(&mut self, at: Moment, is_true: bool, tally: &Tally) -> Option<AlarmEdge> {
        let Phase::Pending { since, last, mut held, mut n_failed } = self.phase else { return None };
        if !is_true {
            n_failed = n_failed.saturating_add(1);
            let is_over = n_failed > 1 && at.pts - last.pts > DROPOUT;
            self.phase = if is_over { Phase::Quiet } else { Phase::Pending { since, last, held, n_failed } };
            return None;
        }
        if let Some((previous, true)) = self.previous {
            held += at.pts - previous;
        }
        let span = at.pts - since.pts;
        self.phase = Phase::Pending { since, last: at, held, n_failed: 0 };
        let is_enough =
            span >= self.config.hold && held.0.saturating_mul(100) >= span.0.saturating_mul(HELD_PERCENT);
        is_enough.then(|| self.raise(since, at, tally))
    }

    fn step_active(&mut self, at: Moment, is_true: bool, tally: &Tally) -> Option<AlarmEdge> {
        let Phase::Active { began, last, peak } = self.phase else { return None };
        if is_true {
            self.phase = Phase::Active { began, last: at, peak: peak.max(tally.count) };
            return (tally.count > peak).then(|| {
                let evidence = self.evidence(tally, tally.count, at.pts - began.pts);
                AlarmEdge::Update(AlarmUpdate { rule: self.config.id.clone(), began, at, evidence })
            });
        }
        if at.pts - last.pts < self.config.clear {
            return None;
        }
        self.phase = Phase::Quiet;
        Some(self.end(began, last, at, EndCause::Cleared, peak))
    }

    fn tally(&self, tracks: &[Track]) -> Tally {
        let counted: Vec<&Track> = tracks.iter().filter(|track| self.config.applies_to(track)).collect();
        let votes = |class: ObjectClass| counted.iter().filter(|track| track.class == class).count();
        let class = counted.iter().map(|track| track.class).max_by_key(|&class| votes(class));
        let mut ids: Vec<_> = counted.iter().map(|track| track.id).collect();
        ids.sort_unstable();
        ids.truncate(Evidence::MOST_TRACKS);
        let scores = counted.iter().map(|track| track.confidence.value());
        Tally {
            count: u32::try_from(counted.len()).unwrap_or(u32::MAX),
            class: class.unwrap_or(ObjectClass::Other),
            tracks: ids,
            score: Confidence::new(scores.fold(0.0, f32::max)),
        }
    }

    fn evidence(&self, tally: &Tally, peak: u32, held_for: MediaDuration) -> Evidence {
        Evidence {
            rule_class: self.config.kind.class(),
            zone: self
                .config
                .zone
                .as_ref()
                .map(|zone| ZoneRef { id: zone.id.clone(), name: zone.name.clone() }),
            count: tally.count,
            peak,
            limit: self.config.kind.limit(),
            held_for,
            class: tally.class,
            tracks: tally.tracks.clone(),
            score: tally.score,
            low_trust: None,
        }
    }
}
