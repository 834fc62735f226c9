//! Marked pixels become connected regions, and what tells a thing from a patch of light or a hole.

use super::{Blob, MOVING, Mark, Memory, STILL, limit};
use crate::{
    geometry::{Confidence, NormRect},
    time::MediaDuration,
};

/// Marked neighbours (of eight and itself) that a pixel needs: lone ones are noise, small gaps close.
const COMPANY: u8 = 5;
/// Pixels of the smallest region.
const LEAST_PIXELS: usize = 10;
/// Marked pixels up to so far apart are one region.
const REACH: usize = 2;
/// A patch with this much texture, in luma steps (standard deviation)...
const TEXTURE: f32 = 4.0;
/// ...that keeps it is only lit differently (correlation of picture and memory).
const SAME_TEXTURE: f32 = 0.85;
/// A thing's outline is at least this sharp, as a share of its contrast a pixel; light fades.
const SHARP: f32 = 0.2;
/// Where the outline is so much weaker than it was in the memory, the thing was in the memory.
const OUTLINE_LOST: f32 = 0.7;

/// One picture while its regions are made.
pub(super) struct Scene<'a> {
    pub width: usize,
    pub height: usize,
    pub picture: &'a [u8],
}

/// A connected region and what it looks like.
pub(super) struct Region {
    pub mark: Mark,
    /// Indices into the picture.
    pub pixels: Vec<usize>,
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
    /// Mean difference to the memory, luma steps.
    contrast: f32,
    /// Mean threshold of its pixels, luma steps.
    limit: f32,
    still_ms: f32,
    /// Correlation of picture and memory; 0 where the memory has no texture.
    likeness: f32,
    /// Mean step across the outline, luma steps: in the picture and in the memory.
    outline: f32,
    outline_before: f32,
}

impl Scene<'_> {
    /// Regions of each mark, in reading order.
    pub(super) fn regions(&self, mask: &[Mark], memory: &Memory) -> Vec<Region> {
        let mut regions = Vec::new();
        for mark in [MOVING, STILL] {
            let mut open = self.cleaned(mask, mark);
            for start in 0..open.len() {
                if open[start] {
                    let pixels = self.flood(&mut open, start);
                    if pixels.len() >= LEAST_PIXELS {
                        regions.push(self.region(mark, pixels, memory));
                    }
                }
            }
        }
        regions
    }

    /// Without lone pixels and small holes.
    fn cleaned(&self, mask: &[Mark], mark: Mark) -> Vec<bool> {
        let mut cleaned = vec![false; mask.len()];
        if !mask.contains(&mark) {
            return cleaned;
        }
        let mut columns = vec![0_u8; self.width];
        for (above, rows) in mask.windows(3 * self.width).step_by(self.width).enumerate() {
            for (x, n) in columns.iter_mut().enumerate() {
                let marked = |row: usize| u8::from(rows[row * self.width + x] == mark);
                *n = marked(0) + marked(1) + marked(2);
            }
            let row = &mut cleaned[(above + 1) * self.width..][..self.width];
            for (columns, is_kept) in columns.windows(3).zip(&mut row[1..]) {
                *is_kept = columns.iter().sum::<u8>() >= COMPANY;
            }
        }
        cleaned
    }

    /// Takes a region out of `open`.
    fn flood(&self, open: &mut [bool], start: usize) -> Vec<usize> {
        let mut pixels = vec![start];
        open[start] = false;
        let mut next = 0;
        while let Some(&at) = pixels.get(next) {
            next += 1;
            let (x, y) = (at % self.width, at / self.width);
            for y in y.saturating_sub(REACH)..=(y + REACH).min(self.height - 1) {
                for x in x.saturating_sub(REACH)..=(x + REACH).min(self.width - 1) {
                    let neighbour = y * self.width + x;
                    if std::mem::take(&mut open[neighbour]) {
                        pixels.push(neighbour);
                    }
                }
            }
        }
        pixels
    }

    fn region(&self, mark: Mark, pixels: Vec<usize>, memory: &Memory) -> Region {
        let n = count(pixels.len());
        let mut region = Region {
            mark,
            left: self.width,
            top: self.height,
            right: 0,
            bottom: 0,
            contrast: 0.0,
            limit: 0.0,
            still_ms: 0.0,
            likeness: 0.0,
            outline: 0.0,
            outline_before: 0.0,
            pixels: Vec::new(),
        };
        for &at in &pixels {
            let (x, y) = (at % self.width, at / self.width);
            region.left = region.left.min(x);
            region.right = region.right.max(x);
            region.top = region.top.min(y);
            region.bottom = region.bottom.max(y);
            let (now, before) = (f32::from(self.picture[at]), memory.long[at]);
            region.contrast += (now - before).abs() / n;
            region.limit += limit(memory.flicker[at]) / n;
            region.still_ms = region.still_ms.max(memory.still_ms[at]);
        }
        self.measure_surroundings(&mut region, &pixels, memory);
        region.pixels = pixels;
        region
    }

    /// Correlation over the region and a pixel around it, so that its outline counts; and the largest steps within two
    /// pixels of the outline, since a mask is never exact.
    fn measure_surroundings(&self, region: &mut Region, pixels: &[usize], memory: &Memory) {
        let mut is_counted = vec![false; self.picture.len()];
        let mut is_inside = is_counted.clone();
        for &at in pixels {
            is_inside[at] = true;
        }
        let now = |at: usize| f32::from(self.picture[at]);
        let before = |at: usize| memory.long[at];
        let (mut moments, mut n, mut n_outline) = (Moments::default(), 0.0, 0.0);
        for &at in pixels {
            let (x, y) = (at % self.width, at / self.width);
            for y in y.saturating_sub(1)..=(y + 1).min(self.height - 1) {
                for at in
                    (y * self.width + x.saturating_sub(1))..=(y * self.width + (x + 1).min(self.width - 1))
                {
                    if !std::mem::replace(&mut is_counted[at], true) {
                        moments.add(now(at), before(at));
                        n += 1.0;
                    }
                }
            }
            if x < 2 || y < 2 || x + 2 >= self.width || y + 2 >= self.height {
                continue;
            }
            for step in [1, self.width] {
                for places in
                    [[at - 2 * step, at - step, at, at + step], [at + 2 * step, at + step, at, at - step]]
                {
                    if !is_inside[places[1]] {
                        region.outline += largest_step(places.map(now));
                        region.outline_before += largest_step(places.map(before));
                        n_outline += 1.0;
                    }
                }
            }
        }
        region.likeness = moments.correlation(n);
        if n_outline > 0.0 {
            region.outline /= n_outline;
            region.outline_before /= n_outline;
        }
    }
}

fn largest_step(values: [f32; 4]) -> f32 {
    values.windows(2).map(|pair| (pair[0] - pair[1]).abs()).fold(0.0, f32::max)
}

impl Region {
    /// The texture of the place is still there, or the outline fades: shadow, lamp, sun.
    pub(super) fn is_light(&self) -> bool {
        self.likeness > SAME_TEXTURE || self.outline < SHARP * self.contrast
    }

    /// What was here before had an outline, and what is here now has none: the thing is gone.
    pub(super) fn was_taken_away(&self) -> bool {
        self.mark == STILL && self.outline < OUTLINE_LOST * self.outline_before
    }

    pub(super) fn blob(&self, scene: &Scene<'_>) -> Blob {
        let x = |column: usize| count(column) / count(scene.width);
        let y = |row: usize| count(row) / count(scene.height);
        let rect =
            NormRect { x0: x(self.left), y0: y(self.top), x1: x(self.right + 1), y1: y(self.bottom + 1) };
        let clear = self.contrast / self.limit.max(1.0);
        Blob {
            rect,
            score: Confidence::new(1.0 - 0.5 / clear.max(1.0)),
            area: count(self.pixels.len()) / count(scene.picture.len()),
            still_for: MediaDuration::from_millis(if self.mark == STILL { whole(self.still_ms) } else { 0 }),
        }
    }
}

/// Sums for a correlation.
#[derive(Default)]
struct Moments {
    a: f32,
    b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
}

impl Moments {
    fn add(&mut self, a: f32, b: f32) {
        self.a += a;
        self.b += b;
        self.aa += a * a;
        self.bb += b * b;
        self.ab += a * b;
    }

    /// 0 without texture.
    fn correlation(&self, n: f32) -> f32 {
        let (a, b) = (self.a / n, self.b / n);
        let (va, vb) = (self.aa / n - a * a, self.bb / n - b * b);
        if va.min(vb) < TEXTURE * TEXTURE { 0.0 } else { (self.ab / n - a * b) / (va * vb).sqrt() }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most half an hour of milliseconds")]
const fn whole(millis: f32) -> i64 {
    millis as i64
}

#[expect(clippy::cast_precision_loss, reason = "at most 14,400 pixels")]
fn count(n: usize) -> f32 {
    n as f32
}
