//! `sharpeyes probe`: one camera, stage by stage, up to the first picture; the first stage that fails and what to do.
//!
//! The same session code as the service: what the probe says is what the camera's state will say.

use std::{fmt, sync::Arc};

use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
    time::{MediaDuration, Pts, WallTime},
};
use sharpeyes_inference::{Detector, DetectorOptions, InferenceError, ModelFile, Runtime};

use crate::{
    analyze::decode::{DecodeError, Decoded, Decoder, Frame},
    clock::Clock,
    ingest::{FaultReport, Limits, RtspSession, SessionFault, Source, Stage, Unit},
    models,
};

/// How much media the figures are taken from.
const WATCH: MediaDuration = MediaDuration::from_secs(4);

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct ProbeReport {
    /// Stages that were passed, in order.
    pub passed: Vec<Stage>,
    /// The first failure, if any.
    pub fault: Option<FaultReport>,
    /// Coding and size.
    pub params: Option<Arc<VideoParams>>,
    /// What the stream delivers.
    pub figures: Option<Figures>,
}

/// What a stream delivers, over the few seconds that were watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Pictures a second.
    pub fps: f64,
    /// Kilobits a second.
    pub kbps: f64,
    /// Between the first two keyframes; `None` when only one came.
    pub keyframe_interval: Option<MediaDuration>,
}

impl ProbeReport {
    /// Every stage was passed.
    #[must_use]
    pub const fn is_healthy(&self) -> bool {
        self.fault.is_none()
    }
}

impl fmt::Display for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stage in &self.passed {
            writeln!(f, "ok      {}", stage.as_str())?;
        }
        if let Some(params) = &self.params {
            writeln!(f, "video   {params:?}")?;
        }
        if let Some(figures) = &self.figures {
            let interval = figures
                .keyframe_interval
                .map_or_else(|| format!("more than {WATCH}"), |interval| interval.to_string());
            writeln!(
                f,
                "rate    {:.1} pictures/s, {:.0} kbit/s, keyframe every {interval}",
                figures.fps, figures.kbps
            )?;
        }
        match &self.fault {
            None => write!(f, "healthy"),
            Some(fault) => {
                writeln!(f, "FAILED  {} ({}): {}", fault.stage.as_str(), fault.code, fault.message)?;
                write!(f, "remedy  {}", fault.remedy)
            }
        }
    }
}

/// The detector to try on the first picture.
pub struct ProbedModel {
    /// The runtime, or why there is none.
    pub runtime: Result<Runtime, InferenceError>,
    /// The model, or why there is none.
    pub file: Result<ModelFile, InferenceError>,
}

/// Walks one camera's stages.
pub async fn probe(
    source: &Source,
    model: Option<ProbedModel>,
    limits: Limits,
    clock: &Clock,
) -> ProbeReport {
    let mut report = ProbeReport::default();
    let mut passed = Vec::new();
    let session = RtspSession::open(source, limits, |stage| passed.push(stage)).await;
    report.passed = passed;
    match session {
        Err(fault) => report.fault = Some((&fault).into()),
        Ok(mut session) => watch(&mut session, model, limits, clock, &mut report).await,
    }
    report
}

async fn watch(
    session: &mut RtspSession,
    model: Option<ProbedModel>,
    limits: Limits,
    clock: &Clock,
    report: &mut ProbeReport,
) {
    let began = clock.instant();
    let mut units: Vec<Unit> = Vec::new();
    let mut lost = 0;
    let ended = loop {
        match session.next().await {
            Err(fault) => break Some(fault),
            Ok(unit) => {
                if !report.passed.contains(&Stage::Media) {
                    report.passed.push(Stage::Media);
                }
                if let Some(params) = &unit.new_params {
                    report.params.get_or_insert_with(|| params.clone());
                }
                lost += u64::from(unit.lost);
                if unit.is_keyframe || !units.is_empty() {
                    units.push(unit);
                }
            }
        }
        let watched =
            units.first().zip(units.last()).map(|(first, last)| MediaDuration(last.rtp - first.rtp));
        if watched.is_some_and(|watched| watched >= WATCH) {
            break None;
        }
        if units.is_empty() && clock.instant().duration_since(began) > limits.first_keyframe {
            let waited = limits.first_keyframe;
            break Some(match lost {
                0 => SessionFault::NoKeyframe { waited },
                lost => SessionFault::PacketLoss { waited, lost },
            });
        }
    };
    if units.is_empty() {
        report.fault = ended.as_ref().map(FaultReport::from);
        return;
    }
    report.passed.push(Stage::Keyframe);
    report.figures = figures(&units);
    let Some(params) = report.params.clone() else { return };
    let seen = tokio::task::spawn_blocking(move || see(&params, &units, model)).await;
    let (stages, fault) = seen.unwrap_or_else(|panic| {
        (Vec::new(), Some(undecodable(&DecodeError::Failed { detail: panic.to_string() })))
    });
    report.passed.extend(stages);
    report.fault = fault;
}

/// Decodes the first picture and shows it to the detector.
fn see(
    params: &VideoParams,
    units: &[Unit],
    model: Option<ProbedModel>,
) -> (Vec<Stage>, Option<FaultReport>) {
    let frame = match first_picture(params, units) {
        Ok(frame) => frame,
        Err(error) => return (Vec::new(), Some(undecodable(&error))),
    };
    match model.map(|model| model.detect(&frame)) {
        None => (vec![Stage::Decode], None),
        Some(Ok(())) => (vec![Stage::Decode, Stage::Detect], None),
        Some(Err(error)) => (
            vec![Stage::Decode],
            Some(FaultReport {
                code: models::code(&error),
                stage: Stage::Detect,
                message: error.to_string(),
                remedy: "see `sharpeyes model check`; the camera is recorded meanwhile, but not analysed",
            }),
        ),
    }
}

impl ProbedModel {
    fn detect(self, frame: &Frame) -> Result<(), InferenceError> {
        let mut detector = Detector::open(&self.runtime?, &self.file?, DetectorOptions::default())?;
        detector.detect(&frame.picture())?;
        Ok(())
    }
}

fn undecodable(error: &DecodeError) -> FaultReport {
    FaultReport {
        code: "undecodable",
        stage: Stage::Decode,
        message: error.to_string(),
        remedy: "set the stream to H.264 Main or High profile, 8 bits, 4:2:0; switch vendor modes (H.264+/H.265+) off",
    }
}

fn figures(units: &[Unit]) -> Option<Figures> {
    let span = MediaDuration(units.last()?.rtp - units.first()?.rtp).as_secs_f64();
    let bytes: usize = units.iter().skip(1).map(|unit| unit.nals.len()).sum();
    let as_f64 = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let mut keyframes = units.iter().filter(|unit| unit.is_keyframe);
    let first = keyframes.next()?;
    (span > 0.0).then(|| Figures {
        fps: as_f64(units.len() - 1) / span,
        kbps: as_f64(bytes) / 125.0 / span,
        keyframe_interval: keyframes.next().map(|second| MediaDuration(second.rtp - first.rtp)),
    })
}

fn first_picture(params: &VideoParams, units: &[Unit]) -> Result<Frame, DecodeError> {
    let mut decoder = Decoder::new(params, DecoderChoice::Auto)?;
    let origin = units.first().map_or(0, |unit| unit.rtp);
    for unit in units {
        let pts = Pts(unit.rtp - origin);
        let pictures = decoder.feed(&AccessUnit {
            pts,
            wall: WallTime(0).plus_media(pts - Pts(0)),
            is_keyframe: unit.is_keyframe,
            nals: unit.nals.clone(),
        })?;
        if let Some(frame) = pictures.first().and_then(Decoded::frame) {
            return Ok(frame);
        }
    }
    let last = decoder.drain()?;
    let frame = last.first().and_then(Decoded::frame);
    frame.ok_or_else(|| DecodeError::Failed { detail: "no picture came out".into() })
}
