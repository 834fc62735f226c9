//! Clips of incidents: what they are, and their bytes, any range of them.

use std::{io, ops::Range};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
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
    routes::PREFIX,
    state::ApiState,
    vigil::Vigil,
};
use crate::{
    access::gate::Purpose,
    record::clip::{Clip, ClipBytes},
    store::dispatch::{IncidentDetail, IncidentRow},
};

/// An alarm may run for hours; its clip does not.
const LONGEST: Duration = Duration::from_mins(10);
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
pub(super) fn window(
    state: &ApiState,
    detail: &IncidentDetail,
    alarm: Option<AlarmId>,
) -> Result<Window, ApiError> {
    let alarm = match alarm {
        None => detail.alarms.first(),
        Some(id) => detail.alarms.iter().find(|alarm| alarm.id == id),
    };
    let alarm = alarm.ok_or(ApiError::NotFound)?;
    let settings = &state.site.incident;
    let now = state.clock.wall();
    let began = alarm.began.wall;
    let from = began.minus(settings.pre_roll);
    let wanted = alarm.ending.map_or(WallTime(i64::MAX), |ending| ending.ended.plus(settings.post_roll));
    let wanted = wanted.min(from.plus(LONGEST));
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
    let (detail, _) = guard.incident_detail(&id).await?;
    let window = window(&guard.state, &detail, query.alarm.map(AlarmId))?;
    let clip = plan(&guard.state, &detail.row, window.from, window.until).await?;
    let alarm = query.alarm.map(|alarm| format!("&alarm={alarm}")).unwrap_or_default();
    // The address names the exact stretch, so that every range of it is of the same file while recording goes on.
    let url = format!(
        "{PREFIX}/incidents/{}/clip.mp4?from_ms={}&to_ms={}{alarm}",
        detail.row.id(),
        clip.start.0,
        clip.end.0
    );
    Ok(Json(dto::Clip {
        url,
        mime: clip.mime(),
        start_ms: clip.start.0,
        end_ms: clip.end.0,
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
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (detail, allowed) = guard.incident_detail(&id).await?;
    let row = &detail.row;
    let window = window(&guard.state, &detail, query.alarm.map(AlarmId))?;
    let from = query.from_ms.map_or(window.from, WallTime);
    // The picture at `to` itself is the next one's.
    let until = query.to_ms.map_or(window.until, |to| WallTime(to.saturating_sub(1)));
    // Who may see the incident may see its stretch of the recording, and not what lies around it.
    let latest = window.from.plus(LONGEST).plus(KEYFRAME_LEAD).min(window.until.plus(KEYFRAME_LEAD));
    if from < window.from.minus(KEYFRAME_LEAD) || until > latest {
        return Err(ApiError::NotFound);
    }
    let clip = plan(&guard.state, row, from, until).await?;
    let tag = format!("\"{}\"", clip.tag());
    let range = wanted_range(&headers, &tag, clip.len())?;
    let shown = format!("{} {}..{} ms", row.camera, clip.start.0, clip.end.0);
    guard.looked(&allowed, &of_incident(row), Purpose::Incident(row.id()), shown).await?;
    respond(&guard, &clip, &tag, range)
}

async fn plan(
    state: &ApiState,
    row: &IncidentRow,
    from: WallTime,
    until: WallTime,
) -> Result<Clip, ApiError> {
    let clips = state.clips.clone();
    // The large picture where it is recorded.
    let is_small = state.site.camera(&row.camera).is_some_and(|camera| camera.record == Record::Sub);
    let kind = if is_small { StreamKind::Sub } else { StreamKind::Main };
    let stream = StreamId { camera: row.camera.clone(), kind };
    let planned = tokio::task::spawn_blocking(move || clips.plan(&stream, from, until)).await;
    Ok(planned.map_err(|error| ApiError::Internal(Box::new(error)))??)
}

fn respond(guard: &Guard, clip: &Clip, tag: &str, range: Option<Range<u64>>) -> Result<Response, ApiError> {
    let len = clip.len();
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "video/mp4")
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag);
    if let Some(range) = &range {
        let shown = format!("bytes {}-{}/{len}", range.start, range.end - 1);
        response = response.header(header::CONTENT_RANGE, shown);
    }
    let range = range.unwrap_or(0..len);
    response
        .header(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start))
        .body(Body::from_stream(stream(Vigil::new(guard), clip.read_range(range))))
        .map_err(|error| ApiError::Internal(Box::new(error)))
}

/// Piece by piece, read on a blocking thread when the client has taken the one before; ends with the session.
fn stream(vigil: Vigil, bytes: ClipBytes) -> impl futures::Stream<Item = io::Result<Bytes>> {
    futures::stream::unfold(Some((vigil, bytes)), |state| async {
        let (mut vigil, mut bytes) = state?;
        if !vigil.holds().await {
            return Some((Err(io::ErrorKind::PermissionDenied.into()), None));
        }
        let read = tokio::task::spawn_blocking(move || {
            let piece = bytes.next();
            (piece, bytes)
        });
        match read.await {
            Ok((Some(Ok(piece)), bytes)) => Some((Ok(piece), Some((vigil, bytes)))),
            Ok((Some(Err(error)), _)) => {
                tracing::error!(%error, "a clip ended early: the recording could not be read");
                Some((Err(error), None))
            }
            Ok((None, _)) => None,
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    })
}

/// The one range asked for (RFC 9110 §14); `None` for all of it, also when several are asked for or `If-Range` does
/// not hold.
fn wanted_range(headers: &HeaderMap, tag: &str, len: u64) -> Result<Option<Range<u64>>, ApiError> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Ok(None);
    }
    let Some(spec) = text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")) else {
        return Ok(None);
    };
    let Some((first, last)) = spec.split_once('-').filter(|_| !spec.contains(',')) else { return Ok(None) };
    let number = |text: &str| text.trim().parse::<u64>();
    let range = match (number(first), number(last)) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..len,
        (Err(_), Ok(suffix)) if first.trim().is_empty() && suffix > 0 => len.saturating_sub(suffix)..len,
        (Err(_), Ok(0)) if first.trim().is_empty() => return Err(ApiError::Range { len }),
        // What is no range is to be ignored.
        _ => return Ok(None),
    };
    if range.start < len { Ok(Some(range)) } else { Err(ApiError::Range { len }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let check = |range: &str, expected: Result<Option<Range<u64>>, ()>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
            let found = wanted_range(&headers, "\"t\"", 100);
            assert_eq!(found.map_err(|_| ()), expected, "{range}");
        };
        check("bytes=0-", Ok(Some(0..100)));
        check("bytes=0-0", Ok(Some(0..1)));
        check("bytes=10-19", Ok(Some(10..20)));
        check("bytes=90-1000", Ok(Some(90..100)));
        check("bytes=-10", Ok(Some(90..100)));
        check("bytes=-1000", Ok(Some(0..100)));
        check("bytes=100-", Err(()));
        check("bytes=-0", Err(()));
        check("bytes=20-10", Ok(None));
        check("bytes=0-1,5-6", Ok(None));
        check("bytes=x-y", Ok(None));
        check("items=0-1", Ok(None));
        check("bytes=18446744073709551615-18446744073709551615", Err(()));
    }

    #[test]
    fn a_range_of_another_file_is_not_given() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=5-9"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"old\""));
        assert_eq!(wanted_range(&headers, "\"new\"", 100).unwrap(), None);
        assert_eq!(wanted_range(&headers, "\"old\"", 100).unwrap(), Some(5..10));
    }
}
