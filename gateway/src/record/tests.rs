//! The recorder through its own interface: what it writes, what a crash leaves, what a clip is made of.
//!
//! Pictures are synthetic (a pattern behind a NAL length); `tests/real.rs` records what ffmpeg encodes.

mod crash;
pub(crate) mod disk;
mod disks;
pub(crate) mod kit;
mod real;
mod reorder;
mod retention;
mod step;
mod torn;

use std::fs;

use kit::{Kit, START, poll, run, stream, unit, units};
use sharpeyes_domain::{
    media::{VideoCodec, VideoParams},
    retention::{DeletionReason, DiskState, Tier},
    segment::{GapCause, Span},
    time::{MediaDuration, Pts, WallTime},
    timeline::Zoom,
};

use super::{volume::VolumeError, *};
use crate::{
    check::{Fault, Mode},
    mp4,
    store::footage::{Discard, GapRow, SegmentRow, SegmentState},
};

fn all() -> Span {
    Span { from: WallTime(0), to: WallTime(i64::MAX / 4) }
}

#[test]
fn messages_stay_small() {
    assert!(std::mem::size_of::<RecorderMessage>() <= 64);
}

#[test]
fn segments_rotate_at_keyframes_and_follow_one_another() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..60 * 25, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    recorder.close();
    let footage = kit.footage();
    let rows = footage.segments_in(&stream("gate"), all()).unwrap();
    assert!((6..=8).contains(&rows.len()), "{} segments of about 10 s in 60 s", rows.len());
    let closed: Vec<_> = rows.iter().filter_map(|row| row.closed.clone()).collect();
    for pair in closed.windows(2) {
        assert_eq!(pair[0].span.to, pair[1].span.from);
        assert_eq!(pair[0].end_pts, pair[1].start_pts);
        assert_eq!(pair[1].start_pts.0 % 90_000, 0, "a segment begins with a keyframe");
    }
    assert_eq!(closed.iter().map(|segment| segment.n_frames).sum::<u32>(), 60 * 25);
    assert_eq!(closed[0].span.from, START);
    assert_eq!(closed.last().unwrap().span.to, START.plus(Duration::from_secs(60)));
    assert!(closed.iter().all(|segment| segment.state == SegmentState::Closed));
    kit.assert_sound();
}

#[test]
fn cameras_do_not_rotate_at_the_same_instant() {
    let kit = Kit::new();
    let recorder = kit.open();
    for camera in ["gate", "square", "bridge"] {
        let sender = recorder.sender(&stream(camera)).unwrap();
        kit.send(&sender, RecorderMessage::RunBegin(run(camera, 1)));
        for unit in units(0..30 * 25, 25) {
            kit.send(&sender, RecorderMessage::Unit(unit));
        }
    }
    recorder.close();
    let footage = kit.footage();
    let cuts: std::collections::BTreeSet<i64> = ["gate", "square", "bridge"]
        .into_iter()
        .map(|camera| footage.segments_in(&stream(camera), all()).unwrap()[1].start_wall.0)
        .collect();
    assert!(cuts.len() > 1, "{cuts:?}");
    kit.assert_sound();
}

#[test]
fn a_long_gop_is_written_in_pieces_that_are_no_random_access_points() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..200, 100) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    recorder.close();
    let mut fragments = Vec::new();
    for row in kit.footage().segments_in(&stream("gate"), all()).unwrap() {
        let closed = row.closed.unwrap();
        let origin = table::Origin { base: closed.start_pts, wall: closed.span.from };
        fragments.extend(table::decode(&closed.fragments, origin).unwrap());
    }
    assert!(fragments.iter().all(|fragment| fragment.end - fragment.base <= MediaDuration::from_secs(1)));
    let keys: Vec<i64> = fragments.iter().filter(|f| f.is_random_access).map(|f| f.base.0).collect();
    assert_eq!(keys, [0, 4 * 90_000]);
    assert_eq!(fragments.len(), 8);
    kit.assert_sound();
}

#[test]
fn a_full_queue_refuses_until_the_run_is_ended_and_leaves_a_gap() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..25, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let mut big = unit(25, 25);
    big.nals = vec![0; kit.settings.backlog_bytes + 1].into();
    assert_eq!(sender.try_send(RecorderMessage::Unit(big)), Err(Overflow));
    assert_eq!(sender.try_send(RecorderMessage::Unit(unit(26, 25))), Err(Overflow), "no hole inside a run");
    let end = RunEnd { cause: GapCause::Backlog, at: START.plus(Duration::from_secs(2)) };
    kit.send(&sender, RecorderMessage::RunEnd(end));
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 2)));
    for unit in units(100..150, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let status = sender.status();
    assert_eq!((status.n_overflows, status.n_refused), (1, 2));
    recorder.close();
    assert_eq!(sender.status().queued_bytes, 0);
    let gaps = kit.footage().gaps_in(&stream("gate"), all()).unwrap();
    let second = |s| START.plus(Duration::from_secs(s));
    assert_eq!(gaps[0], GapRow { from: second(1), to: Some(second(4)), cause: GapCause::Backlog });
    kit.assert_sound();
}

#[test]
fn one_cameras_full_queue_is_noticed_by_no_other() {
    let mut kit = Kit::new();
    // One writer for both, which wakes late: the queues fill meanwhile.
    kit.settings.writers = std::num::NonZeroUsize::MIN;
    kit.settings.gather = Duration::from_millis(500);
    let recorder = kit.open();
    let [flood, calm] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    flood.try_send(RecorderMessage::RunBegin(run("gate", 1))).unwrap();
    calm.try_send(RecorderMessage::RunBegin(run("yard", 1))).unwrap();
    let mut is_flooded = false;
    for number in 0..100 {
        calm.try_send(RecorderMessage::Unit(unit(number, 25))).unwrap();
        let mut big = unit(number, 25);
        big.nals = [&100_000u32.to_be_bytes()[..], &[0x41; 100_000]].concat().into();
        if !is_flooded && flood.try_send(RecorderMessage::Unit(big)) == Err(Overflow) {
            is_flooded = true;
            let end = RunEnd { cause: GapCause::Backlog, at: unit(number, 25).wall };
            flood.try_send(RecorderMessage::RunEnd(end)).unwrap();
        }
    }
    assert!(is_flooded);
    let held = flood.status().queued_bytes;
    assert!(held <= kit.settings.backlog_bytes, "{held} bytes");
    kit.clock.advance(Duration::from_secs(10));
    recorder.close();
    assert_eq!((flood.status().n_overflows, calm.status().n_overflows), (1, 0));
    assert_eq!(calm.status().n_frames, 100);
    let causes = |camera| -> Vec<GapCause> {
        kit.footage().gaps_in(&stream(camera), all()).unwrap().iter().map(|gap| gap.cause).collect()
    };
    assert_eq!(causes("yard"), [GapCause::Stopped]);
    assert_eq!(causes("gate")[0], GapCause::Backlog);
    kit.assert_sound();
}

#[test]
fn a_panic_over_a_picture_costs_seconds_and_not_the_session() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    let second = |s| START.plus(Duration::from_secs(s));
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..210, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    // The difference of two times does not fit: arithmetic panics, as any bug of ours would.
    let impossible = AccessUnit { pts: Pts(i64::MIN), ..unit(210, 25) };
    kit.send(&sender, RecorderMessage::Unit(impossible));
    kit::poll(|| sender.status().queued_bytes == 0);
    assert_eq!(sender.status().n_failures, 1);
    assert!(sender.status().last_failure.unwrap().contains("gate"));
    kit::poll(|| kit.footage().open_segments().unwrap().is_empty());
    // The session goes on, and nobody has told it.
    kit.clock.advance(Duration::from_secs(10));
    for unit in units(300..401, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.wait_written(&sender, second(16));
    recorder.close();
    assert_eq!(sender.status().queued_bytes, 0);
    let rows = kit.footage().segments_in(&stream("gate"), all()).unwrap();
    let is_recovered = |row: &SegmentRow| row.closed.as_ref().unwrap().state == SegmentState::Recovered;
    assert!(rows.iter().any(is_recovered));
    let gaps = kit.footage().gaps_in(&stream("gate"), all()).unwrap();
    assert_eq!(gaps[0], GapRow { from: second(8), to: Some(second(12)), cause: GapCause::Disk });
    kit.assert_sound();
}

#[test]
fn whatever_breaks_a_write_for_good_is_the_disks_failure() {
    use rustix::io::Errno;
    let state_after = |errno: Errno| {
        let kit = Kit::new();
        let recorder = kit.open();
        let source = std::io::Error::from_raw_os_error(errno.raw_os_error());
        recorder.disks[0]
            .shared
            .volume
            .note(&VolumeError::Io { path: kit.settings.media_dir.clone(), source });
        kit::poll(|| {
            recorder.disks[0].shared.volume.ensure_usable().is_ok() || recorder.disk().state != DiskState::Ok
        });
        recorder.disk().state
    };
    // A damaged file system, a device that was pulled, a target or a server that does not answer any more.
    for errno in
        [Errno::IO, Errno::UCLEAN, Errno::NODEV, Errno::NXIO, Errno::TIMEDOUT, Errno::STALE, Errno::BADMSG]
    {
        assert_eq!(state_after(errno), DiskState::Failed, "{errno}");
    }
    for errno in [Errno::INTR, Errno::NOENT, Errno::EXIST, Errno::MFILE, Errno::ACCESS, Errno::NOSPC] {
        assert_eq!(state_after(errno), DiskState::Ok, "{errno}");
    }
}

/// One step of a stream's life, in seconds after the start.
#[derive(Clone, Copy)]
enum Step {
    /// A run that records from here to there.
    Record(i64, i64),
    /// A session ends, or could not be set up.
    Fail(GapCause, i64),
    /// The service stops cleanly and starts again.
    Restart(i64),
    /// The service dies and starts again.
    Kill(i64),
}

#[test]
fn every_missing_piece_is_a_gap_row_with_its_cause() {
    use GapCause::{AuthFailed, CameraOffline, NotFound, Restart, Stalled, Stopped};
    use Step::{Fail, Kill, Record};
    type Expected<'a> = &'a [(i64, Option<i64>, GapCause)];
    let check = |name: &str, steps: &[Step], expected: Expected<'_>| {
        let kit = Kit::new();
        kit.play(steps);
        let second = |s: i64| WallTime(START.0 + s * 1000);
        let expected: Vec<GapRow> = expected
            .iter()
            .map(|&(from, to, cause)| GapRow { from: second(from), to: to.map(second), cause })
            .collect();
        assert_eq!(kit.footage().gaps_in(&stream("gate"), all()).unwrap(), expected, "{name}");
        kit.assert_sound();
    };
    check("never connected", &[Step::Restart(9)], &[(0, Some(9), CameraOffline), (9, None, Stopped)]);
    check(
        "the first failure names what was a guess, later ones do not",
        &[Fail(AuthFailed, 1), Fail(CameraOffline, 5), Record(7, 9)],
        &[(0, Some(7), AuthFailed), (9, None, Stopped)],
    );
    check(
        "a pause between two runs",
        &[Record(0, 3), Fail(Stalled, 5), Fail(NotFound, 6), Record(8, 10)],
        &[(3, Some(8), Stalled), (10, None, Stopped)],
    );
    check(
        "runs that follow one another leave no row",
        &[Record(0, 3), Fail(GapCause::ParameterChange, 3), Record(3, 5)],
        &[(5, None, Stopped)],
    );
    check(
        "a clean stop",
        &[Record(0, 3), Step::Restart(5), Record(6, 8)],
        &[(3, Some(6), Stopped), (8, None, Stopped)],
    );
    check(
        "a crash while recording",
        &[Record(0, 3), Kill(5), Record(6, 8)],
        &[(3, Some(6), Restart), (8, None, Stopped)],
    );
    check(
        "a crash, and then the camera itself is away",
        &[Record(0, 3), Kill(5), Fail(CameraOffline, 6), Fail(AuthFailed, 7), Record(9, 10)],
        &[(3, Some(6), Restart), (6, Some(9), CameraOffline), (10, None, Stopped)],
    );
    check(
        "a stop while the camera is away",
        &[Record(0, 3), Fail(CameraOffline, 4), Step::Restart(6), Record(7, 8)],
        &[(3, Some(6), CameraOffline), (6, Some(7), Stopped), (8, None, Stopped)],
    );
}

#[test]
fn a_file_torn_at_any_byte_keeps_its_whole_fragments() {
    let kit = Kit::new();
    kit.record_and_crash(0..100);
    let footage = kit.footage();
    let row = footage.open_segments().unwrap().remove(0);
    let path = kit.settings.media_dir.join(&row.path);
    let whole = fs::read(&path).unwrap();
    let scanned = recovery::scan(&path).unwrap().unwrap();
    assert_eq!(scanned.valid_bytes, u64::try_from(whole.len()).unwrap());
    let ends: Vec<u64> = scanned.fragments.iter().map(|fragment| fragment.offset + fragment.size).collect();
    assert_eq!(ends.len(), 3, "the last GOP was still in memory");
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let length = u64::try_from(length).unwrap();
        let kept = recovery::scan(&path).unwrap();
        let n = kept.as_ref().map_or(0, |scanned| scanned.fragments.len());
        assert_eq!(n, ends.iter().filter(|end| **end <= length).count(), "{length} bytes");
        if let Some(kept) = kept.filter(|kept| !kept.fragments.is_empty()) {
            assert_eq!(kept.valid_bytes, ends[n - 1]);
            assert_eq!(kept.sha256, kit::sha256(&whole[..usize::try_from(kept.valid_bytes).unwrap()]));
        }
    }
    // Blocks that never reached the disk read as zeros.
    let second = usize::try_from(ends[0]).unwrap();
    for (from, kept) in [(second, 1), (second + 400, 1), (whole.len() - 60, 2)] {
        let mut zeroed = whole.clone();
        zeroed[from..].fill(0);
        fs::write(&path, &zeroed).unwrap();
        assert_eq!(recovery::scan(&path).unwrap().unwrap().fragments.len(), kept, "zeros from {from}");
    }
}

#[test]
fn a_start_recovers_what_a_crash_tore() {
    for torn in [1, 60, 700] {
        let kit = Kit::new();
        kit.record_and_crash(0..100);
        let row = kit.footage().open_segments().unwrap().remove(0);
        let path = kit.settings.media_dir.join(&row.path);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - torn]).unwrap();
        kit.clock.advance(Duration::from_secs(9));
        let recorder = kit.open();
        let found = &recorder.recovery().segments[0];
        assert_eq!(found.span, Some(Span { from: START, to: START.plus(Duration::from_secs(2)) }));
        assert!(found.n_torn_bytes > 0);
        assert_eq!(
            recorder.footage().open_gap(&stream("gate")).unwrap().unwrap(),
            GapRow { from: START.plus(Duration::from_secs(2)), to: None, cause: GapCause::Restart }
        );
        recorder.close();
        kit.assert_sound();
    }
}

#[test]
fn a_recovered_file_keeps_its_place_in_the_run() {
    let kit = Kit::new();
    kit.record_and_crash(2_000..2_100);
    let recorder = kit.open();
    let row = recorder.footage().segments_in(&stream("gate"), all()).unwrap().remove(0);
    let closed = row.closed.unwrap();
    assert_eq!((closed.start_pts, closed.end_pts), (unit(2_000, 25).pts, unit(2_075, 25).pts));
    // The file itself plays from 0.
    let scanned = recovery::scan(&kit.settings.media_dir.join(&row.path)).unwrap().unwrap();
    assert_eq!(scanned.fragments[0].base, Pts(0));
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_file_with_nothing_in_it_is_deleted_by_the_next_start() {
    let kit = Kit::new();
    kit.record_and_crash(0..100);
    let row = kit.footage().open_segments().unwrap().remove(0);
    fs::write(kit.settings.media_dir.join(&row.path), b"\0\0\0\x08ft").unwrap();
    kit.open().close();
    assert!(!kit.settings.media_dir.join(&row.path).exists());
    assert_eq!(kit.footage().segments_after(SegmentId(0), 9).unwrap().len(), 0);
    kit.assert_sound();
}

#[test]
fn pictures_out_of_order_keep_their_presentation_times() {
    // Decoding order I0 P3 B1 B2 P6 B4 B5, then an open GOP: I10 with its leading B8 and B9.
    let order = [0, 3, 1, 2, 6, 4, 5, 7, 10, 8, 9, 13, 11, 12];
    let made: Vec<AccessUnit> = order
        .iter()
        .map(|&number| AccessUnit { is_keyframe: number == 0 || number == 10, ..unit(number, 1) })
        .collect();
    let mut next = Pts(0);
    let mut times = Vec::new();
    for (units, end) in [(&made[..8], 10), (&made[8..], 14)] {
        let (end, sounds) = (Pts(end * 3_600), &[][..]);
        let (origin, sound_origin) = (Pts(0), 0);
        let spec = mp4::FragmentSpec {
            sequence: 1,
            origin,
            sound_origin,
            base: next,
            end,
            wall: START,
            units,
            sounds,
        };
        let encoded = mp4::encode_fragment(spec).unwrap();
        let mut at = encoded.base.0;
        for sample in mp4::fragment_tables(&encoded.head).unwrap().video {
            times.push((at + i64::from(sample.composition)) / 3_600);
            at += i64::from(sample.duration);
        }
        assert_eq!(at, encoded.end.0);
        next = encoded.end;
    }
    assert_eq!(times, order);
    assert_eq!(next, Pts(14 * 3_600));
}

#[test]
fn what_a_power_cut_took_with_its_file_lies_in_the_same_gap_as_before() {
    let kit = Kit::new();
    kit.record_and_crash(0..100);
    kit.clock.advance(Duration::from_secs(10));
    // The row that ends the gap is on the disk, the footage that ended it is not.
    kit.record_and_crash(200..300);
    let lost = kit.footage().open_segments().unwrap();
    assert_eq!(lost.len(), 1);
    fs::remove_file(kit.settings.media_dir.join(&lost[0].path)).unwrap();
    kit.clock.advance(Duration::from_secs(10));
    let recorder = kit.open();
    let span = recorder.footage().footage_span(&stream("gate")).unwrap().unwrap();
    let gaps = recorder.footage().gaps_in(&stream("gate"), Span { from: span.from, to: kit.clock.wall() });
    assert_eq!(gaps.unwrap(), [GapRow { from: span.to, to: None, cause: GapCause::Restart }]);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_clip_begins_at_the_keyframe_before_and_spans_runs_and_gaps() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..500, 50) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.send(&sender, RecorderMessage::RunEnd(RunEnd { cause: GapCause::Stalled, at: second(21) }));
    // Other parameters: a second sample entry.
    kit.send(&sender, RecorderMessage::RunBegin(kit::run_of("gate", 2, kit::params(640))));
    for unit in units(750..1000, 50) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.wait_written(&sender, second(38));
    let clips = recorder.clips();
    let clip = clips.plan(&stream("gate"), second(15), second(36)).unwrap();
    assert_eq!(clip.start, second(14), "the keyframe at or before");
    assert_eq!(clip.end, second(36));
    assert_eq!(clip.duration, MediaDuration::from_secs(22));
    assert_eq!(clip.n_frames, 6 * 25 + 6 * 25);
    assert_eq!(clip.gaps.len(), 1);
    assert_eq!(clip.gaps[0].span, Span { from: second(20), to: second(30) });
    assert_eq!(clip.gaps[0].cause, GapCause::Stalled);
    assert_eq!(clip.spans, [clip::ClipSpan { offset: MediaDuration::ZERO, wall: second(14) }]);
    assert_eq!(clip.offset_of(second(31)), MediaDuration::from_secs(17));
    assert_eq!(clip.mime(), "video/mp4; codecs=\"avc1.42C01E\"");
    assert_eq!(clip.tag(), clips.plan(&stream("gate"), second(15), second(36)).unwrap().tag());

    let whole = kit::bytes_of(&clip, 0..clip.len());
    assert_eq!(u64::try_from(whole.len()).unwrap(), clip.len());
    for range in [0..1, 10..5_000, 300..300, clip.len() - 7..clip.len() + 9, 1_000..200_000] {
        let end = usize::try_from(range.end.min(clip.len())).unwrap();
        let expected = &whole[usize::try_from(range.start).unwrap()..end];
        assert_eq!(kit::bytes_of(&clip, range.clone()), expected, "{range:?}");
    }

    match clips.plan(&stream("gate"), second(22), second(24)) {
        Err(clip::ClipError::Nothing { gaps, .. }) => assert_eq!(gaps[0].cause, GapCause::Stalled),
        other => panic!("{other:?}"),
    }
    assert!(matches!(clips.plan(&stream("gate"), second(5), second(5)), Err(clip::ClipError::Length)));
    let in_gap = clips.plan(&stream("gate"), second(25), second(31)).unwrap();
    assert_eq!(in_gap.start, second(30));
    recorder.close();
    kit.assert_sound();
}

#[test]
fn the_timeline_shows_the_present_too() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..500, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.wait_written(&sender, second(19));
    let wanted = Span { from: second(2), to: second(60) };
    let zoom = Zoom { window: wanted, bin: Duration::from_secs(1) };
    let row = recorder.clips().coverage(&[stream("gate")], zoom).unwrap().remove(0);
    assert_eq!(row.coverage.recorded, [Span { from: second(2), to: second(19) }]);
    assert_eq!(row.footage, Some(Span { from: START, to: second(19) }));
    recorder.close();
}

#[test]
fn deleting_a_segment_removes_file_and_row_and_leaves_a_gap_only_inside() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..60 * 25, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.wait_written(&sender, second(59));
    let footage = recorder.footage().clone();
    let rows = footage.segments_in(&stream("gate"), all()).unwrap();
    for id in [rows[2].id, rows[0].id] {
        let (reason, tier) = (DeletionReason::Expired, Tier::Base);
        let paths = footage.discard(vec![Discard { id, reason, tier }], kit.clock.wall()).unwrap();
        recorder.disks[0].shared.volume.remove(&paths).unwrap();
        footage.forget(paths).unwrap();
    }
    let proof = footage.deletions(9).unwrap();
    assert_eq!(
        proof.iter().map(|row| row.sha256).collect::<Vec<_>>(),
        [rows[0].closed.clone().unwrap().sha256, rows[2].closed.clone().unwrap().sha256]
    );
    assert!(!kit.settings.media_dir.join(&rows[0].path).exists());
    assert!(!kit.settings.media_dir.join(&rows[2].path).exists());
    let gaps = footage.gaps_in(&stream("gate"), all()).unwrap();
    let lost = rows[2].closed.clone().unwrap().span;
    assert_eq!(gaps, [GapRow { from: lost.from, to: Some(lost.to), cause: GapCause::Retention }]);
    assert!(footage.garbage().unwrap().is_empty());
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_disk_that_is_away_or_another_one_at_the_start_is_named_and_recorded_on_when_it_comes() {
    let kit = Kit::new();
    kit.record_and_crash(0..76);
    let media = kit.settings.media_dir.clone();
    let aside = media.with_extension("aside");
    fs::rename(&media, &aside).unwrap();
    kit.clock.advance(Duration::from_secs(60));
    let recorder = kit.open();
    assert_eq!(recorder.disk().state, DiskState::Missing);
    let sender = recorder.sender(&stream("gate")).unwrap();
    let second = |s: i64| WallTime(START.0 + s * 1000);
    let at = |s: i64| s * 25..(s + 3) * 25 + 1;
    let record = |generation, from: i64| {
        kit.send(&sender, RecorderMessage::RunBegin(run("gate", generation)));
        for unit in units(at(from), 25) {
            kit.send(&sender, RecorderMessage::Unit(unit));
        }
        let end = RunEnd { cause: GapCause::CameraOffline, at: second(from + 3) };
        kit.send(&sender, RecorderMessage::RunEnd(end));
    };
    record(2, 60);
    poll(|| sender.status().n_failures > 0);
    assert!(!media.exists(), "nothing may be written in its place");
    fs::create_dir(&media).unwrap();
    kit.clock.advance(Duration::from_secs(10));
    poll(|| recorder.disk().detail.contains("not mounted"));
    record(3, 70);
    assert!(fs::read_dir(&media).unwrap().next().is_none(), "nothing may be written in its place");
    fs::remove_dir(&media).unwrap();

    let other = Kit::new();
    other.play(&[Step::Record(0, 3)]);
    fs::rename(&other.settings.media_dir, &media).unwrap();
    poll(|| recorder.disk().state == DiskState::Swapped);
    fs::rename(&media, &other.settings.media_dir).unwrap();

    fs::rename(&aside, &media).unwrap();
    poll(|| recorder.disk().state == DiskState::Ok);
    kit.clock.advance(Duration::from_secs(10));
    record(4, 80);
    kit.wait_written(&sender, second(83));
    recorder.close();
    let footage = kit.footage();
    let files = footage.segments_in(&stream("gate"), all()).unwrap();
    let starts: Vec<WallTime> = files.iter().map(|row| row.start_wall).collect();
    assert_eq!(starts, [second(0), second(80)], "what was open when the power went is read back, too");
    let gaps = footage.gaps_in(&stream("gate"), Span { from: second(60), to: second(80) }).unwrap();
    assert!(gaps.iter().any(|gap| gap.cause == GapCause::Disk), "{gaps:?}");
    kit.assert_sound();
}

#[test]
fn a_new_index_records_nothing_over_the_footage_of_another() {
    let kit = Kit::new();
    kit.play(&[Step::Record(0, 3)]);
    let fresh = Footage::open(&kit.dir.path().join("fresh.db")).unwrap();
    let recorder = Recorder::open(kit.settings.clone(), fresh, kit.clock.clone()).unwrap();
    assert_eq!(recorder.disk().state, DiskState::Swapped);
    assert!(recorder.disk().detail.contains("belongs to another footage.db"), "{}", recorder.disk().detail);
    recorder.close();
    kit.open().close();
    kit.assert_sound();
}

#[test]
fn an_empty_place_that_a_new_disk_has_left_is_not_marked_as_the_disk() {
    let kit = Kit::new();
    let recorder = kit.open();
    let aside = kit.settings.media_dir.with_extension("aside");
    fs::rename(&kit.settings.media_dir, &aside).unwrap();
    fs::create_dir(&kit.settings.media_dir).unwrap();
    poll(|| recorder.disk().state == DiskState::Missing);
    assert!(fs::read_dir(&kit.settings.media_dir).unwrap().next().is_none());
    recorder.close();
}

#[test]
fn a_file_that_cannot_be_read_back_keeps_nothing_else_from_being_recorded() {
    let kit = Kit::new();
    kit.record_and_crash(0..76);
    let path = kit.settings.media_dir.join(&kit.footage().open_segments().unwrap()[0].path);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let recorder = kit.open();
    assert_eq!(recorder.disk().state, DiskState::Ok);
    let sender = recorder.sender(&stream("yard")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("yard", 1)));
    for unit in units(100..151, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.wait_written(&sender, WallTime(START.0 + 5_000));
    recorder.close();
    let report = kit.audit(Mode::ReadOnly);
    assert!(report.faults.iter().any(|fault| matches!(fault, Fault::LeftOpen { .. })), "{report}");
}

#[test]
fn two_gateways_do_not_share_a_disk() {
    let kit = Kit::new();
    let first = kit.open();
    let second = Recorder::open(kit.settings.clone(), kit.footage(), kit.clock.clone());
    assert!(matches!(second, Err(RecordError::Volume(VolumeError::InUse { .. }))));
    first.close();
    kit.open().close();
}

#[test]
fn a_disk_that_vanishes_leaves_a_gap_and_recording_resumes_when_it_is_back() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..50, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.wait_written(&sender, second(1));
    let media = &kit.settings.media_dir;
    let aside = media.with_extension("aside");
    fs::rename(media, &aside).unwrap();
    for unit in units(50..76, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    // Nothing queued: the failure has been dealt with, too.
    kit::poll(|| sender.status().n_failures > 0 && sender.status().queued_bytes == 0);
    fs::rename(&aside, media).unwrap();
    kit.clock.advance(Duration::from_secs(30));
    for unit in units(76..200, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    recorder.close();
    let gaps = kit.footage().gaps_in(&stream("gate"), all()).unwrap();
    assert_eq!(gaps[0].cause, GapCause::Disk);
    assert_eq!(gaps[0].from, second(1));
    assert_eq!(gaps[0].to, Some(second(4)), "recording went on at the next keyframe");
    kit.assert_sound();
}

#[test]
fn the_schema_holds_what_it_promises() {
    let kit = Kit::new();
    let footage = kit.footage();
    let gap = |from: i64, cause| Change::BeginGap { stream: stream("gate"), from: WallTime(from), cause };
    footage.apply(vec![gap(10, GapCause::Restart), gap(20, GapCause::CameraOffline)]).unwrap();
    footage.apply(vec![Change::EndGap { stream: stream("gate"), at: WallTime(15) }]).unwrap();
    let rows = footage.gaps_in(&stream("gate"), all()).unwrap();
    assert_eq!(rows, [GapRow { from: WallTime(10), to: Some(WallTime(20)), cause: GapCause::Restart }]);
    let cut = Change::CutGaps { stream: stream("gate"), span: Span { from: WallTime(12), to: WallTime(14) } };
    footage.apply(vec![cut]).unwrap();
    let rows = footage.gaps_in(&stream("gate"), all()).unwrap();
    assert_eq!(
        rows.iter().map(|gap| (gap.from.0, gap.to.unwrap().0)).collect::<Vec<_>>(),
        [(10, 12), (14, 20)]
    );
}

#[test]
fn a_clip_ends_where_the_coding_changes_and_says_where_to_go_on() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..501, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.send(&sender, RecorderMessage::RunEnd(RunEnd { cause: GapCause::Stalled, at: second(21) }));
    let other = VideoParams { codec: VideoCodec::H265, ..kit::params(640) };
    kit.send(&sender, RecorderMessage::RunBegin(kit::run_of("gate", 2, other)));
    for unit in units(750..1_001, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.wait_written(&sender, second(39));
    let clips = recorder.clips();
    let clip = clips.plan(&stream("gate"), second(15), second(36)).unwrap();
    assert_eq!(clip.continues, Some(second(30)));
    assert!(clip.end <= second(21), "{:?}", clip.end);
    assert!(clip.gaps.is_empty());
    let rest = clips.plan(&stream("gate"), second(30), second(36)).unwrap();
    assert_eq!((rest.start, rest.end, rest.continues), (second(30), second(36), None));
    assert_eq!(rest.params.codec, VideoCodec::H265);
    assert_eq!(clips.plan(&stream("gate"), second(5), second(9)).unwrap().continues, None);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_clip_over_a_clock_that_went_back_and_another_coding_goes_on_after_where_it_began() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..1_001, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.send(&sender, RecorderMessage::RunEnd(RunEnd { cause: GapCause::Stalled, at: second(40) }));
    // Its clock is set back by ten seconds.
    let other = VideoParams { codec: VideoCodec::H265, ..kit::params(640) };
    kit.send(&sender, RecorderMessage::RunBegin(kit::run_of("gate", 2, other)));
    for unit in units(750..1_251, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.wait_written(&sender, second(49));
    recorder.close();
    let recorder = kit.open();
    let clips = recorder.clips();
    let (mut from, to, mut codecs) = (second(5), second(48), Vec::new());
    loop {
        let clip = clips.plan(&stream("gate"), from, to).unwrap();
        codecs.push(clip.params.codec);
        let Some(next) = clip.continues else { break };
        assert!(next > from, "{next:?} is not after {from:?}");
        from = next;
    }
    assert!(codecs.contains(&VideoCodec::H265) && codecs.len() < 100, "{codecs:?}");
    recorder.close();
}
