//! Six things that go wrong at a camera: each is named, with what to do, in the probe, in the log and in the camera's
//! state; and the camera beside them notices nothing.

use std::{collections::BTreeSet, net::TcpListener, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig, Fault, ForeignCodec, Login},
    footage::Pattern,
    gateway::Program,
    model, poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const ACCOUNT_PASSWORD: &str = "Account-9w4mn-5hv2c";
const RIGHT_PASSWORD: &str = "Right-7f3k9";
const WRONG_PASSWORD: &str = "Wrong-2x8qz";
/// The healthy camera records at least so long beside the others.
const BESIDE: Duration = Duration::from_secs(20);

/// A fault, by the camera that has it.
struct Expected {
    camera: &'static str,
    /// As in the probe, in the log and in the API.
    code: &'static str,
    /// The stream's state in the API.
    state: &'static str,
    /// What the message must at least say.
    says: &'static str,
}

const STREAM_FAULTS: [Expected; 5] = [
    Expected { camera: "wrong-password", code: "password_refused", state: "auth_failed", says: "password" },
    Expected { camera: "unknown-path", code: "not_found", state: "not_found", says: "no stream at" },
    Expected { camera: "closed-port", code: "refused", state: "backing_off", says: "refused the connection" },
    Expected { camera: "silent", code: "no_media", state: "no_media", says: "no media" },
    Expected { camera: "foreign", code: "unsupported", state: "quarantined", says: "vp8" },
];
const DAMAGED: &str = "damaged-model";
const HEALTHY: &str = "healthy";

fn id(text: &str) -> CameraId {
    CameraId::new(text).expect("a valid name")
}

fn cameras() -> anyhow::Result<Vec<CameraConfig>> {
    let file = Pattern::small(VideoCodec::H264).file()?;
    let camera = |name| CameraConfig::new(id(name), &file);
    let login = Login { user: "viewer".into(), password: RIGHT_PASSWORD.into() };
    Ok(vec![
        CameraConfig { login: Some(login.clone()), ..camera(HEALTHY) },
        CameraConfig { login: Some(login), ..camera("wrong-password") },
        CameraConfig { main_fault: Some(Fault::Silent), ..camera("silent") },
        CameraConfig { main_fault: Some(Fault::Unsupported(ForeignCodec::Vp8)), ..camera("foreign") },
        camera(DAMAGED),
    ])
}

fn site(simulator: &CamSim) -> anyhow::Result<TestSite> {
    // Free a moment ago, and the system does not hand it out again so soon.
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let main = |name| simulator.url(name, StreamKind::Main);
    let damaged = SiteCamera::new(DAMAGED, main(DAMAGED))
        .with_sub(simulator.url(DAMAGED, StreamKind::Sub))
        .with("model", "damaged");
    let site = SiteBuilder::new()
        .set("inference", "runtime", model::runtime_library()?.to_string_lossy().into_owned())
        .camera(SiteCamera::new(HEALTHY, main(HEALTHY)).login("viewer", RIGHT_PASSWORD))
        .camera(SiteCamera::new("wrong-password", main("wrong-password")).login("viewer", WRONG_PASSWORD))
        .camera(SiteCamera::new("unknown-path", main("nobody")))
        .camera(SiteCamera::new("closed-port", format!("rtsp://{closed}/main")))
        .camera(SiteCamera::new("silent", main("silent")))
        .camera(SiteCamera::new("foreign", main("foreign")))
        .camera(damaged)
        .write()?;
    damage_a_model(&site)?;
    Ok(site)
}

/// A model whose file is not the one that its manifest vouches for.
fn damage_a_model(site: &TestSite) -> anyhow::Result<()> {
    let folder = site.models().join("damaged");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("model.onnx"), b"half a model, the disk was full")?;
    let manifest = include_str!("../../inference/models/yolox-416.toml");
    let manifest =
        format!("id = \"damaged\"\nfile = \"model.onnx\"\nsha256 = \"{}\"\n{manifest}", "5e".repeat(32));
    std::fs::write(folder.join("model.toml"), manifest)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_own_words_and_no_other_camera_notices() -> anyhow::Result<()> {
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: cameras()?, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let site = site(&simulator)?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test")).log_filter("debug");
    program.add_account(&site, "tech", "technician", &[TOWN], ACCOUNT_PASSWORD).await?;

    let gateway = program.start(&site).await?;
    let technician = gateway.sign_in("tech", ACCOUNT_PASSWORD).await?;
    let probed = probes(&program, &site).await?;
    let found = poll::until("every fault in the cameras' states", Duration::from_secs(60), || async {
        let cameras = technician.get("/cameras").await?;
        for expected in &STREAM_FAULTS {
            let main = &camera(&cameras, expected.camera)?["main"];
            ensure!(main["message_code"] == expected.code, "{}: {main}", expected.camera);
        }
        Ok(Some(cameras))
    })
    .await?;
    let log = gateway.log();
    let mut words = BTreeSet::new();
    for expected in &STREAM_FAULTS {
        let main = &camera(&found, expected.camera)?["main"];
        // Between two attempts a stream goes through other states for a moment.
        poll::until(expected.camera, Duration::from_secs(60), || async {
            let cameras = technician.get("/cameras").await?;
            let main = &camera(&cameras, expected.camera)?["main"];
            let is_there = main["state"] == expected.state || main["state"] == "backing_off";
            ensure!(is_there, "{}: {main}", expected.camera);
            Ok(Some(()))
        })
        .await?;
        let remedy = main["remedy"].as_str().context("a remedy")?;
        let message = main["message"].as_str().context("a message")?;
        assert!(message.contains(expected.says), "{}: {message}", expected.camera);
        assert!(words.insert((message.to_owned(), remedy.to_owned())), "{}: {message}", expected.camera);
        let line = log_line(&log, expected.camera, expected.code)?;
        assert!(line.contains(message) && line.contains(remedy) && line.contains("WARN"), "{line}");
    }
    let analysis = &camera(&found, DAMAGED)?["analysis"];
    assert_eq!(analysis["state"], "failed", "{analysis}");
    assert_eq!(analysis["message_code"], "model_damaged", "{analysis}");
    let remedy = analysis["remedy"].as_str().context("a remedy")?;
    assert!(remedy.contains("damaged"), "{remedy}");
    let line = log_line(&log, DAMAGED, "model_damaged")?;
    assert!(line.contains("ERROR"), "{line}");
    assert!(camera(&found, DAMAGED)?["main"]["message_code"].is_null(), "it is recorded all the same");

    beside(&technician).await?;
    let log = gateway.log();
    gateway.stop().await?;
    program.check(&site).await?;
    for name in [HEALTHY, DAMAGED] {
        let stream = StreamId { camera: id(name), kind: StreamKind::Main };
        let segments = recording::segments(&site, &stream)?;
        let (first, last) =
            (segments.first().context("footage")?.span, segments.last().context("footage")?.span);
        assert!(last.to.since(first.from) >= BESIDE, "{name}: {segments:?}");
        assert!(segments.windows(2).all(|pair| pair[0].span.to == pair[1].span.from), "{name}: {segments:?}");
        let gaps = recording::gaps(&site, &stream)?;
        assert!(
            gaps.iter().all(|gap| gap.span.from >= last.to || gap.span.to <= first.from),
            "{name}: {gaps:?}"
        );
    }
    for text in probed.iter().chain([&log]) {
        for password in [RIGHT_PASSWORD, WRONG_PASSWORD, ACCOUNT_PASSWORD] {
            assert!(!text.contains(password), "a password is in: {text}");
        }
    }
    simulator.stop();
    Ok(())
}

/// Every probe's output; they run beside each other and beside the service, as they would in the field.
async fn probes(program: &Program, site: &TestSite) -> anyhow::Result<Vec<String>> {
    let probe = async |camera| program.on_site(site, &["probe"], &["--camera", camera]).await;
    let cameras = STREAM_FAULTS.iter().map(|expected| (expected.camera, expected.code, expected.says));
    let cameras: Vec<_> = cameras.chain([(DAMAGED, "model_damaged", "damaged")]).collect();
    let ended = futures::future::try_join_all(cameras.iter().map(|(camera, _, _)| probe(camera))).await?;
    let mut texts = Vec::new();
    let mut remedies = BTreeSet::new();
    for ((camera, code, says), ended) in cameras.iter().zip(ended) {
        assert_eq!(ended.code, Some(1), "{camera}: {ended:#?}");
        let failed = ended.stdout.lines().find(|line| line.starts_with("FAILED"));
        let failed = failed.with_context(|| format!("{camera}: {ended:#?}"))?;
        assert!(failed.contains(&format!("({code})")) && failed.contains(says), "{camera}: {failed}");
        let remedy = ended.stdout.lines().find_map(|line| line.strip_prefix("remedy"));
        let remedy = remedy.with_context(|| format!("{camera}: {ended:#?}"))?.trim();
        assert!(remedies.insert(remedy.to_owned()), "{camera}: {remedy}");
        eprintln!("{failed}\n        {remedy}");
        texts.extend([ended.stdout, ended.stderr]);
    }
    // By address, with the password where people put it.
    let main = sharpeyes_config::Site::load(&site.file())?;
    let url = main.camera(&id("wrong-password")).context("a camera")?.main.url.as_url().clone();
    let url = url.as_str().replace("rtsp://", &format!("rtsp://viewer:{WRONG_PASSWORD}@"));
    let ended = program.run(&["probe", &url], "").await?;
    assert!(ended.code == Some(1) && ended.stdout.contains("(password_refused)"), "{ended:#?}");
    texts.extend([ended.stdout, ended.stderr]);
    let healthy = probe(HEALTHY).await?;
    assert!(healthy.code == Some(0) && healthy.stdout.contains("healthy"), "{healthy:#?}");
    texts.extend([healthy.stdout, healthy.stderr]);
    Ok(texts)
}

fn camera<'a>(cameras: &'a Value, id: &str) -> anyhow::Result<&'a Value> {
    let list = cameras.as_array().context("a list of cameras")?;
    list.iter().find(|camera| camera["id"] == id).with_context(|| format!("{id}: {cameras}"))
}

fn log_line<'a>(log: &'a str, camera: &str, code: &str) -> anyhow::Result<&'a str> {
    let names = |line: &&str| line.contains(camera) && line.contains(code);
    log.lines().find(names).with_context(|| format!("no line for {camera} with {code} in:\n{log}"))
}

/// Waits until the healthy camera has streamed for long enough beside the others.
async fn beside(technician: &sharpeyes_tests::gateway::Client) -> anyhow::Result<()> {
    poll::until("the healthy camera", BESIDE * 3, || async {
        let cameras = technician.get("/cameras").await?;
        let main = &camera(&cameras, HEALTHY)?["main"];
        ensure!(main["state"] == "streaming" && main["message_code"].is_null(), "{main}");
        let (since, newest) = (main["since_ms"].as_i64(), main["last_frame_ms"].as_i64());
        let length = newest.context("a picture")? - since.context("a state")?;
        // A second more than is asked of the recording: the last picture's time may be rounded.
        Ok((u128::try_from(length)? >= BESIDE.as_millis() + 1000).then_some(()))
    })
    .await
}
