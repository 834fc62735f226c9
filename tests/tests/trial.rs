//! Rules tried on what a real recorder recorded of a simulated camera, beside what its own rule raised; shadow rules and a
//! shadow model.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sharpeyes_domain::ids::{CameraId, ModelId, StreamKind};
use sharpeyes_inference::{ModelFile, Place, built_in};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    gateway::{Client, Program},
    model, poll,
    scene::Scene,
    shared,
    site::{SiteBuilder, TOWN},
};

const PASSWORD: &str = "correct horse battery";
const CAMERA: &str = "village_square";
const LONG: Duration = Duration::from_secs(420);

async fn trial(client: &Client, from_ms: i64, to_ms: i64, rules: &str) -> anyhow::Result<i64> {
    let asked = json!({ "from_ms": from_ms, "to_ms": to_ms, "rules": rules });
    let (status, body) = client.post(&format!("/cameras/{CAMERA}/trials"), &asked).await?;
    ensure!(status == StatusCode::CREATED, "{status} {body}");
    body["id"].as_i64().context("a number")
}

async fn over(client: &Client, id: i64) -> anyhow::Result<Value> {
    poll::until("the trial's end", LONG, || async {
        let found = client.get(&format!("/cameras/{CAMERA}/trials/{id}")).await?;
        Ok(found["trial"]["ended_ms"].is_i64().then_some(found))
    })
    .await
}

/// The built-in detector under another name: what sees the same raises the same.
fn install_twin(models: &Path) -> anyhow::Result<()> {
    let built_in = built_in();
    let dir = models.join("twin");
    std::fs::create_dir_all(&dir)?;
    let mut manifest = built_in.manifest.clone();
    manifest.id = ModelId::new("twin")?;
    std::fs::write(dir.join("model.toml"), manifest.to_toml())?;
    let twin = ModelFile { manifest, place: Place::Directory(dir) };
    Ok(std::fs::write(twin.onnx(), built_in.read()?)?)
}

fn crowd(id: &str, at_least: u32) -> String {
    format!(
        "[[camera.rule]]\nid = \"{id}\"\nkind = \"crowding\"\nzone = \"square\"\nat_least = {at_least}\nhold = \"3s\"\nclear = \"4s\"\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tried_on_a_recording_and_compared_with_the_live_one() -> anyhow::Result<()> {
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let scene = Scene::named(CAMERA)?;
    let camera = CameraConfig::new(CameraId::new(CAMERA)?, scene.video());
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: vec![camera], keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let shadow = toml::toml! {
        id = "more" kind = "crowding" zone = "square" at_least = 4 hold = "3s" clear = "4s" shadow = true
    };
    let camera = scene
        .camera(simulator.url(CAMERA, StreamKind::Main))?
        .with("analyse", "main")
        .with("shadow_model", "twin")
        .rule(shadow);
    let runtime = model::runtime_library()?;
    let models = tempfile::tempdir()?;
    install_twin(models.path())?;
    let site = SiteBuilder::new()
        .set("storage", "segment", "5s")
        .set("inference", "runtime", runtime.to_string_lossy().as_ref())
        .set("inference", "models", models.path().to_string_lossy().as_ref())
        .camera(camera)
        .write()?;
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let (tech, op) = (gateway.sign_in("tech", PASSWORD).await?, gateway.sign_in("op", PASSWORD).await?);

    // The crowd comes 9 s after the beginning of the scene and goes 16 s later; the scene comes again and again.
    let all = format!("/cameras/{CAMERA}/shadow-alarms?from_ms=0&to_ms=99999999999999");
    let (live, shadow) = poll::until("an alarm of either rule, over", LONG, || async {
        let found = tech.get(&all).await?;
        let over = |side: &str| -> Option<Value> {
            let alarms = found[side].as_array()?;
            alarms.iter().find(|alarm| alarm["ended_ms"].is_i64()).cloned()
        };
        Ok(over("live").zip(over("shadow")))
    })
    .await?;
    ensure!(live["rule"] == "crowd" && shadow["rule"] == "more", "{live} {shadow}");
    let incidents = op.get("/incidents?state=all").await?.to_string();
    ensure!(!incidents.contains("\"more\""), "a shadow rule opens no incident: {incidents}");

    let now = live["raised_ms"].as_i64().context("a time")?;
    let span = &format!("from_ms={}&to_ms={}", now - 3_600_000, now + 3_600_000);
    let beside = poll::until("what both models say", LONG, || async {
        let found = tech.get(&format!("/cameras/{CAMERA}/shadow-model?{span}")).await?;
        let is_told = found["n_both"].as_u64() > Some(0) && found["n_seen"].as_u64() > Some(0);
        Ok(is_told.then_some(found))
    })
    .await?;
    ensure!(beside["model"] == "twin" && beside["analysis"]["model"] == "twin", "{beside}");
    ensure!(beside["n_only_live"] == 0, "the same model by the same rules: {beside}");
    let raised = beside["live"].as_array().context("alarms")?.len();
    let seen = op.get("/incidents?state=all").await?;
    let n_alarms = |one: &Value| one["alarms"].as_u64().unwrap_or(0);
    let incidents = seen["incidents"].as_array().context("incidents")?;
    let in_incidents: u64 = incidents.iter().map(n_alarms).sum();
    // The live rule may have raised one more between the two questions.
    ensure!(
        in_incidents >= 1 && in_incidents <= u64::try_from(raised)? + 1,
        "{in_incidents}, {beside}, {seen}"
    );

    let began = live["began_ms"].as_i64().context("a time")?;
    let ended = live["ended_ms"].as_i64().context("a time")?;
    let (from, to) = (began - 12_000, ended + 8_000);
    poll::until("the recording", LONG, || async {
        let rows = tech.get(&format!("/timeline?cameras={CAMERA}&from_ms={from}&to_ms={to}")).await?;
        let until = rows["rows"][0]["until_ms"].as_i64().or_else(|| rows[0]["until_ms"].as_i64());
        Ok(until.is_some_and(|until| until >= to).then_some(()))
    })
    .await?;

    // Nothing more is looked at live: here it is not about who gives way.
    simulator.stop();

    // The same rule finds the same; a stricter one finds nothing; one of another name has nothing to be compared with.
    let rules = [crowd("crowd", 5), crowd("other", 4)].concat();
    let first = over(&tech, trial(&tech, from, to, &rules).await?).await?;
    ensure!(first["trial"]["state"] == "done", "{first}");
    let alarms = first["result"]["alarms"].as_array().context("alarms")?;
    let of = |rule: &str| alarms.iter().filter(|alarm| alarm["rule"] == rule).collect::<Vec<_>>();
    let ([same], [other]) = (&of("crowd")[..], &of("other")[..]) else { anyhow::bail!("{first}") };
    let off = same["began_ms"].as_i64().context("a time")? - began;
    ensure!(off.abs() <= 4_000, "{off} ms from the live one: {first}");
    ensure!(same["is_met"] == true && other["is_met"] == false, "{first}");
    ensure!(same["boxes"].as_array().is_some_and(|boxes| boxes.len() >= 5), "{same}");
    ensure!(first["result"]["live"][0]["is_met"] == true, "{first}");
    ensure!(first["result"]["n_both"] == 1 && first["result"]["n_only_live"] == 0, "{first}");
    let id = first["trial"]["id"].as_i64().context("a number")?;
    for still in [format!("n={}", same["n"]), "n=0&side=live".to_owned()] {
        let url = tech.url(&format!("/cameras/{CAMERA}/trials/{id}/still.jpg?{still}"));
        let answer = tech.http().get(url).send().await?;
        ensure!(answer.status() == StatusCode::OK, "{still}: {}", answer.status());
        ensure!(answer.bytes().await?.starts_with(&[0xFF, 0xD8]), "{still} is no JPEG");
    }
    let strict = over(&tech, trial(&tech, from, to, &crowd("crowd", 30)).await?).await?;
    ensure!(strict["result"]["alarms"] == json!([]) && strict["result"]["n_only_live"] == 1, "{strict}");

    // Twice the same, to the byte.
    let again = over(&tech, trial(&tech, from, to, &rules).await?).await?;
    ensure!(again["result"] == first["result"], "{again}\n{first}");

    // What is not there cannot be tried, and an operator does not tune.
    let asked = json!({ "from_ms": from - 7_200_000, "to_ms": from - 3_600_000, "rules": rules });
    let (status, refusal) = tech.post(&format!("/cameras/{CAMERA}/trials"), &asked).await?;
    ensure!(status == StatusCode::NOT_FOUND && refusal["code"] == "nothing_recorded", "{status} {refusal}");
    let (status, _) = op.post(&format!("/cameras/{CAMERA}/trials"), &asked).await?;
    ensure!(status == StatusCode::FORBIDDEN, "{status}");

    // Of two at once the second waits, and both can be ended.
    let (running, waiting) = (trial(&tech, from, to, &rules).await?, trial(&tech, from, to, &rules).await?);
    for id in [waiting, running] {
        let path = format!("/cameras/{CAMERA}/trials/{id}");
        let (status, _) = tech.send(Method::DELETE, &path, None).await?;
        ensure!(status == StatusCode::NO_CONTENT, "{status}");
    }
    let waiting = over(&tech, waiting).await?;
    ensure!(waiting["trial"]["state"] == "cancelled", "{waiting}");
    let running = over(&tech, running).await?;
    ensure!(["cancelled", "done"].iter().any(|state| running["trial"]["state"] == *state), "{running}");

    // What the end of the service cuts off says so.
    let cut = trial(&tech, from, to, &rules).await?;
    gateway.kill9().await?;
    let gateway = program.start(&site).await?;
    let tech = gateway.sign_in("tech", PASSWORD).await?;
    let found = tech.get(&format!("/cameras/{CAMERA}/trials/{cut}")).await?;
    ensure!(["interrupted", "done"].iter().any(|state| found["trial"]["state"] == *state), "{found}");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}
