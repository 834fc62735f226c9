//! Who is asking: an account behind a live session.

use sharpeyes_domain::{
    access::Role,
    ids::{AccountId, AreaId, UnitId},
};

/// The language that a viewer reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// `zh` or `en`, as in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    /// The reverse of [`Language::as_str`]; anything else is no language.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Chinese, Self::English].into_iter().find(|language| language.as_str() == text)
    }
}

/// Row number of a session. Not its token: that is known to the browser only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub i64);

/// A person with an account, signed in.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Their account.
    pub account: AccountId,
    /// The session that they ask through.
    pub session: SessionId,
    /// Account name.
    pub name: String,
    /// Name as shown to others.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Roots of the area subtrees in which they may do it.
    pub areas: Vec<AreaId>,
    /// The unit that they belong to.
    pub unit: Option<UnitId>,
    /// What they read.
    pub language: Language,
}
