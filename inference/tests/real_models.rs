//! Real models on real frames: the same boxes as an independent computation, and as many people as there are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;

use std::collections::BTreeMap;

use fixtures::{Fixtures, NANODET_V1, PixelFormat, YOLOV8};
use serde::Deserialize;
use sharpeyes_domain::{
    detection::{Detection, ObjectClass},
    geometry::{Confidence, NormRect},
};
use sharpeyes_inference::{InputSize, ModelFile};

/// One line of `reference/expected.json`, written by `reference/reference.py`.
#[derive(Deserialize)]
struct Expected {
    video: String,
    frame: u32,
    width: u32,
    height: u32,
    model: String,
    input: [u32; 2],
    boxes: Vec<ExpectedBox>,
}

#[derive(Deserialize)]
struct ExpectedBox {
    class: ObjectClass,
    score: f32,
    rect: [f32; 4],
}

impl ExpectedBox {
    fn detection(&self) -> Detection {
        let [x0, y0, x1, y1] = self.rect;
        let rect = NormRect { x0, y0, x1, y1 };
        Detection { class: self.class, confidence: Confidence::new(self.score), rect }
    }
}

const MODELS: [(&str, &str, Option<&str>); 10] = [
    ("yolox_nano_dyn.onnx", "yolox-nano", None),
    ("yolox_nano_416.onnx", "yolox-nano", None),
    ("person_yolox1c_192.onnx", "person-yolox", None),
    ("nanodet_plus_m_1.5x_dyn.onnx", "nanodet-plus-m-15x", None),
    ("nanodet_plus_m_dyn.onnx", "nanodet-plus-m", None),
    ("nanodet_plus_m_1.5x_416_int8qdq.onnx", "nanodet-plus-m-15x", None),
    ("nanodet_m_416.onnx", "my-nanodet-m", Some(NANODET_V1)),
    ("deimv2_femto_416.onnx", "deimv2-femto", None),
    ("deimv2_atto_320.onnx", "deimv2-atto", None),
    ("compat-agpl/yolov8n_640_int8qdq.onnx", "my-yolov8n", Some(YOLOV8)),
];

/// Boxes near the threshold may be on one side only; surer ones must agree in class, place and score.
const SURE: f32 = 0.4;
const FLOOR: f32 = 0.25;

/// ffmpeg rounds to 8 bits between its colour conversion and its end, ours does not; and weights of 8 bits turn such
/// a difference of half a grey level into a tenth of score.
fn tolerance(model: &str) -> f32 {
    if model.contains("int8") { 0.15 } else { 0.03 }
}

fn compare(found: &[Detection], expected: &[Detection], tolerance: f32) -> Result<(), String> {
    let is_in = |box_: &Detection, others: &[Detection]| {
        others.iter().any(|other| {
            box_.class == other.class
                && box_.rect.iou(&other.rect) > 0.85
                && (box_.confidence.value() - other.confidence.value()).abs() < tolerance
        })
    };
    let sure = |boxes: &[Detection]| {
        boxes.iter().filter(|b| b.confidence.value() >= SURE).copied().collect::<Vec<_>>()
    };
    match (sure(expected).iter().find(|b| !is_in(b, found)), sure(found).iter().find(|b| !is_in(b, expected)))
    {
        (Some(missing), _) => Err(format!("missing: {missing:?}")),
        (None, Some(surplus)) => Err(format!("not expected: {surplus:?}")),
        (None, None) => Ok(()),
    }
}

#[test]
fn every_family_sees_what_an_independent_computation_sees() {
    let Some(fixtures) = Fixtures::find() else { return };
    let expected: Vec<Expected> = serde_json::from_str(include_str!("reference/expected.json")).unwrap();
    let mut frames = BTreeMap::new();
    for case in &expected {
        frames.entry((case.video.as_str(), case.frame)).or_insert_with(|| {
            let select = format!("eq(n\\,{})", case.frame);
            [PixelFormat::I420, PixelFormat::Rgb8].map(|format| {
                fixtures.frames(&case.video, &select, 1, format, [case.width, case.height]).remove(0)
            })
        });
    }
    let mut problems = Vec::new();
    let mut n_sure = 0;
    for (name, id, manifest) in MODELS {
        let models = tempfile::tempdir().unwrap();
        let mut model: ModelFile = fixtures.install(models.path(), name, id, manifest);
        // The reference keeps a car and a truck on the same spot apart.
        model.manifest.group_iou = None;
        let mut detector = fixtures.open(&model, FLOOR);
        for case in expected.iter().filter(|case| case.model == name) {
            let [width_px, height_px] = case.input;
            assert_eq!(
                detector.input_size(case.width, case.height),
                InputSize { width_px, height_px },
                "{name}"
            );
            let due: Vec<_> = case.boxes.iter().map(ExpectedBox::detection).collect();
            n_sure += due.iter().filter(|b| b.confidence.value() >= SURE).count();
            for frame in &frames[&(case.video.as_str(), case.frame)] {
                let found = detector.detect(&frame.picture()).unwrap();
                if let Err(problem) = compare(&found, &due, tolerance(name)) {
                    problems
                        .push(format!("{name} {} {} {:?}: {problem}", case.video, case.frame, frame.format));
                }
            }
        }
        let stats = detector.stats();
        assert_eq!((stats.n_pictures, stats.n_non_finite, stats.n_over_limit), (10, 0, 0), "{name}");
    }
    assert!(n_sure > 80, "the reference has {n_sure} sure boxes");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// MOTChallenge rows `frame (from 1), id, left, top, width, height, 1, 1, visibility` as boxes by frame from 0.
fn truth(text: &str, width: f32, height: f32) -> BTreeMap<usize, Vec<NormRect>> {
    let mut frames: BTreeMap<usize, Vec<NormRect>> = BTreeMap::new();
    for line in text.lines() {
        let v: Vec<f32> = line.split(',').map(|field| field.trim().parse().unwrap()).collect();
        let rect = NormRect {
            x0: v[2] / width,
            y0: v[3] / height,
            x1: (v[2] + v[4]) / width,
            y1: (v[3] + v[5]) / height,
        };
        let frame: usize = line.split(',').next().unwrap().trim().parse().unwrap();
        frames.entry(frame - 1).or_default().push(rect.clipped());
    }
    frames
}

#[test]
fn a_crowd_of_six_is_counted() {
    let Some(fixtures) = Fixtures::find() else { return };
    let models = tempfile::tempdir().unwrap();
    let model = fixtures.install(models.path(), "yolox_nano_dyn.onnx", "yolox-nano", None);
    let mut detector = fixtures.open(&model, 0.35);
    let text = std::fs::read_to_string(fixtures.shared.join("data/video/crowd6_derived.gt.txt")).unwrap();
    let truth = truth(&text, 768.0, 432.0);
    let (mut n_true, mut n_found, mut n_matched, mut count_error) = (0, 0, 0, 0);
    let frames = fixtures.frames("crowd6_derived", "not(mod(n\\,4))", 85, PixelFormat::I420, [768, 432]);
    for (i, frame) in frames.iter().enumerate() {
        let mut due = truth.get(&(i * 4)).cloned().unwrap_or_default();
        let mut people = detector.detect(&frame.picture()).unwrap();
        people.retain(|d| d.class == ObjectClass::Person);
        n_true += due.len();
        n_found += people.len();
        count_error += due.len().abs_diff(people.len());
        for person in &people {
            let best =
                (0..due.len()).max_by(|a, b| person.rect.iou(&due[*a]).total_cmp(&person.rect.iou(&due[*b])));
            if let Some(best) = best.filter(|best| person.rect.iou(&due[*best]) >= 0.5) {
                due.swap_remove(best);
                n_matched += 1;
            }
        }
    }
    let percent = |part: usize, whole: usize| part * 100 / whole.max(1);
    let (precision, recall) = (percent(n_matched, n_found), percent(n_matched, n_true));
    eprintln!(
        "crowd6 at 640x384: precision {precision} %, recall {recall} %, count error {count_error} over {} frames",
        frames.len()
    );
    assert!(precision >= 98 && recall >= 91, "precision {precision} %, recall {recall} %");
}
