//! Watches over an open stream: when the session behind it ends, so does the stream, within five seconds.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};

use super::guard::Guard;

/// Sessions also end by time, or from the command line in another process: then nothing wakes us but this.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// One open stream's watch over its session.
pub(super) struct Vigil {
    guard: Guard,
    changes: watch::Receiver<u64>,
    next_look: Instant,
}

impl Vigil {
    pub(super) fn new(guard: &Guard) -> Self {
        Self {
            changes: guard.state.accounts.changes(),
            guard: guard.clone(),
            // The route has just looked.
            next_look: Instant::now() + LOOK_EVERY,
        }
    }

    /// Returns when the session has ended or the service stops. May be dropped and called again.
    pub(super) async fn ended(&mut self) {
        loop {
            tokio::select! {
                biased;
                () = self.guard.state.shutdown.cancelled() => return,
                // The sender lives as long as the state that the guard holds.
                _ = self.changes.changed() => {}
                () = tokio::time::sleep_until(self.next_look) => {}
            }
            if !self.look().await {
                return;
            }
        }
    }

    /// Whether the stream may go on now; looks again only when there is a reason to.
    pub(super) async fn holds(&mut self) -> bool {
        if self.guard.state.shutdown.is_cancelled() {
            return false;
        }
        let is_due = Instant::now() >= self.next_look || self.changes.has_changed().unwrap_or(true);
        !is_due || self.look().await
    }

    /// The service stops: the reason to give to whoever watches.
    pub(super) fn is_shutdown(&self) -> bool {
        self.guard.state.shutdown.is_cancelled()
    }

    async fn look(&mut self) -> bool {
        self.changes.mark_unchanged();
        // Should this be dropped before the answer is there, the next question is due at once.
        self.next_look = Instant::now();
        let found = self.guard.state.accounts.viewer_again(self.guard.viewer.session).await;
        self.next_look = Instant::now() + LOOK_EVERY;
        match found {
            Ok(viewer) => viewer.is_some(),
            Err(error) => {
                tracing::error!(%error, "a session could not be looked up; its stream is ended");
                false
            }
        }
    }
}
