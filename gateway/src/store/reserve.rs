//! A file that takes room beside the databases while there is enough, and is given up when there is none: so that the
//! queue can still be worked when the disk is full. Nothing is ever written into it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Its name in the data directory.
const FILE: &str = "reserve";

/// How the disk of the databases is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveState {
    /// The reserve is there.
    Held,
    /// The disk was full, and the reserve was given up; it comes back when there is room for it and as much again.
    Released,
    /// None is wanted.
    Off,
}

/// See the module.
#[derive(Debug)]
pub struct Reserve {
    dir: PathBuf,
    bytes: u64,
    state: ReserveState,
}

impl Reserve {
    /// In `dir`, of `bytes`; 0: none. A file that an earlier start left is taken as it is.
    ///
    /// # Errors
    /// When the disk cannot be asked.
    pub fn open(dir: &Path, bytes: u64) -> io::Result<Self> {
        let mut reserve = Self { dir: dir.to_owned(), bytes, state: ReserveState::Off };
        if bytes > 0 {
            reserve.state = ReserveState::Released;
            if reserve.file().exists() {
                reserve.state = ReserveState::Held;
            }
            reserve.look()?;
        }
        Ok(reserve)
    }

    /// Gives the file up when less than a quarter of it is free beside it, and takes it back when there is room.
    ///
    /// # Errors
    /// When the disk cannot be asked; everything else is logged and tried again.
    pub fn look(&mut self) -> io::Result<ReserveState> {
        let found = statvfs(&self.dir)?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        match self.state {
            ReserveState::Held if free < self.bytes / 4 => {
                fs::remove_file(self.file())?;
                self.state = ReserveState::Released;
                tracing::error!(
                    dir = %self.dir.display(), free_bytes = free, released_bytes = self.bytes,
                    "the disk of the databases is full; the reserve was given up: free space there at once"
                );
            }
            ReserveState::Released if free > self.bytes * 2 => match self.take() {
                Ok(()) => self.state = ReserveState::Held,
                Err(error) => tracing::warn!(%error, "no reserve beside the databases"),
            },
            ReserveState::Held | ReserveState::Released | ReserveState::Off => {}
        }
        Ok(self.state)
    }

    fn file(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    fn take(&self) -> io::Result<()> {
        let file = File::create(self.file())?;
        let taken = fallocate(&file, FallocateFlags::empty(), 0, self.bytes).map_err(io::Error::from);
        if taken.is_err() {
            // Half a reserve would pass for a whole one at the next start.
            fs::remove_file(self.file())?;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        ids::{CameraId, StreamId, StreamKind},
        segment::{GapCause, Span},
        time::WallTime,
    };

    use super::*;
    use crate::{
        record::tests::disk::{Image, command},
        store::footage::{Change, Footage},
    };

    const MIB: u64 = 1 << 20;

    fn gap(from: i64) -> Vec<Change> {
        let stream = StreamId { camera: CameraId::new("gate").unwrap(), kind: StreamKind::Main };
        // Two of the same cause, one behind the other, would be one.
        let cause = if from % 20 == 0 { GapCause::Stalled } else { GapCause::SessionEnded };
        vec![Change::BeginGap { stream, from: WallTime(from), cause }]
    }

    #[test]
    fn a_full_disk_of_databases_gives_the_reserve_up_and_work_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let image = match Image::make(dir.path().join("disk.img"), &data, 48 * MIB, &[]) {
            Ok(image) => image,
            Err(reason) => {
                println!("skipped: a full disk of databases: {reason}");
                return;
            }
        };
        let mut reserve = Reserve::open(&data, 8 * MIB).unwrap();
        assert_eq!(reserve.look().unwrap(), ReserveState::Held);
        let footage = Footage::open(&data.join("footage.db")).unwrap();
        footage.apply(gap(10)).unwrap();
        let filler = data.join("filler");
        let _ = command("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=64K"]);

        // Until somebody looks, writing may fail; reading never does.
        let mut n_refused = 0;
        for n in 1..2_000 {
            n_refused += u32::from(footage.apply(gap(10 + n * 10)).is_err());
        }
        assert!(n_refused > 0, "the disk is full");
        let stream = StreamId { camera: CameraId::new("gate").unwrap(), kind: StreamKind::Main };
        let all = Span { from: WallTime(0), to: WallTime(i64::MAX) };
        let known = footage.gaps_in(&stream, all).unwrap().len();
        assert!(known > 0);

        assert_eq!(reserve.look().unwrap(), ReserveState::Released);
        for n in 2_000..2_100 {
            footage.apply(gap(10 + n * 10)).unwrap();
        }
        // The first one may go on with a gap of its own cause.
        assert!(footage.gaps_in(&stream, all).unwrap().len() >= known + 99);
        assert!(footage.integrity().unwrap().is_empty());
        assert_eq!(reserve.look().unwrap(), ReserveState::Released, "there is still no room for it");

        fs::remove_file(filler).unwrap();
        assert_eq!(reserve.look().unwrap(), ReserveState::Held);
        // A start takes what it finds; without room it starts all the same.
        assert_eq!(Reserve::open(&data, 8 * MIB).unwrap().state, ReserveState::Held);
        assert_eq!(Reserve::open(&data, 800 * MIB).unwrap().state, ReserveState::Released);
        assert_eq!(Reserve::open(&data, 0).unwrap().state, ReserveState::Off);
        drop(footage);
        drop(image);
    }
}
