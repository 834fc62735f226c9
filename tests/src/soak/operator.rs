//! Someone who works on the queue while the gateway is cut, and remembers what was answered with 200: that must never
//! be forgotten. What was asked and not answered may have happened or not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sharpeyes::{
    app::open_dispatch_db,
    clock::Clock,
    desk::Desk,
    store::dispatch::{CameraFacts, Dispatch},
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    alarm::{AlarmEdge, ZoneRef},
    ids::{CameraId, IncidentId, RuleId, ZoneId},
    time::WallTime,
};
use tokio::task::JoinHandle;

use super::Chance;
use crate::{alarm, gateway::Client, site::TestSite};

/// Incidents for each life of the gateway.
const SHARE: usize = 8;
/// Between two actions, at most.
const PAUSE: Duration = Duration::from_millis(600);

/// One incident as its operator knows it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    id: IncidentId,
    /// Answered with 200, in order.
    done: Vec<&'static str>,
    /// Asked, and not answered.
    asked: Option<&'static str>,
    state: Option<String>,
    version: i64,
}

/// Everything that was ever answered.
pub(super) struct Memory {
    fresh: Vec<Vec<IncidentId>>,
    known: Vec<Known>,
}

impl Memory {
    /// Incidents for every life, made by the desk as alarms make them.
    pub(super) async fn open_incidents(
        site: &TestSite,
        clock: &Clock,
        cameras: &[CameraId],
        n_lives: usize,
    ) -> anyhow::Result<Self> {
        let config = Site::load(&site.file())?;
        let dispatch = Dispatch::new(open_dispatch_db(&config)?)?;
        let desk = Desk::new(dispatch, clock.clone(), config.incident.clone());
        let mut fresh = Vec::new();
        for life in 0..n_lives {
            let mut share = Vec::new();
            for n in 0..SHARE {
                let n = life * SHARE + n;
                let camera = config.camera(&cameras[n % cameras.len()]).context("a configured camera")?;
                let alarm = desk.alarm(CameraFacts::from(camera), begin(n, clock.wall())?, None).await?;
                ensure!(alarm.is_new_incident, "each has a zone of its own");
                share.push(alarm.incident);
            }
            fresh.push(share);
        }
        Ok(Self { fresh, known: Vec::new() })
    }

    /// The incidents of this life, to work on.
    pub(super) fn share(&mut self, life: usize) -> Vec<IncidentId> {
        self.fresh.get_mut(life).map(std::mem::take).unwrap_or_default()
    }

    /// What an operator has learnt.
    pub(super) fn take(&mut self, known: Vec<Known>) {
        self.known.extend(known);
    }

    /// Every acknowledged incident is as it was answered, with its whole history.
    pub(super) async fn is_kept(&mut self, client: &Client) -> anyhow::Result<()> {
        for known in &mut self.known {
            let found = client.get(&format!("/incidents/{}", known.id.0)).await?;
            known.agrees_with(&found).with_context(|| format!("{known:?}, found {found}"))?;
        }
        Ok(())
    }
}

impl Known {
    /// An unanswered request that turns out to have happened must stay so from then on.
    fn agrees_with(&mut self, found: &Value) -> anyhow::Result<()> {
        let history: Vec<&str> = found["history"]
            .as_array()
            .context("a history")?
            .iter()
            .filter(|row| row["actor"].is_object())
            .filter_map(|row| row["action"].as_str())
            .collect();
        if let Some(asked) = self.asked.take()
            && history.len() > self.done.len()
        {
            self.done.push(asked);
            self.state = found["state"].as_str().map(str::to_owned);
        }
        ensure!(history == self.done, "its history is {history:?}");
        ensure!(found["version"].as_i64() >= Some(self.version), "its version went back");
        ensure!(self.state.as_deref().is_none_or(|state| found["state"] == state), "it is in another state");
        Ok(())
    }
}

/// At work until the gateway is gone.
pub(super) struct Operator {
    is_cut: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<Vec<Known>>>,
}

impl Operator {
    pub(super) fn begin(client: Client, incidents: Vec<IncidentId>, chance: Chance) -> Self {
        let is_cut = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(work(client, incidents, chance, Arc::clone(&is_cut)));
        Self { is_cut, task }
    }

    /// From now on requests may fail.
    pub(super) fn is_about_to_be_cut(&self) {
        self.is_cut.store(true, Ordering::Release);
    }

    pub(super) async fn end(self) -> anyhow::Result<Vec<Known>> {
        self.task.await?
    }
}

/// Claims one incident after the other, and closes every third.
async fn work(
    client: Client,
    incidents: Vec<IncidentId>,
    mut chance: Chance,
    is_cut: Arc<AtomicBool>,
) -> anyhow::Result<Vec<Known>> {
    let mut all = Vec::new();
    for id in incidents {
        let mut known = Known { id, done: Vec::new(), asked: None, state: None, version: 0 };
        let actions: &[&'static str] = if id.0 % 3 == 0 { &["claim", "close"] } else { &["claim"] };
        for &action in actions {
            tokio::time::sleep(chance.up_to(PAUSE)).await;
            let is_done = act(&client, &mut known, action).await;
            if is_cut.load(Ordering::Acquire) && is_done.is_err() {
                all.push(known);
                return Ok(all);
            }
            is_done.with_context(|| format!("{action} {id}"))?;
        }
        all.push(known);
    }
    Ok(all)
}

async fn act(client: &Client, known: &mut Known, action: &'static str) -> anyhow::Result<()> {
    let path = format!("/incidents/{}", known.id.0);
    let version = client.get(&path).await?["version"].as_i64().context("a version")?;
    let mut request = json!({
        "action": action,
        "expected_version": version,
        "idempotency_key": format!("{action}-{}", known.id.0),
    });
    if action == "close" {
        request["reason"] = "handled".into();
        request["note"] = "on the spot".into();
    }
    known.asked = Some(action);
    let (status, answer) = client.post(&format!("{path}/actions"), &request).await?;
    ensure!(status == StatusCode::OK, "{status} {answer}");
    known.asked = None;
    known.done.push(action);
    known.version = answer["version"].as_i64().context("a version")?;
    known.state = Some(answer["state"].as_str().context("a state")?.to_owned());
    Ok(())
}

fn begin(n: usize, now: WallTime) -> anyhow::Result<AlarmEdge> {
    let zone = ZoneRef { id: ZoneId::new(&format!("zone{n}"))?, name: format!("Zone {n}") };
    Ok(alarm::crowding(RuleId::new(&format!("rule{n}"))?, Some(zone), now))
}
