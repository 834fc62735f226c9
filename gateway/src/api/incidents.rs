//! The dispatch queue: lists, one incident, what is done to it, its boxes and its still picture.

use std::collections::HashMap;

use axum::{
    Json,
    extract::Path,
    http::{HeaderName, header},
};
use serde::Deserialize;
use sharpeyes_domain::{
    ids::{AccountId, AlarmId, IncidentId},
    incident::IncidentAction,
};
use utoipa::IntoParams;

use super::{
    clips, convert, dto,
    error::ApiError,
    extract::{Body, Params},
    guard::{Guard, of_incident},
};
use crate::{
    access::gate::Purpose,
    desk::{ActError, ActRequest},
    store::dispatch::{IncidentFilter, IncidentRow},
};

const USUAL_LIMIT: u32 = 200;
const MOST: u32 = 1_000;

/// Which incidents.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `open` (usual), `closed` or `all`.
    #[serde(default)]
    state: dto::IncidentScope,
    /// At most so many: 200 if not given, 1000 at most.
    limit: Option<u32>,
    /// Only those with a smaller id: the next page.
    before: Option<i64>,
}

/// Which of an incident's alarms.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AlarmQuery {
    /// An alarm of this incident; the first one if not given.
    pub(super) alarm: Option<i64>,
}

/// The queue.
#[utoipa::path(get, path = "/api/v1/incidents", params(ListQuery), responses((status = 200, body = dto::IncidentList)))]
pub(super) async fn list(
    guard: Guard,
    Params(query): Params<ListQuery>,
) -> Result<Json<dto::IncidentList>, ApiError> {
    let filter = IncidentFilter {
        areas: guard.areas(),
        which: query.state.into(),
        limit: query.limit.unwrap_or(USUAL_LIMIT).min(MOST),
        before: query.before.map(IncidentId),
    };
    let list = guard.state.dispatch.list(filter).await?;
    let names = names(&guard).await?;
    let seen = guard.seen_incidents(list.incidents).await?;
    let incidents = seen.iter().map(|row| summary(&guard, &names, row)).collect();
    Ok(Json(dto::IncidentList { as_of_seq: list.as_of.0, incidents }))
}

/// One incident with its alarms and history.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = dto::IncidentDetail), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn one(guard: Guard, Path(id): Path<String>) -> Result<Json<dto::IncidentDetail>, ApiError> {
    let (detail, _) = guard.incident_detail(&id).await?;
    let names = names(&guard).await?;
    Ok(Json(dto::IncidentDetail {
        incident: summary(&guard, &names, &detail.row),
        alarm_list: detail.alarms.iter().map(dto::Alarm::from).collect(),
        history: detail.history.iter().map(|row| convert::history(row, &names)).collect(),
    }))
}

/// Does something to an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/actions", params(("id" = i64, Path)),
    request_body = dto::IncidentCommand, responses(
    (status = 200, body = dto::Incident),
    (status = 409, body = dto::ErrorBody, description = "someone was faster; `current` says who"),
    (status = 422, body = dto::ErrorBody, description = "not from this state, or not by this viewer"),
))]
pub(super) async fn act(
    guard: Guard,
    Path(id): Path<String>,
    Body(command): Body<dto::IncidentCommand>,
) -> Result<Json<dto::Incident>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let request = ActRequest {
        incident: row.id(),
        expected_version: command.expected_version,
        action: action(&command)?,
        by: guard.viewer.account,
        idempotency_key: command.idempotency_key,
        note: command.note,
    };
    let done = guard.state.desk.act(request).await;
    let names = names(&guard).await?;
    match done {
        Ok(row) => Ok(Json(summary(&guard, &names, &row))),
        Err(ActError::NotFound(_)) => Err(ApiError::NotFound),
        Err(ActError::Conflict { current, .. }) => {
            Err(ApiError::Conflict { current: Box::new(summary(&guard, &names, &current)) })
        }
        Err(ActError::Db(error)) => Err(error.into()),
        Err(error @ ActError::Illegal { .. }) => Err(refused("illegal", &error, None)),
        Err(error @ ActError::CannotAbsorb(_)) => Err(refused("cannot_absorb", &error, None)),
        Err(error @ ActError::KeyReused) => Err(refused("key_reused", &error, Some("idempotency_key"))),
        Err(error @ ActError::TooLong) => Err(refused("too_long", &error, Some("idempotency_key"))),
    }
}

fn refused(code: &'static str, error: &ActError, field: Option<&'static str>) -> ApiError {
    ApiError::Unprocessable { code, message: error.to_string(), field }
}

fn action(command: &dto::IncidentCommand) -> Result<IncidentAction, ApiError> {
    let missing = |field| ApiError::Unprocessable {
        code: "reason_needed",
        message: "this action needs a reason".to_owned(),
        field: Some(field),
    };
    Ok(match command.action {
        dto::IncidentVerb::Claim => IncidentAction::Claim,
        dto::IncidentVerb::Release => IncidentAction::Release,
        dto::IncidentVerb::Close => {
            IncidentAction::Close { reason: command.reason.ok_or_else(|| missing("reason"))?.into() }
        }
        dto::IncidentVerb::Reopen => IncidentAction::Reopen {
            reason: command.reopen_reason.ok_or_else(|| missing("reopen_reason"))?.into(),
        },
    })
}

/// The boxes that were seen around an alarm.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/trace", params(("id" = i64, Path), AlarmQuery), responses(
    (status = 200, body = Vec<dto::TraceFrame>), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn trace(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<AlarmQuery>,
) -> Result<Json<Vec<dto::TraceFrame>>, ApiError> {
    let (detail, _) = guard.incident_detail(&id).await?;
    let window = clips::window(&guard.state, &detail, query.alarm.map(AlarmId))?;
    let frames = guard.state.dispatch.trace(detail.row.camera.clone(), window.from, window.until).await?;
    Ok(Json(frames.iter().map(dto::TraceFrame::from).collect()))
}

/// The still picture of the first alarm that has one.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/thumbnail.jpg", params(("id" = i64, Path)), responses(
    (status = 200, content_type = "image/jpeg"), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn thumbnail(
    guard: Guard,
    Path(id): Path<String>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), ApiError> {
    let (row, allowed) = guard.incident(&id).await?;
    let alarm = row.snapshot.ok_or(ApiError::NotFound)?;
    let picture = guard.state.dispatch.snapshot(alarm).await?.ok_or(ApiError::NotFound)?;
    guard.looked(&allowed, &of_incident(&row), Purpose::Incident(row.id()), format!("alarm {alarm}")).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], picture))
}

/// Names of the people who may stand in incidents.
pub(super) async fn names(guard: &Guard) -> Result<HashMap<AccountId, String>, ApiError> {
    Ok(guard.state.accounts.names().await?)
}

/// An incident for lists and live updates.
pub(super) fn summary(guard: &Guard, names: &HashMap<AccountId, String>, row: &IncidentRow) -> dto::Incident {
    convert::incident(row, convert::area_name(&guard.state.site, &row.area), names)
}
