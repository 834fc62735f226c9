//! The console's files, with or without a built console, and the headers on every answer.

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};

use super::{House, bytes, json};

async fn fetch(house: &House, method: &str, path: &str) -> Response<Body> {
    house.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_answer_forbids_scripts_and_frames_from_elsewhere() {
    let house = House::new().await;
    for path in
        ["/", "/incidents/7", "/assets/none.js", "/api/v1/health", "/api/v1/incidents", "/api/nothing"]
    {
        let answer = fetch(&house, "GET", path).await;
        let headers = answer.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        if path.starts_with("/api/v1") {
            assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn pages_of_the_console_are_one_page_and_nothing_outside_is_given() {
    let house = House::new().await;
    let home = fetch(&house, "GET", "/").await;
    let is_built = home.status() == StatusCode::OK;
    assert!(is_built || home.status() == StatusCode::SERVICE_UNAVAILABLE);
    let home = bytes(home).await;
    for path in
        ["/incidents/7", "/../Cargo.toml", "/..%2f..%2fCargo.toml", "/%2e%2e/Cargo.toml", "//etc/passwd"]
    {
        assert_eq!(bytes(fetch(&house, "GET", path).await).await, home, "{path}");
    }
    assert_eq!(fetch(&house, "GET", "/assets/none.js").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(fetch(&house, "POST", "/").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    let unknown = fetch(&house, "GET", "/api/v1/none").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(unknown).await["code"], "not_found");
    assert_eq!(fetch(&house, "PUT", "/api/v1/session").await.status(), StatusCode::METHOD_NOT_ALLOWED);
}
