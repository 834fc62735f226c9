//! The disk under the recording: its identity, its lock, its paths, its syncs. Nothing here knows of streams' state.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use rand::RngExt as _;
use rustix::fs::{FlockOperation, flock, syncfs};
use serde::{Deserialize, Serialize};
use sharpeyes_domain::{ids::StreamId, time::WallTime};

use crate::store::footage::{Footage, FootageError};

/// Name of the identity file in the media directory.
pub const IDENTITY_FILE: &str = "identity.json";

/// Why a directory cannot be recorded to.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// The index knows a disk, and this directory is not it.
    #[error(
        "{dir} has no {IDENTITY_FILE}, but the index knows footage on disk {expected}: \
         the disk is probably not mounted. Mount it, or, if the footage is lost, move footage.db away"
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
    #[error("{dir}: syncing failed, recording there has stopped. Check the disk, then restart the gateway")]
    Failed {
        /// The media directory.
        dir: PathBuf,
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

/// What the identity file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    uuid: String,
    created_ms: i64,
    purpose: String,
}

/// A media directory that is the right one, locked for this process.
#[derive(Debug)]
pub struct Volume {
    dir: PathBuf,
    /// The identity file: holds the lock, and its device and inode tell whether the disk is still there.
    identity: File,
    directory: File,
    is_dirty: AtomicBool,
    has_failed: AtomicBool,
}

impl Volume {
    /// Locks `dir` when it is the disk that `footage` describes; makes it so when both are new.
    ///
    /// # Errors
    /// [`VolumeError`], each with what to do.
    pub fn open(dir: &Path, footage: &Footage, now: WallTime) -> Result<Self, VolumeError> {
        match verify(dir, footage)? {
            Verified::Match => {}
            Verified::New { bound } => {
                fs::create_dir_all(dir).map_err(at(dir))?;
                let uuid = match bound {
                    Some(uuid) => uuid,
                    None => {
                        let uuid = format!("{:032x}", rand::rng().random::<u128>());
                        footage.bind_volume(uuid.clone(), now)?;
                        uuid
                    }
                };
                write_identity(dir, &uuid, now)?;
            }
        }
        let path = dir.join(IDENTITY_FILE);
        let identity = File::open(&path).map_err(at(&path))?;
        lock(&identity, dir)?;
        let directory = File::open(dir).map_err(at(dir))?;
        Ok(Self {
            dir: dir.to_owned(),
            identity,
            directory,
            is_dirty: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
        })
    }

    /// The media directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether writing may go on here: the disk is the same, and no sync has failed.
    ///
    /// # Errors
    /// [`VolumeError::Changed`] or [`VolumeError::Failed`].
    pub fn ensure_usable(&self) -> Result<(), VolumeError> {
        if self.has_failed.load(Ordering::Acquire) {
            return Err(VolumeError::Failed { dir: self.dir.clone() });
        }
        let path = self.dir.join(IDENTITY_FILE);
        let ours = self.identity.metadata().map_err(at(&path))?;
        match fs::metadata(&path) {
            Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => Ok(()),
            Ok(_) | Err(_) => Err(VolumeError::Changed { dir: self.dir.clone() }),
        }
    }

    /// Something was written; the next [`Volume::sync_if_dirty`] has work.
    pub fn mark_dirty(&self) {
        self.is_dirty.store(true, Ordering::Release);
    }

    /// Brings everything written so far to the disk, data and directories, of all cameras at once.
    ///
    /// After a failed sync the kernel drops the pages and reports success next time, so a failure is final:
    /// nothing more is written here until the gateway is restarted.
    ///
    /// # Errors
    /// [`VolumeError::Io`] once, when it fails.
    pub fn sync_if_dirty(&self) -> Result<(), VolumeError> {
        if self.has_failed.load(Ordering::Acquire) || !self.is_dirty.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        syncfs(&self.directory).map_err(|error| {
            self.has_failed.store(true, Ordering::Release);
            VolumeError::Io { path: self.dir.clone(), source: error.into() }
        })
    }

    /// Makes the directory entry of the file at `full` durable. When the directory cannot be found by its name any more
    /// (renamed, or unmounted lazily), the handle from the start still reaches the disk, and all of it is synced.
    ///
    /// # Errors
    /// [`VolumeError::Io`] when a sync failed.
    pub(super) fn sync_entry(&self, full: &Path) -> Result<(), VolumeError> {
        let parent = full.parent().unwrap_or(&self.dir);
        match File::open(parent) {
            Ok(directory) => directory.sync_all().map_err(at(parent)),
            Err(_) => syncfs(&self.directory).map_err(io::Error::from).map_err(at(&self.dir)),
        }
    }

    /// Stops all writing here: an fsync has failed.
    pub fn fail(&self) {
        self.has_failed.store(true, Ordering::Release);
    }

    /// Where the files of `stream` lie, below [`Volume::dir`].
    #[must_use]
    pub fn stream_dir(stream: &StreamId) -> String {
        format!("{}/{}", stream.camera, stream.kind.as_str())
    }

    /// Creates the directory of `stream`.
    ///
    /// # Errors
    /// [`VolumeError`]; nothing is created on another disk.
    pub fn prepare(&self, stream: &StreamId) -> Result<(), VolumeError> {
        self.ensure_usable()?;
        let path = self.dir.join(Self::stream_dir(stream));
        if !path.is_dir() {
            fs::create_dir_all(&path).map_err(at(&path))?;
            sync_dir(path.parent().unwrap_or(&self.dir))?;
            sync_dir(&self.dir)?;
        }
        Ok(())
    }
}

/// Removes a file that garbage names, and syncs its directory. A file that is gone already is fine.
pub(crate) fn unlink(dir: &Path, path: &str) -> Result<(), VolumeError> {
    let path = dir.join(path);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
        Ok(()) | Err(_) => {}
    }
    match path.parent() {
        Some(parent) if parent.is_dir() => sync_dir(parent),
        Some(_) | None => Ok(()),
    }
}

/// Whether a directory may be recorded to.
pub(crate) enum Verified {
    /// It is the disk that the index describes.
    Match,
    /// Neither has been used; the index may be bound already (a crash between the two writes).
    New {
        /// The index's uuid.
        bound: Option<String>,
    },
}

/// Compares the disk with the index; changes nothing.
pub(crate) fn verify(dir: &Path, footage: &Footage) -> Result<Verified, VolumeError> {
    let expected = footage.volume()?;
    let found = read_identity(dir)?;
    match (expected, found) {
        (Some(expected), Some(found)) if expected == found.uuid => Ok(Verified::Match),
        (Some(expected), Some(found)) => {
            Err(VolumeError::Mismatch { dir: dir.to_owned(), expected, found: found.uuid })
        }
        (None, Some(found)) => Err(VolumeError::Unknown { dir: dir.to_owned(), found: found.uuid }),
        (Some(expected), None) => {
            if footage.is_unused()? && is_empty(dir)? {
                Ok(Verified::New { bound: Some(expected) })
            } else {
                Err(VolumeError::Missing { dir: dir.to_owned(), expected })
            }
        }
        (None, None) => {
            if !footage.is_unused()? || !is_empty(dir)? {
                return Err(VolumeError::NotEmpty { dir: dir.to_owned() });
            }
            Ok(Verified::New { bound: None })
        }
    }
}

/// The lock that the recorder holds, for someone who must not run beside it.
pub(crate) fn lock(identity: &File, dir: &Path) -> Result<(), VolumeError> {
    flock(identity, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
        if error == rustix::io::Errno::WOULDBLOCK {
            VolumeError::InUse { dir: dir.to_owned() }
        } else {
            VolumeError::Io { path: dir.join(IDENTITY_FILE), source: error.into() }
        }
    })
}

/// Makes a directory's entries durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), VolumeError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> VolumeError + use<> {
    let path = path.to_owned();
    move |source| VolumeError::Io { path, source }
}

fn read_identity(dir: &Path) -> Result<Option<Identity>, VolumeError> {
    let path = dir.join(IDENTITY_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(&path)(error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| VolumeError::Damaged { path, source })
}

fn write_identity(dir: &Path, uuid: &str, now: WallTime) -> Result<(), VolumeError> {
    let identity = Identity {
        uuid: uuid.to_owned(),
        created_ms: now.0,
        purpose: "Sharp Eyes footage; footage.db knows this uuid. Do not copy this file to another disk."
            .to_owned(),
    };
    let path = dir.join(IDENTITY_FILE);
    let text = serde_json::to_vec_pretty(&identity)
        .map_err(|source| VolumeError::Damaged { path: path.clone(), source })?;
    let new = dir.join("identity.json.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new).map_err(at(&new))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(at(&new))?;
    fs::rename(&new, &path).map_err(at(&path))?;
    sync_dir(dir)
}

/// Nothing in it but what a fresh file system or an interrupted first start leaves.
fn is_empty(dir: &Path) -> Result<bool, VolumeError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(at(dir)(error)),
    };
    for entry in entries {
        let name = entry.map_err(at(dir))?.file_name();
        if name != "lost+found" && name != "identity.json.new" {
            return Ok(false);
        }
    }
    Ok(true)
}
