//! A thousand alarms a second through the desk: each is stored once, none is lost, and the red ones come first in the queue.
//! And two hundred cameras at once: docs/analysis-overload.md.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes::{
    clock::Clock,
    desk::Desk,
    store::dispatch::{CameraFacts, Dispatch},
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    alarm::{AlarmBegin, AlarmEdge},
    ids::{CameraId, RuleId, StreamKind},
    level::Level,
    segment::{Gap, GapCause},
    time::WallTime,
};
use sharpeyes_tests::{
    alarm,
    camsim::{CamSim, CamSimConfig, CameraConfig, FaultControl, Faults},
    footage::Small,
    gateway::{Client, NoDetectors, Program},
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const PASSWORD: &str = "Account-9w4mn-5hv2c";
const CAMERAS: usize = 100;
const RULES: usize = 10;
/// Every alarm is sent so many times, as a sender does that got no answer.
const TIMES: usize = 5;
/// Inference threads of a large box.
const SENDERS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_alarms_is_joined_and_counted_and_the_red_ones_stand_first() -> anyhow::Result<()> {
    let mut builder = SiteBuilder::new();
    for n in 0..CAMERAS {
        // Nothing answers there: the alarms are all that is wanted.
        builder = builder.camera(SiteCamera::new(&format!("c{n:03}"), "rtsp://127.0.0.1:9/none"));
    }
    let site = builder.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "desk", "operator", &[TOWN], PASSWORD).await?;
    let config = Site::load(&site.file())?;
    let facts: Vec<CameraFacts> = config.cameras.iter().map(CameraFacts::from).collect();
    let dispatch = Dispatch::new(sharpeyes::app::open_dispatch_db(&config)?)?;
    let clock = Clock::system();
    let desk = Desk::new(dispatch, clock.clone(), config.incident.clone());
    let now = clock.wall();
    let edge = |camera: usize, rule: usize| -> anyhow::Result<AlarmEdge> {
        let edge = alarm::crowding(RuleId::new(&format!("r{rule}"))?, None, now);
        let AlarmEdge::Begin(begin) = edge else { anyhow::bail!("a begin") };
        let level = if camera.is_multiple_of(10) { Level::Red } else { Level::Yellow };
        Ok(AlarmEdge::Begin(AlarmBegin { level, ..begin }))
    };

    let next = AtomicUsize::new(0);
    let total = CAMERAS * RULES * TIMES;
    let began = clock.instant();
    let stored = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS)
                .map(|_| {
                    scope.spawn(|| -> anyhow::Result<BTreeSet<i64>> {
                        let mut alarms = BTreeSet::new();
                        loop {
                            let n = next.fetch_add(1, Ordering::Relaxed);
                            if n >= total {
                                return Ok(alarms);
                            }
                            let (camera, rule) = (n % CAMERAS, n / CAMERAS % RULES);
                            let taken =
                                desk.alarm_blocking(facts[camera].clone(), edge(camera, rule)?, None)?;
                            alarms.insert(taken.alarm.0);
                        }
                    })
                })
                .collect();
            let mut all = BTreeSet::new();
            for sender in senders {
                all.extend(sender.join().ok().context("a sender panicked")??);
            }
            anyhow::Ok(all)
        })
    })?;
    let elapsed = began.elapsed().as_secs_f64();
    eprintln!(
        "{total} alarms in {elapsed:.1} s from {SENDERS} threads: {:.0} a second",
        total as f64 / elapsed
    );
    assert_eq!(stored.len(), CAMERAS * RULES, "each alarm is stored once");

    let gateway = program.start(&site).await?;
    let operator = gateway.sign_in("desk", PASSWORD).await?;
    let list = operator.get("/incidents?limit=200").await?;
    let incidents = list["incidents"].as_array().or_else(|| list.as_array()).context("incidents")?;
    let n_alarms: u64 = incidents.iter().filter_map(|incident| incident["alarms"].as_u64()).sum();
    assert_eq!(n_alarms, (CAMERAS * RULES) as u64, "none is lost and none counted twice");
    let levels: Vec<u64> = incidents.iter().filter_map(|incident| incident["level"].as_u64()).collect();
    assert_eq!(levels.len(), CAMERAS, "the alarms of one camera are one incident");
    let n_red = levels.iter().take_while(|level| **level == 1).count();
    assert_eq!(n_red, CAMERAS / 10, "the red ones stand first: {levels:?}");
    assert!(levels[n_red..].iter().all(|level| *level != 1), "{levels:?}");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

/// How long anything may take that has to happen; nothing here takes a third of it beside other work.
const PATIENCE: Duration = Duration::from_secs(240);
/// A camera must say within this that it is blind.
const BLIND: Duration = Duration::from_secs(60);
const BUSY_CAMERAS: usize = 200;
/// One camera in ten has a red rule, the others a yellow one.
const N_RED: usize = BUSY_CAMERAS / 10;

/// An empty gate at first, and a square full of people once `control` says so.
async fn busy_cameras(names: &[String], control: &FaultControl) -> anyhow::Result<CamSim> {
    let calm = Small { scene: "village_gate_quiet", seconds: 16, is_still: true }.file()?;
    let busy = Small { scene: "village_square", seconds: 26, is_still: false }.file()?;
    let mut cameras = Vec::new();
    for (n, name) in (0_u32..).zip(names) {
        let mut camera = CameraConfig::new(CameraId::new(name)?, &calm);
        camera.alternate = Some(busy.clone());
        camera.as_is = true;
        camera.start = Duration::from_millis(97) * n;
        cameras.push(camera);
    }
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let control = control.clone();
    Ok(tokio::task::spawn_blocking(move || CamSim::start_controlled(config, &control)).await??)
}

fn busy_site(simulator: &CamSim, names: &[String]) -> anyhow::Result<TestSite> {
    let runtime = sharpeyes_tests::model::runtime_library()?.to_string_lossy().into_owned();
    let mut builder = SiteBuilder::new().set("inference", "runtime", runtime);
    for (n, name) in names.iter().enumerate() {
        let level = if n % 10 == 0 { "red" } else { "yellow" };
        let mut rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] hold = "0s" must_have_moved = false };
        rule.insert("level".into(), level.into());
        let camera = SiteCamera::new(name, simulator.url(name, StreamKind::Main)).with("analyse", "main");
        builder = builder.camera(camera.rule(rule));
    }
    builder.write()
}

/// Every camera's analysis, in the order of their names.
async fn analyses(technician: &Client) -> anyhow::Result<Vec<Value>> {
    let cameras = technician.get("/cameras").await?;
    let mut list = cameras.as_array().context("cameras")?.clone();
    list.sort_by_key(|camera| camera["id"].as_str().map(ToOwned::to_owned));
    Ok(list.into_iter().map(|camera| camera["analysis"].clone()).collect())
}

/// Waits until the analysis of every camera is as `is_so` says.
async fn all(
    technician: &Client,
    what: &str,
    limit: Duration,
    is_so: impl Fn(&Value) -> bool,
) -> anyhow::Result<()> {
    poll::until(what, limit, || async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let all = analyses(technician).await?;
        let left: Vec<&Value> = all.iter().filter(|analysis| !is_so(analysis)).collect();
        let is_done = all.len() == BUSY_CAMERAS && left.is_empty();
        ensure!(is_done, "{} of {}: {:?}", left.len(), all.len(), left.first());
        Ok(Some(()))
    })
    .await
}

fn is_well(analysis: &Value) -> bool {
    analysis["state"] == "running"
        && analysis["blind_since_ms"].is_null()
        && analysis["message_code"].is_null()
}

/// The levels of the incidents in the order in which they were opened.
async fn levels(operator: &Client) -> anyhow::Result<Vec<u64>> {
    let list = operator.get("/incidents?limit=200").await?;
    let incidents = list["incidents"].as_array().or_else(|| list.as_array()).context("incidents")?;
    let mut opened: Vec<(i64, u64)> = incidents
        .iter()
        .filter_map(|incident| Some((incident["id"].as_i64()?, incident["level"].as_u64()?)))
        .collect();
    opened.sort_unstable();
    Ok(opened.into_iter().map(|(_, level)| level).collect())
}

fn mean_fps<'a>(analyses: impl Iterator<Item = &'a Value>) -> f64 {
    let rates: Vec<f64> = analyses.filter_map(|analysis| analysis["fps"].as_f64()).collect();
    rates.iter().sum::<f64>() / rates.len().max(1) as f64
}

/// Two hundred cameras on which people begin to walk at the same moment, on whatever machine this is, and in the midst of
/// it the detectors are killed again and again: run it by name.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes and all processors; run with --run-ignored all"]
async fn two_hundred_busy_cameras_are_recorded_without_a_gap_the_red_ones_are_seen_first_and_all_recover()
-> anyhow::Result<()> {
    let names: Vec<String> = (0..BUSY_CAMERAS).map(|n| format!("c{n:03}")).collect();
    let control = FaultControl::default();
    let simulator = busy_cameras(&names, &control).await?;
    let site = busy_site(&simulator, &names)?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "desk", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let pid = gateway.pid();
    let (technician, operator) =
        (gateway.sign_in("tech", PASSWORD).await?, gateway.sign_in("desk", PASSWORD).await?);
    poll::until("two hundred streams", PATIENCE, || async {
        let cameras = technician.get("/cameras").await?;
        let list = cameras.as_array().context("cameras")?;
        let n = list.iter().filter(|camera| camera["main"]["state"] == "streaming").count();
        Ok((n == BUSY_CAMERAS).then_some(()))
    })
    .await?;
    let clock = Clock::system();
    let began = clock.wall();
    all(&technician, "calm", PATIENCE, is_well).await?;
    assert_eq!(levels(&operator).await?, [0_u64; 0], "nobody is there yet");
    let said = |what: &str| eprintln!("{what}: {:.0} s", clock.wall().since(began).as_secs_f64());
    said("calm");

    control.set_all(&Faults { alternate: true, ..Faults::default() });
    let opened = poll::until("an alarm of every red camera", PATIENCE, || async {
        let levels = levels(&operator).await?;
        let n_red = levels.iter().filter(|level| **level == 1).count();
        Ok((n_red == N_RED).then_some(levels))
    })
    .await?;
    said("every red camera has raised its alarm");
    let last_red = opened.iter().rposition(|level| *level == 1).context("a red one")?;
    let (n_before, n_others) = (last_red + 1 - N_RED, BUSY_CAMERAS - N_RED);
    eprintln!("{n_before} of {n_others} others were before the last red one");
    assert!(n_before * 4 < n_others, "the red ones come first: {opened:?}");
    poll::until("red cameras are seen more often", PATIENCE, || async {
        let all = analyses(&technician).await?;
        let is_red = |n: usize| n.is_multiple_of(10);
        let of =
            |red: bool| mean_fps(all.iter().enumerate().filter(|(n, _)| is_red(*n) == red).map(|(_, a)| a));
        let n_reduced = all.iter().filter(|analysis| analysis["state"] == "reduced").count();
        ensure!(
            of(true) > of(false) && n_reduced > 0,
            "{} and {} a second, {n_reduced} reduced",
            of(true),
            of(false)
        );
        eprintln!("looks a second: red {:.2}, others {:.2}; {n_reduced} reduced", of(true), of(false));
        Ok(Some(()))
    })
    .await?;

    let killing = NoDetectors::of(&gateway);
    all(&technician, "blind", BLIND, |analysis| analysis["blind_since_ms"].is_i64()).await?;
    said("all say that they are blind");
    drop(killing);
    all(&technician, "seen again", PATIENCE, |analysis| analysis["blind_since_ms"].is_null()).await?;
    said("all are seen again");
    control.set_all(&Faults::default());
    all(&technician, "calm again", PATIENCE, is_well).await?;
    said("all are well");
    assert_eq!(gateway.pid(), pid, "the service never ended");
    gateway.stop().await?;
    program.check(&site).await?;
    for name in &names {
        let stream = sharpeyes_domain::ids::StreamId { camera: CameraId::new(name)?, kind: StreamKind::Main };
        let gaps = recording::gaps(&site, &stream)?;
        let is_the_end = |gap: &Gap| gap.cause == GapCause::Stopped && gap.span.to == WallTime(i64::MAX);
        let is_outside = |gap: &Gap| gap.span.to <= began || is_the_end(gap);
        assert!(gaps.iter().all(is_outside), "{name}: {gaps:?}");
    }
    simulator.stop();
    Ok(())
}
