//! Detectors as the pool uses them, wherever they run: each in a process of its own, or in this one.

use std::time::Duration;

use sharpeyes_config::{Inference, InferenceProcess};
use sharpeyes_domain::{
    detection::Detection,
    geometry::{Confidence, NormRect},
};
use sharpeyes_inference::{Detector, DetectorOptions, InferenceError, Interrupter, ModelFile, Runtime};

use super::{
    decode::Frame,
    own::{Ending, Process, Program},
};
use crate::models;

/// How detectors are made here.
#[derive(Clone)]
pub struct Detectors(Kind);

#[derive(Clone)]
enum Kind {
    Own(Program),
    Inside { runtime: Runtime, options: DetectorOptions },
}

/// Why there is no answer, or no detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The detector says why; the next picture may be answered.
    Refused {
        /// As [`models::code`].
        code: &'static str,
        /// What happened and what to do, English.
        text: String,
    },
    /// Its process has ended, or could not be started.
    Ended {
        /// By what.
        how: String,
    },
    /// It did not come back, and its process was ended.
    Hung,
}

impl From<InferenceError> for NoAnswer {
    fn from(error: InferenceError) -> Self {
        Self::Refused { code: models::code(&error), text: error.to_string() }
    }
}

/// A place for a detector, before it is loaded.
pub(super) enum Room {
    Own(Program, Process),
    Inside { runtime: Runtime, options: DetectorOptions },
}

/// A detector with its model loaded.
pub struct Loaded(Where);

enum Where {
    Own(Process),
    Inside(Box<Detector>),
}

/// What can be done from another thread about a detection that does not end.
#[derive(Clone)]
pub(super) enum Stop {
    /// Its process is ended. It interrupts itself before.
    End(Ending),
    /// It is asked to end at the next layer.
    Interrupt(Interrupter),
}

impl Detectors {
    /// As the site says.
    #[must_use]
    pub fn of_site(inference: &Inference, runtime: Runtime) -> Self {
        let options = models::options(inference);
        match inference.process {
            InferenceProcess::Own => {
                let (library, time_limit) = (runtime.library().to_path_buf(), inference.time_limit);
                Self(Kind::Own(Program { library, options, time_limit }))
            }
            InferenceProcess::Inside => Self::inside(runtime, options),
        }
    }

    /// All in this process.
    #[must_use]
    pub const fn inside(runtime: Runtime, options: DetectorOptions) -> Self {
        Self(Kind::Inside { runtime, options })
    }

    /// Loads a model; where that is done in a process of its own, each of its answers is waited for no longer than `limit`.
    ///
    /// # Errors
    /// [`NoAnswer`]; [`NoAnswer::Refused`] is for good.
    pub fn open(&self, model: &ModelFile, limit: Duration) -> Result<Loaded, NoAnswer> {
        let mut room = self.room()?;
        if let Room::Own(_, process) = &mut room {
            process.wait_at_most(limit);
        }
        room.load(model)
    }

    /// Loads a model and gives it back, so that what is wrong with it is known before the first picture.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn try_out(&self, model: &ModelFile, limit: Duration) -> Result<(), NoAnswer> {
        self.open(model, limit).map(drop)
    }

    /// Starts the process, where it is to be one of its own.
    pub(super) fn room(&self) -> Result<Room, NoAnswer> {
        Ok(match &self.0 {
            Kind::Own(program) => Room::Own(program.clone(), Process::start()?),
            Kind::Inside { runtime, options } => Room::Inside { runtime: runtime.clone(), options: *options },
        })
    }
}

impl Room {
    /// `None`: loading cannot be stopped.
    pub(super) fn stop(&self) -> Option<Stop> {
        match self {
            Self::Own(_, process) => Some(Stop::End(process.ending())),
            Self::Inside { .. } => None,
        }
    }

    /// Takes as long as it takes.
    pub(super) fn load(self, model: &ModelFile) -> Result<Loaded, NoAnswer> {
        match self {
            Self::Own(program, mut process) => {
                process.open(&program, model)?;
                Ok(Loaded(Where::Own(process)))
            }
            Self::Inside { runtime, options } => {
                Ok(Loaded(Where::Inside(Box::new(Detector::open(&runtime, model, options)?))))
            }
        }
    }
}

impl Loaded {
    pub(super) fn stop(&self) -> Stop {
        match &self.0 {
            Where::Own(process) => Stop::End(process.ending()),
            Where::Inside(detector) => Stop::Interrupt(detector.interrupter()),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        match &self.0 {
            Where::Own(process) => process.is_alive(),
            Where::Inside(_) => true,
        }
    }

    /// What [`Detector::detect_in`] sees in a frame.
    ///
    /// # Errors
    /// [`NoAnswer`]: nothing is known of this frame.
    pub fn look(
        &mut self,
        frame: &Frame,
        part: Option<NormRect>,
        floor: Confidence,
    ) -> Result<Vec<Detection>, NoAnswer> {
        match &mut self.0 {
            Where::Own(process) => process.look(frame, part, floor),
            Where::Inside(detector) => Ok(detector.detect_in(&frame.picture(), part, floor)?),
        }
    }
}
