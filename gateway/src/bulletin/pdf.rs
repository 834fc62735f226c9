//! A bulletin as pages. Text is text, so that it can be searched and copied; of the font, only what is used is embedded.

mod font;
mod paper;

use std::path::Path;

use jiff::{Timestamp, tz::TimeZone};
use krilla::{
    Document, SerializeSettings,
    color::rgb,
    geom::{PathBuilder, Point, Rect, Size, Transform},
    image::Image,
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};

use self::{
    font::Face,
    paper::{Mark, Paper},
};
use super::{
    WriteError,
    document::Bulletin,
    layout::{self, Block},
    words::Lang,
};

/// All blocks, with the number of each page below.
pub(super) fn write(
    blocks: &[Block],
    bulletin: &Bulletin,
    lang: Lang,
    zone: &TimeZone,
    font: Option<&Path>,
) -> Result<Vec<u8>, WriteError> {
    let face = Face::find(font)?;
    let mut paper = Paper::new(&face, blocks);
    for block in blocks {
        paper.put(block);
    }
    let refused = |message: String| WriteError::Library { format: "PDF", message };
    let embedded = Font::new(face.bytes().into(), face.index()).ok_or_else(|| face.unusable())?;
    let mut document = Document::new_with(SerializeSettings::default());
    let title = layout::title(bulletin, lang, zone);
    document.set_metadata(metadata(bulletin, &title, lang));
    let (width, height) = paper.size();
    let pages = paper.finish();
    let n_pages = pages.len();
    for (i, marks) in pages.iter().enumerate() {
        let settings =
            PageSettings::from_wh(width, height).ok_or_else(|| refused("no such page".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, mark, &face, &embedded);
        }
        let footer = format!("{title}    {}/{n_pages}", i + 1);
        let below = Mark::Text { x: paper::MARGIN, y: height - 18.0, size: 7.0, text: footer };
        draw(&mut surface, &below, &face, &embedded);
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| refused(format!("{error:?}")))
}

/// The time is the bulletin's, so that the same bulletin is the same file.
fn metadata(bulletin: &Bulletin, title: &str, lang: Lang) -> Metadata {
    let at = Timestamp::from_millisecond(bulletin.made_ms).unwrap_or_default().to_zoned(TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).unwrap_or(0);
    let made = DateTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0);
    Metadata::new()
        .title(title.to_owned())
        .language(lang.tag().to_owned())
        .creator("Sharp Eyes".to_owned())
        .authors(vec![bulletin.made_by.clone()])
        .creation_date(made)
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, face: &Face, font: &Font) {
    match mark {
        Mark::Text { x, y, size, text } => {
            surface.set_fill(Some(fill(0x1f)));
            surface.draw_glyphs(
                Point::from_xy(*x, *y),
                &glyphs(face, text),
                font.clone(),
                text,
                *size,
                false,
            );
        }
        Mark::Fill { x, y, width, height, grey } => {
            let rect = Rect::from_xywh(*x, *y, *width, *height);
            let mut path = PathBuilder::new();
            if let Some(rect) = rect {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*grey)));
                surface.draw_path(&path);
            }
        }
        Mark::Picture { x, y, width, height, jpeg } => {
            // A picture that cannot be read is left out: the report is wanted all the same.
            let Ok(image) = Image::from_jpeg(jpeg.clone().into(), true) else { return };
            if let Some(size) = Size::from_wh(*width, *height) {
                surface.push_transform(&Transform::from_translate(*x, *y));
                surface.draw_image(image, size);
                surface.pop();
            }
        }
    }
}

fn fill(grey: u8) -> Fill {
    Fill {
        paint: rgb::Color::new(grey, grey, grey).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

/// One for each character: Chinese and Latin need no more.
fn glyphs(face: &Face, text: &str) -> Vec<KrillaGlyph> {
    let glyph = |(at, c): (usize, char)| {
        let (id, advance) = face.glyph(c);
        KrillaGlyph {
            glyph_id: GlyphId::new(id),
            text_range: at..at + c.len_utf8(),
            x_advance: advance,
            x_offset: 0.0,
            y_offset: 0.0,
            y_advance: 0.0,
            location: None,
        }
    };
    text.char_indices().map(glyph).collect()
}
