//! Hints: weak detections of people that begin no track by themselves, but tell where somebody came from, and convince when
//! many agree.

use super::TrackerConfig;
use crate::{detection::Detection, geometry::NormRect, time::MediaDuration};

/// One weak detection is nothing. So many that follow each other (the sum of their scores), for so long, all of somebody
/// upright who has moved on and in whose place nobody else is, are a person of whom the detector is never sure.
pub(super) const CONVINCING: f32 = 2.5;
pub(super) const CONVINCED: MediaDuration = MediaDuration::from_secs(2);
/// Detections of which none is weaker than this share of a strong one.
const FAINT: f32 = 0.6;
/// A person's box is upright from this many times its breadth in height on; a dog's never is.
const UPRIGHT: f32 = 1.3;
/// A box may be of a part of a person: the rest is no farther above or below than so many of its heights …
const REST_OF_BODY: f32 = 0.7;
/// … and who stands so many of its breadths beside it may be the one whose part it is, or hide parts of others.
const BESIDE: f32 = 1.0;
/// So many things that are only guessed at are followed.
pub(super) const MOST_HINTS: usize = 32;

/// Where somebody may be of whom `rect` is a part.
pub(super) fn column(rect: &NormRect) -> NormRect {
    let reach = REST_OF_BODY * rect.height();
    let beside = BESIDE * rect.width();
    NormRect { x0: rect.x0 - beside, y0: rect.y0 - reach, x1: rect.x1 + beside, y1: rect.y1 + reach }
}

/// What a detection adds to what is known of a thing: who is once seen worse or not upright never convinces.
pub(super) fn upright_score(detection: &Detection, config: &TrackerConfig) -> f32 {
    let (rect, score) = (&detection.rect, detection.confidence.value());
    let is_so = rect.height() >= UPRIGHT * rect.breadth() && score >= FAINT * config.high.value();
    if is_so { score } else { f32::NEG_INFINITY }
}
