use std::collections::BTreeSet;

use sharpeyes_domain::{
    alarm::{AlarmBegin, AlarmEnd, AlarmUpdate, Evidence, Moment, ZoneRef},
    area::{Area, AreaKind, Place},
    centre::{Unit, UnitKind},
    detection::ObjectClass,
    geometry::{Confidence, NormRect},
    ids::{AccountId, AreaId, AttachmentId, TrackId, UnitId, ZoneId},
    incident::{
        ActionKind, ClockKind, CloseReason, Ending, IncidentState, Lateness, ReopenReason, RevisitResult,
        Satisfaction,
    },
    level::Level,
    rule::RuleClass,
    tamper::TamperKind,
    time::{MediaDuration, Pts},
};

use super::*;
use crate::store::{
    DISPATCH_MIGRATIONS,
    db::Db,
    dispatch::{ChangeKind, ChangeSeq, IncidentDetail, IncidentFilter, Replay, TraceBox, Which},
};

mod clocks;
mod day;
mod life;
mod queue;

const START: WallTime = WallTime(1_700_000_000_000);

fn moment(wall_ms: i64) -> Moment {
    Moment { pts: Pts(wall_ms * 90), wall: WallTime(wall_ms) }
}

fn evidence(count: u32) -> Evidence {
    Evidence {
        rule_class: RuleClass::Crowding,
        zone: Some(ZoneRef { id: ZoneId::new("z").unwrap(), name: "广场".into() }),
        count,
        peak: count,
        limit: 1,
        held_for: MediaDuration::from_secs(5),
        class: ObjectClass::Person,
        tracks: vec![TrackId(1)],
        score: Confidence::new(0.9),
        low_trust: None,
        detail: None,
    }
}

pub(crate) fn begin_edge(rule: &str, began_ms: i64, raised_ms: i64, count: u32) -> AlarmEdge {
    AlarmEdge::Begin(AlarmBegin {
        rule: RuleId::new(rule).unwrap(),
        class: RuleClass::Crowding,
        level: Level::Yellow,
        began: moment(began_ms),
        raised: moment(raised_ms),
        evidence: evidence(count),
    })
}

fn begin_level(rule: &str, began_ms: i64, level: Level) -> AlarmEdge {
    match begin_edge(rule, began_ms, began_ms, 3) {
        AlarmEdge::Begin(begin) => AlarmEdge::Begin(AlarmBegin { level, ..begin }),
        other => other,
    }
}

pub(crate) fn end_edge(rule: &str, began_ms: i64, ended_ms: i64) -> AlarmEdge {
    AlarmEdge::End(AlarmEnd {
        rule: RuleId::new(rule).unwrap(),
        began: moment(began_ms),
        ended: moment(ended_ms),
        cleared: moment(ended_ms + 5_000),
        cause: EndCause::Cleared,
        peak: 7,
    })
}

pub(crate) fn update_edge(rule: &str, began_ms: i64, at_ms: i64, count: u32) -> AlarmEdge {
    AlarmEdge::Update(AlarmUpdate {
        rule: RuleId::new(rule).unwrap(),
        began: moment(began_ms),
        at: moment(at_ms),
        evidence: evidence(count),
    })
}

pub(crate) fn facts(camera: &str) -> CameraFacts {
    CameraFacts {
        id: CameraId::new(camera).unwrap(),
        name: "广场".into(),
        area: AreaId::new("town").unwrap(),
        place: Place::Crowded,
    }
}

struct Bench {
    desk: Desk,
    clock: Clock,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::simulated(START);
        Self { desk: open(&dir, &clock), clock, dir }
    }

    async fn alarm(&self, edge: AlarmEdge) -> AlarmRef {
        self.desk.alarm(facts("cam"), edge, None).await.unwrap()
    }

    async fn row(&self, id: IncidentId) -> IncidentRow {
        self.desk.dispatch().incident_row(id).await.unwrap().unwrap()
    }

    async fn detail(&self, id: IncidentId) -> IncidentDetail {
        self.desk.dispatch().incident(id).await.unwrap().unwrap()
    }

    async fn act(&self, id: IncidentId, action: IncidentAction, by: i64) -> Result<IncidentRow, ActError> {
        let expected_version = self.row(id).await.status.version;
        let note = Some("因为".to_owned());
        let key = format!("{id}-{expected_version}");
        self.desk.act(ActRequest { note, ..request(id, expected_version, action, by, &key) }).await
    }

    async fn close(&self, id: IncidentId) {
        self.act(id, IncidentAction::Claim, 1).await.unwrap();
        self.act(id, IncidentAction::Close { reason: CloseReason::Handled }, 1).await.unwrap();
    }

    async fn list(&self, which: Which) -> Vec<i64> {
        let areas = BTreeSet::from([AreaId::new("town").unwrap()]);
        let filter = IncidentFilter { areas: Some(areas), which, limit: 1000, ..IncidentFilter::default() };
        self.desk.dispatch().list(filter).await.unwrap().incidents.iter().map(|row| row.id().0).collect()
    }
}

fn open(dir: &tempfile::TempDir, clock: &Clock) -> Desk {
    let db = Db::open(&dir.path().join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap();
    let settings = IncidentSettings {
        correlation: Duration::from_secs(300),
        lease: Duration::from_secs(600),
        pre_roll: Duration::from_secs(10),
        post_roll: Duration::from_secs(10),
        flood_incidents: 20,
        flood_window: Duration::from_secs(60),
    };
    let areas = AreaTree::new(vec![area("town", None), area("village", Some("town"))]).unwrap();
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let place = SitePlace { name: "柳树镇".to_owned(), areas, zone };
    Desk::of(Dispatch::new(db).unwrap(), clock.clone(), settings, Arc::new(centre()), place)
}

fn area(id: &str, parent: Option<&str>) -> Area {
    let kind = if parent.is_none() { AreaKind::Township } else { AreaKind::Village };
    let parent = parent.map(|parent| AreaId::new(parent).unwrap());
    Area { id: AreaId::new(id).unwrap(), name: id.to_owned(), parent, kind }
}

fn unit(n: usize) -> UnitId {
    UnitId::new(["police", "fire", "water"][n % 3]).unwrap()
}

/// Three units, of which the police leads where nothing else is said.
fn centre() -> Centre {
    let named = |id: UnitId| Unit {
        name: id.to_string(),
        id,
        kind: UnitKind::Department,
        areas: Vec::new(),
        phone: None,
    };
    let mut centre = Centre { units: (0..3).map(|n| named(unit(n))).collect(), ..Centre::default() };
    for class in &mut centre.classes {
        class.lead = Some(unit(0));
    }
    centre
}

fn assess(level: Level) -> IncidentAction {
    IncidentAction::Assess { level, class: None, area: None, lead: None, assist: Vec::new() }
}

fn dispatch_until(due: Option<WallTime>) -> IncidentAction {
    IncidentAction::Dispatch { lead: Some(unit(0)), assist: Vec::new(), due }
}

fn request(id: IncidentId, version: i64, action: IncidentAction, by: i64, key: &str) -> ActRequest {
    ActRequest {
        incident: id,
        expected_version: version,
        action,
        by: AccountId(by),
        idempotency_key: key.into(),
        asked: None,
        note: None,
    }
}

fn at(seconds: i64) -> i64 {
    START.0 + seconds * 1000
}

/// What happens between two alarms of one key, and whether the second joins the incident of the first.
#[tokio::test]
async fn a_test_alarm_is_closed_by_the_machine_and_leaves_no_hole_in_the_numbers() {
    let bench = Bench::new();
    let canary = || crate::canary::facts().unwrap();
    let arrive = async |began: i64| {
        let edge = begin_edge("canary", began, began, 1);
        bench.desk.alarm(canary(), edge, None).await.unwrap()
    };
    let before = bench.row(bench.alarm(begin_edge("r", 0, 0, 3)).await.incident).await.number;
    let first = arrive(0).await;
    assert_eq!(bench.row(first.incident).await.status.state, IncidentState::New, "while its alarm runs");
    bench.desk.alarm(canary(), end_edge("canary", 0, 4_000), None).await.unwrap();
    let detail = bench.desk.dispatch().incident(first.incident).await.unwrap().unwrap();
    let (row, last) = (&detail.row, detail.history.last().unwrap());
    assert!(matches!(row.status.ending, Some(Ending::Closed { reason: CloseReason::Test, .. })), "{row:?}");
    assert_eq!(row.status.check(), Ok(()));
    assert_eq!(row.deadline, None, "no clock runs");
    assert_eq!((last.actor, last.action.clone()), (Actor::Machine, Some(IncidentAction::SelfTest)));

    // The next round is another incident; one that a crash cut off is closed when the service is back.
    let second = arrive(600_000).await;
    assert!(second.is_new_incident && second.incident != first.incident);
    bench.desk.recover().await.unwrap();
    assert!(!bench.row(second.incident).await.status.state.is_open());

    let elsewhere = bench.desk.alarm(facts("other"), begin_edge("r", 0, 0, 3), None).await.unwrap();
    let after = bench.row(elsewhere.incident).await.number;
    let n = |number: &str| number.rsplit('-').next().unwrap().parse::<u32>().unwrap();
    assert_eq!(n(&after), n(&before) + 1, "{before} {after}");
    assert_eq!(bench.desk.dispatch().audit_blocking().unwrap(), []);
}

#[tokio::test]
async fn a_further_alarm_joins_the_incident_or_opens_another() {
    struct Case {
        name: &'static str,
        ended: Option<i64>,
        closed: bool,
        second_rule: &'static str,
        second_began: i64,
        joins: bool,
    }
    let case = |name, ended, closed, second_rule, second_began, joins| Case {
        name,
        ended,
        closed,
        second_rule,
        second_began,
        joins,
    };
    for case in [
        case("soon after the end", Some(60), false, "r", 100, true),
        case("hours after the end", Some(60), false, "r", 40_000, true),
        case("another rule of the key while the first runs", None, false, "r2", 3_000, true),
        case("the same rule whose end never came", None, false, "r", 200, true),
        case("soon after a person closed it", Some(60), true, "r", 70, false),
        case("while it runs, after a person closed it", None, true, "r2", 70, false),
        case("a clock that was set back", Some(60), false, "r", -100, true),
        case("after a whole day of one alarm", None, false, "r2", 24 * 3600, true),
    ] {
        let bench = Bench::new();
        let first = bench.alarm(begin_edge("r", at(0), at(5), 3)).await;
        assert!(first.is_new_incident);
        if let Some(ended) = case.ended {
            bench.alarm(end_edge("r", at(0), at(ended))).await;
        }
        if case.closed {
            bench.close(first.incident).await;
        }
        let second = bench
            .alarm(begin_edge(case.second_rule, at(case.second_began), at(case.second_began + 5), 4))
            .await;
        assert_eq!(second.is_new_incident, !case.joins, "{}", case.name);
        assert_eq!(second.incident == first.incident, case.joins, "{}", case.name);
        let row = bench.row(second.incident).await;
        assert_eq!(row.n_alarms, if case.joins { 2 } else { 1 }, "{}", case.name);
        assert!(row.is_ongoing, "{}", case.name);
        assert_eq!(row.status.version, if case.joins { row.status.version } else { 1 });
    }
}

#[tokio::test]
async fn other_cameras_and_zones_have_incidents_of_their_own() {
    let bench = Bench::new();
    let first = bench.alarm(begin_edge("r", at(0), at(5), 3)).await;
    let other_camera = bench.desk.alarm(facts("cam2"), begin_edge("r", at(0), at(5), 3), None).await.unwrap();
    let AlarmEdge::Begin(mut begin) = begin_edge("r3", at(0), at(5), 3) else { unreachable!() };
    begin.evidence.zone = None;
    let other_zone = bench.alarm(AlarmEdge::Begin(begin)).await;
    assert!(other_camera.is_new_incident && other_zone.is_new_incident);
    assert_eq!(
        bench.list(Which::Open).await,
        [first.incident.0, other_camera.incident.0, other_zone.incident.0]
    );
}

#[tokio::test]
async fn repeats_raise_the_level_and_never_lower_it() {
    let bench = Bench::new();
    let id = bench.alarm(begin_level("a", at(0), Level::Yellow)).await.incident;
    bench.alarm(begin_level("b", at(1), Level::Red)).await;
    bench.alarm(begin_level("c", at(2), Level::Blue)).await;
    let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
    assert_eq!(detail.row.status.level, Level::Red);
    let verbs: Vec<_> = detail.history.iter().map(|h| h.action.as_ref().map(IncidentAction::kind)).collect();
    use ActionKind::{Append, Raise};
    assert_eq!(verbs, [None, Some(Append), Some(Raise), Some(Append)]);
    assert_eq!(
        detail.alarms.iter().map(|a| a.level).collect::<Vec<_>>(),
        [Level::Yellow, Level::Red, Level::Blue]
    );
    assert_eq!(detail.row.status.version, 4);
}

#[tokio::test]
async fn an_alarm_grows_ends_and_suggests_closing() {
    let bench = Bench::new();
    let jpeg = [&[0xff, 0xd8, 0xff, 0xe0][..], &[7; 100]].concat();
    let edge = begin_edge("r", at(0), at(5), 3);
    let first = bench.desk.alarm(facts("cam"), edge.clone(), Some(jpeg.clone())).await.unwrap();
    let again = bench.desk.alarm(facts("cam"), edge, Some(jpeg.clone())).await.unwrap();
    assert_eq!(again, AlarmRef { is_new_incident: false, ..first });
    let update = AlarmUpdate {
        rule: RuleId::new("r").unwrap(),
        began: moment(at(0)),
        at: moment(at(9)),
        evidence: evidence(12),
    };
    bench.alarm(AlarmEdge::Update(update)).await;
    let row = bench.row(first.incident).await;
    assert_eq!((row.evidence.unwrap().count, row.last_alarm, row.is_ongoing), (12, WallTime(at(9)), true));
    assert_eq!(row.snapshot, Some(first.alarm));
    assert_eq!(bench.desk.dispatch().snapshot(first.alarm).await.unwrap(), Some(jpeg));

    bench.alarm(end_edge("r", at(0), at(20))).await;
    bench.alarm(end_edge("r", at(0), at(20))).await;
    let detail = bench.desk.dispatch().incident(first.incident).await.unwrap().unwrap();
    assert!(!detail.row.is_ongoing && detail.row.status.overlays.close_suggested);
    assert_eq!(detail.row.status.state, IncidentState::New, "a machine does not close");
    assert_eq!(detail.alarms[0].peak, 12);
    assert_eq!(detail.alarms[0].ending.unwrap().cause, EndCause::Cleared);
    assert_eq!(detail.history.len(), 2);

    bench.clock.advance(Duration::from_secs(29));
    assert!(!bench.desk.span(&detail.row).is_complete, "the post-roll is not over");
    bench.clock.advance(Duration::from_secs(1));
    let span = bench.desk.span(&detail.row);
    assert_eq!((span.from.0, span.began.0, span.until.0, span.is_complete), (at(-10), at(0), at(30), true));
}

#[tokio::test]
async fn an_end_that_a_doubtful_picture_told_is_kept_as_such_and_suggests_nothing() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    let mut end = end_edge("r", at(0), at(20));
    end.doubt(TamperKind::Covered);
    bench.alarm(end).await;
    let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
    assert_eq!(detail.alarms[0].ending.unwrap().cause, EndCause::LowTrust);
    assert!(!detail.row.is_ongoing && !detail.row.status.overlays.close_suggested);
    // The lens is free again, and what is there is seen again: the same incident, and now an end that was seen.
    bench.alarm(begin_edge("r", at(40), at(45), 3)).await;
    bench.alarm(end_edge("r", at(40), at(60))).await;
    assert!(bench.row(id).await.status.overlays.close_suggested);
}

#[tokio::test]
async fn an_edge_without_its_begin_is_refused() {
    let bench = Bench::new();
    let refused = bench.desk.alarm(facts("cam"), end_edge("r", at(0), at(20)), None).await;
    assert!(matches!(refused, Err(DeskError::UnknownAlarm { .. })));
    assert!(bench.list(Which::All).await.is_empty());
}

#[tokio::test]
async fn a_restart_ends_alarms_and_leaves_incidents_alone() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    let before = bench.row(id).await;
    let Bench { desk, clock, dir } = bench;
    drop(desk);
    clock.advance(Duration::from_secs(100));
    let desk = open(&dir, &clock);
    assert_eq!(desk.recover().await.unwrap(), 1);
    assert_eq!(desk.recover().await.unwrap(), 0);
    let detail = desk.dispatch().incident(id).await.unwrap().unwrap();
    assert_eq!(detail.row.status, before.status);
    assert!(!detail.row.is_ongoing);
    let ending = detail.alarms[0].ending.unwrap();
    assert_eq!((ending.cause, ending.ended.0, ending.cleared.0), (EndCause::Restart, at(5), at(100)));
}

#[test]
fn of_fifty_who_claim_one_incident_exactly_one_wins() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let bench = Bench::new();
    let id = runtime.block_on(bench.alarm(begin_edge("r", at(0), at(5), 3))).incident;
    let barrier = std::sync::Barrier::new(50);
    let results: Vec<_> = std::thread::scope(|scope| {
        let claim = |person: i64| {
            let (barrier, desk, handle) = (&barrier, bench.desk.clone(), runtime.handle().clone());
            scope.spawn(move || {
                barrier.wait();
                handle.block_on(desk.act(request(id, 1, IncidentAction::Claim, person, "k")))
            })
        };
        let threads: Vec<_> = (1..=50).map(claim).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let winners: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1);
    let owner = winners[0].status.claim.unwrap().owner;
    for result in &results {
        match result {
            Ok(_) => {}
            Err(ActError::Conflict { current, expected: 1 }) => {
                assert_eq!(current.status.claim.unwrap().owner, owner, "the loser is told who has it");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_command_sent_twice_is_done_once() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    let claim = request(id, 1, IncidentAction::Claim, 1, "k1");
    let first = bench.desk.act(claim.clone()).await.unwrap();
    bench.act(id, assess(Level::Red), 1).await.unwrap();
    assert_eq!(
        bench.desk.act(claim.clone()).await.unwrap(),
        first,
        "the first answer, though it has moved on"
    );
    assert_eq!(bench.row(id).await.status.version, 3);

    let other = ActRequest { note: Some("x".into()), ..claim.clone() };
    assert!(matches!(bench.desk.act(other).await, Err(ActError::KeyReused)));
    let of_another_person = ActRequest { by: AccountId(2), ..claim.clone() };
    assert!(matches!(bench.desk.act(of_another_person).await, Err(ActError::Conflict { .. })));
    let without_key = ActRequest { idempotency_key: String::new(), ..claim };
    assert!(matches!(bench.desk.act(without_key).await, Err(ActError::TooLong)));
}

#[tokio::test]
async fn refusals_say_which_rule_and_change_nothing() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    let close = IncidentAction::Close { reason: CloseReason::FalseAlarm };
    assert!(matches!(bench.act(id, close.clone(), 1).await, Err(ActError::Illegal { .. })));
    let nowhere = bench.desk.act(request(IncidentId(99), 1, close, 1, "k")).await;
    assert!(matches!(nowhere, Err(ActError::NotFound(IncidentId(99)))));
    let merged = bench.act(id, IncidentAction::Merge { into: IncidentId(99) }, 1).await;
    assert!(matches!(merged, Err(ActError::CannotAbsorb(IncidentId(99)))));
    let machine = bench.act(id, IncidentAction::SuggestClose, 1).await;
    assert!(matches!(machine, Err(ActError::Illegal { reason: TransitionError::MachineOnly { .. }, .. })));
    assert_eq!(bench.row(id).await.status.version, 1);
}

#[tokio::test]
async fn a_claim_is_a_lease() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    let taken = bench.act(id, IncidentAction::Claim, 2).await;
    assert!(matches!(taken, Err(ActError::Illegal { reason: TransitionError::HeldByOther { .. }, .. })));

    bench.clock.advance(Duration::from_secs(599));
    assert_eq!(bench.desk.expire_leases(bench.clock.wall()).await.unwrap(), 0);
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.clock.advance(Duration::from_secs(599));
    assert_eq!(bench.desk.expire_leases(bench.clock.wall()).await.unwrap(), 0, "renewed");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.desk.expire_leases(bench.clock.wall()).await.unwrap(), 1);
    assert_eq!(bench.desk.expire_leases(bench.clock.wall()).await.unwrap(), 0);
    let row = bench.row(id).await;
    assert_eq!((row.status.state, row.status.claim), (IncidentState::New, None));
    assert_eq!(row.opened, START, "back with its original age");
}

#[tokio::test]
async fn shelved_incidents_come_back_and_due_ones_are_marked() {
    let bench = Bench::new();
    let shelved = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    let until = WallTime(at(100));
    bench.act(shelved, IncidentAction::Shelve { until }, 1).await.unwrap();
    let unit =
        bench.desk.alarm(facts("cam2"), begin_edge("r", at(0), at(5), 3), None).await.unwrap().incident;
    bench.act(unit, IncidentAction::Claim, 1).await.unwrap();
    bench.act(unit, assess(Level::Orange), 1).await.unwrap();
    bench.act(unit, dispatch_until(Some(until)), 1).await.unwrap();

    assert_eq!(bench.desk.expire_leases(WallTime(at(99))).await.unwrap(), 0);
    assert_eq!(bench.desk.expire_leases(WallTime(at(100))).await.unwrap(), 1);
    assert_eq!(bench.desk.expire_leases(WallTime(at(101))).await.unwrap(), 0);
    assert!(bench.desk.fire_clocks(WallTime(at(99))).await.unwrap() > 0, "half of the time, and four fifths");
    assert!(!bench.row(unit).await.status.overlays.overdue);
    assert!(bench.desk.fire_clocks(WallTime(at(100))).await.unwrap() > 0);
    assert_eq!(bench.row(shelved).await.status.state, IncidentState::New);
    let status = bench.row(unit).await.status;
    assert_eq!((status.state, status.overlays.overdue), (IncidentState::Dispatched, true));
}

#[tokio::test]
async fn lists_are_cut_by_area_state_and_page() {
    let bench = Bench::new();
    let mut ids = Vec::new();
    for n in 0..6 {
        let camera = CameraFacts {
            area: AreaId::new(if n % 2 == 0 { "town" } else { "village" }).unwrap(),
            ..facts(&format!("cam{n}"))
        };
        let level = if n == 4 { Level::Red } else { Level::Blue };
        ids.push(bench.desk.alarm(camera, begin_level("r", at(n), level), None).await.unwrap().incident);
    }
    bench.close(ids[0]).await;
    let list = async |areas: &[&str], which, limit, before: Option<usize>| {
        let areas = areas.iter().map(|area| AreaId::new(area).unwrap()).collect();
        let before = before.map(|i| ids[i]);
        let filter = IncidentFilter { areas: Some(areas), which, limit, before, ..IncidentFilter::default() };
        let list = bench.desk.dispatch().list(filter).await.unwrap();
        assert_eq!(list.as_of, bench.desk.dispatch().latest_seq().await.unwrap());
        let position = |row: &IncidentRow| ids.iter().position(|id| *id == row.id()).unwrap();
        list.incidents.iter().map(position).collect::<Vec<_>>()
    };
    assert_eq!(list(&["town"], Which::Open, 10, None).await, [4, 2], "the most urgent first");
    assert_eq!(list(&["town"], Which::Over, 10, None).await, [0]);
    assert_eq!(list(&["town", "village"], Which::All, 3, None).await, [5, 4, 3]);
    assert_eq!(list(&["town", "village"], Which::All, 3, Some(3)).await, [2, 1, 0]);
    assert!(list(&[], Which::All, 10, None).await.is_empty(), "no areas, no incidents");
    assert!(list(&["elsewhere"], Which::All, 10, None).await.is_empty());
}

#[tokio::test]
async fn the_feed_replays_what_was_missed_or_says_reset() {
    let bench = Bench::new();
    let dispatch = bench.desk.dispatch().clone();
    let mut changed = dispatch.changed();
    assert_eq!(*changed.borrow_and_update(), ChangeSeq(0));
    assert!(
        matches!(dispatch.changes_since(ChangeSeq(0), 10).await.unwrap(), Replay::Changes(c) if c.is_empty())
    );
    assert!(matches!(dispatch.changes_since(ChangeSeq(7), 10).await.unwrap(), Replay::Reset));

    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    assert!(changed.has_changed().unwrap());
    let opened = *changed.borrow_and_update();
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.alarm(end_edge("r", at(0), at(20))).await;
    let other = bench.desk.alarm(facts("cam2"), begin_edge("r", at(30), at(31), 3), None).await.unwrap();
    let newest = *changed.borrow_and_update();
    assert_eq!(newest, dispatch.latest_seq().await.unwrap());

    let Replay::Changes(changes) = dispatch.changes_since(opened, 100).await.unwrap() else { panic!() };
    let seen: Vec<_> = changes.iter().map(|c| (c.incident.id(), c.kind, c.incident.status.version)).collect();
    assert_eq!(seen, [(id, ChangeKind::Acted, 3), (other.incident, ChangeKind::Opened, 1)]);
    assert_eq!(changes[1].seq, newest);
    assert!(matches!(dispatch.changes_since(newest, 100).await.unwrap(), Replay::Changes(c) if c.is_empty()));

    // A week later the log is cut; only who is too far behind must begin anew.
    let week = START.plus(Duration::from_secs(8 * 24 * 3600));
    bench.desk.prune(week).await.unwrap();
    assert_eq!(dispatch.oldest_seq().await.unwrap(), Some(newest));
    assert!(matches!(dispatch.changes_since(opened, 100).await.unwrap(), Replay::Reset));
    assert!(matches!(dispatch.changes_since(newest, 100).await.unwrap(), Replay::Changes(c) if c.is_empty()));
    let before = ChangeSeq(newest.0 - 1);
    assert!(matches!(dispatch.changes_since(before, 100).await.unwrap(), Replay::Changes(c) if c.len() == 1));

    // A clock that ran ahead and was set back: what came after stays, though it looks older than the cut.
    bench.act(other.incident, IncidentAction::Claim, 1).await.unwrap();
    let behind = dispatch.latest_seq().await.unwrap();
    assert_eq!(bench.desk.expire_leases(week.plus(Duration::from_secs(24 * 3600))).await.unwrap(), 2);
    let ahead = dispatch.latest_seq().await.unwrap();
    bench.desk.alarm(facts("cam3"), begin_edge("r", at(40), at(41), 3), None).await.unwrap();
    bench.desk.prune(week).await.unwrap();
    assert_eq!(dispatch.oldest_seq().await.unwrap(), Some(ChangeSeq(behind.0 + 1)));
    assert!(matches!(dispatch.changes_since(ahead, 100).await.unwrap(), Replay::Changes(c) if c.len() == 1));
    assert_eq!(dispatch.audit_blocking().unwrap(), []);
}

#[tokio::test]
async fn boxes_around_an_alarm_are_stored_and_read_back() {
    let bench = Bench::new();
    let camera = CameraId::new("cam").unwrap();
    let rect = NormRect { x0: 0.25, y0: 0.5, x1: 0.375, y1: 0.75 };
    let seen =
        TraceBox { track: TrackId(4), class: ObjectClass::Person, confidence: Confidence::new(0.5), rect };
    let frame = |ms: i64| FrameTrace { wall: WallTime(ms), pts: Pts(ms * 90), boxes: vec![seen] };
    for second in -20..10 {
        bench.desk.trace(&camera, frame(at(second)));
    }
    let id = bench.alarm(begin_edge("r", at(5), at(9), 3)).await.incident;
    assert_eq!(bench.desk.flush_traces().await.unwrap(), 15);
    bench.alarm(end_edge("r", at(5), at(12))).await;
    for second in 10..40 {
        bench.desk.trace(&camera, frame(at(second)));
    }
    assert_eq!(bench.desk.flush_traces().await.unwrap(), 13);
    assert_eq!(bench.desk.flush_traces().await.unwrap(), 0);
    let frames = bench.desk.incident_trace(&bench.row(id).await).await.unwrap();
    assert_eq!(frames, (-5..=22).map(|second| frame(at(second))).collect::<Vec<_>>());

    bench.desk.prune(START.plus(Duration::from_secs(100 * 24 * 3600))).await.unwrap();
    assert!(bench.desk.incident_trace(&bench.row(id).await).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_rounds_run_until_shutdown() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    bench.clock.advance(Duration::from_secs(700));
    let mut changed = bench.desk.dispatch().changed();
    changed.borrow_and_update();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(bench.desk.clone().run(shutdown.clone()));
    tokio::time::timeout(Duration::from_secs(30), changed.changed()).await.unwrap().unwrap();
    assert_eq!(bench.row(id).await.status.state, IncidentState::New);
    // A frame of the last second is not lost by the shutdown.
    bench.desk.trace(
        &CameraId::new("cam").unwrap(),
        FrameTrace { wall: WallTime(at(1)), pts: Pts(0), boxes: vec![] },
    );
    shutdown.cancel();
    running.await.unwrap();
    let camera = CameraId::new("cam").unwrap();
    let stored = bench.desk.dispatch().trace(camera, START, WallTime(at(9))).await.unwrap();
    assert_eq!(stored.len(), 1);
}

/// 10,000 steps of alarms, people and clocks, in ten histories; the tables keep their promises throughout.
#[tokio::test]
async fn random_histories_keep_the_promises() {
    // Side by side, because each waits for its own disk writes.
    futures::future::join_all((1..=10).map(|seed| random_history(seed, 1_000))).await;
}

async fn random_history(seed: u64, n_steps: usize) {
    let bench = Bench::new();
    let mut random = Random(seed);
    let mut running: Vec<(String, String, i64)> = Vec::new();
    let mut ids: Vec<IncidentId> = Vec::new();
    let mut n_refused = 0;
    let mut n_done = 0;
    for step in 0..n_steps {
        bench.clock.advance(Duration::from_millis(random.below(60_000)));
        let now = bench.clock.wall();
        match random.below(10) {
            0 | 1 => {
                let (camera, rule) = (format!("cam{}", random.below(3)), format!("r{}", random.below(2)));
                running.retain(|(c, r, _)| (c, r) != (&camera, &rule));
                let level = [Level::Blue, Level::Yellow, Level::Red][random.index(3)];
                let edge = begin_level(&rule, now.0, level);
                let opened = bench.desk.alarm(facts(&camera), edge, None).await.unwrap();
                ids.extend(opened.is_new_incident.then_some(opened.incident));
                running.push((camera, rule, now.0));
            }
            2 | 3 if !running.is_empty() => {
                let (camera, rule, began) = running.swap_remove(random.index(running.len()));
                bench.desk.alarm(facts(&camera), end_edge(&rule, began, now.0), None).await.unwrap();
            }
            4 => {
                bench.desk.expire_leases(now).await.unwrap();
                if let Some(id) = ids.last() {
                    waits_fairly(&bench, &bench.detail(*id).await);
                }
                bench.desk.fire_clocks(now).await.unwrap();
                assert_eq!(bench.desk.audit_clocks(now).await.unwrap(), 0, "seed {seed}, step {step}");
            }
            _ if !ids.is_empty() => {
                // Mostly the newest, so that histories get long.
                let id = ids[ids.len() - 1 - random.index(ids.len().min(4))];
                let other = ids[random.index(ids.len())];
                let expected = bench.row(id).await.status.version - i64::from(random.below(20) == 0);
                let person = 1 + i64::from(random.below(4) == 0);
                let action = random_action(&mut random, now, other);
                let note = Some("说明".to_owned());
                let order = request(id, expected, action.clone(), person, &step.to_string());
                match bench.desk.act(ActRequest { note, ..order }).await {
                    Ok(row) => {
                        n_done += 1;
                        assert_eq!(row, bench.row(id).await, "the answer is the row: {action:?}");
                        // With units that go on elsewhere it is two steps.
                        let is_merging =
                            matches!(action, IncidentAction::Merge { .. } | IncidentAction::Unmerge);
                        let most = expected + if is_merging { 2 } else { 1 };
                        assert!((expected + 1..=most).contains(&row.status.version), "{action:?}");
                        waits_fairly(&bench, &bench.detail(id).await);
                    }
                    Err(ActError::Db(error)) => panic!("seed {seed}, step {step}, {action:?}: {error}"),
                    Err(_) => n_refused += 1,
                }
            }
            _ => {}
        }
        if step % 250 == 249 {
            check_promises(&bench).await;
        }
    }
    assert!(n_done > n_steps / 20 && n_refused > 0, "seed {seed}: {n_done} done, {n_refused} refused");
    check_promises(&bench).await;
}

fn random_action(random: &mut Random, now: WallTime, other: IncidentId) -> IncidentAction {
    let later = now.plus(Duration::from_millis(random.below(600_000)));
    let unit = self::unit(random.index(2));
    match ActionKind::ALL[random.index(ActionKind::ALL.len())] {
        ActionKind::Claim => IncidentAction::Claim,
        ActionKind::Release => IncidentAction::Release,
        ActionKind::LeaseExpired => IncidentAction::LeaseExpired,
        ActionKind::HandOver => {
            IncidentAction::HandOver { to: AccountId(1 + i64::from(random.below(2) == 0)) }
        }
        ActionKind::TakeOver => {
            IncidentAction::TakeOver { from: AccountId(1 + i64::from(random.below(2) == 0)) }
        }
        ActionKind::Assess => assess(Level::ALL[random.index(4)]),
        ActionKind::Dispatch => IncidentAction::Dispatch {
            lead: (random.below(4) > 0).then(|| self::unit(0)),
            assist: if random.below(2) == 0 { vec![self::unit(1)] } else { Vec::new() },
            due: (random.below(2) == 0).then_some(later),
        },
        ActionKind::Withdraw => IncidentAction::Withdraw { unit },
        ActionKind::SignIn => IncidentAction::SignIn { unit },
        ActionKind::Return => IncidentAction::Return { unit },
        ActionKind::Arrive => IncidentAction::Arrive { unit },
        ActionKind::Feedback => IncidentAction::Feedback { unit },
        ActionKind::Finish => IncidentAction::Finish { unit, why_no_file: None },
        ActionKind::Verify => IncidentAction::Verify,
        ActionKind::Rework => IncidentAction::Rework { due: Some(later) },
        ActionKind::Close => {
            IncidentAction::Close { reason: CloseReason::ALL[random.index(CloseReason::ALL.len())] }
        }
        ActionKind::Archive => IncidentAction::Archive,
        ActionKind::Revisit => {
            IncidentAction::Revisit { result: RevisitResult::Unreachable, satisfaction: None }
        }
        ActionKind::Reject => {
            IncidentAction::Reject { reason: sharpeyes_domain::incident::RejectReason::Unclear }
        }
        ActionKind::Merge => IncidentAction::Merge { into: other },
        ActionKind::Unmerge => IncidentAction::Unmerge,
        // Nobody asks for these: they come with merging.
        ActionKind::TakeUnits | ActionKind::GiveUnits => IncidentAction::Note,
        ActionKind::Shelve => IncidentAction::Shelve { until: later },
        ActionKind::Unshelve => IncidentAction::Unshelve,
        ActionKind::Reopen => IncidentAction::Reopen { reason: ReopenReason::Recurred },
        ActionKind::Urge => IncidentAction::Urge { level: UrgeLevel::ALL[random.index(3)] },
        ActionKind::AskExtension => IncidentAction::AskExtension { unit, due: later },
        ActionKind::Extend => IncidentAction::Extend { due: later },
        ActionKind::RefuseExtension => IncidentAction::RefuseExtension,
        ActionKind::AskHold => IncidentAction::AskHold { unit },
        ActionKind::RefuseHold => IncidentAction::RefuseHold,
        ActionKind::Hold => IncidentAction::Hold,
        ActionKind::Unhold => IncidentAction::Unhold,
        ActionKind::Note => IncidentAction::Note,
        ActionKind::Attach => IncidentAction::Attach { attachment: AttachmentId(1), unit: None },
        ActionKind::Warn => IncidentAction::Warn { clock: ClockKind::Accept, unit: None, percent: 50 },
        ActionKind::Overdue => IncidentAction::Overdue { clock: ClockKind::Accept, unit: None },
        ActionKind::Escalate => {
            IncidentAction::Escalate { step: 1, to: String::new(), told: Vec::new(), unmanned: false }
        }
        ActionKind::Acknowledge => IncidentAction::Acknowledge,
        ActionKind::Append => IncidentAction::Claim,
        ActionKind::Raise => IncidentAction::Raise { level: Level::ALL[random.index(4)], due: None },
        ActionKind::SuggestClose => IncidentAction::SuggestClose,
        ActionKind::SelfTest => IncidentAction::SelfTest,
    }
}

/// What nobody has must be accepted within its level's time since it came, or came back from where it was put away: not
/// before, whoever had it in between, and so never at once.
fn waits_fairly(bench: &Bench, detail: &IncidentDetail) {
    let row = &detail.row;
    if row.status.state != IncidentState::New {
        return;
    }
    let comes = |action: Option<&IncidentAction>| {
        let kind = action.map(IncidentAction::kind);
        use ActionKind::{Reopen, Unmerge, Unshelve};
        matches!(kind, None | Some(Unshelve | Unmerge | Reopen))
    };
    let here = detail.history.iter().rfind(|row| comes(row.action.as_ref())).unwrap().at;
    let plan = &bench.desk.centre().class(&row.class).unwrap().plan;
    let allowance = plan.allowance(row.status.level, ClockKind::Accept);
    let fair = bench.desk.calendar().after(here, allowance);
    assert!(row.deadline.is_some_and(|deadline| deadline >= fair), "{:?} {fair:?}: {row:?}", row.deadline);
}

async fn check_promises(bench: &Bench) {
    let dispatch = bench.desk.dispatch();
    for id in bench.list(Which::All).await {
        let detail = dispatch.incident(IncidentId(id)).await.unwrap().unwrap();
        let row = &detail.row;
        row.status.check().unwrap();
        waits_fairly(bench, &detail);
        let versions: Vec<i64> = detail.history.iter().map(|h| h.version).collect();
        assert_eq!(versions, (1..=row.status.version).collect::<Vec<_>>(), "one history row per version");
        assert_eq!(detail.history[0].action, None);
        for pair in detail.history.windows(2) {
            assert_eq!(pair[1].from, Some(pair[0].to), "states follow each other");
            assert!(pair[0].at <= pair[1].at);
        }
        let last = detail.history.last().unwrap();
        assert_eq!((last.to, last.level), (row.status.state, row.status.level));
        assert_eq!(usize::try_from(row.n_alarms).unwrap(), detail.alarms.len());
        assert_eq!(row.is_ongoing, detail.alarms.iter().any(|alarm| alarm.ending.is_none()));
        let of_a_person = |h: &&super::super::store::dispatch::HistoryRow| h.actor != Actor::Machine;
        let decided = detail.history.iter().filter(of_a_person).filter_map(|h| h.action.as_ref());
        assert!(decided.clone().all(|a| a.kind() != ActionKind::Append));
    }
    assert_eq!(dispatch.audit_blocking().unwrap(), []);
    assert_eq!(*dispatch.changed().borrow(), dispatch.latest_seq().await.unwrap());
}

/// SplitMix64: the same history for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap())).unwrap()
    }
}
