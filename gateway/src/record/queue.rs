//! The queues between ingest and the writer threads, bounded in bytes per stream.
//!
//! Overflow policy: a unit that does not fit is refused, and so is every later one until the run is ended, so that a
//! run never has a hole; ingest ends the run with `GapCause::Backlog`. Ends and begins of runs are always taken.
//! A unit counts until it is in the file, not only until the thread has picked it up.
//!
//! A writer thread that is woken waits a moment for more (`RecordSettings::gather`): a hundred cameras send more than a
//! thousand pictures a second, and a wake-up for each would cost more than writing them.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use sharpeyes_domain::{ids::StreamId, time::WallTime};

use super::{RecordStatus, RecorderMessage};

/// What a unit costs beside its payload.
const OVERHEAD: usize = 256;

/// A unit was refused: the disk does not keep up with this stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorder's queue for this stream is full")]
pub struct Overflow;

/// The recorder's end of one stream's queue, for the stream's session. Clones share the bound.
#[derive(Clone)]
pub struct RecordSender {
    pub(super) shared: Arc<StreamShared>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) slot: usize,
}

/// Counters of one stream, written by sender and writer thread.
pub(super) struct StreamShared {
    pub(super) stream: StreamId,
    /// When recording of it was asked for.
    pub(super) since: WallTime,
    pub(super) limit: usize,
    pub(super) queued: AtomicUsize,
    pub(super) is_overflowing: AtomicBool,
    pub(super) n_overflows: AtomicU64,
    pub(super) n_refused: AtomicU64,
    pub(super) written_bytes: AtomicU64,
    pub(super) n_frames: AtomicU64,
    pub(super) n_before_keyframe: AtomicU64,
    pub(super) n_failures: AtomicU64,
    /// Wall time of the end of the last written fragment, 0 before the first.
    pub(super) written_until_ms: AtomicI64,
    pub(super) last_failure: Mutex<Option<String>>,
}

impl StreamShared {
    pub(super) fn new(stream: StreamId, since: WallTime, limit: usize) -> Self {
        Self {
            stream,
            since,
            limit,
            queued: AtomicUsize::new(0),
            is_overflowing: AtomicBool::new(false),
            n_overflows: AtomicU64::new(0),
            n_refused: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
            n_frames: AtomicU64::new(0),
            n_before_keyframe: AtomicU64::new(0),
            n_failures: AtomicU64::new(0),
            written_until_ms: AtomicI64::new(0),
            last_failure: Mutex::new(None),
        }
    }

    pub(super) fn release(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Ordering::AcqRel);
    }

    pub(super) fn status(&self) -> RecordStatus {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RecordStatus {
            queued_bytes: self.queued.load(Ordering::Relaxed),
            limit_bytes: self.limit,
            written_bytes: count(&self.written_bytes),
            n_frames: count(&self.n_frames),
            n_overflows: count(&self.n_overflows),
            n_refused: count(&self.n_refused),
            n_before_keyframe: count(&self.n_before_keyframe),
            n_failures: count(&self.n_failures),
            written_until: match self.written_until_ms.load(Ordering::Relaxed) {
                0 => None,
                millis => Some(WallTime(millis)),
            },
            last_failure: self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Bytes that a message holds in memory until it is in the file.
pub(super) fn cost(message: &RecorderMessage) -> usize {
    match message {
        RecorderMessage::Unit(unit) => unit.nals.len() + OVERHEAD,
        RecorderMessage::Audio(unit) => unit.data.len() + OVERHEAD,
        RecorderMessage::RunBegin(_) | RecorderMessage::RunEnd(_) => 0,
    }
}

impl RecordSender {
    /// Hands a message to the writer thread; never blocks.
    ///
    /// # Errors
    /// [`Overflow`] when the stream's bytes are used up: end the run with `GapCause::Backlog`, and begin a new one
    /// once [`RecordSender::has_room`].
    pub fn try_send(&self, message: RecorderMessage) -> Result<(), Overflow> {
        match &message {
            RecorderMessage::Unit(_) | RecorderMessage::Audio(_) => {
                if self.shared.is_overflowing.load(Ordering::Acquire) {
                    self.shared.n_refused.fetch_add(1, Ordering::Relaxed);
                    return Err(Overflow);
                }
                let bytes = cost(&message);
                let fits = |queued: usize| queued.checked_add(bytes).filter(|sum| *sum <= self.shared.limit);
                if self.shared.queued.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_err() {
                    self.shared.is_overflowing.store(true, Ordering::Release);
                    self.shared.n_overflows.fetch_add(1, Ordering::Relaxed);
                    self.shared.n_refused.fetch_add(1, Ordering::Relaxed);
                    return Err(Overflow);
                }
            }
            RecorderMessage::RunBegin(_) | RecorderMessage::RunEnd(_) => {
                self.shared.is_overflowing.store(false, Ordering::Release);
            }
        }
        self.inbox.push(Letter::Message { slot: self.slot, message });
        Ok(())
    }

    /// Whether half of the stream's bytes are free: time to begin a run again after an overflow.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.shared.queued.load(Ordering::Acquire) * 2 <= self.shared.limit
    }

    /// Counters and the last failure, for health.
    #[must_use]
    pub fn status(&self) -> RecordStatus {
        self.shared.status()
    }
}

/// What a writer thread is told.
pub(super) enum Letter {
    /// A new stream, which gets the next slot.
    Register(Arc<StreamShared>),
    /// For the stream in that slot.
    Message { slot: usize, message: RecorderMessage },
    /// Finish everything and end.
    Stop,
}

/// A writer thread's inbox. Its bytes are bounded by the streams' own bounds.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<InboxState>,
    arrived: Condvar,
}

#[derive(Default)]
struct InboxState {
    letters: VecDeque<Letter>,
    n_slots: usize,
}

impl Inbox {
    pub(super) fn push(&self, letter: Letter) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Only an empty inbox can have a thread waiting at it.
        let is_first = state.letters.is_empty();
        state.letters.push_back(letter);
        drop(state);
        if is_first {
            self.arrived.notify_one();
        }
    }

    /// Adds a stream; its slot is counted under the same lock, so that it is the thread's own count too.
    pub(super) fn register(&self, shared: Arc<StreamShared>) -> usize {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = state.n_slots;
        state.n_slots += 1;
        state.letters.push_back(Letter::Register(shared));
        drop(state);
        self.arrived.notify_one();
        slot
    }

    /// Everything that has arrived up to `gather` after the first letter; blocks until there is one.
    pub(super) fn take(&self, gather: Duration) -> VecDeque<Letter> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.letters.is_empty() {
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !gather.is_zero() && !matches!(state.letters.back(), Some(Letter::Stop)) {
            drop(state);
            std::thread::sleep(gather);
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut state.letters)
    }
}
