//! Cameras before detectors that hang and threads that die, in the real ONNX Runtime. `hang` of the synthetic models sees
//! one person on a dark picture; on a bright one it does not come back for seconds, whoever interrupts it.

use std::{
    collections::HashMap,
    io::Write as _,
    num::NonZeroU16,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;
use sharpeyes_domain::{
    ids::{RuleId, StreamId, StreamKind},
    ladder::LadderMode,
    level::Level,
    rule::{RuleConfig, RuleKind},
    time::MediaDuration,
};
use sharpeyes_inference::{DetectorOptions, ModelFile, Runtime};

use super::*;
use crate::{
    analyze::{
        decode::{Frame, FramePlane},
        detectors::Detectors,
        ladder::Look,
        pool::{MOST_LEFT_HANGING, TimeLimits, Worker},
        scheduler::{Outcome, Turn},
    },
    hub::{Hub, RingLimits},
};

const LIMIT: Duration = Duration::from_millis(200);
/// Nothing here takes a tenth of it on an idle machine.
const PATIENCE: Duration = Duration::from_secs(150);

#[derive(Default)]
struct Seen {
    frames: Mutex<HashMap<CameraId, usize>>,
    /// A camera at whose frames the desk panics.
    cursed: Option<CameraId>,
    /// Called with every frame that was seen.
    pause: Option<Box<dyn Fn() + Send + Sync>>,
    edges: Mutex<Vec<(AlarmEdge, bool)>>,
}

impl AlarmSink for Seen {
    fn alarm(&self, _: &CameraId, edge: AlarmEdge, still: Option<Vec<u8>>) {
        lock(&self.edges).push((edge, still.is_some()));
    }

    fn tamper(&self, _: &CameraId, _: TamperEdge) {}

    fn seen(&self, camera: &CameraId, _: Moment, _: &[Track]) {
        assert_ne!(Some(camera), self.cursed.as_ref(), "this camera is cursed");
        *lock(&self.frames).entry(camera.clone()).or_default() += 1;
        self.pause.iter().for_each(|pause| pause());
    }
}

struct Stand {
    pool: InferencePool,
    seen: Arc<Seen>,
    cameras: HashMap<&'static str, Arc<LiveAnalysis>>,
    n_frames: AtomicU64,
}

fn id(name: &str) -> CameraId {
    CameraId::new(name).unwrap()
}

fn hang() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("inference/tests/fixtures/hang")
}

/// `hang` on a disk that takes its time: its ONNX file is a pipe, and what is written into it is read.
struct SlowModel {
    dir: tempfile::TempDir,
}

impl SlowModel {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(hang().join("model.toml"), dir.path().join("model.toml")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(dir.path().join("model.onnx")).status();
        assert!(made.unwrap().success());
        Self { dir }
    }

    /// Whoever reads waits for it. Open to both sides, it waits for nobody itself.
    fn pipe(&self) -> std::fs::File {
        let path = self.dir.path().join("model.onnx");
        std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap()
    }
}

impl Stand {
    fn new(names: &[&'static str], threads: u16, seen: Seen) -> Self {
        Self::with_model(names, threads, seen, &hang(), PATIENCE)
    }

    fn with_model(names: &[&'static str], threads: u16, seen: Seen, model: &Path, opening: Duration) -> Self {
        Self::with_clock(names, threads, seen, model, opening, &Clock::system())
    }

    fn with_clock(
        names: &[&'static str],
        threads: u16,
        seen: Seen,
        model: &Path,
        opening: Duration,
        clock: &Clock,
    ) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let runtime = Runtime::load(&root.join(".cache/onnxruntime/libonnxruntime.so")).unwrap();
        let model = ModelFile::load(model).unwrap();
        let model_id = model.manifest.id.clone();
        let models = HashMap::from([(model_id.clone(), model)]);
        let threads = NonZeroU16::new(threads).unwrap();
        let limits = TimeLimits { detection: LIMIT, opening };
        let detectors = Detectors::inside(runtime, DetectorOptions::default());
        let pool = InferencePool::new(detectors, models, clock.clone(), threads, limits);
        let seen = Arc::new(seen);
        let stream = |name: &str| StreamId { camera: id(name), kind: StreamKind::Sub };
        let hub = Hub::new(
            names.iter().map(|name| stream(name)),
            RingLimits { bytes: 1 << 20, span: LIMIT, history: LIMIT },
        );
        let cameras = names.iter().map(|name| {
            let kind =
                RuleKind::Intrusion { classes: vec![sharpeyes_domain::detection::ObjectClass::Person] };
            let rule = RuleConfig {
                hold: MediaDuration::ZERO,
                level: Level::Red,
                must_have_moved: false,
                ..RuleConfig::new(RuleId::new("r").unwrap(), kind, None)
            };
            let pipeline = CameraPipeline::new(&[rule], None, Confidence::new(0.1), TimeZone::UTC);
            let ladder =
                LadderSettings::new(LadderMode::Full, pipeline.need(), 5.0, MediaDuration::from_secs(10));
            let settings = AnalysisSettings {
                camera: id(name),
                role: Role::Live,
                model: model_id.clone(),
                weight: pipeline.weight(),
                ladder,
                pipeline,
                decoder: DecoderChoice::ALL[0],
                units: hub.poll(&stream(name)).unwrap(),
            };
            let analysis = LiveAnalysis::new(settings, &pool, seen.clone(), clock.clone());
            analysis.interrupt(EndCause::StreamLost, Some(0));
            (*name, analysis)
        });
        let cameras = cameras.collect();
        Self { cameras, pool, seen, n_frames: AtomicU64::new(0) }
    }

    /// A frame all of one grey.
    fn offer(&self, name: &str, luma: u8) {
        let n = self.n_frames.fetch_add(1, Ordering::Relaxed);
        let plane = |value, len| FramePlane { data: vec![value; len], stride: 64 };
        let frame = Frame {
            pts: Pts(i64::try_from(n).unwrap() * 18_000),
            wall: WallTime(i64::try_from(n).unwrap() * 200),
            width_px: 64,
            height_px: 64,
            colour: sharpeyes_inference::ColourSpace::default(),
            planes: Arc::new([plane(luma, 64 * 64), plane(128, 32 * 64), plane(128, 32 * 64)]),
        };
        let wanted = Wanted {
            frame,
            look: Look::Watching,
            changed: None,
            moving: crate::analyze::motion::Places::default(),
            may_be_part: false,
        };
        self.cameras[name].enqueue(wanted, 0);
    }

    /// On a loaded machine a frame may wait for too long.
    fn offer_until_taken(&self, name: &str) {
        self.until("a frame is taken", || {
            if self.cameras[name].out.load(Ordering::SeqCst) == 0 {
                self.offer(name, 20);
            }
            self.status(name).counters.taken == 1
        });
    }

    fn status(&self, name: &str) -> AnalysisStatus {
        self.cameras[name].status()
    }

    fn seen(&self, name: &str) -> usize {
        lock(&self.seen.frames).get(&id(name)).copied().unwrap_or(0)
    }

    /// Runs the pool as `app` does until `story` is told.
    fn run(&self, story: impl FnOnce()) {
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    for worker in self.pool.supervise() {
                        scope.spawn(|| self.pool.work(worker));
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                self.pool.close();
            });
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(story));
            is_over.store(true, Ordering::SeqCst);
            told.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
    }

    fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let began = Clock::system().instant();
        while !is_so() {
            assert!(began.elapsed() < PATIENCE, "{what}: {:?}", self.pool.status());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_detection_that_hangs_is_given_up_and_the_camera_recovers_without_a_restart() {
    let stand = Stand::new(&["bad", "good"], 1, Seen::default());
    stand.run(|| {
        stand.until("the first frame", || {
            stand.offer("good", 20);
            stand.seen("good") > 0
        });
        // Offered until one is taken: on a loaded machine a frame may wait for too long.
        stand.until("one given up", || {
            if stand.status("bad").counters.taken == 0 {
                stand.offer("bad", 250);
            }
            stand.pool.status().given_up == 1
        });
        assert_eq!(stand.status("bad").fault.unwrap().code, "detector_hung");
        // The only thread hangs, and another has taken its place.
        let before = stand.seen("good");
        stand.until("the other camera goes on", || {
            stand.offer("good", 20);
            stand.seen("good") > before + 3
        });
        assert_eq!(stand.pool.status().at_work, 1);
        assert!(stand.pool.status().replaced >= 1);
        stand.until("it works again", || {
            stand.offer("bad", 20);
            stand.seen("bad") > 0
        });
        let status = stand.status("bad");
        assert_eq!((status.fault, status.counters.hung), (None, 1));
        stand.until("the thread that was given up comes back and ends", || {
            stand.pool.status().left_hanging == 0
        });
        assert_eq!(stand.pool.status().at_work, 1);
        assert_eq!(stand.status("bad").counters.failed, 0, "what came back too late counts for nothing");
    });
}

#[test]
fn a_detector_may_take_longer_to_open_than_to_detect() {
    let model = SlowModel::new();
    let stand = Stand::with_model(&["a"], 1, Seen::default(), model.dir.path(), PATIENCE);
    let mut pipe = model.pipe();
    stand.run(|| {
        stand.offer_until_taken("a");
        // Longer than any detection may take.
        std::thread::sleep(LIMIT + Duration::from_secs(2));
        assert_eq!(stand.pool.status().given_up, 0);
        pipe.write_all(&std::fs::read(hang().join("model.onnx")).unwrap()).unwrap();
        drop(pipe);
        stand.until("it is used", || {
            stand.offer("a", 20);
            stand.seen("a") > 1
        });
        assert_eq!(stand.pool.status().given_up, 0);
    });
}

#[test]
fn a_thread_that_was_given_up_ends_also_when_it_comes_back_with_an_error() {
    let model = SlowModel::new();
    let stand = Stand::with_model(&["a"], 1, Seen::default(), model.dir.path(), LIMIT);
    let mut pipe = model.pipe();
    stand.run(|| {
        stand.offer_until_taken("a");
        stand.until("given up", || stand.pool.status().given_up == 1);
        pipe.write_all(b"no model").unwrap();
        drop(pipe);
        stand.until("it ends", || stand.pool.status().left_hanging == 0);
        assert_eq!(stand.pool.status().at_work, 1);
        let answers = lock(&stand.cameras["a"].answers).len() as u64;
        assert_eq!(answers, stand.n_frames.load(Ordering::Relaxed), "every frame is accounted for once");
        assert_eq!(stand.status("a").fault.unwrap().code, "detector_hung");
    });
}

#[test]
fn a_model_that_was_exchanged_is_not_opened_anew_for_every_picture() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::simulated(WallTime(0)));
    let put = |file: &str, bytes: &[u8]| std::fs::write(folder.path().join(file), bytes).unwrap();
    let original = |file: &str| std::fs::read(hang().join(file)).unwrap();
    ["model.toml", "model.onnx"].iter().for_each(|file| put(file, &original(file)));
    let stand = Stand::with_clock(&["a"], 1, Seen::default(), folder.path(), PATIENCE, &clock);
    put("model.onnx", b"another model");
    let counters = || stand.status("a").counters;
    let offer = |n| {
        stand.offer("a", 20);
        stand.until("accounted for", || counters().failed + counters().refused == n);
    };
    stand.run(|| {
        (1..=20).for_each(offer);
        assert_eq!((counters().failed, counters().refused), (1, 19), "opened once, and then it rests");
        assert_eq!(stand.status("a").fault.unwrap().code, "model_damaged");
        put("model.onnx", &original("model.onnx"));
        clock.advance(Duration::from_secs(60));
        stand.until("it is seen again", || {
            stand.offer("a", 20);
            stand.seen("a") > 0
        });
        assert_eq!(stand.status("a").fault, None);
    });
}

#[test]
fn a_thread_that_dies_is_replaced() {
    let stand = Stand::new(&["good"], 2, Seen::default());
    let mut workers: Vec<Worker> = stand.pool.supervise();
    assert_eq!((workers.len(), stand.pool.status().at_work), (2, 2));
    workers.pop();
    assert_eq!(stand.pool.status().at_work, 1);
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _worker = workers.pop();
        panic!("as a thread that panics where nobody expects it");
    }));
    assert!(died.is_err());
    assert_eq!((stand.pool.supervise().len(), stand.pool.status().replaced), (2, 2));
}

#[test]
fn a_panic_on_a_frame_costs_that_frame() {
    let cursed = Seen { cursed: Some(id("bad")), ..Seen::default() };
    let stand = Stand::new(&["bad", "good"], 1, cursed);
    stand.run(|| {
        stand.until("both are through", || {
            stand.offer("bad", 20);
            stand.offer("good", 20);
            stand.status("bad").counters.failed > 1 && stand.seen("good") > 1
        });
        assert_eq!(stand.status("bad").fault.unwrap().code, "analysis_failed");
        assert_eq!(stand.pool.status().replaced, 0, "the thread goes on");
    });
}

#[test]
fn no_more_threads_are_started_when_too_many_hang() {
    let names = ["c0", "c1", "c2", "c3", "c4", "c5"];
    let stand = Stand::new(&names, 6, Seen::default());
    stand.run(|| {
        stand.until("given up", || {
            // A few suffice to make the detector rest; then it is tried with one at a time.
            names.iter().for_each(|name| stand.offer(name, 250));
            stand.pool.status().left_hanging >= MOST_LEFT_HANGING
        });
        stand.until("told", || {
            names
                .iter()
                .filter_map(|name| stand.status(name).fault)
                .any(|f| f.text.contains("restart the service"))
        });
        let status = stand.pool.status();
        assert!(status.at_work < 6, "the last one was not replaced: {status:?}");
        stand.until("they come back", || stand.pool.status().left_hanging == 0);
        stand.until("and it goes on", || stand.pool.status().at_work == 6);
    });
}

impl Stand {
    /// As an inference thread does, with a detector that sees one person.
    fn look(&self, name: &str) {
        self.offer(name, 20);
        let Turn { work: mut job, ticket } = self.pool.scheduler().take().unwrap();
        let rect = NormRect { x0: 0.4, y0: 0.2, x1: 0.5, y1: 0.7 };
        let class = sharpeyes_domain::detection::ObjectClass::Person;
        let person = Detection { class, confidence: Confidence::new(0.9), rect };
        self.cameras[name].observed(&mut job, None, &[person]);
        self.pool.scheduler().done(&ticket, Outcome::Seen);
        self.cameras[name].finished(job);
    }
}

#[test]
fn what_is_detected_after_its_run_has_ended_is_forgotten() {
    let stand = Stand::new(&["a"], 1, Seen::default());
    let analysis = &stand.cameras["a"];
    stand.look("a");
    assert_eq!(stand.seen("a"), 1);
    analysis.interrupt(EndCause::StreamLost, None);
    stand.look("a");
    analysis.interrupt(EndCause::StreamLost, Some(1));
    stand.look("a");
    assert_eq!(stand.seen("a"), 1, "these frames are of the run before");
}

#[test]
fn a_stream_that_ends_while_an_alarm_begins_ends_it_and_not_before_it_began() {
    let (begun_tx, begun) = std::sync::mpsc::channel();
    let pause = move || {
        begun_tx.send(()).unwrap();
        // Time enough for an end to overtake.
        std::thread::sleep(LIMIT);
    };
    let seen = Seen { pause: Some(Box::new(pause)), ..Seen::default() };
    let stand = Stand::new(&["a"], 1, seen);
    stand.look("a");
    begun.recv().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| stand.look("a"));
        begun.recv().unwrap();
        stand.cameras["a"].interrupt(EndCause::StreamLost, None);
    });
    let edges = lock(&stand.seen.edges);
    assert!(matches!(edges[..], [(AlarmEdge::Begin(_), true), (AlarmEdge::End(_), false)]), "{edges:?}");
}

#[test]
fn frames_that_waited_too_long_behind_others_are_given_up_for_the_newest() {
    let mut waiting = Waiting::default();
    let stand = Stand::new(&["a"], 1, Seen::default());
    let began = Clock::system().instant();
    for _ in 0..3 {
        stand.offer("a", 20);
    }
    // The first is out; two wait behind it.
    std::mem::swap(&mut waiting, &mut lock(&stand.cameras["a"].waiting));
    assert_eq!(waiting.frames.len(), 2);
    assert!(waiting.drop_stale(began + STALE).is_empty());
    let stale = waiting.drop_stale(began + STALE + Duration::from_secs(60));
    assert_eq!((stale.len(), waiting.frames.len()), (1, 1), "the newest stays");
}

#[test]
fn how_long_ago_a_camera_was_seen_does_not_depend_on_the_wall_clock() {
    let clock = Clock::simulated(WallTime(1_700_000_000_000));
    let stand = Stand::with_clock(&["a"], 1, Seen::default(), &hang(), PATIENCE, &clock);
    let ago = || stand.status("a").seen_ago;
    assert_eq!(ago(), None);
    stand.look("a");
    // Nobody has asked in the meantime.
    clock.advance(Duration::from_secs(10));
    assert_eq!(ago(), Some(Duration::from_secs(10)));
    clock.set_wall(clock.wall().minus(Duration::from_hours(8)));
    assert_eq!(ago(), Some(Duration::from_secs(10)));
    stand.look("a");
    assert_eq!(ago(), Some(Duration::ZERO), "the wall times of its frames go on as they like");
    clock.set_wall(WallTime(1_800_000_000_000));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ago(), Some(Duration::from_secs(1)));
}
