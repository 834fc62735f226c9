//! Bytes from an address or a file into a file beside its goal, counted and hashed on the way.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::CatalogueError;
use crate::sha256::Sha256Hash;

/// How much and how long at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A file with more bytes is refused.
    pub max_bytes: u64,
    /// To find and reach the server.
    pub connect: Duration,
    /// For the whole download.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 512 << 20, connect: Duration::from_secs(20), total: Duration::from_secs(1800) }
    }
}

/// What the network or the server did.
#[derive(Debug)]
pub struct FetchFailure(ureq::Error);

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FetchFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// What arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) sha256: Sha256Hash,
    pub(super) size_bytes: u64,
}

/// Fetches `url` into `part`. An `https` address is never followed to one that is not.
pub(super) fn download(url: &str, part: &Path, limits: &Limits) -> Result<Arrived, CatalogueError> {
    let failed = |source| CatalogueError::Fetch { url: url.to_owned(), source: FetchFailure(source) };
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .https_only(url.starts_with("https://"))
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.total))
            .user_agent("sharpeyes")
            .build(),
    );
    let response = agent.get(url).call().map_err(failed)?;
    let body = response.into_body();
    let announced = body.content_length();
    if announced.is_some_and(|n| n > limits.max_bytes) {
        return Err(CatalogueError::TooLarge { origin: url.to_owned(), limit_bytes: limits.max_bytes });
    }
    // The limit of `receive` decides; this one only has to be no lower.
    let mut body = body.into_with_config().limit(limits.max_bytes.saturating_add(1 << 16)).reader();
    let arrived = receive(&mut body, url, part, limits, |e| failed(ureq::Error::Io(e)))?;
    if announced.is_some_and(|n| n != arrived.size_bytes) {
        return Err(failed(ureq::Error::Io(io::ErrorKind::UnexpectedEof.into())));
    }
    Ok(arrived)
}

/// Copies a file into `part`.
pub(super) fn copy(from: &Path, part: &Path, limits: &Limits) -> Result<Arrived, CatalogueError> {
    let failed = |source| CatalogueError::Disk { doing: "read", path: from.to_path_buf(), source };
    let mut file = File::open(from).map_err(failed)?;
    receive(&mut file, &from.display().to_string(), part, limits, failed)
}

/// Reads all of `from` into `part` and onto the disk.
fn receive(
    from: &mut impl Read,
    origin: &str,
    part: &Path,
    limits: &Limits,
    unreadable: impl Fn(io::Error) -> CatalogueError,
) -> Result<Arrived, CatalogueError> {
    let unwritable = |source| CatalogueError::Disk { doing: "write", path: part.to_path_buf(), source };
    let mut file = File::create(part).map_err(unwritable)?;
    let mut hash = Sha256::new();
    let mut size_bytes = 0_u64;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(e)),
        };
        size_bytes = size_bytes.saturating_add(n.try_into().unwrap_or(u64::MAX));
        if size_bytes > limits.max_bytes {
            return Err(CatalogueError::TooLarge {
                origin: origin.to_owned(),
                limit_bytes: limits.max_bytes,
            });
        }
        hash.update(&buffer[..n]);
        file.write_all(&buffer[..n]).map_err(unwritable)?;
    }
    file.sync_all().map_err(unwritable)?;
    Ok(Arrived { sha256: hash.finalize().into(), size_bytes })
}
