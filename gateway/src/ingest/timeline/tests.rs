//! The time model against cameras that drift, jump, reorder and wrap.

use proptest::prelude::*;

use super::*;
use crate::clock::Clock;

const START: WallTime = WallTime(1_700_000_000_000);

fn ticks(millis: i64) -> i64 {
    MediaDuration::from_millis(millis).0
}

fn zero() -> Instant {
    Clock::simulated(START).instant()
}

fn after(zero: Instant, micros: i64) -> Instant {
    zero + Duration::from_micros(u64::try_from(micros).unwrap())
}

#[test]
fn the_least_delayed_picture_sets_the_wall_start_at_half_speed() {
    let zero = zero();
    // The first picture arrives 300 ms late, later ones with 0 to 80 ms of jitter.
    let mut timeline = Timeline::begin(0, after(zero, 300_000), START, None);
    let jitter = [300, 80, 10, 0, 60, 20];
    let mut walls = Vec::new();
    for n in 0..50i64 {
        let late = jitter[usize::try_from(n).unwrap() % jitter.len()];
        let late = if n > 0 && late == 300 { 40 } else { late };
        walls.push(timeline.step(ticks(n * 40), after(zero, (n * 40 + late) * 1000)).unwrap().wall);
    }
    assert_eq!(timeline.wall_start().0, START.0 - 300);
    assert_eq!(walls.last().unwrap().0, START.0 - 300 + 49 * 40);
    assert!(walls.windows(2).all(|pair| (20..=40).contains(&(pair[1].0 - pair[0].0))), "{walls:?}");
}

#[test]
fn drift_of_500_ppm_over_seven_days_stays_within_a_tenth_of_a_second() {
    for ppm in [-500, -300, 300, 500] {
        let zero = zero();
        let mut timeline = Timeline::begin(0, zero, START, None);
        let mut previous = START.0;
        for n in 0..7 * 86_400 * 2_i64 {
            let media = n * 500_000;
            let real = media + media / 1_000_000 * ppm;
            let at = timeline.step(media * 9 / 100, after(zero, real)).unwrap();
            let error = at.wall.0 - (START.0 + real / 1000);
            assert!(error.abs() <= 100, "{ppm} ppm: picture {n} is {error} ms off");
            assert!(n == 0 || (499..=501).contains(&(at.wall.0 - previous)), "{ppm} ppm: picture {n} jumps");
            previous = at.wall.0;
        }
    }
}

#[test]
fn a_camera_that_counts_wrong_ends_its_run_before_it_is_three_seconds_off() {
    // 25 pictures a second by its timestamps, 24.9 in truth: 4000 ppm.
    let zero = zero();
    let mut timeline = Timeline::begin(0, zero, START, None);
    for n in 0.. {
        let real = n * 40_160;
        match timeline.step(ticks(n * 40), after(zero, real)) {
            Ok(at) => assert!((at.wall.0 - START.0 - real / 1000).abs() < 3000, "picture {n}"),
            Err(end) => {
                assert!(matches!(end, TimeBreak::Apart(by) if by > MAX_ERROR), "{end:?}");
                assert!(n > 25 * 60, "only after minutes, not at picture {n}");
                break;
            }
        }
    }
}

#[test]
fn steps_that_no_camera_makes_in_one_run_end_it() {
    let zero = zero();
    let check = |millis: i64, expected: Option<TimeBreak>| {
        let mut timeline = Timeline::begin(0, zero, START, None);
        timeline.step(ticks(1_500), zero).unwrap();
        assert_eq!(timeline.step(ticks(millis), zero).err(), expected, "{millis}");
    };
    check(1_420, None);
    check(1_540, None);
    check(-500, Some(TimeBreak::Backward(MediaDuration::from_secs(2))));
    check(12_500, Some(TimeBreak::Forward(MediaDuration::from_secs(11))));
    check(-1_000_000_000, Some(TimeBreak::Backward(MediaDuration::from_millis(1_000_001_500))));
}

#[test]
fn timestamps_that_stand_still_or_fall_back_a_little_end_the_run() {
    for back in [0, 500] {
        let zero = zero();
        let mut timeline = Timeline::begin(0, zero, START, None);
        timeline.step(ticks(2_000), after(zero, 2_000_000)).unwrap();
        let end = (0..).find_map(|n| {
            let step = if back == 0 { 0 } else { n };
            timeline.step(ticks(2_000 - back + step), after(zero, 2_040_000 + n * 40_000)).err()
        });
        assert!(matches!(end, Some(TimeBreak::Backward(_))), "{back}: {end:?}");
    }
}

#[test]
fn a_run_begins_behind_the_one_before_unless_the_clock_was_set_back() {
    let zero = zero();
    let check = |earliest: i64, start: i64| {
        let timeline = Timeline::begin(7, zero, START, Some(WallTime(START.0 + earliest)));
        assert_eq!(timeline.wall_start().0 - START.0, start, "{earliest}");
    };
    check(-40_000, 0);
    check(0, 0);
    check(800, 800);
    check(3_600_000, 0);
    // And finds back to the arrival, without a step backwards.
    let mut timeline = Timeline::begin(0, zero, START, Some(WallTime(START.0 + 800)));
    let walls: Vec<i64> =
        (0..60).map(|n| timeline.step(ticks(n * 40), after(zero, n * 40_000)).unwrap().wall.0).collect();
    assert!(walls.windows(2).all(|pair| pair[1] > pair[0]));
    assert_eq!(walls.last().unwrap() - START.0, 59 * 40);
}

/// Pictures in decoding order with B pictures between anchors, as `(media ms, received ms)`.
fn reordered(n_b: i64, steps: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut units = Vec::new();
    let (mut media, mut real) = (0, 0);
    for &(frame, late) in steps {
        let anchor = media + frame * (n_b + 1);
        real = real.max(anchor) + late;
        units.push((anchor, real));
        units.extend((1..=n_b).map(|b| (media + frame * b, real)));
        media = anchor;
    }
    units
}

proptest! {
    /// Shown in the order of their presentation, the pictures' wall time never falls, whatever jitter and reordering do;
    /// it moves between half and one and a half times the media's speed, and stays near the arrivals.
    #[test]
    fn wall_time_never_runs_backwards_within_a_run(
        n_b in 0i64..4,
        steps in prop::collection::vec((20i64..60, prop_oneof![9 => 0i64..30, 1 => 0i64..1500]), 1..400),
        first_rtp in prop_oneof![Just(0i64), Just(i64::from(u32::MAX) - 90_000), -1_000_000i64..1_000_000],
        earliest in prop::option::of(-10_000i64..6_000),
    ) {
        let zero = zero();
        let earliest = earliest.map(|millis| WallTime(START.0 + millis));
        let mut timeline = Timeline::begin(first_rtp, zero, START, earliest);
        let mut moments = Vec::new();
        for (media, real) in reordered(n_b, &steps) {
            match timeline.step(first_rtp + ticks(media), after(zero, real * 1000)) {
                Ok(moment) => moments.push((moment.pts, moment.wall.0, real)),
                Err(end) => {
                    prop_assert!(matches!(end, TimeBreak::Apart(_)), "{end:?}");
                    break;
                }
            }
        }
        moments.sort_unstable();
        for pair in moments.windows(2) {
            let (media, wall) = ((pair[1].0 - pair[0].0).0 / 90, pair[1].1 - pair[0].1);
            prop_assert!(media > 0);
            prop_assert!(wall >= media / 2 - 1 && wall <= media * 3 / 2 + 2, "{media} ms of media, {wall} of wall");
        }
        if let (Some(earliest), Some((_, wall, _))) = (earliest, moments.first())
            && earliest.since(START) <= MAX_PUSH
        {
            prop_assert!(*wall >= earliest.0, "the run begins inside the one before");
        }
    }

    /// Whatever RTP times come, nothing panics, and every accepted picture is near the newest.
    #[test]
    fn wild_timestamps_never_panic(rtps in prop::collection::vec(any::<i64>(), 1..50), steps in prop::collection::vec(-200_000i64..2_000_000, 0..200)) {
        let zero = zero();
        let mut timeline = Timeline::begin(rtps[0] / 4, zero, START, None);
        for rtp in &rtps {
            let _ = timeline.step(rtp / 4, zero);
        }
        let mut timeline = Timeline::begin(0, zero, START, None);
        let (mut rtp, mut newest) = (0, 0);
        for (n, step) in (0..).zip(steps) {
            rtp += step;
            if let Ok(moment) = timeline.step(rtp, after(zero, n * 40_000)) {
                prop_assert!(moment.pts.0 >= newest - REORDER.0 && moment.pts.0 <= newest + JUMP.0);
                newest = newest.max(moment.pts.0);
            }
        }
    }
}
