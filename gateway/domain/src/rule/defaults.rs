//! What a rule is set to where the site file says nothing, by the kind of place that the camera watches.
//!
//! The numbers are the product's opinion: how long people stand about in a village is no loitering, at a reservoir it is.
//! docs/rules.md shows the same table.

use super::{RuleClass, RuleConfig};
use crate::{area::Place, geometry::Confidence, level::Level, time::MediaDuration};

/// Settings of one class of rules at one kind of place. Those that a class does not have are as for the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defaults {
    /// How urgent.
    pub level: Level,
    /// How long the condition must hold.
    pub hold: MediaDuration,
    /// How long it must not.
    pub clear: MediaDuration,
    /// Standing things are ignored.
    pub must_have_moved: bool,
    /// Crowding, running: how many people.
    pub at_least: u32,
    /// Surge: by how many.
    pub grows_by: u32,
    /// Surge: within which time.
    pub within: MediaDuration,
    /// Loitering, stopped vehicle, left object: how long.
    pub stay: MediaDuration,
    /// Person down: how long still.
    pub still: MediaDuration,
    /// Accident: how much must speak for it.
    pub least_score: Confidence,
}

impl Defaults {
    /// For rules of `class` on cameras at `place`.
    #[must_use]
    pub fn of(class: RuleClass, place: Place) -> Self {
        let secs = MediaDuration::from_secs;
        let (hold, clear) = match class {
            RuleClass::Crowding | RuleClass::Intrusion => (5, 5),
            RuleClass::WaterEdge => (2, 5),
            RuleClass::CrowdSurge | RuleClass::Running | RuleClass::Smoke | RuleClass::Fire => (2, 10),
            // They have times of their own.
            RuleClass::Loitering
            | RuleClass::StoppedVehicle
            | RuleClass::LeftObject
            | RuleClass::PersonDown
            | RuleClass::Accident => (0, 10),
            RuleClass::LineCrossing => (0, 2),
            RuleClass::WrongWay => (0, 5),
        };
        Self {
            level: level(class, place),
            hold: secs(hold),
            clear: secs(clear),
            // Growth is a difference, to which standing things add nothing, and who stood there all along would be growth
            // when they take a step. What was left, burns or smokes never moves.
            must_have_moved: match class {
                RuleClass::CrowdSurge | RuleClass::LeftObject | RuleClass::Smoke | RuleClass::Fire => false,
                RuleClass::Crowding
                | RuleClass::Intrusion
                | RuleClass::WaterEdge
                | RuleClass::LineCrossing
                | RuleClass::WrongWay
                | RuleClass::Loitering
                | RuleClass::StoppedVehicle
                | RuleClass::Accident
                | RuleClass::PersonDown
                | RuleClass::Running => RuleConfig::MUST_HAVE_MOVED,
            },
            at_least: at_least(class, place),
            grows_by: match place {
                Place::Village | Place::Junction => 6,
                Place::Crowded => 12,
                Place::Reservoir => 4,
            },
            within: secs(30),
            stay: stay(class, place),
            still: secs(match place {
                Place::Reservoir => 6,
                Place::Village | Place::Junction | Place::Crowded => 10,
            }),
            least_score: Confidence::new(0.6),
        }
    }
}

const fn level(class: RuleClass, place: Place) -> Level {
    match (class, place) {
        (RuleClass::Accident | RuleClass::Fire, _) | (RuleClass::WaterEdge, Place::Reservoir) => Level::Red,
        (RuleClass::WaterEdge | RuleClass::PersonDown | RuleClass::WrongWay, _)
        | (RuleClass::Running | RuleClass::Smoke, _)
        | (RuleClass::CrowdSurge, Place::Crowded) => Level::Orange,
        (RuleClass::LineCrossing, _) => Level::Blue,
        (RuleClass::Crowding | RuleClass::CrowdSurge | RuleClass::Intrusion, _)
        | (RuleClass::Loitering | RuleClass::StoppedVehicle | RuleClass::LeftObject, _) => Level::Yellow,
    }
}

const fn at_least(class: RuleClass, place: Place) -> u32 {
    if matches!(class, RuleClass::Running) {
        return match place {
            Place::Crowded => 5,
            Place::Village | Place::Junction | Place::Reservoir => 3,
        };
    }
    match place {
        Place::Village => 10,
        Place::Junction => 15,
        Place::Crowded => 30,
        Place::Reservoir => 5,
    }
}

const fn stay(class: RuleClass, place: Place) -> MediaDuration {
    let seconds = match (class, place) {
        (RuleClass::StoppedVehicle, Place::Junction) => 60,
        (RuleClass::StoppedVehicle, _) => 180,
        (RuleClass::LeftObject, Place::Crowded) => 60,
        (RuleClass::LeftObject, _) => 120,
        (_, Place::Reservoir) => 60,
        (_, Place::Village | Place::Crowded) => 300,
        (_, Place::Junction) => 180,
    };
    MediaDuration::from_secs(seconds)
}

/// Which rules a fresh camera at `place` should have, the most important first; each needs its zone or line to be drawn.
#[must_use]
pub const fn usual_rules(place: Place) -> &'static [RuleClass] {
    match place {
        Place::Village => {
            &[RuleClass::Intrusion, RuleClass::Crowding, RuleClass::PersonDown, RuleClass::Loitering]
        }
        Place::Junction => &[
            RuleClass::Accident,
            RuleClass::StoppedVehicle,
            RuleClass::WrongWay,
            RuleClass::PersonDown,
            RuleClass::Crowding,
        ],
        Place::Crowded => {
            &[RuleClass::CrowdSurge, RuleClass::Crowding, RuleClass::PersonDown, RuleClass::LeftObject]
        }
        Place::Reservoir => &[RuleClass::WaterEdge, RuleClass::Loitering, RuleClass::PersonDown],
    }
}
