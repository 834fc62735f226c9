//! From the gateway's types to the wire's and back. Closed sets are matched without `_`, so that a new word cannot
//! reach the wire by accident.

use std::collections::HashMap;

use sharpeyes_config::{Camera, Site};
use sharpeyes_domain::{
    access::Role,
    alarm::{Detail, Evidence, Sign},
    area::Area,
    centre::{Basis, Source},
    detection::ObjectClass,
    handover::{HandoverState, HandoverVerb, Signature},
    ids::{AccountId, AreaId, UnitId},
    incident::{
        Actor, Assignment, CloseReason, Ending, IncidentAction, IncidentState, RejectReason, ReopenReason,
        RevisitResult, Satisfaction,
    },
    rule::{Direction, RuleClass, RuleConfig, RuleKind},
    segment::Gap,
    ticket::{TicketKind, TicketState},
    trial::TrialState,
    zone::{Line, Zone},
};

use super::{
    dto,
    ports::{AnalysisReport, AnalysisState},
};
use crate::{
    access::viewer::{Language, Viewer},
    analyze::decode::{DecoderElement, PassedOver},
    desk::Desk,
    ingest::{AudioState, Status, StreamState},
    record::{RecordStatus, clip::ClipSpan},
    store::{
        accounts::AccountRow,
        audit::AuditRow,
        dispatch::{
            AlarmRow, AttachmentRow, ClockRow, FrameTrace, HistoryRow, IncidentRow, Issued, Proposal, Sheet,
            SheetUnit, TraceBox, Which,
        },
    },
};

/// Two sets with the same members, both ways.
macro_rules! same {
    ($ours:ident = $wire:ident { $($member:ident),+ $(,)? }) => {
        impl From<$ours> for dto::$wire {
            fn from(ours: $ours) -> Self {
                match ours { $($ours::$member => Self::$member,)+ }
            }
        }

        impl From<dto::$wire> for $ours {
            fn from(wire: dto::$wire) -> Self {
                match wire { $(dto::$wire::$member => Self::$member,)+ }
            }
        }
    };
}

same!(HandoverState = HandoverState { Open, Accepted, Refused, Withdrawn, Lapsed });
same!(HandoverVerb = HandoverVerb { Accept, Refuse, Withdraw });
same!(Signature = Signature { Session, Password });
same!(Role = Role { Operator, Police, Unit, Technician, Administrator, Auditor });
same!(Language = Language { Chinese, English });
same!(
    RuleClass = IncidentClass {
        Crowding,
        CrowdSurge,
        Intrusion,
        WaterEdge,
        LineCrossing,
        WrongWay,
        Loitering,
        StoppedVehicle,
        Accident,
        PersonDown,
        LeftObject,
        Running,
        Smoke,
        Fire,
    }
);
same!(Direction = CrossingDirection { Forward, Backward, Both });
same!(Sign = AccidentSign { Contact, AbruptStop, BothAbrupt, Halted, PersonDown, Bystander, Bystanders });
same!(TrialState = TrialState { Waiting, Running, Done, Cancelled, TimedOut, Failed, Interrupted });
same!(TicketState = TicketState { Open, Acknowledged, Recovered, Closed });
same!(
    TicketKind = TicketKind {
        Stream,
        Covered,
        Defocused,
        Moved,
        Frozen,
        SignalLost,
        AnalysisBlind,
        Recording,
        Disk,
        Clock,
        CanaryMissing,
        Outbound,
        Storage,
        HoldReview,
        Unmanned,
        Noisy,
        Untimed,
    }
);
same!(CloseReason = CloseReason { Handled, FalseAlarm, Duplicate, Test, NoAction });
same!(ReopenReason = ReopenReason { Recurred, Mistake, NewEvidence, Discontent });
same!(RejectReason = RejectReason { NotOurs, OutOfScope, Unclear });
same!(RevisitResult = RevisitResult { Reached, Unreachable, NobodyConcerned });
same!(Satisfaction = Satisfaction { Satisfied, Fairly, Dissatisfied });
same!(Source = Source { Camera, Operator, Grid, Police, Hotline, Government, App, Visit, Superior, Patrol });
same!(
    IncidentState = IncidentState {
        New,
        Claimed,
        Assessed,
        Dispatched,
        Signed,
        Handling,
        Done,
        Verified,
        Closed,
        Revisited,
        Rejected,
        Merged,
        Shelved,
    }
);

impl From<dto::IncidentScope> for Which {
    fn from(scope: dto::IncidentScope) -> Self {
        match scope {
            dto::IncidentScope::Open => Self::Open,
            dto::IncidentScope::Closed => Self::Over,
            dto::IncidentScope::All => Self::All,
            dto::IncidentScope::Revisit => Self::Revisit,
        }
    }
}

impl From<StreamState> for dto::StreamState {
    fn from(state: StreamState) -> Self {
        match state {
            StreamState::Resolving => Self::Resolving,
            StreamState::Connecting => Self::Connecting,
            StreamState::AuthFailed => Self::AuthFailed,
            StreamState::NotFound => Self::NotFound,
            StreamState::NoMedia => Self::NoMedia,
            StreamState::Streaming => Self::Streaming,
            StreamState::Stalled => Self::Stalled,
            StreamState::BackingOff => Self::BackingOff,
            StreamState::Quarantined => Self::Quarantined,
            StreamState::Stopped => Self::Stopped,
        }
    }
}

/// A viewer as they see themselves.
pub(super) fn viewer(viewer: &Viewer, site: &Site) -> dto::Viewer {
    dto::Viewer {
        id: viewer.account.0,
        name: viewer.name.clone(),
        display_name: viewer.display_name.clone(),
        role: viewer.role.into(),
        areas: texts(&viewer.areas),
        unit: viewer.unit.as_ref().map(ToString::to_string),
        language: viewer.language.into(),
        site: dto::SiteFacts {
            name: site.name.clone(),
            timezone: site.timezone.iana_name().map(str::to_owned),
        },
    }
}

impl From<&AccountRow> for dto::Account {
    fn from(row: &AccountRow) -> Self {
        Self {
            id: row.id.0,
            name: row.name.clone(),
            display_name: row.display_name.clone(),
            role: row.role.into(),
            areas: texts(&row.areas),
            unit: row.unit.as_ref().map(ToString::to_string),
            language: row.language.into(),
            disabled: row.disabled,
            created_ms: row.created.0,
            last_sign_in_ms: row.last_sign_in.map(|at| at.0),
        }
    }
}

fn texts(areas: &[AreaId]) -> Vec<String> {
    areas.iter().map(|area| area.as_str().to_owned()).collect()
}

impl From<&AuditRow> for dto::AuditRow {
    fn from(row: &AuditRow) -> Self {
        Self {
            seq: row.seq,
            at_ms: row.at.0,
            account: row.account,
            name: row.name.clone(),
            role: row.role.as_deref().and_then(|role| role.parse::<Role>().ok()).map(Into::into),
            action: row.action.clone(),
            object: row.object.clone(),
            purpose: row.purpose.clone(),
            source: row.source.clone(),
            outcome: row.outcome.clone(),
            detail: row.detail.clone(),
            hash: hex::encode(&row.hash),
        }
    }
}

impl From<&Area> for dto::Area {
    fn from(area: &Area) -> Self {
        Self {
            id: area.id.as_str().to_owned(),
            name: area.name.clone(),
            parent: area.parent.as_ref().map(|parent| parent.as_str().to_owned()),
            kind: area.kind.as_str().to_owned(),
        }
    }
}

/// The area's name; its id when the site no longer has it.
pub(super) fn area_name(site: &Site, area: &AreaId) -> String {
    site.areas.area(area).map_or_else(|| area.as_str().to_owned(), |area| area.name.clone())
}

/// Where a camera is, without how it is doing.
#[expect(clippy::cast_possible_truncation, reason = "a place on a picture: single precision is plenty")]
pub(super) fn camera(camera: &Camera, area_name: String) -> dto::Camera {
    dto::Camera {
        id: camera.id.as_str().to_owned(),
        name: camera.name.clone(),
        area: camera.area.as_str().to_owned(),
        area_name,
        place: camera.place.as_str().to_owned(),
        at: camera.at.map(|[x, y]| dto::Point { x: x as f32, y: y as f32 }),
        latitude: camera.position.map(|point| point.latitude),
        longitude: camera.position.map(|point| point.longitude),
        main: None,
        sub: None,
        analysis: None,
        zones: Vec::new(),
        lines: Vec::new(),
        rules: Vec::new(),
    }
}

/// A stream's session.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates for people: a float cast saturates, and a rate is not negative"
)]
pub(super) fn stream(status: &Status, recorded: Option<&RecordStatus>) -> dto::StreamHealth {
    dto::StreamHealth {
        state: status.state.into(),
        since_ms: status.since.0,
        message_code: status.fault.as_ref().map(|fault| fault.code.to_owned()),
        message: status.fault.as_ref().map(|fault| fault.message.clone()),
        remedy: status.fault.as_ref().map(|fault| fault.remedy.to_owned()),
        params: status.params.as_ref().map(|params| dto::StreamParams {
            codec: params.codec.as_str().to_owned(),
            width: params.width_px,
            height: params.height_px,
        }),
        audio: stream_audio(&status.audio),
        fps: status.fps as f32,
        bitrate: (status.kbps * 1000.0) as u64,
        last_frame_ms: status.newest.map(|at| at.0),
        lost_packets: status.lost_packets,
        damaged_pictures: status.damaged_pictures,
        clock_offset_ms: status.clock_offset_ms,
        recorded_until_ms: recorded.and_then(|recorded| recorded.written_until).map(|until| until.0),
        recording_failures: recorded.map_or(0, |recorded| recorded.n_failures),
        backlog_drops: status.backlog_drops,
    }
}

fn stream_audio(audio: &AudioState) -> Option<dto::StreamAudio> {
    match audio {
        AudioState::Off => None,
        AudioState::Recorded(params) => {
            Some(dto::StreamAudio { codec: params.codec.as_str().to_owned(), recorded: true, message: None })
        }
        AudioState::LeftOut { coding, reason } => {
            let message = Some(reason.clone());
            Some(dto::StreamAudio { codec: coding.clone(), recorded: false, message })
        }
    }
}

/// A stream that nothing connects to.
pub(super) fn stream_off() -> dto::StreamHealth {
    dto::StreamHealth {
        state: dto::StreamState::Off,
        since_ms: 0,
        message_code: None,
        message: None,
        remedy: None,
        params: None,
        audio: None,
        fps: 0.0,
        bitrate: 0,
        last_frame_ms: None,
        lost_packets: 0,
        damaged_pictures: 0,
        clock_offset_ms: None,
        recorded_until_ms: None,
        recording_failures: 0,
        backlog_drops: 0,
    }
}

/// A camera's analysis.
pub(super) fn analysis(report: AnalysisReport) -> dto::AnalysisHealth {
    dto::AnalysisHealth {
        state: match report.state {
            AnalysisState::Waiting => dto::AnalysisState::Waiting,
            AnalysisState::Running => dto::AnalysisState::Running,
            AnalysisState::Reduced => dto::AnalysisState::Reduced,
            AnalysisState::Failed => dto::AnalysisState::Failed,
        },
        fps: report.fps,
        dropped: report.dropped,
        blind_since_ms: report.blind_since.map(|since| since.0),
        model: report.model.map(|model| model.as_str().to_owned()),
        provider: Some(report.provider.as_str().to_owned()),
        rung: report.place.map(|place| place.rung.as_str().to_owned()),
        rung_reason: report.place.map(|place| place.reason.as_str().to_owned()),
        rung_since_ms: report.place.and_then(|place| place.since).map(|since| since.0),
        decoder: report.decoder.map(decoder),
        message_code: report.message_code,
        remedy: report.remedy,
    }
}

/// Analysis switched off.
pub(super) fn analysis_off() -> dto::AnalysisHealth {
    dto::AnalysisHealth {
        state: dto::AnalysisState::Off,
        fps: 0.0,
        dropped: 0,
        blind_since_ms: None,
        model: None,
        provider: None,
        rung: None,
        rung_reason: None,
        rung_since_ms: None,
        decoder: None,
        message_code: None,
        remedy: None,
    }
}

impl From<&Zone> for dto::Zone {
    fn from(zone: &Zone) -> Self {
        Self {
            id: zone.id.as_str().to_owned(),
            name: zone.name.clone(),
            polygon: zone.polygon.corners().iter().map(|at| dto::Point { x: at.x, y: at.y }).collect(),
        }
    }
}

impl From<&Line> for dto::Line {
    fn from(line: &Line) -> Self {
        Self {
            id: line.id.as_str().to_owned(),
            name: line.name.clone(),
            points: line.points().iter().map(|at| dto::Point { x: at.x, y: at.y }).collect(),
        }
    }
}

impl From<&RuleConfig> for dto::Rule {
    fn from(rule: &RuleConfig) -> Self {
        let mut wire = Self {
            id: rule.id.as_str().to_owned(),
            class: rule.kind.class().into(),
            zone: rule.zone.as_ref().map(|zone| zone.id.as_str().to_owned()),
            line: None,
            direction: None,
            level: rule.level.number(),
            at_least: None,
            within_ms: None,
            stay_ms: None,
            least_score: None,
            classes: Vec::new(),
            hold_ms: rule.hold.as_millis(),
        };
        let words = |classes: &[ObjectClass]| classes.iter().map(|class| class.as_str().to_owned()).collect();
        match &rule.kind {
            RuleKind::Crowding { at_least } => wire.at_least = Some(*at_least),
            RuleKind::CrowdSurge { grows_by, within } => {
                wire.at_least = Some(*grows_by);
                wire.within_ms = Some(within.as_millis());
            }
            RuleKind::Intrusion { classes }
            | RuleKind::WaterEdge { classes }
            | RuleKind::WrongWay { classes, .. } => wire.classes = words(classes),
            RuleKind::LineCrossing { line, direction, classes } => {
                wire.line = Some(line.id.as_str().to_owned());
                wire.direction = Some((*direction).into());
                wire.classes = words(classes);
            }
            RuleKind::Loitering { stay, classes } => {
                wire.stay_ms = Some(stay.as_millis());
                wire.classes = words(classes);
            }
            RuleKind::StoppedVehicle { stay }
            | RuleKind::LeftObject { stay }
            | RuleKind::PersonDown { still: stay } => wire.stay_ms = Some(stay.as_millis()),
            RuleKind::Accident { least_score } => wire.least_score = Some(least_score.value()),
            RuleKind::Running { at_least, classes } => {
                wire.at_least = Some(*at_least);
                wire.classes = words(classes);
            }
            RuleKind::Smoke | RuleKind::Fire => {}
        }
        wire
    }
}

/// An incident, with the names that its row does not have, and what `desk` knows of its clocks.
pub(super) fn incident(
    row: &IncidentRow,
    site: &Site,
    desk: &Desk,
    names: &HashMap<AccountId, String>,
) -> dto::Incident {
    let status = &row.status;
    let marks = &status.overlays;
    let report = row.report.as_ref();
    let position = report.and_then(|report| report.position);
    let (close_reason, reject_reason) = match status.ending {
        Some(Ending::Closed { reason, .. }) => (Some(reason.into()), None),
        Some(Ending::Rejected { reason, .. }) => (None, Some(reason.into())),
        None => (None, None),
    };
    dto::Incident {
        id: row.id().0,
        number: row.number.clone(),
        state: status.state.into(),
        level: status.level.number(),
        class: row.class.as_str().to_owned(),
        source: row.source.into(),
        camera: row.camera.as_ref().map(|camera| camera.id.as_str().to_owned()),
        camera_name: row.camera.as_ref().map(|camera| camera.name.clone()),
        area: row.area.as_str().to_owned(),
        area_name: area_name(site, &row.area),
        place: row.camera.as_ref().map(|camera| camera.place.as_str().to_owned()),
        title: report.map(|report| report.title.clone()),
        description: report.and_then(|report| report.description.clone()),
        location: report.and_then(|report| report.location.clone()),
        latitude: position.map(|at| at.latitude),
        longitude: position.map(|at| at.longitude),
        opened_ms: row.began.0,
        received_ms: row.opened.0,
        last_alarm_ms: row.last_alarm.0,
        alarms: row.n_alarms,
        received_by: row.received_by.map(|account| person(account, names)),
        owner: status.claim.as_ref().map(|claim| person(claim.owner, names)),
        lease_until_ms: status.claim.as_ref().map(|claim| claim.until.0),
        version: status.version,
        ongoing: row.is_ongoing,
        deadline_ms: row.deadline.map(|at| at.0),
        due_ms: status.due.map(|at| at.0),
        asked_due_ms: marks.asked_due.map(|at| at.0),
        units: status.assignments.iter().map(|one| assignment(one, site)).collect(),
        overdue: marks.overdue,
        extended: marks.extended,
        asked_hold_ms: marks.asked_hold.map(|at| at.0),
        held_since_ms: marks.held.map(|at| at.0),
        rework: marks.rework,
        reopened: marks.reopened,
        urged: marks.urged.map_or(0, |level| level.number()),
        escalated: marks.escalated,
        escalation: desk.next_step(row).map(|step| dto::NextStep {
            at_ms: step.at.0,
            to: step.to,
            number: step.number,
            begun: step.has_begun,
        }),
        shelved_until_ms: status.shelf.map(|shelf| shelf.until.0),
        merged_into: status.merging.map(|merging| merging.into.0),
        ended_ms: status.ending.map(|ending| ending.at().0),
        close_reason,
        reject_reason,
        archived_ms: marks.archived.map(|at| at.0),
        revisit_result: status.revisit.map(|revisit| revisit.result.into()),
        satisfaction: status.revisit.and_then(|revisit| revisit.satisfaction).map(Into::into),
        revisited_by: row.revisited.map(|revisited| person(revisited.by, names)),
        revisited_ms: row.revisited.map(|revisited| revisited.at.0),
        close_suggested: marks.close_suggested,
        evidence: row.evidence.as_ref().map(Into::into),
        thumbnail: row.snapshot.is_some(),
    }
}

/// The unit's name; its id when the site no longer has it.
pub(super) fn unit_name(site: &Site, unit: &UnitId) -> String {
    site.centre.unit(unit).map_or_else(|| unit.as_str().to_owned(), |unit| unit.name.clone())
}

/// A unit's part.
pub(super) fn assignment(one: &Assignment, site: &Site) -> dto::Assignment {
    dto::Assignment {
        unit: one.unit.as_str().to_owned(),
        unit_name: unit_name(site, &one.unit),
        lead: one.is_lead,
        told_ms: one.told.0,
        signed_ms: one.signed.map(|at| at.0),
        arrived_ms: one.arrived.map(|at| at.0),
        finished_ms: one.finished.map(|at| at.0),
        reworks: one.reworks,
        ended_ms: one.end.map(|(at, _)| at.0),
        end_cause: one.end.map(|(_, cause)| cause.as_str().to_owned()),
    }
}

impl From<&Proposal> for dto::Proposal {
    fn from(proposal: &Proposal) -> Self {
        Self {
            lead: proposal.lead.as_ref().map(ToString::to_string),
            assist: proposal.assist.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&ClockRow> for dto::ClockRow {
    fn from(clock: &ClockRow) -> Self {
        Self {
            kind: clock.kind.as_str().to_owned(),
            unit: clock.unit.as_ref().map(ToString::to_string),
            working: clock.allowance.basis == Basis::Working,
            allowed_s: clock.allowance.seconds,
            started_ms: clock.started.0,
            due_ms: clock.due.0,
            fired: clock.fired,
            stopped_ms: clock.stopped.map(|at| at.0),
        }
    }
}

fn decoder(element: DecoderElement) -> dto::AnalysisDecoder {
    let passed_over = element.passed_over.into_iter();
    dto::AnalysisDecoder {
        element: element.name,
        is_hardware: element.is_hardware,
        passed_over: passed_over
            .map(|PassedOver { name, why }| dto::PassedOverDecoder { element: name, reason: why })
            .collect(),
    }
}

/// A file without its bytes.
pub(super) fn attachment(row: &AttachmentRow, names: &HashMap<AccountId, String>) -> dto::Attachment {
    dto::Attachment {
        id: row.id.0,
        name: row.name.clone(),
        media_type: row.media_type.as_str().to_owned(),
        bytes: row.bytes,
        sha256: hex::encode(&row.sha256),
        at_ms: row.at.0,
        by: row.account.map(|account| person(account, names)),
        unit: row.unit.as_ref().map(ToString::to_string),
    }
}

/// A supervision sheet as it was issued.
pub(super) fn sheet(sheet: &Sheet, issued: &Issued) -> dto::SupervisionSheet {
    let body = &issued.body;
    let number = body.sheet_number.clone().unwrap_or_else(|| sheet.number());
    let by = body.by.map(|account| dto::Person {
        id: account.0,
        name: body.by_name.clone().unwrap_or_else(|| format!("#{account}")),
    });
    let unit = |one: &SheetUnit| dto::SheetUnit {
        unit: one.unit.to_string(),
        unit_name: one.name.clone(),
        lead: one.is_lead,
    };
    dto::SupervisionSheet {
        number,
        edition: body.edition,
        sha256: Some(hex::encode(issued.sha256)),
        site: body.site.clone(),
        at_ms: body.at.0,
        by,
        demand: body.demand.clone(),
        units: body.units.iter().map(unit).collect(),
        due_ms: body.due.map(|due| due.0),
        urged_before: body.urged_before,
        incident: sheet.incident.0,
        incident_number: body.number.clone(),
        level: body.level.number(),
        state: body.state.into(),
        class: body.class.to_string(),
        class_name: body.class_name.clone(),
        class_name_en: body.class_name_en.clone(),
        area_path: body.area_path.clone(),
        camera_name: body.camera_name.clone(),
        location: body.location.clone(),
        title: body.title.clone(),
        evidence: body.evidence.as_ref().map(Into::into),
        opened_ms: body.began.0,
        still_sha256: body.still.as_ref().map(|still| still.sha256.clone()),
    }
}

pub(super) fn person(id: AccountId, names: &HashMap<AccountId, String>) -> dto::Person {
    dto::Person { id: id.0, name: names.get(&id).cloned().unwrap_or_else(|| format!("#{id}")) }
}

impl From<&Evidence> for dto::Evidence {
    fn from(evidence: &Evidence) -> Self {
        Self {
            rule_class: evidence.rule_class.into(),
            count: evidence.count,
            limit: evidence.limit,
            peak: evidence.peak,
            zone: evidence
                .zone
                .as_ref()
                .map(|zone| dto::ZoneName { id: zone.id.as_str().to_owned(), name: zone.name.clone() }),
            class: evidence.class.as_str().to_owned(),
            held_ms: evidence.held_for.as_millis(),
            score: evidence.score.value(),
            tracks: evidence.tracks.iter().map(|track| track.0).collect(),
            low_trust: evidence.low_trust.map(|kind| kind.as_str().to_owned()),
            detail: evidence.detail.as_ref().map(dto::EvidenceDetail::from),
        }
    }
}

impl From<&Detail> for dto::EvidenceDetail {
    fn from(detail: &Detail) -> Self {
        match detail {
            Detail::Growth { from, to, within } => {
                Self::Growth { from: *from, to: *to, within_ms: within.as_millis() }
            }
            Detail::Crossing { line, forward, backward } => Self::Crossing {
                line: dto::ZoneName { id: line.id.as_str().to_owned(), name: line.name.clone() },
                forward: *forward,
                backward: *backward,
            },
            Detail::Stay { limit } => Self::Stay { limit_ms: limit.as_millis() },
            Detail::Accident { signs } => {
                Self::Accident { signs: signs.iter().copied().map(Into::into).collect() }
            }
            Detail::Speed { heights_per_s } => Self::Speed { heights_per_s: *heights_per_s },
        }
    }
}

impl From<&AlarmRow> for dto::Alarm {
    fn from(row: &AlarmRow) -> Self {
        Self {
            id: row.id.0,
            rule: row.rule.as_str().to_owned(),
            class: row.class.into(),
            level: row.level.number(),
            began_ms: row.began.wall.0,
            raised_ms: row.raised.wall.0,
            ended_ms: row.ending.map(|ending| ending.ended.0),
            end_cause: row.ending.map(|ending| ending.cause.as_str().to_owned()),
            evidence: (&row.evidence).into(),
        }
    }
}

/// One entry of the history, with names.
pub(super) fn history(row: &HistoryRow, names: &HashMap<AccountId, String>) -> dto::HistoryRow {
    let reason = row.action.as_ref().and_then(|action| match action {
        IncidentAction::Close { reason } => Some(reason.as_str()),
        IncidentAction::Reject { reason } => Some(reason.as_str()),
        IncidentAction::Reopen { reason } => Some(reason.as_str()),
        // The other actions have no reason; their number will grow and none of them matters here.
        _ => None,
    });
    dto::HistoryRow {
        at_ms: row.at.0,
        actor: match row.actor {
            Actor::Person(account) => Some(person(account, names)),
            Actor::Machine => None,
        },
        action: row.action.as_ref().map_or("open", |action| action.kind().as_str()).to_owned(),
        from: row.from.map(Into::into),
        to: row.to.into(),
        level: row.level.number(),
        version: row.version,
        alarm: row.alarm.map(|alarm| alarm.0),
        reason: reason.map(str::to_owned),
        unit: row.action.as_ref().and_then(IncidentAction::unit).map(ToString::to_string),
        detail: row.action.as_ref().and_then(details),
        note: row.note.clone(),
    }
}

/// An action by the names that commands use. Whom an escalation has reached is named as people are, and not by what they
/// sign in with: whoever sees the incident sees this.
fn details(action: &IncidentAction) -> Option<serde_json::Value> {
    let mut value = serde_json::to_value(action).ok()?;
    let told = value.get_mut("told").and_then(serde_json::Value::as_array_mut);
    for one in told.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        one.remove("login");
    }
    Some(value)
}

/// Where clip time meets wall time.
pub(super) fn clip_span(span: &ClipSpan) -> dto::ClipSpan {
    dto::ClipSpan { offset_s: span.offset.as_secs_f64(), wall_ms: span.wall.0 }
}

impl From<&Gap> for dto::Gap {
    fn from(gap: &Gap) -> Self {
        Self { from_ms: gap.span.from.0, to_ms: gap.span.to.0, cause: gap.cause.as_str().to_owned() }
    }
}

impl From<&FrameTrace> for dto::TraceFrame {
    fn from(frame: &FrameTrace) -> Self {
        Self { wall_ms: frame.wall.0, boxes: frame.boxes.iter().map(dto::TraceBox::from).collect() }
    }
}

impl From<&TraceBox> for dto::TraceBox {
    fn from(seen: &TraceBox) -> Self {
        Self {
            track: seen.track.0,
            class: seen.class.as_str().to_owned(),
            confidence: seen.confidence.value(),
            rect: dto::Rect { x0: seen.rect.x0, y0: seen.rect.y0, x1: seen.rect.x1, y1: seen.rect.y1 },
        }
    }
}
