//! Live updates: snapshot, then everything after it; replay, reset, filter, and the end of a session.

use std::time::Duration;

use axum::{body::BodyDataStream, http::StatusCode};
use futures::StreamExt as _;
use serde_json::{Value, json};
use sharpeyes_domain::access::Role;

use super::{BEGAN, House, get, json, post, request, with_json};
use crate::access::accounts::{AccountChange, Accounts, Author};
use sharpeyes_domain::time::WallTime;

/// A reader of the feed.
pub(super) struct Reader {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug, PartialEq)]
pub(super) struct Message {
    pub(super) event: String,
    pub(super) id: i64,
    pub(super) data: Value,
}

impl Reader {
    pub(super) async fn open(house: &House, cookie: &str, query: &str, last_event_id: Option<&str>) -> Self {
        Self::of(house, &format!("/events{query}"), cookie, last_event_id).await
    }

    /// Of another feed.
    pub(super) async fn of(house: &House, path: &str, cookie: &str, last_event_id: Option<&str>) -> Self {
        let mut request = get(path, cookie);
        if let Some(id) = last_event_id {
            request.headers_mut().insert("last-event-id", id.parse().unwrap());
        }
        let answer = house.send(request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self { body: answer.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let message = parse(block);
                self.text = rest.to_owned();
                if message.is_some() {
                    return message;
                }
                continue;
            }
            let read = tokio::time::timeout(Duration::from_secs(30), self.body.next())
                .await
                .expect("a word in time");
            self.text.push_str(std::str::from_utf8(&read?.unwrap()).unwrap());
        }
    }

    /// The next thing of this name that is told whole, without an id; what comes before it is left out.
    pub(super) async fn notice(&mut self, name: &str) -> Value {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let found = (field("event:") == Some(name)).then(|| field("data:").unwrap().to_owned());
                assert!(found.is_none() || field("id:").is_none(), "a reader's place stays what it was");
                self.text = rest.to_owned();
                if let Some(data) = found {
                    return serde_json::from_str(&data).unwrap();
                }
                continue;
            }
            let read = tokio::time::timeout(Duration::from_secs(30), self.body.next())
                .await
                .expect("a word in time");
            self.text.push_str(std::str::from_utf8(&read.unwrap().unwrap()).unwrap());
        }
    }

    /// Events until `ready`, which is the last one.
    pub(super) async fn until_ready(&mut self) -> Vec<Message> {
        let mut found = Vec::new();
        loop {
            let message = self.next().await.expect("the stream goes on");
            let is_ready = message.event == "ready";
            found.push(message);
            if is_ready {
                return found;
            }
        }
    }
}

/// A comment and a `retry` are no message.
fn parse(block: &str) -> Option<Message> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some(Message {
        event: field("event:")?.to_owned(),
        id: field("id:")?.parse().unwrap(),
        data: serde_json::from_str(field("data:")?).unwrap(),
    })
}

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.event.as_str()).collect()
}

#[tokio::test]
async fn a_list_and_the_feed_after_it_miss_nothing() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    let list = json(house.get("/incidents", &cookie).await).await;
    let as_of = list["as_of_seq"].as_i64().unwrap();
    assert_eq!(list["incidents"].as_array().unwrap().len(), 2);

    let claim = json!({ "action": "claim", "expected_version": 1, "idempotency_key": "k1" });
    let version = list["incidents"][0]["version"].as_i64().unwrap();
    let claim = {
        let mut claim = claim;
        claim["expected_version"] = version.into();
        claim
    };
    let act = |body: &Value| {
        with_json(request("POST", &format!("/incidents/{east}/actions")).header("cookie", &cookie), body)
    };
    let claimed = house.send(act(&claim)).await;
    assert_eq!(claimed.status(), StatusCode::OK);
    let claimed = json(claimed).await;
    assert_eq!(claimed["owner"]["name"], "Name of op");

    let mut reader = Reader::open(&house, &cookie, &format!("?after={as_of}"), None).await;
    let messages = reader.until_ready().await;
    assert_eq!(kinds(&messages), ["incident", "ready"]);
    assert_eq!(messages[0].data, claimed, "the feed says what the list would say");
    assert!(messages[0].id > as_of && messages[1].data["as_of_seq"] == messages[0].id);

    // Following: what happens now arrives now.
    let close = json!({
        "action": "close", "reason": "false_alarm", "expected_version": claimed["version"], "idempotency_key": "k2"
    });
    let closed = json(house.send(act(&close)).await).await;
    assert_eq!(
        (closed["state"].as_str(), closed["close_reason"].as_str()),
        (Some("closed"), Some("false_alarm"))
    );
    let told = reader.next().await.unwrap();
    assert_eq!((told.event.as_str(), &told.data), ("incident", &closed));

    // The same command again is the same answer; an old version is a conflict that says how it is now.
    assert_eq!(json(house.send(act(&close)).await).await["version"], closed["version"]);
    let late = json!({ "action": "claim", "expected_version": version, "idempotency_key": "k3" });
    let conflict = house.send(act(&late)).await;
    assert_eq!(conflict.status(), StatusCode::CONFLICT);
    let conflict = json(conflict).await;
    assert_eq!((&conflict["code"], &conflict["current"]), (&json!("conflict"), &closed));
    let illegal = json!({
        "action": "release", "expected_version": closed["version"], "idempotency_key": "k4"
    });
    assert_eq!(house.send(act(&illegal)).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let detail = json(house.get(&format!("/incidents/{east}"), &cookie).await).await;
    let history = detail["history"].as_array().unwrap();
    assert_eq!(history.first().unwrap()["action"], "open");
    assert_eq!(history.last().unwrap()["reason"], "false_alarm");
    assert_eq!(history.last().unwrap()["actor"]["name"], "Name of op");
    assert_eq!(detail["alarm_list"][0]["evidence"]["zone"]["name"], "广场");
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_what_it_missed_and_nothing_twice() {
    let house = House::new().await;
    house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    let mut first = Reader::open(&house, &cookie, "?after=0", None).await;
    let seen = first.until_ready().await;
    assert_eq!(kinds(&seen), ["incident", "incident", "ready"]);
    drop(first);
    let last = seen.last().unwrap().id;
    house.alarm("cam-east", WallTime(BEGAN.0 + 3_600_000)).await;
    // The header of a reconnecting browser goes before the address that it still uses.
    let mut again = Reader::open(&house, &cookie, "?after=0", Some(&last.to_string())).await;
    let missed = again.until_ready().await;
    assert_eq!(kinds(&missed), ["incident", "ready"]);
    assert!(missed[0].id > last);
}

#[tokio::test]
async fn a_position_that_the_log_no_longer_has_is_a_reset() {
    let house = House::new().await;
    house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    for position in ["999999", "not-a-number", "-5"] {
        let mut reader = Reader::open(&house, &cookie, "", Some(position)).await;
        let found = reader.until_ready().await;
        assert_eq!(kinds(&found), ["reset", "ready"], "{position}");
    }
    let far = house.state.clock.wall().plus(Duration::from_secs(30 * 24 * 3600));
    house.state.desk.prune(far).await.unwrap();
    house.alarm("cam-east", WallTime(BEGAN.0 + 3_600_000)).await;
    let mut reader = Reader::open(&house, &cookie, "", Some("1")).await;
    let found = reader.until_ready().await;
    assert_eq!(kinds(&found), ["reset", "ready"], "older than what is kept");
    let latest = house.state.dispatch.latest_seq().await.unwrap().0;
    assert_eq!(found[0].data["as_of_seq"], latest);
}

#[tokio::test]
async fn each_reader_is_told_of_its_own_areas_only() {
    let house = House::new().await;
    let east = house.viewer("op-east", Role::Operator, "east").await;
    let west = house.viewer("op-west", Role::Police, "west").await;
    let mut in_east = Reader::open(&house, &east, "", None).await;
    let mut in_west = Reader::open(&house, &west, "", None).await;
    in_east.until_ready().await;
    in_west.until_ready().await;
    house.fill().await;
    assert_eq!(in_east.next().await.unwrap().data["camera"], "cam-east");
    assert_eq!(in_west.next().await.unwrap().data["camera"], "cam-west");
    let replay = Reader::open(&house, &west, "?after=0", None).await.until_ready().await;
    assert!(replay.iter().all(|message| message.data["camera"] != "cam-east"), "{replay:?}");
}

#[tokio::test]
async fn a_feed_ends_with_its_session() {
    let house = House::new().await;
    house.account("keeper", Role::Administrator, "town").await;
    let admin = house.sign_in("keeper").await;
    let id = house.account("op", Role::Operator, "east").await;

    let cookie = house.sign_in("op").await;
    let mut reader = Reader::open(&house, &cookie, "", None).await;
    reader.until_ready().await;
    let disable = request("PATCH", &format!("/accounts/{id}")).header("cookie", &admin);
    house.send(with_json(disable, &json!({ "disabled": true }))).await;
    assert_eq!(reader.next().await, None, "disabled in this process");

    let enable = request("PATCH", &format!("/accounts/{id}")).header("cookie", &admin);
    house.send(with_json(enable, &json!({ "disabled": false }))).await;
    let cookie = house.sign_in("op").await;
    let mut reader = Reader::open(&house, &cookie, "", None).await;
    reader.until_ready().await;
    // The command line is another process: it has the database and nothing else.
    let site = &house.state.site;
    let elsewhere = Accounts::new(&house.db, &site.name, site.areas.clone(), house.clock.clone()).unwrap();
    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    elsewhere.change(id, change, Author::CommandLine).await.unwrap();
    assert_eq!(reader.next().await, None, "disabled elsewhere");

    let operator = house.viewer("op2", Role::Operator, "east").await;
    let mut reader = Reader::open(&house, &operator, "", None).await;
    reader.until_ready().await;
    house.shutdown.cancel();
    assert_eq!(reader.next().await, None, "the service stops");
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up_and_misses_nothing() {
    let house = House::new().await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    let mut slow = Reader::open(&house, &cookie, "", None).await;
    let mut quick = Reader::open(&house, &cookie, "", None).await;
    slow.until_ready().await;
    quick.until_ready().await;
    house.fill().await;
    for hour in 1..=5 {
        house.alarm("cam-east", WallTime(BEGAN.0 + hour * 3_600_000)).await;
    }
    let latest = house.state.dispatch.latest_seq().await.unwrap().0;
    for reader in [&mut quick, &mut slow] {
        let mut newest = Vec::new();
        while newest.last() != Some(&latest) {
            newest.push(reader.next().await.unwrap().id);
        }
        assert!(newest.is_sorted(), "{newest:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_command_is_refused_politely() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "town").await;
    let act = |body: &Value| {
        with_json(request("POST", &format!("/incidents/{east}/actions")).header("cookie", &cookie), body)
    };
    for body in
        [json!({}), json!([]), json!({ "action": "explode", "expected_version": 1, "idempotency_key": "k" })]
    {
        let answer = house.send(act(&body)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(json(answer).await["code"], "malformed");
    }
    let without_reason = json!({ "action": "close", "expected_version": 1, "idempotency_key": "k" });
    assert_eq!(json(house.send(act(&without_reason)).await).await["field"], "reason");
    let huge = post("/session", &json!({ "name": "op", "password": "x".repeat(100_000) }));
    assert_eq!(house.send(huge).await.status(), StatusCode::BAD_REQUEST);
}
