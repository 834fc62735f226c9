//! Things, light and holes on a drawn place, at the rates of all rungs.

use super::*;
use crate::luma::scene::{self, Patch, place};

/// Keyframes only, the usual rates, and every picture.
const RATES: [f64; 4] = [0.5, 2.0, 5.0, 15.0];

/// What is seen at each picture of `seconds`, drawn by `draw(second, seed)`.
#[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
fn watch(fps: f64, seconds: u32, draw: impl Fn(f64, u32) -> LumaPicture) -> Vec<(f64, Foreground)> {
    let mut background = Background::new();
    let mut seen = Vec::new();
    for n in 0.. {
        let at = f64::from(n) / fps;
        if at > f64::from(seconds) {
            return seen;
        }
        let pts = Pts((at * 90_000.0) as i64);
        seen.push((at, background.observe(pts, &draw(at, n + 1))));
    }
    seen
}

fn with(patches: &[Patch], seed: u32) -> LumaPicture {
    scene::picture(seed, patches, place)
}

fn fits(blob: &Blob, (x0, y0, x1, y1, _): Patch) -> bool {
    let share =
        |n: usize, of: usize| f32::from(u16::try_from(n).unwrap()) / f32::from(u16::try_from(of).unwrap());
    let (w, h) = (scene::WIDTH, scene::HEIGHT);
    let rect = NormRect { x0: share(x0, w), y0: share(y0, h), x1: share(x1, w), y1: share(y1, h) };
    blob.rect.iou(&rect) > 0.6
}

#[test]
fn noise_alone_makes_nothing() {
    for fps in RATES {
        for (at, seen) in watch(fps, 40, |_, seed| with(&[], seed)) {
            assert_eq!(seen.things().count(), 0, "at {at} s of {fps} fps: {seen:?}");
        }
    }
}

#[test]
fn a_bag_that_was_put_down_is_a_still_thing_until_it_is_taken_away() {
    let bag: Patch = (70, 64, 82, 73, 200);
    for fps in RATES {
        let seen = watch(fps, 70, |at, seed| {
            with(if (20.0..50.0).contains(&at) { std::slice::from_ref(&bag) } else { &[] }, seed)
        });
        for (at, seen) in &seen {
            let is_settled = (36.0..50.0).contains(at);
            assert!(
                is_settled <= (seen.still.len() == 1 && fits(&seen.still[0], bag)),
                "{at} s, {fps} fps: {seen:?}"
            );
            assert!(
                !(50.0..66.0).contains(&(at - 2.0)) || seen.still.is_empty(),
                "{at} s, {fps} fps: {seen:?}"
            );
        }
        let last = seen.iter().rev().find_map(|(_, seen)| seen.still.first()).unwrap();
        assert!(last.still_for > MediaDuration::from_secs(10), "{last:?}");
    }
}

#[test]
fn a_walker_is_a_moving_thing_and_never_a_still_one() {
    for fps in RATES {
        let walker = |at: f64| -> Patch {
            let step = u32::try_from(
                crate::time::MediaDuration::from_nanos((at * 1e9).max(0.0).round() as u64).as_millis() / 100,
            )
            .unwrap_or(0);
            let x = usize::try_from(step).unwrap_or(0) % 140;
            (x, 40, x + 8, 66, 20)
        };
        let seen =
            watch(fps, 30, |at, seed| if at < 10.0 { with(&[], seed) } else { with(&[walker(at)], seed) });
        for (at, seen) in seen.iter().filter(|(at, _)| *at > 11.0) {
            assert!(seen.moving.iter().any(|blob| fits(blob, walker(*at))), "{at} s, {fps} fps: {seen:?}");
            assert!(seen.still.is_empty(), "{at} s, {fps} fps: {seen:?}");
        }
    }
}

#[test]
fn what_was_there_from_the_beginning_leaves_no_ghost() {
    let car: Patch = (30, 63, 60, 74, 220);
    for fps in RATES {
        let seen =
            watch(fps, 60, |at, seed| with(if at < 20.0 { std::slice::from_ref(&car) } else { &[] }, seed));
        for (at, seen) in &seen {
            assert!(seen.still.is_empty(), "{at} s, {fps} fps: {seen:?}");
        }
    }
}

#[test]
fn a_cloud_a_lamp_and_the_night_filter_leave_nothing_still() {
    let lights: [fn(u8) -> u8; 4] =
        [|pixel| pixel - pixel / 4, |pixel| pixel.saturating_add(60), |pixel| pixel / 3, |pixel| 255 - pixel];
    for fps in RATES {
        for (n, light) in lights.into_iter().enumerate() {
            let seen = watch(fps, 60, |at, seed| {
                scene::picture(seed, &[], |x, y| if at < 20.0 { place(x, y) } else { light(place(x, y)) })
            });
            for (at, seen) in &seen {
                assert!(seen.still.is_empty(), "light {n} at {at} s of {fps} fps: {seen:?}");
            }
        }
    }
}

#[test]
fn after_a_pause_the_place_is_still_known() {
    let mut background = Background::new();
    for n in 0..60 {
        background.observe(Pts(i64::from(n) * 18_000), &with(&[], n + 1));
    }
    let bag: Patch = (70, 64, 82, 73, 200);
    let mut seen = Foreground::default();
    for n in 0..40 {
        seen = background.observe(Pts(900 * 90_000 + i64::from(n) * 18_000), &with(&[bag], n + 100));
    }
    assert_eq!(seen.still.len(), 1, "{seen:?}");
}
