//! Distances as distributions, as in generalised focal loss (Li et al., 2020): for left, top, right and bottom the
//! logits of a distribution over 0..[`N_BINS`] cells. What NanoDet-Plus and PicoDet share.

use crate::letterbox::PixelRect;

/// Distances are spread over 0 to 7 cells in every published configuration (`reg_max: 7`).
pub(super) const N_BINS: usize = 8;

/// The box around a grid point in pixels, from `[4 * N_BINS]` logits in cells of `step` pixels.
pub(super) fn rect(x: f32, y: f32, step: f32, logits: &[f32]) -> PixelRect {
    let mut side = logits.chunks_exact(N_BINS).map(|logits| expectation(logits) * step);
    let mut next = || side.next().unwrap_or(f32::NAN);
    let (left, top, right, bottom) = (next(), next(), next(), next());
    PixelRect { x0: x - left, y0: y - top, x1: x + right, y1: y + bottom }
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
