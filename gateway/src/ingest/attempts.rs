//! Who may connect now: bounded, so that 100 cameras behind one restarted switch do not all knock at once.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::fault::SessionFault;

/// Permits for connection attempts, shared by all streams. Each queue is first come, first served.
#[derive(Debug)]
pub struct Attempts {
    prompt: Semaphore,
    slow: Semaphore,
}

impl Attempts {
    /// At most `prompt` attempts at a time of streams that were answered last time, and `slow` of those that were not:
    /// those hold their permit until a timeout, and forty dead cameras must not keep sixty others waiting.
    #[must_use]
    pub fn new(prompt: usize, slow: usize) -> Self {
        Self { prompt: Semaphore::new(prompt), slow: Semaphore::new(slow) }
    }

    /// Waits for this stream's turn; `last` is how its last session ended. `None` when nobody connects any more.
    pub(super) async fn acquire(&self, last: Option<&SessionFault>) -> Option<SemaphorePermit<'_>> {
        let queue = if last.is_some_and(took_a_timeout) { &self.slow } else { &self.prompt };
        queue.acquire().await.ok()
    }
}

const fn took_a_timeout(fault: &SessionFault) -> bool {
    match fault {
        SessionFault::Unresolved { .. }
        | SessionFault::Unreachable { .. }
        | SessionFault::NoAnswer { .. } => true,
        SessionFault::Refused { .. }
        | SessionFault::Protocol { .. }
        | SessionFault::PasswordMissing
        | SessionFault::PasswordRefused
        | SessionFault::NotFound { .. }
        | SessionFault::Rejected { .. }
        | SessionFault::NoVideo
        | SessionFault::Unsupported { .. }
        | SessionFault::NoMedia { .. }
        | SessionFault::NoKeyframe { .. }
        | SessionFault::PacketLoss { .. }
        | SessionFault::TooLarge { .. }
        | SessionFault::SourceChanged
        | SessionFault::Stalled { .. }
        | SessionFault::Closed
        | SessionFault::Bug => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ingest::Stage;

    #[tokio::test]
    async fn cameras_that_never_answer_do_not_hold_up_the_others() {
        let attempts = Attempts::new(1, 1);
        let dead = SessionFault::NoAnswer { stage: Stage::Describe, waited: Duration::from_secs(10) };
        let _held = attempts.acquire(Some(&dead)).await;
        assert!(
            tokio::time::timeout(Duration::from_millis(20), attempts.acquire(Some(&dead))).await.is_err()
        );
        let prompt = attempts.acquire(Some(&SessionFault::Closed)).await;
        assert!(prompt.is_some());
        assert!(tokio::time::timeout(Duration::from_millis(20), attempts.acquire(None)).await.is_err());
    }
}
