//! Reading: rows, the feed, traces and snapshots. Each call sees one snapshot of the database.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, named_params, params};
use sharpeyes_domain::{
    ids::{AccountId, AlarmId, CameraId, IncidentId},
    incident::{Assignment, IncidentAction},
    time::WallTime,
};

use super::{
    Change, ChangeSeq, Dispatch, DispatchTx, FrameTrace, HistoryRow, IncidentRow, StoredAnswer,
    list::MOST_ROWS,
    rows::{self, SELECT_INCIDENT},
};
use crate::store::db::DbError;

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

impl DispatchTx<'_> {
    /// What happened to an incident, the first first.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn history(&self, incident: IncidentId) -> Result<Vec<HistoryRow>, DbError> {
        let sql = "SELECT * FROM incident_history WHERE incident = ?1 ORDER BY version";
        self.all(sql, [incident.0], rows::history_row)
    }

    /// The parts with which units last came to `into` from `from`. Empty: none came.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn taken_from(&self, into: IncidentId, from: IncidentId) -> Result<Vec<Assignment>, DbError> {
        let sql = "SELECT * FROM incident_history WHERE incident = ?1 AND action = 'take_units'
                   ORDER BY version DESC";
        let rows = self.all(sql, [into.0], rows::history_row)?;
        let mut taken = rows.into_iter().filter_map(|row| match row.action {
            Some(IncidentAction::TakeUnits { from: source, parts, .. }) if source == from => Some(parts),
            _ => None,
        });
        Ok(taken.next().unwrap_or_default())
    }
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

    /// What was answered to this account's command with this key.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn answer(&self, account: AccountId, key: String) -> Result<Option<StoredAnswer>, DbError> {
        self.read(move |c| {
            c.prepare_cached(ANSWER)?.query_row(params![account.0, key], rows::stored_answer).optional()
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

/// Of an account and a key.
pub(super) const ANSWER: &str = "SELECT request, answer FROM idempotency WHERE account = ?1 AND key = ?2";

pub(in crate::store) fn latest_seq(c: &Connection) -> rusqlite::Result<ChangeSeq> {
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
