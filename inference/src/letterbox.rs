//! How a picture of any shape lies in a model's input, and the way back from input pixels to the picture.

use sharpeyes_domain::geometry::NormRect;

/// A model's input in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputSize {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
}

impl InputSize {
    /// The input for a picture: sides that are multiples of `step` with at most as many pixels as `self`, in which the
    /// picture is scaled largest; of equally good ones the one with fewest pixels. A 16:9 picture gets 640x384 of a
    /// budget of 640x384, a 4:3 picture 576x416, an upright one 384x640.
    #[must_use]
    pub fn for_picture(self, width_px: u32, height_px: u32, step: u32) -> Self {
        let budget = u64::from(self.width_px) * u64::from(self.height_px);
        let longest = u32::try_from(budget / u64::from(step)).unwrap_or(u32::MAX).min(MAX_SIDE_PX);
        let mut best = self;
        let mut best_scale = 0.0;
        for width in (step..=longest).step_by(step as usize) {
            let height = u32::try_from(budget / u64::from(width)).unwrap_or(u32::MAX).min(MAX_SIDE_PX);
            let height = height - height % step;
            if height == 0 {
                continue;
            }
            // Rows below the picture would be padding only: cut to what the picture fills at this width.
            let filled = (u64::from(width) * u64::from(height_px)).div_ceil(u64::from(width_px).max(1));
            let filled = u32::try_from(filled).unwrap_or(u32::MAX).max(1);
            let height = height.min(filled.checked_next_multiple_of(step).unwrap_or(height));
            let scale = (f64::from(width) / f64::from(width_px.max(1)))
                .min(f64::from(height) / f64::from(height_px.max(1)));
            let smaller =
                u64::from(width) * u64::from(height) < u64::from(best.width_px) * u64::from(best.height_px);
            if scale > best_scale * (1.0 + 1e-9) || (scale >= best_scale * (1.0 - 1e-9) && smaller) {
                best = Self { width_px: width, height_px: height };
                best_scale = scale;
            }
        }
        best
    }
}

/// No input is larger: a manifest with a slip must not eat the memory of the machine.
pub(crate) const MAX_SIDE_PX: u32 = 4096;

/// Where the picture lies in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Aspect kept, padding to the right and below (YOLOX, NanoDet).
    TopLeft,
    /// Aspect kept, padding on both sides (Ultralytics).
    Centred,
    /// Each side scaled on its own, no padding (DETR).
    Stretch,
}

/// One picture size in one input size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letterbox {
    /// The whole input.
    pub input: InputSize,
    /// The part that the picture fills.
    pub content: InputSize,
    /// Columns of padding to the left of it.
    pub left_px: u32,
    /// Rows of padding above it.
    pub top_px: u32,
}

impl Letterbox {
    /// Of a picture (both sides above 0) in `input`.
    #[must_use]
    pub fn new(width_px: u32, height_px: u32, input: InputSize, placement: Placement) -> Self {
        let scaled = |side: u32, by: u32, of: u32| {
            let exact = (u64::from(side) * u64::from(by) + u64::from(of) / 2) / u64::from(of.max(1));
            u32::try_from(exact).unwrap_or(u32::MAX).max(1)
        };
        let is_wider = u64::from(width_px) * u64::from(input.height_px)
            >= u64::from(height_px) * u64::from(input.width_px);
        let content = match placement {
            Placement::Stretch => input,
            Placement::TopLeft | Placement::Centred if is_wider => InputSize {
                width_px: input.width_px,
                height_px: scaled(height_px, input.width_px, width_px).min(input.height_px),
            },
            Placement::TopLeft | Placement::Centred => InputSize {
                width_px: scaled(width_px, input.height_px, height_px).min(input.width_px),
                height_px: input.height_px,
            },
        };
        let (left_px, top_px) = match placement {
            Placement::TopLeft | Placement::Stretch => (0, 0),
            Placement::Centred => {
                ((input.width_px - content.width_px) / 2, (input.height_px - content.height_px) / 2)
            }
        };
        Self { input, content, left_px, top_px }
    }

    /// A box in input pixels as a box of the picture, not yet clipped to it.
    #[must_use]
    pub fn to_picture(&self, rect: PixelRect) -> NormRect {
        #[expect(clippy::cast_precision_loss, reason = "pixel arithmetic: sides are below 2^24")]
        let (left, top, width, height) = (
            self.left_px as f32,
            self.top_px as f32,
            self.content.width_px as f32,
            self.content.height_px as f32,
        );
        NormRect {
            x0: (rect.x0 - left) / width,
            y0: (rect.y0 - top) / height,
            x1: (rect.x1 - left) / width,
            y1: (rect.y1 - top) / height,
        }
    }
}

/// A box in pixels of a model's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelRect {
    /// Left.
    pub x0: f32,
    /// Top.
    pub y0: f32,
    /// Right.
    pub x1: f32,
    /// Bottom.
    pub y1: f32,
}

impl PixelRect {
    /// From centre and size.
    #[must_use]
    pub fn from_centre(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self { x0: x - width / 2.0, y0: y - height / 2.0, x1: x + width / 2.0, y1: y + height / 2.0 }
    }

    /// No side is NaN or infinite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.x0.is_finite() && self.y0.is_finite() && self.x1.is_finite() && self.y1.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: InputSize = InputSize { width_px: 640, height_px: 384 };

    #[test]
    fn each_camera_gets_the_input_that_shows_it_largest() {
        let check = |picture: [u32; 2], expected: [u32; 2]| {
            let chosen = BUDGET.for_picture(picture[0], picture[1], 32);
            assert_eq!([chosen.width_px, chosen.height_px], expected, "{picture:?}");
        };
        check([1920, 1080], [640, 384]);
        check([640, 360], [640, 384]);
        check([704, 576], [544, 448]);
        check([640, 480], [576, 416]);
        check([1080, 1920], [384, 640]);
        check([1000, 1000], [480, 480]);
        // A strip has no rows that only padding would fill.
        check([10000, 100], [3840, 64]);
        for width in (16..4000).step_by(97) {
            for height in (16..4000).step_by(89) {
                let chosen = BUDGET.for_picture(width, height, 32);
                assert!(chosen.width_px * chosen.height_px <= 640 * 384, "{width}x{height}");
                assert_eq!((chosen.width_px % 32, chosen.height_px % 32), (0, 0), "{width}x{height}");
            }
        }
    }

    #[test]
    fn a_box_finds_its_way_back() {
        let check = |placement, content: [u32; 2], at: [u32; 2]| {
            let letterbox = Letterbox::new(1000, 500, InputSize { width_px: 416, height_px: 416 }, placement);
            assert_eq!([letterbox.content.width_px, letterbox.content.height_px], content);
            assert_eq!([letterbox.left_px, letterbox.top_px], at);
            let (x, y) = (at[0] as f32, at[1] as f32);
            let (w, h) = (content[0] as f32, content[1] as f32);
            let half = PixelRect { x0: x + w / 4.0, y0: y + h / 4.0, x1: x + w * 0.75, y1: y + h * 0.75 };
            let back = letterbox.to_picture(half);
            for (found, expected) in [(back.x0, 0.25), (back.y0, 0.25), (back.x1, 0.75), (back.y1, 0.75)] {
                assert!((found - expected).abs() < 1e-5, "{placement:?}: {back:?}");
            }
        };
        check(Placement::TopLeft, [416, 208], [0, 0]);
        check(Placement::Centred, [416, 208], [0, 104]);
        check(Placement::Stretch, [416, 416], [0, 0]);
    }

    #[test]
    fn a_strip_keeps_at_least_one_row() {
        let strip = Letterbox::new(16000, 2, InputSize { width_px: 416, height_px: 416 }, Placement::TopLeft);
        assert_eq!(strip.content, InputSize { width_px: 416, height_px: 1 });
    }
}
