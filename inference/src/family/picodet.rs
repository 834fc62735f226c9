//! PicoDet (PaddleDetection, Apache-2.0) as released without post-processing: for each of four levels the classes
//! `[1, n, C]`, through the sigmoid, and then for each level the distances `[1, n, 4 * bins]` as distributions. The grid
//! point of a cell is its middle; n runs over rows and columns.

use super::{
    Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape,
    gfl::{self, N_BINS},
};
use crate::manifest::Input;

pub(super) const STRIDES: [u32; 4] = [8, 16, 32, 64];
/// NanoDet of the first release (RangiLyu, Apache-2.0) has the same outputs, and one level less.
pub(super) const NANODET_STRIDES: [u32; 3] = [8, 16, 32];

pub(super) fn signature(input: &Input, n_classes: u32, strides: &[u32]) -> Signature {
    // Their names are the exporter's: the makers' own demos go by the order, classes first.
    let level = |stride, depth, why| {
        let shape = vec![1, super::declared_anchors(input, &[stride]), depth];
        Expected::output(None, Element::Float, shape, why)
    };
    let classes =
        |stride: &u32| level(*stride, i64::from(n_classes), "[1, cells of the level, classes.count]");
    let distances =
        |stride: &u32| level(*stride, 4 * super::as_side(N_BINS), "[1, cells of the level, 4 x 8]");
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: strides.iter().map(classes).chain(strides.iter().map(distances)).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixel arithmetic: grids are below 2^24")]
pub(super) fn decode(
    frame: &Frame,
    tensors: &[TensorView<'_>],
    strides: &[u32],
) -> Result<Decoded, UnexpectedShape> {
    let mut decoded = Decoded::default();
    let (classes, distances) = tensors.split_at(tensors.len() / 2);
    for ((&stride, classes), distances) in strides.iter().zip(classes).zip(distances) {
        let columns = super::cells(frame.input.width_px, stride);
        let n = super::as_side(super::n_anchors(frame.input, &[stride]));
        let classes = classes.floats(&[1, n, super::as_side(frame.n_classes)])?;
        let distances = distances.floats(&[1, n, super::as_side(4 * N_BINS)])?;
        let step = stride as f32;
        let cells = classes.chunks_exact(frame.n_classes).zip(distances.chunks_exact(4 * N_BINS));
        for (cell, (classes, distances)) in cells.enumerate() {
            let Some(best) = super::best_class(classes) else {
                decoded.n_non_finite += 1;
                continue;
            };
            if best.score < frame.floor {
                continue;
            }
            let x = ((cell % columns) as f32 + 0.5) * step;
            let y = ((cell / columns) as f32 + 0.5) * step;
            let rect = gfl::rect(x, y, step, distances);
            decoded.push(Candidate { class_index: best.index, score: best.score, rect });
        }
    }
    Ok(decoded)
}
