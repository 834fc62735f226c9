//! Noisy sources through the interface: the figures, whose they are, and that nothing is hidden for them.

use std::time::Duration;

use serde_json::json;
use sharpeyes_domain::{
    access::Role,
    incident::{CloseReason, IncidentAction},
    level::Level,
    ticket::{TicketChange, TicketKind},
    time::WallTime,
};

use super::{BEGAN, House, json as body_of};
use crate::access::accounts::{AccountChange, Author};

#[tokio::test]
async fn a_source_over_its_budget_is_named_with_its_figures_and_stays_in_the_queue() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    house.clock.advance(Duration::from_secs(1));
    let town = house.viewer("op", Role::Operator, "town").await;
    let first = body_of(house.get("/noise", &town).await).await;
    assert_eq!(
        (&first["incidents_last_hour"], &first["over"], &first["budget"]["source_per_hour"]),
        (&json!(2), &json!(false), &json!(12))
    );
    assert_eq!(first["sources"].as_array().unwrap().len(), 2);
    assert!(house.state.noise.faults().is_empty());

    house.act(east, IncidentAction::Claim).await;
    house.act(east, IncidentAction::Close { reason: CloseReason::FalseAlarm }).await;
    let mut again = east;
    for n in 1..=12 {
        again = house.alarm("cam-east", WallTime(BEGAN.0 + n * 20_000)).await;
    }
    house.clock.advance(Duration::from_secs(200));
    let until = house.clock.wall().plus(Duration::from_mins(30));
    house.act(again, IncidentAction::Shelve { until }).await;
    house.clock.advance(Duration::from_mins(10));
    house.act(again, IncidentAction::Unshelve).await;
    house.act(again, IncidentAction::Raise { level: Level::Red, due: None }).await;
    house.clock.advance(Duration::from_secs(1));
    house.state.noise.count().await.unwrap();

    let shown = body_of(house.get("/noise", &town).await).await;
    let shown_to_town = shown.clone();
    let noisy = &shown["sources"][0];
    let figure = |name: &str| noisy[name].as_u64().unwrap();
    assert_eq!((&noisy["camera_name"], &noisy["rule"]), (&json!("东村广场"), &json!("crowd")));
    assert_eq!(noisy["excess"], json!(["rate"]));
    assert_eq!(["alarms", "last_hour", "incidents", "repeats"].map(figure), [13, 13, 2, 11]);
    assert_eq!(["confirmed", "false_alarms", "undecided", "shelved_ms"].map(figure), [0, 1, 12, 600_000]);
    assert_eq!((&noisy["tunable"], noisy.get("ticket")), (&json!(false), None));
    assert_eq!(shown["sources"][1]["excess"], json!([]));
    let queue = body_of(house.get("/incidents", &town).await).await;
    assert_eq!(queue["incidents"][0]["id"], json!(again.0), "red, noisy or not, is above all else");

    let faults = house.state.noise.faults();
    let [(key, fault)] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!((key.kind, key.camera.as_ref().unwrap().as_str()), (TicketKind::Noisy, "cam-east"));
    assert_eq!(fault.detail, "rule crowd: 13 alarms within an hour, budget 12");
    let raise = TicketChange::Raise { key: key.clone(), fault: fault.clone(), first: BEGAN, times: 1 };
    let (tickets, now) = (house.state.tickets.clone(), house.clock.wall());
    tokio::task::spawn_blocking(move || tickets.apply_blocking(vec![raise], now)).await.unwrap().unwrap();
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let shown = body_of(house.get("/noise", &technician).await).await;
    let own = &shown["sources"];
    assert_eq!((own.as_array().unwrap().len(), &own[0]["tunable"]), (1, &json!(true)));
    assert!(own[0]["ticket"].is_i64(), "{own}");
    let blind = body_of(house.get("/blind-cameras", &town).await).await;
    assert_eq!(blind["n"], json!(0), "a camera that raises too much is not blind");

    let west = house.viewer("op-west", Role::Operator, "west").await;
    let theirs = body_of(house.get("/noise", &west).await).await;
    assert_eq!(
        (&theirs["incidents_last_hour"], &theirs["sources"][0]["camera"]),
        (&json!(1), &json!("cam-west"))
    );
    assert_eq!(theirs["sources"].as_array().unwrap().len(), 1);

    let keeper = house.account("keeper", Role::Administrator, "town").await;
    let nowhere = AccountChange { areas: Some(Vec::new()), ..AccountChange::default() };
    house.state.accounts.change(keeper, nowhere, Author::CommandLine).await.unwrap();
    let keeper = house.sign_in("keeper").await;
    let all = body_of(house.get("/noise", &keeper).await).await;
    assert_eq!(all["incidents_last_hour"], shown_to_town["incidents_last_hour"], "who keeps all sees all");

    // An hour later it is quiet, and what was found of it stays.
    house.clock.advance(Duration::from_hours(1));
    let town = house.sign_in("op").await;
    house.state.noise.count().await.unwrap();
    let quiet = body_of(house.get("/noise", &town).await).await;
    assert_eq!((&quiet["sources"][0]["last_hour"], &quiet["sources"][0]["excess"]), (&json!(0), &json!([])));
    assert_eq!(quiet["sources"][0]["alarms"], json!(13));
    assert!(house.state.noise.faults().is_empty());
}
