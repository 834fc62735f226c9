//! Measurements. Nothing here asserts a time: the figures are printed, compared with a peer in the same run where
//! there is one, and read by people.

pub mod accuracy;
pub mod analysis;
pub mod busy;
pub mod delay;
pub mod films;
pub mod frames;
mod frigate;
pub mod index;
pub mod load;
pub mod playback;
pub mod process;
pub mod queue;
pub mod record;
pub mod report;
mod rig;
pub mod sse;

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Serialize;

/// One figure, as design §6 has it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Dotted name.
    pub bench: &'static str,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// How many measurements it is made of.
    pub n: usize,
    /// Under what circumstances.
    pub context: String,
}

/// The file of figures.
pub struct Results {
    file: File,
    path: PathBuf,
}

impl Results {
    /// A new file at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Prints and keeps one figure.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, row: &Row) -> anyhow::Result<()> {
        let line = serde_json::to_string(row)?;
        println!("{line}");
        writeln!(self.file, "{line}").with_context(|| self.path.display().to_string())
    }
}

/// The value below which the share `q` (0..=1) of `sorted` lies; 0 when there is none.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index into a list of measurements"
)]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * q).round() as usize).copied().unwrap_or(0.0)
}

pub(crate) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Processor time and memory of one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time so far, seconds.
    pub(crate) cpu_s: f64,
    /// Resident memory, MiB.
    pub(crate) rss_mib: f64,
}

/// Linux has counted in hundredths of a second on every architecture that we build for (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;

pub(crate) fn usage(pid: u32) -> anyhow::Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // proc(5): the name in parentheses may hold spaces; utime and stime are fields 14 and 15.
    let (_, rest) = stat.rsplit_once(')').context("/proc/PID/stat without a name")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |n: usize| {
        fields.get(n).and_then(|text| text.parse::<f64>().ok()).context("a field of /proc/PID/stat")
    };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = rss.trim().trim_end_matches(" kB").parse()?;
    Ok(Usage { cpu_s: (ticks(11)? + ticks(12)?) / TICKS, rss_mib: kib / 1024.0 })
}
