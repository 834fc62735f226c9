//! Why a disk cannot be recorded to, each with what to do about it.

use std::{io, path::PathBuf};

use sharpeyes_domain::ids::DiskName;

use super::{IDENTITY_FILE, READ_ONLY};
use crate::store::footage::FootageError;

/// Why a directory cannot be recorded to.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// The index knows a disk, and this directory is not it.
    #[error(
        "{dir} has no {IDENTITY_FILE}, but the index knows footage on disk {expected}: \
         the disk is probably not mounted. Mount it, or, if it is lost, give an empty disk another name in [storage]"
    )]
    Missing {
        /// The media directory.
        dir: PathBuf,
        /// The uuid that the index expects.
        expected: String,
    },
    /// Another disk is mounted here.
    #[error(
        "{dir} is disk {found}, but the index describes disk {expected}: \
         mount the right disk, or use the footage.db that belongs to this one"
    )]
    Mismatch {
        /// The media directory.
        dir: PathBuf,
        /// The uuid that the index expects.
        expected: String,
        /// The uuid on the disk.
        found: String,
    },
    /// The disk has footage of some index, and this one is new.
    #[error(
        "{dir} is disk {found}, which belongs to another footage.db: bring that file back, \
         or name an empty media directory"
    )]
    Unknown {
        /// The media directory.
        dir: PathBuf,
        /// The uuid on the disk.
        found: String,
    },
    /// The index knows this disk by another name.
    #[error("{dir} is the disk that the index knows as `{known}`: call it so in [storage], not `{name}`")]
    Renamed {
        /// The media directory.
        dir: PathBuf,
        /// In the index.
        known: DiskName,
        /// In the site file.
        name: DiskName,
    },
    /// Neither disk nor index has an identity, yet there are files.
    #[error(
        "{dir} is not empty and has no {IDENTITY_FILE}: name an empty media directory for the first start"
    )]
    NotEmpty {
        /// The media directory.
        dir: PathBuf,
    },
    /// The identity file cannot be read.
    #[error("{path} is damaged: {source}. Restore it from the uuid that `sharpeyes check` prints")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: serde_json::Error,
    },
    /// Somebody else records there.
    #[error("{dir} is in use by another running gateway (or a check with --repair): stop it first")]
    InUse {
        /// The media directory.
        dir: PathBuf,
    },
    /// The disk under a running recorder is another one now, or gone.
    #[error("{dir} is no longer the disk that recording began on: it was unmounted or replaced")]
    Changed {
        /// The media directory.
        dir: PathBuf,
    },
    /// A sync failed earlier: what was written since the last good one may be lost, so nothing more is written.
    #[error(
        "{dir}: the disk failed, recording there has stopped. Check it (dmesg, smartctl, fsck), then unmount and mount \
         it, or restart the gateway"
    )]
    Failed {
        /// The media directory.
        dir: PathBuf,
    },
    /// Nobody may write.
    #[error("{dir}: {READ_ONLY}")]
    ReadOnly {
        /// The media directory.
        dir: PathBuf,
    },
    /// There is no room, and nothing that may be deleted.
    #[error("{dir}: {cause}. Release holds, or add space")]
    Full {
        /// The media directory.
        dir: PathBuf,
        /// What is short, and why nothing is deleted.
        cause: &'static str,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The index could not be asked.
    #[error(transparent)]
    Index(#[from] FootageError),
}
