//! How much of an inference thread's time is spent in the network itself, when there is always a frame to detect.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    num::NonZeroU16,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::anyhow;
use sharpeyes::{
    analyze::{
        Detectors, Loaded,
        decode::Frame,
        pipeline::CameraPipeline,
        scheduler::{Outcome, Scheduler, Weight},
        seat::Seat,
    },
    clock::Clock,
};
use sharpeyes_config::{Inference, InferenceProcess, InferenceProvider};
use sharpeyes_domain::{
    alarm::Moment,
    detection::{Detection, ObjectClass},
    geometry::Confidence,
    ids::{CameraId, RuleId},
    media::VideoCodec,
    rule::{RuleConfig, RuleKind},
    time::{MediaDuration, WallTime},
};
use sharpeyes_inference::{Detector, DetectorOptions, ModelFile, Runtime, built_in, catalogue};

use super::{Results, Row, frames::first_frame};
use crate::{footage::Pattern, model, shared::Shared};

const CAMERAS: usize = 20;
const FRAMES: usize = 400;
/// Frames in one place before the other's turn: what slows the machine slows both.
const BLOCK: usize = 20;
/// Weaker boxes are not asked for.
const FLOOR: f32 = 0.1;
/// A frame never waits so long here.
const PATIENCE: Duration = Duration::from_secs(60);

/// `detector.busy_share` and `detector.own_process_busy_share` of the built-in detector and, where it is at hand, of
/// YOLOX-nano: one thread takes frames of 20 cameras from the scheduler, detects, tracks and applies a rule. The detector
/// is by turns in this process and in one of its own; the time inside `Session::run` is read off the former.
///
/// # Errors
/// When a model cannot be run.
pub fn detector_busy_share(results: &mut Results) -> anyhow::Result<()> {
    let runtime = Runtime::load(&model::runtime_library()?)?;
    let names = ["detector.busy_share", "detector.own_process_busy_share"];
    measure(&runtime, &built_in(), names, results)?;
    let Some(shared) = Shared::find_or_skip("detector.busy_share_yolox_nano") else { return Ok(()) };
    let models = tempfile::tempdir()?;
    let yolox = catalogue::find(models.path(), &model::install_yolox_nano(&shared, models.path())?)?;
    let names = ["detector.busy_share_yolox_nano", "detector.own_process_busy_share_yolox_nano"];
    measure(&runtime, &yolox, names, results)
}

/// A detector, wherever it is.
enum Place {
    Here(Box<Detector>),
    Own(Loaded),
}

impl Place {
    fn look(&mut self, frame: &Frame) -> anyhow::Result<Vec<Detection>> {
        match self {
            Self::Here(detector) => Ok(detector.detect_above(&frame.picture(), Confidence::new(FLOOR))?),
            Self::Own(loaded) => {
                loaded.look(frame, None, Confidence::new(FLOOR)).map_err(|why| anyhow!("no answer: {why:?}"))
            }
        }
    }
}

fn own(runtime: &Runtime, file: &ModelFile) -> anyhow::Result<Loaded> {
    let program = Inference {
        runtime: None,
        models: PathBuf::new(),
        threads: NonZeroU16::MIN,
        default_model: None,
        shadow_model: None,
        provider: InferenceProvider::Cpu,
        process: InferenceProcess::Own,
        time_limit: PATIENCE,
    };
    let opened = Detectors::of_site(&program, runtime.clone()).open(file, PATIENCE);
    opened.map_err(|why| anyhow!("{}: no detector: {why:?}", file.manifest.id))
}

fn measure(
    runtime: &Runtime,
    file: &ModelFile,
    names: [&'static str; 2],
    results: &mut Results,
) -> anyhow::Result<()> {
    let frame = first_frame(&Pattern::small(VideoCodec::H264).file()?)?;
    let options = DetectorOptions { clock: Some(Instant::now), ..DetectorOptions::default() };
    let detector = Box::new(Detector::open(runtime, file, options)?);
    let mut places = [Place::Here(detector), Place::Own(own(runtime, file)?)];
    let scheduler = Scheduler::<Frame>::new(Clock::system(), PATIENCE);
    let seat = |n| CameraId::new(&format!("c{n:02}")).map(Seat::from);
    let cameras = (0..CAMERAS).map(seat).collect::<Result<Vec<_>, _>>()?;
    for camera in &cameras {
        scheduler.register(camera.clone(), file.manifest.id.clone(), Weight::default());
    }
    let kind = RuleKind::Intrusion { classes: vec![ObjectClass::Person] };
    let rule = RuleConfig::new(RuleId::new("in")?, kind, None);
    let mut pipeline = CameraPipeline::new(&[rule], None, file.manifest.score, jiff::tz::TimeZone::UTC);
    let is_over = AtomicBool::new(false);
    let (mut walls, mut in_network, mut n) = ([Duration::ZERO; 2], Duration::ZERO, 0_i64);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                cameras.iter().for_each(|camera| scheduler.offer(camera, frame.clone()));
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let mut block = |place: &mut Place| -> anyhow::Result<Duration> {
            let began = Instant::now();
            for _ in 0..BLOCK {
                let Some(turn) = scheduler.take() else { break };
                let found = place.look(&turn.work)?;
                n += 1;
                let pts = frame.pts + MediaDuration(n * 6_000);
                pipeline.observe(Moment { pts, wall: WallTime(n * 66) }, &found);
                scheduler.done(&turn.ticket, Outcome::Seen);
            }
            Ok(began.elapsed())
        };
        let mut work = || -> anyhow::Result<()> {
            // The first blocks fill caches and pools.
            places.iter_mut().try_for_each(|place| block(place).map(drop))?;
            let spent = |places: &[Place; 2]| match &places[0] {
                Place::Here(detector) => detector.stats().in_network,
                Place::Own(_) => Duration::ZERO,
            };
            let before = spent(&places);
            for _ in 0..FRAMES / BLOCK {
                for (place, wall) in places.iter_mut().zip(&mut walls) {
                    *wall += block(place)?;
                }
            }
            in_network = spent(&places) - before;
            Ok(())
        };
        let worked = work();
        is_over.store(true, Ordering::Relaxed);
        worked
    })?;
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(u32::try_from(FRAMES).unwrap_or(1));
    for ((bench, wall), place) in
        names.into_iter().zip(walls).zip(["in the same process", "in a process of its own"])
    {
        results.push(&Row {
            bench,
            value: in_network.as_secs_f64() / wall.as_secs_f64(),
            unit: "share",
            n: FRAMES,
            context: format!(
                "{} {place}: {:.2} ms a frame, {:.2} of them inside Session::run; I420 640x360 to 640x384, {CAMERAS} \
                 cameras that always have a frame, one thread, wall time",
                file.manifest.id,
                each(wall),
                each(in_network)
            ),
        })?;
    }
    Ok(())
}
