//! What a rule says when it fires, and the numbers that explain it.
//!
//! No sentence is composed here: the console does that in the viewer's language from [`Evidence`].
//! Made by [`crate::rule`]; `gateway::desk` turns it into rows and incidents.

use serde::{Deserialize, Serialize};

use crate::{
    closed::closed_enum,
    detection::ObjectClass,
    geometry::Confidence,
    ids::{LineId, RuleId, TrackId, ZoneId},
    level::Level,
    rule::RuleClass,
    tamper::TamperKind,
    time::{MediaDuration, Pts, WallTime},
};

/// One instant in both times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// In the run's media time.
    #[serde(rename = "pts_90k")]
    pub pts: Pts,
    /// In wall time.
    #[serde(rename = "wall_ms")]
    pub wall: WallTime,
}

/// Which zone an alarm is about, with the name it had then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRef {
    /// Unique within the camera.
    pub id: ZoneId,
    /// As people call it.
    pub name: String,
}

/// Which line an alarm is about, with the name it had then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRef {
    /// Unique within the camera.
    pub id: LineId,
    /// As people call it.
    pub name: String,
}

closed_enum! {
    /// A sign of a traffic accident.
    pub enum Sign ("sign") {
        /// Two that came at each other touch.
        Contact => "contact",
        /// One went from fast to standing at once.
        AbruptStop => "abrupt_stop",
        /// Both did.
        BothAbrupt => "both_abrupt",
        /// Both stand where they met.
        Halted => "halted",
        /// Someone lies beside it.
        PersonDown => "person_down",
        /// One came and stays beside it.
        Bystander => "bystander",
        /// Several did.
        Bystanders => "bystanders",
    }
}

/// Numbers that only some kinds of rules have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Detail {
    /// How a crowd grew; [`Evidence::count`] is by how many.
    Growth {
        /// How many there were.
        from: u32,
        /// How many there are.
        to: u32,
        /// Within which time, as the rule is set.
        #[serde(rename = "within_90k")]
        within: MediaDuration,
    },
    /// What went over a line since the alarm began; [`Evidence::count`] is those that the rule counts.
    Crossing {
        /// Which line.
        line: LineRef,
        /// From its left to its right.
        forward: u32,
        /// From its right to its left.
        backward: u32,
    },
    /// How long it takes of a stay, a stop or a stillness, as the rule is set; [`Evidence::held_for`] is how long it is.
    Stay {
        /// The limit.
        #[serde(rename = "limit_90k")]
        limit: MediaDuration,
    },
    /// What speaks for an accident; [`Evidence::score`] is the sum.
    Accident {
        /// The signs seen, each once.
        signs: Vec<Sign>,
    },
    /// How fast the fastest is, in its own heights per second.
    Speed {
        /// Of who runs, 1.6 and more.
        heights_per_s: f32,
    },
}

/// Codes and numbers for the sentence that a person reads: "12 people in 广场 for 20 s, limit 10".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which kind of sentence.
    pub rule_class: RuleClass,
    /// `None` for the whole picture.
    pub zone: Option<ZoneRef>,
    /// How many were there in this frame.
    pub count: u32,
    /// The most there were at one time, so far.
    pub peak: u32,
    /// How many it takes: for intrusion 1.
    pub limit: u32,
    /// How long the condition has held.
    #[serde(rename = "held_90k")]
    pub held_for: MediaDuration,
    /// What is there; the most frequent class when there are several.
    pub class: ObjectClass,
    /// Whose boxes to show, in order of id; of the frame of the peak, at most [`Evidence::MOST_TRACKS`].
    pub tracks: Vec<TrackId>,
    /// Highest score among them.
    pub score: Confidence,
    /// What only some kinds of rules have; alarms from before there were such kinds have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// The camera may have been tampered with at the time, so this may be wrong: how. `None` is the usual trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_trust: Option<TamperKind>,
}

impl Evidence {
    /// More boxes than a person can look at are not listed.
    pub const MOST_TRACKS: usize = 64;
}

/// A rule fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmBegin {
    /// Which rule of the camera.
    pub rule: RuleId,
    /// What kind of event.
    pub class: RuleClass,
    /// How urgent by the rule's setting.
    pub level: Level,
    /// When the condition first held: clips count from here.
    pub began: Moment,
    /// When it had held long enough: now.
    pub raised: Moment,
    /// Why.
    pub evidence: Evidence,
}

/// A running alarm got worse: more are there than ever before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmUpdate {
    /// Which rule of the camera.
    pub rule: RuleId,
    /// Which alarm of it: the [`AlarmBegin::began`] of its begin.
    pub began: Moment,
    /// Now.
    pub at: Moment,
    /// Why.
    pub evidence: Evidence,
}

closed_enum! {
    /// Why an alarm ended.
    pub enum EndCause ("end cause") {
        /// The condition no longer held for the rule's clear time.
        Cleared => "cleared",
        /// The same, in pictures of a camera that may have been tampered with or whose light is gone: whether it is over is
        /// not known.
        LowTrust => "low_trust",
        /// The schedule closed.
        ScheduleClosed => "schedule_closed",
        /// The stream or its analysis was lost: what happened then is not known.
        StreamLost => "stream_lost",
        /// The rule was changed or removed.
        RuleChanged => "rule_changed",
        /// The service was stopped.
        Stopped => "stopped",
        /// The service died while the alarm ran, and found it at its next start.
        Restart => "restart",
    }
}

/// A running alarm is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmEnd {
    /// Which rule of the camera.
    pub rule: RuleId,
    /// Which alarm of it: the [`AlarmBegin::began`] of its begin.
    pub began: Moment,
    /// When the condition last held.
    pub ended: Moment,
    /// When that was certain: now.
    pub cleared: Moment,
    /// Why it is over.
    pub cause: EndCause,
    /// The most there were at one time.
    pub peak: u32,
}

/// What changes from one frame to the next. Begin, any number of updates, end; never two begins without an end between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edge", rename_all = "snake_case")]
pub enum AlarmEdge {
    /// It fires.
    Begin(AlarmBegin),
    /// It gets worse.
    Update(AlarmUpdate),
    /// It is over.
    End(AlarmEnd),
}

impl AlarmEdge {
    /// Whose edge it is.
    #[must_use]
    pub const fn rule(&self) -> &RuleId {
        match self {
            Self::Begin(begin) => &begin.rule,
            Self::Update(update) => &update.rule,
            Self::End(end) => &end.rule,
        }
    }

    /// It is told by pictures of a camera that may have been tampered with: what began or grew may be wrong, and what is not
    /// seen any more may still be there.
    pub const fn doubt(&mut self, kind: TamperKind) {
        match self {
            Self::Begin(begin) => begin.evidence.low_trust = Some(kind),
            Self::Update(update) => update.evidence.low_trust = Some(kind),
            Self::End(end) => match end.cause {
                EndCause::Cleared => end.cause = EndCause::LowTrust,
                // The pictures did not say these.
                EndCause::LowTrust
                | EndCause::ScheduleClosed
                | EndCause::StreamLost
                | EndCause::RuleChanged
                | EndCause::Stopped
                | EndCause::Restart => {}
            },
        }
    }

    /// The instant that names the alarm among all of its rule.
    #[must_use]
    pub const fn began(&self) -> Moment {
        match self {
            Self::Begin(begin) => begin.began,
            Self::Update(update) => update.began,
            Self::End(end) => end.began,
        }
    }
}
