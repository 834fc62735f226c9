//! What a camera's pictures say by themselves, without a detector: things that move or were left, and tampering.
//!
//! The decisions are in `domain::background` and `domain::tamper`; here is only what joins them to decoded pictures and
//! to detections. In media time and without state of its own beside theirs: a replay sees what was seen live.

use sharpeyes_domain::{
    alarm::Moment,
    background::Background,
    detection::Detection,
    luma::{LumaPicture, PlaneView},
    schedule::LocalTime,
    tamper::{TamperEdge, TamperKind, TamperWatch},
};

use super::decode::{Frame, FramePlane};

/// A thing is explained by a detection that covers so much of it...
const COVERED: f32 = 0.5;
/// ...or that lies in it by so much and is so much of it: a person and the shadow.
const WITHIN: f32 = 0.6;
const MAIN_PART: f32 = 0.3;
/// A box that fills more of the picture explains nothing in it: it is a shop front that the detector takes for a bus.
const WHOLE: f32 = 0.5;

/// One camera's pixels.
#[derive(Debug)]
pub struct Pixels {
    /// `None` where no rule asks for things without a class.
    background: Option<Background>,
    tamper: TamperWatch,
}

/// What one picture showed.
#[derive(Clone, Debug, Default)]
pub struct PixelSight {
    /// Things without a class. None while the picture is doubted or dark.
    pub things: Vec<Detection>,
    /// Tampering that began or is over.
    pub tamper: Vec<TamperEdge>,
    /// What is wrong with the picture, or may be.
    pub doubt: Option<TamperKind>,
    /// There is no light: that nothing is seen does not say that nothing is there.
    pub is_dark: bool,
}

/// Whether rules ask for things without a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Things {
    /// Some rule counts what no detector names.
    Wanted,
    /// None does.
    Unwanted,
}

impl Pixels {
    /// A camera that is not known.
    #[must_use]
    pub fn new(things: Things) -> Self {
        let background = match things {
            Things::Wanted => Some(Background::new()),
            Things::Unwanted => None,
        };
        Self { background, tamper: TamperWatch::new() }
    }

    /// The next picture, with its time on the site's clocks; pictures of a run come in order.
    pub fn observe(&mut self, at: Moment, local: LocalTime, picture: &LumaPicture) -> PixelSight {
        let tamper = self.tamper.observe(at, local, picture);
        let (doubt, is_dark) = (self.tamper.doubt(), self.tamper.is_dark());
        if tamper.iter().any(is_adopted)
            && let Some(background) = &mut self.background
        {
            background.forget();
        }
        let things = match &mut self.background {
            // What covers the lens is no thing, and must not be learnt either; nor what is gone with the light.
            Some(background) if doubt.is_none() && !is_dark => {
                background.observe(at.pts, picture).things().map(|blob| blob.detection()).collect()
            }
            Some(_) | None => Vec::new(),
        };
        PixelSight { things, tamper, doubt, is_dark }
    }

    /// The pictures stop: what is the case from now on is not known.
    pub fn interrupt(&mut self) -> Option<TamperEdge> {
        self.tamper.interrupt()
    }
}

const fn is_adopted(edge: &TamperEdge) -> bool {
    use sharpeyes_domain::tamper::TamperEnding;
    matches!(edge, TamperEdge::End { ending: TamperEnding::Adopted, .. })
}

/// The picture in the size in which pixels are looked at; `None` for one without pixels.
#[must_use]
pub fn luma(frame: &Frame) -> Option<LumaPicture> {
    let size = |pixels: u32| usize::try_from(pixels).unwrap_or(0);
    let (width, height) = (size(frame.width_px), size(frame.height_px));
    let [y, cb, cr] = &*frame.planes;
    let halved = (width.div_ceil(2), height.div_ceil(2));
    LumaPicture::of_planes([view(y, (width, height)), view(cb, halved), view(cr, halved)])
}

fn view(plane: &FramePlane, (width, height): (usize, usize)) -> PlaneView<'_> {
    PlaneView { data: &plane.data, stride: plane.stride, width, height }
}

/// The things that no detection of the same picture explains.
pub fn unexplained<'a>(
    things: &'a [Detection],
    detections: &'a [Detection],
) -> impl Iterator<Item = Detection> + 'a {
    let explains = |thing: &Detection, detection: &Detection| {
        let shared = thing.rect.intersection(&detection.rect);
        let (whole, part) = (thing.rect.area().max(f32::EPSILON), detection.rect.area().max(f32::EPSILON));
        part <= WHOLE && (shared / whole > COVERED || (shared / part > WITHIN && part / whole > MAIN_PART))
    };
    things.iter().filter(move |thing| !detections.iter().any(|seen| explains(thing, seen))).copied()
}

#[cfg(test)]
mod tests;
