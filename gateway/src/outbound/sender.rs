//! Delivers what the outbox holds for one target: in order per incident, several incidents at a time, again after a
//! failure, until it is delivered or too old.
//!
//! No state of delivery is kept here that a restart would miss: a message that was on its way is sent once more, with the
//! same key. While the target cannot be reached at all, one message after the other asks whether it is back, and none of
//! them is counted as tried.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::stream::{FuturesUnordered, StreamExt as _};
use sharpeyes_config::Target;
use sharpeyes_domain::{ids::IncidentId, time::WallTime};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    board::Board,
    fault::{Failure, Verdict},
    line::{Letter, Line},
};
use crate::{
    clock::Clock,
    retry::Backoff,
    store::{
        db::DbError,
        dispatch::ChangeSeq,
        outbox::{Outbox, OutboxRow, Outcome},
    },
};

/// A message that failed is tried again after so long, then twice as long, and so on …
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// … up to this.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// A target that is away is asked again after so long, then ever later …
const FIRST_ASK: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST_ASK: Duration = Duration::from_mins(1);
/// Without any reason to, the outbox is looked at so often.
const LOOK: Duration = Duration::from_secs(30);
/// The outbox is tidied up so often.
const TIDY: Duration = Duration::from_mins(10);
/// After the database refused.
const PAUSE: Duration = Duration::from_secs(5);

/// Wakes senders: something is to be sent again.
#[derive(Clone, Default)]
pub struct Prod(Arc<Notify>);

impl Prod {
    /// All look at the outbox now.
    pub fn wake(&self) {
        self.0.notify_waiters();
    }
}

/// The sender of one target.
pub struct Sender {
    target: Target,
    line: Arc<Line>,
    outbox: Outbox,
    changed: watch::Receiver<ChangeSeq>,
    prod: Prod,
    board: Board,
    clock: Clock,
    away: Option<Away>,
}

/// The target cannot be reached.
struct Away {
    backoff: Backoff,
    until: Instant,
}

impl Sender {
    /// For `target`; wakes with every change of the queue, and by `prod`.
    #[must_use]
    pub fn new(
        target: Target,
        outbox: Outbox,
        changed: watch::Receiver<ChangeSeq>,
        prod: Prod,
        board: Board,
        clock: Clock,
    ) -> Self {
        let line = Arc::new(Line::to(&target));
        Self { target, line, outbox, changed, prod, board, clock, away: None }
    }

    /// Until `stop`. What is on its way then is sent again by the next start.
    pub async fn run(mut self, stop: CancellationToken) {
        self.remember().await;
        let mut on_the_way = FuturesUnordered::new();
        let mut busy: BTreeSet<IncidentId> = BTreeSet::new();
        let mut tidy_at = Instant::now();
        let prod = self.prod.clone();
        loop {
            if Instant::now() >= tidy_at {
                tidy_at = Instant::now() + TIDY;
                self.tidy().await;
            }
            self.changed.mark_unchanged();
            let prodded = prod.0.notified();
            let (due, wait) = self.due(&busy).await;
            for row in due {
                busy.insert(row.incident);
                let (line, now, letter) = (Arc::clone(&self.line), self.clock.wall(), Letter::of(&row));
                on_the_way.push(async move { (row, line.deliver(&letter, now).await) });
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some((row, result)) = on_the_way.next(), if !on_the_way.is_empty() => {
                    self.settle(&row, result).await;
                    busy.remove(&row.incident);
                }
                _ = self.changed.changed(), if self.away.is_none() => {}
                () = prodded => {}
                () = tokio::time::sleep(wait.min(tidy_at.saturating_duration_since(Instant::now()))) => {}
            }
        }
    }

    /// What may go now, and how long to wait when nothing else happens.
    async fn due(&self, busy: &BTreeSet<IncidentId>) -> (Vec<OutboxRow>, Duration) {
        let most = match &self.away {
            Some(away) if Instant::now() < away.until => {
                return (Vec::new(), away.until.saturating_duration_since(Instant::now()));
            }
            // One asks for all whether it is back.
            Some(_) => 1,
            None => self.line.at_once(usize::from(self.target.at_once.get())),
        };
        let room = most.saturating_sub(busy.len());
        if room == 0 {
            return (Vec::new(), LOOK);
        }
        let limit = u32::try_from(room + busy.len() + 1).unwrap_or(u32::MAX);
        let first = match self.outbox.first(self.target.id.clone(), limit).await {
            Ok(first) => first,
            Err(error) => {
                tracing::error!(target_id = %self.target.id, %error, "the outbox cannot be read");
                return (Vec::new(), PAUSE);
            }
        };
        let now = self.clock.wall();
        let until = |row: &OutboxRow| {
            let next = row.next.unwrap_or(now);
            let wait = next.since(now);
            // No wait is longer than that: the wall clock was set back.
            if wait > LONGEST_WAIT * 7 { Duration::ZERO } else { wait }
        };
        let idle = first.into_iter().filter(|row| !busy.contains(&row.incident));
        let (due, later): (Vec<_>, Vec<_>) = idle.partition(|row| until(row).is_zero());
        let wait = later.first().map_or(LOOK, until).clamp(Duration::from_millis(10), LOOK);
        (due.into_iter().take(room).collect(), wait)
    }

    async fn settle(&mut self, row: &OutboxRow, result: Result<(), Failure>) {
        let now = self.clock.wall();
        let target = self.target.id.clone();
        let failure = match result {
            Ok(()) => {
                self.back(now);
                let written = self.outbox.tried(target, row.id, Outcome::Delivered, now).await;
                return self.written(written).await;
            }
            Err(failure) => failure,
        };
        let refusal = failure.refusal();
        self.board.failed(&self.target.id, now, refusal.clone());
        let written = match failure.verdict {
            Verdict::Away => {
                self.gone(&failure);
                self.outbox.missed(target, refusal, now).await
            }
            Verdict::Again(after) => {
                // It answers, if badly.
                self.away = None;
                let wait = Backoff::after(FIRST_WAIT, LONGEST_WAIT, row.attempts).next_wait(rand::random());
                let at = now.plus(wait.max(after.unwrap_or_default()));
                self.outbox.tried(target, row.id, Outcome::Again { at, refusal }, now).await
            }
            Verdict::Refused => {
                self.away = None;
                let code = &failure.code;
                tracing::warn!(target_id = %self.target.id, incident = row.incident.0, code, "the target refuses a message");
                self.outbox.tried(target, row.id, Outcome::Dead { refusal }, now).await
            }
        };
        self.written(written).await;
    }

    fn gone(&mut self, failure: &Failure) {
        let away = self.away.get_or_insert_with(|| {
            let Failure { stage, code, detail, .. } = failure;
            tracing::warn!(target_id = %self.target.id, %stage, code, detail, "a target cannot be reached");
            Away { backoff: Backoff::new(FIRST_ASK, LONGEST_ASK), until: Instant::now() }
        });
        // Of several that fail together only the first makes the wait longer.
        if away.until <= Instant::now() {
            away.until = Instant::now() + away.backoff.next_wait(rand::random());
        }
    }

    fn back(&mut self, now: WallTime) {
        if self.away.take().is_some() {
            tracing::info!(target_id = %self.target.id, at = now.0, "a target is back");
        }
        self.board.succeeded(&self.target.id);
    }

    /// What failed before the restart goes on failing until something is delivered.
    async fn remember(&self) {
        match self.outbox.state(self.target.id.clone()).await {
            Ok(state) => {
                if let (Some(since), Some(refusal)) = (state.failing, state.failure) {
                    self.board.failed(&self.target.id, since, refusal);
                }
            }
            Err(error) => tracing::error!(target_id = %self.target.id, %error, "the outbox cannot be read"),
        }
    }

    async fn tidy(&self) {
        let done = self.outbox.prune(self.target.id.clone(), self.target.keep, self.clock.wall()).await;
        if let Err(error) = done {
            tracing::error!(target_id = %self.target.id, %error, "the outbox could not be tidied up");
        }
    }

    async fn written(&self, written: Result<(), DbError>) {
        if let Err(error) = written {
            tracing::error!(target_id = %self.target.id, %error, "a delivery could not be written down: it is made again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}
