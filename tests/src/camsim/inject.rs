//! What can go wrong while cameras run: switched on and off at any time, for one stream or all.
//!
//! [`Faults`] is the vocabulary, [`FaultControl`] its state. `proxy` carries most of it out between the real RTSP server
//! and its clients; `pace` does what needs other pictures ([`Faults::freeze`], [`Faults::alternate`]).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sharpeyes::clock::Clock;
use sharpeyes_domain::ids::{CameraId, StreamId};
use tokio::task::AbortHandle;

/// Everything that is wrong with a stream now. The default is a good camera.
///
/// As JSON or as `name` and `name=value`, by the names of the fields; unknown names are refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent switch")]
pub struct Faults {
    /// Connections are accepted and closed at once; those that stand are closed: the camera reboots.
    pub offline: bool,
    /// Accepts connections and requests, and never answers.
    pub half_open: bool,
    /// Answers everything but PLAY.
    pub never_play: bool,
    /// Sends one byte of its answers each second.
    pub slow_loris: bool,
    /// Refuses every password from now on (401).
    pub password_refused: bool,
    /// Answers 453 to SETUP when so many sessions play already.
    pub session_limit: Option<usize>,
    /// Closes every connection so long after it was opened.
    pub close_after_ms: Option<u64>,
    /// Forgets each session so long after its PLAY: no media any more, and 454 to whatever names the session.
    pub forget_after_ms: Option<u64>,
    /// No RTP; the connection stays and requests are answered.
    pub silence: bool,
    /// The same picture again and again, with timestamps that advance.
    pub freeze: bool,
    /// Plays `CameraConfig::alternate` instead: another size, other parameter sets, the same coding.
    pub alternate: bool,
    /// Describes and plays this camera's streams instead, e.g. in another coding; put together with a disconnect.
    pub reroute: Option<CameraId>,
    /// Share of RTP packets that are lost, 0 to 1.
    pub loss: f64,
    /// Share of RTP packets that arrive behind their successors, 0 to 1; over UDP only.
    pub reorder: f64,
    /// RTP packets are late by up to so much; over UDP only.
    pub jitter_ms: u64,
    /// Share of RTP packets whose payload is noise, 0 to 1.
    pub garbage: f64,
    /// Sequence parameter sets between the pictures cannot be parsed.
    pub bad_parameter_sets: bool,
    /// One NAL unit of so many MiB before the next picture, once for each connection; over TCP only.
    pub huge_nal_mib: u32,
    /// A picture begins and never ends: no marker bit, one timestamp.
    pub endless_unit: bool,
    /// Added to RTP timestamps, in 1/90000 s.
    pub timestamp_offset: i64,
    /// RTP timestamps of each connection begin two seconds before their 32 bits wrap.
    pub near_wrap: bool,
    /// RTP timestamps stand still.
    pub timestamp_frozen: bool,
    /// Another SSRC than before, in RTP and RTCP.
    pub other_ssrc: bool,
    /// Added to the wall time in RTCP sender reports.
    pub report_offset_s: i64,
    /// No RTCP sender reports.
    pub no_reports: bool,
}

/// Not faults.
#[derive(Debug, thiserror::Error)]
#[error("`{text}`: {source}")]
pub struct NoFaults {
    text: String,
    source: serde_json::Error,
}

impl std::str::FromStr for Faults {
    type Err = NoFaults;

    /// `freeze,loss=0.05`: fields by name, with a JSON value or `true`.
    fn from_str(text: &str) -> Result<Self, NoFaults> {
        let mut fields = serde_json::Map::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, "true"));
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            fields.insert(name.to_owned(), value);
        }
        serde_json::from_value(fields.into()).map_err(|source| NoFaults { text: text.to_owned(), source })
    }
}

/// What connections to one camera did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CameraCounters {
    /// Connections that named this camera, ever.
    pub n_connections: u64,
    /// Sessions that play now.
    pub n_playing: usize,
}

/// Switches faults, and counts what clients do. Clones share one state.
#[derive(Clone, Default)]
pub struct FaultControl(Arc<Shared>);

#[derive(Default)]
struct Shared {
    seed: AtomicU64,
    clock: Clock,
    state: Mutex<State>,
    wishes: Mutex<HashMap<StreamId, Arc<Wish>>>,
}

#[derive(Default)]
struct State {
    all: Faults,
    one: BTreeMap<StreamId, Faults>,
    connections: HashMap<u64, Connection>,
    counters: BTreeMap<CameraId, CameraCounters>,
    /// When each connection that named a camera came.
    arrivals: Vec<(CameraId, Instant)>,
    n_connections: u64,
    most_at_once: usize,
}

struct Connection {
    abort: AbortHandle,
    stream: Option<StreamId>,
    is_playing: bool,
}

/// What the pacer asks before each picture.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) freeze: AtomicBool,
    pub(super) alternate: AtomicBool,
}

impl FaultControl {
    /// Random faults repeat themselves with the same seed, connection by connection.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let control = Self::default();
        control.0.seed.store(seed, Ordering::Relaxed);
        control
    }

    /// Every stream has these faults from now on, and no others.
    pub fn set_all(&self, faults: &Faults) {
        let mut state = self.lock();
        state.all = faults.clone();
        state.one.clear();
        self.apply(state);
    }

    /// One stream has these faults from now on.
    pub fn set(&self, stream: &StreamId, faults: &Faults) {
        let mut state = self.lock();
        state.one.insert(stream.clone(), faults.clone());
        self.apply(state);
    }

    /// What is wrong with a stream now.
    #[must_use]
    pub fn faults(&self, stream: &StreamId) -> Faults {
        self.lock().faults(stream).clone()
    }

    /// Closes the connections of one camera, or of all.
    pub fn disconnect(&self, camera: Option<&CameraId>) {
        self.lock().abort(|stream| camera.is_none_or(|camera| stream.camera == *camera));
    }

    /// What clients did, camera by camera.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<CameraId, CameraCounters> {
        let state = self.lock();
        let mut counters = state.counters.clone();
        for connection in state.connections.values().filter(|connection| connection.is_playing) {
            if let Some(counter) =
                connection.stream.as_ref().and_then(|stream| counters.get_mut(&stream.camera))
            {
                counter.n_playing += 1;
            }
        }
        counters
    }

    /// Times between the connections of one camera, oldest first.
    #[must_use]
    pub fn pauses(&self, camera: &CameraId) -> Vec<Duration> {
        let state = self.lock();
        let times: Vec<Instant> =
            state.arrivals.iter().filter(|(id, _)| id == camera).map(|(_, at)| *at).collect();
        times.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect()
    }

    /// The largest number of connections that named a camera and did not play yet, at any instant since
    /// [`FaultControl::forget_counts`].
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.lock().most_at_once
    }

    /// Begins counting anew.
    pub fn forget_counts(&self) {
        let mut state = self.lock();
        state.counters.clear();
        state.arrivals.clear();
        state.most_at_once = 0;
    }

    pub(super) fn wish(&self, stream: &StreamId) -> Arc<Wish> {
        self.0
            .wishes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(stream.clone())
            .or_default()
            .clone()
    }

    pub(super) fn seed(&self) -> u64 {
        self.0.seed.load(Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> Instant {
        self.0.clock.instant()
    }

    pub(super) fn opened(&self, abort: AbortHandle) -> u64 {
        let mut state = self.lock();
        state.n_connections += 1;
        let id = state.n_connections;
        state.connections.insert(id, Connection { abort, stream: None, is_playing: false });
        id
    }

    pub(super) fn named(&self, id: u64, stream: &StreamId) {
        let now = self.now();
        let mut state = self.lock();
        if let Some(connection) = state.connections.get_mut(&id) {
            connection.stream = Some(stream.clone());
        }
        state.counters.entry(stream.camera.clone()).or_default().n_connections += 1;
        state.arrivals.push((stream.camera.clone(), now));
        let waiting =
            state.connections.values().filter(|other| other.stream.is_some() && !other.is_playing).count();
        state.most_at_once = state.most_at_once.max(waiting);
    }

    pub(super) fn plays(&self, id: u64) {
        if let Some(connection) = self.lock().connections.get_mut(&id) {
            connection.is_playing = true;
        }
    }

    pub(super) fn closed(&self, id: u64) {
        self.lock().connections.remove(&id);
    }

    pub(super) fn n_playing(&self, camera: &CameraId) -> usize {
        let is_one = |connection: &&Connection| {
            connection.is_playing && connection.stream.as_ref().is_some_and(|stream| stream.camera == *camera)
        };
        self.lock().connections.values().filter(is_one).count()
    }

    fn apply(&self, state: MutexGuard<'_, State>) {
        for (stream, wish) in self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let faults = state.faults(stream);
            wish.freeze.store(faults.freeze, Ordering::Relaxed);
            wish.alternate.store(faults.alternate, Ordering::Relaxed);
        }
        let offline = |stream: &StreamId| state.faults(stream).offline;
        state.abort(offline);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn faults(&self, stream: &StreamId) -> &Faults {
        self.one.get(stream).unwrap_or(&self.all)
    }

    fn abort(&self, is_meant: impl Fn(&StreamId) -> bool) {
        for connection in self.connections.values() {
            if connection.stream.as_ref().is_some_and(&is_meant) {
                connection.abort.abort();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_by_name_and_unknown_ones_refused() {
        let faults: Faults = "freeze,loss=0.05,session_limit=2,reroute=gate".parse().unwrap();
        let expected = Faults {
            freeze: true,
            loss: 0.05,
            session_limit: Some(2),
            reroute: Some(CameraId::new("gate").unwrap()),
            ..Faults::default()
        };
        assert_eq!(faults, expected);
        assert_eq!("".parse::<Faults>().unwrap(), Faults::default());
        for wrong in ["frozen", "loss=much", "session_limit=-1"] {
            assert!(wrong.parse::<Faults>().unwrap_err().to_string().contains(wrong));
        }
    }
}
