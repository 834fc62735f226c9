use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::*;
use crate::ids::AttachmentId;
use IncidentState as S;

/// The model: every transition that may happen, written once more by hand and by state, as a reader of the design
/// would. `TABLE` is by action; the two must say the same.
const MODEL: &str = "
    new         claim=claimed shelve=shelved merge=merged
    claimed     claim=claimed release=new lease_expired=new hand_over= take_over= assess=assessed close=closed reject=rejected
    claimed     shelve=shelved merge=merged urge=
    assessed    take_units=units
    assessed    assess=assessed dispatch=units close=closed reject=rejected shelve=shelved merge=merged hand_over= take_over= urge=
    dispatched  dispatch=units withdraw=units sign_in=units return=units feedback= ask_extension=
    dispatched  hand_over= take_over= merge=merged urge= extend= refuse_extension= hold= unhold= ask_hold= refuse_hold=
    dispatched  take_units=units give_units=units
    signed      dispatch=units withdraw=units sign_in=units return=units arrive=units feedback= ask_extension=
    signed      hand_over= take_over= merge=merged urge= extend= refuse_extension= hold= unhold= ask_hold= refuse_hold=
    signed      take_units=units give_units=units
    handling    dispatch=units withdraw=units sign_in=units return=units arrive=units finish=units feedback=
    handling    ask_extension= hand_over= take_over= merge=merged urge= extend= refuse_extension= hold= unhold= ask_hold=
    handling    refuse_hold= take_units=units give_units=units
    done        verify=verified rework=units merge=merged hand_over= take_over= urge= feedback= take_units=units
    verified    close=closed merge=merged hand_over= take_over=
    new         self_test=closed
    closed      revisit=revisited reopen=new archive=
    revisited   reopen=new archive=
    rejected    reopen=new archive=
    merged      unmerge=previous
    shelved     unshelve=previous
";
/// In every state that is open.
const WHILE_OPEN: &[&str] = &["append", "raise", "suggest_close"];
/// In every state in which a clock may run: those that are open but for shelved, and closed.
const WHILE_TIMED: &[&str] = &["warn", "overdue", "escalate", "acknowledge"];
/// Always.
const ALWAYS: &[&str] = &["note", "attach"];

/// Where the model leads: `Some("")` is the same state.
fn model(state: S, action: ActionKind) -> Option<&'static str> {
    let is_timed = state == S::Closed || (state.is_open() && state != S::Shelved);
    for (list, holds) in [(WHILE_OPEN, state.is_open()), (WHILE_TIMED, is_timed), (ALWAYS, true)] {
        if list.contains(&action.as_str()) {
            return holds.then_some("");
        }
    }
    MODEL
        .lines()
        .map(str::split_whitespace)
        .filter_map(|mut words| (words.next() == Some(state.as_str())).then_some(words))
        .flatten()
        .filter_map(|word| word.split_once('='))
        .find(|(name, _)| *name == action.as_str())
        .map(|(_, to)| to)
}

const ANN: Actor = Actor::Person(AccountId(1));
const BEN: Actor = Actor::Person(AccountId(2));
const ID: IncidentId = IncidentId(7);
const POLICY: IncidentPolicy = IncidentPolicy {
    lease: Duration::from_secs(600),
    reopen_window: Duration::from_secs(86_400),
    longest_shelf: Duration::from_secs(86_400),
    has_units: true,
};

fn secs(seconds: i64) -> WallTime {
    WallTime(1_795_435_200_000 + seconds * 1_000)
}

fn unit(n: usize) -> UnitId {
    UnitId::new(["police", "fire", "water"][n % 3]).unwrap()
}

fn dispatch(due: Option<WallTime>) -> IncidentAction {
    IncidentAction::Dispatch { lead: Some(unit(0)), assist: Vec::new(), due }
}

fn assess(level: Level) -> IncidentAction {
    IncidentAction::Assess { level, class: None, area: None, lead: None, assist: Vec::new() }
}

fn escalate(step: u16) -> IncidentAction {
    IncidentAction::Escalate { step, to: "值班长".to_owned(), told: Vec::new(), unmanned: false }
}

fn with_details(kind: ActionKind, status: &IncidentStatus, now: WallTime, number: i64) -> IncidentAction {
    let pick = |n: usize| usize::try_from(number.rem_euclid(64)).unwrap() % n;
    let level = Level::ALL[pick(4)];
    let told: Vec<_> = status.active().map(|one| one.unit.clone()).collect();
    let unit = || if told.is_empty() { self::unit(pick(3)) } else { told[pick(told.len())].clone() };
    // Mostly ahead, sometimes past or too far.
    let when = WallTime(now.0 + (number - 4) * 400_000);
    let clock = ClockKind::ALL[pick(ClockKind::ALL.len())];
    match kind {
        ActionKind::Claim => IncidentAction::Claim,
        ActionKind::Release => IncidentAction::Release,
        ActionKind::LeaseExpired => IncidentAction::LeaseExpired,
        ActionKind::HandOver => IncidentAction::HandOver { to: AccountId(1 + number % 3) },
        ActionKind::TakeOver => IncidentAction::TakeOver { from: AccountId(1 + number % 3) },
        ActionKind::Assess => assess(level),
        ActionKind::Dispatch => IncidentAction::Dispatch {
            lead: (number % 5 > 0).then(|| self::unit(pick(3))),
            assist: if number % 3 == 0 { vec![self::unit(pick(3) + 1)] } else { Vec::new() },
            due: (number % 3 > 0).then_some(when),
        },
        ActionKind::Withdraw => IncidentAction::Withdraw { unit: unit() },
        ActionKind::SignIn => IncidentAction::SignIn { unit: unit() },
        ActionKind::Return => IncidentAction::Return { unit: unit() },
        ActionKind::Arrive => IncidentAction::Arrive { unit: unit() },
        ActionKind::Feedback => IncidentAction::Feedback { unit: unit() },
        ActionKind::Finish => IncidentAction::Finish { unit: unit(), why_no_file: None },
        ActionKind::Verify => IncidentAction::Verify,
        ActionKind::Rework => IncidentAction::Rework { due: (number % 3 > 0).then_some(when) },
        ActionKind::Close => IncidentAction::Close { reason: CloseReason::ALL[pick(5)] },
        ActionKind::Archive => IncidentAction::Archive,
        ActionKind::Revisit => IncidentAction::Revisit {
            result: RevisitResult::ALL[pick(3)],
            satisfaction: (number % 2 > 0).then_some(Satisfaction::ALL[pick(3)]),
        },
        ActionKind::Reject => IncidentAction::Reject { reason: RejectReason::ALL[pick(3)] },
        ActionKind::Merge => IncidentAction::Merge { into: IncidentId(number % 20) },
        ActionKind::Unmerge => IncidentAction::Unmerge,
        ActionKind::TakeUnits => {
            let signed = (number % 2 > 0).then_some(now);
            let part = Assignment { signed, ..Assignment::new(self::unit(pick(3)), number % 4 == 0, now) };
            IncidentAction::TakeUnits {
                from: IncidentId(99),
                parts: vec![part],
                due: Some(when),
                late: Vec::new(),
            }
        }
        ActionKind::GiveUnits => IncidentAction::GiveUnits { to: IncidentId(99), units: vec![unit()] },
        ActionKind::Shelve => IncidentAction::Shelve { until: when },
        ActionKind::Unshelve => IncidentAction::Unshelve,
        ActionKind::Reopen => IncidentAction::Reopen { reason: ReopenReason::ALL[pick(4)] },
        ActionKind::Urge => IncidentAction::Urge { level: UrgeLevel::ALL[pick(3)] },
        ActionKind::AskExtension => IncidentAction::AskExtension { unit: unit(), due: when },
        ActionKind::Extend => IncidentAction::Extend { due: when },
        ActionKind::RefuseExtension => IncidentAction::RefuseExtension,
        ActionKind::AskHold => IncidentAction::AskHold { unit: unit() },
        ActionKind::RefuseHold => IncidentAction::RefuseHold,
        ActionKind::Hold => IncidentAction::Hold,
        ActionKind::Unhold => IncidentAction::Unhold,
        ActionKind::Note => IncidentAction::Note,
        ActionKind::Attach => IncidentAction::Attach {
            attachment: AttachmentId(number),
            unit: (number % 2 > 0 && !told.is_empty()).then(unit),
        },
        ActionKind::Warn => IncidentAction::Warn { clock, unit: None, percent: 50 },
        ActionKind::Overdue => IncidentAction::Overdue { clock, unit: None },
        ActionKind::Escalate => escalate(u16::try_from(number % 7).unwrap()),
        ActionKind::Acknowledge => IncidentAction::Acknowledge,
        ActionKind::Append => IncidentAction::Append,
        ActionKind::Raise => IncidentAction::Raise { level, due: (number % 3 > 0).then_some(when) },
        ActionKind::SuggestClose => IncidentAction::SuggestClose,
        ActionKind::SelfTest => IncidentAction::SelfTest,
    }
}

#[test]
fn the_table_is_the_model_and_nothing_else() {
    for &state in S::ALL {
        for &action in ActionKind::ALL {
            let rows: Vec<_> =
                TABLE.iter().filter(|row| row.action == action && row.from.contains(&state)).collect();
            assert!(rows.len() <= 1, "{action} from {state} is listed twice");
            let to = rows.first().map(|row| match row.to {
                Next::State(to) => to.as_str(),
                Next::Same => "",
                Next::Previous => "previous",
                Next::Units => "units",
            });
            assert_eq!(to, model(state, action), "{action} from {state}");
        }
    }
}

#[test]
fn machines_may_do_nine_things_and_none_of_them_is_a_decision_about_what_a_camera_saw() {
    let allowed: Vec<_> =
        TABLE.iter().filter(|row| row.who != Who::Person).map(|row| row.action.as_str()).collect();
    let expected = [
        "lease_expired",
        "unshelve",
        "warn",
        "overdue",
        "escalate",
        "append",
        "raise",
        "suggest_close",
        "self_test",
    ];
    assert_eq!(allowed, expected);
}

/// One step of a random history.
#[derive(Clone, Debug)]
struct Step {
    /// Which action: among those offered, or any.
    pick: usize,
    is_offered: bool,
    actor: Actor,
    elapsed_s: i64,
    number: i64,
}

fn any_step() -> impl Strategy<Value = Step> {
    let actor = prop::sample::select(vec![ANN, ANN, BEN, Actor::Machine]);
    let elapsed = prop_oneof![6 => 0i64..60, 3 => 60i64..1_200, 1 => 1_200i64..200_000];
    (0usize..1_000, prop::bool::weighted(0.8), actor, elapsed, 0i64..240).prop_map(
        |(pick, is_offered, actor, elapsed_s, number)| Step { pick, is_offered, actor, elapsed_s, number },
    )
}

/// What must be true of one accepted action, whatever came before.
fn check_step(
    before: &IncidentStatus,
    after: &IncidentStatus,
    kind: ActionKind,
    actor: Actor,
    now: WallTime,
) -> Result<(), TestCaseError> {
    let listed = model(before.state, kind);
    prop_assert!(listed.is_some(), "{} from {} is illegal", kind, before.state);
    prop_assert_eq!(after.version, before.version + 1);
    prop_assert_eq!(after.check(), Ok(()));
    prop_assert_eq!(after.id, before.id);
    match listed.unwrap_or_default() {
        "" => prop_assert_eq!(after.state, before.state),
        "units" => {
            let units = [S::Assessed, S::Dispatched, S::Signed, S::Handling, S::Done];
            prop_assert!(units.contains(&after.state));
            let (n, n_done) =
                (after.active().count(), after.active().filter(|one| one.finished.is_some()).count());
            prop_assert_eq!(after.state == S::Assessed, n == 0, "with nobody, or with units");
            prop_assert_eq!(after.state == S::Done, n > 0 && n == n_done, "done when all are");
        }
        "previous" => prop_assert!(after.state.is_open() && after.state != S::Shelved),
        to => prop_assert_eq!(after.state.as_str(), to),
    }
    let live_claim = before.claim.filter(|claim| before.state == S::Claimed && claim.until > now);
    if actor == Actor::Machine {
        prop_assert!(!before.level.is_above(after.level), "a machine never calms anything");
        prop_assert!(after.ending == before.ending || kind == ActionKind::SelfTest);
        prop_assert_eq!(after.merging, before.merging);
        prop_assert_eq!(&after.assignments, &before.assignments, "units are told by people");
        prop_assert_eq!(after.due, before.due);
        prop_assert_eq!(after.overlays.held, before.overlays.held);
        prop_assert!(live_claim.is_none() || after.claim == before.claim, "a live claim is a person's");
        if let Some(shelf) = before.shelf {
            prop_assert!(after.shelf.is_some() || shelf.until <= now, "a shelf is a person's until its time");
        }
        let is_move = after.state != before.state;
        let moves = [ActionKind::LeaseExpired, ActionKind::Unshelve, ActionKind::SelfTest];
        prop_assert!(!is_move || moves.contains(&kind));
    } else if let (Some(claim), Actor::Person(person)) = (live_claim, actor) {
        let adds = matches!(
            kind,
            ActionKind::Urge
                | ActionKind::Raise
                | ActionKind::Append
                | ActionKind::Note
                | ActionKind::Attach
                | ActionKind::Acknowledge
        );
        let takes = kind == ActionKind::TakeOver;
        prop_assert!(claim.owner == person || adds || takes, "only the holder works on it");
        prop_assert!(claim.owner == person || after.claim == before.claim || takes);
    }
    if kind == ActionKind::TakeOver {
        let owner = |status: &IncidentStatus| status.claim.map(|claim| Actor::Person(claim.owner));
        prop_assert!(owner(before).is_some_and(|owner| owner != actor), "from somebody else");
        prop_assert_eq!(owner(after), Some(actor));
    }
    if !before.state.is_open() {
        use ActionKind as A;
        let ends = [A::Revisit, A::Reopen, A::Unmerge, A::Archive, A::Note, A::Attach, A::Acknowledge];
        let tells = [A::Warn, A::Overdue, A::Escalate];
        let is_fine = if actor == Actor::Machine { tells.contains(&kind) } else { ends.contains(&kind) };
        prop_assert!(is_fine, "what is over stays so but for people");
    }
    if before.state != S::New && after.state != S::New && after.state.is_open() && after.state != S::Shelved {
        prop_assert!(after.claim.is_some(), "somebody answers for what was accepted");
    }
    if before.level == Level::Red && kind == ActionKind::Verify {
        let Actor::Person(person) = actor else { unreachable!() };
        prop_assert!(before.active().all(|one| one.finished_by != Some(person)), "another person verifies");
    }
    if before.level == Level::Red && before.state != S::Verified && kind == ActionKind::Close {
        let handled = matches!(after.ending, Some(Ending::Closed { reason: CloseReason::Handled, .. }));
        prop_assert!(!handled, "what is red is not settled on the spot");
    }
    for (i, old) in before.assignments.iter().enumerate() {
        let new = &after.assignments[i];
        prop_assert!(old.unit == new.unit && old.told == new.told, "parts are kept in their order");
        prop_assert!(old.signed.is_none() || old.signed == new.signed, "times only become known");
        prop_assert!(old.end.is_none() || old.end == new.end);
    }
    if kind == ActionKind::Reopen {
        let ended = before.ending.map(|ending| ending.at()).unwrap_or(WallTime(0));
        prop_assert!(now.since(ended) <= POLICY.reopen_window || before.state == S::Revisited);
        prop_assert!(after.active().next().is_none());
        prop_assert!(after.overlays.reopened && after.claim.is_none());
    } else {
        prop_assert!(after.overlays.reopened || !before.overlays.reopened, "reopened is never forgotten");
    }
    Ok(())
}

#[test]
fn ten_thousand_random_histories_stay_legal() {
    let config = Config { cases: 60_000, failure_persistence: None, ..Config::default() };
    let met: RefCell<BTreeSet<(S, ActionKind)>> = RefCell::default();
    let histories = prop::collection::vec(any_step(), 1..120);
    // The same histories each time: the rarest transition is met by one set of ten thousand and not by the next.
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&histories, |history| {
            let mut now = secs(0);
            let mut status = IncidentStatus::open(ID, Level::Yellow);
            prop_assert_eq!(status.check(), Ok(()));
            // As it was put away, by merging or shelving.
            let mut put_away = None;
            for step in history {
                now = WallTime(now.0 + step.elapsed_s * 1_000);
                let offered = status.choices(step.actor, now);
                let kind = match offered.len() {
                    n if n > 0 && step.is_offered => offered[step.pick % n],
                    _ => ActionKind::ALL[step.pick % ActionKind::ALL.len()],
                };
                let action = with_details(kind, &status, now, step.number);
                let before = status.clone();
                match transition(&status, &action, step.actor, now, &POLICY) {
                    Ok(after) => {
                        check_step(&before, &after, kind, step.actor, now)?;
                        prop_assert!(offered.contains(&kind), "accepted but not offered: {}", kind);
                        met.borrow_mut().insert((before.state, kind));
                        match kind {
                            ActionKind::Merge | ActionKind::Shelve => put_away = Some(before.clone()),
                            ActionKind::Unmerge | ActionKind::Unshelve => {
                                let was = put_away.take().expect("it was put away");
                                prop_assert_eq!(after.state, was.state, "back to where it was");
                                prop_assert_eq!(after.due, was.due);
                                prop_assert_eq!(after.claim.map(|c| c.owner), was.claim.map(|c| c.owner));
                            }
                            _ => {}
                        }
                        status = after;
                    }
                    Err(TransitionError::NotListed { .. }) => {
                        prop_assert!(model(before.state, kind).is_none())
                    }
                    Err(_) => prop_assert!(model(before.state, kind).is_some()),
                }
            }
            Ok(())
        })
        .unwrap();
    let met = met.into_inner();
    for &state in S::ALL {
        for &action in ActionKind::ALL {
            assert!(
                model(state, action).is_none() || met.contains(&(state, action)),
                "no history has met {action} from {state}"
            );
        }
    }
}

/// Applies `steps` from a new incident, one second apart; all must be accepted but the last, whose result comes back.
fn after(steps: &[(IncidentAction, Actor)]) -> Result<IncidentStatus, TransitionError> {
    let mut status = IncidentStatus::open(ID, Level::Yellow);
    for (i, (action, actor)) in steps.iter().enumerate() {
        let now = secs(i64::try_from(i).unwrap());
        let next = transition(&status, action, *actor, now, &POLICY);
        if i + 1 == steps.len() {
            return next;
        }
        status = next.unwrap_or_else(|error| panic!("step {i} {action:?}: {error}"));
    }
    Ok(status)
}

const OVERDUE: IncidentAction = IncidentAction::Overdue { clock: ClockKind::Finish, unit: None };
const RAISE: IncidentAction = IncidentAction::Raise { level: Level::Red, due: None };
const CLAIM: (IncidentAction, Actor) = (IncidentAction::Claim, ANN);
const ASSESS: (IncidentAction, Actor) = (
    IncidentAction::Assess { level: Level::Orange, class: None, area: None, lead: None, assist: Vec::new() },
    ANN,
);

#[test]
fn the_seven_steps_lead_to_the_end() {
    let steps = [
        CLAIM,
        ASSESS,
        (dispatch(Some(secs(3_600))), ANN),
        (IncidentAction::SignIn { unit: unit(0) }, BEN),
        (IncidentAction::Arrive { unit: unit(0) }, BEN),
        (IncidentAction::Finish { unit: unit(0), why_no_file: None }, BEN),
        (IncidentAction::Verify, ANN),
        (IncidentAction::Close { reason: CloseReason::Handled }, ANN),
        (IncidentAction::Revisit { result: RevisitResult::Unreachable, satisfaction: None }, BEN),
    ];
    let status = after(&steps).unwrap();
    assert_eq!((status.state, status.version, status.level), (S::Revisited, 10, Level::Orange));
    assert_eq!(status.ending, Some(Ending::Closed { reason: CloseReason::Handled, at: secs(7) }));
    assert_eq!(status.due, None);
}

#[test]
fn a_false_alarm_is_closed_in_two_steps_and_may_be_reopened_for_a_day() {
    let close = (IncidentAction::Close { reason: CloseReason::FalseAlarm }, ANN);
    let closed = after(&[CLAIM, close]).unwrap();
    assert_eq!(closed.state, S::Closed);
    let reopen = IncidentAction::Reopen { reason: ReopenReason::Mistake };
    let at = |seconds| transition(&closed, &reopen, BEN, secs(seconds), &POLICY);
    let reopened = at(86_400).unwrap();
    assert_eq!((reopened.state, reopened.claim, reopened.overlays.reopened), (S::New, None, true));
    assert_eq!(at(86_402), Err(TransitionError::TooLate));
    assert!(matches!(
        transition(&closed, &IncidentAction::Append, Actor::Machine, secs(2), &POLICY),
        Err(TransitionError::NotListed { state: S::Closed, .. })
    ));
}

#[test]
fn what_another_has_is_taken_over_from_whom_it_was_seen_with() {
    let claimed = after(&[CLAIM]).unwrap();
    let take = |status: &IncidentStatus, from: i64, actor| {
        let take = IncidentAction::TakeOver { from: AccountId(from) };
        transition(status, &take, actor, secs(10), &POLICY)
    };
    let idle = Err(TransitionError::NoChange { action: ActionKind::TakeOver });
    let taken = take(&claimed, 1, BEN).unwrap();
    assert_eq!(
        (taken.state, taken.claim),
        (S::Claimed, Some(Claim { owner: AccountId(2), until: secs(610) }))
    );
    assert_eq!(take(&claimed, 1, ANN), idle, "one's own");
    assert_eq!(take(&claimed, 3, BEN), idle, "somebody else has it by now");
    assert!(take(&IncidentStatus::open(ID, Level::Red), 1, BEN).is_err(), "nobody has it: claim it");
    assert!(take(&claimed, 1, Actor::Machine).is_err());
    let close = IncidentAction::Close { reason: CloseReason::FalseAlarm };
    assert_eq!(
        transition(&taken, &close, ANN, secs(11), &POLICY),
        Err(TransitionError::HeldByOther { owner: AccountId(2), until: secs(610) }),
        "who had it has it no more"
    );
    assert!(IncidentAction::TakeOver { from: AccountId(1) }.needs_note(S::Claimed, BEN));
    let choices = |actor| claimed.choices(actor, secs(1)).contains(&ActionKind::TakeOver);
    assert_eq!((choices(ANN), choices(BEN)), (false, true));
}

#[test]
fn of_two_who_claim_one_gets_it_until_the_lease_is_over() {
    let claimed = after(&[CLAIM]).unwrap();
    let at =
        |action: IncidentAction, actor, seconds| transition(&claimed, &action, actor, secs(seconds), &POLICY);
    let held = Err(TransitionError::HeldByOther { owner: AccountId(1), until: secs(600) });
    assert_eq!(at(IncidentAction::Claim, BEN, 1), held.clone());
    assert_eq!(at(IncidentAction::Close { reason: CloseReason::Test }, BEN, 700), held, "claim it first");
    assert_eq!(at(IncidentAction::Claim, BEN, 600).unwrap().claim.unwrap().owner, AccountId(2));
    assert_eq!(at(IncidentAction::Claim, ANN, 300).unwrap().claim.unwrap().until, secs(900), "renewed");
    let early = at(IncidentAction::LeaseExpired, Actor::Machine, 599);
    assert_eq!(early, Err(TransitionError::TooEarly { action: ActionKind::LeaseExpired }));
    assert_eq!(at(IncidentAction::LeaseExpired, Actor::Machine, 600).unwrap().state, S::New);
    assert!(at(IncidentAction::LeaseExpired, BEN, 600).is_err(), "a fact of the clock, not a choice");
    let raised = at(RAISE, Actor::Machine, 1).unwrap();
    assert_eq!((raised.state, raised.level, raised.claim), (S::Claimed, Level::Red, claimed.claim));
}

#[test]
fn what_is_given_back_was_not_accepted() {
    let escalate = |step| (self::escalate(step), Actor::Machine);
    let told = after(&[CLAIM, escalate(1)]).unwrap();
    let release = transition(&told, &IncidentAction::Release, ANN, secs(3), &POLICY).unwrap();
    let expired =
        transition(&told, &IncidentAction::LeaseExpired, Actor::Machine, secs(601), &POLICY).unwrap();
    assert_eq!((release.overlays.escalated, expired.overlays.escalated), (1, 1), "the chain goes on");
    let assessed = transition(&told, &ASSESS.0, ANN, secs(3), &POLICY).unwrap();
    assert_eq!(assessed.overlays.escalated, 0, "it moved");
}

#[test]
fn a_person_who_raises_shortens_the_time_and_a_machine_does_not() {
    let told = after(&[CLAIM, ASSESS, (dispatch(Some(secs(9_000))), ANN)]).unwrap();
    let raise = |due, actor| {
        let action = IncidentAction::Raise { level: Level::Red, due: Some(secs(due)) };
        transition(&told, &action, actor, secs(9), &POLICY).unwrap().due
    };
    assert_eq!(raise(7_200, ANN), Some(secs(7_200)));
    assert_eq!(raise(10_000, ANN), Some(secs(9_000)), "it is never lengthened");
    assert_eq!(raise(7_200, Actor::Machine), Some(secs(9_000)), "people have set it");
}

#[test]
fn a_machine_decides_nothing() {
    let claimed = after(&[CLAIM]).unwrap();
    for action in [
        IncidentAction::Close { reason: CloseReason::FalseAlarm },
        IncidentAction::Release,
        assess(Level::Blue),
        IncidentAction::Reject { reason: RejectReason::Unclear },
        IncidentAction::Merge { into: IncidentId(1) },
    ] {
        let error = transition(&claimed, &action, Actor::Machine, secs(1_000), &POLICY).unwrap_err();
        assert_eq!(error, TransitionError::PeopleOnly { action: action.kind() });
    }
    let assessed = after(&[CLAIM, ASSESS]).unwrap();
    let dispatch = dispatch(None);
    assert!(transition(&assessed, &dispatch, Actor::Machine, secs(3), &POLICY).is_err());
    let lower = IncidentAction::Raise { level: Level::Blue, due: None };
    let error = transition(&assessed, &lower, Actor::Machine, secs(3), &POLICY).unwrap_err();
    assert_eq!(error, TransitionError::NotAbove { level: Level::Orange });
}

#[test]
fn a_suggestion_to_close_is_taken_back_by_a_new_alarm() {
    let suggest = (IncidentAction::SuggestClose, Actor::Machine);
    assert!(after(std::slice::from_ref(&suggest)).unwrap().overlays.close_suggested);
    assert!(after(&[suggest.clone(), suggest.clone()]).is_err());
    assert!(!after(&[suggest, (IncidentAction::Append, Actor::Machine)]).unwrap().overlays.close_suggested);
}

#[test]
fn shelved_comes_back_by_itself_to_where_it_was() {
    let shelve = (IncidentAction::Shelve { until: secs(3_600) }, ANN);
    let shelved = after(&[CLAIM, ASSESS, shelve]).unwrap();
    let back =
        |actor, seconds| transition(&shelved, &IncidentAction::Unshelve, actor, secs(seconds), &POLICY);
    assert!(back(Actor::Machine, 3_599).is_err());
    assert_eq!(back(Actor::Machine, 3_600).unwrap().state, S::Assessed);
    assert_eq!(back(BEN, 10).unwrap().state, S::Assessed);
    let too_long = (IncidentAction::Shelve { until: secs(90_000) }, ANN);
    assert!(matches!(after(&[CLAIM, too_long]), Err(TransitionError::BadTime { .. })));
    assert!(after(&[CLAIM, (IncidentAction::Shelve { until: secs(0) }, ANN)]).is_err());
}

#[test]
fn merged_is_part_of_another_until_taken_out_again() {
    let merge = (IncidentAction::Merge { into: IncidentId(1) }, BEN);
    let merged = after(std::slice::from_ref(&merge)).unwrap();
    assert!(!merged.can_absorb());
    assert_eq!(merged.merging, Some(Merging { into: IncidentId(1), from: S::New }));
    assert_eq!(after(&[merge, (IncidentAction::Unmerge, ANN)]).unwrap().state, S::New);
    assert_eq!(after(&[(IncidentAction::Merge { into: ID }, ANN)]), Err(TransitionError::IntoItself));
}

#[test]
fn the_clock_of_a_unit_stands_still_while_held() {
    let dispatched = after(&[CLAIM, ASSESS, (dispatch(Some(secs(1_000))), ANN)]).unwrap();
    let go = |status: &IncidentStatus, action, actor, seconds| {
        transition(status, &action, actor, secs(seconds), &POLICY)
    };
    let held = go(&dispatched, IncidentAction::Hold, BEN, 500).unwrap();
    assert!(go(&held, OVERDUE, Actor::Machine, 2_000).is_err());
    let going = go(&held, IncidentAction::Unhold, BEN, 2_500).unwrap();
    assert_eq!((going.due, going.overlays.held), (Some(secs(3_000)), None));
    assert!(go(&going, OVERDUE, Actor::Machine, 2_999).is_err());
    let overdue = go(&going, OVERDUE, Actor::Machine, 3_000).unwrap();
    assert!(overdue.overlays.overdue);
    let extended = go(&overdue, IncidentAction::Extend { due: secs(9_000) }, ANN, 3_100).unwrap();
    assert_eq!((extended.overlays.overdue, extended.overlays.extended), (false, true));
    assert!(go(&extended, IncidentAction::Extend { due: secs(8_000) }, ANN, 3_200).is_err(), "not earlier");
    let signed = go(&held, IncidentAction::SignIn { unit: unit(0) }, BEN, 1_500).unwrap();
    assert_eq!((signed.due, signed.overlays.held), (Some(secs(2_000)), None), "going on ends the hold");
}

#[test]
fn a_unit_asks_for_a_hold_and_the_clock_runs_on_until_the_centre_agrees() {
    let dispatched = after(&[CLAIM, ASSESS, (dispatch(Some(secs(1_000))), ANN)]).unwrap();
    let go = |status: &IncidentStatus, action, actor, seconds| {
        transition(status, &action, actor, secs(seconds), &POLICY)
    };
    let asks = |unit| IncidentAction::AskHold { unit };
    assert!(
        asks(unit(0)).needs_note(S::Dispatched, BEN) && IncidentAction::RefuseHold.needs_note(S::Signed, ANN)
    );
    assert_eq!(go(&dispatched, asks(unit(1)), BEN, 400), Err(TransitionError::NotTold { unit: unit(1) }));
    assert!(go(&dispatched, IncidentAction::RefuseHold, ANN, 400).is_err(), "nobody has asked");
    let asked = go(&dispatched, asks(unit(0)), BEN, 400).unwrap();
    assert_eq!((asked.overlays.asked_hold, asked.overlays.held), (Some(secs(400)), None));
    assert!(go(&asked, asks(unit(0)), BEN, 401).is_err(), "once");
    assert!(go(&asked, OVERDUE, Actor::Machine, 1_000).is_ok(), "nothing stands still meanwhile");
    let refused = go(&asked, IncidentAction::RefuseHold, ANN, 500).unwrap();
    assert_eq!((refused.overlays.asked_hold, refused.due), (None, Some(secs(1_000))));
    let held = go(&asked, IncidentAction::Hold, ANN, 600).unwrap();
    assert_eq!((held.overlays.asked_hold, held.overlays.held), (None, Some(secs(600))));
    let going = go(&held, IncidentAction::Unhold, ANN, 700).unwrap();
    assert_eq!(going.due, Some(secs(1_100)), "from the approval on, and not from the asking");
    assert!(go(&held, asks(unit(0)), BEN, 650).is_err(), "it stands still already");
}

#[test]
fn a_unit_that_has_come_may_still_give_it_back_and_one_that_is_done_may_not() {
    let come = [
        CLAIM,
        ASSESS,
        (dispatch(None), ANN),
        (IncidentAction::SignIn { unit: unit(0) }, BEN),
        (IncidentAction::Arrive { unit: unit(0) }, BEN),
    ];
    let come = after(&come).unwrap();
    let back = IncidentAction::Return { unit: unit(0) };
    assert!(back.needs_note(S::Handling, BEN));
    let given = transition(&come, &back, BEN, secs(9), &POLICY).unwrap();
    assert_eq!(given.state, S::Assessed);
    assert_eq!(given.assignments[0].arrived, come.assignments[0].arrived, "that it came is not forgotten");
    let finish = IncidentAction::Finish { unit: unit(0), why_no_file: None };
    assert!(finish.needs_note(S::Handling, BEN), "done with what?");
    let done = transition(&come, &finish, BEN, secs(9), &POLICY).unwrap();
    assert!(transition(&done, &back, BEN, secs(10), &POLICY).is_err());
}

#[test]
fn units_go_on_with_what_they_have_done() {
    let told = after(&[
        CLAIM,
        ASSESS,
        (dispatch(Some(secs(900))), ANN),
        (IncidentAction::SignIn { unit: unit(0) }, BEN),
    ])
    .unwrap();
    let parts: Vec<_> = told.working().cloned().collect();
    let other = after(&[CLAIM, ASSESS]).unwrap();
    let take = IncidentAction::TakeUnits { from: IncidentId(9), parts, due: told.due, late: Vec::new() };
    let taken = transition(&other, &take, ANN, secs(9), &POLICY).unwrap();
    assert_eq!((taken.state, taken.due), (S::Signed, Some(secs(900))));
    assert_eq!(taken.assignments, told.assignments);
    let claimed = after(&[CLAIM]).unwrap();
    assert!(
        transition(&claimed, &take, ANN, secs(9), &POLICY).is_err(),
        "what nobody has judged has no units"
    );
    let give = IncidentAction::GiveUnits { to: IncidentId(9), units: vec![unit(0)] };
    let given = transition(&told, &give, ANN, secs(9), &POLICY).unwrap();
    assert_eq!((given.state, given.due, given.active().count()), (S::Assessed, None, 0));
    // A unit of both has done in either what it has done in one, and the lead stays who it was.
    let both = after(&[CLAIM, ASSESS, (dispatch(None), ANN)]).unwrap();
    let joined = transition(&both, &take, ANN, secs(9), &POLICY).unwrap();
    assert_eq!(joined.assignments.len(), 1);
    assert_eq!((joined.assignments[0].told, joined.assignments[0].signed), (secs(2), Some(secs(3))));
}

#[test]
fn a_unit_that_helps_does_not_end_the_hold_that_the_leading_one_waits_in() {
    let whistle =
        IncidentAction::Dispatch { lead: Some(unit(0)), assist: vec![unit(1)], due: Some(secs(1_000)) };
    let held = after(&[CLAIM, ASSESS, (whistle, ANN), (IncidentAction::Hold, ANN)]).unwrap();
    let go = |status: &IncidentStatus, action, seconds| {
        transition(status, &action, BEN, secs(seconds), &POLICY).unwrap()
    };
    let helped = go(&held, IncidentAction::SignIn { unit: unit(1) }, 500);
    assert_eq!(
        (helped.state, helped.overlays.held, helped.due),
        (S::Signed, Some(secs(3)), Some(secs(1_000)))
    );
    let arrived = go(&helped, IncidentAction::Arrive { unit: unit(1) }, 600);
    assert_eq!((arrived.state, arrived.overlays.held), (S::Handling, Some(secs(3))));
    let led = go(&arrived, IncidentAction::SignIn { unit: unit(0) }, 703);
    assert_eq!((led.overlays.held, led.due), (None, Some(secs(1_700))), "the one that leads goes on");
}

#[test]
fn rework_is_marked_until_it_is_accepted() {
    let mut steps = vec![CLAIM, ASSESS, (dispatch(None), ANN)];
    steps.extend(
        [
            IncidentAction::SignIn { unit: unit(0) },
            IncidentAction::Arrive { unit: unit(0) },
            IncidentAction::Finish { unit: unit(0), why_no_file: None },
        ]
        .map(|a| (a, BEN)),
    );
    steps.push((IncidentAction::Rework { due: Some(secs(9_000)) }, ANN));
    let again = after(&steps).unwrap();
    assert_eq!((again.state, again.overlays.rework, again.due), (S::Handling, true, Some(secs(9_000))));
    steps.push((IncidentAction::Finish { unit: unit(0), why_no_file: None }, BEN));
    assert!(after(&steps).unwrap().overlays.rework);
    steps.push((IncidentAction::Verify, ANN));
    assert!(!after(&steps).unwrap().overlays.rework);
}

#[test]
fn the_centre_whistles_and_each_unit_reports_for_itself() {
    let go =
        |status: &IncidentStatus, action, seconds| transition(status, &action, BEN, secs(seconds), &POLICY);
    let two = IncidentAction::Dispatch { lead: Some(unit(0)), assist: vec![unit(1)], due: Some(secs(5_000)) };
    let mut status = after(&[CLAIM, ASSESS, (two, ANN)]).unwrap();
    assert_eq!(status.clocks().len(), 3, "one until all are done, and one until each has signed in");
    status = go(&status, IncidentAction::SignIn { unit: unit(1) }, 10).unwrap();
    assert_eq!(status.state, S::Signed, "as far as the one that is furthest");
    status = go(&status, IncidentAction::Arrive { unit: unit(1) }, 20).unwrap();
    status = go(&status, IncidentAction::Finish { unit: unit(1), why_no_file: None }, 30).unwrap();
    assert_eq!(status.state, S::Handling, "not done before all are");
    let early = go(&status, IncidentAction::Arrive { unit: unit(0) }, 31);
    assert!(matches!(early, Err(TransitionError::OutOfTurn { .. })), "it has not signed in");
    let stranger = go(&status, IncidentAction::SignIn { unit: unit(2) }, 31);
    assert_eq!(stranger, Err(TransitionError::NotTold { unit: unit(2) }));
    let more = IncidentAction::Dispatch { lead: None, assist: vec![unit(2)], due: None };
    status = go(&status, more.clone(), 40).unwrap();
    assert_eq!((status.active().count(), status.due), (3, Some(secs(5_000))), "the due time stays");
    assert_eq!(go(&status, more, 41), Err(TransitionError::ToldTwice { unit: unit(2) }));
    status = go(&status, IncidentAction::Return { unit: unit(2) }, 42).unwrap();
    assert!(!status.assignments[2].is_seen());
    let done = go(&status, IncidentAction::Withdraw { unit: unit(0) }, 50).unwrap();
    assert_eq!(done.state, S::Done, "who is left is done");
    assert_eq!((done.due, done.clocks()), (None, vec![(ClockKind::Verify, None)]));
}

#[test]
fn more_time_is_asked_for_before_it_runs_out() {
    let dispatched = after(&[CLAIM, ASSESS, (dispatch(Some(secs(1_000))), ANN)]).unwrap();
    let ask = |seconds: i64, due| {
        let asks = IncidentAction::AskExtension { unit: unit(0), due: secs(due) };
        transition(&dispatched, &asks, BEN, secs(seconds), &POLICY)
    };
    assert!(ask(1_000, 2_000).is_err(), "too late");
    assert!(ask(500, 900).is_err(), "that is not more");
    let asked = ask(500, 2_000).unwrap();
    assert_eq!((asked.due, asked.overlays.asked_due), (Some(secs(1_000)), Some(secs(2_000))));
    let extended =
        transition(&asked, &IncidentAction::Extend { due: secs(1_500) }, ANN, secs(600), &POLICY).unwrap();
    assert_eq!((extended.due, extended.overlays.asked_due), (Some(secs(1_500)), None));
    let refused = transition(&asked, &IncidentAction::RefuseExtension, ANN, secs(600), &POLICY).unwrap();
    assert_eq!((refused.due, refused.overlays.asked_due), (Some(secs(1_000)), None));
}

#[test]
fn what_is_red_is_verified_by_another_and_never_settled_on_the_spot() {
    let red = (RAISE, Actor::Machine);
    let handled = (IncidentAction::Close { reason: CloseReason::Handled }, ANN);
    assert_eq!(after(&[red.clone(), CLAIM, handled.clone()]), Err(TransitionError::NotATrifle));
    assert!(after(&[CLAIM, handled.clone()]).is_ok(), "what is yellow is");
    let alone = IncidentPolicy { has_units: false, ..POLICY };
    let held = after(&[red.clone(), CLAIM]).unwrap();
    let settled = transition(&held, &handled.0, ANN, secs(9), &alone);
    assert!(settled.is_ok(), "with nobody to tell, so is what is red");
    assert!(handled.0.needs_note(S::Claimed, ANN) && !handled.0.needs_note(S::Verified, ANN));
    let steps = [
        CLAIM,
        (assess(Level::Red), ANN),
        (dispatch(None), ANN),
        (IncidentAction::SignIn { unit: unit(0) }, BEN),
        (IncidentAction::Arrive { unit: unit(0) }, BEN),
        (IncidentAction::Finish { unit: unit(0), why_no_file: None }, ANN),
    ];
    let done = after(&steps).unwrap();
    let verify = |actor| transition(&done, &IncidentAction::Verify, actor, secs(9), &POLICY);
    assert_eq!(verify(ANN), Err(TransitionError::SamePerson));
    assert_eq!(verify(BEN).unwrap().state, S::Verified);
}

#[test]
fn a_row_that_contradicts_itself_is_found() {
    let fine = IncidentStatus::open(ID, Level::Red);
    let check = |broken: IncidentStatus, field: &str| assert_eq!(broken.check().unwrap_err().field, field);
    check(IncidentStatus { state: S::Claimed, ..fine.clone() }, "claim");
    check(IncidentStatus { state: S::Shelved, ..fine.clone() }, "shelf");
    check(IncidentStatus { state: S::Merged, ..fine.clone() }, "merging");
    check(IncidentStatus { version: 0, ..fine.clone() }, "version");
    check(IncidentStatus { due: Some(secs(1)), ..fine.clone() }, "due");
    let claim = Some(Claim { owner: AccountId(1), until: secs(1) });
    check(IncidentStatus { state: S::Closed, claim, ..fine }, "ending");
}

#[test]
fn names_and_json_of_actions_agree() {
    for (i, &kind) in ActionKind::ALL.iter().enumerate() {
        let fine = IncidentStatus::open(ID, Level::Blue);
        let action = with_details(kind, &fine, secs(0), i64::try_from(i).unwrap());
        assert_eq!(action.kind(), kind);
        let json = serde_json::to_value(&action).unwrap();
        assert_eq!(json["action"], kind.as_str());
        assert_eq!(serde_json::from_value::<IncidentAction>(json).unwrap(), action);
    }
}

#[test]
fn one_key_per_camera_class_and_zone() {
    let camera = CameraId::new("gate").unwrap();
    let zone = ZoneId::new("square").unwrap();
    let key = |class, zone| CorrelationKey::new(&camera, class, zone);
    assert_eq!(key(RuleClass::Crowding, Some(&zone)).as_str(), "gate/crowding/square");
    assert_eq!(key(RuleClass::Intrusion, None).as_str(), "gate/intrusion/");
    assert_ne!(key(RuleClass::Crowding, None), key(RuleClass::Intrusion, None));
}

#[test]
fn a_hold_that_was_asked_for_ends_with_its_asker() {
    let two = IncidentAction::Dispatch { lead: Some(unit(0)), assist: vec![unit(1)], due: Some(secs(1_000)) };
    let asked =
        after(&[CLAIM, ASSESS, (two, ANN), (IncidentAction::AskHold { unit: unit(1) }, BEN)]).unwrap();
    let go = |action| transition(&asked, &action, BEN, secs(9), &POLICY).unwrap();
    assert_eq!(asked.overlays.asked_hold_by, Some(unit(1)));
    assert!(
        go(IncidentAction::SignIn { unit: unit(0) }).overlays.asked_hold.is_some(),
        "another one goes on"
    );
    for action in [
        IncidentAction::SignIn { unit: unit(1) },
        IncidentAction::Return { unit: unit(1) },
        IncidentAction::Withdraw { unit: unit(1) },
        IncidentAction::GiveUnits { to: IncidentId(9), units: vec![unit(1)] },
    ] {
        let then = go(action.clone()).overlays;
        assert_eq!((then.asked_hold, then.asked_hold_by), (None, None), "{action:?}");
    }
}

#[test]
fn units_that_come_put_nothing_off_and_leave_nobody_without_a_lead() {
    let with = |due| after(&[CLAIM, ASSESS, (dispatch(Some(secs(due))), ANN)]).unwrap();
    let part = Assignment::new(unit(1), true, secs(1));
    for (own, brought) in [(900, 500), (500, 900)] {
        let take = IncidentAction::TakeUnits {
            from: IncidentId(9),
            parts: vec![part.clone()],
            due: Some(secs(brought)),
            late: Vec::new(),
        };
        let taken = transition(&with(own), &take, ANN, secs(9), &POLICY).unwrap();
        assert_eq!(taken.due, Some(secs(500)), "the nearer of both");
        let leads: Vec<_> = taken.active().map(|one| (one.unit.clone(), one.is_lead)).collect();
        assert_eq!(leads, [(unit(0), true), (unit(1), false)]);
        let give = IncidentAction::GiveUnits { to: IncidentId(9), units: vec![unit(0)] };
        let left = transition(&taken, &give, ANN, secs(10), &POLICY).unwrap();
        assert!(left.active().all(|one| one.unit == unit(1) && one.is_lead), "{left:?}");
    }
}
