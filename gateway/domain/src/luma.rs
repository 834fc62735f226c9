//! A picture small enough to look at every pixel of: what the checks that need no detector see.
//!
//! Only brightness, averaged down; no colour beside the picture's mean. Made from decoded pictures by `gateway::analyze`,
//! consumed by [`crate::background`] and [`crate::tamper`].

/// Most columns of a [`LumaPicture`].
pub const MOST_WIDTH: usize = 160;
/// Most rows of a [`LumaPicture`].
pub const MOST_HEIGHT: usize = 90;
/// A pixel is the mean of at most so many samples a side: enough to be rid of sensor noise, and cheap at any size.
const SAMPLES: usize = 4;

/// One 8-bit plane as a decoder gives it.
#[derive(Clone, Copy, Debug)]
pub struct PlaneView<'a> {
    /// Rows of `stride` bytes.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
}

/// Brightness, at most 160 x 90, and the mean colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LumaPicture {
    width: usize,
    height: usize,
    luma: Vec<u8>,
    /// Mean of Cb; 128 is grey.
    pub cb: u8,
    /// Mean of Cr; 128 is grey.
    pub cr: u8,
}

impl LumaPicture {
    /// The means of the planes Y, Cb and Cr, in the largest size that fits and keeps the shape. `None` for a plane
    /// without pixels or with fewer bytes than it says.
    #[must_use]
    pub fn of_planes([y, cb, cr]: [PlaneView<'_>; 3]) -> Option<Self> {
        let PlaneView { width, height, .. } = y;
        if width == 0 || height == 0 || y.data.len() < (height - 1) * y.stride + width || y.stride < width {
            return None;
        }
        // The divisor that makes both sides fit, as a fraction: width / out = scale.
        let (to_width, to_height) = if width * MOST_HEIGHT >= height * MOST_WIDTH {
            let to_width = width.min(MOST_WIDTH);
            (to_width, (height * to_width / width).max(1))
        } else {
            let to_height = height.min(MOST_HEIGHT);
            ((width * to_height / height).max(1), to_height)
        };
        let columns: Vec<[usize; SAMPLES]> = (0..to_width).map(|x| samples(x, to_width, width)).collect();
        let mut luma = Vec::with_capacity(to_width * to_height);
        let mut sums = vec![0_u16; width];
        for row in 0..to_height {
            let [a, b, c, d] = samples(row, to_height, height)
                .map(|row| y.data.get(row * y.stride..row * y.stride + width).unwrap_or_default());
            for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *sum = u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d);
            }
            luma.extend(columns.iter().map(|columns| {
                let sum = columns.iter().map(|&x| u32::from(sums[x])).sum();
                rounded_mean(sum, SAMPLES * SAMPLES)
            }));
        }
        Some(Self { width: to_width, height: to_height, luma, cb: mean(cb), cr: mean(cr) })
    }

    /// A grey picture from its pixels, row by row. `None` when it is empty, too large or not `width * height` pixels.
    #[must_use]
    pub fn grey(width: usize, height: usize, luma: Vec<u8>) -> Option<Self> {
        let fits = (1..=MOST_WIDTH).contains(&width) && (1..=MOST_HEIGHT).contains(&height);
        (fits && luma.len() == width * height).then_some(Self { width, height, luma, cb: 128, cr: 128 })
    }

    /// Columns, at most [`MOST_WIDTH`].
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows, at most [`MOST_HEIGHT`].
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// `width * height` bytes, row by row.
    #[must_use]
    pub fn luma(&self) -> &[u8] {
        &self.luma
    }
}

/// Where in `0..from` the `SAMPLES` samples of place `n` of `0..to` lie, evenly.
fn samples(n: usize, to: usize, from: usize) -> [usize; SAMPLES] {
    std::array::from_fn(|k| ((n * SAMPLES + k) * from + from / 2) / (to * SAMPLES))
        .map(|at: usize| at.min(from - 1))
}

fn rounded_mean(sum: u32, n: usize) -> u8 {
    let n = u32::try_from(n).unwrap_or(u32::MAX).max(1);
    u8::try_from((sum + n / 2) / n).unwrap_or(u8::MAX)
}

/// Of every eighth pixel of every eighth row.
fn mean(plane: PlaneView<'_>) -> u8 {
    const STEP: usize = 8;
    let (mut sum, mut n) = (0_u32, 0);
    for row in plane.data.chunks(plane.stride.max(1)).take(plane.height).step_by(STEP) {
        for &pixel in row.iter().take(plane.width).step_by(STEP) {
            sum += u32::from(pixel);
            n += 1;
        }
    }
    if n == 0 { 128 } else { rounded_mean(sum, n) }
}

#[cfg(test)]
pub(crate) mod scene;

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(data: &[u8], stride: usize, width: usize, height: usize) -> PlaneView<'_> {
        PlaneView { data, stride, width, height }
    }

    #[test]
    fn any_shape_fits_and_keeps_its_proportions() {
        let check = |width, height, expected: (usize, usize)| {
            let (luma, chroma) = (vec![77; width * height], vec![90; width * height]);
            let planes =
                [(&luma, width, height), (&chroma, width / 2, height / 2), (&chroma, width / 2, height / 2)]
                    .map(|(data, w, h)| plane(data, w, w, h));
            let picture = LumaPicture::of_planes(planes).unwrap();
            assert_eq!((picture.width(), picture.height()), expected, "{width}x{height}");
            assert!(picture.luma().iter().all(|&pixel| pixel == 77));
            assert_eq!((picture.cb, picture.luma().len()), (90, expected.0 * expected.1));
        };
        check(640, 360, (160, 90));
        check(704, 576, (110, 90));
        check(1920, 1080, (160, 90));
        check(1080, 1920, (50, 90));
        check(3, 2, (3, 2));
        check(4000, 2, (160, 1));
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_stands_for() {
        let mut luma = vec![0; 640 * 360];
        for y in 0..4 {
            luma[y * 640..y * 640 + 4].copy_from_slice(&[40, 60, 80, 100]);
        }
        let planes = [plane(&luma, 640, 640, 360), plane(&[], 0, 0, 0), plane(&[], 0, 0, 0)];
        let picture = LumaPicture::of_planes(planes).unwrap();
        assert_eq!(picture.luma()[..2], [70, 0]);
        assert_eq!(picture.cb, 128, "a plane without pixels says nothing");
    }

    #[test]
    fn a_plane_that_is_shorter_than_it_says_is_no_picture() {
        let none = plane(&[], 0, 0, 0);
        assert_eq!(LumaPicture::of_planes([plane(&[0; 63], 8, 8, 8), none, none]), None);
        assert_eq!(LumaPicture::of_planes([plane(&[0; 64], 4, 8, 8), none, none]), None);
        assert_eq!(LumaPicture::of_planes([none, none, none]), None);
        assert_eq!(LumaPicture::grey(2, 2, vec![0; 3]), None);
    }
}
