//! Statistics and bulletins on the wire. What a bulletin keeps is on the wire as it is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bulletin::document::{AccuracyRow, Share};
pub use crate::bulletin::document::{Bulletin, BulletinKind, Statistics};

/// How often alarms were right.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmAccuracy {
    /// Alarms that began from here on.
    pub from_ms: i64,
    /// And before then.
    pub to_ms: i64,
    /// By what was known then.
    pub as_of_ms: i64,
    /// The last change that is in it.
    pub as_of_seq: i64,
    /// All together.
    pub alarms: u64,
    /// Something was there.
    pub confirmed: u64,
    /// Nothing was there.
    pub false_alarms: u64,
    /// Not said.
    pub undecided: u64,
    /// Confirmed of those that were decided.
    pub accuracy: Share,
    /// By camera, rule, class and level.
    pub rows: Vec<AccuracyRow>,
}

/// Which bulletin is wanted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBulletin {
    /// What it is about.
    pub kind: BulletinKind,
    /// `2026-11-26`: the day, a day of the week, or a day of the month, on the site's calendar. Of daily, weekly and
    /// monthly ones.
    #[serde(default)]
    pub day: Option<String>,
    /// Of a special one: from here on.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// And before then, at most 367 days later.
    #[serde(default)]
    pub to_ms: Option<i64>,
    /// Of a flash one: the incident.
    #[serde(default)]
    pub incident: Option<i64>,
    /// What to call it, at most 80 characters; its kind and time if not given.
    #[serde(default)]
    pub title: Option<String>,
    /// Only this area and what lies in it.
    #[serde(default)]
    pub area: Option<String>,
    /// Only this class.
    #[serde(default)]
    pub class: Option<String>,
    /// Only from this source.
    #[serde(default)]
    pub source: Option<String>,
    /// Only what this unit was told of.
    #[serde(default)]
    pub unit: Option<String>,
}

/// A bulletin in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BulletinRow {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub kind: BulletinKind,
    /// As whoever made it called it; empty: by its kind and time.
    pub title: String,
    /// Its time.
    pub from_ms: i64,
    /// Its time.
    pub to_ms: i64,
    /// When it was made.
    pub made_ms: i64,
    /// By whom.
    pub made_by: String,
    /// Of a flash one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<i64>,
    /// Of a flash one: which of its incident, from 1.
    pub edition: u32,
    /// SHA-256 of its JSON, hexadecimal.
    pub sha256: String,
}

/// What a ledger is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerFormat {
    /// Text with commas.
    Csv,
    /// A workbook.
    Xlsx,
}

/// What a bulletin is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulletinFormat {
    /// For reading and printing.
    Pdf,
    /// For editing.
    Docx,
    /// For counting on.
    Xlsx,
    /// For other programs; UTF-8.
    Csv,
}

/// In which language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulletinLanguage {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}
