//! Collects what is broken, and keeps its tickets.
//!
//! Every few seconds all states that a technician would look at are read: streams, analyses, the disk, the clock, and
//! what the pixels say of tampering. When that is worth a ticket, and when it is over, is decided in `domain::ticket`.
//! Never in the way of recording or analysis: they write into memory here, and only this module waits for the database.

mod recording;
mod storage;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_config::{Camera, Site};
use sharpeyes_domain::{
    ids::{CameraId, DiskName, StreamId, StreamKind},
    level::Level,
    retention::DiskState,
    tamper::{TamperEdge, TamperEnding, TamperKind},
    ticket::{Fault, FaultKey, FaultWatch, TicketKind},
};
use tokio_util::sync::CancellationToken;

use crate::{
    api::ports::{AnalysisState, CameraHealth},
    canary::Pulse,
    clock::Clock,
    desk::Desk,
    ingest::{Status, StreamState},
    noise::Noise,
    outbound::Board,
    record::{retention::Keeping, volume::DiskReport},
    store::{db::DbError, footage::DueReview, tickets::Tickets},
};
use recording::{Delivery, RecordWatch};

/// How often everything is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// After its start the service gives cameras and detectors time to come up.
const GRACE: Duration = Duration::from_secs(30);

/// What the pixels of every camera say. Clones share it.
#[derive(Clone, Default)]
pub struct Tampering(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: HashMap<CameraId, (TamperKind, Fault)>,
    /// Faults of which nobody can tell any more whether they last.
    unknown: Vec<FaultKey>,
}

impl Tampering {
    /// It begins, or is over.
    pub fn edge(&self, camera: &CameraId, level: Level, edge: &TamperEdge) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match edge {
            TamperEdge::Begin { kind, evidence, .. } => {
                let left = format!("{:.0} % of what is usual is left", evidence.left.clamp(0.0, 1.0) * 100.0);
                let detail = match evidence.shift {
                    Some(shift) => format!(
                        "{left}; the view moved by {:+.0} % of its width and {:+.0} % of its height",
                        shift.x * 100.0,
                        shift.y * 100.0
                    ),
                    None => left,
                };
                let fault = Fault {
                    level: if blinds(*kind) { level } else { Level::Yellow },
                    stage: None,
                    code: kind.as_str().to_owned(),
                    detail,
                    remedy: remedy(*kind).to_owned(),
                };
                state.running.insert(camera.clone(), (*kind, fault));
            }
            TamperEdge::End { kind, ending, .. } => {
                state.running.remove(camera);
                match ending {
                    TamperEnding::Restored | TamperEnding::Changed => {}
                    TamperEnding::Adopted | TamperEnding::StreamLost => {
                        state.unknown.push(FaultKey { kind: (*kind).into(), camera: Some(camera.clone()) });
                    }
                }
            }
        }
    }

    /// What is wrong with a camera's picture now.
    #[must_use]
    pub fn of(&self, camera: &CameraId) -> Option<TamperKind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).running.get(camera).map(|(kind, _)| *kind)
    }

    fn take_unknown(&self) -> Vec<FaultKey> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).unknown)
    }

    fn faults(&self) -> Vec<(FaultKey, Fault)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = |(camera, (kind, fault)): (&CameraId, &(TamperKind, Fault))| {
            (FaultKey { kind: (*kind).into(), camera: Some(camera.clone()) }, fault.clone())
        };
        state.running.iter().map(fault).collect()
    }
}

/// The camera sees nothing of its place.
const fn blinds(kind: TamperKind) -> bool {
    match kind {
        TamperKind::Covered | TamperKind::Frozen | TamperKind::SignalLost => true,
        TamperKind::Defocused | TamperKind::Moved => false,
    }
}

const fn remedy(kind: TamperKind) -> &'static str {
    match kind {
        TamperKind::Covered => {
            "look at the camera: something covers the lens, or its light has gone out; clean the dome"
        }
        TamperKind::Defocused => {
            "focus the camera anew; clean the dome; look for fog or water in the housing"
        }
        TamperKind::Moved => {
            "turn the camera back, or check that its zones and lines still fit, and close this ticket"
        }
        TamperKind::Frozen => "restart the camera or its recorder: it sends the same picture again and again",
        TamperKind::SignalLost => {
            "the recorder shows its own picture instead of the camera's: check the camera behind it, its cable and its power"
        }
    }
}

/// What only this module reads.
#[derive(Clone)]
pub struct Watched {
    /// What the pixels say.
    pub tampering: Tampering,
    /// The canary's, if there is one.
    pub pulse: Option<Pulse>,
    /// What is to be told to other systems.
    pub outbound: Board,
    /// Whose escalations reach nobody, and whose clocks did not run.
    pub desk: Desk,
    /// Which sources raise too much.
    pub noise: Noise,
}

/// What is remembered from one look to the next.
struct Watches {
    faults: FaultWatch,
    recording: RecordWatch,
}

/// Watches everything and writes tickets.
pub struct TicketKeeper {
    site: Arc<Site>,
    health: Arc<dyn CameraHealth>,
    keeping: Arc<Keeping>,
    watched: Watched,
    tickets: Tickets,
    clock: Clock,
}

impl TicketKeeper {
    /// Over these states.
    #[must_use]
    pub const fn new(
        site: Arc<Site>,
        health: Arc<dyn CameraHealth>,
        keeping: Arc<Keeping>,
        watched: Watched,
        tickets: Tickets,
        clock: Clock,
    ) -> Self {
        Self { site, health, keeping, watched, tickets, clock }
    }

    /// Looks until shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        let keeper = Arc::new(self);
        let started = keeper.clock.instant();
        let Some(faults) = keeper.resume().await else { return };
        let mut watches = Watches { faults, recording: RecordWatch::default() };
        while tokio::time::timeout(LOOK, shutdown.cancelled()).await.is_err() {
            let looking = keeper.clone();
            let work = move || {
                looking.look(&mut watches, started);
                watches
            };
            match tokio::task::spawn_blocking(work).await {
                Ok(back) => watches = back,
                Err(error) => {
                    tracing::error!(%error, "tickets are not kept any more");
                    return;
                }
            }
        }
    }

    async fn resume(self: &Arc<Self>) -> Option<FaultWatch> {
        let keeper = self.clone();
        let open = tokio::task::spawn_blocking(move || keeper.tickets.open_blocking()).await;
        match open {
            Ok(Ok(open)) => {
                // Tampering begins anew in memory, and clocks are looked at once: what it was before the restart stays
                // for a person, or comes again.
                let known = open.into_iter().filter(|key| !is_for_a_person(key.kind));
                Some(FaultWatch::resumed(known, self.clock.wall()))
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "tickets cannot be read, and are not kept");
                None
            }
            Err(error) => {
                tracing::error!(%error, "tickets cannot be read, and are not kept");
                None
            }
        }
    }

    fn look(&self, watches: &mut Watches, started: Instant) {
        let (now, up) = (self.clock.wall(), self.clock.instant().saturating_duration_since(started));
        if up < GRACE {
            return;
        }
        if !self.watched.noise.is_known() {
            watches.faults.suspend(TicketKind::Noisy, up);
        }
        let mut faults = self.faults(&mut watches.recording);
        let untimed = self.watched.desk.untimed();
        let of_untimed = FaultKey { kind: TicketKind::Untimed, camera: None };
        faults.extend(untimed.as_ref().map(|(_, fault)| (of_untimed.clone(), fault.clone())));
        let changes = watches.faults.step(now, up, &faults);
        // Nobody restored these: their tickets stay open for a person.
        for key in self.watched.tampering.take_unknown() {
            watches.faults.forget(&key);
        }
        // It is told of once, or again until it is written; a person says when it is done with.
        watches.faults.forget(&of_untimed);
        if changes.is_empty() {
            return;
        }
        for change in &changes {
            tracing::info!(?change, "ticket");
        }
        match (self.tickets.apply_blocking(changes, now), untimed) {
            (Ok(()), Some((n_told, _))) => self.watched.desk.forget_untimed(n_told),
            (Ok(()), None) => {}
            (Err(error), _) => log_unwritten(&error),
        }
    }

    fn faults(&self, recording: &mut RecordWatch) -> BTreeMap<FaultKey, Fault> {
        let mut faults: BTreeMap<FaultKey, Fault> = self.watched.tampering.faults().into_iter().collect();
        let mut ill = self.keeping.disk_reports();
        ill.retain(|(_, disk)| disk.state != DiskState::Ok);
        let is_ill = |camera: &Camera| {
            let disk = self.keeping.disk_of(&camera.id);
            ill.iter().any(|(name, _)| Some(name) == disk)
        };
        // One ticket tells of a disk that takes nothing, not one for each camera.
        for camera in &self.site.cameras {
            let of = |kind| FaultKey { kind, camera: Some(camera.id.clone()) };
            if let Some(fault) = self.stream_fault(camera) {
                faults.insert(of(TicketKind::Stream), fault);
            } else if let Some(fault) = self.blindness(camera) {
                faults.insert(of(TicketKind::AnalysisBlind), fault);
            }
            if let Some(fault) = self.recording_fault(camera, recording, is_ill(camera)) {
                faults.insert(of(TicketKind::Recording), fault);
            }
        }
        let site = |kind| FaultKey { kind, camera: None };
        faults.extend(self.disk_fault(&ill).map(|fault| (site(TicketKind::Disk), fault)));
        let canary = self.watched.pulse.as_ref().and_then(|pulse| pulse.fault(self.clock.wall()));
        faults.extend(canary.map(|fault| (site(TicketKind::CanaryMissing), fault)));
        let untold = self.watched.outbound.fault(&self.site.targets, self.clock.wall());
        faults.extend(untold.map(|fault| (site(TicketKind::Outbound), fault)));
        faults.extend(storage::faults(&self.keeping.reports(), &self.due_reviews()));
        let unmanned = self.watched.desk.unmanned(self.clock.wall());
        faults.extend(unmanned.map(|fault| (site(TicketKind::Unmanned), fault)));
        faults.extend(self.watched.noise.faults());
        faults.extend(self.clock_fault().map(|fault| (site(TicketKind::Clock), fault)));
        faults
    }

    /// Of the first of the camera's streams that fails.
    fn stream_fault(&self, camera: &Camera) -> Option<Fault> {
        [StreamKind::Main, StreamKind::Sub].into_iter().find_map(|kind| {
            let status: Status = self.health.stream(&StreamId { camera: camera.id.clone(), kind })?;
            let fault = status.fault?;
            Some(Fault {
                level: urgency(camera),
                stage: Some(fault.stage.as_str().to_owned()),
                code: fault.code.to_owned(),
                detail: format!("{}: {}", kind.as_str(), fault.message),
                remedy: fault.remedy.to_owned(),
            })
        })
    }

    /// Of the first of the camera's recorded streams that is not, although it arrives.
    fn recording_fault(&self, camera: &Camera, watch: &mut RecordWatch, is_disk_ill: bool) -> Option<Fault> {
        let looks = [StreamKind::Main, StreamKind::Sub].map(|kind| {
            let stream = StreamId { camera: camera.id.clone(), kind };
            let recorded = self.health.recording(&stream)?;
            let arrives = self.health.stream(&stream)?.state == StreamState::Streaming;
            let delivery = if arrives && !is_disk_ill { Delivery::Arrives } else { Delivery::Excused };
            watch.look(&stream, delivery, &recorded, self.clock.instant())
        });
        looks.into_iter().flatten().next()
    }

    fn blindness(&self, camera: &Camera) -> Option<Fault> {
        let report = self.health.analysis(&camera.id)?;
        let code = match report.state {
            AnalysisState::Failed => report.message_code.unwrap_or_else(|| "analysis_failed".to_owned()),
            AnalysisState::Waiting => "no_pictures".to_owned(),
            AnalysisState::Running | AnalysisState::Reduced => return None,
        };
        Some(Fault {
            level: urgency(camera),
            stage: Some("detect".to_owned()),
            code,
            detail: report.remedy.unwrap_or_else(|| "no picture went through the detector".to_owned()),
            remedy: "look at the camera's analysis on the health page; check the detector and the load of this machine"
                .to_owned(),
        })
    }

    /// One for all disks that are ill; the worst one gives level, code and remedy.
    fn disk_fault(&self, ill: &[(DiskName, DiskReport)]) -> Option<Fault> {
        let of_state = |state| match state {
            DiskState::Ok | DiskState::Slow => {
                (Level::Yellow, "look for what else uses the disk, and at its health")
            }
            DiskState::Full => {
                (Level::Red, "nothing more may be deleted: release holds, shorten keep_days, or add a disk")
            }
            DiskState::ReadOnly => {
                (Level::Red, "check the disk and its file system, then mount it for writing")
            }
            DiskState::Missing => (Level::Red, "mount the disk of recordings"),
            DiskState::Swapped => (Level::Red, "mount the disk that belongs here"),
            DiskState::Failed => (Level::Red, "look at the kernel's log and replace the disk"),
            DiskState::NotAnswering => (
                Level::Red,
                "look at the disk, its cable, its controller or its network, and at the kernel's log",
            ),
        };
        let is_red = |(_, disk): &&(DiskName, DiskReport)| of_state(disk.state).0 == Level::Red;
        let (_, worst) = ill.iter().find(is_red).or_else(|| ill.first())?;
        let (level, remedy) = of_state(worst.state);
        let is_alone = self.keeping.disk_reports().len() == 1;
        let tell = |(name, disk): &(DiskName, DiskReport)| match is_alone {
            true => disk.detail.clone(),
            false => format!("disk {name}: {}", disk.detail),
        };
        let details: Vec<String> = ill.iter().map(tell).collect();
        Some(Fault {
            level,
            stage: None,
            code: worst.state.as_str().to_owned(),
            detail: details.join("; "),
            remedy: remedy.to_owned(),
        })
    }

    /// While the index cannot be read their tickets wait: nothing says that they are over sooner than two minutes.
    fn due_reviews(&self) -> Vec<DueReview> {
        self.keeping.footage().due_reviews(self.clock.wall()).unwrap_or_else(|error| {
            tracing::warn!(%error, "holds cannot be looked through for their review dates");
            Vec::new()
        })
    }

    fn clock_fault(&self) -> Option<Fault> {
        let doubt = self.keeping.clock().doubt()?;
        Some(Fault {
            level: Level::Yellow,
            stage: None,
            code: "clock_doubted".to_owned(),
            detail: format!("the clock is {} s ahead of where it should be", doubt.ahead.as_secs()),
            remedy: "correct the clock, or confirm it on the storage page: until then nothing is deleted for its age"
                .to_owned(),
        })
    }
}

/// Nothing that is looked at says that it is over.
const fn is_for_a_person(kind: TicketKind) -> bool {
    match kind {
        TicketKind::Covered
        | TicketKind::Defocused
        | TicketKind::Moved
        | TicketKind::Frozen
        | TicketKind::SignalLost
        | TicketKind::Untimed => true,
        TicketKind::Stream
        | TicketKind::AnalysisBlind
        | TicketKind::Recording
        | TicketKind::Disk
        | TicketKind::Clock
        | TicketKind::CanaryMissing
        | TicketKind::Outbound
        | TicketKind::Storage
        | TicketKind::HoldReview
        | TicketKind::Unmanned
        | TicketKind::Noisy => false,
    }
}

/// A camera whose rules may raise a red alarm is missed at once.
#[must_use]
pub fn urgency(camera: &Camera) -> Level {
    let is_red = camera.rules.iter().any(|rule| rule.level == Level::Red);
    if is_red { Level::Red } else { Level::Yellow }
}

fn log_unwritten(error: &DbError) {
    tracing::error!(%error, "tickets could not be written");
}
