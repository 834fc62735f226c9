//! One segment's file while it is being written: append, hash, finish. No decision about when belongs here.

use std::{
    fs::File,
    io::{self, IoSlice, Write as _},
    path::Path,
    sync::Arc,
};

use rustix::fs::{Advice, fadvise};
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{ids::SegmentId, segment::Span};

use super::{
    table::{self, Fragment},
    volume::{Mount, Volume, VolumeError, at, is_no_room},
};
use crate::store::footage::{ClosedSegment, SegmentState};

/// What Linux takes in one call (`IOV_MAX`).
const MAX_SLICES: usize = 1024;

/// A file that has at least its `ftyp` and `moov`.
pub(super) struct SegmentFile {
    pub(super) id: SegmentId,
    pub(super) path: String,
    /// Where it lies: the disk may be another one by now.
    mount: Arc<Mount>,
    file: File,
    hasher: Sha256,
    size: u64,
    fragments: Vec<Fragment>,
}

impl SegmentFile {
    /// Creates a new file, never an existing one, and writes its head.
    pub(super) fn create(
        volume: &Volume,
        path: String,
        id: SegmentId,
        init: &[u8],
    ) -> Result<Self, VolumeError> {
        let mount = volume.ensure_usable()?;
        let failed = |source| noted(volume, VolumeError::Io { path: volume.dir().join(&path), source });
        let mut file = mount.create(&path).map_err(failed)?;
        file.write_all(init).map_err(failed)?;
        let size = u64::try_from(init.len()).unwrap_or(u64::MAX);
        volume.mark_written(size);
        Ok(Self { id, path, mount, file, hasher: Sha256::new_with_prefix(init), size, fragments: Vec::new() })
    }

    /// Where the next fragment will begin.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn fragments(&self) -> &[Fragment] {
        &self.fragments
    }

    /// Appends one fragment in one write, from where its pieces lie. After an error the file ends where it ended before.
    pub(super) fn append<'a>(
        &mut self,
        volume: &Volume,
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
        fragment: Fragment,
    ) -> Result<(), VolumeError> {
        if !Arc::ptr_eq(&volume.ensure_usable()?, &self.mount) {
            return Err(VolumeError::Changed { dir: volume.dir().to_owned() });
        }
        let failed = |source| noted(volume, VolumeError::Io { path: volume.dir().join(&self.path), source });
        if let Err(error) = write_all(&mut self.file, pieces.clone()) {
            // What is half written would be cut off by recovery anyway; now is cheaper.
            self.file.set_len(self.size).map_err(failed)?;
            return Err(failed(error));
        }
        volume.mark_written(fragment.size);
        pieces.for_each(|piece| self.hasher.update(piece));
        self.size += fragment.size;
        self.fragments.push(fragment);
        Ok(())
    }

    /// Syncs file and directory; the row may be closed now. `None` when nothing is in it.
    ///
    /// After a failed fsync the pages are gone and a second one would lie, so nothing more is written to that mount; but
    /// for want of room: then this file is read back from the disk, and the next is written when there is room.
    pub(super) fn finish(self, volume: &Volume) -> Result<Option<ClosedSegment>, VolumeError> {
        let parent = Path::new(&self.path).parent().unwrap_or(Path::new(""));
        self.file.sync_all().and_then(|()| self.mount.sync_dir(parent)).map_err(|source| {
            if !is_no_room(&source) {
                self.mount.fail();
            } else if let Err(error) = fadvise(&self.file, 0, None, Advice::DontNeed) {
                // What is read back would come from memory, not from the disk.
                tracing::warn!(%error, path = self.path, "the system's copy of a file cannot be dropped");
                self.mount.fail();
            }
            noted(volume, at(&volume.dir().join(&self.path))(source))
        })?;
        let size = self.size;
        let sha256 = self.hasher.finalize().into();
        Ok(closed(self.id, SegmentState::Closed, &self.fragments, size, sha256))
    }
}

/// One `writev`, unless the system takes it in parts.
fn write_all<'a>(file: &mut File, pieces: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.filter(|piece| !piece.is_empty()).map(IoSlice::new).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match file.write_vectored(&rest[..rest.len().min(MAX_SLICES)]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut rest, n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn noted(volume: &Volume, error: VolumeError) -> VolumeError {
    volume.note(&error);
    error
}

/// The row of a complete file; `None` when it has no fragment.
pub(crate) fn closed(
    id: SegmentId,
    state: SegmentState,
    fragments: &[Fragment],
    size_bytes: u64,
    sha256: [u8; 32],
) -> Option<ClosedSegment> {
    let (first, last) = (fragments.first()?, fragments.last()?);
    Some(ClosedSegment {
        id,
        state,
        span: Span { from: first.wall, to: last.wall_end },
        start_pts: first.base,
        end_pts: last.end,
        size_bytes,
        sha256,
        n_frames: fragments.iter().map(|fragment| fragment.n_frames).sum(),
        fragments: table::encode(fragments)?,
    })
}
