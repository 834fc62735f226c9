//! The canary from end to end, in the real program: its alarm comes and is closed by itself, no operator sees it, its
//! absence is a red ticket, and it comes back without a restart.

use std::time::Duration;

use anyhow::Context as _;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use sharpeyes_domain::ids::{CameraId, StreamKind};
use sharpeyes_tests::{
    camsim::{CamSim, CamSimConfig, CameraConfig},
    footage::Brightness,
    gateway::{Client, NoDetectors, Program},
    model, poll, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const PASSWORD: &str = "Account-9w4mn-5hv2c";
const CANARY: &str = "sharpeyes-canary";
/// As often as a site may have it; its absence is told after two such times and a minute.
const EVERY: &str = "60s";
const PATIENCE: Duration = Duration::from_secs(420);

/// The canary's incidents that the service has closed as arrived, and all of them.
fn incidents(site: &TestSite) -> anyhow::Result<(i64, i64)> {
    let database = site.data().join("dispatch.db");
    let connection = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count = "SELECT count(*) FILTER (WHERE state = 'closed' AND end_reason = 'test'), count(*) FROM incident \
                 WHERE camera = ?1";
    Ok(connection.query_row(count, [CANARY], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

async fn missing(technician: &Client) -> anyhow::Result<Option<Value>> {
    let list = technician.get("/tickets").await?;
    let tickets = list["tickets"].as_array().context("tickets")?;
    Ok(tickets.iter().find(|ticket| ticket["kind"] == "canary_missing").cloned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_canary_sings_unseen_is_missed_when_no_detector_lives_and_sings_again() -> anyhow::Result<()> {
    let film = Brightness { bright_s: 0, dark_s: 20 }.file()?;
    let cameras = vec![CameraConfig::new(CameraId::new("yard")?, &film)];
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let rule = toml::toml! { id = "in" kind = "intrusion" };
    let yard = SiteCamera::new("yard", simulator.url("yard", StreamKind::Main)).with("analyse", "main");
    let site = SiteBuilder::new()
        .set("inference", "runtime", model::runtime_library()?.to_string_lossy().into_owned())
        .set("canary", "every", EVERY)
        .camera(yard.rule(rule))
        .write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "desk", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let (technician, operator) =
        (gateway.sign_in("tech", PASSWORD).await?, gateway.sign_in("desk", PASSWORD).await?);
    let sings_after = |before: i64| {
        let site = &site;
        poll::until("a test alarm that is closed by itself", PATIENCE, move || async move {
            let (closed, all) = incidents(site)?;
            Ok((closed > before && closed == all).then_some(closed))
        })
    };

    let sung = sings_after(0).await?;
    assert_eq!(missing(&technician).await?, None);
    let list = operator.get("/incidents").await?;
    assert!(!list.to_string().contains(CANARY), "nobody sees it: {list}");
    let cameras = operator.get("/cameras").await?;
    assert!(!cameras.to_string().contains(CANARY), "{cameras}");

    let killing = NoDetectors::of(&gateway);
    let ticket =
        poll::until("the canary is missed", PATIENCE, || async { missing(&technician).await }).await?;
    eprintln!("missed: {ticket}");
    assert_eq!((&ticket["level"], &ticket["state"]), (&1.into(), &"open".into()), "red: {ticket}");
    let (before, _) = incidents(&site)?;
    assert!(before <= sung + 1, "what was on its way may have arrived");

    drop(killing);
    let again = sings_after(before).await?;
    assert!(again > before);
    poll::until("the ticket is over", PATIENCE, || async {
        Ok(missing(&technician).await?.is_none().then_some(()))
    })
    .await?;
    assert!(!operator.get("/incidents").await?.to_string().contains(CANARY));
    gateway.stop().await?;
    program.check(&site).await?;
    simulator.stop();
    Ok(())
}
