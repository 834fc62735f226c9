//! What the console keeps of the queue, in Rust: snapshot, then every change after it, for ever.
//!
//! A port of `console/src/live` (`sse.ts`, `eventLink.ts`, `book.ts`), function by function, because one process must hold
//! five hundred of them. What is changed there is changed here. Only the pauses between attempts are shorter.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use futures::StreamExt as _;
use reqwest::StatusCode;
use serde_json::Value;

/// `STALE_MS` of the console.
const STALE: Duration = Duration::from_secs(45);
/// A fifth of the console's, so that a test sees many attempts.
const BACKOFF: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
    Duration::from_millis(3_000),
    Duration::from_millis(6_000),
];
/// `SNAPSHOT_LIMIT` of the console.
pub const SNAPSHOT_LIMIT: usize = 500;

/// `SseEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its name.
    pub event: String,
    /// The last id that was given.
    pub id: Option<String>,
    /// Its data.
    pub data: String,
}

/// `SseParser`: takes text in any cut. Bytes here, because a cut may lie within a character.
#[derive(Debug, Default)]
pub struct SseParser {
    rest: Vec<u8>,
    event: String,
    id: Option<String>,
    data: Vec<String>,
}

impl SseParser {
    /// The events that this piece completes. The service ends its lines with `\n` alone.
    pub fn push(&mut self, piece: &[u8]) -> Vec<SseEvent> {
        self.rest.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]).into_owned();
            events.extend(self.line(&line));
        }
        events
    }

    fn line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            let event = std::mem::take(&mut self.event);
            return (!data.is_empty()).then(|| SseEvent {
                event,
                id: self.id.clone(),
                data: data.join("\n"),
            });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => self.data.push(value.to_owned()),
            "id" => self.id = Some(value.to_owned()),
            _ => {}
        }
        None
    }
}

/// An incident, and the position of the log that it was known at.
#[derive(Clone, Debug)]
pub struct Known {
    /// As it was sent.
    pub incident: Value,
    /// The position.
    pub seq: i64,
}

/// `IncidentBook`.
#[derive(Clone, Debug, Default)]
pub struct Book(BTreeMap<i64, Known>);

impl Book {
    /// Everything that is known, by id.
    #[must_use]
    pub const fn known(&self) -> &BTreeMap<i64, Known> {
        &self.0
    }

    fn reset(&mut self, open: Vec<Value>, as_of: i64) {
        let mut kept: BTreeMap<i64, Known> = std::mem::take(&mut self.0);
        let was = kept.clone();
        kept.retain(|_, known| !is_open(&known.incident));
        for incident in open {
            let Some(id) = incident["id"].as_i64() else { continue };
            let known = was.get(&id);
            let is = match known {
                Some(known) if !is_news(Some(known), &incident, as_of) => known.clone(),
                _ => Known { incident, seq: as_of },
            };
            kept.insert(id, is);
        }
        self.0 = kept;
    }

    fn apply(&mut self, incident: Value, seq: i64) {
        let Some(id) = incident["id"].as_i64() else { return };
        if is_news(self.0.get(&id), &incident, seq) {
            self.0.insert(id, Known { incident, seq });
        }
    }

    fn forget(&mut self, id: i64) {
        self.0.remove(&id);
    }
}

/// `isOpen`.
#[must_use]
pub fn is_open(incident: &Value) -> bool {
    !matches!(incident["state"].as_str(), Some("closed" | "revisited" | "rejected" | "merged"))
}

fn is_news(kept: Option<&Known>, arrived: &Value, seq: i64) -> bool {
    let version = |incident: &Value| incident["version"].as_i64().unwrap_or(0);
    kept.is_none_or(|kept| match version(arrived).cmp(&version(&kept.incident)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => seq > kept.seq,
        std::cmp::Ordering::Greater => true,
    })
}

/// What a viewer has gone through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Connections that were opened.
    pub links: u64,
    /// Snapshots that were taken.
    pub snapshots: u64,
    /// Resets that were asked for.
    pub resets: u64,
    /// Events of incidents.
    pub events: u64,
    /// Incidents that were no longer this viewer's.
    pub gone: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: &Self) -> Self {
        Self {
            links: self.links + other.links,
            snapshots: self.snapshots + other.snapshots,
            resets: self.resets + other.resets,
            events: self.events + other.events,
            gone: self.gone + other.gone,
        }
    }
}

/// One console at work: `EventLink` with its book.
pub struct Console {
    http: reqwest::Client,
    base: String,
    cookie: String,
    book: Arc<Mutex<(Book, Tally)>>,
    seq: Option<i64>,
}

/// Looks into a console.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<(Book, Tally)>>);

impl Screen {
    /// The book as it is now.
    #[must_use]
    pub fn read<T>(&self, look: impl FnOnce(&Book, &Tally) -> T) -> T {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(&kept.0, &kept.1)
    }
}

impl Console {
    /// `base` is `http://host:port/api/v1`, `cookie` a session's.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(base: &str, cookie: &str) -> anyhow::Result<(Self, Screen)> {
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        let book = Arc::new(Mutex::new((Book::default(), Tally::default())));
        let screen = Screen(Arc::clone(&book));
        Ok((Self { http, base: base.to_owned(), cookie: cookie.to_owned(), book, seq: None }, screen))
    }

    /// `#run`, for ever.
    ///
    /// # Errors
    /// When the session is over.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut failures = 0;
        loop {
            if self.once(&mut failures).await? {
                bail!("signed out");
            }
            let wait = BACKOFF[failures.min(BACKOFF.len() - 1)];
            failures += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// `#once`: true when the session is over. What breaks on the way is a failure like any other.
    async fn once(&mut self, failures: &mut usize) -> anyhow::Result<bool> {
        match self.attempt(failures).await {
            Ok(()) => Ok(false),
            Err(error) if error.is::<SignedOut>() => Ok(true),
            Err(_) => Ok(false),
        }
    }

    async fn attempt(&mut self, failures: &mut usize) -> anyhow::Result<()> {
        if self.seq.is_none() {
            self.take_snapshot().await?;
        }
        let seq = self.seq.unwrap_or(0);
        let request = self
            .http
            .get(format!("{}/events", self.base))
            .header("accept", "text/event-stream")
            .header("last-event-id", seq.to_string())
            .header("cookie", &self.cookie);
        let answer = request.send().await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(SignedOut.into());
        }
        ensure!(answer.status().is_success(), "{}", answer.status());
        *failures = 0;
        self.with(|_, tally| tally.links += 1);
        let mut body = answer.bytes_stream();
        let mut parser = SseParser::default();
        loop {
            let piece =
                tokio::time::timeout(STALE, body.next()).await.context("stale")?.context("ended")??;
            for event in parser.push(&piece) {
                self.take(&event).await?;
            }
        }
    }

    async fn take(&mut self, event: &SseEvent) -> anyhow::Result<()> {
        if event.event == "reset" {
            self.seq = None;
            self.with(|_, tally| tally.resets += 1);
            return self.take_snapshot().await;
        }
        let seq = event.id.as_deref().and_then(|id| id.parse().ok());
        match event.event.as_str() {
            "gone" => {
                let gone: Value = serde_json::from_str(&event.data)?;
                let id = gone["id"].as_i64().context("an id")?;
                self.with(|book, tally| {
                    tally.gone += 1;
                    book.forget(id);
                });
            }
            "incident" => {
                let incident: Value = serde_json::from_str(&event.data)?;
                let seq = seq.context("a position")?;
                self.with(|book, tally| {
                    tally.events += 1;
                    book.apply(incident, seq);
                });
            }
            _ => {}
        }
        if seq.is_some() {
            self.seq = seq;
        }
        Ok(())
    }

    async fn take_snapshot(&mut self) -> anyhow::Result<()> {
        let path = format!("{}/incidents?state=open&limit={SNAPSHOT_LIMIT}", self.base);
        let answer = self.http.get(path).header("cookie", &self.cookie).send().await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(SignedOut.into());
        }
        ensure!(answer.status().is_success(), "{}", answer.status());
        let mut list: Value = answer.json().await?;
        let as_of = list["as_of_seq"].as_i64().context("as_of_seq")?;
        let open = list["incidents"].as_array_mut().map(std::mem::take).context("incidents")?;
        self.seq = Some(as_of);
        self.with(|book, tally| {
            tally.snapshots += 1;
            book.reset(open, as_of);
        });
        Ok(())
    }

    fn with(&self, change: impl FnOnce(&mut Book, &mut Tally)) {
        let mut kept = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let (book, tally) = &mut *kept;
        change(book, tally);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the session is over")]
struct SignedOut;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_whatever_the_cut() {
        let text = "retry:2000\n: sharp eyes\n\nevent: incident\nid: 7\ndata: {\"id\":1,\"title\":\"柳树\"}\n\n:\n\nevent: gone\nid: 8\ndata: {\"id\":1}\n\n";
        for size in [1, 2, 3, 7, text.len()] {
            let mut parser = SseParser::default();
            let events: Vec<SseEvent> =
                text.as_bytes().chunks(size).flat_map(|piece| parser.push(piece)).collect();
            let names: Vec<(&str, Option<&str>)> =
                events.iter().map(|event| (event.event.as_str(), event.id.as_deref())).collect();
            assert_eq!(names, [("incident", Some("7")), ("gone", Some("8"))], "{size}");
            assert!(events[0].data.contains("柳树"), "{size}");
        }
    }
}
