//! What is new in the change log, read and written out once for all who stand at the same place in it.
//!
//! Most viewers have seen everything and wait for the same change: five hundred of them cost one read of the database and
//! one JSON text, not five hundred. What each of them may see is not decided here.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{convert, error::ApiError, state::ApiState};
use crate::store::dispatch::{Change, ChangeSeq, Replay};

/// Changes in one batch: what a reader that does not read keeps in memory.
const BATCH: u32 = 32;
/// Batches kept. Past that the oldest is forgotten, which costs a further read and nothing else.
const BATCHES: usize = 16;

/// Changes in a row, each as it is sent.
pub(super) type Batch = Arc<Vec<Told>>;

/// One change and its text.
pub(super) struct Told {
    pub(super) change: Change,
    /// The incident as JSON, for whoever may see it.
    pub(super) text: String,
}

/// What follows a position.
#[derive(Clone)]
pub(super) enum Next {
    /// Empty: nothing.
    Batch(Batch),
    /// The position is not in the log.
    Reset,
}

type Key = (ChangeSeq, ChangeSeq);

/// The newest batches.
#[derive(Default)]
pub(super) struct Tail(Mutex<VecDeque<(Key, Arc<OnceCell<Next>>)>>);

impl Tail {
    /// What comes after `seq`, where `newest` was the newest change when the reader last looked: whoever asks for the same
    /// waits for the same read.
    pub(super) async fn after(
        &self,
        state: &ApiState,
        seq: ChangeSeq,
        newest: ChangeSeq,
    ) -> Result<Next, ApiError> {
        let cell = self.cell((seq, newest));
        cell.get_or_try_init(|| read(state, seq)).await.cloned()
    }

    fn cell(&self, key: Key) -> Arc<OnceCell<Next>> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = recent.iter().find(|(known, _)| *known == key) {
            return Arc::clone(cell);
        }
        if recent.len() == BATCHES {
            recent.pop_front();
        }
        let cell = Arc::default();
        recent.push_back((key, Arc::clone(&cell)));
        cell
    }
}

async fn read(state: &ApiState, seq: ChangeSeq) -> Result<Next, ApiError> {
    let changes = match state.dispatch.changes_since(seq, BATCH).await? {
        Replay::Reset => return Ok(Next::Reset),
        Replay::Changes(changes) => changes,
    };
    if changes.is_empty() {
        return Ok(Next::Batch(Batch::default()));
    }
    let names = state.accounts.names().await?;
    let told = |change: Change| {
        let incident = convert::incident(&change.incident, &state.site, &state.desk, &names);
        let text =
            serde_json::to_string(&incident).expect("our own structs with text keys always become JSON");
        Told { change, text }
    };
    Ok(Next::Batch(Arc::new(changes.into_iter().map(told).collect())))
}
