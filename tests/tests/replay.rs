//! Replay over real video with the real detector: what is known to have happened becomes alarms, and nothing else.
//!
//! Needs a detector, and so `../shared` until the product ships its own; says so when it skips.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sharpeyes_tests::{
    gateway::Program,
    model,
    shared::Shared,
    site::{SiteBuilder, SiteCamera, TestSite},
};
use toml::Table;

/// One expected alarm: when its condition first held and last held, in seconds of the video.
struct Expected {
    begin_s: f64,
    end_s: f64,
}

async fn alarms(shared: &Shared, video: &str, rule: Table) -> anyhow::Result<Vec<Value>> {
    let runtime = model::runtime_library()?;
    let camera = SiteCamera::new("cam", "rtsp://127.0.0.1/unused").with("analyse", "main").rule(rule);
    let site: TestSite = SiteBuilder::new()
        .set("inference", "runtime", runtime.to_string_lossy().as_ref())
        .camera(camera)
        .write()?;
    model::install(shared, &site.models())?;
    let out = site.root().join("out");
    let video = shared.video(video);
    let arguments = ["--camera", "cam", "--video", &video.to_string_lossy(), "--out", &out.to_string_lossy()];
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let ran = program.on_site(&site, &["replay"], &arguments).await?;
    ensure!(ran.code == Some(0), "replay failed: {ran:#?}");
    let stats: Value = serde_json::from_str(&std::fs::read_to_string(out.join("stats.json"))?)?;
    ensure!(
        stats["units"].as_u64() > Some(0) && stats["detected"].as_u64() > Some(0),
        "nothing was seen: {stats}"
    );
    let lines = std::fs::read_to_string(out.join("alarms.jsonl"))?;
    lines.lines().map(|line| serde_json::from_str(line).context("a line of alarms.jsonl")).collect()
}

fn seconds(moment: &Value) -> anyhow::Result<f64> {
    let ticks = moment["pts_90k"].as_f64().with_context(|| format!("no time in {moment}"))?;
    Ok(ticks / 90_000.0)
}

fn compare(edges: &[Value], expected: &[Expected], tolerance_s: f64) -> anyhow::Result<()> {
    let of = |kind: &str| edges.iter().filter(|edge| edge["edge"] == kind).collect::<Vec<_>>();
    let (begins, ends) = (of("begin"), of("end"));
    ensure!(
        begins.len() == expected.len(),
        "{} alarms instead of {}: {edges:#?}",
        begins.len(),
        expected.len()
    );
    ensure!(ends.len() == begins.len(), "not every alarm ended: {edges:#?}");
    for ((begin, end), expected) in begins.iter().zip(&ends).zip(expected) {
        let (begin_s, end_s) = (seconds(&begin["began"])?, seconds(&end["ended"])?);
        println!(
            "expected {:.1}..{:.1} s, found {begin_s:.1}..{end_s:.1} s",
            expected.begin_s, expected.end_s
        );
        ensure!((begin_s - expected.begin_s).abs() <= tolerance_s, "begins at {begin_s} s");
        ensure!((end_s - expected.end_s).abs() <= tolerance_s, "ends at {end_s} s");
    }
    Ok(())
}

#[tokio::test]
async fn three_people_in_view_are_one_crowding_alarm() -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("replay of a crowd") else { return Ok(()) };
    let rule = toml::toml! { id = "crowd" kind = "crowding" at_least = 3 hold = "3s" clear = "3s" must_have_moved = false };
    let edges = alarms(&shared, "crowd6_derived.mp4", rule).await?;
    // crowd6_derived.events.json: 7.5 to 26.2 s with three or more, ± 1 s.
    compare(&edges, &[Expected { begin_s: 7.5, end_s: 26.2 }], 1.5)
}

#[tokio::test]
async fn each_of_six_people_one_after_another_is_an_intrusion() -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("replay of intrusions") else { return Ok(()) };
    let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] hold = "1s" clear = "1s" };
    let edges = alarms(&shared, "intel_one_by_one_person.mp4", rule).await?;
    // intel_one_by_one_person.events.json, person_present.
    let present = [(6.0, 20.2), (22.7, 45.2), (50.2, 70.4), (74.5, 87.3), (92.1, 120.6), (123.4, 136.6)];
    let expected: Vec<Expected> =
        present.into_iter().map(|(begin_s, end_s)| Expected { begin_s, end_s }).collect();
    // The fifth one stands in the door for two seconds, and what has not moved does not count yet (`must_have_moved`).
    compare(&edges, &expected, 2.5)
}

#[tokio::test]
async fn a_road_without_people_raises_no_intrusion_of_people() -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip("replay of an empty road") else { return Ok(()) };
    let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] hold = "2s" clear = "2s" };
    let edges = alarms(&shared, "intel_car_topdown.mp4", rule).await?;
    compare(&edges, &[], 0.0)
}
