//! What the interface asks of retention: holds, the newest report, and the confirmation of the clock.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use sharpeyes_domain::{
    ids::{CameraId, DiskName, StreamId},
    retention::{Forecast, Policy, RetentionClock},
    segment::Span,
    time::WallTime,
};

use super::RetentionSettings;
use crate::{
    record::{
        Library, Placement, RecordError, Shared,
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

/// The clock that ages footage, and when somebody looked at it last.
pub(super) struct Observed {
    pub(super) clock: RetentionClock,
    pub(super) looked: Instant,
}

/// One disk, now and as measured last.
#[derive(Clone, Debug)]
pub struct KeptDisk {
    /// In the site file.
    pub name: DiskName,
    /// Where the files are.
    pub dir: String,
    /// The disk's own name; empty before its first use.
    pub uuid: String,
    /// How it is now.
    pub disk: DiskReport,
    /// Space and inodes as it said last; `None` while it is away.
    pub room: Option<Room>,
    /// `None` before it was measured the first time.
    pub report: Option<StorageReport>,
}

/// See the module.
pub struct Keeping {
    library: Arc<Library>,
    placement: Placement,
    settings: RetentionSettings,
    observed: Mutex<Observed>,
    reports: Mutex<HashMap<DiskName, StorageReport>>,
    is_confirmed: AtomicBool,
}

impl Keeping {
    pub(super) fn new(
        library: Arc<Library>,
        placement: Placement,
        settings: RetentionSettings,
        observed: Observed,
    ) -> Self {
        Self {
            library,
            placement,
            settings,
            observed: Mutex::new(observed),
            reports: Mutex::default(),
            is_confirmed: AtomicBool::new(false),
        }
    }

    /// All disks, as the site file names them. Waits for none.
    #[must_use]
    pub fn disks(&self) -> Vec<KeptDisk> {
        let reports = lock(&self.reports).clone();
        let kept = |shared: &Arc<Shared>| KeptDisk {
            name: shared.volume.name().clone(),
            dir: shared.volume.dir().display().to_string(),
            uuid: shared.volume.uuid().to_owned(),
            disk: shared.report(),
            room: shared.volume.known_room(),
            report: reports.get(shared.volume.name()).cloned(),
        };
        self.library.disks.iter().map(kept).collect()
    }

    /// What each disk held when it was measured last, by its name.
    #[must_use]
    pub fn reports(&self) -> Vec<(DiskName, StorageReport)> {
        let mut reports: Vec<_> = lock(&self.reports).clone().into_iter().collect();
        reports.sort_by(|(a, _), (b, _)| a.cmp(b));
        reports
    }

    /// How each disk is. Waits for none.
    #[must_use]
    pub fn disk_reports(&self) -> Vec<(DiskName, DiskReport)> {
        self.library.disks.iter().map(|shared| (shared.volume.name().clone(), shared.report())).collect()
    }

    /// The disk that a camera is recorded to.
    #[must_use]
    pub fn disk_of(&self, camera: &CameraId) -> Option<&DiskName> {
        self.placement.of(camera)
    }

    /// The policy of each camera.
    #[must_use]
    pub const fn settings(&self) -> &RetentionSettings {
        &self.settings
    }

    /// The clock that ages footage.
    #[must_use]
    pub fn clock(&self) -> RetentionClock {
        lock(&self.observed).clock
    }

    /// A person says that the wall clock is right.
    pub fn confirm_clock(&self) {
        self.is_confirmed.store(true, Ordering::Release);
    }

    /// The index.
    #[must_use]
    pub fn footage(&self) -> &Footage {
        &self.library.footage
    }

    /// Holds footage: the span is widened to keyframes, and cut at the present. `None` when nothing is recorded there.
    /// Blocks.
    ///
    /// # Errors
    /// [`RecordError::Index`].
    pub fn hold(&self, mut new: NewHold) -> Result<Option<HoldRow>, RecordError> {
        let now = self.library.clock.wall();
        new.span = self.widened(&new.stream, new.span)?;
        Ok(self.library.footage.add_hold(new, now)?)
    }

    /// From the keyframe at or before the beginning to the keyframe at or after the end, or to the end of the file.
    fn widened(&self, stream: &StreamId, span: Span) -> Result<Span, FootageError> {
        // Only the files at both ends: between them lies up to a month.
        let instant = |at: WallTime| Span { from: at, to: WallTime(at.0.saturating_add(1)) };
        let mut rows = self.library.footage.segments_in(stream, instant(span.from))?;
        rows.extend(self.library.footage.segments_in(stream, instant(span.to))?);
        let mut fragments: Vec<Vec<Fragment>> = rows.iter().map(fragments_of).collect();
        if let Some(open) = self.library.open_segment(stream) {
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

    /// Looks at the wall clock, for whichever disk's thread comes by: a jump is seen, and noted, once.
    pub(super) fn observe(&self, now: Instant) -> RetentionClock {
        let mut observed = lock(&self.observed);
        let Observed { clock, looked } = &mut *observed;
        let elapsed = now.saturating_duration_since(*looked);
        *looked = now.max(*looked);
        let wall = self.library.clock.wall();
        let kept = *clock;
        let before = clock.doubt();
        if self.is_confirmed.swap(false, Ordering::AcqRel) {
            clock.confirm(wall);
        }
        let confirm_after = self.settings.confirm_after;
        let unseen = clock.observe(wall, elapsed, confirm_after);
        match (before, clock.doubt()) {
            (None, Some(doubt)) => tracing::error!(
                ahead = ?doubt.ahead, ?confirm_after,
                "the wall clock jumped forward: nothing is deleted for its age until it has stayed so, or was set right"
            ),
            (Some(_), None) => tracing::info!("the wall clock is trusted again: deleting by age goes on"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        if unseen.is_some()
            && let Err(error) = self.library.footage.keep_retention_clock(*clock, unseen)
        {
            // Without the note footage would age by the jump: the clock stays in doubt instead.
            tracing::error!(%error, "the retention clock could not be kept");
            *clock = self.library.footage.retention_clock().ok().flatten().unwrap_or(kept);
        }
        *clock
    }

    pub(super) fn set_report(&self, disk: &DiskName, report: StorageReport) {
        lock(&self.reports).insert(disk.clone(), report);
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
