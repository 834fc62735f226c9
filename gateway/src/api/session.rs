//! Signing in and out, one's own account, and making the first administrator.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::IntoResponse,
};

use super::{
    convert, dto,
    error::ApiError,
    extract::Body,
    guard::{Caller, Guard},
    state::ApiState,
};
use crate::access::accounts::SignedIn;

/// The session cookie's name: with `__Host-` a browser keeps it to this host, to HTTPS and to the whole path.
fn cookie_name(state: &ApiState) -> &'static str {
    if state.site.server.secure_cookie { "__Host-sharpeyes_session" } else { "sharpeyes_session" }
}

/// The token that a request carries.
pub(super) fn token(state: &ApiState, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(state);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn set_cookie(state: &ApiState, value: &str, extra: &str) -> [(HeaderName, HeaderValue); 1] {
    let secure = if state.site.server.secure_cookie { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{extra}", cookie_name(state));
    // A token is hexadecimal, so this cannot fail; an empty header opens no session.
    [(header::SET_COOKIE, HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("")))]
}

/// Whether the first administrator is still to be made.
#[utoipa::path(get, path = "/api/v1/setup", responses((status = 200, body = dto::SetupState)))]
pub(super) async fn setup_state(State(state): State<ApiState>) -> Result<Json<dto::SetupState>, ApiError> {
    Ok(Json(dto::SetupState { needed: state.accounts.is_setup_needed().await? }))
}

/// Makes the first administrator with the one-time code, and signs them in.
#[utoipa::path(post, path = "/api/v1/setup", request_body = dto::SetupRequest, responses(
    (status = 201, body = dto::Viewer),
    (status = 422, body = dto::ErrorBody, description = "code, name or password refused"),
    (status = 429, body = dto::ErrorBody),
))]
pub(super) async fn set_up(
    State(state): State<ApiState>,
    caller: Caller,
    Body(request): Body<dto::SetupRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let made = state.accounts.set_up(&request.code, request.name, request.password, &caller.source).await?;
    Ok(welcome(&state, StatusCode::CREATED, made))
}

/// Opens a session.
#[utoipa::path(post, path = "/api/v1/session", request_body = dto::SignIn, responses(
    (status = 200, body = dto::Viewer),
    (status = 401, body = dto::ErrorBody, description = "name or password is wrong, or the account is disabled"),
    (status = 429, body = dto::ErrorBody, description = "too many attempts; `retry_after_s` says when"),
))]
pub(super) async fn sign_in(
    State(state): State<ApiState>,
    caller: Caller,
    Body(request): Body<dto::SignIn>,
) -> Result<impl IntoResponse, ApiError> {
    let signed_in = state.accounts.sign_in(&request.name, request.password, &caller.source).await?;
    Ok(welcome(&state, StatusCode::OK, signed_in))
}

fn welcome(state: &ApiState, status: StatusCode, signed_in: SignedIn) -> impl IntoResponse + use<> {
    let cookie = set_cookie(state, &signed_in.token, "");
    (status, cookie, Json(convert::viewer(&signed_in.viewer, &state.site)))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", responses(
    (status = 200, body = dto::Viewer), (status = 401, body = dto::ErrorBody),
))]
pub(super) async fn own(guard: Guard) -> Json<dto::Viewer> {
    Json(convert::viewer(&guard.viewer, &guard.state.site))
}

/// Changes one's own language or password.
#[utoipa::path(patch, path = "/api/v1/session", request_body = dto::OwnChange, responses(
    (status = 200, body = dto::Viewer), (status = 422, body = dto::ErrorBody), (status = 429, body = dto::ErrorBody),
))]
pub(super) async fn change_own(
    guard: Guard,
    Body(change): Body<dto::OwnChange>,
) -> Result<Json<dto::Viewer>, ApiError> {
    let accounts = &guard.state.accounts;
    if let Some(password) = change.password {
        let current = change.current_password.unwrap_or_default();
        accounts.change_own_password(&guard.viewer, current, password, &guard.source).await?;
    }
    if let Some(language) = change.language {
        accounts.change_own_language(&guard.viewer, language.into(), &guard.source).await?;
    }
    let viewer = accounts.viewer_again(guard.viewer.session).await?.ok_or(ApiError::NotSignedIn)?;
    Ok(Json(convert::viewer(&viewer, &guard.state.site)))
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", responses((status = 204)))]
pub(super) async fn sign_out(guard: Guard) -> Result<impl IntoResponse, ApiError> {
    guard.state.accounts.sign_out(&guard.viewer, &guard.source).await?;
    guard.state.seats().leave(guard.viewer.session);
    let clear =
        [(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\", \"storage\""))];
    Ok((StatusCode::NO_CONTENT, set_cookie(&guard.state, "", "; Max-Age=0"), clear))
}
