//! Detectors on this machine: which there are, whether they are whole, and how another one comes in.
//!
//! Each model is a directory `MODELS/ID` with a `model.toml` and the ONNX file that it names. The manifest is written
//! last and in one step, and the ONNX file carries its hash in its name: a power cut leaves either the old model or the
//! new one. Only [`add`] talks to the network, only to the address of a [`Release`], and only when asked to.

mod add;
mod fetch;
mod known;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sharpeyes_domain::ids::ModelId;

pub use self::{
    add::{Addition, Question, Source, add},
    fetch::{FetchFailure, Limits},
    known::{KnownModel, Release, known},
};
use crate::{
    detector::{Detector, DetectorOptions},
    error::InferenceError,
    manifest::ModelFile,
    runtime::Runtime,
    sha256::Sha256Hash,
};

/// A directory of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// The directory's name.
    pub id: String,
    /// Its manifest, or what is wrong with it. The ONNX file has not been looked at.
    pub model: Result<ModelFile, InferenceError>,
}

/// Why the catalogue could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The disk said no.
    #[error("cannot {doing} {path}")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nobody here knows a model of that name.
    #[error(
        "`{id}` is not a known model (known: {known}); for a model of your own give its file and its manifest: --file X.onnx --manifest model.toml"
    )]
    Unknown {
        /// As asked for.
        id: ModelId,
        /// Those that are.
        known: String,
    },
    /// There is no address to fetch it from.
    #[error("no release of `{id}` is known: get the ONNX file yourself and give it with --file")]
    NoRelease {
        /// As asked for.
        id: ModelId,
    },
    /// The network, or the server.
    #[error("{url} could not be fetched: try again, or fetch it on another machine and give it with --file")]
    Fetch {
        /// The address.
        url: String,
        /// What happened.
        #[source]
        source: FetchFailure,
    },
    /// More bytes than any model for this product has.
    #[error("{origin} is larger than {limit_bytes} bytes: that is no detector for this product")]
    TooLarge {
        /// Address or path.
        origin: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// The bytes are not those that were expected.
    #[error("{origin} is not the file that was expected: its SHA-256 is {found}, {expected} was due")]
    Hash {
        /// Address or path.
        origin: String,
        /// By the manifest.
        expected: Sha256Hash,
        /// Of the bytes.
        found: Sha256Hash,
    },
    /// A file that is known, under another name.
    #[error("{origin} is `{is}`, not `{asked}`")]
    OtherModel {
        /// Address or path.
        origin: String,
        /// As asked for.
        asked: ModelId,
        /// By its hash.
        is: &'static str,
    },
    /// A manifest for another name.
    #[error("the manifest is for `{found}`, not for `{asked}`")]
    OtherManifest {
        /// As asked for.
        asked: ModelId,
        /// In the manifest.
        found: ModelId,
    },
    /// A file that the product has never seen, of a model that it can only describe by hash.
    #[error(
        "this file (SHA-256 {sha256}) is not one of the `{id}` files that are known: give its manifest too, with --manifest"
    )]
    Unvouched {
        /// As asked for.
        id: ModelId,
        /// Of the bytes.
        sha256: Sha256Hash,
    },
    /// Somebody said no.
    #[error("not installed: the SHA-256 {sha256} was not confirmed")]
    NotConfirmed {
        /// Of the bytes.
        sha256: Sha256Hash,
    },
    /// The model itself.
    #[error(transparent)]
    Model(#[from] InferenceError),
}

/// Every model below `models`, in the order of their names; none when the directory does not exist.
///
/// # Errors
/// [`CatalogueError::Disk`] when the directory cannot be read.
pub fn list(models: &Path) -> Result<Vec<Entry>, CatalogueError> {
    let failed = |source| CatalogueError::Disk { doing: "list", path: models.to_path_buf(), source };
    let directory = match fs::read_dir(models) {
        Ok(directory) => directory,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let mut entries = Vec::new();
    for entry in directory {
        let entry = entry.map_err(failed)?;
        let id = entry.file_name().to_string_lossy().into_owned();
        if !id.starts_with('.') && entry.path().is_dir() {
            entries.push(Entry { id, model: ModelFile::load(&entry.path()) });
        }
    }
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(entries)
}

/// Reads and hashes a model and, with a runtime, loads it and compares it with its manifest.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn check(models: &Path, id: &ModelId, runtime: Option<&Runtime>) -> Result<ModelFile, InferenceError> {
    let model = ModelFile::load(&models.join(id.as_str()))?;
    match runtime {
        Some(runtime) => drop(Detector::open(runtime, &model, DetectorOptions::default())?),
        None => drop(model.read()?),
    }
    Ok(model)
}

#[cfg(test)]
mod tests;
