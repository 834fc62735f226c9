//! What reports name one by one: red incidents, what units gave back, faults of cameras; and what came in the time before.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use sharpeyes_domain::{
    centre::Source,
    ids::{AreaId, CameraId, ClassId, UnitId},
    incident::{CloseReason, IncidentAction, IncidentState},
    level::Level,
    statistics::Course,
    time::WallTime,
};

use super::{IncidentKind, Scope};
use crate::store::dispatch::rows;

/// Of each list; how many there are in all is among the figures.
pub const MOST_LISTED: usize = 200;

/// A red incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedRow {
    /// As people say it.
    pub number: String,
    /// What kind of event.
    pub class: ClassId,
    /// Where.
    pub area: AreaId,
    /// The camera's name, or the place in words.
    pub place: Option<String>,
    /// In a few words; `None`: an alarm.
    pub title: Option<String>,
    /// When it came.
    pub opened: WallTime,
    /// When somebody first took it.
    pub accepted: Option<WallTime>,
    /// When the first unit arrived.
    pub arrived: Option<WallTime>,
    /// When it was closed or rejected.
    pub settled: Option<WallTime>,
    /// Where it stood.
    pub state: IncidentState,
    /// Why it was closed.
    pub closed: Option<CloseReason>,
    /// Any clock of it ran out.
    pub is_overdue: bool,
    /// The units that were told, in that order.
    pub units: Vec<UnitId>,
}

/// A unit gave something back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRow {
    /// The incident's number.
    pub number: String,
    /// Which unit.
    pub unit: UnitId,
    /// When.
    pub at: WallTime,
    /// Why, as it wrote.
    pub note: Option<String>,
}

/// A fault of a camera that touched the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRow {
    /// Which camera.
    pub camera: CameraId,
    /// The kind of its ticket.
    pub kind: String,
    /// When it began first.
    pub first: WallTime,
    /// When it was over; `None`: it is not.
    pub over: Option<WallTime>,
    /// How often it began.
    pub n_times: u32,
}

/// What is named one by one, at most 200 of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Red incidents, in the order in which they came.
    pub reds: Vec<RedRow>,
    /// What units gave back, by incident.
    pub returns: Vec<ReturnRow>,
}

impl Lists {
    /// One more incident; `row` has `number`, `camera_name`, `location` and `title` of it.
    pub(super) fn incident(
        &mut self,
        row: &Row<'_>,
        class: &ClassId,
        area: &AreaId,
        course: &Course,
    ) -> rusqlite::Result<()> {
        if course.level != Level::Red || self.reds.len() >= MOST_LISTED {
            return Ok(());
        }
        let camera: Option<String> = row.get("camera_name")?;
        let mut units: Vec<UnitId> = Vec::new();
        for part in &course.parts {
            if !units.contains(&part.unit) {
                units.push(part.unit.clone());
            }
        }
        self.reds.push(RedRow {
            number: row.get("number")?,
            class: class.clone(),
            area: area.clone(),
            place: camera.or(row.get("location")?),
            title: row.get("title")?,
            opened: course.opened,
            accepted: course.acceptance.at(),
            arrived: course.parts.iter().filter_map(|part| part.arrived).min(),
            settled: course.settled,
            state: course.state,
            closed: course.closed,
            is_overdue: course.is_overdue,
            units,
        });
        Ok(())
    }

    /// What units gave back of one more incident.
    pub(super) fn add_returns(&mut self, returns: Vec<ReturnRow>) {
        let room = MOST_LISTED.saturating_sub(self.returns.len());
        self.returns.extend(returns.into_iter().take(room));
    }
}

impl ReturnRow {
    /// Of a step of an incident's history with its `at_ms` and `note`; `None`: nothing was given back.
    pub(super) fn of(
        number: &str,
        details: Option<&IncidentAction>,
        step: &Row<'_>,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(IncidentAction::Return { unit }) = details else { return Ok(None) };
        let (at, note) = (rows::wall(step, "at_ms")?, step.get("note")?);
        Ok(Some(Self { number: number.to_owned(), unit: unit.clone(), at, note }))
    }
}

/// Tickets of cameras that were open at some time of the scope, as they are now: those that last first, then by when
/// they began.
pub(super) fn faults(c: &Connection, scope: &Scope) -> rusqlite::Result<Vec<FaultRow>> {
    let sql = "SELECT camera, kind, first_ms, n_times,
            iif(is_open, NULL, coalesce(recovered_ms, closed_ms)) AS over_ms
        FROM ticket WHERE camera IS NOT NULL AND first_ms < ?2
            AND (is_open OR coalesce(recovered_ms, closed_ms) >= ?1)
        ORDER BY is_open DESC, first_ms, id";
    let read = |row: &Row<'_>| {
        Ok(FaultRow {
            camera: rows::word(row, "camera")?,
            kind: row.get("kind")?,
            first: rows::wall(row, "first_ms")?,
            over: rows::wall_opt(row, "over_ms")?,
            n_times: row.get("n_times")?,
        })
    };
    c.prepare_cached(sql)?.query_map([scope.from.0, scope.to.min(scope.as_of).0], read)?.collect()
}

/// What came in the time before, by level as it was judged when that time was over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previous {
    /// All.
    pub received: u64,
    /// By level.
    pub levels: BTreeMap<Level, u64>,
    /// By class.
    pub classes: BTreeMap<ClassId, u64>,
    /// By how they came.
    pub sources: BTreeMap<Source, u64>,
}

pub(super) fn previous(c: &Connection, scope: &Scope, kind: &IncidentKind) -> rusqlite::Result<Previous> {
    let mut statement = c.prepare_cached(
        "SELECT i.class, i.source, i.area, coalesce((SELECT h.level FROM incident_history h
                 WHERE h.incident = i.id AND h.at_ms < ?2 ORDER BY h.version DESC LIMIT 1), i.level) AS level
         FROM incident i INDEXED BY incident_opened
         WHERE i.opened_ms >= ?1 AND i.opened_ms < ?2 AND coalesce(i.class = ?3, 1) AND coalesce(i.source = ?4, 1)
             AND (?5 IS NULL OR EXISTS (SELECT 1 FROM assignment t
                 WHERE t.incident = i.id AND t.unit = ?5 AND t.told_ms < ?2))",
    )?;
    let class = kind.class.as_ref().map(ClassId::as_str);
    let source = kind.source.map(Source::as_str);
    let unit = kind.unit.as_ref().map(UnitId::as_str);
    let mut found = statement.query(params![scope.before.0, scope.before_end().0, class, source, unit])?;
    let mut all = Previous::default();
    while let Some(row) = found.next()? {
        if !scope.has(&rows::word(row, "area")?) {
            continue;
        }
        all.received += 1;
        *all.levels.entry(rows::level(row)?).or_default() += 1;
        *all.classes.entry(rows::word(row, "class")?).or_default() += 1;
        *all.sources.entry(rows::word(row, "source")?).or_default() += 1;
    }
    Ok(all)
}
