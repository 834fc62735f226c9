//! Accounts as people use them: setting up, signing in and out, making and changing accounts.
//!
//! Every act is written to the audit log with it. What a viewer may see is not decided here but at the gate.

mod vouch;

use std::{collections::HashMap, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    access::{Action, Role},
    area::AreaTree,
    ids::{AccountId, AreaId, UnitId},
    time::WallTime,
};
use tokio::sync::watch;

use super::{
    password::{self, HashError, PasswordProblem, Passwords},
    viewer::{Language, SessionId, Viewer},
};
use crate::{
    clock::Clock,
    store::{
        accounts::{
            AccountInsert, AccountRow, AccountStore, AccountUpdate, AccountWriteError, Digest, SessionLimits,
            SessionRow,
        },
        audit::{Audit, AuditEntry, Outcome},
        db::{Db, DbError},
        throttle::{Attempt, Throttle},
    },
};

/// A session that nothing asked through for this long is over.
const IDLE: Duration = Duration::from_hours(2);
/// A shift and its hand-over; then everybody signs in again.
const ABSOLUTE: Duration = Duration::from_hours(16);
/// How exactly the last use of a session is known.
const TOUCH: Duration = Duration::from_mins(1);
/// The first administrator must be made within this time after a start.
const SETUP_CODE_LIFE: Duration = Duration::from_hours(24);
/// Without what is easily misread: 0 O 1 I L U.
const CODE_LETTERS: &[u8; 30] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";
const CODE_LETTERS_COUNT: usize = 12;

/// Why something about accounts was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// 2 to 64 letters, digits, `.`, `_`, `-`, `@`.
    #[error("an account name has 2 to 64 letters, digits, `.`, `_`, `-` or `@`")]
    BadName,
    /// 1 to 64 characters, no control characters.
    #[error("a display name has 1 to 64 characters")]
    BadDisplayName,
    /// See the problem.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The site has no such area.
    #[error("the site has no area `{0}`")]
    UnknownArea(AreaId),
    /// People of units belong to one.
    #[error("a {0} needs a unit")]
    NoUnit(Role),
    /// Operators, police and technicians work in areas.
    #[error("a {0} needs at least one area")]
    NoArea(Role),
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
    /// The current password does not fit.
    #[error("the current password is wrong")]
    WrongPassword,
    /// Name or password is wrong, or the account is disabled: which of these is not said.
    #[error("name or password is wrong")]
    Refused,
    /// Too many failed attempts.
    #[error("too many attempts; the next one is looked at in {} s", wait.as_secs())]
    Throttled {
        /// Until the next attempt is looked at.
        wait: Duration,
    },
}

impl From<AccountWriteError> for AccountError {
    fn from(error: AccountWriteError) -> Self {
        match error {
            AccountWriteError::Db(error) => Self::Db(error),
            AccountWriteError::NameTaken => Self::NameTaken,
            AccountWriteError::NotFound => Self::NotFound,
            AccountWriteError::LastAdministrator => Self::LastAdministrator,
            AccountWriteError::SetupCode => Self::SetupCode,
        }
    }
}

/// An account to be made, as asked for.
pub struct NewAccount {
    /// As typed at sign-in.
    pub name: String,
    /// As shown; empty: the name.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub areas: Vec<AreaId>,
    /// The unit that its person belongs to.
    pub unit: Option<UnitId>,
    /// What it reads.
    pub language: Language,
    /// First password.
    pub password: String,
}

/// What shall change of an account; `None` stays.
#[derive(Default)]
pub struct AccountChange {
    /// As shown.
    pub display_name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Where.
    pub areas: Option<Vec<AreaId>>,
    /// The unit that its person belongs to.
    pub unit: Option<UnitId>,
    /// What it reads.
    pub language: Option<Language>,
    /// May not sign in.
    pub disabled: Option<bool>,
    /// New password.
    pub password: Option<String>,
}

/// Who changes accounts.
#[derive(Clone, Copy)]
pub enum Author<'a> {
    /// Someone at the machine itself.
    CommandLine,
    /// Someone signed in, from an address.
    Viewer {
        /// Who.
        viewer: &'a Viewer,
        /// From where.
        source: &'a str,
    },
}

/// A session just opened.
pub struct SignedIn {
    /// Who.
    pub viewer: Viewer,
    /// The cookie's value; kept nowhere on this side.
    pub token: String,
}

/// Accounts and sessions. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: AccountStore,
    audit: Audit,
    throttle: Throttle,
    passwords: Passwords,
    areas: AreaTree,
    site: String,
    clock: Clock,
    /// Counts what may have ended somebody's session: open streams look again.
    changes: watch::Sender<u64>,
}

impl Accounts {
    /// On a database with the access schema, for the site of this name and areas. Computes one password hash.
    ///
    /// # Errors
    /// [`HashError`] when Argon2 does not work.
    pub fn new(db: &Db, site: &str, areas: AreaTree, clock: Clock) -> Result<Self, HashError> {
        Ok(Self(Arc::new(Inner {
            store: AccountStore::new(db.clone()),
            audit: Audit::new(db.clone()),
            throttle: Throttle::new(db.clone()),
            passwords: Passwords::new()?,
            areas,
            site: site.to_owned(),
            clock,
            changes: watch::Sender::new(0),
        })))
    }

    /// The audit log.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Wakes when sessions may have ended or rights may have changed in this process.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// There is no account yet.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn is_setup_needed(&self) -> Result<bool, DbError> {
        Ok(!self.0.store.any().await?)
    }

    /// A new one-time code for the first administrator, for 24 hours; older ones stop working.
    /// `None` when there is an account. The caller prints it where only the installer looks.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn issue_setup_code(&self) -> Result<Option<String>, DbError> {
        let letters: String = (0..CODE_LETTERS_COUNT)
            .map(|_| char::from(CODE_LETTERS[rand::random_range(0..CODE_LETTERS.len())]))
            .collect();
        let expires = self.0.clock.wall().plus(SETUP_CODE_LIFE);
        let holds = self.0.store.put_setup_code(digest(&letters), expires).await?;
        let groups: Vec<&str> =
            [0..4, 4..8, 8..12].into_iter().filter_map(|range| letters.get(range)).collect();
        Ok(holds.then(|| groups.join("-")))
    }

    /// Makes the first administrator, who is signed in with it.
    ///
    /// # Errors
    /// [`AccountError::SetupCode`], [`AccountError::Throttled`], or what [`Accounts::create`] refuses.
    pub async fn set_up(
        &self,
        code: &str,
        name: String,
        password: String,
        source: &str,
    ) -> Result<SignedIn, AccountError> {
        let inner = &self.0;
        // The code is an account of its own to the brake: sixty bits are not guessed at one attempt in minutes.
        self.brake(":setup", source).await?;
        let new = self.checked(NewAccount {
            display_name: name.clone(),
            name,
            role: Role::Administrator,
            areas: Vec::new(),
            unit: None,
            language: Language::default(),
            password,
        })?;
        let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let code = digest(&letters.to_uppercase());
        let mut audit = self.entry(None, &new.name, source, "setup", Outcome::Allowed);
        let new = self.insertion(new).await?;
        let made = inner.store.create_first(code, new, audit.clone()).await;
        if matches!(made, Err(AccountWriteError::SetupCode)) {
            audit.outcome = Outcome::Failed;
            inner.audit.append(audit).await?;
        }
        let account = made?;
        inner.throttle.forgive(":setup", source).await?;
        self.open(account.id, &account.name, source).await
    }

    /// Opens a session. An unknown name, a wrong password and a disabled account look and last the same.
    ///
    /// # Errors
    /// [`AccountError::Refused`], [`AccountError::Throttled`], or the database.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        source: &str,
    ) -> Result<SignedIn, AccountError> {
        let inner = &self.0;
        self.brake(name, source).await?;
        let known = inner.store.credentials(name).await?;
        let fits =
            inner.passwords.verify(password, known.as_ref().map(|known| known.password.clone())).await?;
        let Some(account) = known.filter(|known| fits && !known.disabled) else {
            inner.audit.append(self.entry(None, name, source, "session.open", Outcome::Failed)).await?;
            return Err(AccountError::Refused);
        };
        inner.throttle.forgive(name, source).await?;
        self.open(account.id, name, source).await
    }

    /// The viewer behind a cookie, if their session lives.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn viewer(&self, token: &str) -> Result<Option<Viewer>, DbError> {
        let now = self.0.clock.wall();
        self.in_use(self.0.store.session(digest(token), now, limits()).await?, now).await
    }

    /// The viewer of a session as they are now, if it lives. Open streams ask this again and again.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn viewer_again(&self, session: SessionId) -> Result<Option<Viewer>, DbError> {
        let now = self.0.clock.wall();
        self.in_use(self.0.store.session_by_id(session, now, limits()).await?, now).await
    }

    /// Ends the viewer's session.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn sign_out(&self, viewer: &Viewer, source: &str) -> Result<(), DbError> {
        let audit = self.entry(Some(viewer), &viewer.name, source, "session.close", Outcome::Allowed);
        self.0.store.end_session(viewer.session, audit).await?;
        self.changed();
        Ok(())
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn list(&self) -> Result<Vec<AccountRow>, DbError> {
        self.0.store.list().await
    }

    /// Names as shown: an incident's history may name anybody who ever had an account.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn names(&self) -> Result<HashMap<AccountId, String>, DbError> {
        self.0.store.names().await
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountError`] for what is wrong with the name, the password, the areas.
    pub async fn create(&self, new: NewAccount, author: Author<'_>) -> Result<AccountRow, AccountError> {
        let new = self.checked(new)?;
        let new = self.insertion(new).await?;
        Ok(self.0.store.create(new, self.authored(author)).await?)
    }

    /// Changes an account. Role, areas, password and `disabled` end its sessions at once, except the author's own
    /// when they change their own password.
    ///
    /// # Errors
    /// [`AccountError`] for what is wrong with the change.
    pub async fn change(
        &self,
        id: AccountId,
        change: AccountChange,
        author: Author<'_>,
    ) -> Result<AccountRow, AccountError> {
        let before =
            self.0.store.list().await?.into_iter().find(|row| row.id == id).ok_or(AccountError::NotFound)?;
        let role = change.role.unwrap_or(before.role);
        if change.role.is_some() || change.areas.is_some() {
            self.check_areas(role, change.areas.as_ref().unwrap_or(&before.areas))?;
        }
        if role == Role::Unit && change.unit.is_none() && before.unit.is_none() {
            return Err(AccountError::NoUnit(role));
        }
        if let Some(name) = &change.display_name {
            check_display_name(name)?;
        }
        let password = match change.password {
            None => None,
            Some(password) => {
                password::check(&password, &before.name, &self.0.site)?;
                Some(self.0.passwords.hash(password).await?)
            }
        };
        let update = AccountUpdate {
            display_name: change.display_name.map(|name| name.trim().to_owned()),
            role: change.role,
            areas: change.areas,
            unit: change.unit,
            language: change.language,
            disabled: change.disabled,
            password,
            keep_session: match author {
                Author::Viewer { viewer, .. } if viewer.account == id => Some(viewer.session),
                Author::Viewer { .. } | Author::CommandLine => None,
            },
        };
        let after = self.0.store.change(id, update, self.authored(author)).await?;
        self.changed();
        Ok(after)
    }

    /// Changes the viewer's own password, which they must know.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`], [`AccountError::Throttled`], or what is wrong with the new one.
    pub async fn change_own_password(
        &self,
        viewer: &Viewer,
        current: String,
        new: String,
        source: &str,
    ) -> Result<(), AccountError> {
        let inner = &self.0;
        self.brake(&viewer.name, source).await?;
        let kept = inner.store.credentials(&viewer.name).await?.map(|known| known.password);
        if !inner.passwords.verify(current, kept).await? {
            inner
                .audit
                .append(self.entry(Some(viewer), &viewer.name, source, "account.password", Outcome::Failed))
                .await?;
            return Err(AccountError::WrongPassword);
        }
        inner.throttle.forgive(&viewer.name, source).await?;
        let change = AccountChange { password: Some(new), ..AccountChange::default() };
        self.change(viewer.account, change, Author::Viewer { viewer, source }).await.map(drop)
    }

    /// Changes the viewer's own language.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn change_own_language(
        &self,
        viewer: &Viewer,
        language: Language,
        source: &str,
    ) -> Result<(), AccountError> {
        let change = AccountChange { language: Some(language), ..AccountChange::default() };
        self.change(viewer.account, change, Author::Viewer { viewer, source }).await.map(drop)
    }

    /// Counts an attempt as failed, whoever `name` is: too many in a row are looked at later and later.
    ///
    /// # Errors
    /// [`AccountError::Throttled`], or the database.
    pub async fn brake(&self, name: &str, source: &str) -> Result<(), AccountError> {
        let now = self.0.clock.wall();
        match self.0.throttle.begin(name, source, now).await? {
            Attempt::Open => Ok(()),
            Attempt::Blocked { until } => {
                tracing::warn!(source, "a sign-in came too soon after failed ones and was not looked at");
                Err(AccountError::Throttled { wait: until.since(now) })
            }
        }
    }

    async fn open(&self, id: AccountId, name: &str, source: &str) -> Result<SignedIn, AccountError> {
        let token = hex::encode(rand::random::<[u8; 32]>());
        let mut audit = self.entry(None, name, source, "session.open", Outcome::Allowed);
        audit.account = Some(id);
        let session = self.0.store.open_session(digest(&token), id, source.to_owned(), audit).await?;
        Ok(SignedIn { viewer: viewer(session), token })
    }

    async fn in_use(&self, session: Option<SessionRow>, now: WallTime) -> Result<Option<Viewer>, DbError> {
        let Some(session) = session else { return Ok(None) };
        if now.since(session.last_seen) >= TOUCH {
            self.0.store.touch(session.id, now).await?;
        }
        Ok(Some(viewer(session)))
    }

    fn checked(&self, new: NewAccount) -> Result<NewAccount, AccountError> {
        let name = new.name.trim().to_owned();
        let display_name = if new.display_name.trim().is_empty() { &name } else { new.display_name.trim() };
        let display_name = display_name.to_owned();
        check_name(&name)?;
        check_display_name(&display_name)?;
        password::check(&new.password, &name, &self.0.site)?;
        self.check_areas(new.role, &new.areas)?;
        if new.role == Role::Unit && new.unit.is_none() {
            return Err(AccountError::NoUnit(new.role));
        }
        Ok(NewAccount { name, display_name, ..new })
    }

    async fn insertion(&self, new: NewAccount) -> Result<AccountInsert, AccountError> {
        Ok(AccountInsert {
            name: new.name,
            display_name: new.display_name,
            role: new.role,
            areas: new.areas,
            unit: new.unit,
            language: new.language,
            password: self.0.passwords.hash(new.password).await?,
            created: self.0.clock.wall(),
        })
    }

    fn check_areas(&self, role: Role, areas: &[AreaId]) -> Result<(), AccountError> {
        if let Some(unknown) = areas.iter().find(|area| self.0.areas.area(area).is_none()) {
            return Err(AccountError::UnknownArea(unknown.clone()));
        }
        let needs_area = match role {
            Role::Operator | Role::Police | Role::Technician => true,
            // Where it reports from; what it was told of is seen wherever it is.
            Role::Unit => false,
            Role::Administrator | Role::Auditor => false,
        };
        if needs_area && areas.is_empty() { Err(AccountError::NoArea(role)) } else { Ok(()) }
    }

    fn entry(
        &self,
        viewer: Option<&Viewer>,
        name: &str,
        source: &str,
        action: &str,
        outcome: Outcome,
    ) -> AuditEntry {
        AuditEntry {
            at: self.0.clock.wall(),
            account: viewer.map(|viewer| viewer.account),
            // A name that was tried may be anything: enough of it to recognise, not enough to fill the log.
            name: name.chars().take(64).collect(),
            role: viewer.map(|viewer| viewer.role),
            action: action.to_owned(),
            object: "site".to_owned(),
            purpose: "duty".to_owned(),
            source: source.to_owned(),
            outcome,
            detail: String::new(),
        }
    }

    fn authored(&self, author: Author<'_>) -> AuditEntry {
        let action = Action::AccountManage.as_str();
        match author {
            Author::CommandLine => self.entry(None, "command line", "local", action, Outcome::Allowed),
            Author::Viewer { viewer, source } => {
                self.entry(Some(viewer), &viewer.name, source, action, Outcome::Allowed)
            }
        }
    }

    fn changed(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }
}

fn limits() -> SessionLimits {
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    SessionLimits { idle_ms: millis(IDLE), absolute_ms: millis(ABSOLUTE) }
}

fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

fn viewer(session: SessionRow) -> Viewer {
    let account = session.account;
    Viewer {
        account: account.id,
        session: session.id,
        name: account.name,
        display_name: account.display_name,
        role: account.role,
        areas: account.areas,
        unit: account.unit,
        language: account.language,
    }
}

fn check_name(name: &str) -> Result<(), AccountError> {
    let length = name.chars().count();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if (2..=64).contains(&length) && name.chars().all(fine) { Ok(()) } else { Err(AccountError::BadName) }
}

fn check_display_name(name: &str) -> Result<(), AccountError> {
    let name = name.trim();
    let length = name.chars().count();
    let is_fine = (1..=64).contains(&length) && !name.chars().any(char::is_control);
    if is_fine { Ok(()) } else { Err(AccountError::BadDisplayName) }
}
