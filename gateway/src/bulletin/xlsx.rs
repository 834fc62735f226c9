//! A bulletin as a workbook: facts first, then a sheet for each table. Numbers are numbers.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatBorder, Workbook, Worksheet, XlsxError};

use super::{
    WriteError,
    layout::{Block, Cell, Holds, Table},
    words::Lang,
};

const LONGEST_SHEET_NAME: usize = 31;
const NARROWEST: usize = 8;
const WIDEST: usize = 60;

/// All blocks. `made_ms` is written as the time of creation, so that the same bulletin is the same file.
pub(super) fn write(blocks: &[Block], made_ms: i64, lang: Lang) -> Result<Vec<u8>, WriteError> {
    book(blocks, made_ms, lang)
        .map_err(|error| WriteError::Library { format: "XLSX", message: error.to_string() })
}

fn book(blocks: &[Block], made_ms: i64, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let mut properties =
        DocProperties::new().set_creation_datetime(&ExcelDateTime::from_timestamp(made_ms / 1_000)?);
    if let Some(Block::Title(title)) = blocks.first() {
        properties = properties.set_title(title);
    }
    book.set_properties(&properties);
    let formats = Formats::new();
    let mut first = Worksheet::new();
    let mut sheets = Vec::new();
    let mut row = 0;
    for block in blocks {
        match block {
            Block::Title(words) => {
                first.write_string_with_format(row, 0, words, &formats.title)?;
                row += 2;
            }
            Block::Paragraph(words) => {
                first.write_string(row, 0, words)?;
                row += 1;
            }
            Block::Facts(facts) => {
                for (name, value) in facts {
                    first.write_string_with_format(row, 0, name, &formats.head)?;
                    first.write_string(row, 1, value)?;
                    row += 1;
                }
                row += 1;
            }
            Block::Table(table) => sheets.push(sheet(table, &formats)?),
            // Sheets have names, and pictures are for reading.
            Block::Heading(_) | Block::Picture(_) => {}
        }
    }
    first.set_column_width(0, 24)?;
    first.set_column_width(1, 60)?;
    first.set_name(lang.of(("说明", "About")))?;
    book.push_worksheet(first);
    for sheet in sheets {
        book.push_worksheet(sheet);
    }
    book.save_to_buffer()
}

struct Formats {
    title: Format,
    head: Format,
    percent: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            title: Format::new().set_bold().set_font_size(16),
            head: Format::new().set_bold().set_border_bottom(FormatBorder::Thin),
            percent: Format::new().set_num_format("0.0%"),
        }
    }
}

fn sheet(table: &Table, formats: &Formats) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    let name: String =
        table.name.chars().filter(|c| !"[]:*?/\\".contains(*c)).take(LONGEST_SHEET_NAME).collect();
    sheet.set_name(name)?;
    let mut col = 0;
    for (i, column) in table.columns.iter().enumerate() {
        let titles = match column.holds {
            Holds::Text | Holds::Number => vec![column.title.clone()],
            Holds::Share => {
                vec![column.title.clone(), format!("{} /", column.title), format!("{} %", column.title)]
            }
        };
        let longest = table.rows.iter().filter_map(|row| row.get(i)).map(|cell| width(&cell.text())).max();
        let widest = longest.unwrap_or(0).max(width(&column.title) + 2).clamp(NARROWEST, WIDEST);
        for title in titles {
            sheet.write_string_with_format(0, col, title, &formats.head)?;
            sheet.set_column_width(col, u32::try_from(widest).unwrap_or(20))?;
            col += 1;
        }
    }
    for (i, row) in table.rows.iter().enumerate() {
        let at = u32::try_from(i + 1).unwrap_or(u32::MAX);
        let mut col = 0;
        for cell in row {
            match cell {
                Cell::Text(words) => {
                    // Always a string: what begins with `=` is no formula.
                    sheet.write_string(at, col, words)?;
                }
                Cell::Number(n) => {
                    sheet.write_number(at, col, float(*n))?;
                }
                Cell::Share(share) => {
                    sheet.write_number(at, col, float(share.n))?;
                    sheet.write_number(at, col + 1, float(share.of))?;
                    if share.of > 0 {
                        let value = float(share.n) / float(share.of);
                        sheet.write_number_with_format(at, col + 2, value, &formats.percent)?;
                    }
                    col += 2;
                }
            }
            col += 1;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    Ok(sheet)
}

/// Workbooks know no other numbers; counts are far below 2^53.
fn float(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

/// In half-width characters.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}
