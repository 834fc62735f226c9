//! What each rule of each camera has raised, and what became of it: which sources are noisy is `domain::noise`'s to say.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use rusqlite::{CachedStatement, Connection, params};
use sharpeyes_domain::{
    ids::{AreaId, CameraId, RuleId},
    noise::SourceLoad,
    rule::RuleClass,
    time::WallTime,
};

use super::{Scope, Statistics, accuracy::Judge};
use crate::store::{db::DbError, dispatch::rows};

/// One rule of one camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Which camera.
    pub camera: CameraId,
    /// Which rule.
    pub rule: RuleId,
    /// What the rule looks for.
    pub class: RuleClass,
    /// What it has raised.
    pub load: SourceLoad,
}

/// What cameras have raised.
#[derive(Clone, Debug, Default)]
pub struct NoiseCount {
    /// By camera, rule and class.
    pub sources: Vec<SourceRow>,
    /// New incidents of cameras since `recent`, by the area in which they lie.
    pub opened: BTreeMap<AreaId, u64>,
}

impl Statistics {
    /// What cameras have raised in the scope, whatever its areas, and of it since `recent`.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn noise(&self, scope: Scope, recent: WallTime) -> Result<NoiseCount, DbError> {
        self.count_alone(move |c| {
            // One snapshot for all statements.
            let c = c.unchecked_transaction()?;
            Ok(NoiseCount { sources: sources(&c, &scope, recent)?, opened: opened(&c, &scope, recent)? })
        })
        .await
    }
}

fn opened(c: &Connection, scope: &Scope, recent: WallTime) -> rusqlite::Result<BTreeMap<AreaId, u64>> {
    let mut statement = c.prepare_cached(
        "SELECT area, count(*) AS n FROM incident INDEXED BY incident_opened
         WHERE opened_ms >= ?1 AND opened_ms < ?2 AND source = 'camera' GROUP BY area",
    )?;
    let found = statement.query_map(params![recent.0, scope.to.0], |row| {
        Ok((rows::word(row, "area")?, row.get::<_, i64>("n")?.unsigned_abs()))
    })?;
    found.collect()
}

#[derive(Default)]
struct Gathered {
    load: SourceLoad,
    incidents: HashSet<i64>,
}

fn sources(c: &Connection, scope: &Scope, recent: WallTime) -> rusqlite::Result<Vec<SourceRow>> {
    let mut statement = c.prepare_cached(
        "SELECT a.id, a.began_ms, a.incident, a.camera, a.rule, a.class,
             a.id > (SELECT min(f.id) FROM alarm f WHERE f.incident = a.incident) AS is_repeat
         FROM alarm a INDEXED BY alarm_began WHERE a.began_ms >= ?1 AND a.began_ms < ?2",
    )?;
    let mut found = statement.query(params![scope.from.0, scope.to.0.min(scope.as_of.0)])?;
    let mut judge = Judge::new(c, scope.as_of)?;
    let mut gathered: BTreeMap<(CameraId, RuleId, RuleClass), Gathered> = BTreeMap::new();
    while let Some(row) = found.next()? {
        let key = (rows::word(row, "camera")?, rows::word(row, "rule")?, rows::word(row, "class")?);
        let incident = row.get("incident")?;
        let verdict = judge.verdict(incident)?;
        let source = gathered.entry(key).or_default();
        source.load.verdicts.count(verdict);
        source.load.last_hour += u64::from(rows::wall(row, "began_ms")? >= recent);
        source.load.repeats += u64::from(row.get::<_, bool>("is_repeat")?);
        source.incidents.insert(incident);
    }
    let mut shelves = Shelves::new(c, scope)?;
    let mut sources = Vec::with_capacity(gathered.len());
    for ((camera, rule, class), Gathered { mut load, incidents }) in gathered {
        load.incidents = u64::try_from(incidents.len()).unwrap_or(u64::MAX);
        for incident in incidents {
            load.shelved = load.shelved.saturating_add(shelves.of(incident)?);
        }
        sources.push(SourceRow { camera, rule, class, load });
    }
    Ok(sources)
}

/// How long incidents were put aside.
struct Shelves<'c> {
    turns: CachedStatement<'c>,
    from: WallTime,
    to: WallTime,
    known: HashMap<i64, Duration>,
}

impl<'c> Shelves<'c> {
    fn new(c: &'c Connection, scope: &Scope) -> rusqlite::Result<Self> {
        let turns = c.prepare_cached(
            "SELECT at_ms, state_to = 'shelved' AS is_put_aside FROM incident_history
             WHERE incident = ?1 AND at_ms < ?2 AND (state_to = 'shelved') <> (coalesce(state_from, '') = 'shelved')
             ORDER BY version",
        )?;
        Ok(Self { turns, from: scope.from, to: scope.to.min(scope.as_of), known: HashMap::new() })
    }

    /// Within the scope.
    fn of(&mut self, incident: i64) -> rusqlite::Result<Duration> {
        if let Some(known) = self.known.get(&incident) {
            return Ok(*known);
        }
        let mut rows = self.turns.query(params![incident, self.to.0])?;
        let (mut shelved, mut since) = (Duration::ZERO, None);
        while let Some(row) = rows.next()? {
            let at = WallTime(row.get("at_ms")?).max(self.from);
            if row.get("is_put_aside")? {
                since = Some(at);
            } else if let Some(since) = since.take() {
                shelved += at.since(since);
            }
        }
        shelved += since.map(|since| self.to.since(since)).unwrap_or_default();
        self.known.insert(incident, shelved);
        Ok(shelved)
    }
}
