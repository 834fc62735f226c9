//! What a target is told: the neutral JSON of `docs/outbound.md`, schema `sharpeyes.incident/1`.
//!
//! Built inside the transaction of the change, from what is loaded there: no I/O. People are never named in it but as the
//! reporter of an incident, and as whom an escalation reaches, and that only where the target's `share` says so.

use std::{collections::BTreeSet, sync::Arc};

use jiff::tz::TimeZone;
use serde::Serialize;
use sharpeyes_config::{Site, Target};
use sharpeyes_domain::{
    area::AreaTree,
    centre::Centre,
    ids::{AreaId, TargetId, UnitId},
    incident::{Actor, Ending, IncidentAction, Recipient, UrgeLevel},
    target::Share,
    time::WallTime,
};

use super::words;
use crate::{
    canary,
    clock::local_text,
    store::{
        dispatch::{HistoryRow, IncidentRow},
        outbox::Announcer,
    },
};

/// The version of the shape: another number when something that was there means something else, or is gone.
const SCHEMA: &str = "sharpeyes.incident/1";

/// Decides who is told, and writes what.
pub struct News {
    ids: Vec<TargetId>,
    targets: Vec<(Target, BTreeSet<AreaId>)>,
    site: String,
    zone: TimeZone,
    areas: AreaTree,
    centre: Arc<Centre>,
}

impl News {
    /// For the targets of the site.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        let reach = |target: &Target| target.areas.iter().flat_map(|root| site.area_subtree(root)).collect();
        Self {
            ids: site.targets.iter().map(|target| target.id.clone()).collect(),
            targets: site.targets.iter().map(|target| (target.clone(), reach(target))).collect(),
            site: site.name.clone(),
            zone: site.timezone.clone(),
            areas: site.areas.clone(),
            centre: Arc::clone(&site.centre),
        }
    }

    fn target(&self, id: &TargetId) -> Option<&(Target, BTreeSet<AreaId>)> {
        self.targets.iter().find(|(target, _)| target.id == *id)
    }

    fn area_name(&self, id: &AreaId) -> String {
        self.areas.area(id).map_or_else(|| id.as_str().to_owned(), |area| area.name.clone())
    }

    fn unit_name(&self, id: &UnitId) -> String {
        let unit = self.centre.units.iter().find(|unit| unit.id == *id);
        unit.map_or_else(|| id.as_str().to_owned(), |unit| unit.name.clone())
    }

    fn message<'a>(
        &'a self,
        target: &'a Target,
        key: &'a str,
        incident: &'a IncidentRow,
        change: &'a HistoryRow,
    ) -> Message<'a> {
        let may = |share| target.share.contains(&share);
        let event = change.action.as_ref().map_or("open", |action| action.kind().as_str());
        Message {
            schema: SCHEMA,
            key,
            target: target.id.as_str(),
            site: &self.site,
            event: Event {
                kind: event,
                kind_zh: words::event(event),
                version: change.version,
                at_ms: change.at.0,
                at: local_text(change.at, &self.zone),
                by: match change.actor {
                    Actor::Person(_) => "person",
                    Actor::Machine => "machine",
                },
                from: change.from.map(sharpeyes_domain::incident::IncidentState::as_str),
                to: change.to.as_str(),
                unit: change.action.as_ref().and_then(IncidentAction::unit).map(UnitId::as_str),
                note: change.note.as_deref().filter(|_| may(Share::Notes)),
                escalated: change
                    .action
                    .as_ref()
                    .and_then(|action| escalated(action, may(Share::Recipients))),
            },
            incident: self.incident(incident, may(Share::Report), may(Share::Reporter), may(Share::Position)),
        }
    }

    fn incident<'a>(
        &'a self,
        row: &'a IncidentRow,
        with_report: bool,
        with_reporter: bool,
        with_position: bool,
    ) -> Incident<'a> {
        let status = &row.status;
        let marks = &status.overlays;
        let class = self.centre.class(&row.class);
        let report = row.report.as_ref();
        let mut path: Vec<String> = self.areas.lineage(&row.area).map(|area| area.name.clone()).collect();
        path.reverse();
        Incident {
            id: row.id().0,
            number: &row.number,
            version: status.version,
            state: status.state.as_str(),
            state_zh: words::state(status.state),
            step_zh: words::step(status.state),
            is_open: status.state.is_open(),
            level: status.level.number(),
            level_zh: words::level(status.level),
            class: row.class.as_str(),
            class_zh: class.map_or(row.class.as_str(), |class| &class.name),
            codes: class.map(|class| class.external.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()),
            source: row.source.as_str(),
            source_zh: words::source(row.source),
            area: Area { id: row.area.as_str(), name: self.area_name(&row.area), path },
            camera: row.camera.as_ref().map(|camera| Camera {
                id: camera.id.as_str(),
                name: &camera.name,
                zone: camera.zone.as_ref().map(|zone| zone.name.as_str()),
            }),
            report: report.filter(|_| with_report).map(|report| Reported {
                title: &report.title,
                description: report.description.as_deref(),
                location: report.location.as_deref(),
            }),
            reporter: report
                .filter(|_| with_reporter)
                .map(|report| Reporter { name: report.reporter.as_deref(), phone: report.phone.as_deref() }),
            position: report
                .and_then(|report| report.position)
                .filter(|_| with_position)
                .map(|at| Position { latitude: at.latitude, longitude: at.longitude }),
            began_ms: row.began.0,
            opened_ms: row.opened.0,
            last_alarm_ms: row.last_alarm.0,
            alarms: row.n_alarms,
            is_ongoing: row.is_ongoing,
            deadline_ms: row.deadline.map(|at| at.0),
            due_ms: status.due.map(|at| at.0),
            units: status
                .assignments
                .iter()
                .map(|one| Unit {
                    id: one.unit.as_str(),
                    name: self.unit_name(&one.unit),
                    is_lead: one.is_lead,
                    told_ms: one.told.0,
                    signed_ms: one.signed.map(|at| at.0),
                    arrived_ms: one.arrived.map(|at| at.0),
                    finished_ms: one.finished.map(|at| at.0),
                    ended_ms: one.end.map(|(at, _)| at.0),
                    end: one.end.map(|(_, cause)| cause.as_str()),
                })
                .collect(),
            urged: marks.urged.map_or(0, UrgeLevel::number),
            is_overdue: marks.overdue,
            is_extended: marks.extended,
            is_held: marks.held.is_some(),
            is_rework: marks.rework,
            is_reopened: marks.reopened,
            merged_into: status.merging.map(|merging| merging.into.0),
            end: status.ending.as_ref().map(|ending| {
                let (reason, at) = match ending {
                    Ending::Closed { reason, at } => (reason.as_str(), at),
                    Ending::Rejected { reason, at } => (reason.as_str(), at),
                };
                End { reason, reason_zh: words::reason(reason), at_ms: at.0, at: self.local(*at) }
            }),
            revisit: status.revisit.map(|revisit| Revisit {
                result: revisit.result.as_str(),
                satisfaction: revisit.satisfaction.map(sharpeyes_domain::incident::Satisfaction::as_str),
            }),
        }
    }

    fn local(&self, at: WallTime) -> String {
        local_text(at, &self.zone)
    }
}

impl Announcer for News {
    fn targets(&self) -> &[TargetId] {
        &self.ids
    }

    fn concerns(&self, target: &TargetId, incident: &IncidentRow) -> bool {
        // Also of one that asks for everything.
        !canary::is_its_area(&incident.area)
            && self.target(target).is_some_and(|(target, areas)| {
                (target.classes.is_empty() || target.classes.contains(&incident.class))
                    && (target.levels.is_empty() || target.levels.contains(&incident.status.level))
                    && (target.areas.is_empty() || areas.contains(&incident.area))
            })
    }

    fn wants(&self, target: &TargetId, event: &str) -> bool {
        self.target(target).is_some_and(|(target, _)| {
            target.events.is_empty() || target.events.iter().any(|one| one == event)
        })
    }

    fn body(&self, target: &TargetId, key: &str, incident: &IncidentRow, change: &HistoryRow) -> String {
        let Some((target, _)) = self.target(target) else { return "{}".to_owned() };
        let message = self.message(target, key, incident, change);
        serde_json::to_string(&message).expect("our own structs with text keys always become JSON")
    }
}

#[derive(Serialize)]
struct Message<'a> {
    schema: &'static str,
    key: &'a str,
    target: &'a str,
    site: &'a str,
    event: Event<'a>,
    incident: Incident<'a>,
}

#[derive(Serialize)]
struct Event<'a> {
    kind: &'a str,
    kind_zh: &'static str,
    version: i64,
    at_ms: i64,
    at: String,
    by: &'static str,
    from: Option<&'static str>,
    to: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalated: Option<Escalated<'a>>,
}

/// Whom a step of the chain tells: for a gateway of calls or short messages.
#[derive(Serialize)]
struct Escalated<'a> {
    step: u16,
    to: &'a str,
    recipients: Vec<Called<'a>>,
    /// Somebody should have been there, and nobody was.
    is_unmanned: bool,
}

#[derive(Serialize)]
struct Called<'a> {
    account: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

impl<'a> Called<'a> {
    fn of(one: &'a Recipient) -> Self {
        Self { account: &one.login, name: &one.name, phone: one.phone.as_deref() }
    }
}

fn escalated(action: &IncidentAction, with_recipients: bool) -> Option<Escalated<'_>> {
    let IncidentAction::Escalate { step, to, told, unmanned } = action else { return None };
    Some(Escalated {
        step: *step,
        to,
        recipients: told.iter().filter(|_| with_recipients).map(Called::of).collect(),
        is_unmanned: *unmanned,
    })
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own on the wire")]
struct Incident<'a> {
    id: i64,
    number: &'a str,
    version: i64,
    state: &'static str,
    state_zh: &'static str,
    step_zh: &'static str,
    is_open: bool,
    level: u8,
    level_zh: &'static str,
    class: &'a str,
    class_zh: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<std::collections::BTreeMap<&'a str, &'a str>>,
    source: &'static str,
    source_zh: &'static str,
    area: Area<'a>,
    camera: Option<Camera<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Reported<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reporter: Option<Reporter<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
    began_ms: i64,
    opened_ms: i64,
    last_alarm_ms: i64,
    alarms: u32,
    is_ongoing: bool,
    deadline_ms: Option<i64>,
    due_ms: Option<i64>,
    units: Vec<Unit<'a>>,
    urged: u8,
    is_overdue: bool,
    is_extended: bool,
    is_held: bool,
    is_rework: bool,
    is_reopened: bool,
    merged_into: Option<i64>,
    end: Option<End>,
    revisit: Option<Revisit>,
}

#[derive(Serialize)]
struct Area<'a> {
    id: &'a str,
    name: String,
    path: Vec<String>,
}

#[derive(Serialize)]
struct Camera<'a> {
    id: &'a str,
    name: &'a str,
    zone: Option<&'a str>,
}

#[derive(Serialize)]
struct Reported<'a> {
    title: &'a str,
    description: Option<&'a str>,
    location: Option<&'a str>,
}

#[derive(Serialize)]
struct Reporter<'a> {
    name: Option<&'a str>,
    phone: Option<&'a str>,
}

#[derive(Serialize)]
struct Position {
    latitude: f64,
    longitude: f64,
}

#[derive(Serialize)]
struct Unit<'a> {
    id: &'a str,
    name: String,
    is_lead: bool,
    told_ms: i64,
    signed_ms: Option<i64>,
    arrived_ms: Option<i64>,
    finished_ms: Option<i64>,
    ended_ms: Option<i64>,
    end: Option<&'static str>,
}

#[derive(Serialize)]
struct End {
    reason: &'static str,
    reason_zh: &'static str,
    at_ms: i64,
    at: String,
}

#[derive(Serialize)]
struct Revisit {
    result: &'static str,
    satisfaction: Option<&'static str>,
}
