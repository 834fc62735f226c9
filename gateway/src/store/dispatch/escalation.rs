//! Whom the escalation chain has told, and who has said that they have seen it.

use rusqlite::params;
use sharpeyes_domain::{
    ids::{AccountId, IncidentId},
    incident::Recipient,
    time::WallTime,
};

use super::{Dispatch, DispatchTx, IncidentRow, query, rows::wall};
use crate::store::{
    accounts::{self, AccountRow},
    db::DbError,
};

/// An incident `i` of which the chain waits for somebody: it has told, and the incident is not put away.
const WAITS: &str = "i.escalated > 0 AND i.state NOT IN ('shelved', 'merged')";

/// So many are listed; who has more than that has another trouble.
const MOST: u32 = 200;

/// What was escalated to somebody, and is not yet seen.
#[derive(Clone, Debug)]
pub struct EscalatedRow {
    /// The incident, as it is now.
    pub incident: IncidentRow,
    /// The step of the chain.
    pub step: u16,
    /// When it was told.
    pub told: WallTime,
}

impl Dispatch {
    /// What was escalated to this account and it has not acknowledged, the newest first. What somebody has moved since
    /// waits for nobody any more, and what is put away waits until it is back.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn escalated_to(&self, account: AccountId) -> Result<Vec<EscalatedRow>, DbError> {
        self.read(move |c| {
            let unseen = c
                .prepare_cached(&format!(
                    "SELECT n.incident, n.step, n.told_ms FROM escalation_notice n
                     JOIN incident i ON i.id = n.incident AND {WAITS}
                     WHERE n.account = ?1 AND n.acknowledged_ms IS NULL
                     ORDER BY n.told_ms DESC, n.incident DESC LIMIT ?2"
                ))?
                .query_map(params![account.0, MOST], |row| {
                    Ok((IncidentId(row.get("incident")?), row.get("step")?, wall(row, "told_ms")?))
                })?
                .collect::<rusqlite::Result<Vec<(IncidentId, u16, WallTime)>>>()?;
            let mut rows = Vec::with_capacity(unseen.len());
            for (id, step, told) in unseen {
                rows.extend(query::incident(c, id)?.map(|incident| EscalatedRow { incident, step, told }));
            }
            Ok(rows)
        })
        .await
    }
}

impl DispatchTx<'_> {
    /// All accounts.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, DbError> {
        self.with(|t| accounts::all(t))
    }

    /// These are told; who was told before is told anew.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn notify(
        &self,
        incident: IncidentId,
        step: u16,
        told: &[Recipient],
        now: WallTime,
    ) -> Result<(), DbError> {
        for one in told {
            self.run(
                "INSERT INTO escalation_notice (incident, account, step, told_ms) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (incident, account) DO UPDATE
                     SET step = excluded.step, told_ms = excluded.told_ms, acknowledged_ms = NULL",
                params![incident.0, one.account.0, step, now.0],
            )?;
        }
        Ok(())
    }

    /// The chain is over: what it told waits for nobody, and the next one tells anew.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn forget_notices(&self, incident: IncidentId) -> Result<(), DbError> {
        self.run("DELETE FROM escalation_notice WHERE incident = ?1", params![incident.0]).map(drop)
    }

    /// This account has seen it; `false` when there is nothing for it to see.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn acknowledge(&self, incident: IncidentId, by: AccountId, now: WallTime) -> Result<bool, DbError> {
        let n_seen = self.run(
            &format!(
                "UPDATE escalation_notice SET acknowledged_ms = ?3
                 WHERE incident = ?1 AND account = ?2 AND acknowledged_ms IS NULL
                     AND EXISTS (SELECT 1 FROM incident i WHERE i.id = ?1 AND {WAITS})"
            ),
            params![incident.0, by.0, now.0],
        )?;
        Ok(n_seen > 0)
    }
}
