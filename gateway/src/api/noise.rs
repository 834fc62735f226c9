//! Noisy sources: which rules of which cameras raise too much, for those who work the queue and those who tune rules.

use std::collections::HashMap;

use axum::Json;
use sharpeyes_config::Camera;
use sharpeyes_domain::{
    access::Action,
    ids::{AreaId, CameraId},
    noise::Excess,
    ticket::TicketKind,
};

use super::{
    convert, dto,
    error::ApiError,
    guard::{Guard, of_camera},
};
use crate::{
    access::gate::Object,
    store::{
        statistics::SourceRow,
        tickets::{TicketRow, WhichTickets},
    },
};

/// Sources in one answer; noisy ones first.
const MOST: usize = 1_000;

/// What every rule of the viewer's cameras has raised, as it was counted within the last minute: noisy ones first, then
/// those with the most alarms. Nothing is hidden for being noisy.
#[utoipa::path(get, path = "/api/v1/noise", responses((status = 200, body = dto::Noise)))]
pub(super) async fn show(guard: Guard) -> Result<Json<dto::Noise>, ApiError> {
    let state = &guard.state;
    let counted = state.noise.last().await?;
    let open = state.tickets.list(WhichTickets::Open).await?.tickets;
    let tickets: HashMap<&CameraId, &TicketRow> = open
        .iter()
        .filter(|row| row.key.kind == TicketKind::Noisy)
        .filter_map(|row| Some((row.key.camera.as_ref()?, row)))
        .collect();
    let mut seen: HashMap<&CameraId, Option<&Camera>> = HashMap::new();
    let mut sources: Vec<dto::NoiseSource> = Vec::new();
    for row in &counted.count.sources {
        let camera = *seen.entry(&row.camera).or_insert_with(|| {
            state.site.camera(&row.camera).filter(|camera| guard.sees_camera(camera, guard.action()))
        });
        let Some(camera) = camera else { continue };
        let ticket = tickets.get(&row.camera).map(|ticket| ticket.id.0);
        sources.push(source(&guard, camera, row, ticket));
    }
    sources.sort_by_key(|one| (one.excess.is_empty(), std::cmp::Reverse(one.alarms)));
    sources.truncate(MOST);
    // Asked as of a camera that lies where the incident does: only where it lies decides.
    let sees = |area: &AreaId| {
        let camera = state.site.cameras.first().filter(|_| state.site.areas.area(area).is_some());
        camera.is_some_and(|camera| guard.may(guard.action(), &Object::Camera { id: &camera.id, area }))
    };
    let opened = counted.count.opened.iter().filter(|(area, _)| sees(area));
    let incidents_last_hour = opened.map(|(_, n)| n).sum();
    let budget = state.noise.budget();
    Ok(Json(dto::Noise {
        from_ms: counted.from.0,
        at_ms: counted.at.0,
        incidents_last_hour,
        over: incidents_last_hour > u64::from(budget.centre_per_hour),
        budget: dto::NoiseBudget {
            source_per_hour: budget.source_per_hour,
            centre_per_hour: budget.centre_per_hour,
            false_percent: budget.false_percent,
            false_of: budget.false_of,
        },
        sources,
    }))
}

fn source(guard: &Guard, camera: &Camera, row: &SourceRow, ticket: Option<i64>) -> dto::NoiseSource {
    let load = &row.load;
    let excess = guard.state.noise.excess(row);
    // Its number is what one asks a technician by; only of what is noisy now.
    let ticket = ticket.filter(|_| !excess.is_empty());
    dto::NoiseSource {
        camera: camera.id.to_string(),
        camera_name: camera.name.clone(),
        area_name: convert::area_name(&guard.state.site, &camera.area),
        rule: row.rule.to_string(),
        class: row.class.into(),
        tunable: guard.may(Action::RuleTry, &of_camera(camera)),
        alarms: load.verdicts.alarms(),
        last_hour: load.last_hour,
        incidents: load.incidents,
        repeats: load.repeats,
        confirmed: load.verdicts.confirmed,
        false_alarms: load.verdicts.false_alarms,
        undecided: load.verdicts.undecided,
        shelved_ms: u64::try_from(load.shelved.as_millis()).unwrap_or(u64::MAX),
        excess: excess.into_iter().map(Into::into).collect(),
        ticket,
    }
}

impl From<Excess> for dto::NoiseExcess {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Rate => Self::Rate,
            Excess::FalseShare => Self::FalseShare,
        }
    }
}
