//! Which part of a picture the detector looks at while everything that moves is in one place.
//!
//! A part costs what it covers. What stands outside it is taken to stand there still: a whole picture is looked at every
//! second.

use sharpeyes_domain::{
    detection::Detection,
    geometry::NormRect,
    time::{MediaDuration, Pts},
    track::Track,
};

use super::motion::Places;

/// Shares of the picture's width and height: one size for all, so that a detector meets few. 416×240 of 640×360.
const SIZE: (f32, f32) = (0.65, 0.667);
/// Room around a track, in shares of its own size.
const ROOM: f32 = 0.5;
/// What has stood for so long is not followed.
const STANDS: MediaDuration = MediaDuration::from_secs(2);
/// A box that ends so near the edge of the part is of something that goes on beyond it.
const EDGE: f32 = 0.006;
/// A place that moved so many times without anything detected in it moves by itself.
const RESTLESS: u8 = 4;
/// The most that is counted, and what each time takes off when something was detected.
const MOST_RESTLESS: u8 = 12;
const FORGIVEN: u8 = 3;

/// Where a picture moves by itself: a clock in its corner, a flag, water.
#[derive(Debug)]
pub(super) struct Restless([u8; Places::N]);

impl Default for Restless {
    fn default() -> Self {
        Self([0; Places::N])
    }
}

impl Restless {
    /// The whole picture was detected.
    pub(super) fn learn(&mut self, moving: Places, detections: &[Detection]) {
        for (n, place) in moving.each() {
            let is_explained = detections.iter().any(|seen| seen.rect.intersection(&place) > 0.0);
            let count = &mut self.0[n];
            *count =
                if is_explained { count.saturating_sub(FORGIVEN) } else { *count + 1 }.min(MOST_RESTLESS);
        }
    }

    /// The places that do not move by themselves.
    pub(super) fn others(&self, moving: Places) -> impl Iterator<Item = NormRect> {
        moving.each().filter(|(n, _)| self.0[*n] < RESTLESS).map(|(_, place)| place)
    }
}

/// Where to look in a picture some places of which are `moving`; `None`: everywhere.
#[must_use]
pub(super) fn part(moving: impl Iterator<Item = NormRect>, tracks: &[Track]) -> Option<NormRect> {
    let tracks = tracks.iter().filter(|track| track.stood() < STANDS).map(|track| {
        let (dx, dy) = (ROOM * track.rect.width(), ROOM * track.rect.height());
        grown(&track.rect, dx, dy)
    });
    let all = moving.chain(tracks).reduce(|all, rect| all.union(&rect))?.clipped();
    let (width, height) = SIZE;
    if all.width() > width || all.height() > height {
        return None;
    }
    let middle = all.centre();
    let x0 = (middle.x - width / 2.0).clamp(0.0, 1.0 - width);
    let y0 = (middle.y - height / 2.0).clamp(0.0, 1.0 - height);
    Some(NormRect { x0, y0, x1: x0 + width, y1: y0 + height })
}

/// What was seen in a part of a picture, and what stood outside it in the picture before.
#[must_use]
pub(super) fn complete(
    part: &NormRect,
    seen: &[Detection],
    tracks: &[Track],
    before: Option<Pts>,
) -> Vec<Detection> {
    let is_whole = |rect: &NormRect| {
        let is_cut = |edge: f32, at: f32, border: f32| (edge - at).abs() < EDGE && (at - border).abs() > EDGE;
        !(is_cut(rect.x0, part.x0, 0.0)
            || is_cut(rect.y0, part.y0, 0.0)
            || is_cut(rect.x1, part.x1, 1.0)
            || is_cut(rect.y1, part.y1, 1.0))
    };
    let is_inside = |rect: &NormRect| rect.covered_by(part) >= 1.0 - EDGE;
    let stood = tracks.iter().filter(|track| Some(track.last_seen) == before && !is_inside(&track.rect));
    let held =
        stood.map(|track| Detection { class: track.class, confidence: track.confidence, rect: track.rect });
    seen.iter().filter(|seen| is_whole(&seen.rect)).copied().chain(held).collect()
}

fn grown(rect: &NormRect, dx: f32, dy: f32) -> NormRect {
    NormRect { x0: rect.x0 - dx, y0: rect.y0 - dy, x1: rect.x1 + dx, y1: rect.y1 + dy }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        detection::ObjectClass,
        geometry::{Confidence, NormPoint},
        ids::TrackId,
    };

    use sharpeyes_inference::Plane;

    use super::{
        super::motion::{Cells, Motion},
        *,
    };

    fn track(rect: NormRect, still_since: Pts) -> Track {
        Track {
            id: TrackId(1),
            class: ObjectClass::Person,
            confidence: Confidence::new(0.8),
            rect,
            first_seen: Pts(0),
            last_seen: Pts(900_000),
            velocity: NormPoint { x: 0.0, y: 0.0 },
            travelled: 1.0,
            origin: rect,
            still_since,
        }
    }

    const HERE: NormRect = NormRect { x0: 0.28, y0: 0.40, x1: 0.33, y1: 0.60 };
    const FAR: NormRect = NormRect { x0: 0.90, y0: 0.10, x1: 0.95, y1: 0.30 };

    #[test]
    fn a_part_holds_all_that_moves_and_lies_in_the_picture() {
        let moves = Pts(900_000);
        let found = part([HERE].into_iter(), &[track(HERE, moves)]).unwrap();
        assert!(HERE.covered_by(&found) > 0.999 && found.width() < 0.66, "{found:?}");
        let corner = NormRect { x0: 0.0, y0: 0.9, x1: 0.02, y1: 1.0 };
        let found = part([corner].into_iter(), &[]).unwrap();
        assert!(found.x0 == 0.0 && found.y1 <= 1.0 + 1e-6 && corner.covered_by(&found) > 0.999, "{found:?}");
        // Two who are far from each other are only together in the whole picture …
        assert_eq!(part([HERE].into_iter(), &[track(FAR, moves)]), None);
        // … unless one of them has long stood there.
        assert!(part([HERE].into_iter(), &[track(FAR, Pts(0))]).is_some());
    }

    #[test]
    fn who_stands_outside_is_held_and_who_is_cut_is_not_believed() {
        let part = NormRect { x0: 0.2, y0: 0.2, x1: 0.7, y1: 0.7 };
        let seen = |rect| Detection { class: ObjectClass::Person, confidence: Confidence::new(0.9), rect };
        let cut = NormRect { x0: 0.2, y0: 0.4, x1: 0.25, y1: 0.6 };
        let standing = [track(FAR, Pts(0))];
        let found = complete(&part, &[seen(HERE), seen(cut)], &standing, Some(Pts(900_000)));
        assert_eq!(found.iter().map(|d| d.rect).collect::<Vec<_>>(), [HERE, FAR]);
        // One that was not seen in the picture before is not held up for ever.
        assert_eq!(complete(&part, &[], &standing, Some(Pts(990_000))), []);
    }

    #[test]
    fn a_clock_in_the_corner_is_soon_left_out_and_comes_back_when_something_is_there() {
        let mut motion = Motion::default();
        let grey = vec![100_u8; 640 * 360];
        let mut clock = grey.clone();
        for y in 0..16 {
            clock[y * 640..y * 640 + 96].fill(200);
        }
        let mut moving = Places::default();
        for (n, luma) in [&grey, &clock].into_iter().enumerate() {
            let cells = Cells::of(Plane { data: luma, stride: 640 }, 640, 360);
            moving = motion.compare(Pts(i64::try_from(n).unwrap() * 18_000), &cells).places;
        }
        assert!((1..=6).contains(&moving.each().count()), "{moving:?}");
        assert!(moving.each().all(|(_, place)| place.x1 < 0.26 && place.y1 < 0.26));
        let mut restless = Restless::default();
        let here = Detection { class: ObjectClass::Person, confidence: Confidence::new(0.9), rect: HERE };
        for _ in 0..RESTLESS {
            assert!(restless.others(moving).next().is_some());
            restless.learn(moving, &[here]);
        }
        assert_eq!(restless.others(moving).count(), 0);
        let there = NormRect { x0: 0.0, y0: 0.0, x1: 0.3, y1: 0.3 };
        restless.learn(moving, &[Detection { rect: there, ..here }]);
        assert!(restless.others(moving).next().is_some());
    }
}
