//! Registration: a route exists only together with the action that it needs, or by standing in [`Public`].
//!
//! Nothing else in `api` holds an axum router, so nothing else can add a route.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::{HeaderMap, HeaderValue, Method, Uri, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{self, MethodFilter, MethodRouter},
};
use sharpeyes_domain::access::Action;

use super::{
    assets,
    error::ApiError,
    guard::{Caller, Guard},
    headers, session,
    state::ApiState,
};

/// Before every path of the interface.
pub const PREFIX: &str = "/api/v1";
/// Every body that is accepted is small JSON.
const BODY_LIMIT: usize = 64 << 10;
/// Six photos in base64, and a little more.
const FILES_LIMIT: usize = 42 << 20;
/// A page of another site cannot add this to a request without asking us first, and we never agree.
const CSRF_HEADER: &str = "x-sharpeyes";

/// The routes that need no session: the whole list, to be read in one glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {
    /// Says that the service answers, and nothing about the site.
    Health,
    /// Whether the first administrator is still to be made.
    SetupState,
    /// Makes the first administrator, with the one-time code.
    SetUp,
    /// Opens a session.
    SignIn,
    /// Takes a report of another system, which shows its token.
    Intake,
}

impl Public {
    const fn place(self) -> (Verb, &'static str) {
        match self {
            Self::Health => (Verb::Get, "/health"),
            Self::SetupState => (Verb::Get, "/setup"),
            Self::SetUp => (Verb::Post, "/setup"),
            Self::SignIn => (Verb::Post, "/session"),
            Self::Intake => (Verb::Post, "/intake/{id}"),
        }
    }
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Makes or does.
    Post,
    /// Changes.
    Patch,
    /// Ends.
    Delete,
}

impl Verb {
    /// As in HTTP.
    #[must_use]
    pub const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Nothing: it stands in the reviewed list.
    Public(Public),
    /// A session whose viewer may do this, checked before the handler and again on the object.
    Needs(Action),
}

/// One line of the table of routes.
#[derive(Clone, Debug)]
pub struct RouteRow {
    /// Method.
    pub verb: Verb,
    /// Path with `{parameters}`, with the prefix.
    pub path: String,
    /// What it needs.
    pub declared: Declared,
}

/// All routes with what they need.
pub struct Routes {
    state: ApiState,
    router: Router<ApiState>,
    table: Vec<RouteRow>,
}

impl Routes {
    pub(super) fn new(state: ApiState) -> Self {
        Self { state, router: Router::new(), table: Vec::new() }
    }

    /// A route that needs a session and an action.
    #[must_use]
    pub(super) fn needs<H, T>(self, verb: Verb, path: &str, action: Action, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        self.add(verb, path, Declared::Needs(action), routing::on(verb.filter(), handler))
    }

    /// As [`Routes::needs`], for files: the body may be as large as a report with photos.
    #[must_use]
    pub(super) fn needs_large<H, T>(self, verb: Verb, path: &str, action: Action, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        let route = routing::on(verb.filter(), handler).layer(DefaultBodyLimit::max(FILES_LIMIT));
        self.add(verb, path, Declared::Needs(action), route)
    }

    /// A route of the reviewed list.
    #[must_use]
    pub(super) fn public<H, T>(self, route: Public, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        let (verb, path) = route.place();
        let limit = if route == Public::Intake { FILES_LIMIT } else { BODY_LIMIT };
        let on = routing::on(verb.filter(), handler).layer(DefaultBodyLimit::max(limit));
        self.add(verb, path, Declared::Public(route), on)
    }

    fn add(mut self, verb: Verb, path: &str, declared: Declared, route: MethodRouter<ApiState>) -> Self {
        let path = format!("{PREFIX}{path}");
        let route = match declared {
            Declared::Public(which) => {
                route.route_layer(middleware::from_fn_with_state((self.state.clone(), which), admit_public))
            }
            Declared::Needs(action) => {
                route.route_layer(middleware::from_fn_with_state((self.state.clone(), action), admit))
            }
        };
        self.router = self.router.route(&path, route);
        self.table.push(RouteRow { verb, path, declared });
        self
    }

    /// Every route: tests walk it.
    #[must_use]
    pub fn table(&self) -> &[RouteRow] {
        &self.table
    }

    /// The service. Does no I/O by itself.
    pub fn into_router(self) -> Router {
        self.router
            .fallback(assets::serve)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(middleware::from_fn(headers::secure))
            .with_state(self.state)
    }
}

async fn admit_public(
    State((state, which)): State<(ApiState, Public)>,
    request: Request,
    next: Next,
) -> Response {
    if state.gate.is_broken() && which != Public::Health {
        return ApiError::PolicyUnavailable.into_response();
    }
    // A system's token is in no browser, so no page can make a browser send it.
    if which == Public::Intake {
        return next.run(request).await;
    }
    match from_own_page(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Session, then verb; the object is the handler's to load through its [`Guard`].
async fn admit(State((state, action)): State<(ApiState, Action)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match guard(state, action, &parts).await {
        Ok(guard) => {
            parts.extensions.insert(guard);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => error.into_response(),
    }
}

async fn guard(state: ApiState, action: Action, request: &Parts) -> Result<Guard, ApiError> {
    if state.gate.is_broken() {
        return Err(ApiError::PolicyUnavailable);
    }
    from_own_page(&request.method, &request.uri, &request.headers)?;
    let caller = Caller::of(&request.extensions);
    let token = session::token(&state, &request.headers).ok_or(ApiError::NotSignedIn)?;
    let viewer = state.accounts.viewer(&token).await?.ok_or(ApiError::NotSignedIn)?;
    Guard::admit(state, viewer, action, caller).await
}

/// Refuses what a page of another site made the browser send.
fn from_own_page(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site") == Some("cross-site") {
        return Err(ApiError::CrossSite);
    }
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    let is_socket = text("upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
    if is_safe && !is_socket {
        return Ok(());
    }
    let is_own = headers.get(header::ORIGIN).map(|origin| is_own_origin(origin.as_bytes(), uri, headers));
    let is_fine = if is_socket {
        // Browsers always name the origin of a WebSocket, and ask nobody before they open it.
        is_own == Some(true)
    } else {
        is_own != Some(false) && text(CSRF_HEADER) == Some("1")
    };
    if is_fine { Ok(()) } else { Err(ApiError::CrossSite) }
}

fn is_own_origin(origin: &[u8], uri: &Uri, headers: &HeaderMap) -> bool {
    // HTTP/2 names the host in the request line.
    let named = uri.authority().map(|authority| authority.as_str().as_bytes());
    let Some(host) = headers.get(header::HOST).map(HeaderValue::as_bytes).or(named) else { return false };
    let authority = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}
