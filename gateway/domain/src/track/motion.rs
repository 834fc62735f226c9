//! How a box moves between frames: four independent constant-velocity Kalman filters in media time.
//!
//! Independent axes keep every formula closed and total; the couplings that a full 8×8 filter would learn are between
//! width and height, and a detector's own jitter hides them. All noise is in multiples of the box's size, so that near
//! and far things are treated alike, and in seconds, so that 2 and 15 fps are.

use crate::{
    detection::ClassGroup,
    geometry::{NormPoint, NormRect},
};

/// Standard deviation of a detector's box edge, in box sizes (measured on YOLOX-nano at 640×384: 0.05 to 0.1).
const JITTER: f32 = 0.08;
/// How much a thing changes its speed in a second, in box sizes per second.
/// More follows jitter at low frame rates and swaps neighbours, less loses who turns (measured on crowd6 with noise).
const AGILITY: f32 = 0.8;
/// What is driven comes at the camera ever faster: how much of its speed it gains or loses in a second. In a pinhole camera
/// that is between once and six times, from far to near; braking hard is as much.
const PERSPECTIVE: f32 = 2.0;
/// How fast a box changes its size when it is first seen, in box sizes per second.
const SWELLING: f32 = 0.5;
/// The smallest size that noise is scaled by: about a pixel.
const LEAST_SIZE: f32 = 1.0 / 1024.0;

/// Position and speed along one axis with their covariance.
#[derive(Clone, Copy, Debug)]
struct Axis {
    x: f32,
    v: f32,
    pxx: f32,
    pxv: f32,
    pvv: f32,
}

impl Axis {
    fn new(x: f32, jitter: f32, speed: f32) -> Self {
        Self { x, v: 0.0, pxx: jitter * jitter, pxv: 0.0, pvv: speed * speed }
    }

    fn predict(&mut self, dt: f32, agility: f32) {
        let q = agility * agility;
        self.x += self.v * dt;
        self.pxx += 2.0 * dt * self.pxv + dt * dt * self.pvv + q * dt.powi(4) / 4.0;
        self.pxv += dt * self.pvv + q * dt.powi(3) / 2.0;
        self.pvv += q * dt * dt;
    }

    fn correct(&mut self, z: f32, jitter: f32) {
        let s = self.pxx + jitter * jitter;
        let (kx, kv) = (self.pxx / s, self.pxv / s);
        let surprise = z - self.x;
        self.x += kx * surprise;
        self.v += kv * surprise;
        self.pvv -= kv * self.pxv;
        self.pxx *= 1.0 - kx;
        self.pxv *= 1.0 - kx;
    }

    /// Squared distance of `z` in standard deviations.
    fn surprise(&self, z: f32, jitter: f32) -> f32 {
        (z - self.x).powi(2) / (self.pxx + jitter * jitter)
    }
}

/// A box with its speed, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motion {
    x: Axis,
    y: Axis,
    w: Axis,
    h: Axis,
    is_driven: bool,
}

/// The length that a box's horizontal and vertical movement is measured in. A person's box is narrow and a lorry's is
/// flat, yet both may move in either direction: the shorter side counts as at least half the longer.
fn sizes(w: f32, h: f32) -> (f32, f32) {
    (w.max(h / 2.0).max(LEAST_SIZE), h.max(w / 2.0).max(LEAST_SIZE))
}

/// How fast a thing may already be when it is first seen, in box sizes per second.
const fn first_speed(group: ClassGroup) -> f32 {
    match group {
        ClassGroup::Person | ClassGroup::Animal => 1.0,
        ClassGroup::Cycle => 3.0,
        ClassGroup::Vehicle => 5.0,
        ClassGroup::Fire | ClassGroup::Smoke => 0.3,
        ClassGroup::Other => 2.0,
    }
}

impl Motion {
    pub(super) fn new(rect: &NormRect, group: ClassGroup) -> Self {
        let (centre, w, h) = (rect.centre(), rect.width(), rect.height());
        let (sx, sy) = sizes(w, h);
        let speed = first_speed(group);
        Self {
            x: Axis::new(centre.x, JITTER * sx, speed * sx),
            y: Axis::new(centre.y, JITTER * sy, speed * sy),
            w: Axis::new(w, JITTER * sx, SWELLING * sx),
            h: Axis::new(h, JITTER * sy, SWELLING * sy),
            is_driven: matches!(group, ClassGroup::Vehicle | ClassGroup::Cycle),
        }
    }

    /// Moves on by `dt` seconds. `fading` is for a thing out of sight: its speed is kept less and less, because what
    /// disappears behind something stops or turns more often than it runs on.
    pub(super) fn predict(&mut self, dt: f32, is_fading: bool) {
        let (sx, sy) = sizes(self.w.x, self.h.x);
        let speed = (self.x.v / sx).hypot(self.y.v / sy);
        let agility = if self.is_driven { AGILITY.max(PERSPECTIVE * speed) } else { AGILITY };
        self.x.predict(dt, agility * sx);
        self.y.predict(dt, agility * sy);
        self.w.predict(dt, SWELLING * sx);
        self.h.predict(dt, SWELLING * sy);
        self.w.x = self.w.x.max(LEAST_SIZE);
        self.h.x = self.h.x.max(LEAST_SIZE);
        if is_fading {
            let keep = (-dt).exp();
            for axis in [&mut self.x, &mut self.y, &mut self.w, &mut self.h] {
                axis.v *= keep;
            }
        }
    }

    pub(super) fn correct(&mut self, rect: &NormRect) {
        let centre = rect.centre();
        let (sx, sy) = sizes(rect.width(), rect.height());
        self.x.correct(centre.x, JITTER * sx);
        self.y.correct(centre.y, JITTER * sy);
        self.w.correct(rect.width(), JITTER * sx);
        self.h.correct(rect.height(), JITTER * sy);
        self.w.x = self.w.x.max(LEAST_SIZE);
        self.h.x = self.h.x.max(LEAST_SIZE);
    }

    /// Squared Mahalanobis distance of the middle of `rect` from where this thing is expected.
    pub(super) fn surprise(&self, rect: &NormRect) -> f32 {
        let centre = rect.centre();
        let (sx, sy) = sizes(rect.width().max(self.w.x), rect.height().max(self.h.x));
        self.x.surprise(centre.x, JITTER * sx) + self.y.surprise(centre.y, JITTER * sy)
    }

    pub(super) fn rect(&self) -> NormRect {
        NormRect::from_centre(self.centre(), self.w.x, self.h.x)
    }

    pub(super) fn centre(&self) -> NormPoint {
        NormPoint { x: self.x.x, y: self.y.x }
    }

    /// Shares of the picture per second.
    pub(super) fn velocity(&self) -> NormPoint {
        NormPoint { x: self.x.v, y: self.y.v }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walker(t: f32) -> NormRect {
        NormRect::from_centre(NormPoint { x: 0.1 + 0.05 * t, y: 0.5 }, 0.04, 0.16)
    }

    #[test]
    fn the_speed_is_learned_alike_at_every_frame_rate() {
        for fps in [2.0_f32, 5.0, 10.0, 15.0] {
            let mut motion = Motion::new(&walker(0.0), ClassGroup::Person);
            let mut t = 0.0;
            while t < 4.0 {
                t += 1.0 / fps;
                motion.predict(1.0 / fps, false);
                motion.correct(&walker(t));
            }
            assert!((motion.velocity().x - 0.05).abs() < 0.005, "{fps} fps: {:?}", motion.velocity());
            assert!(motion.rect().iou(&walker(t)) > 0.9);
        }
    }

    #[test]
    fn a_car_that_comes_near_is_expected_where_it_is() {
        // 25 m/s towards a camera 8 m above the road; a car is 1.8 m wide and about as high.
        let car = |t: f32| {
            let distance = 60.0 - 25.0 * t;
            let side = 1.8 / distance;
            NormRect::from_centre(NormPoint { x: 0.5, y: 0.2 + 8.0 / distance }, side, side)
        };
        for group in [ClassGroup::Vehicle, ClassGroup::Person] {
            let mut motion = Motion::new(&car(0.0), group);
            let mut worst: f32 = 0.0;
            for i in 1..=18_u8 {
                let t = f32::from(i) * 0.1;
                motion.predict(0.1, false);
                worst = worst.max(motion.surprise(&car(t)));
                motion.correct(&car(t));
            }
            // People do not: who stands beside another must not be taken for them.
            assert_eq!(worst < 9.21, group == ClassGroup::Vehicle, "{group:?}: {worst}");
        }
    }

    #[test]
    fn what_is_out_of_sight_slows_down_and_becomes_less_certain() {
        let mut motion = Motion::new(&walker(0.0), ClassGroup::Person);
        for i in 1..=20_u8 {
            motion.predict(0.2, false);
            motion.correct(&walker(f32::from(i) * 0.2));
        }
        let far = walker(6.0);
        let before = motion.surprise(&far);
        let velocity = motion.velocity().x;
        for _ in 0..10 {
            motion.predict(0.2, true);
        }
        assert!(motion.velocity().x < velocity / 5.0);
        assert!(motion.surprise(&far) < before);
    }
}
