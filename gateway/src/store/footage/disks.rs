//! The disks that footage lies on, each by its name and its own identity.

use sharpeyes_domain::{ids::DiskName, time::WallTime};

use super::{Footage, FootageError, columns::parsed};

/// A disk as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskRow {
    /// In the site file.
    pub name: DiskName,
    /// In its identity file.
    pub uuid: String,
    /// The identity file has been written.
    pub is_marked: bool,
}

impl Footage {
    /// The disks that footage was ever recorded to, the first one first; empty before the first use.
    ///
    /// # Errors
    /// [`FootageError`] when they cannot be read.
    pub fn disks(&self) -> Result<Vec<DiskRow>, FootageError> {
        self.read(|c| {
            c.prepare("SELECT name, uuid, is_marked FROM disk ORDER BY created_ms, rowid")?
                .query_map([], |row| {
                    Ok(DiskRow { name: parsed(row, 0)?, uuid: row.get(1)?, is_marked: row.get(2)? })
                })?
                .collect()
        })
    }

    /// Binds a name to a disk whose identity file is about to be written. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it is bound already or cannot be written.
    pub fn bind_disk(&self, name: DiskName, uuid: String, now: WallTime) -> Result<(), FootageError> {
        self.write(move |t| {
            t.execute(
                "INSERT INTO disk (name, uuid, created_ms, is_marked) VALUES (?1, ?2, ?3, 0)",
                (name.as_str(), uuid, now.0),
            )
            .map(drop)
        })
    }

    /// The identity file is on the disk: one without it is not mounted. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when it cannot be written.
    pub fn mark_disk(&self, name: DiskName) -> Result<(), FootageError> {
        self.write(move |t| {
            t.execute("UPDATE disk SET is_marked = 1 WHERE name = ?1", [name.as_str()]).map(drop)
        })
    }
}
