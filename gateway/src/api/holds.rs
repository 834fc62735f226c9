//! Holds: an operator keeps footage of own areas for a case, and releases it.

use std::time::Duration;

use axum::{Json, extract::Path, http::StatusCode};
use serde::Deserialize;
use sharpeyes_domain::{
    access::Action,
    ids::{HoldId, StreamId, StreamKind},
    segment::Span,
    time::WallTime,
};
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::{Body, Params},
    guard::{Guard, of_camera},
};
use crate::{
    access::gate::Purpose,
    record::retention::Keeping,
    store::{
        audit::Outcome,
        footage::{HoldRow, NewHold, Release, WhichHolds},
    },
};

const LONGEST_CASE: usize = 64;
const LONGEST_TEXT: usize = 1_000;
/// A case is about days. What is to stay for longer is a matter of `keep_days`.
const LONGEST_HOLD: Duration = Duration::from_hours(31 * 24);

/// Which holds.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HoldQuery {
    /// Those that hold, if not given.
    #[serde(default)]
    #[param(required = false)]
    state: dto::HoldScope,
}

/// The holds of the viewer's cameras, the newest first. Those of cameras that the site names no more are for viewers who
/// are responsible for the whole site.
#[utoipa::path(get, path = "/api/v1/holds", params(HoldQuery), responses((status = 200, body = Vec<dto::Hold>)))]
pub(super) async fn list(
    guard: Guard,
    Params(query): Params<HoldQuery>,
) -> Result<Json<Vec<dto::Hold>>, ApiError> {
    let which = match query.state {
        dto::HoldScope::Open => WhichHolds::Open,
        dto::HoldScope::All => WhichHolds::All,
    };
    let rows = blocking(&guard, move |keeping| Ok(keeping.footage().holds(which)?)).await?;
    let is_seen = |row: &HoldRow| {
        let id = &row.hold.stream.camera;
        match guard.state.site.camera(id) {
            Some(camera) => guard.sees_camera(camera, Action::HoldManage),
            None => guard.sees_unnamed_camera(id, Action::HoldManage),
        }
    };
    Ok(Json(rows.iter().filter(|row| is_seen(row)).map(dto::Hold::from).collect()))
}

/// Holds footage for a case: from now on nothing deletes it.
#[utoipa::path(post, path = "/api/v1/holds", request_body = dto::NewHold, responses(
    (status = 201, body = dto::Hold), (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn make(
    guard: Guard,
    Body(request): Body<dto::NewHold>,
) -> Result<(StatusCode, Json<dto::Hold>), ApiError> {
    let (camera, _) = guard.camera(&request.camera, Purpose::Duty).await?;
    let kind = match request.stream.unwrap_or(dto::HoldStream::Main) {
        dto::HoldStream::Main => StreamKind::Main,
        dto::HoldStream::Sub => StreamKind::Sub,
    };
    let now = guard.state.clock.wall();
    // A browser's clock may be ahead of ours.
    let span = Span { from: WallTime(request.from_ms), to: WallTime(request.to_ms).min(now) };
    if span.is_empty() {
        return Err(refused(
            "bad_span",
            "to_ms",
            "the end must be after the beginning, and the beginning before now",
        ));
    }
    if span.to.since(span.from) > LONGEST_HOLD {
        return Err(refused("hold_too_long", "to_ms", "a hold is at most 31 days long"));
    }
    if request.review_ms <= now.0 {
        return Err(refused("bad_review", "review_ms", "the review must be later than now"));
    }
    let note = request.note.unwrap_or_default();
    let new = NewHold {
        stream: StreamId { camera: camera.id.clone(), kind },
        span,
        case_number: text("case_number", &request.case_number, 1, LONGEST_CASE)?,
        note: text("note", &note, 0, LONGEST_TEXT)?,
        owner: guard.viewer.account,
        owner_name: guard.viewer.name.clone(),
        review: WallTime(request.review_ms),
    };
    let detail =
        format!("make {} {}..{} case {}", kind.as_str(), new.span.from.0, new.span.to.0, new.case_number);
    let entry = guard.entry(&of_camera(camera), Purpose::Duty, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    let row = blocking(&guard, move |keeping| keeping.hold(new)).await?;
    let row = row.ok_or_else(|| refused("nothing_recorded", "from_ms", "nothing was recorded then"))?;
    Ok((StatusCode::CREATED, Json(dto::Hold::from(&row))))
}

/// Ends a hold: retention deletes the footage when its time is over. A hold that was released stays as it was.
#[utoipa::path(post, path = "/api/v1/holds/{id}/release", params(("id" = i64, Path)), request_body = dto::HoldRelease,
    responses((status = 200, body = dto::Hold), (status = 404, body = dto::ErrorBody)))]
pub(super) async fn release(
    guard: Guard,
    Path(id): Path<String>,
    Body(request): Body<dto::HoldRelease>,
) -> Result<Json<dto::Hold>, ApiError> {
    let id: HoldId = id.parse().map(HoldId).map_err(|_| ApiError::NotFound)?;
    let row =
        blocking(&guard, move |keeping| Ok(keeping.footage().hold(id)?)).await?.ok_or(ApiError::NotFound)?;
    let id_of_camera = &row.hold.stream.camera;
    let object = match guard.state.site.camera(id_of_camera) {
        Some(camera) => {
            let (camera, _) = guard.camera(camera.id.as_str(), Purpose::Duty).await?;
            of_camera(camera)
        }
        None => guard.unnamed_camera(id_of_camera).await?,
    };
    let release = Release {
        at: guard.state.clock.wall(),
        by: guard.viewer.name.clone(),
        reason: text("reason", &request.reason, 1, LONGEST_TEXT)?,
    };
    let detail = format!("release {id} case {}: {}", row.hold.case_number, release.reason);
    let entry = guard.entry(&object, Purpose::Duty, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    let row = blocking(&guard, move |keeping| Ok(keeping.footage().release_hold(id, release)?)).await?;
    Ok(Json(dto::Hold::from(&row.ok_or(ApiError::NotFound)?)))
}

impl From<&HoldRow> for dto::Hold {
    fn from(row: &HoldRow) -> Self {
        let hold = &row.hold;
        Self {
            id: row.id.0,
            camera: hold.stream.camera.to_string(),
            stream: hold.stream.kind.as_str().to_owned(),
            from_ms: hold.span.from.0,
            to_ms: hold.span.to.0,
            case_number: hold.case_number.clone(),
            note: hold.note.clone(),
            owner: hold.owner_name.clone(),
            created_ms: row.created.0,
            review_ms: hold.review.0,
            released_ms: row.release.as_ref().map(|release| release.at.0),
            released_by: row.release.as_ref().map(|release| release.by.clone()),
            bytes: row.bytes,
        }
    }
}

/// The index is SQLite: never on a thread that others wait for.
async fn blocking<T: Send + 'static>(
    guard: &Guard,
    work: impl FnOnce(&Keeping) -> Result<T, crate::record::RecordError> + Send + 'static,
) -> Result<T, ApiError> {
    let keeping = guard.state.keeping.clone();
    let done = tokio::task::spawn_blocking(move || work(&keeping)).await;
    done.map_err(|error| ApiError::Internal(Box::new(error)))?
        .map_err(|error| ApiError::Internal(Box::new(error)))
}

/// Trimmed, of so many characters, none of them a control character.
fn text(field: &'static str, written: &str, least: usize, most: usize) -> Result<String, ApiError> {
    let written = written.trim();
    let is_fine = (least..=most).contains(&written.chars().count())
        && !written.chars().any(|c| c.is_control() && !(field == "note" && c == '\n'));
    if is_fine {
        return Ok(written.to_owned());
    }
    Err(refused(
        "bad_text",
        field,
        &format!("{least} to {most} characters, none of them a control character"),
    ))
}

fn refused(code: &'static str, field: &'static str, message: &str) -> ApiError {
    ApiError::Unprocessable { code, message: message.to_owned(), field: Some(field) }
}
