//! Decoders on the footage of the repository.

use std::{collections::HashMap, path::Path, sync::Arc};

use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
    time::WallTime,
};

use super::*;

pub(in crate::analyze) struct Film {
    pub(in crate::analyze) params: Arc<VideoParams>,
    pub(in crate::analyze) units: Vec<AccessUnit>,
}

pub(in crate::analyze) fn film(scene: &str) -> Film {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/footage");
    let opened = FileDemuxer::open(&root.join(format!("{scene}.mp4")), WallTime(0)).unwrap();
    let OpenedFile { params, mut demuxer } = opened;
    let units = std::iter::from_fn(|| demuxer.next_unit().unwrap()).take(100).collect();
    Film { params, units }
}

fn luma(picture: &Decoded) -> Vec<u8> {
    let (width, height) = picture.size_px();
    let rows = |plane: Plane<'_>| {
        let row = |y: u32| &plane.data[y as usize * plane.stride..][..width as usize];
        (0..height).flat_map(|y| row(y).to_vec()).collect()
    };
    picture.luma(rows).unwrap()
}

#[test]
fn a_shared_decoder_shows_every_cameras_keyframes_as_its_own_decoder_does() {
    let scenes = ["lane_night", "village_square", "road_junction", "market_rain"].map(film);
    let mut shared: HashMap<_, KeyframeDecoder> = HashMap::new();
    let own = scenes.each_ref().map(|film| {
        let mut decoder = Decoder::new(&film.params, DecoderChoice::Software).unwrap();
        let mut pictures: Vec<Decoded> = Vec::new();
        film.units.iter().for_each(|unit| pictures.extend(decoder.feed(unit).unwrap()));
        pictures.extend(decoder.drain().unwrap());
        assert_eq!(pictures.len(), film.units.len());
        assert!(pictures.is_sorted_by_key(|picture| picture.pts));
        pictures
    });
    // A keyframe of each in turn, as idle cameras come.
    let mut n_same = 0;
    for n in 0..4 {
        for (film, own) in scenes.iter().zip(&own) {
            let unit = film.units.iter().filter(|unit| unit.is_keyframe).nth(n).unwrap();
            let shared = shared
                .entry(film.params.codec)
                .or_insert_with(|| KeyframeDecoder::new(film.params.codec, DecoderChoice::Software).unwrap());
            let picture = shared.decode(&film.params, unit).unwrap().expect("a keyframe is a picture");
            assert_eq!((picture.pts, picture.wall), (unit.pts, unit.wall));
            let expected = own.iter().find(|picture| picture.pts == unit.pts).unwrap();
            assert!(luma(&picture) == luma(expected), "{unit:?}");
            n_same += 1;
        }
    }
    assert_eq!((n_same, shared.len()), (16, 2));
}

#[test]
fn what_is_no_picture_is_an_error_or_nothing_and_the_next_keyframe_is_one_again() {
    let film = film("lane_night");
    let mut shared = KeyframeDecoder::new(film.params.codec, DecoderChoice::Software).unwrap();
    let keyframe = &film.units[0];
    let torn = AccessUnit { nals: keyframe.nals.slice(..40), ..keyframe.clone() };
    let noise = AccessUnit { nals: vec![0, 0, 0, 4, 0x65, 1, 2, 3].into(), ..keyframe.clone() };
    for broken in [torn, noise] {
        let _ = shared.decode(&film.params, &broken);
    }
    let mut shared = KeyframeDecoder::new(film.params.codec, DecoderChoice::Software).unwrap();
    assert!(shared.decode(&film.params, keyframe).unwrap().is_some());
}

#[test]
fn a_decoder_that_was_asked_for_and_is_not_there_is_named_and_not_replaced() {
    let film = film("lane_night");
    for choice in [DecoderChoice::NvDec, DecoderChoice::VaApi, DecoderChoice::V4l2] {
        match Decoder::new(&film.params, choice) {
            Ok(decoder) => assert!(decoder.element().is_hardware, "{:?}", decoder.element()),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains(choice.as_str()) && text.contains("h264"), "{text}");
            }
        }
    }
    let software = Decoder::new(&film.params, DecoderChoice::Software).unwrap();
    assert!(!software.element().is_hardware);
}
