//! One segment's file while it is being written: append, hash, finish. No decision about when belongs here.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
};

use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{ids::SegmentId, segment::Span};

use super::{
    table::{self, Fragment},
    volume::{Volume, VolumeError, at},
};
use crate::store::footage::{ClosedSegment, SegmentState};

/// A file that has at least its `ftyp` and `moov`.
pub(super) struct SegmentFile {
    pub(super) id: SegmentId,
    pub(super) path: String,
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
        let full = volume.dir().join(&path);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&full).map_err(at(&full))?;
        file.write_all(init).map_err(at(&full))?;
        volume.mark_dirty();
        let size = u64::try_from(init.len()).unwrap_or(u64::MAX);
        Ok(Self { id, path, file, hasher: Sha256::new_with_prefix(init), size, fragments: Vec::new() })
    }

    /// Where the next fragment will begin.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn fragments(&self) -> &[Fragment] {
        &self.fragments
    }

    /// Appends one fragment in one write. After an error the file ends where it ended before.
    pub(super) fn append(&mut self, volume: &Volume, bytes: &[u8], fragment: Fragment) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // What is half written would be cut off by recovery anyway; now is cheaper.
            self.file.set_len(self.size)?;
            return Err(error);
        }
        volume.mark_dirty();
        self.hasher.update(bytes);
        self.size += fragment.size;
        self.fragments.push(fragment);
        Ok(())
    }

    /// Syncs file and directory; the row may be closed now. `None` when nothing is in it.
    pub(super) fn finish(self, volume: &Volume) -> Result<Option<ClosedSegment>, VolumeError> {
        let full = volume.dir().join(&self.path);
        self.file.sync_all().map_err(at(&full))?;
        volume.sync_entry(&full)?;
        let size = self.size;
        let sha256 = self.hasher.finalize().into();
        Ok(closed(self.id, SegmentState::Closed, &self.fragments, size, sha256))
    }
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
