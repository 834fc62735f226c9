//! `make bench`: one JSON line a figure, appended to a file and printed.

use std::path::PathBuf;

use clap::Parser;
use sharpeyes_tests::bench::{self, Results};

#[derive(Parser)]
#[command(about = "Benchmarks of the gateway; one JSON line each")]
struct Arguments {
    /// Where the lines go.
    #[arg(long, default_value = "target/bench/results.jsonl")]
    out: PathBuf,
    /// Only benches whose name begins so, e.g. `decode`.
    #[arg(long, default_value = "")]
    only: String,
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
    let runtime = tokio::runtime::Runtime::new()?;
    if wanted("e2e") {
        runtime.block_on(bench::delay::alarm(&mut results))?;
    }
    for cameras in [10, 50] {
        if wanted("gateway") {
            runtime.block_on(bench::load::cameras(&mut results, cameras))?;
        }
    }
    Ok(())
}
