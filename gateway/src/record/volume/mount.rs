//! One mounted file system. All paths start at its own directory handle, so that whatever is mounted over it, or under
//! it when it goes, is never written to.

use std::{
    fs::File,
    io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::{
        AtFlags, CWD, Mode, OFlags, StatVfsMountFlags, StatxFlags, fstatvfs, mkdirat, openat, statx, syncfs,
        unlinkat,
    },
    io::Errno,
};

use super::IDENTITY_FILE;

/// Unlike `MNT_ID`, never used again for another mount (Linux 6.8; older kernels leave it out).
const MNT_ID_UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// Tells one mount of a disk from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MountKey {
    device: (u32, u32),
    identity: u64,
    mount: u64,
}

impl MountKey {
    /// Of what is mounted at `dir` now, by its identity file.
    pub(super) fn of(dir: &Path) -> io::Result<Self> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID | MNT_ID_UNIQUE;
        let found = statx(CWD, dir.join(IDENTITY_FILE), AtFlags::empty(), wanted)?;
        Ok(Self {
            device: (found.stx_dev_major, found.stx_dev_minor),
            identity: found.stx_ino,
            mount: found.stx_mnt_id,
        })
    }
}

/// Space and inodes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub total_bytes: u64,
    /// For this process.
    pub free_bytes: u64,
    /// For this process; `None` where the file system has no limit.
    pub inodes_free: Option<u64>,
    /// In all; 0 where the file system has no limit.
    pub inodes_total: u64,
    /// Nobody may write.
    pub is_read_only: bool,
}

impl Room {
    /// Of the file system of an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let found = fstatvfs(file)?;
        Ok(Self {
            total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
            free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            inodes_free: (found.f_files > 0).then_some(found.f_favail),
            inodes_total: found.f_files,
            is_read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Mount {
    directory: File,
    key: MountKey,
    has_failed: AtomicBool,
}

impl Mount {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let directory = File::open(dir)?;
        Ok(Self { directory, key: MountKey::of(dir)?, has_failed: AtomicBool::new(false) })
    }

    pub(super) const fn key(&self) -> MountKey {
        self.key
    }

    /// An fsync failed here: nothing more is written.
    pub(crate) fn fail(&self) {
        self.has_failed.store(true, Ordering::Release);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    pub(super) fn room(&self) -> io::Result<Room> {
        Room::of(&self.directory)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(syncfs(&self.directory)?)
    }

    /// A new file, never an existing one.
    pub(crate) fn create(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        match openat(&self.directory, path, flags, mode) {
            Err(Errno::NOENT) => {
                // The disk was full, or could not be written, when the camera was added.
                self.make_dirs(&Path::new(path).parent().unwrap_or(Path::new("")).to_string_lossy())?;
                Ok(openat(&self.directory, path, flags, mode)?.into())
            }
            opened => Ok(opened?.into()),
        }
    }

    /// Makes a directory and those above it, and makes them durable.
    pub(super) fn make_dirs(&self, path: &str) -> io::Result<()> {
        let path = Path::new(path);
        let mut made = Vec::new();
        for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
            made.push(part);
        }
        for part in made.into_iter().rev() {
            match mkdirat(
                &self.directory,
                part,
                Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH,
            ) {
                Ok(()) => self.sync_dir(part.parent().unwrap_or(part))?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// One that is gone already is fine.
    pub(super) fn unlink(&self, path: &str) -> io::Result<()> {
        match unlinkat(&self.directory, path, AtFlags::empty()) {
            Err(Errno::NOENT) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a directory's entries durable; one that is gone has none.
    pub(crate) fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() {
            return self.directory.sync_all();
        }
        match openat(
            &self.directory,
            path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(directory) => File::from(directory).sync_all(),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
