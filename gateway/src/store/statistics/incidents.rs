//! Incidents with their courses, and how many were open when.

use std::collections::HashSet;

use rusqlite::{Connection, params};
use sharpeyes_domain::{
    centre::{Date, Source},
    ids::{ClassId, UnitId},
    incident::{ActionKind, IncidentAction},
    level::Level,
    statistics::{Belongs, Breakdown, Course, Entry},
    time::WallTime,
};

use super::{
    AccuracyFilter, AccuracyRow, FaultRow, Lists, Previous, ReturnRow, Scope, Statistics,
    accuracy::accuracy,
    listed::{faults, previous},
};
use crate::store::{
    db::DbError,
    dispatch::{ChangeSeq, latest_seq, rows},
};

/// Which incidents. What is `None` excludes nothing.
#[derive(Clone, Debug, Default)]
pub struct IncidentKind {
    /// Of this class.
    pub class: Option<ClassId>,
    /// That came this way.
    pub source: Option<Source>,
    /// That this unit was told of.
    pub unit: Option<UnitId>,
}

/// What was there before, what came and went, and what is left, whenever it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Open when the time began.
    pub open_before: u64,
    /// Closed or rejected within it, each time.
    pub settled: u64,
    /// Open when it ended.
    pub open_after: u64,
}

/// All that is counted over one scope.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The last change that is in it.
    pub as_of: ChangeSeq,
    /// What came within the time.
    pub breakdown: Breakdown,
    /// What of it is named one by one.
    pub lists: Lists,
    /// What came in the time before.
    pub previous: Previous,
    /// Faults of cameras, wherever they are.
    pub faults: Vec<FaultRow>,
    /// `None`: it is asked about one unit, which backlogs are not kept by.
    pub flow: Option<Flow>,
    /// The alarms that began within it. Empty when asked about a source or a unit: alarms are of cameras.
    pub accuracy: Vec<AccuracyRow>,
}

impl Statistics {
    /// Counts all of a scope. `local` gives the day and the hour on the site's clocks.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn count(
        &self,
        scope: Scope,
        kind: IncidentKind,
        local: impl Fn(WallTime) -> (Date, u8) + Send + 'static,
    ) -> Result<Counted, DbError> {
        self.count_alone(move |c| {
            // One snapshot for all statements.
            let c = c.unchecked_transaction()?;
            let is_of_cameras =
                kind.unit.is_none() && kind.source.is_none_or(|source| source == Source::Camera);
            let mut accuracy =
                if is_of_cameras { accuracy(&c, &scope, &AccuracyFilter::default())? } else { Vec::new() };
            accuracy
                .retain(|row| kind.class.as_ref().is_none_or(|class| class.as_str() == row.class.as_str()));
            let (breakdown, lists) = breakdown(&c, &scope, &kind, &local)?;
            Ok(Counted {
                as_of: latest_seq(&c)?,
                breakdown,
                lists,
                previous: previous(&c, &scope, &kind)?,
                faults: faults(&c, &scope)?,
                flow: kind.unit.is_none().then(|| flow(&c, &scope, &kind)).transpose()?,
                accuracy,
            })
        })
        .await
    }
}

fn breakdown(
    c: &Connection,
    scope: &Scope,
    kind: &IncidentKind,
    local: &impl Fn(WallTime) -> (Date, u8),
) -> rusqlite::Result<(Breakdown, Lists)> {
    let mut incidents = c.prepare_cached(
        "SELECT id, number, opened_ms, began_ms, class, source, area, level, camera_name, location, title
         FROM incident INDEXED BY incident_opened
         WHERE opened_ms >= ?1 AND opened_ms < ?2 AND coalesce(class = ?3, 1) AND coalesce(source = ?4, 1)
         ORDER BY opened_ms, id",
    )?;
    let mut history = c.prepare_cached(
        "SELECT at_ms, action, detail, state_to, level, note FROM incident_history
         WHERE incident = ?1 AND at_ms < ?2 ORDER BY version",
    )?;
    let class = kind.class.as_ref().map(ClassId::as_str);
    let source = kind.source.map(Source::as_str);
    let mut found = incidents.query(params![scope.from.0, scope.to.0.min(scope.as_of.0), class, source])?;
    let (mut all, mut lists) = (Breakdown::default(), Lists::default());
    while let Some(row) = found.next()? {
        let area = rows::word(row, "area")?;
        if !scope.has(&area) {
            continue;
        }
        let opened = rows::wall(row, "opened_ms")?;
        let mut course = Course::new(opened, rows::level(row)?);
        let number = row.get_ref("number")?.as_str()?;
        let mut returns = Vec::new();
        let mut steps = history.query(params![row.get::<_, i64>("id")?, scope.as_of.0])?;
        while let Some(step) = steps.next()? {
            let details = apply(&mut course, step)?;
            returns.extend(ReturnRow::of(number, details.as_ref(), step)?);
        }
        if kind.unit.as_ref().is_some_and(|unit| course.parts.iter().all(|part| part.unit != *unit)) {
            continue;
        }
        let class = rows::word(row, "class")?;
        let (day, _) = local(opened);
        let (_, hour) = local(rows::wall(row, "began_ms")?);
        let is_on_camera = row.get_ref("camera_name")?.as_str_or_null()?.is_some();
        let source = rows::word(row, "source")?;
        let belongs = Belongs { class: &class, source, area: &area, day, hour, is_on_camera };
        all.count(&belongs, &course);
        lists.incident(row, &class, &area, &course)?;
        lists.add_returns(returns);
    }
    Ok((all, lists))
}

/// Gives the details, where they were read.
fn apply(course: &mut Course, step: &rusqlite::Row<'_>) -> rusqlite::Result<Option<IncidentAction>> {
    let action: Option<ActionKind> = match step.get_ref(1)?.as_str()? {
        "open" => None,
        verb => Some(verb.parse().map_err(rows::unreadable)?),
    };
    let details: Option<IncidentAction> = match action {
        Some(action) if Course::needs_details(action) => rows::json_opt(step, "detail")?,
        Some(_) | None => None,
    };
    let level: i64 = step.get(4)?;
    course.apply(&Entry {
        at: WallTime(step.get(0)?),
        action,
        details: details.as_ref(),
        to: step.get_ref(3)?.as_str()?.parse().map_err(rows::unreadable)?,
        level: Level::from_number(level).ok_or(rusqlite::Error::IntegralValueOutOfRange(4, level))?,
    });
    Ok(details)
}

fn flow(c: &Connection, scope: &Scope, kind: &IncidentKind) -> rusqlite::Result<Flow> {
    let end = scope.to.min(scope.as_of);
    let mut turns = c.prepare_cached(
        "SELECT h.incident, h.action, h.at_ms, i.area, i.opened_ms
         FROM incident_history h INDEXED BY history_turn CROSS JOIN incident i ON i.id = h.incident
         WHERE h.action IN ('close', 'reject', 'merge', 'unmerge', 'reopen') AND h.at_ms >= ?1
             AND coalesce(i.class = ?2, 1) AND coalesce(i.source = ?3, 1)
         ORDER BY h.at_ms, h.incident",
    )?;
    let class = kind.class.as_ref().map(ClassId::as_str);
    let source = kind.source.map(Source::as_str);
    let mut found = turns.query(params![scope.from.0, class, source])?;
    let mut flow = Flow { open_before: 0, settled: 0, open_after: 0 };
    // An incident that turns after a time stood before its first turn: what ended then was open.
    let (mut since_from, mut since_end) = (HashSet::new(), HashSet::new());
    while let Some(row) = found.next()? {
        if !scope.has(&rows::word(row, "area")?) {
            continue;
        }
        let (id, at, opened): (i64, i64, i64) = (row.get(0)?, row.get(2)?, row.get(4)?);
        let action = row.get_ref(1)?.as_str()?;
        let was_open = matches!(action, "close" | "reject" | "merge");
        if since_from.insert(id) {
            flow.open_before += u64::from(was_open && opened < scope.from.0);
        }
        if at < end.0 {
            flow.settled += u64::from(matches!(action, "close" | "reject"));
        } else if since_end.insert(id) {
            flow.open_after += u64::from(was_open && opened < end.0);
        }
    }
    let mut open = c.prepare_cached(
        "SELECT id, area, opened_ms FROM incident
         WHERE is_open = 1 AND coalesce(class = ?1, 1) AND coalesce(source = ?2, 1)",
    )?;
    let mut found = open.query(params![class, source])?;
    while let Some(row) = found.next()? {
        if !scope.has(&rows::word(row, "area")?) {
            continue;
        }
        let (id, opened): (i64, i64) = (row.get(0)?, row.get(2)?);
        flow.open_before += u64::from(opened < scope.from.0 && !since_from.contains(&id));
        flow.open_after += u64::from(opened < end.0 && !since_end.contains(&id));
    }
    Ok(flow)
}
