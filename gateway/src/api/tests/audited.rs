//! What is written down, and that nothing is shown which is not.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use sharpeyes_domain::access::Role;

use super::{BEGAN, House, JPEG, bytes, get, json};

fn ranged(path: &str, cookie: &str, range: &str) -> Request<Body> {
    let mut request = get(path, cookie);
    request.headers_mut().insert(header::RANGE, range.parse().unwrap());
    request
}

async fn log(house: &House, auditor: &str) -> Vec<Value> {
    let page = json(house.get("/audit?limit=1000", auditor).await).await;
    page["rows"].as_array().unwrap().clone()
}

fn count(log: &[Value], action: &str, outcome: &str) -> usize {
    log.iter().filter(|row| row["action"] == action && row["outcome"] == outcome).count()
}

#[tokio::test]
async fn a_clip_is_described_played_in_ranges_and_written_down_once() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let auditor = house.viewer("eyes", Role::Auditor, "town").await;
    let clip = json(house.get(&format!("/incidents/{east}/clip"), &operator).await).await;
    assert_eq!(clip["mime"], "video/mp4; codecs=\"avc1.4D401F\"");
    assert_eq!(clip["pending"], false);
    assert_eq!(clip["alarm_begin_offset_s"], 10.0);
    assert_eq!(clip["start_ms"], BEGAN.0 - 10_000);
    assert_eq!(clip["gaps"], serde_json::json!([]));
    assert_eq!(count(&log(&house, &auditor).await, "clip.view", "allowed"), 0, "nothing was shown yet");

    let url = clip["url"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let whole = house.get(url, &operator).await;
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(whole.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(whole.headers()[header::ACCEPT_RANGES], "bytes");
    let tag = whole.headers()[header::ETAG].clone();
    let whole = bytes(whole).await;
    let mut pieced = Vec::new();
    for (from, to) in [(0, 9), (10, 499), (500, whole.len() - 1)] {
        let piece = house.send(ranged(url, &operator, &format!("bytes={from}-{to}"))).await;
        assert_eq!(piece.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(piece.headers()[header::ETAG], tag, "every piece is of the same file");
        let shown = format!("bytes {from}-{to}/{}", whole.len());
        assert_eq!(piece.headers()[header::CONTENT_RANGE], shown.as_str());
        pieced.extend(bytes(piece).await);
    }
    assert_eq!(pieced, whole);
    let beyond = house.send(ranged(url, &operator, &format!("bytes={}-", whole.len()))).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let rows = log(&house, &auditor).await;
    assert_eq!(count(&rows, "clip.view", "allowed"), 1, "one look, however many pieces");
    let look = rows.iter().find(|row| row["action"] == "clip.view").unwrap();
    assert_eq!(look["name"], "op");
    assert_eq!(look["role"], "operator");
    assert_eq!(look["object"], format!("incident/{east}"));
    assert_eq!(look["purpose"], format!("incident/{east}"));
    assert_eq!(look["source"], "192.0.2.50");
    assert!(look["detail"].as_str().unwrap().starts_with("cam-east "), "{look}");

    house.clock.advance(std::time::Duration::from_secs(600));
    bytes(house.get(url, &operator).await).await;
    assert_eq!(
        count(&log(&house, &auditor).await, "clip.view", "allowed"),
        2,
        "ten minutes later it is a new look"
    );
}

#[tokio::test]
async fn a_clip_shows_its_incident_and_not_what_lies_around_it() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let check = |from: i64, to: i64, expected: StatusCode| {
        let path = format!("/incidents/{east}/clip.mp4?from_ms={}&to_ms={}", BEGAN.0 + from, BEGAN.0 + to);
        let (house, operator) = (&house, &operator);
        async move { assert_eq!(house.get(&path, operator).await.status(), expected, "{path}") }
    };
    check(-10_000, 20_000, StatusCode::OK).await;
    check(-12_000, 20_000, StatusCode::OK).await;
    check(-3_600_000, 20_000, StatusCode::NOT_FOUND).await;
    check(-10_000, 3_600_000, StatusCode::NOT_FOUND).await;
    check(20_000, -10_000, StatusCode::UNPROCESSABLE_ENTITY).await;
    let other = format!("/incidents/{east}/clip?alarm=2");
    assert_eq!(
        house.get(&other, &operator).await.status(),
        StatusCode::NOT_FOUND,
        "an alarm of another incident"
    );
}

#[tokio::test]
async fn refusals_are_written_down() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let outsider = house.viewer("out", Role::Operator, "west").await;
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let auditor = house.viewer("eyes", Role::Auditor, "town").await;
    for path in ["clip", "clip.mp4", "thumbnail.jpg"] {
        assert_eq!(
            house.get(&format!("/incidents/{east}/{path}"), &outsider).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(house.get(&format!("/incidents/{east}"), &technician).await.status(), StatusCode::FORBIDDEN);
    let rows = log(&house, &auditor).await;
    assert_eq!(count(&rows, "clip.view", "denied"), 2);
    assert_eq!(count(&rows, "thumbnail.view", "denied"), 1);
    assert_eq!(count(&rows, "incident.view", "denied"), 1);
    let refused = rows.iter().find(|row| row["action"] == "thumbnail.view").unwrap();
    assert_eq!(
        (refused["name"].as_str(), refused["object"].as_str()),
        (Some("out"), Some(&*format!("incident/{east}")))
    );
    let verdict = json(house.get("/audit/verify", &auditor).await).await;
    assert_eq!(verdict["intact"], true);
    assert_eq!(verdict["rows"].as_u64().unwrap(), rows.len() as u64);
}

#[tokio::test]
async fn tampering_with_the_log_shows() {
    let house = House::new().await;
    house.fill().await;
    let auditor = house.viewer("eyes", Role::Auditor, "town").await;
    let path = house.dir.path().join("data/dispatch.db");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("DROP TRIGGER audit_is_not_changed; UPDATE audit SET name = 'nobody' WHERE seq = 1;")
        .unwrap();
    let verdict = json(house.get("/audit/verify", &auditor).await).await;
    assert_eq!((&verdict["intact"], &verdict["first_bad"]), (&Value::Bool(false), &Value::from(1)));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_shown() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let picture = format!("/incidents/{east}/thumbnail.jpg");
    assert_eq!(bytes(house.get(&picture, &operator).await).await, JPEG);
    let connection = rusqlite::Connection::open(house.dir.path().join("data/dispatch.db")).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END;",
        )
        .unwrap();
    let refused = house.get(&format!("/incidents/{east}/clip.mp4"), &operator).await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = String::from_utf8(bytes(refused).await.to_vec()).unwrap();
    assert!(!body.contains("disk full") && !body.contains("ftyp"), "{body}");
}

#[tokio::test]
async fn no_answer_carries_a_camera_password() {
    let house = House::new().await;
    house.fill().await;
    let technician = house.viewer("tech", Role::Technician, "town").await;
    let police = house.viewer("pol", Role::Police, "town").await;
    for path in ["/cameras", "/cameras/cam-east", "/health/cameras", "/areas"] {
        let text = String::from_utf8(bytes(house.get(path, &technician).await).await.to_vec()).unwrap();
        assert!(!text.contains("hidden-from-everybody") && !text.contains("rtsp:"), "{text}");
    }
    let seen = json(house.get("/cameras/cam-east", &technician).await).await;
    assert_eq!(seen["rules"][0]["at_least"], 3);
    assert_eq!(seen["main"]["state"], "off");
    let seen = json(house.get("/cameras/cam-east", &police).await).await;
    assert_eq!((seen["name"].as_str(), seen["place"].as_str()), (Some("东村广场"), Some("crowded")));
    assert!(
        seen.get("main").is_none()
            && seen.get("analysis").is_none()
            && seen["rules"] == serde_json::json!([])
    );
}

#[tokio::test]
async fn who_looked_at_an_incident_is_shown_to_those_who_answer_for_it_and_to_nobody_else() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    house.tell(east, "patrol").await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let police = house.viewer("police", Role::Police, "east").await;
    let outsider = house.viewer("out", Role::Operator, "west").await;
    let path = format!("/incidents/{east}/looks");
    assert_eq!(json(house.get(&path, &operator).await).await, serde_json::json!([]));
    for cookie in [&police, &outsider] {
        house.get(&format!("/incidents/{east}/thumbnail.jpg"), cookie).await;
    }
    let clip = json(house.get(&format!("/incidents/{east}/clip"), &operator).await).await;
    bytes(house.get(clip["url"].as_str().unwrap().strip_prefix("/api/v1").unwrap(), &operator).await).await;
    house.get(&format!("/incidents/{west}/thumbnail.jpg"), &outsider).await;

    let looks = json(house.get(&path, &operator).await).await;
    let said: Vec<_> = looks
        .as_array()
        .unwrap()
        .iter()
        .map(|look| [&look["who"], &look["action"], &look["outcome"]].map(|word| word.as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ["Name of op", "clip.view", "allowed"],
            ["Name of out", "thumbnail.view", "denied"],
            ["Name of police", "thumbnail.view", "allowed"],
        ],
        "the newest first, and none of the neighbour's"
    );
    assert!(looks[0].get("source").is_none(), "where from is the auditors' to know");
    let newest = looks[0]["seq"].as_i64().unwrap();
    let before = json(house.get(&format!("{path}?before={newest}"), &operator).await).await;
    assert_eq!(before.as_array().unwrap().len(), 2);
    assert_eq!(house.get(&path, &police).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(house.get(&path, &outsider).await.status(), StatusCode::NOT_FOUND);
    let after = json(house.get(&path, &operator).await).await;
    assert_eq!(after, looks, "a refusal of something else is no look");
    let worker = house.member("worker", "patrol", "east").await;
    assert_eq!(house.get(&path, &worker).await.status(), StatusCode::FORBIDDEN, "a unit that works on it");
}
