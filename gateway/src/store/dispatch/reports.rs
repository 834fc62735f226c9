//! What people and other systems report: rows of incidents without an alarm.

use rusqlite::{named_params, params};
use sharpeyes_domain::{
    centre::Source,
    ids::{AccountId, AreaId, ClassId, IncidentId},
    incident::{Actor, IncidentState, IncidentStatus},
    level::Level,
    time::WallTime,
};

use super::{
    CameraFacts, ChangeKind, Dispatch, DispatchTx, IncidentRow, PlanId, Report,
    rows::{self, SELECT_INCIDENT},
};
use crate::store::db::DbError;

/// An incident that somebody reports.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// How it came; never [`Source::Camera`].
    pub source: Source,
    /// What it is.
    pub class: ClassId,
    /// How urgent.
    pub level: Level,
    /// Where.
    pub area: AreaId,
    /// What was said.
    pub report: Report,
    /// A camera that sees the place.
    pub camera: Option<CameraFacts>,
    /// When it happened.
    pub began: WallTime,
    /// Who entered it; `None`: another system.
    pub by: Option<AccountId>,
    /// As people will say it.
    pub number: String,
    /// What it goes by.
    pub plan: PlanId,
}

/// What an intake has reported under a number before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeAnswer {
    /// The incident that was opened.
    pub incident: IncidentId,
    /// SHA-256 of the report then.
    pub request: Vec<u8>,
}

impl Dispatch {
    /// The incidents that were reported under this name, the newest first.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn reported_under(&self, intake: String, limit: u32) -> Result<Vec<IncidentRow>, DbError> {
        let sql = format!(
            "{SELECT_INCIDENT} WHERE i.id IN
                 (SELECT incident FROM intake WHERE intake = ?1 ORDER BY incident DESC LIMIT ?2) ORDER BY i.id DESC"
        );
        self.read(move |c| {
            c.prepare_cached(&sql)?.query_map(params![intake, limit], rows::incident_row)?.collect()
        })
        .await
    }
}

impl DispatchTx<'_> {
    /// The next number of a day: `20261126-0042`.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn next_number(&self, day: &str) -> Result<String, DbError> {
        let sql = "INSERT INTO day_number (day, last) VALUES (?1, 1)
                   ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last";
        let n: Option<i64> = self.first(sql, params![day], |row| row.get(0))?;
        Ok(format!("{day}-{:04}", n.unwrap_or(1)))
    }

    /// Opens an incident of a report, with its history row and its change.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open_report(&self, new: &NewReport, now: WallTime) -> Result<IncidentStatus, DbError> {
        let camera = new.camera.as_ref();
        let report = &new.report;
        self.run(
            "INSERT INTO incident (number, version, state, is_open, level, class, source, camera, camera_name, place,
                 area, title, description, location, latitude, longitude, reporter, reporter_phone, opened_ms,
                 began_ms, last_alarm_ms, n_alarms, plan, received_by)
             VALUES (:number, 1, :state, 1, :level, :class, :source, :camera, :camera_name, :place,
                 :area, :title, :description, :location, :latitude, :longitude, :reporter, :phone, :now,
                 :began, max(:began, :now), 0, :plan, NULL)",
            named_params! {
                ":number": new.number,
                ":state": IncidentState::New.as_str(),
                ":level": new.level.number(),
                ":class": new.class.as_str(),
                ":source": new.source.as_str(),
                ":camera": camera.map(|camera| camera.id.as_str()),
                ":camera_name": camera.map(|camera| camera.name.as_str()),
                ":place": camera.map(|camera| camera.place.as_str()),
                ":area": new.area.as_str(),
                ":title": report.title,
                ":description": report.description,
                ":location": report.location,
                ":latitude": report.position.map(|at| at.latitude),
                ":longitude": report.position.map(|at| at.longitude),
                ":reporter": report.reporter,
                ":phone": report.phone,
                ":now": now.0,
                ":began": new.began.0,
                ":plan": new.plan.0,
            },
        )?;
        let id = IncidentId(self.last_id());
        let status = IncidentStatus::open(id, new.level);
        let actor = new.by.map_or(Actor::Machine, Actor::Person);
        self.insert_history(None, &status, None, actor, now, None, None)?;
        self.log(id, status.version, ChangeKind::Opened, now)?;
        self.index_words(id)?;
        Ok(status)
    }

    /// What an intake has reported under this number.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn taken_in(&self, intake: &str, external_id: &str) -> Result<Option<IntakeAnswer>, DbError> {
        let sql = "SELECT incident, request FROM intake WHERE intake = ?1 AND external_id = ?2";
        self.first(sql, params![intake, external_id], |row| {
            Ok(IntakeAnswer { incident: IncidentId(row.get(0)?), request: row.get(1)? })
        })
    }

    /// Remembers what an intake has reported.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn take_in(
        &self,
        intake: &str,
        external_id: &str,
        answer: &IntakeAnswer,
        now: WallTime,
    ) -> Result<(), DbError> {
        self.run(
            "INSERT INTO intake (intake, external_id, request, incident, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![intake, external_id, answer.request, answer.incident.0, now.0],
        )
        .map(drop)
    }
}
