//! The audit log, for auditors.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{dto, error::ApiError, extract::Params, guard::Guard};

const USUAL_LIMIT: u32 = 100;
const MOST: u32 = 1_000;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Only rows with a smaller number.
    before: Option<i64>,
    /// At most so many: 100 if not given, 1000 at most.
    limit: Option<u32>,
}

/// The log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", params(PageQuery), responses((status = 200, body = dto::AuditList)))]
pub(super) async fn page(
    guard: Guard,
    Params(query): Params<PageQuery>,
) -> Result<Json<dto::AuditList>, ApiError> {
    let limit = query.limit.unwrap_or(USUAL_LIMIT).min(MOST);
    let rows = guard.state.accounts.audit().page(query.before, limit).await?;
    Ok(Json(dto::AuditList { rows: rows.iter().map(dto::AuditRow::from).collect() }))
}

/// Walks the whole chain.
#[utoipa::path(get, path = "/api/v1/audit/verify", responses((status = 200, body = dto::AuditVerdict)))]
pub(super) async fn verify(guard: Guard) -> Result<Json<dto::AuditVerdict>, ApiError> {
    let verdict = guard.state.accounts.audit().verify().await?;
    Ok(Json(dto::AuditVerdict {
        intact: verdict.first_bad.is_none(),
        rows: verdict.good,
        first_bad: verdict.first_bad,
        head: hex::encode(verdict.head),
    }))
}
