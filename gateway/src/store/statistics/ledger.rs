//! The ledger (台账): incidents with what was done, page by page, in the order in which they came.

use rusqlite::{Connection, params};
use sharpeyes_domain::{
    ids::{ClassId, IncidentId},
    time::WallTime,
};

use super::{IncidentKind, Scope, Statistics};
use crate::store::{
    db::DbError,
    dispatch::{IncidentRow, rows},
};

/// An incident and what its history says of it.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    /// As it stands.
    pub incident: IncidentRow,
    /// When somebody first took it.
    pub accepted: Option<WallTime>,
    /// When units were first told.
    pub dispatched: Option<WallTime>,
    /// When its work was last agreed with.
    pub verified: Option<WallTime>,
    /// When the people concerned were last asked.
    pub revisited: Option<WallTime>,
    /// How often each of these was done.
    pub counts: LedgerCounts,
}

/// How often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerCounts {
    /// A unit gave it back.
    pub returns: u32,
    /// The work was not accepted.
    pub reworks: u32,
    /// Its clock was stopped.
    pub holds: u32,
    /// Its due time was put off.
    pub extensions: u32,
    /// It was pressed for, with or without a sheet.
    pub urges: u32,
    /// A clock ran out.
    pub overdue: u32,
    /// It was opened again.
    pub reopenings: u32,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerCursor {
    opened: WallTime,
    id: IncidentId,
}

impl LedgerCursor {
    /// Before the first one of a scope.
    #[must_use]
    pub const fn start(scope: &Scope) -> Self {
        Self { opened: scope.from, id: IncidentId(0) }
    }

    /// Behind `row`.
    #[must_use]
    pub const fn after(row: &LedgerRow) -> Self {
        Self { opened: row.incident.opened, id: row.incident.id() }
    }
}

impl Statistics {
    /// The next at most `limit` incidents of the scope; none: that was all. Each page is as the tables are then.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn ledger(
        &self,
        scope: Scope,
        kind: IncidentKind,
        after: LedgerCursor,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, DbError> {
        self.read(move |c| page(c, &scope, &kind, after, limit)).await
    }

    /// As [`Statistics::ledger`], for threads.
    ///
    /// # Errors
    /// As [`Statistics::ledger`].
    pub fn ledger_blocking(
        &self,
        scope: &Scope,
        kind: &IncidentKind,
        after: LedgerCursor,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, DbError> {
        self.db.read_blocking(|c| page(c, scope, kind, after, limit)).map_err(|e| self.db.error(e))
    }
}

fn page(
    c: &Connection,
    scope: &Scope,
    kind: &IncidentKind,
    after: LedgerCursor,
    limit: u32,
) -> rusqlite::Result<Vec<LedgerRow>> {
    // One snapshot for both statements.
    let c = c.unchecked_transaction()?;
    let areas = serde_json::Value::from_iter(scope.areas.iter().map(ToString::to_string)).to_string();
    let sql = format!(
        "{} WHERE i.id IN (SELECT p.id FROM incident p INDEXED BY incident_opened
             WHERE (p.opened_ms, p.id) > (?1, ?2) AND p.opened_ms < ?3
                 AND p.area IN (SELECT value FROM json_each(?4))
                 AND coalesce(p.class = ?5, 1) AND coalesce(p.source = ?6, 1)
                 AND (?7 IS NULL OR EXISTS (SELECT 1 FROM assignment t WHERE t.incident = p.id AND t.unit = ?7))
             ORDER BY p.opened_ms, p.id LIMIT ?8)
         ORDER BY i.opened_ms, i.id",
        rows::SELECT_INCIDENT
    );
    let to = scope.to.min(scope.as_of);
    let class = kind.class.as_ref().map(ClassId::as_str);
    let source = kind.source.map(sharpeyes_domain::centre::Source::as_str);
    let unit = kind.unit.as_ref().map(sharpeyes_domain::ids::UnitId::as_str);
    let found = c
        .prepare_cached(&sql)?
        .query_map(
            params![after.opened.0, after.id.0, to.0, areas, class, source, unit, limit],
            rows::incident_row,
        )?
        .collect::<rusqlite::Result<Vec<IncidentRow>>>()?;
    let mut history = c.prepare_cached(
        "SELECT action, count(*), min(at_ms), max(at_ms) FROM incident_history WHERE incident = ?1 GROUP BY action",
    )?;
    let mut page = Vec::with_capacity(found.len());
    for incident in found {
        let mut counts = LedgerCounts::default();
        let (mut accepted, mut dispatched, mut verified, mut revisited) = (None, None, None, None);
        let mut steps = history.query([incident.id().0])?;
        while let Some(step) = steps.next()? {
            let n: u32 = step.get(1)?;
            let (first, last) = (Some(WallTime(step.get(2)?)), Some(WallTime(step.get(3)?)));
            match step.get_ref(0)?.as_str()? {
                "claim" => accepted = first,
                "dispatch" => dispatched = first,
                "verify" => verified = last,
                "revisit" => revisited = last,
                "return" => counts.returns = n,
                "rework" => counts.reworks = n,
                "hold" => counts.holds = n,
                "extend" => counts.extensions = n,
                "urge" => counts.urges = n,
                "overdue" => counts.overdue = n,
                "reopen" => counts.reopenings = n,
                // Not in the ledger.
                _ => {}
            }
        }
        page.push(LedgerRow { incident, accepted, dispatched, verified, revisited, counts });
    }
    Ok(page)
}
