//! A site in a folder of its own: site file, password files, databases, recordings, models. Gone when dropped.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use tempfile::TempDir;
use toml::{Table, Value};

/// The area that cameras are in unless they say otherwise. [`VILLAGE`] lies in it, [`OTHER_TOWN`] beside it.
pub const TOWN: &str = "town";
/// An area inside [`TOWN`].
pub const VILLAGE: &str = "village";
/// An area that has nothing to do with [`TOWN`].
pub const OTHER_TOWN: &str = "other-town";

/// One camera of the site file.
#[derive(Clone, Debug)]
pub struct SiteCamera {
    table: Table,
    password: Option<String>,
}

impl SiteCamera {
    /// A camera in [`TOWN`] that is recorded and not analysed.
    #[must_use]
    pub fn new(id: &str, main: impl Into<String>) -> Self {
        let mut table = Table::new();
        table.insert("id".into(), id.into());
        table.insert("name".into(), format!("Camera {id}").into());
        table.insert("area".into(), TOWN.into());
        table.insert("place".into(), "village".into());
        table.insert("main".into(), main.into().into());
        table.insert("analyse".into(), "off".into());
        Self { table, password: None }
    }

    /// With a small picture beside the large one, which is then what is analysed.
    #[must_use]
    pub fn with_sub(self, url: impl Into<String>) -> Self {
        self.with("sub", url.into()).with("analyse", "sub")
    }

    /// With a user name, and a password that stands in a file of its own.
    #[must_use]
    pub fn login(self, user: &str, password: &str) -> Self {
        let mut camera = self.with("username", user);
        camera.password = Some(password.to_owned());
        camera
    }

    /// With a rule, as in the site file.
    #[must_use]
    pub fn rule(self, rule: Table) -> Self {
        self.push("rule", rule)
    }

    /// With a zone, as in the site file.
    #[must_use]
    pub fn zone(self, zone: Table) -> Self {
        self.push("zone", zone)
    }

    /// With any key of the site file.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.table.insert(key.into(), value.into());
        self
    }

    /// With everything that a camera's own description says: its keys, and `zone` and `rule` below `camera`.
    #[must_use]
    pub fn described(mut self, mut description: Table) -> Self {
        if let Some(Value::Table(lists)) = description.remove("camera") {
            self.table.extend(lists);
        }
        self.table.extend(description);
        self
    }

    fn push(mut self, key: &str, table: Table) -> Self {
        let list = self.table.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(table.into());
        }
        self
    }
}

/// Collects what a site file says.
#[derive(Clone, Debug)]
pub struct SiteBuilder {
    sections: Table,
    cameras: Vec<SiteCamera>,
}

impl Default for SiteBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl SiteBuilder {
    /// Three areas, no camera, a free port.
    #[must_use]
    pub fn new() -> Self {
        Self { sections: Table::new(), cameras: Vec::new() }
            .set("site", "name", "Test site")
            .set("site", "timezone", "Asia/Shanghai")
            .set("site", "data_dir", "data")
            .set("server", "listen", "127.0.0.1:0")
    }

    /// Sets any key of any section.
    #[must_use]
    pub fn set(mut self, section: &str, key: &str, value: impl Into<Value>) -> Self {
        let table = self.sections.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(table) = table {
            table.insert(key.into(), value.into());
        }
        self
    }

    /// Adds one to a list of the site file: `unit`, `class`, `intake`.
    #[must_use]
    pub fn push(mut self, list: &str, table: Table) -> Self {
        let list = self.sections.entry(list).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(table.into());
        }
        self
    }

    /// Adds a camera.
    #[must_use]
    pub fn camera(mut self, camera: SiteCamera) -> Self {
        self.cameras.push(camera);
        self
    }

    /// Writes the site into a new folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn write(self) -> anyhow::Result<TestSite> {
        let folder = TempDir::with_prefix("sharpeyes-site-").context("a folder for the site")?;
        let site = TestSite { folder };
        fs::create_dir_all(site.models())?;
        self.write_to(&site)?;
        Ok(site)
    }

    /// Writes the site file again, beside the same databases and recordings.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_to(self, site: &TestSite) -> anyhow::Result<()> {
        let mut document = self.sections;
        document.insert("area".into(), Value::Array(areas()));
        let mut cameras = Vec::new();
        for mut camera in self.cameras {
            if let Some(password) = camera.password {
                let name = format!("password-{}", cameras.len());
                fs::write(site.root().join(&name), password)?;
                camera
                    .table
                    .insert("password".into(), Table::from_iter([("file".to_owned(), name.into())]).into());
            }
            cameras.push(camera.table.into());
        }
        document.insert("camera".into(), Value::Array(cameras));
        fs::write(site.file(), toml::to_string(&document)?).context("site.toml")
    }
}

fn areas() -> Vec<Value> {
    let area = |id: &str, name: &str, kind: &str, parent: Option<&str>| {
        let mut table = Table::new();
        table.insert("id".into(), id.into());
        table.insert("name".into(), name.into());
        table.insert("kind".into(), kind.into());
        if let Some(parent) = parent {
            table.insert("parent".into(), parent.into());
        }
        Value::Table(table)
    };
    vec![
        area(TOWN, "青河镇", "township", None),
        area(VILLAGE, "柳树村", "village", Some(TOWN)),
        area(OTHER_TOWN, "石桥镇", "township", None),
    ]
}

/// A site on the disk.
#[derive(Debug)]
pub struct TestSite {
    folder: TempDir,
}

impl TestSite {
    /// The folder of everything.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The site file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.root().join("site.toml")
    }

    /// Databases.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// Recordings.
    #[must_use]
    pub fn media(&self) -> PathBuf {
        self.data().join("media")
    }

    /// Installed detectors.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.data().join("models")
    }

    /// The footage index, as the gateway sees it.
    ///
    /// # Errors
    /// When there is none that can be opened.
    pub fn footage(&self) -> anyhow::Result<sharpeyes::store::footage::Footage> {
        Ok(sharpeyes::store::footage::Footage::open(&self.data().join("footage.db"))?)
    }
}
