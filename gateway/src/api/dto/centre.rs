//! The wire's shapes of the centre's own tables, of reports, and of saved views.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CloseReason, Incident, IncidentState, RejectReason};

/// `GET /centre`: the tables that the queue goes by. The site file declares them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Centre {
    /// Classes of incidents.
    pub classes: Vec<Class>,
    /// Departments and teams.
    pub units: Vec<Unit>,
    /// Working days.
    pub calendar: Calendar,
    /// A further alarm of an open incident is heard like a new one after so long without any.
    pub again_s: u64,
    /// Who is on duty today.
    pub duty: Vec<DutyToday>,
    /// When the console groups new incidents.
    pub flood: super::Flood,
}

/// A class of incidents.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Class {
    /// Identifier.
    pub id: String,
    /// In Chinese.
    pub name: String,
    /// In English.
    pub name_en: String,
    /// Of what people report: 1 red to 4 blue.
    pub level: u8,
    /// Who leads when no route says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// Who helps.
    pub assist: Vec<String>,
    /// Where it happens; empty: anywhere.
    pub places: Vec<String>,
    /// Grid workers may report it.
    pub grid_workers: bool,
    /// Its code in other systems, by the system's name.
    pub external: std::collections::BTreeMap<String, String>,
    /// How much time its clocks allow.
    pub deadlines: Vec<Deadline>,
    /// What happens when one has run out.
    pub escalation: Vec<Escalation>,
}

/// How much time a clock allows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Deadline {
    /// 1 red to 4 blue.
    pub level: u8,
    /// Which clock, e.g. `accept`.
    pub clock: String,
    /// So long.
    pub seconds: u32,
    /// It counts working time, not wall time.
    pub working: bool,
}

/// A step of an escalation chain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Escalation {
    /// So long after the clock ran out, or after the step before.
    pub after_s: u32,
    /// Who is told.
    pub to: String,
}

/// A department or team.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Unit {
    /// Identifier.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// `department`, `team` or `grid`.
    pub kind: String,
    /// Where it works; empty: everywhere.
    pub areas: Vec<String>,
    /// Whom to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// When offices work.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Calendar {
    /// `["08:30-12:00", "14:30-18:00"]`.
    pub hours: Vec<String>,
    /// `["mon", …]`.
    pub days: Vec<String>,
    /// Days off, `2026-10-01`.
    pub closed: Vec<String>,
    /// Days of rest that are worked.
    pub open: Vec<String>,
}

/// A unit that is on duty today.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DutyToday {
    /// Which unit.
    pub unit: String,
    /// `resident`, `rotating` or `on_call`.
    pub mode: String,
    /// Who.
    pub people: Vec<String>,
    /// Whom to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// How an incident came to the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Source {
    /// An alarm of a camera's rule.
    #[serde(rename = "camera")]
    Camera,
    /// An operator saw it on a screen.
    #[serde(rename = "operator")]
    Operator,
    /// A grid worker.
    #[serde(rename = "grid")]
    Grid,
    /// The police call centre (110).
    #[serde(rename = "police_110")]
    Police,
    /// The centre's own hotline.
    #[serde(rename = "hotline")]
    Hotline,
    /// The government hotline (12345).
    #[serde(rename = "hotline_12345")]
    Government,
    /// An app or QR code.
    #[serde(rename = "app")]
    App,
    /// Somebody came to the window.
    #[serde(rename = "visit")]
    Visit,
    /// A higher level.
    #[serde(rename = "superior")]
    Superior,
    /// A sweep or patrol.
    #[serde(rename = "patrol")]
    Patrol,
}

/// `POST /reports`: an incident that a person enters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentReport {
    /// Chosen by the client; the same key twice is one report.
    pub idempotency_key: String,
    /// How it came; people of units report as `grid` or `patrol`, whatever stands here.
    pub source: Option<Source>,
    /// What it is.
    pub class: String,
    /// 1 red to 4 blue; absent: as its class says.
    pub level: Option<u8>,
    /// Where.
    pub area: String,
    /// In a few words.
    pub title: String,
    /// In as many words as it takes.
    pub description: Option<String>,
    /// Where, in words.
    pub location: Option<String>,
    /// Degrees north, WGS 84.
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84.
    pub longitude: Option<f64>,
    /// Who reported it.
    pub reporter: Option<String>,
    /// How they can be reached.
    pub reporter_phone: Option<String>,
    /// A camera that sees the place.
    pub camera: Option<String>,
    /// When it happened; absent: now.
    pub happened_ms: Option<i64>,
    /// Photos and documents, at most 6 of 5 MiB each.
    #[serde(default)]
    pub files: Vec<ReportFile>,
}

/// `POST /intake/{id}`: an incident that another system reports, with `Authorization: Bearer` and its token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntakeReport {
    /// The system's own number: the same number twice is one incident.
    pub external_id: String,
    /// What it is: a class, or the system's own code of one.
    pub class: String,
    /// 1 red to 4 blue; absent: as its class says.
    pub level: Option<u8>,
    /// Where; absent: as the site file says of this system.
    pub area: Option<String>,
    /// In a few words.
    pub title: String,
    /// In as many words as it takes.
    pub description: Option<String>,
    /// Where, in words.
    pub location: Option<String>,
    /// Degrees north, WGS 84.
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84.
    pub longitude: Option<f64>,
    /// Who reported it.
    pub reporter: Option<String>,
    /// How they can be reached.
    pub reporter_phone: Option<String>,
    /// When it happened; absent: now.
    pub happened_ms: Option<i64>,
    /// Photos and documents, at most 6 of 5 MiB each.
    #[serde(default)]
    pub files: Vec<ReportFile>,
}

/// A file that comes with a report.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFile {
    /// As it is called.
    pub name: String,
    /// Its bytes, base64.
    pub base64: String,
}

/// What became of a report.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reported {
    /// Identifier of the incident.
    pub id: i64,
    /// Number as people say it.
    pub number: String,
    /// This report opened it, and not the same one before.
    pub new: bool,
    /// The incident, for whoever may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
}

/// `GET /reports/own`: what became of a report, for the person who made it. They need not see the incident itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnReport {
    /// Number as people say it.
    pub number: String,
    /// When it came to the centre.
    pub received_ms: i64,
    /// What it is: the identifier of a class, see `GET /centre`.
    pub class: String,
    /// 1 red to 4 blue.
    pub level: u8,
    /// Area name.
    pub area_name: String,
    /// In a few words.
    pub title: String,
    /// Where it stands.
    pub state: IncidentState,
    /// Closed: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
    /// Rejected: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<RejectReason>,
}

/// A filter of the queue that an account has given a name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedView {
    /// Identifier.
    pub id: i64,
    /// As its owner calls it.
    pub name: String,
    /// As its owner's console saved it: usually the parameters of `GET /incidents`.
    pub filter: serde_json::Value,
}

/// `POST /views`: a view of the same name is replaced.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewToSave {
    /// 1 to 60 characters.
    pub name: String,
    /// An object of at most 4,000 characters.
    pub filter: serde_json::Value,
}
