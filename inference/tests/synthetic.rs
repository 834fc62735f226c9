//! Models of a few hundred bytes (`fixtures/make.py`): families for which there are no free weights at hand, compared with
//! what ONNX Runtime's Python computed; and detectors that answer with nonsense.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;

use std::path::Path;

use fixtures::{Frame, PixelFormat, runtime};
use sharpeyes_domain::{
    detection::{Detection, ObjectClass},
    geometry::{Confidence, NormRect},
};
use sharpeyes_inference::{Detector, DetectorOptions, InferenceError, ModelFile, Provider};

fn model(name: &str) -> ModelFile {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    ModelFile::load(&fixtures.join(name)).unwrap()
}

fn detector(name: &str) -> Detector {
    Detector::open(&runtime(), &model(name), DetectorOptions::default()).unwrap()
}

/// One colour all over.
fn plain(red: u8, green: u8, blue: u8) -> Frame {
    let (width_px, height_px) = (96, 80);
    let bytes = [red, green, blue].repeat(96 * 80);
    Frame { format: PixelFormat::Rgb8, width_px, height_px, bytes }
}

fn check(found: &[Detection], expected: &[(ObjectClass, f32, [f32; 4])]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (detection, (class, score, [x0, y0, x1, y1])) in found.iter().zip(expected) {
        let rect = NormRect { x0: *x0, y0: *y0, x1: *x1, y1: *y1 };
        assert_eq!(detection.class, *class, "{found:?}");
        assert!((detection.confidence.value() - score).abs() < 1e-3, "{found:?}");
        assert!(detection.rect.iou(&rect) > 0.999, "{found:?}");
    }
}

/// `make.py` prints the scores 0.8, 0.4 and 0.2 for this picture.
#[test]
fn ssd_takes_bytes_with_colours_side_by_side_and_its_outputs_in_any_order() {
    let found = detector("ssd").detect(&plain(204, 102, 51).picture()).unwrap();
    // Boxes are top, left, bottom, right; class 1 is the manifest's `car`, as this model counts from 1.
    let expected = [
        (ObjectClass::Car, 0.8, [0.2, 0.1, 0.4, 0.5]),
        (ObjectClass::Bus, 0.4, [0.25, 0.5, 0.75, 1.0]),
        (ObjectClass::Truck, 0.2, [0.5, 0.0, 1.0, 0.25]),
    ];
    check(&found, &expected);
}

#[test]
fn a_class_of_its_own_score_is_dropped_below_it_unless_a_camera_asks_for_weaker_boxes() {
    let mut model = model("ssd");
    model.manifest.classes.scores.insert(ObjectClass::Bus, Confidence::new(0.5));
    let asked = model.manifest.score;
    let mut detector = Detector::open(&runtime(), &model, DetectorOptions::default()).unwrap();
    let frame = plain(204, 102, 51);
    let mut classes_above = |score: Confidence| -> Vec<ObjectClass> {
        let found = detector.detect_above(&frame.picture(), score).unwrap();
        found.iter().map(|detection| detection.class).collect()
    };
    assert_eq!(classes_above(asked), [ObjectClass::Car, ObjectClass::Truck]);
    let weaker = Confidence::new(asked.value() / 2.0);
    assert_eq!(classes_above(weaker), [ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck]);
}

/// `make.py` prints the row 32, 16, 16, 8, 0.8, 0.8, 0.4, 0.2, 0 for this picture.
#[test]
fn yolov5_multiplies_objectness_and_class() {
    let found = detector("yolov5").detect(&plain(204, 102, 51).picture()).unwrap();
    check(&found, &[(ObjectClass::Person, 0.64, [0.375, 0.1875, 0.625, 0.3125])]);
}

#[test]
fn an_end_to_end_export_gives_its_boxes_in_input_pixels() {
    let found = detector("hang").detect(&plain(30, 30, 30).picture()).unwrap();
    check(&found, &[(ObjectClass::Person, 0.9, [0.375, 0.25, 0.625, 0.875])]);
}

#[test]
fn numbers_that_are_none_are_refused_and_counted() {
    let mut detector = detector("nan");
    let error = detector.detect(&plain(1, 2, 3).picture()).unwrap_err();
    assert!(matches!(error, InferenceError::NotFinite { count: 84, .. }), "{error}");
    assert!(error.to_string().contains("model nan answers with NaN"), "{error}");
    assert_eq!((detector.stats().n_refused, detector.stats().n_non_finite), (1, 84));
}

#[test]
fn ten_thousand_boxes_are_refused_and_counted() {
    let mut detector = detector("flood");
    let error = detector.detect(&plain(1, 2, 3).picture()).unwrap_err();
    assert!(matches!(error, InferenceError::Flood { found: 1000, limit: 600, .. }), "{error}");
    assert!(error.to_string().contains("flood of boxes"), "{error}");
    assert_eq!(detector.stats().n_refused, 1);
    assert!(detector.stats().n_over_limit >= 9_000, "{:?}", detector.stats());
}

#[test]
fn an_output_of_another_size_than_the_input_demands_is_refused() {
    let error = detector("shape").detect(&plain(1, 2, 3).picture()).unwrap_err();
    let InferenceError::Output { expected, found, .. } = &error else { panic!("{error}") };
    assert_eq!((expected.0.as_slice(), found.0.as_slice()), ([1, 84, 9].as_slice(), [1, 7, 9].as_slice()));
}

#[test]
fn a_provider_that_the_library_does_not_have_is_an_error_with_the_remedy() {
    let options = DetectorOptions { provider: Provider::OpenVino, ..DetectorOptions::default() };
    match Detector::open(&runtime(), &model("hang"), options) {
        Ok(_) => assert!(Provider::OpenVino.require(&runtime()).is_ok()),
        Err(error) => {
            let text = error.to_string();
            assert!(matches!(error, InferenceError::ProviderMissing { .. }), "{text}");
            for part in ["provider = \"openvino\"", "libonnxruntime.so", "onnxruntime-openvino", "\"cpu\""] {
                assert!(text.contains(part), "`{part}` is not in `{text}`");
            }
        }
    }
}
