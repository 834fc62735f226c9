//! `sharpeyes check`: database, index, files and their agreement. Reads only, unless told to repair.
//!
//! It uses what recording uses (`record`, `store::footage`) and knows no camera, network or account. While a gateway
//! runs it may be used too: files that are being written are then left out, and nothing can be repaired.

mod fault;
mod repair;

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    ids::{CameraId, DiskName, SegmentId, StreamId, StreamKind},
    segment::Span,
    time::WallTime,
};

pub use fault::Fault;

use crate::{
    clock::local_text,
    record::{
        RecordError, holes,
        table::{self, Origin},
        torn,
        volume::{self, IDENTITY_FILE, Verified, VolumeError},
    },
    store::footage::{Footage, FootageError, SegmentRow, TornRow, UncutRow},
};

/// Rows read at a time.
const PAGE: usize = 512;
/// Coverage is looked at in windows of this length, so that a month of rows is never in memory at once.
const WINDOW_MS: i64 = 6 * 3_600_000;

/// Whether every file is read to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashing {
    /// Presence, size and index only.
    Skip,
    /// SHA-256 of every file as well: hours for a full disk.
    Full,
}

/// Whether anything may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Look only.
    ReadOnly,
    /// Repair what can be repaired without guessing; needs the gateway to be stopped.
    Repair,
}

/// What to look at, and how.
#[derive(Clone)]
pub struct Audit {
    /// Where the recorded files are: each disk's folder.
    pub disks: Vec<(DiskName, PathBuf)>,
    /// The index.
    pub footage: Footage,
    /// How deep.
    pub hashing: Hashing,
    /// Whether to repair.
    pub mode: Mode,
    /// The present, for rows that a repair writes.
    pub now: WallTime,
}

/// Why the audit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Repairing beside a running gateway would be damage.
    #[error("the gateway is running: stop it before repairing (looking alone is possible at any time)")]
    Running,
    /// Disk or index failed on the way.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<FootageError> for CheckError {
    fn from(error: FootageError) -> Self {
        Self::Record(error.into())
    }
}

impl From<VolumeError> for CheckError {
    fn from(error: VolumeError) -> Self {
        Self::Record(error.into())
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments looked at.
    pub n_segments: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// Streams looked at.
    pub n_streams: usize,
    /// What a crash tore off and is kept because a hold or an incident may cover it. No fault.
    pub torn: Vec<TornRow>,
    /// Files that still have such bytes behind their end, because there was no room to set them aside. No fault.
    pub uncut: Vec<UncutRow>,
    /// A gateway was recording meanwhile; its open files were left out.
    pub is_running: bool,
    /// Faults that remain.
    pub faults: Vec<Fault>,
    /// Faults that were repaired.
    pub repaired: Vec<Fault>,
}

impl Report {
    /// Nothing is wrong (any more).
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = |wall: WallTime| local_text(wall, &TimeZone::UTC);
        for fault in &self.repaired {
            writeln!(f, "repaired  {fault}")?;
        }
        for fault in &self.faults {
            writeln!(f, "FAULT     {fault}")?;
            writeln!(f, "remedy    {}", fault.remedy())?;
        }
        for TornRow { path, stream, span, bytes, .. } in &self.torn {
            writeln!(
                f,
                "set aside {stream}: {path}, {bytes} torn bytes of {} to {}: deleted when no hold and no incident covers them",
                utc(span.from),
                utc(span.to)
            )?;
        }
        for UncutRow { path, stream, span, valid_bytes, .. } in &self.uncut {
            writeln!(
                f,
                "not cut   {stream}: {path}, torn bytes of {} to {} lie behind its {valid_bytes}: they are set aside when the disk has room",
                utc(span.from),
                utc(span.to)
            )?;
        }
        let running =
            if self.is_running { " (the gateway is running: open files were left out)" } else { "" };
        write!(
            f,
            "recordings: {} segments of {} streams, {} MiB, {} faults{running}",
            self.n_segments,
            self.n_streams,
            self.n_bytes >> 20,
            self.faults.len()
        )
    }
}

/// Looks at everything, and repairs when told to.
///
/// # Errors
/// [`CheckError::Running`] when a repair was asked for beside a running gateway; [`CheckError::Record`] when the disk
/// or the index cannot be read.
pub fn audit(audit: &Audit) -> Result<Report, CheckError> {
    let mut report = Report::default();
    for line in audit.footage.integrity()? {
        report.faults.push(Fault::Database { line });
    }
    let audit = &Audit { disks: sound_disks(audit, &mut report)?, ..audit.clone() };
    if audit.disks.is_empty() {
        return Ok(report);
    }
    // Held until the end, so that no gateway starts meanwhile.
    let mut identities = Vec::new();
    for (_, dir) in &audit.disks {
        let path = dir.join(IDENTITY_FILE);
        let identity = File::open(&path).map_err(volume::at(&path))?;
        match volume::lock(&identity, dir) {
            Ok(()) => {}
            Err(VolumeError::InUse { .. }) => report.is_running = true,
            Err(error) => return Err(error.into()),
        }
        identities.push(identity);
    }
    match audit.mode {
        Mode::ReadOnly => {
            let found = look(audit, &mut report)?;
            report.faults.extend(found);
        }
        Mode::Repair if report.is_running => return Err(CheckError::Running),
        Mode::Repair => {
            let before = look(audit, &mut report)?;
            repair::repair(audit, &before)?;
            let mut counts = Report { is_running: false, ..Report::default() };
            let after = look(audit, &mut counts)?;
            (report.torn, report.uncut) = (counts.torn, counts.uncut);
            report.repaired = before.into_iter().filter(|fault| !after.contains(fault)).collect();
            report.faults.extend(after);
        }
    }
    Ok(report)
}

/// Those that are what the index describes; the others are faults, and what lies on them is not looked at.
fn sound_disks(audit: &Audit, report: &mut Report) -> Result<Vec<(DiskName, PathBuf)>, CheckError> {
    let mut sound = Vec::new();
    for (name, dir) in &audit.disks {
        match volume::verify(name, dir, &audit.footage) {
            Ok(Verified::Match { .. }) => sound.push((name.clone(), dir.clone())),
            // Nothing was ever recorded there.
            Ok(Verified::New { .. }) => {}
            Err(
                error @ (VolumeError::Missing { .. }
                | VolumeError::Mismatch { .. }
                | VolumeError::Unknown { .. }
                | VolumeError::Renamed { .. }
                | VolumeError::NotEmpty { .. }
                | VolumeError::Damaged { .. }),
            ) => report.faults.push(Fault::Identity { reason: error.to_string() }),
            Err(error) => return Err(error.into()),
        }
    }
    for known in audit.footage.disks()? {
        if audit.disks.iter().all(|(name, _)| *name != known.name) {
            let reason = format!("[storage] does not name the disk `{}`, on which footage lies", known.name);
            report.faults.push(Fault::Identity { reason });
        }
    }
    Ok(sound)
}

impl Audit {
    /// Where a file lies; `None` when its disk is not looked at.
    fn path(&self, disk: &DiskName, path: &str) -> Option<PathBuf> {
        self.dir(disk).map(|dir| dir.join(path))
    }

    fn dir(&self, disk: &DiskName) -> Option<&Path> {
        self.disks.iter().find(|(name, _)| name == disk).map(|(_, dir)| dir.as_path())
    }
}

fn look(audit: &Audit, report: &mut Report) -> Result<Vec<Fault>, CheckError> {
    let mut faults = Vec::new();
    (report.n_segments, report.n_bytes) = (0, 0);
    if !report.is_running {
        let is_there = |disk: &DiskName| audit.dir(disk).is_some();
        for row in audit.footage.open_segments()?.into_iter().filter(|row| is_there(&row.disk)) {
            faults.push(Fault::LeftOpen { stream: row.stream, path: row.path });
        }
        let garbage = audit.footage.garbage()?.into_iter().filter(|row| is_there(&row.disk));
        faults.extend(garbage.map(|row| Fault::Undeleted { path: row.path }));
    }
    let mut after = SegmentId(0);
    loop {
        let rows = audit.footage.segments_after(after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in &rows {
            let (Some(closed), Some(_)) = (&row.closed, audit.dir(&row.disk)) else { continue };
            report.n_segments += 1;
            report.n_bytes += closed.size_bytes;
            faults.extend(look_at_segment(audit, row)?);
        }
    }
    let damaged = audit.footage.damaged_segments()?;
    faults.extend(damaged.into_iter().map(|(id, reason)| Fault::Row { id, reason }));
    report.uncut = audit.footage.uncut()?;
    report.torn = audit.footage.torn()?;
    for row in &report.torn {
        faults.extend(look_at_torn(audit, row)?);
    }
    for (disk, dir) in &audit.disks {
        look_for_strangers(audit, disk, dir, &mut faults)?;
    }
    let streams = audit.footage.streams()?;
    report.n_streams = streams.len();
    for stream in &streams {
        look_at_coverage(audit, stream, report.is_running, &mut faults)?;
    }
    Ok(faults)
}

fn look_at_segment(audit: &Audit, row: &SegmentRow) -> Result<Option<Fault>, CheckError> {
    let Some(closed) = &row.closed else { return Ok(None) };
    let Some(path) = audit.path(&row.disk, &row.path) else { return Ok(None) };
    let (id, stream) = (row.id, row.stream.clone());
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Retention may have deleted it since its row was read.
            let is_known = audit.footage.segment(row.id)?.is_some();
            return Ok(is_known.then(|| Fault::Missing {
                id,
                stream,
                path: row.path.clone(),
                span: closed.span,
            }));
        }
        Err(error) => return Err(volume::at(&path)(error).into()),
    };
    if size != closed.size_bytes && !is_uncut(audit, row.id, &path, closed.size_bytes, size)? {
        let (expected, found) = (closed.size_bytes, size);
        return Ok(Some(Fault::Size { id, stream, path: row.path.clone(), expected, found }));
    }
    let origin = Origin { base: closed.start_pts, wall: closed.span.from };
    let is_table_sound = table::decode(&closed.fragments, origin).is_ok_and(|fragments| {
        let n_frames: u32 = fragments.iter().map(|fragment| fragment.n_frames).sum();
        let rises =
            fragments.iter().all(|f| f.end > f.base && f.n_frames > 0 && u64::from(f.header_bytes) < f.size);
        rises
            && fragments.first().is_some_and(|first| first.is_random_access)
            && n_frames == closed.n_frames
            && fragments.last().is_some_and(|last| {
                last.offset + last.size == closed.size_bytes
                    && last.end == closed.end_pts
                    && last.wall_end == closed.span.to
            })
    });
    if !is_table_sound {
        return Ok(Some(Fault::Table { id, stream, path: row.path.clone() }));
    }
    match audit.hashing {
        Hashing::Skip => Ok(None),
        Hashing::Full => {
            let found = sha256_of(&path, closed.size_bytes)?;
            // Retention may have deleted it while it was read, or before.
            let is_gone = found.is_none() && audit.footage.segment(row.id)?.is_none();
            let is_same = is_gone || found == Some(closed.sha256);
            Ok((!is_same).then(|| Fault::Hash { id, stream, path: row.path.clone() }))
        }
    }
}

/// Whether the file is longer than its row because what was torn off it found no room, or was cut since it was looked at.
fn is_uncut(
    audit: &Audit,
    id: SegmentId,
    path: &Path,
    expected: u64,
    found: u64,
) -> Result<bool, CheckError> {
    if found < expected {
        return Ok(false);
    }
    let is_known = audit.footage.uncut()?.iter().any(|row| row.segment == id);
    Ok(is_known || fs::metadata(path).is_ok_and(|now| now.len() == expected))
}

fn look_at_torn(audit: &Audit, row: &TornRow) -> Result<Option<Fault>, CheckError> {
    let Some(path) = audit.path(&row.disk, &row.path) else { return Ok(None) };
    let found = match fs::metadata(&path) {
        Ok(metadata) => Some(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(volume::at(&path)(error).into()),
    };
    let is_same = found == Some(row.bytes)
        && (audit.hashing == Hashing::Skip || sha256_of(&path, row.bytes)? == Some(row.sha256));
    // Retention may have deleted it since its row was read.
    if is_same || !audit.footage.torn()?.contains(row) {
        return Ok(None);
    }
    let (stream, path) = (row.stream.clone(), row.path.clone());
    Ok(Some(Fault::Torn { stream, path, expected: row.bytes, found }))
}

/// Files that no row names.
fn look_for_strangers(
    audit: &Audit,
    disk: &DiskName,
    media_dir: &Path,
    faults: &mut Vec<Fault>,
) -> Result<(), CheckError> {
    let mut waiting = vec![PathBuf::new()];
    while let Some(relative) = waiting.pop() {
        let dir = media_dir.join(&relative);
        for entry in fs::read_dir(&dir).map_err(volume::at(&dir))? {
            let entry = entry.map_err(volume::at(&dir))?;
            let path = relative.join(entry.file_name());
            if entry.file_type().map_err(volume::at(&dir))?.is_dir() {
                if path != Path::new("lost+found") {
                    waiting.push(path);
                }
                continue;
            }
            faults.extend(look_at_file(audit, disk, media_dir, &path)?);
        }
    }
    Ok(())
}

/// A file that was listed, below the disk's folder.
fn look_at_file(
    audit: &Audit,
    disk: &DiskName,
    media_dir: &Path,
    path: &Path,
) -> Result<Option<Fault>, CheckError> {
    if path == Path::new(IDENTITY_FILE) {
        return Ok(None);
    }
    let (stream, name) = (stream_of(path), path.to_string_lossy().into_owned());
    let is_ours = stream.is_some() || name.ends_with(torn::SUFFIX);
    // A row may have gone, and its file with it, between the two looks.
    if is_ours && (audit.footage.knows_file(disk, &name)? || !media_dir.join(path).exists()) {
        return Ok(None);
    }
    Ok(Some(match stream {
        Some(stream) => Fault::Orphan { stream, disk: disk.clone(), path: name },
        None => Fault::Stranger { path: name },
    }))
}

/// The stream whose files lie here; `None` when the recorder makes no such path.
fn stream_of(path: &Path) -> Option<StreamId> {
    let parts: Vec<&str> = path.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
    let [camera, kind, file] = parts.as_slice() else { return None };
    let kind = [StreamKind::Main, StreamKind::Sub].into_iter().find(|known| known.as_str() == *kind)?;
    file.strip_suffix(".mp4")?;
    Some(StreamId { camera: CameraId::new(camera).ok()?, kind })
}

/// Every instant from the first picture on is in a segment or in a gap row, and in no gap row that has ended when it is
/// in a segment.
fn look_at_coverage(
    audit: &Audit,
    stream: &StreamId,
    is_running: bool,
    faults: &mut Vec<Fault>,
) -> Result<(), CheckError> {
    let Some(whole) = audit.footage.footage_span(stream)? else { return Ok(()) };
    let mut found: BTreeMap<WallTime, WallTime> = BTreeMap::new();
    let mut from = whole.from;
    while from < whole.to {
        let to = whole.to.min(WallTime(from.0.saturating_add(WINDOW_MS)));
        // A clock that once said 1970 leaves a gap of decades: it is passed in one step.
        let here = Span { from, to: WallTime(from.0.saturating_add(1)) };
        let ends = audit.footage.gaps_in(stream, here)?.into_iter().map(|gap| gap.to.unwrap_or(whole.to));
        if let Some(end) = ends.max().filter(|end| *end > to) {
            from = end;
            continue;
        }
        let (mut missing, mut next) = (holes(&audit.footage, stream, Span { from, to })?, to);
        // To a time that is damaged it may be thousands of years in which there is nothing.
        if let [hole] = missing.as_mut_slice()
            && *hole == (Span { from, to })
        {
            next = audit.footage.next_start(stream, to)?.map_or(whole.to, |start| start.min(whole.to));
            hole.to = next;
        }
        for hole in missing {
            match found.last_entry() {
                Some(mut last) if *last.get() == hole.from => *last.get_mut() = hole.to,
                Some(_) | None => drop(found.insert(hole.from, hole.to)),
            }
        }
        from = next;
    }
    let hole = |(from, to)| Fault::Unexplained { stream: stream.clone(), span: Span { from, to } };
    faults.extend(found.into_iter().map(hole));
    for gap in audit.footage.gaps_over_footage(stream)? {
        let span = Span { from: gap.from, to: gap.to.unwrap_or(gap.from) };
        faults.push(Fault::Overlap { stream: stream.clone(), span });
    }
    if !is_running && audit.footage.open_gap(stream)?.is_none() {
        faults.push(Fault::EndUnexplained { stream: stream.clone(), from: whole.to });
    }
    Ok(())
}

/// Of its first `bytes`; `None` when there is no such file (any more).
fn sha256_of(path: &Path, bytes: u64) -> Result<Option<[u8; 32]>, VolumeError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(volume::at(path))?.take(bytes),
    };
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(volume::at(path))? {
            0 => return Ok(Some(hasher.finalize().into())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests;
