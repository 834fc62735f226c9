//! A recorder in a temporary directory, with a simulated clock and pictures made by hand.

use std::{fs, ops::Range, path::Path, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::{AccessUnit, VideoParams},
    time::{Pts, WallTime},
};

use super::Step;
use crate::{
    check::{self, Audit, Hashing, Mode},
    clock::Clock,
    mp4,
    record::{RecordSender, RecordSettings, Recorder, RecorderMessage, RunEnd, RunInfo, clip::Clip},
    store::footage::Footage,
};

pub(crate) const START: WallTime = WallTime(1_700_000_000_000);

pub(crate) struct Kit {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) settings: RecordSettings,
    pub(crate) clock: Clock,
}

impl Kit {
    pub(crate) fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    /// For tens of thousands of commits, none of which is to survive: in memory where that can be had.
    pub(crate) fn in_memory() -> Self {
        Self::on(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn on(dir: tempfile::TempDir) -> Self {
        let settings = RecordSettings {
            segment: Duration::from_secs(10),
            backlog_bytes: 1 << 20,
            gather: Duration::ZERO,
            ..RecordSettings::new(dir.path().join("media"))
        };
        Self { dir, settings, clock: Clock::simulated(START) }
    }

    pub(crate) fn footage(&self) -> Footage {
        Footage::open(&self.dir.path().join("footage.db")).unwrap()
    }

    pub(crate) fn open(&self) -> Recorder {
        Recorder::open(self.settings.clone(), self.footage(), self.clock.clone()).unwrap()
    }

    /// Waits for room instead of overflowing, as no camera would.
    pub(crate) fn send(&self, sender: &RecordSender, message: RecorderMessage) {
        poll(|| sender.has_room());
        sender.try_send(message).unwrap();
    }

    pub(crate) fn wait_written(&self, sender: &RecordSender, until: WallTime) {
        poll(|| sender.status().written_until.is_some_and(|written| written >= until));
    }

    pub(crate) fn audit(&self, mode: Mode) -> check::Report {
        self.audit_of(&[&self.settings], mode)
    }

    pub(crate) fn audit_of(&self, disks: &[&RecordSettings], mode: Mode) -> check::Report {
        let audit = Audit {
            disks: disks.iter().map(|disk| (disk.disk.clone(), disk.media_dir.clone())).collect(),
            footage: self.footage(),
            hashing: Hashing::Full,
            mode,
            now: self.clock.wall(),
        };
        check::audit(&audit).unwrap()
    }

    /// How every scenario ends.
    pub(crate) fn assert_sound(&self) {
        let report = self.audit(Mode::ReadOnly);
        let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
        assert!(report.is_clean(), "{faults:#?}");
    }

    /// Records `frames` and leaves disk and index as kill -9 would: the open file, the open row, the last GOP unwritten.
    pub(crate) fn record_and_crash(&self, frames: Range<i64>) {
        let recorder = self.open();
        let sender = recorder.sender(&stream("gate")).unwrap();
        self.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
        let last = unit(frames.end - 25, 25).wall;
        for unit in units(frames, 25) {
            self.send(&sender, RecorderMessage::Unit(unit));
        }
        self.wait_written(&sender, last);
        self.crash(recorder);
    }

    /// Takes disk and index as they are now, and gives the recorder's own end to nobody.
    pub(super) fn crash(&self, recorder: Recorder) {
        let image = self.dir.path().join("image");
        copy(&self.settings.media_dir, &image);
        let databases = |suffix: &str| self.dir.path().join(format!("footage.db{suffix}"));
        let saved: Vec<(&str, Vec<u8>)> = ["", "-wal"]
            .into_iter()
            .filter_map(|s| fs::read(databases(s)).ok().map(|bytes| (s, bytes)))
            .collect();
        recorder.close();
        fs::remove_dir_all(&self.settings.media_dir).unwrap();
        fs::rename(&image, &self.settings.media_dir).unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(databases(suffix));
        }
        for (suffix, bytes) in saved {
            fs::write(databases(suffix), bytes).unwrap();
        }
    }

    /// Lives through `steps`, and stops cleanly.
    pub(super) fn play(&self, steps: &[Step]) {
        let mut recorder = self.open();
        let mut sender = recorder.sender(&stream("gate")).unwrap();
        let second = |s: i64| WallTime(START.0 + s * 1000);
        let go_to = |s: i64| self.clock.advance(second(s).since(self.clock.wall()));
        let mut is_running = false;
        for (generation, step) in (1..).zip(steps) {
            match *step {
                Step::Record(from, to) => {
                    go_to(to);
                    self.send(&sender, RecorderMessage::RunBegin(run("gate", generation)));
                    for unit in units(from * 25..to * 25, 25) {
                        self.send(&sender, RecorderMessage::Unit(unit));
                    }
                    is_running = true;
                }
                Step::Fail(cause, at) => {
                    go_to(at);
                    self.send(&sender, RecorderMessage::RunEnd(RunEnd { cause, at: second(at) }));
                    is_running = false;
                }
                Step::Restart(at) => {
                    // The stop comes at this instant, with or without a run.
                    go_to(at);
                    recorder.close();
                    recorder = self.open();
                    sender = recorder.sender(&stream("gate")).unwrap();
                    is_running = false;
                }
                Step::Kill(at) => {
                    if is_running {
                        // One picture more, so that the last whole second is written.
                        let now = self.clock.wall();
                        self.send(&sender, RecorderMessage::Unit(unit((now.0 - START.0) / 40, 25)));
                        self.wait_written(&sender, now);
                    }
                    self.crash(recorder);
                    go_to(at);
                    recorder = self.open();
                    sender = recorder.sender(&stream("gate")).unwrap();
                    is_running = false;
                }
            }
        }
        recorder.close();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Looks again and again, for ten seconds at most.
pub(crate) fn poll(mut is_so: impl FnMut() -> bool) {
    let clock = Clock::system();
    let begin = clock.instant();
    while !is_so() {
        assert!(clock.instant() - begin < Duration::from_secs(30), "waited in vain");
        std::thread::yield_now();
    }
}

pub(crate) fn stream(camera: &str) -> StreamId {
    StreamId { camera: CameraId::new(camera).unwrap(), kind: StreamKind::Main }
}

pub(crate) fn run(camera: &str, generation: u64) -> Arc<RunInfo> {
    run_of(camera, generation, params(320))
}

pub(crate) fn run_of(camera: &str, generation: u64, params: VideoParams) -> Arc<RunInfo> {
    Arc::new(RunInfo {
        stream: stream(camera),
        params: Arc::new(params),
        audio: None,
        wall_start: START,
        generation,
    })
}

/// A picture 40 ms after the one before: numbers that `gop` divides are keyframes.
pub(crate) fn unit(number: i64, gop: i64) -> AccessUnit {
    let is_keyframe = number % gop == 0;
    let length = if is_keyframe { 90 } else { 30 + usize::try_from(number.rem_euclid(7)).unwrap() };
    let mut nals = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    nals.push(if is_keyframe { 0x65 } else { 0x41 });
    nals.extend(
        (1..length)
            .map(|at| u8::try_from((number.unsigned_abs() + u64::try_from(at).unwrap()) % 251).unwrap()),
    );
    AccessUnit {
        pts: Pts(number * 3_600),
        wall: WallTime(START.0 + number * 40),
        is_keyframe,
        nals: nals.into(),
    }
}

pub(crate) fn units(numbers: Range<i64>, gop: i64) -> impl Iterator<Item = AccessUnit> {
    numbers.map(move |number| unit(number, gop))
}

/// H.264 baseline, with parameter sets that say nothing.
pub(crate) fn params(width: u16) -> VideoParams {
    let config = [1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 2, 0x67, 0x42, 1, 0, 2, 0x68, 0xce];
    let mut entry = vec![0; 8];
    entry.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    entry.extend([0; 16]);
    entry.extend(width.to_be_bytes());
    entry.extend(240u16.to_be_bytes());
    entry.extend([0, 0x48, 0, 0, 0, 0x48, 0, 0, 0, 0, 0, 0, 0, 1]);
    entry.extend([0; 32]);
    entry.extend([0, 0x18, 0xff, 0xff]);
    entry.extend(u32::try_from(config.len() + 8).unwrap().to_be_bytes());
    entry.extend(b"avcC");
    entry.extend(config);
    let size = u32::try_from(entry.len()).unwrap();
    entry[..4].copy_from_slice(&size.to_be_bytes());
    entry[4..8].copy_from_slice(b"avc1");
    mp4::params_from_sample_entry(&entry).unwrap()
}

pub(crate) fn bytes_of(clip: &Clip, range: Range<u64>) -> Vec<u8> {
    let pieces: Vec<_> = clip.read_range(range).map(Result::unwrap).collect();
    assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= 256 << 10));
    pieces.concat()
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
