//! Tickets: technical faults, for those who keep the cameras.

use axum::{Json, extract::Path};
use serde::Deserialize;
use sharpeyes_domain::ids::TicketId;
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::{Body, Params},
    guard::{Guard, of_camera},
};
use crate::{
    access::gate::{Object, Purpose},
    store::{
        audit::Outcome,
        tickets::{TicketAct, TicketHand, TicketRow, WhichTickets},
    },
};

const LONGEST_NOTE: usize = 1_000;

/// Which tickets.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TicketQuery {
    /// Those that want someone, if not given.
    #[serde(default)]
    #[param(required = false)]
    state: dto::TicketScope,
}

/// Tickets of the viewer's cameras and of the site: open ones first, the newest first. Those of cameras that the site
/// names no more are for viewers who are responsible for the whole site.
#[utoipa::path(get, path = "/api/v1/tickets", params(TicketQuery),
    responses((status = 200, body = dto::TicketList)))]
pub(super) async fn list(
    guard: Guard,
    Params(query): Params<TicketQuery>,
) -> Result<Json<dto::TicketList>, ApiError> {
    let which = match query.state {
        dto::TicketScope::Open => WhichTickets::Open,
        dto::TicketScope::All => WhichTickets::All,
    };
    let list = guard.state.tickets.list(which).await?;
    let shown = list.tickets.iter().filter(|row| is_seen(&guard, row)).map(|row| show(&guard, row));
    Ok(Json(dto::TicketList { as_of_seq: list.as_of.0, tickets: shown.collect() }))
}

/// May the viewer do the route's action to what the ticket is about? A no is not an event.
pub(super) fn is_seen(guard: &Guard, row: &TicketRow) -> bool {
    let Some(id) = &row.key.camera else { return guard.may(guard.action(), &Object::Site) };
    match guard.state.site.camera(id) {
        Some(camera) => guard.sees_camera(camera, guard.action()),
        None => guard.sees_unnamed_camera(id, guard.action()),
    }
}

/// I know of it. A ticket that is closed stays as it is.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/acknowledge", params(("id" = i64, Path)),
    request_body = dto::TicketNote, responses(
        (status = 200, body = dto::Ticket), (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
    ))]
pub(super) async fn acknowledge(
    guard: Guard,
    Path(id): Path<String>,
    Body(note): Body<dto::TicketNote>,
) -> Result<Json<dto::Ticket>, ApiError> {
    act(guard, &id, TicketAct::Acknowledge, note).await
}

/// It is done. A ticket that is closed stays as it is; a fault that is still there opens a new one when it begins again.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/close", params(("id" = i64, Path)),
    request_body = dto::TicketNote, responses(
        (status = 200, body = dto::Ticket), (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
    ))]
pub(super) async fn close(
    guard: Guard,
    Path(id): Path<String>,
    Body(note): Body<dto::TicketNote>,
) -> Result<Json<dto::Ticket>, ApiError> {
    act(guard, &id, TicketAct::Close, note).await
}

async fn act(
    guard: Guard,
    id: &str,
    act: TicketAct,
    note: dto::TicketNote,
) -> Result<Json<dto::Ticket>, ApiError> {
    let id: TicketId = id.parse().map(TicketId).map_err(|_| ApiError::NotFound)?;
    let row = guard.state.tickets.one(id).await?.ok_or(ApiError::NotFound)?;
    let object = match &row.key.camera {
        None => Object::Site,
        Some(id) => match guard.state.site.camera(id) {
            Some(camera) => {
                let (camera, _) = guard.camera(camera.id.as_str(), Purpose::Duty).await?;
                of_camera(camera)
            }
            None => guard.unnamed_camera(id).await?,
        },
    };
    let note = checked(&note.note)?;
    let word = match act {
        TicketAct::Acknowledge => "acknowledge",
        TicketAct::Close => "close",
    };
    let detail = format!("{word} {id} {}: {note}", row.key.kind);
    let entry = guard.entry(&object, Purpose::Duty, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    let hand = TicketHand { at: guard.state.clock.wall(), by: guard.viewer.name.clone() };
    let row = guard.state.tickets.act(id, act, hand, note).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(show(&guard, &row)))
}

/// Trimmed, and without control characters but line breaks.
fn checked(note: &str) -> Result<String, ApiError> {
    let note = note.trim();
    if note.chars().count() <= LONGEST_NOTE && !note.chars().any(|c| c.is_control() && c != '\n') {
        return Ok(note.to_owned());
    }
    let message = format!("at most {LONGEST_NOTE} characters, none of them a control character");
    Err(ApiError::Unprocessable { code: "bad_text", message, field: Some("note") })
}

pub(super) fn show(guard: &Guard, row: &TicketRow) -> dto::Ticket {
    let camera = row.key.camera.as_ref();
    let name = camera.and_then(|id| guard.state.site.camera(id)).map(|camera| camera.name.clone());
    let hand = |hand: &TicketHand| dto::TicketHand { at_ms: hand.at.0, by: hand.by.clone() };
    dto::Ticket {
        id: row.id.0,
        kind: row.key.kind.into(),
        camera: camera.map(ToString::to_string),
        camera_name: name,
        state: row.state.into(),
        level: row.fault.level.number(),
        stage: row.fault.stage.clone(),
        code: row.fault.code.clone(),
        detail: row.fault.detail.clone(),
        remedy: row.fault.remedy.clone(),
        first_ms: row.first.0,
        last_ms: row.last.0,
        times: row.times,
        acknowledged: row.acknowledged.as_ref().map(hand),
        recovered_ms: row.recovered.map(|at| at.0),
        closed: row.closed.as_ref().map(hand),
        note: row.note.clone(),
    }
}
