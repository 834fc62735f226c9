//! The wire: every JSON shape that the console and other clients see. Nothing else becomes the API by accident.
//!
//! Times are Unix milliseconds UTC with the suffix `_ms`, offsets within a clip are seconds with `_s`,
//! coordinates are 0..1 of the picture. The types generate the OpenAPI document and with it the console's types.
//! Conversions from domain and store types live in `convert`; there is no logic here.

mod centre;
mod queue;
mod recording;
mod storage;
mod ticket;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use centre::{
    Calendar, Centre, Class, Deadline, DutyToday, Escalation, IncidentReport, IntakeReport, ReportFile,
    Reported, SavedView, Source, Unit, ViewToSave,
};
pub use queue::{
    Assignment, Attached, Attachment, ClockRow, CloseReason, HistoryRow, Incident, IncidentCommand,
    IncidentDetail, IncidentList, IncidentScope, IncidentState, IncidentVerb, Person, Proposal, RejectReason,
    ReopenReason, RevisitResult, Satisfaction, SupervisionSheet, WorkCommand, WorkVerb,
};
pub use recording::{
    FootagePurpose, JumpDirection, NearAlarm, Recording, RecordingSpan, Timeline, TimelineAlarm, TimelineGap,
    TimelineHold, TimelineRow, TimelineSpan,
};
pub use storage::{
    Deletion, DeletionReason, DiskState, Hold, HoldRelease, HoldScope, HoldStream, LegalBasis, NewHold,
    RetentionClock, Storage, StorageForecast, StreamStorage, Volume,
};
pub use ticket::{Ticket, TicketHand, TicketKind, TicketNote, TicketScope, TicketState};

// ---- errors

/// The body of every refusal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// Stable word for programs, e.g. `not_found`, `conflict`, `rate_limited`.
    pub code: String,
    /// English sentence for logs and developers; the console translates `code`.
    pub message: String,
    /// The request field that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `rate_limited`: seconds until the next attempt is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// `conflict`: the incident as it is now, with who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Incident>>,
    /// `nothing_recorded`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<Gap>>,
    /// `transcode_quota`: how many may run at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `transcode_quota`: how many do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<u32>,
}

// ---- sign-in

/// `GET /setup`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct SetupState {
    /// There is no account yet: the first administrator must be made with the printed code.
    pub needed: bool,
}

/// `POST /setup`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The one-time code from the service's first start.
    pub code: String,
    /// Name of the first administrator, as typed at sign-in.
    pub name: String,
    /// Their password.
    pub password: String,
}

/// `POST /session`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Account name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// `PATCH /session`: what a viewer may change about their own account. Only given fields change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnChange {
    /// Language of the console.
    pub language: Option<Language>,
    /// A new password; needs `current_password`.
    pub password: Option<String>,
    /// The password until now.
    pub current_password: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Viewer {
    /// Account number.
    pub id: i64,
    /// Account name.
    pub name: String,
    /// Name as shown.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Roots of the area subtrees in which they may do it.
    pub areas: Vec<String>,
    /// The unit that they belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Language of the console.
    pub language: Language,
    /// Where they work.
    pub site: SiteFacts,
}

/// What a signed-in viewer is told about the site itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SiteFacts {
    /// Name as shown.
    pub name: String,
    /// IANA name of the zone in which local times are shown; absent: the browser's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// What a viewer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works the dispatch queue.
    Operator,
    /// Reads incidents, clips and traces.
    Police,
    /// Works for a department or as a grid worker.
    Unit,
    /// Looks after cameras; sees no incident video.
    Technician,
    /// Looks after accounts; sees no video.
    Administrator,
    /// Reads the audit log only.
    Auditor,
}

/// Language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Language {
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

// ---- areas and cameras

/// A node of the area tree.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Area {
    /// Identifier, as in the site file.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// The area that contains this one.
    pub parent: Option<String>,
    /// `county`, `township`, `village` or `grid`.
    pub kind: String,
}

/// A camera. Police see only where it is: `main`, `sub`, `analysis`, `zones`, `lines` and `rules` are absent for
/// them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// Identifier, as in the site file.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Area identifier.
    pub area: String,
    /// Area name.
    pub area_name: String,
    /// `village`, `junction`, `crowded` or `reservoir`.
    pub place: String,
    /// The recorded stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<StreamHealth>,
    /// The analysed stream, where the camera has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<StreamHealth>,
    /// The analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisHealth>,
    /// Zones drawn on the picture.
    #[serde(default)]
    pub zones: Vec<Zone>,
    /// Lines drawn across the picture.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// What raises an alarm here.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// How one RTSP stream is doing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StreamHealth {
    /// Where its session stands.
    pub state: StreamState,
    /// Since when.
    pub since_ms: i64,
    /// Stable word for the reason, e.g. `wrong_password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_code: Option<String>,
    /// What happened, English, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What a technician can do about it, English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What the camera sends; absent until the first picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<StreamParams>,
    /// What becomes of the camera's sound; absent when it is not wanted or the camera has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<StreamAudio>,
    /// Pictures per second, over the last seconds.
    pub fps: f32,
    /// Bits per second, over the last seconds.
    pub bitrate: u64,
    /// When the last picture came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame_ms: Option<i64>,
    /// RTP packets lost or unusable since the service started.
    #[serde(default)]
    pub lost_packets: u64,
    /// Pictures that such a loss may have spoiled; they are recorded all the same.
    #[serde(default)]
    pub damaged_pictures: u64,
    /// The camera's clock minus the gateway's, by its RTCP sender reports. Recording goes by the gateway's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
}

/// The states of a stream's session that a technician reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// Switched off by the site file.
    Off,
    /// Looking up the camera's name.
    Resolving,
    /// Opening the connection and describing the stream.
    Connecting,
    /// The camera refused name or password.
    AuthFailed,
    /// The camera has no such path.
    NotFound,
    /// The camera answers but sends no media.
    NoMedia,
    /// Pictures come.
    Streaming,
    /// Pictures came and stopped.
    Stalled,
    /// Waiting before the next attempt.
    BackingOff,
    /// Trying again cannot help until a person acts; tried rarely.
    Quarantined,
    /// Ended with the service.
    Stopped,
}

/// What a stream carries.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StreamParams {
    /// `h264` or `h265`.
    pub codec: String,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// What becomes of a camera's sound.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StreamAudio {
    /// `aac`, `pcma`, `pcmu`, or what else the camera names.
    pub codec: String,
    /// Whether it goes into the recording.
    pub recorded: bool,
    /// Why it does not, English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How the analysis of one camera is doing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnalysisHealth {
    /// Where it stands.
    pub state: AnalysisState,
    /// Pictures analysed per second, over the last seconds.
    pub fps: f32,
    /// Pictures that should have been looked at since the start and were not.
    pub dropped: u64,
    /// Nothing has been seen since, although there was something to look at: the camera is blind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_since_ms: Option<i64>,
    /// The detector in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How closely it is looked at: `sizes`, `keyframes`, `few` or `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung: Option<String>,
    /// Stable word for why it stands on that rung.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung_reason: Option<String>,
    /// Since when it stands there, by the time of its pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung_since_ms: Option<i64>,
    /// What decodes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder: Option<AnalysisDecoder>,
    /// Stable word for the reason when it does not run as it should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_code: Option<String>,
    /// What a technician can do about it, English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What decodes a camera's pictures for its analysis.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnalysisDecoder {
    /// As GStreamer names it.
    pub element: String,
    /// By a unit made for it, not by the processor.
    pub is_hardware: bool,
}

/// The states of a camera's analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisState {
    /// Switched off by the site file.
    Off,
    /// No picture yet.
    Waiting,
    /// At the wanted rate.
    Running,
    /// Below the wanted rate: the machine is short of time.
    Reduced,
    /// No detector, or it failed.
    Failed,
}

/// A zone of a camera.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    /// Identifier within the camera.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Corners, 0..1 of the picture.
    pub polygon: Vec<Point>,
}

/// A line of a camera: its left and right are those of someone who walks from its first point to its second.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// Identifier within the camera.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Two points, 0..1 of the picture.
    pub points: Vec<Point>,
}

/// A point, 0..1 of the picture, from the upper left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// A rule of a camera.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Identifier within the camera.
    pub id: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// Its zone; absent: the whole picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// 1 red to 4 blue.
    pub level: u8,
    /// Line crossing: its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Line crossing: which way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<CrossingDirection>,
    /// Crowding and running: how many people raise it. Surge: how many more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// Surge: within which time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<i64>,
    /// Loitering, stopped vehicle, left object, person down: how long it must last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay_ms: Option<i64>,
    /// Accident: from which sum of its signs on, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_score: Option<f32>,
    /// What it is about, for the kinds of rules that can be about several.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub classes: Vec<String>,
    /// How long the condition must hold.
    pub hold_ms: i64,
}

// ---- incidents

/// One firing of one rule.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Alarm {
    /// Identifier.
    pub id: i64,
    /// Rule identifier within the camera.
    pub rule: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// 1 red to 4 blue.
    pub level: u8,
    /// When the condition first held.
    pub began_ms: i64,
    /// When it had held long enough.
    pub raised_ms: i64,
    /// When it ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Ended: stable word for why, e.g. `cleared`, `stream_lost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_cause: Option<String>,
    /// Codes and numbers for the sentence.
    pub evidence: Evidence,
}

/// Why a rule fired: codes and numbers; the sentence is composed in the viewer's language.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Which kind of sentence.
    pub rule_class: IncidentClass,
    /// How many were there.
    pub count: u32,
    /// How many it takes; 1 where one is enough.
    pub limit: u32,
    /// The most at once, so far.
    pub peak: u32,
    /// The zone; absent: the whole picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneName>,
    /// What was seen, e.g. `person`; the most frequent when there are several.
    pub class: String,
    /// How long the condition had held.
    pub held_ms: i64,
    /// The best score among them, 0..1.
    pub score: f32,
    /// Whose boxes to show.
    pub tracks: Vec<u64>,
    /// The camera may have been tampered with at the time, so this may be wrong: `covered`, `defocused`, `moved`, `frozen`
    /// or `signal_lost`. Absent: the usual trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_trust: Option<String>,
    /// What only some kinds of rules have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<EvidenceDetail>,
}

/// Numbers that only some kinds of rules have.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum EvidenceDetail {
    /// How a crowd grew.
    Growth {
        /// How many there were.
        from: u32,
        /// How many there are.
        to: u32,
        /// Within which time, as the rule is set.
        within_ms: i64,
    },
    /// What went over a line since the alarm began.
    Crossing {
        /// Which line, as it was called then.
        line: ZoneName,
        /// From its left to its right.
        forward: u32,
        /// From its right to its left.
        backward: u32,
    },
    /// How long it takes of a stay, a stop or a stillness.
    Stay {
        /// As the rule is set.
        limit_ms: i64,
    },
    /// What speaks for an accident; the score is the sum.
    Accident {
        /// The signs seen, each once.
        signs: Vec<AccidentSign>,
    },
    /// How fast the fastest runs.
    Speed {
        /// In its own heights per second.
        heights_per_s: f32,
    },
}

/// A sign of a traffic accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccidentSign {
    /// Two that came at each other touch.
    Contact,
    /// One went from fast to standing at once.
    AbruptStop,
    /// Both did.
    BothAbrupt,
    /// Both stand where they met.
    Halted,
    /// Someone lies beside it.
    PersonDown,
    /// One came and stays beside it.
    Bystander,
    /// Several did.
    Bystanders,
}

/// Which way across a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrossingDirection {
    /// From its left to its right.
    Forward,
    /// From its right to its left.
    Backward,
    /// Either.
    Both,
}

/// A zone as it was called then.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ZoneName {
    /// Identifier within the camera.
    pub id: String,
    /// Name as shown.
    pub name: String,
}

/// What a rule watches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentClass {
    /// Too many people in a zone.
    Crowding,
    /// People who gather fast.
    CrowdSurge,
    /// Something where it may not be.
    Intrusion,
    /// Someone at the water's edge.
    WaterEdge,
    /// A line that was crossed.
    LineCrossing,
    /// A vehicle against the allowed direction.
    WrongWay,
    /// Someone who stays too long.
    Loitering,
    /// A vehicle that stands where traffic should flow.
    StoppedVehicle,
    /// What looks like a traffic accident.
    Accident,
    /// Someone who fell and does not get up.
    PersonDown,
    /// A thing that was left behind.
    LeftObject,
    /// Several people who run.
    Running,
    /// Smoke.
    Smoke,
    /// Open flame.
    Fire,
}

// ---- clip and trace

/// `GET /incidents/{id}/clip`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Clip {
    /// Where the file is, same origin, with ranges.
    pub url: String,
    /// For `<video>`/`canPlayType`, e.g. `video/mp4; codecs="avc1.4D401E"`.
    pub mime: String,
    /// Wall time of the first picture.
    pub start_ms: i64,
    /// Wall time after the last picture.
    pub end_ms: i64,
    /// Where in the clip the first alarm began.
    pub alarm_begin_offset_s: f64,
    /// How long it plays.
    pub duration_s: f64,
    /// Pieces without a gap: from this offset on, clip time runs beside wall time.
    pub spans: Vec<ClipSpan>,
    /// What is missing, and why.
    pub gaps: Vec<Gap>,
    /// The time after the event is still being recorded: ask again.
    pub pending: bool,
}

/// A piece of a clip without a gap.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClipSpan {
    /// Where it begins in the clip.
    pub offset_s: f64,
    /// Its wall time there.
    pub wall_ms: i64,
}

/// A missing piece of recording.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// Missing from.
    pub from_ms: i64,
    /// Missing until.
    pub to_ms: i64,
    /// Stable word for the cause, e.g. `camera_offline`.
    pub cause: String,
}

/// The boxes of one analysed picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TraceFrame {
    /// When the picture was taken.
    pub wall_ms: i64,
    /// What was in it.
    pub boxes: Vec<TraceBox>,
}

/// One tracked thing in one picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TraceBox {
    /// Which thing over time.
    pub track: u64,
    /// What kind, e.g. `person`.
    pub class: String,
    /// The detector's score, 0..1.
    pub confidence: f32,
    /// Where, 0..1 of the picture.
    pub rect: Rect,
}

/// A box, 0..1 of the picture, from the upper left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rect {
    /// Left.
    pub x0: f32,
    /// Top.
    pub y0: f32,
    /// Right.
    pub x1: f32,
    /// Bottom.
    pub y1: f32,
}

// ---- live

/// Text messages of the live WebSocket. Binary messages are the fMP4 init segment, then fragments.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveMessage {
    /// A new run: reset the source buffer; the next binary message is its init segment.
    Init {
        /// For `MediaSource.addSourceBuffer`.
        mime: String,
        /// Width in pixels.
        width: u16,
        /// Height in pixels.
        height: u16,
    },
    /// The viewer was too slow; the picture goes on at the next keyframe.
    Lagged {
        /// How many pictures were left out.
        dropped: u64,
    },
    /// The camera's stream is interrupted; a new `init` follows when it is back.
    Interrupted,
    /// Nothing more comes on this socket.
    End {
        /// Why.
        reason: LiveEnd,
    },
}

/// Why a live view ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveEnd {
    /// The camera's stream was taken out of service.
    StreamEnded,
    /// The session ended or its rights changed.
    SessionEnded,
    /// The service is stopping.
    Shutdown,
}

/// Which stream of a camera to watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveStream {
    /// The large picture.
    Main,
    /// The small picture.
    #[default]
    Sub,
}

/// `event: ready` and `event: reset` of `GET /events`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventPosition {
    /// `ready`: everything up to this one has been sent. `reset`: fetch the list again, then go on from here.
    pub as_of_seq: i64,
}

/// `event: gone` of `GET /events`: an incident that is no longer this viewer's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentGone {
    /// Which.
    pub id: i64,
}

// ---- health

/// `GET /health`: for a load balancer or watchdog; says nothing about the site.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, or `denied` when the policies could not be loaded and everything else is refused.
    pub status: String,
}

// ---- accounts

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

// ---- audit

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
