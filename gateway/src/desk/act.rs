//! One action of one person in one transaction.

use sharpeyes_domain::{
    ids::{AccountId, AreaId, AttachmentId, IncidentId, UnitId},
    incident::{Actor, ClockKind, IncidentAction, IncidentState, TransitionError},
    level::Level,
    time::WallTime,
};

use super::{Desk, Inner, Step};
use crate::store::{
    db::DbError,
    dispatch::{
        Assessed, DispatchTx, IncidentRow, MOST_ATTACHMENT_BYTES, MediaType, NewAttachment, Proposal,
        StoredAnswer,
    },
};

/// What a person wants done.
#[derive(Clone, Debug)]
pub struct ActRequest {
    /// To which incident.
    pub incident: IncidentId,
    /// The version that the person saw.
    pub expected_version: i64,
    /// What.
    pub action: IncidentAction,
    /// Who.
    pub by: AccountId,
    /// Chosen by the client, once per command: a repeated command gets the first answer and does nothing more.
    pub idempotency_key: String,
    /// The command as the client sent it, by which a repeat is known for one: `action` may say more than the client did,
    /// from the incident as it was then. `None`: the action itself.
    pub asked: Option<String>,
    /// What the person wrote, for the history.
    pub note: Option<String>,
}

/// A file that a person adds. No version goes with it: it decides nothing. The same file twice is kept once.
#[derive(Clone, Debug)]
pub struct AttachRequest {
    /// To which incident.
    pub incident: IncidentId,
    /// For this unit; `None`: for the centre.
    pub unit: Option<UnitId>,
    /// Who.
    pub by: AccountId,
    /// As it is called.
    pub name: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Why an action was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such incident.
    #[error("there is no incident {0}")]
    NotFound(IncidentId),
    /// Somebody or something was faster.
    #[error("incident {} is at version {}, not {expected}", current.id(), current.status.version)]
    Conflict {
        /// As it is now, with who has it.
        current: Box<IncidentRow>,
        /// The version that the person saw.
        expected: i64,
    },
    /// The state machine forbids it.
    #[error("{reason}")]
    Illegal {
        /// As it is now.
        current: Box<IncidentRow>,
        /// Which rule.
        reason: TransitionError,
    },
    /// The incident to merge into is not there, or is over.
    #[error("incident {0} cannot take another one in")]
    CannotAbsorb(IncidentId),
    /// Units are at work on the incident, and the one to merge into cannot take them: nobody has judged it yet, or it has
    /// been verified. The other way round it can be done.
    #[error("{} at work on this incident, and {into} cannot take them", units.join(", "))]
    UnitsAtWork {
        /// The number of the one to merge into.
        into: String,
        /// Their names.
        units: Vec<String>,
    },
    /// What is red is finished with a file of the unit's, or with a reason why there is none.
    #[error("what is red is finished with a file of the unit, or with a word of why there is none")]
    FileNeeded,
    /// Another incident is open under the key of this one, and no alarm may have to choose.
    #[error("incident #{number} of the same camera, class and zone is open: go on there, or close it first")]
    KeyOpen {
        /// Its number, as people say it.
        number: String,
    },
    /// The key was used for another command.
    #[error("this idempotency key was used for another command")]
    KeyReused,
    /// The key is empty or longer than 128 bytes, or the note longer than 4,000.
    #[error("the idempotency key must have 1 to 128 bytes, and the note at most 4,000")]
    TooLong,
    /// Some things are not done without saying why.
    #[error("`{0}` needs a note that says why")]
    NoteNeeded(&'static str),
    /// The site has no such class, area or unit.
    #[error("the site has no {what} `{id}`")]
    Unknown {
        /// Class, area or unit.
        what: &'static str,
        /// The unknown one.
        id: String,
    },
    /// No JPEG, PNG, PDF or plain text, empty or too large, or one too many.
    #[error("{0}")]
    BadFile(&'static str),
    /// The database refused; trying again with the same key is safe.
    #[error(transparent)]
    Db(#[from] DbError),
}

const MOST_KEY_BYTES: usize = 128;
const MOST_NOTE_BYTES: usize = 4_000;
const MOST_NAME_CHARS: usize = 120;

impl Desk {
    /// Does what a person asks, if the incident is still as the person saw it. Whether the person may is the caller's
    /// to decide. Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`ActError`]; nothing was changed.
    pub async fn act(&self, request: ActRequest) -> Result<IncidentRow, ActError> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| act(&desk.0, tx, &request, now)).await
    }

    /// What this person's command was answered when it was sent before; `None`: it was not, or its key was another's.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn answered(
        &self,
        by: AccountId,
        key: String,
        asked: &str,
    ) -> Result<Option<IncidentRow>, DbError> {
        let stored = self.0.dispatch.answer(by, key).await?.filter(|stored| stored.request == asked);
        Ok(stored.and_then(|stored| serde_json::from_str(&stored.answer).ok()))
    }

    /// Adds a file to an incident. Whether the person may is the caller's to decide.
    ///
    /// # Errors
    /// [`ActError`]; nothing was changed.
    pub async fn attach(&self, request: AttachRequest) -> Result<(IncidentRow, AttachmentId), ActError> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| attach(&desk.0, tx, request, now)).await
    }
}

fn act(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    request: &ActRequest,
    now: WallTime,
) -> Result<IncidentRow, ActError> {
    let key = request.idempotency_key.as_str();
    let n_note = request.note.as_ref().map_or(0, String::len).max(match &request.action {
        IncidentAction::Finish { why_no_file: Some(why), .. } => why.len(),
        _ => 0,
    });
    if key.is_empty() || key.len() > MOST_KEY_BYTES || n_note > MOST_NOTE_BYTES {
        return Err(ActError::TooLong);
    }
    let fingerprint = fingerprint(request);
    if let Some(stored) = tx.answer(request.by, key)? {
        if stored.request != fingerprint {
            return Err(ActError::KeyReused);
        }
        return serde_json::from_str(&stored.answer).map_err(|_| ActError::KeyReused);
    }
    let row = tx.incident(request.incident)?.ok_or(ActError::NotFound(request.incident))?;
    let expected = request.expected_version;
    if row.status.version != expected {
        return Err(ActError::Conflict { current: Box::new(row), expected });
    }
    if let IncidentAction::Merge { into } = request.action
        && into != request.incident
        && !tx.incident(into)?.is_some_and(|target| target.status.can_absorb())
    {
        return Err(ActError::CannotAbsorb(into));
    }
    if matches!(request.action, IncidentAction::Reopen { .. } | IncidentAction::Unmerge)
        && let Some(other) = tx.open_beside(row.id())?
    {
        return Err(ActError::KeyOpen { number: other.number });
    }
    let actor = Actor::Person(request.by);
    let note = request.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_none() && request.action.needs_note(row.status.state, actor) {
        return Err(ActError::NoteNeeded(request.action.kind().as_str()));
    }
    let action = desk.complete(tx, &row, &request.action, now)?;
    shows_work(tx, &row, &action)?;
    let assessed = desk.assessed(tx, &row, &action)?;
    let step = Step { actor, note, assessed, ..Step::by_machine(now) };
    let row = match &action {
        IncidentAction::Merge { into } => desk.merge(tx, &row, *into, &step)?,
        IncidentAction::Unmerge => desk.unmerge(tx, &row, &step)?,
        action => desk.apply(tx, &row, action, &step)?,
    };
    let answer = serde_json::to_string(&row).expect("our own structs with text keys always become JSON");
    tx.remember(request.by, key, &StoredAnswer { request: fingerprint, answer }, now)?;
    Ok(row)
}

/// A unit that is done with what is red has something to show for it, or says why not.
fn shows_work(tx: &DispatchTx<'_>, row: &IncidentRow, action: &IncidentAction) -> Result<(), ActError> {
    let IncidentAction::Finish { unit, why_no_file } = action else { return Ok(()) };
    let says_why = why_no_file.as_ref().is_some_and(|why| !why.trim().is_empty());
    let part = row.status.active().find(|one| one.unit == *unit);
    match part {
        Some(part) if row.status.level == Level::Red && !says_why => {
            let has_file = tx.has_file_of(row.id(), unit, part.told)?;
            has_file.then_some(()).ok_or(ActError::FileNeeded)
        }
        // Not told at all: that is for the table to say.
        Some(_) | None => Ok(()),
    }
}

impl Inner {
    /// Fills in what the person left to the centre's tables: who leads, and until when.
    fn complete(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        action: &IncidentAction,
        now: WallTime,
    ) -> Result<IncidentAction, ActError> {
        let due = || -> Result<WallTime, DbError> {
            let allowance = tx.plan(row.plan)?.allowance(row.status.level, ClockKind::Finish);
            Ok(self.calendar.after(now, allowance))
        };
        Ok(match action {
            IncidentAction::Dispatch { lead, assist, due: given } => {
                let is_first = row.status.state == IncidentState::Assessed;
                let (mut lead, mut assist) = (lead.clone(), assist.clone());
                if is_first && lead.is_none() && assist.is_empty() {
                    let proposed = self.proposal(row);
                    (lead, assist) = (proposed.lead, proposed.assist);
                }
                lead.iter().chain(&assist).try_for_each(|unit| self.known(unit))?;
                let due = match given {
                    Some(due) => Some(*due),
                    None if row.status.due.is_none() => Some(due()?),
                    None => None,
                };
                IncidentAction::Dispatch { lead, assist, due }
            }
            // What was held gets back the time that it was held: so it is counted from when it was.
            IncidentAction::Raise { level, due: None } if row.status.due.is_some() => {
                let allowance = tx.plan(row.plan)?.allowance(*level, ClockKind::Finish);
                let since = row.status.overlays.held.unwrap_or(now);
                IncidentAction::Raise { level: *level, due: Some(self.calendar.after(since, allowance)) }
            }
            IncidentAction::Rework { due: None } => IncidentAction::Rework { due: Some(due()?) },
            other => other.clone(),
        })
    }

    fn known(&self, unit: &UnitId) -> Result<(), ActError> {
        let is_known = self.centre.unit(unit).is_some();
        is_known.then_some(()).ok_or_else(|| ActError::Unknown { what: "unit", id: unit.to_string() })
    }

    /// What an assessment says, with what it goes by from now on.
    fn assessed(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        action: &IncidentAction,
    ) -> Result<Option<Assessed>, ActError> {
        let IncidentAction::Assess { level: _, class, area, lead, assist } = action else { return Ok(None) };
        lead.iter().chain(assist).try_for_each(|unit| self.known(unit))?;
        let is_class_new = class.as_ref().is_some_and(|class| *class != row.class);
        let class = class.clone().unwrap_or_else(|| row.class.clone());
        if is_class_new && self.centre.class(&class).is_none() {
            return Err(ActError::Unknown { what: "class", id: class.to_string() });
        }
        let is_area_new = area.as_ref().is_some_and(|area| *area != row.area);
        let area = area.clone().unwrap_or_else(|| row.area.clone());
        if is_area_new && self.areas.area(&area).is_none() {
            return Err(ActError::Unknown { what: "area", id: area.to_string() });
        }
        let plan = if is_class_new { tx.freeze(&self.centre.plan(&class))? } else { row.plan };
        let proposal = match lead {
            Some(lead) => Proposal { lead: Some(lead.clone()), assist: assist.clone() },
            None => self.routed(&class, &area),
        };
        Ok(Some(Assessed { class, area, plan, proposal }))
    }

    /// Who should deal with an incident: as assessed, else as routed.
    pub(super) fn proposal(&self, row: &IncidentRow) -> Proposal {
        let assessed = row.proposal.clone().filter(|proposal| proposal.lead.is_some());
        assessed.unwrap_or_else(|| self.routed(&row.class, &row.area))
    }

    fn routed(&self, class: &sharpeyes_domain::ids::ClassId, area: &AreaId) -> Proposal {
        let lineage = self.areas.lineage(area).map(|area| &area.id);
        let route = self.centre.route(class, lineage);
        route.map_or_else(Proposal::default, |(lead, assist)| Proposal { lead: Some(lead), assist })
    }
}

impl Desk {
    /// Who should deal with an incident: as assessed, else as routed.
    #[must_use]
    pub fn proposal(&self, row: &IncidentRow) -> Proposal {
        self.0.proposal(row)
    }
}

/// A file as it is kept, or why it is not.
pub(super) fn file(name: &str, body: Vec<u8>) -> Result<NewAttachment, ActError> {
    use sha2::Digest as _;
    if body.len() > MOST_ATTACHMENT_BYTES {
        return Err(ActError::BadFile("a file has at most 5 MiB"));
    }
    let media_type =
        MediaType::of(&body).ok_or(ActError::BadFile("a file is a JPEG, PNG, PDF or plain text"))?;
    // For people only: nothing that could be a path, or play tricks on whoever reads it.
    let fine = |c: &char| !c.is_control() && !matches!(c, '/' | '\\' | '"' | '\u{202a}'..='\u{202e}');
    let name: String = name.chars().filter(fine).take(MOST_NAME_CHARS).collect();
    let sha256 = sha2::Sha256::digest(&body).into();
    let name = if name.trim().is_empty() { "file".to_owned() } else { name.trim().to_owned() };
    Ok(NewAttachment { name, media_type, sha256, body })
}

fn attach(
    desk: &Inner,
    tx: &DispatchTx<'_>,
    request: AttachRequest,
    now: WallTime,
) -> Result<(IncidentRow, AttachmentId), ActError> {
    let new = file(&request.name, request.body)?;
    let row = tx.incident(request.incident)?.ok_or(ActError::NotFound(request.incident))?;
    if let Some(known) = tx.attached(row.id(), request.by, &new.sha256)? {
        return Ok((row, known));
    }
    let unit = request.unit.as_ref();
    let kept = tx.attach(row.id(), unit, Some(request.by), &new, now)?;
    let attachment = kept.ok_or(ActError::BadFile("an incident has at most 100 files"))?;
    let action = IncidentAction::Attach { attachment, unit: request.unit };
    let step = Step { actor: Actor::Person(request.by), ..Step::by_machine(now) };
    match desk.step(tx, &row, &action, &step)? {
        Ok(row) => Ok((row, attachment)),
        Err(reason) => Err(ActError::Illegal { current: Box::new(row), reason }),
    }
}

/// All that makes it the same command.
fn fingerprint(request: &ActRequest) -> String {
    let ActRequest { incident, expected_version, action, by: _, idempotency_key: _, asked, note } = request;
    if let Some(asked) = asked {
        return asked.clone();
    }
    serde_json::json!({ "incident": incident, "version": expected_version, "action": action, "note": note })
        .to_string()
}
