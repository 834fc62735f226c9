//! The footage index: runs, segments, gaps, garbage, and which disk they are on. Rows in and out, no files.
//!
//! Written by `record` (and by `check` when it repairs), read by clips, timelines and the audit.

mod columns;
mod disks;
mod gaps;
mod holds;
mod proofs;
mod retention;
mod segments;
mod torn;

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, Transaction};
use sharpeyes_domain::{
    ids::{DiskName, RunId, SegmentId, StreamId},
    segment::{Gap, GapCause, Span},
    time::WallTime,
};

use super::db::{Db, DbError, Migration};
pub(super) use columns::wall_at;
use columns::{parsed, stream_at};
pub use disks::DiskRow;
pub use gaps::GapRow;
pub(super) use gaps::gap_row;
use gaps::{Lasting, begin_gap, cut_gaps, end_gap, insert_gap};
pub use holds::{DueReview, HeldMark, HoldRow, NewHold, Release, WhichHolds};
pub use proofs::{DeletionDay, Proofs, chain, line};
pub use retention::{DeletionRow, Discard, IncidentMark, StreamUsage};
pub use segments::{ClosedSegment, NewRun, NewSegment, RunRef, RunRow, SegmentRow, SegmentState};
use segments::{close_segment, open_segment};
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

#[cfg(test)]
mod tests;
