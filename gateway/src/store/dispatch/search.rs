//! The words of incidents, so that Chinese is found by any two characters and the rest by the beginnings of words.
//!
//! SQLite's own tokenisers know no Chinese words, and its trigrams find nothing shorter than three characters. So a run
//! of Chinese characters is kept as its pairs of neighbours, and one character more at the end: `广场舞` becomes
//! `广场 场舞 舞`. A query becomes the phrase of its own pairs.

use std::fmt::Write as _;

use rusqlite::{Connection, params};
use sharpeyes_domain::ids::IncidentId;

use super::{Dispatch, DispatchTx};
use crate::store::db::DbError;

/// More of a text is not kept.
const MOST_CHARS: usize = 8_000;
/// More words of a query say nothing more.
const MOST_WORDS: usize = 8;
/// Incidents of an older release that are indexed in one transaction.
const BATCH: u32 = 500;

/// Letters and digits of scripts with spaces are words; all else that is alphabetic is cut into pairs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Pair,
    Gap,
}

fn kind(c: char) -> Kind {
    match c {
        _ if !c.is_alphanumeric() => Kind::Gap,
        '\u{0}'..='\u{2e7f}' => Kind::Word,
        _ => Kind::Pair,
    }
}

/// The runs of one kind, without the gaps.
fn runs(text: &str) -> Vec<(Kind, Vec<char>)> {
    let mut runs: Vec<(Kind, Vec<char>)> = Vec::new();
    let mut last = Kind::Gap;
    for c in text.chars().take(MOST_CHARS).flat_map(char::to_lowercase) {
        let kind = kind(c);
        match runs.last_mut() {
            Some((_, run)) if kind == last && kind != Kind::Gap => run.push(c),
            _ if kind != Kind::Gap => runs.push((kind, vec![c])),
            _ => {}
        }
        last = kind;
    }
    runs
}

/// As kept.
fn words(text: &str) -> String {
    let mut words = String::new();
    for (kind, run) in runs(text) {
        match kind {
            Kind::Word => words.extend(run.iter()),
            Kind::Pair | Kind::Gap => {
                for pair in run.windows(2) {
                    words.extend(pair.iter());
                    words.push(' ');
                }
                words.extend(run.last());
            }
        }
        words.push(' ');
    }
    words
}

/// As FTS5 is asked: every part must be there. `None` when there is nothing to ask.
pub(super) fn query(text: &str) -> Option<String> {
    let mut query = String::new();
    for (kind, run) in runs(text).into_iter().take(MOST_WORDS) {
        let part: String = match (kind, run.as_slice()) {
            (Kind::Pair, [_, _, ..]) => {
                let pairs: Vec<String> = run.windows(2).map(|pair| pair.iter().collect()).collect();
                format!("\"{}\"", pairs.join(" "))
            }
            // A word, or a single character, begins what is kept. Only letters and digits are in it.
            _ => format!("\"{}\" *", run.iter().collect::<String>()),
        };
        let separator = if query.is_empty() { "" } else { " AND " };
        let _ = write!(query, "{separator}{part}");
    }
    (!query.is_empty()).then_some(query)
}

impl DispatchTx<'_> {
    /// Keeps the words of an incident as they are now: number, title, place, people's notes.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn index_words(&self, id: IncidentId) -> Result<(), DbError> {
        let sql =
            "SELECT concat_ws(' ', number, replace(number, '-', ''), camera, camera_name, zone_name, title,
                       description, location, reporter,
                       (SELECT group_concat(note, ' ') FROM incident_history WHERE incident = ?1))
                   FROM incident WHERE id = ?1";
        let text: Option<String> = self.first(sql, params![id.0], |row| row.get(0))?;
        let Some(text) = text else { return Ok(()) };
        let sql = "INSERT OR REPLACE INTO incident_text (rowid, words) VALUES (?1, ?2)";
        self.run(sql, params![id.0, words(&text)])?;
        self.run("UPDATE incident SET is_indexed = 1 WHERE id = ?1 AND is_indexed = 0", params![id.0])
            .map(drop)
    }

    /// Indexes some incidents that an older release left. `false` when there were none.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn index_some(&self) -> Result<bool, DbError> {
        let sql = "SELECT id FROM incident WHERE is_indexed = 0 ORDER BY id DESC LIMIT ?1";
        let left: Vec<IncidentId> = self.all(sql, params![BATCH], |row| row.get(0).map(IncidentId))?;
        left.iter().try_for_each(|id| self.index_words(*id))?;
        Ok(!left.is_empty())
    }
}

impl Dispatch {
    /// There are incidents whose words are not kept yet.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn is_indexing(&self) -> Result<bool, DbError> {
        self.read(|c: &Connection| {
            c.query_row("SELECT EXISTS (SELECT 1 FROM incident WHERE is_indexed = 0)", [], |row| row.get(0))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_kept_in_pairs_and_the_rest_in_words() {
        let check = |text: &str, kept: &str| assert_eq!(words(text).trim_end(), kept, "{text}");
        check("广场舞", "广场 场舞 舞");
        check("桥", "桥");
        check("Cam-01 东门，3号", "cam 01 东门 门 3 号");
        check("", "");
        check("<>\"*()", "");
    }

    #[test]
    fn a_query_asks_for_all_its_parts_and_is_never_syntax() {
        let check = |text: &str, asked: Option<&str>| assert_eq!(query(text).as_deref(), asked, "{text}");
        check("广场", Some("\"广场\""));
        check("广场舞 cam", Some("\"广场 场舞\" AND \"cam\" *"));
        check("桥", Some("\"桥\" *"));
        check("20261126-0042", Some("\"20261126\" * AND \"0042\" *"));
        check("\" OR * NEAR(", Some("\"or\" * AND \"near\" *"));
        check(" -- ", None);
    }
}
