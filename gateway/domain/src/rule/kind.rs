//! Which conditions there are, with their settings, and what each asks of the analysis.

use serde::{Deserialize, Serialize};

use crate::{
    closed::closed_enum,
    detection::{ClassGroup, ObjectClass},
    geometry::{Confidence, Heading},
    ladder::{Need, Rung},
    time::MediaDuration,
    zone::Line,
};

closed_enum! {
    /// What kind of event a rule is about: the class of its alarms and incidents.
    pub enum RuleClass ("rule class") {
        /// Too many people in one place (聚集).
        Crowding => "crowding",
        /// People who gather fast (人群激增).
        CrowdSurge => "crowd_surge",
        /// Something where it must not be (入侵).
        Intrusion => "intrusion",
        /// Someone at the water's edge (临水).
        WaterEdge => "water_edge",
        /// A line that was crossed (越线).
        LineCrossing => "line_crossing",
        /// A vehicle against the allowed direction (逆行).
        WrongWay => "wrong_way",
        /// Someone who stays too long (徘徊).
        Loitering => "loitering",
        /// A vehicle that stands where traffic should flow (违停).
        StoppedVehicle => "stopped_vehicle",
        /// What looks like a traffic accident (疑似交通事故).
        Accident => "accident",
        /// Someone who fell and does not get up (人员倒地).
        PersonDown => "person_down",
        /// A thing that was left behind (遗留物).
        LeftObject => "left_object",
        /// Several people who run (人群奔跑).
        Running => "running",
        /// Smoke (烟雾).
        Smoke => "smoke",
        /// Open flame (明火).
        Fire => "fire",
    }
}

closed_enum! {
    /// Which way across a line.
    pub enum Direction ("direction") {
        /// From the line's left to its right.
        Forward => "forward",
        /// From its right to its left.
        Backward => "backward",
        /// Either.
        Both => "both",
    }
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleKind {
    /// At least this many people have their feet in the zone.
    Crowding {
        /// The limit; 0 counts as 1.
        at_least: u32,
    },
    /// The people in the zone have become more by a number within a time.
    CrowdSurge {
        /// By how many; 0 counts as 1.
        grows_by: u32,
        /// Within which time.
        #[serde(rename = "within_90k")]
        within: MediaDuration,
    },
    /// Anything of these classes is in the zone.
    Intrusion {
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
    /// The same at water.
    WaterEdge {
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
    /// The feet of anything of these classes cross the line.
    LineCrossing {
        /// Which line.
        line: Line,
        /// Which way.
        direction: Direction,
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
    /// Anything of these classes moves against the heading.
    WrongWay {
        /// Where traffic may go.
        heading: Heading,
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
    /// One and the same thing stays in the zone.
    Loitering {
        /// How long.
        #[serde(rename = "stay_90k")]
        stay: MediaDuration,
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
    /// A vehicle that came by itself stands in the zone.
    StoppedVehicle {
        /// How long.
        #[serde(rename = "stay_90k")]
        stay: MediaDuration,
    },
    /// Signs of a traffic accident add up.
    Accident {
        /// From which sum on.
        least_score: Confidence,
    },
    /// Someone who stood is down and still.
    PersonDown {
        /// How long.
        #[serde(rename = "still_90k")]
        still: MediaDuration,
    },
    /// A thing that someone put down stands alone.
    LeftObject {
        /// How long.
        #[serde(rename = "stay_90k")]
        stay: MediaDuration,
    },
    /// At least this many run at the same time.
    Running {
        /// The limit; 0 counts as 1.
        at_least: u32,
        /// Any of them.
        classes: Vec<ObjectClass>,
    },
    /// The model sees smoke.
    Smoke,
    /// The model sees flames.
    Fire,
}

impl RuleKind {
    /// Without its settings.
    #[must_use]
    pub const fn class(&self) -> RuleClass {
        match self {
            Self::Crowding { .. } => RuleClass::Crowding,
            Self::CrowdSurge { .. } => RuleClass::CrowdSurge,
            Self::Intrusion { .. } => RuleClass::Intrusion,
            Self::WaterEdge { .. } => RuleClass::WaterEdge,
            Self::LineCrossing { .. } => RuleClass::LineCrossing,
            Self::WrongWay { .. } => RuleClass::WrongWay,
            Self::Loitering { .. } => RuleClass::Loitering,
            Self::StoppedVehicle { .. } => RuleClass::StoppedVehicle,
            Self::Accident { .. } => RuleClass::Accident,
            Self::PersonDown { .. } => RuleClass::PersonDown,
            Self::LeftObject { .. } => RuleClass::LeftObject,
            Self::Running { .. } => RuleClass::Running,
            Self::Smoke => RuleClass::Smoke,
            Self::Fire => RuleClass::Fire,
        }
    }

    /// How many it takes.
    #[must_use]
    pub fn limit(&self) -> u32 {
        match self {
            Self::Crowding { at_least } | Self::Running { at_least, .. } => (*at_least).max(1),
            Self::CrowdSurge { grows_by, .. } => (*grows_by).max(1),
            Self::Intrusion { .. }
            | Self::WaterEdge { .. }
            | Self::LineCrossing { .. }
            | Self::WrongWay { .. }
            | Self::Loitering { .. }
            | Self::StoppedVehicle { .. }
            | Self::Accident { .. }
            | Self::PersonDown { .. }
            | Self::LeftObject { .. }
            | Self::Smoke
            | Self::Fire => 1,
        }
    }

    /// What it takes to see it.
    ///
    /// A rule about something that comes to stand or lie still rests on keyframes: the sizes of coded pictures say nothing
    /// of what no longer moves. A rule about movement rests on the sizes alone. What drives or runs through the picture is
    /// gone within seconds and never dozed through; who walks, gathers, stands or lies is there for longer.
    #[must_use]
    pub const fn need(&self) -> Need {
        let (rest, fps) = match self {
            Self::Crowding { .. } | Self::CrowdSurge { .. } | Self::Loitering { .. } => (Rung::Sizes, 2.0),
            Self::Intrusion { .. } | Self::WaterEdge { .. } | Self::WrongWay { .. } => (Rung::Sizes, 5.0),
            // With 5 a car on a motorway has passed before it is followed: 95 crossings of 110 that 10 finds, and 8 has 107
            // and more false stops there.
            Self::LineCrossing { .. } => (Rung::Sizes, 10.0),
            Self::Running { .. } => (Rung::Sizes, 10.0),
            Self::StoppedVehicle { .. } | Self::LeftObject { .. } => (Rung::Keyframes, 2.0),
            Self::PersonDown { .. } => (Rung::Keyframes, 5.0),
            Self::Accident { .. } => (Rung::Keyframes, 8.0),
            // Neither has an outline that moves as a whole, and a small flame hardly changes the sizes.
            Self::Smoke | Self::Fire => (Rung::Keyframes, 1.0),
        };
        let doze = match self {
            Self::LineCrossing { .. }
            | Self::WrongWay { .. }
            | Self::Accident { .. }
            | Self::Running { .. } => MediaDuration::ZERO,
            Self::Crowding { .. }
            | Self::CrowdSurge { .. }
            | Self::Intrusion { .. }
            | Self::WaterEdge { .. }
            | Self::Loitering { .. }
            | Self::StoppedVehicle { .. }
            | Self::PersonDown { .. }
            | Self::LeftObject { .. }
            | Self::Smoke
            | Self::Fire => MediaDuration::from_secs(4),
        };
        Need { rest, fps, doze }
    }

    /// Whether it must be told of things that have no class of any model, which only the pixels show: all of
    /// [`ObjectClass::Other`].
    #[must_use]
    pub fn needs_pixels(&self) -> bool {
        match self {
            Self::LeftObject { .. } => true,
            Self::Intrusion { classes }
            | Self::WaterEdge { classes }
            | Self::LineCrossing { classes, .. }
            | Self::WrongWay { classes, .. }
            | Self::Loitering { classes, .. }
            | Self::Running { classes, .. } => classes.contains(&ObjectClass::Other),
            Self::Crowding { .. }
            | Self::CrowdSurge { .. }
            | Self::StoppedVehicle { .. }
            | Self::Accident { .. }
            | Self::PersonDown { .. }
            | Self::Smoke
            | Self::Fire => false,
        }
    }

    /// The class without which a model is of no use for it: smoke and fire are known to few.
    #[must_use]
    pub const fn needs_class(&self) -> Option<ObjectClass> {
        match self {
            Self::Smoke => Some(ObjectClass::Smoke),
            Self::Fire => Some(ObjectClass::Fire),
            Self::Crowding { .. }
            | Self::CrowdSurge { .. }
            | Self::Intrusion { .. }
            | Self::WaterEdge { .. }
            | Self::LineCrossing { .. }
            | Self::WrongWay { .. }
            | Self::Loitering { .. }
            | Self::StoppedVehicle { .. }
            | Self::Accident { .. }
            | Self::PersonDown { .. }
            | Self::LeftObject { .. }
            | Self::Running { .. } => None,
        }
    }

    /// Whether its alarms count things of this class.
    pub(super) fn counts(&self, class: ObjectClass) -> bool {
        let is_asked = |classes: &[ObjectClass]| classes.iter().any(|asked| class.may_be(*asked));
        match self {
            Self::Crowding { .. } | Self::CrowdSurge { .. } | Self::PersonDown { .. } => {
                class == ObjectClass::Person
            }
            Self::Intrusion { classes }
            | Self::WaterEdge { classes }
            | Self::LineCrossing { classes, .. }
            | Self::WrongWay { classes, .. }
            | Self::Loitering { classes, .. }
            | Self::Running { classes, .. } => is_asked(classes),
            Self::StoppedVehicle { .. } => class.is_vehicle(),
            Self::Accident { .. } => class.is_vehicle() || class.group() == ClassGroup::Cycle,
            Self::LeftObject { .. } => class == ObjectClass::Other,
            Self::Smoke => class == ObjectClass::Smoke,
            Self::Fire => class == ObjectClass::Fire,
        }
    }

    /// Whether it must see where things of this class go: those that it counts, and who puts things down.
    pub(super) fn regards(&self, class: ObjectClass) -> bool {
        let is_owner = matches!(self, Self::LeftObject { .. }) && class == ObjectClass::Person;
        is_owner || self.counts(class)
    }
}
