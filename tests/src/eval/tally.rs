//! All clips under all settings, and the tables that come of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sharpeyes_domain::rule::RuleClass;

use super::{
    clip::{Clip, Origin},
    counting::{self, Count},
    page::{Finding, Page, Wrong},
    run::{Ladder, Model, Replayed, Runner, Setting},
    score::{Judged, Kept, RuleScore, fits},
    table::{self, figure, table},
};

/// A clip that was replayed and compared.
#[derive(Debug)]
struct Done {
    clip: usize,
    setting: Setting,
    judged: Judged,
    replayed: Replayed,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Tally {
    clips: Vec<Clip>,
    classes: Vec<RuleClass>,
    done: Vec<Done>,
    counts: BTreeMap<&'static str, Vec<Count>>,
}

type Scores = BTreeMap<&'static str, RuleScore>;

impl Tally {
    /// Replays what has a rule of the classes.
    ///
    /// # Errors
    /// When a replay fails or a label is wrong.
    pub fn of(
        runner: &Runner,
        clips: &[Clip],
        classes: &[RuleClass],
        ladders: &[Ladder],
    ) -> anyhow::Result<Self> {
        let is_asked = |kind: &str| classes.iter().any(|class| class.as_str() == kind);
        let mut tally = Self { classes: classes.to_vec(), ..Self::default() };
        for clip in clips.iter().map(|clip| clip.with_rules(is_asked)) {
            let rules = clip.rules()?;
            if rules.is_empty() {
                continue;
            }
            for model in runner.models(clip.origin) {
                for &ladder in ladders {
                    eprintln!("{} with {} at {}", clip.name, model.as_str(), ladder.as_str());
                    let setting = Setting { model, ladder, fps: None };
                    let replayed = runner.replay(&clip, setting)?;
                    let judged = Judged::of(&clip.truth.events, &replayed.alarms, |event| {
                        rules.iter().any(|rule| rule.id == event.rule && rule.class == event.class)
                    });
                    if ladder == Ladder::Full {
                        let counts = counting::count(&clip, &replayed)?;
                        tally.counts.entry(model.as_str()).or_default().extend(counts);
                    }
                    tally.done.push(Done { clip: tally.clips.len(), setting, judged, replayed });
                }
            }
            tally.clips.push(clip);
        }
        Ok(tally)
    }

    fn settings(&self) -> Vec<(Model, Ladder)> {
        let mut settings: Vec<_> =
            self.done.iter().map(|done| (done.setting.model, done.setting.ladder)).collect();
        settings.sort_unstable();
        settings.dedup();
        settings
    }

    fn under(&self, model: Model, ladder: Ladder) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(move |done| done.setting.model == model && done.setting.ladder == ladder)
    }

    /// By rule class, over the clips that `counts` names.
    fn scores(&self, model: Model, ladder: Ladder, counts: impl Fn(&Clip) -> bool) -> Scores {
        let mut scores = Scores::new();
        for done in self.under(model, ladder) {
            let clip = &self.clips[done.clip];
            for &class in &self.classes {
                let has_rule = clip.rules().is_ok_and(|rules| rules.iter().any(|rule| rule.class == class));
                if has_rule && counts(clip) {
                    let score = scores.entry(class.as_str()).or_default();
                    score.add(&done.judged, class, done.replayed.hours);
                }
            }
        }
        scores
    }

    fn kept(&self, model: Model) -> BTreeMap<&'static str, Kept> {
        let mut kept: BTreeMap<&'static str, Kept> = BTreeMap::new();
        for full in self.under(model, Ladder::Full) {
            let Some(auto) = self.under(model, Ladder::Auto).find(|auto| auto.clip == full.clip) else {
                continue;
            };
            for &class in &self.classes {
                kept.entry(class.as_str()).or_default().add(&full.judged, &auto.judged, class);
            }
        }
        kept.retain(|_, kept| kept.full + kept.auto_only > 0);
        kept
    }

    /// Media hours, and false alarms in them, of the clips in which nothing happens.
    fn quiet(&self, model: Model, ladder: Ladder) -> (f64, usize) {
        let quiet = self.under(model, ladder).filter(|done| self.clips[done.clip].truth.events.is_empty());
        quiet.fold((0.0, 0), |(hours, n), done| {
            (hours + done.replayed.hours, n + done.judged.false_alarms.len())
        })
    }

    /// Every table.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (model, ladder) in self.settings() {
            let title = format!("Rules, {}, {}", model.as_str(), ladder.as_str());
            text += &rules(&title, &self.scores(model, ladder, |_| true));
            for origin in [Origin::Scene, Origin::Real] {
                let scores = self.scores(model, ladder, |clip| clip.origin == origin);
                text += &rules(&format!("  of that, {} clips", origin.as_str()), &scores);
            }
            for (half, is_held_out) in [("clips that are tuned on", false), ("held-out clips", true)] {
                let scores = self.scores(model, ladder, |clip| clip.is_held_out() == is_held_out);
                text += &rules(&format!("  of that, {half}"), &scores);
            }
            let (hours, n) = self.quiet(model, ladder);
            text += &format!("Clips without any event: {n} false alarms in {hours:.3} camera-hours\n\n");
        }
        for model in [Model::BuiltIn, Model::YoloxNano] {
            let kept = self.kept(model);
            if kept.is_empty() {
                continue;
            }
            let row = |name: &str, kept: &Kept| {
                let counts = [kept.full, kept.both, kept.auto_only].map(|n| n.to_string());
                [vec![name.to_owned()], counts.to_vec(), vec![figure(kept.recall(), 3)]].concat()
            };
            let mut rows: Vec<Vec<String>> = kept.iter().map(|(name, kept)| row(name, kept)).collect();
            rows.push(row("all", &Kept::sum(&kept)));
            let title = format!("analysis.recall_auto_vs_full, {}", model.as_str());
            text += &table(&title, &["rule", "at full", "at both", "auto only", "recall"], &rows);
        }
        for (model, counts) in &self.counts {
            text += &table::counting(model, counts);
        }
        text + &self.findings_text()
    }

    fn findings_text(&self) -> String {
        let row = |(finding, _): &(Finding, &Done)| {
            vec![
                format!("{:?} {}", finding.wrong, finding.class).to_lowercase(),
                format!("{} {}", finding.model, finding.ladder),
                finding.clip.clone(),
                finding.rule.clone(),
                format!("{:.1}–{:.1}", finding.from_s, finding.to_s),
                finding.rung.clone().unwrap_or_default(),
            ]
        };
        let rows: Vec<Vec<String>> = self.findings().iter().map(row).collect();
        let mut text =
            table("Missed and false alarms", &["what", "with", "clip", "rule", "seconds", "ladder"], &rows);
        let mut unasked: Vec<String> = Vec::new();
        for done in &self.done {
            let name = &self.clips[done.clip].name;
            unasked.extend(done.judged.unasked.iter().map(|event| format!("{} in {name}", event.class)));
        }
        unasked.sort();
        unasked.dedup();
        if !unasked.is_empty() {
            text += &format!("Events for which the camera has no rule here: {}\n\n", unasked.join(", "));
        }
        text
    }

    /// What went wrong, in the order of the clips.
    fn findings(&self) -> Vec<(Finding, &Done)> {
        let mut findings = Vec::new();
        for done in &self.done {
            let Done { setting, judged, replayed, .. } = done;
            let blank = |wrong, rule: &str, class, from_s: f64, to_s: f64, shown_s: f64| {
                let clip = self.clips[done.clip].name.clone();
                let rule = rule.to_owned();
                let finding = Finding {
                    wrong,
                    clip,
                    rule,
                    class,
                    model: "",
                    ladder: "",
                    from_s,
                    to_s,
                    shown_s,
                    rung: None,
                };
                (finding.under(*setting).explained(replayed), done)
            };
            for (event, _) in judged.events.iter().filter(|(_, alarm)| alarm.is_none()) {
                let (from, to) = (event.begin_s, event.end_s);
                findings.push(blank(
                    Wrong::Missed,
                    &event.rule,
                    event.class,
                    from,
                    to,
                    f64::midpoint(from, to),
                ));
            }
            for alarm in &judged.false_alarms {
                let is_repeated = judged.events.iter().any(|(event, _)| fits(event, alarm));
                let wrong = if is_repeated { Wrong::Repeated } else { Wrong::False };
                let (from, to) = (alarm.began_s, alarm.ended_s);
                findings.push(blank(wrong, &alarm.rule, alarm.class, from, to, alarm.raised_s));
            }
        }
        findings
    }

    /// Puts every finding on the page.
    ///
    /// # Errors
    /// When a still cannot be taken.
    pub fn show(&self, page: &mut Page) -> anyhow::Result<()> {
        for (finding, done) in self.findings() {
            page.finding(&finding, &self.clips[done.clip], &done.replayed)?;
        }
        Ok(())
    }

    /// For results.json.
    #[must_use]
    pub fn json(&self) -> Value {
        let scores = |(model, ladder): (Model, Ladder)| {
            let of = |counts: &dyn Fn(&Clip) -> bool| {
                let scores = self.scores(model, ladder, counts);
                let with_shares = scores.iter().map(|(name, score)| (*name, figures(score)));
                with_shares.collect::<BTreeMap<_, _>>()
            };
            let (quiet_hours, quiet_false_alarms) = self.quiet(model, ladder);
            json!({
                "model": model.as_str(),
                "ladder": ladder.as_str(),
                "all": of(&|_| true),
                "scene": of(&|clip| clip.origin == Origin::Scene),
                "real": of(&|clip| clip.origin == Origin::Real),
                "tuned_on": of(&|clip| !clip.is_held_out()),
                "held_out": of(&|clip| clip.is_held_out()),
                "quiet": { "camera_hours": quiet_hours, "false_alarms": quiet_false_alarms },
            })
        };
        let kept = |model: Model| {
            let kept = self.kept(model);
            let all = Kept::sum(&kept);
            json!({ "by_rule": kept, "all": all, "recall": all.recall() })
        };
        let recall = Kept::sum(&self.kept(Model::BuiltIn)).recall();
        json!({
            "clips": self.clips.iter().map(|clip| clip.name.as_str()).collect::<Vec<_>>(),
            "scores": self.settings().into_iter().map(scores).collect::<Vec<_>>(),
            "auto_vs_full": { "built-in": kept(Model::BuiltIn), "yolox-nano": kept(Model::YoloxNano) },
            "analysis.recall_auto_vs_full": recall,
            "counting": self.counts,
            "findings": self.findings().into_iter().map(|(finding, _)| finding).collect::<Vec<_>>(),
        })
    }
}

fn figures(score: &RuleScore) -> Value {
    json!({
        "events": score.events,
        "found": score.found,
        "false_alarms": score.false_alarms,
        "camera_hours": score.camera_hours,
        "precision": score.precision(),
        "recall": score.recall(),
        "f1": score.f1(),
        "false_alarms_per_hour": score.false_alarms_per_hour(),
        "delay_median_s": score.delay_s(0.5),
        "delay_p95_s": score.delay_s(0.95),
    })
}

fn rules(title: &str, scores: &Scores) -> String {
    let row = |(name, score): (&&str, &RuleScore)| {
        let counts = [score.events, score.found, score.false_alarms].map(|n| n.to_string());
        let figures = [
            figure(score.precision(), 2),
            figure(score.recall(), 2),
            figure(score.f1(), 2),
            figure(score.false_alarms_per_hour(), 2),
            figure(Some(score.camera_hours), 3),
            figure(score.delay_s(0.5), 1),
            figure(score.delay_s(0.95), 1),
        ];
        [vec![(*name).to_owned()], counts.to_vec(), figures.to_vec()].concat()
    };
    if scores.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = scores.iter().map(row).collect();
    let head =
        ["rule", "events", "found", "false", "P", "R", "F1", "false/h", "hours", "delay med s", "p95 s"];
    table(title, &head, &rows)
}
