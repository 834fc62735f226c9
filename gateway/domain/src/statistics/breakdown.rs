//! The same incidents, summed in every way that a centre is asked about.

use std::collections::BTreeMap;

use super::{Course, Spread, Tally, UnitTally, Verdict};
use crate::{
    centre::{Date, Source},
    ids::{AreaId, ClassId, UnitId},
    level::Level,
};

/// Within these times of being told, units of the 1-3-5-minute circle arrive.
pub const ARRIVAL_CIRCLE_MS: [u64; 3] = [60_000, 180_000, 300_000];

/// What an incident is summed under.
#[derive(Clone, Debug)]
pub struct Belongs<'a> {
    /// What kind of event.
    pub class: &'a ClassId,
    /// How it came to the centre.
    pub source: Source,
    /// Where it is.
    pub area: &'a AreaId,
    /// The day on which it came, on the site's calendar.
    pub day: Date,
    /// The hour of the day at which it began, 0 to 23, on the site's clocks.
    pub hour: u8,
    /// A camera of the site is named in it.
    pub is_on_camera: bool,
}

/// A cell of the heat map: a class, an area and an hour of the day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeatCell {
    /// Where.
    pub area: AreaId,
    /// What.
    pub class: ClassId,
    /// 0 to 23.
    pub hour: u8,
}

/// Sums of one set of incidents.
#[derive(Clone, Debug, Default)]
pub struct Breakdown {
    /// Of all.
    pub total: Tally,
    /// By level, as it is judged.
    pub levels: BTreeMap<Level, Tally>,
    /// By class.
    pub classes: BTreeMap<ClassId, Tally>,
    /// By how they came.
    pub sources: BTreeMap<Source, Tally>,
    /// By area, without what lies in it.
    pub areas: BTreeMap<AreaId, Tally>,
    /// By unit: parts, not incidents.
    pub units: BTreeMap<UnitId, UnitTally>,
    /// By the day on which they came.
    pub days: BTreeMap<Date, Tally>,
    /// How many began there, of that kind, in that hour.
    pub heat: BTreeMap<HeatCell, u64>,
    /// Parts of red incidents with an arrival, and those within each time of [`ARRIVAL_CIRCLE_MS`].
    pub red_arrivals: (u64, [u64; 3]),
    /// Confirmed incidents that people reported though a camera saw the place: what rules have missed (人工补录).
    pub missed: u64,
    accept_ms: Vec<u64>,
    sign_ms: Vec<u64>,
    arrive_ms: Vec<u64>,
    settle_ms: Vec<u64>,
}

impl Breakdown {
    /// One more incident.
    pub fn count(&mut self, belongs: &Belongs<'_>, course: &Course) {
        self.total.count(course);
        self.levels.entry(course.level).or_default().count(course);
        self.classes.entry(belongs.class.clone()).or_default().count(course);
        self.sources.entry(belongs.source).or_default().count(course);
        self.areas.entry(belongs.area.clone()).or_default().count(course);
        self.days.entry(belongs.day).or_default().count(course);
        let cell = HeatCell { area: belongs.area.clone(), class: belongs.class.clone(), hour: belongs.hour };
        *self.heat.entry(cell).or_default() += 1;
        let is_missed = belongs.is_on_camera
            && belongs.source != Source::Camera
            && course.verdict() == Verdict::Confirmed;
        self.missed += u64::from(is_missed);
        let is_over = !course.state.is_open();
        for part in &course.parts {
            self.units.entry(part.unit.clone()).or_default().count(part, is_over);
            self.sign_ms.extend(Spread::span_ms(Some(part.told), part.signed));
            let Some(arrival) = Spread::span_ms(Some(part.told), part.arrived) else { continue };
            self.arrive_ms.push(arrival);
            if course.level == Level::Red {
                self.red_arrivals.0 += 1;
                for (n, within) in self.red_arrivals.1.iter_mut().zip(ARRIVAL_CIRCLE_MS) {
                    *n += u64::from(arrival <= within);
                }
            }
        }
        self.accept_ms.extend(Spread::span_ms(Some(course.opened), course.acceptance.at()));
        if is_over {
            self.settle_ms.extend(Spread::span_ms(Some(course.opened), course.settled));
        }
    }

    /// From coming to being taken.
    #[must_use]
    pub fn acceptance(&self) -> Spread {
        Spread::of(self.accept_ms.clone())
    }

    /// From a unit's being told to its signing in.
    #[must_use]
    pub fn sign_in(&self) -> Spread {
        Spread::of(self.sign_ms.clone())
    }

    /// From a unit's being told to its arrival.
    #[must_use]
    pub fn arrival(&self) -> Spread {
        Spread::of(self.arrive_ms.clone())
    }

    /// From coming to being settled.
    #[must_use]
    pub fn settling(&self) -> Spread {
        Spread::of(self.settle_ms.clone())
    }
}
