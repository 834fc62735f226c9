//! Hand-overs of the shift as rows.

use rusqlite::{OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};
use sharpeyes_domain::{
    handover::{Handover, HandoverState, Signature},
    ids::{AccountId, AreaId, HandoverId, IncidentId, UnitId},
    incident::IncidentState,
    level::Level,
    time::WallTime,
};

use super::{
    Dispatch, DispatchTx, IncidentRow,
    rows::{self, unreadable, wall, word},
    write::json,
};
use crate::store::{
    audit::{self, AuditEntry},
    db::DbError,
};

/// What the queue was like when a hand-over was opened. Frozen: it is what the leaver has signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShiftSummary {
    /// Open incidents of the leaver's areas, by level and state.
    pub counts: Vec<ShiftCount>,
    /// What the leaver answers for.
    pub claimed: Vec<ShiftItem>,
    /// What is late, the most urgent first; at most 200.
    pub overdue: Vec<ShiftItem>,
    /// What is held, at most 200.
    pub held: Vec<ShiftItem>,
    /// How many are late, also beyond those listed.
    pub n_overdue: u32,
    /// How many are held, also beyond those listed.
    pub n_held: u32,
    /// Open faults of cameras and of the site.
    pub faults: Vec<ShiftFault>,
}

/// So many open incidents of a level are in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftCount {
    /// Of this level.
    pub level: Level,
    /// In this state.
    pub state: IncidentState,
    /// So many.
    pub n: u32,
}

/// An incident on the paper of a hand-over, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftItem {
    /// Which.
    pub incident: IncidentId,
    /// As people say it.
    pub number: String,
    /// How urgent.
    pub level: Level,
    /// Where it stood.
    pub state: IncidentState,
    /// What happened.
    pub class: String,
    /// Camera, title or place.
    pub what: String,
    /// Where.
    pub area: AreaId,
    /// Who answered for it.
    pub owner: Option<AccountId>,
    /// Units that were on it.
    pub units: Vec<UnitId>,
    /// When it was opened.
    pub opened_ms: i64,
    /// The next moment by which something must happen.
    pub deadline_ms: Option<i64>,
    /// Held since then.
    pub held_since_ms: Option<i64>,
}

impl From<&IncidentRow> for ShiftItem {
    fn from(row: &IncidentRow) -> Self {
        let report = row.report.as_ref();
        let what = row.camera.as_ref().map(|camera| camera.name.clone());
        let units = row.status.assignments.iter().filter(|one| one.is_active());
        Self {
            incident: row.id(),
            number: row.number.clone(),
            level: row.status.level,
            state: row.status.state,
            class: row.class.to_string(),
            what: what.or_else(|| report.map(|report| report.title.clone())).unwrap_or_default(),
            area: row.area.clone(),
            owner: row.status.claim.map(|claim| claim.owner),
            units: units.map(|one| one.unit.clone()).collect(),
            opened_ms: row.began.0,
            deadline_ms: row.deadline.map(|at| at.0),
            held_since_ms: row.status.overlays.held.map(|at| at.0),
        }
    }
}

/// A fault on the paper of a hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftFault {
    /// What is broken.
    pub kind: String,
    /// The camera's name; `None`: the site.
    pub camera: Option<String>,
    /// How urgent.
    pub level: Level,
    /// Since when.
    pub since_ms: i64,
    /// Who knows.
    pub acknowledged_by: Option<String>,
}

/// What became of the leaver's claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverOutcome {
    /// The taker answers for these now.
    pub moved: Vec<IncidentId>,
    /// These stayed: the taker is not responsible for where they are, or they are put away.
    pub stayed: Vec<IncidentId>,
}

/// One hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverRow {
    /// Which.
    pub id: HandoverId,
    /// Where it stands.
    pub state: HandoverState,
    /// Who leaves.
    pub leaver: AccountId,
    /// Roots of the leaver's areas.
    pub areas: Vec<AreaId>,
    /// Whom it is meant for; `None`: whoever comes.
    pub meant_for: Option<AccountId>,
    /// When the leaver signed.
    pub opened: WallTime,
    /// What the leaver wrote.
    pub note: String,
    /// What the leaver signed.
    pub summary: ShiftSummary,
    /// The second signature.
    pub decision: Option<HandoverDecision>,
}

impl HandoverRow {
    /// What decides about it.
    #[must_use]
    pub const fn paper(&self) -> Handover {
        Handover { state: self.state, leaver: self.leaver, meant_for: self.meant_for, opened: self.opened }
    }
}

/// The second signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverDecision {
    /// When.
    pub at: WallTime,
    /// Who.
    pub by: AccountId,
    /// How.
    pub signed: Signature,
    /// What they wrote.
    pub answer: String,
    /// Accepted: what became of the claims.
    pub outcome: Option<HandoverOutcome>,
}

/// A hand-over to be opened.
#[derive(Clone, Debug)]
pub struct NewHandover {
    /// Who leaves.
    pub leaver: AccountId,
    /// Roots of the leaver's areas.
    pub areas: Vec<AreaId>,
    /// Whom it is meant for; `None`: whoever comes.
    pub meant_for: Option<AccountId>,
    /// What the leaver wrote.
    pub note: String,
    /// What the queue is like.
    pub summary: ShiftSummary,
}

/// Which hand-overs are listed. What is `None` excludes nothing.
#[derive(Clone, Copy, Debug)]
pub struct HandoverFilter {
    /// Only with a smaller number: the next page.
    pub before: Option<HandoverId>,
    /// Opened then or later.
    pub from: Option<WallTime>,
    /// Opened before.
    pub until: Option<WallTime>,
    /// At most so many.
    pub limit: u32,
}

const SELECT: &str = "SELECT * FROM handover";
/// Lists are asked for every few seconds, and a summary has hundreds of lines.
const SELECT_BRIEF: &str =
    "SELECT id, state, leaver, areas, meant_for, opened_ms, note, '{}' AS summary, decided_ms,
    decided_by, signed_by, answer, outcome FROM handover";

impl DispatchTx<'_> {
    /// Opens a hand-over. `None` when the leaver has an open one; one from before `lapsed` no longer counts.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open_handover(
        &self,
        new: &NewHandover,
        now: WallTime,
        lapsed: WallTime,
    ) -> Result<Option<HandoverId>, DbError> {
        let sql =
            "UPDATE handover SET state = 'lapsed' WHERE leaver = ?1 AND state = 'open' AND opened_ms <= ?2";
        self.run(sql, params![new.leaver.0, lapsed.0])?;
        let n_rows = self.run(
            "INSERT OR IGNORE INTO handover (state, leaver, areas, meant_for, opened_ms, note, summary)
             VALUES ('open', :leaver, :areas, :meant_for, :now, :note, :summary)",
            named_params! {
                ":leaver": new.leaver.0,
                ":areas": json(&new.areas),
                ":meant_for": new.meant_for.map(|account| account.0),
                ":now": now.0,
                ":note": new.note,
                ":summary": json(&new.summary),
            },
        )?;
        Ok((n_rows == 1).then(|| HandoverId(self.last_id())))
    }

    /// The second signature. `false` when it is no longer open.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn decide_handover(
        &self,
        id: HandoverId,
        state: HandoverState,
        decision: &HandoverDecision,
    ) -> Result<bool, DbError> {
        let n_rows = self.run(
            "UPDATE handover SET state = :state, decided_ms = :at, decided_by = :by, signed_by = :signed,
                 answer = :answer, outcome = :outcome
             WHERE id = :id AND state = 'open'",
            named_params! {
                ":id": id.0,
                ":state": state.as_str(),
                ":at": decision.at.0,
                ":by": decision.by.0,
                ":signed": decision.signed.as_str(),
                ":answer": decision.answer,
                ":outcome": decision.outcome.as_ref().map(json),
            },
        )?;
        Ok(n_rows == 1)
    }

    /// The hand-over of this number.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn handover(&self, id: HandoverId) -> Result<Option<HandoverRow>, DbError> {
        self.first(&format!("{SELECT} WHERE id = ?1"), [id.0], handover_row)
    }

    /// Open incidents that this person answers for.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn claims_of(&self, owner: AccountId) -> Result<Vec<IncidentRow>, DbError> {
        let sql = format!("{} WHERE i.is_open = 1 AND i.owner = ?1 ORDER BY i.id", rows::SELECT_INCIDENT);
        self.all(&sql, [owner.0], rows::incident_row)
    }

    /// Writes a row of the audit log in this transaction.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn audit(&self, entry: &AuditEntry) -> Result<(), DbError> {
        self.with(|transaction| audit::append(transaction, entry).map(drop))
    }
}

impl Dispatch {
    /// Hand-overs, the newest first, with empty summaries.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn handovers(&self, filter: HandoverFilter) -> Result<Vec<HandoverRow>, DbError> {
        self.read(move |c| {
            let sql = format!(
                "{SELECT_BRIEF} WHERE id < ?1 AND opened_ms >= ?2 AND opened_ms < ?3 ORDER BY id DESC LIMIT ?4"
            );
            let before = filter.before.map_or(i64::MAX, |id| id.0);
            let from = filter.from.map_or(i64::MIN, |at| at.0);
            let until = filter.until.map_or(i64::MAX, |at| at.0);
            c.prepare_cached(&sql)?
                .query_map(params![before, from, until, filter.limit], handover_row)?
                .collect()
        })
        .await
    }

    /// The hand-over of this number.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn handover(&self, id: HandoverId) -> Result<Option<HandoverRow>, DbError> {
        self.read(move |c| c.query_row(&format!("{SELECT} WHERE id = ?1"), [id.0], handover_row).optional())
            .await
    }
}

fn handover_row(row: &Row<'_>) -> rusqlite::Result<HandoverRow> {
    fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
        serde_json::from_str(text).map_err(unreadable)
    }
    let decided: Option<i64> = row.get("decided_ms")?;
    let decision = match decided {
        None => None,
        Some(at) => {
            let outcome: Option<String> = row.get("outcome")?;
            Some(HandoverDecision {
                at: WallTime(at),
                by: AccountId(row.get("decided_by")?),
                signed: word(row, "signed_by")?,
                answer: row.get("answer")?,
                outcome: outcome.as_deref().map(parsed).transpose()?,
            })
        }
    };
    Ok(HandoverRow {
        id: HandoverId(row.get("id")?),
        state: word(row, "state")?,
        leaver: AccountId(row.get("leaver")?),
        areas: parsed(row.get_ref("areas")?.as_str()?)?,
        meant_for: row.get::<_, Option<i64>>("meant_for")?.map(AccountId),
        opened: wall(row, "opened_ms")?,
        note: row.get("note")?,
        summary: parsed(row.get_ref("summary")?.as_str()?)?,
        decision,
    })
}
