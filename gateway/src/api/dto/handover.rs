//! Hand-overs of the shift, and the wall, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Incident, IncidentState, Person, StreamState};

/// Where a hand-over stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    /// The leaver has signed, nobody else yet.
    Open,
    /// The taker has signed: the leaver's claims are theirs.
    Accepted,
    /// Whoever should take over does not.
    Refused,
    /// The leaver stays.
    Withdrawn,
    /// Nobody signed within twelve hours.
    Lapsed,
}

/// What the second signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverVerb {
    /// I take over.
    Accept,
    /// I do not take over; needs a note.
    Refuse,
    /// I stay; only the leaver says that.
    Withdraw,
}

/// How somebody has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// Signed in with an own session.
    Session,
    /// With name and password, at another one's desk.
    Password,
}

/// `GET /shift`: what a hand-over of the viewer would say now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    /// What the queue is like.
    pub summary: ShiftSummary,
    /// Operators who are responsible for all areas of the viewer.
    pub takers: Vec<Person>,
    /// The viewer's open hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<i64>,
}

/// What the queue was like. A hand-over's is frozen: it is what the leaver has signed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShiftSummary {
    /// Open incidents of the leaver's areas, by level and state.
    pub counts: Vec<ShiftCount>,
    /// What the leaver answers for.
    pub claimed: Vec<ShiftItem>,
    /// What is late, the most urgent first; at most 200.
    pub overdue: Vec<ShiftItem>,
    /// What is held; at most 200.
    pub held: Vec<ShiftItem>,
    /// How many are late.
    pub n_overdue: u32,
    /// How many are held.
    pub n_held: u32,
    /// Open faults of cameras and of the site.
    pub faults: Vec<ShiftFault>,
}

/// So many open incidents of a level are in a state.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShiftCount {
    /// 1 red to 4 blue.
    pub level: u8,
    /// Where they stand.
    pub state: IncidentState,
    /// So many.
    pub n: u32,
}

/// An incident on the paper of a hand-over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShiftItem {
    /// Which.
    pub incident: i64,
    /// As people say it.
    pub number: String,
    /// 1 red to 4 blue.
    pub level: u8,
    /// Where it stood.
    pub state: IncidentState,
    /// What happened: the identifier of a class.
    pub class: String,
    /// The camera's name, or what was reported.
    pub what: String,
    /// Name of the area.
    pub area_name: String,
    /// Who answered for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// Names of the units that were on it.
    pub units: Vec<String>,
    /// When it happened.
    pub opened_ms: i64,
    /// The next moment by which something must happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<i64>,
    /// Held since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_since_ms: Option<i64>,
}

/// A fault on the paper of a hand-over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShiftFault {
    /// What is broken, as tickets say it.
    pub kind: String,
    /// The camera's name; absent: the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// 1 red to 4 blue.
    pub level: u8,
    /// Since when.
    pub since_ms: i64,
    /// Who knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
}

/// A hand-over of the shift.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Handover {
    /// Its number.
    pub id: i64,
    /// Where it stands.
    pub state: HandoverState,
    /// Who leaves.
    pub leaver: Person,
    /// Whom it is meant for; absent: whoever comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meant_for: Option<Person>,
    /// Names of the leaver's areas.
    pub areas: Vec<String>,
    /// When the leaver signed.
    pub opened_ms: i64,
    /// What the leaver wrote.
    pub note: String,
    /// What the leaver signed; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ShiftSummary>,
    /// When the second signature was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_ms: Option<i64>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Person>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signature>,
    /// What they wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Accepted: incidents that the taker answers for since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Vec<i64>>,
    /// Accepted: incidents that stayed with the leaver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stayed: Option<Vec<i64>>,
}

/// `POST /handovers`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewHandover {
    /// What the next one must know; at most 2,000 characters.
    #[serde(default)]
    pub note: String,
    /// Account of the operator it is meant for; absent: whoever comes.
    #[serde(default)]
    pub meant_for: Option<i64>,
}

/// `POST /handovers/{id}/signature`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoverSignature {
    /// What it says.
    pub action: HandoverVerb,
    /// Account name of who signs at another one's desk; absent: whoever is signed in.
    #[serde(default)]
    pub name: Option<String>,
    /// … and the password.
    #[serde(default)]
    pub password: Option<String>,
    /// At most 2,000 characters; a refusal needs one.
    #[serde(default)]
    pub note: String,
}

/// `GET /wall`: what a screen on the wall shows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Wall {
    /// By the gateway's clock.
    pub now_ms: i64,
    /// Open incidents by level and state.
    pub counts: Vec<ShiftCount>,
    /// How many are late.
    pub n_overdue: u32,
    /// The ten most urgent, by level, then the nearest deadline.
    pub urgent: Vec<Incident>,
    /// Units with a part in open incidents, by name.
    pub units: Vec<WallUnit>,
    /// Cameras whose health the viewer may see.
    pub cameras: WallCameras,
}

/// What a unit has to do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WallUnit {
    /// Its name.
    pub name: String,
    /// Told, and not signed in.
    pub told: u32,
    /// Signed in, and not arrived.
    pub signed: u32,
    /// Arrived, and not done.
    pub arrived: u32,
    /// Done, and not yet closed.
    pub finished: u32,
}

/// How cameras do.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct WallCameras {
    /// All.
    pub n: u32,
    /// Those whose streams all arrive.
    pub streaming: u32,
    /// The others, at most 20.
    pub faulty: Vec<WallFault>,
    /// The others.
    pub n_faulty: u32,
}

/// A camera whose picture does not arrive.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WallFault {
    /// The camera's name.
    pub camera: String,
    /// What its stream does instead.
    pub state: StreamState,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}
