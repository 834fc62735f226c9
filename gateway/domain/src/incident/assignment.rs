//! One unit's part in an incident, and what the parts together say of where the incident stands.

use serde::{Deserialize, Serialize};

use super::{IncidentState, TransitionError};
use crate::{
    closed::closed_enum,
    ids::{AccountId, UnitId},
    time::WallTime,
};

closed_enum! {
    /// Why the centre no longer counts on a unit.
    pub enum AssignmentEnd ("assignment end") {
        /// The unit gave it back (退回).
        Returned => "returned",
        /// The centre took it back.
        Withdrawn => "withdrawn",
        /// The incident began anew.
        Reopened => "reopened",
    }
}

/// A unit was told. Times only ever become known; who wrote them is in the history, but for who was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Which unit.
    pub unit: UnitId,
    /// It leads (主办); the others help (协办).
    pub is_lead: bool,
    /// When it was told.
    #[serde(rename = "told_ms")]
    pub told: WallTime,
    /// When it signed in (报到).
    #[serde(rename = "signed_ms")]
    pub signed: Option<WallTime>,
    /// When it arrived. Invariant: only after it signed in.
    #[serde(rename = "arrived_ms")]
    pub arrived: Option<WallTime>,
    /// When it was done. Invariant: only after it arrived; `None` again while it must be done anew.
    #[serde(rename = "finished_ms")]
    pub finished: Option<WallTime>,
    /// Who said that it was done: may not verify it when it is red.
    pub finished_by: Option<AccountId>,
    /// How often its work was not accepted.
    pub reworks: u16,
    /// When and why it is no longer counted on.
    pub end: Option<(WallTime, AssignmentEnd)>,
}

impl Assignment {
    /// Just told.
    #[must_use]
    pub const fn new(unit: UnitId, is_lead: bool, told: WallTime) -> Self {
        Self {
            unit,
            is_lead,
            told,
            signed: None,
            arrived: None,
            finished: None,
            finished_by: None,
            reworks: 0,
            end: None,
        }
    }

    /// The centre counts on it.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.end.is_none()
    }

    /// The unit's people may see the incident: it was told, and neither gave it back nor lost it.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.end.is_none_or(|(_, why)| why == AssignmentEnd::Reopened)
    }

    /// Its times follow each other.
    #[must_use]
    pub(super) const fn is_fine(&self) -> bool {
        (self.arrived.is_none() || self.signed.is_some())
            && (self.finished.is_none() || self.arrived.is_some())
            && self.finished.is_some() == self.finished_by.is_some()
    }
}

/// Where an incident stands by its units: as far as the one that is furthest, and done when all are.
pub(super) fn state(assignments: &[Assignment]) -> IncidentState {
    let mut state = None;
    let mut are_done = true;
    for one in assignments.iter().filter(|one| one.is_active()) {
        let own = match (one.signed, one.arrived) {
            (_, Some(_)) => IncidentState::Handling,
            (Some(_), None) => IncidentState::Signed,
            (None, None) => IncidentState::Dispatched,
        };
        are_done &= one.finished.is_some();
        state = state.max(Some(own));
    }
    match state {
        None => IncidentState::Assessed,
        Some(_) if are_done => IncidentState::Done,
        Some(state) => state,
    }
}

/// The active assignment of `unit`.
pub(super) fn of<'a>(
    assignments: &'a mut [Assignment],
    unit: &UnitId,
) -> Result<&'a mut Assignment, TransitionError> {
    assignments
        .iter_mut()
        .find(|one| one.is_active() && one.unit == *unit)
        .ok_or_else(|| TransitionError::NotTold { unit: unit.clone() })
}
