//! Coded media as it came from a camera. Nothing here decodes, parses or copies it.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::time::{Pts, WallTime};

/// The video codings that are received and recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    /// ITU-T H.264, ISO/IEC 14496-10.
    H264,
    /// ITU-T H.265, ISO/IEC 23008-2.
    H265,
}

impl VideoCodec {
    /// `h264` or `h265`, as in rows and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
        }
    }
}

/// What a decoder and an MP4 file must know before the first picture. Constant within a run.
#[derive(Clone, PartialEq, Eq)]
pub struct VideoParams {
    /// Which coding.
    pub codec: VideoCodec,
    /// RFC 6381 string, e.g. `avc1.4D401E`, for MSE and `<video type>`.
    pub rfc6381: String,
    /// Width of the cropped picture in pixels.
    pub width_px: u16,
    /// Height of the cropped picture in pixels.
    pub height_px: u16,
    /// The whole `avc1`/`hvc1` sample entry box, ISO/IEC 14496-15.
    pub sample_entry: Arc<[u8]>,
    /// The decoder configuration record (`avcC`/`hvcC` payload), ISO/IEC 14496-15.
    pub decoder_config: Arc<[u8]>,
}

impl fmt::Debug for VideoParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}x{} ({})", self.codec.as_str(), self.width_px, self.height_px, self.rfc6381)
    }
}

/// One coded picture with its NAL units.
#[derive(Clone)]
pub struct AccessUnit {
    /// Presentation time in its run. With B-frames it is not monotonic: units come in decoding order.
    pub pts: Pts,
    /// Wall time of the picture by the run's clock model (design §5 "Time"), not the camera's claim.
    pub wall: WallTime,
    /// A random access point: decoding may start here.
    pub is_keyframe: bool,
    /// NAL units, each behind a 4-byte big-endian length (ISO/IEC 14496-15 §5.3.2), byte for byte as received.
    pub nals: Bytes,
}

impl fmt::Debug for AccessUnit {
    /// Never the payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_keyframe { "key" } else { "delta" };
        write!(f, "AccessUnit({kind}, pts {}, {} bytes)", self.pts.0, self.nals.len())
    }
}

/// Splits length-prefixed NAL units; stops at the first length that does not fit.
pub fn nal_units(nals: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = nals;
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (nal, tail) = tail.split_at_checked(length)?;
        rest = tail;
        Some(nal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_nal_unit_ends_the_split() {
        let bytes = [0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9, 7];
        let found: Vec<&[u8]> = nal_units(&bytes).collect();
        assert_eq!(found, [&[1u8, 2][..], &[]]);
    }
}
