//! The dispatch queue's tables: alarms, incidents, their history, the change log, traces and snapshots.
//!
//! Here is SQL and what rows look like; what may happen to an incident is decided in `domain::incident` and `desk`.
//! Fed by `desk`, read by `api`.
//!
//! **Invariant:** every write that changes an incident adds its change-log row in the same transaction, and
//! [`Dispatch::changed`] speaks only after that transaction is on the disk.
//!
//! **Invariant:** at most one incident per correlation key is open (partial unique index), and further alarms of the key
//! join it, whatever its state and however long ago the last one was. Once it is over the next alarm opens another.

mod audit;
mod clocks;
mod detail;
mod escalation;
mod files;
mod handover;
mod list;
mod query;
mod reports;
mod revisits;
pub(in crate::store) mod rows;
mod search;
mod sheets;
mod standing;
#[cfg(test)]
mod tests;
mod timeline;
mod write;

use std::sync::Arc;

use tokio::sync::watch;

pub(super) use self::query::latest_seq;
pub use self::{
    audit::BrokenPromise,
    clocks::{ClockChange, ClockId, ClockRow, ClockStep, NewClock},
    escalation::EscalatedRow,
    files::{AttachmentRow, MOST_ATTACHMENT_BYTES, MediaType, NewAttachment, SavedView},
    handover::{
        HandoverDecision, HandoverFilter, HandoverOutcome, HandoverRow, NewHandover, ShiftCount, ShiftFault,
        ShiftItem, ShiftSummary,
    },
    list::{IncidentFilter, IncidentList, ListCursor, QueueCounts, Which},
    query::{AlarmTime, Replay},
    reports::{IntakeAnswer, NewReport},
    revisits::{RevisitCounts, Revisited},
    rows::{
        AlarmEnding, AlarmRow, CameraFacts, ChainClock, Change, ChangeKind, ChangeSeq, FrameTrace,
        HistoryRow, IncidentDetail, IncidentRow, PlanId, Position, Proposal, Report, SeenBy, TraceBox,
    },
    sheets::{AlteredSheet, Issued, Sheet, SheetBody, SheetUnit, Still},
    standing::{Standing, UnitStanding},
    timeline::{Direction, TimedAlarm},
    write::{Assessed, DispatchTx, Effects, HistoryEntry, NewAlarm, StoredAnswer, TraceChunk},
};
use crate::store::{
    db::{Db, DbError, Migration},
    outbox::Announcer,
};

/// This family's schema.
pub const MIGRATION_001: Migration =
    Migration { name: "dispatch_001", sql: include_str!("../migrations/dispatch_001.sql") };

/// What timelines need.
pub const MIGRATION_002: Migration = Migration {
    name: "dispatch_002_alarm_time",
    sql: include_str!("../migrations/dispatch_002_alarm_time.sql"),
};

/// The whole life of an incident.
pub const MIGRATION_003: Migration = Migration {
    name: "dispatch_003_lifecycle",
    sql: include_str!("../migrations/dispatch_003_lifecycle.sql"),
};

/// Hand-overs of the shift.
pub const MIGRATION_020: Migration =
    Migration { name: "dispatch_020_handover", sql: include_str!("../migrations/dispatch_020_handover.sql") };

/// Whom the escalation chain has told.
pub const MIGRATION_080: Migration = Migration {
    name: "dispatch_080_escalation",
    sql: include_str!("../migrations/dispatch_080_escalation.sql"),
};

/// One open incident per correlation key.
pub const MIGRATION_081: Migration = Migration {
    name: "dispatch_081_one_open_per_key",
    sql: include_str!("../migrations/dispatch_081_one_open_per_key.sql"),
};

/// Holds that units ask for, parts of merged incidents, and incidents of many alarms.
pub const MIGRATION_090: Migration =
    Migration { name: "dispatch_090_parts", sql: include_str!("../migrations/dispatch_090_parts.sql") };

/// What waits for a revisit.
pub const MIGRATION_110: Migration =
    Migration { name: "dispatch_110_revisits", sql: include_str!("../migrations/dispatch_110_revisits.sql") };

/// What was issued stays as it was.
pub const MIGRATION_111: Migration =
    Migration { name: "dispatch_111_issued", sql: include_str!("../migrations/dispatch_111_issued.sql") };

/// The dispatch tables of one database file; clones share it.
#[derive(Clone)]
pub struct Dispatch {
    db: Db,
    newest: Arc<watch::Sender<ChangeSeq>>,
    announcer: Option<Arc<dyn Announcer>>,
}

impl Dispatch {
    /// Nobody else is told of anything.
    ///
    /// # Errors
    /// [`DbError`] when the change log cannot be read.
    pub fn new(db: Db) -> Result<Self, DbError> {
        let newest = db.read_blocking(query::latest_seq).map_err(|e| db.error(e))?;
        Ok(Self { db, newest: Arc::new(watch::Sender::new(newest)), announcer: None })
    }

    /// From now on `announcer` says who is told of each change, in the change's own transaction.
    #[must_use]
    pub fn announced_by(mut self, announcer: Arc<dyn Announcer>) -> Self {
        self.announcer = Some(announcer);
        self
    }

    /// The newest change that is on the disk; wakes with every further one. A receiver that sleeps misses none: it asks
    /// [`Dispatch::changes_since`].
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<ChangeSeq> {
        self.newest.subscribe()
    }

    /// Runs `work` in one transaction: all of it is on the disk when this returns `Ok`, and none of it after an `Err`.
    /// Blocks: not for async code.
    ///
    /// # Errors
    /// What `work` returned, or [`DbError`] when the commit failed.
    pub fn write_blocking<T, E>(
        &self,
        work: impl FnOnce(&DispatchTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.db.clone();
        let announcer = self.announcer.clone();
        let (value, newest) = self.db.write_blocking(move |transaction| -> Result<_, E> {
            let tx = DispatchTx::new(transaction, db.path());
            let value = work(&tx)?;
            if let Some(announcer) = &announcer {
                tx.announce(announcer.as_ref())?;
            }
            Ok((value, tx.newest()))
        })?;
        if let Some(newest) = newest {
            self.newest.send_if_modified(|seen| {
                let is_newer = newest > *seen;
                if is_newer {
                    *seen = newest;
                }
                is_newer
            });
        }
        Ok(value)
    }
}
