//! Carries out what `domain::retention` decides: deletes what is over, keeps room on the disk, and says how long it lasts.
//!
//! One thread for each disk, [`Retention::run`]; the clock that ages footage, incidents and holds are of all disks. Every
//! [`LOOK`] it looks at clock and disk, every minute it deletes what has expired,
//! every hour it measures. Deletion goes row → garbage → unlink → fsync of each directory once → row gone.
//! A hold is stronger than everything here: the statement that makes garbage looks for it (`store::footage`).

mod keeping;
mod shedding;

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use sharpeyes_domain::{
    ids::{CameraId, DiskName, SegmentId, StreamId},
    retention::{Capacity, Deletion, Policy, RetentionClock, StreamUse, Tier, due, forecast},
    time::WallTime,
};

use keeping::Observed;
pub use keeping::{Keeping, KeptDisk, StorageReport, StreamReport};

use super::{
    Library, Placement, RecordError, Shared,
    torn::{WithoutRoom, cut_uncut},
};
use crate::store::{
    db::DbError,
    footage::{Discard, FootageError, IncidentMark, StreamUsage},
};
use shedding::Shedding;

/// Between two looks at clock and disk.
const LOOK: Duration = Duration::from_secs(1);
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
const MEASURE_EVERY: Duration = Duration::from_secs(3600);
/// What incidents keep is looked through this often, and so is what was skipped because it was held.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Files of one stream in one transaction.
const BATCH: u32 = 128;
/// Files that one pass deletes for their age at most, and a minute for want of room: a hundred cameras make a hundred a minute, so this catches up, and no mistake
/// empties a disk within a minute.
const PASS: usize = 1_024;
const DAY: Duration = Duration::from_secs(86_400);
/// So long each deleted file has a proof of its own.
const SINGLE_PROOFS: Duration = Duration::from_secs(30 * 86_400);
/// Proofs folded in one transaction, and transactions a sweep: twice what a hundred cameras delete in an hour, and what
/// a year before an update left is folded within ten days.
const FOLD: u32 = 2_000;
const FOLDS: u32 = 12;
/// Marks of the retention clock looked at with a sweep: a month of them, one a minute, within a day.
const MARKS: u32 = 2_000;

/// What retention is told.
#[derive(Clone, Debug)]
pub struct RetentionSettings {
    /// Kept free on a disk whose own settings say nothing; `None`: a fiftieth of it, at most 2 GiB.
    pub reserve: Option<u64>,
    /// For cameras that the site does not name any more: the strictest there is, since nobody knows what they were.
    pub unnamed: Policy,
    /// Of each camera, recorded or not.
    pub cameras: HashMap<CameraId, Policy>,
    /// What a full disk stops.
    pub recorded: Vec<StreamId>,
    /// A wall clock that has jumped and stays so for this long is believed.
    pub confirm_after: Duration,
}

/// Where retention learns what belongs to incidents.
pub trait IncidentSource: Send {
    /// Alarms that are new or have changed since the last call; at the first call all whose footage may still be there.
    ///
    /// # Errors
    /// [`DbError`] when they cannot be read: the same are asked for again.
    fn changed(&mut self) -> Result<Vec<IncidentMark>, DbError>;
}

/// What one stream has on the disk.
#[derive(Clone, Copy, Default)]
struct Bytes {
    all: u64,
    /// Kept by incidents alone.
    of_incidents: u64,
}

/// What incidents keep, learnt once for all disks.
struct Learning {
    source: Box<dyn IncidentSource>,
    /// Learnt, and not yet in the index.
    marks: Vec<IncidentMark>,
}

/// See the module. Of one disk.
pub struct Retention {
    shared: Arc<Shared>,
    settings: RetentionSettings,
    incidents: Arc<Mutex<Learning>>,
    /// As it was at this look.
    clock: RetentionClock,
    expired: Option<Instant>,
    measured: Option<Instant>,
    swept: Option<Instant>,
    /// What the sweep that was begun last has not come to yet.
    unswept: Vec<StreamId>,
    /// Of each stream, as measured last, less what was deleted for its age or its bytes since.
    totals: HashMap<StreamId, Bytes>,
    /// Below this row of a stream nothing is deletable base footage; begun anew with every sweep.
    cursors: HashMap<StreamId, SegmentId>,
    /// The last mark of the retention clock that was looked at.
    looked_at: SegmentId,
    keeping: Arc<Keeping>,
    is_failing: bool,
    /// Incidents were learnt since the start.
    has_learnt: bool,
    /// The disk keeps files that are to be deleted.
    is_stuck: bool,
    shedding: Shedding,
}

impl Retention {
    /// One for each disk of `library`.
    pub(super) fn of_all(
        library: &Arc<Library>,
        placement: &Placement,
        settings: RetentionSettings,
        source: Box<dyn IncidentSource>,
    ) -> Result<Vec<Self>, RecordError> {
        let (wall, looked) = (library.clock.wall(), library.clock.instant());
        let mut clock = match library.footage.retention_clock()? {
            Some(kept) => kept,
            None => RetentionClock::first(wall, library.footage.newest()?),
        };
        let unseen = clock.observe(wall, Duration::ZERO, settings.confirm_after);
        library.footage.keep_retention_clock(clock, unseen)?;
        let observed = Observed { clock, looked };
        let keeping = Keeping::new(Arc::clone(library), placement.clone(), settings.clone(), observed);
        let keeping = Arc::new(keeping);
        let incidents = Arc::new(Mutex::new(Learning { source, marks: Vec::new() }));
        let of_one = |shared: &Arc<Shared>| Self {
            shared: Arc::clone(shared),
            settings: settings_of(shared, placement, settings.clone()),
            incidents: Arc::clone(&incidents),
            clock,
            expired: None,
            measured: None,
            swept: None,
            unswept: Vec::new(),
            totals: HashMap::new(),
            cursors: HashMap::new(),
            looked_at: SegmentId(0),
            keeping: Arc::clone(&keeping),
            is_failing: false,
            has_learnt: false,
            is_stuck: false,
            shedding: Shedding::default(),
        };
        Ok(library.disks.iter().map(of_one).collect())
    }

    /// The disk's name.
    #[must_use]
    pub fn disk(&self) -> &DiskName {
        self.shared.volume.name()
    }

    /// Holds, the report, and the clock's confirmation, for the interface.
    #[must_use]
    pub fn keeping(&self) -> Arc<Keeping> {
        Arc::clone(&self.keeping)
    }

    /// Works until the other end of `stop` is dropped. Blocks.
    pub fn run(mut self, stop: &Receiver<()>) {
        loop {
            // A panic must not leave the disk to fill up: the next turn begins anew.
            match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(())) => self.is_failing = false,
                Ok(Err(error)) => {
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::error!(%error, "retention failed; it is tried again");
                    }
                }
                Err(_) => {
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::error!("retention panicked; it is tried again");
                    }
                }
            }
            match stop.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// One look, and what is due. What is not due costs two system calls.
    ///
    /// # Errors
    /// [`RecordError`] when index or disk fail: what was begun is finished later.
    pub fn turn(&mut self) -> Result<(), RecordError> {
        let now = self.shared.clock.instant();
        self.observe(now);
        let is_due = |last: Option<Instant>, every| last.is_none_or(|last| now - last >= every);
        let is_pass = is_due(self.expired, EXPIRE_EVERY);
        // Before anything is deleted, it is known what must stay.
        let learnt = if is_pass { self.learn_incidents() } else { Ok(()) };
        if self.has_learnt {
            self.make_room(now)?;
        }
        learnt?;
        if is_pass {
            self.expired = Some(now);
            self.shared.footage.keep_retention_clock(self.clock, None)?;
            self.discard_torn()?;
            self.finish_deletions()?;
            self.cut_uncut()?;
            let is_sweep = is_due(self.swept, SWEEP_EVERY);
            if is_sweep {
                self.swept = Some(now);
                self.cursors.clear();
            }
            if self.clock.doubt().is_none() && self.shared.volume.room().is_ok_and(|room| !room.is_read_only)
            {
                self.expire(is_sweep)?;
            }
        }
        if is_due(self.measured, MEASURE_EVERY) {
            self.measured = Some(now);
            self.measure()?;
        }
        Ok(())
    }

    fn observe(&mut self, now: Instant) {
        self.clock = self.keeping.observe(now);
    }

    fn policy(&self, stream: &StreamId) -> Policy {
        self.settings.cameras.get(&stream.camera).copied().unwrap_or(self.settings.unnamed)
    }

    /// Deletes what is over, at most [`PASS`] files. A sweep that they do not suffice for goes on with the next pass.
    fn expire(&mut self, is_sweep: bool) -> Result<(), RecordError> {
        let mut left = PASS;
        let streams = self.shared.footage.streams()?;
        for stream in &streams {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(self.expire_tier(stream, Tier::Base)?);
        }
        if is_sweep && self.unswept.is_empty() {
            self.unswept = streams;
        }
        while left > 0
            && let Some(stream) = self.unswept.pop()
        {
            // One that fails keeps nobody from their turn.
            left = left.saturating_sub(self.expire_tier(&stream, Tier::Incident)?);
            if self.unswept.is_empty() {
                self.shared.footage.prune(self.horizon())?;
            }
        }
        if is_sweep {
            let next = self.shared.footage.prune_marks(self.looked_at, MARKS)?;
            self.looked_at = next.unwrap_or(SegmentId(0));
            self.fold_proofs()?;
        }
        Ok(())
    }

    /// Old proofs of deletion become one row a day: at most [`FOLDS`] batches, none of which keeps the index long.
    fn fold_proofs(&self) -> Result<(), RecordError> {
        let before = self.clock.now().minus(SINGLE_PROOFS);
        for _ in 0..FOLDS {
            if self.shared.footage.fold_deletions(before, FOLD)? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn expire_tier(&mut self, stream: &StreamId, tier: Tier) -> Result<usize, RecordError> {
        let policy = self.policy(stream);
        let measured = self.totals.get(stream).copied().unwrap_or_default();
        let is_base = tier == Tier::Base;
        let total = if is_base { measured.all } else { measured.of_incidents };
        let after = self.cursors.get(stream).copied().filter(|_| is_base).unwrap_or(SegmentId(0));
        let oldest = self.shared.footage.deletable(self.shared.volume.name(), stream, tier, after, BATCH)?;
        let deletions = due(&policy, self.clock.now(), &oldest, total);
        let discards = deletions.iter().map(|&Deletion { id, reason }| Discard { id, reason, tier });
        let n = self.delete(discards.collect())?;
        let is_gone = |id| deletions.iter().any(|gone| gone.id == id);
        let bytes: u64 = oldest.iter().filter(|kept| is_gone(kept.id)).map(|kept| kept.bytes).sum();
        if let Some(total) = self.totals.get_mut(stream) {
            total.all = total.all.saturating_sub(bytes);
            if !is_base {
                total.of_incidents = total.of_incidents.saturating_sub(bytes);
            }
        }
        if is_base
            && let Some(first) = oldest.iter().find(|kept| deletions.iter().all(|gone| gone.id != kept.id))
        {
            self.cursors.insert(stream.clone(), SegmentId(first.id.0 - 1));
        }
        Ok(n)
    }

    /// Rows, files, directories, rows. Gives the number of deleted files.
    fn delete(&mut self, discards: Vec<Discard>) -> Result<usize, RecordError> {
        if discards.is_empty() {
            return Ok(0);
        }
        let paths = self.shared.footage.discard(discards, self.shared.clock.wall())?;
        let n = paths.len();
        self.remove(&paths)?;
        Ok(n)
    }

    /// What the disk does not let go of stays garbage, and is tried again with every pass.
    fn remove(&mut self, paths: &[String]) -> Result<(), RecordError> {
        if paths.is_empty() {
            return Ok(());
        }
        let removed = self.shared.volume.remove(paths)?;
        let n_left = paths.len() - removed.paths.len();
        self.shared.footage.forget(removed.paths)?;
        if let Some(error) = removed.error
            && !std::mem::replace(&mut self.is_stuck, true)
        {
            tracing::error!(%error, files = n_left, "files cannot be deleted; it is tried again every minute");
        }
        Ok(())
    }

    /// What must stay because it belongs to an incident.
    fn learn_incidents(&mut self) -> Result<(), RecordError> {
        let forgotten = self.horizon();
        // Held over the index's write: what one disk's thread has learnt is in the index before another's goes on.
        let mut incidents = self.incidents.lock().unwrap_or_else(PoisonError::into_inner);
        let Learning { source, marks } = &mut *incidents;
        let changed = source.changed().map_err(FootageError::from)?;
        marks.extend(changed.into_iter().filter(|mark| mark.span.to > forgotten));
        while !marks.is_empty() {
            let n = marks.len().min(1_000);
            self.shared.footage.mark_incidents(marks[..n].to_vec())?;
            // Only what is on the disk is known.
            marks.drain(..n);
        }
        drop(incidents);
        self.has_learnt = true;
        Ok(())
    }

    /// Before this, by either clock, no incident keeps anything; footage that does not age by a jump keeps its own
    /// spans all the same.
    fn horizon(&self) -> WallTime {
        self.clock.now().min(self.shared.clock.wall()).minus(self.longest())
    }

    /// The longest time that any camera's incidents are kept, and a day.
    fn longest(&self) -> Duration {
        let policies = self.settings.cameras.values().chain([&self.settings.unnamed]);
        DAY * (policies.map(Policy::incident_days).max().unwrap_or(0) + 1)
    }

    /// What a crash tore off and nothing covers; the files follow with the rest of the garbage.
    fn discard_torn(&self) -> Result<(), RecordError> {
        if self.has_learnt {
            let n = self.shared.footage.discard_torn(self.shared.clock.wall())?;
            if n > 0 {
                tracing::info!(files = n, "torn ends that no hold and no incident covers are deleted");
            }
        }
        Ok(())
    }

    /// Torn ends that found no room when they were found; what nothing covers is given up.
    fn cut_uncut(&self) -> Result<(), RecordError> {
        let Shared { volume, footage, clock, .. } = &*self.shared;
        if !self.has_learnt || volume.ensure_intact().is_err() || volume.is_read_only() {
            return Ok(());
        }
        let _cutting = volume.cutting();
        cut_uncut(volume.name(), volume.dir(), footage, clock.wall(), WithoutRoom::StaysIfCovered)
    }

    /// What the disk did not let go of before.
    fn finish_deletions(&mut self) -> Result<(), RecordError> {
        if !self.shared.volume.room().is_ok_and(|room| !room.is_read_only) {
            return Ok(());
        }
        let garbage = self.shared.footage.garbage()?.into_iter();
        let own = garbage.filter(|row| row.disk == *self.shared.volume.name());
        let paths: Vec<String> = own.map(|row| row.path).collect();
        self.is_stuck &= !paths.is_empty();
        self.remove(&paths)
    }

    /// What each stream has and writes, and how long the disk lasts.
    fn measure(&mut self) -> Result<(), RecordError> {
        let now = self.clock.now();
        let wall = self.shared.clock.wall();
        let usage = self.shared.footage.usage(self.shared.volume.name(), wall.minus(DAY))?;
        let streams: Vec<StreamReport> = usage.into_iter().map(|usage| self.report(usage)).collect();
        let bytes = |usage: &StreamUsage| Bytes { all: usage.bytes, of_incidents: usage.incident_bytes() };
        self.totals =
            streams.iter().map(|stream| (stream.usage.stream.clone(), bytes(&stream.usage))).collect();
        let room = self.shared.volume.room().ok();
        let total: u64 = streams.iter().map(|stream| stream.usage.bytes).sum();
        let reserved: u64 = streams.iter().map(|stream| stream.usage.reserved_bytes).sum();
        let uses: Vec<StreamUse> = streams
            .iter()
            .map(|stream| StreamUse { policy: stream.policy, bytes_per_day: stream.bytes_per_day })
            .collect();
        let forecast = room.map(|room| {
            let free_bytes = room.free_bytes.saturating_sub(self.reserve(room));
            forecast(&uses, Capacity { free_bytes, base_bytes: total.saturating_sub(reserved) })
        });
        if let Some(short) = forecast.filter(|forecast| forecast.shortfall_bytes > 0) {
            tracing::warn!(
                shortfall_bytes = short.shortfall_bytes,
                keeps_days = short.keeps_days,
                disk = %self.shared.volume.name(),
                "the disk is too small for what the law asks of these cameras"
            );
        }
        let report = StorageReport { at: now, room, recorded_bytes: total, forecast, streams };
        self.keeping.set_report(self.shared.volume.name(), report);
        Ok(())
    }

    fn report(&self, usage: StreamUsage) -> StreamReport {
        let since = self.shared.clock.wall().minus(DAY);
        let policy = self.policy(&usage.stream);
        // From file to file, so that the length of the files does not show; but a camera that was away for most of the
        // day has written less that day.
        let from = match usage.recent_from {
            Some(first) if first.since(since) <= SWEEP_EVERY || usage.oldest >= first => first,
            Some(_) | None => since,
        };
        let measured = usage.newest.since(from).as_millis().max(1);
        let per_day = u128::from(usage.recent_bytes) * DAY.as_millis() / measured;
        let bytes_per_day = u64::try_from(per_day).unwrap_or(u64::MAX);
        StreamReport { policy, bytes_per_day, usage }
    }
}

/// What a full disk stops is what is recorded to it.
fn settings_of(shared: &Shared, placement: &Placement, mut settings: RetentionSettings) -> RetentionSettings {
    settings.recorded.retain(|stream| placement.of(&stream.camera) == Some(shared.volume.name()));
    settings.reserve = shared.settings.reserve.or(settings.reserve);
    settings
}
