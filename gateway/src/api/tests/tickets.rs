//! Tickets through the interface: who sees which, and what a hand on one leaves behind.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use serde_json::{Value, json};
use sharpeyes_domain::access::Role;

use super::{House, bytes, feed::Reader, json as body_of, request, with_json};

async fn post(house: &House, path: &str, cookie: &str, body: &Value) -> Response<Body> {
    house.send(with_json(request("POST", path).header("cookie", cookie), body)).await
}

async fn list(house: &House, cookie: &str, query: &str) -> Vec<Value> {
    let answer = house.get(&format!("/tickets{query}"), cookie).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let list: Value = serde_json::from_slice(&bytes(answer).await).unwrap();
    list["tickets"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_technician_sees_own_cameras_and_the_site_and_closes_with_a_note() {
    let house = House::new().await;
    let east = house.ticket(Some("cam-east")).await;
    house.ticket(Some("cam-west")).await;
    house.ticket(Some("cam-gone")).await;
    house.ticket(None).await;
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let cameras = |rows: &[Value]| rows.iter().map(|row| row["camera"].clone()).collect::<Vec<_>>();
    let mut seen = cameras(&list(&house, &technician, "").await);
    seen.sort_by_key(Value::to_string);
    assert_eq!(seen, [json!("cam-east"), Value::Null]);
    let chief = house.viewer("chief", Role::Technician, "town").await;
    assert_eq!(list(&house, &chief, "").await.len(), 4);

    let path = format!("/tickets/{east}/acknowledge");
    let answer = post(&house, &path, &technician, &json!({ "note": "去看 on my way" })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let row: Value = serde_json::from_slice(&bytes(answer).await).unwrap();
    assert_eq!((&row["state"], &row["acknowledged"]["by"]), (&json!("acknowledged"), &json!("tech")));
    assert_eq!((&row["camera_name"], &row["stage"]), (&json!("东村广场"), &json!("connect")));
    let path = format!("/tickets/{east}/close");
    let refused = post(&house, &path, &technician, &json!({ "note": "x".repeat(1_001) })).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let answer = post(&house, &path, &technician, &json!({ "note": "" })).await;
    let row: Value = serde_json::from_slice(&bytes(answer).await).unwrap();
    assert_eq!((&row["state"], &row["note"]), (&json!("closed"), &json!("去看 on my way")));
    assert_eq!(cameras(&list(&house, &technician, "").await), [Value::Null]);
    assert_eq!(list(&house, &technician, "?state=all").await.len(), 2);
}

fn kinds(messages: &[super::feed::Message]) -> Vec<&str> {
    messages.iter().map(|message| message.event.as_str()).collect()
}

#[tokio::test]
async fn a_list_of_tickets_and_the_feed_after_it_miss_nothing() {
    let house = House::new().await;
    let chief = house.viewer("chief", Role::Technician, "town").await;
    let east = house.viewer("tech", Role::Technician, "east").await;
    let list = body_of(house.get("/tickets", &chief).await).await;
    assert_eq!(list, json!({ "as_of_seq": 0, "tickets": [] }));
    let id = house.ticket(Some("cam-east")).await;
    house.ticket(Some("cam-west")).await;

    let mut reader = Reader::of(&house, "/tickets/events?after=0", &chief, None).await;
    let missed = reader.until_ready().await;
    assert_eq!(kinds(&missed), ["ticket", "ticket", "ready"]);
    let list = body_of(house.get("/tickets", &chief).await).await;
    assert_eq!(missed[2].data["as_of_seq"], list["as_of_seq"]);
    assert!(
        list["tickets"].as_array().unwrap().contains(&missed[0].data),
        "the feed says what the list says"
    );

    // Of another area nothing; the place moves on all the same.
    let mut own = Reader::of(&house, "/tickets/events?after=0", &east, None).await;
    let seen = own.until_ready().await;
    assert_eq!(kinds(&seen), ["ticket", "ready"]);
    assert_eq!((&seen[0].data["camera"], seen[1].id), (&json!("cam-east"), missed[2].id));

    // Following; and who comes back gets what it missed, once, and as it is now.
    let path = format!("/tickets/{id}/acknowledge");
    assert_eq!(post(&house, &path, &east, &json!({ "note": "去看" })).await.status(), StatusCode::OK);
    for reader in [&mut reader, &mut own] {
        let told = reader.next().await.unwrap();
        assert_eq!((told.event.as_str(), &told.data["state"]), ("ticket", &json!("acknowledged")));
    }
    drop(reader);
    let path = format!("/tickets/{id}/close");
    assert_eq!(post(&house, &path, &chief, &json!({ "note": "" })).await.status(), StatusCode::OK);
    let last = missed[2].id.to_string();
    let mut again = Reader::of(&house, "/tickets/events?after=0", &chief, Some(&last)).await;
    let found = again.until_ready().await;
    assert_eq!(kinds(&found), ["ticket", "ready"]);
    assert_eq!((&found[0].data["state"], found[0].id), (&json!("closed"), missed[2].id + 2));
}

#[tokio::test]
async fn a_place_among_tickets_that_is_of_no_log_is_a_reset() {
    let house = House::new().await;
    house.ticket(None).await;
    let chief = house.viewer("chief", Role::Administrator, "town").await;
    for position in ["999999", "not-a-number", "-5"] {
        let mut reader = Reader::of(&house, "/tickets/events", &chief, Some(position)).await;
        let found = reader.until_ready().await;
        assert_eq!(kinds(&found), ["reset", "ready"], "{position}");
        assert_eq!(found[0].data["as_of_seq"], 1);
    }
    let mut reader = Reader::of(&house, "/tickets/events", &chief, None).await;
    assert_eq!(kinds(&reader.until_ready().await), ["ready"], "from now on");
    house.shutdown.cancel();
    assert_eq!(reader.next().await, None, "the service stops");
}
