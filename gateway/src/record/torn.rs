//! Sets aside what a crash tore off a recorded file: the bytes stay, with a row, beside the file that goes on without
//! them. Whether a hold or an incident covers them may be learnt later, so all are set aside; retention deletes those
//! that nothing covers (`store::footage::torn`). Where there is no room for that, they stay behind the end of their file,
//! with a row, until there is.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use rustix::fs::statvfs;
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    ids::{DiskName, StreamId},
    segment::Span,
    time::WallTime,
};

use super::{
    RecordError,
    volume::{at, is_no_room, sync_dir},
};
use crate::store::footage::{Change, Footage, SegmentRow, TornRow, UncutRow};

/// Added to the name of the file that they were in.
pub(crate) const SUFFIX: &str = ".torn";
/// No segment is longer.
const LONGEST_MS: i64 = 3_600_000;

/// Bytes of a recorded file that nothing can play.
pub(crate) struct Torn<'a> {
    pub(crate) disk: &'a DiskName,
    /// The disk's folder.
    pub(crate) dir: &'a Path,
    pub(crate) footage: &'a Footage,
    pub(crate) stream: &'a StreamId,
    /// The file, below `dir`.
    pub(crate) path: &'a str,
    /// When they may have been recorded.
    pub(crate) span: Span,
    pub(crate) now: WallTime,
    pub(crate) without_room: WithoutRoom,
}

/// What becomes of bytes that are to be set aside and find no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithoutRoom {
    /// They stay: the incidents of the last minute may not be in the index yet.
    Stays,
    /// They are given up where no hold and no incident covers them: for whoever has learnt of all incidents.
    StaysIfCovered,
}

/// When the bytes behind `from` were recorded: `row` says how long the file was, or it was being written until now.
pub(crate) fn span_behind(row: &SegmentRow, from: WallTime, now: WallTime) -> Span {
    let longest = WallTime(row.start_wall.0.saturating_add(LONGEST_MS));
    let end = match &row.closed {
        Some(closed) => closed.span.to,
        // A clock that went back says nothing.
        None if now > from => now.min(longest),
        None => longest,
    };
    Span { from, to: end.max(WallTime(from.0.saturating_add(1))) }
}

/// What became of a torn end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// The file ends with its last whole fragment.
    Cut,
    /// There is no room for it elsewhere, and a hold or an incident covers it, or may cover it: the file is as it was.
    Stays,
}

impl Torn<'_> {
    /// Sets aside everything behind `valid_bytes`, then cuts the file there; all is durable when this returns.
    ///
    /// # Errors
    /// [`RecordError`] when index or disk fail. A disk without room is no error: see [`WithoutRoom`].
    pub(crate) fn cut(&self, valid_bytes: u64) -> Result<Tail, RecordError> {
        let tail = self.keep_tail(valid_bytes)?;
        let full = self.dir.join(self.path);
        let file = OpenOptions::new().write(true).open(&full).map_err(at(&full))?;
        if tail == Tail::Cut {
            file.set_len(valid_bytes).map_err(at(&full))?;
        }
        file.sync_all().map_err(at(&full))?;
        sync_dir(full.parent().unwrap_or(self.dir))?;
        Ok(tail)
    }

    /// [`Tail::Cut`]: the file may be cut.
    fn keep_tail(&self, valid_bytes: u64) -> Result<Tail, RecordError> {
        let full = self.dir.join(self.path);
        let Some(row) = self.row(valid_bytes)? else { return Ok(Tail::Cut) };
        if has_room(self.dir, row.bytes) {
            let target = self.dir.join(&row.path);
            // Row before file: no crash leaves a file that the index does not know.
            let (path, content) = (row.path.clone(), (row.bytes, row.sha256));
            self.footage.apply(vec![Change::SetAside(row)])?;
            let Err(error) = copy(&full, valid_bytes, &target, content) else {
                sync_dir(target.parent().unwrap_or(self.dir))?;
                return Ok(Tail::Cut);
            };
            self.footage.apply(give_up(self.disk, path, self.now))?;
            if !is_no_room(&error) {
                return Err(at(&target)(error).into());
            }
        }
        if self.without_room == WithoutRoom::Stays || self.footage.is_reserved(self.stream, self.span)? {
            return Ok(Tail::Stays);
        }
        tracing::warn!(path = self.path, "there is no room to set a torn end aside; nothing holds it");
        Ok(Tail::Cut)
    }

    /// Renames a file in which nothing can be played. One that is empty, or is not there, stays as it is.
    ///
    /// # Errors
    /// [`RecordError`] when index or disk fail.
    pub(crate) fn keep_file(&self) -> Result<(), RecordError> {
        let full = self.dir.join(self.path);
        let Some(row) = self.row(0)? else { return Ok(()) };
        let target = self.dir.join(&row.path);
        self.footage.apply(vec![Change::SetAside(row)])?;
        fs::rename(&full, &target).map_err(at(&target))?;
        sync_dir(target.parent().unwrap_or(self.dir))?;
        Ok(())
    }

    fn row(&self, from: u64) -> Result<Option<TornRow>, RecordError> {
        let full = self.dir.join(self.path);
        let Some((bytes, sha256)) = read(&full, from).map_err(at(&full))? else { return Ok(None) };
        let row = |path| TornRow {
            disk: self.disk.clone(),
            path,
            stream: self.stream.clone(),
            span: self.span,
            bytes,
            sha256,
            since: self.now,
        };
        let known = self.footage.torn()?;
        for n in 1.. {
            let path = if n == 1 { self.path.to_owned() } else { format!("{}.{n}", self.path) } + SUFFIX;
            // The same bytes again: a crash came between the copy and the cut.
            let is_again =
                known.iter().any(|row| row.path == path && row.sha256 == sha256 && row.bytes == bytes);
            if is_again || !self.footage.knows_file(self.disk, &path)? {
                return Ok(Some(row(path)));
            }
        }
        Ok(None)
    }
}

/// What stayed in the files of `disk` for want of room is set aside where there is some now; the files are cut. Not for
/// two threads at a time, see `Volume::cutting`.
///
/// # Errors
/// [`RecordError::Index`]. One file that the disk does not give back keeps no other.
pub(crate) fn cut_uncut(
    disk: &DiskName,
    dir: &Path,
    footage: &Footage,
    now: WallTime,
    without_room: WithoutRoom,
) -> Result<(), RecordError> {
    for row in footage.uncut()?.into_iter().filter(|row| row.disk == *disk) {
        let UncutRow { segment: id, path, stream, valid_bytes, span, .. } = row;
        let torn = Torn { disk, dir, footage, stream: &stream, path: &path, span, now, without_room };
        match torn.cut(valid_bytes) {
            Ok(Tail::Cut) => {
                footage.apply(vec![Change::NoteCut { id }])?;
            }
            Ok(Tail::Stays) => {}
            Err(error @ RecordError::Index(_)) => return Err(error),
            Err(error) => tracing::error!(path, %error, "a torn end cannot be set aside; it is tried again"),
        }
    }
    Ok(())
}

/// When the disk does not say, the attempt will.
fn has_room(dir: &Path, bytes: u64) -> bool {
    statvfs(dir).map_or(true, |found| found.f_bavail.saturating_mul(found.f_frsize) >= bytes)
}

/// Of a file that was being written until the service died: what a former attempt to bring it into order began to set
/// aside, and a power cut undid, is forgotten.
///
/// # Errors
/// [`RecordError`] when index or disk fail.
pub(crate) fn forget_unfinished(
    dir: &Path,
    footage: &Footage,
    row: &SegmentRow,
    now: WallTime,
) -> Result<(), RecordError> {
    if row.closed.is_some() {
        return Ok(());
    }
    for torn in footage.torn()?.into_iter().filter(|torn| torn.path.starts_with(&row.path)) {
        let full = dir.join(&torn.path);
        if read(&full, 0).map_err(at(&full))? != Some((torn.bytes, torn.sha256)) {
            footage.apply(give_up(&row.disk, torn.path, now))?;
        }
    }
    Ok(())
}

/// The row goes, and the file, as far as there is one, becomes garbage.
fn give_up(disk: &DiskName, path: String, now: WallTime) -> Vec<Change> {
    vec![
        Change::ForgetTorn { path: path.clone() },
        Change::DiscardFile { disk: disk.clone(), path, since: now },
    ]
}

/// Length and SHA-256 from `offset` on; `None` when nothing is there but the zeros that a power cut leaves.
fn read(path: &Path, offset: u64) -> io::Result<Option<(u64, [u8; 32])>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    file.seek(SeekFrom::Start(offset))?;
    let (mut hasher, mut bytes, mut is_zero) = (Sha256::new(), 0, true);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((!is_zero).then(|| (bytes, hasher.finalize().into()))),
            n => {
                let read = &buffer[..n];
                is_zero &= read.iter().all(|byte| *byte == 0);
                hasher.update(read);
                bytes += u64::try_from(n).unwrap_or(0);
            }
        }
    }
}

/// Copies everything from `offset` on, which is `content`: length and SHA-256. What was copied half before is overwritten,
/// what is there whole stays. The caller cuts off only what has been read back from the copy.
pub(super) fn copy(from: &Path, offset: u64, to: &Path, content: (u64, [u8; 32])) -> io::Result<()> {
    if read(to, 0)? == Some(content) {
        return File::open(to)?.sync_all();
    }
    let mut source = File::open(from)?;
    source.seek(SeekFrom::Start(offset))?;
    let mut target = OpenOptions::new().write(true).create(true).truncate(true).open(to)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            n => target.write_all(&buffer[..n])?,
        }
    }
    target.sync_all()?;
    if read(to, 0)? == Some(content) {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a torn end is not the same in its copy"))
    }
}
