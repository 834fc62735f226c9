//! The footage index: runs, segments, gaps, garbage, and which disk they are on. Rows in and out, no files.
//!
//! Written by `record` (and by `check` when it repairs), read by clips, timelines and the audit.

mod disks;
mod gaps;
mod holds;
mod proofs;
mod retention;
mod torn;

use std::{
    collections::HashSet,
    num::NonZeroU32,
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension as _, Row, Rows, Transaction, named_params, types::Type};
use sharpeyes_domain::{
    ids::{CameraId, DiskName, RunId, SegmentId, StreamId, StreamKind},
    media::{AudioCodec, AudioParams, VideoCodec, VideoParams},
    segment::{Gap, GapCause, Span},
    time::{Pts, WallTime},
};

use super::db::{Db, DbError, Migration};
pub use disks::DiskRow;
pub use gaps::GapRow;
pub(super) use gaps::gap_row;
use gaps::{Lasting, begin_gap, cut_gaps, end_gap, insert_gap};
pub use holds::{DueReview, HeldMark, HoldRow, NewHold, Release, WhichHolds};
pub use proofs::{DeletionDay, Proofs, chain, line};
pub use retention::{DeletionRow, Discard, IncidentMark, StreamUsage};
pub use torn::{TornRow, UncutRow};

/// The schema of `footage.db`.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "footage_001", sql: include_str!("migrations/footage_001.sql") },
    Migration { name: "footage_002", sql: include_str!("migrations/footage_002.sql") },
    Migration { name: "footage_003", sql: include_str!("migrations/footage_003.sql") },
    Migration { name: "footage_004_gap_cover", sql: include_str!("migrations/footage_004_gap_cover.sql") },
    Migration { name: "footage_005_torn", sql: include_str!("migrations/footage_005_torn.sql") },
    Migration { name: "footage_006_proofs", sql: include_str!("migrations/footage_006_proofs.sql") },
    Migration { name: "footage_007_disks", sql: include_str!("migrations/footage_007_disks.sql") },
    Migration { name: "footage_010_uncut", sql: include_str!("migrations/footage_010_uncut.sql") },
];

/// No segment is longer, so a search by time need not look further back.
const LONGEST_SEGMENT_MS: i64 = 3_600_000;

/// Why the index could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FootageError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A row names what this release does not know.
    #[error("the footage index is damaged: {0}")]
    Row(String),
}

/// The footage index; clones share it.
#[derive(Clone)]
pub struct Footage {
    db: Db,
    /// Segments whose rows cannot be read, as far as the log has them.
    unreadable: Arc<Mutex<HashSet<i64>>>,
}

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

/// A file that is being deleted.
#[derive(Clone, Debug)]
pub struct GarbageRow {
    /// Where it lies.
    pub disk: DiskName,
    /// Below the disk's media directory.
    pub path: String,
}

/// One step of a write; all steps of one [`Footage::apply`] become visible together.
#[derive(Clone, Debug)]
pub enum Change {
    /// A row in state open, before the file is created: so no file is ever unknown to the index.
    OpenSegment(NewSegment),
    /// The file is complete and synced. Gap rows that have ended give way to it: one that was made while the clock was
    /// ahead may lie over what is recorded once it is right.
    CloseSegment(ClosedSegment),
    /// Recording is missing from here on, for this cause; a gap that was open already ends here. One that ended here
    /// for the same cause goes on instead: what was recorded after it was lost with the power.
    BeginGap {
        /// Whose.
        stream: StreamId,
        /// From when.
        from: WallTime,
        /// Why.
        cause: GapCause,
    },
    /// The open gap, opened on a guess, has another cause.
    CorrectGap {
        /// Whose.
        stream: StreamId,
        /// Why, as is known now.
        cause: GapCause,
    },
    /// Recording goes on. A gap of no length leaves no row.
    EndGap {
        /// Whose.
        stream: StreamId,
        /// Since when.
        at: WallTime,
    },
    /// A closed gap, found missing by the audit.
    AddGap {
        /// Whose.
        stream: StreamId,
        /// What is missing and why.
        gap: Gap,
    },
    /// This stretch is recorded after all: gap rows give way to it.
    CutGaps {
        /// Whose.
        stream: StreamId,
        /// What is recorded.
        span: Span,
    },
    /// The row becomes garbage; the file follows.
    Discard {
        /// Its row.
        id: SegmentId,
        /// Now.
        since: WallTime,
    },
    /// A file without a row becomes garbage.
    DiscardFile {
        /// Where it lies.
        disk: DiskName,
        /// Below the disk's media directory.
        path: String,
        /// Now.
        since: WallTime,
    },
    /// The file is gone, and the directory is synced.
    Forget {
        /// Below the media directory.
        path: String,
    },
    /// Bytes that cannot be played are set aside: a row before the file, as for a segment.
    SetAside(TornRow),
    /// A file of such bytes is gone by somebody else's hand.
    ForgetTorn {
        /// Below the media directory.
        path: String,
    },
    /// Such bytes stay behind the end of a complete file: there is no room to set them aside.
    LeaveUncut {
        /// Its row.
        id: SegmentId,
        /// When they may have been recorded.
        span: Span,
        /// Now.
        since: WallTime,
    },
    /// The file ends where its row says.
    NoteCut {
        /// Its row.
        id: SegmentId,
    },
}

/// Rows that [`Change::OpenSegment`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The segment's run.
    pub run: RunId,
    /// The segment.
    pub segment: SegmentId,
}

impl Footage {
    /// Opens or creates the index at `path`.
    ///
    /// # Errors
    /// [`FootageError::Db`] when it cannot be opened or migrated.
    pub fn open(path: &Path) -> Result<Self, FootageError> {
        Ok(Self { db: Db::open(path, MIGRATIONS)?, unreadable: Arc::default() })
    }

    /// Makes `changes` in one transaction; they are on the disk when this returns. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when any of them failed: then none was made.
    pub fn apply(&self, changes: Vec<Change>) -> Result<Option<Opened>, FootageError> {
        self.write(move |t| {
            let mut opened = None;
            for change in &changes {
                if let Some(rows) = make(t, change)? {
                    opened = Some(rows);
                }
            }
            Ok(opened)
        })
    }

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

    /// Every stream that the index knows.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn streams(&self) -> Result<Vec<StreamId>, FootageError> {
        self.read(|c| c.prepare_cached(SELECT_STREAMS)?.query_map([], |row| stream_at(row, 0))?.collect())
    }

    /// From the first recorded picture of `stream` to the end of the last complete segment, but for damaged times.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn footage_span(&self, stream: &StreamId) -> Result<Option<Span>, FootageError> {
        self.read(|c| {
            let sql = select_footage_span();
            c.prepare_cached(&sql)?.query_row((stream.camera.as_str(), stream.kind.as_str()), |row| {
                let (from, to): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
                let Some(_) = from.zip(to) else { return Ok(None) };
                Ok(Some(Span { from: wall_at(row, 0)?, to: wall_at(row, 1)? }))
            })
        })
    }

    /// When the next complete segment or gap of `stream` begins, at `from` or later.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn next_start(&self, stream: &StreamId, from: WallTime) -> Result<Option<WallTime>, FootageError> {
        self.read(|c| {
            let sql = select_next_start();
            let values = (stream.camera.as_str(), stream.kind.as_str(), from.0);
            c.prepare_cached(&sql)?.query_row(values, |row| {
                let Some(_) = row.get::<_, Option<i64>>(0)? else { return Ok(None) };
                wall_at(row, 0).map(Some)
            })
        })
    }

    /// Where the newest complete footage of all ends.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn newest(&self) -> Result<Option<WallTime>, FootageError> {
        let mut newest = None;
        for stream in self.streams()? {
            newest = newest.max(self.footage_span(&stream)?.map(|span| span.to));
        }
        Ok(newest)
    }

    /// Files on their way out.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn garbage(&self) -> Result<Vec<GarbageRow>, FootageError> {
        self.read(|c| {
            c.prepare("SELECT disk, path FROM garbage ORDER BY path")?
                .query_map([], |row| Ok(GarbageRow { disk: parsed(row, 0)?, path: row.get(1)? }))?
                .collect()
        })
    }

    /// Whether any row names this file of this disk.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn knows_file(&self, disk: &DiskName, path: &str) -> Result<bool, FootageError> {
        self.read(|c| {
            let sql = "SELECT EXISTS (SELECT 1 FROM segment WHERE path = ?1 AND disk = ?2)
                       OR EXISTS (SELECT 1 FROM garbage WHERE path = ?1 AND disk = ?2)
                       OR EXISTS (SELECT 1 FROM torn WHERE path = ?1 AND disk = ?2)";
            c.prepare_cached(sql)?.query_row((path, disk.as_str()), |row| row.get(0))
        })
    }

    /// SQLite's own check of the file and of its references: no line when all is well.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be run.
    pub fn integrity(&self) -> Result<Vec<String>, FootageError> {
        Ok(self.db.integrity()?)
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
    fn next_readable<T>(
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

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, FootageError> {
        self.db.read_blocking(work).map_err(|source| self.db.error(source).into())
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, FootageError> {
        let path = self.db.path().to_owned();
        self.db.write_blocking(move |t| work(t).map_err(|source| DbError::Sqlite { path, source }.into()))
    }
}

/// It is this row that cannot be read, and not the database.
const fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    )
}

fn make(t: &Transaction<'_>, change: &Change) -> rusqlite::Result<Option<Opened>> {
    match change {
        Change::OpenSegment(new) => open_segment(t, new).map(Some),
        Change::CloseSegment(closed) => close_segment(t, closed).map(|()| None),
        Change::BeginGap { stream, from, cause } => begin_gap(t, stream, *from, *cause).map(|()| None),
        Change::CorrectGap { stream, cause } => {
            let sql = "UPDATE gap SET cause = ?3 WHERE camera = ?1 AND stream = ?2 AND end_wall_ms IS NULL";
            t.execute(sql, (stream.camera.as_str(), stream.kind.as_str(), cause.as_str()))?;
            Ok(None)
        }
        Change::EndGap { stream, at } => end_gap(t, stream, *at).map(|()| None),
        Change::AddGap { stream, gap } => {
            if !gap.span.is_empty() {
                insert_gap(t, stream, gap.span.from, Some(gap.span.to), gap.cause)?;
            }
            Ok(None)
        }
        Change::CutGaps { stream, span } => cut_gaps(t, stream, *span, Lasting::IsCut).map(|()| None),
        Change::Discard { id, since } => {
            t.execute(
                "INSERT INTO garbage (disk, path, size_bytes, since_ms)
                 SELECT disk, path, coalesce(size_bytes, 0), ?2 FROM segment WHERE id = ?1",
                (id.0, since.0),
            )?;
            t.execute("DELETE FROM segment WHERE id = ?1", [id.0])?;
            Ok(None)
        }
        Change::DiscardFile { disk, path, since } => {
            t.execute(
                "INSERT INTO garbage (disk, path, size_bytes, since_ms) VALUES (?1, ?2, 0, ?3)",
                (disk.as_str(), path, since.0),
            )?;
            Ok(None)
        }
        Change::Forget { path } => {
            t.execute("DELETE FROM garbage WHERE path = ?1", [path])?;
            Ok(None)
        }
        Change::SetAside(row) => torn::set_aside(t, row).map(|()| None),
        Change::ForgetTorn { path } => {
            t.execute("DELETE FROM torn WHERE path = ?1", [path])?;
            Ok(None)
        }
        Change::LeaveUncut { id, span, since } => torn::leave_uncut(t, *id, *span, *since).map(|()| None),
        Change::NoteCut { id } => {
            t.execute("DELETE FROM uncut WHERE segment_id = ?1", [id.0])?;
            Ok(None)
        }
    }
}

fn open_segment(t: &Transaction<'_>, new: &NewSegment) -> rusqlite::Result<Opened> {
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

fn close_segment(t: &Transaction<'_>, closed: &ClosedSegment) -> rusqlite::Result<()> {
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

/// From camera to camera through the indexes: there may be millions of rows.
const SELECT_STREAMS: &str = "WITH RECURSIVE
    recorded (camera) AS (SELECT min(camera) FROM segment UNION ALL
        SELECT (SELECT min(camera) FROM segment WHERE camera > recorded.camera) FROM recorded
        WHERE recorded.camera IS NOT NULL),
    missing (camera) AS (SELECT min(camera) FROM gap UNION ALL
        SELECT (SELECT min(camera) FROM gap WHERE camera > missing.camera) FROM missing
        WHERE missing.camera IS NOT NULL),
    known (camera) AS (SELECT camera FROM recorded UNION SELECT camera FROM missing),
    kind (stream) AS (VALUES ('main'), ('sub'))
    SELECT known.camera, kind.stream FROM known, kind WHERE known.camera IS NOT NULL AND (
        EXISTS (SELECT 1 FROM segment s WHERE s.camera = known.camera AND s.stream = kind.stream)
        OR EXISTS (SELECT 1 FROM gap g WHERE g.camera = known.camera AND g.stream = kind.stream))
    ORDER BY 1, 2";

/// No segment is longer than an hour, so the last end belongs to one of those that began in the hour before the last
/// beginning. Damaged times are left out.
fn select_footage_span() -> String {
    const FURTHEST: i64 = WallTime::FURTHEST_MS;
    let of_stream = format!(
        "FROM segment INDEXED BY segment_by_time
         WHERE camera = ?1 AND stream = ?2 AND state <> 'open'
         AND start_wall_ms BETWEEN -{FURTHEST} AND {FURTHEST} AND end_wall_ms BETWEEN -{FURTHEST} AND {FURTHEST}");
    format!(
        "SELECT (SELECT start_wall_ms {of_stream} ORDER BY start_wall_ms LIMIT 1),
         (SELECT max(end_wall_ms) {of_stream} AND start_wall_ms >= -{LONGEST_SEGMENT_MS} +
          (SELECT start_wall_ms {of_stream} ORDER BY start_wall_ms DESC LIMIT 1))"
    )
}

fn select_next_start() -> String {
    let from = format!(
        "camera = ?1 AND stream = ?2 AND start_wall_ms BETWEEN ?3 AND {} ORDER BY start_wall_ms LIMIT 1",
        WallTime::FURTHEST_MS
    );
    format!(
        "SELECT min(start_wall_ms) FROM (
         SELECT * FROM (SELECT start_wall_ms FROM segment INDEXED BY segment_by_time WHERE state <> 'open' AND {from})
         UNION ALL SELECT * FROM (SELECT start_wall_ms FROM gap WHERE {from}))"
    )
}

/// Those of the newest run, the newest first. Through the runs, of which there are few.
fn select_newest_segments() -> String {
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

fn stream_at(row: &Row<'_>, first: usize) -> rusqlite::Result<StreamId> {
    let camera: CameraId = parsed(row, first)?;
    let kind: String = row.get(first + 1)?;
    let kind = [StreamKind::Main, StreamKind::Sub].into_iter().find(|known| known.as_str() == kind);
    let kind = kind.ok_or_else(|| unreadable(first + 1, FootageError::Row("unknown stream kind".into())))?;
    Ok(StreamId { camera, kind })
}

/// A time that can have been: whoever reads rows adds to times and subtracts them.
pub(super) fn wall_at(row: &Row<'_>, column: usize) -> rusqlite::Result<WallTime> {
    plausible(column, WallTime(row.get(column)?), WallTime::is_plausible)
}

fn pts_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Pts> {
    plausible(column, Pts(row.get(column)?), Pts::is_plausible)
}

fn plausible<T: Copy + std::fmt::Debug>(
    column: usize,
    time: T,
    is_plausible: fn(T) -> bool,
) -> rusqlite::Result<T> {
    let damage = || unreadable(column, FootageError::Row(format!("the time {time:?}")));
    is_plausible(time).then_some(time).ok_or_else(damage)
}

fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get::<_, String>(column)?.parse().map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

#[cfg(test)]
mod tests;
