//! One camera's way from coded pictures to those that are worth detecting: the gate, the ladder and the decoding it asks
//! for. The same code live and in a replay.
//!
//! Whoever owns a [`Watch`] gives it every unit of the stream in order and tells it what the detector saw; decoding is done
//! on the caller's thread, within the call. In a replay [`Eyes::look`] answers at once and everything is a function of the
//! units; live it answers later, through [`Watch::seen`].

use std::{collections::VecDeque, sync::Arc};

use sharpeyes_domain::{
    geometry::NormRect,
    ladder::{DecoderChoice, Rung},
    media::{AccessUnit, VideoCodec, VideoParams},
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    decode::{DecodeError, Decoded, Decoder, DecoderElement, Frame, KeyframeDecoder},
    gate::Gate,
    ladder::{Interest, Ladder, LadderSettings, Look, Step},
    motion::{Cells, Change, Motion, Places},
    pipeline::FrameSampler,
};

/// Coded bytes of the past that are kept to be decoded in a climb.
const MOST_BACKLOG_BYTES: usize = 8 << 20;
/// Kinds of stream that a set of shared decoders serves at the same time.
const MOST_KEYFRAME_DECODERS: usize = 8;
/// Kinds of stream of which is remembered that an element gave nothing for them.
const MOST_SILENT_SHAPES: usize = 64;

/// A picture on its way to the detector.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The picture.
    pub frame: Frame,
    /// Why.
    pub look: Look,
    /// Where it differs from what the camera usually shows; `None` where that is not known.
    pub changed: Option<NormRect>,
    /// Where something moves.
    pub moving: Places,
    /// Whether only a part of it need be detected: the whole picture was, not long ago.
    pub may_be_part: bool,
}

/// What came of a picture that was detected.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Its time.
    pub at: Pts,
    /// Why it was detected.
    pub look: Look,
    /// What it meant.
    pub interest: Interest,
}

/// Where pictures go that are worth detecting.
pub trait Eyes {
    /// Detects, now or later. What was seen, if that is known already.
    fn look(&mut self, wanted: Wanted) -> Option<Interest>;
    /// May this camera have a decoder of its own?
    fn admit(&mut self) -> bool;
    /// It comes to rest: what is there now is no reason to come back.
    fn rested(&mut self);
    /// It needs its decoder no longer.
    fn release(&mut self);
}

/// What was decoded and detected, per rung, in order of [`Rung::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchCounters {
    /// Coded pictures.
    pub units: [u64; 4],
    /// Decoded pictures.
    pub decoded: [u64; 4],
    /// Pictures given to the detector.
    pub wanted: [u64; 4],
    /// Times that the past was decoded in a climb.
    pub climbs: u64,
}

/// Keyframe decoders that many cameras use by turns: one for each codec and size. Owned by one thread.
pub struct KeyframeDecoders {
    choice: DecoderChoice,
    /// The most recently used last.
    decoders: Vec<(Shape, KeyframeDecoder)>,
    /// How much of a decoder's patience is used up, also of one that was let go: the next one goes on from there.
    silent: Vec<(Shape, u32)>,
}

type Shape = (VideoCodec, u16, u16);

impl KeyframeDecoders {
    /// None yet.
    #[must_use]
    pub const fn new(choice: DecoderChoice) -> Self {
        Self { choice, decoders: Vec::new(), silent: Vec::new() }
    }

    fn decode(
        &mut self,
        params: &VideoParams,
        keyframe: &AccessUnit,
    ) -> Result<KeyframePicture, DecodeError> {
        let shape = (params.codec, params.width_px, params.height_px);
        let (shape, mut decoder) = match self.decoders.iter().position(|(known, _)| *known == shape) {
            Some(at) => self.decoders.remove(at),
            None => {
                let silent = self.silent.iter().find(|(known, _)| *known == shape).map_or(0, |(_, n)| *n);
                (shape, KeyframeDecoder::new(params.codec, self.choice)?.after(silent))
            }
        };
        let picture = decoder.decode(params, keyframe)?;
        let element = decoder.element().clone();
        self.remember(shape, decoder.n_silent());
        // One that failed is not put back.
        if self.decoders.len() >= MOST_KEYFRAME_DECODERS {
            self.decoders.remove(0);
        }
        self.decoders.push((shape, decoder));
        Ok(KeyframePicture { picture, element })
    }

    fn remember(&mut self, shape: Shape, n_silent: u32) {
        self.silent.retain(|(known, _)| *known != shape);
        if n_silent == 0 {
            return;
        }
        if self.silent.len() >= MOST_SILENT_SHAPES {
            self.silent.remove(0);
        }
        self.silent.push((shape, n_silent));
    }
}

struct KeyframePicture {
    picture: Option<Decoded>,
    element: DecoderElement,
}

/// The units since the keyframe before the newest one, or since an older one that may not have been looked at.
#[derive(Default)]
struct Backlog {
    units: VecDeque<AccessUnit>,
    bytes: usize,
}

impl Backlog {
    /// Units older than the keyframe that is `past` before a new keyframe go, and those of one GOP at least stay.
    fn push(&mut self, unit: &AccessUnit, past: MediaDuration) {
        if unit.is_keyframe {
            let from = self.keyframe_before(unit.pts - past);
            self.drop_front(from);
        } else if self.units.is_empty() {
            return;
        }
        self.bytes += unit.nals.len();
        self.units.push_back(unit.clone());
        if self.bytes > MOST_BACKLOG_BYTES {
            let next = self.units.iter().skip(1).position(|unit| unit.is_keyframe);
            self.drop_front(next.map_or(self.units.len(), |at| at + 1));
        }
    }

    /// From the keyframe before the newest one on, or from an older one at `from`.
    fn since(&self, from: Option<Pts>) -> Vec<AccessUnit> {
        let keyframes = self.units.iter().filter(|unit| unit.is_keyframe);
        let at_most = keyframes.rev().nth(1).map(|unit| unit.pts);
        let from = from.into_iter().chain(at_most).min();
        let skipped = from.map_or(0, |from| self.keyframe_before(from));
        self.units.iter().skip(skipped).cloned().collect()
    }

    /// Where the last keyframe lies that is not after `at`; before the first one, the first, and after the newest, that.
    fn keyframe_before(&self, at: Pts) -> usize {
        let keyframes = || self.units.iter().enumerate().filter(|(_, unit)| unit.is_keyframe);
        let before = keyframes().filter(|(_, unit)| unit.pts <= at).last();
        before.or_else(|| keyframes().next()).map_or(self.units.len(), |(n, _)| n)
    }

    fn drop_front(&mut self, n: usize) {
        self.bytes -= self.units.drain(..n).map(|unit| unit.nals.len()).sum::<usize>();
    }

    fn clear(&mut self) {
        self.units.clear();
        self.bytes = 0;
    }
}

/// One camera.
pub struct Watch {
    choice: DecoderChoice,
    ladder: Ladder,
    gate: Gate,
    motion: Motion,
    params: Option<Arc<VideoParams>>,
    backlog: Backlog,
    own: Option<Decoder>,
    sampler: FrameSampler,
    sampled_fps: f32,
    newest_keyframe: Option<Pts>,
    /// Between the last two.
    keyframe_gap: MediaDuration,
    /// The last keyframe that was decoded at rest …
    compared: Option<Pts>,
    /// … and the one before it: up to there nothing had happened.
    quiet_until: Option<Pts>,
    /// Up to here rules and tracker know what there was. What was given to the detector and never came back does not count.
    known_until: Option<Pts>,
    /// Pictures whose interest is not known yet.
    n_looking: usize,
    element: Option<DecoderElement>,
    counters: WatchCounters,
}

impl Watch {
    /// A camera that has not sent anything.
    #[must_use]
    pub fn new(settings: LadderSettings, choice: DecoderChoice) -> Self {
        Self {
            choice,
            ladder: Ladder::new(settings),
            gate: Gate::default(),
            motion: Motion::default(),
            params: None,
            backlog: Backlog::default(),
            own: None,
            sampler: FrameSampler::new(settings.full_fps),
            sampled_fps: settings.full_fps,
            newest_keyframe: None,
            keyframe_gap: MediaDuration::ZERO,
            compared: None,
            quiet_until: None,
            known_until: None,
            n_looking: 0,
            element: None,
            counters: WatchCounters::default(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// What was decoded and detected.
    #[must_use]
    pub const fn counters(&self) -> &WatchCounters {
        &self.counters
    }

    /// The element that decoded last.
    #[must_use]
    pub const fn element(&self) -> Option<&DecoderElement> {
        self.element.as_ref()
    }

    /// Steps taken since this was last asked.
    pub fn take_steps(&mut self) -> Vec<Step> {
        self.ladder.take_steps()
    }

    /// A run begins; its first unit is a keyframe.
    pub fn begin(&mut self, params: Arc<VideoParams>, eyes: &mut impl Eyes) {
        self.interrupt(eyes);
        self.gate.begin(params.codec);
        self.ladder.begin(Pts(0));
        self.params = Some(params);
    }

    /// The run is over.
    pub fn interrupt(&mut self, eyes: &mut impl Eyes) {
        self.params = None;
        self.newest_keyframe = None;
        self.keyframe_gap = MediaDuration::ZERO;
        self.compared = None;
        self.quiet_until = None;
        self.known_until = None;
        self.n_looking = 0;
        self.lose(eyes);
        self.motion.interrupt();
    }

    /// Whether it has a decoder of its own.
    #[must_use]
    pub const fn has_decoder(&self) -> bool {
        self.own.is_some()
    }

    /// Its decoder is for a camera that is more urgent: it goes on as one that got none. Nothing happens without one.
    pub fn give_way(&mut self, eyes: &mut impl Eyes) {
        if self.own.is_some() {
            self.close(eyes);
            self.ladder.refuse();
        }
    }

    /// Units are missing: the next that can be decoded is a keyframe.
    pub fn lose(&mut self, eyes: &mut impl Eyes) {
        self.backlog.clear();
        self.close(eyes);
        self.gate.interrupt();
    }

    /// The next unit in decoding order.
    ///
    /// # Errors
    /// [`DecodeError`] when it cannot be decoded; the next keyframe is tried with a new decoder.
    pub fn unit(
        &mut self,
        unit: &AccessUnit,
        keyframes: &mut KeyframeDecoders,
        eyes: &mut impl Eyes,
    ) -> Result<(), DecodeError> {
        let Some(params) = self.params.clone() else { return Ok(()) };
        self.counters.units[index(self.ladder.rung())] += 1;
        self.measure_gap(unit);
        self.backlog.push(unit, self.ladder.unseen_for());
        let verdict = self.gate.unit(unit);
        self.ladder.unit(unit.pts, verdict);
        if self.ladder.rung() >= Rung::Few {
            if self.own.is_some() {
                self.feed(unit, eyes)?;
            } else {
                self.climb(&params, eyes)?;
            }
        }
        // Also one that was just refused a decoder.
        if self.ladder.rung() < Rung::Few && unit.is_keyframe && self.ladder.wants_keyframe() {
            self.keyframe(&params, unit, keyframes, eyes)?;
        }
        self.settle(eyes);
        Ok(())
    }

    /// How far apart keyframes are; one that is long in coming is not waited for.
    fn measure_gap(&mut self, unit: &AccessUnit) {
        let since = self.newest_keyframe.map_or(MediaDuration::ZERO, |last| unit.pts - last);
        if unit.is_keyframe {
            self.newest_keyframe = Some(unit.pts);
            self.keyframe_gap = since;
        }
        self.ladder.keyframe_gap(self.keyframe_gap.max(since));
    }

    /// What the detector saw in a picture that was not answered at once.
    ///
    /// # Errors
    /// As [`Self::unit`].
    pub fn seen(&mut self, answer: Answer, eyes: &mut impl Eyes) -> Result<(), DecodeError> {
        self.n_looking = self.n_looking.saturating_sub(1);
        self.judge(answer, eyes)
    }

    /// The picture of `at` that was given to the detector was not detected: it is as if nobody had asked.
    pub fn unseen(&mut self, at: Pts) {
        self.n_looking = self.n_looking.saturating_sub(1);
        self.ladder.unseen(at);
    }

    fn judge(
        &mut self,
        Answer { at, look, interest }: Answer,
        eyes: &mut impl Eyes,
    ) -> Result<(), DecodeError> {
        self.ladder.seen(at, interest);
        // A glance that found something new only says that its picture is to be seen again, in its place.
        if !(look.is_glance() && interest.is_new) {
            self.known_until = self.known_until.max(Some(at));
        }
        if interest.fps > 0.0 {
            self.gate.mattered(at);
        }
        if look == Look::Changed && !interest.is_new && interest.fps <= 0.0 {
            self.motion.learn_noise();
        }
        let Some(params) = self.params.clone() else { return Ok(()) };
        if self.ladder.rung() >= Rung::Few && self.own.is_none() {
            self.climb(&params, eyes)?;
        }
        Ok(())
    }

    /// One keyframe by itself, through a decoder that many cameras share.
    fn keyframe(
        &mut self,
        params: &VideoParams,
        unit: &AccessUnit,
        keyframes: &mut KeyframeDecoders,
        eyes: &mut impl Eyes,
    ) -> Result<(), DecodeError> {
        let KeyframePicture { picture, element } = keyframes.decode(params, unit)?;
        self.element = Some(element);
        let Some(picture) = picture else { return Ok(()) };
        self.counters.decoded[index(self.ladder.rung())] += 1;
        self.quiet_until = self.compared.replace(picture.pts);
        let change = self.compare(&picture);
        let is_new = change.is_new || change.is_moving;
        let mut look = self.ladder.keyframe(is_new);
        if self.ladder.rung() >= Rung::Few {
            self.climb(params, eyes)?;
            if self.ladder.rung() >= Rung::Few {
                return Ok(());
            }
            // It was refused a decoder: this keyframe is all that will be seen of it.
            look = self.ladder.keyframe(is_new);
        }
        let Some(look) = look else { return Ok(()) };
        self.look(&picture, look, change, eyes)
    }

    /// Opens a decoder and brings it up to date with the units since the keyframe before the newest one, or since the last
    /// on which nothing had happened: what led to the climb is seen too.
    fn climb(&mut self, params: &VideoParams, eyes: &mut impl Eyes) -> Result<(), DecodeError> {
        if self.backlog.units.is_empty() {
            return Ok(());
        }
        if !eyes.admit() {
            self.ladder.refuse();
            return Ok(());
        }
        match Decoder::new(params, self.choice) {
            Ok(decoder) => self.own = Some(decoder),
            Err(error) => {
                eyes.release();
                self.ladder.refuse();
                return Err(error);
            }
        }
        self.counters.climbs += 1;
        self.sampled_fps = self.ladder.fps();
        self.sampler = FrameSampler::new(self.sampled_fps);
        let past = self.backlog.since(self.quiet_until);
        past.iter().try_for_each(|unit| self.feed(unit, eyes))
    }

    fn feed(&mut self, unit: &AccessUnit, eyes: &mut impl Eyes) -> Result<(), DecodeError> {
        let Some(own) = &mut self.own else { return Ok(()) };
        match own.feed(unit) {
            Ok(pictures) => {
                self.element = Some(own.element().clone());
                pictures.into_iter().try_for_each(|picture| self.picture(picture, eyes))
            }
            Err(error) => {
                self.lose(eyes);
                Err(error)
            }
        }
    }

    /// The stream has ended well: what the decoder still holds comes out.
    ///
    /// # Errors
    /// As [`Self::unit`].
    pub fn finish(&mut self, eyes: &mut impl Eyes) -> Result<(), DecodeError> {
        let Some(own) = &mut self.own else { return Ok(()) };
        own.drain()?.into_iter().try_for_each(|picture| self.picture(picture, eyes))
    }

    fn picture(&mut self, picture: Decoded, eyes: &mut impl Eyes) -> Result<(), DecodeError> {
        let rung = index(self.ladder.rung());
        self.counters.decoded[rung] += 1;
        let fps = self.ladder.fps();
        if fps != self.sampled_fps {
            self.sampler.change(fps);
            self.sampled_fps = fps;
        }
        let was_seen = self.known_until.is_some_and(|until| picture.pts <= until);
        if was_seen || !self.sampler.is_due(picture.pts) {
            return Ok(());
        }
        let change = self.compare(&picture);
        if !self.ladder.picture(picture.pts, change.is_moving) {
            return Ok(());
        }
        self.look(&picture, Look::Watching, change, eyes)
    }

    fn look(
        &mut self,
        picture: &Decoded,
        look: Look,
        change: Change,
        eyes: &mut impl Eyes,
    ) -> Result<(), DecodeError> {
        let Some(frame) = picture.frame() else { return Ok(()) };
        self.counters.wanted[index(self.ladder.rung())] += 1;
        let may_be_part = look == Look::Watching && self.ladder.may_look_at_parts(picture.pts);
        match eyes.look(Wanted { frame, look, changed: change.rect, moving: change.places, may_be_part }) {
            Some(interest) => self.judge(Answer { at: picture.pts, look, interest }, eyes),
            None => {
                self.n_looking += 1;
                Ok(())
            }
        }
    }

    fn compare(&mut self, picture: &Decoded) -> Change {
        let (width, height) = picture.size_px();
        let cells = picture.luma(|luma| Cells::of(luma, width, height));
        let change = cells.map_or_else(Change::default, |cells| self.motion.compare(picture.pts, &cells));
        self.gate.told(change.is_new || change.is_moving);
        change
    }

    fn settle(&mut self, eyes: &mut impl Eyes) {
        if !self.ladder.settle(self.n_looking > 0) {
            return;
        }
        self.compared = self.newest_keyframe;
        eyes.rested();
        self.motion.absorb();
        self.close(eyes);
    }

    fn close(&mut self, eyes: &mut impl Eyes) {
        if self.own.take().is_some() {
            eyes.release();
        }
    }

    /// Wall time of the newest unit that is kept.
    #[must_use]
    pub fn newest(&self) -> Option<WallTime> {
        self.backlog.units.back().map(|unit| unit.wall)
    }
}

fn index(rung: Rung) -> usize {
    match rung {
        Rung::Sizes => 0,
        Rung::Keyframes => 1,
        Rung::Few => 2,
        Rung::Full => 3,
    }
}

#[cfg(test)]
mod tests;
