//! The power fails, on the file systems that recording disks carry: everything that was not synced is gone, and still
//! what is lost is little and named, and nothing that was acknowledged is lost. `make soak` does it a hundred times.

use sharpeyes::clock::Clock;
use sharpeyes_tests::{
    gateway::Program,
    soak::{self, Cut, FileSystem, Loss, NoDisk, Plan},
};

async fn lose_power_on(system: FileSystem) -> anyhow::Result<()> {
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let seed = u64::try_from(Clock::system().wall().0)?;
    eprintln!("seed {seed}");
    let plan = Plan { cut: Cut::Power(system), n_cuts: 5, n_cameras: 4, seed };
    match soak::round(&program, plan, |line| eprintln!("{line}")).await {
        Ok(losses) => {
            assert_eq!(losses.len(), plan.n_cuts * plan.n_cameras, "every cut is looked back at");
            assert!(losses.iter().all(Loss::is_as_promised), "{losses:?}");
        }
        Err(error) => match error.downcast_ref::<NoDisk>() {
            Some(reason) => eprintln!("skipped: power loss on {system} ({reason})"),
            None => return Err(error),
        },
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn power_loss_on_ext4_costs_less_than_two_seconds_and_no_incident() -> anyhow::Result<()> {
    lose_power_on(FileSystem::Ext4).await
}

#[tokio::test(flavor = "multi_thread")]
async fn power_loss_on_xfs_costs_less_than_two_seconds_and_no_incident() -> anyhow::Result<()> {
    lose_power_on(FileSystem::Xfs).await
}
