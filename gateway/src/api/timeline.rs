//! Timelines of cameras: what is recorded, what is missing, what happened. No pictures.

use std::collections::HashMap;

use axum::Json;
use serde::Deserialize;
use sharpeyes_config::Camera;
use sharpeyes_domain::{
    access::Action,
    ids::{AreaId, CameraId, StreamId, StreamKind},
    segment::Span,
    time::WallTime,
    timeline::{AlarmMark, Zoom},
};
use std::time::Duration;
use utoipa::IntoParams;

use super::{dto, error::ApiError, extract::Params, guard::Guard};
use crate::{
    access::gate::Object,
    record::{clip::ClipError, timeline::StreamCoverage},
    store::{
        dispatch::{Direction, TimedAlarm},
        footage::HeldMark,
    },
};

/// Rows of one answer.
const MOST_CAMERAS: usize = 200;
const MOST_BINS: i64 = 2_000;
const USUAL_BINS: i64 = 1_000;
const SHORTEST_MS: i64 = 1_000;
const LONGEST_MS: i64 = 400 * 24 * 3_600_000;

/// Which cameras and which stretch of time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TimelineQuery {
    /// Identifiers with commas between them; all that the viewer may list if not given. At most 200.
    cameras: Option<String>,
    /// The left edge.
    from_ms: i64,
    /// The right edge, 1 s to 400 days later.
    to_ms: i64,
    /// How many marks there may be side by side, 1 to 2,000; 1,000 if not given.
    bins: Option<i64>,
    /// `main` if not given.
    stream: Option<dto::LiveStream>,
}

/// What is recorded of cameras, what is missing and why, and what happened.
#[utoipa::path(get, path = "/api/v1/timeline", params(TimelineQuery), responses(
    (status = 200, body = dto::Timeline), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn rows(
    guard: Guard,
    Params(query): Params<TimelineQuery>,
) -> Result<Json<dto::Timeline>, ApiError> {
    let (zoom, bin_ms) = zoom(&query)?;
    let named = named(query.cameras.as_deref())?;
    let stream = query.stream.unwrap_or(dto::LiveStream::Main);
    let kind = kind_of(stream);
    let (cameras, coverage, held) = {
        let guard = guard.clone();
        // A question to the gate costs a tenth of a millisecond, too much times 200 for a thread that others wait for.
        let work = move || {
            let cameras = seen(&guard, named.as_deref(), Action::RecordingList);
            let streams: Vec<StreamId> =
                cameras.iter().map(|id| StreamId { camera: id.clone(), kind }).collect();
            let coverage = guard.state.clips.coverage(&streams, zoom)?;
            Ok::<_, ClipError>((cameras, coverage, guard.state.clips.held(zoom.window)?))
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| ApiError::Internal(Box::new(error)))??
    };
    let alarms = if guard.may(Action::IncidentList, &Object::Site) {
        let may = may_know(&guard);
        guard.state.dispatch.alarm_marks(cameras.clone(), zoom, may).await?
    } else {
        Vec::new()
    };
    let knows_cases = guard.may(Action::HoldManage, &Object::Site);
    let mut alarms = alarms.into_iter();
    let rows = cameras.iter().zip(coverage).filter_map(|(id, coverage)| {
        let camera = guard.state.site.camera(id)?;
        let whose = StreamId { camera: id.clone(), kind };
        let held = held.iter().filter(|mark| mark.stream == whose);
        let holds = held.map(|mark| show_hold(mark, knows_cases)).collect();
        Some(row(camera, stream, &coverage, &alarms.next().unwrap_or_default(), holds))
    });
    Ok(Json(dto::Timeline {
        from_ms: query.from_ms,
        to_ms: query.to_ms,
        bin_ms,
        rows: rows.collect(),
        now_ms: guard.state.clock.wall().0,
    }))
}

/// Where to begin, and which way.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NextAlarmQuery {
    /// Identifiers with commas between them; all that the viewer may list if not given. At most 200.
    cameras: Option<String>,
    /// The alarm found begins after this, or before it.
    at_ms: i64,
    /// `next` if not given.
    #[serde(default)]
    direction: dto::JumpDirection,
}

/// The alarm nearest to an instant, on any of the cameras.
#[utoipa::path(get, path = "/api/v1/timeline/next-alarm", params(NextAlarmQuery), responses(
    (status = 200, body = dto::NearAlarm),
    (status = 404, body = dto::ErrorBody, description = "there is none that the viewer may know of"),
))]
pub(super) async fn next_alarm(
    guard: Guard,
    Params(query): Params<NextAlarmQuery>,
) -> Result<Json<dto::NearAlarm>, ApiError> {
    let named = named(query.cameras.as_deref())?;
    let cameras = {
        let guard = guard.clone();
        let work = move || seen(&guard, named.as_deref(), Action::CameraList);
        tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(Box::new(error)))?
    };
    let direction = match query.direction {
        dto::JumpDirection::Next => Direction::Next,
        dto::JumpDirection::Previous => Direction::Previous,
    };
    let may = may_know(&guard);
    let found = guard.state.dispatch.alarm_beside(cameras, WallTime(query.at_ms), direction, may).await?;
    let alarm = found.ok_or(ApiError::NotFound)?;
    Ok(Json(dto::NearAlarm {
        camera: alarm.camera.to_string(),
        incident: alarm.incident.0,
        alarm: alarm.id.0,
        at_ms: alarm.began.0,
        kind: alarm.class.as_str().to_owned(),
        level: alarm.level.as_str().to_owned(),
    }))
}

/// Of each alarm's incident the gate is asked. All that it looks at is the incident's area, so that one answer serves
/// every row of that area: a month of a hundred cameras has tens of thousands.
fn may_know(guard: &Guard) -> impl FnMut(&TimedAlarm) -> bool + Send + 'static {
    let guard = guard.clone();
    let mut known: HashMap<AreaId, bool> = HashMap::new();
    move |alarm| match known.get(&alarm.area) {
        Some(answer) => *answer,
        None => {
            let object = Object::Incident { id: alarm.incident, area: &alarm.area, told: &[] };
            let answer = guard.may(Action::IncidentList, &object);
            known.insert(alarm.area.clone(), answer);
            answer
        }
    }
}

/// The stream that a word of the wire means.
pub(super) const fn kind_of(stream: dto::LiveStream) -> StreamKind {
    match stream {
        dto::LiveStream::Main => StreamKind::Main,
        dto::LiveStream::Sub => StreamKind::Sub,
    }
}

fn zoom(query: &TimelineQuery) -> Result<(Zoom, i64), ApiError> {
    let refuse = |code, field, message: String| ApiError::Unprocessable { code, message, field: Some(field) };
    let length = query.to_ms.saturating_sub(query.from_ms);
    if !(SHORTEST_MS..=LONGEST_MS).contains(&length) {
        return Err(refuse("bad_window", "to_ms", "the edges lie 1 second to 400 days apart".to_owned()));
    }
    let bins = query.bins.unwrap_or(USUAL_BINS);
    if !(1..=MOST_BINS).contains(&bins) {
        return Err(refuse("bad_bins", "bins", format!("there are 1 to {MOST_BINS} bins")));
    }
    let bin_ms = (length + bins - 1) / bins;
    let window = Span { from: WallTime(query.from_ms), to: WallTime(query.to_ms) };
    Ok((Zoom { window, bin: Duration::from_millis(bin_ms.unsigned_abs()) }, bin_ms))
}

fn named(cameras: Option<&str>) -> Result<Option<Vec<String>>, ApiError> {
    let Some(cameras) = cameras else { return Ok(None) };
    let ids: Vec<String> =
        cameras.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.len() > MOST_CAMERAS {
        return Err(ApiError::Unprocessable {
            code: "too_many_cameras",
            message: format!("at most {MOST_CAMERAS} cameras at once"),
            field: Some("cameras"),
        });
    }
    Ok(Some(ids))
}

/// Those of the named cameras, or of all, that the viewer may do `action` to: each once, in the order asked for.
fn seen(guard: &Guard, named: Option<&[String]>, action: Action) -> Vec<CameraId> {
    let site = &guard.state.site;
    let mut seen: Vec<CameraId> = Vec::new();
    let mut look = |camera: &Camera| {
        if seen.len() < MOST_CAMERAS && !seen.contains(&camera.id) && guard.sees_camera(camera, action) {
            seen.push(camera.id.clone());
        }
    };
    match named {
        None => site.cameras.iter().for_each(&mut look),
        Some(ids) => {
            let known = ids.iter().filter_map(|id| site.camera(&CameraId::new(id).ok()?));
            known.for_each(&mut look);
        }
    }
    seen
}

fn row(
    camera: &Camera,
    stream: dto::LiveStream,
    found: &StreamCoverage,
    alarms: &[AlarmMark],
    holds: Vec<dto::TimelineHold>,
) -> dto::TimelineRow {
    dto::TimelineRow {
        camera: camera.id.to_string(),
        name: camera.name.clone(),
        area: camera.area.to_string(),
        stream,
        first_ms: found.footage.map(|span| span.from.0),
        until_ms: found.footage.map(|span| span.to.0),
        recorded: found.coverage.recorded.iter().map(dto::TimelineSpan::from).collect(),
        gaps: found.coverage.gaps.iter().map(dto::TimelineGap::from).collect(),
        alarms: alarms.iter().map(show_alarm).collect(),
        holds,
    }
}

fn show_alarm(mark: &AlarmMark) -> dto::TimelineAlarm {
    dto::TimelineAlarm {
        incident: mark.incident.0,
        alarm: mark.alarm.0,
        from_ms: mark.from.0,
        to_ms: mark.to.map(|to| to.0),
        kind: mark.class.as_str().to_owned(),
        level: mark.level.as_str().to_owned(),
        n: mark.n,
    }
}

/// Which case it is for is the business of those who may hold.
fn show_hold(mark: &HeldMark, knows_case: bool) -> dto::TimelineHold {
    dto::TimelineHold {
        id: mark.id.0,
        from_ms: mark.span.from.0,
        to_ms: mark.span.to.0,
        case_number: if knows_case { mark.case_number.clone() } else { String::new() },
    }
}
