//! The life of an incident: which states there are, who may go from which to which, and what goes with it.
//!
//! [`TABLE`] is the whole truth about transitions; [`transition`] is the only function that applies it.
//! Invariant: a machine opens, appends, raises and suggests closing, and lets a person's own deadlines run out (lease,
//! shelf, due time). It never dispatches, undoes what a person decided, or closes anything but its own test alarms.
//! Fed by `gateway::desk`, which stores the result under the expected version together with one history row.

mod action;
mod assignment;
mod table;
#[cfg(test)]
mod tests;
mod transition;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::{
    action::{
        ActionKind, ClockKind, CloseReason, IncidentAction, Lateness, Recipient, RejectReason, ReopenReason,
        RevisitResult, Satisfaction, UrgeLevel,
    },
    assignment::{Assignment, AssignmentEnd},
    table::{Next, TABLE, Transition, Who},
    transition::{IncidentPolicy, TransitionError, transition},
};
use crate::{
    closed::closed_enum,
    ids::{AccountId, CameraId, IncidentId, UnitId, ZoneId},
    level::Level,
    rule::RuleClass,
    time::WallTime,
};

closed_enum! {
    /// Where an incident stands (七步流程 and its side ways).
    pub enum IncidentState ("incident state") {
        /// Nobody has it.
        New => "new",
        /// An operator looks at it, under a lease.
        Claimed => "claimed",
        /// An operator has judged it real and set its level.
        Assessed => "assessed",
        /// A unit has been told.
        Dispatched => "dispatched",
        /// The unit has taken it on.
        Signed => "signed",
        /// The unit works on it.
        Handling => "handling",
        /// The unit says that it is done.
        Done => "done",
        /// The centre agrees.
        Verified => "verified",
        /// Over, for a reason.
        Closed => "closed",
        /// Over, and the people concerned have been asked.
        Revisited => "revisited",
        /// Not for us, for a reason.
        Rejected => "rejected",
        /// Part of another incident.
        Merged => "merged",
        /// Put aside until a time.
        Shelved => "shelved",
    }
}

impl IncidentState {
    /// Still needs someone; alarms may be appended, and no second one may exist under the same correlation key.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Revisited | Self::Rejected | Self::Merged)
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A signed-in viewer.
    Person(AccountId),
    /// A rule, a clock or another part of the service.
    Machine,
}

/// Who has a claimed incident, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The operator.
    pub owner: AccountId,
    /// When the lease runs out.
    #[serde(rename = "until_ms")]
    pub until: WallTime,
}

/// Where a shelved incident goes back to, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// When it comes back by itself.
    #[serde(rename = "until_ms")]
    pub until: WallTime,
    /// Its state before.
    pub from: IncidentState,
}

/// What a merged incident has become part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merging {
    /// The one that goes on.
    pub into: IncidentId,
    /// Its own state before.
    pub from: IncidentState,
}

/// What the people concerned said afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisit {
    /// Whether anybody was asked.
    pub result: RevisitResult,
    /// What they said.
    pub satisfaction: Option<Satisfaction>,
}

/// How an incident came to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// Closed, and perhaps revisited since.
    Closed {
        /// Why.
        reason: CloseReason,
        /// When.
        #[serde(rename = "at_ms")]
        at: WallTime,
    },
    /// Rejected.
    Rejected {
        /// Why.
        reason: RejectReason,
        /// When.
        #[serde(rename = "at_ms")]
        at: WallTime,
    },
}

impl Ending {
    /// When it ended.
    #[must_use]
    pub const fn at(&self) -> WallTime {
        match self {
            Self::Closed { at, .. } | Self::Rejected { at, .. } => *at,
        }
    }
}

/// Marks that lie over the state; several may be set at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlays {
    /// How hard someone has pressed for it since its state last changed.
    pub urged: Option<UrgeLevel>,
    /// Its due time has been put off.
    pub extended: bool,
    /// A unit has asked for time until then, and nobody has answered.
    #[serde(rename = "asked_due_ms")]
    pub asked_due: Option<WallTime>,
    /// A unit has asked then that its clock stand still, and nobody has answered.
    #[serde(default, rename = "asked_hold_ms")]
    pub asked_hold: Option<WallTime>,
    /// Which unit has asked for that; `None` also of what an older release was asked.
    #[serde(default)]
    pub asked_hold_by: Option<UnitId>,
    /// Its clock stands still, since then.
    #[serde(rename = "held_since_ms")]
    pub held: Option<WallTime>,
    /// Its due time has passed.
    pub overdue: bool,
    /// The unit's work was not accepted, and is not yet.
    pub rework: bool,
    /// It was over before.
    pub reopened: bool,
    /// A machine thinks that it may be closed; a new alarm takes that back.
    pub close_suggested: bool,
    /// Steps of the escalation chain that were told since its state last changed.
    pub escalated: u16,
    /// Its file is complete, since then. Only of what is over.
    #[serde(rename = "archived_ms")]
    pub archived: Option<WallTime>,
}

impl Overlays {
    /// Nobody waits for an answer to a hold any more.
    fn answer_hold(&mut self) {
        (self.asked_hold, self.asked_hold_by) = (None, None);
    }
}

/// All of an incident that transitions depend on. Rows hold it column by column; [`Self::check`] is for what is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentStatus {
    /// Whose status it is.
    pub id: IncidentId,
    /// Invariant: one more with every accepted action, machines' included.
    pub version: i64,
    /// Where it stands.
    pub state: IncidentState,
    /// How urgent it is.
    pub level: Level,
    /// Who has it. Invariant: `Some` when claimed, `None` when new. Later it is the operator who answers for it, and the
    /// lease no longer matters.
    pub claim: Option<Claim>,
    /// When the unit should be done. Invariant: `None` unless dispatched, signed or handling (or put away from there).
    #[serde(rename = "due_ms")]
    pub due: Option<WallTime>,
    /// Invariant: `Some` exactly when shelved.
    pub shelf: Option<Shelf>,
    /// Invariant: `Some` exactly when merged.
    pub merging: Option<Merging>,
    /// Invariant: `Some` exactly when closed, revisited or rejected.
    pub ending: Option<Ending>,
    /// Only of what was revisited.
    pub revisit: Option<Revisit>,
    /// The units that were told, the first one first; what is over is kept.
    pub assignments: Vec<Assignment>,
    /// Marks.
    pub overlays: Overlays,
}

/// A loaded status contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("incident {id} is {state}, which contradicts its {field}")]
pub struct BrokenStatus {
    /// Which incident.
    pub id: IncidentId,
    /// Its state.
    pub state: IncidentState,
    /// The field that cannot be so.
    pub field: &'static str,
}

impl IncidentStatus {
    /// As a machine or a person opens it: new, version 1.
    #[must_use]
    pub const fn open(id: IncidentId, level: Level) -> Self {
        Self {
            id,
            version: 1,
            state: IncidentState::New,
            level,
            claim: None,
            due: None,
            shelf: None,
            merging: None,
            ending: None,
            revisit: None,
            assignments: Vec::new(),
            overlays: Overlays {
                urged: None,
                extended: false,
                asked_due: None,
                asked_hold: None,
                asked_hold_by: None,
                held: None,
                overdue: false,
                rework: false,
                reopened: false,
                close_suggested: false,
                escalated: 0,
                archived: None,
            },
        }
    }

    /// Units that the centre counts on.
    pub fn active(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(|one| one.is_active())
    }

    /// The clocks that run in this state; a clock of a unit names it.
    #[must_use]
    pub fn clocks(&self) -> Vec<(ClockKind, Option<UnitId>)> {
        use ClockKind as C;
        use IncidentState as S;
        match self.state {
            S::New => vec![(C::Accept, None)],
            S::Claimed | S::Assessed => vec![(C::Dispatch, None)],
            S::Dispatched | S::Signed | S::Handling if self.overlays.held.is_some() => vec![(C::Hold, None)],
            S::Dispatched | S::Signed | S::Handling => {
                let own = self.active().filter_map(|one| {
                    let kind = match (one.signed, one.arrived) {
                        (None, _) => C::Sign,
                        (Some(_), None) => C::Arrive,
                        (Some(_), Some(_)) => return None,
                    };
                    Some((kind, Some(one.unit.clone())))
                });
                std::iter::once((C::Finish, None)).chain(own).collect()
            }
            S::Done => vec![(C::Verify, None)],
            S::Verified => vec![(C::Close, None)],
            S::Closed => match self.ending {
                Some(Ending::Closed { reason: CloseReason::Handled, .. }) => vec![(C::Revisit, None)],
                _ => Vec::new(),
            },
            S::Revisited | S::Rejected | S::Merged | S::Shelved => Vec::new(),
        }
    }

    /// Another incident may be merged into this one.
    #[must_use]
    pub const fn can_absorb(&self) -> bool {
        self.state.is_open()
    }

    /// Units that are at work on it, told or further, and not done.
    pub fn working(&self) -> impl Iterator<Item = &Assignment> {
        self.active().filter(|one| one.finished.is_none() && table::WITH_UNIT.contains(&self.state))
    }

    /// Units of an incident that is merged into this one may go on here: it has been judged, and not verified.
    #[must_use]
    pub fn can_take_units(&self) -> bool {
        table::TAKES_UNITS.contains(&self.state)
    }

    /// What `actor` may do now, as far as it does not depend on an action's details: for buttons.
    #[must_use]
    pub fn choices(&self, actor: Actor, now: WallTime) -> Vec<ActionKind> {
        let fits = |row: &&Transition| row.from.contains(&self.state) && self.permit(row, actor, now).is_ok();
        TABLE.iter().filter(fits).map(|row| row.action).collect()
    }

    /// # Errors
    /// [`BrokenStatus`] when a field's invariant does not hold: the row was changed by something else than this module.
    pub fn check(&self) -> Result<(), BrokenStatus> {
        use IncidentState as S;
        let working = |state| table::WITH_UNIT.contains(&state);
        let from = self.merging.map_or(self.state, |merging| merging.from);
        // Nobody answers for what the service closed itself.
        let is_test = matches!(self.ending, Some(Ending::Closed { reason: CloseReason::Test, .. }));
        let is_claim_fine = match self.state {
            S::New => self.claim.is_none(),
            S::Merged | S::Shelved => true,
            S::Claimed
            | S::Assessed
            | S::Dispatched
            | S::Signed
            | S::Handling
            | S::Done
            | S::Verified
            | S::Rejected => self.claim.is_some(),
            S::Closed | S::Revisited => self.claim.is_some() || is_test,
        };
        let is_ending_fine = match self.state {
            S::Closed | S::Revisited => matches!(self.ending, Some(Ending::Closed { .. })),
            S::Rejected => matches!(self.ending, Some(Ending::Rejected { .. })),
            _ => self.ending.is_none(),
        };
        let is_shelf_fine = match &self.shelf {
            Some(shelf) => {
                self.state == S::Shelved && matches!(shelf.from, S::New | S::Claimed | S::Assessed)
            }
            None => self.state != S::Shelved,
        };
        let is_merging_fine = match &self.merging {
            Some(merging) => {
                self.state == S::Merged
                    && merging.into != self.id
                    && merging.from.is_open()
                    && merging.from != S::Shelved
            }
            None => self.state != S::Merged,
        };
        let marks = &self.overlays;
        [
            ("version", self.version >= 1),
            ("claim", is_claim_fine),
            ("due", self.due.is_none() || working(from)),
            ("shelf", is_shelf_fine),
            ("merging", is_merging_fine),
            ("ending", is_ending_fine),
            ("assignments", self.assignments.iter().all(Assignment::is_fine)),
            ("assignments", !working(from) || self.active().next().is_some()),
            ("revisit", self.revisit.is_none() || self.state == S::Revisited),
            ("overlays.asked_due", marks.asked_due.is_none() || (working(from) && self.due.is_some())),
            ("overlays.archived", marks.archived.is_none() || self.ending.is_some()),
            ("overlays.asked_hold", marks.asked_hold.is_none() || working(from)),
            ("overlays.asked_hold_by", marks.asked_hold_by.is_none() || marks.asked_hold.is_some()),
            ("overlays.held", marks.held.is_none() || working(from)),
            ("overlays.overdue", !marks.overdue || (working(from) && self.due.is_some())),
            ("overlays.extended", !marks.extended || (working(from) && self.due.is_some())),
            ("overlays.rework", !marks.rework || working(from) || from == S::Done),
            (
                "overlays.close_suggested",
                !marks.close_suggested || self.state.is_open() || self.merging.is_some(),
            ),
        ]
        .iter()
        .find(|(_, is_fine)| !is_fine)
        .map_or(Ok(()), |(field, _)| Err(BrokenStatus { id: self.id, state: self.state, field }))
    }
}

/// What repeats of the same event are recognised by: at most one open incident has it (partial unique index).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationKey(String);

impl CorrelationKey {
    /// One camera, one class of event, one zone (`None`: the whole picture). Ids contain no `/`, so keys are unambiguous.
    #[must_use]
    pub fn new(camera: &CameraId, class: RuleClass, zone: Option<&ZoneId>) -> Self {
        Self(format!("{camera}/{class}/{}", zone.map_or("", ZoneId::as_str)))
    }

    /// As in rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CorrelationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
