//! Which targets fail now, in memory: what tickets are made of. Counts and times are in `store::outbox`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use sharpeyes_config::Target;
use sharpeyes_domain::{ids::TargetId, level::Level, ticket::Fault, time::WallTime};

use super::fault::remedy;
use crate::store::outbox::Refusal;

/// The targets that fail, since when and why. Clones share it.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<TargetId, (WallTime, Refusal)>>>);

impl Board {
    pub(super) fn failed(&self, target: &TargetId, since: WallTime, refusal: Refusal) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failing
            .entry(target.clone())
            .and_modify(|(_, last)| *last = refusal.clone())
            .or_insert((since, refusal));
    }

    pub(super) fn succeeded(&self, target: &TargetId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }

    /// What a technician is to be told: targets that have failed for longer than their own limit, all in one.
    #[must_use]
    pub fn fault(&self, targets: &[Target], now: WallTime) -> Option<Fault> {
        let failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let late: Vec<(&Target, &Refusal)> = targets
            .iter()
            .filter_map(|target| {
                let (since, refusal) = failing.get(&target.id)?;
                (now.since(*since) >= target.alert_after).then_some((target, refusal))
            })
            .collect();
        let (_, first) = late.first()?;
        let each = |(target, refusal): &(&Target, &Refusal)| {
            format!("{} ({}): {}: {}", target.id, target.channel.url(), refusal.stage, refusal.detail)
        };
        Some(Fault {
            level: Level::Yellow,
            stage: Some(first.stage.clone()),
            code: first.code.clone(),
            detail: late.iter().map(each).collect::<Vec<_>>().join("; "),
            remedy: remedy(&first.stage, &first.code).to_owned(),
        })
    }
}
