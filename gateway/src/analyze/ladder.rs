//! Which rung of the ladder one camera stands on, and why.
//!
//! A pure function of what it is told, in media time: sizes that stir, keyframes that changed, what the detector saw. No
//! decoder, no thread and no clock; what has to be decoded follows from the rung and is done by [`super::watch`].

use sharpeyes_domain::{
    ladder::{LadderMode, Need, Rung, RungReason},
    time::{MediaDuration, Pts},
};

/// Pictures a second on the rung "few", within these bounds: what the rules want while one of them counts time, for who is
/// hardly seen is lost sooner; else half of it.
const FEW: f32 = 2.0;
const MOST_FEW: f32 = 5.0;
/// After the last sign of life a camera is watched for so long before it may rest.
const CALM: MediaDuration = MediaDuration::from_secs(4);
/// What is on its way to the detector for so long is given up there, too.
const OUTSTANDING: MediaDuration = MediaDuration::from_secs(2);
/// After the last sight of something that moves and matters.
const LINGER: MediaDuration = MediaDuration::from_secs(1);
/// On a middle rung a picture is detected at least so often, moved or not.
const RECHECK: MediaDuration = MediaDuration::from_secs(1);
/// … and so often while a rule counts the time of what stands there.
const STANDING: MediaDuration = MediaDuration::from_millis(450);
/// A tracker follows what stands from keyframe to keyframe when they are no further apart.
const CLOSE: MediaDuration = MediaDuration::from_millis(2_500);
/// Keyframes in a row that must show something new before it is looked at closely although the detector sees nothing …
const PATIENCE: u32 = 2;
/// … doubled each time that it was for nothing, up to this.
const MOST_PATIENCE: u32 = 16;
/// Keyframes further apart than this cannot be what a camera rests on.
const RARE: MediaDuration = MediaDuration::from_secs(6);
/// After so long at rest without anything new a camera dozes: …
const DROWSY: MediaDuration = MediaDuration::from_secs(60);
/// … keyframes are so far apart at most, and as its rules allow, …
const MOST_DOZE: MediaDuration = MediaDuration::from_secs(4);
/// … and the safety net is so many times as wide.
const DOZING_NET: i64 = 3;
/// A camera that got no decoder asks again after so long.
const RETRY: MediaDuration = MediaDuration::from_secs(2);

/// What a camera's rules and its site ask of the ladder.
#[derive(Clone, Copy, Debug)]
pub struct LadderSettings {
    /// Climb and rest, or stay on the top.
    pub mode: LadderMode,
    /// The lowest rung on which its rules let it rest.
    pub rest: Rung,
    /// Pictures a second on the rung "few" …
    pub few_fps: f32,
    /// … and there while a rule counts the time of what stands.
    pub busy_fps: f32,
    /// The most pictures a second.
    pub full_fps: f32,
    /// A keyframe is detected at least so often, and a third as often when nothing has happened for a minute.
    pub look_every: MediaDuration,
    /// Less than a whole picture may be detected.
    pub parts: bool,
    /// The most time between two keyframes that are decoded when nothing has happened for a minute.
    pub doze: MediaDuration,
}

impl LadderSettings {
    /// For a camera whose rules need this much, and that may have at most `fps` pictures a second detected, all of each.
    #[must_use]
    pub fn new(mode: LadderMode, need: Need, fps: f32, look_every: MediaDuration) -> Self {
        let bounded = |wanted: f32| wanted.clamp(FEW, MOST_FEW).min(fps);
        let doze = need.doze.min(MOST_DOZE);
        Self {
            mode,
            rest: need.rest,
            few_fps: bounded(need.fps / 2.0),
            busy_fps: bounded(need.fps),
            full_fps: fps,
            look_every,
            parts: false,
            doze,
        }
    }
}

/// What the sizes of the coded pictures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: constant bit rate, or not enough learned.
    Blind,
    /// As usual.
    Calm,
    /// Out of the usual.
    Stirred,
}

/// What one detected picture meant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interest {
    /// The most pictures a second that a rule asks for because of something that moves; 0 when nothing does.
    pub fps: f32,
    /// A rule is counting time or has an alarm running.
    pub is_busy: bool,
    /// Something stands there that a rule wants to see on every keyframe.
    pub is_settled: bool,
    /// Seen at rest: something is there that was not there before and that a rule cares about.
    pub is_new: bool,
}

/// Why a picture is given to the detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It was due.
    SafetyNet,
    /// A keyframe shows something new.
    Changed,
    /// On one of the upper rungs.
    Watching,
    /// A keyframe of a camera that should be on one of the upper rungs, and for which there is no time.
    Reduced,
}

impl Look {
    /// Only whether something is there is asked: what led to it is about to be decoded, and tracked then.
    #[must_use]
    pub const fn is_glance(self) -> bool {
        matches!(self, Self::SafetyNet | Self::Changed)
    }
}

/// From one rung to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, in media time.
    pub at: Pts,
    /// From …
    pub from: Rung,
    /// … to.
    pub to: Rung,
    /// Why.
    pub reason: RungReason,
}

/// One camera's place.
#[derive(Clone, Debug)]
pub struct Ladder {
    settings: LadderSettings,
    rung: Rung,
    reason: RungReason,
    now: Pts,
    are_sizes_trusted: bool,
    keyframe_gap: MediaDuration,
    /// The last keyframe that was decoded at rest.
    last_keyframe: Option<Pts>,
    last_look: Option<Pts>,
    /// When anything last happened: it was watched, or a keyframe showed something new.
    last_stir: Pts,
    last_detected: Option<Pts>,
    /// The last picture that was detected as a whole.
    last_whole: Option<Pts>,
    /// Keyframes in a row that showed something new.
    n_changed: u32,
    patience: u32,
    is_busy: bool,
    is_settled: bool,
    /// Since it climbed, something was seen that a rule cares about.
    is_fruitful: bool,
    watch_until: Pts,
    refused_until: Pts,
    track_until: Pts,
    track_fps: f32,
    steps: Vec<Step>,
}

impl Ladder {
    /// At rest; nothing seen.
    #[must_use]
    pub const fn new(settings: LadderSettings) -> Self {
        Self {
            settings,
            rung: Rung::Keyframes,
            reason: RungReason::Begin,
            now: Pts(0),
            are_sizes_trusted: false,
            keyframe_gap: MediaDuration::ZERO,
            last_keyframe: None,
            last_look: None,
            last_stir: Pts(0),
            last_detected: None,
            last_whole: None,
            n_changed: 0,
            patience: PATIENCE,
            is_busy: false,
            is_settled: false,
            is_fruitful: false,
            watch_until: Pts(0),
            refused_until: Pts(0),
            track_until: Pts(0),
            track_fps: 0.0,
            steps: Vec::new(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn rung(&self) -> Rung {
        self.rung
    }

    /// Why it stands there.
    #[must_use]
    pub const fn reason(&self) -> RungReason {
        self.reason
    }

    /// Pictures a second that are worth a look on this rung.
    #[must_use]
    pub fn fps(&self) -> f32 {
        match self.rung {
            Rung::Sizes | Rung::Keyframes => 0.0,
            Rung::Few if self.is_busy => self.settings.busy_fps,
            Rung::Few => self.settings.few_fps,
            Rung::Full if self.rest() == Rung::Full => self.settings.full_fps,
            Rung::Full => self.track_fps,
        }
    }

    /// Steps taken since this was last asked.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// A run begins: what was seen before says nothing about it.
    pub fn begin(&mut self, at: Pts) {
        *self = Self { steps: std::mem::take(&mut self.steps), rung: self.rung, ..Self::new(self.settings) };
        self.now = at;
        self.last_stir = at;
        let rest = self.rest();
        self.go(rest, RungReason::Begin);
    }

    /// The next coded picture came.
    pub fn unit(&mut self, at: Pts, verdict: Verdict) {
        self.now = self.now.max(at);
        self.are_sizes_trusted = verdict != Verdict::Blind;
        if verdict == Verdict::Stirred {
            self.watch(self.now, RungReason::Sizes);
        } else if self.rung < Rung::Few && !self.is_refused() {
            let reason = if self.are_sizes_trusted { RungReason::Learned } else { RungReason::Blind };
            self.go(self.rest(), reason);
        }
    }

    /// How far apart the last two keyframes were.
    pub const fn keyframe_gap(&mut self, gap: MediaDuration) {
        self.keyframe_gap = gap;
    }

    /// Whether the keyframe of now is worth decoding.
    #[must_use]
    pub fn wants_keyframe(&self) -> bool {
        match self.rung {
            Rung::Sizes => self.is_due(self.last_keyframe, self.settings.look_every),
            Rung::Keyframes => !self.is_dozing() || self.is_due(self.last_keyframe, self.settings.doze),
            Rung::Few | Rung::Full => false,
        }
    }

    /// How often the detector is asked at rest, whatever sizes and pictures say.
    #[must_use]
    pub fn look_every(&self) -> MediaDuration {
        let look_every = self.settings.look_every;
        if self.is_dozing() { MediaDuration(look_every.0 * DOZING_NET) } else { look_every }
    }

    /// How long before a keyframe that shows something new it may have begun: what a climb may want to see again.
    #[must_use]
    pub fn unseen_for(&self) -> MediaDuration {
        if self.rung == Rung::Keyframes { self.settings.doze } else { MediaDuration::ZERO }
    }

    /// A keyframe was decoded at rest: whether it goes to the detector. It may climb instead.
    pub fn keyframe(&mut self, is_new: bool) -> Option<Look> {
        self.last_keyframe = Some(self.now);
        if is_new {
            self.last_stir = self.now;
        }
        self.n_changed = if is_new { self.n_changed.saturating_add(1) } else { 0 };
        if self.n_changed >= self.patience {
            self.watch(self.now, RungReason::Changing);
            if self.rung >= Rung::Few {
                return None;
            }
        }
        let look = if self.reason == RungReason::Overload {
            Look::Reduced
        } else if is_new {
            Look::Changed
        } else if self.is_due(self.last_look, self.look_every()) || self.is_settled {
            Look::SafetyNet
        } else {
            return None;
        };
        self.last_look = Some(self.now);
        Some(look)
    }

    /// On an upper rung: whether the picture at `at`, one of [`Self::fps`] a second, goes to the detector.
    pub fn picture(&mut self, at: Pts, is_moving: bool) -> bool {
        if is_moving {
            self.watch_until = self.watch_until.max(at + CALM);
        }
        let pause = if self.is_busy { STANDING } else { RECHECK };
        let is_old = self.last_detected.is_none_or(|last| at - last >= pause || at < last);
        // It only waits for what is on its way to the detector: asking for more would keep it waiting.
        let is_leaving = self.rung == Rung::Few && !self.is_busy && at >= self.watch_until;
        let is_wanted = is_moving || (is_old && !is_leaving) || self.rung == Rung::Full || self.rests_high();
        if is_wanted {
            self.last_detected = Some(at);
            self.last_look = Some(at);
        }
        is_wanted
    }

    /// On an upper rung: whether less than the whole picture at `at` may be detected. Once in [`RECHECK`] it may not.
    pub fn may_look_at_parts(&mut self, at: Pts) -> bool {
        let may = self.settings.parts
            && self.settings.mode == LadderMode::Auto
            && self.last_whole.is_some_and(|last| at - last < RECHECK && at >= last);
        if !may {
            self.last_whole = Some(at);
        }
        may
    }

    /// What the picture of `at` meant. A detector that is behind tells it late, and that makes nothing last longer.
    pub fn seen(&mut self, at: Pts, interest: Interest) {
        self.is_busy = interest.is_busy || (interest.is_settled && self.keyframe_gap > CLOSE);
        self.is_settled = interest.is_settled;
        if interest.fps > 0.0 {
            self.is_fruitful = true;
            self.track_fps = interest.fps.max(self.settings.few_fps).min(self.settings.full_fps);
            self.track_until = self.track_until.max(at + LINGER);
            self.watch(at, RungReason::Track);
            if self.rung >= Rung::Few {
                self.go(Rung::Full, RungReason::Track);
            }
        } else if self.is_busy {
            self.is_fruitful = true;
            self.watch(at, RungReason::Standing);
        } else if interest.is_new {
            self.watch(at, RungReason::Seen);
        } else if self.reason == RungReason::Overload && !self.is_refused() && self.now >= self.watch_until {
            // What it wanted a decoder for is over.
            self.reason = RungReason::Calm;
        }
    }

    /// The picture of `at` that was given to the detector was not detected: whoever counts the time since the last look
    /// counts from the one before, and the next keyframe is decoded and asked about.
    pub fn unseen(&mut self, at: Pts) {
        for last in [&mut self.last_look, &mut self.last_keyframe, &mut self.last_whole] {
            if *last == Some(at) {
                *last = None;
            }
        }
    }

    /// Goes down where nothing holds it up. True when it came to rest.
    ///
    /// While pictures are on their way to the detector (`is_waiting`) they may show what holds it up. For a camera that
    /// sends no more pictures than are wanted that is always so, and for one that the detector is behind with, too: on the
    /// top rung it waits for no more than [`OUTSTANDING`], or it would keep the detector busy for nothing.
    pub fn settle(&mut self, is_waiting: bool) -> bool {
        let patience = if is_waiting { OUTSTANDING } else { MediaDuration::ZERO };
        let is_over = self.now - self.track_until > patience;
        if self.rung == Rung::Full && self.settings.mode == LadderMode::Auto && is_over {
            let reason = if self.is_busy { RungReason::Standing } else { RungReason::Calm };
            self.go(Rung::Few.max(self.rest()), reason);
        }
        let is_held =
            self.is_busy || self.now < self.watch_until || self.rung < Rung::Few || self.rests_high();
        if is_waiting || is_held || self.rung == Rung::Full {
            return false;
        }
        self.patience = if self.is_fruitful { PATIENCE } else { (self.patience * 2).min(MOST_PATIENCE) };
        self.n_changed = 0;
        self.last_stir = self.now;
        self.go(self.rest(), RungReason::Calm);
        true
    }

    /// There is no decoder for it: it stays on keyframes, and every one of them is detected.
    pub fn refuse(&mut self) {
        self.refused_until = self.now + RETRY;
        self.go(Rung::Keyframes, RungReason::Overload);
    }

    fn is_refused(&self) -> bool {
        self.now < self.refused_until
    }

    fn rests_high(&self) -> bool {
        self.rest() >= Rung::Few
    }

    fn rest(&self) -> Rung {
        let blind = match self.settings.mode {
            LadderMode::Full => Rung::Full,
            LadderMode::Auto if self.are_sizes_trusted => Rung::Sizes,
            LadderMode::Auto if self.keyframe_gap > RARE => Rung::Few,
            LadderMode::Auto => Rung::Keyframes,
        };
        blind.max(self.settings.rest)
    }

    /// With the next keyframe more than `every` would have passed since `last`.
    fn is_due(&self, last: Option<Pts>, every: MediaDuration) -> bool {
        let next = self.now + self.keyframe_gap;
        last.is_none_or(|last| next - last > every || next < last)
    }

    /// Nothing has happened for so long that it may be looked at more rarely.
    fn is_dozing(&self) -> bool {
        let is_awake = self.is_settled || self.rests_high() || self.reason == RungReason::Overload;
        self.rung < Rung::Few && !is_awake && self.now - self.last_stir > DROWSY
    }

    /// For what was seen `at`.
    fn watch(&mut self, at: Pts, reason: RungReason) {
        self.watch_until = self.watch_until.max(at + CALM);
        self.last_stir = self.now;
        if self.rung < Rung::Few && !self.is_refused() {
            self.is_fruitful = matches!(reason, RungReason::Track | RungReason::Standing);
            self.last_detected = None;
            self.go(Rung::Few, reason);
        }
    }

    fn go(&mut self, to: Rung, reason: RungReason) {
        let from = std::mem::replace(&mut self.rung, to);
        if from != to {
            let is_floor = reason != RungReason::Overload && to == self.settings.rest && to >= Rung::Few;
            self.reason = if is_floor && reason == RungReason::Begin { RungReason::Floor } else { reason };
            self.steps.push(Step { at: self.now, from, to, reason: self.reason });
        } else if reason == RungReason::Overload {
            self.reason = reason;
        }
    }
}

#[cfg(test)]
mod tests;
