use super::*;
use crate::store::DISPATCH_MIGRATIONS;

fn key() -> FaultKey {
    FaultKey { kind: TicketKind::Stream, camera: Some(CameraId::new("gate").unwrap()) }
}

fn raise(times: u32, code: &str) -> TicketChange {
    let fault = Fault {
        level: Level::Red,
        stage: Some("connect".into()),
        code: code.into(),
        detail: "d".into(),
        remedy: "r".into(),
    };
    TicketChange::Raise { key: key(), fault, first: WallTime(1_000), times }
}

fn recover(at: i64) -> TicketChange {
    TicketChange::Recover { key: key(), last: WallTime(at) }
}

fn tickets(dir: &tempfile::TempDir) -> Tickets {
    Tickets::open(Db::open(&dir.path().join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_comes_back_goes_on_in_its_ticket_and_a_new_one_begins_after_an_hour() {
    let dir = tempfile::tempdir().unwrap();
    let store = tickets(&dir);
    let apply = |change, at| {
        tokio::task::block_in_place(|| store.apply_blocking(vec![change], WallTime(at)).unwrap())
    };
    apply(raise(1, "refused"), 21_000);
    apply(raise(2, "stalled"), 60_000);
    apply(recover(70_000), 190_000);
    let all = store.list(WhichTickets::All).await.unwrap().tickets;
    let [row] = &all[..] else { panic!("{all:?}") };
    assert_eq!((row.state, row.times, row.fault.code.as_str()), (TicketState::Recovered, 3, "stalled"));
    assert_eq!(
        (row.first, row.last, row.recovered),
        (WallTime(1_000), WallTime(70_000), Some(WallTime(190_000)))
    );
    assert_eq!(store.list(WhichTickets::Open).await.unwrap().tickets, []);
    apply(raise(1, "refused"), 3_000_000);
    let open = store.list(WhichTickets::Open).await.unwrap().tickets;
    assert_eq!((open[0].id, open[0].times, open[0].recovered), (row.id, 4, None));
    apply(recover(3_000_000), 3_200_000);
    apply(raise(1, "refused"), 9_000_000);
    let open = store.list(WhichTickets::Open).await.unwrap().tickets;
    assert_eq!((open.len(), open[0].times), (1, 1));
    assert_ne!(open[0].id, row.id);
    assert_eq!(tokio::task::block_in_place(|| store.open_blocking()).unwrap(), [key()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_technician_closed_stays_closed() {
    let dir = tempfile::tempdir().unwrap();
    let store = tickets(&dir);
    let apply = |change, at| {
        tokio::task::block_in_place(|| store.apply_blocking(vec![change], WallTime(at)).unwrap())
    };
    apply(raise(1, "refused"), 1_000);
    let id = store.list(WhichTickets::Open).await.unwrap().tickets[0].id;
    let hand = |at| TicketHand { at: WallTime(at), by: "tech".into() };
    let act = |what, at, note: &str| store.act(id, what, hand(at), note.to_owned());
    let row = act(TicketAct::Acknowledge, 2_000, "on my way").await.unwrap().unwrap();
    assert_eq!((row.state, row.note.as_str()), (TicketState::Acknowledged, "on my way"));
    apply(recover(2_500), 3_000);
    apply(raise(1, "refused"), 3_500);
    let row = store.one(id).await.unwrap().unwrap();
    assert_eq!((row.state, row.times), (TicketState::Acknowledged, 2), "who knew still knows");
    let row = act(TicketAct::Close, 4_000, "").await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.note.as_str(), row.closed.clone()),
        (TicketState::Closed, "on my way", Some(hand(4_000)))
    );
    assert_eq!(act(TicketAct::Acknowledge, 5_000, "late").await.unwrap().unwrap(), row);
    apply(raise(1, "refused"), 6_000);
    assert_ne!(store.list(WhichTickets::Open).await.unwrap().tickets[0].id, id);
    assert_eq!(store.act(TicketId(99), TicketAct::Close, hand(1), String::new()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_person_can_end_adds_up_and_is_open_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = tickets(&dir);
    let raise = |detail: &str| {
        let fault = Fault {
            level: Level::Red,
            stage: None,
            code: "no_deadline".into(),
            detail: detail.into(),
            remedy: "r".into(),
        };
        let key = FaultKey { kind: TicketKind::Untimed, camera: None };
        let change = TicketChange::Raise { key, fault, first: WallTime(1_000), times: 1 };
        tokio::task::block_in_place(|| store.apply_blocking(vec![change], WallTime(2_000)).unwrap());
    };
    raise("A");
    let id = store.list(WhichTickets::Open).await.unwrap().tickets[0].id;
    let hand = TicketHand { at: WallTime(3_000), by: "tech".into() };
    store.act(id, TicketAct::Acknowledge, hand, String::new()).await.unwrap();
    raise("B");
    let row = store.one(id).await.unwrap().unwrap();
    assert_eq!((row.state, row.acknowledged, row.times), (TicketState::Open, None, 2), "nobody knows of B");
    assert_eq!(row.fault.detail, "A; B");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_is_told_of_each_ticket_once_as_it_is_now() {
    let dir = tempfile::tempdir().unwrap();
    let store = tickets(&dir);
    let mut changed = store.changed();
    let apply = |change, at| {
        tokio::task::block_in_place(|| store.apply_blocking(vec![change], WallTime(at)).unwrap())
    };
    let since = async |seq| match store.changes_since(TicketSeq(seq), 10).await.unwrap() {
        TicketReplay::Changes(rows) => rows,
        TicketReplay::Reset => panic!("{seq} is a place"),
    };
    assert_eq!(since(0).await, []);
    apply(raise(1, "refused"), 1_000);
    assert!(changed.has_changed().unwrap());
    let seen = *changed.borrow_and_update();
    apply(raise(2, "stalled"), 2_000);
    apply(recover(3_000), 3_000);
    let [row] = &since(seen.0).await[..] else { panic!("one ticket, once") };
    assert_eq!((row.state, row.times), (TicketState::Recovered, 3));
    assert_eq!(row.seq, store.list(WhichTickets::All).await.unwrap().as_of);
    assert_eq!(row.seq, *changed.borrow_and_update());
    assert_eq!(since(row.seq.0).await, []);
    for seq in [row.seq.0 + 1, -1, i64::MAX] {
        assert_eq!(store.changes_since(TicketSeq(seq), 10).await.unwrap(), TicketReplay::Reset, "{seq}");
    }
    let hand = TicketHand { at: WallTime(4_000), by: "tech".into() };
    let closed = store.act(row.id, TicketAct::Close, hand.clone(), String::new()).await.unwrap().unwrap();
    assert!(closed.seq > row.seq && changed.has_changed().unwrap());
    changed.mark_unchanged();
    let again = store.act(row.id, TicketAct::Close, hand, String::new()).await.unwrap().unwrap();
    assert_eq!((again.seq, changed.has_changed().unwrap()), (closed.seq, false), "nothing has changed");
    assert_eq!(store.blinding().await.unwrap(), []);
    apply(raise(1, "refused"), 9_000_000);
    assert_eq!(store.blinding().await.unwrap().len(), 1);
}
