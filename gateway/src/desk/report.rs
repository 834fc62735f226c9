//! What people and other systems report: it enters the same queue as alarms do.

use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    access::FRESH_FOOTAGE,
    centre::{Intake, Source},
    ids::{AccountId, AreaId, CameraId, ClassId},
    level::Level,
    time::WallTime,
};

use super::{ActError, Desk, Inner, act::file, clocks::effects};
use crate::store::{
    db::DbError,
    dispatch::{CameraFacts, DispatchTx, IncidentRow, IntakeAnswer, NewAttachment, NewReport, Report},
};

/// What somebody reports.
#[derive(Clone, Debug)]
pub struct ReportRequest {
    /// How it came.
    pub source: Source,
    /// What it is.
    pub class: ClassId,
    /// How urgent; `None`: as its class says.
    pub level: Option<Level>,
    /// Where.
    pub area: AreaId,
    /// What was said.
    pub report: Report,
    /// A camera that sees the place.
    pub camera: Option<CameraFacts>,
    /// When it happened; `None`: now.
    pub began: Option<WallTime>,
    /// Photos and documents: name and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

/// A report of another system.
#[derive(Clone, Debug)]
pub struct IntakeReport {
    /// Which system.
    pub intake: Intake,
    /// Its own number of the report: the same number twice is one incident.
    pub external_id: String,
    /// What it reports.
    pub request: ReportRequest,
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The incident.
    pub incident: IncidentRow,
    /// It was opened by this report, and not by the same one before.
    pub is_new: bool,
}

/// Why a report was not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The class is not of this site.
    #[error("the site has no class `{0}`")]
    UnknownClass(ClassId),
    /// The area is not of this site.
    #[error("the site has no area `{0}`")]
    UnknownArea(AreaId),
    /// The camera is not of this site.
    #[error("the site has no camera `{0}`")]
    UnknownCamera(CameraId),
    /// An incident shows its camera's recording around the time that the report gives, and nobody said why.
    #[error(
        "what happened more than 24 hours ago is reported without a camera: that footage needs a purpose and a case"
    )]
    OldFootage,
    /// Grid workers may not report this class (禁入清单).
    #[error("class `{0}` is not for grid workers")]
    NotForGrid(ClassId),
    /// A text is empty or too long, a place is not on the earth, or a time lies ahead.
    #[error("{0}")]
    Bad(&'static str),
    /// The number was used for another report.
    #[error("this number was used for another report")]
    NumberReused,
    /// A file cannot be kept.
    #[error(transparent)]
    File(ActError),
    /// The database refused; trying again with the same number is safe.
    #[error(transparent)]
    Db(#[from] DbError),
}

const MOST_TITLE: usize = 200;
const MOST_TEXT: usize = 4_000;
const MOST_SHORT: usize = 200;
const MOST_NUMBER_BYTES: usize = 128;
/// Photos that come with a report.
const MOST_FILES: usize = 6;
/// A clock of another machine may be fast.
const AHEAD_MS: i64 = 300_000;

impl Desk {
    /// Opens an incident of what a person reports. `key` is chosen by the client, once per report: the same key again
    /// gets the same incident. Whether the person may report there is the caller's to decide.
    ///
    /// # Errors
    /// [`ReportError`]; nothing was changed.
    pub async fn report(
        &self,
        by: AccountId,
        key: String,
        request: ReportRequest,
    ) -> Result<Reported, ReportError> {
        self.take_report(own_reports(by), key, Some(by), request).await
    }

    /// What somebody has reported, the newest first.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn reported_by(&self, by: AccountId, limit: u32) -> Result<Vec<IncidentRow>, DbError> {
        self.0.dispatch.reported_under(own_reports(by), limit).await
    }

    /// Opens an incident of what another system reports.
    ///
    /// # Errors
    /// [`ReportError`]; nothing was changed.
    pub async fn take_in(&self, report: IntakeReport) -> Result<Reported, ReportError> {
        self.take_report(report.intake.id.to_string(), report.external_id, None, report.request).await
    }

    async fn take_report(
        &self,
        system: String,
        number: String,
        by: Option<AccountId>,
        request: ReportRequest,
    ) -> Result<Reported, ReportError> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| desk.0.take_report(tx, &system, &number, by, request, now)).await
    }
}

impl Inner {
    fn take_report(
        &self,
        tx: &DispatchTx<'_>,
        system: &str,
        number: &str,
        by: Option<AccountId>,
        request: ReportRequest,
        now: WallTime,
    ) -> Result<Reported, ReportError> {
        if number.is_empty() || number.len() > MOST_NUMBER_BYTES {
            return Err(ReportError::Bad("the number or key of a report has 1 to 128 bytes"));
        }
        let digest = fingerprint(&request);
        if let Some(known) = tx.taken_in(system, number)? {
            let incident = tx.incident(known.incident)?.filter(|_| known.request == digest);
            return incident
                .map(|incident| Reported { incident, is_new: false })
                .ok_or(ReportError::NumberReused);
        }
        self.check(&request, now)?;
        let class = self.centre.class(&request.class);
        let class = class.ok_or_else(|| ReportError::UnknownClass(request.class.clone()))?;
        let files: Vec<NewAttachment> = request
            .files
            .into_iter()
            .map(|(name, body)| file(&name, body).map_err(ReportError::File))
            .collect::<Result<_, _>>()?;
        let new = NewReport {
            source: request.source,
            class: request.class,
            level: request.level.unwrap_or(class.level),
            area: request.area,
            report: request.report,
            camera: request.camera,
            began: request.began.unwrap_or(now).min(now),
            by,
            number: tx.next_number(&self.calendar.day_text(now))?,
            plan: tx.freeze(&class.plan)?,
        };
        let status = tx.open_report(&new, now)?;
        for one in &files {
            tx.attach(status.id, None, by, one, now)?;
        }
        let effects = effects(&[], &[], None, &status, &class.plan, &self.calendar, now);
        tx.start_clocks(status.id, &effects, now)?;
        let answer = IntakeAnswer { incident: status.id, request: digest };
        tx.take_in(system, number, &answer, now)?;
        let incident = tx.incident(status.id)?.ok_or(DbError::Closed)?;
        Ok(Reported { incident, is_new: true })
    }

    fn check(&self, request: &ReportRequest, now: WallTime) -> Result<(), ReportError> {
        let Report { title, description, location, position, reporter, phone } = &request.report;
        let is_long = |text: &Option<String>, most| text.as_ref().is_some_and(|t| t.chars().count() > most);
        if title.trim().is_empty() || title.chars().count() > MOST_TITLE {
            return Err(ReportError::Bad("a report has a title of 1 to 200 characters"));
        }
        if is_long(description, MOST_TEXT)
            || [location, reporter, phone].iter().any(|t| is_long(t, MOST_SHORT))
        {
            return Err(ReportError::Bad("a description has at most 4,000 characters, a place or name 200"));
        }
        let is_on_earth =
            |at: &crate::store::dispatch::Position| at.latitude.abs() <= 90.0 && at.longitude.abs() <= 180.0;
        if !position.as_ref().is_none_or(is_on_earth) {
            return Err(ReportError::Bad("latitude is -90 to 90, longitude -180 to 180"));
        }
        if request.began.is_some_and(|began| began.0 > now.0.saturating_add(AHEAD_MS) || began.0 < 0) {
            return Err(ReportError::Bad("what is reported has happened"));
        }
        let is_old = |began: WallTime| began < now.minus(FRESH_FOOTAGE);
        if request.camera.is_some() && request.began.is_some_and(is_old) {
            return Err(ReportError::OldFootage);
        }
        if request.files.len() > MOST_FILES {
            return Err(ReportError::Bad("a report brings at most 6 files"));
        }
        if request.source == Source::Camera {
            return Err(ReportError::Bad("what a camera sees is no report"));
        }
        if self.areas.area(&request.area).is_none() {
            return Err(ReportError::UnknownArea(request.area.clone()));
        }
        let class = self.centre.class(&request.class);
        if request.source == Source::Grid && class.is_some_and(|class| !class.is_for_grid) {
            return Err(ReportError::NotForGrid(request.class.clone()));
        }
        Ok(())
    }
}

/// What the reports of a person are kept under. No intake can have this name.
fn own_reports(by: AccountId) -> String {
    format!("@{by}")
}

/// SHA-256 of all that makes it the same report.
fn fingerprint(request: &ReportRequest) -> Vec<u8> {
    let ReportRequest { source, class, level, area, report, camera, began, files } = request;
    let text = serde_json::json!({
        "source": source, "class": class, "level": level, "area": area, "report": report,
        "camera": camera.as_ref().map(|camera| &camera.id), "began": began,
    });
    let mut hash = Sha256::new();
    hash.update(text.to_string());
    for (name, body) in files {
        hash.update(name);
        hash.update(Sha256::digest(body));
    }
    hash.finalize().to_vec()
}
