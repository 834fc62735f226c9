//! The recordings' disk stops answering for twenty seconds (a controller that resets, a disk that spins up, a snapshot):
//! memory stays bounded, live view goes on, the missing time is a gap with its cause, and recording resumes by itself.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use sharpeyes::clock::Clock;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
    segment::GapCause,
    time::WallTime,
};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::{Client, Program},
    image::Image,
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN},
};

const PASSWORD: &str = "correct horse battery";
const FROZEN: Duration = Duration::from_secs(20);
const CAMERAS: [&str; 2] = ["gate", "yard"];

/// `None`, with the reason printed, where this machine does not allow it.
fn image(folder: &Path) -> Option<Image> {
    let made = Image::make(folder.join("image"), folder.join("disk"), 256 << 20);
    let frozen = made.and_then(|image| image.freeze().and_then(|()| image.thaw()).map(|()| image));
    frozen.inspect_err(|reason| println!("skipped: no disk to freeze ({reason:#})")).ok()
}

fn resident_mib(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

/// Until both cameras are recorded past `since`.
async fn recorded_past(folder: &Path, since: WallTime) -> anyhow::Result<()> {
    poll::until("both cameras are recorded", Duration::from_secs(90), || async {
        let footage = sharpeyes::store::footage::Footage::open(&folder.join("footage.db"))?;
        let mut done = 0;
        for id in CAMERAS {
            let stream = StreamId { camera: CameraId::new(id)?, kind: StreamKind::Main };
            done += usize::from(footage.footage_span(&stream)?.is_some_and(|span| span.to > since));
        }
        Ok((done == CAMERAS.len()).then_some(()))
    })
    .await
}

/// The newest picture of each camera, as its state tells.
async fn newest(client: &Client) -> anyhow::Result<Vec<i64>> {
    let states = client.get("/cameras").await?;
    let of = |state: &serde_json::Value| {
        ensure!(state["main"]["state"] == "streaming", "{state}");
        state["main"]["last_frame_ms"].as_i64().context("no picture")
    };
    states.as_array().into_iter().flatten().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_stops_for_twenty_seconds_costs_only_its_time() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let Some(disk) = image(folder.path()) else { return Ok(()) };
    let film = Pattern::small(VideoCodec::H264).file()?;
    let cameras = CAMERAS.iter().map(|id| CameraConfig::new(CameraId::new(id).unwrap(), &film)).collect();
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let mut site = SiteBuilder::new()
        .set("storage", "media_dir", disk.at().to_string_lossy().as_ref())
        .set("storage", "segment", "5s")
        .set("storage", "ring", "4s")
        .set("storage", "backlog_bytes", "2MiB");
    for id in CAMERAS {
        site = site.camera(SiteCamera::new(id, simulator.url(id, StreamKind::Main)));
    }
    let site = site.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let client = gateway.sign_in("tech", PASSWORD).await?;
    let clock = Clock::system();
    recorded_past(&site.data(), clock.wall()).await?;

    let before = resident_mib(gateway.pid())?;
    let frozen = clock.wall();
    disk.freeze()?;
    tokio::time::sleep(FROZEN / 2).await;
    let half = newest(&client).await?;
    tokio::time::sleep(FROZEN / 2).await;
    let late = newest(&client).await?;
    let after = resident_mib(gateway.pid())?;
    disk.thaw()?;
    let thawed = clock.wall();
    for (half, late) in half.iter().zip(&late) {
        assert!(late - half > 5_000, "pictures went on: {half} {late}");
    }
    // 20 s of both cameras are 12 MiB; their queues hold 4.
    assert!(after < before + 10, "{before} MiB before, {after} MiB with a frozen disk");
    recorded_past(&site.data(), thawed.plus(Duration::from_secs(6))).await?;
    gateway.stop().await?;
    program.check(&site).await?;

    for id in CAMERAS {
        let stream = StreamId { camera: CameraId::new(id)?, kind: StreamKind::Main };
        let gaps = recording::gaps(&site, &stream)?;
        let within: Vec<_> =
            gaps.iter().filter(|gap| gap.span.from >= frozen && gap.span.from < thawed).collect();
        let [gap] = within.as_slice() else { anyhow::bail!("{id}: {gaps:?}") };
        assert_eq!(gap.cause, GapCause::Backlog, "{id}");
        let latest = thawed.plus(Duration::from_secs(5));
        assert!(gap.span.to <= latest, "{id}: recording resumed {:?} late", gap.span.to.since(thawed));
        eprintln!(
            "{id}: a gap of {:?}, ended {:?} after the thaw; {before} MiB, then {after}",
            gap.span.length(),
            gap.span.to.since(thawed)
        );
    }
    simulator.stop();
    Ok(())
}
