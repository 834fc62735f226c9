//! The second RTSP server works as its helper says, so that what fails against it is the product's fault.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::time::Duration;

use bytes::Bytes;
use sharpeyes_domain::media::{VideoCodec, nal_units};
use sharpeyes_tests::{
    camsim::Clip,
    peer::{Peer, PeerError},
    samples::Sample,
    viewer::Viewer,
};

const PATIENCE: Duration = Duration::from_secs(60);

async fn plays(sample: Sample, codec: VideoCodec) {
    gstreamer::init().unwrap();
    let file = sample.path().unwrap();
    let peer = match Peer::start(&file) {
        Err(PeerError::Missing(program)) => {
            println!("skipped: a second RTSP server ({program} is not installed)");
            return;
        }
        peer => peer.unwrap(),
    };
    let clip = Clip::load(&file).unwrap();
    tokio::time::timeout(PATIENCE, async {
        let mut viewer = Viewer::open_udp(&peer.url(), None).await.unwrap();
        let (mut found, mut last) = (0, i64::MIN);
        for _ in 0..40 {
            let frame = loop {
                match viewer.picture().await {
                    // Who joins in the middle of a picture gets the rest of it first. The session may end by it: as the
                    // gateway does, the next is opened.
                    Err(error) if last == i64::MIN => {
                        println!("joined in the middle of a picture: {error}");
                        viewer = Viewer::open_udp(&peer.url(), None).await.unwrap();
                    }
                    frame => break frame.unwrap(),
                }
            };
            assert!(frame.timestamp().timestamp() > last);
            last = frame.timestamp().timestamp();
            let slices: Vec<Bytes> = nal_units(frame.data()).map(Bytes::copy_from_slice).collect();
            let slices = only_slices(codec, slices);
            found += usize::from((0..clip.len()).any(|index| only_slices(codec, clip.nals(index)) == slices));
        }
        assert_eq!(found, 40, "of 40 pictures are the file's");
    })
    .await
    .expect("in time");
}

/// Coded slices alone: VLC repeats the SEI of the sample entry before keyframes.
fn only_slices(codec: VideoCodec, nals: Vec<Bytes>) -> Vec<Bytes> {
    let is_slice = |nal: &Bytes| match (codec, nal.first()) {
        (VideoCodec::H264, Some(first)) => (1..=5).contains(&(first & 0x1f)),
        (VideoCodec::H265, Some(first)) => (first >> 1) & 0x3f < 32,
        (_, None) => false,
    };
    nals.into_iter().filter(is_slice).collect()
}

#[tokio::test]
async fn vlc_serves_h264() {
    plays(Sample::H264, VideoCodec::H264).await;
}

#[tokio::test]
async fn vlc_serves_h265() {
    plays(Sample::H265, VideoCodec::H265).await;
}
