//! The other side: what the program does when it is started as a detector's process.
//!
//! It opens one model, answers one picture after the other and ends with the service. Whatever it does wrong, it does to
//! itself alone. Its threads are its own affair, as it has no `app`.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::AsFd as _,
        unix::{fs::FileExt as _, net::UnixStream},
    },
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use sharpeyes_domain::detection::Detection;
use sharpeyes_inference::{
    Detector, DetectorOptions, InferenceError, Interrupter, ModelFile, Picture, Plane, Runtime, built_in,
};

use super::wire::{self, Look, Opening, Reply};
use crate::{clock::Clock, models};

/// How often a running detection is compared with its time limit.
const TICK: Duration = Duration::from_millis(250);
/// The kernel that needs memory ends a detector before it ends the service, which records.
const OOM_SCORE: &str = "500";

/// Serves the process `parent`, which has started this one, until it ends or wants no more. Standard input is the line to
/// it, standard output the memory in which its pictures lie.
///
/// # Errors
/// What the system said.
pub fn serve(parent: i32) -> io::Result<()> {
    // A detection that hangs hears nobody hang up.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Pid::from_raw(parent) {
        return Ok(());
    }
    let _ = rustix::thread::set_name(c"detector");
    if let Err(error) = fs::write("/proc/self/oom_score_adj", OOM_SCORE) {
        tracing::debug!(%error, "the kernel is not told whom to end first");
    }
    let mut line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let pictures = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // What a library prints is no picture.
    rustix::stdio::dup2_stdout(io::stderr())?;
    let opening: Opening = wire::receive(&mut line)?;
    let mut detector = match open(&opening) {
        Ok(detector) => detector,
        Err(error) => return wire::send(&mut line, &refused(&error)),
    };
    let _span = tracing::info_span!("detector", model = %detector.manifest().id).entered();
    answer_all(line, &pictures, &mut detector, Duration::from_millis(opening.time_limit_ms))
}

/// Until the other side hangs up.
pub(super) fn answer_all(
    mut line: UnixStream,
    pictures: &File,
    detector: &mut Detector,
    limit: Duration,
) -> io::Result<()> {
    let watch = Watch { limit, running: Mutex::default() };
    let interrupter = detector.interrupter();
    thread::scope(|scope| {
        thread::Builder::new().name("watch".into()).spawn_scoped(scope, || watch.work(&interrupter))?;
        // Also when a picture panics: nobody would end the watch, and the scope would wait for it for ever.
        let _over = Over(&watch);
        answer(&mut line, pictures, detector, &watch)
    })
}

fn open(opening: &Opening) -> Result<Detector, InferenceError> {
    let runtime = Runtime::load(&opening.library)?;
    let file = match &opening.model {
        Some(dir) => ModelFile::load(dir)?,
        None => built_in(),
    };
    if file.manifest.sha256 != opening.sha256 {
        let (path, found) = (file.onnx(), file.manifest.sha256);
        return Err(InferenceError::ModelDamaged { path, expected: opening.sha256, found });
    }
    let (threads, provider) = (opening.threads, opening.provider);
    Detector::open(&runtime, &file, DetectorOptions { threads, provider, ..DetectorOptions::default() })
}

fn refused(error: &InferenceError) -> Reply {
    Reply::Refused { code: models::code(error).to_owned(), text: error.to_string() }
}

fn answer(line: &mut UnixStream, pictures: &File, detector: &mut Detector, watch: &Watch) -> io::Result<()> {
    wire::send(line, &Reply::Ready)?;
    let mut memory = Vec::new();
    loop {
        let look: Look = match wire::receive(line) {
            Ok(look) => look,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        memory.resize(look.planes.iter().map(|plane| plane.bytes).sum(), 0);
        pictures.read_exact_at(&mut memory, 0)?;
        watch.set(Running::Since(Clock::system().instant()));
        let found = detect(detector, &look, &memory);
        watch.set(Running::Nothing);
        let reply = found.map_or_else(|error| refused(&error), Reply::Seen);
        wire::send(line, &reply)?;
    }
}

fn detect(detector: &mut Detector, look: &Look, memory: &[u8]) -> Result<Vec<Detection>, InferenceError> {
    let mut rest = memory;
    let [y, u, v] = look.planes.map(|plane| {
        let (data, behind) = rest.split_at(plane.bytes);
        rest = behind;
        Plane { data, stride: plane.stride }
    });
    let (width_px, height_px, colour) = (look.width_px, look.height_px, look.colour);
    detector.detect_in(&Picture::I420 { width_px, height_px, y, u, v, colour }, look.part, look.floor)
}

/// Interrupts a detection that takes too long. What minds no interruption is ended with the process, from outside.
struct Watch {
    limit: Duration,
    running: Mutex<Running>,
}

#[derive(Clone, Copy, Default)]
enum Running {
    #[default]
    Nothing,
    Since(Instant),
    Over,
}

/// Ends the watch when dropped.
struct Over<'a>(&'a Watch);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.set(Running::Over);
    }
}

impl Watch {
    fn set(&self, running: Running) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    fn work(&self, interrupter: &Interrupter) {
        loop {
            let running = *self.running.lock().unwrap_or_else(PoisonError::into_inner);
            match running {
                Running::Nothing => {}
                Running::Since(since) if since.elapsed() > self.limit => interrupter.interrupt(),
                Running::Since(_) => {}
                Running::Over => return,
            }
            thread::sleep(TICK);
        }
    }
}
