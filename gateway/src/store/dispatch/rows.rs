//! What rows look like outside SQL, and how they are read.

use std::str::FromStr;

use rusqlite::{Row, types::Type};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sharpeyes_domain::{
    alarm::{EndCause, Evidence, Moment, ZoneRef},
    area::Place,
    centre::{EscalationStep, Source},
    detection::ObjectClass,
    geometry::{Confidence, NormRect},
    ids::{AccountId, AlarmId, AreaId, CameraId, ClassId, IncidentId, RuleId, TrackId, UnitId, ZoneId},
    incident::{
        Actor, Assignment, Claim, Ending, IncidentAction, IncidentState, IncidentStatus, Merging, Overlays,
        Revisit, Shelf, UrgeLevel,
    },
    level::Level,
    rule::RuleClass,
    time::{Pts, WallTime},
};

use super::{AttachmentRow, ClockRow, Revisited, Sheet, StoredAnswer, list::NO_DEADLINE, query::AlarmTime};

/// Where a camera is and what it is called, at the time of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraFacts {
    /// Which camera.
    pub id: CameraId,
    /// For people.
    pub name: String,
    /// Where it hangs.
    pub area: AreaId,
    /// What it looks at.
    pub place: Place,
}

impl From<&sharpeyes_config::Camera> for CameraFacts {
    fn from(camera: &sharpeyes_config::Camera) -> Self {
        Self {
            id: camera.id.clone(),
            name: camera.name.clone(),
            area: camera.area.clone(),
            place: camera.place,
        }
    }
}

/// The camera of an incident, as it was when the incident was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenBy {
    /// Which camera.
    pub id: CameraId,
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub place: Place,
    /// The zone; `None` for the whole picture.
    pub zone: Option<ZoneRef>,
}

/// A point on the earth, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// What a person reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// In a few words.
    pub title: String,
    /// In as many as it takes.
    pub description: Option<String>,
    /// Where, in words.
    pub location: Option<String>,
    /// Where, in numbers.
    pub position: Option<Position>,
    /// Who.
    pub reporter: Option<String>,
    /// How they can be reached.
    pub phone: Option<String>,
}

/// What the assessment proposes for the dispatch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who should lead.
    pub lead: Option<UnitId>,
    /// Who should help.
    pub assist: Vec<UnitId>,
}

/// A frozen plan, in the table of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanId(pub i64);

/// How far an escalation chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainClock {
    /// So many steps were told.
    pub told: u16,
    /// When the next one is due; `None`: none is.
    pub next: Option<WallTime>,
}

/// One item of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// Identifier, version, state, level, claim, units and marks.
    pub status: IncidentStatus,
    /// As people say it.
    pub number: String,
    /// What kind of event.
    pub class: ClassId,
    /// How it came to the centre.
    pub source: Source,
    /// The camera that saw it; `None`: a report that names no camera.
    pub camera: Option<SeenBy>,
    /// What a person reported; `None`: an alarm.
    pub report: Option<Report>,
    /// Where it is: what access is decided by.
    pub area: AreaId,
    /// Where it was before an assessment moved it, each once.
    #[serde(default)]
    pub past_areas: Vec<AreaId>,
    /// When the incident was opened.
    pub opened: WallTime,
    /// When the condition of its first alarm first held, or when it happened as the report says.
    pub began: WallTime,
    /// The last sign of any of its alarms.
    pub last_alarm: WallTime,
    /// How many alarms it has.
    pub n_alarms: u32,
    /// One of them still runs.
    pub is_ongoing: bool,
    /// Of the first alarm.
    pub evidence: Option<Evidence>,
    /// The first alarm that has a snapshot.
    pub snapshot: Option<AlarmId>,
    /// Who took it first.
    pub received_by: Option<AccountId>,
    /// The next moment by which something must have happened.
    pub deadline: Option<WallTime>,
    /// What the assessment proposes.
    pub proposal: Option<Proposal>,
    /// What it goes by.
    pub plan: PlanId,
    /// The escalation chain of that plan.
    #[serde(default)]
    pub chain: Vec<EscalationStep>,
    /// That chain's clock, once it has begun.
    #[serde(default)]
    pub chain_clock: Option<ChainClock>,
    /// Who asked the people concerned since it was last opened.
    #[serde(default)]
    pub revisited: Option<Revisited>,
}

impl IncidentRow {
    /// Which incident.
    #[must_use]
    pub const fn id(&self) -> IncidentId {
        self.status.id
    }
}

/// One firing of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRow {
    /// Which alarm.
    pub id: AlarmId,
    /// What it belongs to.
    pub incident: IncidentId,
    /// The camera that saw it.
    pub camera: CameraId,
    /// The rule that fired.
    pub rule: RuleId,
    /// What kind of event.
    pub class: RuleClass,
    /// As the rule says.
    pub level: Level,
    /// When the condition first held.
    pub began: Moment,
    /// When it had held long enough.
    pub raised: Moment,
    /// When it was last known to hold.
    pub last: WallTime,
    /// `None` while it runs.
    pub ending: Option<AlarmEnding>,
    /// The most there were at one time.
    pub peak: u32,
    /// Codes and numbers of the frame of the peak.
    pub evidence: Evidence,
    /// There is a picture of the moment it was raised.
    pub has_snapshot: bool,
}

/// How an alarm ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmEnding {
    /// When the condition last held.
    pub ended: WallTime,
    /// When that was certain.
    pub cleared: WallTime,
    /// Why.
    pub cause: EndCause,
}

/// What was done to an incident: one per version.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// The version that it made.
    pub version: i64,
    /// When.
    pub at: WallTime,
    /// What was done; `None`: it was opened.
    pub action: Option<IncidentAction>,
    /// By whom.
    pub actor: Actor,
    /// The state before; `None`: there was none.
    pub from: Option<IncidentState>,
    /// The state after.
    pub to: IncidentState,
    /// The level after.
    pub level: Level,
    /// The alarm that caused it.
    pub alarm: Option<AlarmId>,
    /// What the person wrote.
    pub note: Option<String>,
}

/// An incident with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentDetail {
    /// The incident.
    pub row: IncidentRow,
    /// Its alarms, the first one first.
    pub alarms: Vec<AlarmRow>,
    /// Its history, the opening first.
    pub history: Vec<HistoryRow>,
    /// Its files, without their bytes.
    pub attachments: Vec<AttachmentRow>,
    /// Every clock that ever ran for it.
    pub clocks: Vec<ClockRow>,
    /// Its supervision sheets.
    pub sheets: Vec<Sheet>,
}

/// Position in the change log: the event id of the live feed. 0 is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeSeq(pub i64);

/// What a change was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The incident is new.
    Opened,
    /// An action was accepted; the version is one more.
    Acted,
    /// Only an alarm changed: it got worse or ended. The version is the same.
    Alarm,
    /// Its deadlines moved with a clock that was set. The version is the same.
    Clock,
}

impl ChangeKind {
    /// As in rows and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acted => "acted",
            Self::Alarm => "alarm",
            Self::Clock => "clock",
        }
    }
}

/// One entry of the change log with the incident as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its position.
    pub seq: ChangeSeq,
    /// When.
    pub at: WallTime,
    /// What it was about.
    pub kind: ChangeKind,
    /// The incident now: never older than the change.
    pub incident: IncidentRow,
}

/// The boxes of one analysed frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameTrace {
    /// Wall time of the picture.
    #[serde(rename = "wall_ms")]
    pub wall: WallTime,
    /// Its media time in the analysed run.
    #[serde(rename = "pts_90k")]
    pub pts: Pts,
    /// What was seen.
    pub boxes: Vec<TraceBox>,
}

/// One thing in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceBox {
    /// Which track.
    pub track: TrackId,
    /// What it is.
    pub class: ObjectClass,
    /// How sure the model is.
    pub confidence: Confidence,
    /// Where it is.
    pub rect: NormRect,
}

/// All columns of [`IncidentRow`], to be followed by WHERE: four look-ups by index per row.
pub(in crate::store) const SELECT_INCIDENT: &str = "
    SELECT i.*, a.evidence AS evidence,
        EXISTS (SELECT 1 FROM alarm r WHERE r.incident = i.id AND r.ended_ms IS NULL) AS is_ongoing,
        (SELECT s.alarm FROM alarm p JOIN snapshot s ON s.alarm = p.id WHERE p.incident = i.id
            ORDER BY p.id LIMIT 1) AS snapshot,
        (SELECT json_group_array(json_object('unit', u.unit, 'is_lead', json(iif(u.is_lead, 'true', 'false')),
            'told_ms', u.told_ms, 'signed_ms', u.signed_ms, 'arrived_ms', u.arrived_ms,
            'finished_ms', u.finished_ms, 'finished_by', u.finished_by, 'reworks', u.reworks,
            'end', iif(u.ended_ms IS NULL, NULL, json_array(u.ended_ms, u.end_cause))) ORDER BY u.n)
            FROM assignment u WHERE u.incident = i.id) AS assignments,
        (SELECT p.body ->> '$.escalation' FROM plan p WHERE p.id = i.plan) AS chain,
        (SELECT json_object('told', c.fired, 'next', c.next_ms) FROM clock c
            WHERE c.incident = i.id AND c.kind = 'escalate' AND c.stopped_ms IS NULL) AS chain_clock,
        iif(i.state = 'revisited', (SELECT json_object('by', h.account, 'at', h.at_ms) FROM incident_history h
            WHERE h.incident = i.id AND h.action = 'revisit' ORDER BY h.version DESC LIMIT 1), NULL) AS revisited
    FROM incident i
    LEFT JOIN alarm a ON a.id = (SELECT min(f.id) FROM alarm f WHERE f.incident = i.id)";

/// All columns of [`AlarmRow`], to be followed by WHERE.
pub(super) const SELECT_ALARM: &str = "
    SELECT a.*, EXISTS (SELECT 1 FROM snapshot s WHERE s.alarm = a.id) AS has_snapshot FROM alarm a";

/// A column holds what this release never writes.
pub(in crate::store) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

pub(in crate::store) fn word<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get_ref(column)?.as_str()?.parse().map_err(unreadable)
}

pub(in crate::store) fn word_opt<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get_ref(column)?.as_str_or_null()?.map(str::parse).transpose().map_err(unreadable)
}

pub(in crate::store) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(unreadable)
}

pub(in crate::store) fn json_opt<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    row.get_ref(column)?.as_str_or_null()?.map(serde_json::from_str).transpose().map_err(unreadable)
}

pub(in crate::store) fn wall(row: &Row<'_>, column: &str) -> rusqlite::Result<WallTime> {
    row.get(column).map(WallTime)
}

pub(in crate::store) fn wall_opt(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<WallTime>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(WallTime))
}

pub(in crate::store) fn level(row: &Row<'_>) -> rusqlite::Result<Level> {
    let number: i64 = row.get("level")?;
    Level::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number))
}

pub(in crate::store) fn incident_row(row: &Row<'_>) -> rusqlite::Result<IncidentRow> {
    Ok(IncidentRow {
        status: status(row)?,
        number: row.get("number")?,
        class: word(row, "class")?,
        source: word(row, "source")?,
        camera: seen_by(row)?,
        report: report(row)?,
        area: word(row, "area")?,
        past_areas: json(row, "past_areas")?,
        opened: wall(row, "opened_ms")?,
        began: wall(row, "began_ms")?,
        last_alarm: wall(row, "last_alarm_ms")?,
        n_alarms: row.get("n_alarms")?,
        is_ongoing: row.get("is_ongoing")?,
        evidence: json_opt(row, "evidence")?,
        snapshot: row.get::<_, Option<i64>>("snapshot")?.map(AlarmId),
        received_by: row.get::<_, Option<i64>>("received_by")?.map(AccountId),
        deadline: Some(wall(row, "deadline_ms")?).filter(|at| at.0 != NO_DEADLINE),
        proposal: json_opt(row, "proposal")?,
        plan: PlanId(row.get("plan")?),
        chain: json_opt(row, "chain")?.unwrap_or_default(),
        chain_clock: json_opt(row, "chain_clock")?,
        revisited: json_opt(row, "revisited")?,
    })
}

fn seen_by(row: &Row<'_>) -> rusqlite::Result<Option<SeenBy>> {
    let Some(id) = word_opt(row, "camera")? else { return Ok(None) };
    let zone = match (word_opt::<ZoneId>(row, "zone")?, row.get::<_, Option<String>>("zone_name")?) {
        (Some(id), Some(name)) => Some(ZoneRef { id, name }),
        _ => None,
    };
    Ok(Some(SeenBy { id, name: row.get("camera_name")?, place: word(row, "place")?, zone }))
}

fn report(row: &Row<'_>) -> rusqlite::Result<Option<Report>> {
    let Some(title) = row.get("title")? else { return Ok(None) };
    let position = row.get::<_, Option<f64>>("latitude")?.zip(row.get("longitude")?);
    Ok(Some(Report {
        title,
        description: row.get("description")?,
        location: row.get("location")?,
        position: position.map(|(latitude, longitude)| Position { latitude, longitude }),
        reporter: row.get("reporter")?,
        phone: row.get("reporter_phone")?,
    }))
}

fn status(row: &Row<'_>) -> rusqlite::Result<IncidentStatus> {
    let state: IncidentState = word(row, "state")?;
    let previous: Option<IncidentState> = word_opt(row, "previous_state")?;
    let claim = match (row.get::<_, Option<i64>>("owner")?, wall_opt(row, "lease_until_ms")?) {
        (Some(owner), Some(until)) => Some(Claim { owner: AccountId(owner), until }),
        _ => None,
    };
    let shelf = wall_opt(row, "shelf_until_ms")?.zip(previous).map(|(until, from)| Shelf { until, from });
    let into = row.get::<_, Option<i64>>("merged_into")?.map(IncidentId);
    let merging = into.zip(previous).map(|(into, from)| Merging { into, from });
    let ending = match wall_opt(row, "ended_ms")? {
        None => None,
        Some(at) if state == IncidentState::Rejected => {
            Some(Ending::Rejected { reason: word(row, "end_reason")?, at })
        }
        Some(at) => Some(Ending::Closed { reason: word(row, "end_reason")?, at }),
    };
    let revisit = match word_opt(row, "revisit_result")? {
        Some(result) => Some(Revisit { result, satisfaction: word_opt(row, "satisfaction")? }),
        None => None,
    };
    let urged: u8 = row.get("urged")?;
    let assignments: Vec<Assignment> = json(row, "assignments")?;
    let status = IncidentStatus {
        id: IncidentId(row.get("id")?),
        version: row.get("version")?,
        state,
        level: level(row)?,
        claim,
        due: wall_opt(row, "due_ms")?,
        shelf,
        merging,
        ending,
        revisit,
        assignments,
        overlays: Overlays {
            urged: UrgeLevel::ALL.iter().copied().find(|level| level.number() == urged),
            extended: row.get("extended")?,
            asked_due: wall_opt(row, "asked_due_ms")?,
            asked_hold: wall_opt(row, "asked_hold_ms")?,
            asked_hold_by: word_opt(row, "asked_hold_unit")?,
            held: wall_opt(row, "held_since_ms")?,
            overdue: row.get("overdue")?,
            rework: row.get("rework")?,
            reopened: row.get("reopened")?,
            close_suggested: row.get("close_suggested")?,
            escalated: row.get("escalated")?,
            archived: wall_opt(row, "archived_ms")?,
        },
    };
    status.check().map_err(unreadable)?;
    Ok(status)
}

pub(super) fn alarm_row(row: &Row<'_>) -> rusqlite::Result<AlarmRow> {
    let ending = match (wall_opt(row, "ended_ms")?, wall_opt(row, "cleared_ms")?, word_opt(row, "end_cause")?)
    {
        (Some(ended), Some(cleared), Some(cause)) => Some(AlarmEnding { ended, cleared, cause }),
        _ => None,
    };
    Ok(AlarmRow {
        id: AlarmId(row.get("id")?),
        incident: IncidentId(row.get("incident")?),
        camera: word(row, "camera")?,
        rule: word(row, "rule")?,
        class: word(row, "class")?,
        level: level(row)?,
        began: Moment { pts: Pts(row.get("began_90k")?), wall: wall(row, "began_ms")? },
        raised: Moment { pts: Pts(row.get("raised_90k")?), wall: wall(row, "raised_ms")? },
        last: wall(row, "last_ms")?,
        ending,
        peak: row.get("peak")?,
        evidence: json(row, "evidence")?,
        has_snapshot: row.get("has_snapshot")?,
    })
}

pub(super) fn alarm_time(row: &Row<'_>) -> rusqlite::Result<AlarmTime> {
    Ok(AlarmTime {
        id: AlarmId(row.get(0)?),
        camera: word(row, "camera")?,
        began: wall(row, "began_ms")?,
        last: wall(row, "last_ms")?,
        is_over: row.get(4)?,
    })
}

pub(super) fn history_row(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    let account: Option<i64> = row.get("account")?;
    let detail: Option<String> = row.get("detail")?;
    Ok(HistoryRow {
        version: row.get("version")?,
        at: wall(row, "at_ms")?,
        action: detail.map(|detail| serde_json::from_str(&detail)).transpose().map_err(unreadable)?,
        actor: account.map_or(Actor::Machine, |account| Actor::Person(AccountId(account))),
        from: word_opt(row, "state_from")?,
        to: word(row, "state_to")?,
        level: level(row)?,
        alarm: row.get::<_, Option<i64>>("alarm")?.map(AlarmId),
        note: row.get("note")?,
    })
}

pub(super) fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    let kind: String = row.get("change_kind")?;
    let kind = match kind.as_str() {
        "opened" => ChangeKind::Opened,
        "alarm" => ChangeKind::Alarm,
        "clock" => ChangeKind::Clock,
        // A newer release may know more kinds; for whoever follows the feed they are changes all the same.
        _ => ChangeKind::Acted,
    };
    Ok(Change {
        seq: ChangeSeq(row.get("change_seq")?),
        at: wall(row, "change_at_ms")?,
        kind,
        incident: incident_row(row)?,
    })
}

pub(super) fn frames(row: &Row<'_>) -> rusqlite::Result<Vec<FrameTrace>> {
    json(row, "frames")
}

pub(super) fn stored_answer(row: &Row<'_>) -> rusqlite::Result<StoredAnswer> {
    Ok(StoredAnswer { request: row.get(0)?, answer: row.get(1)? })
}
