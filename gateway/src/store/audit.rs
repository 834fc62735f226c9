//! The audit log: rows that are only added, each holding the hash of the one before.
//!
//! Whoever changes or removes a row must compute every later hash anew; the head, kept elsewhere, shows even that.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};
use sharpeyes_domain::{
    access::{Action, Role},
    ids::{AccountId, IncidentId},
    time::WallTime,
};

use super::db::{Db, DbError, Migration};

/// Looks at one incident.
pub const MIGRATION_112: Migration =
    Migration { name: "dispatch_112_access", sql: include_str!("migrations/dispatch_112_access.sql") };

/// SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first row.
const GENESIS: Hash = [0; 32];
/// Rows per statement while verifying, so that a long log does not hold a reader for minutes.
const VERIFY_BATCH: i64 = 5_000;

/// What of an incident's rows is a look at it: not what was done to it, nor what the machine found.
const LOOKS: [Action; 7] = [
    Action::IncidentView,
    Action::ClipView,
    Action::TraceView,
    Action::ThumbnailView,
    Action::RecordingView,
    // A flash report that is made, or read.
    Action::BulletinMake,
    Action::StatisticsRead,
];

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was permitted (and is written down before it is done).
    Allowed,
    /// The gate, or the limit on attempts, refused it.
    Denied,
    /// It was tried and did not succeed: a wrong password.
    Failed,
}

impl Outcome {
    /// As in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// What is written down. Texts may come from outside; they are bound and hashed, never interpreted.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: WallTime,
    /// Who, when someone was signed in.
    pub account: Option<AccountId>,
    /// Account name, or the name that was tried.
    pub name: String,
    /// Their role then.
    pub role: Option<Role>,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// For what.
    pub purpose: String,
    /// From where.
    pub source: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Numbers and names that belong to it.
    pub detail: String,
}

/// A row as stored: texts, because a tampered row must be readable too.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Number in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: WallTime,
    /// Account number.
    pub account: Option<i64>,
    /// Account name, or the name that was tried.
    pub name: String,
    /// Role.
    pub role: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// For what.
    pub purpose: String,
    /// From where.
    pub source: String,
    /// How it ended.
    pub outcome: String,
    /// Numbers and names that belong to it.
    pub detail: String,
    /// Over the previous hash and all of the above.
    pub hash: Vec<u8>,
}

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that hold, from the first on.
    pub good: i64,
    /// The first number whose row is changed, missing or in the wrong place.
    pub first_bad: Option<i64>,
    /// Hash of the last good row.
    pub head: Hash,
}

/// The audit log. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    db: Db,
}

impl Audit {
    /// On a database that has the access schema.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Appends one row; when this returns, it is on the disk. Callers wait for it before they hand anything out.
    ///
    /// # Errors
    /// [`DbError`] when it could not be written: then the act must not happen.
    pub async fn append(&self, entry: AuditEntry) -> Result<i64, DbError> {
        let db = self.db.clone();
        self.db.write(move |transaction| append(transaction, &entry).map_err(|e| db.error(e))).await
    }

    /// As [`Audit::append`], for the command line.
    ///
    /// # Errors
    /// [`DbError`] when it could not be written.
    pub fn append_blocking(&self, entry: AuditEntry) -> Result<i64, DbError> {
        let db = self.db.clone();
        self.db.write_blocking(move |transaction| append(transaction, &entry).map_err(|e| db.error(e)))
    }

    /// Rows before `before` (all when `None`), newest first, at most `limit`.
    ///
    /// # Errors
    /// [`DbError`] when they could not be read.
    pub async fn page(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditRow>, DbError> {
        let db = self.db.clone();
        self.db
            .read(move |connection| {
                let mut statement = connection
                    .prepare_cached("SELECT * FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2")
                    .map_err(|e| db.error(e))?;
                let rows = statement
                    .query_map(params![before.unwrap_or(i64::MAX), limit], read_row)
                    .and_then(Iterator::collect)
                    .map_err(|e| db.error(e))?;
                Ok(rows)
            })
            .await
    }

    /// Who looked at an incident, its clips, pictures, files and reports, and whose look was refused; before `before`
    /// (all when `None`), newest first, at most `limit`.
    ///
    /// # Errors
    /// [`DbError`] when they could not be read.
    pub async fn of_incident(
        &self,
        incident: IncidentId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, DbError> {
        let looks = LOOKS.map(|action| format!("'{}'", action.as_str())).join(", ");
        // The conditions of both indexes stand in it word for word.
        let sql = format!(
            "SELECT * FROM audit WHERE seq IN (
                SELECT seq FROM audit INDEXED BY audit_incident
                WHERE object = ?1 AND object GLOB 'incident/*' AND seq < ?2 AND action IN ({looks})
                UNION SELECT seq FROM audit INDEXED BY audit_for_incident
                WHERE purpose = ?1 AND purpose GLOB 'incident/*' AND seq < ?2 AND action IN ({looks})
                ORDER BY seq DESC LIMIT ?3)
            ORDER BY seq DESC"
        );
        let db = self.db.clone();
        let label = format!("incident/{incident}");
        self.db
            .read(move |connection| {
                let mut statement = connection.prepare_cached(&sql).map_err(|e| db.error(e))?;
                statement
                    .query_map(params![label, before.unwrap_or(i64::MAX), limit], read_row)
                    .and_then(Iterator::collect)
                    .map_err(|e| db.error(e))
            })
            .await
    }

    /// Walks the whole chain and says where it breaks first.
    ///
    /// # Errors
    /// [`DbError`] when it could not be read.
    pub async fn verify(&self) -> Result<Verdict, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| verify(connection).map_err(|e| db.error(e))).await
    }

    /// As [`Audit::verify`], for the command line.
    ///
    /// # Errors
    /// [`DbError`] when it could not be read.
    pub fn verify_blocking(&self) -> Result<Verdict, DbError> {
        self.db.read_blocking(|connection| verify(connection).map_err(|e| self.db.error(e)))
    }
}

/// Appends within a transaction that also does what is audited.
pub(super) fn append(transaction: &Transaction<'_>, entry: &AuditEntry) -> rusqlite::Result<i64> {
    let last: Option<(i64, Vec<u8>)> = transaction
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (previous_seq, previous) = last.unwrap_or((0, GENESIS.to_vec()));
    let mut row = AuditRow {
        seq: previous_seq + 1,
        at: entry.at,
        account: entry.account.map(|id| id.0),
        name: entry.name.clone(),
        role: entry.role.map(|role| role.as_str().to_owned()),
        action: entry.action.clone(),
        object: entry.object.clone(),
        purpose: entry.purpose.clone(),
        source: entry.source.clone(),
        outcome: entry.outcome.as_str().to_owned(),
        detail: entry.detail.clone(),
        hash: Vec::new(),
    };
    row.hash = link(&previous, &row).to_vec();
    transaction
        .prepare_cached("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?
        .execute(params![
            row.seq,
            row.at.0,
            row.account,
            row.name,
            row.role,
            row.action,
            row.object,
            row.purpose,
            row.source,
            row.outcome,
            row.detail,
            row.hash
        ])?;
    Ok(row.seq)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        seq: row.get("seq")?,
        at: WallTime(row.get("at_ms")?),
        account: row.get("account")?,
        name: row.get("name")?,
        role: row.get("role")?,
        action: row.get("action")?,
        object: row.get("object")?,
        purpose: row.get("purpose")?,
        source: row.get("source")?,
        outcome: row.get("outcome")?,
        detail: row.get("detail")?,
        hash: row.get("hash")?,
    })
}

/// Every field behind its length, so that no two rows have the same content; an absent one is unlike an empty one.
fn link(previous: &[u8], row: &AuditRow) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"sharpeyes audit row 1");
    hasher.update(previous);
    hasher.update(row.seq.to_be_bytes());
    hasher.update(row.at.0.to_be_bytes());
    match row.account {
        Some(account) => {
            hasher.update([1]);
            hasher.update(account.to_be_bytes());
        }
        None => hasher.update([0]),
    }
    let texts = [&row.name, &row.action, &row.object, &row.purpose, &row.source, &row.outcome, &row.detail];
    for text in std::iter::once(row.role.as_deref()).chain(texts.map(|text| Some(text.as_str()))) {
        match text {
            Some(text) => {
                hasher.update([1]);
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text.as_bytes());
            }
            None => hasher.update([0]),
        }
    }
    hasher.finalize().into()
}

fn verify(connection: &Connection) -> rusqlite::Result<Verdict> {
    let highest: i64 = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'audit'", [], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let mut head = GENESIS;
    let mut good = 0;
    let mut statement = connection.prepare("SELECT * FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    loop {
        let rows: Vec<AuditRow> =
            statement.query_map(params![good, VERIFY_BATCH], read_row)?.collect::<Result<_, _>>()?;
        if rows.is_empty() {
            // Rows that were once there and are gone from the end, or were never written where one is expected.
            let first_bad = (good < highest).then_some(good + 1);
            return Ok(Verdict { good, first_bad, head });
        }
        for row in rows {
            let expected = link(&head, &row);
            if row.seq != good + 1 || row.hash != expected {
                return Ok(Verdict { good, first_bad: Some(good + 1), head });
            }
            head = expected;
            good = row.seq;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::accounts::MIGRATION;

    fn entry(name: &str) -> AuditEntry {
        AuditEntry {
            at: WallTime(1_000),
            account: Some(AccountId(1)),
            name: name.to_owned(),
            role: Some(Role::Operator),
            action: "clip.view".to_owned(),
            object: "incident/1".to_owned(),
            purpose: "incident/1".to_owned(),
            source: "192.0.2.1".to_owned(),
            outcome: Outcome::Allowed,
            detail: String::new(),
        }
    }

    fn log_of(n: usize) -> (tempfile::TempDir, Audit) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("dispatch.db"), &[MIGRATION]).unwrap();
        let audit = Audit::new(db);
        for i in 0..n {
            audit.append_blocking(entry(&format!("viewer-{i}"))).unwrap();
        }
        (dir, audit)
    }

    /// What someone with the file and a SQLite shell can do.
    fn tamper(dir: &tempfile::TempDir, sql: &str) {
        let connection = Connection::open(dir.path().join("dispatch.db")).unwrap();
        connection
            .execute_batch(&format!(
                "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened; {sql}"
            ))
            .unwrap();
    }

    #[test]
    fn an_untouched_chain_holds() {
        let (_dir, audit) = log_of(20);
        let verdict = audit.verify_blocking().unwrap();
        assert_eq!((verdict.good, verdict.first_bad), (20, None));
        let (_dir, empty) = log_of(0);
        assert_eq!(empty.verify_blocking().unwrap(), Verdict { good: 0, first_bad: None, head: GENESIS });
    }

    #[test]
    fn every_kind_of_tampering_names_the_first_bad_row() {
        let check = |sql: &str, first_bad: i64| {
            let (dir, audit) = log_of(20);
            tamper(&dir, sql);
            assert_eq!(audit.verify_blocking().unwrap().first_bad, Some(first_bad), "{sql}");
        };
        check("UPDATE audit SET name = 'someone else' WHERE seq = 7", 7);
        check("UPDATE audit SET at_ms = 0 WHERE seq = 1", 1);
        check("UPDATE audit SET account = NULL WHERE seq = 5", 5);
        check("UPDATE audit SET role = NULL WHERE seq = 5", 5);
        check("UPDATE audit SET outcome = 'denied' WHERE seq = 20", 20);
        check("UPDATE audit SET hash = zeroblob(32) WHERE seq = 3", 3);
        check("UPDATE audit SET purpose = 'incident/1192.0.2.1', source = '' WHERE seq = 4", 4);
        check("DELETE FROM audit WHERE seq = 9", 9);
        check("DELETE FROM audit WHERE seq > 15", 16);
        check("DELETE FROM audit", 1);
        check("UPDATE audit SET seq = 99 WHERE seq = 10", 10);
    }

    #[test]
    fn rows_cannot_be_changed_or_deleted_in_passing() {
        let (dir, _audit) = log_of(2);
        let connection = Connection::open(dir.path().join("dispatch.db")).unwrap();
        assert!(connection.execute("UPDATE audit SET name = 'x'", []).is_err());
        assert!(connection.execute("DELETE FROM audit", []).is_err());
    }
}
