//! Did anything change in the picture? Answered on the mean brightness of cells, without colour, in media time.
//!
//! About eighty columns of cells, each the mean of a few rows of the decoder's own luma plane: a small person far away
//! still moves the mean of one or two cells, sensor noise moves none. Each cell learns how much it flickers by itself, so
//! that leaves and water are not looked at for ever; it learns only where the detector found nothing.
//! No threshold of a rule, no detector and no decoder belong here.

use sharpeyes_domain::{
    geometry::NormRect,
    time::{MediaDuration, Pts},
};
use sharpeyes_inference::Plane;

/// Columns that a picture is divided into, at most: 8 pixels each at 640.
const COLUMNS: u32 = 80;
/// Smallest side of a cell, pixels.
const LEAST_CELL: u32 = 4;
/// Rows of a cell that are summed up.
const ROWS_READ: u32 = 4;
/// Means are kept in sixteenths of a grey level: noise is below one level.
const FINE: i32 = 16;
/// A cell whose mean changes by less has not changed: 5 levels. Coding noise at 400 kbit/s stays below 3.
const LEAST: i32 = 5 * FINE;
/// A cell's own noise counts so many times.
const NOISE_TIMES: i32 = 4;
/// A cell never becomes blinder than this: 12 levels of noise.
const MOST_NOISE: i32 = 12 * FINE;
/// How long something new stays new.
const FADE: MediaDuration = MediaDuration::from_secs(8);
/// Changed cells that touch each other before it is more than a glitch.
const LEAST_CELLS: usize = 2;

/// The mean brightness of every cell of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells {
    columns: usize,
    /// Sixteenths of a grey level, row by row.
    means: Vec<i32>,
}

impl Cells {
    /// Of a luma plane of this size in pixels. A plane that is shorter than it says counts as black where it ends.
    #[must_use]
    pub fn of(luma: Plane<'_>, width_px: u32, height_px: u32) -> Self {
        let side = width_px.div_ceil(COLUMNS).max(LEAST_CELL);
        let (columns, rows) = (width_px / side, height_px / side);
        let step = (side / ROWS_READ).max(1);
        let n = |n: u32| usize::try_from(n).unwrap_or(0);
        let mut means = Vec::with_capacity(n(columns) * n(rows));
        let mut sums = vec![0_u32; n(columns)];
        for row in 0..rows {
            sums.fill(0);
            let mut n_rows = 0;
            for y in (row * side..(row + 1) * side).step_by(n(step)) {
                let start = n(y) * luma.stride;
                let line = luma.data.get(start..start + n(columns * side)).unwrap_or_default();
                for (sum, cell) in sums.iter_mut().zip(line.chunks_exact(n(side))) {
                    *sum += cell.iter().map(|&v| u32::from(v)).sum::<u32>();
                }
                n_rows += 1;
            }
            let n_pixels = n_rows * side;
            let mean = |sum: u32| i32::try_from(sum * 16 / n_pixels.max(1)).unwrap_or(0);
            means.extend(sums.iter().map(|&sum| mean(sum)));
        }
        Self { columns: n(columns), means }
    }
}

/// Places of a picture, 16 across and 8 down: coarse enough to be counted one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places(u128);

impl Places {
    /// How many there are.
    pub const N: usize = Self::COLUMNS * Self::ROWS;
    const COLUMNS: usize = 16;
    const ROWS: usize = 8;

    /// Adds the place in which cell `x`, `y` of so many lies.
    fn add(&mut self, (x, y): (usize, usize), (columns, rows): (usize, usize)) {
        let at = |n: usize, of: usize, most: usize| (n * most / of.max(1)).min(most - 1);
        self.0 |= 1 << (at(y, rows, Self::ROWS) * Self::COLUMNS + at(x, columns, Self::COLUMNS));
    }

    /// Each with its number and where it lies.
    pub fn each(self) -> impl Iterator<Item = (usize, NormRect)> {
        (0..Self::N).filter(move |n| self.0 >> n & 1 == 1).map(|n| {
            let (x0, x1) = shares(n % Self::COLUMNS, Self::COLUMNS);
            let (y0, y1) = shares(n / Self::COLUMNS, Self::ROWS);
            (n, NormRect { x0, y0, x1, y1 })
        })
    }
}

/// Where number `n` of `of` in a row begins and ends.
fn shares(n: usize, of: usize) -> (f32, f32) {
    let share = |n: usize| {
        f32::from(u16::try_from(n).unwrap_or(u16::MAX))
            / f32::from(u16::try_from(of.max(1)).unwrap_or(u16::MAX))
    };
    (share(n), share(n + 1))
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// Something is there that was not, or is gone.
    pub is_new: bool,
    /// Something differs from the picture before: it moves.
    pub is_moving: bool,
    /// What is new or moves, in the picture; `None` when nothing is.
    pub rect: Option<NormRect>,
    /// Where something moves.
    pub places: Places,
}

/// One camera's memory of how its picture looks.
#[derive(Clone, Debug, Default)]
pub struct Motion {
    columns: usize,
    /// Slowly follows the picture.
    reference: Vec<i32>,
    previous: Vec<i32>,
    noise: Vec<i32>,
    /// By how much each cell differed last time, and whether that was a change.
    excess: Vec<i32>,
    at: Option<Pts>,
}

impl Motion {
    /// Compares a picture with what was; pictures of a run come in order. The first one, and one of another size, changes
    /// nothing.
    pub fn compare(&mut self, at: Pts, cells: &Cells) -> Change {
        if self.at.is_none() || self.columns != cells.columns || self.previous.len() != cells.means.len() {
            self.begin(at, cells);
            return Change::default();
        }
        let dt = (at - self.at.unwrap_or(at)).max(MediaDuration::ZERO);
        self.at = Some(at);
        let newness = difference(&cells.means, &self.reference);
        let movement = difference(&cells.means, &self.previous);
        let mut change = Change::default();
        let is_over = |i: usize, by: &[i32]| by[i].abs() > threshold(self.noise[i]);
        let new: Vec<bool> = (0..newness.len()).map(|i| is_over(i, &newness)).collect();
        let moving: Vec<bool> = (0..movement.len()).map(|i| is_over(i, &movement)).collect();
        change.is_new = n_together(&new, self.columns) >= LEAST_CELLS;
        change.is_moving = n_together(&moving, self.columns) >= LEAST_CELLS;
        change.rect = self.bounds(change.is_new.then_some(&new), change.is_moving.then_some(&moving));
        let rows = moving.len() / self.columns.max(1);
        for i in (0..moving.len()).filter(|&i| moving[i] && has_neighbour(&moving, self.columns, i)) {
            change.places.add((i % self.columns, i / self.columns), (self.columns, rows));
        }
        for i in 0..movement.len() {
            let by = movement[i].abs();
            self.excess[i] = if new[i] || moving[i] { by.max(newness[i].abs()) } else { 0 };
            if !new[i] && !moving[i] {
                // Slow: what sways in gusts is still known in the next one.
                self.noise[i] += (by - self.noise[i]) / 32;
            }
        }
        self.follow(dt, &cells.means);
        change
    }

    /// What is there now is how the picture looks: nobody cared about what had changed.
    pub fn absorb(&mut self) {
        self.reference.clone_from(&self.previous);
    }

    /// The detector saw nothing where the last comparison found a change: these cells do that by themselves.
    pub fn learn_noise(&mut self) {
        for (noise, excess) in self.noise.iter_mut().zip(&self.excess) {
            if *excess > 0 {
                *noise = (*noise + excess / NOISE_TIMES / 2).min(MOST_NOISE);
            }
        }
    }

    /// Nothing is known of the picture any more; what is known of its noise stays.
    pub fn interrupt(&mut self) {
        self.at = None;
    }

    fn begin(&mut self, at: Pts, cells: &Cells) {
        self.at = Some(at);
        self.columns = cells.columns;
        self.reference.clone_from(&cells.means);
        self.previous.clone_from(&cells.means);
        self.noise.resize(cells.means.len(), 0);
        self.excess.clear();
        self.excess.resize(cells.means.len(), 0);
    }

    fn follow(&mut self, dt: MediaDuration, means: &[i32]) {
        let weight = i32::try_from(dt.0 * 256 / (dt.0 + FADE.0)).unwrap_or(256);
        for (reference, mean) in self.reference.iter_mut().zip(means) {
            *reference += (mean - *reference) * weight / 256;
        }
        self.previous.clear();
        self.previous.extend_from_slice(means);
    }

    fn bounds(&self, new: Option<&Vec<bool>>, moving: Option<&Vec<bool>>) -> Option<NormRect> {
        let rows = self.previous.len() / self.columns.max(1);
        let mut bounds: Option<(usize, usize, usize, usize)> = None;
        for set in [new, moving].into_iter().flatten() {
            for i in (0..set.len()).filter(|&i| set[i] && has_neighbour(set, self.columns, i)) {
                let (x, y) = (i % self.columns, i / self.columns);
                let (x0, y0, x1, y1) = bounds.unwrap_or((x, y, x, y));
                bounds = Some((x0.min(x), y0.min(y), x1.max(x), y1.max(y)));
            }
        }
        let (x0, y0, x1, y1) = bounds?;
        Some(NormRect {
            x0: shares(x0, self.columns).0,
            y0: shares(y0, rows).0,
            x1: shares(x1, self.columns).1,
            y1: shares(y1, rows).1,
        })
    }
}

const fn threshold(noise: i32) -> i32 {
    let own = noise * NOISE_TIMES;
    if own > LEAST { own } else { LEAST }
}

/// Cell by cell, without what all cells did: a camera that opens its iris changes every mean and shows nothing new.
fn difference(now: &[i32], before: &[i32]) -> Vec<i32> {
    let mut by: Vec<i32> = now.iter().zip(before).map(|(now, before)| now - before).collect();
    let mut sorted = by.clone();
    let middle = sorted.len() / 2;
    if middle > 0 {
        let (_, median, _) = sorted.select_nth_unstable(middle);
        let median = *median;
        by.iter_mut().for_each(|by| *by -= median);
    }
    by
}

fn n_together(set: &[bool], columns: usize) -> usize {
    (0..set.len()).filter(|&i| set[i] && has_neighbour(set, columns, i)).count()
}

fn has_neighbour(set: &[bool], columns: usize, i: usize) -> bool {
    let x = i % columns.max(1);
    let at = |i: usize| set.get(i).copied().unwrap_or(false);
    (x > 0 && at(i - 1))
        || (x + 1 < columns && at(i + 1))
        || (i >= columns && at(i - columns))
        || at(i + columns)
}

#[cfg(test)]
mod tests;
