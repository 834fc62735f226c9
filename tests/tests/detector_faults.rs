//! Detectors that hang, answer with nonsense or are far too many: the recording notices nothing, the camera beside them
//! raises its alarm, everybody's health says what is wrong and since when, and what works again is seen again without a
//! restart.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
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
const GOOD: &str = "good";
const ALL: [&str; 5] = ["nan", "flood", "shape", HANGS, GOOD];

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

fn site(simulator: &CamSim) -> anyhow::Result<TestSite> {
    let mut builder = SiteBuilder::new()
        .set("inference", "runtime", model::runtime_library()?.to_string_lossy().into_owned())
        .set("inference", "threads", 2)
        .set("analysis", "ladder", "full")
        .set("inference", "time_limit", "1s");
    for name in ALL {
        let model = if [HANGS, GOOD].contains(&name) { "hang" } else { name };
        let rule = toml! { id = "in" kind = "intrusion" level = "red" hold = "0s" must_have_moved = false };
        let camera = SiteCamera::new(name, simulator.url(name, StreamKind::Main))
            .with("analyse", "main")
            .with("model", model)
            .with("fps", 5)
            .rule(rule);
        builder = builder.camera(camera);
    }
    let site = builder.write()?;
    ["nan", "flood", "shape", "hang"].into_iter().try_for_each(|name| install(&site, name))?;
    Ok(site)
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
    let cameras = ALL.map(|name| {
        let file: &Path = if name == HANGS { &changing } else { &dark };
        CameraConfig::new(id(name), file)
    });
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: cameras.into(), keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let site = site(&simulator)?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "desk", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let (technician, operator) =
        (gateway.sign_in("tech", PASSWORD).await?, gateway.sign_in("desk", PASSWORD).await?);

    let hung = until(&technician, HANGS, PATIENCE, |it| it["message_code"] == "detector_hung").await?;
    eprintln!("hung: {hung}");
    assert_eq!(hung["state"], "failed", "{hung}");
    assert!(hung["remedy"].as_str().is_some_and(|text| text.contains("does not come back")), "{hung}");
    for (camera, code) in NONSENSE {
        let found = until(&technician, camera, BLIND, |it| it["blind_since_ms"].is_i64()).await?;
        eprintln!("{camera}: {found}");
        assert_eq!((&found["state"], &found["message_code"]), (&"failed".into(), &code.into()), "{found}");
    }
    until(&technician, HANGS, BLIND, |it| it["blind_since_ms"].is_i64()).await?;
    // One thread hangs, another took its place, and the camera beside them is seen.
    let good = until(&technician, GOOD, PATIENCE, |it| it["fps"].as_f64() > Some(0.0)).await?;
    assert!(good["blind_since_ms"].is_null(), "{good}");
    poll::until("the alarm of the good camera", PATIENCE, || async {
        let list = operator.get("/incidents").await?.to_string();
        Ok(list.contains(&format!("\"{GOOD}\"")).then_some(()))
    })
    .await?;
    // The picture is dark again.
    let seen = until(&technician, HANGS, PATIENCE, |it| {
        it["blind_since_ms"].is_null() && it["fps"].as_f64() > Some(0.0) && it["message_code"].is_null()
    })
    .await?;
    eprintln!("recovered: {seen}");

    gateway.stop().await?;
    program.check(&site).await?;
    for name in ALL {
        let stream = StreamId { camera: id(name), kind: StreamKind::Main };
        let segments = recording::segments(&site, &stream)?;
        let first = segments.first().with_context(|| format!("footage of {name}"))?.span.from;
        let last = segments.last().with_context(|| format!("footage of {name}"))?.span.to;
        assert!(segments.windows(2).all(|pair| pair[0].span.to == pair[1].span.from), "{name}: {segments:?}");
        let gaps = recording::gaps(&site, &stream)?;
        assert!(gaps.iter().all(|gap| gap.span.from >= last || gap.span.to <= first), "{name}: {gaps:?}");
    }
    simulator.stop();
    Ok(())
}
