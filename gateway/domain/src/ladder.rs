//! How closely a camera is looked at, and what a rule needs of that.
//!
//! Decoding is the cost, so a camera on which nothing happens rests on a low rung and climbs when something does.
//! Only the words are here: which rung a camera is on is decided in `gateway::analyze`.

use crate::{closed::closed_enum, time::MediaDuration};

closed_enum! {
    /// A rung of the ladder, from the cheapest up.
    pub enum Rung ("rung") {
        /// Nothing is decoded: the sizes of the coded pictures against what is usual for the camera.
        Sizes => "sizes",
        /// Keyframes only.
        Keyframes => "keyframes",
        /// A few pictures a second.
        Few => "few",
        /// Every picture that the detector has time for, while a track that a rule cares about is alive.
        Full => "full",
    }
}

/// What a rule needs of the analysis to keep its promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// The lowest rung on which the camera may rest while nothing is seen that concerns the rule.
    pub rest: Rung,
    /// Pictures a second to detect while something that concerns it is there.
    pub fps: f32,
    /// The longest time for which it may go unseen once nothing has happened for a while.
    pub doze: MediaDuration,
}

closed_enum! {
    /// Which decoders may be used.
    pub enum DecoderChoice ("decoder") {
        /// Whatever GStreamer ranks highest for the stream.
        Auto => "auto",
        /// The processor alone.
        Software => "software",
        /// Intel and AMD graphics.
        VaApi => "vaapi",
        /// NVIDIA graphics.
        NvDec => "nvdec",
        /// The video units of small boards.
        V4l2 => "v4l2",
    }
}

closed_enum! {
    /// How much is decoded.
    pub enum LadderMode ("ladder") {
        /// Each camera rests on the lowest rung that its rules allow, and climbs.
        Auto => "auto",
        /// Every picture of every camera.
        Full => "full",
    }
}

closed_enum! {
    /// Why a camera was put on its rung.
    pub enum RungReason ("rung reason") {
        /// A stream begins.
        Begin => "begin",
        /// The sizes of its coded pictures left what is usual.
        Sizes => "sizes",
        /// The sizes say nothing of this camera (constant bit rate, or nothing learned yet).
        Blind => "blind",
        /// The sizes say something again.
        Learned => "learned",
        /// A keyframe shows something new, and the detector sees something in it.
        Seen => "seen",
        /// Keyframe after keyframe shows something new that the detector has no word for.
        Changing => "changing",
        /// Something that a rule cares about moves.
        Track => "track",
        /// What a rule cares about has stopped moving, and the rule goes on.
        Standing => "standing",
        /// Nothing happens any more.
        Calm => "calm",
        /// A rule, or the site, asks for no less.
        Floor => "floor",
        /// The machine has no time for more.
        Overload => "overload",
    }
}
