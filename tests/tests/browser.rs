//! The whole path in a real Chromium: our own footage, and real video where there is some → RTSP → detection → alarm → incident in the queue without a reload →
//! clip with boxes from before the alarm → claimed and closed by key → live picture.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads where screenshots are wanted from the environment"
)]

use std::{ffi::OsStr, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_domain::ids::{CameraId, StreamKind};
use sharpeyes_tests::{
    browser::Browser,
    camsim::{CamSim, CamSimConfig, CameraConfig, Clip, Login},
    gateway::Program,
    model,
    scene::Scene,
    shared::Shared,
    site::{SiteBuilder, SiteCamera, TestSite},
};

const PASSWORD: &str = "a long walk to the reservoir";
const CAMERA: &str = "square";
/// Recorded before the event begins: a clip begins ten seconds before it.
const LEAD: Duration = Duration::from_secs(14);

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_the_incident_arrive_watches_it_and_closes_it() -> anyhow::Result<()> {
    let scene = Scene::named("village_square")?;
    let start = before_an_event(&scene)?;
    let camera = scene.camera("")?.with("id", CAMERA);
    walk(Film { file: scene.video(), start, camera, is_live: true }, None).await
}

/// H.265: a Chromium without that decoder has the clip re-coded, and no live picture.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_does_the_same_with_a_coding_that_the_browser_may_not_have() -> anyhow::Result<()> {
    let scene = Scene::named("market_rain")?;
    let start = before_an_event(&scene)?;
    let camera = scene.camera("")?.with("id", CAMERA);
    walk(Film { file: scene.video(), start, camera, is_live: false }, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_does_the_same_with_real_video() -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("the browser's path with real video") else { return Ok(()) };
    let rule = toml::toml! {
        id = "crowd"
        kind = "crowding"
        at_least = 3
        hold = "2s"
        clear = "3s"
        level = "red"
    };
    let camera = SiteCamera::new(CAMERA, "").rule(rule);
    let file = shared.video("crowd6_derived.mp4");
    // The crowd gathers at 7.5 s of 34: so there are 14 s of recording before it.
    walk(Film { file, start: Duration::from_secs(27), camera, is_live: true }, Some(&shared)).await
}

/// What the camera sees, from where on, and what its rules are.
struct Film {
    file: PathBuf,
    start: Duration,
    camera: SiteCamera,
    /// Looked at live in the end, too.
    is_live: bool,
}

/// [`LEAD`] before the event of a scene that has the longest quiet before it, round after round.
fn before_an_event(scene: &Scene) -> anyhow::Result<Duration> {
    gstreamer::init()?;
    let length_s = Clip::load(&scene.video())?.video.end.as_secs_f64();
    let events = scene.truth()?.events;
    let quiet_s = |begin_s: f64| {
        let since = events.iter().map(|event| (begin_s - event.end_s).rem_euclid(length_s));
        since.fold(length_s, f64::min)
    };
    let begins = events.iter().map(|event| event.begin_s);
    let begin_s =
        begins.max_by(|a, b| quiet_s(*a).total_cmp(&quiet_s(*b))).context("a scene with an event")?;
    Ok(Duration::try_from_secs_f64((begin_s - LEAD.as_secs_f64()).rem_euclid(length_s))?)
}

async fn walk(film: Film, yolox: Option<&Shared>) -> anyhow::Result<()> {
    let cameras = tempfile::tempdir()?;
    // A port that the cameras will have later: the browser signs in before anything can happen.
    let sleeping = CamSim::start(config(&film, cameras.path().join("cache"), 0))?;
    let port = sleeping.port();
    let width = main_width(&sleeping)?;
    let site = site(&sleeping, &film, yolox.is_some())?;
    sleeping.stop();
    if let Some(shared) = yolox {
        model::install_yolox_nano(shared, &site.models())?;
    }
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "dispatcher", "operator", &["town"], PASSWORD).await?;
    let gateway = program.start(&site).await?;

    let shots = std::env::var_os("SHARPEYES_SHOTS").unwrap_or_default();
    let mut browser = Browser::open(
        "incident.mjs",
        [
            ("E2E_URL", OsStr::new(gateway.url())),
            ("E2E_NAME", OsStr::new("dispatcher")),
            ("E2E_PASSWORD", OsStr::new(PASSWORD)),
            ("E2E_SHOTS", &shots),
            ("E2E_LIVE", OsStr::new(if film.is_live { "1" } else { "0" })),
        ],
    )?;
    browser.word("signed_in").await?;
    let awake = CamSim::start(config(&film, cameras.path().join("cache"), port))?;
    let seen = browser.word("result").await?;

    ensure!(seen["withoutReload"] == true, "the page was reloaded: {seen}");
    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");
    let clip = &seen["clip"];
    ensure!(clip["width"] == width, "the clip is not {width} wide: {seen}");
    ensure!(clip["plays"] != clip["recoded"], "re-coded although the browser has the coding, or not: {seen}");
    let (begin, reached) = (number(&clip["alarmBegin"])?, number(&clip["time"])?);
    ensure!(begin >= 5.0, "the clip starts only {begin} s before the alarm");
    ensure!(reached > begin, "the clip did not play past the alarm: {seen}");
    ensure!(clip["boxes"].as_u64() > Some(0), "no box was drawn: {seen}");
    ensure!(seen["reason"] == "handled", "not closed as handled: {seen}");

    gateway.stop().await?;
    awake.stop();
    program.check(&site).await?;
    Ok(())
}

fn config(film: &Film, cache: PathBuf, port: u16) -> CamSimConfig {
    let id = CameraId::new(CAMERA).expect("a literal that is an id");
    let mut camera = CameraConfig::new(id, &film.file);
    camera.login = Some(Login { user: "camera".into(), password: "simulated".into() });
    camera.start = film.start;
    CamSimConfig { port, cache, cameras: vec![camera], keep_sent: false }
}

fn site(cameras: &CamSim, film: &Film, has_yolox: bool) -> anyhow::Result<TestSite> {
    let url = |kind| cameras.url(CAMERA, kind);
    let camera = film.camera.clone().with("main", url(StreamKind::Main)).with_sub(url(StreamKind::Sub));
    let camera = camera.login("camera", "simulated");
    let runtime = model::runtime_library()?;
    let mut site = SiteBuilder::new().set("inference", "runtime", runtime.to_string_lossy().as_ref());
    if has_yolox {
        site = site.set("inference", "default_model", "yolox-nano");
    }
    site.camera(camera).write()
}

fn main_width(cameras: &CamSim) -> anyhow::Result<i32> {
    let clip =
        cameras.clip(&CameraId::new(CAMERA)?, StreamKind::Main).context("the camera has no main stream")?;
    Ok(clip.width_px)
}

fn number(value: &Value) -> anyhow::Result<f64> {
    value.as_f64().with_context(|| format!("no number: {value}"))
}
