//! A shift of fifty mixed incidents, triaged by keyboard alone in a real Chromium against the real service: cameras'
//! alarms, false and true, and what people and other systems report, some of it while the operator works. At the end
//! the service's own ledger is what the operator did, and a false alarm took at most three keys.

use std::{collections::BTreeMap, ffi::OsStr, fs};

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sharpeyes::{
    access::{
        accounts::{Accounts, Author, NewAccount},
        viewer::Language,
    },
    app::open_dispatch_db,
    clock::Clock,
    desk::Desk,
    store::dispatch::{CameraFacts, Dispatch},
};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    access::Role,
    alarm::{AlarmEdge, ZoneRef},
    ids::{AreaId, CameraId, RuleId, UnitId, ZoneId},
    level::Level,
    time::WallTime,
};
use sharpeyes_tests::{
    alarm,
    browser::Browser,
    gateway::{Client, Gateway, Program},
    site::{SiteBuilder, SiteCamera, TOWN, TestSite, VILLAGE},
};

const PASSWORD: &str = "a quiet night at the centre";
const TOKEN: &str = "the county's own secret token";
const CAMERA: &str = "gate";
const UNIT: &str = "patrol";
/// What a false alarm may cost: to go there, to ask, to confirm.
const MOST_KEYS: u64 = 3;

/// What should become of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    FalseAlarm,
    Dispatched,
    /// Settled on the spot.
    Handled,
    NoAction,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FalseAlarm => "false_alarm",
            Self::Dispatched => "dispatch",
            Self::Handled => "handled",
            Self::NoAction => "no_action",
        }
    }
}

/// Thirty alarms of a camera's rule: where, how urgent, how many, and what they are.
const ALARMS: &[(&str, Level, usize, Outcome)] = &[
    ("旗帜", Level::Yellow, 8, Outcome::FalseAlarm),
    ("树影", Level::Yellow, 7, Outcome::FalseAlarm),
    ("雨滴", Level::Blue, 5, Outcome::FalseAlarm),
    ("水边", Level::Red, 2, Outcome::Dispatched),
    ("广场", Level::Orange, 8, Outcome::Dispatched),
];

/// Twenty reports: by whom, of what class, in which words, and what they are.
const REPORTS: &[(By, &str, &str, Outcome)] = &[
    (By::Police, "fight", "夜市有人打架", Outcome::Dispatched),
    (By::Police, "missing_person", "老人走失", Outcome::Dispatched),
    (By::Police, "fight", "路口打架", Outcome::Dispatched),
    (By::Police, "public_order", "工地噪声扰民", Outcome::Handled),
    (By::Police, "other", "咨询身份证办理", Outcome::NoAction),
    (By::GridWorker, "road_hazard", "桥面积水", Outcome::Dispatched),
    (By::GridWorker, "environment", "路边垃圾", Outcome::Handled),
    (By::GridWorker, "facility", "路灯不亮", Outcome::Handled),
    (By::GridWorker, "safety_hazard", "电杆漏电", Outcome::Dispatched),
    (By::GridWorker, "environment", "河道垃圾", Outcome::Handled),
    (By::GridWorker, "road_hazard", "涵洞积水", Outcome::Dispatched),
    (By::GridWorker, "facility", "广播喇叭噪声大", Outcome::Handled),
    (By::GridWorker, "environment", "市场垃圾未清", Outcome::Handled),
    (By::Hotline, "other", "咨询社保", Outcome::NoAction),
    (By::Hotline, "other", "咨询农机补贴", Outcome::NoAction),
    (By::Hotline, "facility", "三组路灯损坏", Outcome::Handled),
    (By::Hotline, "safety_hazard", "学校旁漏电", Outcome::Dispatched),
    (By::Hotline, "missing_person", "小孩走失", Outcome::Dispatched),
    (By::Hotline, "environment", "垃圾焚烧", Outcome::Handled),
    (By::Hotline, "other", "咨询低保", Outcome::NoAction),
];
/// So many of them come while the operator works.
const LATE: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// 110, through its intake.
    Police,
    /// From the phone.
    GridWorker,
    /// An operator, who has the telephone.
    Hotline,
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_mixed_incidents_are_triaged_by_keyboard_and_the_ledger_says_what_was_done()
-> anyhow::Result<()> {
    let site = site()?;
    let mut expected = fill(&site).await?;
    let n_items = expected.len() + REPORTS.len();
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let gateway = program.start(&site).await?;
    let people = People::sign_in(&gateway).await?;
    let (early, late) = REPORTS.split_at(REPORTS.len() - LATE);
    report(&gateway, &people, early, 0, &mut expected).await?;

    let items = n_items.to_string();
    let variables = [
        ("E2E_URL", OsStr::new(gateway.url())),
        ("E2E_NAME", OsStr::new("dispatcher")),
        ("E2E_PASSWORD", OsStr::new(PASSWORD)),
        ("E2E_ITEMS", OsStr::new(&items)),
    ];
    let Some(mut browser) = Browser::open_or_skip("shift.mjs", variables)? else { return Ok(()) };
    browser.word("half").await?;
    report(&gateway, &people, late, early.len(), &mut expected).await?;
    let seen = browser.word("result").await?;

    ensure!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "the browser complained: {seen}");
    let done = seen["done"].as_array().context("what was done")?;
    ensure!(expected.len() == n_items && done.len() == n_items, "{} of {n_items}", done.len());
    for one in done {
        let id = one["id"].as_i64().context("an id")?;
        let outcome = expected.get(&id).with_context(|| format!("nobody raised {id}"))?;
        ensure!(
            one["did"] == outcome.as_str(),
            "the operator took {id} for {}: it is {outcome:?}",
            one["did"]
        );
    }
    for (id, outcome) in &expected {
        check(&people.operator, *id, *outcome).await?;
    }
    figures(done)?;
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

/// What the service itself says of an incident.
async fn check(operator: &Client, id: i64, outcome: Outcome) -> anyhow::Result<()> {
    let ledger = operator.get(&format!("/incidents/{id}")).await?;
    let (state, reason) = match outcome {
        Outcome::Dispatched => ("dispatched", Value::Null),
        closed => ("closed", closed.as_str().into()),
    };
    let found = (&ledger["state"], &ledger["close_reason"]);
    ensure!(found == (&state.into(), &reason), "{id} is {found:?} and should be {outcome:?}: {ledger}");
    ensure!(ledger["owner"]["name"] == "Dispatcher", "{id} is {}'s", ledger["owner"]);
    if outcome == Outcome::Dispatched {
        ensure!(ledger["units"][0]["unit"] == UNIT, "{id} went to {}", ledger["units"]);
    }
    let history = ledger["history"].as_array().context("a history")?;
    let by_person = |action: &str| {
        history.iter().filter(|row| row["action"] == action && row["actor"].is_object()).count()
    };
    ensure!(by_person("claim") == 1, "{id} was claimed other than once: {history:?}");
    let last = if outcome == Outcome::Dispatched { "dispatch" } else { "close" };
    ensure!(by_person(last) == 1, "{id} has another number of {last}: {history:?}");
    Ok(())
}

/// Keys and seconds; the keys of false alarms are held to what is promised.
fn figures(done: &[Value]) -> anyhow::Result<()> {
    let number = |one: &Value, what: &str| one[what].as_u64().with_context(|| format!("{what} of {one}"));
    let mut keys: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for one in done {
        keys.entry(one["did"].as_str().context("what was done")?).or_default().push(number(one, "keys")?);
    }
    let mut times = done.iter().map(|one| number(one, "ms")).collect::<anyhow::Result<Vec<_>>>()?;
    times.sort_unstable();
    let median_ms = times.get(times.len() / 2).context("a time")?;
    println!("{} incidents, {median_ms} ms each in the median", done.len());
    for (did, keys) in &keys {
        let most = keys.iter().max().context("keys")?;
        let least = keys.iter().min().context("keys")?;
        println!("{did}: {} of them, {least} to {most} keys", keys.len());
    }
    let false_alarms = keys.get(Outcome::FalseAlarm.as_str()).context("false alarms")?;
    ensure!(false_alarms.iter().all(|n| *n <= MOST_KEYS), "keys of false alarms: {false_alarms:?}");
    Ok(())
}

struct People {
    operator: Client,
    grid_worker: Client,
}

impl People {
    async fn sign_in(gateway: &Gateway) -> anyhow::Result<Self> {
        Ok(Self {
            operator: gateway.sign_in("dispatcher", PASSWORD).await?,
            grid_worker: gateway.sign_in("worker", PASSWORD).await?,
        })
    }
}

/// Sends reports, and notes what should become of each.
async fn report(
    gateway: &Gateway,
    people: &People,
    reports: &[(By, &str, &str, Outcome)],
    first: usize,
    expected: &mut BTreeMap<i64, Outcome>,
) -> anyhow::Result<()> {
    let stranger = gateway.stranger()?;
    for (n, (by, class, title, outcome)) in reports.iter().enumerate() {
        let key = format!("report-{}", first + n);
        let own = |source: &str, area: &str| json!({ "idempotency_key": key, "class": class, "title": title, "area": area, "source": source });
        let (status, made) = match by {
            By::GridWorker => people.grid_worker.post("/reports", &own("grid", VILLAGE)).await?,
            By::Hotline => people.operator.post("/reports", &own("hotline", TOWN)).await?,
            By::Police => {
                let body = json!({ "external_id": key, "class": class, "title": title });
                let request = stranger.http().post(stranger.url("/intake/p110")).bearer_auth(TOKEN);
                let answer = request.header("x-sharpeyes", "1").json(&body).send().await?;
                (answer.status(), answer.json().await?)
            }
        };
        ensure!(status == StatusCode::CREATED, "{title}: {status} {made}");
        expected.insert(made["id"].as_i64().context("an id")?, *outcome);
    }
    Ok(())
}

/// A centre with one unit that leads in everything, and a line to 110.
fn site() -> anyhow::Result<TestSite> {
    let mut site = SiteBuilder::new().camera(SiteCamera::new(CAMERA, "rtsp://127.0.0.1:9/none"));
    site = site.push("unit", toml::toml! { id = "patrol" name = "综治巡防队" });
    // All fifty come within a second, which is a flood; the shift is about the list.
    site = site.set("incident", "flood_incidents", 1_000);
    for class in ["crowding", "fight", "missing_person", "road_hazard", "safety_hazard"] {
        let mut table = toml::toml! { lead = "patrol" };
        table.insert("id".into(), class.into());
        site = site.push("class", table);
    }
    let intake = toml::toml! {
        id = "p110"
        name = "110 接处警"
        source = "police_110"
        area = "town"
        token = { file = "p110.token" }
    };
    let site = site.push("intake", intake).write()?;
    fs::write(site.root().join("p110.token"), TOKEN)?;
    Ok(site)
}

/// Makes the accounts and raises the alarms, as the analysis would.
async fn fill(site: &TestSite) -> anyhow::Result<BTreeMap<i64, Outcome>> {
    let config = Site::load(&site.file())?;
    fs::create_dir_all(&config.data_dir)?;
    let db = open_dispatch_db(&config)?;
    let accounts = Accounts::new(&db, &config.name, config.areas.clone(), Clock::system())?;
    for (name, display_name, role, area, unit) in [
        ("dispatcher", "Dispatcher", Role::Operator, TOWN, None),
        ("worker", "Worker", Role::Unit, VILLAGE, Some(UnitId::new(UNIT)?)),
    ] {
        let new = NewAccount {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            role,
            areas: vec![AreaId::new(area)?],
            unit,
            language: Language::Chinese,
            password: PASSWORD.to_owned(),
        };
        accounts.create(new, Author::CommandLine).await?;
    }
    let desk = Desk::of_site(Dispatch::new(db)?, Clock::system(), &config);
    let camera = CameraFacts::from(config.camera(&CameraId::new(CAMERA)?).context("a camera")?);
    let now = WallTime(Clock::system().wall().0);
    let mut expected = BTreeMap::new();
    // One kind after the other would be no mixture: the rounds go through all of them.
    let most = ALARMS.iter().map(|(_, _, n, _)| *n).max().unwrap_or_default();
    for round in 0..most {
        for (zone, level, n, outcome) in ALARMS {
            if round >= *n {
                continue;
            }
            let number = expected.len();
            let zone = ZoneRef { id: ZoneId::new(&format!("zone{number}"))?, name: format!("{zone}{round}") };
            let mut edge = alarm::crowding(RuleId::new(&format!("rule{number}"))?, Some(zone), now);
            if let AlarmEdge::Begin(begin) = &mut edge {
                begin.level = *level;
            }
            expected.insert(desk.alarm(camera.clone(), edge, None).await?.incident.0, *outcome);
        }
    }
    Ok(expected)
}
