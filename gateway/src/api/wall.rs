//! What a screen on the wall of the centre shows: counts, the most urgent, units, cameras. No pictures.

use std::collections::BTreeMap;

use axum::Json;
use sharpeyes_domain::{
    access::{Action, Role},
    ids::{StreamId, StreamKind, UnitId},
};

use super::{
    convert, dto,
    error::ApiError,
    guard::Guard,
    incidents::{names, summary},
};
use crate::{
    ingest::StreamState,
    store::dispatch::{IncidentFilter, ShiftCount, Which},
};

const MOST_URGENT: u32 = 10;
const MOST_FAULTY: usize = 20;
/// A unit's own open incidents are counted from their rows.
const MOST_OWN: u32 = 1_000;

/// What the wall shows, as far as the viewer may know it.
#[utoipa::path(get, path = "/api/v1/wall", responses((status = 200, body = dto::Wall)))]
pub(super) async fn show(guard: Guard) -> Result<Json<dto::Wall>, ApiError> {
    let now = guard.state.clock.wall();
    let mut wall =
        if guard.viewer.role == Role::Unit { of_unit(&guard).await? } else { of_areas(&guard).await? };
    wall.now_ms = now.0;
    wall.cameras = cameras(&guard);
    Ok(Json(wall))
}

fn empty() -> dto::Wall {
    dto::Wall {
        now_ms: 0,
        counts: Vec::new(),
        n_overdue: 0,
        urgent: Vec::new(),
        units: Vec::new(),
        cameras: dto::WallCameras::default(),
    }
}

async fn of_areas(guard: &Guard) -> Result<dto::Wall, ApiError> {
    let dispatch = &guard.state.dispatch;
    let now = guard.state.clock.wall();
    let areas = guard.areas_of(Action::IncidentList, guard.areas()).await?;
    let mut wall = empty();
    let mut counts: Vec<ShiftCount> = Vec::new();
    for one in dispatch.standing(Some(areas.clone()), now).await? {
        wall.n_overdue += one.n_overdue;
        match counts.iter_mut().find(|count| count.level == one.level && count.state == one.state) {
            Some(count) => count.n += one.n,
            None => counts.push(ShiftCount { level: one.level, state: one.state, n: one.n }),
        }
    }
    counts.sort_by_key(|count| (count.level.number(), count.state));
    wall.counts = counts.iter().map(dto::ShiftCount::from).collect();
    let mut units: BTreeMap<UnitId, dto::WallUnit> = BTreeMap::new();
    for one in dispatch.unit_standing(Some(areas.clone())).await? {
        let name = convert::unit_name(&guard.state.site, &one.unit);
        let unit = units.entry(one.unit).or_insert_with(|| dto::WallUnit {
            name,
            told: 0,
            signed: 0,
            arrived: 0,
            finished: 0,
        });
        unit.told += one.told;
        unit.signed += one.signed;
        unit.arrived += one.arrived;
        unit.finished += one.finished;
    }
    wall.units = units.into_values().collect();
    let filter = IncidentFilter {
        areas: Some(areas),
        which: Which::Open,
        limit: MOST_URGENT,
        ..IncidentFilter::default()
    };
    let seen = guard.seen_incidents(dispatch.list(filter).await?.incidents).await?;
    let names = names(guard).await?;
    wall.urgent = seen.iter().map(|row| summary(guard, &names, row)).collect();
    Ok(wall)
}

/// Of a unit nothing but what it was told of.
async fn of_unit(guard: &Guard) -> Result<dto::Wall, ApiError> {
    let mut wall = empty();
    let Some(unit) = guard.viewer.unit.clone() else { return Ok(wall) };
    let now = guard.state.clock.wall();
    let filter =
        IncidentFilter { unit: Some(unit), which: Which::Open, limit: MOST_OWN, ..IncidentFilter::default() };
    let seen = guard.seen_incidents(guard.state.dispatch.list(filter).await?.incidents).await?;
    for row in &seen {
        let (level, state) = (row.status.level, row.status.state);
        wall.n_overdue += u32::from(row.deadline.is_some_and(|at| at <= now));
        match wall.counts.iter_mut().find(|one| one.level == level.number() && one.state == state.into()) {
            Some(count) => count.n += 1,
            None => wall.counts.push((&ShiftCount { level, state, n: 1 }).into()),
        }
    }
    let names = names(guard).await?;
    let most = usize::try_from(MOST_URGENT).unwrap_or(usize::MAX);
    wall.urgent = seen.iter().take(most).map(|row| summary(guard, &names, row)).collect();
    Ok(wall)
}

fn cameras(guard: &Guard) -> dto::WallCameras {
    let mut cameras = dto::WallCameras::default();
    let all = guard.state.site.cameras.iter();
    for camera in all.filter(|camera| guard.sees_camera(camera, Action::CameraHealth)) {
        cameras.n += 1;
        let of = |kind| {
            camera.source(kind)?;
            guard.state.health.stream(&StreamId { camera: camera.id.clone(), kind })
        };
        let streams = [StreamKind::Main, StreamKind::Sub].into_iter().filter_map(of);
        // A stream that the site has switched off is no fault.
        match streams.into_iter().find(|status| status.state != StreamState::Streaming) {
            None => cameras.streaming += 1,
            Some(status) => {
                cameras.n_faulty += 1;
                if cameras.faulty.len() < MOST_FAULTY {
                    cameras.faulty.push(dto::WallFault {
                        camera: camera.name.clone(),
                        state: status.state.into(),
                        since_ms: Some(status.since.0),
                    });
                }
            }
        }
    }
    cameras
}
