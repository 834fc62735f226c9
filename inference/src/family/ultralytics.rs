//! YOLOv8 and its successors with the same head, as exported by Ultralytics: `[1, 4 + C, A]` = centre x, centre y,
//! width and height in input pixels, then the classes through the sigmoid. There is no objectness. Those weights are
//! AGPL-3.0: they are the user's own, never shipped.

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
