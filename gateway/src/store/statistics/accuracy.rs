//! How often alarms were right, by what people found.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};
use sharpeyes_domain::{
    ids::{CameraId, RuleId},
    incident::{IncidentAction, IncidentState},
    level::Level,
    rule::RuleClass,
    statistics::{Verdict, Verdicts},
    time::WallTime,
};

use super::{Scope, Statistics};
use crate::store::{
    db::DbError,
    dispatch::{ChangeSeq, latest_seq, rows},
};

/// Incidents that were merged into each other are followed so far.
const LONGEST_CHAIN: usize = 16;

/// Which alarms. What is `None` excludes nothing.
#[derive(Clone, Debug, Default)]
pub struct AccuracyFilter {
    /// Of this camera.
    pub camera: Option<CameraId>,
    /// Of rules with this name.
    pub rule: Option<RuleId>,
}

/// The alarms of one rule of one camera at one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccuracyRow {
    /// Which camera.
    pub camera: CameraId,
    /// Its name when its last incident was opened.
    pub camera_name: String,
    /// Which rule.
    pub rule: RuleId,
    /// What the rule looks for.
    pub class: RuleClass,
    /// As the rule says.
    pub level: Level,
    /// What became of them.
    pub verdicts: Verdicts,
}

/// All that fired, by camera, rule and level.
#[derive(Clone, Debug)]
pub struct AlarmAccuracy {
    /// The last change that is in it.
    pub as_of: ChangeSeq,
    /// By camera, rule, class and level.
    pub rows: Vec<AccuracyRow>,
}

impl Statistics {
    /// What became of the alarms that began in the scope.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn accuracy(&self, scope: Scope, filter: AccuracyFilter) -> Result<AlarmAccuracy, DbError> {
        self.count_alone(move |c| {
            // One snapshot for all statements.
            let c = c.unchecked_transaction()?;
            Ok(AlarmAccuracy { as_of: latest_seq(&c)?, rows: accuracy(&c, &scope, &filter)? })
        })
        .await
    }
}

pub(super) fn accuracy(
    c: &Connection,
    scope: &Scope,
    filter: &AccuracyFilter,
) -> rusqlite::Result<Vec<AccuracyRow>> {
    let mut statement = c.prepare_cached(
        "SELECT a.incident, a.camera, a.rule, a.class, a.level, i.area, i.camera_name
         FROM alarm a INDEXED BY alarm_began CROSS JOIN incident i ON i.id = a.incident
         WHERE a.began_ms >= ?1 AND a.began_ms < ?2 AND coalesce(a.camera = ?3, 1) AND coalesce(a.rule = ?4, 1)
         ORDER BY a.began_ms, a.incident",
    )?;
    let camera = filter.camera.as_ref().map(CameraId::as_str);
    let rule = filter.rule.as_ref().map(RuleId::as_str);
    let mut found = statement.query(params![scope.from.0, scope.to.0.min(scope.as_of.0), camera, rule])?;
    let mut judge = Judge::new(c, scope.as_of)?;
    let mut by_rule: BTreeMap<(CameraId, RuleId, RuleClass, Level), (String, Verdicts)> = BTreeMap::new();
    while let Some(row) = found.next()? {
        if !scope.has(&rows::word(row, "area")?) {
            continue;
        }
        let key = (
            rows::word(row, "camera")?,
            rows::word(row, "rule")?,
            rows::word(row, "class")?,
            rows::level(row)?,
        );
        let verdict = judge.verdict(row.get("incident")?)?;
        let (name, verdicts) = by_rule.entry(key).or_default();
        if let Some(last) = row.get("camera_name")? {
            *name = last;
        }
        verdicts.count(verdict);
    }
    let row = |((camera, rule, class, level), (camera_name, verdicts))| AccuracyRow {
        camera,
        camera_name,
        rule,
        class,
        level,
        verdicts,
    };
    Ok(by_rule.into_iter().map(row).collect())
}

/// What people had found incidents to be at a time.
pub(super) struct Judge<'c> {
    state: CachedStatement<'c>,
    ending: CachedStatement<'c>,
    as_of: WallTime,
    known: HashMap<i64, Verdict>,
}

impl<'c> Judge<'c> {
    pub(super) fn new(c: &'c Connection, as_of: WallTime) -> rusqlite::Result<Self> {
        let last = "FROM incident_history WHERE incident = ?1 AND at_ms < ?2";
        Ok(Self {
            state: c.prepare_cached(&format!("SELECT state_to {last} ORDER BY version DESC LIMIT 1"))?,
            ending: c.prepare_cached(&format!(
                "SELECT detail {last} AND action IN ('close', 'reject', 'merge') ORDER BY version DESC LIMIT 1"
            ))?,
            as_of,
            known: HashMap::new(),
        })
    }

    pub(super) fn verdict(&mut self, incident: i64) -> rusqlite::Result<Verdict> {
        let mut at = incident;
        for _ in 0..LONGEST_CHAIN {
            if let Some(&known) = self.known.get(&at) {
                self.known.insert(incident, known);
                return Ok(known);
            }
            match self.end(at)? {
                // What was merged is what the other one is.
                End::Merged(into) => at = into,
                End::Is(verdict) => {
                    self.known.insert(incident, verdict);
                    return Ok(verdict);
                }
            }
        }
        Ok(Verdict::Undecided)
    }

    fn end(&mut self, incident: i64) -> rusqlite::Result<End> {
        let at = params![incident, self.as_of.0];
        let state = self.state.query_row(at, |row| rows::word(row, "state_to")).optional()?;
        let open = End::Is(Verdict::Undecided);
        let Some(state): Option<IncidentState> = state else { return Ok(open) };
        if state.is_open() {
            return Ok(open);
        }
        let ended = self.ending.query_row(at, |row| rows::json::<IncidentAction>(row, "detail"));
        Ok(match ended.optional()? {
            Some(IncidentAction::Close { reason }) => End::Is(Verdict::of_reason(reason)),
            Some(IncidentAction::Merge { into }) => End::Merged(into.0),
            Some(_) | None => open,
        })
    }
}

enum End {
    Is(Verdict),
    Merged(i64),
}
