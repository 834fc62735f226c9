//! Accounts, for administrators.

use axum::{Json, extract::Path, http::StatusCode};
use sharpeyes_domain::ids::{AccountId, AreaId, UnitId};

use super::{dto, error::ApiError, extract::Body, guard::Guard};
use crate::access::accounts::{AccountChange, Author, NewAccount};

/// All accounts, by name.
#[utoipa::path(get, path = "/api/v1/accounts", responses((status = 200, body = Vec<dto::Account>)))]
pub(super) async fn list(guard: Guard) -> Result<Json<Vec<dto::Account>>, ApiError> {
    let rows = guard.state.accounts.list().await?;
    Ok(Json(rows.iter().map(dto::Account::from).collect()))
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/accounts", request_body = dto::NewAccount, responses(
    (status = 201, body = dto::Account), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn create(
    guard: Guard,
    Body(request): Body<dto::NewAccount>,
) -> Result<(StatusCode, Json<dto::Account>), ApiError> {
    let new = NewAccount {
        name: request.name,
        display_name: request.display_name.unwrap_or_default(),
        role: request.role.into(),
        areas: areas(&request.areas)?,
        unit: request.unit.as_deref().map(|unit| self::unit(&guard, unit)).transpose()?,
        language: request.language.unwrap_or(dto::Language::Chinese).into(),
        password: request.password,
    };
    let author = Author::Viewer { viewer: &guard.viewer, source: &guard.source };
    let row = guard.state.accounts.create(new, author).await?;
    Ok((StatusCode::CREATED, Json(dto::Account::from(&row))))
}

/// Changes an account.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", params(("id" = i64, Path)),
    request_body = dto::AccountChange, responses(
    (status = 200, body = dto::Account), (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn change(
    guard: Guard,
    Path(id): Path<String>,
    Body(request): Body<dto::AccountChange>,
) -> Result<Json<dto::Account>, ApiError> {
    let id = id.parse().map(AccountId).map_err(|_| ApiError::NotFound)?;
    let change = AccountChange {
        display_name: request.display_name,
        role: request.role.map(Into::into),
        areas: request.areas.as_deref().map(areas).transpose()?,
        unit: request.unit.as_deref().map(|unit| self::unit(&guard, unit)).transpose()?,
        language: request.language.map(Into::into),
        disabled: request.disabled,
        password: request.password,
    };
    let author = Author::Viewer { viewer: &guard.viewer, source: &guard.source };
    let row = guard.state.accounts.change(id, change, author).await?;
    Ok(Json(dto::Account::from(&row)))
}

fn areas(texts: &[String]) -> Result<Vec<AreaId>, ApiError> {
    texts
        .iter()
        .map(|text| {
            AreaId::new(text).map_err(|error| ApiError::Unprocessable {
                code: "unknown_area",
                message: error.to_string(),
                field: Some("areas"),
            })
        })
        .collect()
}

/// A unit of this site.
fn unit(guard: &Guard, text: &str) -> Result<UnitId, ApiError> {
    let known = UnitId::new(text).ok().filter(|unit| guard.state.site.centre.unit(unit).is_some());
    known.ok_or_else(|| ApiError::Unprocessable {
        code: "unknown_unit",
        message: format!("the site has no unit `{}`", text.chars().take(80).collect::<String>()),
        field: Some("unit"),
    })
}
