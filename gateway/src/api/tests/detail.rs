//! An incident that has been open for long: what is shown of it at once, and the way to the rest.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};
use sharpeyes_domain::{access::Role, incident::IncidentAction, time::WallTime};

use super::{BEGAN, House, json as body_of};

/// Alarms beside the first one.
const N: i64 = 130;

fn ids(rows: &Value, name: &str) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row[name].as_i64().unwrap()).collect()
}

/// All pages of a list, in the order in which they come.
async fn all(house: &House, path: &str, list: &str, name: &str, cookie: &str) -> Vec<i64> {
    let mut found = Vec::new();
    let mut before = String::new();
    loop {
        let page = body_of(house.get(&format!("{path}?limit=60{before}"), cookie).await).await;
        found.extend(ids(&page[list], name));
        match page["next_before"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn one_with_many_alarms_is_shown_by_its_first_and_newest_ones_and_has_them_all() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    house.act(east, IncidentAction::Note).await;
    for n in 1..=N {
        assert_eq!(house.alarm("cam-east", WallTime(BEGAN.0 + n * 20_000)).await, east);
    }
    let town = house.viewer("op", Role::Operator, "town").await;
    let path = format!("/incidents/{east}");
    let shown = body_of(house.get(&path, &town).await).await;
    assert_eq!(shown["alarms"], json!(N + 1), "all are counted");
    let alarms = ids(&shown["alarm_list"], "id");
    let every = all(&house, &format!("{path}/alarms"), "alarms", "id", &town).await;
    assert_eq!(every.len(), usize::try_from(N + 1).unwrap());
    assert_eq!(every.iter().collect::<BTreeSet<_>>().len(), every.len(), "each once");
    assert!(every.is_sorted_by(|a, b| a > b), "the newest first");
    assert_eq!((alarms.len(), alarms[0]), (101, *every.last().unwrap()), "the first one");
    assert!(alarms[1..].iter().rev().eq(&every[..100]), "and the newest");

    let version = shown["version"].as_i64().unwrap();
    let history = ids(&shown["history"], "version");
    assert!(version > N, "every alarm is a row: {version}");
    assert_eq!((history.len(), history[0], *history.last().unwrap()), (102, 1, version));
    assert_eq!(shown["history"][1]["action"], json!("note"), "what people did is not pushed out by alarms");
    let every = all(&house, &format!("{path}/history"), "history", "version", &town).await;
    assert_eq!(every, (1..=version).rev().collect::<Vec<_>>());

    // An alarm that is not among them has its clip as before; one of another incident has none here.
    let second = alarms[0] + 2;
    assert!(!alarms.contains(&second));
    let clip = body_of(house.get(&format!("{path}/clip?alarm={second}"), &town).await).await;
    let start = clip["start_ms"].as_i64().unwrap() - BEGAN.0;
    assert!((8_000..=10_000).contains(&start), "ten seconds before its second alarm: {clip}");
    let foreign = house.get(&format!("{path}/clip?alarm={}", alarms[0] + 1), &town).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    let west = house.viewer("op-west", Role::Operator, "west").await;
    for part in ["alarms", "history"] {
        assert_eq!(house.get(&format!("{path}/{part}"), &west).await.status(), StatusCode::NOT_FOUND);
    }
}
