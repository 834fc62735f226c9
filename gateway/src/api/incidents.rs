//! The dispatch queue: lists, one incident, what is done to it, its boxes and its still picture.

use std::{collections::HashMap, str::FromStr};

use axum::{
    Json,
    extract::Path,
    http::{HeaderName, header},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sharpeyes_domain::{
    access::{Action, Role},
    ids::{AccountId, AlarmId, AreaId, IncidentId, UnitId},
    incident::{ActionKind, Actor, IncidentAction, TransitionError, UrgeLevel},
    level::Level,
    time::WallTime,
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
    store::dispatch::{IncidentFilter, IncidentRow, QueueCounts},
};

const USUAL_LIMIT: u32 = 200;
const MOST: u32 = 1_000;

/// Which incidents. Lists are words separated by commas; what is not given excludes nothing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `open` (usual), `closed`, `all` or `revisit`.
    #[serde(default)]
    state: dto::IncidentScope,
    /// At most so many: 200 if not given, 1000 at most.
    limit: Option<u32>,
    /// Only those with a smaller id: the next page of what is listed newest first.
    before: Option<i64>,
    /// `next_cursor` of the page before, of the same question.
    cursor: Option<String>,
    /// Levels, 1 red to 4 blue.
    level: Option<String>,
    /// States, as incidents have them, e.g. `dispatched,signed,handling`.
    stage: Option<String>,
    /// Classes.
    class: Option<String>,
    /// Sources.
    source: Option<String>,
    /// In this area and what lies in it.
    area: Option<String>,
    /// That this unit has a part in.
    unit: Option<String>,
    /// `true`: those that this viewer answers for.
    #[serde(default)]
    mine: bool,
    /// `true`: those whose deadline has passed.
    #[serde(default)]
    overdue: bool,
    /// With these words in number, title, place or notes; newest first.
    q: Option<String>,
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
    let filter = filter(&guard, query)?;
    let Some(filter) = filter else {
        let as_of_seq = guard.state.dispatch.latest_seq().await?.0;
        return Ok(Json(dto::IncidentList { as_of_seq, incidents: Vec::new(), next_cursor: None }));
    };
    let list = guard.state.dispatch.list(filter).await?;
    let names = names(&guard).await?;
    let seen = guard.seen_incidents(list.incidents).await?;
    let incidents = seen.iter().map(|row| summary(&guard, &names, row)).collect();
    let next_cursor = list.next.map(|cursor| cursor.to_string());
    Ok(Json(dto::IncidentList { as_of_seq: list.as_of.0, incidents, next_cursor }))
}

/// How many open incidents there are: of a list one only sees a page. With `q`, of the newest 20,000 that it finds.
#[utoipa::path(get, path = "/api/v1/incidents/count", params(ListQuery), responses((status = 200, body = dto::QueueCounts)))]
pub(super) async fn count(
    guard: Guard,
    Params(query): Params<ListQuery>,
) -> Result<Json<dto::QueueCounts>, ApiError> {
    let now = guard.state.clock.wall();
    let counts = match filter(&guard, query)? {
        Some(mut filter) => {
            // What lies in an area of no site is in no list, and so in no count. People of units see what theirs was
            // told of.
            if guard.viewer.role != Role::Unit {
                filter.areas = filter.areas.or_else(|| Some(guard.areas()));
            }
            guard.state.dispatch.count(filter, now).await?
        }
        None => QueueCounts::default(),
    };
    let QueueCounts { all, new, red, late } = counts;
    Ok(Json(dto::QueueCounts { all, new, red, late }))
}

/// How many incidents wait for a revisit, and for what follows one; 1,000 stands for so many or more.
#[utoipa::path(get, path = "/api/v1/revisits", responses((status = 200, body = dto::RevisitCounts)))]
pub(super) async fn revisits(guard: Guard) -> Result<Json<dto::RevisitCounts>, ApiError> {
    let counts = guard.state.dispatch.revisits(Some(guard.areas()), guard.state.clock.wall()).await?;
    Ok(Json(dto::RevisitCounts {
        waiting: counts.waiting,
        overdue: counts.n_overdue,
        discontent: counts.discontent,
    }))
}

/// `None`: nothing can be in the list.
fn filter(guard: &Guard, query: ListQuery) -> Result<Option<IncidentFilter>, ApiError> {
    let reach = guard.reach();
    if guard.viewer.role == Role::Unit && reach.unit.is_none() {
        return Ok(None);
    }
    let own_unit = query.unit.as_deref().map(|unit| word("unit", unit)).transpose()?;
    // People of units have one; another one they do not see.
    if reach.unit.is_some() && own_unit.is_some() && own_unit != reach.unit {
        return Ok(None);
    }
    let areas = match query.area.as_deref() {
        None => reach.areas,
        Some(area) => {
            let subtree = guard.state.site.area_subtree(&word("area", area)?).into_iter();
            let within = |area: &AreaId| reach.areas.as_ref().is_none_or(|areas| areas.contains(area));
            Some(subtree.filter(within).collect())
        }
    };
    let level = |text: &str| {
        let found = text.parse().ok().and_then(Level::from_number);
        found.ok_or_else(|| bad("level"))
    };
    Ok(Some(IncidentFilter {
        areas,
        which: query.state.into(),
        limit: query.limit.unwrap_or(USUAL_LIMIT).clamp(1, MOST),
        before: query.before.map(IncidentId),
        after: query.cursor.as_deref().map(|cursor| word("cursor", cursor)).transpose()?,
        levels: split(query.level.as_deref()).map(level).collect::<Result<_, _>>()?,
        states: words("stage", query.stage.as_deref())?,
        classes: words("class", query.class.as_deref())?,
        sources: words("source", query.source.as_deref())?,
        unit: own_unit.or(reach.unit),
        owner: query.mine.then_some(guard.viewer.account),
        overdue_at: query.overdue.then(|| guard.state.clock.wall()),
        text: query.q.filter(|text| !text.trim().is_empty()),
    }))
}

fn split(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.into_iter().flat_map(|list| list.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

pub(super) fn words<T: FromStr>(field: &'static str, list: Option<&str>) -> Result<Vec<T>, ApiError> {
    split(list).map(|text| word(field, text)).collect()
}

/// A word out of a closed set, or an identifier.
pub(super) fn word<T: FromStr>(field: &'static str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| bad(field))
}

pub(super) fn bad(field: &'static str) -> ApiError {
    let message = format!("`{field}` is not a word that stands there");
    ApiError::Unprocessable { code: "bad_word", message, field: Some(field) }
}

/// One incident with the first and the newest 100 of its alarms and history rows, and the newest 100 of what people did:
/// `alarms` and `version` say how many there are, and the lists below it have them all.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = dto::IncidentDetail), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn one(guard: Guard, Path(id): Path<String>) -> Result<Json<dto::IncidentDetail>, ApiError> {
    let (detail, _) = guard.incident_head(&id).await?;
    let names = names(&guard).await?;
    let report = detail.row.report.as_ref();
    Ok(Json(dto::IncidentDetail {
        incident: summary(&guard, &names, &detail.row),
        reporter: report.and_then(|report| report.reporter.clone()),
        reporter_phone: report.and_then(|report| report.phone.clone()),
        alarm_list: detail.alarms.iter().map(dto::Alarm::from).collect(),
        history: detail.history.iter().map(|row| convert::history(row, &names)).collect(),
        attachments: detail.attachments.iter().map(|row| convert::attachment(row, &names)).collect(),
        clocks: detail.clocks.iter().map(dto::ClockRow::from).collect(),
        proposal: (&guard.state.desk.proposal(&detail.row)).into(),
        choices: choices(&guard, &detail.row),
    }))
}

/// Which part of a long list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PartQuery {
    /// Only those before this one: `next_before` of the page before. The newest if not given.
    before: Option<i64>,
    /// At most so many: 100 if not given, 500 at most.
    limit: Option<u32>,
}

impl PartQuery {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(100).clamp(1, 500)
    }

    /// Where the next page begins, after one that ends with `last`.
    fn next(&self, n: usize, last: Option<i64>) -> Option<i64> {
        last.filter(|_| u32::try_from(n).is_ok_and(|n| n == self.limit()))
    }
}

/// Alarms of an incident, the newest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/alarms", params(("id" = i64, Path), PartQuery), responses(
    (status = 200, body = dto::AlarmPage), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn alarms(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<PartQuery>,
) -> Result<Json<dto::AlarmPage>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let before = query.before.map(AlarmId);
    let rows = guard.state.dispatch.alarms_before(row.id(), before, query.limit()).await?;
    let next_before = query.next(rows.len(), rows.last().map(|row| row.id.0));
    Ok(Json(dto::AlarmPage { alarms: rows.iter().map(dto::Alarm::from).collect(), next_before }))
}

/// The history of an incident, the newest first; `before` is a version.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/history", params(("id" = i64, Path), PartQuery), responses(
    (status = 200, body = dto::HistoryPage), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn history(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<PartQuery>,
) -> Result<Json<dto::HistoryPage>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let names = names(&guard).await?;
    let rows = guard.state.dispatch.history_before(row.id(), query.before, query.limit()).await?;
    let next_before = query.next(rows.len(), rows.last().map(|row| row.version));
    let history = rows.iter().map(|row| convert::history(row, &names)).collect();
    Ok(Json(dto::HistoryPage { history, next_before }))
}

/// Verbs that are not refused whatever their details.
fn choices(guard: &Guard, row: &IncidentRow) -> Vec<String> {
    let object = of_incident(row);
    let may_act = guard.may(Action::IncidentAct, &object);
    let may_work = guard.may(Action::IncidentWork, &object);
    let (actor, now) = (Actor::Person(guard.viewer.account), guard.state.clock.wall());
    let offered = row.status.choices(actor, now).into_iter();
    let is_own = |kind: &ActionKind| match kind {
        // It has its own address, and nobody sees it as a verb.
        ActionKind::Attach | ActionKind::Append | ActionKind::Acknowledge => false,
        // These come with merging.
        ActionKind::TakeUnits | ActionKind::GiveUnits => false,
        kind if kind.is_of_unit() => may_work,
        _ => may_act,
    };
    offered.filter(is_own).map(|kind| kind.as_str().to_owned()).collect()
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
    let asked = asked(&id, &command);
    if let Some(first) = repeated(&guard, &command.idempotency_key, &asked).await? {
        return Ok(first);
    }
    let (row, _) = guard.incident(&id).await?;
    let action = action(&guard, &command, &row).await?;
    let request = ActRequest {
        incident: row.id(),
        expected_version: command.expected_version,
        action,
        by: guard.viewer.account,
        idempotency_key: command.idempotency_key,
        asked: Some(asked),
        note: command.note,
    };
    answer(&guard, guard.state.desk.act(request).await).await
}

/// What the escalation chain has told this viewer, and they have not acknowledged; the newest first.
#[utoipa::path(get, path = "/api/v1/escalations", responses((status = 200, body = Vec<dto::Escalated>)))]
pub(super) async fn escalations(guard: Guard) -> Result<Json<Vec<dto::Escalated>>, ApiError> {
    let rows = guard.state.dispatch.escalated_to(guard.viewer.account).await?;
    let names = names(&guard).await?;
    let seen = rows.iter().filter(|row| guard.sees_incident(&row.incident));
    let shown = seen.map(|row| dto::Escalated {
        incident: summary(&guard, &names, &row.incident),
        step: row.step,
        told_ms: row.told.0,
    });
    Ok(Json(shown.collect()))
}

/// Says that this viewer has seen what was escalated to them. Of what was not, nothing is changed.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/acknowledgement", params(("id" = i64, Path)), responses(
    (status = 200, body = dto::Incident), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn acknowledge(
    guard: Guard,
    Path(id): Path<String>,
) -> Result<Json<dto::Incident>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let done = guard.state.desk.acknowledge(row.id(), guard.viewer.account).await;
    answer(&guard, done).await
}

/// Does a unit's part in an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/work", params(("id" = i64, Path)),
    request_body = dto::WorkCommand, responses(
    (status = 200, body = dto::Incident),
    (status = 409, body = dto::ErrorBody, description = "someone was faster; `current` says who"),
    (status = 422, body = dto::ErrorBody, description = "not from this state, or not by this viewer"),
))]
pub(super) async fn work(
    guard: Guard,
    Path(id): Path<String>,
    Body(command): Body<dto::WorkCommand>,
) -> Result<Json<dto::Incident>, ApiError> {
    let asked = asked(&id, &command);
    if let Some(first) = repeated(&guard, &command.idempotency_key, &asked).await? {
        return Ok(first);
    }
    let (row, _) = guard.incident(&id).await?;
    let unit = own_unit(&guard, command.unit.as_deref())?.ok_or_else(|| needed("unit"))?;
    let action = match command.action {
        dto::WorkVerb::SignIn => IncidentAction::SignIn { unit },
        dto::WorkVerb::Return => IncidentAction::Return { unit },
        dto::WorkVerb::Arrive => IncidentAction::Arrive { unit },
        dto::WorkVerb::Feedback => IncidentAction::Feedback { unit },
        dto::WorkVerb::Finish => IncidentAction::Finish { unit, why_no_file: command.why_no_file },
        dto::WorkVerb::AskHold => IncidentAction::AskHold { unit },
        dto::WorkVerb::AskExtension => IncidentAction::AskExtension {
            unit,
            due: command.due_ms.map(WallTime).ok_or_else(|| needed("due_ms"))?,
        },
    };
    let request = ActRequest {
        incident: row.id(),
        expected_version: command.expected_version,
        action,
        by: guard.viewer.account,
        idempotency_key: command.idempotency_key,
        asked: Some(asked),
        note: command.note,
    };
    answer(&guard, guard.state.desk.act(request).await).await
}

/// The unit that a viewer acts for: people of units for their own only.
pub(super) fn own_unit(guard: &Guard, named: Option<&str>) -> Result<Option<UnitId>, ApiError> {
    let named: Option<UnitId> = named.map(|unit| word("unit", unit)).transpose()?;
    if guard.viewer.role != Role::Unit {
        return Ok(named);
    }
    let own = guard.viewer.unit.clone();
    if named.is_some() && named != own {
        let message = "people of a unit act for their own unit".to_owned();
        return Err(ApiError::Unprocessable { code: "not_your_unit", message, field: Some("unit") });
    }
    Ok(own)
}

/// A command in one line, by which its repeat is known.
fn asked(id: &str, command: &impl Serialize) -> String {
    json!({ "incident": id, "command": command }).to_string()
}

/// The answer to a command that was done already, and whose answer was lost. It is given before anything else is looked
/// at: what was possible, and what this viewer saw, may have ended with it.
async fn repeated(guard: &Guard, key: &str, asked: &str) -> Result<Option<Json<dto::Incident>>, ApiError> {
    let Some(row) = guard.state.desk.answered(guard.viewer.account, key.to_owned(), asked).await? else {
        return Ok(None);
    };
    Ok(Some(Json(summary(guard, &names(guard).await?, &row))))
}

/// What a command came to.
async fn answer(guard: &Guard, done: Result<IncidentRow, ActError>) -> Result<Json<dto::Incident>, ApiError> {
    let names = names(guard).await?;
    match done {
        Ok(row) => Ok(Json(summary(guard, &names, &row))),
        Err(error) => Err(not_done(guard, &names, error)),
    }
}

/// Why a command was not done, on the wire.
pub(super) fn not_done(guard: &Guard, names: &HashMap<AccountId, String>, error: ActError) -> ApiError {
    match error {
        ActError::NotFound(_) => ApiError::NotFound,
        ActError::Conflict { current, .. } => {
            ApiError::Conflict { current: Box::new(summary(guard, names, &current)) }
        }
        ActError::Db(error) => error.into(),
        error @ ActError::Illegal { .. } => refused("illegal", &error, None),
        error @ ActError::CannotAbsorb(_) => refused("cannot_absorb", &error, Some("into")),
        error @ ActError::UnitsAtWork { .. } => refused("units_at_work", &error, Some("into")),
        error @ ActError::FileNeeded => refused("file_needed", &error, Some("why_no_file")),
        error @ ActError::KeyOpen { .. } => refused("key_open", &error, None),
        error @ ActError::KeyReused => refused("key_reused", &error, Some("idempotency_key")),
        error @ ActError::TooLong => refused("too_long", &error, Some("idempotency_key")),
        error @ ActError::NoteNeeded(_) => refused("note_needed", &error, Some("note")),
        error @ ActError::Unknown { .. } => refused("unknown", &error, None),
        error @ ActError::BadFile(_) => refused("bad_file", &error, None),
    }
}

fn refused(code: &'static str, error: &ActError, field: Option<&'static str>) -> ApiError {
    // A red one that was settled on the spot, or verified by whoever finished it: the console says which.
    let code = match error {
        ActError::Illegal { reason: TransitionError::NotATrifle, .. } => "not_a_trifle",
        ActError::Illegal { reason: TransitionError::SamePerson, .. } => "same_person",
        ActError::Illegal { reason: TransitionError::NoLead, .. } => "no_lead",
        _ => code,
    };
    ApiError::Unprocessable { code, message: error.to_string(), field }
}

fn needed(field: &'static str) -> ApiError {
    let code = if field.ends_with("reason") { "reason_needed" } else { "field_needed" };
    let message =
        if field.ends_with("reason") { "this action needs a reason" } else { "this action needs a field" };
    ApiError::Unprocessable { code, message: message.to_owned(), field: Some(field) }
}

async fn action(
    guard: &Guard,
    command: &dto::IncidentCommand,
    row: &IncidentRow,
) -> Result<IncidentAction, ApiError> {
    use dto::IncidentVerb as Verb;
    let unit = |unit: &String| word::<UnitId>("unit", unit);
    let lead = || command.lead.as_ref().map(|lead| word("lead", lead)).transpose();
    let assist = || command.assist.iter().map(unit).collect::<Result<Vec<_>, _>>();
    let due = command.due_ms.map(WallTime);
    let level = || match command.level {
        Some(number) => Level::from_number(number.into()).ok_or_else(|| bad("level")).map(Some),
        None => Ok(None),
    };
    Ok(match command.action {
        Verb::Claim => IncidentAction::Claim,
        Verb::Release => IncidentAction::Release,
        Verb::HandOver => {
            let to = AccountId(command.to.ok_or_else(|| needed("to"))?);
            let known = guard.state.accounts.list().await?;
            let areas = &guard.state.site.areas;
            let can_answer = known.iter().any(|account| {
                account.id == to && account.role == Role::Operator && account.is_of(&row.area, areas)
            });
            if !can_answer {
                let message = "only an operator of its area can answer for an incident".to_owned();
                return Err(ApiError::Unprocessable { code: "unknown", message, field: Some("to") });
            }
            IncidentAction::HandOver { to }
        }
        Verb::TakeOver => {
            let from = row.status.claim.map(|claim| claim.owner);
            let nobody = || {
                let message = "nobody has this incident: claim it".to_owned();
                ApiError::Unprocessable { code: "illegal", message, field: None }
            };
            IncidentAction::TakeOver { from: from.ok_or_else(nobody)? }
        }
        Verb::Assess => IncidentAction::Assess {
            level: level()?.unwrap_or(row.status.level),
            class: command.class.as_deref().map(|class| word("class", class)).transpose()?,
            area: command.area.as_deref().map(|area| word("area", area)).transpose()?,
            lead: lead()?,
            assist: assist()?,
        },
        Verb::Dispatch => IncidentAction::Dispatch { lead: lead()?, assist: assist()?, due },
        Verb::Withdraw => {
            IncidentAction::Withdraw { unit: unit(command.unit.as_ref().ok_or_else(|| needed("unit"))?)? }
        }
        Verb::Verify => IncidentAction::Verify,
        Verb::Rework => IncidentAction::Rework { due },
        Verb::Close => {
            IncidentAction::Close { reason: command.reason.ok_or_else(|| needed("reason"))?.into() }
        }
        Verb::Archive => IncidentAction::Archive,
        Verb::Revisit => IncidentAction::Revisit {
            result: command.result.ok_or_else(|| needed("result"))?.into(),
            satisfaction: command.satisfaction.map(Into::into),
        },
        Verb::Reject => IncidentAction::Reject {
            reason: command.reject_reason.ok_or_else(|| needed("reject_reason"))?.into(),
        },
        Verb::Merge => {
            // What the viewer does not see cannot be named either.
            let into = command.into.ok_or_else(|| needed("into"))?;
            let (target, _) = guard.incident(&into.to_string()).await?;
            IncidentAction::Merge { into: target.id() }
        }
        Verb::Unmerge => {
            // It takes units away there.
            if let Some(merging) = row.status.merging {
                let _ = guard.incident(&merging.into.to_string()).await?;
            }
            IncidentAction::Unmerge
        }
        Verb::Shelve => {
            IncidentAction::Shelve { until: WallTime(command.until_ms.ok_or_else(|| needed("until_ms"))?) }
        }
        Verb::Unshelve => IncidentAction::Unshelve,
        Verb::Reopen => IncidentAction::Reopen {
            reason: command.reopen_reason.ok_or_else(|| needed("reopen_reason"))?.into(),
        },
        Verb::Urge => {
            let number = command.urge.ok_or_else(|| needed("urge"))?;
            let level = UrgeLevel::ALL.iter().copied().find(|level| level.number() == number);
            IncidentAction::Urge { level: level.ok_or_else(|| bad("urge"))? }
        }
        Verb::Extend => IncidentAction::Extend {
            due: due.or(row.status.overlays.asked_due).ok_or_else(|| needed("due_ms"))?,
        },
        Verb::RefuseExtension => IncidentAction::RefuseExtension,
        Verb::RefuseHold => IncidentAction::RefuseHold,
        Verb::Hold => IncidentAction::Hold,
        Verb::Unhold => IncidentAction::Unhold,
        Verb::Raise => IncidentAction::Raise { level: level()?.ok_or_else(|| needed("level"))?, due: None },
        Verb::Note => IncidentAction::Note,
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
    let (row, _) = guard.incident(&id).await?;
    let window = clips::window(&guard.state, &row, query.alarm.map(AlarmId)).await?;
    let Some(camera) = &row.camera else { return Ok(Json(Vec::new())) };
    let frames = guard.state.dispatch.trace(camera.id.clone(), window.from, window.until).await?;
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
    convert::incident(row, &guard.state.site, &guard.state.desk, names)
}
