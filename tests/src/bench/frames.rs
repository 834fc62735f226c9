//! One frame at a time, one thread: decoding and detecting.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Context as _, ensure};
use sharpeyes::analyze::decode::{Decoded, Decoder, FileDemuxer, Frame, OpenedFile};
use sharpeyes_domain::{ladder::DecoderChoice, media::VideoCodec, time::WallTime};
use sharpeyes_inference::{BUILT_IN, Detector, DetectorOptions, ModelFile, Runtime, built_in, catalogue};

use super::{Results, Row, quantile, sorted, usage};
use crate::{footage::Pattern, model, shared::Shared};

const ROUNDS: usize = 5;
const DETECTIONS: usize = 200;

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
    let mut decoder = Decoder::new(&params, DecoderChoice::Software)?;
    let mut frames = 0;
    while let Some(unit) = demuxer.next_unit()? {
        frames += decoder.feed(&unit)?.len();
    }
    Ok(frames + decoder.drain()?.len())
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

/// One I420 picture of 640×360 through preprocessing, the built-in detector at 640×384 and its decoding.
///
/// # Errors
/// When the model cannot be run.
pub fn detect(results: &mut Results) -> anyhow::Result<()> {
    let runtime = Runtime::load(&model::runtime_library()?)?;
    let [ours] = timed(&runtime, [&built_in()])?;
    let context = format!(
        "{BUILT_IN}, I420 640x360 to 640x384, 1 thread, wall time, median; p10 {:.1}, p90 {:.1}",
        quantile(&ours, 0.1),
        quantile(&ours, 0.9)
    );
    let value = quantile(&ours, 0.5);
    results.push(&Row { bench: "detect.ms_per_frame", value, unit: "ms", n: ours.len(), context })
}

/// `detector.time_ratio_vs_yolox_nano`: the same for the built-in detector and for YOLOX-nano, picture by picture in turn.
///
/// # Errors
/// When a model cannot be run.
pub fn detector_time(results: &mut Results) -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("detector.time_ratio_vs_yolox_nano") else { return Ok(()) };
    let runtime = Runtime::load(&model::runtime_library()?)?;
    let models = tempfile::tempdir()?;
    let yolox = catalogue::find(models.path(), &model::install_yolox_nano(&shared, models.path())?)?;
    let [ours, theirs] = timed(&runtime, [&built_in(), &yolox])?;
    let (ours_ms, theirs_ms) = (quantile(&ours, 0.5), quantile(&theirs, 0.5));
    results.push(&Row {
        bench: "detector.time_ratio_vs_yolox_nano",
        value: ours_ms / theirs_ms,
        unit: "ratio",
        n: ours.len(),
        context: format!(
            "{BUILT_IN} {ours_ms:.2} ms, YOLOX-nano {theirs_ms:.2} ms a picture in turn, each with preprocessing, I420 \
             640x360 to 640x384, 1 thread, wall time, median"
        ),
    })
}

/// Milliseconds of [`DETECTIONS`] detections of each model, by turns and sorted: what slows the machine slows all.
fn timed<const N: usize>(runtime: &Runtime, models: [&ModelFile; N]) -> anyhow::Result<[Vec<f64>; N]> {
    let frame = first_frame(&Pattern::small(VideoCodec::H264).file()?)?;
    let mut detectors = Vec::new();
    for model in models {
        let detector = Detector::open(runtime, model, DetectorOptions::default())?;
        let input = detector.input_size(frame.width_px, frame.height_px);
        ensure!((input.width_px, input.height_px) == (640, 384), "{}: {input:?}", model.manifest.id);
        detectors.push(detector);
    }
    let mut times = [const { Vec::new() }; N];
    for round in 0..DETECTIONS + 10 {
        for (detector, times) in detectors.iter_mut().zip(&mut times) {
            let began = Instant::now();
            detector.detect(&frame.picture())?;
            // The first ones warm the caches.
            if round >= 10 {
                times.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    Ok(times.map(sorted))
}

pub(super) fn first_frame(file: &Path) -> anyhow::Result<Frame> {
    let OpenedFile { params, mut demuxer } = FileDemuxer::open(file, WallTime(0))?;
    let mut decoder = Decoder::new(&params, DecoderChoice::Software)?;
    let unit = demuxer.next_unit()?.context("an empty file")?;
    let mut pictures = decoder.feed(&unit)?;
    pictures.extend(decoder.drain()?);
    let frame = pictures.first().and_then(Decoded::frame).context("no picture came out")?;
    ensure!(frame.width_px == 640, "not the picture that was asked for");
    Ok(frame)
}

fn as_f64(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
