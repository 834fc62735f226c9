//! What `camsim` itself costs: 100 sub streams to 100 TCP viewers; prints one JSON line for each window and the median.
//!
//! `cargo run -p sharpeyes-tests --example camsim_cost -- CACHE FILE…`, after `cargo build -p sharpeyes-tests`.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use sharpeyes::clock::Clock;
use sharpeyes_tests::viewer::Viewer;

const CAMERAS: usize = 100;
const WINDOW: Duration = Duration::from_secs(20);
const WINDOWS: usize = 5;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let cache = arguments.next().context("usage: camsim_cost CACHE FILE…")?;
    let files: Vec<String> = arguments.collect();
    ensure!(!files.is_empty(), "usage: camsim_cost CACHE FILE…");
    let program = std::env::current_exe()?.with_file_name("../camsim");
    let mut command = Command::new(program);
    command.args(["--port", "0", "--auth", "viewer:secret", "--cache", &cache]).stdout(Stdio::piped());
    for index in 0..CAMERAS {
        command.args(["--camera", &format!("c{index}={}", files[index % files.len()])]);
    }
    let mut simulator = command.spawn()?;
    let mut line = String::new();
    BufReader::new(simulator.stdout.take().context("no stdout")?).read_line(&mut line)?;
    let ready: serde_json::Value = serde_json::from_str(&line)?;
    let port = ready["port"].as_u64().context("no port")?;
    let login = sharpeyes_tests::camsim::Login { user: "viewer".to_owned(), password: "secret".to_owned() };
    let (pictures, bytes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for index in 0..CAMERAS {
        let mut viewer = Viewer::open(&format!("rtsp://127.0.0.1:{port}/c{index}/sub"), Some(&login)).await?;
        let (pictures, bytes) = (Arc::clone(&pictures), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok(frame) = viewer.picture().await {
                pictures.fetch_add(1, Ordering::Relaxed);
                bytes.fetch_add(u64::try_from(frame.data().len()).unwrap_or(0), Ordering::Relaxed);
            }
        });
    }
    let clock = Clock::system();
    let mut shares = Vec::new();
    for _ in 0..WINDOWS {
        let (ticks, from) = (cpu_ticks(simulator.id())?, clock.instant());
        let (seen, read) = (pictures.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed));
        tokio::time::sleep(WINDOW).await;
        let seconds = (clock.instant() - from).as_secs_f64();
        // USER_HZ is 100 on Linux, whatever the kernel's HZ.
        let used = f64::from(u32::try_from(cpu_ticks(simulator.id())? - ticks)?) / 100.0;
        let per_second =
            |now: u64, before: u64| f64::from(u32::try_from(now - before).unwrap_or(u32::MAX)) / seconds;
        println!(
            "{}",
            serde_json::json!({
                "cpu_pct": 100.0 * used / seconds,
                "pictures_per_s": per_second(pictures.load(Ordering::Relaxed), seen),
                "kbit_per_s": per_second(bytes.load(Ordering::Relaxed), read) * 8.0 / 1000.0,
                "rss_mib": rss_mib(simulator.id())?,
            })
        );
        shares.push(100.0 * used / seconds);
    }
    shares.sort_by(f64::total_cmp);
    println!(
        "{}",
        serde_json::json!({"bench": "camsim.cpu_pct_100_sub", "value": shares[shares.len() / 2], "unit": "%", "n": WINDOWS})
    );
    simulator.kill()?;
    simulator.wait()?;
    Ok(())
}

/// User and system time of a process, in clock ticks.
fn cpu_ticks(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name")?.1.split_whitespace().collect();
    Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
}

fn rss_mib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse::<u64>()? / 1024)
}
