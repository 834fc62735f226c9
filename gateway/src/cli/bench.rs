//! `sharpeyes model bench`: how long each model takes for a picture on this very machine, with every execution provider
//! that the loaded ONNX Runtime has.
//!
//! All of them take turns, picture by picture: what else runs on the machine slows all of them alike, and their ratio holds.

use std::time::Duration;

use sharpeyes_inference::{
    ColourSpace, Detector, DetectorOptions, ModelFile, Picture, Plane, Precision, Provider, Runtime,
};

use super::{Failure, Outcome};
use crate::clock::Clock;

/// Pictures that nobody counts: memory is laid out on the first ones.
const WARM_UP: usize = 3;

/// What is measured.
#[derive(clap::Args)]
pub(super) struct Measure {
    /// Pictures for each.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(5..=10_000))]
    pictures: u32,
    /// Size of the pictures, as cameras send them.
    #[arg(long, default_value = "640x360", value_name = "WxH", value_parser = size)]
    size: (u32, u32),
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("`{text}` is no size: write it as 640x360, each side from 32 to 4096");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let side = |side: &str| side.parse().ok().filter(|side| (32..=4096).contains(side)).ok_or_else(wrong);
    Ok((side(width)?, side(height)?))
}

struct Variant {
    name: String,
    provider: Provider,
    precision: Precision,
    detector: Detector,
    took: Vec<Duration>,
}

/// Every model with every provider that is there; says which are not.
pub(super) fn bench(
    models: Vec<ModelFile>,
    runtime: &Runtime,
    measure: &Measure,
) -> Result<Outcome, Failure> {
    let (width, height) = measure.size;
    let mut variants = Vec::new();
    let mut outcome = Outcome::Clean;
    for provider in Provider::ALL {
        if let Err(error) = provider.require(runtime) {
            say!("{provider}: not measured: {error}");
            continue;
        }
        for model in &models {
            let options = DetectorOptions { provider, ..DetectorOptions::default() };
            let opened = model
                .precision()
                .and_then(|precision| Ok((precision, Detector::open(runtime, model, options)?)));
            let name = model.manifest.id.to_string();
            match opened {
                Ok((precision, detector)) => {
                    variants.push(Variant { name, provider, precision, detector, took: Vec::new() });
                }
                Err(error) => {
                    say!("{name}, {provider}: {:#}", anyhow::Error::from(error));
                    outcome = Outcome::Unhealthy;
                }
            }
        }
    }
    let clock = Clock::system();
    let noise = Noise::new(width, height);
    for n in 0..WARM_UP + usize::try_from(measure.pictures)? {
        for variant in &mut variants {
            let began = clock.instant();
            variant.detector.detect(&noise.picture())?;
            let took = clock.instant().duration_since(began);
            if n >= WARM_UP {
                variant.took.push(took);
            }
        }
    }
    say!(
        "{width}x{height}, one thread, {} pictures each, in turns, {}",
        measure.pictures,
        runtime.library().display()
    );
    say!(
        "{:32} {:10} {:8} {:>9} {:>10} {:>8}",
        "model",
        "precision",
        "provider",
        "input",
        "median ms",
        "to first"
    );
    let first = variants.first_mut().map(|variant| median(&mut variant.took));
    for variant in &mut variants {
        let size = variant.detector.input_size(width, height);
        let took = median(&mut variant.took);
        let ratio =
            first.map_or(1.0, |first| took.as_secs_f64() / first.as_secs_f64().max(f64::MIN_POSITIVE));
        say!(
            "{:32} {:10} {:8} {:>9} {:>10.2} {:>8.2}",
            variant.name,
            variant.precision,
            variant.provider,
            format!("{}x{}", size.width_px, size.height_px),
            took.as_secs_f64() * 1e3,
            ratio,
        );
    }
    Ok(outcome)
}

/// Of an odd number the one in the middle, of an even one the later of the two; nothing of nothing.
fn median(took: &mut [Duration]) -> Duration {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

/// A picture of noise: a network takes as long for it as for any other.
struct Noise {
    width: u32,
    height: u32,
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl Noise {
    fn new(width: u32, height: u32) -> Self {
        let samples = |width: u32, height: u32| {
            let mut state = 0x2545_F491_u32;
            let mut next = || {
                // Marsaglia's xorshift.
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state.to_le_bytes()[1]
            };
            (0..u64::from(width) * u64::from(height)).map(|_| next()).collect()
        };
        Self {
            width,
            height,
            luma: samples(width, height),
            chroma: samples(width.div_ceil(2), height.div_ceil(2)),
        }
    }

    fn picture(&self) -> Picture<'_> {
        let plane = |data, stride: u32| Plane { data, stride: usize::try_from(stride).unwrap_or(usize::MAX) };
        let half = self.width.div_ceil(2);
        Picture::I420 {
            width_px: self.width,
            height_px: self.height,
            y: plane(&self.luma, self.width),
            u: plane(&self.chroma, half),
            v: plane(&self.chroma, half),
            colour: ColourSpace::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_people_write_them() {
        let check =
            |text: &str, expected: Option<(u32, u32)>| assert_eq!(size(text).ok(), expected, "{text}");
        check("640x360", Some((640, 360)));
        check("4096x32", Some((4096, 32)));
        check("640", None);
        check("640x0", None);
        check("640x-1", None);
        check("8000x360", None);
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let check = |took: &[u64], expected: u64| {
            let mut took: Vec<_> = took.iter().copied().map(Duration::from_millis).collect();
            assert_eq!(median(&mut took), Duration::from_millis(expected), "{took:?}");
        };
        check(&[9, 1, 5], 5);
        check(&[4, 1, 3, 2], 3);
        check(&[], 0);
    }
}
