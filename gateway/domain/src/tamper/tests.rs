//! Every kind on a drawn place, at the rates of all rungs.

use super::*;
use crate::{
    luma::scene::{self, HEIGHT, WIDTH, place},
    schedule::Weekday,
    time::WallTime,
};

const RATES: [f64; 3] = [0.5, 2.0, 5.0];

/// The edges of `seconds`, with the second at which each came; `draw(second, seed)` may leave a picture out.
#[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
fn watch(fps: f64, seconds: u32, draw: impl Fn(f64, u32) -> Option<LumaPicture>) -> Vec<(f64, TamperEdge)> {
    let mut watch = TamperWatch::new();
    let mut edges = Vec::new();
    for n in 0.. {
        let at = f64::from(n) / fps;
        if at > f64::from(seconds) {
            break;
        }
        let pts = Pts((at * 90_000.0) as i64);
        let moment = Moment { pts, wall: WallTime(pts.0 / 90) };
        if let Some(picture) = draw(at, n + 1) {
            edges.extend(watch.observe(moment, NOON, &picture).into_iter().map(|edge| (at, edge)));
        }
    }
    edges
}

const fn clock(minute_of_day: u16) -> LocalTime {
    LocalTime { weekday: Weekday::Monday, minute_of_day }
}

const NOON: LocalTime = clock(12 * 60);

fn well(seed: u32) -> LumaPicture {
    scene::picture(seed, &[], place)
}

fn blurred(x: usize, y: usize) -> u8 {
    const REACH: usize = 2;
    let (xs, ys) = (
        x.saturating_sub(REACH)..=(x + REACH).min(WIDTH - 1),
        y.saturating_sub(REACH)..=(y + REACH).min(HEIGHT - 1),
    );
    let (mut sum, mut n) = (0_u32, 0);
    for y in ys {
        for x in xs.clone() {
            sum += u32::from(place(x, y));
            n += 1;
        }
    }
    u8::try_from(sum / n).unwrap()
}

/// Ill from 30 to 70 s: one begin and one end, of this kind, each within its time.
fn check(kind: TamperKind, ill: impl Fn(u32) -> LumaPicture) {
    for fps in RATES {
        let edges =
            watch(fps, 100, |at, seed| Some(if (30.0..70.0).contains(&at) { ill(seed) } else { well(seed) }));
        let [(begin, TamperEdge::Begin { kind: found, began, .. }), (end, TamperEdge::End { ending, .. })] =
            &edges[..]
        else {
            panic!("{kind} at {fps} fps: {edges:?}");
        };
        assert_eq!((*found, *ending), (kind, TamperEnding::Restored), "{fps} fps");
        let began = began.pts.0 / 90_000;
        assert!((30..=34).contains(&began), "{kind} at {fps} fps began at {began} s");
        assert!(
            (30.0..=52.0).contains(begin) && (70.0..=80.0).contains(end),
            "{kind} at {fps} fps: {edges:?}"
        );
    }
}

#[test]
fn a_quiet_place_with_noise_is_never_ill() {
    for fps in RATES {
        assert_eq!(watch(fps, 120, |_, seed| Some(well(seed))), [], "{fps} fps");
    }
}

#[test]
fn a_cloth_over_the_lens_covers_it() {
    check(TamperKind::Covered, |seed| scene::picture(seed, &[], |_, _| 24));
    check(TamperKind::Covered, |seed| scene::picture(seed, &[(0, 0, WIDTH, 82, 60)], place));
}

#[test]
fn a_soft_picture_is_out_of_focus() {
    check(TamperKind::Defocused, |seed| scene::picture(seed, &[], blurred));
}

#[test]
fn a_camera_that_was_turned_has_moved() {
    check(TamperKind::Moved, |seed| scene::picture(seed, &[], |x, y| place(x + 20, y + 12)));
}

#[test]
fn the_same_picture_again_and_again_is_frozen_also_under_a_running_clock() {
    check(TamperKind::Frozen, |_| well(7));
    check(TamperKind::Frozen, |seed| {
        let digit = (4 + usize::try_from(seed % 3).unwrap(), 4, 9, 8, 235);
        let mut frozen = well(7).luma().to_vec();
        for y in digit.1..digit.3 {
            frozen[y * WIDTH + digit.0..y * WIDTH + digit.2].fill(digit.4);
        }
        LumaPicture::grey(WIDTH, HEIGHT, frozen).unwrap()
    });
}

#[test]
fn a_drawn_picture_that_never_had_noise_is_not_frozen() {
    let still = LumaPicture::grey(
        WIDTH,
        HEIGHT,
        (0..WIDTH * HEIGHT).map(|at| place(at % WIDTH, at / WIDTH)).collect(),
    );
    assert_eq!(watch(5.0, 120, |_, _| still.clone()), []);
}

#[test]
fn a_blue_or_black_picture_of_a_recorder_is_a_lost_signal() {
    check(TamperKind::SignalLost, |_| {
        let mut blue = LumaPicture::grey(WIDTH, HEIGHT, vec![41; WIDTH * HEIGHT]).unwrap();
        (blue.cb, blue.cr) = (240, 110);
        blue
    });
    check(TamperKind::SignalLost, |_| {
        let mut black = vec![16; WIDTH * HEIGHT];
        black[40 * WIDTH + 60..40 * WIDTH + 100].fill(235);
        LumaPicture::grey(WIDTH, HEIGHT, black).unwrap()
    });
}

#[test]
fn a_change_of_light_is_no_tampering() {
    let lights: [fn(u8) -> u8; 3] =
        [|pixel| pixel / 2, |pixel| pixel.saturating_add(50), |pixel| pixel / 4 * 5];
    for light in lights {
        let edges = watch(2.0, 120, |at, seed| {
            Some(scene::picture(seed, &[], |x, y| if at < 30.0 { place(x, y) } else { light(place(x, y)) }))
        });
        assert_eq!(edges, []);
    }
}

#[test]
fn a_new_view_becomes_the_reference_and_that_is_no_restoring() {
    let edges = watch(0.5, 900, |at, seed| {
        Some(scene::picture(seed, &[], |x, y| if at < 30.0 { place(x, y) } else { place(x + 9, y + 5) }))
    });
    let [(_, TamperEdge::Begin { kind: TamperKind::Moved, .. }), (end, TamperEdge::End { ending, .. })] =
        &edges[..]
    else {
        panic!("{edges:?}");
    };
    assert_eq!(*ending, TamperEnding::Adopted);
    assert!((600.0..660.0).contains(end), "{end}");
}

#[test]
fn a_pause_ends_what_runs_and_keeps_the_reference() {
    let edges = watch(2.0, 300, |at, seed| match at {
        ..30.0 => Some(well(seed)),
        30.0..60.0 | 200.0..260.0 => Some(scene::picture(seed, &[], |_, _| 24)),
        60.0..200.0 => None,
        _ => Some(well(seed)),
    });
    let kinds: Vec<_> = edges
        .iter()
        .map(|(_, edge)| match edge {
            TamperEdge::Begin { .. } => None,
            TamperEdge::End { ending, .. } => Some(*ending),
        })
        .collect();
    assert_eq!(
        kinds,
        [None, Some(TamperEnding::StreamLost), None, Some(TamperEnding::Restored)],
        "{edges:?}"
    );
}

#[test]
fn while_it_is_suspected_nothing_is_learnt_and_detections_are_doubted() {
    let mut watch = TamperWatch::new();
    let moment = |n: u32| Moment { pts: Pts(i64::from(n) * 45_000), wall: WallTime(i64::from(n) * 500) };
    for n in 0..60 {
        watch.observe(moment(n), NOON, &well(n + 1));
    }
    assert_eq!(watch.doubt(), None);
    watch.observe(moment(60), NOON, &scene::picture(1, &[], |_, _| 24));
    assert_eq!(watch.doubt(), Some(TamperKind::Covered), "from the first picture on");
    watch.observe(moment(61), NOON, &well(3));
    assert_eq!(watch.doubt(), None, "a hand before the lens for half a second");
}

/// A yard by night: a lamp lights the middle, the rest is as good as black.
fn yard(x: usize, y: usize) -> u8 {
    let lit = (50..110).contains(&x) && y > 20;
    if lit { place(x, y) } else { 12 + place(x, y) / 16 }
}

/// What begins and ends when the yard's lamp goes out after half a minute, or a lens is covered: twenty minutes of a
/// picture every two seconds from `from` on.
fn by_night(from: u16, dark: impl Fn(u32) -> LumaPicture) -> (TamperWatch, Vec<(u16, TamperEdge)>) {
    let mut watch = TamperWatch::new();
    let mut edges = Vec::new();
    for n in 0..600_u32 {
        let moment = Moment { pts: Pts(i64::from(n) * 180_000), wall: WallTime(i64::from(n) * 2_000) };
        let minute = (from + u16::try_from(n / 30).unwrap()) % (24 * 60);
        let picture = if n < 15 { scene::picture(n + 1, &[], yard) } else { dark(n + 1) };
        edges.extend(watch.observe(moment, clock(minute), &picture).into_iter().map(|edge| (minute, edge)));
    }
    (watch, edges)
}

#[test]
fn a_lamp_that_goes_out_by_night_leaves_the_place_dark_and_not_covered() {
    // Nothing is left, or a little of everything: noise of a sensor that does what it can.
    let darks: [fn(usize, usize) -> u8; 2] = [|_, _| 18, |x, y| 17 + place(x, y) / 16];
    for dark in darks {
        let (watch, edges) = by_night(23 * 60, |seed| scene::picture(seed, &[], dark));
        assert_eq!(edges, []);
        assert_eq!((watch.is_dark(), watch.doubt()), (true, None));
    }
}

#[test]
fn a_place_that_is_much_darker_and_all_there_is_dark_also_by_day() {
    let edges = watch(0.5, 120, |at, seed| {
        Some(scene::picture(seed, &[], |x, y| if at < 30.0 { place(x, y) } else { 10 + place(x, y) / 10 }))
    });
    assert_eq!(edges, []);
}

#[test]
fn a_lens_that_is_covered_by_night_is_told_when_the_clock_says_day_and_a_lit_cover_at_once() {
    let (_, edges) = by_night(9 * 60 + 50, |seed| scene::picture(seed, &[], |_, _| 18));
    let [(minute, TamperEdge::Begin { kind: TamperKind::Covered, .. })] = edges[..] else {
        panic!("{edges:?}")
    };
    assert_eq!(minute, 10 * 60);
    let (_, edges) = by_night(23 * 60, |seed| scene::picture(seed, &[], |_, _| 60));
    let [(minute, TamperEdge::Begin { kind: TamperKind::Covered, .. })] = edges[..] else {
        panic!("{edges:?}")
    };
    assert_eq!(minute, 23 * 60);
}

#[test]
fn what_is_seen_after_a_long_night_is_the_reference_and_no_other_place() {
    let mut watch = TamperWatch::new();
    let mut edges = Vec::new();
    for n in 0..900_u32 {
        let moment = Moment { pts: Pts(i64::from(n) * 180_000), wall: WallTime(i64::from(n) * 2_000) };
        let picture = match n {
            0..15 => scene::picture(n + 1, &[], yard),
            15..600 => scene::picture(n + 1, &[], |_, _| 18),
            // By day nothing has the outlines that the lamp drew.
            _ => scene::picture(n + 1, &[], |x, y| place(x + 7, y + 9)),
        };
        edges.extend(watch.observe(moment, clock(5 * 60), &picture));
    }
    assert_eq!(edges, []);
    for n in 900..910_u32 {
        let moment = Moment { pts: Pts(i64::from(n) * 180_000), wall: WallTime(i64::from(n) * 2_000) };
        edges.extend(watch.observe(moment, clock(6 * 60), &scene::picture(n, &[], |_, _| 60)));
    }
    assert!(matches!(edges[..], [TamperEdge::Begin { kind: TamperKind::Covered, .. }]), "{edges:?}");
}

#[test]
fn a_light_that_is_soon_gone_after_a_long_darkness_leaves_the_place_dark() {
    let darks: [fn(usize, usize) -> u8; 2] = [|_, _| 18, |x, y| 17 + place(x, y) / 16];
    // A picture of headlights or lightning, and more than make a reference begin anew.
    for n_lit in [1, 2, 4] {
        for dark in darks {
            let mut watch = TamperWatch::new();
            let mut edges = Vec::new();
            let mut observe = |n: u32, pixel: fn(usize, usize) -> u8| {
                let moment =
                    Moment { pts: Pts(i64::from(n) * 180_000), wall: WallTime(i64::from(n) * 2_000) };
                edges.extend(watch.observe(moment, clock(23 * 60), &scene::picture(n + 1, &[], pixel)));
                (watch.is_dark(), watch.doubt())
            };
            for n in 0..400 {
                observe(n, if n < 15 { yard } else { dark });
            }
            for n in 400..400 + n_lit {
                assert_eq!(observe(n, |x, y| place(x + 7, y + 9)), (true, None), "{n} of {n_lit}");
            }
            for n in 400 + n_lit..420 {
                assert_eq!(observe(n, dark), (true, None), "{n} of {n_lit}");
            }
            // And the light that stays is the day after that long darkness.
            let mut by_day = (true, None);
            for n in 420..440 {
                by_day = observe(n, |x, y| place(x + 7, y + 9));
            }
            assert_eq!(by_day, (false, None), "{n_lit}");
            assert_eq!(edges, [], "{n_lit}");
        }
    }
}
