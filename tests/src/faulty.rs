//! A running gateway before cameras that misbehave on command: what the fault scenarios share.

use std::{fs, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    time::WallTime,
};

use crate::{
    camsim::{CamSim, CamSimConfig, CameraConfig, FaultControl, Faults},
    gateway::{Client, Gateway, Program},
    poll, recording,
    samples::Sample,
    shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const PASSWORD: &str = "Account-9w4mn-5hv2c";
/// Nothing here takes a third of this on an idle machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The main stream of a camera.
#[must_use]
pub fn main_of(camera: &str) -> StreamId {
    StreamId { camera: id(camera), kind: StreamKind::Main }
}

/// A camera's name.
#[must_use]
pub fn id(camera: &str) -> CameraId {
    CameraId::new(camera).expect("a valid name")
}

/// A simulated camera that sees a sample.
///
/// # Errors
/// When the sample cannot be made.
pub fn camera(name: &str, sample: Sample) -> anyhow::Result<CameraConfig> {
    Ok(CameraConfig::new(id(name), sample.path()?))
}

/// Cameras, their faults, and the gateway that records their main streams.
pub struct Stand {
    /// Switches the faults.
    pub control: FaultControl,
    /// The product.
    pub gateway: Gateway,
    /// Where it records.
    pub site: TestSite,
    program: Program,
    technician: Client,
    _simulator: CamSim,
}

impl Stand {
    /// Starts everything; `faults` are there before the gateway is. `edit` changes a camera's part of the site file.
    ///
    /// # Errors
    /// When anything does not start.
    pub async fn start(
        binary: &str,
        cameras: Vec<CameraConfig>,
        faults: &[(&str, Faults)],
        edit: impl Fn(SiteCamera) -> SiteCamera,
    ) -> anyhow::Result<Self> {
        let control = FaultControl::seeded(7);
        for (camera, faults) in faults {
            control.set(&main_of(camera), faults);
        }
        let names: Vec<String> = cameras.iter().map(|camera| camera.id.to_string()).collect();
        let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
        let simulator = tokio::task::spawn_blocking({
            let control = control.clone();
            move || CamSim::start_controlled(config, &control)
        })
        .await??;
        let mut site = SiteBuilder::new().set("storage", "segment", "5s");
        for name in &names {
            site = site.camera(edit(SiteCamera::new(name, simulator.url(name, StreamKind::Main))));
        }
        let site = site.write()?;
        let program = Program::new(binary);
        program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
        let gateway = program.start(&site).await?;
        let technician = gateway.sign_in("tech", PASSWORD).await?;
        Ok(Self { control, gateway, site, program, technician, _simulator: simulator })
    }

    /// What the technician reads about a camera's main stream.
    ///
    /// # Errors
    /// When the API does not answer.
    pub async fn health(&self, camera: &str) -> anyhow::Result<Value> {
        let cameras = self.technician.get("/cameras").await?;
        let list = cameras.as_array().context("a list of cameras")?;
        let found = list.iter().find(|one| one["id"] == camera);
        Ok(found.with_context(|| format!("{camera}: {cameras}"))?["main"].clone())
    }

    /// Waits until `is_so` of a camera's main stream.
    ///
    /// # Errors
    /// When that does not come, with what the technician reads instead.
    pub async fn until(
        &self,
        what: &str,
        camera: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        poll::until(&format!("{camera}: {what}"), PATIENCE, || async {
            let health = self.health(camera).await?;
            ensure!(is_so(&health), "{health}");
            Ok(Some(health))
        })
        .await
        .with_context(|| self.gateway.log())
    }

    /// Waits until a fault of this code is shown.
    ///
    /// # Errors
    /// As [`Stand::until`].
    pub async fn fault(&self, camera: &str, code: &str) -> anyhow::Result<Value> {
        self.until(code, camera, |health| health["message_code"] == code).await
    }

    /// Waits until the stream has pictures that are at least so much newer than now.
    ///
    /// # Errors
    /// As [`Stand::until`].
    pub async fn records(&self, camera: &str, longer: Duration) -> anyhow::Result<()> {
        let until = now().plus(longer).0;
        let streams = |health: &Value| {
            health["state"] == "streaming" && health["last_frame_ms"].as_i64().is_some_and(|at| at >= until)
        };
        self.until("recorded again", camera, streams).await.map(drop)
    }

    /// An orderly end, and the audit.
    ///
    /// # Errors
    /// What it finds.
    pub async fn finish(self) -> anyhow::Result<TestSite> {
        let log = self.gateway.log();
        ensure!(!log.contains("panicked"), "{log}");
        self.gateway.stop().await?;
        self.program.check(&self.site).await?;
        Ok(self.site)
    }
}

/// The machine's wall time.
#[must_use]
pub fn now() -> WallTime {
    sharpeyes::clock::Clock::system().wall()
}

/// Open files of a process.
///
/// # Errors
/// When there is none.
pub fn n_files(pid: u32) -> anyhow::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// Resident memory of a process in MiB, and the most it ever was.
///
/// # Errors
/// When there is none.
pub fn memory_mib(pid: u32) -> anyhow::Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| -> anyhow::Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such field")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

/// The files of a stream follow one another without overlap, and between them are gaps with causes: from the first
/// picture to the last no instant is in two, or in none. Returns the causes.
///
/// # Errors
/// What is wrong.
pub fn causes(site: &TestSite, camera: &str) -> anyhow::Result<Vec<String>> {
    let stream = main_of(camera);
    let (segments, gaps) = (recording::segments(site, &stream)?, recording::gaps(site, &stream)?);
    ensure!(!segments.is_empty(), "{camera}: nothing was recorded; {gaps:?}");
    let mut causes = Vec::new();
    for pair in segments.windows(2) {
        let (before, after) = (pair[0].span, pair[1].span);
        ensure!(before.from < before.to, "{camera}: a segment without time: {segments:?}");
        ensure!(before.to <= after.from, "{camera}: segments overlap: {segments:?}");
        if before.to == after.from {
            continue;
        }
        let mut at = before.to;
        for gap in gaps.iter().filter(|gap| gap.span.from >= before.to && gap.span.to <= after.from) {
            ensure!(gap.span.from == at, "{camera}: nothing says what is missing at {at:?}: {gaps:?}");
            at = gap.span.to;
            causes.push(gap.cause.to_string());
        }
        ensure!(at == after.from, "{camera}: nothing says what is missing at {at:?}: {gaps:?}");
    }
    Ok(causes)
}
