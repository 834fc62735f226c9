//! The product on a disk that goes and comes back, and that is too small: as a service, with a camera that sends.
//! Skipped with a reason where this process may not mount.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sharpeyes::clock::Clock;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
    segment::GapCause,
};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::{Client, Gateway, Program},
    image::Image,
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN},
};

const PASSWORD: &str = "correct horse battery";
const LIMIT: Duration = Duration::from_secs(90);

fn image(folder: &Path, what: &str) -> Option<Image> {
    Image::make(folder.join("disk.img"), folder.join("media"), 24 << 20)
        .inspect_err(|reason| println!("skipped: {what}: {reason:#}"))
        .ok()
}

/// The disk's state, when it is this one.
async fn state(client: &Client, wanted: &str) -> anyhow::Result<Option<Value>> {
    let page = client.get("/storage").await?;
    Ok((page["volumes"][0]["state"] == wanted).then_some(page))
}

/// A simulated camera, and the stream of it that is recorded.
async fn camera() -> anyhow::Result<(CamSim, StreamId)> {
    let id = CameraId::new("cam0")?;
    let footage = Pattern::small(VideoCodec::H264).file()?;
    let cameras = vec![CameraConfig::new(id.clone(), &footage)];
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    Ok((simulator, StreamId { camera: id, kind: StreamKind::Main }))
}

/// Where that camera is recorded to `at`.
fn site(at: &Path, simulator: &CamSim) -> SiteBuilder {
    SiteBuilder::new()
        .set("storage", "media_dir", at.to_string_lossy().as_ref())
        .set("storage", "segment", "5s")
        .camera(SiteCamera::new("cam0", simulator.url("cam0", StreamKind::Main)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_goes_comes_back_and_fills_up() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let Some(disk) = image(folder.path(), "the service on a disk that goes") else { return Ok(()) };
    let at = disk.at().to_owned();
    let (simulator, stream) = camera().await?;
    let site = site(&at, &simulator).set("storage", "reserve", "4MiB").write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let operator = gateway.sign_in("op", PASSWORD).await?;
    let technician = gateway.sign_in("tech", PASSWORD).await?;

    // Two files, of which the first is held.
    let n_files = |at_least: usize| {
        let (site, stream) = (&site, &stream);
        async move {
            let files = recording::segments(site, stream)?;
            Ok((files.len() >= at_least).then_some(files))
        }
    };
    let files = poll::until("two files", LIMIT, || n_files(2)).await.with_context(|| gateway.log())?;
    let hold = json!({
        "camera": "cam0", "from_ms": files[0].span.from.0, "to_ms": files[0].span.from.0 + 1_000,
        "case_number": "2026-17", "review_ms": Clock::system().wall().0 + 86_400_000
    });
    let (status, hold) = operator.post("/holds", &hold).await?;
    ensure!(status == 201, "{hold}");

    disk.unmount()?;
    let page = poll::until("missing", LIMIT, || state(&technician, "missing")).await?;
    ensure!(page["volumes"][0]["detail"].as_str().context("a text")?.contains("not mounted"), "{page}");
    // Long enough for a writer that does not look to have written.
    tokio::time::sleep(Duration::from_secs(5)).await;
    ensure!(fs::read_dir(&at)?.next().is_none(), "something was written to the disk below");
    disk.mount()?;
    poll::until("ok again", LIMIT, || state(&technician, "ok")).await?;
    let before = recording::segments(&site, &stream)?.len();
    poll::until("more files", LIMIT, || n_files(before + 2)).await.with_context(|| gateway.log())?;

    // Somebody else's file leaves less than the reserve: the oldest file that nobody holds makes room.
    let other = disk.leave((4 << 20) - (256 << 10))?;
    let page = poll::until("something shed", LIMIT, || async {
        let page = technician.get("/storage").await?;
        let is_shed = page["deletions"].as_array().is_some_and(|rows| !rows.is_empty());
        Ok(is_shed.then_some(page))
    })
    .await
    .with_context(|| gateway.log())?;
    ensure!(page["deletions"][0]["reason"] == "disk_full", "{page}");
    fs::remove_file(&other)?;
    stop(gateway).await?;
    simulator.stop();

    let left = recording::segments(&site, &stream)?;
    ensure!(left[0].span == files[0].span, "the held file is still the oldest: {left:?}");
    ensure!(at.join(&left[0].path).exists());
    let gaps = recording::gaps(&site, &stream)?;
    let has = |cause| gaps.iter().any(|gap| gap.cause == cause);
    ensure!(has(GapCause::Disk) && has(GapCause::Retention), "{gaps:?}");
    let report = program.check(&site).await?;
    eprintln!("{}", report.stdout);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_starts_without_its_disk_and_records_when_it_is_mounted() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let Some(disk) = image(folder.path(), "a start without the disk") else { return Ok(()) };
    let at = disk.at().to_owned();
    let (simulator, stream) = camera().await?;
    let site = site(&at, &simulator).write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let recorded = |at_least: usize| {
        let (site, stream) = (&site, &stream);
        async move {
            let files = recording::segments(site, stream)?;
            Ok((files.len() >= at_least).then_some(files))
        }
    };

    let gateway = program.start(&site).await?;
    poll::until("a file", LIMIT, || recorded(1)).await.with_context(|| gateway.log())?;
    // As at a power cut: a file is open, and after it the disk is not mounted any more.
    gateway.kill9().await?;
    let before = recording::segments(&site, &stream)?.len();
    disk.unmount()?;
    let gateway = program.start(&site).await?;
    let technician = gateway.sign_in("tech", PASSWORD).await?;
    let page = poll::until("missing", LIMIT, || state(&technician, "missing")).await?;
    ensure!(page["volumes"][0]["uuid"].as_str().is_some_and(|uuid| !uuid.is_empty()), "{page}");
    poll::until("a ticket", LIMIT, || async {
        let found = technician.get("/tickets").await?.to_string();
        Ok(found.contains("mount the disk of recordings").then_some(()))
    })
    .await
    .with_context(|| gateway.log())?;
    poll::until("a gap of cause disk", LIMIT, || async {
        Ok(recording::gaps(&site, &stream)?.iter().any(|gap| gap.cause == GapCause::Disk).then_some(()))
    })
    .await
    .with_context(|| gateway.log())?;
    ensure!(fs::read_dir(&at)?.next().is_none(), "something was written to the disk below");
    disk.mount()?;
    poll::until("ok again", LIMIT, || state(&technician, "ok")).await?;
    // One is the file that was open at the power cut.
    poll::until("more files", LIMIT, || recorded(before + 2)).await.with_context(|| gateway.log())?;
    stop(gateway).await?;
    simulator.stop();
    let report = program.check(&site).await?;
    eprintln!("{}", report.stdout);
    Ok(())
}

async fn stop(gateway: Gateway) -> anyhow::Result<()> {
    let log = gateway.log();
    gateway.stop().await.with_context(|| log)
}
