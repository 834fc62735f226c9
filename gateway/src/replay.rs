//! `sharpeyes replay`: the analysis of a recorded file exactly as live, in media time, as fast as it goes.
//!
//! Decoder, sampler, detector, tracker and rules are the live ones; only the hub and the scheduler are missing, because
//! nothing may be dropped here. Writes `detections.jsonl`, `tracks.jsonl`, `alarms.jsonl` and `stats.json`.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::Duration,
};

use serde::Serialize;
use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause, Moment},
    detection::Detection,
    time::{MediaDuration, Pts, WallTime},
    track::Track,
};
use sharpeyes_inference::{Detector, InferenceError};

use crate::{
    analyze::{
        decode::{DecodeError, Decoder, FileDemuxer, Frame, FrameSink, OpenedFile},
        pipeline::{CameraPipeline, FrameSampler},
    },
    clock::Clock,
};

/// Decoded frames that wait for the detector.
const AHEAD: usize = 4;
/// Longest wait for the next picture after the end of the file.
const DRAIN: Duration = Duration::from_secs(30);

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read or decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The detector failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The results cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A thread could not be started.
    #[error("cannot start the decoding thread: {0}")]
    Thread(std::io::Error),
    /// The decoding thread panicked.
    #[error("the decoding thread panicked")]
    Panicked,
}

/// What is replayed, and as which camera.
pub struct Replay {
    /// The recorded file.
    pub video: PathBuf,
    /// When its first picture was seen: schedules depend on it.
    pub wall_start: WallTime,
    /// The camera's rules.
    pub pipeline: CameraPipeline,
    /// The camera's frames a second.
    pub fps: f32,
    /// The camera's detector.
    pub detector: Detector,
    /// Folder for the results; made when missing.
    pub out: PathBuf,
}

/// `stats.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReplayStats {
    /// Access units read.
    pub units: u64,
    /// Frames given to the detector.
    pub detected: u64,
    /// Boxes found.
    pub detections: u64,
    /// Alarms that began.
    pub alarms: u64,
    /// Media time covered, milliseconds.
    pub media_ms: i64,
    /// Real time spent, milliseconds.
    pub elapsed_ms: u128,
    /// Real time in the detector, milliseconds.
    pub detect_ms: u128,
}

#[derive(Serialize)]
struct DetectionsLine<'a> {
    pts_90k: Pts,
    wall_ms: WallTime,
    detections: &'a [Detection],
}

#[derive(Serialize)]
struct TracksLine<'a> {
    pts_90k: Pts,
    wall_ms: WallTime,
    tracks: &'a [Track],
}

/// Replays to the end of the file.
///
/// # Errors
/// [`ReplayError`] at the first thing that cannot be read, decoded, detected or written.
pub fn replay(mut replay: Replay, clock: &Clock) -> Result<ReplayStats, ReplayError> {
    let began = clock.instant();
    let mut results = Results::create(&replay.out)?;
    let OpenedFile { params, demuxer } = FileDemuxer::open(&replay.video, replay.wall_start)?;
    let (tx, rx) = sync_channel(AHEAD);
    let sink = ReplaySink { sampler: FrameSampler::new(replay.fps), frames: tx };
    let decoder = Decoder::new(&params, sink)?;
    let feeding = std::thread::Builder::new()
        .name("replay-decode".into())
        .spawn(move || feed(demuxer, decoder))
        .map_err(ReplayError::Thread)?;
    let mut stats = ReplayStats::default();
    let outcome = detect_all(&mut replay, &rx, clock, &mut results, &mut stats);
    // Ends the sink's sends, and with them the feeder, when detection stopped early.
    drop(rx);
    let fed = feeding.join().map_err(|_| ReplayError::Panicked)?;
    outcome?;
    let fed = fed?;
    for edge in replay.pipeline.interrupt(EndCause::Stopped) {
        results.alarms.line(&edge)?;
    }
    stats.units = fed.units;
    stats.media_ms = fed.span.as_millis();
    stats.elapsed_ms = clock.instant().duration_since(began).as_millis();
    results.finish(&stats)?;
    Ok(stats)
}

struct Fed {
    units: u64,
    span: MediaDuration,
}

fn feed(mut demuxer: FileDemuxer, decoder: Decoder) -> Result<Fed, DecodeError> {
    let mut fed = Fed { units: 0, span: MediaDuration::ZERO };
    while let Some(unit) = demuxer.next_unit()? {
        fed.units += 1;
        fed.span = fed.span.max(unit.pts - Pts(0));
        decoder.feed(&unit)?;
    }
    decoder.finish(DRAIN)?;
    Ok(fed)
}

fn detect_all(
    replay: &mut Replay,
    frames: &Receiver<Frame>,
    clock: &Clock,
    results: &mut Results,
    stats: &mut ReplayStats,
) -> Result<(), ReplayError> {
    while let Ok(frame) = frames.recv() {
        let began = clock.instant();
        let detections = replay.detector.detect_above(&frame.picture(), replay.pipeline.floor())?;
        stats.detect_ms += clock.instant().duration_since(began).as_millis();
        stats.detected += 1;
        stats.detections += detections.len() as u64;
        let at = Moment { pts: frame.pts, wall: frame.wall };
        let observation = replay.pipeline.observe(at, &detections);
        let (pts_90k, wall_ms) = (at.pts, at.wall);
        results.detections.line(&DetectionsLine { pts_90k, wall_ms, detections: &detections })?;
        results.tracks.line(&TracksLine { pts_90k, wall_ms, tracks: &observation.tracks })?;
        for edge in &observation.edges {
            stats.alarms += u64::from(matches!(edge, AlarmEdge::Begin(_)));
            results.alarms.line(edge)?;
        }
    }
    Ok(())
}

struct ReplaySink {
    sampler: FrameSampler,
    frames: SyncSender<Frame>,
}

impl FrameSink for ReplaySink {
    fn wants(&mut self, pts: Pts) -> bool {
        self.sampler.is_due(pts)
    }

    /// Blocks: in a replay the detector sets the pace. A receiver that is gone has failed and says so itself.
    fn frame(&mut self, frame: Frame) {
        let _ = self.frames.send(frame);
    }
}

struct Results {
    dir: PathBuf,
    detections: Lines,
    tracks: Lines,
    alarms: Lines,
}

impl Results {
    fn create(dir: &Path) -> Result<Self, ReplayError> {
        let fail = |source| ReplayError::Write { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(fail)?;
        Ok(Self {
            dir: dir.to_owned(),
            detections: Lines::create(dir.join("detections.jsonl"))?,
            tracks: Lines::create(dir.join("tracks.jsonl"))?,
            alarms: Lines::create(dir.join("alarms.jsonl"))?,
        })
    }

    fn finish(self, stats: &ReplayStats) -> Result<(), ReplayError> {
        for lines in [self.detections, self.tracks, self.alarms] {
            lines.finish()?;
        }
        let mut file = Lines::create(self.dir.join("stats.json"))?;
        file.line(stats)?;
        file.finish()
    }
}

struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Lines {
    fn create(path: PathBuf) -> Result<Self, ReplayError> {
        match File::create(&path) {
            Ok(file) => Ok(Self { path, file: BufWriter::new(file) }),
            Err(source) => Err(ReplayError::Write { path, source }),
        }
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), ReplayError> {
        let fail = |source| ReplayError::Write { path: self.path.clone(), source };
        serde_json::to_writer(&mut self.file, value).map_err(|error| fail(error.into()))?;
        self.file.write_all(b"\n").map_err(fail)
    }

    fn finish(mut self) -> Result<(), ReplayError> {
        self.file.flush().map_err(|source| ReplayError::Write { path: self.path, source })
    }
}
