//! What shadow rules and shadow models would have raised, as rows: for whoever tunes them. Never an alarm, never part of
//! the queue.

use std::time::Duration;

use rusqlite::{Connection, Row, Transaction, named_params, params};
use sharpeyes_domain::{
    alarm::{AlarmEdge, Evidence},
    ids::{CameraId, ModelId, RuleId},
    level::Level,
    rule::RuleClass,
    segment::Span,
    time::WallTime,
};

use super::{
    db::{Db, DbError, Migration},
    dispatch::rows::{json, level, wall, wall_opt, word},
};

/// The tables of shadow models.
pub const MIGRATION: Migration = Migration {
    name: "dispatch_070_shadow_model",
    sql: include_str!("migrations/dispatch_070_shadow_model.sql"),
};

/// How long they are kept.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// Of the whole site; past that the oldest go.
const MOST_KEPT: u32 = 20_000;
/// In one answer, the newest first.
const MOST_LISTED: u32 = 500;

/// Who would have raised it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShadowSource {
    /// A shadow rule, asked about what the camera's own model sees.
    Rules,
    /// The camera's own rules, asked about what this shadow model sees.
    Model(ModelId),
}

impl ShadowSource {
    fn as_str(&self) -> &str {
        match self {
            Self::Rules => "",
            Self::Model(model) => model.as_str(),
        }
    }
}

/// A stretch of time in which a shadow model looked, or wanted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowLook {
    /// From its first to its last look.
    pub span: Span,
    /// Pictures that it saw.
    pub n_seen: u64,
    /// … that it should have seen and did not: others went first.
    pub n_left_out: u64,
}

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
    /// On a database that has [`MIGRATION`]. What ran when the service ended is over. Blocks.
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

    /// A shadow alarm of `camera` begins, gets worse or ends. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn edge_blocking(
        &self,
        camera: &CameraId,
        source: &ShadowSource,
        edge: AlarmEdge,
    ) -> Result<(), DbError> {
        let (db, camera, source) = (self.db.clone(), camera.clone(), source.clone());
        self.db.write_blocking(move |transaction| {
            apply(transaction, &camera, &source, &edge).map_err(|error| db.error(error))
        })
    }

    /// Those of a camera and source that touch `span`, the newest first, at most 500.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn list(
        &self,
        camera: CameraId,
        source: ShadowSource,
        span: Span,
    ) -> Result<Vec<ShadowAlarm>, DbError> {
        let db = self.db.clone();
        let read = move |connection: &Connection| {
            list(connection, &camera, &source, span).map_err(|error| db.error(error))
        };
        self.db.read(read).await
    }

    /// The shadow model of `camera` looked so: a stretch that begins when a known one does goes on with it, with more.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn looked(&self, camera: CameraId, model: ModelId, look: ShadowLook) -> Result<(), DbError> {
        let db = self.db.clone();
        self.db
            .write(move |transaction| {
                looked(transaction, &camera, &model, look).map_err(|error| db.error(error))
            })
            .await
    }

    /// When a shadow model looked at a camera within `span`, in order of time.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn looks(
        &self,
        camera: CameraId,
        model: ModelId,
        span: Span,
    ) -> Result<Vec<ShadowLook>, DbError> {
        let db = self.db.clone();
        let read = move |connection: &Connection| {
            looks(connection, &camera, &model, span).map_err(|error| db.error(error))
        };
        self.db.read(read).await
    }
}

fn apply(
    transaction: &Transaction<'_>,
    camera: &CameraId,
    source: &ShadowSource,
    edge: &AlarmEdge,
) -> rusqlite::Result<()> {
    let model = source.as_str();
    let evidence = |evidence: &Evidence| serde_json::json!(evidence).to_string();
    let (camera, rule, began) = (camera.as_str(), edge.rule().as_str(), edge.began());
    match edge {
        AlarmEdge::Begin(begin) => {
            transaction.execute(
                "INSERT OR IGNORE INTO shadow_alarm (camera, rule, class, level, began_ms, began_90k, raised_ms, evidence,
                     model)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    camera,
                    rule,
                    begin.class.as_str(),
                    begin.level.number(),
                    began.wall.0,
                    began.pts.0,
                    begin.raised.wall.0,
                    evidence(&begin.evidence),
                    model,
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
                 WHERE camera = ?1 AND rule = ?2 AND began_ms = ?3 AND began_90k = ?4 AND model = ?6",
                params![camera, rule, began.wall.0, began.pts.0, evidence(&update.evidence), model],
            )?;
        }
        AlarmEdge::End(end) => {
            transaction.execute(
                "UPDATE shadow_alarm SET ended_ms = ?5, end_cause = ?6
                 WHERE camera = ?1 AND rule = ?2 AND began_ms = ?3 AND began_90k = ?4 AND model = ?7",
                params![camera, rule, began.wall.0, began.pts.0, end.ended.wall.0, end.cause.as_str(), model],
            )?;
        }
    }
    Ok(())
}

fn looked(
    transaction: &Transaction<'_>,
    camera: &CameraId,
    model: &ModelId,
    look: ShadowLook,
) -> rusqlite::Result<()> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO shadow_look (camera, model, from_ms, to_ms, n_seen, n_left_out) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET to_ms = max(to_ms, excluded.to_ms), n_seen = n_seen + excluded.n_seen,
             n_left_out = n_left_out + excluded.n_left_out",
        params![
            camera.as_str(),
            model.as_str(),
            look.span.from.0,
            look.span.to.0,
            count(look.n_seen),
            count(look.n_left_out),
        ],
    )?;
    let oldest = look.span.from.minus(KEPT_FOR).0;
    let sql = "DELETE FROM shadow_look WHERE camera = ?1 AND model = ?2 AND from_ms < ?3";
    transaction.execute(sql, params![camera.as_str(), model.as_str(), oldest]).map(drop)
}

fn looks(
    connection: &Connection,
    camera: &CameraId,
    model: &ModelId,
    span: Span,
) -> rusqlite::Result<Vec<ShadowLook>> {
    let mut found = connection.prepare_cached(
        "SELECT from_ms, to_ms, n_seen, n_left_out FROM shadow_look
         WHERE camera = ?1 AND model = ?2 AND from_ms < ?4 AND to_ms >= ?3 ORDER BY from_ms",
    )?;
    let count =
        |row: &Row<'_>, name| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(name)?).unwrap_or(0));
    let look = |row: &Row<'_>| {
        Ok(ShadowLook {
            span: Span { from: wall(row, "from_ms")?, to: wall(row, "to_ms")? },
            n_seen: count(row, "n_seen")?,
            n_left_out: count(row, "n_left_out")?,
        })
    };
    found.query_map(params![camera.as_str(), model.as_str(), span.from.0, span.to.0], look)?.collect()
}

fn list(
    connection: &Connection,
    camera: &CameraId,
    source: &ShadowSource,
    span: Span,
) -> rusqlite::Result<Vec<ShadowAlarm>> {
    let mut found = connection.prepare_cached(
        "SELECT rule, class, level, began_ms, raised_ms, ended_ms, evidence FROM shadow_alarm
         WHERE camera = :camera AND model = :model AND began_ms < :to AND coalesce(ended_ms > :from, 1)
         ORDER BY began_ms DESC, id DESC LIMIT :most",
    )?;
    let values = named_params! {
        ":camera": camera.as_str(), ":model": source.as_str(), ":from": span.from.0, ":to": span.to.0,
        ":most": MOST_LISTED,
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

#[cfg(test)]
mod tests {
    use sharpeyes_domain::ids::RuleId;

    use super::*;
    use crate::{
        desk::tests::{begin_edge, end_edge},
        store::DISPATCH_MIGRATIONS,
    };

    const ALL: Span = Span { from: WallTime(0), to: WallTime(i64::MAX) };

    fn camera() -> CameraId {
        CameraId::new("cam").unwrap()
    }

    fn model(name: &str) -> ModelId {
        ModelId::new(name).unwrap()
    }

    async fn log(dir: &tempfile::TempDir) -> ShadowLog {
        let path = dir.path().join("dispatch.db");
        let open = move || ShadowLog::open(Db::open(&path, DISPATCH_MIGRATIONS).unwrap()).unwrap();
        tokio::task::spawn_blocking(open).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_model_and_a_rule_of_the_same_name_do_not_mix() {
        let dir = tempfile::tempdir().unwrap();
        let log = log(&dir).await;
        let of_model = |name: &str| ShadowSource::Model(model(name));
        tokio::task::block_in_place(|| {
            for source in [ShadowSource::Rules, of_model("m")] {
                log.edge_blocking(&camera(), &source, begin_edge("r", 0, 1_000, 3)).unwrap();
            }
            log.edge_blocking(&camera(), &of_model("m"), end_edge("r", 0, 9_000)).unwrap();
        });
        let all = Span { from: WallTime(i64::MIN), ..ALL };
        let of = async |source| log.list(camera(), source, all).await.unwrap();
        let (rules, models) = (of(ShadowSource::Rules).await, of(of_model("m")).await);
        assert_eq!((rules.len(), models.len()), (1, 1));
        assert_eq!((&rules[0].rule, rules[0].ended), (&RuleId::new("r").unwrap(), None));
        assert_eq!(models[0].ended.unwrap().since(models[0].began), Duration::from_secs(9));
        assert_eq!(of(of_model("other")).await, []);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn minutes_of_a_stretch_add_up_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let log = log(&dir).await;
        let look = |from, to, n_seen, n_left_out| ShadowLook {
            span: Span { from: WallTime(from), to: WallTime(to) },
            n_seen,
            n_left_out,
        };
        for minute in [look(0, 60_000, 10, 0), look(0, 120_000, 20, 5), look(500_000, 560_000, 0, 7)] {
            log.looked(camera(), model("m"), minute).await.unwrap();
        }
        let found = log.looks(camera(), model("m"), ALL).await.unwrap();
        assert_eq!(found, [look(0, 120_000, 30, 5), look(500_000, 560_000, 0, 7)]);
        let later = 40 * 86_400_000;
        log.looked(camera(), model("m"), look(later, later, 1, 0)).await.unwrap();
        assert_eq!(log.looks(camera(), model("m"), ALL).await.unwrap(), [look(later, later, 1, 0)]);
    }
}
