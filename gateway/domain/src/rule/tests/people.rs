//! Stays, falls, things left behind, crowds and runs.

use super::scene::{Actor, actor, between, clear, person, play, rule, seconds, stands, zone};
use crate::{
    alarm::Detail,
    detection::ObjectClass::{Bus, Other, Person},
    geometry::NormRect,
    rule::{RuleConfig, RuleKind},
    time::MediaDuration,
};

fn secs(n: i64) -> MediaDuration {
    MediaDuration::from_secs(n)
}

fn loitering(stay_s: i64) -> RuleConfig {
    let kind = RuleKind::Loitering { stay: secs(stay_s), classes: vec![Person] };
    RuleConfig { zone: Some(zone(&[(0.3, 0.3), (0.7, 0.3), (0.7, 0.9), (0.3, 0.9)])), ..rule(kind) }
}

/// Walks in, about, and out again.
fn visits(from: f32, to: f32) -> Actor<'static> {
    actor(Person, move |t| {
        let x = if t < from {
            between(t, from - 4.0, from, 0.1, 0.31)
        } else if t < to {
            0.5 - 0.18 * ((t - from) * 0.5).cos()
        } else {
            between(t, to, to + 4.0, 0.69, 0.9)
        };
        (t >= from - 4.0 && t <= to + 4.0).then_some((person(x, 0.6), 0.7))
    })
}

#[test]
fn one_who_stays_loiters_and_many_who_pass_do_not() {
    for fps in [2, 5, 15] {
        let told = play(&loitering(20), fps, 50.0, &[visits(5.0, 35.0)]);
        told.is_one("30 s", 5.0, 25.0);
        assert!((seconds(told.ends()[0].ended.pts.0) - 35.0).abs() <= 2.5, "{fps} fps: {:?}", told.ends());
        play(&loitering(20), fps, 40.0, &[visits(5.0, 20.0)]).is_silent("15 s");
        let passers: Vec<Actor<'_>> = (0..6_u8)
            .map(|i| {
                let from = 1.0 + 6.0 * f32::from(i);
                actor(Person, move |t| {
                    (t >= from && t <= from + 8.0)
                        .then_some((person(between(t, from, from + 8.0, 0.05, 0.95), 0.6), 0.7))
                })
            })
            .collect();
        play(&loitering(12), fps, 45.0, &passers).is_silent("one after another");
        let whole = RuleConfig { zone: None, ..loitering(20) };
        let stays_and_goes = |from: f32, door: f32| {
            actor(Person, move |t| {
                let x = if t < from + 14.0 { 0.85 } else { between(t, from + 14.0, from + 16.0, 0.85, door) };
                (t >= from && x < 1.02).then_some((stands(x, 0.9, 0.7, 0.25), 0.7))
            })
        };
        play(&whole, fps, 40.0, &[stays_and_goes(1.0, 1.1), stays_and_goes(19.0, 1.1)])
            .is_silent("one who left by the picture's side, and the next");
        let post = actor(Person, |_| clear(person(0.5, 0.6)));
        play(&loitering(20), fps, 60.0, &[post]).is_silent("a post");
    }
}

/// Passes from left to right in front of all, and hides who stands at 0.5 for about six seconds.
fn bus() -> Actor<'static> {
    actor(Bus, |t| {
        (10.0..18.0).contains(&t).then_some((stands(between(t, 10.0, 18.0, -0.2, 1.2), 0.8, 0.45, 0.9), 0.8))
    })
}

fn is_hidden(t: f32) -> bool {
    (11.5..16.5).contains(&t)
}

#[test]
fn a_stay_outlasts_the_bus_that_hides_it() {
    for fps in [2, 5, 15] {
        let waits = actor(Person, |t| {
            let x = between(t, 0.0, 4.0, 0.1, 0.5);
            if is_hidden(t) { None } else { clear(person(x, 0.65)) }
        });
        play(&loitering(20), fps, 40.0, &[waits, bus()]).is_one("behind a bus", 2.0, 22.5);
    }
}

fn down(still_s: i64) -> RuleConfig {
    rule(RuleKind::PersonDown { still: secs(still_s) })
}

/// Walks, falls within 0.8 s at `fall`, and lies there, seen with `score` of the detector.
fn falls(fall: f32, score: f32) -> Actor<'static> {
    actor(Person, move |t| {
        let x = between(t, 0.0, fall, 0.3, 0.5);
        let done = ((t - fall) / 0.8).clamp(0.0, 1.0);
        let rect = stands(x, 0.7, 0.2 - 0.13 * done, 0.08 + 0.12 * done);
        if done >= 1.0 && score <= 0.0 {
            None
        } else {
            Some((rect, if done > 0.0 { score.max(0.2) } else { 0.7 }))
        }
    })
}

#[test]
fn who_falls_and_stays_is_down_however_badly_it_is_seen() {
    for fps in [5, 10, 15] {
        for score in [0.7, 0.15, 0.0] {
            let told = play(&down(8), fps, 30.0, &[falls(6.0, score)]);
            let begin = told.is_one(&format!("{fps} fps, score {score}"), 6.3, 14.3);
            assert_eq!(begin.evidence.class, Person);
            assert_eq!(begin.evidence.detail, Some(Detail::Stay { limit: secs(8) }));
        }
        let passed = actor(Person, |t| {
            if (9.0..9.4).contains(&t) { clear(person(0.5, 0.7)) } else { (falls(6.0, 0.5).path)(t) }
        });
        play(&down(8), fps, 30.0, &[passed]).is_one("in one box with a passer-by for a moment", 6.3, 14.3);
    }
}

#[test]
fn who_gets_up_bends_sits_leaves_or_is_hidden_is_not_down() {
    for fps in [5, 10, 15] {
        let gets_up = actor(Person, |t| {
            let fallen = falls(6.0, 0.5);
            if t < 10.0 { (fallen.path)(t) } else { clear(person(0.5, 0.7)) }
        });
        play(&down(8), fps, 30.0, &[gets_up]).is_silent("gets up");
        let lower = |height: f32, breadth: f32, until: f32| {
            actor(Person, move |t| {
                let x = between(t, 0.0, 5.0, 0.3, 0.5);
                let done = if t < until { ((t - 6.0) / 0.8).clamp(0.0, 1.0) } else { 0.0 };
                let at = |a: f32, b: f32| a + (b - a) * done;
                clear(stands(x, 0.7, at(0.2, height), at(0.08, breadth)))
            })
        };
        play(&down(8), fps, 40.0, &[lower(0.11, 0.12, 11.0)]).is_silent("ties a shoe");
        play(&down(5), fps, 40.0, &[lower(0.085, 0.075, 14.0)]).is_silent("squats for longer");
        play(&down(5), fps, 40.0, &[lower(0.085, 0.075, 99.0)]).is_one("lies towards the camera", 6.3, 16.3);
        play(&down(8), fps, 40.0, &[lower(0.135, 0.09, 99.0)]).is_silent("sits down on a bench");
        let leaves = actor(Person, |t| clear(person(between(t, 0.0, 8.0, 0.5, 1.1), 0.7)));
        play(&down(4), fps, 25.0, &[leaves]).is_silent("walks out of the picture");
        let enters =
            actor(Person, |t| (t < 8.0).then_some((person(between(t, 0.0, 8.0, 0.2, 0.5), 0.6), 0.7)));
        play(&down(4), fps, 25.0, &[enters]).is_silent("goes into a house");
        let hidden = actor(Person, |t| {
            if is_hidden(t) { None } else { clear(person(between(t, 0.0, 6.0, 0.2, 0.5), 0.65)) }
        });
        play(&down(4), fps, 30.0, &[hidden, bus()]).is_silent("behind a bus");
        let wall = actor(Person, |t| {
            // A wall hides the legs: the head stays where it is.
            let cut = between(t, 5.0, 7.0, 0.0, 0.12);
            let whole = person(between(t, 0.0, 10.0, 0.2, 0.6), 0.7);
            clear(NormRect { y1: whole.y1 - cut, ..whole })
        });
        play(&down(4), fps, 30.0, &[wall]).is_silent("behind a wall");
        // Of one who comes in at the bottom the upper half is boxed, then the legs, and beside them the rest.
        let walks = |t: f32| stands(0.5, between(t, 0.0, 5.0, 1.3, 0.9), 0.8, 0.3);
        let legs = actor(Person, move |t| {
            let whole = walks(t);
            let top = between(t, 4.2, 4.8, 0.0, 0.55) * whole.height();
            let narrow = between(t, 4.2, 4.8, 0.0, 0.035);
            let legs = NormRect { x0: whole.x0 + narrow, x1: whole.x1 - narrow, y0: whole.y0 + top, ..whole };
            (t < 5.4).then_some((legs, 0.7))
        });
        let rest = actor(Person, move |t| {
            let whole = walks(t);
            (t > 4.4).then_some((NormRect { y1: whole.y0 + 0.55 * whole.height(), ..whole }, 0.7))
        });
        play(&down(4), fps, 25.0, &[legs, rest]).is_silent("the legs of one who stands");
    }
}

fn left(stay_s: i64) -> RuleConfig {
    RuleConfig { must_have_moved: false, ..rule(RuleKind::LeftObject { stay: secs(stay_s) }) }
}

fn bag(from: f32, to: f32) -> Actor<'static> {
    actor(Other, move |t| (from..to).contains(&t).then_some((stands(0.5, 0.7, 0.05, 0.06), 0.6)))
}

/// Comes, stands at the bag's place until `go`, and leaves.
fn owner(go: f32) -> Actor<'static> {
    actor(Person, move |t| {
        let x = if t < go { between(t, 0.0, 5.0, 0.1, 0.47) } else { between(t, go, go + 6.0, 0.47, 1.2) };
        (x < 1.05).then_some((person(x, 0.7), 0.7))
    })
}

#[test]
fn a_bag_that_someone_leaves_is_alarmed_and_one_that_is_watched_or_taken_is_not() {
    for fps in [2, 5, 15] {
        let told = play(&left(15), fps, 60.0, &[owner(8.0), bag(6.0, 45.0)]);
        told.is_one("left", 9.0, 24.5);
        assert!((seconds(told.ends()[0].ended.pts.0) - 47.0).abs() <= 3.5, "picked up: {:?}", told.ends());
        play(&left(15), fps, 40.0, &[owner(99.0), bag(6.0, 99.0)]).is_silent("its owner stands beside it");
        play(&left(15), fps, 40.0, &[owner(8.0), bag(6.0, 14.0)]).is_silent("picked up again");
        play(&left(15), fps, 60.0, &[bag(6.0, 99.0)]).is_silent("nobody was there");
        let shade = actor(Other, |t| {
            let is_there = (8.0..9.0).contains(&t) || (26.0..27.5).contains(&t);
            is_there.then_some((stands(0.5, 0.7, 0.05, 0.06), 0.6))
        });
        play(&left(15), fps, 60.0, &[owner(8.0), shade]).is_silent("what was there twice for a moment");
        let far = actor(Person, |t| clear(person(between(t, 0.0, 60.0, 0.05, 0.2), 0.4)));
        play(&left(15), fps, 60.0, &[far, bag(6.0, 99.0)]).is_silent("somebody far off");
    }
}

fn arrives(i: u8, from: f32) -> Actor<'static> {
    let x = 0.1 + 0.08 * f32::from(i);
    actor(Person, move |t| (t >= from).then_some((person(x, between(t, from, from + 3.0, 0.95, 0.6)), 0.7)))
}

#[test]
fn a_crowd_that_comes_fast_is_a_surge_and_one_that_comes_slowly_or_was_there_is_not() {
    let config = rule(RuleKind::CrowdSurge { grows_by: 6, within: secs(15) });
    let config = RuleConfig { must_have_moved: false, hold: secs(1), ..config };
    for fps in [2, 5, 15] {
        let crowd = |first: f32, every: f32| -> Vec<Actor<'_>> {
            (0..8).map(|i| arrives(i, first + every * f32::from(i))).collect()
        };
        let told = play(&config, fps, 50.0, &crowd(10.0, 0.8));
        let begin = told.is_one("eight in six seconds", 10.5, 16.5);
        assert!(matches!(begin.evidence.detail, Some(Detail::Growth { from: 0, to: 6.., .. })), "{begin:?}");
        play(&config, fps, 60.0, &crowd(10.0, 5.0)).is_silent("one in five seconds");
        play(&config, fps, 40.0, &crowd(0.0, 0.0)).is_silent("there from the beginning");
    }
}

#[test]
fn feet_outside_the_zone_are_no_intrusion_though_a_box_of_the_upper_half_ends_in_it() {
    let water = Some(zone(&[(0.0, 0.3), (1.0, 0.3), (1.0, 0.62), (0.0, 0.62)]));
    let config = RuleConfig { zone: water, ..rule(RuleKind::WaterEdge { classes: vec![Person] }) };
    let walks = |height: f32| {
        actor(Person, move |t| {
            let whole = stands(between(t, 0.0, 8.0, 0.2, 0.7), 0.75, 0.3, 0.12);
            clear(NormRect { y1: whole.y0 + height, ..whole })
        })
    };
    for fps in [2, 5, 15] {
        play(&config, fps, 12.0, &[walks(0.3), walks(0.16)]).is_silent("the half beside the whole");
        play(&config, fps, 12.0, &[walks(0.16)]).is_one("one whose feet are there", 0.5, 0.5);
    }
}

#[test]
fn people_who_run_are_told_from_people_who_walk() {
    let config = rule(RuleKind::Running { at_least: 3, classes: vec![Person] });
    for fps in [5, 10, 15] {
        let group = |speed: f32| -> Vec<Actor<'_>> {
            (0..4_u8)
                .map(|i| {
                    let y = 0.4 + 0.15 * f32::from(i);
                    actor(Person, move |t| {
                        // Heights per second, along the picture.
                        let x = 0.05 + speed * 0.2 / crate::geometry::ASPECT * t;
                        (x < 0.95).then_some((person(x, y), 0.7))
                    })
                })
                .collect()
        };
        assert_eq!(play(&config, fps, 8.0, &group(2.0)).begins().len(), 1, "{fps} fps");
        play(&config, fps, 12.0, &group(0.9)).is_silent("a brisk walk");
        play(&config, fps, 8.0, &group(2.0)[..2]).is_silent("two joggers");
    }
}
