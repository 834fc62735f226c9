//! Counts once a minute what every rule of every camera raises: one count for the page, the marks in the queue and the
//! tickets, so that all of them say the same.
//!
//! Which source is noisy is decided in `domain::noise`. Nothing is hidden or shelved for it here or anywhere else.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sharpeyes_config::Site;
use sharpeyes_domain::{
    ids::CameraId,
    level::Level,
    noise::{Excess, NoiseBudget},
    ticket::{Fault, FaultKey, TicketKind},
    time::WallTime,
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    store::{
        db::DbError,
        statistics::{NoiseCount, Scope, SourceRow, Statistics},
    },
};

/// How often it is counted.
const EVERY: Duration = Duration::from_mins(1);
/// Rates are of so long.
const HOUR: Duration = Duration::from_hours(1);

/// What was raised, as it was last counted. Clones share it.
#[derive(Clone)]
pub struct Noise(Arc<Inner>);

struct Inner {
    site: Arc<Site>,
    statistics: Statistics,
    clock: Clock,
    last: Mutex<Option<Arc<Counted>>>,
}

/// One count.
#[derive(Clone, Debug)]
pub struct Counted {
    /// From here on.
    pub from: WallTime,
    /// Until then.
    pub at: WallTime,
    /// What was raised.
    pub count: NoiseCount,
}

impl Noise {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(site: Arc<Site>, statistics: Statistics, clock: Clock) -> Self {
        Self(Arc::new(Inner { site, statistics, clock, last: Mutex::default() }))
    }

    /// What the site is prepared to look at.
    #[must_use]
    pub fn budget(&self) -> &NoiseBudget {
        &self.0.site.noise
    }

    /// As it was last counted; counts when that has never been done.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn last(&self) -> Result<Arc<Counted>, DbError> {
        match self.known() {
            Some(known) => Ok(known),
            None => self.count().await,
        }
    }

    /// Counts anew.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read; what was counted before stays.
    pub async fn count(&self) -> Result<Arc<Counted>, DbError> {
        let at = self.0.clock.wall();
        let from = at.minus(self.budget().window);
        let areas = self.0.site.areas.areas().iter().map(|area| area.id.clone()).collect();
        // It is compared with nothing.
        let scope = Scope { before: from, from, to: at, as_of: at, areas };
        let count = self.0.statistics.noise(scope, at.minus(HOUR)).await?;
        let counted = Arc::new(Counted { from, at, count });
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&counted));
        Ok(counted)
    }

    fn known(&self) -> Option<Arc<Counted>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts now and every minute until `shutdown`. An error is logged when it begins.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut is_failing = false;
        loop {
            let counted = self.count().await;
            if let (Err(error), false) = (&counted, is_failing) {
                tracing::error!(%error, "noisy sources could not be counted; it is tried again every minute");
            }
            is_failing = counted.is_err();
            if tokio::time::timeout(EVERY, shutdown.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    /// Something was counted: before that, nobody can tell whether a source is noisy.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// Of each camera with a source over its budget one, with the figures. Nothing is read.
    #[must_use]
    pub fn faults(&self) -> Vec<(FaultKey, Fault)> {
        let Some(counted) = self.known() else { return Vec::new() };
        let noisy = |camera: &CameraId| {
            let own = counted.count.sources.iter().filter(|row| row.camera == *camera);
            let said: Vec<String> = own.filter_map(|row| self.said(row)).collect();
            (!said.is_empty()).then(|| said.join("; "))
        };
        let cameras = self.0.site.cameras.iter().filter_map(|camera| Some((camera, noisy(&camera.id)?)));
        let fault = |(camera, detail): (&sharpeyes_config::Camera, String)| {
            let key = FaultKey { kind: TicketKind::Noisy, camera: Some(camera.id.clone()) };
            let remedy = "try the rule with other numbers on the camera's recording (rules page) and write what holds \
                          into the site file; until then the operators may shelve its incidents for a while"
                .to_owned();
            (key, Fault { level: Level::Yellow, stage: None, code: "over_budget".to_owned(), detail, remedy })
        };
        cameras.map(fault).collect()
    }

    /// In what a source is over its budget. A rule that the site has no more is over none.
    #[must_use]
    pub fn excess(&self, row: &SourceRow) -> Vec<Excess> {
        let camera = self.0.site.camera(&row.camera);
        let is_there = camera.is_some_and(|camera| camera.rules.iter().any(|rule| rule.id == row.rule));
        if is_there { self.budget().excess(&row.load) } else { Vec::new() }
    }

    /// The same, with the numbers.
    fn said(&self, row: &SourceRow) -> Option<String> {
        let (budget, load) = (self.budget(), &row.load);
        let part = |excess: &Excess| match excess {
            Excess::Rate => {
                format!("{} alarms within an hour, budget {}", load.last_hour, budget.source_per_hour)
            }
            Excess::FalseShare => {
                let decided = load.verdicts.confirmed + load.verdicts.false_alarms;
                format!(
                    "{} of {decided} decided were false alarms, budget {} %",
                    load.verdicts.false_alarms, budget.false_percent
                )
            }
        };
        let parts: Vec<String> = self.excess(row).iter().map(part).collect();
        (!parts.is_empty()).then(|| format!("rule {}: {}", row.rule, parts.join(", ")))
    }
}
