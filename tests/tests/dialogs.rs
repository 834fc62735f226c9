//! Every question that an incident's page asks, answered in a real Chromium against the real service, by key where
//! there is one: units that return and are withdrawn, holds, time asked for, refused and granted, supervision, rework,
//! revisits, reopening, merging, shelving, rejecting, files; refusals too, of which nothing that was written is lost.
//! What counts is the history that the service has of it.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads where screenshots are wanted from the environment"
)]

use std::ffi::OsStr;

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sharpeyes_tests::{
    browser::Browser,
    gateway::{Client, Program},
    site::{SiteBuilder, TOWN, TestSite, VILLAGE},
};

const PASSWORD: &str = "a long evening at the desk";

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_an_incident_is_answered_by_key_and_no_refusal_loses_what_was_written()
-> anyhow::Result<()> {
    let site = site()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    for (name, display_name) in [("wangfang", "王芳"), ("liqiang", "李强")] {
        add_operator(&program, &site, name, display_name).await?;
    }
    let gateway = program.start(&site).await?;
    let second = gateway.sign_in("liqiang", PASSWORD).await?;
    let mut ids = serde_json::Map::new();
    for (key, class, title) in [
        ("whole", "dispute", "两户因地界争吵"),
        ("twin", "dispute", "又有人报地界争吵"),
        ("shelved", "facility", "路灯不亮"),
        ("rejected", "other", "咨询社保"),
        ("red", "fight", "夜市有人打架"),
        ("raced", "road_hazard", "桥面积水"),
        ("overtaken", "road_hazard", "路口塌方"),
    ] {
        ids.insert(key.to_owned(), report(&second, class, title).await?.into());
    }
    let ids = Value::Object(ids);
    let listed = ids.to_string();
    let shots = std::env::var_os("SHARPEYES_SHOTS").unwrap_or_default();
    let variables = [
        ("E2E_URL", OsStr::new(gateway.url())),
        ("E2E_NAME", OsStr::new("wangfang")),
        ("E2E_SECOND", OsStr::new("liqiang")),
        ("E2E_PASSWORD", OsStr::new(PASSWORD)),
        ("E2E_INCIDENTS", OsStr::new(&listed)),
        ("E2E_SHOTS", &shots),
    ];
    let Some(mut browser) = Browser::open_or_skip("dialogs.mjs", variables)? else { return Ok(()) };
    let seen = browser.word("result").await?;
    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");

    let ledger = async |key: &str| second.get(&format!("/incidents/{}", ids[key])).await;
    whole(&ledger("whole").await?)?;
    let sheets = second.get(&format!("/incidents/{}/supervision", ids["whole"])).await?;
    ensure!(sheets.as_array().map(Vec::len) == Some(1), "{sheets}");
    expect(&ledger("twin").await?, "new", &["merge", "unmerge"])?;
    expect(&ledger("shelved").await?, "new", &["shelve", "unshelve"])?;
    let rejected = ledger("rejected").await?;
    expect(&rejected, "rejected", &["claim", "reject"])?;
    ensure!(note_of(&rejected, "reject")? == "请拨打 12333", "{rejected}");

    // What is red is verified by another person: the refusal lost nothing, and rework came through.
    let red = ledger("red").await?;
    ensure!(red["state"] == "verified", "{}", red["state"]);
    let by = rows(&red, "verify")?.first().map(|row| row["actor"]["name"].clone());
    ensure!(by == Some("李强".into()), "{by:?}");
    ensure!(note_of(&red, "rework")? == "双方还在对骂", "{red}");

    // Somebody else was quicker: theirs holds, and what was written is a note of the incident.
    let raced = ledger("raced").await?;
    ensure!(raced["state"] == "claimed" && raced["owner"]["name"] == "李强", "{raced}");
    ensure!(rows(&raced, "close")?.is_empty() && rows(&raced, "claim")?.len() == 1, "{raced}");
    let notes = rows(&raced, "note")?;
    ensure!(notes.len() == 1 && notes[0]["note"] == "已请养路段垫石", "{notes:?}");
    ensure!(notes[0]["actor"]["name"] == "王芳", "{notes:?}");
    let taken: Vec<_> = rows(&raced, "take_over")?.iter().map(|row| row["note"].clone()).collect();
    ensure!(taken == ["值班员离席", "我回来了"], "{taken:?}");
    let overtaken = ledger("overtaken").await?;
    ensure!(overtaken["owner"]["name"] == "李强" && rows(&overtaken, "assess")?.is_empty(), "{overtaken}");
    // A command whose answer was lost was sent again, and done once.
    let notes = rows(&overtaken, "note")?;
    ensure!(notes.len() == 2, "{notes:?}");
    ensure!(notes[0]["note"] == "断网时写的" && notes[1]["note"] == "回执丢了", "{notes:?}");

    let files = &overtaken["attachments"];
    let names: Vec<&Value> = files.as_array().context("files")?.iter().map(|file| &file["name"]).collect();
    ensure!(names == ["现场.png", "断线.png"], "{files}");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

/// From the report to the archive, with every way round.
fn whole(ledger: &Value) -> anyhow::Result<()> {
    ensure!(ledger["state"] == "revisited" && ledger["archived_ms"].is_i64(), "{ledger}");
    ensure!(ledger["satisfaction"] == "satisfied", "{ledger}");
    for (verb, n) in [
        ("claim", 2),
        ("assess", 1),
        ("dispatch", 3),
        ("return", 1),
        ("withdraw", 2),
        ("hold", 1),
        ("unhold", 1),
        ("ask_extension", 2),
        ("refuse_extension", 1),
        ("extend", 1),
        ("urge", 1),
        ("sign_in", 1),
        ("arrive", 1),
        ("finish", 2),
        ("rework", 1),
        ("verify", 1),
        ("close", 2),
        ("revisit", 2),
        ("reopen", 1),
        ("archive", 1),
    ] {
        let n_found = rows(ledger, verb)?.len();
        ensure!(n_found == n, "{verb}: {n_found} times instead of {n}: {}", ledger["history"]);
    }
    for (verb, note) in [
        ("return", "不属本单位职责"),
        ("withdraw", "改由派出所处置"),
        ("hold", "等待测绘结果"),
        ("refuse_extension", "今日必须办结"),
        ("rework", "未附调解协议"),
        ("reopen", "当事人仍有异议"),
    ] {
        let found = note_of(ledger, verb)?;
        ensure!(found == note, "{verb} says {found}");
    }
    Ok(())
}

fn expect(ledger: &Value, state: &str, verbs: &[&str]) -> anyhow::Result<()> {
    ensure!(ledger["state"] == state, "{} instead of {state}: {ledger}", ledger["state"]);
    for verb in verbs {
        ensure!(rows(ledger, verb)?.len() == 1, "{verb} is not once in {}", ledger["history"]);
    }
    Ok(())
}

fn rows<'a>(ledger: &'a Value, verb: &str) -> anyhow::Result<Vec<&'a Value>> {
    let history = ledger["history"].as_array().context("a history")?;
    Ok(history.iter().filter(|row| row["action"] == verb && row["actor"].is_object()).collect())
}

fn note_of<'a>(ledger: &'a Value, verb: &str) -> anyhow::Result<&'a Value> {
    let found = rows(ledger, verb)?;
    Ok(&found.first().with_context(|| format!("no {verb} in {}", ledger["history"]))?["note"])
}

async fn report(operator: &Client, class: &str, title: &str) -> anyhow::Result<i64> {
    let report = json!({
        "idempotency_key": title, "class": class, "area": VILLAGE, "title": title, "source": "hotline"
    });
    let (status, made) = operator.post("/reports", &report).await?;
    ensure!(status == StatusCode::CREATED, "{made}");
    made["id"].as_i64().context("an id")
}

/// Three units: one leads, one helps, one comes later.
fn site() -> anyhow::Result<TestSite> {
    let mut site = SiteBuilder::new().set("site", "name", "青河镇综治中心");
    for table in [
        toml::toml! { id = "justice" name = "司法所" kind = "department" phone = "0879-6320003" },
        toml::toml! { id = "liushu" name = "柳树村网格" kind = "grid" phone = "0879-6320010" },
        toml::toml! { id = "police" name = "派出所" kind = "department" phone = "0879-6320110" },
    ] {
        site = site.push("unit", table);
    }
    site.push("class", toml::toml! { id = "dispute" level = "yellow" lead = "justice" assist = ["liushu"] })
        .push("class", toml::toml! { id = "fight" level = "red" lead = "police" })
        .write()
}

async fn add_operator(
    program: &Program,
    site: &TestSite,
    name: &str,
    display_name: &str,
) -> anyhow::Result<()> {
    let file = site.file();
    let file = file.to_string_lossy();
    let who = [name, "--role", "operator", "--area", TOWN, "--display-name", display_name];
    let arguments = [&["account", "add", "-c", &file], &who[..], &["--password-stdin"]].concat();
    let made = program.run(&arguments, PASSWORD).await?;
    ensure!(made.code == Some(0), "{made:#?}");
    Ok(())
}
