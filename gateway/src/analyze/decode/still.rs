//! One keyframe as a picture.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sharpeyes_domain::{
    media::{AccessUnit, VideoParams},
    time::Pts,
};

use super::{DecodeError, Decoder, Frame, FrameSink};

/// A keyframe takes some ten milliseconds; a decoder that has said nothing for so long never will.
const LIMIT: Duration = Duration::from_secs(10);

/// Keeps the first picture.
struct First(Arc<Mutex<Option<Frame>>>);

impl FrameSink for First {
    fn wants(&mut self, _: Pts) -> bool {
        true
    }

    fn frame(&mut self, frame: Frame) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(frame);
    }
}

/// Decodes a keyframe by itself. Blocks.
///
/// # Errors
/// [`DecodeError`] when it is none, or GStreamer lacks a plugin.
pub fn still(params: &VideoParams, keyframe: &AccessUnit) -> Result<Frame, DecodeError> {
    let first = Arc::new(Mutex::new(None));
    let decoder = Decoder::new(params, First(Arc::clone(&first)))?;
    decoder.feed(keyframe)?;
    decoder.finish(LIMIT)?;
    drop(decoder);
    let frame = first.lock().unwrap_or_else(PoisonError::into_inner).take();
    frame.ok_or_else(|| DecodeError::Failed { detail: "the keyframe gave no picture".to_owned() })
}
