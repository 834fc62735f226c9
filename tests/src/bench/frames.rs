//! One frame at a time, one thread: decoding and detecting.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    path::Path,
    process::Command,
    sync::mpsc::{Sender, channel},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use sharpeyes::analyze::decode::{Decoder, FileDemuxer, Frame, FrameSink, OpenedFile};
use sharpeyes_domain::{
    media::VideoCodec,
    time::{Pts, WallTime},
};
use sharpeyes_inference::{Detector, DetectorOptions, ModelFile, Runtime};

use super::{Results, Row, quantile, sorted, usage};
use crate::{footage::Pattern, model, shared::Shared};

const ROUNDS: usize = 5;
const DETECTIONS: usize = 200;

struct Discard;

impl FrameSink for Discard {
    fn wants(&mut self, _: Pts) -> bool {
        false
    }
    fn frame(&mut self, _: Frame) {}
}

/// Every picture of a 640×360 H.264 file through the gateway's decoder, beside ffmpeg with one thread.
///
/// # Errors
/// When something cannot be decoded.
pub fn decode(results: &mut Results) -> anyhow::Result<()> {
    let file = Pattern::small(VideoCodec::H264).file()?;
    let (mut ours, mut peers, mut frames) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let before = usage(std::process::id())?.cpu_s;
        frames = decode_once(&file)?;
        ours.push((usage(std::process::id())?.cpu_s - before) * 1000.0 / as_f64(frames));
        peers.push(ffmpeg_cpu_ms(&file)? / as_f64(frames));
    }
    let (ours, peers) = (quantile(&sorted(ours), 0.5), quantile(&sorted(peers), 0.5));
    let context =
        format!("640x360 H.264, 1 thread, processor time, median of {ROUNDS}, {frames} frames each");
    results.push(&Row {
        bench: "decode.ms_per_frame",
        value: ours,
        unit: "ms",
        n: ROUNDS,
        context: context.clone(),
    })?;
    results.push(&Row {
        bench: "decode.ratio_vs_ffmpeg",
        value: ours / peers,
        unit: "ratio",
        n: ROUNDS,
        context: format!("ffmpeg -threads 1 -f null in the same run: {peers:.3} ms per frame; {context}"),
    })
}

fn decode_once(file: &Path) -> anyhow::Result<usize> {
    let OpenedFile { params, mut demuxer } = FileDemuxer::open(file, WallTime(0))?;
    let decoder = Decoder::new(&params, Discard)?;
    let mut frames = 0;
    while let Some(unit) = demuxer.next_unit()? {
        decoder.feed(&unit)?;
        frames += 1;
    }
    decoder.finish(Duration::from_secs(60))?;
    Ok(frames)
}

fn ffmpeg_cpu_ms(file: &Path) -> anyhow::Result<f64> {
    let ran = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-benchmark", "-threads", "1", "-i"])
        .arg(file)
        .args(["-an", "-f", "null", "-"])
        .output()
        .context("ffmpeg")?;
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    let line =
        text.lines().find(|line| line.starts_with("bench: utime=")).context("ffmpeg printed no times")?;
    let seconds = |key: &str| {
        let value =
            line.split_whitespace().find_map(|word| word.trim_start_matches("bench:").strip_prefix(key))?;
        value.trim_end_matches('s').parse::<f64>().ok()
    };
    let (user, system) = (seconds("utime=").context("utime")?, seconds("stime=").context("stime")?);
    Ok((user + system) * 1000.0)
}

struct First(Sender<Frame>);

impl FrameSink for First {
    fn wants(&mut self, pts: Pts) -> bool {
        pts == Pts(0)
    }
    fn frame(&mut self, frame: Frame) {
        // Only the first is asked for, and the receiver waits for it.
        let _ = self.0.send(frame);
    }
}

/// One I420 picture of 640×360 through preprocessing, YOLOX-nano at 640×384 and its decoding.
///
/// # Errors
/// When the model cannot be run.
pub fn detect(results: &mut Results) -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("detect.ms_per_frame") else { return Ok(()) };
    let models = tempfile::tempdir()?;
    let id = model::install(&shared, models.path())?;
    let runtime = Runtime::load(&model::runtime_library()?)?;
    let file = ModelFile::load(&models.path().join(id.as_str()))?;
    let mut detector = Detector::open(&runtime, &file, DetectorOptions::default())?;
    let frame = first_frame(&Pattern::small(VideoCodec::H264).file()?)?;
    let mut times = Vec::new();
    for round in 0..DETECTIONS + 10 {
        let began = Instant::now();
        detector.detect(&frame.picture())?;
        // The first ones warm the caches.
        if round >= 10 {
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let times = sorted(times);
    let context = format!(
        "YOLOX-nano, I420 640x360 to 640x384, 1 thread, wall time, median; p10 {:.1}, p90 {:.1}",
        quantile(&times, 0.1),
        quantile(&times, 0.9)
    );
    let value = quantile(&times, 0.5);
    results.push(&Row { bench: "detect.ms_per_frame", value, unit: "ms", n: times.len(), context })
}

fn first_frame(file: &Path) -> anyhow::Result<Frame> {
    let OpenedFile { params, mut demuxer } = FileDemuxer::open(file, WallTime(0))?;
    let (tx, rx) = channel();
    let decoder = Decoder::new(&params, First(tx))?;
    for _ in 0..10 {
        let unit = demuxer.next_unit()?.context("a file of ten pictures")?;
        decoder.feed(&unit)?;
    }
    decoder.finish(Duration::from_secs(10))?;
    let frame = rx.recv_timeout(Duration::from_secs(10)).context("no picture came out")?;
    ensure!(frame.width_px == 640, "not the picture that was asked for");
    Ok(frame)
}

fn as_f64(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
