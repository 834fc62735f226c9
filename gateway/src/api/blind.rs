//! Where the centre is blind: cameras that may raise red alarms and have an open ticket, for those who work the queue.
//!
//! Tickets are the technicians'. An operator is told of these alone, and of no more than which camera, what kind of fault,
//! since when, and who knows.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use axum::Json;
use sharpeyes_domain::{access::Action, ids::AreaId};
use tokio::sync::OnceCell;

use super::{convert, dto, error::ApiError, guard::Guard, state::ApiState};
use crate::store::tickets::{TicketRow, TicketSeq};

/// Cameras named in one answer.
const MOST_NAMED: usize = 50;

type Rows = Arc<Vec<TicketRow>>;

/// The tickets that blind, as of the newest change: read once for all who ask.
#[derive(Default)]
pub(super) struct Blinding(Mutex<(TicketSeq, Arc<OnceCell<Rows>>)>);

impl Blinding {
    /// As of `newest` or later.
    pub(super) async fn at(&self, state: &ApiState, newest: TicketSeq) -> Result<Rows, ApiError> {
        let cell = self.cell(newest);
        let read = async || Ok::<_, ApiError>(Arc::new(state.tickets.blinding().await?));
        cell.get_or_try_init(read).await.cloned()
    }

    fn cell(&self, newest: TicketSeq) -> Arc<OnceCell<Rows>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 < newest {
            *kept = (newest, Arc::default());
        }
        Arc::clone(&kept.1)
    }
}

/// Cameras of the viewer's areas that may raise red alarms and see nothing, or send nothing.
#[utoipa::path(get, path = "/api/v1/blind-cameras", responses((status = 200, body = dto::BlindCameras)))]
pub(super) async fn list(guard: Guard) -> Result<Json<dto::BlindCameras>, ApiError> {
    let rows = guard.state.tickets.blinding().await?;
    Ok(Json(shown(&guard, &rows)))
}

/// Those of cameras whose health the viewer may see.
pub(super) fn shown(guard: &Guard, rows: &[TicketRow]) -> dto::BlindCameras {
    let site = &guard.state.site;
    // What decides is where a camera is: asked once for each area.
    let mut areas: HashMap<&AreaId, bool> = HashMap::new();
    let mut known = HashSet::new();
    let mut blind = dto::BlindCameras { n: 0, cameras: Vec::new() };
    for row in rows {
        // One that the site names no more sees nothing that anybody waits for.
        let Some(camera) = row.key.camera.as_ref().and_then(|id| site.camera(id)) else { continue };
        let is_seen =
            areas.entry(&camera.area).or_insert_with(|| guard.sees_camera(camera, Action::CameraHealth));
        if !*is_seen || !known.insert(&camera.id) {
            continue;
        }
        blind.n += 1;
        if blind.cameras.len() < MOST_NAMED {
            blind.cameras.push(dto::BlindCamera {
                camera: camera.id.to_string(),
                camera_name: camera.name.clone(),
                area_name: convert::area_name(site, &camera.area),
                ticket: row.id.0,
                kind: row.key.kind.into(),
                since_ms: row.first.0,
                acknowledged_by: row.acknowledged.as_ref().map(|hand| hand.by.clone()),
            });
        }
    }
    blind
}
