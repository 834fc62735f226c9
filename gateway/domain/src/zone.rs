//! Named regions of a camera's picture, drawn by people in the site file and read by rules.

use serde::{Deserialize, Serialize};

use crate::{
    detection::ObjectClass,
    geometry::{NormPoint, NormRect, Polygon},
    ids::ZoneId,
};

/// A region of one camera's picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// Unique within its camera.
    pub id: ZoneId,
    /// As people call it, e.g. 广场.
    pub name: String,
    /// Where it is.
    pub polygon: Polygon,
}

impl Zone {
    /// A thing is where it touches the ground; flames and smoke are where their middle is.
    #[must_use]
    pub fn holds(&self, class: ObjectClass, rect: &NormRect) -> bool {
        self.polygon.contains(anchor(class, rect))
    }
}

/// The point of a box that decides which zone its thing is in.
///
/// The box is clipped first: the foot of a person who is cut by the lower border is on that border.
#[must_use]
pub fn anchor(class: ObjectClass, rect: &NormRect) -> NormPoint {
    let rect = rect.clipped();
    if class.stands_on_ground() { rect.foot() } else { rect.centre() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_where_their_feet_are_and_smoke_is_where_it_is() {
        let corners = [(0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)];
        let polygon = Polygon::new(corners.map(|(x, y)| NormPoint { x, y }).to_vec()).unwrap();
        let zone = Zone { id: ZoneId::new("ground").unwrap(), name: "ground".into(), polygon };
        let tall = NormRect { x0: 0.4, y0: 0.1, x1: 0.5, y1: 0.7 };
        assert!(zone.holds(ObjectClass::Person, &tall));
        assert!(!zone.holds(ObjectClass::Smoke, &tall));
        let cut = NormRect { x0: 0.4, y0: 0.6, x1: 0.5, y1: 1.3 };
        assert!(zone.holds(ObjectClass::Person, &cut), "feet below the picture count as on its border");
        let broken = NormRect { x0: f32::NAN, y0: f32::NAN, x1: f32::NAN, y1: f32::NAN };
        assert!(!zone.holds(ObjectClass::Person, &broken));
    }
}
