//! Gaps: what was not recorded and why. Where a gap and complete footage meet, footage wins.

use rusqlite::{OptionalExtension as _, Row, Transaction, named_params};
use sharpeyes_domain::{
    ids::StreamId,
    segment::{GapCause, Span},
    time::WallTime,
};

use super::{
    Footage, FootageError, LONGEST_SEGMENT_MS,
    columns::{unreadable, wall_at},
};

/// A gap as the index keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRow {
    /// When recording stopped.
    pub from: WallTime,
    /// When it went on; `None` while it has not.
    pub to: Option<WallTime>,
    /// Why.
    pub cause: GapCause,
}

impl Footage {
    /// Gaps of `stream` that overlap `span`, oldest first.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn gaps_in(&self, stream: &StreamId, span: Span) -> Result<Vec<GapRow>, FootageError> {
        self.read(|c| {
            let sql = "SELECT start_wall_ms, end_wall_ms, cause FROM gap WHERE camera = :camera AND stream = :stream
                       AND start_wall_ms < :to AND coalesce(end_wall_ms > :from, 1) ORDER BY start_wall_ms, id";
            let values = named_params! {
                ":camera": stream.camera.as_str(), ":stream": stream.kind.as_str(),
                ":from": span.from.0, ":to": span.to.0,
            };
            c.prepare_cached(sql)?.query_map(values, gap_row)?.collect()
        })
    }

    /// The gap of `stream` that has not ended.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn open_gap(&self, stream: &StreamId) -> Result<Option<GapRow>, FootageError> {
        self.read(|c| {
            let sql = "SELECT start_wall_ms, end_wall_ms, cause FROM gap
                       WHERE camera = ?1 AND stream = ?2 AND end_wall_ms IS NULL";
            c.query_row(sql, (stream.camera.as_str(), stream.kind.as_str()), gap_row).optional()
        })
    }

    /// Gaps of `stream` that have ended and lie over complete segments, oldest first: there should be none.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn gaps_over_footage(&self, stream: &StreamId) -> Result<Vec<GapRow>, FootageError> {
        self.read(|c| {
            let sql = "SELECT start_wall_ms, end_wall_ms, cause FROM gap g WHERE camera = :camera AND stream = :stream
                       AND end_wall_ms IS NOT NULL AND EXISTS (SELECT 1 FROM segment s INDEXED BY segment_by_time
                        WHERE s.camera = :camera AND s.stream = :stream AND s.state <> 'open'
                        AND s.start_wall_ms > g.start_wall_ms - :longest AND s.start_wall_ms < g.end_wall_ms
                        AND s.end_wall_ms > g.start_wall_ms) ORDER BY start_wall_ms, id";
            let values = named_params! {
                ":camera": stream.camera.as_str(), ":stream": stream.kind.as_str(), ":longest": LONGEST_SEGMENT_MS,
            };
            c.prepare_cached(sql)?.query_map(values, gap_row)?.collect()
        })
    }
}

pub(super) fn begin_gap(
    t: &Transaction<'_>,
    stream: &StreamId,
    from: WallTime,
    cause: GapCause,
) -> rusqlite::Result<()> {
    end_gap(t, stream, from)?;
    let key = (stream.camera.as_str(), stream.kind.as_str(), from.0, cause.as_str());
    let n_resumed = t
        .prepare_cached(
            "UPDATE gap SET end_wall_ms = NULL WHERE id = (
                 SELECT max(id) FROM gap
                 WHERE camera = ?1 AND stream = ?2 AND end_wall_ms = ?3 AND cause = ?4)",
        )?
        .execute(key)?;
    if n_resumed > 0 { Ok(()) } else { insert_gap(t, stream, from, None, cause) }
}

/// Footage that a clock which was ahead dated into the gap stays uncovered.
pub(super) fn end_gap(t: &Transaction<'_>, stream: &StreamId, at: WallTime) -> rusqlite::Result<()> {
    let key = (stream.camera.as_str(), stream.kind.as_str(), at.0);
    t.prepare_cached(
        "DELETE FROM gap WHERE camera = ?1 AND stream = ?2 AND end_wall_ms IS NULL AND start_wall_ms >= ?3",
    )?
    .execute(key)?;
    let from: Option<i64> = t
        .prepare_cached(
            "UPDATE gap SET end_wall_ms = ?3 WHERE camera = ?1 AND stream = ?2 AND end_wall_ms IS NULL
             RETURNING start_wall_ms",
        )?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let Some(from) = from else { return Ok(()) };
    let recorded: Vec<Span> = t
        .prepare_cached(
            "SELECT start_wall_ms, end_wall_ms FROM segment INDEXED BY segment_by_time
             WHERE camera = ?1 AND stream = ?2 AND state <> 'open'
             AND start_wall_ms > ?3 - ?5 AND start_wall_ms < ?4 AND end_wall_ms > ?3",
        )?
        .query_map((key.0, key.1, from, at.0, LONGEST_SEGMENT_MS), |row| {
            Ok(Span { from: wall_at(row, 0)?, to: wall_at(row, 1)? })
        })?
        .collect::<Result<_, _>>()?;
    recorded.into_iter().try_for_each(|span| cut_gaps(t, stream, span, Lasting::Stays))
}

/// What becomes of a gap row without an end where footage lies over it.
#[derive(Clone, Copy)]
pub(super) enum Lasting {
    /// Whoever opened it ends it.
    Stays,
    IsCut,
}

pub(super) fn cut_gaps(
    t: &Transaction<'_>,
    stream: &StreamId,
    span: Span,
    lasting: Lasting,
) -> rusqlite::Result<()> {
    let overlapping = match lasting {
        Lasting::Stays => "WHERE camera = ?1 AND stream = ?2 AND start_wall_ms < ?4 AND end_wall_ms > ?3",
        Lasting::IsCut => {
            "WHERE camera = ?1 AND stream = ?2 AND start_wall_ms < ?4 AND coalesce(end_wall_ms > ?3, 1)"
        }
    };
    let key = (stream.camera.as_str(), stream.kind.as_str(), span.from.0, span.to.0);
    let rows: Vec<GapRow> = t
        .prepare_cached(&format!("SELECT start_wall_ms, end_wall_ms, cause FROM gap {overlapping}"))?
        .query_map(key, gap_row)?
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Ok(());
    }
    t.execute(&format!("DELETE FROM gap {overlapping}"), key)?;
    for row in rows {
        if row.from < span.from {
            insert_gap(t, stream, row.from, Some(span.from), row.cause)?;
        }
        if row.to.is_none_or(|to| to > span.to) {
            insert_gap(t, stream, span.to, row.to, row.cause)?;
        }
    }
    Ok(())
}

pub(super) fn insert_gap(
    t: &Transaction<'_>,
    stream: &StreamId,
    from: WallTime,
    to: Option<WallTime>,
    cause: GapCause,
) -> rusqlite::Result<()> {
    t.prepare_cached(
        "INSERT INTO gap (camera, stream, start_wall_ms, end_wall_ms, cause) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((stream.camera.as_str(), stream.kind.as_str(), from.0, to.map(|to| to.0), cause.as_str()))
    .map(drop)
}

pub(in crate::store) fn gap_row(row: &Row<'_>) -> rusqlite::Result<GapRow> {
    Ok(GapRow {
        from: wall_at(row, 0)?,
        to: row.get::<_, Option<i64>>(1)?.map(|_| wall_at(row, 1)).transpose()?,
        // Not through a String: a timeline reads tens of thousands of these.
        cause: row.get_ref(2)?.as_str()?.parse().map_err(|error| unreadable(2, error))?,
    })
}
