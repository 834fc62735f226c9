//! Live updates of the queue as server-sent events, numbered by the change log.
//!
//! A reader pulls from the log at its own pace and at most a batch is in memory for it: one that is slow delays nobody
//! and loses nothing. Each event is authorised for its reader when it is sent, not when it was fetched.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use axum::{
    http::{HeaderMap, HeaderName},
    response::{
        IntoResponse,
        sse::{Event, Sse},
    },
};
use futures::Stream;
use serde::{Deserialize, Serialize};
use sharpeyes_domain::ids::{AreaId, UnitId};
use tokio::{sync::watch, time::Instant};
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::Params,
    guard::Guard,
    notices::Notices,
    tail::{Batch, Next, Told},
    vigil::Vigil,
};
use crate::store::dispatch::{ChangeSeq, IncidentRow};

/// Without a word for so long, say that we are there. The console turns red at 45 s.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a browser comes back by itself.
pub(super) const RETRY: Duration = Duration::from_secs(2);
/// Answers of the gate that a reader remembers.
const VERDICTS: usize = 64;

/// Where to begin, for a first connection. A reconnecting browser sends `Last-Event-ID`, which goes before.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// `as_of_seq` of the list that the reader has; from now on if not given.
    after: Option<i64>,
}

/// `event: incident` with an incident, `event: gone` with one that is no longer this viewer's, `event: reset` and `event: ready` with a position; a comment every 15 s. Without an id, whole each time and to operators: `event: consoles` as `GET /consoles`, `event: blind` as `GET /blind-cameras`.
#[utoipa::path(get, path = "/api/v1/events", params(EventQuery), responses(
    (status = 200, content_type = "text/event-stream", body = dto::Incident),
))]
pub(super) async fn follow(
    guard: Guard,
    Params(query): Params<EventQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let cursor = match asked(&query, &headers) {
        Some(seq) => ChangeSeq(seq),
        None => guard.state.dispatch.latest_seq().await?,
    };
    let feed = Feed {
        vigil: Vigil::new(&guard),
        changed: guard.state.dispatch.changed(),
        notices: Notices::of(&guard),
        guard,
        cursor,
        fetched: Batch::default(),
        n_told: 0,
        verdicts: HashMap::new(),
        stage: Stage::Greeting,
        quiet_since: Instant::now(),
    };
    let events = futures::stream::unfold(feed, |mut feed| async {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    Ok(answer(events))
}

/// A proxy that collects the answer before it passes it on would hold events back.
pub(super) fn answer(
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> impl IntoResponse {
    ([(HeaderName::from_static("x-accel-buffering"), "no")], Sse::new(events))
}

/// The place in a log from which a reader wants to go on.
pub(super) fn asked(query: &EventQuery, headers: &HeaderMap) -> Option<i64> {
    match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        // An id that is no number is of no log of ours: begin anew, and say so.
        Some(id) => Some(id.trim().parse().unwrap_or(i64::MAX)),
        None => query.after,
    }
}

/// How far a reader of a log is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was said yet.
    Greeting,
    /// What was missed is being sent.
    Replaying,
    /// The reader has everything.
    Following,
}

struct Feed {
    guard: Guard,
    vigil: Vigil,
    changed: watch::Receiver<ChangeSeq>,
    notices: Notices,
    /// Everything up to here was sent or withheld.
    cursor: ChangeSeq,
    fetched: Batch,
    /// So many of them.
    n_told: usize,
    /// What the gate has said of incidents that are alike in what it decides by. A viewer whose role, areas or unit
    /// change is signed out, which ends this reader.
    verdicts: HashMap<(AreaId, Vec<UnitId>), bool>,
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
            let event = self.step().await?;
            if let Some(event) = event {
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
        let fetched = Batch::clone(&self.fetched);
        if let Some(told) = fetched.get(self.n_told) {
            self.n_told += 1;
            self.cursor = told.change.seq;
            return Some(self.tell(told));
        }
        let newest = *self.changed.borrow_and_update();
        if self.stage == Stage::Following && self.cursor >= newest {
            return match self.notices.next().await {
                Ok(Some(notice)) => Some(Some(notice)),
                Ok(None) => self.wait().await,
                Err(error) => {
                    tracing::error!(%error, "what stands beside the queue could not be read; the reader comes back");
                    None
                }
            };
        }
        let state = &self.guard.state;
        match state.tail().after(state, self.cursor, newest).await {
            Ok(Next::Batch(batch)) if !batch.is_empty() => {
                (self.fetched, self.n_told) = (batch, 0);
                Some(None)
            }
            Ok(Next::Batch(_)) if self.stage == Stage::Replaying => {
                self.stage = Stage::Following;
                self.fetched = Batch::default();
                Some(Some(position("ready", self.cursor)))
            }
            Ok(Next::Batch(_)) => self.wait().await,
            Ok(Next::Reset) => self.reset().await,
            Err(error) => {
                tracing::error!(%error, "live updates could not be read; the reader is sent away to come back");
                None
            }
        }
    }

    /// `None`: this reader may not see it.
    fn tell(&mut self, told: &Told) -> Option<Event> {
        let change = &told.change;
        if self.sees(&change.incident) {
            return Some(Event::default().event("incident").id(change.seq.0.to_string()).data(&told.text));
        }
        // What has left this viewer's part of the queue must leave their screen.
        let gone = dto::IncidentGone { id: change.incident.id().0 };
        let was_seen = self.guard.may_have_seen(&change.incident);
        was_seen.then(|| event("gone", change.seq.0, &gone))
    }

    fn sees(&mut self, row: &IncidentRow) -> bool {
        let told = row.status.assignments.iter().filter(|one| one.is_seen());
        let key = (row.area.clone(), told.map(|one| one.unit.clone()).collect());
        if let Some(verdict) = self.verdicts.get(&key) {
            return *verdict;
        }
        let verdict = self.guard.sees_incident(row);
        if self.verdicts.len() >= VERDICTS {
            self.verdicts.clear();
        }
        self.verdicts.insert(key, verdict);
        verdict
    }

    async fn reset(&mut self) -> Option<Option<Event>> {
        let latest = self.guard.state.dispatch.latest_seq().await.ok()?;
        self.cursor = latest;
        self.stage = Stage::Replaying;
        Some(Some(position("reset", latest)))
    }

    async fn wait(&mut self) -> Option<Option<Event>> {
        tokio::select! {
            biased;
            () = self.vigil.ended() => None,
            _ = self.changed.changed() => Some(None),
            () = self.notices.changed() => Some(None),
            () = tokio::time::sleep_until(self.quiet_since + HEARTBEAT) => Some(Some(Event::default().comment(""))),
        }
    }
}

fn position(name: &str, seq: ChangeSeq) -> Event {
    event(name, seq.0, &dto::EventPosition { as_of_seq: seq.0 })
}

pub(super) fn event(name: &str, seq: i64, body: &impl Serialize) -> Event {
    let text = serde_json::to_string(body).expect("our own structs with text keys always become JSON");
    Event::default().event(name).id(seq.to_string()).data(text)
}
