//! Rules that are tried on what a camera recorded: what they would have raised, beside what its own rules did.
//!
//! `look` drives the pipeline of the live analysis over a recording; `keeper` keeps the queue of trials, one at a time and
//! behind everything else; rows are in `store::trials`. Nothing here raises an alarm or opens an incident.

mod beside;
mod keeper;
mod look;

use serde::{Deserialize, Serialize};
use sharpeyes_domain::{
    alarm::{EndCause, Evidence},
    ids::{AlarmId, ModelId, RuleId, StreamId},
    level::Level,
    rule::{RuleClass, RuleConfig},
    segment::{GapCause, Span},
    time::WallTime,
    zone::Zone,
};

pub use self::{
    beside::{Beside, beside},
    keeper::{Side, TrialParts, Trials},
};
use crate::store::dispatch::TraceBox;

/// What is tried, on what. Checked.
#[derive(Clone, Debug)]
pub struct TrialPlan {
    /// Whose recording.
    pub stream: StreamId,
    /// Which part of it; at most a day.
    pub span: Span,
    /// The rules as they were written.
    pub text: String,
    /// The same, checked.
    pub rules: Vec<RuleConfig>,
    /// Zones of the camera and of the rules.
    pub zones: Vec<Zone>,
    /// Which detector looks.
    pub model: ModelId,
    /// Name of the account.
    pub by: String,
}

/// An alarm that the rules would have raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialAlarm {
    /// Which of the rules tried.
    pub rule: RuleId,
    /// What kind of event.
    pub class: RuleClass,
    /// By the rule's setting.
    pub level: Level,
    /// When the condition first held.
    pub began: WallTime,
    /// When it had held long enough.
    pub raised: WallTime,
    /// When it last held; `None`: it held to the end of what was looked at.
    pub ended: Option<WallTime>,
    /// Why it ended.
    pub cause: Option<EndCause>,
    /// Why it was raised, with the numbers of its peak.
    pub evidence: Evidence,
    /// Whose boxes to show on the still.
    pub boxes: Vec<TraceBox>,
    /// There is a still of the moment.
    pub has_still: bool,
    /// The live rule of the same name had an alarm then, too.
    pub is_met: bool,
}

/// An alarm that the camera's own rule did raise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveAlarm {
    /// Which.
    pub alarm: AlarmId,
    /// Which rule of the camera.
    pub rule: RuleId,
    /// What kind of event.
    pub class: RuleClass,
    /// By the rule's setting then.
    pub level: Level,
    /// When the condition first held.
    pub began: WallTime,
    /// When it had held long enough.
    pub raised: WallTime,
    /// When it last held; `None` while it runs.
    pub ended: Option<WallTime>,
    /// Why it was raised.
    pub evidence: Evidence,
    /// There is a still of the moment.
    pub has_still: bool,
    /// One of the rules tried would have raised an alarm then, too.
    pub is_met: bool,
    /// Nothing of the time is recorded, so that no trial can say anything about it.
    pub is_unseen: bool,
}

/// A stretch of which nothing is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// From when to when.
    pub span: Span,
    /// Why; `None`: before the camera's first recording, or no more.
    pub cause: Option<GapCause>,
}

/// What a trial found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// In order of their beginning; at most [`Self::MOST_ALARMS`].
    pub alarms: Vec<TrialAlarm>,
    /// How many there were in all.
    pub n_alarms: u32,
    /// In order of their beginning; at most [`Self::MOST_ALARMS`].
    pub live: Vec<LiveAlarm>,
    /// What is missing of the recording.
    pub blind: Vec<Blind>,
    /// Zones of the rules tried.
    pub zones: Vec<Zone>,
    /// Coded pictures read.
    pub n_pictures: u64,
    /// … decoded.
    pub n_decoded: u64,
    /// … given to the detector.
    pub n_detected: u64,
    /// … that could not be decoded.
    pub n_broken: u64,
}

impl TrialResult {
    /// More than this are a rule that is wrong.
    pub const MOST_ALARMS: usize = 200;
}

/// Alarms of one occurrence overlap, or begin this close to each other: rules with other times see its beginning elsewhere.
const SAME_MS: i64 = 10_000;

/// Marks what both sides have: alarms of one rule that were there at the same time.
fn meet(alarms: &mut [TrialAlarm], live: &mut [LiveAlarm], blind: &[Blind]) {
    for one in &mut *live {
        let span = Span { from: one.began, to: one.ended.unwrap_or(one.raised) };
        one.is_unseen = blind.iter().any(|blind| blind.span.holds(span.from) || blind.span.holds(one.raised));
    }
    for tried in alarms {
        for one in live.iter_mut().filter(|one| one.rule == tried.rule) {
            if are_one((tried.began, tried.ended), (one.began, one.ended)) {
                (one.is_met, tried.is_met) = (true, true);
            }
        }
    }
}

/// When an alarm began and ended; `None`: it runs.
type Lasting = (WallTime, Option<WallTime>);

/// Two alarms of the same rule, one of each side, are of the same occurrence.
fn are_one(a: Lasting, b: Lasting) -> bool {
    let until = |lasting: Lasting| lasting.1.map_or(i64::MAX, |ended| ended.0.saturating_add(SAME_MS));
    a.0.0 <= until(b) && b.0.0 <= until(a)
}

#[cfg(test)]
mod tests;
