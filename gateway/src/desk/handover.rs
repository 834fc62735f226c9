//! Handing the shift over: the paper, both signatures, and the claims that go with them, in one transaction each.

use std::collections::BTreeSet;

use sharpeyes_domain::{
    handover::{HandoverError, HandoverState, HandoverVerb, LAPSES_AFTER, Signature},
    ids::{AccountId, AreaId, HandoverId},
    incident::{Actor, IncidentAction},
    time::WallTime,
};

use super::{Desk, Inner, Step};
use crate::store::{
    audit::AuditEntry,
    db::DbError,
    dispatch::{DispatchTx, HandoverDecision, HandoverOutcome, HandoverRow, NewHandover},
};

/// The second signature of a hand-over.
#[derive(Clone, Debug)]
pub struct SignRequest {
    /// Which.
    pub id: HandoverId,
    /// What it says.
    pub verb: HandoverVerb,
    /// Whose it is.
    pub by: AccountId,
    /// How they have signed.
    pub signed: Signature,
    /// What they wrote.
    pub answer: String,
    /// Where they may act on incidents: claims elsewhere stay with the leaver.
    pub may_act_in: BTreeSet<AreaId>,
    /// What the audit log says of it.
    pub audit: AuditEntry,
}

/// Why a hand-over was not opened or not signed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum HandoverRefused {
    /// There is no such hand-over.
    #[error("there is no hand-over {0}")]
    NotFound(HandoverId),
    /// The leaver has one open.
    #[error("there is an open hand-over of yours; withdraw it first")]
    AlreadyOpen,
    /// The signature does not count.
    #[error(transparent)]
    Rule(#[from] HandoverError),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Desk {
    /// Opens a hand-over: the leaver's signature. Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`HandoverRefused::AlreadyOpen`], or the database.
    pub async fn open_handover(
        &self,
        new: NewHandover,
        audit: AuditEntry,
    ) -> Result<HandoverRow, HandoverRefused> {
        let now = self.0.clock.wall();
        self.write(move |tx| {
            let id = tx.open_handover(&new, now, now.minus(LAPSES_AFTER))?;
            let id = id.ok_or(HandoverRefused::AlreadyOpen)?;
            tx.audit(&AuditEntry { object: object(id), ..audit })?;
            tx.handover(id)?.ok_or(HandoverRefused::NotFound(id))
        })
        .await
    }

    /// Signs a hand-over. When it is accepted, the leaver's claims are the taker's with it. Whether the signer may is
    /// the caller's to decide. Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`HandoverRefused`]; nothing was changed.
    pub async fn sign_handover(&self, request: SignRequest) -> Result<HandoverRow, HandoverRefused> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| sign(&desk.0, tx, request, now)).await
    }
}

fn object(id: HandoverId) -> String {
    format!("handover/{id}")
}

fn sign(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    request: SignRequest,
    now: WallTime,
) -> Result<HandoverRow, HandoverRefused> {
    let SignRequest { id, verb, by, signed, answer, may_act_in, audit } = request;
    let row = tx.handover(id)?.ok_or(HandoverRefused::NotFound(id))?;
    let state = row.paper().decide(verb, by, now)?;
    let outcome = if state == HandoverState::Accepted {
        Some(desk.move_claims(tx, &row, by, &may_act_in, now)?)
    } else {
        None
    };
    let detail = match &outcome {
        Some(done) => {
            format!("{}; {} incidents moved, {} stayed", audit.detail, done.moved.len(), done.stayed.len())
        }
        None => audit.detail.clone(),
    };
    let decision = HandoverDecision { at: now, by, signed, answer, outcome };
    // There is one writer, and `row` was read in this transaction.
    let is_stored = tx.decide_handover(id, state, &decision)?;
    debug_assert!(is_stored, "it was open a moment ago");
    tx.audit(&AuditEntry { object: object(id), detail, ..audit })?;
    tx.handover(id)?.ok_or(HandoverRefused::NotFound(id))
}

impl Inner {
    /// All that the leaver answers for at this moment, also what came after the paper was written: each incident by an
    /// action of its own, in the leaver's name, who has signed for it.
    fn move_claims(
        &self,
        tx: &DispatchTx<'_>,
        paper: &HandoverRow,
        to: AccountId,
        may_act_in: &BTreeSet<AreaId>,
        now: WallTime,
    ) -> Result<HandoverOutcome, DbError> {
        let note = format!("交接班 #{}", paper.id);
        let step = Step { actor: Actor::Person(paper.leaver), note: Some(&note), ..Step::by_machine(now) };
        let mut outcome = HandoverOutcome::default();
        for row in tx.claims_of(paper.leaver)? {
            let is_moved = may_act_in.contains(&row.area)
                && self.step(tx, &row, &IncidentAction::HandOver { to }, &step)?.is_ok();
            let list = if is_moved { &mut outcome.moved } else { &mut outcome.stayed };
            list.push(row.id());
        }
        Ok(outcome)
    }
}
