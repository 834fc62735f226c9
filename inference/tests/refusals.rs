//! What is refused before the first picture, and what the technician reads then.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;

use std::{fs, path::Path};

use fixtures::{Fixtures, YOLOV8};
use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::{
    Detector, DetectorOptions, InferenceError, InputSize, Manifest, ModelFile, Place, Resolution, Runtime,
    Sha256Hash, built_in, catalogue,
};

fn open(runtime: &Runtime, model: &ModelFile) -> String {
    match Detector::open(runtime, model, DetectorOptions::default()) {
        Ok(_) => "it opened".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The same file under another description.
fn described(model: &ModelFile, change: impl FnOnce(&mut Manifest)) -> ModelFile {
    let mut model = model.clone();
    change(&mut model.manifest);
    model
}

/// The built-in model once more, as a file of somebody's own.
fn install_copy(models: &Path) -> ModelFile {
    let (onnx, manifest) = (models.join("copy.onnx"), models.join("copy.toml"));
    fs::write(&onnx, built_in().read().unwrap()).unwrap();
    let id = ModelId::new("copy").unwrap();
    let described = described(&built_in(), |manifest| manifest.id = id.clone());
    fs::write(&manifest, described.manifest.to_toml()).unwrap();
    let source = catalogue::Source::File(onnx);
    let addition = catalogue::Addition { id, source, manifest: Some(manifest) };
    let limits = catalogue::Limits::default();
    catalogue::add(models, &addition, &limits, None, &mut |question| panic!("asked: {question:?}")).unwrap()
}

/// Some file under the manifest of a YOLOX.
fn as_yolox(dir: &Path, onnx: &Path) -> ModelFile {
    let bytes = fs::read(onnx).unwrap();
    let text = catalogue::known().iter().find(|m| m.id == "yolox-nano").map(|_| YOLOV8).unwrap();
    let text = text
        .replace("ultralytics", "yolox")
        .replace("width = 640\nheight = 640", "width = 416\nheight = 416");
    let text = format!("id = \"other\"\nsha256 = \"{}\"\n{text}", Sha256Hash::of(&bytes));
    fs::write(dir.join("model.onnx"), bytes).unwrap();
    ModelFile { manifest: Manifest::parse(&text).unwrap(), place: Place::Directory(dir.to_path_buf()) }
}

#[test]
fn a_model_of_identities_is_refused_on_principle() {
    let Some(fixtures) = Fixtures::find() else { return };
    let dir = tempfile::tempdir().unwrap();
    let model = as_yolox(dir.path(), &fixtures.onnx("person_reid_retail_0287.onnx"));
    let error = Detector::open(&fixtures.runtime, &model, DetectorOptions::default()).err().unwrap();
    assert!(matches!(error, InferenceError::IdentityVectors { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("`Identity:0` [1, 256]") && text.contains("identifies nobody"), "{text}");
}

#[test]
fn a_model_of_identities_cannot_be_installed_either() {
    let Some(fixtures) = Fixtures::find() else { return };
    let dir = tempfile::tempdir().unwrap();
    let onnx = fixtures.onnx("person_reid_retail_0287.onnx");
    let model = as_yolox(dir.path(), &onnx);
    let manifest = dir.path().join("other.toml");
    fs::write(&manifest, model.manifest.to_toml()).unwrap();
    let models = dir.path().join("models");
    let addition = catalogue::Addition {
        id: ModelId::new("other").unwrap(),
        source: catalogue::Source::File(onnx.clone()),
        manifest: Some(manifest),
    };
    let limits = catalogue::Limits::default();
    let error =
        catalogue::add(&models, &addition, &limits, Some(&fixtures.runtime), &mut |_| true).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("identifies nobody") && text.contains(onnx.to_str().unwrap()), "{text}");
    assert_eq!(catalogue::list(&models).unwrap().len(), 1, "the built-in one alone");
}

#[test]
fn a_manifest_of_another_model_is_told_every_difference() {
    let Some(fixtures) = Fixtures::find() else { return };
    let dir = tempfile::tempdir().unwrap();
    let model = as_yolox(dir.path(), &fixtures.onnx("person_yolox1c_192.onnx"));
    let text = open(&fixtures.runtime, &model);
    assert!(
        text.contains("input `images` is [1, 3, 192, 192], the manifest needs [1, 3, 416, 416]"),
        "{text}"
    );
    assert!(text.contains("output `output` is [1, 756, 6], the manifest needs [1, 3549, 85]"), "{text}");

    let model = as_yolox(dir.path(), &fixtures.onnx("yolox_nano_416.onnx"));
    assert_eq!(open(&fixtures.runtime, &model), "it opened");
    let free = described(&model, |m| m.input.resolution = Resolution::Dynamic);
    let text = open(&fixtures.runtime, &free);
    assert!(text.contains("the manifest needs [1, 3, ?, ?]"), "{text}");
    let larger = described(&model, |m| m.input.size = InputSize { width_px: 640, height_px: 384 });
    assert!(open(&fixtures.runtime, &larger).contains("the manifest needs [1, 3, 384, 640]"));

    let model = as_yolox(dir.path(), &fixtures.onnx("deimv2_femto_416.onnx"));
    let text = open(&fixtures.runtime, &model);
    assert!(text.contains("it has 2 inputs (images, orig_target_sizes), this family has 1"), "{text}");
    assert!(text.contains("it has 3 outputs (labels, boxes, scores), this family has exactly 1"), "{text}");
}

#[test]
fn a_damaged_file_is_named_with_both_hashes_and_the_remedy() {
    let runtime = fixtures::runtime();
    let models = tempfile::tempdir().unwrap();
    let model = install_copy(models.path());
    let mut bytes = fs::read(model.onnx()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(model.onnx(), &bytes).unwrap();
    let text = open(&runtime, &model);
    for part in [
        model.onnx().to_str().unwrap(),
        &model.manifest.sha256.to_string(),
        &Sha256Hash::of(&bytes).to_string(),
        "sharpeyes model add",
    ] {
        assert!(text.contains(part), "`{part}` is not in `{text}`");
    }
    // Cut short and described as such: the hash fits, ONNX Runtime refuses.
    bytes.truncate(middle);
    fs::write(model.onnx(), &bytes).unwrap();
    let cut = described(&model, |m| m.sha256 = Sha256Hash::of(&bytes));
    let text = open(&runtime, &cut);
    assert!(text.contains("no model that this ONNX Runtime can load"), "{text}");
    fs::remove_file(model.onnx()).unwrap();
    assert!(open(&runtime, &model).contains("cannot be read"));
}

#[test]
fn a_runtime_that_is_not_there_is_an_error_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("libonnxruntime.so");
    let text = Runtime::load(&missing).unwrap_err().to_string();
    assert!(text.contains("scripts/onnxruntime.sh") && text.contains(missing.to_str().unwrap()), "{text}");
    fs::write(&missing, "no library").unwrap();
    let text = Runtime::load(&missing).unwrap_err().to_string();
    assert!(text.contains("scripts/onnxruntime.sh"), "{text}");
}

#[test]
fn the_runtime_is_loaded_once() {
    let runtime = fixtures::runtime();
    let again = Runtime::load(runtime.library()).unwrap();
    assert_eq!(again.library(), runtime.library());
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("libonnxruntime.so");
    fs::copy(runtime.library(), &copy).unwrap();
    let error = Runtime::load(&copy).unwrap_err();
    assert!(matches!(error, InferenceError::RuntimeInUse { .. }), "{error}");
}
