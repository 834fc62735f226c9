//! Detectors on this machine: which there are, whether they are whole, and how another one comes in.
//!
//! One is always there, in the program. Each further model is a directory `MODELS/ID` with a `model.toml` and the ONNX file that it names. The manifest is written
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
    known::{Export, KnownModel, Published, Release, known},
};
use crate::{
    built_in::{BUILT_IN, built_in, is_built_in},
    detector::{Detector, DetectorOptions},
    error::InferenceError,
    manifest::ModelFile,
    runtime::Runtime,
    sha256::Sha256Hash,
};

/// A model of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Its name, which is also its directory's.
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
    /// Its makers publish weights, and a tool that makes an ONNX file of them.
    #[error(
        "the makers of `{id}` publish no ONNX file: make one of their weights with their own tool and give it with --file\n  {}\n  {}", export.page, export.command
    )]
    ToBeExported {
        /// As asked for.
        id: ModelId,
        /// Where, and how.
        export: &'static Export,
    },
    /// It is there already, and always.
    #[error(
        "`{id}` is built into the program and cannot be exchanged: install another model under another name"
    )]
    BuiltIn {
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

/// The built-in model, then every model below `models` in the order of their names; the directory need not exist.
///
/// # Errors
/// [`CatalogueError::Disk`] when the directory cannot be read.
pub fn list(models: &Path) -> Result<Vec<Entry>, CatalogueError> {
    let failed = |source| CatalogueError::Disk { doing: "list", path: models.to_path_buf(), source };
    let mut entries = vec![Entry { id: BUILT_IN.to_owned(), model: Ok(built_in()) }];
    let directory = match fs::read_dir(models) {
        Ok(directory) => directory,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(entries),
        Err(e) => return Err(failed(e)),
    };
    for entry in directory {
        let entry = entry.map_err(failed)?;
        let (id, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if id.starts_with('.') || !path.is_dir() {
            continue;
        }
        let model =
            if id == BUILT_IN { Err(InferenceError::NameTaken { path }) } else { ModelFile::load(&path) };
        entries.push(Entry { id, model });
    }
    entries[1..].sort_by(|a, b| a.id.cmp(&b.id));
    Ok(entries)
}

/// The model of this name: the one in the program, or one below `models`.
///
/// # Errors
/// As [`ModelFile::load`].
pub fn find(models: &Path, id: &ModelId) -> Result<ModelFile, InferenceError> {
    if is_built_in(id) { Ok(built_in()) } else { ModelFile::load(&models.join(id.as_str())) }
}

/// The name of the model that a file is, when its hash is known.
///
/// # Errors
/// [`CatalogueError::Disk`] when it cannot be read.
pub fn recognise(file: &Path) -> Result<Option<ModelId>, CatalogueError> {
    let failed = |source| CatalogueError::Disk { doing: "read", path: file.to_path_buf(), source };
    let sha256 = Sha256Hash::of(&fs::read(file).map_err(failed)?);
    let id =
        |model: &KnownModel| ModelId::new(model.id).expect("the names of known models are read by a test");
    Ok(known::owner(sha256).map(id))
}

/// Reads and hashes a model and, with a runtime, loads it and compares it with its manifest.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn check(model: &ModelFile, runtime: Option<&Runtime>) -> Result<(), InferenceError> {
    match runtime {
        Some(runtime) => drop(Detector::open(runtime, model, DetectorOptions::default())?),
        None => drop(model.read()?),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
