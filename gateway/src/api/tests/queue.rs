//! A queue that is longer than any screen: every red one, the right totals, and the way to the rest.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sharpeyes_domain::{
    access::Role,
    centre::Source,
    ids::{AccountId, AreaId, ClassId},
    level::Level,
};

use super::{House, START, json as body_of};
use crate::{
    desk::ReportRequest,
    store::{db::DbError, dispatch::Report},
};

/// Reports beside the two alarms of the house.
const N: i64 = 5_000;
/// … of which so many are red.
const RED: i64 = 600;

/// Copies of one report, so many that a person would never write them, every third in the east.
async fn many_reports(house: &House) {
    let report = ReportRequest {
        source: Source::Hotline,
        class: ClassId::new("help").unwrap(),
        level: Some(Level::Blue),
        area: AreaId::new("west").unwrap(),
        report: Report {
            title: "求助".to_owned(),
            description: None,
            location: None,
            position: None,
            reporter: None,
            phone: None,
        },
        camera: None,
        began: None,
        files: Vec::new(),
    };
    house.state.desk.report(AccountId(1), "one".to_owned(), report).await.unwrap();
    let copies = house.db.write(|t| -> Result<usize, DbError> {
        let mut columns = t.prepare("SELECT name FROM pragma_table_info('incident')").unwrap();
        let names: Vec<String> =
            columns.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let value = |name: &String| match name.as_str() {
            "id" => "1000 + n".to_owned(),
            "number" => "'copy-' || n".to_owned(),
            "level" => format!("iif(n <= {RED}, 1, 2 + n % 3)"),
            "deadline_ms" => format!("{} + n * 1000", START.0),
            "area" => "iif(n % 3 = 0, 'east', 'west')".to_owned(),
            _ => name.clone(),
        };
        let values: Vec<String> = names.iter().map(value).collect();
        let sql = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})
             INSERT INTO incident ({}) SELECT {} FROM incident, numbers WHERE source = 'hotline'",
            N - 1,
            names.join(", "),
            values.join(", ")
        );
        Ok(t.execute(&sql, []).unwrap())
    });
    assert_eq!(copies.await.unwrap(), usize::try_from(N - 1).unwrap());
}

/// Pages of a question, from the first on, for as long as `goes_on` says of the last one.
async fn pages(house: &House, query: &str, cookie: &str, goes_on: fn(&Value) -> bool) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = body_of(house.get(&format!("/incidents?limit=500{query}{cursor}"), cookie).await).await;
        let rows = page["incidents"].as_array().unwrap();
        found.extend(rows.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) if goes_on(rows.last().unwrap()) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}

#[tokio::test]
async fn of_thousands_every_red_one_is_reached_first_and_the_totals_are_those_of_all() {
    let house = House::new().await;
    house.fill().await;
    many_reports(&house).await;
    let town = house.viewer("op", Role::Operator, "town").await;
    let counts = async |query: &str, cookie: &str| {
        let path = format!("/incidents/count{query}");
        body_of(house.get(&path, cookie).await).await
    };
    let all = counts("", &town).await;
    assert_eq!(all, json!({ "all": N + 2, "new": N + 2, "red": RED, "late": all["late"] }));

    let first = pages(&house, "", &town, |last| last["level"] == 1).await;
    let red = first.iter().filter(|one| one["level"] == 1).count();
    assert_eq!((red, first.len()), (usize::try_from(RED).unwrap(), 1_000), "no red one lies beyond");
    let rest = pages(&house, "", &town, |_| true).await;
    let ids: BTreeSet<i64> = rest.iter().map(|one| one["id"].as_i64().unwrap()).collect();
    assert_eq!((ids.len(), rest.len()), (5_002, 5_002), "each once");

    // A filter is the gateway's: what a screen holds says nothing of the rest.
    for query in
        ["level=2,3", "area=east", "level=1&area=west", "source=camera", "mine=true", "q=%E6%B1%82%E5%8A%A9"]
    {
        let counted = counts(&format!("?{query}"), &town).await;
        let listed = pages(&house, &format!("&{query}"), &town, |_| true).await;
        assert_eq!(counted["all"], json!(listed.len()), "{query}");
        let red = listed.iter().filter(|one| one["level"] == 1).count();
        assert_eq!(counted["red"], json!(red), "{query}");
    }
    house.clock.advance(std::time::Duration::from_hours(2));
    let town = house.sign_in("op").await;
    let late = counts("?overdue=true", &town).await;
    assert_eq!(late["all"], counts("", &town).await["late"]);
    assert!(late["all"].as_u64().unwrap() > 2, "{late}");

    let east = house.viewer("op-east", Role::Operator, "east").await;
    let own = counts("", &east).await;
    assert_eq!(own["all"], json!(pages(&house, "", &east, |_| true).await.len()));
    assert!(own["all"].as_i64().unwrap() < N / 2, "{own}");
    let worker = house.member("worker", "patrol", "east").await;
    assert_eq!(counts("", &worker).await["all"], json!(0), "it was told of none");
}
