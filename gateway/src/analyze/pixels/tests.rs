//! The committed footage, as it is and spoilt: nothing is seen where nothing is, every kind of tampering is, at all rates.

use std::path::Path;

use sharpeyes_domain::{
    geometry::{Confidence, NormRect},
    ladder::DecoderChoice,
    schedule::Weekday,
    tamper::TamperEnding,
    time::{Pts, WallTime},
};

use super::*;
use crate::analyze::decode::{Decoded, Decoder, FileDemuxer, OpenedFile};

/// Keyframes only, and the slow and the fast end of the second rung.
const RATES: [i64; 3] = [24, 6, 3];
/// By the clock it may be dark.
const NIGHT: LocalTime = LocalTime { weekday: Weekday::Monday, minute_of_day: 23 * 60 };
/// The footage's own rate.
const FPS: i64 = 12;

/// Every third picture of a loop, a third of its size.
fn footage(name: &str) -> Vec<Frame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/footage/{name}.mp4"));
    let OpenedFile { params, mut demuxer } = FileDemuxer::open(&path, WallTime(0)).unwrap();
    let mut decoder = Decoder::new(&params, DecoderChoice::Software).unwrap();
    let (mut frames, mut n) = (Vec::new(), 0);
    let mut keep = |pictures: Vec<Decoded>| {
        for picture in pictures {
            if n % 3 == 0 {
                let frame = picture.frame().unwrap();
                frames.push(frame.scaled_to(frame.width_px / 3));
            }
            n += 1;
        }
    };
    while let Some(unit) = demuxer.next_unit().unwrap() {
        keep(decoder.feed(&unit).unwrap());
    }
    keep(decoder.drain().unwrap());
    frames
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

/// A loop as pixels are looked at.
fn lumas(frames: &[Frame], spoil: impl Fn(&Frame) -> Frame) -> Vec<LumaPicture> {
    frames.iter().map(|frame| luma(&spoil(frame)).unwrap()).collect()
}

/// What begins and ends while a loop is played twice, spoilt from 24 to 48 s, at one of [`RATES`].
fn watch(well: &[LumaPicture], spoilt: &[LumaPicture], every: i64) -> Vec<(f64, TamperEdge)> {
    let mut pixels = Pixels::new(Things::Wanted);
    let mut edges = Vec::new();
    for (ticks, at) in moments(every) {
        let is_spoilt = (24 * 90_000..48 * 90_000).contains(&ticks);
        let played = if is_spoilt { spoilt } else { well };
        let moment = Moment { pts: Pts(ticks), wall: WallTime(ticks / 90) };
        let sight = pixels.observe(moment, NIGHT, &played[at % played.len()]);
        assert!(sight.doubt.is_none() || sight.things.is_empty());
        edges.extend(sight.tamper.into_iter().map(|edge| (moment.pts.0 as f64 / 90_000.0, edge)));
    }
    edges
}

/// Ticks and the picture's place among every third, for 72 s.
fn moments(every: i64) -> impl Iterator<Item = (i64, usize)> {
    (0..72 * FPS / every).map(move |n| (n * every * 90_000 / FPS, usize::try_from(n * every / 3).unwrap()))
}

/// One begin within the spoilt time and one end after it, of this kind, in every loop at every rate.
fn check(kind: TamperKind, spoil: impl Fn(&Frame) -> Frame) {
    for name in ["lane_night", "road_junction", "village_gate_quiet"] {
        let frames = footage(name);
        let (well, spoilt) = (lumas(&frames, Frame::clone), lumas(&frames, &spoil));
        for every in RATES {
            let edges = watch(&well, &spoilt, every);
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
        let well = lumas(&footage(name), Frame::clone);
        for every in RATES {
            assert_eq!(watch(&well, &well, every), [], "{name}, every {every}th picture");
        }
    }
}

#[test]
fn a_board_before_the_lens_covers_it() {
    check(TamperKind::Covered, |frame| {
        with_luma(frame, |x, y, at| if y < 172 { 32 + (at(x, y) & 3) } else { at(x, y) })
    });
}

#[test]
fn a_street_lamp_that_goes_out_leaves_a_dark_lane_and_no_ticket() {
    // The lamp lights the middle, and the footage is bright: beside it there is a twelfth of the light.
    let lit = |frame: &Frame| {
        let (from, to) = (frame.width_px as usize / 4, frame.width_px as usize * 3 / 4);
        with_luma(frame, |x, y, at| {
            let pixel = at(x, y);
            if (from..to).contains(&x) { pixel } else { 16 + pixel.saturating_sub(16) / 12 }
        })
    };
    let frames: Vec<Frame> = footage("lane_night").iter().map(lit).collect();
    let well = lumas(&frames, Frame::clone);
    // A tenth of that is left, or nothing: what the sensor makes of it by itself is noise.
    for light in [10, u8::MAX] {
        let noise = std::cell::Cell::new(1_u32);
        let spoilt = lumas(&frames, |frame| {
            with_luma(frame, |x, y, at| {
                noise.set(noise.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
                16 + at(x, y).saturating_sub(16) / light + u8::try_from((noise.get() >> 24) % 6).unwrap()
            })
        });
        for every in RATES {
            assert_eq!(watch(&well, &spoilt, every), [], "1/{light}, every {every}th picture");
        }
    }
}

#[test]
fn a_blur_is_out_of_focus() {
    const REACH: usize = 3;
    check(TamperKind::Defocused, |frame| {
        let across = with_luma(frame, |x, y, at| {
            let sum: u32 = (0..=2 * REACH).map(|n| u32::from(at((x + n).saturating_sub(REACH), y))).sum();
            u8::try_from(sum / 7).unwrap()
        });
        with_luma(&across, |x, y, at| {
            let sum: u32 = (0..=2 * REACH).map(|n| u32::from(at(x, (y + n).saturating_sub(REACH)))).sum();
            u8::try_from(sum / 7).unwrap()
        })
    });
}

#[test]
fn a_camera_that_was_pushed_has_moved() {
    check(TamperKind::Moved, |frame| with_luma(frame, |x, y, at| at(x + 27, y + 13)));
}

#[test]
fn a_picture_that_stands_still_is_frozen() {
    for name in ["lane_night", "village_gate_quiet"] {
        let well = lumas(&footage(name), Frame::clone);
        for every in RATES {
            let edges = watch(&well, &well[20..21], every);
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
fn a_box_that_was_put_down_is_a_thing_and_before_that_there_is_none() {
    let frames = footage("village_gate_quiet");
    let bag = NormRect { x0: 0.45, y0: 0.74, x1: 0.5, y1: 0.82 };
    let (columns, rows) = (144..160, 133..148);
    let with_bag = |frame: &Frame| {
        with_luma(frame, |x, y, at| if columns.contains(&x) && rows.contains(&y) { 20 } else { at(x, y) })
    };
    let (without, with) = (lumas(&frames, Frame::clone), lumas(&frames, with_bag));
    for every in RATES {
        let mut pixels = Pixels::new(Things::Wanted);
        let (mut n, mut n_seen) = (0, 0);
        for (ticks, at) in moments(every) {
            let played = if ticks >= 24 * 90_000 { &with } else { &without };
            let moment = Moment { pts: Pts(ticks), wall: WallTime(ticks / 90) };
            let sight = pixels.observe(moment, NIGHT, &played[at % played.len()]);
            let is_seen = sight.things.iter().any(|thing| thing.rect.iou(&bag) > 0.5);
            assert!(!is_seen || ticks >= 24 * 90_000);
            if ticks >= 42 * 90_000 {
                n += 1;
                n_seen += i32::from(is_seen);
            }
        }
        assert!(n > 5 && n_seen * 10 >= n * 9, "every {every}th picture: seen in {n_seen} of {n}");
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
    let shop_front = detection(sharpeyes_domain::detection::ObjectClass::Bus, 0.05, 0.0, 1.0, 0.93);
    let left: Vec<Detection> = unexplained(&[with_shadow, half, bag, crowd], &[person, shop_front]).collect();
    assert_eq!(left, [bag, crowd]);
}
