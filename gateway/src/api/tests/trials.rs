//! Trials as technicians meet them: refusals that name the place, looks that are written down.

use axum::http::StatusCode;
use serde_json::{Value, json as body};
use sharpeyes_domain::{
    access::Role,
    alarm::AlarmEdge,
    ids::{CameraId, ModelId},
    segment::Span,
    time::WallTime,
};

use super::{BEGAN, House, JPEG, START, bytes, json, request, with_json};
use crate::{
    desk::tests::begin_edge,
    store::shadow::{ShadowLook, ShadowSource},
};

async fn ask(house: &House, cookie: &str, from_ms: i64, to_ms: i64, rules: &str) -> (StatusCode, Value) {
    let request = request("POST", "/cameras/cam-east/trials").header("cookie", cookie);
    let asked = body!({ "from_ms": from_ms, "to_ms": to_ms, "rules": rules });
    let answer = house.send(with_json(request, &asked)).await;
    (answer.status(), json(answer).await)
}

#[tokio::test]
async fn rules_are_shown_as_the_site_file_says_them() {
    let house = House::new().await;
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let shown = json(house.get("/cameras/cam-east/rules", &technician).await).await;
    let rule = &shown["rules"][0];
    assert_eq!(rule["keys"]["at_least"], 3);
    assert_eq!(rule["keys"]["zone"], "square");
    assert_eq!(rule["is_shadow"], false);
    let text = rule["text"].as_str().unwrap();
    assert!(text.starts_with(
        "[[camera.rule]]\nid = \"crowd\"\nkind = \"crowding\"\nzone = \"square\"\nat_least = 3\n"
    ));
    // Only the large picture is recorded, and the small one is analysed.
    assert_eq!((&shown["stream"], &shown["is_same_stream"]), (&body!("main"), &body!(false)));
    assert_eq!(shown["models"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_names_what_is_wrong_and_where() {
    let house = House::new().await;
    house.fill().await;
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let fine = "[[camera.rule]]\nid = \"r\"\nkind = \"intrusion\"\nzone = \"square\"\n";
    let (from, to) = (START.0 + 50_000, START.0 + 60_000);

    let (status, refusal) = ask(&house, &technician, from, to, &fine.replace("square", "circle")).await;
    assert_eq!((status, &refusal["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &body!("bad_rules")));
    assert_eq!(refusal["problems"][0]["at"], "camera.rule[0].zone");
    assert!(refusal["problems"][0]["message"].as_str().unwrap().contains("defined: square"), "{refusal}");

    let (_, refusal) = ask(&house, &technician, from, to, "[[camera.rule]]\nid =\n").await;
    assert_eq!(refusal["problems"][0]["at"], "line 2");

    let (_, refusal) = ask(&house, &technician, from, from, fine).await;
    assert_eq!((&refusal["code"], &refusal["field"]), (&body!("bad_range"), &body!("to_ms")));
    let (_, refusal) = ask(&house, &technician, from, from + 86_400_001, fine).await;
    assert_eq!(refusal["code"], "bad_range");
    let (status, refusal) = ask(&house, &technician, from - 90_000_000, from, fine).await;
    assert_eq!((status, &refusal["code"]), (StatusCode::FORBIDDEN, &body!("purpose_needed")));
    let (_, refusal) = ask(&house, &technician, from, to, fine).await;
    assert_eq!((&refusal["code"], &refusal["field"]), (&body!("runtime_missing"), &body!("model")));
    let list = json(house.get("/cameras/cam-east/trials", &technician).await).await;
    assert_eq!(list, body!([]), "what was refused is not tried");
}

#[tokio::test]
async fn a_still_is_shown_to_technicians_while_its_footage_is_there_and_each_look_is_written_down() {
    let house = House::new().await;
    house.fill().await;
    let id = house.trial("cam-east").await;
    let technician = house.viewer("tech", Role::Technician, "east").await;
    let auditor = house.viewer("eyes", Role::Auditor, "town").await;
    let detail = json(house.get(&format!("/cameras/cam-east/trials/{id}"), &technician).await).await;
    assert_eq!(detail["trial"]["state"], "done");
    let alarm = &detail["result"]["alarms"][0];
    assert_eq!((&alarm["began_ms"], &alarm["has_still"]), (&body!(BEGAN.0), &body!(true)));
    assert_eq!(detail["result"]["n_only_trial"], 1);

    let still = format!("/cameras/cam-east/trials/{id}/still.jpg");
    let answer = house.get(&format!("{still}?n=0"), &technician).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(bytes(answer).await, JPEG);
    for none in ["n=1", "n=0&side=live"] {
        assert_eq!(house.get(&format!("{still}?{none}"), &technician).await.status(), StatusCode::NOT_FOUND);
    }
    let rows = json(house.get("/audit?limit=1000", &auditor).await).await;
    let rows = rows["rows"].as_array().unwrap();
    let looks: Vec<_> = rows.iter().filter(|row| row["action"] == "rule.still").collect();
    assert_eq!(looks.len(), 1, "{looks:?}");
    assert_eq!(looks[0]["object"], "camera/cam-east");

    // A trial of one camera is not found under another.
    let other = house.get(&format!("/cameras/cam-west/trials/{id}"), &technician).await;
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_model_is_shown_beside_the_live_one_with_how_much_it_looked_at() {
    let house = House::new().await;
    house.fill().await;
    let technician = house.viewer("tech", Role::Technician, "town").await;
    let operator = house.viewer("op", Role::Operator, "town").await;
    let (from, to) = (START.0, START.0 + 120_000);
    let path = |camera: &str| format!("/cameras/{camera}/shadow-model?from_ms={from}&to_ms={to}");

    // It did not look: what the live model raised says nothing of it.
    let unseen = json(house.get(&path("cam-east"), &technician).await).await;
    assert_eq!((&unseen["model"], &unseen["n_seen"]), (&body!("other"), &body!(0)));
    assert_eq!((&unseen["live"][0]["is_unseen"], &unseen["n_only_live"]), (&body!(true), &body!(0)));

    let camera = || CameraId::new("cam-east").unwrap();
    let model = || ModelId::new("other").unwrap();
    let (log, dispatch) = (&house.state.shadow, &house.state.dispatch);
    let before = dispatch.latest_seq().await.unwrap();
    tokio::task::block_in_place(|| {
        let source = ShadowSource::Model(model());
        for (began, raised) in [(BEGAN.0 + 2_000, BEGAN.0 + 5_000), (START.0 + 110_000, START.0 + 112_000)] {
            let AlarmEdge::Begin(mut begin) = begin_edge("crowd", 0, 0, 4) else { panic!() };
            (begin.began.wall, begin.raised.wall) = (WallTime(began), WallTime(raised));
            begin.began.pts.0 = began;
            let edge = AlarmEdge::Begin(begin);
            log.edge_blocking(&camera(), &source, edge).unwrap();
        }
    });
    let look =
        ShadowLook { span: Span { from: WallTime(from), to: WallTime(to) }, n_seen: 90, n_left_out: 10 };
    log.looked(camera(), model(), look).await.unwrap();
    let found = json(house.get(&path("cam-east"), &technician).await).await;
    let counts =
        ["n_both", "n_only_shadow", "n_only_live", "n_seen", "n_left_out"].map(|name| found[name].as_u64());
    assert_eq!(counts, [Some(1), Some(1), Some(0), Some(90), Some(10)], "{found}");
    let met: Vec<_> = found["shadow"].as_array().unwrap().iter().map(|one| &one["is_met"]).collect();
    assert_eq!(met, [false, true], "the newest first");
    assert_eq!(dispatch.latest_seq().await.unwrap(), before, "nothing in the queue");

    // A camera without one, a span that is too long, and who does not tune.
    let none = json(house.get(&path("cam-west"), &technician).await).await;
    assert_eq!((none.get("model"), &none["shadow"]), (None, &body!([])));
    let long = format!("/cameras/cam-east/shadow-model?from_ms=0&to_ms={to}");
    assert_eq!(json(house.get(&long, &technician).await).await["code"], "bad_range");
    assert_eq!(house.get(&path("cam-east"), &operator).await.status(), StatusCode::FORBIDDEN);
}
