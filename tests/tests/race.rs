//! Fifty operators race for the same incidents over HTTP, on the real service: each incident is claimed once, and who
//! was slower learns from the answer who has it.
//!
//! `SHARPEYES_RACE=1000` races for a thousand incidents; `make test` for a hundred, which takes seconds.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::json;
use sharpeyes::{
    access::{
        accounts::{Accounts, Author, NewAccount},
        viewer::Language,
    },
    app::open_dispatch_db,
    clock::Clock,
    desk::Desk,
    store::dispatch::{CameraFacts, Dispatch},
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    access::Role,
    alarm::ZoneRef,
    ids::{AreaId, CameraId, RuleId, ZoneId},
    time::WallTime,
};
use sharpeyes_tests::{
    alarm,
    gateway::{Client, Program},
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};
use tokio::sync::Barrier;

const CLIENTS: usize = 50;
const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_race_for_each_incident_one_gets_it_and_the_others_learn_who() -> anyhow::Result<()> {
    let n_incidents: usize = std::env::var("SHARPEYES_RACE").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let camera = SiteCamera::new("gate", "rtsp://127.0.0.1:9/none");
    let site = SiteBuilder::new().camera(camera).write()?;
    let incidents = Arc::new(fill(&site, n_incidents).await?);
    let gateway = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test")).start(&site).await?;
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        clients.push(gateway.sign_in(&format!("op{n}"), PASSWORD).await?);
    }
    let barrier = Arc::new(Barrier::new(CLIENTS));
    let mut racers = Vec::new();
    for (n, client) in clients.into_iter().enumerate() {
        racers.push(tokio::spawn(race(n, client, Arc::clone(&incidents), Arc::clone(&barrier))));
    }
    let mut claims: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut told: Vec<(i64, String)> = Vec::new();
    let mut slowest = Duration::ZERO;
    for (n, racer) in racers.into_iter().enumerate() {
        let Raced { won, lost, slowest: own } = racer.await??;
        won.iter().for_each(|id| claims.entry(*id).or_default().push(n));
        told.extend(lost);
        slowest = slowest.max(own);
    }
    ensure!(claims.len() == n_incidents, "{} of {n_incidents} were claimed", claims.len());
    ensure!(claims.values().all(|winners| winners.len() == 1), "one was claimed twice");
    ensure!(told.len() == n_incidents * (CLIENTS - 1), "{} lost", told.len());
    for (id, name) in &told {
        let winner = claims.get(id).and_then(|winners| winners.first()).context("claimed")?;
        ensure!(*name == format!("Operator {winner}"), "{name} is not who has {id}");
    }
    println!("{} claims, {} refusals, the slowest answer took {slowest:?}", claims.len(), told.len());
    gateway.stop().await
}

struct Raced {
    won: Vec<i64>,
    /// Who has it, by the answer.
    lost: Vec<(i64, String)>,
    slowest: Duration,
}

async fn race(
    n: usize,
    client: Client,
    incidents: Arc<Vec<i64>>,
    barrier: Arc<Barrier>,
) -> anyhow::Result<Raced> {
    let mut raced = Raced { won: Vec::new(), lost: Vec::new(), slowest: Duration::ZERO };
    barrier.wait().await;
    for &id in incidents.iter() {
        let body =
            json!({ "action": "claim", "expected_version": 1, "idempotency_key": format!("{n}-{id}") });
        let began = Instant::now();
        let (status, answer) = client.post(&format!("/incidents/{id}/actions"), &body).await?;
        raced.slowest = raced.slowest.max(began.elapsed());
        match status {
            StatusCode::OK => raced.won.push(id),
            StatusCode::CONFLICT => {
                let holder = answer["current"]["owner"]["name"].as_str().context("who has it")?;
                raced.lost.push((id, holder.to_owned()));
            }
            other => anyhow::bail!("{other} {answer}"),
        }
    }
    Ok(raced)
}

/// So many incidents, and fifty operators.
async fn fill(site: &TestSite, n_incidents: usize) -> anyhow::Result<Vec<i64>> {
    let config = Site::load(&site.file())?;
    std::fs::create_dir_all(&config.data_dir)?;
    let db = open_dispatch_db(&config)?;
    let accounts = Accounts::new(&db, &config.name, config.areas.clone(), Clock::system())?;
    for n in 0..CLIENTS {
        let new = NewAccount {
            name: format!("op{n}"),
            display_name: format!("Operator {n}"),
            role: Role::Operator,
            areas: vec![AreaId::new(TOWN)?],
            unit: None,
            language: Language::Chinese,
            password: PASSWORD.to_owned(),
        };
        accounts.create(new, Author::CommandLine).await?;
    }
    // Yellow ones, whose clocks tell nothing in the first minutes: a version that moves would refuse everybody.
    let desk = Desk::of_site(Dispatch::new(db)?, Clock::system(), &config);
    let camera = CameraFacts::from(config.camera(&CameraId::new("gate")?).context("a camera")?);
    let now = WallTime(Clock::system().wall().0);
    let mut incidents = Vec::new();
    for n in 0..n_incidents {
        let zone = ZoneRef { id: ZoneId::new(&format!("zone{n}"))?, name: format!("Zone {n}") };
        let edge = alarm::crowding(RuleId::new(&format!("rule{n}"))?, Some(zone), now);
        incidents.push(desk.alarm(camera.clone(), edge, None).await?.incident.0);
    }
    // The service ends what it finds running at its start, which is no action: versions stay 1.
    Ok(incidents)
}
