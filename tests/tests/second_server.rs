//! Ingest and record against an RTSP server that is not ours: VLC, H.264 and H.265, over RTP/UDP as VLC wants it.
//!
//! VLC has no digest authentication (tests/src/peer.rs); digest is proven against GStreamer's server in camsim.rs.

use std::{collections::HashSet, time::Duration};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
};
use sharpeyes_tests::{
    camsim::Clip,
    gateway::Program,
    peer::{Peer, PeerError},
    poll, recording,
    samples::Sample,
    site::{SiteBuilder, SiteCamera},
};

/// Recorded before anything is compared.
const RECORDED: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn vlc_is_recorded_in_h264_and_h265() -> anyhow::Result<()> {
    let mut site = SiteBuilder::new().set("storage", "segment", "5s");
    let mut peers = Vec::new();
    for (sample, codec) in [(Sample::H264, VideoCodec::H264), (Sample::H265, VideoCodec::H265)] {
        let file = tokio::task::spawn_blocking(move || sample.path()).await??;
        let started = tokio::task::spawn_blocking({
            let file = file.clone();
            move || Peer::start(&file)
        });
        let peer = match started.await? {
            Err(PeerError::Missing(program)) => {
                eprintln!("skipped: recording from a second RTSP server ({program} is not installed)");
                return Ok(());
            }
            peer => peer?,
        };
        let camera = SiteCamera::new(codec.as_str(), peer.url()).with("transport", "udp");
        site = site.camera(camera);
        peers.push((codec, file, peer));
    }
    let site = site.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let gateway = program.start(&site).await?;
    poll::until("both streams are recorded", RECORDED * 6, || async {
        let footage = site.footage()?;
        let enough = |(codec, _, _): &(VideoCodec, _, _)| -> anyhow::Result<bool> {
            let span = footage.footage_span(&stream(*codec)?)?;
            Ok(span.is_some_and(|span| span.length() >= RECORDED))
        };
        let all = peers.iter().map(enough).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(all.into_iter().all(|is_enough| is_enough).then_some(()))
    })
    .await
    .with_context(|| gateway.log())?;
    gateway.stop().await?;
    program.check(&site).await?;

    gstreamer::init()?;
    for (codec, file, _peer) in &peers {
        let sent = slices_of(*codec, file)?;
        let mut recorded = 0;
        for segment in recording::segments(&site, &stream(*codec)?)? {
            for picture in recording::pictures(&site.media().join(&segment.path))? {
                let slices: Vec<Bytes> = picture.into_iter().filter(|nal| is_slice(*codec, nal)).collect();
                ensure!(
                    sent.contains(&slices),
                    "{codec:?}: a recorded picture that VLC's file does not have"
                );
                recorded += 1;
            }
        }
        println!("{codec:?}: {recorded} pictures recorded, each equal to one of the file");
        ensure!(recorded >= 12 * 15, "{codec:?}: only {recorded} pictures in {RECORDED:?}");
    }
    Ok(())
}

fn stream(codec: VideoCodec) -> anyhow::Result<StreamId> {
    Ok(StreamId { camera: CameraId::new(codec.as_str())?, kind: StreamKind::Main })
}

/// The coded slices of every picture of the file; VLC adds SEI of its own.
fn slices_of(codec: VideoCodec, file: &std::path::Path) -> anyhow::Result<HashSet<Vec<Bytes>>> {
    let clip = Clip::load(file)?;
    let slices = |index| clip.all_nals(index).into_iter().filter(|nal| is_slice(codec, nal)).collect();
    Ok((0..clip.len()).map(slices).collect())
}

fn is_slice(codec: VideoCodec, nal: &[u8]) -> bool {
    match (codec, nal.first()) {
        (VideoCodec::H264, Some(first)) => (1..=5).contains(&(first & 0x1f)),
        (VideoCodec::H265, Some(first)) => (first >> 1) & 0x3f < 32,
        (_, None) => false,
    }
}
