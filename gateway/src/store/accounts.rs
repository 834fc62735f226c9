//! Accounts and their sessions as rows. Passwords arrive hashed, tokens arrive hashed; rules live in `access`.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, types::Type};
use sharpeyes_domain::{
    access::Role,
    area::AreaTree,
    ids::{AccountId, AreaId, UnitId},
    time::WallTime,
};

use super::{
    audit::{self, AuditEntry},
    db::{Db, DbError, Migration},
};
use crate::access::viewer::{Language, SessionId};

/// The tables of accounts, sessions, attempts and audit.
pub const MIGRATION: Migration =
    Migration { name: "access_001", sql: include_str!("migrations/access_001.sql") };

/// People of units.
pub const MIGRATION_002: Migration =
    Migration { name: "access_002_units", sql: include_str!("migrations/access_002_units.sql") };

/// SHA-256 of a token or a code.
pub type Digest = [u8; 32];

/// Sessions that ended longer ago are forgotten.
const SESSION_MEMORY_MS: i64 = 90 * 24 * 3600 * 1000;

/// Why a change of accounts was not made.
#[derive(Debug, thiserror::Error)]
pub enum AccountWriteError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The name is in use.
    #[error("there is an account of that name already")]
    NameTaken,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Nobody could manage accounts afterwards.
    #[error("this is the last administrator who may sign in")]
    LastAdministrator,
    /// There are accounts already, or the code is wrong or too old.
    #[error("the setup code is wrong or no longer valid")]
    SetupCode,
}

/// An account without its password.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Its number.
    pub id: AccountId,
    /// As typed at sign-in.
    pub name: String,
    /// As shown.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub areas: Vec<AreaId>,
    /// The unit that its person belongs to.
    pub unit: Option<UnitId>,
    /// What it reads.
    pub language: Language,
    /// May not sign in.
    pub disabled: bool,
    /// When it was made.
    pub created: WallTime,
    /// When it was last signed in to.
    pub last_sign_in: Option<WallTime>,
}

impl AccountRow {
    /// Whether it may sign in, and `area` is one of its own or lies in one.
    #[must_use]
    pub fn is_of(&self, area: &AreaId, areas: &AreaTree) -> bool {
        !self.disabled && self.areas.iter().any(|own| areas.contains(own, area))
    }
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct AccountInsert {
    /// As typed at sign-in; unique without regard to case.
    pub name: String,
    /// As shown.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub areas: Vec<AreaId>,
    /// The unit that its person belongs to.
    pub unit: Option<UnitId>,
    /// What it reads.
    pub language: Language,
    /// PHC string.
    pub password: String,
    /// Now.
    pub created: WallTime,
}

/// What changes of an account; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountUpdate {
    /// As shown.
    pub display_name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Where.
    pub areas: Option<Vec<AreaId>>,
    /// The unit that its person belongs to; it is never taken away.
    pub unit: Option<UnitId>,
    /// What it reads.
    pub language: Option<Language>,
    /// May not sign in.
    pub disabled: Option<bool>,
    /// PHC string.
    pub password: Option<String>,
    /// The one session that goes on although rights or password change: the viewer's own.
    pub keep_session: Option<SessionId>,
}

impl AccountUpdate {
    /// Who is signed in with the account must sign in again.
    const fn ends_sessions(&self) -> bool {
        self.role.is_some()
            || self.areas.is_some()
            || self.unit.is_some()
            || self.disabled.is_some()
            || self.password.is_some()
    }

    fn names(&self) -> String {
        let changed = [
            (self.display_name.is_some(), "display_name"),
            (self.role.is_some(), "role"),
            (self.areas.is_some(), "areas"),
            (self.unit.is_some(), "unit"),
            (self.language.is_some(), "language"),
            (self.disabled.is_some(), "disabled"),
            (self.password.is_some(), "password"),
        ];
        changed.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    }
}

/// What a sign-in is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose.
    pub id: AccountId,
    /// PHC string.
    pub password: String,
    /// May not sign in.
    pub disabled: bool,
}

/// How long a session lives.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Since it was last used.
    pub idle_ms: i64,
    /// Since the sign-in.
    pub absolute_ms: i64,
}

/// A live session with its account.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Which.
    pub id: SessionId,
    /// When it was last used, to the minute.
    pub last_seen: WallTime,
    /// Whose.
    pub account: AccountRow,
}

/// Accounts and sessions. Cheap to clone.
#[derive(Clone)]
pub struct AccountStore {
    db: Db,
}

impl AccountStore {
    /// On a database that has [`MIGRATION`].
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn list(&self) -> Result<Vec<AccountRow>, DbError> {
        self.read(all).await
    }

    /// Names as shown, of all accounts that ever were.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn names(&self) -> Result<HashMap<AccountId, String>, DbError> {
        self.read(|c| {
            c.prepare_cached("SELECT id, display_name FROM account")?
                .query_map([], |row| Ok((AccountId(row.get(0)?), row.get(1)?)))?
                .collect()
        })
        .await
    }

    /// There is at least one account.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn any(&self) -> Result<bool, DbError> {
        self.read(|c| c.query_row("SELECT EXISTS (SELECT 1 FROM account)", [], |row| row.get(0))).await
    }

    /// What a sign-in under `name` is checked against.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>, DbError> {
        let key = name_key(name);
        self.read(move |c| {
            c.prepare_cached("SELECT id, password, disabled FROM account WHERE name_key = ?1")?
                .query_row([key], |row| {
                    Ok(Credentials {
                        id: AccountId(row.get(0)?),
                        password: row.get(1)?,
                        disabled: row.get(2)?,
                    })
                })
                .optional()
        })
        .await
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountWriteError::NameTaken`], or the database.
    pub async fn create(
        &self,
        new: AccountInsert,
        audit: AuditEntry,
    ) -> Result<AccountRow, AccountWriteError> {
        let db = self.db.clone();
        self.db.write(move |t| insert(&db, t, &new, audit)).await
    }

    /// Makes the first account with the setup code, and spends the code.
    ///
    /// # Errors
    /// [`AccountWriteError::SetupCode`] when there is an account, or the code does not hold at `new.created`.
    pub async fn create_first(
        &self,
        code: Digest,
        new: AccountInsert,
        audit: AuditEntry,
    ) -> Result<AccountRow, AccountWriteError> {
        let db = self.db.clone();
        self.db
            .write(move |t| {
                let spent = t
                    .execute(
                        "DELETE FROM setup_code WHERE code_sha256 = ?1 AND expires_ms > ?2
                         AND NOT EXISTS (SELECT 1 FROM account)",
                        params![code, new.created.0],
                    )
                    .map_err(|e| db.error(e))?;
                if spent == 0 {
                    return Err(AccountWriteError::SetupCode);
                }
                insert(&db, t, &new, audit)
            })
            .await
    }

    /// Replaces the setup code, unless there is an account. True when the new code holds.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn put_setup_code(&self, code: Digest, expires: WallTime) -> Result<bool, DbError> {
        self.write(move |t| {
            t.execute(
                "INSERT OR REPLACE INTO setup_code SELECT 1, ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM account)",
                params![code, expires.0],
            )
            .map(|rows| rows > 0)
        })
        .await
    }

    /// Changes an account; role, areas, password and `disabled` end its sessions in the same transaction.
    ///
    /// # Errors
    /// [`AccountWriteError::NotFound`], [`AccountWriteError::LastAdministrator`], or the database.
    pub async fn change(
        &self,
        id: AccountId,
        update: AccountUpdate,
        audit: AuditEntry,
    ) -> Result<AccountRow, AccountWriteError> {
        let db = self.db.clone();
        self.db.write(move |t| change(&db, t, id, &update, audit)).await
    }

    /// Opens a session. The row of the audit log is written with it or not at all.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn open_session(
        &self,
        token: Digest,
        id: AccountId,
        source: String,
        mut audit: AuditEntry,
    ) -> Result<SessionRow, DbError> {
        self.write(move |t| {
            let now = audit.at;
            t.execute("DELETE FROM session WHERE last_seen_ms < ?1", [now.0 - SESSION_MEMORY_MS])?;
            t.execute("UPDATE account SET last_sign_in_ms = ?2 WHERE id = ?1", params![id.0, now.0])?;
            t.execute(
                "INSERT INTO session (token_sha256, account, created_ms, last_seen_ms, source)
                 VALUES (?1, ?2, ?3, ?3, ?4)",
                params![token, id.0, now.0, source],
            )?;
            let session = SessionId(t.last_insert_rowid());
            let account =
                t.query_row("SELECT * FROM account WHERE id = ?1", [id.0], |row| account(t, row))?;
            audit.name.clone_from(&account.name);
            audit.role = Some(account.role);
            audit::append(t, &audit)?;
            Ok(SessionRow { id: session, last_seen: now, account })
        })
        .await
    }

    /// The live session with this token.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn session(
        &self,
        token: Digest,
        now: WallTime,
        limits: SessionLimits,
    ) -> Result<Option<SessionRow>, DbError> {
        self.read(move |c| live_session(c, "s.token_sha256 = ?3", &token, now, limits)).await
    }

    /// The live session with this number.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn session_by_id(
        &self,
        id: SessionId,
        now: WallTime,
        limits: SessionLimits,
    ) -> Result<Option<SessionRow>, DbError> {
        self.read(move |c| live_session(c, "s.id = ?3", &id.0, now, limits)).await
    }

    /// Notes that a session is in use.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn touch(&self, id: SessionId, now: WallTime) -> Result<(), DbError> {
        self.write(move |t| {
            t.execute(
                "UPDATE session SET last_seen_ms = max(last_seen_ms, ?2) WHERE id = ?1",
                params![id.0, now.0],
            )
            .map(drop)
        })
        .await
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn end_session(&self, id: SessionId, audit: AuditEntry) -> Result<(), DbError> {
        self.write(move |t| {
            t.execute(
                "UPDATE session SET ended_ms = ?2 WHERE id = ?1 AND ended_ms IS NULL",
                params![id.0, audit.at.0],
            )?;
            audit::append(t, &audit).map(drop)
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| work(connection).map_err(|e| db.error(e))).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let db = self.db.clone();
        self.db.write(move |transaction| work(transaction).map_err(|e| db.error(e))).await
    }
}

/// Names differ by more than case.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn insert(
    db: &Db,
    t: &Transaction<'_>,
    new: &AccountInsert,
    mut audit: AuditEntry,
) -> Result<AccountRow, AccountWriteError> {
    let inserted = t
        .execute(
            "INSERT INTO account (name, name_key, display_name, role, language, password, created_ms, unit)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name_key) DO NOTHING",
            params![
                new.name,
                name_key(&new.name),
                new.display_name,
                new.role.as_str(),
                new.language.as_str(),
                new.password,
                new.created.0,
                new.unit.as_ref().map(UnitId::as_str)
            ],
        )
        .map_err(|e| db.error(e))?;
    if inserted == 0 {
        return Err(AccountWriteError::NameTaken);
    }
    let id = AccountId(t.last_insert_rowid());
    let row = set_areas(t, id, &new.areas)
        .and_then(|()| t.query_row("SELECT * FROM account WHERE id = ?1", [id.0], |row| account(t, row)))
        .map_err(|e| db.error(e))?;
    audit.object = format!("account/{id}");
    audit.detail = describe(&row);
    audit::append(t, &audit).map_err(|e| db.error(e))?;
    Ok(row)
}

fn change(
    db: &Db,
    t: &Transaction<'_>,
    id: AccountId,
    update: &AccountUpdate,
    mut audit: AuditEntry,
) -> Result<AccountRow, AccountWriteError> {
    let load =
        || t.query_row("SELECT * FROM account WHERE id = ?1", [id.0], |row| account(t, row)).optional();
    let before = load().map_err(|e| db.error(e))?.ok_or(AccountWriteError::NotFound)?;
    let written = t
        .execute(
            "UPDATE account SET display_name = coalesce(?2, display_name), role = coalesce(?3, role),
             language = coalesce(?4, language), disabled = coalesce(?5, disabled), password = coalesce(?6, password),
             unit = coalesce(?7, unit) WHERE id = ?1",
            params![
                id.0,
                update.display_name,
                update.role.map(Role::as_str),
                update.language.map(Language::as_str),
                update.disabled,
                update.password,
                update.unit.as_ref().map(UnitId::as_str)
            ],
        )
        .and_then(|_| update.areas.as_ref().map_or(Ok(()), |areas| set_areas(t, id, areas)));
    written.map_err(|e| db.error(e))?;
    if before.role == Role::Administrator && !before.disabled {
        let left: bool = t
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM account WHERE role = 'administrator' AND disabled = 0)",
                [],
                |row| row.get(0),
            )
            .map_err(|e| db.error(e))?;
        if !left {
            return Err(AccountWriteError::LastAdministrator);
        }
    }
    if update.ends_sessions() {
        t.execute(
            "UPDATE session SET ended_ms = ?2 WHERE account = ?1 AND ended_ms IS NULL AND id IS NOT ?3",
            params![id.0, audit.at.0, update.keep_session.map(|session| session.0)],
        )
        .map_err(|e| db.error(e))?;
    }
    let after = load().map_err(|e| db.error(e))?.ok_or(AccountWriteError::NotFound)?;
    audit.object = format!("account/{id}");
    audit.detail = format!("{}: {} -> {}", update.names(), describe(&before), describe(&after));
    audit::append(t, &audit).map_err(|e| db.error(e))?;
    Ok(after)
}

fn set_areas(t: &Transaction<'_>, id: AccountId, areas: &[AreaId]) -> rusqlite::Result<()> {
    t.execute("DELETE FROM account_area WHERE account = ?1", [id.0])?;
    for area in areas {
        t.execute("INSERT OR IGNORE INTO account_area VALUES (?1, ?2)", params![id.0, area.as_str()])?;
    }
    Ok(())
}

/// For the audit log: everything that decides what an account may see.
fn describe(row: &AccountRow) -> String {
    let areas: Vec<&str> = row.areas.iter().map(AreaId::as_str).collect();
    let disabled = if row.disabled { " disabled" } else { "" };
    let unit = row.unit.as_ref().map(|unit| format!(" of {unit}")).unwrap_or_default();
    format!("{} ({}) {} [{}]{unit}{disabled}", row.name, row.display_name, row.role.as_str(), areas.join(","))
}

fn live_session(
    c: &Connection,
    condition: &str,
    key: &dyn rusqlite::ToSql,
    now: WallTime,
    limits: SessionLimits,
) -> rusqlite::Result<Option<SessionRow>> {
    let sql = format!(
        "SELECT s.id AS session_id, s.last_seen_ms, a.* FROM session s JOIN account a ON a.id = s.account
         WHERE s.ended_ms IS NULL AND a.disabled = 0 AND s.last_seen_ms >= ?1 AND s.created_ms >= ?2 AND {condition}"
    );
    c.prepare_cached(&sql)?
        .query_row(params![now.0 - limits.idle_ms, now.0 - limits.absolute_ms, key], |row| {
            Ok(SessionRow {
                id: SessionId(row.get("session_id")?),
                last_seen: WallTime(row.get("last_seen_ms")?),
                account: account(c, row)?,
            })
        })
        .optional()
}

/// All accounts, by name.
pub(super) fn all(c: &Connection) -> rusqlite::Result<Vec<AccountRow>> {
    let mut statement = c.prepare_cached("SELECT * FROM account ORDER BY name_key")?;
    let rows = statement.query_map([], |row| account(c, row))?;
    rows.collect()
}

fn account(c: &Connection, row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let id: i64 = row.get("id")?;
    let role: String = row.get("role")?;
    let language: String = row.get("language")?;
    let areas = c
        .prepare_cached("SELECT area FROM account_area WHERE account = ?1 ORDER BY area")?
        .query_map([id], |row| {
            let text: String = row.get(0)?;
            AreaId::new(&text)
                .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(e)))
        })?
        .collect::<Result<_, _>>()?;
    Ok(AccountRow {
        id: AccountId(id),
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        role: role
            .parse()
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(e)))?,
        areas,
        unit: row
            .get::<_, Option<String>>("unit")?
            .map(|unit| UnitId::new(&unit))
            .transpose()
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(e)))?,
        language: Language::from_text(&language).unwrap_or_default(),
        disabled: row.get("disabled")?,
        created: WallTime(row.get("created_ms")?),
        last_sign_in: row.get::<_, Option<i64>>("last_sign_in_ms")?.map(WallTime),
    })
}
