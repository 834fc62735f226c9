//! Conditions over tracks, zones and time, and when they become alarms.
//!
//! Pure functions of what they are given: the same tracks give the same alarms live and in a replay.
//! Fed with the tracks of every analysed frame, in order; makes [`AlarmEdge`]s. Here is what all rules share: schedule,
//! hold and clear times, dropouts, begin and end. What each family of rules looks for is in a file of its own.

mod accident;
mod defaults;
mod down;
mod follow;
mod kind;
mod left;
mod line;
mod presence;
mod running;
mod stay;
mod stop;
#[cfg(test)]
mod tests;
mod watch;
mod way;

use serde::{Deserialize, Serialize};

use self::watch::{Frame, Verdict, Watch};
pub use self::{
    defaults::{Defaults, usual_rules},
    kind::{Direction, RuleClass, RuleKind},
    line::Passed,
};
use crate::{
    alarm::{AlarmBegin, AlarmEdge, AlarmEnd, AlarmUpdate, EndCause, Evidence, Moment, ZoneRef},
    detection::ObjectClass,
    geometry::{ASPECT, NormPoint},
    ids::RuleId,
    level::Level,
    schedule::{LocalTime, Schedule},
    time::{MediaDuration, Pts, WallTime},
    track::Track,
    zone::{Zone, anchor},
};

/// A condition may fail for this long, or for one frame whatever the rate, without its hold time beginning anew.
const DROPOUT: MediaDuration = MediaDuration::from_millis(1_000);
/// Without a frame for this long nothing is known of the time between, so a hold time begins anew.
/// The slowest analysis that a site may ask for is one frame in five seconds.
const BLIND: MediaDuration = MediaDuration::from_secs(12);
/// What has not moved for so long, though it would have to, is furniture.
const FURNITURE: MediaDuration = MediaDuration::from_secs(10);
/// A thing is near a zone when it would be in it within this many of its own heights.
const NEAR: f32 = 1.5;
/// Share of the hold time during which the condition must in fact have held.
const HELD_PERCENT: i64 = 70;

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
        self.kind.regards(class)
    }

    /// Whether the rule wants to see where this thing goes: it may come to count, is in the zone or near it, and is no
    /// piece of furniture.
    #[must_use]
    pub fn cares_about(&self, track: &Track) -> bool {
        let age = track.last_seen - track.first_seen;
        let is_furniture = self.must_have_moved && !track.has_moved() && age > FURNITURE;
        self.counts(track.class) && !is_furniture && self.is_near(track)
    }

    fn is_near(&self, track: &Track) -> bool {
        let Some(zone) = &self.zone else { return true };
        let reach = NEAR * track.rect.height();
        let nearby = [(0.0, 0.0), (-reach / ASPECT, 0.0), (reach / ASPECT, 0.0), (0.0, -reach), (0.0, reach)];
        let at = anchor(track.class, &track.rect);
        nearby.iter().any(|(dx, dy)| zone.polygon.contains(NormPoint { x: at.x + dx, y: at.y + dy }))
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
        /// Since when it has been so.
        since: Moment,
        /// First frame in which it held.
        first: Pts,
        /// When it last held.
        last: Moment,
        /// For how long it held since then, failures taken out.
        held: MediaDuration,
        /// Frames in a row in which it failed.
        n_failed: u32,
    },
    /// The alarm runs.
    Active {
        /// Since when it has been so.
        began: Moment,
        /// When it last held.
        last: Moment,
        /// The most there were.
        peak: u32,
    },
}

/// One rule with its memory.
#[derive(Clone, Debug)]
pub struct RuleState {
    config: RuleConfig,
    phase: Phase,
    watch: Watch,
    /// Time of the last frame, and whether the condition held in it.
    previous: Option<(Pts, bool)>,
    /// When the last alarm of this run ended: no later one began before.
    cleared: Option<Moment>,
}

impl RuleState {
    /// Quiet.
    #[must_use]
    pub fn new(config: RuleConfig) -> Self {
        let watch = Watch::new(&config.kind);
        Self { config, phase: Phase::Quiet, watch, previous: None, cleared: None }
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &RuleConfig {
        &self.config
    }

    /// No alarm runs, none is about to begin, and nobody's time is counted: the rule would miss nothing if it saw no frame
    /// for a while.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        matches!(self.phase, Phase::Quiet) && !self.watch.is_counting()
    }

    /// Since when the condition of the running alarm has been so; `None` while there is no alarm.
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

    /// How many went over its line since it began to look, alarm or not; `None` where there is no line.
    #[must_use]
    pub const fn passed(&self) -> Option<Passed> {
        match &self.watch {
            Watch::Crossings(crossings) => Some(crossings.total),
            _ => None,
        }
    }

    /// Takes one frame's tracks, frames in order, and says what changed.
    pub fn step(&mut self, at: FrameTime, tracks: &[Track]) -> Option<AlarmEdge> {
        if !self.config.schedule.is_open(at.local) {
            return self.reset(at.moment(), EndCause::ScheduleClosed);
        }
        let since_previous = self.previous.map(|(pts, _)| at.pts - pts);
        if let Some(gap) = since_previous.filter(|gap| *gap <= MediaDuration::ZERO) {
            // A frame out of order says nothing new; a leap back is a new run whose beginning was not announced.
            return if -gap > DROPOUT { self.reset(at.moment(), EndCause::StreamLost) } else { None };
        }
        let is_blind = since_previous.is_some_and(|gap| gap > BLIND);
        if is_blind {
            self.watch = Watch::new(&self.config.kind);
        }
        let is_running = matches!(self.phase, Phase::Active { .. });
        let verdict = self.watch.observe(&self.config, &Frame { at: at.moment(), tracks, is_running });
        let is_true = verdict.count >= self.config.kind.limit();
        let edge = match self.phase {
            Phase::Quiet if is_true => self.begin_pending(at.moment(), &verdict),
            Phase::Quiet => None,
            Phase::Pending { .. } if is_blind => {
                self.phase = Phase::Quiet;
                if is_true { self.begin_pending(at.moment(), &verdict) } else { None }
            }
            Phase::Pending { .. } => self.step_pending(at.moment(), is_true, &verdict),
            Phase::Active { .. } => self.step_active(at.moment(), is_true, &verdict),
        };
        self.previous = Some((at.pts, is_true));
        edge
    }

    /// Forgets what was pending and ends a running alarm, because the frames stopped coming or stopped mattering.
    /// The rule begins anew with the next frame.
    pub fn reset(&mut self, at: Moment, cause: EndCause) -> Option<AlarmEdge> {
        self.previous = None;
        self.watch = Watch::new(&self.config.kind);
        let phase = std::mem::replace(&mut self.phase, Phase::Quiet);
        let is_active = matches!(phase, Phase::Active { .. });
        self.cleared = match cause {
            // The run goes on, and so do the tracks: what stood there before may stand there still.
            EndCause::ScheduleClosed if is_active => Some(at),
            EndCause::ScheduleClosed => self.cleared,
            // The times of the next run have nothing to do with those of this one.
            _ => None,
        };
        match phase {
            Phase::Quiet | Phase::Pending { .. } => None,
            Phase::Active { began, last, peak } => Some(self.end(began, last, at, cause, peak)),
        }
    }

    fn end(&self, began: Moment, ended: Moment, cleared: Moment, cause: EndCause, peak: u32) -> AlarmEdge {
        AlarmEdge::End(AlarmEnd { rule: self.config.id.clone(), began, ended, cleared, cause, peak })
    }

    fn begin_pending(&mut self, at: Moment, verdict: &Verdict) -> Option<AlarmEdge> {
        // An alarm is named by its beginning, so a stay that outlasts one alarm begins the next where that ended.
        let was_before = |cleared: &Moment| verdict.since.pts < cleared.pts && cleared.pts <= at.pts;
        let since = self.cleared.filter(was_before).unwrap_or(verdict.since);
        self.phase =
            Phase::Pending { since, first: at.pts, last: at, held: MediaDuration::ZERO, n_failed: 0 };
        (self.config.hold <= MediaDuration::ZERO).then(|| self.raise(since, at, verdict))
    }

    fn raise(&mut self, since: Moment, at: Moment, verdict: &Verdict) -> AlarmEdge {
        self.phase = Phase::Active { began: since, last: at, peak: verdict.count };
        AlarmEdge::Begin(AlarmBegin {
            rule: self.config.id.clone(),
            class: self.config.kind.class(),
            level: self.config.level,
            began: since,
            raised: at,
            evidence: self.evidence(verdict, at.pts - since.pts),
        })
    }

    fn step_pending(&mut self, at: Moment, is_true: bool, verdict: &Verdict) -> Option<AlarmEdge> {
        let Phase::Pending { since, first, last, mut held, mut n_failed } = self.phase else { return None };
        if !is_true {
            n_failed = n_failed.saturating_add(1);
            let is_over = n_failed > 1 && at.pts - last.pts > DROPOUT;
            self.phase =
                if is_over { Phase::Quiet } else { Phase::Pending { since, first, last, held, n_failed } };
            return None;
        }
        if let Some((previous, true)) = self.previous {
            held += at.pts - previous;
        }
        let span = at.pts - first;
        self.phase = Phase::Pending { since, first, last: at, held, n_failed: 0 };
        let is_enough =
            span >= self.config.hold && held.0.saturating_mul(100) >= span.0.saturating_mul(HELD_PERCENT);
        is_enough.then(|| self.raise(since, at, verdict))
    }

    fn step_active(&mut self, at: Moment, is_true: bool, verdict: &Verdict) -> Option<AlarmEdge> {
        let Phase::Active { began, last, peak } = self.phase else { return None };
        if is_true {
            self.phase = Phase::Active { began, last: at, peak: peak.max(verdict.count) };
            return (verdict.count > peak).then(|| {
                let evidence = self.evidence(verdict, at.pts - began.pts);
                AlarmEdge::Update(AlarmUpdate { rule: self.config.id.clone(), began, at, evidence })
            });
        }
        if at.pts - last.pts < self.config.clear {
            return None;
        }
        self.phase = Phase::Quiet;
        self.cleared = Some(at);
        Some(self.end(began, last, at, EndCause::Cleared, peak))
    }

    fn evidence(&self, verdict: &Verdict, held_for: MediaDuration) -> Evidence {
        let zone = self.config.zone.as_ref();
        Evidence {
            rule_class: self.config.kind.class(),
            zone: zone.map(|zone| ZoneRef { id: zone.id.clone(), name: zone.name.clone() }),
            count: verdict.count,
            peak: verdict.count,
            limit: self.config.kind.limit(),
            held_for,
            class: verdict.class,
            tracks: verdict.tracks.clone(),
            score: verdict.score,
            detail: verdict.detail.clone(),
            low_trust: None,
        }
    }
}
