//! One `[[camera.rule]]`. What a rule leaves out is as usual for its kind at the camera's kind of place.

use std::{collections::BTreeMap, time::Duration};

use sharpeyes_domain::{
    area::Place,
    detection::ObjectClass,
    geometry::{Confidence, Heading},
    ids::{IdError, LineId, RuleId, ZoneId},
    rule::{Defaults, Direction, RuleClass, RuleConfig, RuleKind},
    schedule::{Schedule, Window},
    time::MediaDuration,
    zone::{Line, Zone},
};
use toml::Value;

use super::{
    Check, Limits,
    camera::{Drawn, Known},
    indexed, range, secs, unknown,
};
use crate::{Fault, raw::RawRule};

/// Cars, buses and lorries.
const VEHICLES: [ObjectClass; 3] = [ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck];

/// The rules of one camera.
#[derive(Default)]
pub(super) struct Rules {
    /// Those that raise alarms.
    pub(super) live: Vec<RuleConfig>,
    /// Those that are only written down.
    pub(super) shadow: Vec<RuleConfig>,
}

impl Check<'_> {
    pub(super) fn rules(&mut self, at: &str, written: Vec<Value>, drawn: &Drawn<'_>) -> Rules {
        let mut seen = BTreeMap::new();
        let mut rules = Rules::default();
        for (at, value) in indexed(&format!("{at}.rule"), written) {
            let Some(raw) = self.raw::<RawRule>(&at, value) else { continue };
            if let Some(id) = &raw.id {
                self.unique(&mut seen, id, &at);
            }
            let list = if raw.shadow == Some(true) { &mut rules.shadow } else { &mut rules.live };
            list.extend(self.rule(&at, raw, drawn));
        }
        rules
    }

    fn rule(&mut self, at: &str, mut raw: RawRule, drawn: &Drawn<'_>) -> Option<RuleConfig> {
        let key = |name: &str| format!("{at}.{name}");
        let id = self.id(key("id"), raw.id.take(), RuleId::new);
        let class: Option<RuleClass> = self.word(key("kind"), raw.kind.take());
        // A wrong place was reported; the rule is checked all the same.
        let usual = class.map(|class| Defaults::of(class, drawn.place.unwrap_or(Place::Village)));
        let zone = match raw.zone.take() {
            Some(zone) => self.rule_zone(key("zone"), &zone, drawn.zones).map(Some),
            None => Some(None),
        };
        let level = match raw.level.take() {
            Some(level) => self.word(key("level"), Some(level)),
            None => usual.map(|usual| usual.level),
        };
        let five = MediaDuration::from_secs(5);
        let hold = match (class, raw.hold.take()) {
            // A crossing is of a moment: there is nothing that could hold.
            (Some(RuleClass::LineCrossing), Some(_)) => {
                self.accept(key("hold"), Err(Fault::NotOfThisRule(RuleClass::LineCrossing.as_str())))
            }
            (_, written) => self.span(&key("hold"), written, usual.map_or(five, |usual| usual.hold), 0),
        };
        let clear = self.span(&key("clear"), raw.clear.take(), usual.map_or(five, |usual| usual.clear), 0);
        let schedule = self.schedule(&key("schedule"), raw.schedule.take());
        let must_have_moved = raw.must_have_moved.take();
        let kind = class.zip(usual).and_then(|(class, usual)| {
            let kind = self.kind(at, &mut raw, class, &usual, drawn);
            self.refuse_the_rest(at, &raw, class);
            kind
        });
        Some(RuleConfig {
            id: id?,
            kind: kind?,
            zone: zone?,
            schedule: schedule?,
            level: level?,
            hold: hold?,
            clear: clear?,
            must_have_moved: must_have_moved
                .unwrap_or_else(|| usual.map_or(RuleConfig::MUST_HAVE_MOVED, |usual| usual.must_have_moved)),
        })
    }

    /// Takes the keys of this kind out of `raw`.
    fn kind(
        &mut self,
        at: &str,
        raw: &mut RawRule,
        class: RuleClass,
        usual: &Defaults,
        drawn: &Drawn<'_>,
    ) -> Option<RuleKind> {
        let person = &[ObjectClass::Person];
        match class {
            RuleClass::Crowding => {
                let at_least = self.people(at, "at_least", raw.at_least.take(), usual.at_least)?;
                Some(RuleKind::Crowding { at_least })
            }
            RuleClass::CrowdSurge => {
                let grows_by = self.people(at, "grows_by", raw.grows_by.take(), usual.grows_by);
                let within = self.span(&format!("{at}.within"), raw.within.take(), usual.within, 2);
                Some(RuleKind::CrowdSurge { grows_by: grows_by?, within: within? })
            }
            RuleClass::Intrusion => {
                Some(RuleKind::Intrusion { classes: self.classes(at, raw.classes.take(), person)? })
            }
            RuleClass::WaterEdge => {
                Some(RuleKind::WaterEdge { classes: self.classes(at, raw.classes.take(), person)? })
            }
            RuleClass::LineCrossing => self.line_crossing(at, raw, drawn.lines),
            RuleClass::WrongWay => {
                let written = self.required(format!("{at}.heading"), raw.heading.take());
                let heading =
                    written.and_then(|[dx, dy]| self.accept(format!("{at}.heading"), Heading::new(dx, dy)));
                let classes = self.classes(at, raw.classes.take(), &VEHICLES);
                Some(RuleKind::WrongWay { heading: heading?, classes: classes? })
            }
            RuleClass::Loitering => {
                let stay = self.span(&format!("{at}.stay"), raw.stay.take(), usual.stay, 1);
                let classes = self.classes(at, raw.classes.take(), person);
                Some(RuleKind::Loitering { stay: stay?, classes: classes? })
            }
            RuleClass::StoppedVehicle => {
                let stay = self.span(&format!("{at}.stay"), raw.stay.take(), usual.stay, 1)?;
                Some(RuleKind::StoppedVehicle { stay })
            }
            RuleClass::Accident => {
                let least_score = match raw.least_score.take() {
                    Some(score) if !(0.05..=1.0).contains(&score) => {
                        self.accept(format!("{at}.least_score"), Err(range(score, 0.05, 1)))?
                    }
                    Some(score) => Confidence::new(super::camera::single(score)),
                    None => usual.least_score,
                };
                Some(RuleKind::Accident { least_score })
            }
            RuleClass::PersonDown => {
                let still = self.span(&format!("{at}.still"), raw.still.take(), usual.still, 1)?;
                Some(RuleKind::PersonDown { still })
            }
            RuleClass::LeftObject => {
                let stay = self.span(&format!("{at}.stay"), raw.stay.take(), usual.stay, 1)?;
                Some(RuleKind::LeftObject { stay })
            }
            RuleClass::Running => {
                let at_least = self.people(at, "at_least", raw.at_least.take(), usual.at_least);
                let classes = self.classes(at, raw.classes.take(), person);
                Some(RuleKind::Running { at_least: at_least?, classes: classes? })
            }
            RuleClass::Smoke => Some(RuleKind::Smoke),
            RuleClass::Fire => Some(RuleKind::Fire),
        }
    }

    fn line_crossing(&mut self, at: &str, raw: &mut RawRule, lines: &Known<Line>) -> Option<RuleKind> {
        let written = self.required(format!("{at}.line"), raw.line.take());
        let line = written.and_then(|id| {
            let of = |line: &Line| line.id.as_str().to_owned();
            self.reference(format!("{at}.line"), "line of this camera", &id, lines, of, check_id(LineId::new))
        });
        let direction = match raw.direction.take() {
            Some(word) => self.word(format!("{at}.direction"), Some(word)),
            None => Some(Direction::Both),
        };
        let classes = self.classes(at, raw.classes.take(), &[ObjectClass::Person]);
        Some(RuleKind::LineCrossing { line: line?, direction: direction?, classes: classes? })
    }

    /// What is left of `raw` belongs to other kinds.
    fn refuse_the_rest(&mut self, at: &str, raw: &RawRule, class: RuleClass) {
        let left = [
            ("line", raw.line.is_some()),
            ("direction", raw.direction.is_some()),
            ("heading", raw.heading.is_some()),
            ("at_least", raw.at_least.is_some()),
            ("grows_by", raw.grows_by.is_some()),
            ("within", raw.within.is_some()),
            ("stay", raw.stay.is_some()),
            ("still", raw.still.is_some()),
            ("least_score", raw.least_score.is_some()),
            ("classes", raw.classes.is_some()),
        ];
        for (key, _) in left.into_iter().filter(|(_, is_left)| *is_left) {
            self.report(format!("{at}.{key}"), Fault::NotOfThisRule(class.as_str()));
        }
    }

    fn people(&mut self, at: &str, key: &str, written: Option<i64>, usual: u32) -> Option<u32> {
        let Some(written) = written else { return Some(usual) };
        let fine = u32::try_from(written).ok().filter(|n| (1..=1000).contains(n));
        self.accept(format!("{at}.{key}"), fine.ok_or_else(|| range(written, 1, 1000)))
    }

    fn classes(
        &mut self,
        at: &str,
        written: Option<Vec<String>>,
        usual: &[ObjectClass],
    ) -> Option<Vec<ObjectClass>> {
        let Some(written) = written else { return Some(usual.to_vec()) };
        let at = format!("{at}.classes");
        if written.is_empty() {
            self.report(&at, Fault::Empty);
        }
        let n_written = written.len();
        let mut classes: Vec<ObjectClass> = written
            .into_iter()
            .enumerate()
            .filter_map(|(i, word)| self.word(format!("{at}[{i}]"), Some(word)))
            .collect();
        let fine = n_written > 0 && classes.len() == n_written;
        classes.dedup();
        fine.then_some(classes)
    }

    fn rule_zone(&mut self, at: String, written: &str, zones: &Known<Zone>) -> Option<Zone> {
        let of = |zone: &Zone| zone.id.as_str().to_owned();
        self.reference(at, "zone of this camera", written, zones, of, check_id(ZoneId::new))
    }

    /// What `written` names; a bad one that was reported where it is drawn is not reported again.
    fn reference<T: Clone>(
        &mut self,
        at: String,
        what: &'static str,
        written: &str,
        known: &Known<T>,
        id: impl Fn(&T) -> String,
        check: impl Fn(&str) -> Result<(), IdError>,
    ) -> Option<T> {
        let found = known.fine.iter().find(|one| id(one) == written);
        if found.is_none() && !known.written.iter().any(|id| id == written) {
            match check(written) {
                Ok(()) => {
                    let defined: Vec<String> = known.fine.iter().map(&id).collect();
                    self.report(at, unknown(what, written, defined.iter().map(String::as_str)));
                }
                Err(error) => self.report(at, error),
            }
        }
        found.cloned()
    }

    fn span(
        &mut self,
        at: &str,
        written: Option<String>,
        usual: MediaDuration,
        least_s: u64,
    ) -> Option<MediaDuration> {
        let Some(written) = written else { return Some(usual) };
        let limits = Limits { least: secs(least_s), most: secs(3600) };
        self.duration(at, Some(written), Duration::ZERO, limits).map(MediaDuration::from)
    }

    fn schedule(&mut self, at: &str, written: Option<Vec<String>>) -> Option<Schedule> {
        let Some(lines) = written else { return Some(Schedule::always()) };
        if lines.is_empty() {
            return self.accept(at, Err(Fault::Empty));
        }
        let n_lines = lines.len();
        let windows: Vec<Window> = lines
            .into_iter()
            .enumerate()
            .filter_map(|(i, line)| self.accept(format!("{at}[{i}]"), line.parse()))
            .collect();
        (windows.len() == n_lines).then(|| Schedule::new(windows))
    }
}

fn check_id<T>(new: fn(&str) -> Result<T, IdError>) -> impl Fn(&str) -> Result<(), IdError> {
    move |text| new(text).map(drop)
}
