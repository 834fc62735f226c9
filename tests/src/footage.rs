//! Footage that needs no data: moving patterns and pictures that carry their number, encoded once into the cache as a strict camera would encode them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use anyhow::{Context as _, ensure};
use sharpeyes_domain::media::VideoCodec;

use crate::{scene::Scene, shared};

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
        let Self { codec, size_px: (width, height), fps, seconds, b_frames } = *self;
        let order = if b_frames == 0 { String::new() } else { format!("-b{b_frames}") };
        let name = format!("pattern-{}-{width}x{height}-{fps}-{seconds}{order}", codec.as_str());
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
        encoded(&name, |part| {
            let mut ffmpeg = ffmpeg();
            ffmpeg
                .args(["-f", "lavfi", "-i"])
                .arg(format!("testsrc2=size={width}x{height}:rate={fps}:duration={seconds}"))
                .args(["-pix_fmt", "yuv420p", "-c:v", encoder, "-preset", "veryfast", "-tag:v", tag, key])
                .arg(format!(
                    "{settings}:aud=1:repeat-headers=1:bframes={b_frames}:scenecut=0:keyint={fps}:min-keyint={fps}"
                ))
                .args(["-f", "mp4"])
                .arg(part);
            finished(ffmpeg.output())
        })
    }

    /// The same beside noise in AAC, of which no two frames are alike: a file in `folder`.
    ///
    /// # Errors
    /// When ffmpeg is missing or refuses.
    pub fn with_noise(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join(format!("{}-noise.mp4", self.codec.as_str()));
        let mut ffmpeg = ffmpeg();
        ffmpeg
            .arg("-i")
            .arg(self.file()?)
            .args(["-f", "lavfi", "-i", "anoisesrc=sample_rate=16000:seed=7:amplitude=0.3", "-shortest"])
            .args(["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "48k", "-ac", "1"])
            .arg(&path);
        finished(ffmpeg.output())?;
        Ok(path)
    }
}

/// A moving pattern with each picture's number in the lowest 1/24 of it, as `console/e2e/timeline.mjs` reads it: 32 cells,
/// dark or light, 1010, 24 bits, 0101. Without reordering, a keyframe each second.
#[derive(Clone, Copy, Debug)]
pub struct Timecode {
    /// Width and height; the width a multiple of 32.
    pub size_px: (u32, u32),
    /// Pictures a second; also pictures from keyframe to keyframe.
    pub fps: u32,
    /// Length.
    pub seconds: u32,
}

impl Timecode {
    /// The file; encoded when the cache has none. Several processes may ask at the same time.
    ///
    /// # Errors
    /// When ffmpeg is missing or refuses.
    pub fn file(&self) -> anyhow::Result<PathBuf> {
        let Self { size_px: (width, height), fps, seconds } = *self;
        encoded(&format!("timecode-{width}x{height}-{fps}-{seconds}"), |part| {
            // Even, as the coding wants it.
            let bar = height.div_ceil(48) * 2;
            let mut ffmpeg = Command::new("ffmpeg")
                .args(["-hide_banner", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray"])
                .args([
                    "-s",
                    &format!("{width}x{bar}"),
                    "-r",
                    &fps.to_string(),
                    "-i",
                    "-",
                    "-f",
                    "lavfi",
                    "-i",
                ])
                .arg(format!("testsrc2=size={width}x{}:rate={fps}:duration={seconds}", height - bar))
                .args([
                    "-filter_complex",
                    "[0]format=yuv420p[bar];[1]format=yuv420p[above];[above][bar]vstack",
                ])
                .args(PLAIN_H264)
                .args(["-crf", "26", "-g", &fps.to_string()])
                .arg(part)
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .context("ffmpeg")?;
            let mut input = ffmpeg.stdin.take().context("no stdin")?;
            let bars = thread::spawn(move || {
                (0..fps * seconds)
                    .try_for_each(|number| input.write_all(&bars(number, width).repeat(bar as usize)))
            });
            finished(ffmpeg.wait_with_output())?;
            bars.join().map_err(|_| anyhow::anyhow!("the thread that draws has ended"))??;
            Ok(())
        })
    }
}

/// Grey pictures with some noise on them: bright at first and dark then, a keyframe each second. 640 by 360, ten a second.
#[derive(Clone, Copy, Debug)]
pub struct Brightness {
    /// Length of the bright part, seconds; 0 for none.
    pub bright_s: u32,
    /// Length of the dark part, seconds.
    pub dark_s: u32,
}

impl Brightness {
    /// The file; encoded when the cache has none. Several processes may ask at the same time.
    ///
    /// # Errors
    /// When ffmpeg is missing or refuses.
    pub fn file(&self) -> anyhow::Result<PathBuf> {
        let Self { bright_s, dark_s } = *self;
        let seconds = bright_s + dark_s;
        let luma = format!("if(lt(T\\,{bright_s})\\,230\\,40)");
        encoded(&format!("brightness-{bright_s}-{dark_s}"), |part| {
            let mut ffmpeg = ffmpeg();
            ffmpeg
                .args(["-f", "lavfi", "-i", &format!("color=c=gray:s=32x18:r=10:d={seconds}")])
                .args(["-vf", &format!("geq=lum={luma}:cb=128:cr=128,scale=640:360,noise=c0s=8:c0f=t")])
                .args(PLAIN_H264)
                .args(["-b:v", "300k", "-g", "10"])
                .arg(part);
            finished(ffmpeg.output())
        })
    }
}

/// The beginning of one of our scenes in a small picture, as a thin link carries it: 480 by 270, eight a second, a keyframe
/// each second. All are coded alike, so that a camera may change from one to another within a run.
#[derive(Clone, Copy, Debug)]
pub struct Small {
    /// Its name.
    pub scene: &'static str,
    /// Length, seconds; no longer than the scene.
    pub seconds: u32,
    /// Its first picture for so long, with a sensor's noise: nothing moves, also not where the film begins anew.
    pub is_still: bool,
}

impl Small {
    /// The file; encoded when the cache has none. Several processes may ask at the same time.
    ///
    /// # Errors
    /// When there is no such scene, and when ffmpeg is missing or refuses.
    pub fn file(&self) -> anyhow::Result<PathBuf> {
        let Self { scene, seconds, is_still } = *self;
        let (kind, first) =
            if is_still { ("still", "loop=loop=-1:size=1,noise=alls=6:allf=t,") } else { ("small", "") };
        encoded(&format!("{kind}-{scene}-{seconds}"), |part| {
            let mut ffmpeg = ffmpeg();
            ffmpeg
                .arg("-i")
                .arg(Scene::named(scene)?.video())
                .args(["-t", &seconds.to_string(), "-an", "-vf", &format!("{first}fps=8,scale=480:270")])
                .args(PLAIN_H264)
                .args(["-crf", "28", "-g", "8"])
                .arg(part);
            finished(ffmpeg.output())
        })
    }
}

/// As a simple camera codes: main profile, nothing reordered, keyframes only where they are asked for (`-g`).
const PLAIN_H264: [&str; 14] = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-profile:v",
    "main",
    "-bf",
    "0",
    "-sc_threshold",
    "0",
    "-pix_fmt",
    "yuv420p",
    "-f",
    "mp4",
];

/// The file of this name in the cache; encoded when there is none. Several processes may ask at the same time.
fn encoded(name: &str, encode: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<PathBuf> {
    let cache = shared::cache();
    fs::create_dir_all(&cache).with_context(|| cache.display().to_string())?;
    let path = cache.join(format!("{name}.mp4"));
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).open(path.with_extension("lock"))?;
    lock.lock()?;
    if !path.exists() {
        let part = path.with_extension("part");
        encode(&part)?;
        fs::rename(&part, &path)?;
    }
    Ok(path)
}

fn ffmpeg() -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).stdin(Stdio::null());
    ffmpeg
}

fn finished(output: io::Result<Output>) -> anyhow::Result<()> {
    let output = output.context("ffmpeg")?;
    ensure!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// One row of grey pixels.
fn bars(number: u32, width: u32) -> Vec<u8> {
    let cells = 0xa000_0005 | (number & 0x00ff_ffff) << 4;
    let light = |x: u32| cells >> (31 - (x * 32 / width).min(31)) & 1 == 1;
    (0..width).map(|x| if light(x) { 235 } else { 16 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bars_carry_the_number_between_their_marks() {
        let row = bars(0x00c0_0001, 640);
        let text: String = (0..32).map(|cell| if row[cell * 20 + 10] > 128 { '1' } else { '0' }).collect();
        assert_eq!(text, "10101100000000000000000000010101");
    }
}
