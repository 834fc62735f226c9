//! What is recorded is what the camera sent: every NAL unit byte for byte, in order, none missing, for a minute.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Pattern,
    gateway::Program,
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera},
};

/// This much must have been sent, and then recorded.
const SENT: Duration = Duration::from_secs(62);
const RECORDED: Duration = Duration::from_secs(60);

fn main_of(id: &CameraId) -> StreamId {
    StreamId { camera: id.clone(), kind: StreamKind::Main }
}

fn nal_type(codec: VideoCodec, nal: &[u8]) -> u8 {
    match codec {
        VideoCodec::H264 => nal[0] & 0x1f,
        VideoCodec::H265 => (nal[0] >> 1) & 0x3f,
    }
}

/// What does not arrive in a picture by RTSP, and why; `docs/recording.md` says the same.
fn travels_beside_pictures(codec: VideoCodec, nal: &[u8]) -> bool {
    match (codec, nal_type(codec, nal)) {
        // Parameter sets: taken out of the pictures by the RTSP client (RFC 6184 8.2.2 lets them come in the SDP or in
        // the stream), kept in the file's header.
        (VideoCodec::H264, 7 | 8) | (VideoCodec::H265, 32..=34) => true,
        (VideoCodec::H264 | VideoCodec::H265, _) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_of_h264_and_h265_is_recorded_byte_for_byte() -> anyhow::Result<()> {
    let cameras =
        [VideoCodec::H264, VideoCodec::H265].map(|codec| (CameraId::new(codec.as_str()).unwrap(), codec));
    let mut simulated = Vec::new();
    for (id, codec) in &cameras {
        simulated.push(CameraConfig::new(id.clone(), Pattern::small(*codec).file()?));
    }
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: simulated, keep_sent: true };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;

    let mut site = SiteBuilder::new().set("storage", "segment", "20s");
    for (id, _) in &cameras {
        site = site.camera(SiteCamera::new(id.as_str(), simulator.url(id.as_str(), StreamKind::Main)));
    }
    let site = site.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let gateway = program.start(&site).await?;
    poll::until("a minute of media", SENT * 3, || async {
        let is_enough = |(id, _): &(CameraId, VideoCodec)| {
            let sent = simulator.sent(id, StreamKind::Main);
            sent.first().zip(sent.last()).is_some_and(|(first, last)| last.media - first.media >= SENT)
        };
        Ok(cameras.iter().all(is_enough).then_some(()))
    })
    .await?;
    gateway.stop().await?;
    program.check(&site).await?;

    for (id, codec) in cameras {
        let segments = recording::segments(&site, &main_of(&id))?;
        assert!(segments.len() >= 3, "{segments:?}");
        for pair in segments.windows(2) {
            assert_eq!(pair[0].span.to, pair[1].span.from, "{id}: one run without a gap");
        }
        let mut pictures = Vec::new();
        let mut by_ffmpeg = Vec::new();
        for segment in &segments {
            let path = site.media().join(&segment.path);
            pictures.extend(recording::pictures(&path)?);
            match recording::nals_by_ffmpeg(&path, codec)? {
                Some(nals) => by_ffmpeg.extend(nals),
                None => eprintln!("skipped: the second reader (no ffmpeg)"),
            }
        }

        let clip = simulator.clip(&id, StreamKind::Main).unwrap();
        let sent = simulator.sent(&id, StreamKind::Main);
        // The session may have begun after the first pictures had left; the recording begins at a keyframe.
        let as_recorded = |index| {
            let mut nals = clip.all_nals(index);
            nals.retain(|nal: &Bytes| !travels_beside_pictures(codec, nal));
            nals
        };
        let first = sent.iter().position(|unit| as_recorded(unit.index) == pictures[0]);
        let first = first.expect("the first recorded picture was sent");
        let sent = &sent[first..];
        assert!(first < 16, "{id}: {first} pictures were sent before the first recorded one");
        assert!(sent.len() >= pictures.len(), "{id}: {} sent, {} recorded", sent.len(), pictures.len());
        for (n, (unit, picture)) in sent.iter().zip(&pictures).enumerate() {
            assert_eq!(&as_recorded(unit.index), picture, "{id}: picture {n} of {}", pictures.len());
        }
        let last = &sent[pictures.len() - 1];
        let length = last.media - sent[0].media;
        assert!(length >= RECORDED, "{id}: {length:?}");

        let expected: Vec<Bytes> = pictures.iter().flatten().cloned().collect();
        if !by_ffmpeg.is_empty() {
            by_ffmpeg.retain(|nal| !travels_beside_pictures(codec, nal));
            assert!(
                by_ffmpeg == expected,
                "{id}: ffmpeg reads {} units, not {}",
                by_ffmpeg.len(),
                expected.len()
            );
        }

        let mut types: BTreeMap<u8, [usize; 2]> = BTreeMap::new();
        for unit in &sent[..pictures.len()] {
            for nal in clip.all_nals(unit.index) {
                types.entry(nal_type(codec, &nal)).or_default()[0] += 1;
            }
        }
        for nal in &expected {
            types.entry(nal_type(codec, nal)).or_default()[1] += 1;
        }
        eprintln!(
            "{id}: {} pictures, {} NAL units, {} bytes over {length:?} equal; {first} pictures before, {} after; \
             NAL type: [in the camera, in the file] {types:?}",
            pictures.len(),
            expected.len(),
            expected.iter().map(Bytes::len).sum::<usize>(),
            sent.len() - pictures.len(),
        );
    }
    simulator.stop();
    Ok(())
}
