//! Small clips for tests, made here once; real footage is found by `shared`.

use std::path::PathBuf;

use crate::{
    camsim::{PrepareError, encode_once},
    shared::cache,
};

/// A made clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// H.264, 640x360, 15 pictures a second, 2 s, a keyframe each second, AAC beside it.
    H264,
    /// The same in H.265.
    H265,
    /// H.264, 1280x720, 15 pictures a second, 2 s: the large brother of [`Sample::H264`].
    Large,
    /// H.265, 320x240, 15 pictures a second, 24 s: one IDR picture, then open GOPs of one second with B pictures.
    OpenH265,
    /// The same in H.264: I pictures with recovery points.
    OpenH264,
    /// H.264, 320x240, 15 pictures a second, 24 s: closed GOPs of two seconds with a pyramid of B pictures.
    Reordered,
    /// H.264, 1280x720, 25 pictures a second, 6 s, one keyframe and B-frames: as no camera sends it.
    Film,
}

impl Sample {
    /// The file, made by the first who asks.
    ///
    /// # Errors
    /// [`PrepareError`] when ffmpeg is missing.
    pub fn path(self) -> Result<PathBuf, PrepareError> {
        let (name, picture, seconds, coding): (_, _, _, &[&str]) = match self {
            Self::H264 => {
                ("h264", "testsrc2=size=640x360:rate=15", "2", &["-c:v", "libx264", "-bf", "0", "-g", "15"])
            }
            Self::H265 => (
                "h265",
                "testsrc2=size=640x360:rate=15",
                "2",
                &[
                    "-c:v",
                    "libx265",
                    "-tag:v",
                    "hvc1",
                    "-x265-params",
                    "bframes=0:keyint=15:min-keyint=15:scenecut=0:open-gop=0:log-level=error",
                ],
            ),
            Self::Large => {
                ("large", "testsrc2=size=1280x720:rate=15", "2", &["-c:v", "libx264", "-bf", "0", "-g", "15"])
            }
            Self::OpenH265 => (
                "open-h265",
                "testsrc2=size=320x240:rate=15",
                "24",
                &[
                    "-c:v",
                    "libx265",
                    "-tag:v",
                    "hvc1",
                    "-x265-params",
                    "bframes=3:b-adapt=0:keyint=15:min-keyint=15:scenecut=0:open-gop=1:log-level=error",
                ],
            ),
            Self::OpenH264 => (
                "open-h264",
                "testsrc2=size=320x240:rate=15",
                "24",
                &[
                    "-c:v",
                    "libx264",
                    "-bf",
                    "3",
                    "-x264-params",
                    "open-gop=1:b-adapt=0:keyint=15:min-keyint=15:scenecut=0",
                ],
            ),
            Self::Reordered => (
                "reordered",
                "testsrc2=size=320x240:rate=15",
                "24",
                &[
                    "-c:v",
                    "libx264",
                    "-bf",
                    "3",
                    "-x264-params",
                    "b-adapt=0:b-pyramid=normal:keyint=30:scenecut=0",
                ],
            ),
            Self::Film => {
                ("film", "testsrc2=size=1280x720:rate=25", "6", &["-c:v", "libx264", "-bf", "2", "-g", "600"])
            }
        };
        let path = cache().join(format!("sample-{name}.mp4"));
        encode_once(&path, |ffmpeg| {
            ffmpeg
                .args([
                    "-f",
                    "lavfi",
                    "-i",
                    picture,
                    "-f",
                    "lavfi",
                    "-i",
                    "sine=frequency=500:sample_rate=16000",
                ])
                .args(["-t", seconds, "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0"])
                .args(coding)
                .args(["-c:a", "aac", "-f", "mp4"])
        })?;
        Ok(path)
    }
}
