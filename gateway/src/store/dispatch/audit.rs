//! The audit of these tables for `sharpeyes check`: asked in SQL, not through the code that wrote them. Read-only.

use rusqlite::Connection;

use super::{
    Dispatch,
    rows::{self, SELECT_INCIDENT},
};
use crate::store::db::DbError;

/// A promise of the tables that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPromise {
    /// Which promise.
    pub promise: &'static str,
    /// How many rows break it.
    pub n_rows: u64,
}

/// Each counts the rows that break a promise.
const PROMISES: &[(&str, &str)] = &[
    (
        "one incident per correlation key is open",
        "SELECT count(*) FROM (SELECT 1 FROM incident WHERE is_open = 1 AND correlation_key IS NOT NULL
             GROUP BY correlation_key HAVING count(*) > 1)",
    ),
    (
        "an incident has one history row per version",
        "SELECT count(*) FROM incident i WHERE
             i.version <> (SELECT count(*) FROM incident_history h WHERE h.incident = i.id)
             OR i.version <> (SELECT max(version) FROM incident_history h WHERE h.incident = i.id)",
    ),
    (
        "the last history row says the incident's state and level",
        "SELECT count(*) FROM incident i JOIN incident_history h ON h.incident = i.id AND h.version = i.version
             WHERE h.state_to <> i.state OR h.level <> i.level",
    ),
    (
        "each history row begins in the state that the one before ended in",
        "SELECT count(*) FROM incident_history h
             JOIN incident_history p ON p.incident = h.incident AND p.version = h.version - 1
             WHERE h.state_from IS NOT p.state_to",
    ),
    (
        "an incident counts its alarms",
        "SELECT count(*) FROM incident i WHERE i.n_alarms <>
             (SELECT count(*) FROM alarm a WHERE a.incident = i.id)",
    ),
    (
        "every incident of a camera has an alarm",
        "SELECT count(*) FROM incident i WHERE i.source = 'camera'
             AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.incident = i.id)",
    ),
    (
        "an open incident has a deadline ahead of it, or is shelved",
        "SELECT count(*) FROM incident i WHERE i.is_open = 1 AND i.state <> 'shelved'
             AND NOT EXISTS (SELECT 1 FROM clock c WHERE c.incident = i.id AND c.next_ms IS NOT NULL)",
    ),
    (
        "somebody answers for what was accepted",
        "SELECT count(*) FROM incident WHERE owner IS NULL AND state NOT IN ('new', 'shelved', 'merged')
             AND coalesce(end_reason <> 'test', 1)",
    ),
    (
        "a machine only opens, appends, raises, suggests, warns, ends its own tests and lets time run out",
        "SELECT count(*) FROM incident_history WHERE account IS NULL AND action NOT IN
             ('open', 'append', 'raise', 'suggest_close', 'lease_expired', 'unshelve', 'warn', 'overdue', 'escalate',
              'self_test')",
    ),
    (
        "the log has no holes",
        "SELECT count(*) FROM incident_history h
             WHERE h.version > (SELECT min(l.version) FROM change_log l WHERE l.incident = h.incident)
             AND NOT EXISTS (SELECT 1 FROM change_log l WHERE l.incident = h.incident AND l.version = h.version)",
    ),
    (
        "of what waits for a target, the first of each incident has its turn",
        "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'waiting' GROUP BY target, incident
             HAVING sum(next_ms IS NOT NULL) <> 1)",
    ),
    ("every reference leads somewhere", "SELECT count(*) FROM pragma_foreign_key_check"),
    ("SQLite finds the file whole", "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'"),
];

impl Dispatch {
    /// Every promise that does not hold; empty is what it should be. Reads everything: minutes on a large site.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read, or a row is not what any release writes.
    pub fn audit_blocking(&self) -> Result<Vec<BrokenPromise>, DbError> {
        self.db.read_blocking(audit).map_err(|error| self.db.error(error))
    }
}

fn audit(c: &Connection) -> rusqlite::Result<Vec<BrokenPromise>> {
    let c = c.unchecked_transaction()?;
    // SQLite's check of the words goes by what this connection last knew of them, and calls what others have written
    // since a corruption: asking for a word brings it up to date.
    c.query_row("SELECT count(*) FROM incident_text WHERE incident_text MATCH 'x'", [], |_| Ok(()))?;
    let mut broken = Vec::new();
    for (promise, sql) in PROMISES {
        let n_rows: i64 = c.query_row(sql, [], |row| row.get(0))?;
        let n_rows = n_rows.unsigned_abs();
        if n_rows > 0 {
            broken.push(BrokenPromise { promise, n_rows });
        }
    }
    // Reading a row checks what SQL cannot: that the state and all that goes with it do not contradict each other.
    let mut statement = c.prepare(SELECT_INCIDENT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        rows::incident_row(row)?;
    }
    Ok(broken)
}
