//! One stream's life: connect, deliver, fail, wait, again. The reconnect state machine of design §5.
//!
//! Whatever one camera does stays in its own task. All tasks share a bounded number of connection attempts, so that
//! 100 cameras behind one restarted switch do not all knock at once.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use sharpeyes_domain::{
    ids::StreamId,
    media::{AccessUnit, VideoParams},
    segment::GapCause,
    time::{Pts, WallTime},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    fault::{Patience, SessionFault, Stage},
    session::{Limits, RtspSession, Source, Unit},
    status::{StatusCell, StreamState},
    timeline::{TimeBreak, Timeline},
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
    /// Connection attempts that may run at the same time, over all cameras.
    pub attempts: Arc<Semaphore>,
    /// Ends the task.
    pub shutdown: CancellationToken,
}

/// One stream's task.
pub struct StreamTask {
    wiring: Wiring,
    status: Arc<StatusCell>,
    generation: u64,
    run: Option<Run>,
}

struct Run {
    timeline: Timeline,
    info: Arc<RunInfo>,
    /// False after the recorder's queue overflowed, until the next keyframe that fits.
    is_recorded: bool,
    newest: Pts,
    /// When the run began, by both clocks: they part when the wall clock is set.
    anchor: (WallTime, Instant),
}

impl StreamTask {
    /// A task that has not begun.
    #[must_use]
    pub fn new(wiring: Wiring) -> Self {
        let status = Arc::new(StatusCell::new(wiring.clock.wall()));
        Self { wiring, status, generation: 0, run: None }
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
            let Ok(_attempt) = self.wiring.attempts.clone().acquire_owned().await else {
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
        let began = self.wiring.clock.instant();
        let mut params = None;
        loop {
            let unit = match session.next().await {
                Ok(unit) => unit,
                Err(fault) => return fault,
            };
            if let Some(new) = &unit.new_params {
                params = Some(new.clone());
            }
            if let Some(params) = &params {
                self.deliver(unit, params);
            }
            let limit = self.wiring.limits.first_keyframe;
            if self.run.is_none() && self.wiring.clock.instant().duration_since(began) > limit {
                return SessionFault::NoKeyframe { waited: limit };
            }
        }
    }

    fn deliver(&mut self, unit: Unit, params: &Arc<VideoParams>) {
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
        let moment = match run.timeline.step(unit.rtp, unit.received) {
            Ok(moment) => moment,
            Err(step) => {
                let (direction, by) = match step {
                    TimeBreak::Backward(by) => ("back", by),
                    TimeBreak::Forward(by) => ("forward", by),
                };
                tracing::warn!(%by, direction, "the camera's timestamps jumped: a new run");
                self.end_session(GapCause::TimestampJump);
                if self.begin_run(&unit, params) {
                    self.deliver(unit, params);
                }
                return;
            }
        };
        let hole = Duration::from_nanos((moment.pts - run.newest).as_nanos());
        if hole > HOLE {
            self.end_session(GapCause::Stalled);
            if self.begin_run(&unit, params) {
                self.deliver(unit, params);
            }
            return;
        }
        run.newest = run.newest.max(moment.pts);
        self.status.delivered(moment.pts, moment.wall, unit.nals.len(), unit.lost);
        let unit =
            AccessUnit { pts: moment.pts, wall: moment.wall, is_keyframe: unit.is_keyframe, nals: unit.nals };
        self.record(unit.clone());
        self.wiring.publisher.unit(unit);
    }

    /// A run begins with a keyframe; anything before it cannot be decoded and is dropped.
    fn begin_run(&mut self, unit: &Unit, params: &Arc<VideoParams>) -> bool {
        if !unit.is_keyframe {
            return false;
        }
        let clock = &self.wiring.clock;
        let wall = wall_of(clock, unit.received);
        let timeline = Timeline::begin(unit.rtp, unit.received, wall);
        self.generation += 1;
        let info = Arc::new(RunInfo {
            stream: self.wiring.stream.clone(),
            params: params.clone(),
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
        self.run = Some(Run { timeline, info, is_recorded, newest: Pts::default(), anchor });
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
        self.run = None;
        self.wiring.publisher.end(cause);
        if let Some(recorder) = &self.wiring.recorder {
            send(recorder, RecorderMessage::RunEnd(RunEnd { cause, at: self.wiring.clock.wall() }));
        }
    }

    fn enter(&self, state: StreamState) {
        self.status.enter(state, self.wiring.clock.wall());
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
        SessionFault::NoMedia { .. } | SessionFault::NoKeyframe { .. } => StreamState::NoMedia,
        SessionFault::Stalled { .. } => StreamState::Stalled,
        SessionFault::NoVideo | SessionFault::Unsupported { .. } => StreamState::Quarantined,
        SessionFault::Unresolved { .. }
        | SessionFault::Refused { .. }
        | SessionFault::Unreachable { .. }
        | SessionFault::Protocol { .. }
        | SessionFault::Rejected { .. }
        | SessionFault::NoAnswer { .. }
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
        record::tests::kit::{Kit, params, poll, stream},
    };

    /// A camera that sends a picture each 40 ms, a keyframe each second, as this machine's clocks go.
    struct Camera<'a> {
        kit: &'a Kit,
        task: StreamTask,
        params: Arc<VideoParams>,
        next: i64,
    }

    impl Camera<'_> {
        fn send(&mut self, seconds: i64) {
            for number in self.next..self.next + seconds * 25 {
                let unit = Unit {
                    rtp: number * 3_600,
                    received: self.kit.clock.instant(),
                    is_keyframe: number % 25 == 0,
                    new_params: None,
                    lost: 0,
                    nals: [&[0, 0, 0, 90][..], &[0x65; 90]].concat().into(),
                };
                self.task.deliver(unit, &self.params.clone());
                self.kit.clock.advance(Duration::from_millis(40));
            }
            self.next += seconds * 25;
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_begins_a_run_and_costs_no_picture() {
        let check = |name: &str, step_ms: i64, n_runs: usize| {
            let kit = Kit::new();
            let recorder = kit.open();
            let limits = RingLimits { bytes: 1 << 20, span: Duration::from_secs(10) };
            let hub = Hub::new([stream("gate")], limits);
            let (url, _) = RtspUrl::split("rtsp://192.0.2.1/main").unwrap();
            let task = StreamTask::new(Wiring {
                stream: stream("gate"),
                source: Source { url, login: None, transport: Transport::Tcp },
                limits: Limits::default(),
                clock: kit.clock.clone(),
                publisher: hub.publisher(&stream("gate")).unwrap(),
                recorder: Some(recorder.sender(&stream("gate")).unwrap()),
                attempts: Arc::new(Semaphore::new(1)),
                shutdown: CancellationToken::new(),
            });
            let mut camera = Camera { kit: &kit, task, params: Arc::new(params(320)), next: 0 };
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
