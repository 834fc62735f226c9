//! Consoles of operators whose alarm would not be heard (D10): each says how it is, supervisors see which would not.
//!
//! A supervisor is an operator who is responsible for all areas of the other: whoever could take their shift over.

use std::{collections::HashMap, time::Duration};

use axum::Json;
use sharpeyes_domain::{ids::AccountId, time::WallTime};

use super::{
    convert, dto,
    error::ApiError,
    extract::Body,
    guard::Guard,
    incidents::names,
    seats::{BEAT, Deaf, DeafSeat, Sound, Word},
};

/// A name that a console chooses for itself.
const LONGEST_NAME: usize = 64;

/// A console says whether its alarm would be heard, and hears when to say it again.
#[utoipa::path(post, path = "/api/v1/consoles", request_body = dto::ConsoleWord, responses(
    (status = 200, body = dto::ConsoleBeat), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn tell(
    guard: Guard,
    Body(said): Body<dto::ConsoleWord>,
) -> Result<Json<dto::ConsoleBeat>, ApiError> {
    let is_name = !said.console.is_empty() && said.console.len() <= LONGEST_NAME;
    if !is_name || said.console.contains(|c: char| c.is_control()) {
        let message = format!("1 to {LONGEST_NAME} bytes, none of them a control character");
        return Err(ApiError::Unprocessable { code: "bad_text", message, field: Some("console") });
    }
    let sound = match said.sound {
        dto::ConsoleSound::Armed => Some(Sound::Armed),
        dto::ConsoleSound::Muted => Some(Sound::Muted { until: said.until_ms.map(WallTime) }),
        dto::ConsoleSound::Off => Some(Sound::Off),
        dto::ConsoleSound::Closed => None,
    };
    let for_ = Duration::from_millis(u64::try_from(said.for_ms.unwrap_or(0)).unwrap_or(0));
    let word = Word { tab: &said.console, sound, for_ };
    guard.state.seats().tell(&guard.viewer, &word, &guard.state.clock);
    let again_ms = i64::try_from(BEAT.as_millis()).unwrap_or(i64::MAX);
    Ok(Json(dto::ConsoleBeat { again_ms }))
}

/// Consoles of others whose alarm would not be heard, the longest first: of operators all of whose areas are the
/// viewer's too.
#[utoipa::path(get, path = "/api/v1/consoles", responses((status = 200, body = Vec<dto::DeafConsole>)))]
pub(super) async fn list(guard: Guard) -> Result<Json<Vec<dto::DeafConsole>>, ApiError> {
    let names = names(&guard).await?;
    let (seats, _) = guard.state.seats().deaf(&guard.state.clock);
    Ok(Json(shown(&guard, &names, &seats)))
}

/// As far as the viewer may know of them. The guard's action is `console.watch`.
pub(super) fn shown(
    guard: &Guard,
    names: &HashMap<AccountId, String>,
    seats: &[DeafSeat],
) -> Vec<dto::DeafConsole> {
    let others = seats.iter().filter(|seat| seat.account != guard.viewer.account);
    let seen = others.filter(|seat| guard.covers(&seat.areas));
    seen.map(|seat| {
        let (why, until) = match seat.why {
            Deaf::Muted { until } => (dto::DeafReason::Muted, until),
            Deaf::Off => (dto::DeafReason::Off, None),
            Deaf::Silent => (dto::DeafReason::Silent, None),
        };
        dto::DeafConsole {
            person: convert::person(seat.account, names),
            areas: seat.areas.iter().map(|area| convert::area_name(&guard.state.site, area)).collect(),
            why,
            since_ms: seat.since.0,
            until_ms: until.map(|at| at.0),
        }
    })
    .collect()
}
