//! Files of incidents, and supervision sheets.

use std::collections::HashMap;

use axum::{
    Json,
    body::Bytes,
    extract::Path,
    http::{HeaderName, HeaderValue, header},
};
use serde::Deserialize;
use sharpeyes_domain::{
    ids::{AccountId, AttachmentId},
    incident::{Actor, IncidentAction},
};
use utoipa::IntoParams;

use super::{
    convert, dto,
    error::ApiError,
    extract::Params,
    guard::{Guard, of_incident},
    incidents::{names, not_done, own_unit, summary},
};
use crate::{
    access::gate::Purpose,
    desk::AttachRequest,
    store::dispatch::{IncidentDetail, MediaType, Sheet},
};

/// What a file is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FileQuery {
    /// As it is called.
    name: String,
    /// The unit that adds it; people of units add for their own.
    unit: Option<String>,
}

/// Adds a file: its bytes are the body. JPEG, PNG, PDF or plain text, at most 5 MiB.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/attachments", params(("id" = i64, Path), FileQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, body = dto::Attached), (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn attach(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<FileQuery>,
    body: Bytes,
) -> Result<Json<dto::Attached>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let request = AttachRequest {
        incident: row.id(),
        unit: own_unit(&guard, query.unit.as_deref())?,
        by: guard.viewer.account,
        name: query.name,
        body: body.into(),
    };
    let done = guard.state.desk.attach(request).await;
    let names = names(&guard).await?;
    match done {
        Ok((row, attachment)) => {
            Ok(Json(dto::Attached { attachment: attachment.0, incident: summary(&guard, &names, &row) }))
        }
        Err(error) => Err(not_done(&guard, &names, error)),
    }
}

/// The bytes of a file. Every look is in the audit log before its first byte.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/attachments/{file}",
    params(("id" = i64, Path), ("file" = i64, Path)), responses(
    (status = 200, content_type = "application/octet-stream"), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn fetch(
    guard: Guard,
    Path((id, file)): Path<(String, String)>,
) -> Result<([(HeaderName, HeaderValue); 2], Vec<u8>), ApiError> {
    let (row, allowed) = guard.incident(&id).await?;
    let file = file.parse().map(AttachmentId).map_err(|_| ApiError::NotFound)?;
    let (found, body) = guard.state.dispatch.attachment(row.id(), file).await?.ok_or(ApiError::NotFound)?;
    let detail = format!("attachment {file}");
    guard.looked(&allowed, &of_incident(&row), Purpose::Incident(row.id()), detail).await?;
    // Pictures may be shown in the page; what a browser might run as a document is only saved.
    let disposition = match found.media_type {
        MediaType::Jpeg | MediaType::Png => "inline",
        MediaType::Pdf | MediaType::Text => "attachment",
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(found.media_type.as_str())),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
    ];
    Ok((headers, body))
}

/// The supervision sheets of an incident, first one first, with all that is printed on them as it was when each was
/// issued.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/supervision", params(("id" = i64, Path)), responses(
    (status = 200, body = Vec<dto::SupervisionSheet>), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn sheets(
    guard: Guard,
    Path(id): Path<String>,
) -> Result<Json<Vec<dto::SupervisionSheet>>, ApiError> {
    let (detail, _) = guard.incident_detail(&id).await?;
    let names = names(&guard).await?;
    let mut printed = Vec::with_capacity(detail.sheets.len());
    for sheet in &detail.sheets {
        printed.extend(print(&guard, &detail, sheet, &names)?);
    }
    Ok(Json(printed))
}

/// As it was issued, and not at all if that is not what is kept any more. Of an older release's, which kept its number
/// only, as the incident is now.
fn print(
    guard: &Guard,
    detail: &IncidentDetail,
    sheet: &Sheet,
    names: &HashMap<AccountId, String>,
) -> Result<Option<dto::SupervisionSheet>, ApiError> {
    match &sheet.issued {
        Some(Ok(issued)) => return Ok(Some(convert::sheet(sheet, issued))),
        Some(Err(altered)) => return Err(ApiError::Internal(Box::new(altered.clone()))),
        None => {}
    }
    let (row, site) = (&detail.row, &guard.state.site);
    let Some(made) = detail.history.iter().find(|row| row.version == sheet.version) else {
        return Ok(None);
    };
    let is_urge = |action: &Option<IncidentAction>| matches!(action, Some(IncidentAction::Urge { .. }));
    let before = detail.history.iter().filter(|row| row.version < sheet.version && is_urge(&row.action));
    let class = site.centre.class(&row.class);
    let edition = detail.sheets.iter().filter(|other| other.version <= sheet.version).count();
    let mut area_path: Vec<String> = site.areas.lineage(&row.area).map(|area| area.name.clone()).collect();
    area_path.reverse();
    let report = row.report.as_ref();
    Ok(Some(dto::SupervisionSheet {
        number: sheet.number(),
        edition: u32::try_from(edition).unwrap_or(u32::MAX),
        sha256: None,
        site: site.name.clone(),
        at_ms: made.at.0,
        by: match made.actor {
            Actor::Person(account) => Some(convert::person(account, names)),
            Actor::Machine => None,
        },
        demand: made.note.clone(),
        units: row
            .status
            .active()
            .map(|one| dto::SheetUnit {
                unit: one.unit.to_string(),
                unit_name: convert::unit_name(site, &one.unit),
                lead: one.is_lead,
            })
            .collect(),
        due_ms: row.status.due.map(|due| due.0),
        urged_before: u32::try_from(before.count()).unwrap_or(u32::MAX),
        incident: row.id().0,
        incident_number: row.number.clone(),
        level: row.status.level.number(),
        state: row.status.state.into(),
        class: row.class.to_string(),
        class_name: class.map_or_else(|| row.class.to_string(), |class| class.name.clone()),
        class_name_en: class.map_or_else(String::new, |class| class.name_en.clone()),
        area_path,
        camera_name: row.camera.as_ref().map(|camera| camera.name.clone()),
        location: report.and_then(|report| report.location.clone()),
        title: report.map(|report| report.title.clone()),
        evidence: row.evidence.as_ref().map(Into::into),
        opened_ms: row.began.0,
        still_sha256: None,
    }))
}
