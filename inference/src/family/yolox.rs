//! YOLOX (Megvii, 2021): `[1, A, 5 + C]` = x, y, w, h, objectness, classes; x and y in cells from the cell's corner,
//! w and h as logarithms of cells; objectness and classes already through the sigmoid. A runs over the levels, rows
//! and columns. Exports with `--decode_in_inference` are another thing and not supported.

use super::{Candidate, Decoded, Element, Expected, Frame, Signature, TensorView, UnexpectedShape};
use crate::{letterbox::PixelRect, manifest::Input};

const STRIDES: [u32; 3] = [8, 16, 32];

pub(super) fn signature(input: &Input, n_classes: u32) -> Signature {
    let shape = vec![1, super::declared_anchors(input, &STRIDES), i64::from(n_classes) + 5];
    let why = "[1, cells of strides 8, 16 and 32, 5 + classes.count]";
    Signature {
        inputs: vec![Expected::picture(None, input)],
        outputs: vec![Expected::output(None, Element::Float, shape, why)],
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixel arithmetic: grids are below 2^24")]
pub(super) fn decode(frame: &Frame, output: &TensorView<'_>) -> Result<Decoded, UnexpectedShape> {
    let depth = 5 + frame.n_classes;
    let n = super::n_anchors(frame.input, &STRIDES);
    let data = output.floats(&[1, super::as_side(n), super::as_side(depth)])?;
    let mut decoded = Decoded::default();
    let mut anchors = data.chunks_exact(depth);
    for stride in STRIDES {
        let step = stride as f32;
        for row in 0..super::cells(frame.input.height_px, stride) {
            for column in 0..super::cells(frame.input.width_px, stride) {
                let Some(anchor) = anchors.next() else { return Ok(decoded) };
                let objectness = anchor[4];
                // Nearly all cells end here. Class scores are at most 1, so a score cannot exceed the objectness.
                if objectness < frame.floor {
                    continue;
                }
                let Some(best) = super::best_class(&anchor[5..]) else {
                    decoded.n_non_finite += 1;
                    continue;
                };
                let score = objectness * best.score;
                if score < frame.floor {
                    continue;
                }
                let rect = PixelRect::from_centre(
                    (anchor[0] + column as f32) * step,
                    (anchor[1] + row as f32) * step,
                    anchor[2].exp() * step,
                    anchor[3].exp() * step,
                );
                decoded.push(Candidate { class_index: best.index, score, rect });
            }
        }
    }
    Ok(decoded)
}
