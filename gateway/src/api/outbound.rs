//! Other systems that are told of incidents: how it goes, what was given up, and sending it again.
//!
//! What messages say is not shown here: it is what the incident's own page shows to those who may see it.

use axum::{Json, extract::Path};
use serde::Deserialize;
use sharpeyes_config::Target;
use sharpeyes_domain::{
    access::{Action, Role},
    time::WallTime,
};
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::{Body, Params},
    guard::{Guard, of_incident},
};
use crate::{
    access::gate::{Object, Purpose},
    outbound::remedy,
    store::{
        audit::Outcome,
        outbox::{OutboxRow, OutboxState, Refusal, Resend},
    },
};

const MOST_IDS: usize = 200;

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MessageQuery {
    /// Those that were given up, if not given.
    #[serde(default)]
    #[param(required = false)]
    state: dto::OutboundState,
    /// Only those with a smaller number: the next page.
    before: Option<i64>,
}

/// Every target, and how telling it goes.
#[utoipa::path(get, path = "/api/v1/outbound", responses((status = 200, body = Vec<dto::OutboundTarget>)))]
pub(super) async fn list(guard: Guard) -> Result<Json<Vec<dto::OutboundTarget>>, ApiError> {
    let mut shown = Vec::new();
    for target in &guard.state.site.targets {
        let state = guard.state.outbox.state(target.id.clone()).await?;
        shown.push(dto::OutboundTarget {
            id: target.id.as_str().to_owned(),
            name: target.name.clone(),
            purpose: target.purpose.clone(),
            kind: target.channel.kind().to_owned(),
            url: target.channel.url().to_string(),
            share: target.share.iter().map(|share| share.as_str().to_owned()).collect(),
            waiting: state.waiting,
            oldest_ms: state.oldest.map(|at| at.0),
            dead: state.dead,
            lost: state.lost,
            last_success_ms: state.success.map(|at| at.0),
            failing_since_ms: state.failing.map(|at| at.0),
            last_error: state.failure.as_ref().map(|refusal| error(refusal, state.failed)),
        });
    }
    Ok(Json(shown))
}

/// Messages of a target, the newest first, at most 200. Operators see those of incidents that they may see.
#[utoipa::path(get, path = "/api/v1/outbound/{target}/messages", params(("target" = String, Path), MessageQuery),
    responses((status = 200, body = Vec<dto::OutboundMessage>), (status = 404, body = dto::ErrorBody)))]
pub(super) async fn messages(
    guard: Guard,
    Path(target): Path<String>,
    Params(query): Params<MessageQuery>,
) -> Result<Json<Vec<dto::OutboundMessage>>, ApiError> {
    let target = known(&guard, &target)?;
    let state = match query.state {
        dto::OutboundState::Waiting => OutboxState::Waiting,
        dto::OutboundState::Delivered => OutboxState::Delivered,
        dto::OutboundState::Dead => OutboxState::Dead,
    };
    let rows = guard.state.outbox.list(target.id.clone(), state, query.before).await?;
    let mut shown = Vec::new();
    for row in &rows {
        if keeps(&guard) || sees(&guard, row).await? {
            shown.push(message(row));
        }
    }
    Ok(Json(shown))
}

/// Sends messages again, in the order in which they happened. Receivers know them by their key.
#[utoipa::path(post, path = "/api/v1/outbound/{target}/resend", params(("target" = String, Path)),
    request_body = dto::OutboundResend, responses(
        (status = 200, body = dto::OutboundResent), (status = 404, body = dto::ErrorBody),
        (status = 422, body = dto::ErrorBody),
    ))]
pub(super) async fn resend(
    guard: Guard,
    Path(target): Path<String>,
    Body(wanted): Body<dto::OutboundResend>,
) -> Result<Json<dto::OutboundResent>, ApiError> {
    let target = known(&guard, &target)?;
    let what = match wanted.ids {
        Some(ids) if ids.len() <= MOST_IDS => Resend::Rows(own(&guard, target, ids).await?),
        Some(_) => return Err(unprocessable("too_many", format!("at most {MOST_IDS} messages at once"))),
        None if keeps(&guard) => Resend::Dead,
        None => return Err(unprocessable("field_needed", "name the messages".to_owned())),
    };
    let detail = match &what {
        Resend::Dead => format!("resend {} dead", target.id),
        Resend::Rows(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("resend {} {}", target.id, ids.join(","))
        }
    };
    // The log holds what fits, the number of rows is what counts.
    let detail = detail.chars().take(400).collect();
    let entry = guard.entry(&Object::Site, Purpose::Duty, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    let messages = guard.state.outbox.resend(target.id.clone(), what, guard.state.clock.wall()).await?;
    guard.state.prod.wake();
    Ok(Json(dto::OutboundResent { messages }))
}

fn known<'a>(guard: &'a Guard, id: &str) -> Result<&'a Target, ApiError> {
    guard.state.site.targets.iter().find(|target| target.id.as_str() == id).ok_or(ApiError::NotFound)
}

/// Those who keep the site see that there are messages, whatever they are about.
fn keeps(guard: &Guard) -> bool {
    matches!(guard.viewer.role, Role::Technician | Role::Administrator)
}

async fn sees(guard: &Guard, row: &OutboxRow) -> Result<bool, ApiError> {
    let incident = guard.state.dispatch.incident_row(row.incident).await?;
    Ok(incident.is_some_and(|incident| guard.may(Action::IncidentList, &of_incident(&incident))))
}

/// Of what somebody names, what they may send again.
async fn own(guard: &Guard, target: &Target, ids: Vec<i64>) -> Result<Vec<i64>, ApiError> {
    if keeps(guard) {
        return Ok(ids);
    }
    let mut own = Vec::new();
    for row in guard.state.outbox.some(target.id.clone(), ids).await? {
        if !sees(guard, &row).await? {
            return Err(ApiError::NotFound);
        }
        own.push(row.id);
    }
    Ok(own)
}

fn unprocessable(code: &'static str, message: String) -> ApiError {
    ApiError::Unprocessable { code, message, field: Some("ids") }
}

fn message(row: &OutboxRow) -> dto::OutboundMessage {
    dto::OutboundMessage {
        id: row.id,
        incident: row.incident.0,
        version: row.version,
        event: row.event.clone(),
        at_ms: row.at.0,
        state: match row.state {
            OutboxState::Waiting => dto::OutboundState::Waiting,
            OutboxState::Delivered => dto::OutboundState::Delivered,
            OutboxState::Dead => dto::OutboundState::Dead,
        },
        attempts: row.attempts,
        next_ms: row.next.map(|at| at.0),
        ended_ms: row.ended.map(|at| at.0),
        error: row.failure.as_ref().map(|refusal| error(refusal, None)),
    }
}

fn error(refusal: &Refusal, at: Option<WallTime>) -> dto::OutboundError {
    dto::OutboundError {
        at_ms: at.map(|at| at.0),
        stage: refusal.stage.clone(),
        code: refusal.code.clone(),
        detail: refusal.detail.clone(),
        remedy: remedy(&refusal.stage, &refusal.code).to_owned(),
    }
}
