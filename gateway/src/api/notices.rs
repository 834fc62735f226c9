//! What stands beside the queue and is told over the same stream: `event: consoles`, those whose alarm would not be heard,
//! and `event: blind`, cameras that see nothing.
//!
//! Both are small and are told whole, without an id: once when a reader has everything, and again when they are otherwise.
//! So there is nothing to resume, nothing to miss, and a reader's place in the log stays what it was.

use std::time::Duration;

use axum::response::sse::Event;
use serde::Serialize;
use sharpeyes_domain::access::Action;
use tokio::{sync::watch, time::Instant};

use super::{blind, consoles, error::ApiError, guard::Guard, incidents::names};
use crate::{access::gate::Object, store::tickets::TicketSeq};

/// Consoles change by time too: not looked at more often.
const LOOK: Duration = Duration::from_secs(1);

/// What one reader was told.
pub(super) struct Notices {
    consoles: Option<Consoles>,
    blind: Option<Blind>,
}

struct Consoles {
    guard: Guard,
    changed: watch::Receiver<u64>,
    told: Option<String>,
    due: Option<Instant>,
}

struct Blind {
    guard: Guard,
    changed: watch::Receiver<TicketSeq>,
    told: Option<String>,
}

impl Notices {
    /// Only of what the viewer's role may know.
    pub(super) fn of(guard: &Guard) -> Self {
        let asking = |action| {
            let guard = guard.asking(action);
            guard.may(action, &Object::Site).then_some(guard)
        };
        let consoles = asking(Action::ConsoleWatch).map(|guard| Consoles {
            changed: guard.state.seats().changed(),
            guard,
            told: None,
            due: None,
        });
        let blind = asking(Action::CameraHealth).map(|guard| Blind {
            changed: guard.state.tickets.changed(),
            guard,
            told: None,
        });
        Self { consoles, blind }
    }

    /// The next one that is otherwise than what was told; `None`: all is told.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, ApiError> {
        if let Some(blind) = &mut self.blind
            && let Some(event) = blind.next().await?
        {
            return Ok(Some(event));
        }
        match &mut self.consoles {
            Some(consoles) => consoles.next().await,
            None => Ok(None),
        }
    }

    /// Returns when one may be otherwise. May be dropped and called again.
    pub(super) async fn changed(&mut self) {
        let Self { consoles, blind } = self;
        let consoles = async {
            match consoles {
                Some(one) => one.changed().await,
                None => std::future::pending().await,
            }
        };
        let blind = async {
            match blind {
                Some(one) => {
                    // The sender lives as long as the state that the guard holds.
                    let _ = one.changed.changed().await;
                    // Woken without having looked: `next` must still find it changed.
                    one.changed.mark_changed();
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = consoles => {}
            () = blind => {}
        }
    }
}

impl Consoles {
    async fn next(&mut self) -> Result<Option<Event>, ApiError> {
        let is_due = self.due.is_some_and(|due| Instant::now() >= due);
        if self.told.is_some() && !is_due && !self.changed.has_changed().unwrap_or(false) {
            return Ok(None);
        }
        self.changed.mark_unchanged();
        let state = &self.guard.state;
        let (seats, due) = state.seats().deaf(&state.clock);
        self.due = due.map(|due| Instant::now() + due.max(LOOK));
        let names = names(&self.guard).await?;
        let shown = consoles::shown(&self.guard, &names, &seats);
        Ok(if_new("consoles", &mut self.told, &shown))
    }

    async fn changed(&mut self) {
        let due = self.due;
        tokio::select! {
            // The sender lives as long as the state that the guard holds.
            _ = self.changed.changed() => self.changed.mark_changed(),
            () = async move {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

impl Blind {
    async fn next(&mut self) -> Result<Option<Event>, ApiError> {
        if self.told.is_some() && !self.changed.has_changed().unwrap_or(false) {
            return Ok(None);
        }
        let newest = *self.changed.borrow_and_update();
        let state = &self.guard.state;
        let rows = state.blinding().at(state, newest).await?;
        let shown = blind::shown(&self.guard, &rows);
        Ok(if_new("blind", &mut self.told, &shown))
    }
}

fn if_new(name: &str, told: &mut Option<String>, body: &impl Serialize) -> Option<Event> {
    let text = serde_json::to_string(body).expect("our own structs with text keys always become JSON");
    if told.as_ref() == Some(&text) {
        return None;
    }
    let event = Event::default().event(name).data(&text);
    *told = Some(text);
    Some(event)
}
