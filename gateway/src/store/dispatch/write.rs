//! Writing, inside one transaction. Each method is one or a few statements; `desk` decides which.

use std::{
    cell::{Cell, RefCell},
    path::Path,
};

use rusqlite::{OptionalExtension, Params, Transaction, named_params, params};
use sharpeyes_domain::{
    alarm::{EndCause, Evidence, Moment, ZoneRef},
    ids::{AccountId, AlarmId, AreaId, CameraId, ClassId, IncidentId, RuleId, UnitId},
    incident::{
        Actor, AssignmentEnd, CorrelationKey, Ending, IncidentAction, IncidentState, IncidentStatus,
        UrgeLevel,
    },
    level::Level,
    rule::RuleClass,
    time::WallTime,
};

use super::{
    AlarmRow, CameraFacts, ChangeKind, ChangeSeq, ClockChange, FrameTrace, IncidentRow, PlanId, Proposal,
    list::NO_DEADLINE,
    query,
    rows::{self, SELECT_ALARM},
};
use crate::store::{
    db::DbError,
    outbox::{self, Announcer},
};

/// One transaction on the dispatch tables.
pub struct DispatchTx<'a> {
    transaction: &'a Transaction<'a>,
    path: &'a Path,
    newest: Cell<Option<ChangeSeq>>,
    /// History rows that this transaction has written.
    history: RefCell<Vec<(IncidentId, i64)>>,
}

/// An alarm that is not stored yet.
#[derive(Clone, Debug)]
pub struct NewAlarm {
    /// The camera that saw it.
    pub camera: CameraFacts,
    /// The rule that fired.
    pub rule: RuleId,
    /// What kind of event.
    pub class: RuleClass,
    /// As the rule says.
    pub level: Level,
    /// The zone; `None` for the whole picture.
    pub zone: Option<ZoneRef>,
    /// When the condition first held.
    pub began: Moment,
    /// When it had held long enough.
    pub raised: Moment,
    /// Codes and numbers.
    pub evidence: Evidence,
}

/// What goes with an accepted action into the history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryEntry<'a> {
    /// What was done.
    pub action: &'a IncidentAction,
    /// By whom.
    pub actor: Actor,
    /// When.
    pub at: WallTime,
    /// The alarm that caused it.
    pub alarm: Option<AlarmId>,
    /// What the person wrote.
    pub note: Option<&'a str>,
}

/// What else changes of an incident together with its status.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Its clocks.
    pub clocks: Vec<ClockChange>,
    /// Of the clocks that run then, the first due time.
    pub deadline: Option<WallTime>,
    /// What the assessment says; `None`: as it was.
    pub assessed: Option<Assessed>,
}

/// What an assessment says besides the level.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// What it is.
    pub class: ClassId,
    /// Where it is.
    pub area: AreaId,
    /// What it goes by from now on.
    pub plan: PlanId,
    /// Who should deal with it.
    pub proposal: Proposal,
}

/// What was answered to a command with the same key.
#[derive(Clone, Debug)]
pub struct StoredAnswer {
    /// The request, JSON.
    pub request: String,
    /// The incident as it was answered, JSON.
    pub answer: String,
}

/// Boxes to keep: consecutive frames of one camera. Invariant: at least one frame, in order of wall time.
#[derive(Clone, Debug)]
pub struct TraceChunk {
    /// Which camera.
    pub camera: CameraId,
    /// At most a second of frames.
    pub frames: Vec<FrameTrace>,
}

impl<'a> DispatchTx<'a> {
    /// The row id of the last insert.
    pub(super) fn last_id(&self) -> i64 {
        self.transaction.last_insert_rowid()
    }

    /// The log was written to up to here.
    pub(super) fn logged(&self, seq: ChangeSeq) {
        self.newest.set(self.newest.get().max(Some(seq)));
    }

    pub(super) const fn new(transaction: &'a Transaction<'a>, path: &'a Path) -> Self {
        Self { transaction, path, newest: Cell::new(None), history: RefCell::new(Vec::new()) }
    }

    /// The last change that this transaction logged.
    pub(super) const fn newest(&self) -> Option<ChangeSeq> {
        self.newest.get()
    }

    /// Writes down whom `announcer` wants told of what this transaction did. The last that happens in it: clocks that are
    /// started after an opening belong to what is told.
    pub(super) fn announce(&self, announcer: &dyn Announcer) -> Result<(), DbError> {
        if announcer.targets().is_empty() {
            return Ok(());
        }
        for (id, version) in self.history.take() {
            let sql = "SELECT * FROM incident_history WHERE incident = ?1 AND version = ?2";
            let change = self.first(sql, params![id.0, version], rows::history_row)?;
            if let (Some(incident), Some(change)) = (self.incident(id)?, change) {
                outbox::announce(self.transaction, announcer, &incident, &change)
                    .map_err(|e| self.fail(e))?;
            }
        }
        Ok(())
    }

    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>, DbError> {
        query::incident(self.transaction, id).map_err(|e| self.fail(e))
    }

    /// The open incident of `key`, which its further alarms join.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open_with(&self, key: &CorrelationKey) -> Result<Option<IncidentRow>, DbError> {
        let sql = "SELECT id FROM incident WHERE correlation_key = ?1 AND is_open = 1";
        let id = self.first(sql, params![key.as_str()], |row| row.get(0))?;
        id.map_or(Ok(None), |id| self.incident(IncidentId(id)))
    }

    /// What is open of a camera.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open_of(&self, camera: &CameraId) -> Result<Vec<IncidentId>, DbError> {
        let sql = "SELECT id FROM incident WHERE is_open = 1 AND camera = ?1 ORDER BY id";
        let read = || -> rusqlite::Result<Vec<IncidentId>> {
            let mut found = self.transaction.prepare_cached(sql)?;
            found.query_map(params![camera.as_str()], |row| row.get(0).map(IncidentId))?.collect()
        };
        read().map_err(|e| self.fail(e))
    }

    /// Another incident that is open under the key of this one, which is not.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open_beside(&self, id: IncidentId) -> Result<Option<IncidentRow>, DbError> {
        let sql = "SELECT o.id FROM incident own JOIN incident o ON o.correlation_key = own.correlation_key
                       AND o.is_open = 1 AND o.id <> own.id
                   WHERE own.id = ?1";
        let found = self.first(sql, params![id.0], |row| row.get(0))?;
        found.map_or(Ok(None), |found| self.incident(IncidentId(found)))
    }

    /// Opens an incident with its first alarm. The caller has made sure that none of its key is open.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses, also for a second open incident of the key.
    pub fn open_incident(
        &self,
        alarm: &NewAlarm,
        number: &str,
        plan: PlanId,
        now: WallTime,
    ) -> Result<(IncidentStatus, AlarmId), DbError> {
        let zone = alarm.zone.as_ref();
        let key = CorrelationKey::new(&alarm.camera.id, alarm.class, zone.map(|zone| &zone.id));
        self.run(
            "INSERT INTO incident (number, version, state, is_open, level, class, source, camera, camera_name, area,
                 place, zone, zone_name, correlation_key, opened_ms, began_ms, last_alarm_ms, n_alarms,
                 plan)
             VALUES (:number, 1, :state, 1, :level, :class, 'camera', :camera, :camera_name, :area, :place, :zone,
                 :zone_name, :key, :now, :began, max(:began, :raised), 1, :plan)",
            named_params! {
                ":number": number,
                ":state": IncidentState::New.as_str(),
                ":level": alarm.level.number(),
                ":class": alarm.class.as_str(),
                ":camera": alarm.camera.id.as_str(),
                ":camera_name": alarm.camera.name,
                ":area": alarm.camera.area.as_str(),
                ":place": alarm.camera.place.as_str(),
                ":zone": zone.map(|zone| zone.id.as_str()),
                ":zone_name": zone.map(|zone| zone.name.as_str()),
                ":key": key.as_str(),
                ":now": now.0,
                ":began": alarm.began.wall.0,
                ":raised": alarm.raised.wall.0,
                ":plan": plan.0,
            },
        )?;
        let id = IncidentId(self.transaction.last_insert_rowid());
        let alarm_id = self.insert_alarm(id, alarm)?;
        let status = IncidentStatus::open(id, alarm.level);
        self.insert_history(None, &status, None, Actor::Machine, now, Some(alarm_id), None)?;
        self.log(id, status.version, ChangeKind::Opened, now)?;
        self.index_words(id)?;
        Ok((status, alarm_id))
    }

    /// Starts the clocks of an incident that was just opened, or that lost them. Its version stays.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn start_clocks(&self, id: IncidentId, effects: &Effects, now: WallTime) -> Result<(), DbError> {
        self.change_clocks(id, &effects.clocks, now)?;
        let sql = "UPDATE incident SET deadline_ms = ?2 WHERE id = ?1";
        self.run(sql, params![id.0, effects.deadline.map_or(NO_DEADLINE, |at| at.0)]).map(drop)
    }

    /// Adds a further alarm to an incident; the action that says so is applied by the caller.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn append_alarm(&self, incident: IncidentId, alarm: &NewAlarm) -> Result<AlarmId, DbError> {
        let id = self.insert_alarm(incident, alarm)?;
        self.run(
            "UPDATE incident SET n_alarms = n_alarms + 1, last_alarm_ms = max(last_alarm_ms, ?2) WHERE id = ?1",
            params![incident.0, alarm.raised.wall.0],
        )?;
        Ok(id)
    }

    fn insert_alarm(&self, incident: IncidentId, alarm: &NewAlarm) -> Result<AlarmId, DbError> {
        self.run(
            "INSERT INTO alarm (incident, camera, rule, class, level, began_ms, began_90k, raised_ms, raised_90k,
                 last_ms, peak, evidence)
             VALUES (:incident, :camera, :rule, :class, :level, :began, :began_90k, :raised, :raised_90k,
                 max(:began, :raised), :peak, :evidence)",
            named_params! {
                ":incident": incident.0,
                ":camera": alarm.camera.id.as_str(),
                ":rule": alarm.rule.as_str(),
                ":class": alarm.class.as_str(),
                ":level": alarm.level.number(),
                ":began": alarm.began.wall.0,
                ":began_90k": alarm.began.pts.0,
                ":raised": alarm.raised.wall.0,
                ":raised_90k": alarm.raised.pts.0,
                ":peak": alarm.evidence.peak,
                ":evidence": json(&alarm.evidence),
            },
        )?;
        Ok(AlarmId(self.transaction.last_insert_rowid()))
    }

    /// The alarm of `rule` that still runs.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn running_alarm(&self, camera: &CameraId, rule: &RuleId) -> Result<Option<AlarmRow>, DbError> {
        let sql = format!("{SELECT_ALARM} WHERE a.camera = ?1 AND a.rule = ?2 AND a.ended_ms IS NULL");
        self.first(&sql, params![camera.as_str(), rule.as_str()], rows::alarm_row)
    }

    /// All alarms that still run.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn running_alarms(&self) -> Result<Vec<AlarmRow>, DbError> {
        let sql = format!("{SELECT_ALARM} WHERE a.ended_ms IS NULL ORDER BY a.id");
        self.all(&sql, [], rows::alarm_row)
    }

    /// The alarm that is named by rule and begin.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn alarm_named(
        &self,
        camera: &CameraId,
        rule: &RuleId,
        began: Moment,
    ) -> Result<Option<AlarmRow>, DbError> {
        let sql = format!(
            "{SELECT_ALARM} WHERE a.camera = ?1 AND a.rule = ?2 AND a.began_ms = ?3 AND a.began_90k = ?4"
        );
        let name = params![camera.as_str(), rule.as_str(), began.wall.0, began.pts.0];
        self.first(&sql, name, rows::alarm_row)
    }

    /// A running alarm got worse.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn update_alarm(&self, alarm: &AlarmRow, at: WallTime, evidence: &Evidence) -> Result<(), DbError> {
        self.run(
            "UPDATE alarm SET last_ms = max(last_ms, ?2), peak = max(peak, ?3), evidence = ?4 WHERE id = ?1",
            params![alarm.id.0, at.0, evidence.peak.max(evidence.count), json(evidence)],
        )?;
        self.saw_alarm(alarm.incident, at)
    }

    /// An alarm is over. `ended` before its begin (a clock that was set back) counts as its begin.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn end_alarm(
        &self,
        alarm: &AlarmRow,
        ended: WallTime,
        cleared: WallTime,
        cause: EndCause,
        peak: u32,
    ) -> Result<(), DbError> {
        self.run(
            "UPDATE alarm SET ended_ms = max(began_ms, ?2), cleared_ms = max(began_ms, ?2, ?3), end_cause = ?4,
                 last_ms = max(last_ms, ?2), peak = max(peak, ?5)
             WHERE id = ?1 AND ended_ms IS NULL",
            params![alarm.id.0, ended.0, cleared.0, cause.as_str(), peak],
        )?;
        self.saw_alarm(alarm.incident, ended)
    }

    fn saw_alarm(&self, incident: IncidentId, at: WallTime) -> Result<(), DbError> {
        let sql = "UPDATE incident SET last_alarm_ms = max(last_alarm_ms, ?2) WHERE id = ?1";
        self.run(sql, params![incident.0, at.0]).map(drop)
    }

    /// Only an alarm of the incident changed: tells whoever follows the feed.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn log_alarm(&self, incident: IncidentId, now: WallTime) -> Result<(), DbError> {
        let sql = "SELECT version FROM incident WHERE id = ?1";
        let version: Option<i64> = self.first(sql, params![incident.0], |row| row.get(0))?;
        version.map_or(Ok(()), |version| self.log(incident, version, ChangeKind::Alarm, now))
    }

    /// Stores the result of a transition: one conditional UPDATE with the expected version, one history row, one
    /// change. `false`, and nothing written, when the incident no longer has the version of `before`.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn apply(
        &self,
        before: &IncidentStatus,
        after: &IncidentStatus,
        entry: &HistoryEntry<'_>,
        effects: &Effects,
    ) -> Result<bool, DbError> {
        let reason = after.ending.as_ref().map(|ending| match ending {
            Ending::Closed { reason, .. } => reason.as_str(),
            Ending::Rejected { reason, .. } => reason.as_str(),
        });
        let previous = after.shelf.map(|shelf| shelf.from).or(after.merging.map(|merging| merging.from));
        let marks = &after.overlays;
        let n_changed = self.run(
            "UPDATE incident SET version = :version, state = :state, is_open = :is_open, level = :level,
                 owner = :owner, lease_until_ms = :lease_until, due_ms = :due, shelf_until_ms = :shelf_until,
                 merged_into = :merged_into, previous_state = :previous, end_reason = :reason, ended_ms = :ended,
                 urged = :urged, extended = :extended, held_since_ms = :held, overdue = :overdue,
                 rework = :rework, reopened = :reopened, close_suggested = :close_suggested,
                 escalated = :escalated, archived_ms = :archived, asked_due_ms = :asked_due, asked_hold_ms = :asked_hold,
                 asked_hold_unit = :asked_hold_by,
                 deadline_ms = :deadline,
                 revisit_result = :revisit, satisfaction = :satisfaction,
                 received_by = coalesce(received_by, :owner)
             WHERE id = :id AND version = :expected",
            named_params! {
                ":id": before.id.0,
                ":expected": before.version,
                ":version": after.version,
                ":state": after.state.as_str(),
                ":is_open": after.state.is_open(),
                ":level": after.level.number(),
                ":owner": after.claim.map(|claim| claim.owner.0),
                ":lease_until": after.claim.map(|claim| claim.until.0),
                ":due": after.due.map(|due| due.0),
                ":shelf_until": after.shelf.map(|shelf| shelf.until.0),
                ":merged_into": after.merging.map(|merging| merging.into.0),
                ":previous": previous.map(IncidentState::as_str),
                ":reason": reason,
                ":ended": after.ending.as_ref().map(|ending| ending.at().0),
                ":urged": marks.urged.map_or(0, UrgeLevel::number),
                ":escalated": marks.escalated,
                ":archived": marks.archived.map(|at| at.0),
                ":asked_due": marks.asked_due.map(|due| due.0),
                ":asked_hold": marks.asked_hold.map(|at| at.0),
                ":asked_hold_by": marks.asked_hold_by.as_ref().map(UnitId::as_str),
                ":deadline": effects.deadline.map_or(NO_DEADLINE, |at| at.0),
                ":revisit": after.revisit.map(|revisit| revisit.result.as_str()),
                ":satisfaction": after.revisit.and_then(|revisit| revisit.satisfaction).map(|s| s.as_str()),
                ":extended": marks.extended,
                ":held": marks.held.map(|since| since.0),
                ":overdue": marks.overdue,
                ":rework": marks.rework,
                ":reopened": marks.reopened,
                ":close_suggested": marks.close_suggested,
            },
        )?;
        if n_changed == 0 {
            return Ok(false);
        }
        let HistoryEntry { action, actor, at, alarm, note } = *entry;
        self.write_assignments(before, after)?;
        self.change_clocks(before.id, &effects.clocks, at)?;
        if let Some(assessed) = &effects.assessed {
            self.write_assessed(before.id, assessed)?;
        }
        self.insert_history(Some(before.state), after, Some(action), actor, at, alarm, note)?;
        if note.is_some() {
            self.index_words(before.id)?;
        }
        self.log(before.id, after.version, ChangeKind::Acted, at)?;
        Ok(true)
    }

    fn write_assignments(&self, before: &IncidentStatus, after: &IncidentStatus) -> Result<(), DbError> {
        for (n, one) in after.assignments.iter().enumerate() {
            if before.assignments.get(n) == Some(one) {
                continue;
            }
            self.run(
                "INSERT INTO assignment (incident, n, unit, is_lead, told_ms, signed_ms, arrived_ms, finished_ms,
                     finished_by, reworks, ended_ms, end_cause)
                 VALUES (:incident, :n, :unit, :is_lead, :told, :signed, :arrived, :finished, :finished_by, :reworks,
                     :ended, :cause)
                 ON CONFLICT (incident, n) DO UPDATE SET is_lead = excluded.is_lead, signed_ms = excluded.signed_ms,
                     arrived_ms = excluded.arrived_ms, finished_ms = excluded.finished_ms,
                     finished_by = excluded.finished_by, reworks = excluded.reworks, ended_ms = excluded.ended_ms,
                     end_cause = excluded.end_cause",
                named_params! {
                    ":incident": after.id.0,
                    ":n": i64::try_from(n).unwrap_or(i64::MAX),
                    ":unit": one.unit.as_str(),
                    ":is_lead": one.is_lead,
                    ":told": one.told.0,
                    ":signed": one.signed.map(|at| at.0),
                    ":arrived": one.arrived.map(|at| at.0),
                    ":finished": one.finished.map(|at| at.0),
                    ":finished_by": one.finished_by.map(|account| account.0),
                    ":reworks": one.reworks,
                    ":ended": one.end.map(|(at, _)| at.0),
                    ":cause": one.end.map(|(_, cause)| AssignmentEnd::as_str(cause)),
                },
            )?;
        }
        Ok(())
    }

    fn write_assessed(&self, id: IncidentId, assessed: &Assessed) -> Result<(), DbError> {
        let Assessed { class, area, plan, proposal } = assessed;
        // Whoever saw it where it was is told that it is gone.
        let sql = "UPDATE incident SET class = ?2, area = ?3, plan = ?4, proposal = ?5,
                       past_areas = iif(area = ?3 OR EXISTS (SELECT 1 FROM json_each(past_areas) WHERE value = area),
                           past_areas, json_insert(past_areas, '$[#]', area))
                   WHERE id = ?1";
        self.run(sql, params![id.0, class.as_str(), area.as_str(), plan.0, json(proposal)]).map(drop)
    }

    #[expect(clippy::too_many_arguments, reason = "one row, column by column; three callers")]
    pub(super) fn insert_history(
        &self,
        from: Option<IncidentState>,
        after: &IncidentStatus,
        action: Option<&IncidentAction>,
        actor: Actor,
        at: WallTime,
        alarm: Option<AlarmId>,
        note: Option<&str>,
    ) -> Result<(), DbError> {
        let account = match actor {
            Actor::Person(account) => Some(account.0),
            Actor::Machine => None,
        };
        self.run(
            "INSERT INTO incident_history
                 (incident, version, at_ms, action, detail, account, state_from, state_to, level, alarm, note)
             VALUES (:incident, :version, :at, :action, :detail, :account, :from, :to, :level, :alarm, :note)",
            named_params! {
                ":incident": after.id.0,
                ":version": after.version,
                ":at": at.0,
                ":action": action.map_or("open", |action| action.kind().as_str()),
                ":detail": action.map(json),
                ":account": account,
                ":from": from.map(IncidentState::as_str),
                ":to": after.state.as_str(),
                ":level": after.level.number(),
                ":alarm": alarm.map(|alarm| alarm.0),
                ":note": note,
            },
        )?;
        self.history.borrow_mut().push((after.id, after.version));
        Ok(())
    }

    pub(super) fn log(
        &self,
        incident: IncidentId,
        version: i64,
        kind: ChangeKind,
        at: WallTime,
    ) -> Result<(), DbError> {
        self.run(
            "INSERT INTO change_log (incident, version, kind, at_ms) VALUES (?1, ?2, ?3, ?4)",
            params![incident.0, version, kind.as_str(), at.0],
        )?;
        self.newest.set(Some(ChangeSeq(self.transaction.last_insert_rowid())));
        Ok(())
    }

    /// What was answered to this account's command with this key.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn answer(&self, account: AccountId, key: &str) -> Result<Option<StoredAnswer>, DbError> {
        self.first(query::ANSWER, params![account.0, key], rows::stored_answer)
    }

    /// Remembers the answer to a command.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn remember(
        &self,
        account: AccountId,
        key: &str,
        stored: &StoredAnswer,
        now: WallTime,
    ) -> Result<(), DbError> {
        self.run(
            "INSERT INTO idempotency (account, key, request, answer, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![account.0, key, stored.request, stored.answer, now.0],
        )
        .map(drop)
    }

    /// Keeps the picture of the moment that `alarm` was raised.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses, also for less than 4 bytes or more than 1 MiB.
    pub fn insert_snapshot(&self, alarm: AlarmId, jpeg: &[u8]) -> Result<(), DbError> {
        self.run("INSERT INTO snapshot (alarm, jpeg) VALUES (?1, ?2)", params![alarm.0, jpeg]).map(drop)
    }

    /// Keeps boxes.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn insert_trace(&self, chunk: &TraceChunk) -> Result<(), DbError> {
        let (Some(first), Some(last)) = (chunk.frames.first(), chunk.frames.last()) else { return Ok(()) };
        self.run(
            "INSERT INTO trace (camera, from_ms, until_ms, frames) VALUES (?1, ?2, ?3, ?4)",
            params![chunk.camera.as_str(), first.wall.0, last.wall.0, json(&chunk.frames)],
        )
        .map(drop)
    }

    /// Deletes the log before `log`, answers before `answers` and traces before `traces`, a bounded number of each.
    /// The log loses its beginning only, whatever clocks did, so that it has no holes; its newest change stays. Gives the number of rows deleted.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn prune(&self, log: WallTime, answers: WallTime, traces: WallTime) -> Result<usize, DbError> {
        let n_log = self.run(
            "DELETE FROM change_log WHERE seq IN (SELECT seq FROM change_log
                 WHERE seq < coalesce((SELECT min(seq) FROM change_log WHERE at_ms >= ?1),
                                      (SELECT max(seq) FROM change_log))
                 ORDER BY seq LIMIT 5000)",
            params![log.0],
        )?;
        let n_answers = self.run(
            "DELETE FROM idempotency WHERE (account, key) IN
                 (SELECT account, key FROM idempotency WHERE at_ms < ?1 LIMIT 5000)",
            params![answers.0],
        )?;
        let n_traces = self.run(
            "DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE from_ms < ?1 LIMIT 5000)",
            params![traces.0],
        )?;
        Ok(n_log + n_answers + n_traces)
    }

    pub(super) fn run(&self, sql: &str, parameters: impl Params) -> Result<usize, DbError> {
        let run = || self.transaction.prepare_cached(sql)?.execute(parameters);
        run().map_err(|e| self.fail(e))
    }

    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, DbError> {
        work(self.transaction).map_err(|e| self.fail(e))
    }

    pub(super) fn first<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, DbError> {
        let run = || self.transaction.prepare_cached(sql)?.query_row(parameters, read).optional();
        run().map_err(|e| self.fail(e))
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, DbError> {
        let run = || -> rusqlite::Result<Vec<T>> {
            self.transaction.prepare_cached(sql)?.query_map(parameters, read)?.collect()
        };
        run().map_err(|e| self.fail(e))
    }

    fn fail(&self, source: rusqlite::Error) -> DbError {
        DbError::Sqlite { path: self.path.to_owned(), source }
    }
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own structs with text keys always become JSON")
}
