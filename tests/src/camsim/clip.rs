//! A video file as access units in memory: demuxed and parsed once, shared by every camera that plays it.
//!
//! No clock and no network here; `pace` decides when a unit leaves.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use sharpeyes_domain::media::{VideoCodec, nal_units};

/// Why a file is no clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The demuxer or a parser gave up.
    #[error("{path}: {message}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// GStreamer's words.
        message: String,
    },
    /// Only MP4 and Matroska are read as they are; `prepare` re-encodes the rest.
    #[error("{path}: neither MP4 nor Matroska by its name")]
    Container {
        /// The file.
        path: PathBuf,
    },
    /// It took longer than a minute to read.
    #[error("{path}: reading did not end within a minute")]
    Stuck {
        /// The file.
        path: PathBuf,
    },
}

/// One coded unit of a track: a picture, or an audio frame.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Time of presentation since the clip's first picture.
    pub at: Duration,
    /// When it is sent, as long after the clip's beginning: in decoding order, at an even pace.
    pub leaves: Duration,
    /// Decoding may start here. Always true for audio.
    pub is_keyframe: bool,
    pub(super) buffer: gst::Buffer,
}

/// A track that is played: units in decoding order.
#[derive(Clone, Debug)]
pub struct Track {
    /// The units, `leaves` rising; `at` too, unless pictures are reordered.
    pub units: Vec<Unit>,
    pub(super) caps: gst::Caps,
    /// Time of the last unit plus its duration.
    pub end: Duration,
}

impl Track {
    /// The bytes of each unit.
    #[must_use]
    pub fn payloads(&self) -> Vec<Bytes> {
        let bytes = |unit: &Unit| unit.buffer.map_readable().map(|map| Bytes::copy_from_slice(&map));
        self.units.iter().filter_map(|unit| bytes(unit).ok()).collect()
    }
}

/// A file's video, and its AAC audio when it has some.
#[derive(Clone, Debug)]
pub struct Clip {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its coding.
    pub codec: VideoCodec,
    /// Picture width.
    pub width_px: i32,
    /// Picture height.
    pub height_px: i32,
    /// The pictures.
    pub video: Arc<Track>,
    /// AAC frames, if the file has such a track.
    pub aac: Option<Track>,
    /// The parameter sets changed on the way.
    changes_params: bool,
}

/// Why a clip cannot be played as a camera would send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The first picture is no IDR picture, so that it cannot be looped.
    FirstIsNoIdr,
    /// IDR pictures are further apart than two seconds; keyframes of an open GOP (CRA) do not count, because a session
    /// cannot begin at one.
    RareKeyframes,
    /// Decoding order differs from presentation order.
    Reordered,
    /// Parameter sets change within the file.
    ParameterSets,
    /// Less than a second of video.
    Short,
}

/// Cameras send a keyframe at least this often.
const MAX_KEYFRAME_DISTANCE: Duration = Duration::from_secs(2);

impl Clip {
    /// Reads the whole file. GStreamer must be initialised.
    ///
    /// # Errors
    /// [`ClipError`] when the file cannot be read or has no H.264 or H.265 track.
    pub fn load(path: &Path) -> Result<Self, ClipError> {
        // One pass for each track: nothing has to be linked while the pipeline runs.
        let h264 = read(path, "h264parse ! video/x-h264,stream-format=avc,alignment=au");
        let (codec, (mut video, changes_params)) = match h264 {
            Ok(track) => (VideoCodec::H264, track),
            Err(ClipError::Broken { .. }) => {
                (VideoCodec::H265, read(path, "h265parse ! video/x-h265,stream-format=hvc1,alignment=au")?)
            }
            Err(error) => return Err(error),
        };
        let mut aac = match read(path, "aacparse ! audio/mpeg,mpegversion=4,stream-format=raw") {
            Ok((track, _)) => Some(track),
            Err(ClipError::Broken { .. }) => None,
            Err(error) => return Err(error),
        };
        let origin = video.units.first().map(|unit| unit.at).unwrap_or_default();
        shift(&mut video, origin);
        pace_in_decoding_order(&mut video);
        if let Some(aac) = &mut aac {
            aac.units.retain(|unit| unit.at >= origin);
            shift(aac, origin);
        }
        let size = |field| {
            video.caps.structure(0).and_then(|fields| fields.get::<i32>(field).ok()).unwrap_or_default()
        };
        Ok(Self {
            path: path.to_owned(),
            codec,
            width_px: size("width"),
            height_px: size("height"),
            aac: aac.filter(|track| !track.units.is_empty()),
            video: Arc::new(video),
            changes_params,
        })
    }

    /// What a camera would never send; `None` when the file can be played as it is.
    #[must_use]
    pub fn unfit(&self) -> Option<Unfit> {
        let units = &self.video.units;
        if !units.first().is_some_and(|unit| unit.is_keyframe && self.has_idr(unit)) {
            return Some(Unfit::FirstIsNoIdr);
        }
        if self.changes_params {
            return Some(Unfit::ParameterSets);
        }
        if units.windows(2).any(|pair| pair[1].at <= pair[0].at) {
            return Some(Unfit::Reordered);
        }
        if self.video.end < Duration::from_secs(1) {
            return Some(Unfit::Short);
        }
        let keys = units.iter().filter(|unit| unit.is_keyframe && self.has_idr(unit)).map(|unit| unit.at);
        let mut last = Duration::ZERO;
        for key in keys.chain([self.video.end]) {
            if key - last > MAX_KEYFRAME_DISTANCE + Duration::from_millis(100) {
                return Some(Unfit::RareKeyframes);
            }
            last = key;
        }
        None
    }

    /// NAL units of picture `index` as they are in the file, parameter sets and delimiters left out: those travel
    /// beside the pictures in RTSP (SDP, or a packet of their own before each IDR picture).
    #[must_use]
    pub fn nals(&self, index: usize) -> Vec<Bytes> {
        self.video.units.get(index).map(|unit| self.payload_nals(unit)).unwrap_or_default()
    }

    /// Every NAL unit of picture `index` as it is in the file, in order.
    #[must_use]
    pub fn all_nals(&self, index: usize) -> Vec<Bytes> {
        let map = self.video.units.get(index).and_then(|unit| unit.buffer.map_readable().ok());
        map.map(|map| nal_units(&map).map(Bytes::copy_from_slice).collect()).unwrap_or_default()
    }

    /// Pictures in one round.
    #[must_use]
    pub fn len(&self) -> usize {
        self.video.units.len()
    }

    /// A clip has pictures.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.video.units.is_empty()
    }

    /// A number for one picture's payload, equal exactly when [`Clip::nals`] is (64 bits, within one process).
    #[must_use]
    pub fn fingerprint(nals: &[impl AsRef<[u8]>]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for nal in nals {
            nal.as_ref().hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Whether a NAL unit is a picture slice or SEI, and not a parameter set, a delimiter or a filler.
    #[must_use]
    pub fn is_payload(codec: VideoCodec, nal: &[u8]) -> bool {
        let Some(first) = nal.first() else { return false };
        match codec {
            // ITU-T H.264 table 7-1: 7 SPS, 8 PPS, 9 delimiter, 10 and 11 ends, 12 filler, 13 SPS extension.
            VideoCodec::H264 => !(7..=13).contains(&(first & 0x1f)),
            // ITU-T H.265 table 7-1: 32 to 38 VPS, SPS, PPS, delimiter, ends, filler.
            VideoCodec::H265 => !(32..=38).contains(&((first >> 1) & 0x3f)),
        }
    }

    fn payload_nals(&self, unit: &Unit) -> Vec<Bytes> {
        let Ok(map) = unit.buffer.map_readable() else { return Vec::new() };
        nal_units(&map).filter(|nal| Self::is_payload(self.codec, nal)).map(Bytes::copy_from_slice).collect()
    }

    fn has_idr(&self, unit: &Unit) -> bool {
        self.payload_nals(unit).iter().filter_map(|nal| nal.first()).any(|first| match self.codec {
            VideoCodec::H264 => first & 0x1f == 5,
            // IDR_W_RADL, IDR_N_LP.
            VideoCodec::H265 => matches!((first >> 1) & 0x3f, 19 | 20),
        })
    }
}

/// The demuxer for a file of this name.
fn demuxer(path: &Path) -> Result<&'static str, ClipError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    match extension.as_deref() {
        Some("mp4" | "mov" | "m4v") => Ok("qtdemux"),
        Some("mkv") => Ok("matroskademux"),
        _ => Err(ClipError::Container { path: path.to_owned() }),
    }
}

/// Runs one track of the file through `parser`; [`ClipError::Broken`] also when the file has no such track.
fn read(path: &Path, parser: &str) -> Result<(Track, bool), ClipError> {
    let broken = |message: String| ClipError::Broken { path: path.to_owned(), message };
    let demuxer = demuxer(path)?;
    let line = format!(
        "filesrc name=file ! {demuxer} ! {parser} ! appsink name=sink sync=false async=false wait-on-eos=false"
    );
    let pipeline = gst::parse::launch(&line).map_err(|error| broken(error.to_string()))?;
    let bin = pipeline.downcast_ref::<gst::Bin>().ok_or_else(|| broken("no bin".to_owned()))?;
    let file = bin.by_name("file").ok_or_else(|| broken("no source".to_owned()))?;
    file.set_property("location", path);
    let sink = bin.by_name("sink").and_then(|sink| sink.downcast::<gst_app::AppSink>().ok());
    let sink = sink.ok_or_else(|| broken("no sink".to_owned()))?;
    let ran = run(&pipeline, path);
    let track = ran.map(|()| collect(&sink));
    // A pipeline that does not stop is only leaked.
    let _ = pipeline.set_state(gst::State::Null);
    track?.ok_or_else(|| broken("an empty track".to_owned()))
}

fn run(pipeline: &gst::Element, path: &Path) -> Result<(), ClipError> {
    let broken = |message: String| ClipError::Broken { path: path.to_owned(), message };
    let bus = pipeline.bus().ok_or_else(|| broken("no bus".to_owned()))?;
    pipeline.set_state(gst::State::Playing).map_err(|error| broken(error.to_string()))?;
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    match bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends) {
        None => Err(ClipError::Stuck { path: path.to_owned() }),
        Some(message) => match message.view() {
            gst::MessageView::Error(error) => Err(broken(error.error().to_string())),
            _ => Ok(()),
        },
    }
}

/// The units that an appsink has gathered, and whether its caps changed on the way.
fn collect(sink: &gst_app::AppSink) -> Option<(Track, bool)> {
    let mut track: Option<Track> = None;
    let mut changes = false;
    let mut last = gst::ClockTime::ZERO;
    while let Some(sample) = sink.try_pull_sample(gst::ClockTime::ZERO) {
        let (Some(buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else { continue };
        let segment = sample.segment().and_then(|segment| segment.downcast_ref::<gst::ClockTime>());
        let at = segment.zip(buffer.pts()).and_then(|(segment, pts)| segment.to_running_time(pts));
        let Some(at) = at else { continue };
        let track =
            track.get_or_insert_with(|| Track { units: Vec::new(), caps: caps.clone(), end: Duration::ZERO });
        changes |= codec_data(&track.caps) != codec_data(&caps);
        let duration = buffer.duration().unwrap_or_else(|| at.saturating_sub(last));
        last = at;
        track.end = track.end.max((at + duration).into());
        track.units.push(Unit {
            at: at.into(),
            leaves: at.into(),
            is_keyframe: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
            buffer,
        });
    }
    track.map(|track| (track, changes))
}

fn codec_data(caps: &gst::Caps) -> Option<Vec<u8>> {
    let data = caps.structure(0)?.get::<gst::Buffer>("codec_data").ok()?;
    let map = data.map_readable().ok()?;
    Some(map.to_vec())
}

fn shift(track: &mut Track, origin: Duration) {
    for unit in &mut track.units {
        unit.at = unit.at.saturating_sub(origin);
    }
    track.end = track.end.saturating_sub(origin);
}

/// An encoder hands a picture out when it has coded it: anchors late, the B pictures between them after them.
fn pace_in_decoding_order(track: &mut Track) {
    let mut times: Vec<Duration> = track.units.iter().map(|unit| unit.at).collect();
    times.sort_unstable();
    let ahead = track.units.iter().zip(&times).map(|(unit, time)| unit.at.saturating_sub(*time));
    let delay = ahead.max().unwrap_or_default();
    for (unit, time) in track.units.iter_mut().zip(times) {
        unit.leaves = time + delay;
    }
}
