//! The interface as a document; the console's types are generated from it.

use axum::Json;
use utoipa::OpenApi;

use super::{accounts, audit, cameras, clips, dto, events, incidents, live, session};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sharp Eyes gateway",
        description = "Sign in with `POST /session`; the session is a cookie. Every state change needs the header \
                       `x-sharpeyes: 1`. Times are Unix milliseconds UTC."
    ),
    paths(
        super::health,
        session::setup_state,
        session::set_up,
        session::sign_in,
        session::own,
        session::change_own,
        session::sign_out,
        cameras::areas,
        cameras::list,
        cameras::one,
        cameras::health,
        live::watch,
        incidents::list,
        incidents::one,
        incidents::act,
        clips::describe,
        clips::file,
        incidents::trace,
        incidents::thumbnail,
        events::follow,
        accounts::list,
        accounts::create,
        accounts::change,
        audit::page,
        audit::verify,
        document,
    ),
    components(schemas(dto::EventPosition))
)]
struct Document;

/// The document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, content_type = "application/json")))]
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
