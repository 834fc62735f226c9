//! Accounts, and what was audited of what their people did.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Language, Role};

/// An account as administrators see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Account number.
    pub id: i64,
    /// Name as typed at sign-in.
    pub name: String,
    /// Name as shown.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Roots of the area subtrees in which they may do it.
    pub areas: Vec<String>,
    /// The unit that its person belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Language of the console.
    pub language: Language,
    /// May not sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_ms: i64,
    /// When they last signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sign_in_ms: Option<i64>,
}

/// `POST /accounts`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Name as typed at sign-in.
    pub name: String,
    /// Name as shown; absent: the account name.
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Roots of the area subtrees in which they may do it.
    #[serde(default)]
    pub areas: Vec<String>,
    /// The unit that its person belongs to; needed for the role `unit`.
    pub unit: Option<String>,
    /// Language of the console; absent: Chinese.
    pub language: Option<Language>,
    /// First password.
    pub password: String,
}

/// `PATCH /accounts/{id}`. Only given fields change; a change of role, areas, password or `disabled` ends the
/// account's sessions at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// Name as shown.
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Roots of the area subtrees in which they may do it.
    pub areas: Option<Vec<String>>,
    /// The unit that its person belongs to.
    pub unit: Option<String>,
    /// Language of the console.
    pub language: Option<Language>,
    /// May not sign in.
    pub disabled: Option<bool>,
    /// New password.
    pub password: Option<String>,
}

/// `GET /audit`, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditList {
    /// The rows.
    pub rows: Vec<AuditRow>,
}

/// One audited act.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditRow {
    /// Number in the chain, from 1 without a hole.
    pub seq: i64,
    /// When.
    pub at_ms: i64,
    /// Account number; absent: nobody was signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<i64>,
    /// Account name, or the name that was tried.
    pub name: String,
    /// Role at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What was done, e.g. `clip.view`.
    pub action: String,
    /// To what, e.g. `incident/17`.
    pub object: String,
    /// What for.
    pub purpose: String,
    /// From where: the client's address.
    pub source: String,
    /// `allowed`, `denied` or `failed`.
    pub outcome: String,
    /// Numbers and names that belong to it.
    pub detail: String,
    /// SHA-256 over the previous row's hash and this row, hex.
    pub hash: String,
}

/// `GET /audit/verify`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditVerdict {
    /// Every row holds.
    pub intact: bool,
    /// How many rows were checked.
    pub rows: i64,
    /// The first row that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<i64>,
    /// Hash of the last good row, hex: keep it elsewhere to prove that nothing was cut off later.
    pub head: String,
}
