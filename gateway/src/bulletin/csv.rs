//! A bulletin as text with commas: one table after the other, each under its name. UTF-8 with a byte order mark, so that
//! spreadsheets take it for what it is.

use super::layout::{Block, Cell, Holds, Table, percent};

/// UTF-8 says of itself that it is.
pub(super) const MARK: &str = "\u{feff}";

/// All blocks.
pub(super) fn write(blocks: &[Block]) -> Vec<u8> {
    let mut text = MARK.to_owned();
    for block in blocks {
        match block {
            Block::Title(words) | Block::Paragraph(words) => line(&mut text, [words.clone()]),
            Block::Heading(words) => {
                text.push_str("\r\n");
                line(&mut text, [words.clone()]);
            }
            Block::Facts(facts) => {
                for (name, value) in facts {
                    line(&mut text, [name.clone(), value.clone()]);
                }
            }
            Block::Table(table) => self::table(&mut text, table),
            // There is no picture in a table of numbers.
            Block::Picture(_) => {}
        }
    }
    text.into_bytes()
}

fn table(text: &mut String, table: &Table) {
    line(
        text,
        table.columns.iter().flat_map(|column| match column.holds {
            Holds::Text | Holds::Number => vec![column.title.clone()],
            Holds::Share => {
                vec![column.title.clone(), format!("{} /", column.title), format!("{} %", column.title)]
            }
        }),
    );
    for row in &table.rows {
        line(
            text,
            row.iter().flat_map(|cell| match cell {
                Cell::Text(words) => vec![words.clone()],
                Cell::Number(n) => vec![n.to_string()],
                Cell::Share(share) => {
                    vec![share.n.to_string(), share.of.to_string(), percent(*share).unwrap_or_default()]
                }
            }),
        );
    }
}

pub(super) fn line(text: &mut String, fields: impl IntoIterator<Item = String>) {
    let fields: Vec<String> = fields.into_iter().map(|field| quoted(&field)).collect();
    text.push_str(&fields.join(","));
    text.push_str("\r\n");
}

/// What a spreadsheet would take for a formula is made text by an apostrophe (OWASP, "CSV Injection"): names and notes
/// come from whoever reports.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let safe = if is_formula { format!("'{field}") } else { field.to_owned() };
    if safe.contains(['"', ',', '\n', '\r', '\'']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}
