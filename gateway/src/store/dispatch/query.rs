//! Reading: lists, details, the feed, traces and snapshots. Each call sees one snapshot of the database.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, named_params};
use sharpeyes_domain::{
    ids::{AlarmId, AreaId, CameraId, IncidentId},
    time::WallTime,
};

use super::{
    Change, ChangeSeq, Dispatch, FrameTrace, IncidentDetail, IncidentRow,
    rows::{self, SELECT_ALARM, SELECT_INCIDENT},
};
use crate::store::db::DbError;

/// More rows are never given at once.
const MOST_ROWS: u32 = 1_000;

/// Which incidents by their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that still need someone: the most urgent first, then the oldest.
    Open,
    /// Those that are over: the newest first.
    Over,
    /// All: the newest first.
    All,
}

/// Which incidents are listed.
#[derive(Clone, Debug)]
pub struct IncidentFilter {
    /// Only in these areas; an empty set lists nothing.
    pub areas: BTreeSet<AreaId>,
    /// By state.
    pub which: Which,
    /// At most so many, and never more than 1,000.
    pub limit: u32,
    /// Only with a smaller id: the next page of what is listed newest first.
    pub before: Option<IncidentId>,
}

/// A list and the position in the feed that it is true at: follow with [`Dispatch::changes_since`].
#[derive(Clone, Debug)]
pub struct IncidentList {
    /// Everything up to here is in the list.
    pub as_of: ChangeSeq,
    /// In the order that [`Which`] says.
    pub incidents: Vec<IncidentRow>,
}

/// What a follower of the feed gets.
#[derive(Clone, Debug)]
pub enum Replay {
    /// What came after its position, in order, only the last change of each incident. Empty: nothing new.
    Changes(Vec<Change>),
    /// Its position is no longer (or not) in the log: it must read a list anew.
    Reset,
}

/// When an alarm was, for whoever keeps its footage.
#[derive(Clone, Debug)]
pub struct AlarmTime {
    /// The alarm.
    pub id: AlarmId,
    /// Its camera.
    pub camera: CameraId,
    /// When its condition first held.
    pub began: WallTime,
    /// When it was last known to hold.
    pub last: WallTime,
    /// It is over: nothing of this changes any more.
    pub is_over: bool,
}

impl Dispatch {
    /// Alarms after `after`, and those of `running`, at most 10,000 of the former, in the order of their rows. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub fn alarm_times_blocking(
        &self,
        after: AlarmId,
        running: &BTreeSet<AlarmId>,
    ) -> Result<Vec<AlarmTime>, DbError> {
        let running = serde_json::Value::from_iter(running.iter().map(|id| id.0)).to_string();
        let times = |c: &Connection| -> rusqlite::Result<Vec<AlarmTime>> {
            let sql = "SELECT id, camera, began_ms, last_ms, ended_ms IS NOT NULL FROM alarm
                       WHERE id IN (SELECT value FROM json_each(?2)) OR id IN
                       (SELECT id FROM alarm WHERE id > ?1 ORDER BY id LIMIT 10000) ORDER BY id";
            c.prepare_cached(sql)?.query_map((after.0, running), rows::alarm_time)?.collect()
        };
        self.db.read_blocking(times).map_err(|error| self.db.error(error))
    }

    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn list(&self, filter: IncidentFilter) -> Result<IncidentList, DbError> {
        self.read(move |c| {
            // One snapshot for both statements.
            let c = c.unchecked_transaction()?;
            Ok(IncidentList { as_of: latest_seq(&c)?, incidents: list(&c, &filter)? })
        })
        .await
    }

    /// The incident with its alarms and history.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<IncidentDetail>, DbError> {
        self.read(move |c| {
            let c = c.unchecked_transaction()?;
            let Some(row) = incident(&c, id)? else { return Ok(None) };
            let sql = format!("{SELECT_ALARM} WHERE a.incident = ?1 ORDER BY a.id");
            let alarms =
                c.prepare_cached(&sql)?.query_map([id.0], rows::alarm_row)?.collect::<Result<_, _>>()?;
            let sql = "SELECT * FROM incident_history WHERE incident = ?1 ORDER BY version";
            let history =
                c.prepare_cached(sql)?.query_map([id.0], rows::history_row)?.collect::<Result<_, _>>()?;
            Ok(Some(IncidentDetail { row, alarms, history }))
        })
        .await
    }

    /// The incident alone: for deciding access.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn incident_row(&self, id: IncidentId) -> Result<Option<IncidentRow>, DbError> {
        self.read(move |c| incident(c, id)).await
    }

    /// What came after `seq`, at most `limit` entries of the log (and never more than 1,000).
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn changes_since(&self, seq: ChangeSeq, limit: u32) -> Result<Replay, DbError> {
        self.read(move |c| {
            let c = c.unchecked_transaction()?;
            let latest = latest_seq(&c)?;
            let oldest = oldest_seq(&c)?;
            // Everything after `seq` must still be there, and `seq` must be of this database.
            if seq > latest || oldest.is_some_and(|oldest| seq.0.saturating_add(1) < oldest.0) {
                return Ok(Replay::Reset);
            }
            changes_since(&c, seq, limit).map(Replay::Changes)
        })
        .await
    }

    /// The newest position of the log; 0 before the first change.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn latest_seq(&self) -> Result<ChangeSeq, DbError> {
        self.read(latest_seq).await
    }

    /// The oldest position still in the log; `None` while it is empty.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn oldest_seq(&self) -> Result<Option<ChangeSeq>, DbError> {
        self.read(oldest_seq).await
    }

    /// The kept frames of `camera` from `from` to `until`, in order of time.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn trace(
        &self,
        camera: CameraId,
        from: WallTime,
        until: WallTime,
    ) -> Result<Vec<FrameTrace>, DbError> {
        self.read(move |c| trace(c, &camera, from, until)).await
    }

    /// The JPEG picture of the moment that `alarm` was raised.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn snapshot(&self, alarm: AlarmId) -> Result<Option<Vec<u8>>, DbError> {
        self.read(move |c| {
            c.prepare_cached("SELECT jpeg FROM snapshot WHERE alarm = ?1")?
                .query_row([alarm.0], |row| row.get(0))
                .optional()
        })
        .await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.read(move |c| work(c).map_err(|source| db.error(source))).await
    }
}

pub(super) fn latest_seq(c: &Connection) -> rusqlite::Result<ChangeSeq> {
    // Kept by SQLite itself, so that it stays true when the log is pruned.
    c.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'change_log'")?
        .query_row([], |row| row.get(0))
        .optional()
        .map(|seq| ChangeSeq(seq.unwrap_or(0)))
}

fn oldest_seq(c: &Connection) -> rusqlite::Result<Option<ChangeSeq>> {
    c.prepare_cached("SELECT min(seq) FROM change_log")?
        .query_row([], |row| row.get::<_, Option<i64>>(0))
        .map(|seq| seq.map(ChangeSeq))
}

pub(super) fn incident(c: &Connection, id: IncidentId) -> rusqlite::Result<Option<IncidentRow>> {
    c.prepare_cached(&format!("{SELECT_INCIDENT} WHERE i.id = ?1"))?
        .query_row([id.0], rows::incident_row)
        .optional()
}

fn list(c: &Connection, filter: &IncidentFilter) -> rusqlite::Result<Vec<IncidentRow>> {
    // The page is found in the index first, so that only its own rows are joined and sorted.
    let (state, page_order, order) = match filter.which {
        Which::Open => ("AND is_open = 1", "level, id", "i.level, i.id"),
        Which::Over => ("AND is_open = 0", "id DESC", "i.id DESC"),
        Which::All => ("", "id DESC", "i.id DESC"),
    };
    let sql = format!(
        "WITH page AS (SELECT id FROM incident
             WHERE area IN (SELECT value FROM json_each(:areas)) AND id < :before {state}
             ORDER BY {page_order} LIMIT :limit)
         {SELECT_INCIDENT} WHERE i.id IN page ORDER BY {order}"
    );
    let areas: Vec<&str> = filter.areas.iter().map(AreaId::as_str).collect();
    let parameters = named_params! {
        ":areas": serde_json::json!(areas).to_string(),
        ":before": filter.before.map_or(i64::MAX, |id| id.0),
        ":limit": filter.limit.min(MOST_ROWS),
    };
    c.prepare_cached(&sql)?.query_map(parameters, rows::incident_row)?.collect()
}

fn changes_since(c: &Connection, seq: ChangeSeq, limit: u32) -> rusqlite::Result<Vec<Change>> {
    // The incident comes as it is now, so that of several changes of one only the last says anything.
    let sql = format!(
        "WITH span AS (SELECT * FROM change_log WHERE seq > :seq ORDER BY seq LIMIT :limit),
              last AS (SELECT max(seq) AS seq FROM span GROUP BY incident)
         SELECT s.seq AS change_seq, s.at_ms AS change_at_ms, s.kind AS change_kind, x.*
         FROM last JOIN span s ON s.seq = last.seq JOIN ({SELECT_INCIDENT}) x ON x.id = s.incident
         ORDER BY s.seq"
    );
    let parameters = named_params! { ":seq": seq.0, ":limit": limit.min(MOST_ROWS) };
    c.prepare_cached(&sql)?.query_map(parameters, rows::change)?.collect()
}

fn trace(
    c: &Connection,
    camera: &CameraId,
    from: WallTime,
    until: WallTime,
) -> rusqlite::Result<Vec<FrameTrace>> {
    // A row holds about a second; ten are allowed for, so that the index can begin in time.
    let sql = "SELECT frames FROM trace
               WHERE camera = :camera AND from_ms BETWEEN :from - 10000 AND :until AND until_ms >= :from
               ORDER BY from_ms, id";
    let parameters = named_params! { ":camera": camera.as_str(), ":from": from.0, ":until": until.0 };
    let mut statement = c.prepare_cached(sql)?;
    let mut frames = Vec::new();
    for chunk in statement.query_map(parameters, rows::frames)? {
        frames.extend(chunk?.into_iter().filter(|frame| (from..=until).contains(&frame.wall)));
    }
    frames.sort_by_key(|frame| frame.wall);
    Ok(frames)
}
