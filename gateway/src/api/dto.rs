//! The wire: every JSON shape that the console and other clients see. Nothing else becomes the API by accident.
//!
//! Times are Unix milliseconds UTC with the suffix `_ms`, offsets within a clip are seconds with `_s`,
//! coordinates are 0..1 of the picture. The types generate the OpenAPI document and with it the console's types.
//! Conversions from domain and store types live in `convert`; there is no logic here.

mod account;
mod alarm;
mod centre;
mod console;
mod handover;
mod map;
mod noise;
mod outbound;
mod queue;
mod recording;
mod statistics;
mod storage;
mod ticket;
mod trial;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use account::{Account, AccountChange, AuditList, AuditRow, AuditVerdict, NewAccount};
pub use alarm::{
    AccidentSign, Alarm, CrossingDirection, Evidence, EvidenceDetail, IncidentClass, Line, Point, Rule, Zone,
    ZoneName,
};
pub use centre::{
    Calendar, Centre, Class, Deadline, DutyToday, Escalation, IncidentReport, IntakeReport, OwnReport,
    ReportFile, Reported, SavedView, Source, Unit, ViewToSave,
};
pub use console::{ConsoleBeat, ConsoleSound, ConsoleWord, DeafConsole, DeafReason};
pub use handover::{
    Handover, HandoverSignature, HandoverState, HandoverVerb, NewHandover, Shift, ShiftCount, ShiftFault,
    ShiftItem, ShiftSummary, Signature, Wall, WallCameras, WallFault, WallUnit,
};
pub use map::{Flood, Map, MapTiles};
pub use noise::{Noise, NoiseBudget, NoiseExcess, NoiseSource};
pub use outbound::{
    OutboundError, OutboundMessage, OutboundResend, OutboundResent, OutboundState, OutboundTarget,
};
pub use queue::{
    AlarmPage, Assignment, Attached, Attachment, ClockRow, CloseReason, Escalated, HistoryPage, HistoryRow,
    Incident, IncidentCommand, IncidentDetail, IncidentList, IncidentScope, IncidentState, IncidentVerb,
    Look, NextStep, Person, Proposal, QueueCounts, RejectReason, ReopenReason, RevisitCounts, RevisitResult,
    Satisfaction, SheetUnit, SupervisionSheet, WorkCommand, WorkVerb,
};
pub use recording::{
    FootagePurpose, JumpDirection, NearAlarm, Recording, RecordingSpan, Timeline, TimelineAlarm, TimelineGap,
    TimelineHold, TimelineRow, TimelineSpan,
};
pub use statistics::{
    AlarmAccuracy, Bulletin, BulletinFormat, BulletinKind, BulletinLanguage, BulletinRow, LedgerFormat,
    NewBulletin, Statistics,
};
pub use storage::{
    Deletion, DeletionReason, DiskState, Hold, HoldRelease, HoldScope, HoldStream, LegalBasis, NewHold,
    RetentionClock, Storage, StorageForecast, StreamStorage, TierBytes, Volume,
};
pub use ticket::{
    BlindCamera, BlindCameras, Ticket, TicketHand, TicketKind, TicketList, TicketNote, TicketScope,
    TicketState,
};
pub use trial::{
    CameraRules, ComparedAlarm, NewTrial, RuleProblem, RuleVerdicts, ShadowAlarm, ShadowAlarms, ShadowModel,
    Trial, TrialAlarm, TrialBlind, TrialDetail, TrialLiveAlarm, TrialResult, TrialSide, TrialState,
    WrittenRule,
};

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
    /// `bad_rules`: all that is wrong, each with its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<Vec<RuleProblem>>,
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
    /// Where it is on the site's plan, 0..1 from the upper left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
    /// Degrees north, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
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
    /// Up to when the stream is recorded; absent when it is not to be, or nothing is yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_until_ms: Option<i64>,
    /// Failures of disk or index over its recording since the service started.
    #[serde(default)]
    pub recording_failures: u64,
    /// How often its recording paused because the disk did not keep up.
    #[serde(default)]
    pub backlog_drops: u64,
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
    /// The execution provider of ONNX Runtime that computes: `cpu` or `openvino`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
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
    /// Elements of a higher rank that could not, the highest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub passed_over: Vec<PassedOverDecoder>,
}

/// A decoder that was tried for a camera and gave no picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PassedOverDecoder {
    /// As GStreamer names it.
    pub element: String,
    /// Why, in its own words, English.
    pub reason: String,
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

// ---- clip and trace

/// `GET /incidents/{id}/clip`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Clip {
    /// Where the file is, same origin, with ranges.
    pub url: String,
    /// The same re-coded as H.264 while it is read, without ranges: for browsers that cannot play `mime`.
    pub h264: String,
    /// For `<video>`/`canPlayType`, e.g. `video/mp4; codecs="avc1.4D401E"`.
    pub mime: String,
    /// Wall time of the first picture.
    pub start_ms: i64,
    /// Wall time after the last picture.
    pub end_ms: i64,
    /// Ask on from here: what follows of the wanted stretch is coded otherwise, and is a file of its own.
    pub continues_ms: Option<i64>,
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
