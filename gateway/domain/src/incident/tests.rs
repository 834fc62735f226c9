use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::*;
use IncidentState as S;

/// The model: every transition that may happen, written once more by hand and by state, as a reader of the design
/// would. `TABLE` is by action; the two must say the same.
const MODEL: &str = "
    new         claim=claimed shelve=shelved merge=merged append= raise= suggest_close=
    claimed     claim=claimed release=new lease_expired=new assess=assessed close=closed reject=rejected
    claimed     shelve=shelved merge=merged urge= append= raise= suggest_close=
    assessed    dispatch=dispatched close=closed reject=rejected
    assessed    shelve=shelved merge=merged urge= append= raise= suggest_close=
    dispatched  sign_in=signed return=assessed
    dispatched  merge=merged urge= extend= hold= unhold= overdue= append= raise= suggest_close=
    signed      arrive=handling return=assessed
    signed      merge=merged urge= extend= hold= unhold= overdue= append= raise= suggest_close=
    handling    finish=done
    handling    merge=merged urge= extend= hold= unhold= overdue= append= raise= suggest_close=
    done        verify=verified rework=handling merge=merged append= raise= suggest_close=
    verified    close=closed merge=merged append= raise= suggest_close=
    closed      revisit=revisited reopen=new
    revisited   reopen=new
    rejected    reopen=new
    merged      unmerge=previous
    shelved     unshelve=previous append= raise= suggest_close=
";

/// Where the model leads: `Some("")` is the same state.
fn model(state: S, action: ActionKind) -> Option<&'static str> {
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
};

fn secs(seconds: i64) -> WallTime {
    WallTime(1_795_435_200_000 + seconds * 1_000)
}

fn with_details(kind: ActionKind, now: WallTime, number: i64) -> IncidentAction {
    let pick = |n: usize| usize::try_from(number.rem_euclid(64)).unwrap() % n;
    let level = Level::ALL[pick(4)];
    // Mostly ahead, sometimes past or too far.
    let when = WallTime(now.0 + (number - 4) * 400_000);
    match kind {
        ActionKind::Claim => IncidentAction::Claim,
        ActionKind::Release => IncidentAction::Release,
        ActionKind::LeaseExpired => IncidentAction::LeaseExpired,
        ActionKind::Assess => IncidentAction::Assess { level },
        ActionKind::Dispatch => IncidentAction::Dispatch { due: (number % 3 > 0).then_some(when) },
        ActionKind::SignIn => IncidentAction::SignIn,
        ActionKind::Return => IncidentAction::Return,
        ActionKind::Arrive => IncidentAction::Arrive,
        ActionKind::Finish => IncidentAction::Finish,
        ActionKind::Verify => IncidentAction::Verify,
        ActionKind::Rework => IncidentAction::Rework { due: (number % 3 > 0).then_some(when) },
        ActionKind::Close => IncidentAction::Close { reason: CloseReason::ALL[pick(5)] },
        ActionKind::Revisit => IncidentAction::Revisit,
        ActionKind::Reject => IncidentAction::Reject { reason: RejectReason::ALL[pick(3)] },
        ActionKind::Merge => IncidentAction::Merge { into: IncidentId(number % 20) },
        ActionKind::Unmerge => IncidentAction::Unmerge,
        ActionKind::Shelve => IncidentAction::Shelve { until: when },
        ActionKind::Unshelve => IncidentAction::Unshelve,
        ActionKind::Reopen => IncidentAction::Reopen { reason: ReopenReason::ALL[pick(4)] },
        ActionKind::Urge => IncidentAction::Urge,
        ActionKind::Extend => IncidentAction::Extend { due: when },
        ActionKind::Hold => IncidentAction::Hold,
        ActionKind::Unhold => IncidentAction::Unhold,
        ActionKind::Overdue => IncidentAction::Overdue,
        ActionKind::Append => IncidentAction::Append,
        ActionKind::Raise => IncidentAction::Raise { level },
        ActionKind::SuggestClose => IncidentAction::SuggestClose,
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
            });
            assert_eq!(to, model(state, action), "{action} from {state}");
        }
    }
}

#[test]
fn machines_may_do_six_things_and_none_of_them_is_a_decision() {
    let allowed: Vec<_> =
        TABLE.iter().filter(|row| row.who != Who::Person).map(|row| row.action.as_str()).collect();
    assert_eq!(allowed, ["lease_expired", "unshelve", "overdue", "append", "raise", "suggest_close"]);
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
        "previous" => prop_assert!(after.state.is_open() && after.state != S::Shelved),
        to => prop_assert_eq!(after.state.as_str(), to),
    }
    let live_claim = before.claim.filter(|claim| before.state == S::Claimed && claim.until > now);
    if actor == Actor::Machine {
        prop_assert!(!before.level.is_above(after.level), "a machine never calms anything");
        prop_assert_eq!(after.ending, before.ending);
        prop_assert_eq!(after.merging, before.merging);
        prop_assert_eq!(after.due, before.due);
        prop_assert_eq!(after.overlays.held, before.overlays.held);
        prop_assert!(live_claim.is_none() || after.claim == before.claim, "a live claim is a person's");
        if let Some(shelf) = before.shelf {
            prop_assert!(after.shelf.is_some() || shelf.until <= now, "a shelf is a person's until its time");
        }
        let is_move = after.state != before.state;
        prop_assert!(!is_move || matches!(kind, ActionKind::LeaseExpired | ActionKind::Unshelve));
    } else if let (Some(claim), Actor::Person(person)) = (live_claim, actor) {
        let adds = matches!(kind, ActionKind::Urge | ActionKind::Raise | ActionKind::Append);
        prop_assert!(claim.owner == person || adds, "only the holder works on it");
        prop_assert!(claim.owner == person || after.claim == before.claim);
    }
    if !before.state.is_open() {
        let ends = [ActionKind::Revisit, ActionKind::Reopen, ActionKind::Unmerge];
        prop_assert!(ends.contains(&kind) && actor != Actor::Machine, "what is over stays so but for people");
    }
    if kind == ActionKind::Reopen {
        let ended = before.ending.map(|ending| ending.at()).unwrap_or(WallTime(0));
        prop_assert!(now.since(ended) <= POLICY.reopen_window);
        prop_assert!(after.overlays.reopened && after.claim.is_none());
    } else {
        prop_assert!(after.overlays.reopened || !before.overlays.reopened, "reopened is never forgotten");
    }
    Ok(())
}

#[test]
fn ten_thousand_random_histories_stay_legal() {
    let config = Config { cases: 10_000, failure_persistence: None, ..Config::default() };
    let met: RefCell<BTreeSet<(S, ActionKind)>> = RefCell::default();
    let histories = prop::collection::vec(any_step(), 1..60);
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
                let action = with_details(kind, now, step.number);
                let before = status;
                match transition(&status, &action, step.actor, now, &POLICY) {
                    Ok(after) => {
                        check_step(&before, &after, kind, step.actor, now)?;
                        prop_assert!(offered.contains(&kind), "accepted but not offered: {}", kind);
                        met.borrow_mut().insert((before.state, kind));
                        match kind {
                            ActionKind::Merge | ActionKind::Shelve => put_away = Some(before),
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

const CLAIM: (IncidentAction, Actor) = (IncidentAction::Claim, ANN);
const ASSESS: (IncidentAction, Actor) = (IncidentAction::Assess { level: Level::Orange }, ANN);

#[test]
fn the_seven_steps_lead_to_the_end() {
    let steps = [
        CLAIM,
        ASSESS,
        (IncidentAction::Dispatch { due: Some(secs(3_600)) }, ANN),
        (IncidentAction::SignIn, BEN),
        (IncidentAction::Arrive, BEN),
        (IncidentAction::Finish, BEN),
        (IncidentAction::Verify, ANN),
        (IncidentAction::Close { reason: CloseReason::Handled }, ANN),
        (IncidentAction::Revisit, BEN),
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
fn of_two_who_claim_one_gets_it_until_the_lease_is_over() {
    let claimed = after(&[CLAIM]).unwrap();
    let at =
        |action: IncidentAction, actor, seconds| transition(&claimed, &action, actor, secs(seconds), &POLICY);
    let held = Err(TransitionError::HeldByOther { owner: AccountId(1), until: secs(600) });
    assert_eq!(at(IncidentAction::Claim, BEN, 1), held);
    assert_eq!(at(IncidentAction::Close { reason: CloseReason::Test }, BEN, 700), held, "claim it first");
    assert_eq!(at(IncidentAction::Claim, BEN, 600).unwrap().claim.unwrap().owner, AccountId(2));
    assert_eq!(at(IncidentAction::Claim, ANN, 300).unwrap().claim.unwrap().until, secs(900), "renewed");
    let early = at(IncidentAction::LeaseExpired, Actor::Machine, 599);
    assert_eq!(early, Err(TransitionError::TooEarly { action: ActionKind::LeaseExpired }));
    assert_eq!(at(IncidentAction::LeaseExpired, Actor::Machine, 600).unwrap().state, S::New);
    assert!(at(IncidentAction::LeaseExpired, BEN, 600).is_err(), "a fact of the clock, not a choice");
    let raised = at(IncidentAction::Raise { level: Level::Red }, Actor::Machine, 1).unwrap();
    assert_eq!((raised.state, raised.level, raised.claim), (S::Claimed, Level::Red, claimed.claim));
}

#[test]
fn a_machine_decides_nothing() {
    let claimed = after(&[CLAIM]).unwrap();
    for action in [
        IncidentAction::Close { reason: CloseReason::FalseAlarm },
        IncidentAction::Release,
        IncidentAction::Assess { level: Level::Blue },
        IncidentAction::Reject { reason: RejectReason::Unclear },
        IncidentAction::Merge { into: IncidentId(1) },
    ] {
        let error = transition(&claimed, &action, Actor::Machine, secs(1_000), &POLICY).unwrap_err();
        assert_eq!(error, TransitionError::PeopleOnly { action: action.kind() });
    }
    let assessed = after(&[CLAIM, ASSESS]).unwrap();
    let dispatch = IncidentAction::Dispatch { due: None };
    assert!(transition(&assessed, &dispatch, Actor::Machine, secs(3), &POLICY).is_err());
    let lower = IncidentAction::Raise { level: Level::Blue };
    let error = transition(&assessed, &lower, Actor::Machine, secs(3), &POLICY).unwrap_err();
    assert_eq!(error, TransitionError::NotAbove { level: Level::Orange });
}

#[test]
fn a_suggestion_to_close_is_taken_back_by_a_new_alarm() {
    let suggest = (IncidentAction::SuggestClose, Actor::Machine);
    assert!(after(&[suggest]).unwrap().overlays.close_suggested);
    assert!(after(&[suggest, suggest]).is_err());
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
    let merged = after(&[merge]).unwrap();
    assert!(!merged.can_absorb());
    assert_eq!(merged.merging, Some(Merging { into: IncidentId(1), from: S::New }));
    assert_eq!(after(&[merge, (IncidentAction::Unmerge, ANN)]).unwrap().state, S::New);
    assert_eq!(after(&[(IncidentAction::Merge { into: ID }, ANN)]), Err(TransitionError::IntoItself));
}

#[test]
fn the_clock_of_a_unit_stands_still_while_held() {
    let dispatched =
        after(&[CLAIM, ASSESS, (IncidentAction::Dispatch { due: Some(secs(1_000)) }, ANN)]).unwrap();
    let go = |status: &IncidentStatus, action, actor, seconds| {
        transition(status, &action, actor, secs(seconds), &POLICY)
    };
    let held = go(&dispatched, IncidentAction::Hold, BEN, 500).unwrap();
    assert!(go(&held, IncidentAction::Overdue, Actor::Machine, 2_000).is_err());
    let going = go(&held, IncidentAction::Unhold, BEN, 2_500).unwrap();
    assert_eq!((going.due, going.overlays.held), (Some(secs(3_000)), None));
    assert!(go(&going, IncidentAction::Overdue, Actor::Machine, 2_999).is_err());
    let overdue = go(&going, IncidentAction::Overdue, Actor::Machine, 3_000).unwrap();
    assert!(overdue.overlays.overdue);
    let extended = go(&overdue, IncidentAction::Extend { due: secs(9_000) }, ANN, 3_100).unwrap();
    assert_eq!((extended.overlays.overdue, extended.overlays.extended), (false, true));
    assert!(go(&extended, IncidentAction::Extend { due: secs(8_000) }, ANN, 3_200).is_err(), "not earlier");
    let signed = go(&held, IncidentAction::SignIn, BEN, 1_500).unwrap();
    assert_eq!((signed.due, signed.overlays.held), (Some(secs(2_000)), None), "going on ends the hold");
}

#[test]
fn rework_is_marked_until_it_is_accepted() {
    let mut steps = vec![CLAIM, ASSESS, (IncidentAction::Dispatch { due: None }, ANN)];
    steps.extend([IncidentAction::SignIn, IncidentAction::Arrive, IncidentAction::Finish].map(|a| (a, BEN)));
    steps.push((IncidentAction::Rework { due: Some(secs(9_000)) }, ANN));
    let again = after(&steps).unwrap();
    assert_eq!((again.state, again.overlays.rework, again.due), (S::Handling, true, Some(secs(9_000))));
    steps.push((IncidentAction::Finish, BEN));
    assert!(after(&steps).unwrap().overlays.rework);
    steps.push((IncidentAction::Verify, ANN));
    assert!(!after(&steps).unwrap().overlays.rework);
}

#[test]
fn a_row_that_contradicts_itself_is_found() {
    let fine = IncidentStatus::open(ID, Level::Red);
    let check = |broken: IncidentStatus, field: &str| assert_eq!(broken.check().unwrap_err().field, field);
    check(IncidentStatus { state: S::Claimed, ..fine }, "claim");
    check(IncidentStatus { state: S::Shelved, ..fine }, "shelf");
    check(IncidentStatus { state: S::Merged, ..fine }, "merging");
    check(IncidentStatus { version: 0, ..fine }, "version");
    check(IncidentStatus { due: Some(secs(1)), ..fine }, "due");
    let claim = Some(Claim { owner: AccountId(1), until: secs(1) });
    check(IncidentStatus { state: S::Closed, claim, ..fine }, "ending");
}

#[test]
fn names_and_json_of_actions_agree() {
    for (i, &kind) in ActionKind::ALL.iter().enumerate() {
        let action = with_details(kind, secs(0), i64::try_from(i).unwrap());
        assert_eq!(action.kind(), kind);
        let json = serde_json::to_value(action).unwrap();
        assert_eq!(json["action"], kind.as_str());
        assert_eq!(serde_json::from_value::<IncidentAction>(json).unwrap(), action);
    }
    assert!(std::mem::size_of::<IncidentStatus>() <= 160, "copied freely");
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
