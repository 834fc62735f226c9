//! Which of many boxes on one thing stays.

use sharpeyes_domain::detection::Detection;

/// More candidates than this are noise: the weakest are dropped before the quadratic part. Enough to count a flood of what
/// a manifest may allow at most.
const MAX_CANDIDATES: usize = 1000;

/// How boxes push each other out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Suppression {
    /// Boxes of one class that overlap more are one thing.
    pub(crate) same_class_iou: f32,
    /// Boxes of classes of one group that overlap more are one thing (car and truck on the same lorry).
    pub(crate) group_iou: Option<f32>,
    /// Of two boxes of one group, the surer stays where more than this share of the smaller lies in the other.
    pub(crate) part: Option<f32>,
    /// Not more boxes than this, the surest first.
    pub(crate) max_boxes: usize,
}

/// What [`suppress`] took away beyond doubles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Suppressed {
    /// Boxes dropped because there were more than allowed.
    pub(crate) n_over_limit: usize,
    /// Boxes that are no doubles, those over the limit included.
    pub(crate) n_distinct: usize,
}

/// Greedy suppression: the surest box stays, what overlaps it too much goes. Leaves the survivors surest first.
pub(crate) fn suppress(detections: &mut Vec<Detection>, how: Suppression) -> Suppressed {
    detections.sort_by(|a, b| b.confidence.value().total_cmp(&a.confidence.value()));
    let mut n_over_limit = detections.len().saturating_sub(MAX_CANDIDATES);
    detections.truncate(MAX_CANDIDATES);
    let (mut n_kept, mut n_distinct) = (0, 0);
    for i in 0..detections.len() {
        let candidate = detections[i];
        let is_double = detections[..n_kept].iter().any(|kept| {
            let limit = if kept.class == candidate.class {
                Some(how.same_class_iou)
            } else if kept.class.group() == candidate.class.group() {
                how.group_iou
            } else {
                None
            };
            limit.is_some_and(|limit| kept.rect.iou(&candidate.rect) > limit)
                || how.part.is_some_and(|share| is_part(kept, &candidate, share))
        });
        if is_double {
            continue;
        }
        n_distinct += 1;
        if n_kept == how.max_boxes {
            n_over_limit += 1;
            continue;
        }
        detections[n_kept] = candidate;
        n_kept += 1;
    }
    detections.truncate(n_kept);
    Suppressed { n_over_limit, n_distinct }
}

/// Half a person beside the whole one, or two cars in one box.
fn is_part(kept: &Detection, candidate: &Detection, share: f32) -> bool {
    let smaller = kept.rect.area().min(candidate.rect.area());
    kept.class.group() == candidate.class.group() && kept.rect.intersection(&candidate.rect) > share * smaller
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        detection::ObjectClass::{self, Car, Person, Truck},
        geometry::{Confidence, NormRect},
    };

    use super::*;

    const HOW: Suppression =
        Suppression { same_class_iou: 0.45, group_iou: Some(0.7), part: None, max_boxes: 10 };

    fn detection(class: ObjectClass, score: f32, x0: f32, y0: f32, side: f32) -> Detection {
        let rect = NormRect { x0, y0, x1: x0 + side, y1: y0 + side };
        Detection { class, confidence: Confidence::new(score), rect }
    }

    fn check(how: Suppression, boxes: &[Detection], kept: &[usize]) {
        let mut left = boxes.to_vec();
        suppress(&mut left, how);
        assert_eq!(left, kept.iter().map(|i| boxes[*i]).collect::<Vec<_>>());
    }

    #[test]
    fn the_surest_of_overlapping_boxes_stays() {
        let boxes = [
            detection(Person, 0.6, 0.1, 0.1, 0.2),
            detection(Person, 0.9, 0.11, 0.1, 0.2),
            detection(Person, 0.5, 0.6, 0.6, 0.2),
        ];
        check(HOW, &boxes, &[1, 2]);
    }

    #[test]
    fn boxes_diagonal_to_each_other_both_stay() {
        for gap in [0.0, 0.01, 0.05, 0.091, 0.1, 0.12, 0.14] {
            let boxes =
                [detection(Person, 0.9, 0.1, 0.1, 0.1), detection(Person, 0.8, 0.2 + gap, 0.2 + gap, 0.1)];
            check(HOW, &boxes, &[0, 1]);
        }
    }

    #[test]
    fn another_class_on_the_same_spot_stays_unless_the_two_are_easily_confused() {
        let boxes = [
            detection(Truck, 0.9, 0.1, 0.1, 0.2),
            detection(Car, 0.8, 0.1, 0.1, 0.2),
            detection(Person, 0.7, 0.1, 0.1, 0.2),
        ];
        check(HOW, &boxes, &[0, 2]);
        check(Suppression { group_iou: None, ..HOW }, &boxes, &[0, 1, 2]);
    }

    #[test]
    fn half_of_a_thing_is_none_where_the_model_sees_halves() {
        let boxes = [
            detection(Person, 0.9, 0.1, 0.1, 0.2),
            // Lies in the first, holds the first, is another thing in it, and overlaps it by a corner.
            detection(Person, 0.8, 0.12, 0.2, 0.1),
            detection(Person, 0.7, 0.05, 0.05, 0.4),
            detection(Car, 0.6, 0.12, 0.2, 0.1),
            detection(Person, 0.5, 0.25, 0.25, 0.2),
        ];
        check(HOW, &boxes, &[0, 1, 2, 3, 4]);
        check(Suppression { part: Some(0.5), ..HOW }, &boxes, &[0, 3, 4]);
    }

    #[test]
    fn a_crowd_beyond_the_limit_loses_its_weakest_and_says_so() {
        let mut boxes: Vec<_> = (0..15u8)
            .map(|i| detection(Person, 0.3 + f32::from(i) / 100.0, f32::from(i) / 20.0, 0.1, 0.02))
            .collect();
        assert_eq!(suppress(&mut boxes, HOW).n_over_limit, 5);
        assert_eq!(boxes.len(), 10);
        assert!(boxes.iter().all(|b| b.confidence.value() > 0.34));
        let mut noise: Vec<_> =
            (0..3000u16).map(|i| detection(Person, 0.5, f32::from(i), 0.0, 0.5)).collect();
        assert_eq!(suppress(&mut noise, HOW).n_over_limit, 2990);
    }
}
