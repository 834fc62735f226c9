//! How the table is applied: who may, whether the details are possible, and what goes with each action.

use std::time::Duration;

use super::{
    ActionKind, Actor, Claim, Ending, IncidentAction, IncidentState, IncidentStatus, Merging, Overlays,
    Shelf,
    table::{Next, TABLE, Transition, Who},
};
use crate::{ids::AccountId, level::Level, time::WallTime};

/// The times that a site may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPolicy {
    /// How long a claim lasts without a sign of life from its holder.
    pub lease: Duration,
    /// How long after its end an incident may be reopened.
    pub reopen_window: Duration,
    /// For how long an incident may be shelved at most, lest it be hidden there.
    pub longest_shelf: Duration,
}

impl Default for IncidentPolicy {
    /// 10 minutes, 24 hours, 24 hours.
    fn default() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self { lease: Duration::from_secs(600), reopen_window: day, longest_shelf: day }
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
    let mut next = *status;
    next.version = next.version.saturating_add(1);
    next.state = match row.to {
        Next::State(state) => state,
        Next::Same => status.state,
        Next::Previous => status.previous(),
    };
    next.apply(action, status, now);
    next.keep_claim(kind, actor, now.plus(policy.lease));
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
            ActionKind::Unhold => self.overlays.held.is_none(),
            ActionKind::SuggestClose => self.overlays.close_suggested,
            ActionKind::Raise if self.level == Level::Red => {
                return Err(TransitionError::NotAbove { level: self.level });
            }
            _ => false,
        };
        if is_idle { Err(TransitionError::NoChange { action }) } else { Ok(()) }
    }

    /// While it is claimed only its holder works on it; others may add to it, and claim it once the lease is over.
    fn yield_to(&self, action: ActionKind, person: AccountId, now: WallTime) -> Result<(), TransitionError> {
        let Some(claim) = self.claim.filter(|claim| claim.owner != person) else { return Ok(()) };
        let is_open_to_others = match action {
            ActionKind::Claim => claim.until <= now,
            ActionKind::Urge | ActionKind::Raise | ActionKind::Append => true,
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
            ActionKind::Overdue if self.overlays.overdue => return Err(TransitionError::NoChange { action }),
            ActionKind::Overdue => self.overlays.held.is_none() && self.due.is_some_and(|due| due <= now),
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
        let bad_time = || Err(TransitionError::BadTime { action: action.kind() });
        match *action {
            IncidentAction::Dispatch { due: Some(due) } | IncidentAction::Rework { due: Some(due) }
                if due <= now =>
            {
                bad_time()
            }
            IncidentAction::Shelve { until } if until <= now || until > now.plus(policy.longest_shelf) => {
                bad_time()
            }
            IncidentAction::Extend { due } if due <= now || self.due.is_none_or(|old| due <= old) => {
                bad_time()
            }
            IncidentAction::Raise { level } if !level.is_above(self.level) => {
                Err(TransitionError::NotAbove { level: self.level })
            }
            IncidentAction::Merge { into } if into == self.id => Err(TransitionError::IntoItself),
            IncidentAction::Reopen { .. } => match self.ending {
                Some(ending) if now > ending.at().plus(policy.reopen_window) => Err(TransitionError::TooLate),
                Some(_) | None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Sets what goes with the action. `self` is a copy of `before` in its new state.
    fn apply(&mut self, action: &IncidentAction, before: &Self, now: WallTime) {
        match *action {
            IncidentAction::Claim
            | IncidentAction::SignIn
            | IncidentAction::Arrive
            | IncidentAction::Revisit
            | IncidentAction::Release
            | IncidentAction::LeaseExpired => {}
            IncidentAction::Assess { level } | IncidentAction::Raise { level } => self.level = level,
            IncidentAction::Dispatch { due } => self.due = due,
            IncidentAction::Return | IncidentAction::Finish => self.stop_clock(),
            IncidentAction::Verify => self.overlays.rework = false,
            IncidentAction::Rework { due } => {
                self.due = due;
                self.overlays.rework = true;
            }
            IncidentAction::Close { reason } => self.end(Ending::Closed { reason, at: now }),
            IncidentAction::Reject { reason } => self.end(Ending::Rejected { reason, at: now }),
            IncidentAction::Merge { into } => self.merging = Some(Merging { into, from: before.state }),
            IncidentAction::Unmerge => self.merging = None,
            IncidentAction::Shelve { until } => self.shelf = Some(Shelf { until, from: before.state }),
            IncidentAction::Unshelve => self.shelf = None,
            IncidentAction::Reopen { reason: _ } => {
                self.ending = None;
                self.overlays = Overlays { reopened: true, ..Overlays::default() };
            }
            IncidentAction::Urge => self.overlays.urged = true,
            IncidentAction::Extend { due } => {
                self.due = Some(due);
                self.overlays.extended = true;
                self.overlays.overdue = false;
            }
            IncidentAction::Hold => self.overlays.held = Some(now),
            IncidentAction::Unhold => self.release_clock(now),
            IncidentAction::Overdue => self.overlays.overdue = true,
            IncidentAction::Append => self.overlays.close_suggested = false,
            IncidentAction::SuggestClose => self.overlays.close_suggested = true,
        }
        let is_put_away = self.state == IncidentState::Merged || self.state == IncidentState::Shelved;
        let was_put_away = before.merging.is_some() || before.shelf.is_some();
        if self.state != before.state && !is_put_away && !was_put_away {
            // Someone has moved it, so pressing has had its effect, and a unit that goes on is no longer held.
            self.overlays.urged = false;
            self.release_clock(now);
        }
    }

    /// A claim belongs to whoever made it, is renewed by everything they do, and is gone when the incident is new again.
    fn keep_claim(&mut self, action: ActionKind, actor: Actor, until: WallTime) {
        match (actor, action) {
            _ if self.state == IncidentState::New => self.claim = None,
            (Actor::Person(owner), ActionKind::Claim) => self.claim = Some(Claim { owner, until }),
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
        self.overlays.extended = false;
        self.overlays.overdue = false;
    }

    /// The time that it was held does not count: the due time moves by as much.
    fn release_clock(&mut self, now: WallTime) {
        if let Some(since) = self.overlays.held.take() {
            self.due = self.due.map(|due| due.plus(now.since(since)));
        }
    }
}
