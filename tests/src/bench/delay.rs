//! From a picture that arrives to the operator's console: how long an alarm takes.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use futures::StreamExt as _;
use serde_json::Value;
use sharpeyes_domain::rule::RuleClass;

use super::{Results, Row, quantile, rig::Plan, sorted};
use crate::{gateway::Client, scene::Scene, site::SiteBuilder};

const CAMERAS: u32 = 4;
/// Rounds enough of a scene for people to come and go many times.
const WATCH: Duration = Duration::from_secs(140);

/// `e2e.alarm_delay_p95_ms`: arrival of the picture in which the rule's condition first holds → the SSE message of its
/// incident, for a rule without hold time.
///
/// # Errors
/// When cameras or gateway do not come up.
pub async fn alarm(results: &mut Results) -> anyhow::Result<()> {
    let scene = busiest(RuleClass::Intrusion)?;
    let plan = Plan {
        cameras: CAMERAS,
        film: scene.video(),
        step: Duration::from_secs(31),
        rule: toml::toml! {
            id = "in" kind = "intrusion" classes = ["person"] hold = "0s" clear = "1s" must_have_moved = false
        },
        role: "operator",
        site: SiteBuilder::new(),
    };
    let rig = plan.start().await?;
    let client = &rig.client;
    let arrivals = listen(client).await?;
    let mut delays = Vec::new();
    for ((incident, n_alarms), arrived_ms) in arrivals {
        let detail = client.get(&format!("/incidents/{incident}")).await?;
        let newest = &detail["alarm_list"][n_alarms.saturating_sub(1)];
        let began = newest["began_ms"].as_f64().context("an incident without its alarm")?;
        delays.push(arrived_ms - began);
    }
    rig.stop().await?;
    let delays = sorted(delays);
    let context = format!(
        "{CAMERAS} cameras of scene {} at 5 fps, debouncing of 2 detections included, no hold; median {:.0} ms, most {:.0} ms; \
         simulator on the same 2 cores",
        scene.name,
        quantile(&delays, 0.5),
        quantile(&delays, 1.0)
    );
    let value = quantile(&delays, 0.95);
    results.push(&Row { bench: "e2e.alarm_delay_p95_ms", value, unit: "ms", n: delays.len(), context })
}

/// The scene with the most events of this class.
fn busiest(class: RuleClass) -> anyhow::Result<Scene> {
    let mut scenes = Vec::new();
    for scene in Scene::all()? {
        let n_events = scene.truth()?.events.iter().filter(|event| event.class == class).count();
        scenes.push((n_events, scene));
    }
    let busiest = scenes.into_iter().max_by_key(|(n_events, _)| *n_events);
    Ok(busiest.context("a scene")?.1)
}

/// Incidents in the order in which the feed told of them, each with the time of its first message.
async fn listen(client: &Client) -> anyhow::Result<BTreeMap<(i64, usize), f64>> {
    let answer = client.http().get(client.url("/events")).send().await?.error_for_status()?;
    let mut bytes = answer.bytes_stream();
    let (mut seen, mut text, began) = (BTreeMap::new(), String::new(), Instant::now());
    while let Ok(Some(chunk)) =
        tokio::time::timeout(WATCH.saturating_sub(began.elapsed()), bytes.next()).await
    {
        let arrived_ms = now_ms()?;
        text.push_str(&String::from_utf8_lossy(&chunk?));
        while let Some(end) = text.find("\n\n") {
            let message: String = text.drain(..end + 2).collect();
            if let Some(alarm) = alarm_of(&message) {
                seen.entry(alarm).or_insert(arrived_ms);
            }
        }
    }
    Ok(seen)
}

/// The incident, and how many alarms it has by then: further ones join it.
fn alarm_of(message: &str) -> Option<(i64, usize)> {
    let is_incident = message.lines().any(|line| line == "event: incident" || line == "event:incident");
    let data = message.lines().find_map(|line| line.strip_prefix("data:"))?;
    let value: Value = serde_json::from_str(data.trim()).ok()?;
    let n_alarms = usize::try_from(value["alarms"].as_u64()?).ok()?;
    is_incident.then_some((value["id"].as_i64()?, n_alarms))
}

fn now_ms() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0)
}
