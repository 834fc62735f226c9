//! Consoles on the wire: whether an alarm would be heard at them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Person;

/// What a console says of its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleSound {
    /// An alarm would be heard.
    Armed,
    /// Muted for a time.
    Muted,
    /// Not switched on: browsers play nothing before a click.
    Off,
    /// The console is closed, and counts no more.
    Closed,
}

/// `POST /consoles`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsoleWord {
    /// A name that the console has chosen for itself, at most 64 bytes: a browser may have several tabs.
    pub console: String,
    /// How its sound is.
    pub sound: ConsoleSound,
    /// For so long, by its own clock: a restart of the gateway forgets nothing by it.
    #[serde(default)]
    pub for_ms: Option<i64>,
    /// `muted`: until when.
    #[serde(default)]
    pub until_ms: Option<i64>,
}

/// The answer: when to say it again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsoleBeat {
    /// In so long, at the latest.
    pub again_ms: i64,
}

/// Why an alarm would not be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeafReason {
    /// Muted.
    Muted,
    /// Not switched on.
    Off,
    /// Nothing was heard of the console: switched off, or cut off.
    Silent,
}

/// A console at which an alarm would not be heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeafConsole {
    /// Whose.
    pub person: Person,
    /// Names of their areas.
    pub areas: Vec<String>,
    /// Why.
    pub why: DeafReason,
    /// Since when.
    pub since_ms: i64,
    /// `muted`: until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}
