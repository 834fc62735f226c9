//! The ledger (台账): incidents with what was done, page by page, in the order in which they came.

use rusqlite::{Connection, params};
use sharpeyes_domain::{
    ids::{ClassId, IncidentId},
    incident::ActionKind,
    statistics::Acceptance,
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
    /// When somebody first took it and did not merely give it back.
    pub accepted: Option<WallTime>,
    /// When units were first told, or came with another incident that became part of it.
    pub dispatched: Option<WallTime>,
    /// When its work was last agreed with.
    pub verified: Option<WallTime>,
    /// When the people concerned were last asked.
    pub revisited: Option<WallTime>,
    /// Number of the incident that it has become part of.
    pub merged_into: Option<String>,
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
        "SELECT action, state_to, at_ms FROM incident_history WHERE incident = ?1 ORDER BY version",
    )?;
    let mut number = c.prepare_cached("SELECT number FROM incident WHERE id = ?1")?;
    let mut page = Vec::with_capacity(found.len());
    for incident in found {
        let mut counts = LedgerCounts::default();
        let mut acceptance = Acceptance::default();
        let (mut dispatched, mut verified, mut revisited) = (None, None, None);
        let mut steps = history.query([incident.id().0])?;
        while let Some(step) = steps.next()? {
            let verb = step.get_ref(0)?.as_str()?;
            if verb == "open" {
                continue;
            }
            let action: ActionKind = verb.parse().map_err(rows::unreadable)?;
            let at = rows::wall(step, "at_ms")?;
            acceptance.apply(action, rows::word(step, "state_to")?, at);
            match action {
                ActionKind::Dispatch | ActionKind::TakeUnits => dispatched = dispatched.or(Some(at)),
                ActionKind::Verify => verified = Some(at),
                ActionKind::Revisit => revisited = Some(at),
                ActionKind::Return => counts.returns += 1,
                ActionKind::Rework => counts.reworks += 1,
                ActionKind::Hold => counts.holds += 1,
                ActionKind::Extend => counts.extensions += 1,
                ActionKind::Urge => counts.urges += 1,
                ActionKind::Overdue => counts.overdue += 1,
                ActionKind::Reopen => counts.reopenings += 1,
                // Not in the ledger.
                _ => {}
            }
        }
        let merged_into = match incident.status.merging {
            Some(merging) => Some(number.query_row([merging.into.0], |row| row.get(0))?),
            None => None,
        };
        let accepted = acceptance.at();
        page.push(LedgerRow { incident, accepted, dispatched, verified, revisited, merged_into, counts });
    }
    Ok(page)
}
