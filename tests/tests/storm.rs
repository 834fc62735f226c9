//! A thousand alarms a second through the desk: each is stored once, none is lost, and the red ones come first in the queue.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::Context as _;
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
};
use sharpeyes_tests::{
    alarm,
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::Program,
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN},
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

/// Two hundred cameras on which something moves all the time, on whatever machine this is: run it by name.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes and all processors; run with --run-ignored all"]
async fn two_hundred_busy_cameras_are_recorded_without_a_gap() -> anyhow::Result<()> {
    let film =
        Pattern { size_px: (320, 192), fps: 10, ..Pattern::small(sharpeyes_domain::media::VideoCodec::H264) };
    let film = film.file()?;
    let names: Vec<String> = (0..200).map(|n| format!("c{n:03}")).collect();
    let mut cameras = Vec::new();
    for (n, name) in (0u32..).zip(&names) {
        let mut camera = CameraConfig::new(CameraId::new(name)?, &film);
        camera.start = Duration::from_millis(97) * n;
        cameras.push(camera);
    }
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let runtime = sharpeyes_tests::model::runtime_library()?.to_string_lossy().into_owned();
    let mut builder =
        SiteBuilder::new().set("inference", "runtime", runtime).set("analysis", "ladder", "full");
    for name in &names {
        let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] };
        let camera = SiteCamera::new(name, simulator.url(name, StreamKind::Main)).with("analyse", "main");
        builder = builder.camera(camera.rule(rule));
    }
    let site = builder.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let technician = gateway.sign_in("tech", PASSWORD).await?;
    let count = |cameras: &serde_json::Value, is_so: &dyn Fn(&serde_json::Value) -> bool| {
        cameras.as_array().into_iter().flatten().filter(|camera| is_so(camera)).count()
    };
    poll::until("two hundred streams", Duration::from_secs(180), || async {
        let cameras = technician.get("/cameras").await?;
        Ok((count(&cameras, &|camera| camera["main"]["state"] == "streaming") == 200).then_some(()))
    })
    .await?;
    let began = Clock::system().wall();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let ended = Clock::system().wall();
    let cameras = technician.get("/cameras").await?;
    let words = ["running", "reduced", "failed", "waiting"]
        .map(|word| format!("{word} {}", count(&cameras, &|camera| camera["analysis"]["state"] == word)));
    let blind = count(&cameras, &|camera| camera["analysis"]["blind_since_ms"].is_i64());
    eprintln!("after a minute: {}; blind {blind}", words.join(", "));
    gateway.stop().await?;
    for name in &names {
        let stream = sharpeyes_domain::ids::StreamId { camera: CameraId::new(name)?, kind: StreamKind::Main };
        let gaps = recording::gaps(&site, &stream)?;
        assert!(gaps.iter().all(|gap| gap.span.to <= began || gap.span.from >= ended), "{name}: {gaps:?}");
    }
    simulator.stop();
    Ok(())
}
