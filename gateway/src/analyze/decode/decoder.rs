//! One stream's decoder, driven by whoever feeds it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video::{VideoFormat, VideoFrameExt as _, VideoFrameRef, VideoInfo};
use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
    time::{Pts, WallTime},
};
use sharpeyes_inference::Plane;

use super::{DecodeError, Frame, FramePlane, caps, colour, init, make, nanos_of, pts_of};

/// Units whose pictures never came are forgotten beyond so many: more than any reordering holds back.
const MOST_INSIDE: usize = 64;

/// The element that decodes, for health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoderElement {
    /// As GStreamer names it, e.g. `avdec_h264`.
    pub name: String,
    /// Done by a unit made for it, not by the processor.
    pub is_hardware: bool,
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

/// What comes out at the far end, and what the elements complain of.
#[derive(Default)]
struct Outlet {
    info: Option<Arc<VideoInfo>>,
    ready: VecDeque<gst::Buffer>,
    complaint: Option<String>,
}

type Shared = Arc<Mutex<Outlet>>;

/// Decodes one run of one stream. Feeding blocks for as long as decoding takes.
pub struct Decoder {
    pipeline: gst::Pipeline,
    /// Ours: pushes into the first element.
    source: gst::Pad,
    /// Ours: takes from the last one.
    sink: gst::Pad,
    outlet: Shared,
    /// Wall times of units whose pictures have not come out, by their time in nanoseconds.
    walls: BTreeMap<u64, WallTime>,
    element: DecoderElement,
}

impl Drop for Decoder {
    fn drop(&mut self) {
        if let Err(error) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!(%error, "a decoder did not stop");
        }
        for pad in [&self.source, &self.sink] {
            // A pad that is in use is kept alive by its peer: nothing is lost by leaving it.
            let _ = pad.set_active(false);
        }
    }
}

impl Decoder {
    /// A decoder for one set of parameters.
    ///
    /// # Errors
    /// [`DecodeError::Missing`] when a plugin is not installed, [`DecodeError::Failed`] when the pipeline won't start.
    pub fn new(params: &VideoParams, choice: DecoderChoice) -> Result<Self, DecodeError> {
        init()?;
        Self::with_caps(&caps(params), choice)
    }

    /// A decoder for these caps.
    pub(super) fn with_caps(caps: &gst::Caps, choice: DecoderChoice) -> Result<Self, DecodeError> {
        let (decoder, element) = choose(caps, choice)?;
        let convert = make(gst::ElementFactory::make("videoconvert"), "convert pictures")?;
        let failed = |error: &dyn std::fmt::Display| DecodeError::Failed { detail: error.to_string() };
        let pipeline = gst::Pipeline::new();
        pipeline.add_many([&decoder, &convert]).map_err(|error| failed(&error))?;
        decoder.link(&convert).map_err(|error| failed(&error))?;
        let outlet = Shared::default();
        listen(&pipeline, &outlet);
        let source = gst::Pad::builder(gst::PadDirection::Src).name("units").build();
        let sink = sink_pad(&outlet)?;
        link(&source, decoder.static_pad("sink").as_ref())?;
        link_to(convert.static_pad("src").as_ref(), &sink)?;
        for pad in [&sink, &source] {
            pad.set_active(true).map_err(|error| failed(&error))?;
        }
        pipeline.set_state(gst::State::Playing).map_err(|error| failed(&error))?;
        let made = Self { pipeline, source, sink, outlet, walls: BTreeMap::new(), element };
        made.begin(caps)?;
        Ok(made)
    }

    fn begin(&self, caps: &gst::Caps) -> Result<(), DecodeError> {
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        let events = [
            gst::event::StreamStart::new("units"),
            gst::event::Caps::new(caps),
            gst::event::Segment::new(&segment),
        ];
        for event in events {
            if !self.source.push_event(event) {
                return Err(self.failure(&"the decoder does not take this stream"));
            }
        }
        Ok(())
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

    pub(super) fn flush(&self) -> Result<(), DecodeError> {
        // GstVideoDecoder hands out everything it has when a stream begins anew.
        if self.source.push_event(gst::event::StreamStart::new("units")) {
            Ok(())
        } else {
            Err(self.failure(&"the last pictures never came"))
        }
    }

    pub(super) fn push(&self, buffer: gst::Buffer) -> Result<(), DecodeError> {
        self.source.push(buffer).map(drop).map_err(|error| self.failure(&error))
    }

    /// Raw pictures that are ready, with what describes them.
    pub(super) fn take_raw(&self) -> (Option<Arc<VideoInfo>>, VecDeque<gst::Buffer>) {
        let mut outlet = self.lock();
        (outlet.info.clone(), std::mem::take(&mut outlet.ready))
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

    fn lock(&self) -> MutexGuard<'_, Outlet> {
        self.outlet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prefers what an element itself reported to the bare flow error.
    fn failure(&self, error: &dyn std::fmt::Display) -> DecodeError {
        let complaint = self.lock().complaint.take();
        DecodeError::Failed { detail: complaint.unwrap_or_else(|| error.to_string()) }
    }
}

impl Decoded {
    /// One picture of a decoder that was given a time of its own.
    pub(super) const fn new(pts: Pts, wall: WallTime, buffer: gst::Buffer, info: Arc<VideoInfo>) -> Self {
        Self { pts, wall, buffer, info }
    }
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

/// The highest-ranked element that takes `caps` and is of the kind that was asked for.
fn choose(caps: &gst::Caps, choice: DecoderChoice) -> Result<(gst::Element, DecoderElement), DecodeError> {
    let missing =
        |detail: String| DecodeError::Missing { action: "decode video with the decoder asked for", detail };
    let kind = gst::ElementFactoryType::DECODER | gst::ElementFactoryType::MEDIA_VIDEO;
    let mut factories: Vec<gst::ElementFactory> =
        gst::ElementFactory::factories_with_type(kind, gst::Rank::MARGINAL)
            .into_iter()
            .filter(|factory| factory.can_sink_any_caps(caps) && fits(factory, choice))
            .collect();
    factories.sort_by_key(|factory| (std::cmp::Reverse(factory.rank()), factory.name()));
    let Some(factory) = factories.first() else {
        let stream =
            caps.structure(0).map_or("this stream", |structure| structure.name().as_str()).to_owned();
        return Err(missing(format!("no `{choice}` decoder for {stream} is installed")));
    };
    let element = factory.create().build().map_err(|error| missing(error.to_string()))?;
    // One thread each: the cameras are the parallelism, and frame threads would add a frame of delay per thread.
    if element.find_property("max-threads").is_some() {
        element.set_property_from_str("max-threads", "1");
    }
    let described = DecoderElement { name: factory.name().to_string(), is_hardware: is_hardware(factory) };
    Ok((element, described))
}

fn is_hardware(factory: &gst::ElementFactory) -> bool {
    factory.metadata(gst::ELEMENT_METADATA_KLASS).is_some_and(|class| class.contains("Hardware"))
}

fn fits(factory: &gst::ElementFactory, choice: DecoderChoice) -> bool {
    let name = factory.name();
    match choice {
        DecoderChoice::Auto => true,
        DecoderChoice::Software => !is_hardware(factory),
        DecoderChoice::VaApi => name.starts_with("va"),
        DecoderChoice::NvDec => name.starts_with("nv"),
        DecoderChoice::V4l2 => name.starts_with("v4l2"),
    }
}

/// Keeps what an element reports; nobody reads the bus, so nothing may gather in it.
fn listen(pipeline: &gst::Pipeline, outlet: &Shared) {
    let Some(bus) = pipeline.bus() else { return };
    let outlet = Arc::downgrade(outlet);
    bus.set_sync_handler(move |_, message| {
        if let gst::MessageView::Error(error) = message.view()
            && let Some(outlet) = outlet.upgrade()
        {
            outlet.lock().unwrap_or_else(PoisonError::into_inner).complaint = Some(error.error().to_string());
        }
        gst::BusSyncReply::Drop
    });
}

fn sink_pad(outlet: &Shared) -> Result<gst::Pad, DecodeError> {
    let caps = gst::Caps::builder("video/x-raw").field("format", VideoFormat::I420.to_str()).build();
    let template =
        gst::PadTemplate::new("pictures", gst::PadDirection::Sink, gst::PadPresence::Always, &caps)
            .map_err(|error| DecodeError::Failed { detail: error.to_string() })?;
    let (pictures, events) = (outlet.clone(), outlet.clone());
    let pad = gst::Pad::builder_from_template(&template)
        .chain_function(move |_, _, buffer| {
            pictures.lock().unwrap_or_else(PoisonError::into_inner).ready.push_back(buffer);
            Ok(gst::FlowSuccess::Ok)
        })
        .event_function(move |_, _, event| {
            if let gst::EventView::Caps(caps) = event.view() {
                let info = VideoInfo::from_caps(caps.caps()).ok().map(Arc::new);
                events.lock().unwrap_or_else(PoisonError::into_inner).info = info;
            }
            true
        })
        .build();
    Ok(pad)
}

fn link(from: &gst::Pad, to: Option<&gst::Pad>) -> Result<(), DecodeError> {
    let failed = |detail: String| DecodeError::Failed { detail };
    let to = to.ok_or_else(|| failed("the decoder has no input".into()))?;
    from.link(to).map(drop).map_err(|error| failed(error.to_string()))
}

fn link_to(from: Option<&gst::Pad>, to: &gst::Pad) -> Result<(), DecodeError> {
    let failed = |detail: String| DecodeError::Failed { detail };
    let from = from.ok_or_else(|| failed("the decoder has no output".into()))?;
    from.link(to).map(drop).map_err(|error| failed(error.to_string()))
}
