//! One replay of one clip: with which detector, at which rung, and what it wrote.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{ids::ModelId, track::Track};

use super::{
    clip::{Clip, Origin},
    retrack::retrack,
};
use crate::{
    model,
    replayed::{self, Alarm},
    shared::Shared,
    site::SiteBuilder,
};

/// When the first picture of every clip was seen, for schedules: a working day's morning in the site's time zone.
const START: &str = "2026-11-25T02:00:00Z";

/// Which detector looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// The one that is in the program.
    BuiltIn,
    /// YOLOX-nano of `../shared`.
    YoloxNano,
}

impl Model {
    /// Both.
    pub const ALL: [Self; 2] = [Self::BuiltIn, Self::YoloxNano];

    /// For tables and folders.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::YoloxNano => "yolox-nano",
        }
    }
}

/// How much is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ladder {
    /// Everything.
    Full,
    /// What the ladder decides.
    Auto,
}

impl Ladder {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Full, Self::Auto];

    /// As the command line says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Auto => "auto",
        }
    }
}

/// How a clip is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// The detector.
    pub model: Model,
    /// The rung.
    pub ladder: Ladder,
    /// Pictures a second in place of the camera's own setting.
    pub fps: Option<u32>,
}

/// Runs replays, and keeps what they wrote in one folder for each.
#[derive(Debug)]
pub struct Runner {
    program: PathBuf,
    runtime: PathBuf,
    out: PathBuf,
    yolox: Option<(PathBuf, ModelId)>,
    models: Vec<Model>,
    stand_in: Option<PathBuf>,
    reuse: Reuse,
    /// Pictures a second to which what the detector saw is thinned.
    thin: Option<f32>,
}

/// What becomes of the files of an earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// They are made anew.
    Nothing,
    /// They are taken as they are: for a run that was interrupted.
    Everything,
    /// What the detector saw goes through tracker and rules once more.
    Detections,
}

/// What one replay wrote.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The folder of its files.
    pub folder: PathBuf,
    /// Alarms, by their beginning.
    pub alarms: Vec<Alarm>,
    /// Media time covered, hours.
    pub hours: f64,
    /// Pictures that the detector saw.
    pub detected: u64,
}

/// Confirmed tracks of one picture.
#[derive(Clone, Debug, Deserialize)]
pub struct TracksLine {
    /// Media time, 90 kHz.
    pub pts_90k: i64,
    /// In order of id.
    pub tracks: Vec<Track>,
}

impl Runner {
    /// `program` is the product's own command line.
    ///
    /// # Errors
    /// When there is no ONNX Runtime, or a detector is refused.
    pub fn new(program: PathBuf, out: PathBuf, shared: Option<&Shared>) -> anyhow::Result<Self> {
        let runtime = model::runtime_library()?;
        let yolox = shared.map(|shared| {
            let models = out.join("models");
            let _ = fs::remove_dir_all(&models);
            model::install_yolox_nano(shared, &models).map(|id| (models, id))
        });
        Ok(Self {
            program,
            runtime,
            out,
            yolox: yolox.transpose()?,
            models: Model::ALL.to_vec(),
            stand_in: None,
            reuse: Reuse::Nothing,
            thin: None,
        })
    }

    /// The same, with use for what an earlier run has written.
    #[must_use]
    pub fn reusing(self, reuse: Reuse) -> Self {
        Self { reuse, ..self }
    }

    /// The same, but what the detector saw in an earlier run is thinned to at most `fps` pictures a second.
    #[must_use]
    pub fn thinned(self, fps: Option<f32>) -> Self {
        Self { thin: fps, ..self }
    }

    /// The same, with an installed model, by its folder, in place of the built-in one.
    ///
    /// # Errors
    /// When no model is in `folder`.
    pub fn with_stand_in(self, folder: Option<&Path>) -> anyhow::Result<Self> {
        let of = |folder: &Path| {
            let manifest = folder.join("model.toml");
            ensure!(manifest.is_file(), "no model stands in: there is no {}", manifest.display());
            std::path::absolute(folder).with_context(|| folder.display().to_string())
        };
        Ok(Self { stand_in: folder.map(of).transpose()?, ..self })
    }

    /// The detectors that are there. On our own scenes another than the built-in one would say little: its makers never
    /// saw anything rendered.
    #[must_use]
    pub fn models(&self, origin: Origin) -> Vec<Model> {
        let yolox = (self.yolox.is_some() && origin == Origin::Real).then_some(Model::YoloxNano);
        let there = [Model::BuiltIn].into_iter().chain(yolox);
        there.filter(|model| self.models.contains(model)).collect()
    }

    /// The same with these detectors alone; none named is all.
    ///
    /// # Errors
    /// When one is not known.
    pub fn limited_to(self, names: &[String]) -> anyhow::Result<Self> {
        let of = |name: &String| {
            let known = Model::ALL.into_iter().find(|model| model.as_str() == name);
            known.with_context(|| format!("no detector `{name}`"))
        };
        let models: Vec<Model> = names.iter().map(of).collect::<anyhow::Result<_>>()?;
        Ok(if models.is_empty() { self } else { Self { models, ..self } })
    }

    /// Whether this build climbs and rests on its own.
    ///
    /// # Errors
    /// When the program cannot be asked.
    pub fn has_ladder(&self) -> anyhow::Result<bool> {
        let help =
            Command::new(&self.program).args(["replay", "--help"]).output().context("replay --help")?;
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let (_, ladder) = help.split_once("--ladder").context("replay knows no --ladder")?;
        let values = ladder.split("--start").next().unwrap_or_default();
        Ok(values.contains(Ladder::Auto.as_str()))
    }

    /// Replays `clip`.
    ///
    /// # Errors
    /// When the program fails, with its log, or sees nothing.
    pub fn replay(&self, clip: &Clip, setting: Setting) -> anyhow::Result<Replayed> {
        let Setting { model, ladder, fps } = setting;
        let fps_name = fps.map(|fps| format!("-{fps}fps")).unwrap_or_default();
        let name = format!("{}-{}{fps_name}", model.as_str(), ladder.as_str());
        let out = self.out.join("runs").join(&clip.name).join(name);
        let mut camera = clip.camera().with("id", "cam").with("analyse", "main");
        if let Some(fps) = fps {
            camera = camera.with("fps", f64::from(fps));
        }
        let mut site =
            SiteBuilder::new().set("inference", "runtime", self.runtime.to_string_lossy().as_ref());
        let installed = match (model, &self.stand_in) {
            (Model::YoloxNano, _) => {
                let (models, id) = self.yolox.as_ref().context("no yolox-nano")?;
                Some((models.as_path(), id.as_str()))
            }
            (Model::BuiltIn, Some(folder)) => {
                let name = folder.file_name().and_then(OsStr::to_str).context("the name of a model")?;
                Some((folder.parent().context("a folder of models")?, name))
            }
            (Model::BuiltIn, None) => None,
        };
        if let Some((models, name)) = installed {
            site = site.set("inference", "models", models.to_string_lossy().as_ref()).set(
                "inference",
                "default_model",
                name,
            );
        }
        let site = site.camera(camera).write()?;
        self.run(&site.file(), &clip.video, ladder, &out).with_context(|| clip.name.clone())
    }

    /// Replays `video` as camera `cam` of a site file.
    ///
    /// # Errors
    /// As [`Runner::replay`].
    pub fn run(&self, site: &Path, video: &Path, ladder: Ladder, out: &Path) -> anyhow::Result<Replayed> {
        if self.reuse != Reuse::Nothing && out.join("stats.json").is_file() {
            if self.reuse == Reuse::Detections {
                if let Some(fps) = self.thin {
                    let thinned = copy(out, &format!("thin{fps}"))?;
                    retrack(site, &thinned, Some(fps)).with_context(|| thinned.display().to_string())?;
                    return Replayed::read(&thinned);
                }
                retrack(site, out, None).with_context(|| out.display().to_string())?;
            }
            return Replayed::read(out);
        }
        let _ = fs::remove_dir_all(out);
        fs::create_dir_all(out).with_context(|| out.display().to_string())?;
        fs::copy(site, out.join("site.toml")).with_context(|| site.display().to_string())?;
        let ran = Command::new(&self.program)
            .args(["replay", "--camera", "cam", "--start", START, "--ladder", ladder.as_str(), "-c"])
            .arg(site)
            .arg("--video")
            .arg(video)
            .arg("--out")
            .arg(out)
            .env("SHARPEYES_LOG", "warn")
            .stdin(Stdio::null())
            .output()
            .context("sharpeyes replay")?;
        ensure!(
            ran.status.success(),
            "replay of {}: {}{}",
            video.display(),
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        Replayed::read(out)
    }
}

/// A replay's files once more, in the folder `name` below its own.
fn copy(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let to = folder.join(name);
    fs::create_dir_all(&to).with_context(|| to.display().to_string())?;
    for file in ["detections.jsonl", "tracks.jsonl", "ladder.jsonl", "stats.json"] {
        fs::copy(folder.join(file), to.join(file)).with_context(|| to.join(file).display().to_string())?;
    }
    Ok(to)
}

impl Replayed {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let stats: Value = serde_json::from_str(&fs::read_to_string(folder.join("stats.json"))?)?;
        let number = |key: &str| stats[key].as_u64().with_context(|| format!("no {key} in {stats}"));
        let detected = number("detected")?;
        ensure!(number("units")? > 0, "nothing was read: {stats}");
        #[expect(clippy::cast_precision_loss, reason = "hours of video")]
        let hours = number("media_ms")? as f64 / 3_600_000.0;
        let alarms = replayed::alarms(&fs::read_to_string(folder.join("alarms.jsonl"))?)?;
        Ok(Self { folder: folder.to_owned(), alarms, hours, detected })
    }

    /// The tracks of every picture that was looked at.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn tracks(&self) -> anyhow::Result<BTreeMap<i64, Vec<Track>>> {
        let path = self.folder.join("tracks.jsonl");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let line = |line: &str| {
            let line: TracksLine = serde_json::from_str(line)?;
            Ok((line.pts_90k, line.tracks))
        };
        text.lines().map(line).collect::<anyhow::Result<_>>().with_context(|| path.display().to_string())
    }

    /// What the ladder said about the time from `from_s` to `to_s`, and last before it; `None` where nothing was decided.
    #[must_use]
    pub fn rung_reason(&self, from_s: f64, to_s: f64) -> Option<String> {
        let text = fs::read_to_string(self.folder.join("ladder.jsonl")).ok()?;
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let timed: Vec<(f64, Value)> = lines
            .filter_map(|line| {
                let pts = line["pts_90k"].as_f64()?;
                Some((pts / 90_000.0, line))
            })
            .collect();
        let before = timed.iter().rev().find(|(at, _)| *at < from_s);
        let during = timed.iter().filter(|(at, _)| (from_s..=to_s).contains(at)).take(3);
        let said = before.into_iter().chain(during).map(|(at, line)| {
            let field = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            format!("{at:.1} s to {} ({})", field("to"), field("reason"))
        });
        let said: Vec<String> = said.collect();
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// SHA-256 of `alarms.jsonl`, hexadecimal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn alarms_hash(&self) -> anyhow::Result<String> {
        Ok(hex::encode(Sha256::digest(fs::read(self.folder.join("alarms.jsonl"))?)))
    }
}
