//! One `[[camera.rule]]`.

use std::{collections::BTreeMap, time::Duration};

use sharpeyes_domain::{
    detection::ObjectClass,
    ids::{RuleId, ZoneId},
    level::Level,
    rule::{RuleClass, RuleConfig, RuleKind},
    schedule::{Schedule, Window},
    time::MediaDuration,
    zone::Zone,
};
use toml::Value;

use super::{Check, Limits, camera::Zones, indexed, range, secs, unknown};
use crate::{Fault, raw::RawRule};

impl Check<'_> {
    pub(super) fn rules(&mut self, at: &str, written: Vec<Value>, zones: &Zones) -> Vec<RuleConfig> {
        let mut seen = BTreeMap::new();
        let mut rules = Vec::new();
        for (at, value) in indexed(&format!("{at}.rule"), written) {
            let Some(raw) = self.raw::<RawRule>(&at, value) else { continue };
            if let Some(id) = &raw.id {
                self.unique(&mut seen, id, &at);
            }
            rules.extend(self.rule(&at, raw, zones));
        }
        rules
    }

    fn rule(&mut self, at: &str, raw: RawRule, zones: &Zones) -> Option<RuleConfig> {
        let key = |name: &str| format!("{at}.{name}");
        let id = self.id(key("id"), raw.id, RuleId::new);
        let class: Option<RuleClass> = self.word(key("kind"), raw.kind);
        let kind = class.and_then(|class| match class {
            RuleClass::Crowding => self.crowding(at, raw.at_least, raw.classes.is_some()),
            RuleClass::Intrusion => self.intrusion(at, raw.classes, raw.at_least.is_some()),
        });
        let zone = match raw.zone {
            Some(zone) => self.rule_zone(key("zone"), &zone, zones).map(Some),
            None => Some(None),
        };
        let level = match raw.level {
            Some(level) => self.word(key("level"), Some(level)),
            None => Some(Level::Yellow),
        };
        let hold = self.media_duration(&key("hold"), raw.hold);
        let clear = self.media_duration(&key("clear"), raw.clear);
        let schedule = self.schedule(&key("schedule"), raw.schedule);
        Some(RuleConfig {
            id: id?,
            kind: kind?,
            zone: zone?,
            schedule: schedule?,
            level: level?,
            hold: hold?,
            clear: clear?,
            must_have_moved: raw.must_have_moved.unwrap_or(RuleConfig::MUST_HAVE_MOVED),
        })
    }

    fn crowding(&mut self, at: &str, at_least: Option<i64>, has_classes: bool) -> Option<RuleKind> {
        if has_classes {
            self.report(format!("{at}.classes"), Fault::NotOfThisRule("crowding"));
        }
        let at = format!("{at}.at_least");
        let written = self.required(&at, at_least)?;
        let at_least = u32::try_from(written).ok().filter(|n| (1..=1000).contains(n));
        let at_least = self.accept(&at, at_least.ok_or_else(|| range(written, 1, 1000)))?;
        Some(RuleKind::Crowding { at_least })
    }

    fn intrusion(&mut self, at: &str, classes: Option<Vec<String>>, has_at_least: bool) -> Option<RuleKind> {
        if has_at_least {
            self.report(format!("{at}.at_least"), Fault::NotOfThisRule("intrusion"));
        }
        let at = format!("{at}.classes");
        let written = classes.unwrap_or_else(|| vec![ObjectClass::Person.as_str().to_owned()]);
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
        fine.then_some(RuleKind::Intrusion { classes })
    }

    fn rule_zone(&mut self, at: String, written: &str, zones: &Zones) -> Option<Zone> {
        let zone = zones.fine.iter().find(|zone| zone.id.as_str() == written);
        if zone.is_none() && !zones.written.iter().any(|id| id == written) {
            match ZoneId::new(written) {
                Ok(_) => {
                    let defined = zones.fine.iter().map(|zone| zone.id.as_str());
                    self.report(at, unknown("zone of this camera", written, defined));
                }
                Err(error) => self.report(at, error),
            }
        }
        zone.cloned()
    }

    fn media_duration(&mut self, at: &str, written: Option<String>) -> Option<MediaDuration> {
        let limits = Limits { least: Duration::ZERO, most: secs(3600) };
        self.duration(at, written, secs(5), limits).map(MediaDuration::from)
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
