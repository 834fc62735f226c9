//! Recording: what a camera sent, byte for byte, on the disk within two seconds, and every missing piece named.
//!
//! Fed by a stream's session through [`RecordSender`]; feeds clips (`clip`) and the footage index (`store::footage`).
//! No decoding and no RTSP belongs here; what is deleted and when is decided by `domain::retention`.
//!
//! How a second of video becomes durable:
//! 1. The segmenter collects units into a fragment: a GOP, or a piece of at most [`RecordSettings::fragment`] of it.
//! 2. A writer thread takes up what has arrived every [`RecordSettings::gather`], and the fragment is one `writev` at
//!    the end of the segment's file. From here on `kill -9` loses nothing of it.
//! 3. Every [`RecordSettings::sync_every`] one `syncfs` brings all cameras' files and directories to the disk: one
//!    hundred cameras cost one sync, not one hundred, on a disk that can do about fifty. So a power cut costs at most
//!    a fragment, the gathering, one period and one sync, which the defaults keep below two seconds while a sync takes no
//!    longer than its period.
//! 4. After about a minute the file is synced, then its directory, then its row gets size, SHA-256 and fragment table.
//!
//! **Invariant:** a file has a row (`open`) before it exists, so there is no file that the index does not know.
//! **Invariant:** fragments of a segment follow one another without a hole in bytes, media time and wall time.
//! **Invariant:** between the first picture of a stream and now, every instant is in a segment or in a gap row.

pub mod clip;
mod file;
mod opening;
pub mod pictures;
mod pool;
mod queue;
pub(crate) mod recovery;
pub mod retention;
mod segmenter;
pub mod table;
pub mod timeline;
pub(crate) mod torn;
pub mod volume;

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sharpeyes_domain::{
    ids::{CameraId, DiskName, RunId, SegmentId, StreamId},
    media::{AccessUnit, AudioParams, AudioUnit, VideoParams},
    placement,
    segment::{Gap, GapCause, Span},
    time::WallTime,
};

pub use queue::{Overflow, RecordSender};
pub use recovery::{RecoveredSegment, Recovery};

use crate::{
    clock::Clock,
    mp4::Mp4Error,
    store::footage::{Change, Footage, FootageError},
};
use clip::{ClipError, ClipReader};
use opening::Opening;
use pool::Pool;
use retention::{IncidentSource, Retention, RetentionSettings};
use table::Fragment;
use volume::{DiskReport, Volume, VolumeError, Watched};

/// A run as its session announces it.
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// Whose.
    pub stream: StreamId,
    /// Constant within the run.
    pub params: Arc<VideoParams>,
    /// Of the sound that is recorded beside the pictures, if any.
    pub audio: Option<Arc<AudioParams>>,
    /// Wall time of the run's media time 0.
    pub wall_start: WallTime,
    /// Counts the runs of this stream.
    pub generation: u64,
}

/// The end of a run, or the failure to begin one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// Why nothing comes any more.
    pub cause: GapCause,
    /// When that was noticed. A gap begins at the end of the last recorded picture, or here when there is none.
    pub at: WallTime,
}

/// What a stream's session tells the recorder, in order.
#[derive(Clone, Debug)]
pub enum RecorderMessage {
    /// Units of this run follow.
    RunBegin(Arc<RunInfo>),
    /// One coded picture, in decoding order.
    Unit(AccessUnit),
    /// One piece of sound, in order; may come a little before or after the pictures of its time.
    Audio(AudioUnit),
    /// The run is over. Also sent without a run, when a session could not be set up: then the gap gets this cause.
    RunEnd(RunEnd),
}

/// The recorder's part of the configuration, for one disk.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// The disk's name in the index.
    pub disk: DiskName,
    /// Where its files go.
    pub media_dir: PathBuf,
    /// Kept free on it; `None`: as retention's settings say.
    pub reserve: Option<u64>,
    /// Length of a file; it ends at the next keyframe.
    pub segment: Duration,
    /// Longest piece of a GOP that is kept in memory before it is written.
    pub fragment: Duration,
    /// How long a writer thread that was woken waits for more before it works: one wake-up serves all its cameras.
    pub gather: Duration,
    /// From the beginning of one sync of the disk to the beginning of the next, if it does not take longer.
    pub sync_every: Duration,
    /// Bytes that one stream may hold in memory before its run is ended.
    pub backlog_bytes: usize,
    /// Writer threads.
    pub writers: NonZeroUsize,
}

impl RecordSettings {
    /// The defaults: segments of a minute, fragments of a second, 8 MiB per stream, two writers that work ten times a second.
    #[must_use]
    pub fn new(media_dir: PathBuf) -> Self {
        Self {
            disk: DiskName::main(),
            media_dir,
            reserve: None,
            segment: Duration::from_secs(60),
            fragment: Duration::from_secs(1),
            gather: Duration::from_millis(100),
            sync_every: Duration::from_millis(400),
            backlog_bytes: 8 << 20,
            writers: NonZeroUsize::MIN.saturating_add(1),
        }
    }
}

/// Counters of one recorded stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordStatus {
    /// In memory, not yet in a file.
    pub queued_bytes: usize,
    /// The bound of `queued_bytes`.
    pub limit_bytes: usize,
    /// Since the start.
    pub written_bytes: u64,
    /// Pictures written since the start.
    pub n_frames: u64,
    /// Runs that ended because the queue was full.
    pub n_overflows: u64,
    /// Units refused because the queue was full.
    pub n_refused: u64,
    /// Units dropped because no keyframe had come yet, or writing was failing.
    pub n_before_keyframe: u64,
    /// Failures of disk or index.
    pub n_failures: u64,
    /// Wall time up to which the stream is recorded: the progress that a watchdog looks at.
    pub written_until: Option<WallTime>,
    /// The newest failure, in words.
    pub last_failure: Option<String>,
}

/// Why recording cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk is not the right one, or refuses.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] FootageError),
    /// Timestamps or parameters of the camera fit no file.
    #[error(transparent)]
    Mp4(#[from] Mp4Error),
    /// The camera is to be recorded to a disk that there is not.
    #[error("{camera} is to be recorded to disk `{disk}`, which [storage] does not name")]
    NoDisk {
        /// Whose.
        camera: CameraId,
        /// Which.
        disk: String,
    },
    /// A thread could not be started.
    #[error("cannot start a writer thread: {0}")]
    Thread(std::io::Error),
}

/// What segmenters, clips and recovery share of one disk.
pub(crate) struct Shared {
    pub(crate) volume: Volume,
    pub(crate) footage: Footage,
    pub(crate) clock: Clock,
    pub(crate) settings: RecordSettings,
    /// Files that are being written, for clips. Copied out, never held while reading files.
    pub(crate) open: Mutex<HashMap<StreamId, OpenSegment>>,
    /// The first look at the disk has not come back.
    is_opening: AtomicBool,
}

/// The finished fragments of a file that is still being written.
#[derive(Clone, Debug)]
pub(crate) struct OpenSegment {
    pub(crate) id: SegmentId,
    pub(crate) run: RunId,
    pub(crate) disk: DiskName,
    pub(crate) path: String,
    pub(crate) fragments: Vec<Fragment>,
}

/// One disk, and the threads that write to it: disks share no thread, no lock and no sync.
struct Disk {
    shared: Arc<Shared>,
    pool: Pool,
}

/// What is read of all disks together: clips, pictures, timelines, holds.
pub(crate) struct Library {
    /// The first one of the site file first.
    pub(crate) disks: Vec<Arc<Shared>>,
    pub(crate) footage: Footage,
    pub(crate) clock: Clock,
}

impl Library {
    pub(crate) fn open_segment(&self, stream: &StreamId) -> Option<OpenSegment> {
        self.disks.iter().find_map(|disk| disk.open_segment(stream))
    }

    /// Where a file lies.
    ///
    /// # Errors
    /// [`ClipError::DiskAway`] when its disk is not there now, or not named any more.
    pub(crate) fn path(&self, disk: &DiskName, path: &str) -> Result<PathBuf, ClipError> {
        let found = self.disks.iter().find(|shared| shared.volume.name() == disk);
        match found.filter(|shared| !shared.volume.is_away()) {
            Some(shared) => Ok(shared.volume.dir().join(path)),
            None => Err(ClipError::DiskAway { disk: disk.clone() }),
        }
    }
}

/// Which disk each camera is recorded to.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    disks: Vec<DiskName>,
    pinned: HashMap<CameraId, DiskName>,
}

impl Placement {
    /// As the site says; where it does not, as `domain::placement` chooses of its disks.
    #[must_use]
    pub fn of(&self, camera: &CameraId) -> Option<&DiskName> {
        self.pinned.get(camera).or_else(|| placement::disk_of(camera, &self.disks))
    }
}

/// The recorder. Dropping it stops it cleanly; [`Recorder::close`] says so.
pub struct Recorder {
    /// Invariant: not empty.
    disks: Vec<Disk>,
    library: Arc<Library>,
    placement: Placement,
    recovery: Recovery,
    senders: Mutex<HashMap<StreamId, RecordSender>>,
}

impl Recorder {
    /// [`Recorder::open_disks`] with one disk.
    ///
    /// # Errors
    /// As there.
    pub fn open(settings: RecordSettings, footage: Footage, clock: Clock) -> Result<Self, RecordError> {
        Self::open_disks(vec![settings], HashMap::new(), footage, clock)
    }

    /// Checks the disks' identity, repairs what a crash left, and starts the writer threads. Blocks. A disk that is
    /// read-only, away, or not the one that the index describes, or that does not answer, is repaired when it may be written
    /// again; until then nothing is recorded there. `pinned` are the cameras whose disk the site names.
    ///
    /// # Errors
    /// [`RecordError::Volume`] when another gateway uses a disk; [`RecordError::Index`].
    pub fn open_disks(
        settings: Vec<RecordSettings>,
        pinned: HashMap<CameraId, DiskName>,
        footage: Footage,
        clock: Clock,
    ) -> Result<Self, RecordError> {
        let mut opened = Vec::new();
        for settings in settings {
            opened.push(Arc::new(Shared {
                volume: Volume::new(&settings.disk, &settings.media_dir),
                footage: footage.clone(),
                clock: clock.clone(),
                settings,
                open: Mutex::default(),
                is_opening: AtomicBool::new(false),
            }));
        }
        for known in footage.disks()? {
            if opened.iter().all(|shared| *shared.volume.name() != known.name) {
                tracing::error!(disk = %known.name, "[storage] does not name this disk any more: its footage cannot be read");
            }
        }
        let openings = opened.iter().map(Opening::begin).collect::<Result<Vec<_>, _>>();
        let left = openings.map_err(RecordError::Thread)?.into_iter().map(Opening::wait);
        let recovery = recovery::name_present(left.collect::<Result<_, _>>()?, &footage, clock.wall())?;
        let disks = opened.iter().map(|shared| {
            let pool = Pool::start(shared).map_err(RecordError::Thread)?;
            Ok(Disk { shared: Arc::clone(shared), pool })
        });
        let disks = disks.collect::<Result<Vec<_>, RecordError>>()?;
        let names = opened.iter().map(|shared| shared.volume.name().clone()).collect();
        let library = Arc::new(Library { disks: opened, footage, clock });
        let placement = Placement { disks: names, pinned };
        Ok(Self { disks, library, placement, recovery, senders: Mutex::default() })
    }

    /// The queue of `stream`, which is to be recorded from now on: until its first picture there is a gap row.
    /// Asked again, the same queue. Waits for no disk: the stream's directory is made with its first file.
    ///
    /// # Errors
    /// [`RecordError::NoDisk`].
    pub fn sender(&self, stream: &StreamId) -> Result<RecordSender, RecordError> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = senders.get(stream) {
            return Ok(sender.clone());
        }
        let name = self.placement.of(&stream.camera);
        let disk = self.disks.iter().find(|disk| Some(disk.shared.volume.name()) == name);
        let Some(Disk { shared, pool }) = disk else {
            let disk = name.map(ToString::to_string).unwrap_or_default();
            return Err(RecordError::NoDisk { camera: stream.camera.clone(), disk });
        };
        let sender = pool.register(stream, shared.clock.wall(), shared.settings.backlog_bytes);
        senders.insert(stream.clone(), sender.clone());
        Ok(sender)
    }

    /// `stream` is not recorded any more: its open gap, if it has one, goes on as switched off.
    ///
    /// # Errors
    /// [`RecordError::Index`].
    pub fn retire(&self, stream: &StreamId) -> Result<(), RecordError> {
        let Library { footage, clock, .. } = &*self.library;
        if footage.open_gap(stream)?.is_some_and(|gap| gap.cause != GapCause::RecordingOff) {
            let from = clock.wall();
            let gap = Change::BeginGap { stream: stream.clone(), from, cause: GapCause::RecordingOff };
            footage.apply(vec![gap])?;
        }
        Ok(())
    }

    /// What the start found and repaired.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Makes clips, also of what was recorded a second ago.
    #[must_use]
    pub fn clips(&self) -> ClipReader {
        ClipReader::new(Arc::clone(&self.library))
    }

    /// The index.
    #[must_use]
    pub fn footage(&self) -> &Footage {
        &self.library.footage
    }

    /// How the first disk is.
    #[cfg(test)]
    pub(crate) fn disk(&self) -> DiskReport {
        self.disks[0].shared.report()
    }

    /// Which disk each camera is recorded to.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// What deletes old footage and keeps room, one for each disk; run each on a thread of its own.
    ///
    /// # Errors
    /// [`RecordError::Index`] when the retention clock cannot be read.
    pub fn retention(
        &self,
        settings: RetentionSettings,
        incidents: Box<dyn IncidentSource>,
    ) -> Result<Vec<Retention>, RecordError> {
        Retention::of_all(&self.library, &self.placement, settings, incidents)
    }

    /// Finishes every segment, writes the gap rows of the stop, and ends the threads. Blocks.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // All before the first is waited for: one that hangs must not leave the files of the others open.
        for disk in &self.disks {
            disk.pool.ask_to_stop();
        }
        for disk in &mut self.disks {
            disk.pool.stop();
        }
    }
}

impl Shared {
    pub(crate) fn report(&self) -> DiskReport {
        self.volume.report(self.clock.instant())
    }

    pub(crate) fn is_opening(&self) -> bool {
        self.is_opening.load(Ordering::Acquire)
    }

    /// Whether the right disk is there; when it has come back, what was being written to it is brought into order first.
    fn watch_disk(&self) {
        // Until all is in order: also a disk that hangs on the way has not answered.
        let asking = self.volume.ask(self.clock.instant());
        let watched = self.volume.watch(&self.footage, self.clock.wall());
        if matches!(watched, Watched::Same) {
            return;
        }
        let busy: Vec<SegmentId> = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.values().map(|segment| segment.id).collect()
        };
        let recovered = {
            let _cutting = self.volume.cutting();
            recovery::recover_returned(
                self.volume.name(),
                self.volume.dir(),
                &self.footage,
                &busy,
                self.clock.wall(),
                || asking.again(self.clock.instant()),
            )
        };
        match recovered {
            Ok(recovery) => {
                tracing::info!(
                    segments = recovery.segments.len(),
                    "files that were open when the disk went are closed"
                );
                match watched {
                    Watched::Back(returned) => self.volume.admit(returned),
                    Watched::Writable | Watched::Same => self.volume.admit_writable(),
                }
            }
            // Not admitted: it is looked at again with the next sync.
            Err(error) => {
                tracing::error!(%error, "the disk is back and cannot be brought into order; it is tried again")
            }
        }
    }

    /// Reads back a file whose writer could not finish it, and names what it has lost of `written`.
    fn recover_open(&self, id: SegmentId, written: Option<Span>) -> Result<(), RecordError> {
        let Some(row) = self.footage.segment(id)?.filter(|row| row.closed.is_none()) else { return Ok(()) };
        recovery::recover_returned_segment(self.volume.dir(), &self.footage, &row, self.clock.wall())?;
        let Some(written) = written else { return Ok(()) };
        let gap =
            |span| Change::AddGap { stream: row.stream.clone(), gap: Gap { span, cause: GapCause::Disk } };
        let lost = holes(&self.footage, &row.stream, written)?;
        self.footage.apply(lost.into_iter().map(gap).collect())?;
        Ok(())
    }

    /// The same of every file of `stream` that has no writer any more.
    fn recover_stream(&self, stream: &StreamId) -> Result<(), RecordError> {
        let left = self
            .footage
            .open_segments()?
            .into_iter()
            .filter(|row| row.stream == *stream && row.disk == *self.volume.name());
        for row in left {
            self.recover_open(row.id, None)?;
        }
        Ok(())
    }

    pub(crate) fn open_segment(&self, stream: &StreamId) -> Option<OpenSegment> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(stream).cloned()
    }
}

/// Instants of `span` for which `stream` has neither a complete segment nor a gap row.
pub(crate) fn holes(footage: &Footage, stream: &StreamId, span: Span) -> Result<Vec<Span>, FootageError> {
    let mut covered: Vec<Span> = footage
        .readable_segments_in(stream, span)?
        .into_iter()
        .filter_map(|row| row.closed.map(|closed| closed.span))
        .collect();
    let gaps = footage.gaps_in(stream, span)?;
    covered.extend(gaps.iter().map(|gap| Span { from: gap.from, to: gap.to.unwrap_or(span.to) }));
    Ok(sharpeyes_domain::segment::uncovered(span, &covered))
}

#[cfg(test)]
pub(crate) mod tests;
