//! Builds and wires everything. The only place of the process that spawns tasks and starts threads.
//!
//! Shutdown, in this order, each step with a deadline: break trials off, stop ingest (runs end, gaps get their cause), stop decoding and
//! end running alarms, drain the inference threads, store the alarms that wait, flush the desk, end retention, finish the segments, stop the API.

mod alarms;
mod analysis;
mod health;
mod ingest;
pub(crate) mod keeping;
mod shadow;

use std::{
    collections::HashMap, net::SocketAddr, path::PathBuf, sync::Arc, thread::JoinHandle, time::Duration,
};

use sharpeyes_config::{Camera, Site};
use sharpeyes_domain::ids::{CameraId, DiskName, StreamId, StreamKind};
use sharpeyes_inference::{InferenceError, Runtime};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    access::{accounts::Accounts, gate::Gate, password::HashError},
    api::{self, ApiState, Parts, ports::CameraHealth},
    canary::{self, Canary, Pulse, Round},
    clock::Clock,
    desk::Desk,
    hub::{Hub, RingLimits},
    ingest::{Attempts, Limits, Source, StreamTask, Wiring},
    models,
    noise::Noise,
    outbound::{Board, News, Prod, Sender},
    record::{RecordError, RecordSettings, Recorder, clip::ClipReader},
    stills::Stills,
    store::{
        db::{Db, DbError},
        dispatch::Dispatch,
        footage::{Footage, FootageError},
        outbox::Outbox,
        shadow::ShadowLog,
        statistics::Statistics,
        tickets::Tickets,
        trials::TrialRows,
    },
    tickets::{self, TicketKeeper},
    transcode::{TranscodeLimits, Transcodes},
    trial::{TrialParts, Trials},
};
use analysis::Analysis;
use health::Health;
use ingest::IngestThreads;
use keeping::Keeper;

/// Connection attempts at the same time, over all cameras, and beside them of cameras that did not answer last time.
const ATTEMPTS: usize = 8;
/// How long one step of the shutdown may take.
const STEP: Duration = Duration::from_secs(10);

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data directory cannot be made.
    #[error("cannot use data_dir {path}: {source}")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The dispatch database.
    #[error(transparent)]
    Dispatch(#[from] DbError),
    /// The footage index.
    #[error(transparent)]
    Footage(#[from] FootageError),
    /// The recorder.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Accounts.
    #[error(transparent)]
    Accounts(#[from] HashError),
    /// The port.
    #[error("cannot listen on {address}: {source}; another service may use the port")]
    Listen {
        /// Address and port.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Threads could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// The running service.
pub struct App {
    address: SocketAddr,
    setup_code: Option<String>,
    shutdown: CancellationToken,
    steps: Steps,
}

/// What is stopped one after the other.
struct Steps {
    ingest: Step,
    ingest_threads: IngestThreads,
    analysis: Step,
    inference: Option<analysis::Threads>,
    desk: Step,
    trials: Trials,
    looking: JoinHandle<()>,
    keeper: Keeper,
    recorder: Recorder,
    api: Step,
}

/// Tasks that end together.
#[derive(Default)]
struct Step {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// The databases and what stands on them.
struct Stores {
    footage: Footage,
    dispatch: Dispatch,
    accounts: Accounts,
    statistics: Statistics,
    tickets: Tickets,
    outbox: Outbox,
    trials: TrialRows,
    shadow: ShadowLog,
}

impl App {
    /// Opens the stores, starts every camera, binds the port. `onnx` is the runtime or why there is none: without it
    /// everything is recorded and shown, and every camera's health says why nothing is analysed.
    ///
    /// # Errors
    /// [`AppError`] when recording or serving cannot begin.
    pub async fn start(
        site: Site,
        onnx: Result<Runtime, InferenceError>,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Result<Self, AppError> {
        let site = Arc::new(site);
        // Bound first: a second instance must not touch the databases.
        let listener = listen(site.server.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|source| AppError::Listen { address: site.server.listen, source })?;
        let stores = blocking({
            let (site, clock) = (site.clone(), clock.clone());
            move || open_stores(&site, &clock)
        })
        .await?;
        let (recorder, (keeper, keeping)) = blocking({
            let (site, dispatch) = (site.clone(), stores.dispatch.clone());
            let (settings, footage, clock) = (record_settings(&site), stores.footage.clone(), clock.clone());
            move || {
                let recorder = Recorder::open_disks(settings, pinned(&site), footage, clock.clone())?;
                retire_others(&site, &recorder)?;
                let keeper = Keeper::start(&site, &recorder, &dispatch, clock)?;
                Ok((recorder, keeper))
            }
        })
        .await?;
        let desk = Desk::of_site(stores.dispatch.clone(), clock.clone(), &site);
        let left = desk.recover().await?;
        tracing::info!(alarms_left_running = left, "the desk is open");
        let hub = hub_of(&site);
        let mut health = Health::new(&clock, models::options(&site.inference).provider);
        let ingest_threads = IngestThreads::start(|transport| {
            site.cameras.iter().filter(|camera| camera.transport == transport).flat_map(streams_of).count()
        })
        .map_err(AppError::Thread)?;
        let ingest = start_ingest(&site, &hub, &recorder, &clock, &mut health, &ingest_threads)?;
        let pulse = canary_period(&site).map(|every| Pulse::new(every, clock.wall()));
        let onnx = onnx.map_err(Arc::new);
        let sink = analysis::DeskSink::new(&site, &desk, stores.shadow.clone(), pulse.clone(), clock.clone());
        let tampering = sink.tampering();
        let canary = pulse.as_ref().and_then(|_| hub.poll(&canary::stream().ok()?));
        let (mut analysis, inference) =
            Analysis::start(&site, &onnx, &hub, sink, &clock, &mut health, canary)
                .map_err(AppError::Thread)?;
        start_canary(&site, &hub, &clock, &mut analysis).await?;
        let health: Arc<dyn CameraHealth> = Arc::new(health);
        let mut desk_step = Step::default();
        desk_step.tasks.spawn(desk.clone().run(desk_step.stop.clone()));
        let (board, prod) = (Board::default(), Prod::default());
        start_outbound(&site, &stores, &board, &prod, &clock, &mut desk_step).await?;
        let noise = Noise::new(site.clone(), stores.statistics.clone(), clock.clone());
        desk_step.tasks.spawn(noise.clone().run(desk_step.stop.clone()));
        let ticket_keeper = TicketKeeper::new(
            site.clone(),
            health.clone(),
            keeping.clone(),
            tickets::Watched {
                tampering,
                pulse,
                outbound: board.clone(),
                desk: desk.clone(),
                noise: noise.clone(),
            },
            stores.tickets.clone(),
            clock.clone(),
        );
        desk_step.tasks.spawn(ticket_keeper.run(desk_step.stop.clone()));
        let trials = TrialParts {
            site: site.clone(),
            clips: recorder.clips(),
            onnx,
            health: health.clone(),
            rows: stores.trials.clone(),
            dir: site.data_dir.join("trials"),
            clock: clock.clone(),
        };
        let (trials, looking) = blocking(move || start_trials(trials)).await?;
        let setup_code = stores.accounts.issue_setup_code().await?;
        let stills = blocking({
            let (site, clips, footage) = (site.clone(), recorder.clips(), stores.footage.clone());
            move || open_stills(&site, clips, footage)
        })
        .await?;
        let mut api = Step::default();
        api.tasks.spawn(stills.clone().run(api.stop.clone()));
        let state = ApiState::new(Parts {
            gate: Gate::new(site.areas.clone()),
            accounts: stores.accounts,
            desk,
            dispatch: stores.dispatch,
            statistics: stores.statistics,
            noise,
            clips: recorder.clips(),
            stills,
            transcodes: Transcodes::new(transcode_limits(&site), clock.clone()),
            keeping,
            tickets: stores.tickets,
            outbox: stores.outbox,
            prod,
            trials: trials.clone(),
            shadow: stores.shadow,
            hub,
            health,
            clock,
            shutdown: api.stop.clone(),
            site,
        });
        api.tasks.spawn(serve(listener, state));
        let steps = Steps {
            ingest,
            ingest_threads,
            analysis,
            inference,
            desk: desk_step,
            trials,
            looking,
            keeper,
            recorder,
            api,
        };
        Ok(Self { address, setup_code, shutdown, steps })
    }

    /// Where browsers connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one-time code for the first administrator, while there is no account.
    #[must_use]
    pub fn setup_code(&self) -> Option<&str> {
        self.setup_code.as_deref()
    }

    /// Waits for the shutdown token, then stops everything in order.
    pub async fn join(self) {
        self.shutdown.cancelled().await;
        let Steps {
            ingest,
            ingest_threads,
            analysis,
            inference,
            desk,
            trials,
            looking,
            keeper,
            recorder,
            api,
        } = self.steps;
        trials.close();
        ingest.end("ingest").await;
        drop(ingest_threads);
        analysis.end("analysis").await;
        if let Some(threads) = inference {
            within("inference", tokio::task::spawn_blocking(move || threads.end())).await;
        }
        desk.end("desk").await;
        within("trials", tokio::task::spawn_blocking(move || looking.join())).await;
        within("retention", tokio::task::spawn_blocking(move || keeper.end())).await;
        within("recorder", tokio::task::spawn_blocking(move || recorder.close())).await;
        api.end("api").await;
        tracing::info!("stopped");
    }
}

impl Step {
    async fn end(mut self, name: &'static str) {
        self.stop.cancel();
        within(name, async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended
                    && error.is_panic()
                {
                    tracing::error!(step = name, %error, "a task had panicked");
                }
            }
        })
        .await;
    }
}

/// Waits for one step of the shutdown, but not for ever: the next ones matter more.
async fn within(name: &'static str, step: impl Future) {
    if tokio::time::timeout(STEP, step).await.is_err() {
        tracing::warn!(step = name, limit = ?STEP, "this step of the shutdown took too long and was left");
    }
}

/// Runs `work` on a blocking thread. A panic in it is a bug that start-up must not hide.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(AppError::Thread(std::io::Error::other(error))),
    }
}

/// Their thread, which looks at one after the other.
fn start_trials(parts: TrialParts) -> Result<(Trials, JoinHandle<()>), AppError> {
    let trials = Trials::open(parts)?;
    let looking = trials.clone();
    let thread = std::thread::Builder::new().name("trial".into()).spawn(move || looking.work());
    Ok((trials, thread.map_err(AppError::Thread)?))
}

/// How often the canary sings: where no camera is analysed it has nothing to warn of, and would only cost.
fn canary_period(site: &Site) -> Option<Duration> {
    site.canary.filter(|_| site.cameras.iter().any(|camera| camera.analysed().is_some()))
}

/// A canary that cannot sing is told by its ticket; everything else goes on.
async fn start_canary(site: &Arc<Site>, hub: &Hub, clock: &Clock, step: &mut Step) -> Result<(), AppError> {
    let Some(every) = canary_period(site) else { return Ok(()) };
    let dir = site.data_dir.clone();
    let round = blocking(move || Ok(Round::load(&dir))).await?;
    let publisher = canary::stream().ok().and_then(|stream| hub.publisher(&stream));
    match (round, publisher) {
        (Ok(round), Some(publisher)) => {
            let canary = Canary::new(round, publisher, every, clock.clone());
            step.tasks.spawn(canary.run(step.stop.clone()));
        }
        (Err(error), _) => tracing::error!(%error, "there is no canary"),
        (Ok(_), None) => tracing::error!("there is no canary: the hub does not know its stream"),
    }
    Ok(())
}

/// One sender for each target: they share nothing, so that a slow one delays no other.
async fn start_outbound(
    site: &Site,
    stores: &Stores,
    board: &Board,
    prod: &Prod,
    clock: &Clock,
    step: &mut Step,
) -> Result<(), AppError> {
    let known = site.targets.iter().map(|target| target.id.clone()).collect();
    let n_given_up = stores.outbox.retire(known, clock.wall()).await?;
    if n_given_up > 0 {
        tracing::warn!(n_given_up, "messages waited for targets that the site file names no more");
    }
    for target in &site.targets {
        let (outbox, changed) = (stores.outbox.clone(), stores.dispatch.changed());
        let sender = Sender::new(target.clone(), outbox, changed, prod.clone(), board.clone(), clock.clone());
        step.tasks.spawn(sender.run(step.stop.clone()));
    }
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, source })
}

fn open_stores(site: &Site, clock: &Clock) -> Result<Stores, AppError> {
    let data_dir = |source| AppError::DataDir { path: site.data_dir.clone(), source };
    std::fs::create_dir_all(&site.data_dir).map_err(data_dir)?;
    let db = open_dispatch_db(site)?;
    Ok(Stores {
        footage: Footage::open(&site.data_dir.join("footage.db"))?,
        dispatch: Dispatch::new(db.clone())?.announced_by(Arc::new(News::of(site))),
        accounts: Accounts::new(&db, &site.name, site.areas.clone(), clock.clone())?,
        statistics: Statistics::new(db.clone()),
        tickets: Tickets::open(db.clone())?,
        outbox: Outbox::new(db.clone()),
        trials: TrialRows::new(db.clone()),
        shadow: ShadowLog::open(db)?,
    })
}

/// Opens the database of dispatch data, accounts and audit.
///
/// # Errors
/// [`DbError`] when it cannot be opened or migrated.
pub fn open_dispatch_db(site: &Site) -> Result<Db, DbError> {
    Db::open(&site.data_dir.join("dispatch.db"), crate::store::DISPATCH_MIGRATIONS)
}

fn record_settings(site: &Site) -> Vec<RecordSettings> {
    let settings = |disk: &sharpeyes_config::Disk| RecordSettings {
        disk: disk.name.clone(),
        reserve: disk.reserve,
        segment: site.storage.segment,
        backlog_bytes: site.storage.backlog_bytes,
        ..RecordSettings::new(disk.dir.clone())
    };
    site.storage.disks.iter().map(settings).collect()
}

/// The disk of each camera whose disk the site names.
fn pinned(site: &Site) -> HashMap<CameraId, DiskName> {
    let named = site.cameras.iter().filter_map(|camera| Some((camera.id.clone(), camera.disk.clone()?)));
    named.collect()
}

/// Beside the databases, not on the disk of the recordings, which is for them alone.
fn open_stills(site: &Site, clips: ClipReader, footage: Footage) -> Result<Stills, AppError> {
    let limit = u64::try_from(site.playback.picture_cache_bytes).unwrap_or(u64::MAX);
    Ok(Stills::open(clips, footage, &site.data_dir.join("pictures"), limit)?)
}

const fn transcode_limits(site: &Site) -> TranscodeLimits {
    TranscodeLimits { site: site.playback.transcodes, viewer: site.playback.transcodes_per_viewer }
}

/// The streams that are pulled: main when it is recorded or analysed, sub when there is one.
fn streams_of(camera: &Camera) -> impl Iterator<Item = StreamKind> {
    let analysed = camera.analysed().map(|(stream, _)| stream.kind);
    let is_main_needed = camera.record.includes(StreamKind::Main)
        || analysed == Some(StreamKind::Main)
        || camera.sub.is_none();
    let main = is_main_needed.then_some(StreamKind::Main);
    let sub = camera.sub.as_ref().map(|_| StreamKind::Sub);
    main.into_iter().chain(sub)
}

/// Analysis looks back into the ring; a live view only begins at its newest keyframe, and a clip reads the disk.
const SHOWN: Duration = Duration::from_secs(2);

fn hub_of(site: &Site) -> Hub {
    let (bytes, span) = (site.storage.ring_bytes, site.storage.ring);
    let rings = |camera: &Camera| {
        let analysed = camera.analysed().map(|(stream, _)| stream.kind);
        let ring = |kind| {
            let history = if analysed == Some(kind) { span } else { SHOWN.min(span) };
            (StreamId { camera: camera.id.clone(), kind }, RingLimits { bytes, span, history })
        };
        streams_of(camera).map(ring).collect::<Vec<_>>()
    };
    let canary = canary_period(site).and_then(|_| canary::stream().ok());
    let canary = canary.map(|stream| (stream, RingLimits { bytes, span, history: span }));
    Hub::with_limits(site.cameras.iter().flat_map(rings).chain(canary))
}

const fn is_recorded(camera: &Camera, kind: StreamKind) -> bool {
    camera.record.includes(kind)
}

/// Streams that were recorded once and are not any more: their gap is someone's will, not a fault.
/// Streams that are not recorded any more say so from now on. Blocks.
fn retire_others(site: &Site, recorder: &Recorder) -> Result<(), AppError> {
    for stream in recorder.footage().streams()? {
        if !site.camera(&stream.camera).is_some_and(|camera| is_recorded(camera, stream.kind)) {
            recorder.retire(&stream)?;
        }
    }
    Ok(())
}

fn start_ingest(
    site: &Site,
    hub: &Hub,
    recorder: &Recorder,
    clock: &Clock,
    health: &mut Health,
    threads: &IngestThreads,
) -> Result<Step, AppError> {
    let mut step = Step::default();
    let attempts = Arc::new(Attempts::new(ATTEMPTS, ATTEMPTS));
    for camera in &site.cameras {
        for kind in streams_of(camera) {
            let stream = StreamId { camera: camera.id.clone(), kind };
            let (Some(source), Some(publisher)) = (Source::of(camera, kind), hub.publisher(&stream)) else {
                continue;
            };
            let is_recorded = is_recorded(camera, kind);
            let recorder = is_recorded.then(|| recorder.sender(&stream)).transpose()?;
            let task = StreamTask::new(Wiring {
                stream: stream.clone(),
                source,
                limits: Limits::default(),
                clock: clock.clone(),
                publisher,
                recorder: recorder.clone(),
                attempts: attempts.clone(),
                shutdown: step.stop.clone(),
            });
            health.stream(stream, task.status(), recorder);
            if let Some(handle) = threads.handle(camera.transport) {
                step.tasks.spawn_on(task.run(), handle);
            }
        }
    }
    Ok(step)
}

async fn serve(listener: TcpListener, state: ApiState) {
    if let Err(error) = api::serve(listener, state).await {
        tracing::error!(%error, "the API ended");
    }
}
