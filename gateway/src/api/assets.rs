//! The console, built once and carried in the binary. Paths of the single page all get `index.html`.

use axum::{
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::ApiError;

#[derive(RustEmbed)]
#[folder = "../console/dist"]
#[allow_missing = true]
struct Console;

/// What the build leaves under this folder has its hash in its name.
const HASHED: &str = "assets/";
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Sharp Eyes</title>\
    <p>The console was not built into this gateway: run <code>make console</code> and build again. \
    The interface under <code>/api/v1</code> works without it.";

pub(super) async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return ApiError::NotFound.into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(file) = Console::get(path) {
        return answer(path, file);
    }
    // A file that is missing is missing; anything else is a page of the console.
    if path.starts_with(HASHED) {
        return ApiError::NotFound.into_response();
    }
    match Console::get("index.html") {
        Some(file) => answer("index.html", file),
        None => page(StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT),
    }
}

fn answer(path: &str, file: EmbeddedFile) -> Response {
    let kind = HeaderValue::from_str(file.metadata.mimetype())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(cache))];
    (headers, file.data.into_owned()).into_response()
}

fn page(status: StatusCode, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}
