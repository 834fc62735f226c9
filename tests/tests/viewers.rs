//! Viewers on rough roads: connections cut at any byte, readers of one byte at a time, laptops that are shut, the service
//! killed and started again, its log cut short. Meanwhile incidents are opened, claimed, moved, dispatched and closed.
//! In the end every console shows what the service would show it, and the service has not grown by what nobody read.
//!
//! `SHARPEYES_VIEWERS=500` takes five hundred, `SHARPEYES_VIEWERS_SECONDS` says how long each of the three parts lasts.

#![expect(clippy::disallowed_methods, reason = "how many and how long is asked for by whoever runs it")]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
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
    alarm::ZoneRef,
    ids::{AreaId, CameraId, RuleId, UnitId, ZoneId},
};
use sharpeyes_tests::{
    alarm,
    bench::process::pss_mib,
    console::{Book, Console, Screen, Tally, is_open},
    gateway::{Client, Gateway, Program},
    rough::{Manner, Road},
    site::{OTHER_TOWN, SiteBuilder, SiteCamera, TOWN, TestSite, VILLAGE},
};
use tokio::{sync::watch, task::JoinSet};

const PASSWORD: &str = "correct horse battery";
const DRIVER: &str = "all";
/// Name, role, areas, unit.
const PEOPLE: &[(&str, Role, &[&str], Option<&str>)] = &[
    (DRIVER, Role::Operator, &[TOWN, OTHER_TOWN], None),
    ("town", Role::Operator, &[TOWN], None),
    ("village", Role::Operator, &[VILLAGE], None),
    ("other", Role::Operator, &[OTHER_TOWN], None),
    ("police", Role::Police, &[TOWN], None),
    ("patrol", Role::Unit, &[TOWN], Some("patrol")),
    ("fire", Role::Unit, &[OTHER_TOWN], Some("fire")),
];
const UNITS: &str = r#"
[[unit]]
id = "patrol"
name = "巡防队"
kind = "team"
[[unit]]
id = "fire"
name = "消防站"
"#;
/// Beyond a batch of changes, sixteen events on their way and the connection's own buffers nothing is kept for a reader.
const MOST_PER_VIEWER_KIB: f64 = 256.0;
/// What the service may grow by for other reasons: caches of statements and pages, the allocator.
const MOST_BESIDE_MIB: f64 = 64.0;
/// For the allocator to give back what a burst of lists took.
const GIVE_BACK: Duration = Duration::from_secs(20);
/// For all to catch up, on a machine that does much else.
const CATCH_UP: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn after_all_that_can_happen_on_the_way_every_console_shows_what_the_service_does() -> anyhow::Result<()>
{
    let asked = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let n_viewers = usize::try_from(asked("SHARPEYES_VIEWERS").unwrap_or(50))?;
    let part = Duration::from_secs(asked("SHARPEYES_VIEWERS_SECONDS").unwrap_or(6));
    let site = site()?;
    people(&site).await?;
    alarms(&site, "before", 10).await?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test")).log_filter("warn");
    let gateway = program.start(&site).await?;
    let (where_it_is, server) = watch::channel(Some(address(&gateway)?));
    let roads = roads(&server, part).await?;
    let mut viewers = Vec::new();
    let mut tasks = JoinSet::new();
    let mut cookies = BTreeMap::new();
    // A sign-in takes 19 MiB, which the allocator keeps for a second: on a quick machine for longer than all of them last,
    // on a slow one not. So the most counts.
    let mut idle_mib: f64 = 0.0;
    for (name, ..) in PEOPLE {
        cookies.insert(*name, cookie(&gateway, name).await?);
        idle_mib = idle_mib.max(pss_mib(gateway.pid())?);
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let most_mib = idle_mib + MOST_BESIDE_MIB + n_viewers as f64 * MOST_PER_VIEWER_KIB / 1024.0;
    for n in 0..n_viewers {
        let (name, ..) = PEOPLE[n % PEOPLE.len()];
        let (manner, road) = &roads[n / PEOPLE.len() % roads.len()];
        let base = format!("http://{}/api/v1", road.address());
        let (console, screen) = Console::new(&base, &cookies[name])?;
        tasks.spawn(console.run());
        viewers.push(Viewer { name, manner: *manner, screen });
    }
    let mut random = Random(1);

    let mut driver = Driver::new(gateway.sign_in(DRIVER, PASSWORD).await?, n_viewers);
    driver.work(part, &mut random).await?;
    let first_mib = pss_mib(gateway.pid())?;
    where_it_is.send_replace(None);
    gateway.kill9().await?;
    // What was running when the power went is ended at the start: changes without a version.
    alarms(&site, "while-down", 10).await?;
    let gateway = program.start(&site).await?;
    where_it_is.send_replace(Some(address(&gateway)?));

    driver.client = gateway.sign_in(DRIVER, PASSWORD).await?;
    driver.work(part, &mut random).await?;
    let second_mib = pss_mib(gateway.pid())?;
    where_it_is.send_replace(None);
    gateway.stop().await?;
    shorten_log(&site)?;
    let gateway = program.start(&site).await?;
    where_it_is.send_replace(Some(address(&gateway)?));

    driver.client = gateway.sign_in(DRIVER, PASSWORD).await?;
    driver.work(part, &mut random).await?;
    let third_mib = pss_mib(gateway.pid())?;
    roads.iter().for_each(|(_, road)| road.calm());
    let caught_up = catch_up(&gateway, &cookies, &viewers).await?;
    let last_mib = given_back(&gateway, most_mib).await?;
    if let Some(ended) = tasks.try_join_next() {
        bail!("a console gave up: {ended:?}");
    }
    tasks.shutdown().await;

    let total =
        viewers.iter().fold(Tally::default(), |sum, viewer| viewer.screen.read(|_, tally| sum.plus(tally)));
    for (manner, road) in &roads {
        let (n_links, n_cut) = road.counts();
        println!("{manner:?}: {n_links} connections, {n_cut} of them cut or suspended");
    }
    println!("{n_viewers} viewers, {} actions, {} refused: {total:?}", driver.n_done, driver.n_refused);
    println!(
        "PSS of the service: {idle_mib:.0} MiB without viewers, {first_mib:.0}, {second_mib:.0} and {third_mib:.0} MiB at \
         work, {last_mib:.0} MiB when all had caught up, {caught_up:.1?} later"
    );
    ensure!(total.resets > 0 && total.gone > 0 && total.links > u64::try_from(n_viewers)? * 2, "{total:?}");
    let highest = [first_mib, second_mib, third_mib, last_mib].into_iter().fold(0.0, f64::max);
    ensure!(highest <= most_mib, "{highest:.0} MiB, {most_mib:.0} MiB would be what viewers may cost");
    gateway.stop().await?;
    program.check(&site).await?;
    Ok(())
}

struct Viewer {
    name: &'static str,
    manner: Manner,
    screen: Screen,
}

fn site() -> anyhow::Result<TestSite> {
    let site = SiteBuilder::new().camera(SiteCamera::new("gate", "rtsp://127.0.0.1:9/none")).write()?;
    let text = std::fs::read_to_string(site.file())?;
    std::fs::write(site.file(), text + UNITS)?;
    Ok(site)
}

async fn roads(
    server: &watch::Receiver<Option<SocketAddr>>,
    part: Duration,
) -> anyhow::Result<Vec<(Manner, Road)>> {
    let manners = [
        Manner::Cut,
        Manner::Suspend(part),
        Manner::Smooth,
        Manner::Trickle(Duration::from_millis(20)),
        Manner::Cut,
    ];
    let mut roads = Vec::new();
    for (seed, manner) in (1..).zip(manners) {
        roads.push((manner, Road::open(manner, seed, server.clone()).await?));
    }
    Ok(roads)
}

/// Waits until every console's open incidents are the service's list for its viewer, and what it knows of past ones too.
async fn catch_up(
    gateway: &Gateway,
    cookies: &BTreeMap<&str, String>,
    viewers: &[Viewer],
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let mut lists = BTreeMap::new();
        for (name, cookie) in cookies {
            lists.insert(*name, list(gateway, cookie).await?);
        }
        let differ = viewers.iter().find_map(|viewer| {
            let found = viewer.screen.read(|book, _| difference(book, &lists[viewer.name]));
            found.map(|found| format!("{} on a road of {:?}: {found}", viewer.name, viewer.manner))
        });
        let Some(differ) = differ else { return Ok(began.elapsed()) };
        ensure!(began.elapsed() < CATCH_UP, "not the same after {CATCH_UP:?}: {differ}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The service's memory when the allocator has given back what the lists of [`catch_up`] and the consoles' took a moment
/// ago: what is kept for somebody who does not read stays.
async fn given_back(gateway: &Gateway, most_mib: f64) -> anyhow::Result<f64> {
    let began = Instant::now();
    loop {
        let now_mib = pss_mib(gateway.pid())?;
        if now_mib <= most_mib || began.elapsed() > GIVE_BACK {
            return Ok(now_mib);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// All that the service would show, by id.
async fn list(gateway: &Gateway, cookie: &str) -> anyhow::Result<BTreeMap<i64, Value>> {
    let url = format!("{}/api/v1/incidents?state=all&limit=1000", gateway.url());
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut list: Value =
        http.get(url).header("cookie", cookie).send().await?.error_for_status()?.json().await?;
    ensure!(list["next_cursor"].is_null(), "more incidents than one page");
    let rows = list["incidents"].as_array_mut().map(std::mem::take).context("incidents")?;
    Ok(rows.into_iter().filter_map(|row| Some((row["id"].as_i64()?, row))).collect())
}

fn difference(book: &Book, list: &BTreeMap<i64, Value>) -> Option<String> {
    let unknown = list.iter().find(|(id, row)| is_open(row) && !book.known().contains_key(id));
    if let Some((id, row)) = unknown {
        return Some(format!("it lacks {id} ({})", row["state"]));
    }
    book.known().iter().find_map(|(id, known)| match list.get(id) {
        None => Some(format!("it shows {id}, which is not for its viewer: {}", known.incident)),
        Some(row) if *row != known.incident => {
            Some(format!("{id} is {row}, and it shows {} of position {}", known.incident, known.seq))
        }
        Some(_) => None,
    })
}

/// An operator who does much at random, and is refused often.
struct Driver {
    client: Client,
    incidents: Vec<Value>,
    /// So many are open at a time.
    most: usize,
    n_keys: u64,
    n_done: u64,
    n_refused: u64,
}

impl Driver {
    fn new(client: Client, n_viewers: usize) -> Self {
        // What one page of the console shows is what it knows.
        let most = n_viewers.clamp(40, 150);
        Self { client, incidents: Vec::new(), most, n_keys: 0, n_done: 0, n_refused: 0 }
    }

    async fn work(&mut self, span: Duration, random: &mut Random) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < span {
            self.n_keys += 1;
            if self.incidents.len() < self.most && random.below(3) == 0 {
                self.report(random).await?;
            } else if !self.incidents.is_empty() {
                self.act(random).await?;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        Ok(())
    }

    async fn report(&mut self, random: &mut Random) -> anyhow::Result<()> {
        let body = json!({
            "idempotency_key": format!("report-{}", self.n_keys),
            "class": random.pick(&["dispute", "facility", "environment", "help"]),
            "area": random.pick(&[TOWN, VILLAGE, OTHER_TOWN]),
            "title": format!("群众反映第 {} 件", self.n_keys),
            "description": "井盖破损，请尽快处理。".repeat(1 + usize::try_from(random.below(5))?),
        });
        let (status, answer) = self.client.post("/reports", &body).await?;
        ensure!(status == StatusCode::CREATED, "{status} {answer}");
        self.incidents.push(answer["incident"].clone());
        Ok(())
    }

    async fn act(&mut self, random: &mut Random) -> anyhow::Result<()> {
        let at = usize::try_from(random.below(u64::try_from(self.incidents.len())?))?;
        let incident = &self.incidents[at];
        let id = incident["id"].as_i64().context("an id")?;
        let unit = random.pick(&["patrol", "fire"]);
        let area = random.pick(&[TOWN, VILLAGE, OTHER_TOWN]);
        let mut body = match (incident["state"].as_str().unwrap_or_default(), random.below(4)) {
            ("new", _) | ("claimed", 0) => json!({ "action": "claim" }),
            ("claimed", 1) => {
                json!({ "action": "reject", "reject_reason": "out_of_scope", "note": "不予受理" })
            }
            ("claimed", _) | ("assessed", 0) => {
                json!({ "action": "assess", "area": area, "level": 2 + random.below(3), "lead": unit })
            }
            ("assessed", _) => json!({ "action": "dispatch", "lead": unit }),
            ("dispatched", 0) => json!({ "action": "withdraw", "unit": unit, "note": "派错" }),
            ("dispatched", 1) => json!({ "action": "return", "unit": unit, "note": "不属于我单位" }),
            ("dispatched", _) => json!({ "action": "sign_in", "unit": unit }),
            ("signed", _) => json!({ "action": "arrive", "unit": unit }),
            ("handling", 0) => json!({ "action": "feedback", "unit": unit, "note": "正在处理" }),
            ("handling", _) => json!({ "action": "finish", "unit": unit, "note": "已处置" }),
            ("done", 0) => json!({ "action": "rework", "note": "未处理好" }),
            ("done", _) => json!({ "action": "verify" }),
            ("verified", _) => json!({ "action": "close", "reason": "handled" }),
            _ => json!({ "action": "note", "note": "已核实" }),
        };
        let is_work =
            ["sign_in", "arrive", "feedback", "finish", "return"].iter().any(|verb| body["action"] == *verb);
        body["expected_version"] = incident["version"].clone();
        body["idempotency_key"] = format!("act-{}", self.n_keys).into();
        let path = if is_work { "work" } else { "actions" };
        let (status, answer) = self.client.post(&format!("/incidents/{id}/{path}"), &body).await?;
        match status {
            StatusCode::OK => {
                self.n_done += 1;
                self.incidents[at] = answer;
            }
            // A clock was faster, or that unit has no part in it.
            StatusCode::CONFLICT => {
                self.n_refused += 1;
                self.incidents[at] = answer["current"].clone();
            }
            StatusCode::UNPROCESSABLE_ENTITY => self.n_refused += 1,
            other => bail!("{body}: {other} {answer}"),
        }
        if !is_open(&self.incidents[at]) {
            self.incidents.swap_remove(at);
        }
        Ok(())
    }
}

async fn people(site: &TestSite) -> anyhow::Result<()> {
    let config = Site::load(&site.file())?;
    std::fs::create_dir_all(&config.data_dir)?;
    let db = open_dispatch_db(&config)?;
    let accounts = Accounts::new(&db, &config.name, config.areas.clone(), Clock::system())?;
    for (name, role, areas, unit) in PEOPLE {
        let new = NewAccount {
            name: (*name).to_owned(),
            display_name: format!("Person {name}"),
            role: *role,
            areas: areas.iter().map(|area| AreaId::new(area)).collect::<Result<_, _>>()?,
            unit: unit.map(UnitId::new).transpose()?,
            language: Language::Chinese,
            password: PASSWORD.to_owned(),
        };
        accounts.create(new, Author::CommandLine).await?;
    }
    Ok(())
}

/// Alarms of a camera that still run when the service starts.
async fn alarms(site: &TestSite, prefix: &str, n_alarms: usize) -> anyhow::Result<()> {
    let config = Site::load(&site.file())?;
    let desk = Desk::of_site(Dispatch::new(open_dispatch_db(&config)?)?, Clock::system(), &config);
    let camera = CameraFacts::from(config.camera(&CameraId::new("gate")?).context("a camera")?);
    for n in 0..n_alarms {
        let zone = ZoneRef { id: ZoneId::new(&format!("{prefix}-{n}"))?, name: format!("区域 {n}") };
        let edge =
            alarm::crowding(RuleId::new(&format!("{prefix}-{n}"))?, Some(zone), Clock::system().wall());
        desk.alarm(camera.clone(), edge, None).await?;
    }
    Ok(())
}

/// As pruning does, but sooner: of the log only the newest changes are left.
fn shorten_log(site: &TestSite) -> anyhow::Result<()> {
    let db = rusqlite::Connection::open(site.data().join("dispatch.db"))?;
    let n = db.execute("DELETE FROM change_log WHERE seq < (SELECT max(seq) - 5 FROM change_log)", [])?;
    ensure!(n > 0, "the log was short");
    Ok(())
}

fn address(gateway: &Gateway) -> anyhow::Result<SocketAddr> {
    Ok(gateway.url().strip_prefix("http://").context("an address")?.parse()?)
}

async fn cookie(gateway: &Gateway, name: &str) -> anyhow::Result<String> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let answer = http
        .post(format!("{}/api/v1/session", gateway.url()))
        .header("x-sharpeyes", "1")
        .json(&json!({ "name": name, "password": PASSWORD }))
        .send()
        .await?
        .error_for_status()?;
    let cookie = answer.headers().get("set-cookie").context("a cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let n = u64::try_from(from.len()).unwrap_or(1);
        from[usize::try_from(self.below(n)).unwrap_or(0)]
    }
}
