//! The threads that the cameras' sessions run on, apart from everything else's.
//!
//! A hundred cameras send more than a thousand packets a second, each of which would wake a thread, and the wake-ups
//! would cost more than the work. So a thread that has nothing more to do naps before it waits: one wake-up then serves
//! all that has arrived meanwhile. Requests of browsers are served elsewhere and never nap.

use std::{num::NonZeroUsize, time::Duration};

use tokio::runtime::{Builder, Handle, Runtime};

/// How late a packet may be noticed. The clock model of a run takes the least delayed picture, so that it bears it.
const NAP: Duration = Duration::from_millis(40);
/// Streams that one thread serves easily, main streams included.
const STREAMS_PER_THREAD: usize = 128;

/// A runtime that may be dropped anywhere.
pub(super) struct IngestThreads(Option<Runtime>);

impl IngestThreads {
    /// As many threads as `streams` need, and no more than there are processors.
    pub(super) fn start(streams: usize) -> std::io::Result<Self> {
        let most = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = streams.div_ceil(STREAMS_PER_THREAD).clamp(1, most);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .thread_name("ingest")
            .on_thread_park(|| std::thread::sleep(NAP))
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// For spawning.
    pub(super) fn handle(&self) -> Option<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for IngestThreads {
    fn drop(&mut self) {
        // Waiting is not allowed in async code; the tasks were waited for by their step.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
