//! Other systems that are told of incidents, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A system that is told of incidents, and how telling it goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutboundTarget {
    /// As in the site file.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is told for.
    pub purpose: String,
    /// `webhook` or `mqtt`.
    pub kind: String,
    /// Where it is, without secrets.
    pub url: String,
    /// What it may be told beyond the incident itself: `report`, `reporter`, `notes`, `position`.
    pub share: Vec<String>,
    /// Messages that wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_ms: Option<i64>,
    /// Messages that were given up.
    pub dead: u64,
    /// Messages that were dropped because too many waited.
    pub lost: u64,
    /// When one was last delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_ms: Option<i64>,
    /// Since when none was delivered although it was tried; absent: the last attempt was fine, or there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since_ms: Option<i64>,
    /// Why an attempt last failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<OutboundError>,
}

/// Why an attempt failed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutboundError {
    /// When; absent in a message's own error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// How far it came: `resolve`, `connect`, `tls`, `send`, `answer`.
    pub stage: String,
    /// Stable word for what, e.g. `refused`, `timeout`, `http_500`, `expired`.
    pub code: String,
    /// What exactly, English.
    pub detail: String,
    /// What to do, English.
    pub remedy: String,
}

/// Which messages are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutboundState {
    /// Those that are to be sent.
    Waiting,
    /// Those of the last seven days that the target has.
    Delivered,
    /// Those that were given up.
    #[default]
    Dead,
}

/// A message, without what it says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutboundMessage {
    /// Its number.
    pub id: i64,
    /// Of which incident.
    pub incident: i64,
    /// The version that it tells of.
    pub version: i64,
    /// What happened, e.g. `open`, `dispatch`.
    pub event: String,
    /// When.
    pub at_ms: i64,
    /// Where it stands.
    pub state: OutboundState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; absent of one that waits: after an earlier one of its incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<i64>,
    /// When it was delivered or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<OutboundError>,
}

/// What is sent again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboundResend {
    /// These messages, delivered or given up, at most 200; absent: all that were given up, for those who keep the site.
    pub ids: Option<Vec<i64>>,
}

/// How much is sent again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutboundResent {
    /// Messages.
    pub messages: u64,
}
