//! Handing the shift over through the interface: what is frozen, who signs, and what becomes of the claims.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};
use serde_json::{Value, json};
use sharpeyes_domain::{
    access::Role,
    ids::{AccountId, IncidentId},
    incident::IncidentAction,
};

use super::{House, PASSWORD, bytes, json as read, request, with_json};
use crate::desk::ActRequest;

async fn post(house: &House, path: &str, cookie: &str, body: &Value) -> Response<Body> {
    house.send(with_json(request("POST", path).header(header::COOKIE, cookie), body)).await
}

async fn refusal(answer: Response<Body>) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, read(answer).await["code"].as_str().unwrap_or_default().to_owned())
}

impl House {
    async fn claim(&self, id: IncidentId, by: AccountId) {
        let expected_version = self.state.dispatch.incident_row(id).await.unwrap().unwrap().status.version;
        let request = ActRequest {
            incident: id,
            expected_version,
            action: IncidentAction::Claim,
            by,
            idempotency_key: format!("claim-{id}"),
            asked: None,
            note: None,
        };
        self.state.desk.act(request).await.unwrap();
    }

    async fn owner(&self, id: IncidentId) -> Option<AccountId> {
        self.state.dispatch.incident_row(id).await.unwrap().unwrap().status.claim.map(|claim| claim.owner)
    }

    /// What the audit log says of hand-overs, the oldest first.
    async fn signatures(&self) -> Vec<String> {
        let rows = self.state.accounts.audit().page(None, 1_000).await.unwrap();
        let own = rows.iter().rev().filter(|row| row.object.starts_with("handover/"));
        own.map(|row| format!("{} {} {}", row.name, row.object, row.detail)).collect()
    }
}

#[tokio::test]
async fn the_claims_go_over_with_the_second_signature_and_the_paper_stays_as_it_was() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let leaver = house.account("anna", Role::Operator, "town").await;
    let taker = house.account("ben", Role::Operator, "town").await;
    let (anna, ben) = (house.sign_in("anna").await, house.sign_in("ben").await);
    house.ticket(Some("cam-east")).await;
    house.claim(east, leaver).await;

    let shift = read(house.get("/shift", &anna).await).await;
    assert_eq!(shift["summary"]["claimed"][0]["incident"], json!(east.0));
    assert_eq!(shift["takers"], json!([{ "id": taker.0, "name": "Name of ben" }]));
    let body = json!({ "note": " 东村人多，注意 ", "meant_for": taker.0 });
    let answer = post(&house, "/handovers", &anna, &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let opened = read(answer).await;
    assert_eq!(opened["note"], json!("东村人多，注意"));
    let summary = &opened["summary"];
    assert_eq!(
        summary["counts"],
        json!([{ "level": 3, "state": "new", "n": 1 }, { "level": 3, "state": "claimed", "n": 1 }])
    );
    assert_eq!(summary["faults"][0]["camera"], json!("东村广场"));
    assert!(!summary.to_string().contains("192.0.2.1"), "an operator learns no address of a camera");
    assert_eq!(
        refusal(post(&house, "/handovers", &anna, &json!({})).await).await,
        (422, "handover_open".into())
    );

    // What comes after the paper was written goes over too.
    house.claim(west, leaver).await;
    let path = format!("/handovers/{}", opened["id"]);
    let sign = format!("{path}/signature");
    let accept = json!({ "action": "accept", "note": "收到" });
    assert_eq!(refusal(post(&house, &sign, &anna, &accept).await).await, (422, "same_person".into()));
    let answer = post(&house, &sign, &ben, &accept).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let signed = read(answer).await;
    assert_eq!((&signed["state"], &signed["signed"]), (&json!("accepted"), &json!("session")));
    assert_eq!((&signed["moved"], &signed["stayed"]), (&json!([east.0, west.0]), &json!([])));
    assert_eq!(&signed["summary"], summary, "the paper is what the leaver has signed");
    assert_eq!((house.owner(east).await, house.owner(west).await), (Some(taker), Some(taker)));
    let detail = read(house.get(&format!("/incidents/{east}"), &ben).await).await;
    let last = detail["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["action"], &last["actor"]["id"]), (&json!("hand_over"), &json!(leaver.0)));
    assert_eq!(last["note"], json!(format!("交接班 #{}", opened["id"])));
    assert_eq!(refusal(post(&house, &sign, &ben, &accept).await).await, (422, "handover_over".into()));
    let listed = read(house.get("/handovers", &ben).await).await;
    assert_eq!((&listed[0]["id"], &listed[0]["summary"]), (&opened["id"], &Value::Null));
    assert_eq!(
        house.signatures().await,
        [
            format!("anna handover/{} open, 1 claimed, 0 overdue", opened["id"]),
            format!(
                "ben handover/{} accept of {leaver} by session; 2 incidents moved, 0 stayed",
                opened["id"]
            ),
        ]
    );
}

#[tokio::test]
async fn the_taker_signs_at_the_leavers_desk_with_an_own_password() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let leaver = house.account("anna", Role::Operator, "east").await;
    let taker = house.account("ben", Role::Operator, "east").await;
    house.account("far", Role::Operator, "west").await;
    house.account("tech", Role::Technician, "east").await;
    let anna = house.sign_in("anna").await;
    house.claim(east, leaver).await;
    let opened = read(post(&house, "/handovers", &anna, &json!({})).await).await;
    let sign = format!("/handovers/{}/signature", opened["id"]);
    let as_whom =
        |name: &str, password: &str| json!({ "action": "accept", "name": name, "password": password });
    for (name, password, expected) in [
        ("ben", "wrong wrong wrong", (422, "signature_refused")),
        ("anna", PASSWORD, (422, "same_person")),
        ("tech", PASSWORD, (422, "not_an_operator")),
        ("far", PASSWORD, (404, "not_found")),
    ] {
        house.clock.advance(Duration::from_secs(120));
        let (status, code) = refusal(post(&house, &sign, &anna, &as_whom(name, password)).await).await;
        assert_eq!((status, code.as_str()), expected, "{name}");
    }
    assert_eq!(house.owner(east).await, Some(leaver));
    let half = json!({ "action": "accept", "name": "ben" });
    assert_eq!(refusal(post(&house, &sign, &anna, &half).await).await, (422, "field_needed".into()));
    let signed = read(post(&house, &sign, &anna, &as_whom("ben", PASSWORD)).await).await;
    assert_eq!(
        (&signed["decided_by"]["id"], &signed["signed"]),
        (&json!(taker.0), &json!("password")),
        "{signed}"
    );
    assert_eq!(house.owner(east).await, Some(taker));
}

#[tokio::test]
async fn a_hand_over_is_refused_with_a_reason_withdrawn_by_the_leaver_and_lapses() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let leaver = house.account("anna", Role::Operator, "east").await;
    let (anna, ben) = (house.sign_in("anna").await, house.viewer("ben", Role::Operator, "east").await);
    house.claim(east, leaver).await;
    let open = async || read(post(&house, "/handovers", &anna, &json!({})).await).await["id"].clone();
    let sign = async |id: &Value, cookie: &str, body: Value| {
        post(&house, &format!("/handovers/{id}/signature"), cookie, &body).await
    };
    let first = open().await;
    let silent = sign(&first, &ben, json!({ "action": "refuse" })).await;
    assert_eq!(refusal(silent).await, (422, "note_needed".into()));
    let refused = read(sign(&first, &ben, json!({ "action": "refuse", "note": "人手不够" })).await).await;
    assert_eq!((&refused["state"], &refused["answer"]), (&json!("refused"), &json!("人手不够")));
    assert_eq!(refused["moved"], Value::Null);

    let second = open().await;
    assert_eq!(
        refusal(sign(&second, &ben, json!({ "action": "withdraw" })).await).await,
        (422, "not_the_leaver".into())
    );
    let withdrawn = read(sign(&second, &anna, json!({ "action": "withdraw" })).await).await;
    assert_eq!(withdrawn["state"], json!("withdrawn"));

    let third = open().await;
    house.clock.advance(Duration::from_secs(12 * 3600));
    let (anna, ben) = (house.sign_in("anna").await, house.sign_in("ben").await);
    assert_eq!(
        refusal(sign(&third, &ben, json!({ "action": "accept" })).await).await,
        (422, "handover_over".into())
    );
    let shown = read(house.get(&format!("/handovers/{third}"), &ben).await).await;
    assert_eq!(shown["state"], json!("lapsed"));
    assert_eq!(post(&house, "/handovers", &anna, &json!({})).await.status(), StatusCode::CREATED);
    assert_eq!(house.owner(east).await, Some(leaver));
}

#[tokio::test]
async fn a_paper_is_for_those_who_are_responsible_for_all_of_it_and_claims_elsewhere_stay() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let anna = house.account("anna", Role::Operator, "east").await;
    let cookie = house.sign_in("anna").await;
    house.claim(east, anna).await;
    // It was theirs before their areas changed.
    house.claim(west, anna).await;
    let opened = read(post(&house, "/handovers", &cookie, &json!({})).await).await;
    assert!(!opened.to_string().contains("西村"), "nothing from elsewhere is on the paper: {opened}");
    let path = format!("/handovers/{}", opened["id"]);
    let far = house.viewer("far", Role::Operator, "west").await;
    assert_eq!(house.get(&path, &far).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(read(house.get("/handovers", &far).await).await, json!([]));
    let ben = house.viewer("ben", Role::Operator, "east").await;
    let signed =
        read(post(&house, &format!("{path}/signature"), &ben, &json!({ "action": "accept" })).await).await;
    assert_eq!((&signed["moved"], &signed["stayed"]), (&json!([east.0]), &json!([west.0])));
    assert_eq!(house.owner(west).await, Some(anna));
}

#[tokio::test]
async fn the_wall_shows_what_its_viewer_may_see() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    house.account("keeper", Role::Administrator, "town").await;
    house.tell(east, "patrol").await;
    let wall = async |name: &str, role, area| {
        let cookie = house.viewer(name, role, area).await;
        let answer = house.get("/wall", &cookie).await;
        let body = bytes(answer).await;
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let town = wall("town", Role::Operator, "town").await;
    let counts =
        json!([{ "level": 3, "state": "new", "n": 1 }, { "level": 3, "state": "dispatched", "n": 1 }]);
    assert_eq!(town["counts"], counts);
    let patrol = json!([{ "name": "巡防队", "told": 1, "signed": 0, "arrived": 0, "finished": 0 }]);
    assert_eq!(town["units"], patrol);
    assert_eq!((&town["cameras"]["n"], town["urgent"].as_array().unwrap().len()), (&json!(2), 2));
    let west = wall("west", Role::Operator, "west").await;
    assert_eq!(west["counts"], json!([{ "level": 3, "state": "new", "n": 1 }]));
    assert_eq!((&west["units"], &west["cameras"]["n"]), (&json!([]), &json!(1)));
    assert!(!west.to_string().contains("cam-east"));
    let police = wall("police", Role::Police, "east").await;
    assert_eq!((&police["cameras"]["n"], police["urgent"].as_array().unwrap().len()), (&json!(0), 1));
    let unit = wall("unit", Role::Unit, "west").await;
    assert_eq!(unit["counts"], json!([{ "level": 3, "state": "dispatched", "n": 1 }]));
    assert_eq!((&unit["urgent"][0]["id"], &unit["cameras"]["n"]), (&json!(east.0), &json!(0)));
}

#[tokio::test]
async fn hand_overs_are_paged_and_found_by_when_they_were_opened() {
    let house = House::new().await;
    let mut opened = Vec::new();
    for n in 0..5 {
        // Those of the west lie between what the east may see.
        let area = if n % 2 == 0 { "east" } else { "west" };
        house.clock.advance(Duration::from_secs(1_800));
        opened.push((house.handover(&format!("leaver{n}"), area).await, house.clock.wall().0));
    }
    let chief = house.viewer("chief", Role::Operator, "town").await;
    let op = house.viewer("op", Role::Operator, "east").await;
    let list = async |cookie: &str, query: &str| {
        let answer = house.get(&format!("/handovers?{query}"), cookie).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let rows = read(answer).await;
        rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let id = |n: usize| opened[n].0;
    assert_eq!(list(&chief, "").await, [id(4), id(3), id(2), id(1), id(0)]);
    assert_eq!(list(&chief, "limit=2").await, [id(4), id(3)]);
    assert_eq!(list(&chief, &format!("limit=2&before={}", id(3))).await, [id(2), id(1)]);
    assert_eq!(list(&chief, &format!("limit=2&before={}", id(1))).await, [id(0)]);
    assert_eq!(list(&chief, &format!("before={}", id(0))).await, [] as [i64; 0]);
    assert_eq!(list(&op, "limit=2").await, [id(4), id(2)], "a page is full whatever lies between");
    assert_eq!(list(&op, &format!("limit=2&before={}", id(2))).await, [id(0)]);
    let span = format!("from_ms={}&until_ms={}", opened[1].1, opened[3].1);
    assert_eq!(list(&chief, &span).await, [id(2), id(1)]);
}
