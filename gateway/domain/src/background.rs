//! What is in the picture that was not there before: things without a class, made of brightness alone.
//!
//! Two memories of the empty place: one that takes seconds to believe a change, one that takes half a minute and does
//! not learn from where something stands. What differs from both moves; what differs from the long one only has come
//! to rest. Light is not a thing: what changes everywhere alike is taken out first, a patch that keeps its texture is
//! shadow or lamp, and where the texture was in the *memory* rather than in the picture, something was taken away.
//! Everything is in media time, so pictures may come 15 times a second or once in two seconds.
//! Fed by `gateway::analyze` with one camera's pictures in order; the things go to [`crate::track`] as
//! [`ObjectClass::Other`](crate::detection::ObjectClass::Other).

mod blobs;
mod light;
#[cfg(test)]
mod tests;

use self::{blobs::Scene, light::Light};
use crate::{
    detection::{Detection, ObjectClass},
    geometry::{Confidence, NormRect},
    luma::LumaPicture,
    time::{MediaDuration, Pts},
};

/// The short memory: a thing that stands for about three of these has come to rest.
const SHORT: MediaDuration = MediaDuration::from_millis(2_500);
/// The long memory, where nothing stands.
const LONG: MediaDuration = MediaDuration::from_secs(30);
/// How fast both follow when the whole picture became another.
const AFRESH: MediaDuration = MediaDuration::from_secs(2);
/// How fast the noise of each pixel is learnt.
const FLICKER: MediaDuration = MediaDuration::from_secs(20);
/// The first pictures make the memory; until then nothing is a thing.
const LEARN: MediaDuration = MediaDuration::from_secs(4);
const LEARN_PICTURES: u32 = 4;
/// A pixel has been unlike before and quiet for so long: what is there has come to rest.
const SETTLE_MS: f32 = 4_000.0;
/// What has stood for so long belongs to the place.
const BELONGS_MS: f32 = 1_800_000.0;
/// Nothing is known about a longer pause.
const PAUSE: MediaDuration = MediaDuration::from_secs(70);

/// Differences below this many luma steps are coding noise at any camera.
const LEAST_DIFFERENCE: f32 = 8.0;
/// A pixel that always flickers (leaves, water, a flag) must differ by so many times its usual flicker...
const FLICKERS: f32 = 4.0;
/// ...up to this: a black coat on snow is seen in any case.
const MOST_DIFFERENCE: f32 = 44.0;
/// A single passer-by teaches a pixel at most this much flicker at a time.
const FLICKER_STEP: f32 = 24.0;
/// When more of the picture than this is unlike before, the light or the view changed, and nothing is said.
const UPHEAVAL: f32 = 0.4;
/// After a change of light by so many luma steps (a lamp, the camera's gain) what stands still is taken for scenery in
/// another light; what moves is still seen.
const SUDDEN: f32 = 14.0;
/// How long the memories follow after either.
const SETTLES: MediaDuration = MediaDuration::from_secs(6);

/// One thing that the pixels show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blob {
    /// Around it.
    pub rect: NormRect,
    /// How clearly it stands out: 0.5 at the threshold, towards 1 with contrast.
    pub score: Confidence,
    /// Share of the picture that it fills.
    pub area: f32,
    /// How long it has stood still; zero while it moves.
    pub still_for: MediaDuration,
}

impl Blob {
    /// As a detector would say it.
    #[must_use]
    pub const fn detection(&self) -> Detection {
        Detection { class: ObjectClass::Other, confidence: self.score, rect: self.rect }
    }
}

/// What one picture shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreground {
    /// Things that move, largest first.
    pub moving: Vec<Blob>,
    /// Things that came and stay, largest first.
    pub still: Vec<Blob>,
    /// Most of the picture is unlike before: nothing is said about things until that has passed.
    pub is_upheaval: bool,
}

impl Foreground {
    /// More than a scene holds is noise that the thresholds do not know yet.
    pub const MOST_BLOBS: usize = 48;

    /// Everything here, each thing once.
    pub fn things(&self) -> impl Iterator<Item = &Blob> {
        self.moving.iter().chain(&self.still)
    }
}

/// One camera's memory of its empty place. About 160 KiB.
#[derive(Clone, Debug, Default)]
pub struct Background {
    width: usize,
    height: usize,
    memory: Memory,
    light: Light,
    mask: Vec<Mark>,
    newest: Option<Pts>,
    learnt: MediaDuration,
    pictures: u32,
    settled_at: Pts,
    lit_until: Pts,
}

/// Per pixel, in luma steps. One array each: the loop over them is what a picture costs.
#[derive(Clone, Debug, Default)]
struct Memory {
    short: Vec<f32>,
    long: Vec<f32>,
    flicker: Vec<f32>,
    /// Milliseconds for which it has been unlike the long memory and like the short one.
    still_ms: Vec<f32>,
    /// The long memory in the light of this picture.
    lit: Vec<f32>,
}

/// What a pixel is in this picture.
type Mark = u8;
const EMPTY: Mark = 0;
const MOVING: Mark = 1;
const STILL: Mark = 2;

impl Background {
    /// A camera whose place is not known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The camera looks elsewhere now.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The next picture. One that is not later than the last, or much later, begins a new stretch: what moves is not
    /// known then, what stands is.
    pub fn observe(&mut self, pts: Pts, picture: &LumaPicture) -> Foreground {
        if (self.width, self.height) != (picture.width(), picture.height()) {
            self.begin(pts, picture);
            return Foreground::default();
        }
        let elapsed = self.newest.map_or(MediaDuration::ZERO, |newest| pts - newest);
        self.newest = Some(pts);
        if elapsed <= MediaDuration::ZERO || elapsed > PAUSE {
            (self.settled_at, self.lit_until) = (pts, pts);
            self.memory.short = values(picture).collect();
            return Foreground::default();
        }
        self.learnt += elapsed;
        self.pictures = self.pictures.saturating_add(1);
        if self.learnt < LEARN || self.pictures < LEARN_PICTURES {
            let long = 1.0 / (1.0 + f32::from(u16::try_from(self.pictures).unwrap_or(u16::MAX)));
            self.memory.learn(elapsed, picture, long);
            return Foreground::default();
        }
        self.light.measure(&self.memory.long, picture.luma());
        if self.light.change() > SUDDEN {
            self.lit_until = pts + SETTLES;
        }
        let still_ms = if pts < self.lit_until { None } else { Some(seconds(elapsed) * 1000.0) };
        let n_marked = self.memory.compare(elapsed, still_ms, picture, &self.light, &mut self.mask);
        if ratio(n_marked, picture.luma().len()) > UPHEAVAL {
            self.settled_at = pts + SETTLES;
        }
        if pts < self.settled_at {
            self.memory.follow(elapsed, picture);
            return Foreground { is_upheaval: true, ..Foreground::default() };
        }
        self.blobs(picture)
    }

    fn begin(&mut self, pts: Pts, picture: &LumaPicture) {
        let n = picture.luma().len();
        let values: Vec<f32> = values(picture).collect();
        *self = Self {
            width: picture.width(),
            height: picture.height(),
            memory: Memory {
                short: values.clone(),
                long: values,
                flicker: vec![0.0; n],
                still_ms: vec![0.0; n],
                lit: Vec::new(),
            },
            mask: vec![EMPTY; n],
            newest: Some(pts),
            settled_at: pts,
            lit_until: pts,
            ..Self::default()
        };
    }

    fn blobs(&mut self, picture: &LumaPicture) -> Foreground {
        let scene = Scene { width: self.width, height: self.height, picture: picture.luma() };
        let mut foreground = Foreground::default();
        for region in scene.regions(&self.mask, &self.memory) {
            if region.is_light() || region.was_taken_away() {
                self.memory.belongs(&region, picture);
            } else if region.mark == STILL {
                foreground.still.push(region.blob(&scene));
            } else {
                foreground.moving.push(region.blob(&scene));
            }
        }
        for blobs in [&mut foreground.moving, &mut foreground.still] {
            blobs.sort_by(|a, b| b.area.total_cmp(&a.area));
            blobs.truncate(Foreground::MOST_BLOBS);
        }
        foreground
    }
}

impl Memory {
    /// The mean of the first pictures, and how they flicker.
    fn learn(&mut self, elapsed: MediaDuration, picture: &LumaPicture, long: f32) {
        let (short, flicker) = (share(elapsed, SHORT), share(elapsed, FLICKER));
        for (at, value) in values(picture).enumerate() {
            let off = (value - self.short[at]).abs().min(FLICKER_STEP);
            approach(&mut self.flicker[at], off, flicker);
            approach(&mut self.short[at], value, short);
            approach(&mut self.long[at], value, long);
        }
    }

    /// The view or the light is another: both memories follow, and nothing stands in it.
    fn follow(&mut self, elapsed: MediaDuration, picture: &LumaPicture) {
        let share = share(elapsed, AFRESH);
        for (at, value) in values(picture).enumerate() {
            approach(&mut self.short[at], value, share);
            approach(&mut self.long[at], value, share);
        }
        self.still_ms.fill(0.0);
    }

    /// Marks every pixel, and learns. Returns how many show a thing. Written without branches, because it
    /// is what a picture costs. `still_ms` is what a still pixel gains; `None` while the light settles.
    fn compare(
        &mut self,
        elapsed: MediaDuration,
        still_ms: Option<f32>,
        picture: &LumaPicture,
        light: &Light,
        mask: &mut [Mark],
    ) -> usize {
        let gained = light.offsets();
        self.lit.clear();
        self.lit.extend(self.long.iter().map(|&long| long + gained[usize::from(brightness(long))]));
        let (to_short, to_long) = (share(elapsed, SHORT), share(elapsed, LONG));
        let (to_flicker, afresh) = (share(elapsed, FLICKER), share(elapsed, AFRESH));
        let (elapsed_ms, is_relit) = (still_ms.unwrap_or(0.0), still_ms.is_none());
        let memories =
            self.short.iter_mut().zip(&mut self.long).zip(&mut self.flicker).zip(&mut self.still_ms);
        let picture = picture.luma().iter().zip(&self.lit).zip(&mut *mask);
        for ((((short, long), flicker), still_ms), ((&pixel, &lit), mark)) in memories.zip(picture) {
            let value = f32::from(pixel);
            let limit = limit(*flicker);
            let off = (value - *short).abs();
            let (is_unlike, is_restless) = ((value - lit).abs() > limit, off > limit);
            approach(flicker, off.min(FLICKER_STEP), to_flicker);
            approach(short, value, to_short);
            // Light that changed everywhere alike is learnt soon, also behind what stands there.
            let is_thing = is_unlike & (is_restless | !is_relit);
            approach(
                long,
                if is_thing { lit } else { value },
                if is_unlike | is_relit { afresh } else { to_long },
            );
            let longer = *still_ms + if is_restless { 0.0 } else { elapsed_ms };
            *still_ms = if is_thing & !is_relit { longer } else { 0.0 };
            let moving = if is_restless & is_unlike { MOVING } else { EMPTY };
            *mark = if *still_ms >= SETTLE_MS { STILL } else { moving };
        }
        if self.still_ms.iter().any(|&ms| ms > BELONGS_MS) {
            for at in
                (0..self.still_ms.len()).filter(|&at| self.still_ms[at] > BELONGS_MS).collect::<Vec<_>>()
            {
                self.long[at] = self.short[at];
                (self.still_ms[at], mask[at]) = (0.0, EMPTY);
            }
        }
        mask.iter().filter(|&&mark| mark != EMPTY).count()
    }

    /// What stands in `region` is no thing: it belongs to the place from now on.
    fn belongs(&mut self, region: &blobs::Region, picture: &LumaPicture) {
        if region.mark != STILL {
            return;
        }
        for &at in &region.pixels {
            self.long[at] = f32::from(picture.luma()[at]);
            self.still_ms[at] = 0.0;
        }
    }
}

/// From which difference on, in luma steps, a pixel with this flicker is unlike what it was.
fn limit(flicker: f32) -> f32 {
    (FLICKERS * flicker).clamp(LEAST_DIFFERENCE, MOST_DIFFERENCE)
}

fn values(picture: &LumaPicture) -> impl Iterator<Item = f32> {
    picture.luma().iter().map(|&pixel| f32::from(pixel))
}

/// `elapsed / (elapsed + memory)`: what a picture counts after `elapsed` in a memory of that length.
fn share(elapsed: MediaDuration, memory: MediaDuration) -> f32 {
    seconds(elapsed) / (seconds(elapsed) + seconds(memory))
}

/// Moves `value` by `share` of the way to `target`.
fn approach(value: &mut f32, target: f32, share: f32) {
    *value += (target - *value) * share;
}

/// Back in whole luma steps.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixel arithmetic, saturating")]
fn brightness(value: f32) -> u8 {
    (value + 0.5) as u8
}

#[expect(clippy::cast_possible_truncation, reason = "at most a minute or so")]
fn seconds(span: MediaDuration) -> f32 {
    span.as_secs_f64() as f32
}

#[expect(clippy::cast_precision_loss, reason = "at most 14,400 pixels")]
fn ratio(n: usize, of: usize) -> f32 {
    n as f32 / of.max(1) as f32
}
