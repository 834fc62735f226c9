//! A bulletin as it is kept: JSON that says all by itself, names included. Files are written from it and from nothing
//! else, so what is printed is what was counted.
//!
//! It is on the wire too; fields are only ever added, and what is added has a default.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a bulletin is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulletinKind {
    /// One day (日报).
    Daily,
    /// Seven days from a Monday (周报).
    Weekly,
    /// A month of the calendar (月报).
    Monthly,
    /// A topic over any time (专报).
    Special,
    /// One incident (快报, 一事一报).
    Flash,
}

impl BulletinKind {
    /// As in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Special => "special",
            Self::Flash => "flash",
        }
    }
}

/// So many of so many; the share itself is left to who shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// The numerator.
    pub n: u64,
    /// The denominator; 0: there was nothing that could be asked about.
    pub of: u64,
}

/// Something with its names, as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Identifier.
    pub id: String,
    /// In Chinese.
    pub name: String,
    /// In English; absent: it has no other name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
}

/// What became of the incidents that came within a time. Whatever is not a share is a number of incidents, or of times
/// where it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Came: settled, open and merged ones together.
    pub received: u64,
    /// Closed or rejected, and not opened again.
    pub settled: u64,
    /// Still need someone.
    pub open: u64,
    /// Part of another incident.
    pub merged: u64,
    /// Taken by somebody (受理).
    pub accepted: u64,
    /// Taken in time, of those taken or late (按时受理).
    pub accepted_in_time: Share,
    /// Settled in time, of those settled or late (按时办结).
    pub settled_in_time: Share,
    /// With any clock that ran out, units' too (超时).
    pub overdue: u64,
    /// Open, and late (超时未办结).
    pub open_overdue: u64,
    /// Closed as handled.
    pub handled: u64,
    /// Closed as false alarms.
    pub false_alarms: u64,
    /// Closed as a duplicate, a test, or with nothing to be done.
    pub otherwise_closed: u64,
    /// Not accepted (不予受理).
    pub rejected: u64,
    /// Told to a unit.
    pub dispatched: u64,
    /// Given back by units (退回), each time.
    pub returns: u64,
    /// Work that was not accepted (返工), each time.
    pub reworks: u64,
    /// Clocks stopped (挂起), each time.
    pub holds: u64,
    /// Due times put off (延期), each time.
    pub extensions: u64,
    /// Reminded or pressed for (催办), each time.
    pub urges: u64,
    /// Supervision sheets (督办单).
    pub supervisions: u64,
    /// Opened again, each time.
    pub reopenings: u64,
    /// Revisited, of those closed as handled (回访).
    pub revisited: Share,
    /// The people concerned were reached, of those revisited.
    pub reached: Share,
    /// Satisfied or fairly so, of the answers (满意率).
    pub satisfied: Share,
    /// Dissatisfied ones among the answers (不满意).
    pub dissatisfied: u64,
}

/// What became of what a unit was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitTally {
    /// Told, each time (派遣).
    pub told: u64,
    /// Signed in in time, of those signed in or late (按时报到).
    pub signed_in_time: Share,
    /// Arrived in time, of those arrived or late (按时到场).
    pub arrived_in_time: Share,
    /// Done in time, of those done or late (按时办结).
    pub finished_in_time: Share,
    /// Done.
    pub finished: u64,
    /// Neither done nor given back nor taken away.
    pub open: u64,
    /// Of these, those whose time has run out.
    pub open_overdue: u64,
    /// Given back.
    pub returned: u64,
    /// Taken away.
    pub withdrawn: u64,
    /// Not accepted, each time.
    pub reworks: u64,
    /// Late with signing in, arriving or being done, of those told (超时率).
    #[serde(default)]
    pub overdue: Share,
    /// Satisfied or fairly so, of the answers of the people concerned (满意率).
    #[serde(default)]
    pub satisfied: Share,
}

/// How long something took: the middle and the slow end, whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spread {
    /// How many.
    pub n: u64,
    /// Half were at least as fast; absent: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_s: Option<u64>,
    /// Nine of ten were at least as fast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_s: Option<u64>,
}

/// Of one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LevelRow {
    /// 1 (red) to 4.
    pub level: u8,
    /// Its incidents.
    pub tally: Tally,
    /// How many came in the time before; absent: they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// Of one class, or of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedRow {
    /// Of what.
    pub of: Named,
    /// Its incidents.
    pub tally: Tally,
    /// How many came in the time before; absent: they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// Of one area with all that lies in it: areas' rows overlap, and are not to be added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AreaRow {
    /// Which.
    pub of: Named,
    /// `county`, `township`, `village` or `grid`.
    pub kind: String,
    /// What it lies in; absent: in nothing that is reported on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How deep below the areas that are reported on, which are at 0.
    pub depth: u32,
    /// Its incidents.
    pub tally: Tally,
}

/// Of one unit: parts of incidents, each time that it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitRow {
    /// Which.
    pub of: Named,
    /// Its parts.
    pub tally: UnitTally,
}

/// Of the incidents that came on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayRow {
    /// `2026-11-26`, on the site's calendar.
    pub day: String,
    /// Came.
    pub received: u64,
    /// Of these, closed or rejected.
    pub settled: u64,
    /// Of these, closed as false alarms.
    pub false_alarms: u64,
    /// Of these, with a clock that ran out.
    pub overdue: u64,
}

/// Where and when what happens. Areas are those that are reported on and their direct children, each with all in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heat {
    /// Where.
    pub areas: Vec<Named>,
    /// Indexes into `areas` of those that are reported on: together they are all, without counting anything twice.
    pub tops: Vec<u32>,
    /// Rows: classes.
    pub classes: Vec<Named>,
    /// Only where there is something.
    pub cells: Vec<HeatCell>,
}

/// Incidents of a class that began in an area in an hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeatCell {
    /// Index into `areas`.
    pub area: u32,
    /// Index into `classes`.
    pub class: u32,
    /// 0 to 23, on the site's clocks.
    pub hour: u8,
    /// How many.
    pub n: u64,
}

/// How long the steps took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Times {
    /// From coming to being taken.
    pub accept: Spread,
    /// From a unit's being told to its signing in.
    pub sign: Spread,
    /// From a unit's being told to its arrival.
    pub arrive: Spread,
    /// From coming to being settled.
    pub settle: Spread,
}

/// Units at red incidents, of those with an arrival (一三五分钟快速反应圈).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArrivalRow {
    /// So soon after they were told.
    pub within_s: u64,
    /// So many.
    pub share: Share,
}

/// What was there before, what came and went, and what is left, whenever it came. Merging and opening again move the
/// backlog too, so the numbers need not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Open when the time began.
    pub open_before: u64,
    /// Came within it.
    pub received: u64,
    /// Closed or rejected within it, each time.
    pub settled: u64,
    /// Open when it ended.
    pub open_after: u64,
}

/// The alarms of one rule of one camera at one level, by what operators found their incidents to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccuracyRow {
    /// Which camera.
    pub camera: String,
    /// Its name.
    pub camera_name: String,
    /// Which rule.
    pub rule: String,
    /// What the rule looks for.
    pub class: String,
    /// As the rule says, 1 (red) to 4.
    pub level: u8,
    /// All.
    pub alarms: u64,
    /// Their incidents were closed as handled, or with nothing to be done: something was there.
    pub confirmed: u64,
    /// Their incidents were closed as false alarms.
    pub false_alarms: u64,
    /// Not said: open, rejected, a test, a duplicate.
    pub undecided: u64,
    /// Confirmed of those that were decided.
    pub accuracy: Share,
}

/// How often alarms were right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accuracy {
    /// All.
    pub alarms: u64,
    /// Something was there.
    pub confirmed: u64,
    /// Nothing was there.
    pub false_alarms: u64,
    /// Not said.
    pub undecided: u64,
    /// Confirmed of those that were decided.
    pub accuracy: Share,
    /// Confirmed incidents that people reported though a camera saw the place (人工补录).
    #[serde(default)]
    pub missed: u64,
    /// By camera, rule, class and level.
    pub rows: Vec<AccuracyRow>,
}

/// The time that a report is compared with: as long, or the same piece of the calendar, right before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Previous {
    /// From here on.
    pub from_ms: i64,
    /// And before then.
    pub to_ms: i64,
    /// Came within it.
    pub received: u64,
}

/// A red incident (红色事件).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedRow {
    /// As people say it.
    pub number: String,
    /// What kind of event.
    pub class: Named,
    /// Where.
    pub area: Named,
    /// The camera's name, or the place in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// In a few words; absent of an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it came.
    pub opened_ms: i64,
    /// When somebody first took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_ms: Option<i64>,
    /// When the first unit arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_ms: Option<i64>,
    /// When it was closed or rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_ms: Option<i64>,
    /// Where it stood.
    pub state: String,
    /// Why it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Any clock of it ran out.
    pub is_overdue: bool,
    /// The units that were told.
    pub units: Vec<Named>,
}

/// A unit gave something back (退回).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnRow {
    /// The incident's number.
    pub number: String,
    /// Which unit.
    pub unit: Named,
    /// When.
    pub at_ms: i64,
    /// Why, as it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A fault of a camera that touched the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FaultRow {
    /// Which camera.
    pub camera: Named,
    /// The kind of its ticket.
    pub kind: String,
    /// When it began first.
    pub first_ms: i64,
    /// When it was over; absent: it was not when they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_ms: Option<i64>,
    /// How often it began.
    pub times: u32,
}

/// What the numbers are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Areas, each with all that lies in it.
    pub areas: Vec<Named>,
    /// Only of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Named>,
    /// Only from this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// Only what this unit was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Named>,
}

/// What a centre is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// Incidents that came from here on.
    pub from_ms: i64,
    /// And before then.
    pub to_ms: i64,
    /// As they stood then: what was done later is not looked at.
    pub as_of_ms: i64,
    /// The last change of the data that was there when they were counted.
    pub as_of_seq: i64,
    /// What they are about.
    pub coverage: Coverage,
    /// All.
    pub total: Tally,
    /// By level, as it was judged then.
    pub levels: Vec<LevelRow>,
    /// By class.
    pub classes: Vec<NamedRow>,
    /// By how they came.
    pub sources: Vec<NamedRow>,
    /// By area, parents before children; only where there is something.
    pub areas: Vec<AreaRow>,
    /// By unit.
    pub units: Vec<UnitRow>,
    /// Day by day.
    pub days: Vec<DayRow>,
    /// Class by area by hour.
    pub heat: Heat,
    /// How long the steps took.
    pub times: Times,
    /// At red incidents, how soon units arrived.
    pub red_arrivals: Vec<ArrivalRow>,
    /// The backlog; absent when asked about one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// How often alarms were right. Without rows when asked about a unit or another source than cameras.
    pub accuracy: Accuracy,
    /// What it is compared with; absent in reports of older releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// Red incidents in the order in which they came, at most 200.
    #[serde(default)]
    pub reds: Vec<RedRow>,
    /// What units gave back, at most 200.
    #[serde(default)]
    pub returns: Vec<ReturnRow>,
    /// Faults of cameras that touched the time, as their tickets stood when they were counted, at most 200: those that
    /// last first, then by when they began. Without rows when asked about a class, a source or a unit. Only of cameras
    /// whose health the asker may see.
    #[serde(default)]
    pub faults: Vec<FaultRow>,
    /// How many faults there are, listed or not; absent in reports of older releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_faults: Option<u64>,
}

/// One line of an incident's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlashStep {
    /// When.
    pub at_ms: i64,
    /// What was done, as in histories: `open`, `claim`, `dispatch`, …
    pub action: String,
    /// Who did it; absent: the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Which unit it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One unit's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlashUnit {
    /// Which.
    pub name: String,
    /// It leads.
    pub is_lead: bool,
    /// Told.
    pub told_ms: i64,
    /// Signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_ms: Option<i64>,
    /// Arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_ms: Option<i64>,
    /// Done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
}

/// One incident, as a leader reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Flash {
    /// Which.
    pub incident: i64,
    /// As people say it.
    pub number: String,
    /// What kind of event.
    pub class: Named,
    /// 1 (red) to 4.
    pub level: u8,
    /// Where it stands.
    pub state: String,
    /// How it came.
    pub source: Named,
    /// In a few words; absent of an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// In more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// From the root down.
    pub area_path: Vec<String>,
    /// The camera's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// The zone's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Degrees north, WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// When it began.
    pub began_ms: i64,
    /// When it was opened.
    pub opened_ms: i64,
    /// When the units should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// How many alarms it has.
    pub alarms: u32,
    /// A clock of it has run out.
    pub is_overdue: bool,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The units.
    pub units: Vec<FlashUnit>,
    /// What was done, the first first.
    pub history: Vec<FlashStep>,
    /// The picture of its first alarm: JPEG in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// SHA-256 of the picture, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture_sha256: Option<String>,
    /// Which report of this incident it is, from 1 (第几期); 0 in reports of older releases, which did not count them.
    #[serde(default)]
    pub edition: u32,
}

/// A report over a period, a topic or one incident, as it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bulletin {
    /// What it is about.
    pub kind: BulletinKind,
    /// As whoever made it called it; empty: by its kind and time.
    pub title: String,
    /// The site's name.
    pub site: String,
    /// The site's time zone: days and hours are in it.
    pub time_zone: String,
    /// When it was made.
    pub made_ms: i64,
    /// Who made it.
    pub made_by: String,
    /// The numbers; absent of a flash report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Statistics>,
    /// The incident of a flash report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flash: Option<Flash>,
}
