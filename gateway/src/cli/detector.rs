//! `sharpeyes detector`: the process of one detector. The service starts it; it is of no use to people.

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Outcome};
use crate::analyze;

/// Who asks.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The process that started this one.
    #[arg(long)]
    parent: i32,
}

pub(super) fn detector(arguments: &Arguments) -> Result<Outcome, Failure> {
    // A signal for the whole service is for the service, which ends this one when nothing has to be seen any more. Once
    // listened to, a signal does nothing by itself for the rest of the process.
    let listening = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let ignored = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let _ignored =
        listening.block_on(async { ignored.map(signal).into_iter().collect::<Result<Vec<_>, _>>() })?;
    analyze::serve_detector(arguments.parent)?;
    Ok(Outcome::Clean)
}
