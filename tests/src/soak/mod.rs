//! Bad luck on purpose: while cameras record and an operator works, the gateway is killed or the power fails, again
//! and again, and after each time the promises are checked.
//!
//! A **round** is one site from its first start to its audit, with some cuts on the way. It depends on its seed alone,
//! so a failure can be had again. `tests/kill.rs` and `tests/power.rs` run short rounds, `make soak` long ones.

mod disk;
mod held;
mod operator;
mod verdict;

use std::{fmt, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes::clock::Clock;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
    time::WallTime,
};

pub use self::{
    disk::{Disk, FileSystem, NoDisk},
    verdict::Loss,
};
use self::{
    held::Held,
    operator::{Memory, Operator},
    verdict::Verdict,
};
use crate::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::{Client, Gateway, Program},
    poll, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

/// The most that one cut may cost one camera.
pub const PROMISE: Duration = Duration::from_secs(2);
/// Recorded at least before most cuts.
const RECORDED: Duration = Duration::from_secs(3);
const PASSWORD: &str = "correct horse battery";
/// Larger than a round's footage.
const DISK_BYTES: u64 = 4 << 30;

/// What ends the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// kill -9: what was written stays in the kernel.
    Kill,
    /// The file system stops without flushing its log, then kill -9: what was not synced is gone.
    Power(FileSystem),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill => f.write_str("kill -9"),
            Self::Power(system) => write!(f, "power loss on {system}"),
        }
    }
}

/// One round.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What happens.
    pub cut: Cut,
    /// How often.
    pub n_cuts: usize,
    /// Recorded at the same time.
    pub n_cameras: usize,
    /// Chooses the moments.
    pub seed: u64,
}

/// Moments that nobody chose. Marsaglia's xorshift.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same moments.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike, and xorshift knows no zero.
        let mut chance = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            chance.next();
        }
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From nothing up to `limit`.
    pub fn up_to(&mut self, limit: Duration) -> Duration {
        let part = u32::try_from(self.next() >> 40).unwrap_or_default();
        limit.mul_f64(f64::from(part) / f64::from(1 << 24))
    }

    /// True one time in `n`.
    pub fn is_one_in(&mut self, n: u64) -> bool {
        (self.next() >> 20).is_multiple_of(n)
    }
}

/// One life of the gateway, from its start to its cut.
#[derive(Clone, Copy, Debug)]
struct Life {
    from: WallTime,
    to: WallTime,
}

impl Life {
    fn has(&self, at: WallTime) -> bool {
        self.from <= at && at < self.to
    }
}

/// Runs one round; `say` gets a line for each cut.
///
/// How much may be lost is for the caller to judge ([`Loss::is_as_promised`]).
///
/// # Errors
/// The first other promise that was broken, or whatever could not be done.
pub async fn round(program: &Program, plan: Plan, say: impl Fn(String)) -> anyhow::Result<Vec<Loss>> {
    let mut scene = Scene::set_up(program, plan).await.context("before the first start")?;
    let mut losses = Vec::new();
    for n in 0..plan.n_cuts {
        let lost = scene.live_and_die(n).await.with_context(|| format!("{} {n}", plan.cut))?;
        if let Some(said) = said_of(&lost) {
            say(format!("{}, cut {n} of {}: {said}", plan.cut, plan.n_cuts));
        }
        losses.extend(lost);
    }
    let lost = scene.live_and_end().await.context("after the last cut")?;
    if let Some(said) = said_of(&lost) {
        say(format!("{}, cut {} of {}: {said}; audit clean", plan.cut, plan.n_cuts, plan.n_cuts));
    }
    losses.extend(lost);
    Ok(losses)
}

fn said_of(losses: &[Loss]) -> Option<String> {
    let most = losses.iter().map(|loss| loss.lost).max()?;
    let late = losses.iter().map(|loss| loss.late).max()?;
    let each: Vec<String> = losses.iter().map(|loss| format!("{:.2}", loss.lost.as_secs_f64())).collect();
    let machine = if late < Duration::from_millis(100) {
        String::new()
    } else {
        format!("; this machine was {:.2} s late", late.as_secs_f64())
    };
    Some(format!("at most {:.2} s lost (by camera: {}){machine}", most.as_secs_f64(), each.join(" ")))
}

struct Scene<'a> {
    program: &'a Program,
    plan: Plan,
    chance: Chance,
    clock: Clock,
    cameras: Vec<CameraId>,
    simulator: CamSim,
    // Unmounted before the folder that it is mounted in goes.
    disk: Option<Disk>,
    site: TestSite,
    memory: Memory,
    /// Since the first file was there.
    held: Option<Held>,
    lives: Vec<Life>,
    /// Of `lives`, those whose cut has been looked back at.
    n_judged: usize,
}

impl<'a> Scene<'a> {
    async fn set_up(program: &'a Program, plan: Plan) -> anyhow::Result<Self> {
        let cameras: Vec<CameraId> =
            (0..plan.n_cameras).map(|n| CameraId::new(&format!("cam{n}"))).collect::<Result<_, _>>()?;
        let file = Pattern::small(VideoCodec::H264).file()?;
        let simulated = cameras.iter().map(|id| CameraConfig::new(id.clone(), &file)).collect();
        let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: simulated, keep_sent: true };
        let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
        // Short files, so that some cuts meet the change from one to the next.
        let mut site = SiteBuilder::new().set("storage", "segment", "5s").set("incident", "lease", "5h");
        for id in &cameras {
            site = site.camera(SiteCamera::new(id.as_str(), simulator.url(id.as_str(), StreamKind::Main)));
        }
        let site = site.write()?;
        let disk = match plan.cut {
            Cut::Kill => None,
            Cut::Power(system) => Some(Disk::make(system, DISK_BYTES, site.root(), &site.data())?),
        };
        program.add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
        let clock = Clock::system();
        let memory = Memory::open_incidents(&site, &clock, &cameras, plan.n_cuts).await?;
        let chance = Chance::new(plan.seed);
        let (held, lives, n_judged) = (None, Vec::new(), 0);
        Ok(Self {
            program,
            plan,
            chance,
            clock,
            cameras,
            simulator,
            disk,
            site,
            memory,
            held,
            lives,
            n_judged,
        })
    }

    /// Starts, sees what the last cut has cost, works, and is cut.
    async fn live_and_die(&mut self, n: usize) -> anyhow::Result<Vec<Loss>> {
        let from = self.clock.wall();
        let gateway = self.program.start(&self.site).await?;
        let client = gateway.sign_in("op", PASSWORD).await?;
        let operator = Operator::begin(client.clone(), self.memory.share(n), self.chance);
        // Some cuts come before anything is recorded, or while the first fragments are.
        let is_early = self.chance.is_one_in(4);
        let mut losses = Vec::new();
        if !is_early {
            losses = self.look_back(&client).await?;
            all_record(&gateway, &client, self.plan.n_cameras).await?;
        }
        // Not a wait for something: the moment of the cut, in a GOP and in a fragment, shall be any.
        tokio::time::sleep(self.chance.up_to(Duration::from_millis(if is_early { 3000 } else { 2000 })))
            .await;
        operator.is_about_to_be_cut();
        if let Some(disk) = &mut self.disk {
            disk.cut_power().await?;
        }
        let to = self.clock.wall();
        gateway.kill9().await?;
        self.lives.push(Life { from, to });
        self.memory.take(operator.end().await?);
        if let Some(disk) = &mut self.disk {
            disk.mount_again().await?;
        }
        Ok(losses)
    }

    /// Starts for the last time, stops in order, and is audited with every file's hash.
    async fn live_and_end(&mut self) -> anyhow::Result<Vec<Loss>> {
        let gateway = self.program.start(&self.site).await?;
        let client = gateway.sign_in("op", PASSWORD).await?;
        let losses = self.look_back(&client).await?;
        all_record(&gateway, &client, self.plan.n_cameras).await?;
        gateway.stop().await?;
        self.program.check(&self.site).await?;
        Ok(losses)
    }

    /// Checks every promise about all lives so far, beside the running gateway, and what the cuts since the last look
    /// have cost.
    async fn look_back(&mut self, client: &Client) -> anyhow::Result<Vec<Loss>> {
        self.memory.is_kept(client).await?;
        self.look_at_held(client).await.context("held footage")?;
        let audit = self.program.on_site(&self.site, &["check"], &[]).await?;
        ensure!(audit.code == Some(0), "sharpeyes check beside the running gateway: {audit:#?}");
        let verdict = Verdict { site: &self.site, simulator: &self.simulator, lives: &self.lives };
        let mut losses = Vec::new();
        for camera in &self.cameras {
            losses.extend(verdict.of(camera, self.n_judged).with_context(|| camera.to_string())?);
        }
        self.n_judged = self.lives.len();
        Ok(losses)
    }

    async fn look_at_held(&mut self, client: &Client) -> anyhow::Result<()> {
        if let Some(held) = &self.held {
            return held.is_intact(&self.site, client).await;
        }
        let camera = self.cameras.first().context("a camera")?.clone();
        let stream = StreamId { camera, kind: StreamKind::Main };
        self.held = Held::begin(&self.site, client, &stream, self.clock.wall()).await?;
        Ok(())
    }
}

/// Waits until every camera has delivered for [`RECORDED`].
async fn all_record(gateway: &Gateway, client: &Client, n_cameras: usize) -> anyhow::Result<()> {
    let recorded = |camera: &Value| {
        let main = &camera["main"];
        let since = main["since_ms"].as_i64().unwrap_or(i64::MAX);
        let length = main["last_frame_ms"].as_i64().unwrap_or(0).saturating_sub(since);
        main["state"] == "streaming" && u128::try_from(length).is_ok_and(|ms| ms >= RECORDED.as_millis())
    };
    poll::until("cameras that record", Duration::from_secs(60), || async {
        let cameras = client.get("/cameras").await?;
        let cameras = cameras.as_array().context("a list")?;
        Ok((cameras.len() == n_cameras && cameras.iter().all(recorded)).then_some(()))
    })
    .await
    .with_context(|| gateway.log())
}
