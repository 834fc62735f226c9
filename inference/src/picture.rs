//! A decoded picture as it lies in a decoder's memory: borrowed, with strides, never copied.

use serde::{Deserialize, Serialize};
use sharpeyes_domain::geometry::NormRect;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColourMatrix {
    /// BT.601: what most cameras send whatever they claim, and what is assumed when nothing is said.
    #[default]
    Bt601,
    /// BT.709.
    Bt709,
}

/// Which numbers are black and white, ITU-T H.273 `video_full_range_flag`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColourRange {
    /// 16 is black, 235 white.
    #[default]
    Limited,
    /// 0 is black, 255 white.
    Full,
}

/// How YUV becomes RGB. The default is BT.601, limited range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A part of a picture, in pixels; its corner lies on a chroma sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PixelArea {
    pub(crate) x_px: u32,
    pub(crate) y_px: u32,
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
}

impl PixelArea {
    /// The whole pixels of a part, at least two by two. The size depends on the part's size alone, so that parts of one
    /// size have one shape wherever they lie.
    pub(crate) fn of(part: &NormRect, width_px: u32, height_px: u32) -> Self {
        let side = |share: f32, of: u32| (pixels(share, of) & !1).clamp(2, of);
        let (width, height) = (side(part.width(), width_px), side(part.height(), height_px));
        Self {
            x_px: pixels(part.x0, width_px).min(width_px - width) & !1,
            y_px: pixels(part.y0, height_px).min(height_px - height) & !1,
            width_px: width,
            height_px: height,
        }
    }

    /// Back again, exactly as it lies.
    #[expect(clippy::cast_precision_loss, reason = "sides are below 2^24")]
    pub(crate) fn share_of(self, width_px: u32, height_px: u32) -> NormRect {
        let (w, h) = (width_px as f32, height_px as f32);
        NormRect {
            x0: self.x_px as f32 / w,
            y0: self.y_px as f32 / h,
            x1: (self.x_px + self.width_px) as f32 / w,
            y1: (self.y_px + self.height_px) as f32 / h,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the side, which is below 2^24"
)]
fn pixels(share: f32, of: u32) -> u32 {
    (share * of as f32).round().clamp(0.0, of as f32) as u32
}

impl<'a> Plane<'a> {
    fn from(self, x: u32, y: u32, bytes_per_pixel: usize) -> Self {
        let skipped = y as usize * self.stride + x as usize * bytes_per_pixel;
        Self { data: self.data.get(skipped..).unwrap_or_default(), stride: self.stride }
    }
}

impl<'a> Picture<'a> {
    /// A part of it, where it lies.
    pub(crate) fn crop(&self, area: PixelArea) -> Self {
        let PixelArea { x_px, y_px, width_px, height_px } = area;
        match *self {
            Self::I420 { y, u, v, colour, .. } => Self::I420 {
                width_px,
                height_px,
                y: y.from(x_px, y_px, 1),
                u: u.from(x_px / 2, y_px / 2, 1),
                v: v.from(x_px / 2, y_px / 2, 1),
                colour,
            },
            Self::Rgb8 { data, stride, .. } => {
                let plane = Plane { data, stride }.from(x_px, y_px, 3);
                Self::Rgb8 { width_px, height_px, data: plane.data, stride }
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_on_chroma_samples_and_its_size_does_not_depend_on_its_place() {
        let part = |x0: f32, y0: f32| NormRect { x0, y0, x1: x0 + 0.65, y1: y0 + 0.667 };
        let area = PixelArea::of(&part(0.101, 0.2), 640, 360);
        assert_eq!((area.x_px, area.y_px, area.width_px, area.height_px), (64, 72, 416, 240));
        for n in 0..36_u8 {
            let area = PixelArea::of(&part(f32::from(n) / 100.0, f32::from(n) / 110.0), 640, 360);
            assert_eq!((area.width_px, area.height_px, area.x_px % 2, area.y_px % 2), (416, 240, 0, 0));
            assert!(area.x_px + area.width_px <= 640 && area.y_px + area.height_px <= 360, "{area:?}");
        }
        // Odd sides, and a part of nothing.
        let whole = NormRect { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0 };
        let area = PixelArea::of(&whole, 641, 363);
        assert_eq!((area.width_px, area.height_px), (640, 362));
        let nothing = NormRect { x0: 1.0, y0: 1.0, x1: 1.0, y1: 1.0 };
        let area = PixelArea::of(&nothing, 641, 363);
        assert!((area.width_px, area.height_px) == (2, 2) && area.x_px + 2 <= 641 && area.y_px + 2 <= 363);
    }

    #[test]
    fn a_part_has_the_samples_of_its_place_and_all_its_rows() {
        let (width, height) = (64_u32, 48_u32);
        let plane = |width: u32, height: u32| -> Vec<u8> {
            (0..width * height).map(|n| u8::try_from((n / width * 7 + n % width) % 256).unwrap()).collect()
        };
        let (luma, chroma) = (plane(width, height), plane(width / 2, height / 2));
        let half = Plane { data: &chroma, stride: 32 };
        let colour = ColourSpace::default();
        let y = Plane { data: &luma, stride: 64 };
        let picture = Picture::I420 { width_px: width, height_px: height, y, u: half, v: half, colour };
        let area = PixelArea { x_px: 10, y_px: 20, width_px: 54, height_px: 28 };
        let part = picture.crop(area);
        part.check().unwrap();
        let Picture::I420 { y, u, .. } = part else { panic!("it stays what it is") };
        assert_eq!((y.data[0], y.data[64 * 3 + 5]), (luma[20 * 64 + 10], luma[23 * 64 + 15]));
        assert_eq!(u.data[32], chroma[11 * 32 + 5]);
        assert_eq!(area.share_of(width, height).x0, 10.0 / 64.0);
    }
}
