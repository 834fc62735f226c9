//! Runs and their segments: the recorded files, as rows in and out.

use std::{
    num::NonZeroU32,
    str::FromStr,
    sync::{Arc, PoisonError},
};

use rusqlite::{OptionalExtension as _, Row, Rows, Transaction, named_params};
use sharpeyes_domain::{
    ids::{DiskName, RunId, SegmentId, StreamId},
    media::{AudioCodec, AudioParams, VideoCodec, VideoParams},
    segment::Span,
    time::{Pts, WallTime},
};

use super::{
    Footage, FootageError, LONGEST_SEGMENT_MS, Opened,
    columns::{is_damage, parsed, pts_at, stream_at, unreadable, wall_at},
    gaps::{Lasting, cut_gaps},
};

/// State of a recorded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentState {
    /// Being written, or left so by a crash.
    Open,
    /// Complete.
    Closed,
    /// Complete up to where a crash tore it.
    Recovered,
}

impl SegmentState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Recovered => "recovered",
        }
    }
}

impl FromStr for SegmentState {
    type Err = FootageError;
    fn from_str(text: &str) -> Result<Self, FootageError> {
        [Self::Open, Self::Closed, Self::Recovered]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| FootageError::Row(format!("segment state `{text}`")))
    }
}

/// A run as the index keeps it.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// Its row.
    pub id: RunId,
    /// Whose.
    pub stream: StreamId,
    /// The ingest's own count of runs of this stream.
    pub generation: u64,
    /// Wall time of the run's media time 0.
    pub wall_start: WallTime,
    /// What a decoder needs.
    pub params: Arc<VideoParams>,
    /// The same for the sound, where it is recorded.
    pub audio: Option<Arc<AudioParams>>,
}

/// A run that has no row yet.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The ingest's own count of runs of this stream.
    pub generation: u64,
    /// Wall time of the run's media time 0.
    pub wall_start: WallTime,
    /// What a decoder needs.
    pub params: Arc<VideoParams>,
    /// The same for the sound, where it is recorded.
    pub audio: Option<Arc<AudioParams>>,
}

/// The run of a new segment.
#[derive(Clone, Debug)]
pub enum RunRef {
    /// Has a row.
    Known(RunId),
    /// Gets one in the same transaction.
    New(NewRun),
}

/// A file that is about to be created.
#[derive(Clone, Debug)]
pub struct NewSegment {
    /// Whose run.
    pub run: RunRef,
    /// Whose.
    pub stream: StreamId,
    /// Where it lies.
    pub disk: DiskName,
    /// Below the disk's media directory.
    pub path: String,
    /// Of its first picture.
    pub start_wall: WallTime,
    /// Of its first picture.
    pub start_pts: Pts,
}

/// A complete file.
#[derive(Clone, Debug)]
pub struct ClosedSegment {
    /// Its row.
    pub id: SegmentId,
    /// Not [`SegmentState::Open`].
    pub state: SegmentState,
    /// From the first picture to the end of the last.
    pub span: Span,
    /// Media time of the first picture.
    pub start_pts: Pts,
    /// Media time of the end of the last one.
    pub end_pts: Pts,
    /// Of the whole file.
    pub size_bytes: u64,
    /// Of the whole file.
    pub sha256: [u8; 32],
    /// Pictures.
    pub n_frames: u32,
    /// The encoded fragment table.
    pub fragments: Vec<u8>,
}

/// A recorded file as the index keeps it.
#[derive(Clone, Debug)]
pub struct SegmentRow {
    /// Its row.
    pub id: SegmentId,
    /// Its run.
    pub run: RunId,
    /// Whose.
    pub stream: StreamId,
    /// Where it lies.
    pub disk: DiskName,
    /// Below the disk's media directory.
    pub path: String,
    /// Wall time of the first picture.
    pub start_wall: WallTime,
    /// Media time of the first picture.
    pub start_pts: Pts,
    /// What is known once it is complete; `None` while it is open.
    pub closed: Option<ClosedSegment>,
}

impl Footage {
    /// Segments left open, but for those whose rows cannot be read: these are left to `check`.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn open_segments(&self) -> Result<Vec<SegmentRow>, FootageError> {
        self.read(|c| {
            let mut statement = c.prepare(&format!("{SELECT_SEGMENT} WHERE state = 'open' ORDER BY id"))?;
            self.readable(statement.query([])?, usize::MAX)
        })
    }

    /// Complete segments of `stream` that overlap `span`, oldest first.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read, or the row of any of them: nobody is to be shown less than there is.
    pub fn segments_in(&self, stream: &StreamId, span: Span) -> Result<Vec<SegmentRow>, FootageError> {
        self.overlapping(stream, span, |rows| rows.mapped(segment_row).collect())
    }

    /// The same, but for those whose rows cannot be read.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn readable_segments_in(
        &self,
        stream: &StreamId,
        span: Span,
    ) -> Result<Vec<SegmentRow>, FootageError> {
        self.overlapping(stream, span, |rows| self.readable(rows, usize::MAX))
    }

    fn overlapping(
        &self,
        stream: &StreamId,
        span: Span,
        read: impl FnOnce(Rows<'_>) -> rusqlite::Result<Vec<SegmentRow>>,
    ) -> Result<Vec<SegmentRow>, FootageError> {
        self.read(|c| {
            let sql = format!(
                "{SELECT_SEGMENT} WHERE camera = :camera AND stream = :stream AND state <> 'open'
                 AND start_wall_ms > :from - :longest AND start_wall_ms < :to AND end_wall_ms > :from
                 ORDER BY start_wall_ms, id"
            );
            let values = named_params! {
                ":camera": stream.camera.as_str(), ":stream": stream.kind.as_str(),
                ":from": span.from.0, ":to": span.to.0, ":longest": LONGEST_SEGMENT_MS,
            };
            read(c.prepare_cached(&sql)?.query(values)?)
        })
    }

    /// Segments after `after` by row, at most `limit`: the whole index in pages, but for those whose rows cannot be read.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn segments_after(&self, after: SegmentId, limit: usize) -> Result<Vec<SegmentRow>, FootageError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(&format!("{SELECT_SEGMENT} WHERE id > ?1 ORDER BY id"))?;
            self.readable(statement.query([after.0])?, limit)
        })
    }

    /// Segments whose rows cannot be read, with what is wrong with each. Goes through the whole index.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read at all.
    pub fn damaged_segments(&self) -> Result<Vec<(SegmentId, String)>, FootageError> {
        self.read(|c| {
            let mut statement = c.prepare(&format!("{SELECT_SEGMENT} ORDER BY id"))?;
            let (mut rows, mut found) = (statement.query([])?, Vec::new());
            while let Some(row) = rows.next()? {
                match segment_row(row) {
                    Ok(_) => {}
                    Err(error) if is_damage(&error) => {
                        found.push((SegmentId(row.get(0)?), error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        })
    }

    /// One segment.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn segment(&self, id: SegmentId) -> Result<Option<SegmentRow>, FootageError> {
        self.read(|c| c.query_row(&format!("{SELECT_SEGMENT} WHERE id = ?1"), [id.0], segment_row).optional())
    }

    /// One run.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn run(&self, id: RunId) -> Result<Option<RunRow>, FootageError> {
        self.read(|c| {
            let sql =
                "SELECT id, camera, stream, generation, wall_start_ms, codec, rfc6381, width_px, height_px,
                       sample_entry, decoder_config, audio_codec, audio_rfc6381, audio_rate_hz, audio_channels,
                       audio_entry FROM run WHERE id = ?1";
            c.prepare_cached(sql)?.query_row([id.0], run_row).optional()
        })
    }

    /// The run of `stream` with exactly these sample entries, the newest of several.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn run_with_entry(
        &self,
        stream: &StreamId,
        sample_entry: &[u8],
        audio_entry: Option<&[u8]>,
    ) -> Result<Option<RunId>, FootageError> {
        self.read(|c| {
            let sql = "SELECT max(id) FROM run WHERE camera = ?1 AND stream = ?2 AND sample_entry = ?3
                       AND audio_entry IS ?4";
            let values = (stream.camera.as_str(), stream.kind.as_str(), sample_entry, audio_entry);
            c.query_row(sql, values, |row| row.get::<_, Option<i64>>(0)).map(|id| id.map(RunId))
        })
    }

    /// The segment of `stream` that was begun last, by its row: a clock that was ahead dates others after it. One whose row
    /// cannot be read is left to `check`, and is not it.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn newest_segment(&self, stream: &StreamId) -> Result<Option<SegmentRow>, FootageError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(&select_newest_segments())?;
            let mut rows = statement.query((stream.camera.as_str(), stream.kind.as_str()))?;
            self.next_readable(&mut rows, segment_row)
        })
    }

    /// The first `limit` segments that can be read.
    fn readable(&self, mut rows: Rows<'_>, limit: usize) -> rusqlite::Result<Vec<SegmentRow>> {
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(row) = self.next_readable(&mut rows, segment_row)?
        {
            found.push(row);
        }
        Ok(found)
    }

    /// The next row that can be read; its first column is that of a segment. One damaged row must keep neither all cameras
    /// from being recorded nor its stream's old files from being deleted: it is said once, and left out.
    pub(super) fn next_readable<T>(
        &self,
        rows: &mut Rows<'_>,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        while let Some(row) = rows.next()? {
            match read(row) {
                Ok(found) => return Ok(Some(found)),
                Err(error) if is_damage(&error) => {
                    let id: i64 = row.get(0)?;
                    let mut told = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
                    if told.insert(id) {
                        tracing::error!(segment = id, %error, "a row of the footage index is damaged: run `sharpeyes check`");
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

pub(super) fn open_segment(t: &Transaction<'_>, new: &NewSegment) -> rusqlite::Result<Opened> {
    let (camera, stream) = (new.stream.camera.as_str(), new.stream.kind.as_str());
    let run = match &new.run {
        RunRef::Known(id) => *id,
        RunRef::New(run) => {
            let audio = run.audio.as_deref();
            t.prepare_cached(
                "INSERT INTO run (camera, stream, generation, wall_start_ms, codec, rfc6381, width_px, height_px,
                 sample_entry, decoder_config, audio_codec, audio_rfc6381, audio_rate_hz, audio_channels, audio_entry)
                 VALUES (:camera, :stream, :generation, :wall, :codec, :rfc6381, :width, :height, :entry, :config,
                 :audio, :audio_rfc6381, :audio_rate, :audio_channels, :audio_entry)",
            )?
            .execute(named_params! {
                ":camera": camera, ":stream": stream,
                ":generation": i64::try_from(run.generation).unwrap_or(i64::MAX),
                ":wall": run.wall_start.0, ":codec": run.params.codec.as_str(), ":rfc6381": run.params.rfc6381,
                ":width": run.params.width_px, ":height": run.params.height_px,
                ":entry": &*run.params.sample_entry, ":config": &*run.params.decoder_config,
                ":audio": audio.map(|audio| audio.codec.as_str()),
                ":audio_rfc6381": audio.map(|audio| &audio.rfc6381),
                ":audio_rate": audio.map(|audio| audio.rate_hz.get()),
                ":audio_channels": audio.map(|audio| audio.channels),
                ":audio_entry": audio.map(|audio| &*audio.sample_entry),
            })?;
            RunId(t.last_insert_rowid())
        }
    };
    t.prepare_cached(
        "INSERT INTO segment (run_id, camera, stream, path, state, start_wall_ms, start_pts_90k, disk)
         VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7)",
    )?
    .execute((
        run.0,
        camera,
        stream,
        &new.path,
        new.start_wall.0,
        new.start_pts.0,
        new.disk.as_str(),
    ))?;
    Ok(Opened { run, segment: SegmentId(t.last_insert_rowid()) })
}

pub(super) fn close_segment(t: &Transaction<'_>, closed: &ClosedSegment) -> rusqlite::Result<()> {
    let stream = t
        .prepare_cached(
            "UPDATE segment SET state = :state, start_wall_ms = :from, end_wall_ms = :to, start_pts_90k = :start_pts,
             end_pts_90k = :end_pts, size_bytes = :size, sha256 = :sha256, n_frames = :n_frames,
             fragments = :fragments WHERE id = :id RETURNING camera, stream",
        )?
        .query_row(
            named_params! {
                ":id": closed.id.0, ":state": closed.state.as_str(),
                ":from": closed.span.from.0, ":to": closed.span.to.0,
                ":start_pts": closed.start_pts.0, ":end_pts": closed.end_pts.0,
                ":size": i64::try_from(closed.size_bytes).unwrap_or(i64::MAX),
                ":sha256": &closed.sha256[..], ":n_frames": closed.n_frames, ":fragments": closed.fragments,
            },
            |row| stream_at(row, 0),
        )
        .optional()?;
    match stream {
        Some(stream) => cut_gaps(t, &stream, closed.span, Lasting::Stays),
        None => {
            // As an error it would come back with every further row of the stream.
            tracing::warn!(segment = closed.id.0, "a file is complete whose row is gone");
            Ok(())
        }
    }
}

/// Those of the newest run, the newest first. Through the runs, of which there are few.
pub(super) fn select_newest_segments() -> String {
    format!(
        "{SELECT_SEGMENT} WHERE run_id = (SELECT id FROM run
         WHERE camera = ?1 AND stream = ?2 AND EXISTS (SELECT 1 FROM segment s WHERE s.run_id = run.id)
         ORDER BY id DESC LIMIT 1) ORDER BY id DESC"
    )
}

const SELECT_SEGMENT: &str = "SELECT id, run_id, camera, stream, path, state, start_wall_ms, end_wall_ms,
    start_pts_90k, end_pts_90k, size_bytes, sha256, n_frames, fragments, disk FROM segment";

fn segment_row(row: &Row<'_>) -> rusqlite::Result<SegmentRow> {
    let id = SegmentId(row.get(0)?);
    let state: SegmentState = parsed(row, 5)?;
    let (start_wall, start_pts) = (wall_at(row, 6)?, pts_at(row, 8)?);
    let closed = match state {
        SegmentState::Open => None,
        SegmentState::Closed | SegmentState::Recovered => Some(ClosedSegment {
            id,
            state,
            span: Span { from: start_wall, to: wall_at(row, 7)? },
            start_pts,
            end_pts: pts_at(row, 9)?,
            size_bytes: u64::try_from(row.get::<_, i64>(10)?).unwrap_or(0),
            sha256: row.get(11)?,
            n_frames: row.get(12)?,
            fragments: row.get(13)?,
        }),
    };
    Ok(SegmentRow {
        id,
        run: RunId(row.get(1)?),
        stream: stream_at(row, 2)?,
        disk: parsed(row, 14)?,
        path: row.get(4)?,
        start_wall,
        start_pts,
        closed,
    })
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let codec: String = row.get(5)?;
    let codec = [VideoCodec::H264, VideoCodec::H265].into_iter().find(|known| known.as_str() == codec);
    let (sample_entry, decoder_config): (Vec<u8>, Vec<u8>) = (row.get(9)?, row.get(10)?);
    Ok(RunRow {
        id: RunId(row.get(0)?),
        stream: stream_at(row, 1)?,
        generation: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        wall_start: wall_at(row, 4)?,
        params: Arc::new(VideoParams {
            codec: codec.ok_or_else(|| unreadable(5, FootageError::Row("unknown codec".into())))?,
            rfc6381: row.get(6)?,
            width_px: row.get(7)?,
            height_px: row.get(8)?,
            sample_entry: sample_entry.into(),
            decoder_config: decoder_config.into(),
        }),
        audio: audio_at(row, 11)?.map(Arc::new),
    })
}

fn audio_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<AudioParams>> {
    let Some(codec) = row.get::<_, Option<String>>(first)? else { return Ok(None) };
    let codec = AudioCodec::ALL.into_iter().find(|known| known.as_str() == codec);
    let entry: Vec<u8> = row.get(first + 4)?;
    Ok(Some(AudioParams {
        codec: codec.ok_or_else(|| unreadable(first, FootageError::Row("unknown audio codec".into())))?,
        rfc6381: row.get(first + 1)?,
        rate_hz: NonZeroU32::new(row.get(first + 2)?)
            .ok_or_else(|| unreadable(first + 2, FootageError::Row("a sampling rate of nothing".into())))?,
        channels: row.get(first + 3)?,
        sample_entry: entry.into(),
    }))
}
