//! Milliseconds per picture: preprocessing alone cannot be seen from outside, so whole detections are timed, one
//! thread, from I420 of a camera's sub stream and main stream. Prints one JSON line each. The value is processor time,
//! so that a busy machine does not spoil it; the wall clock stands beside it.
//! Needs `SHARPEYES_SHARED` or `../shared`, ONNX Runtime in `.cache` and ffmpeg; says so and ends where they are missing.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

use std::time::Instant;

use fixtures::{Fixtures, Frame, PixelFormat};

/// Nearest neighbour is enough: the time does not depend on what is to be seen.
fn scaled(frame: &Frame, width: usize, height: usize) -> Frame {
    let (w, h) = (frame.width_px as usize, frame.height_px as usize);
    let mut bytes = Vec::new();
    let mut start = 0;
    for halves in [1, 2, 2] {
        let (from_w, from_h, to_w, to_h) = (w / halves, h / halves, width / halves, height / halves);
        for y in 0..to_h {
            let row = &frame.bytes[start + y * from_h / to_h * from_w..][..from_w];
            bytes.extend((0..to_w).map(|x| row[x * from_w / to_w]));
        }
        start += from_w * from_h;
    }
    let side = |n: usize| u32::try_from(n).unwrap();
    Frame { format: PixelFormat::I420, width_px: side(width), height_px: side(height), bytes }
}

/// Milliseconds that this thread has had a processor (`sched-stats.rst` of the Linux kernel: the first field, ns).
fn processor_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn main() {
    let Some(fixtures) = Fixtures::find() else { return };
    let frames = fixtures.frames("crowd6_derived", "not(mod(n\\,15))", 20, PixelFormat::I420, [768, 432]);
    for (name, id) in
        [("yolox_nano_dyn.onnx", "yolox-nano"), ("nanodet_plus_m_1.5x_dyn.onnx", "nanodet-plus-m-15x")]
    {
        let models = tempfile::tempdir().unwrap();
        let model = fixtures.install(models.path(), name, id, None);
        let mut detector = fixtures.open(&model, 0.1);
        for [width, height] in [[640, 360], [1920, 1080]] {
            let frames: Vec<Frame> = frames.iter().map(|frame| scaled(frame, width, height)).collect();
            let (mut processor, mut wall) = (Vec::new(), Vec::new());
            for (i, frame) in frames.iter().cycle().take(110).enumerate() {
                let (from_ms, from) = (processor_ms(), Instant::now());
                detector.detect(&frame.picture()).unwrap();
                // The first ones fill caches and pools.
                if i >= 10 {
                    processor.push(processor_ms() - from_ms);
                    wall.push(from.elapsed().as_secs_f64() * 1000.0);
                }
            }
            let n = processor.len();
            let (processor, wall) = (median(processor), median(wall));
            let input = detector.input_size(frames[0].width_px, frames[0].height_px);
            println!(
                "{{\"bench\":\"detect/{id}/{width}x{height}\",\"value\":{processor:.2},\"unit\":\"ms\",\"n\":{n},\"context\":\"input {}x{}, 1 thread, I420, wall clock {wall:.2} ms\"}}",
                input.width_px, input.height_px
            );
        }
    }
}
