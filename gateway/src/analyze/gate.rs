//! The sizes of coded pictures against what is usual for the camera: the lowest rung, where nothing is decoded.

use sharpeyes_domain::media::{AccessUnit, VideoCodec};

use super::ladder::Verdict;

/// One camera's memory of its sizes.
#[derive(Clone, Debug, Default)]
pub struct Gate {}

impl Gate {
    /// A run begins.
    pub fn begin(&mut self, _codec: VideoCodec) {}

    /// Units are missing.
    pub fn interrupt(&mut self) {}

    /// Whether the next coded picture is as usual.
    pub fn unit(&mut self, _unit: &AccessUnit) -> Verdict {
        Verdict::Blind
    }

    /// What came of the last climb.
    pub fn judged(&mut self, _was_fruitful: bool) {}
}
