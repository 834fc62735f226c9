//! The dispatch centre: units, classes, routing, deadlines, working days, duty, other systems that report.

use std::collections::BTreeMap;

use sharpeyes_domain::{
    centre::{
        Allowance, Basis, Centre, Class, Date, Deadline, Duty, EscalationStep, Intake, Plan, Post, Route,
        Source, Unit, UnitKind, WorkCalendar,
    },
    ids::{AreaId, ClassId, IntakeId, UnitId},
    incident::ClockKind,
    level::Level,
    schedule::Weekday,
};
use toml::Table;

use super::{Check, range, unknown};
use crate::{
    Fault, Secret,
    raw::{RawCalendar, RawClass, RawDeadlines, RawDuty, RawIntake, RawRoute, RawStep, RawUnit},
    text,
};

/// A token that is shorter can be guessed.
pub(super) const LEAST_TOKEN: usize = 24;

impl Check<'_> {
    /// `areas` are the ids of all that are written.
    pub(super) fn centre(
        &mut self,
        root: &mut Table,
        areas: &[String],
    ) -> (Centre, BTreeMap<IntakeId, Secret<String>>) {
        let calendar = self.calendar(root).unwrap_or_default();
        let units = self.units(root, areas);
        let plan = self.plan(root, &calendar, &units);
        let mut centre = Centre { units, calendar, ..Centre::default() };
        for class in &mut centre.classes {
            class.plan = plan.clone();
        }
        self.incident_classes(root, &mut centre, &plan);
        self.routes(root, &mut centre, areas);
        self.roster(root, &mut centre);
        let tokens = self.intakes(root, &mut centre, areas);
        (centre, tokens)
    }

    fn calendar(&mut self, root: &mut Table) -> Option<WorkCalendar> {
        let raw: RawCalendar = self.raw_or_default(root, "calendar")?;
        let usual = WorkCalendar::default();
        let hours = match raw.hours {
            None => Some(usual.hours),
            Some(written) => {
                let found: Option<Vec<_>> = written.iter().map(|text| hours(text)).collect();
                let fine = found.filter(|hours| {
                    !hours.is_empty() && hours.windows(2).all(|pair| matches!(pair, [a, b] if a.1 <= b.0))
                });
                self.accept("calendar.hours", fine.ok_or(Fault::Hours))
            }
        };
        let days = match raw.days {
            None => Some(usual.days),
            Some(written) => self.weekdays("calendar.days", written),
        };
        let (mut closed, mut open) = match raw.holidays.as_deref() {
            None | Some("cn") => (usual.closed, usual.open),
            Some("none") => (Vec::new(), Vec::new()),
            Some(other) => {
                let fault = unknown("list of holidays", other, ["cn", "none"].into_iter());
                self.report("calendar.holidays", fault);
                return None;
            }
        };
        let own_closed = self.dates("calendar.closed", raw.closed)?;
        let own_open = self.dates("calendar.open", raw.open)?;
        // The site's own word counts: a holiday on which it works, a day made up for on which it does not.
        closed.retain(|day| !own_open.contains(day));
        open.retain(|day| !own_closed.contains(day));
        closed.extend(own_closed);
        open.extend(own_open);
        closed.sort_unstable();
        open.sort_unstable();
        Some(WorkCalendar { hours: hours?, days: days?, closed, open })
    }

    fn weekdays(&mut self, at: &str, written: Vec<String>) -> Option<Vec<Weekday>> {
        written.into_iter().map(|day| self.word(at.to_owned(), Some(day))).collect()
    }

    fn dates(&mut self, at: &str, written: Vec<String>) -> Option<Vec<Date>> {
        let date = |text: String| {
            let day: Result<jiff::civil::Date, _> = text.parse();
            day.map(|day| Date { year: day.year(), month: day.month(), day: day.day() })
                .map_err(|_| Fault::Date(text))
        };
        written.into_iter().map(|text| self.accept(at.to_owned(), date(text))).collect()
    }

    fn units(&mut self, root: &mut Table, areas: &[String]) -> Vec<Unit> {
        let mut units = Vec::new();
        let mut seen = BTreeMap::new();
        for (at, value) in self.list(root, "unit") {
            let Some(raw) = self.raw::<RawUnit>(&at, value) else { continue };
            let id = self.id(format!("{at}.id"), raw.id, UnitId::new);
            let name = self.name(format!("{at}.name"), raw.name);
            let kind = match raw.kind {
                Some(kind) => self.word(format!("{at}.kind"), Some(kind)),
                None => Some(UnitKind::Department),
            };
            let own: Vec<AreaId> = raw
                .areas
                .into_iter()
                .filter_map(|area| self.area(format!("{at}.areas"), Some(area), areas))
                .collect();
            if let (Some(id), Some(name), Some(kind)) = (id, name, kind) {
                self.unique(&mut seen, id.as_str(), &at);
                units.push(Unit { id, name, kind, areas: own, phone: raw.phone });
            }
        }
        units
    }

    pub(super) fn area(&mut self, at: String, written: Option<String>, areas: &[String]) -> Option<AreaId> {
        let id = self.id(at.clone(), written, AreaId::new)?;
        if areas.iter().any(|known| known == id.as_str()) {
            return Some(id);
        }
        self.report(at, unknown("area", id.as_str(), areas.iter().map(String::as_str)));
        None
    }

    fn unit(&mut self, at: String, written: Option<String>, units: &[Unit]) -> Option<UnitId> {
        let id = self.id(at.clone(), written, UnitId::new)?;
        if units.iter().any(|unit| unit.id == id) {
            return Some(id);
        }
        self.report(at, unknown("unit", id.as_str(), units.iter().map(|unit| unit.id.as_str())));
        None
    }

    fn some_units(&mut self, at: &str, written: Vec<String>, units: &[Unit]) -> Vec<UnitId> {
        written.into_iter().filter_map(|unit| self.unit(at.to_owned(), Some(unit), units)).collect()
    }

    /// What every class goes by that says nothing else.
    fn plan(&mut self, root: &mut Table, calendar: &WorkCalendar, units: &[Unit]) -> Plan {
        let mut plan = Plan::default();
        let written: Option<RawDeadlines> = self.raw_or_default(root, "deadlines");
        self.deadlines("deadlines", written.unwrap_or_default(), calendar, &mut plan);
        let mut steps = Vec::new();
        for (at, value) in self.list(root, "escalation") {
            let step = self.raw::<RawStep>(&at, value).and_then(|raw| self.step(&at, raw, calendar, units));
            steps.extend(step);
        }
        if !steps.is_empty() {
            plan.escalation = steps;
        }
        plan
    }

    fn deadlines(&mut self, at: &str, written: RawDeadlines, calendar: &WorkCalendar, plan: &mut Plan) {
        for (level, clocks) in written {
            let Some(level) = self.word::<Level>(format!("{at}.{level}"), Some(level.clone())) else {
                continue;
            };
            for (clock, span) in clocks {
                let at = format!("{at}.{level}.{clock}");
                let Some(clock) = self.word::<ClockKind>(at.clone(), Some(clock)) else { continue };
                let Some(allowance) = self.allowance(at, &span, calendar) else { continue };
                plan.deadlines.retain(|one| (one.level, one.clock) != (level, clock));
                plan.deadlines.push(Deadline { level, clock, allowance });
            }
        }
    }

    fn step(
        &mut self,
        at: &str,
        raw: RawStep,
        calendar: &WorkCalendar,
        units: &[Unit],
    ) -> Option<EscalationStep> {
        let after = match raw.after.as_deref() {
            Some("0s") | None => Some(Allowance::wall(0)),
            Some(written) => self.allowance(format!("{at}.after"), written, calendar),
        };
        let to = self.name(format!("{at}.to"), raw.to);
        let posts: Vec<_> =
            raw.reaches.iter().map(|post| self.post(&format!("{at}.reaches"), post, units)).collect();
        Some(EscalationStep { after: after?, to: to?, reaches: posts.into_iter().collect::<Option<_>>()? })
    }

    fn post(&mut self, at: &str, written: &str, units: &[Unit]) -> Option<Post> {
        let post = Post::parse(written);
        match &post {
            None => {
                let forms = ["account:NAME", "role:operator", "role:police", "duty:UNIT"];
                self.report(at.to_owned(), unknown("post", written, forms.into_iter()));
            }
            Some(Post::Duty(unit)) if !units.iter().any(|known| known.id == *unit) => {
                self.report(
                    at.to_owned(),
                    unknown("unit", unit.as_str(), units.iter().map(|unit| unit.id.as_str())),
                );
                return None;
            }
            Some(_) => {}
        }
        post
    }

    /// `"5m"` by the wall, `"2h working"` and `"3d working"` within working hours; a working day has the calendar's
    /// hours.
    fn allowance(&mut self, at: String, written: &str, calendar: &WorkCalendar) -> Option<Allowance> {
        const MOST: u64 = 366 * 86_400;
        let (span, basis) = match written.strip_suffix("working") {
            Some(span) => (span.trim(), Basis::Working),
            None => (written, Basis::Wall),
        };
        let days =
            span.strip_suffix('d').filter(|_| basis == Basis::Working).and_then(|n| n.trim().parse().ok());
        let seconds = match days {
            Some(days) => u64::from(calendar.day_seconds()).saturating_mul(days),
            None => self.accept(at.clone(), text::duration(span))?.as_secs(),
        };
        let fine = u32::try_from(seconds).ok().filter(|_| (1..=MOST).contains(&seconds));
        let seconds = self.accept(at, fine.ok_or_else(|| range(written, "1s", "366d")))?;
        Some(Allowance { basis, seconds })
    }

    fn incident_classes(&mut self, root: &mut Table, centre: &mut Centre, plan: &Plan) {
        let mut seen = BTreeMap::new();
        for (at, value) in self.list(root, "class") {
            let Some(raw) = self.raw::<RawClass>(&at, value) else { continue };
            let Some(id) = self.id(format!("{at}.id"), raw.id.clone(), ClassId::new) else { continue };
            self.unique(&mut seen, id.as_str(), &at);
            let known = centre.classes.iter().position(|class| class.id == id);
            let usual = known.map(|i| centre.classes.remove(i));
            let Some(class) = self.incident_class(&at, id, raw, usual, plan, centre) else { continue };
            match known {
                Some(i) => centre.classes.insert(i, class),
                None => centre.classes.push(class),
            }
        }
    }

    fn incident_class(
        &mut self,
        at: &str,
        id: ClassId,
        raw: RawClass,
        usual: Option<Class>,
        plan: &Plan,
        centre: &Centre,
    ) -> Option<Class> {
        // A built-in class may be changed in part; a new one needs a name and a level.
        let name = match (&usual, raw.name) {
            (Some(usual), None) => Some(usual.name.clone()),
            (_, written) => self.name(format!("{at}.name"), written),
        };
        let level = match (&usual, raw.level) {
            (Some(usual), None) => Some(usual.level),
            (_, written) => self.word(format!("{at}.level"), written),
        };
        let lead = match raw.lead {
            Some(lead) => Some(self.unit(format!("{at}.lead"), Some(lead), &centre.units)?),
            None => None,
        };
        let assist = self.some_units(&format!("{at}.assist"), raw.assist, &centre.units);
        let places = match raw.places {
            None => Some(usual.as_ref().map(|usual| usual.places.clone()).unwrap_or_default()),
            Some(written) => {
                let at = format!("{at}.places");
                written.into_iter().map(|place| self.word(at.clone(), Some(place))).collect()
            }
        };
        let mut plan = plan.clone();
        self.deadlines(&format!("{at}.deadlines"), raw.deadlines, &centre.calendar, &mut plan);
        let steps: Vec<EscalationStep> = raw
            .escalation
            .into_iter()
            .enumerate()
            .filter_map(|(i, step)| {
                self.step(&format!("{at}.escalation[{i}]"), step, &centre.calendar, &centre.units)
            })
            .collect();
        if !steps.is_empty() {
            plan.escalation = steps;
        }
        let mut external = usual.as_ref().map(|usual| usual.external.clone()).unwrap_or_default();
        external.retain(|(system, _)| !raw.external.contains_key(system));
        external.extend(raw.external);
        let name = name?;
        let usual_en = usual.as_ref().map(|usual| usual.name_en.clone());
        Some(Class {
            name_en: raw.name_en.or(usual_en).unwrap_or_else(|| name.clone()),
            id,
            name,
            level: level?,
            lead,
            assist,
            places: places?,
            is_for_grid: raw.grid_workers.unwrap_or(true),
            external,
            plan,
        })
    }

    fn routes(&mut self, root: &mut Table, centre: &mut Centre, areas: &[String]) {
        for (at, value) in self.list(root, "route") {
            let Some(raw) = self.raw::<RawRoute>(&at, value) else { continue };
            let class = match raw.class {
                None => Some(None),
                Some(written) => self.id(format!("{at}.class"), Some(written), ClassId::new).map(Some),
            };
            if let Some(Some(class)) = &class
                && centre.class(class).is_none()
            {
                let defined = centre.classes.iter().map(|class| class.id.as_str());
                self.report(format!("{at}.class"), unknown("class", class.as_str(), defined));
            }
            let area = self.area(format!("{at}.area"), raw.area, areas);
            let lead = self.unit(format!("{at}.lead"), raw.lead, &centre.units);
            let assist = self.some_units(&format!("{at}.assist"), raw.assist, &centre.units);
            if let (Some(class), Some(area), Some(lead)) = (class, area, lead) {
                centre.routes.push(Route { class, area, lead, assist });
            }
        }
    }

    fn roster(&mut self, root: &mut Table, centre: &mut Centre) {
        for (at, value) in self.list(root, "roster") {
            let Some(raw) = self.raw::<RawDuty>(&at, value) else { continue };
            let unit = self.unit(format!("{at}.unit"), raw.unit, &centre.units);
            let mode = self.word(format!("{at}.mode"), raw.mode);
            let weekdays = self.weekdays(&format!("{at}.days"), raw.days);
            let dates = self.dates(&format!("{at}.dates"), raw.dates);
            if let (Some(unit), Some(mode), Some(weekdays), Some(dates)) = (unit, mode, weekdays, dates) {
                centre.roster.push(Duty {
                    unit,
                    mode,
                    weekdays,
                    dates,
                    people: raw.people,
                    phone: raw.phone,
                });
            }
        }
    }

    fn intakes(
        &mut self,
        root: &mut Table,
        centre: &mut Centre,
        areas: &[String],
    ) -> BTreeMap<IntakeId, Secret<String>> {
        let mut tokens = BTreeMap::new();
        let mut seen = BTreeMap::new();
        for (at, value) in self.list(root, "intake") {
            let Some(raw) = self.raw::<RawIntake>(&at, value) else { continue };
            let id = self.id(format!("{at}.id"), raw.id, IntakeId::new);
            let name = self.name(format!("{at}.name"), raw.name);
            let source = self.word::<Source>(format!("{at}.source"), raw.source);
            if source == Some(Source::Camera) {
                let fault = unknown("source of an intake", "camera", Source::NAMES.iter().skip(1).copied());
                self.report(format!("{at}.source"), fault);
            }
            let area = self.area(format!("{at}.area"), raw.area, areas);
            let token = self
                .required(format!("{at}.token"), raw.token)
                .and_then(|token| self.password(format!("{at}.token"), token));
            if token.as_ref().is_some_and(|token| token.expose().len() < LEAST_TOKEN) {
                self.report(format!("{at}.token"), Fault::ShortToken);
            }
            if let (Some(id), Some(name), Some(source), Some(area), Some(token)) =
                (id, name, source, area, token)
            {
                self.unique(&mut seen, id.as_str(), &at);
                tokens.insert(id.clone(), token);
                centre.intakes.push(Intake { id, name, source, area });
            }
        }
        tokens
    }
}

/// `08:30-12:00` as minutes of the day.
fn hours(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once('-')?;
    Some((minute(from)?, minute(to)?)).filter(|(from, to)| from < to)
}
