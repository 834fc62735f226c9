//! The documents' walk through the seven steps, followed click by click in a real Chromium against the real service:
//! `docs/walk.md` and `docs/walk.zh-CN.md` say what is done, and nothing else does. With `SHARPEYES_SHOTS` their
//! pictures are made anew in that folder.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads where screenshots are wanted from the environment"
)]

use std::ffi::OsStr;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_tests::{
    browser::Browser,
    gateway::Program,
    shared::workspace_root,
    site::{SiteBuilder, TOWN, TestSite, VILLAGE},
};
use toml::Table;

/// As the documents say it.
const NAME: &str = "dispatcher";
const PASSWORD: &str = "a long walk to the reservoir";
/// A document that has fewer steps was not understood.
const LEAST_STEPS: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn the_chinese_walk_leads_through_the_seven_steps() -> anyhow::Result<()> {
    follow("walk.zh-CN.md", "zh").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_english_walk_leads_through_the_seven_steps() -> anyhow::Result<()> {
    follow("walk.md", "en").await
}

async fn follow(document: &str, language: &str) -> anyhow::Result<()> {
    let site = township()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    add_operator(&program, &site).await?;
    let gateway = program.start(&site).await?;

    let shots = std::env::var_os("SHARPEYES_SHOTS").unwrap_or_default();
    let path = workspace_root().join("docs").join(document);
    let variables = [
        ("E2E_URL", OsStr::new(gateway.url())),
        ("E2E_DOCUMENT", path.as_os_str()),
        ("E2E_LANGUAGE", OsStr::new(language)),
        ("E2E_SHOTS", &shots),
    ];
    let Some(mut browser) = Browser::open_or_skip("walk.mjs", variables)? else { return Ok(()) };
    let seen = browser.word("result").await?;
    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");
    ensure!(seen["steps"].as_u64() >= Some(LEAST_STEPS), "only some steps were understood: {seen}");

    // What the walk says has happened has happened.
    let operator = gateway.sign_in(NAME, PASSWORD).await?;
    let past = operator.get("/incidents?state=closed").await?;
    let past = past["incidents"].as_array().context("incidents")?;
    let reasons: Vec<&Value> = past.iter().map(|one| &one["close_reason"]).collect();
    ensure!(reasons == ["false_alarm", "handled", "handled"], "{reasons:?}");
    let dispute = past.iter().find(|one| one["class"] == "dispute").context("the dispute")?;
    ensure!(dispute["state"] == "revisited" && dispute["archived_ms"].is_i64(), "{dispute}");
    ensure!(dispute["satisfaction"] == "satisfied", "{dispute}");
    let detail = operator.get(&format!("/incidents/{}", dispute["id"])).await?;
    let history = detail["history"].as_array().context("a history")?;
    let count = |verb: &str| history.iter().filter(|row| row["action"] == verb).count();
    for (verb, n) in [
        ("claim", 1),
        ("assess", 1),
        ("dispatch", 1),
        ("sign_in", 2),
        ("arrive", 2),
        ("feedback", 1),
        ("ask_extension", 1),
        ("extend", 1),
        ("urge", 2),
        ("finish", 2),
        ("verify", 1),
        ("close", 1),
        ("revisit", 1),
        ("archive", 1),
    ] {
        ensure!(count(verb) == n, "{verb}: {} times instead of {n}: {history:?}", count(verb));
    }
    let sheets = operator.get(&format!("/incidents/{}/supervision", dispute["id"])).await?;
    ensure!(sheets.as_array().map(Vec::len) == Some(1), "{sheets}");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

/// The model township that the documents describe.
fn township() -> anyhow::Result<TestSite> {
    let unit = |id: &str, name: &str, kind: &str, phone: &str| {
        let mut table = Table::new();
        for (key, value) in [("id", id), ("name", name), ("kind", kind), ("phone", phone)] {
            table.insert(key.to_owned(), value.into());
        }
        table
    };
    let mut site = SiteBuilder::new().set("site", "name", "青河镇综治中心");
    for table in [
        unit("patrol", "综治巡防队", "team", "0879-6320001"),
        unit("police", "派出所", "department", "0879-6320110"),
        unit("justice", "司法所", "department", "0879-6320003"),
        unit("health", "卫生院", "department", "0879-6320120"),
        unit("traffic", "交警中队", "department", "0879-6320122"),
        unit("urban", "城管中队", "department", "0879-6320009"),
        unit("liushu", "柳树村网格", "grid", "0879-6320010"),
    ] {
        site = site.push("unit", table);
    }
    let duty =
        toml::toml! { unit = "justice" mode = "resident" people = ["李明", "张慧"] phone = "0879-6320004" };
    let mut route = toml::toml! { class = "dispute" lead = "justice" assist = ["liushu"] };
    route.insert("area".to_owned(), VILLAGE.into());
    site.push("class", toml::toml! { id = "dispute" level = "yellow" })
        .push("route", route)
        .push("roster", duty)
        .write()
}

async fn add_operator(program: &Program, site: &TestSite) -> anyhow::Result<()> {
    let file = site.file();
    let file = file.to_string_lossy();
    let who = [NAME, "--role", "operator", "--area", TOWN, "--display-name", "王芳", "--password-stdin"];
    let arguments = [&["account", "add", "-c", &file], &who[..]].concat();
    let made = program.run(&arguments, PASSWORD).await?;
    ensure!(made.code == Some(0), "{made:#?}");
    Ok(())
}
