//! Rules that count who is there: crowding, intrusion, the water's edge, smoke and fire; and how fast a crowd grows.

use std::collections::VecDeque;

use super::{
    RuleConfig, RuleKind,
    watch::{Frame, Verdict},
};
use crate::{
    alarm::{Detail, Moment},
    detection::ObjectClass,
    time::MediaDuration,
    track::Track,
};

/// Of the first seconds nothing is said: the tracker finds those who were there all along one after another.
const SETTLING: MediaDuration = MediaDuration::from_secs(4);
/// Counts are medians over this time, so that a box that flickers is no growth.
const SMOOTHING: MediaDuration = MediaDuration::from_millis(1_200);

/// A box that lies in another by this share, and does not reach down as far, may be the upper half of the same person.
const HALF: f32 = 0.8;
/// How much farther down the whole reaches, in heights of the half.
const FARTHER: f32 = 0.2;

/// As many as apply.
pub(super) fn verdict(config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
    Verdict::of(frame.at, frame.tracks.iter().filter(|track| config.applies_to(track)))
}

/// As many as apply, those left out that are the upper half of somebody whose feet are not in the zone. People in a crowd hide
/// each other just so, and one who comes in behind another is told when they come out from there; so it is not for counting.
pub(super) fn verdict_of_feet(config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
    let is_outside =
        |other: &Track| config.zone.as_ref().is_some_and(|zone| !zone.holds(other.class, &other.rect));
    let is_half = |track: &Track| {
        track.class == ObjectClass::Person
            && frame.tracks.iter().any(|other| {
                other.id != track.id
                    && other.class == ObjectClass::Person
                    && track.rect.covered_by(&other.rect) >= HALF
                    && other.rect.y1 - track.rect.y1 >= FARTHER * track.rect.height()
                    && is_outside(other)
            })
    };
    Verdict::of(frame.at, frame.tracks.iter().filter(|track| config.applies_to(track) && !is_half(track)))
}

/// The counts of the last seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Growth {
    began: Option<Moment>,
    /// As counted, over [`SMOOTHING`].
    raw: VecDeque<(Moment, u32)>,
    /// Smoothed, over the rule's own time.
    counts: VecDeque<(Moment, u32)>,
}

impl Growth {
    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        let RuleKind::CrowdSurge { within, .. } = config.kind else { return verdict(config, frame) };
        let there = verdict(config, frame);
        let at = frame.at;
        self.raw.push_back((at, there.count));
        // Three at least, so that there is a median at two frames a second too.
        while self.raw.len() > 3 && self.raw.front().is_some_and(|(then, _)| at.pts - then.pts > SMOOTHING) {
            self.raw.pop_front();
        }
        let mut sorted: Vec<u32> = self.raw.iter().map(|&(_, n)| n).collect();
        sorted.sort_unstable();
        let count = sorted.get((sorted.len() - 1) / 2).copied().unwrap_or(0);
        let began = *self.began.get_or_insert(at);
        if at.pts - began.pts < SETTLING {
            return Verdict { count: 0, ..there };
        }
        self.counts.push_back((at, count));
        while self.counts.front().is_some_and(|(then, _)| at.pts - then.pts > within) {
            self.counts.pop_front();
        }
        let Some(least) = self.counts.iter().map(|&(_, n)| n).min() else { return there };
        // Since they were last so few.
        let since = self.counts.iter().rev().find(|(_, n)| *n == least).map(|(then, _)| *then);
        let detail = Detail::Growth { from: least, to: count, within };
        Verdict { count: count - least, ..there }.since(since).with(detail)
    }
}
