//! Holds: footage that stays for a case until somebody releases it.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params};
use sharpeyes_domain::{ids::AccountId, ids::HoldId, ids::StreamId, segment::Span, time::WallTime};

use super::{Footage, FootageError, LONGEST_SEGMENT_MS, columns::stream_at};

/// A hold that is to be.
#[derive(Clone, Debug)]
pub struct NewHold {
    /// Whose footage.
    pub stream: StreamId,
    /// From keyframe to keyframe.
    pub span: Span,
    /// For which case.
    pub case_number: String,
    /// May be empty.
    pub note: String,
    /// Who holds it.
    pub owner: AccountId,
    /// Their name.
    pub owner_name: String,
    /// When somebody looks whether it is still needed.
    pub review: WallTime,
}

/// The end of a hold.
#[derive(Clone, Debug)]
pub struct Release {
    /// When.
    pub at: WallTime,
    /// Account name.
    pub by: String,
    /// In words.
    pub reason: String,
}

/// A hold as the index keeps it.
#[derive(Clone, Debug)]
pub struct HoldRow {
    /// Its row.
    pub id: HoldId,
    /// What it holds, and for whom.
    pub hold: NewHold,
    /// When it was made.
    pub created: WallTime,
    /// `None` while it holds.
    pub release: Option<Release>,
    /// Of the files that it touches, which are kept whole.
    pub bytes: u64,
}

/// A hold as a timeline shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMark {
    /// Whose footage.
    pub stream: StreamId,
    /// Its row.
    pub id: HoldId,
    /// What it holds.
    pub span: Span,
    /// For which case.
    pub case_number: String,
}

/// A hold whose review date has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueReview {
    /// Its row.
    pub id: HoldId,
    /// Whose footage.
    pub stream: StreamId,
    /// For which case.
    pub case_number: String,
    /// Account name of who made it.
    pub owner_name: String,
    /// The date.
    pub review: WallTime,
}

/// Which holds are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichHolds {
    /// Those that hold.
    Open,
    /// The released ones too.
    All,
}

impl Footage {
    /// Holds what `new` names; `None` when nothing is recorded there. From when this returns nothing deletes it. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn add_hold(&self, new: NewHold, now: WallTime) -> Result<Option<HoldRow>, FootageError> {
        self.write(move |t| {
            if !touches_footage(t, &new)? {
                return Ok(None);
            }
            t.execute(
                "INSERT INTO hold (camera, stream, from_ms, to_ms, case_number, note, owner, owner_name, created_ms,
                 review_ms) VALUES (:camera, :stream, :from, :to, :case, :note, :owner, :name, :now, :review)",
                named_params! {
                    ":camera": new.stream.camera.as_str(), ":stream": new.stream.kind.as_str(),
                    ":from": new.span.from.0, ":to": new.span.to.0, ":case": new.case_number, ":note": new.note,
                    ":owner": new.owner.0, ":name": new.owner_name, ":now": now.0, ":review": new.review.0,
                },
            )?;
            hold(t, HoldId(t.last_insert_rowid()))
        })
    }

    /// Ends a hold; one that was released before stays as it is. `None` when there is none. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn release_hold(&self, id: HoldId, release: Release) -> Result<Option<HoldRow>, FootageError> {
        self.write(move |t| {
            t.execute(
                "UPDATE hold SET released_ms = ?2, released_by = ?3, release_reason = ?4
                 WHERE id = ?1 AND released_ms IS NULL",
                (id.0, release.at.0, &release.by, &release.reason),
            )?;
            hold(t, id)
        })
    }

    /// One hold.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn hold(&self, id: HoldId) -> Result<Option<HoldRow>, FootageError> {
        self.read(|c| hold(c, id))
    }

    /// Holds that hold something of `window`, the oldest footage first.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn held_in(&self, window: Span) -> Result<Vec<HeldMark>, FootageError> {
        self.read(|c| {
            let sql = "SELECT camera, stream, id, from_ms, to_ms, case_number FROM hold
                       WHERE released_ms IS NULL AND from_ms < :to AND to_ms > :from ORDER BY from_ms, id";
            let mark = |row: &Row<'_>| {
                Ok(HeldMark {
                    stream: stream_at(row, 0)?,
                    id: HoldId(row.get(2)?),
                    span: Span { from: WallTime(row.get(3)?), to: WallTime(row.get(4)?) },
                    case_number: row.get(5)?,
                })
            };
            let window = named_params! {":from": window.from.0, ":to": window.to.0};
            c.prepare_cached(sql)?.query_map(window, mark)?.collect()
        })
    }

    /// How many holds were released so far: when it has changed, more may be deleted than before.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn n_released_holds(&self) -> Result<u64, FootageError> {
        self.read(|c| {
            let n: i64 =
                c.query_row("SELECT count(*) FROM hold WHERE released_ms IS NOT NULL", [], |row| row.get(0))?;
            Ok(u64::try_from(n).unwrap_or(0))
        })
    }

    /// Holds that still hold and were to be looked at by `now`, the longest due first.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn due_reviews(&self, now: WallTime) -> Result<Vec<DueReview>, FootageError> {
        self.read(|c| {
            let sql = "SELECT id, camera, stream, case_number, owner_name, review_ms FROM hold
                       WHERE released_ms IS NULL AND review_ms <= ?1 ORDER BY review_ms, id";
            let due = |row: &Row<'_>| {
                Ok(DueReview {
                    id: HoldId(row.get(0)?),
                    stream: stream_at(row, 1)?,
                    case_number: row.get(3)?,
                    owner_name: row.get(4)?,
                    review: WallTime(row.get(5)?),
                })
            };
            c.prepare_cached(sql)?.query_map([now.0], due)?.collect()
        })
    }

    /// Holds, the newest first.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn holds(&self, which: WhichHolds) -> Result<Vec<HoldRow>, FootageError> {
        let filter = match which {
            WhichHolds::Open => "WHERE h.released_ms IS NULL",
            WhichHolds::All => "",
        };
        self.read(|c| {
            c.prepare_cached(&format!("{SELECT_HOLD} {filter} ORDER BY h.id DESC"))?
                .query_map([], hold_row)?
                .collect()
        })
    }
}

/// In a complete file, or in one that is being written: its end is not known yet.
fn touches_footage(t: &Transaction<'_>, new: &NewHold) -> rusqlite::Result<bool> {
    t.query_row(
        "SELECT EXISTS (SELECT 1 FROM segment WHERE camera = :camera AND stream = :stream
         AND start_wall_ms > :from - :longest AND start_wall_ms < :to AND coalesce(end_wall_ms > :from, 1))",
        named_params! {
            ":camera": new.stream.camera.as_str(), ":stream": new.stream.kind.as_str(),
            ":from": new.span.from.0, ":to": new.span.to.0, ":longest": LONGEST_SEGMENT_MS,
        },
        |row| row.get(0),
    )
}

fn hold(c: &Connection, id: HoldId) -> rusqlite::Result<Option<HoldRow>> {
    c.query_row(&format!("{SELECT_HOLD} WHERE h.id = ?1"), [id.0], hold_row).optional()
}

const SELECT_HOLD: &str =
    "SELECT h.id, h.camera, h.stream, h.from_ms, h.to_ms, h.case_number, h.note, h.owner,
    h.owner_name, h.created_ms, h.review_ms, h.released_ms, h.released_by, h.release_reason,
    (SELECT coalesce(sum(s.size_bytes), 0) FROM segment s INDEXED BY segment_by_time
     WHERE s.camera = h.camera AND s.stream = h.stream AND s.start_wall_ms > h.from_ms - 3600000
     AND s.start_wall_ms < h.to_ms AND s.end_wall_ms > h.from_ms) FROM hold h";

fn hold_row(row: &Row<'_>) -> rusqlite::Result<HoldRow> {
    let release = match (row.get(11)?, row.get(12)?, row.get(13)?) {
        (Some(at), Some(by), Some(reason)) => Some(Release { at: WallTime(at), by, reason }),
        _ => None,
    };
    Ok(HoldRow {
        id: HoldId(row.get(0)?),
        hold: NewHold {
            stream: stream_at(row, 1)?,
            span: Span { from: WallTime(row.get(3)?), to: WallTime(row.get(4)?) },
            case_number: row.get(5)?,
            note: row.get(6)?,
            owner: AccountId(row.get(7)?),
            owner_name: row.get(8)?,
            review: WallTime(row.get(10)?),
        },
        created: WallTime(row.get(9)?),
        release,
        bytes: u64::try_from(row.get::<_, i64>(14)?).unwrap_or(0),
    })
}
