//! The centre's own tables, and the views that an account has saved.

use axum::{Json, extract::Path, http::StatusCode};
use sharpeyes_domain::{
    centre::{Allowance, Basis, Date, Duty, WorkCalendar},
    ids::UnitId,
};

use super::{dto, error::ApiError, extract::Body, guard::Guard};
use crate::store::dispatch::SavedView;

const MOST_NAME_CHARS: usize = 60;
const MOST_FILTER_BYTES: usize = 4_000;

/// Classes, units, working days, and who is on duty today.
#[utoipa::path(get, path = "/api/v1/centre", responses((status = 200, body = dto::Centre)))]
pub(super) async fn show(guard: Guard) -> Json<dto::Centre> {
    let centre = &guard.state.site.centre;
    let today = guard.state.desk.calendar().day(guard.state.clock.wall());
    let is_on = |duty: &&Duty| today.is_some_and(|(date, weekday)| duty.is_on(date, weekday));
    Json(dto::Centre {
        classes: centre.classes.iter().map(dto::Class::from).collect(),
        units: centre.units.iter().map(dto::Unit::from).collect(),
        calendar: (&centre.calendar).into(),
        flood: dto::Flood {
            incidents: guard.state.site.incident.flood_incidents,
            window_s: guard.state.site.incident.flood_window.as_secs(),
        },
        again_s: guard.state.site.incident.correlation.as_secs(),
        duty: centre.roster.iter().filter(is_on).map(dto::DutyToday::from).collect(),
    })
}

/// The viewer's saved views, by name.
#[utoipa::path(get, path = "/api/v1/views", responses((status = 200, body = Vec<dto::SavedView>)))]
pub(super) async fn views(guard: Guard) -> Result<Json<Vec<dto::SavedView>>, ApiError> {
    let views = guard.state.dispatch.views(guard.viewer.account).await?;
    Ok(Json(views.iter().map(dto::SavedView::from).collect()))
}

/// Saves a view.
#[utoipa::path(post, path = "/api/v1/views", request_body = dto::ViewToSave, responses(
    (status = 200, body = dto::SavedView), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn save_view(
    guard: Guard,
    Body(view): Body<dto::ViewToSave>,
) -> Result<Json<dto::SavedView>, ApiError> {
    let name = view.name.trim().to_owned();
    let filter = view.filter.to_string();
    let is_named = (1..=MOST_NAME_CHARS).contains(&name.chars().count());
    let refused = |message: &str, field| ApiError::Unprocessable {
        code: "bad_view",
        message: message.to_owned(),
        field: Some(field),
    };
    if !is_named {
        return Err(refused("a view has a name of 1 to 60 characters", "name"));
    }
    if !view.filter.is_object() || filter.len() > MOST_FILTER_BYTES {
        return Err(refused("a filter is an object of at most 4,000 bytes", "filter"));
    }
    let kept = guard.state.dispatch.save_view(guard.viewer.account, name, filter).await?;
    let kept = kept.ok_or_else(|| refused("an account has at most 50 views", "name"))?;
    Ok(Json((&kept).into()))
}

/// Forgets a view.
#[utoipa::path(delete, path = "/api/v1/views/{id}", params(("id" = i64, Path)), responses(
    (status = 204), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn forget_view(guard: Guard, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let is_gone = guard.state.dispatch.forget_view(guard.viewer.account, id).await?;
    if is_gone { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound) }
}

impl From<&SavedView> for dto::SavedView {
    fn from(view: &SavedView) -> Self {
        let filter = serde_json::from_str(&view.filter).unwrap_or_default();
        Self { id: view.id, name: view.name.clone(), filter }
    }
}

impl From<&sharpeyes_domain::centre::Class> for dto::Class {
    fn from(class: &sharpeyes_domain::centre::Class) -> Self {
        let deadlines = class.plan.deadlines.iter().map(|one| dto::Deadline {
            level: one.level.number(),
            clock: one.clock.as_str().to_owned(),
            seconds: one.allowance.seconds,
            working: is_working(one.allowance),
        });
        let escalation = class.plan.escalation.iter();
        Self {
            id: class.id.to_string(),
            name: class.name.clone(),
            name_en: class.name_en.clone(),
            level: class.level.number(),
            lead: class.lead.as_ref().map(ToString::to_string),
            assist: class.assist.iter().map(UnitId::to_string).collect(),
            places: class.places.iter().map(ToString::to_string).collect(),
            grid_workers: class.is_for_grid,
            external: class.external.iter().cloned().collect(),
            deadlines: deadlines.collect(),
            escalation: escalation
                .map(|step| dto::Escalation { after_s: step.after.seconds, to: step.to.clone() })
                .collect(),
        }
    }
}

fn is_working(allowance: Allowance) -> bool {
    allowance.basis == Basis::Working
}

impl From<&sharpeyes_domain::centre::Unit> for dto::Unit {
    fn from(unit: &sharpeyes_domain::centre::Unit) -> Self {
        Self {
            id: unit.id.to_string(),
            name: unit.name.clone(),
            kind: unit.kind.to_string(),
            areas: unit.areas.iter().map(ToString::to_string).collect(),
            phone: unit.phone.clone(),
        }
    }
}

impl From<&WorkCalendar> for dto::Calendar {
    fn from(calendar: &WorkCalendar) -> Self {
        let date = |date: &Date| format!("{:04}-{:02}-{:02}", date.year, date.month, date.day);
        let minute = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let hours = calendar.hours.iter().map(|(from, to)| format!("{}-{}", minute(*from), minute(*to)));
        Self {
            hours: hours.collect(),
            days: calendar.days.iter().map(ToString::to_string).collect(),
            closed: calendar.closed.iter().map(date).collect(),
            open: calendar.open.iter().map(date).collect(),
        }
    }
}

impl From<&Duty> for dto::DutyToday {
    fn from(duty: &Duty) -> Self {
        Self {
            unit: duty.unit.to_string(),
            mode: duty.mode.to_string(),
            people: duty.people.clone(),
            phone: duty.phone.clone(),
        }
    }
}
