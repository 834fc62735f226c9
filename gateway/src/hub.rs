//! One ring of recent access units per stream, and readers that may fall behind.
//!
//! The ring holds whole GOPs, bounded in bytes and in time. A reader has its own position; the writer never waits for
//! it. A reader that the ring overtook is told how many units it missed and goes on at the newest keyframe.
//! The recorder does not read here: it may not miss anything (see `record`).
//! Fed by `ingest`, read by `live` and `analyze`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sharpeyes_domain::{ids::StreamId, media::AccessUnit, segment::GapCause};
use tokio::sync::watch;

use crate::record::RunInfo;

/// What a reader receives.
#[derive(Clone, Debug)]
pub enum HubEvent {
    /// A run begins, or the reader joined it here. The next unit is a keyframe.
    Run(Arc<RunInfo>),
    /// The next unit of the run.
    Unit(AccessUnit),
    /// The ring overtook this reader: so many units are missing. The next unit is a keyframe.
    Lagged {
        /// Units missed.
        dropped: u64,
    },
    /// The run ended.
    End(GapCause),
}

/// How much a ring holds.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    /// At most so many bytes of coded pictures.
    pub bytes: usize,
    /// At most so much time.
    pub span: Duration,
    /// Of whole GOPs, no more than this is kept; the newest one always is, within the bounds above. For streams that
    /// nobody looks back into: a reader begins at the newest keyframe.
    pub history: Duration,
}

/// All rings of the process. The set of streams is fixed at start.
#[derive(Clone, Debug)]
pub struct Hub(Arc<HashMap<StreamId, Arc<Ring>>>);

#[derive(Debug)]
struct Ring {
    limits: RingLimits,
    state: Mutex<State>,
    /// The position after the newest entry; wakes readers.
    end: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// Invariant: the first entry, if any, is a `Run`, an `End` or a keyframe.
    entries: VecDeque<Entry>,
    /// Position of `entries[0]`; positions count up by one and never repeat.
    first: u64,
    bytes: usize,
    run: Option<Arc<RunInfo>>,
}

#[derive(Clone, Debug)]
enum Entry {
    Run(Arc<RunInfo>),
    Unit(AccessUnit, Arc<RunInfo>),
    End(GapCause),
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::Unit(unit, _) => unit.nals.len(),
            Self::Run(_) | Self::End(_) => 0,
        }
    }

    fn is_keyframe(&self) -> bool {
        matches!(self, Self::Unit(unit, _) if unit.is_keyframe)
    }
}

impl Hub {
    /// One ring for each of `streams`.
    #[must_use]
    pub fn new(streams: impl IntoIterator<Item = StreamId>, limits: RingLimits) -> Self {
        Self::with_limits(streams.into_iter().map(|stream| (stream, limits)))
    }

    /// One ring for each of `streams`, with its own limits.
    #[must_use]
    pub fn with_limits(streams: impl IntoIterator<Item = (StreamId, RingLimits)>) -> Self {
        let ring = |limits| Arc::new(Ring { limits, state: Mutex::default(), end: watch::Sender::new(0) });
        Self(Arc::new(streams.into_iter().map(|(stream, limits)| (stream, ring(limits))).collect()))
    }

    /// The writing side of one stream; `None` for a stream that the site does not have.
    #[must_use]
    pub fn publisher(&self, stream: &StreamId) -> Option<Publisher> {
        self.0.get(stream).cloned().map(Publisher)
    }

    /// A reader of one stream that begins at the newest keyframe in the ring, so that a picture is there at once.
    #[must_use]
    pub fn subscribe(&self, stream: &StreamId) -> Option<Subscription> {
        let ring = self.0.get(stream)?.clone();
        let end = ring.end.subscribe();
        let position = ring.lock().newest_start();
        Some(Subscription { ring, end, position, run: None, pending: VecDeque::new() })
    }

    /// A reader that looks by itself now and then and is never woken: the writer does not know of it.
    #[must_use]
    pub fn poll(&self, stream: &StreamId) -> Option<Polled> {
        let ring = self.0.get(stream)?.clone();
        let position = ring.lock().newest_start();
        Some(Polled { ring, position, run: None, entries: Vec::new() })
    }
}

/// Writes one stream's ring.
#[derive(Debug)]
pub struct Publisher(Arc<Ring>);

impl Publisher {
    /// A new run; the next unit must be a keyframe.
    pub fn begin(&self, run: Arc<RunInfo>) {
        self.0.push(|state| {
            state.run = Some(run.clone());
            Some(Entry::Run(run))
        });
    }

    /// The next unit in decoding order; outside a run it is dropped.
    pub fn unit(&self, unit: AccessUnit) {
        self.0.push(|state| Some(Entry::Unit(unit, state.run.clone()?)));
    }

    /// The run is over.
    pub fn end(&self, cause: GapCause) {
        self.0.push(|state| state.run.take().map(|_| Entry::End(cause)));
    }
}

impl Ring {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, make: impl FnOnce(&mut State) -> Option<Entry>) {
        let mut state = self.lock();
        let Some(entry) = make(&mut state) else { return };
        state.bytes += entry.bytes();
        state.entries.push_back(entry);
        state.trim(self.limits);
        let end = state.first + state.entries.len() as u64;
        drop(state);
        // A reader that comes later looks before it waits. Most streams have none, most of the time.
        if self.end.receiver_count() > 0 {
            self.end.send_replace(end);
        }
    }
}

impl State {
    /// Drops whole GOPs from the front; a single GOP beyond the limits is dropped too, and readers skip it.
    fn trim(&mut self, limits: RingLimits) {
        while self.exceeds(limits) || self.is_front_history(limits) {
            self.drop_front();
            while !matches!(self.entries.front(), None | Some(Entry::Run(_) | Entry::End(_)))
                && !self.entries.front().is_some_and(Entry::is_keyframe)
            {
                self.drop_front();
            }
        }
    }

    fn drop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.bytes();
            self.first += 1;
        }
    }

    fn exceeds(&self, limits: RingLimits) -> bool {
        let walls = |entry: &Entry| match entry {
            Entry::Unit(unit, _) => Some(unit.wall),
            Entry::Run(_) | Entry::End(_) => None,
        };
        let oldest = self.entries.iter().find_map(walls);
        let newest = self.entries.iter().rev().find_map(walls);
        let too_long = oldest.zip(newest).is_some_and(|(oldest, newest)| newest.since(oldest) > limits.span);
        !self.entries.is_empty() && (self.bytes > limits.bytes || too_long)
    }

    /// A newer GOP is there, and the oldest one ended longer ago than anyone looks back.
    fn is_front_history(&self, limits: RingLimits) -> bool {
        let key = |entry: &Entry| match entry {
            Entry::Unit(unit, _) if unit.is_keyframe => Some(unit.wall),
            Entry::Unit(..) | Entry::Run(_) | Entry::End(_) => None,
        };
        // Only a keyframe makes a GOP history, so nothing is searched between two.
        let Some(newest) = self.entries.back().and_then(key) else { return false };
        let next = self.entries.iter().skip(1).find_map(key);
        next.is_some_and(|next| newest.since(next) >= limits.history)
    }

    /// Where a reader should start to have a picture soonest.
    fn newest_start(&self) -> u64 {
        let back =
            self.entries.iter().rev().position(|entry| entry.is_keyframe() || matches!(entry, Entry::Run(_)));
        let end = self.first + self.entries.len() as u64;
        back.map_or(end, |back| end - 1 - back as u64)
    }

    fn at(&self, position: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(position.checked_sub(self.first)?).ok()?)
    }
}

/// A reader's place in one stream.
#[derive(Debug)]
pub struct Subscription {
    ring: Arc<Ring>,
    end: watch::Receiver<u64>,
    position: u64,
    /// The run that this reader was told of.
    run: Option<Arc<RunInfo>>,
    pending: VecDeque<HubEvent>,
}

impl Subscription {
    /// The next event; waits for one. `None` when the stream is gone for good (the process stops).
    pub async fn next(&mut self) -> Option<HubEvent> {
        loop {
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            self.end.changed().await.ok()?;
        }
    }

    /// The next event if there is one.
    pub fn try_next(&mut self) -> Option<HubEvent> {
        if let Some(event) = self.pending.pop_front() {
            return Some(event);
        }
        self.end.mark_unchanged();
        let state = self.ring.lock();
        if self.position < state.first {
            let start = state.newest_start();
            let dropped = start - self.position;
            self.position = start;
            self.pending.push_back(HubEvent::Lagged { dropped });
        }
        let Some(entry) = state.at(self.position).cloned() else {
            drop(state);
            return self.pending.pop_front();
        };
        drop(state);
        self.position += 1;
        tell(&mut self.run, entry, &mut self.pending);
        self.pending.pop_front()
    }
}

/// Puts what a reader must hear before `entry`, then `entry`, in line. `known` is the run that it was told of.
fn tell(known: &mut Option<Arc<RunInfo>>, entry: Entry, events: &mut VecDeque<HubEvent>) {
    match entry {
        Entry::Run(run) => {
            *known = Some(run.clone());
            events.push_back(HubEvent::Run(run));
        }
        Entry::Unit(unit, run) => {
            // The reader joined in the middle: the ring may no longer hold the beginning of the run.
            if known.as_ref().is_none_or(|known| known.generation != run.generation) {
                *known = Some(run.clone());
                events.push_back(HubEvent::Run(run));
            }
            events.push_back(HubEvent::Unit(unit));
        }
        Entry::End(cause) => events.push_back(HubEvent::End(cause)),
    }
}

/// A reader's place in one stream, looked at now and then.
#[derive(Debug)]
pub struct Polled {
    ring: Arc<Ring>,
    position: u64,
    run: Option<Arc<RunInfo>>,
    entries: Vec<Entry>,
}

impl Polled {
    /// Everything that came since the last call, in order; one lock for all of it.
    pub fn drain(&mut self, events: &mut VecDeque<HubEvent>) {
        let state = self.ring.lock();
        if self.position < state.first {
            let start = state.newest_start();
            events.push_back(HubEvent::Lagged { dropped: start - self.position });
            self.position = start;
        }
        let skip = usize::try_from(self.position - state.first).unwrap_or(usize::MAX);
        self.entries.extend(state.entries.iter().skip(skip).cloned());
        drop(state);
        self.position += self.entries.len() as u64;
        for entry in self.entries.drain(..) {
            tell(&mut self.run, entry, events);
        }
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        ids::{CameraId, StreamKind},
        media::{VideoCodec, VideoParams},
        time::{MediaDuration, Pts, WallTime},
    };

    use super::*;

    fn stream() -> StreamId {
        StreamId { camera: CameraId::new("a").unwrap(), kind: StreamKind::Sub }
    }

    fn hub(bytes: usize, secs: u64) -> (Hub, Publisher) {
        let span = Duration::from_secs(secs);
        let hub = Hub::new([stream()], RingLimits { bytes, span, history: span });
        let publisher = hub.publisher(&stream()).unwrap();
        (hub, publisher)
    }

    fn run(generation: u64) -> Arc<RunInfo> {
        let params = VideoParams {
            codec: VideoCodec::H264,
            rfc6381: "avc1.4D401E".into(),
            width_px: 640,
            height_px: 360,
            sample_entry: Arc::new([]),
            decoder_config: Arc::new([]),
        };
        Arc::new(RunInfo {
            stream: stream(),
            params: Arc::new(params),
            audio: None,
            wall_start: WallTime(0),
            generation,
        })
    }

    /// Unit `n` of a stream of ten pictures a second with a keyframe every second.
    fn unit(n: i64) -> AccessUnit {
        let span = MediaDuration::from_millis(n * 100);
        AccessUnit {
            pts: Pts(span.0),
            wall: WallTime(0).plus_media(span),
            is_keyframe: n % 10 == 0,
            nals: vec![0; 100].into(),
        }
    }

    fn shown(event: &HubEvent) -> String {
        match event {
            HubEvent::Run(run) => format!("run{}", run.generation),
            HubEvent::Unit(unit) => {
                format!("{}{}", if unit.is_keyframe { "K" } else { "p" }, unit.pts.0 / 9000)
            }
            HubEvent::Lagged { dropped } => format!("lagged{dropped}"),
            HubEvent::End(cause) => format!("end:{cause}"),
        }
    }

    fn drain(reader: &mut Subscription) -> Vec<String> {
        std::iter::from_fn(|| reader.try_next()).map(|event| shown(&event)).collect()
    }

    #[test]
    fn a_reader_that_joins_late_begins_at_the_newest_keyframe_and_is_told_the_run() {
        let (hub, publisher) = hub(1 << 20, 60);
        publisher.begin(run(1));
        (0..25).for_each(|n| publisher.unit(unit(n)));
        let mut reader = hub.subscribe(&stream()).unwrap();
        assert_eq!(drain(&mut reader), ["run1", "K20", "p21", "p22", "p23", "p24"]);
    }

    #[test]
    fn a_reader_that_is_overtaken_is_told_how_much_and_goes_on_at_a_keyframe() {
        let (hub, publisher) = hub(1 << 20, 3);
        publisher.begin(run(1));
        let mut reader = hub.subscribe(&stream()).unwrap();
        publisher.unit(unit(0));
        assert_eq!(drain(&mut reader), ["run1", "K0"]);
        (1..95).for_each(|n| publisher.unit(unit(n)));
        assert_eq!(drain(&mut reader), ["lagged89", "K90", "p91", "p92", "p93", "p94"]);
    }

    #[test]
    fn a_reader_that_looks_now_and_then_hears_the_same() {
        let (hub, publisher) = hub(1 << 20, 3);
        let mut polled = hub.poll(&stream()).unwrap();
        let mut heard = || {
            let mut events = VecDeque::new();
            polled.drain(&mut events);
            events.iter().map(shown).collect::<Vec<_>>()
        };
        assert!(heard().is_empty());
        publisher.begin(run(1));
        (0..3).for_each(|n| publisher.unit(unit(n)));
        assert_eq!(heard(), ["run1", "K0", "p1", "p2"]);
        assert!(heard().is_empty());
        (3..95).for_each(|n| publisher.unit(unit(n)));
        assert_eq!(heard(), ["lagged87", "K90", "p91", "p92", "p93", "p94"]);
        publisher.end(GapCause::Stalled);
        publisher.begin(run(2));
        assert_eq!(heard(), ["end:stalled", "run2"]);
    }

    #[test]
    fn the_ring_is_bounded_in_bytes_even_when_one_gop_is_larger() {
        let (hub, publisher) = hub(1_000, 60);
        publisher.begin(run(1));
        let mut reader = hub.subscribe(&stream()).unwrap();
        (0..5).for_each(|n| publisher.unit(unit(n)));
        assert_eq!(drain(&mut reader).len(), 6);
        // A GOP without end: nothing of it fits, and readers wait for the next keyframe.
        (11..40).for_each(|n| publisher.unit(AccessUnit { is_keyframe: false, ..unit(n) }));
        assert!(hub.0[&stream()].lock().bytes <= 1_000);
        publisher.unit(unit(40));
        let heard = drain(&mut reader);
        assert_eq!(heard.last().map(String::as_str), Some("K40"), "{heard:?}");
        assert!(heard.iter().any(|event| event.starts_with("lagged")));
    }

    #[test]
    fn without_history_the_newest_gop_is_kept_however_long_it_is() {
        let limits =
            RingLimits { bytes: 1 << 20, span: Duration::from_secs(60), history: Duration::from_secs(1) };
        let hub = Hub::new([stream()], limits);
        let publisher = hub.publisher(&stream()).unwrap();
        publisher.begin(run(1));
        (0..55).for_each(|n| publisher.unit(unit(n)));
        let first = |hub: &Hub| {
            hub.0[&stream()].lock().entries.iter().find_map(|entry| match entry {
                Entry::Unit(unit, _) => Some(unit.pts.0 / 9_000),
                Entry::Run(_) | Entry::End(_) => None,
            })
        };
        assert_eq!(first(&hub), Some(40), "what the last second touches, and the GOP that goes on");
        // A smart codec: the next keyframe comes only after half a minute.
        (56..350).filter(|n| n % 10 != 0).for_each(|n| publisher.unit(unit(n)));
        assert_eq!(first(&hub), Some(40));
        let mut reader = hub.subscribe(&stream()).unwrap();
        assert_eq!(drain(&mut reader)[..2], ["run1", "K50"]);
    }

    #[test]
    fn runs_are_told_apart_and_ends_have_their_cause() {
        let (hub, publisher) = hub(1 << 20, 60);
        let mut reader = hub.subscribe(&stream()).unwrap();
        publisher.unit(unit(3));
        publisher.begin(run(1));
        publisher.unit(unit(0));
        publisher.end(GapCause::Stalled);
        publisher.end(GapCause::Stalled);
        publisher.begin(run(2));
        publisher.unit(unit(0));
        assert_eq!(drain(&mut reader), ["run1", "K0", "end:stalled", "run2", "K0"]);
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes() {
        let (hub, publisher) = hub(1 << 20, 60);
        let mut reader = hub.subscribe(&stream()).unwrap();
        let waiting = tokio::spawn(async move { reader.next().await.map(|event| shown(&event)) });
        tokio::task::yield_now().await;
        publisher.begin(run(7));
        assert_eq!(waiting.await.unwrap().as_deref(), Some("run7"));
    }
}
