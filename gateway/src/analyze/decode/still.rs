//! One keyframe as a picture.

use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
};

use super::{DecodeError, Decoder, Frame};

/// Decodes a keyframe by itself. Blocks.
///
/// # Errors
/// [`DecodeError`] when it is none, or GStreamer lacks a plugin.
pub fn still(params: &VideoParams, keyframe: &AccessUnit) -> Result<Frame, DecodeError> {
    let mut decoder = Decoder::new(params, DecoderChoice::Software)?;
    let mut pictures = decoder.feed(keyframe)?;
    pictures.extend(decoder.drain()?);
    let frame = pictures.first().and_then(super::Decoded::frame);
    frame.ok_or_else(|| DecodeError::Failed { detail: "the keyframe gave no picture".to_owned() })
}
