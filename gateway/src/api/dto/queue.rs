//! The wire's shapes of the dispatch queue: incidents, their units, clocks, files and history, and what is done to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Alarm, Evidence, centre::Source};

/// `GET /incidents`: a snapshot, and the sequence number from which `GET /events` goes on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentList {
    /// Every change up to this one is in the list.
    pub as_of_seq: i64,
    /// Open ones by level, then nearest deadline, then oldest; past ones and what a search finds, newest first.
    pub incidents: Vec<Incident>,
    /// `cursor` of the next page; absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `GET /incidents/count`: how many open incidents pass the filter, whatever the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    /// All.
    pub all: u64,
    /// Those that nobody has taken.
    pub new: u64,
    /// Of these the red ones.
    pub red: u64,
    /// Those whose deadline has passed.
    pub late: u64,
}

/// An item of the dispatch queue, as in lists and live updates.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// Identifier.
    pub id: i64,
    /// Number as people say it, e.g. `20261126-0042`.
    pub number: String,
    /// Where it stands.
    pub state: IncidentState,
    /// 1 red, 2 orange, 3 yellow, 4 blue.
    pub level: u8,
    /// What happened: the identifier of a class, see `GET /centre`.
    pub class: String,
    /// How it came to the centre.
    pub source: Source,
    /// Camera identifier; absent: a report that names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// Camera name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_name: Option<String>,
    /// Area identifier.
    pub area: String,
    /// Area name.
    pub area_name: String,
    /// What the camera looks at: `village`, `junction`, `crowded` or `reservoir`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// A report: in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A report: in as many words as it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A report: where, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A report: degrees north, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// A report: degrees east, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// When its first alarm began, or when it happened as the report says.
    pub opened_ms: i64,
    /// When it came to the centre.
    pub received_ms: i64,
    /// When its latest alarm began.
    pub last_alarm_ms: i64,
    /// How many alarms it holds.
    pub alarms: u32,
    /// Who took it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_by: Option<Person>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// Until when, if nothing is done; matters while it is claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_until_ms: Option<i64>,
    /// Grows with every change; commands carry it as `expected_version`.
    pub version: i64,
    /// An alarm of it is still running.
    pub ongoing: bool,
    /// The next moment by which something must have happened; past: it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<i64>,
    /// When its units should be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// The due time that a unit asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_due_ms: Option<i64>,
    /// Its units, the first one told first.
    pub units: Vec<Assignment>,
    /// The due time has passed.
    pub overdue: bool,
    /// The due time was put off.
    pub extended: bool,
    /// A unit has asked then that the clock stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_hold_ms: Option<i64>,
    /// Its clock stands still, since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_since_ms: Option<i64>,
    /// The units' work was not accepted, and is not yet.
    pub rework: bool,
    /// It was over before.
    pub reopened: bool,
    /// How hard the centre presses: 0 not, 1 reminded, 2 pressed, 3 under supervision.
    pub urged: u8,
    /// Steps of the escalation chain told since its state last changed.
    pub escalated: u16,
    /// What the escalation chain does next, if nothing happens until then; absent: no clock runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<NextStep>,
    /// Shelved: until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shelved_until_ms: Option<i64>,
    /// Merged: into this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<i64>,
    /// When it was closed or rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Closed: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
    /// Rejected: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<RejectReason>,
    /// Its file is complete, since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_ms: Option<i64>,
    /// Revisited: whether anybody was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revisit_result: Option<RevisitResult>,
    /// Revisited: what they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<Satisfaction>,
    /// Revisited: who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revisited_by: Option<Person>,
    /// Revisited: when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revisited_ms: Option<i64>,
    /// The alarms are over: a person may want to close it.
    pub close_suggested: bool,
    /// Why the first alarm was raised: the viewer's sentence is made from it. Absent: a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// `GET /incidents/{id}/thumbnail.jpg` has a picture.
    pub thumbnail: bool,
}

/// The next step of an incident's escalation chain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NextStep {
    /// When.
    pub at_ms: i64,
    /// Who is told: a post, e.g. 值班长. Empty: the site names nobody.
    pub to: String,
    /// Which step of the chain; the first is 1.
    pub number: u16,
    /// A clock has run out and the chain goes on; `false`: it begins when the deadline has passed.
    pub begun: bool,
}

/// What was escalated to the viewer, and waits for their word that they have seen it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Escalated {
    /// The incident, as it is now.
    pub incident: Incident,
    /// Which step of the chain; the first is 1.
    pub step: u16,
    /// When it was told.
    pub told_ms: i64,
}

/// A unit's part in an incident.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    /// Identifier of the unit.
    pub unit: String,
    /// Name of the unit.
    pub unit_name: String,
    /// It leads; the others help.
    pub lead: bool,
    /// When it was told.
    pub told_ms: i64,
    /// When it signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_ms: Option<i64>,
    /// When it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_ms: Option<i64>,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    /// How often its work was not accepted.
    pub reworks: u16,
    /// When it was no longer counted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Why: `returned`, `withdrawn` or `reopened`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_cause: Option<String>,
}

/// `GET /incidents/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentDetail {
    /// The incident itself.
    #[serde(flatten)]
    pub incident: Incident,
    /// Who reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// How they can be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter_phone: Option<String>,
    /// Its first alarm, then the newest 100 in their order; `alarms` is the count of all, and
    /// `GET /incidents/{id}/alarms` has them.
    pub alarm_list: Vec<Alarm>,
    /// The first thing that happened to it, the newest 100 that people did and the newest 100, in their order; `version`
    /// is the count of all, and `GET /incidents/{id}/history` has them.
    pub history: Vec<HistoryRow>,
    /// Its files, first one first.
    pub attachments: Vec<Attachment>,
    /// The clocks that run for it, and the newest 100 of those that ever did.
    pub clocks: Vec<ClockRow>,
    /// Who should deal with it: as assessed, else as routed.
    pub proposal: Proposal,
    /// What this viewer may do now, as far as it does not depend on details: verbs of `actions` and `work`.
    pub choices: Vec<String>,
}

/// `GET /incidents/{id}/alarms`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmPage {
    /// The newest first.
    pub alarms: Vec<Alarm>,
    /// `before` of the next page; absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_before: Option<i64>,
}

/// `GET /incidents/{id}/history`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HistoryPage {
    /// The newest first.
    pub history: Vec<HistoryRow>,
    /// `before` of the next page; absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_before: Option<i64>,
}

/// Who should deal with an incident.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// Who should lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// Who should help.
    pub assist: Vec<String>,
}

/// A file of an incident: `GET /incidents/{id}/attachments/{file}` has its bytes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Identifier.
    pub id: i64,
    /// As it was called.
    pub name: String,
    /// `image/jpeg`, `image/png`, `application/pdf` or `text/plain`.
    pub media_type: String,
    /// How large.
    pub bytes: i64,
    /// SHA-256, hex.
    pub sha256: String,
    /// When it was added.
    pub at_ms: i64,
    /// By whom; absent: another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// The unit that added it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// `POST /incidents/{id}/attachments`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attached {
    /// The new file; the known one when the same was added before.
    pub attachment: i64,
    /// The incident now.
    pub incident: Incident,
}

/// A clock of an incident.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockRow {
    /// What it times: `accept`, `dispatch`, `sign`, `arrive`, `finish`, `verify`, `close`, `revisit`, `hold`, `escalate`.
    pub kind: String,
    /// Whose of the units; absent: the incident's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// It counts working time, not wall time.
    pub working: bool,
    /// How much time it allows.
    pub allowed_s: u32,
    /// From then on.
    pub started_ms: i64,
    /// When its time is over.
    pub due_ms: i64,
    /// How much of it was told of: 0, 50, 80 or 100 percent; of `escalate` the steps.
    pub fired: u16,
    /// When it stopped; absent: it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_ms: Option<i64>,
}

/// A supervision sheet (督办单), with all that is printed on it as it was when it was issued.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SupervisionSheet {
    /// E.g. `2026-7`: the year and the number in it.
    pub number: String,
    /// Which one of its incident, from 1.
    pub edition: u32,
    /// SHA-256 of what was issued, hexadecimal. Absent: an older release issued it and kept its number only; the rest is
    /// as the incident is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Name of the site.
    pub site: String,
    /// When it was made.
    pub at_ms: i64,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// What is demanded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demand: Option<String>,
    /// The units that are supervised.
    pub units: Vec<SheetUnit>,
    /// When they should have been done, or should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// How often they were reminded or pressed before.
    pub urged_before: u32,
    /// Which incident.
    pub incident: i64,
    /// Its number.
    pub incident_number: String,
    /// 1 red, 2 orange, 3 yellow, 4 blue.
    pub level: u8,
    /// Where it stood.
    pub state: IncidentState,
    /// Identifier of its class.
    pub class: String,
    /// The class in Chinese.
    pub class_name: String,
    /// The class in English; empty: it has no other name.
    pub class_name_en: String,
    /// Areas from the root down.
    pub area_path: Vec<String>,
    /// Camera name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_name: Option<String>,
    /// Where, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A report: in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Why the first alarm was raised. Absent: a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// When it began.
    pub opened_ms: i64,
    /// SHA-256 of the incident's picture, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still_sha256: Option<String>,
}

/// A unit on a supervision sheet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SheetUnit {
    /// Identifier.
    pub unit: String,
    /// Name.
    pub unit_name: String,
    /// It leads; the others help.
    pub lead: bool,
}

/// One entry of an incident's history.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HistoryRow {
    /// When.
    pub at_ms: i64,
    /// Who; absent: the gateway itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Person>,
    /// What: `open`, or the action, e.g. `claim`, `close`, `append`, `lease_expired`.
    pub action: String,
    /// State before; absent at opening.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IncidentState>,
    /// State after.
    pub to: IncidentState,
    /// Level after, 1 red to 4 blue.
    pub level: u8,
    /// Version after.
    pub version: i64,
    /// The alarm that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<i64>,
    /// The reason given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The unit that did it, or that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// All details of the action, by the names that commands use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
    /// The note given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Somebody looked at something of an incident, or was refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Look {
    /// Its number in the audit log.
    pub seq: i64,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// Their role then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<super::Role>,
    /// What they did, as in the audit log: `clip.view`, `thumbnail.view`, `incident.view` (a file), `bulletin.make`, …
    pub action: String,
    /// To what: `incident/7`, or the camera whose recording was looked at for it.
    pub object: String,
    /// `allowed`, `denied` or `failed`.
    pub outcome: String,
    /// Numbers and names that belong to it.
    pub detail: String,
}

/// A viewer, named to other viewers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Account number.
    pub id: i64,
    /// Name as shown.
    pub name: String,
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Nobody has taken it.
    New,
    /// An operator holds it.
    Claimed,
    /// Judged to be real.
    Assessed,
    /// Sent to a unit.
    Dispatched,
    /// The unit has accepted it.
    Signed,
    /// The unit is at work.
    Handling,
    /// The unit says it is done.
    Done,
    /// The centre has checked it.
    Verified,
    /// Finished, with a reason.
    Closed,
    /// The reporter was asked afterwards.
    Revisited,
    /// Refused, with a reason.
    Rejected,
    /// Part of another incident.
    Merged,
    /// Put aside for a time.
    Shelved,
}

/// Why an incident was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Real, and taken care of.
    Handled,
    /// Nothing was there.
    FalseAlarm,
    /// Another incident is about the same thing.
    Duplicate,
    /// An exercise.
    Test,
    /// Real, and nothing needed to be done.
    NoAction,
}

/// Why an incident that was over is open again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReopenReason {
    /// It happens again.
    Recurred,
    /// It was closed by mistake.
    Mistake,
    /// Something new is known.
    NewEvidence,
    /// The people concerned are not content.
    Discontent,
}

/// Which incidents a list holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentScope {
    /// Not finished.
    #[default]
    Open,
    /// Finished.
    Closed,
    /// Both.
    All,
    /// Closed as handled and not revisited, the nearest deadline first; before them those with people who are not
    /// content, until they are opened again or archived.
    Revisit,
}

/// `GET /revisits`: how much there is to ask, and to decide on, in the viewer's areas.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RevisitCounts {
    /// Closed as handled, and not revisited.
    pub waiting: u32,
    /// … of them with their time run out.
    pub overdue: u32,
    /// Revisited with people who are not content, and neither opened again nor archived.
    pub discontent: u32,
}

/// Why an incident was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// Belongs to another place or authority.
    NotOurs,
    /// Is nothing that the centre deals with.
    OutOfScope,
    /// Cannot be understood or found.
    Unclear,
}

/// What a revisit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevisitResult {
    /// The people concerned were asked.
    Reached,
    /// Nobody could be reached.
    Unreachable,
    /// There was nobody to ask.
    NobodyConcerned,
}

/// How content the people concerned are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Satisfaction {
    /// Content.
    Satisfied,
    /// More or less.
    Fairly,
    /// Not.
    Dissatisfied,
}

/// `POST /incidents/{id}/actions`: what the centre does. Each action takes the fields that name it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentCommand {
    /// What to do.
    pub action: IncidentVerb,
    /// The version that the person was looking at; another one now is a 409.
    pub expected_version: i64,
    /// Chosen by the client; the same key twice is one command.
    pub idempotency_key: String,
    /// `close`: why.
    pub reason: Option<CloseReason>,
    /// `reopen`: why.
    pub reopen_reason: Option<ReopenReason>,
    /// `reject`: why.
    pub reject_reason: Option<RejectReason>,
    /// `hand_over`: the account of who answers for it from now on.
    pub to: Option<i64>,
    /// `assess`: 1 red to 4 blue; absent: as it is. `raise`: the new level.
    pub level: Option<u8>,
    /// `assess`: what it is; absent: as it is.
    pub class: Option<String>,
    /// `assess`: where it is; absent: as it is.
    pub area: Option<String>,
    /// `assess`, `dispatch`: who leads; absent: as proposed.
    pub lead: Option<String>,
    /// `assess`, `dispatch`: who helps.
    #[serde(default)]
    pub assist: Vec<String>,
    /// `withdraw`: which unit.
    pub unit: Option<String>,
    /// `dispatch`, `rework`, `extend`: when the units should be done; absent: as the class says.
    pub due_ms: Option<i64>,
    /// `shelve`: until when.
    pub until_ms: Option<i64>,
    /// `merge`: into which incident.
    pub into: Option<i64>,
    /// `urge`: 1 remind, 2 press, 3 supervise.
    pub urge: Option<u8>,
    /// `revisit`: whether anybody was asked.
    pub result: Option<RevisitResult>,
    /// `revisit`: what they said.
    pub satisfaction: Option<Satisfaction>,
    /// Free text for the history; some actions need it.
    pub note: Option<String>,
}

/// What the centre may do with an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentVerb {
    /// Take it.
    Claim,
    /// Give it back.
    Release,
    /// Make another operator answer for it; needs `to`.
    HandOver,
    /// Answer for it in place of whoever has it; needs a note.
    TakeOver,
    /// Judge it real: class, level, area, who should deal with it.
    Assess,
    /// Tell one or more units; later further ones.
    Dispatch,
    /// Take it back from a unit; needs `unit` and a note.
    Withdraw,
    /// Agree with what the units did.
    Verify,
    /// Do not agree; needs a note.
    Rework,
    /// Finish it; needs `reason`. What was handled on the spot needs a note.
    Close,
    /// Its file is complete.
    Archive,
    /// The people concerned were asked; needs `result`.
    Revisit,
    /// It is not for us; needs `reject_reason`.
    Reject,
    /// It is part of another one; needs `into`.
    Merge,
    /// It is not.
    Unmerge,
    /// Put it aside; needs `until_ms`.
    Shelve,
    /// Take it back from there.
    Unshelve,
    /// Open a finished one again; needs `reopen_reason`.
    Reopen,
    /// Press for it; needs `urge`.
    Urge,
    /// Allow more time; needs `due_ms`, or takes what was asked for.
    Extend,
    /// Allow no more time; needs a note.
    RefuseExtension,
    /// Let the clock run on that a unit asked to stop; needs a note.
    RefuseHold,
    /// Stop its clock, as a unit asked or by the centre itself; needs a note.
    Hold,
    /// Let it run again.
    Unhold,
    /// It is more urgent; needs `level`.
    Raise,
    /// Write something down.
    Note,
}

/// `POST /incidents/{id}/work`: what a unit does, or the centre in its name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkCommand {
    /// What to do.
    pub action: WorkVerb,
    /// The version that the person was looking at; another one now is a 409.
    pub expected_version: i64,
    /// Chosen by the client; the same key twice is one command.
    pub idempotency_key: String,
    /// Which unit; people of units act for their own only and need not name it.
    pub unit: Option<String>,
    /// `ask_extension`: the due time wished.
    pub due_ms: Option<i64>,
    /// `finish`: why there is no file; needed for what is red when the unit has added none.
    pub why_no_file: Option<String>,
    /// Free text for the history; some actions need it.
    pub note: Option<String>,
}

/// What a unit may do with an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkVerb {
    /// Take it on.
    SignIn,
    /// Give it back; needs a note.
    Return,
    /// Arrive and begin.
    Arrive,
    /// Tell how it goes; needs a note.
    Feedback,
    /// Be done; needs a note of what was done, and for what is red a file or `why_no_file`.
    Finish,
    /// Ask for more time before it has run out; needs `due_ms` and a note.
    AskExtension,
    /// Ask that the clock stand still; needs a note.
    AskHold,
}
