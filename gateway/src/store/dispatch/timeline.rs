//! Alarms in order of time, camera by camera: for timelines, and for jumping from one to the next.
//!
//! Whether a viewer may know of one is the caller's to say, row by row.

use rusqlite::{CachedStatement, Connection, Row, named_params};
use sharpeyes_domain::{
    ids::{AlarmId, AreaId, CameraId, IncidentId},
    level::Level,
    rule::RuleClass,
    time::WallTime,
    timeline::{AlarmMark, AlarmMarks, Zoom},
};

use super::{
    Dispatch,
    rows::{level, wall, wall_opt, word},
};
use crate::store::db::DbError;

/// An alarm as a timeline knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedAlarm {
    /// Which alarm.
    pub id: AlarmId,
    /// What it belongs to.
    pub incident: IncidentId,
    /// The incident's area: what access is decided by.
    pub area: AreaId,
    /// The camera that saw it.
    pub camera: CameraId,
    /// What kind of event.
    pub class: RuleClass,
    /// As the rule says.
    pub level: Level,
    /// When the condition first held.
    pub began: WallTime,
    /// When it last held; `None` while it runs.
    pub ended: Option<WallTime>,
}

/// Which way to jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the first alarm that began later.
    Next,
    /// To the last alarm that began earlier.
    Previous,
}

const SELECT: &str = "SELECT a.id, a.incident, i.area, a.camera, a.class, a.level, a.began_ms, a.ended_ms
    FROM alarm a JOIN incident i ON i.id = a.incident";

impl Dispatch {
    /// For each of `cameras` the marks of those alarms in the window that `may` lets through.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn alarm_marks(
        &self,
        cameras: Vec<CameraId>,
        zoom: Zoom,
        mut may: impl FnMut(&TimedAlarm) -> bool + Send + 'static,
    ) -> Result<Vec<Vec<AlarmMark>>, DbError> {
        self.read(move |c| {
            let c = c.unchecked_transaction()?;
            cameras.iter().map(|camera| marks(&c, camera, zoom, &mut may)).collect()
        })
        .await
    }

    /// The alarm of any of `cameras` nearest to `at` in this direction that `may` lets through.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn alarm_beside(
        &self,
        cameras: Vec<CameraId>,
        at: WallTime,
        direction: Direction,
        mut may: impl FnMut(&TimedAlarm) -> bool + Send + 'static,
    ) -> Result<Option<TimedAlarm>, DbError> {
        self.read(move |c| {
            let c = c.unchecked_transaction()?;
            let mut nearest: Option<TimedAlarm> = None;
            for camera in &cameras {
                if let Some(found) = beside(&c, camera, at, direction, &mut may)? {
                    let is_nearer = nearest.as_ref().is_none_or(|known| match direction {
                        Direction::Next => found.began < known.began,
                        Direction::Previous => found.began > known.began,
                    });
                    if is_nearer {
                        nearest = Some(found);
                    }
                }
            }
            Ok(nearest)
        })
        .await
    }
}

fn marks(
    c: &Connection,
    camera: &CameraId,
    zoom: Zoom,
    may: &mut impl FnMut(&TimedAlarm) -> bool,
) -> rusqlite::Result<Vec<AlarmMark>> {
    // Of one rule at most one alarm runs at a time: only its last one before the window can reach into it. So the index
    // is asked once per rule, however long the past is.
    let mut reaching = c.prepare_cached(&format!(
        "WITH RECURSIVE named (rule) AS (
             SELECT min(rule) FROM alarm WHERE camera = :camera
             UNION ALL
             SELECT (SELECT min(rule) FROM alarm WHERE camera = :camera AND rule > named.rule)
             FROM named WHERE rule IS NOT NULL)
         {SELECT} WHERE a.id IN (
             SELECT (SELECT id FROM alarm WHERE camera = :camera AND rule = named.rule AND began_ms < :from
                     ORDER BY began_ms DESC LIMIT 1)
             FROM named WHERE rule IS NOT NULL)
         AND coalesce(a.ended_ms > :from, 1) ORDER BY a.began_ms, a.id"
    ))?;
    let (from, to) = (zoom.window.from.0, zoom.window.to.0);
    let mut marks = AlarmMarks::new(zoom);
    let mut rows = reaching.query(named_params! { ":camera": camera.as_str(), ":from": from })?;
    while let Some(row) = rows.next()? {
        push(&mut marks, &timed_alarm(row)?, may);
    }
    let mut within = c.prepare_cached(&format!(
        "{SELECT} WHERE a.camera = :camera AND a.began_ms >= :from AND a.began_ms < :to ORDER BY a.began_ms, a.id"
    ))?;
    let mut rows = within.query(named_params! { ":camera": camera.as_str(), ":from": from, ":to": to })?;
    while let Some(row) = rows.next()? {
        push(&mut marks, &timed_alarm(row)?, may);
    }
    Ok(marks.finish())
}

fn push(marks: &mut AlarmMarks, alarm: &TimedAlarm, may: &mut impl FnMut(&TimedAlarm) -> bool) {
    if may(alarm) {
        marks.push(AlarmMark {
            incident: alarm.incident,
            alarm: alarm.id,
            from: alarm.began,
            to: alarm.ended,
            class: alarm.class,
            level: alarm.level,
            n: 1,
        });
    }
}

fn beside(
    c: &Connection,
    camera: &CameraId,
    at: WallTime,
    direction: Direction,
    may: &mut impl FnMut(&TimedAlarm) -> bool,
) -> rusqlite::Result<Option<TimedAlarm>> {
    let (side, order) = match direction {
        Direction::Next => (">", "a.began_ms, a.id"),
        Direction::Previous => ("<", "a.began_ms DESC, a.id DESC"),
    };
    let sql = format!("{SELECT} WHERE a.camera = :camera AND a.began_ms {side} :at ORDER BY {order}");
    let mut statement: CachedStatement<'_> = c.prepare_cached(&sql)?;
    let mut rows = statement.query(named_params! { ":camera": camera.as_str(), ":at": at.0 })?;
    while let Some(row) = rows.next()? {
        let alarm = timed_alarm(row)?;
        if may(&alarm) {
            return Ok(Some(alarm));
        }
    }
    Ok(None)
}

fn timed_alarm(row: &Row<'_>) -> rusqlite::Result<TimedAlarm> {
    Ok(TimedAlarm {
        id: AlarmId(row.get("id")?),
        incident: IncidentId(row.get("incident")?),
        area: word(row, "area")?,
        camera: word(row, "camera")?,
        class: word(row, "class")?,
        level: level(row)?,
        began: wall(row, "began_ms")?,
        ended: wall_opt(row, "ended_ms")?,
    })
}
