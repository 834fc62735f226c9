//! Signing something at another one's desk: with name and password, without a session.

use super::{AccountError, Accounts};
use crate::{
    access::viewer::{SessionId, Viewer},
    store::audit::Outcome,
};

impl Accounts {
    /// The person whose name and password these are; no session is opened. `through` is the session in which it was
    /// typed. The same brake as at sign-in: an unknown name, a wrong password and a disabled account look and last the
    /// same, and a failure is in the audit log.
    ///
    /// # Errors
    /// [`AccountError::Refused`], [`AccountError::Throttled`], or the database.
    pub async fn vouch(
        &self,
        name: &str,
        password: String,
        through: SessionId,
        source: &str,
    ) -> Result<Viewer, AccountError> {
        let inner = &self.0;
        self.brake(name, source).await?;
        let known = inner.store.credentials(name).await?;
        let fits =
            inner.passwords.verify(password, known.as_ref().map(|known| known.password.clone())).await?;
        let account = match known.filter(|known| fits && !known.disabled) {
            Some(known) => inner.store.list().await?.into_iter().find(|row| row.id == known.id),
            None => None,
        };
        let Some(account) = account else {
            inner.audit.append(self.entry(None, name, source, "account.sign", Outcome::Failed)).await?;
            return Err(AccountError::Refused);
        };
        inner.throttle.forgive(name, source).await?;
        Ok(Viewer {
            account: account.id,
            session: through,
            name: account.name,
            display_name: account.display_name,
            role: account.role,
            areas: account.areas,
            unit: account.unit,
            language: account.language,
        })
    }
}
