//! What clocks keep of the time that has passed, when an incident is given back, held, raised or put aside.

use super::*;

impl Bench {
    /// What clocks have told of an incident until now, in the words of the test.
    async fn told(&self, id: IncidentId) -> Vec<String> {
        self.desk.fire_clocks(self.clock.wall()).await.unwrap();
        let detail = self.desk.dispatch().incident(id).await.unwrap().unwrap();
        let said = |action: &IncidentAction| match action {
            IncidentAction::Warn { clock, percent, .. } => Some(format!("{clock} {percent}")),
            IncidentAction::Overdue { clock, .. } => Some(format!("{clock} overdue")),
            IncidentAction::Escalate { step, to, .. } => Some(format!("{step} {to}")),
            _ => None,
        };
        detail.history.iter().filter_map(|h| said(h.action.as_ref()?)).collect()
    }

    /// Seconds after the start.
    fn set(&self, seconds: i64) {
        let ahead = at(seconds) - self.clock.wall().0;
        self.clock.advance(Duration::from_millis(u64::try_from(ahead).unwrap()));
    }

    /// The first due time of its clocks, in seconds after the start.
    async fn deadline(&self, id: IncidentId) -> i64 {
        (self.row(id).await.deadline.unwrap().0 - at(0)) / 1_000
    }

    /// An incident of this level that police was told of.
    async fn dispatched(&self, level: Level) -> IncidentId {
        let id = self.alarm(begin_level("r", at(0), level)).await.incident;
        self.act(id, IncidentAction::Claim, 1).await.unwrap();
        self.act(id, assess(level), 1).await.unwrap();
        self.act(id, dispatch_until(None), 1).await.unwrap();
        id
    }
}

#[tokio::test]
async fn what_is_given_back_has_waited_since_it_came() {
    let bench = Bench::new();
    let id = bench.alarm(begin_level("r", at(0), Level::Red)).await.incident;
    bench.set(31);
    assert_eq!(bench.told(id).await, ["accept 50"]);
    bench.set(40);
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.set(50);
    bench.act(id, IncidentAction::Release, 1).await.unwrap();
    assert_eq!(bench.deadline(id).await, 60, "its original age: it goes before what came later");
    assert_eq!(bench.told(id).await, ["accept 50"], "nothing twice");
    bench.set(55);
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.set(200);
    bench.act(id, IncidentAction::Release, 1).await.unwrap();
    let told = bench.told(id).await;
    assert_eq!(told[told.len() - 2..], ["accept overdue", "1 值班长"], "not a fresh minute: {told:?}");
    check_promises(&bench).await;
}

#[tokio::test]
async fn what_was_put_away_and_is_given_back_has_waited_since_it_was_back() {
    let bench = Bench::new();
    let shelved = bench.alarm(begin_level("r", at(0), Level::Red)).await.incident;
    bench.set(10);
    bench.act(shelved, IncidentAction::Claim, 1).await.unwrap();
    bench.act(shelved, IncidentAction::Shelve { until: WallTime(at(3_600)) }, 1).await.unwrap();
    bench.set(3_600);
    // It is back with who had it, whose lease is long over.
    assert_eq!(bench.desk.expire_leases(bench.clock.wall()).await.unwrap(), 1);
    assert_eq!(bench.desk.expire_leases(bench.clock.wall()).await.unwrap(), 1);
    assert_eq!(bench.row(shelved).await.status.state, IncidentState::New);
    assert_eq!(bench.deadline(shelved).await, 3_660, "a whole minute, as red ones have");
    assert_eq!(bench.told(shelved).await, Vec::<String>::new());
    bench.set(3_661);
    let told = bench.told(shelved).await;
    assert_eq!(told, ["accept 50", "accept 80", "accept overdue", "1 值班长"], "and then the chain");

    let whole = bench.desk.alarm(facts("other"), begin_level("r", at(3_661), Level::Yellow), None).await;
    let whole = whole.unwrap().incident;
    let part = bench.desk.alarm(facts("third"), begin_level("r", at(3_661), Level::Red), None).await;
    let part = part.unwrap().incident;
    bench.act(part, IncidentAction::Claim, 1).await.unwrap();
    bench.act(part, IncidentAction::Merge { into: whole }, 1).await.unwrap();
    bench.set(9_000);
    bench.act(part, IncidentAction::Unmerge, 1).await.unwrap();
    bench.set(9_020);
    bench.act(part, IncidentAction::Release, 1).await.unwrap();
    assert_eq!(bench.deadline(part).await, 9_060, "since it stands alone again");
    bench.act(part, IncidentAction::Claim, 1).await.unwrap();
    bench.set(9_040);
    bench.act(part, IncidentAction::Release, 1).await.unwrap();
    assert_eq!(bench.deadline(part).await, 9_060, "and a second claim wins no time");
    check_promises(&bench).await;
}

#[tokio::test]
async fn what_has_become_red_while_somebody_had_it_is_told_of_as_red_when_they_give_it_back() {
    let bench = Bench::new();
    let id = bench.alarm(begin_level("r", at(0), Level::Blue)).await.incident;
    bench.set(20);
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.set(30);
    bench.act(id, IncidentAction::Raise { level: Level::Red, due: None }, 1).await.unwrap();
    bench.set(200);
    bench.act(id, IncidentAction::Release, 1).await.unwrap();
    let told = bench.told(id).await;
    assert_eq!(told.last().unwrap(), "1 值班长", "a red one that nobody has for three minutes: {told:?}");
    check_promises(&bench).await;
}

#[tokio::test]
async fn claims_that_come_to_nothing_keep_the_chain_from_nobody() {
    let bench = Bench::new();
    let id = bench.alarm(begin_level("r", at(0), Level::Red)).await.incident;
    let mut told = Vec::new();
    // Somebody claims it and leaves, again and again.
    for second in (60..6_000).step_by(30) {
        bench.set(second);
        bench.desk.expire_leases(bench.clock.wall()).await.unwrap();
        told = bench.told(id).await;
        assert_eq!(bench.desk.audit_clocks(bench.clock.wall()).await.unwrap(), 0);
        if second % 300 == 240 {
            let _ = bench.act(id, IncidentAction::Claim, 1 + second % 7).await;
        }
    }
    for step in ["1 值班长", "2 中心主任", "3 分管领导"] {
        assert!(told.iter().any(|one| one == step), "{step} is never told: {told:?}");
    }
    assert_eq!(told.iter().filter(|one| *one == "accept overdue").count(), 1, "{told:?}");
    check_promises(&bench).await;
}

#[tokio::test]
async fn what_is_worse_than_what_was_put_aside_comes_back_at_once() {
    let bench = Bench::new();
    let first = bench.alarm(begin_level("a", at(0), Level::Yellow)).await.incident;
    bench.act(first, IncidentAction::Claim, 1).await.unwrap();
    bench.act(first, IncidentAction::Shelve { until: WallTime(at(3_600)) }, 1).await.unwrap();
    let alike = bench.alarm(begin_level("b", at(1), Level::Yellow)).await;
    assert_eq!((alike.incident, alike.is_new_incident), (first, false));
    bench.set(2);
    let worse = bench.alarm(begin_level("c", at(2), Level::Red)).await;
    assert_eq!(
        (worse.incident, worse.is_new_incident),
        (first, false),
        "one is open of the key, whatever its state"
    );
    let back = bench.row(first).await;
    let status = (back.status.state, back.status.level, back.n_alarms);
    assert_eq!(status, (IncidentState::Claimed, Level::Red, 3), "where it was, and as bad as it is");
    let detail = bench.desk.dispatch().incident(first).await.unwrap().unwrap();
    let last: Vec<_> =
        detail.history.iter().rev().take(2).map(|h| h.action.clone().unwrap().kind()).collect();
    assert_eq!(last, [ActionKind::Unshelve, ActionKind::Raise]);
    assert_eq!(bench.deadline(first).await, 2 + 180, "with the clock of what it is");
    check_promises(&bench).await;
}

#[tokio::test]
async fn a_person_who_raises_a_level_shortens_the_units_time() {
    let bench = Bench::new();
    let id = bench.dispatched(Level::Yellow).await;
    let due = bench.row(id).await.status.due;
    bench.alarm(begin_level("b", at(0), Level::Orange)).await;
    let raised = bench.row(id).await.status;
    assert_eq!((raised.level, raised.due), (Level::Orange, due), "a machine leaves what people have set");
    bench.set(10);
    let raise = IncidentAction::Raise { level: Level::Red, due: None };
    let row = bench.act(id, raise, 1).await.unwrap();
    assert_eq!(row.status.due, Some(WallTime(at(10 + 7_200))));
    assert_eq!(bench.row(id).await, row);
    check_promises(&bench).await;
}

#[tokio::test]
async fn a_hold_stops_clocks_and_does_not_wind_them_up() {
    let bench = Bench::new();
    let id = bench.dispatched(Level::Red).await;
    bench.set(100);
    assert_eq!(bench.told(id).await, ["sign 50"]);
    bench.act(id, IncidentAction::Hold, 1).await.unwrap();
    bench.set(1_100);
    bench.act(id, IncidentAction::Unhold, 1).await.unwrap();
    assert_eq!(bench.deadline(id).await, 1_180, "80 of 180 s are left to sign in");
    assert_eq!(bench.row(id).await.status.due, Some(WallTime(at(8_200))));
    bench.set(1_143);
    assert_eq!(bench.told(id).await, ["sign 50"]);
    bench.set(1_180);
    let late = ["sign 50", "sign 80", "sign overdue", "1 值班长"];
    assert_eq!(bench.told(id).await, late);
    bench.act(id, IncidentAction::Hold, 1).await.unwrap();
    bench.set(2_180);
    bench.act(id, IncidentAction::Unhold, 1).await.unwrap();
    assert_eq!(bench.deadline(id).await, 2_180, "late it stays");
    bench.set(2_779);
    assert_eq!(bench.told(id).await, late);
    bench.set(2_780);
    assert_eq!(bench.told(id).await.last().unwrap(), "2 中心主任", "and the chain goes on");
    // So does what the units are late with.
    bench.set(20_000);
    bench.told(id).await;
    for action in [IncidentAction::Hold, IncidentAction::Unhold] {
        bench.act(id, action, 1).await.unwrap();
    }
    let n_told = |told: Vec<String>| told.iter().filter(|one| *one == "finish overdue").count();
    assert_eq!(n_told(bench.told(id).await), 1);
    check_promises(&bench).await;
}

#[tokio::test]
async fn working_time_that_is_left_at_a_hold_is_left_after_it() {
    let bench = Bench::new();
    let id = bench.dispatched(Level::Yellow).await;
    // Three days of seven hours, from Wednesday morning.
    let friday_18_00 = 215_200;
    assert_eq!(bench.row(id).await.status.due, Some(WallTime(at(friday_18_00))));
    bench.set(friday_18_00 - 3_600);
    bench.act(id, IncidentAction::Hold, 1).await.unwrap();
    let monday_17_30 = 472_600;
    bench.set(monday_17_30);
    let row = bench.act(id, IncidentAction::Unhold, 1).await.unwrap();
    let tuesday_9_00 = 528_400;
    assert_eq!(row.status.due, Some(WallTime(at(tuesday_9_00))), "one hour of work");
    assert_eq!(bench.row(id).await, row);
    check_promises(&bench).await;
}

#[tokio::test]
async fn a_wall_clock_that_is_set_moves_what_counts_wall_time_and_nothing_else() {
    let bench = Bench::new();
    let round = async || bench.desk.round(Chores { audits: false, prunes: false }).await.unwrap();
    let hour = 3_600;
    let id = bench.alarm(begin_level("r", at(0), Level::Yellow)).await.incident;
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.act(id, assess(Level::Yellow), 1).await.unwrap();
    bench.act(id, dispatch_until(Some(WallTime(at(864_000)))), 1).await.unwrap();
    round().await;
    let sign = bench.deadline(id).await;
    assert_eq!(sign, 10_000, "half an hour of work, from 8:30");
    bench.clock.set_wall(WallTime(bench.clock.wall().0 + hour * 1_000));
    round().await;
    assert_eq!(bench.row(id).await.status.due, Some(WallTime(at(864_000 + hour))), "by the wall");
    assert_eq!(bench.deadline(id).await, sign, "by the calendar");

    bench.act(id, IncidentAction::Hold, 1).await.unwrap();
    let held = bench.row(id).await.status.overlays.held.unwrap();
    round().await;
    bench.clock.set_wall(WallTime(bench.clock.wall().0 + hour * 1_000));
    round().await;
    let row = bench.row(id).await;
    assert_eq!(row.status.overlays.held, Some(WallTime(held.0 + hour * 1_000)), "it has been held no longer");
    bench.act(id, IncidentAction::Unhold, 1).await.unwrap();
    assert_eq!(bench.row(id).await.status.due, Some(WallTime(at(864_000 + 2 * hour))));
    check_promises(&bench).await;
}

#[tokio::test]
async fn what_must_not_wait_for_the_morning_does_not() {
    let bench = Bench::new();
    let friday_18_05 = 215_500;
    bench.set(friday_18_05);
    let help = bench.desk.report(AccountId(1), "k".to_owned(), life::report("求助")).await.unwrap().incident;
    assert_eq!(help.status.level, Level::Orange);
    let yellow = bench.alarm(begin_level("r", at(friday_18_05), Level::Yellow)).await.incident;
    assert_eq!(bench.deadline(help.id()).await, friday_18_05 + 300);
    assert_eq!(bench.deadline(yellow).await, friday_18_05 + 600);
    bench.set(friday_18_05 + 600);
    for id in [help.id(), yellow] {
        assert!(bench.told(id).await.contains(&"accept overdue".to_owned()));
    }
    let blue =
        bench.desk.alarm(facts("c"), begin_level("r", at(friday_18_05), Level::Blue), None).await.unwrap();
    let monday_8_30 = 440_200;
    assert_eq!(
        bench.deadline(blue.incident).await,
        monday_8_30 + 4 * 3_600 + 9_000,
        "over the noon of Monday"
    );
}

#[tokio::test]
async fn what_is_over_comes_back_only_where_nothing_newer_of_its_key_is_open() {
    let bench = Bench::new();
    let reopen = || IncidentAction::Reopen { reason: sharpeyes_domain::incident::ReopenReason::Mistake };
    let first = bench.alarm(begin_edge("a", at(0), at(5), 3)).await.incident;
    bench.close(first).await;
    let second = bench.alarm(begin_edge("b", at(60), at(65), 3)).await.incident;
    assert_ne!(first, second);
    let refused = bench.act(first, reopen(), 1).await.unwrap_err();
    assert!(matches!(refused, ActError::KeyOpen { .. }), "{refused}");
    let elsewhere =
        bench.desk.alarm(facts("cam2"), begin_edge("r", at(0), at(5), 3), None).await.unwrap().incident;
    bench.act(second, IncidentAction::Merge { into: elsewhere }, 1).await.unwrap();
    bench.act(first, reopen(), 1).await.unwrap();
    let refused = bench.act(second, IncidentAction::Unmerge, 1).await.unwrap_err();
    assert!(matches!(refused, ActError::KeyOpen { .. }), "{refused}");
    let further = bench.alarm(begin_edge("c", at(90_000), at(90_005), 3)).await;
    assert_eq!(
        (further.incident, further.is_new_incident),
        (first, false),
        "further alarms join what was reopened"
    );
    bench.close(first).await;
    bench.act(second, IncidentAction::Unmerge, 1).await.unwrap();
    check_promises(&bench).await;
}
