//! The whole gateway under a number of cameras, recording and analysing.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::{Duration, Instant};

use super::{Results, Row, rig::Plan, usage};
use crate::{
    gateway::{Client, Gateway},
    poll,
    scene::Scene,
    site::SiteBuilder,
};

/// Traffic, so that there is always something to track.
const SCENE: &str = "road_junction";
const WINDOW: Duration = Duration::from_secs(60);

/// Processor time and memory a camera, over a minute, with recording and analysis on.
///
/// # Errors
/// When cameras or gateway do not come up.
pub async fn cameras(results: &mut Results, count: u16) -> anyhow::Result<()> {
    let plan = Plan {
        cameras: count.into(),
        film: Scene::named(SCENE)?.video(),
        step: Duration::from_millis(531),
        rule: toml::toml! { id = "in" kind = "intrusion" classes = ["person"] },
        role: "technician",
        site: SiteBuilder::new(),
    };
    let rig = plan.start().await?;
    streaming(&rig.client, usize::from(count) * 2).await?;
    let measured = measure(&rig.gateway, &rig.client).await?;
    rig.stop().await?;
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
            "{count} cameras of scene {SCENE}, main recorded, sub analysed at 5 fps wanted, {:.1} fps a camera reached; \
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
