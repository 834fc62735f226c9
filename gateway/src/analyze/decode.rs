//! GStreamer's room: coded pictures in, decoded pictures out.
//!
//! A decoder is `DECODER ! videoconvert` with a pad of ours at either end, everything in I420, and no thread of its own:
//! who feeds a unit decodes it, and the pictures that it made are there when the call returns. So a hundred cameras need
//! no hundred threads, a GOP is decoded in one go while the caches are warm, and a replay gives the same pictures in the
//! same order every time. A picture is looked at where it lies and copied only when a detector will see it, because
//! scaling and converting cost as much as decoding (docs/benchmarks.md).
//! GStreamer's nanoseconds become [`Pts`] here and nowhere else.

mod decoder;
mod file;
mod keyframe;
mod line;
mod recode;
mod still;

use std::sync::{Arc, OnceLock};

use gstreamer as gst;
use gstreamer_video::{VideoColorMatrix, VideoColorRange, VideoInfo};
use sharpeyes_domain::{
    media::{VideoCodec, VideoParams},
    time::{Pts, WallTime},
};
use sharpeyes_inference::{ColourMatrix, ColourRange, ColourSpace, Picture, Plane};

pub use decoder::{Decoded, Decoder, DecoderElement, PassedOver};
pub use file::{FileDemuxer, OpenedFile};
pub use keyframe::KeyframeDecoder;
pub use recode::{RecodeFormat, Recoded, Recoder};
pub use still::still;

/// Why nothing can be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// GStreamer itself, or one of its plugins, is missing.
    #[error(
        "GStreamer cannot {action}: {detail}; install gstreamer1.0-plugins-base, -good, -bad and gstreamer1.0-libav"
    )]
    Missing {
        /// What was tried.
        action: &'static str,
        /// GStreamer's word.
        detail: String,
    },
    /// The decoder gave up on this stream.
    #[error("decoder failed: {detail}")]
    Failed {
        /// GStreamer's word.
        detail: String,
    },
    /// A file is no video that can be read.
    #[error("{path}: {detail}")]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        detail: String,
    },
}

/// A decoded picture: I420, 8 bits.
#[derive(Clone)]
pub struct Frame {
    /// Presentation time in its run.
    pub pts: Pts,
    /// Wall time, from the access unit.
    pub wall: WallTime,
    /// Pixels.
    pub width_px: u32,
    /// Pixels.
    pub height_px: u32,
    /// How YUV becomes RGB, as the stream declares it.
    pub colour: ColourSpace,
    /// Y, U, V: bytes and the distance between rows. U and V have half the rows, rounded up.
    pub planes: Arc<[FramePlane; 3]>,
}

/// One plane of a [`Frame`].
pub struct FramePlane {
    /// Rows of `stride` bytes.
    pub data: Vec<u8>,
    /// Bytes from one row to the next.
    pub stride: usize,
}

impl FramePlane {
    fn borrowed(&self) -> Plane<'_> {
        Plane { data: &self.data, stride: self.stride }
    }
}

impl Frame {
    /// The same picture as the detector wants it.
    #[must_use]
    pub fn picture(&self) -> Picture<'_> {
        let [y, u, v] = &*self.planes;
        Picture::I420 {
            width_px: self.width_px,
            height_px: self.height_px,
            y: y.borrowed(),
            u: u.borrowed(),
            v: v.borrowed(),
            colour: self.colour,
        }
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}x{}, pts {})", self.width_px, self.height_px, self.pts.0)
    }
}

/// Initialises GStreamer once for the process.
///
/// # Errors
/// [`DecodeError::Missing`] when GStreamer cannot start.
pub fn init() -> Result<(), DecodeError> {
    static INIT: OnceLock<Result<(), String>> = OnceLock::new();
    INIT.get_or_init(|| gst::init().map_err(|error| error.to_string()))
        .clone()
        .map_err(|detail| DecodeError::Missing { action: "start", detail })
}

/// A run's media time may start below zero with B-frames; GStreamer's cannot.
const SHIFT: sharpeyes_domain::time::MediaDuration = sharpeyes_domain::time::MediaDuration::from_secs(10);

fn nanos_of(pts: Pts) -> u64 {
    (pts + SHIFT).as_nanos()
}

fn pts_of(nanos: u64) -> Pts {
    Pts::from_nanos(nanos) - SHIFT
}

fn make(
    builder: gst::element_factory::ElementBuilder<'_>,
    action: &'static str,
) -> Result<gst::Element, DecodeError> {
    builder.build().map_err(|error| DecodeError::Missing { action, detail: error.to_string() })
}

fn caps(params: &VideoParams) -> gst::Caps {
    let (name, format) = match params.codec {
        VideoCodec::H264 => ("video/x-h264", "avc"),
        VideoCodec::H265 => ("video/x-h265", "hvc1"),
    };
    gst::Caps::builder(name)
        .field("stream-format", format)
        .field("alignment", "au")
        .field("codec_data", gst::Buffer::from_slice(params.decoder_config.to_vec()))
        .field("width", i32::from(params.width_px))
        .field("height", i32::from(params.height_px))
        .build()
}

fn colour(info: &VideoInfo) -> ColourSpace {
    let declared = info.colorimetry();
    ColourSpace {
        matrix: match declared.matrix() {
            VideoColorMatrix::Bt709 => ColourMatrix::Bt709,
            _ => ColourMatrix::Bt601,
        },
        range: match declared.range() {
            VideoColorRange::Range0_255 => ColourRange::Full,
            _ => ColourRange::Limited,
        },
    }
}

#[cfg(test)]
pub(super) mod tests;
