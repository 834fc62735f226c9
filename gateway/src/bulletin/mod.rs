//! Bulletins: reports over a period, a topic or one incident (日报、周报、月报、专报、快报), and the files they are read in.
//!
//! `build` puts what was counted, with the site's names, into a [`document`], which is kept as JSON. From the document
//! and nothing else `layout` makes headings, tables and sentences in one language, and each format writes those.
//! No number is made here; fed by `api`, which has asked who may.

mod build;
mod csv;
pub mod document;
mod docx;
mod layout;
mod ledger;
mod pdf;
#[cfg(test)]
mod tests;
mod words;
mod xlsx;

use std::{io, path::PathBuf};

use jiff::tz::TimeZone;

use self::document::Bulletin;
pub use self::document::BulletinKind;
pub use self::{
    build::{BulletinPeriod, accuracy_rows, flash, local, period, period_before, statistics},
    ledger::Ledger,
    words::Lang,
};

/// What a bulletin is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For reading and printing.
    Pdf,
    /// For editing.
    Docx,
    /// For counting on.
    Xlsx,
    /// For other programs.
    Csv,
}

impl Format {
    /// As in file names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// As in `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no font with Chinese characters.
    #[error(
        "no font with Chinese characters was found; install one (Debian: fonts-noto-cjk), or name one in [reports] font. \
         Looked for: {}", looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoFont {
        /// Where.
        looked: Vec<PathBuf>,
    },
    /// The font cannot be read.
    #[error("the font {path} cannot be read: {source}")]
    Font {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no font that can be embedded.
    #[error("{path} is no font that can be used: a TrueType or OpenType font or collection is needed")]
    BadFont {
        /// Which.
        path: PathBuf,
    },
    /// A library refused.
    #[error("the {format} file could not be written: {message}")]
    Library {
        /// Which format.
        format: &'static str,
        /// Its word.
        message: String,
    },
    /// More than a sheet of a workbook holds.
    #[error("a sheet holds {most} incidents: ask for a shorter time, or for CSV")]
    TooMany {
        /// So many.
        most: u32,
    },
    /// The site's time zone is not known here.
    #[error("the time zone {0} is not known")]
    Zone(String),
}

/// Writes a bulletin as a file in a language. `font` is the site's choice for PDF. Blocks: a PDF reads its font.
///
/// # Errors
/// [`WriteError`].
pub fn write(
    bulletin: &Bulletin,
    format: Format,
    lang: Lang,
    font: Option<&std::path::Path>,
) -> Result<Vec<u8>, WriteError> {
    let zone =
        TimeZone::get(&bulletin.time_zone).map_err(|_| WriteError::Zone(bulletin.time_zone.clone()))?;
    let extent = match format {
        Format::Pdf | Format::Docx => layout::Extent::Printed,
        Format::Xlsx | Format::Csv => layout::Extent::All,
    };
    let pages = layout::layout(bulletin, lang, &zone, extent);
    match format {
        Format::Pdf => pdf::write(&pages, bulletin, lang, &zone, font),
        Format::Docx => docx::write(&pages),
        Format::Xlsx => xlsx::write(&pages, bulletin.made_ms, lang),
        Format::Csv => Ok(csv::write(&pages)),
    }
}
