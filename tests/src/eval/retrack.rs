//! Tracker and rules once more over what a replay saw, without decoder and detector: what a change to them does, in seconds.
//!
//! At `full` the result is that of a replay, to the byte. At `auto` the ladder's choice of pictures is that of the replay that
//! is read, though other tracks might have chosen others.
//! At a lower rate of pictures the result is that of a replay at that rate but for what the pixels showed (things that were
//! left), which is that of the pictures before it was thinned.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use sharpeyes::{
    analyze::pipeline::{CameraPipeline, FrameSampler},
    models,
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause, Moment},
    detection::Detection,
    time::{Pts, WallTime},
    track::Track,
};

/// A line of `detections.jsonl`.
#[derive(Deserialize)]
struct DetectionsLine {
    pts_90k: Pts,
    detections: Vec<Detection>,
}

/// A line of `tracks.jsonl`.
#[derive(Deserialize, Serialize)]
struct TracksLine {
    pts_90k: Pts,
    wall_ms: WallTime,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    things: Vec<Detection>,
    tracks: Vec<Track>,
}

/// Replaces `tracks.jsonl` and `alarms.jsonl` in the folder of a replay of camera `cam` of the site file; with `fps`, as if no
/// more pictures a second had been looked at.
///
/// # Errors
/// When the replay's files are damaged or of an earlier format, or the site file is wrong.
pub fn retrack(site: &Path, folder: &Path, fps: Option<f32>) -> anyhow::Result<()> {
    let site = Site::load(site)?;
    let camera = site.cameras.first().context("a camera")?;
    let model = models::choose(&site.inference, camera.model.as_ref())?.manifest;
    let strong = camera.score.or(model.strong);
    let mut pipeline = CameraPipeline::new(&camera.rules, strong, model.score, site.timezone.clone());
    let detected: Vec<DetectionsLine> = lines(&folder.join("detections.jsonl"))?;
    // A picture that was glanced at and then seen again in its place was detected twice.
    let detected: BTreeMap<Pts, Vec<Detection>> =
        detected.into_iter().map(|line| (line.pts_90k, line.detections)).collect();
    let observed: Vec<TracksLine> = lines(&folder.join("tracks.jsonl"))?;
    ensure!(!observed.is_empty(), "{}: nothing was observed", folder.display());
    let (mut tracks, mut alarms) = (Vec::new(), Vec::new());
    let mut sampler = fps.map(FrameSampler::new);
    for TracksLine { pts_90k, wall_ms, things, .. } in observed {
        if sampler.as_mut().is_some_and(|sampler| !sampler.is_due(pts_90k)) {
            continue;
        }
        let at = Moment { pts: pts_90k, wall: wall_ms };
        let of_detector = detected.get(&pts_90k).context("a picture that was not detected")?;
        let all: Vec<Detection> = of_detector.iter().chain(&things).copied().collect();
        let seen = pipeline.observe(at, &all);
        line(&mut tracks, &TracksLine { pts_90k, wall_ms, things, tracks: seen.tracks })?;
        seen.edges.iter().try_for_each(|edge| line(&mut alarms, edge))?;
    }
    let last: Vec<AlarmEdge> = pipeline.interrupt(EndCause::Stopped);
    last.iter().try_for_each(|edge| line(&mut alarms, edge))?;
    fs::write(folder.join("tracks.jsonl"), tracks)?;
    Ok(fs::write(folder.join("alarms.jsonl"), alarms)?)
}

fn line(to: &mut Vec<u8>, value: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    Ok(to.write_all(b"\n")?)
}

fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let parsed: Result<Vec<T>, _> = text.lines().map(serde_json::from_str).collect();
    parsed.with_context(|| path.display().to_string())
}
