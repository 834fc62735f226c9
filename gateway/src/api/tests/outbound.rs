//! Targets through the interface: who sees what of them, and who sends again.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sharpeyes_domain::{access::Role, ids::TargetId, time::WallTime};

use super::{BEGAN, House, bytes, json as body_of, request, with_json};
use crate::store::outbox::{Outcome, Refusal};

/// A house that announces, with an alarm in each village of which the target refuses the first message.
async fn refused() -> (House, Vec<i64>) {
    let house = House::new().await;
    for camera in ["cam-east", "cam-west"] {
        house.alarm(camera, BEGAN).await;
    }
    let target = TargetId::new("county").unwrap();
    let outbox = &house.state.outbox;
    let mut dead = Vec::new();
    for row in outbox.first(target.clone(), 10).await.unwrap() {
        let refusal = Refusal {
            stage: "answer".into(),
            code: "http_422".into(),
            detail: "the target answers 422".into(),
        };
        outbox.tried(target.clone(), row.id, Outcome::Dead { refusal }, WallTime(7)).await.unwrap();
        dead.push(row.id);
    }
    (house, dead)
}

#[tokio::test]
async fn technicians_see_all_and_operators_what_is_theirs() {
    let (house, dead) = refused().await;
    assert_eq!(dead.len(), 2);
    let technician = house.viewer("tech", Role::Technician, "town").await;
    let targets = body_of(house.get("/outbound", &technician).await).await;
    let county = &targets[0];
    assert_eq!(
        (&county["id"], &county["dead"], &county["url"]),
        (&json!("county"), &json!(2), &json!("https://county.test/in?***"))
    );
    assert!(!targets.to_string().contains("hidden-from-everybody"), "{targets}");
    assert_eq!((&county["last_error"]["code"], &county["failing_since_ms"]), (&json!("http_422"), &json!(7)));
    assert!(county["last_error"]["remedy"].as_str().unwrap().contains("docs/outbound.md"));
    let operator = house.viewer("op", Role::Operator, "east").await;
    let shown = body_of(house.get("/outbound/county/messages", &operator).await).await;
    assert_eq!(shown.as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(
        body_of(house.get("/outbound/county/messages", &technician).await).await.as_array().unwrap().len(),
        2
    );
    assert_eq!(house.get("/outbound/nowhere/messages", &technician).await.status(), StatusCode::NOT_FOUND);

    let own = shown[0]["id"].as_i64().unwrap();
    let other = dead.iter().copied().find(|id| *id != own).unwrap();
    let resend = async |cookie: &str, body: &Value| {
        let asked = with_json(request("POST", "/outbound/county/resend").header("cookie", cookie), body);
        let answer = house.send(asked).await;
        (answer.status(), String::from_utf8(bytes(answer).await.to_vec()).unwrap())
    };
    assert_eq!(resend(&operator, &json!({ "ids": [other] })).await.0, StatusCode::NOT_FOUND);
    assert_eq!(resend(&operator, &json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        resend(&operator, &json!({ "ids": [own] })).await,
        (StatusCode::OK, r#"{"messages":1}"#.to_owned())
    );
    assert_eq!(resend(&technician, &json!({})).await, (StatusCode::OK, r#"{"messages":1}"#.to_owned()));
    let targets = body_of(house.get("/outbound", &technician).await).await;
    assert_eq!(targets[0]["dead"], 0, "{targets}");
    let auditor = house.viewer("aud", Role::Auditor, "town").await;
    let log = body_of(house.get("/audit", &auditor).await).await.to_string();
    assert!(log.contains(&format!("resend county {own}")) && log.contains("resend county dead"), "{log}");
}
