//! Tickets through the interface: who sees which, and what a hand on one leaves behind.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use serde_json::{Value, json};
use sharpeyes_domain::access::Role;

use super::{House, bytes, request, with_json};

async fn post(house: &House, path: &str, cookie: &str, body: &Value) -> Response<Body> {
    house.send(with_json(request("POST", path).header("cookie", cookie), body)).await
}

async fn list(house: &House, cookie: &str, query: &str) -> Vec<Value> {
    let answer = house.get(&format!("/tickets{query}"), cookie).await;
    assert_eq!(answer.status(), StatusCode::OK);
    serde_json::from_slice(&bytes(answer).await).unwrap()
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
