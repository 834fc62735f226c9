//! A SHA-256 that cannot be mistaken for any other text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 of a file; shown and written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Hash([u8; 32]);

/// Why a text is no SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no SHA-256 (64 hexadecimal digits)")]
pub struct HashError(pub(crate) String);

impl Sha256Hash {
    /// Of bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl From<sha2::digest::Output<Sha256>> for Sha256Hash {
    fn from(digest: sha2::digest::Output<Sha256>) -> Self {
        Self(digest.into())
    }
}

impl FromStr for Sha256Hash {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut hash = [0; 32];
        match hex::decode_to_slice(text, &mut hash) {
            Ok(()) => Ok(Self(hash)),
            Err(_) => Err(HashError(text.chars().take(80).collect())),
        }
    }
}

impl TryFrom<String> for Sha256Hash {
    type Error = HashError;
    fn try_from(text: String) -> Result<Self, HashError> {
        text.parse()
    }
}

impl From<Sha256Hash> for String {
    fn from(hash: Sha256Hash) -> Self {
        hash.to_string()
    }
}

impl fmt::Display for Sha256Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_abc_is_the_standards_own() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256Hash::of(b"abc").to_string(), abc);
        assert_eq!(abc.parse::<Sha256Hash>().unwrap(), Sha256Hash::of(b"abc"));
        for wrong in ["", "abc", &abc[1..], &format!("{abc}00"), &abc.replace('b', "x")] {
            assert!(wrong.parse::<Sha256Hash>().is_err(), "{wrong}");
        }
    }
}
