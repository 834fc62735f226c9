//! Recorded pictures as H.264 of a smaller size: `appsrc ! avdec_* ! videoscale ! videoconvert ! openh264enc ! appsink`.
//!
//! Every queue in it is short, so that it works only as fast as what comes out is taken. The encoder is Cisco's (BSD);
//! x264 is GPL and no part of the product.

use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use sharpeyes_domain::media::{AccessUnit, VideoCodec, VideoParams};

use super::{DecodeError, caps, init, make, nanos_of, pts_of};

/// Coded bytes that may wait before the decoder.
const BACKLOG_BYTES: u64 = 1 << 20;
/// Encoded pictures that may wait behind the encoder.
const READY: u32 = 4;

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecodeFormat {
    /// Pixels, even.
    pub width_px: u16,
    /// Pixels, even.
    pub height_px: u16,
    /// Pictures a second that are expected: for the encoder's budget. A keyframe comes that often.
    pub fps: u16,
}

impl RecodeFormat {
    /// A picture of these parameters, not wider than `widest_px`.
    #[must_use]
    pub fn within(params: &VideoParams, widest_px: u16, fps: u16) -> Self {
        let (width, height) = (u32::from(params.width_px.max(2)), u32::from(params.height_px.max(2)));
        let wanted = width.min(u32::from(widest_px));
        let even = |n: u32| u16::try_from((n / 2 * 2).max(2)).unwrap_or(u16::MAX - 1);
        Self { width_px: even(wanted), height_px: even(height * wanted / width), fps: fps.clamp(1, 60) }
    }

    /// A tenth of a bit for each pixel: enough for a person to look at, a fifth of what a camera sends.
    fn bits_per_second(self) -> u32 {
        let pixels = u32::from(self.width_px) * u32::from(self.height_px) * u32::from(self.fps);
        (pixels / 10).clamp(200_000, 6_000_000)
    }
}

/// What [`Recoder::take`] found.
#[derive(Debug)]
pub enum Recoded {
    /// A picture, in order. Its wall time is for the caller to fill in.
    Unit(AccessUnit),
    /// Nothing was ready in time.
    Waiting,
    /// Everything that was fed has come out.
    Over,
}

/// Re-codes one run.
pub struct Recoder {
    pipeline: gst::Pipeline,
    source: AppSrc,
    sink: AppSink,
}

impl Drop for Recoder {
    fn drop(&mut self) {
        if let Err(error) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!(%error, "a transcode did not stop");
        }
    }
}

impl Recoder {
    /// # Errors
    /// [`DecodeError::Missing`] when a plugin is not installed, [`DecodeError::Failed`] when the pipeline won't start.
    pub fn new(params: &VideoParams, format: RecodeFormat) -> Result<Self, DecodeError> {
        init()?;
        let name = match params.codec {
            VideoCodec::H264 => "avdec_h264",
            VideoCodec::H265 => "avdec_h265",
        };
        let element = gst::ElementFactory::make;
        let decoder = make(element(name).property("max-threads", 1i32), "decode video")?;
        let scale = make(element("videoscale"), "scale pictures")?;
        let convert = make(element("videoconvert"), "convert pictures")?;
        let raw = gst::Caps::builder("video/x-raw")
            .field("format", "I420")
            .field("width", i32::from(format.width_px))
            .field("height", i32::from(format.height_px))
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build();
        let filter = make(element("capsfilter").property("caps", &raw), "filter pictures")?;
        // The pace is the camera's own: a picture that is left out to keep a rate would be a hole in the evidence.
        let encoder = make(
            element("openh264enc")
                .property("bitrate", format.bits_per_second())
                .property("gop-size", u32::from(format.fps))
                .property("multi-thread", 1u32)
                .property_from_str("complexity", "low")
                .property_from_str("rate-control", "bitrate")
                .property("enable-frame-skip", false)
                .property("scene-change-detection", false),
            "encode H.264",
        )?;
        let parse = make(element("h264parse"), "parse H.264")?;
        let source = AppSrc::builder()
            .caps(&caps(params))
            .format(gst::Format::Time)
            .is_live(false)
            .max_bytes(BACKLOG_BYTES)
            .build();
        let coded =
            gst::Caps::builder("video/x-h264").field("stream-format", "avc").field("alignment", "au").build();
        let sink = AppSink::builder().caps(&coded).sync(false).max_buffers(READY).build();
        let pipeline = gst::Pipeline::new();
        let elements =
            [source.upcast_ref(), &decoder, &scale, &convert, &filter, &encoder, &parse, sink.upcast_ref()];
        let failed = |error: &dyn std::fmt::Display| DecodeError::Failed { detail: error.to_string() };
        pipeline.add_many(elements).map_err(|error| failed(&error))?;
        gst::Element::link_many(elements).map_err(|error| failed(&error))?;
        pipeline.set_state(gst::State::Playing).map_err(|error| failed(&error))?;
        Ok(Self { pipeline, source, sink })
    }

    /// Room for the next unit. Who feeds without asking makes the queue grow.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.source.current_level_bytes() < BACKLOG_BYTES / 2
    }

    /// The next unit in decoding order. Does not wait.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the pipeline has given up.
    pub fn feed(&self, unit: &AccessUnit) -> Result<(), DecodeError> {
        let mut buffer = gst::Buffer::from_slice(unit.nals.clone());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(nanos_of(unit.pts)));
            if !unit.is_keyframe {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        self.source.push_buffer(buffer).map(drop).map_err(|error| self.failure(&error))
    }

    /// Nothing more will be fed.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the pipeline has given up.
    pub fn finish(&self) -> Result<(), DecodeError> {
        self.source.end_of_stream().map(drop).map_err(|error| self.failure(&error))
    }

    /// The next encoded picture, waited for at most `wait`.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the pipeline has given up.
    pub fn take(&self, wait: Duration) -> Result<Recoded, DecodeError> {
        let wait = gst::ClockTime::from_mseconds(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let Some(sample) = self.sink.try_pull_sample(wait) else {
            if let Some(error) = self.reported() {
                return Err(error);
            }
            return Ok(if self.sink.is_eos() { Recoded::Over } else { Recoded::Waiting });
        };
        let buffer = sample.buffer().ok_or_else(|| self.failure(&"a picture without data"))?;
        let pts = buffer.pts().ok_or_else(|| self.failure(&"a picture without a time"))?;
        let nals = buffer.map_readable().map_err(|error| self.failure(&error))?;
        Ok(Recoded::Unit(AccessUnit {
            pts: pts_of(pts.nseconds()),
            wall: sharpeyes_domain::time::WallTime(0),
            is_keyframe: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
            nals: bytes::Bytes::copy_from_slice(&nals),
        }))
    }

    /// The `avcC` of what comes out (ISO/IEC 14496-15 §5.3.3); known once a picture has.
    #[must_use]
    pub fn decoder_config(&self) -> Option<Vec<u8>> {
        let caps = self.sink.static_pad("sink")?.current_caps()?;
        let config = caps.structure(0)?.get::<gst::Buffer>("codec_data").ok()?;
        Some(config.map_readable().ok()?.to_vec())
    }

    fn reported(&self) -> Option<DecodeError> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(DecodeError::Failed { detail: error.error().to_string() }),
            _ => None,
        }
    }

    fn failure(&self, error: &dyn std::fmt::Display) -> DecodeError {
        self.reported().unwrap_or_else(|| DecodeError::Failed { detail: error.to_string() })
    }
}
