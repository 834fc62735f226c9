//! Whom a step of the escalation chain reaches: found when it is told, by accounts, roles and the duty roster.
//!
//! A person who could not open the incident is not reached by it: what nobody would see is said, and not believed.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sharpeyes_domain::{
    access::Role,
    centre::{Duty, Plan, Post},
    ids::{AccountId, IncidentId, UnitId},
    incident::{Actor, IncidentAction, Recipient},
    level::Level,
    ticket::Fault,
    time::WallTime,
};

use super::{ActError, Desk, Inner, Step};
use crate::store::{
    accounts::AccountRow,
    db::DbError,
    dispatch::{DispatchTx, IncidentRow},
};

/// A post that nobody was found for is a fault for so long, unless somebody is found before.
const UNMANNED: Duration = Duration::from_secs(24 * 3600);

/// Posts that nobody was found for, each with the area in which that was so, and when last. Forgotten at a restart.
#[derive(Default)]
pub(super) struct Unmanned(Mutex<BTreeMap<String, WallTime>>);

impl Unmanned {
    fn note(&self, post: &str, is_unmanned: bool, now: WallTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_unmanned {
            known.insert(post.to_owned(), now);
        } else {
            known.remove(post);
        }
    }
}

impl Inner {
    /// An escalation with whom it reaches; any other action as it is.
    pub(super) fn addressed(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        plan: &Plan,
        action: IncidentAction,
        now: WallTime,
    ) -> Result<IncidentAction, DbError> {
        let IncidentAction::Escalate { step, to, .. } = action else { return Ok(action) };
        let index = usize::from(step.saturating_sub(1));
        let chain = &plan.escalation;
        let posts = chain.get(index).or(chain.last()).map_or(&[][..], |step| &step.reaches);
        let told = if posts.is_empty() { Vec::new() } else { self.reached(posts, row, &tx.accounts()?, now) };
        let unmanned = !posts.is_empty() && told.is_empty();
        if !posts.is_empty() {
            self.unmanned.note(&format!("{to} ({})", row.area), unmanned, now);
        }
        Ok(IncidentAction::Escalate { step, to, told, unmanned })
    }

    /// Each account once, in the order of the posts.
    fn reached(
        &self,
        posts: &[Post],
        row: &IncidentRow,
        accounts: &[AccountRow],
        now: WallTime,
    ) -> Vec<Recipient> {
        let today = self.calendar.day(now);
        let is_on = |duty: &&Duty| today.is_some_and(|(date, weekday)| duty.is_on(date, weekday));
        let on_duty: Vec<&Duty> = self.centre.roster.iter().filter(is_on).collect();
        let mut told: Vec<Recipient> = Vec::new();
        for post in posts {
            let is_meant = |account: &&AccountRow| match post {
                Post::Account(name) => account.name.eq_ignore_ascii_case(name),
                Post::Role(role) => account.role == *role,
                Post::Duty(unit) => self.is_on_duty(account, unit, &on_duty),
            };
            for account in accounts.iter().filter(is_meant) {
                if self.sees(account, row) && told.iter().all(|known| known.account != account.id) {
                    told.push(Recipient {
                        account: account.id,
                        login: account.name.clone(),
                        name: account.display_name.clone(),
                        phone: self.phone_of(account, &on_duty),
                    });
                }
            }
        }
        told
    }

    /// The roster names no people of the unit, or this one; a unit that it does not mention is always there.
    fn is_on_duty(&self, account: &AccountRow, unit: &UnitId, on_duty: &[&Duty]) -> bool {
        let is_rostered = self.centre.roster.iter().any(|duty| duty.unit == *unit);
        let mut own = on_duty.iter().filter(|duty| duty.unit == *unit);
        account.unit.as_ref() == Some(unit)
            && (!is_rostered || own.any(|duty| duty.people.is_empty() || is_named(duty, account)))
    }

    /// As the gate says of incidents: in one's areas, or what one's unit was told of.
    fn sees(&self, account: &AccountRow, row: &IncidentRow) -> bool {
        match account.role {
            _ if account.disabled => false,
            Role::Operator | Role::Police => account.is_of(&row.area, &self.areas),
            Role::Unit => {
                let mut told = row.status.assignments.iter().filter(|one| one.is_seen());
                told.any(|one| account.unit.as_ref() == Some(&one.unit))
            }
            Role::Technician | Role::Administrator | Role::Auditor => false,
        }
    }

    /// The roster's, where it names the person or the whole unit; else the unit's.
    fn phone_of(&self, account: &AccountRow, on_duty: &[&Duty]) -> Option<String> {
        let by_name = on_duty.iter().find(|duty| is_named(duty, account) && duty.phone.is_some());
        let of_unit = || {
            let unit = account.unit.as_ref()?;
            let is_whole =
                |duty: &&&Duty| duty.unit == *unit && duty.people.is_empty() && duty.phone.is_some();
            let phone = on_duty.iter().find(is_whole).and_then(|duty| duty.phone.clone());
            phone.or_else(|| self.centre.unit(unit)?.phone.clone())
        };
        by_name.and_then(|duty| duty.phone.clone()).or_else(of_unit)
    }
}

fn is_named(duty: &Duty, account: &AccountRow) -> bool {
    duty.people.iter().any(|person| *person == account.display_name || *person == account.name)
}

impl Desk {
    /// This person has seen what the chain has told them. Does nothing, and gives the incident as it is, when there is
    /// nothing for them to see, or they have said so before.
    ///
    /// # Errors
    /// [`ActError`]; nothing was changed.
    pub async fn acknowledge(&self, incident: IncidentId, by: AccountId) -> Result<IncidentRow, ActError> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| {
            let row = tx.incident(incident)?.ok_or(ActError::NotFound(incident))?;
            if !tx.acknowledge(incident, by, now)? {
                return Ok(row);
            }
            let step = Step { actor: Actor::Person(by), ..Step::by_machine(now) };
            match desk.0.step(tx, &row, &IncidentAction::Acknowledge, &step)? {
                Ok(row) => Ok(row),
                Err(reason) => Err(ActError::Illegal { current: Box::new(row), reason }),
            }
        })
        .await
    }

    /// Posts of the escalation chain that reach nobody.
    #[must_use]
    pub fn unmanned(&self, now: WallTime) -> Option<Fault> {
        let mut known = self.0.unmanned.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, last| now.since(*last) < UNMANNED);
        let posts: Vec<&str> = known.keys().map(String::as_str).collect();
        (!posts.is_empty()).then(|| Fault {
            level: Level::Orange,
            stage: None,
            code: "nobody_reached".to_owned(),
            detail: format!("escalated to nobody: {}", posts.join(", ")),
            remedy: "give the people of these posts accounts that see the incidents, or change [[escalation]] and \
                     [[roster]]"
                .to_owned(),
        })
    }
}
