//! How much of an inference thread's time is spent in the network itself, when there is always a frame to detect.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use sharpeyes::{
    analyze::{
        decode::Frame,
        pipeline::CameraPipeline,
        scheduler::{Outcome, Scheduler},
        seat::Seat,
    },
    clock::Clock,
};
use sharpeyes_domain::{
    alarm::Moment,
    detection::ObjectClass,
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
/// The first ones fill caches and pools.
const WARM: usize = 20;
/// A frame never waits so long here.
const PATIENCE: Duration = Duration::from_secs(60);

/// `detector.busy_share` of the built-in detector and, where it is at hand, of YOLOX-nano: one thread takes frames of 20
/// cameras from the scheduler, detects, tracks and applies a rule.
///
/// # Errors
/// When a model cannot be run.
pub fn detector_busy_share(results: &mut Results) -> anyhow::Result<()> {
    let runtime = Runtime::load(&model::runtime_library()?)?;
    results.push(&measure(&runtime, &built_in(), "detector.busy_share")?)?;
    let Some(shared) = Shared::find_or_skip("detector.busy_share_yolox_nano") else { return Ok(()) };
    let models = tempfile::tempdir()?;
    let yolox = catalogue::find(models.path(), &model::install_yolox_nano(&shared, models.path())?)?;
    results.push(&measure(&runtime, &yolox, "detector.busy_share_yolox_nano")?)
}

fn measure(runtime: &Runtime, file: &ModelFile, bench: &'static str) -> anyhow::Result<Row> {
    let frame = first_frame(&Pattern::small(VideoCodec::H264).file()?)?;
    let options = DetectorOptions { clock: Some(Instant::now), ..DetectorOptions::default() };
    let mut detector = Detector::open(runtime, file, options)?;
    let scheduler = Scheduler::<Frame>::new(Clock::system(), PATIENCE);
    let seat = |n| CameraId::new(&format!("c{n:02}")).map(Seat::from);
    let cameras = (0..CAMERAS).map(seat).collect::<Result<Vec<_>, _>>()?;
    for camera in &cameras {
        scheduler.register(camera.clone(), file.manifest.id.clone());
    }
    let kind = RuleKind::Intrusion { classes: vec![ObjectClass::Person] };
    let rule = RuleConfig::new(RuleId::new("in")?, kind, None);
    let mut pipeline = CameraPipeline::new(&[rule], None, file.manifest.score, jiff::tz::TimeZone::UTC);
    let is_over = AtomicBool::new(false);
    let (mut wall, mut in_network, mut n) = (Duration::ZERO, Duration::ZERO, 0_i64);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                cameras.iter().for_each(|camera| scheduler.offer(camera, frame.clone()));
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let mut work = || -> anyhow::Result<()> {
            let (mut began, mut before) = (Instant::now(), Duration::ZERO);
            for round in 0..FRAMES + WARM {
                if round == WARM {
                    (began, before) = (Instant::now(), detector.stats().in_network);
                }
                let Some(turn) = scheduler.take() else { break };
                let found = detector.detect_above(&turn.work.picture(), Confidence::new(0.1))?;
                n += 1;
                let pts = frame.pts + MediaDuration(n * 6_000);
                pipeline.observe(Moment { pts, wall: WallTime(n * 66) }, &found);
                scheduler.done(&turn.ticket, Outcome::Seen);
            }
            (wall, in_network) = (began.elapsed(), detector.stats().in_network - before);
            Ok(())
        };
        let worked = work();
        is_over.store(true, Ordering::Relaxed);
        worked
    })?;
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(u32::try_from(FRAMES).unwrap_or(1));
    Ok(Row {
        bench,
        value: in_network.as_secs_f64() / wall.as_secs_f64(),
        unit: "share",
        n: FRAMES,
        context: format!(
            "{}: {:.2} ms a frame, {:.2} of them inside Session::run; I420 640x360 to 640x384, {CAMERAS} cameras that \
             always have a frame, one thread, wall time",
            file.manifest.id,
            each(wall),
            each(in_network)
        ),
    })
}
