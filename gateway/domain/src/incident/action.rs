//! What can be done to an incident, with its details, and the closed sets of reasons that go with it.

use serde::{Deserialize, Serialize};

use super::{Actor, Assignment, IncidentState};
use crate::{
    closed::closed_enum,
    ids::{AccountId, AreaId, AttachmentId, ClassId, IncidentId, UnitId},
    level::Level,
    time::WallTime,
};

closed_enum! {
    /// Why an incident was closed.
    pub enum CloseReason ("close reason") {
        /// It was real, and it was dealt with.
        Handled => "handled",
        /// Nothing was there.
        FalseAlarm => "false_alarm",
        /// Another incident is about the same thing.
        Duplicate => "duplicate",
        /// It was a test or an exercise.
        Test => "test",
        /// It was real, and nothing had to be done.
        NoAction => "no_action",
    }
}

closed_enum! {
    /// Why an incident was rejected (不予受理).
    pub enum RejectReason ("reject reason") {
        /// Belongs to another place or authority.
        NotOurs => "not_ours",
        /// Is nothing that the centre deals with.
        OutOfScope => "out_of_scope",
        /// Cannot be understood or found.
        Unclear => "unclear",
    }
}

closed_enum! {
    /// Why an incident that was over is open again.
    pub enum ReopenReason ("reopen reason") {
        /// It happens again.
        Recurred => "recurred",
        /// It was closed or rejected by mistake.
        Mistake => "mistake",
        /// Something new is known.
        NewEvidence => "new_evidence",
        /// The people concerned are not content.
        Discontent => "discontent",
    }
}

closed_enum! {
    /// How hard the centre presses, mildest first.
    pub enum UrgeLevel ("urge level") {
        /// 提醒: a reminder.
        Remind => "remind",
        /// 催办: an answer is wanted.
        Press => "press",
        /// 督办: a numbered supervision sheet that the unit answers in writing.
        Supervise => "supervise",
    }
}

impl UrgeLevel {
    /// 1 to 3, as in rows and on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Remind => 1,
            Self::Press => 2,
            Self::Supervise => 3,
        }
    }
}

closed_enum! {
    /// What a revisit found (回访结果).
    pub enum RevisitResult ("revisit result") {
        /// The people concerned were asked.
        Reached => "reached",
        /// Nobody could be reached.
        Unreachable => "unreachable",
        /// There was nobody to ask.
        NobodyConcerned => "nobody_concerned",
    }
}

closed_enum! {
    /// How content the people concerned are (满意度).
    pub enum Satisfaction ("satisfaction") {
        /// 满意.
        Satisfied => "satisfied",
        /// 基本满意.
        Fairly => "fairly",
        /// 不满意.
        Dissatisfied => "dissatisfied",
    }
}

/// A unit's time for something ran out before it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    /// Which unit.
    pub unit: UnitId,
    /// To sign in, to arrive, or to be done.
    pub clock: ClockKind,
}

closed_enum! {
    /// What is timed. One clock of a kind runs at a time for an incident, and for each of its units.
    pub enum ClockKind ("clock") {
        /// Until somebody takes it (一窗接收).
        Accept => "accept",
        /// Until it has been judged and dispatched, or settled (分析研判, 分流转办).
        Dispatch => "dispatch",
        /// Until a unit has signed in (报到).
        Sign => "sign",
        /// Until a unit has arrived.
        Arrive => "arrive",
        /// Until all units are done (分类调处): the due time of the incident.
        Finish => "finish",
        /// Until the centre has verified it (核查).
        Verify => "verify",
        /// Until it is closed (办结归档).
        Close => "close",
        /// Until the people concerned have been asked (回访了解).
        Revisit => "revisit",
        /// Until a hold is looked at again (挂账).
        Hold => "hold",
        /// Until the next step of the escalation chain.
        Escalate => "escalate",
    }
}

closed_enum! {
    /// What can be done to an incident, without its details: the verb on the wire and in history rows.
    pub enum ActionKind ("incident action") {
        /// Take it under a lease; the holder renews, anyone takes over a lease that has run out.
        Claim => "claim",
        /// Give it back.
        Release => "release",
        /// The lease has run out.
        LeaseExpired => "lease_expired",
        /// Make another operator answer for it (交接).
        HandOver => "hand_over",
        /// Answer for it in place of whoever has it, and say why (接管).
        TakeOver => "take_over",
        /// Judge it real: set its class, level and place, and who should deal with it.
        Assess => "assess",
        /// Tell one or more units at once (中心吹哨); further units may be told later.
        Dispatch => "dispatch",
        /// Take it back from a unit.
        Withdraw => "withdraw",
        /// A unit takes it on (部门报到).
        SignIn => "sign_in",
        /// A unit gives it back.
        Return => "return",
        /// A unit has arrived and begins.
        Arrive => "arrive",
        /// A unit tells how it goes.
        Feedback => "feedback",
        /// A unit is done, and says what it did.
        Finish => "finish",
        /// The centre agrees.
        Verify => "verify",
        /// The centre does not agree.
        Rework => "rework",
        /// It is over.
        Close => "close",
        /// Its file is complete (归档).
        Archive => "archive",
        /// The people concerned have been asked.
        Revisit => "revisit",
        /// It is not for us.
        Reject => "reject",
        /// It is part of another one.
        Merge => "merge",
        /// It is not.
        Unmerge => "unmerge",
        /// Units of another one, which is about the same thing or no longer is, go on here.
        TakeUnits => "take_units",
        /// Its units go on at another one.
        GiveUnits => "give_units",
        /// Put it aside.
        Shelve => "shelve",
        /// Take it back from there.
        Unshelve => "unshelve",
        /// It is not over.
        Reopen => "reopen",
        /// Press for it (催办, 督办).
        Urge => "urge",
        /// A unit asks for more time, before it has run out.
        AskExtension => "ask_extension",
        /// Allow more time.
        Extend => "extend",
        /// Allow no more time.
        RefuseExtension => "refuse_extension",
        /// A unit asks that its clock stand still (申请挂起).
        AskHold => "ask_hold",
        /// Let the clock run on.
        RefuseHold => "refuse_hold",
        /// Stop its clock (挂起): as a unit asked, or by the centre itself.
        Hold => "hold",
        /// Let its clock run again.
        Unhold => "unhold",
        /// Write something down.
        Note => "note",
        /// Add a file.
        Attach => "attach",
        /// Part of a clock's time has passed.
        Warn => "warn",
        /// A clock's time has run out.
        Overdue => "overdue",
        /// A clock ran out and nothing happened: the next step of the chain is told.
        Escalate => "escalate",
        /// Whoever the chain has told has seen it.
        Acknowledge => "acknowledge",
        /// One more alarm or report belongs to it.
        Append => "append",
        /// It is more urgent than thought.
        Raise => "raise",
        /// The alarms are over: a person may want to close it.
        SuggestClose => "suggest_close",
        /// The service tested itself and its alarm arrived: that is all there was.
        SelfTest => "self_test",
    }
}

impl ActionKind {
    /// A unit does it, or the centre in its name.
    #[must_use]
    pub const fn is_of_unit(self) -> bool {
        matches!(
            self,
            Self::SignIn
                | Self::Return
                | Self::Arrive
                | Self::Feedback
                | Self::Finish
                | Self::AskExtension
                | Self::AskHold
        )
    }

    /// Whoever had it has it no more, and nobody has accepted it after all.
    #[must_use]
    pub const fn gives_back(self) -> bool {
        matches!(self, Self::Release | Self::LeaseExpired)
    }

    /// It is nothing without a reason in words.
    #[must_use]
    pub const fn needs_note(self) -> bool {
        matches!(
            self,
            Self::TakeOver
                | Self::Return
                | Self::Withdraw
                | Self::Rework
                | Self::AskExtension
                | Self::RefuseExtension
                | Self::AskHold
                | Self::RefuseHold
                | Self::Hold
                | Self::Feedback
                | Self::Finish
                | Self::Note
        )
    }
}

/// Whom a step of the escalation chain has reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Whose console or phone shows it.
    pub account: AccountId,
    /// As typed at sign-in.
    pub login: String,
    /// As shown.
    pub name: String,
    /// Where the person is called, as the roster or the unit says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What is done to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is its ActionKind, which says what it is")]
pub enum IncidentAction {
    Claim,
    Release,
    LeaseExpired,
    HandOver {
        /// Who answers for it from now on.
        to: AccountId,
    },
    TakeOver {
        /// Who has answered for it until now.
        from: AccountId,
    },
    Assess {
        /// As the person judges it: may be higher or lower than before.
        level: Level,
        /// What it is; `None`: as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<ClassId>,
        /// Where it is; `None`: as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        area: Option<AreaId>,
        /// Who should lead; `None`: as the routing says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lead: Option<UnitId>,
        /// Who should help.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        assist: Vec<UnitId>,
    },
    Dispatch {
        /// Who leads (主办). Needed the first time; later it replaces the lead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lead: Option<UnitId>,
        /// Who helps (协办).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        assist: Vec<UnitId>,
        /// When the units should be done; `None`: as it was, or no clock.
        #[serde(rename = "due_ms")]
        due: Option<WallTime>,
    },
    Withdraw {
        unit: UnitId,
    },
    SignIn {
        unit: UnitId,
    },
    Return {
        unit: UnitId,
    },
    Arrive {
        unit: UnitId,
    },
    Feedback {
        unit: UnitId,
    },
    Finish {
        unit: UnitId,
        /// Why there is nothing to see of it. What is red is finished with a file of the unit's, or with this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why_no_file: Option<String>,
    },
    Verify,
    Rework {
        /// When the units should be done now; `None` sets no clock.
        #[serde(rename = "due_ms")]
        due: Option<WallTime>,
    },
    Close {
        /// Why.
        reason: CloseReason,
    },
    Archive,
    Revisit {
        /// Whether anybody was asked.
        result: RevisitResult,
        /// What they said. Only with [`RevisitResult::Reached`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        satisfaction: Option<Satisfaction>,
    },
    Reject {
        /// Why.
        reason: RejectReason,
    },
    Merge {
        /// The one that goes on. That it is open is the caller's to check: [`super::IncidentStatus::can_absorb`].
        into: IncidentId,
    },
    Unmerge,
    TakeUnits {
        /// Where they come from.
        from: IncidentId,
        /// Their parts there, as far as they are.
        parts: Vec<Assignment>,
        /// When they should be done; only where no time runs yet.
        #[serde(default, rename = "due_ms", skip_serializing_if = "Option::is_none")]
        due: Option<WallTime>,
        /// What they were late with there: it goes with them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        late: Vec<Lateness>,
    },
    GiveUnits {
        /// Where they go on.
        to: IncidentId,
        /// Which.
        units: Vec<UnitId>,
    },
    Shelve {
        /// When it comes back by itself.
        #[serde(rename = "until_ms")]
        until: WallTime,
    },
    Unshelve,
    Reopen {
        /// Why.
        reason: ReopenReason,
    },
    Urge {
        /// How hard; not milder than before.
        level: UrgeLevel,
    },
    AskExtension {
        /// Who asks.
        unit: UnitId,
        /// The due time that the unit wishes, later than the old one.
        #[serde(rename = "due_ms")]
        due: WallTime,
    },
    Extend {
        /// The new due time, later than the old one.
        #[serde(rename = "due_ms")]
        due: WallTime,
    },
    RefuseExtension,
    AskHold {
        /// Who asks.
        unit: UnitId,
    },
    RefuseHold,
    Hold,
    Unhold,
    Note,
    Attach {
        /// Which file.
        attachment: AttachmentId,
        /// The unit that adds it; `None`: the centre, or who reports.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitId>,
    },
    Warn {
        /// Which clock.
        clock: ClockKind,
        /// Whose; `None`: the incident's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitId>,
        /// How much of its time has passed: 50 or 80.
        percent: u8,
    },
    Overdue {
        /// Which clock.
        clock: ClockKind,
        /// Whose; `None`: the incident's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitId>,
    },
    Escalate {
        /// From 1; one more each time.
        step: u16,
        /// Who is told, as the chain says.
        to: String,
        /// Whose consoles and phones show it until they have said that they have seen it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        told: Vec<Recipient>,
        /// It should have reached somebody, and nobody who sees the incident was there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unmanned: bool,
    },
    Acknowledge,
    Append,
    Raise {
        /// The new level, above the old one.
        level: Level,
        /// When the units should be done at that level; shortens what they have, and never lengthens it.
        #[serde(default, rename = "due_ms", skip_serializing_if = "Option::is_none")]
        due: Option<WallTime>,
    },
    SuggestClose,
    SelfTest,
}

impl IncidentAction {
    /// Without its details.
    #[must_use]
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Claim => ActionKind::Claim,
            Self::Release => ActionKind::Release,
            Self::LeaseExpired => ActionKind::LeaseExpired,
            Self::HandOver { .. } => ActionKind::HandOver,
            Self::TakeOver { .. } => ActionKind::TakeOver,
            Self::Assess { .. } => ActionKind::Assess,
            Self::Dispatch { .. } => ActionKind::Dispatch,
            Self::Withdraw { .. } => ActionKind::Withdraw,
            Self::SignIn { .. } => ActionKind::SignIn,
            Self::Return { .. } => ActionKind::Return,
            Self::Arrive { .. } => ActionKind::Arrive,
            Self::Feedback { .. } => ActionKind::Feedback,
            Self::Finish { .. } => ActionKind::Finish,
            Self::Verify => ActionKind::Verify,
            Self::Rework { .. } => ActionKind::Rework,
            Self::Close { .. } => ActionKind::Close,
            Self::Archive => ActionKind::Archive,
            Self::Revisit { .. } => ActionKind::Revisit,
            Self::Reject { .. } => ActionKind::Reject,
            Self::Merge { .. } => ActionKind::Merge,
            Self::Unmerge => ActionKind::Unmerge,
            Self::TakeUnits { .. } => ActionKind::TakeUnits,
            Self::GiveUnits { .. } => ActionKind::GiveUnits,
            Self::Shelve { .. } => ActionKind::Shelve,
            Self::Unshelve => ActionKind::Unshelve,
            Self::Reopen { .. } => ActionKind::Reopen,
            Self::Urge { .. } => ActionKind::Urge,
            Self::AskExtension { .. } => ActionKind::AskExtension,
            Self::Extend { .. } => ActionKind::Extend,
            Self::RefuseExtension => ActionKind::RefuseExtension,
            Self::AskHold { .. } => ActionKind::AskHold,
            Self::RefuseHold => ActionKind::RefuseHold,
            Self::Hold => ActionKind::Hold,
            Self::Unhold => ActionKind::Unhold,
            Self::Note => ActionKind::Note,
            Self::Attach { .. } => ActionKind::Attach,
            Self::Warn { .. } => ActionKind::Warn,
            Self::Overdue { .. } => ActionKind::Overdue,
            Self::Escalate { .. } => ActionKind::Escalate,
            Self::Acknowledge => ActionKind::Acknowledge,
            Self::Append => ActionKind::Append,
            Self::Raise { .. } => ActionKind::Raise,
            Self::SuggestClose => ActionKind::SuggestClose,
            Self::SelfTest => ActionKind::SelfTest,
        }
    }

    /// The unit that does it or that it is done for.
    #[must_use]
    pub const fn unit(&self) -> Option<&UnitId> {
        match self {
            Self::Withdraw { unit }
            | Self::SignIn { unit }
            | Self::Return { unit }
            | Self::Arrive { unit }
            | Self::Feedback { unit }
            | Self::Finish { unit, .. }
            | Self::AskExtension { unit, .. }
            | Self::AskHold { unit } => Some(unit),
            Self::Attach { unit, .. } | Self::Warn { unit, .. } | Self::Overdue { unit, .. } => unit.as_ref(),
            _ => None,
        }
    }

    /// A person must say why in words: always for some, for what is settled on the spot, and for what a supervision sheet
    /// demands.
    #[must_use]
    pub fn needs_note(&self, state: IncidentState, actor: Actor) -> bool {
        let needs_words = match self {
            Self::Close { reason: CloseReason::Handled } => state != IncidentState::Verified,
            Self::Urge { level } => *level == UrgeLevel::Supervise,
            _ => self.kind().needs_note(),
        };
        actor != Actor::Machine && needs_words
    }
}
