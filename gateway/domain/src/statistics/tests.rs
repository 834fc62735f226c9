use super::{Course, Entry, Share, Spread, Tally, UnitTally, Verdict};
use crate::{
    ids::UnitId,
    incident::{
        ClockKind, CloseReason, IncidentAction as I, IncidentState as S, ReopenReason, RevisitResult,
        Satisfaction, UrgeLevel,
    },
    level::Level,
    time::WallTime,
};

fn unit(name: &str) -> UnitId {
    UnitId::new(name).unwrap()
}

/// A history: one action each minute.
fn course(steps: &[(I, S)]) -> Course {
    let mut course = Course::new(WallTime(0), Level::Yellow);
    for (i, (action, to)) in steps.iter().enumerate() {
        let kind = action.kind();
        course.apply(&Entry {
            at: WallTime(60_000 * (i64::try_from(i).unwrap() + 1)),
            action: Some(kind),
            details: Course::needs_details(kind).then_some(action),
            to: *to,
            level: Level::Orange,
        });
    }
    course
}

fn tally(course: &Course) -> Tally {
    let mut tally = Tally::default();
    tally.count(course);
    tally
}

fn told(lead: &str, assist: &[&str]) -> I {
    I::Dispatch { lead: Some(unit(lead)), assist: assist.iter().map(|u| unit(u)).collect(), due: None }
}

#[test]
fn what_is_given_back_was_not_accepted_unless_something_had_come_of_it() {
    let check = |steps: &[(I, S)], minute: Option<i64>| {
        let at = course(steps).acceptance.at();
        assert_eq!(at, minute.map(|minute| WallTime(60_000 * minute)), "{steps:?}");
    };
    let claim = || (I::Claim, S::Claimed);
    let release = || (I::Release, S::New);
    let shelve = || (I::Shelve { until: WallTime(0) }, S::Shelved);
    check(&[claim()], Some(1));
    check(&[claim(), release()], None);
    check(&[claim(), (I::LeaseExpired, S::New), claim()], Some(3));
    check(&[claim(), shelve(), (I::Unshelve, S::Claimed), (I::LeaseExpired, S::New)], None);
    let closed = (I::Close { reason: CloseReason::NoAction }, S::Closed);
    let reopened = (I::Reopen { reason: ReopenReason::Recurred }, S::New);
    check(&[claim(), closed, reopened, claim(), release()], Some(1));
    // A unit that gives it back says nothing of whether the centre has taken it.
    let returned = (I::Return { unit: unit("police") }, S::Assessed);
    check(&[claim(), (told("police", &[]), S::Dispatched), returned], Some(1));
    let late = course(&[claim(), release(), (I::Overdue { clock: ClockKind::Accept, unit: None }, S::New)]);
    assert_eq!(tally(&late).accepted_in_time, Share { n: 0, of: 1 });
}

#[test]
fn an_incident_that_goes_all_seven_steps_is_in_time_everywhere() {
    let one = course(&[
        (I::Claim, S::Claimed),
        (told("police", &["fire"]), S::Dispatched),
        (I::SignIn { unit: unit("police") }, S::Signed),
        (I::SignIn { unit: unit("fire") }, S::Signed),
        (I::Arrive { unit: unit("police") }, S::Handling),
        (I::Return { unit: unit("fire") }, S::Handling),
        (I::Urge { level: UrgeLevel::Remind }, S::Handling),
        (I::Hold, S::Handling),
        (I::Unhold, S::Handling),
        (I::Finish { unit: unit("police"), why_no_file: None }, S::Done),
        (I::Rework { due: None }, S::Handling),
        (I::Finish { unit: unit("police"), why_no_file: None }, S::Done),
        (I::Verify, S::Verified),
        (I::Close { reason: CloseReason::Handled }, S::Closed),
        (
            I::Revisit { result: RevisitResult::Reached, satisfaction: Some(Satisfaction::Fairly) },
            S::Revisited,
        ),
    ]);
    let t = tally(&one);
    assert_eq!((t.received, t.settled, t.open, t.merged), (1, 1, 0, 0));
    assert_eq!((t.accepted_in_time, t.settled_in_time), (Share { n: 1, of: 1 }, Share { n: 1, of: 1 }));
    assert_eq!((t.returns, t.reworks, t.holds, t.urges, t.supervisions), (1, 1, 1, 1, 0));
    assert_eq!((t.handled, t.overdue, t.dispatched), (1, 0, 1));
    assert_eq!((t.revisited, t.satisfied, t.dissatisfied), (Share { n: 1, of: 1 }, Share { n: 1, of: 1 }, 0));
    let mut units = UnitTally::default();
    for part in &one.parts {
        units.count(part, true);
    }
    assert_eq!((units.told, units.finished, units.returned, units.reworks), (2, 1, 1, 1));
    assert_eq!(
        (units.signed_in_time, units.finished_in_time),
        (Share { n: 2, of: 2 }, Share { n: 1, of: 1 })
    );
    assert_eq!((one.level, one.verdict()), (Level::Orange, Verdict::Confirmed));
}

#[test]
fn an_answer_counts_though_the_incident_was_opened_again() {
    let asked =
        |said| (I::Revisit { result: RevisitResult::Reached, satisfaction: Some(said) }, S::Revisited);
    let closed = [(I::Claim, S::Claimed), (I::Close { reason: CloseReason::Handled }, S::Closed)];
    let reopened = (I::Reopen { reason: ReopenReason::Discontent }, S::New);
    let mut steps = closed.to_vec();
    steps.extend([asked(Satisfaction::Dissatisfied), reopened]);
    let t = tally(&course(&steps));
    assert_eq!((t.revisited, t.satisfied, t.dissatisfied), (Share::default(), Share { n: 0, of: 1 }, 1));
    steps.extend(closed);
    steps.push(asked(Satisfaction::Satisfied));
    let t = tally(&course(&steps));
    assert_eq!((t.revisited, t.satisfied, t.dissatisfied), (Share { n: 1, of: 1 }, Share { n: 1, of: 2 }, 1));
}

#[test]
fn a_clock_that_runs_out_is_counted_where_it_ran() {
    let late = |clock, unit| I::Overdue { clock, unit };
    let one = course(&[
        (late(ClockKind::Accept, None), S::New),
        (I::Claim, S::Claimed),
        (told("police", &[]), S::Dispatched),
        (late(ClockKind::Sign, Some(unit("police"))), S::Dispatched),
        (I::SignIn { unit: unit("police") }, S::Signed),
        (late(ClockKind::Finish, None), S::Signed),
        (I::Urge { level: UrgeLevel::Supervise }, S::Signed),
    ]);
    let t = tally(&one);
    assert_eq!((t.accepted, t.accepted_in_time), (1, Share { n: 0, of: 1 }));
    assert_eq!(
        (t.settled_in_time, t.open, t.open_overdue),
        (Share { n: 0, of: 1 }, 1, 1),
        "open and late counts against"
    );
    assert_eq!((t.overdue, t.supervisions, t.urges), (1, 1, 0));
    let mut units = UnitTally::default();
    units.count(&one.parts[0], false);
    assert_eq!((units.signed_in_time, units.arrived_in_time), (Share { n: 0, of: 1 }, Share::default()));
    assert_eq!((units.finished_in_time, units.open, units.open_overdue), (Share { n: 0, of: 1 }, 1, 1));
}

#[test]
fn a_unit_that_was_late_is_late_where_it_goes_on() {
    let late = |clock| I::Overdue { clock, unit: Some(unit("police")) };
    let source = course(&[
        (I::Claim, S::Claimed),
        (told("police", &["fire"]), S::Dispatched),
        (late(ClockKind::Sign), S::Dispatched),
        (I::SignIn { unit: unit("police") }, S::Signed),
        (late(ClockKind::Arrive), S::Signed),
        (I::Arrive { unit: unit("police") }, S::Handling),
    ]);
    let lateness = source.lateness();
    assert_eq!(
        lateness.iter().map(|one| one.clock).collect::<Vec<_>>(),
        [ClockKind::Sign, ClockKind::Arrive]
    );
    let mut came = crate::incident::Assignment::new(unit("police"), true, source.parts[0].told);
    (came.signed, came.arrived, came.reworks) = (source.parts[0].signed, source.parts[0].arrived, 2);
    let take = I::TakeUnits { from: crate::ids::IncidentId(1), parts: vec![came], due: None, late: lateness };
    let there = course(&[(I::Claim, S::Claimed), (told("fire", &[]), S::Dispatched), (take, S::Handling)]);
    let mut police = UnitTally::default();
    police.count(&there.parts[1], false);
    assert_eq!(police.signed_in_time, Share { n: 0, of: 1 });
    assert_eq!((police.arrived_in_time, police.reworks), (Share { n: 0, of: 1 }, 2));
    let mut fire = UnitTally::default();
    fire.count(&there.parts[0], false);
    assert_eq!(fire.signed_in_time, Share::default(), "the others are not");
}

#[test]
fn what_is_opened_again_is_open_and_what_is_merged_is_neither() {
    let again = course(&[
        (I::Claim, S::Claimed),
        (I::Close { reason: CloseReason::FalseAlarm }, S::Closed),
        (I::Reopen { reason: crate::incident::ReopenReason::Mistake }, S::New),
    ]);
    let t = tally(&again);
    assert_eq!((t.open, t.settled, t.false_alarms, t.reopenings), (1, 0, 0, 1));
    assert_eq!((t.settled_in_time, again.verdict()), (Share::default(), Verdict::Undecided));
    let merged = tally(&course(&[(I::Merge { into: crate::ids::IncidentId(7) }, S::Merged)]));
    assert_eq!((merged.received, merged.merged, merged.settled, merged.open), (1, 1, 0, 0));
    let rejected = tally(&course(&[
        (I::Claim, S::Claimed),
        (I::Reject { reason: crate::incident::RejectReason::NotOurs }, S::Rejected),
    ]));
    assert_eq!(
        (rejected.settled, rejected.rejected, rejected.settled_in_time),
        (1, 1, Share { n: 1, of: 1 })
    );
}

#[test]
fn sums_of_sums_are_the_sum() {
    let courses = [
        course(&[(I::Claim, S::Claimed), (I::Close { reason: CloseReason::Handled }, S::Closed)]),
        course(&[(I::Overdue { clock: ClockKind::Accept, unit: None }, S::New)]),
        course(&[]),
    ];
    let mut all = Tally::default();
    let mut sum = Tally::default();
    for course in &courses {
        all.count(course);
        sum.add(&tally(course));
    }
    assert_eq!(all, sum);
    assert_eq!(all.received, all.settled + all.open + all.merged);
}

#[test]
fn the_middle_and_the_slow_end() {
    let check = |spans: &[u64], median, p90| {
        let spread = Spread::of(spans.iter().map(|s| s * 1_000).collect());
        assert_eq!((spread.median_s, spread.p90_s), (median, p90), "{spans:?}");
    };
    check(&[], None, None);
    check(&[5], Some(5), Some(5));
    check(&[9, 1, 5], Some(5), Some(9));
    check(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Some(5), Some(9));
    assert_eq!(Spread::span_ms(Some(WallTime(5)), Some(WallTime(4))), None);
}
