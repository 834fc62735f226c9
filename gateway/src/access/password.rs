//! Passwords: what is accepted, and how they are kept (Argon2id, 19 MiB, two passes, one lane).
//!
//! No rules about kinds of characters and no expiry (OWASP ASVS 6.2.5, 6.2.10): length, and not what everybody tries.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Shorter ones are refused; 15 are advised.
pub const MIN_CHARS: usize = 8;
/// Longer ones are refused, so that hashing stays cheap to refuse.
pub const MAX_CHARS: usize = 128;
/// Hashes computed at once: 19 MiB and some tens of milliseconds each.
const PARALLEL: usize = 2;
/// What everybody tries, lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Too short.
    #[error("the password is shorter than {MIN_CHARS} characters; 15 or more are advised")]
    Short,
    /// Too long.
    #[error("the password is longer than {MAX_CHARS} characters")]
    Long,
    /// On the list of what everybody tries, or one character repeated, or a run like 12345678.
    #[error("the password is one that is tried first by everybody")]
    Common,
    /// It contains the account's name.
    #[error("the password contains the account's name")]
    ContainsName,
    /// It contains the site's name.
    #[error("the password contains the site's name")]
    ContainsSite,
}

impl PasswordProblem {
    /// Stable word for the console.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Short => "password_short",
            Self::Long => "password_long",
            Self::Common => "password_common",
            Self::ContainsName => "password_contains_name",
            Self::ContainsSite => "password_contains_site",
        }
    }
}

/// Judges a new password for the account `name` at `site`.
///
/// # Errors
/// The first [`PasswordProblem`].
pub fn check(password: &str, name: &str, site: &str) -> Result<(), PasswordProblem> {
    let length = password.chars().count();
    if length < MIN_CHARS {
        return Err(PasswordProblem::Short);
    }
    if length > MAX_CHARS {
        return Err(PasswordProblem::Long);
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) || is_run(&lower) {
        return Err(PasswordProblem::Common);
    }
    let contains = |word: &str| word.chars().count() >= 2 && lower.contains(&word.trim().to_lowercase());
    if contains(name) {
        return Err(PasswordProblem::ContainsName);
    }
    if contains(site) {
        return Err(PasswordProblem::ContainsSite);
    }
    Ok(())
}

/// Each character is the one before, the next or the previous one: `aaaaaaaa`, `12345678`, `hgfedcba`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    [-1, 0, 1].into_iter().any(|step| codes.windows(2).all(|pair| pair[1] - pair[0] == step))
}

/// A hash could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Argon2 or the random numbers failed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The process is shutting down.
    #[error("the process is shutting down")]
    Closed,
}

/// Hashes and verifies on blocking threads, a few at a time.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// The hash of no password: checking an unknown account takes as long as checking a known one.
    dummy: Arc<str>,
}

impl Passwords {
    /// Computes one hash, in the calling thread.
    ///
    /// # Errors
    /// [`HashError`]
    pub fn new() -> Result<Self, HashError> {
        let dummy = hash_now(&hex::encode(rand::random::<[u8; 32]>()))?;
        Ok(Self { permits: Arc::new(Semaphore::new(PARALLEL)), dummy: dummy.into() })
    }

    /// The PHC string to keep for `password`.
    ///
    /// # Errors
    /// [`HashError`]
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        let _permit = self.permits.acquire().await.map_err(|_| HashError::Closed)?;
        tokio::task::spawn_blocking(move || hash_now(&password)).await.map_err(|_| HashError::Closed)?
    }

    /// Whether `password` fits `kept`. Without `kept` the same work is done and the answer is no.
    ///
    /// # Errors
    /// [`HashError::Closed`]
    pub async fn verify(&self, password: String, kept: Option<String>) -> Result<bool, HashError> {
        let _permit = self.permits.acquire().await.map_err(|_| HashError::Closed)?;
        let is_known = kept.is_some();
        let phc = kept.unwrap_or_else(|| self.dummy.as_ref().to_owned());
        let fits = tokio::task::spawn_blocking(move || verify_now(&password, &phc)).await;
        Ok(fits.map_err(|_| HashError::Closed)? && is_known)
    }
}

fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash_now(password: &str) -> Result<String, HashError> {
    // A password of unbounded length is refused by `check`; what signs in is cut by the body limit.
    argon()
        .hash_password(password.as_bytes())
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|e| HashError::Hash(e.to_string()))
}

fn verify_now(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|kept| argon().verify_password(password.as_bytes(), &kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_everybody_tries_are_refused() {
        let check = |password: &str, expected| {
            assert_eq!(check(password, "zhang-wei", "Liushu"), expected, "{password}")
        };
        check("correct horse battery", Ok(()));
        check("柳树镇治理中心的长口令", Ok(()));
        check("short", Err(PasswordProblem::Short));
        check("七个字的口令啊", Err(PasswordProblem::Short));
        check(&"x1".repeat(65), Err(PasswordProblem::Long));
        check("PASSWORD", Err(PasswordProblem::Common));
        check("password123", Err(PasswordProblem::Common));
        check("88888888", Err(PasswordProblem::Common));
        check("23456789", Err(PasswordProblem::Common));
        check("hgfedcba", Err(PasswordProblem::Common));
        check("woaini1314", Err(PasswordProblem::Common));
        check("my-Zhang-Wei-2026", Err(PasswordProblem::ContainsName));
        check("liushu@liushu", Err(PasswordProblem::ContainsSite));
    }

    #[test]
    fn the_list_is_lower_case_and_long_enough_to_matter() {
        for line in COMMON.lines() {
            assert!(line.chars().count() >= MIN_CHARS && line.to_lowercase() == line, "{line:?}");
        }
    }

    #[tokio::test]
    async fn a_kept_password_is_argon2id_and_fits_only_itself() {
        let passwords = Passwords::new().unwrap();
        let kept = passwords.hash("correct horse battery".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(passwords.verify("correct horse battery".to_owned(), Some(kept.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse batterx".to_owned(), Some(kept)).await.unwrap());
        assert!(!passwords.verify("correct horse battery".to_owned(), None).await.unwrap());
        assert!(!passwords.verify("x".to_owned(), Some("damaged".to_owned())).await.unwrap());
    }

    /// The dummy has the same cost parameters, so an unknown name costs the same work. Nothing is timed here.
    #[test]
    fn an_unknown_account_costs_the_same_work() {
        let passwords = Passwords::new().unwrap();
        assert!(passwords.dummy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
}
