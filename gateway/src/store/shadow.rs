//! What shadow rules would have raised, as rows: for whoever tunes rules. Never an alarm, never part of the queue.

use std::time::Duration;

use rusqlite::{Connection, Row, Transaction, named_params, params};
use sharpeyes_domain::{
    alarm::{AlarmEdge, Evidence},
    ids::{CameraId, RuleId},
    level::Level,
    rule::RuleClass,
    segment::Span,
    time::WallTime,
};

use super::{
    db::{Db, DbError},
    dispatch::rows::{json, level, wall, wall_opt, word},
};

/// How long they are kept.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// Of the whole site; past that the oldest go.
const MOST_KEPT: u32 = 20_000;
/// In one answer, the newest first.
const MOST_LISTED: u32 = 500;

/// An alarm that was not raised.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowAlarm {
    /// Which rule of the camera.
    pub rule: RuleId,
    /// What kind of event.
    pub class: RuleClass,
    /// By the rule's setting.
    pub level: Level,
    /// When the condition first held.
    pub began: WallTime,
    /// When it had held long enough.
    pub raised: WallTime,
    /// When it last held; `None` while it runs.
    pub ended: Option<WallTime>,
    /// Why it would have been raised.
    pub evidence: Evidence,
}

/// The shadow alarms of one database file; clones share it.
#[derive(Clone)]
pub struct ShadowLog {
    db: Db,
}

impl ShadowLog {
    /// On a database that has `trials::MIGRATION`. What ran when the service ended is over. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open(db: Db) -> Result<Self, DbError> {
        let of = db.clone();
        db.write_blocking(move |transaction| {
            let sql =
                "UPDATE shadow_alarm SET ended_ms = raised_ms, end_cause = 'restart' WHERE ended_ms IS NULL";
            transaction.execute(sql, []).map(drop).map_err(|error| of.error(error))
        })?;
        Ok(Self { db })
    }

    /// A shadow rule of `camera` begins, gets worse or ends. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn edge_blocking(&self, camera: &CameraId, edge: AlarmEdge) -> Result<(), DbError> {
        let (db, camera) = (self.db.clone(), camera.clone());
        self.db.write_blocking(move |transaction| {
            apply(transaction, &camera, &edge).map_err(|error| db.error(error))
        })
    }

    /// Those of a camera that touch `span`, the newest first, at most 500.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn list(&self, camera: CameraId, span: Span) -> Result<Vec<ShadowAlarm>, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| list(connection, &camera, span).map_err(|error| db.error(error))).await
    }
}

fn apply(transaction: &Transaction<'_>, camera: &CameraId, edge: &AlarmEdge) -> rusqlite::Result<()> {
    let evidence = |evidence: &Evidence| serde_json::json!(evidence).to_string();
    let (camera, rule, began) = (camera.as_str(), edge.rule().as_str(), edge.began());
    match edge {
        AlarmEdge::Begin(begin) => {
            transaction.execute(
                "INSERT OR IGNORE INTO shadow_alarm (camera, rule, class, level, began_ms, began_90k, raised_ms, evidence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    camera,
                    rule,
                    begin.class.as_str(),
                    begin.level.number(),
                    began.wall.0,
                    began.pts.0,
                    begin.raised.wall.0,
                    evidence(&begin.evidence),
                ],
            )?;
            transaction.execute(
                "DELETE FROM shadow_alarm WHERE began_ms < ?1
                     OR id <= (SELECT max(id) FROM shadow_alarm) - ?2",
                params![begin.raised.wall.minus(KEPT_FOR).0, MOST_KEPT],
            )?;
        }
        AlarmEdge::Update(update) => {
            transaction.execute(
                "UPDATE shadow_alarm SET evidence = ?5
                 WHERE camera = ?1 AND rule = ?2 AND began_ms = ?3 AND began_90k = ?4",
                params![camera, rule, began.wall.0, began.pts.0, evidence(&update.evidence)],
            )?;
        }
        AlarmEdge::End(end) => {
            transaction.execute(
                "UPDATE shadow_alarm SET ended_ms = ?5, end_cause = ?6
                 WHERE camera = ?1 AND rule = ?2 AND began_ms = ?3 AND began_90k = ?4",
                params![camera, rule, began.wall.0, began.pts.0, end.ended.wall.0, end.cause.as_str()],
            )?;
        }
    }
    Ok(())
}

fn list(connection: &Connection, camera: &CameraId, span: Span) -> rusqlite::Result<Vec<ShadowAlarm>> {
    let mut found = connection.prepare_cached(
        "SELECT rule, class, level, began_ms, raised_ms, ended_ms, evidence FROM shadow_alarm
         WHERE camera = :camera AND began_ms < :to AND coalesce(ended_ms > :from, 1)
         ORDER BY began_ms DESC, id DESC LIMIT :most",
    )?;
    let values = named_params! {
        ":camera": camera.as_str(), ":from": span.from.0, ":to": span.to.0, ":most": MOST_LISTED,
    };
    found.query_map(values, row)?.collect()
}

fn row(row: &Row<'_>) -> rusqlite::Result<ShadowAlarm> {
    Ok(ShadowAlarm {
        rule: word(row, "rule")?,
        class: word(row, "class")?,
        level: level(row)?,
        began: wall(row, "began_ms")?,
        raised: wall(row, "raised_ms")?,
        ended: wall_opt(row, "ended_ms")?,
        evidence: json(row, "evidence")?,
    })
}
