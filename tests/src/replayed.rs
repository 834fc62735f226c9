//! `sharpeyes replay` through the public program: what it found, and how that compares with what was due.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use sharpeyes_domain::{ladder::LadderMode, rule::RuleClass};

use crate::{gateway::Program, model, site::SiteBuilder, site::SiteCamera};

/// One alarm of a replay, in seconds of the video.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Which rule of the camera.
    pub rule: String,
    /// What kind of event.
    pub class: RuleClass,
    /// When its condition first held.
    pub began_s: f64,
    /// When it had held long enough, so that somebody was told.
    pub raised_s: f64,
    /// When it last held.
    pub ended_s: f64,
}

/// What happens in a video, and which rule has to notice.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// What kind of event.
    pub class: RuleClass,
    /// Which rule of the camera.
    pub rule: String,
    /// When the rule's condition begins to hold, seconds of the video.
    pub begin_s: f64,
    /// When it no longer holds.
    pub end_s: f64,
    /// How far from `begin_s` an alarm may begin.
    pub tolerance_s: f64,
}

/// A detector of the site, in place of the built-in one.
pub type Install<'a> = &'a dyn Fn(&Path) -> anyhow::Result<sharpeyes_domain::ids::ModelId>;

/// Replays `video` as `camera` sees it, decoded as `ladder` says, with the built-in detector or with the one that `install` puts in place.
///
/// # Errors
/// When the program fails, sees nothing, or leaves an alarm without its end.
pub async fn replay(
    program: &Program,
    camera: SiteCamera,
    video: &Path,
    ladder: LadderMode,
    install: Option<Install<'_>>,
) -> anyhow::Result<Vec<Alarm>> {
    let runtime = model::runtime_library()?;
    let camera = camera.with("id", "cam").with("analyse", "main");
    let mut site = SiteBuilder::new().set("inference", "runtime", runtime.to_string_lossy().as_ref());
    let models = tempfile::tempdir()?;
    if let Some(install) = install {
        site = site.set("inference", "models", models.path().to_string_lossy().as_ref()).set(
            "inference",
            "default_model",
            install(models.path())?.as_str(),
        );
    }
    let site = site.camera(camera).write()?;
    let out = site.root().join("out");
    let (video, out_dir) = (video.to_string_lossy(), out.to_string_lossy());
    let arguments = ["--camera", "cam", "--video", &video, "--ladder", ladder.as_str(), "--out", &out_dir];
    let ran = program.on_site(&site, &["replay"], &arguments).await?;
    ensure!(ran.code == Some(0), "replay failed: {ran:#?}");
    let stats: Value = serde_json::from_str(&std::fs::read_to_string(out.join("stats.json"))?)?;
    ensure!(
        stats["units"].as_u64() > Some(0) && stats["detected"].as_u64() > Some(0),
        "nothing was looked at: {stats}"
    );
    alarms(&std::fs::read_to_string(out.join("alarms.jsonl"))?)
}

/// The alarms of an `alarms.jsonl`, in the order of their beginnings.
///
/// # Errors
/// When a line is none of replay's, or an alarm has no end.
pub fn alarms(lines: &str) -> anyhow::Result<Vec<Alarm>> {
    let edges: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let of = |kind: &'static str| edges.iter().filter(move |edge| edge["edge"] == kind);
    of("begin")
        .map(|begin| {
            let end = of("end").find(|end| end["rule"] == begin["rule"] && end["began"] == begin["began"]);
            let end = end.with_context(|| format!("an alarm without an end: {begin}"))?;
            Ok(Alarm {
                rule: begin["rule"].as_str().context("a rule")?.to_owned(),
                class: begin["class"].as_str().context("a class")?.parse()?,
                began_s: seconds(&begin["began"])?,
                raised_s: seconds(&begin["raised"])?,
                ended_s: seconds(&end["ended"])?,
            })
        })
        .collect()
}

fn seconds(moment: &Value) -> anyhow::Result<f64> {
    let ticks = moment["pts_90k"].as_f64().with_context(|| format!("no time in {moment}"))?;
    Ok(ticks / 90_000.0)
}

/// Which alarm is which event. Each event takes the nearest alarm of its rule and class that begins within its
/// tolerance and that no other event has.
#[derive(Debug)]
pub struct Verdict {
    /// Every event with its alarm, in the order of the events.
    pub events: Vec<(Event, Option<Alarm>)>,
    /// Alarms that are no event.
    pub surplus: Vec<Alarm>,
}

impl Verdict {
    /// Compares.
    #[must_use]
    pub fn of(events: &[Event], alarms: &[Alarm]) -> Self {
        let mut surplus = alarms.to_vec();
        let events = events.iter().map(|event| {
            let off = |alarm: &Alarm| (alarm.began_s - event.begin_s).abs();
            let fits = |alarm: &Alarm| {
                alarm.rule == event.rule && alarm.class == event.class && off(alarm) <= event.tolerance_s
            };
            let nearest = (0..surplus.len())
                .filter(|i| fits(&surplus[*i]))
                .min_by(|a, b| off(&surplus[*a]).total_cmp(&off(&surplus[*b])));
            (event.clone(), nearest.map(|i| surplus.remove(i)))
        });
        Self { events: events.collect(), surplus }
    }

    /// Every event is one alarm, and every alarm is an event.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.surplus.is_empty() && self.events.iter().all(|(_, alarm)| alarm.is_some())
    }

    /// A line for each event and each alarm too many. The end is shown and not judged: it is the last moment in which the
    /// condition was seen to hold, and someone who walks off behind a tree is gone earlier.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let span = |from: f64, to: f64| format!("{from:6.1} to {to:6.1} s");
        let found = |alarm: &Alarm| span(alarm.began_s, alarm.ended_s);
        let event = |(event, alarm): &(Event, Option<Alarm>)| {
            let due = span(event.begin_s, event.end_s);
            let found = alarm.as_ref().map_or_else(|| "MISSED".to_owned(), found);
            format!("{:20} {:10} due {due}   found {found}", event.rule, event.class)
        };
        let more = |alarm: &Alarm| {
            format!("{:20} {:10} SURPLUS                    found {}", alarm.rule, alarm.class, found(alarm))
        };
        self.events.iter().map(event).chain(self.surplus.iter().map(more)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(rule: &str, class: RuleClass, begin_s: f64) -> Event {
        Event { class, rule: rule.to_owned(), begin_s, end_s: begin_s + 5.0, tolerance_s: 3.0 }
    }

    fn alarm(rule: &str, class: RuleClass, began_s: f64) -> Alarm {
        Alarm { rule: rule.to_owned(), class, began_s, raised_s: began_s + 1.0, ended_s: began_s + 5.0 }
    }

    #[test]
    fn an_event_is_exactly_one_alarm_of_its_rule_and_time() {
        use RuleClass::{Crowding, Intrusion};
        let check = |events: &[Event], alarms: &[Alarm], missed: usize, surplus: usize| {
            let verdict = Verdict::of(events, alarms);
            let n_missed = verdict.events.iter().filter(|(_, alarm)| alarm.is_none()).count();
            assert_eq!((n_missed, verdict.surplus.len()), (missed, surplus), "{verdict:?}");
            assert_eq!(verdict.is_exact(), (missed, surplus) == (0, 0));
            assert_eq!(verdict.lines().len(), events.len() + surplus);
        };
        let crowd = event("crowd", Crowding, 10.0);
        check(std::slice::from_ref(&crowd), &[alarm("crowd", Crowding, 12.9)], 0, 0);
        check(std::slice::from_ref(&crowd), &[alarm("crowd", Crowding, 13.1)], 1, 1);
        check(std::slice::from_ref(&crowd), &[alarm("other", Crowding, 10.0)], 1, 1);
        check(std::slice::from_ref(&crowd), &[alarm("crowd", Intrusion, 10.0)], 1, 1);
        let twice = [alarm("crowd", Crowding, 9.0), alarm("crowd", Crowding, 10.5)];
        check(std::slice::from_ref(&crowd), &twice, 0, 1);
        check(&[event("crowd", Crowding, 8.0), crowd], &twice, 0, 0);
        check(&[], &[], 0, 0);
    }

    #[test]
    fn edges_become_alarms_with_their_ends() {
        let moment = |s: i64| format!("{{\"pts_90k\":{},\"wall_ms\":{}}}", s * 90_000, s * 1000);
        let begin = |rule: &str, s| {
            format!(
                "{{\"edge\":\"begin\",\"rule\":\"{rule}\",\"class\":\"intrusion\",\"began\":{},\"raised\":{}}}\n",
                moment(s),
                moment(s + 1)
            )
        };
        let end = |rule: &str, s, e| {
            let (began, ended) = (moment(s), moment(e));
            format!("{{\"edge\":\"end\",\"rule\":\"{rule}\",\"began\":{began},\"ended\":{ended}}}\n")
        };
        let lines = [begin("a", 1), begin("b", 1), end("b", 1, 2), end("a", 1, 9), begin("a", 20)].concat();
        let error = alarms(&lines).unwrap_err().to_string();
        assert!(error.contains("without an end"), "{error}");
        let found = alarms(&[lines, end("a", 20, 21)].concat()).unwrap();
        let spans: Vec<_> = found.iter().map(|a| (a.rule.as_str(), a.began_s, a.ended_s)).collect();
        assert_eq!(spans, [("a", 1.0, 9.0), ("b", 1.0, 2.0), ("a", 20.0, 21.0)]);
    }
}
