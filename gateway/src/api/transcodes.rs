//! A stretch of a recording, re-coded as H.264 while it is read: for browsers that cannot play what the camera sent.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderValue, Method, header},
    response::Response,
};
use serde::Deserialize;
use sharpeyes_domain::time::{MediaDuration, WallTime};
use tokio::time::Instant;
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::Params,
    guard::Guard,
    recordings::{ErrandQuery, LOOK_MS, StretchQuery, Visit, fps},
    vigil::Vigil,
};
use crate::{
    record::clip::Clip,
    transcode::{Piece, Slot, Transcode},
};

const NARROWEST: u16 = 160;
const WIDEST: u16 = 1920;
/// A player may fill its buffer at once …
const HEAD_START: MediaDuration = MediaDuration::from_secs(10);
/// … and then play so many times faster than time goes by.
const SPEED: u32 = 4;

/// How large.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SizeQuery {
    /// Pixels, 160 to 1,920; as the site file says if not given. A narrower picture keeps its size.
    width: Option<u16>,
}

/// Fragmented MP4 without ranges. Media time counts from the keyframe at or before `from_ms`, as in `recording.mp4`.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/recording.h264.mp4",
    params(("id" = String, Path), StretchQuery, SizeQuery, ErrandQuery),
    responses(
        (status = 200, content_type = "video/mp4"),
        (status = 403, body = dto::ErrorBody),
        (status = 404, body = dto::ErrorBody),
        (status = 429, body = dto::ErrorBody, description = "`transcode_quota`, with `limit` and `in_use`"),
    ))]
pub(super) async fn watch(
    guard: Guard,
    Path(id): Path<String>,
    Params(stretch): Params<StretchQuery>,
    Params(size): Params<SizeQuery>,
    Params(errand): Params<ErrandQuery>,
    method: Method,
) -> Result<Response, ApiError> {
    let visit = Visit::begin(&guard, &id, WallTime(stretch.from_ms), stretch.stream, errand).await?;
    let width = size.of(&guard)?;
    let clip = visit.plan(&stretch).await?;
    if method == Method::HEAD {
        return head(&clip);
    }
    let slot = begin(&guard, &clip, width)?;
    visit.looked("transcode", clip.start, clip.end, LOOK_MS).await?;
    respond(&guard, slot, clip.start).await
}

impl SizeQuery {
    /// How wide a picture may be, pixels.
    pub(super) fn of(&self, guard: &Guard) -> Result<u16, ApiError> {
        let width = self.width.unwrap_or(guard.state.site.playback.transcode_width);
        if (NARROWEST..=WIDEST).contains(&width) {
            return Ok(width);
        }
        Err(ApiError::Unprocessable {
            code: "bad_width",
            message: format!("a picture is {NARROWEST} to {WIDEST} pixels wide"),
            field: Some("width"),
        })
    }
}

/// What is said of a clip before anybody looks at it.
pub(super) fn head(clip: &Clip) -> Result<Response, ApiError> {
    answer("video/mp4".to_owned(), clip.start, Body::empty())
}

/// One of the few that may run at the same time.
pub(super) fn begin(guard: &Guard, clip: &Clip, width: u16) -> Result<Slot, ApiError> {
    let transcode = Transcode::new(clip, width, rounded(fps(clip)));
    Ok(guard.state.transcodes.begin(guard.viewer.account, transcode)?)
}

/// The bytes, as fast as they are made and taken.
pub(super) async fn respond(guard: &Guard, slot: Slot, start: WallTime) -> Result<Response, ApiError> {
    // The first piece before the head of the answer: it says what the codec is, and a failure is still an error.
    let begun = next_piece(slot).await.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let (slot, first) = begun.ok_or(ApiError::NoFootage)?;
    let mime = slot.mime().unwrap_or_else(|| "video/mp4".to_owned());
    answer(mime, start, Body::from_stream(stream(Vigil::new(guard), slot, first)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn rounded(fps: f64) -> u16 {
    fps.round().clamp(1.0, 60.0) as u16
}

fn answer(mime: String, start: WallTime, body: Body) -> Result<Response, ApiError> {
    Response::builder()
        .header(header::CONTENT_TYPE, mime)
        .header(header::ACCEPT_RANGES, "none")
        .header("x-start-ms", HeaderValue::from(start.0))
        // A proxy that collects the answer before it passes it on would re-code the whole stretch at once.
        .header("x-accel-buffering", "no")
        .body(body)
        .map_err(|error| ApiError::Internal(Box::new(error)))
}

/// On a blocking thread. The slot is given back when the transcode fails.
async fn next_piece(slot: Slot) -> io::Result<Option<(Slot, Piece)>> {
    let work = move || slot.next_piece().map(|piece| piece.map(|piece| (slot, piece)));
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?.map_err(io::Error::other)
}

/// How much further than the clock a transcode may be: whoever downloads must not take the machine from the recording.
struct Pace {
    begun: Instant,
}

impl Pace {
    fn due(&self, reached: MediaDuration) -> Instant {
        let ahead = MediaDuration(reached.0 - HEAD_START.0);
        self.begun + Duration::from_nanos(ahead.as_nanos()) / SPEED
    }
}

struct Watching {
    vigil: Vigil,
    pace: Pace,
    slot: Slot,
    reached: MediaDuration,
}

/// Pulls a piece when the client has taken the one before; ends with the session.
fn stream(vigil: Vigil, slot: Slot, first: Piece) -> impl futures::Stream<Item = io::Result<Bytes>> {
    let watching = Watching { vigil, pace: Pace { begun: Instant::now() }, slot, reached: first.end };
    let rest = futures::stream::unfold(Some(watching), |watching| async {
        let mut watching = watching?;
        let due = watching.pace.due(watching.reached);
        tokio::select! {
            biased;
            () = watching.vigil.ended() => return Some((Err(io::ErrorKind::PermissionDenied.into()), None)),
            () = tokio::time::sleep_until(due) => {}
        }
        if !watching.vigil.holds().await {
            return Some((Err(io::ErrorKind::PermissionDenied.into()), None));
        }
        match next_piece(watching.slot).await {
            Ok(Some((slot, piece))) => {
                let reached = piece.end;
                Some((Ok(piece.bytes), Some(Watching { slot, reached, ..watching })))
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "a transcode ended early");
                Some((Err(error), None))
            }
        }
    });
    futures::StreamExt::chain(futures::stream::iter([Ok(first.bytes)]), rest)
}
