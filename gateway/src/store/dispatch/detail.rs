//! One incident with what belongs to it: whole, or as much of it as one looks at, for one that is open for weeks has
//! thousands of alarms and history rows.

use rusqlite::{Connection, OptionalExtension as _, Params, params};
use sharpeyes_domain::ids::{AlarmId, IncidentId};

use super::{
    AlarmRow, Dispatch, HistoryRow, IncidentDetail, clocks,
    files::{self, SELECT_ATTACHMENT},
    query::incident,
    rows::{self, SELECT_ALARM},
    sheets,
};
use crate::store::db::DbError;

/// The newest of an incident's alarms, history rows and stopped clocks that are given beside the first one.
const NEWEST: u32 = 100;

/// What of an incident is read.
#[derive(Clone, Copy)]
enum Extent {
    Whole,
    /// Of alarms and history the first one and the newest ones, of clocks those that run and the newest ones.
    Head,
}

impl Extent {
    /// So many of the newest.
    const fn newest(self) -> u32 {
        match self {
            Self::Whole => u32::MAX,
            Self::Head => NEWEST,
        }
    }
}

impl Dispatch {
    /// The incident with all its alarms and its whole history.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<IncidentDetail>, DbError> {
        self.read(move |c| detail(c, id, Extent::Whole)).await
    }

    /// The same, however long it has been open: of alarms and history the first one and the newest 100, of history also the
    /// newest 100 of people, of clocks those that run and the newest 100. Its row says how many there are: `n_alarms`, and `version` of history rows.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn incident_head(&self, id: IncidentId) -> Result<Option<IncidentDetail>, DbError> {
        self.read(move |c| detail(c, id, Extent::Head)).await
    }

    /// Alarms of an incident before one of them, or the newest; the newest first.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn alarms_before(
        &self,
        id: IncidentId,
        before: Option<AlarmId>,
        limit: u32,
    ) -> Result<Vec<AlarmRow>, DbError> {
        let before = before.map_or(i64::MAX, |alarm| alarm.0);
        self.read(move |c| {
            let sql =
                format!("{SELECT_ALARM} WHERE a.incident = ?1 AND a.id < ?2 ORDER BY a.id DESC LIMIT ?3");
            all(c, &sql, params![id.0, before, limit], rows::alarm_row)
        })
        .await
    }

    /// History rows of an incident before a version, or the newest; the newest first.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn history_before(
        &self,
        id: IncidentId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, DbError> {
        let before = before.unwrap_or(i64::MAX);
        self.read(move |c| {
            let sql = "SELECT * FROM incident_history WHERE incident = ?1 AND version < ?2
                       ORDER BY version DESC LIMIT ?3";
            all(c, sql, params![id.0, before, limit], rows::history_row)
        })
        .await
    }

    /// One alarm of an incident, the first one if none is named; `None` when it has none, or not this one.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn alarm_of(
        &self,
        id: IncidentId,
        alarm: Option<AlarmId>,
    ) -> Result<Option<AlarmRow>, DbError> {
        self.read(move |c| {
            let sql = format!(
                "{SELECT_ALARM} WHERE a.incident = ?1 AND coalesce(a.id = ?2, 1) ORDER BY a.id LIMIT 1"
            );
            let alarm = alarm.map(|alarm| alarm.0);
            c.prepare_cached(&sql)?.query_row(params![id.0, alarm], rows::alarm_row).optional()
        })
        .await
    }
}

fn detail(c: &Connection, id: IncidentId, extent: Extent) -> rusqlite::Result<Option<IncidentDetail>> {
    // One snapshot for all statements.
    let c = c.unchecked_transaction()?;
    let Some(row) = incident(&c, id)? else { return Ok(None) };
    let newest = params![id.0, extent.newest()];
    let sql = format!(
        "{SELECT_ALARM} WHERE a.incident = ?1 AND (
             a.id = (SELECT min(f.id) FROM alarm f WHERE f.incident = ?1)
             OR a.id IN (SELECT n.id FROM alarm n WHERE n.incident = ?1 ORDER BY n.id DESC LIMIT ?2))
         ORDER BY a.id"
    );
    let alarms = all(&c, &sql, newest, rows::alarm_row)?;
    let sql = "SELECT * FROM incident_history WHERE incident = ?1 AND (version = 1
                   OR version IN (SELECT n.version FROM incident_history n WHERE n.incident = ?1
                       ORDER BY n.version DESC LIMIT ?2)
                   OR version IN (SELECT p.version FROM incident_history p
                       WHERE p.incident = ?1 AND p.account IS NOT NULL ORDER BY p.version DESC LIMIT ?2))
               ORDER BY version";
    let history = all(&c, sql, newest, rows::history_row)?;
    let sql = "SELECT * FROM clock WHERE incident = ?1 AND (stopped_ms IS NULL
                   OR id IN (SELECT n.id FROM clock n WHERE n.incident = ?1 ORDER BY n.id DESC LIMIT ?2))
               ORDER BY id";
    let clocks = all(&c, sql, newest, clocks::clock_row)?;
    let sql = format!("{SELECT_ATTACHMENT} WHERE incident = ?1 ORDER BY id");
    let attachments = all(&c, &sql, [id.0], files::attachment_row)?;
    let sql = "SELECT * FROM supervision WHERE incident = ?1 ORDER BY version";
    let sheets = all(&c, sql, [id.0], sheets::sheet)?;
    Ok(Some(IncidentDetail { row, alarms, history, attachments, clocks, sheets }))
}

fn all<T>(
    c: &Connection,
    sql: &str,
    values: impl Params,
    read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    c.prepare_cached(sql)?.query_map(values, read)?.collect()
}
