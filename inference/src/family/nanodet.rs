//! NanoDet-Plus (RangiLyu, Apache-2.0): `[1, A, C + 4 * bins]` = classes through the sigmoid, then for left, top,
//! right and bottom the logits of a distribution over 0..bins cells (generalised focal loss). The grid point of a cell
//! is its corner; A runs over the levels, rows and columns.

use super::{Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape};
use crate::{letterbox::PixelRect, manifest::Input};

const STRIDES: [u32; 4] = [8, 16, 32, 64];
/// Distances are spread over 0 to 7 cells in every published configuration (`reg_max: 7`).
const N_BINS: usize = 8;

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
                let mut side = distances.chunks_exact(N_BINS).map(|logits| expectation(logits) * step);
                let mut next = || side.next().unwrap_or(f32::NAN);
                let (left, top, right, bottom) = (next(), next(), next(), next());
                let (x, y) = (column as f32 * step, row as f32 * step);
                let rect = PixelRect { x0: x - left, y0: y - top, x1: x + right, y1: y + bottom };
                decoded.push(Candidate { class_index: best.index, score: best.score, rect });
            }
        }
    }
    Ok(decoded)
}

/// Mean of 0, 1, 2.. under the softmax of `logits`.
fn expectation(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted, mut bin) = (0.0, 0.0, 0.0);
    for logit in logits {
        let share = (logit - highest).exp();
        sum += share;
        weighted += share * bin;
        bin += 1.0;
    }
    weighted / sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_distribution_becomes_its_mean() {
        let check = |logits: [f32; 8], expected: f32| {
            assert!((super::expectation(&logits) - expected).abs() < 1e-4, "{logits:?}");
        };
        check([0.0; 8], 3.5);
        check([0.0, 0.0, 0.0, 0.0, 0.0, 50.0, 0.0, 0.0], 5.0);
        check([900.0, 900.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0.5);
    }
}
