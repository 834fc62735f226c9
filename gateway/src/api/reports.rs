//! What people and other systems report.

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    access::{Action, Role},
    centre::{Intake, Source, UnitKind},
    ids::{AreaId, CameraId, ClassId, IntakeId},
    level::Level,
    time::WallTime,
};

use super::{
    dto,
    error::ApiError,
    extract::Body,
    guard::{Caller, Guard, of_camera, of_incident},
    incidents::{names, summary, word},
    state::ApiState,
};
use crate::{
    access::gate::{Object, Purpose},
    desk::{ActError, IntakeReport, ReportError, ReportRequest, Reported},
    store::{
        audit::{AuditEntry, Outcome},
        dispatch::{CameraFacts, IncidentRow, Position, Report},
    },
};

/// Own reports that are listed.
const MOST_OWN: u32 = 50;

/// Opens an incident of what a person reports.
#[utoipa::path(post, path = "/api/v1/reports", request_body = dto::IncidentReport, responses(
    (status = 201, body = dto::Reported), (status = 200, body = dto::Reported, description = "the same report again"),
    (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn report(
    guard: Guard,
    Body(report): Body<dto::IncidentReport>,
) -> Result<(StatusCode, Json<dto::Reported>), ApiError> {
    let area: AreaId = word("area", &report.area)?;
    guard.acts_in(&area).await?;
    let viewer = &guard.viewer;
    let is_of_unit = viewer.role == Role::Unit;
    let unit = viewer.unit.as_ref().and_then(|unit| guard.state.site.centre.unit(unit));
    // What people of units are is not theirs to say: some classes are not for grid workers.
    let source = match (unit.map(|unit| unit.kind), report.source.map(Source::from)) {
        (Some(UnitKind::Team), _) if is_of_unit => Source::Patrol,
        (_, _) if is_of_unit => Source::Grid,
        (_, source) => source.unwrap_or(Source::Operator),
    };
    let camera = match report.camera.as_deref() {
        None => None,
        Some(camera) => {
            let id: CameraId = word("camera", camera)?;
            Some(camera_to_name(&guard, id).await?)
        }
    };
    let request = ReportRequest {
        source,
        class: word("class", &report.class)?,
        level: level(report.level)?,
        area,
        report: Report {
            title: report.title,
            description: report.description,
            location: report.location,
            position: position(report.latitude, report.longitude)?,
            // An operator writes down what somebody else has said, who need not have given a name.
            reporter: report.reporter.or_else(|| is_of_unit.then(|| viewer.display_name.clone())),
            phone: report.reporter_phone,
        },
        camera,
        began: report.happened_ms.map(WallTime),
        files: files(&report.files)?,
    };
    let made = guard.state.desk.report(guard.viewer.account, report.idempotency_key, request).await?;
    let names = names(&guard).await?;
    // Who reports need not be who sees.
    let may_see = guard.may(Action::IncidentView, &of_incident(&made.incident));
    let incident = may_see.then(|| summary(&guard, &names, &made.incident));
    Ok(reported(&made, incident))
}

/// A camera that a report may name. Whoever sees the incident sees a stretch of its recording, so one that the viewer may
/// not open that way looks as if it were not there: of those of units, one outside the areas that they report from.
async fn camera_to_name(guard: &Guard, id: CameraId) -> Result<CameraFacts, ApiError> {
    let Some(camera) = guard.state.site.camera(&id) else {
        return Err(ReportError::UnknownCamera(id).into());
    };
    let may_name = match guard.viewer.role {
        Role::Unit => guard.sees_area(&camera.area),
        _ => guard.sees_camera(camera, Action::RecordingView),
    };
    if !may_name {
        guard.turned_away(&of_camera(camera), Purpose::Duty, String::new()).await?;
        return Err(ReportError::UnknownCamera(id).into());
    }
    Ok(camera.into())
}

/// The viewer's own reports, the newest first, at most 50: where each stands.
#[utoipa::path(get, path = "/api/v1/reports/own", responses((status = 200, body = Vec<dto::OwnReport>)))]
pub(super) async fn own(guard: Guard) -> Result<Json<Vec<dto::OwnReport>>, ApiError> {
    let rows = guard.state.desk.reported_by(guard.viewer.account, MOST_OWN).await?;
    let names = names(&guard).await?;
    let own = |row: &IncidentRow| {
        let shown = summary(&guard, &names, row);
        dto::OwnReport {
            number: shown.number,
            received_ms: shown.received_ms,
            class: shown.class,
            level: shown.level,
            area_name: shown.area_name,
            title: shown.title.unwrap_or_default(),
            state: shown.state,
            close_reason: shown.close_reason,
            reject_reason: shown.reject_reason,
        }
    };
    Ok(Json(rows.iter().map(own).collect()))
}

/// The areas that the viewer may report from.
#[utoipa::path(get, path = "/api/v1/reports/areas", responses((status = 200, body = Vec<dto::Area>)))]
pub(super) async fn areas(guard: Guard) -> Json<Vec<dto::Area>> {
    let areas = guard.state.site.areas.areas().iter();
    Json(areas.filter(|area| guard.sees_area(&area.id)).map(dto::Area::from).collect())
}

/// Opens an incident of what another system reports. It shows the token that the site file gives it.
#[utoipa::path(post, path = "/api/v1/intake/{id}", params(("id" = String, Path)),
    request_body = dto::IntakeReport, responses(
    (status = 201, body = dto::Reported), (status = 200, body = dto::Reported, description = "the same report again"),
    (status = 401, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn take_in(
    State(state): State<ApiState>,
    Sender { intake, caller }: Sender,
    Body(report): Body<dto::IntakeReport>,
) -> Result<(StatusCode, Json<dto::Reported>), ApiError> {
    let area = match report.area.as_deref() {
        Some(area) => word("area", area)?,
        None => intake.area.clone(),
    };
    let request = ReportRequest {
        source: intake.source,
        class: class(&state, &intake.id, &report.class)?,
        level: level(report.level)?,
        area,
        report: Report {
            title: report.title,
            description: report.description,
            location: report.location,
            position: position(report.latitude, report.longitude)?,
            reporter: report.reporter,
            phone: report.reporter_phone,
        },
        camera: None,
        began: report.happened_ms.map(WallTime),
        files: files(&report.files)?,
    };
    let detail = report.external_id.chars().take(64).collect();
    let id = intake.id.clone();
    let made = state.desk.take_in(IntakeReport { intake, external_id: report.external_id, request }).await?;
    audit(&state, &caller, &id, Outcome::Allowed, detail).await?;
    Ok(reported(&made, None))
}

/// A system that has shown its token, in the head of the request: of what others send, nothing more is read.
pub(super) struct Sender {
    intake: Intake,
    caller: Caller,
}

impl FromRequestParts<ApiState> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let caller = Caller::of(&parts.extensions);
        // An unknown system and a wrong token look the same.
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(id)| IntakeId::new(&id).ok()).ok_or(ApiError::NotSignedIn)?;
        let known = state.site.centre.intakes.iter().find(|intake| intake.id == id);
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let token = state.site.intake_tokens.get(&id).map_or("", |token| token.expose());
        // Hashes are compared, so that the time that it takes says nothing about the token.
        let fits = !token.is_empty() && Sha256::digest(shown) == Sha256::digest(token);
        if let Some(intake) = known.filter(|_| fits).cloned() {
            return Ok(Self { intake, caller });
        }
        // As at sign-in, and beside it: a system with an old token keeps nobody from signing in. One name for all
        // systems, lest every made-up one is a fresh start.
        state.accounts.brake(":intake", &format!("intake {}", caller.source)).await?;
        audit(state, &caller, &id, Outcome::Failed, String::new()).await?;
        Err(ApiError::NotSignedIn)
    }
}

/// Our own name of a class, or the system's code of it as the site file maps it.
fn class(state: &ApiState, intake: &IntakeId, written: &str) -> Result<ClassId, ApiError> {
    let classes = &state.site.centre.classes;
    let is_code = |(system, code): &(String, String)| system == intake.as_str() && code == written;
    let mapped = classes.iter().find(|class| class.external.iter().any(is_code));
    match mapped {
        Some(class) => Ok(class.id.clone()),
        None => word("class", written),
    }
}

async fn audit(
    state: &ApiState,
    caller: &Caller,
    intake: &IntakeId,
    outcome: Outcome,
    detail: String,
) -> Result<(), ApiError> {
    let entry = AuditEntry {
        at: state.clock.wall(),
        account: None,
        name: format!("intake/{intake}"),
        role: None,
        action: "incident.report".to_owned(),
        object: Object::Site.label(),
        purpose: Purpose::Duty.label(),
        source: caller.source.clone(),
        outcome,
        detail,
    };
    state.accounts.audit().append(entry).await?;
    Ok(())
}

fn reported(made: &Reported, incident: Option<dto::Incident>) -> (StatusCode, Json<dto::Reported>) {
    let status = if made.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let (id, number) = (made.incident.id().0, made.incident.number.clone());
    (status, Json(dto::Reported { id, number, new: made.is_new, incident }))
}

fn level(number: Option<u8>) -> Result<Option<Level>, ApiError> {
    let Some(number) = number else { return Ok(None) };
    let message = "a level is 1 to 4".to_owned();
    let bad = ApiError::Unprocessable { code: "bad_word", message, field: Some("level") };
    Level::from_number(number.into()).ok_or(bad).map(Some)
}

fn position(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<Position>, ApiError> {
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Ok(Some(Position { latitude, longitude })),
        (None, None) => Ok(None),
        _ => {
            let message = "a place has latitude and longitude".to_owned();
            Err(ApiError::Unprocessable { code: "bad_report", message, field: Some("latitude") })
        }
    }
}

fn files(files: &[dto::ReportFile]) -> Result<Vec<(String, Vec<u8>)>, ApiError> {
    let decode = |file: &dto::ReportFile| {
        let body = BASE64_STANDARD.decode(&file.base64).map_err(|_| ApiError::Unprocessable {
            code: "bad_file",
            message: "a file is base64".to_owned(),
            field: Some("files"),
        })?;
        Ok((file.name.clone(), body))
    };
    files.iter().map(decode).collect()
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        let (code, field) = match &error {
            ReportError::Db(_) => return Self::Internal(Box::new(error)),
            ReportError::File(ActError::Db(_)) => return Self::Internal(Box::new(error)),
            ReportError::UnknownClass(_) => ("unknown", Some("class")),
            ReportError::UnknownArea(_) => ("unknown", Some("area")),
            ReportError::UnknownCamera(_) => ("unknown", Some("camera")),
            ReportError::OldFootage => ("old_footage", Some("happened_ms")),
            ReportError::NotForGrid(_) => ("not_for_grid", Some("class")),
            ReportError::Bad(_) => ("bad_report", None),
            ReportError::NumberReused => ("key_reused", None),
            ReportError::File(_) => ("bad_file", Some("files")),
        };
        Self::Unprocessable { code, message: error.to_string(), field }
    }
}
