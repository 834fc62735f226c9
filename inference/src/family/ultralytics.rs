//! YOLOv8 and its successors with the same head, as exported by Ultralytics: `[1, 4 + C, A]` = centre x, centre y,
//! width and height in input pixels, then the classes through the sigmoid. There is no objectness. Those weights are
//! AGPL-3.0: they are the user's own, never shipped.
//!
//! YOLOv10, 26 and exports with `end2end` or `nms=True` keep their best boxes only: `[1, N, 6]` = corners in input pixels,
//! score, class; rows that are not needed are zeros. YOLOv5 has an objectness and rows instead of columns:
//! `[1, A, 5 + C]` = centre x, centre y, width and height in input pixels, objectness, classes.

use super::{Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape};
use crate::{letterbox::PixelRect, manifest::Input};

const STRIDES: [u32; 3] = [8, 16, 32];

pub(super) fn signature(input: &Input, n_classes: u32) -> Signature {
    let shape = vec![1, i64::from(n_classes) + 4, super::declared_anchors(input, &STRIDES)];
    let why = "[1, 4 + classes.count, cells of strides 8, 16 and 32]";
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![Expected::output(None, Element::Float, shape, why)],
    }
}

pub(super) fn decode(frame: &Frame, output: &TensorView<'_>) -> Result<Decoded, UnexpectedShape> {
    let n = super::n_anchors(frame.input, &STRIDES);
    let data = output.floats(&[1, super::as_side(4 + frame.n_classes), super::as_side(n)])?;
    let (sides, classes) = data.split_at(4 * n);
    // Class by class, so that memory is read in order.
    let mut best = vec![0.0_f32; n];
    let mut best_index = vec![0_usize; n];
    let mut is_finite = vec![true; n];
    for (index, scores) in classes.chunks_exact(n).enumerate() {
        for (anchor, score) in scores.iter().enumerate() {
            is_finite[anchor] &= score.is_finite();
            if *score > best[anchor] {
                best[anchor] = *score;
                best_index[anchor] = index;
            }
        }
    }
    let mut decoded = Decoded::default();
    for anchor in 0..n {
        if !is_finite[anchor] {
            decoded.n_non_finite += 1;
        } else if best[anchor] >= frame.floor {
            let side = |i: usize| sides[i * n + anchor];
            let rect = PixelRect::from_centre(side(0), side(1), side(2), side(3));
            decoded.push(Candidate { class_index: best_index[anchor], score: best[anchor], rect });
        }
    }
    Ok(decoded)
}

pub(super) fn end_to_end_signature(input: &Input) -> Signature {
    let why = "[1, boxes, corners and score and class]";
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![Expected::output(None, Element::Float, vec![1, -1, 6], why)],
    }
}

pub(super) fn decode_end_to_end(frame: &Frame, output: &TensorView<'_>) -> Result<Decoded, UnexpectedShape> {
    let n = output.shape.get(1).copied().unwrap_or(-1);
    let mut decoded = Decoded::default();
    for row in output.floats(&[1, n, 6])?.chunks_exact(6) {
        if row[4] < frame.floor {
            continue;
        }
        let rect = PixelRect { x0: row[0], y0: row[1], x1: row[2], y1: row[3] };
        decoded.push(Candidate { class_index: super::class_number(row[5]), score: row[4], rect });
    }
    Ok(decoded)
}

pub(super) fn v5_signature(input: &Input, n_classes: u32) -> Signature {
    // Three boxes a cell.
    let n = super::declared_anchors(input, &STRIDES);
    let n = if n < 0 { n } else { 3 * n };
    let why = "[1, 3 boxes a cell of strides 8, 16 and 32, 5 + classes.count]";
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![Expected::output(None, Element::Float, vec![1, n, i64::from(n_classes) + 5], why)],
    }
}

pub(super) fn decode_v5(frame: &Frame, output: &TensorView<'_>) -> Result<Decoded, UnexpectedShape> {
    let depth = 5 + frame.n_classes;
    let n = 3 * super::n_anchors(frame.input, &STRIDES);
    let mut decoded = Decoded::default();
    for row in output.floats(&[1, super::as_side(n), super::as_side(depth)])?.chunks_exact(depth) {
        if row[4] < frame.floor {
            continue;
        }
        let Some(best) = super::best_class(&row[5..]) else {
            decoded.n_non_finite += 1;
            continue;
        };
        let score = row[4] * best.score;
        if score < frame.floor {
            continue;
        }
        let rect = PixelRect::from_centre(row[0], row[1], row[2], row[3]);
        decoded.push(Candidate { class_index: best.index, score, rect });
    }
    Ok(decoded)
}
