//! `sharpeyes check`.

use super::{Failure, Outcome, SiteFile};
use crate::{
    app::open_dispatch_db,
    check::{Audit, Hashing, Mode, audit},
    clock::Clock,
    store::{audit::Audit as AuditLog, dispatch::Dispatch, footage::Footage},
};

/// The audit of databases, index and files.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    site: SiteFile,
    /// Mend what can be mended without guessing; the service must not run.
    #[arg(long)]
    repair: bool,
    /// Also read every file and compare its SHA-256: hours on a full disk.
    #[arg(long)]
    hash: bool,
}

pub(super) fn check(arguments: &Arguments) -> Result<Outcome, Failure> {
    let site = arguments.site.load()?;
    let report = audit(&Audit {
        disks: site.storage.disks.iter().map(|disk| (disk.name.clone(), disk.dir.clone())).collect(),
        footage: Footage::open(&site.data_dir.join("footage.db"))?,
        hashing: if arguments.hash { Hashing::Full } else { Hashing::Skip },
        mode: if arguments.repair { Mode::Repair } else { Mode::ReadOnly },
        now: Clock::system().wall(),
    })?;
    say!("{report}");
    let db = open_dispatch_db(&site)?;
    let damage = db.integrity()?;
    for line in &damage {
        say!("{}: {line}; restore the newest backup of it", db.path().display());
    }
    let promises = Dispatch::new(db.clone())?.audit_blocking()?;
    for promise in &promises {
        say!(
            "dispatch queue: broken promise: {} ({} rows); stop the gateway and keep a copy of dispatch.db",
            promise.promise,
            promise.n_rows
        );
    }
    let chain = AuditLog::new(db).verify_blocking()?;
    match chain.first_bad {
        None => say!("audit log: {} rows, the chain holds", chain.good),
        Some(row) => say!(
            "audit log: row {row} was changed, removed or put elsewhere; {} rows before it hold",
            chain.good
        ),
    }
    let is_clean = report.is_clean() && damage.is_empty() && promises.is_empty() && chain.first_bad.is_none();
    Ok(if is_clean { Outcome::Clean } else { Outcome::Unhealthy })
}
