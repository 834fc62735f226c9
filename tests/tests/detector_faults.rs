//! Detectors that hang, crash, are killed, answer with nonsense or are far too many: the recording notices nothing, the
//! camera beside them raises its alarm, everybody's health says what is wrong and since when, and what works again is seen
//! again without a restart.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sharpeyes_domain::ids::{CameraId, StreamId, StreamKind};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Brightness,
    gateway::{Client, Program},
    model, poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};
use toml::toml;

const PASSWORD: &str = "Account-9w4mn-5hv2c";
/// A camera must say within this that it is blind.
const BLIND: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(180);

/// Cameras by what their detector does, with the word for it in the API.
const NONSENSE: [(&str, &str); 3] =
    [("nan", "detector_nan"), ("flood", "detector_flood"), ("shape", "detector_failed")];
/// `hang` sees one person on a dark picture and does not come back from a bright one.
const HANGS: &str = "hangs";
/// `crash` sees one person on a dark picture and dies of a bright one.
const CRASHES: &str = "crashes";
const GOOD: &str = "good";
const ALL: [&str; 6] = ["nan", "flood", "shape", HANGS, CRASHES, GOOD];

fn id(name: &str) -> CameraId {
    CameraId::new(name).expect("a valid name")
}

fn install(site: &TestSite, name: &str) -> anyhow::Result<()> {
    let from = shared::workspace_root().join("inference/tests/fixtures").join(name);
    let to = site.models().join(name);
    std::fs::create_dir_all(&to)?;
    for file in ["model.onnx", "model.toml"] {
        std::fs::copy(from.join(file), to.join(file)).with_context(|| from.display().to_string())?;
    }
    Ok(())
}

fn site(simulator: &CamSim, names: &[&str], time_limit: &str) -> anyhow::Result<TestSite> {
    let mut builder = SiteBuilder::new()
        .set("inference", "runtime", model::runtime_library()?.to_string_lossy().into_owned())
        .set("inference", "threads", 2)
        .set("analysis", "ladder", "full")
        .set("inference", "time_limit", time_limit);
    for name in names {
        let model = match *name {
            CRASHES => "crash",
            name if NONSENSE.iter().any(|(nonsense, _)| *nonsense == name) => name,
            _ => "hang",
        };
        let rule = toml! { id = "in" kind = "intrusion" level = "red" hold = "0s" must_have_moved = false };
        let camera = SiteCamera::new(name, simulator.url(name, StreamKind::Main))
            .with("analyse", "main")
            .with("model", model)
            .with("fps", 5)
            .rule(rule);
        builder = builder.camera(camera);
    }
    let site = builder.write()?;
    ["nan", "flood", "shape", "hang", "crash"].into_iter().try_for_each(|name| install(&site, name))?;
    Ok(site)
}

/// The cameras play their films from the moment in which they are asked.
async fn simulator(films: Vec<(&str, PathBuf)>) -> anyhow::Result<CamSim> {
    let cameras = films.iter().map(|(name, film)| CameraConfig::new(id(name), film)).collect();
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    Ok(tokio::task::spawn_blocking(|| CamSim::start(config)).await??)
}

/// From the first picture to the last nothing is missing.
fn is_recorded_without_a_gap(site: &TestSite, name: &str) -> anyhow::Result<()> {
    let stream = StreamId { camera: id(name), kind: StreamKind::Main };
    let segments = recording::segments(site, &stream)?;
    let first = segments.first().with_context(|| format!("footage of {name}"))?.span.from;
    let last = segments.last().with_context(|| format!("footage of {name}"))?.span.to;
    assert!(segments.windows(2).all(|pair| pair[0].span.to == pair[1].span.from), "{name}: {segments:?}");
    let gaps = recording::gaps(site, &stream)?;
    assert!(gaps.iter().all(|gap| gap.span.from >= last || gap.span.to <= first), "{name}: {gaps:?}");
    Ok(())
}

fn film(bright_s: u32, dark_s: u32) -> anyhow::Result<std::path::PathBuf> {
    Brightness { bright_s, dark_s }.file()
}

fn analysis<'a>(cameras: &'a Value, id: &str) -> anyhow::Result<&'a Value> {
    let list = cameras.as_array().context("a list of cameras")?;
    let camera = list.iter().find(|camera| camera["id"] == id).with_context(|| format!("{id}: {cameras}"))?;
    Ok(&camera["analysis"])
}

/// Waits until the camera's analysis is as `is_so` says.
async fn until(
    client: &Client,
    camera: &str,
    limit: Duration,
    is_so: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    poll::until(camera, limit, || async {
        let cameras = client.get("/cameras").await?;
        let found = analysis(&cameras, camera)?;
        ensure!(is_so(found), "{camera}: {found}");
        Ok(Some(found.clone()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detector_may_do_what_it_likes_and_only_its_own_cameras_are_blind() -> anyhow::Result<()> {
    let (dark, changing) = (film(0, 20)?, film(30, 90)?);
    let film_of = |name| if [HANGS, CRASHES].contains(&name) { changing.clone() } else { dark.clone() };
    let simulator = simulator(ALL.map(|name| (name, film_of(name))).into()).await?;
    let site = site(&simulator, &ALL, "1s")?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "desk", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let pid = gateway.pid();
    let (technician, operator) =
        (gateway.sign_in("tech", PASSWORD).await?, gateway.sign_in("desk", PASSWORD).await?);

    let hung = until(&technician, HANGS, PATIENCE, |it| it["message_code"] == "detector_hung").await?;
    eprintln!("hung: {hung}");
    assert_eq!(hung["state"], "failed", "{hung}");
    assert!(hung["remedy"].as_str().is_some_and(|text| text.contains("does not come back")), "{hung}");
    // Where the processor answers the division by zero, nothing crashes.
    if cfg!(target_arch = "x86_64") {
        let crashed = until(&technician, CRASHES, PATIENCE, |it| it["message_code"] == "detector_failed");
        let crashed = crashed.await?;
        eprintln!("crashed: {crashed}");
        assert_eq!(crashed["state"], "failed", "{crashed}");
        assert!(crashed["remedy"].as_str().is_some_and(|text| text.contains("SIGFPE")), "{crashed}");
    }
    for (camera, code) in NONSENSE {
        let found = until(&technician, camera, BLIND, |it| it["blind_since_ms"].is_i64()).await?;
        eprintln!("{camera}: {found}");
        assert_eq!((&found["state"], &found["message_code"]), (&"failed".into(), &code.into()), "{found}");
    }
    until(&technician, HANGS, BLIND, |it| it["blind_since_ms"].is_i64()).await?;
    // One detector hangs, another took its place, and the camera beside them is seen.
    let good = until(&technician, GOOD, PATIENCE, |it| it["fps"].as_f64() > Some(0.0)).await?;
    assert!(good["blind_since_ms"].is_null(), "{good}");
    poll::until("the alarm of the good camera", PATIENCE, || async {
        let list = operator.get("/incidents").await?.to_string();
        Ok(list.contains(&format!("\"{GOOD}\"")).then_some(()))
    })
    .await?;
    // The picture is dark again.
    for name in [HANGS, CRASHES] {
        let seen = until(&technician, name, PATIENCE, |it| {
            it["blind_since_ms"].is_null() && it["fps"].as_f64() > Some(0.0) && it["message_code"].is_null()
        });
        eprintln!("recovered: {}", seen.await?);
    }
    assert_eq!(gateway.pid(), pid, "the service never ended");

    gateway.stop().await?;
    program.check(&site).await?;
    ALL.iter().try_for_each(|name| is_recorded_without_a_gap(&site, name))?;
    simulator.stop();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn detectors_that_are_killed_blind_their_cameras_no_longer_than_that_and_cost_no_second_of_footage()
-> anyhow::Result<()> {
    const NAMES: [&str; 2] = ["left", "right"];
    let dark = film(0, 20)?;
    let simulator = simulator(NAMES.map(|name| (name, dark.clone())).into()).await?;
    let site = site(&simulator, &NAMES, "1s")?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let pid = gateway.pid();
    let technician = gateway.sign_in("tech", PASSWORD).await?;
    let is_seen = |it: &Value| {
        it["blind_since_ms"].is_null() && it["fps"].as_f64() > Some(0.0) && it["message_code"].is_null()
    };
    for name in NAMES {
        until(&technician, name, PATIENCE, is_seen).await?;
    }
    let detectors = gateway.detectors()?;
    assert!(!detectors.is_empty(), "they run in processes of their own");
    for detector in &detectors {
        has_nothing_of_the_service(&site, pid, *detector)?;
    }

    // Once costs nothing that anybody sees; for as long as they are killed again and again, nothing is seen.
    poll::until("blind", PATIENCE, || async {
        for detector in gateway.detectors()? {
            // It may have ended meanwhile.
            let _ = kill_process(detector, Signal::KILL);
        }
        let cameras = technician.get("/cameras").await?;
        let is_blind = |name: &&str| {
            let found = analysis(&cameras, name)?;
            Ok(found["blind_since_ms"].is_i64() && found["message_code"] == "detector_failed")
        };
        let blind = NAMES.iter().map(is_blind).collect::<anyhow::Result<Vec<bool>>>()?;
        Ok(blind.iter().all(|is_blind| *is_blind).then_some(()))
    })
    .await?;
    let cameras = technician.get("/cameras").await?;
    let told = analysis(&cameras, NAMES[0])?;
    assert_eq!(told["state"], "failed", "{told}");
    assert!(told["remedy"].as_str().is_some_and(|text| text.contains("SIGKILL")), "{told}");
    for name in NAMES {
        eprintln!("seen again: {}", until(&technician, name, BLIND, is_seen).await?);
    }
    assert_eq!(gateway.pid(), pid, "the service never ended");
    gateway.stop().await?;
    program.check(&site).await?;
    NAMES.iter().try_for_each(|name| is_recorded_without_a_gap(&site, name))?;
    simulator.stop();
    Ok(())
}

/// Of the service's files and sockets it has the log alone, and it is ended before the service is.
fn has_nothing_of_the_service(site: &TestSite, service: u32, detector: Pid) -> anyhow::Result<()> {
    let detector = detector.as_raw_nonzero();
    let open = |pid: &dyn std::fmt::Display| -> anyhow::Result<BTreeSet<PathBuf>> {
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"))?;
        // One may be closed meanwhile.
        Ok(descriptors.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok()).collect())
    };
    let (its, of_the_service) = (open(&detector)?, open(&service)?);
    // proc_pid_net(5): of a TCP socket, listening or connected, the tenth word is its inode.
    let tcp = std::fs::read_to_string("/proc/net/tcp")?;
    let tcp: BTreeSet<PathBuf> = tcp
        .lines()
        .filter_map(|line| line.split_whitespace().nth(9))
        .map(|inode| PathBuf::from(format!("socket:[{inode}]")))
        .collect();
    ensure!(!of_the_service.is_disjoint(&tcp), "it listens: {of_the_service:?}");
    ensure!(its.is_disjoint(&tcp), "{its:?}");
    for file in its.iter().filter(|file| file.starts_with(site.root())) {
        ensure!(file.extension() == Some("log".as_ref()), "it has {}", file.display());
    }
    let score = std::fs::read_to_string(format!("/proc/{detector}/oom_score_adj"))?;
    ensure!(score.trim() == "500", "{score}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detector_that_hangs_ends_with_a_service_that_is_killed() -> anyhow::Result<()> {
    let bright = film(120, 1)?;
    let simulator = simulator(vec![(HANGS, bright)]).await?;
    let site = site(&simulator, &[HANGS], "60s")?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let gateway = program.start(&site).await?;
    poll::until("a detection that does not end", PATIENCE, || async {
        for detector in gateway.detectors()? {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", detector.as_raw_nonzero()))?;
            let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11));
            if ticks.and_then(|ticks| ticks.parse::<u32>().ok()) > Some(200) {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
    .await?;
    gateway.kill9().await?;
    simulator.stop();
    Ok(())
}
