//! Bulletins: reports over a period, a topic or one incident (日报、周报、月报、专报、快报), and the files they are read in.
//!
//! `build` puts what was counted, with the site's names, into a [`document`], which is kept as JSON. From the document
//! and nothing else `layout` makes headings, tables and sentences in one language, and each format writes those.
//! No number is made here; fed by `api`, which has asked who may.

mod build;
pub mod document;
mod words;

pub use self::{
    build::{BulletinPeriod, accuracy_rows, flash, local, period, statistics},
    words::Lang,
};
