//! How long clocks run, when they tell, and what the auditor looks for.
//!
//! Which clocks run is the domain's to say ([`IncidentStatus::clocks`]); here they get their times from the incident's
//! frozen plan and the site's calendar. All of it is rows: a restart, or a machine that was off, misses nothing and
//! tells nothing twice.

use std::{sync::PoisonError, time::Duration};

use sharpeyes_domain::{
    centre::{Allowance, Basis, EscalationStep, Plan},
    ids::{IncidentId, UnitId},
    incident::{ClockKind, IncidentAction, IncidentState, IncidentStatus},
    level::Level,
    ticket::Fault,
    time::WallTime,
};

use super::{Calendar, Desk, Inner, Step};
use crate::store::{
    audit::{AuditEntry, Outcome},
    db::DbError,
    dispatch::{ClockChange, ClockId, ClockRow, ClockStep, DispatchTx, Effects, IncidentRow, NewClock},
};

/// A wall clock that differs by more from what has elapsed was set.
const STEP: Duration = Duration::from_secs(2);
/// A clock that the state machine does not let tell is asked again then; the auditor's log has said so.
const AGAIN: Duration = Duration::from_secs(60);
/// Batches of one round: a night's clocks are told in one, and a flood leaves room for others.
const MOST_BATCHES: usize = 20;
/// Incidents that one ticket names.
const MOST_UNTOLD: usize = 100;

/// Where the two clocks of the machine stood at the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    wall: WallTime,
    instant: std::time::Instant,
    /// The newest clock then: those after it may have begun on either side of a step.
    newest: ClockId,
}

/// Clocks that stopped go on with this change, and do not begin anew: of what is given back that of accepting it, for
/// nobody has accepted it after all; of what is no longer held those that the hold stopped.
fn goes_on(before: &IncidentStatus, after: &IncidentStatus) -> bool {
    is_given_back(before, after) || (before.overlays.held.is_some() && after.overlays.held.is_none())
}

fn is_given_back(before: &IncidentStatus, after: &IncidentStatus) -> bool {
    before.state == IncidentState::Claimed && after.state == IncidentState::New
}

/// It was put away, shelved or part of another incident, and whoever had it then has it again.
fn is_had_again(before: &IncidentStatus, after: &IncidentStatus) -> bool {
    let was_put_away = before.shelf.is_some() || before.merging.is_some();
    was_put_away && after.state == IncidentState::Claimed
}

/// What goes with a change from `before` (`None`: it was just opened) to `after`. `stopped` are the clocks that may go on
/// with it, in their order.
pub(super) fn effects(
    running: &[ClockRow],
    stopped: &[ClockRow],
    before: Option<&IncidentStatus>,
    after: &IncidentStatus,
    plan: &Plan,
    calendar: &Calendar,
    now: WallTime,
) -> Effects {
    let times = Times { status: after, plan, calendar, now };
    let is_timed = |kind: ClockKind| kind != ClockKind::Finish || after.due.is_some();
    let wanted: Vec<_> = after.clocks().into_iter().filter(|(kind, _)| is_timed(*kind)).collect();
    let is_level_new = before.is_some_and(|before| before.level != after.level);
    let is_given_back = before.is_some_and(|before| is_given_back(before, after));
    let held = before.and_then(|before| before.overlays.held).filter(|_| after.overlays.held.is_none());
    let mut clocks = Vec::new();
    let mut deadline: Option<WallTime> = None;
    let mut is_overdue = false;
    let mut keep = |due: WallTime, fired: u16| {
        deadline = Some(deadline.map_or(due, |known| known.min(due)));
        is_overdue |= fired >= 100 || (is_given_back && due <= now);
    };
    for clock in running.iter().filter(|clock| clock.kind != ClockKind::Escalate) {
        let name = (clock.kind, clock.unit.clone());
        if !wanted.contains(&name) {
            clocks.push(ClockChange::Stop(clock.id));
            continue;
        }
        let replaced = if clock.kind == ClockKind::Finish {
            // A due time that was moved is counted from where it was counted before.
            (after.due != Some(clock.due)).then(|| times.begin(name.0, name.1, clock.started))
        } else {
            let new = is_level_new.then(|| times.begin(name.0, name.1, now));
            new.filter(|new| clock.fired < 100 && new.due < clock.due)
        };
        match replaced {
            Some(new) => {
                keep(new.due, new.fired);
                clocks.extend([ClockChange::Stop(clock.id), ClockChange::Start(new)]);
            }
            None => keep(clock.due, clock.fired),
        }
    }
    for (kind, unit) in wanted {
        if !running.iter().any(|clock| clock.kind == kind && clock.unit == unit) {
            let last = stopped.iter().rfind(|clock| clock.kind == kind && clock.unit == unit);
            let rest = match held {
                _ if is_given_back => last.map(|last| times.wait_on(last)),
                Some(held) => {
                    last.filter(|last| last.stopped == Some(held)).map(|last| times.go_on(last, held))
                }
                None => last.filter(|last| last.incident != after.id).map(|last| times.move_here(last)),
            };
            let anew = times.begin(kind, unit, now);
            // A level that was raised meanwhile may allow less than what was left.
            let new = rest.filter(|rest| rest.fired >= 100 || rest.due <= anew.due).unwrap_or(anew);
            keep(new.due, new.fired);
            clocks.push(ClockChange::Start(new));
        }
    }
    if before.is_some_and(|before| is_had_again(before, after)) {
        // While it was put away nobody should have accepted it: given back, it has waited since it is here again.
        clocks.push(ClockChange::Keep(times.begin(ClockKind::Accept, None, now)));
    }
    let chain = running.iter().find(|clock| clock.kind == ClockKind::Escalate);
    let accept = stopped.iter().rfind(|clock| clock.kind == ClockKind::Accept).filter(|_| is_given_back);
    match (chain, accept) {
        (Some(chain), _) if !is_overdue => clocks.push(ClockChange::Stop(chain.id)),
        (_, Some(accept)) if is_overdue => {
            clocks.extend(chain.map(|chain| ClockChange::Stop(chain.id)));
            clocks.push(ClockChange::Start(times.chain_of(accept, stopped.iter().chain(running))));
        }
        (None, None) if is_overdue => clocks.push(ClockChange::Start(times.chain())),
        (Some(_) | None, _) => {}
    }
    Effects { clocks, deadline, assessed: None }
}

/// What ran before a change.
#[derive(Clone, Copy)]
pub(super) struct Clocks<'a> {
    /// Of the incident.
    pub(super) running: &'a [ClockRow],
    /// Of units that come to it from another one.
    pub(super) carried: &'a [ClockRow],
}

impl<'a> Clocks<'a> {
    /// Nobody comes.
    const fn own(running: &'a [ClockRow]) -> Self {
        Self { running, carried: &[] }
    }
}

/// What the clocks of an incident get their times from.
#[derive(Clone, Copy)]
struct Times<'a> {
    status: &'a IncidentStatus,
    plan: &'a Plan,
    calendar: &'a Calendar,
    now: WallTime,
}

impl Times<'_> {
    /// A clock that counts from `since`.
    fn begin(self, kind: ClockKind, unit: Option<UnitId>, since: WallTime) -> NewClock {
        let allowance = self.plan.allowance(self.status.level, kind);
        match (kind, self.status.due) {
            (ClockKind::Finish, Some(due)) => {
                let told = if self.status.overlays.overdue { 100 } else { 0 };
                caught_up(until(unit, allowance, since, due, self.calendar), told, self.now)
            }
            _ => running_for(kind, unit, allowance, since, self.calendar),
        }
    }

    /// A clock that counts as if it had never stopped.
    fn wait_on(self, last: &ClockRow) -> NewClock {
        caught_up(self.begin(last.kind, last.unit.clone(), last.started), last.fired, self.now)
    }

    /// A clock of a unit that has come from another incident counts from where it counted there. What is late is said
    /// here too, for here it is late now.
    fn move_here(self, last: &ClockRow) -> NewClock {
        caught_up(self.begin(last.kind, last.unit.clone(), last.started), 0, self.now)
    }

    /// A clock that counts on from when a hold stopped it.
    fn go_on(self, last: &ClockRow, held: WallTime) -> NewClock {
        let rest = resumed(last, held, self.calendar, self.now);
        let is_moved = last.kind == ClockKind::Finish && self.status.due != Some(rest.due);
        if is_moved { self.begin(last.kind, last.unit.clone(), rest.started) } else { rest }
    }

    /// The chain begins, or goes on after what it has told since the incident last moved.
    fn chain(self) -> NewClock {
        let n_told = self.status.overlays.escalated;
        let next = self.calendar.after(self.now, step_of(&self.plan.escalation, n_told.into()).0);
        chain_from(n_told, self.plan, self.now, next)
    }

    /// The chain of what is given back goes on as it would have, had nobody taken it: claims that come to nothing keep it
    /// from nobody.
    fn chain_of<'c>(self, accept: &ClockRow, clocks: impl Iterator<Item = &'c ClockRow>) -> NewClock {
        let chains =
            clocks.filter(|clock| clock.kind == ClockKind::Escalate && clock.started >= accept.started);
        let n_told = chains.map(|clock| clock.fired).max().unwrap_or(0).max(self.status.overlays.escalated);
        let after = |at, n: u16| self.calendar.after(at, step_of(&self.plan.escalation, n.into()).0);
        chain_from(n_told, self.plan, self.now, (0..=n_told).fold(self.wait_on(accept).due, after))
    }
}

fn running_for(
    kind: ClockKind,
    unit: Option<UnitId>,
    allowance: Allowance,
    started: WallTime,
    calendar: &Calendar,
) -> NewClock {
    let whole = i64::from(allowance.seconds) * 1_000;
    let half = calendar.after_ms(started, allowance.basis, whole / 2);
    let most = calendar.after_ms(started, allowance.basis, whole / 5 * 4);
    let due = calendar.after(started, allowance);
    NewClock { kind, unit, allowance, started, half, most, due, fired: 0, next: Some(half) }
}

/// Until a due time that a person may have chosen. When it is not what the plan says, its shares are those of the time
/// on the wall.
fn until(
    unit: Option<UnitId>,
    allowance: Allowance,
    started: WallTime,
    due: WallTime,
    calendar: &Calendar,
) -> NewClock {
    let planned = running_for(ClockKind::Finish, unit, allowance, started, calendar);
    if planned.due == due {
        return planned;
    }
    let whole = due.0.saturating_sub(started.0).max(0);
    let half = WallTime(started.0 + whole / 2);
    let most = WallTime(started.0 + whole / 5 * 4);
    let seconds = u32::try_from(whole / 1_000).unwrap_or(u32::MAX);
    let allowance = Allowance { basis: Basis::Wall, seconds };
    NewClock { half, most, due: due.max(most), allowance, ..planned }
}

/// Shares that were told, or that are past, are not told of; that all of the time is over always is, once.
fn caught_up(clock: NewClock, told: u16, now: WallTime) -> NewClock {
    let past = match () {
        () if clock.half > now => 0,
        () if clock.most > now => 50,
        () => 80,
    };
    let fired = told.max(past);
    let next = match fired {
        0..50 => Some(clock.half),
        50..80 => Some(clock.most),
        80..100 => Some(clock.due),
        _ => None,
    };
    NewClock { fired, next, ..clock }
}

/// A clock that a hold stopped goes on: what lay so far ahead of it then lies so far ahead of it now.
fn resumed(clock: &ClockRow, stopped: WallTime, calendar: &Calendar, now: WallTime) -> NewClock {
    let basis = clock.allowance.basis;
    let moved = |mark: WallTime| {
        let by_wall = mark.0.saturating_sub(stopped.0);
        // What was over when it stopped has been over for so long.
        let basis = if by_wall > 0 { basis } else { Basis::Wall };
        calendar.after_ms(now, basis, calendar.between_ms(stopped, mark, basis))
    };
    let resumed = NewClock {
        kind: clock.kind,
        unit: clock.unit.clone(),
        allowance: clock.allowance,
        started: WallTime(now.0.saturating_sub(stopped.0.saturating_sub(clock.started.0))),
        half: moved(clock.half),
        most: moved(clock.most),
        due: moved(clock.due),
        fired: clock.fired,
        next: None,
    };
    caught_up(resumed, clock.fired, now)
}

/// The chain after `n_told` of its steps: the following one is told at `next`.
fn chain_from(n_told: u16, plan: &Plan, now: WallTime, next: WallTime) -> NewClock {
    NewClock {
        kind: ClockKind::Escalate,
        unit: None,
        allowance: step_of(&plan.escalation, n_told.into()).0,
        started: now.min(next),
        half: next,
        most: next,
        due: next,
        fired: n_told,
        next: Some(next),
    }
}

/// The time before the step with this index, and who is told. After the last step it comes again and again, at first
/// an hour later and then ever more rarely, to once a day: an incident that nobody touches is never forgotten.
fn step_of(chain: &[EscalationStep], index: usize) -> (Allowance, String) {
    const HOUR: u32 = 3_600;
    match (chain.get(index), chain.last()) {
        (Some(step), _) => (step.after, step.to.clone()),
        (None, Some(last)) => {
            let n_again = u32::try_from(index - chain.len()).unwrap_or(u32::MAX).min(5);
            let seconds = last.after.seconds.max(HOUR).saturating_mul(1 << n_again).min(24 * HOUR);
            (Allowance { seconds, ..last.after }, last.to.clone())
        }
        (None, None) => (Allowance::wall(HOUR), String::new()),
    }
}

/// Whom the escalation chain tells next, if nothing happens until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// When.
    pub at: WallTime,
    /// Who: a post, such as 值班长.
    pub to: String,
    /// Which step, the first is 1.
    pub number: u16,
    /// A clock has run out and the chain goes on; else it begins when the deadline has passed.
    pub has_begun: bool,
}

impl Desk {
    /// The next step of the incident's frozen chain; `None` when no clock of it runs.
    #[must_use]
    pub fn next_step(&self, row: &IncidentRow) -> Option<NextStep> {
        let (n_told, at) = match (row.chain_clock, row.deadline) {
            (Some(clock), _) => (clock.told, clock.next?),
            (None, Some(deadline)) => (0, self.0.calendar.after(deadline, step_of(&row.chain, 0).0)),
            (None, None) => return None,
        };
        let to = step_of(&row.chain, usize::from(n_told)).1;
        let number = n_told.saturating_add(1);
        Some(NextStep { at, to, number, has_begun: row.chain_clock.is_some() })
    }
}

/// What a clock that is due tells, and how it stands then.
fn told(
    clock: &ClockRow,
    status: &IncidentStatus,
    plan: &Plan,
    calendar: &Calendar,
    now: WallTime,
) -> (IncidentAction, ClockChange) {
    let unit = clock.unit.clone();
    let fire = |fired, next| ClockChange::Fire { clock: clock.id, fired, next };
    let warn = |percent: u8| IncidentAction::Warn { clock: clock.kind, unit: unit.clone(), percent };
    if clock.kind == ClockKind::Escalate {
        let step = clock.fired.saturating_add(1);
        let to = step_of(&plan.escalation, usize::from(clock.fired)).1;
        // Of what is over, the chain is gone through once.
        let is_going_on = status.state.is_open() || usize::from(step) < plan.escalation.len();
        let next = is_going_on.then(|| calendar.after(now, step_of(&plan.escalation, usize::from(step)).0));
        return (IncidentAction::Escalate { step, to, told: Vec::new(), unmanned: false }, fire(step, next));
    }
    match clock.fired {
        0..50 => (warn(50), fire(50, Some(clock.most))),
        50..80 => (warn(80), fire(80, Some(clock.due))),
        _ => (IncidentAction::Overdue { clock: clock.kind, unit: unit.clone() }, fire(100, None)),
    }
}

impl Desk {
    /// Tells what clocks have to tell until `now`. Gives the number of things told.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn fire_clocks(&self, now: WallTime) -> Result<usize, DbError> {
        let mut n_told = 0;
        for _ in 0..MOST_BATCHES {
            let desk = self.clone();
            let (n_clocks, n) = self.write(move |tx| fire_due(&desk.0, tx, now)).await?;
            n_told += n;
            if n_clocks == 0 {
                break;
            }
        }
        Ok(n_told)
    }

    /// Open incidents that nothing would ever be told of: each is an error of ours. Their clocks are started.
    /// Gives their number.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn audit_clocks(&self, now: WallTime) -> Result<usize, DbError> {
        // Looked for on a reader first, so that the writer is not held up by what is almost always nothing.
        let suspects = self.0.dispatch.untimed().await?;
        if suspects.is_empty() {
            return Ok(0);
        }
        let desk = self.clone();
        let found = self
            .write(move |tx| {
                let mut found = Vec::new();
                for id in desk.0.restart_clocks(tx, now)? {
                    tx.audit(&untimed(id, now))?;
                    found.extend(tx.incident(id)?.map(|row| (id, row.number)));
                }
                Ok::<_, DbError>(found)
            })
            .await?;
        for (id, number) in &found {
            tracing::error!(incident = %id, number, "an open incident had no deadline ahead of it; its clocks were started");
        }
        let n_found = found.len();
        let mut untold = self.0.untimed.lock().unwrap_or_else(PoisonError::into_inner);
        untold.extend(found.into_iter().map(|(_, number)| number));
        untold.truncate(MOST_UNTOLD);
        Ok(n_found)
    }

    /// Incidents that had no deadline ahead of them, and how many they are: that one was found is an error of ours, and
    /// what else it has done to the incident only a person sees. They stay until [`Desk::forget_untimed`].
    #[must_use]
    pub fn untimed(&self) -> Option<(usize, Fault)> {
        let numbers = self.0.untimed.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.is_empty() {
            return None;
        }
        let fault = Fault {
            level: Level::Red,
            stage: None,
            code: "no_deadline".to_owned(),
            detail: format!("no deadline was ahead of {}; their clocks were started", numbers.join(", ")),
            remedy: "have an operator look at these incidents now, and send the log of the service to its makers; then \
                     close this ticket"
                .to_owned(),
        };
        Some((numbers.len(), fault))
    }

    /// The first `n` of them are written down.
    pub fn forget_untimed(&self, n: usize) {
        let mut numbers = self.0.untimed.lock().unwrap_or_else(PoisonError::into_inner);
        let n_told = n.min(numbers.len());
        drop(numbers.drain(..n_told));
    }

    /// Did somebody set the wall clock since the last call? Then clocks that count wall time move with it: what has
    /// elapsed has elapsed, whatever the clock says. Over a restart this cannot be known, and the wall is believed.
    pub(super) async fn follow_wall_clock(&self) -> Result<(), DbError> {
        let newest = self.0.dispatch.newest_clock().await?;
        let now = Seen { wall: self.0.clock.wall(), instant: self.0.clock.instant(), newest };
        let Some(last) = self.0.seen_clock(now) else { return Ok(()) };
        let elapsed = now.instant.saturating_duration_since(last.instant);
        let expected = last.wall.plus(elapsed);
        let step_ms = now.wall.0.saturating_sub(expected.0);
        if step_ms.unsigned_abs() <= u64::try_from(STEP.as_millis()).unwrap_or(u64::MAX) {
            return Ok(());
        }
        let step = ClockStep { step_ms, known: last.newest, from: last.wall, until: expected, at: now.wall };
        let n_clocks = self.write(move |tx| tx.step_clocks(&step)).await;
        match n_clocks {
            Ok(n_clocks) => {
                tracing::warn!(step_ms, n_clocks, "the wall clock was set; running clocks move with it");
                Ok(())
            }
            Err(error) => {
                // The step is seen again in the next round.
                self.0.forget_clock(last);
                Err(error)
            }
        }
    }
}

/// One batch; gives how many clocks had something to tell, and how much was told.
fn fire_due(desk: &Inner, tx: &DispatchTx<'_>, now: WallTime) -> Result<(usize, usize), DbError> {
    let due = tx.due_clocks(now)?;
    let mut n_told = 0;
    for clock in &due {
        // What was told for another clock of the same incident may have stopped or replaced this one.
        let running = tx.running_clocks(clock.incident)?;
        let Some(clock) = running.iter().find(|one| one.id == clock.id) else { continue };
        let Some(row) = tx.incident(clock.incident)? else { continue };
        if clock.next.is_none_or(|next| next > now) {
            continue;
        }
        let plan = tx.plan(row.plan)?;
        let (action, fire) = told(clock, &row.status, &plan, &desk.calendar, now);
        let action = desk.addressed(tx, &row, &plan, action, now)?;
        let step = Step { fire: Some(fire), ..Step::by_machine(now) };
        match desk.step(tx, &row, &action, &step)? {
            Ok(_) => n_told += 1,
            Err(error) => {
                tracing::error!(incident = %row.id(), clock = %clock.kind, %error, "a clock could not tell");
                tx.put_off(clock.id, now.plus(AGAIN))?;
            }
        }
    }
    Ok((due.len(), n_told))
}

/// That an incident would have been forgotten is nobody's doing, and everybody's to know.
fn untimed(id: IncidentId, now: WallTime) -> AuditEntry {
    AuditEntry {
        at: now,
        account: None,
        name: "gateway".to_owned(),
        role: None,
        action: "incident.untimed".to_owned(),
        object: format!("incident/{id}"),
        purpose: "auditor".to_owned(),
        source: "desk".to_owned(),
        outcome: Outcome::Failed,
        detail: "an open incident had no deadline ahead of it; its clocks were started".to_owned(),
    }
}

impl Inner {
    /// Starts what should run of open incidents that nothing would be told of.
    pub(super) fn restart_clocks(
        &self,
        tx: &DispatchTx<'_>,
        now: WallTime,
    ) -> Result<Vec<IncidentId>, DbError> {
        let found = tx.untimed()?;
        for &id in &found {
            let Some(row) = tx.incident(id)? else { continue };
            let mut running = tx.running_clocks(id)?;
            // A clock that has told all, and no chain beside it: the chain begins.
            let mut effects = self.effects(tx, &row, None, &row.status, Clocks::own(&running), now)?;
            if effects.clocks.is_empty() {
                // Not even that: whatever is there is stopped, and begins anew.
                effects.clocks = running.drain(..).map(|clock| ClockChange::Stop(clock.id)).collect();
                let anew = self.effects(tx, &row, None, &row.status, Clocks::own(&[]), now)?;
                effects.clocks.extend(anew.clocks);
                effects.deadline = anew.deadline;
            }
            tx.start_clocks(id, &effects, now)?;
        }
        Ok(found)
    }

    /// When the units should be done. Of what is no longer held and counts working time the state machine, which knows no
    /// calendar, has moved it by the wall.
    pub(super) fn due_after_hold(
        &self,
        tx: &DispatchTx<'_>,
        before: &IncidentStatus,
        after: &IncidentStatus,
        now: WallTime,
    ) -> Result<Option<WallTime>, DbError> {
        let (Some(held), None, Some(by_wall)) = (before.overlays.held, after.overlays.held, after.due) else {
            return Ok(after.due);
        };
        let stopped = tx.stopped_clocks(after.id)?;
        let finish = stopped.iter().rfind(|clock| clock.kind == ClockKind::Finish);
        let finish = finish.filter(|clock| clock.stopped == Some(held) && before.due == Some(clock.due));
        Ok(Some(finish.map_or(by_wall, |clock| resumed(clock, held, &self.calendar, now).due)))
    }

    pub(super) fn effects(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        before: Option<&IncidentStatus>,
        after: &IncidentStatus,
        clocks: Clocks<'_>,
        now: WallTime,
    ) -> Result<Effects, DbError> {
        let plan = tx.plan(row.plan)?;
        let mut stopped = match before {
            Some(before) if goes_on(before, after) => tx.stopped_clocks(row.id())?,
            Some(_) | None => Vec::new(),
        };
        stopped.extend_from_slice(clocks.carried);
        Ok(effects(clocks.running, &stopped, before, after, &plan, &self.calendar, now))
    }
}
