//! What processes cost, from `/proc`.

use std::{collections::HashMap, fs};

use anyhow::Context as _;

/// Linux has counted in hundredths of a second on every architecture that we build for (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;

/// User and system time of a process and of its children that have ended, seconds.
pub(super) fn cpu_with_children_s(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = stat.rsplit_once(')').context("/proc/PID/stat without a name")?;
    // proc(5): utime, stime, cutime and cstime are fields 14 to 17.
    let fields = rest.split_whitespace().skip(11).take(4);
    let ticks: f64 = fields.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS)
}

/// Proportional set size: pages that several processes share count once in all.
///
/// # Errors
/// When there is no such process.
pub fn pss_mib(pid: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    let kib: f64 = pss.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// [`pss_mib`] of a process and of all below it: a gateway has its detectors in processes of their own.
///
/// # Errors
/// When there is no such process.
pub(super) fn tree_pss_mib(root: u32) -> anyhow::Result<f64> {
    let (root_mib, all) = (pss_mib(root)?, tree(root)?);
    // A child may end meanwhile, and has no memory then.
    Ok(root_mib + all.into_iter().filter(|pid| *pid != root).filter_map(|pid| pss_mib(pid).ok()).sum::<f64>())
}

/// [`cpu_with_children_s`] of a process and of all below it.
pub(super) fn tree_cpu_s(root: u32) -> anyhow::Result<f64> {
    let (root_s, all) = (cpu_with_children_s(root)?, tree(root)?);
    let below = all.into_iter().filter(|pid| *pid != root);
    Ok(root_s + below.filter_map(|pid| cpu_with_children_s(pid).ok()).sum::<f64>())
}

/// A process, its children, theirs and so on, as far as they are running.
pub(super) fn tree(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended since.
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while let Some(pid) = found.get(at) {
        found.extend(children.remove(pid).unwrap_or_default());
        at += 1;
    }
    Ok(found)
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[test]
    fn a_childs_child_belongs_to_the_tree() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 60 & echo started; wait"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let all = tree(std::process::id()).unwrap();
        let below = tree(shell.id()).unwrap();
        let pss = pss_mib(shell.id()).unwrap();
        for pid in &below {
            let pid = Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
        shell.wait().unwrap();
        assert!(below.len() == 2 && below.iter().all(|pid| all.contains(pid)), "{below:?} in {all:?}");
        assert!(pss > 0.0);
    }
}
