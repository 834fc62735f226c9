//! A still of the moment of an alarm, for the queue.

use std::sync::Arc;

use jpeg_encoder::{Encoder, EncodingError, ImageBuffer, JpegColorType};

use super::decode::{Frame, FramePlane};

const QUALITY: u8 = 80;
/// An alarm's still has at most so many pixels: of nothing but noise it is no larger than the 1 MiB that the desk takes.
const STILL_PIXELS: u64 = 1 << 20;

/// The still of an alarm that `frame` raised, as a JPEG.
///
/// # Errors
/// As [`jpeg`].
pub(super) fn still(frame: &Frame) -> Result<Vec<u8>, EncodingError> {
    let (width_px, height_px) = (u64::from(frame.width_px), u64::from(frame.height_px.max(1)));
    let width_px = (width_px * STILL_PIXELS / height_px).isqrt();
    jpeg(&frame.scaled_to(u32::try_from(width_px).unwrap_or(u32::MAX)))
}

/// `frame` as a JPEG in its own size.
///
/// # Errors
/// [`EncodingError`] when a side is longer than JPEG can say (65,535 pixels).
pub fn jpeg(frame: &Frame) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let encoder = Encoder::new(&mut bytes, QUALITY);
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    encoder.encode_image(I420 { frame, width: side(frame.width_px), height: side(frame.height_px) })?;
    Ok(bytes)
}

impl Frame {
    /// The same picture in `width_px`, each pixel the mean of those it stands for; not larger than it is.
    #[must_use]
    pub fn scaled_to(&self, width_px: u32) -> Self {
        if width_px >= self.width_px || width_px == 0 {
            return self.clone();
        }
        let height_px = (self.height_px * width_px / self.width_px).max(1);
        let from = Size { width: pixels(self.width_px), height: pixels(self.height_px) };
        let to = Size { width: pixels(width_px), height: pixels(height_px) };
        let [luma, cb, cr] = &*self.planes;
        let planes = Arc::new([
            mean(luma, from, to),
            mean(cb, from.halved(), to.halved()),
            mean(cr, from.halved(), to.halved()),
        ]);
        Self { width_px, height_px, planes, ..self.clone() }
    }
}

#[derive(Clone, Copy)]
struct Size {
    width: usize,
    height: usize,
}

impl Size {
    const fn halved(self) -> Self {
        Self { width: self.width.div_ceil(2), height: self.height.div_ceil(2) }
    }
}

fn pixels(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn mean(plane: &FramePlane, from: Size, to: Size) -> FramePlane {
    let mut data = Vec::with_capacity(to.width * to.height);
    for y in 0..to.height {
        let rows = y * from.height / to.height..((y + 1) * from.height / to.height).max(1);
        for x in 0..to.width {
            let columns = x * from.width / to.width..((x + 1) * from.width / to.width).max(1);
            let (mut sum, mut n) = (0_u32, 0_u32);
            for row in rows.clone() {
                let start = row * plane.stride;
                let pixels = plane.data.get(start + columns.start..start + columns.end).unwrap_or_default();
                sum += pixels.iter().copied().map(u32::from).sum::<u32>();
                n += u32::try_from(pixels.len()).unwrap_or(0);
            }
            data.push(u8::try_from(sum / n.max(1)).unwrap_or(u8::MAX));
        }
    }
    FramePlane { data, stride: to.width }
}

/// Gives the encoder the planes as they are: no detour through RGB.
struct I420<'a> {
    frame: &'a Frame,
    width: u16,
    height: u16,
}

impl ImageBuffer for I420<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let [luma, cb, cr] = &*self.frame.planes;
        let row = |plane: &FramePlane, y: usize| -> std::ops::Range<usize> {
            let start = (y * plane.stride).min(plane.data.len());
            start..plane.data.len()
        };
        let (y, width) = (usize::from(y), usize::from(self.width));
        buffers[0].extend(luma.data[row(luma, y)].iter().take(width).map(|&v| full_range_luma(v)));
        for (plane, out) in [cb, cr].into_iter().zip(1..) {
            let chroma = &plane.data[row(plane, y / 2)];
            out_extend(&mut buffers[out], chroma, width);
        }
    }
}

fn out_extend(out: &mut Vec<u8>, chroma: &[u8], width: usize) {
    out.extend(chroma.iter().flat_map(|&v| [v, v]).map(full_range_chroma).take(width));
}

/// Video is 16..=235 (ITU-R BT.601 §2.5.3), JFIF is 0..=255.
#[expect(clippy::cast_sign_loss, reason = "pixel arithmetic, clamped")]
fn full_range_luma(v: u8) -> u8 {
    ((i32::from(v) - 16) * 255 / 219).clamp(0, 255) as u8
}

#[expect(clippy::cast_sign_loss, reason = "pixel arithmetic, clamped")]
fn full_range_chroma(v: u8) -> u8 {
    ((i32::from(v) - 128) * 255 / 224 + 128).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::time::{Pts, WallTime};

    use super::*;
    #[test]
    fn odd_sizes_and_padded_rows_encode() {
        let plane =
            |stride: usize, rows: usize, value| FramePlane { data: vec![value; stride * rows], stride };
        let frame = Frame {
            pts: Pts(0),
            wall: WallTime(0),
            width_px: 33,
            height_px: 17,
            colour: sharpeyes_inference::ColourSpace::default(),
            planes: Arc::new([plane(64, 17, 200), plane(32, 9, 90), plane(32, 9, 160)]),
        };
        let bytes = jpeg(&frame).unwrap();
        assert!(bytes.starts_with(&[0xFF, 0xD8]) && bytes.ends_with(&[0xFF, 0xD9]));
    }

    #[test]
    fn the_still_of_a_camera_of_any_size_is_one_that_the_desk_takes() {
        for (width_px, height_px) in [(3_840, 2_160), (1_280, 1_280), (1_440, 2_560)] {
            let mut chance = 1_u64;
            // Of a picture at night: nothing but noise.
            let mut noise = |n: u32| {
                let next = |_| {
                    chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (chance >> 56) as u8
                };
                (0..n).map(next).collect()
            };
            let mut plane = |width: u32, height: u32| FramePlane {
                data: noise(width * height),
                stride: usize::try_from(width).unwrap(),
            };
            let (w, h) = (width_px, height_px);
            let planes = Arc::new([plane(w, h), plane(w / 2, h / 2), plane(w / 2, h / 2)]);
            let colour = sharpeyes_inference::ColourSpace::default();
            let frame = Frame { pts: Pts(0), wall: WallTime(0), width_px, height_px, colour, planes };
            let bytes = still(&frame).unwrap();
            assert!(bytes.len() <= 1 << 20, "{} bytes of {width_px}x{height_px}", bytes.len());
        }
    }
}
