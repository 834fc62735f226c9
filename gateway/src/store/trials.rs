//! Trials as rows, with the alarms that the live rules raised in the same time.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use sharpeyes_domain::{
    ids::{AlarmId, CameraId, RuleId, StreamKind, TrialId},
    segment::Span,
    time::WallTime,
    trial::TrialState,
};

use super::{
    db::{Db, DbError, Migration},
    dispatch::rows::{json, json_opt, level, wall, wall_opt, word},
};
use crate::trial::{LiveAlarm, TrialPlan, TrialResult};

/// The tables of trials, and of shadow rules as they first were.
pub const MIGRATION: Migration =
    Migration { name: "dispatch_050_trials", sql: include_str!("migrations/dispatch_050_trials.sql") };

/// One trial, without what it found.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRow {
    /// Its number.
    pub id: TrialId,
    /// Whose recording.
    pub camera: CameraId,
    /// `main` or `sub`.
    pub stream: StreamKind,
    /// Which part of it.
    pub span: Span,
    /// The rules as they were written.
    pub text: String,
    /// Which detector looks.
    pub model: String,
    /// When it was asked for.
    pub asked: WallTime,
    /// Name of the account.
    pub by: String,
    /// Where it stands.
    pub state: TrialState,
    /// How far it has looked.
    pub reached: WallTime,
    /// When it was over.
    pub ended: Option<WallTime>,
    /// Stable word for why it ended early.
    pub code: Option<String>,
    /// The same as a sentence, English.
    pub detail: Option<String>,
}

/// How a trial ended.
#[derive(Clone, Debug)]
pub struct TrialEnd {
    /// Not one that is open.
    pub state: TrialState,
    /// How far it came.
    pub reached: WallTime,
    /// When.
    pub at: WallTime,
    /// Stable word and sentence for why it ended early.
    pub reason: Option<(String, String)>,
    /// What it found, if it looked at all.
    pub result: Option<TrialResult>,
}

/// The trials of one database file; clones share it.
#[derive(Clone)]
pub struct TrialRows {
    db: Db,
}

const SELECT: &str =
    "SELECT id, camera, stream, from_ms, to_ms, rules, model, asked_ms, asked_by, state, reached_ms,
    ended_ms, code, detail FROM trial";

impl TrialRows {
    /// On a database that has [`MIGRATION`].
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// A new one, waiting.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn add(&self, plan: &TrialPlan, at: WallTime) -> Result<TrialId, DbError> {
        let (db, plan) = (self.db.clone(), plan.clone());
        self.db
            .write(move |transaction| {
                transaction
                    .execute(
                        "INSERT INTO trial (camera, stream, from_ms, to_ms, rules, model, asked_ms, asked_by, state,
                             reached_ms)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?3)",
                        params![
                            plan.stream.camera.as_str(),
                            plan.stream.kind.as_str(),
                            plan.span.from.0,
                            plan.span.to.0,
                            plan.text,
                            plan.model.as_str(),
                            at.0,
                            plan.by,
                            TrialState::Waiting.as_str(),
                        ],
                    )
                    .map_err(|error| db.error(error))?;
                Ok(TrialId(transaction.last_insert_rowid()))
            })
            .await
    }

    /// It looks. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn begin_blocking(&self, id: TrialId) -> Result<(), DbError> {
        self.change("UPDATE trial SET state = 'running' WHERE id = ?1 AND state = 'waiting'", id)
    }

    /// It is over. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn end_blocking(&self, id: TrialId, end: TrialEnd) -> Result<(), DbError> {
        let db = self.db.clone();
        self.db.write_blocking(move |transaction| {
            let (code, detail) = end.reason.unzip();
            let result = end.result.map(|result| serde_json::json!(result).to_string());
            transaction
                .execute(
                    "UPDATE trial SET state = :state, reached_ms = :reached, ended_ms = :at, code = :code,
                         detail = :detail, result = :result
                     WHERE id = :id AND ended_ms IS NULL",
                    named_params! {
                        ":state": end.state.as_str(), ":reached": end.reached.0, ":at": end.at.0, ":code": code,
                        ":detail": detail, ":result": result, ":id": id.0,
                    },
                )
                .map(drop)
                .map_err(|error| db.error(error))
        })
    }

    /// Those that a service left open which ended meanwhile. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn interrupt_blocking(&self, at: WallTime) -> Result<usize, DbError> {
        let db = self.db.clone();
        self.db.write_blocking(move |transaction| {
            transaction
                .execute(
                    "UPDATE trial SET state = 'interrupted', ended_ms = ?1 WHERE state IN ('waiting', 'running')",
                    [at.0],
                )
                .map_err(|error| db.error(error))
        })
    }

    /// Forgets all that are over but the `keep` newest asked for since `since`; says which are left. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn trim_blocking(&self, keep: u32, since: WallTime) -> Result<Vec<TrialId>, DbError> {
        let db = self.db.clone();
        self.db.write_blocking(move |transaction| {
            let trim = || -> rusqlite::Result<Vec<TrialId>> {
                transaction.execute(
                    "DELETE FROM trial WHERE ended_ms IS NOT NULL AND (asked_ms < ?2 OR id NOT IN
                         (SELECT id FROM trial WHERE ended_ms IS NOT NULL ORDER BY id DESC LIMIT ?1))",
                    params![keep, since.0],
                )?;
                let mut left = transaction.prepare("SELECT id FROM trial")?;
                left.query_map([], |row| row.get(0).map(TrialId))?.collect()
            };
            trim().map_err(|error| db.error(error))
        })
    }

    /// Forgets one that is over. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn remove_blocking(&self, id: TrialId) -> Result<(), DbError> {
        self.change("DELETE FROM trial WHERE id = ?1 AND ended_ms IS NOT NULL", id)
    }

    fn change(&self, sql: &'static str, id: TrialId) -> Result<(), DbError> {
        let db = self.db.clone();
        self.db.write_blocking(move |transaction| {
            transaction.execute(sql, [id.0]).map(drop).map_err(|error| db.error(error))
        })
    }

    /// Those of a camera, the newest first.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn list(&self, camera: CameraId) -> Result<Vec<TrialRow>, DbError> {
        self.read(move |c| {
            let sql = format!("{SELECT} WHERE camera = ?1 ORDER BY id DESC");
            c.prepare_cached(&sql)?.query_map([camera.as_str()], row)?.collect()
        })
        .await
    }

    /// One of a camera, with what it found.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn one(
        &self,
        camera: CameraId,
        id: TrialId,
    ) -> Result<Option<(TrialRow, Option<TrialResult>)>, DbError> {
        self.read(move |c| {
            let sql = format!("{} WHERE id = ?1 AND camera = ?2", SELECT.replace(" FROM", ", result FROM"));
            let found = |found: &Row<'_>| Ok((row(found)?, json_opt(found, "result")?));
            c.query_row(&sql, params![id.0, camera.as_str()], found).optional()
        })
        .await
    }

    /// What rules of a camera raised that touches `span`, in order of their beginning. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn live_blocking(
        &self,
        camera: &CameraId,
        rules: &[RuleId],
        span: Span,
        most: usize,
    ) -> Result<Vec<LiveAlarm>, DbError> {
        let wanted = serde_json::json!(rules).to_string();
        let read = |c: &Connection| -> rusqlite::Result<Vec<LiveAlarm>> {
            let mut found = c.prepare_cached(
                "SELECT id, rule, class, level, began_ms, raised_ms, ended_ms, evidence FROM alarm
                 WHERE camera = :camera AND began_ms < :to AND coalesce(ended_ms > :from, 1)
                     AND rule IN (SELECT value FROM json_each(:rules))
                 ORDER BY began_ms, id LIMIT :most",
            )?;
            let values = named_params! {
                ":camera": camera.as_str(), ":from": span.from.0, ":to": span.to.0, ":rules": wanted,
                ":most": i64::try_from(most).unwrap_or(i64::MAX),
            };
            found.query_map(values, live)?.collect()
        };
        self.db.read_blocking(read).map_err(|error| self.db.error(error))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| work(connection).map_err(|error| db.error(error))).await
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<TrialRow> {
    Ok(TrialRow {
        id: TrialId(row.get("id")?),
        camera: word(row, "camera")?,
        stream: if row.get_ref("stream")?.as_str()? == StreamKind::Sub.as_str() {
            StreamKind::Sub
        } else {
            StreamKind::Main
        },
        span: Span { from: wall(row, "from_ms")?, to: wall(row, "to_ms")? },
        text: row.get("rules")?,
        model: row.get("model")?,
        asked: wall(row, "asked_ms")?,
        by: row.get("asked_by")?,
        state: word(row, "state")?,
        reached: wall(row, "reached_ms")?,
        ended: wall_opt(row, "ended_ms")?,
        code: row.get("code")?,
        detail: row.get("detail")?,
    })
}

fn live(row: &Row<'_>) -> rusqlite::Result<LiveAlarm> {
    Ok(LiveAlarm {
        alarm: AlarmId(row.get("id")?),
        rule: word(row, "rule")?,
        class: word(row, "class")?,
        level: level(row)?,
        began: wall(row, "began_ms")?,
        raised: wall(row, "raised_ms")?,
        ended: wall_opt(row, "ended_ms")?,
        evidence: json(row, "evidence")?,
        has_still: false,
        is_met: false,
        is_unseen: false,
    })
}
