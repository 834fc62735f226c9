//! Cameras whose pictures are not sent in the order in which they are shown, and cameras that never send an IDR picture
//! again: recorded from a keyframe of an open GOP on, played picture for picture.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use sharpeyes_domain::media::VideoCodec;
use sharpeyes_tests::{
    camsim::{CameraConfig, Clip},
    faulty::{Stand, camera, causes, main_of},
    recording,
    samples::Sample,
};

const BINARY: &str = env!("CARGO_BIN_EXE_sharpeyes-under-test");
/// Of fewer pictures from a recovery point on, where a recording was stopped, ffmpeg hides up to four, of the very film
/// too; of so many and more it hides the two that lead.
const TELLING: usize = 9;

/// The camera begins in the middle of its film: the only IDR picture is long past.
fn amid(name: &str, sample: Sample) -> anyhow::Result<CameraConfig> {
    let start = Duration::from_secs(3);
    Ok(CameraConfig { as_is: true, start, ..camera(name, sample)? })
}

fn kind(codec: VideoCodec, nal: &[u8]) -> u8 {
    let first = nal.first().copied().unwrap_or_default();
    match codec {
        VideoCodec::H264 => first & 0x1f,
        VideoCodec::H265 => (first >> 1) & 0x3f,
    }
}

fn slice_kind(codec: VideoCodec, picture: &[Bytes]) -> u8 {
    let is_slice = |kind: &u8| match codec {
        VideoCodec::H264 => (1..=5).contains(kind),
        VideoCodec::H265 => *kind < 32,
    };
    picture.iter().map(|nal| kind(codec, nal)).find(is_slice).unwrap_or(u8::MAX)
}

#[tokio::test(flavor = "multi_thread")]
async fn open_gops_and_b_pictures_are_recorded_and_play() -> anyhow::Result<()> {
    let samples = [
        ("cra", Sample::OpenH265, VideoCodec::H265),
        ("recovery-point", Sample::OpenH264, VideoCodec::H264),
        ("reordered", Sample::Reordered, VideoCodec::H264),
    ];
    let cameras =
        samples.iter().map(|(name, sample, _)| amid(name, *sample)).collect::<anyhow::Result<_>>()?;
    let stand = Stand::start(BINARY, cameras, &[], |camera| camera).await?;
    stand.records("cra", Duration::from_secs(9)).await?;
    for (name, ..) in samples {
        stand.records(name, Duration::ZERO).await?;
        ensure!(stand.health(name).await?["damaged_pictures"] == 0, "{name}");
    }
    let site = stand.finish().await?;
    for (name, sample, codec) in samples {
        ensure!(causes(&site, name)?.is_empty(), "{name} has gaps");
        let clip = Clip::load(&sample.path()?)?;
        let segments = recording::segments(&site, &main_of(name))?;
        ensure!(segments.len() >= 2, "{name}: {segments:?}");
        let mut at = None;
        for (n, segment) in segments.iter().enumerate() {
            let path = site.media().join(&segment.path);
            let pictures = recording::pictures(&path)?;
            let skipped = check_order(&clip, codec, &pictures, &mut at).with_context(|| name)?;
            ensure!(n == 0 || skipped == 0, "{name}: {skipped} pictures are missing in segment {n}");
            check_beginning(codec, sample, &pictures, n, skipped).with_context(|| name)?;
            check_playing(&path, codec, &pictures, n).with_context(|| format!("{name}: segment {n}"))?;
        }
    }
    Ok(())
}

/// Every recorded picture is the clip's next one. At the very beginning, pictures may be left out: how many.
fn check_order(
    clip: &Clip,
    codec: VideoCodec,
    pictures: &[Vec<Bytes>],
    at: &mut Option<usize>,
) -> anyhow::Result<usize> {
    let mut skipped = 0;
    for (n, picture) in pictures.iter().enumerate() {
        let found: Vec<&Bytes> = picture.iter().filter(|nal| Clip::is_payload(codec, nal)).collect();
        let is_same = |index: usize| clip.nals(index).iter().eq(found.iter().copied());
        let index = match *at {
            None => (0..clip.len()).find(|index| is_same(*index)).context("no picture of the clip")?,
            Some(last) => {
                let next = (1..=4).map(|step| (last + step) % clip.len()).find(|index| is_same(*index));
                let next = next.with_context(|| format!("picture {n} does not follow"))?;
                let step = (next + clip.len() - last) % clip.len();
                ensure!(step == 1 || n == 1, "picture {n}: {} are missing before it", step - 1);
                skipped += step - 1;
                next
            }
        };
        *at = Some(index);
    }
    Ok(skipped)
}

/// The run begins with a keyframe that is no IDR picture where the camera has none, and without pictures that refer to
/// what came before; later segments have them.
fn check_beginning(
    codec: VideoCodec,
    sample: Sample,
    pictures: &[Vec<Bytes>],
    segment: usize,
    skipped: usize,
) -> anyhow::Result<()> {
    let kinds: Vec<u8> = pictures.iter().take(4).map(|picture| slice_kind(codec, picture)).collect();
    match (sample, segment) {
        (Sample::OpenH265, 0) => {
            ensure!(
                kinds[0] == 21 && skipped == 2 && !kinds.iter().any(|kind| matches!(kind, 8 | 9)),
                "{kinds:?}"
            );
        }
        // The recording may end with the keyframe of a new segment.
        (Sample::OpenH265, _) => {
            let is_leading = |kind: &u8| matches!(kind, 8 | 9);
            ensure!(kinds[0] == 21 && kinds.get(1).is_none_or(is_leading), "{kinds:?}");
        }
        (Sample::OpenH264, 0) => ensure!(kinds[0] == 1 && skipped == 2, "{kinds:?}, {skipped} skipped"),
        (Sample::OpenH264, _) => ensure!(kinds[0] == 1, "{kinds:?}"),
        _ => ensure!(kinds[0] == 5 && skipped == 0, "{kinds:?}"),
    }
    Ok(())
}

/// A decoder that begins with this very file shows its pictures at an even pace and complains of nothing. Of later
/// segments with open GOPs it cannot show the first pictures, and must not show rubbish instead.
fn check_playing(
    path: &std::path::Path,
    codec: VideoCodec,
    pictures: &[Vec<Bytes>],
    segment: usize,
) -> anyhow::Result<()> {
    let Some((video, complaints)) = recording::decode(path)? else {
        println!("skipped: decoding by ffmpeg (not installed)");
        return Ok(());
    };
    println!(
        "{}: segment {segment}, {} of {} pictures, {complaints:?}",
        codec.as_str(),
        video.n_frames,
        pictures.len()
    );
    let n_hidden = pictures.len() - video.n_frames;
    ensure!(
        if segment == 0 { n_hidden == 0 } else { n_hidden <= 2 || pictures.len() < TELLING },
        "{n_hidden} of {} hidden",
        pictures.len()
    );
    ensure!(segment > 0 || complaints.is_empty(), "{complaints}");
    // 15 pictures a second; RTP times are whole ticks. After hidden pictures the next comes in its own time; at the very
    // end the B pictures of the last anchor may not have come any more.
    let steps: Vec<i64> = video.shown_us.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (first, last) = (if segment == 0 { 0 } else { 3 }, steps.len().saturating_sub(3));
    let even = steps.get(first..last.max(first)).unwrap_or_default();
    // One place where the film begins anew.
    let n_uneven = even.iter().filter(|step| !(66_600..=66_734).contains(*step)).count();
    ensure!(n_uneven <= 1 && steps.iter().all(|step| *step > 0), "{steps:?}");
    Ok(())
}
