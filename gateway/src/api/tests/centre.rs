//! Units, reports, intakes, files and views as their clients meet them.

use std::time::Duration;

use axum::{
    body::Body,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use sharpeyes_domain::{
    access::Role,
    incident::{CloseReason, IncidentAction},
};

use crate::store::outbox::OutboxState;

use super::{House, JPEG, UnitId, feed::Reader, json as body_of, post, request, with_json};

fn order(path: &str, cookie: &str, body: &Value) -> axum::http::Request<Body> {
    with_json(request("POST", path).header(header::COOKIE, cookie), body)
}

#[tokio::test]
async fn a_unit_sees_what_it_was_told_and_works_it_from_the_phone() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    house.tell(east, "patrol").await;
    house.tell(west, "fire").await;
    let cookie = house.viewer("worker", Role::Unit, "west").await;
    let list = body_of(house.get("/incidents", &cookie).await).await;
    let ids: Vec<_> =
        list["incidents"].as_array().unwrap().iter().map(|i| i["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [east.0], "not what lies in its area, but what it was told");
    assert_eq!(house.get(&format!("/incidents/{west}"), &cookie).await.status(), StatusCode::NOT_FOUND);
    let other = body_of(house.get("/incidents?unit=fire", &cookie).await).await;
    assert_eq!(other["incidents"], json!([]));

    let detail = body_of(house.get(&format!("/incidents/{east}"), &cookie).await).await;
    let choices = detail["choices"].as_array().unwrap();
    assert!(choices.contains(&json!("sign_in")) && !choices.contains(&json!("hold")), "{choices:?}");
    let mut reader = Reader::open(&house, &cookie, "", None).await;
    reader.until_ready().await;
    let path = format!("/incidents/{east}/work");
    let mut version = detail["version"].as_i64().unwrap();
    let work = |action: &str, version: i64| {
        json!({ "action": action, "expected_version": version, "idempotency_key": format!("{action}{version}"),
            "note": "已知悉" })
    };
    let mut foreign = work("sign_in", version);
    foreign["unit"] = "fire".into();
    let refused = body_of(house.send(order(&path, &cookie, &foreign)).await).await;
    assert_eq!(refused["code"], "not_your_unit");
    let signed = body_of(house.send(order(&path, &cookie, &work("sign_in", version))).await).await;
    assert_eq!((&signed["state"], &signed["units"][0]["unit_name"]), (&json!("signed"), &json!("巡防队")));
    assert_eq!(reader.next().await.unwrap().data, signed);

    let photo = request("POST", &format!("/incidents/{east}/attachments?name=%E7%8E%B0%E5%9C%BA.jpg"));
    let photo = photo.header(header::COOKIE, &cookie).body(Body::from(JPEG.to_vec())).unwrap();
    let added = body_of(house.send(photo).await).await;
    let file = added["attachment"].as_i64().unwrap();
    reader.next().await.unwrap();
    let got = house.get(&format!("/incidents/{east}/attachments/{file}"), &cookie).await;
    assert_eq!(got.headers()[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(super::bytes(got).await, JPEG);
    let elsewhere = house.get(&format!("/incidents/{west}/attachments/{file}"), &cookie).await;
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);

    version = added["incident"]["version"].as_i64().unwrap();
    let returned = house.send(order(&path, &cookie, &work("return", version))).await;
    assert_eq!(returned.status(), StatusCode::OK);
    let gone = reader.next().await.unwrap();
    assert_eq!((gone.event.as_str(), &gone.data["id"]), ("gone", &json!(east.0)), "it leaves the phone");
    assert_eq!(house.get(&format!("/incidents/{east}"), &cookie).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_grid_worker_reports_with_a_photo_and_the_centre_sees_it() {
    let house = House::new().await;
    let worker = house.member("worker", "fire", "east").await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let report = json!({
        "idempotency_key": "k1", "source": "superior", "class": "road_hazard", "area": "east", "title": "桥面积水",
        "location": "东桥", "latitude": 23.5, "longitude": 100.7, "camera": "cam-east",
        "files": [{ "name": "a.jpg", "base64": "/9j/4AAA/9k=" }]
    });
    let made = house.send(order("/reports", &worker, &report)).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made = body_of(made).await;
    assert!(made["incident"].is_null(), "it was not told of it");
    let again = house.send(order("/reports", &worker, &report)).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(body_of(again).await["id"], made["id"]);
    let mut other = report.clone();
    other["title"] = "别的".into();
    assert_eq!(body_of(house.send(order("/reports", &worker, &other)).await).await["code"], "key_reused");
    let own = body_of(house.get("/reports/own", &worker).await).await;
    let (n_own, own) = (own.as_array().unwrap().len(), &own[0]);
    assert_eq!((n_own, &own["number"], &own["state"]), (1, &made["number"], &json!("new")));
    assert_eq!(body_of(house.get("/reports/own", &operator).await).await, json!([]), "of oneself only");
    let areas = body_of(house.get("/reports/areas", &worker).await).await;
    let areas: Vec<_> = areas.as_array().unwrap().iter().map(|area| area["id"].as_str().unwrap()).collect();
    assert_eq!(areas, ["east"], "where the worker may report");
    let found = body_of(house.get("/incidents?q=%E7%A7%AF%E6%B0%B4&source=grid", &operator).await).await;
    let row = &found["incidents"][0];
    assert_eq!(row["source"], "grid", "whatever it says");
    assert_eq!((&row["title"], &row["camera"]), (&json!("桥面积水"), &json!("cam-east")));
    let detail = body_of(house.get(&format!("/incidents/{}", made["id"]), &operator).await).await;
    assert_eq!(detail["attachments"][0]["media_type"], "image/jpeg");
    assert_eq!(detail["reporter"], "Name of worker");
    for (field, value) in [("class", "nothing"), ("area", "town"), ("title", " ")] {
        let mut bad = report.clone();
        bad["idempotency_key"] = field.into();
        bad[field] = value.into();
        let status = house.send(order("/reports", &worker, &bad)).await.status();
        assert!(
            matches!(status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_FOUND),
            "{field}: {status}"
        );
    }
}

#[tokio::test]
async fn who_reports_is_what_their_unit_is_and_an_operator_is_not_the_reporter() {
    let house = House::new().await;
    let grid = house.member("grid", "fire", "east").await;
    let team = house.member("team", "patrol", "east").await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    // Not for grid workers, as the site file says.
    let report = |source: &str| json!({ "idempotency_key": source, "source": source, "class": "dispute", "area": "east", "title": "邻里纠纷" });
    for source in ["grid", "patrol"] {
        let refused = body_of(house.send(order("/reports", &grid, &report(source))).await).await;
        assert_eq!(refused["code"], "not_for_grid", "{source}: {refused}");
    }
    for (cookie, source, kept, reporter) in
        [(&team, "grid", "patrol", json!("Name of team")), (&operator, "hotline", "hotline", Value::Null)]
    {
        let made = body_of(house.send(order("/reports", cookie, &report(source))).await).await;
        let row = body_of(house.get(&format!("/incidents/{}", made["id"]), &operator).await).await;
        assert_eq!((&row["source"], &row["reporter"]), (&json!(kept), &reporter));
    }
}

#[tokio::test]
async fn another_system_reports_with_its_token_once_per_number() {
    let house = House::new().await;
    let operator = house.viewer("op", Role::Operator, "west").await;
    let report = json!({ "external_id": "J-7", "class": "fight", "title": "路口打架" });
    let send = |token: &str, report: &Value| {
        let builder =
            request("POST", "/intake/p110").header(header::AUTHORIZATION, format!("Bearer {token}"));
        with_json(builder, report)
    };
    assert_eq!(house.send(send("wrong", &report)).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.send(post("/intake/p110", &report)).await.status(), StatusCode::UNAUTHORIZED);
    let token = "correct-horse-battery-staple";
    let made = house.send(send(token, &report)).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made = body_of(made).await;
    assert_eq!(house.send(send(token, &report)).await.status(), StatusCode::OK);
    let mut other = report.clone();
    other["title"] = "别的".into();
    assert_eq!(house.send(send(token, &other)).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let row = body_of(house.get(&format!("/incidents/{}", made["id"]), &operator).await).await;
    assert_eq!(
        (&row["source"], &row["level"], &row["area"]),
        (&json!("police_110"), &json!(1), &json!("west"))
    );
    assert!(row["evidence"].is_null() && row["camera"].is_null());
    let clip = house.get(&format!("/incidents/{}/clip", made["id"]), &operator).await;
    assert_eq!(body_of(clip).await["code"], "no_footage");
}

#[tokio::test]
async fn without_its_token_no_report_is_read_and_guessing_gets_slow() {
    let house = House::new().await;
    let send = |token: &str, body: String| {
        let builder =
            request("POST", "/intake/p110").header(header::AUTHORIZATION, format!("Bearer {token}"));
        builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap()
    };
    let failed = async || {
        let rows = house.state.accounts.audit().page(None, 1_000).await.unwrap();
        rows.iter().filter(|row| row.name == "intake/p110").count()
    };
    for _ in 0..5 {
        let answer = house.send(send("wrong", "no JSON".to_owned())).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "the body is not looked at");
    }
    let n_failed = failed().await;
    for _ in 0..20 {
        assert_eq!(house.send(send("wrong", String::new())).await.status(), StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!((n_failed, failed().await), (5, 5), "the audit log cannot be filled");
    let report = json!({ "external_id": "J-8", "class": "fight", "title": "路口打架" }).to_string();
    let made = house.send(send("correct-horse-battery-staple", report)).await;
    assert_eq!(made.status(), StatusCode::CREATED, "whoever knows the token is not slowed down");
}

#[tokio::test]
async fn nobody_answers_for_what_they_cannot_see() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    let (neighbour, colleague) = (
        house.account("west", Role::Operator, "west").await,
        house.account("east", Role::Operator, "east").await,
    );
    let path = format!("/incidents/{east}/actions");
    let command = |action: &str, version: i64| json!({ "action": action, "expected_version": version, "idempotency_key": format!("{action}{version}") });
    let seen = body_of(house.get(&format!("/incidents/{east}"), &cookie).await).await;
    let version = seen["version"].as_i64().unwrap();
    let claimed = body_of(house.send(order(&path, &cookie, &command("claim", version))).await).await;
    let mut hand_over = command("hand_over", claimed["version"].as_i64().unwrap());
    hand_over["to"] = neighbour.0.into();
    let refused = body_of(house.send(order(&path, &cookie, &hand_over)).await).await;
    assert_eq!((&refused["code"], &refused["field"]), (&json!("unknown"), &json!("to")), "{refused}");
    hand_over["to"] = colleague.0.into();
    assert_eq!(house.send(order(&path, &cookie, &hand_over)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_claim_that_is_alive_is_taken_over_with_a_reason_and_the_former_holder_is_told() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let holder = house.viewer("ann", Role::Operator, "east").await;
    let taker = house.viewer("ben", Role::Operator, "east").await;
    let path = format!("/incidents/{east}/actions");
    let send = async |cookie: &str, body: Value| {
        let answer = house.send(order(&path, cookie, &body)).await;
        (answer.status().as_u16(), body_of(answer).await)
    };
    let command = |action: &str, version: &Value| json!({ "action": action, "expected_version": version, "idempotency_key": format!("{action}{version}") });
    let seen = body_of(house.get(&format!("/incidents/{east}"), &holder).await).await;
    let (_, claimed) = send(&holder, command("claim", &seen["version"])).await;
    let mut reader = Reader::open(&house, &holder, "", None).await;
    reader.until_ready().await;

    let mut take = command("take_over", &claimed["version"]);
    assert_eq!(send(&taker, take.clone()).await.1["code"], "note_needed");
    take["note"] = "值班员离席".into();
    let (status, taken) = send(&taker, take.clone()).await;
    assert_eq!((status, &taken["owner"]["name"]), (200, &json!("Name of ben")), "{taken}");
    assert_eq!(reader.next().await.unwrap().data["owner"]["name"], "Name of ben", "told at once");
    assert_eq!(send(&taker, take).await, (200, taken.clone()), "the same command again is the same answer");

    let mut close = command("close", &claimed["version"]);
    close["reason"] = "false_alarm".into();
    let (status, refused) = send(&holder, close.clone()).await;
    assert_eq!(
        (status, &refused["current"]["owner"]["name"]),
        (409, &json!("Name of ben")),
        "by the version"
    );
    close["expected_version"] = taken["version"].clone();
    close["idempotency_key"] = "anew".into();
    assert_eq!(send(&holder, close).await.0, 422, "and by whose it is");
    let detail = body_of(house.get(&format!("/incidents/{east}"), &holder).await).await;
    let last = detail["history"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["action"], &last["note"]), (&json!("take_over"), &json!("值班员离席")));
    assert_eq!(last["detail"]["from"], claimed["owner"]["id"]);
    let own = send(&taker, command("take_over", &taken["version"])).await;
    assert_eq!(own.0, 422, "one's own");
}

#[tokio::test]
async fn a_command_whose_answer_was_lost_is_answered_as_the_first_time_whatever_came_after() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "east").await;
    let (actions, work) = (format!("/incidents/{east}/actions"), format!("/incidents/{east}/work"));
    let mut version =
        body_of(house.get(&format!("/incidents/{east}"), &cookie).await).await["version"].clone();
    let mut n = 0;
    let mut twice = async |path: &str, cookie: &str, fields: Value| {
        n += 1;
        let mut body = fields;
        body["expected_version"] = version.clone();
        body["idempotency_key"] = format!("k{n}").into();
        body["note"] = "说明".into();
        let first = house.send(order(path, cookie, &body)).await;
        assert_eq!(first.status(), StatusCode::OK, "{body}");
        let first = body_of(first).await;
        let again = house.send(order(path, cookie, &body)).await;
        assert_eq!((again.status(), body_of(again).await), (StatusCode::OK, first.clone()), "{body}");
        version = first["version"].clone();
        body["note"] = "别的".into();
        let other = house.send(order(path, cookie, &body)).await;
        assert_ne!(other.status(), StatusCode::OK, "another command under the same key");
        first
    };
    twice(&actions, &cookie, json!({ "action": "claim" })).await;
    // Neither says a level or a time: what it came to then depends on the incident as it was.
    twice(&actions, &cookie, json!({ "action": "assess" })).await;
    let told = twice(&actions, &cookie, json!({ "action": "dispatch", "lead": "patrol" })).await;
    let asked = told["due_ms"].as_i64().unwrap() + 600_000;
    twice(&work, &cookie, json!({ "action": "ask_extension", "unit": "patrol", "due_ms": asked })).await;
    let extended = twice(&actions, &cookie, json!({ "action": "extend" })).await;
    assert_eq!((&extended["due_ms"], &extended["extended"]), (&json!(asked), &json!(true)));
    twice(&actions, &cookie, json!({ "action": "raise", "level": 1 })).await;
    // Afterwards the unit sees it no more, and is told all the same that its command was done.
    let worker = house.viewer("worker", Role::Unit, "east").await;
    let returned = twice(&work, &worker, json!({ "action": "return" })).await;
    assert_eq!(returned["state"], "assessed");
    assert_eq!(house.get(&format!("/incidents/{east}"), &worker).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_escalation_reaches_people_who_say_that_they_have_seen_it_and_a_post_without_anybody_is_a_fault() {
    let house = House::new().await;
    let chief = house.viewer("chief", Role::Operator, "town").await;
    let other = house.viewer("op", Role::Operator, "east").await;
    // It belongs to the unit, and is not on duty; what it was not told of it does not see either.
    let worker = house.member("worker", "patrol", "east").await;
    // Of that name, and of another area.
    house.account("director", Role::Operator, "west").await;
    let (east, _) = house.fill().await;
    let desk = &house.state.desk;
    let row = async || house.state.dispatch.incident_row(east).await.unwrap().unwrap();
    let own = async |cookie: &str| body_of(house.get("/escalations", cookie).await).await;
    assert_eq!(own(&chief).await, json!([]));
    let mut reader = Reader::open(&house, &chief, "", None).await;
    reader.until_ready().await;
    house.clock.advance(Duration::from_secs(3_600));
    desk.fire_clocks(house.state.clock.wall()).await.unwrap();
    assert_eq!(row().await.status.overlays.escalated, 1);
    let seen = own(&chief).await;
    let mine: Vec<_> =
        seen.as_array().unwrap().iter().filter(|one| one["incident"]["id"] == east.0).collect();
    assert_eq!((mine.len(), &mine[0]["step"]), (1, &json!(1)), "{seen}");
    assert_eq!((own(&other).await, own(&worker).await), (json!([]), json!([])), "nobody else");
    assert_eq!(desk.unmanned(house.state.clock.wall()), None);
    let detail = body_of(house.get(&format!("/incidents/{east}"), &chief).await).await;
    let told = detail["history"].as_array().unwrap().iter().find(|row| row["action"] == "escalate").unwrap();
    let people = &told["detail"]["told"];
    assert_eq!(
        (&people[0]["name"], &people[0]["phone"], people.as_array().unwrap().len()),
        (&json!("Name of chief"), &json!("0879-000001"), 1),
        "{told}"
    );
    let pages = body_of(house.get(&format!("/incidents/{east}/history"), &chief).await).await;
    for shown in [&detail, &pages] {
        assert!(!shown.to_string().contains("\"login\""), "what people sign in with is theirs: {shown}");
    }
    let county = sharpeyes_domain::ids::TargetId::new("county").unwrap();
    let sent = house.state.outbox.list(county, OutboxState::Waiting, None).await.unwrap();
    let message = sent.iter().map(|row| serde_json::from_str::<Value>(&row.body).unwrap());
    let message =
        message.into_iter().find(|m| m["event"]["kind"] == "escalate" && m["incident"]["id"] == east.0);
    let escalated = &message.unwrap()["event"]["escalated"];
    assert_eq!(
        (&escalated["to"], &escalated["recipients"]),
        (&json!("值班长"), &json!([{ "account": "chief", "name": "Name of chief", "phone": "0879-000001" }]))
    );

    let path = format!("/incidents/{east}/acknowledgement");
    let version = row().await.status.version;
    let not_told = body_of(house.send(order(&path, &other, &json!({}))).await).await;
    assert_eq!(not_told["version"], version, "there was nothing to acknowledge");
    let seen = body_of(house.send(order(&path, &chief, &json!({}))).await).await;
    assert_eq!(seen["version"], version + 1);
    let again = body_of(house.send(order(&path, &chief, &json!({}))).await).await;
    assert_eq!(again["version"], version + 1, "once");
    assert!(own(&chief).await.as_array().unwrap().iter().all(|one| one["incident"]["id"] != east.0));
    let detail = body_of(house.get(&format!("/incidents/{east}"), &chief).await).await;
    let last = detail["history"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["action"], &last["actor"]["name"]), (&json!("acknowledge"), &json!("Name of chief")));

    // Ten minutes later nobody has moved it: the director could not open it.
    house.clock.advance(Duration::from_secs(601));
    desk.fire_clocks(house.state.clock.wall()).await.unwrap();
    let detail = body_of(house.get(&format!("/incidents/{east}"), &chief).await).await;
    let last = detail["history"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["detail"]["to"], &last["detail"]["unmanned"]),
        (&json!("中心主任"), &json!(true)),
        "{last}"
    );
    let fault = desk.unmanned(house.state.clock.wall()).unwrap();
    assert!(fault.detail.contains("中心主任") && fault.code == "nobody_reached", "{fault:?}");

    // Told anew and moved: what somebody has taken waits for nobody.
    house.state.desk.fire_clocks(house.state.clock.wall()).await.unwrap();
    house.act(east, IncidentAction::Claim).await;
    assert!(own(&chief).await.as_array().unwrap().iter().all(|one| one["incident"]["id"] != east.0));
}

#[tokio::test]
async fn views_are_their_owners() {
    let house = House::new().await;
    let mine = house.viewer("op", Role::Operator, "east").await;
    let other = house.viewer("op2", Role::Operator, "east").await;
    let view = json!({ "name": "红色", "filter": { "level": "1" } });
    let saved = body_of(house.send(order("/views", &mine, &view)).await).await;
    assert_eq!(body_of(house.get("/views", &mine).await).await, json!([saved]));
    assert_eq!(body_of(house.get("/views", &other).await).await, json!([]));
    let forget = |cookie: &str| {
        let path = format!("/views/{}", saved["id"]);
        request("DELETE", &path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()
    };
    assert_eq!(house.send(forget(&other)).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(house.send(forget(&mine)).await.status(), StatusCode::NO_CONTENT);
    let bad = json!({ "name": "x", "filter": "level" });
    assert_eq!(house.send(order("/views", &mine, &bad)).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_queue_is_filtered_by_its_query_and_says_what_it_does_not_know() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    house.tell(east, "patrol").await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    let ids = async |query: &str| {
        let list = body_of(house.get(&format!("/incidents?{query}"), &cookie).await).await;
        let list = list["incidents"].as_array().unwrap_or_else(|| panic!("{query}: {list}"));
        list.iter().map(|i| i["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids("area=west").await, [west.0]);
    assert_eq!(ids("unit=patrol&stage=dispatched,signed").await, [east.0]);
    assert_eq!(ids("class=crowding&level=3&source=camera").await.len(), 2);
    assert!(ids("level=1").await.is_empty());
    assert_eq!(ids("q=%E4%B8%9C%E6%9D%91").await, [east.0], "东村, of the camera's name");
    for bad in ["level=9", "stage=sleeping", "source=rumour", "cursor=abc", "area=A%20B"] {
        let answer = house.get(&format!("/incidents?{bad}"), &cookie).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let first = body_of(house.get("/incidents?limit=1", &cookie).await).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ids(&format!("limit=1&cursor={cursor}")).await;
    assert_ne!(second, [first["incidents"][0]["id"].as_i64().unwrap()]);
}

#[tokio::test]
async fn a_supervision_sheet_has_all_that_is_printed_on_it() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    house.tell(east, "patrol").await;
    for level in sharpeyes_domain::incident::UrgeLevel::ALL {
        house.act(east, IncidentAction::Urge { level: *level }).await;
    }
    let cookie = house.viewer("op", Role::Operator, "east").await;
    let sheets = body_of(house.get(&format!("/incidents/{east}/supervision"), &cookie).await).await;
    let sheet = &sheets[0];
    assert_eq!((&sheet["number"], &sheet["urged_before"]), (&json!("2027-1"), &json!(2)));
    assert_eq!((&sheet["site"], &sheet["demand"]), (&json!("Liushu"), &json!("因为")));
    assert_eq!(sheet["units"][0]["unit_name"], "巡防队");
    assert!(sheet["due_ms"].as_i64().is_some());
    let patrol = UnitId::new("patrol").unwrap();
    house.act(east, IncidentAction::SignIn { unit: patrol }).await;
    let tables = body_of(house.get("/centre", &cookie).await).await;
    assert_eq!(tables["units"].as_array().unwrap().len(), 2);
    assert!(tables["classes"].as_array().unwrap().len() > 20);
    assert!(tables["calendar"]["closed"].as_array().unwrap().contains(&json!("2026-10-01")));
}

#[tokio::test]
async fn what_was_escalated_waits_while_it_is_put_away_and_is_forgotten_once_somebody_has_it() {
    let house = House::new().await;
    let chief = house.viewer("chief", Role::Operator, "town").await;
    let (east, _) = house.fill().await;
    house.clock.advance(Duration::from_secs(3_600));
    house.state.desk.fire_clocks(house.state.clock.wall()).await.unwrap();
    let waits = async || {
        let own = body_of(house.get("/escalations", &chief).await).await;
        own.as_array().unwrap().iter().any(|one| one["incident"]["id"] == east.0)
    };
    let n_notices = || -> i64 {
        let sql = "SELECT count(*) FROM escalation_notice WHERE incident = ?1";
        house.db.read_blocking(|c| c.query_row(sql, [east.0], |row| row.get(0))).unwrap()
    };
    assert!(waits().await);
    let until = house.state.clock.wall().plus(Duration::from_secs(600));
    house.act(east, IncidentAction::Shelve { until }).await;
    assert!(!waits().await, "nobody could acknowledge it");
    let path = format!("/incidents/{east}/acknowledgement");
    assert_eq!(house.send(order(&path, &chief, &json!({}))).await.status(), StatusCode::OK);
    house.act(east, IncidentAction::Unshelve).await;
    assert!(waits().await && n_notices() == 1, "it is back");
    house.act(east, IncidentAction::Claim).await;
    assert!(!waits().await && n_notices() == 0, "the next chain tells anew");
}

#[tokio::test]
async fn nobody_takes_units_out_of_an_incident_of_another_area() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    house.act(east, IncidentAction::Merge { into: west }).await;
    let version = house.state.dispatch.incident_row(east).await.unwrap().unwrap().status.version;
    let path = format!("/incidents/{east}/actions");
    let unmerge = async |name: &str, area: &str| {
        let cookie = house.viewer(name, Role::Operator, area).await;
        let body = json!({ "action": "unmerge", "expected_version": version, "idempotency_key": name, "note": "因为" });
        house.send(order(&path, &cookie, &body)).await.status()
    };
    assert_eq!(unmerge("op-east", "east").await, StatusCode::NOT_FOUND);
    assert_eq!(unmerge("op-town", "town").await, StatusCode::OK);
}

#[tokio::test]
async fn the_revisits_of_ones_own_areas_say_who_asked_and_what_came_of_it() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    for id in [east, west] {
        house.act(id, IncidentAction::Claim).await;
        house.act(id, IncidentAction::Close { reason: CloseReason::Handled }).await;
    }
    let cookie = house.viewer("op", Role::Operator, "east").await;
    let counts = async || body_of(house.get("/revisits", &cookie).await).await;
    assert_eq!(counts().await, json!({ "waiting": 1, "overdue": 0, "discontent": 0 }), "not the neighbour's");
    let list = async || body_of(house.get("/incidents?state=revisit", &cookie).await).await;
    let waiting = list().await;
    assert_eq!(waiting["incidents"].as_array().unwrap().len(), 1);
    let row = &waiting["incidents"][0];
    assert_eq!((&row["id"], &row["state"]), (&json!(east.0), &json!("closed")));
    assert!(row["deadline_ms"].as_i64().unwrap() > row["ended_ms"].as_i64().unwrap(), "when it is due");
    let asked = json!({
        "action": "revisit", "expected_version": row["version"], "idempotency_key": "r1",
        "result": "reached", "satisfaction": "dissatisfied", "note": "路灯又灭了"
    });
    let path = format!("/incidents/{east}/actions");
    let done = body_of(house.send(order(&path, &cookie, &asked)).await).await;
    assert_eq!(done["revisited_by"]["name"], "Name of op");
    assert!(done["revisited_ms"].is_i64());
    assert_eq!(counts().await, json!({ "waiting": 0, "overdue": 0, "discontent": 1 }));
    assert_eq!(list().await["incidents"][0], done, "it waits for what follows");
    let unit = house.member("worker", "fire", "east").await;
    assert_eq!(house.get("/revisits", &unit).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_sheet_and_a_flash_report_stay_as_they_were_issued_and_the_next_has_the_next_number() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    house.tell(east, "patrol").await;
    let supervise = IncidentAction::Urge { level: sharpeyes_domain::incident::UrgeLevel::Supervise };
    house.act(east, supervise.clone()).await;
    let cookie = house.viewer("op", Role::Operator, "east").await;
    let sheets = async || body_of(house.get(&format!("/incidents/{east}/supervision"), &cookie).await).await;
    let flash = async || {
        let wanted = json!({ "kind": "flash", "incident": east.0 });
        let made = house.send(order("/bulletins", &cookie, &wanted)).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        body_of(made).await
    };
    let report = async |id: &Value| super::bytes(house.get(&format!("/bulletins/{id}"), &cookie).await).await;
    let (first, reported) = (sheets().await[0].clone(), flash().await);
    let kept = report(&reported["id"]).await;
    assert_eq!(
        (&first["number"], &first["edition"], &first["level"]),
        (&json!("2027-1"), &json!(1), &json!(3))
    );
    assert_eq!(first["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(first["still_sha256"].as_str().unwrap().len(), 64, "its picture, by its bytes");
    assert_eq!((&first["area_path"][1], &first["state"]), (&json!("东村"), &json!("dispatched")));

    // What changes of it later: level, units, due time, what is demanded.
    house.clock.advance(Duration::from_secs(600));
    house.act(east, IncidentAction::Raise { level: sharpeyes_domain::level::Level::Orange, due: None }).await;
    house.act(east, IncidentAction::Withdraw { unit: UnitId::new("patrol").unwrap() }).await;
    let fire =
        IncidentAction::Dispatch { lead: Some(UnitId::new("fire").unwrap()), assist: Vec::new(), due: None };
    house.act(east, fire).await;
    house.act(east, supervise).await;
    let now = sheets().await;
    assert_eq!(now[0], first, "the one that was issued, word for word");
    let second = &now[1];
    assert_eq!(
        (&second["number"], &second["edition"], &second["level"]),
        (&json!("2027-2"), &json!(2), &json!(2))
    );
    assert_eq!((&second["units"][0]["unit"], &second["urged_before"]), (&json!("fire"), &json!(1)));

    assert_eq!(report(&reported["id"]).await, kept, "byte for byte");
    let again = flash().await;
    assert_eq!((&reported["edition"], &again["edition"]), (&json!(1), &json!(2)));
    let (old, new): (Value, Value) = (
        serde_json::from_slice(&kept).unwrap(),
        serde_json::from_slice(&report(&again["id"]).await).unwrap(),
    );
    assert_eq!((&old["flash"]["edition"], &old["flash"]["level"]), (&json!(1), &json!(3)));
    assert_eq!((&new["flash"]["edition"], &new["flash"]["level"]), (&json!(2), &json!(2)));
    assert_eq!(old["flash"]["picture_sha256"], first["still_sha256"], "the same picture");
    let of_it = body_of(house.get(&format!("/bulletins?incident={east}"), &cookie).await).await;
    assert_eq!(of_it.as_array().unwrap().len(), 2);
    let of_another = body_of(house.get("/bulletins?incident=999", &cookie).await).await;
    assert_eq!(of_another, json!([]));
}
