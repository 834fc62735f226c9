//! What is recorded opens everywhere: segments as they lie on the disk and clips as they come by HTTP, H.264 and H.265,
//! with and without B pictures, in programs that are not ours. Each decodes as many pictures as were recorded.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use sharpeyes::{
    app::open_dispatch_db,
    clock::Clock,
    desk::Desk,
    store::dispatch::{CameraFacts, Dispatch},
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    alarm::{AlarmEdge, AlarmEnd, EndCause, Moment},
    ids::{CameraId, IncidentId, RuleId, StreamId, StreamKind},
    media::VideoCodec,
    time::{Pts, WallTime},
};
use sharpeyes_tests::{
    alarm,
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::{Client, Program},
    players::{Expected, open_everywhere},
    poll,
    recording::{self, Segment},
    shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

/// Long enough for three files of five seconds.
const RECORDED: Duration = Duration::from_secs(14);
const PASSWORD: &str = "correct horse battery";

/// Every coding, without and with B pictures.
fn cameras() -> Vec<(CameraId, Pattern)> {
    let mut cameras = Vec::new();
    for codec in [VideoCodec::H264, VideoCodec::H265] {
        for b_frames in [0, 3] {
            let id = CameraId::new(&format!("{}-b{b_frames}", codec.as_str())).expect("a valid name");
            cameras.push((id, Pattern { b_frames, ..Pattern::small(codec) }));
        }
    }
    cameras
}

fn main_of(id: &CameraId) -> StreamId {
    StreamId { camera: id.clone(), kind: StreamKind::Main }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_and_clips_open_in_every_player() -> anyhow::Result<()> {
    let cameras = cameras();
    let mut simulated = Vec::new();
    for (id, pattern) in &cameras {
        simulated.push(CameraConfig { as_is: true, ..CameraConfig::new(id.clone(), pattern.file()?) });
    }
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: simulated, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let mut site = SiteBuilder::new().set("storage", "segment", "5s").set("incident", "pre_roll", "2s").set(
        "incident",
        "post_roll",
        "2s",
    );
    for (id, _) in &cameras {
        site = site.camera(SiteCamera::new(id.as_str(), simulator.url(id.as_str(), StreamKind::Main)));
    }
    let site = site.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    poll::until("everything is recorded", RECORDED * 5, || async {
        let footage = site.footage()?;
        let is_long = |(id, _): &(CameraId, Pattern)| -> anyhow::Result<bool> {
            Ok(footage.footage_span(&main_of(id))?.is_some_and(|span| span.length() >= RECORDED))
        };
        let all = cameras.iter().map(is_long).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(all.into_iter().all(|is_long| is_long).then_some(()))
    })
    .await
    .with_context(|| gateway.log())?;
    gateway.stop().await?;
    simulator.stop();
    program.check(&site).await?;

    let incidents = incidents(&site, &cameras).await?;
    let gateway = program.start(&site).await?;
    let operator = gateway.sign_in("op", PASSWORD).await?;
    let mut missing = BTreeSet::new();
    for ((id, pattern), incident) in cameras.iter().zip(incidents) {
        // A whole file, not the first and not the last.
        let segments = recording::segments(&site, &main_of(id))?;
        let segment = segments.get(1).context("more than one file")?;
        let path = site.media().join(&segment.path);
        let n_pictures = u64::try_from(recording::pictures(&path)?.len())?;
        ensure!(n_pictures == segment.n_frames, "{id}: {n_pictures} pictures in the file, {segment:?}");
        let is_reordered = compositions(&path)?.iter().any(|offset| *offset != 0);
        assert_eq!(is_reordered, pattern.b_frames > 0, "{id}: B pictures");
        let tolerance = Duration::from_secs(1) / pattern.fps;
        let expect = |n_pictures, length| Expected { n_pictures, length, tolerance, has_sound: false };
        missing.extend(open_everywhere(path.clone(), expect(segment.n_frames, segment.length())).await?);

        let (clip, length) = clip(&operator, incident).await?;
        let path = site.root().join(format!("{id}-clip.mp4"));
        fs::write(&path, &clip)?;
        let fps = f64::from(pattern.fps);
        ensure!(length.as_secs_f64() >= 6.0, "{id}: two seconds before, two of alarm, two after: {length:?}");
        let in_clip = (length.as_secs_f64() * fps).round();
        let n_pictures = format!("{in_clip:.0}").parse()?;
        missing.extend(open_everywhere(path, expect(n_pictures, length)).await?);
        eprintln!("{id}: {} pictures in a file, {n_pictures} in a clip of {length:?}", segment.n_frames);
    }
    gateway.stop().await?;
    for player in missing {
        eprintln!("skipped: {player:?} (not installed)");
    }
    Ok(())
}

/// Presentation minus decoding time of every picture.
fn compositions(path: &Path) -> anyhow::Result<Vec<i32>> {
    let file = fs::read(path)?;
    let mut scanner = sharpeyes::mp4::Scanner::open(&file[..])?;
    let mut offsets = Vec::new();
    while let Some(fragment) = scanner.next_fragment()? {
        let head = usize::try_from(fragment.offset)?..;
        let samples = sharpeyes::mp4::fragment_tables(&file[head])?.video;
        offsets.extend(samples.iter().map(|sample| sample.composition));
    }
    Ok(offsets)
}

/// One incident for each camera, of two seconds in the middle of its footage.
async fn incidents(site: &TestSite, cameras: &[(CameraId, Pattern)]) -> anyhow::Result<Vec<IncidentId>> {
    let config = Site::load(&site.file())?;
    let dispatch = Dispatch::new(open_dispatch_db(&config)?)?;
    let desk = Desk::new(dispatch, Clock::system(), config.incident.clone());
    let mut incidents = Vec::new();
    for (id, _) in cameras {
        let segments: Vec<Segment> = recording::segments(site, &main_of(id))?;
        // Across the seam of two files.
        let began = segments.get(1).context("more than one file")?.span.to.minus(Duration::from_secs(1));
        let camera = CameraFacts::from(config.camera(id).context("a configured camera")?);
        let rule = RuleId::new("crowd")?;
        let alarm = desk.alarm(camera.clone(), alarm::crowding(rule.clone(), None, began), None).await?;
        desk.alarm(camera, end(&rule, began), None).await?;
        incidents.push(alarm.incident);
    }
    Ok(incidents)
}

fn end(rule: &RuleId, began: WallTime) -> AlarmEdge {
    let ended = Moment { pts: Pts(180_000), wall: began.plus(Duration::from_secs(2)) };
    AlarmEdge::End(AlarmEnd {
        rule: rule.clone(),
        began: Moment { pts: Pts(0), wall: began },
        ended,
        cleared: ended,
        cause: EndCause::Cleared,
        peak: 12,
    })
}

/// The clip of an incident, and how long it says that it is.
async fn clip(client: &Client, incident: IncidentId) -> anyhow::Result<(Vec<u8>, Duration)> {
    let described = client.get(&format!("/incidents/{}/clip", incident.0)).await?;
    let clip = client.file(described["url"].as_str().context("an address")?).await?;
    let length = described["duration_s"].as_f64().context("a length")?;
    Ok((clip, Duration::from_secs_f64(length)))
}
