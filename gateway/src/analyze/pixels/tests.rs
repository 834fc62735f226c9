//! The committed footage, as it is and spoilt: nothing is seen where nothing is, every kind of tampering is, at all rates.

use std::path::Path;

use sharpeyes_domain::{
    geometry::{Confidence, NormRect},
    ladder::DecoderChoice,
    tamper::TamperEnding,
    time::{Pts, WallTime},
};

use super::*;
use crate::analyze::decode::{Decoder, FileDemuxer, OpenedFile};

/// Keyframes only, and the slow and the fast end of the second rung.
const RATES: [i64; 3] = [24, 6, 3];
/// The footage's own rate.
const FPS: i64 = 12;

/// Every third picture of a loop in its own size, the colour as it is.
fn footage(name: &str) -> Vec<Frame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/footage/{name}.mp4"));
    let OpenedFile { params, mut demuxer } = FileDemuxer::open(&path, WallTime(0)).unwrap();
    let mut decoder = Decoder::new(&params, DecoderChoice::Software).unwrap();
    let mut decoded = Vec::new();
    while let Some(unit) = demuxer.next_unit().unwrap() {
        decoded.extend(decoder.feed(&unit).unwrap().iter().filter_map(|picture| picture.frame()).map(small));
    }
    decoded.extend(decoder.drain().unwrap().iter().filter_map(|picture| picture.frame()).map(small));
    decoded.into_iter().step_by(3).collect()
}

/// Half the size: what a test keeps of every picture.
fn small(frame: Frame) -> Frame {
    frame.scaled_to(frame.width_px / 2)
}

/// The same with another luma plane, a pixel's brightness given by its place and the plane before.
fn with_luma(frame: &Frame, pixel: impl Fn(usize, usize, &dyn Fn(usize, usize) -> u8) -> u8) -> Frame {
    let size = |pixels: u32| usize::try_from(pixels).unwrap();
    let (width, height) = (size(frame.width_px), size(frame.height_px));
    let [y, cb, cr] = &*frame.planes;
    let at = |x: usize, row: usize| y.data[row.min(height - 1) * y.stride + x.min(width - 1)];
    let data = (0..width * height).map(|n| pixel(n % width, n / width, &at)).collect();
    let copy = |plane: &FramePlane| FramePlane { data: plane.data.clone(), stride: plane.stride };
    let planes = std::sync::Arc::new([FramePlane { data, stride: width }, copy(cb), copy(cr)]);
    Frame { planes, ..frame.clone() }
}

/// A loop played twice, spoilt from 24 to 48 s, at one of [`RATES`].
fn watch(frames: &[Frame], every: i64, spoil: impl Fn(&Frame) -> Frame) -> (Vec<(f64, TamperEdge)>, usize) {
    let mut pixels = Pixels::new(Things::Wanted);
    let (mut edges, mut n_still) = (Vec::new(), 0);
    let step = usize::try_from(every / 3).unwrap();
    let n = usize::try_from(72 * FPS / 3).unwrap();
    for at in (0..n).step_by(step) {
        let frame = &frames[at % frames.len()];
        let ticks = i64::try_from(at).unwrap() * 3 * 90_000 / FPS;
        let moment = Moment { pts: Pts(ticks), wall: WallTime(ticks / 90) };
        let is_spoilt = (24 * 90_000..48 * 90_000).contains(&ticks);
        let spoilt = is_spoilt.then(|| spoil(frame));
        let sight = pixels.observe(moment, &luma(spoilt.as_ref().unwrap_or(frame)).unwrap());
        assert!(sight.doubt.is_none() || sight.things.is_empty());
        n_still += sight.things.len();
        edges.extend(sight.tamper.into_iter().map(|edge| (moment.pts.0 as f64 / 90_000.0, edge)));
    }
    (edges, n_still)
}

/// One begin within the spoilt time and one end after it, of this kind, in every loop at every rate.
fn check(kind: TamperKind, spoil: impl Fn(&Frame) -> Frame) {
    for name in ["lane_night", "road_junction", "village_gate_quiet"] {
        let frames = footage(name);
        for every in RATES {
            let (edges, _) = watch(&frames, every, &spoil);
            let [(begin, TamperEdge::Begin { kind: found, .. }), (end, TamperEdge::End { ending, .. })] =
                &edges[..]
            else {
                panic!("{kind}, {name}, every {every}th picture: {edges:?}");
            };
            assert_eq!((*found, *ending), (kind, TamperEnding::Restored), "{name}");
            assert!((24.0..=48.0).contains(begin) && (48.0..=58.0).contains(end), "{name}: {edges:?}");
        }
    }
}

#[test]
fn nothing_is_wrong_with_any_of_the_footage() {
    for name in [
        "lane_night",
        "market_rain",
        "reservoir_bank",
        "road_junction",
        "village_gate_quiet",
        "village_square",
    ] {
        let frames = footage(name);
        for every in RATES {
            assert_eq!(watch(&frames, every, Frame::clone).0, [], "{name}, every {every}th picture");
        }
    }
}

#[test]
fn a_board_before_the_lens_covers_it() {
    check(TamperKind::Covered, |frame| with_luma(frame, |x, y, at| if y < 240 { 32 } else { at(x, y) }));
}

#[test]
fn a_blur_is_out_of_focus() {
    const REACH: usize = 5;
    check(TamperKind::Defocused, |frame| {
        let across = with_luma(frame, |x, y, at| {
            let sum: u32 = (0..=2 * REACH).map(|n| u32::from(at((x + n).saturating_sub(REACH), y))).sum();
            u8::try_from(sum / 11).unwrap()
        });
        with_luma(&across, |x, y, at| {
            let sum: u32 = (0..=2 * REACH).map(|n| u32::from(at(x, (y + n).saturating_sub(REACH)))).sum();
            u8::try_from(sum / 11).unwrap()
        })
    });
}

#[test]
fn a_camera_that_was_pushed_has_moved() {
    check(TamperKind::Moved, |frame| with_luma(frame, |x, y, at| at(x + 40, y + 20)));
}

#[test]
fn a_picture_that_stands_still_is_frozen() {
    for name in ["lane_night", "village_gate_quiet"] {
        let frames = footage(name);
        let stuck = frames[20].clone();
        for every in RATES {
            let (edges, _) = watch(&frames, every, |_| stuck.clone());
            let [(begin, TamperEdge::Begin { kind: TamperKind::Frozen, .. }), (_, TamperEdge::End { .. })] =
                &edges[..]
            else {
                panic!("{name}, every {every}th picture: {edges:?}");
            };
            assert!((38.0..=48.0).contains(begin), "{name}: {edges:?}");
        }
    }
}

#[test]
fn a_box_that_was_put_down_is_a_thing_and_a_quiet_place_has_none() {
    let frames = footage("village_gate_quiet");
    for every in RATES {
        let mut pixels = Pixels::new(Things::Wanted);
        let bag = NormRect { x0: 0.45, y0: 0.74, x1: 0.5, y1: 0.82 };
        let mut found = Vec::new();
        for at in (0..usize::try_from(72 * FPS / 3).unwrap()).step_by(usize::try_from(every / 3).unwrap()) {
            let ticks = i64::try_from(at).unwrap() * 3 * 90_000 / FPS;
            let frame = &frames[at % frames.len()];
            let is_there = ticks >= 24 * 90_000;
            let (x, y) = (216..240, 200..221);
            let frame = with_luma(frame, |px, py, before| {
                if is_there && x.contains(&px) && y.contains(&py) { 20 } else { before(px, py) }
            });
            let moment = Moment { pts: Pts(ticks), wall: WallTime(ticks / 90) };
            let sight = pixels.observe(moment, &luma(&frame).unwrap());
            let is_bag = sight.things.iter().any(|thing| thing.rect.iou(&bag) > 0.5);
            assert!(is_there || !is_bag);
            found.push((ticks, is_bag));
        }
        let late = found.iter().filter(|(ticks, _)| *ticks >= 42 * 90_000);
        let (n, seen) = late.fold((0, 0), |(n, seen), (_, is)| (n + 1, seen + i32::from(*is)));
        assert!(n > 5 && seen * 10 >= n * 9, "every {every}th picture: seen in {seen} of {n}");
    }
}

#[test]
fn a_thing_that_the_detector_names_is_not_counted_twice() {
    let detection = |class, x0, y0, x1, y1| Detection {
        class,
        confidence: Confidence::new(0.8),
        rect: NormRect { x0, y0, x1, y1 },
    };
    let other = sharpeyes_domain::detection::ObjectClass::Other;
    let person = detection(sharpeyes_domain::detection::ObjectClass::Person, 0.4, 0.4, 0.5, 0.7);
    let with_shadow = detection(other, 0.4, 0.4, 0.6, 0.75);
    let half = detection(other, 0.4, 0.5, 0.5, 0.7);
    let bag = detection(other, 0.52, 0.65, 0.56, 0.7);
    let crowd = detection(other, 0.1, 0.1, 0.9, 0.9);
    let left: Vec<Detection> = unexplained(&[with_shadow, half, bag, crowd], &[person]).collect();
    assert_eq!(left, [bag, crowd]);
}
