//! What a technician reads about one stream: its state, since when, the fault and the remedy, and what it delivers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use sharpeyes_domain::{
    media::VideoParams,
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    audio::AudioState,
    fault::{SessionFault, Stage},
};

/// The reconnect state machine's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Waiting for its turn, or looking the host up.
    Resolving,
    /// Connecting, describing, setting up.
    Connecting,
    /// The password is missing or refused; the next attempt is minutes away.
    AuthFailed,
    /// The path does not exist; the next attempt is minutes away.
    NotFound,
    /// The session stands and nothing usable has come yet.
    NoMedia,
    /// Access units arrive.
    Streaming,
    /// Media stopped; the session is being given up.
    Stalled,
    /// Waiting to try again.
    BackingOff,
    /// Trying again cannot help until a person acts (unsupported coding): minutes between attempts.
    Quarantined,
    /// Ended with the service.
    Stopped,
}

impl StreamState {
    /// As on the wire and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolving => "resolving",
            Self::Connecting => "connecting",
            Self::AuthFailed => "auth_failed",
            Self::NotFound => "not_found",
            Self::NoMedia => "no_media",
            Self::Streaming => "streaming",
            Self::Stalled => "stalled",
            Self::BackingOff => "backing_off",
            Self::Quarantined => "quarantined",
            Self::Stopped => "stopped",
        }
    }
}

/// The last failure, kept until the stream delivers again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultReport {
    /// Stable word, see [`SessionFault::code`].
    pub code: &'static str,
    /// The first stage that failed.
    pub stage: Stage,
    /// What happened, in English, without credentials.
    pub message: String,
    /// What to do, in English.
    pub remedy: &'static str,
}

impl From<&SessionFault> for FaultReport {
    fn from(fault: &SessionFault) -> Self {
        Self { code: fault.code(), stage: fault.stage(), message: fault.to_string(), remedy: fault.remedy() }
    }
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct Status {
    /// Where the reconnect state machine stands.
    pub state: StreamState,
    /// When it came there.
    pub since: WallTime,
    /// The last failure, kept until media flows again.
    pub fault: Option<FaultReport>,
    /// Failures in a row.
    pub failures: u32,
    /// Sessions that reached media since the service started.
    pub sessions: u64,
    /// Coding and size, once known.
    pub params: Option<Arc<VideoParams>>,
    /// What becomes of the camera's sound.
    pub audio: AudioState,
    /// Pictures a second over the last seconds of media.
    pub fps: f64,
    /// Kilobits a second over the last seconds of media.
    pub kbps: f64,
    /// Wall time of the newest access unit.
    pub newest: Option<WallTime>,
    /// RTP packets lost, by the sequence numbers, or unusable.
    pub lost_packets: u64,
    /// Pictures recorded although a loss before them in their GOP may have spoiled them.
    pub damaged_pictures: u64,
    /// The camera's clock minus ours, by its RTCP sender reports; `None` when it sends none.
    pub clock_offset_ms: Option<i64>,
    /// How often the recorder's queue had no room.
    pub backlog_drops: u64,
}

/// The shared place of one stream's [`Status`]: written by its task, read by anyone.
#[derive(Debug)]
pub struct StatusCell(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    status: Status,
    recent: VecDeque<(Pts, usize)>,
    /// Of all in `recent`.
    recent_bytes: usize,
}

impl Inner {
    fn forget(&mut self) {
        self.recent.clear();
        self.recent_bytes = 0;
    }
}

const RATE_WINDOW: MediaDuration = MediaDuration::from_secs(5);
/// A flood of tiny units must not grow the window without end.
const RATE_UNITS: usize = 600;

impl StatusCell {
    pub(super) fn new(now: WallTime) -> Self {
        let status = Status {
            state: StreamState::Resolving,
            since: now,
            fault: None,
            failures: 0,
            sessions: 0,
            params: None,
            audio: AudioState::Off,
            fps: 0.0,
            kbps: 0.0,
            newest: None,
            lost_packets: 0,
            damaged_pictures: 0,
            clock_offset_ms: None,
            backlog_drops: 0,
        };
        Self(Mutex::new(Inner { status, recent: VecDeque::new(), recent_bytes: 0 }))
    }

    /// A copy.
    #[must_use]
    pub fn snapshot(&self) -> Status {
        self.lock().status.clone()
    }

    pub(super) fn enter(&self, state: StreamState, now: WallTime) {
        let mut inner = self.lock();
        if inner.status.state != state {
            inner.status.state = state;
            inner.status.since = now;
        }
        if state != StreamState::Streaming {
            inner.forget();
            (inner.status.fps, inner.status.kbps) = (0.0, 0.0);
        }
    }

    pub(super) fn failed(&self, fault: &SessionFault, failures: u32) {
        let mut inner = self.lock();
        inner.status.fault = Some(fault.into());
        inner.status.failures = failures;
    }

    pub(super) fn run_began(&self, params: Arc<VideoParams>, now: WallTime) {
        let mut inner = self.lock();
        inner.status.params = Some(params);
        inner.status.fault = None;
        inner.status.failures = 0;
        inner.status.sessions += 1;
        inner.forget();
        drop(inner);
        self.enter(StreamState::Streaming, now);
    }

    /// Packets are missing before the next picture.
    pub(super) fn lost(&self, packets: u32) {
        self.lock().status.lost_packets += u64::from(packets);
    }

    /// A picture whose references may be missing is recorded all the same.
    pub(super) fn damaged(&self) {
        self.lock().status.damaged_pictures += 1;
    }

    /// The camera's clock, compared.
    pub(super) fn clock_offset(&self, millis: i64) {
        self.lock().status.clock_offset_ms = Some(millis);
    }

    pub(super) fn delivered(&self, pts: Pts, wall: WallTime, bytes: usize) {
        let mut inner = self.lock();
        inner.status.newest = Some(wall);
        inner.recent.push_back((pts, bytes));
        inner.recent_bytes += bytes;
        while inner.recent.len() > RATE_UNITS
            || inner.recent.front().is_some_and(|(oldest, _)| pts - *oldest > RATE_WINDOW)
        {
            inner.recent_bytes -= inner.recent.pop_front().map_or(0, |(_, bytes)| bytes);
        }
        let span = inner.recent.front().map_or(MediaDuration::ZERO, |(oldest, _)| pts - *oldest);
        let seconds = span.as_secs_f64();
        if seconds > 0.5 {
            let bytes = inner.recent_bytes - inner.recent.front().map_or(0, |(_, bytes)| *bytes);
            let as_f64 = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
            inner.status.fps = as_f64(inner.recent.len() - 1) / seconds;
            inner.status.kbps = as_f64(bytes) / 125.0 / seconds;
        }
    }

    pub(super) fn hears(&self, audio: AudioState) {
        self.lock().status.audio = audio;
    }

    pub(super) fn dropped_by_backlog(&self) {
        self.lock().status.backlog_drops += 1;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
