//! What a detector says about one frame: boxes with a class and a score.
//!
//! No model, no pixels and no thresholds live here; `inference` makes detections, [`crate::track`] consumes them.

use serde::{Deserialize, Serialize};

use crate::{
    closed::closed_enum,
    geometry::{Confidence, NormRect},
};

closed_enum! {
    /// What a thing is. Models with other words map them to these in their manifest.
    pub enum ObjectClass ("object class") {
        /// A human being, in any posture.
        Person => "person",
        /// A pedalled two-wheeler.
        Bicycle => "bicycle",
        /// A motorised or electric two-wheeler.
        Motorcycle => "motorcycle",
        /// A bicycle or motorcycle, by a model that does not tell them apart.
        TwoWheeler => "two_wheeler",
        /// A motorised or pedalled three-wheeler (三轮车).
        Tricycle => "tricycle",
        /// A passenger car or van.
        Car => "car",
        /// A bus or coach.
        Bus => "bus",
        /// A lorry of any size.
        Truck => "truck",
        /// Any animal.
        Animal => "animal",
        /// Open flame.
        Fire => "fire",
        /// Smoke.
        Smoke => "smoke",
        /// Something that a rule may still care about.
        Other => "other",
    }
}

closed_enum! {
    /// Classes that a detector confuses for one and the same thing: a track may change class within its group only, but for
    /// an animal that turns out to be a person.
    pub enum ClassGroup ("class group") {
        /// People.
        Person => "person",
        /// Two-wheelers and tricycles.
        Cycle => "cycle",
        /// Cars, buses and lorries.
        Vehicle => "vehicle",
        /// Animals.
        Animal => "animal",
        /// Fire.
        Fire => "fire",
        /// Smoke.
        Smoke => "smoke",
        /// Everything else.
        Other => "other",
    }
}

impl ObjectClass {
    /// Cars, buses and lorries: what has four wheels or more.
    #[must_use]
    pub const fn is_vehicle(self) -> bool {
        matches!(self.group(), ClassGroup::Vehicle)
    }

    /// Bicycles and motorcycles, told apart or not.
    #[must_use]
    pub const fn is_two_wheeler(self) -> bool {
        matches!(self, Self::Bicycle | Self::Motorcycle | Self::TwoWheeler)
    }

    /// Whether a thing of this class may be one of the class that was asked for: its own, and where one of the two says
    /// only "two-wheeler", any two-wheeler.
    #[must_use]
    pub fn may_be(self, asked: Self) -> bool {
        let is_vague = self == Self::TwoWheeler || asked == Self::TwoWheeler;
        self == asked || (is_vague && self.is_two_wheeler() && asked.is_two_wheeler())
    }

    /// Which classes it is easily confused with.
    #[must_use]
    pub const fn group(self) -> ClassGroup {
        match self {
            Self::Person => ClassGroup::Person,
            Self::Bicycle | Self::Motorcycle | Self::TwoWheeler | Self::Tricycle => ClassGroup::Cycle,
            Self::Car | Self::Bus | Self::Truck => ClassGroup::Vehicle,
            Self::Animal => ClassGroup::Animal,
            Self::Fire => ClassGroup::Fire,
            Self::Smoke => ClassGroup::Smoke,
            Self::Other => ClassGroup::Other,
        }
    }

    /// Its box's lower edge is where it touches the ground; not so for flames and smoke.
    #[must_use]
    pub const fn stands_on_ground(self) -> bool {
        !matches!(self, Self::Fire | Self::Smoke)
    }
}

/// One box in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// What it is.
    pub class: ObjectClass,
    /// How sure the model is.
    pub confidence: Confidence,
    /// Where it is.
    pub rect: NormRect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_keeps_its_name_through_text_and_json() {
        for (&class, &name) in ObjectClass::ALL.iter().zip(ObjectClass::NAMES) {
            assert_eq!(class.as_str(), name);
            assert_eq!(name.parse(), Ok(class));
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<ObjectClass>(&format!("\"{name}\"")).unwrap(), class);
        }
        let error = "Person".parse::<ObjectClass>().unwrap_err().to_string();
        assert!(error.starts_with("`Person` is no object class: use one of person, bicycle"), "{error}");
    }

    #[test]
    fn a_lorry_is_a_vehicle_and_a_tricycle_is_neither_that_nor_a_two_wheeler() {
        let check = |class: ObjectClass, vehicle, two_wheeler| {
            assert_eq!((class.is_vehicle(), class.is_two_wheeler()), (vehicle, two_wheeler), "{class}");
        };
        check(ObjectClass::Truck, true, false);
        check(ObjectClass::Tricycle, false, false);
        check(ObjectClass::Motorcycle, false, true);
        check(ObjectClass::TwoWheeler, false, true);
        check(ObjectClass::Person, false, false);
    }

    #[test]
    fn a_two_wheeler_may_be_either_and_a_bicycle_is_no_motorcycle() {
        use ObjectClass::{Bicycle, Motorcycle, Person, Tricycle, TwoWheeler};
        let check = |class: ObjectClass, asked, expected| {
            assert_eq!(class.may_be(asked), expected, "{class} for {asked}");
            assert_eq!(asked.may_be(class), expected, "{asked} for {class}");
        };
        check(TwoWheeler, TwoWheeler, true);
        check(TwoWheeler, Bicycle, true);
        check(TwoWheeler, Motorcycle, true);
        check(Bicycle, Motorcycle, false);
        check(TwoWheeler, Tricycle, false);
        check(TwoWheeler, Person, false);
        check(Person, Person, true);
    }
}
