//! A month's report of a county: 930,000 incidents with their histories and alarms, of a tree of four levels with 1,016
//! grids, 14 departments and 560 workers. Counted, named and written as JSON, as `POST /bulletins` does.
//!
//! The rows are made up, in the shapes that the desk writes. They are built once and kept. What is counted is compared
//! with what SQL says of the same rows, so that a fast wrong answer is none.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{fmt::Write as _, path::Path, time::Instant};

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, Statement, params};
use sharpeyes::{
    bulletin,
    store::{
        DISPATCH_MIGRATIONS,
        db::Db,
        statistics::{IncidentKind, Scope, Statistics},
    },
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    ids::{AreaId, UnitId},
    incident::{
        ClockKind, CloseReason, IncidentAction, IncidentState as S, RevisitResult, Satisfaction, UrgeLevel,
    },
    time::WallTime,
};

use super::{
    Results, Row, quantile,
    queue::{CLASSES, DEPARTMENTS, GRIDS, NOW, OPEN, PAST, Random, SOURCES, WORKERS},
    sorted,
};
use crate::shared::workspace_root;

const TOWNSHIPS: i64 = 16;
const VILLAGES: i64 = 127;
const ROUNDS: usize = 7;
/// One after the other.
const APART_MS: i64 = 37_000;
/// October 2026 in Shanghai.
const MONTH: (i64, i64) = (1_790_784_000_000, 1_793_462_400_000);

/// `report.month_s`.
///
/// # Errors
/// When the tables cannot be made or read, or the report says something else than the rows.
pub fn report(results: &mut Results) -> anyhow::Result<()> {
    let dir = workspace_root().join("target/bench");
    std::fs::create_dir_all(&dir)?;
    let path = dir.join("report-930k.db");
    if !path.exists() {
        println!("building {}: this is done once", path.display());
        let part = dir.join("report-930k.db.part");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.join(format!("report-930k.db.part{suffix}")));
        }
        build(&part)?;
        std::fs::rename(&part, &path)?;
    }
    let mib = std::fs::metadata(&path)?.len() >> 20;
    let site = site(&dir)?;
    let statistics = Statistics::new(Db::open(&path, DISPATCH_MIGRATIONS)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let scope = Scope {
        before: WallTime(MONTH.0 - (MONTH.1 - MONTH.0)),
        from: WallTime(MONTH.0),
        to: WallTime(MONTH.1),
        as_of: WallTime(MONTH.1),
        areas: site.area_subtree(&AreaId::new("county")?),
    };
    let mut times = Vec::new();
    let mut n_incidents = 0;
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let local = bulletin::local(site.timezone.clone());
        let counted = runtime.block_on(statistics.count(scope.clone(), IncidentKind::default(), local))?;
        let document = bulletin::statistics(&site, &scope, &IncidentKind::default(), &counted);
        bytes = serde_json::to_vec(&document)?.len();
        times.push(began.elapsed().as_secs_f64());
        n_incidents = document.total.received;
        ensure_equal(&path, &document)?;
    }
    let times = sorted(times);
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    let context = format!(
        "{n_incidents} incidents of {OPEN} open and {PAST} past, {mib} MiB, {} areas, {} units; {} KiB of JSON; {build}; \
         slowest {:.2} s",
        site.areas.areas().len(),
        site.centre.units.len(),
        bytes >> 10,
        quantile(&times, 1.0)
    );
    results.push(&Row {
        bench: "report.month_s",
        value: quantile(&times, 0.5),
        unit: "s",
        n: times.len(),
        context,
    })
}

/// The same questions in SQL.
fn ensure_equal(path: &Path, document: &bulletin::document::Statistics) -> anyhow::Result<()> {
    let connection = Connection::open(path)?;
    let number = |sql: &str| -> anyhow::Result<u64> {
        let n: i64 = connection.query_row(sql, [MONTH.0, MONTH.1], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    };
    let month = "incident i WHERE i.opened_ms >= ?1 AND i.opened_ms < ?2";
    let had = |action: &str| {
        format!(
            "SELECT count(*) FROM {month} AND EXISTS (SELECT 1 FROM incident_history h WHERE h.incident = i.id
             AND h.at_ms < ?2 AND h.action = '{action}')"
        )
    };
    let total = &document.total;
    for (name, found, sql) in [
        ("received", total.received, format!("SELECT count(*) FROM {month}")),
        ("accepted", total.accepted, had("claim")),
        ("settled", total.settled, had("close")),
        ("overdue", total.overdue, had("overdue")),
        ("revisited", total.revisited.n, had("revisit")),
        ("dispatched", total.dispatched, had("dispatch")),
    ] {
        let expected = number(&sql)?;
        ensure!(found == expected, "{name}: the report says {found}, the rows {expected}");
    }
    let alarms = number("SELECT count(*) FROM alarm WHERE began_ms >= ?1 AND began_ms < ?2")?;
    ensure!(document.accuracy.alarms == alarms, "{} alarms, not {alarms}", document.accuracy.alarms);
    Ok(())
}

/// A county, townships, villages and grids, as a site file.
fn site(dir: &Path) -> anyhow::Result<Site> {
    let mut text = String::from(
        "[site]\nname = \"示范县\"\ntimezone = \"Asia/Shanghai\"\ndata_dir = \"data\"\n\
         [[area]]\nid = \"county\"\nname = \"示范县\"\nkind = \"county\"\n",
    );
    let mut area = |id: String, parent: String, kind: &str| {
        writeln!(text, "[[area]]\nid = \"{id}\"\nname = \"{id}\"\nparent = \"{parent}\"\nkind = \"{kind}\"")
    };
    for n in 0..TOWNSHIPS {
        area(format!("t{n}"), "county".to_owned(), "township")?;
    }
    for n in 0..VILLAGES {
        area(format!("v{n}"), format!("t{}", n % TOWNSHIPS), "village")?;
    }
    for n in 0..GRIDS {
        area(format!("g{n}"), format!("v{}", n % VILLAGES), "grid")?;
    }
    for n in 0..DEPARTMENTS {
        writeln!(text, "[[unit]]\nid = \"d{n}\"\nname = \"部门{n}\"")?;
    }
    for n in 0..WORKERS {
        writeln!(text, "[[unit]]\nid = \"w{n}\"\nname = \"网格员{n}\"\nkind = \"grid\"")?;
    }
    let file = dir.join("report-site.toml");
    std::fs::write(&file, text)?;
    Site::load(&file).map_err(anyhow::Error::from).context("the bench's site")
}

fn build(path: &Path) -> anyhow::Result<()> {
    drop(Db::open(path, DISPATCH_MIGRATIONS)?);
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    // The history is written before its incident.
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    let transaction = connection.transaction()?;
    {
        let mut random = Random(42);
        let mut incident = transaction.prepare(
            "INSERT INTO incident (id, number, version, state, is_open, level, class, source, camera, camera_name, place,
                 area, title, correlation_key, opened_ms, began_ms, last_alarm_ms, n_alarms, plan, received_by, owner,
                 lease_until_ms, end_reason, ended_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?15, ?16, 1, ?17, ?17, ?18,
                 ?19, ?20)",
        )?;
        let mut alarm = transaction.prepare(
            "INSERT INTO alarm (incident, camera, rule, class, level, began_ms, began_90k, raised_ms, raised_90k, last_ms,
                 ended_ms, cleared_ms, end_cause, peak, evidence)
             VALUES (?1, ?2, 'r', 'crowding', 3, ?3, ?1, ?3, ?1, ?3, ?3, ?3, 'cleared', 9, '{}')",
        )?;
        let history = transaction.prepare(
            "INSERT INTO incident_history (incident, version, at_ms, action, detail, account, state_from, state_to, level)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 3)",
        )?;
        let mut life = Life { history, incident: 0, version: 0, at: 0, state: None };
        for id in 1..=OPEN + PAST {
            let opened = NOW - (OPEN + PAST - id) * APART_MS;
            let source = random.pick(SOURCES);
            let is_camera = source == "camera";
            life.begin(id, opened)?;
            let end = live(&mut life, &mut random, id > PAST)?;
            let state = life.state.unwrap_or(S::New);
            let camera = is_camera.then(|| format!("cam-{}", random.below(1_943)));
            let owner = (state != S::New).then(|| i64::try_from(random.below(40)).unwrap_or(0));
            incident.execute(params![
                id,
                format!("20260101-{id}"),
                life.version,
                state.as_str(),
                state.is_open(),
                [4, 4, 4, 4, 4, 3, 3, 3, 2, 1][usize::try_from(random.below(10))?],
                random.pick(CLASSES),
                source,
                camera,
                camera.as_ref().map(|_| "摄像机"),
                camera.as_ref().map(|_| "village"),
                format!("g{}", random.below(GRIDS.unsigned_abs())),
                (!is_camera).then_some("群众反映"),
                is_camera.then(|| format!("k{id}")),
                opened,
                i64::from(is_camera),
                owner,
                owner.map(|_| opened + 600_000),
                end.map(CloseReason::as_str),
                end.map(|_| life.at),
            ])?;
            if let Some(camera) = &camera {
                alarm.execute(params![id, camera, opened])?;
            }
            if id % 100_000 == 0 {
                println!("  {id} incidents");
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Writes histories.
struct Life<'c> {
    history: Statement<'c>,
    incident: i64,
    version: i64,
    at: i64,
    state: Option<S>,
}

impl Life<'_> {
    fn begin(&mut self, incident: i64, opened: i64) -> anyhow::Result<()> {
        (self.incident, self.version, self.at, self.state) = (incident, 1, opened, Some(S::New));
        let none: Option<i64> = None;
        let row = params![incident, 1, opened, "open", none, none, none, S::New.as_str()];
        self.history.execute(row)?;
        Ok(())
    }

    /// So long after what was done before.
    fn then(&mut self, after_ms: u64, action: &IncidentAction, to: S) -> anyhow::Result<()> {
        self.version += 1;
        self.at += i64::try_from(after_ms)?;
        let row = params![
            self.incident,
            self.version,
            self.at,
            action.kind().as_str(),
            serde_json::to_string(action)?,
            7,
            self.state.map(S::as_str),
            to.as_str()
        ];
        self.history.execute(row)?;
        self.state = Some(to);
        Ok(())
    }
}

/// One in three is a false alarm or settled on the spot; the others go to two units. Gives why it was closed.
fn live(life: &mut Life<'_>, random: &mut Random, stays_open: bool) -> anyhow::Result<Option<CloseReason>> {
    use IncidentAction as I;
    let unit = |kind: &str, n: u64| UnitId::new(&format!("{kind}{n}"));
    if random.below(20) == 0 {
        life.then(240_000, &I::Overdue { clock: ClockKind::Accept, unit: None }, S::New)?;
    }
    let how = random.below(10);
    if stays_open && how < 4 {
        return Ok(None);
    }
    life.then(5_000 + random.below(200_000), &I::Claim, S::Claimed)?;
    if how < 6 && !stays_open {
        let reason = if how < 3 { CloseReason::FalseAlarm } else { CloseReason::NoAction };
        life.then(30_000 + random.below(60_000), &I::Close { reason }, S::Closed)?;
        return Ok(Some(reason));
    }
    let department = unit("d", random.below(DEPARTMENTS.unsigned_abs()))?;
    let worker = unit("w", random.below(WORKERS.unsigned_abs()))?;
    let told = I::Dispatch { lead: Some(department.clone()), assist: vec![worker.clone()], due: None };
    life.then(60_000 + random.below(60_000), &told, S::Dispatched)?;
    if stays_open && how < 7 {
        return Ok(None);
    }
    for unit in [&department, &worker] {
        life.then(random.below(900_000), &I::SignIn { unit: unit.clone() }, S::Signed)?;
    }
    for percent in [50, 80] {
        life.then(1_000, &I::Warn { clock: ClockKind::Finish, unit: None, percent }, S::Signed)?;
    }
    if random.below(12) == 0 {
        life.then(1_000, &I::Overdue { clock: ClockKind::Finish, unit: None }, S::Signed)?;
        life.then(1_000, &I::Urge { level: UrgeLevel::Remind }, S::Signed)?;
    }
    if stays_open {
        return Ok(None);
    }
    for unit in [&department, &worker] {
        life.then(random.below(900_000), &I::Arrive { unit: unit.clone() }, S::Handling)?;
    }
    life.then(random.below(9_000_000), &I::Finish { unit: department, why_no_file: None }, S::Handling)?;
    life.then(1_000, &I::Finish { unit: worker, why_no_file: None }, S::Done)?;
    life.then(random.below(900_000), &I::Verify, S::Verified)?;
    life.then(1_000, &I::Close { reason: CloseReason::Handled }, S::Closed)?;
    if random.below(3) == 0 {
        let satisfaction = Some(random_satisfaction(random));
        life.then(86_400_000, &I::Revisit { result: RevisitResult::Reached, satisfaction }, S::Revisited)?;
    }
    Ok(Some(CloseReason::Handled))
}

fn random_satisfaction(random: &mut Random) -> Satisfaction {
    match random.below(20) {
        0 => Satisfaction::Dissatisfied,
        1..6 => Satisfaction::Fairly,
        _ => Satisfaction::Satisfied,
    }
}
