//! Handing the shift over: what the paper would say, the papers, and both signatures.
//!
//! A paper is seen, and a shift taken over, by operators who are responsible for all areas of the one who leaves.

use std::collections::{BTreeSet, HashMap};

use axum::{Json, extract::Path, http::StatusCode};
use serde::Deserialize;
use sharpeyes_domain::{
    access::Action,
    handover::{HandoverError, HandoverVerb, Signature},
    ids::{AccountId, AreaId, HandoverId},
    time::WallTime,
};
use utoipa::IntoParams;

use super::{
    convert, dto,
    error::ApiError,
    extract::{Body, Params},
    guard::Guard,
    incidents::names,
};
use crate::{
    access::gate::{Object, Purpose},
    desk::{HandoverRefused, SignRequest},
    store::{
        accounts::AccountRow,
        audit::Outcome,
        dispatch::{
            HandoverFilter, HandoverRow, IncidentFilter, IncidentRow, NewHandover, ShiftCount, ShiftFault,
            ShiftItem, ShiftSummary, Which,
        },
        tickets::WhichTickets,
    },
};

const MOST_TEXT_CHARS: usize = 2_000;
/// Late and held incidents on one paper.
const MOST_ITEMS: u32 = 200;
/// Papers in one answer.
const MOST_LISTED: u32 = 100;

/// What a hand-over of the viewer would say now, and who could take over.
#[utoipa::path(get, path = "/api/v1/shift", responses((status = 200, body = dto::Shift)))]
pub(super) async fn shift(guard: Guard) -> Result<Json<dto::Shift>, ApiError> {
    let names = names(&guard).await?;
    let summary = summary(&guard).await?;
    let takers = takers(&guard).await?;
    let now = guard.state.clock.wall();
    let newest = HandoverFilter { before: None, from: None, until: None, limit: MOST_LISTED };
    let own = guard.state.dispatch.handovers(newest).await?;
    let is_open = |row: &&HandoverRow| {
        row.leaver == guard.viewer.account && !matches!(state(row, now), dto::HandoverState::Lapsed)
    };
    let open = own.iter().filter(is_open).find(|row| row.decision.is_none());
    Ok(Json(dto::Shift {
        summary: show_summary(&guard, &names, &summary),
        takers: takers.iter().map(|row| convert::person(row.id, &names)).collect(),
        open: open.map(|row| row.id.0),
    }))
}

/// Which hand-overs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HandoverQuery {
    /// Only with a smaller number: the page after the one that ended with it.
    before: Option<i64>,
    /// Opened then or later.
    from_ms: Option<i64>,
    /// Opened before.
    until_ms: Option<i64>,
    /// At most so many: 100 if not given, and never more.
    limit: Option<u32>,
}

/// Hand-overs, the newest first, without their summaries. An empty page is the last one.
#[utoipa::path(get, path = "/api/v1/handovers", params(HandoverQuery),
    responses((status = 200, body = Vec<dto::Handover>)))]
pub(super) async fn list(
    guard: Guard,
    Params(query): Params<HandoverQuery>,
) -> Result<Json<Vec<dto::Handover>>, ApiError> {
    let names = names(&guard).await?;
    let limit = query.limit.unwrap_or(MOST_LISTED).clamp(1, MOST_LISTED);
    let mut filter = HandoverFilter {
        before: query.before.map(HandoverId),
        from: query.from_ms.map(WallTime),
        until: query.until_ms.map(WallTime),
        limit: MOST_LISTED,
    };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut shown = Vec::new();
    // Those of other areas lie between: a page is full or the last one, whatever the viewer may not see.
    loop {
        let rows = guard.state.dispatch.handovers(filter).await?;
        let is_last = rows.len() < usize::try_from(MOST_LISTED).unwrap_or(usize::MAX);
        filter.before = rows.last().map(|row| row.id);
        for row in rows.iter().filter(|row| guard.covers(&row.areas)) {
            shown.push(dto::Handover { summary: None, ..show(&guard, &names, row) });
            if shown.len() == most {
                return Ok(Json(shown));
            }
        }
        if is_last {
            return Ok(Json(shown));
        }
    }
}

/// One hand-over with all that was signed.
#[utoipa::path(get, path = "/api/v1/handovers/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = dto::Handover), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn one(guard: Guard, Path(id): Path<String>) -> Result<Json<dto::Handover>, ApiError> {
    let row = load(&guard, &id).await?;
    guard.needs_all(&row.areas).await?;
    let names = names(&guard).await?;
    Ok(Json(show(&guard, &names, &row)))
}

/// Opens a hand-over: the viewer leaves, and signs what the queue is like.
#[utoipa::path(post, path = "/api/v1/handovers", request_body = dto::NewHandover, responses(
    (status = 201, body = dto::Handover), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn open(
    guard: Guard,
    Body(request): Body<dto::NewHandover>,
) -> Result<(StatusCode, Json<dto::Handover>), ApiError> {
    let note = text(&request.note)?;
    let meant_for = request.meant_for.map(AccountId);
    if let Some(account) = meant_for
        && !takers(&guard).await?.iter().any(|row| row.id == account)
    {
        let message = "an operator who is responsible for all of your areas, and not you";
        return Err(refused("unknown", Some("meant_for"), message));
    }
    let new = NewHandover {
        leaver: guard.viewer.account,
        areas: guard.viewer.areas.clone(),
        meant_for,
        note,
        summary: summary(&guard).await?,
    };
    let detail = format!("open, {} claimed, {} overdue", new.summary.claimed.len(), new.summary.n_overdue);
    let audit = guard.entry(&Object::Site, Purpose::Duty, Outcome::Allowed, detail);
    let row = guard.state.desk.open_handover(new, audit).await.map_err(not_signed)?;
    let names = names(&guard).await?;
    Ok((StatusCode::CREATED, Json(show(&guard, &names, &row))))
}

/// The second signature: whoever takes over accepts or refuses, with their own session, or at the leaver's desk with
/// name and password; or the leaver withdraws.
#[utoipa::path(post, path = "/api/v1/handovers/{id}/signature", params(("id" = i64, Path)),
    request_body = dto::HandoverSignature, responses(
        (status = 200, body = dto::Handover), (status = 404, body = dto::ErrorBody),
        (status = 422, body = dto::ErrorBody), (status = 429, body = dto::ErrorBody),
    ))]
pub(super) async fn sign(
    guard: Guard,
    Path(id): Path<String>,
    Body(request): Body<dto::HandoverSignature>,
) -> Result<Json<dto::Handover>, ApiError> {
    let row = load(&guard, &id).await?;
    guard.needs_all(&row.areas).await?;
    let verb: HandoverVerb = request.action.into();
    let answer = text(&request.note)?;
    if verb == HandoverVerb::Refuse && answer.is_empty() {
        return Err(refused("note_needed", Some("note"), "whoever refuses says why"));
    }
    let (signer, signed) = match (request.name, request.password) {
        (None, None) => (guard.clone(), Signature::Session),
        (Some(name), Some(password)) => (vouched(&guard, &name, password).await?, Signature::Password),
        (name, _) => {
            let field = if name.is_none() { "name" } else { "password" };
            return Err(refused("field_needed", Some(field), "name and password belong together"));
        }
    };
    signer.needs_all(&row.areas).await?;
    let areas = claimed_areas(&guard, row.leaver).await?;
    let detail = format!("{} of {} by {}", verb.as_str(), row.leaver, signed.as_str());
    let request = SignRequest {
        id: row.id,
        verb,
        by: signer.viewer.account,
        signed,
        answer,
        may_act_in: signer.areas_of(Action::IncidentAct, areas).await?,
        audit: signer.entry(&Object::Site, Purpose::Duty, Outcome::Allowed, detail),
    };
    let row = guard.state.desk.sign_handover(request).await.map_err(not_signed)?;
    let names = names(&guard).await?;
    Ok(Json(show(&guard, &names, &row)))
}

/// A wrong password here says nothing about the session that it is typed in.
async fn vouched(guard: &Guard, name: &str, password: String) -> Result<Guard, ApiError> {
    let accounts = &guard.state.accounts;
    match accounts.vouch(name, password, guard.viewer.session, &guard.source).await.map_err(ApiError::from) {
        Ok(viewer) => guard.signer(viewer).await.map_err(|error| match error {
            ApiError::Denied => {
                refused("not_an_operator", Some("name"), "only an operator takes a shift over")
            }
            other => other,
        }),
        Err(ApiError::SignInRefused) => {
            Err(refused("signature_refused", Some("password"), "name or password is wrong"))
        }
        Err(other) => Err(other),
    }
}

async fn load(guard: &Guard, id: &str) -> Result<HandoverRow, ApiError> {
    let id = id.parse().map(HandoverId).map_err(|_| ApiError::NotFound)?;
    guard.state.dispatch.handover(id).await?.ok_or(ApiError::NotFound)
}

async fn claims(guard: &Guard, owner: AccountId) -> Result<Vec<IncidentRow>, ApiError> {
    let filter = IncidentFilter { owner: Some(owner), limit: u32::MAX, ..IncidentFilter::default() };
    let mut all = Vec::new();
    let mut next = Some(filter);
    while let Some(filter) = next.take() {
        let page = guard.state.dispatch.list(filter.clone()).await?;
        all.extend(page.incidents);
        next = page.next.map(|after| IncidentFilter { after: Some(after), ..filter });
    }
    Ok(all)
}

async fn claimed_areas(guard: &Guard, owner: AccountId) -> Result<BTreeSet<AreaId>, ApiError> {
    Ok(claims(guard, owner).await?.into_iter().map(|row| row.area).collect())
}

/// Operators who could take the viewer's shift over.
async fn takers(guard: &Guard) -> Result<Vec<AccountRow>, ApiError> {
    let areas = &guard.state.site.areas;
    let covers = |row: &AccountRow| {
        let within = |area: &AreaId| row.areas.iter().any(|root| areas.contains(root, area));
        guard.viewer.areas.iter().all(within)
    };
    let mut rows = guard.state.accounts.list().await?;
    rows.retain(|row| {
        row.role == guard.viewer.role && !row.disabled && row.id != guard.viewer.account && covers(row)
    });
    Ok(rows)
}

/// What the queue of the viewer's areas is like now.
async fn summary(guard: &Guard) -> Result<ShiftSummary, ApiError> {
    let dispatch = &guard.state.dispatch;
    let now = guard.state.clock.wall();
    let areas = guard.areas_of(Action::IncidentList, guard.areas()).await?;
    let mut summary = ShiftSummary::default();
    for one in dispatch.standing(Some(areas.clone()), now).await? {
        summary.n_overdue += one.n_overdue;
        match summary.counts.iter_mut().find(|count| count.level == one.level && count.state == one.state) {
            Some(count) => count.n += one.n,
            None => summary.counts.push(ShiftCount { level: one.level, state: one.state, n: one.n }),
        }
    }
    summary.counts.sort_by_key(|count| (count.level.number(), count.state));
    let late = IncidentFilter {
        areas: Some(areas.clone()),
        which: Which::Open,
        overdue_at: Some(now),
        limit: MOST_ITEMS,
        ..IncidentFilter::default()
    };
    let reader = guard.asking(Action::IncidentList);
    let items = async |rows: Vec<IncidentRow>| -> Result<Vec<ShiftItem>, ApiError> {
        Ok(reader.seen_incidents(rows).await?.iter().map(ShiftItem::from).collect())
    };
    summary.claimed = items(claims(guard, guard.viewer.account).await?).await?;
    summary.overdue = items(dispatch.list(late).await?.incidents).await?;
    let (held, n_held) = dispatch.held(Some(areas), MOST_ITEMS).await?;
    (summary.held, summary.n_held) = (items(held).await?, n_held);
    summary.faults = faults(guard).await?;
    Ok(summary)
}

/// Faults that the viewer may know of: not what exactly is wrong, which is for technicians.
async fn faults(guard: &Guard) -> Result<Vec<ShiftFault>, ApiError> {
    let rows = guard.state.tickets.list(WhichTickets::Open).await?.tickets;
    let fault = |row: &crate::store::tickets::TicketRow| {
        let camera = match &row.key.camera {
            None => None,
            Some(id) => {
                let camera = guard.state.site.camera(id)?;
                if !guard.sees_camera(camera, Action::CameraHealth) {
                    return None;
                }
                Some(camera.name.clone())
            }
        };
        Some(ShiftFault {
            kind: row.key.kind.as_str().to_owned(),
            camera,
            level: row.fault.level,
            since_ms: row.first.0,
            acknowledged_by: row.acknowledged.as_ref().map(|hand| hand.by.clone()),
        })
    };
    Ok(rows.iter().filter_map(fault).collect())
}

/// Trimmed, and without control characters but line breaks.
fn text(written: &str) -> Result<String, ApiError> {
    let written = written.trim();
    if written.chars().count() <= MOST_TEXT_CHARS && !written.chars().any(|c| c.is_control() && c != '\n') {
        return Ok(written.to_owned());
    }
    Err(refused("bad_text", Some("note"), "at most 2,000 characters, none of them a control character"))
}

fn refused(code: &'static str, field: Option<&'static str>, message: &str) -> ApiError {
    ApiError::Unprocessable { code, message: message.to_owned(), field }
}

fn not_signed(error: HandoverRefused) -> ApiError {
    let code = match &error {
        HandoverRefused::NotFound(_) => return ApiError::NotFound,
        HandoverRefused::Db(_) => return ApiError::Internal(Box::new(error)),
        HandoverRefused::AlreadyOpen => "handover_open",
        HandoverRefused::Rule(HandoverError::NotOpen(_)) => "handover_over",
        HandoverRefused::Rule(HandoverError::SamePerson) => "same_person",
        HandoverRefused::Rule(HandoverError::NotForYou) => "not_for_you",
        HandoverRefused::Rule(HandoverError::NotTheLeaver) => "not_the_leaver",
    };
    refused(code, None, &error.to_string())
}

fn state(row: &HandoverRow, now: WallTime) -> dto::HandoverState {
    row.paper().state_at(now).into()
}

fn show(guard: &Guard, names: &HashMap<AccountId, String>, row: &HandoverRow) -> dto::Handover {
    let decision = row.decision.as_ref();
    let outcome = decision.and_then(|decision| decision.outcome.as_ref());
    dto::Handover {
        id: row.id.0,
        state: state(row, guard.state.clock.wall()),
        leaver: convert::person(row.leaver, names),
        meant_for: row.meant_for.map(|account| convert::person(account, names)),
        areas: row.areas.iter().map(|area| convert::area_name(&guard.state.site, area)).collect(),
        opened_ms: row.opened.0,
        note: row.note.clone(),
        summary: Some(show_summary(guard, names, &row.summary)),
        decided_ms: decision.map(|decision| decision.at.0),
        decided_by: decision.map(|decision| convert::person(decision.by, names)),
        signed: decision.map(|decision| decision.signed.into()),
        answer: decision.map(|decision| decision.answer.clone()).filter(|answer| !answer.is_empty()),
        moved: outcome.map(|outcome| outcome.moved.iter().map(|id| id.0).collect()),
        stayed: outcome.map(|outcome| outcome.stayed.iter().map(|id| id.0).collect()),
    }
}

fn show_summary(
    guard: &Guard,
    names: &HashMap<AccountId, String>,
    summary: &ShiftSummary,
) -> dto::ShiftSummary {
    let site = &guard.state.site;
    let item = |item: &ShiftItem| dto::ShiftItem {
        incident: item.incident.0,
        number: item.number.clone(),
        level: item.level.number(),
        state: item.state.into(),
        class: item.class.clone(),
        what: item.what.clone(),
        area_name: convert::area_name(site, &item.area),
        owner: item.owner.map(|owner| convert::person(owner, names)),
        units: item.units.iter().map(|unit| convert::unit_name(site, unit)).collect(),
        opened_ms: item.opened_ms,
        deadline_ms: item.deadline_ms,
        held_since_ms: item.held_since_ms,
    };
    dto::ShiftSummary {
        counts: summary.counts.iter().map(dto::ShiftCount::from).collect(),
        claimed: summary.claimed.iter().map(item).collect(),
        overdue: summary.overdue.iter().map(item).collect(),
        held: summary.held.iter().map(item).collect(),
        n_overdue: summary.n_overdue,
        n_held: summary.n_held,
        faults: summary.faults.iter().map(dto::ShiftFault::from).collect(),
    }
}

impl From<&ShiftCount> for dto::ShiftCount {
    fn from(count: &ShiftCount) -> Self {
        Self { level: count.level.number(), state: count.state.into(), n: count.n }
    }
}

impl From<&ShiftFault> for dto::ShiftFault {
    fn from(fault: &ShiftFault) -> Self {
        Self {
            kind: fault.kind.clone(),
            camera: fault.camera.clone(),
            level: fault.level.number(),
            since_ms: fault.since_ms,
            acknowledged_by: fault.acknowledged_by.clone(),
        }
    }
}
