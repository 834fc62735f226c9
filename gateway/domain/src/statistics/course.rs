//! What has happened to one incident until a time, folded from its history.
//!
//! The history is what counts, and not the incident as it is now: what is asked about a time that is over has the same
//! answer for ever.

use crate::{
    ids::UnitId,
    incident::{
        ActionKind, AssignmentEnd, ClockKind, CloseReason, IncidentAction, IncidentState, Lateness, Revisit,
        Satisfaction, UrgeLevel,
    },
    level::Level,
    time::WallTime,
};

/// One row of a history.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// When.
    pub at: WallTime,
    /// What was done; `None`: it was opened.
    pub action: Option<ActionKind>,
    /// With its details. Needed only of what [`Course::needs_details`].
    pub details: Option<&'a IncidentAction>,
    /// The state after.
    pub to: IncidentState,
    /// The level after.
    pub level: Level,
}

/// One unit's part, from when it was told until it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which unit.
    pub unit: UnitId,
    /// When it was told.
    pub told: WallTime,
    /// When it signed in.
    pub signed: Option<WallTime>,
    /// When it arrived.
    pub arrived: Option<WallTime>,
    /// When it was done; `None` again while it must be done anew.
    pub finished: Option<WallTime>,
    /// How often its work was not accepted.
    pub reworks: u32,
    /// Why the centre no longer counts on it.
    pub end: Option<AssignmentEnd>,
    /// Its time to sign in ran out first.
    pub is_sign_late: bool,
    /// Its time to arrive ran out first.
    pub is_arrival_late: bool,
    /// The incident's time ran out before it was done.
    pub is_finish_late: bool,
    /// How often the people concerned were satisfied or fairly so, while the centre counted on it.
    pub n_satisfied: u32,
    /// How often they were not.
    pub n_dissatisfied: u32,
}

/// Whether somebody has taken an incident, and when first. Whoever gives it back before anything has come of it has not:
/// nobody has accepted it after all. What has once been judged, dispatched or settled stays accepted, also when it is
/// opened again and given back then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    at: Option<WallTime>,
    is_firm: bool,
}

impl Acceptance {
    /// The next row of the history.
    pub fn apply(&mut self, action: ActionKind, to: IncidentState, at: WallTime) {
        use IncidentState as S;
        if action == ActionKind::Claim {
            self.at = self.at.or(Some(at));
        } else if action.gives_back() && !self.is_firm {
            self.at = None;
        }
        self.is_firm |= !matches!(to, S::New | S::Claimed | S::Shelved | S::Merged);
    }

    /// When somebody first took it.
    #[must_use]
    pub const fn at(self) -> Option<WallTime> {
        self.at
    }
}

/// One incident until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// When it was opened.
    pub opened: WallTime,
    /// Where it stands.
    pub state: IncidentState,
    /// How urgent it is.
    pub level: Level,
    /// Whether, and when, somebody took it.
    pub acceptance: Acceptance,
    /// The time to take it ran out first.
    pub is_acceptance_late: bool,
    /// When it was last closed or rejected; `None` while it is open.
    pub settled: Option<WallTime>,
    /// Why it was closed; `None`: it is open, merged or rejected.
    pub closed: Option<CloseReason>,
    /// A clock ran out between taking and closing it: dispatch, finish, verify or close.
    pub is_settling_late: bool,
    /// Any clock ran out, of units too.
    pub is_overdue: bool,
    /// The time to ask the people concerned ran out first.
    pub is_revisit_late: bool,
    /// What came of the revisit since it was last opened.
    pub revisit: Option<Revisit>,
    /// How often the people concerned were satisfied or fairly so, also before it was opened again.
    pub n_satisfied: u32,
    /// How often they were not.
    pub n_dissatisfied: u32,
    /// How often a unit gave it back.
    pub n_returns: u32,
    /// How often the work was not accepted.
    pub n_reworks: u32,
    /// How often its clock was stopped.
    pub n_holds: u32,
    /// How often its due time was put off.
    pub n_extensions: u32,
    /// How often it was reminded or pressed for.
    pub n_urges: u32,
    /// How often it was put under supervision, with a sheet.
    pub n_supervisions: u32,
    /// How often it was opened again.
    pub n_reopenings: u32,
    /// The parts of units, in the order in which they were told.
    pub parts: Vec<Part>,
}

impl Course {
    /// Of an incident that was opened then and of which nothing else is known.
    #[must_use]
    pub const fn new(opened: WallTime, level: Level) -> Self {
        Self {
            opened,
            state: IncidentState::New,
            level,
            acceptance: Acceptance { at: None, is_firm: false },
            is_acceptance_late: false,
            settled: None,
            closed: None,
            is_settling_late: false,
            is_overdue: false,
            is_revisit_late: false,
            revisit: None,
            n_satisfied: 0,
            n_dissatisfied: 0,
            n_returns: 0,
            n_reworks: 0,
            n_holds: 0,
            n_extensions: 0,
            n_urges: 0,
            n_supervisions: 0,
            n_reopenings: 0,
            parts: Vec::new(),
        }
    }

    /// The details of this say something that the verb alone does not.
    #[must_use]
    pub const fn needs_details(action: ActionKind) -> bool {
        use ActionKind as A;
        matches!(
            action,
            A::Dispatch
                | A::Withdraw
                | A::SignIn
                | A::Return
                | A::Arrive
                | A::Finish
                | A::TakeUnits
                | A::GiveUnits
                | A::Close
                | A::Revisit
                | A::Urge
                | A::Overdue
        )
    }

    /// The next row of its history.
    pub fn apply(&mut self, entry: &Entry<'_>) {
        use ActionKind as A;
        self.state = entry.to;
        self.level = entry.level;
        let Some(action) = entry.action else { return };
        self.acceptance.apply(action, entry.to, entry.at);
        match action {
            A::Reject => self.settled = Some(entry.at),
            A::Rework => {
                self.n_reworks += 1;
                for part in self.active() {
                    part.finished = None;
                    part.reworks += 1;
                }
            }
            A::Hold => self.n_holds += 1,
            A::Extend => self.n_extensions += 1,
            A::Reopen => {
                self.n_reopenings += 1;
                (self.settled, self.closed, self.revisit) = (None, None, None);
                for part in self.active() {
                    part.end = Some(AssignmentEnd::Reopened);
                }
            }
            _ => {}
        }
        if let Some(details) = entry.details {
            self.apply_details(details, entry.at);
        }
    }

    fn apply_details(&mut self, action: &IncidentAction, at: WallTime) {
        use IncidentAction as I;
        match action {
            I::Dispatch { lead, assist, .. } => {
                for unit in lead.iter().chain(assist) {
                    self.tell(unit, at);
                }
            }
            I::Withdraw { unit } => self.part(unit, |part| part.end = Some(AssignmentEnd::Withdrawn)),
            I::Return { unit } => {
                self.n_returns += 1;
                self.part(unit, |part| part.end = Some(AssignmentEnd::Returned));
            }
            // They are counted where they go on.
            I::GiveUnits { units, .. } => {
                self.parts.retain(|part| !(part.end.is_none() && units.contains(&part.unit)))
            }
            I::TakeUnits { parts, late, .. } => {
                for came in parts {
                    self.tell(&came.unit, came.told);
                    let was_late = |clock| late.iter().any(|one| one.unit == came.unit && one.clock == clock);
                    self.part(&came.unit, |part| {
                        part.signed = part.signed.or(came.signed);
                        part.arrived = part.arrived.or(came.arrived);
                        // It is not done with all of it.
                        part.finished = None;
                        // Of a unit that was at both, what was not accepted there too.
                        part.reworks += u32::from(came.reworks);
                        part.is_sign_late |= was_late(ClockKind::Sign);
                        part.is_arrival_late |= was_late(ClockKind::Arrive);
                        part.is_finish_late |= was_late(ClockKind::Finish);
                    });
                }
            }
            I::SignIn { unit } => self.part(unit, |part| part.signed = Some(at)),
            I::Arrive { unit } => self.part(unit, |part| part.arrived = Some(at)),
            I::Finish { unit, .. } => self.part(unit, |part| part.finished = Some(at)),
            I::Close { reason } => (self.settled, self.closed) = (Some(at), Some(*reason)),
            I::Revisit { result, satisfaction } => {
                self.revisit = Some(Revisit { result: *result, satisfaction: *satisfaction });
                let (content, not) = match satisfaction {
                    Some(Satisfaction::Satisfied | Satisfaction::Fairly) => (1, 0),
                    Some(Satisfaction::Dissatisfied) => (0, 1),
                    None => (0, 0),
                };
                self.n_satisfied += content;
                self.n_dissatisfied += not;
                for part in self.active() {
                    part.n_satisfied += content;
                    part.n_dissatisfied += not;
                }
            }
            I::Urge { level: UrgeLevel::Supervise } => self.n_supervisions += 1,
            I::Urge { .. } => self.n_urges += 1,
            I::Overdue { clock, unit } => self.ran_out(*clock, unit.as_ref()),
            // The verb alone has said it.
            _ => {}
        }
    }

    fn ran_out(&mut self, clock: ClockKind, unit: Option<&UnitId>) {
        use ClockKind as C;
        self.is_overdue = true;
        match (clock, unit) {
            (C::Accept, _) => self.is_acceptance_late |= self.acceptance.at().is_none(),
            (C::Sign, Some(unit)) => self.part(unit, |part| part.is_sign_late |= part.signed.is_none()),
            (C::Arrive, Some(unit)) => self.part(unit, |part| part.is_arrival_late |= part.arrived.is_none()),
            (C::Finish, _) => {
                self.is_settling_late = true;
                for part in self.active() {
                    part.is_finish_late |= part.finished.is_none();
                }
            }
            (C::Dispatch | C::Verify | C::Close, _) => self.is_settling_late = true,
            (C::Revisit, _) => self.is_revisit_late |= self.revisit.is_none(),
            // A hold is looked at again, and a chain is told: neither is anybody's deadline.
            (C::Sign | C::Arrive, None) | (C::Hold | C::Escalate, _) => {}
        }
    }

    /// What the units that are at work on it have been late with: it goes with those that go on elsewhere.
    #[must_use]
    pub fn lateness(&self) -> Vec<Lateness> {
        let active = self.parts.iter().filter(|part| part.end.is_none());
        let late = active.flat_map(|part| {
            let clocks = [
                (ClockKind::Sign, part.is_sign_late),
                (ClockKind::Arrive, part.is_arrival_late),
                (ClockKind::Finish, part.is_finish_late),
            ];
            let late = clocks.into_iter().filter(|(_, is_late)| *is_late);
            late.map(|(clock, _)| Lateness { unit: part.unit.clone(), clock })
        });
        late.collect()
    }

    fn active(&mut self) -> impl Iterator<Item = &mut Part> {
        self.parts.iter_mut().filter(|part| part.end.is_none())
    }

    fn part(&mut self, unit: &UnitId, change: impl FnOnce(&mut Part)) {
        if let Some(part) = self.active().find(|part| part.unit == *unit) {
            change(part);
        }
    }

    /// A unit that is already at it stays as it is.
    fn tell(&mut self, unit: &UnitId, at: WallTime) {
        if self.active().any(|part| part.unit == *unit) {
            return;
        }
        self.parts.push(Part {
            unit: unit.clone(),
            told: at,
            signed: None,
            arrived: None,
            finished: None,
            reworks: 0,
            end: None,
            is_sign_late: false,
            is_arrival_late: false,
            is_finish_late: false,
            n_satisfied: 0,
            n_dissatisfied: 0,
        });
    }
}
