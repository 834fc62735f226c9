//! What lost packets did to a run: which pictures they may have spoiled, and when nothing of a GOP can be decoded. Pure.
//!
//! A picture that lost a packet is missing altogether (retina drops it), and all that follow it up to the next keyframe
//! may refer to it. They are recorded all the same: smeared video still shows who was there. Only when the keyframe
//! itself is missing does the run end, because what follows belongs to nothing.

use std::collections::VecDeque;

use sharpeyes_domain::time::{MediaDuration, Pts};

/// Keyframe distances that are remembered; the longest of them is the camera's.
const REMEMBERED: usize = 8;
/// Without any distance known: longer than cameras' keyframe intervals.
const UNKNOWN: MediaDuration = MediaDuration::from_secs(10);

/// What can be said of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing that it may refer to is missing.
    Whole,
    /// Something since the last keyframe is missing.
    Damaged,
    /// Its keyframe is missing.
    Undecodable,
}

/// One picture, in decoding order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) pts: Pts,
    /// Packets are missing before it.
    pub(super) follows_loss: bool,
    pub(super) key: Key,
}

/// Whether the picture is a keyframe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Whole,
    /// A keyframe by its type, without its first slice.
    Torn,
    No,
}

/// The state of one run.
#[derive(Debug)]
pub(super) struct Damage {
    last_key: Pts,
    distances: VecDeque<MediaDuration>,
    is_damaged: bool,
}

impl Damage {
    /// A run that begins with a whole keyframe at `key`.
    pub(super) fn begin(key: Pts) -> Self {
        Self { last_key: key, distances: VecDeque::new(), is_damaged: false }
    }

    pub(super) fn judge(&mut self, arrival: Arrival) -> Verdict {
        let since_key = arrival.pts - self.last_key;
        match arrival.key {
            Key::Torn => Verdict::Undecodable,
            Key::Whole => {
                // A keyframe may have been lost in between, which would teach a double distance.
                if !self.is_damaged && !arrival.follows_loss && since_key > MediaDuration::ZERO {
                    self.distances.push_back(since_key);
                    if self.distances.len() > REMEMBERED {
                        self.distances.pop_front();
                    }
                }
                self.last_key = arrival.pts;
                self.is_damaged = false;
                Verdict::Whole
            }
            Key::No => {
                self.is_damaged |= arrival.follows_loss;
                if self.is_damaged && since_key > self.overdue() {
                    Verdict::Undecodable
                } else if self.is_damaged {
                    Verdict::Damaged
                } else {
                    Verdict::Whole
                }
            }
        }
    }

    /// A keyframe later than this after the one before was lost: half a distance is let pass.
    fn overdue(&self) -> MediaDuration {
        self.distances.iter().max().map_or(UNKNOWN, |longest| MediaDuration(longest.0 + longest.0 / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `k` whole keyframe, `t` torn keyframe, `p` picture, `x` picture after a loss; ten a second. Verdicts: `.` whole,
    /// `d` damaged, `!` undecodable.
    fn check(pictures: &str, verdicts: &str) {
        let mut damage = Damage::begin(Pts(-9_000));
        let found: String = (0..)
            .zip(pictures.chars())
            .map(|(n, kind)| {
                let key = match kind {
                    'k' | 'l' => Key::Whole,
                    't' => Key::Torn,
                    _ => Key::No,
                };
                let arrival = Arrival { pts: Pts(n * 9_000), follows_loss: matches!(kind, 'x' | 'l'), key };
                match damage.judge(arrival) {
                    Verdict::Whole => '.',
                    Verdict::Damaged => 'd',
                    Verdict::Undecodable => '!',
                }
            })
            .collect();
        assert_eq!(found, verdicts, "{pictures}");
    }

    #[test]
    fn a_loss_spoils_the_rest_of_its_gop_and_a_lost_keyframe_all_of_it() {
        check("kpppkpppk", ".........");
        check("kpppkpxppkppp", "......ddd....");
        // The keyframe that was due at the eighth place never came whole.
        check("kpppkpppxppppp", "........ddd!!!");
        check("kpppkpppxpplppp", "........ddd....");
        check("kpppkppptppp", "........!...");
        // Nothing is known of the distance yet: no verdict without ten seconds.
        check("xpppp", "ddddd");
    }
}
