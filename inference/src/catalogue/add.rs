//! How a model comes in: fetched or copied beside its place, hashed, confirmed where nobody vouches for the hash,
//! tried, and only then named by its manifest.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sharpeyes_domain::ids::ModelId;

use super::{
    CatalogueError,
    fetch::{self, Arrived, Limits},
    known::{self, KnownModel, Published},
};
use crate::{
    built_in::is_built_in,
    error::InferenceError,
    manifest::{MANIFEST_FILE, Manifest, ModelFile, Place},
    runtime::Runtime,
    sha256::Sha256Hash,
};

/// Which model, and from where.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Its name in the catalogue.
    pub id: ModelId,
    /// Where its bytes are.
    pub source: Source,
    /// Its manifest; needed for a model that the product does not know, and decisive where it is given.
    pub manifest: Option<PathBuf>,
}

/// Where the bytes of a model are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// At the address where its makers publish it.
    Release,
    /// On this machine.
    File(PathBuf),
}

/// Bytes for which nobody here vouches: is this the hash that its makers publish?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The model that it would be.
    pub id: ModelId,
    /// Address or path.
    pub origin: String,
    /// Of what came.
    pub sha256: Sha256Hash,
    /// Of what came.
    pub size_bytes: u64,
    /// By the makers' own words.
    pub licence: String,
}

/// Installs a model, in place of one of the same name. A hash that is pinned (by a manifest, or by this release) is
/// enforced; one that is not goes to `confirm`, and nothing is installed when that says no. With a runtime the model is
/// also loaded and compared with its manifest before it takes its place.
///
/// # Errors
/// [`CatalogueError`]; the catalogue is then as it was before.
pub fn add(
    models: &Path,
    addition: &Addition,
    limits: &Limits,
    runtime: Option<&Runtime>,
    confirm: &mut dyn FnMut(&Question) -> bool,
) -> Result<ModelFile, CatalogueError> {
    if is_built_in(&addition.id) {
        return Err(CatalogueError::BuiltIn { id: addition.id.clone() });
    }
    let known = known::known().iter().find(|model| model.id == addition.id.as_str());
    let manifest = addition.manifest.as_deref().map(Manifest::load).transpose()?;
    if let Some(manifest) = manifest.as_ref().filter(|manifest| manifest.id != addition.id) {
        return Err(CatalogueError::OtherManifest { asked: addition.id.clone(), found: manifest.id.clone() });
    }
    let description = match (manifest, known) {
        (Some(manifest), _) => Description::Given(Box::new(manifest)),
        (None, Some(model)) => Description::Known(model),
        (None, None) => {
            let known = known::known().iter().map(|model| model.id).collect::<Vec<_>>().join(", ");
            return Err(CatalogueError::Unknown { id: addition.id.clone(), known });
        }
    };
    let id = addition.id.clone();
    let origin = match (&addition.source, known.map(|model| &model.published)) {
        (Source::File(path), _) => Origin::File(path),
        (Source::Release, Some(Published::Onnx(release))) => Origin::Address(release.url),
        (Source::Release, Some(Published::Weights(export))) => {
            return Err(CatalogueError::ToBeExported { id, export });
        }
        (Source::Release, Some(Published::Nowhere) | None) => return Err(CatalogueError::NoRelease { id }),
    };
    install(models, &addition.id, origin, &description, limits, runtime, confirm)
}

/// Where the bytes are, resolved.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    Address(&'a str),
    File(&'a Path),
}

impl Origin<'_> {
    fn name(&self) -> String {
        match self {
            Self::Address(url) => (*url).to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// Who says what the bytes are.
pub(super) enum Description {
    /// A manifest with its hash.
    Given(Box<Manifest>),
    /// The product, if it knows the hash.
    Known(&'static KnownModel),
}

pub(super) fn install(
    models: &Path,
    id: &ModelId,
    origin: Origin<'_>,
    description: &Description,
    limits: &Limits,
    runtime: Option<&Runtime>,
    confirm: &mut dyn FnMut(&Question) -> bool,
) -> Result<ModelFile, CatalogueError> {
    let dir = models.join(id.as_str());
    let is_new = !dir.exists();
    fs::create_dir_all(&dir).map_err(disk("create", &dir))?;
    let part = dir.join(".part");
    let installed = (|| {
        let arrived = match origin {
            Origin::Address(url) => fetch::download(url, &part, limits)?,
            Origin::File(path) => fetch::copy(path, &part, limits)?,
        };
        let manifest = describe(id, origin, description, arrived, confirm)?;
        let tried = ModelFile {
            manifest: Manifest { file: ".part".to_owned(), ..manifest.clone() },
            place: Place::Directory(dir.clone()),
        };
        super::check(&tried, runtime).map_err(|e| at(e, origin))?;
        commit(&dir, &part, manifest)
    })();
    if installed.is_err() {
        // What is left does no harm and is overwritten by the next attempt; so failing to tidy up is not reported.
        let _ = fs::remove_file(&part);
        if is_new {
            let _ = fs::remove_dir(&dir);
        }
    }
    installed
}

/// The manifest for what arrived, once its hash is vouched for.
fn describe(
    id: &ModelId,
    origin: Origin<'_>,
    description: &Description,
    arrived: Arrived,
    confirm: &mut dyn FnMut(&Question) -> bool,
) -> Result<Manifest, CatalogueError> {
    let found = arrived.sha256;
    let model = match description {
        Description::Given(manifest) if manifest.sha256 == found => return Ok((**manifest).clone()),
        Description::Given(manifest) => {
            return Err(CatalogueError::Hash { origin: origin.name(), expected: manifest.sha256, found });
        }
        Description::Known(model) => model,
    };
    if let Some(manifest) = model.manifest_of(found) {
        return Ok(manifest);
    }
    // A file of one's own may be an export of one's own; what comes from the makers' address is theirs or it is not.
    if let (Origin::Address(_), Some(expected)) = (origin, model.pinned()) {
        return Err(CatalogueError::Hash { origin: origin.name(), expected, found });
    }
    if let Some(other) = known::owner(found) {
        return Err(CatalogueError::OtherModel { origin: origin.name(), asked: id.clone(), is: other.id });
    }
    let manifest = model
        .manifest_of_unknown(found)
        .ok_or_else(|| CatalogueError::Unvouched { id: id.clone(), sha256: found })?;
    let question = Question {
        id: id.clone(),
        origin: origin.name(),
        sha256: found,
        size_bytes: arrived.size_bytes,
        licence: manifest.licence.clone(),
    };
    if confirm(&question) { Ok(manifest) } else { Err(CatalogueError::NotConfirmed { sha256: found }) }
}

/// Puts the file in its place, then the manifest, each in one step.
fn commit(dir: &Path, part: &Path, manifest: Manifest) -> Result<ModelFile, CatalogueError> {
    let sha256 = manifest.sha256.to_string();
    let model = ModelFile {
        manifest: Manifest { file: format!("model-{}.onnx", &sha256[..12]), ..manifest },
        place: Place::Directory(dir.to_path_buf()),
    };
    let onnx = model.onnx();
    fs::rename(part, &onnx).map_err(disk("put in place", &onnx))?;
    sync(dir)?;
    let (draft, path) = (dir.join(".model.toml"), dir.join(MANIFEST_FILE));
    let write = || -> io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(model.manifest.to_toml().as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)
    };
    write().map_err(disk("write", &path))?;
    sync(dir)?;
    if let Some(parent) = dir.parent() {
        sync(parent)?;
    }
    forget_others(dir, &model.manifest.file);
    tracing::info!(model = %model.manifest.id, sha256 = %model.manifest.sha256, "model installed");
    Ok(model)
}

/// Files of earlier installations; left where they cannot be removed, since no manifest names them any more.
fn forget_others(dir: &Path, keep: &str) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("model-") && name.ends_with(".onnx") && name != keep {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What is wrong with the model is said of the file that was given, not of its copy.
fn at(error: InferenceError, origin: Origin<'_>) -> InferenceError {
    let given = PathBuf::from(origin.name());
    match error {
        InferenceError::ModelUnreadable { source, .. } => {
            InferenceError::ModelUnreadable { path: given, source }
        }
        InferenceError::ModelMismatch { family, problems, .. } => {
            InferenceError::ModelMismatch { path: given, family, problems }
        }
        InferenceError::IdentityVectors { output, shape, .. } => {
            InferenceError::IdentityVectors { path: given, output, shape }
        }
        other => other,
    }
}

fn sync(dir: &Path) -> Result<(), CatalogueError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(disk("write", dir))
}

fn disk(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> CatalogueError {
    move |source| CatalogueError::Disk { doing, path: path.to_path_buf(), source }
}
