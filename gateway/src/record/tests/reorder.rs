//! Pictures that are not sent in the order in which they are shown, over rotations and runs.

use proptest::prelude::*;

use super::{
    kit::{Kit, START, run, stream, unit},
    *,
};
use crate::mp4::{Scanner, fragment_tables};

/// One run in decoding order: GOPs of `gop` anchors with `n_b` B pictures before each but the keyframe, open or closed.
#[derive(Clone, Debug)]
struct Shape {
    n_b: i64,
    gop: i64,
    is_open: bool,
    /// Ticks between two pictures, and how uneven they are.
    frame: i64,
    uneven: Vec<i64>,
}

fn shapes() -> impl Strategy<Value = Shape> {
    (0i64..4, 2i64..8, any::<bool>(), 1_800i64..9_000, prop::collection::vec(-300i64..300, 7))
        .prop_map(|(n_b, gop, is_open, frame, uneven)| Shape { n_b, gop, is_open, frame, uneven })
}

fn pictures(shape: &Shape, n_anchors: i64) -> Vec<AccessUnit> {
    let time = |number: i64| {
        let uneven = shape.uneven[usize::try_from(number.rem_euclid(7)).unwrap()];
        Pts(if number == 0 { 0 } else { number * shape.frame + uneven })
    };
    let mut units = Vec::new();
    let mut push = |number: i64, is_keyframe: bool| {
        let pts = time(number);
        let wall = START.plus_media(pts - Pts(0));
        units.push(AccessUnit { pts, wall, is_keyframe, ..unit(number, 1_000_000) });
    };
    let mut number = 0;
    push(0, true);
    for anchor in 1..n_anchors {
        let is_keyframe = anchor % shape.gop == 0;
        let n_b = if is_keyframe && !shape.is_open { 0 } else { shape.n_b };
        push(number + n_b + 1, is_keyframe);
        (1..=n_b).for_each(|b| push(number + b, false));
        number += n_b + 1;
    }
    units
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_picture_keeps_its_time_and_no_duration_is_zero(
        first in shapes(),
        second in shapes(),
        pause in -300i64..3_000,
    ) {
        let mut kit = Kit::new();
        kit.settings.segment = Duration::from_secs(1);
        let recorder = kit.open();
        let sender = recorder.sender(&stream("gate")).unwrap();
        let mut sent = Vec::new();
        let mut from = 0;
        for (generation, shape) in (1_u64..).zip([&first, &second]) {
            kit.send(&sender, RecorderMessage::RunBegin(run("gate", generation)));
            let mut until = START;
            for mut unit in pictures(shape, 40) {
                unit.wall = WallTime(unit.wall.0 + from);
                until = until.max(unit.wall);
                sent.push((generation, unit.pts, unit.nals.clone()));
                kit.send(&sender, RecorderMessage::Unit(unit));
            }
            let end = until.plus(Duration::from_millis(200));
            kit.clock.advance(end.since(kit.clock.wall()));
            kit.send(&sender, RecorderMessage::RunEnd(RunEnd { cause: GapCause::SessionEnded, at: end }));
            from = end.0 - START.0 + pause;
        }
        recorder.close();
        kit.assert_sound();
        let rows = kit.footage().segments_in(&stream("gate"), all()).unwrap();
        let mut spans = Vec::new();
        let mut recorded = Vec::new();
        let mut runs = Vec::new();
        for row in rows {
            if runs.last() != Some(&row.run) {
                runs.push(row.run);
            }
            spans.push(row.closed.clone().unwrap().span);
            let file = fs::read(kit.settings.media_dir.join(&row.path)).unwrap();
            let mut scanner = Scanner::open(&file[..]).unwrap();
            while let Some(fragment) = scanner.next_fragment().unwrap() {
                let start = usize::try_from(fragment.offset).unwrap();
                let body = start + usize::try_from(fragment.header_bytes).unwrap();
                let (mut at, mut time) = (body, row.start_pts.0 + fragment.base.0);
                for sample in fragment_tables(&file[start..body]).unwrap().video {
                    prop_assert!(sample.duration > 0);
                    let end = at + usize::try_from(sample.size).unwrap();
                    recorded.push((u64::try_from(runs.len()).unwrap(), time + i64::from(sample.composition), file[at..end].to_vec()));
                    at = end;
                    time += i64::from(sample.duration);
                }
                prop_assert_eq!(time, row.start_pts.0 + fragment.end.0, "the next fragment begins where this one ends");
            }
        }
        prop_assert_eq!(runs.len(), 2);
        prop_assert!(spans.windows(2).all(|pair| pair[0].to <= pair[1].from), "{spans:?}");
        prop_assert!(spans.iter().all(|span| !span.is_empty()), "{spans:?}");
        let sent: Vec<_> =
            sent.into_iter().map(|(generation, pts, nals)| (generation, pts.0, nals.to_vec())).collect();
        prop_assert_eq!(recorded, sent);
    }
}
