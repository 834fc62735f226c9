//! The pipeline of the live analysis over a recording: the same gate, ladder, decoder, detector, tracker and rules, in
//! media time and in one thread, as in [`crate::replay`].
//!
//! A run of the recording is a run of the live stream: where it ended, alarms end and tracks are forgotten.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use jiff::tz::TimeZone;
use sharpeyes_domain::{
    alarm::{AlarmBegin, AlarmEdge, EndCause},
    geometry::Confidence,
    ids::{RuleId, StreamId},
    ladder::{DecoderChoice, LadderMode},
    media::{AccessUnit, VideoParams},
    rule::RuleConfig,
    segment::Span,
    time::{MediaDuration, Pts, WallTime},
    track::Track,
};
use sharpeyes_inference::{Detector, InferenceError};

use super::{TrialAlarm, TrialResult};
use crate::{
    analyze::{
        self,
        decode::{DecodeError, Frame},
        ladder::{Interest, LadderSettings},
        pipeline::CameraPipeline,
        watch::{Eyes, KeyframeDecoders, Wanted, Watch},
    },
    record::{
        clip::{ClipError, ClipReader},
        pictures::{ClipUnit, RunPlace},
    },
    store::{dispatch::TraceBox, footage::FootageError},
};

/// One plan of the recording: its tables of pictures lie in memory.
const PIECE_MS: i64 = 600_000;
/// Enough to see who it is about, and small.
pub(super) const STILL_WIDTH: u32 = 480;

/// Why nothing more can be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    /// Nothing of it can be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The detector failed.
    #[error(transparent)]
    Inference(#[from] Arc<InferenceError>),
    /// The index of the recordings.
    #[error(transparent)]
    Index(#[from] FootageError),
}

/// What is looked at, and how.
pub(super) struct Looking<'a> {
    pub(super) clips: &'a ClipReader,
    pub(super) stream: &'a StreamId,
    pub(super) span: Span,
    pub(super) rules: &'a [RuleConfig],
    /// The camera's own threshold.
    pub(super) score: Option<Confidence>,
    /// The detector's.
    pub(super) weakest: Confidence,
    pub(super) fps: f32,
    pub(super) timezone: TimeZone,
    pub(super) mode: LadderMode,
    pub(super) look_every: MediaDuration,
    pub(super) parts: bool,
    pub(super) decoder: DecoderChoice,
    pub(super) detector: Detector,
}

/// Beside the results, how it goes on and where stills go.
pub(super) trait Course {
    /// Called for every picture read, with its time and size; may wait, and says whether to go on.
    fn step(&mut self, reached: WallTime, bytes: usize) -> ControlFlow<()>;
    /// Keeps the still of alarm `n`; whether that worked.
    fn keep(&mut self, n: usize, jpeg: &[u8]) -> bool;
}

/// Looks at everything, or until `course` breaks off: alarms and numbers, in the order in which alarms were raised.
///
/// # Errors
/// [`LookError`] beside what was found until then.
pub(super) fn look(looking: Looking<'_>, course: &mut impl Course) -> (TrialResult, Option<LookError>) {
    let Looking { clips, stream, span, decoder, .. } = looking;
    let pipeline =
        CameraPipeline::new(looking.rules, looking.score, looking.weakest, looking.timezone.clone());
    let settings = LadderSettings {
        parts: looking.parts,
        ..LadderSettings::new(looking.mode, pipeline.need(), looking.fps, looking.look_every)
    };
    let mut looker = Looker {
        watch: Watch::new(settings, decoder),
        keyframes: KeyframeDecoders::new(decoder),
        eyes: TrialEyes::new(looking.detector, pipeline, course),
        run: None,
        n_broken: 0,
        first_error: None,
    };
    let ended = looker.pieces(clips, stream, span);
    looker.finish(ended.err())
}

struct Looker<'a, C> {
    watch: Watch,
    keyframes: KeyframeDecoders,
    eyes: TrialEyes<'a, C>,
    run: Option<Run>,
    n_broken: u64,
    first_error: Option<DecodeError>,
}

/// The run that is being looked at.
struct Run {
    params: Arc<VideoParams>,
    began: Pts,
    last: RunPlace,
}

impl<C: Course> Looker<'_, C> {
    fn pieces(&mut self, clips: &ClipReader, stream: &StreamId, span: Span) -> Result<(), LookError> {
        let mut from = span.from;
        while from < span.to {
            let to = WallTime(from.0.saturating_add(PIECE_MS)).min(span.to);
            match clips.plan(stream, from, to) {
                Ok(clip) => {
                    for unit in clip.units() {
                        let Ok(unit) = unit else {
                            self.lose();
                            break;
                        };
                        if unit.unit.wall >= span.to {
                            break;
                        }
                        if self.unit(unit)?.is_break() {
                            return Ok(());
                        }
                    }
                }
                Err(ClipError::Nothing { .. }) => {}
                Err(ClipError::Index(error)) => return Err(error.into()),
                // What cannot be read of it is looked for by `sharpeyes check`; the rest is worth looking at.
                Err(
                    ClipError::Length
                    | ClipError::DiskAway { .. }
                    | ClipError::Table { .. }
                    | ClipError::File { .. }
                    | ClipError::Mp4(_),
                ) => {
                    self.lose();
                }
            }
            if self.eyes.course.step(to, 0).is_break() {
                return Ok(());
            }
            from = to;
        }
        Ok(())
    }

    fn lose(&mut self) {
        self.n_broken += 1;
        self.watch.lose(&mut self.eyes);
    }

    /// Pieces begin at the keyframe before them: what was there at the end of the last one comes again.
    fn unit(&mut self, ClipUnit { unit, params, place }: ClipUnit) -> Result<ControlFlow<()>, LookError> {
        let wall = unit.wall;
        let bytes = unit.nals.len();
        let began = match &mut self.run {
            Some(run) if run.last.run == place.run && *run.params == *params => {
                if place.decode <= run.last.decode {
                    return Ok(ControlFlow::Continue(()));
                }
                run.last = place;
                run.began
            }
            _ => {
                self.eyes.interrupt(EndCause::StreamLost);
                self.watch.begin(params.clone(), &mut self.eyes);
                self.run = Some(Run { params, began: place.pts, last: place });
                place.pts
            }
        };
        self.eyes.n_pictures += 1;
        let unit = AccessUnit { pts: Pts((place.pts - began).0), ..unit };
        match self.watch.unit(&unit, &mut self.keyframes, &mut self.eyes) {
            Ok(()) => {}
            Err(missing @ DecodeError::Missing { .. }) => return Err(missing.into()),
            Err(error) => {
                self.n_broken += 1;
                self.first_error.get_or_insert(error);
            }
        }
        self.watch.take_steps();
        match self.eyes.failed.take() {
            Some(error) => Err(Arc::new(error).into()),
            None => Ok(self.eyes.course.step(wall, bytes)),
        }
    }

    fn finish(mut self, ended: Option<LookError>) -> (TrialResult, Option<LookError>) {
        if let Err(error) = self.watch.finish(&mut self.eyes) {
            self.first_error.get_or_insert(error);
        }
        self.eyes.interrupt(EndCause::Stopped);
        let n_decoded = self.watch.counters().decoded.iter().sum();
        let eyes = self.eyes;
        let result = TrialResult {
            alarms: eyes.alarms,
            n_alarms: eyes.n_alarms,
            n_pictures: eyes.n_pictures,
            n_decoded,
            n_detected: eyes.n_detected,
            n_broken: self.n_broken,
            ..TrialResult::default()
        };
        let nothing = self.first_error.filter(|_| n_decoded == 0).map(LookError::from);
        (result, ended.or(eyes.failed.map(|error| Arc::new(error).into())).or(nothing))
    }
}

/// Detects at once and never has too much to do.
struct TrialEyes<'a, C> {
    detector: Detector,
    pipeline: CameraPipeline,
    course: &'a mut C,
    alarms: Vec<TrialAlarm>,
    /// Which of them runs.
    running: HashMap<RuleId, usize>,
    n_alarms: u32,
    n_pictures: u64,
    n_detected: u64,
    failed: Option<InferenceError>,
}

impl<'a, C: Course> TrialEyes<'a, C> {
    fn new(detector: Detector, pipeline: CameraPipeline, course: &'a mut C) -> Self {
        Self {
            detector,
            pipeline,
            course,
            alarms: Vec::new(),
            running: HashMap::new(),
            n_alarms: 0,
            n_pictures: 0,
            n_detected: 0,
            failed: None,
        }
    }

    fn detect(&mut self, wanted: &Wanted) -> Result<Interest, InferenceError> {
        let part = self.pipeline.part(wanted);
        let detections = self.detector.detect_in(&wanted.frame.picture(), part, self.pipeline.floor())?;
        self.n_detected += 1;
        let sight = self.pipeline.look(wanted, part, &detections);
        if let Some(observation) = sight.observation {
            for edge in observation.edges {
                self.edge(edge, Some((&wanted.frame, &observation.tracks)));
            }
        }
        Ok(sight.interest)
    }

    fn interrupt(&mut self, cause: EndCause) {
        for edge in self.pipeline.interrupt(cause) {
            self.edge(edge, None);
        }
        self.pipeline.lose_sight();
    }

    fn edge(&mut self, edge: AlarmEdge, seen: Option<(&Frame, &[Track])>) {
        match edge {
            AlarmEdge::Begin(begin) => self.begin(begin, seen),
            AlarmEdge::Update(update) => {
                if let Some(alarm) = self.running.get(&update.rule).and_then(|&n| self.alarms.get_mut(n)) {
                    alarm.evidence = update.evidence;
                }
            }
            AlarmEdge::End(end) => {
                if let Some(alarm) = self.running.remove(&end.rule).and_then(|n| self.alarms.get_mut(n)) {
                    alarm.evidence.peak = alarm.evidence.peak.max(end.peak);
                    // Who stops looking has not seen its end.
                    if end.cause != EndCause::Stopped {
                        (alarm.ended, alarm.cause) = (Some(end.ended.wall), Some(end.cause));
                    }
                }
            }
        }
    }

    fn begin(&mut self, begin: AlarmBegin, seen: Option<(&Frame, &[Track])>) {
        self.n_alarms = self.n_alarms.saturating_add(1);
        let n = self.alarms.len();
        if n >= TrialResult::MOST_ALARMS {
            return;
        }
        let AlarmBegin { rule, class, level, began, raised, evidence } = begin;
        let (mut boxes, mut has_still) = (Vec::new(), false);
        if let Some((frame, tracks)) = seen {
            let about = tracks.iter().filter(|track| evidence.tracks.contains(&track.id));
            boxes.extend(about.map(|track| TraceBox {
                track: track.id,
                class: track.class,
                confidence: track.confidence,
                rect: track.rect,
            }));
            has_still = match analyze::jpeg(&frame.scaled_to(STILL_WIDTH)) {
                Ok(jpeg) => self.course.keep(n, &jpeg),
                Err(error) => {
                    tracing::warn!(%error, "no still for an alarm of a trial");
                    false
                }
            };
        }
        self.running.insert(rule.clone(), n);
        let (began, raised) = (began.wall, raised.wall);
        self.alarms.push(TrialAlarm {
            rule,
            class,
            level,
            began,
            raised,
            ended: None,
            cause: None,
            evidence,
            boxes,
            has_still,
            is_met: false,
        });
    }
}

impl<C: Course> Eyes for TrialEyes<'_, C> {
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
