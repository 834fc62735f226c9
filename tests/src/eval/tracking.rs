//! Our tracker and a published one on the same detections, at several rates: the replays, and what Python makes of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::{
    clip::Clip,
    run::{Ladder, Runner, Setting},
};
use crate::shared::workspace_root;

/// Pictures a second to look at; a clip that has fewer is looked at whole.
pub const RATES: [u32; 3] = [15, 5, 2];

/// One replay to be scored.
#[derive(Debug, Serialize)]
struct Job<'a> {
    clip: &'a str,
    origin: &'a str,
    model: &'a str,
    /// Asked for.
    rate: u32,
    /// The clip's own.
    clip_fps: f64,
    width: i32,
    height: i32,
    boxes: &'a Path,
    folder: PathBuf,
}

/// One row of the table: all clips of one origin and group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Detector.
    pub model: String,
    /// Where the clips come from.
    pub origin: String,
    /// People or vehicles.
    pub group: String,
    /// Pictures a second.
    pub rate: u32,
    /// Which tracker.
    pub tracker: String,
    /// Clips taken together.
    pub clips: usize,
    /// Share of the boxes that carry the right identity throughout (Ristani et al., ECCV workshops 2016).
    pub idf1: f64,
    /// 1 − (misses + false boxes + switches) / true boxes (Bernardin and Stiefelhagen, 2008).
    pub mota: f64,
    /// Changes of identity.
    pub switches: u64,
    /// True boxes.
    pub truth: u64,
}

/// Replays every clip that has boxes, and scores them.
///
/// # Errors
/// When a replay or the Python program fails.
pub fn score(runner: &Runner, clips: &[Clip], python: &Path, out: &Path) -> anyhow::Result<Vec<Row>> {
    let mut jobs = Vec::new();
    for clip in clips {
        let Some(boxes) = clip.boxes_file() else { continue };
        for model in runner.models(clip.origin) {
            for rate in RATES {
                let setting = Setting { model, ladder: Ladder::Full, fps: Some(rate) };
                eprintln!("tracking: {} with {} at {rate} fps", clip.name, model.as_str());
                let replayed = runner.replay(clip, setting)?;
                jobs.push(Job {
                    clip: &clip.name,
                    origin: clip.origin.as_str(),
                    model: model.as_str(),
                    rate,
                    clip_fps: clip.truth.fps,
                    width: clip.truth.width,
                    height: clip.truth.height,
                    boxes,
                    folder: replayed.folder,
                });
            }
        }
    }
    let asked = out.join("tracking-jobs.json");
    fs::write(&asked, serde_json::to_vec(&jobs)?).with_context(|| asked.display().to_string())?;
    let ran = Command::new(python)
        .arg(workspace_root().join("tests/eval/tracking.py"))
        .arg(&asked)
        .output()
        .with_context(|| python.display().to_string())?;
    ensure!(ran.status.success(), "tracking.py: {}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).context("tracking.py's answer")
}
