//! DEIMv2, DEIM, D-FINE and RT-DETR exported with their post-processor: inputs `images` and `orig_target_sizes`
//! (`[N, 2]`, width first), outputs `labels` `[N, Q]`, `boxes` `[N, Q, 4]` (corners, scaled to the sizes given) and
//! `scores` `[N, Q]`. The sizes given here are the input's own, so that boxes come in input pixels as in every family.

use super::{Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape};
use crate::{letterbox::PixelRect, manifest::Input};

pub(super) fn signature(input: &Input) -> Signature {
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

pub(super) fn decode(frame: &Frame, tensors: &[TensorView<'_>]) -> Result<Decoded, UnexpectedShape> {
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
