//! Signing in, the brake on guessing, forged requests, and when sessions end.

use std::time::Duration;

use axum::http::{StatusCode, header};
use serde_json::json;
use sharpeyes_domain::access::Role;

use super::{HOST, House, PASSWORD, cookie, get, json, post, request, with_json};
use crate::access::accounts::Accounts;

async fn try_password(house: &House, name: &str, password: &str) -> StatusCode {
    house.send(post("/session", &json!({ "name": name, "password": password }))).await.status()
}

#[tokio::test]
async fn the_first_administrator_is_made_once_with_the_printed_code() {
    let house = House::new().await;
    let needed = || house.send(get("/setup", ""));
    assert_eq!(json(needed().await).await, json!({ "needed": true }));
    let old = house.state.accounts.issue_setup_code().await.unwrap().unwrap();
    let code = house.state.accounts.issue_setup_code().await.unwrap().unwrap();
    assert_eq!(code.len(), 14, "{code}");
    let set_up = |code: &str, name: &str, password: &str| {
        post("/setup", &json!({ "code": code, "name": name, "password": password }))
    };
    let refused = house.send(set_up(&old, "boss", PASSWORD)).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "a code of an earlier start is dead");
    assert_eq!(json(refused).await["code"], "setup_code");
    let weak = json(house.send(set_up(&code, "boss", "12345678")).await).await;
    assert_eq!((weak["code"].as_str(), weak["field"].as_str()), (Some("password_common"), Some("password")));
    let made = house.send(set_up(&code.to_lowercase().replace('-', " "), "boss", PASSWORD)).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let own = cookie(&made);
    assert_eq!(json(made).await["role"], "administrator");
    assert_eq!(house.get("/accounts", &own).await.status(), StatusCode::OK, "they are signed in");
    assert_eq!(json(needed().await).await, json!({ "needed": false }));
    assert_eq!(house.send(set_up(&code, "boss2", PASSWORD)).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.state.accounts.issue_setup_code().await.unwrap(), None);
}

#[tokio::test]
async fn a_setup_code_expires() {
    let house = House::new().await;
    let code = house.state.accounts.issue_setup_code().await.unwrap().unwrap();
    house.clock.advance(Duration::from_secs(24 * 3600));
    let late =
        house.send(post("/setup", &json!({ "code": code, "name": "boss", "password": PASSWORD }))).await;
    assert_eq!(json(late).await["code"], "setup_code");
}

#[tokio::test]
async fn wrong_name_wrong_password_and_disabled_look_the_same() {
    let house = House::new().await;
    house.account("keeper", Role::Administrator, "town").await;
    let id = house.account("gone", Role::Operator, "east").await;
    let admin = house.sign_in("keeper").await;
    let disable = request("PATCH", &format!("/accounts/{id}")).header(header::COOKIE, &admin);
    let done = house.send(with_json(disable, &json!({ "disabled": true }))).await;
    assert_eq!(json(done).await["disabled"], true);
    let mut bodies = Vec::new();
    for (name, password) in [("nobody", PASSWORD), ("keeper", "not the password"), ("gone", PASSWORD)] {
        let answer = house.send(post("/session", &json!({ "name": name, "password": password }))).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
        bodies.push(json(answer).await);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[tokio::test]
async fn guessing_gets_slower_and_time_heals() {
    let house = House::new().await;
    house.account("op", Role::Operator, "east").await;
    for _ in 0..5 {
        assert_eq!(try_password(&house, "OP", "wrong wrong").await, StatusCode::UNAUTHORIZED);
    }
    let braked = house.send(post("/session", &json!({ "name": "op", "password": PASSWORD }))).await;
    assert_eq!(braked.status(), StatusCode::TOO_MANY_REQUESTS, "even the right password waits");
    assert_eq!(braked.headers()[header::RETRY_AFTER], "1");
    assert_eq!(json(braked).await["retry_after_s"], 1);
    house.clock.advance(Duration::from_millis(1_001));
    assert_eq!(try_password(&house, "op", "wrong wrong").await, StatusCode::UNAUTHORIZED);
    house.clock.advance(Duration::from_millis(1_001));
    assert_eq!(
        try_password(&house, "op", PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS,
        "now it is two seconds"
    );
    // A restart forgets nothing.
    let site = &house.state.site;
    let after_restart =
        Accounts::new(&house.db, &site.name, site.areas.clone(), house.clock.clone()).unwrap();
    assert!(after_restart.sign_in("op", PASSWORD.to_owned(), "192.0.2.50").await.is_err());
    house.clock.advance(Duration::from_millis(1_001));
    assert_eq!(try_password(&house, "op", PASSWORD).await, StatusCode::OK);
    assert_eq!(
        try_password(&house, "op", "wrong wrong").await,
        StatusCode::UNAUTHORIZED,
        "the count began anew"
    );
}

#[tokio::test]
async fn strangers_lock_nobody_out_of_their_own_desk() {
    let house = House::new().await;
    house.account("op", Role::Operator, "east").await;
    let accounts = &house.state.accounts;
    accounts.sign_in("op", PASSWORD.to_owned(), "192.0.2.50").await.unwrap();
    for n in 0..40 {
        let _ = accounts.sign_in("op", "wrong wrong".to_owned(), &format!("203.0.113.{n}")).await;
    }
    assert!(accounts.sign_in("op", PASSWORD.to_owned(), "203.0.113.200").await.is_err(), "new places wait");
    assert!(accounts.sign_in("op", PASSWORD.to_owned(), "192.0.2.50").await.is_ok(), "the desk does not");
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let house = House::new().await;
    house.account("op", Role::Operator, "east").await;
    let answer = house.send(post("/session", &json!({ "name": "op", "password": PASSWORD }))).await;
    let set = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let value = cookie(&answer);
    assert_eq!(value.split('=').nth(1).unwrap().len(), 64, "256 bits");
    let kept: i64 = house
        .db
        .read_blocking(|c| {
            c.query_row(
                "SELECT count(*) FROM session WHERE hex(token_sha256) LIKE ?1",
                [value.split('=').nth(1).unwrap().to_uppercase()],
                |row| row.get(0),
            )
        })
        .unwrap();
    assert_eq!(kept, 0, "the token itself is kept nowhere");
}

#[tokio::test]
async fn requests_forged_by_another_page_are_refused() {
    let house = House::new().await;
    let cookie = house.viewer("keeper", Role::Administrator, "town").await;
    let body = json!({ "name": "made", "role": "auditor", "password": PASSWORD });
    let attempt = |header: &'static str, value: Option<&'static str>| {
        let mut made = with_json(request("POST", "/accounts").header("cookie", &cookie), &body);
        made.headers_mut().remove(header);
        if let Some(value) = value {
            made.headers_mut().insert(header, value.parse().unwrap());
        }
        made
    };
    let own: &'static str = "https://gateway.test";
    assert_eq!(own, format!("https://{HOST}"));
    let refused = [
        attempt("x-sharpeyes", None),
        attempt("x-sharpeyes", Some("0")),
        attempt("origin", Some("https://evil.test")),
        attempt("origin", Some("https://gateway.test.evil.test")),
        attempt("origin", Some("null")),
        attempt("sec-fetch-site", Some("cross-site")),
    ];
    for (n, forged) in refused.into_iter().enumerate() {
        let answer = house.send(forged).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{n}");
        assert_eq!(json(answer).await["code"], "cross_site");
    }
    let mut picture = get("/session", &cookie);
    picture.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(house.send(picture).await.status(), StatusCode::FORBIDDEN);
    let mut sign_in = post("/session", &json!({ "name": "keeper", "password": PASSWORD }));
    sign_in.headers_mut().remove("x-sharpeyes");
    assert_eq!(house.send(sign_in).await.status(), StatusCode::FORBIDDEN, "signing in is a state change too");
    assert_eq!(house.send(attempt("origin", Some(own))).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn sessions_end_by_time_by_leaving_and_by_order() {
    let house = House::new().await;
    let id = house.account("op", Role::Operator, "east").await;
    let admin_id = house.account("keeper", Role::Administrator, "town").await;
    let status = |cookie: String| async { house.get("/session", &{ cookie }).await.status() };
    let hours = |n: u64| house.clock.advance(Duration::from_secs(n * 3600));

    let idle = house.sign_in("op").await;
    hours(2);
    assert_eq!(status(idle.clone()).await, StatusCode::OK, "two hours to the second");
    hours(2);
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(status(idle).await, StatusCode::UNAUTHORIZED, "unused for longer");

    let busy = house.sign_in("op").await;
    for _ in 0..16 {
        assert_eq!(status(busy.clone()).await, StatusCode::OK);
        hours(1);
    }
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(status(busy).await, StatusCode::UNAUTHORIZED, "after sixteen hours everybody signs in again");

    let left = house.sign_in("op").await;
    let leave =
        request("DELETE", "/session").header(header::COOKIE, &left).body(axum::body::Body::empty()).unwrap();
    let answer = house.send(leave).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.headers().contains_key("clear-site-data"));
    assert_eq!(status(left).await, StatusCode::UNAUTHORIZED);

    let admin = house.sign_in("keeper").await;
    let order = |id: i64, change: serde_json::Value| {
        with_json(request("PATCH", &format!("/accounts/{id}")).header("cookie", &admin), &change)
    };
    for change in
        [json!({ "role": "police" }), json!({ "areas": ["west"] }), json!({ "password": "another good one" })]
    {
        let open = house.sign_in_any("op", &["another good one"]).await;
        assert_eq!(house.send(order(id.0, change.clone())).await.status(), StatusCode::OK);
        assert_eq!(status(open).await, StatusCode::UNAUTHORIZED, "{change}");
    }
    let renamed = house.sign_in_any("op", &["another good one"]).await;
    assert_eq!(house.send(order(id.0, json!({ "display_name": "New" }))).await.status(), StatusCode::OK);
    assert_eq!(status(renamed).await, StatusCode::OK, "a name is no right");

    for change in [json!({ "disabled": true }), json!({ "role": "auditor" })] {
        let last = json(house.send(order(admin_id.0, change)).await).await;
        assert_eq!(last["code"], "last_administrator");
    }
}

#[tokio::test]
async fn one_changes_ones_own_password_by_knowing_it() {
    let house = House::new().await;
    let here = house.viewer("op", Role::Operator, "east").await;
    let elsewhere = house.sign_in("op").await;
    let change =
        |body: serde_json::Value| with_json(request("PATCH", "/session").header("cookie", &here), &body);
    let wrong =
        house.send(change(json!({ "password": "a new long one", "current_password": "nope nope" }))).await;
    assert_eq!(json(wrong).await["code"], "wrong_password");
    let right =
        change(json!({ "password": "a new long one", "current_password": PASSWORD, "language": "en" }));
    assert_eq!(json(house.send(right).await).await["language"], "en");
    assert_eq!(house.get("/session", &here).await.status(), StatusCode::OK);
    assert_eq!(house.get("/session", &elsewhere).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(try_password(&house, "op", PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(try_password(&house, "op", "a new long one").await, StatusCode::OK);
}

#[tokio::test]
async fn accounts_that_make_no_sense_are_not_made() {
    let house = House::new().await;
    let cookie = house.viewer("keeper", Role::Administrator, "town").await;
    let check = |body: serde_json::Value, code: &'static str| {
        let made = with_json(request("POST", "/accounts").header("cookie", &cookie), &body);
        let house = &house;
        async move {
            let answer = house.send(made).await;
            let status = answer.status();
            let found = json(answer).await;
            assert!(status.is_client_error(), "{found}");
            assert_eq!(found["code"], code, "{found}");
        }
    };
    let with = |key: &str, value: serde_json::Value| {
        let mut body =
            json!({ "name": "new-one", "role": "operator", "areas": ["east"], "password": PASSWORD });
        body[key] = value;
        body
    };
    check(with("name", json!("x")), "bad_name").await;
    check(with("name", json!("a b")), "bad_name").await;
    check(with("name", json!("KEEPER")), "name_taken").await;
    check(with("areas", json!([])), "area_needed").await;
    check(with("areas", json!(["nowhere"])), "unknown_area").await;
    check(with("areas", json!(["../x"])), "unknown_area").await;
    check(with("password", json!("short")), "password_short").await;
    check(with("password", json!("new-one-new-one")), "password_contains_name").await;
    check(with("password", json!("we are in Liushu")), "password_contains_site").await;
    check(with("display_name", json!("a\nb")), "bad_display_name").await;
    check(with("role", json!("root")), "malformed").await;
    check(with("surprise", json!(1)), "malformed").await;
}

impl House {
    /// Signs in with whichever password holds now.
    async fn sign_in_any(&self, name: &str, others: &[&str]) -> String {
        for password in [PASSWORD].iter().chain(others) {
            let answer = self.send(post("/session", &json!({ "name": name, "password": password }))).await;
            if answer.status() == StatusCode::OK {
                return cookie(&answer);
            }
        }
        panic!("{name} cannot sign in");
    }
}
