//! Labelled videos: our own scenes, and real ones of `../shared` with the labels in `tests/labels`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sharpeyes_domain::{
    geometry::{NormPoint, Polygon},
    rule::RuleClass,
};
use toml::{Table, Value};

use crate::{
    scene::{Scene, Truth, TruthBox, truth_boxes},
    shared::{Shared, workspace_root},
    site::SiteCamera,
};

/// Where a video comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Rendered by this project, in the repository.
    Scene,
    /// Filmed, beside the checkout.
    Real,
}

impl Origin {
    /// For tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scene => "scene",
            Self::Real => "real",
        }
    }
}

/// A video, its camera, and what is known to happen in it.
#[derive(Clone, Debug)]
pub struct Clip {
    /// Its file's stem.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The file.
    pub video: PathBuf,
    /// What happens.
    pub truth: Truth,
    /// `NAME.camera.toml`.
    description: Table,
    boxes: Option<PathBuf>,
}

/// A rule of a clip's camera, as far as scoring needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipRule {
    /// Unique within the camera.
    pub id: String,
    /// What kind of event.
    pub class: RuleClass,
    /// Corners of its zone, normalised; `None` is the whole picture.
    pub zone: Option<Vec<NormPoint>>,
    /// Both ends of its line, normalised.
    pub line: Option<Vec<NormPoint>>,
}

impl Clip {
    /// Every labelled video: scenes first, then the real ones that `shared` has.
    ///
    /// # Errors
    /// When a label cannot be read, or says something that the product does not know.
    pub fn all(shared: Option<&Shared>) -> anyhow::Result<Vec<Self>> {
        let mut folders = vec![Scene::folder()];
        let more = Scene::folder().join("eval");
        folders.extend(more.is_dir().then_some(more));
        let mut clips = Vec::new();
        for folder in folders {
            for scene in stems(&folder, ".mp4")? {
                clips.push(Self::load(&scene, Origin::Scene, &folder, folder.join(format!("{scene}.mp4")))?);
            }
        }
        let Some(shared) = shared else { return Ok(clips) };
        let labels = Self::labels();
        for name in stems(&labels, ".events.json")? {
            let mut clip = Self::load(&name, Origin::Real, &labels, shared.video(&format!("{name}.mp4")))?;
            let boxes = shared.video(&format!("{name}.gt.txt"));
            clip.boxes = boxes.is_file().then_some(boxes);
            clips.push(clip);
        }
        Ok(clips)
    }

    /// Labels of the real videos.
    #[must_use]
    pub fn labels() -> PathBuf {
        workspace_root().join("tests/labels")
    }

    fn load(name: &str, origin: Origin, labels: &Path, video: PathBuf) -> anyhow::Result<Self> {
        let read = |extension: &str| {
            let path = labels.join(format!("{name}.{extension}"));
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let truth =
            serde_json::from_str(&read("events.json")?).with_context(|| format!("{name}.events.json"))?;
        let description = read("camera.toml")?.parse().with_context(|| format!("{name}.camera.toml"))?;
        let boxes = labels.join(format!("{name}.gt.txt"));
        let boxes = boxes.is_file().then_some(boxes);
        let clip = Self { name: name.to_owned(), origin, video, truth, description, boxes };
        clip.rules().with_context(|| format!("{name}.camera.toml"))?;
        Ok(clip)
    }

    /// Rules and tracker are tuned on half of the clips alone: those whose names' bytes add up to an even number.
    #[must_use]
    pub fn is_held_out(&self) -> bool {
        self.name.bytes().map(u32::from).sum::<u32>() % 2 == 1
    }

    /// Its camera in a site file.
    #[must_use]
    pub fn camera(&self) -> SiteCamera {
        SiteCamera::new(&self.name, "rtsp://127.0.0.1/unused").described(self.description.clone())
    }

    /// The same camera with `keep` of its rules alone.
    #[must_use]
    pub fn with_rules(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut clip = self.clone();
        let lists = clip.description.get_mut("camera").and_then(Value::as_table_mut);
        if let Some(rules) = lists.and_then(|lists| lists.get_mut("rule")).and_then(Value::as_array_mut) {
            rules.retain(|rule| rule.get("kind").and_then(Value::as_str).is_some_and(&keep));
        }
        clip
    }

    /// Its camera's rules.
    ///
    /// # Errors
    /// When one is of no known class, or its zone or line is not there.
    pub fn rules(&self) -> anyhow::Result<Vec<ClipRule>> {
        let lists = self.description.get("camera").and_then(Value::as_table);
        let list = |key: &str| lists.and_then(|lists| lists.get(key)).and_then(Value::as_array);
        let shape = |rule: &Value, key: &str, points: &str| -> anyhow::Result<Option<Vec<NormPoint>>> {
            let Some(id) = rule.get(key).and_then(Value::as_str) else { return Ok(None) };
            let named = |shape: &&Value| shape.get("id").and_then(Value::as_str) == Some(id);
            let shape = list(key).and_then(|shapes| shapes.iter().find(named));
            let shape = shape.with_context(|| format!("no {key} `{id}`"))?;
            Ok(Some(corners(shape.get(points).with_context(|| format!("{key} `{id}`: no {points}"))?)?))
        };
        let rule = |rule: &Value| {
            let text = |key: &str| rule.get(key).and_then(Value::as_str).context(key.to_owned());
            Ok(ClipRule {
                id: text("id")?.to_owned(),
                class: text("kind")?.parse()?,
                zone: shape(rule, "zone", "polygon")?,
                line: shape(rule, "line", "points")?,
            })
        };
        list("rule").into_iter().flatten().map(rule).collect()
    }

    /// Every box of the truth, where there is one.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn boxes(&self) -> anyhow::Result<Option<Vec<TruthBox>>> {
        let Some(path) = &self.boxes else { return Ok(None) };
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(Some(truth_boxes(&text).with_context(|| path.display().to_string())?))
    }

    /// The file of its boxes, MOTChallenge rows.
    #[must_use]
    pub fn boxes_file(&self) -> Option<&Path> {
        self.boxes.as_deref()
    }
}

impl ClipRule {
    /// Its zone for asking what lies in it.
    ///
    /// # Errors
    /// When the corners enclose nothing.
    pub fn polygon(&self) -> anyhow::Result<Polygon> {
        Ok(match &self.zone {
            Some(corners) => Polygon::new(corners.clone())?,
            None => Polygon::whole_picture(),
        })
    }
}

fn corners(points: &Value) -> anyhow::Result<Vec<NormPoint>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "shares of a picture")]
    let number = |value: &Value| value.as_float().or(value.as_integer().map(|n| n as f64)).map(|n| n as f32);
    let point = |point: &Value| {
        let xy = point.as_array().context("a point is [x, y]")?;
        let at = |i: usize| xy.get(i).and_then(number).context("a point is [x, y]");
        Ok(NormPoint { x: at(0)?, y: at(1)? })
    };
    points.as_array().context("a list of points")?.iter().map(point).collect()
}

/// Names of the files with this ending, in order.
fn stems(folder: &Path, ending: &str) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(ending).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
