//! Long mixed footage, to see that the same pictures give the same alarms twice, byte for byte.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sharpeyes::analyze::pipeline::local_time;
use sharpeyes_config::{Camera, Site};
use sharpeyes_domain::{
    alarm::AlarmEdge,
    detection::Detection,
    rule::{FrameTime, RuleState},
    time::{MediaDuration, Pts, WallTime},
    track::{Tracker, TrackerConfig},
};

use super::run::{Ladder, Replayed, Runner};
use crate::{
    scene::Scene,
    shared::{cache, workspace_root},
    site::{SiteBuilder, SiteCamera, TestSite},
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
    /// About half an hour: one scene in ten is not the quiet one.
    pub const HALF_HOUR: Self = Self { quiet: 9, times: 1 };
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
    let site = site(runtime)?;
    let first = runner.run(&site.file(), video, ladder, &out.join("first"))?.alarms_hash()?;
    let replayed = runner.run(&site.file(), video, ladder, &out.join("second"))?;
    Ok(Twice { hashes: [first, replayed.alarms_hash()?], replayed })
}

fn site(runtime: &Path) -> anyhow::Result<TestSite> {
    let rules = workspace_root().join(RULES);
    let rules = fs::read_to_string(&rules).with_context(|| rules.display().to_string())?;
    let camera = SiteCamera::new("cam", "rtsp://127.0.0.1/unused").described(rules.parse()?);
    SiteBuilder::new()
        .set("inference", "runtime", runtime.to_string_lossy().as_ref())
        .camera(camera.with("analyse", "main"))
        .write()
}

/// A line of `detections.jsonl`.
#[derive(Clone, Debug, Deserialize)]
struct Seen {
    pts_90k: i64,
    detections: Vec<Detection>,
}

/// Hours of detections that went twice through a tracker and rules.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// Media time, hours.
    pub hours: f64,
    /// Pictures of each pass.
    pub pictures: u64,
    /// Alarms of each pass.
    pub alarms: usize,
    /// SHA-256 of the alarm edges of each pass, as lines of JSON.
    pub hashes: [String; 2],
}

/// A clip and the next follow each other this closely.
const BETWEEN: MediaDuration = MediaDuration::from_millis(200);
/// One clip in so many is not the quiet one.
const ONE_IN: u64 = 10;
/// The first picture, Unix milliseconds.
const MORNING: WallTime = WallTime(1_795_572_000_000);

/// Takes what a detector saw in `busy` and `quiet` clips (files of `detections.jsonl`), mixes it to `hours` of media time,
/// one busy clip in ten, and runs tracker and rules over it twice.
///
/// # Errors
/// When a file cannot be read.
pub fn tracked(busy: &[PathBuf], quiet: &Path, runtime: &Path, hours: u32) -> anyhow::Result<Tracked> {
    let busy: Vec<Vec<Seen>> = busy.iter().map(|path| seen(path)).collect::<anyhow::Result<_>>()?;
    ensure!(!busy.is_empty(), "nothing to mix");
    let quiet = seen(quiet)?;
    let file = site(runtime)?;
    let site = Site::load(&file.file())?;
    let camera = site.cameras.first().context("a camera")?;
    let length = MediaDuration::from_secs(i64::from(hours) * 3600);
    let [first, second] = [0, 1].map(|_| pass(&busy, &quiet, camera, &site, length));
    let (pictures, alarms, hash) = first?;
    let hashes = [hash, second?.2];
    Ok(Tracked { hours: f64::from(hours), pictures, alarms, hashes })
}

fn pass(
    busy: &[Vec<Seen>],
    quiet: &[Seen],
    camera: &Camera,
    site: &Site,
    length: MediaDuration,
) -> anyhow::Result<(u64, usize, String)> {
    let mut tracker = Tracker::new(TrackerConfig::default());
    let mut rules: Vec<RuleState> = camera.rules.iter().cloned().map(RuleState::new).collect();
    let (mut pictures, mut alarms, mut hash) = (0, 0, Sha256::new());
    // Any fixed order does; this one is Knuth's generator.
    let mut state = 1_u64;
    let mut begin = Pts(0);
    while begin - Pts(0) < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = state >> 33;
        let at = usize::try_from(drawn / ONE_IN)? % busy.len();
        let clip = if drawn.is_multiple_of(ONE_IN) { busy[at].as_slice() } else { quiet };
        let mut end = begin;
        for seen in clip {
            end = begin + MediaDuration(seen.pts_90k);
            let wall = WallTime(MORNING.0 + (end - Pts(0)).as_millis());
            let frame = FrameTime { pts: end, wall, local: local_time(wall, &site.timezone) };
            let tracks = tracker.update(end, &seen.detections).to_vec();
            for edge in rules.iter_mut().filter_map(|rule| rule.step(frame, &tracks)) {
                alarms += usize::from(matches!(edge, AlarmEdge::Begin(_)));
                hash.update(serde_json::to_vec(&edge)?);
                hash.update(b"\n");
            }
            pictures += 1;
        }
        begin = end + BETWEEN;
    }
    Ok((pictures, alarms, hex::encode(hash.finalize())))
}

fn seen(path: &Path) -> anyhow::Result<Vec<Seen>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let seen: Vec<Seen> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(!seen.is_empty(), "{}: nothing was looked at", path.display());
    Ok(seen)
}
