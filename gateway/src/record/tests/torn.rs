//! What a crash tears off: it stays for as long as a hold or an incident may cover it, and no longer.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

use sharpeyes_domain::{
    ids::{AlarmId, CameraId, SegmentId},
    retention::{DeletionReason, Policy},
    segment::Span,
    time::WallTime,
};

use super::{
    disk::{Image, command},
    kit::{Kit, START, sha256, stream, unit},
    retention::{Marks, new_hold, retention},
};
use crate::{
    check::{Fault, Mode},
    record::{Recorder, retention::Retention, torn::copy},
    store::footage::{Change, HoldRow, IncidentMark, Release, TornRow},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Killed while the fifth second was being written: of its fragment there is half, which comes back.
fn torn() -> (Kit, PathBuf, Vec<u8>) {
    let mut kit = Kit::new();
    // All in one file, whatever the camera's turn to begin a new one.
    kit.settings.segment = Duration::from_secs(300);
    kit.record_and_crash(0..126);
    let file = kit.settings.media_dir.join(&kit.footage().open_segments().unwrap()[0].path);
    let scanned = crate::record::recovery::scan(&file).unwrap().unwrap();
    assert_eq!(scanned.fragments.len(), 5);
    let last = scanned.fragments.last().unwrap();
    let half = last.offset + last.size / 2;
    OpenOptions::new().write(true).open(&file).unwrap().set_len(half).unwrap();
    let tail = fs::read(&file).unwrap().split_off(usize::try_from(last.offset).unwrap());
    kit.clock.advance(Duration::from_secs(6));
    (kit, file, tail)
}

fn second(n: i64) -> WallTime {
    unit(n * 25, 25).wall
}

fn keeper(recorder: &Recorder, marks: Vec<IncidentMark>) -> Retention {
    retention(recorder, 0, &[("gate", Policy::default())], Marks(marks))
}

fn pass(kit: &Kit, retention: &mut Retention) {
    kit.clock.advance(MINUTE);
    retention.turn().unwrap();
}

fn aside(kit: &Kit) -> Vec<Vec<u8>> {
    let rows = kit.footage().torn().unwrap();
    let on_disk = fs::read_dir(kit.settings.media_dir.join("gate/main")).unwrap();
    let n_files =
        on_disk.filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().ends_with(".torn")).count();
    assert_eq!(rows.len(), n_files);
    rows.iter().map(|row| fs::read(kit.settings.media_dir.join(&row.path)).unwrap()).collect()
}

fn hold(kit: &Kit, from: i64, to: i64) -> HoldRow {
    let span = Span { from: second(from), to: second(to) };
    kit.footage().add_hold(new_hold("gate", span), START).unwrap().unwrap()
}

fn release(kit: &Kit, held: &HoldRow) {
    let release = Release { at: kit.clock.wall(), by: "op".into(), reason: "done".into() };
    kit.footage().release_hold(held.id, release).unwrap();
}

/// What is set aside goes when nothing holds it any more, and all is well then.
fn goes_when_released(kit: &Kit, recorder: Recorder, mut retention: Retention, held: &HoldRow) {
    release(kit, held);
    pass(kit, &mut retention);
    assert_eq!(aside(kit), [[0; 0]; 0]);
    drop(retention);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_torn_end_that_is_held_is_set_aside_until_the_hold_is_released() {
    let (kit, file, tail) = torn();
    let held = hold(&kit, 2, 5);
    let recorder = kit.open();
    assert_eq!(recorder.recovery().segments[0].n_torn_bytes, u64::try_from(tail.len()).unwrap());
    let row = recorder.footage().segments_after(SegmentId(0), 10).unwrap().remove(0).closed.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), row.size_bytes, "the file goes on without it");
    let mut retention = keeper(&recorder, Vec::new());
    for _ in 0..3 {
        pass(&kit, &mut retention);
        assert_eq!(aside(&kit), std::slice::from_ref(&tail));
    }
    let report = kit.audit(Mode::ReadOnly);
    assert!(report.is_clean(), "{:?}", report.faults);
    assert!(report.to_string().contains("set aside gate/main"), "{report}");
    goes_when_released(&kit, recorder, retention, &held);
}

#[test]
fn a_torn_end_that_nothing_covers_goes_with_the_first_pass() {
    let (kit, _, tail) = torn();
    // It ends where the torn second begins.
    hold(&kit, 0, 4);
    let recorder = kit.open();
    assert_eq!(aside(&kit), [tail]);
    let row = kit.footage().torn().unwrap().remove(0);
    pass(&kit, &mut keeper(&recorder, Vec::new()));
    assert_eq!(aside(&kit), [[0; 0]; 0]);
    let proof = kit.footage().deletions(10).unwrap();
    let [proof] = &proof[..] else { panic!("{proof:?}") };
    assert_eq!((proof.sha256, proof.bytes, proof.span), (row.sha256, row.bytes, row.span));
    assert_eq!((&proof.stream, proof.reason), (&row.stream, DeletionReason::Torn));
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_stray_file_is_not_kept_by_the_alarms_of_tomorrow() {
    let kit = Kit::new();
    kit.open().close();
    let dir = kit.settings.media_dir.join("gate/main");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("0000.mp4"), b"something").unwrap();
    assert!(kit.audit(Mode::Repair).is_clean());
    assert_eq!(aside(&kit), [b"something"]);
    let recorder = kit.open();
    kit.clock.advance(MINUTE);
    let span = Span { from: kit.clock.wall(), to: kit.clock.wall().plus(MINUTE) };
    let mark = IncidentMark { alarm: AlarmId(1), camera: CameraId::new("gate").unwrap(), span };
    pass(&kit, &mut keeper(&recorder, vec![mark]));
    assert_eq!(aside(&kit), [[0; 0]; 0]);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_torn_end_of_an_incident_that_is_learnt_after_the_crash_stays() {
    let (kit, _, tail) = torn();
    let recorder = kit.open();
    let span = Span { from: second(4), to: second(5) };
    let mark = IncidentMark { alarm: AlarmId(1), camera: CameraId::new("gate").unwrap(), span };
    pass(&kit, &mut keeper(&recorder, vec![mark]));
    assert_eq!(aside(&kit), [tail]);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_held_file_without_a_head_is_set_aside_whole() {
    let (kit, file, _) = torn();
    let held = hold(&kit, 1, 2);
    let mut bytes = fs::read(&file).unwrap();
    bytes[..8].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    let recorder = kit.open();
    assert_eq!(recorder.recovery().segments[0].span, None);
    assert!(!file.exists());
    let mut retention = keeper(&recorder, Vec::new());
    pass(&kit, &mut retention);
    assert_eq!(aside(&kit), [bytes]);
    goes_when_released(&kit, recorder, retention, &held);
}

#[test]
fn a_crash_between_any_two_steps_keeps_the_torn_end_once() {
    let (kit, file, tail) = torn();
    hold(&kit, 2, 5);
    let databases = |suffix: &str| kit.dir.path().join(format!("footage.db{suffix}"));
    let before = (fs::read(databases("")).unwrap(), fs::read(&file).unwrap());
    kit.open().close();
    assert_eq!(aside(&kit), std::slice::from_ref(&tail));
    // The copy is there and the row is not yet closed: with and without the cut.
    for (is_cut, copied) in [(true, tail.len()), (false, tail.len()), (false, 7)] {
        let row = kit.footage().torn().unwrap().remove(0);
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(databases(suffix));
        }
        fs::write(databases(""), &before.0).unwrap();
        if !is_cut {
            fs::write(&file, &before.1).unwrap();
        }
        fs::write(kit.settings.media_dir.join(&row.path), &tail[..copied]).unwrap();
        let known = Change::SetAside(row);
        kit.footage().apply(vec![known]).unwrap();
        kit.open().close();
        let kept = aside(&kit);
        assert_eq!(kept, std::slice::from_ref(&tail), "cut: {is_cut}, {copied} bytes copied");
        kit.assert_sound();
    }
}

#[test]
fn a_repair_sets_aside_what_it_cuts_off_and_names_what_is_gone() {
    let (kit, file, _) = torn();
    hold(&kit, 0, 5);
    kit.open().close();
    // Set aside once; then the file is cut short in a fragment, and grows afterwards.
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    assert!(kit.audit(Mode::Repair).is_clean());
    assert_eq!(aside(&kit).len(), 2, "the first is not overwritten");
    let cut = fs::read(&file).unwrap();
    fs::write(&file, [&cut[..], b"grown"].concat()).unwrap();
    assert!(kit.audit(Mode::Repair).is_clean());
    let kept = aside(&kit);
    assert_eq!(kept.len(), 3);
    assert!(kept.contains(&b"grown".to_vec()));
    assert!(kept.contains(&whole[cut.len()..whole.len() - 3].to_vec()));
    // A file in no index in which nothing can be played: nobody knows when it was recorded.
    fs::write(kit.settings.media_dir.join("gate/main/0000.mp4"), b"something").unwrap();
    assert!(kit.audit(Mode::Repair).is_clean());
    assert!(aside(&kit).contains(&b"something".to_vec()));
    // One of them is changed, one is taken away.
    let rows = kit.footage().torn().unwrap();
    fs::write(kit.settings.media_dir.join(&rows[0].path), b"forged").unwrap();
    fs::remove_file(kit.settings.media_dir.join(&rows[1].path)).unwrap();
    let report = kit.audit(Mode::ReadOnly);
    let found = |fault: &Fault| matches!(fault, Fault::Torn { .. });
    assert_eq!(report.faults.iter().filter(|fault| found(fault)).count(), 2, "{:?}", report.faults);
    let report = kit.audit(Mode::Repair);
    assert!(matches!(&report.faults[..], [Fault::Torn { found: Some(6), .. }]), "{:?}", report.faults);
}

#[test]
fn what_was_to_be_set_aside_and_is_gone_with_the_power_is_not_missed() {
    let (kit, file, tail) = torn();
    let open = kit.footage().open_segments().unwrap().remove(0);
    let row = TornRow {
        disk: open.disk.clone(),
        path: format!("{}.torn", open.path),
        stream: open.stream,
        span: Span { from: second(4), to: second(5) },
        bytes: u64::try_from(tail.len()).unwrap(),
        sha256: sha256(&tail),
        since: START,
    };
    kit.footage().apply(vec![Change::SetAside(row.clone())]).unwrap();
    // Neither the copy nor the tail has reached the disk.
    let n_whole = fs::metadata(&file).unwrap().len() - row.bytes;
    OpenOptions::new().write(true).open(&file).unwrap().set_len(n_whole).unwrap();
    kit.open().close();
    assert_eq!(aside(&kit), [[0; 0]; 0]);
    kit.assert_sound();
}

/// The same on a small disk on which somebody else's file, which is given too, has left nothing. `None` where this process
/// may not mount.
fn torn_on_a_full_disk() -> Option<(Image, Kit, PathBuf, Vec<u8>, PathBuf)> {
    let (mut kit, file, tail) = torn();
    let small = kit.dir.path().join("small");
    let image = match Image::make(kit.dir.path().join("disk.img"), &small, 4 << 20, &[]) {
        Ok(image) => image,
        Err(reason) => {
            println!("skipped: a torn end on a full disk: {reason}");
            return None;
        }
    };
    let media = std::mem::replace(&mut kit.settings.media_dir, small.clone());
    command("cp", &["-a", &format!("{}/.", media.display()), small.to_str().unwrap()]).unwrap();
    let file = small.join(file.strip_prefix(&media).unwrap());
    let filler = small.join("filler");
    fill(&filler);
    Some((image, kit, file, tail, filler))
}

/// Until a file of a block finds no room. What the file system had put by for files that were not written yet is free
/// again once they are: hence more than once. The last blocks are too few for a large file to grow by one and note where
/// it lies, but not for small files.
fn fill(filler: &Path) {
    let file = format!("of={}", filler.display());
    for _ in 0..4 {
        let _ = command("dd", &["if=/dev/zero", &file, "bs=1K", "oflag=append", "conv=notrunc"]);
        command("sync", &["-f", filler.to_str().unwrap()]).unwrap();
    }
    let finds_room = |n: &u32| {
        let small = filler.with_extension(n.to_string());
        let written = fs::write(&small, [1; 1024]).and_then(|()| fs::File::open(&small)?.sync_all());
        command("sync", &["-f", filler.to_str().unwrap()]).unwrap();
        written.is_ok()
    };
    assert!((0..200).any(|n| !finds_room(&n)), "{} does not become full", filler.display());
}

/// Takes away what [`fill`] made.
fn empty(filler: &Path) {
    for file in fs::read_dir(filler.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.file_stem() == filler.file_stem() {
            fs::remove_file(file).unwrap();
        }
    }
}

fn bytes(file: &Path) -> u64 {
    fs::metadata(file).unwrap().len()
}

#[test]
fn a_held_end_without_room_stays_in_its_file_which_is_shown_all_the_same() {
    let Some((_image, kit, file, tail, filler)) = torn_on_a_full_disk() else { return };
    let held = hold(&kit, 4, 5);
    let whole = fs::read(&file).unwrap();
    let recorder = kit.open();
    let [found] = &recorder.recovery().segments[..] else { panic!("{:?}", recorder.recovery()) };
    let end = found.span.unwrap().to;
    let row = recorder.footage().segments_after(SegmentId(0), 10).unwrap().remove(0).closed.unwrap();
    let uncut = recorder.footage().uncut().unwrap().remove(0);
    assert_eq!((uncut.valid_bytes, uncut.span.from), (row.size_bytes, end));
    assert_eq!(bytes(&file), row.size_bytes + u64::try_from(tail.len()).unwrap());
    assert_eq!(recorder.footage().open_gap(&stream("gate")).unwrap().unwrap().from, end);
    let clip = recorder.clips().plan(&stream("gate"), START, second(4)).unwrap();
    assert_eq!(clip.n_frames, 4 * 25);
    assert!(clip.read_range(0..u64::MAX).all(|piece| piece.is_ok()));

    // Neither age nor want of room takes it, although nothing holds what is before the end.
    let mut retention = keeper(&recorder, Vec::new());
    kit.clock.advance(Duration::from_secs(100 * 86_400));
    retention.keeping().confirm_clock();
    for _ in 0..3 {
        pass(&kit, &mut retention);
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
    empty(&filler);
    let report = kit.audit(Mode::ReadOnly);
    assert!(report.is_clean(), "{report}");
    assert!(report.to_string().contains("not cut   gate/main"), "{report}");

    // There is room.
    pass(&kit, &mut retention);
    assert_eq!(aside(&kit), [tail]);
    assert_eq!(recorder.footage().uncut().unwrap(), []);
    release(&kit, &held);
    for _ in 0..2 {
        pass(&kit, &mut retention);
    }
    assert!(!file.exists(), "its time was over long ago");
    assert_eq!(aside(&kit), [[0; 0]; 0]);
    drop(retention);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn an_end_without_room_is_given_up_when_nothing_holds_it_any_more() {
    let Some((_image, kit, file, tail, filler)) = torn_on_a_full_disk() else { return };
    let whole = bytes(&file);
    let held = hold(&kit, 2, 5);
    let recorder = kit.open();
    let mut retention = keeper(&recorder, Vec::new());
    pass(&kit, &mut retention);
    assert_eq!(bytes(&file), whole);
    release(&kit, &held);
    pass(&kit, &mut retention);
    assert_eq!(bytes(&file), whole - u64::try_from(tail.len()).unwrap());
    assert_eq!(recorder.footage().uncut().unwrap(), []);
    drop(retention);
    recorder.close();
    empty(&filler);
    kit.assert_sound();
}

#[test]
fn an_end_without_room_waits_for_the_incidents_to_be_learnt() {
    for is_of_incident in [true, false] {
        let Some((_image, kit, file, tail, _filler)) = torn_on_a_full_disk() else { return };
        let whole = bytes(&file);
        // The index knows of nothing that covers it.
        let recorder = kit.open();
        assert_eq!(bytes(&file), whole);
        let span = Span { from: second(4), to: second(5) };
        let mark = IncidentMark { alarm: AlarmId(1), camera: CameraId::new("gate").unwrap(), span };
        let marks = if is_of_incident { vec![mark] } else { Vec::new() };
        pass(&kit, &mut keeper(&recorder, marks));
        let n_torn = u64::try_from(tail.len()).unwrap();
        assert_eq!(bytes(&file), if is_of_incident { whole } else { whole - n_torn });
        assert_eq!(recorder.footage().uncut().unwrap().len(), usize::from(is_of_incident));
        recorder.close();
    }
}

#[test]
fn a_copy_that_is_whole_outlives_whoever_comes_too_late() {
    let dir = tempfile::tempdir().unwrap();
    let (file, target) = (dir.path().join("0.mp4"), dir.path().join("0.mp4.torn"));
    fs::write(&file, b"whole torn").unwrap();
    let content = (5, sha256(b" torn"));
    copy(&file, 5, &target, content).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b" torn");
    // Another thread has cut it meanwhile.
    fs::write(&file, b"whole").unwrap();
    copy(&file, 5, &target, content).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b" torn");
    // What is not there any more is not said to be kept.
    fs::remove_file(&target).unwrap();
    let error = copy(&file, 5, &target, content).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn a_repair_and_the_next_start_set_aside_what_had_no_room() {
    for is_repair in [true, false] {
        let Some((_image, kit, _, tail, filler)) = torn_on_a_full_disk() else { return };
        hold(&kit, 2, 5);
        kit.open().close();
        assert_eq!(aside(&kit), [[0; 0]; 0]);
        empty(&filler);
        if is_repair {
            assert!(kit.audit(Mode::Repair).is_clean());
        } else {
            kit.open().close();
        }
        assert_eq!(aside(&kit), [tail]);
        assert_eq!(kit.footage().uncut().unwrap(), []);
        kit.assert_sound();
    }
}

#[test]
fn a_repair_leaves_a_held_end_that_has_no_room_and_says_so() {
    let Some((_image, kit, file, _, filler)) = torn_on_a_full_disk() else { return };
    hold(&kit, 0, 5);
    empty(&filler);
    kit.open().close();
    fill(&filler);
    // The last block of a file has room for a few bytes more, a further file has none.
    let mut grown = OpenOptions::new().append(true).open(&file).unwrap();
    std::io::Write::write_all(&mut grown, b"grown").unwrap();
    let size = bytes(&file);
    let report = kit.audit(Mode::Repair);
    let left: Vec<_> =
        report.faults.iter().filter(|fault| !matches!(fault, Fault::Stranger { .. })).collect();
    assert!(left.is_empty() && report.uncut.len() == 1, "{report}");
    assert_eq!(bytes(&file), size);
}
