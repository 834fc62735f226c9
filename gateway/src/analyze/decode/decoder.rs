//! One stream's decoder, driven by whoever feeds it.
//!
//! Which element decodes is GStreamer's rank. One that does not start, or gives up before its first picture (its device is
//! busy or may not be opened, it does not know the profile), makes room for the next; the processor's own is the last.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video::{VideoFrameExt as _, VideoFrameRef, VideoInfo};
use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
    time::{Pts, WallTime},
};
use sharpeyes_inference::Plane;

use super::{
    DecodeError, Frame, FramePlane, caps, colour, init,
    line::{Candidate, Line, candidates},
    nanos_of, pts_of,
};

/// Units whose pictures never came are forgotten beyond so many: more than any reordering holds back.
const MOST_INSIDE: usize = 64;

/// The element that decodes, for health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoderElement {
    /// As GStreamer names it, e.g. `avdec_h264`.
    pub name: String,
    /// Done by a unit made for it, not by the processor.
    pub is_hardware: bool,
    /// Those of a higher rank that were tried before it, the highest first.
    pub passed_over: Vec<PassedOver>,
}

/// An element that could not decode a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// As GStreamer names it.
    pub name: String,
    /// Its own words.
    pub why: String,
}

/// A picture where the decoder put it. It holds one of the decoder's few buffers: let go of it soon.
pub struct Decoded {
    /// Presentation time in its run.
    pub pts: Pts,
    /// Wall time, from the access unit.
    pub wall: WallTime,
    buffer: gst::Buffer,
    info: Arc<VideoInfo>,
}

impl Decoded {
    /// Pixels, width and height.
    #[must_use]
    pub fn size_px(&self) -> (u32, u32) {
        (self.info.width(), self.info.height())
    }

    /// Hands the luma plane to `read`, where it lies. `None` when the buffer cannot be read.
    pub fn luma<R>(&self, read: impl FnOnce(Plane<'_>) -> R) -> Option<R> {
        let mapped = VideoFrameRef::from_buffer_ref_readable(&self.buffer, &self.info).ok()?;
        let stride = usize::try_from(*mapped.plane_stride().first()?).ok()?;
        Some(read(Plane { data: mapped.plane_data(0).ok()?, stride }))
    }

    /// A copy of its own. `None` when the buffer cannot be read.
    #[must_use]
    pub fn frame(&self) -> Option<Frame> {
        let mapped = VideoFrameRef::from_buffer_ref_readable(&self.buffer, &self.info).ok()?;
        let plane = |n: u32| {
            let stride = usize::try_from(*mapped.plane_stride().get(usize::try_from(n).ok()?)?).ok()?;
            Some(FramePlane { data: mapped.plane_data(n).ok()?.to_vec(), stride })
        };
        Some(Frame {
            pts: self.pts,
            wall: self.wall,
            width_px: mapped.width(),
            height_px: mapped.height(),
            colour: colour(&self.info),
            planes: Arc::new([plane(0)?, plane(1)?, plane(2)?]),
        })
    }
}

/// Decodes one run of one stream. Feeding blocks for as long as decoding takes.
pub struct Decoder {
    line: Line,
    caps: gst::Caps,
    element: DecoderElement,
    /// Elements of a lower rank, the highest first. None once this one has given a picture.
    others: VecDeque<Candidate>,
    /// What was given to it before its first picture: the next element gets it, too.
    fed: Vec<gst::Buffer>,
    /// Wall times of units whose pictures have not come out, by their time in nanoseconds.
    walls: BTreeMap<u64, WallTime>,
}

impl Decoder {
    /// A decoder for one set of parameters.
    ///
    /// # Errors
    /// [`DecodeError::Missing`] when a plugin is not installed, [`DecodeError::Failed`] when no element of the kind that
    /// was asked for starts.
    pub fn new(params: &VideoParams, choice: DecoderChoice) -> Result<Self, DecodeError> {
        init()?;
        Self::with_caps(&caps(params), choice)
    }

    /// A decoder for these caps.
    pub(super) fn with_caps(caps: &gst::Caps, choice: DecoderChoice) -> Result<Self, DecodeError> {
        let mut others = candidates(caps, choice)?;
        let mut passed_over = Vec::new();
        let (line, element) = first_that_starts(caps, &mut others, &mut passed_over)?;
        Ok(Self { line, caps: caps.clone(), element, others, fed: Vec::new(), walls: BTreeMap::new() })
    }

    /// The element that decodes.
    #[must_use]
    pub const fn element(&self) -> &DecoderElement {
        &self.element
    }

    /// Decodes the next unit in decoding order; returns the pictures that are ready, in presentation order.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the decoder has given up; make a new one at the next keyframe.
    pub fn feed(&mut self, unit: &AccessUnit) -> Result<Vec<Decoded>, DecodeError> {
        let nanos = nanos_of(unit.pts);
        self.walls.insert(nanos, unit.wall);
        while self.walls.len() > MOST_INSIDE {
            self.walls.pop_first();
        }
        let buffer = coded(gst::Buffer::from_slice(unit.nals.clone()), nanos, unit.is_keyframe);
        self.push(buffer)?;
        Ok(self.take())
    }

    /// Brings out what the decoder holds back for reordering. The next unit must be a keyframe.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the decoder has given up.
    pub fn drain(&mut self) -> Result<Vec<Decoded>, DecodeError> {
        self.flush()?;
        Ok(self.take())
    }

    /// Whether another element may take over: this one has not given a picture.
    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// This element gives nothing, whatever it is asked for: the next one gets the newest coded picture.
    pub(super) fn pass_over(&mut self, why: String) -> Result<(), DecodeError> {
        let older = self.fed.len().saturating_sub(1);
        self.fed = self.fed.split_off(older);
        self.go_on(DecodeError::Failed { detail: why }, Line::flush)
    }

    pub(super) fn flush(&mut self) -> Result<(), DecodeError> {
        let flushed = self.line.flush();
        flushed.or_else(|error| self.go_on(error, Line::flush))
    }

    pub(super) fn push(&mut self, buffer: gst::Buffer) -> Result<(), DecodeError> {
        if self.others.is_empty() {
            return self.line.push(buffer);
        }
        self.fed.push(buffer.clone());
        let pushed = if self.fed.len() > MOST_INSIDE {
            Err(DecodeError::Failed { detail: format!("no picture came of {MOST_INSIDE} coded ones") })
        } else {
            self.line.push(buffer)
        };
        pushed.or_else(|error| self.go_on(error, |_| Ok(())))
    }

    /// This element has given up before its first picture: the next one gets what this one got, and `then` is done with it.
    fn go_on(
        &mut self,
        mut error: DecodeError,
        then: impl Fn(&Line) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        while !self.others.is_empty() {
            let mut passed_over = std::mem::take(&mut self.element.passed_over);
            passed_over.push(PassedOver { name: self.element.name.clone(), why: error.to_string() });
            (self.line, self.element) = first_that_starts(&self.caps, &mut self.others, &mut passed_over)?;
            let again = self.fed.iter().try_for_each(|buffer| self.line.push(buffer.clone()));
            match again.and_then(|()| then(&self.line)) {
                Ok(()) if self.others.is_empty() => {
                    self.fed = Vec::new();
                    return Ok(());
                }
                Ok(()) => return Ok(()),
                Err(next) => error = next,
            }
        }
        Err(error)
    }

    /// Raw pictures that are ready, with what describes them.
    pub(super) fn take_raw(&mut self) -> (Option<Arc<VideoInfo>>, VecDeque<gst::Buffer>) {
        let (info, ready) = self.line.take();
        if !ready.is_empty() {
            // It can do it. What goes wrong from now on is the stream's fault, or passes.
            self.others = VecDeque::new();
            self.fed = Vec::new();
        }
        (info, ready)
    }

    fn take(&mut self) -> Vec<Decoded> {
        let (Some(info), ready) = self.take_raw() else { return Vec::new() };
        let pictures = ready.into_iter().filter_map(|buffer| {
            let nanos = buffer.pts()?.nseconds();
            // Pictures come out in presentation order: what lies before this one will not come out any more.
            self.walls = self.walls.split_off(&nanos);
            let wall = self.walls.remove(&nanos)?;
            Some(Decoded { pts: pts_of(nanos), wall, buffer, info: info.clone() })
        });
        pictures.collect()
    }
}

impl Decoded {
    /// One picture of a decoder that was given a time of its own.
    pub(super) const fn new(pts: Pts, wall: WallTime, buffer: gst::Buffer, info: Arc<VideoInfo>) -> Self {
        Self { pts, wall, buffer, info }
    }
}

/// Takes candidates until one starts; those that did not are added to `passed_over`.
fn first_that_starts(
    caps: &gst::Caps,
    candidates: &mut VecDeque<Candidate>,
    passed_over: &mut Vec<PassedOver>,
) -> Result<(Line, DecoderElement), DecodeError> {
    let mut last = None;
    while let Some(Candidate { factory, is_hardware }) = candidates.pop_front() {
        let name = factory.name().to_string();
        match Line::open(&factory, caps) {
            Ok(line) => {
                if let Some(PassedOver { name: better, why }) = passed_over.first() {
                    tracing::debug!(element = %name, better, why, "a decoder of a higher rank cannot decode this stream");
                }
                let passed_over = std::mem::take(passed_over);
                return Ok((line, DecoderElement { name, is_hardware, passed_over }));
            }
            Err(error) => {
                passed_over.push(PassedOver { name, why: error.to_string() });
                last = Some(error);
            }
        }
    }
    Err(last.unwrap_or_else(|| DecodeError::Failed { detail: "there is no decoder left to try".to_owned() }))
}

/// A coded picture with its time.
pub(super) fn coded(mut buffer: gst::Buffer, nanos: u64, is_keyframe: bool) -> gst::Buffer {
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::from_nseconds(nanos));
        if !is_keyframe {
            buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
        }
    }
    buffer
}
