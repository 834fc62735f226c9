//! What stands beside the queue: consoles whose alarm would not be heard, and cameras that are blind.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use serde_json::{Value, json};
use sharpeyes_domain::access::Role;

use super::{House, feed::Reader, json as body_of, request, with_json};

async fn say(house: &House, cookie: &str, body: &Value) -> StatusCode {
    house.send(with_json(request("POST", "/consoles").header("cookie", cookie), body)).await.status()
}

async fn deaf(house: &House, cookie: &str) -> Value {
    body_of(house.get("/consoles", cookie).await).await
}

#[tokio::test]
async fn a_supervisor_is_told_of_a_muted_console_while_it_is_muted() {
    let house = House::new().await;
    let chief = house.viewer("chief", Role::Operator, "town").await;
    let west = house.viewer("west", Role::Operator, "west").await;
    let east = house.viewer("east", Role::Operator, "east").await;
    let mut reader = Reader::open(&house, &chief, "", None).await;
    assert_eq!(reader.notice("consoles").await, json!([]), "said once at the beginning");

    let now = house.clock.wall().0;
    let muted = json!({ "console": "a", "sound": "muted", "for_ms": 60_000, "until_ms": now + 300_000 });
    assert_eq!(say(&house, &east, &muted).await, StatusCode::OK);
    let told = reader.notice("consoles").await;
    assert_eq!(told[0]["person"]["name"], "Name of east");
    assert_eq!((&told[0]["why"], &told[0]["since_ms"]), (&json!("muted"), &json!(now - 60_000)));
    assert_eq!((&told[0]["until_ms"], &told[0]["areas"]), (&json!(now + 300_000), &json!(["东村"])));
    assert_eq!(deaf(&house, &chief).await, told);
    // Neither oneself nor who is responsible elsewhere: a colleague of the same area could take over, and is told.
    assert_eq!(deaf(&house, &east).await, json!([]));
    assert_eq!(deaf(&house, &west).await, json!([]));
    let peer = house.viewer("peer", Role::Operator, "east").await;
    assert_eq!(deaf(&house, &peer).await, told);

    // A second tab of the same browser that would be heard is enough.
    assert_eq!(say(&house, &east, &json!({ "console": "b", "sound": "armed" })).await, StatusCode::OK);
    assert_eq!(reader.notice("consoles").await, json!([]));
    let off = json!({ "console": "b", "sound": "off", "for_ms": 20_000 });
    assert_eq!(say(&house, &east, &off).await, StatusCode::OK);
    assert_eq!(reader.notice("consoles").await[0]["why"], "muted");
    // Whoever signs out sits there no more.
    let sign_out = request("DELETE", "/session").header("cookie", &east).body(Body::empty()).unwrap();
    assert_eq!(house.send(sign_out).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(reader.notice("consoles").await, json!([]));
}

#[tokio::test]
async fn a_console_that_vanishes_is_silent_and_one_that_says_goodbye_is_not() {
    let house = House::new().await;
    let chief = house.viewer("chief", Role::Operator, "town").await;
    let gone = house.viewer("gone", Role::Operator, "east").await;
    let lost = house.viewer("lost", Role::Operator, "east").await;
    for cookie in [&gone, &lost] {
        assert_eq!(say(&house, cookie, &json!({ "console": "a", "sound": "armed" })).await, StatusCode::OK);
    }
    assert_eq!(say(&house, &gone, &json!({ "console": "a", "sound": "closed" })).await, StatusCode::OK);
    let last = house.clock.wall().0;
    house.clock.advance(Duration::from_secs(89));
    assert_eq!(deaf(&house, &chief).await, json!([]));
    house.clock.advance(Duration::from_secs(1));
    let found = deaf(&house, &chief).await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!((&found[0]["why"], &found[0]["since_ms"]), (&json!("silent"), &json!(last)));
    house.clock.advance(Duration::from_secs(600));
    assert_eq!(deaf(&house, &chief).await, json!([]), "it was switched off");
    for console in [String::new(), "x".repeat(65), "a\nb".to_owned()] {
        let word = json!({ "console": console, "sound": "armed" });
        assert_eq!(say(&house, &lost, &word).await, StatusCode::UNPROCESSABLE_ENTITY, "{console:?}");
    }
}

#[tokio::test]
async fn operators_are_told_where_their_own_areas_are_blind() {
    let house = House::new().await;
    let op = house.viewer("op", Role::Operator, "east").await;
    let west = house.viewer("west", Role::Operator, "west").await;
    let police = house.viewer("police", Role::Police, "east").await;
    let mut reader = Reader::open(&house, &op, "", None).await;
    assert_eq!(reader.notice("blind").await, json!({ "n": 0, "cameras": [] }));
    // The site's own and those of others are not the operator's.
    house.ticket(None).await;
    house.ticket(Some("cam-west")).await;
    house.ticket(Some("cam-gone")).await;
    let id = house.ticket(Some("cam-east")).await;
    let told = reader.notice("blind").await;
    let blind = json!({ "n": 1, "cameras": [{
        "camera": "cam-east", "camera_name": "东村广场", "area_name": "东村", "ticket": id.0, "kind": "stream",
        "since_ms": super::START.0
    }] });
    assert_eq!(told, blind);
    assert_eq!(body_of(house.get("/blind-cameras", &op).await).await, blind);
    let elsewhere = body_of(house.get("/blind-cameras", &west).await).await;
    assert_eq!((&elsewhere["n"], &elsewhere["cameras"][0]["camera"]), (&json!(1), &json!("cam-west")));
    assert_eq!(house.get("/blind-cameras", &police).await.status(), StatusCode::FORBIDDEN);

    let technician = house.viewer("tech", Role::Technician, "east").await;
    let act = async |verb: &str| {
        let path = format!("/tickets/{id}/{verb}");
        let body = json!({ "note": "" });
        house.send(with_json(request("POST", &path).header("cookie", &technician), &body)).await.status()
    };
    assert_eq!(act("acknowledge").await, StatusCode::OK);
    assert_eq!(reader.notice("blind").await["cameras"][0]["acknowledged_by"], "tech");
    assert_eq!(act("close").await, StatusCode::OK);
    assert_eq!(reader.notice("blind").await, json!({ "n": 0, "cameras": [] }));
}
