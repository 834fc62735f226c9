//! A planned clip as an HTTP answer: any range of it, a strong tag, and an end with the session.

use std::{io, ops::Range};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

use super::{error::ApiError, guard::Guard, vigil::Vigil};
use crate::record::clip::{Clip, ClipBytes};

/// What of a clip is asked for. The caller writes the look down before it responds.
pub(super) struct Movie<'a> {
    clip: &'a Clip,
    tag: String,
    range: Option<Range<u64>>,
    is_head_only: bool,
}

impl<'a> Movie<'a> {
    /// # Errors
    /// [`ApiError::Range`] when the range lies outside.
    pub(super) fn asked(clip: &'a Clip, method: &Method, headers: &HeaderMap) -> Result<Self, ApiError> {
        let tag = format!("\"{}\"", clip.tag());
        let is_head_only = method == Method::HEAD;
        // RFC 9110 §14.2: a range means something for GET alone.
        let range = if is_head_only { None } else { wanted_range(headers, &tag, clip.len())? };
        Ok(Self { clip, tag, range, is_head_only })
    }

    /// No picture is shown: nothing need be written down.
    pub(super) const fn is_head_only(&self) -> bool {
        self.is_head_only
    }

    pub(super) fn respond(self, guard: &Guard) -> Result<Response, ApiError> {
        let len = self.clip.len();
        let status = if self.range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "video/mp4")
            .header(header::ACCEPT_RANGES, "bytes")
            .header(header::ETAG, self.tag);
        if let Some(range) = &self.range {
            let shown = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            response = response.header(header::CONTENT_RANGE, shown);
        }
        let range = self.range.unwrap_or(0..len);
        let size = HeaderValue::from(range.end - range.start);
        let body = if self.is_head_only {
            Body::empty()
        } else {
            Body::from_stream(stream(Vigil::new(guard), self.clip.read_range(range)))
        };
        response
            .header(header::CONTENT_LENGTH, size)
            .body(body)
            .map_err(|error| ApiError::Internal(Box::new(error)))
    }
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
