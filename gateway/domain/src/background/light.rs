//! How much brighter or darker the whole picture became, by how bright a place was: sun, lamps, the camera's own gain.

use super::brightness;

/// Brightnesses of a bin.
const STEP: usize = 32;
const BINS: usize = 256 / STEP;
/// A bin speaks for itself with at least this share of the picture; a smaller one may be one thing alone.
const LEAST_SHARE: u32 = 8;
/// A median needs no more than every third place.
const EVERY: usize = 3;

/// The change of light between memory and picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Light {
    /// Luma steps, at the middle of each bin.
    bins: [f32; BINS],
}

impl Light {
    /// Medians of the differences, per brightness of the memory (in luma steps): half of the places must agree.
    pub(super) fn measure(&mut self, memory: &[f32], picture: &[u8]) {
        let mut counts = [[0_u32; 512]; BINS];
        for (&memory, &pixel) in memory.iter().zip(picture).step_by(EVERY) {
            let memory = brightness(memory);
            counts[usize::from(memory) / STEP][usize::from(pixel) + 256 - usize::from(memory)] += 1;
        }
        let mut all = [0_u32; 512];
        for counts in &counts {
            for (all, n) in all.iter_mut().zip(counts) {
                *all += n;
            }
        }
        let n = counts.map(|counts| counts.iter().sum::<u32>());
        let total = n.iter().sum::<u32>();
        let strong: Vec<(usize, f32)> = (0..BINS)
            .filter(|&bin| n[bin] * LEAST_SHARE >= total)
            .map(|bin| (bin, median(&counts[bin], n[bin])))
            .collect();
        let general = median(&all, total);
        for (bin, offset) in self.bins.iter_mut().enumerate() {
            *offset = between(&strong, bin).unwrap_or(general);
        }
    }

    /// The most that any brightness gained or lost, in luma steps.
    pub(super) fn change(&self) -> f32 {
        self.bins.iter().fold(0.0, |most, gained| gained.abs().max(most))
    }

    /// What a place of each brightness gained, in luma steps; between the middles of two bins, between theirs.
    pub(super) fn offsets(&self) -> [f32; 256] {
        std::array::from_fn(|memory| {
            let at = memory + STEP / 2;
            let (upper, part) = (at / STEP, f32::from(u8::try_from(at % STEP).unwrap_or(0)) / 32.0);
            let (low, high) = (self.bins[upper.saturating_sub(1)], self.bins[upper.min(BINS - 1)]);
            low + (high - low) * part
        })
    }
}

/// On the line between the strong bins on both sides; beside the outermost, what that says.
fn between(strong: &[(usize, f32)], bin: usize) -> Option<f32> {
    let above = strong.iter().find(|(at, _)| *at >= bin);
    let below = strong.iter().rfind(|(at, _)| *at <= bin);
    match (below, above) {
        (Some(&(low, from)), Some(&(high, to))) if low < high => {
            let steps = |n: usize| f32::from(u8::try_from(n).unwrap_or(0));
            Some(from + (to - from) * steps(bin - low) / steps(high - low))
        }
        (Some(&(_, offset)), _) | (None, Some(&(_, offset))) => Some(offset),
        (None, None) => None,
    }
}

fn median(counts: &[u32; 512], n: u32) -> f32 {
    let mut left = n / 2;
    for (difference, &count) in (-256_i16..).zip(counts) {
        if count > left {
            return f32::from(difference);
        }
        left -= count;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(pairs: impl Iterator<Item = (u8, u8)>) -> [f32; 256] {
        let (memory, picture): (Vec<f32>, Vec<u8>) =
            pairs.map(|(memory, pixel)| (f32::from(memory), pixel)).unzip();
        let mut light = Light::default();
        light.measure(&memory, &picture);
        light.offsets()
    }

    #[test]
    fn a_lamp_that_lights_bright_places_more_than_dark_ones_is_no_thing() {
        let places = (0..=255_u8).cycle().take(2560);
        let light = measured(places.map(|memory| (memory, memory.saturating_add(memory / 8))));
        for memory in [16_u8, 80, 144, 208] {
            let (gained, found) = (f32::from(memory) / 8.0, light[usize::from(memory)]);
            assert!((found - gained).abs() <= 2.0, "{memory}: {found}");
        }
    }

    #[test]
    fn a_thing_that_fills_a_third_changes_no_light() {
        let place = (0..3000).map(|n| (100, if n % 10 < 3 { 220 } else { 100 }));
        let light = measured(place);
        assert_eq!(light, [0.0; 256]);
    }
}
