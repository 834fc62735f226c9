//! Statistics: the rows that they are counted from. What is counted is `domain::statistics`' to say; which areas a
//! viewer sees is the caller's.
//!
//! All is read from what never changes once it is written: histories, and alarms' beginnings. So a question about the
//! past, as of a time that is over, has the same answer whenever it is asked.

mod accuracy;
mod bulletins;
mod incidents;
mod ledger;
mod listed;
mod noise;

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::Connection;
use sharpeyes_domain::{ids::AreaId, time::WallTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::{
    accuracy::{AccuracyFilter, AccuracyRow, AlarmAccuracy},
    bulletins::{BulletinRow, NewBulletin},
    incidents::{Counted, Flow, IncidentKind},
    ledger::{LedgerCounts, LedgerCursor, LedgerRow},
    listed::{FaultRow, Lists, MOST_LISTED, Previous, RedRow, ReturnRow},
    noise::{NoiseCount, SourceRow},
};
use super::db::{Db, DbError, Migration};

/// The indexes of this family.
pub const MIGRATION: Migration = Migration {
    name: "dispatch_030_statistics",
    sql: include_str!("../migrations/dispatch_030_statistics.sql"),
};

/// Which stretch of time, seen from when, and where.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What it is compared with began here, and ended at `from` or before ([`Scope::before_end`]).
    pub before: WallTime,
    /// From here on.
    pub from: WallTime,
    /// Before then.
    pub to: WallTime,
    /// What is known then: what was done at or after it is not looked at.
    pub as_of: WallTime,
    /// Only in these areas: what lies in an area that the site does not have is nobody's to see.
    pub areas: BTreeSet<AreaId>,
}

impl Scope {
    fn has(&self, area: &AreaId) -> bool {
        self.areas.contains(area)
    }

    /// Where the time before ends: what is not over is compared with as much of it as has gone by.
    #[must_use]
    pub fn before_end(&self) -> WallTime {
        if self.as_of >= self.to {
            return self.from;
        }
        let elapsed_ms = self.as_of.0.saturating_sub(self.from.0).max(0);
        WallTime(self.before.0.saturating_add(elapsed_ms)).min(self.from)
    }
}

/// Reads what statistics are counted from; clones share it.
#[derive(Clone)]
pub struct Statistics {
    db: Db,
    /// One count at a time: it reads for seconds on a large site, and the queue needs the other readers.
    counting: Arc<Semaphore>,
    /// One workbook at a time, which takes minutes: nobody's numbers wait for it.
    writing: Arc<Semaphore>,
}

impl Statistics {
    /// On a database that has [`MIGRATION`].
    #[must_use]
    pub fn new(db: Db) -> Self {
        let turns = || Arc::new(Semaphore::new(1));
        Self { db, counting: turns(), writing: turns() }
    }

    /// The turn of one ledger that is written as a whole, for as long as it is kept.
    ///
    /// # Errors
    /// [`DbError::Closed`] when the service stops.
    pub async fn ledger_turn(&self) -> Result<OwnedSemaphorePermit, DbError> {
        Arc::clone(&self.writing).acquire_owned().await.map_err(|_| DbError::Closed)
    }

    /// As [`Statistics::read`], one after the other.
    async fn count_alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let turn = Arc::clone(&self.counting).acquire_owned().await.map_err(|_| DbError::Closed)?;
        // It goes with the work, which goes on when nobody waits for it any more.
        let counted = move |c: &Connection| {
            let _turn = turn;
            work(c)
        };
        self.read(counted).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.read(move |c| work(c).map_err(|source| db.error(source))).await
    }
}
