//! The canary: a built-in camera without a network that must raise a known alarm, again and again.
//!
//! Its pictures (people on a path, drawn; `assets/canary.mp4`) go the way of every camera's: hub, decoder, detector,
//! tracker, rule, desk, database. Each alarm of it that is on the disk is a beat; when beats stay away, some part of that
//! way is broken although every part may call itself well, and the technicians get a red ticket. Its incidents lie in an
//! area that nobody is responsible for, have numbers of their own and are closed by the desk when their alarm is over: no
//! operator ever sees one, and no statistics, report or other system is told of it.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sharpeyes_domain::{
    area::Place,
    detection::ObjectClass,
    ids::{AreaId, CameraId, IdError, RuleId, StreamId, StreamKind},
    level::Level,
    media::{AccessUnit, VideoParams},
    rule::{RuleConfig, RuleKind},
    segment::GapCause,
    ticket::Fault,
    time::{MediaDuration, Pts, WallTime},
};
use tokio_util::sync::CancellationToken;

use crate::{
    analyze::decode::{DecodeError, FileDemuxer, OpenedFile},
    clock::Clock,
    hub::Publisher,
    record::RunInfo,
    store::dispatch::CameraFacts,
};

/// Also the name of the area that its incidents lie in. No site may have either.
const NAME: &str = "sharpeyes-canary";
const VIDEO: &[u8] = include_bytes!("../assets/canary.mp4");
/// After the start, before the first round.
const SETTLE: Duration = Duration::from_secs(45);
/// How often pictures are handed on within a round.
const STEP: Duration = Duration::from_millis(250);
/// What a round itself may take beside the time between rounds.
const ROUND: Duration = Duration::from_secs(60);

/// Why there is no canary.
#[derive(Debug, thiserror::Error)]
pub enum CanaryError {
    /// Its video cannot be laid down.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its video cannot be read back.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A name that no id can be: a bug of ours.
    #[error(transparent)]
    Name(#[from] IdError),
}

/// Its alarms, incidents and area are its own; what is of it is of nobody's work.
#[must_use]
pub fn is_canary(camera: &CameraId) -> bool {
    camera.as_str() == NAME
}

/// Where its incidents lie: an area that no site has.
#[must_use]
pub fn is_its_area(area: &AreaId) -> bool {
    area.as_str() == NAME
}

/// The canary's stream.
///
/// # Errors
/// [`CanaryError::Name`].
pub fn stream() -> Result<StreamId, CanaryError> {
    Ok(StreamId { camera: CameraId::new(NAME)?, kind: StreamKind::Sub })
}

/// As the desk knows it.
///
/// # Errors
/// [`CanaryError::Name`].
pub fn facts() -> Result<CameraFacts, CanaryError> {
    Ok(CameraFacts {
        id: CameraId::new(NAME)?,
        name: "Canary 自检".to_owned(),
        area: AreaId::new(NAME)?,
        place: Place::Reservoir,
    })
}

/// A person anywhere in the picture.
///
/// # Errors
/// [`CanaryError::Name`].
pub fn rule() -> Result<RuleConfig, CanaryError> {
    let kind = RuleKind::Intrusion { classes: vec![ObjectClass::Person] };
    let rule = RuleConfig::new(RuleId::new("canary")?, kind, None);
    Ok(RuleConfig {
        level: Level::Blue,
        hold: MediaDuration::from_secs(1),
        clear: MediaDuration::from_secs(2),
        ..rule
    })
}

/// When the last alarm of the canary reached the disk. Clones share it.
#[derive(Clone)]
pub struct Pulse {
    every: Duration,
    last: Arc<Mutex<WallTime>>,
}

impl Pulse {
    /// Begins with a beat, so that the first round has its time.
    #[must_use]
    pub fn new(every: Duration, now: WallTime) -> Self {
        Self { every, last: Arc::new(Mutex::new(now)) }
    }

    /// An alarm of it is stored.
    pub fn beat(&self, now: WallTime) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Two rounds and more without a beat.
    #[must_use]
    pub fn fault(&self, now: WallTime) -> Option<Fault> {
        let silent = now.since(*self.last.lock().unwrap_or_else(PoisonError::into_inner));
        (silent > 2 * self.every + ROUND).then(|| Fault {
            level: Level::Red,
            stage: None,
            code: "canary_missing".to_owned(),
            detail: format!("no test alarm for {} s; one is due every {} s", silent.as_secs(), self.every.as_secs()),
            remedy: "the way from picture to alarm is broken somewhere: look at the analysis of all cameras, the detector, the database and the load of this machine"
                .to_owned(),
        })
    }
}

/// The pictures of one round.
pub struct Round {
    params: Arc<VideoParams>,
    units: Vec<AccessUnit>,
}

impl Round {
    /// Lays the video down in `dir` and reads it. Blocks.
    ///
    /// # Errors
    /// [`CanaryError`] when it cannot be written or read.
    pub fn load(dir: &Path) -> Result<Self, CanaryError> {
        let path = dir.join("canary.mp4");
        std::fs::write(&path, VIDEO).map_err(|source| CanaryError::Write { path: path.clone(), source })?;
        let OpenedFile { params, mut demuxer } = FileDemuxer::open(&path, WallTime(0))?;
        let mut units = Vec::new();
        while let Some(unit) = demuxer.next_unit()? {
            units.push(unit);
        }
        Ok(Self { params, units })
    }
}

/// Sends the pictures.
pub struct Canary {
    round: Round,
    publisher: Publisher,
    every: Duration,
    clock: Clock,
}

impl Canary {
    /// A round every `every`.
    #[must_use]
    pub const fn new(round: Round, publisher: Publisher, every: Duration, clock: Clock) -> Self {
        Self { round, publisher, every, clock }
    }

    /// Sings until shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        let Ok(stream) = stream() else { return };
        let mut wait = SETTLE.min(self.every);
        let mut generation = 0;
        while tokio::time::timeout(wait, shutdown.cancelled()).await.is_err() {
            generation += 1;
            let wall_start = self.clock.wall();
            self.publisher.begin(Arc::new(RunInfo {
                stream: stream.clone(),
                params: self.round.params.clone(),
                audio: None,
                wall_start,
                generation,
            }));
            let began = self.clock.instant();
            let mut units = self.round.units.iter().peekable();
            while units.peek().is_some() {
                if tokio::time::timeout(STEP, shutdown.cancelled()).await.is_ok() {
                    return;
                }
                let elapsed = MediaDuration::from(self.clock.instant().duration_since(began));
                while let Some(unit) = units.next_if(|unit| unit.pts - Pts(0) <= elapsed) {
                    let wall = wall_start.plus_media(unit.pts - Pts(0));
                    self.publisher.unit(AccessUnit { wall, ..unit.clone() });
                }
            }
            // The last pictures are looked at before the run is over.
            if tokio::time::timeout(SETTLE.min(self.every / 2), shutdown.cancelled()).await.is_ok() {
                return;
            }
            self.publisher.end(GapCause::SessionEnded);
            wait = self.every.saturating_sub(self.clock.instant().duration_since(began));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rounds_without_an_alarm_are_a_red_ticket() {
        let pulse = Pulse::new(Duration::from_secs(600), WallTime(0));
        assert_eq!(pulse.fault(WallTime(1_260_000)), None);
        assert_eq!(pulse.fault(WallTime(1_261_000)).unwrap().level, Level::Red);
        pulse.beat(WallTime(1_262_000));
        assert_eq!(pulse.fault(WallTime(1_263_000)), None);
    }

    #[test]
    fn its_video_is_one_that_is_read_and_long_enough() {
        let dir = tempfile::tempdir().unwrap();
        let round = Round::load(dir.path()).unwrap();
        assert!(round.units[0].is_keyframe && round.units.len() > 100);
        rule().unwrap();
        facts().unwrap();
    }
}
