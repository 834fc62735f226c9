//! Recordings on two disks: what one does, the other's cameras must not notice.
//! Folders where that is enough; loop devices, skipped with a reason where this process may not mount, where it is not.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use sharpeyes_domain::{
    ids::{CameraId, DiskName},
    retention::{DiskState, Policy},
    segment::{Gap, GapCause, Span},
    time::WallTime,
};

use super::{
    all,
    disk::{Image, command},
    kit::{Kit, START, poll, run, stream, unit, units},
    retention::{Marks, new_hold, retention_of_all},
};
use crate::{
    check::{self, Fault, Mode},
    clock::Clock,
    record::{
        RecordSender, RecordSettings, Recorder, RecorderMessage, RunEnd,
        clip::{Clip, ClipError},
        volume::VolumeError,
    },
};

/// `gate` is recorded to the disk `main`, `yard` to `b`.
struct Two {
    kit: Kit,
    b: RecordSettings,
}

fn second(s: i64) -> WallTime {
    WallTime(START.0 + s * 1000)
}

fn name(disk: &str) -> DiskName {
    DiskName::new(disk).unwrap()
}

impl Two {
    fn new() -> Self {
        let kit = Kit::new();
        let b = RecordSettings {
            disk: name("b"),
            media_dir: kit.dir.path().join("media-b"),
            ..kit.settings.clone()
        };
        Self { kit, b }
    }

    fn open(&self) -> Recorder {
        let pinned = [("gate", "main"), ("yard", "b")];
        let pinned = pinned.map(|(camera, disk)| (CameraId::new(camera).unwrap(), name(disk)));
        let settings = vec![self.kit.settings.clone(), self.b.clone()];
        Recorder::open_disks(settings, HashMap::from(pinned), self.kit.footage(), self.kit.clock.clone())
            .unwrap()
    }

    fn audit(&self) -> check::Report {
        self.kit.audit_of(&[&self.kit.settings, &self.b], Mode::ReadOnly)
    }

    fn assert_sound(&self) {
        let report = self.audit();
        assert!(report.is_clean(), "{report}");
    }

    /// Sends so many seconds of a camera in one run, and waits until they are written, or refused.
    fn record(&self, sender: &RecordSender, camera: &str, generation: u64, from: i64, to: i64) {
        self.kit.send(sender, RecorderMessage::RunBegin(run(camera, generation)));
        for unit in units(from * 25..to * 25, 25) {
            self.kit.send(sender, RecorderMessage::Unit(unit));
        }
        let end = RunEnd { cause: GapCause::CameraOffline, at: second(to) };
        self.kit.send(sender, RecorderMessage::RunEnd(end));
        poll(|| sender.status().queued_bytes == 0);
    }

    fn go_to(&self, s: i64) {
        self.kit.clock.advance(second(s).since(self.kit.clock.wall()));
    }
}

fn state(recorder: &Recorder, disk: usize) -> DiskState {
    recorder.disks[disk].shared.report().state
}

fn clip(recorder: &Recorder, camera: &str, from: i64, to: i64) -> Result<Clip, ClipError> {
    recorder.clips().plan(&stream(camera), second(from), second(to))
}

/// What is missing of a camera within so many seconds.
fn missing(recorder: &Recorder, camera: &str, from: i64, to: i64) -> Vec<Gap> {
    let span = Span { from: second(from), to: second(to) };
    recorder.clips().gaps_around(&stream(camera), span, span.to).unwrap()
}

fn n_files(dir: &Path) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| if entry.file_type().unwrap().is_dir() { n_files(&entry.path()) } else { 1 })
        .sum()
}

#[test]
fn each_camera_is_recorded_to_its_disk_and_read_from_there() {
    let two = Two::new();
    let recorder = two.open();
    let [gate, yard] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    two.record(&gate, "gate", 1, 0, 21);
    two.record(&yard, "yard", 1, 0, 21);
    two.go_to(21);
    for (camera, dir) in [("gate", &two.kit.settings.media_dir), ("yard", &two.b.media_dir)] {
        let clip = clip(&recorder, camera, 1, 20).unwrap();
        assert!(clip.n_frames >= 19 * 25, "{camera}: {}", clip.n_frames);
        assert!(dir.join(camera).is_dir());
        assert!(clip.units().all(|unit| unit.is_ok()));
        let still = recorder.clips().still(&stream(camera), second(5)).unwrap();
        recorder.clips().read_still(&still).unwrap();
    }
    assert!(!two.kit.settings.media_dir.join("yard").exists() && !two.b.media_dir.join("gate").exists());
    // Each disk's retention measures its own.
    let mut keepers = retention_of_all(&recorder, 1, &[], Marks(Vec::new()));
    let keeping = keepers[0].keeping();
    keepers.iter_mut().for_each(|keeper| keeper.turn().unwrap());
    for (kept, camera) in keeping.disks().iter().zip(["gate", "yard"]) {
        let report = kept.report.as_ref().unwrap();
        let cameras: Vec<&str> = report.streams.iter().map(|row| row.usage.stream.camera.as_str()).collect();
        assert_eq!(cameras, [camera]);
        assert_eq!(report.recorded_bytes, report.streams[0].usage.bytes);
    }
    recorder.close();
    two.assert_sound();
}

#[test]
fn cameras_whose_disk_nobody_names_are_spread_and_stay_where_they_are() {
    let two = Two::new();
    let recorder = two.open();
    let cameras = || (0..40).map(|n| CameraId::new(&format!("cam{n}")).unwrap());
    let of = |recorder: &Recorder| -> Vec<DiskName> {
        cameras().map(|camera| recorder.placement().of(&camera).unwrap().clone()).collect()
    };
    let first = of(&recorder);
    let n_main = first.iter().filter(|disk| **disk == DiskName::main()).count();
    assert!((12..=28).contains(&n_main), "{n_main} of 40");
    recorder.close();
    let recorder = two.open();
    assert_eq!(of(&recorder), first);
    recorder.close();
}

#[test]
fn a_disk_that_goes_costs_its_own_cameras_only_and_its_footage_stays_in_the_index() {
    let two = Two::new();
    let recorder = two.open();
    let [gate, yard] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    two.record(&gate, "gate", 1, 0, 11);
    two.kit.send(&yard, RecorderMessage::RunBegin(run("yard", 1)));
    for unit in units(0..22 * 25, 25) {
        two.kit.send(&yard, RecorderMessage::Unit(unit));
    }
    two.kit.wait_written(&yard, second(20));
    let aside = two.b.media_dir.with_extension("aside");
    fs::rename(&two.b.media_dir, &aside).unwrap();
    poll(|| state(&recorder, 1) == DiskState::Missing);
    assert_eq!(state(&recorder, 0), DiskState::Ok);
    two.go_to(11);
    two.record(&gate, "gate", 2, 11, 33);
    two.go_to(22);
    for unit in units(22 * 25..33 * 25, 25) {
        two.kit.send(&yard, RecorderMessage::Unit(unit));
    }
    let end = RunEnd { cause: GapCause::CameraOffline, at: second(33) };
    two.kit.send(&yard, RecorderMessage::RunEnd(end));
    poll(|| yard.status().queued_bytes == 0 && yard.status().n_failures > 0);
    two.go_to(33);
    assert_eq!(missing(&recorder, "gate", 0, 33), [], "nobody else notices");
    assert_eq!(gate.status().n_failures, 0);
    let gaps = missing(&recorder, "yard", 23, 33);
    assert!(gaps.iter().any(|gap| gap.cause == GapCause::Disk), "{gaps:?}");
    clip(&recorder, "gate", 1, 20).unwrap();
    // Recorded, and not to be read now: that is not the same as nothing.
    assert!(matches!(clip(&recorder, "yard", 1, 8), Err(ClipError::DiskAway { disk }) if disk == name("b")));
    let still = recorder.clips().still(&stream("yard"), second(5));
    assert!(matches!(still, Err(ClipError::DiskAway { .. })), "{still:?}");

    // A hundred days on, everything is over: what is away is neither forgotten nor deleted.
    let rows = |camera: &str| recorder.footage().segments_in(&stream(camera), all()).unwrap().len();
    let n_yard = rows("yard");
    let mut keepers = retention_of_all(&recorder, 1, &[("gate", Policy::default())], Marks(Vec::new()));
    two.kit.clock.advance(Duration::from_secs(100 * 86_400));
    keepers[0].keeping().confirm_clock();
    for _ in 0..3 {
        keepers.iter_mut().for_each(|keeper| keeper.turn().unwrap());
        two.kit.clock.advance(Duration::from_secs(61));
    }
    assert_eq!((rows("gate"), rows("yard")), (0, n_yard));
    assert_eq!(n_files(&two.kit.settings.media_dir), 1, "the identity alone");

    fs::rename(&aside, &two.b.media_dir).unwrap();
    poll(|| state(&recorder, 1) == DiskState::Ok);
    clip(&recorder, "yard", 1, 8).unwrap();
    keepers.iter_mut().for_each(|keeper| keeper.turn().unwrap());
    assert_eq!(rows("yard"), 0, "its time was over");
    recorder.close();
    two.assert_sound();
}

#[test]
fn a_start_without_one_of_the_disks_records_to_the_other() {
    let two = Two::new();
    let recorder = two.open();
    let [gate, yard] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    two.record(&gate, "gate", 1, 0, 11);
    two.record(&yard, "yard", 1, 0, 11);
    let held = retention_of_all(&recorder, 1, &[], Marks(Vec::new()))[0].keeping();
    held.hold(new_hold("yard", Span { from: second(2), to: second(4) })).unwrap().unwrap();
    drop(held);
    recorder.close();
    two.go_to(30);
    let aside = two.b.media_dir.with_extension("aside");
    fs::rename(&two.b.media_dir, &aside).unwrap();
    let report = two.audit();
    assert!(
        matches!(&report.faults[..], [Fault::Identity { reason }] if reason.contains("not mounted")),
        "{report}"
    );

    let recorder = two.open();
    assert_eq!((state(&recorder, 0), state(&recorder, 1)), (DiskState::Ok, DiskState::Missing));
    let [gate, yard] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    two.record(&gate, "gate", 2, 30, 41);
    two.record(&yard, "yard", 2, 30, 41);
    two.go_to(41);
    clip(&recorder, "gate", 31, 40).unwrap();
    assert!(missing(&recorder, "yard", 31, 41).iter().any(|gap| gap.cause == GapCause::Disk));
    fs::rename(&aside, &two.b.media_dir).unwrap();
    poll(|| state(&recorder, 1) == DiskState::Ok);
    two.go_to(50);
    two.record(&yard, "yard", 3, 50, 61);
    two.go_to(61);
    clip(&recorder, "yard", 51, 60).unwrap();
    clip(&recorder, "yard", 1, 10).unwrap();
    recorder.close();
    two.assert_sound();
}

#[test]
fn a_disk_is_known_by_its_name_and_neither_swaps_with_another_nor_changes_it() {
    let two = Two::new();
    two.open().close();
    let settings = |disk: &str, dir: &Path| RecordSettings {
        disk: name(disk),
        ..RecordSettings { media_dir: dir.to_owned(), ..two.kit.settings.clone() }
    };
    let open = |all: Vec<RecordSettings>| {
        let recorder =
            Recorder::open_disks(all, HashMap::new(), two.kit.footage(), two.kit.clock.clone()).unwrap();
        let reports: Vec<_> = recorder.disks.iter().map(|disk| disk.shared.report()).collect();
        recorder.close();
        reports
    };
    let (first, second) = (&two.kit.settings.media_dir, &two.b.media_dir);
    let swapped = open(vec![settings("main", second), settings("b", first)]);
    assert!(swapped.iter().all(|report| report.state == DiskState::Swapped), "{swapped:?}");
    let renamed = open(vec![settings("main", first), settings("c", second)]);
    assert_eq!(renamed[0].state, DiskState::Ok);
    assert!(renamed[1].detail.contains("knows as `b`"), "{renamed:?}");
    two.open().close();
    two.assert_sound();
    let unnamed = two.kit.audit(Mode::ReadOnly);
    assert!(
        unnamed.faults.iter().any(|fault| fault.to_string().contains("does not name the disk `b`")),
        "{unnamed}"
    );
}

#[test]
fn another_gateway_on_any_of_the_disks_refuses_the_start() {
    let two = Two::new();
    let first = two.open();
    let result = Recorder::open(two.b.clone(), two.kit.footage(), two.kit.clock.clone());
    assert!(matches!(result, Err(super::RecordError::Volume(VolumeError::InUse { .. }))));
    first.close();
}

/// Its identity file is a pipe into which nobody writes: whoever reads it waits.
#[test]
fn a_disk_that_does_not_answer_at_the_start_holds_up_neither_it_nor_the_others() {
    let two = Two::new();
    let recorder = two.open();
    let yard = recorder.sender(&stream("yard")).unwrap();
    two.record(&yard, "yard", 1, 0, 11);
    recorder.close();
    two.go_to(20);
    let (identity, kept) = (two.b.media_dir.join("identity.json"), two.kit.dir.path().join("identity"));
    let pipe = two.kit.dir.path().join("pipe");
    fs::rename(&identity, &kept).unwrap();
    command("mkfifo", &[identity.to_str().unwrap()]).unwrap();
    fs::hard_link(&identity, &pipe).unwrap();

    let recorder = std::thread::scope(|scope| {
        let opening = scope.spawn(|| two.open());
        let system = Clock::system();
        let begin = system.instant();
        let mut last = begin;
        while !opening.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
            let now = system.instant();
            // Twice as fast as time, so that the other disk has seconds for its answer.
            two.kit.clock.advance((2 * (now - last)).min(Duration::from_millis(500)));
            last = now;
            if now - begin > Duration::from_secs(30) {
                // The start goes on without the disk, and the scope does not wait for ever.
                two.kit.clock.advance(Duration::from_secs(60));
                panic!("waited in vain");
            }
        }
        opening.join().unwrap()
    });
    assert_eq!((state(&recorder, 0), state(&recorder, 1)), (DiskState::Ok, DiskState::NotAnswering));
    // Whoever asks for the state of the disks waits for none.
    let keepers = retention_of_all(&recorder, 1, &[], Marks(Vec::new()));
    let disks = keepers[0].keeping().disks();
    assert!(disks[0].room.is_some() && disks[1].room.is_none(), "{disks:?}");
    assert!(disks[1].disk.detail.contains("has not answered"), "{disks:?}");
    drop(keepers);
    let now = two.kit.clock.wall().since(START).as_secs();
    let [from, to] = [now + 1, now + 12].map(|s| i64::try_from(s).unwrap());
    let [gate, yard] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    two.record(&gate, "gate", 2, from, to);
    two.record(&yard, "yard", 2, from, to);
    two.go_to(to);
    clip(&recorder, "gate", from + 1, to - 1).unwrap();
    assert!(missing(&recorder, "yard", from, to).iter().any(|gap| gap.cause == GapCause::Disk));

    let bytes = fs::read(&kept).unwrap();
    fs::rename(&kept, &identity).unwrap();
    fs::write(&pipe, bytes).unwrap();
    poll(|| state(&recorder, 1) == DiskState::Ok);
    let from = to + 10;
    two.go_to(from);
    two.record(&yard, "yard", 3, from, from + 11);
    two.go_to(from + 11);
    clip(&recorder, "yard", from + 1, from + 10).unwrap();
    clip(&recorder, "yard", 1, 10).unwrap();
    recorder.close();
    two.assert_sound();
}

#[test]
fn a_disk_that_hangs_or_is_full_holds_up_nobody_elses_recording() {
    let two = Two::new();
    let image = match Image::make(two.kit.dir.path().join("b.img"), &two.b.media_dir, 24 << 20, &[]) {
        Ok(image) => image,
        Err(reason) => {
            println!("skipped: one disk of two that hangs: {reason}");
            return;
        }
    };
    let at = two.b.media_dir.to_str().unwrap();
    let recorder = two.open();
    let [gate, yard] = ["gate", "yard"].map(|camera| recorder.sender(&stream(camera)).unwrap());
    two.record(&gate, "gate", 1, 0, 11);
    two.record(&yard, "yard", 1, 0, 11);
    two.go_to(11);
    if let Err(reason) = command("fsfreeze", &["-f", at]) {
        println!("skipped: one disk of two that hangs: {reason}");
    } else {
        two.kit.send(&yard, RecorderMessage::RunBegin(run("yard", 2)));
        for number in 11 * 25..13 * 25 {
            two.kit.send(&yard, RecorderMessage::Unit(unit(number, 25)));
        }
        // Its writer waits for the disk now; the other one's goes on from file to file, and a start of a stream too.
        two.record(&gate, "gate", 2, 11, 33);
        recorder.sender(&stream("third")).unwrap();
        assert!(yard.status().queued_bytes > 0, "the disk does hang");
        assert_eq!(missing(&recorder, "gate", 0, 33), []);
        clip(&recorder, "gate", 12, 32).unwrap();
        command("fsfreeze", &["-u", at]).unwrap();
        let end = RunEnd { cause: GapCause::CameraOffline, at: second(13) };
        two.kit.send(&yard, RecorderMessage::RunEnd(end));
        poll(|| yard.status().queued_bytes == 0);
    }
    two.go_to(33);
    let mut left = fs::File::create(two.b.media_dir.join("left")).unwrap();
    while std::io::Write::write_all(&mut left, &[0; 4096]).is_ok() {}
    drop(left);
    let n_before = yard.status().n_failures;
    two.record(&yard, "yard", 3, 33, 44);
    two.record(&gate, "gate", 3, 33, 44);
    two.go_to(44);
    assert!(yard.status().n_failures > n_before, "the disk is full");
    assert_eq!(gate.status().n_failures, 0);
    let gaps = missing(&recorder, "gate", 0, 44);
    assert!(gaps.iter().all(|gap| gap.cause == GapCause::CameraOffline), "{gaps:?}");
    fs::remove_file(two.b.media_dir.join("left")).unwrap();
    recorder.close();
    two.assert_sound();
    drop(image);
}
