//! Milliseconds per picture: preprocessing alone cannot be seen from outside, so whole detections are timed, one
//! thread, from I420 of a camera's sub stream and main stream. Prints one JSON line each. The value is processor time,
//! so that a busy machine does not spoil it; the wall clock stands beside it.
//! The built-in detector, and where `SHARPEYES_SHARED` or `../shared` has them, others beside it.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

use std::time::Instant;

use fixtures::{Fixtures, Frame};
use sharpeyes_inference::{ModelFile, Runtime, built_in};

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
fn time(runtime: &Runtime, model: &ModelFile) {
    let mut detector = fixtures::open(runtime, model, 0.1);
    for [width, height] in [[640, 360], [1920, 1080]] {
        // The time does not depend on what is to be seen.
        let frame = Frame::noise(width, height);
        let (mut processor, mut wall) = (Vec::new(), Vec::new());
        for i in 0..110 {
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
        let (input, id) = (detector.input_size(width, height), &model.manifest.id);
        println!(
            "{{\"bench\":\"detect/{id}/{width}x{height}\",\"value\":{processor:.2},\"unit\":\"ms\",\"n\":{n},\"context\":\"input {}x{}, 1 thread, I420, wall clock {wall:.2} ms\"}}",
            input.width_px, input.height_px
        );
    }
}

fn main() {
    time(&fixtures::runtime(), &built_in());
    let Some(fixtures) = Fixtures::find() else { return };
    for (name, id) in
        [("yolox_nano_dyn.onnx", "yolox-nano"), ("nanodet_plus_m_1.5x_dyn.onnx", "nanodet-plus-m-15x")]
    {
        let models = tempfile::tempdir().unwrap();
        time(&fixtures.runtime, &fixtures.install(models.path(), name, id, None));
    }
}
