//! Recording alone, many cameras: processor time and memory beside one `ffmpeg -c copy` process per camera, on the
//! same streams in the same minutes, and whether every GOP that was sent is on the disk.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use sharpeyes::record::table::{self, Origin};
use sharpeyes_domain::{
    ids::{CameraId, SegmentId, StreamId, StreamKind},
    time::WallTime,
};
use tokio::process::{Child, Command};

use super::{
    Results, Row,
    process::{cpu_with_children_s, pss_mib},
};
use crate::{
    camsim::{CamSim, CamSimConfig, CameraConfig, encode_once},
    gateway::Program,
    poll,
    scene::Scene,
    shared,
    site::{SiteBuilder, SiteCamera, TestSite},
};

/// What the cameras show, in turn.
const SCENES: [&str; 4] = ["village_gate_quiet", "road_junction", "village_square", "market_rain"];
/// Length of each film; it is played round after round.
const FILM_S: &str = "40";
/// From keyframe to keyframe.
const GOP: Duration = Duration::from_secs(2);
/// After the last stream has begun, before anything is counted: probing and first files are not the steady state.
const SETTLE: Duration = Duration::from_secs(12);
/// What was sent so shortly before the end may still be on its way.
const IN_FLIGHT: Duration = Duration::from_secs(1);

/// A group of cameras that send the same kind of stream.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// For the context of the figures.
    pub name: &'static str,
    /// How many.
    pub cameras: u16,
    /// Width and height.
    pub size_px: (u32, u32),
    /// Pictures a second.
    pub fps: u32,
    /// Of the video.
    pub kbit_per_s: u32,
}

impl Load {
    /// Sub streams, as the smallest cameras send them.
    #[must_use]
    pub const fn small(cameras: u16) -> Self {
        Self { name: "640x360", cameras, size_px: (640, 360), fps: 15, kbit_per_s: 400 }
    }

    /// Main streams of common cameras.
    #[must_use]
    pub const fn large(cameras: u16) -> Self {
        Self { name: "1080p", cameras, size_px: (1920, 1080), fps: 25, kbit_per_s: 3_000 }
    }

    /// The films, encoded once into the cache as cameras send them: constant bit rate, no reordering, a keyframe every
    /// two seconds.
    fn films(&self) -> anyhow::Result<Vec<PathBuf>> {
        let film = |scene: &str| {
            let Self { size_px: (width, height), fps, kbit_per_s, .. } = *self;
            let path = shared::cache()
                .join(format!("record-{scene}-{width}x{height}-{fps}-{kbit_per_s}-{FILM_S}.mp4"));
            let source = Scene::named(scene)?.video();
            encode_once(&path, |ffmpeg| {
                ffmpeg
                    .args(["-stream_loop", "-1", "-i"])
                    .arg(source)
                    .args(["-an", "-t", FILM_S, "-vf", &format!("scale={width}:{height},fps={fps}")])
                    .args(["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-bf", "0"])
                    .args(["-pix_fmt", "yuv420p", "-g", &format!("{}", u64::from(fps) * GOP.as_secs())])
                    .args(["-b:v", &format!("{kbit_per_s}k"), "-x264-params"])
                    .arg(format!(
                        "scenecut=0:nal-hrd=cbr:filler=1:bitrate={kbit_per_s}:vbv-maxrate={kbit_per_s}:\
                         vbv-bufsize={kbit_per_s}"
                    ))
                    .args(["-f", "mp4"])
            })?;
            anyhow::Ok(path)
        };
        SCENES.iter().map(|scene| film(scene)).collect()
    }

    fn id(n: u16) -> String {
        format!("cam-{n:03}")
    }
}

/// `record.*`: what recording `load` costs for `window`, beside ffmpeg.
///
/// # Errors
/// When cameras, gateway or ffmpeg do not come up, or end too early.
pub async fn recording(results: &mut Results, load: Load, window: Duration) -> anyhow::Result<()> {
    let cache = tempfile::tempdir()?;
    let films = load.films()?;
    let cameras = (0..load.cameras).zip(films.iter().cycle()).map(|(n, film)| {
        let mut camera = CameraConfig::new(CameraId::new(&Load::id(n))?, film);
        camera.start = Duration::from_millis(731) * u32::from(n);
        anyhow::Ok(camera)
    });
    let simulator = CamSim::start(CamSimConfig {
        port: 0,
        cache: cache.path().to_owned(),
        cameras: cameras.collect::<anyhow::Result<_>>()?,
        keep_sent: true,
    })?;
    let mut site = SiteBuilder::new();
    for n in 0..load.cameras {
        site = site.camera(SiteCamera::new(&Load::id(n), simulator.url(&Load::id(n), StreamKind::Main)));
    }
    let site = site.write()?;
    let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
    let gateway = program.start(&site).await?;
    recorded(&site, load.cameras).await?;
    let peers = Peers::start(&simulator, load.cameras).await?;
    tokio::time::sleep(SETTLE).await;

    let (before, began) = (Pair::now(gateway.pid(), &peers)?, Instant::now());
    tokio::time::sleep(window).await;
    let (after, elapsed) = (Pair::now(gateway.pid(), &peers)?, began.elapsed());
    let memory = (pss_mib(gateway.pid())?, peers.pss_mib()?);
    let until = now()?;
    peers.stop().await?;
    gateway.stop().await?;
    let gops = Gops::count(&simulator, &site, load.cameras, until.minus(IN_FLIGHT))?;
    simulator.stop();
    Figures { load, elapsed, cpu_s: after.since(before), memory, gops }.push(results)
}

/// Waits until every camera has a file.
async fn recorded(site: &TestSite, cameras: u16) -> anyhow::Result<()> {
    let footage = site.footage()?;
    poll::until("every camera is recorded", Duration::from_secs(180), || async {
        Ok((footage.open_segments()?.len() >= usize::from(cameras)).then_some(()))
    })
    .await
}

/// One ffmpeg for each camera, writing files of a minute.
struct Peers {
    processes: Vec<Child>,
    _folder: tempfile::TempDir,
}

impl Peers {
    async fn start(simulator: &CamSim, cameras: u16) -> anyhow::Result<Self> {
        let folder = tempfile::TempDir::with_prefix("ffmpeg-peer-")?;
        let mut processes = Vec::new();
        for n in 0..cameras {
            let id = Load::id(n);
            let to = folder.path().join(&id);
            std::fs::create_dir(&to)?;
            let process = Command::new("ffmpeg")
                .args(["-nostdin", "-hide_banner", "-v", "error", "-rtsp_transport", "tcp", "-i"])
                .arg(simulator.url(&id, StreamKind::Main))
                .args(["-c", "copy", "-f", "segment", "-segment_time", "60"])
                .arg(to.join("%03d.mp4"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .context("ffmpeg")?;
            processes.push(process);
            // Not all at once: a hundred probes at one instant would starve the simulator.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let peers = Self { processes, _folder: folder };
        let folder = peers._folder.path().to_owned();
        poll::until("every ffmpeg writes", Duration::from_secs(120), || async {
            let writing = (0..cameras).filter(|n| has_bytes(&folder.join(Load::id(*n)).join("000.mp4")));
            Ok((writing.count() == usize::from(cameras)).then_some(()))
        })
        .await?;
        Ok(peers)
    }

    fn pids(&self) -> anyhow::Result<Vec<u32>> {
        self.processes.iter().map(|process| process.id().context("an ffmpeg has ended")).collect()
    }

    fn cpu_s(&self) -> anyhow::Result<f64> {
        self.pids()?.into_iter().map(cpu_with_children_s).sum()
    }

    fn pss_mib(&self) -> anyhow::Result<f64> {
        self.pids()?.into_iter().map(pss_mib).sum()
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        for process in &self.processes {
            let id = process.id().context("an ffmpeg has ended")?;
            let pid = Pid::from_raw(i32::try_from(id)?).context("process 0")?;
            kill_process(pid, Signal::INT)?;
        }
        for process in &mut self.processes {
            process.wait().await?;
        }
        Ok(())
    }
}

fn has_bytes(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() > 0)
}

/// Processor time so far: the gateway's and all ffmpegs'.
#[derive(Clone, Copy, Debug)]
struct Pair {
    gateway: f64,
    ffmpeg: f64,
}

impl Pair {
    fn now(gateway: u32, peers: &Peers) -> anyhow::Result<Self> {
        Ok(Self { gateway: cpu_with_children_s(gateway)?, ffmpeg: peers.cpu_s()? })
    }

    fn since(self, before: Self) -> Self {
        Self { gateway: self.gateway - before.gateway, ffmpeg: self.ffmpeg - before.ffmpeg }
    }
}

fn now() -> anyhow::Result<WallTime> {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    Ok(WallTime(i64::try_from(millis)?))
}

/// Keyframes that were sent and that are recorded, over all cameras.
#[derive(Clone, Copy, Debug, Default)]
struct Gops {
    sent: usize,
    lost: usize,
}

impl Gops {
    /// From each camera's first recorded keyframe until `until`. A keyframe is matched by its time: its neighbours are
    /// a whole GOP away.
    fn count(simulator: &CamSim, site: &TestSite, cameras: u16, until: WallTime) -> anyhow::Result<Self> {
        let rows = site.footage()?.segments_after(SegmentId(0), usize::MAX)?;
        let mut gops = Self::default();
        for n in 0..cameras {
            let camera = CameraId::new(&Load::id(n))?;
            let stream = StreamId { camera: camera.clone(), kind: StreamKind::Main };
            let mut recorded = Vec::new();
            for closed in rows.iter().filter(|row| row.stream == stream).filter_map(|row| row.closed.as_ref())
            {
                let origin = Origin { base: closed.start_pts, wall: closed.span.from };
                let fragments = table::decode(&closed.fragments, origin)?;
                recorded.extend(fragments.iter().filter(|f| f.is_random_access).map(|f| f.wall));
            }
            recorded.sort();
            let first = *recorded.first().with_context(|| format!("{camera} has no recording"))?;
            let clip = simulator.clip(&camera, StreamKind::Main).context("no clip")?;
            let half = GOP / 2;
            let sent: Vec<WallTime> = simulator
                .sent(&camera, StreamKind::Main)
                .into_iter()
                .filter(|unit| clip.video.units[unit.index].is_keyframe)
                .map(|unit| unit.wall)
                .filter(|wall| *wall > first.minus(half) && *wall < until)
                .collect();
            ensure!(!sent.is_empty(), "nothing was sent by {camera}");
            let has = |sent: &WallTime| {
                recorded.iter().any(|wall| wall.since(*sent) < half && sent.since(*wall) < half)
            };
            gops.sent += sent.len();
            gops.lost += sent.iter().filter(|sent| !has(sent)).count();
        }
        Ok(gops)
    }
}

struct Figures {
    load: Load,
    elapsed: Duration,
    cpu_s: Pair,
    /// Gateway and all ffmpegs, PSS.
    memory: (f64, f64),
    gops: Gops,
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "a count of lost GOPs")]
    fn push(&self, results: &mut Results) -> anyhow::Result<()> {
        let Self { load, cpu_s, memory: (gateway_mib, ffmpeg_mib), gops, .. } = self;
        let cameras = f64::from(load.cameras);
        let elapsed_s = self.elapsed.as_secs_f64();
        let share = |cpu_s: f64| cpu_s / elapsed_s * 100.0 / cameras;
        let context = format!(
            "{} cameras {} at {} fps and {} kbit/s, recorded by the gateway and by one `ffmpeg -c copy -f segment` each at the \
             same time, {elapsed_s:.0} s: {:.3} and {:.3} % of a core a camera, {gateway_mib:.0} and {ffmpeg_mib:.0} MiB \
             (PSS) in all; simulator on the same cores",
            load.cameras,
            load.name,
            load.fps,
            load.kbit_per_s,
            share(cpu_s.gateway),
            share(cpu_s.ffmpeg),
        );
        let n = usize::from(load.cameras);
        let mut push =
            |bench, value, unit, n| results.push(&Row { bench, value, unit, n, context: context.clone() });
        push("record.cpu_ratio_vs_ffmpeg", cpu_s.gateway / cpu_s.ffmpeg, "ratio", n)?;
        push("record.cpu_pct_per_camera", share(cpu_s.gateway), "% of one core", n)?;
        push("record.rss_mib_per_camera", gateway_mib / cameras, "MiB (PSS)", n)?;
        push("record.lost_gops", gops.lost as f64, "GOPs", gops.sent)
    }
}
