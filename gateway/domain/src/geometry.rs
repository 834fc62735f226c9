//! Where things are in a picture: normalised coordinates (0..1, origin top left), so that main and sub stream agree.

use serde::{Deserialize, Serialize};

/// A point, `x` to the right and `y` down, both 0..=1 inside the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NormPoint {
    /// 0 is the left edge, 1 the right.
    pub x: f32,
    /// 0 is the upper edge, 1 the lower.
    pub y: f32,
}

/// Width of a picture over its height, for whatever is measured across both axes. Cameras of our time send 16:9; on an old
/// 4:3 one, sideways lengths come out a third too long, which every limit of ours leaves room for.
pub const ASPECT: f32 = 16.0 / 9.0;

impl NormPoint {
    /// The way from `from` to here, in picture heights along both axes.
    #[must_use]
    pub fn way_from(&self, from: Self) -> (f32, f32) {
        ((self.x - from.x) * ASPECT, self.y - from.y)
    }

    /// How far it is from `from` to here, in picture heights.
    #[must_use]
    pub fn distance(&self, from: Self) -> f32 {
        let (dx, dy) = self.way_from(from);
        dx.hypot(dy)
    }
}

/// A box, `x0 <= x1` and `y0 <= y1`, normalised. A detector's box may reach outside 0..=1 until it is clipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NormRect {
    /// Left.
    pub x0: f32,
    /// Top.
    pub y0: f32,
    /// Right.
    pub x1: f32,
    /// Bottom.
    pub y1: f32,
}

impl NormRect {
    /// From centre and size.
    #[must_use]
    pub fn from_centre(centre: NormPoint, width: f32, height: f32) -> Self {
        let (w, h) = (width.max(0.0) / 2.0, height.max(0.0) / 2.0);
        Self { x0: centre.x - w, y0: centre.y - h, x1: centre.x + w, y1: centre.y + h }
    }

    /// Never negative.
    #[must_use]
    pub fn width(&self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Never negative.
    #[must_use]
    pub fn height(&self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// In picture heights, so that it compares with [`Self::height`].
    #[must_use]
    pub fn breadth(&self) -> f32 {
        self.width() * ASPECT
    }

    /// Share of the picture's area.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// The middle of the box.
    #[must_use]
    pub fn centre(&self) -> NormPoint {
        NormPoint { x: f32::midpoint(self.x0, self.x1), y: f32::midpoint(self.y0, self.y1) }
    }

    /// Where a standing thing touches the ground: the middle of the lower edge.
    #[must_use]
    pub fn foot(&self) -> NormPoint {
        NormPoint { x: f32::midpoint(self.x0, self.x1), y: self.y1 }
    }

    /// The smallest box around both.
    #[must_use]
    pub const fn union(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// A box in shares of `part`, in the picture of which that is a part.
    #[must_use]
    pub fn within(&self, part: &Self) -> Self {
        let (w, h) = (part.width(), part.height());
        Self {
            x0: self.x0.mul_add(w, part.x0),
            y0: self.y0.mul_add(h, part.y0),
            x1: self.x1.mul_add(w, part.x0),
            y1: self.y1.mul_add(h, part.y0),
        }
    }

    /// The part inside the picture.
    #[must_use]
    pub fn clipped(&self) -> Self {
        Self {
            x0: self.x0.clamp(0.0, 1.0),
            y0: self.y0.clamp(0.0, 1.0),
            x1: self.x1.clamp(0.0, 1.0),
            y1: self.y1.clamp(0.0, 1.0),
        }
    }

    /// Area shared with `other`; 0 when they only touch or miss each other.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> f32 {
        let w = (self.x1.min(other.x1) - self.x0.max(other.x0)).max(0.0);
        let h = (self.y1.min(other.y1) - self.y0.max(other.y0)).max(0.0);
        w * h
    }

    /// How far apart the two are, in picture heights; 0 when they touch or overlap.
    #[must_use]
    pub fn gap(&self, other: &Self) -> f32 {
        let dx = (self.x0.max(other.x0) - self.x1.min(other.x1)).max(0.0) * ASPECT;
        let dy = (self.y0.max(other.y0) - self.y1.min(other.y1)).max(0.0);
        dx.hypot(dy)
    }

    /// Share of this box that `other` covers, 0..=1; 0 for an empty one.
    #[must_use]
    pub fn covered_by(&self, other: &Self) -> f32 {
        let area = self.area();
        if area > 0.0 { self.intersection(other) / area } else { 0.0 }
    }

    /// Intersection over union, 0..=1; 0 for two empty boxes.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = self.intersection(other);
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }
}

/// Why two points and a heading make no direction.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum DirectionError {
    /// Of no length, or not a number.
    #[error("({dx}, {dy}) points nowhere")]
    Nowhere {
        /// To the right.
        dx: f32,
        /// Down.
        dy: f32,
    },
}

/// A direction in the picture, of length one in picture heights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heading {
    x: f32,
    y: f32,
}

impl Heading {
    /// `dx` to the right and `dy` down, both normalised as [`NormPoint`] is; only their ratio counts.
    ///
    /// # Errors
    /// [`DirectionError::Nowhere`] when both are zero or one is not finite.
    pub fn new(dx: f32, dy: f32) -> Result<Self, DirectionError> {
        let (x, y) = (dx * ASPECT, dy);
        let length = x.hypot(y);
        if length.is_finite() && length > 1e-6 {
            Ok(Self { x: x / length, y: y / length })
        } else {
            Err(DirectionError::Nowhere { dx, dy })
        }
    }

    /// To the right and down, normalised as [`NormPoint`] is: as a site file says it.
    #[must_use]
    pub fn way(&self) -> [f32; 2] {
        [self.x / ASPECT, self.y]
    }

    /// How far `to` lies ahead of `from`, in picture heights; negative when it lies behind.
    #[must_use]
    pub fn advance(&self, from: NormPoint, to: NormPoint) -> f32 {
        let (dx, dy) = to.way_from(from);
        dx * self.x + dy * self.y
    }
}

/// How sure a detector is, 0..=1 by construction.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "f32", into = "f32")]
pub struct Confidence(f32);

impl Confidence {
    /// Clamps into 0..=1; NaN becomes 0, so that a broken model is unsure instead of certain.
    #[must_use]
    pub fn new(score: f32) -> Self {
        Self(if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) })
    }

    /// 0..=1.
    #[must_use]
    pub const fn value(self) -> f32 {
        self.0
    }
}

impl From<f32> for Confidence {
    fn from(score: f32) -> Self {
        Self::new(score)
    }
}

impl From<Confidence> for f32 {
    fn from(confidence: Confidence) -> Self {
        confidence.0
    }
}

/// Why a list of points is no polygon.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolygonError {
    /// Fewer than three corners.
    #[error("a zone needs at least 3 corners, this one has {0}")]
    TooFew(usize),
    /// A corner lies outside the picture or is not a number.
    #[error("corner {index} ({x}, {y}) lies outside the picture: both must be within 0 and 1")]
    Outside {
        /// Which corner, from 0.
        index: usize,
        /// Its x.
        x: f32,
        /// Its y.
        y: f32,
    },
    /// The corners lie on one line.
    #[error("the corners enclose no area")]
    Empty,
}

/// A closed polygon inside the picture, not necessarily convex.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<NormPoint>", into = "Vec<NormPoint>")]
pub struct Polygon(Vec<NormPoint>);

impl Polygon {
    /// # Errors
    /// [`PolygonError`] when there are fewer than three corners, one is outside the picture, or they enclose nothing.
    pub fn new(corners: Vec<NormPoint>) -> Result<Self, PolygonError> {
        if corners.len() < 3 {
            return Err(PolygonError::TooFew(corners.len()));
        }
        for (index, p) in corners.iter().enumerate() {
            if !(0.0..=1.0).contains(&p.x) || !(0.0..=1.0).contains(&p.y) {
                return Err(PolygonError::Outside { index, x: p.x, y: p.y });
            }
        }
        let polygon = Self(corners);
        if polygon.signed_area().abs() < 1e-6 { Err(PolygonError::Empty) } else { Ok(polygon) }
    }

    /// The whole picture.
    #[must_use]
    pub fn whole_picture() -> Self {
        let corner = |x, y| NormPoint { x, y };
        Self(vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)])
    }

    /// The corners in order.
    #[must_use]
    pub fn corners(&self) -> &[NormPoint] {
        &self.0
    }

    /// Even-odd rule; points on an edge may fall on either side, except on the picture's own border, which is inside
    /// when the polygon reaches it (a foot on the lower edge of the picture is in a zone that ends there).
    #[must_use]
    pub fn contains(&self, point: NormPoint) -> bool {
        let inward = |v: f32| v.clamp(1e-4, 1.0 - 1e-4);
        let (px, py) = (inward(point.x), inward(point.y));
        let mut inside = false;
        let mut previous = self.0[self.0.len() - 1];
        for &corner in &self.0 {
            if (corner.y > py) != (previous.y > py) {
                let t = (py - corner.y) / (previous.y - corner.y);
                if px < corner.x + t * (previous.x - corner.x) {
                    inside = !inside;
                }
            }
            previous = corner;
        }
        inside
    }

    fn signed_area(&self) -> f32 {
        let next = self.0.iter().cycle().skip(1);
        self.0.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f32>() / 2.0
    }
}

impl TryFrom<Vec<NormPoint>> for Polygon {
    type Error = PolygonError;
    fn try_from(corners: Vec<NormPoint>) -> Result<Self, PolygonError> {
        Self::new(corners)
    }
}

impl From<Polygon> for Vec<NormPoint> {
    fn from(polygon: Polygon) -> Self {
        polygon.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x0: f32, y0: f32, x1: f32, y1: f32) -> NormRect {
        NormRect { x0, y0, x1, y1 }
    }

    #[test]
    fn boxes_diagonal_to_each_other_do_not_overlap() {
        assert_eq!(rect(0.0, 0.0, 0.1, 0.1).iou(&rect(0.2, 0.2, 0.3, 0.3)), 0.0);
        assert_eq!(rect(0.0, 0.0, 0.0, 0.0).iou(&rect(0.0, 0.0, 0.0, 0.0)), 0.0);
        assert!((rect(0.0, 0.0, 0.2, 0.1).iou(&rect(0.1, 0.0, 0.3, 0.1)) - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_concave_zone_excludes_its_notch() {
        let points = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.4), (0.1, 0.9)];
        let zone = Polygon::new(points.map(|(x, y)| NormPoint { x, y }).to_vec()).unwrap();
        assert!(zone.contains(NormPoint { x: 0.5, y: 0.3 }));
        assert!(!zone.contains(NormPoint { x: 0.5, y: 0.8 }));
        assert!(!zone.contains(NormPoint { x: 0.05, y: 0.5 }));
    }

    #[test]
    fn the_picture_contains_its_own_border() {
        for (x, y) in [(0.0, 0.0), (1.0, 1.0), (0.5, 1.0), (1.0, 0.5)] {
            assert!(Polygon::whole_picture().contains(NormPoint { x, y }));
        }
    }

    #[test]
    fn what_is_no_polygon_is_refused_with_the_reason() {
        let p = |x, y| NormPoint { x, y };
        assert_eq!(Polygon::new(vec![p(0.0, 0.0)]), Err(PolygonError::TooFew(1)));
        assert_eq!(Polygon::new(vec![p(0.1, 0.1), p(0.2, 0.2), p(0.3, 0.3)]), Err(PolygonError::Empty));
        assert!(matches!(
            Polygon::new(vec![p(0.0, 0.0), p(f32::NAN, 0.2), p(0.3, 0.3)]),
            Err(PolygonError::Outside { index: 1, .. })
        ));
    }
}
