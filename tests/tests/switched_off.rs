//! Cameras leave the site file, or are not recorded any more: the service starts all the same, and says so in a gap.

use std::time::Duration;

use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
    segment::GapCause,
};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::Program,
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_not_recorded_any_more_keeps_its_footage_and_a_gap() -> anyhow::Result<()> {
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let ids = ["gone", "off", "stays"];
    let file = Pattern::small(VideoCodec::H264).file()?;
    let cameras = ids.map(|id| CameraConfig::new(CameraId::new(id).expect("a name of this test"), &file));
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: cameras.into(), keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let site_of = |n_off: usize| {
        ids[n_off..].iter().fold(SiteBuilder::new().set("storage", "segment", "5s"), |site, id| {
            let camera = SiteCamera::new(id, simulator.url(id, StreamKind::Main));
            // What is neither recorded nor analysed has no place in a site file.
            let off = || camera.clone().with("record", false).with("analyse", "main");
            site.camera(if n_off > 0 && *id == "off" { off() } else { camera })
        })
    };
    let stream = |id: &str| StreamId {
        camera: CameraId::new(id).expect("a name of this test"),
        kind: StreamKind::Main,
    };

    let site = site_of(0).write()?;
    let gateway = program.start(&site).await?;
    poll::until("a file of every camera", Duration::from_secs(60), || async {
        let mut all = true;
        for id in ids {
            all &= !recording::segments(&site, &stream(id))?.is_empty();
        }
        Ok(all.then_some(()))
    })
    .await?;
    gateway.stop().await?;

    site_of(1).write_to(&site)?;
    for start in 0..2 {
        let gateway = program.start(&site).await?;
        poll::until("the camera that stays", Duration::from_secs(60), || async {
            let gaps = recording::gaps(&site, &stream("stays"))?;
            Ok(gaps.last().is_some_and(|gap| gap.span.to.0 < i64::MAX).then_some(()))
        })
        .await?;
        for id in ["gone", "off"] {
            let last = recording::gaps(&site, &stream(id))?.pop().map(|gap| gap.cause);
            assert_eq!(last, Some(GapCause::RecordingOff), "{id}, start {start}");
            assert!(!recording::segments(&site, &stream(id))?.is_empty(), "{id}: footage stays");
        }
        gateway.stop().await?;
    }
    program.check(&site).await?;
    Ok(())
}
