//! A small disk of one's own: ext4 in a file, mounted where a test wants it. Needs rights that not every machine gives.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// An ext4 file system at a directory. Thawed and unmounted when dropped.
#[derive(Debug)]
pub struct Image {
    file: PathBuf,
    at: PathBuf,
}

impl Image {
    /// Makes one of so many bytes, and mounts it.
    ///
    /// # Errors
    /// Where this process may not mount: for a test to say that it is skipped.
    pub fn make(file: PathBuf, at: PathBuf, bytes: u64) -> anyhow::Result<Self> {
        fs::File::create(&file)?.set_len(bytes)?;
        fs::create_dir_all(&at)?;
        let image = Self { file, at };
        command("mkfs.ext4", &["-q", "-F", "-m", "0", &image.file.to_string_lossy()])?;
        image.mount()?;
        Ok(image)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn at(&self) -> &Path {
        &self.at
    }

    /// Mounts it.
    ///
    /// # Errors
    /// What `mount` says.
    pub fn mount(&self) -> anyhow::Result<()> {
        command("mount", &["-o", "loop", &self.file.to_string_lossy(), &self.at.to_string_lossy()])
    }

    /// Takes it away, also while files are open.
    ///
    /// # Errors
    /// What `umount` says.
    pub fn unmount(&self) -> anyhow::Result<()> {
        command("umount", &["-l", &self.at.to_string_lossy()])
    }

    /// From now on whoever writes there waits.
    ///
    /// # Errors
    /// What `fsfreeze` says.
    pub fn freeze(&self) -> anyhow::Result<()> {
        command("fsfreeze", &["-f", &self.at.to_string_lossy()])
    }

    /// Nobody waits any more.
    ///
    /// # Errors
    /// What `fsfreeze` says.
    pub fn thaw(&self) -> anyhow::Result<()> {
        command("fsfreeze", &["-u", &self.at.to_string_lossy()])
    }

    /// Leaves so many bytes free, by a file of somebody else, which is given.
    ///
    /// # Errors
    /// When there is less, or the disk refuses.
    pub fn leave(&self, free_bytes: u64) -> anyhow::Result<PathBuf> {
        let room = rustix::fs::statvfs(&self.at)?;
        let size = (room.f_bavail * room.f_frsize).checked_sub(free_bytes).context("there is less")?;
        let other = self.at.join("other");
        command("fallocate", &["-l", &size.to_string(), &other.to_string_lossy()])?;
        Ok(other)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Thawed already, unless the test has failed in between.
        let _ = self.thaw();
        while self.unmount().is_ok() {}
    }
}

fn command(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
