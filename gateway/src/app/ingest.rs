//! The threads that the cameras' sessions run on, apart from everything else's.
//!
//! A hundred cameras send more than a thousand packets a second, each of which would wake a thread, and the wake-ups
//! would cost more than the work. So a thread that has nothing more to do naps before it waits: one wake-up then serves
//! all that has arrived meanwhile. Requests of browsers are served elsewhere and never nap.
//!
//! What arrives during a nap waits in the socket's buffer. Over TCP the camera waits when it is full, and the system
//! makes it larger for who sends much; over UDP what finds no room is lost. Hence threads for each, with naps of their
//! own.

use std::{num::NonZeroUsize, time::Duration};

use sharpeyes_config::Transport;
use tokio::runtime::{Builder, Handle, Runtime};

/// How late a packet may be noticed. The clock model of a run takes the least delayed picture, so that it bears it.
const fn nap(transport: Transport) -> Duration {
    match transport {
        Transport::Tcp => Duration::from_millis(80),
        Transport::Udp => Duration::from_millis(20),
    }
}

/// Streams that one thread serves easily, main streams included.
const STREAMS_PER_THREAD: usize = 128;

/// Runtimes that may be dropped anywhere: of cameras over TCP, and of those over UDP.
pub(super) struct IngestThreads {
    tcp: Option<Runtime>,
    udp: Option<Runtime>,
}

impl IngestThreads {
    /// As many threads as the streams of each transport need, and no more than there are processors.
    pub(super) fn start(streams: impl Fn(Transport) -> usize) -> std::io::Result<Self> {
        let runtime = |of| runtime(of, streams(of));
        Ok(Self { tcp: runtime(Transport::Tcp)?, udp: runtime(Transport::Udp)? })
    }

    /// For spawning the session of a stream; none where `start` was told of no such stream.
    pub(super) fn handle(&self, transport: Transport) -> Option<&Handle> {
        let runtime = match transport {
            Transport::Tcp => &self.tcp,
            Transport::Udp => &self.udp,
        };
        runtime.as_ref().map(Runtime::handle)
    }
}

fn runtime(transport: Transport, streams: usize) -> std::io::Result<Option<Runtime>> {
    if streams == 0 {
        return Ok(None);
    }
    let most = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let nap = nap(transport);
    Builder::new_multi_thread()
        .worker_threads(streams.div_ceil(STREAMS_PER_THREAD).clamp(1, most))
        .enable_all()
        .thread_name("ingest")
        .on_thread_park(move || std::thread::sleep(nap))
        .build()
        .map(Some)
}

impl Drop for IngestThreads {
    fn drop(&mut self) {
        // Waiting is not allowed in async code; the tasks were waited for by their step.
        for runtime in [self.tcp.take(), self.udp.take()].into_iter().flatten() {
            runtime.shutdown_background();
        }
    }
}
