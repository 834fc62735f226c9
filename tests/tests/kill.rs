//! kill -9, again and again, while four cameras record and an operator works: what is lost is little and named, and
//! nothing that was acknowledged is lost. `make soak` does the same two hundred times.

use sharpeyes::clock::Clock;
use sharpeyes_tests::{
    gateway::Program,
    soak::{self, Cut, Loss, Plan},
};

#[tokio::test(flavor = "multi_thread")]
async fn each_kill_costs_less_than_two_seconds_and_no_incident() -> anyhow::Result<()> {
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let seed = u64::try_from(Clock::system().wall().0)?;
    eprintln!("seed {seed}");
    let plan = Plan { cut: Cut::Kill, n_cuts: 12, n_cameras: 4, seed };
    let losses = soak::round(&program, plan, |line| eprintln!("{line}")).await?;
    assert_eq!(losses.len(), plan.n_cuts * plan.n_cameras, "every cut is looked back at");
    assert!(losses.iter().all(Loss::is_as_promised), "{losses:?}");
    Ok(())
}
