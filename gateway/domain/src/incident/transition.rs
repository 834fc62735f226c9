//! How the table is applied: who may, whether the details are possible, and what goes with each action.

use std::time::Duration;

use super::{
    ActionKind, Actor, Assignment, AssignmentEnd, Claim, ClockKind, CloseReason, Ending, IncidentAction,
    IncidentState, IncidentStatus, Merging, Overlays, ReopenReason, Revisit, RevisitResult, Shelf,
    assignment,
    table::{self, Next, TABLE, Transition, Who},
};
use crate::{
    ids::{AccountId, UnitId},
    level::Level,
    time::WallTime,
};

/// The times that a site may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPolicy {
    /// How long a claim lasts without a sign of life from its holder.
    pub lease: Duration,
    /// How long after its end an incident may be reopened.
    pub reopen_window: Duration,
    /// For how long an incident may be shelved at most, lest it be hidden there.
    pub longest_shelf: Duration,
    /// There are units to tell. Where there are none, the centre's own people settle what is red, too.
    pub has_units: bool,
}

impl Default for IncidentPolicy {
    /// 10 minutes, 24 hours, 24 hours, and units.
    fn default() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self { lease: Duration::from_secs(600), reopen_window: day, longest_shelf: day, has_units: true }
    }
}

/// Why an action was not accepted. The status is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// No such transition exists.
    #[error("an incident that is {state} cannot be changed by `{action}`")]
    NotListed {
        /// Where it stands.
        state: IncidentState,
        /// What was tried.
        action: ActionKind,
    },
    /// Only people may do this.
    #[error("`{action}` is for people, and a machine tried it")]
    PeopleOnly {
        /// What was tried.
        action: ActionKind,
    },
    /// Only the service itself may do this.
    #[error("`{action}` is not for people")]
    MachineOnly {
        /// What was tried.
        action: ActionKind,
    },
    /// Someone else has it, and the lease has not run out.
    #[error("account {owner} has this incident")]
    HeldByOther {
        /// Who.
        owner: AccountId,
        /// Until when.
        until: WallTime,
    },
    /// A deadline has not come yet, so a machine may not act on it.
    #[error("it is too early for `{action}`")]
    TooEarly {
        /// What was tried.
        action: ActionKind,
    },
    /// The incident ended too long ago to be reopened.
    #[error("the incident ended too long ago to be reopened")]
    TooLate,
    /// A time in the action is past, no later than the one before, or too far ahead.
    #[error("the time given with `{action}` is not possible")]
    BadTime {
        /// What was tried.
        action: ActionKind,
    },
    /// The new level is not above the old one.
    #[error("the incident is {level} already")]
    NotAbove {
        /// The level that it has.
        level: Level,
    },
    /// An incident cannot become part of itself.
    #[error("an incident cannot be merged into itself")]
    IntoItself,
    /// The unit was not told, or is no longer counted on.
    #[error("unit {unit} has no part in this incident")]
    NotTold {
        /// Which.
        unit: UnitId,
    },
    /// The unit's own steps come one after the other.
    #[error("unit {unit} cannot `{action}` now")]
    OutOfTurn {
        /// Which.
        unit: UnitId,
        /// What was tried.
        action: ActionKind,
    },
    /// Someone must lead.
    #[error("an incident is dispatched to a unit that leads")]
    NoLead,
    /// The unit was told already, or is named twice.
    #[error("unit {unit} has a part in this incident already")]
    ToldTwice {
        /// Which.
        unit: UnitId,
    },
    /// What is red is verified by somebody else than who was done with it.
    #[error("what is red is verified by another person than the one who finished it")]
    SamePerson,
    /// What is red is not settled on the spot.
    #[error("what is red is dispatched and verified before it is closed as handled")]
    NotATrifle,
    /// Nobody was asked, so nobody was content or not.
    #[error("satisfaction goes with people who were reached")]
    NobodyAsked,
    /// The mark is set or unset already.
    #[error("`{action}` would change nothing")]
    NoChange {
        /// What was tried.
        action: ActionKind,
    },
}

/// Applies one action. Total and pure: the same arguments give the same result, and an error changes nothing.
///
/// # Errors
/// [`TransitionError`] says which rule forbids it.
pub fn transition(
    status: &IncidentStatus,
    action: &IncidentAction,
    actor: Actor,
    now: WallTime,
    policy: &IncidentPolicy,
) -> Result<IncidentStatus, TransitionError> {
    let kind = action.kind();
    let listed = TABLE.iter().find(|row| row.action == kind && row.from.contains(&status.state));
    let row = listed.ok_or(TransitionError::NotListed { state: status.state, action: kind })?;
    status.permit(row, actor, now)?;
    status.examine(action, now, policy)?;
    let mut next = status.clone();
    next.version = next.version.saturating_add(1);
    next.assign(action, actor, now)?;
    next.state = match row.to {
        Next::State(state) => state,
        Next::Same => status.state,
        Next::Previous => status.previous(),
        Next::Units => assignment::state(&next.assignments),
    };
    next.apply(action, actor, status, now);
    next.keep_claim(action, actor, now.plus(policy.lease));
    Ok(next)
}

impl IncidentStatus {
    /// Where a side way leads back to.
    fn previous(&self) -> IncidentState {
        match (&self.shelf, &self.merging) {
            (Some(shelf), _) => shelf.from,
            (None, Some(merging)) => merging.from,
            // Only a broken row comes here; a person then decides anew.
            (None, None) => IncidentState::New,
        }
    }

    /// May `actor` do what `row` lists, whatever its details?
    pub(super) fn permit(
        &self,
        row: &Transition,
        actor: Actor,
        now: WallTime,
    ) -> Result<(), TransitionError> {
        let action = row.action;
        match (row.who, actor) {
            (Who::Person, Actor::Machine) => return Err(TransitionError::PeopleOnly { action }),
            (Who::Machine, Actor::Person(_)) => return Err(TransitionError::MachineOnly { action }),
            (Who::Person | Who::Either, Actor::Person(person)) => self.yield_to(action, person, now)?,
            (Who::Machine | Who::Either, Actor::Machine) => self.is_time_for(action, now)?,
        }
        let is_idle = match action {
            ActionKind::Hold => self.overlays.held.is_some(),
            ActionKind::AskHold => self.overlays.held.is_some() || self.overlays.asked_hold.is_some(),
            ActionKind::RefuseHold => self.overlays.asked_hold.is_none(),
            ActionKind::Unhold => self.overlays.held.is_none(),
            ActionKind::SuggestClose => self.overlays.close_suggested,
            ActionKind::Archive => self.overlays.archived.is_some(),
            ActionKind::Acknowledge => self.overlays.escalated == 0,
            ActionKind::RefuseExtension => self.overlays.asked_due.is_none(),
            ActionKind::TakeOver => !self.is_with_another(actor),
            ActionKind::Verify => return self.is_another(actor),
            ActionKind::Raise if self.level == Level::Red => {
                return Err(TransitionError::NotAbove { level: self.level });
            }
            _ => false,
        };
        if is_idle { Err(TransitionError::NoChange { action }) } else { Ok(()) }
    }

    /// Somebody else answers for it.
    fn is_with_another(&self, actor: Actor) -> bool {
        self.claim.is_some_and(|claim| actor != Actor::Person(claim.owner))
    }

    /// Whoever was done with what is red does not judge it.
    fn is_another(&self, actor: Actor) -> Result<(), TransitionError> {
        let Actor::Person(person) = actor else { return Ok(()) };
        let is_own = self.level == Level::Red && self.active().any(|one| one.finished_by == Some(person));
        if is_own { Err(TransitionError::SamePerson) } else { Ok(()) }
    }

    /// While it is claimed only its holder works on it; others may add to it, take it over with a reason, and claim it
    /// once the lease is over.
    fn yield_to(&self, action: ActionKind, person: AccountId, now: WallTime) -> Result<(), TransitionError> {
        let Some(claim) = self.claim.filter(|claim| claim.owner != person) else { return Ok(()) };
        let is_open_to_others = match action {
            ActionKind::Claim => claim.until <= now,
            ActionKind::TakeOver
            | ActionKind::Acknowledge
            | ActionKind::Urge
            | ActionKind::Raise
            | ActionKind::Append
            | ActionKind::Note
            | ActionKind::Attach => true,
            _ => false,
        };
        if self.state != IncidentState::Claimed || is_open_to_others {
            Ok(())
        } else {
            Err(TransitionError::HeldByOther { owner: claim.owner, until: claim.until })
        }
    }

    /// What a machine does by the clock it does only when the time that a person set has come.
    fn is_time_for(&self, action: ActionKind, now: WallTime) -> Result<(), TransitionError> {
        let is_time = match action {
            ActionKind::LeaseExpired => self.claim.is_none_or(|claim| claim.until <= now),
            ActionKind::Unshelve => self.shelf.is_none_or(|shelf| shelf.until <= now),
            _ => true,
        };
        if is_time { Ok(()) } else { Err(TransitionError::TooEarly { action }) }
    }

    /// Are the action's details possible?
    fn examine(
        &self,
        action: &IncidentAction,
        now: WallTime,
        policy: &IncidentPolicy,
    ) -> Result<(), TransitionError> {
        let kind = action.kind();
        let bad_time = Err(TransitionError::BadTime { action: kind });
        let no_change = Err(TransitionError::NoChange { action: kind });
        let is_later = |due: WallTime| due > now && self.due.is_some_and(|old| due > old);
        match action {
            IncidentAction::Dispatch { due: Some(due), .. } | IncidentAction::Rework { due: Some(due) }
                if *due <= now =>
            {
                bad_time
            }
            IncidentAction::Shelve { until } if *until <= now || *until > now.plus(policy.longest_shelf) => {
                bad_time
            }
            IncidentAction::Extend { due } if !is_later(*due) => bad_time,
            // Before it has run out: afterwards there is nothing to extend, only to answer for.
            IncidentAction::AskExtension { due, .. }
                if !is_later(*due) || self.overlays.overdue || self.due.is_some_and(|old| old <= now) =>
            {
                bad_time
            }
            IncidentAction::Raise { level, .. } if !level.is_above(self.level) => {
                Err(TransitionError::NotAbove { level: self.level })
            }
            IncidentAction::Merge { into } if *into == self.id => Err(TransitionError::IntoItself),
            IncidentAction::Reopen { reason } => self.may_reopen(*reason, now, policy),
            IncidentAction::HandOver { to } if self.claim.is_some_and(|claim| claim.owner == *to) => {
                no_change
            }
            IncidentAction::TakeOver { from } if self.claim.is_none_or(|claim| claim.owner != *from) => {
                no_change
            }
            IncidentAction::Urge { level } if self.overlays.urged.is_some_and(|old| *level < old) => {
                no_change
            }
            IncidentAction::Close { reason: CloseReason::Handled }
                if self.level == Level::Red && self.state != IncidentState::Verified && policy.has_units =>
            {
                Err(TransitionError::NotATrifle)
            }
            IncidentAction::Revisit { result, satisfaction: Some(_) }
                if *result != RevisitResult::Reached =>
            {
                Err(TransitionError::NobodyAsked)
            }
            IncidentAction::Overdue { clock: ClockKind::Finish, .. } if self.overlays.overdue => no_change,
            IncidentAction::Overdue { clock: ClockKind::Finish, .. }
                if self.overlays.held.is_some() || self.due.is_none_or(|due| due > now) =>
            {
                Err(TransitionError::TooEarly { action: kind })
            }
            IncidentAction::Escalate { step, .. } if *step <= self.overlays.escalated => no_change,
            _ => Ok(()),
        }
    }

    /// Within the window, and later only for people who are not content after a revisit.
    fn may_reopen(
        &self,
        reason: ReopenReason,
        now: WallTime,
        policy: &IncidentPolicy,
    ) -> Result<(), TransitionError> {
        let is_revisited = self.state == IncidentState::Revisited && reason == ReopenReason::Discontent;
        match self.ending {
            Some(ending) if !is_revisited && now > ending.at().plus(policy.reopen_window) => {
                Err(TransitionError::TooLate)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What the action does to the units' parts.
    fn assign(
        &mut self,
        action: &IncidentAction,
        actor: Actor,
        now: WallTime,
    ) -> Result<(), TransitionError> {
        let all = &mut self.assignments;
        let out_of_turn =
            |unit: &UnitId| TransitionError::OutOfTurn { unit: unit.clone(), action: action.kind() };
        let turn = |is_turn: bool, unit: &UnitId| if is_turn { Ok(()) } else { Err(out_of_turn(unit)) };
        match action {
            IncidentAction::Dispatch { lead, assist, due: _ } => self.tell(lead.as_ref(), assist, now)?,
            IncidentAction::SignIn { unit } => {
                let one = assignment::of(all, unit)?;
                turn(one.signed.is_none(), unit)?;
                one.signed = Some(now);
            }
            IncidentAction::Arrive { unit } => {
                let one = assignment::of(all, unit)?;
                turn(one.signed.is_some() && one.arrived.is_none(), unit)?;
                one.arrived = Some(now);
            }
            IncidentAction::Finish { unit, .. } => {
                let one = assignment::of(all, unit)?;
                turn(one.arrived.is_some() && one.finished.is_none(), unit)?;
                let Actor::Person(person) = actor else { return Ok(()) };
                (one.finished, one.finished_by) = (Some(now), Some(person));
            }
            IncidentAction::Return { unit } => {
                let one = assignment::of(all, unit)?;
                // Also of what it found when it came: that is when it can know that it is not its own.
                turn(one.finished.is_none(), unit)?;
                one.end = Some((now, AssignmentEnd::Returned));
            }
            IncidentAction::Withdraw { unit } => {
                let one = assignment::of(all, unit)?;
                turn(one.finished.is_none(), unit)?;
                one.end = Some((now, AssignmentEnd::Withdrawn));
            }
            IncidentAction::Feedback { unit }
            | IncidentAction::AskExtension { unit, .. }
            | IncidentAction::AskHold { unit }
            | IncidentAction::Attach { unit: Some(unit), .. } => drop(assignment::of(all, unit)?),
            IncidentAction::Rework { .. } => {
                for one in all.iter_mut().filter(|one| one.is_active()) {
                    (one.finished, one.finished_by) = (None, None);
                    one.reworks = one.reworks.saturating_add(1);
                }
            }
            IncidentAction::Reopen { .. } => {
                for one in all.iter_mut().filter(|one| one.is_active()) {
                    one.end = Some((now, AssignmentEnd::Reopened));
                }
            }
            IncidentAction::TakeUnits { parts, .. } => self.take_in(parts, action.kind())?,
            IncidentAction::GiveUnits { units, .. } => {
                for unit in units {
                    let one = assignment::of(all, unit)?;
                    turn(one.finished.is_none(), unit)?;
                    one.end = Some((now, AssignmentEnd::Withdrawn));
                }
                if units.is_empty() {
                    return Err(TransitionError::NoChange { action: action.kind() });
                }
                self.keep_lead();
            }
            // Nothing else is about units.
            _ => {}
        }
        Ok(())
    }

    /// New parts for units that have none.
    fn tell(
        &mut self,
        lead: Option<&UnitId>,
        assist: &[UnitId],
        now: WallTime,
    ) -> Result<(), TransitionError> {
        if lead.is_none() && !self.active().any(|one| one.is_lead) {
            return Err(TransitionError::NoLead);
        }
        if lead.is_some() {
            for one in self.assignments.iter_mut().filter(|one| one.is_active()) {
                one.is_lead = false;
            }
        }
        let mut is_new = false;
        for (unit, is_lead) in
            lead.map(|unit| (unit, true)).into_iter().chain(assist.iter().map(|u| (u, false)))
        {
            match self.assignments.iter_mut().find(|one| one.is_active() && one.unit == *unit) {
                // A unit that helps may come to lead.
                Some(known) if is_lead => known.is_lead = true,
                Some(_) => return Err(TransitionError::ToldTwice { unit: unit.clone() }),
                None => self.assignments.push(Assignment::new(unit.clone(), is_lead, now)),
            }
            is_new = true;
        }
        if is_new { Ok(()) } else { Err(TransitionError::NoChange { action: ActionKind::Dispatch }) }
    }

    /// Parts that units have in an incident that has become part of this one. What a unit of both has done there it has
    /// done here.
    fn take_in(&mut self, parts: &[Assignment], action: ActionKind) -> Result<(), TransitionError> {
        let working = || parts.iter().filter(|one| one.is_active() && one.finished.is_none());
        if working().next().is_none() || working().any(|one| !one.is_fine()) {
            return Err(TransitionError::NoChange { action });
        }
        let mut has_lead = self.active().any(|one| one.is_lead);
        for part in working() {
            match self.assignments.iter_mut().find(|one| one.is_active() && one.unit == part.unit) {
                Some(known) => {
                    known.signed = known.signed.or(part.signed);
                    known.arrived = known.arrived.or(part.arrived);
                    // It is not done with all of it.
                    (known.finished, known.finished_by) = (None, None);
                    known.is_lead |= part.is_lead && !has_lead;
                    has_lead |= part.is_lead;
                }
                None => {
                    self.assignments.push(Assignment { is_lead: part.is_lead && !has_lead, ..part.clone() });
                    has_lead |= part.is_lead;
                }
            }
        }
        self.keep_lead();
        Ok(())
    }

    /// One of the units leads: when the one that did has gone on elsewhere, the one that was told first.
    fn keep_lead(&mut self) {
        if self.active().any(|one| one.is_lead) {
            return;
        }
        let active = self.assignments.iter_mut().filter(|one| one.is_active());
        if let Some(first) = active.min_by_key(|one| one.told) {
            first.is_lead = true;
        }
    }

    /// Sets what goes with the action. `self` is a copy of `before` in its new state.
    fn apply(&mut self, action: &IncidentAction, actor: Actor, before: &Self, now: WallTime) {
        match action {
            IncidentAction::Assess { level, .. } => self.level = *level,
            IncidentAction::Raise { level, due } => {
                self.level = *level;
                // It was put aside as what it was, and not as what is worse.
                if let Some(shelf) = &mut self.shelf {
                    shelf.until = shelf.until.min(now);
                }
                // The time that people allowed is theirs to shorten.
                if let (Actor::Person(_), Some(due)) = (actor, due) {
                    self.due = self.due.map(|old| old.min(*due));
                }
            }
            IncidentAction::Dispatch { due, .. } => self.due = due.or(self.due),
            IncidentAction::Verify => self.overlays.rework = false,
            IncidentAction::Rework { due } => {
                self.due = *due;
                self.overlays.rework = true;
            }
            IncidentAction::Close { reason } => self.end(Ending::Closed { reason: *reason, at: now }),
            IncidentAction::SelfTest => self.end(Ending::Closed { reason: CloseReason::Test, at: now }),
            IncidentAction::Reject { reason } => self.end(Ending::Rejected { reason: *reason, at: now }),
            IncidentAction::Archive => self.overlays.archived = Some(now),
            IncidentAction::Revisit { result, satisfaction } => {
                self.revisit = Some(Revisit { result: *result, satisfaction: *satisfaction });
            }
            IncidentAction::Merge { into } => {
                self.merging = Some(Merging { into: *into, from: before.state });
            }
            IncidentAction::Unmerge => self.merging = None,
            IncidentAction::Shelve { until } => {
                self.shelf = Some(Shelf { until: *until, from: before.state });
            }
            IncidentAction::Unshelve => self.shelf = None,
            IncidentAction::Reopen { reason: _ } => {
                self.ending = None;
                self.revisit = None;
                self.overlays = Overlays { reopened: true, ..Overlays::default() };
            }
            IncidentAction::Urge { level } => self.overlays.urged = Some(*level),
            IncidentAction::AskExtension { due, .. } => self.overlays.asked_due = Some(*due),
            IncidentAction::Extend { due } => {
                self.due = Some(*due);
                self.overlays.extended = true;
                self.overlays.overdue = false;
                self.overlays.asked_due = None;
                self.overlays.escalated = 0;
            }
            IncidentAction::RefuseExtension => self.overlays.asked_due = None,
            IncidentAction::TakeUnits { due, .. } => {
                // Neither is put off by the other; what is held here is moved once it goes on.
                let held = self.overlays.held.map(|since| now.since(since)).unwrap_or_default();
                self.due = self.due.into_iter().chain(due.map(|due| due.minus(held))).min();
            }
            IncidentAction::AskHold { unit } => {
                self.overlays.asked_hold = Some(now);
                self.overlays.asked_hold_by = Some(unit.clone());
            }
            IncidentAction::RefuseHold => self.overlays.answer_hold(),
            IncidentAction::Hold => {
                self.overlays.held = Some(now);
                self.overlays.answer_hold();
            }
            IncidentAction::Unhold => self.release_clock(now),
            IncidentAction::Overdue { clock: ClockKind::Finish, .. } => self.overlays.overdue = true,
            IncidentAction::Escalate { step, .. } => self.overlays.escalated = *step,
            IncidentAction::Append => self.overlays.close_suggested = false,
            IncidentAction::SuggestClose => self.overlays.close_suggested = true,
            IncidentAction::Claim
            | IncidentAction::Release
            | IncidentAction::LeaseExpired
            | IncidentAction::HandOver { .. }
            | IncidentAction::TakeOver { .. }
            | IncidentAction::Withdraw { .. }
            | IncidentAction::SignIn { .. }
            | IncidentAction::Return { .. }
            | IncidentAction::Arrive { .. }
            | IncidentAction::Feedback { .. }
            | IncidentAction::Finish { .. }
            | IncidentAction::GiveUnits { .. }
            | IncidentAction::Note
            | IncidentAction::Attach { .. }
            | IncidentAction::Acknowledge
            | IncidentAction::Warn { .. }
            | IncidentAction::Overdue { .. } => {}
        }
        let is_put_away = self.state == IncidentState::Merged || self.state == IncidentState::Shelved;
        let was_put_away = before.merging.is_some() || before.shelf.is_some();
        if self.state != before.state && !is_put_away && !was_put_away {
            // Someone has moved it, so pressing has had its effect, and a unit that goes on is no longer held.
            self.overlays.urged = None;
            if !action.kind().gives_back() {
                self.overlays.escalated = 0;
            }
            if !before.is_step_of_helper(action) || !table::WITH_UNIT.contains(&self.state) {
                self.release_clock(now);
            }
            if !table::WITH_UNIT.contains(&self.state) {
                self.stop_clock();
            }
            if self.state == IncidentState::Assessed {
                // Whoever was to do it again has given it back: the next unit begins afresh.
                self.overlays.rework = false;
            }
        }
        if before.is_step_of_lead(action) {
            self.release_clock(now);
        }
        if before.is_step_of_asker(action) {
            self.overlays.answer_hold();
        }
    }

    /// The unit that asked for a hold goes on, or away: there is nothing left to answer.
    fn is_step_of_asker(&self, action: &IncidentAction) -> bool {
        use ActionKind as A;
        let Some(asker) = &self.overlays.asked_hold_by else { return false };
        match action {
            IncidentAction::GiveUnits { units, .. } => units.contains(asker),
            _ => {
                let is_step =
                    matches!(action.kind(), A::SignIn | A::Arrive | A::Finish | A::Return | A::Withdraw);
                is_step && action.unit() == Some(asker)
            }
        }
    }

    /// The unit that leads goes on: what it is held for is over.
    fn is_step_of_lead(&self, action: &IncidentAction) -> bool {
        use ActionKind as A;
        matches!(action.kind(), A::SignIn | A::Arrive | A::Finish | A::Return)
            && self.active().any(|one| one.is_lead && Some(&one.unit) == action.unit())
    }

    /// A unit that helps goes on, which says nothing of what the one that leads waits for.
    fn is_step_of_helper(&self, action: &IncidentAction) -> bool {
        action.kind().is_of_unit()
            && self.active().any(|one| one.is_lead)
            && self.active().any(|one| !one.is_lead && Some(&one.unit) == action.unit())
    }

    /// A claim belongs to whoever made it, is renewed by everything they do, and is gone when the incident is new again.
    fn keep_claim(&mut self, action: &IncidentAction, actor: Actor, until: WallTime) {
        match (actor, action) {
            _ if self.state == IncidentState::New => self.claim = None,
            (Actor::Person(owner), IncidentAction::Claim | IncidentAction::TakeOver { .. }) => {
                self.claim = Some(Claim { owner, until });
            }
            (Actor::Person(_), IncidentAction::HandOver { to }) => {
                self.claim = Some(Claim { owner: *to, until });
            }
            (Actor::Person(person), _) => {
                if let Some(claim) = self.claim.as_mut().filter(|claim| claim.owner == person) {
                    claim.until = until;
                }
            }
            (Actor::Machine, _) => {}
        }
    }

    fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
        self.overlays.close_suggested = false;
    }

    /// The unit no longer works on it.
    fn stop_clock(&mut self) {
        self.due = None;
        self.overlays.held = None;
        self.overlays.answer_hold();
        self.overlays.extended = false;
        self.overlays.overdue = false;
        self.overlays.asked_due = None;
    }

    /// The time that it was held does not count: the due time moves by as much.
    fn release_clock(&mut self, now: WallTime) {
        if let Some(since) = self.overlays.held.take() {
            self.due = self.due.map(|due| due.plus(now.since(since)));
        }
    }
}
