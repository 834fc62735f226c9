//! A drawn place with sensor noise, for tests of what looks at pixels.

use super::LumaPicture;

pub(crate) const WIDTH: usize = 160;
pub(crate) const HEIGHT: usize = 90;

/// Rows and columns from..to, and a brightness.
pub(crate) type Patch = (usize, usize, usize, usize, u8);

/// Houses, a road and its markings: textured, and the same each time.
pub(crate) fn place(x: usize, y: usize) -> u8 {
    let wall = if (x / 16 + y / 30).is_multiple_of(2) { 90 } else { 120 };
    let window = if x % 16 > 10 && y % 15 > 9 { 40 } else { 0 };
    let road = if y > 60 { 70 } else { wall - window };
    if y == 75 && x % 20 < 10 { 180 } else { road }
}

/// `pixel(x, y)` with noise of two luma steps either way that is another in each picture; `patches` lie over it.
pub(crate) fn picture(seed: u32, patches: &[Patch], pixel: impl Fn(usize, usize) -> u8) -> LumaPicture {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let luma = (0..WIDTH * HEIGHT).map(|at| {
        let (x, y) = (at % WIDTH, at / WIDTH);
        let over = patches
            .iter()
            .rev()
            .find(|(x0, y0, x1, y1, _)| (*x0..*x1).contains(&x) && (*y0..*y1).contains(&y));
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let noise = u8::try_from(state % 5).unwrap_or(0);
        over.map_or_else(|| pixel(x, y), |patch| patch.4).saturating_add(noise).saturating_sub(2)
    });
    LumaPicture::grey(WIDTH, HEIGHT, luma.collect()).unwrap()
}
