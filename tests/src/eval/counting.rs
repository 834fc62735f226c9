//! How far the number of people in a zone is from the true one.

use std::collections::HashMap;

use serde::Serialize;
use sharpeyes_domain::{
    detection::ObjectClass,
    geometry::{NormRect, Polygon},
    rule::RuleClass,
    zone::anchor,
};

use super::{
    clip::{Clip, ClipRule},
    run::Replayed,
};
use crate::scene::TruthBox;

/// A person of whom less than this is seen need not be counted.
const LEAST_VISIBLE: f64 = 0.25;
/// `class` of a person in the truth.
const PERSON: u32 = 1;

/// One counter over one clip.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// Which clip.
    pub clip: String,
    /// Which rule's zone.
    pub rule: String,
    /// Pictures compared.
    pub pictures: usize,
    /// People in the zone, on average.
    pub mean_true: f64,
    /// Mean of |counted − true|.
    pub mae: f64,
    /// Mean of counted − true.
    pub bias: f64,
}

/// Compares the people of every crowding rule's zone with the truth; nothing for a clip without boxes.
///
/// # Errors
/// When a file is damaged.
pub fn count(clip: &Clip, replayed: &Replayed) -> anyhow::Result<Vec<Count>> {
    let Some(boxes) = clip.boxes()? else { return Ok(Vec::new()) };
    let mut zones: Vec<ClipRule> = Vec::new();
    for rule in clip.rules()?.into_iter().filter(|rule| rule.class == RuleClass::Crowding) {
        // Several limits of one zone are one counter.
        if !zones.iter().any(|known| known.zone == rule.zone) {
            zones.push(rule);
        }
    }
    let tracks = replayed.tracks()?;
    let mut counts = Vec::new();
    for rule in zones {
        let polygon = rule.polygon()?;
        let due = due(&boxes, clip, &polygon);
        let mut errors = Vec::new();
        let mut n_true = 0;
        for (pts, tracks) in &tracks {
            let is_in = |rect: &NormRect| polygon.contains(anchor(ObjectClass::Person, rect));
            let is_counted = |class, rect: &NormRect| class == ObjectClass::Person && is_in(rect);
            let counted = tracks.iter().filter(|track| is_counted(track.class, &track.rect)).count();
            let wanted = due.get(&frame_at(*pts, clip.truth.fps)).copied().unwrap_or_default();
            n_true += wanted;
            errors.push(difference(counted, wanted));
        }
        let mean = |sum: f64| sum / difference(errors.len().max(1), 0);
        counts.push(Count {
            clip: clip.name.clone(),
            rule: rule.id,
            pictures: errors.len(),
            mean_true: mean(difference(n_true, 0)),
            mae: mean(errors.iter().map(|error| error.abs()).sum()),
            bias: mean(errors.iter().sum()),
        });
    }
    Ok(counts)
}

/// True count by frame.
fn due(boxes: &[TruthBox], clip: &Clip, polygon: &Polygon) -> HashMap<usize, usize> {
    let (width, height) = (f64::from(clip.truth.width), f64::from(clip.truth.height));
    let mut due = HashMap::new();
    for row in boxes.iter().filter(|row| row.class == PERSON && row.visible >= LEAST_VISIBLE) {
        #[expect(clippy::cast_possible_truncation, reason = "shares of a picture")]
        let rect = NormRect {
            x0: (row.left_px / width) as f32,
            y0: (row.top_px / height) as f32,
            x1: ((row.left_px + row.width_px) / width) as f32,
            y1: ((row.top_px + row.height_px) / height) as f32,
        };
        if polygon.contains(anchor(ObjectClass::Person, &rect)) {
            *due.entry(row.frame).or_default() += 1;
        }
    }
    due
}

/// The frame, from 1, that is shown at `pts`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "minutes of video"
)]
fn frame_at(pts: i64, fps: f64) -> usize {
    (pts as f64 / 90_000.0 * fps).round() as usize + 1
}

#[expect(clippy::cast_precision_loss, reason = "people in a picture")]
fn difference(a: usize, b: usize) -> f64 {
    a as f64 - b as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_from_one_at_the_clips_own_rate() {
        let check = |pts, fps, expected| assert_eq!(frame_at(pts, fps), expected, "{pts} at {fps}");
        check(0, 12.0, 1);
        check(7_500, 12.0, 2);
        check(22_500, 12.0, 4);
        check(90_090, 29.97, 31);
    }
}
