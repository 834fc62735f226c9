//! Room on a disk that is full: what is shed, how much of it, and when that is of no use.

use std::time::{Duration, Instant};

use sharpeyes_domain::{
    ids::SegmentId,
    retention::{Candidate, DeletionReason, Need, Tier, shed},
};

use super::{PASS, Retention};
use crate::{
    record::{RecordError, volume::Room},
    store::footage::Discard,
};

const MINUTE: Duration = Duration::from_secs(60);
/// When nothing could be shed, it is looked again so often, or when a hold is released.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Some file systems give room back a while after a file is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// So often in a row the disk may gain nothing before it is left alone ...
const MOST_FRUITLESS: u32 = 3;
/// ... for so long.
const LEFT_ALONE: Duration = Duration::from_secs(600);
/// Below so many inodes, or an eighth of a small disk's, files are deleted as if space were short.
const LEAST_INODES: u64 = 64;

const FULL: &str = "the disk is full, and all that is left is held or of incidents";
const OUT_OF_INODES: &str = "the file system is out of inodes, and all that is left is held or of incidents";
const USELESS: &str =
    "the disk is full, and deleting footage makes no room: look for snapshots and for other files";

/// What shedding remembers from look to look.
#[derive(Default)]
pub(super) struct Shedding {
    /// Nothing more may be shed.
    is_full: bool,
    has_warned_of_reserve: bool,
    minute: Option<Minute>,
    /// Deleted, and not yet seen in the free space.
    expected: Option<Gain>,
    n_fruitless: u32,
    idle: Option<Idle>,
}

struct Minute {
    since: Instant,
    n_files: usize,
}

#[derive(Clone, Copy)]
struct Gain {
    free_before: u64,
    /// By the recorder itself, up to then.
    written_before: u64,
    bytes: u64,
    since: Instant,
}

/// Nothing is shed for a while.
struct Idle {
    until: Instant,
    /// A release ends it; `None`: it does not.
    n_released: Option<u64>,
}

impl Shedding {
    /// Files that may still be shed in this minute.
    fn left(&mut self, now: Instant) -> usize {
        let minute = match self.minute.take() {
            Some(minute) if now.saturating_duration_since(minute.since) < MINUTE => minute,
            Some(_) | None => Minute { since: now, n_files: 0 },
        };
        PASS.saturating_sub(self.minute.insert(minute).n_files)
    }

    /// Whether what was deleted has come back as room, as far as that can be told yet.
    fn judge(&mut self, now: Instant, free_bytes: u64, written_bytes: u64) {
        let Some(Gain { free_before, written_before, bytes, since }) = self.expected else { return };
        let used_since = written_bytes.saturating_sub(written_before);
        if (free_bytes + used_since).saturating_sub(free_before) >= bytes / 2 {
            (self.expected, self.n_fruitless) = (None, 0);
        } else if now.saturating_duration_since(since) >= PATIENCE {
            self.expected = None;
            self.n_fruitless += 1;
            if self.n_fruitless >= MOST_FRUITLESS {
                self.n_fruitless = 0;
                self.idle = Some(Idle { until: now + LEFT_ALONE, n_released: None });
                tracing::error!(
                    "deleting footage does not make room: snapshots, other programs, or other files on the disk keep \
                     it; nothing is deleted for the next ten minutes"
                );
            }
        }
    }
}

impl Retention {
    /// Sheds base footage while the disk has less than its reserve; stops recording when nothing is left to shed.
    pub(super) fn make_room(&mut self, now: Instant) -> Result<(), RecordError> {
        let was_refused = self.shared.volume.take_refusal();
        // A disk that is away or broken is the watch's business.
        let Ok(room) = self.shared.volume.room() else { return Ok(()) };
        let reserve = self.reserve(room);
        if room.is_read_only {
            return Ok(());
        }
        self.shedding.judge(now, room.free_bytes, self.shared.volume.written_bytes());
        let need = need(room, reserve, was_refused);
        if need.is_none() {
            self.set_full(None);
            return Ok(());
        }
        let left = self.shedding.left(now);
        let is_waiting = left == 0 || self.shedding.expected.is_some();
        if !is_waiting && !self.is_idle(now)? && self.shed(now, room, need, left)? > 0 {
            tracing::warn!(disk = %self.shared.volume.name(), missing = ?need, free_bytes = room.free_bytes, "the oldest footage makes room");
            self.set_full(None);
            return Ok(());
        }
        // Half of the reserve is used before recording stops, so that it does not stop and go with every file.
        let is_over = was_refused || need.files > 0 || room.free_bytes < reserve / 2 || self.shedding.is_full;
        if !is_waiting {
            let is_useless = matches!(self.shedding.idle, Some(Idle { n_released: None, .. }));
            self.set_full(is_over.then_some(match (need.files > 0, is_useless) {
                (true, _) => OUT_OF_INODES,
                (false, false) => FULL,
                (false, true) => USELESS,
            }));
        }
        Ok(())
    }

    fn set_full(&mut self, cause: Option<&'static str>) {
        self.shedding.is_full = cause.is_some();
        let mut streams = if cause.is_some() { self.settings.recorded.clone() } else { Vec::new() };
        streams.sort();
        self.shared.volume.set_full(cause, &streams);
    }

    fn is_idle(&mut self, now: Instant) -> Result<bool, RecordError> {
        let Some(Idle { until, n_released }) = self.shedding.idle else { return Ok(false) };
        let is_released = match n_released {
            Some(before) => self.shared.footage.n_released_holds()? != before,
            None => false,
        };
        if now < until && !is_released {
            return Ok(true);
        }
        self.shedding.idle = None;
        Ok(false)
    }

    /// Deletes the oldest base footage, at most `most` files; gives how many.
    fn shed(&mut self, now: Instant, room: Room, need: Need, most: usize) -> Result<usize, RecordError> {
        if let Err(error) = self.learn_incidents() {
            // What was known a minute ago has to do: a disk that is full loses what comes now.
            tracing::warn!(%error, "room is made without knowing the newest alarms");
        }
        let n_released = self.shared.footage.n_released_holds()?;
        let written_before = self.shared.volume.written_bytes();
        let mut candidates = self.sheddable()?;
        if candidates.is_empty() && !self.cursors.is_empty() {
            // A hold that was released lies before them.
            self.cursors.clear();
            candidates = self.sheddable()?;
        }
        let sizes: Vec<(SegmentId, u64)> =
            candidates.iter().map(|candidate| (candidate.kept.id, candidate.kept.bytes)).collect();
        let mut ids = shed(self.clock.now(), candidates, need);
        ids.truncate(most);
        if ids.is_empty() {
            self.shedding.idle = Some(Idle { until: now + LOOK_AGAIN, n_released: Some(n_released) });
            return Ok(0);
        }
        let bytes = sizes.iter().filter(|(id, _)| ids.contains(id)).map(|(_, bytes)| bytes).sum();
        let (reason, tier) = (DeletionReason::DiskFull, Tier::Base);
        let n = self.delete(ids.into_iter().map(|id| Discard { id, reason, tier }).collect())?;
        if let Some(minute) = &mut self.shedding.minute {
            minute.n_files += n;
        }
        if need.bytes > 0 && n > 0 {
            self.shedding.expected =
                Some(Gain { free_before: room.free_bytes, written_before, bytes, since: now });
            if let Ok(room) = self.shared.volume.room() {
                self.shedding.judge(now, room.free_bytes, self.shared.volume.written_bytes());
            }
        }
        Ok(n)
    }

    fn sheddable(&self) -> Result<Vec<Candidate>, RecordError> {
        let mut candidates = Vec::new();
        for stream in self.shared.footage.streams()? {
            let policy = self.policy(&stream);
            let after = self.cursors.get(&stream).copied().unwrap_or(SegmentId(0));
            let oldest = self.shared.footage.deletable(
                self.shared.volume.name(),
                &stream,
                Tier::Base,
                after,
                super::BATCH,
            )?;
            candidates.extend(oldest.into_iter().map(|kept| Candidate { kept, policy }));
        }
        Ok(candidates)
    }

    /// As asked for, or a fiftieth of the disk, at most 2 GiB. More than half of the disk is a mistake that would cost
    /// all footage.
    pub(super) fn reserve(&mut self, room: Room) -> u64 {
        let Some(asked) = self.settings.reserve else { return (room.total_bytes / 50).min(2 << 30) };
        if asked <= room.total_bytes / 2 {
            return asked;
        }
        let reserve = room.total_bytes / 10;
        if !std::mem::replace(&mut self.shedding.has_warned_of_reserve, true) {
            tracing::warn!(
                asked_bytes = asked,
                total_bytes = room.total_bytes,
                reserve_bytes = reserve,
                "storage.reserve is more than half of the disk: a tenth of the disk is kept free instead"
            );
        }
        reserve
    }
}

/// A quarter more than what is missing, so that the next file is not already too much.
fn need(room: Room, reserve: u64, was_refused: bool) -> Need {
    let is_short = room.free_bytes < reserve || was_refused;
    let bytes = if is_short { (reserve + reserve / 4).saturating_sub(room.free_bytes).max(1) } else { 0 };
    let least = LEAST_INODES.min(room.inodes_total / 8);
    let files = match room.inodes_free {
        Some(free) if free < least => least + least / 4 - free,
        Some(_) | None => 0,
    };
    // A refusal with space left is for want of inodes.
    let bytes = if files > 0 && room.free_bytes >= reserve { 0 } else { bytes };
    Need { bytes, files }
}
