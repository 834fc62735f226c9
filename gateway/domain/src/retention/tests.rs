use proptest::prelude::*;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const START: WallTime = WallTime(1_700_000_000_000);

fn day(n: u32) -> WallTime {
    START.plus(DAY * n)
}

/// A minute that ends at `to`.
fn kept(id: i64, to: WallTime, tier: Tier) -> Kept {
    let span = Span { from: to.minus(Duration::from_secs(60)), to };
    Kept { id: SegmentId(id), span, bytes: 10, tier, not_before: WallTime(0), unseen: Duration::ZERO }
}

#[test]
fn a_policy_below_the_law_is_refused_and_says_which() {
    let refused = Policy::new(29, 90, None, LegalBasis::General).unwrap_err().to_string();
    assert_eq!(refused, "is 29 days, and the legal floor is 30 days (legal_basis = \"general\")");
    let refused = Policy::new(60, 120, None, LegalBasis::KeyTarget).unwrap_err().to_string();
    assert!(refused.contains("90 days (legal_basis = \"key_target\")"), "{refused}");
    assert!(matches!(
        Policy::new(60, 45, None, LegalBasis::General),
        Err(PolicyError::IncidentShorter { incident: 45, base: 60 })
    ));
    assert!(Policy::new(30, 30, None, LegalBasis::General).is_ok());
}

#[test]
fn each_tier_goes_on_its_day_and_held_footage_never() {
    let policy = Policy::new(30, 90, None, LegalBasis::General).unwrap();
    let check = |tier, now, goes| {
        let found = due(&policy, now, &[kept(1, day(0), tier)], 10);
        assert_eq!(!found.is_empty(), goes, "{tier:?} {now:?}");
    };
    check(Tier::Base, WallTime(day(30).0 - 1), false);
    check(Tier::Base, day(30), true);
    check(Tier::Incident, WallTime(day(90).0 - 1), false);
    check(Tier::Incident, day(90), true);
    check(Tier::Held, day(40_000), false);
}

#[test]
fn the_byte_limit_takes_what_is_past_the_floor_and_nothing_younger() {
    let policy = Policy::new(60, 90, Some(25), LegalBasis::General).unwrap();
    let footage = [
        kept(1, day(0), Tier::Held),
        kept(2, day(1), Tier::Incident),
        kept(3, day(2), Tier::Base),
        kept(4, day(3), Tier::Base),
        kept(5, day(20), Tier::Base),
    ];
    let deletions = due(&policy, day(40), &footage, 50);
    let ids: Vec<i64> = deletions.iter().map(|deletion| deletion.id.0).collect();
    assert_eq!(
        ids,
        [3, 4],
        "30 of 25 bytes are left: the rest is younger than 30 days, or kept for a reason"
    );
    assert!(deletions.iter().all(|deletion| deletion.reason == DeletionReason::Bytes));
}

#[test]
fn the_byte_limit_of_incidents_takes_what_base_footage_would_have_lost_and_nothing_younger() {
    let limits = TierLimits { incident_bytes: Some(25), held_bytes: Some(1) };
    let policy = Policy::new(40, 90, None, LegalBasis::General).unwrap().with_tiers(limits);
    let footage = [
        kept(1, day(0), Tier::Held),
        kept(2, day(1), Tier::Incident),
        kept(3, day(4), Tier::Base),
        kept(4, day(4), Tier::Incident),
        kept(5, day(11), Tier::Incident),
    ];
    let gone =
        |now, bytes| due(&policy, now, &footage, bytes).iter().map(|gone| gone.id.0).collect::<Vec<_>>();
    assert_eq!(gone(day(39), 500), [0; 0], "older than the legal floor, and younger than keep_days");
    assert_eq!(gone(day(50), 500), [2, 3, 4], "3 by its age");
    assert_eq!(gone(day(43), 35), [2], "25 of 25 bytes are left");
}

#[test]
fn a_full_disk_cuts_every_camera_to_the_same_share_of_its_floor() {
    let general = Policy::default();
    let key = Policy::new(90, 90, None, LegalBasis::KeyTarget).unwrap();
    let of = |policy, id, to, tier| Candidate { kept: kept(id, to, tier), policy };
    let candidates = vec![
        of(key, 1, day(0), Tier::Base),      // 80 of 90 days
        of(general, 2, day(50), Tier::Base), // 30 of 30
        of(general, 3, day(53), Tier::Base), // 27 of 30
        of(general, 4, day(0), Tier::Incident),
        of(general, 5, day(0), Tier::Held),
        of(general, 6, day(54), Tier::Base), // 26 of 30
    ];
    let ids = |need| shed(day(80), candidates.clone(), need).iter().map(|id| id.0).collect::<Vec<_>>();
    assert_eq!(ids(Need { bytes: 25, files: 0 }), [2, 3, 1]);
    assert_eq!(ids(Need { bytes: 0, files: 1 }), [2]);
    assert_eq!(ids(Need { bytes: 1_000, files: 0 }), [2, 3, 1, 6], "incidents and holds never");
    assert!(ids(Need::default()).is_empty());
}

#[test]
fn a_label_that_the_retention_clock_contradicts_does_not_count() {
    let policy = Policy::default();
    let mut recorded_in_1970 = kept(1, WallTime(60_000), Tier::Base);
    recorded_in_1970.not_before = day(0);
    assert!(!recorded_in_1970.is_expired(&policy, day(29)));
    assert!(recorded_in_1970.is_expired(&policy, day(30)));
    let mut recorded_in_2038 = kept(2, WallTime(2_145_916_800_000), Tier::Base);
    recorded_in_2038.not_before = day(0);
    assert!(!recorded_in_2038.is_expired(&policy, day(29)));
    assert!(recorded_in_2038.is_expired(&policy, day(30)));
}

#[test]
fn footage_from_before_the_first_retention_clock_waits_for_a_clock_that_is_behind() {
    // The label is right, and the first clock of this index says 2020.
    let recorded = kept(1, day(0), Tier::Base);
    let behind = WallTime(1_577_836_800_000);
    assert!(!recorded.is_expired(&Policy::default(), behind));
    assert!(!recorded.is_expired(&Policy::default(), behind.plus(DAY * 40)));
    assert!(!recorded.is_expired(&Policy::default(), day(29)));
    assert!(recorded.is_expired(&Policy::default(), day(30)));
}

#[test]
fn the_first_retention_clock_doubts_a_wall_clock_far_ahead_of_the_newest_footage() {
    let check = |wall, newest, now, is_doubted| {
        let mut clock = RetentionClock::first(wall, newest);
        assert_eq!(clock.observe(wall, Duration::ZERO, DAY), None);
        assert_eq!((clock.now(), clock.doubt().is_some()), (now, is_doubted), "{wall:?} {newest:?}");
    };
    check(day(400), None, day(400), false);
    check(day(400), Some(day(0)), day(0), true);
    check(day(1), Some(day(1).minus(HOUR)), day(1), false);
    // A clock that is behind is not made to jump by it.
    check(day(1), Some(day(9)), day(1), false);
}

#[test]
fn the_strictest_of_two_policies_keeps_what_either_keeps() {
    let long = Policy::new(60, 60, Some(1), LegalBasis::General).unwrap();
    let key = Policy::new(90, 90, None, LegalBasis::KeyTarget).unwrap();
    for strictest in
        [long.strictest(key), key.strictest(long), long.strictest(key).strictest(Policy::default())]
    {
        assert_eq!(strictest, key);
    }
    assert_eq!(long.strictest(Policy::default()), Policy::new(60, 90, None, LegalBasis::General).unwrap());
}

/// What the retention clock is told, step by step: the wall's own jump, and the time that really passes.
fn live(clock: &mut RetentionClock, wall: &mut WallTime, jump_ms: i64, passes: Duration) -> Duration {
    let mut unseen = Duration::ZERO;
    wall.0 += jump_ms;
    let mut left = passes;
    while left > Duration::ZERO {
        let step = left.min(Duration::from_secs(600));
        left -= step;
        *wall = wall.plus(step);
        unseen += clock.observe(*wall, step, 24 * HOUR).unwrap_or_default();
    }
    unseen
}

#[test]
fn no_jump_of_the_wall_clock_ages_footage() {
    let hour_ms = 3_600_000;
    let policy = Policy::default();
    let check = |name: &str, jump_ms: i64, doubted: bool| {
        let (mut clock, mut wall) = (RetentionClock::new(START), START);
        let mut young = kept(1, START, Tier::Base);
        let passed = 2 * HOUR;
        young.unseen = live(&mut clock, &mut wall, jump_ms, passed);
        assert_eq!(clock.doubt().is_some(), doubted, "{name}");
        assert!(young.age(clock.now()) <= passed + HOUR, "{name}: {:?}", young.age(clock.now()));
        // Two days later a steady clock is believed, and the footage is two days old all the same.
        young.unseen += live(&mut clock, &mut wall, 0, 2 * DAY);
        assert_eq!(clock.doubt(), None, "{name}");
        assert!(young.age(clock.now()) <= passed + HOUR + 2 * DAY, "{name}: {:?}", young.age(clock.now()));
        assert!(!young.is_expired(&policy, clock.now()), "{name}");
        // It goes when its 30 days have passed, not later.
        young.unseen += live(&mut clock, &mut wall, 0, 28 * DAY);
        assert!(young.is_expired(&policy, clock.now()), "{name}");
    };
    check("an hour back", -hour_ms, false);
    check("half an hour on", hour_ms / 2, false);
    check("a month on", 30 * 24 * hour_ms, true);
    check("1970", 60_000 - START.0, false);
    check("2038", 2_145_916_800_000 - START.0, true);
}

#[test]
fn a_wrong_clock_that_is_set_right_leaves_no_trace() {
    let (mut clock, mut wall) = (RetentionClock::new(START), START);
    let year_ms = 365 * 86_400_000;
    live(&mut clock, &mut wall, year_ms, 3 * HOUR);
    assert!(clock.doubt().is_some());
    live(&mut clock, &mut wall, -year_ms, HOUR);
    assert_eq!(clock.doubt(), None);
    assert_eq!(clock.now(), wall);
}

#[test]
fn an_administrator_may_settle_it_and_then_the_jump_counts() {
    let (mut clock, mut wall) = (RetentionClock::new(START), START);
    live(&mut clock, &mut wall, 40 * 86_400_000, HOUR);
    clock.confirm(wall);
    assert_eq!((clock.now(), clock.doubt()), (wall, None));
    assert!(kept(1, START, Tier::Base).is_expired(&Policy::default(), clock.now()));
}

#[test]
fn the_forecast_is_arithmetic() {
    let stream = |bytes_per_day, policy| StreamUse { policy, bytes_per_day };
    let key = Policy::new(90, 90, None, LegalBasis::KeyTarget).unwrap();
    let streams = [stream(100, Policy::default()), stream(10, key)];
    let enough = forecast(&streams, Capacity { free_bytes: 1_000, base_bytes: 2_900 });
    assert_eq!((enough.full_in_days, enough.shortfall_bytes), (None, 0), "100 x 30 + 10 x 90 = 3900 fits");
    let short = forecast(&streams, Capacity { free_bytes: 1_100, base_bytes: 1_100 });
    assert_eq!(short.full_in_days, Some(10.0));
    assert_eq!(short.keeps_days, Some(20.0));
    assert_eq!((short.shortfall_bytes, short.missing_bytes), (1_700, 1_700));
    let longer = stream(100, Policy::new(45, 90, None, LegalBasis::General).unwrap());
    let floor_fits = forecast(&[longer], Capacity { free_bytes: 1_000, base_bytes: 2_000 });
    assert_eq!((floor_fits.shortfall_bytes, floor_fits.missing_bytes), (0, 1_500));
    let idle = forecast(&[], Capacity { free_bytes: 5, base_bytes: 0 });
    assert_eq!((idle.full_in_days, idle.keeps_days, idle.shortfall_bytes), (None, None, 0));
}

proptest! {
    /// Whatever the wall clock does, footage never gets older than the time that passed, but for the tolerance of
    /// each jump.
    #[test]
    fn age_is_bounded_by_the_time_that_passed(
        steps in prop::collection::vec((-1_000_000_000_000i64..1_000_000_000_000, 1u64..100_000), 1..20),
    ) {
        let (mut clock, mut wall) = (RetentionClock::new(START), START);
        let mut footage = kept(1, START, Tier::Base);
        footage.not_before = START;
        let mut passed = Duration::ZERO;
        for (n, (jump, seconds)) in (1u32..).zip(steps) {
            let before = clock.now();
            let passes = Duration::from_secs(seconds);
            passed += passes;
            footage.unseen += live(&mut clock, &mut wall, jump, passes);
            prop_assert!(clock.now() >= before);
            prop_assert!(footage.age(clock.now()) <= passed + HOUR * n);
        }
    }
}
