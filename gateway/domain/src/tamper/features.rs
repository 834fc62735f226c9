//! What is measured of a picture, and the camera's reference of it.
//!
//! Detail is measured in two scales, so that defocus (fine detail goes, coarse stays) and a change of light (both go
//! alike) are told apart; outlines, not brightness, say where the camera looks, since sun and lamps move no edges.

use crate::{
    geometry::NormPoint,
    luma::LumaPicture,
    time::{MediaDuration, WallTime},
};

/// Pixels a side of a cell of the coarse scale.
const CELL: usize = 4;
/// Mean square step below which a cell has no texture of its own, luma steps squared.
const TEXTURE: f32 = 12.0;
/// A cell has lost its detail when less than this is left.
const LOST: f32 = 0.25;
/// Fewer textured cells than this share of the picture say nothing about focus.
const LEAST_TEXTURED: f32 = 0.04;
/// The reference is known after so many pictures over so long.
const KNOWN_PICTURES: u32 = 6;
const KNOWN: MediaDuration = MediaDuration::from_secs(8);
/// How fast the reference follows slow changes: dusk, fog, growing leaves.
const FOLLOWS: MediaDuration = MediaDuration::from_secs(3 * 60);
/// Luma steps by which a pixel must differ to have changed at all.
const CHANGED: u8 = 1;
/// A camera less lively than this (share of pixels that change) cannot be told from a frozen one.
const LEAST_LIVELY: f32 = 0.04;
/// Mean brightness below which nothing is lit.
const UNLIT: f32 = 30.0;
/// A place by night has so many cells that are darker than that, whatever its lamps light.
const UNLIT_BY_NIGHT: f32 = 0.3;
/// A picture that has lost so much of its brightness is compared by what is left of its shapes ...
const DIMMED: f32 = 0.6;
const DIM: f32 = 45.0;
/// ... in so many parts across and down, of which each must have some by itself: a board leaves a strip.
const PARTS: [usize; 2] = [5, 3];
/// Mean step from cell to cell from which a part has shapes at all.
const SHAPES: f32 = 0.75;
/// Steps count up to this: the edge of a lamp's light is no shape of the place.
const STEP: f32 = 4.0;
/// A part's shapes are there when they correlate so well (noise alone: 0 ± 0.1), and the place is when so many parts' are.
const SAME_SHAPES: f32 = 0.25;
const MOST_PARTS: f32 = 0.6;
/// Fewer parts with shapes say nothing.
const LEAST_PARTS: usize = 4;
/// Cells that a shift is looked for in each direction.
const REACH: [i16; 2] = [12, 7];
/// A hidden shift explains the picture when the outlines fit so much better there than where they were.
const BETTER: f32 = 1.6;
const FITS: f32 = 0.35;
/// A camera whose outlines are as good as noise (night) is not taken for moved.
const LEAST_USUAL: f32 = 0.3;

/// One picture, measured.
#[derive(Clone, Debug)]
pub(super) struct Features {
    columns: usize,
    rows: usize,
    /// Per cell: mean square step between neighbouring pixels.
    fine: Vec<f32>,
    /// Per cell: mean square step to the neighbouring cells.
    coarse: Vec<f32>,
    /// Per cell: mean size of the step between neighbouring pixels, without what noise alone makes.
    outline: Vec<f32>,
    /// Per cell: brightness.
    cells: Vec<f32>,
    mean: f32,
    /// Standard deviation of the cells.
    contrast: f32,
}

impl Features {
    pub(super) fn of(picture: &LumaPicture) -> Self {
        let (columns, rows) = ((picture.width() / CELL).max(1), (picture.height() / CELL).max(1));
        let mut cells = Vec::with_capacity(columns * rows);
        let mut fine = Vec::with_capacity(columns * rows);
        let mut outline = Vec::with_capacity(columns * rows);
        let (width, luma) = (picture.width(), picture.luma());
        for row in 0..rows {
            for column in 0..columns {
                let (mut sum, mut squares, mut steps) = (0_u32, 0_u32, 0_u32);
                for y in row * CELL..((row + 1) * CELL).min(picture.height()) {
                    for x in column * CELL..((column + 1) * CELL).min(width) {
                        let at = y * width + x;
                        let pixel = luma[at];
                        sum += u32::from(pixel);
                        let right = if x + 1 < width { luma[at + 1].abs_diff(pixel) } else { 0 };
                        let below = luma.get(at + width).map_or(0, |below| below.abs_diff(pixel));
                        squares += u32::from(right).pow(2) + u32::from(below).pow(2);
                        steps += u32::from(right.max(below));
                    }
                }
                let n = count(CELL * CELL);
                cells.push(float(sum) / n);
                fine.push(float(squares) / n);
                outline.push((float(steps) / n - 2.0).max(0.0));
            }
        }
        let coarse = (0..cells.len()).map(|at| {
            let right = if (at + 1) % columns != 0 { cells[at + 1] - cells[at] } else { 0.0 };
            let below = cells.get(at + columns).map_or(0.0, |below| below - cells[at]);
            right * right + below * below
        });
        let coarse = coarse.collect();
        let n = count(cells.len());
        let mean = cells.iter().sum::<f32>() / n;
        let contrast = (cells.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f32>() / n).sqrt();
        Self { columns, rows, fine, coarse, outline, cells, mean, contrast }
    }

    /// A picture of one brightness without any noise, and black or coloured: no lens makes that. Text may stand in it.
    /// Returns the share that is not of that brightness.
    pub(super) fn signal_lost(&self, picture: &LumaPicture) -> Option<f32> {
        let mut counts = [0_u32; 256];
        for &pixel in picture.luma() {
            counts[usize::from(pixel)] += 1;
        }
        let (level, most) = (0_u8..=255).zip(counts).max_by_key(|&(_, n)| n)?;
        let left = 1.0 - float(most) / count(picture.luma().len());
        let is_coloured = picture.cb.abs_diff(128).max(picture.cr.abs_diff(128)) > 40;
        let is_black = level <= 17 && self.mean < 24.0;
        (left < 0.12 && (is_coloured || is_black)).then_some(left)
    }

    /// So dark or so flat that nothing can be seen, whatever the reference is.
    pub(super) fn blind(&self) -> Option<f32> {
        let is_flat = self.contrast < 2.5 && self.fine.iter().all(|&step| step < TEXTURE);
        let is_dark = self.mean < 22.0 && self.contrast < 3.0;
        (is_flat || is_dark).then(|| (self.contrast / 20.0).min(1.0))
    }

    /// As without a lamp at night.
    pub(super) fn is_unlit(&self) -> bool {
        self.mean < UNLIT
    }
}

/// Share of the pixels that changed at all.
pub(super) fn changed(before: &LumaPicture, now: &LumaPicture) -> f32 {
    let pairs = before.luma().iter().zip(now.luma());
    let n = pairs.filter(|(a, b)| a.abs_diff(**b) >= CHANGED).count();
    if before.luma().len() == now.luma().len() { count(n) / count(now.luma().len()) } else { 1.0 }
}

/// What is left of what is usual; 1 is as usual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likeness {
    /// Share of the textured cells that kept their detail.
    pub detail: f32,
    /// Coarse detail, wherever it is: a picture of another place has its own.
    pub coarse: f32,
    /// Fine over coarse detail.
    pub sharpness: f32,
    /// Fine detail.
    pub fine: f32,
    /// The same against this hour of earlier days; 1 when that is not known.
    pub sharpness_of_hour: f32,
    pub fine_of_hour: f32,
    /// Correlation of the outlines, over the usual one.
    pub outlines: f32,
}

/// How the camera's picture usually is.
#[derive(Clone, Debug, Default)]
pub(super) struct Reference {
    columns: usize,
    fine: Vec<f32>,
    coarse: Vec<f32>,
    outline: Vec<f32>,
    cells: Vec<f32>,
    /// Usual correlation of a picture's outlines with the reference's.
    usual: f32,
    pictures: u32,
    learnt: MediaDuration,
    lively: f32,
    compared: u32,
    hours: [Hour; 24],
    hour: usize,
}

/// One hour of the day (UTC), by the days before.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    is_known: bool,
    sharpness: f32,
    fine: f32,
    /// Sums of the hour that is running.
    today: Today,
}

#[derive(Clone, Copy, Debug, Default)]
struct Today {
    pictures: f32,
    sharpness: f32,
    fine: f32,
}

impl Default for Likeness {
    fn default() -> Self {
        Self {
            detail: 1.0,
            coarse: 1.0,
            sharpness: 1.0,
            fine: 1.0,
            sharpness_of_hour: 1.0,
            fine_of_hour: 1.0,
            outlines: 1.0,
        }
    }
}

impl Reference {
    /// Enough was seen to judge a picture by it.
    pub(super) fn is_known(&self) -> bool {
        self.pictures >= KNOWN_PICTURES && self.learnt >= KNOWN
    }

    /// The camera came to see nothing little by little: night without a lamp, and nobody's hand.
    pub(super) fn is_dark(&self) -> bool {
        self.is_known() && self.fine.iter().all(|&step| step < TEXTURE)
    }

    /// It shows night: much of it is unlit, whatever is lit.
    pub(super) fn is_night(&self) -> bool {
        let n = self.cells.iter().filter(|&&cell| cell < UNLIT).count();
        self.is_known() && count(n) >= UNLIT_BY_NIGHT * count(self.cells.len())
    }

    /// The picture is much darker than usual and still shows the place, all over: a lamp went out, or the sun.
    pub(super) fn is_dimmed(&self, features: &Features) -> bool {
        if !self.is_known() || self.cells.len() != features.cells.len() {
            return false;
        }
        let usual = mean(&self.cells);
        features.mean < DIM && features.mean < usual * DIMMED && self.shapes_left(features) >= MOST_PARTS
    }

    /// The picture is neither [`Self::is_dimmed`], whatever its shapes are, nor unlit.
    pub(super) fn is_lit(&self, features: &Features) -> bool {
        features.mean >= UNLIT.max(DIM.min(mean(&self.cells) * DIMMED))
    }

    /// Share of the parts that have shapes in which these are found again, however faint.
    fn shapes_left(&self, features: &Features) -> f32 {
        let [across, down] = PARTS;
        let (columns, rows) = (features.columns, features.rows);
        let (mut n_with, mut n_left) = (0, 0);
        for part in 0..across * down {
            let (x, y) = (part % across, part / across);
            let (mut sums, mut n, mut size) = (Sums::default(), 0, 0.0);
            for row in y * rows / down..(y + 1) * rows / down {
                for column in x * columns / across..(x + 1) * columns / across {
                    let at = row * columns + column;
                    let right = (column + 1 < columns).then_some(at + 1);
                    let below = (row + 1 < rows).then_some(at + columns);
                    for next in right.into_iter().chain(below) {
                        let step = |cells: &[f32]| (cells[next] - cells[at]).clamp(-STEP, STEP);
                        sums.add(step(&self.cells), step(&features.cells));
                        size += step(&self.cells).abs();
                        n += 1;
                    }
                }
            }
            let n = count(n).max(1.0);
            if size / n >= SHAPES {
                n_with += 1;
                n_left += usize::from(sums.correlation(n) >= SAME_SHAPES);
            }
        }
        if n_with < LEAST_PARTS { 0.0 } else { count(n_left) / count(n_with) }
    }

    pub(super) fn begin_anew(&mut self, features: &Features) {
        *self = Self { lively: self.lively, compared: self.compared, ..Self::default() };
        self.learn(MediaDuration::ZERO, WallTime(0), features);
    }

    /// A picture that is as it should be.
    pub(super) fn learn(&mut self, elapsed: MediaDuration, wall: WallTime, features: &Features) {
        if self.columns != features.columns || self.fine.len() != features.fine.len() {
            *self = Self {
                columns: features.columns,
                fine: features.fine.clone(),
                coarse: features.coarse.clone(),
                outline: features.outline.clone(),
                cells: features.cells.clone(),
                usual: 1.0,
                lively: self.lively,
                compared: self.compared,
                hour: hour_of(wall),
                ..Self::default()
            };
            return;
        }
        self.pictures = self.pictures.saturating_add(1);
        self.learnt += elapsed;
        let share = seconds(elapsed) / (seconds(elapsed) + seconds(FOLLOWS));
        let share = share.max(1.0 / (float(self.pictures.min(10_000)) + 1.0));
        let outlines = self.outlines(features, 0, 0);
        // The correlation with itself is 1 at first: it counts from the moment when the reference is more than a picture.
        let usual = if self.is_known() { share } else { 0.5 };
        self.usual += (outlines - self.usual) * usual;
        for (mine, theirs) in [
            (&mut self.fine, &features.fine),
            (&mut self.coarse, &features.coarse),
            (&mut self.outline, &features.outline),
            (&mut self.cells, &features.cells),
        ] {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine += (theirs - *mine) * share;
            }
        }
        self.learn_hour(wall, features);
    }

    fn learn_hour(&mut self, wall: WallTime, features: &Features) {
        let hour = hour_of(wall);
        if hour != self.hour {
            let past = &mut self.hours[self.hour];
            let Today { pictures, sharpness, fine } = std::mem::take(&mut past.today);
            if pictures > 0.0 {
                let share = if past.is_known { 0.3 } else { 1.0 };
                past.sharpness += (sharpness / pictures - past.sharpness) * share;
                past.fine += (fine / pictures - past.fine) * share;
                past.is_known = true;
            }
            self.hour = hour;
        }
        let today = &mut self.hours[hour].today;
        today.pictures += 1.0;
        today.sharpness += sharpness(&features.fine, &features.coarse);
        today.fine += mean(&features.fine);
    }

    /// How much of what is usual a picture has.
    pub(super) fn compare(&self, features: &Features) -> Likeness {
        if self.fine.len() != features.fine.len() {
            return Likeness::default();
        }
        let textured: Vec<usize> = (0..self.fine.len()).filter(|&at| self.fine[at] > TEXTURE).collect();
        if count(textured.len()) < LEAST_TEXTURED * count(self.fine.len()) {
            return Likeness::default();
        }
        let sum = |values: &[f32]| textured.iter().map(|&at| values[at]).sum::<f32>();
        let of = |now: f32, usual: f32| if usual > 0.0 { now / usual } else { 1.0 };
        let kept = textured.iter().filter(|&&at| features.fine[at] > LOST * self.fine[at]).count();
        let sharpness = sharpness(&features.fine, &features.coarse);
        let hour = Some(&self.hours[self.hour]).filter(|hour| hour.is_known);
        Likeness {
            detail: count(kept) / count(textured.len()),
            coarse: of(mean(&features.coarse), mean(&self.coarse)),
            sharpness: of(
                sum(&features.fine) / sum(&features.coarse).max(1.0),
                sum(&self.fine) / sum(&self.coarse).max(1.0),
            ),
            fine: of(sum(&features.fine), sum(&self.fine)),
            sharpness_of_hour: hour.map_or(1.0, |hour| of(sharpness, hour.sharpness)),
            fine_of_hour: hour.map_or(1.0, |hour| of(mean(&features.fine), hour.fine)),
            outlines: of(self.outlines(features, 0, 0), self.usual.max(LEAST_USUAL)),
        }
    }

    /// How far away, as shares of the picture, the outlines of the reference are found again. Costs more than everything
    /// else here: only for a picture that does not fit.
    pub(super) fn find(&self, features: &Features) -> Option<NormPoint> {
        let [across, down] = REACH;
        let mut best = (0.0, 0, 0);
        for dy in -down..=down {
            for dx in -across..=across {
                let fit = self.outlines(features, dx, dy);
                if fit > best.0 {
                    best = (fit, dx, dy);
                }
            }
        }
        let (fit, dx, dy) = best;
        let here = self.outlines(features, 0, 0);
        let share = |cells: i16, of: usize| f32::from(cells) / count(of);
        (fit >= FITS.max(here * BETTER))
            .then(|| NormPoint { x: share(dx, features.columns), y: share(dy, features.rows) })
    }

    /// Correlation of the outlines, the picture's moved back by so many cells.
    fn outlines(&self, features: &Features, dx: i16, dy: i16) -> f32 {
        let (mut sums, mut n) = (Sums::default(), 0.0);
        let moved = |at: usize, by: i16| usize::try_from(isize::try_from(at).ok()? + isize::from(by)).ok();
        for row in 0..features.rows {
            let Some(from) = moved(row, dy).filter(|&from| from < features.rows) else { continue };
            for column in 0..features.columns {
                let Some(x) = moved(column, dx).filter(|&x| x < features.columns) else { continue };
                sums.add(
                    self.outline[row * features.columns + column],
                    features.outline[from * features.columns + x],
                );
                n += 1.0;
            }
        }
        sums.correlation(n)
    }

    /// How lively a picture is beside the one some time before it, of what is usual. `None` while that is not known, or
    /// so little that nobody could tell.
    pub(super) fn liveliness(&self, changed: f32) -> Option<f32> {
        (self.compared >= KNOWN_PICTURES && self.lively >= LEAST_LIVELY).then(|| changed / self.lively)
    }

    pub(super) fn learn_liveliness(&mut self, changed: f32) {
        self.compared = self.compared.saturating_add(1);
        let share = (1.0 / float(self.compared)).max(0.05);
        self.lively += (changed - self.lively) * share;
    }
}

/// Fine over coarse detail: a blur takes the fine, a change of light takes both.
fn sharpness(fine: &[f32], coarse: &[f32]) -> f32 {
    fine.iter().sum::<f32>() / coarse.iter().sum::<f32>().max(1.0)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / count(values.len()).max(1.0)
}

#[derive(Default)]
struct Sums {
    a: f32,
    b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
}

impl Sums {
    fn add(&mut self, a: f32, b: f32) {
        self.a += a;
        self.b += b;
        self.aa += a * a;
        self.bb += b * b;
        self.ab += a * b;
    }

    /// 0 where one of the two is the same everywhere.
    fn correlation(&self, n: f32) -> f32 {
        let (a, b) = (self.a / n, self.b / n);
        let product = (self.aa / n - a * a) * (self.bb / n - b * b);
        if product > 1e-6 { (self.ab / n - a * b) / product.sqrt() } else { 0.0 }
    }
}

fn hour_of(wall: WallTime) -> usize {
    usize::try_from(wall.0.div_euclid(3_600_000).rem_euclid(24)).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of at most a day")]
fn seconds(span: MediaDuration) -> f32 {
    span.as_secs_f64() as f32
}

#[expect(clippy::cast_precision_loss, reason = "sums over at most 14,400 pixels")]
fn float(n: u32) -> f32 {
    n as f32
}

#[expect(clippy::cast_precision_loss, reason = "at most 14,400 pixels")]
fn count(n: usize) -> f32 {
    n as f32
}
