//! What the cameras of `analysis` see: scenes of our own, empty or with a short time in which something moves, coded as
//! cameras code them.
//!
//! The empty picture of a scene is the median of its film over time; what moves is the film itself. Over both lies fresh
//! noise, as a sensor makes it, so that no two pictures are equal and the encoder has to spend its bits on it.

use std::{path::PathBuf, time::Duration};

use crate::{camsim::encode_once, scene::Scene, shared};

/// What the cameras send.
pub(super) const SIZE_PX: (u32, u32) = (640, 360);
/// Pictures a second.
pub(super) const FPS: u32 = 15;
/// Of the video.
pub(super) const KBIT_PER_S: u32 = 400;
/// From keyframe to keyframe, seconds.
const GOP_S: u32 = 2;

/// How long something moves in a busy film, and one of how many such times it is.
const BUSY_S: u32 = 12;
pub(super) const TURNS: u32 = 10;
const QUIET_FILM_S: u32 = 64;
/// ffmpeg's `noise` filter on brightness: a standard deviation of about two and a half of 255 levels.
const NOISE: &str = "noise=c0s=8:c0f=t";

/// A scene and the second in which its busiest stretch of [`BUSY_S`] begins.
const SCENES: [(&str, u32); 6] = [
    ("village_gate_quiet", 19),
    ("road_junction", 5),
    ("lane_night", 0),
    ("reservoir_bank", 10),
    ("village_square", 5),
    ("market_rain", 20),
];

/// What happens before the cameras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nothing.
    Quiet,
    /// At any time people or vehicles move before one camera in [`TURNS`].
    Mixed,
}

impl Activity {
    /// In the names of figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Mixed => "mixed",
        }
    }
}

/// One film, and the scene whose rules belong to it.
pub(super) struct Film {
    pub(super) scene: Scene,
    pub(super) video: PathBuf,
}

/// The films of all scenes, encoded once into the cache.
pub(super) fn films(activity: Activity) -> anyhow::Result<Vec<Film>> {
    SCENES.iter().map(|(name, busy_s)| film(activity, name, *busy_s)).collect()
}

fn film(activity: Activity, name: &str, busy_s: u32) -> anyhow::Result<Film> {
    let scene = Scene::named(name)?;
    let (width, height) = SIZE_PX;
    let empty = shared::cache().join(format!("analysis-{name}-empty-{width}x{height}.png"));
    encode_once(&empty, |ffmpeg| {
        ffmpeg
            .arg("-i")
            .arg(scene.video())
            .args(["-vf", &format!("fps=2,scale={width}:{height},tmedian=radius=30"), "-frames:v", "1"])
            .args(["-c:v", "png", "-f", "image2", "-update", "1"])
    })?;
    let length_s = match activity {
        Activity::Quiet => QUIET_FILM_S,
        Activity::Mixed => BUSY_S * (TURNS - 1),
    };
    let parts = match activity {
        Activity::Quiet => format!("[0]setsar=1,format=yuv420p,{NOISE}"),
        Activity::Mixed => format!(
            "[0]setsar=1,format=yuv420p[empty];[1]fps={FPS},scale={width}:{height},setsar=1,format=yuv420p[busy];\
             [empty][busy]concat=n=2,{NOISE}"
        ),
    };
    let video = shared::cache()
        .join(format!("analysis-{name}-{}-{width}x{height}-{FPS}-{KBIT_PER_S}.mp4", activity.as_str()));
    encode_once(&video, |ffmpeg| {
        ffmpeg
            .args(["-loop", "1", "-framerate", &FPS.to_string(), "-t", &length_s.to_string(), "-i"])
            .arg(&empty);
        if activity == Activity::Mixed {
            ffmpeg.args(["-ss", &busy_s.to_string(), "-t", &BUSY_S.to_string(), "-i"]).arg(scene.video());
        }
        ffmpeg
            .args(["-filter_complex", &parts, "-an", "-c:v", "libx264", "-preset", "veryfast"])
            .args(["-profile:v", "main", "-bf", "0", "-pix_fmt", "yuv420p", "-g", &(FPS * GOP_S).to_string()])
            .args(["-b:v", &format!("{KBIT_PER_S}k"), "-maxrate", &format!("{}k", KBIT_PER_S * 3 / 2)])
            .args(["-bufsize", &format!("{}k", KBIT_PER_S * 3 / 2)])
            // A camera does not look ahead.
            .args(["-x264-params", "scenecut=0:rc-lookahead=0:mbtree=0", "-f", "mp4"])
    })?;
    Ok(Film { scene, video })
}

/// Where camera `n` begins in its film. Of the cameras of one film one in [`TURNS`] is busy at any time.
pub(super) fn start(activity: Activity, n: u16) -> Duration {
    let round = u64::from(n) / SCENES.len() as u64;
    match activity {
        Activity::Quiet => Duration::from_millis(731) * u32::from(n),
        Activity::Mixed => Duration::from_secs(round % u64::from(TURNS) * u64::from(BUSY_S)),
    }
}
