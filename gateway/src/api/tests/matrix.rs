//! Every route, every kind of viewer, own area and other: generated from the router, expected from a written table.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use sharpeyes_domain::{
    access::{Action, Role},
    ids::{AccountId, IncidentId},
};

use super::{House, PASSWORD, START, bytes, request, with_json};
use crate::{
    access::gate::Gate,
    api::{
        openapi, routes,
        routes::{Declared, Public, RouteRow, Verb},
    },
    desk::AttachRequest,
};

/// The policy in the words of the specification: who has which verb.
const VERBS: &[(Action, &[Role])] = &[
    (Action::SessionOwn, Role::ALL),
    (Action::InterfaceRead, Role::ALL),
    (Action::CameraList, &[Role::Operator, Role::Police, Role::Technician, Role::Administrator]),
    (Action::CameraHealth, &[Role::Operator, Role::Technician, Role::Administrator]),
    (Action::LiveView, &[Role::Operator]),
    (Action::IncidentList, &[Role::Operator, Role::Police, Role::Unit]),
    (Action::IncidentView, &[Role::Operator, Role::Police, Role::Unit]),
    (Action::IncidentAct, &[Role::Operator]),
    (Action::IncidentWork, &[Role::Operator, Role::Unit]),
    (Action::IncidentReport, &[Role::Operator, Role::Unit]),
    (Action::ShiftHandOver, &[Role::Operator]),
    (Action::ConsoleWatch, &[Role::Operator]),
    (Action::CentreRead, &[Role::Operator, Role::Police, Role::Unit, Role::Administrator]),
    (Action::StatisticsRead, &[Role::Operator, Role::Police]),
    (Action::BulletinMake, &[Role::Operator]),
    (Action::ClipView, &[Role::Operator, Role::Police, Role::Unit]),
    (Action::TraceView, &[Role::Operator, Role::Police, Role::Unit]),
    (Action::ThumbnailView, &[Role::Operator, Role::Police, Role::Unit]),
    (Action::RecordingList, &[Role::Operator, Role::Technician]),
    (Action::RecordingView, &[Role::Operator]),
    (Action::HoldManage, &[Role::Operator]),
    (Action::StorageRead, &[Role::Technician, Role::Administrator]),
    (Action::StorageManage, &[Role::Administrator]),
    (Action::TicketRead, &[Role::Technician, Role::Administrator]),
    (Action::TicketManage, &[Role::Technician, Role::Administrator]),
    (Action::OutboundRead, &[Role::Operator, Role::Technician, Role::Administrator]),
    (Action::OutboundResend, &[Role::Operator, Role::Technician, Role::Administrator]),
    (Action::NoiseRead, &[Role::Operator, Role::Technician, Role::Administrator]),
    (Action::RuleTry, &[Role::Technician, Role::Administrator]),
    (Action::RuleStill, &[Role::Technician]),
    (Action::AccountManage, &[Role::Administrator]),
    (Action::AuditRead, &[Role::Auditor]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    /// Responsible for the area of the camera and incident asked for.
    Inside,
    /// Responsible for the neighbouring area.
    Outside,
}

/// What the table comes to for one route and one viewer.
fn expected(row: &RouteRow, viewer: Option<(Role, Where)>) -> StatusCode {
    let action = match row.declared {
        Declared::Public(Public::Health | Public::SetupState | Public::SignIn) => return StatusCode::OK,
        // There are accounts, so no code can hold.
        Declared::Public(Public::SetUp) => return StatusCode::UNPROCESSABLE_ENTITY,
        // Nobody here shows its token.
        Declared::Public(Public::Intake) => return StatusCode::UNAUTHORIZED,
        Declared::Needs(action) => action,
    };
    let Some((role, place)) = viewer else { return StatusCode::UNAUTHORIZED };
    let (_, holders) =
        VERBS.iter().find(|(verb, _)| *verb == action).expect("every action stands in the table");
    if !holders.contains(&role) {
        return StatusCode::FORBIDDEN;
    }
    let is_about_one = [
        "/cameras/{id}",
        "/incidents/{id}",
        "/holds/{id}",
        "/tickets/{id}",
        "/handovers/{id}",
        "/bulletins/{id}",
    ]
    .iter()
    .any(|one| row.path.contains(one))
        || (row.verb, row.path.as_str()) == (Verb::Post, "/api/v1/holds");
    let is_report = (row.verb, row.path.as_str()) == (Verb::Post, "/api/v1/reports");
    // A unit sees what it was told of wherever it is, and reports from its own area only.
    let is_closed = if role == Role::Unit { is_report } else { is_report || is_about_one };
    if is_closed && place == Where::Outside && role != Role::Administrator {
        return StatusCode::NOT_FOUND;
    }
    match (row.verb, row.path.as_str()) {
        (
            Verb::Post,
            "/api/v1/accounts" | "/api/v1/bulletins" | "/api/v1/holds" | "/api/v1/reports"
            | "/api/v1/handovers",
        ) => StatusCode::CREATED,
        // Nobody here has this one.
        (Verb::Delete, "/api/v1/views/{id}") => StatusCode::NOT_FOUND,
        // There is no detector here.
        (Verb::Post, "/api/v1/cameras/{id}/trials") => StatusCode::UNPROCESSABLE_ENTITY,
        (Verb::Delete, _) => StatusCode::NO_CONTENT,
        // Without cameras of its own there is no next alarm for it.
        (_, "/api/v1/timeline/next-alarm") if role == Role::Unit => StatusCode::NOT_FOUND,
        // A WebSocket cannot be opened without a connection: being asked for one is as far as permission goes here.
        (_, path) if path.ends_with("/live") => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::OK,
    }
}

struct Targets {
    incident: String,
    camera: String,
    account: String,
    hold: String,
    file: String,
    ticket: String,
    handover: String,
    bulletin: String,
    trial: String,
}

async fn ask(
    house: &House,
    row: &RouteRow,
    targets: &Targets,
    cookie: Option<&str>,
    turn: usize,
) -> Request<Body> {
    let id: &str = match row.path.split('/').nth(3) {
        Some("cameras") => &targets.camera,
        Some("incidents") => &targets.incident,
        Some("holds") => &targets.hold,
        Some("views") => "999999",
        Some("intake") => "p110",
        Some("tickets") => &targets.ticket,
        Some("handovers") => &targets.handover,
        Some("bulletins") => &targets.bulletin,
        _ => &targets.account,
    };
    let path = row.path.strip_prefix("/api/v1").unwrap().replace("{id}", id).replace("{file}", &targets.file);
    let path = path.replace("{z}/{x}/{y}", "1/0/1");
    let path = path.replace("{target}", "county");
    let path = path.replace("{trial}", &targets.trial);
    let mut builder = request(row.verb.method().as_str(), &format!("{path}{}", query(&path)));
    if let Some(cookie) = cookie {
        builder = builder.header(header::COOKIE, cookie);
    }
    let body = match (row.verb, path.as_str()) {
        (Verb::Post, "/setup") => serde_json::json!({ "code": "ABCD", "name": "boss", "password": PASSWORD }),
        (Verb::Post, "/session") => serde_json::json!({ "name": "spare", "password": PASSWORD }),
        (Verb::Patch, "/session") => serde_json::json!({ "language": "en" }),
        (Verb::Post, "/accounts") => serde_json::json!({
            "name": format!("made-{turn}"), "role": "auditor", "password": PASSWORD
        }),
        (Verb::Patch, _) => serde_json::json!({ "display_name": "renamed" }),
        (Verb::Post, "/holds") => serde_json::json!({
            "camera": targets.camera, "from_ms": START.0 + 50_000, "to_ms": START.0 + 60_000, "case_number": "C-2",
            "review_ms": START.0 + 86_400_000
        }),
        (Verb::Post, path) if path.starts_with("/outbound/") => serde_json::json!({ "ids": [] }),
        (Verb::Post, path) if path.ends_with("/trials") => serde_json::json!({
            "from_ms": START.0 + 50_000, "to_ms": START.0 + 60_000,
            "rules": "[[camera.rule]]\nid = \"r\"\nkind = \"intrusion\"\n"
        }),
        (Verb::Post, path) if path.starts_with("/tickets/") => serde_json::json!({ "note": "seen" }),
        (Verb::Post, path) if path.starts_with("/holds/") => serde_json::json!({ "reason": "closed" }),
        (Verb::Post, "/handovers") => serde_json::json!({ "note": "三号摄像机离线" }),
        (Verb::Post, path) if path.ends_with("/signature") => serde_json::json!({ "action": "accept" }),
        (Verb::Post, "/consoles") => serde_json::json!({ "console": "tab", "sound": "armed" }),
        (Verb::Post, path) if path.ends_with("/acknowledgement") => serde_json::json!({}),
        (Verb::Post, "/bulletins") => serde_json::json!({ "kind": "daily", "day": "2027-01-15" }),
        (Verb::Post, "/views") => serde_json::json!({ "name": "mine", "filter": { "level": "1" } }),
        (Verb::Post, "/reports") => serde_json::json!({
            "idempotency_key": format!("r{turn}"), "class": "help", "area": "east", "title": "有人求助"
        }),
        (Verb::Post, "/intake/p110") => serde_json::json!({
            "external_id": "J-1", "class": "help", "title": "有人求助"
        }),
        (Verb::Post, path) if path.ends_with("/attachments") => {
            return builder.body(Body::from(format!("text of {turn}"))).unwrap();
        }
        (Verb::Post, path) => {
            let incident = targets.incident.parse().map(IncidentId).unwrap();
            let row = house.state.dispatch.incident_row(incident).await.unwrap();
            let version = row.map_or(1, |row| row.status.version);
            let mut command = serde_json::json!({
                "action": "note", "expected_version": version, "idempotency_key": format!("k{turn}"), "note": "因为"
            });
            if path.ends_with("/work") {
                command["action"] = "feedback".into();
                command["unit"] = "patrol".into();
                command["idempotency_key"] = format!("w{turn}").into();
            }
            command
        }
        (Verb::Get | Verb::Delete, _) => return builder.body(Body::empty()).unwrap(),
    };
    with_json(builder, &body)
}

/// What an address needs behind it: a stretch that is recorded.
fn query(path: &str) -> String {
    let (from, at, to) = (START.0 + 50_000, START.0 + 61_000, START.0 + 70_000);
    match path.rsplit('/').next() {
        Some(
            "timeline" | "shadow-alarms" | "shadow-model" | "verdicts" | "recording" | "recording.mp4"
            | "recording.h264.mp4",
        ) => {
            format!("?from_ms={from}&to_ms={to}")
        }
        Some("next-alarm") => "?at_ms=0".to_owned(),
        Some("statistics" | "accuracy") => format!("?from_ms={from}&to_ms={to}"),
        Some("ledger") => format!("?from_ms={from}&to_ms={to}&format=csv"),
        Some("still.jpg") => "?n=0".to_owned(),
        Some("attachments") => "?name=x.txt".to_owned(),
        Some("file") => "?format=csv".to_owned(),
        Some("picture.jpg") => format!("?at_ms={at}"),
        _ => String::new(),
    }
}

/// Signing out last, so that the session serves all other routes.
fn table(house: &House) -> Vec<RouteRow> {
    let mut table = routes(house.state.clone()).table().to_vec();
    // Whoever signs out sees nothing more.
    table.sort_by_key(|row| (row.verb, row.path.as_str()) == (Verb::Delete, "/api/v1/session"));
    table
}

#[tokio::test]
async fn every_route_answers_every_viewer_as_the_table_says() {
    let house = House::new().await;
    let (east, _) = house.fill().await;
    let spare = house.account("spare", Role::Auditor, "east").await;
    house.account("keeper", Role::Administrator, "town").await;
    house.tell(east, "patrol").await;
    let file = AttachRequest {
        incident: east,
        unit: None,
        by: AccountId(1),
        name: "x.txt".to_owned(),
        body: b"text".to_vec(),
    };
    let (_, file) = house.state.desk.attach(file).await.unwrap();
    let mut targets = Targets {
        trial: String::new(),
        incident: east.to_string(),
        camera: "cam-east".to_owned(),
        account: spare.to_string(),
        hold: house.hold("cam-east").await.to_string(),
        file: file.to_string(),
        ticket: house.ticket(Some("cam-east")).await.to_string(),
        handover: house.handover("leaver", "east").await.to_string(),
        bulletin: house.bulletin("east").await.to_string(),
    };
    let mut viewers: Vec<Option<(Role, Where)>> = vec![None];
    for &role in Role::ALL {
        viewers.extend([Some((role, Where::Inside)), Some((role, Where::Outside))]);
    }
    let mut n_checked = 0;
    for (turn, viewer) in viewers.into_iter().enumerate() {
        // The brake on sign-ins is not what is tested here.
        house.clock.advance(Duration::from_secs(1800));
        let cookie = match viewer {
            None => None,
            Some((role, place)) => {
                let area = if place == Where::Inside { "east" } else { "west" };
                Some(house.viewer(&format!("v{turn}"), role, area).await)
            }
        };
        // Whoever may, forgets it.
        targets.trial = house.trial("cam-east").await.to_string();
        for row in table(&house) {
            let asked = ask(&house, &row, &targets, cookie.as_deref(), turn).await;
            let answer = house.send(asked).await;
            let status = answer.status();
            assert_eq!(status, expected(&row, viewer), "{} {} for {viewer:?}", row.verb.method(), row.path);
            n_checked += 1;
            if row.path.ends_with("/events") {
                continue;
            }
            let body = bytes(answer).await;
            if row.path.ends_with(".mp4") && status == StatusCode::OK {
                assert_eq!(&body[4..8], b"ftyp");
            }
            let is_outside = viewer.is_some_and(|(role, place)| {
                // A unit was told of that camera's incident.
                let is_told =
                    role == Role::Unit && ["/incidents", "/wall"].iter().any(|one| row.path.contains(one));
                place == Where::Outside && !is_told && !matches!(role, Role::Administrator | Role::Auditor)
            });
            if is_outside || viewer.is_none() {
                let text = String::from_utf8_lossy(&body);
                assert!(!text.contains("cam-east"), "{} tells {viewer:?} of a camera elsewhere", row.path);
            }
        }
    }
    assert_eq!(n_checked, table(&house).len() * (1 + 2 * Role::ALL.len()));
}

#[tokio::test]
async fn what_does_not_exist_looks_like_what_may_not_be_seen() {
    let house = House::new().await;
    let (_, west) = house.fill().await;
    let cookie = house.viewer("op", Role::Operator, "east").await;
    let hold = house.hold("cam-west").await;
    let ticket = house.ticket(Some("cam-west")).await;
    let bulletin = house.bulletin("west").await;
    let trial = house.trial("cam-west").await;
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let handover = house.handover("leaver", "west").await;
    for row in table(&house).iter().filter(|row| {
        row.path.contains("{id}") && !["accounts", "intake"].iter().any(|other| row.path.contains(other))
    }) {
        let mut bodies = BTreeSet::new();
        let is_technical =
            ["tickets", "trials", "rules", "shadow"].iter().any(|word| row.path.contains(word));
        let cookie = if is_technical { &technician } else { &cookie };
        let gone = || "999999".to_owned();
        let here = |id: &dyn std::fmt::Display| id.to_string();
        for (incident, camera, hold, ticket, handover, bulletin) in [
            (here(&west), "cam-west", here(&hold), here(&ticket), here(&handover), here(&bulletin)),
            (gone(), "cam-none", gone(), gone(), gone(), gone()),
        ] {
            let targets = Targets {
                incident,
                camera: camera.to_owned(),
                account: "1".to_owned(),
                hold,
                ticket,
                handover,
                bulletin,
                trial: trial.to_string(),
                file: "1".to_owned(),
            };
            let answer = house.send(ask(&house, row, &targets, Some(cookie), 0).await).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{}", row.path);
            bodies.insert(bytes(answer).await);
        }
        assert_eq!(bodies.len(), 1, "{} tells apart what it should not", row.path);
    }
    for path in ["/incidents/abc", "/incidents/-1", "/incidents/1e9", "/cameras/..%2F..%2Fetc", "/nothing"] {
        assert_eq!(house.get(path, &cookie).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// Whoever sees the incident of a report sees what its camera recorded.
#[tokio::test]
async fn a_report_names_only_cameras_that_its_reporter_may_look_at_and_fresh_footage() {
    let house = House::new().await;
    house.fill().await;
    let now = house.clock.wall().0;
    let day_ms = 24 * 3_600_000;
    for (turn, (role, area, camera, happened_ms, expected)) in [
        (Role::Operator, "east", "cam-east", now - 60_000, Ok(())),
        (Role::Operator, "east", "cam-west", now - 60_000, Err("unknown")),
        (Role::Operator, "east", "cam-none", now - 60_000, Err("unknown")),
        (Role::Operator, "town", "cam-west", now - 60_000, Ok(())),
        (Role::Operator, "east", "cam-east", now - day_ms - 1, Err("old_footage")),
        (Role::Unit, "east", "cam-east", now - 60_000, Ok(())),
        (Role::Unit, "east", "cam-west", now - 60_000, Err("unknown")),
        (Role::Unit, "east", "cam-none", now - 60_000, Err("unknown")),
    ]
    .into_iter()
    .enumerate()
    {
        let cookie = house.viewer(&format!("v{turn}"), role, area).await;
        let report = serde_json::json!({
            "idempotency_key": "k", "class": "help", "area": "east", "title": "有人求助",
            "camera": camera, "happened_ms": happened_ms
        });
        let asked = with_json(request("POST", "/reports").header(header::COOKIE, &cookie), &report);
        let answer = house.send(asked).await;
        let status = answer.status();
        let body: serde_json::Value = serde_json::from_slice(&bytes(answer).await).unwrap();
        let case = format!("{role:?} of {area}: {camera} at {happened_ms}: {body}");
        match expected {
            Ok(()) => assert_eq!(status, StatusCode::CREATED, "{case}"),
            Err(code) => {
                assert_eq!(
                    (status, &body["code"]),
                    (StatusCode::UNPROCESSABLE_ENTITY, &code.into()),
                    "{case}"
                );
                let unknown = format!("the site has no camera `{camera}`");
                assert!(code != "unknown" || body["message"] == unknown, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn damaged_policies_deny_everything_but_the_health_page() {
    let house = House::with_gate(|areas| Gate::from_text("permit (principal", "entity", areas)).await;
    house.account("op", Role::Operator, "east").await;
    let token = house.state.accounts.sign_in("op", PASSWORD.to_owned(), "test").await.unwrap().token;
    let cookie = format!("sharpeyes_session={token}");
    let targets = Targets {
        incident: "1".to_owned(),
        camera: "cam-east".to_owned(),
        account: "1".to_owned(),
        hold: "1".to_owned(),
        file: "1".to_owned(),
        ticket: "1".to_owned(),
        handover: "1".to_owned(),
        bulletin: "1".to_owned(),
        trial: "1".to_owned(),
    };
    for row in table(&house) {
        for cookie in [None, Some(cookie.as_str())] {
            let answer = house.send(ask(&house, &row, &targets, cookie, 0).await).await;
            let expected = match row.declared {
                Declared::Public(Public::Health) => StatusCode::OK,
                Declared::Public(_) | Declared::Needs(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            assert_eq!(answer.status(), expected, "{}", row.path);
        }
    }
}

#[tokio::test]
async fn the_document_describes_exactly_the_routes_that_exist() {
    let house = House::new().await;
    let document = serde_json::to_value(openapi()).unwrap();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let registered: BTreeSet<(String, String)> =
        table(&house).into_iter().map(|row| (row.verb.method().to_string(), row.path)).collect();
    assert_eq!(documented, registered);
}

#[tokio::test]
async fn public_routes_are_these_five() {
    let house = House::new().await;
    let public: Vec<(Verb, String)> = table(&house)
        .into_iter()
        .filter(|row| matches!(row.declared, Declared::Public(_)))
        .map(|row| (row.verb, row.path))
        .collect();
    let expected = [
        (Verb::Get, "/api/v1/health"),
        (Verb::Get, "/api/v1/setup"),
        (Verb::Post, "/api/v1/setup"),
        (Verb::Post, "/api/v1/session"),
        (Verb::Post, "/api/v1/intake/{id}"),
    ];
    assert_eq!(public, expected.map(|(verb, path)| (verb, path.to_owned())));
}
