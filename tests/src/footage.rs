//! Footage that needs no data: moving patterns, encoded once into the cache as a strict camera would encode them.

use std::{
    fs::{self, OpenOptions},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use sharpeyes_domain::media::VideoCodec;

use crate::shared;

/// A moving pattern: a keyframe each second, several slices a picture, and everything in the stream
/// that cameras put there beside pictures: parameter sets again at every keyframe, delimiters, SEI, and for H.264
/// filler (constant bit rate).
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// How it is coded.
    pub codec: VideoCodec,
    /// Width and height.
    pub size_px: (u32, u32),
    /// Pictures a second; also pictures from keyframe to keyframe.
    pub fps: u32,
    /// Length.
    pub seconds: u32,
    /// B pictures in a row, at most; without any, nothing is reordered.
    pub b_frames: u32,
}

impl Pattern {
    /// A small picture at a camera's usual rate.
    #[must_use]
    pub const fn small(codec: VideoCodec) -> Self {
        Self { codec, size_px: (640, 360), fps: 15, seconds: 20, b_frames: 0 }
    }

    /// The file; encoded when the cache has none. Several processes may ask at the same time.
    ///
    /// # Errors
    /// When ffmpeg is missing or refuses.
    pub fn file(&self) -> anyhow::Result<PathBuf> {
        let cache = shared::cache();
        fs::create_dir_all(&cache).with_context(|| cache.display().to_string())?;
        let Self { codec, size_px: (width, height), fps, seconds, b_frames } = *self;
        let order = if b_frames == 0 { String::new() } else { format!("-b{b_frames}") };
        let path =
            cache.join(format!("pattern-{}-{width}x{height}-{fps}-{seconds}{order}.mp4", codec.as_str()));
        let lock_path = path.with_extension("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(lock_path)?;
        lock.lock()?;
        if path.exists() {
            return Ok(path);
        }
        let (encoder, key, tag, settings) = match codec {
            VideoCodec::H264 => (
                "libx264",
                "-x264-params",
                "avc1",
                "nal-hrd=cbr:filler=1:bitrate=2500:vbv-maxrate=2500:vbv-bufsize=2500:slices=2:pic-struct=1",
            ),
            VideoCodec::H265 => {
                ("libx265", "-x265-params", "hev1", "hash=1:slices=2:log-level=error:open-gop=0")
            }
        };
        let part = path.with_extension("part");
        let encoded = Command::new("ffmpeg")
            .args(["-nostdin", "-hide_banner", "-v", "error", "-y", "-f", "lavfi", "-i"])
            .arg(format!("testsrc2=size={width}x{height}:rate={fps}:duration={seconds}"))
            .args(["-pix_fmt", "yuv420p", "-c:v", encoder, "-preset", "veryfast", "-tag:v", tag, key])
            .arg(format!(
                "{settings}:aud=1:repeat-headers=1:bframes={b_frames}:scenecut=0:keyint={fps}:min-keyint={fps}"
            ))
            .args(["-f", "mp4"])
            .arg(&part)
            .stdin(Stdio::null())
            .output()
            .context("ffmpeg")?;
        ensure!(encoded.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&encoded.stderr));
        fs::rename(&part, &path)?;
        Ok(path)
    }
}
