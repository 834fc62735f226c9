//! What the audit can find: a closed set, each with a sentence that names the camera, the file and what to do.

use std::fmt;

use jiff::tz::TimeZone;
use sharpeyes_domain::{
    ids::{DiskName, SegmentId, StreamId},
    segment::Span,
    time::WallTime,
};

use crate::clock::local_text;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SQLite's own check complains.
    Database {
        /// Its line.
        line: String,
    },
    /// A row of the index cannot be read, and its file cannot be played.
    Row {
        /// Which.
        id: SegmentId,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk is not the one that the index describes.
    Identity {
        /// Which way, and what to do.
        reason: String,
    },
    /// A file was being written when the service died.
    LeftOpen {
        /// Whose.
        stream: StreamId,
        /// Below the media directory.
        path: String,
    },
    /// A deletion was not finished.
    Undeleted {
        /// Below the media directory.
        path: String,
    },
    /// A row without its file.
    Missing {
        /// The row.
        id: SegmentId,
        /// Whose.
        stream: StreamId,
        /// Below the media directory.
        path: String,
        /// What it held.
        span: Span,
    },
    /// A file of another length than its row.
    Size {
        /// The row.
        id: SegmentId,
        /// Whose.
        stream: StreamId,
        /// Below the media directory.
        path: String,
        /// By the row.
        expected: u64,
        /// On the disk.
        found: u64,
    },
    /// A file whose content has changed.
    Hash {
        /// The row.
        id: SegmentId,
        /// Whose.
        stream: StreamId,
        /// Below the media directory.
        path: String,
    },
    /// A fragment table that contradicts itself or its row.
    Table {
        /// The row.
        id: SegmentId,
        /// Whose.
        stream: StreamId,
        /// Below the media directory.
        path: String,
    },
    /// A recorded file without a row.
    Orphan {
        /// Whose, by its directory.
        stream: StreamId,
        /// Where it lies.
        disk: DiskName,
        /// Below the disk's media directory.
        path: String,
    },
    /// A file that the recorder never made.
    Stranger {
        /// Below the media directory.
        path: String,
    },
    /// Bytes that were set aside are not what was set aside.
    Torn {
        /// Whose.
        stream: StreamId,
        /// Below the media directory.
        path: String,
        /// Bytes, by the row.
        expected: u64,
        /// On the disk; `None`: the file is gone.
        found: Option<u64>,
    },
    /// Missing recording without a cause.
    Unexplained {
        /// Whose.
        stream: StreamId,
        /// What is missing.
        span: Span,
    },
    /// A gap row says of what is recorded that it is missing.
    Overlap {
        /// Whose.
        stream: StreamId,
        /// Of the gap row.
        span: Span,
    },
    /// Recording ended without a cause.
    EndUnexplained {
        /// Whose.
        stream: StreamId,
        /// When.
        from: WallTime,
    },
}

impl Fault {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Database { .. } | Self::Row { .. } => {
                "stop the gateway, keep a copy of footage.db, and restore its last backup"
            }
            Self::Identity { .. } => "mount the right disk, then check again",
            Self::LeftOpen { .. } | Self::Undeleted { .. } => {
                "nothing: the next start does it, or --repair now"
            }
            Self::Missing { .. } => {
                "bring the file back from a backup, or use --repair to note the loss as a gap"
            }
            Self::Size { .. } => "--repair keeps its whole fragments and notes the loss as a gap",
            Self::Hash { .. } => "do not use it as evidence; test the disk; restore the file from a backup",
            Self::Table { .. } => "--repair reads the table from the file again",
            Self::Orphan { .. } => {
                "--repair takes it into the index, or deletes it when nothing in it can be played"
            }
            Self::Stranger { .. } => "move it elsewhere: the media directory is the recorder's alone",
            Self::Torn { found: None, .. } => {
                "bring the file back from a backup, or use --repair to strike it off the list"
            }
            Self::Torn { found: Some(_), .. } => "do not use it as evidence; restore the file from a backup",
            Self::Overlap { .. } => "--repair cuts the gap row to what is missing",
            Self::Unexplained { .. } | Self::EndUnexplained { .. } => "--repair writes a gap row",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = |wall: WallTime| local_text(wall, &TimeZone::UTC);
        match self {
            Self::Database { line } => write!(f, "database footage.db: {line}"),
            Self::Identity { reason } => f.write_str(reason),
            Self::Row { id, reason } => write!(f, "row {id} of the footage index is damaged: {reason}"),
            Self::LeftOpen { stream, path } => {
                write!(f, "{stream}: {path} was being written when the gateway died")
            }
            Self::Undeleted { path } => write!(f, "{path}: its deletion was not finished"),
            Self::Missing { stream, path, span, .. } => {
                write!(f, "{stream}: {path} is gone, and with it {} to {}", utc(span.from), utc(span.to))
            }
            Self::Size { stream, path, expected, found, .. } => {
                write!(f, "{stream}: {path} has {found} bytes where the index says {expected}")
            }
            Self::Hash { stream, path, .. } => {
                write!(f, "{stream}: {path} is not what was recorded, its SHA-256 has changed")
            }
            Self::Table { stream, path, .. } => {
                write!(f, "{stream}: the fragment table of {path} is damaged, no clip can be made of it")
            }
            Self::Orphan { stream, path, .. } => write!(f, "{stream}: {path} is in no index"),
            Self::Stranger { path } => write!(f, "{path} was not made by the recorder"),
            Self::Torn { stream, path, expected, found } => {
                let found = found.unwrap_or(0);
                write!(f, "{stream}: {path} was set aside with {expected} bytes and has {found}")
            }
            Self::Unexplained { stream, span } => {
                write!(f, "{stream}: {} to {} is neither recorded nor a gap", utc(span.from), utc(span.to))
            }
            Self::Overlap { stream, span } => {
                let (from, to) = (utc(span.from), utc(span.to));
                write!(f, "{stream}: the gap row of {from} to {to} lies over what is recorded")
            }
            Self::EndUnexplained { stream, from } => {
                write!(f, "{stream}: recording ended at {} without a gap row", utc(*from))
            }
        }?;
        write!(f, " (remedy: {})", self.remedy())
    }
}
