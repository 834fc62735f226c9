//! The rows of clocks: what runs, what is due, what has run out. When a clock runs is decided in `domain::incident`,
//! how long in `desk::clocks`.

use rusqlite::{Row, named_params, params};
use sharpeyes_domain::{
    centre::{Allowance, Basis, Plan},
    ids::{IncidentId, UnitId},
    incident::{ClockKind, IncidentAction},
    time::WallTime,
};

use super::{
    ChangeKind, ChangeSeq, Dispatch, DispatchTx, PlanId,
    list::NO_DEADLINE,
    rows::{self, wall, wall_opt, word, word_opt},
};
use crate::store::db::DbError;

/// One clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockId(pub i64);

/// A clock of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRow {
    /// Which.
    pub id: ClockId,
    /// Whose.
    pub incident: IncidentId,
    /// What it times.
    pub kind: ClockKind,
    /// Whose of the units; `None`: the incident's own.
    pub unit: Option<UnitId>,
    /// How much time it allows.
    pub allowance: Allowance,
    /// From then on.
    pub started: WallTime,
    /// When half its time has passed.
    pub half: WallTime,
    /// When four fifths have.
    pub most: WallTime,
    /// When all has.
    pub due: WallTime,
    /// 0, 50, 80 or 100 percent; of an escalation the number of steps told.
    pub fired: u16,
    /// When something is to be told next.
    pub next: Option<WallTime>,
    /// When it stopped.
    pub stopped: Option<WallTime>,
}

/// A clock that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClock {
    /// What it times.
    pub kind: ClockKind,
    /// Whose of the units.
    pub unit: Option<UnitId>,
    /// How much time it allows.
    pub allowance: Allowance,
    /// From then on.
    pub started: WallTime,
    /// When half its time has passed.
    pub half: WallTime,
    /// When four fifths have.
    pub most: WallTime,
    /// When all has.
    pub due: WallTime,
    /// What of it is past already and told of no more.
    pub fired: u16,
    /// When something is to be told next.
    pub next: Option<WallTime>,
}

/// The wall clock of the machine was set between two looks at it.
#[derive(Clone, Copy, Debug)]
pub struct ClockStep {
    /// By so much.
    pub step_ms: i64,
    /// Clocks up to this one began before.
    pub known: ClockId,
    /// Later ones that began from here …
    pub from: WallTime,
    /// … to here, by the clock as it was, did too.
    pub until: WallTime,
    /// Now.
    pub at: WallTime,
}

/// What happens to clocks together with an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// One begins.
    Start(NewClock),
    /// One would have begun, had nobody had the incident: it is kept as one that stopped, to go on from here when whoever
    /// has it gives it back.
    Keep(NewClock),
    /// One stops: what it waited for has happened.
    Stop(ClockId),
    /// One has told of its time; a share that was told before is not told again.
    Fire {
        /// Which.
        clock: ClockId,
        /// How far it is now.
        fired: u16,
        /// When it tells again.
        next: Option<WallTime>,
    },
}

impl DispatchTx<'_> {
    /// The id of a plan with this content: an equal one is used again.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn freeze(&self, plan: &Plan) -> Result<PlanId, DbError> {
        let body = super::write::json(plan);
        self.run("INSERT INTO plan (body) VALUES (?1) ON CONFLICT (body) DO NOTHING", params![body])?;
        let id = self.first("SELECT id FROM plan WHERE body = ?1", params![body], |row| row.get(0))?;
        id.map(PlanId).ok_or(DbError::Closed)
    }

    /// A frozen plan; the usual one for an id that is not there.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn plan(&self, id: PlanId) -> Result<Plan, DbError> {
        let sql = "SELECT body FROM plan WHERE id = ?1";
        Ok(self.first(sql, params![id.0], |row| rows::json(row, "body"))?.unwrap_or_default())
    }

    /// The clocks of an incident that run.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn running_clocks(&self, incident: IncidentId) -> Result<Vec<ClockRow>, DbError> {
        let sql = "SELECT * FROM clock WHERE incident = ?1 AND stopped_ms IS NULL ORDER BY id";
        self.all(sql, params![incident.0], clock_row)
    }

    /// The clocks of an incident that have stopped, in the order in which they began.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn stopped_clocks(&self, incident: IncidentId) -> Result<Vec<ClockRow>, DbError> {
        let sql = "SELECT * FROM clock WHERE incident = ?1 AND stopped_ms IS NOT NULL ORDER BY id";
        self.all(sql, params![incident.0], clock_row)
    }

    /// Clocks that have something to tell, the longest due first, a bounded number.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn due_clocks(&self, now: WallTime) -> Result<Vec<ClockRow>, DbError> {
        let sql = "SELECT * FROM clock WHERE next_ms <= ?1 ORDER BY next_ms, id LIMIT 500";
        self.all(sql, params![now.0], clock_row)
    }

    /// Open incidents that nothing will ever be told of: no clock has anything to tell, and they are not shelved.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn untimed(&self) -> Result<Vec<IncidentId>, DbError> {
        self.all(UNTIMED, [], |row| row.get(0).map(IncidentId))
    }

    /// Applies what happens to the clocks of an incident.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub(super) fn change_clocks(
        &self,
        incident: IncidentId,
        changes: &[ClockChange],
        now: WallTime,
    ) -> Result<(), DbError> {
        for change in changes {
            match change {
                ClockChange::Start(new) => {
                    self.start_clock(incident, new)?;
                }
                ClockChange::Keep(new) => {
                    let id = self.start_clock(incident, new)?;
                    self.stop_clock(id, now)?;
                }
                ClockChange::Stop(id) => self.stop_clock(*id, now)?,
                ClockChange::Fire { clock, fired, next } => {
                    let sql = "UPDATE clock SET fired = ?2, next_ms = ?3
                               WHERE id = ?1 AND stopped_ms IS NULL AND fired < ?2";
                    self.run(sql, params![clock.0, fired, next.map(|at| at.0)])?;
                }
            }
        }
        Ok(())
    }

    fn stop_clock(&self, clock: ClockId, now: WallTime) -> Result<(), DbError> {
        let sql = "UPDATE clock SET stopped_ms = ?2, next_ms = NULL WHERE id = ?1";
        self.run(sql, params![clock.0, now.0]).map(drop)
    }

    fn start_clock(&self, incident: IncidentId, new: &NewClock) -> Result<ClockId, DbError> {
        self.run(
            "INSERT INTO clock (incident, kind, unit, basis, seconds, started_ms, half_ms, most_ms, due_ms, fired,
                 next_ms)
             VALUES (:incident, :kind, :unit, :basis, :seconds, :started, :half, :most, :due, :fired, :next)",
            named_params! {
                ":incident": incident.0,
                ":kind": new.kind.as_str(),
                ":unit": new.unit.as_ref().map(UnitId::as_str),
                ":basis": basis_word(new.allowance.basis),
                ":seconds": new.allowance.seconds,
                ":started": new.started.0,
                ":half": new.half.0,
                ":most": new.most.0,
                ":due": new.due.0,
                ":fired": new.fired,
                ":next": new.next.map(|at| at.0),
            },
        )?;
        Ok(ClockId(self.last_id()))
    }

    /// A clock that cannot tell now is asked again at `next`.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn put_off(&self, clock: ClockId, next: WallTime) -> Result<(), DbError> {
        let sql = "UPDATE clock SET next_ms = ?2 WHERE id = ?1 AND stopped_ms IS NULL";
        self.run(sql, params![clock.0, next.0]).map(drop)
    }

    /// The wall clock was set: clocks that count wall time, holds and leases go on counting what has elapsed. So do clocks
    /// that stopped and may go on: those that a hold stopped, and that of accepting what is claimed, with its chain.
    /// Gives the number of running clocks that moved.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn step_clocks(&self, step: &ClockStep) -> Result<usize, DbError> {
        let ClockStep { step_ms, known, from, until, at } = *step;
        // Those that began on this side of the step are right already.
        let before = "(id <= ?2 OR started_ms BETWEEN ?3 AND ?4)";
        let moved = format!("stopped_ms IS NULL AND basis = 'wall' AND {before}");
        let held =
            format!("SELECT incident FROM clock WHERE stopped_ms IS NULL AND kind = 'hold' AND {before}");
        let stopped_by_hold = format!(
            "incident IN ({held}) AND stopped_ms = (SELECT held_since_ms FROM incident WHERE id = clock.incident)"
        );
        let which = params![step_ms, known.0, from.0, until.0];
        // Followers of the feed are told of every incident whose deadline moves.
        let n_logged = self.run(
            &format!(
                "INSERT INTO change_log (incident, version, kind, at_ms) SELECT id, version, ?1, ?5 FROM incident
                 WHERE id IN (SELECT incident FROM clock WHERE {moved} UNION {held})"
            ),
            params![ChangeKind::Clock.as_str(), known.0, from.0, until.0, at.0],
        )?;
        if n_logged > 0 {
            self.logged(ChangeSeq(self.last_id()));
        }
        // What tells which they are moves after what depends on it.
        for change in [
            format!(
                "UPDATE incident SET due_ms = due_ms + ?1 WHERE due_ms IS NOT NULL AND id IN (SELECT incident FROM clock
                 WHERE kind = 'finish' AND ({moved} OR (basis = 'wall' AND {stopped_by_hold})))"
            ),
            format!(
                "UPDATE incident SET deadline_ms = (SELECT min(due_ms + iif({moved}, ?1, 0)) FROM clock
                     WHERE incident = incident.id AND stopped_ms IS NULL AND kind <> 'escalate')
                 WHERE deadline_ms < {NO_DEADLINE}
                     AND id IN (SELECT incident FROM clock WHERE {moved} AND kind <> 'escalate')"
            ),
            format!(
                "UPDATE clock SET stopped_ms = stopped_ms + ?1, started_ms = started_ms + iif(basis = 'wall', ?1, 0),
                     half_ms = half_ms + iif(basis = 'wall', ?1, 0), most_ms = most_ms + iif(basis = 'wall', ?1, 0),
                     due_ms = due_ms + iif(basis = 'wall', ?1, 0)
                 WHERE {stopped_by_hold}"
            ),
            format!("UPDATE incident SET held_since_ms = held_since_ms + ?1 WHERE id IN ({held})"),
            format!(
                "UPDATE clock SET started_ms = started_ms + ?1, half_ms = half_ms + ?1, most_ms = most_ms + ?1,
                     due_ms = due_ms + ?1, stopped_ms = stopped_ms + ?1
                 WHERE stopped_ms IS NOT NULL AND basis = 'wall' AND kind IN ('accept', 'escalate') AND {before}
                     AND incident IN (SELECT id FROM incident WHERE state = 'claimed')"
            ),
        ] {
            self.run(&change, which)?;
        }
        let n_clocks = self.run(
            &format!(
                "UPDATE clock SET started_ms = started_ms + ?1, half_ms = half_ms + ?1, most_ms = most_ms + ?1,
                     due_ms = due_ms + ?1, next_ms = next_ms + ?1 WHERE {moved}"
            ),
            which,
        )?;
        self.run(
            "UPDATE incident SET lease_until_ms = lease_until_ms + ?1 WHERE state = 'claimed'",
            params![step_ms],
        )?;
        Ok(n_clocks)
    }

    /// Incidents whose lease or shelf is over, with what a machine then does.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn expired(&self, now: WallTime) -> Result<Vec<(IncidentId, IncidentAction)>, DbError> {
        let sql = "
            SELECT id, 0 FROM incident INDEXED BY incident_lease WHERE state = 'claimed' AND lease_until_ms <= ?1
            UNION ALL SELECT id, 1 FROM incident INDEXED BY incident_shelf WHERE state = 'shelved' AND shelf_until_ms <= ?1";
        self.all(sql, params![now.0], |row| {
            let action = match row.get::<_, i64>(1)? {
                0 => IncidentAction::LeaseExpired,
                _ => IncidentAction::Unshelve,
            };
            Ok((IncidentId(row.get(0)?), action))
        })
    }
}

impl Dispatch {
    /// Open incidents that nothing will ever be told of. Reads only.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn untimed(&self) -> Result<Vec<IncidentId>, DbError> {
        self.read(|c| c.prepare_cached(UNTIMED)?.query_map([], |row| row.get(0).map(IncidentId))?.collect())
            .await
    }
}

impl Dispatch {
    /// The clock that began last; 0 before the first.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn newest_clock(&self) -> Result<ClockId, DbError> {
        let newest = "SELECT coalesce(max(id), 0) FROM clock";
        self.read(|c| c.prepare_cached(newest)?.query_row([], |row| row.get(0).map(ClockId))).await
    }
}

const UNTIMED: &str = "
    SELECT i.id FROM incident i WHERE i.is_open = 1 AND i.state <> 'shelved' AND NOT EXISTS
        (SELECT 1 FROM clock c WHERE c.incident = i.id AND c.next_ms IS NOT NULL)";

const fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Wall => "wall",
        Basis::Working => "working",
    }
}

pub(super) fn clock_row(row: &Row<'_>) -> rusqlite::Result<ClockRow> {
    let basis: String = row.get("basis")?;
    let basis = if basis == "working" { Basis::Working } else { Basis::Wall };
    Ok(ClockRow {
        id: ClockId(row.get("id")?),
        incident: IncidentId(row.get("incident")?),
        kind: word(row, "kind")?,
        unit: word_opt(row, "unit")?,
        allowance: Allowance { basis, seconds: row.get("seconds")? },
        started: wall(row, "started_ms")?,
        half: wall(row, "half_ms")?,
        most: wall(row, "most_ms")?,
        due: wall(row, "due_ms")?,
        fired: row.get("fired")?,
        next: wall_opt(row, "next_ms")?,
        stopped: wall_opt(row, "stopped_ms")?,
    })
}
