//! Lists and search: filters, pages, Chinese words, and which index serves what.

use sharpeyes_domain::{centre::Source, ids::ClassId};

use super::*;
use crate::store::dispatch::Report;

async fn ids(bench: &Bench, filter: IncidentFilter) -> Vec<i64> {
    let list = bench.desk.dispatch().list(IncidentFilter { limit: 100, ..filter }).await.unwrap();
    list.incidents.iter().map(|row| row.id().0).collect()
}

async fn reported(bench: &Bench, title: &str, source: Source) -> i64 {
    let report = Report {
        title: title.to_owned(),
        description: Some("详见附件".to_owned()),
        location: Some("水库东侧".to_owned()),
        position: None,
        reporter: None,
        phone: None,
    };
    let request = ReportRequest {
        source,
        class: ClassId::new("safety_hazard").unwrap(),
        level: None,
        area: AreaId::new("village").unwrap(),
        report,
        camera: None,
        began: None,
        files: Vec::new(),
    };
    bench.desk.report(AccountId(1), title.to_owned(), request).await.unwrap().incident.id().0
}

#[tokio::test]
async fn search_finds_chinese_by_any_two_characters_and_numbers_by_their_beginning() {
    let bench = Bench::new();
    let dam = reported(&bench, "水库堤坝渗水", Source::Grid).await;
    let road = reported(&bench, "Road 12 积水", Source::Government).await;
    let alarm = bench.alarm(begin_edge("r", at(0), at(5), 3)).await.incident.0;
    bench.act(IncidentId(alarm), IncidentAction::Note, 1).await.unwrap();
    let find = async |text: &str| {
        let text = Some(text.to_owned());
        ids(&bench, IncidentFilter { which: Which::All, text, ..IncidentFilter::default() }).await
    };
    assert_eq!(find("堤坝").await, [dam]);
    assert_eq!(find("坝渗").await, [dam], "any two neighbours");
    assert_eq!(find("水库").await, [road, dam], "in the place too; the newest first");
    assert_eq!(find("水库 road").await, [road], "all parts");
    assert_eq!(find("坝").await, [dam], "one character that begins a pair");
    assert_eq!(find("广场").await, [alarm], "the camera's name");
    assert_eq!(find("因为").await, [alarm], "a note");
    assert_eq!(find("20231115-0002").await, [road], "a number");
    assert_eq!(find("roa").await, [road]);
    assert!(find("库水").await.is_empty());
    assert!(find("\"*").await.is_empty(), "nothing to look for");
}

#[tokio::test]
async fn filters_and_pages_cut_the_queue() {
    let bench = Bench::new();
    let mut all = Vec::new();
    for n in 0..7 {
        let source = if n % 2 == 0 { Source::Grid } else { Source::Hotline };
        all.push(reported(&bench, &format!("第{n}件"), source).await);
    }
    let told = IncidentId(all[3]);
    for action in [IncidentAction::Claim, assess(Level::Red), dispatch_until(None)] {
        bench.act(told, action, 9).await.unwrap();
    }
    bench.close(IncidentId(all[0])).await;
    let default = IncidentFilter::default;
    assert_eq!(
        ids(&bench, IncidentFilter { sources: vec![Source::Grid], ..default() }).await,
        [all[2], all[4], all[6]]
    );
    assert_eq!(ids(&bench, IncidentFilter { unit: Some(unit(0)), ..default() }).await, [all[3]]);
    assert!(ids(&bench, IncidentFilter { unit: Some(unit(1)), ..default() }).await.is_empty());
    assert_eq!(ids(&bench, IncidentFilter { owner: Some(AccountId(9)), ..default() }).await, [all[3]]);
    let counted = async |filter| bench.desk.dispatch().count(filter, START).await.unwrap().all;
    assert_eq!(counted(IncidentFilter { owner: Some(AccountId(9)), ..default() }).await, 1);
    let text = Some("水库".to_owned());
    assert_eq!(counted(IncidentFilter { text, ..default() }).await, 6, "the closed one has the words too");
    assert_eq!(ids(&bench, IncidentFilter { levels: vec![Level::Red], ..default() }).await, [all[3]]);
    let states = vec![IncidentState::Dispatched, IncidentState::Signed];
    assert_eq!(ids(&bench, IncidentFilter { states, ..default() }).await, [all[3]]);
    let overdue_at = Some(START.plus(Duration::from_secs(599)));
    assert_eq!(ids(&bench, IncidentFilter { overdue_at, ..default() }).await, [all[3]], "to sign in");
    for which in [Which::Over, Which::All] {
        let classes = vec![ClassId::new("safety_hazard").unwrap()];
        let found = ids(&bench, IncidentFilter { which, classes, ..default() }).await;
        assert_eq!(found.len(), if which == Which::Over { 1 } else { 7 });
    }
    for which in [Which::Open, Which::All] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let filter = IncidentFilter { which, after, limit: 2, ..default() };
            let page = bench.desk.dispatch().list(filter).await.unwrap();
            seen.extend(page.incidents.iter().map(|row| row.id().0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let whole = ids(&bench, IncidentFilter { which, ..default() }).await;
        assert_eq!(seen, whole, "page by page, nothing twice and nothing missed");
        assert_eq!(whole.len(), if which == Which::Open { 6 } else { 7 });
    }
}

#[tokio::test]
async fn what_waits_for_a_revisit_stands_by_its_time_and_discontent_before_it() {
    let bench = Bench::new();
    // Into the working day, in which its time counts.
    bench.clock.advance(Duration::from_hours(4));
    let mut all = Vec::new();
    for n in 0..5 {
        let id = IncidentId(reported(&bench, &format!("第{n}件"), Source::Hotline).await);
        bench.act(id, IncidentAction::Claim, 1).await.unwrap();
        all.push(id);
        bench.clock.advance(Duration::from_secs(60));
    }
    // Closed in another order than they came: the first one last, and so it is due last.
    for id in [all[2], all[1], all[3], all[0]] {
        bench.act(id, IncidentAction::Close { reason: CloseReason::Handled }, 1).await.unwrap();
        bench.clock.advance(Duration::from_secs(60));
    }
    bench.act(all[4], IncidentAction::Close { reason: CloseReason::FalseAlarm }, 1).await.unwrap();
    let waits = || IncidentFilter { which: Which::Revisit, ..IncidentFilter::default() };
    assert_eq!(
        ids(&bench, waits()).await,
        [all[2].0, all[1].0, all[3].0, all[0].0],
        "a false alarm does not"
    );
    let count = async |areas: Option<&str>| {
        let areas = areas.map(|area| BTreeSet::from([AreaId::new(area).unwrap()]));
        let counts = bench.desk.dispatch().revisits(areas, bench.clock.wall()).await.unwrap();
        (counts.waiting, counts.n_overdue, counts.discontent)
    };
    assert_eq!(count(None).await, (4, 0, 0));
    assert_eq!((count(Some("village")).await, count(Some("town")).await), ((4, 0, 0), (0, 0, 0)));

    let due = bench.row(all[1]).await.deadline.unwrap();
    let past = u64::try_from(due.0 - bench.clock.wall().0).unwrap();
    bench.clock.advance(Duration::from_millis(past));
    bench.desk.fire_clocks(bench.clock.wall()).await.unwrap();
    assert_eq!(count(None).await, (4, 2, 0), "late ones stay in it");
    let asked = |satisfaction| IncidentAction::Revisit {
        result: RevisitResult::Reached,
        satisfaction: Some(satisfaction),
    };
    let row = bench.act(all[0], asked(Satisfaction::Dissatisfied), 7).await.unwrap();
    let revisited = row.revisited.unwrap();
    assert_eq!((revisited.by, revisited.at), (AccountId(7), bench.clock.wall()));
    assert_eq!(bench.row(all[0]).await, row, "as it is read again");
    bench.act(all[3], asked(Satisfaction::Fairly), 7).await.unwrap();
    assert_eq!(ids(&bench, waits()).await, [all[0].0, all[2].0, all[1].0], "who is not content, first");
    assert_eq!(count(None).await, (2, 2, 1));
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = bench.desk.dispatch().list(IncidentFilter { after, limit: 1, ..waits() }).await.unwrap();
        seen.extend(page.incidents.iter().map(|row| row.id().0));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [all[0].0, all[2].0, all[1].0], "page by page, nothing twice and nothing missed");

    let reopen = IncidentAction::Reopen { reason: ReopenReason::Discontent };
    let again = bench.act(all[0], reopen, 7).await.unwrap();
    assert_eq!(again.revisited, None);
    assert_eq!(count(None).await, (2, 2, 0), "it is in the queue again");
    bench.act(all[1], asked(Satisfaction::Dissatisfied), 7).await.unwrap();
    bench.act(all[1], IncidentAction::Archive, 7).await.unwrap();
    assert_eq!(count(None).await, (1, 1, 0), "somebody has decided that it stays as it is");
    bench.act(all[2], IncidentAction::Archive, 7).await.unwrap();
    assert_eq!(count(None).await, (0, 0, 0), "who archives it unasked, has decided too");
    assert!(ids(&bench, waits()).await.is_empty());
}
