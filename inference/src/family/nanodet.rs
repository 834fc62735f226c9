//! NanoDet-Plus (RangiLyu, Apache-2.0): `[1, A, C + 4 * bins]` = classes through the sigmoid, then distances as
//! distributions. The grid point of a cell is its corner; A runs over the levels, rows and columns.

use super::{
    Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape,
    gfl::{self, N_BINS},
};
use crate::manifest::Input;

const STRIDES: [u32; 4] = [8, 16, 32, 64];

pub(super) fn signature(input: &Input, n_classes: u32) -> Signature {
    let depth = i64::from(n_classes) + 4 * super::as_side(N_BINS);
    let shape = vec![1, super::declared_anchors(input, &STRIDES), depth];
    let why = "[1, cells of strides 8, 16, 32 and 64, classes.count + 4 x 8]";
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![Expected::output(None, Element::Float, shape, why)],
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixel arithmetic: grids are below 2^24")]
pub(super) fn decode(frame: &Frame, output: &TensorView<'_>) -> Result<Decoded, UnexpectedShape> {
    let depth = frame.n_classes + 4 * N_BINS;
    let n = super::n_anchors(frame.input, &STRIDES);
    let data = output.floats(&[1, super::as_side(n), super::as_side(depth)])?;
    let mut decoded = Decoded::default();
    let mut anchors = data.chunks_exact(depth);
    for stride in STRIDES {
        let step = stride as f32;
        for row in 0..super::cells(frame.input.height_px, stride) {
            for column in 0..super::cells(frame.input.width_px, stride) {
                let Some(anchor) = anchors.next() else { return Ok(decoded) };
                let (classes, distances) = anchor.split_at(frame.n_classes);
                let Some(best) = super::best_class(classes) else {
                    decoded.n_non_finite += 1;
                    continue;
                };
                if best.score < frame.floor {
                    continue;
                }
                let rect = gfl::rect(column as f32 * step, row as f32 * step, step, distances);
                decoded.push(Candidate { class_index: best.index, score: best.score, rect });
            }
        }
    }
    Ok(decoded)
}
