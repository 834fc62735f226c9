//! The whole path in a real Chromium: real video → RTSP → detection → alarm → incident in the queue without a reload →
//! clip with boxes from before the alarm → claimed and closed by key → live picture.
//!
//! Needs a detector, and so `../shared` until the product ships its own; says so when it skips.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads where screenshots are wanted from the environment"
)]

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_domain::ids::{CameraId, StreamKind};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig, Login},
    gateway::Program,
    model,
    shared::{Shared, workspace_root},
    site::{SiteBuilder, SiteCamera, TestSite},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

const PASSWORD: &str = "a long walk to the reservoir";
/// For the browser to say its next word.
const WORD: Duration = Duration::from_secs(240);
const CAMERA: &str = "square";

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_the_incident_arrive_watches_it_and_closes_it() -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("the browser's path from video to closed incident") else {
        return Ok(());
    };
    let cameras = tempfile::tempdir()?;
    // A port that the cameras will have later: the browser signs in before anything can happen.
    let sleeping = CamSim::start(config(&shared, cameras.path().join("cache"), 0))?;
    let port = sleeping.port();
    let width = main_width(&sleeping)?;
    let site = site(&sleeping)?;
    sleeping.stop();
    model::install(&shared, &site.models())?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "dispatcher", "operator", &["town"], PASSWORD).await?;
    let gateway = program.start(&site).await?;

    let mut browser = Browser::open(gateway.url())?;
    browser.word("signed_in").await?;
    let awake = CamSim::start(config(&shared, cameras.path().join("cache"), port))?;
    let seen = browser.word("result").await?;

    ensure!(seen["withoutReload"] == true, "the page was reloaded: {seen}");
    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");
    let clip = &seen["clip"];
    ensure!(clip["width"] == width, "the clip is not {width} wide: {seen}");
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

fn config(shared: &Shared, cache: std::path::PathBuf, port: u16) -> CamSimConfig {
    let id = CameraId::new(CAMERA).expect("a literal that is an id");
    let mut camera = CameraConfig::new(id, shared.video("crowd6_derived.mp4"));
    camera.login = Some(Login { user: "camera".into(), password: "simulated".into() });
    // The crowd gathers at 7.5 s of 34: so there are 14 s of recording before it.
    camera.start = Duration::from_secs(27);
    CamSimConfig { port, cache, cameras: vec![camera], keep_sent: false }
}

fn site(cameras: &CamSim) -> anyhow::Result<TestSite> {
    let rule = toml::toml! {
        id = "crowd"
        kind = "crowding"
        at_least = 3
        hold = "2s"
        clear = "3s"
        level = "red"
    };
    let url = |kind| cameras.url(CAMERA, kind);
    let camera = SiteCamera::new(CAMERA, url(StreamKind::Main))
        .with_sub(url(StreamKind::Sub))
        .login("camera", "simulated")
        .rule(rule);
    let runtime = model::runtime_library()?;
    SiteBuilder::new().set("inference", "runtime", runtime.to_string_lossy().as_ref()).camera(camera).write()
}

fn main_width(cameras: &CamSim) -> anyhow::Result<i32> {
    let clip =
        cameras.clip(&CameraId::new(CAMERA)?, StreamKind::Main).context("the camera has no main stream")?;
    Ok(clip.width_px)
}

fn number(value: &Value) -> anyhow::Result<f64> {
    value.as_f64().with_context(|| format!("no number: {value}"))
}

/// The script in console/e2e with a Chromium of its own.
struct Browser {
    _node: Child,
    words: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    fn open(url: &str) -> anyhow::Result<Self> {
        let console = workspace_root().join("console");
        ensure!(console.join("node_modules").is_dir(), "no node_modules in console/: run `make setup`");
        ensure!(console.join("dist/index.html").is_file(), "the console is not built: run `make console`");
        let mut node = Command::new("node")
            .arg("e2e/incident.mjs")
            .current_dir(console)
            .env("E2E_URL", url)
            .env("E2E_NAME", "dispatcher")
            .env("E2E_PASSWORD", PASSWORD)
            .env("E2E_SHOTS", std::env::var_os("SHARPEYES_SHOTS").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting node")?;
        let stdout = node.stdout.take().context("node's output")?;
        Ok(Self { _node: node, words: BufReader::new(stdout).lines() })
    }

    /// Waits for the event, which must be the next one.
    async fn word(&mut self, event: &str) -> anyhow::Result<Value> {
        let line = tokio::time::timeout(WORD, self.words.next_line())
            .await
            .with_context(|| format!("the browser did not come to `{event}` within {WORD:?}"))??
            .with_context(|| format!("the browser ended before `{event}`"))?;
        let said: Value = serde_json::from_str(&line)?;
        ensure!(said["event"] == event, "the browser said {said} instead of `{event}`");
        Ok(said)
    }
}
