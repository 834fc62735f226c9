//! What counts as a change of the picture.

use super::*;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;

/// A grey picture with noise of ± `noise` levels and, where `x` says, something dark of 12 × 28 pixels.
fn picture(seed: u32, noise: u32, x: Option<u32>, light: u32) -> Cells {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut data = vec![0_u8; (WIDTH * HEIGHT) as usize];
    for (i, pixel) in (0_u32..).zip(&mut data) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let jitter = if noise > 0 { (state >> 16) % (2 * noise + 1) } else { 0 };
        let (px, py) = (i % WIDTH, i / WIDTH);
        let is_thing = x.is_some_and(|x| (x..x + 12).contains(&px) && (200..228).contains(&py));
        let base = if is_thing { 70 } else { 120 };
        *pixel = u8::try_from(base + light + jitter - noise.min(base)).unwrap();
    }
    Cells::of(Plane { data: &data, stride: WIDTH as usize }, WIDTH, HEIGHT)
}

fn at(n: i64) -> Pts {
    Pts(n * 180_000)
}

#[test]
fn sensor_noise_and_a_change_of_light_are_no_change() {
    let mut motion = Motion::default();
    for n in 0..30_u8 {
        let light = u32::from(n / 3);
        let change = motion.compare(at(i64::from(n)), &picture(n.into(), 10, None, light));
        assert_eq!(change, Change::default(), "picture {n}");
    }
}

#[test]
fn a_small_person_is_new_and_where_it_is_said() {
    let mut motion = Motion::default();
    (0..5).for_each(|n| {
        motion.compare(at(n), &picture(1, 6, None, 0));
    });
    let change = motion.compare(at(5), &picture(2, 6, Some(320), 0));
    assert!(change.is_new && change.is_moving);
    let rect = change.rect.unwrap();
    assert!(rect.x0 > 0.45 && rect.x1 < 0.56 && rect.y0 > 0.5 && rect.y1 < 0.67, "{rect:?}");
    let next = motion.compare(at(6), &picture(3, 6, Some(400), 0));
    assert!(next.is_new && next.is_moving);
}

#[test]
fn what_stays_is_no_longer_new_after_a_while_and_at_once_when_it_is_absorbed() {
    let mut motion = Motion::default();
    motion.compare(at(0), &picture(1, 3, None, 0));
    let stays = |motion: &mut Motion, n: i64| motion.compare(at(n), &picture(2, 3, Some(320), 0));
    assert!(stays(&mut motion, 1).is_moving);
    let standing = stays(&mut motion, 2);
    assert!(standing.is_new && !standing.is_moving);
    let gone = (3..30).find(|&n| !stays(&mut motion, n).is_new).unwrap();
    assert!((5..20).contains(&gone), "{gone}");
    motion.compare(at(40), &picture(1, 3, None, 0));
    stays(&mut motion, 41);
    motion.absorb();
    assert!(!stays(&mut motion, 42).is_new);
}

#[test]
fn a_place_that_moves_by_itself_is_learned_and_others_are_still_watched() {
    let mut motion = Motion::default();
    let sway = |n: i64| if n % 2 == 0 { 100 } else { 104 };
    let mut n = 0;
    let mut seen = 0;
    for _ in 0..40 {
        n += 1;
        if motion.compare(at(n), &picture(7, 3, Some(sway(n)), 0)).is_new {
            seen += 1;
            motion.learn_noise();
        }
    }
    assert!(seen < 15, "{seen}");
    assert!(motion.compare(at(n + 1), &picture(7, 3, Some(400), 0)).is_new);
}

#[test]
fn sizes_that_do_not_fit_are_a_new_beginning() {
    let mut motion = Motion::default();
    motion.compare(at(0), &picture(1, 0, None, 0));
    let small = Cells::of(Plane { data: &[0; 100], stride: 10 }, 10, 10);
    assert_eq!(motion.compare(at(1), &small), Change::default());
    let torn = Cells::of(Plane { data: &[1; 7], stride: 640 }, 640, 360);
    assert_eq!(motion.compare(at(2), &torn), Change::default());
    assert_eq!(Cells::of(Plane { data: &[], stride: 0 }, 0, 0).means.len(), 0);
}
