//! The plan and the tiles through the interface.

use axum::http::{StatusCode, header};
use serde_json::json;
use sharpeyes_domain::access::Role;

use super::{House, PLAN, bytes, json as read};

#[tokio::test]
async fn cameras_are_where_the_site_file_says_and_the_plan_and_the_tiles_are_served() {
    let house = House::new().await;
    let operator = house.viewer("op", Role::Operator, "town").await;
    let map = read(house.get("/map", &operator).await).await;
    assert_eq!(
        map,
        json!({ "plan": true, "tiles": { "min_zoom": 1, "max_zoom": 1 }, "is_incomplete": false })
    );
    let cameras = read(house.get("/cameras", &operator).await).await;
    assert_eq!(cameras[0]["at"], json!({ "x": 0.25, "y": 0.5 }));
    assert_eq!((&cameras[0]["latitude"], &cameras[0]["longitude"]), (&json!(25.6), &json!(100.25)));
    assert_eq!((cameras[1].get("at"), cameras[1].get("latitude")), (None, None));
    let plan = house.get("/map/plan", &operator).await;
    assert_eq!(plan.headers()[header::CONTENT_TYPE], "image/svg+xml");
    assert_eq!(bytes(plan).await, PLAN);
    let tile = house.get("/map/tiles/1/0/1", &operator).await;
    assert_eq!(tile.headers()[header::CONTENT_TYPE], "image/png");
    assert_eq!(&bytes(tile).await[..], b"\x89PNG");
}

#[tokio::test]
async fn nothing_but_tiles_of_the_folder_is_served() {
    let house = House::new().await;
    let operator = house.viewer("op", Role::Operator, "town").await;
    for path in
        ["1/0/0", "0/0/0", "1/2/0", "1/0/2", "23/0/0", "1/-1/0", "1/0/1.png", "..%2F..%2Fsite.toml/0/0"]
    {
        let answer = house.get(&format!("/map/tiles/{path}"), &operator).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    std::fs::remove_file(house.dir.path().join("plan.svg")).unwrap();
    let map = read(house.get("/map", &operator).await).await;
    assert_eq!((&map["plan"], &map["is_incomplete"]), (&json!(false), &json!(true)));
    assert_eq!(house.get("/map/plan", &operator).await.status(), StatusCode::NOT_FOUND);
}
