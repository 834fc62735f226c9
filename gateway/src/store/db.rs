//! One SQLite file: a single writer thread with group commit, a pool of readers, and migrations.
//!
//! No table is named here. WAL with `synchronous=FULL`: a committed row survives a power cut.
//! Writes that wait while a commit is being synced share the next one, so that 100 cameras cost one fsync, not 100.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::{Semaphore, oneshot};

/// Writes that may wait; past that a caller blocks, which is the back-pressure.
const WRITE_QUEUE: usize = 4096;
/// Writes in one transaction at most, so that a flood cannot hold a commit back for long.
const GROUP: usize = 256;
const READERS: usize = 4;
const BUSY: Duration = Duration::from_secs(10);
/// The first SQLite without the WAL-reset corruption (3.7.0 to 3.51.2).
const MIN_SQLITE: i32 = 3_051_003;

/// What went wrong with a database file.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// SQLite refused; the statement's own message says which.
    #[error("database {path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's word.
        source: rusqlite::Error,
    },
    /// The file was written by a newer release.
    #[error(
        "database {path} has schema {found}, this release knows up to {known}: install the newer release again"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its `user_version`.
        found: usize,
        /// Migrations of this release.
        known: usize,
    },
    /// A migration would leave rows that refer to rows that do not exist; nothing was changed.
    #[error("database {path}: after the migration {n_rows} rows would refer to rows that do not exist")]
    Dangling {
        /// The file.
        path: PathBuf,
        /// How many.
        n_rows: i64,
    },
    /// The linked SQLite may corrupt a WAL file.
    #[error("SQLite {0} is linked, which can corrupt its log; 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// The writer thread is gone: the process is shutting down.
    #[error("the database is closed")]
    Closed,
    /// Threads could not be started.
    #[error("cannot start the database's writer thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl DbError {
    /// It is these rows that are refused: they break a rule of the schema, cannot be read, or our own code failed over
    /// them. Trying again does not help.
    #[must_use]
    pub fn is_about_rows(&self) -> bool {
        use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
        let Self::Sqlite { source, .. } = self else { return false };
        matches!(source.sqlite_error_code(), None | Some(ConstraintViolation | TooBig | TypeMismatch))
    }
}

/// One step of a schema, applied once, in order.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// For the log.
    pub name: &'static str,
    /// One or more statements.
    pub sql: &'static str,
}

type Job = Box<dyn FnOnce(&Transaction<'_>) -> Reply + Send>;
/// Called after the commit (`None`) or with its failure.
type Reply = Box<dyn FnOnce(Option<Arc<rusqlite::Error>>) + Send>;

/// A handle on one database file; clones share it. The writer thread ends when the last handle is dropped.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Invariant: `Some` until drop.
    writer: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    reader_back: Condvar,
    /// As many as there are readers: async code waits here for one, and not on a thread of its own. Five hundred viewers
    /// who come back at once would take nearly all that the runtime has for blocking work.
    turns: Arc<Semaphore>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.writer = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!(path = %self.path.display(), "the database's writer thread had panicked");
        }
    }
}

impl Db {
    /// Opens or creates the file at `path` and brings its schema up to date.
    ///
    /// # Errors
    /// [`DbError::Newer`] when a newer release wrote it; [`DbError::Sqlite`] when it cannot be opened or migrated.
    pub fn open(path: &Path, migrations: &[Migration]) -> Result<Self, DbError> {
        if rusqlite::version_number() < MIN_SQLITE {
            return Err(DbError::OldSqlite(rusqlite::version()));
        }
        let fail = |source| DbError::Sqlite { path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(fail)?;
        configure(&connection).map_err(fail)?;
        migrate(&mut connection, path, migrations)?;
        let readers = (0..READERS)
            .map(|_| {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let reader = Connection::open_with_flags(path, flags)?;
                reader.busy_timeout(BUSY)?;
                Ok(reader)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(fail)?;
        let (writer, jobs) = sync_channel(WRITE_QUEUE);
        let name =
            path.file_stem().map_or_else(|| "db".into(), |stem| format!("db-{}", stem.to_string_lossy()));
        let thread = std::thread::Builder::new().name(name).spawn(move || write_loop(connection, &jobs))?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            writer: Some(writer),
            thread: Some(thread),
            readers: Mutex::new(readers),
            reader_back: Condvar::new(),
            turns: Arc::new(Semaphore::new(READERS)),
        })))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Runs `work` in the next group's transaction; when this returns `Ok`, the rows are on the disk.
    /// An `Err` from `work` undoes its own statements and nobody else's. Blocks: not for async code.
    ///
    /// # Errors
    /// What `work` returned, or [`DbError`] (through `E: From<DbError>`) when the commit failed.
    pub fn write_blocking<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.enqueue(work)?.blocking_recv().unwrap_or(Err(DbError::Closed.into()))
    }

    /// As [`Db::write_blocking`], for async code.
    ///
    /// # Errors
    /// What `work` returned, or [`DbError`] when the commit failed.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.enqueue(work)?.await.unwrap_or(Err(DbError::Closed.into()))
    }

    /// Runs `work` on a read-only connection, in the calling thread. One statement sees one snapshot.
    ///
    /// # Errors
    /// What `work` returned.
    pub fn read_blocking<T, E>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let mut idle = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = loop {
            match idle.pop() {
                Some(connection) => break connection,
                None => idle = self.0.reader_back.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(idle);
        let lent = Lent { inner: &self.0, connection: Some(connection) };
        work(lent.connection.as_ref().expect("lent until drop"))
    }

    /// As [`Db::read_blocking`], on a blocking thread, for async code.
    ///
    /// # Errors
    /// What `work` returned, or [`DbError::Closed`] when the runtime is shutting down.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| DbError::Closed)?;
        let db = self.clone();
        let read = move || {
            let _turn = turn;
            db.read_blocking(work)
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(DbError::Closed.into()))
    }

    /// SQLite's own check of the file and of its references: no line when all is well. Blocks.
    ///
    /// # Errors
    /// [`DbError::Sqlite`] when it cannot be run.
    pub fn integrity(&self) -> Result<Vec<String>, DbError> {
        let check = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
            let mut lines: Vec<String> = connection
                .prepare("PRAGMA integrity_check")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            lines.retain(|line| line != "ok");
            let dangling = connection.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count();
            if dangling > 0 {
                lines.push(format!("{dangling} rows refer to rows that do not exist"));
            }
            Ok(lines)
        };
        self.read_blocking(check).map_err(|source| self.error(source))
    }

    /// Names this file in a SQLite error.
    #[must_use]
    pub fn error(&self, source: rusqlite::Error) -> DbError {
        DbError::Sqlite { path: self.0.path.clone(), source }
    }

    fn enqueue<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, E>>, DbError>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (tx, rx) = oneshot::channel();
        let path = self.0.path.clone();
        let job: Job = Box::new(move |transaction| {
            let result = in_savepoint(transaction, &path, work);
            Box::new(move |failure| {
                let result = match failure {
                    None => result,
                    Some(failure) => Err(commit_failed(&path, &failure).into()),
                };
                // A caller that stopped waiting is no error: its rows are written all the same.
                let _ = tx.send(result);
            })
        });
        self.0.writer.as_ref().ok_or(DbError::Closed)?.send(job).map_err(|_| DbError::Closed)?;
        Ok(rx)
    }
}

/// Gives a reader back even when the work panics.
struct Lent<'a> {
    inner: &'a Inner,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            self.inner.reader_back.notify_one();
        }
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Foreign keys are not watched while tables are rebuilt, and checked as a whole before the commit (SQLite, "Making Other
/// Kinds Of Table Schema Changes").
fn migrate(connection: &mut Connection, path: &Path, migrations: &[Migration]) -> Result<(), DbError> {
    let fail = |source| DbError::Sqlite { path: path.to_owned(), source };
    connection.pragma_update(None, "foreign_keys", false).map_err(fail)?;
    let migrated = migrate_unwatched(connection, path, migrations);
    connection.pragma_update(None, "foreign_keys", true).map_err(fail)?;
    migrated
}

fn migrate_unwatched(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), DbError> {
    let fail = |source| DbError::Sqlite { path: path.to_owned(), source };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(fail)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let found = usize::try_from(found).unwrap_or(0);
    if found > migrations.len() {
        return Err(DbError::Newer { path: path.to_owned(), found, known: migrations.len() });
    }
    for migration in &migrations[found..] {
        tracing::info!(path = %path.display(), migration = migration.name, "migrating");
        transaction.execute_batch(migration.sql).map_err(fail)?;
    }
    if found < migrations.len() {
        let dangling: i64 = transaction
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .map_err(fail)?;
        if dangling > 0 {
            return Err(DbError::Dangling { path: path.to_owned(), n_rows: dangling });
        }
    }
    let version = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", version).map_err(fail)?;
    transaction.commit().map_err(fail)
}

fn write_loop(mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut replies = Vec::new();
        let outcome =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
                replies.push(first(&transaction));
                while replies.len() < GROUP
                    && let Ok(job) = jobs.try_recv()
                {
                    replies.push(job(&transaction));
                }
                transaction.commit()
            });
        let failure = outcome.err().map(Arc::new);
        if let Some(error) = &failure {
            tracing::error!(%error, writes = replies.len(), "a commit failed; its writers are told");
        }
        for reply in replies {
            reply(failure.clone());
        }
    }
    if let Err(error) = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
        tracing::warn!(%error, "the log was not folded into the database at close; the next start does it");
    }
}

fn in_savepoint<T, E: From<DbError>>(
    transaction: &Transaction<'_>,
    path: &Path,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let fail = |source| E::from(DbError::Sqlite { path: path.to_owned(), source });
    transaction.execute_batch("SAVEPOINT one_write").map_err(fail)?;
    // A panic in one write must not end the thread that all writes need.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(transaction)));
    let end = if matches!(result, Ok(Ok(_))) {
        "RELEASE one_write"
    } else {
        "ROLLBACK TO one_write; RELEASE one_write"
    };
    transaction.execute_batch(end).map_err(fail)?;
    result.unwrap_or_else(|_| Err(fail(rusqlite::Error::UnwindingPanic)))
}

fn commit_failed(path: &Path, failure: &rusqlite::Error) -> DbError {
    let source = match failure {
        rusqlite::Error::SqliteFailure(code, message) => {
            rusqlite::Error::SqliteFailure(*code, message.clone())
        }
        other => rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR),
            Some(format!("commit failed: {other}")),
        ),
    };
    DbError::Sqlite { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &[Migration] =
        &[Migration { name: "first", sql: "CREATE TABLE t (n INTEGER NOT NULL CHECK (n >= 0)) STRICT;" }];

    fn insert(transaction: &Transaction<'_>, n: i64) -> Result<(), DbError> {
        transaction
            .execute("INSERT INTO t VALUES (?1)", [n])
            .map(drop)
            .map_err(|source| DbError::Sqlite { path: PathBuf::new(), source })
    }

    fn count(db: &Db) -> i64 {
        db.read_blocking(|c| c.query_row("SELECT count(*) FROM t", [], |row| row.get(0))).unwrap()
    }

    #[test]
    fn a_failed_write_undoes_itself_and_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("a.db"), SCHEMA).unwrap();
        std::thread::scope(|scope| {
            for n in 0..50 {
                let db = &db;
                scope.spawn(move || {
                    let refused = db.write_blocking(move |t| {
                        insert(t, n)?;
                        insert(t, -1)
                    });
                    assert!(matches!(refused, Err(DbError::Sqlite { .. })));
                    db.write_blocking(move |t| insert(t, n)).unwrap();
                });
            }
        });
        assert_eq!(count(&db), 50);
    }

    #[test]
    fn a_panic_in_a_write_leaves_the_writer_alive() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("a.db"), SCHEMA).unwrap();
        let broken: Result<(), DbError> = db.write_blocking(|t| {
            insert(t, 1)?;
            panic!("on purpose")
        });
        assert!(broken.is_err_and(|error| error.is_about_rows()), "trying again does not help");
        db.write_blocking(|t| insert(t, 2)).unwrap();
        assert_eq!(count(&db), 1);
    }

    #[test]
    fn reads_that_wait_leave_threads_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("a.db"), SCHEMA).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(READERS + 1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let taken = std::mem::take(&mut *db.0.readers.lock().unwrap());
            let reads: Vec<_> = (0..3 * READERS)
                .map(|_| {
                    let db = db.clone();
                    tokio::spawn(async move { db.read(|_| Ok::<_, DbError>(())).await })
                })
                .collect();
            tokio::task::yield_now().await;
            let other = tokio::time::timeout(BUSY, tokio::task::spawn_blocking(|| ())).await;
            // Given back before anything is asserted: the runtime's end waits for the threads of the reads.
            *db.0.readers.lock().unwrap() = taken;
            db.0.reader_back.notify_all();

            other.expect("a thread for other work").unwrap();
            for read in reads {
                read.await.unwrap().unwrap();
            }
        });
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        drop(Db::open(&path, SCHEMA).unwrap());
        assert!(matches!(Db::open(&path, &[]), Err(DbError::Newer { found: 1, known: 0, .. })));
    }

    #[test]
    fn rows_are_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let db = Db::open(&path, SCHEMA).unwrap();
        db.write_blocking(|t| insert(t, 7)).unwrap();
        drop(db);
        assert_eq!(count(&Db::open(&path, SCHEMA).unwrap()), 1);
    }
}
