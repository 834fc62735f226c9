//! Who has looked at an incident's clips, pictures and files, or made reports of it, for those who answer for it.

use axum::{Json, extract::Path};
use serde::Deserialize;
use sharpeyes_domain::access::Role;
use utoipa::IntoParams;

use super::{dto, error::ApiError, extract::Params, guard::Guard};
use crate::{api::incidents::names, store::audit::AuditRow};

/// In one answer.
const MOST_LISTED: u32 = 100;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LooksQuery {
    /// Only those with a smaller number.
    before: Option<i64>,
}

/// What the audit log says of an incident: who has looked at what of it, for what, and what was refused; 100 a page, the
/// newest first. Where from stays with the auditors.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/looks", params(("id" = i64, Path), LooksQuery), responses(
    (status = 200, body = Vec<dto::Look>), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn list(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<LooksQuery>,
) -> Result<Json<Vec<dto::Look>>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let rows = guard.state.accounts.audit().of_incident(row.id(), query.before, MOST_LISTED).await?;
    let names = names(&guard).await?;
    let shown = |row: &AuditRow| {
        let known = row.account.and_then(|id| names.get(&sharpeyes_domain::ids::AccountId(id)));
        dto::Look {
            seq: row.seq,
            at_ms: row.at.0,
            who: known.cloned().unwrap_or_else(|| row.name.clone()),
            role: row.role.as_deref().and_then(|role| role.parse::<Role>().ok()).map(Into::into),
            action: row.action.clone(),
            object: row.object.clone(),
            outcome: row.outcome.clone(),
            detail: row.detail.clone(),
        }
    };
    Ok(Json(rows.iter().map(shown).collect()))
}
