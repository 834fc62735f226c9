//! The site file as written: texts and numbers, nothing checked but key names and types.
//!
//! Every key is optional here, so that several missing ones are reported together by `validate`.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSite {
    pub(crate) name: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) data_dir: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawServer {
    pub(crate) listen: Option<String>,
    pub(crate) secure_cookie: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStorage {
    pub(crate) media_dir: Option<String>,
    #[serde(default)]
    pub(crate) disk: Vec<toml::Value>,
    pub(crate) segment: Option<String>,
    pub(crate) ring: Option<String>,
    pub(crate) ring_bytes: Option<String>,
    pub(crate) backlog_bytes: Option<String>,
    pub(crate) reserve: Option<String>,
    pub(crate) database_reserve: Option<String>,
    pub(crate) keep_days: Option<i64>,
    pub(crate) incident_days: Option<i64>,
    pub(crate) max_bytes: Option<String>,
    pub(crate) incident_max_bytes: Option<String>,
    pub(crate) held_warn_bytes: Option<String>,
    pub(crate) legal_basis: Option<String>,
    pub(crate) clock_confirm: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDisk {
    pub(crate) name: Option<String>,
    pub(crate) dir: Option<String>,
    pub(crate) reserve: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPlayback {
    pub(crate) transcodes: Option<i64>,
    pub(crate) transcodes_per_viewer: Option<i64>,
    pub(crate) transcode_width: Option<i64>,
    pub(crate) picture_cache: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReports {
    pub(crate) font: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawIncident {
    pub(crate) correlation: Option<String>,
    pub(crate) lease: Option<String>,
    pub(crate) pre_roll: Option<String>,
    pub(crate) post_roll: Option<String>,
    pub(crate) flood_incidents: Option<i64>,
    pub(crate) flood_window: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawNoise {
    pub(crate) source_per_hour: Option<i64>,
    pub(crate) centre_per_hour: Option<i64>,
    pub(crate) false_percent: Option<i64>,
    pub(crate) false_of: Option<i64>,
    pub(crate) window: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMap {
    pub(crate) plan: Option<String>,
    pub(crate) tiles: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInference {
    pub(crate) runtime: Option<String>,
    pub(crate) models: Option<String>,
    pub(crate) threads: Option<i64>,
    pub(crate) default_model: Option<String>,
    pub(crate) shadow_model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) process: Option<String>,
    pub(crate) time_limit: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAnalysis {
    pub(crate) ladder: Option<String>,
    pub(crate) look_every: Option<String>,
    pub(crate) parts: Option<bool>,
    pub(crate) decoder: Option<String>,
    pub(crate) decoders: Option<i64>,
    pub(crate) threads: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCanary {
    pub(crate) every: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawArea {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCamera {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) at: Option<[f64; 2]>,
    pub(crate) position: Option<[f64; 2]>,
    pub(crate) main: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) username: Option<String>,
    /// Taken apart by hand, because a deserialiser's complaint would repeat the value.
    pub(crate) password: Option<toml::Value>,
    pub(crate) transport: Option<String>,
    /// `true`, `false` or a word.
    pub(crate) record: Option<toml::Value>,
    pub(crate) disk: Option<String>,
    pub(crate) audio: Option<bool>,
    pub(crate) keep_days: Option<i64>,
    pub(crate) incident_days: Option<i64>,
    pub(crate) max_bytes: Option<String>,
    pub(crate) incident_max_bytes: Option<String>,
    pub(crate) held_warn_bytes: Option<String>,
    pub(crate) legal_basis: Option<String>,
    pub(crate) analyse: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) shadow_model: Option<String>,
    pub(crate) fps: Option<f64>,
    pub(crate) score: Option<f64>,
    pub(crate) tamper: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) zone: Vec<toml::Value>,
    #[serde(default)]
    pub(crate) line: Vec<toml::Value>,
    #[serde(default)]
    pub(crate) rule: Vec<toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawZone {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) polygon: Option<Vec<[f32; 2]>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLine {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) points: Option<Vec<[f32; 2]>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    pub(crate) id: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) line: Option<String>,
    pub(crate) direction: Option<String>,
    pub(crate) heading: Option<[f32; 2]>,
    pub(crate) at_least: Option<i64>,
    pub(crate) grows_by: Option<i64>,
    pub(crate) within: Option<String>,
    pub(crate) stay: Option<String>,
    pub(crate) still: Option<String>,
    pub(crate) least_score: Option<f64>,
    pub(crate) classes: Option<Vec<String>>,
    pub(crate) hold: Option<String>,
    pub(crate) clear: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) must_have_moved: Option<bool>,
    pub(crate) schedule: Option<Vec<String>>,
    pub(crate) shadow: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCalendar {
    pub(crate) hours: Option<Vec<String>>,
    pub(crate) days: Option<Vec<String>>,
    pub(crate) holidays: Option<String>,
    #[serde(default)]
    pub(crate) closed: Vec<String>,
    #[serde(default)]
    pub(crate) open: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUnit {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) areas: Vec<String>,
    pub(crate) phone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClass {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) name_en: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) lead: Option<String>,
    #[serde(default)]
    pub(crate) assist: Vec<String>,
    pub(crate) places: Option<Vec<String>>,
    pub(crate) grid_workers: Option<bool>,
    #[serde(default)]
    pub(crate) external: std::collections::BTreeMap<String, String>,
    /// By level, then by clock.
    #[serde(default)]
    pub(crate) deadlines: RawDeadlines,
    #[serde(default)]
    pub(crate) escalation: Vec<RawStep>,
}

/// Level → clock → how long.
pub(crate) type RawDeadlines = std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStep {
    pub(crate) after: Option<String>,
    pub(crate) to: Option<String>,
    #[serde(default)]
    pub(crate) reaches: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoute {
    pub(crate) class: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) lead: Option<String>,
    #[serde(default)]
    pub(crate) assist: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDuty {
    pub(crate) unit: Option<String>,
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) days: Vec<String>,
    #[serde(default)]
    pub(crate) dates: Vec<String>,
    #[serde(default)]
    pub(crate) people: Vec<String>,
    pub(crate) phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawIntake {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) area: Option<String>,
    /// Taken apart by hand, because a deserialiser's complaint would repeat the value.
    pub(crate) token: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTarget {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) url: Option<String>,
    /// Taken apart by hand, because a deserialiser's complaint would repeat the value.
    pub(crate) secret: Option<toml::Value>,
    pub(crate) topic: Option<String>,
    pub(crate) username: Option<String>,
    /// As `secret`.
    pub(crate) password: Option<toml::Value>,
    #[serde(default)]
    pub(crate) classes: Vec<String>,
    #[serde(default)]
    pub(crate) levels: Vec<String>,
    #[serde(default)]
    pub(crate) areas: Vec<String>,
    #[serde(default)]
    pub(crate) events: Vec<String>,
    #[serde(default)]
    pub(crate) share: Vec<String>,
    pub(crate) ca: Option<String>,
    pub(crate) timeout: Option<String>,
    pub(crate) keep: Option<String>,
    pub(crate) alert_after: Option<String>,
    pub(crate) at_once: Option<i64>,
}
