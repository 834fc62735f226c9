//! The footage that comes with the product: short scenes of our own making, with the truth about them.
//!
//! A scene NAME is `NAME.mp4`, `NAME.camera.toml` (what a site file would say of its camera: `name`, `place`, zones and
//! rules), `NAME.events.json` (what the rules must notice) and `NAME.gt.txt` (MOTChallenge rows: every box).

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use toml::Table;

use crate::{replayed::Event, shared::workspace_root, site::SiteCamera};

/// One scene.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Its file's stem; fit for a camera's id.
    pub name: String,
    folder: PathBuf,
}

/// One row of the truth: a thing in a frame, in pixels of the video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruthBox {
    /// From 1.
    pub frame: usize,
    /// The same thing has the same one in every frame.
    pub id: i64,
    /// Left edge.
    pub left_px: f64,
    /// Upper edge.
    pub top_px: f64,
    /// Width.
    pub width_px: f64,
    /// Height.
    pub height_px: f64,
    /// What it is: 1 is a person.
    pub class: u32,
    /// Share of it that nothing hides.
    pub visible: f64,
}

/// What `NAME.events.json` says.
#[derive(Clone, Debug, Deserialize)]
pub struct Truth {
    /// Pictures in the video.
    pub frames: usize,
    /// Pictures a second; the mean where they come unevenly.
    pub fps: f64,
    /// Their width, pixels.
    pub width: i32,
    /// Their height, pixels.
    pub height: i32,
    /// What the camera's rules must notice.
    pub events: Vec<Event>,
}

impl Scene {
    /// Where the scenes are.
    #[must_use]
    pub fn folder() -> PathBuf {
        workspace_root().join("tests/footage")
    }

    /// Every scene, by name.
    ///
    /// # Errors
    /// When there is none: they come with the product, so that is never a reason to skip.
    pub fn all() -> anyhow::Result<Vec<Self>> {
        let scenes = Self::all_in(&Self::folder())?;
        ensure!(!scenes.is_empty(), "no scene (NAME.mp4) in {}", Self::folder().display());
        Ok(scenes)
    }

    /// Every clip of the evaluation, by name: scenes too, but not for the demo nor held to one alarm an event.
    ///
    /// # Errors
    /// When there is none.
    pub fn clips() -> anyhow::Result<Vec<Self>> {
        let folder = Self::folder().join("eval");
        let clips = Self::all_in(&folder)?;
        ensure!(!clips.is_empty(), "no clip (NAME.mp4) in {}", folder.display());
        Ok(clips)
    }

    fn all_in(folder: &Path) -> anyhow::Result<Vec<Self>> {
        let mut scenes = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "mp4") {
                let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
                scenes.push(Self { name, folder: folder.to_path_buf() });
            }
        }
        scenes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(scenes)
    }

    /// The scene of this name.
    ///
    /// # Errors
    /// When it is not there.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        let scene = Self { name: name.to_owned(), folder: Self::folder() };
        ensure!(scene.video().is_file(), "no scene {}", scene.video().display());
        Ok(scene)
    }

    /// The video.
    #[must_use]
    pub fn video(&self) -> PathBuf {
        self.file("mp4")
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    fn read(&self, extension: &str) -> anyhow::Result<String> {
        let path = self.file(extension);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// What happens in the video.
    ///
    /// # Errors
    /// When the file is missing or says anything else.
    pub fn truth(&self) -> anyhow::Result<Truth> {
        serde_json::from_str(&self.read("events.json")?).with_context(|| format!("{}.events.json", self.name))
    }

    /// Every box of the truth.
    ///
    /// # Errors
    /// When the file is missing or a row is none.
    pub fn boxes(&self) -> anyhow::Result<Vec<TruthBox>> {
        truth_boxes(&self.read("gt.txt")?).with_context(|| format!("{}.gt.txt", self.name))
    }

    /// The scene's camera in a site file, with its zones and rules.
    ///
    /// # Errors
    /// When `NAME.camera.toml` is missing or no TOML.
    pub fn camera(&self, main: impl Into<String>) -> anyhow::Result<SiteCamera> {
        let described: Table = self.read("camera.toml")?.parse().with_context(|| self.name.clone())?;
        Ok(SiteCamera::new(&self.name, main).described(described))
    }
}

/// The rows of a MOTChallenge file.
///
/// # Errors
/// When a row is none.
pub fn truth_boxes(text: &str) -> anyhow::Result<Vec<TruthBox>> {
    let row = |line: &str| truth_box(line).with_context(|| line.to_owned());
    text.lines().filter(|line| !line.is_empty()).map(row).collect()
}

fn truth_box(line: &str) -> anyhow::Result<TruthBox> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let number = |i: usize| -> anyhow::Result<f64> { Ok(fields.get(i).context("a field")?.parse()?) };
    Ok(TruthBox {
        frame: fields.first().context("a frame")?.parse()?,
        id: fields.get(1).context("an id")?.parse()?,
        left_px: number(2)?,
        top_px: number(3)?,
        width_px: number(4)?,
        height_px: number(5)?,
        class: fields.get(7).context("a class")?.parse()?,
        visible: number(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_truth_says_where_and_what_and_how_much_of_it_is_seen() {
        let expected = TruthBox {
            frame: 12,
            id: 3,
            left_px: 1.5,
            top_px: 2.0,
            width_px: 30.0,
            height_px: 80.25,
            class: 4,
            visible: 0.9,
        };
        assert_eq!(truth_box("12, 3, 1.5, 2, 30, 80.25, 1, 4, 0.9").unwrap(), expected);
        for wrong in ["", "12,3,1,2,3,4", "a,3,1,2,3,4,1,1,1"] {
            assert!(truth_box(wrong).is_err(), "{wrong}");
        }
    }
}
