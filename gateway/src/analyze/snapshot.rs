//! A still of the moment of an alarm, for the queue.

use jpeg_encoder::{Encoder, EncodingError, ImageBuffer, JpegColorType};

use super::decode::Frame;

const QUALITY: u8 = 80;

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
        let row = |plane: &super::decode::FramePlane, y: usize| -> std::ops::Range<usize> {
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
    use std::sync::Arc;

    use sharpeyes_domain::time::{Pts, WallTime};

    use super::*;
    use crate::analyze::decode::FramePlane;

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
}
