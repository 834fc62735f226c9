//! What stands beside the queue, in a real Chromium against the real service: a supervisor is told of a colleague's
//! console while its alarm would not be heard, and of a camera that may raise red alarms and sends nothing.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads where screenshots are wanted from the environment"
)]

use std::{ffi::OsString, fs};

use anyhow::ensure;
use sharpeyes::{
    access::{
        accounts::{Accounts, Author, NewAccount},
        viewer::Language,
    },
    app::open_dispatch_db,
    clock::Clock,
};
use sharpeyes_config::Site;
use sharpeyes_domain::{access::Role, ids::AreaId};
use sharpeyes_tests::{
    browser::Browser,
    gateway::Program,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite, VILLAGE},
};

const PASSWORD: &str = "a loud siren in the village";

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_sees_who_would_not_hear_and_where_nobody_sees() -> anyhow::Result<()> {
    let rule = toml::toml! {
        id = "crowd"
        kind = "crowding"
        at_least = 3
        level = "red"
    };
    // Nothing listens there: the stream fails, and its ticket is red because the rule is.
    let camera = SiteCamera::new("dam", "rtsp://127.0.0.1:9/none").with("analyse", "main").rule(rule);
    let site = SiteBuilder::new().camera(camera).write()?;
    people(&site).await?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let gateway = program.start(&site).await?;
    let shots = std::env::var_os("SHARPEYES_SHOTS").unwrap_or_default();
    let variables =
        [("E2E_URL", OsString::from(gateway.url())), ("E2E_PASSWORD", PASSWORD.into()), ("E2E_SHOTS", shots)];
    let Some(mut browser) = Browser::open_or_skip("beside.mjs", variables)? else { return Ok(()) };
    let seen = browser.word("result").await?;
    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");
    for (step, word) in [("off", "未开启声音"), ("muted", "已静音"), ("again", "已静音")] {
        let text = seen[step].as_str().unwrap_or_default();
        ensure!(text.starts_with("1 个席位") && text.contains(word), "{step}: {seen}");
        ensure!(text.contains("Person desk"), "{step}: {seen}");
    }
    let row = seen["row"].as_str().unwrap_or_default();
    ensure!(row.contains("Camera dam") && row.contains("工单 #1"), "{seen}");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

async fn people(site: &TestSite) -> anyhow::Result<()> {
    let config = Site::load(&site.file())?;
    fs::create_dir_all(&config.data_dir)?;
    let db = open_dispatch_db(&config)?;
    let accounts = Accounts::new(&db, &config.name, config.areas.clone(), Clock::system())?;
    for (name, area) in [("chief", TOWN), ("desk", VILLAGE)] {
        let new = NewAccount {
            name: name.to_owned(),
            display_name: format!("Person {name}"),
            role: Role::Operator,
            areas: vec![AreaId::new(area)?],
            unit: None,
            language: Language::Chinese,
            password: PASSWORD.to_owned(),
        };
        accounts.create(new, Author::CommandLine).await?;
    }
    Ok(())
}
