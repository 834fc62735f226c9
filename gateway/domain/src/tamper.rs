//! Whether the camera still shows its place: covered, defocused, moved, frozen, signal lost.
//!
//! The picture is compared with the camera's own reference, which is learnt while all is well and never while something
//! is suspected. Each suspicion must hold before it is said, and be gone for a while before it ends, like an alarm; but
//! it concerns technicians, and makes what is detected meanwhile doubtful. One at a time: the worst that fits.
//! A place whose lamp went out is dark and nothing else: no suspicion, and nothing to be learnt.
//! No frame rate is assumed; keyframes alone are enough. Fed by `gateway::analyze`, beside [`crate::background`].

mod features;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::features::{Features, Reference};
use crate::{
    alarm::Moment,
    closed::closed_enum,
    geometry::NormPoint,
    luma::LumaPicture,
    schedule::LocalTime,
    time::{MediaDuration, Pts},
};

closed_enum! {
    /// What is wrong with the picture.
    pub enum TamperKind ("tamper kind") {
        /// The lens sees next to nothing of its place: dark, or flat.
        Covered => "covered",
        /// Edges are soft that were sharp.
        Defocused => "defocused",
        /// It looks elsewhere.
        Moved => "moved",
        /// The same picture again and again while time goes on.
        Frozen => "frozen",
        /// A recorder's own blue or black picture instead of the camera's.
        SignalLost => "signal_lost",
    }
}

impl TamperKind {
    /// How long it must hold to be said, and how many pictures must show it.
    const fn hold(self) -> (MediaDuration, u32) {
        match self {
            Self::Covered => (MediaDuration::from_secs(4), 3),
            Self::Defocused => (MediaDuration::from_secs(12), 4),
            Self::Moved => (MediaDuration::from_secs(8), 4),
            Self::Frozen => (MediaDuration::from_secs(16), 5),
            Self::SignalLost => (MediaDuration::from_secs(6), 3),
        }
    }

    /// How long the picture must be well before it is over.
    const fn clear(self) -> MediaDuration {
        match self {
            Self::Frozen | Self::SignalLost => MediaDuration::from_secs(3),
            Self::Covered | Self::Defocused | Self::Moved => MediaDuration::from_secs(5),
        }
    }

    /// What lasts so long is how the camera looks now: it becomes the reference.
    const fn adopted_after(self) -> Option<MediaDuration> {
        match self {
            Self::Moved => Some(MediaDuration::from_secs(10 * 60)),
            Self::Covered | Self::Defocused => Some(MediaDuration::from_secs(24 * 60 * 60)),
            Self::Frozen | Self::SignalLost => None,
        }
    }
}

closed_enum! {
    /// Why it is over.
    pub enum TamperEnding ("tamper ending") {
        /// The picture is as it was before.
        Restored => "restored",
        /// It is still different, and has been for so long that this is the reference now: zones and rules may be wrong.
        Adopted => "adopted",
        /// Another kind fits better.
        Changed => "changed",
        /// No more pictures: what is the case is not known.
        StreamLost => "stream_lost",
    }
}

/// The numbers behind it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TamperEvidence {
    /// Covered: detail that is left; defocused: sharpness that is left; moved: likeness with the reference; frozen: share
    /// of the picture that changes; signal lost: share that is not of one brightness. 1 is as usual for the camera.
    pub left: f32,
    /// Moved: how far, as shares of the picture, where that can be told.
    pub shift: Option<NormPoint>,
}

/// It begins, or is over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edge", rename_all = "snake_case")]
pub enum TamperEdge {
    /// It has held long enough.
    Begin {
        /// What.
        kind: TamperKind,
        /// When the picture first showed it.
        began: Moment,
        /// Now.
        raised: Moment,
        /// Why.
        evidence: TamperEvidence,
    },
    /// It is over.
    End {
        /// What.
        kind: TamperKind,
        /// As in its begin.
        began: Moment,
        /// When the picture last showed it.
        ended: Moment,
        /// Now.
        cleared: Moment,
        /// Why.
        ending: TamperEnding,
    },
}

/// Pictures this far apart are compared for life: nearer ones may be copies that the encoder was allowed to make.
const APART: MediaDuration = MediaDuration::from_millis(1_500);
/// After a longer darkness the place may look another way: by day, or in the light of another lamp.
const LONG_DARK: MediaDuration = MediaDuration::from_secs(10 * 60);
/// So many pictures in a row are lit before it is light again: fewer are headlights, a torch or lightning.
const LIT_AGAIN: u32 = 3;
/// When it may be night, in minutes of the day: where one clock serves a wide country the sun rises as late as ten.
const EVENING: u16 = 17 * 60;
const MORNING: u16 = 10 * 60;
/// Nothing is known about a longer pause.
const PAUSE: MediaDuration = MediaDuration::from_secs(70);

/// One camera's reference, and what is suspected.
#[derive(Clone, Debug, Default)]
pub struct TamperWatch {
    reference: Reference,
    anchor: Option<Anchor>,
    newest: Option<Moment>,
    suspected: Option<Suspicion>,
    running: Option<Running>,
    /// Since when it has been dark without anybody's doing.
    dark_since: Option<Moment>,
    /// Pictures in a row that were lit since.
    lit: u32,
    /// Only while the reference, begun anew in the light after it, is not known.
    night: Option<Night>,
}

/// What was known before the light came: it holds if the light does not last.
#[derive(Clone, Debug)]
struct Night {
    /// `None` when there was a pause since.
    since: Option<Moment>,
    reference: Reference,
}

/// The picture that later ones are compared with, to see whether anything changes.
#[derive(Clone, Debug)]
struct Anchor {
    pts: Pts,
    picture: LumaPicture,
}

#[derive(Clone, Copy, Debug)]
struct Suspicion {
    kind: TamperKind,
    since: Moment,
    pictures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    kind: TamperKind,
    began: Moment,
    /// When the picture last showed it.
    last: Moment,
}

/// What one picture looks like.
#[derive(Clone, Copy, Debug)]
enum Look {
    Well,
    /// Too little is known, or the picture is between two states.
    Unclear,
    /// There is no light, and that is all.
    Dark,
    Ill(TamperKind, TamperEvidence),
}

impl TamperWatch {
    /// A camera that is not known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is wrong now, or may be: detections of this moment are not to be trusted.
    #[must_use]
    pub fn doubt(&self) -> Option<TamperKind> {
        self.running.map(|running| running.kind).or_else(|| self.suspected.map(|suspicion| suspicion.kind))
    }

    /// There is no light: nothing that the pixels alone show can be told from that.
    #[must_use]
    pub const fn is_dark(&self) -> bool {
        self.dark_since.is_some() || self.night.is_some()
    }

    /// The next picture, with its time on the site's clocks. One that is not later than the last begins a new run: the
    /// reference is kept, nothing else.
    pub fn observe(&mut self, at: Moment, local: LocalTime, picture: &LumaPicture) -> Vec<TamperEdge> {
        let mut edges = Vec::new();
        let elapsed = self.newest.map_or(MediaDuration::ZERO, |newest| at.pts - newest.pts);
        if elapsed <= MediaDuration::ZERO || elapsed > PAUSE {
            edges.extend(self.interrupt());
            self.anchor = None;
        }
        self.newest = Some(at);
        let elapsed = if elapsed > PAUSE { MediaDuration::ZERO } else { elapsed.max(MediaDuration::ZERO) };
        let features = Features::of(picture);
        match self.look_in_this_light(at, local, picture, &features) {
            Look::Dark => {
                self.suspected = None;
                self.dark_since.get_or_insert(at);
            }
            Look::Well => {
                self.suspected = None;
                self.reference.learn(elapsed, at.wall, &features);
                if self.reference.is_known() {
                    self.night = None;
                }
                edges.extend(self.is_well(at));
            }
            Look::Unclear => {}
            Look::Ill(kind, evidence) => edges.extend(self.is_ill(at, kind, evidence, &features)),
        }
        edges
    }

    /// The pictures stop: what is the case from now on is not known.
    pub fn interrupt(&mut self) -> Option<TamperEdge> {
        self.suspected = None;
        self.dark_since = None;
        self.lit = 0;
        if let Some(night) = &mut self.night {
            night.since = None;
        }
        let at = self.newest.take()?;
        let running = self.running.take()?;
        Some(running.end(at, TamperEnding::StreamLost))
    }

    /// The worst that fits, unless darkness explains it as well. After a long one the reference begins anew, since what was
    /// learnt in the light of a lamp says little of the day; but not for a light that is gone at once, and until the new one
    /// is known it is dark again as it was before.
    fn look_in_this_light(
        &mut self,
        at: Moment,
        local: LocalTime,
        picture: &LumaPicture,
        features: &Features,
    ) -> Look {
        let look = self.look(at, picture, features);
        if self.is_only_dark(look, local, features) {
            self.lit = 0;
            if let Some(Night { since, reference }) = self.night.take() {
                self.reference = reference;
                self.dark_since = since;
            }
            return Look::Dark;
        }
        let Some(since) = self.dark_since else { return look };
        self.lit = if self.reference.is_lit(features) { self.lit + 1 } else { 0 };
        // What was told although it was dark is not explained by that.
        let is_told = self.running.is_some_and(|running| running.began.pts >= since.pts);
        let is_over = is_told || self.lit >= LIT_AGAIN || matches!(look, Look::Well);
        if is_over {
            self.dark_since = None;
            self.lit = 0;
        }
        match look {
            Look::Unclear | Look::Ill(TamperKind::Defocused | TamperKind::Moved, _)
                if !is_told && at.pts - since.pts > LONG_DARK =>
            {
                if !is_over {
                    return Look::Dark;
                }
                self.night = Some(Night { since: Some(since), reference: self.reference.clone() });
                self.reference.begin_anew(features);
                Look::Well
            }
            other => other,
        }
    }

    /// Whether there is no light and nothing else is the matter.
    fn is_only_dark(&self, look: Look, local: LocalTime, features: &Features) -> bool {
        let may_be_black = match look {
            Look::Ill(TamperKind::Covered, _) => true,
            // Everything is well as long as the reference is not known.
            Look::Well if self.night.is_some() => true,
            Look::Ill(TamperKind::Defocused | TamperKind::Moved, _) => false,
            Look::Ill(TamperKind::Frozen | TamperKind::SignalLost, _)
            | Look::Well
            | Look::Unclear
            | Look::Dark => return false,
        };
        let usual = self.night.as_ref().map_or(&self.reference, |night| &night.reference);
        usual.is_dimmed(features)
            || (may_be_black && features.is_unlit() && is_late(local) && usual.is_night())
    }

    /// The worst that fits.
    fn look(&mut self, at: Moment, picture: &LumaPicture, features: &Features) -> Look {
        let ill = |kind, left| Look::Ill(kind, TamperEvidence { left, shift: None });
        let life = self.life(at.pts, picture);
        if let Some(left) = features.signal_lost(picture) {
            return ill(TamperKind::SignalLost, left);
        }
        if let Some(left) = features.blind() {
            return if self.reference.is_dark() { Look::Well } else { ill(TamperKind::Covered, left) };
        }
        if let Life::Frozen(left) = life {
            return ill(TamperKind::Frozen, left);
        }
        if !self.reference.is_known() {
            return Look::Well;
        }
        let likeness = self.reference.compare(features);
        if likeness.detail < COVERED && likeness.coarse < COARSE && likeness.outlines < MOVED {
            return ill(TamperKind::Covered, likeness.detail);
        }
        if likeness.sharpness < DEFOCUSED && likeness.fine < DEFOCUSED {
            return ill(TamperKind::Defocused, likeness.sharpness);
        }
        if likeness.sharpness_of_hour < DEFOCUSED_OF_HOUR && likeness.fine_of_hour < DEFOCUSED_OF_HOUR {
            return ill(TamperKind::Defocused, likeness.sharpness_of_hour);
        }
        if likeness.outlines < MOVED {
            let shift = self.reference.find(features);
            return if shift.is_some() || likeness.outlines < ELSEWHERE {
                Look::Ill(TamperKind::Moved, TamperEvidence { left: likeness.outlines, shift })
            } else {
                Look::Unclear
            };
        }
        let is_as_before = likeness.detail > COVERED_NO_MORE
            && (likeness.sharpness > DEFOCUSED_NO_MORE || likeness.fine > DEFOCUSED_NO_MORE)
            && likeness.outlines > MOVED_NO_MORE;
        if is_as_before { Look::Well } else { Look::Unclear }
    }

    /// Compares with a picture some time ago. Cameras have noise; one that never had (a drawn picture) cannot freeze.
    fn life(&mut self, pts: Pts, picture: &LumaPicture) -> Life {
        let Some(anchor) = &self.anchor else {
            self.anchor = Some(Anchor { pts, picture: picture.clone() });
            return Life::Unknown;
        };
        if pts - anchor.pts < APART {
            // Too near to begin a suspicion, but no reason to give one up.
            let left = self.reference.liveliness(features::changed(&anchor.picture, picture));
            return match left {
                Some(left) if left < FROZEN && self.suspicion_of(TamperKind::Frozen) => Life::Frozen(left),
                Some(_) | None => Life::Unknown,
            };
        }
        let changed = features::changed(&anchor.picture, picture);
        self.anchor = Some(Anchor { pts, picture: picture.clone() });
        let left = self.reference.liveliness(changed);
        match left {
            Some(left) if left < FROZEN => Life::Frozen(left),
            _ => {
                self.reference.learn_liveliness(changed);
                Life::Alive
            }
        }
    }

    fn suspicion_of(&self, kind: TamperKind) -> bool {
        self.suspected.is_some_and(|suspicion| suspicion.kind == kind)
            || self.running.is_some_and(|running| running.kind == kind)
    }

    fn is_well(&mut self, at: Moment) -> Option<TamperEdge> {
        let running = self.running?;
        if at.pts - running.last.pts < running.kind.clear() {
            return None;
        }
        self.running = None;
        Some(running.end(at, TamperEnding::Restored))
    }

    fn is_ill(
        &mut self,
        at: Moment,
        kind: TamperKind,
        evidence: TamperEvidence,
        features: &Features,
    ) -> Vec<TamperEdge> {
        if let Some(running) = &mut self.running
            && running.kind == kind
        {
            self.suspected = None;
            running.last = at;
            let running = *running;
            if kind.adopted_after().is_some_and(|after| at.pts - running.began.pts > after) {
                self.running = None;
                self.night = None;
                self.reference.begin_anew(features);
                return vec![running.end(at, TamperEnding::Adopted)];
            }
            return Vec::new();
        }
        let suspicion = match self.suspected {
            Some(suspicion) if suspicion.kind == kind => {
                Suspicion { pictures: suspicion.pictures + 1, ..suspicion }
            }
            _ => Suspicion { kind, since: at, pictures: 1 },
        };
        self.suspected = Some(suspicion);
        let (hold, pictures) = kind.hold();
        if at.pts - suspicion.since.pts < hold || suspicion.pictures < pictures {
            return Vec::new();
        }
        self.suspected = None;
        let before = self.running.replace(Running { kind, began: suspicion.since, last: at });
        let begin = TamperEdge::Begin { kind, began: suspicion.since, raised: at, evidence };
        before.map(|before| before.end(at, TamperEnding::Changed)).into_iter().chain([begin]).collect()
    }
}

impl Running {
    const fn end(self, cleared: Moment, ending: TamperEnding) -> TamperEdge {
        TamperEdge::End { kind: self.kind, began: self.began, ended: self.last, cleared, ending }
    }
}

/// By the clock. A lens that was covered by night is found by day.
const fn is_late(local: LocalTime) -> bool {
    local.minute_of_day >= EVENING || local.minute_of_day < MORNING
}

#[derive(Clone, Copy, Debug)]
enum Life {
    Alive,
    Unknown,
    Frozen(f32),
}

/// Shares of what is usual for the camera. Between the two of a pair a picture is neither.
const COVERED: f32 = 0.2;
const COVERED_NO_MORE: f32 = 0.4;
const COARSE: f32 = 0.4;
const DEFOCUSED: f32 = 0.5;
const DEFOCUSED_NO_MORE: f32 = 0.7;
/// Against the same hour of an earlier day: weather and season change more than minutes do.
const DEFOCUSED_OF_HOUR: f32 = 0.35;
const MOVED: f32 = 0.45;
const MOVED_NO_MORE: f32 = 0.6;
/// Where no shift explains the picture it must be as good as unknown.
const ELSEWHERE: f32 = 0.2;
const FROZEN: f32 = 0.06;
