//! `make eval`: the analysis scored on every labelled video. docs/evaluation.md tells what the figures mean.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::json;
use sharpeyes_domain::rule::RuleClass;
use sharpeyes_tests::{
    eval::{
        clip::Clip,
        day::{self, Mix},
        page::Page,
        run::{Ladder, Model, Reuse, Runner, Setting},
        table,
        tally::Tally,
        tracking,
    },
    model,
    shared::Shared,
};

#[derive(Parser)]
#[command(about = "Scores the analysis on every labelled video")]
struct Arguments {
    /// Folder for results.json, report.html and what the replays wrote.
    #[arg(long, default_value = "target/eval")]
    out: PathBuf,
    /// Rule classes, and `tracking`; without any, everything but `day`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only clips whose name begins with one of these.
    #[arg(long, value_delimiter = ',')]
    clips: Vec<String>,
    /// Take what an interrupted run has written to the same folder.
    #[arg(long)]
    resume: bool,
    /// Take what the detector saw in an earlier run to the same folder, and run tracker and rules over it: seconds.
    #[arg(long, conflicts_with = "resume")]
    retrack: bool,
    /// With `--retrack`: as if no more than so many pictures a second had been looked at.
    #[arg(long, requires = "retrack")]
    thin: Option<f32>,
    /// Which rungs: `full`, `auto`; without any, both.
    #[arg(long, value_delimiter = ',')]
    ladders: Vec<String>,
    /// Which detectors: `built-in`, `yolox-nano`; without any, all that are there.
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// The folder of an installed model (`model.toml`, `model.onnx`) that stands in for the built-in one: what it would do
    /// if it shipped.
    #[arg(long)]
    stand_in: Option<PathBuf>,
    /// Hours of detections of `day`.
    #[arg(long, default_value_t = 24)]
    hours: u32,
    /// Hours of footage of `day`: decoded, detected and all, at `auto`.
    #[arg(long, default_value_t = 0)]
    replay_hours: u32,
    /// Python with the packages of tests/eval/requirements.txt; without it, tracking is not scored.
    #[arg(long)]
    python: Option<PathBuf>,
}

impl Arguments {
    const fn reuse(&self) -> Reuse {
        match (self.resume, self.retrack) {
            (_, true) => Reuse::Detections,
            (true, false) => Reuse::Everything,
            (false, false) => Reuse::Nothing,
        }
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::parse();
    // The replays' site files lie elsewhere.
    arguments.out = std::path::absolute(&arguments.out)?;
    let wanted: Vec<&str> =
        arguments.only.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    for part in &wanted {
        let is_known = ["tracking", "day"].contains(part) || part.parse::<RuleClass>().is_ok();
        ensure!(is_known, "`{part}` is no rule class, nor `tracking` or `day`");
    }
    let asks = |part: &str| wanted.contains(&part) || (wanted.is_empty() && part != "day");
    fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let shared = Shared::find_or_skip("real videos and YOLOX-nano");
    let program = std::env::current_exe()?.with_file_name("sharpeyes-under-test");
    let runner = Runner::new(program, arguments.out.clone(), shared.as_ref())?
        .reusing(arguments.reuse())
        .thinned(arguments.thin)
        .with_stand_in(arguments.stand_in.as_deref())?
        .limited_to(&arguments.models)?;
    let mut clips = Clip::all(shared.as_ref())?;
    let is_named = |clip: &Clip| arguments.clips.iter().any(|name| clip.name.starts_with(name.as_str()));
    clips.retain(|clip| arguments.clips.is_empty() || is_named(clip));
    let mut results = BTreeMap::new();
    let mut text = String::new();

    let classes: Vec<RuleClass> =
        RuleClass::ALL.iter().copied().filter(|class| asks(class.as_str())).collect();
    let mut tally = Tally::default();
    if !classes.is_empty() {
        let ladders = ladders(&runner, &arguments.ladders)?;
        tally = Tally::of(&runner, &clips, &classes, &ladders)?;
        text += &tally.text();
        results.insert("rules", tally.json());
    }
    if asks("tracking") {
        if let Some(python) = &arguments.python {
            let rows = tracking::score(&runner, &clips, python, &arguments.out)?;
            text += &table::tracking(&rows);
            results.insert("tracking", json!(rows));
        } else {
            text += "Tracking is not scored: no Python with motmetrics and trackers.\n\n";
        }
    }
    if wanted.contains(&"day") {
        let (lines, found) = a_day(&runner, &arguments)?;
        text += &lines;
        results.insert("day", found);
    }
    println!("{text}");
    fs::write(arguments.out.join("results.json"), serde_json::to_string_pretty(&results)?)?;
    let mut page = Page::new("Missed and false alarms");
    page.tables(&text);
    tally.show(&mut page)?;
    let report = arguments.out.join("report.html");
    fs::write(&report, page.finish())?;
    println!("{} and {}", arguments.out.join("results.json").display(), report.display());
    Ok(())
}

/// Those that are asked for, of those that this build has.
fn ladders(runner: &Runner, names: &[String]) -> anyhow::Result<Vec<Ladder>> {
    let of = |name: &String| {
        let known = Ladder::ALL.into_iter().find(|ladder| ladder.as_str() == name);
        known.with_context(|| format!("no rung `{name}`"))
    };
    let asked: Vec<Ladder> = names.iter().map(of).collect::<anyhow::Result<_>>()?;
    let there = Ladder::ALL.into_iter().filter(|ladder| asked.is_empty() || asked.contains(ladder));
    let has_auto = runner.has_ladder()?;
    if !has_auto {
        eprintln!("This build's replay has no `--ladder auto`: only `full` is scored.");
    }
    Ok(there.filter(|ladder| has_auto || *ladder == Ladder::Full).collect())
}

/// A day of mixed footage, twice: what a detector saw of every scene, through tracker and rules; and with
/// `--replay-hours`, pictures from the decoder on.
fn a_day(runner: &Runner, arguments: &Arguments) -> anyhow::Result<(String, serde_json::Value)> {
    let runtime = model::runtime_library()?;
    let (mut busy, mut quiet) = (Vec::new(), None);
    for clip in Clip::all(None)? {
        eprintln!("day: {}", clip.name);
        let setting = Setting { model: Model::BuiltIn, ladder: Ladder::Full, fps: None };
        let detections = runner.replay(&clip, setting)?.folder.join("detections.jsonl");
        if clip.name.contains("quiet") {
            quiet = Some(detections);
        } else {
            busy.push(detections);
        }
    }
    let quiet = quiet.context("no quiet scene")?;
    let tracked = day::tracked(&busy, &quiet, &runtime, arguments.hours)?;
    let mut text = said(
        &format!("{} hours of detections through tracker and rules", tracked.hours),
        tracked.pictures,
        tracked.alarms,
        &tracked.hashes,
    );
    let mut found = json!({ "tracked": {
        "hours": tracked.hours,
        "pictures": tracked.pictures,
        "alarms": tracked.alarms,
        "sha256": tracked.hashes,
    } });
    if arguments.replay_hours > 0 {
        let ladder = if runner.has_ladder()? { Ladder::Auto } else { Ladder::Full };
        let once = day::seconds(&day::footage(Mix::HALF_HOUR)?)?;
        let times = (f64::from(arguments.replay_hours) * 3600.0 / once).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few")]
        let video = day::footage(Mix { times: times as usize, ..Mix::HALF_HOUR })?;
        let twice = day::twice(runner, &runtime, &video, ladder, &arguments.out.join("day"))?;
        let what = format!("{:.1} hours of pictures at `{}`", twice.replayed.hours, ladder.as_str());
        let alarms = twice.replayed.alarms.len();
        text += &said(&what, twice.replayed.detected, alarms, &twice.hashes);
        found["replayed"] = json!({
            "hours": twice.replayed.hours,
            "ladder": ladder.as_str(),
            "detected": twice.replayed.detected,
            "alarms": alarms,
            "sha256": twice.hashes,
        });
    }
    Ok((text, found))
}

fn said(what: &str, pictures: u64, alarms: usize, hashes: &[String; 2]) -> String {
    let verdict = if hashes[0] == hashes[1] { "the same, byte for byte" } else { "DIFFERENT" };
    format!(
        "{what}, twice: {pictures} pictures, {alarms} alarms\n  {}\n  {}\n  {verdict}\n\n",
        hashes[0], hashes[1]
    )
}
