//! `sharpeyes replay`.

use std::path::PathBuf;

use jiff::Timestamp;
use sharpeyes_domain::{ids::CameraId, ladder::LadderMode, time::WallTime};
use sharpeyes_inference::{Detector, DetectorOptions};

use super::{Failure, Outcome, SiteFile};
use crate::{analyze::pipeline::CameraPipeline, clock::Clock, replay::Replay};

/// A file as if this camera had seen it.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    site: SiteFile,
    /// Whose rules, zones, rate and detector.
    #[arg(long, value_name = "ID")]
    camera: CameraId,
    /// The recorded file: anything with H.264 or H.265 video that GStreamer can demux.
    #[arg(long, value_name = "FILE")]
    video: PathBuf,
    /// How much is decoded.
    #[arg(long, value_name = "auto|full", default_value_t = LadderMode::Full)]
    ladder: LadderMode,
    /// When the first picture was seen (RFC 3339), for schedules. Default: the file's modification time.
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Folder for detections.jsonl, tracks.jsonl, alarms.jsonl, ladder.jsonl and stats.json.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn replay(arguments: &Arguments) -> Result<Outcome, Failure> {
    let site = arguments.site.load_for_analysis()?;
    let Some(camera) = site.camera(&arguments.camera) else {
        let file = arguments.site.site.display();
        return Err(Failure::Configuration(format!("{file}: no camera `{}`", arguments.camera)));
    };
    let runtime = super::onnx_runtime(site.inference.runtime.as_deref())?;
    let model = crate::models::choose(&site.inference, camera.model.as_ref())?;
    let (weakest, timezone) = (model.manifest.score, site.timezone.clone());
    let strong = camera.score.or(model.manifest.strong);
    let stats = crate::replay::replay(
        Replay {
            wall_start: wall_start(arguments)?,
            video: arguments.video.clone(),
            pipeline: CameraPipeline::new(&camera.rules, strong, weakest, timezone),
            fps: camera.fps,
            detector: Detector::open(&runtime, &model, DetectorOptions::default())?,
            mode: arguments.ladder,
            look_every: site.analysis.look_every.into(),
            parts: site.analysis.parts,
            decoder: site.analysis.decoder,
            out: arguments.out.clone(),
        },
        &Clock::system(),
    )?;
    say!("{}", serde_json::to_string_pretty(&stats)?);
    Ok(Outcome::Clean)
}

fn wall_start(arguments: &Arguments) -> Result<WallTime, Failure> {
    if let Some(start) = arguments.start {
        return Ok(WallTime(start.as_millisecond()));
    }
    let modified = std::fs::metadata(&arguments.video)
        .and_then(|file| file.modified())
        .map_err(|error| anyhow::anyhow!("{}: {error}", arguments.video.display()))?;
    Ok(WallTime(Timestamp::try_from(modified)?.as_millisecond()))
}
