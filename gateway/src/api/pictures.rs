//! Stills of a camera's recording, for scrubbing.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, header},
    response::Response,
};
use serde::Deserialize;
use sharpeyes_domain::time::WallTime;
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::Params,
    guard::Guard,
    recordings::{ErrandQuery, Visit, refusal},
};
use crate::stills::StillError;

const USUAL_WIDTH: u16 = 160;
const NARROWEST: u16 = 80;
const WIDEST: u16 = 1920;
/// One row of the audit log stands for stills out of such a stretch: scrubbing over a day leaves 24.
const LOOK_MS: i64 = 3_600_000;

/// Which picture.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PictureQuery {
    /// The keyframe at or before this wall time is shown.
    at_ms: i64,
    /// `main` if not given.
    stream: Option<dto::LiveStream>,
    /// Pixels, 80 to 1,920; 160 if not given. A narrower picture is shown as it is.
    width: Option<u16>,
}

/// One picture of the recording. The header `x-picture-ms` says when it was taken.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/picture.jpg",
    params(("id" = String, Path), PictureQuery, ErrandQuery),
    responses(
        (status = 200, content_type = "image/jpeg"),
        (status = 403, body = dto::ErrorBody),
        (status = 404, body = dto::ErrorBody, description = "no such camera, or `nothing_recorded`, with the gap"),
    ))]
pub(super) async fn still(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<PictureQuery>,
    Params(errand): Params<ErrandQuery>,
) -> Result<Response, ApiError> {
    let at = WallTime(query.at_ms);
    let visit = Visit::begin(&guard, &id, at, query.stream, errand).await?;
    let width = query.width.unwrap_or(USUAL_WIDTH);
    if !(NARROWEST..=WIDEST).contains(&width) {
        return Err(ApiError::Unprocessable {
            code: "bad_width",
            message: format!("a picture is {NARROWEST} to {WIDEST} pixels wide"),
            field: Some("width"),
        });
    }
    let found = guard.state.stills.picture(&visit.stream, at, width).await;
    let picture = found.map_err(|error| match error {
        StillError::Clip(error) => refusal(error),
        other => ApiError::Internal(Box::new(other)),
    })?;
    visit.looked("stills", at, at, LOOK_MS).await?;
    Response::builder()
        .header(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"))
        .header("x-picture-ms", HeaderValue::from(picture.wall.0))
        .body(Body::from(picture.jpeg))
        .map_err(|error| ApiError::Internal(Box::new(error)))
}
