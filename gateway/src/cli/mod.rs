//! The commands that others rely on (design §6). Arguments in, exit code out; the work is in the library.
//!
//! Exit codes: 0 clean, 1 failed, 64 bad configuration. Diagnostics go to stderr, results to stdout.

/// A line of results. Who reads it may have had enough of them (`| head`): then the command is over, see [`main`].
macro_rules! say {
    ($($line:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($line)*)))?
    };
}

mod account;
mod bench;
mod check;
mod deletions;
mod detector;
mod model;
mod probe;
mod replay;
mod run;

use std::{
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use sharpeyes_config::Site;
use sharpeyes_inference::Runtime;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// `EX_USAGE` of sysexits.h.
const BAD_CONFIGURATION: u8 = 64;

#[derive(Parser)]
#[command(
    name = "sharpeyes",
    version,
    about = "Edge video gateway: records cameras, detects incidents, feeds the dispatch queue. It identifies nobody."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Run(run::Arguments),
    /// Audit database, index and files; read-only unless --repair.
    Check(check::Arguments),
    /// Print the proofs of deletion, or hold a copy of them against the folded ones.
    Deletions(deletions::Arguments),
    /// Diagnose one camera, stage by stage.
    Probe(probe::Arguments),
    /// Analyse a recorded file exactly as live.
    Replay(replay::Arguments),
    /// Detectors: list, check, measure, add.
    Model(model::Arguments),
    /// Viewers' accounts.
    Account(account::Arguments),
    /// The site file.
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// One detector, for the service that starts it.
    #[command(hide = true)]
    Detector(detector::Arguments),
}

#[derive(Subcommand)]
enum ConfigVerb {
    /// Read a site file and print every problem.
    Check(SiteFile),
}

/// The site file, as every command that needs one takes it.
#[derive(clap::Args)]
struct SiteFile {
    /// The site file (TOML).
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    site: PathBuf,
}

/// Why a command ended.
enum Failure {
    /// The site file is wrong; exit code 64.
    Configuration(String),
    /// Anything else; exit code 1.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What a command found.
enum Outcome {
    /// As wanted.
    Clean,
    /// It ran, and what it found is bad; already said.
    Unhealthy,
}

/// Parses the arguments, runs the command, says what went wrong.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help and version on stdout and mistakes on stderr.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { BAD_CONFIGURATION } else { 0 });
        }
    };
    start_log();
    without_telemetry();
    match arguments.command.execute() {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Unhealthy) => ExitCode::FAILURE,
        Err(Failure::Configuration(problems)) => {
            eprintln!("{problems}");
            ExitCode::from(BAD_CONFIGURATION)
        }
        Err(Failure::Failed(error)) if wants_no_more(&error) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads the results has closed the pipe.
fn wants_no_more(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

impl Command {
    fn execute(self) -> Result<Outcome, Failure> {
        match self {
            Self::Run(arguments) => run::run(&arguments),
            Self::Check(arguments) => check::check(&arguments),
            Self::Deletions(arguments) => deletions::deletions(&arguments),
            Self::Probe(arguments) => probe::probe(&arguments),
            Self::Replay(arguments) => replay::replay(&arguments),
            Self::Model(arguments) => model::model(&arguments),
            Self::Account(arguments) => account::account(&arguments),
            Self::Detector(arguments) => detector::detector(&arguments),
            Self::Config { verb: ConfigVerb::Check(file) } => {
                let site = file.load_for_analysis()?;
                say!("{}: {} cameras, no problems", file.site.display(), site.cameras.len());
                Ok(Outcome::Clean)
            }
            Self::Openapi => {
                say!("{}", serde_json::to_string_pretty(&crate::api::openapi())?);
                Ok(Outcome::Clean)
            }
        }
    }
}

impl SiteFile {
    fn load(&self) -> Result<Site, Failure> {
        Site::load(&self.site).map_err(|error| Failure::Configuration(error.to_string()))
    }

    /// The same, and every rule can see what it is about.
    fn load_for_analysis(&self) -> Result<Site, Failure> {
        let site = self.load()?;
        let blind = crate::models::blind_rules(&site);
        if blind.is_empty() {
            return Ok(site);
        }
        let listed = format!("{}: {} problem(s)\n  {}", self.site.display(), blind.len(), blind.join("\n  "));
        Err(Failure::Configuration(listed))
    }
}

/// `SHARPEYES_LOG` as in tracing's `EnvFilter`; `info` otherwise.
fn start_log() {
    let filter = EnvFilter::try_from_env("SHARPEYES_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,retina=warn,ort=warn"));
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry().with(filter).with(layer).init();
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("async").build()?)
}

/// ONNX Runtime 1.31 is built to report its use to its makers: it keeps an id of the machine in the home folder and opens
/// sockets, which every child gets, whatever its API is told. This variable, there before it is loaded, keeps it from that.
const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

/// Starts the program anew with [`NO_TELEMETRY`], in the same process; a program cannot safely change its own
/// environment. Nothing has been opened yet.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn without_telemetry() {
    if std::env::var_os(NO_TELEMETRY).is_none() {
        let mut arguments = std::env::args_os();
        let mut again = std::process::Command::new("/proc/self/exe");
        if let Some(name) = arguments.next() {
            again.arg0(name);
        }
        let error = again.args(arguments).env(NO_TELEMETRY, "1").exec();
        tracing::warn!(%error, "set {NO_TELEMETRY}=1: ONNX Runtime may report its use to its makers");
    }
}

/// Loads ONNX Runtime: the site file's word, else beside the binary, else `ORT_DYLIB_PATH`.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn onnx_runtime(configured: Option<&Path>) -> Result<Runtime, sharpeyes_inference::InferenceError> {
    let beside = || {
        let binary = std::env::current_exe().ok()?;
        let candidate = binary.parent()?.join("libonnxruntime.so");
        candidate.is_file().then_some(candidate)
    };
    let named = || std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let path = configured.map(Path::to_owned).or_else(beside).or_else(named);
    Runtime::load(&path.unwrap_or_else(|| PathBuf::from("libonnxruntime.so")))
}
