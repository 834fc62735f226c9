//! `sharpeyes replay`: the analysis of a recorded file exactly as live, in media time, as fast as it goes.
//!
//! Gate, ladder, decoder, detector, tracker and rules are the live ones; only the hub and the scheduler are missing, because
//! nothing may be dropped here. One thread and no clock decide anything, so the same file gives the same bytes every time.
//! Writes `detections.jsonl`, `tracks.jsonl`, `alarms.jsonl`, `tamper.jsonl`, `ladder.jsonl` and `stats.json`.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause, Moment},
    detection::Detection,
    geometry::NormRect,
    ladder::{DecoderChoice, LadderMode, Rung, RungReason},
    time::{MediaDuration, Pts, WallTime},
    track::Track,
};
use sharpeyes_inference::{Detector, InferenceError};

use crate::{
    analyze::{
        decode::{DecodeError, FileDemuxer, OpenedFile},
        ladder::{Interest, LadderSettings, Step},
        pipeline::CameraPipeline,
        watch::{Eyes, KeyframeDecoders, Wanted, Watch},
    },
    clock::Clock,
};

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
    /// Whether the camera may rest.
    pub mode: LadderMode,
    /// A keyframe is detected at least so often.
    pub look_every: MediaDuration,
    /// Whether less than a whole picture may be detected.
    pub parts: bool,
    /// What decodes.
    pub decoder: DecoderChoice,
    /// Folder for the results; made when missing.
    pub out: PathBuf,
}

/// `stats.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReplayStats {
    /// Access units read.
    pub units: u64,
    /// Pictures decoded.
    pub decoded: u64,
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
    /// What each rung of the ladder cost.
    pub rungs: Vec<RungStats>,
    /// Times that the past was decoded again in a climb.
    pub climbs: u64,
}

/// One rung of the ladder over the whole file.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RungStats {
    /// Which.
    pub rung: Rung,
    /// Access units that came while the camera stood on it.
    pub units: u64,
    /// Pictures decoded.
    pub decoded: u64,
    /// Pictures given to the detector.
    pub detected: u64,
}

/// A line of `ladder.jsonl`.
#[derive(Serialize)]
struct StepLine {
    pts_90k: Pts,
    from: Rung,
    to: Rung,
    reason: RungReason,
}

#[derive(Serialize)]
struct DetectionsLine<'a> {
    pts_90k: Pts,
    wall_ms: WallTime,
    /// Where in the picture was looked, when not everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<NormRect>,
    detections: &'a [Detection],
}

#[derive(Serialize)]
struct TracksLine<'a> {
    pts_90k: Pts,
    wall_ms: WallTime,
    /// What the pixels showed beside the detections of the same picture.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    things: &'a [Detection],
    tracks: &'a [Track],
}

/// Replays to the end of the file.
///
/// # Errors
/// [`ReplayError`] at the first thing that cannot be read, decoded, detected or written.
pub fn replay(replay: Replay, clock: &Clock) -> Result<ReplayStats, ReplayError> {
    let began = clock.instant();
    let Replay { video, wall_start, pipeline, fps, detector, mode, look_every, parts, decoder, out } = replay;
    let OpenedFile { params, mut demuxer } = FileDemuxer::open(&video, wall_start)?;
    let settings = LadderSettings { parts, ..LadderSettings::new(mode, pipeline.need(), fps, look_every) };
    let mut watch = Watch::new(settings, decoder);
    let mut keyframes = KeyframeDecoders::new(decoder);
    let mut eyes = ReplayEyes {
        detector,
        pipeline,
        clock,
        results: Results::create(&out)?,
        stats: ReplayStats::default(),
        failed: None,
    };
    watch.begin(params, &mut eyes);
    while let Some(unit) = demuxer.next_unit()? {
        eyes.stats.units += 1;
        eyes.stats.media_ms = eyes.stats.media_ms.max((unit.pts - Pts(0)).as_millis());
        watch.unit(&unit, &mut keyframes, &mut eyes)?;
        eyes.check(&mut watch)?;
    }
    watch.finish(&mut eyes)?;
    eyes.check(&mut watch)?;
    let ReplayEyes { mut pipeline, mut results, mut stats, .. } = eyes;
    for edge in pipeline.interrupt(EndCause::Stopped) {
        results.alarms.line(&edge)?;
    }
    if let Some(edge) = pipeline.lose_sight() {
        results.tamper.line(&edge)?;
    }
    let counters = watch.counters();
    stats.climbs = counters.climbs;
    stats.decoded = counters.decoded.iter().sum();
    let rungs = Rung::ALL.iter().zip(counters.units).zip(counters.decoded).zip(counters.wanted);
    stats.rungs = rungs
        .map(|(((&rung, units), decoded), detected)| RungStats { rung, units, decoded, detected })
        .collect();
    stats.elapsed_ms = clock.instant().duration_since(began).as_millis();
    results.finish(&stats)?;
    Ok(stats)
}

/// Detects at once and never has too much to do.
struct ReplayEyes<'a> {
    detector: Detector,
    pipeline: CameraPipeline,
    clock: &'a Clock,
    results: Results,
    stats: ReplayStats,
    failed: Option<ReplayError>,
}

impl ReplayEyes<'_> {
    fn detect(&mut self, wanted: &Wanted) -> Result<Interest, ReplayError> {
        let began = self.clock.instant();
        let part = self.pipeline.part(wanted);
        let detections = self.detector.detect_in(&wanted.frame.picture(), part, self.pipeline.floor())?;
        self.stats.detect_ms += self.clock.instant().duration_since(began).as_millis();
        self.stats.detected += 1;
        self.stats.detections += detections.len() as u64;
        let at = Moment { pts: wanted.frame.pts, wall: wanted.frame.wall };
        let (pts_90k, wall_ms) = (at.pts, at.wall);
        self.results.detections.line(&DetectionsLine { pts_90k, wall_ms, part, detections: &detections })?;
        let sight = self.pipeline.look(wanted, part, &detections);
        if let Some(observation) = &sight.observation {
            let (things, tracks) = (&observation.things, &observation.tracks);
            self.results.tracks.line(&TracksLine { pts_90k, wall_ms, things, tracks })?;
            for edge in &observation.edges {
                self.stats.alarms += u64::from(matches!(edge, AlarmEdge::Begin(_)));
                self.results.alarms.line(edge)?;
            }
            for edge in &observation.tamper {
                self.results.tamper.line(edge)?;
            }
        }
        Ok(sight.interest)
    }

    fn check(&mut self, watch: &mut Watch) -> Result<(), ReplayError> {
        for Step { at, from, to, reason } in watch.take_steps() {
            self.results.ladder.line(&StepLine { pts_90k: at, from, to, reason })?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Eyes for ReplayEyes<'_> {
    fn look(&mut self, wanted: Wanted) -> Option<Interest> {
        Some(self.detect(&wanted).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Interest::default()
        }))
    }

    fn admit(&mut self) -> bool {
        true
    }

    fn rested(&mut self) {
        self.pipeline.rest();
    }

    fn release(&mut self) {}
}

struct Results {
    dir: PathBuf,
    detections: Lines,
    tracks: Lines,
    alarms: Lines,
    ladder: Lines,
    tamper: Lines,
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
            ladder: Lines::create(dir.join("ladder.jsonl"))?,
            tamper: Lines::create(dir.join("tamper.jsonl"))?,
        })
    }

    fn finish(self, stats: &ReplayStats) -> Result<(), ReplayError> {
        for lines in [self.detections, self.tracks, self.alarms, self.ladder, self.tamper] {
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
