//! Proofs of deletion as they get old: folded into one row per stream, reason and day, whose hash still tells whether
//! the single ones are what they were. And the marks of the retention clock that no file needs any more.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params};
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    ids::{SegmentId, StreamId},
    retention::DeletionReason,
    segment::Span,
    time::WallTime,
};

use super::{
    Footage, FootageError,
    columns::{parsed, stream_at, wall_at},
    retention::{DeletionRow, bytes_at, deletion_row},
};

const DAY_MS: i64 = 86_400_000;

/// The proofs of one stream, reason and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionDay {
    /// Whose.
    pub stream: StreamId,
    /// The UTC day of deletion, at its beginning.
    pub day: WallTime,
    /// Why.
    pub reason: DeletionReason,
    /// Files.
    pub n_files: u64,
    /// Of the files.
    pub bytes: u64,
    /// From the earliest to the latest footage.
    pub span: Span,
    /// Over the single proofs, see [`chain`].
    pub sha256: [u8; 32],
}

impl DeletionDay {
    /// The UTC day to which a proof of this time belongs, at its beginning.
    #[must_use]
    pub const fn day_of(at: WallTime) -> WallTime {
        WallTime(day_of(at.0))
    }
}

/// A proof as auditors keep it and as a day's chain goes over it, without its line feed: the schema has it in words.
#[must_use]
pub fn line(row: &DeletionRow) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        row.at.0,
        row.stream.camera,
        row.stream.kind.as_str(),
        row.span.from.0,
        row.span.to.0,
        row.bytes,
        hex::encode(row.sha256),
        row.reason.as_str()
    )
}

/// The next link of a day's chain over such lines. It begins with 32 zero bytes.
#[must_use]
pub fn chain(so_far: [u8; 32], line: &str) -> [u8; 32] {
    Sha256::new_with_prefix(so_far).chain_update(line).chain_update("\n").finalize().into()
}

/// Folded and single proofs as they were at one moment: none moves between two looks.
pub struct Proofs<'a> {
    footage: &'a Footage,
    snapshot: Transaction<'a>,
}

impl Proofs<'_> {
    /// All folded proofs, by stream and day.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn days(&self) -> Result<Vec<DeletionDay>, FootageError> {
        select_days(&self.snapshot).map_err(|source| self.footage.db.error(source).into())
    }

    /// The single proofs of what was deleted at this instant, in the order of their rows.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn singles_at(&self, at: WallTime) -> Result<Vec<DeletionRow>, FootageError> {
        select_singles_at(&self.snapshot, at).map_err(|source| self.footage.db.error(source).into())
    }
}

impl Footage {
    /// Shows `work` the proofs of one moment.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn proofs<T>(&self, work: impl FnOnce(&Proofs<'_>) -> T) -> Result<T, FootageError> {
        self.read(|c| {
            let snapshot = c.unchecked_transaction()?;
            Ok(work(&Proofs { footage: self, snapshot }))
        })
    }

    /// Folds proofs of the oldest UTC day that was over before `before`, `limit` at most, in the order of their rows:
    /// a day goes whole, however the clock went meanwhile. Gives how many. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written: then nothing was done.
    pub fn fold_deletions(&self, before: WallTime, limit: u32) -> Result<usize, FootageError> {
        // Looked for outside of the write, for which recording waits. Of two who found the same, the later finds none left.
        let ids: Vec<i64> = self.read(|c| {
            let oldest: Option<i64> =
                c.prepare_cached("SELECT min(at_ms) FROM deletion")?.query_row([], |row| row.get(0))?;
            let Some(day) = oldest.map(day_of).filter(|day| *day < day_of(before.0)) else {
                return Ok(Vec::new());
            };
            c.prepare_cached(
                "SELECT id FROM deletion INDEXED BY deletion_by_time WHERE at_ms >= ?1 AND at_ms < ?2
                 ORDER BY id LIMIT ?3",
            )?
            .query_map((day, day.saturating_add(DAY_MS), limit), |row| row.get(0))?
            .collect()
        })?;
        if ids.is_empty() {
            return Ok(0);
        }
        self.write(move |t| {
            let mut old: Vec<(i64, DeletionRow)> = Vec::new();
            let mut select = t.prepare_cached(
                "SELECT at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason FROM deletion WHERE id = ?1",
            )?;
            for id in &ids {
                old.extend(select.query_row([id], deletion_row).optional()?.map(|row| (*id, row)));
            }
            let mut days: BTreeMap<(StreamId, i64, &str), DeletionDay> = BTreeMap::new();
            for (_, row) in &old {
                let day = day_of(row.at.0);
                let key = (row.stream.clone(), day, row.reason.as_str());
                let folded = match days.entry(key) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(new) => {
                        new.insert(known_day(t, row, day)?.unwrap_or_else(|| empty_day(row, day)))
                    }
                };
                folded.n_files += 1;
                folded.bytes += row.bytes;
                folded.span.from = folded.span.from.min(row.span.from);
                folded.span.to = folded.span.to.max(row.span.to);
                folded.sha256 = chain(folded.sha256, &line(row));
            }
            days.values().try_for_each(|day| keep_day(t, day))?;
            let mut delete = t.prepare_cached("DELETE FROM deletion WHERE id = ?1")?;
            for (id, _) in &old {
                delete.execute([id])?;
            }
            Ok(old.len())
        })
    }

    /// The single proofs after row `after`, the oldest first, at most `limit`, each with its row.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn deletions_after(&self, after: i64, limit: u32) -> Result<Vec<(i64, DeletionRow)>, FootageError> {
        self.read(|c| {
            c.prepare_cached(
                "SELECT at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason, id FROM deletion
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?
            .query_map((after, limit), |row| Ok((row.get(8)?, deletion_row(row)?)))?
            .collect()
        })
    }

    /// All folded proofs, by stream and day.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn deletion_days(&self) -> Result<Vec<DeletionDay>, FootageError> {
        self.read(select_days)
    }

    /// Deletes marks of the retention clock that say nothing of any file that is still there, and shifts that none of
    /// them has lived through; looks at `limit` marks after `after`, and gives where to go on, `None` at the end. The
    /// newest mark stays. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when the index cannot be read or written.
    pub fn prune_marks(&self, after: SegmentId, limit: u32) -> Result<Option<SegmentId>, FootageError> {
        // Outside of the write, for which recording waits: no file ever gets a row before a mark that is not the newest.
        let (marks, useless) = self.read(|c| {
            let marks: Vec<i64> = c
                .prepare_cached(
                    "SELECT segment_id FROM retention_mark WHERE segment_id > ?1 ORDER BY segment_id LIMIT ?2",
                )?
                .query_map((after.0, i64::from(limit) + 1), |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut has_files =
                c.prepare_cached("SELECT EXISTS (SELECT 1 FROM segment WHERE id > ?1 AND id <= ?2)")?;
            let mut useless = Vec::new();
            // A file's mark is the last one before its row.
            for pair in marks.windows(2) {
                if !has_files.query_row((pair[0], pair[1]), |row| row.get(0))? {
                    useless.push(pair[0]);
                }
            }
            Ok((marks, useless))
        })?;
        self.write(move |t| {
            let mut delete = t.prepare_cached("DELETE FROM retention_mark WHERE segment_id = ?1")?;
            useless.iter().try_for_each(|mark| delete.execute([mark]).map(drop))?;
            let old = "DELETE FROM retention_shift WHERE segment_id < (SELECT min(id) FROM segment)";
            t.execute(old, []).map(drop)
        })?;
        let is_more = u32::try_from(marks.len()).is_ok_and(|n| n > limit);
        // The last one was looked at only for where the one before it ends.
        Ok(marks.iter().rev().nth(1).filter(|_| is_more).map(|last| SegmentId(*last)))
    }
}

/// The beginning of a time's UTC day.
const fn day_of(at_ms: i64) -> i64 {
    at_ms.saturating_sub(at_ms.rem_euclid(DAY_MS))
}

const SELECT_DAY: &str =
    "SELECT camera, stream, day_ms, reason, n_files, size_bytes, from_ms, to_ms, sha256 FROM deletion_day";

fn select_days(c: &Connection) -> rusqlite::Result<Vec<DeletionDay>> {
    c.prepare_cached(&format!("{SELECT_DAY} ORDER BY camera, stream, day_ms, reason"))?
        .query_map([], day_row)?
        .collect()
}

fn select_singles_at(c: &Connection, at: WallTime) -> rusqlite::Result<Vec<DeletionRow>> {
    c.prepare_cached(
        "SELECT at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason FROM deletion
         INDEXED BY deletion_by_time WHERE at_ms = ?1 ORDER BY id",
    )?
    .query_map([at.0], deletion_row)?
    .collect()
}

fn empty_day(row: &DeletionRow, day: i64) -> DeletionDay {
    DeletionDay {
        stream: row.stream.clone(),
        day: WallTime(day),
        reason: row.reason,
        n_files: 0,
        bytes: 0,
        span: row.span,
        sha256: [0; 32],
    }
}

/// A clock that went back adds to a day that was folded before.
fn known_day(t: &Transaction<'_>, row: &DeletionRow, day: i64) -> rusqlite::Result<Option<DeletionDay>> {
    let sql = format!("{SELECT_DAY} WHERE camera = ?1 AND stream = ?2 AND day_ms = ?3 AND reason = ?4");
    let key = (row.stream.camera.as_str(), row.stream.kind.as_str(), day, row.reason.as_str());
    t.prepare_cached(&sql)?.query_row(key, day_row).optional()
}

fn keep_day(t: &Transaction<'_>, day: &DeletionDay) -> rusqlite::Result<()> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    t.prepare_cached(
        "INSERT INTO deletion_day VALUES (:camera, :stream, :day, :reason, :n, :size, :from, :to, :sha256)
         ON CONFLICT (camera, stream, day_ms, reason) DO UPDATE SET n_files = excluded.n_files,
         size_bytes = excluded.size_bytes, from_ms = excluded.from_ms, to_ms = excluded.to_ms,
         sha256 = excluded.sha256",
    )?
    .execute(named_params! {
        ":camera": day.stream.camera.as_str(), ":stream": day.stream.kind.as_str(), ":day": day.day.0,
        ":reason": day.reason.as_str(), ":n": number(day.n_files), ":size": number(day.bytes),
        ":from": day.span.from.0, ":to": day.span.to.0, ":sha256": &day.sha256[..],
    })
    .map(drop)
}

fn day_row(row: &Row<'_>) -> rusqlite::Result<DeletionDay> {
    Ok(DeletionDay {
        stream: stream_at(row, 0)?,
        day: wall_at(row, 2)?,
        reason: parsed(row, 3)?,
        n_files: bytes_at(row, 4)?,
        bytes: bytes_at(row, 5)?,
        span: Span { from: wall_at(row, 6)?, to: wall_at(row, 7)? },
        sha256: row.get(8)?,
    })
}
