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
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sharpeyes_domain::{
    ids::{RunId, SegmentId, StreamId},
    media::{AccessUnit, AudioParams, AudioUnit, VideoParams},
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
use clip::ClipReader;
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

/// The recorder's part of the configuration.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// Where the files go: one disk.
    pub media_dir: PathBuf,
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
            media_dir,
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
    /// A thread could not be started.
    #[error("cannot start a writer thread: {0}")]
    Thread(std::io::Error),
}

/// What segmenters, clips and recovery share.
pub(crate) struct Shared {
    pub(crate) volume: Volume,
    pub(crate) footage: Footage,
    pub(crate) clock: Clock,
    pub(crate) settings: RecordSettings,
    /// Files that are being written, for clips. Copied out, never held while reading files.
    pub(crate) open: Mutex<HashMap<StreamId, OpenSegment>>,
}

/// The finished fragments of a file that is still being written.
#[derive(Clone, Debug)]
pub(crate) struct OpenSegment {
    pub(crate) id: SegmentId,
    pub(crate) run: RunId,
    pub(crate) path: String,
    pub(crate) fragments: Vec<Fragment>,
}

/// The recorder of one disk. Dropping it stops it cleanly; [`Recorder::close`] says whether that went well.
pub struct Recorder {
    shared: Arc<Shared>,
    pool: Pool,
    recovery: Recovery,
    senders: Mutex<HashMap<StreamId, RecordSender>>,
}

impl Recorder {
    /// Checks the disk's identity, repairs what a crash left, and starts the writer threads. Blocks. A disk that is
    /// read-only is repaired when it may be written again; until then nothing is recorded.
    ///
    /// # Errors
    /// [`RecordError::Volume`] when the disk is not the one that the index describes, or is in use.
    pub fn open(settings: RecordSettings, footage: Footage, clock: Clock) -> Result<Self, RecordError> {
        let volume = Volume::open(&settings.media_dir, &footage, clock.wall())?;
        let recovery = if volume.is_read_only() {
            recovery::name_gaps_of_idle(&footage, clock.wall())?;
            Recovery::default()
        } else {
            recovery::recover(volume.dir(), &footage, clock.wall())?
        };
        let shared = Arc::new(Shared { volume, footage, clock, settings, open: Mutex::default() });
        let pool = Pool::start(&shared).map_err(RecordError::Thread)?;
        Ok(Self { shared, pool, recovery, senders: Mutex::default() })
    }

    /// The queue of `stream`, which is to be recorded from now on: until its first picture there is a gap row.
    /// Asked again, the same queue.
    ///
    /// A disk that is full or may not be written is no reason to fail: its directory is then made with the first file.
    ///
    /// # Errors
    /// [`RecordError::Volume`] when the disk is not the right one.
    pub fn sender(&self, stream: &StreamId) -> Result<RecordSender, RecordError> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = senders.get(stream) {
            return Ok(sender.clone());
        }
        match self.shared.volume.prepare(stream) {
            Err(
                error @ (VolumeError::Io { .. } | VolumeError::Full { .. } | VolumeError::ReadOnly { .. }),
            ) => {
                self.shared.volume.note(&error);
                tracing::error!(%stream, %error, "the stream has no directory yet");
            }
            prepared => prepared?,
        }
        let settings = &self.shared.settings;
        let sender = self.pool.register(stream, self.shared.clock.wall(), settings.backlog_bytes);
        senders.insert(stream.clone(), sender.clone());
        Ok(sender)
    }

    /// `stream` is not recorded any more: its open gap, if it has one, goes on as switched off.
    ///
    /// # Errors
    /// [`RecordError::Index`].
    pub fn retire(&self, stream: &StreamId) -> Result<(), RecordError> {
        if self.shared.footage.open_gap(stream)?.is_some_and(|gap| gap.cause != GapCause::RecordingOff) {
            let from = self.shared.clock.wall();
            let gap = Change::BeginGap { stream: stream.clone(), from, cause: GapCause::RecordingOff };
            self.shared.footage.apply(vec![gap])?;
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
        ClipReader::new(Arc::clone(&self.shared))
    }

    /// The index.
    #[must_use]
    pub fn footage(&self) -> &Footage {
        &self.shared.footage
    }

    /// How the disk is.
    #[must_use]
    pub fn disk(&self) -> DiskReport {
        self.shared.volume.report(self.shared.clock.instant())
    }

    /// What deletes old footage and keeps room on the disk; run it on a thread of its own.
    ///
    /// # Errors
    /// [`RecordError::Index`] when the retention clock cannot be read.
    pub fn retention(
        &self,
        settings: RetentionSettings,
        incidents: Box<dyn IncidentSource>,
    ) -> Result<Retention, RecordError> {
        Retention::new(Arc::clone(&self.shared), settings, incidents)
    }

    /// Finishes every segment, writes the gap rows of the stop, and ends the threads. Blocks.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.pool.stop();
    }
}

impl Shared {
    /// Whether the right disk is there; when it has come back, what was being written to it is brought into order first.
    fn watch_disk(&self) {
        let watched = self.volume.watch();
        if matches!(watched, Watched::Same) {
            return;
        }
        let busy: Vec<SegmentId> = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.values().map(|segment| segment.id).collect()
        };
        match recovery::recover_returned(self.volume.dir(), &self.footage, &busy, self.clock.wall()) {
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
        let left = self.footage.open_segments()?.into_iter().filter(|row| row.stream == *stream);
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
        .segments_in(stream, span)?
        .into_iter()
        .filter_map(|row| row.closed.map(|closed| closed.span))
        .collect();
    let gaps = footage.gaps_in(stream, span)?;
    covered.extend(gaps.iter().map(|gap| Span { from: gap.from, to: gap.to.unwrap_or(span.to) }));
    Ok(sharpeyes_domain::segment::uncovered(span, &covered))
}

#[cfg(test)]
pub(crate) mod tests;
