//! `sharpeyes run`.

use std::io::{self, Write as _};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Failure, Outcome, SiteFile};
use crate::{app::App, clock::Clock};

/// The service.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    site: SiteFile,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let site = arguments.site.load_for_analysis()?;
    allow_files();
    let onnx = super::onnx_runtime(site.inference.runtime.as_deref());
    super::runtime()?.block_on(async {
        let shutdown = CancellationToken::new();
        let app = App::start(site, onnx, Clock::system(), shutdown.clone()).await?;
        // The service does not end because nobody reads what it says here.
        let _ = writeln!(io::stdout(), "listening on http://{}", app.address());
        if let Some(code) = app.setup_code() {
            let _ = writeln!(
                io::stdout(),
                "no account exists yet: open the address and use the one-time code {code}"
            );
        }
        stop_on_signal(shutdown)?;
        app.join().await;
        Ok(Outcome::Clean)
    })
}

/// A viewer is an open file, a camera is several, and the usual 1,024 are soon gone: as many as the machine allows.
fn allow_files() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, most) {
        tracing::warn!(%error, current = limit.current, "the limit of open files stays as it is");
    }
}

/// The first signal asks for an orderly end, the second one ends at once.
fn stop_on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for count in 1u8.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if count > 1 {
                tracing::warn!("second signal: stopping at once");
                std::process::exit(1);
            }
            tracing::info!("stopping; once more to stop at once");
            shutdown.cancel();
        }
    });
    Ok(())
}
