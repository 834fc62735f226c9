//! The product on two disks, of which one goes, fills up, and does not answer at a start: only its own cameras notice, what
//! is said names it, and recording goes on there without a restart. Skipped where this process may not mount.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sharpeyes_domain::{ids::StreamKind, media::VideoCodec, segment::GapCause, time::WallTime};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    faulty::{id, main_of, now},
    footage::Pattern,
    gateway::{Client, Program},
    image::Image,
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};
use toml::{Table, Value as Toml};

const PASSWORD: &str = "correct horse battery";
const LIMIT: Duration = Duration::from_secs(120);
/// `gate` is recorded to the disk `main`, `yard` to `b`.
const GATE: &str = "gate";
const YARD: &str = "yard";

fn site(image: &Image, simulator: &CamSim) -> SiteBuilder {
    let b = Table::from_iter([
        ("name".to_owned(), "b".into()),
        ("dir".to_owned(), image.at().to_string_lossy().as_ref().into()),
        ("reserve".to_owned(), "4MiB".into()),
    ]);
    let camera = |name: &str, disk: &str| {
        SiteCamera::new(name, simulator.url(name, StreamKind::Main)).with("disk", disk)
    };
    SiteBuilder::new()
        .set("storage", "media_dir", "data/media")
        .set("storage", "segment", "5s")
        .set("storage", "disk", Toml::Array(vec![b.into()]))
        .camera(camera(GATE, "main"))
        .camera(camera(YARD, "b"))
}

/// Until closed files of the camera reach beyond `since`.
async fn recorded_past(site: &TestSite, camera: &str, since: WallTime) -> anyhow::Result<()> {
    let footage = site.footage()?;
    poll::until(&format!("{camera} is recorded"), LIMIT, || async {
        let span = footage.footage_span(&main_of(camera))?;
        ensure!(span.is_some_and(|span| span.to > since), "{span:?}, not past {since:?}");
        Ok(Some(()))
    })
    .await
}

/// Until the disk `b` is so; the other one is well all the while.
async fn until_b_is(client: &Client, state: &str) -> anyhow::Result<Value> {
    poll::until(&format!("disk b is {state}"), LIMIT, || async {
        let page = client.get("/storage").await?;
        let volume = |name: &str| {
            let volumes = page["volumes"].as_array().into_iter().flatten();
            volumes.into_iter().find(|volume| volume["name"] == name).cloned().context("a volume")
        };
        let (main, b) = (volume("main")?, volume("b")?);
        // Slow is whatever a busy machine makes of it.
        ensure!(main["state"] == "ok" || main["state"] == "slow", "{main}");
        ensure!(b["state"] == state, "{b}");
        Ok(Some(b))
    })
    .await
}

async fn until_ticket_says(client: &Client, words: &str) -> anyhow::Result<()> {
    poll::until(&format!("a ticket says `{words}`"), LIMIT, || async {
        let tickets = client.get("/tickets").await?.to_string();
        ensure!(tickets.contains(words), "{tickets}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_befalls_one_disk_the_other_ones_cameras_do_not_notice() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let made = Image::make(folder.path().join("b.img"), folder.path().join("b"), 48 << 20);
    let image = match made {
        Ok(image) => image,
        Err(reason) => {
            println!("skipped: one disk of two that goes: {reason:#}");
            return Ok(());
        }
    };
    let film = Pattern::small(VideoCodec::H264).file()?;
    let cameras = [GATE, YARD].map(|name| CameraConfig::new(id(name), &film)).to_vec();
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let site = site(&image, &simulator).write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let [technician, operator] =
        [gateway.sign_in("tech", PASSWORD).await?, gateway.sign_in("op", PASSWORD).await?];
    let started = now();
    for camera in [GATE, YARD] {
        recorded_past(&site, camera, started).await.with_context(|| gateway.log())?;
    }

    image.unmount()?;
    until_b_is(&technician, "missing").await.with_context(|| gateway.log())?;
    until_ticket_says(&technician, "disk b: ").await?;
    recorded_past(&site, GATE, now()).await?;
    image.mount()?;
    until_b_is(&technician, "ok").await.with_context(|| gateway.log())?;
    recorded_past(&site, YARD, now()).await.with_context(|| gateway.log())?;

    // Somebody else's file, and nothing that may be deleted.
    let held = json!({
        "camera": YARD, "from_ms": started.0 - 60_000, "to_ms": now().0, "case_number": "2026-17",
        "review_ms": now().0 + 86_400_000
    });
    let (status, held) = operator.post("/holds", &held).await?;
    ensure!(status == 201, "{held}");
    let other = image.leave(512 << 10)?;
    let full = until_b_is(&technician, "full").await.with_context(|| gateway.log())?;
    ensure!(full["detail"].as_str().is_some_and(|words| words.contains("yard/main")), "{full}");
    ensure!(!full["detail"].as_str().is_some_and(|words| words.contains(GATE)), "{full}");
    recorded_past(&site, GATE, now()).await?;
    std::fs::remove_file(other)?;
    until_b_is(&technician, "ok").await.with_context(|| gateway.log())?;
    recorded_past(&site, YARD, now()).await.with_context(|| gateway.log())?;

    // A crash leaves a file to be read back on a disk that answers to no write.
    poll::until("a file is open", LIMIT, || async {
        let open = site.footage()?.open_segments()?;
        Ok(open.iter().any(|row| row.stream == main_of(YARD)).then_some(()))
    })
    .await?;
    gateway.kill9().await?;
    let restart = now();
    let is_frozen = image
        .freeze()
        .inspect_err(|reason| println!("skipped: a disk that does not answer at the start: {reason:#}"))
        .is_ok();
    let gateway = program.start(&site).await?;
    let technician = gateway.sign_in("tech", PASSWORD).await?;
    recorded_past(&site, GATE, now()).await.with_context(|| gateway.log())?;
    if is_frozen {
        until_b_is(&technician, "not_answering").await.with_context(|| gateway.log())?;
        until_ticket_says(&technician, "disk b: the disk has not answered").await?;
        image.thaw()?;
    }
    until_b_is(&technician, "ok").await.with_context(|| gateway.log())?;
    recorded_past(&site, YARD, now()).await.with_context(|| gateway.log())?;
    gateway.stop().await?;
    simulator.stop();
    let report = program.check(&site).await?;
    eprintln!("{}", report.stdout);

    let gaps = recording::gaps(&site, &main_of(GATE))?;
    let within: Vec<_> = gaps.iter().filter(|gap| gap.span.to < WallTime(i64::MAX)).collect();
    // A busy machine may cost it pictures; the other disk may not.
    ensure!(gaps.iter().all(|gap| gap.cause != GapCause::Disk), "{gaps:?}");
    let restarts: Vec<_> = within.iter().filter(|gap| gap.cause == GapCause::Restart).collect();
    ensure!(restarts.len() == 1 && restarts[0].span.to > restart, "{gaps:?}");
    let n_disk =
        recording::gaps(&site, &main_of(YARD))?.iter().filter(|gap| gap.cause == GapCause::Disk).count();
    ensure!(n_disk >= 2, "{n_disk} gaps of yard");
    Ok(())
}
