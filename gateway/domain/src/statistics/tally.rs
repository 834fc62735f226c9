//! Sums over incidents: of a place, a class, a source, a unit.

use super::{Course, Part, Share, Verdict};
use crate::{
    incident::{AssignmentEnd, CloseReason, IncidentState, RevisitResult},
    time::WallTime,
};

/// What became of the incidents that came within a time. Every incident is once in each sum that it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Came. Invariant: `settled` + `open` + `merged`.
    pub received: u64,
    /// Closed or rejected, and not opened again.
    pub settled: u64,
    /// Still need someone.
    pub open: u64,
    /// Part of another incident.
    pub merged: u64,
    /// Taken by somebody (受理).
    pub accepted: u64,
    /// Taken in time, of those taken or late (按时受理).
    pub accepted_in_time: Share,
    /// Settled in time, of those settled or late (按时办结).
    pub settled_in_time: Share,
    /// With any clock that ran out, units' too (超时).
    pub overdue: u64,
    /// Open, and late (超时未办结).
    pub open_overdue: u64,
    /// Closed as handled.
    pub handled: u64,
    /// Closed as false alarms.
    pub false_alarms: u64,
    /// Closed for other reasons: a duplicate, a test, nothing to be done.
    pub otherwise_closed: u64,
    /// Not accepted (不予受理).
    pub rejected: u64,
    /// Told to a unit.
    pub dispatched: u64,
    /// Given back by units (退回), each time.
    pub returns: u64,
    /// Work that was not accepted (返工), each time.
    pub reworks: u64,
    /// Clocks stopped (挂起), each time.
    pub holds: u64,
    /// Due times put off (延期), each time.
    pub extensions: u64,
    /// Reminded or pressed for (催办), each time.
    pub urges: u64,
    /// Supervision sheets (督办).
    pub supervisions: u64,
    /// Opened again, each time.
    pub reopenings: u64,
    /// Revisited, of those closed as handled (回访).
    pub revisited: Share,
    /// The people concerned were reached, of those revisited.
    pub reached: Share,
    /// Satisfied or fairly so, of the answers (满意率).
    pub satisfied: Share,
    /// Dissatisfied ones among the answers (不满意).
    pub dissatisfied: u64,
}

impl Tally {
    /// One more incident.
    pub fn count(&mut self, course: &Course) {
        use IncidentState as S;
        self.received += 1;
        match course.state {
            S::Merged => self.merged += 1,
            state if state.is_open() => self.open += 1,
            _ => self.settled += 1,
        }
        let is_settled = course.settled.is_some() && !course.state.is_open();
        if course.acceptance.at().is_some() {
            self.accepted += 1;
        }
        if course.acceptance.at().is_some() || course.is_acceptance_late {
            self.accepted_in_time.count(!course.is_acceptance_late);
        }
        // What became part of another incident is that one's to settle.
        if course.state != S::Merged && (is_settled || course.is_settling_late) {
            self.settled_in_time.count(is_settled && !course.is_settling_late);
        }
        self.overdue += u64::from(course.is_overdue);
        let is_late =
            course.is_settling_late || (course.is_acceptance_late && course.acceptance.at().is_none());
        self.open_overdue += u64::from(course.state.is_open() && is_late);
        match (is_settled, course.closed) {
            (true, Some(CloseReason::Handled)) => self.handled += 1,
            (true, Some(CloseReason::FalseAlarm)) => self.false_alarms += 1,
            (true, Some(CloseReason::Duplicate | CloseReason::Test | CloseReason::NoAction)) => {
                self.otherwise_closed += 1;
            }
            (true, None) => self.rejected += 1,
            (false, _) => {}
        }
        self.dispatched += u64::from(!course.parts.is_empty());
        self.returns += u64::from(course.n_returns);
        self.reworks += u64::from(course.n_reworks);
        self.holds += u64::from(course.n_holds);
        self.extensions += u64::from(course.n_extensions);
        self.urges += u64::from(course.n_urges);
        self.supervisions += u64::from(course.n_supervisions);
        self.reopenings += u64::from(course.n_reopenings);
        // What people said stays said, whatever became of the incident since.
        self.satisfied.add(Share {
            n: course.n_satisfied.into(),
            of: (course.n_satisfied + course.n_dissatisfied).into(),
        });
        self.dissatisfied += u64::from(course.n_dissatisfied);
        self.count_revisit(course, is_settled);
    }

    fn count_revisit(&mut self, course: &Course, is_settled: bool) {
        if !is_settled || course.closed != Some(CloseReason::Handled) {
            return;
        }
        self.revisited.count(course.revisit.is_some());
        let Some(revisit) = course.revisit else { return };
        self.reached.count(revisit.result == RevisitResult::Reached);
    }

    /// All of the other's too.
    pub const fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.settled += other.settled;
        self.open += other.open;
        self.merged += other.merged;
        self.accepted += other.accepted;
        self.accepted_in_time.add(other.accepted_in_time);
        self.settled_in_time.add(other.settled_in_time);
        self.overdue += other.overdue;
        self.open_overdue += other.open_overdue;
        self.handled += other.handled;
        self.false_alarms += other.false_alarms;
        self.otherwise_closed += other.otherwise_closed;
        self.rejected += other.rejected;
        self.dispatched += other.dispatched;
        self.returns += other.returns;
        self.reworks += other.reworks;
        self.holds += other.holds;
        self.extensions += other.extensions;
        self.urges += other.urges;
        self.supervisions += other.supervisions;
        self.reopenings += other.reopenings;
        self.revisited.add(other.revisited);
        self.reached.add(other.reached);
        self.satisfied.add(other.satisfied);
        self.dissatisfied += other.dissatisfied;
    }
}

/// What became of what a unit was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitTally {
    /// Told, each time (派遣).
    pub told: u64,
    /// Signed in in time, of those signed in or late (按时报到).
    pub signed_in_time: Share,
    /// Arrived in time, of those arrived or late (按时到场).
    pub arrived_in_time: Share,
    /// Done in time, of those done or late (按时办结).
    pub finished_in_time: Share,
    /// Done.
    pub finished: u64,
    /// Neither done nor given back nor taken away.
    pub open: u64,
    /// Of these, those whose time has run out.
    pub open_overdue: u64,
    /// Given back.
    pub returned: u64,
    /// Taken away.
    pub withdrawn: u64,
    /// Not accepted, each time.
    pub reworks: u64,
    /// Late with signing in, arriving or being done, of those told (超时率).
    pub overdue: Share,
    /// Satisfied or fairly so, of the answers of the people concerned (满意率).
    pub satisfied: Share,
}

impl UnitTally {
    /// One more part. `is_over`: the incident is, so nothing is open any more.
    pub fn count(&mut self, part: &Part, is_over: bool) {
        self.told += 1;
        for (share, done, is_late) in [
            (&mut self.signed_in_time, part.signed, part.is_sign_late),
            (&mut self.arrived_in_time, part.arrived, part.is_arrival_late),
            (&mut self.finished_in_time, part.finished, part.is_finish_late),
        ] {
            if done.is_some() || is_late {
                share.count(done.is_some() && !is_late);
            }
        }
        self.reworks += u64::from(part.reworks);
        self.overdue.count(part.is_sign_late || part.is_arrival_late || part.is_finish_late);
        self.satisfied
            .add(Share { n: part.n_satisfied.into(), of: (part.n_satisfied + part.n_dissatisfied).into() });
        match (part.end, part.finished) {
            (Some(AssignmentEnd::Returned), _) => self.returned += 1,
            (Some(AssignmentEnd::Withdrawn), _) => self.withdrawn += 1,
            (_, Some(_)) => self.finished += 1,
            (None, None) if !is_over => {
                self.open += 1;
                let is_late = part.is_finish_late
                    || (part.is_sign_late && part.signed.is_none())
                    || (part.is_arrival_late && part.arrived.is_none());
                self.open_overdue += u64::from(is_late);
            }
            (Some(AssignmentEnd::Reopened) | None, None) => {}
        }
    }
}

/// How long something took: the middle and the slow end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many.
    pub n: u64,
    /// Half were at least as fast, seconds; `None`: there was none.
    pub median_s: Option<u64>,
    /// Nine of ten were at least as fast, seconds.
    pub p90_s: Option<u64>,
}

impl Spread {
    /// Of these spans, in milliseconds, in any order.
    #[must_use]
    pub fn of(mut spans_ms: Vec<u64>) -> Self {
        spans_ms.sort_unstable();
        let at = |percent: usize| {
            let index = (spans_ms.len() * percent).div_ceil(100).max(1) - 1;
            spans_ms.get(index).map(|ms| ms / 1_000)
        };
        Self { n: spans_ms.len() as u64, median_s: at(50), p90_s: at(90) }
    }

    /// From one time to another; `None` when either is missing or time ran backwards.
    #[must_use]
    pub fn span_ms(from: Option<WallTime>, to: Option<WallTime>) -> Option<u64> {
        let (from, to) = from.zip(to)?;
        u64::try_from(to.0.checked_sub(from.0)?).ok()
    }
}

impl Course {
    /// What people found it to be.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.state.is_open(), self.closed) {
            (false, Some(reason)) => Verdict::of_reason(reason),
            _ => Verdict::Undecided,
        }
    }
}
