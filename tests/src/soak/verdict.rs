//! What the cuts have cost one camera, by what its simulator sent and by what can be played from the disk; and whether
//! everything that is missing has exactly one explanation.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, ensure};
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
    segment::{Gap, GapCause, Span, uncovered},
};

use super::{Life, PROMISE};
use crate::{
    camsim::{CamSim, Clip, SentUnit},
    recording::{self, Segment},
    site::TestSite,
};

/// So long before a cut the machine's lateness counts.
const BEFORE: Duration = Duration::from_secs(3);

/// What one cut has cost one camera.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Which.
    pub camera: CameraId,
    /// Media time that left the camera before the cut and is not in the recording.
    pub lost: Duration,
    /// How late this machine was at that time: its own cameras sent so much later than they were to. What nobody had
    /// time to receive was not lost by the recorder.
    pub late: Duration,
}

impl Loss {
    /// Within [`PROMISE`], as far as the machine had time for anything.
    #[must_use]
    pub fn is_as_promised(&self) -> bool {
        self.lost <= PROMISE + self.late
    }
}

/// Looks at the index and the files beside the running gateway.
pub(super) struct Verdict<'a> {
    pub(super) site: &'a TestSite,
    pub(super) simulator: &'a CamSim,
    pub(super) lives: &'a [Life],
}

impl Verdict<'_> {
    /// All promises about one camera; and what the cuts after the first `n_judged` have cost it.
    pub(super) fn of(&self, camera: &CameraId, n_judged: usize) -> anyhow::Result<Vec<Loss>> {
        let Some(last) = self.lives.last() else { return Ok(Vec::new()) };
        let stream = StreamId { camera: camera.clone(), kind: StreamKind::Main };
        let mut segments = recording::segments(self.site, &stream)?;
        // The present life records beside us.
        segments.retain(|segment| segment.span.from < last.to);
        let gaps = recording::gaps(self.site, &stream)?;
        self.is_explained(&segments, &gaps)?;
        let mut losses = Vec::new();
        for life in self.lives.iter().skip(n_judged) {
            let mut sent = self.simulator.sent(camera, StreamKind::Main);
            // The session of a gateway that was just killed may go on for a moment.
            let old = sent.iter().filter(|unit| unit.wall < life.from).map(|unit| unit.viewer).max();
            let is_new = |unit: &SentUnit| old.is_none_or(|old| unit.viewer > old);
            sent.retain(|unit| life.from <= unit.wall && unit.wall <= life.to && is_new(unit));
            let lost = self.loss(camera, *life, &segments, &sent)?;
            losses.push(Loss { camera: camera.clone(), lost, late: lateness(&sent, *life) });
        }
        Ok(losses)
    }

    /// Between the first picture and the last, one hole for each cut and one gap row for each hole, nothing twice.
    fn is_explained(&self, segments: &[Segment], gaps: &[Gap]) -> anyhow::Result<()> {
        for pair in segments.windows(2) {
            ensure!(pair[0].span.to <= pair[1].span.from, "recorded twice: {pair:?}");
        }
        for gap in gaps {
            let twice = segments.iter().find(|segment| gap.span.intersection(&segment.span).is_some());
            ensure!(twice.is_none(), "{gap:?} is recorded: {twice:?}");
        }
        let recorded: Vec<Span> = segments.iter().map(|segment| segment.span).collect();
        let Some((first, last)) = recorded.first().zip(recorded.last()) else { return Ok(()) };
        let holes = uncovered(Span { from: first.from, to: last.to }, &recorded);
        let is_in = |life: &&Life| recorded.iter().any(|span| life.has(span.from));
        let n_recorded = self.lives.iter().filter(is_in).count();
        ensure!(holes.len() + 1 == n_recorded, "{n_recorded} lives have recorded: {holes:?} in {recorded:?}");
        for hole in holes {
            let named: Vec<&Gap> = gaps.iter().filter(|gap| gap.span.intersection(&hole).is_some()).collect();
            ensure!(
                matches!(named[..], [gap] if gap.cause == GapCause::Restart && gap.span == hole),
                "{hole:?} is explained by {named:?}"
            );
        }
        Ok(())
    }

    /// Media time that the simulator sent in this life and that is not in the files.
    fn loss(
        &self,
        camera: &CameraId,
        life: Life,
        segments: &[Segment],
        sent: &[SentUnit],
    ) -> anyhow::Result<Duration> {
        let Some(last) = sent.last() else { return Ok(Duration::ZERO) };
        let clip = self.simulator.clip(camera, StreamKind::Main).context("a camera of the simulator")?;
        let frame = clip.video.end / u32::try_from(clip.len())?;
        let Some(segment) = segments.iter().rfind(|segment| life.has(segment.span.from)) else {
            // A simulated camera begins to send before its session is there, so only from the second keyframe on it
            // is sure that the gateway could have recorded.
            let is_keyframe = |unit: &&SentUnit| clip.video.units[unit.index].is_keyframe;
            let first = sent.iter().skip(1).find(is_keyframe);
            return Ok(first.map_or(Duration::ZERO, |first| last.media - first.media + frame));
        };
        let recorded = last_recorded(self.site, &clip, segment, sent)?;
        Ok(last.media - recorded.media)
    }
}

/// By how much the pictures before the cut left later than the one that was most in time.
fn lateness(sent: &[SentUnit], life: Life) -> Duration {
    let delay_ms = |unit: &SentUnit| unit.wall.0 - i64::try_from(unit.media.as_millis()).unwrap_or(i64::MAX);
    let least = sent.iter().map(delay_ms).min();
    let most = sent.iter().filter(|unit| life.to.since(unit.wall) <= BEFORE).map(delay_ms).max();
    let late_ms = most.zip(least).map_or(0, |(most, least)| most - least);
    Duration::from_millis(u64::try_from(late_ms).unwrap_or(0))
}

/// The newest picture of a file, as it was sent.
fn last_recorded(
    site: &TestSite,
    clip: &Clip,
    segment: &Segment,
    sent: &[SentUnit],
) -> anyhow::Result<SentUnit> {
    let path = site.media().join(&segment.path);
    let pictures = recording::pictures(&path)?;
    let newest = pictures.last().with_context(|| format!("{segment:?} has no picture"))?;
    // Parameter sets travel beside the pictures; everything else is recorded as it was sent.
    let as_sent = |index| {
        let mut nals = clip.all_nals(index);
        nals.retain(|nal| {
            clip.codec != VideoCodec::H264 || !matches!(nal.first().map(|b| b & 0x1f), Some(7 | 8))
        });
        nals
    };
    let mut is_newest = HashMap::new();
    let matching = sent
        .iter()
        .rev()
        .filter(|unit| *is_newest.entry(unit.index).or_insert_with(|| as_sent(unit.index) == *newest));
    matching
        .min_by_key(|unit| unit.wall.0.abs_diff(segment.span.to.0))
        .copied()
        .with_context(|| format!("{segment:?} ends with a picture that was never sent"))
}
