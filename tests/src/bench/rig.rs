//! Cameras and a gateway that watches them, as every bench of the whole needs them.

use std::{path::PathBuf, time::Duration};

use sharpeyes_domain::ids::{CameraId, StreamKind};
use toml::Table;

use crate::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    gateway::{Client, Gateway, Program},
    model,
    site::{SiteBuilder, SiteCamera, TestSite},
};

const PASSWORD: &str = "a long walk to the reservoir";

/// What shall be set up.
pub(super) struct Plan {
    /// How many cameras play the film.
    pub(super) cameras: u32,
    /// What they play.
    pub(super) film: PathBuf,
    /// Each begins so much further into the film than the one before.
    pub(super) step: Duration,
    /// The rule of every camera.
    pub(super) rule: Table,
    /// Who looks on.
    pub(super) role: &'static str,
    /// The site, as far as it is special.
    pub(super) site: SiteBuilder,
}

/// A running gateway with its cameras.
pub(super) struct Rig {
    cameras: CamSim,
    _cache: tempfile::TempDir,
    _site: TestSite,
    pub(super) gateway: Gateway,
    pub(super) client: Client,
}

impl Plan {
    pub(super) async fn start(self) -> anyhow::Result<Rig> {
        let cache = tempfile::tempdir()?;
        let ids: Vec<String> = (0..self.cameras).map(|n| format!("cam-{n:02}")).collect();
        let configs = (0u32..).zip(&ids).map(|(n, id)| {
            let mut camera = CameraConfig::new(CameraId::new(id)?, &self.film);
            camera.start = self.step * n;
            Ok(camera)
        });
        let cameras = CamSim::start(CamSimConfig {
            port: 0,
            cache: cache.path().to_owned(),
            cameras: configs.collect::<anyhow::Result<_>>()?,
            keep_sent: false,
        })?;
        let runtime = model::runtime_library()?;
        let mut site = self.site.set("inference", "runtime", runtime.to_string_lossy().as_ref()).set(
            "inference",
            "threads",
            2,
        );
        for id in &ids {
            let camera = SiteCamera::new(id, cameras.url(id, StreamKind::Main));
            site = site.camera(camera.with_sub(cameras.url(id, StreamKind::Sub)).rule(self.rule.clone()));
        }
        let site = site.write()?;
        let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
        program.add_account(&site, "bench", self.role, &["town"], PASSWORD).await?;
        let gateway = program.start(&site).await?;
        let client = gateway.sign_in("bench", PASSWORD).await?;
        Ok(Rig { cameras, _cache: cache, _site: site, gateway, client })
    }
}

impl Rig {
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop().await?;
        self.cameras.stop();
        Ok(())
    }
}
