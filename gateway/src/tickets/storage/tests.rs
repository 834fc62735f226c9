//! Reports and holds in, tickets out.

use sharpeyes_domain::{
    ids::HoldId,
    retention::{Forecast, Policy, TierLimits},
    time::WallTime,
};

use super::*;
use crate::{
    record::{
        retention::StreamReport,
        tests::kit::{START, stream},
    },
    store::footage::StreamUsage,
};

const DAY: Duration = Duration::from_secs(86_400);
const GIB: u64 = 1 << 30;

fn report(oldest: WallTime, short: u64, missing: u64, held: u64, most_held: Option<u64>) -> StorageReport {
    let usage = StreamUsage {
        stream: stream("gate"),
        bytes: 50 * GIB,
        oldest,
        newest: START,
        recent_bytes: GIB,
        held_bytes: held,
        reserved_bytes: held,
        newest_shed: None,
        recent_from: None,
    };
    let tiers = TierLimits { incident_bytes: None, held_bytes: most_held };
    let policy = Policy::default().with_tiers(tiers);
    let forecast = Forecast {
        bytes_per_day: GIB,
        full_in_days: (missing > 0).then_some(4.0),
        keeps_days: Some(12.5),
        shortfall_bytes: short,
        missing_bytes: missing,
    };
    let streams = vec![StreamReport { usage, policy, bytes_per_day: GIB }];
    StorageReport { at: START, room: None, recorded_bytes: 50 * GIB, forecast: Some(forecast), streams }
}

fn on_main(report: &StorageReport) -> Vec<(DiskName, StorageReport)> {
    vec![(DiskName::main(), report.clone())]
}

fn codes(report: &StorageReport) -> Vec<(Option<String>, String)> {
    let found = faults(&on_main(report), &[]);
    found.into_iter().map(|(key, fault)| (key.camera.map(|id| id.to_string()), fault.code)).collect()
}

#[test]
fn a_disk_too_small_for_what_is_promised_is_a_ticket_with_its_figure() {
    let check = |report: StorageReport, expected: &[&str]| {
        let found: Vec<String> = codes(&report).into_iter().map(|(_, code)| code).collect();
        assert_eq!(found, expected);
    };
    let old = START.minus(DAY);
    check(report(old, 0, 0, 0, None), &[]);
    check(report(old, 0, 7 * GIB, 0, None), &["keep_days_short"]);
    check(report(old, 3 * GIB, 7 * GIB, 0, None), &["floor_short"]);
    // What an hour of a new camera says of a month is a guess.
    check(report(START.minus(DAY / 2), 3 * GIB, 7 * GIB, 0, None), &[]);
    assert!(faults(&[], &[]).is_empty());
    let found = faults(&on_main(&report(old, 3 * GIB - 1, 7 * GIB, 0, None)), &[]).remove(0).1;
    assert_eq!(found.detail, "3 GiB are missing for what the law asks for; the disk keeps 12.5 days");
}

#[test]
fn several_disks_that_are_too_small_are_one_ticket_that_names_each() {
    let old = START.minus(DAY);
    let disk = |name: &str, short| (name.parse().unwrap(), report(old, short, 7 * GIB, 0, None));
    let found = faults(&[disk("a", 0), disk("b", 3 * GIB)], &[]);
    let [(key, fault)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((key.kind, &key.camera), (TicketKind::Storage, &None));
    assert!(fault.detail.starts_with("disk a: 7 GiB are missing for keep_days"), "{}", fault.detail);
    assert!(
        fault.detail.contains("; disk b: 3 GiB are missing for what the law asks for"),
        "{}",
        fault.detail
    );
}

#[test]
fn held_bytes_past_their_limit_are_told_of_and_nothing_else() {
    let old = START.minus(DAY);
    assert_eq!(codes(&report(old, 0, 0, 9, None)), []);
    assert_eq!(codes(&report(old, 0, 0, 9, Some(9))), []);
    assert_eq!(codes(&report(old, 0, 0, 9, Some(8))), [(Some("gate".into()), "held_bytes".into())]);
}

#[test]
fn holds_that_are_due_are_one_ticket_a_camera() {
    let due = |id, camera: &str| DueReview {
        id: HoldId(id),
        stream: stream(camera),
        case_number: format!("2026-{id}"),
        owner_name: "li".into(),
        review: START,
    };
    let mut all: Vec<DueReview> = (1..=7).map(|id| due(id, "gate")).collect();
    all.push(due(8, "bridge"));
    let found = faults(&[], &all);
    let keys: Vec<_> =
        found.iter().map(|(key, _)| (key.kind, key.camera.clone().unwrap().to_string())).collect();
    assert_eq!(keys, [(TicketKind::HoldReview, "bridge".into()), (TicketKind::HoldReview, "gate".into())]);
    assert!(
        found[0].1.detail.starts_with("hold 8 of case 2026-8 by li, review 2023-"),
        "{}",
        found[0].1.detail
    );
    assert!(found[1].1.detail.ends_with("; and 2 more"), "{}", found[1].1.detail);
}
