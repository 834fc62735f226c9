//! A decoder that takes one keyframe of one camera, the next of another, and so on.
//!
//! One decoder for a hundred cameras costs 63 MB where one each cost 530. Each keyframe brings its parameter sets with it
//! (ITU-T H.264 §7.4.1.2.1, H.265 §7.4.2.4.2: an Annex B stream may change them at any random access point), and is
//! brought out before the next one goes in.

use gstreamer as gst;
use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoCodec, VideoParams, nal_units},
};

use super::{DecodeError, Decoded, Decoder, DecoderElement, decoder::coded, init};

const START: [u8; 4] = [0, 0, 0, 1];
/// Of a decoder's own time: a keyframe a second, whoever it is from. It must go forwards.
const STEP_NANOS: u64 = 1_000_000_000;
/// An element that has given no picture yet, and none of so many keyframes that were brought out, is passed over.
const MOST_SILENT: u32 = 3;

/// Decodes keyframes of any cameras of one codec.
pub struct KeyframeDecoder {
    decoder: Decoder,
    n_fed: u64,
    /// Keyframes of which an element made nothing that had not given a picture.
    n_silent: u32,
}

impl KeyframeDecoder {
    /// # Errors
    /// [`DecodeError::Missing`] when a plugin is not installed, [`DecodeError::Failed`] when the pipeline won't start.
    pub fn new(codec: VideoCodec, choice: DecoderChoice) -> Result<Self, DecodeError> {
        init()?;
        let name = match codec {
            VideoCodec::H264 => "video/x-h264",
            VideoCodec::H265 => "video/x-h265",
        };
        let caps =
            gst::Caps::builder(name).field("stream-format", "byte-stream").field("alignment", "au").build();
        Ok(Self { decoder: Decoder::with_caps(&caps, choice)?, n_fed: 0, n_silent: 0 })
    }

    /// The same after another for the same kind of stream that had so much of its patience used up.
    #[must_use]
    pub fn after(mut self, n_silent: u32) -> Self {
        self.n_silent = n_silent;
        self
    }

    /// How much of its patience with elements that give nothing is used up, for [`Self::after`]; 0 while all is well.
    #[must_use]
    pub const fn n_silent(&self) -> u32 {
        self.n_silent
    }

    /// The element that decodes.
    #[must_use]
    pub const fn element(&self) -> &DecoderElement {
        self.decoder.element()
    }

    /// The picture of one keyframe; `None` when it gave none.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the decoder has given up; make a new one.
    pub fn decode(
        &mut self,
        params: &VideoParams,
        keyframe: &AccessUnit,
    ) -> Result<Option<Decoded>, DecodeError> {
        self.n_fed += 1;
        let nanos = self.n_fed * STEP_NANOS;
        let bytes = annex_b(params, &keyframe.nals);
        self.decoder.push(coded(gst::Buffer::from_mut_slice(bytes), nanos, true))?;
        self.decoder.flush()?;
        let (mut info, mut pictures) = self.decoder.take_raw();
        if pictures.is_empty() && self.decoder.has_others() {
            self.n_silent += 1;
            if self.n_silent >= MOST_SILENT {
                // If nothing comes of the next element either, the keyframe after this one tells.
                self.n_silent = MOST_SILENT - 1;
                self.decoder.pass_over(format!("no picture came of {MOST_SILENT} keyframes"))?;
                (info, pictures) = self.decoder.take_raw();
            }
        } else if self.decoder.element().passed_over.is_empty() {
            self.n_silent = 0;
        }
        // One that comes late is another camera's.
        let is_its_own = |buffer: &gst::Buffer| buffer.pts().map(gst::ClockTime::nseconds) == Some(nanos);
        let picture = info.zip(pictures.into_iter().rfind(is_its_own));
        Ok(picture.map(|(info, buffer)| Decoded::new(keyframe.pts, keyframe.wall, buffer, info)))
    }
}

/// The unit behind its parameter sets, with start codes.
fn annex_b(params: &VideoParams, nals: &[u8]) -> Vec<u8> {
    let sets = match params.codec {
        VideoCodec::H264 => avc_sets(&params.decoder_config),
        VideoCodec::H265 => hevc_sets(&params.decoder_config),
    };
    let mut bytes = Vec::with_capacity(nals.len() + params.decoder_config.len() + 64);
    for nal in sets.into_iter().chain(nal_units(nals)) {
        bytes.extend_from_slice(&START);
        bytes.extend_from_slice(nal);
    }
    bytes
}

/// Takes `n` pieces of which each is behind its 16-bit length.
fn pieces<'a>(rest: &mut &'a [u8], n: usize, into: &mut Vec<&'a [u8]>) -> Option<()> {
    for _ in 0..n {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (piece, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        into.push(piece);
        *rest = tail;
    }
    Some(())
}

/// SPS and PPS of an `avcC` (ISO/IEC 14496-15 §5.3.3.1); what is torn off is left out.
fn avc_sets(config: &[u8]) -> Vec<&[u8]> {
    let mut sets = Vec::new();
    let mut read = || {
        let mut rest = config.get(5..)?;
        for mask in [0x1f, 0xff] {
            let (count, tail) = rest.split_first()?;
            rest = tail;
            pieces(&mut rest, usize::from(count & mask), &mut sets)?;
        }
        Some(())
    };
    let _ = read();
    sets
}

/// VPS, SPS, PPS and SEI of an `hvcC` (ISO/IEC 14496-15 §8.3.3.1); what is torn off is left out.
fn hevc_sets(config: &[u8]) -> Vec<&[u8]> {
    let mut sets = Vec::new();
    let mut read = || {
        let (n_arrays, mut rest) = config.get(22..)?.split_first()?;
        for _ in 0..*n_arrays {
            let (head, tail) = rest.split_first_chunk::<3>()?;
            rest = tail;
            let n = usize::from(u16::from_be_bytes([head[1], head[2]]));
            pieces(&mut rest, n, &mut sets)?;
        }
        Some(())
    };
    let _ = read();
    sets
}

#[cfg(test)]
mod tests {
    use super::{super::tests::film, *};

    #[test]
    fn a_picture_that_comes_late_is_not_taken_for_the_next_cameras() {
        let (one, other) = (film("lane_night"), film("village_square"));
        let mut shared = KeyframeDecoder::new(one.params.codec, DecoderChoice::Software).unwrap();
        // As from a decoder that holds a picture back although it was asked for everything.
        shared.n_fed = 1;
        let held = gst::Buffer::from_mut_slice(annex_b(&one.params, &one.units[0].nals));
        shared.decoder.push(coded(held, STEP_NANOS, true)).unwrap();
        let torn = AccessUnit { nals: other.units[0].nals.slice(..40), ..other.units[0].clone() };
        assert!(shared.decode(&other.params, &torn).unwrap().is_none());
        assert!(shared.decode(&other.params, &other.units[0]).unwrap().is_some());
    }

    #[test]
    fn parameter_sets_are_found_and_torn_records_give_what_is_whole() {
        let avc = [1, 0x4d, 0x40, 0x1e, 0xff, 0xe1, 0, 2, 0x67, 1, 1, 0, 3, 0x68, 2, 3];
        assert_eq!(avc_sets(&avc), [&[0x67, 1][..], &[0x68, 2, 3]]);
        assert_eq!(avc_sets(&avc[..avc.len() - 1]), [&[0x67, 1][..]]);
        assert!(avc_sets(&[]).is_empty());
        let mut hevc = vec![0; 22];
        hevc.extend([2, 0xa0, 0, 1, 0, 1, 9, 0xa1, 0, 1, 0, 2, 8, 7]);
        assert_eq!(hevc_sets(&hevc), [&[9][..], &[8, 7]]);
        assert_eq!(hevc_sets(&hevc[..30]), [&[9][..]]);
    }
}
