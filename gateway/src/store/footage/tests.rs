use std::{collections::HashMap, time::Duration};

use sharpeyes_domain::{
    ids::{AlarmId, CameraId},
    retention::{DeletionReason, RetentionClock, Tier},
    time::Pts,
};

use super::{segments::select_newest_segments, *};
use crate::record::tests::kit::{params, stream};

const HOUR: i64 = 3_600_000;

struct Index {
    footage: Footage,
    _dir: tempfile::TempDir,
}

fn index() -> Index {
    let dir = tempfile::tempdir().unwrap();
    Index { footage: Footage::open(&dir.path().join("footage.db")).unwrap(), _dir: dir }
}

impl Index {
    fn open(&self, camera: &str, from: i64) -> SegmentId {
        let run =
            NewRun { generation: 1, wall_start: WallTime(from), params: params(320).into(), audio: None };
        let new = NewSegment {
            run: RunRef::New(run),
            stream: stream(camera),
            disk: DiskName::main(),
            path: format!("{camera}/{from}.mp4"),
            start_wall: WallTime(from),
            start_pts: Pts(0),
        };
        self.footage.apply(vec![Change::OpenSegment(new)]).unwrap().unwrap().segment
    }

    fn record(&self, camera: &str, from: i64, to: i64) -> SegmentId {
        let id = self.open(camera, from);
        self.footage.apply(vec![Change::CloseSegment(closed(id, from, to))]).unwrap();
        id
    }

    fn n_spans(&self) -> i64 {
        self.footage
            .read(|c| c.query_row("SELECT count(*) FROM incident_span", [], |row| row.get(0)))
            .unwrap()
    }
}

fn closed(id: SegmentId, from: i64, to: i64) -> ClosedSegment {
    ClosedSegment {
        id,
        state: SegmentState::Closed,
        span: Span { from: WallTime(from), to: WallTime(to) },
        start_pts: Pts(0),
        end_pts: Pts(1),
        size_bytes: 1,
        sha256: [0; 32],
        n_frames: 1,
        fragments: Vec::new(),
    }
}

fn mark(camera: &str, from: i64, to: i64) -> IncidentMark {
    let span = Span { from: WallTime(from), to: WallTime(to) };
    IncidentMark { alarm: AlarmId(1), camera: CameraId::new(camera).unwrap(), span }
}

#[test]
fn what_every_start_and_every_minute_asks_goes_by_the_indexes() {
    let index = index();
    for sql in
        [SELECT_STREAMS.to_owned(), select_footage_span(), select_newest_segments(), select_next_start()]
    {
        let plan: Vec<String> = index
            .footage
            .read(|c| {
                let mut statement = c.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let n = statement.parameter_count();
                let values = vec!["main"; n];
                statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3))?.collect()
            })
            .unwrap();
        let scans = |line: &&String| {
            ["segment", "gap", "s", "g"]
                .iter()
                .any(|table| **line == format!("SCAN {table}") || line.starts_with(&format!("SCAN {table} ")))
        };
        assert_eq!(plan.iter().filter(scans).count(), 0, "{plan:#?}");
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE FOR GROUP")), "{plan:#?}");
    }
}

#[test]
fn streams_and_their_ends_are_found_from_either_table() {
    let index = index();
    assert!(index.footage.streams().unwrap().is_empty());
    assert_eq!(index.footage.newest().unwrap(), None);
    for (camera, from) in [("dam", 5 * HOUR), ("gate", 0), ("gate", HOUR / 2), ("gate", HOUR)] {
        index.record(camera, from, from + HOUR / 2);
    }
    // After a step back; and one that is being written.
    index.record("gate", HOUR / 4, 2 * HOUR - HOUR / 8);
    index.open("gate", 9 * HOUR);
    let from = WallTime(0);
    let gap = Change::BeginGap { stream: stream("alley"), from, cause: GapCause::CameraOffline };
    index.footage.apply(vec![gap]).unwrap();
    assert_eq!(index.footage.streams().unwrap(), ["alley", "dam", "gate"].map(stream));
    let gate = Span { from: WallTime(0), to: WallTime(2 * HOUR - HOUR / 8) };
    assert_eq!(index.footage.footage_span(&stream("gate")).unwrap(), Some(gate));
    assert_eq!(index.footage.footage_span(&stream("alley")).unwrap(), None);
    assert_eq!(index.footage.newest().unwrap(), Some(WallTime(5 * HOUR + HOUR / 2)));
    let next = |camera: &str, from: i64| index.footage.next_start(&stream(camera), WallTime(from)).unwrap();
    assert_eq!(next("gate", HOUR / 2), Some(WallTime(HOUR / 2)));
    assert_eq!(next("gate", HOUR / 2 + 1), Some(WallTime(HOUR)));
    assert_eq!((next("gate", HOUR + 1), next("alley", 0)), (None, Some(WallTime(0))));
}

#[test]
fn a_span_of_an_incident_stays_while_footage_of_it_is_there() {
    let index = index();
    let id = index.record("gate", 0, HOUR);
    index.footage.mark_incidents(vec![mark("gate", HOUR / 2, HOUR)]).unwrap();
    index.footage.prune(WallTime(i64::MAX)).unwrap();
    assert_eq!(index.n_spans(), 1);
    index.footage.apply(vec![Change::Discard { id, since: WallTime(0) }]).unwrap();
    index.footage.prune(WallTime(HOUR)).unwrap();
    assert_eq!(index.n_spans(), 1, "it ended only then");
    index.footage.prune(WallTime(HOUR + 1)).unwrap();
    assert_eq!(index.n_spans(), 0);
}

#[test]
fn an_alarm_across_a_jump_of_the_clock_keeps_its_ends() {
    let index = index();
    let thirty_years = 30 * 365 * 24 * HOUR;
    index.footage.mark_incidents(vec![mark("gate", 0, thirty_years)]).unwrap();
    assert_eq!(index.n_spans(), 48);
    let (first, last) =
        (index.record("gate", HOUR, 2 * HOUR), index.record("gate", thirty_years - HOUR, thirty_years));
    let kept = index.footage.deletable(
        &DiskName::main(),
        &stream("gate"),
        sharpeyes_domain::retention::Tier::Incident,
        SegmentId(0),
        9,
    );
    assert_eq!(kept.unwrap().iter().map(|kept| kept.id).collect::<Vec<_>>(), [first, last]);
    let day = Duration::from_secs(86_400);
    let span = mark("gate", 0, 0).span.from;
    index.footage.mark_incidents(vec![mark("gate", span.0, span.plus(day * 2).0)]).unwrap();
    assert_eq!(index.n_spans(), 48, "two days are kept whole");
}

#[test]
fn a_file_without_a_row_does_not_keep_the_next_one_from_its_row() {
    let index = index();
    let id = index.open("gate", 0);
    index.footage.apply(vec![Change::Discard { id, since: WallTime(0) }]).unwrap();
    index.footage.apply(vec![Change::CloseSegment(closed(id, 0, HOUR))]).unwrap();
    assert!(index.footage.segment(id).unwrap().is_none());
}

#[test]
fn no_gap_that_has_ended_lies_over_footage() {
    let index = index();
    let (gate, at) = (stream("gate"), WallTime);
    let gap = |from, to| GapRow { from: at(from), to: Some(at(to)), cause: GapCause::CameraOffline };
    let gaps = || index.footage.gaps_in(&gate, Span { from: at(0), to: at(9 * HOUR) }).unwrap();
    // Dated by a clock that was ahead: when that time comes, nothing is recorded.
    index.record("gate", 4 * HOUR, 5 * HOUR);
    let begin = Change::BeginGap { stream: gate.clone(), from: at(HOUR), cause: GapCause::CameraOffline };
    index.footage.apply(vec![begin, Change::EndGap { stream: gate.clone(), at: at(8 * HOUR) }]).unwrap();
    assert_eq!(gaps(), [gap(HOUR, 4 * HOUR), gap(5 * HOUR, 8 * HOUR)]);
    // The clock was ahead when the gap ended.
    index.record("gate", 2 * HOUR, 3 * HOUR);
    assert_eq!(gaps(), [gap(HOUR, 2 * HOUR), gap(3 * HOUR, 4 * HOUR), gap(5 * HOUR, 8 * HOUR)]);
    assert!(index.footage.gaps_over_footage(&gate).unwrap().is_empty());
    let newest = index.footage.newest_segment(&gate).unwrap().map(|row| row.start_wall);
    assert_eq!(newest, Some(at(2 * HOUR)));
}

#[test]
fn a_damaged_time_keeps_neither_a_start_nor_retention_from_the_other_rows() {
    let index = index();
    let damage = |id: SegmentId| {
        let sql = "UPDATE segment SET start_wall_ms = -9000000000000000000 WHERE id = ?1";
        index.footage.write(move |t| t.execute(sql, [id.0])).unwrap();
    };
    let gate = stream("gate");
    let run = NewRun { generation: 1, wall_start: WallTime(0), params: params(320).into(), audio: None };
    let mut run = RunRef::New(run);
    // All of one run: two complete ones, then two that are open.
    let mut ids = Vec::new();
    for n in 0..4 {
        let new = NewSegment {
            run: run.clone(),
            stream: gate.clone(),
            disk: DiskName::main(),
            path: format!("gate/main/{n}.mp4"),
            start_wall: WallTime(n * HOUR),
            start_pts: Pts(0),
        };
        let opened = index.footage.apply(vec![Change::OpenSegment(new)]).unwrap().unwrap();
        if n < 2 {
            let whole = closed(opened.segment, n * HOUR, (n + 1) * HOUR);
            index.footage.apply(vec![Change::CloseSegment(whole)]).unwrap();
        }
        run = RunRef::Known(opened.run);
        ids.push(opened.segment);
    }
    damage(ids[0]);
    damage(ids[3]);
    let open: Vec<SegmentId> = index.footage.open_segments().unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(open, [ids[2]]);
    assert_eq!(index.footage.newest_segment(&gate).unwrap().map(|row| row.id), Some(ids[2]));
    let kept = index.footage.deletable(&DiskName::main(), &gate, Tier::Base, SegmentId(0), 9).unwrap();
    assert_eq!(kept.iter().map(|kept| kept.id).collect::<Vec<_>>(), [ids[1]]);
    // Whoever asks for it hears of it.
    assert!(index.footage.segment(ids[0]).is_err());
}

#[test]
fn proofs_of_one_moment_stay_in_their_places() {
    let index = index();
    for _ in 0..3 {
        let sql = "INSERT INTO deletion (at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason)
                   VALUES (5, 'gate', 'main', 0, 1, 7, randomblob(32), 'expired')";
        index.footage.write(move |t| t.execute(sql, [])).unwrap();
    }
    let n_seen = || {
        let seen = index.footage.proofs(|proofs| {
            let days = proofs.days().unwrap();
            index.footage.fold_deletions(WallTime(i64::MAX), 2).unwrap();
            (days.iter().map(|day| day.n_files).sum::<u64>(), proofs.singles_at(WallTime(5)).unwrap().len())
        });
        seen.unwrap()
    };
    assert_eq!(n_seen(), (0, 3));
    assert_eq!(n_seen(), (2, 1));
    assert_eq!(n_seen(), (3, 0));
}

/// Of ten cameras that lose a file an hour, for a year.
fn a_year_of_proofs(index: &Index) -> Vec<DeletionRow> {
    let sql = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 87599)
               INSERT INTO deletion (at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason)
               SELECT 2592000000 + n / 10 * 3600000 + n % 10, 'cam-' || n % 10, 'main', n / 10 * 3600000,
               n / 10 * 3600000 + 3600000, 1000 + n, randomblob(32), iif(n % 70, 'expired', 'disk_full') FROM n";
    index.footage.write(move |t| t.execute(sql, [])).unwrap();
    let mut rows = index.footage.deletions(u32::MAX).unwrap();
    rows.reverse();
    rows
}

fn n_bytes(index: &Index) -> i64 {
    let pages =
        "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count,
                 pragma_page_size";
    index.footage.read(|c| c.query_row(pages, [], |row| row.get(0))).unwrap()
}

#[test]
fn a_year_of_proofs_is_a_month_of_rows_and_a_row_a_day_that_vouches_for_the_rest() {
    let index = index();
    let empty = n_bytes(&index);
    let rows = a_year_of_proofs(&index);
    let single = (n_bytes(&index) - empty) / 87_600;
    let day = Duration::from_secs(86_400);
    let end = rows.last().unwrap().at;
    // Days go whole: that one is not over yet.
    let asked = end.minus(day * 30);
    let before = WallTime(asked.0 - asked.0 % 86_400_000);
    let mut n_folded = 0;
    loop {
        match index.footage.fold_deletions(asked, 2_000).unwrap() {
            0 => break,
            n => {
                assert!(n <= 2_000, "a sweep is bounded");
                n_folded += n;
            }
        }
    }
    let (old, young): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.at < before);
    assert_eq!(n_folded, old.len());
    let mut left = index.footage.deletions(u32::MAX).unwrap();
    left.reverse();
    assert_eq!(left.iter().collect::<Vec<_>>(), young);
    let days = index.footage.deletion_days().unwrap();
    let mut by_day: HashMap<(&StreamId, &str, i64), Vec<&DeletionRow>> = HashMap::new();
    for row in &old {
        by_day.entry((&row.stream, row.reason.as_str(), row.at.0 / 86_400_000)).or_default().push(row);
    }
    for folded in &days {
        let of_day = &by_day[&(&folded.stream, folded.reason.as_str(), folded.day.0 / 86_400_000)];
        assert_eq!(u64::try_from(of_day.len()).unwrap(), folded.n_files);
        assert_eq!(of_day.iter().map(|row| row.bytes).sum::<u64>(), folded.bytes);
        assert_eq!(of_day.iter().fold([0; 32], |so_far, row| chain(so_far, &line(row))), folded.sha256);
        let without_one = of_day.iter().skip(1).fold([0; 32], |so_far, row| chain(so_far, &line(row)));
        assert_ne!(without_one, folded.sha256);
    }
    assert_eq!(days.iter().map(|day| day.n_files).sum::<u64>(), u64::try_from(old.len()).unwrap());
    let n_left = i64::try_from(left.len()).unwrap();
    let folded = (n_bytes(&index) - empty - n_left * single) / i64::try_from(days.len()).unwrap();
    assert!((1..400).contains(&folded) && (1..250).contains(&single), "{single} and {folded} bytes a row");
    let year = |n_rows: i64, n_days: i64| (n_rows * single + n_days * folded) >> 20;
    println!(
        "100 cameras, a file a minute: {} MiB a year as single rows, {} MiB with folded ones",
        year(144_000 * 365, 0),
        year(144_000 * 30, 100 * 335)
    );
    // What a full disk has cost is known as before.
    index.record("cam-0", 0, HOUR);
    let shed = rows.iter().filter(|row| row.reason == DeletionReason::DiskFull);
    let shed = shed.filter(|row| row.stream == stream("cam-0")).map(|row| row.span.to).max();
    assert_eq!(index.footage.usage(&DiskName::main(), WallTime(0)).unwrap()[0].newest_shed, shed);
}

#[test]
fn a_proof_is_neither_changed_nor_lost() {
    let index = index();
    a_year_of_proofs(&index);
    let refused = |sql: &'static str| index.footage.write(move |t| t.execute(sql, [])).is_err();
    assert!(refused("DELETE FROM deletion WHERE id = 1"), "no day has it yet");
    assert!(refused("UPDATE deletion SET size_bytes = 1 WHERE id = 1"));
    index.footage.fold_deletions(WallTime(i64::MAX), 10).unwrap();
    assert!(refused("DELETE FROM deletion_day"));
    assert!(refused("UPDATE deletion_day SET sha256 = zeroblob(32)"));
    assert!(refused("UPDATE deletion_day SET n_files = 0"));
    let n_rows = index.footage.deletion_days().unwrap().iter().map(|day| day.n_files).sum::<u64>();
    assert_eq!(n_rows, 10);
}

#[test]
fn marks_go_with_what_they_mark_and_no_file_ages_by_that() {
    let index = index();
    let mut ids = Vec::new();
    for n in 0..200 {
        let at = WallTime(n * HOUR);
        let clock = RetentionClock::new(at);
        index.footage.keep_retention_clock(clock, (n == 20).then_some(Duration::from_secs(9))).unwrap();
        ids.push(index.record("gate", n * HOUR, (n + 1) * HOUR));
    }
    let n_marks = || -> i64 {
        let count = "SELECT (SELECT count(*) FROM retention_mark) + (SELECT count(*) FROM retention_shift)";
        index.footage.read(|c| c.query_row(count, [], |row| row.get(0))).unwrap()
    };
    assert_eq!(n_marks(), 201);
    // All but one old file, which is held, and the last ten are gone.
    let gone = ids.iter().enumerate().filter(|(n, _)| *n != 50 && *n < 190).map(|(_, id)| *id);
    let discards = gone.map(|id| Discard { id, reason: DeletionReason::Expired, tier: Tier::Base });
    index.footage.discard(discards.collect(), WallTime(0)).unwrap();
    let kept = || {
        index.footage.deletable(&DiskName::main(), &stream("gate"), Tier::Base, SegmentId(0), 100).unwrap()
    };
    let before = kept();
    assert_eq!(before.len(), 11);
    // Piece by piece.
    let (mut after, mut n_pieces) = (SegmentId(0), 0);
    let first = index.footage.prune_marks(SegmentId(-1), 30).unwrap().unwrap();
    assert!(n_marks() >= 201 - 31, "no more than was asked for");
    after = after.max(first);
    while let Some(next) = index.footage.prune_marks(after, 30).unwrap() {
        assert!(next > after);
        (after, n_pieces) = (next, n_pieces + 1);
    }
    assert_eq!(n_pieces, 5);
    assert_eq!(n_marks(), 11);
    assert_eq!(kept(), before);
    assert_eq!(index.footage.prune_marks(SegmentId(-1), 2_000).unwrap(), None);
    assert_eq!(n_marks(), 11);
}

#[test]
fn proofs_are_folded_in_the_order_of_their_rows_whatever_the_clock_did() {
    let index = index();
    let (hour, day) = (HOUR, 24 * HOUR);
    // The first three were deleted while the clock was a year ahead; then it stepped back within a day, and over its end.
    let ats = [400, 401, 402].map(|n| n * day);
    let ats =
        ats.into_iter().chain([day + 5 * hour, day + 2 * hour, 2 * day + hour, day + 23 * hour, 3 * day]);
    for at in ats {
        let sql = "INSERT INTO deletion (at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason)
                   VALUES (?1, 'gate', 'main', 0, 1, 7, randomblob(32), 'expired')";
        index.footage.write(move |t| t.execute(sql, [at])).unwrap();
    }
    let mut rows = index.footage.deletions(100).unwrap();
    rows.reverse();
    let fold = || {
        let mut folded = Vec::new();
        loop {
            // Two at a time; the third day is not over.
            match index.footage.fold_deletions(WallTime(3 * day + 9 * hour), 2).unwrap() {
                0 => return folded,
                n => folded.push(n),
            }
        }
    };
    assert_eq!(fold(), [2, 1, 1]);
    let days = index.footage.deletion_days().unwrap();
    let chain_of = |of: &[usize]| of.iter().fold([0; 32], |so_far, n| chain(so_far, &line(&rows[*n])));
    let found: Vec<_> = days.iter().map(|found| (found.day.0, found.sha256)).collect();
    assert_eq!(found, [(day, chain_of(&[3, 4, 6])), (2 * day, chain_of(&[5]))]);
    let left: Vec<i64> = index.footage.deletions(100).unwrap().iter().map(|row| row.at.0).collect();
    assert_eq!(left, [3 * day, 402 * day, 401 * day, 400 * day]);
}

#[test]
fn an_index_of_one_disk_is_taken_over_with_its_footage_on_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("footage.db");
    let before = Db::open(&path, &MIGRATIONS[..4]).unwrap();
    before
        .write_blocking(|t| {
            t.execute_batch(
                "INSERT INTO volume VALUES (1, 'aa', 5);
                 INSERT INTO run (id, camera, stream, generation, wall_start_ms, codec, rfc6381, width_px, height_px,
                  sample_entry, decoder_config) VALUES (1, 'gate', 'main', 1, 0, 'h264', 'avc1', 1, 1, x'00', x'00');
                 INSERT INTO segment (run_id, camera, stream, path, state, start_wall_ms, start_pts_90k)
                  VALUES (1, 'gate', 'main', 'gate/main/0.mp4', 'open', 0, 0);
                 INSERT INTO garbage VALUES ('gate/main/1.mp4', 7, 3);",
            )
            .map_err(|source| DbError::Sqlite { path: "footage.db".into(), source })
        })
        .unwrap();
    drop(before);
    let footage = Footage::open(&path).unwrap();
    let expected = DiskRow { name: DiskName::main(), uuid: "aa".to_owned(), is_marked: true };
    assert_eq!(footage.disks().unwrap(), [expected]);
    assert_eq!(footage.open_segments().unwrap()[0].disk, DiskName::main());
    assert_eq!(footage.garbage().unwrap()[0].disk, DiskName::main());
}
