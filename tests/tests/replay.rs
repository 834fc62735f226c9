//! Replay: which detector it uses without being told, and what it finds in real video. Our own footage is scored in
//! `footage.rs`.

use anyhow::ensure;
use sharpeyes_domain::{ladder::LadderMode, media::VideoCodec, rule::RuleClass};
use sharpeyes_tests::{
    footage::Pattern,
    gateway::Program,
    model,
    replayed::{Event, Verdict, replay},
    shared::Shared,
    site::{SiteBuilder, SiteCamera},
};
use toml::Table;

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"))
}

fn camera(rule: Table) -> SiteCamera {
    SiteCamera::new("cam", "rtsp://127.0.0.1/unused").rule(rule)
}

#[tokio::test]
async fn a_fresh_site_without_any_installed_detector_is_analysed() -> anyhow::Result<()> {
    let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["bus"] hold = "20s" };
    // A moving pattern: it is looked at, whatever is thought to be in it.
    replay(&program(), camera(rule), &Pattern::small(VideoCodec::H264).file()?, LadderMode::Auto, None)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_detector_that_is_named_and_not_installed_is_an_error_and_not_replaced() -> anyhow::Result<()> {
    let site = SiteBuilder::new()
        .set("inference", "runtime", model::runtime_library()?.to_string_lossy().as_ref())
        .set("inference", "default_model", "no-such-model")
        .camera(SiteCamera::new("cam", "rtsp://127.0.0.1/unused").with("analyse", "main"))
        .write()?;
    let video = Pattern::small(VideoCodec::H264).file()?;
    let out = site.root().join("out");
    let arguments = ["--camera", "cam", "--video", &video.to_string_lossy(), "--out", &out.to_string_lossy()];
    let ran = program().on_site(&site, &["replay"], &arguments).await?;
    ensure!(ran.code == Some(1), "{ran:#?}");
    ensure!(ran.stderr.contains("no-such-model") && ran.stderr.contains("model add"), "{ran:#?}");
    Ok(())
}

/// Replays a real video with YOLOX-nano; `spans` are what is known to happen in it.
async fn check(
    what: &str,
    video: &str,
    rule: Table,
    class: RuleClass,
    spans: &[(f64, f64)],
    tolerance_s: f64,
) -> anyhow::Result<()> {
    let Some(shared) = Shared::find_or_skip(what) else { return Ok(()) };
    let install = |models: &std::path::Path| model::install_yolox_nano(&shared, models);
    let id = rule["id"].as_str().unwrap_or_default().to_owned();
    for &ladder in LadderMode::ALL {
        let alarms =
            replay(&program(), camera(rule.clone()), &shared.video(video), ladder, Some(&install)).await?;
        let event =
            |&(begin_s, end_s): &(f64, f64)| Event { class, rule: id.clone(), begin_s, end_s, tolerance_s };
        let verdict = Verdict::of(&spans.iter().map(event).collect::<Vec<_>>(), &alarms);
        let lines = verdict.lines().join("\n");
        println!("{ladder}\n{lines}");
        ensure!(verdict.is_exact(), "{ladder}: {lines}");
        for (event, alarm) in &verdict.events {
            let is_near =
                alarm.as_ref().is_some_and(|alarm| (alarm.ended_s - event.end_s).abs() <= tolerance_s);
            ensure!(is_near, "{ladder}: the end is elsewhere: {lines}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn three_people_in_view_are_one_crowding_alarm() -> anyhow::Result<()> {
    let rule = toml::toml! { id = "crowd" kind = "crowding" at_least = 3 hold = "3s" clear = "3s" must_have_moved = false };
    // crowd6_derived.events.json: 7.5 to 26.2 s with three or more, ± 1 s.
    check("replay of a crowd", "crowd6_derived.mp4", rule, RuleClass::Crowding, &[(7.5, 26.2)], 1.5).await
}

#[tokio::test]
async fn each_of_six_people_one_after_another_is_an_intrusion() -> anyhow::Result<()> {
    let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] hold = "1s" clear = "1s" };
    // intel_one_by_one_person.events.json, person_present.
    let present = [(6.0, 20.2), (22.7, 45.2), (50.2, 70.4), (74.5, 87.3), (92.1, 120.6), (123.4, 136.6)];
    // The fifth one stands in the door for two seconds, and what has not moved does not count yet (`must_have_moved`).
    let video = "intel_one_by_one_person.mp4";
    check("replay of intrusions", video, rule, RuleClass::Intrusion, &present, 2.5).await
}

#[tokio::test]
async fn a_road_without_people_raises_no_intrusion_of_people() -> anyhow::Result<()> {
    let rule = toml::toml! { id = "in" kind = "intrusion" classes = ["person"] hold = "2s" clear = "2s" };
    check("replay of an empty road", "intel_car_topdown.mp4", rule, RuleClass::Intrusion, &[], 0.0).await
}
