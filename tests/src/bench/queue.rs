//! The queue of a county: 100,000 open incidents and 830,000 past ones, of 1,016 grids, 14 departments and 560 workers.
//! Pages and searches as an operator asks for them, each through the store that the interface reads.
//!
//! The rows are made up, in the shapes that the desk writes. They are built once and kept.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{collections::BTreeSet, path::Path, time::Instant};

use anyhow::Context as _;
use rusqlite::{Connection, params};
use sharpeyes::store::{
    DISPATCH_MIGRATIONS,
    db::{Db, DbError},
    dispatch::{Dispatch, IncidentFilter, Which},
};
use sharpeyes_domain::{
    centre::Source,
    ids::{AccountId, AreaId, ClassId, UnitId},
    incident::IncidentState,
    level::Level,
    time::WallTime,
};

use super::{Results, Row, quantile, sorted};
use crate::shared::workspace_root;

pub(super) const OPEN: i64 = 100_000;
pub(super) const PAST: i64 = 830_000;
pub(super) const GRIDS: i64 = 1_016;
pub(super) const DEPARTMENTS: i64 = 14;
pub(super) const WORKERS: i64 = 560;
const PAGE: u32 = 50;
const ROUNDS: usize = 12;
/// 2026-11-26.
pub(super) const NOW: i64 = 1_795_651_200_000;

pub(super) const CLASSES: &[&str] = &[
    "crowding",
    "intrusion",
    "accident",
    "stopped_vehicle",
    "safety_hazard",
    "dispute",
    "facility",
    "environment",
    "help",
    "traffic_order",
];
pub(super) const SOURCES: &[&str] = &["camera", "grid", "police_110", "hotline_12345", "app", "visit"];
const PLACES: &[&str] = &[
    "文化广场",
    "东门桥",
    "中心小学门口",
    "水库大坝",
    "农贸市场",
    "汽车站",
    "河堤路",
    "老年活动中心",
    "卫生院",
    "村委会",
];
const WHAT: &[&str] = &[
    "人员聚集",
    "路面积水",
    "井盖破损",
    "邻里纠纷",
    "占道经营",
    "车辆剐蹭",
    "路灯不亮",
    "垃圾堆放",
    "电线脱落",
    "噪声扰民",
];

/// `queue.*`.
///
/// # Errors
/// When the tables cannot be made or read.
pub fn queue(results: &mut Results) -> anyhow::Result<()> {
    let dir = workspace_root().join("target/bench");
    std::fs::create_dir_all(&dir)?;
    let path = dir.join("queue-930k.db");
    if !path.exists() {
        println!("building {}: this is done once", path.display());
        let part = dir.join("queue-930k.db.part");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.join(format!("queue-930k.db.part{suffix}")));
        }
        build(&part)?;
        std::fs::rename(&part, &path)?;
    }
    let bytes = std::fs::metadata(&path)?.len();
    let dispatch = Dispatch::new(Db::open(&path, DISPATCH_MIGRATIONS)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for (bench, questions) in [("queue.list_p95_ms", lists()?), ("queue.search_p95_ms", searches()?)] {
        let mut all = Vec::new();
        let mut slowest = (0.0, "");
        for (name, filter) in &questions {
            let mut times = Vec::new();
            let mut n_rows = 0;
            for _ in 0..ROUNDS {
                let began = Instant::now();
                let page = runtime.block_on(dispatch.list(filter.clone()))?;
                times.push(began.elapsed().as_secs_f64() * 1e3);
                n_rows = page.incidents.len();
            }
            let median = quantile(&sorted(times.clone()), 0.5);
            println!("  {bench} {name}: median {median:.1} ms, {n_rows} rows");
            if median > slowest.0 {
                slowest = (median, name);
            }
            all.extend(times);
        }
        let times = sorted(all);
        let context = format!(
            "{OPEN} open, {PAST} past, {} MiB; {} questions, pages of {PAGE}; slowest: {} ({:.1} ms)",
            bytes >> 20,
            questions.len(),
            slowest.1,
            slowest.0
        );
        results.push(&Row { bench, value: quantile(&times, 0.95), unit: "ms", n: times.len(), context })?;
    }
    Ok(())
}

type Question = (&'static str, IncidentFilter);

/// Every filter that the queue has, alone and as operators combine them.
fn lists() -> anyhow::Result<Vec<Question>> {
    let open = || IncidentFilter { limit: PAGE, ..IncidentFilter::default() };
    let past = || IncidentFilter { which: Which::Over, ..open() };
    let areas = |from: i64, to: i64| -> anyhow::Result<Option<BTreeSet<AreaId>>> {
        Ok(Some((from..to).map(|n| AreaId::new(&grid(n))).collect::<Result<_, _>>()?))
    };
    let (township, village) = (areas(0, 73)?, areas(500, 510)?);
    let class = |class: &str| -> anyhow::Result<Vec<ClassId>> { Ok(vec![ClassId::new(class)?]) };
    let department = Some(UnitId::new("d3")?);
    let worker = Some(UnitId::new("w77")?);
    let overdue_at = Some(WallTime(NOW));
    let with_units = vec![IncidentState::Dispatched, IncidentState::Signed, IncidentState::Handling];
    let rejected = vec![IncidentState::Rejected];
    Ok(vec![
        ("open", open()),
        ("open, red", IncidentFilter { levels: vec![Level::Red], ..open() }),
        ("open, a rare class", IncidentFilter { classes: class("rare")?, ..open() }),
        (
            "open, one class and source",
            IncidentFilter { classes: class("dispute")?, sources: vec![Source::Visit], ..open() },
        ),
        ("open, with units", IncidentFilter { states: with_units, ..open() }),
        ("open, a township", IncidentFilter { areas: township.clone(), ..open() }),
        ("open, a village", IncidentFilter { areas: village.clone(), ..open() }),
        ("open, a department", IncidentFilter { unit: department.clone(), ..open() }),
        ("open, a worker", IncidentFilter { unit: worker.clone(), ..open() }),
        ("open, overdue", IncidentFilter { overdue_at, ..open() }),
        ("open, overdue in a township", IncidentFilter { overdue_at, areas: township.clone(), ..open() }),
        ("open, one's own", IncidentFilter { owner: Some(AccountId(7)), ..open() }),
        ("past", past()),
        ("past, a class", IncidentFilter { classes: class("accident")?, ..past() }),
        ("past, a rare class", IncidentFilter { classes: class("rare")?, ..past() }),
        ("past, rejected", IncidentFilter { states: rejected, ..past() }),
        ("past, a township", IncidentFilter { areas: township, ..past() }),
        ("past, a village", IncidentFilter { areas: village, ..past() }),
        ("past, a department", IncidentFilter { unit: department, ..past() }),
        ("past, a worker", IncidentFilter { unit: worker, ..past() }),
        ("all", IncidentFilter { which: Which::All, ..open() }),
    ])
}

fn searches() -> anyhow::Result<Vec<Question>> {
    let all = |text: &str| IncidentFilter {
        which: Which::All,
        limit: PAGE,
        text: Some(text.to_owned()),
        ..IncidentFilter::default()
    };
    let areas = (0..73).map(|n| AreaId::new(&grid(n))).collect::<Result<_, _>>()?;
    Ok(vec![
        ("two characters, common", all("广场")),
        ("two words, common", all("积水 水库")),
        ("a phrase", all("老年活动中心")),
        ("a number", all("20261126-0042")),
        ("one character", all("桥")),
        ("a word that is nowhere", all("飞碟降落")),
        ("common, among the open", IncidentFilter { which: Which::Open, ..all("纠纷") }),
        ("common, in a township", IncidentFilter { areas: Some(areas), ..all("路灯") }),
        ("common, one class", IncidentFilter { classes: vec![ClassId::new("help")?], ..all("井盖") }),
        ("rare together", all("3号井 噪声 卫生院")),
    ])
}

fn grid(n: i64) -> String {
    format!("g{n}")
}

fn build(path: &Path) -> anyhow::Result<()> {
    drop(Db::open(path, DISPATCH_MIGRATIONS)?);
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = connection.transaction()?;
    {
        let mut random = Random(42);
        let mut incident = transaction.prepare(
            "INSERT INTO incident (id, number, version, state, is_open, level, class, source, camera, camera_name,
                 place, area, title, description, location, correlation_key, opened_ms, began_ms, last_alarm_ms,
                 n_alarms, plan, received_by, owner, lease_until_ms, deadline_ms, due_ms, end_reason, ended_ms)
             VALUES (?1, ?2, 4, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16, ?16, ?17, 1, ?18,
                 ?18, ?19, ?20, ?21, ?22, ?23)",
        )?;
        let mut alarm = transaction.prepare(
            "INSERT INTO alarm (incident, camera, rule, class, level, began_ms, began_90k, raised_ms, raised_90k,
                 last_ms, ended_ms, cleared_ms, end_cause, peak, evidence)
             VALUES (?1, ?2, 'r', 'crowding', 3, ?3, ?1, ?3, ?1, ?3, ?3, ?3, 'cleared', 9, ?4)",
        )?;
        let mut part = transaction.prepare(
            "INSERT INTO assignment (incident, n, unit, is_lead, told_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let evidence = r#"{"rule_class":"crowding","zone":null,"count":9,"peak":9,"limit":5,"held_90k":900000,
            "class":"person","tracks":[1,2,3],"score":0.5}"#;
        let mut counted = std::collections::HashMap::new();
        for id in 1..=OPEN + PAST {
            // The open ones are the newest, with some old ones among them.
            let is_open = id > PAST;
            let opened = NOW - (OPEN + PAST - id) * 37_000;
            let day = (opened + 8 * 3_600_000) / 86_400_000;
            let n_of_day = counted.entry(day).and_modify(|n: &mut i64| *n += 1).or_insert(1);
            let number = format!("{}-{n_of_day:04}", day_text(day));
            let source = random.pick(SOURCES);
            let is_camera = source == "camera";
            let state = match (is_open, random.below(10)) {
                (true, 0..4) => "new",
                (true, 4) => "claimed",
                (true, 5) => "assessed",
                (true, 6 | 7) => "dispatched",
                (true, 8) => "signed",
                (true, _) => "handling",
                (false, 0) => "rejected",
                (false, 1..4) => "revisited",
                (false, _) => "closed",
            };
            let is_owned = state != "new";
            let with_units = matches!(state, "dispatched" | "signed" | "handling" | "closed" | "revisited");
            let class = if random.below(5_000) == 0 { "rare" } else { random.pick(CLASSES) };
            let title = format!("{}{}号{}", random.pick(PLACES), random.below(90), random.pick(WHAT));
            let camera = is_camera.then(|| format!("cam-{}", random.below(1_943)));
            let (deadline, due) = if is_open {
                let deadline = NOW + i64::try_from(random.below(7_200_000))? - 3_600_000;
                (deadline, with_units.then_some(deadline + 3_600_000))
            } else {
                ((1 << 53) - 1, None)
            };
            let end = match state {
                "rejected" => Some("out_of_scope"),
                "closed" | "revisited" => Some("handled"),
                _ => None,
            };
            let area = grid(i64::try_from(random.below(GRIDS.unsigned_abs()))?);
            let owner = is_owned.then(|| i64::try_from(random.below(40)).unwrap_or(0));
            incident.execute(params![
                id,
                number,
                state,
                is_open,
                [4, 4, 4, 4, 4, 3, 3, 3, 2, 1][usize::try_from(random.below(10))?],
                class,
                source,
                camera,
                camera.as_ref().map(|_| random.pick(PLACES)),
                camera.as_ref().map(|_| "village"),
                area,
                (!is_camera).then_some(&title),
                (!is_camera).then(|| format!("群众反映{title}，请尽快处理")),
                (!is_camera).then(|| format!("{}东侧", random.pick(PLACES))),
                is_camera.then(|| format!("k{id}")),
                opened,
                i64::from(is_camera),
                owner,
                owner.map(|_| opened + 600_000),
                deadline,
                due,
                end,
                end.map(|_| opened + 3_600_000),
            ])?;
            if let Some(camera) = &camera {
                alarm.execute(params![id, camera, opened, evidence])?;
            }
            if with_units {
                let department = format!("d{}", random.below(DEPARTMENTS.unsigned_abs()));
                part.execute(params![id, 0, department, true, opened])?;
                let worker = format!("w{}", random.below(WORKERS.unsigned_abs()));
                part.execute(params![id, 1, worker, false, opened])?;
            }
        }
    }
    transaction.commit()?;
    drop(connection);
    let dispatch = Dispatch::new(Db::open(path, DISPATCH_MIGRATIONS)?)?;
    let mut n_done = 0_u32;
    while dispatch
        .write_blocking(|tx| tx.index_some())
        .map_err(|error: DbError| error)
        .context("the words")?
    {
        n_done += 500;
        if n_done.is_multiple_of(100_000) {
            println!("  words of {n_done} incidents");
        }
    }
    Ok(())
}

/// `20261126` of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn day_text(day: i64) -> String {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{:02}", doy - (153 * mp + 2) / 5 + 1)
}

/// SplitMix64: the same tables everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    pub(super) fn pick(&mut self, from: &[&'static str]) -> &'static str {
        let n = u64::try_from(from.len()).unwrap_or(1);
        from[usize::try_from(self.below(n)).unwrap_or(0)]
    }
}
