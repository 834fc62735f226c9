//! One incident becomes part of another, with the units that are at work on it, and comes out again.
//!
//! Both incidents change in one transaction. What the units have done goes with them, so that nobody is told twice or
//! has to sign in again. Which merges are possible is `domain::incident`'s to say.

use sharpeyes_domain::{
    ids::{IncidentId, UnitId},
    incident::{Assignment, IncidentAction, IncidentStatus},
    statistics::{Course, Entry},
    time::WallTime,
};

use super::{ActError, Inner, Step};
use crate::store::{
    db::DbError,
    dispatch::{ClockRow, DispatchTx, HistoryRow, IncidentRow},
};

impl Inner {
    /// Applies one action that a person asked for.
    pub(super) fn apply(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        action: &IncidentAction,
        step: &Step<'_>,
    ) -> Result<IncidentRow, ActError> {
        let done = self.step(tx, row, action, step)?;
        done.map_err(|reason| ActError::Illegal { current: Box::new(row.clone()), reason })
    }

    /// Makes `row` part of `into`; units that are at work on it go on there.
    pub(super) fn merge(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        into: IncidentId,
        step: &Step<'_>,
    ) -> Result<IncidentRow, ActError> {
        let merge = IncidentAction::Merge { into };
        let parts: Vec<Assignment> = row.status.working().cloned().collect();
        if parts.is_empty() || into == row.id() {
            return self.apply(tx, row, &merge, step);
        }
        let target = tx.incident(into)?.ok_or(ActError::CannotAbsorb(into))?;
        if !target.status.can_take_units() {
            let units = parts.iter().map(|part| self.name(&part.unit)).collect();
            return Err(ActError::UnitsAtWork { into: target.number, units });
        }
        let row = self.move_units(tx, row, &target, parts, step)?.0;
        self.apply(tx, &row, &merge, step)
    }

    /// Takes `row` out of what it was part of; the units that came from it and are still at work go back with it.
    pub(super) fn unmerge(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        step: &Step<'_>,
    ) -> Result<IncidentRow, ActError> {
        let target = match row.status.merging {
            Some(merging) => tx.incident(merging.into)?,
            None => None,
        };
        let row = self.apply(tx, row, &IncidentAction::Unmerge, step)?;
        let Some(target) = target else { return Ok(row) };
        let came = tx.taken_from(target.id(), row.id())?;
        // A unit of both was told of that one by itself, and stays there.
        let came_as =
            |one: &Assignment| came.iter().find(|part| part.unit == one.unit && part.told == one.told);
        // Who led here leads here again, whoever leads there.
        let back =
            |one: &Assignment| came_as(one).map(|part| Assignment { is_lead: part.is_lead, ..one.clone() });
        let parts: Vec<Assignment> = target.status.working().filter_map(back).collect();
        if parts.is_empty() || !row.status.can_take_units() {
            return Ok(row);
        }
        Ok(self.move_units(tx, &target, &row, parts, step)?.1)
    }

    /// Gives both as they are then.
    fn move_units(
        &self,
        tx: &DispatchTx<'_>,
        from: &IncidentRow,
        to: &IncidentRow,
        parts: Vec<Assignment>,
        step: &Step<'_>,
    ) -> Result<(IncidentRow, IncidentRow), ActError> {
        // What the person wrote stands with the merging itself.
        let step = Step { actor: step.actor, ..Step::by_machine(step.now) };
        let units: Vec<UnitId> = parts.iter().map(|part| part.unit.clone()).collect();
        let due = due(&from.status, step.now);
        let carried = unit_clocks(tx, from, &units, step.now)?;
        let mut late = course(from, &tx.history(from.id())?).lateness();
        late.retain(|one| units.contains(&one.unit));
        let give = IncidentAction::GiveUnits { to: to.id(), units };
        let from = self.apply(tx, from, &give, &step)?;
        let take = IncidentAction::TakeUnits { from: from.id(), parts, due, late };
        let to = self.apply(tx, to, &take, &Step { carried: &carried, ..step })?;
        Ok((from, to))
    }

    /// A unit, for people.
    pub(super) fn name(&self, unit: &UnitId) -> String {
        self.centre.unit(unit).map_or_else(|| unit.to_string(), |unit| unit.name.clone())
    }
}

/// The clocks by which these units sign in and arrive, without the time that it has been held until now.
fn unit_clocks(
    tx: &DispatchTx<'_>,
    from: &IncidentRow,
    units: &[UnitId],
    now: WallTime,
) -> Result<Vec<ClockRow>, DbError> {
    let mut clocks = match from.status.overlays.held {
        None => tx.running_clocks(from.id())?,
        Some(held) => {
            let stopped = tx.stopped_clocks(from.id())?.into_iter();
            let moved = |clock: ClockRow| ClockRow { started: clock.started.plus(now.since(held)), ..clock };
            stopped.filter(|clock| clock.stopped == Some(held)).map(moved).collect()
        }
    };
    clocks.retain(|clock| clock.unit.as_ref().is_some_and(|unit| units.contains(unit)));
    Ok(clocks)
}

/// What has happened to it until now.
fn course(row: &IncidentRow, history: &[HistoryRow]) -> Course {
    let mut course = Course::new(row.opened, row.status.level);
    for entry in history {
        course.apply(&Entry {
            at: entry.at,
            action: entry.action.as_ref().map(IncidentAction::kind),
            details: entry.action.as_ref(),
            to: entry.to,
            level: entry.level,
        });
    }
    course
}

/// When its units should be done, without the time that it has been held until now.
fn due(status: &IncidentStatus, now: WallTime) -> Option<WallTime> {
    let held = status.overlays.held.map(|since| now.since(since)).unwrap_or_default();
    status.due.map(|due| due.plus(held))
}
