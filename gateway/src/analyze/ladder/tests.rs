//! Climbing, resting and the safety net.

use super::*;

fn ladder(rest: Rung) -> Ladder {
    let need = Need { rest, fps: 5.0, doze: MediaDuration::from_secs(4) };
    let look_every = MediaDuration::from_secs(10);
    let mut ladder = Ladder::new(LadderSettings::new(LadderMode::Auto, need, 5.0, look_every));
    ladder.begin(Pts(0));
    ladder
}

const fn secs(n: i64) -> Pts {
    Pts(n * 90_000)
}

fn tracked(fps: f32) -> Interest {
    Interest { fps, ..Interest::default() }
}

/// The detector answers at once.
fn seen(ladder: &mut Ladder, interest: Interest) {
    ladder.seen(ladder.now, interest);
}

/// A stream of keyframes every two seconds with nothing on them; when the detector was asked.
fn looks(ladder: &mut Ladder, verdict: Verdict, until: i64) -> Vec<i64> {
    ladder.keyframe_gap(MediaDuration::from_secs(2));
    (0..until)
        .step_by(2)
        .filter(|&n| {
            ladder.unit(secs(n), verdict);
            let is_looked_at = ladder.wants_keyframe() && ladder.keyframe(false).is_some();
            if is_looked_at {
                seen(ladder, Interest::default());
            }
            ladder.settle(false);
            is_looked_at
        })
        .collect()
}

#[test]
fn whatever_the_sizes_say_a_keyframe_is_looked_at_every_ten_seconds() {
    for verdict in [Verdict::Calm, Verdict::Blind] {
        let mut ladder = ladder(Rung::Sizes);
        assert_eq!(looks(&mut ladder, verdict, 41), [0, 10, 20, 30, 40], "{verdict:?}");
    }
}

#[test]
fn a_look_that_nobody_had_is_asked_for_again_at_the_next_keyframe() {
    for rest in [Rung::Sizes, Rung::Keyframes] {
        let mut ladder = ladder(rest);
        assert_eq!(looks(&mut ladder, Verdict::Calm, 5), [0]);
        ladder.unit(secs(10), Verdict::Calm);
        assert!(ladder.wants_keyframe());
        assert_eq!(ladder.keyframe(false), Some(Look::SafetyNet));
        ladder.unseen(secs(10));
        ladder.unit(secs(12), Verdict::Calm);
        assert!(ladder.wants_keyframe());
        assert_eq!(ladder.keyframe(false), Some(Look::SafetyNet), "{rest:?}");
        // One that was asked for before it says nothing of the newest.
        ladder.unseen(secs(10));
        ladder.unit(secs(14), Verdict::Calm);
        assert!(!ladder.wants_keyframe() || ladder.keyframe(false).is_none(), "{rest:?}");
    }
}

/// The keyframes of now that were decoded, of a stream with one every two seconds.
fn decoded(ladder: &mut Ladder, seconds: std::ops::Range<i64>) -> Vec<i64> {
    ladder.keyframe_gap(MediaDuration::from_secs(2));
    seconds
        .step_by(2)
        .filter(|&n| {
            ladder.unit(secs(n), Verdict::Blind);
            let is_decoded = ladder.wants_keyframe();
            if is_decoded {
                ladder.keyframe(false);
            }
            is_decoded
        })
        .collect()
}

#[test]
fn after_a_minute_without_anything_new_it_dozes_until_something_is() {
    let mut ladder = ladder(Rung::Keyframes);
    assert_eq!(decoded(&mut ladder, 0..62), (0..62).step_by(2).collect::<Vec<_>>());
    assert_eq!(decoded(&mut ladder, 62..84), [64, 68, 72, 76, 80]);
    assert_eq!(ladder.look_every(), MediaDuration::from_secs(30));
    ladder.unit(secs(84), Verdict::Blind);
    assert_eq!(ladder.keyframe(true), Some(Look::Changed));
    assert_eq!(ladder.look_every(), MediaDuration::from_secs(10));
    assert_eq!(decoded(&mut ladder, 86..100), (86..100).step_by(2).collect::<Vec<_>>());
}

#[test]
fn with_a_rule_about_what_is_soon_gone_no_keyframe_is_left_out() {
    let need = Need { rest: Rung::Sizes, fps: 8.0, doze: MediaDuration::ZERO };
    let settings = LadderSettings::new(LadderMode::Auto, need, 8.0, MediaDuration::from_secs(10));
    let mut ladder = Ladder::new(settings);
    ladder.begin(Pts(0));
    assert_eq!(decoded(&mut ladder, 0..120), (0..120).step_by(2).collect::<Vec<_>>());
}

#[test]
fn with_sizes_that_are_trusted_no_other_keyframe_is_decoded() {
    let mut ladder = ladder(Rung::Sizes);
    looks(&mut ladder, Verdict::Calm, 11);
    assert_eq!(ladder.rung(), Rung::Sizes);
    ladder.unit(secs(12), Verdict::Calm);
    assert!(!ladder.wants_keyframe());
    ladder.unit(secs(13), Verdict::Stirred);
    assert_eq!((ladder.rung(), ladder.reason()), (Rung::Few, RungReason::Sizes));
}

#[test]
fn it_climbs_for_what_is_seen_follows_what_moves_and_rests_again() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(0), Verdict::Blind);
    assert_eq!(ladder.keyframe(true), Some(Look::Changed));
    seen(&mut ladder, Interest { is_new: true, ..Interest::default() });
    assert_eq!((ladder.rung(), ladder.reason()), (Rung::Few, RungReason::Seen));
    seen(&mut ladder, tracked(5.0));
    assert_eq!((ladder.rung(), ladder.fps()), (Rung::Full, 5.0));
    ladder.unit(secs(2), Verdict::Blind);
    assert!(!ladder.settle(false));
    assert_eq!((ladder.rung(), ladder.reason()), (Rung::Few, RungReason::Calm));
    ladder.unit(secs(3), Verdict::Blind);
    assert!(!ladder.settle(false), "it is watched a little longer");
    ladder.unit(secs(5), Verdict::Blind);
    assert!(ladder.settle(false));
    assert_eq!(ladder.rung(), Rung::Keyframes);
    let reasons: Vec<_> = ladder.take_steps().iter().map(|step| step.reason).collect();
    assert_eq!(reasons, [RungReason::Seen, RungReason::Track, RungReason::Calm, RungReason::Calm]);
}

#[test]
fn while_a_rule_counts_time_it_sees_as_many_pictures_as_the_rule_wants() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(0), Verdict::Stirred);
    assert_eq!((ladder.rung(), ladder.fps()), (Rung::Few, 2.5));
    seen(&mut ladder, Interest { is_busy: true, ..Interest::default() });
    assert_eq!((ladder.rung(), ladder.fps()), (Rung::Few, 5.0));
    seen(&mut ladder, Interest::default());
    assert_eq!((ladder.rung(), ladder.fps()), (Rung::Few, 2.5));
}

#[test]
fn a_late_answer_holds_it_up_no_longer_than_one_in_time() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(0), Verdict::Blind);
    ladder.keyframe(true);
    ladder.unit(secs(3), Verdict::Blind);
    ladder.seen(secs(0), Interest { is_new: true, ..Interest::default() });
    ladder.seen(secs(1), tracked(5.0));
    assert_eq!(ladder.rung(), Rung::Full);
    assert!(!ladder.settle(false));
    assert_eq!(ladder.rung(), Rung::Few, "what moved was two seconds ago");
    ladder.unit(secs(5), Verdict::Blind);
    assert!(ladder.settle(false), "four seconds after it was last seen");
}

/// A camera that sends no more pictures than are wanted always has one on its way to the detector.
#[test]
fn it_leaves_the_top_rung_also_while_pictures_are_on_their_way_to_the_detector() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(0), Verdict::Blind);
    ladder.keyframe(true);
    seen(&mut ladder, Interest { is_new: true, ..Interest::default() });
    seen(&mut ladder, tracked(5.0));
    for n in 1..=3 {
        ladder.unit(secs(n), Verdict::Blind);
        assert!(ladder.picture(secs(n), false) && !ladder.settle(true));
        assert_eq!(ladder.rung(), Rung::Full, "{n}: what is on its way may show it");
    }
    ladder.unit(secs(4), Verdict::Blind);
    assert!(!ladder.settle(true));
    assert_eq!((ladder.rung(), ladder.reason()), (Rung::Few, RungReason::Calm));
    ladder.seen(secs(3), tracked(5.0));
    assert_eq!(ladder.rung(), Rung::Full, "it did");
    ladder.unit(secs(9), Verdict::Blind);
    assert!(!ladder.settle(true) && ladder.rung() == Rung::Few, "nobody rests before all has been seen");
    assert!(!ladder.picture(secs(9), false) && ladder.settle(false), "and nothing more is asked for");
}

#[test]
fn while_a_rule_counts_time_it_does_not_rest() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(0), Verdict::Blind);
    ladder.keyframe(true);
    seen(&mut ladder, Interest { is_new: true, ..Interest::default() });
    seen(&mut ladder, tracked(5.0));
    for n in 1..600 {
        ladder.unit(secs(n), Verdict::Blind);
        assert!(ladder.picture(secs(n), false), "it is detected although nothing moves");
        seen(&mut ladder, Interest { is_busy: true, ..Interest::default() });
        assert!(!ladder.settle(false));
    }
    assert_eq!(ladder.rung(), Rung::Few);
}

#[test]
fn what_stands_and_matters_is_looked_at_on_every_keyframe() {
    let mut ladder = ladder(Rung::Keyframes);
    ladder.keyframe_gap(MediaDuration::from_secs(2));
    let parked = Interest { is_settled: true, ..Interest::default() };
    for n in (0..60).step_by(2) {
        ladder.unit(secs(n), Verdict::Blind);
        assert_eq!(ladder.keyframe(false), Some(Look::SafetyNet));
        seen(&mut ladder, parked);
        assert_eq!(ladder.rung(), Rung::Keyframes);
    }
    seen(&mut ladder, Interest::default());
    ladder.unit(secs(60), Verdict::Blind);
    assert_eq!(ladder.keyframe(false), None);
}

#[test]
fn a_floor_is_never_left() {
    for rest in [Rung::Keyframes, Rung::Few, Rung::Full] {
        let mut ladder = ladder(rest);
        for n in 0..60 {
            ladder.unit(secs(n), Verdict::Calm);
            ladder.settle(false);
            assert!(ladder.rung() >= rest, "{rest} at {n} s");
            assert!(rest < Rung::Few || ladder.picture(secs(n), false));
        }
    }
}

#[test]
fn keyframes_that_are_rare_are_no_place_to_rest() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.keyframe_gap(MediaDuration::from_secs(20));
    ladder.unit(secs(1), Verdict::Blind);
    assert_eq!(ladder.rung(), Rung::Few);
}

#[test]
fn what_changes_for_nothing_is_believed_less_and_less() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.keyframe_gap(MediaDuration::from_secs(2));
    let mut climbs = 0;
    for n in (0..1_200).step_by(2) {
        ladder.unit(secs(n), Verdict::Blind);
        if ladder.rung() < Rung::Few {
            ladder.keyframe(true);
            climbs += i32::from(ladder.rung() == Rung::Few);
        }
        ladder.settle(false);
    }
    assert!((20..45).contains(&climbs), "{climbs} climbs in twenty minutes of leaves");
}

#[test]
fn who_is_refused_is_looked_at_on_every_keyframe_and_asks_again() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(0), Verdict::Blind);
    ladder.keyframe(true);
    seen(&mut ladder, Interest { is_new: true, ..Interest::default() });
    ladder.refuse();
    assert_eq!((ladder.rung(), ladder.reason()), (Rung::Keyframes, RungReason::Overload));
    ladder.unit(secs(1), Verdict::Calm);
    assert_eq!(ladder.keyframe(false), Some(Look::Reduced));
    seen(&mut ladder, tracked(5.0));
    assert_eq!(ladder.rung(), Rung::Keyframes);
    ladder.unit(secs(3), Verdict::Blind);
    seen(&mut ladder, tracked(5.0));
    assert_eq!(ladder.rung(), Rung::Full);
}

#[test]
fn who_was_refused_and_wants_nothing_any_more_rests_as_before() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.keyframe_gap(MediaDuration::from_secs(2));
    ladder.unit(secs(0), Verdict::Blind);
    ladder.keyframe(true);
    seen(&mut ladder, Interest { is_new: true, ..Interest::default() });
    ladder.refuse();
    let looks: Vec<_> = (2..14)
        .step_by(2)
        .map(|n| {
            ladder.unit(secs(n), Verdict::Blind);
            let look = ladder.keyframe(false);
            if look.is_some() {
                seen(&mut ladder, Interest::default());
            }
            look
        })
        .collect();
    assert_eq!(looks[..2], [Some(Look::Reduced); 2], "four seconds long it is still wanted");
    assert_eq!(looks[2..5], [None; 3]);
    assert_eq!((ladder.rung(), ladder.reason()), (Rung::Keyframes, RungReason::Calm));
    ladder.unit(secs(100), Verdict::Blind);
    assert_eq!(ladder.look_every(), MediaDuration::from_secs(30), "it dozes, too");
}

#[test]
fn a_site_that_wants_everything_gets_it() {
    let look_every = MediaDuration::from_secs(10);
    let need = Need { rest: Rung::Sizes, fps: 2.0, doze: MediaDuration::ZERO };
    let mut ladder = Ladder::new(LadderSettings::new(LadderMode::Full, need, 5.0, look_every));
    ladder.begin(Pts(0));
    for n in 0..60 {
        ladder.unit(secs(n), Verdict::Calm);
        assert!(ladder.picture(secs(n), false) && !ladder.settle(false));
        seen(&mut ladder, Interest::default());
        assert_eq!((ladder.rung(), ladder.fps()), (Rung::Full, 5.0));
    }
}

#[test]
fn a_part_will_do_while_the_whole_was_seen_within_a_second_and_only_where_it_may() {
    let need = Need { rest: Rung::Sizes, fps: 5.0, doze: MediaDuration::ZERO };
    let new = |mode, parts| {
        let settings = LadderSettings::new(mode, need, 5.0, MediaDuration::from_secs(10));
        let mut ladder = Ladder::new(LadderSettings { parts, ..settings });
        ladder.begin(Pts(0));
        ladder
    };
    let at = |tenths: i64| Pts(tenths * 9_000);
    let wholes =
        |ladder: &mut Ladder| (0..30).filter(|&n| !ladder.may_look_at_parts(at(n))).collect::<Vec<_>>();
    let mut auto = new(LadderMode::Auto, true);
    assert_eq!(wholes(&mut auto), [0, 10, 20]);
    // The past, when it climbs once more.
    assert!(!auto.may_look_at_parts(at(5)));
    for mut whole in [new(LadderMode::Full, true), new(LadderMode::Auto, false)] {
        assert_eq!(wholes(&mut whole), (0..30).collect::<Vec<_>>());
    }
}

#[test]
fn who_is_about_to_rest_asks_a_detector_that_is_behind_for_nothing_more() {
    let mut ladder = ladder(Rung::Sizes);
    ladder.unit(secs(10), Verdict::Stirred);
    assert_eq!(ladder.rung(), Rung::Few);
    let asked: Vec<i64> = (10..30)
        .filter(|&n| {
            ladder.unit(secs(n), Verdict::Calm);
            ladder.picture(secs(n), false)
        })
        .collect();
    assert_eq!(asked, [10, 11, 12, 13]);
    assert!(ladder.picture(secs(30), true), "what moves is seen");
    assert!(ladder.picture(secs(32), false));
}
