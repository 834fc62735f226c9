//! How much the built-in detector sees, beside YOLOX-nano: read from the table that `scripts/evaluate-detector.sh` makes.

use std::{fs, process::Command};

use anyhow::Context as _;
use serde::Deserialize;
use sharpeyes_inference::BUILT_IN;

use super::{Results, Row};
use crate::shared::{Shared, workspace_root};

const SCRIPT: &str = "scripts/evaluate-detector.sh";
const TABLE: &str = "target/eval/real.json";
const PEER: &str = "yolox-nano";

/// `real.json` of the evaluation; it says more than is read here.
#[derive(Deserialize)]
struct Table {
    models: Vec<Line>,
}

/// Average precision at an IoU of 0.5 on the test videos.
#[derive(Deserialize)]
struct Line {
    id: String,
    person_ap50: f64,
    vehicle_ap50: f64,
}

/// `detector.ap50_person_ratio` and `detector.ap50_vehicle_ratio`: ours over YOLOX-nano's.
///
/// # Errors
/// When the evaluation ran and its table is not what was expected.
pub fn detector_ap50(results: &mut Results) -> anyhow::Result<()> {
    if Shared::find_or_skip("detector.ap50_person_ratio, detector.ap50_vehicle_ratio").is_none() {
        return Ok(());
    }
    let root = workspace_root();
    let ended = Command::new(root.join(SCRIPT)).current_dir(root).status();
    if !ended.as_ref().is_ok_and(std::process::ExitStatus::success) {
        eprintln!("skipped: detector.ap50_person_ratio, detector.ap50_vehicle_ratio ({SCRIPT}: {ended:?})");
        return Ok(());
    }
    let text = fs::read_to_string(root.join(TABLE)).context(TABLE)?;
    for row in rows(&text)? {
        results.push(&row)?;
    }
    Ok(())
}

fn rows(text: &str) -> anyhow::Result<[Row; 2]> {
    let table: Table = serde_json::from_str(text).context(TABLE)?;
    let line = |id: &str| {
        let found = table.models.iter().find(|line| line.id == id);
        found.with_context(|| format!("{TABLE} has no {id}"))
    };
    let (ours, peer) = (line(BUILT_IN)?, line(PEER)?);
    let row = |bench, ours: f64, peer: f64| Row {
        bench,
        value: ours / peer,
        unit: "ratio",
        n: 1,
        context: format!(
            "AP50 {ours:.3} of {BUILT_IN}, {peer:.3} of {PEER}, on the real test videos ({SCRIPT})"
        ),
    };
    Ok([
        row("detector.ap50_person_ratio", ours.person_ap50, peer.person_ap50),
        row("detector.ap50_vehicle_ratio", ours.vehicle_ap50, peer.vehicle_ap50),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_evaluation_becomes_two_ratios() {
        let text = r#"{"split": "by video", "models": [
            {"id": "yolox-nano", "person_ap50": 0.8, "vehicle_ap50": 0.5, "ms": 21.0},
            {"id": "sharpeyes-nano", "person_ap50": 0.6, "vehicle_ap50": 0.5, "ms": 9.0}]}"#;
        let found = rows(text).unwrap().map(|row| (row.bench, (row.value * 100.0).round()));
        assert_eq!(found, [("detector.ap50_person_ratio", 75.0), ("detector.ap50_vehicle_ratio", 100.0)]);
        assert!(rows(r#"{"models": []}"#).is_err());
    }
}
