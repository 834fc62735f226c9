//! What the gate says of a camera whose encoder tells, and of one whose encoder does not.

use proptest::prelude::*;
use sharpeyes_domain::time::WallTime;

use super::*;

/// Fifteen pictures a second, a keyframe every two seconds.
const FPS: i64 = 15;
const GOP: i64 = 30;

struct Camera {
    gate: Gate,
    n: i64,
}

impl Camera {
    fn new() -> Self {
        let mut gate = Gate::default();
        gate.begin(VideoCodec::H264);
        Self { gate, n: 0 }
    }

    fn now(&self) -> Pts {
        Pts(self.n * 90_000 / FPS)
    }

    /// Feeds `secs` of pictures of `bytes(n)` bytes; the share of pictures that stirred it.
    fn run(&mut self, secs: i64, bytes: impl Fn(i64) -> usize) -> f32 {
        let mut stirred = 0_u16;
        for _ in 0..secs * FPS {
            let is_keyframe = self.n % GOP == 0;
            let size = if is_keyframe { 15_000 } else { bytes(self.n) };
            if self.gate.unit(&unit(self.now(), is_keyframe, size)) == Verdict::Stirred {
                stirred += 1;
            }
            self.n += 1;
        }
        f32::from(stirred) / f32::from(u16::try_from(secs * FPS).unwrap())
    }

    /// Something passes for four seconds, and the rungs above see it.
    fn passer(&mut self, bytes: impl Fn(i64) -> usize) {
        self.run(1, &bytes);
        self.gate.told(true);
        self.gate.mattered(self.now());
        self.run(3, &bytes);
        self.gate.told(false);
    }
}

fn unit(pts: Pts, is_keyframe: bool, size: usize) -> AccessUnit {
    let mut nals = u32::try_from(size).unwrap().to_be_bytes().to_vec();
    nals.resize(4 + size, 0);
    nals[4] = if is_keyframe { 0x65 } else { 0x41 };
    AccessUnit { pts, wall: WallTime(0), is_keyframe, nals: nals.into() }
}

/// Sizes that scatter like noise, around `mean`.
fn noisy(mean: usize) -> impl Fn(i64) -> usize {
    move |n| mean * usize::try_from(80 + (n * 7919 % 41)).unwrap() / 100
}

#[test]
fn it_is_believed_only_after_it_has_noticed_what_mattered_six_times() {
    let mut camera = Camera::new();
    camera.gate.told(false);
    camera.run(60, noisy(130));
    for passers in 0..6 {
        assert!(!camera.gate.is_trusted(), "after {passers}");
        camera.passer(noisy(1_500));
        camera.run(30, noisy(130));
    }
    assert!(camera.gate.is_trusted());
    assert_eq!(camera.run(300, noisy(130)), 0.0, "nothing happens");
    assert!(camera.run(4, noisy(1_000)) > 0.8, "someone comes");
}

#[test]
fn at_a_constant_bit_rate_it_stays_blind() {
    let mut camera = Camera::new();
    camera.gate.told(false);
    camera.run(60, noisy(2_000));
    for _ in 0..40 {
        camera.passer(noisy(2_050));
        camera.run(30, noisy(2_000));
    }
    assert!(!camera.gate.is_trusted());
    assert_eq!(camera.gate.unit(&unit(camera.now(), false, 9_000)), Verdict::Blind);
}

#[test]
fn one_that_it_sleeps_through_costs_its_trust() {
    let mut camera = Camera::new();
    camera.gate.told(false);
    camera.run(60, noisy(130));
    let trust = |camera: &mut Camera, most: usize| {
        let needed = (0..most).position(|_| {
            camera.passer(noisy(1_500));
            camera.run(30, noisy(130));
            camera.gate.is_trusted()
        });
        needed.map(|n| n + 1)
    };
    assert_eq!(trust(&mut camera, 20), Some(6));
    camera.passer(noisy(130));
    assert!(!camera.gate.is_trusted());
    camera.run(30, noisy(130));
    assert_eq!(trust(&mut camera, 20), Some(12));
}

#[test]
fn at_dusk_it_learns_what_is_usual_anew() {
    let mut camera = Camera::new();
    camera.gate.told(false);
    camera.run(60, noisy(130));
    for _ in 0..6 {
        camera.passer(noisy(1_500));
        camera.run(30, noisy(130));
    }
    // The infrared lamp goes on and every picture is full of noise; the pictures themselves show nothing.
    camera.run(240, noisy(3_000));
    assert!(camera.run(60, noisy(3_000)) < 0.01);
}

#[test]
fn filler_and_parameter_sets_do_not_count() {
    let nal = |kind: u8, size: usize| {
        let mut nal = u32::try_from(size).unwrap().to_be_bytes().to_vec();
        nal.extend(std::iter::repeat_n(kind, size));
        nal
    };
    let h264 = [nal(0x09, 2), nal(0x06, 30), nal(0x41, 100), nal(0x0c, 5_000)].concat();
    assert_eq!(coded_bytes(&h264, VideoCodec::H264), 100);
    let h265 = [nal(0x46, 3), nal(0x02, 80), nal(0x4c, 5_000)].concat();
    assert_eq!(coded_bytes(&h265, VideoCodec::H265), 80);
}

proptest! {
    #[test]
    fn whatever_the_sizes_and_times_are_it_says_something_and_never_more_than_it_knows(
        sizes in prop::collection::vec((0_usize..2_000, any::<bool>(), -5_000_i64..50_000), 1..400)
    ) {
        let mut gate = Gate::default();
        gate.begin(VideoCodec::H265);
        gate.told(false);
        let mut pts = Pts(0);
        for (size, is_keyframe, step) in sizes {
            pts = Pts(pts.0 + step);
            let verdict = gate.unit(&unit(pts, is_keyframe, size.max(1)));
            prop_assert_eq!(verdict, Verdict::Blind, "nothing was proved");
            prop_assert!(gate.window.len() <= WINDOW);
        }
    }
}
