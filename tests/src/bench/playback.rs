//! The console's timeline in a real Chromium, over footage that is a month old: how soon its first picture is there,
//! how long a seek takes, and how far apart nine panes are.
//!
//! What is measured and how stands in `console/e2e/timeline.mjs`; this sets up what it looks at.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock, and where Chromium is")]

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_domain::ids::{CameraId, StreamKind};
use tokio::process::Command;

use super::{Results, Row};
use crate::{
    camsim::{self, CamSim, CamSimConfig, CameraConfig},
    footage::Timecode,
    gateway::Program,
    poll, shared,
    site::{SiteBuilder, SiteCamera, TestSite},
};

const CAMERAS: usize = 9;
const FPS: u32 = 25;
const PASSWORD: &str = "a long walk to the reservoir";
/// How much is recorded.
const RECORD: Duration = Duration::from_secs(150);
/// The film must not begin again meanwhile: its code would.
const FILM_S: u32 = 240;
/// How much older the footage is made.
const AGE_MS: i64 = 30 * 86_400_000;
/// From the first moment that every camera has to where the panes begin.
const LEAD_MS: i64 = 15_000;
/// Of the strip in sight: its right half is clicked on, and ends within the footage.
const SPAN_MS: i64 = 240_000;
/// How often the first picture is waited for, each time in a new browser profile.
const FIRST: u32 = 5;
const SEEKS: u32 = 40;
const PLAY_S: u32 = 30;
const CHROMIUM: &str = "/usr/bin/chromium";

/// `clip.*` and `panes.*`.
///
/// # Errors
/// When cameras, gateway or browser do not come up, or the console does not show the footage.
pub async fn playback(results: &mut Results) -> anyhow::Result<()> {
    let chromium = std::env::var_os("E2E_CHROMIUM").map_or_else(|| PathBuf::from(CHROMIUM), PathBuf::from);
    if !chromium.exists() {
        println!("skipped: playback ({} is missing; name another with E2E_CHROMIUM)", chromium.display());
        return Ok(());
    }
    let film = Timecode { size_px: (640, 360), fps: FPS, seconds: FILM_S }.file()?;
    let ids: Vec<String> = (0..CAMERAS).map(|n| format!("cam-{n:02}")).collect();
    let cameras = ids.iter().enumerate().map(|(n, id)| {
        let mut camera = CameraConfig::new(CameraId::new(id)?, &film);
        // All show the same code at the same instant.
        camera.start = Duration::from_secs(1).saturating_sub(camsim::phase(n));
        anyhow::Ok(camera)
    });
    let simulator = CamSim::start(CamSimConfig {
        port: 0,
        cache: shared::cache(),
        cameras: cameras.collect::<anyhow::Result<_>>()?,
        keep_sent: false,
    })?;
    let mut site = SiteBuilder::new().set("storage", "keep_days", 60);
    for id in &ids {
        site = site.camera(SiteCamera::new(id, simulator.url(id, StreamKind::Main)));
    }
    let site = site.write()?;
    let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
    program.add_account(&site, "bench", "operator", &["town"], PASSWORD).await?;

    let gateway = program.start(&site).await?;
    poll::until("every camera is recorded", Duration::from_secs(60), || async {
        Ok((site.footage()?.open_segments()?.len() >= CAMERAS).then_some(()))
    })
    .await?;
    let began_ms = now_ms()?;
    tokio::time::sleep(RECORD).await;
    gateway.stop().await?;
    simulator.stop();
    make_older(&site)?;

    let gateway = program.start(&site).await?;
    drop_from_page_cache(&site.media())?;
    let at_ms = began_ms - AGE_MS + LEAD_MS;
    let seen = watch(gateway.url(), &ids, at_ms).await?;
    gateway.stop().await?;
    push(results, &seen)
}

/// Shifts every wall time of the index into the past; the files stay as they are.
fn make_older(site: &TestSite) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(site.data().join("footage.db"))?;
    for sql in [
        "UPDATE segment SET start_wall_ms = start_wall_ms - ?1, end_wall_ms = end_wall_ms - ?1",
        "UPDATE gap SET start_wall_ms = start_wall_ms - ?1, end_wall_ms = end_wall_ms - ?1",
        "UPDATE run SET wall_start_ms = wall_start_ms - ?1",
    ] {
        connection.execute(sql, [AGE_MS])?;
    }
    Ok(())
}

/// Nobody has looked at a month-old file since it was written.
fn drop_from_page_cache(dir: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            drop_from_page_cache(&path)?;
        } else {
            let file = std::fs::File::open(&path)?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        }
    }
    Ok(())
}

/// What the script in the browser has measured.
async fn watch(url: &str, ids: &[String], at_ms: i64) -> anyhow::Result<Value> {
    let script = shared::workspace_root().join("console/e2e/timeline.mjs");
    let ended = Command::new("node")
        .arg(&script)
        .env("E2E_URL", url)
        .env("E2E_NAME", "bench")
        .env("E2E_PASSWORD", PASSWORD)
        .env("E2E_CAMERAS", ids.join(","))
        .env("E2E_AT_MS", at_ms.to_string())
        .env("E2E_SPAN_MS", SPAN_MS.to_string())
        .env("E2E_CASE", "bench-1")
        .env("E2E_CODE", "wall")
        .env("E2E_FIRST", FIRST.to_string())
        .env("E2E_SEEKS", SEEKS.to_string())
        .env("E2E_PLAY_S", PLAY_S.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("node")?;
    let printed = String::from_utf8_lossy(&ended.stdout);
    let complaints = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{}: {printed}{complaints}", script.display());
    let line = printed.lines().last().context("the script printed nothing")?;
    let seen: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
    println!("{line}");
    Ok(seen)
}

fn push(results: &mut Results, seen: &Value) -> anyhow::Result<()> {
    let load = std::fs::read_to_string(Path::new("/proc/loadavg"))?;
    let load = load.split(' ').next().unwrap_or_default();
    let footage = "640x360 at 25 fps, a keyframe a second, 30 days ago, not in the page cache at first";
    let around = format!("gateway and Chromium on the same cores, load average {load}");
    let one = format!("one pane, {footage}; {around}");
    let all = format!("{CAMERAS} panes, {footage}; {around}");
    let mut row = |bench, figures: &Value, share: &str, unit, more: &str| {
        let value = figures[share].as_f64().with_context(|| format!("{bench}: no {share} in {figures}"))?;
        let n = figures["n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        let context = if unit == "ms" { &one } else { &all };
        results.push(&Row { bench, value, unit, n, context: format!("{more}; {context}") })
    };
    let first = &seen["first_picture_ms"];
    row(
        "clip.first_picture_ms",
        first,
        "p50",
        "ms",
        "median, from the stated purpose to the first picture, limit 1000",
    )?;
    row("clip.first_picture_max_ms", first, "max", "ms", "the slowest, limit 1000")?;
    let seek = &seen["seek_ms"];
    row("clip.seek_p50_ms", seek, "p50", "ms", "from the click to the picture of that instant")?;
    row("clip.seek_p95_ms", seek, "p95", "ms", "from the click to the picture of that instant, limit 300")?;
    let (spread, how) = match &seen["code_spread_frames"] {
        Value::Null => (&seen["spread_frames"], "by the times that the browser gives with each picture"),
        code => (code, "by the code burnt into the pictures"),
    };
    row("panes.spread_p50_frames", spread, "p50", "frames", how)?;
    row("panes.spread_p95_frames", spread, "p95", "frames", &format!("{how}, limit 1"))?;
    row("panes.spread_max_frames", spread, "max", "frames", how)
}

fn now_ms() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
