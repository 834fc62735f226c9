//! Real disks that fill up, run out of inodes, go, come back, and break: small ext4 images on loop devices.
//! Skipped with a reason where this process may not mount.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sharpeyes_domain::{
    ids::{AlarmId, CameraId},
    retention::{DeletionReason, DiskState, Policy},
    segment::{GapCause, Span},
    time::WallTime,
};

use super::{
    all,
    kit::{Kit, START, poll, run, stream, unit},
    retention::{Marks, new_hold, retention},
};
use crate::{
    record::{RecordSender, Recorder, RecorderMessage, retention::Retention},
    store::footage::{IncidentMark, Release, WhichHolds},
};

const MIB: u64 = 1 << 20;

pub(crate) fn command(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// A file with a file system in it, mounted at a directory. Unmounted when dropped.
pub(crate) struct Image {
    file: PathBuf,
    at: PathBuf,
}

impl Image {
    pub(crate) fn make(file: PathBuf, at: &Path, bytes: u64, more: &[&str]) -> Result<Self, String> {
        let image = fs::File::create(&file).and_then(|image| image.set_len(bytes));
        image.map_err(|error| error.to_string())?;
        let path = file.to_str().unwrap();
        // Nothing is kept for root, so that free space is what the recorder sees.
        command("mkfs.ext4", &[&["-q", "-F", "-m", "0"], more, &[path]].concat())?;
        fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let image = Self { file, at: at.to_owned() };
        image.mount()?;
        Ok(image)
    }

    fn mount(&self) -> Result<(), String> {
        command("mount", &["-o", "loop", self.file.to_str().unwrap(), self.at.to_str().unwrap()])
    }

    fn remount(&self, option: &str) {
        command("mount", &["-o", &format!("remount,{option}"), self.at.to_str().unwrap()]).unwrap();
    }

    /// Also while files are open.
    fn unmount(&self) {
        command("umount", &["-l", self.at.to_str().unwrap()]).unwrap();
    }

    /// Only when nothing is open any more.
    fn try_unmount(&self) -> bool {
        command("umount", &[self.at.to_str().unwrap()]).is_ok()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        while command("umount", &["-l", self.at.to_str().unwrap()]).is_ok() {}
    }
}

/// A recorder on an image.
struct Bench {
    /// Dropped, and with it unmounted, before the folder that it is in goes.
    image: Image,
    kit: Kit,
    next: i64,
}

impl Bench {
    fn new(what: &str, bytes: u64, more: &[&str]) -> Option<Self> {
        let kit = Kit::new();
        match Image::make(kit.dir.path().join("disk.img"), &kit.settings.media_dir, bytes, more) {
            Ok(image) => Some(Self { image, kit, next: 0 }),
            Err(reason) => {
                println!("skipped: {what}: {reason}");
                None
            }
        }
    }

    fn begin(&self, recorder: &Recorder) -> RecordSender {
        let sender = recorder.sender(&stream("gate")).unwrap();
        self.kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
        sender
    }

    /// So many seconds of a camera of 4 Mbit/s, with what retention does meanwhile.
    fn record(
        &mut self,
        sender: &RecordSender,
        seconds: i64,
        bytes: u32,
        mut retention: Option<&mut Retention>,
    ) {
        for _ in 0..seconds {
            for number in self.next..self.next + 25 {
                let mut unit = unit(number, 25);
                let size = usize::try_from(bytes).unwrap();
                unit.nals = [&bytes.to_be_bytes()[..], &vec![0x41; size]].concat().into();
                self.kit.send(sender, RecorderMessage::Unit(unit));
            }
            self.next += 25;
            self.kit.clock.advance(Duration::from_secs(1));
            // But for the GOP that is being collected.
            poll(|| sender.status().queued_bytes <= 25 * (usize::try_from(bytes).unwrap() + 256 + 4));
            if let Some(retention) = retention.as_deref_mut() {
                retention.turn().unwrap();
            }
        }
    }

    fn second(&self) -> WallTime {
        WallTime(START.0 + self.next * 40)
    }

    /// Lets a failed writer try again.
    fn wait(&self) {
        self.kit.clock.advance(Duration::from_secs(3));
    }
}

/// On a busy machine every disk is slow at times.
fn takes_footage(recorder: &Recorder) -> bool {
    matches!(state(recorder), DiskState::Ok | DiskState::Slow)
}

fn state(recorder: &Recorder) -> DiskState {
    recorder.disk().state
}

fn release_all(recorder: &Recorder) {
    for hold in recorder.footage().holds(WhichHolds::Open).unwrap() {
        let release = Release { at: START, by: "op".to_owned(), reason: "closed".to_owned() };
        recorder.footage().release_hold(hold.id, release).unwrap();
    }
}

#[test]
fn a_full_disk_sheds_the_oldest_base_footage_and_recording_goes_on() {
    let Some(mut bench) = Bench::new("a full disk", 48 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    let mut retention = retention(&recorder, 8 * MIB, &[("gate", Policy::default())], Marks(Vec::new()));
    bench.record(&sender, 25, 20_000, Some(&mut retention));
    let held = Span { from: START.plus(Duration::from_secs(4)), to: START.plus(Duration::from_secs(6)) };
    let held = retention.keeping().hold(new_hold("gate", held)).unwrap().unwrap().hold.span;
    bench.record(&sender, 300, 20_000, Some(&mut retention));
    // Somebody else's file takes what is left at once: writing itself fails for want of space.
    let room = recorder.disks[0].shared.volume.room().unwrap();
    let other = bench.kit.dir.path().join("media/other");
    command("fallocate", &["-l", &(room.free_bytes - 64 * 1024).to_string(), other.to_str().unwrap()])
        .unwrap();
    bench.record(&sender, 10, 20_000, None);
    assert!(sender.status().n_failures > 0, "the disk refused");
    bench.wait();
    for _ in 0..10 {
        retention.turn().unwrap();
        bench.record(&sender, 6, 20_000, Some(&mut retention));
    }
    assert!(
        sender.status().written_until.unwrap() >= WallTime(bench.second().0 - 2_000),
        "it goes on by itself"
    );
    fs::remove_file(other).unwrap();
    let footage = recorder.footage();
    let proof = footage.deletions(1_000).unwrap();
    assert!(proof.len() > 10 && proof.iter().all(|row| row.reason == DeletionReason::DiskFull));
    assert!(proof.iter().all(|row| row.span.intersection(&held).is_none()));
    assert!(super::super::holes(footage, &stream("gate"), held).unwrap().is_empty());
    assert_eq!(footage.segments_in(&stream("gate"), held).unwrap().len(), 1, "the held file is there");
    assert!(takes_footage(&recorder), "{:?}", recorder.disk());
    drop(retention);
    recorder.close();
    bench.kit.assert_sound();
}

#[test]
fn a_disk_full_of_holds_stops_recording_names_the_camera_and_resumes_by_itself() {
    let Some(mut bench) = Bench::new("a disk full of holds", 48 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    let mut retention = retention(&recorder, 8 * MIB, &[("gate", Policy::default())], Marks(Vec::new()));
    bench.record(&sender, 5, 20_000, Some(&mut retention));
    let whole = Span { from: START, to: START.plus(Duration::from_secs(3_600)) };
    retention.keeping().hold(new_hold("gate", whole)).unwrap().unwrap();
    bench.record(&sender, 110, 20_000, Some(&mut retention));
    let report = recorder.disk();
    assert_eq!(report.state, DiskState::Full, "{report:?}");
    assert!(report.detail.contains("the disk is full") && report.detail.contains("gate/main"), "{report:?}");
    let stopped = sender.status().written_until.unwrap();
    assert!(stopped < WallTime(bench.second().0 - 5_000), "recording has stopped");
    assert!(recorder.footage().deletions(9).unwrap().is_empty(), "nothing held was touched");
    assert_eq!(recorder.footage().open_gap(&stream("gate")).unwrap().unwrap().cause, GapCause::Disk);

    release_all(&recorder);
    retention.turn().unwrap();
    bench.wait();
    bench.record(&sender, 10, 20_000, Some(&mut retention));
    assert!(takes_footage(&recorder), "{:?}", recorder.disk());
    assert!(
        sender.status().written_until.unwrap() >= WallTime(bench.second().0 - 2_000),
        "it goes on by itself"
    );
    drop(retention);
    recorder.close();
    bench.kit.assert_sound();
}

#[test]
fn out_of_inodes_is_treated_as_full_and_called_by_its_name() {
    let Some(mut bench) = Bench::new("out of inodes", 48 * MIB, &["-N", "128"]) else { return };
    bench.kit.settings.segment = Duration::from_secs(1);
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    let mut retention = retention(&recorder, MIB, &[("gate", Policy::default())], Marks(Vec::new()));
    bench.record(&sender, 200, 100, Some(&mut retention));
    assert!(recorder.footage().deletions(1_000).unwrap().len() > 50);
    assert!(sender.status().written_until.unwrap() >= WallTime(bench.second().0 - 2_000));
    assert!(takes_footage(&recorder) && sender.status().n_failures == 0, "{:?}", recorder.disk());
    let whole = Span { from: START, to: START.plus(Duration::from_secs(3_600)) };
    retention.keeping().hold(new_hold("gate", whole)).unwrap().unwrap();
    bench.record(&sender, 30, 100, Some(&mut retention));
    let report = recorder.disk();
    assert!(report.state == DiskState::Full && report.detail.contains("out of inodes"), "{report:?}");
    release_all(&recorder);
    retention.turn().unwrap();
    bench.wait();
    bench.record(&sender, 5, 100, Some(&mut retention));
    assert!(takes_footage(&recorder), "{:?}", recorder.disk());
    drop(retention);
    recorder.close();
    bench.kit.assert_sound();
}

#[test]
fn an_unmounted_or_swapped_disk_is_never_written_past_and_recording_resumes_when_it_is_back() {
    let Some(mut bench) = Bench::new("an unmounted disk", 24 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    bench.record(&sender, 5, 1_000, None);
    let media = bench.kit.settings.media_dir.clone();
    let gone_at = bench.second();

    bench.image.unmount();
    bench.record(&sender, 5, 1_000, None);
    poll(|| state(&recorder) == DiskState::Missing);
    assert!(recorder.disk().detail.contains("not mounted"), "{:?}", recorder.disk());
    let is_empty = || fs::read_dir(&media).unwrap().next().is_none();
    assert!(is_empty(), "nothing is written to the disk below");

    // Another disk, with another gateway's footage on it.
    let other = Kit::new();
    let swapped =
        Image::make(other.dir.path().join("disk.img"), &other.settings.media_dir, 24 * MIB, &[]).unwrap();
    other.open().close();
    assert!(swapped.try_unmount());
    let there = Image { file: swapped.file.clone(), at: media.clone() };
    there.mount().unwrap();
    bench.wait();
    bench.record(&sender, 5, 1_000, None);
    poll(|| state(&recorder) == DiskState::Swapped);
    assert!(recorder.disk().detail.contains("mount the right disk"), "{:?}", recorder.disk());
    assert!(!media.join("gate").exists(), "nothing is written to the other disk");
    there.unmount();
    std::mem::forget(there);

    bench.image.mount().unwrap();
    poll(|| state(&recorder) == DiskState::Ok);
    bench.wait();
    bench.record(&sender, 5, 1_000, None);
    let until = sender.status().written_until.unwrap();
    assert!(until >= WallTime(bench.second().0 - 2_000), "it goes on without a restart");
    recorder.close();
    let gaps = bench.kit.footage().gaps_in(&stream("gate"), all()).unwrap();
    assert_eq!(gaps[0].cause, GapCause::Disk);
    assert!(gaps[0].from <= gone_at && gaps[0].to.is_some(), "{gaps:?}");
    bench.kit.assert_sound();
    bench.image.unmount();
    assert!(is_empty());
}

#[test]
fn a_read_only_disk_leaves_a_gap_and_recording_resumes_when_it_may_be_written() {
    let Some(mut bench) = Bench::new("a read-only disk", 24 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    bench.record(&sender, 5, 1_000, None);
    // The kernel lets nobody protect a disk that is being written to: the camera pauses.
    let end = super::RunEnd { cause: GapCause::Stalled, at: bench.second() };
    bench.kit.send(&sender, RecorderMessage::RunEnd(end));
    poll(|| {
        sender.status().queued_bytes == 0 && recorder.footage().open_gap(&stream("gate")).unwrap().is_some()
    });
    bench.image.remount("ro");
    poll(|| state(&recorder) == DiskState::ReadOnly);
    bench.kit.send(&sender, RecorderMessage::RunBegin(run("gate", 2)));
    bench.record(&sender, 5, 1_000, None);
    assert!(sender.status().n_failures > 0);
    assert!(recorder.disk().detail.contains("read-only"), "{:?}", recorder.disk());
    bench.image.remount("rw");
    poll(|| state(&recorder) == DiskState::Ok);
    bench.wait();
    bench.record(&sender, 5, 1_000, None);
    assert!(sender.status().written_until.unwrap() >= WallTime(bench.second().0 - 2_000));
    recorder.close();
    bench.kit.assert_sound();
}

#[test]
fn a_disk_that_is_read_only_at_the_start_is_brought_into_order_when_it_may_be_written() {
    let kit = Kit::new();
    kit.record_and_crash(0..25 * 5);
    let (media, saved) = (kit.settings.media_dir.clone(), kit.dir.path().join("saved"));
    fs::rename(&media, &saved).unwrap();
    let image = match Image::make(kit.dir.path().join("disk.img"), &media, 24 * MIB, &[]) {
        Ok(image) => image,
        Err(reason) => {
            println!("skipped: a read-only disk at the start: {reason}");
            return;
        }
    };
    command("cp", &["-a", &format!("{}/.", saved.display()), media.to_str().unwrap()]).unwrap();
    let mut bench = Bench { image, kit, next: 25 * 5 };
    bench.kit.clock.advance(Duration::from_secs(5));
    bench.image.remount("ro");
    let recorder = bench.kit.open();
    assert_eq!(state(&recorder), DiskState::ReadOnly);
    let sender = bench.begin(&recorder);
    bench.record(&sender, 2, 1_000, None);
    assert_eq!(recorder.footage().open_segments().unwrap().len(), 1);
    bench.image.remount("rw");
    poll(|| state(&recorder) == DiskState::Ok);
    let open = recorder.footage().open_segments().unwrap();
    assert!(open.is_empty(), "{open:?}");
    bench.wait();
    bench.record(&sender, 5, 1_000, None);
    assert!(sender.status().written_until.unwrap() >= WallTime(bench.second().0 - 2_000));
    recorder.close();
    bench.kit.assert_sound();
}

#[test]
fn a_full_disk_hears_of_the_incidents_before_it_sheds() {
    let Some(mut bench) = Bench::new("incidents before shedding", 48 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    bench.record(&sender, 60, 20_000, None);
    let span = Span { from: START, to: START.plus(Duration::from_secs(25)) };
    let mark = IncidentMark { alarm: AlarmId(1), camera: CameraId::new("gate").unwrap(), span };
    let mut retention = retention(&recorder, 8 * MIB, &[("gate", Policy::default())], Marks(vec![mark]));
    let room = recorder.disks[0].shared.volume.room().unwrap();
    let other = bench.kit.settings.media_dir.join("other");
    command("fallocate", &["-l", &(room.free_bytes - 5 * MIB).to_string(), other.to_str().unwrap()]).unwrap();
    retention.turn().unwrap();
    let proof = recorder.footage().deletions(9).unwrap();
    assert!(!proof.is_empty() && proof.iter().all(|row| row.span.intersection(&span).is_none()), "{proof:?}");
}

#[test]
fn a_reserve_that_no_disk_can_have_costs_no_footage() {
    let Some(mut bench) = Bench::new("a reserve beyond the disk", 48 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    let mut retention = retention(&recorder, 1 << 40, &[("gate", Policy::default())], Marks(Vec::new()));
    bench.record(&sender, 25, 20_000, Some(&mut retention));
    assert!(recorder.footage().deletions(9).unwrap().is_empty());
    assert!(takes_footage(&recorder), "{:?}", recorder.disk());
}

#[test]
fn a_disk_that_gains_nothing_from_what_is_deleted_is_left_alone() {
    let Some(mut bench) = Bench::new("a disk that gains nothing", 48 * MIB, &[]) else { return };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    let mut retention = retention(&recorder, 8 * MIB, &[("gate", Policy::default())], Marks(Vec::new()));
    bench.record(&sender, 60, 20_000, None);
    let end = super::RunEnd { cause: GapCause::Stalled, at: bench.second() };
    bench.kit.send(&sender, RecorderMessage::RunEnd(end));
    poll(|| recorder.footage().open_gap(&stream("gate")).unwrap().is_some());
    // As a snapshot does: every file has another name.
    let media = bench.kit.settings.media_dir.clone();
    let rows = recorder.footage().segments_in(&stream("gate"), all()).unwrap();
    for (n, row) in rows.iter().enumerate() {
        fs::hard_link(media.join(&row.path), media.join(format!("snapshot-{n}"))).unwrap();
    }
    let room = recorder.disks[0].shared.volume.room().unwrap();
    let other = media.join("other");
    command("fallocate", &["-l", &(room.free_bytes - 7 * MIB).to_string(), other.to_str().unwrap()]).unwrap();
    for _ in 0..120 {
        bench.kit.clock.advance(Duration::from_secs(1));
        retention.turn().unwrap();
    }
    let n_shed = recorder.footage().deletions(1_000).unwrap().len();
    // Three times what is missing, and the first file may be a short one.
    assert!((1..=4).contains(&n_shed) && n_shed < rows.len(), "{n_shed} of {}", rows.len());
}

/// The image lies on a disk that is full itself, as on thin storage: what the kernel took cannot be brought to it, and
/// fsync says EIO.
#[test]
fn a_failed_fsync_stops_the_volume_until_it_is_mounted_anew() {
    let kit = Kit::new();
    let below = kit.dir.path().join("below");
    let outer = match Image::make(kit.dir.path().join("outer.img"), &below, 32 * MIB, &[]) {
        Ok(outer) => outer,
        Err(reason) => {
            println!("skipped: a failed fsync: {reason}");
            return;
        }
    };
    let image = Image::make(below.join("disk.img"), &kit.settings.media_dir, 256 * MIB, &[]).unwrap();
    let mut bench = Bench { image, kit, next: 0 };
    let recorder = bench.kit.open();
    let sender = bench.begin(&recorder);
    bench.record(&sender, 15, 1_000, None);
    // Every further block fails.
    let filler = below.join("filler");
    let _ = command("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=64K", "conv=fsync"]);
    bench.record(&sender, 100, 20_000, None);
    poll(|| state(&recorder) == DiskState::Failed);
    assert!(recorder.disk().detail.contains("the disk failed"), "{:?}", recorder.disk());
    let stopped = sender.status().written_until.unwrap();
    fs::remove_file(&filler).unwrap();
    bench.wait();
    bench.record(&sender, 10, 1_000, None);
    assert_eq!(state(&recorder), DiskState::Failed, "a second fsync would succeed and lie: it is not tried");
    assert!(sender.status().written_until.unwrap() <= stopped.plus(Duration::from_secs(1)));

    // Nothing of it is open any more: it can be unmounted, mended, and mounted.
    poll(|| bench.image.try_unmount());
    command("e2fsck", &["-p", bench.image.file.to_str().unwrap()])
        .or_else(|error| {
            // 1: mended.
            if error.contains("recovering journal") || error.ends_with(": ") { Ok(()) } else { Err(error) }
        })
        .unwrap();
    bench.image.mount().unwrap();
    poll(|| state(&recorder) == DiskState::Ok);
    bench.wait();
    bench.record(&sender, 5, 1_000, None);
    assert!(
        sender.status().written_until.unwrap() >= WallTime(bench.second().0 - 2_000),
        "without a restart"
    );
    recorder.close();
    let report = bench.kit.audit(crate::check::Mode::ReadOnly);
    // What a disk loses that said it was synced before is found by the audit, and nothing else is wrong.
    assert!(report.is_clean(), "{:#?}", report.faults.iter().map(ToString::to_string).collect::<Vec<_>>());
    drop(bench);
    drop(outer);
}
