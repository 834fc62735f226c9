//! What the interface asks of retention: holds, the newest report, and the confirmation of the clock.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use sharpeyes_domain::{
    ids::StreamId,
    retention::{Forecast, Policy, RetentionClock},
    segment::Span,
    time::WallTime,
};

use super::RetentionSettings;
use crate::{
    record::{
        RecordError, Shared,
        table::{self, Fragment, Origin},
        volume::{DiskReport, Room},
    },
    store::footage::{Footage, FootageError, HoldRow, NewHold, SegmentRow, StreamUsage},
};

/// What one stream has on the disk and writes.
#[derive(Clone, Debug)]
pub struct StreamReport {
    /// Bytes and times.
    pub usage: StreamUsage,
    /// Of its camera.
    pub policy: Policy,
    /// Over the last day, or since it began.
    pub bytes_per_day: u64,
}

/// The disk and everything on it, as measured last.
#[derive(Clone, Debug)]
pub struct StorageReport {
    /// By the retention clock.
    pub at: WallTime,
    /// `None` while the disk is away.
    pub room: Option<Room>,
    /// Of all complete files.
    pub recorded_bytes: u64,
    /// `None` while the disk is away.
    pub forecast: Option<Forecast>,
    /// By name.
    pub streams: Vec<StreamReport>,
}

/// See the module.
pub struct Keeping {
    shared: Arc<Shared>,
    settings: RetentionSettings,
    clock: Mutex<RetentionClock>,
    report: Mutex<Option<StorageReport>>,
    is_confirmed: AtomicBool,
}

impl Keeping {
    pub(super) fn new(shared: Arc<Shared>, settings: RetentionSettings, clock: RetentionClock) -> Self {
        Self {
            shared,
            settings,
            clock: Mutex::new(clock),
            report: Mutex::default(),
            is_confirmed: AtomicBool::new(false),
        }
    }

    /// As measured last; `None` before the first time.
    #[must_use]
    pub fn report(&self) -> Option<StorageReport> {
        lock(&self.report).clone()
    }

    /// Space and inodes now; `None` while the disk is away.
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        self.shared.volume.room().ok()
    }

    /// How the disk is now.
    #[must_use]
    pub fn disk(&self) -> DiskReport {
        self.shared.volume.report(self.shared.clock.instant())
    }

    /// Where the files are.
    #[must_use]
    pub fn dir(&self) -> String {
        self.shared.volume.dir().display().to_string()
    }

    /// The disk's own name.
    #[must_use]
    pub fn uuid(&self) -> String {
        self.shared.volume.uuid().to_owned()
    }

    /// The policy of each camera.
    #[must_use]
    pub const fn settings(&self) -> &RetentionSettings {
        &self.settings
    }

    /// The clock that ages footage.
    #[must_use]
    pub fn clock(&self) -> RetentionClock {
        *lock(&self.clock)
    }

    /// A person says that the wall clock is right.
    pub fn confirm_clock(&self) {
        self.is_confirmed.store(true, Ordering::Release);
    }

    /// The index.
    #[must_use]
    pub fn footage(&self) -> &Footage {
        &self.shared.footage
    }

    /// Holds footage: the span is widened to keyframes, and cut at the present. `None` when nothing is recorded there.
    /// Blocks.
    ///
    /// # Errors
    /// [`RecordError::Index`].
    pub fn hold(&self, mut new: NewHold) -> Result<Option<HoldRow>, RecordError> {
        let now = self.shared.clock.wall();
        new.span = self.widened(&new.stream, new.span)?;
        Ok(self.shared.footage.add_hold(new, now)?)
    }

    /// From the keyframe at or before the beginning to the keyframe at or after the end, or to the end of the file.
    fn widened(&self, stream: &StreamId, span: Span) -> Result<Span, FootageError> {
        // Only the files at both ends: between them lies up to a month.
        let instant = |at: WallTime| Span { from: at, to: WallTime(at.0.saturating_add(1)) };
        let mut rows = self.shared.footage.segments_in(stream, instant(span.from))?;
        rows.extend(self.shared.footage.segments_in(stream, instant(span.to))?);
        let mut fragments: Vec<Vec<Fragment>> = rows.iter().map(fragments_of).collect();
        if let Some(open) = self.shared.open_segment(stream) {
            fragments.push(open.fragments);
        }
        let mut wide = span;
        for file in &fragments {
            let inside = file
                .first()
                .zip(file.last())
                .map(|(first, last)| Span { from: first.wall, to: last.wall_end });
            let Some(inside) = inside.filter(|inside| inside.intersection(&span).is_some()) else { continue };
            let keys =
                || file.iter().filter(|fragment| fragment.is_random_access).map(|fragment| fragment.wall);
            if inside.holds(span.from) {
                wide.from =
                    wide.from.min(keys().filter(|key| *key <= span.from).max().unwrap_or(inside.from));
            }
            if inside.holds(span.to) {
                wide.to = wide.to.max(keys().filter(|key| *key >= span.to).min().unwrap_or(inside.to));
            }
        }
        Ok(wide)
    }

    pub(super) fn take_confirmation(&self) -> bool {
        self.is_confirmed.swap(false, Ordering::AcqRel)
    }

    pub(super) fn set_clock(&self, clock: RetentionClock) {
        *lock(&self.clock) = clock;
    }

    pub(super) fn set_report(&self, report: StorageReport) {
        *lock(&self.report) = Some(report);
    }
}

/// Empty when its table is damaged: the span is then held as it was asked for, and the file whole all the same.
fn fragments_of(row: &SegmentRow) -> Vec<Fragment> {
    let Some(closed) = &row.closed else { return Vec::new() };
    let origin = Origin { base: closed.start_pts, wall: closed.span.from };
    table::decode(&closed.fragments, origin).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
