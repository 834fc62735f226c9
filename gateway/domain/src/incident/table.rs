//! The table of transitions, and nothing else.

use super::{
    ActionKind as A,
    IncidentState::{
        self as S, Assessed, Claimed, Closed, Dispatched, Done, Handling, Merged, New, Rejected, Revisited,
        Shelved, Signed, Verified,
    },
};

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// People only: it is a decision.
    Person,
    /// The service only: it is a fact.
    Machine,
    /// Both; a machine perhaps only once a time has come.
    Either,
}

/// Where a transition leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There.
    State(S),
    /// Nowhere: something about the incident changes, but not its state.
    Same,
    /// To where it was before it was put away.
    Previous,
    /// To where its units stand.
    Units,
}

/// One row: in each of these states this may be done by these, and leads there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// What is done.
    pub action: A,
    /// In which states.
    pub from: &'static [S],
    /// Where it leads.
    pub to: Next,
    /// By whom.
    pub who: Who,
}

const fn row(action: A, from: &'static [S], to: Next, who: Who) -> Transition {
    Transition { action, from, to, who }
}

/// States in which the incident is with a unit, whose clock runs.
pub(super) const WITH_UNIT: &[S] = &[Dispatched, Signed, Handling];
/// States that an incident can be put away from into another one.
const MERGEABLE: &[S] = &[New, Claimed, Assessed, Dispatched, Signed, Handling, Done, Verified];
/// States in which units may come from an incident that becomes part of it: it has been judged, and not verified.
pub(super) const TAKES_UNITS: &[S] = &[Assessed, Dispatched, Signed, Handling, Done];
const OPEN: &[S] = &[New, Claimed, Assessed, Dispatched, Signed, Handling, Done, Verified, Shelved];
/// States in which somebody answers for it.
const OWNED: &[S] = &[Claimed, Assessed, Dispatched, Signed, Handling, Done, Verified];
/// States in which a clock may run.
const TIMED: &[S] = &[New, Claimed, Assessed, Dispatched, Signed, Handling, Done, Verified, Closed];

/// Every transition that exists. What is not here does not happen.
/// Invariant: an action and a state meet in at most one row.
pub const TABLE: &[Transition] = &[
    row(A::Claim, &[New, Claimed], Next::State(Claimed), Who::Person),
    row(A::Release, &[Claimed], Next::State(New), Who::Person),
    row(A::LeaseExpired, &[Claimed], Next::State(New), Who::Machine),
    row(A::HandOver, OWNED, Next::Same, Who::Person),
    row(A::TakeOver, OWNED, Next::Same, Who::Person),
    row(A::Assess, &[Claimed, Assessed], Next::State(Assessed), Who::Person),
    row(A::Dispatch, &[Assessed, Dispatched, Signed, Handling], Next::Units, Who::Person),
    row(A::Withdraw, WITH_UNIT, Next::Units, Who::Person),
    row(A::SignIn, WITH_UNIT, Next::Units, Who::Person),
    row(A::Return, WITH_UNIT, Next::Units, Who::Person),
    row(A::Arrive, &[Signed, Handling], Next::Units, Who::Person),
    row(A::Feedback, &[Dispatched, Signed, Handling, Done], Next::Same, Who::Person),
    row(A::Finish, &[Handling], Next::Units, Who::Person),
    row(A::Verify, &[Done], Next::State(Verified), Who::Person),
    row(A::Rework, &[Done], Next::Units, Who::Person),
    // Directly from claimed and assessed: false alarms, and what the operator settles on the spot.
    row(A::Close, &[Claimed, Assessed, Verified], Next::State(Closed), Who::Person),
    row(A::Archive, &[Closed, Revisited, Rejected], Next::Same, Who::Person),
    row(A::Revisit, &[Closed], Next::State(Revisited), Who::Person),
    row(A::Reject, &[Claimed, Assessed], Next::State(Rejected), Who::Person),
    row(A::Merge, MERGEABLE, Next::State(Merged), Who::Person),
    row(A::Unmerge, &[Merged], Next::Previous, Who::Person),
    row(A::TakeUnits, TAKES_UNITS, Next::Units, Who::Person),
    row(A::GiveUnits, WITH_UNIT, Next::Units, Who::Person),
    row(A::Shelve, &[New, Claimed, Assessed], Next::State(Shelved), Who::Person),
    row(A::Unshelve, &[Shelved], Next::Previous, Who::Either),
    row(A::Reopen, &[Closed, Revisited, Rejected], Next::State(New), Who::Person),
    row(A::Urge, &[Claimed, Assessed, Dispatched, Signed, Handling, Done], Next::Same, Who::Person),
    row(A::AskExtension, WITH_UNIT, Next::Same, Who::Person),
    row(A::Extend, WITH_UNIT, Next::Same, Who::Person),
    row(A::RefuseExtension, WITH_UNIT, Next::Same, Who::Person),
    row(A::AskHold, WITH_UNIT, Next::Same, Who::Person),
    row(A::RefuseHold, WITH_UNIT, Next::Same, Who::Person),
    row(A::Hold, WITH_UNIT, Next::Same, Who::Person),
    row(A::Unhold, WITH_UNIT, Next::Same, Who::Person),
    row(A::Note, S::ALL, Next::Same, Who::Person),
    row(A::Attach, S::ALL, Next::Same, Who::Person),
    row(A::Warn, TIMED, Next::Same, Who::Machine),
    row(A::Overdue, TIMED, Next::Same, Who::Machine),
    row(A::Escalate, TIMED, Next::Same, Who::Machine),
    row(A::Acknowledge, TIMED, Next::Same, Who::Person),
    row(A::Append, OPEN, Next::Same, Who::Either),
    row(A::Raise, OPEN, Next::Same, Who::Either),
    row(A::SuggestClose, OPEN, Next::Same, Who::Machine),
    // Nobody has touched it, and nobody could: it is the canary's.
    row(A::SelfTest, &[New], Next::State(Closed), Who::Machine),
];
