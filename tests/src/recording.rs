//! Reads what was recorded, in two ways: with the product's own reader, and with one that knows nothing of it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use sharpeyes::mp4::{FragmentAudio, Scanner, fragment_tables};
use sharpeyes_domain::{
    ids::{SegmentId, StreamId},
    media::{VideoCodec, nal_units},
    segment::{Gap, Span},
    time::{MediaDuration, WallTime},
};

use crate::site::TestSite;

/// A complete file.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Below the media directory.
    pub path: String,
    /// From the first picture to the end of the last.
    pub span: Span,
    /// Pictures, by the index.
    pub n_frames: u64,
    /// From the first picture to the end of the last, in the camera's time.
    pub media: MediaDuration,
}

impl Segment {
    /// How long it plays.
    #[must_use]
    pub fn length(&self) -> Duration {
        let micros = self.media.0.max(0).unsigned_abs() * 100 / 9;
        Duration::from_micros(micros)
    }
}

/// The complete files of a stream, in order.
///
/// # Errors
/// When the index cannot be read.
pub fn segments(site: &TestSite, stream: &StreamId) -> anyhow::Result<Vec<Segment>> {
    let rows = site.footage()?.segments_after(SegmentId(0), usize::MAX)?;
    let mut segments: Vec<_> = rows
        .into_iter()
        .filter(|row| row.stream == *stream)
        .filter_map(|row| {
            let closed = row.closed?;
            Some(Segment {
                path: row.path,
                span: closed.span,
                n_frames: closed.n_frames.into(),
                media: closed.end_pts - closed.start_pts,
            })
        })
        .collect();
    segments.sort_by_key(|segment| segment.span.from);
    Ok(segments)
}

/// The gaps of a stream, in order; one that has not ended reaches to the end of time.
///
/// # Errors
/// When the index cannot be read.
pub fn gaps(site: &TestSite, stream: &StreamId) -> anyhow::Result<Vec<Gap>> {
    let all = Span { from: WallTime(0), to: WallTime(i64::MAX) };
    let rows = site.footage()?.gaps_in(stream, all)?;
    let gap = |row: sharpeyes::store::footage::GapRow| Gap {
        span: Span { from: row.from, to: row.to.unwrap_or(WallTime(i64::MAX)) },
        cause: row.cause,
    };
    Ok(rows.into_iter().map(gap).collect())
}

/// The NAL units of each picture of a file, by the product's own reader.
///
/// # Errors
/// When the file is damaged anywhere.
pub fn pictures(path: &Path) -> anyhow::Result<Vec<Vec<Bytes>>> {
    Ok(tracks(path)?.0)
}

/// A piece of sound as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// In units of its sampling rate, since the file's beginning; may lie before it.
    pub at: i64,
    /// In the same unit, up to the next piece.
    pub duration: u32,
    /// As it came.
    pub data: Bytes,
}

/// The NAL units of each picture of a file and its sound, by the product's own reader.
///
/// # Errors
/// When the file is damaged anywhere.
pub fn tracks(path: &Path) -> anyhow::Result<(Vec<Vec<Bytes>>, Vec<Sound>)> {
    let file = Bytes::from(fs::read(path).with_context(|| path.display().to_string())?);
    let mut scanner = Scanner::open(&file[..])?;
    let (mut pictures, mut sounds) = (Vec::new(), Vec::new());
    while let Some(fragment) = scanner.next_fragment()? {
        let start = usize::try_from(fragment.offset)?;
        let body = start + usize::try_from(fragment.header_bytes)?;
        let mut at = body;
        let tables = fragment_tables(&file[start..body])?;
        let FragmentAudio { at: mut time, samples } = tables.audio;
        for sample in samples {
            let end = at + usize::try_from(sample.size)?;
            sounds.push(Sound { at: time, duration: sample.duration, data: file.slice(at..end) });
            (at, time) = (end, time + i64::from(sample.duration));
        }
        for sample in tables.video {
            let end = at + usize::try_from(sample.size)?;
            pictures.push(nal_units(&file[at..end]).map(|nal| file.slice_ref(nal)).collect());
            at = end;
        }
    }
    let (valid, _) = scanner.valid();
    ensure!(valid == u64::try_from(file.len())?, "{}: whole up to {valid} of {}", path.display(), file.len());
    Ok((pictures, sounds))
}

/// The NAL units of a file in order, by ffmpeg's demuxer; `None` when this machine has no ffmpeg.
///
/// ffmpeg puts the parameter sets of the file's header before each keyframe, because Annex B has no other place.
///
/// # Errors
/// When ffmpeg refuses the file.
pub fn nals_by_ffmpeg(path: &Path, codec: VideoCodec) -> anyhow::Result<Option<Vec<Bytes>>> {
    let format = match codec {
        VideoCodec::H264 => "h264",
        VideoCodec::H265 => "hevc",
    };
    let run = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-c", "copy", "-f", format, "-"])
        .stdin(Stdio::null())
        .output();
    match run {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("ffmpeg"),
        Ok(run) => {
            let complaints = String::from_utf8_lossy(&run.stderr);
            ensure!(
                run.status.success() && complaints.is_empty(),
                "ffmpeg on {}: {complaints}",
                path.display()
            );
            Ok(Some(annex_b(&Bytes::from(run.stdout))))
        }
    }
}

/// What ffmpeg's decoder makes of a file.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The coding.
    pub codec: VideoCodec,
    /// Picture width.
    pub width_px: u32,
    /// Picture height.
    pub height_px: u32,
    /// Pictures that came out.
    pub n_frames: usize,
    /// When each is shown, in the order in which they came out, in microseconds.
    pub shown_us: Vec<i64>,
}

/// Decodes every picture; `None` when this machine has no ffprobe.
///
/// # Errors
/// When the decoder complains about anything.
pub fn decoded_by_ffmpeg(path: &Path) -> anyhow::Result<Option<Decoded>> {
    let (decoded, complaints) = match decode(path)? {
        None => return Ok(None),
        Some(run) => run,
    };
    ensure!(complaints.is_empty(), "ffprobe on {}: {complaints}", path.display());
    Ok(Some(decoded))
}

/// The same, with the decoder's complaints beside it: for pictures that are known to be damaged.
///
/// # Errors
/// When the file cannot be read at all.
pub fn decode(path: &Path) -> anyhow::Result<Option<(Decoded, String)>> {
    let run = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "json"])
        .args(["-show_entries", "stream=codec_name,width,height:frame=best_effort_timestamp_time"])
        .arg("-show_frames")
        .arg(path)
        .stdin(Stdio::null())
        .output();
    let run = match run {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.context("ffprobe")?,
    };
    let complaints = String::from_utf8_lossy(&run.stderr).into_owned();
    ensure!(run.status.success(), "ffprobe on {}: {complaints}", path.display());
    let found: serde_json::Value = serde_json::from_slice(&run.stdout)?;
    let stream = &found["streams"][0];
    let size = |field: &str| -> anyhow::Result<u32> {
        Ok(u32::try_from(stream[field].as_u64().with_context(|| found.to_string())?)?)
    };
    let frames = found["frames"].as_array().context("no frames")?;
    let shown = |frame: &serde_json::Value| -> anyhow::Result<i64> {
        let seconds: f64 = frame["best_effort_timestamp_time"].as_str().context("no time")?.parse()?;
        Ok(i64::try_from(std::time::Duration::try_from_secs_f64(seconds)?.as_micros())?)
    };
    let decoded = Decoded {
        codec: match stream["codec_name"].as_str() {
            Some("hevc") => VideoCodec::H265,
            _ => VideoCodec::H264,
        },
        width_px: size("width")?,
        height_px: size("height")?,
        n_frames: frames.len(),
        shown_us: frames.iter().map(shown).collect::<anyhow::Result<_>>()?,
    };
    Ok(Some((decoded, complaints)))
}

/// Takes a byte stream of ITU-T H.264 or H.265 Annex B apart at its start codes.
#[must_use]
pub fn annex_b(stream: &Bytes) -> Vec<Bytes> {
    let mut nals = Vec::new();
    let mut start = None;
    let mut at = 0;
    while at + 3 <= stream.len() {
        if stream[at..at + 3] != [0, 0, 1] {
            at += 1;
            continue;
        }
        if let Some(start) = start {
            nals.push(without_trailing_zeros(stream, start, at));
        }
        at += 3;
        start = Some(at);
    }
    if let Some(start) = start {
        nals.push(without_trailing_zeros(stream, start, stream.len()));
    }
    nals
}

/// The zero of a four-byte start code belongs to no NAL unit, and none ends with a zero (H.264 and H.265 7.4.1).
fn without_trailing_zeros(stream: &Bytes, start: usize, end: usize) -> Bytes {
    let used = stream[start..end].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    stream.slice(start..start + used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annex_b_is_taken_apart_at_three_and_four_byte_start_codes() {
        let check = |stream: &'static [u8], nals: &[&'static [u8]]| {
            assert_eq!(annex_b(&Bytes::from_static(stream)), nals, "{stream:?}");
        };
        check(&[], &[]);
        check(&[0, 0, 1, 9], &[&[9]]);
        check(&[0, 0, 0, 1, 7, 0, 1, 0, 0, 0, 1, 8, 0, 0, 1, 5, 5], &[&[7, 0, 1], &[8], &[5, 5]]);
        check(&[0, 0, 1, 5, 0, 0, 3, 1, 0, 0], &[&[5, 0, 0, 3, 1]]);
    }
}
