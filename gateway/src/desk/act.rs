//! One action of one person in one transaction.

use sharpeyes_domain::{
    ids::{AccountId, IncidentId},
    incident::{Actor, IncidentAction, TransitionError, transition},
    time::WallTime,
};

use super::{Desk, Inner};
use crate::store::{
    db::DbError,
    dispatch::{DispatchTx, HistoryEntry, IncidentRow, StoredAnswer},
};

/// What a person wants done.
#[derive(Clone, Debug)]
pub struct ActRequest {
    /// To which incident.
    pub incident: IncidentId,
    /// The version that the person saw.
    pub expected_version: i64,
    /// What.
    pub action: IncidentAction,
    /// Who.
    pub by: AccountId,
    /// Chosen by the client, once per command: a repeated command gets the first answer and does nothing more.
    pub idempotency_key: String,
    /// What the person wrote, for the history.
    pub note: Option<String>,
}

/// Why an action was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such incident.
    #[error("there is no incident {0}")]
    NotFound(IncidentId),
    /// Somebody or something was faster.
    #[error("incident {} is at version {}, not {expected}", current.id(), current.status.version)]
    Conflict {
        /// As it is now, with who has it.
        current: Box<IncidentRow>,
        /// The version that the person saw.
        expected: i64,
    },
    /// The state machine forbids it.
    #[error("{reason}")]
    Illegal {
        /// As it is now.
        current: Box<IncidentRow>,
        /// Which rule.
        reason: TransitionError,
    },
    /// The incident to merge into is not there, or is over.
    #[error("incident {0} cannot take another one in")]
    CannotAbsorb(IncidentId),
    /// The key was used for another command.
    #[error("this idempotency key was used for another command")]
    KeyReused,
    /// The key is empty or longer than 128 bytes, or the note longer than 4,000.
    #[error("the idempotency key must have 1 to 128 bytes, and the note at most 4,000")]
    TooLong,
    /// The database refused; trying again with the same key is safe.
    #[error(transparent)]
    Db(#[from] DbError),
}

const MOST_KEY_BYTES: usize = 128;
const MOST_NOTE_BYTES: usize = 4_000;

impl Desk {
    /// Does what a person asks, if the incident is still as the person saw it. Whether the person may is the caller's
    /// to decide. Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`ActError`]; nothing was changed.
    pub async fn act(&self, request: ActRequest) -> Result<IncidentRow, ActError> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| act(&desk.0, tx, &request, now)).await
    }
}

fn act(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    request: &ActRequest,
    now: WallTime,
) -> Result<IncidentRow, ActError> {
    let key = request.idempotency_key.as_str();
    let n_note = request.note.as_ref().map_or(0, String::len);
    if key.is_empty() || key.len() > MOST_KEY_BYTES || n_note > MOST_NOTE_BYTES {
        return Err(ActError::TooLong);
    }
    let fingerprint = fingerprint(request);
    if let Some(stored) = tx.answer(request.by, key)? {
        if stored.request != fingerprint {
            return Err(ActError::KeyReused);
        }
        return serde_json::from_str(&stored.answer).map_err(|_| ActError::KeyReused);
    }
    let row = tx.incident(request.incident)?.ok_or(ActError::NotFound(request.incident))?;
    let expected = request.expected_version;
    if row.status.version != expected {
        return Err(ActError::Conflict { current: Box::new(row), expected });
    }
    if let IncidentAction::Merge { into } = request.action
        && into != request.incident
        && !tx.incident(into)?.is_some_and(|target| target.status.can_absorb())
    {
        return Err(ActError::CannotAbsorb(into));
    }
    let actor = Actor::Person(request.by);
    let after = match transition(&row.status, &request.action, actor, now, &desk.policy) {
        Ok(after) => after,
        Err(reason) => return Err(ActError::Illegal { current: Box::new(row), reason }),
    };
    let note = request.note.as_deref();
    let entry = HistoryEntry { action: &request.action, actor, at: now, alarm: None, note };
    if !tx.apply(&row.status, &after, &entry)? {
        return Err(ActError::Conflict { current: Box::new(row), expected });
    }
    let row = IncidentRow { status: after, ..row };
    let answer = serde_json::to_string(&row).expect("our own structs with text keys always become JSON");
    tx.remember(request.by, key, &StoredAnswer { request: fingerprint, answer }, now)?;
    Ok(row)
}

/// All that makes it the same command.
fn fingerprint(request: &ActRequest) -> String {
    let ActRequest { incident, expected_version, action, by: _, idempotency_key: _, note } = request;
    serde_json::json!({ "incident": incident, "version": expected_version, "action": action, "note": note })
        .to_string()
}
