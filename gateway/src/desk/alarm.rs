//! One alarm edge in one transaction: which incident it belongs to, and what the machine does to that.

use sharpeyes_domain::{
    alarm::{AlarmBegin, AlarmEdge, AlarmEnd, AlarmUpdate, EndCause},
    ids::{AlarmId, ClassId, IncidentId},
    incident::{CorrelationKey, IncidentAction, IncidentState},
    level::Level,
    rule::RuleClass,
    time::WallTime,
};

use super::{AlarmRef, DeskError, Inner, clocks::effects};
use crate::{
    canary,
    store::{
        db::DbError,
        dispatch::{AlarmRow, CameraFacts, DispatchTx, IncidentRow, NewAlarm},
    },
};

/// A larger picture is no thumbnail.
const MOST_SNAPSHOT_BYTES: usize = 1 << 20;

pub(super) fn take(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    camera: CameraFacts,
    edge: AlarmEdge,
    snapshot: Option<Vec<u8>>,
    now: WallTime,
) -> Result<AlarmRef, DeskError> {
    match edge {
        AlarmEdge::Begin(begin) => Ok(take_begin(desk, tx, camera, begin, snapshot, now)?),
        AlarmEdge::Update(update) => take_update(tx, &camera, &update, now),
        AlarmEdge::End(end) => take_end(desk, tx, &camera, &end, now),
    }
}

fn take_begin(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    camera: CameraFacts,
    begin: AlarmBegin,
    snapshot: Option<Vec<u8>>,
    now: WallTime,
) -> Result<AlarmRef, DbError> {
    if let Some(known) = tx.alarm_named(&camera.id, &begin.rule, begin.began)? {
        return Ok(AlarmRef { alarm: known.id, incident: known.incident, is_new_incident: false });
    }
    if let Some(left) = tx.running_alarm(&camera.id, &begin.rule)? {
        // Its end never came: the analysis of the camera died and began anew.
        end(
            desk,
            tx,
            &left,
            Ending { ended: left.last, cleared: now, cause: EndCause::StreamLost, peak: 0 },
            now,
        )?;
    }
    let new = NewAlarm {
        camera,
        rule: begin.rule,
        class: begin.class,
        level: begin.level,
        zone: begin.evidence.zone.clone(),
        began: begin.began,
        raised: begin.raised,
        evidence: begin.evidence,
    };
    let joined = join(desk, tx, &new, now)?;
    let is_new_incident = joined.is_none();
    let (incident, alarm) = match joined {
        Some(joined) => joined,
        None => open(desk, tx, &new, now)?,
    };
    if let Some(jpeg) = snapshot {
        if (4..=MOST_SNAPSHOT_BYTES).contains(&jpeg.len()) && jpeg.starts_with(&[0xff, 0xd8]) {
            tx.insert_snapshot(alarm, &jpeg)?;
        } else {
            tracing::warn!(camera.id = %new.camera.id, bytes = jpeg.len(), "a snapshot is no JPEG of at most 1 MiB");
        }
    }
    Ok(AlarmRef { alarm, incident, is_new_incident })
}

/// Opens an incident: it gets its number, freezes what it goes by, and its first clock starts.
fn open(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    new: &NewAlarm,
    now: WallTime,
) -> Result<(IncidentId, AlarmId), DbError> {
    let class = class_of(new.class);
    let plan = desk.centre.plan(&class);
    let day = desk.calendar.day_text(now);
    let is_test = canary::is_canary(&new.camera.id);
    // The centre's own numbers have no holes that a test alarm would be.
    let number = tx.next_number(&if is_test { format!("T{day}") } else { day })?;
    let (status, alarm) = tx.open_incident(new, &number, tx.freeze(&plan)?, now)?;
    tx.start_clocks(status.id, &effects(&[], &[], None, &status, &plan, &desk.calendar, now), now)?;
    Ok((status.id, alarm))
}

/// The class of incidents that a rule's alarms open.
fn class_of(class: RuleClass) -> ClassId {
    ClassId::new(class.as_str()).expect("names of rule classes are identifiers")
}

/// Appends to the incident that is open under the alarm's key, if there is one.
fn join(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    new: &NewAlarm,
    now: WallTime,
) -> Result<Option<(IncidentId, AlarmId)>, DbError> {
    let key = CorrelationKey::new(&new.camera.id, new.class, new.zone.as_ref().map(|zone| &zone.id));
    let Some(row) = tx.open_with(&key)? else { return Ok(None) };
    let alarm = tx.append_alarm(row.id(), new)?;
    let row = match desk.by_machine(tx, &row, &IncidentAction::Append, now, Some(alarm))? {
        Ok(row) => row,
        Err(error) => {
            // The state machine takes alarms in every open state, and only open incidents collect.
            tracing::error!(incident = %row.id(), %error, "an alarm was kept without its history row");
            row
        }
    };
    if new.level.is_above(row.status.level) {
        raise(desk, tx, &row, new.level, now, alarm)?;
    }
    Ok(Some((row.id(), alarm)))
}

/// What is worse than what a person has put aside comes back at once, and rings.
fn raise(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    row: &IncidentRow,
    level: Level,
    now: WallTime,
    alarm: AlarmId,
) -> Result<(), DbError> {
    let action = IncidentAction::Raise { level, due: None };
    let row = match desk.by_machine(tx, row, &action, now, Some(alarm))? {
        Ok(row) => row,
        Err(error) => {
            tracing::error!(incident = %row.id(), %error, "an incident was not raised");
            return Ok(());
        }
    };
    if row.status.state == IncidentState::Shelved
        && let Err(error) = desk.by_machine(tx, &row, &IncidentAction::Unshelve, now, Some(alarm))?
    {
        tracing::error!(incident = %row.id(), %error, "what became worse was not taken off its shelf");
    }
    Ok(())
}

fn take_update(
    tx: &DispatchTx<'_>,
    camera: &CameraFacts,
    update: &AlarmUpdate,
    now: WallTime,
) -> Result<AlarmRef, DeskError> {
    let edge = AlarmEdge::Update(update.clone());
    let alarm = named(tx, camera, &edge)?;
    if alarm.ending.is_none() {
        tx.update_alarm(&alarm, update.at.wall, &update.evidence)?;
        tx.log_alarm(alarm.incident, now)?;
    }
    Ok(AlarmRef { alarm: alarm.id, incident: alarm.incident, is_new_incident: false })
}

fn take_end(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    camera: &CameraFacts,
    edge: &AlarmEnd,
    now: WallTime,
) -> Result<AlarmRef, DeskError> {
    let alarm = named(tx, camera, &AlarmEdge::End(edge.clone()))?;
    if alarm.ending.is_none() {
        let ending =
            Ending { ended: edge.ended.wall, cleared: edge.cleared.wall, cause: edge.cause, peak: edge.peak };
        end(desk, tx, &alarm, ending, now)?;
    }
    Ok(AlarmRef { alarm: alarm.id, incident: alarm.incident, is_new_incident: false })
}

fn named(tx: &DispatchTx<'_>, camera: &CameraFacts, edge: &AlarmEdge) -> Result<AlarmRow, DeskError> {
    let began = edge.began();
    tx.alarm_named(&camera.id, edge.rule(), began)?.ok_or_else(|| DeskError::UnknownAlarm {
        camera: camera.id.clone(),
        rule: edge.rule().clone(),
        began: began.wall,
    })
}

struct Ending {
    ended: WallTime,
    cleared: WallTime,
    cause: EndCause,
    peak: u32,
}

/// Ends the alarm; when it was the last of an open incident that ran, suggests closing it.
fn end(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    alarm: &AlarmRow,
    ending: Ending,
    now: WallTime,
) -> Result<(), DbError> {
    tx.end_alarm(alarm, ending.ended, ending.cleared, ending.cause, ending.peak)?;
    let row = tx.incident(alarm.incident)?;
    if let Some(row) =
        row.as_ref().filter(|row| row.camera.as_ref().is_some_and(|of| canary::is_canary(&of.id)))
    {
        return prove(desk, tx, row, now, Some(alarm.id));
    }
    // Only an end that was seen says that it is over; a lost stream and a covered lens say nothing.
    let is_over = matches!(ending.cause, EndCause::Cleared | EndCause::ScheduleClosed);
    if let Some(row) = row.filter(|row| is_over && !row.is_ongoing)
        && desk.by_machine(tx, &row, &IncidentAction::SuggestClose, now, Some(alarm.id))?.is_ok()
    {
        return Ok(());
    }
    tx.log_alarm(alarm.incident, now)
}

/// The canary's alarm has arrived and is over: so is its incident, however the alarm ended.
pub(super) fn prove(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    row: &IncidentRow,
    now: WallTime,
    alarm: Option<AlarmId>,
) -> Result<(), DbError> {
    match desk.by_machine(tx, row, &IncidentAction::SelfTest, now, alarm)? {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(incident = %row.id(), %error, "a test alarm was not closed");
            tx.log_alarm(row.id(), now)
        }
    }
}
