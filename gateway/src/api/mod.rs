//! The HTTP interface: routes, the wire's shapes, live updates, live pictures, clips, and the console's files.
//!
//! No decision is made here: `access` says who may, `desk` says what happens, `record` gives the bytes.
//! axum stays in here. `router(state)` does no I/O, so tests call it without a server.
//!
//! **Invariant:** a route exists only with a declared action or in the list of public ones (`routes`), and handlers
//! come to cameras and incidents only through their `guard::Guard`.

mod accounts;
mod assets;
mod audit;
mod blind;
mod bulletins;
mod cameras;
mod centre;
mod clips;
mod consoles;
mod convert;
pub mod dto;
mod error;
mod events;
mod extract;
mod files;
mod guard;
mod handovers;
mod headers;
mod holds;
mod incidents;
mod ledger;
mod live;
mod looks;
mod map;
mod movie;
mod noise;
mod notices;
mod openapi;
mod outbound;
mod pictures;
pub mod ports;
mod recordings;
mod reports;
pub mod routes;
mod seats;
mod session;
mod state;
mod statistics;
mod storage;
mod tail;
#[cfg(test)]
mod tests;
mod ticket_events;
mod tickets;
mod timeline;
mod transcodes;
mod trials;
mod vigil;
mod wall;

use std::{io, net::SocketAddr};

use axum::{Json, Router, extract::State};
use sharpeyes_domain::access::Action;
use tokio::net::TcpListener;

use self::routes::{Public, Routes, Verb};
pub use self::{
    openapi::openapi,
    state::{ApiState, Parts},
};

/// Every route with what it needs. Read this to know the interface.
#[must_use]
pub fn routes(state: ApiState) -> Routes {
    Routes::new(state)
        .public(Public::Health, health)
        .public(Public::SetupState, session::setup_state)
        .public(Public::SetUp, session::set_up)
        .public(Public::SignIn, session::sign_in)
        .public(Public::Intake, reports::take_in)
        .needs(Verb::Get, "/session", Action::SessionOwn, session::own)
        .needs(Verb::Patch, "/session", Action::SessionOwn, session::change_own)
        .needs(Verb::Delete, "/session", Action::SessionOwn, session::sign_out)
        .needs(Verb::Get, "/areas", Action::CameraList, cameras::areas)
        .needs(Verb::Get, "/cameras", Action::CameraList, cameras::list)
        .needs(Verb::Get, "/cameras/{id}", Action::CameraList, cameras::one)
        .needs(Verb::Get, "/cameras/{id}/live", Action::LiveView, live::watch)
        .needs(Verb::Get, "/cameras/{id}/recording", Action::RecordingView, recordings::describe)
        .needs(Verb::Get, "/cameras/{id}/recording.mp4", Action::RecordingView, recordings::file)
        .needs(Verb::Get, "/cameras/{id}/recording.h264.mp4", Action::RecordingView, transcodes::watch)
        .needs(Verb::Get, "/cameras/{id}/picture.jpg", Action::RecordingView, pictures::still)
        .needs(Verb::Get, "/cameras/{id}/rules", Action::RuleTry, trials::rules)
        .needs(Verb::Get, "/cameras/{id}/shadow-alarms", Action::RuleTry, trials::shadow)
        .needs(Verb::Get, "/cameras/{id}/shadow-model", Action::RuleTry, trials::shadow_model)
        .needs(Verb::Get, "/cameras/{id}/trials", Action::RuleTry, trials::list)
        .needs(Verb::Post, "/cameras/{id}/trials", Action::RuleTry, trials::ask)
        .needs(Verb::Get, "/cameras/{id}/trials/{trial}", Action::RuleTry, trials::one)
        .needs(Verb::Get, "/cameras/{id}/trials/{trial}/still.jpg", Action::RuleStill, trials::still)
        .needs(Verb::Delete, "/cameras/{id}/trials/{trial}", Action::RuleTry, trials::remove)
        .needs(Verb::Get, "/noise", Action::NoiseRead, noise::show)
        .needs(Verb::Get, "/rules/verdicts", Action::RuleTry, trials::verdicts)
        .needs(Verb::Get, "/timeline", Action::RecordingList, timeline::rows)
        .needs(Verb::Get, "/timeline/next-alarm", Action::IncidentList, timeline::next_alarm)
        .needs(Verb::Get, "/map", Action::CameraList, map::show)
        .needs(Verb::Get, "/map/plan", Action::CameraList, map::plan)
        .needs(Verb::Get, "/map/tiles/{z}/{x}/{y}", Action::CameraList, map::tile)
        .needs(Verb::Get, "/health/cameras", Action::CameraHealth, cameras::health)
        .needs(Verb::Get, "/incidents", Action::IncidentList, incidents::list)
        .needs(Verb::Get, "/incidents/count", Action::IncidentList, incidents::count)
        .needs(Verb::Get, "/incidents/{id}", Action::IncidentView, incidents::one)
        .needs(Verb::Get, "/incidents/{id}/alarms", Action::IncidentView, incidents::alarms)
        .needs(Verb::Get, "/incidents/{id}/history", Action::IncidentView, incidents::history)
        .needs(Verb::Post, "/incidents/{id}/actions", Action::IncidentAct, incidents::act)
        .needs(Verb::Post, "/incidents/{id}/work", Action::IncidentWork, incidents::work)
        .needs_large(Verb::Post, "/incidents/{id}/attachments", Action::IncidentWork, files::attach)
        .needs(Verb::Get, "/incidents/{id}/attachments/{file}", Action::IncidentView, files::fetch)
        .needs(Verb::Get, "/revisits", Action::IncidentAct, incidents::revisits)
        .needs(Verb::Get, "/escalations", Action::IncidentList, incidents::escalations)
        .needs(Verb::Post, "/incidents/{id}/acknowledgement", Action::IncidentView, incidents::acknowledge)
        .needs(Verb::Get, "/incidents/{id}/looks", Action::IncidentAct, looks::list)
        .needs(Verb::Get, "/incidents/{id}/supervision", Action::IncidentView, files::sheets)
        .needs_large(Verb::Post, "/reports", Action::IncidentReport, reports::report)
        .needs(Verb::Get, "/shift", Action::ShiftHandOver, handovers::shift)
        .needs(Verb::Get, "/handovers", Action::ShiftHandOver, handovers::list)
        .needs(Verb::Post, "/handovers", Action::ShiftHandOver, handovers::open)
        .needs(Verb::Get, "/handovers/{id}", Action::ShiftHandOver, handovers::one)
        .needs(Verb::Post, "/handovers/{id}/signature", Action::ShiftHandOver, handovers::sign)
        .needs(Verb::Get, "/consoles", Action::ConsoleWatch, consoles::list)
        .needs(Verb::Post, "/consoles", Action::ConsoleWatch, consoles::tell)
        .needs(Verb::Get, "/blind-cameras", Action::CameraHealth, blind::list)
        .needs(Verb::Get, "/wall", Action::IncidentList, wall::show)
        .needs(Verb::Get, "/reports/own", Action::IncidentReport, reports::own)
        .needs(Verb::Get, "/reports/areas", Action::IncidentReport, reports::areas)
        .needs(Verb::Get, "/centre", Action::CentreRead, centre::show)
        .needs(Verb::Get, "/statistics", Action::StatisticsRead, statistics::show)
        .needs(Verb::Get, "/statistics/accuracy", Action::StatisticsRead, statistics::accuracy)
        .needs(Verb::Get, "/ledger", Action::BulletinMake, ledger::export)
        .needs(Verb::Get, "/bulletins", Action::StatisticsRead, bulletins::list)
        .needs(Verb::Post, "/bulletins", Action::BulletinMake, bulletins::make)
        .needs(Verb::Get, "/bulletins/{id}", Action::StatisticsRead, bulletins::one)
        .needs(Verb::Get, "/bulletins/{id}/file", Action::StatisticsRead, bulletins::file)
        .needs(Verb::Get, "/views", Action::IncidentList, centre::views)
        .needs(Verb::Post, "/views", Action::IncidentList, centre::save_view)
        .needs(Verb::Delete, "/views/{id}", Action::IncidentList, centre::forget_view)
        .needs(Verb::Get, "/incidents/{id}/clip", Action::ClipView, clips::describe)
        .needs(Verb::Get, "/incidents/{id}/clip.mp4", Action::ClipView, clips::file)
        .needs(Verb::Get, "/incidents/{id}/clip.h264.mp4", Action::ClipView, clips::recoded)
        .needs(Verb::Get, "/incidents/{id}/trace", Action::TraceView, incidents::trace)
        .needs(Verb::Get, "/incidents/{id}/thumbnail.jpg", Action::ThumbnailView, incidents::thumbnail)
        .needs(Verb::Get, "/events", Action::IncidentList, events::follow)
        .needs(Verb::Get, "/holds", Action::HoldManage, holds::list)
        .needs(Verb::Post, "/holds", Action::HoldManage, holds::make)
        .needs(Verb::Post, "/holds/{id}/release", Action::HoldManage, holds::release)
        .needs(Verb::Get, "/storage", Action::StorageRead, storage::show)
        .needs(Verb::Post, "/storage/clock", Action::StorageManage, storage::confirm_clock)
        .needs(Verb::Get, "/tickets", Action::TicketRead, tickets::list)
        .needs(Verb::Get, "/tickets/events", Action::TicketRead, ticket_events::follow)
        .needs(Verb::Post, "/tickets/{id}/acknowledge", Action::TicketManage, tickets::acknowledge)
        .needs(Verb::Post, "/tickets/{id}/close", Action::TicketManage, tickets::close)
        .needs(Verb::Get, "/outbound", Action::OutboundRead, outbound::list)
        .needs(Verb::Get, "/outbound/{target}/messages", Action::OutboundRead, outbound::messages)
        .needs(Verb::Post, "/outbound/{target}/resend", Action::OutboundResend, outbound::resend)
        .needs(Verb::Get, "/accounts", Action::AccountManage, accounts::list)
        .needs(Verb::Post, "/accounts", Action::AccountManage, accounts::create)
        .needs(Verb::Patch, "/accounts/{id}", Action::AccountManage, accounts::change)
        .needs(Verb::Get, "/audit", Action::AuditRead, audit::page)
        .needs(Verb::Get, "/audit/verify", Action::AuditRead, audit::verify)
        .needs(Verb::Get, "/openapi.json", Action::InterfaceRead, openapi::document)
}

/// The service. Does no I/O by itself.
pub fn router(state: ApiState) -> Router {
    routes(state).into_router()
}

/// Serves on `listener` until the state's shutdown token is cancelled and every request in flight is answered.
/// Open streams end by themselves then; who wants a deadline puts one around this.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, state: ApiState) -> io::Result<()> {
    let shutdown = state.shutdown.clone();
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

/// Says that the service answers, and nothing about the site.
#[utoipa::path(get, path = "/api/v1/health", responses((status = 200, body = dto::Health)))]
async fn health(State(state): State<ApiState>) -> Json<dto::Health> {
    let status = if state.gate.is_broken() { "denied" } else { "ok" };
    Json(dto::Health { status: status.to_owned() })
}
