//! Detectors without a grid: so many queries, and a box for each.
//!
//! With their post-processor (DEIMv2, DEIM, D-FINE, RT-DETR): inputs `images` and `orig_target_sizes`
//! (`[N, 2]`, width first), outputs `labels` `[N, Q]`, `boxes` `[N, Q, 4]` (corners, scaled to the sizes given) and
//! `scores` `[N, Q]`. The sizes given here are the input's own, so that boxes come in input pixels as in every family.
//!
//! Without one (RF-DETR): output `dets` `[N, Q, 4]` = centre x, centre y, width and height as parts of the picture, and
//! `labels` `[N, Q, C]` = logits of independent classes. A query counts as the class that it is surest of.

use super::{Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape};
use crate::{letterbox::PixelRect, manifest::Input};

pub(super) fn post_signature(input: &Input) -> Signature {
    let float = |name, shape, why| Expected::output(Some(name), Element::Float, shape, why);
    let integer = |name, shape, why| Expected::output(Some(name), Element::Int64, shape, why);
    Signature {
        inputs: vec![
            Expected::picture(Some("images"), input),
            integer("orig_target_sizes", vec![1, 2], "[batch, width and height]"),
        ],
        outputs: vec![
            integer("labels", vec![1, -1], "[batch, queries]"),
            float("boxes", vec![1, -1, 4], "[batch, queries, corners]"),
            float("scores", vec![1, -1], "[batch, queries]"),
        ],
    }
}

pub(super) fn decode_post(frame: &Frame, tensors: &[TensorView<'_>]) -> Result<Decoded, UnexpectedShape> {
    let [labels, boxes, scores] = tensors else { return Ok(Decoded::default()) };
    let n = scores.shape.get(1).copied().unwrap_or(-1);
    let scores = scores.floats(&[1, n])?;
    let labels = labels.integers(&[1, n])?;
    let boxes = boxes.floats(&[1, n, 4])?;
    let mut decoded = Decoded::default();
    for ((score, label), corners) in scores.iter().zip(labels).zip(boxes.chunks_exact(4)) {
        if *score < frame.floor {
            continue;
        }
        // A label outside the model's classes is dropped like a class that does not matter here.
        let class_index = usize::try_from(*label).unwrap_or(usize::MAX);
        let rect = PixelRect { x0: corners[0], y0: corners[1], x1: corners[2], y1: corners[3] };
        decoded.push(Candidate { class_index, score: *score, rect });
    }
    Ok(decoded)
}

pub(super) fn raw_signature(input: &Input, n_classes: u32) -> Signature {
    let float = |name, depth, why| Expected::output(Some(name), Element::Float, vec![1, -1, depth], why);
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![
            float("dets", 4, "[batch, queries, centre and size]"),
            float("labels", i64::from(n_classes), "[batch, queries, classes.count]"),
        ],
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixel arithmetic: sides are below 2^24")]
pub(super) fn decode_raw(frame: &Frame, tensors: &[TensorView<'_>]) -> Result<Decoded, UnexpectedShape> {
    let [boxes, logits] = tensors else { return Ok(Decoded::default()) };
    let n = boxes.shape.get(1).copied().unwrap_or(-1);
    let boxes = boxes.floats(&[1, n, 4])?;
    let logits = logits.floats(&[1, n, super::as_side(frame.n_classes)])?;
    let (width, height) = (frame.input.width_px as f32, frame.input.height_px as f32);
    let mut decoded = Decoded::default();
    for (side, logits) in boxes.chunks_exact(4).zip(logits.chunks_exact(frame.n_classes)) {
        let Some(best) = super::best_class(logits) else {
            decoded.n_non_finite += 1;
            continue;
        };
        let score = 1.0 / (1.0 + (-best.score).exp());
        if score < frame.floor {
            continue;
        }
        let rect =
            PixelRect::from_centre(side[0] * width, side[1] * height, side[2] * width, side[3] * height);
        decoded.push(Candidate { class_index: best.index, score, rect });
    }
    Ok(decoded)
}
