//! Cameras, areas and how they are doing.

use axum::{Json, extract::Path};
use sharpeyes_config::Camera;
use sharpeyes_domain::{
    access::Action,
    ids::{StreamId, StreamKind},
};

use super::{convert, dto, error::ApiError, guard::Guard};
use crate::access::gate::Purpose;

/// The viewer's areas.
#[utoipa::path(get, path = "/api/v1/areas", responses((status = 200, body = Vec<dto::Area>)))]
pub(super) async fn areas(guard: Guard) -> Json<Vec<dto::Area>> {
    let areas = guard.state.site.areas.areas().iter();
    Json(areas.filter(|area| guard.sees_area(&area.id)).map(dto::Area::from).collect())
}

/// The viewer's cameras, with their health for those who may see it.
#[utoipa::path(get, path = "/api/v1/cameras", responses((status = 200, body = Vec<dto::Camera>)))]
pub(super) async fn list(guard: Guard) -> Json<Vec<dto::Camera>> {
    let cameras = guard.state.site.cameras.iter();
    let seen = cameras.filter(|camera| guard.sees_camera(camera, Action::CameraList));
    Json(seen.map(|camera| show(&guard, camera)).collect())
}

/// One camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}", params(("id" = String, Path)), responses(
    (status = 200, body = dto::Camera), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn one(guard: Guard, Path(id): Path<String>) -> Result<Json<dto::Camera>, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    Ok(Json(show(&guard, camera)))
}

/// The cameras whose health the viewer may see.
#[utoipa::path(get, path = "/api/v1/health/cameras", responses((status = 200, body = Vec<dto::Camera>)))]
pub(super) async fn health(guard: Guard) -> Json<Vec<dto::Camera>> {
    let cameras = guard.state.site.cameras.iter();
    let seen = cameras.filter(|camera| guard.sees_camera(camera, Action::CameraHealth));
    Json(seen.map(|camera| show(&guard, camera)).collect())
}

fn show(guard: &Guard, camera: &Camera) -> dto::Camera {
    let area_name = convert::area_name(&guard.state.site, &camera.area);
    let mut shown = convert::camera(camera, area_name);
    if guard.sees_camera(camera, Action::CameraHealth) {
        let health = &guard.state.health;
        let stream = |kind| {
            camera.source(kind)?;
            let stream = StreamId { camera: camera.id.clone(), kind };
            let recorded = health.recording(&stream);
            Some(
                health
                    .stream(&stream)
                    .map_or_else(convert::stream_off, |status| convert::stream(&status, recorded.as_ref())),
            )
        };
        shown.main = stream(StreamKind::Main);
        shown.sub = stream(StreamKind::Sub);
        let analysis = health.analysis(&camera.id);
        shown.analysis = Some(analysis.map_or_else(convert::analysis_off, convert::analysis));
        shown.zones = camera.zones.iter().map(dto::Zone::from).collect();
        shown.lines = camera.lines.iter().map(dto::Line::from).collect();
        shown.rules = camera.rules.iter().map(dto::Rule::from).collect();
    }
    shown
}
