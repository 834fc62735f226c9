//! Clips of incidents: what they are, and their bytes, any range of them.

use axum::{
    Json,
    extract::Path,
    http::{HeaderMap, Method},
    response::Response,
};
use serde::Deserialize;
use sharpeyes_config::Record;
use sharpeyes_domain::{
    ids::{AlarmId, StreamId, StreamKind},
    time::WallTime,
};
use std::time::Duration;
use utoipa::IntoParams;

use super::{
    convert, dto,
    error::ApiError,
    extract::Params,
    guard::{Guard, of_incident},
    incidents::AlarmQuery,
    movie::Movie,
    routes::PREFIX,
    state::ApiState,
    transcodes::{self, SizeQuery},
};
use crate::{
    access::gate::{Allowed, Purpose},
    record::clip::{Clip, ClipError},
    store::dispatch::IncidentRow,
};

/// An alarm may run for hours; its clip does not.
const LONGEST: Duration = Duration::from_mins(10);
/// People do not report to the second.
const AROUND_REPORT: Duration = Duration::from_mins(1);
/// A clip begins at a keyframe, which may lie so much before the time asked for.
const KEYFRAME_LEAD: Duration = Duration::from_secs(30);
/// The last fragment of a clip is on the disk at most so long after its last picture.
const ON_DISK: Duration = Duration::from_secs(5);

/// What of the recording belongs to one alarm of an incident.
pub(super) struct Window {
    /// Pre-roll included.
    pub(super) from: WallTime,
    /// Post-roll included; of a running alarm, up to now.
    pub(super) until: WallTime,
    /// When the condition first held.
    began: WallTime,
    /// More of it is still to come.
    is_pending: bool,
}

/// The stretch around one alarm of the incident, the first one if none is named.
pub(super) async fn window(
    state: &ApiState,
    row: &IncidentRow,
    alarm: Option<AlarmId>,
) -> Result<Window, ApiError> {
    if alarm.is_none() && row.n_alarms == 0 {
        return around_report(state, row);
    }
    let alarm = state.dispatch.alarm_of(row.id(), alarm).await?.ok_or(ApiError::NotFound)?;
    let settings = &state.site.incident;
    let now = state.clock.wall();
    let began = alarm.began.wall;
    let from = began.minus(settings.pre_roll);
    let wanted = alarm.ending.map_or(WallTime(i64::MAX), |ending| ending.ended.plus(settings.post_roll));
    let wanted = wanted.min(from.plus(LONGEST));
    Ok(Window { from, until: wanted.min(now), began, is_pending: now < wanted.plus(ON_DISK) })
}

/// Of a report that names a camera: what the camera saw around the time that the report gives.
fn around_report(state: &ApiState, row: &IncidentRow) -> Result<Window, ApiError> {
    if row.camera.is_none() {
        return Err(ApiError::NoFootage);
    }
    let (now, began) = (state.clock.wall(), row.began);
    let wanted = began.plus(AROUND_REPORT);
    let from = began.minus(AROUND_REPORT);
    Ok(Window { from, until: wanted.min(now), began, is_pending: now < wanted.plus(ON_DISK) })
}

/// What the clip of an incident is: where its file lies, what it shows, what is missing.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/clip", params(("id" = i64, Path), AlarmQuery), responses(
    (status = 200, body = dto::Clip),
    (status = 404, body = dto::ErrorBody, description = "no such incident, or nothing was recorded (`no_footage`)"),
))]
pub(super) async fn describe(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<AlarmQuery>,
) -> Result<Json<dto::Clip>, ApiError> {
    let (row, _) = guard.incident(&id).await?;
    let window = window(&guard.state, &row, query.alarm.map(AlarmId)).await?;
    let clip = plan(&guard.state, &row, window.from, window.until).await?;
    let alarm = query.alarm.map(|alarm| format!("&alarm={alarm}")).unwrap_or_default();
    // The address names the exact stretch, so that every range of it is of the same file while recording goes on.
    let address = |file: &str| {
        let (id, start, end) = (row.id(), clip.start.0, clip.end.0);
        format!("{PREFIX}/incidents/{id}/{file}?from_ms={start}&to_ms={end}{alarm}")
    };
    Ok(Json(dto::Clip {
        url: address("clip.mp4"),
        h264: address("clip.h264.mp4"),
        mime: clip.mime(),
        start_ms: clip.start.0,
        end_ms: clip.end.0,
        continues_ms: clip.continues.map(|at| at.0),
        alarm_begin_offset_s: clip.offset_of(window.began).as_secs_f64(),
        duration_s: clip.duration.as_secs_f64(),
        spans: clip.spans.iter().map(convert::clip_span).collect(),
        gaps: clip.gaps.iter().map(dto::Gap::from).collect(),
        pending: window.is_pending,
    }))
}

/// Which stretch of an incident's clip.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StretchQuery {
    /// As in the address that `clip` gives; must lie within the incident.
    from_ms: Option<i64>,
    /// As in the address that `clip` gives; must lie within the incident.
    to_ms: Option<i64>,
    /// An alarm of this incident; the first one if not given.
    alarm: Option<i64>,
}

/// The clip itself, with byte ranges. Every look is in the audit log before its first byte.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/clip.mp4", params(("id" = i64, Path), StretchQuery), responses(
    (status = 200, content_type = "video/mp4"),
    (status = 206, content_type = "video/mp4"),
    (status = 404, body = dto::ErrorBody),
    (status = 416, body = dto::ErrorBody),
))]
pub(super) async fn file(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<StretchQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = Sight::of(&guard, &id, &query).await?;
    let movie = Movie::asked(&sight.clip, &method, &headers)?;
    if !movie.is_head_only() {
        sight.looked(&guard, "").await?;
    }
    movie.respond(&guard)
}

/// The clip re-coded as H.264 while it is read, for browsers that cannot play what the camera sent: fragmented MP4 without
/// ranges, in the clip's own time.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/clip.h264.mp4",
    params(("id" = i64, Path), StretchQuery, SizeQuery),
    responses(
        (status = 200, content_type = "video/mp4"),
        (status = 404, body = dto::ErrorBody),
        (status = 429, body = dto::ErrorBody, description = "`transcode_quota`, with `limit` and `in_use`"),
    ))]
pub(super) async fn recoded(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<StretchQuery>,
    Params(size): Params<SizeQuery>,
    method: Method,
) -> Result<Response, ApiError> {
    let width = size.of(&guard)?;
    let sight = Sight::of(&guard, &id, &query).await?;
    if method == Method::HEAD {
        return transcodes::head(&sight.clip);
    }
    let slot = transcodes::begin(&guard, &sight.clip, width)?;
    sight.looked(&guard, " transcode").await?;
    transcodes::respond(&guard, slot, sight.clip.start).await
}

/// A stretch of an incident's clip that the viewer may see.
struct Sight {
    row: IncidentRow,
    allowed: Allowed,
    clip: Clip,
}

impl Sight {
    async fn of(guard: &Guard, id: &str, query: &StretchQuery) -> Result<Self, ApiError> {
        let (row, allowed) = guard.incident(id).await?;
        let window = window(&guard.state, &row, query.alarm.map(AlarmId)).await?;
        let from = query.from_ms.map_or(window.from, WallTime);
        // The picture at `to` itself is the next one's.
        let until = query.to_ms.map_or(window.until, |to| WallTime(to.saturating_sub(1)));
        // Who may see the incident may see its stretch of the recording, and not what lies around it.
        let latest = window.from.plus(LONGEST).plus(KEYFRAME_LEAD).min(window.until.plus(KEYFRAME_LEAD));
        if from < window.from.minus(KEYFRAME_LEAD) || until > latest {
            return Err(ApiError::NotFound);
        }
        let clip = plan(&guard.state, &row, from, until).await?;
        Ok(Self { row, allowed, clip })
    }

    /// Writes the look down.
    async fn looked(&self, guard: &Guard, how: &str) -> Result<(), ApiError> {
        let row = &self.row;
        let camera = row.camera.as_ref().map_or("", |camera| camera.id.as_str());
        let shown = format!("{camera}{how} {}..{} ms", self.clip.start.0, self.clip.end.0);
        guard.looked(&self.allowed, &of_incident(row), Purpose::Incident(row.id()), shown).await
    }
}

async fn plan(
    state: &ApiState,
    row: &IncidentRow,
    from: WallTime,
    until: WallTime,
) -> Result<Clip, ApiError> {
    let camera = row.camera.as_ref().map(|camera| camera.id.clone()).ok_or(ApiError::NoFootage)?;
    let clips = state.clips.clone();
    // The large picture where there is one; what is recorded now may not be what was recorded then.
    let is_small = state.site.camera(&camera).is_some_and(|camera| camera.record == Record::Sub);
    let (first, second) =
        if is_small { (StreamKind::Sub, StreamKind::Main) } else { (StreamKind::Main, StreamKind::Sub) };
    let stream = |kind| StreamId { camera: camera.clone(), kind };
    let (first, second) = (stream(first), stream(second));
    let plan = move || match clips.plan(&first, from, until) {
        Err(nothing @ ClipError::Nothing { .. }) => match clips.plan(&second, from, until) {
            Err(ClipError::Nothing { .. }) => Err(nothing),
            other => other,
        },
        other => other,
    };
    let planned = tokio::task::spawn_blocking(plan).await;
    Ok(planned.map_err(|error| ApiError::Internal(Box::new(error)))??)
}
