//! Named regions and lines of a camera's picture, drawn by people in the site file and read by rules.

use serde::{Deserialize, Serialize};

use crate::{
    detection::ObjectClass,
    geometry::{NormPoint, NormRect, Polygon},
    ids::{LineId, ZoneId},
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

/// Why two points are no line.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LineError {
    /// Not two of them.
    #[error("a line has 2 points, this one has {0}")]
    Points(usize),
    /// A point lies outside the picture or is not a number.
    #[error("point {index} ({x}, {y}) lies outside the picture: both must be within 0 and 1")]
    Outside {
        /// Which point, from 0.
        index: usize,
        /// Its x.
        x: f32,
        /// Its y.
        y: f32,
    },
    /// The points are as good as one.
    #[error("the two points are less than a hundredth of the picture's height apart")]
    Short,
}

/// A directed line across one camera's picture: its left and right are those of someone who walks from its first point to
/// its second, as seen in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Unique within its camera.
    pub id: LineId,
    /// As people call it, e.g. 村口.
    pub name: String,
    /// Invariant: inside the picture, and not the same twice.
    points: [NormPoint; 2],
}

impl Line {
    /// # Errors
    /// [`LineError`] when there are not two points, one is outside the picture, or they are as good as one.
    pub fn new(id: LineId, name: String, points: &[NormPoint]) -> Result<Self, LineError> {
        let &[from, to] = points else { return Err(LineError::Points(points.len())) };
        for (index, p) in [from, to].into_iter().enumerate() {
            if !(0.0..=1.0).contains(&p.x) || !(0.0..=1.0).contains(&p.y) {
                return Err(LineError::Outside { index, x: p.x, y: p.y });
            }
        }
        if to.distance(from) < 0.01 {
            return Err(LineError::Short);
        }
        Ok(Self { id, name, points: [from, to] })
    }

    /// From where to where it goes.
    #[must_use]
    pub const fn points(&self) -> [NormPoint; 2] {
        self.points
    }

    /// How far `point` lies to the right of the line or of its extension, in picture heights; negative to the left.
    #[must_use]
    pub fn side(&self, point: NormPoint) -> f32 {
        let [from, to] = self.points;
        let (lx, ly) = to.way_from(from);
        let (px, py) = point.way_from(from);
        (lx * py - ly * px) / lx.hypot(ly)
    }

    /// Whether the straight way from `a` to `b` crosses the line itself, its ends a twentieth longer than drawn.
    #[must_use]
    pub fn is_crossed_by(&self, a: NormPoint, b: NormPoint) -> bool {
        let (left, right) = (self.side(a), self.side(b));
        if (left < 0.0) == (right < 0.0) {
            return false;
        }
        let t = left / (left - right);
        let at = NormPoint { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
        let [from, to] = self.points;
        let (lx, ly) = to.way_from(from);
        let (px, py) = at.way_from(from);
        let along = (lx * px + ly * py) / (lx * lx + ly * ly);
        (-0.05..=1.05).contains(&along)
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
    fn right_and_left_of_a_line_are_those_of_who_walks_along_it() {
        let p = |x, y| NormPoint { x, y };
        let line =
            Line::new(LineId::new("gate").unwrap(), "gate".into(), &[p(0.2, 0.5), p(0.8, 0.5)]).unwrap();
        assert!(
            (line.side(p(0.5, 0.7)) - 0.2).abs() < 1e-6,
            "who walks to the right has the lower half at the right hand"
        );
        assert!(line.side(p(0.5, 0.3)) < 0.0);
        assert!(line.is_crossed_by(p(0.4, 0.4), p(0.5, 0.6)));
        assert!(!line.is_crossed_by(p(0.4, 0.4), p(0.5, 0.45)));
        assert!(!line.is_crossed_by(p(0.9, 0.4), p(0.9, 0.6)), "past its end");
        assert_eq!(
            Line::new(line.id.clone(), String::new(), &[p(0.2, 0.2), p(0.2, 0.201)]),
            Err(LineError::Short)
        );
        assert_eq!(Line::new(line.id.clone(), String::new(), &[p(0.2, 0.2)]), Err(LineError::Points(1)));
    }

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
