//! One clock and one thread for all streams: hands each unit to its appsrc when it is due, round after round.
//!
//! A stream's timeline does not depend on who watches: unit `i` of round `n` is due at
//! `epoch + n * length + units[i].leaves`, so main and sub of one camera show the same instant, always.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use sharpeyes::clock::Clock;
use sharpeyes_domain::time::WallTime;

use super::{
    clip::{Track, Unit},
    inject::Wish,
};

/// One unit that left for the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentUnit {
    /// Index of the unit in its clip.
    pub index: usize,
    /// Which round of the loop.
    pub round: u64,
    /// The newest viewer that it was sent to; counts up.
    pub viewer: u64,
    /// Media time since the camera's own beginning; RTP timestamps advance with it.
    pub media: Duration,
    /// When it was handed to the RTP payloader.
    pub instant: Instant,
    /// The same by the wall clock.
    pub wall: WallTime,
}

/// What left on one stream, when the simulator was told to keep it.
pub(super) type SentLog = Arc<Mutex<Vec<SentUnit>>>;

/// A track on its timeline.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    pub(super) track: Arc<Track>,
    /// One round: common to the tracks of a camera, so that they never drift apart.
    pub(super) length: Duration,
    /// Where the track begins, by the pacer's clock.
    pub(super) epoch: i64,
}

impl Timeline {
    /// The first unit due at or after `now` at which decoding may start, and of which no picture is shown before `now`:
    /// a time before the stream's own beginning cannot be said, and the payloader would make one up.
    fn join(&self, now: i64) -> Option<Cursor> {
        let length = nanos(self.length).max(1);
        let passed = (now + self.early() - self.epoch).max(0);
        let mut round = u64::try_from(passed / length).ok()?;
        let within = passed % length;
        let units = &self.track.units;
        let later = units.iter().position(|unit| unit.is_keyframe && nanos(unit.leaves) >= within);
        let index = later.unwrap_or_else(|| {
            round += 1;
            0
        });
        Some(Cursor { round, index })
    }

    /// The most that a picture is shown before it leaves, where pictures are reordered.
    fn early(&self) -> i64 {
        self.track
            .units
            .iter()
            .map(|unit| nanos(unit.leaves.saturating_sub(unit.at)))
            .max()
            .unwrap_or_default()
    }

    fn after(&self, cursor: Cursor) -> Cursor {
        let index = cursor.index + 1;
        if index < self.track.units.len() {
            Cursor { index, ..cursor }
        } else {
            Cursor { round: cursor.round + 1, index: 0 }
        }
    }

    fn due(&self, cursor: Cursor) -> i64 {
        let at = self.track.units.get(cursor.index).map(|unit| unit.leaves).unwrap_or_default();
        self.epoch
            + i64::try_from(cursor.round).unwrap_or(i64::MAX).saturating_mul(nanos(self.length))
            + nanos(at)
    }
}

#[derive(Clone, Copy, Debug)]
struct Cursor {
    round: u64,
    index: usize,
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn signed(time: gst::ClockTime) -> i64 {
    i64::try_from(time.nseconds()).unwrap_or(i64::MAX)
}

struct Feed {
    id: u64,
    source: gst_app::AppSrc,
    timeline: Timeline,
    phase: Phase,
    log: Option<SentLog>,
    wishes: Option<FeedWishes>,
}

/// Other pictures than the timeline's, while somebody wants them.
#[derive(Clone)]
pub(super) struct FeedWishes {
    pub(super) wish: Arc<Wish>,
    /// What [`Wish::alternate`] exchanges the timeline for, and back.
    pub(super) alternate: Option<Timeline>,
    pub(super) plays_alternate: bool,
}

/// How far a feed has come.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Its pipeline does not run yet: a viewer has only just asked for a description.
    Starting,
    /// A gap event has told the pipeline all it needs for the description; nobody plays yet.
    Described,
    /// Somebody plays: this unit is next.
    Playing(Cursor),
}

#[derive(Default)]
struct State {
    feeds: HashMap<u64, Feed>,
    agenda: BinaryHeap<Reverse<(i64, u64)>>,
    next_id: u64,
    stop: bool,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    gst_clock: gst::Clock,
    clock: Clock,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        signed(self.gst_clock.time())
    }
}

/// The pacer's time, for epochs.
pub(super) fn now() -> i64 {
    signed(gst::SystemClock::obtain().time())
}

/// Names a feed, for [`Pacer::remove`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FeedId(u64);

/// The thread that paces every stream. Stops when the last handle is told to.
#[derive(Clone)]
pub(super) struct Pacer(Arc<Shared>);

/// A pipeline that is not running yet is asked again after this time.
const RETRY: Duration = Duration::from_millis(5);
/// How late a unit may leave, so that many leave at one wake-up: a hundred cameras would otherwise need a thousand
/// wake-ups a second.
const TICK: Duration = Duration::from_millis(5);

impl Pacer {
    pub(super) fn start() -> std::io::Result<(Self, JoinHandle<()>)> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            gst_clock: gst::SystemClock::obtain(),
            clock: Clock::system(),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("camsim-pacer".to_owned()).spawn(move || run(&shared))?
        };
        Ok((Self(shared), thread))
    }

    /// The clock that pipelines must use.
    pub(super) fn clock(&self) -> &gst::Clock {
        &self.0.gst_clock
    }

    /// Readies `source` for a description; media flows after [`Pacer::play`].
    pub(super) fn add(
        &self,
        source: gst_app::AppSrc,
        timeline: Timeline,
        log: Option<SentLog>,
        wishes: Option<FeedWishes>,
    ) -> FeedId {
        let mut state = self.0.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.feeds.insert(id, Feed { id, source, timeline, phase: Phase::Starting, log, wishes });
        state.agenda.push(Reverse((self.0.now(), id)));
        drop(state);
        self.0.wake.notify_one();
        FeedId(id)
    }

    /// Lets a feed flow, from its next keyframe. Does nothing when it flows already.
    pub(super) fn play(&self, id: FeedId) {
        let now = self.0.now();
        let mut state = self.0.lock();
        let Some(feed) = state.feeds.get_mut(&id.0) else { return };
        let Some(cursor) = feed.timeline.join(now) else { return };
        if matches!(feed.phase, Phase::Playing(_)) {
            return;
        }
        feed.phase = Phase::Playing(cursor);
        let due = feed.timeline.due(cursor);
        state.agenda.push(Reverse((due, id.0)));
        drop(state);
        self.0.wake.notify_one();
    }

    pub(super) fn remove(&self, id: FeedId) {
        let feed = self.0.lock().feeds.remove(&id.0);
        drop(feed);
    }

    pub(super) fn stop(&self) {
        let mut state = self.0.lock();
        state.stop = true;
        state.feeds.clear();
        drop(state);
        self.0.wake.notify_one();
    }
}

fn run(shared: &Shared) {
    let mut state = shared.lock();
    while !state.stop {
        let now = shared.now();
        let Some(&Reverse((due, id))) = state.agenda.peek() else {
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        if due > now {
            // To the next tick: what is due within one leaves at one wake-up.
            let ticks = (due - now) / nanos(TICK) + 1;
            let wait = TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
            state = shared.wake.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        state.agenda.pop();
        let Some(feed) = state.feeds.get_mut(&id) else { continue };
        match step(shared, feed, now) {
            Ok(Some(next)) => state.agenda.push(Reverse((next, id))),
            Ok(None) => {}
            Err(Gone) => drop(state.feeds.remove(&id)),
        }
    }
}

/// A feed's pipeline is no more.
struct Gone;

/// Does what is due; when the feed wants to be asked again.
fn step(shared: &Shared, feed: &mut Feed, now: i64) -> Result<Option<i64>, Gone> {
    match feed.phase {
        Phase::Playing(cursor) => match exchange(feed, cursor, now) {
            Some(other) => {
                feed.phase = Phase::Playing(other);
                Ok(Some(feed.timeline.due(other)))
            }
            None => send(shared, feed, cursor).map(Some),
        },
        Phase::Starting if feed.source.current_state() == gst::State::Playing => {
            announce(&feed.source, now)?;
            feed.phase = Phase::Described;
            Ok(None)
        }
        Phase::Starting => Ok(Some(now + nanos(RETRY))),
        Phase::Described => Ok(None),
    }
}

/// A media is ready to be described when something has come out of its payloader. A gap event is enough, so DESCRIBE
/// need not wait for the next keyframe, and nothing stale is queued when PLAY follows late or never.
fn announce(source: &gst_app::AppSrc, now: i64) -> Result<(), Gone> {
    let running = u64::try_from(now - base_time(source)).unwrap_or_default();
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    let gap = gst::event::Gap::builder(gst::ClockTime::from_nseconds(running)).build();
    let sent = source.send_event(gst::event::Segment::new(&segment)) && source.send_event(gap);
    if sent { Ok(()) } else { Err(Gone) }
}

fn base_time(source: &gst_app::AppSrc) -> i64 {
    signed(source.base_time().unwrap_or_default())
}

/// Changes over to the other timeline at a keyframe, when that is wished: the place in it.
fn exchange(feed: &mut Feed, cursor: Cursor, now: i64) -> Option<Cursor> {
    let wishes = feed.wishes.as_mut()?;
    let is_wished = wishes.wish.alternate.load(Ordering::Relaxed);
    let is_keyframe = feed.timeline.track.units.get(cursor.index).is_some_and(|unit| unit.is_keyframe);
    if is_wished == wishes.plays_alternate || !is_keyframe {
        return None;
    }
    std::mem::swap(&mut feed.timeline, wishes.alternate.as_mut()?);
    wishes.plays_alternate = is_wished;
    feed.source.set_caps(Some(&feed.timeline.track.caps));
    feed.timeline.join(now)
}

/// The unit itself, or while frozen the last keyframe again.
fn pictured(feed: &Feed, cursor: Cursor) -> Option<&Unit> {
    let units = &feed.timeline.track.units;
    let is_frozen = feed.wishes.as_ref().is_some_and(|wishes| wishes.wish.freeze.load(Ordering::Relaxed));
    if !is_frozen {
        return units.get(cursor.index);
    }
    units.get(..=cursor.index)?.iter().rev().find(|unit| unit.is_keyframe)
}

/// Pushes one unit; when the next is due.
fn send(shared: &Shared, feed: &mut Feed, cursor: Cursor) -> Result<i64, Gone> {
    let due = feed.timeline.due(cursor);
    let unit = feed.timeline.track.units.get(cursor.index).ok_or(Gone)?;
    // The stream began later than it was asked to: a later keyframe is its first.
    let begun = base_time(&feed.source);
    if unit.is_keyframe && due - feed.timeline.early() < begun {
        let later = feed.timeline.join(begun).ok_or(Gone)?;
        if feed.timeline.due(later) > due {
            feed.phase = Phase::Playing(later);
            return Ok(feed.timeline.due(later));
        }
    }
    let mut buffer = pictured(feed, cursor).ok_or(Gone)?.buffer.copy();
    {
        // A shallow copy: the coded bytes stay shared with every other stream of this clip.
        let buffer = buffer.make_mut();
        let shown = due - nanos(unit.leaves) + nanos(unit.at);
        let time = |nanos: i64| u64::try_from(nanos - begun).ok().map(gst::ClockTime::from_nseconds);
        buffer.set_pts(time(shown));
        buffer.set_dts(time(due));
    }
    if let Some(log) = &feed.log {
        let media = u64::try_from(due - feed.timeline.epoch).map(Duration::from_nanos).unwrap_or_default();
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        match log.last_mut() {
            // What a second viewer is sent again is no news.
            Some(last) if last.media == media => last.viewer = last.viewer.max(feed.id),
            Some(last) if last.media > media => {}
            Some(_) | None => log.push(SentUnit {
                index: cursor.index,
                round: cursor.round,
                viewer: feed.id,
                media,
                instant: shared.clock.instant(),
                wall: shared.clock.wall(),
            }),
        }
    }
    feed.source.push_buffer(buffer).map_err(|_| Gone)?;
    let next = feed.timeline.after(cursor);
    feed.phase = Phase::Playing(next);
    Ok(feed.timeline.due(next))
}
