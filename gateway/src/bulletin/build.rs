//! From what was counted to a document: the site's names, areas with all that lies in them, the time on the calendar.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use sha2::{Digest as _, Sha256};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    centre::Source,
    ids::{AreaId, ClassId, UnitId},
    statistics::{self as counted, ARRIVAL_CIRCLE_MS, Verdicts},
    time::WallTime,
};

use super::{
    document::{
        Accuracy, AccuracyRow, AreaRow, ArrivalRow, BulletinKind, Coverage, DayRow, FaultRow, Flash,
        FlashStep, FlashUnit, Flow, Heat, HeatCell, LevelRow, Named, NamedRow, Previous, RedRow, ReturnRow,
        Share, Spread, Statistics, Tally, Times, UnitRow, UnitTally,
    },
    words,
};
use crate::store::{
    dispatch::IncidentDetail,
    statistics::{self as stored, Counted, IncidentKind, Scope},
};

/// A stretch of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulletinPeriod {
    /// From here on.
    pub from: WallTime,
    /// Before then.
    pub to: WallTime,
}

/// The day, week (from Monday) or month that `day` (`2026-11-26`) lies in. `None`: it is no day, or the kind has no period.
#[must_use]
pub fn period(kind: BulletinKind, day: &str, zone: &TimeZone) -> Option<BulletinPeriod> {
    let day: civil::Date = day.parse().ok()?;
    let (first, after) = match kind {
        BulletinKind::Daily => (day, day.tomorrow().ok()?),
        BulletinKind::Weekly => {
            let back = i64::from(day.weekday().to_monday_zero_offset());
            let first = day.checked_sub(back.days()).ok()?;
            (first, first.checked_add(7.days()).ok()?)
        }
        BulletinKind::Monthly => {
            let first = day.first_of_month();
            (first, first.checked_add(1.month()).ok()?)
        }
        BulletinKind::Special | BulletinKind::Flash => return None,
    };
    let at = |day: civil::Date| {
        let zoned = day.at(0, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        Some(WallTime(zoned.timestamp().as_millisecond()))
    };
    Some(BulletinPeriod { from: at(first)?, to: at(after)? })
}

/// The day, week or month before.
#[must_use]
pub fn period_before(
    kind: BulletinKind,
    period_of: BulletinPeriod,
    zone: &TimeZone,
) -> Option<BulletinPeriod> {
    let first = Timestamp::from_millisecond(period_of.from.0).ok()?.to_zoned(zone.clone()).date();
    period(kind, &first.yesterday().ok()?.to_string(), zone)
}

/// The day and the hour on the site's clocks.
pub fn local(zone: TimeZone) -> impl Fn(WallTime) -> (sharpeyes_domain::centre::Date, u8) + Send + 'static {
    move |at| {
        let zoned = Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone());
        let date = zoned.date();
        let day = sharpeyes_domain::centre::Date { year: date.year(), month: date.month(), day: date.day() };
        (day, u8::try_from(zoned.hour()).unwrap_or(0))
    }
}

/// The numbers with the site's names.
#[must_use]
pub fn statistics(site: &Site, scope: &Scope, kind: &IncidentKind, counted: &Counted) -> Statistics {
    let tops = tops(site, &scope.areas);
    let sums = &counted.breakdown;
    let before = &counted.previous;
    let is_of_all = kind.class.is_none() && kind.source.is_none() && kind.unit.is_none();
    let (faults, n_faults) = if is_of_all { faults(site, scope, &counted.faults) } else { (Vec::new(), 0) };
    Statistics {
        from_ms: scope.from.0,
        to_ms: scope.to.0,
        as_of_ms: scope.as_of.0,
        as_of_seq: counted.as_of.0,
        coverage: Coverage {
            areas: tops.iter().map(|area| area_name(site, area)).collect(),
            class: kind.class.as_ref().map(|class| class_name(site, class)),
            source: kind.source.map(source_name),
            unit: kind.unit.as_ref().map(|unit| unit_name(site, unit)),
        },
        total: (&sums.total).into(),
        levels: in_either(&sums.levels, &before.levels)
            .map(|(level, tally, before)| LevelRow { level: level.number(), tally, before: Some(before) })
            .collect(),
        classes: in_either(&sums.classes, &before.classes)
            .map(|(class, tally, before)| NamedRow {
                of: class_name(site, class),
                tally,
                before: Some(before),
            })
            .collect(),
        sources: in_either(&sums.sources, &before.sources)
            .map(|(source, tally, before)| NamedRow { of: source_name(*source), tally, before: Some(before) })
            .collect(),
        areas: area_rows(site, &tops, &sums.areas),
        units: sums
            .units
            .iter()
            .map(|(unit, tally)| UnitRow { of: unit_name(site, unit), tally: tally.into() })
            .collect(),
        days: days(&sums.days),
        heat: heat(site, &tops, &sums.heat),
        times: Times {
            accept: sums.acceptance().into(),
            sign: sums.sign_in().into(),
            arrive: sums.arrival().into(),
            settle: sums.settling().into(),
        },
        red_arrivals: red_arrivals(sums.red_arrivals),
        flow: counted.flow.map(|flow| Flow {
            open_before: flow.open_before,
            received: sums.total.received,
            settled: flow.settled,
            open_after: flow.open_after,
        }),
        accuracy: Accuracy { missed: sums.missed, ..accuracy(site, &counted.accuracy) },
        previous: Some(Previous {
            from_ms: scope.before.0,
            to_ms: scope.before_end().0,
            received: before.received,
        }),
        reds: counted.lists.reds.iter().map(|row| red_row(site, row)).collect(),
        returns: counted.lists.returns.iter().map(|row| return_row(site, row)).collect(),
        faults,
        n_faults: is_of_all.then_some(n_faults),
    }
}

/// What came now or in the time before, in order: what has fallen to nothing has a row like everything else.
fn in_either<'a, K: Ord>(
    now: &'a BTreeMap<K, counted::Tally>,
    before: &'a BTreeMap<K, u64>,
) -> impl Iterator<Item = (&'a K, Tally, u64)> {
    let keys: BTreeSet<&'a K> = now.keys().chain(before.keys()).collect();
    keys.into_iter().map(move |key| {
        let tally = now.get(key).map(Tally::from).unwrap_or_default();
        (key, tally, before.get(key).copied().unwrap_or(0))
    })
}

fn red_row(site: &Site, row: &stored::RedRow) -> RedRow {
    RedRow {
        number: row.number.clone(),
        class: class_name(site, &row.class),
        area: area_name(site, &row.area),
        place: row.place.clone(),
        title: row.title.clone(),
        opened_ms: row.opened.0,
        accepted_ms: row.accepted.map(|at| at.0),
        arrived_ms: row.arrived.map(|at| at.0),
        settled_ms: row.settled.map(|at| at.0),
        state: row.state.to_string(),
        reason: row.closed.map(|reason| reason.as_str().to_owned()),
        is_overdue: row.is_overdue,
        units: row.units.iter().map(|unit| unit_name(site, unit)).collect(),
    }
}

fn return_row(site: &Site, row: &stored::ReturnRow) -> ReturnRow {
    ReturnRow {
        number: row.number.clone(),
        unit: unit_name(site, &row.unit),
        at_ms: row.at.0,
        note: row.note.clone(),
    }
}

/// Of cameras that the site has, in the areas that are reported on: the first of them, and how many there are.
fn faults(site: &Site, scope: &Scope, rows: &[stored::FaultRow]) -> (Vec<FaultRow>, u64) {
    let shown = |row: &stored::FaultRow| {
        let camera = site.camera(&row.camera).filter(|camera| scope.areas.contains(&camera.area))?;
        Some(FaultRow {
            camera: Named { id: camera.id.to_string(), name: camera.name.clone(), name_en: None },
            kind: row.kind.clone(),
            first_ms: row.first.0,
            over_ms: row.over.map(|at| at.0),
            times: row.n_times,
        })
    };
    let mut all: Vec<FaultRow> = rows.iter().filter_map(shown).collect();
    let n_all = u64::try_from(all.len()).unwrap_or(u64::MAX);
    all.truncate(stored::MOST_LISTED);
    (all, n_all)
}

fn red_arrivals((of, within): (u64, [u64; 3])) -> Vec<ArrivalRow> {
    let row = |(n, ms): (u64, u64)| ArrivalRow { within_s: ms / 1_000, share: Share { n, of } };
    within.into_iter().zip(ARRIVAL_CIRCLE_MS).map(row).collect()
}

fn days(days: &BTreeMap<sharpeyes_domain::centre::Date, counted::Tally>) -> Vec<DayRow> {
    let row = |(day, tally): (&sharpeyes_domain::centre::Date, &counted::Tally)| DayRow {
        day: format!("{:04}-{:02}-{:02}", day.year, day.month, day.day),
        received: tally.received,
        settled: tally.settled,
        false_alarms: tally.false_alarms,
        overdue: tally.overdue,
    };
    days.iter().map(row).collect()
}

fn accuracy(site: &Site, rows: &[crate::store::statistics::AccuracyRow]) -> Accuracy {
    let mut all = Verdicts::default();
    for row in rows {
        all.add(row.verdicts);
    }
    Accuracy {
        alarms: all.alarms(),
        confirmed: all.confirmed,
        false_alarms: all.false_alarms,
        undecided: all.undecided,
        accuracy: all.accuracy().into(),
        missed: 0,
        rows: accuracy_rows(site, rows),
    }
}

/// With the cameras' names as they are now; those that the site names no more have the one they had.
#[must_use]
pub fn accuracy_rows(site: &Site, rows: &[crate::store::statistics::AccuracyRow]) -> Vec<AccuracyRow> {
    let row = |row: &crate::store::statistics::AccuracyRow| {
        let named = site.camera(&row.camera).map(|camera| camera.name.clone());
        AccuracyRow {
            camera: row.camera.to_string(),
            camera_name: named.unwrap_or_else(|| row.camera_name.clone()),
            rule: row.rule.to_string(),
            class: row.class.as_str().to_owned(),
            level: row.level.number(),
            alarms: row.verdicts.alarms(),
            confirmed: row.verdicts.confirmed,
            false_alarms: row.verdicts.false_alarms,
            undecided: row.verdicts.undecided,
            accuracy: row.verdicts.accuracy().into(),
        }
    };
    rows.iter().map(row).collect()
}

/// The areas that lie in no other one of these.
fn tops(site: &Site, areas: &BTreeSet<AreaId>) -> Vec<AreaId> {
    let all = site.areas.areas().iter();
    let is_in = |id: &AreaId| areas.contains(id);
    let is_top =
        |area: &&sharpeyes_domain::area::Area| is_in(&area.id) && !area.parent.as_ref().is_some_and(is_in);
    all.filter(is_top).map(|area| area.id.clone()).collect()
}

/// Every area that something happened in, each with all that lies in it; parents before children.
fn area_rows(site: &Site, tops: &[AreaId], own: &BTreeMap<AreaId, counted::Tally>) -> Vec<AreaRow> {
    let mut whole: HashMap<&AreaId, counted::Tally> = HashMap::new();
    for (area, tally) in own {
        for node in site.areas.lineage(area) {
            whole.entry(&node.id).or_default().add(tally);
        }
    }
    let mut children: HashMap<&AreaId, Vec<&AreaId>> = HashMap::new();
    for area in site.areas.areas() {
        if let Some(parent) = &area.parent {
            children.entry(parent).or_default().push(&area.id);
        }
    }
    let mut rows = Vec::new();
    let mut ahead: Vec<(&AreaId, u32)> = tops.iter().rev().map(|area| (area, 0)).collect();
    while let Some((id, depth)) = ahead.pop() {
        let Some((tally, area)) = whole.get(id).zip(site.areas.area(id)) else { continue };
        rows.push(AreaRow {
            of: area_name(site, id),
            kind: area.kind.to_string(),
            parent: area.parent.as_ref().filter(|_| depth > 0).map(ToString::to_string),
            depth,
            tally: tally.into(),
        });
        ahead.extend(children.get(id).into_iter().flatten().rev().map(|child| (*child, depth + 1)));
    }
    rows
}

/// Of the areas that are reported on and their direct children.
fn heat(site: &Site, tops: &[AreaId], cells: &BTreeMap<counted::HeatCell, u64>) -> Heat {
    let mut areas: Vec<AreaId> = Vec::new();
    let mut classes: Vec<ClassId> = Vec::new();
    let mut sums: BTreeMap<(u32, u32, u8), u64> = BTreeMap::new();
    let index = |list: &[AreaId], id: &AreaId| list.iter().position(|one| one == id);
    for (cell, n) in cells {
        let class = classes.iter().position(|class| *class == cell.class).unwrap_or_else(|| {
            classes.push(cell.class.clone());
            classes.len() - 1
        });
        // From the area itself up to the first one that is reported on.
        let lineage: Vec<_> = site.areas.lineage(&cell.area).map(|area| area.id.clone()).collect();
        let depth_of_top = lineage.iter().position(|area| tops.contains(area));
        let child = depth_of_top.and_then(|i| i.checked_sub(1)).and_then(|i| lineage.get(i));
        let shown = [depth_of_top.and_then(|i| lineage.get(i)), child];
        for area in shown.into_iter().flatten() {
            let at = index(&areas, area).unwrap_or_else(|| {
                areas.push(area.clone());
                areas.len() - 1
            });
            let key = (u32::try_from(at).unwrap_or(0), u32::try_from(class).unwrap_or(0), cell.hour);
            *sums.entry(key).or_default() += n;
        }
    }
    let is_top = |(i, area): (usize, &AreaId)| u32::try_from(i).ok().filter(|_| tops.contains(area));
    Heat {
        tops: areas.iter().enumerate().filter_map(is_top).collect(),
        areas: areas.iter().map(|area| area_name(site, area)).collect(),
        classes: classes.iter().map(|class| class_name(site, class)).collect(),
        cells: sums.into_iter().map(|((area, class, hour), n)| HeatCell { area, class, hour, n }).collect(),
    }
}

pub(super) fn area_name(site: &Site, id: &AreaId) -> Named {
    let name = site.areas.area(id).map_or_else(|| id.to_string(), |area| area.name.clone());
    Named { id: id.to_string(), name, name_en: None }
}

pub(super) fn class_name(site: &Site, id: &ClassId) -> Named {
    let class = site.centre.classes.iter().find(|class| class.id == *id);
    Named {
        id: id.to_string(),
        name: class.map_or_else(|| id.to_string(), |class| class.name.clone()),
        name_en: class.map(|class| class.name_en.clone()).filter(|name| !name.is_empty()),
    }
}

pub(super) fn unit_name(site: &Site, id: &UnitId) -> Named {
    let unit = site.centre.units.iter().find(|unit| unit.id == *id);
    Named {
        id: id.to_string(),
        name: unit.map_or_else(|| id.to_string(), |unit| unit.name.clone()),
        name_en: None,
    }
}

pub(super) fn source_name(source: Source) -> Named {
    let (name, name_en) = words::source(source);
    Named { id: source.to_string(), name: name.to_owned(), name_en: Some(name_en.to_owned()) }
}

/// One incident. `names` are those of accounts.
#[must_use]
pub fn flash(
    site: &Site,
    detail: &IncidentDetail,
    names: &HashMap<sharpeyes_domain::ids::AccountId, String>,
    picture: Option<&[u8]>,
) -> Flash {
    let row = &detail.row;
    let person = |account: &sharpeyes_domain::ids::AccountId| names.get(account).cloned();
    let report = row.report.as_ref();
    let position = report.and_then(|report| report.position);
    let mut path: Vec<String> = site.areas.lineage(&row.area).map(|area| area.name.clone()).collect();
    path.reverse();
    let unit = |one: &sharpeyes_domain::incident::Assignment| FlashUnit {
        name: unit_name(site, &one.unit).name,
        is_lead: one.is_lead,
        told_ms: one.told.0,
        signed_ms: one.signed.map(|at| at.0),
        arrived_ms: one.arrived.map(|at| at.0),
        finished_ms: one.finished.map(|at| at.0),
    };
    let step = |step: &crate::store::dispatch::HistoryRow| FlashStep {
        at_ms: step.at.0,
        action: step.action.as_ref().map_or("open", |action| action.kind().as_str()).to_owned(),
        by: match &step.actor {
            sharpeyes_domain::incident::Actor::Person(account) => person(account),
            sharpeyes_domain::incident::Actor::Machine => None,
        },
        unit: step.action.as_ref().and_then(|action| action.unit()).map(|unit| unit_name(site, unit).name),
        note: step.note.clone(),
    };
    Flash {
        incident: row.id().0,
        number: row.number.clone(),
        class: class_name(site, &row.class),
        level: row.status.level.number(),
        state: row.status.state.to_string(),
        source: source_name(row.source),
        title: report.map(|report| report.title.clone()),
        description: report.and_then(|report| report.description.clone()),
        area_path: path,
        camera: row.camera.as_ref().map(|camera| camera.name.clone()),
        zone: row.camera.as_ref().and_then(|camera| camera.zone.as_ref()).map(|zone| zone.name.clone()),
        location: report.and_then(|report| report.location.clone()),
        latitude: position.map(|position| position.latitude),
        longitude: position.map(|position| position.longitude),
        began_ms: row.began.0,
        opened_ms: row.opened.0,
        due_ms: row.status.due.map(|due| due.0),
        alarms: row.n_alarms,
        is_overdue: row.status.overlays.overdue,
        owner: row.status.claim.and_then(|claim| person(&claim.owner)),
        units: row.status.assignments.iter().map(unit).collect(),
        history: detail.history.iter().map(step).collect(),
        picture: picture.map(|jpeg| STANDARD.encode(jpeg)),
        picture_sha256: picture.map(|jpeg| hex::encode(Sha256::digest(jpeg))),
        // Known when it is kept.
        edition: 0,
    }
}

impl From<counted::Share> for Share {
    fn from(share: counted::Share) -> Self {
        Self { n: share.n, of: share.of }
    }
}

impl From<counted::Spread> for Spread {
    fn from(spread: counted::Spread) -> Self {
        Self { n: spread.n, median_s: spread.median_s, p90_s: spread.p90_s }
    }
}

impl From<&counted::Tally> for Tally {
    fn from(tally: &counted::Tally) -> Self {
        Self {
            received: tally.received,
            settled: tally.settled,
            open: tally.open,
            merged: tally.merged,
            accepted: tally.accepted,
            accepted_in_time: tally.accepted_in_time.into(),
            settled_in_time: tally.settled_in_time.into(),
            overdue: tally.overdue,
            open_overdue: tally.open_overdue,
            handled: tally.handled,
            false_alarms: tally.false_alarms,
            otherwise_closed: tally.otherwise_closed,
            rejected: tally.rejected,
            dispatched: tally.dispatched,
            returns: tally.returns,
            reworks: tally.reworks,
            holds: tally.holds,
            extensions: tally.extensions,
            urges: tally.urges,
            supervisions: tally.supervisions,
            reopenings: tally.reopenings,
            revisited: tally.revisited.into(),
            reached: tally.reached.into(),
            satisfied: tally.satisfied.into(),
            dissatisfied: tally.dissatisfied,
        }
    }
}

impl From<&counted::UnitTally> for UnitTally {
    fn from(tally: &counted::UnitTally) -> Self {
        Self {
            told: tally.told,
            signed_in_time: tally.signed_in_time.into(),
            arrived_in_time: tally.arrived_in_time.into(),
            finished_in_time: tally.finished_in_time.into(),
            finished: tally.finished,
            open: tally.open,
            open_overdue: tally.open_overdue,
            returned: tally.returned,
            withdrawn: tally.withdrawn,
            reworks: tally.reworks,
            overdue: tally.overdue.into(),
            satisfied: tally.satisfied.into(),
        }
    }
}
