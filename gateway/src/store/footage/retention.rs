//! What retention asks of the index and does to it: the oldest files, incidents' spans, deletions with their proof,
//! and the retention clock.
//!
//! **Invariant:** the statement that makes a file garbage is the one that looks for holds, in the same transaction.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, Transaction, named_params};
use sharpeyes_domain::{
    ids::{AlarmId, CameraId, DiskName, SegmentId, StreamId},
    retention::{DeletionReason, Doubt, Kept, RetentionClock, Tier},
    segment::{GapCause, Span, uncovered},
    time::WallTime,
};

use super::{
    Footage, FootageError, LONGEST_SEGMENT_MS,
    columns::{parsed, stream_at, wall_at},
    gaps::insert_gap,
};

/// An incident's span lies in rows no longer than this.
const PIECE_MS: i64 = 3_600_000;

/// Of a longer alarm so much of its beginning and so much of its end counts: a clock that jumps makes one of decades.
const END_MS: i64 = 24 * PIECE_MS;

pub(super) const IS_HELD: &str =
    "EXISTS (SELECT 1 FROM hold h WHERE h.camera = s.camera AND h.stream = s.stream
    AND h.released_ms IS NULL AND h.from_ms < s.end_wall_ms AND h.to_ms > s.start_wall_ms)";
pub(super) const IS_OF_INCIDENT: &str = "EXISTS (SELECT 1 FROM incident_span i WHERE i.camera = s.camera
    AND i.from_ms >= s.start_wall_ms - 3600000 AND i.from_ms < s.end_wall_ms AND i.to_ms > s.start_wall_ms)";

/// What a crash tore off it lies in the same file and may be held, although nothing of the rest is.
const IS_UNCUT: &str = "EXISTS (SELECT 1 FROM uncut u WHERE u.segment_id = s.id)";

/// What of the recordings of a camera belongs to an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentMark {
    /// The alarm.
    pub alarm: AlarmId,
    /// Its camera; every stream of it.
    pub camera: CameraId,
    /// From the pre-roll to the post-roll, as far as it is known.
    pub span: Span,
}

/// A file that is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discard {
    /// Its row.
    pub id: SegmentId,
    /// Why.
    pub reason: DeletionReason,
    /// What it was taken for: base footage that has become an incident's meanwhile stays.
    pub tier: Tier,
}

/// The proof of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionRow {
    /// When.
    pub at: WallTime,
    /// Whose.
    pub stream: StreamId,
    /// What it showed.
    pub span: Span,
    /// Of the file.
    pub bytes: u64,
    /// Of the file.
    pub sha256: [u8; 32],
    /// Why.
    pub reason: DeletionReason,
}

/// What a stream has on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamUsage {
    /// Whose.
    pub stream: StreamId,
    /// Of all complete files.
    pub bytes: u64,
    /// Of files that a hold or an incident keeps.
    pub reserved_bytes: u64,
    /// Of files that a hold keeps.
    pub held_bytes: u64,
    /// Of files that began after the time asked for.
    pub recent_bytes: u64,
    /// Where the first of those begins.
    pub recent_from: Option<WallTime>,
    /// Where the oldest file begins.
    pub oldest: WallTime,
    /// Where the newest one ends.
    pub newest: WallTime,
    /// The end of the newest file that a full disk has cost.
    pub newest_shed: Option<WallTime>,
}

impl StreamUsage {
    /// Of files that an incident keeps and no hold.
    #[must_use]
    pub const fn incident_bytes(&self) -> u64 {
        self.reserved_bytes.saturating_sub(self.held_bytes)
    }

    /// Of files that neither an incident nor a hold keeps.
    #[must_use]
    pub const fn base_bytes(&self) -> u64 {
        self.bytes.saturating_sub(self.reserved_bytes)
    }
}

impl Footage {
    /// The retention clock as it was kept last.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn retention_clock(&self) -> Result<Option<RetentionClock>, FootageError> {
        self.read(|c| {
            let sql = "SELECT trusted_ms, doubt_ahead_ms, doubt_lasted_ms FROM retention_clock";
            c.query_row(sql, [], |row| {
                let (ahead, lasted): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
                let doubt = ahead.zip(lasted);
                let doubt =
                    doubt.map(|(ahead, lasted)| Doubt { ahead: span_of(ahead), lasted: span_of(lasted) });
                Ok(RetentionClock::kept(WallTime(row.get(0)?), doubt))
            })
            .optional()
        })
    }

    /// Keeps the retention clock, notes which row is the newest now, and, when the clock was set forward by `unseen`,
    /// that the rows until now do not age by it. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn keep_retention_clock(
        &self,
        clock: RetentionClock,
        unseen: Option<Duration>,
    ) -> Result<(), FootageError> {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.write(move |t| {
            let doubt = clock.doubt();
            t.execute(
                "INSERT INTO retention_clock VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET
                 trusted_ms = excluded.trusted_ms, doubt_ahead_ms = excluded.doubt_ahead_ms,
                 doubt_lasted_ms = excluded.doubt_lasted_ms",
                (
                    clock.now().0,
                    doubt.map(|doubt| millis(doubt.ahead)),
                    doubt.map(|doubt| millis(doubt.lasted)),
                ),
            )?;
            let newest = "(SELECT coalesce(max(id), 0) FROM segment)";
            if let Some(unseen) = unseen {
                t.execute(
                    &format!("INSERT INTO retention_shift (segment_id, ahead_ms) VALUES ({newest}, ?1)"),
                    [millis(unseen).max(1)],
                )?;
            }
            // What was recorded before the first mark is judged by the wall clock alone.
            let is_first: bool =
                t.query_row("SELECT NOT EXISTS (SELECT 1 FROM retention_mark)", [], |row| row.get(0))?;
            let at = if is_first { 0 } else { clock.now().0 };
            t.execute(
                &format!(
                    "INSERT INTO retention_mark (segment_id, trusted_ms) VALUES ({newest}, ?1)
                     ON CONFLICT (segment_id) DO UPDATE SET trusted_ms = max(trusted_ms, excluded.trusted_ms)"
                ),
                [at],
            )
            .map(drop)
        })
    }

    /// Complete files of `stream` on `disk` after row `after` that no hold keeps and from which nothing is to be cut, in
    /// the order of recording, at most `limit`.
    /// [`Tier::Incident`]: those that an incident keeps; [`Tier::Base`]: the others. No [`Tier::Held`] is given.
    /// Those whose rows cannot be read are left to `check`.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn deletable(
        &self,
        disk: &DiskName,
        stream: &StreamId,
        tier: Tier,
        after: SegmentId,
        limit: u32,
    ) -> Result<Vec<Kept>, FootageError> {
        let of_tier = match tier {
            Tier::Base => format!("NOT {IS_OF_INCIDENT}"),
            Tier::Incident => IS_OF_INCIDENT.to_owned(),
            Tier::Held => return Ok(Vec::new()),
        };
        let sql = format!(
            "SELECT s.id, s.start_wall_ms, s.end_wall_ms, s.size_bytes,
             coalesce((SELECT m.trusted_ms FROM retention_mark m WHERE m.segment_id < s.id
                       ORDER BY m.segment_id DESC LIMIT 1), 0),
             coalesce((SELECT sum(x.ahead_ms) FROM retention_shift x WHERE x.segment_id >= s.id), 0)
             FROM segment s INDEXED BY segment_by_age
             WHERE s.disk = :disk AND s.camera = :camera AND s.stream = :stream AND s.id > :after
             AND s.end_wall_ms IS NOT NULL AND NOT {IS_HELD} AND NOT {IS_UNCUT} AND {of_tier} ORDER BY s.id LIMIT :limit"
        );
        let values = named_params! {
            ":disk": disk.as_str(), ":camera": stream.camera.as_str(), ":stream": stream.kind.as_str(),
            ":after": after.0, ":limit": limit,
        };
        self.read(|c| {
            let mut statement = c.prepare_cached(&sql)?;
            let (mut rows, mut found) = (statement.query(values)?, Vec::new());
            let kept = |row: &Row<'_>| -> rusqlite::Result<Kept> {
                Ok(Kept {
                    id: SegmentId(row.get(0)?),
                    span: Span { from: wall_at(row, 1)?, to: wall_at(row, 2)? },
                    bytes: bytes_at(row, 3)?,
                    tier,
                    not_before: wall_at(row, 4)?,
                    unseen: span_of(row.get(5)?),
                })
            };
            while let Some(row) = self.next_readable(&mut rows, kept)? {
                found.push(row);
            }
            Ok(found)
        })
    }

    /// Makes files garbage, with the proof of it, and a gap row where older footage remains. What is held now, or is
    /// gone, or has become an incident's, is left out. Gives the paths of the others. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written: then nothing was done.
    pub fn discard(&self, discards: Vec<Discard>, now: WallTime) -> Result<Vec<String>, FootageError> {
        self.write(move |t| {
            let mut paths = Vec::new();
            for discard in &discards {
                paths.extend(discard_one(t, discard, now)?);
            }
            Ok(paths)
        })
    }

    /// Files are gone and their directories synced. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn forget(&self, paths: Vec<String>) -> Result<(), FootageError> {
        self.write(move |t| {
            let mut statement = t.prepare_cached("DELETE FROM garbage WHERE path = ?1")?;
            paths.iter().try_for_each(|path| statement.execute([path]).map(drop))
        })
    }

    /// The newest deletions, the newest first; those of before the last 30 days are folded into days.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn deletions(&self, limit: u32) -> Result<Vec<DeletionRow>, FootageError> {
        self.read(|c| {
            let sql = "SELECT at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason FROM deletion
                       ORDER BY id DESC LIMIT ?1";
            c.prepare_cached(sql)?.query_map([limit], deletion_row)?.collect()
        })
    }

    /// These spans belong to alarms; a span that was known before is replaced. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn mark_incidents(&self, marks: Vec<IncidentMark>) -> Result<(), FootageError> {
        self.write(move |t| {
            let mut delete = t.prepare_cached("DELETE FROM incident_span WHERE alarm = ?1")?;
            let mut insert = t.prepare_cached("INSERT INTO incident_span VALUES (?1, ?2, ?3, ?4)")?;
            for IncidentMark { alarm, camera, span } in &marks {
                delete.execute([alarm.0])?;
                for part in ends(*span) {
                    let mut from = part.from.0;
                    while from < part.to.0 {
                        let to = part.to.0.min(from.saturating_add(PIECE_MS));
                        insert.execute((alarm.0, from, camera.as_str(), to))?;
                        from = to;
                    }
                }
            }
            Ok(())
        })
    }

    /// What each stream has on `disk`, and what of it began after `since`.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be read.
    pub fn usage(&self, disk: &DiskName, since: WallTime) -> Result<Vec<StreamUsage>, FootageError> {
        // What is kept is found from holds and incidents, which are few, and not by asking each of millions of files.
        let held = "SELECT f.id FROM hold h CROSS JOIN segment f INDEXED BY segment_by_time
             ON f.camera = h.camera AND f.stream = h.stream AND f.start_wall_ms > h.from_ms - 3600000
             AND f.start_wall_ms < h.to_ms AND f.end_wall_ms > h.from_ms
             WHERE h.released_ms IS NULL AND h.camera = s.camera AND h.stream = s.stream";
        let of_incidents = "SELECT f.id FROM incident_span i CROSS JOIN segment f INDEXED BY segment_by_time
             ON f.camera = i.camera AND f.stream = s.stream AND f.start_wall_ms > i.from_ms - 3600000
             AND f.start_wall_ms < i.to_ms AND f.end_wall_ms > i.from_ms WHERE i.camera = s.camera";
        let sql = format!(
            "SELECT camera, stream, sum(size_bytes), min(start_wall_ms), max(end_wall_ms),
             sum(CASE WHEN start_wall_ms >= ?1 THEN size_bytes ELSE 0 END),
             (SELECT coalesce(sum(k.size_bytes), 0) FROM segment k WHERE +k.disk = ?2 AND k.id IN ({held})),
             (SELECT coalesce(sum(k.size_bytes), 0) FROM segment k
              WHERE +k.disk = ?2 AND k.id IN ({held} UNION {of_incidents})),
             (SELECT max(to_ms) FROM (SELECT max(d.to_ms) AS to_ms FROM deletion d
               WHERE d.camera = s.camera AND d.stream = s.stream AND d.reason = 'disk_full'
              UNION ALL SELECT max(f.to_ms) FROM deletion_day f
               WHERE f.camera = s.camera AND f.stream = s.stream AND f.reason = 'disk_full')),
             min(CASE WHEN start_wall_ms >= ?1 THEN start_wall_ms END)
             FROM segment s INDEXED BY segment_by_age
             WHERE s.disk = ?2 AND end_wall_ms IS NOT NULL GROUP BY camera, stream"
        );
        self.read(|c| {
            c.prepare_cached(&sql)?
                .query_map((since.0, disk.as_str()), |row| {
                    Ok(StreamUsage {
                        stream: stream_at(row, 0)?,
                        bytes: bytes_at(row, 2)?,
                        oldest: wall_at(row, 3)?,
                        newest: wall_at(row, 4)?,
                        recent_bytes: bytes_at(row, 5)?,
                        held_bytes: bytes_at(row, 6)?,
                        reserved_bytes: bytes_at(row, 7)?,
                        newest_shed: row.get::<_, Option<i64>>(8)?.map(|_| wall_at(row, 8)).transpose()?,
                        recent_from: row.get::<_, Option<i64>>(9)?.map(|_| wall_at(row, 9)).transpose()?,
                    })
                })?
                .collect()
        })
    }

    /// Deletes what describes footage that is gone: spans of incidents that ended before `before`, gaps before a
    /// stream's first picture, runs without files. The newest run of a stream stays: its session may go on. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn prune(&self, before: WallTime) -> Result<usize, FootageError> {
        self.write(move |t| {
            // By wall time it may be over, and the footage be there: it does not age by time that nobody saw pass.
            let spans = t.execute(
                "DELETE FROM incident_span AS i WHERE i.to_ms < ?1 AND NOT EXISTS
                 (SELECT 1 FROM segment s INDEXED BY segment_by_time
                  WHERE s.camera = i.camera AND s.stream IN ('main', 'sub') AND s.start_wall_ms > i.from_ms - 3600000
                  AND s.start_wall_ms < i.to_ms AND coalesce(s.end_wall_ms > i.from_ms, 1))",
                [before.0],
            )?;
            let gaps = t.execute(
                "DELETE FROM gap WHERE end_wall_ms <= (SELECT min(s.start_wall_ms) FROM segment s
                 WHERE s.camera = gap.camera AND s.stream = gap.stream AND s.end_wall_ms IS NOT NULL)",
                [],
            )?;
            let runs = t.execute(
                "DELETE FROM run WHERE NOT EXISTS (SELECT 1 FROM segment s WHERE s.run_id = run.id)
                 AND id NOT IN (SELECT max(id) FROM run GROUP BY camera, stream)",
                [],
            )?;
            Ok(spans + gaps + runs)
        })
    }
}

/// The whole of it, or its first and its last day.
fn ends(span: Span) -> Vec<Span> {
    if span.to.0.saturating_sub(span.from.0) <= 2 * END_MS {
        return vec![span];
    }
    let first = Span { from: span.from, to: WallTime(span.from.0.saturating_add(END_MS)) };
    vec![first, Span { from: WallTime(span.to.0.saturating_sub(END_MS)), to: span.to }]
}

fn discard_one(t: &Transaction<'_>, discard: &Discard, now: WallTime) -> rusqlite::Result<Option<String>> {
    let also = match discard.tier {
        Tier::Base => format!("AND NOT {IS_OF_INCIDENT}"),
        Tier::Incident => String::new(),
        Tier::Held => return Ok(None),
    };
    let sql = format!(
        "INSERT INTO garbage (disk, path, size_bytes, since_ms)
         SELECT s.disk, s.path, s.size_bytes, :now FROM segment s WHERE s.id = :id AND s.end_wall_ms IS NOT NULL
         AND NOT {IS_HELD} AND NOT {IS_UNCUT} {also} RETURNING path"
    );
    let values = named_params! {":id": discard.id.0, ":now": now.0};
    let Some(path) = t.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()? else {
        return Ok(None);
    };
    t.prepare_cached(
        "INSERT INTO deletion (at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason)
         SELECT ?2, camera, stream, start_wall_ms, end_wall_ms, size_bytes, sha256, ?3 FROM segment WHERE id = ?1",
    )?
    .execute((discard.id.0, now.0, discard.reason.as_str()))?;
    let (stream, span) = t
        .prepare_cached(
            "DELETE FROM segment WHERE id = ?1 RETURNING camera, stream, start_wall_ms, end_wall_ms",
        )?
        .query_row([discard.id.0], |row| {
            let span = Span { from: wall_at(row, 2)?, to: wall_at(row, 3)? };
            Ok((stream_at(row, 0)?, span))
        })?;
    name_gap(t, &stream, span)?;
    Ok(Some(path))
}

/// What is missing now, unless it was the beginning of the stream, or another file shows it too.
fn name_gap(t: &Transaction<'_>, stream: &StreamId, span: Span) -> rusqlite::Result<()> {
    let (camera, kind) = (stream.camera.as_str(), stream.kind.as_str());
    let has_older: bool = t
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM segment WHERE camera = ?1 AND stream = ?2 AND start_wall_ms < ?3
             AND end_wall_ms IS NOT NULL)",
        )?
        .query_row((camera, kind, span.from.0), |row| row.get(0))?;
    if !has_older {
        return Ok(());
    }
    let others: Vec<Span> = t
        .prepare_cached(
            "SELECT start_wall_ms, end_wall_ms FROM segment WHERE camera = :camera AND stream = :stream
             AND start_wall_ms > :from - :longest AND start_wall_ms < :to AND end_wall_ms > :from",
        )?
        .query_map(
            named_params! {
                ":camera": camera, ":stream": kind, ":from": span.from.0, ":to": span.to.0,
                ":longest": LONGEST_SEGMENT_MS,
            },
            |row| Ok(Span { from: wall_at(row, 0)?, to: wall_at(row, 1)? }),
        )?
        .collect::<Result<_, _>>()?;
    for missing in uncovered(span, &others) {
        // One row for one stretch, however many files it was: a month behind a hold would be 43,000 rows.
        let key = (camera, kind, GapCause::Retention.as_str());
        let later: Option<i64> = t
            .prepare_cached(
                "DELETE FROM gap WHERE camera = ?1 AND stream = ?2 AND cause = ?3 AND start_wall_ms = ?4
                 AND end_wall_ms IS NOT NULL RETURNING end_wall_ms",
            )?
            .query_row((key.0, key.1, key.2, missing.to.0), |row| row.get(0))
            .optional()?;
        let to = later.unwrap_or(missing.to.0);
        let n_grown = t
            .prepare_cached(
                "UPDATE gap SET end_wall_ms = ?5 WHERE cause = ?3 AND end_wall_ms = ?4 AND id =
                 (SELECT id FROM gap WHERE camera = ?1 AND stream = ?2 AND start_wall_ms < ?4
                  ORDER BY start_wall_ms DESC LIMIT 1)",
            )?
            .execute((key.0, key.1, key.2, missing.from.0, to))?;
        if n_grown == 0 {
            insert_gap(t, stream, missing.from, Some(WallTime(to)), GapCause::Retention)?;
        }
    }
    Ok(())
}

/// From `at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason`.
pub(super) fn deletion_row(row: &Row<'_>) -> rusqlite::Result<DeletionRow> {
    Ok(DeletionRow {
        at: wall_at(row, 0)?,
        stream: stream_at(row, 1)?,
        span: Span { from: wall_at(row, 3)?, to: wall_at(row, 4)? },
        bytes: bytes_at(row, 5)?,
        sha256: row.get(6)?,
        reason: parsed(row, 7)?,
    })
}

pub(super) fn bytes_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn span_of(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
