//! The interface as a document; the console's types are generated from it.

use axum::Json;
use utoipa::OpenApi;

use super::{
    accounts, audit, blind, bulletins, cameras, centre, clips, consoles, dto, events, files, handovers,
    holds, incidents, ledger, live, looks, map, noise, outbound, pictures, recordings, reports, session,
    statistics, storage, ticket_events, tickets, timeline, transcodes, trials, wall,
};

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
        map::show,
        map::plan,
        map::tile,
        recordings::describe,
        recordings::file,
        transcodes::watch,
        pictures::still,
        trials::rules,
        trials::shadow,
        trials::shadow_model,
        trials::list,
        trials::ask,
        trials::one,
        trials::still,
        trials::remove,
        trials::verdicts,
        noise::show,
        timeline::rows,
        timeline::next_alarm,
        incidents::list,
        incidents::count,
        incidents::one,
        incidents::alarms,
        incidents::history,
        incidents::act,
        looks::list,
        incidents::escalations,
        incidents::revisits,
        incidents::acknowledge,
        incidents::work,
        files::attach,
        files::fetch,
        files::sheets,
        reports::report,
        reports::own,
        reports::areas,
        reports::take_in,
        consoles::list,
        consoles::tell,
        blind::list,
        handovers::shift,
        handovers::list,
        handovers::open,
        handovers::one,
        handovers::sign,
        wall::show,
        centre::show,
        statistics::show,
        statistics::accuracy,
        ledger::export,
        bulletins::list,
        bulletins::make,
        bulletins::one,
        bulletins::file,
        centre::views,
        centre::save_view,
        centre::forget_view,
        clips::describe,
        clips::file,
        clips::recoded,
        incidents::trace,
        incidents::thumbnail,
        events::follow,
        holds::list,
        holds::make,
        holds::release,
        storage::show,
        storage::confirm_clock,
        tickets::list,
        ticket_events::follow,
        tickets::acknowledge,
        tickets::close,
        outbound::list,
        outbound::messages,
        outbound::resend,
        accounts::list,
        accounts::create,
        accounts::change,
        audit::page,
        audit::verify,
        document,
    ),
    // Those that only a query or a stream names.
    components(schemas(
        dto::BulletinFormat,
        dto::LedgerFormat,
        dto::BulletinLanguage,
        dto::EventPosition,
        dto::FootagePurpose,
        dto::IncidentGone,
        dto::HoldScope,
        dto::IncidentScope,
        dto::JumpDirection,
        dto::LiveStream,
        dto::OutboundState,
        dto::TicketScope,
        dto::TrialSide
    ))
)]
struct Document;

/// The document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    // Handlers of different modules share names, and an operation's id may stand only once: `incidents_list`.
    for path in document.paths.paths.values_mut() {
        for operation in
            [&mut path.get, &mut path.post, &mut path.patch, &mut path.delete].into_iter().flatten()
        {
            if let (Some(id), Some([module, ..])) = (&operation.operation_id, operation.tags.as_deref()) {
                operation.operation_id = Some(format!("{module}_{id}"));
            }
        }
    }
    document
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, content_type = "application/json")))]
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
