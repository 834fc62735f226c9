//! Statistics and bulletins through the interface: whose numbers, which numbers, and the same ones again.

use std::time::Duration;

use axum::http::{StatusCode, header};
use serde_json::json;
use sha2::Digest as _;
use sharpeyes_domain::{
    access::Role,
    centre::Source,
    ids::{AreaId, ClassId, UnitId},
    incident::{CloseReason, IncidentAction, UrgeLevel},
};

use crate::{desk::ReportRequest, store::dispatch::Report};

use super::{BEGAN, House, JPEG, START, bytes, json as body_of, request, with_json};

async fn close(house: &House, id: sharpeyes_domain::ids::IncidentId, reason: CloseReason) {
    house.act(id, IncidentAction::Claim).await;
    house.act(id, IncidentAction::Close { reason }).await;
}

#[tokio::test]
async fn alarms_are_right_or_wrong_as_operators_say_and_as_was_known_then() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    let before = house.clock.wall().0 + 1_000;
    house.clock.advance(Duration::from_secs(60));
    close(&house, east, CloseReason::FalseAlarm).await;
    close(&house, west, CloseReason::Handled).await;
    house.clock.advance(Duration::from_secs(60));
    let again = house.alarm("cam-east", sharpeyes_domain::time::WallTime(BEGAN.0 + 200_000)).await;
    house.clock.advance(Duration::from_secs(1));
    assert_ne!(again, east);

    let query = format!("/statistics/accuracy?from_ms={}&to_ms={}", START.0, START.0 + 3_600_000);
    let found = body_of(house.get(&query, &town).await).await;
    assert_eq!(
        [&found["alarms"], &found["confirmed"], &found["false_alarms"], &found["undecided"]],
        [&json!(3), &json!(1), &json!(1), &json!(1)],
        "{found}"
    );
    assert_eq!(found["accuracy"], json!({ "n": 1, "of": 2 }));
    let east_row = &found["rows"][0];
    assert_eq!(
        (&east_row["camera_name"], &east_row["rule"], &east_row["level"], &east_row["false_alarms"]),
        (&json!("东村广场"), &json!("crowd"), &json!(3), &json!(1))
    );
    assert_eq!((&east_row["undecided"], &east_row["accuracy"]), (&json!(1), &json!({ "n": 0, "of": 1 })));

    let then = body_of(house.get(&format!("{query}&as_of_ms={before}"), &town).await).await;
    assert_eq!((&then["undecided"], &then["accuracy"]["of"]), (&json!(2), &json!(0)), "before any verdict");
    let one = body_of(house.get(&format!("{query}&camera=cam-west"), &town).await).await;
    assert_eq!((&one["alarms"], &one["accuracy"]), (&json!(1), &json!({ "n": 1, "of": 1 })));
    let none = body_of(house.get(&format!("{query}&area=west&rule=stay"), &town).await).await;
    assert_eq!((&none["alarms"], &none["rows"]), (&json!(0), &json!([])));

    let police = house.viewer("police", Role::Police, "west").await;
    let theirs = body_of(house.get(&query, &police).await).await;
    assert_eq!((&theirs["alarms"], &theirs["confirmed"]), (&json!(1), &json!(1)), "only its own area");
    for bad in ["from_ms=5&to_ms=5", "from_ms=0&to_ms=99999999999", "from_ms=0&to_ms=9&camera=A%20B"] {
        let answer = house.get(&format!("/statistics/accuracy?{bad}"), &town).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn what_was_merged_is_what_the_other_one_is() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    house.act(east, IncidentAction::Merge { into: west }).await;
    close(&house, west, CloseReason::NoAction).await;
    house.clock.advance(Duration::from_secs(1));
    let query = format!("/statistics/accuracy?from_ms={}&to_ms={}", START.0, START.0 + 3_600_000);
    let found = body_of(house.get(&query, &town).await).await;
    assert_eq!((&found["confirmed"], &found["accuracy"]), (&json!(2), &json!({ "n": 2, "of": 2 })));
}

#[tokio::test]
async fn a_time_that_is_over_has_the_same_numbers_for_ever() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    house.clock.advance(Duration::from_secs(60));
    house.tell(east, "patrol").await;
    let patrol = UnitId::new("patrol").unwrap();
    house.act(east, IncidentAction::SignIn { unit: patrol.clone() }).await;
    house.act(east, IncidentAction::Urge { level: UrgeLevel::Remind }).await;
    close(&house, west, CloseReason::FalseAlarm).await;
    house.clock.advance(Duration::from_secs(60));
    let to = house.clock.wall().0;
    let query = format!("/statistics?from_ms={}&to_ms={to}", START.0);
    let first = body_of(house.get(&query, &town).await).await;

    let total = &first["total"];
    for (field, n) in [
        ("received", 2),
        ("accepted", 2),
        ("settled", 1),
        ("open", 1),
        ("merged", 0),
        ("false_alarms", 1),
        ("handled", 0),
        ("dispatched", 1),
        ("urges", 1),
        ("returns", 0),
        ("overdue", 0),
    ] {
        assert_eq!(total[field], json!(n), "{field} of {total}");
    }
    assert_eq!(total["accepted_in_time"], json!({ "n": 2, "of": 2 }));
    assert_eq!(total["settled_in_time"], json!({ "n": 1, "of": 1 }));
    assert_eq!(first["flow"], json!({ "open_before": 0, "received": 2, "settled": 1, "open_after": 1 }));
    assert_eq!(first["accuracy"]["accuracy"], json!({ "n": 0, "of": 1 }));
    // The town with both villages in it, then each village.
    let areas: Vec<_> = first["areas"].as_array().unwrap().iter().collect();
    let of = |i: usize| (&areas[i]["of"]["id"], &areas[i]["depth"], &areas[i]["tally"]["received"]);
    assert_eq!(of(0), (&json!("town"), &json!(0), &json!(2)));
    assert_eq!(of(1), (&json!("east"), &json!(1), &json!(1)));
    assert_eq!(areas.len(), 3);
    let unit = &first["units"][0];
    assert_eq!(
        (&unit["of"]["name"], &unit["tally"]["told"], &unit["tally"]["open"]),
        (&json!("巡防队"), &json!(1), &json!(1))
    );
    assert_eq!(unit["tally"]["signed_in_time"], json!({ "n": 1, "of": 1 }));
    assert_eq!(first["classes"][0]["of"]["name"], "人员聚集");
    assert_eq!(first["sources"][0]["of"]["id"], "camera");
    assert_eq!(
        first["days"].as_array().unwrap().iter().map(|day| day["received"].as_u64().unwrap()).sum::<u64>(),
        2
    );
    assert_eq!(first["times"]["accept"]["n"], 2);
    // Each incident is in its village's cell, and in the town's.
    let cells = first["heat"]["cells"].as_array().unwrap();
    assert_eq!(cells.iter().map(|cell| cell["n"].as_u64().unwrap()).sum::<u64>(), 4);

    // What is done later is of a later time.
    house.act(east, IncidentAction::Arrive { unit: patrol.clone() }).await;
    house.act(east, IncidentAction::Finish { unit: patrol, why_no_file: None }).await;
    house
        .act(west, IncidentAction::Reopen { reason: sharpeyes_domain::incident::ReopenReason::Mistake })
        .await;
    house.clock.advance(Duration::from_secs(1));
    let mut again = body_of(house.get(&query, &town).await).await;
    assert_ne!(again["as_of_seq"], first["as_of_seq"]);
    again["as_of_seq"] = first["as_of_seq"].clone();
    assert_eq!(again, first);
    let now = house.clock.wall().0;
    let later = body_of(house.get(&format!("{query}&as_of_ms={now}"), &town).await).await;
    assert_eq!((&later["total"]["open"], &later["total"]["reopenings"]), (&json!(2), &json!(1)));

    // Filters cut; other areas' numbers are nobody else's.
    let number = async |filter: &str, cookie: &str| {
        let found = body_of(house.get(&format!("{query}&{filter}"), cookie).await).await;
        found["total"]["received"].as_u64().unwrap_or_else(|| panic!("{filter}: {found}"))
    };
    assert_eq!(number("unit=patrol", &town).await, 1);
    assert_eq!(number("area=west", &town).await, 1);
    assert_eq!(number("class=accident", &town).await, 0);
    assert_eq!(number("source=camera", &town).await, 2);
    let police = house.viewer("police", Role::Police, "west").await;
    assert_eq!(number("", &police).await, 1);
    assert_eq!(number("area=east", &police).await, 0);
}

async fn make(
    house: &House,
    cookie: &str,
    new: &serde_json::Value,
) -> axum::http::Response<axum::body::Body> {
    house.send(with_json(request("POST", "/bulletins").header(header::COOKIE, cookie), new)).await
}

#[tokio::test]
async fn a_bulletin_is_kept_as_it_was_made_and_read_by_those_who_see_all_of_it() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    let of_east = house.viewer("op-east", Role::Operator, "east").await;
    house.clock.advance(Duration::from_secs(60));
    house.tell(east, "patrol").await;
    // The 15th of January 2027 in Shanghai is going on.
    let made =
        make(&house, &town, &json!({ "kind": "daily", "day": "2027-01-15", "title": "试行日报" })).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made = body_of(made).await;
    let path = format!("/bulletins/{}", made["id"]);
    let first = house.get(&path, &town).await;
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    let first = bytes(first).await;
    assert_eq!(hex::encode(sha2::Sha256::digest(&first)), made["sha256"].as_str().unwrap());
    assert_eq!(tag, format!("\"{}\"", made["sha256"].as_str().unwrap()));
    close(&house, west, CloseReason::FalseAlarm).await;
    assert_eq!(
        bytes(house.get(&path, &town).await).await,
        first,
        "byte for byte, whatever has happened since"
    );
    let kept: serde_json::Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(kept["statistics"]["total"]["received"], 2);
    assert_eq!((&kept["title"], &kept["made_by"]), (&json!("试行日报"), &json!("Name of op")));

    for (format, magic) in [("csv", "\u{feff}".as_bytes()), ("xlsx", b"PK"), ("docx", b"PK")] {
        let answer = house.get(&format!("{path}/file?format={format}&lang=en"), &town).await;
        let name = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
        assert!(name.starts_with("attachment") && name.contains(format), "{name}");
        assert!(bytes(answer).await.starts_with(magic), "{format}");
    }
    let wrong = house.get(&format!("{path}/file?format=exe"), &town).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);

    // The whole town's is not the east's to read; its own is the town's too.
    assert_eq!(house.get(&path, &of_east).await.status(), StatusCode::NOT_FOUND);
    let own = body_of(make(&house, &of_east, &json!({ "kind": "weekly", "day": "2027-01-15" })).await).await;
    let own_path = format!("/bulletins/{}", own["id"]);
    let kept = body_of(house.get(&own_path, &town).await).await;
    assert_eq!(kept["statistics"]["total"]["received"], 1);
    let list = body_of(house.get("/bulletins", &of_east).await).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    let elsewhere =
        make(&house, &of_east, &json!({ "kind": "daily", "day": "2027-01-15", "area": "west" })).await;
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);

    let rows = house.state.accounts.audit().page(None, 50).await.unwrap();
    let written = |what: &str| rows.iter().filter(|row| row.detail.contains(what)).count();
    assert_eq!((written(" made "), written(" csv "), written(" json ")), (2, 1, 3));

    for bad in [
        json!({ "kind": "daily" }),
        json!({ "kind": "daily", "day": "2027-02-30" }),
        json!({ "kind": "monthly", "day": "2028-01-01" }),
        json!({ "kind": "special", "from_ms": 5, "to_ms": 5 }),
        json!({ "kind": "daily", "day": "2027-01-15", "source": "rumour" }),
        json!({ "kind": "flash" }),
    ] {
        assert_eq!(make(&house, &town, &bad).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn a_flash_report_has_the_incident_with_its_picture_and_nobody_else_reads_it() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    house.tell(east, "patrol").await;
    let of_east = house.viewer("op-east", Role::Operator, "east").await;
    let of_west = house.viewer("op-west", Role::Operator, "west").await;
    let made = body_of(make(&house, &of_east, &json!({ "kind": "flash", "incident": east.0 })).await).await;
    let path = format!("/bulletins/{}", made["id"]);
    let kept = body_of(house.get(&path, &of_east).await).await;
    let flash = &kept["flash"];
    assert_eq!((&flash["incident"], &flash["area_path"]), (&json!(east.0), &json!(["柳树镇", "东村"])));
    assert_eq!(flash["units"][0]["name"], "巡防队");
    let steps: Vec<&str> =
        flash["history"].as_array().unwrap().iter().filter_map(|step| step["action"].as_str()).collect();
    assert!(
        steps.starts_with(&["open"]) && steps.contains(&"claim") && steps.ends_with(&["dispatch"]),
        "{steps:?}"
    );
    let picture = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        flash["picture"].as_str().unwrap(),
    );
    assert_eq!(picture.unwrap(), JPEG);
    assert_eq!(house.get(&path, &of_west).await.status(), StatusCode::NOT_FOUND);
    let other = make(&house, &of_east, &json!({ "kind": "flash", "incident": west.0 })).await;
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_ledger_has_every_incident_once_and_only_of_ones_own_areas() {
    use calamine::{Data, Reader as _, Xlsx};

    let house = House::new().await;
    let (east, _west) = house.fill().await;
    let patrol = UnitId::new("patrol").unwrap();
    house.tell(east, "patrol").await;
    house.act(east, IncidentAction::SignIn { unit: patrol }).await;
    house.act(east, IncidentAction::Urge { level: UrgeLevel::Press }).await;
    let town = house.viewer("op", Role::Operator, "town").await;
    // More than two pages, all of the same instant.
    let operator = house.state.accounts.names().await.unwrap().into_keys().next().unwrap();
    for n in 0..1_100 {
        let report = ReportRequest {
            source: Source::Hotline,
            class: ClassId::new("help").unwrap(),
            level: None,
            area: AreaId::new("west").unwrap(),
            report: Report {
                title: format!("=HYPERLINK({n})"),
                description: Some("路面积水，\n请派人".to_owned()),
                location: None,
                position: None,
                reporter: Some("李四".to_owned()),
                phone: None,
            },
            camera: None,
            began: None,
            files: Vec::new(),
        };
        house.state.desk.report(operator, format!("r{n}"), report).await.unwrap();
    }
    house.clock.advance(Duration::from_secs(1));
    let range = format!("/ledger?from_ms={}&to_ms={}", START.0, START.0 + 3_600_000);

    let csv = house.get(&format!("{range}&format=csv"), &town).await;
    assert_eq!(csv.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let csv = String::from_utf8(bytes(csv).await.to_vec()).unwrap();
    let lines: Vec<&str> = csv.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert!(lines[0].starts_with("\u{feff}编号,来源,类别,等级,状态,网格"), "{}", lines[0]);
    let mut numbers: Vec<&str> = lines[1..].iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(numbers.len(), 1_102);
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 1_102, "each once");
    assert!(lines[5].contains("\"'=HYPERLINK("), "no formula: {}", lines[5]);

    let book = house.get(&format!("{range}&format=xlsx&lang=en"), &town).await;
    let book = bytes(book).await;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(&book[..])).unwrap();
    let sheet = book.worksheet_range("Ledger").unwrap();
    assert_eq!(sheet.height(), 1_103);
    let head: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let of_east = sheet.rows().find(|row| row.contains(&Data::String("东村".to_owned()))).unwrap();
    let cell = |title: &str| {
        let at = head.iter().position(|one| one == title).unwrap_or_else(|| panic!("{title}: {head:?}"));
        of_east.get(at).map(ToString::to_string).unwrap_or_default()
    };
    assert_eq!((cell("Lead unit").as_str(), cell("State").as_str()), ("巡防队", "Signed in"));
    assert_eq!((cell("Urged").as_str(), cell("Returns").as_str()), ("1", "0"));
    assert_eq!((cell("Lies in").as_str(), cell("Lead signed in").len()), ("柳树镇", 19));

    // Whoever is responsible for the east takes the east home.
    let of_east = house.viewer("op-east", Role::Operator, "east").await;
    let own = bytes(house.get(&format!("{range}&format=csv"), &of_east).await).await;
    assert_eq!(String::from_utf8(own.to_vec()).unwrap().matches("\r\n").count(), 2);
    let other = house.get(&format!("{range}&format=csv&area=west"), &of_east).await;
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
    let cut = bytes(house.get(&format!("{range}&format=csv&unit=patrol"), &town).await).await;
    assert_eq!(String::from_utf8(cut.to_vec()).unwrap().matches("\r\n").count(), 2);
    let rows = house.state.accounts.audit().page(None, 50).await.unwrap();
    let taken = rows.iter().filter(|row| row.detail.starts_with("ledger ")).count();
    assert_eq!(taken, 4, "what was turned away is another row");
}

#[tokio::test]
async fn a_ledger_says_where_an_incident_went_and_since_when_units_had_it() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    // Taken, and given back: nobody has accepted it after all.
    house.act(west, IncidentAction::Claim).await;
    house.act(west, IncidentAction::Release).await;
    house.clock.advance(Duration::from_secs(60));
    house.tell(east, "patrol").await;
    let town = house.viewer("op", Role::Operator, "town").await;
    let csv = async || {
        house.clock.advance(Duration::from_secs(1));
        let range = format!("/ledger?from_ms={}&to_ms={}&format=csv&lang=en", START.0, START.0 + 3_600_000);
        let csv = bytes(house.get(&range, &town).await).await;
        let text = String::from_utf8(csv.to_vec()).unwrap();
        let mut lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let head = lines.next().unwrap();
        let column = |title: &str| head.iter().position(|one| one == title).unwrap();
        let titles = ["Number", "Accepted", "Dispatched", "Merged into"].map(column);
        lines.map(|line| titles.map(|at| line[at].clone())).collect::<Vec<_>>()
    };
    let rows = csv().await;
    assert_eq!((rows[1][1].as_str(), rows[1][2].as_str()), ("", ""), "{rows:?}");

    house.act(west, IncidentAction::Claim).await;
    let level = sharpeyes_domain::level::Level::Yellow;
    let (class, area, lead) = (None, None, None);
    house.act(west, IncidentAction::Assess { level, class, area, lead, assist: Vec::new() }).await;
    house.act(east, IncidentAction::Merge { into: west }).await;
    let rows = csv().await;
    let [east, west] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(east[3], west[0], "the number that people say");
    assert_eq!((east[3].len(), west[3].as_str()), (13, ""));
    assert!(!west[1].is_empty() && !west[2].is_empty(), "units have come to it: {west:?}");
    let log = house.state.accounts.audit().page(None, 50).await.unwrap();
    let taken = log.iter().find(|row| row.detail.starts_with("ledger ")).unwrap();
    assert!(taken.detail.contains(" areas town "), "whose it was: {}", taken.detail);
}

#[tokio::test]
async fn a_workbook_keeps_nobody_from_the_numbers_and_ends_with_the_service() {
    let house = House::new().await;
    house.fill().await;
    house.clock.advance(Duration::from_secs(1));
    let town = house.viewer("op", Role::Operator, "town").await;
    let range = format!("from_ms={}&to_ms={}", START.0, START.0 + 3_600_000);
    let turn = house.state.statistics.ledger_turn().await.unwrap();
    let path = format!("/statistics?{range}");
    let counted = house.get(&path, &town);
    let counted =
        tokio::time::timeout(Duration::from_secs(60), counted).await.expect("no wait for a workbook");
    assert_eq!(counted.status(), StatusCode::OK);
    drop(turn);
    house.shutdown.cancel();
    let cut = house.get(&format!("/ledger?{range}&format=xlsx"), &town).await;
    assert!(cut.status().is_server_error(), "{}", cut.status());
}

#[tokio::test]
async fn what_is_red_given_back_and_broken_is_named_and_the_time_before_is_counted() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let town = house.viewer("op", Role::Operator, "town").await;
    house.clock.advance(Duration::from_secs(60));
    let (lead, patrol) = (None, UnitId::new("patrol").unwrap());
    house.act(east, IncidentAction::Claim).await;
    let level = sharpeyes_domain::level::Level::Red;
    house
        .act(east, IncidentAction::Assess { level, class: None, area: None, lead, assist: Vec::new() })
        .await;
    let tell = IncidentAction::Dispatch { lead: Some(patrol.clone()), assist: Vec::new(), due: None };
    house.act(east, tell).await;
    house.act(east, IncidentAction::Return { unit: patrol }).await;
    house.ticket(Some("cam-east")).await;
    house.clock.advance(Duration::from_secs(60));
    let (from, to) = (START.0, house.clock.wall().0);
    let found = body_of(house.get(&format!("/statistics?from_ms={from}&to_ms={to}"), &town).await).await;
    let red = &found["reds"][0];
    assert_eq!(found["reds"].as_array().unwrap().len(), 1, "the other one is yellow");
    assert_eq!((&red["area"]["name"], &red["place"]), (&json!("东村"), &json!("东村广场")));
    assert!(red["accepted_ms"].is_i64() && red["settled_ms"].is_null(), "{red}");
    assert_eq!(red["units"][0]["id"], "patrol");
    let returned = &found["returns"][0];
    assert_eq!((&returned["unit"]["id"], &returned["note"]), (&json!("patrol"), &json!("因为")));
    let fault = &found["faults"][0];
    assert_eq!((&fault["camera"]["name"], &fault["over_ms"]), (&json!("东村广场"), &json!(null)));
    let west_only =
        body_of(house.get(&format!("/statistics?from_ms={from}&to_ms={to}&area=west"), &town).await).await;
    for list in ["reds", "returns", "faults"] {
        assert_eq!(west_only[list], json!([]), "{list} of another area");
    }
    assert_eq!(found["n_faults"], 1);
    let police = house.viewer("police", Role::Police, "town").await;
    let theirs = body_of(house.get(&format!("/statistics?from_ms={from}&to_ms={to}"), &police).await).await;
    assert_eq!((&theirs["faults"], &theirs["n_faults"]), (&json!([]), &json!(0)), "not theirs to know");
    assert_eq!(theirs["reds"], found["reds"]);
    // The time that follows is compared with this one.
    house.clock.advance(Duration::from_secs(600));
    close(&house, west, CloseReason::Handled).await;
    let span = to - from;
    let query = format!("/statistics?from_ms={to}&to_ms={}", to + span);
    let next = body_of(house.get(&query, &town).await).await;
    assert_eq!(next["total"]["received"], 0);
    assert_eq!(next["previous"], json!({ "from_ms": from, "to_ms": to, "received": 2 }));
    for list in ["classes", "sources"] {
        let row = &next[list][0];
        assert_eq!((&row["tally"]["received"], &row["before"]), (&json!(0), &json!(2)), "{list} to nothing");
    }
    let levels = next["levels"].as_array().unwrap();
    assert_eq!(levels.iter().map(|row| row["before"].as_u64().unwrap()).sum::<u64>(), 2);
    // What is not over is compared with as much of the time before.
    let (now, long) = (house.clock.wall().0, 7_200_000);
    let query = format!("/statistics?from_ms={to}&to_ms={}", to + long);
    let unfinished = body_of(house.get(&query, &town).await).await;
    let before = to - long;
    let expected = json!({ "from_ms": before, "to_ms": before + (now - to), "received": 0 });
    assert_eq!(unfinished["previous"], expected);
}
