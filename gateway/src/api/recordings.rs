//! Playback of a camera's recording by time: what there is, and its bytes.
//!
//! Whoever looks at footage older than a day says why; every look is in the audit log before its first byte.

use axum::{
    Json,
    extract::Path,
    http::{HeaderMap, Method},
    response::Response,
};
use serde::Deserialize;
use sharpeyes_config::Camera;
use sharpeyes_domain::{
    access::FRESH_FOOTAGE,
    ids::StreamId,
    segment::{Gap, Span},
    time::WallTime,
};
use url::form_urlencoded;
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::Params,
    guard::{Guard, of_camera},
    movie::Movie,
    routes::PREFIX,
    timeline::kind_of,
};
use crate::{
    access::gate::{Allowed, Purpose},
    record::clip::{Clip, ClipError},
    store::audit::Outcome,
};

/// Longer words for a case belong into the case.
const LONGEST_CASE: usize = 64;
/// One row of the audit log stands for a look at any part of such a stretch.
pub(super) const LOOK_MS: i64 = 600_000;

/// Which stretch of which stream.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StretchQuery {
    /// Wall time of the beginning.
    pub(super) from_ms: i64,
    /// Wall time of the end, at most 4 hours later.
    to_ms: i64,
    /// `main` if not given.
    pub(super) stream: Option<dto::LiveStream>,
}

/// Why the viewer looks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ErrandQuery {
    /// Needed for footage older than 24 hours.
    pub(super) purpose: Option<dto::FootagePurpose>,
    /// Number of the case, the order or the ticket, 1 to 64 characters. Needed for footage older than 24 hours.
    pub(super) case: Option<String>,
}

/// What the recording of a stretch is: where its file lies, what it shows, what is missing.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/recording", params(("id" = String, Path), StretchQuery, ErrandQuery),
    responses(
        (status = 200, body = dto::Recording),
        (status = 403, body = dto::ErrorBody, description = "older than 24 hours, and no `purpose` (`purpose_needed`)"),
        (status = 404, body = dto::ErrorBody, description = "no such camera, or `nothing_recorded`, with the gaps"),
    ))]
pub(super) async fn describe(
    guard: Guard,
    Path(id): Path<String>,
    Params(stretch): Params<StretchQuery>,
    Params(errand): Params<ErrandQuery>,
) -> Result<Json<dto::Recording>, ApiError> {
    let visit = Visit::begin(&guard, &id, WallTime(stretch.from_ms), stretch.stream, errand).await?;
    match visit.plan(&stretch).await {
        Ok(clip) => Ok(Json(show(&visit, &clip, &visit.gaps(&stretch).await?))),
        Err(ApiError::NothingRecorded { .. }) => {
            Err(ApiError::NothingRecorded { gaps: visit.gaps(&stretch).await? })
        }
        Err(other) => Err(other),
    }
}

/// The recording of a stretch as the camera coded it, cut at keyframes, with byte ranges. `HEAD` shows no picture.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/recording.mp4",
    params(("id" = String, Path), StretchQuery, ErrandQuery),
    responses(
        (status = 200, content_type = "video/mp4"),
        (status = 206, content_type = "video/mp4"),
        (status = 403, body = dto::ErrorBody),
        (status = 404, body = dto::ErrorBody),
        (status = 416, body = dto::ErrorBody),
    ))]
pub(super) async fn file(
    guard: Guard,
    Path(id): Path<String>,
    Params(stretch): Params<StretchQuery>,
    Params(errand): Params<ErrandQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let visit = Visit::begin(&guard, &id, WallTime(stretch.from_ms), stretch.stream, errand).await?;
    let clip = visit.plan(&stretch).await?;
    let movie = Movie::asked(&clip, &method, &headers)?;
    if !movie.is_head_only() {
        visit.looked("play", clip.start, clip.end, LOOK_MS).await?;
    }
    movie.respond(&guard)
}

/// A permitted look at one stream of a camera.
pub(super) struct Visit<'a> {
    guard: &'a Guard,
    pub(super) camera: &'a Camera,
    allowed: Allowed,
    pub(super) stream: StreamId,
    word: dto::LiveStream,
    errand: ErrandQuery,
}

impl<'a> Visit<'a> {
    /// May the viewer look at this camera's recording from `oldest` on, and does he say what must be said?
    pub(super) async fn begin(
        guard: &'a Guard,
        id: &str,
        oldest: WallTime,
        stream: Option<dto::LiveStream>,
        errand: ErrandQuery,
    ) -> Result<Self, ApiError> {
        let (camera, allowed) = guard.camera(id, purpose_of(&errand)).await?;
        if let Some(case) = &errand.case
            && !is_case(case)
        {
            return Err(ApiError::Unprocessable {
                code: "bad_case",
                message: format!("a case has 1 to {LONGEST_CASE} characters"),
                field: Some("case"),
            });
        }
        let is_fresh = oldest >= guard.state.clock.wall().minus(FRESH_FOOTAGE);
        if !is_fresh && (errand.purpose.is_none() || errand.case.is_none()) {
            guard.turned_away(&of_camera(camera), purpose_of(&errand), "purpose_needed".to_owned()).await?;
            return Err(ApiError::PurposeNeeded);
        }
        let word = stream.unwrap_or(dto::LiveStream::Main);
        let stream = StreamId { camera: camera.id.clone(), kind: kind_of(word) };
        Ok(Self { guard, camera, allowed, stream, word, errand })
    }

    /// Writes down what is done with the recording, which is no look of the viewer's own. Each time is a row.
    pub(super) async fn used(&self, mut detail: String) -> Result<(), ApiError> {
        if let Some(case) = &self.errand.case {
            detail = format!("{detail} case {case}");
        }
        let (object, purpose) = (of_camera(self.camera), purpose_of(&self.errand));
        let entry = self.guard.entry(&object, purpose, Outcome::Allowed, detail);
        self.guard.state.accounts.audit().append(entry).await?;
        Ok(())
    }

    /// Writes down that any part of the stretch was looked at, in pieces of `piece_ms`.
    pub(super) async fn looked(
        &self,
        how: &str,
        from: WallTime,
        to: WallTime,
        piece_ms: i64,
    ) -> Result<(), ApiError> {
        let begin = from.0.div_euclid(piece_ms) * piece_ms;
        let end = to.0.saturating_sub(1).max(from.0).div_euclid(piece_ms).saturating_add(1) * piece_ms;
        let mut detail = format!("{} {how} {begin}..{end} ms", self.stream.kind.as_str());
        if let Some(case) = &self.errand.case {
            detail = format!("{detail} case {case}");
        }
        let purpose = purpose_of(&self.errand);
        self.guard.looked_at_part(&self.allowed, &of_camera(self.camera), purpose, detail).await
    }

    pub(super) async fn plan(&self, stretch: &StretchQuery) -> Result<Clip, ApiError> {
        let (clips, stream) = (self.guard.state.clips.clone(), self.stream.clone());
        let (from, to) = (WallTime(stretch.from_ms), WallTime(stretch.to_ms));
        let planned = tokio::task::spawn_blocking(move || clips.plan(&stream, from, to)).await;
        planned.map_err(|error| ApiError::Internal(Box::new(error)))?.map_err(refusal)
    }

    /// What is missing in the stretch that was asked for, each gap in its full length: whoever looks at ten minutes of an
    /// outage of days learns when it began and ended.
    async fn gaps(&self, stretch: &StretchQuery) -> Result<Vec<Gap>, ApiError> {
        let (clips, stream) = (self.guard.state.clips.clone(), self.stream.clone());
        let span = Span { from: WallTime(stretch.from_ms), to: WallTime(stretch.to_ms) };
        let now = self.guard.state.clock.wall();
        let found = tokio::task::spawn_blocking(move || clips.gaps_around(&stream, span, now)).await;
        found.map_err(|error| ApiError::Internal(Box::new(error)))?.map_err(refusal)
    }

    /// Names the exact stretch, so that every range is of the same file while recording goes on.
    fn address(&self, file: &str, clip: &Clip) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("from_ms", &clip.start.0.to_string());
        query.append_pair("to_ms", &clip.end.0.to_string());
        query.append_pair("stream", self.stream.kind.as_str());
        if let Some(purpose) = self.errand.purpose {
            query.append_pair("purpose", sharpeyes_domain::access::FootagePurpose::from(purpose).as_str());
        }
        if let Some(case) = &self.errand.case {
            query.append_pair("case", case);
        }
        format!("{PREFIX}/cameras/{}/{file}?{}", self.camera.id, query.finish())
    }
}

fn purpose_of(errand: &ErrandQuery) -> Purpose {
    errand.purpose.map_or(Purpose::Duty, |purpose| Purpose::Footage(purpose.into()))
}

fn is_case(case: &str) -> bool {
    (1..=LONGEST_CASE).contains(&case.chars().count())
        && !case.trim().is_empty()
        && !case.chars().any(char::is_control)
}

/// Says why there is nothing, which an incident's clip need not.
pub(super) fn refusal(error: ClipError) -> ApiError {
    match error {
        ClipError::Nothing { gaps, .. } => ApiError::NothingRecorded { gaps },
        other => other.into(),
    }
}

fn show(visit: &Visit<'_>, clip: &Clip, gaps: &[Gap]) -> dto::Recording {
    let fps = fps(clip);
    dto::Recording {
        camera: visit.camera.id.to_string(),
        stream: visit.word,
        start_ms: clip.start.0,
        end_ms: clip.end.0,
        duration_ms: clip.duration.as_millis(),
        spans: clip
            .spans
            .iter()
            .map(|span| dto::RecordingSpan { offset_ms: span.offset.as_millis(), wall_ms: span.wall.0 })
            .collect(),
        continues_ms: clip.continues.map(|at| at.0),
        gaps: gaps.iter().map(dto::Gap::from).collect(),
        codec: clip.params.codec.as_str().to_owned(),
        mime: clip.mime(),
        width: clip.params.width_px,
        height: clip.params.height_px,
        fps: (fps * 1000.0).round() / 1000.0,
        frame_ms: frame_ms(fps),
        has_audio: clip.audio.is_some(),
        size_bytes: clip.len(),
        mp4: visit.address("recording.mp4", clip),
        h264: visit.address("recording.h264.mp4", clip),
    }
}

/// Pictures a second of what was recorded; 25 when that says nothing.
#[expect(clippy::cast_precision_loss, reason = "at most some hundred thousand pictures")]
pub(super) fn fps(clip: &Clip) -> f64 {
    let seconds = clip.recorded.as_secs_f64();
    if seconds > 0.0 { clip.n_frames as f64 / seconds } else { 25.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "between a tenth of a millisecond and hours")]
fn frame_ms(fps: f64) -> i64 {
    (1000.0 / fps).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_a_short_line() {
        let check = |case: &str, expected| assert_eq!(is_case(case), expected, "{case:?}");
        check("石公受案字〔2026〕1024号", true);
        check("x", true);
        check(&"字".repeat(64), true);
        check(&"字".repeat(65), false);
        check("", false);
        check("  ", false);
        check("a\nb", false);
    }
}
