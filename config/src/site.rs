//! The checked site: what the rest of the gateway is told. Each subsystem gets only its own part.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    num::NonZeroU16,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sharpeyes_domain::{
    area::{AreaTree, Place},
    centre::Centre,
    closed::UnknownName,
    geometry::Confidence,
    ids::{AreaId, CameraId, DiskName, IntakeId, ModelId, StreamId, StreamKind},
    ladder::{DecoderChoice, LadderMode},
    noise::NoiseBudget,
    retention::Policy,
    rule::RuleConfig,
    tamper::TamperKind,
    zone::{Line, Zone},
};

use crate::{RtspUrl, Secret, Target};

/// One township box and everything it watches.
#[derive(Clone, Debug)]
pub struct Site {
    /// For people.
    pub name: String,
    /// In which schedules are meant and local times are shown.
    pub timezone: TimeZone,
    /// Databases, models and, by default, recordings. Absolute.
    pub data_dir: PathBuf,
    /// Where browsers connect.
    pub server: Server,
    /// Recording and the rings in memory.
    pub storage: Storage,
    /// Looking at recordings.
    pub playback: Playback,
    /// The font of PDF reports: TrueType or OpenType with Chinese characters. Absolute; `None`: one of the system's.
    pub report_font: Option<PathBuf>,
    /// How alarms become incidents.
    pub incident: IncidentSettings,
    /// From how many alarms on, and how many false ones, a source is noisy.
    pub noise: NoiseBudget,
    /// What cameras and incidents are shown on.
    pub map: MapSettings,
    /// How closely cameras are looked at.
    pub analysis: Analysis,
    /// How often the built-in test camera raises its alarm; `None`: there is none.
    pub canary: Option<Duration>,
    /// Detectors.
    pub inference: Inference,
    /// The area tree.
    pub areas: AreaTree,
    /// The devices. Invariant: ids are unique, and every area is in [`Site::areas`].
    pub cameras: Vec<Camera>,
    /// The dispatch centre: units, classes of incidents, deadlines, working days, duty, other systems that report.
    pub centre: Arc<Centre>,
    /// What other systems show to report, by the name of the intake. Invariant: one for each of the centre's intakes.
    pub intake_tokens: BTreeMap<IntakeId, Secret<String>>,
    /// Other systems that are told of incidents. Invariant: ids are unique.
    pub targets: Vec<Target>,
}

/// Where browsers connect.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// Mark the session cookie `Secure` (and name it `__Host-…`): only over HTTPS, or on the machine itself.
    pub secure_cookie: bool,
}

/// Recording and the rings in memory.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Where recordings go. Invariant: at least one; names and folders are unique.
    pub disks: Vec<Disk>,
    /// Length of one recorded file.
    pub segment: Duration,
    /// Coded pictures kept in memory per stream, by time …
    pub ring: Duration,
    /// … and by size.
    pub ring_bytes: usize,
    /// Bytes that may wait for the disk per recorded stream; past that the run ends with a reason.
    pub backlog_bytes: usize,
    /// Kept free on each disk that says nothing else; `None`: a fiftieth of it, at most 2 GiB.
    pub reserve: Option<u64>,
    /// Of the file that is given up when the disk of the databases is full; 0: none.
    pub database_reserve: u64,
    /// For cameras that say nothing else.
    pub policy: Policy,
    /// A wall clock that has jumped forward and stays so for this long is believed.
    pub clock_confirm: Duration,
}

/// One disk of recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// In the index, for ever.
    pub name: DiskName,
    /// Its folder, which is the recorder's alone. Absolute.
    pub dir: PathBuf,
    /// Kept free on it; `None`: as [`Storage::reserve`].
    pub reserve: Option<u64>,
}

/// Looking at recordings: what it may cost.
#[derive(Clone, Copy, Debug)]
pub struct Playback {
    /// Recordings that are re-coded at the same time for browsers that cannot play them; 0 switches that off.
    pub transcodes: u16,
    /// … of them for one viewer.
    pub transcodes_per_viewer: u16,
    /// Pixels of a re-coded picture's width, unless the viewer asks for fewer.
    pub transcode_width: u16,
    /// Stills of recordings kept on the disk of `data_dir`; the longest unused go first.
    pub picture_cache_bytes: usize,
}

/// How alarms become incidents, and how long a claim lasts.
#[derive(Clone, Debug)]
pub struct IncidentSettings {
    /// A further alarm joins the open incident of its key when the last one ended no longer ago.
    pub correlation: Duration,
    /// A claim without any action falls back into the queue after this time.
    pub lease: Duration,
    /// How much of the recording and of the boxes belongs to an incident before its first alarm.
    pub pre_roll: Duration,
    /// … and after its last one ended.
    pub post_roll: Duration,
    /// More new ones within [`Self::flood_window`] are a flood: the console groups them.
    pub flood_incidents: u16,
    /// See [`Self::flood_incidents`].
    pub flood_window: Duration,
}

/// What cameras and incidents are shown on; nothing of it: an even arrangement by area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapSettings {
    /// A picture of the site: SVG, PNG, JPEG or WebP, by its ending. Absolute.
    pub plan: Option<PathBuf>,
    /// A folder of map tiles, `{z}/{x}/{y}.png` in Web Mercator, y from the north. Absolute.
    pub tiles: Option<PathBuf>,
}

/// A point on the earth, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPoint {
    /// Degrees north, -85..=85: as far as Web Mercator goes.
    pub latitude: f64,
    /// Degrees east, -180..=180.
    pub longitude: f64,
}

/// How closely cameras are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Analysis {
    /// Rest where nothing happens, or decode everything.
    pub ladder: LadderMode,
    /// A camera at rest has a keyframe detected at least so often.
    pub look_every: Duration,
    /// Between whole pictures, only the part in which things move is detected: cheaper, and some alarms are missed.
    pub parts: bool,
    /// What decodes.
    pub decoder: DecoderChoice,
    /// Cameras that may have a decoder of their own at the same time.
    pub decoders: NonZeroU16,
    /// Decoding threads; `None`: one for each processor core.
    pub threads: Option<NonZeroU16>,
}

/// Detectors.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The ONNX Runtime library; `None`: beside the binary, or as the environment says.
    pub runtime: Option<PathBuf>,
    /// Folder of models that were installed beside the built-in one. Absolute.
    pub models: PathBuf,
    /// Detector threads, one session each.
    pub threads: NonZeroU16,
    /// For cameras that name none; `None`: the one in the program.
    pub default_model: Option<ModelId>,
    /// Looks beside the own one of every camera that names none, and only writes down what it would raise.
    pub shadow_model: Option<ModelId>,
    /// What computes.
    pub provider: InferenceProvider,
    /// Where it computes.
    pub process: InferenceProcess,
    /// A detection that takes longer is given up and counted.
    pub time_limit: Duration,
}

/// An execution provider of ONNX Runtime. One that is named and missing is an error, not the processor instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InferenceProvider {
    /// ONNX Runtime's own kernels for the processor.
    #[default]
    Cpu,
    /// Intel's `OpenVINO`, where the library behind `runtime` was built with it.
    OpenVino,
}

impl InferenceProvider {
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownName> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "openvino" => Ok(Self::OpenVino),
            _ => Err(UnknownName {
                set: "execution provider",
                text: text.chars().take(80).collect(),
                names: &["cpu", "openvino"],
            }),
        }
    }
}

/// Where cameras' detectors run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InferenceProcess {
    /// Each in a process of its own: one that crashes takes nothing along, one that hangs is ended.
    #[default]
    Own,
    /// In that of the service: a little less memory and time.
    Inside,
}

impl InferenceProcess {
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownName> {
        match text {
            "own" => Ok(Self::Own),
            "inside" => Ok(Self::Inside),
            _ => Err(UnknownName {
                set: "place for detectors",
                text: text.chars().take(80).collect(),
                names: &["own", "inside"],
            }),
        }
    }
}

/// A device.
#[derive(Clone, Debug)]
pub struct Camera {
    /// Its identifier.
    pub id: CameraId,
    /// For people.
    pub name: String,
    /// Where it hangs.
    pub area: AreaId,
    /// What it looks at.
    pub place: Place,
    /// Where it is on the plan, 0..1 from the upper left.
    pub at: Option<[f64; 2]>,
    /// Where it is on the earth.
    pub position: Option<GeoPoint>,
    /// The large picture.
    pub main: StreamSource,
    /// The small picture.
    pub sub: Option<StreamSource>,
    /// For both streams.
    pub credentials: Option<Credentials>,
    /// How media travels, for both streams.
    pub transport: Transport,
    /// Which streams are recorded. Invariant: `Sub` and `Both` only when there is a sub stream.
    pub record: Record,
    /// The disk of both its streams. Invariant: one of the site's; `None`: chosen by the recorder.
    pub disk: Option<DiskName>,
    /// Whether the sound of recorded streams is recorded too: a decision that the law asks someone to take.
    pub audio: bool,
    /// How long its recordings are kept.
    pub retention: Policy,
    /// Which stream is analysed. Invariant: `Sub` only when there is a sub stream; not `Off` when there are rules.
    pub analyse: AnalyseStream,
    /// Which detector; `None`: the site's default.
    pub model: Option<ModelId>,
    /// A second detector that only writes down what it would raise; `None`: the site's. Invariant: not the same as `model`;
    /// only when something is analysed.
    pub shadow_model: Option<ModelId>,
    /// The most frames a second given to the detector, 0.2..=30; unsaid, five or what the rule with the greatest need asks
    /// for.
    pub fps: f32,
    /// Detections below are dropped; `None`: as the model says.
    pub score: Option<Confidence>,
    /// Which tampering makes tickets.
    pub tamper: Vec<TamperKind>,
    /// Parts of the picture that rules refer to.
    pub zones: Vec<Zone>,
    /// Lines across the picture that rules refer to.
    pub lines: Vec<Line>,
    /// What raises an alarm.
    pub rules: Vec<RuleConfig>,
    /// What is only written down, for whoever tunes rules: no alarm, no incident. No id stands in both lists.
    pub shadow_rules: Vec<RuleConfig>,
}

/// Where one stream is had.
#[derive(Clone, Debug)]
pub struct StreamSource {
    /// Its address, without credentials.
    pub url: RtspUrl,
}

/// What a camera wants to know before it sends.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// May be empty.
    pub username: String,
    /// May be empty.
    pub password: Secret<String>,
}

/// How media travels from a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Within the RTSP connection (RFC 7826 §14): nothing is lost on the way, and no port need be open.
    #[default]
    Tcp,
    /// RTP datagrams beside it, for cameras that offer nothing else: what is lost is lost.
    Udp,
}

/// Which streams of a camera are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Record {
    /// None.
    Off,
    /// The large picture: the usual way.
    Main,
    /// The small one, for many days on a small disk.
    Sub,
    /// Each into files of its own.
    Both,
}

/// Which stream of a camera is analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnalyseStream {
    /// The small one: the usual way.
    Sub,
    /// The large one, because the camera has no other or the small one shows too little.
    Main,
    /// None.
    Off,
}

impl Site {
    /// The camera with this id.
    #[must_use]
    pub fn camera(&self, id: &CameraId) -> Option<&Camera> {
        self.cameras.iter().find(|camera| camera.id == *id)
    }

    /// `root` and everything that lies in it; empty when there is no such area.
    #[must_use]
    pub fn area_subtree(&self, root: &AreaId) -> BTreeSet<AreaId> {
        let inside = self.areas.areas().iter().filter(|area| self.areas.contains(root, &area.id));
        inside.map(|area| area.id.clone()).collect()
    }
}

impl Camera {
    /// The stream that is analysed, if any.
    #[must_use]
    pub fn analysed(&self) -> Option<(StreamId, &StreamSource)> {
        let kind = match self.analyse {
            AnalyseStream::Sub => StreamKind::Sub,
            AnalyseStream::Main => StreamKind::Main,
            AnalyseStream::Off => return None,
        };
        Some((StreamId { camera: self.id.clone(), kind }, self.source(kind)?))
    }

    /// Where the stream of this kind is had.
    #[must_use]
    pub const fn source(&self, kind: StreamKind) -> Option<&StreamSource> {
        match kind {
            StreamKind::Main => Some(&self.main),
            StreamKind::Sub => self.sub.as_ref(),
        }
    }
}

impl Record {
    /// Whether the stream of this kind is recorded.
    #[must_use]
    pub const fn includes(self, kind: StreamKind) -> bool {
        match kind {
            StreamKind::Main => matches!(self, Self::Main | Self::Both),
            StreamKind::Sub => matches!(self, Self::Sub | Self::Both),
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, UnknownName> {
        match text {
            "main" => Ok(Self::Main),
            "sub" => Ok(Self::Sub),
            "both" => Ok(Self::Both),
            _ => Err(UnknownName {
                set: "record",
                text: text.chars().take(80).collect(),
                names: &["main", "sub", "both", "true", "false"],
            }),
        }
    }
}

impl Transport {
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownName> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            _ => Err(UnknownName {
                set: "transport",
                text: text.chars().take(80).collect(),
                names: &["tcp", "udp"],
            }),
        }
    }
}

impl AnalyseStream {
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownName> {
        match text {
            "sub" => Ok(Self::Sub),
            "main" => Ok(Self::Main),
            "off" => Ok(Self::Off),
            _ => Err(UnknownName {
                set: "stream",
                text: text.chars().take(80).collect(),
                names: &["sub", "main", "off"],
            }),
        }
    }
}
