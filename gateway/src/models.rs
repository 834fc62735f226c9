//! Which detector a camera gets, and how the API and the console call what is wrong with it.

use sharpeyes_config::{Camera, Inference, InferenceProvider, Site};
use sharpeyes_domain::{ids::ModelId, rule::RuleConfig};
use sharpeyes_inference::{DetectorOptions, InferenceError, ModelFile, Provider, built_in, catalogue};

/// The camera's own model, else the site's default, else the one that is built into the program.
///
/// # Errors
/// When the model that is named is not installed, or its manifest is wrong.
pub fn choose(inference: &Inference, wanted: Option<&ModelId>) -> Result<ModelFile, InferenceError> {
    match wanted.or(inference.default_model.as_ref()) {
        Some(id) => catalogue::find(&inference.models, id),
        None => Ok(built_in()),
    }
}

/// The model that looks beside a camera's own one and only writes down what it would raise; `None` when there is none, when
/// it is the very same or when no rule could be compared.
#[must_use]
pub fn shadow_of<'a>(site: &'a Site, camera: &'a Camera) -> Option<&'a ModelId> {
    let shadow = camera.shadow_model.as_ref().or(site.inference.shadow_model.as_ref())?;
    let is_asked = camera.analysed().is_some() && !camera.rules.is_empty();
    let own = camera.model.as_ref().or(site.inference.default_model.as_ref());
    let is_own = own.map_or(built_in().manifest.id == *shadow, |own| own == shadow);
    (is_asked && !is_own).then_some(shadow)
}

/// How detectors are run here.
#[must_use]
pub fn options(inference: &Inference) -> DetectorOptions {
    let provider = match inference.provider {
        InferenceProvider::Cpu => Provider::Cpu,
        InferenceProvider::OpenVino => Provider::OpenVino,
    };
    DetectorOptions { provider, ..DetectorOptions::default() }
}

/// Rules about what their camera's detector has no word for, such as smoke, each in a sentence. They could never raise an
/// alarm, so they are refused like any other mistake in the site file. A camera without a usable detector is not judged:
/// what is wrong with that is told elsewhere.
#[must_use]
pub fn blind_rules(site: &Site) -> Vec<String> {
    let mut found = Vec::new();
    for camera in site.cameras.iter().filter(|camera| camera.analysed().is_some()) {
        let Ok(model) = choose(&site.inference, camera.model.as_ref()) else { continue };
        let rules = camera.rules.iter().chain(&camera.shadow_rules);
        found.extend(rules.filter_map(|rule| {
            let why = blind_to(rule, &model)?;
            Some(format!("camera `{}`, rule `{}`: {why}", camera.id, rule.id))
        }));
    }
    found
}

/// Why the detector can never raise an alarm of this rule; `None` when it can.
#[must_use]
pub fn blind_to(rule: &RuleConfig, model: &ModelFile) -> Option<String> {
    let class = rule.kind.needs_class()?;
    let is_known = model.manifest.classes.map.values().any(|known| *known == class);
    (!is_known).then(|| {
        format!(
            "the detector `{}` does not know the class `{class}`: name one that does with `model`, or leave the rule out",
            model.manifest.id
        )
    })
}

/// The same words, by their letters: what the process of a detector says.
#[must_use]
pub fn known_code(word: &str) -> &'static str {
    let all = [
        "runtime_missing",
        "runtime_unusable",
        "provider_missing",
        "detector_nan",
        "detector_flood",
        "model_missing",
        "manifest_invalid",
        "model_damaged",
        "model_unreadable",
        "model_refused",
        "model_mismatch",
        "detector_slow",
    ];
    all.into_iter().find(|known| *known == word).unwrap_or("detector_failed")
}

/// Stable word for the API and the console.
#[must_use]
pub const fn code(error: &InferenceError) -> &'static str {
    match error {
        InferenceError::RuntimeMissing { .. } => "runtime_missing",
        InferenceError::RuntimeUnusable { .. } | InferenceError::RuntimeInUse { .. } => "runtime_unusable",
        InferenceError::ProviderMissing { .. } => "provider_missing",
        InferenceError::NotFinite { .. } => "detector_nan",
        InferenceError::Flood { .. } => "detector_flood",
        InferenceError::ModelMissing { .. } => "model_missing",
        InferenceError::ManifestInvalid { .. } | InferenceError::NameTaken { .. } => "manifest_invalid",
        InferenceError::ModelDamaged { .. } => "model_damaged",
        InferenceError::ModelUnreadable { .. } => "model_unreadable",
        InferenceError::IdentityVectors { .. } => "model_refused",
        InferenceError::ModelMismatch { .. } => "model_mismatch",
        InferenceError::Interrupted { .. } => "detector_slow",
        InferenceError::Picture { .. } | InferenceError::Run { .. } | InferenceError::Output { .. } => {
            "detector_failed"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU16, time::Duration};

    use sharpeyes_inference::{BUILT_IN, Place};

    use super::*;

    #[test]
    fn a_camera_that_names_no_detector_gets_the_built_in_one_whatever_is_installed() {
        let models = tempfile::tempdir().unwrap();
        let yolox = include_str!("../../inference/models/yolox-416.toml");
        for name in ["one", "other"] {
            std::fs::create_dir(models.path().join(name)).unwrap();
            let manifest = format!("id = \"{name}\"\nsha256 = \"{}\"\n{yolox}", "5e".repeat(32));
            std::fs::write(models.path().join(name).join("model.toml"), manifest).unwrap();
        }
        let check = |default: Option<&str>, wanted: Option<&str>, expected: &str| {
            let id = |name: Option<&str>| name.map(|name| ModelId::new(name).unwrap());
            let inference = Inference {
                runtime: None,
                models: models.path().to_owned(),
                threads: NonZeroU16::MIN,
                default_model: id(default),
                shadow_model: None,
                provider: InferenceProvider::Cpu,
                process: sharpeyes_config::InferenceProcess::Inside,
                time_limit: Duration::from_secs(2),
            };
            let chosen = choose(&inference, id(wanted).as_ref());
            let name = match &chosen {
                Ok(model) => model.manifest.id.as_str(),
                Err(error) => code(error),
            };
            assert_eq!(name, expected, "default {default:?}, wanted {wanted:?}");
            let is_built_in = chosen.is_ok_and(|model| model.place == Place::Program);
            assert_eq!(is_built_in, expected == BUILT_IN, "{expected}");
        };
        check(None, None, BUILT_IN);
        check(Some("one"), None, "one");
        check(Some("one"), Some("other"), "other");
        check(Some("one"), Some(BUILT_IN), BUILT_IN);
        check(Some("gone"), None, "model_missing");
    }
}
