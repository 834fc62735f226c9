//! A patrol's phone in a real Chromium, on a network that loses answers: what was done arrives, and arrives once.

use std::ffi::OsStr;

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sharpeyes_tests::{
    browser::Browser,
    gateway::{Client, Program},
    site::{SiteBuilder, SiteCamera, TOWN, TestSite, VILLAGE},
};

const PASSWORD: &str = "two wheels in the rain";
/// A photo of twelve megapixels goes out as less than this.
const MOST_PHOTO_BYTES: i64 = 1_500_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_patrol_works_on_a_bad_network_and_nothing_is_lost_or_done_twice() -> anyhow::Result<()> {
    let site = SiteBuilder::new()
        .camera(SiteCamera::new("gate", "rtsp://127.0.0.1:9/none"))
        .push("unit", toml::toml! { id = "patrol" name = "综治巡防队" kind = "team" })
        .write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "dispatcher", "operator", &[TOWN], PASSWORD).await?;
    add_patrol(&program, &site).await?;
    let gateway = program.start(&site).await?;
    let operator = gateway.sign_in("dispatcher", PASSWORD).await?;
    let first = dispatched(&operator, "桥面积水").await?;
    let second = dispatched(&operator, "路口拥堵").await?;

    let (first_id, second_id) = (first.to_string(), second.to_string());
    let variables = [
        ("E2E_URL", OsStr::new(gateway.url())),
        ("E2E_NAME", OsStr::new("patrol")),
        ("E2E_PASSWORD", OsStr::new(PASSWORD)),
        ("E2E_FIRST", OsStr::new(&first_id)),
        ("E2E_SECOND", OsStr::new(&second_id)),
    ];
    let Some(mut browser) = Browser::open_or_skip("phone.mjs", variables)? else { return Ok(()) };
    browser.word("withdraw").await?;
    let more = json!({ "unit": "patrol", "note": "改派交警" });
    operator.act(second, "withdraw", more).await?;
    browser.word("again").await?;
    operator.act(second, "dispatch", json!({ "lead": "patrol" })).await?;
    browser.word("urge").await?;
    operator.act(second, "urge", json!({ "urge": 1 })).await?;
    let seen = browser.word("result").await?;

    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");
    ensure!(
        seen["silent"] == 0 && seen["shaken"] == 2,
        "a new task and the urging shake it, once armed: {seen}"
    );
    ensure!(seen["tooWide"] == 0, "the page is wider than the phone: {seen}");
    ensure!(seen["draft"] == "桥面积水约半米，", "the draft is not what was written: {seen}");
    let ledger = operator.get(&format!("/incidents/{first}")).await?;
    ensure!(ledger["state"] == "done", "{}", ledger["state"]);
    let history = ledger["history"].as_array().context("a history")?;
    for verb in ["sign_in", "arrive", "feedback", "finish", "attach"] {
        let n = history.iter().filter(|row| row["action"] == verb).count();
        ensure!(n == 1, "{verb}: {n} times: {history:?}");
    }
    let photo = &ledger["attachments"][0];
    let bytes = photo["bytes"].as_i64().context("bytes")?;
    ensure!(photo["media_type"] == "image/jpeg" && bytes < MOST_PHOTO_BYTES, "{photo}");

    let reported = operator.get("/incidents?state=all&source=patrol").await?;
    let reported = reported["incidents"].as_array().context("incidents")?;
    ensure!(reported.len() == 2, "two reports are {} incidents: {reported:?}", reported.len());
    let told = seen["reports"]["numbers"].as_array().context("numbers")?;
    let is_known = |number: &Value| reported.iter().any(|one| one["number"] == *number);
    ensure!(told.len() == 2 && told.iter().all(is_known), "{told:?}");
    let located = reported.iter().filter(|one| one["latitude"] == 23.51).count();
    ensure!(located == 1, "{reported:?}");
    ensure!(seen["reports"]["own"].as_array().map(Vec::len) == Some(2), "{seen}");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

async fn add_patrol(program: &Program, site: &TestSite) -> anyhow::Result<()> {
    let file = site.file();
    let file = file.to_string_lossy();
    let role = ["--role", "unit", "--unit", "patrol", "--area", VILLAGE, "--password-stdin"];
    let arguments = [&["account", "add", "-c", &file, "patrol"], &role[..]].concat();
    let made = program.run(&arguments, PASSWORD).await?;
    ensure!(made.code == Some(0), "{made:#?}");
    Ok(())
}

/// A report that the patrol was told of.
async fn dispatched(operator: &Client, title: &str) -> anyhow::Result<i64> {
    let report = json!({
        "idempotency_key": title, "class": "road_hazard", "area": TOWN, "title": title, "source": "hotline"
    });
    let (status, made) = operator.post("/reports", &report).await?;
    ensure!(status == StatusCode::CREATED, "{made}");
    let id = made["id"].as_i64().context("an id")?;
    operator.act(id, "claim", json!({})).await?;
    operator.act(id, "assess", json!({})).await?;
    operator.act(id, "dispatch", json!({ "lead": "patrol", "note": "请立即到场" })).await?;
    Ok(id)
}
