//! How many cameras one core watches: received, recorded and analysed, with the rules of their scenes, beside a
//! pipeline like Frigate's on some of the same streams in the same minutes.
//!
//! The number of cameras is raised from step to step until the box is saturated: a camera's analysis is reduced or a
//! recording has a gap. The figures are those of the largest number that was borne.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::Value;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    segment::GapCause,
    time::WallTime,
};
use sharpeyes_inference::built_in;

pub use super::films::Activity;
use super::{
    Results, Row,
    films::{self, FPS, KBIT_PER_S, SIZE_PX, TURNS},
    frigate::{self, Done, FrigateLike},
    process::{tree_cpu_s, tree_pss_mib},
};
use crate::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    faulty,
    gateway::{Client, Gateway, Program},
    model, poll, recording,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const PASSWORD: &str = "a long walk to the reservoir";
/// From the last camera's first picture until anything is counted: a baseline of what is usual has to be learnt, and a
/// camera on which nothing happens dozes after a minute.
const SETTLE: Duration = Duration::from_secs(75);
/// How often health is read in the window.
const LOOK: Duration = Duration::from_secs(5);
/// The simulator, the peer and whatever else runs on the machine disturb for a moment; this is more than that.
const REDUCED: f64 = 0.05;
/// The whole site that one box has to bear.
const WHOLE_SITE: u16 = 100;

/// One kind of load, in rising steps.
#[derive(Clone, Debug)]
pub struct Ramp {
    /// What happens before the cameras.
    pub activity: Activity,
    /// How many there are, step by step.
    pub cameras: Vec<u16>,
    /// How many of them the peer watches too.
    pub peers: u16,
    /// How long each step is measured.
    pub window: Duration,
}

impl Ramp {
    /// `analysis.*` of this load.
    ///
    /// # Errors
    /// When cameras, gateway or peer do not come up.
    pub async fn climb(&self, results: &mut Results) -> anyhow::Result<()> {
        let python = (self.peers > 0).then(frigate::python).flatten();
        let mut borne: Option<Step> = None;
        for cameras in &self.cameras {
            let step = self.step(*cameras, python.as_ref()).await?;
            eprintln!("{}", step.context());
            if *cameras == WHOLE_SITE && self.activity == Activity::Mixed {
                step.push_idle(results)?;
            }
            let is_saturated = step.is_saturated();
            if borne.is_none() || !is_saturated {
                borne = Some(step);
            }
            if is_saturated {
                break;
            }
        }
        borne.map_or(Ok(()), |step| step.push(results))
    }

    async fn step(&self, cameras: u16, python: Option<&PathBuf>) -> anyhow::Result<Step> {
        let scene = Staged::start(self.activity, cameras).await?;
        let peers = self.peers.min(cameras);
        let peer = match python {
            None => None,
            Some(python) => Some(scene.peer(python, cameras, peers).await?),
        };
        tokio::time::sleep(SETTLE).await;
        let from = faulty::now();
        let (before, began) = (Spent::now(&scene.gateway, peer.as_ref())?, Instant::now());
        let mut looks = Looks::default();
        while began.elapsed() < self.window {
            tokio::time::sleep(LOOK).await;
            looks.look(&scene.client).await?;
        }
        let (after, elapsed) = (Spent::now(&scene.gateway, peer.as_ref())?, began.elapsed());
        let gateway_mib = tree_pss_mib(scene.gateway.pid())?;
        let peer_mib = peer.as_ref().map(FrigateLike::pss_mib).transpose()?;
        let done = match peer {
            None => None,
            Some(peer) => Some(peer.stop().await?),
        };
        let gaps = scene.stop(cameras, from).await?;
        Ok(Step {
            activity: self.activity,
            cameras,
            elapsed_s: elapsed.as_secs_f64(),
            spent: after.since(before),
            gateway_mib,
            looks,
            gaps,
            peer: done.map(|done| Peer { cameras: peers, mib: peer_mib.unwrap_or_default(), done }),
        })
    }
}

fn id(n: u16) -> String {
    format!("cam-{n:03}")
}

/// Cameras and the gateway that watches them.
struct Staged {
    simulator: CamSim,
    _cache: tempfile::TempDir,
    site: TestSite,
    gateway: Gateway,
    client: Client,
}

impl Staged {
    async fn start(activity: Activity, cameras: u16) -> anyhow::Result<Self> {
        let cache = tempfile::tempdir()?;
        let films = films::films(activity)?;
        let configs = (0..cameras).zip(films.iter().cycle()).map(|(n, film)| {
            let mut camera = CameraConfig::new(CameraId::new(&id(n))?, &film.video);
            camera.start = films::start(activity, n);
            // Already coded as a camera codes.
            camera.as_is = true;
            anyhow::Ok(camera)
        });
        let simulator = CamSim::start(CamSimConfig {
            port: 0,
            cache: cache.path().to_owned(),
            cameras: configs.collect::<anyhow::Result<_>>()?,
            keep_sent: false,
        })?;
        let runtime = model::runtime_library()?;
        let mut site = SiteBuilder::new()
            .set("inference", "runtime", runtime.to_string_lossy().as_ref())
            .set("inference", "threads", 2);
        for (n, film) in (0..cameras).zip(films.iter().cycle()) {
            let camera: SiteCamera = film.scene.camera(simulator.url(&id(n), StreamKind::Main))?;
            site = site.camera(camera.with("id", id(n)).with("analyse", "main"));
        }
        let site = site.write()?;
        let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
        program.add_account(&site, "bench", "technician", &[TOWN], PASSWORD).await?;
        let gateway = program.start(&site).await?;
        let client = gateway.sign_in("bench", PASSWORD).await?;
        let staged = Self { simulator, _cache: cache, site, gateway, client };
        staged.streaming(usize::from(cameras)).await?;
        Ok(staged)
    }

    async fn streaming(&self, cameras: usize) -> anyhow::Result<()> {
        poll::until("every camera delivers", Duration::from_secs(240), || async {
            let health = self.client.get("/cameras").await?;
            let states = health.as_array().into_iter().flatten().map(|camera| &camera["main"]["state"]);
            Ok((states.filter(|state| *state == "streaming").count() == cameras).then_some(()))
        })
        .await
    }

    /// On `peers` of the cameras, spread over them so that their busy times are too.
    async fn peer(&self, python: &PathBuf, cameras: u16, peers: u16) -> anyhow::Result<FrigateLike> {
        let streams = (0..peers).map(|k| {
            let id = id(k * (cameras / peers.max(1)));
            let url = self.simulator.url(&id, StreamKind::Main);
            (id, url)
        });
        FrigateLike::start(python, &built_in(), streams).await
    }

    /// Ends everything; the causes of the gaps that began since `from`.
    async fn stop(self, cameras: u16, from: WallTime) -> anyhow::Result<Vec<GapCause>> {
        self.gateway.stop().await?;
        let mut gaps = Vec::new();
        for n in 0..cameras {
            let stream = StreamId { camera: CameraId::new(&id(n))?, kind: StreamKind::Main };
            let all = recording::gaps(&self.site, &stream)?;
            let causes = all.iter().filter(|gap| gap.span.from >= from).map(|gap| gap.cause);
            gaps.extend(causes.filter(|cause| *cause != GapCause::Stopped));
        }
        self.simulator.stop();
        Ok(gaps)
    }
}

/// What the technician reads in the window.
#[derive(Clone, Debug, Default)]
struct Looks {
    seen: u32,
    reduced: u32,
    failed: u32,
    fps: f64,
    /// Rungs of the ladder, in the order in which they were first seen.
    rungs: Vec<(String, u32)>,
}

impl Looks {
    async fn look(&mut self, client: &Client) -> anyhow::Result<()> {
        let health = client.get("/cameras").await?;
        for camera in health.as_array().context("a list of cameras")? {
            let analysis = &camera["analysis"];
            self.seen += 1;
            self.reduced += u32::from(analysis["state"] == "reduced");
            self.failed += u32::from(analysis["state"] == "failed");
            self.fps += analysis["fps"].as_f64().unwrap_or_default();
            if let Value::String(rung) = &analysis["rung"] {
                match self.rungs.iter_mut().find(|(known, _)| known == rung) {
                    Some((_, n)) => *n += 1,
                    None => self.rungs.push((rung.clone(), 1)),
                }
            }
        }
        Ok(())
    }

    fn share(&self, n: u32) -> f64 {
        f64::from(n) / f64::from(self.seen.max(1))
    }

    fn text(&self) -> String {
        let rungs = self.rungs.iter().map(|(rung, n)| format!("{rung} {:.1} %", self.share(*n) * 100.0));
        let rungs: Vec<String> = rungs.collect();
        format!(
            "{:.2} pictures a second a camera analysed, analysis reduced {:.1} % and failed {:.1} % of the time{}{}",
            self.fps / f64::from(self.seen.max(1)),
            self.share(self.reduced) * 100.0,
            self.share(self.failed) * 100.0,
            if rungs.is_empty() { "" } else { ", rungs " },
            rungs.join(", "),
        )
    }
}

/// Processor time so far, seconds.
#[derive(Clone, Copy, Debug)]
struct Spent {
    gateway: f64,
    peer: f64,
    /// Of all processors, by anybody or nobody.
    idle: f64,
    all: f64,
}

impl Spent {
    fn now(gateway: &Gateway, peer: Option<&FrigateLike>) -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("/proc/stat")?;
        // proc(5): user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user.
        let ticks = line.split_whitespace().take(8).map(str::parse::<f64>);
        let ticks: Vec<f64> = ticks.collect::<Result<_, _>>()?;
        Ok(Self {
            gateway: tree_cpu_s(gateway.pid())?,
            peer: peer.map(FrigateLike::cpu_s).transpose()?.unwrap_or_default(),
            idle: ticks.iter().skip(3).take(2).sum(),
            all: ticks.iter().sum(),
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            gateway: self.gateway - before.gateway,
            peer: self.peer - before.peer,
            idle: self.idle - before.idle,
            all: self.all - before.all,
        }
    }
}

struct Peer {
    cameras: u16,
    mib: f64,
    done: Done,
}

/// What one number of cameras came to.
struct Step {
    activity: Activity,
    cameras: u16,
    elapsed_s: f64,
    spent: Spent,
    gateway_mib: f64,
    looks: Looks,
    gaps: Vec<GapCause>,
    peer: Option<Peer>,
}

impl Step {
    fn is_saturated(&self) -> bool {
        !self.gaps.is_empty() || self.looks.share(self.looks.reduced + self.looks.failed) > REDUCED
    }

    /// % of a core a camera.
    fn gateway_pct(&self) -> f64 {
        self.spent.gateway / self.elapsed_s * 100.0 / f64::from(self.cameras)
    }

    fn peer_pct(&self) -> Option<f64> {
        let peer = self.peer.as_ref()?;
        Some(self.spent.peer / self.elapsed_s * 100.0 / f64::from(peer.cameras))
    }

    fn context(&self) -> String {
        let (width, height) = SIZE_PX;
        let load = match self.activity {
            Activity::Quiet => "empty scenes with sensor noise".to_owned(),
            Activity::Mixed => format!("people or vehicles before one in {TURNS} in turn"),
        };
        let peer = match (&self.peer, self.peer_pct()) {
            (Some(peer), Some(pct)) => format!(
                "; Frigate-like on {} of them at the same time {pct:.2} %, {:.0} MiB a camera, {} of {} pictures moving, {} \
                 detector calls",
                peer.cameras,
                peer.mib / f64::from(peer.cameras),
                peer.done.moving,
                peer.done.pictures,
                peer.done.detections
            ),
            _ => String::new(),
        };
        format!(
            "{} cameras {width}x{height} at {FPS} fps and {KBIT_PER_S} kbit/s, {load}, all recorded and analysed, {:.0} s: \
             {:.3} % of a core and {:.1} MiB (PSS) a camera, gaps {:?}, {}{peer}; box idle {:.0} % with simulator and all",
            self.cameras,
            self.elapsed_s,
            self.gateway_pct(),
            self.gateway_mib / f64::from(self.cameras),
            self.gaps,
            self.looks.text(),
            self.spent.idle / self.spent.all * 100.0,
        )
    }

    fn push(&self, results: &mut Results) -> anyhow::Result<()> {
        let n = usize::from(self.cameras);
        let mut push =
            |bench, value, unit| results.push(&Row { bench, value, unit, n, context: self.context() });
        let (per_core, ratio, rss) = match self.activity {
            Activity::Quiet => (
                "analysis.quiet_cameras_per_core",
                "analysis.quiet_ratio_vs_frigate_like",
                "analysis.quiet_rss_mib_per_camera",
            ),
            Activity::Mixed => (
                "analysis.mixed_cameras_per_core",
                "analysis.mixed_ratio_vs_frigate_like",
                "analysis.rss_mib_per_camera",
            ),
        };
        push(per_core, 100.0 / self.gateway_pct(), "cameras")?;
        if let Some(peer) = self.peer_pct() {
            push(ratio, peer / self.gateway_pct(), "ratio")?;
        }
        push(rss, self.gateway_mib / f64::from(self.cameras), "MiB (PSS)")
    }

    /// What the gateway leaves of all processors; simulator and peer would not run there.
    fn push_idle(&self, results: &mut Results) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism()?.get();
        let cores = f64::from(u32::try_from(cores)?);
        results.push(&Row {
            bench: "analysis.mixed_100_box_idle_pct",
            value: 100.0 - self.spent.gateway / self.elapsed_s / cores * 100.0,
            unit: "% of all cores",
            n: usize::from(self.cameras),
            context: format!("{cores} cores less what the gateway took; {}", self.context()),
        })
    }
}
