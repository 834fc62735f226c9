//! Zones, lines, rules and alarms on the wire, with the numbers that explain an alarm.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A zone of a camera.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    /// Identifier within the camera.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Corners, 0..1 of the picture.
    pub polygon: Vec<Point>,
}

/// A line of a camera: its left and right are those of someone who walks from its first point to its second.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// Identifier within the camera.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Two points, 0..1 of the picture.
    pub points: Vec<Point>,
}

/// A point, 0..1 of the picture, from the upper left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// A rule of a camera.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Identifier within the camera.
    pub id: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// Its zone; absent: the whole picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// 1 red to 4 blue.
    pub level: u8,
    /// Line crossing: its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Line crossing: which way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<CrossingDirection>,
    /// Crowding and running: how many people raise it. Surge: how many more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// Surge: within which time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<i64>,
    /// Loitering, stopped vehicle, left object, person down: how long it must last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay_ms: Option<i64>,
    /// Accident: from which sum of its signs on, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_score: Option<f32>,
    /// What it is about, for the kinds of rules that can be about several.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub classes: Vec<String>,
    /// How long the condition must hold.
    pub hold_ms: i64,
}

// ---- incidents

/// One firing of one rule.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Alarm {
    /// Identifier.
    pub id: i64,
    /// Rule identifier within the camera.
    pub rule: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// 1 red to 4 blue.
    pub level: u8,
    /// When the condition first held.
    pub began_ms: i64,
    /// When it had held long enough.
    pub raised_ms: i64,
    /// When it ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Ended: stable word for why, e.g. `cleared`, `stream_lost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_cause: Option<String>,
    /// Codes and numbers for the sentence.
    pub evidence: Evidence,
}

/// Why a rule fired: codes and numbers; the sentence is composed in the viewer's language.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Which kind of sentence.
    pub rule_class: IncidentClass,
    /// How many were there.
    pub count: u32,
    /// How many it takes; 1 where one is enough.
    pub limit: u32,
    /// The most at once, so far.
    pub peak: u32,
    /// The zone; absent: the whole picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneName>,
    /// What was seen, e.g. `person`; the most frequent when there are several.
    pub class: String,
    /// How long the condition had held.
    pub held_ms: i64,
    /// The best score among them, 0..1.
    pub score: f32,
    /// Whose boxes to show.
    pub tracks: Vec<u64>,
    /// The camera may have been tampered with at the time, so this may be wrong: `covered`, `defocused`, `moved`, `frozen`
    /// or `signal_lost`. Absent: the usual trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_trust: Option<String>,
    /// What only some kinds of rules have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<EvidenceDetail>,
}

/// Numbers that only some kinds of rules have.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum EvidenceDetail {
    /// How a crowd grew.
    Growth {
        /// How many there were.
        from: u32,
        /// How many there are.
        to: u32,
        /// Within which time, as the rule is set.
        within_ms: i64,
    },
    /// What went over a line since the alarm began.
    Crossing {
        /// Which line, as it was called then.
        line: ZoneName,
        /// From its left to its right.
        forward: u32,
        /// From its right to its left.
        backward: u32,
    },
    /// How long it takes of a stay, a stop or a stillness.
    Stay {
        /// As the rule is set.
        limit_ms: i64,
    },
    /// What speaks for an accident; the score is the sum.
    Accident {
        /// The signs seen, each once.
        signs: Vec<AccidentSign>,
    },
    /// How fast the fastest runs.
    Speed {
        /// In its own heights per second.
        heights_per_s: f32,
    },
}

/// A sign of a traffic accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccidentSign {
    /// Two that came at each other touch.
    Contact,
    /// One went from fast to standing at once.
    AbruptStop,
    /// Both did.
    BothAbrupt,
    /// Both stand where they met.
    Halted,
    /// Someone lies beside it.
    PersonDown,
    /// One came and stays beside it.
    Bystander,
    /// Several did.
    Bystanders,
}

/// Which way across a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrossingDirection {
    /// From its left to its right.
    Forward,
    /// From its right to its left.
    Backward,
    /// Either.
    Both,
}

/// A zone as it was called then.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ZoneName {
    /// Identifier within the camera.
    pub id: String,
    /// Name as shown.
    pub name: String,
}

/// What a rule watches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentClass {
    /// Too many people in a zone.
    Crowding,
    /// People who gather fast.
    CrowdSurge,
    /// Something where it may not be.
    Intrusion,
    /// Someone at the water's edge.
    WaterEdge,
    /// A line that was crossed.
    LineCrossing,
    /// A vehicle against the allowed direction.
    WrongWay,
    /// Someone who stays too long.
    Loitering,
    /// A vehicle that stands where traffic should flow.
    StoppedVehicle,
    /// What looks like a traffic accident.
    Accident,
    /// Someone who fell and does not get up.
    PersonDown,
    /// A thing that was left behind.
    LeftObject,
    /// Several people who run.
    Running,
    /// Smoke.
    Smoke,
    /// Open flame.
    Fire,
}
