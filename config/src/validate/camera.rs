//! One `[[camera]]`: streams, credentials, zones, and its rules through [`super::rule`].

use std::collections::BTreeMap;

use sharpeyes_domain::{
    area::Place,
    geometry::{Confidence, NormPoint, Polygon},
    ids::{AreaId, CameraId, DiskName, LineId, ModelId, ZoneId},
    tamper::TamperKind,
    zone::{Line, Zone},
};
use toml::{Table, Value};

use super::{
    Check, indexed, range,
    retention::{Defaults, Written},
    unknown,
};
use crate::{
    AnalyseStream, Camera, Credentials, Disk, Fault, GeoPoint, Record, RtspUrl, Secret, StreamSource,
    Transport,
    raw::{RawCamera, RawLine, RawZone},
};

/// Pictures a second where no rule asks for more.
const USUAL_FPS: f64 = 5.0;

impl Check<'_> {
    pub(super) fn cameras(
        &mut self,
        root: &mut Table,
        areas: &[String],
        retention: Defaults,
        disks: Option<&[Disk]>,
    ) -> Vec<Camera> {
        let mut seen = BTreeMap::new();
        let mut cameras = Vec::new();
        for (at, value) in self.list(root, "camera") {
            let Some(raw) = self.raw::<RawCamera>(&at, value) else { continue };
            if let Some(id) = &raw.id {
                self.unique(&mut seen, id, &at);
            }
            cameras.extend(self.camera(&at, raw, areas, retention, disks));
        }
        cameras
    }

    fn camera(
        &mut self,
        at: &str,
        raw: RawCamera,
        areas: &[String],
        retention: Defaults,
        disks: Option<&[Disk]>,
    ) -> Option<Camera> {
        let key = |name: &str| format!("{at}.{name}");
        let id = self.id(key("id"), raw.id, CameraId::new);
        let name = self.name(key("name"), raw.name);
        let area = self.id(key("area"), raw.area, AreaId::new);
        if let Some(area) = &area
            && !areas.iter().any(|known| known == area.as_str())
        {
            self.report(key("area"), unknown("area", area.as_str(), areas.iter().map(String::as_str)));
        }
        let place = self.word(key("place"), raw.place);
        let at_plan = self.pair(&key("at"), raw.at, [(0.0, 1.0), (0.0, 1.0)]);
        let position = self.pair(&key("position"), raw.position, [(-85.0, 85.0), (-180.0, 180.0)]);
        let main = self.required(key("main"), raw.main).and_then(|url| self.source(key("main"), &url));
        let sub = match raw.sub {
            Some(url) => self.source(key("sub"), &url).map(Some),
            None => Some(None),
        };
        let in_urls = [main.as_ref(), sub.as_ref().and_then(Option::as_ref)].map(|s| s?.credentials.clone());
        let credentials = self.credentials(at, raw.username, raw.password, in_urls);
        let zones = self.zones(at, raw.zone);
        let lines = self.lines(at, raw.line);
        let n_rules = raw.rule.len();
        let drawn = Drawn { place, zones: &zones, lines: &lines };
        let rules = self.rules(at, raw.rule, &drawn);
        let has_sub = sub.as_ref().is_none_or(Option::is_some);
        let analyse = self.analyse(at, raw.analyse, has_sub, n_rules > 0);
        let transport = match raw.transport {
            Some(word) => self.accept(key("transport"), Transport::parse(&word)),
            None => Some(Transport::default()),
        };
        let record = self.record(at, raw.record, has_sub);
        let disk = match raw.disk {
            Some(disk) => self.id(key("disk"), Some(disk), DiskName::new).map(Some),
            None => Some(None),
        };
        if let (Some(Some(disk)), Some(disks)) = (&disk, disks)
            && disks.iter().all(|known| known.name != *disk)
        {
            let names = disks.iter().map(|known| known.name.as_str());
            self.report(key("disk"), unknown("disk", disk.as_str(), names));
        }
        let written = Written {
            keep_days: raw.keep_days,
            incident_days: raw.incident_days,
            max_bytes: raw.max_bytes,
            incident_max_bytes: raw.incident_max_bytes,
            held_warn_bytes: raw.held_warn_bytes,
            legal_basis: raw.legal_basis,
        };
        let retention = self.retention(at, written, retention);
        if record == Some(Record::Off) && analyse == Some(AnalyseStream::Off) {
            self.report(at, Fault::Idle);
        }
        let audio = raw.audio.unwrap_or(false);
        if audio && record == Some(Record::Off) {
            self.report(key("audio"), Fault::SoundAlone);
        }
        let model = match raw.model {
            Some(model) => self.id(key("model"), Some(model), ModelId::new).map(Some),
            None => Some(None),
        };
        let shadow_model = match raw.shadow_model {
            Some(shadow) => self.id(key("shadow_model"), Some(shadow), ModelId::new).map(Some),
            None => Some(None),
        };
        if let Some(Some(shadow)) = &shadow_model {
            if analyse == Some(AnalyseStream::Off) || rules.live.is_empty() {
                self.report(key("shadow_model"), Fault::ShadowUnasked);
            } else if model.as_ref().is_some_and(|model| model.as_ref() == Some(shadow)) {
                self.report(key("shadow_model"), Fault::ShadowTwin);
            }
        }
        let needed = || {
            rules
                .live
                .iter()
                .chain(&rules.shadow)
                .map(|rule| f64::from(rule.kind.need().fps))
                .fold(USUAL_FPS, f64::max)
        };
        let fps = raw.fps.unwrap_or_else(needed);
        let fps = if (0.2..=30.0).contains(&fps) { Ok(single(fps)) } else { Err(range(fps, 0.2, 30)) };
        let fps = self.accept(key("fps"), fps);
        let score = match raw.score {
            Some(score) if !(0.0..=1.0).contains(&score) => {
                self.accept(key("score"), Err(range(score, 0, 1)))
            }
            score => Some(score.map(|score| Confidence::new(single(score)))),
        };
        let tamper = self.tamper(&key("tamper"), raw.tamper);
        Some(Camera {
            id: id?,
            name: name?,
            area: area?,
            place: place?,
            at: at_plan?,
            position: position?.map(|[latitude, longitude]| GeoPoint { latitude, longitude }),
            main: main?.stream,
            sub: sub?.map(|sub| sub.stream),
            credentials: credentials?,
            transport: transport?,
            record: record?,
            disk: disk?,
            audio,
            retention: retention?.0,
            analyse: analyse?,
            model: model?,
            shadow_model: shadow_model?,
            fps: fps?,
            score: score?,
            tamper: tamper?,
            zones: zones.fine,
            lines: lines.fine,
            rules: rules.live,
            shadow_rules: rules.shadow,
        })
    }

    fn tamper(&mut self, at: &str, written: Option<Vec<String>>) -> Option<Vec<TamperKind>> {
        let Some(written) = written else { return Some(TamperKind::ALL.to_vec()) };
        let n_written = written.len();
        let words = written.into_iter().enumerate();
        let kinds: Vec<_> =
            words.filter_map(|(i, word)| self.word(format!("{at}[{i}]"), Some(word))).collect();
        (kinds.len() == n_written).then_some(kinds)
    }

    /// Two numbers within their limits.
    fn pair(
        &mut self,
        at: &str,
        written: Option<[f64; 2]>,
        limits: [(f64, f64); 2],
    ) -> Option<Option<[f64; 2]>> {
        let Some(pair) = written else { return Some(None) };
        let wrong = pair.iter().zip(limits).find(|(n, (least, most))| !(*least..=*most).contains(*n));
        match wrong {
            Some((n, (least, most))) => self.accept(at, Err(range(n, least, most))),
            None => Some(Some(pair)),
        }
    }

    fn source(&mut self, at: String, written: &str) -> Option<Source> {
        let (url, credentials) = self.accept(at, RtspUrl::split(written))?;
        Some(Source { stream: StreamSource { url }, credentials })
    }

    /// From the keys or from the addresses, never from both.
    fn credentials(
        &mut self,
        at: &str,
        username: Option<String>,
        password: Option<Value>,
        in_urls: [Option<Credentials>; 2],
    ) -> Option<Option<Credentials>> {
        let by_key = username.is_some() || password.is_some();
        let [main, sub] = in_urls;
        if by_key {
            for (url, key) in [(&main, "main"), (&sub, "sub")] {
                if url.is_some() {
                    self.report(format!("{at}.{key}"), Fault::CredentialsTwice("`username` or `password`"));
                }
            }
        }
        if let (Some(main), Some(sub)) = (&main, &sub)
            && (main.username != sub.username || main.password.expose() != sub.password.expose())
        {
            self.report(format!("{at}.sub"), Fault::CredentialsTwice("`main`, a different one"));
        }
        match (username, password) {
            (None, None) => Some(main.or(sub)),
            (Some(_), None) => self.accept(format!("{at}.username"), Err(Fault::UsernameAlone)),
            (None, Some(_)) => self.accept(format!("{at}.password"), Err(Fault::PasswordAlone)),
            (Some(username), Some(password)) => {
                let password = self.password(format!("{at}.password"), password)?;
                Some(Some(Credentials { username, password }))
            }
        }
    }

    pub(super) fn password(&mut self, at: String, written: Value) -> Option<Secret<String>> {
        let password = match written {
            Value::String(literal) => Ok(literal),
            Value::Table(table) if table.len() == 1 => match (table.get("env"), table.get("file")) {
                (Some(Value::String(name)), _) => {
                    (self.environment.variable)(name).ok_or_else(|| Fault::PasswordEnv(name.clone()))
                }
                (_, Some(Value::String(file))) => {
                    let path = self.path(file);
                    std::fs::read_to_string(&path)
                        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                        .map_err(|source| Fault::PasswordFile { path, source })
                }
                _ => Err(Fault::PasswordShape),
            },
            _ => Err(Fault::PasswordShape),
        };
        self.accept(at, password).map(Secret::new)
    }

    fn analyse(
        &mut self,
        at: &str,
        written: Option<String>,
        has_sub: bool,
        has_rules: bool,
    ) -> Option<AnalyseStream> {
        let at = format!("{at}.analyse");
        let analyse = match written {
            Some(word) => self.accept(&at, AnalyseStream::parse(&word))?,
            // A large picture is never analysed unasked: that is ten times the work.
            None if !has_sub && !has_rules => AnalyseStream::Off,
            None => AnalyseStream::Sub,
        };
        let fault = match analyse {
            AnalyseStream::Sub if !has_sub => Some(Fault::NoSub),
            AnalyseStream::Off if has_rules => Some(Fault::RulesUnwatched),
            AnalyseStream::Sub | AnalyseStream::Main | AnalyseStream::Off => None,
        };
        self.accept(at, fault.map_or(Ok(analyse), Err))
    }

    /// `true` and `false` are what the first site files said.
    fn record(&mut self, at: &str, written: Option<Value>, has_sub: bool) -> Option<Record> {
        let at = format!("{at}.record");
        let record = match written {
            None | Some(Value::Boolean(true)) => Record::Main,
            Some(Value::Boolean(false)) => Record::Off,
            Some(Value::String(word)) => self.accept(&at, Record::parse(&word))?,
            Some(_) => self.accept(&at, Err(Fault::RecordShape))?,
        };
        let needs_sub = record.includes(sharpeyes_domain::ids::StreamKind::Sub);
        let fault = (needs_sub && !has_sub).then_some(Fault::NoSubToRecord);
        self.accept(at, fault.map_or(Ok(record), Err))
    }

    pub(super) fn zones(&mut self, at: &str, written: Vec<Value>) -> Known<Zone> {
        let mut seen = BTreeMap::new();
        let mut fine = Vec::new();
        for (at, value) in indexed(&format!("{at}.zone"), written) {
            let Some(raw) = self.raw::<RawZone>(&at, value) else { continue };
            if let Some(id) = &raw.id {
                self.unique(&mut seen, id, &at);
            }
            let id = self.id(format!("{at}.id"), raw.id, ZoneId::new);
            let name = self.name(format!("{at}.name"), raw.name);
            let polygon = self.required(format!("{at}.polygon"), raw.polygon).and_then(|corners| {
                let corners = corners.into_iter().map(|[x, y]| NormPoint { x, y }).collect();
                self.accept(format!("{at}.polygon"), Polygon::new(corners))
            });
            if let (Some(id), Some(name), Some(polygon)) = (id, name, polygon) {
                fine.push(Zone { id, name, polygon });
            }
        }
        Known { fine, written: seen.into_keys().collect() }
    }

    pub(super) fn lines(&mut self, at: &str, written: Vec<Value>) -> Known<Line> {
        let mut seen = BTreeMap::new();
        let mut fine = Vec::new();
        for (at, value) in indexed(&format!("{at}.line"), written) {
            let Some(raw) = self.raw::<RawLine>(&at, value) else { continue };
            if let Some(id) = &raw.id {
                self.unique(&mut seen, id, &at);
            }
            let id = self.id(format!("{at}.id"), raw.id, LineId::new);
            let name = self.name(format!("{at}.name"), raw.name);
            let points = self.required(format!("{at}.points"), raw.points);
            if let (Some(id), Some(name), Some(points)) = (id, name, points) {
                let points: Vec<_> = points.into_iter().map(|[x, y]| NormPoint { x, y }).collect();
                fine.extend(self.accept(format!("{at}.points"), Line::new(id, name, &points)));
            }
        }
        Known { fine, written: seen.into_keys().collect() }
    }
}

/// Zones or lines of one camera.
pub(super) struct Known<T> {
    /// Those without a problem.
    pub(super) fine: Vec<T>,
    /// The ids of all, so that one bad polygon is not also reported by every rule that uses it.
    pub(super) written: Vec<String>,
}

/// What is known of a camera when its rules are read.
pub(super) struct Drawn<'a> {
    /// `None`: it was no place.
    pub(super) place: Option<Place>,
    pub(super) zones: &'a Known<Zone>,
    pub(super) lines: &'a Known<Line>,
}

struct Source {
    stream: StreamSource,
    credentials: Option<Credentials>,
}

#[expect(clippy::cast_possible_truncation, reason = "small settings; the nearest f32 is what is meant")]
pub(super) const fn single(value: f64) -> f32 {
    value as f32
}
