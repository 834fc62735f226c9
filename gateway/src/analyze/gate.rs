//! The sizes of coded pictures against what is usual for the camera: the lowest rung, where nothing is decoded.
//!
//! Sizes say something only where the encoder lets them: at constant quality a walker multiplies the size of the pictures
//! between keyframes, at a constant bit rate the quantiser takes it all, and sensor noise can drown everything. No header
//! tells which it is, so the gate has to earn its trust: it is believed once it has stirred at the beginning of
//! [`PROOFS`] episodes in a row that mattered to a rule, found by the rungs above; one that it sleeps through costs the
//! trust, and the next takes twice as many. Until then the camera rests on keyframes.
//! A pure function of sizes, media time and what the rungs above saw. Filler, parameter sets and SEI do not count.

use std::collections::VecDeque;

use sharpeyes_domain::{
    media::{AccessUnit, VideoCodec, nal_units},
    time::{MediaDuration, Pts},
};

use super::ladder::Verdict;

/// Places in a GOP that have a baseline of their own: the first pictures after a keyframe are often smaller or larger.
const PLACES: usize = 8;
/// Pictures of each place before anything is said.
const LEARN: u32 = 24;
/// A size is this many robust deviations above usual before it stands out.
const STANDS_OUT: f32 = 4.0;
/// The least deviation, in octaves: an eighth of an octave is 9 %.
const LEAST_SPREAD: f32 = 0.12;
/// Of the last [`WINDOW`] pictures so many must stand out.
const MOST_OF: usize = 3;
const WINDOW: usize = 6;
/// How much one picture moves a baseline, in octaves, while it is new and when it is settled.
const FAST: f32 = 0.15;
const SLOW: f32 = 0.02;
/// The usual has changed for good when it has not come back for so long: day has become night.
const RELEARN: MediaDuration = MediaDuration::from_secs(120);
/// Episodes in a row that it must have noticed before it is believed, and the most after it has missed some.
const PROOFS: u32 = 6;
const MOST_PROOFS: u32 = 96;
/// Two sights of something that matters belong to one episode unless this lies between.
const APART: MediaDuration = MediaDuration::from_secs(10);
/// The gate may stir so long before a track is certain …
const BEFORE: MediaDuration = MediaDuration::from_secs(4);
/// … and so long after.
const AFTER: MediaDuration = MediaDuration::from_secs(1);
/// Stirrings that are remembered.
const KEPT: MediaDuration = MediaDuration::from_secs(30);

/// What is usual, in octaves of bytes: a median and a median deviation that follow by small steps.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    median: f32,
    spread: f32,
    n: u32,
}

impl Usual {
    /// How many deviations `size` is above the median.
    fn surprise(&self, size: f32) -> f32 {
        (size - self.median) / (1.48 * self.spread).max(LEAST_SPREAD)
    }

    fn learn(&mut self, size: f32) {
        if self.n == 0 {
            (self.median, self.spread) = (size, LEAST_SPREAD);
        }
        let step = if self.n < LEARN { FAST } else { SLOW };
        self.median += step * (size - self.median).clamp(-1.0, 1.0);
        let off = (size - self.median).abs();
        self.spread += step * 0.5 * (off - self.spread).clamp(-1.0, 1.0);
        self.n = self.n.saturating_add(1);
    }

    const fn is_known(&self) -> bool {
        self.n >= LEARN
    }
}

/// One camera's memory of its sizes.
#[derive(Clone, Debug)]
pub struct Gate {
    codec: VideoCodec,
    usual: [Usual; PLACES],
    /// Pictures since the keyframe, and how many there were in the last GOP.
    place: usize,
    length: usize,
    /// Of the last pictures: whether they stood out.
    window: VecDeque<bool>,
    stirred: VecDeque<Pts>,
    /// The pictures above say that nothing is there: what is usual may be learned.
    is_quiet: bool,
    calm_at: Option<Pts>,
    episode: Option<Episode>,
    last_matter: Option<Pts>,
    proofs: u32,
    needed: u32,
    now: Pts,
}

/// Something that mattered, and when it was certain.
#[derive(Clone, Copy, Debug)]
struct Episode {
    at: Pts,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            codec: VideoCodec::H264,
            usual: [Usual::default(); PLACES],
            place: 0,
            length: 0,
            window: VecDeque::new(),
            stirred: VecDeque::new(),
            is_quiet: false,
            calm_at: None,
            episode: None,
            last_matter: None,
            proofs: 0,
            needed: PROOFS,
            now: Pts(0),
        }
    }
}

impl Gate {
    /// A run begins: its media time is new, and what was learned of the camera stays.
    pub fn begin(&mut self, codec: VideoCodec) {
        if self.codec != codec {
            *self = Self { codec, ..Self::default() };
        }
        self.interrupt();
        self.stirred.clear();
        self.episode = None;
        self.last_matter = None;
        self.calm_at = None;
        self.now = Pts(0);
    }

    /// Units are missing.
    pub fn interrupt(&mut self) {
        self.window.clear();
        self.place = 0;
        self.length = 0;
    }

    /// Whether the next coded picture is as usual.
    pub fn unit(&mut self, unit: &AccessUnit) -> Verdict {
        self.now = self.now.max(unit.pts);
        self.judge_episode();
        if unit.is_keyframe {
            self.length = self.place;
            self.place = 0;
            return self.verdict(false);
        }
        self.place += 1;
        let usual = &mut self.usual[bucket(self.place, self.length)];
        let size = octaves(coded_bytes(&unit.nals, self.codec));
        let stands_out = usual.is_known() && usual.surprise(size) > STANDS_OUT;
        if self.is_quiet && self.length > 0 {
            usual.learn(size);
        }
        self.window.push_back(stands_out);
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
        let is_stirred = self.window.iter().filter(|out| **out).count() >= MOST_OF;
        if is_stirred {
            self.stirred.push_back(self.now);
        }
        while self.stirred.front().is_some_and(|at| self.now - *at > KEPT) {
            self.stirred.pop_front();
        }
        self.look_after_baseline(is_stirred);
        self.verdict(is_stirred)
    }

    /// The pictures say whether something changes in them.
    pub const fn told(&mut self, is_changing: bool) {
        self.is_quiet = !is_changing;
    }

    /// The detector sees something that a rule cares about, in the picture at `at`.
    pub fn mattered(&mut self, at: Pts) {
        let is_new = self.last_matter.is_none_or(|last| at - last > APART || at < last);
        self.last_matter = Some(at);
        if is_new {
            self.episode = Some(Episode { at });
        }
        self.is_quiet = false;
    }

    /// It has proved that its silence means something.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.proofs >= self.needed && self.usual.iter().any(Usual::is_known)
    }

    /// Something mattered a moment ago: was it noticed?
    fn judge_episode(&mut self) {
        let Some(Episode { at }) = self.episode.filter(|episode| self.now - episode.at >= AFTER) else {
            return;
        };
        self.episode = None;
        let noticed = self.stirred.iter().any(|stirred| *stirred >= at - BEFORE && *stirred <= at + AFTER);
        if noticed {
            self.proofs = self.proofs.saturating_add(1);
        } else {
            self.needed = (self.needed * 2).min(MOST_PROOFS);
            self.proofs = 0;
        }
    }

    /// Sizes that never come back to what was usual are the usual now.
    fn look_after_baseline(&mut self, is_stirred: bool) {
        if !is_stirred || self.calm_at.is_none_or(|at| self.now < at) {
            self.calm_at = Some(self.now);
        } else if self.is_quiet && self.calm_at.is_some_and(|at| self.now - at > RELEARN) {
            self.usual = [Usual::default(); PLACES];
            self.calm_at = Some(self.now);
        }
    }

    fn verdict(&self, is_stirred: bool) -> Verdict {
        match (self.is_trusted(), is_stirred) {
            (false, _) => Verdict::Blind,
            (true, false) => Verdict::Calm,
            (true, true) => Verdict::Stirred,
        }
    }
}

/// Which baseline the picture `place` of a GOP of `length` has.
fn bucket(place: usize, length: usize) -> usize {
    // The first few each for themselves, then the rest by thirds.
    match place {
        0..=4 => place.saturating_sub(1),
        _ => 4 + (4 * place / length.max(place)).min(3),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size of some kilobytes")]
fn octaves(bytes: usize) -> f32 {
    (bytes.max(1) as f32).log2()
}

/// Bytes of slices: what the encoder spent on the picture itself.
fn coded_bytes(nals: &[u8], codec: VideoCodec) -> usize {
    let is_slice = |nal: &&[u8]| {
        nal.first().is_some_and(|head| match codec {
            VideoCodec::H264 => (1..=5).contains(&(head & 0x1f)),
            VideoCodec::H265 => (head >> 1) & 0x3f < 32,
        })
    };
    nal_units(nals).filter(is_slice).map(<[u8]>::len).sum()
}

#[cfg(test)]
mod tests;
