//! `make bench`: one JSON line a figure, appended to a file and printed.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use sharpeyes_tests::bench::{
    self, Results,
    analysis::{Activity, Ramp},
    record::Load,
};

#[derive(Parser)]
#[command(about = "Benchmarks of the gateway; one JSON line each")]
struct Arguments {
    /// Where the lines go.
    #[arg(long, default_value = "target/bench/results.jsonl")]
    out: PathBuf,
    /// Only benches whose name begins so, e.g. `decode`.
    #[arg(long, default_value = "")]
    only: String,
    /// How long `record` looks on, seconds.
    #[arg(long, default_value_t = 180)]
    record_seconds: u64,
    /// How many small and how many large cameras `record` takes.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 20])]
    record_cameras: Vec<u16>,
    /// How long `analysis` looks on at each number of cameras, seconds.
    #[arg(long, default_value_t = 120)]
    analysis_seconds: u64,
    /// How many cameras before which nothing happens, step by step; 0 for none.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 200, 300])]
    analysis_quiet: Vec<u16>,
    /// How many cameras of which one in ten is busy, step by step; 0 for none.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 100, 150])]
    analysis_mixed: Vec<u16>,
    /// How many of them a Frigate-like pipeline watches too; 0 for none.
    #[arg(long, default_value_t = 10)]
    analysis_peers: u16,
}

fn main() -> anyhow::Result<ExitCode> {
    // A detector's process is the program that wants it, started anew: here as in the service.
    if std::env::args_os().nth(1).is_some_and(|command| command == "detector") {
        return Ok(sharpeyes::cli::main());
    }
    let arguments = Arguments::parse();
    let mut results = Results::create(&arguments.out)?;
    let wanted = |name: &str| name.starts_with(&arguments.only);
    if wanted("decode") {
        bench::frames::decode(&mut results)?;
    }
    if wanted("detect") {
        bench::frames::detect(&mut results)?;
    }
    if wanted("detector") {
        bench::busy::detector_busy_share(&mut results)?;
        bench::frames::detector_time(&mut results)?;
        bench::accuracy::detector_ap50(&mut results)?;
    }
    if wanted("index") {
        bench::index::index(&mut results)?;
    }
    if wanted("queue") {
        bench::queue::queue(&mut results)?;
    }
    if wanted("report") {
        bench::report::report(&mut results)?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    if wanted("sse") {
        runtime.block_on(bench::sse::sse(&mut results))?;
    }
    if wanted("e2e") {
        runtime.block_on(bench::delay::alarm(&mut results))?;
    }
    for cameras in [10, 50] {
        if wanted("gateway") {
            runtime.block_on(bench::load::cameras(&mut results, cameras))?;
        }
    }
    if wanted("analysis") {
        for (activity, steps) in
            [(Activity::Quiet, &arguments.analysis_quiet), (Activity::Mixed, &arguments.analysis_mixed)]
        {
            let ramp = Ramp {
                activity,
                cameras: steps.iter().copied().filter(|cameras| *cameras > 0).collect(),
                peers: arguments.analysis_peers,
                window: Duration::from_secs(arguments.analysis_seconds),
            };
            runtime.block_on(ramp.climb(&mut results))?;
        }
    }
    if wanted("playback") {
        runtime.block_on(bench::playback::playback(&mut results))?;
    }
    if wanted("record") {
        let count = |n: usize| arguments.record_cameras.get(n).copied().filter(|count| *count > 0);
        let loads = [count(0).map(Load::small), count(1).map(Load::large)];
        for load in loads.into_iter().flatten() {
            let window = Duration::from_secs(arguments.record_seconds);
            runtime.block_on(bench::record::recording(&mut results, load, window))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
