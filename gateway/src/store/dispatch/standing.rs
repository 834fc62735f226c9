//! How many open incidents stand where, and what units have to do: for hand-overs and the wall.

use std::collections::BTreeSet;

use rusqlite::{Row, named_params, params};
use sharpeyes_domain::{
    ids::{AreaId, UnitId},
    incident::IncidentState,
    level::Level,
    time::WallTime,
};

use super::{
    Dispatch, IncidentRow,
    rows::{self, word},
    write::json,
};
use crate::store::db::DbError;

/// So many open incidents of an area and level are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where.
    pub area: AreaId,
    /// How urgent.
    pub level: Level,
    /// In this state.
    pub state: IncidentState,
    /// So many.
    pub n: u32,
    /// … of them late.
    pub n_overdue: u32,
}

/// What a unit has to do in open incidents of an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitStanding {
    /// Which.
    pub unit: UnitId,
    /// Where.
    pub area: AreaId,
    /// Told, and not signed in.
    pub told: u32,
    /// Signed in, and not arrived.
    pub signed: u32,
    /// Arrived, and not done.
    pub arrived: u32,
    /// Done, and not yet closed.
    pub finished: u32,
}

impl Dispatch {
    /// Open incidents by area, level and state. `areas` `None`: anywhere.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn standing(
        &self,
        areas: Option<BTreeSet<AreaId>>,
        now: WallTime,
    ) -> Result<Vec<Standing>, DbError> {
        self.read(move |c| {
            // All that is asked for is in the queue's own index.
            let sql = "SELECT area, level, state, count(*) AS n, sum(deadline_ms <= :now) AS n_overdue
                 FROM incident INDEXED BY incident_queue WHERE is_open = 1
                     AND (:areas IS NULL OR area IN (SELECT value FROM json_each(:areas)))
                 GROUP BY area, level, state";
            let values = named_params! { ":now": now.0, ":areas": areas.as_ref().map(json) };
            let read = |row: &Row<'_>| {
                Ok(Standing {
                    area: word(row, "area")?,
                    level: rows::level(row)?,
                    state: word(row, "state")?,
                    n: row.get("n")?,
                    n_overdue: row.get("n_overdue")?,
                })
            };
            c.prepare_cached(sql)?.query_map(values, read)?.collect()
        })
        .await
    }

    /// What units have to do in open incidents, by unit and area. `areas` `None`: anywhere.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn unit_standing(&self, areas: Option<BTreeSet<AreaId>>) -> Result<Vec<UnitStanding>, DbError> {
        self.read(move |c| {
            // The open ones are far fewer than all the parts that ever were: they come first.
            let sql = "SELECT u.unit, i.area, sum(u.signed_ms IS NULL) AS told,
                     sum(u.signed_ms IS NOT NULL AND u.arrived_ms IS NULL) AS signed,
                     sum(u.arrived_ms IS NOT NULL AND u.finished_ms IS NULL) AS arrived,
                     sum(u.finished_ms IS NOT NULL) AS finished
                 FROM incident i INDEXED BY incident_queue
                 CROSS JOIN assignment u ON u.incident = i.id AND u.ended_ms IS NULL
                 WHERE i.is_open = 1 AND (?1 IS NULL OR i.area IN (SELECT value FROM json_each(?1)))
                 GROUP BY u.unit, i.area";
            let read = |row: &Row<'_>| {
                Ok(UnitStanding {
                    unit: word(row, "unit")?,
                    area: word(row, "area")?,
                    told: row.get("told")?,
                    signed: row.get("signed")?,
                    arrived: row.get("arrived")?,
                    finished: row.get("finished")?,
                })
            };
            c.prepare_cached(sql)?.query_map([areas.as_ref().map(json)], read)?.collect()
        })
        .await
    }

    /// Open incidents that are held, the most urgent first, at most `limit`; and how many there are.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn held(
        &self,
        areas: Option<BTreeSet<AreaId>>,
        limit: u32,
    ) -> Result<(Vec<IncidentRow>, u32), DbError> {
        const HELD: &str = "i.is_open = 1 AND i.held_since_ms IS NOT NULL
             AND (?1 IS NULL OR i.area IN (SELECT value FROM json_each(?1)))";
        self.read(move |c| {
            let areas = areas.as_ref().map(json);
            let c = c.unchecked_transaction()?;
            let count = format!("SELECT count(*) FROM incident i WHERE {HELD}");
            let n = c.prepare_cached(&count)?.query_row([&areas], |row| row.get(0))?;
            let sql = format!(
                "{} WHERE {HELD} ORDER BY i.level, i.deadline_ms, i.id LIMIT ?2",
                rows::SELECT_INCIDENT
            );
            let rows = c
                .prepare_cached(&sql)?
                .query_map(params![areas, limit], rows::incident_row)?
                .collect::<Result<_, _>>()?;
            Ok((rows, n))
        })
        .await
    }
}
