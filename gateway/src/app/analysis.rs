//! Starts the analysis: opens every detector once, a few threads decode for all cameras, a few detect, and one stores what
//! they find.

use std::{
    collections::HashMap,
    io,
    num::{NonZeroU16, NonZeroUsize},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use sharpeyes_config::{Camera, Site};
use sharpeyes_domain::{
    alarm::{AlarmEdge, Moment},
    ids::{CameraId, ModelId},
    ladder::LadderMode,
    level::Level,
    tamper::{TamperEdge, TamperKind},
    track::Track,
};
use sharpeyes_inference::{InferenceError, ModelFile, Runtime};

use super::{
    Step,
    alarms::{AlarmQueue, Line, Table, Waiting},
    health::Health,
    shadow,
};
use crate::{
    analyze::{
        AlarmSink, AnalysisSettings, Detectors, Fault, InferencePool, LiveAnalysis, NoAnswer, TimeLimits,
        ladder::LadderSettings,
        pipeline::CameraPipeline,
        rounds::{Admission, Rounds},
        scheduler::Weight,
        seat::Role,
    },
    canary::{self, Pulse},
    clock::Clock,
    desk::{Desk, DeskError},
    hub::{Hub, Polled},
    models,
    store::{
        db::DbError,
        dispatch::{CameraFacts, FrameTrace, TraceBox},
        shadow::{ShadowLog, ShadowSource},
    },
    tickets::{Tampering, urgency},
};

/// How often running detections are compared with their time limit.
const LOOK: Duration = Duration::from_millis(250);
/// How long an inference thread may take to open a detector.
const OPENING: Duration = Duration::from_secs(120);
/// Pictures a second of the canary for the detector.
const CANARY_FPS: f32 = 2.0;

/// An alarm that is not stored after so long is a fault of its camera's health.
const LONG_WAIT: Duration = Duration::from_secs(10);
/// How long the inference threads may take to finish their frames at the end.
const LAST_FRAMES: Duration = Duration::from_secs(5);

/// The decoding and the inference threads.
pub(super) struct Threads {
    rounds: Arc<Rounds>,
    decoding: Vec<JoinHandle<()>>,
    inference: InferenceThreads,
    queue: AlarmQueue,
    storing: JoinHandle<()>,
}

impl Threads {
    /// Lets every thread finish its frame that can, and ends running alarms. Blocks.
    pub(super) fn end(self) {
        self.rounds.close();
        join(self.decoding);
        self.rounds.stop();
        self.inference.end();
        self.queue.close();
        join(vec![self.storing]);
    }
}

/// The inference threads. Clones share them.
#[derive(Clone)]
struct InferenceThreads {
    pool: Arc<InferencePool>,
    running: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl InferenceThreads {
    fn new(pool: Arc<InferencePool>) -> Self {
        Self { pool, running: Arc::default() }
    }

    /// Starts what is missing, at first all of them. Nobody waits for a thread that hangs.
    fn supervise(&self) -> io::Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (ended, others) = running.drain(..).partition(JoinHandle::is_finished);
        *running = others;
        join(ended);
        for worker in self.pool.supervise() {
            let name = format!("detect-{}", worker.number());
            let pool = self.pool.clone();
            running.push(std::thread::Builder::new().name(name).spawn(move || pool.work(worker))?);
        }
        Ok(())
    }

    /// Lets every thread finish its frame that can. Blocks.
    fn end(&self) {
        self.pool.close();
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let looks = LAST_FRAMES.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            let (ended, others) = running.into_iter().partition(JoinHandle::is_finished);
            running = others;
            join(ended);
            if running.is_empty() {
                return;
            }
            std::thread::sleep(LOOK);
        }
        tracing::warn!(
            threads = running.len(),
            "inference threads hang and are left to the end of the process"
        );
    }
}

fn join(ended: Vec<JoinHandle<()>>) {
    for thread in ended {
        if thread.join().is_err() {
            tracing::error!("a thread of the analysis had panicked");
        }
    }
}

/// A camera with a detector that works.
struct Ready<'a> {
    camera: &'a Camera,
    model: ModelFile,
}

pub(super) struct Analysis;

impl Analysis {
    /// Cameras whose detector cannot be used are reported in `health` and left out; nobody else notices.
    pub(super) fn start(
        site: &Site,
        onnx: &Result<Runtime, Arc<InferenceError>>,
        hub: &Hub,
        sink: DeskSink,
        clock: &Clock,
        health: &mut Health,
        canary: Option<Polled>,
    ) -> io::Result<(Step, Option<Threads>)> {
        let analysed: Vec<&Camera> =
            site.cameras.iter().filter(|camera| camera.analysed().is_some()).collect();
        let runtime = match onnx {
            Ok(runtime) => runtime.clone(),
            Err(error) => {
                if !analysed.is_empty() {
                    tracing::error!(%error, "nothing is analysed; recording and live view go on");
                }
                let (code, text) = (models::code(error), error.to_string());
                for camera in analysed {
                    health.not_analysed(camera.id.clone(), camera.model.clone(), code, text.clone());
                }
                return Ok((Step::default(), None));
            }
        };
        let detectors = Detectors::of_site(&site.inference, runtime);
        let ready = open_models(site, &detectors, analysed, health);
        let canary = canary.and_then(|units| canary_settings(site, &detectors, units));
        let shadowed = shadow::open(site, &detectors, health);
        let models = ready
            .iter()
            .map(|ready| &ready.model)
            .chain(shadowed.iter().map(|shadowed| &shadowed.model))
            .chain(canary.iter().map(|(_, model)| model))
            .map(|model| (model.manifest.id.clone(), model.clone()))
            .collect();
        let pool = Arc::new(InferencePool::new(
            detectors,
            models,
            clock.clone(),
            site.inference.threads,
            TimeLimits { detection: site.inference.time_limit, opening: OPENING },
        ));
        let mut step = Step::default();
        let (shadows, tally) = shadow::start(site, shadowed, &pool, hub, &sink, clock, health);
        step.tasks.spawn(tally.run(step.stop.clone()));
        let (queue, books) = (sink.queue(), sink.books.clone());
        let storing = {
            let queue = queue.clone();
            let work = move || queue.work(|line, waiting| books.store(line, waiting));
            std::thread::Builder::new().name("alarms".into()).spawn(work)?
        };
        let sink: Arc<dyn AlarmSink> = Arc::new(sink);
        let (settings, mut analyses) = (site.analysis, Vec::new());
        for Ready { camera, model } in ready {
            let Some(units) = camera.analysed().and_then(|(stream, _)| hub.poll(&stream)) else {
                continue;
            };
            let (weakest, timezone) = (model.manifest.score, site.timezone.clone());
            let strong = camera.score.or(model.manifest.strong);
            let pipeline = CameraPipeline::new(&camera.rules, strong, weakest, timezone)
                .with_shadow(&camera.shadow_rules);
            let look_every = settings.look_every.into();
            let analysis = LiveAnalysis::new(
                AnalysisSettings {
                    camera: camera.id.clone(),
                    role: Role::Live,
                    model: model.manifest.id,
                    weight: pipeline.weight(),
                    ladder: LadderSettings {
                        parts: settings.parts,
                        ..LadderSettings::new(settings.ladder, pipeline.need(), camera.fps, look_every)
                    },
                    pipeline,
                    decoder: settings.decoder,
                    units,
                },
                &pool,
                sink.clone(),
                clock.clone(),
            );
            health.analysed(camera.id.clone(), analysis.clone());
            analyses.push(analysis);
        }
        if let Some((settings, _)) = canary {
            analyses.push(LiveAnalysis::new(settings, &pool, sink, clock.clone()));
        }
        analyses.extend(shadows);
        let admission = Admission::new(usize::from(settings.decoders.get()));
        let rounds = Arc::new(Rounds::new(analyses, settings.decoder, admission, clock.clone()));
        let decoding = (0..decoding_threads(settings.threads))
            .map(|n| {
                let rounds = rounds.clone();
                std::thread::Builder::new().name(format!("decode-{n}")).spawn(move || rounds.work())
            })
            .collect::<io::Result<_>>()?;
        let inference = InferenceThreads::new(pool);
        inference.supervise()?;
        let (watched, stop) = (inference.clone(), step.stop.clone());
        step.tasks.spawn(async move {
            while tokio::time::timeout(LOOK, stop.cancelled()).await.is_err() {
                if let Err(error) = watched.supervise() {
                    tracing::error!(%error, "no thread to replace one that hangs or ended; tried again");
                }
            }
        });
        Ok((step, Some(Threads { rounds, decoding, inference, queue, storing })))
    }
}

/// The canary is analysed like any camera, in full: a failure is told by its missing alarm.
fn canary_settings(
    site: &Site,
    detectors: &Detectors,
    units: Polled,
) -> Option<(AnalysisSettings, ModelFile)> {
    let model = match usable(site, detectors, None) {
        Ok(model) => model,
        Err(refused) => {
            tracing::error!(error = refused.text, "the canary is not analysed");
            return None;
        }
    };
    let (Ok(rule), Ok(stream)) = (canary::rule(), canary::stream()) else { return None };
    let (strong, weakest) = (model.manifest.strong, model.manifest.score);
    let pipeline = CameraPipeline::new(&[rule], strong, weakest, site.timezone.clone());
    let look_every = site.analysis.look_every.into();
    let settings = AnalysisSettings {
        camera: stream.camera,
        role: Role::Live,
        model: model.manifest.id.clone(),
        // Under overload it keeps its decoder: without it, its alarm would be missed, and that is a ticket.
        weight: Weight::RED,
        ladder: LadderSettings::new(LadderMode::Full, pipeline.need(), CANARY_FPS, look_every),
        pipeline,
        decoder: site.analysis.decoder,
        units,
    };
    Some((settings, model))
}

fn decoding_threads(wanted: Option<NonZeroU16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    wanted.map_or_else(cores, |threads| usize::from(threads.get()))
}

/// Why a model is of no use until someone acts and the service is started again.
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// Loads a model once, so that a damaged one is known at start and not at the first frame. One that crashes or does not
/// come back is used all the same: it may be the machine, and is tried again and again.
pub(super) fn usable(
    site: &Site,
    detectors: &Detectors,
    wanted: Option<&ModelId>,
) -> Result<ModelFile, Refused> {
    let refused = |error: InferenceError| Refused { code: models::code(&error), text: error.to_string() };
    let file = models::choose(&site.inference, wanted).map_err(refused)?;
    match detectors.try_out(&file, OPENING) {
        Ok(()) => Ok(file),
        Err(NoAnswer::Refused { code, text }) => Err(Refused { code, text }),
        Err(why @ (NoAnswer::Ended { .. } | NoAnswer::Hung)) => {
            tracing::error!(model = %file.manifest.id, ?why, "a model could not be loaded in a process of its own; it is tried again");
            Ok(file)
        }
    }
}

fn open_models<'a>(
    site: &Site,
    detectors: &Detectors,
    cameras: Vec<&'a Camera>,
    health: &mut Health,
) -> Vec<Ready<'a>> {
    let mut opened: HashMap<Option<ModelId>, Result<ModelFile, Refused>> = HashMap::new();
    let mut ready = Vec::new();
    for camera in cameras {
        let wanted = &camera.model;
        let model = opened.entry(wanted.clone()).or_insert_with(|| usable(site, detectors, wanted.as_ref()));
        match model {
            Ok(model) => ready.push(Ready { camera, model: model.clone() }),
            Err(Refused { code, text }) => {
                tracing::error!(camera.id = %camera.id, code, error = text, "not analysed; recorded all the same");
                health.not_analysed(camera.id.clone(), camera.model.clone(), code, text.clone());
            }
        }
    }
    ready
}

/// Takes what the analysis finds. Never waits: alarms go into the queue, and [`Books`] stores them.
pub(super) struct DeskSink {
    queue: AlarmQueue,
    books: Arc<Books>,
    tampering: Tampering,
}

/// What the alarms that wait are stored in.
struct Books {
    desk: Desk,
    shadow: ShadowLog,
    pulse: Option<Pulse>,
    clock: Clock,
    cameras: HashMap<CameraId, Known>,
}

struct Known {
    facts: CameraFacts,
    kind: CameraKind,
}

enum CameraKind {
    /// With how urgent it is when it is blind, and of which tampering somebody wants to know.
    Real {
        urgency: Level,
        tamper: Vec<TamperKind>,
    },
    Canary,
}

impl DeskSink {
    /// Alarms of the canary go on `pulse` when they are stored; without it there is no canary.
    pub(super) fn new(
        site: &Site,
        desk: &Desk,
        shadow: ShadowLog,
        pulse: Option<Pulse>,
        clock: Clock,
    ) -> Self {
        let known = |camera: &Camera| Known {
            facts: CameraFacts::from(camera),
            kind: CameraKind::Real { urgency: urgency(camera), tamper: camera.tamper.clone() },
        };
        let mut cameras: HashMap<_, _> =
            site.cameras.iter().map(|camera| (camera.id.clone(), known(camera))).collect();
        if pulse.is_some()
            && let Ok(facts) = canary::facts()
        {
            cameras.insert(facts.id.clone(), Known { facts, kind: CameraKind::Canary });
        }
        let queue = AlarmQueue::new(clock.clone());
        let books = Arc::new(Books { desk: desk.clone(), shadow, pulse, clock, cameras });
        Self { queue, books, tampering: Tampering::default() }
    }

    /// What is written about tampering.
    pub(super) fn tampering(&self) -> Tampering {
        self.tampering.clone()
    }

    pub(super) fn queue(&self) -> AlarmQueue {
        self.queue.clone()
    }

    pub(super) fn shadow_log(&self) -> ShadowLog {
        self.books.shadow.clone()
    }
}

impl AlarmSink for DeskSink {
    fn alarm(&self, camera: &CameraId, edge: AlarmEdge, still: Option<Vec<u8>>) {
        self.books.desk.hear(camera, &edge);
        self.queue.put(Line { camera: camera.clone(), table: Table::Alarms }, edge, still);
    }

    fn shadow(&self, camera: &CameraId, edge: AlarmEdge) {
        let line = Line { camera: camera.clone(), table: Table::Shadow(ShadowSource::Rules) };
        self.queue.put(line, edge, None);
    }

    fn tamper(&self, camera: &CameraId, edge: TamperEdge) {
        let (TamperEdge::Begin { kind, .. } | TamperEdge::End { kind, .. }) = &edge;
        if let Some(Known { kind: CameraKind::Real { urgency, tamper }, .. }) = self.books.cameras.get(camera)
            && tamper.contains(kind)
        {
            tracing::info!(camera.id = %camera, ?edge, "tampering");
            self.tampering.edge(camera, *urgency, &edge);
        }
    }

    fn seen(&self, camera: &CameraId, at: Moment, tracks: &[Track]) {
        let boxes = tracks.iter().map(|track| TraceBox {
            track: track.id,
            class: track.class,
            confidence: track.confidence,
            rect: track.rect,
        });
        self.books.desk.trace(camera, FrameTrace { wall: at.wall, pts: at.pts, boxes: boxes.collect() });
    }

    fn fault(&self, camera: &CameraId) -> Option<Fault> {
        let line = Line { camera: camera.clone(), table: Table::Alarms };
        let text = "an alarm of this camera waits to be stored: the database of the service refuses or hangs; look at the disk under data_dir";
        self.queue
            .waits(&line)
            .filter(|waits| *waits > LONG_WAIT)
            .map(|_| Fault { code: "alarms_not_stored", text: text.to_owned() })
    }
}

impl Books {
    /// # Errors
    /// [`DbError`] when the database refuses, and may take it later.
    fn store(&self, line: &Line, Waiting { edge, still, .. }: Waiting) -> Result<(), DbError> {
        let stored = match &line.table {
            Table::Alarms => self.alarm(&line.camera, edge, still),
            Table::Shadow(source) => {
                self.shadow.edge_blocking(&line.camera, source, edge).map_err(DeskError::from)
            }
        };
        match stored {
            Ok(()) => Ok(()),
            Err(DeskError::Db(error)) if !error.is_about_rows() => Err(error),
            Err(error) => {
                tracing::error!(camera.id = %line.camera, %error, "an alarm cannot be stored");
                Ok(())
            }
        }
    }

    fn alarm(&self, camera: &CameraId, edge: AlarmEdge, still: Option<Vec<u8>>) -> Result<(), DeskError> {
        let Some(known) = self.cameras.get(camera) else { return Ok(()) };
        let is_begin = matches!(edge, AlarmEdge::Begin(_));
        let alarm = self.desk.alarm_blocking(known.facts.clone(), edge, still)?;
        if let (CameraKind::Canary, Some(pulse), true) = (&known.kind, &self.pulse, is_begin) {
            pulse.beat(self.clock.wall());
        }
        tracing::info!(camera.id = %camera, alarm = %alarm.alarm, incident = %alarm.incident, new = alarm.is_new_incident, "alarm");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_config::IncidentSettings;
    use sharpeyes_domain::{
        tamper::TamperEvidence,
        time::{Pts, WallTime},
    };

    use super::*;
    use crate::{
        desk::tests::{begin_edge, end_edge, facts},
        store::{DISPATCH_MIGRATIONS, db::Db, dispatch::Dispatch},
    };

    const SECOND: Duration = Duration::from_secs(1);
    const JPEG: [u8; 4] = [0xff, 0xd8, 0xff, 0xd9];

    /// Of one camera, that is watched for covering only.
    fn sink(db: &Db) -> (DeskSink, CameraId) {
        let clock = Clock::system();
        let settings = IncidentSettings {
            correlation: 300 * SECOND,
            lease: 600 * SECOND,
            pre_roll: SECOND,
            post_roll: SECOND,
            flood_incidents: 20,
            flood_window: 60 * SECOND,
        };
        let facts = facts("cam");
        let camera = facts.id.clone();
        let kind = CameraKind::Real { urgency: Level::Red, tamper: vec![TamperKind::Covered] };
        let books = Books {
            desk: Desk::new(Dispatch::new(db.clone()).unwrap(), clock.clone(), settings),
            shadow: ShadowLog::open(db.clone()).unwrap(),
            pulse: None,
            clock: clock.clone(),
            cameras: HashMap::from([(camera.clone(), Known { facts, kind })]),
        };
        let queue = AlarmQueue::new(clock);
        (DeskSink { queue, books: Arc::new(books), tampering: Tampering::default() }, camera)
    }

    #[test]
    fn tampering_that_a_camera_is_not_watched_for_is_told_to_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap();
        let (sink, camera) = sink(&db);
        let at = Moment { pts: Pts(0), wall: WallTime(0) };
        let evidence = TamperEvidence { left: 0.1, shift: None };
        let begin = |kind| TamperEdge::Begin { kind, began: at, raised: at, evidence };
        sink.tamper(&camera, begin(TamperKind::Moved));
        assert_eq!(sink.tampering().of(&camera), None);
        sink.tamper(&camera, begin(TamperKind::Covered));
        assert_eq!(sink.tampering().of(&camera), Some(TamperKind::Covered));
    }

    #[test]
    fn an_alarm_that_the_database_refuses_is_stored_with_its_still_and_its_end_once_it_takes_it() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap();
        let (sink, camera) = sink(&db);
        let line = Line { camera: camera.clone(), table: Table::Alarms };
        let change = |sql: &'static str| {
            let of = db.clone();
            db.write_blocking(move |tx| tx.execute_batch(sql).map_err(|error| of.error(error))).unwrap();
        };
        change("ALTER TABLE alarm RENAME TO away");
        std::thread::scope(|scope| {
            scope.spawn(|| sink.queue.work(|line, waiting| sink.books.store(line, waiting)));
            sink.alarm(&camera, begin_edge("r", 1_000, 2_000, 1), Some(JPEG.to_vec()));
            sink.alarm(&camera, end_edge("r", 1_000, 3_000), None);
            // Refused more than once.
            while sink.queue.waits(&line).is_some_and(|waits| waits < 2 * SECOND) {
                std::thread::sleep(SECOND / 20);
            }
            change("ALTER TABLE away RENAME TO alarm");
            let began = Clock::system().instant();
            while sink.queue.waits(&line).is_some() && began.elapsed() < 60 * SECOND {
                std::thread::sleep(SECOND / 20);
            }
            sink.queue.close();
        });
        let count = |sql: &str| -> i64 {
            db.read_blocking(|connection| connection.query_row(sql, [], |row| row.get(0)))
                .map_err(|error| db.error(error))
                .unwrap()
        };
        assert_eq!(count("SELECT count(*) FROM alarm"), 1);
        assert_eq!(count("SELECT count(*) FROM alarm WHERE ended_ms = 3000"), 1);
        assert_eq!(count("SELECT count(*) FROM snapshot"), 1);
    }
}
