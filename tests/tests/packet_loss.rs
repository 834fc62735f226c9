//! RTP over UDP on a bad link (F21): 1, 5 and 20 % of the packets lost and more, some overtaken, and 300 ms of jitter.

use std::time::Duration;

use anyhow::ensure;
use sharpeyes_tests::{
    camsim::Faults,
    faulty::{Stand, camera, causes, main_of},
    recording,
    samples::Sample,
};

const BINARY: &str = env!("CARGO_BIN_EXE_sharpeyes-under-test");

#[tokio::test(flavor = "multi_thread")]
async fn what_udp_loses_is_counted_marked_and_named() -> anyhow::Result<()> {
    let links = [
        ("clean", 0.0, 0.0),
        ("one", 0.01, 0.002),
        ("five", 0.05, 0.01),
        ("twenty", 0.2, 0.02),
        ("forty", 0.4, 0.02),
    ];
    let cameras = links.iter().map(|(name, ..)| camera(name, Sample::H264)).collect::<anyhow::Result<_>>()?;
    let stand = Stand::start(BINARY, cameras, &[], |camera| camera.with("transport", "udp")).await?;
    for (name, ..) in links {
        stand.records(name, Duration::from_secs(2)).await?;
    }
    for (name, loss, reorder) in links.into_iter().skip(1) {
        let faults = Faults { loss, reorder, jitter_ms: 300, ..Faults::default() };
        stand.control.set(&main_of(name), &faults);
    }
    let damaged = |health: &serde_json::Value| health["damaged_pictures"].as_u64().is_some_and(|n| n > 5);
    stand.until("damaged pictures", "one", damaged).await?;
    stand.until("damaged pictures", "five", damaged).await?;
    stand.until("damaged pictures", "twenty", damaged).await?;
    // No keyframe comes whole: one has ten packets and more.
    let named = stand.fault("forty", "packet_loss").await?;
    ensure!(named["remedy"].as_str().is_some_and(|remedy| remedy.contains("tcp")), "{named}");
    for (name, ..) in links {
        let health = stand.health(name).await?;
        println!(
            "{name}: {} packets lost, {} pictures damaged",
            health["lost_packets"], health["damaged_pictures"]
        );
    }
    for (name, ..) in links {
        stand.control.set(&main_of(name), &Faults::default());
    }
    for (name, ..) in links {
        stand.records(name, Duration::from_secs(3)).await?;
    }
    ensure!(stand.health("clean").await?["lost_packets"] == 0);
    let site = stand.finish().await?;
    for (name, ..) in links {
        let causes = causes(&site, name)?;
        println!("{name}: gaps {causes:?}");
        ensure!(causes.iter().all(|cause| cause == "packet_loss"), "{name}: {causes:?}");
        // With little loss it is chance whether a keyframe is hit.
        let is_hit = matches!(name, "twenty" | "forty");
        ensure!(!causes.is_empty() || !is_hit, "{name}: nothing says what is missing");
        ensure!(causes.is_empty() || name != "clean", "{causes:?}");
        for segment in recording::segments(&site, &main_of(name))? {
            let path = site.media().join(&segment.path);
            let n_recorded = recording::pictures(&path)?.len();
            let Some((video, complaints)) = recording::decode(&path)? else { continue };
            // A decoder hides some of the damaged pictures.
            ensure!(video.n_frames > 0, "{name}: nothing of {n_recorded} decodes");
            let is_perfect = video.n_frames == n_recorded && complaints.is_empty();
            ensure!(is_perfect || name != "clean", "{} of {n_recorded}: {complaints}", video.n_frames);
            ensure!(video.shown_us.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", video.shown_us);
        }
    }
    Ok(())
}
