//! The detector that is part of the product, in the real ONNX Runtime.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;

use std::sync::atomic::{AtomicBool, Ordering};

use fixtures::Frame;
use sharpeyes_domain::detection::ObjectClass;
use sharpeyes_inference::{InferenceError, InputSize, built_in, catalogue};

#[test]
fn it_takes_pictures_of_any_camera() {
    let runtime = fixtures::runtime();
    let model = built_in();
    catalogue::check(&model, Some(&runtime)).unwrap();
    let mut detector = fixtures::open(&runtime, &model, 0.05);
    for [width, height] in [[640, 360], [704, 576], [1080, 1920], [352, 288]] {
        for detection in detector.detect(&Frame::noise(width, height).picture()).unwrap() {
            assert!(detection.rect.area() > 0.0, "{detection:?}");
        }
    }
    assert_eq!(detector.input_size(1920, 1080), InputSize { width_px: 640, height_px: 384 });
    assert_eq!((detector.stats().n_pictures, detector.stats().n_non_finite), (4, 0));
}

#[test]
fn it_knows_what_the_rules_ask_for() {
    let classes = built_in().manifest.classes;
    let known: Vec<_> = classes.map.into_values().collect();
    for asked in [ObjectClass::Person, ObjectClass::Bicycle, ObjectClass::Motorcycle, ObjectClass::Tricycle] {
        assert!(known.iter().any(|class| class.may_be(asked)), "{asked}");
    }
    for asked in [ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck, ObjectClass::Animal] {
        assert!(known.contains(&asked), "{asked}");
    }
}

#[test]
fn a_detection_can_be_interrupted_and_the_next_one_works() {
    let mut detector = fixtures::open(&fixtures::runtime(), &built_in(), 0.35);
    let frame = Frame::noise(768, 432);
    let interrupter = detector.interrupter();
    // Too late for any picture: it does nothing.
    interrupter.interrupt();
    let before = detector.detect(&frame.picture()).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                interrupter.interrupt();
                std::thread::yield_now();
            }
        });
        let interrupted = (0..500).find_map(|_| detector.detect(&frame.picture()).err());
        is_over.store(true, Ordering::SeqCst);
        let error = interrupted.expect("interrupted within 500 pictures");
        assert!(matches!(error, InferenceError::Interrupted { .. }), "{error}");
    });
    assert_eq!(detector.detect(&frame.picture()).unwrap(), before);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what the library itself reads")]
fn the_library_that_tests_load_reports_nothing_to_its_makers() {
    let told = std::env::var("ORT_DISABLE_TELEMETRY");
    assert_eq!(told.as_deref(), Ok("1"), "from .cargo/config.toml");
}
