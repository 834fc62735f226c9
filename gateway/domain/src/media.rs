//! Coded media as it came from a camera. Nothing here decodes, parses or copies it.

use std::{fmt, num::NonZeroU32, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::time::{MEDIA_HZ, MediaDuration, Pts, WallTime};

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

/// The audio codings that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AudioCodec {
    /// ISO/IEC 14496-3.
    Aac,
    /// ITU-T G.711 A-law.
    Pcma,
    /// ITU-T G.711 μ-law.
    Pcmu,
}

impl AudioCodec {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Aac, Self::Pcma, Self::Pcmu];

    /// `aac`, `pcma` or `pcmu`, as in rows, logs and SDP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Pcma => "pcma",
            Self::Pcmu => "pcmu",
        }
    }
}

/// What a decoder and an MP4 file must know before the first sound. Constant within a run.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioParams {
    /// Which coding.
    pub codec: AudioCodec,
    /// Samples a second and channel: the time unit of the track.
    pub rate_hz: NonZeroU32,
    /// 1 or more.
    pub channels: u16,
    /// RFC 6381 string: `mp4a.40.2`, or the four characters of the sample entry.
    pub rfc6381: String,
    /// The whole `mp4a`, `alaw` or `ulaw` sample entry box, ISO/IEC 14496-12.
    pub sample_entry: Arc<[u8]>,
}

impl AudioParams {
    /// A time in this track's unit; rounded to the nearest.
    #[must_use]
    pub fn ticks(&self, time: MediaDuration) -> i64 {
        rescale(time.0, i64::from(self.rate_hz.get()), MEDIA_HZ)
    }

    /// The media time of so many units of this track; rounded to the nearest.
    #[must_use]
    pub fn time(&self, ticks: i64) -> MediaDuration {
        MediaDuration(rescale(ticks, MEDIA_HZ, i64::from(self.rate_hz.get())))
    }
}

impl fmt::Debug for AudioParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} Hz, {} channels", self.codec.as_str(), self.rate_hz, self.channels)
    }
}

fn rescale(value: i64, to: i64, from: i64) -> i64 {
    let scaled = (i128::from(value) * i128::from(to) * 2 + i128::from(from)).div_euclid(i128::from(from) * 2);
    i64::try_from(scaled).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// One coded piece of sound as it came: an AAC frame, or the G.711 samples of one packet.
#[derive(Clone)]
pub struct AudioUnit {
    /// When it begins, in units of [`AudioParams::rate_hz`] since media time 0 of its run; not negative.
    pub at: i64,
    /// How long it sounds, in the same unit.
    pub duration: u32,
    /// Byte for byte as received.
    pub data: Bytes,
}

impl fmt::Debug for AudioUnit {
    /// Never the payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AudioUnit(at {}, {} bytes)", self.at, self.data.len())
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
    fn sound_keeps_its_time_through_the_change_of_unit() {
        for rate_hz in [8_000u32, 11_025, 16_000, 44_100, 48_000] {
            let params = AudioParams {
                codec: AudioCodec::Aac,
                rate_hz: NonZeroU32::new(rate_hz).unwrap(),
                channels: 1,
                rfc6381: String::new(),
                sample_entry: Arc::new([]),
            };
            for ticks in [-1_024, 0, 1, 1_024, 86_400 * i64::from(rate_hz) + 7] {
                assert_eq!(params.ticks(params.time(ticks)), ticks, "{rate_hz} Hz");
            }
        }
    }

    #[test]
    fn a_torn_nal_unit_ends_the_split() {
        let bytes = [0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9, 7];
        let found: Vec<&[u8]> = nal_units(&bytes).collect();
        assert_eq!(found, [&[1u8, 2][..], &[]]);
    }
}
