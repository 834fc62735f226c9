//! `make soak`: kill -9 and power loss, as often as wanted, with a line for each and the losses at the end.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use sharpeyes::clock::Clock;
use sharpeyes_tests::{
    gateway::Program,
    soak::{self, Cut, FileSystem, Loss, PROMISE, Plan},
};

#[derive(Parser)]
#[command(about = "Cuts the gateway down again and again, and checks what it promises")]
struct Arguments {
    /// kill -9, so many times.
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// Power loss, so many times, spread over the file systems; needs root.
    #[arg(long, default_value_t = 100)]
    power_cuts: usize,
    /// Recorded at the same time.
    #[arg(long, default_value_t = 8)]
    cameras: usize,
    /// Cuts of one site before it is audited and a new one begins.
    #[arg(long, default_value_t = 20)]
    round: usize,
    /// File systems whose power is cut, in turn.
    #[arg(long, value_delimiter = ',', default_values_t = [FileSystem::Ext4, FileSystem::Xfs])]
    file_systems: Vec<FileSystem>,
    /// Chooses every moment; by default nobody does. Printed, so that a failure can be had again.
    #[arg(long)]
    seed: Option<u64>,
    /// Begins with this round: goes on where another soak with the same seed ended.
    #[arg(long, default_value_t = 0)]
    first_round: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let clock = Clock::system();
    let seed = arguments.seed.map_or_else(|| u64::try_from(clock.wall().0), Ok)?;
    let plans = plans(&arguments, seed);
    println!("seed {seed}, {} rounds, {} cameras", plans.len(), arguments.cameras);
    let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
    let runtime = tokio::runtime::Runtime::new()?;
    let mut is_kept = true;
    let (mut by_kill, mut by_power) = (Vec::new(), Vec::new());
    for (number, plan) in plans.into_iter().enumerate().skip(arguments.first_round) {
        match runtime.block_on(soak::round(&program, plan, |line| println!("round {number}: {line}"))) {
            Ok(losses) => {
                for loss in losses.iter().filter(|loss| !loss.is_as_promised()) {
                    is_kept = false;
                    println!("round {number}: BROKEN {loss:?}");
                }
                match plan.cut {
                    Cut::Kill => by_kill.extend(losses),
                    Cut::Power(_) => by_power.extend(losses),
                }
            }
            Err(broken) => {
                is_kept = false;
                println!("round {number}: BROKEN {broken:#}");
                println!("again: --seed {seed} --first-round {number}");
            }
        }
    }
    summary("kill -9", by_kill);
    summary("power loss", by_power);
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The rounds of a whole soak, always the same for the same arguments.
fn plans(arguments: &Arguments, seed: u64) -> Vec<Plan> {
    let systems = arguments.file_systems.iter().cycle().map(|system| Cut::Power(*system));
    let kills = sizes(arguments.kills, arguments.round).into_iter().map(|n_cuts| (Cut::Kill, n_cuts));
    let power = systems.zip(sizes(arguments.power_cuts, arguments.round));
    let plan = |(number, (cut, n_cuts))| Plan {
        cut,
        n_cuts,
        n_cameras: arguments.cameras,
        seed: seed.wrapping_add(number),
    };
    (0..).zip(kills.chain(power)).map(plan).collect()
}

fn sizes(n: usize, round: usize) -> Vec<usize> {
    let round = round.max(1);
    (0..n.div_ceil(round)).map(|number| round.min(n - number * round)).collect()
}

fn summary(what: &str, mut losses: Vec<Loss>) {
    losses.sort_unstable_by_key(|loss| loss.lost);
    let at = |part: usize| losses.get((losses.len() * part / 100).min(losses.len().saturating_sub(1)));
    let (Some(median), Some(p95), Some(worst)) = (at(50), at(95), losses.last()) else { return };
    let seconds = |lost: Duration| format!("{:.2} s", lost.as_secs_f64());
    println!(
        "{what}: {} losses of one camera by one cut: median {}, 95 % up to {}, most {} ({}); promised are {}",
        losses.len(),
        seconds(median.lost),
        seconds(p95.lost),
        seconds(worst.lost),
        worst.camera,
        seconds(PROMISE),
    );
}
