//! Where things stand on pages of A4: lines are broken, tables go on over pages with their heads.

use super::font::Face;
use crate::bulletin::layout::{Block, Holds, Table};

/// Points.
pub(super) const MARGIN: f32 = 36.0;
const SHORT: f32 = 595.28;
const LONG: f32 = 841.89;
/// A table with more columns needs the long side.
const MOST_ACROSS: usize = 7;
const TITLE: f32 = 18.0;
const HEADING: f32 = 12.0;
const TEXT: f32 = 9.5;
const SMALL: f32 = 8.0;
/// Of the size of the text.
const LEADING: f32 = 1.4;
/// Around the words of a cell.
const PAD: f32 = 3.5;
const NAME_WIDTH: f32 = 130.0;
const GREY_HEAD: u8 = 0xe9;
const GREY_LINE: u8 = 0xc8;
const LINE: f32 = 0.5;

/// What is drawn. Positions from the upper left, points; text stands on its base line.
pub(super) enum Mark {
    /// One line.
    Text { x: f32, y: f32, size: f32, text: String },
    /// A rectangle, or a thin one that is a line.
    Fill { x: f32, y: f32, width: f32, height: f32, grey: u8 },
    /// A JPEG.
    Picture { x: f32, y: f32, width: f32, height: f32, jpeg: Vec<u8> },
}

/// Pages while they are filled.
pub(super) struct Paper<'a> {
    face: &'a Face,
    width: f32,
    height: f32,
    y: f32,
    pages: Vec<Vec<Mark>>,
}

impl<'a> Paper<'a> {
    /// Long side across when a table needs it.
    pub(super) fn new(face: &'a Face, blocks: &[Block]) -> Self {
        let is_wide = blocks
            .iter()
            .any(|block| matches!(block, Block::Table(table) if table.columns.len() > MOST_ACROSS));
        let (width, height) = if is_wide { (LONG, SHORT) } else { (SHORT, LONG) };
        Self { face, width, height, y: MARGIN, pages: vec![Vec::new()] }
    }

    pub(super) const fn size(&self) -> (f32, f32) {
        (self.width, self.height)
    }

    pub(super) fn finish(self) -> Vec<Vec<Mark>> {
        self.pages
    }

    /// The next block, below the last one.
    pub(super) fn put(&mut self, block: &Block) {
        match block {
            Block::Title(words) => self.words(words, TITLE, Place::Middle),
            Block::Heading(words) => {
                self.room(HEADING * 6.0);
                self.y += HEADING * 0.6;
                self.words(words, HEADING, Place::Left);
            }
            Block::Paragraph(words) => self.words(words, TEXT, Place::Left),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Picture(jpeg) => self.picture(jpeg),
        }
    }

    fn across(&self) -> f32 {
        self.width - 2.0 * MARGIN
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// So much must fit: if not, on the next page. Says whether it is a new one.
    fn room(&mut self, height: f32) -> bool {
        let is_full = self.y + height > self.height - MARGIN && self.y > MARGIN;
        if is_full {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
        is_full
    }

    fn words(&mut self, words: &str, size: f32, place: Place) {
        for text in self.face.wrap(words, self.across() / size) {
            self.room(size * LEADING);
            let x = match place {
                Place::Left => MARGIN,
                Place::Middle => MARGIN + (self.across() - self.face.width(&text) * size) / 2.0,
            };
            self.y += size * LEADING;
            self.mark(Mark::Text { x, y: self.y - size * 0.3, size, text });
        }
        self.y += size * 0.4;
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let widths = [NAME_WIDTH, self.across() - NAME_WIDTH];
        for (name, value) in facts {
            let cells = [(name.as_str(), Holds::Text), (value.as_str(), Holds::Text)];
            self.row(&cells, &widths, TEXT, Some(0));
        }
    }

    fn table(&mut self, table: &Table) {
        let size = if table.columns.len() > MOST_ACROSS { SMALL } else { TEXT };
        let widths = self.widths(table, size);
        let head: Vec<_> = table.columns.iter().map(|column| (column.title.as_str(), column.holds)).collect();
        let height = self.height_of(&head, &widths, size);
        self.room(height * 2.0);
        self.head(&head, &widths, size);
        for row in &table.rows {
            let texts: Vec<String> = row.iter().map(super::super::layout::Cell::text).collect();
            let holds = table.columns.iter().map(|column| column.holds);
            let cells: Vec<_> = texts.iter().map(String::as_str).zip(holds).collect();
            if self.room(self.height_of(&cells, &widths, size)) {
                self.head(&head, &widths, size);
            }
            self.row(&cells, &widths, size, None);
        }
        self.y += size * 0.5;
    }

    fn head(&mut self, head: &[(&str, Holds)], widths: &[f32], size: f32) {
        let height = self.height_of(head, widths, size);
        let (x, y, width) = (MARGIN, self.y, widths.iter().sum());
        self.mark(Mark::Fill { x, y, width, height, grey: GREY_HEAD });
        self.row(head, widths, size, None);
    }

    fn height_of(&self, cells: &[(&str, Holds)], widths: &[f32], size: f32) -> f32 {
        let lines = cells.iter().zip(widths).map(|((text, _), width)| {
            let lines = self.face.wrap(text, (width - 2.0 * PAD) / size).len();
            u16::try_from(lines).unwrap_or(u16::MAX)
        });
        f32::from(lines.max().unwrap_or(1)) * size * LEADING + PAD
    }

    /// `shaded`: the cell that names the others.
    fn row(&mut self, cells: &[(&str, Holds)], widths: &[f32], size: f32, shaded: Option<usize>) {
        let height = self.height_of(cells, widths, size);
        self.room(height);
        let (top, mut x) = (self.y, MARGIN);
        for (i, ((text, holds), width)) in cells.iter().zip(widths).enumerate() {
            if shaded == Some(i) {
                self.mark(Mark::Fill { x, y: top, width: *width, height, grey: GREY_HEAD });
            }
            let mut y = top;
            for line in self.face.wrap(text, (width - 2.0 * PAD) / size) {
                y += size * LEADING;
                let inset = match holds {
                    Holds::Text => PAD,
                    Holds::Number | Holds::Share => width - PAD - self.face.width(&line) * size,
                };
                self.mark(Mark::Text { x: x + inset, y: y - size * 0.25, size, text: line });
            }
            x += width;
        }
        let width = widths.iter().sum();
        self.mark(Mark::Fill { x: MARGIN, y: top + height - LINE, width, height: LINE, grey: GREY_LINE });
        self.y = top + height;
    }

    /// As wide as what is in them; what is too much is taken from the widest ones, which break their lines.
    fn widths(&self, table: &Table, size: f32) -> Vec<f32> {
        let mut widths: Vec<f32> = (0..table.columns.len())
            .map(|i| {
                let cells =
                    table.rows.iter().filter_map(|row| row.get(i)).map(|cell| self.face.width(&cell.text()));
                let title =
                    table.columns.get(i).map_or(0.0, |column| self.face.width(&column.title).min(4.2));
                cells.fold(title, f32::max) * size + 2.0 * PAD + 1.0
            })
            .collect();
        let across = self.across();
        let mut limit = across;
        // Halves until it fits: columns that are narrow anyway keep their width.
        for _ in 0..24 {
            let sum: f32 = widths.iter().map(|width| width.min(limit)).sum();
            if sum <= across {
                break;
            }
            limit *= 0.9;
        }
        for width in &mut widths {
            *width = width.min(limit);
        }
        let sum: f32 = widths.iter().sum();
        let spare = (across - sum).max(0.0) / f32::from(u16::try_from(widths.len().max(1)).unwrap_or(1));
        for width in &mut widths {
            *width += spare;
        }
        widths
    }

    fn picture(&mut self, jpeg: &[u8]) {
        let Ok(size) = imagesize::blob_size(jpeg) else { return };
        let side = |n: usize| u16::try_from(n.max(1)).map_or(f32::from(u16::MAX), f32::from);
        let (own_width, own_height) = (side(size.width), side(size.height));
        let most = self.height * 0.38;
        let scale = (self.across() / own_width).min(most / own_height);
        let (width, height) = (own_width * scale, own_height * scale);
        self.room(height);
        let (x, y) = (MARGIN, self.y);
        self.mark(Mark::Picture { x, y, width, height, jpeg: jpeg.to_vec() });
        self.y += height + TEXT * 0.5;
    }
}

enum Place {
    Left,
    Middle,
}
