//! Tickets live, as server-sent events numbered by the changes of tickets: what `events` is for the queue.
//!
//! A reader pulls at its own pace and has at most a batch in memory. Who was away is told of each ticket that changed
//! meanwhile, once and as it is now. Each is authorised for its reader when it is sent.

use std::{collections::VecDeque, convert::Infallible};

use axum::{
    http::HeaderMap,
    response::{IntoResponse, sse::Event},
};
use tokio::{sync::watch, time::Instant};

use super::{
    dto,
    error::ApiError,
    events::{EventQuery, HEARTBEAT, RETRY, Stage, answer, asked, event},
    extract::Params,
    guard::Guard,
    tickets::{is_seen, show},
    vigil::Vigil,
};
use crate::store::tickets::{TicketReplay, TicketRow, TicketSeq};

/// Tickets in one batch: what a reader that does not read keeps in memory.
const BATCH: u32 = 32;

/// `event: ticket` with a ticket, `event: reset` and `event: ready` with a position; a comment every 15 s.
#[utoipa::path(get, path = "/api/v1/tickets/events", params(EventQuery), responses(
    (status = 200, content_type = "text/event-stream", body = dto::Ticket),
))]
pub(super) async fn follow(
    guard: Guard,
    Params(query): Params<EventQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let cursor = match asked(&query, &headers) {
        Some(seq) => TicketSeq(seq),
        None => guard.state.tickets.latest_seq().await?,
    };
    let feed = Feed {
        vigil: Vigil::new(&guard),
        changed: guard.state.tickets.changed(),
        guard,
        cursor,
        fetched: VecDeque::new(),
        stage: Stage::Greeting,
        quiet_since: Instant::now(),
    };
    let events = futures::stream::unfold(feed, |mut feed| async {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    Ok(answer(events))
}

struct Feed {
    guard: Guard,
    vigil: Vigil,
    changed: watch::Receiver<TicketSeq>,
    /// Everything up to here was sent or withheld.
    cursor: TicketSeq,
    fetched: VecDeque<TicketRow>,
    stage: Stage,
    quiet_since: Instant,
}

impl Feed {
    /// The next event; `None` ends the stream, and the browser comes back or learns that it is signed out.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if !self.vigil.holds().await {
                return None;
            }
            if let Some(event) = self.step().await? {
                self.quiet_since = Instant::now();
                return Some(event);
            }
        }
    }

    /// One event, or nothing to say yet.
    async fn step(&mut self) -> Option<Option<Event>> {
        if self.stage == Stage::Greeting {
            self.stage = Stage::Replaying;
            return Some(Some(Event::default().retry(RETRY).comment("sharp eyes")));
        }
        if let Some(row) = self.fetched.pop_front() {
            self.cursor = row.seq;
            let ticket = is_seen(&self.guard, &row).then(|| show(&self.guard, &row));
            return Some(ticket.map(|ticket| event("ticket", row.seq.0, &ticket)));
        }
        // Before the read: what changes after it wakes again.
        let newest = *self.changed.borrow_and_update();
        if self.stage == Stage::Following && self.cursor >= newest {
            return self.wait().await;
        }
        match self.guard.state.tickets.changes_since(self.cursor, BATCH).await {
            Ok(TicketReplay::Changes(rows)) if !rows.is_empty() => {
                self.fetched = rows.into();
                Some(None)
            }
            Ok(TicketReplay::Changes(_)) if self.stage == Stage::Replaying => {
                self.stage = Stage::Following;
                Some(Some(self.position("ready")))
            }
            Ok(TicketReplay::Changes(_)) => self.wait().await,
            Ok(TicketReplay::Reset) => {
                self.cursor = self.guard.state.tickets.latest_seq().await.ok()?;
                self.stage = Stage::Replaying;
                Some(Some(self.position("reset")))
            }
            Err(error) => {
                tracing::error!(%error, "tickets could not be read; the reader is sent away to come back");
                None
            }
        }
    }

    fn position(&self, name: &str) -> Event {
        event(name, self.cursor.0, &dto::EventPosition { as_of_seq: self.cursor.0 })
    }

    async fn wait(&mut self) -> Option<Option<Event>> {
        tokio::select! {
            biased;
            () = self.vigil.ended() => None,
            _ = self.changed.changed() => Some(None),
            () = tokio::time::sleep_until(self.quiet_since + HEARTBEAT) => {
                Some(Some(Event::default().comment("")))
            }
        }
    }
}
