//! The map on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /map`: what there is to show cameras and incidents on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Map {
    /// `GET /map/plan` is a picture of the site.
    pub plan: bool,
    /// `GET /map/tiles/{z}/{x}/{y}` has map tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<MapTiles>,
    /// The site file names a plan or tiles that are not there.
    pub is_incomplete: bool,
}

/// How far the tiles go.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct MapTiles {
    /// The widest.
    pub min_zoom: u8,
    /// The closest.
    pub max_zoom: u8,
}

/// What the queue calls a flood: more new incidents than this within the time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Flood {
    /// So many are still none.
    pub incidents: u16,
    /// Within so long.
    pub window_s: u64,
}
