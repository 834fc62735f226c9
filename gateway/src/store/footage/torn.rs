//! Bytes that a crash tore off a recorded file, kept for as long as a hold or an incident may cover them: set aside, or
//! behind the file's end while there is no room for that.

use rusqlite::{Row, Transaction, named_params};
use sharpeyes_domain::{
    ids::{DiskName, SegmentId, StreamId},
    retention::DeletionReason,
    segment::Span,
    time::WallTime,
};

use super::{
    Footage, FootageError,
    columns::{parsed, stream_at, wall_at},
    retention::{IS_HELD, IS_OF_INCIDENT, bytes_at},
};

/// A file of such bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornRow {
    /// Where it lies.
    pub disk: DiskName,
    /// Below the disk's media directory.
    pub path: String,
    /// Whose.
    pub stream: StreamId,
    /// Between which times they were recorded.
    pub span: Span,
    /// How many.
    pub bytes: u64,
    /// Of them.
    pub sha256: [u8; 32],
    /// When they were set aside.
    pub since: WallTime,
}

/// A complete file that is longer than its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncutRow {
    /// Its row.
    pub segment: SegmentId,
    /// Where it lies.
    pub disk: DiskName,
    /// Below the disk's media directory.
    pub path: String,
    /// Whose.
    pub stream: StreamId,
    /// Up to the end of its last whole fragment.
    pub valid_bytes: u64,
    /// Between which times the bytes behind them were recorded.
    pub span: Span,
    /// When there was no room to set those aside.
    pub since: WallTime,
}

impl Footage {
    /// All files that are longer than their rows say, by row.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn uncut(&self) -> Result<Vec<UncutRow>, FootageError> {
        self.read(|c| {
            let sql = "SELECT s.id, s.disk, s.path, s.camera, s.stream, s.size_bytes, u.start_wall_ms, u.end_wall_ms,
                       u.since_ms FROM uncut u JOIN segment s ON s.id = u.segment_id ORDER BY s.id";
            c.prepare_cached(sql)?.query_map([], uncut_row)?.collect()
        })
    }

    /// All that is set aside, by path.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn torn(&self) -> Result<Vec<TornRow>, FootageError> {
        self.read(|c| {
            let sql =
                "SELECT path, camera, stream, start_wall_ms, end_wall_ms, size_bytes, sha256, since_ms, disk
                       FROM torn ORDER BY path";
            c.prepare_cached(sql)?.query_map([], torn_row)?.collect()
        })
    }

    /// Whether a hold or an incident that is known here covers anything of `span`.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn is_reserved(&self, stream: &StreamId, span: Span) -> Result<bool, FootageError> {
        let sql = format!(
            "SELECT {IS_HELD} OR {IS_OF_INCIDENT} FROM
             (SELECT :camera AS camera, :stream AS stream, :from AS start_wall_ms, :to AS end_wall_ms) s"
        );
        let values = named_params! {
            ":camera": stream.camera.as_str(), ":stream": stream.kind.as_str(),
            ":from": span.from.0, ":to": span.to.0,
        };
        self.read(|c| c.query_row(&sql, values, |row| row.get(0)))
    }

    /// Makes garbage of what neither a hold nor an incident covers (any more), with the proof of it. Gives how many files. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written: then nothing was done.
    pub fn discard_torn(&self, now: WallTime) -> Result<usize, FootageError> {
        if self.read(|c| c.query_row("SELECT NOT EXISTS (SELECT 1 FROM torn)", [], |row| row.get(0)))? {
            return Ok(0);
        }
        self.write(move |t| {
            let free = format!("SELECT s.path FROM torn s WHERE NOT {IS_HELD} AND NOT {IS_OF_INCIDENT}");
            t.execute(
                &format!(
                    "INSERT INTO garbage (disk, path, size_bytes, since_ms)
                     SELECT disk, path, size_bytes, ?1 FROM torn WHERE path IN ({free})"
                ),
                [now.0],
            )?;
            t.execute(
                &format!(
                    "INSERT INTO deletion (at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason)
                     SELECT ?1, camera, stream, start_wall_ms, end_wall_ms, size_bytes, sha256, ?2 FROM torn
                     WHERE path IN ({free})"
                ),
                (now.0, DeletionReason::Torn.as_str()),
            )?;
            t.execute(&format!("DELETE FROM torn WHERE path IN ({free})"), [])
        })
    }
}

pub(super) fn set_aside(t: &Transaction<'_>, row: &TornRow) -> rusqlite::Result<()> {
    t.execute(
        "INSERT OR REPLACE INTO torn
          (disk, path, camera, stream, start_wall_ms, end_wall_ms, size_bytes, sha256, since_ms)
         VALUES (:disk, :path, :camera, :stream, :from, :to, :size, :sha256, :since)",
        named_params! {
            ":disk": row.disk.as_str(), ":path": row.path, ":camera": row.stream.camera.as_str(), ":stream": row.stream.kind.as_str(),
            ":from": row.span.from.0, ":to": row.span.to.0,
            ":size": i64::try_from(row.bytes).unwrap_or(i64::MAX), ":sha256": &row.sha256[..],
            ":since": row.since.0,
        },
    )
    .map(drop)
}

pub(super) fn leave_uncut(
    t: &Transaction<'_>,
    id: SegmentId,
    span: Span,
    since: WallTime,
) -> rusqlite::Result<()> {
    t.execute(
        "INSERT OR REPLACE INTO uncut (segment_id, start_wall_ms, end_wall_ms, since_ms) VALUES (?1, ?2, ?3, ?4)",
        (id.0, span.from.0, span.to.0, since.0),
    )
    .map(drop)
}

fn uncut_row(row: &Row<'_>) -> rusqlite::Result<UncutRow> {
    Ok(UncutRow {
        segment: SegmentId(row.get(0)?),
        disk: parsed(row, 1)?,
        path: row.get(2)?,
        stream: stream_at(row, 3)?,
        valid_bytes: bytes_at(row, 5)?,
        span: Span { from: wall_at(row, 6)?, to: wall_at(row, 7)? },
        since: wall_at(row, 8)?,
    })
}

fn torn_row(row: &Row<'_>) -> rusqlite::Result<TornRow> {
    Ok(TornRow {
        disk: parsed(row, 8)?,
        path: row.get(0)?,
        stream: stream_at(row, 1)?,
        span: Span { from: wall_at(row, 3)?, to: wall_at(row, 4)? },
        bytes: bytes_at(row, 5)?,
        sha256: row.get(6)?,
        since: wall_at(row, 7)?,
    })
}
