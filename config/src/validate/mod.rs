//! From raw to typed: collects every problem instead of stopping at the first.
//!
//! Each table of the file is deserialised on its own, so that a wrong key in one camera hides nothing in another.

mod camera;
mod centre;
mod retention;
mod rule;
mod target;
mod trial;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroU16,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use sharpeyes_domain::{
    area::{Area, AreaError, AreaTree},
    closed::UnknownName,
    ids::{AreaId, DiskName, IdError, ModelId},
    ladder::{DecoderChoice, LadderMode},
    noise::NoiseBudget,
};
use toml::{Table, Value};

use retention::{Defaults, Written};
pub use trial::TrialRules;

use crate::{
    Analysis, ConfigError, Disk, Fault, IncidentSettings, Inference, InferenceProcess, InferenceProvider,
    MapSettings, Playback, Problem, Server, Site, Storage,
    raw::{
        RawAnalysis, RawArea, RawCanary, RawDisk, RawIncident, RawInference, RawMap, RawNoise, RawPlayback,
        RawReports, RawServer, RawSite, RawStorage,
    },
    text,
};

/// What a site file may refer to outside itself.
pub struct Environment<'a> {
    /// Relative paths in the file start here: the folder of the file.
    pub base: &'a Path,
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Site {
    /// Reads and checks the file at `path`. Secrets are taken from the process's environment and from files.
    ///
    /// # Errors
    /// [`ConfigError`]; all problems of a readable file at once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the site file names its secrets' variables: this is where they are read"
    )]
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let fail = |source| ConfigError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(fail)?;
        let whole = std::path::absolute(path).map_err(fail)?;
        let base = whole.parent().unwrap_or(&whole);
        Self::parse(&text, path, &Environment { base, variable: &|name| std::env::var(name).ok() })
    }

    /// Checks `text`, which came from `path` (for messages only).
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] or [`ConfigError::Invalid`].
    pub fn parse(text: &str, path: &Path, environment: &Environment<'_>) -> Result<Self, ConfigError> {
        let table = text.parse::<Table>().map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            message: error.message().to_owned(),
        })?;
        let mut check = Check { problems: Vec::new(), environment };
        match check.site(table) {
            Some(site) if check.problems.is_empty() => Ok(site),
            _ => Err(ConfigError::Invalid { path: path.to_owned(), problems: check.problems }),
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// Pictures that a browser shows as a plan.
const PLAN_ENDINGS: &[&str] = &["svg", "png", "jpg", "jpeg", "webp"];

/// Collects problems. Invariant: whatever returns `None` has reported why.
struct Check<'a> {
    problems: Vec<Problem>,
    environment: &'a Environment<'a>,
}

impl Check<'_> {
    fn report(&mut self, at: impl Into<String>, fault: impl Into<Fault>) {
        self.problems.push(Problem { at: at.into(), fault: fault.into() });
    }

    /// `Some` of the value, or `None` and a report.
    fn accept<T, E: Into<Fault>>(&mut self, at: impl Into<String>, result: Result<T, E>) -> Option<T> {
        result.map_err(|fault| self.report(at, fault)).ok()
    }

    fn required<T>(&mut self, at: impl Into<String>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.report(at, Fault::Missing);
        }
        value
    }

    fn raw<T: DeserializeOwned>(&mut self, at: &str, value: Value) -> Option<T> {
        self.accept(at, value.try_into::<T>().map_err(shape))
    }

    /// A table that may be absent as a whole.
    fn raw_or_default<T: DeserializeOwned + Default>(&mut self, root: &mut Table, key: &str) -> Option<T> {
        match root.remove(key) {
            Some(value) => self.raw(key, value),
            None => Some(T::default()),
        }
    }

    /// `[[key]]`, each element with its path.
    fn list(&mut self, root: &mut Table, key: &str) -> Vec<(String, Value)> {
        match root.remove(key) {
            None => Vec::new(),
            Some(Value::Array(elements)) => indexed(key, elements),
            Some(_) => {
                self.report(key, Fault::Shape(format!("must be a list: write [[{key}]]")));
                Vec::new()
            }
        }
    }

    fn name(&mut self, at: String, value: Option<String>) -> Option<String> {
        let name = self.required(&at, value)?;
        let name = name.trim();
        self.accept(at, if name.is_empty() { Err(Fault::Empty) } else { Ok(name.to_owned()) })
    }

    fn id<T>(&mut self, at: String, value: Option<String>, new: fn(&str) -> Result<T, IdError>) -> Option<T> {
        let text = self.required(&at, value)?;
        self.accept(at, new(&text))
    }

    /// Reports the second and further uses of an identifier.
    fn unique(&mut self, seen: &mut BTreeMap<String, String>, id: &str, at: &str) {
        match seen.get(id) {
            Some(first) => {
                let fault = Fault::Duplicate { id: id.to_owned(), first: first.clone() };
                self.report(format!("{at}.id"), fault);
            }
            None => drop(seen.insert(id.to_owned(), at.to_owned())),
        }
    }

    /// A word out of a closed set.
    fn word<T: FromStr<Err = UnknownName>>(&mut self, at: String, written: Option<String>) -> Option<T> {
        let text = self.required(&at, written)?;
        self.accept(at, text.parse())
    }

    fn duration(
        &mut self,
        at: &str,
        value: Option<String>,
        default: Duration,
        limits: Limits,
    ) -> Option<Duration> {
        let Some(written) = value else { return Some(default) };
        let duration = self.accept(at, text::duration(&written))?;
        let show = |d: Duration| humantime::format_duration(d).to_string();
        let fine = (limits.least..=limits.most).contains(&duration);
        let fault = || Fault::Range { found: written, least: show(limits.least), most: show(limits.most) };
        self.accept(at, if fine { Ok(duration) } else { Err(fault()) })
    }

    fn bytes(&mut self, at: &str, value: Option<String>, default: usize) -> Option<usize> {
        const LEAST: usize = 1 << 20;
        const MOST: usize = 4 << 30;
        let Some(written) = value else { return Some(default) };
        let bytes = self.accept(at, text::bytes(&written))?;
        let fault = Fault::Range { found: written, least: "1MiB".into(), most: "4GiB".into() };
        self.accept(at, if (LEAST..=MOST).contains(&bytes) { Ok(bytes) } else { Err(fault) })
    }

    /// A path, relative ones from the file's folder.
    fn path(&self, written: &str) -> PathBuf {
        self.environment.base.join(written)
    }

    fn site(&mut self, mut root: Table) -> Option<Site> {
        let head = match root.remove("site") {
            Some(value) => self.raw::<RawSite>("site", value),
            None => self.required("site", None),
        }
        .unwrap_or_default_after(self);
        let server = self.server(&mut root);
        let name = self.name("site.name".into(), head.name);
        let timezone = self.required("site.timezone", head.timezone).and_then(|zone| {
            let found = TimeZone::get(&zone).map_err(|_| Fault::TimeZone(zone));
            self.accept("site.timezone", found)
        });
        let data_dir = self.name("site.data_dir".into(), head.data_dir).map(|dir| self.path(&dir));
        let (storage, retention) = self.storage(&mut root, data_dir.as_deref()).unzip();
        let playback = self.playback(&mut root);
        let reports: Option<RawReports> = self.raw_or_default(&mut root, "reports");
        let report_font = reports.map(|raw| raw.font.map(|font| self.path(&font)));
        let incident = self.incident(&mut root);
        let noise = self.noise(&mut root);
        let map = self.map(&mut root);
        let analysis = self.analysis(&mut root);
        let canary = self.canary(&mut root);
        let inference = self.inference(&mut root, data_dir.as_deref());
        let areas = self.areas(&mut root);
        let cameras = {
            let disks = storage.as_ref().map(|storage| storage.disks.as_slice());
            self.cameras(&mut root, &areas.written, retention.unwrap_or_default(), disks)
        };
        let (centre, intake_tokens) = self.centre(&mut root, &areas.written);
        let targets = self.targets(&mut root, &areas.written, &centre);
        for key in root.keys() {
            let fault = Fault::Section(
                "site, server, storage, playback, reports, incident, noise, map, analysis, canary, inference, area, camera, \
                 unit, class, route, deadlines, escalation, calendar, roster, intake, outbound",
            );
            self.report(key.clone(), fault);
        }
        Some(Site {
            name: name?,
            timezone: timezone?,
            data_dir: data_dir?,
            server: server?,
            storage: storage?,
            playback: playback?,
            report_font: report_font?,
            incident: incident?,
            noise: noise?,
            map: map?,
            analysis: analysis?,
            canary: canary?,
            inference: inference?,
            areas: areas.tree,
            cameras,
            centre: std::sync::Arc::new(centre),
            intake_tokens,
            targets,
        })
    }

    fn server(&mut self, root: &mut Table) -> Option<Server> {
        let raw: RawServer = self.raw_or_default(root, "server")?;
        let written = raw.listen.unwrap_or_else(|| "127.0.0.1:8460".into());
        let listen: SocketAddr =
            self.accept("server.listen", written.parse().map_err(|_| Fault::Listen(written)))?;
        let secure_cookie = raw.secure_cookie.unwrap_or(!listen.ip().is_loopback());
        Some(Server { listen, secure_cookie })
    }

    /// The storage, and what cameras inherit of it.
    fn storage(&mut self, root: &mut Table, data_dir: Option<&Path>) -> Option<(Storage, Defaults)> {
        let raw: RawStorage = self.raw_or_default(root, "storage")?;
        let segment = self.duration("storage.segment", raw.segment, secs(60), Limits::secs(5, 600));
        let ring = self.duration("storage.ring", raw.ring, secs(20), Limits::secs(2, 120));
        let ring_bytes = self.bytes("storage.ring_bytes", raw.ring_bytes, 16 << 20);
        let backlog_bytes = self.bytes("storage.backlog_bytes", raw.backlog_bytes, 8 << 20);
        let reserve = match raw.reserve {
            Some(size) => self.accept("storage.reserve", text::disk_bytes(&size)).map(Some),
            None => Some(None),
        };
        let disks = self.disks(raw.media_dir, raw.disk, data_dir);
        let database_reserve = match raw.database_reserve {
            Some(size) => self.accept("storage.database_reserve", text::disk_bytes(&size)),
            None => Some(64 << 20),
        };
        let limits = Limits::secs(3_600, 30 * 86_400);
        let clock_confirm = self.duration("storage.clock_confirm", raw.clock_confirm, secs(86_400), limits);
        let written = Written {
            keep_days: raw.keep_days,
            incident_days: raw.incident_days,
            max_bytes: raw.max_bytes,
            incident_max_bytes: raw.incident_max_bytes,
            held_warn_bytes: raw.held_warn_bytes,
            legal_basis: raw.legal_basis,
        };
        let (policy, defaults) = self.retention("storage", written, Defaults::default())?;
        let storage = Storage {
            disks: disks?,
            reserve: reserve?,
            segment: segment?,
            ring: ring?,
            ring_bytes: ring_bytes?,
            backlog_bytes: backlog_bytes?,
            database_reserve: database_reserve?,
            policy,
            clock_confirm: clock_confirm?,
        };
        Some((storage, defaults))
    }

    /// `media_dir` is the disk `main`, and so is the folder of a site that names no disk at all.
    fn disks(
        &mut self,
        media_dir: Option<String>,
        named: Vec<Value>,
        data_dir: Option<&Path>,
    ) -> Option<Vec<Disk>> {
        let is_alone = named.is_empty();
        let main = media_dir
            .map(|dir| self.path(&dir))
            .or_else(|| is_alone.then(|| data_dir.map(|dir| dir.join("media"))).flatten());
        let mut disks: Vec<Disk> =
            main.map(|dir| Disk { name: DiskName::main(), dir, reserve: None }).into_iter().collect();
        let n_known = disks.len();
        let n_named = named.len();
        for (index, value) in named.into_iter().enumerate() {
            let at = format!("storage.disk[{index}]");
            let Some(raw) = self.raw::<RawDisk>(&at, value) else { continue };
            let name = self.id(format!("{at}.name"), raw.name, DiskName::new);
            let dir = self.name(format!("{at}.dir"), raw.dir).map(|dir| self.path(&dir));
            let reserve = match raw.reserve {
                Some(size) => self.accept(format!("{at}.reserve"), text::disk_bytes(&size)).map(Some),
                None => Some(None),
            };
            let (Some(name), Some(dir), Some(reserve)) = (name, dir, reserve) else { continue };
            if disks.iter().any(|known| known.name == name) {
                let fault = format!("is the name of another disk, too: `{name}` (`media_dir` is `main`)");
                self.report(format!("{at}.name"), Fault::Shape(fault));
            } else if disks.iter().any(|known| known.dir.starts_with(&dir) || dir.starts_with(&known.dir)) {
                let fault = "lies in, or is, the folder of another disk".to_owned();
                self.report(format!("{at}.dir"), Fault::Shape(fault));
            } else {
                disks.push(Disk { name, dir, reserve });
            }
        }
        // Without a data directory the folder of the only disk is not known: that is told already.
        (disks.len() == n_known + n_named && !disks.is_empty()).then_some(disks)
    }

    fn playback(&mut self, root: &mut Table) -> Option<Playback> {
        let raw: RawPlayback = self.raw_or_default(root, "playback")?;
        let mut number = |key: &str, written: Option<i64>, default: u16, least: u16, most: u16| {
            let Some(written) = written else { return Some(default) };
            let fine = u16::try_from(written).ok().filter(|n| (least..=most).contains(n));
            self.accept(format!("playback.{key}"), fine.ok_or_else(|| range(written, least, most)))
        };
        let transcodes = number("transcodes", raw.transcodes, 2, 0, 16);
        let transcodes_per_viewer = number("transcodes_per_viewer", raw.transcodes_per_viewer, 1, 1, 16);
        let transcode_width = number("transcode_width", raw.transcode_width, 1280, 160, 1920);
        let picture_cache_bytes = self.bytes("playback.picture_cache", raw.picture_cache, 256 << 20);
        Some(Playback {
            transcodes: transcodes?,
            transcodes_per_viewer: transcodes_per_viewer?,
            transcode_width: transcode_width?,
            picture_cache_bytes: picture_cache_bytes?,
        })
    }

    fn incident(&mut self, root: &mut Table) -> Option<IncidentSettings> {
        let raw: RawIncident = self.raw_or_default(root, "incident")?;
        let correlation =
            self.duration("incident.correlation", raw.correlation, secs(300), Limits::secs(0, 86_400));
        let lease = self.duration("incident.lease", raw.lease, secs(600), Limits::secs(10, 86_400));
        let pre_roll = self.duration("incident.pre_roll", raw.pre_roll, secs(10), Limits::secs(0, 25));
        let post_roll = self.duration("incident.post_roll", raw.post_roll, secs(10), Limits::secs(0, 300));
        let written = raw.flood_incidents.unwrap_or(20);
        let flood = u16::try_from(written).ok().filter(|n| (2..=1_000).contains(n));
        let flood_incidents =
            self.accept("incident.flood_incidents", flood.ok_or_else(|| range(written, 2, 1_000)));
        let flood_window =
            self.duration("incident.flood_window", raw.flood_window, secs(60), Limits::secs(10, 3_600));
        Some(IncidentSettings {
            correlation: correlation?,
            lease: lease?,
            pre_roll: pre_roll?,
            post_roll: post_roll?,
            flood_incidents: flood_incidents?,
            flood_window: flood_window?,
        })
    }

    fn noise(&mut self, root: &mut Table) -> Option<NoiseBudget> {
        let raw: RawNoise = self.raw_or_default(root, "noise")?;
        let usual = NoiseBudget::default();
        let mut number = |key: &str, written: Option<i64>, default: u32, least: u32, most: u32| {
            let Some(written) = written else { return Some(default) };
            let fine = u32::try_from(written).ok().filter(|n| (least..=most).contains(n));
            self.accept(format!("noise.{key}"), fine.ok_or_else(|| range(written, least, most)))
        };
        let source_per_hour =
            number("source_per_hour", raw.source_per_hour, usual.source_per_hour, 1, 10_000);
        let centre_per_hour =
            number("centre_per_hour", raw.centre_per_hour, usual.centre_per_hour, 1, 100_000);
        let false_percent = number("false_percent", raw.false_percent, usual.false_percent, 1, 99);
        let false_of = number("false_of", raw.false_of, usual.false_of, 1, 10_000);
        let limits = Limits::secs(86_400, 31 * 86_400);
        let window = self.duration("noise.window", raw.window, usual.window, limits);
        Some(NoiseBudget {
            source_per_hour: source_per_hour?,
            centre_per_hour: centre_per_hour?,
            false_percent: false_percent?,
            false_of: false_of?,
            window: window?,
        })
    }

    fn map(&mut self, root: &mut Table) -> Option<MapSettings> {
        let raw: RawMap = self.raw_or_default(root, "map")?;
        let plan = match raw.plan {
            None => None,
            Some(written) => {
                let path = self.path(&written);
                let ending = path.extension().and_then(|ending| ending.to_str());
                if !ending.is_some_and(|ending| PLAN_ENDINGS.contains(&ending)) {
                    let fault = format!("must be a file that ends in {}", PLAN_ENDINGS.join(", "));
                    self.report("map.plan", Fault::Shape(fault));
                }
                Some(path)
            }
        };
        Some(MapSettings { plan, tiles: raw.tiles.map(|dir| self.path(&dir)) })
    }

    fn analysis(&mut self, root: &mut Table) -> Option<Analysis> {
        let raw: RawAnalysis = self.raw_or_default(root, "analysis")?;
        let ladder = match raw.ladder {
            Some(word) => self.accept("analysis.ladder", word.parse()),
            None => Some(LadderMode::Auto),
        };
        let decoder = match raw.decoder {
            Some(word) => self.accept("analysis.decoder", word.parse()),
            None => Some(DecoderChoice::Auto),
        };
        let look_every = self.duration("analysis.look_every", raw.look_every, secs(10), Limits::secs(1, 60));
        let count = |n: i64, most: u16| {
            let count = u16::try_from(n).ok().filter(|n| *n <= most).and_then(NonZeroU16::new);
            count.ok_or_else(|| range(n, 1, i64::from(most)))
        };
        let decoders = self.accept("analysis.decoders", count(raw.decoders.unwrap_or(48), 1024));
        let threads = match raw.threads {
            Some(n) => self.accept("analysis.threads", count(n, 64)).map(Some),
            None => Some(None),
        };
        Some(Analysis {
            ladder: ladder?,
            look_every: look_every?,
            parts: raw.parts.unwrap_or(false),
            decoder: decoder?,
            decoders: decoders?,
            threads: threads?,
        })
    }

    fn canary(&mut self, root: &mut Table) -> Option<Option<Duration>> {
        let raw: RawCanary = self.raw_or_default(root, "canary")?;
        if raw.every.as_deref() == Some("off") {
            return Some(None);
        }
        self.duration("canary.every", raw.every, secs(600), Limits::secs(60, 86_400)).map(Some)
    }

    fn inference(&mut self, root: &mut Table, data_dir: Option<&Path>) -> Option<Inference> {
        let raw: RawInference = self.raw_or_default(root, "inference")?;
        let runtime = raw.runtime.map(|file| self.path(&file));
        let models = raw.models.map(|dir| self.path(&dir)).or_else(|| Some(data_dir?.join("models")));
        let written = raw.threads.unwrap_or(1);
        let threads = u16::try_from(written).ok().filter(|n| *n <= 64).and_then(NonZeroU16::new);
        let threads = self.accept("inference.threads", threads.ok_or_else(|| range(written, 1, 64)));
        let default_model = match raw.default_model {
            Some(id) => self.id("inference.default_model".into(), Some(id), ModelId::new).map(Some),
            None => Some(None),
        };
        let shadow_model = match raw.shadow_model {
            Some(id) => self.id("inference.shadow_model".into(), Some(id), ModelId::new).map(Some),
            None => Some(None),
        };
        let provider = match raw.provider {
            Some(word) => self.accept("inference.provider", InferenceProvider::parse(&word)),
            None => Some(InferenceProvider::default()),
        };
        let process = match raw.process {
            Some(word) => self.accept("inference.process", InferenceProcess::parse(&word)),
            None => Some(InferenceProcess::default()),
        };
        let limits = Limits { least: Duration::from_millis(10), most: secs(60) };
        let time_limit = self.duration("inference.time_limit", raw.time_limit, secs(2), limits);
        Some(Inference {
            runtime,
            models: models?,
            threads: threads?,
            default_model: default_model?,
            shadow_model: shadow_model?,
            provider: provider?,
            process: process?,
            time_limit: time_limit?,
        })
    }

    fn areas(&mut self, root: &mut Table) -> Areas {
        let mut areas = Vec::new();
        let mut paths = Vec::new();
        let mut written = Vec::new();
        for (at, value) in self.list(root, "area") {
            let Some(raw) = self.raw::<RawArea>(&at, value) else { continue };
            written.extend(raw.id.clone());
            let id = self.id(format!("{at}.id"), raw.id, AreaId::new);
            let name = self.name(format!("{at}.name"), raw.name);
            let parent =
                raw.parent.and_then(|parent| self.id(format!("{at}.parent"), Some(parent), AreaId::new));
            let kind = self.word(format!("{at}.kind"), raw.kind);
            if let (Some(id), Some(name), Some(kind)) = (id, name, kind) {
                paths.push((id.clone(), at));
                areas.push(Area { id, name, parent, kind });
            }
        }
        let tree = AreaTree::new(areas).unwrap_or_else(|errors| {
            for error in errors {
                let at = area_path(&error, &paths);
                self.report(at, error);
            }
            AreaTree::default()
        });
        Areas { tree, written }
    }
}

struct Areas {
    /// Empty when there was a problem with any.
    tree: AreaTree,
    /// The ids of all, so that one bad area is not also reported by every camera in it.
    written: Vec<String>,
}

/// Where the area is written that `error` complains about.
fn area_path(error: &AreaError, paths: &[(AreaId, String)]) -> String {
    let mut all = paths.iter();
    match error {
        AreaError::Duplicate { id } => {
            all.rev().find(|(other, _)| other == id).map(|(_, at)| format!("{at}.id"))
        }
        AreaError::UnknownParent { id, .. } | AreaError::Cycle { id, .. } | AreaError::Tier { id, .. } => {
            all.find(|(other, _)| other == id).map(|(_, at)| format!("{at}.parent"))
        }
    }
    .unwrap_or_else(|| "area".into())
}

/// `unwrap_or_default`, said aloud: the absence was reported.
trait AfterReport<T> {
    fn unwrap_or_default_after(self, check: &Check<'_>) -> T;
}

impl<T: Default> AfterReport<T> for Option<T> {
    fn unwrap_or_default_after(self, check: &Check<'_>) -> T {
        debug_assert!(self.is_some() || !check.problems.is_empty());
        self.unwrap_or_default()
    }
}

#[derive(Clone, Copy)]
struct Limits {
    least: Duration,
    most: Duration,
}

impl Limits {
    const fn secs(least: u64, most: u64) -> Self {
        Self { least: secs(least), most: secs(most) }
    }
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn range(found: impl ToString, least: impl ToString, most: impl ToString) -> Fault {
    Fault::Range { found: found.to_string(), least: least.to_string(), most: most.to_string() }
}

fn unknown<'a>(what: &'static str, id: &str, defined: impl Iterator<Item = &'a str>) -> Fault {
    let defined: Vec<&str> = defined.collect();
    let defined = if defined.is_empty() { "none".into() } else { defined.join(", ") };
    Fault::Unknown { what, id: id.to_owned(), defined }
}

fn indexed(key: &str, elements: Vec<Value>) -> Vec<(String, Value)> {
    elements.into_iter().enumerate().map(|(i, value)| (format!("{key}[{i}]"), value)).collect()
}

/// The deserialiser's message on one line: what, and in which key.
fn shape(error: toml::de::Error) -> Fault {
    let text = error.to_string();
    Fault::Shape(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests;
