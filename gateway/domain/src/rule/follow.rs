//! What a rule knows of each thing, kept when the tracker loses a thing and finds it under a new id.
//!
//! No pixel and no identity is compared: a thing that appears where another of its kind and size was lost a moment ago is
//! taken for the same one. A rule about how long somebody stays would otherwise begin anew behind every passing lorry.

use std::collections::VecDeque;

use super::watch::Frame;
use crate::{
    detection::ClassGroup,
    geometry::{NormPoint, NormRect},
    ids::TrackId,
    time::{MediaDuration, Pts},
    track::Track,
};

/// How far a rule looks for a lost thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Lost no longer ago.
    pub(super) time: MediaDuration,
    /// Its feet no farther than so many of its heights …
    pub(super) heights: f32,
    /// … and so many more for each second since.
    pub(super) heights_per_s: f32,
    /// Not if it is this many times as high or as low.
    pub(super) swelling: f32,
}

impl Reach {
    pub(super) const fn new(time_ms: i64, heights: f32, heights_per_s: f32) -> Self {
        Self { time: MediaDuration::from_millis(time_ms), heights, heights_per_s, swelling: 1.7 }
    }
}

/// What was last seen this close to the picture's left or right has left it …
const BORDER: f32 = 0.01;
/// … unless it is found again where it was.
const SAME_PLACE: f32 = 0.3;

/// One thing, under whatever id.
#[derive(Clone, Debug)]
pub(super) struct Known<T> {
    pub(super) id: TrackId,
    /// Of its latest detection.
    pub(super) rect: NormRect,
    pub(super) seen: Pts,
    group: ClassGroup,
    pub(super) of: T,
}

/// All things that a rule knows.
#[derive(Clone, Debug)]
pub(super) struct Follow<T> {
    pub(super) known: Vec<Known<T>>,
}

impl<T> Default for Follow<T> {
    fn default() -> Self {
        Self { known: Vec::new() }
    }
}

impl<T> Follow<T> {
    /// What is known of the thing of `track`, which has a detection in this frame; `first` for a new one.
    pub(super) fn meet(
        &mut self,
        track: &Track,
        frame: &Frame<'_>,
        reach: Reach,
        first: impl FnOnce() -> T,
    ) -> &mut Known<T> {
        self.meet_where(track, frame, reach, |_| true, first)
    }

    /// The same, if what is known of the lost thing allows it.
    pub(super) fn meet_where(
        &mut self,
        track: &Track,
        frame: &Frame<'_>,
        reach: Reach,
        may_be: impl Fn(&Known<T>) -> bool,
        first: impl FnOnce() -> T,
    ) -> &mut Known<T> {
        let found = self.known.iter().position(|known| known.id == track.id);
        let index = found.or_else(|| self.lost(track, frame, reach, may_be)).unwrap_or_else(|| {
            let group = track.class.group();
            let known = Known { id: track.id, rect: track.rect, seen: track.last_seen, group, of: first() };
            self.known.push(known);
            self.known.len() - 1
        });
        let known = &mut self.known[index];
        known.id = track.id;
        known.rect = track.rect;
        known.seen = track.last_seen;
        known
    }

    /// Forgets what was not seen for longer than `after`.
    pub(super) fn forget(&mut self, at: Pts, after: MediaDuration) {
        self.known.retain(|known| at - known.seen <= after);
    }

    /// The nearest lost thing that `track` may be.
    fn lost(
        &self,
        track: &Track,
        frame: &Frame<'_>,
        reach: Reach,
        is_allowed: impl Fn(&Known<T>) -> bool,
    ) -> Option<usize> {
        let is_alike = |a: f32, b: f32| a <= b * reach.swelling && b <= a * reach.swelling;
        let way = |known: &Known<T>| track.origin.foot().distance(known.rect.foot());
        let may_be = |known: &Known<T>| {
            let gap = track.first_seen - known.seen;
            let is_lost = frame.track(known.id).is_none_or(|other| other.is_coasting(frame.at.pts));
            let height = known.rect.height().max(track.rect.height());
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a reach")]
            let far = reach.heights + reach.heights_per_s * gap.as_secs_f64() as f32;
            let is_at_border = known.rect.x0 <= BORDER || known.rect.x1 >= 1.0 - BORDER;
            let has_left = is_at_border && known.rect.iou(&track.origin) < SAME_PLACE;
            is_lost
                && !has_left
                && gap > MediaDuration::ZERO
                && gap <= reach.time
                && known.group == track.class.group()
                && is_alike(known.rect.height(), track.rect.height())
                && way(known) <= far * height
                && is_allowed(known)
        };
        let all = self.known.iter().enumerate().filter(|(_, known)| may_be(known));
        all.min_by(|(_, a), (_, b)| way(a).total_cmp(&way(b))).map(|(index, _)| index)
    }
}

/// One point of a trail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) at: Pts,
    pub(super) point: NormPoint,
    /// In which lengths to measure there, in picture heights.
    pub(super) size: f32,
}

/// Where a thing was in the last seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(VecDeque<Step>);

impl Trail {
    /// Keeps one step that is older than `window`, so that the trail spans it.
    pub(super) fn push(&mut self, step: Step, window: MediaDuration) {
        self.0.push_back(step);
        while self.0.get(1).is_some_and(|second| step.at - second.at >= window) {
            self.0.pop_front();
        }
    }

    pub(super) fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// From `window` ago, or from the beginning, to the latest.
    pub(super) fn ends(&self, window: MediaDuration) -> Option<(Step, Step)> {
        let last = *self.0.back()?;
        let first = self.0.iter().rev().take_while(|step| last.at - step.at <= window).last()?;
        Some((*first, last))
    }
}

/// Seconds between two steps, never zero.
#[expect(clippy::cast_possible_truncation, reason = "seconds of a trail")]
pub(super) fn seconds(span: MediaDuration) -> f32 {
    (span.as_secs_f64() as f32).max(1e-3)
}
