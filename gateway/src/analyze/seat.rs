//! Who asks for looks: the live analysis of a camera, or the shadow model beside it.

use sharpeyes_domain::ids::CameraId;

/// What a camera is looked at for, the more important one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Its alarms are raised.
    #[default]
    Live,
    /// A model that only writes down what it would have raised. It gets what no live camera wants: a look, a decoder, a
    /// visit.
    Shadow,
}

/// One that frames are offered for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// Which camera.
    pub camera: CameraId,
    /// Which of its analyses.
    pub role: Role,
}

impl From<CameraId> for Seat {
    /// Of the live analysis.
    fn from(camera: CameraId) -> Self {
        Self { camera, role: Role::Live }
    }
}
