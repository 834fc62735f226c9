//! Placeholder.
use super::{
    RuleConfig,
    watch::{Frame, Verdict},
};

#[derive(Clone, Debug, Default)]
pub(super) struct Collisions;

impl Collisions {
    pub(super) fn observe(&mut self, _config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        Verdict::of(frame.at, std::iter::empty())
    }
}
