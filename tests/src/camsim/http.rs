//! [`FaultControl`] over HTTP on loopback, for scripts and people: JSON in, JSON out.
//!
//! | request | does |
//! |---|---|
//! | `GET /faults/CAMERA/main` (or `/sub`) | what is wrong with a stream now |
//! | `PUT /faults/CAMERA/main` | gives it these faults and no others; `{}` heals it |
//! | `PUT /faults` | gives every stream these faults |
//! | `POST /disconnect/CAMERA`, `POST /disconnect` | closes one camera's connections, or all |
//! | `GET /counters` | connections and playing sessions, camera by camera |

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use sharpeyes_domain::ids::{CameraId, StreamId, StreamKind};

use super::inject::{CameraCounters, FaultControl, Faults};

/// The routes above.
pub fn router(control: FaultControl) -> Router {
    Router::new()
        .route("/faults", put(set_all))
        .route("/faults/{camera}/{kind}", get(faults).put(set))
        .route("/disconnect", post(disconnect_all))
        .route("/disconnect/{camera}", post(disconnect))
        .route("/counters", get(counters))
        .with_state(control)
}

type Refused = (StatusCode, String);

fn stream(camera: &str, kind: &str) -> Result<StreamId, Refused> {
    let kind = match kind {
        "main" => StreamKind::Main,
        "sub" => StreamKind::Sub,
        _ => return Err((StatusCode::NOT_FOUND, format!("`{kind}`: main or sub"))),
    };
    Ok(StreamId { camera: camera_id(camera)?, kind })
}

fn camera_id(camera: &str) -> Result<CameraId, Refused> {
    CameraId::new(camera).map_err(|error| (StatusCode::NOT_FOUND, error.to_string()))
}

async fn set_all(State(control): State<FaultControl>, Json(faults): Json<Faults>) {
    control.set_all(&faults);
}

async fn faults(
    State(control): State<FaultControl>,
    Path((camera, kind)): Path<(String, String)>,
) -> Result<Json<Faults>, Refused> {
    Ok(Json(control.faults(&stream(&camera, &kind)?)))
}

async fn set(
    State(control): State<FaultControl>,
    Path((camera, kind)): Path<(String, String)>,
    Json(faults): Json<Faults>,
) -> Result<(), Refused> {
    control.set(&stream(&camera, &kind)?, &faults);
    Ok(())
}

async fn disconnect_all(State(control): State<FaultControl>) {
    control.disconnect(None);
}

async fn disconnect(State(control): State<FaultControl>, Path(camera): Path<String>) -> Result<(), Refused> {
    control.disconnect(Some(&camera_id(&camera)?));
    Ok(())
}

async fn counters(State(control): State<FaultControl>) -> Json<BTreeMap<CameraId, CameraCounters>> {
    Json(control.counters())
}
