//! How closely a camera is looked at, and what a rule needs of that.
//!
//! Decoding is the cost, so a camera on which nothing happens rests on a low rung and climbs when something does.
//! Only the words are here: which rung a camera is on is decided in `gateway::analyze`.

use crate::closed::closed_enum;

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
}
