//! Tickets on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketKind {
    /// A stream does not arrive.
    Stream,
    /// The lens is covered.
    Covered,
    /// The picture is out of focus.
    Defocused,
    /// The camera looks elsewhere.
    Moved,
    /// The same picture again and again.
    Frozen,
    /// A recorder's own picture instead of the camera's.
    SignalLost,
    /// Nothing is analysed.
    AnalysisBlind,
    /// A stream arrives and is not recorded, or has lost some of its recording.
    Recording,
    /// The disk of recordings.
    Disk,
    /// The wall clock jumped.
    Clock,
    /// The built-in test camera raised no alarm.
    CanaryMissing,
    /// Another system cannot be told of incidents.
    Outbound,
    /// The disk is too small for what is promised, or holds have grown past their limit.
    Storage,
    /// A hold was to be looked at by now.
    HoldReview,
    /// Steps of the escalation chain reach nobody.
    Unmanned,
    /// Rules of the camera raise more alarms than the budget allows, or mostly false ones.
    Noisy,
    /// An open incident had no deadline ahead of it.
    Untimed,
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Nobody has taken it.
    Open,
    /// A technician knows.
    Acknowledged,
    /// The fault is gone by itself.
    Recovered,
    /// A technician says that it is done.
    Closed,
}

/// Which tickets are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketScope {
    /// Those that want someone.
    #[default]
    Open,
    /// Those and the past ones, at most 500.
    All,
}

/// A person's hand on a ticket.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketHand {
    /// When.
    pub at_ms: i64,
    /// Name of the account.
    pub by: String,
}

/// A technical fault. One is open for each camera and kind, however often the fault comes and goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Its number.
    pub id: i64,
    /// What is broken.
    pub kind: TicketKind,
    /// Which camera; absent: the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// Its name; absent when the site names it no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_name: Option<String>,
    /// Where it stands.
    pub state: TicketState,
    /// 1 (red: the site, or a camera that may raise red alarms, is blind) to 4.
    pub level: u8,
    /// The stage that fails, e.g. `connect`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Stable word for what exactly, e.g. `refused`.
    pub code: String,
    /// What happened last, English.
    pub detail: String,
    /// What to do, English.
    pub remedy: String,
    /// When it first began.
    pub first_ms: i64,
    /// When it last began, or was last there before it was over.
    pub last_ms: i64,
    /// How often it began.
    pub times: u32,
    /// Who knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<TicketHand>,
    /// When it was gone by itself, if it did not come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_ms: Option<i64>,
    /// Who says that it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<TicketHand>,
    /// What was written.
    pub note: String,
}

/// `GET /tickets`: a snapshot, and the sequence number from which `GET /tickets/events` goes on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketList {
    /// Every change up to this one is in the list.
    pub as_of_seq: i64,
    /// Open ones first, the newest first.
    pub tickets: Vec<Ticket>,
}

/// `GET /blind-cameras`: where the centre is blind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlindCameras {
    /// How many, also beyond those named.
    pub n: u32,
    /// The longest blind first, at most 50.
    pub cameras: Vec<BlindCamera>,
}

/// A camera that may raise red alarms and has an open ticket: what it should see, nobody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlindCamera {
    /// Identifier.
    pub camera: String,
    /// Its name.
    pub camera_name: String,
    /// Name of its area.
    pub area_name: String,
    /// Number of the ticket; of several the oldest.
    pub ticket: i64,
    /// What is broken. What exactly, and what to do, is for technicians.
    pub kind: TicketKind,
    /// Since when.
    pub since_ms: i64,
    /// A technician knows: name of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
}

/// What a technician writes with it; may be empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketNote {
    /// At most 1,000 characters. An empty one leaves what is written.
    #[serde(default)]
    pub note: String,
}
