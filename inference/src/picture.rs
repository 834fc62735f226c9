//! A decoded picture as it lies in a decoder's memory: borrowed, with strides, never copied.

use crate::error::{InferenceError, PictureProblem};

/// One plane of 8-bit samples.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    /// From the first sample of the first row; the last row may end before its stride.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// Which numbers stand for which colour, ITU-T H.273 `matrix_coefficients`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourMatrix {
    /// BT.601: what most cameras send whatever they claim, and what is assumed when nothing is said.
    #[default]
    Bt601,
    /// BT.709.
    Bt709,
}

/// Which numbers are black and white, ITU-T H.273 `video_full_range_flag`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourRange {
    /// 16 is black, 235 white.
    #[default]
    Limited,
    /// 0 is black, 255 white.
    Full,
}

/// How YUV becomes RGB. The default is BT.601, limited range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColourSpace {
    /// Which coefficients.
    pub matrix: ColourMatrix,
    /// Which range.
    pub range: ColourRange,
}

/// A decoded picture.
#[derive(Clone, Copy)]
pub enum Picture<'a> {
    /// Three planes, the chroma planes of half width and height (rounded up).
    I420 {
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
        /// Luma.
        y: Plane<'a>,
        /// Blue difference.
        u: Plane<'a>,
        /// Red difference.
        v: Plane<'a>,
        /// How it becomes RGB.
        colour: ColourSpace,
    },
    /// One plane of red, green, blue, three bytes a pixel.
    Rgb8 {
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
        /// From the first pixel of the first row.
        data: &'a [u8],
        /// Bytes from one row to the next.
        stride: usize,
    },
}

impl Picture<'_> {
    /// Width in pixels.
    #[must_use]
    pub const fn width_px(&self) -> u32 {
        match self {
            Self::I420 { width_px, .. } | Self::Rgb8 { width_px, .. } => *width_px,
        }
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height_px(&self) -> u32 {
        match self {
            Self::I420 { height_px, .. } | Self::Rgb8 { height_px, .. } => *height_px,
        }
    }

    /// Every row that the dimensions promise lies in the planes.
    pub(crate) fn check(&self) -> Result<(), InferenceError> {
        let (width_px, height_px) = (self.width_px(), self.height_px());
        let refuse = |reason| InferenceError::Picture { width_px, height_px, reason };
        if !(2..=16384).contains(&width_px) || !(2..=16384).contains(&height_px) {
            return Err(refuse(PictureProblem::Size));
        }
        let (w, h) = (width_px as usize, height_px as usize);
        match self {
            Self::I420 { y, u, v, .. } => {
                fits("Y", y.data, y.stride, w, h).map_err(refuse)?;
                fits("U", u.data, u.stride, w.div_ceil(2), h.div_ceil(2)).map_err(refuse)?;
                fits("V", v.data, v.stride, w.div_ceil(2), h.div_ceil(2)).map_err(refuse)
            }
            Self::Rgb8 { data, stride, .. } => fits("RGB", data, *stride, w * 3, h).map_err(refuse),
        }
    }
}

fn fits(
    plane: &'static str,
    data: &[u8],
    stride: usize,
    row: usize,
    n_rows: usize,
) -> Result<(), PictureProblem> {
    if stride < row {
        return Err(PictureProblem::Stride { plane, stride, row });
    }
    let needed = stride.saturating_mul(n_rows - 1).saturating_add(row);
    if data.len() < needed {
        return Err(PictureProblem::Short { plane, found: data.len(), needed });
    }
    Ok(())
}
