//! Makes a camera's streams of any video file, once, into a cache directory: keyframes as often as a camera sends
//! them, no reordering, the asked coding, and a small picture beside the large one.
//!
//! Needs `ffmpeg` only when something has to be encoded. Several processes may share one cache directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};
use sharpeyes_domain::{ids::StreamKind, media::VideoCodec};

use super::clip::{Clip, ClipError, Unfit};

/// Why a stream could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The source, the cache directory or ffmpeg could not be used.
    #[error("{path}: {source}")]
    Io {
        /// The file, directory or program.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// ffmpeg refused.
    #[error("ffmpeg for {path}: {message}")]
    Encoder {
        /// The file that was to be written.
        path: PathBuf,
        /// The end of ffmpeg's log.
        message: String,
    },
    /// The result cannot be read.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// The encoder's result, or a file that was not to be encoded, is not what a camera sends.
    #[error("{path}: no camera would send this: {reason:?}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Unfit,
    },
}

/// How a stream came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The source file as it is.
    Source,
    /// Encoded by an earlier run.
    Cached,
    /// Encoded now.
    Encoded,
}

/// The clip that a camera plays as `kind`. `codec` is the coding to send; by default the file's own, else H.264.
///
/// # Errors
/// [`PrepareError`] when the source is no video, or ffmpeg is missing and needed.
pub fn prepare(
    cache: &Path,
    source: &Path,
    kind: StreamKind,
    codec: Option<VideoCodec>,
) -> Result<(Clip, Origin), PrepareError> {
    let own = Clip::load(source);
    let codec = match (codec, &own) {
        (Some(codec), _) => codec,
        (None, Ok(clip)) => clip.codec,
        (None, Err(_)) => VideoCodec::H264,
    };
    if kind == StreamKind::Main
        && let Ok(clip) = own
        && clip.codec == codec
        && clip.unfit().is_none()
    {
        return Ok((clip, Origin::Source));
    }
    let settings = arguments(kind, codec);
    let path = cache.join(format!("{}-{}-{}.mp4", key(source, &settings)?, kind.as_str(), codec.as_str()));
    let origin = encode_once(&path, |ffmpeg| ffmpeg.arg("-i").arg(source).args(&settings))?;
    let clip = Clip::load(&path)?;
    match clip.unfit() {
        None => Ok((clip, origin)),
        Some(reason) => Err(PrepareError::Unfit { path, reason }),
    }
}

/// The file as it is, B pictures included.
///
/// # Errors
/// [`PrepareError`] when a camera cannot send it even so.
pub fn as_coded(source: &Path) -> Result<(Clip, Origin), PrepareError> {
    let clip = Clip::load(source)?;
    match clip.unfit() {
        None | Some(Unfit::Reordered) => Ok((clip, Origin::Source)),
        Some(reason) => Err(PrepareError::Unfit { path: source.to_owned(), reason }),
    }
}

/// ffmpeg's arguments between input and output.
fn arguments(kind: StreamKind, codec: VideoCodec) -> Vec<String> {
    let mut arguments: Vec<&str> =
        vec!["-map", "0:v:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", "-1"];
    arguments.extend(match kind {
        StreamKind::Main => ["-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-fps_mode", "passthrough"],
        // At most 12 pictures a second and 640x480; smaller or slower sources stay as they are.
        StreamKind::Sub => [
            "-vf",
            "fps=min(source_fps\\,12),scale=w=min(iw\\,640):h=min(ih\\,480)\
             :force_original_aspect_ratio=decrease:force_divisible_by=2",
            "-fps_mode",
            "cfr",
        ],
    });
    arguments.extend(match (kind, codec) {
        (StreamKind::Main, VideoCodec::H264) => ["-crf", "22", "-maxrate", "6M", "-bufsize", "6M"],
        (StreamKind::Main, VideoCodec::H265) => ["-crf", "25", "-maxrate", "4M", "-bufsize", "4M"],
        (StreamKind::Sub, VideoCodec::H264) => ["-crf", "25", "-maxrate", "512k", "-bufsize", "512k"],
        (StreamKind::Sub, VideoCodec::H265) => ["-crf", "28", "-maxrate", "384k", "-bufsize", "384k"],
    });
    arguments.extend(match codec {
        VideoCodec::H264 => ["-c:v", "libx264", "-profile:v", "main", "-sc_threshold", "0"],
        VideoCodec::H265 => [
            "-c:v",
            "libx265",
            "-tag:v",
            "hvc1",
            "-x265-params",
            "bframes=0:scenecut=0:open-gop=0:log-level=error",
        ],
    });
    // By time and not by count, so that variable frame rates get their keyframe each second too.
    arguments.extend(["-force_key_frames", "expr:gte(t,n_forced)", "-g", "600", "-bf", "0"]);
    arguments.extend(["-preset", "veryfast", "-pix_fmt", "yuv420p"]);
    arguments.extend(["-c:a", "aac", "-b:a", "64k", "-ac", "1", "-f", "mp4"]);
    arguments.into_iter().map(str::to_owned).collect()
}

/// Names what is encoded: the source's content and every setting.
fn key(source: &Path, settings: &[String]) -> Result<String, PrepareError> {
    let io = |error| PrepareError::Io { path: source.to_owned(), source: error };
    let mut file = File::open(source).map_err(io)?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk).map_err(io)? {
            0 => break,
            length => digest.update(&chunk[..length]),
        }
    }
    for setting in settings {
        digest.update([0]);
        digest.update(setting);
    }
    Ok(hex::encode(&digest.finalize()[..10]))
}

/// Lets ffmpeg write a file of its own, under a lock beside `path`, and renames it; unless another did so before.
pub(crate) fn encode_once(
    path: &Path,
    arguments: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<Origin, PrepareError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| PrepareError::Io { path, source }
    };
    if path.exists() {
        return Ok(Origin::Cached);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io(folder))?;
    }
    let lock_path = path.with_extension("lock");
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(io(&lock_path))?;
    lock.lock().map_err(io(&lock_path))?;
    if path.exists() {
        return Ok(Origin::Cached);
    }
    let partial = path.with_extension("part");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).stdin(Stdio::null());
    let run = arguments(&mut ffmpeg).arg(&partial).output().map_err(io(Path::new("ffmpeg")))?;
    if !run.status.success() {
        let log = String::from_utf8_lossy(&run.stderr);
        let tail: Vec<&str> = log.lines().rev().take(4).collect();
        let message = tail.into_iter().rev().collect::<Vec<_>>().join("; ");
        return Err(PrepareError::Encoder { path: path.to_owned(), message });
    }
    File::open(&partial).and_then(|file| file.sync_all()).map_err(io(&partial))?;
    fs::rename(&partial, path).map_err(io(path))?;
    Ok(Origin::Encoded)
}
