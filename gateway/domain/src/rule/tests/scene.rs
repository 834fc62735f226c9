//! Little plays: things that move along paths, seen by a detector with jitter and followed by the real tracker.

use super::super::{RuleConfig, RuleKind, RuleState};
use super::at_ms;
use crate::{
    alarm::{AlarmBegin, AlarmEdge, AlarmEnd},
    detection::{Detection, ObjectClass},
    geometry::{ASPECT, Confidence, NormPoint, NormRect, Polygon},
    ids::{RuleId, ZoneId},
    time::MediaDuration,
    track::{Tracker, TrackerConfig, tests::chance},
    zone::Zone,
};

/// Where a thing is `t` seconds into the play, and how well it is seen; `None` while it is not.
pub(super) type Path<'a> = Box<dyn Fn(f32) -> Option<(NormRect, f32)> + 'a>;

pub(super) struct Actor<'a> {
    pub(super) class: ObjectClass,
    pub(super) path: Path<'a>,
}

pub(super) fn actor<'a>(class: ObjectClass, path: impl Fn(f32) -> Option<(NormRect, f32)> + 'a) -> Actor<'a> {
    Actor { class, path: Box::new(path) }
}

/// A box whose foot is at `x`, `y`, of a height and a breadth in picture heights.
pub(super) fn stands(x: f32, y: f32, height: f32, breadth: f32) -> NormRect {
    NormRect::from_centre(NormPoint { x, y: y - height / 2.0 }, breadth / ASPECT, height)
}

/// An upright person of a fifth of the picture's height.
pub(super) fn person(x: f32, y: f32) -> NormRect {
    stands(x, y, 0.2, 0.08)
}

/// A car seen from the side.
pub(super) fn car(x: f32, y: f32) -> NormRect {
    stands(x, y, 0.12, 0.26)
}

/// Well seen.
#[expect(clippy::unnecessary_wraps, reason = "a path may also say that there is nothing")]
pub(super) fn clear(rect: NormRect) -> Option<(NormRect, f32)> {
    Some((rect, 0.7))
}

/// From `a` to `b` while `t` goes from `from` to `to`, standing before and after.
pub(super) fn between(t: f32, from: f32, to: f32, a: f32, b: f32) -> f32 {
    a + (b - a) * ((t - from) / (to - from)).clamp(0.0, 1.0)
}

/// The play at one frame rate.
pub(super) fn play(config: &RuleConfig, fps: u16, seconds: f32, actors: &[Actor<'_>]) -> Told {
    play_with(config, fps, seconds, 0.02, actors)
}

pub(super) fn play_with(
    config: &RuleConfig,
    fps: u16,
    seconds: f32,
    jitter: f32,
    actors: &[Actor<'_>],
) -> Told {
    let mut chance = chance(u64::from(fps) * 7 + 1);
    let mut tracker = Tracker::new(TrackerConfig::default());
    let mut rule = RuleState::new(config.clone());
    let mut edges = Vec::new();
    let mut frame = 0_u16;
    while f32::from(frame) / f32::from(fps) <= seconds {
        let t = f32::from(frame) / f32::from(fps);
        let mut detections = Vec::new();
        for actor in actors {
            let Some((rect, score)) = (actor.path)(t) else { continue };
            let mut off = |size: f32| ((0..12).map(|_| chance()).sum::<f32>() - 6.0) * jitter * size;
            let (w, h) = (rect.width(), rect.height());
            let rect = NormRect {
                x0: rect.x0 + off(w),
                y0: rect.y0 + off(h),
                x1: rect.x1 + off(w),
                y1: rect.y1 + off(h),
            }
            .clipped();
            if rect.area() > 1e-6 {
                detections.push(Detection { class: actor.class, confidence: Confidence::new(score), rect });
            }
        }
        let at = at_ms(i64::from(frame) * 1_000 / i64::from(fps));
        edges.extend(rule.step(at, tracker.update(at.pts, &detections)));
        frame += 1;
    }
    Told { edges, passed: rule.passed().map(|passed| (passed.forward, passed.backward)) }
}

/// What a rule said in a play.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) edges: Vec<AlarmEdge>,
    pub(super) passed: Option<(u32, u32)>,
}

impl Told {
    pub(super) fn begins(&self) -> Vec<&AlarmBegin> {
        self.edges.iter().filter_map(|e| if let AlarmEdge::Begin(b) = e { Some(b) } else { None }).collect()
    }

    pub(super) fn ends(&self) -> Vec<&AlarmEnd> {
        self.edges.iter().filter_map(|e| if let AlarmEdge::End(e) = e { Some(e) } else { None }).collect()
    }

    /// Exactly one alarm, which began within a second of `began_s` and was raised within 1.5 s of `raised_s`.
    #[track_caller]
    pub(super) fn is_one(&self, what: &str, began_s: f64, raised_s: f64) -> &AlarmBegin {
        let begins = self.begins();
        assert_eq!(begins.len(), 1, "{what}: {:#?}", self.edges);
        let (began, raised) = (seconds(begins[0].began.pts.0), seconds(begins[0].raised.pts.0));
        assert!((began - began_s).abs() <= 1.0, "{what}: began {began}, due {began_s}");
        assert!((raised - raised_s).abs() <= 1.5, "{what}: raised {raised}, due {raised_s}");
        begins[0]
    }

    #[track_caller]
    pub(super) fn is_silent(&self, what: &str) {
        assert!(self.edges.is_empty(), "{what}: {:#?}", self.edges);
    }
}

#[expect(clippy::cast_precision_loss, reason = "test times are small")]
pub(super) fn seconds(ticks: i64) -> f64 {
    ticks as f64 / 90_000.0
}

/// A rule without hold time, which clears after two seconds.
pub(super) fn rule(kind: RuleKind) -> RuleConfig {
    RuleConfig {
        hold: MediaDuration::ZERO,
        clear: MediaDuration::from_secs(2),
        ..RuleConfig::new(RuleId::new("rule").unwrap(), kind, None)
    }
}

pub(super) fn zone(corners: &[(f32, f32)]) -> Zone {
    let corners = corners.iter().map(|&(x, y)| NormPoint { x, y }).collect();
    Zone { id: ZoneId::new("zone").unwrap(), name: "zone".into(), polygon: Polygon::new(corners).unwrap() }
}
