//! Threads of the recorder: a few writers, each serving many streams, and one that syncs the disk.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use sharpeyes_domain::{ids::StreamId, time::WallTime};

use super::{
    Shared,
    queue::{Inbox, Letter, RecordSender, StreamShared},
    segmenter::Segmenter,
};

/// The recorder's threads.
pub(super) struct Pool {
    inboxes: Vec<Arc<Inbox>>,
    next: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
    stop_sync: Option<SyncSender<()>>,
    sync: Option<JoinHandle<()>>,
}

impl Pool {
    pub(super) fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let (stop_sync, stopped) = sync_channel(1);
        let mut pool = Self {
            inboxes: Vec::new(),
            next: AtomicUsize::new(0),
            threads: Mutex::default(),
            stop_sync: Some(stop_sync),
            sync: None,
        };
        for number in 0..shared.settings.writers.get() {
            let inbox = Arc::new(Inbox::default());
            pool.inboxes.push(Arc::clone(&inbox));
            let shared = Arc::clone(shared);
            let thread = Builder::new()
                .name(thread_name(&shared, &number.to_string()))
                .spawn(move || write_loop(&shared, &inbox))?;
            pool.threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        let shared = Arc::clone(shared);
        pool.sync = Some(
            Builder::new().name(thread_name(&shared, "sync")).spawn(move || sync_loop(&shared, &stopped))?,
        );
        Ok(pool)
    }

    /// Streams go round the threads in order of registration, so that each thread has as many as the others.
    pub(super) fn register(&self, stream: &StreamId, since: WallTime, limit: usize) -> RecordSender {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.inboxes.len();
        let inbox = Arc::clone(&self.inboxes[turn]);
        let shared = Arc::new(StreamShared::new(stream.clone(), since, limit));
        let slot = inbox.register(Arc::clone(&shared));
        RecordSender { shared, inbox, slot }
    }

    /// Tells the writers to end, without waiting for them.
    pub(super) fn ask_to_stop(&self) {
        for inbox in &self.inboxes {
            inbox.push(Letter::Stop);
        }
    }

    /// Ends the writers after all that was sent before, then the sync thread.
    pub(super) fn stop(&mut self) {
        let threads = std::mem::take(self.threads.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.ask_to_stop();
        for thread in threads {
            join(thread);
        }
        self.stop_sync = None;
        if let Some(sync) = self.sync.take() {
            join(sync);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Linux shows fifteen characters.
fn thread_name(shared: &Shared, what: &str) -> String {
    format!("record-{what}-{}", shared.volume.name())
}

fn join(thread: JoinHandle<()>) {
    let name = thread.thread().name().unwrap_or("record").to_owned();
    if thread.join().is_err() {
        tracing::error!(thread = name, "a recorder thread had panicked");
    }
}

fn write_loop(shared: &Arc<Shared>, inbox: &Inbox) {
    let mut segmenters: Vec<Segmenter> = Vec::new();
    loop {
        for letter in inbox.take(shared.settings.gather) {
            match letter {
                Letter::Register(stream) => {
                    let mut segmenter = Segmenter::new(Arc::clone(shared), stream);
                    guarded(&mut segmenter, Segmenter::begin);
                    segmenters.push(segmenter);
                }
                Letter::Message { slot, message } => {
                    let Some(segmenter) = segmenters.get_mut(slot) else { continue };
                    guarded(segmenter, |segmenter| segmenter.on_message(message));
                }
                Letter::Stop => {
                    for segmenter in &mut segmenters {
                        if catch_unwind(AssertUnwindSafe(|| segmenter.stop())).is_err() {
                            tracing::error!("a segment could not be finished; the next start recovers it");
                        }
                    }
                    return;
                }
            }
        }
    }
}

/// One camera's broken input must not end the thread that many cameras need, nor the recording of that camera.
fn guarded(segmenter: &mut Segmenter, work: impl FnOnce(&mut Segmenter)) {
    if catch_unwind(AssertUnwindSafe(|| work(segmenter))).is_err()
        && catch_unwind(AssertUnwindSafe(|| segmenter.abandon())).is_err()
    {
        tracing::error!("what was being written cannot be read back; the next start recovers it");
    }
}

fn sync_loop(shared: &Shared, stopped: &Receiver<()>) {
    let mut took = Duration::ZERO;
    loop {
        // By beginnings, not by pauses: how long a sync takes must not lengthen the period that a power cut costs.
        let is_over = match stopped.recv_timeout(shared.settings.sync_every.saturating_sub(took)) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        };
        let begin = shared.clock.instant();
        if shared.is_opening() {
            // Its first look has not come back; what it finds, it brings into order itself.
            if is_over {
                return;
            }
            continue;
        }
        // Whatever goes wrong over a disk that goes or comes back, the others' data must reach theirs.
        let turn = catch_unwind(AssertUnwindSafe(|| {
            sync(shared, begin);
            shared.watch_disk();
        }));
        if turn.is_err() {
            tracing::error!("the watch over the disk failed: this is a bug of ours; it goes on");
        }
        took = shared.clock.instant() - begin;
        if is_over {
            return;
        }
    }
}

fn sync(shared: &Shared, begin: Instant) {
    let synced = shared.volume.sync_if_dirty(begin);
    shared.volume.note_sync(shared.clock.instant() - begin);
    if let Err(error) = synced {
        tracing::error!(%error, "recording on this disk stops: a sync failed, so nothing written can be relied on");
    }
}
