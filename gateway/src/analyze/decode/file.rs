//! A recorded file as a stream of access units, for `replay`: demuxed, not decoded.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;
use sharpeyes_domain::{
    media::{AccessUnit, VideoCodec, VideoParams},
    time::{Pts, WallTime},
};

use super::{DecodeError, init};

/// Reads the first H.264 or H.265 track of a file that GStreamer can demux.
pub struct FileDemuxer {
    pipeline: gst::Pipeline,
    appsink: AppSink,
    path: std::path::PathBuf,
    wall_start: WallTime,
    first: Option<Pts>,
}

/// A file that was opened.
pub struct OpenedFile {
    /// Its parameters.
    pub params: Arc<VideoParams>,
    /// Its units.
    pub demuxer: FileDemuxer,
}

impl Drop for FileDemuxer {
    fn drop(&mut self) {
        if let Err(error) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!(%error, "a demuxer did not stop");
        }
    }
}

impl FileDemuxer {
    /// Opens `path`; its first picture is taken to have been seen at `wall_start`.
    ///
    /// # Errors
    /// [`DecodeError::File`] when it is no file with H.264 or H.265 video, [`DecodeError::Missing`] without GStreamer.
    pub fn open(path: &Path, wall_start: WallTime) -> Result<OpenedFile, DecodeError> {
        init()?;
        let failed = |detail: String| DecodeError::File { path: path.to_owned(), detail };
        if !path.is_file() {
            return Err(failed("no such file".into()));
        }
        let missing = |detail: &dyn std::fmt::Display| DecodeError::Missing {
            action: "read files",
            detail: detail.to_string(),
        };
        let source = gst::ElementFactory::make("filesrc")
            .property("location", path.to_string_lossy().as_ref())
            .build()
            .map_err(|error| missing(&error))?;
        let parsebin = gst::ElementFactory::make("parsebin").build().map_err(|error| missing(&error))?;
        let caps = gst::Caps::builder_full()
            .structure(coded("video/x-h264", "avc"))
            .structure(coded("video/x-h265", "hvc1"))
            .build();
        let appsink = AppSink::builder().caps(&caps).sync(false).max_buffers(64).build();
        let pipeline = gst::Pipeline::new();
        pipeline
            .add_many([&source, &parsebin, appsink.upcast_ref()])
            .and_then(|()| gst::Element::link_many([&source, &parsebin]))
            .map_err(|error| failed(error.to_string()))?;
        link_video(&pipeline, &parsebin, &appsink);
        let demuxer = Self { pipeline, appsink, path: path.to_owned(), wall_start, first: None };
        demuxer.pipeline.set_state(gst::State::Playing).map_err(|error| failed(error.to_string()))?;
        let params = demuxer.read_params()?;
        Ok(OpenedFile { params: Arc::new(params), demuxer })
    }

    /// The next unit in decoding order; `None` at the end of the file.
    ///
    /// # Errors
    /// [`DecodeError::File`] when the file is damaged here.
    pub fn next_unit(&mut self) -> Result<Option<AccessUnit>, DecodeError> {
        let Ok(sample) = self.appsink.pull_sample() else {
            return self.error().map_or(Ok(None), Err);
        };
        let failed = |detail: &str| DecodeError::File { path: self.path.clone(), detail: detail.into() };
        let buffer = sample.buffer().ok_or_else(|| failed("a sample without data"))?;
        let pts = buffer.pts().ok_or_else(|| failed("a picture without a time"))?;
        let raw = Pts::from_nanos(pts.nseconds());
        let first = *self.first.get_or_insert(raw);
        let elapsed = raw - first;
        let map = buffer.map_readable().map_err(|_| failed("a sample that cannot be read"))?;
        Ok(Some(AccessUnit {
            pts: Pts(elapsed.0),
            wall: self.wall_start.plus_media(elapsed),
            is_keyframe: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
            nals: Bytes::copy_from_slice(&map),
        }))
    }

    /// Parameters are those of the first sample's caps; the sample itself stays in the queue.
    fn read_params(&self) -> Result<VideoParams, DecodeError> {
        let failed = |detail: String| DecodeError::File { path: self.path.clone(), detail };
        let (result, _, _) = self.pipeline.state(gst::ClockTime::from_seconds(20));
        if result.is_err() {
            return Err(self.error().unwrap_or_else(|| failed("cannot be read".into())));
        }
        let no_video = || failed("no H.264 or H.265 video in it".into());
        let caps = self.appsink.static_pad("sink").and_then(|pad| pad.current_caps()).ok_or_else(no_video)?;
        let structure = caps.structure(0).ok_or_else(no_video)?;
        let codec = match structure.name().as_str() {
            "video/x-h264" => VideoCodec::H264,
            _ => VideoCodec::H265,
        };
        let config = structure.get::<gst::Buffer>("codec_data").map_err(|error| failed(error.to_string()))?;
        let config = config.map_readable().map_err(|error| failed(error.to_string()))?;
        let pixels = |field: &str| {
            structure
                .get::<i32>(field)
                .ok()
                .and_then(|n| u16::try_from(n).ok())
                .ok_or_else(|| failed(format!("no {field}")))
        };
        Ok(VideoParams {
            codec,
            rfc6381: codec.as_str().to_owned(),
            width_px: pixels("width")?,
            height_px: pixels("height")?,
            // Replay decodes and never writes MP4: there is no sample entry to be had from here, and none is needed.
            sample_entry: Arc::new([]),
            decoder_config: config.as_slice().into(),
        })
    }

    fn error(&self) -> Option<DecodeError> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => {
                Some(DecodeError::File { path: self.path.clone(), detail: error.error().to_string() })
            }
            _ => None,
        }
    }
}

fn coded(name: &str, format: &str) -> gst::Structure {
    gst::Structure::builder(name).field("stream-format", format).field("alignment", "au").build()
}

/// The first video pad goes to the sink; every other pad is drained, or the demuxer would stop at it.
fn link_video(pipeline: &gst::Pipeline, parsebin: &gst::Element, appsink: &AppSink) {
    let (pipeline, appsink) = (pipeline.downgrade(), appsink.downgrade());
    parsebin.connect_pad_added(move |_, pad| {
        let (Some(pipeline), Some(appsink)) = (pipeline.upgrade(), appsink.upgrade()) else { return };
        let is_video = pad
            .current_caps()
            .and_then(|caps| caps.structure(0).map(|structure| structure.name().starts_with("video/x-h26")));
        let free = appsink.static_pad("sink").filter(|sink| !sink.is_linked());
        if let (Some(true), Some(free)) = (is_video, free) {
            if let Err(error) = pad.link(&free) {
                tracing::warn!(%error, "the file's video cannot be read as it is");
            }
            return;
        }
        let drained = gst::ElementFactory::make("fakesink")
            .property("sync", false)
            .property("async", false)
            .build()
            .ok()
            .and_then(|drain| {
                pipeline.add(&drain).ok()?;
                drain.sync_state_with_parent().ok()?;
                pad.link(&drain.static_pad("sink")?).ok()
            });
        if drained.is_none() {
            tracing::warn!(pad = %pad.name(), "a track of the file cannot be skipped");
        }
    });
}
