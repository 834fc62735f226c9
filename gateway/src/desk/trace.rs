//! The boxes of the last seconds of every camera, and which of them are worth keeping.
//!
//! Only memory: `Desk::flush_traces` brings to the disk what [`Rings::take`] gives.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use sharpeyes_domain::{
    alarm::AlarmEdge,
    ids::{CameraId, RuleId},
    time::WallTime,
};

use crate::store::dispatch::{FrameTrace, TraceChunk};

/// What is not wanted by then is forgotten.
const KEEP: Duration = Duration::from_secs(30);
/// Bound by number, for clocks that stand still: 30 s at 30 frames a second, and a little more.
const MOST_FRAMES: usize = 1_024;
/// More boxes in one frame explain nothing.
const MOST_BOXES: usize = 256;
/// An alarm that runs longer keeps the boxes of its beginning only.
const LONGEST_WINDOW: Duration = Duration::from_secs(30 * 60);
/// Windows of one camera: rules that run, and those that ended within the post-roll.
const MOST_WINDOWS: usize = 64;

/// All cameras. Overflow: the oldest frames are forgotten, wanted or not.
pub(super) struct Rings {
    pre_roll: Duration,
    post_roll: Duration,
    cameras: HashMap<CameraId, Ring>,
}

#[derive(Default)]
struct Ring {
    frames: VecDeque<Held>,
    windows: Vec<Window>,
    next: u64,
}

struct Held {
    number: u64,
    frame: FrameTrace,
    is_stored: bool,
}

/// What an alarm wants kept.
struct Window {
    rule: RuleId,
    from: WallTime,
    /// `None` while the alarm runs.
    until: Option<WallTime>,
}

impl Window {
    fn holds(&self, at: WallTime) -> bool {
        let last = self.from.plus(LONGEST_WINDOW);
        (self.from..=self.until.unwrap_or(last).min(last)).contains(&at)
    }
}

/// Which frames [`Rings::take`] gave.
pub(super) struct Taken(Vec<(CameraId, Vec<u64>)>);

impl Rings {
    pub(super) fn new(pre_roll: Duration, post_roll: Duration) -> Self {
        Self { pre_roll, post_roll, cameras: HashMap::new() }
    }

    /// One frame later.
    pub(super) fn push(&mut self, camera: &CameraId, mut frame: FrameTrace) {
        frame.boxes.truncate(MOST_BOXES);
        let now = frame.wall;
        let ring = match self.cameras.get_mut(camera) {
            Some(ring) => ring,
            None => self.cameras.entry(camera.clone()).or_default(),
        };
        ring.frames.push_back(Held { number: ring.next, frame, is_stored: false });
        ring.next += 1;
        let is_old = |held: &Held| now.since(held.frame.wall) > KEEP;
        while ring.frames.len() > MOST_FRAMES || ring.frames.front().is_some_and(is_old) {
            ring.frames.pop_front();
        }
        // A window whose end has left the ring can want nothing more.
        ring.windows.retain(|window| window.until.is_none_or(|until| now.since(until) <= KEEP));
    }

    /// An alarm begins: from now on, and from before, its frames are wanted. Or it ends.
    pub(super) fn edge(&mut self, camera: &CameraId, edge: &AlarmEdge) {
        let ring = self.cameras.entry(camera.clone()).or_default();
        let running = ring.windows.iter_mut().find(|w| w.until.is_none() && w.rule == *edge.rule());
        match (edge, running) {
            (AlarmEdge::Begin(begin), running) => {
                let from = begin.began.wall.minus(self.pre_roll);
                match running {
                    // Tried again, because the database had refused it.
                    Some(known) if known.from == from => return,
                    Some(left) => left.until = Some(begin.raised.wall),
                    None => {}
                }
                ring.windows.push(Window { rule: begin.rule.clone(), from, until: None });
                if ring.windows.len() > MOST_WINDOWS {
                    ring.windows.remove(0);
                }
            }
            (AlarmEdge::End(end), Some(window)) => window.until = Some(end.ended.wall.plus(self.post_roll)),
            (AlarmEdge::End(_), None) | (AlarmEdge::Update(_), _) => {}
        }
    }

    /// The wanted frames that were not given before, a second to a chunk.
    pub(super) fn take(&mut self) -> (Vec<TraceChunk>, Taken) {
        let mut chunks: Vec<TraceChunk> = Vec::new();
        let mut taken = Vec::new();
        for (camera, ring) in self.cameras.iter_mut().filter(|(_, ring)| !ring.windows.is_empty()) {
            let mut numbers = Vec::new();
            let mut second = None;
            for held in &mut ring.frames {
                let at = held.frame.wall;
                if held.is_stored || !ring.windows.iter().any(|window| window.holds(at)) {
                    continue;
                }
                held.is_stored = true;
                numbers.push(held.number);
                // A clock that was set back begins a new chunk too, so that each is in order.
                let this_second = at.0.div_euclid(1000);
                match chunks.last_mut() {
                    Some(chunk)
                        if second == Some(this_second)
                            && chunk.frames.last().is_some_and(|l| l.wall <= at) =>
                    {
                        chunk.frames.push(held.frame.clone());
                    }
                    _ => chunks.push(TraceChunk { camera: camera.clone(), frames: vec![held.frame.clone()] }),
                }
                second = Some(this_second);
            }
            if !numbers.is_empty() {
                taken.push((camera.clone(), numbers));
            }
        }
        (chunks, Taken(taken))
    }

    /// They were not stored after all.
    pub(super) fn put_back(&mut self, taken: &Taken) {
        for (camera, numbers) in &taken.0 {
            let Some(ring) = self.cameras.get_mut(camera) else { continue };
            for held in ring.frames.iter_mut().filter(|held| numbers.binary_search(&held.number).is_ok()) {
                held.is_stored = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::time::Pts;

    use super::*;
    use crate::desk::tests::{begin_edge, end_edge};

    fn camera() -> CameraId {
        CameraId::new("c").unwrap()
    }

    fn push(rings: &mut Rings, from_ms: i64, to_ms: i64) {
        for wall in (from_ms..to_ms).step_by(200) {
            rings
                .push(&camera(), FrameTrace { wall: WallTime(wall), pts: Pts(wall * 90), boxes: Vec::new() });
        }
    }

    fn walls(chunks: &[TraceChunk]) -> Vec<i64> {
        chunks.iter().flat_map(|chunk| &chunk.frames).map(|frame| frame.wall.0).collect()
    }

    #[test]
    fn frames_from_before_the_alarm_until_after_it_are_given_once() {
        let mut rings = Rings::new(Duration::from_secs(10), Duration::from_secs(5));
        push(&mut rings, 0, 20_000);
        assert!(rings.take().0.is_empty(), "nothing is wanted without an alarm");
        rings.edge(&camera(), &begin_edge("r", 18_000, 20_000, 1));
        rings.edge(&camera(), &begin_edge("r", 18_000, 20_000, 1));
        assert_eq!(rings.cameras[&camera()].windows.len(), 1, "tried again, it is the same alarm");
        push(&mut rings, 20_000, 25_000);
        let (chunks, _) = rings.take();
        let first = walls(&chunks);
        assert_eq!(first, (8_000..25_000).step_by(200).collect::<Vec<_>>());
        assert!(
            chunks.iter().all(|c| c.frames[0].wall.0 / 1000 == c.frames[c.frames.len() - 1].wall.0 / 1000)
        );
        assert!(rings.take().0.is_empty(), "each frame once");

        rings.edge(&camera(), &end_edge("r", 18_000, 24_000));
        push(&mut rings, 25_000, 40_000);
        assert_eq!(walls(&rings.take().0), (25_000..=29_000).step_by(200).collect::<Vec<_>>());
        push(&mut rings, 40_000, 80_000);
        assert!(rings.take().0.is_empty());
        assert!(rings.cameras[&camera()].windows.is_empty(), "a window that is over is forgotten");
    }

    #[test]
    fn what_was_not_stored_is_given_again() {
        let mut rings = Rings::new(Duration::from_secs(1), Duration::from_secs(1));
        rings.edge(&camera(), &begin_edge("r", 1_000, 1_000, 1));
        push(&mut rings, 0, 3_000);
        let (first, taken) = rings.take();
        rings.put_back(&taken);
        assert_eq!(walls(&first), walls(&rings.take().0));
    }

    #[test]
    fn memory_is_bounded_whatever_the_clock_does() {
        let mut rings = Rings::new(Duration::from_secs(10), Duration::from_secs(10));
        for n in 0..10_000 {
            rings.push(&camera(), FrameTrace { wall: WallTime(0), pts: Pts(n), boxes: Vec::new() });
            rings.edge(&camera(), &begin_edge("r", 0, 0, 1));
        }
        let ring = &rings.cameras[&camera()];
        assert!(ring.frames.len() <= MOST_FRAMES && ring.windows.len() <= MOST_WINDOWS);
        push(&mut rings, 3_600_000, 3_601_000);
        assert!(rings.cameras[&camera()].frames.len() <= 5);
    }
}
