//! Rules as the site file writes them, with every key: for whoever changes one.

use std::{fmt::Write as _, time::Duration};

use sharpeyes_domain::{
    detection::ObjectClass,
    rule::{RuleConfig, RuleKind},
    time::MediaDuration,
};
use toml::Value;

/// The keys of a rule with their values, in the order in which people read them.
#[must_use]
pub fn rule_keys(rule: &RuleConfig) -> Vec<(&'static str, Value)> {
    let mut keys: Vec<(&'static str, Value)> =
        vec![("id", rule.id.as_str().into()), ("kind", rule.kind.class().as_str().into())];
    keys.extend(rule.zone.as_ref().map(|zone| ("zone", zone.id.as_str().into())));
    keys.extend(kind_keys(&rule.kind));
    // A crossing is of a moment and knows no hold.
    if !matches!(rule.kind, RuleKind::LineCrossing { .. }) {
        keys.push(("hold", duration(rule.hold)));
    }
    keys.push(("clear", duration(rule.clear)));
    keys.push(("level", rule.level.as_str().into()));
    keys.push(("must_have_moved", rule.must_have_moved.into()));
    let windows = rule.schedule.windows().iter().map(|window| window.to_string().into());
    keys.push(("schedule", Value::Array(windows.collect())));
    keys
}

/// `[[camera.rule]]` with all of [`rule_keys`].
#[must_use]
pub fn rule_text(rule: &RuleConfig) -> String {
    let mut text = "[[camera.rule]]\n".to_owned();
    for (key, value) in rule_keys(rule) {
        let _ = writeln!(text, "{key} = {value}");
    }
    text
}

fn kind_keys(kind: &RuleKind) -> Vec<(&'static str, Value)> {
    match kind {
        RuleKind::Crowding { at_least } => vec![("at_least", count(*at_least))],
        RuleKind::CrowdSurge { grows_by, within } => {
            vec![("grows_by", count(*grows_by)), ("within", duration(*within))]
        }
        RuleKind::Intrusion { classes: of } | RuleKind::WaterEdge { classes: of } => {
            vec![("classes", classes(of))]
        }
        RuleKind::LineCrossing { line, direction, classes: of } => vec![
            ("line", line.id.as_str().into()),
            ("direction", direction.as_str().into()),
            ("classes", classes(of)),
        ],
        RuleKind::WrongWay { heading, classes: of } => {
            // Only the ratio counts: the longer part is 1, as people write it.
            let [dx, dy] = heading.way();
            let longer = dx.abs().max(dy.abs());
            let way = [dx, dy].map(|part| Value::Float(rounded(part / longer)));
            vec![("heading", Value::Array(way.to_vec())), ("classes", classes(of))]
        }
        RuleKind::Loitering { stay, classes: of } => {
            vec![("stay", duration(*stay)), ("classes", classes(of))]
        }
        RuleKind::StoppedVehicle { stay } | RuleKind::LeftObject { stay } => vec![("stay", duration(*stay))],
        RuleKind::Accident { least_score } => {
            vec![("least_score", Value::Float(rounded(least_score.value())))]
        }
        RuleKind::PersonDown { still } => vec![("still", duration(*still))],
        RuleKind::Running { at_least, classes: of } => {
            vec![("at_least", count(*at_least)), ("classes", classes(of))]
        }
        RuleKind::Smoke | RuleKind::Fire => Vec::new(),
    }
}

fn count(n: u32) -> Value {
    Value::Integer(n.into())
}

fn classes(of: &[ObjectClass]) -> Value {
    Value::Array(of.iter().map(|class| class.as_str().into()).collect())
}

fn duration(span: MediaDuration) -> Value {
    let millis = Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(0));
    humantime::format_duration(millis).to_string().into()
}

/// What was written in a few digits is not given back in sixteen.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}
