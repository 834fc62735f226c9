//! A real file system in a file, whose power can be cut: what its journal and its data had not yet brought to the disk
//! is gone, as after a power failure of a machine with an honest disk.
//!
//! The cut is the file system's own (`EXT4_IOC_SHUTDOWN`, `XFS_IOC_GOINGDOWN`, without a flush of the log), as its
//! developers test it. `xfs_io` of xfsprogs calls it, for both file systems. What this does not show: a disk that
//! reorders or loses what it has confirmed.

use std::{
    fmt,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    str::FromStr,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
};

use crate::poll;

/// How long the last process may take to let go of the disk.
const LET_GO: Duration = Duration::from_secs(30);

/// Which file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// Debian's default.
    Ext4,
    /// What large recording disks usually carry.
    Xfs,
}

impl FileSystem {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FileSystem {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Ext4, Self::Xfs]
            .into_iter()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| format!("`{text}` is neither ext4 nor xfs"))
    }
}

/// This machine cannot cut power; tests skip.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoDisk(String);

/// A mounted file system. Unmounted when dropped.
#[derive(Debug)]
pub struct Disk {
    system: FileSystem,
    image: PathBuf,
    mount_point: PathBuf,
    /// Started before the cut, so that the moment of the cut is not the start of a program.
    switch: Option<Child>,
}

impl Disk {
    /// Makes a file system of `bytes` (sparse) in `folder` and mounts it at `mount_point`.
    ///
    /// # Errors
    /// [`NoDisk`] when this machine lacks the right or a program to do so.
    pub fn make(system: FileSystem, bytes: u64, folder: &Path, mount_point: &Path) -> Result<Self, NoDisk> {
        if !rustix::process::geteuid().is_root() {
            return Err(NoDisk("only root can mount".to_owned()));
        }
        let io = |error: std::io::Error| NoDisk(error.to_string());
        let image = folder.join(format!("{system}.img"));
        File::create(&image).and_then(|file| file.set_len(bytes)).map_err(io)?;
        fs::create_dir_all(mount_point).map_err(io)?;
        succeeds("xfs_io", &["-V"])?;
        succeeds(&format!("mkfs.{system}"), &["-q", &image.to_string_lossy()])?;
        let disk = Self { system, image, mount_point: mount_point.to_owned(), switch: None };
        disk.mount()?;
        Ok(disk)
    }

    /// From here on nothing reaches the disk, and what had not reached it is gone.
    ///
    /// # Errors
    /// When the file system refuses.
    pub async fn cut_power(&mut self) -> anyhow::Result<()> {
        let mut switch = match self.switch.take() {
            Some(switch) => switch,
            None => self.ready_switch()?,
        };
        let mut stdin = switch.stdin.take().context("no stdin")?;
        stdin.write_all(b"shutdown\nquit\n").await?;
        drop(stdin);
        let done = switch.wait_with_output().await?;
        let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
        ensure!(done.status.success() && complaints.is_empty(), "xfs_io: {complaints}");
        ensure!(File::create(self.mount_point.join("is-dead")).is_err(), "{} still writes", self.system);
        Ok(())
    }

    /// The power comes back: unmounts what is left, and the journal is replayed. Nobody may use the disk any more.
    ///
    /// # Errors
    /// When somebody does, or the file system is damaged.
    pub async fn mount_again(&mut self) -> anyhow::Result<()> {
        poll::until("the disk to be let go", LET_GO, || async {
            run("umount", &[&self.mount_point.to_string_lossy()]).map(Some)
        })
        .await?;
        self.mount()?;
        self.switch = Some(self.ready_switch()?);
        Ok(())
    }

    fn mount(&self) -> Result<(), NoDisk> {
        let (image, at) = (self.image.to_string_lossy(), self.mount_point.to_string_lossy());
        succeeds("mount", &["-o", "loop", "-t", self.system.as_str(), &image, &at])
    }

    fn ready_switch(&self) -> anyhow::Result<Child> {
        let mut command = Command::new("xfs_io");
        command.arg("-x").arg(&self.mount_point).stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).kill_on_drop(true).spawn().context("xfs_io")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(switch) = &mut self.switch {
            // Ends at once; if it had ended by itself, so much the better.
            let _ = switch.start_kill();
        }
        // Lazily: somebody may still be ending. The image goes with its folder.
        if let Err(error) = run("umount", &["-l", &self.mount_point.to_string_lossy()]) {
            eprintln!("{} stays mounted: {error}", self.mount_point.display());
        }
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> Result<(), NoDisk> {
    run(program, arguments).map_err(|error| NoDisk(format!("{error:#}")))
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let done = std::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} cannot be started"))?;
    ensure!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}
