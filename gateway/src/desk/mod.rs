//! Alarms become incidents here, and people and clocks change them.
//!
//! The desk decides nothing that `domain::incident` decides: it loads a status, asks [`transition`], and stores the
//! result under the expected version with its history row and its change, in one transaction.
//! Fed by `analyze` with alarm edges and boxes and by `api` with people's actions; feeds the queue through the change
//! log of [`Dispatch`].
//!
//! **Invariant:** nothing here closes, dispatches or undoes what a person decided.

mod act;
mod alarm;
mod calendar;
mod clocks;
mod handover;
mod merge;
mod reach;
mod report;
mod sheet;
#[cfg(test)]
pub(crate) mod tests;
mod trace;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::tz::TimeZone;
use sharpeyes_config::{IncidentSettings, Site};
use sharpeyes_domain::{
    alarm::{AlarmEdge, EndCause},
    area::AreaTree,
    centre::Centre,
    ids::{AlarmId, CameraId, IncidentId, RuleId},
    incident::{
        Actor, ClockKind, IncidentAction, IncidentPolicy, IncidentStatus, TransitionError, UrgeLevel,
        transition,
    },
    time::WallTime,
};
use tokio_util::sync::CancellationToken;

pub use self::{
    act::{ActError, ActRequest, AttachRequest},
    calendar::Calendar,
    clocks::NextStep,
    handover::{HandoverRefused, SignRequest},
    report::{IntakeReport, ReportError, ReportRequest, Reported},
};
use self::{
    clocks::{Clocks, Seen},
    trace::Rings,
};
use crate::{
    canary,
    clock::Clock,
    store::{
        db::DbError,
        dispatch::{
            Assessed, CameraFacts, ChainClock, ClockChange, ClockRow, Dispatch, DispatchTx, Effects,
            FrameTrace, HistoryEntry, IncidentRow, Revisited,
        },
    },
};

/// Boxes reach the disk, and clocks are looked at, this often.
const TICK: Duration = Duration::from_secs(1);
/// Clocks that should run and do not are looked for this often.
const AUDIT_EVERY: Duration = Duration::from_secs(30);
/// Old rows are looked for this often.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// A follower of the feed that was away longer reads a list anew.
const KEEP_LOG: Duration = Duration::from_secs(7 * 24 * 3600);
/// A command that is sent again later than this is a new one.
const KEEP_ANSWERS: Duration = Duration::from_secs(24 * 3600);
/// Boxes are kept as long as the law asks of recordings, and as much again.
const KEEP_TRACES: Duration = Duration::from_secs(60 * 24 * 3600);

/// What went wrong at the desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The database refused: nothing was changed; trying again may help.
    #[error(transparent)]
    Db(#[from] DbError),
    /// An edge of an alarm that never began here.
    #[error("camera {camera}, rule {rule}: there is no alarm that began at {} ms", began.0)]
    UnknownAlarm {
        /// The camera.
        camera: CameraId,
        /// The rule.
        rule: RuleId,
        /// The begin that the edge names.
        began: WallTime,
    },
}

/// What became of an alarm edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmRef {
    /// The alarm's row.
    pub alarm: AlarmId,
    /// The incident that it belongs to.
    pub incident: IncidentId,
    /// The edge opened the incident.
    pub is_new_incident: bool,
}

/// What of the recording and of the boxes belongs to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentSpan {
    /// Begin, pre-roll included.
    pub from: WallTime,
    /// When the condition first held.
    pub began: WallTime,
    /// End, post-roll included; while an alarm runs, as far as it is known now.
    pub until: WallTime,
    /// Nothing more will be added unless another alarm joins.
    pub is_complete: bool,
}

/// Alarms in, incidents out. Clones share it.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    /// What the site is called.
    site: String,
    dispatch: Dispatch,
    clock: Clock,
    settings: IncidentSettings,
    policy: IncidentPolicy,
    centre: Arc<Centre>,
    areas: AreaTree,
    calendar: Calendar,
    /// Where the machine's clocks stood at the last look.
    seen: Mutex<Option<Seen>>,
    /// Posts of the chain that nobody was found for.
    unmanned: reach::Unmanned,
    /// Numbers of incidents that had no deadline ahead of them, and that no ticket has told of.
    untimed: Mutex<Vec<String>>,
    /// Never held while something waits.
    rings: Mutex<Rings>,
}

/// Where a desk stands.
struct SitePlace {
    name: String,
    areas: AreaTree,
    zone: TimeZone,
}

impl Desk {
    /// A desk of a centre with the usual classes and no units. Call [`Desk::recover`] before the first alarm.
    #[must_use]
    pub fn new(dispatch: Dispatch, clock: Clock, settings: IncidentSettings) -> Self {
        let place = SitePlace { name: String::new(), areas: AreaTree::default(), zone: TimeZone::UTC };
        Self::of(dispatch, clock, settings, Arc::default(), place)
    }

    /// The desk of a site. Call [`Desk::recover`] before the first alarm.
    #[must_use]
    pub fn of_site(dispatch: Dispatch, clock: Clock, site: &Site) -> Self {
        let (settings, centre) = (site.incident.clone(), Arc::clone(&site.centre));
        let (name, areas, zone) = (site.name.clone(), site.areas.clone(), site.timezone.clone());
        Self::of(dispatch, clock, settings, centre, SitePlace { name, areas, zone })
    }

    fn of(
        dispatch: Dispatch,
        clock: Clock,
        settings: IncidentSettings,
        centre: Arc<Centre>,
        SitePlace { name: site, areas, zone }: SitePlace,
    ) -> Self {
        let policy = IncidentPolicy {
            lease: settings.lease,
            has_units: !centre.units.is_empty(),
            ..IncidentPolicy::default()
        };
        let rings = Mutex::new(Rings::new(settings.pre_roll, settings.post_roll));
        let calendar = Calendar::new(centre.calendar.clone(), zone);
        let seen = Mutex::new(None);
        let unmanned = reach::Unmanned::default();
        Self(Arc::new(Inner {
            site,
            dispatch,
            clock,
            settings,
            policy,
            centre,
            areas,
            calendar,
            seen,
            unmanned,
            untimed: Mutex::default(),
            rings,
        }))
    }

    /// Units, classes, routing, duty.
    #[must_use]
    pub fn centre(&self) -> &Centre {
        &self.0.centre
    }

    /// The site's working days.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.0.calendar
    }

    /// The tables behind it.
    #[must_use]
    pub fn dispatch(&self) -> &Dispatch {
        &self.0.dispatch
    }

    /// Lease and other times that a site may set.
    #[must_use]
    pub fn policy(&self) -> &IncidentPolicy {
        &self.0.policy
    }

    /// Ends the alarms that the last run of the service left running, and starts clocks that an older release did not
    /// know. What incidents are is not touched. Gives the number of alarms.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn recover(&self) -> Result<usize, DbError> {
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.write(move |tx| {
            desk.0.restart_clocks(tx, now)?;
            let left = tx.running_alarms()?;
            for alarm in &left {
                // What happened after its last sign is not known.
                tx.end_alarm(alarm, alarm.last, now, EndCause::Restart, alarm.peak)?;
                tx.log_alarm(alarm.incident, now)?;
            }
            desk.0.end_tests(tx, now)?;
            Ok(left.len())
        })
        .await
    }

    /// Takes one edge of an alarm: stores it, and opens or extends its incident, in one transaction.
    /// A begin that comes twice is stored once. `snapshot` is a JPEG of the moment, at most 1 MiB; other bytes are
    /// left out with a warning. Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`DeskError::UnknownAlarm`] for an update or end without its begin; [`DeskError::Db`].
    pub async fn alarm(
        &self,
        camera: CameraFacts,
        edge: AlarmEdge,
        snapshot: Option<Vec<u8>>,
    ) -> Result<AlarmRef, DeskError> {
        let desk = self.clone();
        blocking(move || desk.alarm_blocking(camera, edge, snapshot)).await
    }

    /// As [`Desk::alarm`], for threads.
    ///
    /// # Errors
    /// As [`Desk::alarm`].
    pub fn alarm_blocking(
        &self,
        camera: CameraFacts,
        edge: AlarmEdge,
        snapshot: Option<Vec<u8>>,
    ) -> Result<AlarmRef, DeskError> {
        self.hear(&camera.id, &edge);
        let now = self.0.clock.wall();
        let desk = self.clone();
        self.0.dispatch.write_blocking(move |tx| alarm::take(&desk.0, tx, camera, edge, snapshot, now))
    }

    /// An alarm is on its way: the frames around it stay, however long it waits for the disk. Only memory is touched.
    pub fn hear(&self, camera: &CameraId, edge: &AlarmEdge) {
        self.rings(|rings| rings.edge(camera, edge));
    }

    /// Takes the boxes of one analysed frame, frames in order. Only memory is touched; never waits for the disk.
    pub fn trace(&self, camera: &CameraId, frame: FrameTrace) {
        self.rings(|rings| rings.push(camera, frame));
    }

    /// Stores the boxes around alarms that came since the last call. Gives the number of frames.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses; the frames are tried again while the ring still has them.
    pub async fn flush_traces(&self) -> Result<usize, DbError> {
        let (chunks, taken) = self.rings(Rings::take);
        if chunks.is_empty() {
            return Ok(0);
        }
        let n_frames = chunks.iter().map(|chunk| chunk.frames.len()).sum();
        let stored = self.write(move |tx| chunks.iter().try_for_each(|chunk| tx.insert_trace(chunk))).await;
        if let Err(error) = stored {
            self.rings(|rings| rings.put_back(&taken));
            return Err(error);
        }
        Ok(n_frames)
    }

    /// The stored boxes of an incident, from its pre-roll to its post-roll.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn incident_trace(&self, row: &IncidentRow) -> Result<Vec<FrameTrace>, DbError> {
        let Some(camera) = &row.camera else { return Ok(Vec::new()) };
        let span = self.span(row);
        self.0.dispatch.trace(camera.id.clone(), span.from, span.until).await
    }

    /// What of the recording and of the boxes belongs to an incident.
    #[must_use]
    pub fn span(&self, row: &IncidentRow) -> IncidentSpan {
        let now = self.0.clock.wall();
        let settings = &self.0.settings;
        let end = row.last_alarm.plus(settings.post_roll);
        let until = if row.is_ongoing { now.max(row.last_alarm) } else { end };
        let is_complete = !row.is_ongoing && end <= now;
        IncidentSpan { from: row.began.minus(settings.pre_roll), began: row.began, until, is_complete }
    }

    /// Gives back claims whose lease is over, and takes back what was shelved until now. Gives the number of incidents that changed.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn expire_leases(&self, now: WallTime) -> Result<usize, DbError> {
        let desk = self.clone();
        self.write(move |tx| {
            let mut n_changed = 0;
            for (id, action) in tx.expired(now)? {
                let Some(row) = tx.incident(id)? else { continue };
                match desk.0.by_machine(tx, &row, &action, now, None)? {
                    Ok(_) => n_changed += 1,
                    Err(error) => tracing::warn!(incident = %id, %error, "a clock could not be applied"),
                }
            }
            Ok(n_changed)
        })
        .await
    }

    /// Deletes what nobody can ask for any more. Gives the number of rows.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn prune(&self, now: WallTime) -> Result<usize, DbError> {
        self.write(move |tx| tx.prune(now.minus(KEEP_LOG), now.minus(KEEP_ANSWERS), now.minus(KEEP_TRACES)))
            .await
    }

    /// Flushes boxes, applies clocks and deletes old rows until `shutdown`, then flushes once more.
    /// An error is logged when it begins, and the next round tries again.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut last_prune, mut last_audit) = (None, None);
        let mut is_failing = false;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let instant = self.0.clock.instant();
            let is_due = |last: &mut Option<std::time::Instant>, every| {
                let is_due = last.is_none_or(|last| instant.saturating_duration_since(last) >= every);
                if is_due {
                    *last = Some(instant);
                }
                is_due
            };
            let chores = Chores {
                audits: is_due(&mut last_audit, AUDIT_EVERY),
                prunes: is_due(&mut last_prune, PRUNE_EVERY),
            };
            let result = self.round(chores).await;
            if let (Err(error), false) = (&result, is_failing) {
                tracing::error!(%error, "the desk's round failed; it is tried again every second");
            }
            is_failing = result.is_err();
        }
        if let Err(error) = self.flush_traces().await {
            tracing::error!(%error, "the last second of boxes was not stored");
        }
    }

    async fn round(&self, chores: Chores) -> Result<(), DbError> {
        self.follow_wall_clock().await?;
        let now = self.0.clock.wall();
        self.flush_traces().await?;
        self.expire_leases(now).await?;
        self.fire_clocks(now).await?;
        if chores.audits {
            self.audit_clocks(now).await?;
            // An older release kept no words: they are caught up with little by little.
            if self.0.dispatch.is_indexing().await? {
                self.write(|tx| tx.index_some()).await?;
            }
        }
        if chores.prunes {
            self.prune(now).await?;
        }
        Ok(())
    }

    fn rings<T>(&self, work: impl FnOnce(&mut Rings) -> T) -> T {
        work(&mut self.0.rings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One transaction on a blocking thread: it runs to its end even when the caller goes away, so that the feed hears
    /// of every commit.
    async fn write<T, E>(
        &self,
        work: impl FnOnce(&DispatchTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let dispatch = self.0.dispatch.clone();
        blocking(move || dispatch.write_blocking(work)).await
    }
}

async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(DbError::Closed.into()))
}

/// What a round does besides looking at clocks.
#[derive(Clone, Copy)]
struct Chores {
    audits: bool,
    prunes: bool,
}

/// What goes with one action.
struct Step<'a> {
    actor: Actor,
    now: WallTime,
    alarm: Option<AlarmId>,
    note: Option<&'a str>,
    /// The clock that tells it.
    fire: Option<ClockChange>,
    assessed: Option<Assessed>,
    /// Clocks of units that come from another incident, as they ran there.
    carried: &'a [ClockRow],
}

impl Step<'_> {
    const fn by_machine(now: WallTime) -> Self {
        Self { actor: Actor::Machine, now, alarm: None, note: None, fire: None, assessed: None, carried: &[] }
    }
}

impl Inner {
    /// Applies what a machine does. The inner `Err` says that the state machine forbids it: nothing was written.
    fn by_machine(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        action: &IncidentAction,
        now: WallTime,
        alarm: Option<AlarmId>,
    ) -> Result<Result<IncidentRow, TransitionError>, DbError> {
        self.step(tx, row, action, &Step { alarm, ..Step::by_machine(now) })
    }

    /// Applies one action to a row that was read in this transaction: the status, its units and its clocks change
    /// together. The inner `Err` says that the state machine forbids it: nothing was written.
    fn step(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        action: &IncidentAction,
        step: &Step<'_>,
    ) -> Result<Result<IncidentRow, TransitionError>, DbError> {
        let (before, now) = (&row.status, step.now);
        let mut after = match transition(before, action, step.actor, now, &self.policy) {
            Ok(after) => after,
            Err(error) => return Ok(Err(error)),
        };
        after.due = self.due_after_hold(tx, before, &after, now)?;
        let mut row = row.clone();
        if let Some(assessed) = &step.assessed {
            (row.class, row.area) = (assessed.class.clone(), assessed.area.clone());
            (row.plan, row.proposal) = (assessed.plan, Some(assessed.proposal.clone()));
            row.chain = tx.plan(assessed.plan)?.escalation;
        }
        let mut effects = if step.fire.is_none() && is_alike(before, &after) {
            Effects { deadline: row.deadline, ..Effects::default() }
        } else {
            let mut running = tx.running_clocks(after.id)?;
            if let Some(ClockChange::Fire { clock, fired, .. }) = &step.fire {
                running.iter_mut().filter(|one| one.id == *clock).for_each(|one| one.fired = *fired);
            }
            let clocks = Clocks { running: &running, carried: step.carried };
            self.effects(tx, &row, Some(before), &after, clocks, now)?
        };
        effects.clocks.extend(step.fire.clone());
        effects.assessed.clone_from(&step.assessed);
        row.deadline = effects.deadline;
        let entry = HistoryEntry { action, actor: step.actor, at: now, alarm: step.alarm, note: step.note };
        let is_stored = tx.apply(before, &after, &entry, &effects)?;
        // There is one writer, and `row` was read in this transaction.
        debug_assert!(is_stored, "the version cannot have changed within one transaction");
        if !effects.clocks.is_empty() {
            let running = tx.running_clocks(after.id)?;
            let chain = running.iter().find(|clock| clock.kind == ClockKind::Escalate);
            row.chain_clock = chain.map(|clock| ChainClock { told: clock.fired, next: clock.next });
        }
        if before.overlays.escalated > 0 && after.overlays.escalated == 0 {
            tx.forget_notices(after.id)?;
        }
        if let IncidentAction::Escalate { step, told, .. } = action {
            tx.notify(after.id, *step, told, now)?;
        }
        row.received_by = row.received_by.or(after.claim.map(|claim| claim.owner));
        row.revisited = match (action, step.actor) {
            (IncidentAction::Revisit { .. }, Actor::Person(by)) => Some(Revisited { by, at: now }),
            _ => row.revisited.filter(|_| after.revisit.is_some()),
        };
        row.status = after;
        if let IncidentAction::Urge { level: UrgeLevel::Supervise } = action {
            self.issue_sheet(tx, &row, step)?;
        }
        Ok(Ok(row))
    }

    /// Closes the canary's incidents that are still open: an end of the service cut them off, or an older release left them.
    fn end_tests(&self, tx: &DispatchTx<'_>, now: WallTime) -> Result<(), DbError> {
        let Ok(canary) = canary::facts() else { return Ok(()) };
        for id in tx.open_of(&canary.id)? {
            if let Some(row) = tx.incident(id)? {
                alarm::prove(self, tx, &row, now, None)?;
            }
        }
        Ok(())
    }

    /// Where the clocks stood at the last look; they stand at `now` from now on.
    fn seen_clock(&self, now: Seen) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).replace(now)
    }

    /// The last look does not count.
    fn forget_clock(&self, last: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }
}

/// Nothing that clocks go by has changed.
fn is_alike(before: &IncidentStatus, after: &IncidentStatus) -> bool {
    before.state == after.state
        && before.level == after.level
        && before.due == after.due
        && before.overlays.held == after.overlays.held
        && before.assignments == after.assignments
}
