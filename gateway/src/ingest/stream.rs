//! One stream's life: connect, deliver, fail, wait, again. The reconnect state machine of design §5.
//!
//! Whatever one camera does stays in its own task. All tasks share a bounded number of connection attempts (`attempts`).

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use sharpeyes_domain::{
    ids::StreamId,
    media::{AccessUnit, VideoCodec, VideoParams},
    segment::GapCause,
    time::{MediaDuration, Pts, WallTime},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    attempts::Attempts,
    audio::{AudioClock, AudioState, Heard, Origin},
    damage::{Arrival, Damage, Key, Verdict},
    fault::{Patience, SessionFault, Stage},
    picture::Access,
    session::{Limits, RtspSession, Source, Unit},
    status::{StatusCell, StreamState},
    timeline::{Moment, TimeBreak, Timeline},
};
use crate::{
    clock::Clock,
    hub::Publisher,
    record::{RecordSender, RecorderMessage, RunEnd, RunInfo},
    retry::Backoff,
};

const SOON_FIRST: Duration = Duration::from_secs(1);
const SOON_MOST: Duration = Duration::from_secs(60);
const SLOW_FIRST: Duration = Duration::from_secs(30);
/// Cameras lock an account for minutes after a handful of wrong passwords.
const SLOW_MOST: Duration = Duration::from_secs(600);
/// A session that delivered for so long was a success: the next failure starts with a short wait again.
const GOOD_SESSION: Duration = Duration::from_secs(30);
/// A pause in media time longer than this is missing recording and must be a gap row.
const HOLE: Duration = Duration::from_secs(2);
/// Less than this is not worth a new run: the wall times of a run may be wrong by it until the run ends.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// What a stream's task is given.
pub struct Wiring {
    /// Whose stream.
    pub stream: StreamId,
    /// Where it is.
    pub source: Source,
    /// How long each stage may take.
    pub limits: Limits,
    /// The clocks.
    pub clock: Clock,
    /// For those who may lag.
    pub publisher: Publisher,
    /// For the recorder; `None` when this stream is not recorded.
    pub recorder: Option<RecordSender>,
    /// Whose turn it is to connect, over all cameras.
    pub attempts: Arc<Attempts>,
    /// Ends the task.
    pub shutdown: CancellationToken,
}

/// One stream's task.
pub struct StreamTask {
    wiring: Wiring,
    status: Arc<StatusCell>,
    generation: u64,
    run: Option<Run>,
    /// Where the last run ended: the next one begins behind it.
    ended: Option<WallTime>,
    /// How the last session ended.
    last_fault: Option<SessionFault>,
    /// What becomes of the sound of the present session.
    audio: AudioState,
}

struct Run {
    timeline: Timeline,
    info: Arc<RunInfo>,
    /// False after the recorder's queue overflowed, until the next keyframe that fits.
    is_recorded: bool,
    newest: Pts,
    newest_wall: WallTime,
    /// When the newest keyframe was taken.
    keyframe: Instant,
    /// Between the two newest pictures.
    frame: MediaDuration,
    damage: Damage,
    /// RTP time of an open GOP's keyframe, while pictures may come that refer to what came before it.
    leading_until: Option<i64>,
    audio: Option<AudioClock>,
    /// When the run began, by both clocks: they part when the wall clock is set.
    anchor: (WallTime, Instant),
}

/// A stretch of a session without a run.
struct Waiting {
    since: Instant,
    lost: u64,
    unusable: u64,
}

impl Waiting {
    const fn from(since: Instant) -> Self {
        Self { since, lost: 0, unusable: 0 }
    }

    /// Why no keyframe came for `waited`.
    fn fault(&self, waited: Duration, complaint: Option<&str>) -> SessionFault {
        match (complaint.filter(|_| self.unusable > 0), self.lost) {
            (Some(detail), _) => SessionFault::protocol(detail.to_owned()),
            (None, 0) => SessionFault::NoKeyframe { waited },
            (None, lost) => SessionFault::PacketLoss { waited, lost },
        }
    }
}

impl StreamTask {
    /// A task that has not begun.
    #[must_use]
    pub fn new(wiring: Wiring) -> Self {
        let status = Arc::new(StatusCell::new(wiring.clock.wall()));
        Self {
            wiring,
            status,
            generation: 0,
            run: None,
            ended: None,
            last_fault: None,
            audio: AudioState::Off,
        }
    }

    /// Where the stream stands, readable at any time.
    #[must_use]
    pub fn status(&self) -> Arc<StatusCell> {
        self.status.clone()
    }

    /// Runs until shutdown.
    pub async fn run(self) {
        let span = tracing::info_span!("stream", stream = %self.wiring.stream);
        self.reconnect_forever().instrument(span).await;
    }

    async fn reconnect_forever(mut self) {
        let shutdown = self.wiring.shutdown.clone();
        let mut soon = Backoff::new(SOON_FIRST, SOON_MOST);
        let mut slow = Backoff::new(SLOW_FIRST, SLOW_MOST);
        loop {
            let began = self.wiring.clock.instant();
            let fault = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                // A panic is this camera's alone: it is reported like any other fault, and the session begins anew.
                fault = AssertUnwindSafe(self.session()).catch_unwind() => fault.unwrap_or(SessionFault::Bug),
            };
            if self.wiring.clock.instant().duration_since(began) > GOOD_SESSION && self.run.is_some() {
                soon.succeeded();
                slow.succeeded();
            }
            self.enter(state_after(&fault));
            self.end_session(fault.gap_cause());
            let backoff = match fault.patience() {
                Patience::Soon => &mut soon,
                Patience::Slow => &mut slow,
            };
            let wait = backoff.next_wait(rand::random());
            let failures = backoff.failures();
            self.report(&fault, failures, wait);
            self.last_fault = Some(fault.clone());
            if fault.patience() == Patience::Soon {
                self.enter(StreamState::BackingOff);
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.end_session(GapCause::Stopped);
        self.enter(StreamState::Stopped);
    }

    /// Warns once per kind of failure, then only counts: a dead camera fails once a minute for weeks.
    fn report(&self, fault: &SessionFault, failures: u32, wait: Duration) {
        let known = self.status.snapshot().fault.map(|known| known.code);
        if known != Some(fault.code()) {
            tracing::warn!(
                code = fault.code(),
                stage = fault.stage().as_str(),
                error = %fault,
                remedy = fault.remedy(),
                next_try = ?wait,
                "the stream failed"
            );
        } else {
            tracing::debug!(code = fault.code(), failures, next_try = ?wait, "the stream still fails");
        }
        self.status.failed(fault, failures);
    }

    /// One session from connection to its end, which is always a fault.
    async fn session(&mut self) -> SessionFault {
        self.enter(StreamState::Resolving);
        let mut session = {
            // Closed only when the process ends, and then nobody connects any more.
            let attempts = self.wiring.attempts.clone();
            let Some(_attempt) = attempts.acquire(self.last_fault.as_ref()).await else {
                return SessionFault::Closed;
            };
            let (status, clock) = (self.status.clone(), self.wiring.clock.clone());
            let reached = move |stage: Stage| {
                let state = if stage < Stage::Play { StreamState::Connecting } else { StreamState::NoMedia };
                status.enter(state, clock.wall());
            };
            match RtspSession::open(&self.wiring.source, self.wiring.limits, reached).await {
                Ok(session) => session,
                Err(fault) => return fault,
            }
        };
        // Sound that broke an earlier session stays left out, and the camera's state goes on saying so.
        if self.wiring.source.audio {
            self.audio = session.audio().clone();
        }
        self.status.hears(self.audio.clone());
        let mut waiting = Waiting::from(self.wiring.clock.instant());
        let mut params = None;
        loop {
            let unit = match session.next().await {
                Ok(unit) => unit,
                Err(fault) => {
                    if session.audio_has_failed() {
                        self.leave_audio_out(&fault);
                    }
                    return fault;
                }
            };
            for heard in session.take_heard() {
                self.hear(heard);
            }
            if let Some(new) = &unit.new_params {
                params = Some(new.clone());
            }
            waiting.lost += u64::from(unit.lost);
            waiting.unusable += u64::from(unit.unusable);
            if let Some(params) = &params {
                self.deliver(unit, params);
            }
            if let Some(fault) = self.overdue_keyframe() {
                return fault;
            }
            let now = self.wiring.clock.instant();
            if self.run.is_some() {
                waiting = Waiting::from(now);
            }
            let limit = self.wiring.limits.first_keyframe;
            if now.duration_since(waiting.since) > limit {
                return waiting.fault(limit, session.complaint());
            }
        }
    }

    /// The run has gone on for too long without a keyframe: a new session begins with one.
    fn overdue_keyframe(&self) -> Option<SessionFault> {
        let waited = self.wiring.limits.keyframes;
        let since = self.run.as_ref()?.keyframe;
        (self.wiring.clock.instant().duration_since(since) > waited)
            .then_some(SessionFault::NoKeyframe { waited })
    }

    /// From the next session on: a camera with broken sound still records its pictures.
    fn leave_audio_out(&mut self, fault: &SessionFault) {
        let Some(params) = self.audio.params() else { return };
        let coding = params.codec.as_str().to_owned();
        tracing::warn!(coding, error = %fault, "the camera's sound broke the session: it is left out from now on");
        self.audio = AudioState::LeftOut { coding, reason: fault.to_string() };
        self.wiring.source.audio = false;
    }

    fn hear(&mut self, heard: Heard) {
        let (Some(recorder), Some(run)) = (&self.wiring.recorder, &mut self.run) else { return };
        let placed = run.audio.as_mut().and_then(|clock| clock.place(heard));
        if let Some(unit) = placed.filter(|_| run.is_recorded) {
            // Should the queue be full, the next picture finds it so and ends the run.
            send(recorder, RecorderMessage::Audio(unit));
        }
    }

    fn deliver(&mut self, unit: Unit, params: &Arc<VideoParams>) {
        if unit.follows_loss() {
            self.status.lost(unit.lost.saturating_add(unit.unusable));
        }
        self.place(unit, params);
    }

    fn place(&mut self, unit: Unit, params: &Arc<VideoParams>) {
        if self.run.as_ref().is_some_and(|run| unit.new_params.is_some() && run.info.params != *params) {
            tracing::info!(params = ?params, "the camera changed its video parameters: a new run");
            self.end_session(GapCause::ParameterChange);
        }
        // The run's times go on by monotonic time; the next one takes the clock as it is now. At a keyframe, so that no
        // picture is lost.
        if unit.is_keyframe
            && let Some(step) = self.run.as_ref().and_then(|run| clock_step(&self.wiring.clock, run.anchor))
        {
            tracing::warn!(step_ms = step, "the wall clock was set: a new run");
            self.end_session(GapCause::ClockStep);
        }
        if self.run.is_none() && !self.begin_run(&unit, params) {
            return;
        }
        let Some(run) = &mut self.run else { return };
        if run.is_undecodable_leading(&unit, params.codec) {
            return;
        }
        let moment = match run.timeline.step(unit.rtp, unit.received) {
            Ok(moment) => moment,
            Err(step) => {
                warn_of(step);
                return self.cut(GapCause::TimestampJump, unit, params);
            }
        };
        let hole = Duration::from_nanos((moment.pts - run.newest).as_nanos());
        if hole > HOLE {
            let cause = if unit.follows_loss() { GapCause::PacketLoss } else { GapCause::Stalled };
            return self.cut(cause, unit, params);
        }
        let key = match (unit.is_keyframe, unit.picture.is_random_access()) {
            (true, _) => Key::Whole,
            (false, true) => Key::Torn,
            (false, false) => Key::No,
        };
        match run.damage.judge(Arrival { pts: moment.pts, follows_loss: unit.follows_loss(), key }) {
            Verdict::Whole => {}
            Verdict::Damaged => self.status.damaged(),
            Verdict::Undecodable => {
                tracing::debug!("a keyframe was lost: what follows cannot be decoded");
                return self.end_session(GapCause::PacketLoss);
            }
        }
        if unit.is_keyframe {
            run.keyframe = self.wiring.clock.instant();
        }
        run.advance(moment);
        if let Some(report) = unit.report {
            self.status.clock_offset(report.wall.0.saturating_sub(run.timeline.wall_at(report.rtp).0));
        }
        if let Some(audio) = &mut run.audio {
            audio.picture(moment.pts, unit.received);
        }
        self.status.delivered(moment.pts, moment.wall, unit.nals.len());
        let unit =
            AccessUnit { pts: moment.pts, wall: moment.wall, is_keyframe: unit.is_keyframe, nals: unit.nals };
        self.record(unit.clone());
        self.wiring.publisher.unit(unit);
    }

    /// Ends the run; the next one begins with this very picture, if it can.
    fn cut(&mut self, cause: GapCause, unit: Unit, params: &Arc<VideoParams>) {
        self.end_session(cause);
        if self.begin_run(&unit, params) {
            self.place(unit, params);
        }
    }

    /// A run begins with a keyframe; anything before it cannot be decoded and is dropped.
    fn begin_run(&mut self, unit: &Unit, params: &Arc<VideoParams>) -> bool {
        if !unit.is_keyframe {
            return false;
        }
        let clock = &self.wiring.clock;
        let wall = wall_of(clock, unit.received);
        let timeline = Timeline::begin(unit.rtp, unit.received, wall, self.ended);
        self.generation += 1;
        let info = Arc::new(RunInfo {
            stream: self.wiring.stream.clone(),
            params: params.clone(),
            audio: self.audio.params().cloned(),
            wall_start: timeline.wall_start(),
            generation: self.generation,
        });
        tracing::info!(params = ?params, generation = self.generation, "streaming");
        self.status.run_began(params.clone(), clock.wall());
        self.wiring.publisher.begin(info.clone());
        let recorder = self.wiring.recorder.as_ref();
        let is_recorded =
            recorder.is_some_and(|recorder| send(recorder, RecorderMessage::RunBegin(info.clone())));
        let anchor = (clock.wall(), clock.instant());
        let origin = Origin { npt: unit.npt, received: unit.received };
        let audio = info.audio.clone().map(|params| AudioClock::new(params, origin));
        self.run = Some(Run {
            newest: Pts::default(),
            newest_wall: timeline.wall_start(),
            keyframe: clock.instant(),
            frame: MediaDuration::ZERO,
            damage: Damage::begin(Pts::default()),
            leading_until: (unit.picture.access == Access::Open).then_some(unit.rtp),
            timeline,
            info,
            is_recorded,
            audio,
            anchor,
        });
        true
    }

    /// Hands the unit to the recorder. When its queue is full, the recorder's run ends with a reason, and a new one
    /// begins at the first keyframe that finds room; live view and analysis go on meanwhile.
    fn record(&mut self, unit: AccessUnit) {
        let (Some(recorder), Some(run)) = (&self.wiring.recorder, &mut self.run) else { return };
        if !run.is_recorded && unit.is_keyframe && recorder.has_room() {
            run.is_recorded = send(recorder, RecorderMessage::RunBegin(run.info.clone()));
        }
        if !run.is_recorded {
            self.status.dropped_by_backlog();
            return;
        }
        let at = unit.wall;
        if !send(recorder, RecorderMessage::Unit(unit)) {
            tracing::warn!(
                "the disk cannot keep up: recording of this stream pauses until its queue has room"
            );
            run.is_recorded = false;
            self.status.dropped_by_backlog();
            send(recorder, RecorderMessage::RunEnd(RunEnd { cause: GapCause::Backlog, at }));
        }
    }

    /// Tells everyone why nothing comes any more, or why nothing came at all.
    fn end_session(&mut self, cause: GapCause) {
        if let Some(run) = self.run.take() {
            self.ended = Some(run.newest_wall.plus_media(run.frame));
        }
        self.wiring.publisher.end(cause);
        if let Some(recorder) = &self.wiring.recorder {
            send(recorder, RecorderMessage::RunEnd(RunEnd { cause, at: self.wiring.clock.wall() }));
        }
    }

    fn enter(&self, state: StreamState) {
        self.status.enter(state, self.wiring.clock.wall());
    }
}

impl Run {
    /// H.265 names such pictures (RASL). H.264 does not: they are those that are shown before the keyframe.
    fn is_undecodable_leading(&mut self, unit: &Unit, codec: VideoCodec) -> bool {
        let Some(key) = self.leading_until else { return false };
        if unit.rtp == key {
            return false;
        }
        if unit.is_keyframe {
            self.leading_until = None;
            return false;
        }
        match codec {
            VideoCodec::H264 => unit.rtp < key,
            VideoCodec::H265 => unit.picture.is_skipped_leading,
        }
    }

    fn advance(&mut self, moment: Moment) {
        if moment.pts > self.newest {
            self.frame = moment.pts - self.newest;
            self.newest = moment.pts;
            self.newest_wall = moment.wall;
        }
    }
}

fn warn_of(step: TimeBreak) {
    match step {
        TimeBreak::Backward(by) => tracing::warn!(%by, "the camera's timestamps fell back: a new run"),
        TimeBreak::Forward(by) => tracing::warn!(%by, "the camera's timestamps jumped ahead: a new run"),
        TimeBreak::Apart(by) => {
            tracing::warn!(
                ?by,
                "the camera's timestamps and the arrival of its pictures have come apart: a new run"
            );
        }
    }
}

/// By how many milliseconds the wall clock was set since `anchor`, when that is more than [`CLOCK_STEP`].
fn clock_step(clock: &Clock, (wall, instant): (WallTime, Instant)) -> Option<i64> {
    let expected = wall.plus(clock.instant().saturating_duration_since(instant));
    let step = clock.wall().0.saturating_sub(expected.0);
    (step.unsigned_abs() > CLOCK_STEP.as_millis().try_into().unwrap_or(u64::MAX)).then_some(step)
}

fn send(recorder: &RecordSender, message: RecorderMessage) -> bool {
    recorder.try_send(message).is_ok()
}

fn wall_of(clock: &Clock, received: Instant) -> WallTime {
    clock.wall().minus(clock.instant().saturating_duration_since(received))
}

const fn state_after(fault: &SessionFault) -> StreamState {
    match fault {
        SessionFault::PasswordMissing | SessionFault::PasswordRefused => StreamState::AuthFailed,
        SessionFault::NotFound { .. } => StreamState::NotFound,
        SessionFault::NoMedia { .. } | SessionFault::NoKeyframe { .. } | SessionFault::PacketLoss { .. } => {
            StreamState::NoMedia
        }
        SessionFault::Stalled { .. } => StreamState::Stalled,
        SessionFault::NoVideo | SessionFault::Unsupported { .. } => StreamState::Quarantined,
        SessionFault::Unresolved { .. }
        | SessionFault::Refused { .. }
        | SessionFault::Unreachable { .. }
        | SessionFault::Protocol { .. }
        | SessionFault::Rejected { .. }
        | SessionFault::NoAnswer { .. }
        | SessionFault::TooLarge { .. }
        | SessionFault::SourceChanged
        | SessionFault::Closed
        | SessionFault::Bug => StreamState::BackingOff,
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_config::{RtspUrl, Transport};
    use sharpeyes_domain::segment::Span;

    use super::*;
    use crate::{
        hub::{Hub, RingLimits},
        ingest::picture::Picture,
        record::{
            Recorder,
            tests::kit::{Kit, params, poll, stream},
        },
    };

    /// A camera that sends a picture each 40 ms, as this machine's clocks go.
    struct Camera<'a> {
        kit: &'a Kit,
        task: StreamTask,
        params: Arc<VideoParams>,
        next: i64,
        /// Pictures from keyframe to keyframe.
        gop: i64,
    }

    impl<'a> Camera<'a> {
        fn at(kit: &'a Kit, recorder: &Recorder) -> Self {
            let limits =
                RingLimits { bytes: 1 << 20, span: Duration::from_secs(10), history: Duration::ZERO };
            let hub = Hub::new([stream("gate")], limits);
            let (url, _) = RtspUrl::split("rtsp://192.0.2.1/main").unwrap();
            let task = StreamTask::new(Wiring {
                stream: stream("gate"),
                source: Source { url, login: None, transport: Transport::Tcp, audio: false },
                limits: Limits::default(),
                clock: kit.clock.clone(),
                publisher: hub.publisher(&stream("gate")).unwrap(),
                recorder: Some(recorder.sender(&stream("gate")).unwrap()),
                attempts: Arc::new(Attempts::new(1, 1)),
                shutdown: CancellationToken::new(),
            });
            Self { kit, task, params: Arc::new(params(320)), next: 0, gop: 25 }
        }
    }

    impl Camera<'_> {
        fn send(&mut self, seconds: i64) {
            for number in self.next..self.next + seconds * 25 {
                let is_keyframe = number % self.gop == 0;
                let kind: u8 = if is_keyframe { 0x65 } else { 0x41 };
                let nals = bytes::Bytes::from([&[0, 0, 0, 90][..], &[kind; 90]].concat());
                let unit = Unit {
                    rtp: number * 3_600,
                    npt: MediaDuration(number * 3_600),
                    received: self.kit.clock.instant(),
                    is_keyframe,
                    new_params: None,
                    picture: Picture::of(VideoCodec::H264, &nals),
                    lost: 0,
                    unusable: 0,
                    report: None,
                    nals,
                };
                self.task.deliver(unit, &self.params.clone());
                self.kit.clock.advance(Duration::from_millis(40));
            }
            self.next += seconds * 25;
        }
    }

    #[test]
    fn a_session_without_keyframes_ends_before_its_file_grows_too_long_to_be_found() {
        let kit = Kit::new();
        let recorder = kit.open();
        let mut camera = Camera::at(&kit, &recorder);
        camera.task.wiring.limits.keyframes = Duration::from_secs(30);
        let overdue = |camera: &Camera<'_>| camera.task.overdue_keyframe().map(|fault| fault.code());
        assert_eq!(overdue(&camera), None, "there is no run");
        camera.send(60);
        assert_eq!(overdue(&camera), None);
        camera.gop = i64::MAX;
        camera.send(29);
        assert_eq!(overdue(&camera), None);
        camera.send(2);
        assert_eq!(overdue(&camera), Some("no_keyframe"));
        camera.task.end_session(GapCause::NoMedia);
        assert_eq!(overdue(&camera), None);
    }

    #[test]
    fn a_wall_clock_that_is_set_begins_a_run_and_costs_no_picture() {
        let check = |name: &str, step_ms: i64, n_runs: usize| {
            let kit = Kit::new();
            let recorder = kit.open();
            let mut camera = Camera::at(&kit, &recorder);
            camera.send(10);
            kit.clock.set_wall(WallTime(kit.clock.wall().0 + step_ms));
            camera.send(10);
            camera.task.end_session(GapCause::Stopped);
            poll(|| camera.task.wiring.recorder.as_ref().unwrap().status().queued_bytes == 0);
            recorder.close();
            let all = Span { from: WallTime(i64::MIN / 4), to: WallTime(i64::MAX / 4) };
            let rows = kit.footage().segments_in(&stream("gate"), all).unwrap();
            let closed: Vec<_> = rows.iter().filter_map(|row| row.closed.clone()).collect();
            assert_eq!(
                closed.iter().map(|file| file.n_frames).sum::<u32>(),
                500,
                "{name}: no picture is lost"
            );
            let runs: std::collections::BTreeSet<_> = rows.iter().map(|row| row.run).collect();
            assert_eq!(runs.len(), n_runs, "{name}");
            // Within a run the time is monotonic: each file ends where the next one begins.
            let mut in_order = rows.clone();
            in_order.sort_by_key(|row| row.id);
            for pair in in_order.windows(2).filter(|pair| pair[0].run == pair[1].run) {
                assert_eq!(pair[0].closed.as_ref().unwrap().span.to, pair[1].start_wall, "{name}");
            }
            let length: Duration = closed.iter().map(|file| file.span.length()).sum();
            assert_eq!(length, Duration::from_secs(20), "{name}");
            kit.assert_sound();
        };
        check("not at all", 0, 1);
        check("a second, as NTP does", 1_000, 1);
        check("an hour on", 3_600_000, 2);
        check("an hour back", -3_600_000, 2);
        check("1970", -1_700_000_000_000 + 60_000, 2);
        check("2038", 445_916_800_000, 2);
    }
}
