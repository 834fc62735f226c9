//! Bulletins: making them, and reading them as they were made. Every making and every reading is in the audit log.

use axum::{
    Json,
    extract::Path,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::Deserialize;
use sharpeyes_domain::{
    access::Action,
    ids::{AreaId, IncidentId},
    time::WallTime,
};
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::{Body, Params},
    guard::{Guard, of_incident},
    incidents::{bad, names, word},
    statistics::{count, kind, scope},
};
use crate::{
    access::gate::{Object, Purpose},
    bulletin::{self, BulletinKind, Format, Lang, WriteError},
    store::{
        audit::Outcome,
        statistics::{BulletinRow, NewBulletin},
    },
};

const LONGEST_TITLE: usize = 80;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only those with a smaller number.
    before: Option<i64>,
    /// Only flash reports of this incident.
    incident: Option<i64>,
}

/// Bulletins of the viewer's areas, the newest first.
#[utoipa::path(get, path = "/api/v1/bulletins", params(ListQuery), responses(
    (status = 200, body = Vec<dto::BulletinRow>),
))]
pub(super) async fn list(
    guard: Guard,
    Params(query): Params<ListQuery>,
) -> Result<Json<Vec<dto::BulletinRow>>, ApiError> {
    let rows = guard.state.statistics.bulletins(query.before, query.incident.map(IncidentId)).await?;
    let mut seen = Vec::new();
    for row in &rows {
        if sees(&guard, row).await? {
            seen.extend(shown(row));
        }
    }
    Ok(Json(seen))
}

/// Makes a bulletin of what the viewer may see, and keeps it as it is now.
#[utoipa::path(post, path = "/api/v1/bulletins", request_body = dto::NewBulletin, responses(
    (status = 201, body = dto::BulletinRow), (status = 404, body = dto::ErrorBody), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn make(
    guard: Guard,
    Body(new): Body<dto::NewBulletin>,
) -> Result<(StatusCode, Json<dto::BulletinRow>), ApiError> {
    let title = checked_title(new.title.as_deref())?;
    let site = guard.state.site.clone();
    let now = guard.state.clock.wall();
    let mut made = dto::Bulletin {
        kind: new.kind,
        title: title.clone(),
        site: site.name.clone(),
        time_zone: site.timezone.iana_name().unwrap_or("UTC").to_owned(),
        made_ms: now.0,
        made_by: guard.viewer.display_name.clone(),
        statistics: None,
        flash: None,
    };
    let (from, to, areas, incident) = match new.kind {
        BulletinKind::Flash => {
            let (row, flash) = flash(&guard, new.incident).await?;
            let times = (row.opened, row.opened);
            made.flash = Some(flash);
            (times.0, times.1, vec![row.area.clone()], Some(row.id()))
        }
        BulletinKind::Daily | BulletinKind::Weekly | BulletinKind::Monthly | BulletinKind::Special => {
            let numbers = numbers(&guard, &new, now).await?;
            let areas = numbers.coverage.areas.iter().map(|area| word("area", &area.id));
            let areas = areas.collect::<Result<Vec<AreaId>, _>>()?;
            let times = (WallTime(numbers.from_ms), WallTime(numbers.to_ms));
            made.statistics = Some(numbers);
            (times.0, times.1, areas, None)
        }
    };
    let kind = new.kind.as_str().to_owned();
    let made_by = made.made_by.clone();
    let new = NewBulletin { kind, title, from, to, made: now, made_by, areas, incident };
    let body = move |edition| {
        if let Some(flash) = &mut made.flash {
            flash.edition = edition;
        }
        serde_json::to_vec(&made).expect("our own structs with text keys always become JSON")
    };
    let row = guard.state.statistics.keep_bulletin(new, body).await?;
    write_down(&guard, &row, "made").await?;
    let shown = shown(&row).ok_or(ApiError::NotFound)?;
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn numbers(guard: &Guard, new: &dto::NewBulletin, now: WallTime) -> Result<dto::Statistics, ApiError> {
    let zone = &guard.state.site.timezone;
    let (asked, before) = match new.kind {
        BulletinKind::Special => (new.from_ms.zip(new.to_ms).ok_or_else(|| bad("from_ms"))?, None),
        kind => {
            let day = new.day.as_deref().ok_or_else(|| bad("day"))?;
            let period = bulletin::period(kind, day, zone).ok_or_else(|| bad("day"))?;
            // Months, and days on which clocks are set, are not all as long.
            let before = bulletin::period_before(kind, period, zone);
            ((period.from.0, period.to.0), before.map(|before| before.from))
        }
    };
    if asked.0 > now.0 {
        return Err(ApiError::Unprocessable {
            code: "bad_range",
            message: "that time has not begun".to_owned(),
            field: Some("day"),
        });
    }
    if let Some(area) = &new.area {
        guard.acts_in(&word("area", area)?).await?;
    }
    let mut scope = scope(guard, asked.0, asked.1, WallTime(asked.1), new.area.as_deref())?;
    scope.before = before.unwrap_or(scope.before);
    if scope.areas.is_empty() {
        return Err(ApiError::NotFound);
    }
    let kind = kind(new.class.as_deref(), new.source.as_deref(), new.unit.as_deref())?;
    count(guard, scope, kind).await
}

async fn flash(
    guard: &Guard,
    incident: Option<i64>,
) -> Result<(crate::store::dispatch::IncidentRow, bulletin::document::Flash), ApiError> {
    let id = incident.map(IncidentId).ok_or_else(|| bad("incident"))?;
    let detail = guard.state.dispatch.incident(id).await?.ok_or(ApiError::NotFound)?;
    let object = of_incident(&detail.row);
    if !guard.may(Action::IncidentView, &object) {
        guard.turned_away(&object, Purpose::Incident(id), "flash report".to_owned()).await?;
        return Err(ApiError::NotFound);
    }
    guard.acts_in(&detail.row.area).await?;
    let picture = match detail.row.snapshot {
        Some(alarm) if guard.may(Action::ThumbnailView, &object) => {
            guard.state.dispatch.snapshot(alarm).await?
        }
        Some(_) | None => None,
    };
    let flash = bulletin::flash(&guard.state.site, &detail, &names(guard).await?, picture.as_deref());
    Ok((detail.row, flash))
}

/// A bulletin as it was made, byte for byte; its `ETag` is the SHA-256 of these bytes.
#[utoipa::path(get, path = "/api/v1/bulletins/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = dto::Bulletin), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn one(
    guard: Guard,
    Path(id): Path<String>,
) -> Result<([(HeaderName, HeaderValue); 2], Vec<u8>), ApiError> {
    let (row, body) = read(&guard, &id).await?;
    write_down(&guard, &row, "json").await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", hex::encode(row.sha256)));
    let tag = tag.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind), (header::ETAG, tag)], body))
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FileQuery {
    /// What it is read in.
    format: dto::BulletinFormat,
    /// In which language: Chinese if not given.
    #[serde(default)]
    #[param(required = false)]
    lang: dto::BulletinLanguage,
}

/// A bulletin as a file, written from what was kept.
#[utoipa::path(get, path = "/api/v1/bulletins/{id}/file", params(("id" = i64, Path), FileQuery), responses(
    (status = 200, content_type = "application/octet-stream"), (status = 404, body = dto::ErrorBody),
    (status = 422, body = dto::ErrorBody, description = "`no_font`: a PDF needs a font with Chinese characters"),
))]
pub(super) async fn file(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<FileQuery>,
) -> Result<([(HeaderName, HeaderValue); 2], Vec<u8>), ApiError> {
    let (row, body) = read(&guard, &id).await?;
    let (format, lang) = (query.format.into(), query.lang.into());
    let font = guard.state.site.report_font.clone();
    // A PDF reads and cuts a font of twenty megabytes: too long for a thread that others wait for.
    let write = move || {
        let kept: bulletin::document::Bulletin =
            serde_json::from_slice(&body).map_err(|error| ApiError::Internal(Box::new(error)))?;
        Ok::<_, ApiError>(bulletin::write(&kept, format, lang, font.as_deref())?)
    };
    let written =
        tokio::task::spawn_blocking(write).await.map_err(|error| ApiError::Internal(Box::new(error)))??;
    write_down(&guard, &row, format.extension()).await?;
    let name = format!("attachment; filename=\"{}-{}.{}\"", row.kind, row.id, format.extension());
    let name = HeaderValue::from_str(&name).map_err(|error| ApiError::Internal(Box::new(error)))?;
    let kind = HeaderValue::from_static(format.media_type());
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], written))
}

async fn read(guard: &Guard, id: &str) -> Result<(BulletinRow, Vec<u8>), ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let (row, body) = guard.state.statistics.bulletin(id).await?.ok_or(ApiError::NotFound)?;
    if sees(guard, &row).await? {
        return Ok((row, body));
    }
    guard.turned_away(&Object::Site, Purpose::Duty, format!("bulletin {id}")).await?;
    Err(ApiError::NotFound)
}

/// Of all areas that it covers, and of a flash report the incident as it is now.
async fn sees(guard: &Guard, row: &BulletinRow) -> Result<bool, ApiError> {
    if row.areas.is_empty() || !row.areas.iter().all(|area| guard.sees_area(area)) {
        return Ok(false);
    }
    let Some(id) = row.incident else { return Ok(true) };
    let incident = guard.state.dispatch.incident_row(id).await?;
    Ok(incident.is_some_and(|incident| guard.may(Action::IncidentView, &of_incident(&incident))))
}

async fn write_down(guard: &Guard, row: &BulletinRow, what: &str) -> Result<(), ApiError> {
    let detail = format!("bulletin {} {} {what} sha256 {}", row.id, row.kind, hex::encode(row.sha256));
    let purpose = row.incident.map_or(Purpose::Duty, Purpose::Incident);
    let entry = guard.entry(&Object::Site, purpose, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    Ok(())
}

/// `None`: a kind of a newer release.
fn shown(row: &BulletinRow) -> Option<dto::BulletinRow> {
    let kinds = [
        BulletinKind::Daily,
        BulletinKind::Weekly,
        BulletinKind::Monthly,
        BulletinKind::Special,
        BulletinKind::Flash,
    ];
    Some(dto::BulletinRow {
        id: row.id,
        kind: kinds.into_iter().find(|kind| kind.as_str() == row.kind)?,
        title: row.title.clone(),
        from_ms: row.from.0,
        to_ms: row.to.0,
        made_ms: row.made.0,
        made_by: row.made_by.clone(),
        incident: row.incident.map(|id| id.0),
        edition: row.edition,
        sha256: hex::encode(row.sha256),
    })
}

fn checked_title(title: Option<&str>) -> Result<String, ApiError> {
    let title = title.unwrap_or_default().trim();
    if title.chars().count() <= LONGEST_TITLE && !title.chars().any(char::is_control) {
        return Ok(title.to_owned());
    }
    let message = format!("at most {LONGEST_TITLE} characters, none of them a control character");
    Err(ApiError::Unprocessable { code: "bad_text", message, field: Some("title") })
}

impl From<dto::BulletinFormat> for Format {
    fn from(format: dto::BulletinFormat) -> Self {
        match format {
            dto::BulletinFormat::Pdf => Self::Pdf,
            dto::BulletinFormat::Docx => Self::Docx,
            dto::BulletinFormat::Xlsx => Self::Xlsx,
            dto::BulletinFormat::Csv => Self::Csv,
        }
    }
}

impl From<dto::BulletinLanguage> for Lang {
    fn from(lang: dto::BulletinLanguage) -> Self {
        match lang {
            dto::BulletinLanguage::Zh => Self::Chinese,
            dto::BulletinLanguage::En => Self::English,
        }
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        let code = match &error {
            WriteError::NoFont { .. } => "no_font",
            WriteError::Font { .. } | WriteError::BadFont { .. } => "bad_font",
            WriteError::TooMany { .. } => "too_many_rows",
            WriteError::Library { .. } | WriteError::Zone(_) => return Self::Internal(Box::new(error)),
        };
        Self::Unprocessable { code, message: error.to_string(), field: None }
    }
}
