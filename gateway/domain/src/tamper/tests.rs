//! Every kind on a drawn place, at the rates of all rungs.

use super::*;
use crate::{
    luma::scene::{self, HEIGHT, WIDTH, place},
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
            edges.extend(watch.observe(moment, &picture).into_iter().map(|edge| (at, edge)));
        }
    }
    edges
}

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
        watch.observe(moment(n), &well(n + 1));
    }
    assert_eq!(watch.doubt(), None);
    watch.observe(moment(60), &scene::picture(1, &[], |_, _| 24));
    assert_eq!(watch.doubt(), Some(TamperKind::Covered), "from the first picture on");
    watch.observe(moment(61), &well(3));
    assert_eq!(watch.doubt(), None, "a hand before the lens for half a second");
}
