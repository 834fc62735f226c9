//! Simulated cameras: any number of RTSP streams from video files, over GStreamer's RTSP server.
//!
//! Behaves as a decent IP camera does: a `main` and a `sub` path, digest authentication, parameter sets before each
//! IDR picture, an endless timeline that runs whether anybody watches or not.
//!
//! What is wrong with a camera from its beginning to its end is a [`Fault`]. What goes wrong meanwhile is [`Faults`],
//! switched by a [`FaultControl`] that [`CamSim::start_controlled`] was given, or over HTTP ([`control_router`]): then a
//! proxy stands between the server and its clients, because GStreamer's server cannot misbehave.

mod auth;
mod clip;
mod fault;
mod http;
mod inject;
mod pace;
mod prepare;
mod proxy;
mod rtp;
mod serve;
mod udp;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use gstreamer as gst;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
};

pub(crate) use self::prepare::encode_once;
pub use self::{
    clip::{Clip, ClipError, Track, Unfit, Unit},
    fault::{Fault, ForeignCodec, UnknownFault},
    http::router as control_router,
    inject::{CameraCounters, FaultControl, Faults, NoFaults},
    pace::SentUnit,
    prepare::{Origin, PrepareError, prepare},
};
use self::{
    pace::{FeedWishes, Pacer, SentLog, Timeline},
    proxy::Proxy,
    serve::Server,
};

/// Which sound a camera sends beside its pictures, on both streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audio {
    /// None.
    #[default]
    None,
    /// The file's own AAC track.
    Aac,
    /// A test tone, G.711 μ-law.
    Pcmu,
    /// A test tone, G.711 A-law.
    Pcma,
}

/// A user and a password, asked for by digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}, …)", self.user)
    }
}

/// One simulated camera.
#[derive(Clone, Debug)]
pub struct CameraConfig {
    /// First part of its paths.
    pub id: CameraId,
    /// The video that it sees.
    pub file: PathBuf,
    /// What it sends; by default the file's own coding, H.264 for foreign ones.
    pub codec: Option<VideoCodec>,
    /// Its microphone.
    pub audio: Audio,
    /// Where in the video it begins.
    pub start: Duration,
    /// `None` lets everybody in.
    pub login: Option<Login>,
    /// The file is sent as it is, both streams, with whatever `Clip::unfit` finds: open GOPs, reordered pictures.
    pub as_is: bool,
    /// What [`Faults::alternate`] plays instead, on the main stream; in the same coding, as it is.
    pub alternate: Option<PathBuf>,
    /// What is wrong with its main stream.
    pub main_fault: Option<Fault>,
    /// What is wrong with its sub stream.
    pub sub_fault: Option<Fault>,
}

impl CameraConfig {
    /// A camera without sound, password or fault.
    #[must_use]
    pub fn new(id: CameraId, file: impl Into<PathBuf>) -> Self {
        Self {
            id,
            file: file.into(),
            codec: None,
            audio: Audio::None,
            start: Duration::ZERO,
            login: None,
            as_is: false,
            alternate: None,
            main_fault: None,
            sub_fault: None,
        }
    }

    fn fault(&self, kind: StreamKind) -> Option<Fault> {
        match kind {
            StreamKind::Main => self.main_fault,
            StreamKind::Sub => self.sub_fault,
        }
    }
}

/// All that a simulator needs to know.
#[derive(Clone, Debug)]
pub struct CamSimConfig {
    /// TCP port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where re-encoded files are kept.
    pub cache: PathBuf,
    /// The cameras.
    pub cameras: Vec<CameraConfig>,
    /// Keep what was sent, for [`CamSim::sent`]. Grows without bound: for tests and benches.
    pub keep_sent: bool,
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum CamSimError {
    /// GStreamer cannot be used.
    #[error("GStreamer: {0}")]
    GStreamer(#[from] gst::glib::Error),
    /// A part of GStreamer is missing, or the port is taken.
    #[error("RTSP server: {0}")]
    Server(#[from] gst::glib::BoolError),
    /// A thread cannot be started.
    #[error("thread: {0}")]
    Thread(#[from] std::io::Error),
    /// A camera's file cannot be played.
    #[error("camera {camera}")]
    Prepare {
        /// Whose file.
        camera: CameraId,
        /// Why.
        source: PrepareError,
    },
    /// Two cameras have one name.
    #[error("camera {0} is there twice")]
    Twice(CameraId),
    /// Two cameras have the same user with different passwords, which the RTSP server cannot tell apart.
    #[error("user {0} has two passwords; take another user name for each password")]
    TwoPasswords(String),
    /// A camera shall send the file's AAC track, and there is none.
    #[error("camera {0} shall send AAC, but its file has none; take `pcmu` for a test tone")]
    NoAac(CameraId),
}

/// Running cameras. Stopped by [`CamSim::stop`] or when dropped.
pub struct CamSim {
    proxy: Option<Proxy>,
    server: Server,
    pacer: Pacer,
    pacer_thread: Option<JoinHandle<()>>,
    streams: BTreeMap<StreamId, Playing>,
}

struct Playing {
    clip: Arc<Clip>,
    origin: Origin,
    log: Option<SentLog>,
    audio: Option<Timeline>,
}

/// What one stream needs to be served.
struct StreamPlan {
    id: StreamId,
    codec: VideoCodec,
    video: Timeline,
    audio: Option<(Audio, Timeline)>,
    login: Option<Login>,
    fault: Option<Fault>,
    log: Option<SentLog>,
    wishes: Option<FeedWishes>,
}

impl CamSim {
    /// Prepares the files (several at a time) and starts serving.
    ///
    /// # Errors
    /// [`CamSimError`]; nothing is left running then.
    pub fn start(config: CamSimConfig) -> Result<Self, CamSimError> {
        Self::start_inner(config, None)
    }

    /// The same, with faults that `control` switches while the cameras run. Costs a proxy for all that is sent.
    ///
    /// # Errors
    /// [`CamSimError`]; nothing is left running then.
    pub fn start_controlled(config: CamSimConfig, control: &FaultControl) -> Result<Self, CamSimError> {
        Self::start_inner(config, Some(control))
    }

    fn start_inner(config: CamSimConfig, control: Option<&FaultControl>) -> Result<Self, CamSimError> {
        gst::init()?;
        check(&config)?;
        let clips = prepare_all(&config)?;
        let mut streams = BTreeMap::new();
        let started = pace::now();
        let mut plans = Vec::new();
        for (position, camera) in config.cameras.iter().enumerate() {
            let find = |kind| clips.get(&Job::of(camera, kind));
            let (Some((main, main_origin)), Some((sub, sub_origin))) =
                (find(StreamKind::Main), find(StreamKind::Sub))
            else {
                continue;
            };
            let length = main.video.end.max(sub.video.end);
            let epoch = started - nanos(camera.start) - nanos(phase(position));
            for (kind, clip, origin) in
                [(StreamKind::Main, main, main_origin), (StreamKind::Sub, sub, sub_origin)]
            {
                let id = StreamId { camera: camera.id.clone(), kind };
                let log = config.keep_sent.then(SentLog::default);
                let wishes = control.map(|control| wishes(control, &id, camera, &clips, epoch));
                let sound = audio(camera, clip, length, epoch)?;
                let heard = sound.as_ref().map(|(_, timeline)| timeline.clone());
                plans.push(StreamPlan {
                    id: id.clone(),
                    codec: clip.codec,
                    video: Timeline { track: Arc::clone(&clip.video), length, epoch },
                    audio: sound,
                    login: camera.login.clone(),
                    fault: camera.fault(kind),
                    log: log.clone(),
                    wishes,
                });
                let clip = Arc::clone(clip);
                streams.insert(id, Playing { clip, origin: *origin, log, audio: heard });
            }
        }
        let (pacer, thread) = Pacer::start()?;
        let port = if control.is_some() { 0 } else { config.port };
        let server = Server::start(port, plans, &pacer).inspect_err(|_| pacer.stop())?;
        let mut this = Self { proxy: None, server, pacer, pacer_thread: Some(thread), streams };
        if let Some(control) = control {
            this.proxy = Some(Proxy::start(config.port, this.server.port(), control.clone())?);
        }
        Ok(this)
    }

    /// The real TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.proxy.as_ref().map_or_else(|| self.server.port(), Proxy::port)
    }

    /// Where a stream is served, without user and password.
    #[must_use]
    pub fn url(&self, camera: &str, kind: StreamKind) -> String {
        format!("rtsp://127.0.0.1:{}/{camera}/{}", self.port(), kind.as_str())
    }

    /// Every stream, and whether its file had to be encoded.
    pub fn streams(&self) -> impl Iterator<Item = (&StreamId, &Clip, Origin)> {
        self.streams.iter().map(|(id, playing)| (id, playing.clip.as_ref(), playing.origin))
    }

    /// What a stream plays, round after round, picture by picture.
    #[must_use]
    pub fn clip(&self, camera: &CameraId, kind: StreamKind) -> Option<Arc<Clip>> {
        let id = StreamId { camera: camera.clone(), kind };
        self.streams.get(&id).map(|playing| Arc::clone(&playing.clip))
    }

    /// The pictures that left so far, oldest first; empty unless [`CamSimConfig::keep_sent`] is set.
    #[must_use]
    pub fn sent(&self, camera: &CameraId, kind: StreamKind) -> Vec<SentUnit> {
        let id = StreamId { camera: camera.clone(), kind };
        let log = self.streams.get(&id).and_then(|playing| playing.log.as_ref());
        log.map(|log| log.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    /// What a stream sounds like, round after round, packet by packet; empty without sound.
    #[must_use]
    pub fn sounds(&self, camera: &CameraId, kind: StreamKind) -> Vec<Bytes> {
        let id = StreamId { camera: camera.clone(), kind };
        let track = self.streams.get(&id).and_then(|playing| playing.audio.as_ref());
        track.map(|timeline| timeline.track.payloads()).unwrap_or_default()
    }

    /// When each packet of [`CamSim::sounds`] begins within its round, and how long a round is, seconds; by the same
    /// clock as [`SentUnit::media`]. `None` without sound.
    #[must_use]
    pub fn sound_times(&self, camera: &CameraId, kind: StreamKind) -> Option<(Vec<f64>, f64)> {
        let id = StreamId { camera: camera.clone(), kind };
        let timeline = self.streams.get(&id)?.audio.as_ref()?;
        let times = timeline.track.units.iter().map(|unit| unit.at.as_secs_f64()).collect();
        Some((times, timeline.length.as_secs_f64()))
    }

    /// Closes every session and waits for the threads.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for CamSim {
    fn drop(&mut self) {
        if let Some(proxy) = &mut self.proxy {
            proxy.stop();
        }
        self.server.stop();
        self.pacer.stop();
        if let Some(thread) = self.pacer_thread.take() {
            // A panic there was already printed by its thread.
            let _ = thread.join();
        }
    }
}

/// The file, and what is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Job {
    file: PathBuf,
    kind: StreamKind,
    codec: Option<VideoCodec>,
    as_is: bool,
}

impl Job {
    fn of(camera: &CameraConfig, kind: StreamKind) -> Self {
        Self { file: camera.file.clone(), kind, codec: camera.codec, as_is: camera.as_is }
    }

    fn alternate(camera: &CameraConfig) -> Option<Self> {
        let file = camera.alternate.clone()?;
        Some(Self { file, kind: StreamKind::Main, codec: None, as_is: true })
    }

    fn run(&self, cache: &std::path::Path) -> Result<(Clip, Origin), PrepareError> {
        if self.as_is {
            return Ok((Clip::load(&self.file)?, Origin::Source));
        }
        prepare(cache, &self.file, self.kind, self.codec)
    }
}

type Clips = HashMap<Job, (Arc<Clip>, Origin)>;

fn wishes(
    control: &FaultControl,
    stream: &StreamId,
    camera: &CameraConfig,
    clips: &Clips,
    epoch: i64,
) -> FeedWishes {
    let clip = Job::alternate(camera).filter(|_| stream.kind == StreamKind::Main);
    let clip = clip.and_then(|job| clips.get(&job));
    let alternate =
        clip.map(|(clip, _)| Timeline { track: Arc::clone(&clip.video), length: clip.video.end, epoch });
    FeedWishes { wish: control.wish(stream), alternate, plays_alternate: false }
}

/// Each (file, stream, coding) once, on as many threads as there are cores.
fn prepare_all(config: &CamSimConfig) -> Result<Clips, CamSimError> {
    let mut jobs = Vec::new();
    for camera in &config.cameras {
        let own = [StreamKind::Main, StreamKind::Sub].map(|kind| Job::of(camera, kind));
        for job in own.into_iter().chain(Job::alternate(camera)) {
            if !jobs.iter().any(|(known, _)| *known == job) {
                jobs.push((job, camera.id.clone()));
            }
        }
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    let queue = Mutex::new(jobs.into_iter());
    let done = Mutex::new(Ok(Clips::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some((job, camera)) = queue.lock().unwrap_or_else(PoisonError::into_inner).next()
                    else {
                        break;
                    };
                    let result = job.run(&config.cache);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    match (result, done.as_mut()) {
                        (Ok((clip, origin)), Ok(clips)) => {
                            clips.insert(job, (Arc::new(clip), origin));
                        }
                        (Err(source), Ok(_)) => *done = Err(CamSimError::Prepare { camera, source }),
                        (_, Err(_)) => break,
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn check(config: &CamSimConfig) -> Result<(), CamSimError> {
    let mut passwords = HashMap::new();
    let mut names = std::collections::HashSet::new();
    for camera in &config.cameras {
        if !names.insert(&camera.id) {
            return Err(CamSimError::Twice(camera.id.clone()));
        }
        if let Some(login) = &camera.login {
            let known = passwords.entry(&login.user).or_insert(&login.password);
            if *known != &login.password {
                return Err(CamSimError::TwoPasswords(login.user.clone()));
            }
        }
    }
    Ok(())
}

fn audio(
    camera: &CameraConfig,
    clip: &Clip,
    length: Duration,
    epoch: i64,
) -> Result<Option<(Audio, Timeline)>, CamSimError> {
    let timeline = match camera.audio {
        Audio::None => return Ok(None),
        Audio::Aac => {
            let mut track = clip.aac.clone().ok_or_else(|| CamSimError::NoAac(camera.id.clone()))?;
            // The frame over the seam would overlap the next round's first.
            let frame = track.units.windows(2).map(|pair| pair[1].at - pair[0].at).min().unwrap_or_default();
            track.units.retain(|unit| unit.at + frame <= length);
            Timeline { track: Arc::new(track), length, epoch }
        }
        Audio::Pcmu | Audio::Pcma => {
            let track = serve::tone(camera.audio)?;
            Timeline { length: track.end, track: Arc::new(track), epoch }
        }
    };
    Ok(Some((camera.audio, timeline)))
}

/// Spreads the cameras over a second, as those of a real site are: not all keyframes at one instant.
pub(crate) fn phase(position: usize) -> Duration {
    let position = u64::try_from(position).unwrap_or_default();
    Duration::from_millis(position * 618 % 1000)
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
