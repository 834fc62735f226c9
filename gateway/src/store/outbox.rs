//! The outbox: what other systems are to be told of incidents, until they have been told.
//!
//! Rows are written in the transaction of the change that they tell of, so that none is forgotten and none is told of what
//! did not happen. Which changes concern a target and what is said is decided in `outbound`; here is their order: of the
//! waiting rows of one incident and target only the first has a time at which it is tried.
//!
//! Overflow: past [`MOST_ROWS`] a target's oldest rows are dropped and counted in its state, which technicians see.

mod tidy;

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use sharpeyes_domain::{
    ids::{IncidentId, TargetId},
    time::WallTime,
};

use super::{
    db::{Db, DbError, Migration},
    dispatch::{HistoryRow, IncidentRow},
};

/// The outbox.
pub const MIGRATION: Migration =
    Migration { name: "dispatch_040_outbox", sql: include_str!("migrations/dispatch_040_outbox.sql") };

/// What was delivered or given up stays so long.
pub const KEPT: Duration = Duration::from_hours(7 * 24);
/// Rows of one target: a busy site makes some ten thousand a day.
pub const MOST_ROWS: u32 = 500_000;
/// Rows in one answer.
const MOST_LISTED: u32 = 200;

/// Decides what other systems are told, and in which words. Asked inside the transaction of the change: no I/O.
pub trait Announcer: Send + Sync {
    /// Who may be told at all.
    fn targets(&self) -> &[TargetId];

    /// The target asks for incidents like this one.
    fn concerns(&self, target: &TargetId, incident: &IncidentRow) -> bool;

    /// The target asks for events of this kind.
    fn wants(&self, target: &TargetId, event: &str) -> bool;

    /// What it is told, JSON. `incident` is as the transaction leaves it; `key` is what repeats are recognised by.
    fn body(&self, target: &TargetId, key: &str, incident: &IncidentRow, change: &HistoryRow) -> String;
}

/// One row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its place in the order.
    pub id: i64,
    /// Of which incident.
    pub incident: IncidentId,
    /// The version that it tells of.
    pub version: i64,
    /// What happened.
    pub event: String,
    /// When.
    pub at: WallTime,
    /// What is sent.
    pub body: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; `None`: it waits for an earlier one, or it is over.
    pub next: Option<WallTime>,
    /// When it was delivered or given up.
    pub ended: Option<WallTime>,
    /// Why the last attempt failed.
    pub failure: Option<Refusal>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// It is to be sent.
    Waiting,
    /// The target has it.
    Delivered,
    /// It was given up: the target refuses it, or did not answer for too long.
    Dead,
}

impl OutboxState {
    /// As in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where: `resolve`, `connect`, `tls`, `send`, `answer`.
    pub stage: String,
    /// Stable word for what.
    pub code: String,
    /// What exactly, in English, without secrets.
    pub detail: String,
}

/// What becomes of a row after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target has it.
    Delivered,
    /// It is tried again.
    Again {
        /// When.
        at: WallTime,
        /// Why it failed.
        refusal: Refusal,
    },
    /// It is given up.
    Dead {
        /// Why.
        refusal: Refusal,
    },
}

/// How a target does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetState {
    /// Rows that wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    pub oldest: Option<WallTime>,
    /// Rows that were given up.
    pub dead: u64,
    /// Rows that were dropped because there were too many.
    pub lost: u64,
    /// When something was last delivered.
    pub success: Option<WallTime>,
    /// When an attempt last failed.
    pub failed: Option<WallTime>,
    /// Since when nothing was delivered although it was tried.
    pub failing: Option<WallTime>,
    /// Why the last attempt failed.
    pub failure: Option<Refusal>,
}

/// What a person wants sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Every one that was given up.
    Dead,
    /// These, delivered or given up.
    Rows(Vec<i64>),
}

/// The outbox of one database file; clones share it.
#[derive(Clone)]
pub struct Outbox {
    db: Db,
}

impl Outbox {
    /// On a database that has [`MIGRATION`].
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Rows of `target` that are the first of their incident, those due first.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn first(&self, target: TargetId, limit: u32) -> Result<Vec<OutboxRow>, DbError> {
        self.read(move |c| {
            let sql = "SELECT * FROM outbox WHERE target = ?1 AND next_ms IS NOT NULL ORDER BY next_ms, id LIMIT ?2";
            c.prepare_cached(sql)?.query_map(params![target.as_str(), limit], outbox_row)?.collect()
        })
        .await
    }

    /// Writes down what an attempt came to, and lets the next row of the incident go on when this one is over.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses: the row is then tried once more.
    pub async fn tried(
        &self,
        target: TargetId,
        id: i64,
        outcome: Outcome,
        now: WallTime,
    ) -> Result<(), DbError> {
        self.write(move |tx| tried(tx, &target, id, &outcome, now)).await
    }

    /// The target could not be reached at all: no row is to blame.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn missed(&self, target: TargetId, refusal: Refusal, now: WallTime) -> Result<(), DbError> {
        self.write(move |tx| failed(tx, &target, &refusal, now)).await
    }

    /// Sends again, in the order in which it happened; gives the number of rows.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn resend(&self, target: TargetId, what: Resend, now: WallTime) -> Result<u64, DbError> {
        self.write(move |tx| resend(tx, &target, &what, now)).await
    }

    /// How a target does.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn state(&self, target: TargetId) -> Result<TargetState, DbError> {
        self.read(move |c| state(c, &target)).await
    }

    /// Rows of `target` in this state, the newest first, at most 200, before `before`.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn list(
        &self,
        target: TargetId,
        state: OutboxState,
        before: Option<i64>,
    ) -> Result<Vec<OutboxRow>, DbError> {
        self.read(move |c| {
            let sql =
                "SELECT * FROM outbox WHERE target = ?1 AND state = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";
            let values = params![target.as_str(), state.as_str(), before.unwrap_or(i64::MAX), MOST_LISTED];
            c.prepare_cached(sql)?.query_map(values, outbox_row)?.collect()
        })
        .await
    }

    /// These rows of `target`, as far as there are such.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn some(&self, target: TargetId, ids: Vec<i64>) -> Result<Vec<OutboxRow>, DbError> {
        self.read(move |c| {
            let sql = "SELECT * FROM outbox WHERE target = ?1 AND id IN (SELECT value FROM json_each(?2)) ORDER BY id";
            let ids = serde_json::Value::from_iter(ids).to_string();
            c.prepare_cached(sql)?.query_map(params![target.as_str(), ids], outbox_row)?.collect()
        })
        .await
    }

    /// Gives up what waits for targets that the site file names no more.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn retire(&self, known: Vec<TargetId>, now: WallTime) -> Result<usize, DbError> {
        self.write(move |tx| tidy::retire(tx, &known, now)).await
    }

    /// Gives up what has waited for longer than `keep`, deletes what has been over for [`KEPT`], and what is too much: a
    /// bounded number of each. Gives the number of rows that were touched.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn prune(&self, target: TargetId, keep: Duration, now: WallTime) -> Result<usize, DbError> {
        self.write(move |tx| tidy::prune(tx, &target, keep, now)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.read(move |c| work(c).map_err(|source| db.error(source))).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.write(move |tx| work(tx).map_err(|source| db.error(source))).await
    }
}

/// Writes down who is to be told of one change, in the transaction that makes it.
pub(super) fn announce(
    tx: &Connection,
    announcer: &dyn Announcer,
    incident: &IncidentRow,
    change: &HistoryRow,
) -> rusqlite::Result<()> {
    let event = change.action.as_ref().map_or("open", |action| action.kind().as_str());
    let (id, version, at) = (incident.id().0, change.version, change.at.0);
    let mut key = None;
    for target in announcer.targets() {
        let is_told = announcer.wants(target, event)
            && (announcer.concerns(target, incident) || was_told(tx, target, incident.id())?);
        if !is_told {
            continue;
        }
        if key.is_none() {
            let sql = "SELECT origin FROM outbox_origin";
            let origin: String = tx.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            key = Some(format!("{origin}-{id}-{version}"));
        }
        let body = announcer.body(target, key.as_deref().unwrap_or_default(), incident, change);
        tx.prepare_cached(
            "INSERT INTO outbox (target, incident, version, event, at_ms, body, state, next_ms)
             VALUES (:target, :incident, :version, :event, :at, :body, 'waiting', iif(EXISTS (
                 SELECT 1 FROM outbox WHERE target = :target AND incident = :incident AND state = 'waiting'), NULL, :at))",
        )?
        .execute(named_params! {
            ":target": target.as_str(), ":incident": id, ":version": version, ":event": event, ":at": at, ":body": body,
        })?;
        tx.prepare_cached(
            "INSERT INTO outbox_told (target, incident, last_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (target, incident) DO UPDATE SET last_ms = max(last_ms, excluded.last_ms)",
        )?
        .execute(params![target.as_str(), id, at])?;
    }
    Ok(())
}

fn was_told(c: &Connection, target: &TargetId, incident: IncidentId) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox_told WHERE target = ?1 AND incident = ?2)")?
        .query_row(params![target.as_str(), incident.0], |row| row.get(0))
}

fn tried(
    tx: &Transaction<'_>,
    target: &TargetId,
    id: i64,
    outcome: &Outcome,
    now: WallTime,
) -> rusqlite::Result<()> {
    let (state, next, refusal) = match outcome {
        Outcome::Delivered => (OutboxState::Delivered, None, None),
        Outcome::Again { at, refusal } => (OutboxState::Waiting, Some(at.0), Some(refusal)),
        Outcome::Dead { refusal } => (OutboxState::Dead, None, Some(refusal)),
    };
    let ended = (state != OutboxState::Waiting).then_some(now.0);
    tx.prepare_cached(
        "UPDATE outbox SET state = :state, attempts = attempts + 1, next_ms = :next, ended_ms = :ended,
             stage = coalesce(:stage, stage), code = coalesce(:code, code), detail = coalesce(:detail, detail)
         WHERE id = :id AND target = :target AND next_ms IS NOT NULL",
    )?
    .execute(named_params! {
        ":id": id, ":target": target.as_str(), ":state": state.as_str(), ":next": next, ":ended": ended,
        ":stage": refusal.map(|refusal| &refusal.stage),
        ":code": refusal.map(|refusal| &refusal.code),
        ":detail": refusal.map(|refusal| &refusal.detail),
    })?;
    match refusal {
        Some(refusal) => failed(tx, target, refusal, now)?,
        None => {
            tx.prepare_cached(
                "INSERT INTO outbox_target (target, success_ms) VALUES (?1, ?2)
                 ON CONFLICT (target) DO UPDATE SET success_ms = ?2, failing_ms = NULL",
            )?
            .execute(params![target.as_str(), now.0])?;
        }
    }
    if state != OutboxState::Waiting {
        let incident = "SELECT incident FROM outbox WHERE id = ?1";
        let incident: Option<i64> =
            tx.prepare_cached(incident)?.query_row([id], |row| row.get(0)).optional()?;
        if let Some(incident) = incident {
            go_on(tx, target, incident, now)?;
        }
    }
    Ok(())
}

/// The first waiting row of an incident gets its turn, if none has.
fn go_on(tx: &Transaction<'_>, target: &TargetId, incident: i64, now: WallTime) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE outbox SET next_ms = ?3 WHERE id =
             (SELECT id FROM outbox WHERE target = ?1 AND incident = ?2 AND state = 'waiting' ORDER BY id LIMIT 1)
         AND NOT EXISTS (SELECT 1 FROM outbox WHERE target = ?1 AND incident = ?2 AND next_ms IS NOT NULL)",
    )?
    .execute(params![target.as_str(), incident, now.0])
    .map(drop)
}

fn failed(tx: &Transaction<'_>, target: &TargetId, refusal: &Refusal, now: WallTime) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO outbox_target (target, failure_ms, failing_ms, stage, code, detail) VALUES (?1, ?2, ?2, ?3, ?4, ?5)
         ON CONFLICT (target) DO UPDATE SET failure_ms = excluded.failure_ms,
             failing_ms = coalesce(failing_ms, excluded.failing_ms), stage = excluded.stage, code = excluded.code,
             detail = excluded.detail",
    )?
    .execute(params![target.as_str(), now.0, refusal.stage, refusal.code, refusal.detail])
    .map(drop)
}

fn resend(tx: &Transaction<'_>, target: &TargetId, what: &Resend, now: WallTime) -> rusqlite::Result<u64> {
    let (rows, which) = match what {
        Resend::Dead => ("[]".to_owned(), "state = 'dead'"),
        Resend::Rows(ids) => (
            serde_json::Value::from_iter(ids.iter().copied()).to_string(),
            "state <> 'waiting' AND id IN (SELECT value FROM json_each(?2))",
        ),
    };
    // The text names its second parameter in both.
    let sql = format!(
        "UPDATE outbox SET state = 'waiting', ended_ms = NULL, attempts = 0 WHERE target = ?1 AND {which} AND ?2 <> ''
         RETURNING incident"
    );
    let mut incidents: Vec<i64> = tx
        .prepare_cached(&sql)?
        .query_map(params![target.as_str(), rows], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let n_rows = incidents.len();
    incidents.sort_unstable();
    incidents.dedup();
    for incident in incidents {
        go_on(tx, target, incident, now)?;
    }
    Ok(u64::try_from(n_rows).unwrap_or(u64::MAX))
}

fn state(c: &Connection, target: &TargetId) -> rusqlite::Result<TargetState> {
    let c = c.unchecked_transaction()?;
    let name = target.as_str();
    let count = |state: &str| -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM outbox WHERE target = ?1 AND state = '{state}'");
        c.prepare_cached(&sql)?.query_row([name], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let oldest = "SELECT min(at_ms) FROM outbox WHERE target = ?1 AND state = 'waiting'";
    let oldest: Option<i64> = c.prepare_cached(oldest)?.query_row([name], |row| row.get(0))?;
    let kept = c
        .prepare_cached("SELECT * FROM outbox_target WHERE target = ?1")?
        .query_row([name], |row| {
            let wall = |column: &str| -> rusqlite::Result<Option<WallTime>> {
                Ok(row.get::<_, Option<i64>>(column)?.map(WallTime))
            };
            Ok(TargetState {
                lost: row.get::<_, i64>("lost")?.unsigned_abs(),
                success: wall("success_ms")?,
                failed: wall("failure_ms")?,
                failing: wall("failing_ms")?,
                failure: refusal(row)?,
                ..TargetState::default()
            })
        })
        .optional()?;
    Ok(TargetState {
        waiting: count("waiting")?,
        dead: count("dead")?,
        oldest: oldest.map(WallTime),
        ..kept.unwrap_or_default()
    })
}

fn refusal(row: &Row<'_>) -> rusqlite::Result<Option<Refusal>> {
    let parts = (row.get("stage")?, row.get("code")?, row.get("detail")?);
    Ok(match parts {
        (Some(stage), Some(code), Some(detail)) => Some(Refusal { stage, code, detail }),
        _ => None,
    })
}

fn outbox_row(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let wall = |column: &str| -> rusqlite::Result<Option<WallTime>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(WallTime))
    };
    let state: String = row.get("state")?;
    Ok(OutboxRow {
        id: row.get("id")?,
        incident: IncidentId(row.get("incident")?),
        version: row.get("version")?,
        event: row.get("event")?,
        at: WallTime(row.get("at_ms")?),
        body: row.get("body")?,
        state: match state.as_str() {
            "delivered" => OutboxState::Delivered,
            "dead" => OutboxState::Dead,
            _ => OutboxState::Waiting,
        },
        attempts: row.get("attempts")?,
        next: wall("next_ms")?,
        ended: wall("ended_ms")?,
        failure: refusal(row)?,
    })
}
