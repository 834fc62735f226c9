//! Statistics and bulletins through the interface: whose numbers, which numbers, and the same ones again.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use sharpeyes_domain::{
    access::Role,
    incident::{CloseReason, IncidentAction},
};

use super::{BEGAN, House, START, json as body_of};

async fn close(house: &House, id: sharpeyes_domain::ids::IncidentId, reason: CloseReason) {
    house.act(id, IncidentAction::Claim).await;
    house.act(id, IncidentAction::Close { reason }).await;
}

#[tokio::test]
async fn alarms_are_right_or_wrong_as_operators_say_and_as_was_known_then() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    let before = house.clock.wall().0 + 1_000;
    house.clock.advance(Duration::from_secs(60));
    close(&house, east, CloseReason::FalseAlarm).await;
    close(&house, west, CloseReason::Handled).await;
    house.clock.advance(Duration::from_secs(60));
    let again = house.alarm("cam-east", sharpeyes_domain::time::WallTime(BEGAN.0 + 200_000)).await;
    house.clock.advance(Duration::from_secs(1));
    assert_ne!(again, east);

    let query = format!("/statistics/accuracy?from_ms={}&to_ms={}", START.0, START.0 + 3_600_000);
    let found = body_of(house.get(&query, &town).await).await;
    assert_eq!(
        [&found["alarms"], &found["confirmed"], &found["false_alarms"], &found["undecided"]],
        [&json!(3), &json!(1), &json!(1), &json!(1)],
        "{found}"
    );
    assert_eq!(found["accuracy"], json!({ "n": 1, "of": 2 }));
    let east_row = &found["rows"][0];
    assert_eq!(
        (&east_row["camera_name"], &east_row["rule"], &east_row["level"], &east_row["false_alarms"]),
        (&json!("东村广场"), &json!("crowd"), &json!(3), &json!(1))
    );
    assert_eq!((&east_row["undecided"], &east_row["accuracy"]), (&json!(1), &json!({ "n": 0, "of": 1 })));

    let then = body_of(house.get(&format!("{query}&as_of_ms={before}"), &town).await).await;
    assert_eq!((&then["undecided"], &then["accuracy"]["of"]), (&json!(2), &json!(0)), "before any verdict");
    let one = body_of(house.get(&format!("{query}&camera=cam-west"), &town).await).await;
    assert_eq!((&one["alarms"], &one["accuracy"]), (&json!(1), &json!({ "n": 1, "of": 1 })));
    let none = body_of(house.get(&format!("{query}&area=west&rule=stay"), &town).await).await;
    assert_eq!((&none["alarms"], &none["rows"]), (&json!(0), &json!([])));

    let police = house.viewer("police", Role::Police, "west").await;
    let theirs = body_of(house.get(&query, &police).await).await;
    assert_eq!((&theirs["alarms"], &theirs["confirmed"]), (&json!(1), &json!(1)), "only its own area");
    for bad in ["from_ms=5&to_ms=5", "from_ms=0&to_ms=99999999999", "from_ms=0&to_ms=9&camera=A%20B"] {
        let answer = house.get(&format!("/statistics/accuracy?{bad}"), &town).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn what_was_merged_is_what_the_other_one_is() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    house.act(east, IncidentAction::Merge { into: west }).await;
    close(&house, west, CloseReason::NoAction).await;
    house.clock.advance(Duration::from_secs(1));
    let query = format!("/statistics/accuracy?from_ms={}&to_ms={}", START.0, START.0 + 3_600_000);
    let found = body_of(house.get(&query, &town).await).await;
    assert_eq!((&found["confirmed"], &found["accuracy"]), (&json!(2), &json!({ "n": 2, "of": 2 })));
}
