//! Rules that are tried on recordings, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    AnalysisHealth, Evidence, FootagePurpose, IncidentClass, Line, LiveStream, Rule, TraceBox, Zone,
};

/// `GET /cameras/{id}/rules`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CameraRules {
    /// Which camera.
    pub camera: String,
    /// Which of its streams a trial looks at; absent: none is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<LiveStream>,
    /// The live analysis looks at the same stream.
    pub is_same_stream: bool,
    /// Those that raise alarms, then those that are only written down.
    pub rules: Vec<WrittenRule>,
    /// Zones that rules may name.
    pub zones: Vec<Zone>,
    /// Lines that rules may name.
    pub lines: Vec<Line>,
    /// The detector of the camera; absent: it cannot be used here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Detectors that a trial may use.
    pub models: Vec<String>,
}

/// A rule as the site file says it, with every key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WrittenRule {
    /// In words and numbers.
    pub rule: Rule,
    /// Only written down: it raises no alarm.
    pub is_shadow: bool,
    /// Keys and values of the site file, in JSON.
    #[schema(value_type = Object)]
    pub keys: serde_json::Map<String, serde_json::Value>,
    /// The same as TOML, `[[camera.rule]]`.
    pub text: String,
}

/// What is wrong with rules that were written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleProblem {
    /// Where, e.g. `camera.rule[0].at_least`, or `line 3`.
    pub at: String,
    /// What, English, in the words of `sharpeyes run`.
    pub message: String,
}

/// `POST /cameras/{id}/trials`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrial {
    /// Wall time of the beginning.
    pub from_ms: i64,
    /// Wall time of the end, at most 24 hours later.
    pub to_ms: i64,
    /// TOML as in the site file: `[[camera.rule]]`, and `[[camera.zone]]` and `[[camera.line]]` that the camera does not
    /// have, or has otherwise. At most 32 KiB.
    pub rules: String,
    /// Another installed detector than the camera's.
    pub model: Option<String>,
    /// Needed for footage older than 24 hours.
    pub purpose: Option<FootagePurpose>,
    /// Number of the case or the ticket. Needed for footage older than 24 hours.
    pub case: Option<String>,
}

/// Where a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialState {
    /// Others are before it.
    Waiting,
    /// It looks.
    Running,
    /// It has looked at everything.
    Done,
    /// Someone ended it.
    Cancelled,
    /// Its time was over.
    TimedOut,
    /// It could not go on.
    Failed,
    /// The service ended meanwhile.
    Interrupted,
}

/// Rules that are tried on a recording.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trial {
    /// Its number.
    pub id: i64,
    /// Whose recording.
    pub camera: String,
    /// Which stream of it.
    pub stream: LiveStream,
    /// From.
    pub from_ms: i64,
    /// To.
    pub to_ms: i64,
    /// The rules as they were written.
    pub rules: String,
    /// Which detector looks.
    pub model: String,
    /// When it was asked for.
    pub asked_ms: i64,
    /// Name of the account.
    pub by: String,
    /// Where it stands.
    pub state: TrialState,
    /// How far it has looked, by the time of the pictures.
    pub reached_ms: i64,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Stable word for why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as a sentence, English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `GET /cameras/{id}/trials/{trial}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialDetail {
    /// What was asked, and where it stands.
    pub trial: Trial,
    /// What it found, up to where it looked; absent while it looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<TrialResult>,
}

/// What a trial found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialResult {
    /// What would have been raised, at most 200, in order of time.
    pub alarms: Vec<TrialAlarm>,
    /// How many there were in all.
    pub n_alarms: u32,
    /// What the live rules of the same names did raise, at most 200, in order of time.
    pub live: Vec<TrialLiveAlarm>,
    /// Of both sides together: on both, only of the rules tried, only of the live ones.
    pub n_both: u32,
    /// See `n_both`.
    pub n_only_trial: u32,
    /// See `n_both`; without those whose time is not recorded.
    pub n_only_live: u32,
    /// What is missing of the recording.
    pub blind: Vec<TrialBlind>,
    /// Zones of the rules tried.
    pub zones: Vec<Zone>,
    /// Coded pictures read.
    pub n_pictures: u64,
    /// … decoded.
    pub n_decoded: u64,
    /// … given to the detector.
    pub n_detected: u64,
    /// … or pieces, that could not be read or decoded.
    pub n_broken: u64,
}

/// An alarm that would have been raised.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialAlarm {
    /// Which, for its still.
    pub n: u32,
    /// Which of the rules tried.
    pub rule: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// 1 red to 4 blue.
    pub level: u8,
    /// When the condition first held.
    pub began_ms: i64,
    /// When it had held long enough.
    pub raised_ms: i64,
    /// When it last held; absent: it held to the end of what was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_cause: Option<String>,
    /// Codes and numbers for the sentence.
    pub evidence: Evidence,
    /// Whose boxes to show on the still.
    pub boxes: Vec<TraceBox>,
    /// There is a still of the moment.
    pub has_still: bool,
    /// The live rule of the same name had an alarm then, too.
    pub is_met: bool,
}

/// An alarm that a live rule did raise.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialLiveAlarm {
    /// Which, for its still.
    pub n: u32,
    /// The alarm.
    pub alarm: i64,
    /// Which rule of the camera.
    pub rule: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// 1 red to 4 blue.
    pub level: u8,
    /// When the condition first held.
    pub began_ms: i64,
    /// When it had held long enough.
    pub raised_ms: i64,
    /// When it last held; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Codes and numbers for the sentence.
    pub evidence: Evidence,
    /// There is a still of the moment.
    pub has_still: bool,
    /// One of the rules tried would have raised an alarm then, too.
    pub is_met: bool,
    /// Nothing of the time is recorded: no trial can say anything about it.
    pub is_unseen: bool,
}

/// A stretch of which nothing is recorded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialBlind {
    /// From.
    pub from_ms: i64,
    /// To.
    pub to_ms: i64,
    /// Stable word for why; absent: before the first recording, or no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Whose still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialSide {
    /// Of the rules tried.
    #[default]
    Trial,
    /// Of the live ones.
    Live,
}

/// `GET /cameras/{id}/shadow-alarms`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShadowAlarms {
    /// What rules would have raised that are only written down, the newest first, at most 500.
    pub shadow: Vec<ShadowAlarm>,
    /// What the live rules did raise in the same time, in order of time, at most 500.
    pub live: Vec<ShadowAlarm>,
}

/// One firing of a rule, without what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShadowAlarm {
    /// Which rule of the camera.
    pub rule: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// 1 red to 4 blue.
    pub level: u8,
    /// When the condition first held.
    pub began_ms: i64,
    /// When it had held long enough.
    pub raised_ms: i64,
    /// When it last held; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Codes and numbers for the sentence.
    pub evidence: Evidence,
}

/// `GET /cameras/{id}/shadow-model`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShadowModel {
    /// Which model looks beside the camera's own; absent: none, and everything else is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How it is doing now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisHealth>,
    /// From when on both sides were compared: later than asked when there were too many.
    pub from_ms: i64,
    /// Until when: earlier than asked when there were too many.
    pub to_ms: i64,
    /// What it would have raised, the newest first, at most 500.
    pub shadow: Vec<ComparedAlarm>,
    /// What the live model did raise by the same rules, the newest first, at most 500.
    pub live: Vec<ComparedAlarm>,
    /// Alarms of the shadow model that the live one raised, too.
    pub n_both: u32,
    /// … that it did not.
    pub n_only_shadow: u32,
    /// Alarms of the live model that the shadow would not have raised; without those of a time when it did not look.
    pub n_only_live: u32,
    /// Pictures of this time that it looked at.
    pub n_seen: u64,
    /// … that it should have looked at and did not, since live cameras go first.
    pub n_left_out: u64,
}

/// One firing, beside the other side.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ComparedAlarm {
    /// Which.
    pub alarm: ShadowAlarm,
    /// The same rule fired on the other side then, too.
    pub is_met: bool,
    /// The shadow model did not look then: nothing follows for it.
    pub is_unseen: bool,
}

/// What operators found the alarms of one rule to be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleVerdicts {
    /// Which camera.
    pub camera: String,
    /// Its name.
    pub camera_name: String,
    /// Which rule of it.
    pub rule: String,
    /// What it looks for.
    pub class: IncidentClass,
    /// 1 red to 4 blue.
    pub level: u8,
    /// True ones.
    pub confirmed: u64,
    /// False ones.
    pub false_alarms: u64,
    /// Of those nobody has said it yet.
    pub undecided: u64,
}
