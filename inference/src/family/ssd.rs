//! SSD, EfficientDet and their kin from TensorFlow, with the post-processing that TensorFlow Lite and the object detection
//! API put behind them: boxes `[1, N, 4]` = top, left, bottom, right as parts of the input; classes `[1, N]` and scores
//! `[1, N]` as floats; count `[1]`, how many rows are filled, most of them surest first. Outputs are known by the words
//! in their names (`detection_boxes`), else by this order. Class numbers are as the model counts them: from 1 in the
//! object detection API, from 0 in TensorFlow Lite; the manifest's map says which.

use super::{Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape};
use crate::{letterbox::PixelRect, manifest::Input};

pub(super) fn signature(input: &Input) -> Signature {
    let float = |word, shape, why| Expected {
        word: Some(word),
        ..Expected::output(None, Element::Float, shape, why)
    };
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![
            float("box", vec![1, -1, 4], "[batch, boxes, top and left and bottom and right]"),
            float("class", vec![1, -1], "[batch, boxes]"),
            float("score", vec![1, -1], "[batch, boxes]"),
            float("num", vec![1], "[how many]"),
        ],
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixel arithmetic: sides are below 2^24")]
pub(super) fn decode(frame: &Frame, tensors: &[TensorView<'_>]) -> Result<Decoded, UnexpectedShape> {
    let [boxes, classes, scores, count] = tensors else { return Ok(Decoded::default()) };
    let n = scores.shape.get(1).copied().unwrap_or(-1);
    let scores = scores.floats(&[1, n])?;
    let classes = classes.floats(&[1, n])?;
    let boxes = boxes.floats(&[1, n, 4])?;
    let filled = super::class_number(count.floats(&[1])?.first().copied().unwrap_or(0.0));
    let (width, height) = (frame.input.width_px as f32, frame.input.height_px as f32);
    let mut decoded = Decoded::default();
    if filled == usize::MAX {
        // A count that is no number: what is filled is not known, so nothing is believed.
        decoded.n_non_finite += 1;
        return Ok(decoded);
    }
    for ((score, class), side) in scores.iter().zip(classes).zip(boxes.chunks_exact(4)).take(filled) {
        if *score < frame.floor {
            continue;
        }
        let rect = PixelRect {
            x0: side[1] * width,
            y0: side[0] * height,
            x1: side[3] * width,
            y1: side[2] * height,
        };
        decoded.push(Candidate { class_index: super::class_number(*class), score: *score, rect });
    }
    Ok(decoded)
}
