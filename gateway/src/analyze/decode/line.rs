//! One decoding element with a pad of ours at either end, and which elements there are.

use std::{
    cmp::Reverse,
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video::{VideoFormat, VideoInfo};
use sharpeyes_domain::ladder::DecoderChoice;

use super::{DecodeError, make};

/// An element that may be able to decode a stream.
pub(super) struct Candidate {
    pub(super) factory: gst::ElementFactory,
    pub(super) is_hardware: bool,
}

/// What comes out at the far end, and what the elements complain of.
#[derive(Default)]
struct Outlet {
    info: Option<Arc<VideoInfo>>,
    ready: VecDeque<gst::Buffer>,
    complaint: Option<String>,
}

type Shared = Arc<Mutex<Outlet>>;

/// `DECODER ! videoconvert`. Pushing blocks for as long as decoding takes.
pub(super) struct Line {
    pipeline: gst::Pipeline,
    /// Ours: pushes into the first element.
    source: gst::Pad,
    /// Ours: takes from the last one.
    sink: gst::Pad,
    outlet: Shared,
}

impl Drop for Line {
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

impl Line {
    /// Starts it for a stream of these caps.
    pub(super) fn open(factory: &gst::ElementFactory, caps: &gst::Caps) -> Result<Self, DecodeError> {
        let failed = |error: &dyn std::fmt::Display| DecodeError::Failed { detail: error.to_string() };
        let decoder = factory.create().build().map_err(|error| failed(&error))?;
        // One thread each: the cameras are the parallelism, and frame threads would add a frame of delay per thread.
        if decoder.find_property("max-threads").is_some() {
            decoder.set_property_from_str("max-threads", "1");
        }
        let convert = make(gst::ElementFactory::make("videoconvert"), "convert pictures")?;
        let pipeline = gst::Pipeline::new();
        pipeline.add_many([&decoder, &convert]).map_err(|error| failed(&error))?;
        decoder.link(&convert).map_err(|error| failed(&error))?;
        let outlet = Shared::default();
        listen(&pipeline, &outlet);
        let source = gst::Pad::builder(gst::PadDirection::Src).name("units").build();
        let sink = sink_pad(&outlet)?;
        link(&source, decoder.static_pad("sink").as_ref())?;
        link_to(convert.static_pad("src").as_ref(), &sink)?;
        let line = Self { pipeline, source, sink, outlet };
        for pad in [&line.sink, &line.source] {
            pad.set_active(true).map_err(|error| failed(&error))?;
        }
        line.pipeline.set_state(gst::State::Playing).map_err(|error| line.failure(&error))?;
        line.begin(caps)?;
        Ok(line)
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

    /// Gives it a coded picture.
    pub(super) fn push(&self, buffer: gst::Buffer) -> Result<(), DecodeError> {
        self.source.push(buffer).map(drop).map_err(|error| self.failure(&error))
    }

    /// Brings out what it holds back.
    pub(super) fn flush(&self) -> Result<(), DecodeError> {
        // GstVideoDecoder hands out everything it has when a stream begins anew.
        if self.source.push_event(gst::event::StreamStart::new("units")) {
            Ok(())
        } else {
            Err(self.failure(&"the last pictures never came"))
        }
    }

    /// Pictures that are ready, with what describes them.
    pub(super) fn take(&self) -> (Option<Arc<VideoInfo>>, VecDeque<gst::Buffer>) {
        let mut outlet = self.lock();
        (outlet.info.clone(), std::mem::take(&mut outlet.ready))
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

/// The elements that take `caps` and are of the kind that was asked for, by rank; of those that compute on the processor
/// only the first.
pub(super) fn candidates(
    caps: &gst::Caps,
    choice: DecoderChoice,
) -> Result<VecDeque<Candidate>, DecodeError> {
    let kind = gst::ElementFactoryType::DECODER | gst::ElementFactoryType::MEDIA_VIDEO;
    let mut factories: Vec<gst::ElementFactory> =
        gst::ElementFactory::factories_with_type(kind, gst::Rank::MARGINAL)
            .into_iter()
            .filter(|factory| factory.can_sink_any_caps(caps) && fits(factory, choice))
            .collect();
    factories.sort_by_key(|factory| (Reverse(factory.rank()), factory.name()));
    let mut candidates = VecDeque::new();
    for factory in factories {
        let is_hardware = is_hardware(&factory);
        candidates.push_back(Candidate { factory, is_hardware });
        if !is_hardware {
            break;
        }
    }
    if candidates.is_empty() {
        let stream =
            caps.structure(0).map_or("this stream", |structure| structure.name().as_str()).to_owned();
        let detail = format!("no `{choice}` decoder for {stream} is installed");
        return Err(DecodeError::Missing { action: "decode video with the decoder asked for", detail });
    }
    Ok(candidates)
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
