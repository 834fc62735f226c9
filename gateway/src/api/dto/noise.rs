//! Noisy sources on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::IncidentClass;

/// `GET /noise`: what each rule of each camera has raised, and the budget.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Noise {
    /// Counted from here on.
    pub from_ms: i64,
    /// Until then; the last hour is the one before.
    pub at_ms: i64,
    /// New incidents of cameras in the viewer's areas within the last hour.
    pub incidents_last_hour: u64,
    /// They are more than the centre's budget.
    pub over: bool,
    /// How much the centre is prepared to look at.
    pub budget: NoiseBudget,
    /// Noisy ones first, then those with the most alarms; at most 1,000.
    pub sources: Vec<NoiseSource>,
}

/// `[noise]` of the site file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NoiseBudget {
    /// Alarms of one source within an hour.
    pub source_per_hour: u32,
    /// New incidents of all cameras within an hour.
    pub centre_per_hour: u32,
    /// A greater share of false alarms is too much …
    pub false_percent: u32,
    /// … once so many were decided.
    pub false_of: u32,
}

/// One rule of one camera.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NoiseSource {
    /// Identifier of the camera.
    pub camera: String,
    /// Its name.
    pub camera_name: String,
    /// Name of its area.
    pub area_name: String,
    /// Identifier of the rule.
    pub rule: String,
    /// What the rule looks for.
    pub class: IncidentClass,
    /// The viewer may try rules on this camera.
    pub tunable: bool,
    /// All that it has raised.
    pub alarms: u64,
    /// … within the last hour.
    pub last_hour: u64,
    /// Incidents that its alarms belong to.
    pub incidents: u64,
    /// Alarms that came when their incident was already there.
    pub repeats: u64,
    /// Alarms that were found to be right.
    pub confirmed: u64,
    /// Alarms that were found to be false.
    pub false_alarms: u64,
    /// Alarms of which nobody has said what they were.
    pub undecided: u64,
    /// For how long its incidents were put aside, all together.
    pub shelved_ms: u64,
    /// In what it is over its budget; empty: it is not noisy.
    pub excess: Vec<NoiseExcess>,
    /// Number of the technicians' ticket of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<i64>,
}

/// In what a source is over its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoiseExcess {
    /// More alarms within an hour.
    Rate,
    /// Too many of them were false.
    FalseShare,
}
