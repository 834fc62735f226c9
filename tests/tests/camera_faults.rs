//! Cameras that misbehave while they run: what the fault table promises (F16 to F20, F22, F23), injected into a running
//! gateway. The camera beside them must record without a gap.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use sharpeyes_domain::media::VideoCodec;
use sharpeyes_tests::{
    camsim::{CameraConfig, Faults},
    faulty::{Stand, camera, causes, id, main_of, memory_mib, n_files, now},
    poll, recording,
    samples::Sample,
};

const BINARY: &str = env!("CARGO_BIN_EXE_sharpeyes-under-test");
const SECOND: Duration = Duration::from_secs(1);

fn small(names: &[&str]) -> anyhow::Result<Vec<CameraConfig>> {
    names.iter().map(|name| camera(name, Sample::H264)).collect()
}

/// F16, F23: the gateway's time wins, whatever the camera's clock and timestamps do.
#[tokio::test(flavor = "multi_thread")]
async fn a_cameras_clock_is_measured_and_never_trusted() -> anyhow::Result<()> {
    let began = now();
    let cameras =
        small(&["eight-hours-off", "silent-clock", "wraps", "back", "ahead", "other-source", "frozen"])?;
    let faults = [
        ("eight-hours-off", Faults { report_offset_s: 8 * 3600, ..Faults::default() }),
        ("silent-clock", Faults { no_reports: true, ..Faults::default() }),
        ("wraps", Faults { near_wrap: true, ..Faults::default() }),
    ];
    let stand = Stand::start(BINARY, cameras, &faults, |camera| camera).await?;
    for name in ["back", "ahead", "other-source", "frozen", "wraps"] {
        stand.records(name, SECOND * 2).await?;
    }
    let jump = |seconds: i64| Faults { timestamp_offset: seconds * 90_000, ..Faults::default() };
    stand.control.set(&main_of("back"), &jump(-300));
    stand.control.set(&main_of("ahead"), &jump(3600));
    stand.control.set(&main_of("other-source"), &Faults { other_ssrc: true, ..Faults::default() });
    stand.control.set(&main_of("frozen"), &Faults { timestamp_frozen: true, ..Faults::default() });
    let named = stand.fault("other-source", "source_changed").await;
    let offset = |health: &serde_json::Value| health["clock_offset_ms"].as_i64().is_some();
    let health = stand.until("a measured clock", "eight-hours-off", offset).await?;
    let off = health["clock_offset_ms"].as_i64().context("an offset")? - 8 * 3_600_000;
    ensure!(off.abs() < 5_000, "8 h and {off} ms");
    stand.control.set(&main_of("frozen"), &Faults::default());
    for name in ["eight-hours-off", "silent-clock", "back", "ahead", "other-source", "frozen", "wraps"] {
        stand.records(name, SECOND * 3).await?;
    }
    ensure!(!offset(&stand.health("silent-clock").await?));
    // Named while it lasts: the next session begins at once and may already record.
    let log = stand.gateway.log();
    ensure!(named.is_ok() || log.contains("source_changed"), "{log}");
    let site = stand.finish().await?;
    for name in ["eight-hours-off", "silent-clock", "wraps"] {
        let causes = causes(&site, name)?;
        ensure!(causes.is_empty(), "{name}: {causes:?}");
    }
    for name in ["back", "ahead", "other-source", "frozen"] {
        let causes = causes(&site, name)?;
        ensure!(causes.iter().all(|cause| cause == "timestamp_jump"), "{name}: {causes:?}");
    }
    for name in ["eight-hours-off", "silent-clock", "wraps", "back", "ahead", "other-source", "frozen"] {
        for segment in recording::segments(&site, &main_of(name))? {
            ensure!(
                segment.span.from >= began && segment.span.to <= now().plus(SECOND),
                "{name}: {segment:?}"
            );
        }
    }
    Ok(())
}

/// F17: back-off grows, nothing leaks, and the neighbour notices nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_flapping_camera_is_tried_ever_more_rarely() -> anyhow::Result<()> {
    let flaps = Faults { close_after_ms: Some(1500), ..Faults::default() };
    let stand =
        Stand::start(BINARY, small(&["flaps", "steady"])?, &[("flaps", flaps)], |camera| camera).await?;
    let n_times = |n: usize| {
        let stand = &stand;
        poll::until("flaps", SECOND * 90, move || async move {
            Ok((stand.control.pauses(&id("flaps")).len() >= n).then_some(()))
        })
    };
    n_times(1).await?;
    let pid = stand.gateway.pid();
    let (files, (memory, _)) = (n_files(pid)?, memory_mib(pid)?);
    n_times(4).await?;
    let pauses = stand.control.pauses(&id("flaps"));
    // 1, 2, 4, 8 s, less up to half of it by jitter; the time that the camera stayed comes on top.
    for (n, pause) in (0..).zip(&pauses) {
        ensure!(*pause >= Duration::from_millis(500 << n), "pause {n} of {pauses:?}");
    }
    let (files_now, (memory_now, _)) = (n_files(pid)?, memory_mib(pid)?);
    ensure!(files_now <= files + 4, "{files} open files became {files_now}");
    ensure!(memory_now <= memory + 40, "{memory} MiB became {memory_now}");
    stand.control.set(&main_of("flaps"), &Faults::default());
    stand.records("flaps", SECOND * 2).await?;
    stand.records("steady", SECOND).await?;
    let site = stand.finish().await?;
    ensure!(causes(&site, "steady")?.is_empty());
    let causes = causes(&site, "flaps")?;
    ensure!(causes.len() >= 3 && causes.iter().all(|cause| cause == "session_ended"), "{causes:?}");
    Ok(())
}

/// F18: a switch restarts.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_cameras_that_return_together_all_record_again() -> anyhow::Result<()> {
    let names: Vec<String> = (0..100).map(|n| format!("c{n}")).collect();
    let cameras = names.iter().map(|name| camera(name, Sample::H264)).collect::<anyhow::Result<_>>()?;
    let stand = Stand::start(BINARY, cameras, &[], |camera| camera).await?;
    for name in &names {
        stand.records(name, Duration::ZERO).await?;
    }
    stand.control.set_all(&Faults { offline: true, ..Faults::default() });
    for name in &names {
        stand.until("away", name, |health| health["state"] != "streaming").await?;
    }
    stand.control.forget_counts();
    let back = now();
    stand.control.set_all(&Faults::default());
    for name in &names {
        stand.records(name, Duration::ZERO).await?;
    }
    let took = now().since(back);
    println!(
        "{} cameras record again after {took:?}, at most {} connecting at once",
        names.len(),
        stand.control.most_at_once()
    );
    ensure!(took < SECOND * 60, "{took:?}");
    ensure!(stand.control.most_at_once() <= 16, "{} connect at once", stand.control.most_at_once());
    let site = stand.finish().await?;
    for name in &names {
        ensure!(!causes(&site, name)?.is_empty(), "{name}");
    }
    Ok(())
}

/// F19: rubbish, and too much of it.
#[tokio::test(flavor = "multi_thread")]
async fn rubbish_costs_its_own_camera_only() -> anyhow::Result<()> {
    let names = ["garbage", "bad-sets", "huge", "endless", "neighbour"];
    let stand = Stand::start(BINARY, small(&names)?, &[], |camera| camera).await?;
    for name in names {
        stand.records(name, SECOND).await?;
    }
    let pid = stand.gateway.pid();
    let (before, _) = memory_mib(pid)?;
    let set = |name: &str, faults: Faults| stand.control.set(&main_of(name), &faults);
    set("garbage", Faults { garbage: 0.5, ..Faults::default() });
    set("bad-sets", Faults { bad_parameter_sets: true, ..Faults::default() });
    set("huge", Faults { huge_nal_mib: 40, ..Faults::default() });
    set("endless", Faults { endless_unit: true, ..Faults::default() });
    let huge = stand.fault("huge", "too_large").await?;
    ensure!(huge["message"].as_str().is_some_and(|text| text.contains("4194304")), "{huge}");
    set("huge", Faults::default());
    stand.fault("endless", "stalled").await?;
    let lost = |health: &serde_json::Value| health["lost_packets"].as_u64().is_some_and(|lost| lost > 0);
    stand.until("unusable packets", "garbage", lost).await?;
    let bad = stand.fault("bad-sets", "protocol").await?;
    println!("bad parameter sets: {}", bad["message"]);
    let (_, most) = memory_mib(pid)?;
    println!("{before} MiB before, at most {most} MiB");
    // The huge unit stands three times in memory: received, grown, and put together.
    ensure!(most < before + 300, "{before} MiB became {most}");
    for name in names {
        set(name, Faults::default());
    }
    stand.control.disconnect(Some(&id("garbage")));
    for name in names {
        stand.records(name, SECOND * 2).await?;
    }
    let site = stand.finish().await?;
    ensure!(causes(&site, "neighbour")?.is_empty());
    for name in ["bad-sets", "huge", "endless"] {
        ensure!(!causes(&site, name)?.is_empty(), "{name}");
    }
    Ok(())
}

/// F20, and the sessions that cameras refuse or forget.
#[tokio::test(flavor = "multi_thread")]
async fn silence_at_every_stage_is_named() -> anyhow::Result<()> {
    let slow = ["loris", "half-open", "never-plays"];
    let names = [&slow[..], &["full", "locked", "forgets", "mute", "freezes", "neighbour"]].concat();
    let faults = [
        ("loris", Faults { slow_loris: true, ..Faults::default() }),
        ("half-open", Faults { half_open: true, ..Faults::default() }),
        ("never-plays", Faults { never_play: true, ..Faults::default() }),
        ("full", Faults { session_limit: Some(0), ..Faults::default() }),
        ("forgets", Faults { forget_after_ms: Some(3000), ..Faults::default() }),
    ];
    let stand = Stand::start(BINARY, small(&names)?, &faults, |camera| camera).await?;
    for name in ["locked", "mute", "freezes", "neighbour"] {
        stand.records(name, SECOND).await?;
    }
    stand.control.set(&main_of("locked"), &Faults { password_refused: true, ..Faults::default() });
    stand.control.disconnect(Some(&id("locked")));
    stand.control.set(&main_of("mute"), &Faults { silence: true, ..Faults::default() });
    stand.control.set(&main_of("freezes"), &Faults { freeze: true, ..Faults::default() });
    let says = async |name: &str, code: &str, text: &str| -> anyhow::Result<()> {
        let health = stand.fault(name, code).await?;
        let message = health["message"].as_str().unwrap_or_default();
        ensure!(message.contains(text), "{name}: {message}");
        ensure!(health["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{health}");
        Ok(())
    };
    says("loris", "no_answer", "describe").await?;
    says("half-open", "no_answer", "describe").await?;
    says("never-plays", "no_answer", "play").await?;
    says("full", "rejected", "453").await?;
    says("locked", "password_missing", "password").await?;
    says("forgets", "stalled", "no media").await?;
    says("mute", "stalled", "no media").await?;
    stand.records("freezes", SECOND * 2).await?;
    for name in slow.iter().chain(&["full", "forgets", "mute"]) {
        stand.control.set(&main_of(name), &Faults::default());
    }
    for name in ["full", "mute", "neighbour"] {
        stand.records(name, SECOND).await?;
    }
    let site = stand.finish().await?;
    for name in ["neighbour", "freezes"] {
        ensure!(causes(&site, name)?.is_empty(), "{name}");
    }
    let causes = causes(&site, "mute")?;
    ensure!(causes == ["stalled"], "{causes:?}");
    Ok(())
}

/// F22: both sides play.
#[tokio::test(flavor = "multi_thread")]
async fn another_size_or_coding_begins_another_run() -> anyhow::Result<()> {
    let mut grows = camera("grows", Sample::H264)?;
    grows.alternate = Some(Sample::Large.path()?);
    let cameras = vec![grows, camera("recodes", Sample::H264)?, camera("h265", Sample::H265)?];
    let stand = Stand::start(BINARY, cameras, &[], |camera| camera).await?;
    for name in ["grows", "recodes"] {
        stand.records(name, SECOND * 3).await?;
    }
    stand.control.set(&main_of("grows"), &Faults { alternate: true, ..Faults::default() });
    stand.control.set(&main_of("recodes"), &Faults { reroute: Some(id("h265")), ..Faults::default() });
    stand.control.disconnect(Some(&id("recodes")));
    stand.until("the large picture", "grows", |health| health["params"]["width"] == 1280).await?;
    stand.until("the other coding", "recodes", |health| health["params"]["codec"] == "h265").await?;
    for name in ["grows", "recodes"] {
        stand.records(name, SECOND * 3).await?;
    }
    stand.control.set_all(&Faults::default());
    stand.control.disconnect(Some(&id("recodes")));
    stand.until("the small picture", "grows", |health| health["params"]["width"] == 640).await?;
    for name in ["grows", "recodes"] {
        stand.records(name, SECOND * 3).await?;
    }
    let site = stand.finish().await?;
    let check = |name: &str, sides: &[(VideoCodec, &str)]| -> anyhow::Result<()> {
        causes(&site, name)?;
        let mut found = Vec::new();
        for segment in recording::segments(&site, &main_of(name))? {
            let path = site.media().join(&segment.path);
            let Some(video) = recording::decoded_by_ffmpeg(&path)? else {
                println!("skipped: decoding by ffmpeg (not installed)");
                return Ok(());
            };
            ensure!(video.n_frames == recording::pictures(&path)?.len(), "{name}: {video:?}");
            let side = (video.codec, format!("{}x{}", video.width_px, video.height_px));
            if found.last() != Some(&side) {
                found.push(side);
            }
        }
        let sides: Vec<_> = sides.iter().map(|(codec, size)| (*codec, (*size).to_owned())).collect();
        ensure!(found == sides, "{name}: {found:?}");
        Ok(())
    };
    let (h264, h265) = (VideoCodec::H264, VideoCodec::H265);
    check("grows", &[(h264, "640x360"), (h264, "1280x720"), (h264, "640x360")])?;
    check("recodes", &[(h264, "640x360"), (h265, "640x360"), (h264, "640x360")])
}
