//! What cameras and incidents are shown on: the site's plan and its own map tiles. Nothing comes from elsewhere.

use std::{io, path::Path as FilePath};

use axum::{
    Json,
    extract::Path,
    http::{HeaderName, HeaderValue, header},
};

use super::{dto, error::ApiError, guard::Guard};

/// A plan is a drawing, not a film.
const MOST_PLAN_BYTES: u64 = 32 << 20;
const MOST_TILE_BYTES: u64 = 4 << 20;
/// A tile is one of these, tried in this order.
const TILE_ENDINGS: [(&str, &str); 3] = [("png", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp")];
/// As deep as any map goes.
const MOST_ZOOM: u8 = 22;

type Picture = ([(HeaderName, HeaderValue); 1], Vec<u8>);

/// What there is to show cameras and incidents on. Where they are, cameras and incidents say themselves.
#[utoipa::path(get, path = "/api/v1/map", responses((status = 200, body = dto::Map)))]
pub(super) async fn show(guard: Guard) -> Result<Json<dto::Map>, ApiError> {
    let settings = guard.state.site.map.clone();
    let look = move || {
        let plan = settings.plan.as_deref().is_some_and(FilePath::is_file);
        let zooms = settings.tiles.as_deref().map(zooms).unwrap_or_default();
        dto::Map {
            plan,
            tiles: zooms
                .first()
                .zip(zooms.last())
                .map(|(&min_zoom, &max_zoom)| dto::MapTiles { min_zoom, max_zoom }),
            is_incomplete: settings.plan.is_some() != plan || settings.tiles.is_some() == zooms.is_empty(),
        }
    };
    let map = tokio::task::spawn_blocking(look).await.map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(Json(map))
}

/// The plan.
#[utoipa::path(get, path = "/api/v1/map/plan", responses(
    (status = 200, content_type = "image/*"), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn plan(guard: Guard) -> Result<Picture, ApiError> {
    let path = guard.state.site.map.plan.clone().ok_or(ApiError::NotFound)?;
    let kind = match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => return Err(ApiError::NotFound),
    };
    let bytes = blocking(move || read(&path, MOST_PLAN_BYTES)).await?.ok_or(ApiError::NotFound)?;
    Ok(picture(kind, bytes))
}

/// A tile in Web Mercator, y from the north.
#[utoipa::path(get, path = "/api/v1/map/tiles/{z}/{x}/{y}",
    params(("z" = u8, Path), ("x" = u32, Path), ("y" = u32, Path)), responses(
        (status = 200, content_type = "image/*"), (status = 404, body = dto::ErrorBody),
    ))]
pub(super) async fn tile(
    guard: Guard,
    Path((z, x, y)): Path<(String, String, String)>,
) -> Result<Picture, ApiError> {
    let dir = guard.state.site.map.tiles.clone().ok_or(ApiError::NotFound)?;
    // Numbers only, so that no path leads out of the folder.
    let z: u8 = z.parse().ok().filter(|z| *z <= MOST_ZOOM).ok_or(ApiError::NotFound)?;
    let within = |text: &str| text.parse::<u32>().ok().filter(|n| *n < 1 << z).ok_or(ApiError::NotFound);
    let (x, y) = (within(&x)?, within(&y)?);
    let column = dir.join(z.to_string()).join(x.to_string());
    let find = move || -> io::Result<Option<(&'static str, Vec<u8>)>> {
        for (ending, kind) in TILE_ENDINGS {
            if let Some(bytes) = read(&column.join(format!("{y}.{ending}")), MOST_TILE_BYTES)? {
                return Ok(Some((kind, bytes)));
            }
        }
        Ok(None)
    };
    let (kind, bytes) = blocking(find).await?.ok_or(ApiError::NotFound)?;
    Ok(picture(kind, bytes))
}

fn picture(kind: &'static str, bytes: Vec<u8>) -> Picture {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], bytes)
}

/// Zoom levels that the folder has, the widest first.
fn zooms(dir: &FilePath) -> Vec<u8> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let name = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let mut zooms: Vec<u8> = entries.filter_map(name).filter(|zoom| *zoom <= MOST_ZOOM).collect();
    zooms.sort_unstable();
    zooms
}

/// The whole file; `None` when there is none, or when it is no picture for its size.
fn read(path: &FilePath, most_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() <= most_bytes => std::fs::read(path).map(Some),
        Ok(_) => {
            tracing::warn!(path = %path.display(), most_bytes, "no file, or too large for the map: not served");
            Ok(None)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::Internal(Box::new(error)))?
        .map_err(|error| ApiError::Internal(Box::new(error)))
}
