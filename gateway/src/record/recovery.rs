//! What a start does after a crash: open segments are read back, cut at the tear, hashed and closed; gaps are named.
//!
//! Reads only the files that were open, at most one per stream. Also the tool of `check --repair`.

use std::{
    fs::{self, File},
    io::BufReader,
    path::Path,
};

use sharpeyes_domain::{
    ids::{DiskName, SegmentId, StreamId},
    media::{AudioParams, VideoParams},
    segment::{Gap, GapCause, Span},
    time::{Pts, WallTime},
};

use super::{
    RecordError,
    file::closed,
    holes,
    table::Fragment,
    torn::{Tail, Torn, WithoutRoom, cut_uncut, forget_unfinished, span_behind},
    volume::{VolumeError, at, unlink},
};
use crate::{
    mp4::{Mp4Error, Scanner},
    store::footage::{Change, ClosedSegment, Footage, FootageError, SegmentRow, SegmentState},
};

/// What a start found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Files that were being written.
    pub segments: Vec<RecoveredSegment>,
    /// Files whose deletion was finished.
    pub n_deleted: usize,
}

/// One file that was being written when the service died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredSegment {
    /// Whose.
    pub stream: StreamId,
    /// Below the media directory.
    pub path: String,
    /// What it holds; `None` when there was nothing to keep.
    pub span: Option<Span>,
    /// Bytes of a torn tail: cut off and set aside, or left behind the file's end where there is no room for that.
    pub n_torn_bytes: u64,
}

/// A recorded file as its own bytes tell it.
pub(crate) struct ScannedFile {
    pub(crate) params: VideoParams,
    pub(crate) audio: Option<AudioParams>,
    pub(crate) fragments: Vec<Fragment>,
    /// Up to the end of the last whole fragment.
    pub(crate) valid_bytes: u64,
    pub(crate) sha256: [u8; 32],
}

impl ScannedFile {
    /// Its row; `None` when there is nothing to keep.
    pub(crate) fn close(&self, id: SegmentId, state: SegmentState) -> Option<ClosedSegment> {
        closed(id, state, &self.fragments, self.valid_bytes, self.sha256)
    }

    /// The file's own times begin at 0; its row knows when in the run that was.
    pub(crate) fn move_to(&mut self, start: Pts) {
        let Some(first) = self.fragments.first().map(|first| first.base.0) else { return };
        let moved = |at: Pts| Pts(at.0.saturating_sub(first).saturating_add(start.0));
        for fragment in &mut self.fragments {
            (fragment.base, fragment.end) = (moved(fragment.base), moved(fragment.end));
        }
    }

    /// The last picture lasts until `wall`, which the file alone does not know.
    pub(crate) fn stretch_to(&mut self, wall: WallTime) {
        if let Some(last) = self.fragments.last_mut() {
            last.wall_end = wall.max(last.wall);
        }
    }
}

/// Reads a whole file, fragment by fragment. `None` when there is none, or it has no usable head.
pub(crate) fn scan(path: &Path) -> Result<Option<ScannedFile>, RecordError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error).into()),
    };
    let disk_failed = |error| match error {
        Mp4Error::Io(source) => RecordError::from(at(path)(source)),
        damaged => damaged.into(),
    };
    let mut scanner = match Scanner::open(BufReader::with_capacity(256 << 10, file)) {
        Ok(scanner) => scanner,
        Err(Mp4Error::Io(source)) => return Err(at(path)(source).into()),
        Err(_) => return Ok(None),
    };
    let mut fragments: Vec<Fragment> = Vec::new();
    let (mut valid_bytes, mut sha256) = scanner.valid();
    while let Some(found) = scanner.next_fragment().map_err(disk_failed)? {
        if let Some(last) = fragments.last_mut() {
            if found.base != last.end || found.wall < last.wall {
                break;
            }
            last.wall_end = found.wall;
        }
        fragments.push(Fragment {
            offset: found.offset,
            header_bytes: found.header_bytes,
            size: found.size,
            base: found.base,
            end: found.end,
            wall: found.wall,
            wall_end: found.wall.plus_media(found.end - found.base),
            n_frames: found.n_frames,
            is_random_access: found.is_random_access,
        });
        (valid_bytes, sha256) = scanner.valid();
    }
    let (params, audio) = (scanner.params().clone(), scanner.audio().cloned());
    Ok(Some(ScannedFile { params, audio, fragments, valid_bytes, sha256 }))
}

/// Cuts the file after its last whole fragment, makes that durable, and gives its row. `None` when nothing in it can be
/// played. What is cut off, and a file that is given up, is set aside first; what finds no room stays behind the file's end.
pub(crate) fn salvage(
    dir: &Path,
    footage: &Footage,
    row: &SegmentRow,
    now: WallTime,
) -> Result<Option<Salvaged>, RecordError> {
    let (full, stream, path) = (dir.join(&row.path), &row.stream, &row.path);
    let torn = |from| Torn {
        disk: &row.disk,
        dir,
        footage,
        stream,
        path,
        span: span_behind(row, from, now),
        now,
        without_room: WithoutRoom::Stays,
    };
    forget_unfinished(dir, footage, row, now)?;
    let Some(mut scanned) = scan(&full)? else {
        torn(row.start_wall).keep_file()?;
        return Ok(None);
    };
    scanned.move_to(row.start_pts);
    let size = fs::metadata(&full).map_err(at(&full))?.len();
    let Some(closed) = scanned.close(row.id, SegmentState::Recovered) else {
        if size > scanned.valid_bytes {
            torn(row.start_wall).keep_file()?;
        }
        return Ok(None);
    };
    let tail = torn(closed.span.to);
    let stays = (tail.cut(scanned.valid_bytes)? == Tail::Stays).then_some(tail.span);
    if stays.is_some() {
        tracing::warn!(%stream, path, "there is no room to set a torn end aside: it stays in its file");
    }
    Ok(Some(Salvaged { closed, n_torn_bytes: size.saturating_sub(scanned.valid_bytes), stays }))
}

/// A file of which the whole fragments are kept.
pub(crate) struct Salvaged {
    pub(crate) closed: ClosedSegment,
    pub(crate) n_torn_bytes: u64,
    /// What is behind them is still there: when that was recorded.
    stays: Option<Span>,
}

impl Salvaged {
    /// What the index is to say of it.
    pub(crate) fn changes(self, now: WallTime) -> Vec<Change> {
        let id = self.closed.id;
        let left = self.stays.map(|span| Change::LeaveUncut { id, span, since: now });
        std::iter::once(Change::CloseSegment(self.closed)).chain(left).collect()
    }
}

/// What a crash left on one disk.
#[derive(Default)]
pub(crate) struct Left {
    /// The rows as they were, and what is kept.
    pub(crate) segments: Vec<(SegmentRow, RecoveredSegment)>,
    pub(crate) n_deleted: usize,
}

/// Brings disks and index into agreement after a crash. `disks` are those that can be read and written: what lies on
/// others stays as it is. The present of every stream that has no file to read back is a gap.
pub(crate) fn recover(
    disks: &[(&DiskName, &Path)],
    footage: &Footage,
    now: WallTime,
) -> Result<Recovery, RecordError> {
    let left = disks.iter().map(|(disk, dir)| recover_disk(disk, dir, footage, now, || ()));
    name_present(left.collect::<Result<_, _>>()?, footage, now)
}

/// The files of one disk. `step` is called before each of them.
pub(crate) fn recover_disk(
    disk: &DiskName,
    dir: &Path,
    footage: &Footage,
    now: WallTime,
    mut step: impl FnMut(),
) -> Result<Left, RecordError> {
    let mut left = Left::default();
    step();
    left.n_deleted += finish_deletions(disk, dir, footage)?;
    step();
    cut_uncut(disk, dir, footage, now, WithoutRoom::Stays)?;
    for row in open_on(disk, footage)? {
        step();
        let found = unless_unreadable(&row, recover_segment(dir, footage, &row, now))?;
        left.segments.extend(found.map(|found| (row, found)));
    }
    step();
    left.n_deleted += finish_deletions(disk, dir, footage)?;
    Ok(left)
}

/// The present of every stream is a gap, after the files of all disks that can be read.
pub(crate) fn name_present(
    left: Vec<Left>,
    footage: &Footage,
    now: WallTime,
) -> Result<Recovery, RecordError> {
    let mut recovery = Recovery::default();
    for Left { segments, n_deleted } in left {
        recovery.n_deleted += n_deleted;
        recovery.segments.extend(segments.into_iter().map(|(_, found)| found));
    }
    for stream in footage.streams()? {
        let recovered: Vec<WallTime> = recovery
            .segments
            .iter()
            .filter(|segment| segment.stream == stream)
            .filter_map(|segment| segment.span.map(|span| span.from))
            .collect();
        name_gaps(footage, &stream, &recovered, now)?;
    }
    if !recovery.segments.is_empty() {
        tracing::warn!(
            segments = recovery.segments.len(),
            "the last stop was not a clean one; open segments are closed"
        );
    }
    Ok(recovery)
}

fn open_on(disk: &DiskName, footage: &Footage) -> Result<Vec<SegmentRow>, FootageError> {
    let mut rows = footage.open_segments()?;
    rows.retain(|row| row.disk == *disk);
    Ok(rows)
}

/// One file that the disk does not give back is left to `check`: it must not keep all cameras from being recorded.
fn unless_unreadable(
    row: &SegmentRow,
    found: Result<RecoveredSegment, RecordError>,
) -> Result<Option<RecoveredSegment>, RecordError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error @ (RecordError::Volume(VolumeError::Io { .. }) | RecordError::Mp4(_))) => {
            tracing::error!(stream = %row.stream, path = row.path, %error, "an open file cannot be read back");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Unlinks what garbage names; what the disk does not let go of is tried again by retention.
fn finish_deletions(disk: &DiskName, dir: &Path, footage: &Footage) -> Result<usize, RecordError> {
    let (mut n, mut n_left) = (0, 0);
    for row in footage.garbage()?.into_iter().filter(|row| row.disk == *disk) {
        if let Err(error) = unlink(dir, &row.path) {
            if n_left == 0 {
                tracing::error!(%error, "a file cannot be deleted");
            }
            n_left += 1;
            continue;
        }
        footage.apply(vec![Change::Forget { path: row.path }])?;
        n += 1;
    }
    if n_left > 0 {
        tracing::error!(files = n_left, "files that are to be deleted are left");
    }
    Ok(n)
}

/// After the disk was away: what was being written when it went, but for `busy`, and the time that is lost of it. `step`
/// is called before each file.
pub(crate) fn recover_returned(
    disk: &DiskName,
    dir: &Path,
    footage: &Footage,
    busy: &[SegmentId],
    now: WallTime,
    mut step: impl FnMut(),
) -> Result<Recovery, RecordError> {
    step();
    let mut recovery = Recovery { n_deleted: finish_deletions(disk, dir, footage)?, ..Recovery::default() };
    step();
    cut_uncut(disk, dir, footage, now, WithoutRoom::Stays)?;
    for row in open_on(disk, footage)? {
        if !busy.contains(&row.id) {
            step();
            let found = recover_returned_segment(dir, footage, &row, now);
            recovery.segments.extend(unless_unreadable(&row, found)?);
        }
    }
    step();
    recovery.n_deleted += finish_deletions(disk, dir, footage)?;
    Ok(recovery)
}

/// One segment of it; the hole between its whole fragments and the gap row that was written when the disk went is named.
pub(crate) fn recover_returned_segment(
    dir: &Path,
    footage: &Footage,
    row: &SegmentRow,
    now: WallTime,
) -> Result<RecoveredSegment, RecordError> {
    let found = recover_segment(dir, footage, row, now)?;
    name_lost(footage, row, &found)?;
    Ok(found)
}

/// What the stream lost between a file that was read back only now and the gap that its present is.
pub(crate) fn name_lost(
    footage: &Footage,
    row: &SegmentRow,
    found: &RecoveredSegment,
) -> Result<(), RecordError> {
    if let Some(span) = found.span {
        // Where the disk was read-only at the start, the gap began before what was recorded last was known.
        footage.apply(vec![Change::CutGaps { stream: row.stream.clone(), span }])?;
    }
    if let Some(gap) = footage.open_gap(&row.stream)? {
        let from = found.span.map_or(row.start_wall, |span| span.from);
        let missing = holes(footage, &row.stream, Span { from, to: gap.from })?;
        let add =
            |span| Change::AddGap { stream: row.stream.clone(), gap: Gap { span, cause: GapCause::Disk } };
        footage.apply(missing.into_iter().map(add).collect())?;
    }
    Ok(())
}

fn recover_segment(
    dir: &Path,
    footage: &Footage,
    row: &SegmentRow,
    now: WallTime,
) -> Result<RecoveredSegment, RecordError> {
    let found = |span, n_torn_bytes| RecoveredSegment {
        stream: row.stream.clone(),
        path: row.path.clone(),
        span,
        n_torn_bytes,
    };
    match salvage(dir, footage, row, now)? {
        Some(salvaged) => {
            let (span, n_torn_bytes) = (salvaged.closed.span, salvaged.n_torn_bytes);
            footage.apply(salvaged.changes(now))?;
            Ok(found(Some(span), n_torn_bytes))
        }
        None => {
            footage.apply(vec![Change::Discard { id: row.id, since: now }])?;
            Ok(found(None, 0))
        }
    }
}

/// The stream's present is a gap, and so is every hole since the first of `recovered`, where the files begin that were
/// read back.
///
/// The present is where the file that was begun last ends: a clock that was ahead may have dated others after it.
fn name_gaps(
    footage: &Footage,
    stream: &StreamId,
    recovered: &[WallTime],
    now: WallTime,
) -> Result<(), RecordError> {
    let newest = footage.newest_segment(stream)?.and_then(|row| row.closed);
    let Some(present) = newest.map(|closed| closed.span.to) else { return Ok(()) };
    let mut changes = Vec::new();
    let open = footage.open_gap(stream)?.filter(|gap| {
        // Killed between the first fragment and the row that ends the gap.
        let resumed = recovered.iter().filter(|from| **from >= gap.from).min();
        changes.extend(resumed.map(|at| Change::EndGap { stream: stream.clone(), at: *at }));
        resumed.is_none()
    });
    if open.is_none() {
        let gaps = footage.gaps_in(stream, Span { from: present, to: WallTime(i64::MAX) })?;
        let ends = gaps.iter().filter_map(|gap| gap.to).filter(|end| *end <= now);
        let from = ends.fold(present, WallTime::max);
        changes.push(Change::BeginGap { stream: stream.clone(), from, cause: GapCause::Restart });
    }
    footage.apply(changes)?;
    if let (Some(&from), Some(gap)) = (recovered.iter().min(), footage.open_gap(stream)?) {
        let missing = holes(footage, stream, Span { from, to: gap.from })?;
        let add =
            |span| Change::AddGap { stream: stream.clone(), gap: Gap { span, cause: GapCause::Restart } };
        footage.apply(missing.into_iter().map(add).collect())?;
    }
    Ok(())
}
