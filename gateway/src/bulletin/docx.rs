//! A bulletin as a document that can be edited.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, PageMargin, PageOrientationType, Paragraph, Pic, Run, RunFonts, Shading,
    Table as DocxTable, TableCell, TableRow, WidthType,
};

use super::{
    WriteError,
    layout::{Block, Cell, Holds, Table},
};

/// Of A4, twentieths of a point.
const SHORT: u32 = 11_906;
const LONG: u32 = 16_838;
const MARGIN: i32 = 850;
/// A table with more columns needs the long side.
const MOST_ACROSS: usize = 7;
/// Of a picture, English Metric Units: 15 cm.
const PICTURE_WIDTH: u32 = 15 * 360_000;
/// Half points.
const TITLE: usize = 36;
const HEADING: usize = 26;
const TEXT: usize = 20;
const SMALL: usize = 16;
const HEAD_FILL: &str = "E8EEF7";

/// All blocks.
pub(super) fn write(blocks: &[Block]) -> Result<Vec<u8>, WriteError> {
    let is_wide =
        blocks.iter().any(|block| matches!(block, Block::Table(table) if table.columns.len() > MOST_ACROSS));
    let (width, height) = if is_wide { (LONG, SHORT) } else { (SHORT, LONG) };
    let orient = if is_wide { PageOrientationType::Landscape } else { PageOrientationType::Portrait };
    // Fonts by name: whoever opens it has one of them, or another one with these characters.
    let fonts = RunFonts::new().ascii("Arial").hi_ansi("Arial").east_asia("Microsoft YaHei");
    let margin = PageMargin::new().top(MARGIN).bottom(MARGIN).left(MARGIN).right(MARGIN);
    let mut docx = Docx::new()
        .page_size(width, height)
        .page_orient(orient)
        .page_margin(margin)
        .default_fonts(fonts)
        .default_size(TEXT);
    for block in blocks {
        docx = match block {
            Block::Title(words) => docx.add_paragraph(
                Paragraph::new()
                    .align(AlignmentType::Center)
                    .add_run(Run::new().add_text(words).size(TITLE).bold()),
            ),
            Block::Heading(words) => docx.add_paragraph(Paragraph::new()).add_paragraph(
                Paragraph::new().keep_next(true).add_run(Run::new().add_text(words).size(HEADING).bold()),
            ),
            Block::Paragraph(words) => docx.add_paragraph(paragraph(words, TEXT)),
            Block::Facts(facts) => docx.add_table(self::facts(facts)),
            Block::Table(table) => docx.add_table(self::table(table)),
            Block::Picture(jpeg) => docx.add_paragraph(picture(jpeg)),
        };
    }
    let mut file = Cursor::new(Vec::new());
    docx.pack(&mut file)
        .map_err(|error| WriteError::Library { format: "DOCX", message: error.to_string() })?;
    Ok(file.into_inner())
}

fn paragraph(words: &str, size: usize) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(words).size(size))
}

fn facts(facts: &[(String, String)]) -> DocxTable {
    let row = |(name, value): &(String, String)| {
        let head = TableCell::new().width(2_600, WidthType::Dxa).shading(Shading::new().fill(HEAD_FILL));
        let head = head.add_paragraph(paragraph(name, TEXT));
        TableRow::new(vec![head, TableCell::new().add_paragraph(paragraph(value, TEXT))]).cant_split()
    };
    DocxTable::new(facts.iter().map(row).collect()).width(5_000, WidthType::Pct)
}

fn table(table: &Table) -> DocxTable {
    let size = if table.columns.len() > MOST_ACROSS { SMALL } else { TEXT };
    let head = table.columns.iter().map(|column| {
        let run = Run::new().add_text(&column.title).size(size).bold();
        let cell = TableCell::new().shading(Shading::new().fill(HEAD_FILL));
        cell.add_paragraph(Paragraph::new().add_run(run))
    });
    let mut rows = vec![TableRow::new(head.collect()).cant_split()];
    rows.extend(table.rows.iter().map(|row| {
        let cells = row.iter().zip(&table.columns).map(|(cell, column)| {
            let words = cell_paragraph(cell, size);
            let words = match column.holds {
                Holds::Text => words,
                Holds::Number | Holds::Share => words.align(AlignmentType::Right),
            };
            TableCell::new().add_paragraph(words)
        });
        TableRow::new(cells.collect()).cant_split()
    }));
    DocxTable::new(rows).width(5_000, WidthType::Pct)
}

fn cell_paragraph(cell: &Cell, size: usize) -> Paragraph {
    paragraph(&cell.text(), size)
}

/// As wide as the text is, in its own proportions.
fn picture(jpeg: &[u8]) -> Paragraph {
    let Ok(size) = imagesize::blob_size(jpeg) else { return Paragraph::new() };
    let (width, height) =
        (u32::try_from(size.width).unwrap_or(1).max(1), u32::try_from(size.height).unwrap_or(1));
    let scaled = u64::from(PICTURE_WIDTH) * u64::from(height) / u64::from(width);
    let pic = Pic::new_with_dimensions(jpeg.to_vec(), width, height)
        .size(PICTURE_WIDTH, u32::try_from(scaled).unwrap_or(PICTURE_WIDTH));
    Paragraph::new().add_run(Run::new().add_image(pic))
}
