//! Every screen and dialog of the console under axe-core in a real Chromium, for every role, in both languages and both
//! sizes: no serious fault.

use std::ffi::OsStr;

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::json;
use sharpeyes_tests::{
    browser::Browser,
    gateway::{Client, Program},
    site::{SiteBuilder, SiteCamera, TOWN},
};

const PASSWORD: &str = "everybody-can-read-this-one";
const ACCOUNTS: &[(&str, &str)] = &[
    ("operator", "operator"),
    ("patrol", "unit"),
    ("police", "police"),
    ("technician", "technician"),
    ("administrator", "administrator"),
    ("auditor", "auditor"),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_screen_has_a_serious_fault_for_people_who_see_or_move_otherwise() -> anyhow::Result<()> {
    let site = SiteBuilder::new()
        .camera(SiteCamera::new("gate", "rtsp://127.0.0.1:9/none"))
        .push("unit", toml::toml! { id = "patrol" name = "综治巡防队" })
        .write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let file = site.file();
    let file = file.to_string_lossy();
    for (name, role) in ACCOUNTS {
        let mut arguments = vec!["account", "add", "-c", &file, name, "--role", role, "--area", TOWN];
        if *role == "unit" {
            arguments.extend(["--unit", "patrol"]);
        }
        arguments.push("--password-stdin");
        let made = program.run(&arguments, PASSWORD).await?;
        ensure!(made.code == Some(0), "{name}: {made:#?}");
    }
    let gateway = program.start(&site).await?;
    fill(&gateway.sign_in("operator", PASSWORD).await?).await?;

    let accounts: String = ACCOUNTS.iter().map(|(name, _)| format!("{name} {PASSWORD}\n")).collect();
    let variables = [
        ("E2E_URL", OsStr::new(gateway.url())),
        ("E2E_ACCOUNTS", OsStr::new(&accounts)),
        ("E2E_QUIET_MS", OsStr::new("500")),
    ];
    let Some(mut browser) = Browser::open_or_skip("axe.mjs", variables)? else { return Ok(()) };
    // Nobody signed in, then everybody.
    for _ in 0..=ACCOUNTS.len() {
        browser.word("role").await?;
    }
    let seen = browser.word("result").await?;
    let faults = seen["faults"].as_array().context("faults")?;
    ensure!(faults.is_empty(), "{} faults: {}", faults.len(), serde_json::to_string_pretty(faults)?);
    println!("{} looks at screens and dialogs, no serious fault", seen["looks"]);
    gateway.stop().await
}

/// Some that wait, one that a unit works on, one that is over.
async fn fill(operator: &Client) -> anyhow::Result<()> {
    for (n, class) in ["fight", "road_hazard", "environment", "dispute"].iter().enumerate() {
        let report = json!({
            "idempotency_key": format!("r{n}"), "class": class, "area": TOWN, "title": "路口", "source": "hotline",
            "level": n + 1, "location": "东村石桥"
        });
        let (status, made) = operator.post("/reports", &report).await?;
        ensure!(status == StatusCode::CREATED, "{made}");
        let id = made["id"].as_i64().context("an id")?;
        match n {
            0 => {
                operator.act(id, "claim", json!({})).await?;
                operator.act(id, "assess", json!({})).await?;
                operator.act(id, "dispatch", json!({ "lead": "patrol", "note": "请立即到场" })).await?;
            }
            1 => {
                operator.act(id, "claim", json!({})).await?;
                operator.act(id, "close", json!({ "reason": "no_action" })).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
