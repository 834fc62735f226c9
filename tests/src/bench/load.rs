//! The whole gateway under a number of cameras, recording and analysing.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::{Duration, Instant};

use sharpeyes_domain::{
    ids::{CameraId, StreamKind},
    media::VideoCodec,
};

use super::{Results, Row, usage};
use crate::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::{Client, Gateway, Program},
    model, poll,
    shared::Shared,
    site::{SiteBuilder, SiteCamera},
};

const WINDOW: Duration = Duration::from_secs(60);
const PASSWORD: &str = "a long walk to the reservoir";

/// Processor time and memory a camera, over a minute, with recording and (when there is a detector) analysis on.
///
/// # Errors
/// When cameras or gateway do not come up.
pub async fn cameras(results: &mut Results, count: u16) -> anyhow::Result<()> {
    let cache = tempfile::tempdir()?;
    let shared = Shared::find();
    let file = match &shared {
        Some(shared) => shared.video("hwy_cars.mp4"),
        None => Pattern::small(VideoCodec::H264).file()?,
    };
    let ids: Vec<String> = (0..count).map(|n| format!("cam-{n:02}")).collect();
    let configs = (0u32..).zip(&ids).map(|(n, id)| {
        let mut camera = CameraConfig::new(CameraId::new(id)?, &file);
        camera.start = Duration::from_millis(u64::from(n) * 531);
        Ok(camera)
    });
    let config = CamSimConfig {
        port: 0,
        cache: cache.path().to_owned(),
        cameras: configs.collect::<anyhow::Result<_>>()?,
        keep_sent: false,
    };
    let cameras = CamSim::start(config)?;
    let mut site = SiteBuilder::new()
        .set("inference", "runtime", model::runtime_library()?.to_string_lossy().as_ref())
        .set("inference", "threads", 2);
    for id in &ids {
        let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] };
        let camera = SiteCamera::new(id, cameras.url(id, StreamKind::Main));
        site = site.camera(camera.with_sub(cameras.url(id, StreamKind::Sub)).rule(rule));
    }
    let site = site.write()?;
    if let Some(shared) = &shared {
        model::install(shared, &site.models())?;
    } else {
        eprintln!("skipped: analysis under load (no ../shared): the figures are of recording alone");
    }
    let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
    program.add_account(&site, "technician", "technician", &["town"], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let client = gateway.sign_in("technician", PASSWORD).await?;
    streaming(&client, usize::from(count) * 2).await?;
    let measured = measure(&gateway, &client).await?;
    gateway.stop().await?;
    cameras.stop();
    measured.push(results, count)
}

struct Measured {
    cpu_s: f64,
    elapsed_s: f64,
    rss_mib: f64,
    analysed_fps: f64,
}

/// Waits until every stream delivers.
async fn streaming(client: &Client, streams: usize) -> anyhow::Result<()> {
    poll::until("every stream delivers", Duration::from_secs(120), || async {
        let cameras = client.get("/cameras").await?;
        let states =
            cameras.as_array().into_iter().flatten().flat_map(|camera| [&camera["main"], &camera["sub"]]);
        Ok((states.filter(|stream| stream["state"] == "streaming").count() == streams).then_some(()))
    })
    .await
}

async fn measure(gateway: &Gateway, client: &Client) -> anyhow::Result<Measured> {
    let (before, began) = (usage(gateway.pid())?, Instant::now());
    tokio::time::sleep(WINDOW).await;
    let (after, elapsed) = (usage(gateway.pid())?, began.elapsed());
    let cameras = client.get("/cameras").await?;
    let rates =
        cameras.as_array().into_iter().flatten().filter_map(|camera| camera["analysis"]["fps"].as_f64());
    Ok(Measured {
        cpu_s: after.cpu_s - before.cpu_s,
        elapsed_s: elapsed.as_secs_f64(),
        rss_mib: after.rss_mib,
        analysed_fps: rates.sum(),
    })
}

impl Measured {
    fn push(&self, results: &mut Results, count: u16) -> anyhow::Result<()> {
        let cameras = f64::from(count);
        let context = format!(
            "{count} cameras, main 640x480 30 fps recorded, sub analysed at 5 fps wanted, {:.1} fps a camera reached; \
             {:.0} % of a core in all, {:.0} MiB in all, over {:.0} s; simulator on the same 2 cores",
            self.analysed_fps / cameras,
            self.cpu_s / self.elapsed_s * 100.0,
            self.rss_mib,
            self.elapsed_s,
        );
        let n = usize::from(count);
        results.push(&Row {
            bench: "gateway.cpu_pct_per_camera",
            value: self.cpu_s / self.elapsed_s * 100.0 / cameras,
            unit: "% of one core",
            n,
            context: context.clone(),
        })?;
        let value = self.rss_mib / cameras;
        results.push(&Row { bench: "gateway.rss_mib_per_camera", value, unit: "MiB", n, context })
    }
}
