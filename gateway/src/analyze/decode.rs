//! GStreamer's room: coded pictures in, decoded pictures out.
//!
//! One pipeline per decoder: `appsrc ! avdec_* ! videoconvert ! appsink`, everything in I420. Every access unit is
//! decoded; a picture is copied out only when the sink wants it, because scaling and converting cost as much as
//! decoding (docs/benchmarks.md). GStreamer's nanoseconds become [`Pts`] here and nowhere else.
//! Fed by `camera` (live) and `replay`; feeds whoever gives the [`FrameSink`].

mod file;
mod recode;
mod still;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use gstreamer_video::{
    VideoColorMatrix, VideoColorRange, VideoFormat, VideoFrameExt as _, VideoFrameRef, VideoInfo,
};
use sharpeyes_domain::{
    media::{AccessUnit, VideoCodec, VideoParams},
    time::{Pts, WallTime},
};
use sharpeyes_inference::{ColourMatrix, ColourRange, ColourSpace, Picture, Plane};

pub use file::{FileDemuxer, OpenedFile};
pub use recode::{RecodeFormat, Recoded, Recoder};
pub use still::still;

/// Coded bytes that may wait before a decoder. A live feeder skips to the next keyframe at half of it (see
/// [`Decoder::is_behind`]); replay is held back at all of it.
const BACKLOG_BYTES: u64 = 4 << 20;

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

/// Wall times of units on their way through the decoder, by their time in nanoseconds. Bounded by the decoder's queue.
type Walls = Arc<Mutex<BTreeMap<u64, WallTime>>>;

/// Where decoded pictures go. Called on GStreamer's thread: must not block.
pub trait FrameSink: Send + 'static {
    /// Whether the picture at `pts` is worth copying out. Called for every decoded picture, in order.
    fn wants(&mut self, pts: Pts) -> bool;
    /// A picture that was wanted.
    fn frame(&mut self, frame: Frame);
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

/// Decodes one run of one stream.
pub struct Decoder {
    pipeline: gst::Pipeline,
    source: AppSrc,
    walls: Walls,
    backend: String,
}

impl Drop for Decoder {
    fn drop(&mut self) {
        if let Err(error) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!(%error, "a decoder did not stop");
        }
    }
}

impl Decoder {
    /// A decoder for one set of parameters.
    ///
    /// # Errors
    /// [`DecodeError::Missing`] when a plugin is not installed, [`DecodeError::Failed`] when the pipeline won't start.
    pub fn new(params: &VideoParams, sink: impl FrameSink) -> Result<Self, DecodeError> {
        init()?;
        let name = match params.codec {
            VideoCodec::H264 => "avdec_h264",
            VideoCodec::H265 => "avdec_h265",
        };
        // One thread each: the cameras are the parallelism, and frame threads would add a frame of delay per thread.
        let decoder = make(gst::ElementFactory::make(name).property("max-threads", 1i32), "decode video")?;
        let convert = make(gst::ElementFactory::make("videoconvert"), "convert pictures")?;
        let source = AppSrc::builder()
            .caps(&caps(params))
            .format(gst::Format::Time)
            .is_live(false)
            .max_bytes(BACKLOG_BYTES)
            .block(true)
            .build();
        let walls = Walls::default();
        let appsink = app_sink(sink, walls.clone());
        let pipeline = gst::Pipeline::new();
        let elements = [source.upcast_ref(), &decoder, &convert, appsink.upcast_ref()];
        let failed = |error: &dyn std::fmt::Display| DecodeError::Failed { detail: error.to_string() };
        pipeline.add_many(elements).map_err(|error| failed(&error))?;
        gst::Element::link_many(elements).map_err(|error| failed(&error))?;
        pipeline.set_state(gst::State::Playing).map_err(|error| failed(&error))?;
        Ok(Self { pipeline, source, walls, backend: name.to_owned() })
    }

    /// The element that decodes, for health.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Hands over the next unit in decoding order. Does not wait for the picture, only for room in the queue.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the pipeline has given up; make a new decoder at the next keyframe.
    pub fn feed(&self, unit: &AccessUnit) -> Result<(), DecodeError> {
        let mut buffer = gst::Buffer::from_slice(unit.nals.clone());
        let nanos = nanos_of(unit.pts);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(nanos));
            if !unit.is_keyframe {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        self.walls.lock().unwrap_or_else(PoisonError::into_inner).insert(nanos, unit.wall);
        self.source.push_buffer(buffer).map(drop).map_err(|error| self.failure(&error))
    }

    /// More is waiting than should: skip to the next keyframe instead of feeding on.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.source.current_level_bytes() >= BACKLOG_BYTES / 2
    }

    /// Waits until everything that was fed has come out, however long the sink takes for it; then the decoder takes no
    /// more.
    ///
    /// # Errors
    /// [`DecodeError::Failed`] when the pipeline broke, or when nothing came out for `limit`.
    pub fn finish(&self, limit: Duration) -> Result<(), DecodeError> {
        self.source.end_of_stream().map_err(|error| self.failure(&error))?;
        let bus = self.pipeline.bus().ok_or_else(|| self.failure(&"no message bus"))?;
        let limit = gst::ClockTime::from_mseconds(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
        let mut n_inside = self.n_inside();
        loop {
            match bus.timed_pop_filtered(Some(limit), &wanted) {
                Some(message) => match message.view() {
                    gst::MessageView::Error(error) => return Err(self.failure(&error.error())),
                    _ => return Ok(()),
                },
                None if self.n_inside() < n_inside => n_inside = self.n_inside(),
                None => return Err(self.failure(&"the last pictures never came")),
            }
        }
    }

    /// Units that were fed and whose pictures have not come out.
    fn n_inside(&self) -> usize {
        self.walls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Prefers what the pipeline itself reported to the bare flow error.
    fn failure(&self, error: &dyn std::fmt::Display) -> DecodeError {
        let reported =
            self.pipeline.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error])).and_then(
                |message| match message.view() {
                    gst::MessageView::Error(error) => Some(error.error().to_string()),
                    _ => None,
                },
            );
        DecodeError::Failed { detail: reported.unwrap_or_else(|| error.to_string()) }
    }
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

fn app_sink(mut sink: impl FrameSink, walls: Walls) -> AppSink {
    let new_sample = move |appsink: &AppSink| {
        let sample = appsink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let Some(nanos) = sample.buffer().and_then(gst::BufferRef::pts).map(gst::ClockTime::nseconds) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let wall = take_wall(&walls, nanos);
        let pts = pts_of(nanos);
        if let Some(wall) = wall
            && sink.wants(pts)
            && let Some(frame) = copy_out(&sample, pts, wall)
        {
            sink.frame(frame);
        }
        Ok(gst::FlowSuccess::Ok)
    };
    AppSink::builder()
        .caps(&gst::Caps::builder("video/x-raw").field("format", VideoFormat::I420.to_str()).build())
        .sync(false)
        .max_buffers(2)
        .callbacks(AppSinkCallbacks::builder().new_sample(new_sample).build())
        .build()
}

/// Pictures come out in presentation order, units went in in decoding order: looked up by their time. What lies before
/// this picture will not come out any more.
fn take_wall(walls: &Walls, nanos: u64) -> Option<WallTime> {
    let mut walls = walls.lock().unwrap_or_else(PoisonError::into_inner);
    *walls = walls.split_off(&nanos);
    walls.remove(&nanos)
}

fn copy_out(sample: &gst::Sample, pts: Pts, wall: WallTime) -> Option<Frame> {
    let info = VideoInfo::from_caps(sample.caps()?).ok()?;
    let mapped = VideoFrameRef::from_buffer_ref_readable(sample.buffer()?, &info).ok()?;
    let plane = |n: u32| {
        let stride = usize::try_from(*mapped.plane_stride().get(usize::try_from(n).ok()?)?).ok()?;
        Some(FramePlane { data: mapped.plane_data(n).ok()?.to_vec(), stride })
    };
    Some(Frame {
        pts,
        wall,
        width_px: mapped.width(),
        height_px: mapped.height(),
        colour: colour(&info),
        planes: Arc::new([plane(0)?, plane(1)?, plane(2)?]),
    })
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
