//! What waits for a revisit (回访), and how much of it is late.

use std::collections::BTreeSet;

use rusqlite::named_params;
use serde::{Deserialize, Serialize};
use sharpeyes_domain::{
    ids::{AccountId, AreaId},
    time::WallTime,
};

use super::{Dispatch, write::json};
use crate::store::db::DbError;

/// Of an incident `i`: word for word what the index of revisits holds.
pub(super) const WAITS: &str =
    "i.archived_ms IS NULL AND ((i.state = 'closed' AND i.deadline_ms < 9007199254740991)
    OR (i.state = 'revisited' AND i.satisfaction = 'dissatisfied'))";
/// Counted no further: nobody works through more.
const MOST_COUNTED: u32 = 1_000;

/// Who asked the people concerned, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisited {
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: WallTime,
}

/// How much there is to ask, and to decide on; 1,000 of each stand for so many or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevisitCounts {
    /// Closed as handled, and neither revisited nor archived.
    pub waiting: u32,
    /// … of them with their time run out.
    pub n_overdue: u32,
    /// Revisited with people who are not content, and neither opened again nor archived.
    pub discontent: u32,
}

impl Dispatch {
    /// What waits in these areas; `None`: anywhere.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn revisits(
        &self,
        areas: Option<BTreeSet<AreaId>>,
        now: WallTime,
    ) -> Result<RevisitCounts, DbError> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {} AS waiting, {} AS n_overdue, {} AS discontent",
                counting("i.state = 'closed'"),
                counting("i.state = 'closed' AND i.deadline_ms <= :now"),
                counting("i.state = 'revisited'"),
            );
            let values = named_params! { ":now": now.0, ":areas": areas.as_ref().map(json) };
            c.prepare_cached(&sql)?.query_row(values, |row| {
                Ok(RevisitCounts {
                    waiting: row.get("waiting")?,
                    n_overdue: row.get("n_overdue")?,
                    discontent: row.get("discontent")?,
                })
            })
        })
        .await
    }
}

fn counting(condition: &str) -> String {
    format!(
        "(SELECT count(*) FROM (SELECT 1 FROM incident i INDEXED BY incident_revisit WHERE ({WAITS}) AND {condition}
             AND (:areas IS NULL OR i.area IN (SELECT value FROM json_each(:areas))) LIMIT {MOST_COUNTED}))"
    )
}
