//! The footage index as timelines read it: the ends of a stream's footage, and its gaps, row by row.
//!
//! No segment is read but the first and the last: between them, what is no gap is recorded.

use rusqlite::{Connection, OptionalExtension as _, named_params};
use sharpeyes_domain::{
    ids::{SegmentId, StreamId},
    segment::Span,
    time::WallTime,
};

use super::footage::{Footage, FootageError, GapRow, gap_row, wall_at};

/// Gaps of a stream do not overlap, but a clock that was set back may have made some that do. So many that began before
/// a window are looked at for one that reaches into it.
const BEGAN_BEFORE: u32 = 8;
/// A clock that was set back may have left the newest end a few segments before the newest beginning.
const NEWEST: u32 = 4;

/// One snapshot of the index.
pub struct TimelineRows<'a> {
    connection: &'a Connection,
}

impl Footage {
    /// Lets `work` read timelines from one snapshot of the index, in the calling thread.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn timeline<T>(
        &self,
        work: impl FnOnce(&TimelineRows<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, FootageError> {
        self.read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            work(&TimelineRows { connection: &snapshot })
        })
    }

    /// Those of `segments` that have no row any more.
    ///
    /// # Errors
    /// [`FootageError`] when the index cannot be read.
    pub fn gone(&self, segments: &[SegmentId]) -> Result<Vec<SegmentId>, FootageError> {
        let asked = serde_json::json!(segments.iter().map(|id| id.0).collect::<Vec<_>>()).to_string();
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT value FROM json_each(?1)
                     WHERE NOT EXISTS (SELECT 1 FROM segment WHERE id = json_each.value)",
                )?
                .query_map([asked], |row| row.get(0).map(SegmentId))?
                .collect()
        })
    }
}

impl TimelineRows<'_> {
    /// From the first picture of a complete segment of `stream` to the end of the last one.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn footage(&self, stream: &StreamId) -> rusqlite::Result<Option<Span>> {
        let key = (stream.camera.as_str(), stream.kind.as_str());
        let first: Option<WallTime> = self
            .connection
            .prepare_cached(
                "SELECT start_wall_ms FROM segment WHERE camera = ?1 AND stream = ?2 AND state <> 'open'
                 ORDER BY start_wall_ms LIMIT 1",
            )?
            .query_row(key, |row| wall_at(row, 0))
            .optional()?;
        let until: Option<WallTime> = self
            .connection
            .prepare_cached(
                "SELECT max(end_wall_ms) FROM (SELECT end_wall_ms FROM segment
                 WHERE camera = ?1 AND stream = ?2 AND state <> 'open' ORDER BY start_wall_ms DESC LIMIT ?3)",
            )?
            .query_row((key.0, key.1, NEWEST), |row| {
                row.get::<_, Option<i64>>(0)?.map(|_| wall_at(row, 0)).transpose()
            })?;
        Ok(first.zip(until).map(|(from, to)| Span { from, to }))
    }

    /// Shows `visit` every gap of `stream` that overlaps `window`, in order of their beginning.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn gaps(
        &self,
        stream: &StreamId,
        window: Span,
        mut visit: impl FnMut(GapRow),
    ) -> rusqlite::Result<()> {
        let (camera, stream) = (stream.camera.as_str(), stream.kind.as_str());
        let mut before = self.connection.prepare_cached(
            "SELECT start_wall_ms, end_wall_ms, cause FROM gap
             WHERE camera = :camera AND stream = :stream AND start_wall_ms < :from
             ORDER BY start_wall_ms DESC LIMIT :n",
        )?;
        let values = named_params! {
            ":camera": camera, ":stream": stream, ":from": window.from.0, ":n": BEGAN_BEFORE,
        };
        let mut reaching: Vec<GapRow> = before.query_map(values, gap_row)?.collect::<Result<_, _>>()?;
        reaching.retain(|gap| gap.to.is_none_or(|to| to > window.from));
        reaching.into_iter().rev().for_each(&mut visit);
        let mut within = self.connection.prepare_cached(
            "SELECT start_wall_ms, end_wall_ms, cause FROM gap
             WHERE camera = :camera AND stream = :stream AND start_wall_ms >= :from AND start_wall_ms < :to
             ORDER BY start_wall_ms",
        )?;
        let values = named_params! {
            ":camera": camera, ":stream": stream, ":from": window.from.0, ":to": window.to.0,
        };
        let mut rows = within.query(values)?;
        while let Some(row) = rows.next()? {
            visit(gap_row(row)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        ids::{CameraId, StreamKind},
        segment::{Gap, GapCause},
    };

    use super::*;
    use crate::store::footage::Change;

    #[test]
    fn a_window_shows_the_gaps_that_reach_into_it_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let footage = Footage::open(&dir.path().join("footage.db")).unwrap();
        let stream = |camera| StreamId { camera: CameraId::new(camera).unwrap(), kind: StreamKind::Main };
        let span = |from, to| Span { from: WallTime(from), to: WallTime(to) };
        let gap = |camera, from, to| {
            let gap = Gap { span: span(from, to), cause: GapCause::Restart };
            Change::AddGap { stream: stream(camera), gap }
        };
        let mut changes: Vec<Change> = (0..50).map(|n| gap("gate", n * 100, n * 100 + 50)).collect();
        changes.push(gap("yard", 0, 9_999));
        changes.push(Change::BeginGap {
            stream: stream("gate"),
            from: WallTime(6_000),
            cause: GapCause::Disk,
        });
        footage.apply(changes).unwrap();
        let check = |from, to, expected: &[(i64, Option<i64>)]| {
            let mut found = Vec::new();
            footage
                .timeline(|rows| {
                    rows.gaps(&stream("gate"), span(from, to), |gap| {
                        found.push((gap.from.0, gap.to.map(|to| to.0)));
                    })
                })
                .unwrap();
            assert_eq!(found, expected, "{from}..{to}");
        };
        check(120, 220, &[(100, Some(150)), (200, Some(250))]);
        check(150, 200, &[]);
        check(4_940, 5_999, &[(4_900, Some(4_950))]);
        check(4_960, 6_001, &[(6_000, None)]);
        check(1_000_000, 1_000_001, &[(6_000, None)]);
        check(-10, 0, &[]);
        assert_eq!(footage.timeline(|rows| rows.footage(&stream("gate"))).unwrap(), None);
    }
}
