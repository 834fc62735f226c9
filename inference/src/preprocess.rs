//! Picture to tensor in one pass: bilinear resize, colour conversion, normalisation and letterbox.
//!
//! Everything that depends only on the sizes is computed once per camera shape and kept: the taps of every column and
//! row, and the tensor with its padding already painted. Per picture, each output row blends two source rows (this
//! loop vectorises), picks its columns, and is converted into the three planes of the tensor.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixel arithmetic"
)]

use crate::{
    letterbox::{InputSize, Letterbox},
    manifest::{ColourOrder, Input},
    picture::{ColourMatrix, ColourRange, ColourSpace, Picture, Plane},
};

/// The way from one picture size to one input tensor.
pub(crate) struct Preprocessor {
    letterbox: Letterbox,
    order: ColourOrder,
    /// Per channel of the tensor: `value = sample * gain + offset`.
    gain: [f32; 3],
    offset: [f32; 3],
    luma_columns: Columns,
    luma_rows: Vec<Tap>,
    chroma_columns: Columns,
    chroma_rows: Vec<Tap>,
    rows: Rows,
    /// `[1, 3, H, W]`, contiguous.
    tensor: Vec<f32>,
}

/// How the samples of one row become the columns of the tensor.
enum Columns {
    /// One to one.
    Same(usize),
    /// Chroma of a picture that is not scaled: every sample, and between each two their mean.
    Double(usize),
    /// Any scale.
    Taps(Vec<Tap>),
}

/// Between which two source samples one output sample lies.
#[derive(Clone, Copy)]
struct Tap {
    first: u32,
    second: u32,
    /// Share of the second, 0..1.
    weight: f32,
}

/// Scratch for one output row.
#[derive(Default)]
struct Rows {
    blended: Vec<f32>,
    planes: [Vec<f32>; 3],
}

impl Preprocessor {
    pub(crate) fn new(width_px: u32, height_px: u32, letterbox: Letterbox, input: &Input) -> Self {
        let content = letterbox.content;
        let mut gain = [0.0; 3];
        let mut offset = [0.0; 3];
        for channel in 0..3 {
            gain[channel] = 1.0 / input.normalisation.std[channel];
            offset[channel] = -input.normalisation.mean[channel] / input.normalisation.std[channel];
        }
        let InputSize { width_px: in_w, height_px: in_h } = letterbox.input;
        let area = in_w as usize * in_h as usize;
        let mut tensor = Vec::with_capacity(3 * area);
        for channel in 0..3 {
            tensor.resize((channel + 1) * area, f32::from(input.pad).mul_add(gain[channel], offset[channel]));
        }
        Self {
            order: input.colour,
            gain,
            offset,
            luma_columns: Columns::new(taps(width_px, content.width_px, |x| x, width_px)),
            luma_rows: taps(height_px, content.height_px, |y| y, height_px),
            // ITU-T H.264 Figure E-1, chroma sample location type 0 (what cameras send): chroma columns lie on even
            // luma columns, chroma rows between two luma rows.
            chroma_columns: Columns::new(taps(width_px, content.width_px, |x| x / 2.0, width_px.div_ceil(2))),
            chroma_rows: taps(height_px, content.height_px, |y| (y - 0.5) / 2.0, height_px.div_ceil(2)),
            rows: Rows::default(),
            tensor,
            letterbox,
        }
    }

    pub(crate) const fn letterbox(&self) -> &Letterbox {
        &self.letterbox
    }

    /// Fills the tensor from a picture of the size that this was made for, already checked.
    pub(crate) fn run(&mut self, picture: &Picture<'_>) -> &[f32] {
        match *picture {
            Picture::I420 { y, u, v, colour, .. } => self.run_i420([y, u, v], colour),
            Picture::Rgb8 { data, stride, .. } => self.run_rgb8(Plane { data, stride }),
        }
        &self.tensor
    }

    fn run_i420(&mut self, [y, u, v]: [Plane<'_>; 3], colour: ColourSpace) {
        let coefficients = Coefficients::of(colour);
        for row in 0..self.luma_rows.len() {
            let (luma, chroma) = (self.luma_rows[row], self.chroma_rows[row]);
            let Rows { blended, planes: [ys, us, vs] } = &mut self.rows;
            self.luma_columns.row(y, luma, blended, ys);
            self.chroma_columns.row(u, chroma, blended, us);
            self.chroma_columns.row(v, chroma, blended, vs);
            coefficients.convert(ys, us, vs);
            self.store(row);
        }
    }

    fn run_rgb8(&mut self, plane: Plane<'_>) {
        for row in 0..self.luma_rows.len() {
            let Rows { blended, planes } = &mut self.rows;
            blend(plane, self.luma_rows[row], self.luma_columns.width() * 3, blended);
            for (channel, out) in planes.iter_mut().enumerate() {
                self.luma_columns.pick(blended, 3, channel, out);
            }
            self.store(row);
        }
    }

    /// Writes the red, green and blue of one content row into the tensor's planes, normalised.
    fn store(&mut self, row: usize) {
        let width = self.letterbox.input.width_px as usize;
        let area = width * self.letterbox.input.height_px as usize;
        let start = (row + self.letterbox.top_px as usize) * width + self.letterbox.left_px as usize;
        for (channel, source) in self.order.planes().into_iter().enumerate() {
            let source = &self.rows.planes[source];
            let (gain, offset) = (self.gain[channel], self.offset[channel]);
            let target = &mut self.tensor[channel * area + start..][..source.len()];
            for (value, sample) in target.iter_mut().zip(source) {
                *value = sample.mul_add_fast(gain, offset);
            }
        }
    }
}

/// A multiplication and an addition that the compiler may vectorise on every processor; `f32::mul_add` is a library
/// call where there is no fused instruction.
trait MulAddFast {
    fn mul_add_fast(self, gain: f32, offset: f32) -> f32;
}

impl MulAddFast for f32 {
    #[inline]
    #[expect(clippy::suboptimal_flops, reason = "the fused form is a slow call on baseline x86-64")]
    fn mul_add_fast(self, gain: f32, offset: f32) -> f32 {
        self * gain + offset
    }
}

/// One output sample per target position: centres are mapped to centres (as OpenCV's `INTER_LINEAR`), `plane_at` turns
/// a luma position into a position in the plane of `plane_len` samples, and the borders repeat.
fn taps(source_len: u32, target_len: u32, plane_at: impl Fn(f32) -> f32, plane_len: u32) -> Vec<Tap> {
    let scale = source_len as f32 / target_len as f32;
    let last = plane_len.saturating_sub(1);
    (0..target_len)
        .map(|i| {
            let at = plane_at((i as f32 + 0.5).mul_add(scale, -0.5)).clamp(0.0, last as f32);
            let first = (at as u32).min(last);
            Tap { first, second: (first + 1).min(last), weight: at - first as f32 }
        })
        .collect()
}

/// The weighted mean of two source rows, `width` samples of it.
fn blend(plane: Plane<'_>, tap: Tap, width: usize, out: &mut Vec<f32>) {
    let row = |i: u32| &plane.data[i as usize * plane.stride..][..width];
    let (first, second) = (row(tap.first), row(tap.second));
    out.clear();
    if tap.weight == 0.0 {
        out.extend(first.iter().map(|a| f32::from(*a)));
    } else {
        let weight = tap.weight;
        out.extend(first.iter().zip(second).map(|(a, b)| {
            let (a, b) = (f32::from(*a), f32::from(*b));
            (b - a).mul_add_fast(weight, a)
        }));
    }
}

impl Columns {
    fn new(taps: Vec<Tap>) -> Self {
        let is_same = |(i, tap): (usize, &Tap)| tap.first as usize == i && tap.weight == 0.0;
        let is_double = |(i, tap): (usize, &Tap)| {
            // At the right border the last sample repeats, and its weight says nothing.
            let mean = if i % 2 == 0 || tap.first == tap.second { 0.0 } else { 0.5 };
            tap.first as usize == i / 2 && (tap.weight - mean).abs() < 1e-6
        };
        if taps.iter().enumerate().all(is_same) {
            Self::Same(taps.len())
        } else if taps.iter().enumerate().all(is_double) {
            Self::Double(taps.len())
        } else {
            Self::Taps(taps)
        }
    }

    /// Source samples that are needed of a row.
    fn width(&self) -> usize {
        match self {
            Self::Same(n) => *n,
            Self::Double(n) => n.div_ceil(2),
            Self::Taps(taps) => taps.last().map_or(0, |tap| tap.second as usize + 1),
        }
    }

    /// One row of a plane between two of its rows.
    fn row(&self, plane: Plane<'_>, rows: Tap, scratch: &mut Vec<f32>, out: &mut Vec<f32>) {
        match self {
            Self::Same(n) => blend(plane, rows, *n, out),
            Self::Double(_) | Self::Taps(_) => {
                blend(plane, rows, self.width(), scratch);
                self.pick(scratch, 1, 0, out);
            }
        }
    }

    /// The columns of one row: sample `channel` of pixels of `n_channels` samples.
    fn pick(&self, row: &[f32], n_channels: usize, channel: usize, out: &mut Vec<f32>) {
        out.clear();
        match self {
            Self::Same(n) => out.extend(row.iter().skip(channel).step_by(n_channels).take(*n)),
            Self::Double(n) if n_channels == 1 => double(row, *n, out),
            Self::Double(n) => {
                let source: Vec<f32> = row.iter().skip(channel).step_by(n_channels).copied().collect();
                double(&source, *n, out);
            }
            Self::Taps(taps) => out.extend(taps.iter().map(|tap| {
                let a = row[tap.first as usize * n_channels + channel];
                let b = row[tap.second as usize * n_channels + channel];
                (b - a).mul_add_fast(tap.weight, a)
            })),
        }
    }
}

/// `n` columns from half as many: every sample, and the mean of it and the next.
fn double(row: &[f32], n: usize, out: &mut Vec<f32>) {
    out.resize(n, 0.0);
    for (pair, neighbours) in out.chunks_exact_mut(2).zip(row.windows(2)) {
        pair[0] = neighbours[0];
        pair[1] = 0.5 * (neighbours[0] + neighbours[1]);
    }
    // Behind the last sample there is none to take the mean with.
    let whole = row.len().saturating_sub(1) * 2;
    if let (Some(rest), Some(last)) = (out.get_mut(whole..), row.last()) {
        rest.fill(*last);
    }
}

/// `[3, H, W]` becomes `[H, W, 3]`.
pub(crate) fn interleave<T>(planes: &[f32], out: &mut Vec<T>, convert: impl Fn(f32) -> T) {
    let area = planes.len() / 3;
    let (first, rest) = planes.split_at(area);
    let (second, third) = rest.split_at(area);
    out.clear();
    for ((a, b), c) in first.iter().zip(second).zip(third) {
        out.extend([convert(*a), convert(*b), convert(*c)]);
    }
}

/// A sample as the byte that it was, or nearly.
pub(crate) fn as_byte(sample: f32) -> u8 {
    sample.round().clamp(0.0, 255.0) as u8
}

/// Y'CbCr to R'G'B', ITU-T H.273 §8.3.
struct Coefficients {
    luma_offset: f32,
    luma_gain: f32,
    red_v: f32,
    green_u: f32,
    green_v: f32,
    blue_u: f32,
}

impl Coefficients {
    fn of(colour: ColourSpace) -> Self {
        let (kr, kb) = match colour.matrix {
            ColourMatrix::Bt601 => (0.299, 0.114),
            ColourMatrix::Bt709 => (0.2126, 0.0722),
        };
        let (luma_offset, luma_gain, chroma_gain) = match colour.range {
            ColourRange::Limited => (16.0, 255.0 / 219.0, 255.0 / 224.0),
            ColourRange::Full => (0.0, 1.0, 1.0),
        };
        let kg: f32 = 1.0 - kr - kb;
        let (red, blue) = (2.0 * (1.0 - kr) * chroma_gain, 2.0 * (1.0 - kb) * chroma_gain);
        Self {
            luma_offset,
            luma_gain,
            red_v: red,
            green_u: blue * kb / kg,
            green_v: red * kr / kg,
            blue_u: blue,
        }
    }

    /// Y, U, V rows become red, green and blue in place, 0..=255.
    #[expect(clippy::suboptimal_flops, reason = "the fused form is a slow call on baseline x86-64")]
    fn convert(&self, ys: &mut [f32], us: &mut [f32], vs: &mut [f32]) {
        for ((y, u), v) in ys.iter_mut().zip(us).zip(vs) {
            let luma = (*y - self.luma_offset) * self.luma_gain;
            let (cb, cr) = (*u - 128.0, *v - 128.0);
            *y = (luma + self.red_v * cr).clamp(0.0, 255.0);
            *u = (luma - self.green_u * cb - self.green_v * cr).clamp(0.0, 255.0);
            *v = (luma + self.blue_u * cb).clamp(0.0, 255.0);
        }
    }
}

#[cfg(test)]
mod tests;
