//! Footage and models that are too large for the repository: beside the checkout, or where `SHARPEYES_SHARED` says.
//!
//! Nothing here may be needed for a test to pass: without the data a test says that it skips.

use std::path::{Path, PathBuf};

/// The data, when it is there.
#[derive(Clone, Debug)]
pub struct Shared {
    root: PathBuf,
}

impl Shared {
    /// Looks for it.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "where the data is depends on the machine that runs the tests"
    )]
    pub fn find() -> Option<Self> {
        let named = std::env::var_os("SHARPEYES_SHARED").map(PathBuf::from);
        // A relative path is meant from the workspace root, as in the scripts, and not from where a test runs.
        let root = workspace_root().join(named.unwrap_or_else(|| PathBuf::from("../shared")));
        root.join("data").is_dir().then_some(Self { root })
    }

    /// Looks for it, and says on stderr that `what` is skipped when it is not there.
    #[must_use]
    pub fn find_or_skip(what: &str) -> Option<Self> {
        let found = Self::find();
        if found.is_none() {
            eprintln!("skipped: {what} (no ../shared)");
        }
        found
    }

    /// A video, by its file name.
    #[must_use]
    pub fn video(&self, name: &str) -> PathBuf {
        self.videos().join(name)
    }

    /// The folder of videos.
    #[must_use]
    pub fn videos(&self) -> PathBuf {
        self.root.join("data/video")
    }

    /// A model, by its file name.
    #[must_use]
    pub fn model(&self, name: &str) -> PathBuf {
        self.root.join("data/models").join(name)
    }
}

/// The checkout.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the workspace")
}

/// A folder for files that are made once and used by many tests: encoded footage, above all.
#[must_use]
pub fn cache() -> PathBuf {
    workspace_root().join(".cache/camsim")
}
