//! The disks and the holds as those see them who keep them.

use std::time::Duration;

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use sharpeyes_domain::access::Role;

use super::{House, START, json as body_of, request, with_json};

async fn post(house: &House, cookie: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let asked = with_json(request("POST", path).header(header::COOKIE, cookie), body);
    let answer = house.send(asked).await;
    (answer.status(), body_of(answer).await)
}

fn hold(from: i64, to: i64) -> Value {
    json!({
        "camera": "cam-east", "from_ms": START.0 + from, "to_ms": START.0 + to, "case_number": " 2026-17 ",
        "note": "two lines\nof it", "review_ms": START.0 + 86_400_000 * 30
    })
}

#[tokio::test]
async fn a_hold_is_made_listed_released_and_written_down() {
    let house = House::new().await;
    house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let neighbour = house.viewer("op2", Role::Operator, "west").await;
    let auditor = house.viewer("eyes", Role::Auditor, "town").await;
    let (status, made) = post(&house, &operator, "/holds", &hold(51_000, 61_000)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        (made["from_ms"].as_i64(), made["to_ms"].as_i64()),
        (Some(START.0 + 50_000), Some(START.0 + 62_000))
    );
    assert_eq!((made["case_number"].as_str(), made["owner"].as_str()), (Some("2026-17"), Some("op")));
    assert!(made["bytes"].as_u64().unwrap() > 0);
    let (status, other) = post(&house, &neighbour, "/holds", &hold(51_000, 61_000)).await;
    assert_eq!((status, other["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));

    let mine = body_of(house.get("/holds", &operator).await).await;
    assert_eq!(mine.as_array().unwrap().len(), 1);
    assert_eq!(body_of(house.get("/holds?state=all", &neighbour).await).await, json!([]));
    let path = format!("/holds/{}/release", made["id"]);
    let (status, _) = post(&house, &neighbour, &path, &json!({ "reason": "closed" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, released) = post(&house, &operator, &path, &json!({ "reason": "closed" })).await;
    assert_eq!((status, released["released_by"].as_str()), (StatusCode::OK, Some("op")), "{released}");
    assert_eq!(body_of(house.get("/holds", &operator).await).await, json!([]));
    assert_eq!(body_of(house.get("/holds?state=all", &operator).await).await, json!([released]));
    // Again, by someone else, later: it stays as it was.
    house.clock.advance(Duration::from_secs(5));
    assert_eq!(post(&house, &operator, &path, &json!({ "reason": "again" })).await.1, released);

    let log = body_of(house.get("/audit?limit=1000", &auditor).await).await;
    let rows: Vec<&Value> =
        log["rows"].as_array().unwrap().iter().filter(|row| row["action"] == "hold.manage").collect();
    let outcomes: Vec<&str> = rows.iter().rev().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["allowed", "denied", "denied", "allowed", "allowed"]);
    assert!(rows.last().unwrap()["detail"].as_str().unwrap().contains("case 2026-17"));
}

#[tokio::test]
async fn a_hold_of_a_camera_that_is_gone_is_released_by_who_keeps_the_whole_site() {
    let house = House::new().await;
    house.fill().await;
    house.record("cam-gone").await;
    let id = house.hold("cam-gone").await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let chief = house.viewer("chief", Role::Operator, "town").await;
    assert_eq!(body_of(house.get("/holds", &operator).await).await, json!([]));
    let listed = body_of(house.get("/holds", &chief).await).await;
    assert_eq!(listed[0]["camera"].as_str(), Some("cam-gone"), "{listed}");
    let path = format!("/holds/{id}/release");
    let (status, _) = post(&house, &operator, &path, &json!({ "reason": "closed" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, released) = post(&house, &chief, &path, &json!({ "reason": "closed" })).await;
    assert_eq!((status, released["released_by"].as_str()), (StatusCode::OK, Some("chief")), "{released}");
}

#[tokio::test]
async fn a_hold_that_makes_no_sense_is_refused() {
    let house = House::new().await;
    house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let check = async |change: (&str, Value), code: &str| {
        let mut body = hold(51_000, 61_000);
        body[change.0] = change.1;
        let (status, answer) = post(&house, &operator, "/holds", &body).await;
        assert_eq!(
            (status, answer["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code)),
            "{answer}"
        );
    };
    check(("to_ms", json!(START.0 + 51_000)), "bad_span").await;
    check(("from_ms", json!(START.0 + 86_400_000)), "bad_span").await;
    check(("from_ms", json!(START.0 - 31 * 86_400_000)), "hold_too_long").await;
    check(("review_ms", json!(START.0)), "bad_review").await;
    check(("case_number", json!("")), "bad_text").await;
    check(("case_number", json!("a\u{7}b")), "bad_text").await;
    check(("case_number", json!("x".repeat(65))), "bad_text").await;
    check(("stream", json!("sub")), "nothing_recorded").await;
    assert_eq!(body_of(house.get("/holds?state=all", &operator).await).await, json!([]));
}

#[tokio::test]
async fn the_storage_page_tells_disk_forecast_and_every_stream() {
    let house = House::new().await;
    house.fill().await;
    house.hold("cam-west").await;
    house.retain().await;
    let technician = house.viewer("tech", Role::Technician, "town").await;
    let administrator = house.viewer("boss", Role::Administrator, "town").await;
    let page = body_of(house.get("/storage", &technician).await).await;
    assert_eq!(page["volumes"].as_array().map(Vec::len), Some(1));
    assert_eq!(page["volumes"][0]["name"], "main");
    assert_eq!(page["volumes"][0]["state"], "ok");
    assert_eq!(page["volumes"][0]["uuid"].as_str().unwrap().len(), 32);
    assert!(page["volumes"][0]["free_bytes"].as_u64() <= page["volumes"][0]["total_bytes"].as_u64());
    let cameras = page["cameras"].as_array().unwrap();
    assert_eq!(
        cameras.iter().map(|row| row["camera"].as_str().unwrap()).collect::<Vec<_>>(),
        ["cam-east", "cam-west"]
    );
    assert_eq!(cameras[0]["held_bytes"], 0);
    assert_eq!(cameras[1]["held_bytes"], cameras[1]["bytes"]);
    assert_eq!((&cameras[0]["base_days"], &cameras[0]["floor_days"]), (&json!(30), &json!(30)));
    assert_eq!(cameras[0]["is_below_floor"], false);
    let bytes: u64 = cameras.iter().map(|row| row["bytes"].as_u64().unwrap()).sum();
    assert_eq!(page["volumes"][0]["recorded_bytes"].as_u64(), Some(bytes));
    let tiers =
        json!({ "base_bytes": cameras[0]["bytes"], "incident_bytes": 0, "held_bytes": cameras[1]["bytes"] });
    assert_eq!(page["tiers"], tiers);
    assert_eq!((&cameras[0]["base_bytes"], &cameras[1]["base_bytes"]), (&cameras[0]["bytes"], &json!(0)));
    assert!(page["volumes"][0]["forecast"]["bytes_per_day"].as_u64().unwrap() > 0);
    // Whether it is depends on the disk under the test.
    let is_enough = page["volumes"][0]["forecast"]["shortfall_bytes"].is_null();
    assert_eq!(page["volumes"][0]["forecast"]["is_enough"], is_enough);
    assert_eq!(page["clock"]["doubted_ahead_ms"], Value::Null);

    // The clock jumps while the service runs, and a person says that it is right.
    house.clock.set_wall(sharpeyes_domain::time::WallTime(house.clock.wall().0 + 40 * 86_400_000));
    house.clock.advance(Duration::from_secs(61));
    house.retain().await;
    // The old sessions are over by the new clock.
    let administrator = {
        drop(administrator);
        house.sign_in("boss").await
    };
    let page = body_of(house.get("/storage", &administrator).await).await;
    assert!(page["clock"]["doubted_ahead_ms"].as_i64().unwrap() > 39 * 86_400_000);
    assert_eq!(page["deletions"], json!([]));
    let (status, _) = post(&house, &administrator, "/storage/clock", &json!({})).await;
    assert_eq!(status, StatusCode::OK);
    house.clock.advance(Duration::from_secs(61));
    house.retain().await;
    let page = body_of(house.get("/storage", &administrator).await).await;
    assert_eq!(page["clock"]["doubted_ahead_ms"], Value::Null);
    let deletions = page["deletions"].as_array().unwrap();
    assert!(
        !deletions.is_empty()
            && deletions.iter().all(|row| row["camera"] == "cam-east" && row["reason"] == "expired")
    );
    assert_eq!(deletions[0]["sha256"].as_str().unwrap().len(), 64);
}
