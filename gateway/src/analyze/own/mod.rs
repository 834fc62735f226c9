//! A detector in a process of its own: the service's side of it.
//!
//! The process is this same program, started as `sharpeyes detector`, and has one model. Nothing that happens in it can end
//! the service or hang one of its threads: it crashes, or is ended, and the caller is told. A picture is copied once into
//! memory that both have and once out of it; everything else goes over a pair of sockets. The process has no other file or
//! connection of the service's (GStreamer leaves pairs of sockets of its own to every child; nobody speaks there), ends with
//! the service, and is what the kernel ends first when it needs memory.
//!
//! It belongs to the thread that started it and ends with that. What is done when it ends is [`super::pool`]'s decision.

mod child;
mod wire;

use std::{
    fs::File,
    io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::FileExt as _,
            net::UnixStream,
            process::{CommandExt as _, ExitStatusExt as _},
        },
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::fs::{MemfdFlags, memfd_create};
use sharpeyes_domain::{
    detection::Detection,
    geometry::{Confidence, NormRect},
};
use sharpeyes_inference::{DetectorOptions, ModelFile, Place, Sha256Hash};

pub use self::child::serve;
use self::wire::{Look, Opening, PlaneSize, Reply};
use super::{decode::Frame, detectors::NoAnswer};
use crate::{clock::Clock, models};

/// The program that runs, also when its file was exchanged since.
const PROGRAM: &str = "/proc/self/exe";
/// Its hidden command.
const COMMAND: &str = "detector";

/// Where nobody else looks after it, the end of a process is waited for no longer: it may wait within a driver.
const DYING: Duration = Duration::from_secs(5);
/// How often it is asked whether it has ended.
const ASK: Duration = Duration::from_millis(10);

/// How detectors' processes are started.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The ONNX Runtime library.
    pub(super) library: PathBuf,
    pub(super) options: DetectorOptions,
    /// A detection that runs for longer is interrupted.
    pub(super) time_limit: Duration,
}

/// A process, and the way to it. Ended when dropped.
pub(super) struct Process {
    ending: Ending,
    way: Way,
    /// Its end is waited for no longer; `None`: until it ends.
    dying: Option<Duration>,
}

/// The way to a process.
struct Way {
    /// Memory that both sides have.
    pictures: File,
    line: UnixStream,
}

/// Ends a process, from another thread.
#[derive(Clone)]
pub(super) struct Ending {
    /// Invariant: nobody waits while he has it.
    child: Arc<Mutex<Child>>,
    is_asked: Arc<AtomicBool>,
}

impl Ending {
    /// Whoever waits for its answer hears that it ended.
    pub(super) fn end(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
        if let Err(error) = self.lock().kill() {
            tracing::warn!(%error, "a detector's process cannot be ended");
        }
    }

    /// Waits until it has ended; `None` when that takes longer than `limit`.
    fn wait(&self, limit: Option<Duration>) -> io::Result<Option<ExitStatus>> {
        let began = Clock::system().instant();
        loop {
            let status = self.lock().try_wait()?;
            if status.is_some() || limit.is_some_and(|limit| began.elapsed() > limit) {
                return Ok(status);
            }
            thread::sleep(ASK);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It holds nothing that could be lost.
        let killed = self.ending.lock().kill();
        if killed.is_ok() && !matches!(self.ending.wait(Some(DYING)), Ok(Some(_))) {
            tracing::warn!("a detector's process was ended and does not end: it is left to itself");
        }
    }
}

impl Process {
    /// A process without a model.
    pub(super) fn start() -> Result<Self, NoAnswer> {
        Self::spawn().map_err(|error| NoAnswer::Ended { how: format!("it cannot be started: {error}") })
    }

    fn spawn() -> io::Result<Self> {
        let pictures = File::from(memfd_create("pictures", MemfdFlags::CLOEXEC)?);
        let (line, theirs) = UnixStream::pair()?;
        let child = Command::new(PROGRAM)
            .arg0("sharpeyes")
            .args([COMMAND, "--parent", &std::process::id().to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(pictures.try_clone()?)))
            // The log.
            .stderr(Stdio::inherit())
            // An interrupt from the keyboard is for the service, which ends in order.
            .process_group(0)
            .spawn()?;
        let ending = Ending { child: Arc::new(Mutex::new(child)), is_asked: Arc::default() };
        Ok(Self { ending, way: Way { pictures, line }, dying: None })
    }

    pub(super) fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Between two pictures it can be seen to have ended before one is lost by it.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.ending.lock().try_wait(), Ok(None))
    }

    /// Answers are waited for no longer than this, and the end of a process that gives none not for long; without it,
    /// until the process ends.
    pub(super) fn wait_at_most(&mut self, limit: Duration) {
        self.dying = Some(DYING);
        if let Err(error) = self.way.line.set_read_timeout(Some(limit)) {
            tracing::warn!(%error, "a detector may take as long as it likes");
        }
    }

    /// Loads the model.
    pub(super) fn open(&mut self, program: &Program, model: &ModelFile) -> Result<(), NoAnswer> {
        let Program { library, options, time_limit } = program;
        let sha256: Sha256Hash = model.manifest.sha256;
        let opening = Opening {
            library: library.clone(),
            model: match &model.place {
                Place::Program => None,
                Place::Directory(dir) => Some(dir.clone()),
            },
            sha256,
            provider: options.provider,
            threads: options.threads,
            time_limit_ms: u64::try_from(time_limit.as_millis()).unwrap_or(u64::MAX),
        };
        let line = &mut self.way.line;
        match wire::send(line, &opening).and_then(|()| wire::receive(line)) {
            Ok(Reply::Ready) => Ok(()),
            Ok(Reply::Refused { code, text }) => Err(NoAnswer::refused(&code, text)),
            Ok(Reply::Seen(_)) => Err(self.ended(&io::Error::other("boxes where none were asked for"))),
            Err(error) => Err(self.ended(&error)),
        }
    }

    /// As [`sharpeyes_inference::Detector::detect_in`].
    pub(super) fn look(
        &mut self,
        frame: &Frame,
        part: Option<NormRect>,
        floor: Confidence,
    ) -> Result<Vec<Detection>, NoAnswer> {
        match self.way.ask(frame, part, floor) {
            Ok(Reply::Seen(detections)) => Ok(detections),
            Ok(Reply::Refused { code, text }) => Err(NoAnswer::refused(&code, text)),
            Ok(Reply::Ready) => Err(self.ended(&io::Error::other("no boxes where some were asked for"))),
            Err(error) => Err(self.ended(&error)),
        }
    }

    /// The line is of no use any more; what has become of the process.
    fn ended(&self, error: &io::Error) -> NoAnswer {
        let has_waited = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        let hung_up = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
        );
        if !hung_up {
            let _ = self.ending.lock().kill();
        }
        let status = self.ending.wait(self.dying);
        if has_waited || self.ending.is_asked.load(Ordering::SeqCst) {
            return NoAnswer::Hung;
        }
        NoAnswer::Ended {
            how: match status {
                Ok(None) => return NoAnswer::Hung,
                Ok(Some(status)) if hung_up => how(status),
                Ok(Some(_)) => format!("it said something else: {error}"),
                Err(error) => format!("it ended: {error}"),
            },
        }
    }
}

impl Way {
    fn ask(&mut self, frame: &Frame, part: Option<NormRect>, floor: Confidence) -> io::Result<Reply> {
        let mut at = 0;
        for plane in frame.planes.iter() {
            self.pictures.write_all_at(&plane.data, at)?;
            at += u64::try_from(plane.data.len()).unwrap_or(u64::MAX);
        }
        let [y, u, v] = &*frame.planes;
        let planes = [y, u, v].map(|plane| PlaneSize { bytes: plane.data.len(), stride: plane.stride });
        let (width_px, height_px, colour) = (frame.width_px, frame.height_px, frame.colour);
        wire::send(&mut self.line, &Look { width_px, height_px, colour, planes, part, floor })?;
        wire::receive(&mut self.line)
    }
}

fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(4), _) => "SIGILL: an instruction that this processor does not have".to_owned(),
        (Some(6), _) => "SIGABRT: a library gave up".to_owned(),
        (Some(7), _) => "SIGBUS: memory or a file that is not there any more".to_owned(),
        (Some(8), _) => "SIGFPE: a division by zero".to_owned(),
        (Some(9), _) => "SIGKILL: somebody ended it, or the kernel for want of memory".to_owned(),
        (Some(11), _) => "SIGSEGV: a crash in a library or a driver".to_owned(),
        (Some(signal), _) => format!("signal {signal}"),
        (None, code) => format!("exit code {}", code.unwrap_or(-1)),
    }
}

impl NoAnswer {
    fn refused(code: &str, text: String) -> Self {
        Self::Refused { code: models::known_code(code), text }
    }
}

#[cfg(test)]
mod tests;
