//! `make bench`: one JSON line a figure, appended to a file and printed.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use sharpeyes_tests::bench::{self, Results, record::Load};

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
}

fn main() -> anyhow::Result<()> {
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
        bench::frames::detector_time(&mut results)?;
        bench::accuracy::detector_ap50(&mut results)?;
    }
    if wanted("index") {
        bench::index::index(&mut results)?;
    }
    if wanted("queue") {
        bench::queue::queue(&mut results)?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    if wanted("e2e") {
        runtime.block_on(bench::delay::alarm(&mut results))?;
    }
    for cameras in [10, 50] {
        if wanted("gateway") {
            runtime.block_on(bench::load::cameras(&mut results, cameras))?;
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
    Ok(())
}
