//! Long mixed footage, to see that the same pictures give the same alarms twice, byte for byte.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use super::run::{Ladder, Replayed, Runner};
use crate::{
    scene::Scene,
    shared::{cache, workspace_root},
    site::{SiteBuilder, SiteCamera},
};

/// Rules of the camera that sees the day: whole picture, so that every scene concerns some of them.
const RULES: &str = "tests/labels/day.toml";
const SIZE_PX: (u32, u32) = (640, 360);
const FPS: u32 = 12;

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Loops of the quiet scene after each other scene.
    pub quiet: usize,
    /// How often the whole is played.
    pub times: usize,
}

impl Mix {
    /// Some minutes: every scene once, nothing between them.
    pub const SHORT: Self = Self { quiet: 0, times: 1 };
}

/// Both replays of one piece of footage at one rung.
#[derive(Debug)]
pub struct Twice {
    /// SHA-256 of each `alarms.jsonl`.
    pub hashes: [String; 2],
    /// The second.
    pub replayed: Replayed,
}

/// Every scene after the other, encoded as a camera would, and repeated without encoding again. Kept in the cache.
///
/// # Errors
/// When ffmpeg refuses.
pub fn footage(mix: Mix) -> anyhow::Result<PathBuf> {
    let scenes = Scene::all()?;
    let quiet = scenes.iter().find(|scene| scene.name.contains("quiet")).context("no quiet scene")?;
    let mut files = Vec::new();
    for scene in &scenes {
        files.push(scene.video());
        files.extend(std::iter::repeat_n(quiet.video(), mix.quiet));
    }
    let mut content = Sha256::new();
    for file in &files {
        content.update(fs::read(file).with_context(|| file.display().to_string())?);
    }
    let name = hex::encode(&content.finalize()[..6]);
    fs::create_dir_all(cache())?;
    let once = cache().join(format!("mix-{name}.mp4"));
    let lock = fs::File::create(once.with_extension("lock"))?;
    lock.lock()?;
    if !once.is_file() {
        encode(&files, &once)?;
    }
    if mix.times == 1 {
        return Ok(once);
    }
    let path = cache().join(format!("mix-{name}-{}.mp4", mix.times));
    if !path.is_file() {
        let part = path.with_extension("part");
        ffmpeg(
            Command::new("ffmpeg")
                .args(["-nostdin", "-v", "error", "-y", "-stream_loop", &(mix.times - 1).to_string(), "-i"])
                .arg(&once)
                .args(["-c", "copy", "-f", "mp4"])
                .arg(&part),
        )?;
        fs::rename(part, &path)?;
    }
    Ok(path)
}

fn encode(files: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    let (width, height) = SIZE_PX;
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]);
    for file in files {
        command.arg("-i").arg(file);
    }
    let fitted =
        |at: usize| format!("[{at}:v]scale={width}:{height},fps={FPS},format=yuv420p,setsar=1[v{at}];");
    let inputs: String = (0..files.len()).map(fitted).collect();
    let names: String = (0..files.len()).map(|at| format!("[v{at}]")).collect();
    let part = to.with_extension("part");
    command
        .args(["-filter_complex", &format!("{inputs}{names}concat=n={}:v=1[all]", files.len())])
        .args(["-map", "[all]", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"])
        .args(["-bf", "0", "-crf", "27", "-g", "24", "-keyint_min", "24", "-sc_threshold", "0"])
        .args(["-threads", "1", "-f", "mp4"])
        .arg(&part);
    ffmpeg(&mut command)?;
    Ok(fs::rename(part, to)?)
}

/// How long a file plays.
///
/// # Errors
/// When ffprobe does not know.
pub fn seconds(video: &Path) -> anyhow::Result<f64> {
    let asked = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"])
        .arg(video)
        .output()
        .context("ffprobe")?;
    String::from_utf8_lossy(&asked.stdout).trim().parse().with_context(|| video.display().to_string())
}

fn ffmpeg(command: &mut Command) -> anyhow::Result<()> {
    let ran = command.stdin(Stdio::null()).output().context("ffmpeg")?;
    ensure!(ran.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}

/// Replays `video` twice as a camera with every kind of rule, in processes of their own.
///
/// # Errors
/// When a replay fails.
pub fn twice(
    runner: &Runner,
    runtime: &Path,
    video: &Path,
    ladder: Ladder,
    out: &Path,
) -> anyhow::Result<Twice> {
    let rules = workspace_root().join(RULES);
    let rules = fs::read_to_string(&rules).with_context(|| rules.display().to_string())?;
    let camera = SiteCamera::new("cam", "rtsp://127.0.0.1/unused").described(rules.parse()?);
    let site = SiteBuilder::new()
        .set("inference", "runtime", runtime.to_string_lossy().as_ref())
        .camera(camera.with("analyse", "main"))
        .write()?;
    let first = runner.run(&site.file(), video, ladder, &out.join("first"))?.alarms_hash()?;
    let replayed = runner.run(&site.file(), video, ladder, &out.join("second"))?;
    Ok(Twice { hashes: [first, replayed.alarms_hash()?], replayed })
}
