//! The whole life of an incident through the desk: units, files, clocks, reports of people and of other systems.

use sharpeyes_domain::{
    centre::{Intake, Source},
    ids::{ClassId, IntakeId},
};

use super::*;
use crate::store::dispatch::Report;

pub(super) fn report(title: &str) -> ReportRequest {
    ReportRequest {
        source: Source::Hotline,
        class: ClassId::new("help").unwrap(),
        level: None,
        area: AreaId::new("village").unwrap(),
        report: Report {
            title: title.to_owned(),
            description: None,
            location: Some("东门桥".to_owned()),
            position: None,
            reporter: None,
            phone: None,
        },
        camera: None,
        began: None,
        files: Vec::new(),
    }
}

#[tokio::test]
async fn the_seven_steps_with_two_units_and_all_that_goes_with_them() {
    let bench = Bench::new();
    let made = bench.desk.report(AccountId(1), "k".to_owned(), report("老人走失")).await.unwrap();
    let id = made.incident.id();
    assert_eq!(made.incident.number, "20231115-0001", "the day of the site, not of UTC");
    assert_eq!(made.incident.status.level, Level::Orange, "as its class says");
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    let assessed = bench
        .act(
            id,
            IncidentAction::Assess {
                level: Level::Red,
                class: Some(ClassId::new("missing_person").unwrap()),
                area: Some(AreaId::new("town").unwrap()),
                lead: Some(unit(1)),
                assist: vec![unit(2)],
            },
            1,
        )
        .await
        .unwrap();
    assert_eq!((assessed.class.as_str(), assessed.area.as_str()), ("missing_person", "town"));
    let told = IncidentAction::Dispatch { lead: None, assist: Vec::new(), due: None };
    let told = bench.act(id, told, 1).await.unwrap();
    let units: Vec<_> = told.status.active().map(|one| (one.unit.clone(), one.is_lead)).collect();
    assert_eq!(units, [(unit(1), true), (unit(2), false)], "as the assessment proposes");
    assert_eq!(told.status.due, Some(START.plus(Duration::from_secs(7_200))), "red: two hours by the wall");
    assert_eq!(told.deadline, Some(START.plus(Duration::from_secs(180))), "to sign in");
    let photo = AttachRequest {
        incident: id,
        unit: Some(unit(1)),
        by: AccountId(5),
        name: "../现场\".jpg".to_owned(),
        body: vec![0xff, 0xd8, 0xff, 0xe0, 1],
    };
    for n in [1, 2] {
        bench.act(id, IncidentAction::SignIn { unit: unit(n) }, 5).await.unwrap();
        bench.act(id, IncidentAction::Arrive { unit: unit(n) }, 5).await.unwrap();
    }
    let (row, file) = bench.desk.attach(photo.clone()).await.unwrap();
    assert_eq!(bench.desk.attach(photo).await.unwrap().1, file, "the same file is kept once");
    assert_eq!(bench.row(id).await.status.version, row.status.version);
    let finish =
        |n, why: Option<&str>| IncidentAction::Finish { unit: unit(n), why_no_file: why.map(str::to_owned) };
    bench.act(id, finish(1, None), 5).await.unwrap();
    for why in [None, Some("  ")] {
        let bare = bench.act(id, finish(2, why), 5).await;
        assert!(matches!(bare, Err(ActError::FileNeeded)), "the other unit's file is not its own: {bare:?}");
    }
    bench.act(id, finish(2, Some("夜间无法拍照")), 5).await.unwrap();
    let own = bench.act(id, IncidentAction::Verify, 5).await;
    assert!(matches!(own, Err(ActError::Illegal { reason: TransitionError::SamePerson, .. })));
    bench.act(id, IncidentAction::Verify, 1).await.unwrap();
    bench.act(id, IncidentAction::Close { reason: CloseReason::Handled }, 1).await.unwrap();
    bench.act(id, IncidentAction::Archive, 1).await.unwrap();
    let asked = IncidentAction::Revisit {
        result: RevisitResult::Reached,
        satisfaction: Some(Satisfaction::Satisfied),
    };
    bench.act(id, asked, 1).await.unwrap();

    let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
    assert!(detail.clocks.iter().all(|clock| clock.stopped.is_some()), "nothing runs any more");
    let kinds: Vec<_> = detail.clocks.iter().map(|clock| clock.kind.as_str()).collect();
    let expected =
        ["accept", "dispatch", "finish", "sign", "sign", "arrive", "arrive", "verify", "close", "revisit"];
    for kind in expected {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    let (kept, body) = bench.desk.dispatch().attachment(id, file).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), body.len(), kept.unit), ("..现场.jpg", 5, Some(unit(1))));
    assert_eq!(detail.attachments.len(), 1);
    check_promises(&bench).await;
}

#[tokio::test]
async fn units_go_with_an_incident_that_is_merged_and_come_back_with_it() {
    let bench = Bench::new();
    let of = async |rule: &str, camera: &str| {
        bench.desk.alarm(facts(camera), begin_edge(rule, at(0), at(5), 3), None).await.unwrap().incident
    };
    let (first, second) = (of("a", "one").await, of("b", "two").await);
    for id in [first, second] {
        bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    }
    bench.act(first, assess(Level::Orange), 1).await.unwrap();
    let told = IncidentAction::Dispatch { lead: Some(unit(1)), assist: vec![unit(2)], due: None };
    let due = bench.act(first, told, 1).await.unwrap().status.due;
    bench.act(first, IncidentAction::SignIn { unit: unit(1) }, 5).await.unwrap();

    // Nobody has judged the other one: there is nobody who could lead the units there.
    let merge = IncidentAction::Merge { into: second };
    let refused = bench.act(first, merge.clone(), 1).await;
    let Err(ActError::UnitsAtWork { into, units }) = refused else { panic!("{refused:?}") };
    assert_eq!((into, units.len()), (bench.row(second).await.number, 2));
    bench.act(second, assess(Level::Orange), 1).await.unwrap();
    let merged = bench.act(first, merge, 1).await.unwrap();
    assert_eq!((merged.status.state, merged.status.active().count()), (IncidentState::Merged, 0));
    let row = bench.row(second).await;
    assert_eq!((row.status.state, row.status.due), (IncidentState::Signed, due));
    let parts: Vec<_> = row.status.active().map(|one| (one.unit.clone(), one.signed.is_some())).collect();
    assert_eq!(parts, [(unit(1), true), (unit(2), false)], "nobody signs in twice");
    // Its people see where they go on, and no more where they were.
    let seen = async || {
        let filter = IncidentFilter { unit: Some(unit(1)), limit: 9, ..IncidentFilter::default() };
        let list = bench.desk.dispatch().list(filter).await.unwrap();
        list.incidents.iter().map(IncidentRow::id).collect::<Vec<_>>()
    };
    assert_eq!(seen().await, [second]);
    assert_eq!(bench.desk.audit_clocks(bench.desk.0.clock.wall()).await.unwrap(), 0);

    // A third unit comes later: that one is of the other incident by itself.
    bench
        .act(second, IncidentAction::Dispatch { lead: None, assist: vec![unit(0)], due: None }, 1)
        .await
        .unwrap();
    bench.act(second, IncidentAction::Arrive { unit: unit(1) }, 5).await.unwrap();
    let back = bench.act(first, IncidentAction::Unmerge, 1).await.unwrap();
    assert_eq!(bench.row(first).await, back, "the answer is the row");
    assert_eq!((back.status.state, back.status.due), (IncidentState::Handling, due));
    let parts: Vec<_> = back.status.active().map(|one| (one.unit.clone(), one.arrived.is_some())).collect();
    assert_eq!(parts, [(unit(1), true), (unit(2), false)]);
    let left: Vec<_> = bench.row(second).await.status.active().map(|one| one.unit.clone()).collect();
    assert_eq!(left, [unit(0)]);
    assert_eq!(seen().await, [first]);
    check_promises(&bench).await;
}

#[tokio::test]
async fn some_things_need_words_and_unknown_names_are_refused() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    let silent = |version, action| bench.desk.act(request(id, version, action, 1, &format!("s{version}")));
    let on_the_spot = IncidentAction::Close { reason: CloseReason::Handled };
    assert!(matches!(silent(2, on_the_spot).await, Err(ActError::NoteNeeded("close"))));
    let sheet = IncidentAction::Urge { level: UrgeLevel::Supervise };
    assert!(matches!(silent(2, sheet).await, Err(ActError::NoteNeeded("urge"))), "what does it demand?");
    let unknown = IncidentAction::Assess {
        level: Level::Blue,
        class: None,
        area: None,
        lead: Some(UnitId::new("navy").unwrap()),
        assist: Vec::new(),
    };
    assert!(matches!(silent(2, unknown).await, Err(ActError::Unknown { what: "unit", .. })));
    bench.act(id, assess(Level::Blue), 1).await.unwrap();
    bench.act(id, dispatch_until(None), 1).await.unwrap();
    let returned = silent(4, IncidentAction::Return { unit: unit(0) }).await;
    assert!(matches!(returned, Err(ActError::NoteNeeded("return"))));
    for (action, name) in [
        (IncidentAction::Finish { unit: unit(0), why_no_file: None }, "finish"),
        (IncidentAction::AskHold { unit: unit(0) }, "ask_hold"),
        (IncidentAction::Hold, "hold"),
    ] {
        let silent = silent(4, action).await;
        assert!(matches!(silent, Err(ActError::NoteNeeded(needed)) if needed == name), "{silent:?}");
    }
    let bad =
        AttachRequest { incident: id, unit: None, by: AccountId(1), name: "x".into(), body: vec![0; 9] };
    assert!(matches!(bench.desk.attach(bad).await, Err(ActError::BadFile(_))));
    assert_eq!(bench.row(id).await.status.version, 4, "nothing was changed");
}

#[tokio::test]
async fn supervision_sheets_are_numbered_by_the_year() {
    let bench = Bench::new();
    for n in 0..2 {
        let id = bench.desk.alarm(facts(&format!("c{n}")), begin_edge("r", at(0), at(1), 3), None).await;
        let id = id.unwrap().incident;
        bench.act(id, IncidentAction::Claim, 1).await.unwrap();
        for level in UrgeLevel::ALL {
            bench.act(id, IncidentAction::Urge { level: *level }, 1).await.unwrap();
        }
        let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
        let sheets: Vec<_> = detail.sheets.iter().map(|sheet| (sheet.year, sheet.n)).collect();
        assert_eq!(sheets, [(2023, n + 1)]);
        assert_eq!(detail.row.status.overlays.urged, Some(UrgeLevel::Supervise));
        let milder = bench.act(id, IncidentAction::Urge { level: UrgeLevel::Remind }, 1).await;
        assert!(matches!(milder, Err(ActError::Illegal { .. })));
        let issued = detail.sheets[0].issued.clone().unwrap().unwrap();
        assert_eq!(issued.body.sheet_number, Some(format!("2023-{}", n + 1)), "it is in what is hashed");
        let db = rusqlite::Connection::open(bench.dir.path().join("dispatch.db")).unwrap();
        db.execute_batch(
            "DROP TRIGGER IF EXISTS supervision_is_never_changed;
             UPDATE supervision SET body = CAST(replace(CAST(body AS TEXT), '2023-', '2022-') AS BLOB);",
        )
        .unwrap();
        let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
        let altered = detail.sheets[0].issued.clone().unwrap().unwrap_err();
        assert_eq!((altered.year, altered.n, altered.incident), (2023, n + 1, id));
    }
}

#[tokio::test]
async fn a_report_that_comes_twice_is_one_incident() {
    let bench = Bench::new();
    let intake = Intake {
        id: IntakeId::new("p110").unwrap(),
        name: "110".to_owned(),
        source: Source::Police,
        area: AreaId::new("town").unwrap(),
    };
    let take = |number: &str, title: &str| {
        let request = ReportRequest { source: Source::Police, ..report(title) };
        bench.desk.take_in(IntakeReport { intake: intake.clone(), external_id: number.to_owned(), request })
    };
    let first = take("J-1", "斗殴").await.unwrap();
    assert!(first.is_new);
    let again = take("J-1", "斗殴").await.unwrap();
    assert!(!again.is_new && again.incident.id() == first.incident.id());
    assert!(matches!(take("J-1", "失火").await, Err(ReportError::NumberReused)));
    assert!(take("J-2", "斗殴").await.unwrap().is_new);
    let own = bench.desk.report(AccountId(1), "J-1".to_owned(), report("斗殴")).await.unwrap();
    assert!(own.is_new, "a person's key is not a system's number");
    let mut wrong = report("x");
    wrong.area = AreaId::new("nowhere").unwrap();
    assert!(matches!(
        bench.desk.report(AccountId(1), "n".to_owned(), wrong).await,
        Err(ReportError::UnknownArea(_))
    ));
}

/// A red alarm that nobody takes: half, four fifths, all of the minute, then the chain.
#[tokio::test]
async fn a_red_clock_tells_and_the_chain_goes_on() {
    let bench = Bench::new();
    let id = bench.alarm(begin_level("r", at(0), Level::Red)).await.incident;
    let told = async |seconds: i64| {
        bench.desk.fire_clocks(WallTime(at(seconds))).await.unwrap();
        let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
        let said = |action: &IncidentAction| match action {
            IncidentAction::Warn { percent, .. } => Some(percent.to_string()),
            IncidentAction::Overdue { clock, .. } => Some(format!("{clock} overdue")),
            IncidentAction::Escalate { step, to, .. } => Some(format!("{step} {to}")),
            _ => None,
        };
        detail.history.iter().filter_map(|h| said(h.action.as_ref()?)).collect::<Vec<_>>()
    };
    // What the chain does next is known before each step.
    let next = async || {
        let step = bench.desk.next_step(&bench.row(id).await).unwrap();
        ((step.at.0 - at(0)) / 1_000, format!("{} {}", step.number, step.to), step.has_begun)
    };
    assert!(told(29).await.is_empty());
    assert_eq!(next().await, (60, "1 值班长".to_owned(), false));
    assert_eq!(told(30).await, ["50"]);
    assert_eq!(told(48).await, ["50", "80"]);
    assert_eq!(told(59).await, ["50", "80"], "nothing twice");
    assert_eq!(told(60).await, ["50", "80", "accept overdue", "1 值班长"]);
    assert_eq!(next().await, (660, "2 中心主任".to_owned(), true));
    assert_eq!(told(659).await.len(), 4);
    assert_eq!(told(660).await.last().unwrap(), "2 中心主任");
    assert_eq!(told(5_000).await.last().unwrap(), "3 分管领导");
    assert_eq!(next().await, (5_000 + 3_600, "4 分管领导".to_owned(), true), "and again");
    bench.clock.advance(Duration::from_secs(5_000));
    assert_eq!(bench.row(id).await.status.overlays.escalated, 3);
    let taken = bench.act(id, IncidentAction::Claim, 1).await.unwrap();
    assert_eq!(taken.status.overlays.escalated, 0, "it moved");
    assert_eq!(next().await, ((taken.deadline.unwrap().0 - at(0)) / 1_000, "1 值班长".to_owned(), false));
    assert_eq!(told(5_001).await.len(), 6, "and the chain has stopped");
    check_promises(&bench).await;
}

#[tokio::test]
async fn what_becomes_red_has_red_clocks() {
    let bench = Bench::new();
    let id = bench.alarm(begin_level("a", at(0), Level::Blue)).await.incident;
    let before = bench.row(id).await.deadline.unwrap();
    bench.alarm(begin_level("b", at(1), Level::Red)).await;
    let after = bench.row(id).await.deadline.unwrap();
    assert_eq!(after, START.plus(Duration::from_secs(60)));
    assert!(before > after);
}

#[tokio::test]
async fn what_a_unit_was_late_with_goes_with_it_through_a_merge() {
    let bench = Bench::new();
    let of = async |rule: &str, camera: &str| {
        let id =
            bench.desk.alarm(facts(camera), begin_edge(rule, at(0), at(5), 3), None).await.unwrap().incident;
        bench.act(id, IncidentAction::Claim, 1).await.unwrap();
        bench.act(id, assess(Level::Red), 1).await.unwrap();
        id
    };
    let (first, second) = (of("a", "one").await, of("b", "two").await);
    bench.act(first, dispatch_until(None), 1).await.unwrap();
    let late = bench.row(first).await.deadline.unwrap();
    bench.clock.advance(Duration::from_millis(u64::try_from(late.0 - START.0).unwrap() + 1_000));
    bench.desk.fire_clocks(bench.clock.wall()).await.unwrap();
    bench.act(first, IncidentAction::SignIn { unit: unit(0) }, 5).await.unwrap();
    bench.act(first, IncidentAction::Merge { into: second }, 1).await.unwrap();
    let brought = async |id| {
        let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
        let taken = detail.history.into_iter().rev().find_map(|row| match row.action {
            Some(IncidentAction::TakeUnits { late, .. }) => Some(late),
            _ => None,
        });
        taken.unwrap()
    };
    let expected = [Lateness { unit: unit(0), clock: ClockKind::Sign }];
    assert_eq!(brought(second).await, expected);
    bench.act(first, IncidentAction::Unmerge, 1).await.unwrap();
    assert_eq!(brought(first).await, expected, "and comes back with it");
    check_promises(&bench).await;
}

#[tokio::test]
async fn the_auditor_finds_an_incident_without_a_deadline_and_gives_it_one() {
    let bench = Bench::new();
    let id = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident;
    assert_eq!(bench.desk.audit_clocks(START).await.unwrap(), 0);
    let db = rusqlite::Connection::open(bench.dir.path().join("dispatch.db")).unwrap();
    db.execute("UPDATE clock SET next_ms = NULL", []).unwrap();
    let broken = bench.desk.dispatch().audit_blocking().unwrap();
    assert_eq!(broken.len(), 1, "{broken:?}");
    let written = || -> Vec<(String, String)> {
        let mut rows = db.prepare("SELECT action, object FROM audit ORDER BY seq").unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(written(), []);
    assert_eq!(bench.desk.untimed(), None);
    assert_eq!(bench.desk.audit_clocks(START).await.unwrap(), 1);
    assert_eq!(written(), [("incident.untimed".to_owned(), format!("incident/{id}"))]);
    let (n, told) = bench.desk.untimed().unwrap();
    let number = bench.row(id).await.number;
    assert_eq!((told.level, told.detail.contains(&number)), (Level::Red, true), "{told:?}");
    assert_eq!(bench.desk.untimed(), Some((n, told)), "until it is written down");
    bench.desk.forget_untimed(n);
    assert_eq!(bench.desk.untimed(), None, "told of once");
    assert!(bench.row(id).await.deadline.is_some());
    assert_eq!(bench.desk.dispatch().audit_blocking().unwrap(), []);
}

#[tokio::test]
async fn what_a_unit_has_begun_goes_with_it_through_a_merge() {
    let bench = Bench::new();
    let of = async |rule: &str, camera: &str| {
        let id =
            bench.desk.alarm(facts(camera), begin_edge(rule, at(0), at(5), 3), None).await.unwrap().incident;
        bench.act(id, IncidentAction::Claim, 1).await.unwrap();
        bench.act(id, assess(Level::Red), 1).await.unwrap();
        id
    };
    let (first, second) = (of("a", "one").await, of("b", "two").await);
    let tell = |lead: Option<usize>, assist: &[usize]| IncidentAction::Dispatch {
        lead: lead.map(unit),
        assist: assist.iter().copied().map(unit).collect(),
        due: None,
    };
    // The one that leads was told last.
    for lead in [2, 1] {
        bench.act(first, tell(Some(lead), &[]), 1).await.unwrap();
    }
    for action in [IncidentAction::SignIn { unit: unit(1) }, IncidentAction::Arrive { unit: unit(1) }] {
        bench.act(first, action, 5).await.unwrap();
    }
    let photo = AttachRequest {
        incident: first,
        unit: Some(unit(1)),
        by: AccountId(5),
        name: "x.jpg".to_owned(),
        body: vec![0xff, 0xd8, 0xff, 0xe0, 1],
    };
    bench.desk.attach(photo).await.unwrap();
    bench.clock.advance(Duration::from_secs(100));
    bench.act(second, tell(Some(0), &[]), 1).await.unwrap();
    let due = bench.row(first).await.status.due;
    bench.act(first, IncidentAction::Merge { into: second }, 1).await.unwrap();
    assert_eq!(bench.row(second).await.status.due, due, "the nearer of both");
    assert_eq!(bench.row(second).await.deadline, Some(WallTime(at(180))), "told at the start, and not now");
    bench.clock.advance(Duration::from_secs(90));
    bench.desk.fire_clocks(bench.clock.wall()).await.unwrap();
    let detail = bench.desk.dispatch().incident(second).await.unwrap().unwrap();
    let is_late = |action: &IncidentAction| matches!(action, IncidentAction::Overdue { clock: ClockKind::Sign, unit: Some(late) } if *late == unit(2));
    assert!(detail.history.iter().any(|row| row.action.as_ref().is_some_and(is_late)), "late to sign in");

    // Who led there leads there again, and here somebody leads all the time.
    let leads = async |id| {
        let row = bench.row(id).await;
        row.status.active().filter(|one| one.is_lead).map(|one| one.unit.clone()).collect::<Vec<_>>()
    };
    assert_eq!(leads(second).await, [unit(0)]);
    bench.act(first, IncidentAction::Unmerge, 1).await.unwrap();
    assert_eq!((leads(first).await, leads(second).await), (vec![unit(1)], vec![unit(0)]));

    bench.act(first, IncidentAction::Merge { into: second }, 1).await.unwrap();
    let finish = IncidentAction::Finish { unit: unit(1), why_no_file: None };
    bench.act(second, finish, 5).await.expect("its photo has gone with it");
    check_promises(&bench).await;
}
