//! Lines, directions, stops and accidents.

use super::scene::{Actor, actor, between, car, clear, person, play, play_with, rule, seconds, stands, zone};
use crate::{
    alarm::{Detail, Sign},
    detection::ObjectClass::{self, Car, Person, Truck, TwoWheeler},
    geometry::{Confidence, Heading, NormPoint, NormRect},
    ids::LineId,
    rule::{Direction, RuleConfig, RuleKind},
    time::MediaDuration,
    zone::Line,
};

/// Across the middle of the picture, walked from left to right: forward is down.
fn line_rule(direction: Direction, classes: Vec<ObjectClass>) -> RuleConfig {
    let p = |x, y| NormPoint { x, y };
    let line = Line::new(LineId::new("gate").unwrap(), "村口".into(), &[p(0.2, 0.5), p(0.8, 0.5)]).unwrap();
    rule(RuleKind::LineCrossing { line, direction, classes })
}

#[test]
fn each_crossing_counts_once_and_by_its_direction() {
    for fps in [2, 5, 15] {
        let down = |x: f32, from: f32| {
            actor(Person, move |t| {
                (t >= from).then_some((person(x, between(t, from, from + 6.0, 0.3, 0.7)), 0.7))
            })
        };
        let up = actor(Person, |t| clear(person(0.65, between(t, 0.0, 6.0, 0.7, 0.3))));
        let actors = [down(0.3, 0.0), down(0.5, 1.0), up];
        let forward = play(&line_rule(Direction::Forward, vec![Person]), fps, 12.0, &actors);
        assert_eq!(forward.passed, Some((2, 1)), "{fps} fps");
        let begin = forward.begins()[0];
        assert_eq!(begin.evidence.limit, 1);
        let Some(Detail::Crossing { line, .. }) = &begin.evidence.detail else { panic!("{begin:?}") };
        assert_eq!(line.name, "村口");
        assert_eq!(
            forward.ends().iter().map(|end| end.peak).sum::<u32>(),
            2,
            "{fps} fps: {:#?}",
            forward.edges
        );
        let backward = play(&line_rule(Direction::Backward, vec![Person]), fps, 12.0, &actors);
        assert_eq!(backward.ends().iter().map(|end| end.peak).sum::<u32>(), 1, "{fps} fps");
        let cars = play(&line_rule(Direction::Both, vec![Car]), fps, 12.0, &actors);
        cars.is_silent("people are no cars");
    }
}

#[test]
fn who_stands_on_the_line_or_walks_past_its_end_does_not_cross_it() {
    for fps in [2, 5, 15] {
        let waits = actor(Person, |t| clear(person(0.5, between(t, 0.0, 5.0, 0.2, 0.5))));
        let config = line_rule(Direction::Both, vec![Person]);
        let told = play_with(&config, fps, 60.0, 0.03, &[waits]);
        // The last step may or may not be one; a minute of jitter is none.
        assert!(told.passed.is_some_and(|(f, b)| f + b <= 1), "{fps} fps: {:?}", told.passed);
        let beside = actor(Person, |t| clear(person(0.9, between(t, 0.0, 6.0, 0.3, 0.8))));
        play(&config, fps, 8.0, &[beside]).is_silent("past the end");
    }
}

#[test]
fn who_turns_back_has_crossed_both_ways() {
    let there_and_back = actor(Person, |t| {
        clear(person(
            0.5,
            if t < 6.0 { between(t, 0.0, 5.0, 0.3, 0.7) } else { between(t, 6.0, 11.0, 0.7, 0.3) },
        ))
    });
    let told = play(&line_rule(Direction::Both, vec![Person]), 5, 14.0, &[there_and_back]);
    assert_eq!(told.passed, Some((1, 1)));
}

fn drives(y: f32, from: f32, to: f32, a: f32, b: f32) -> Actor<'static> {
    actor(Car, move |t| (t >= from && t <= to).then_some((car(between(t, from, to, a, b), y), 0.7)))
}

#[test]
fn against_the_heading_is_the_wrong_way_and_across_it_is_not() {
    let config =
        rule(RuleKind::WrongWay { heading: Heading::new(1.0, 0.0).unwrap(), classes: vec![Car, Truck] });
    for fps in [2, 5, 15] {
        let wrong =
            play(&config, fps, 10.0, &[drives(0.5, 1.0, 9.0, 0.9, 0.1), drives(0.7, 1.0, 9.0, 0.1, 0.9)]);
        let begin = wrong.is_one("one against, one along", 1.2, 4.0);
        assert_eq!(begin.evidence.count, 1, "{fps} fps");
        let across = actor(Car, |t| clear(stands(0.5, between(t, 0.0, 8.0, 0.2, 0.95), 0.15, 0.17)));
        play(&config, fps, 8.0, &[across]).is_silent("across");
        let parks = actor(Car, |t| clear(car(between(t, 3.0, 7.0, 0.5, 0.42), 0.5)));
        play(&config, fps, 12.0, &[parks]).is_silent("a car that reverses by half its length");
    }
    let held = RuleConfig { hold: MediaDuration::from_secs(2), ..config };
    let missed = actor(Car, |t| {
        let is_missed = (t * 10.0).round() % 3.0 < 0.5;
        ((1.0..=9.0).contains(&t) && !is_missed).then_some((car(between(t, 1.0, 9.0, 0.9, 0.1), 0.5), 0.7))
    });
    play(&held, 10, 12.0, &[missed]).is_one("not seen in every third picture", 1.2, 6.0);
}

#[test]
fn a_car_where_another_was_lost_in_passing_does_not_stand() {
    for fps in [5, 10, 15] {
        let lost = drives(0.5, 0.0, 1.0, 0.3, 0.6);
        let passes = drives(0.5, 9.0, 10.0, 0.6, 0.95);
        play(&stopped(5), fps, 12.0, &[lost, passes]).is_silent("both drive");
        // Jams at the picture's upper border, where one takes another's place half out of it.
        let jams = actor(Car, |t| {
            let y = if (4.0..8.0).contains(&t) { 0.08 } else { between(t, 1.0, 3.0, 0.3, 0.13) };
            clear(car(0.5, y))
        });
        play(&stopped(8), fps, 12.0, &[jams]).is_silent("not at one place");
    }
}

fn stopped(stay_s: i64) -> RuleConfig {
    rule(RuleKind::StoppedVehicle { stay: MediaDuration::from_secs(stay_s) })
}

/// Drives in, stands from `stop` to `go`, drives on.
fn pauses(x: f32, y: f32, stop: f32, go: f32) -> Actor<'static> {
    actor(Car, move |t| {
        let at = if t < go {
            between(t, stop - 4.0, stop, x - 0.4, x)
        } else {
            between(t, go, go + 4.0, x, x + 0.4)
        };
        (t >= stop - 4.0 && t <= go + 4.0).then_some((car(at, y), 0.7))
    })
}

#[test]
fn a_vehicle_that_stops_on_the_carriageway_is_alarmed_and_one_at_a_red_light_is_not() {
    for fps in [2, 5, 15] {
        let told = play(&stopped(15), fps, 45.0, &[pauses(0.5, 0.6, 5.0, 30.0)]);
        let begin = told.is_one("stands for 25 s", 5.0, 20.0);
        assert_eq!(begin.evidence.detail, Some(Detail::Stay { limit: MediaDuration::from_secs(15) }));
        assert!((seconds(told.ends()[0].ended.pts.0) - 30.0).abs() < 2.0, "{fps} fps");
        play(&stopped(15), fps, 30.0, &[pauses(0.5, 0.6, 5.0, 17.0)]).is_silent("a red light of 12 s");
        let parked = actor(Car, |_| clear(car(0.5, 0.6)));
        play(&stopped(15), fps, 60.0, &[parked]).is_silent("parked since before");
        let queue =
            || [pauses(0.2, 0.6, 5.0, 40.0), pauses(0.42, 0.6, 7.0, 40.0), pauses(0.64, 0.6, 6.0, 40.0)];
        play(&stopped(15), fps, 46.0, &queue()).is_silent("a queue");
        let told = play(&stopped(10), fps, 46.0, &queue());
        assert_eq!(told.begins().len(), 1, "a queue that does not move for half a minute is a jam");
    }
}

#[test]
fn a_stop_outlasts_what_drives_past_in_front_of_it() {
    for fps in [2, 5, 15] {
        let hidden = |t: f32| (10.0..16.0).contains(&t);
        let stands = pauses(0.5, 0.6, 5.0, 40.0);
        let behind = actor(Car, move |t| if hidden(t) { None } else { (stands.path)(t) });
        let bus = actor(Truck, |t| {
            (9.0..17.0).contains(&t).then_some((stands_bus(between(t, 9.0, 17.0, -0.1, 1.1)), 0.7))
        });
        let told = play(&stopped(20), fps, 50.0, &[behind, bus]);
        told.is_one("hidden for 6 s", 5.0, 25.0);
    }
}

fn stands_bus(x: f32) -> NormRect {
    stands(x, 0.75, 0.4, 0.7)
}

#[test]
fn a_stop_elsewhere_is_none() {
    let mut config = stopped(10);
    config.zone = Some(zone(&[(0.0, 0.8), (1.0, 0.8), (1.0, 1.0), (0.0, 1.0)]));
    play(&config, 5, 45.0, &[pauses(0.5, 0.6, 5.0, 30.0)]).is_silent("on the verge");
}

fn accident() -> RuleConfig {
    rule(RuleKind::Accident { least_score: Confidence::new(0.6) })
}

/// Comes from the left at full speed and stands at once at `stop`.
fn crashes(x: f32, y: f32, stop: f32) -> Actor<'static> {
    actor(Car, move |t| (t >= stop - 3.0).then_some((car(between(t, stop - 3.0, stop, x - 0.6, x), y), 0.7)))
}

#[test]
fn two_that_run_into_each_other_and_stand_are_an_accident() {
    for fps in [5, 10, 15] {
        let from_the_left = crashes(0.45, 0.6, 5.0);
        let from_the_right =
            actor(Car, |t| (t >= 2.0).then_some((car(between(t, 2.0, 5.0, 1.1, 0.58), 0.62), 0.7)));
        let told = play(&accident(), fps, 20.0, &[from_the_left, from_the_right]);
        let begin = told.is_one("head on", 5.0, 8.5);
        let Some(Detail::Accident { signs }) = &begin.evidence.detail else { panic!("{begin:?}") };
        assert!(signs.contains(&Sign::Contact) && signs.contains(&Sign::AbruptStop), "{fps} fps: {signs:?}");
        assert!(begin.evidence.score.value() >= 0.6);
    }
}

/// One waits, seen from behind; another comes from where the camera is, at full speed, and stands at once at `stop`. It hides
/// the lower part of the one that waits, which is boxed only as far as it is seen.
fn comes_from_behind(stop: f32) -> [Actor<'static>; 2] {
    let nearer = move |t: f32| (t >= 3.3).then_some(stands(0.5, between(t, 3.3, 5.0, 1.2, stop), 0.17, 0.19));
    let waits = actor(Car, move |t| {
        let whole = stands(0.51, 0.5, 0.14, 0.16);
        let y1 = nearer(t).map_or(whole.y1, |nearer| whole.y1.min(nearer.y0));
        clear(NormRect { y1, ..whole })
    });
    [waits, actor(Car, move |t| Some((nearer(t)?, 0.7)))]
}

#[test]
fn who_runs_into_the_rear_of_another_and_hides_it_is_an_accident() {
    for fps in [5, 10, 15] {
        play(&accident(), fps, 20.0, &comes_from_behind(0.6)).is_one("rear end", 5.0, 8.5);
        play(&accident(), fps, 20.0, &comes_from_behind(0.66)).is_silent("stands at once, but behind it");
    }
}

#[test]
fn someone_run_over_is_an_accident() {
    for fps in [5, 10, 15] {
        let hits = crashes(0.45, 0.6, 5.0);
        let walker = actor(Person, |t| {
            let lies = stands(0.56, 0.62, 0.07, 0.18);
            Some(if t < 5.0 { (person(0.55, between(t, 0.0, 5.0, 0.8, 0.6)), 0.7) } else { (lies, 0.4) })
        });
        play(&accident(), fps, 20.0, &[hits, walker]).is_one("run over", 5.2, 7.0);
    }
}

#[test]
fn traffic_is_no_accident() {
    for fps in [5, 10, 15] {
        let passing = [drives(0.55, 1.0, 7.0, -0.1, 1.1), drives(0.6, 1.0, 7.0, 1.1, -0.1)];
        play(&accident(), fps, 12.0, &passing).is_silent("two pass each other");
        // Braking from 2 sizes a second over three seconds.
        let queues = |x: f32, stop: f32| {
            actor(Car, move |t| {
                let left = (stop - t).max(0.0);
                let way = if left > 3.0 { 0.135 + 0.09 * (left - 3.0) } else { 0.015 * left * left };
                clear(car(x - way, 0.6))
            })
        };
        let people = |x: f32| actor(Person, move |t| clear(person(x, between(t, 0.0, 12.0, 0.95, 0.68))));
        let light = [queues(0.6, 6.0), queues(0.44, 9.0), people(0.45), people(0.6)];
        play(&accident(), fps, 40.0, &light)
            .is_silent("a queue at a red light, and people who wait to cross");
        let passes = actor(Car, |t| {
            (1.0..6.5).contains(&t).then_some((car(between(t, 1.0, 6.5, 1.1, -0.1), 0.68), 0.7))
        });
        let stops = [crashes(0.5, 0.6, 4.0), passes];
        play(&accident(), fps, 30.0, &stops).is_silent("one brakes hard, and another drives past it");
        play(&accident(), fps, 20.0, &[crashes(0.5, 0.6, 5.0)]).is_silent("someone brakes hard");
        // From 2.4 sizes a second to nothing within 1.6 s, as who comes to a light on an electric bicycle does.
        let cycle = actor(TwoWheeler, |t| {
            let left = (9.0 - t).max(0.0);
            let way = if left > 1.6 { 0.13 + 0.163 * (left - 1.6) } else { 0.051 * left * left };
            (t > 4.0).then_some((stands(0.55 - way, 0.61, 0.13, 0.11), 0.7))
        });
        play(&accident(), fps, 30.0, &[queues(0.5, 6.0), cycle]).is_silent("two side by side at a light");
    }
}
