//! Who is told of what, in which order, and what is not said. Deliveries themselves are in `tests/tests/outbound.rs`.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::Value;
use sharpeyes_config::{Environment, Secret, Site};
use sharpeyes_domain::{
    centre::Source,
    ids::{AccountId, AreaId, CameraId, ClassId, IncidentId, TargetId},
    incident::IncidentAction,
    level::Level,
    time::WallTime,
};

use super::{Board, News, webhook::signature};
use crate::{
    clock::Clock,
    desk::{ActRequest, Desk, ReportRequest, tests::begin_edge},
    store::{
        DISPATCH_MIGRATIONS,
        db::Db,
        dispatch::{CameraFacts, Dispatch, Position, Report},
        outbox::{Outbox, OutboxRow, OutboxState, Outcome, Refusal, Resend},
    },
};

const NOW: WallTime = WallTime(1_800_000_000_000);

const SITE: &str = r#"
[site]
name = "青河镇综治中心"
timezone = "Asia/Shanghai"
data_dir = "data"
[[area]]
id = "town"
name = "青河镇"
kind = "township"
[[area]]
id = "east"
name = "东村"
parent = "town"
kind = "village"
[[outbound]]
id = "county"
purpose = "county platform"
kind = "webhook"
url = "http://127.0.0.1:9/in"
secret = "correct-horse-battery-staple"
levels = ["red", "orange"]
areas = ["town"]
[[outbound]]
id = "fire"
purpose = "fire brigade"
kind = "webhook"
url = "http://127.0.0.1:9/in"
secret = "correct-horse-battery-staple"
events = ["open", "close"]
share = ["report", "reporter", "position", "notes"]
"#;

struct Bench {
    _dir: tempfile::TempDir,
    desk: Desk,
    outbox: Outbox,
    n_keys: std::cell::Cell<u32>,
}

impl Bench {
    async fn new() -> Self {
        tokio::task::spawn_blocking(|| {
            let dir = tempfile::tempdir().unwrap();
            let environment = Environment { base: dir.path(), variable: &|_| None };
            let site = Site::parse(SITE, Path::new("site.toml"), &environment).unwrap();
            let db = Db::open(&dir.path().join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap();
            let dispatch = Dispatch::new(db.clone()).unwrap().announced_by(Arc::new(News::of(&site)));
            let desk = Desk::of_site(dispatch, Clock::simulated(NOW), &site);
            Self { _dir: dir, desk, outbox: Outbox::new(db), n_keys: std::cell::Cell::default() }
        })
        .await
        .unwrap()
    }

    fn key(&self) -> String {
        self.n_keys.set(self.n_keys.get() + 1);
        format!("k{}", self.n_keys.get())
    }

    async fn report(&self, level: Level) -> IncidentId {
        let request = ReportRequest {
            source: Source::Hotline,
            class: ClassId::new("help").unwrap(),
            level: Some(level),
            area: AreaId::new("east").unwrap(),
            report: Report {
                title: "有人求助".into(),
                description: Some("门牌 12 号".into()),
                location: Some("桥东".into()),
                position: Some(Position { latitude: 26.5, longitude: 101.7 }),
                reporter: Some("王某".into()),
                phone: Some("13800000000".into()),
            },
            camera: None,
            began: None,
            files: Vec::new(),
        };
        self.desk.report(AccountId(1), self.key(), request).await.unwrap().incident.id()
    }

    async fn act(&self, incident: IncidentId, action: IncidentAction, note: Option<&str>) {
        let row = self.desk.dispatch().incident_row(incident).await.unwrap().unwrap();
        let request = ActRequest {
            incident,
            expected_version: row.status.version,
            action,
            by: AccountId(1),
            idempotency_key: self.key(),
            asked: None,
            note: note.map(str::to_owned),
        };
        self.desk.act(request).await.unwrap();
    }

    async fn first(&self, target: &str) -> Vec<OutboxRow> {
        self.outbox.first(TargetId::new(target).unwrap(), 100).await.unwrap()
    }

    async fn tried(&self, target: &str, id: i64, outcome: Outcome) {
        self.outbox.tried(TargetId::new(target).unwrap(), id, outcome, NOW).await.unwrap();
    }

    async fn waiting(&self, target: &str) -> Vec<String> {
        let target = TargetId::new(target).unwrap();
        let mut rows = self.outbox.list(target, OutboxState::Waiting, None).await.unwrap();
        rows.sort_by_key(|row| row.id);
        rows.into_iter().map(|row| row.event).collect()
    }
}

fn refusal() -> Refusal {
    Refusal { stage: "answer".into(), code: "http_500".into(), detail: "500".into() }
}

#[test]
fn the_signature_is_what_openssl_makes_of_timestamp_and_body() {
    // printf '1795651200.{"a":"柳树"}' | openssl dgst -sha256 -hmac correct-horse-battery-staple
    let secret = Secret::new("correct-horse-battery-staple".to_owned());
    let expected = "v1=ab04df1e20d91e02fdcbde288123d83488defcf4aed67e365ae82275bba1272d";
    assert_eq!(signature(&secret, "1795651200", r#"{"a":"柳树"}"#.as_bytes()), expected);
}

#[tokio::test]
async fn a_target_is_told_what_it_asks_for_and_then_how_that_goes_on() {
    let bench = Bench::new().await;
    let yellow = bench.report(Level::Yellow).await;
    assert_eq!(bench.waiting("county").await, [""; 0]);
    assert_eq!(bench.waiting("fire").await, ["open"]);
    let red = bench.report(Level::Red).await;
    bench.act(red, IncidentAction::Claim, None).await;
    let assess =
        |level| IncidentAction::Assess { level, class: None, area: None, lead: None, assist: Vec::new() };
    bench.act(red, assess(Level::Blue), None).await;
    assert_eq!(bench.waiting("county").await, ["open", "claim", "assess"], "blue now, but told of as red");
    bench.act(yellow, IncidentAction::Claim, None).await;
    bench.act(yellow, assess(Level::Orange), None).await;
    assert_eq!(bench.waiting("county").await.last().unwrap(), "assess", "orange now");
    assert_eq!(bench.waiting("fire").await, ["open", "open"], "other events it does not ask for");
}

#[tokio::test]
async fn no_target_is_told_of_a_test_alarm_not_even_one_that_asks_for_everything() {
    let bench = Bench::new().await;
    let canary = || crate::canary::facts().unwrap();
    let camera =
        CameraFacts { id: CameraId::new("cam").unwrap(), area: AreaId::new("east").unwrap(), ..canary() };
    for facts in [canary(), camera] {
        bench.desk.alarm(facts, begin_edge("r", 0, 0, 3), None).await.unwrap();
    }
    let told = bench.first("fire").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let body: Value = serde_json::from_str(&told[0].body).unwrap();
    assert_eq!(body["incident"]["area"]["path"], serde_json::json!(["青河镇", "东村"]));
}

#[tokio::test]
async fn nothing_is_said_that_the_target_is_not_to_know() {
    let bench = Bench::new().await;
    let id = bench.report(Level::Red).await;
    bench.act(id, IncidentAction::Claim, None).await;
    let county = &bench.first("county").await[0];
    for secret in ["王某", "13800000000", "门牌", "有人求助", "26.5"] {
        assert!(!county.body.contains(secret), "{secret} in {}", county.body);
    }
    let body: Value = serde_json::from_str(&county.body).unwrap();
    assert_eq!(body["schema"], "sharpeyes.incident/1");
    assert_eq!(
        (body["event"]["kind_zh"].as_str(), body["incident"]["state_zh"].as_str()),
        (Some("新增"), Some("待受理"))
    );
    assert_eq!(body["incident"]["area"]["path"], serde_json::json!(["青河镇", "东村"]));
    assert!(body["incident"]["deadline_ms"].is_i64(), "its clocks run: {body}");
    assert_eq!(body["event"]["at"], "2027-01-15T16:00:00.000+08:00");
    let fire = &bench.first("fire").await[0];
    for told in ["王某", "13800000000", "门牌", "有人求助", "26.5"] {
        assert!(fire.body.contains(told), "{told} not in {}", fire.body);
    }
}

#[tokio::test]
async fn of_one_incident_one_message_has_its_turn_and_of_others_others() {
    let bench = Bench::new().await;
    let (a, b) = (bench.report(Level::Red).await, bench.report(Level::Red).await);
    bench.act(a, IncidentAction::Claim, None).await;
    let turn = async || {
        bench.first("county").await.into_iter().map(|row| (row.incident, row.event)).collect::<Vec<_>>()
    };
    assert_eq!(turn().await, [(a, "open".to_owned()), (b, "open".to_owned())]);
    let first = bench.first("county").await[0].clone();
    let later = NOW.plus(Duration::from_secs(5));
    bench.tried("county", first.id, Outcome::Again { at: later, refusal: refusal() }).await;
    assert_eq!(
        turn().await,
        [(b, "open".to_owned()), (a, "open".to_owned())],
        "it stays, and stays first of its own"
    );
    bench.tried("county", first.id, Outcome::Dead { refusal: refusal() }).await;
    assert_eq!(turn().await, [(b, "open".to_owned()), (a, "claim".to_owned())]);
    // Sent again it is before what came after it, but not beside it.
    let county = TargetId::new("county").unwrap();
    assert_eq!(bench.outbox.resend(county.clone(), Resend::Dead, NOW).await.unwrap(), 1);
    assert_eq!(turn().await, [(b, "open".to_owned()), (a, "claim".to_owned())]);
    let claim = bench.first("county").await[1].clone();
    bench.tried("county", claim.id, Outcome::Delivered).await;
    assert_eq!(turn().await, [(a, "open".to_owned()), (b, "open".to_owned())]);
    let state = bench.outbox.state(county.clone()).await.unwrap();
    assert_eq!((state.waiting, state.dead, state.failing), (2, 0, None));
    let audit = bench.desk.dispatch().clone();
    assert_eq!(tokio::task::spawn_blocking(move || audit.audit_blocking()).await.unwrap().unwrap(), []);

    let late = NOW.plus(Duration::from_secs(8 * 86_400));
    bench.outbox.prune(county.clone(), Duration::from_secs(7 * 86_400), late).await.unwrap();
    let dead = bench.outbox.list(county.clone(), OutboxState::Dead, None).await.unwrap();
    let codes: Vec<&str> = dead.iter().filter_map(|row| Some(row.failure.as_ref()?.code.as_str())).collect();
    assert_eq!(codes, ["expired", "http_500"], "too old; what failed before says why");
    bench
        .outbox
        .prune(county.clone(), Duration::from_secs(7 * 86_400), late.plus(Duration::from_secs(8 * 86_400)))
        .await
        .unwrap();
    assert_eq!(bench.outbox.list(county, OutboxState::Dead, None).await.unwrap(), []);
}

#[test]
fn a_target_that_fails_for_long_is_one_ticket_with_the_stage_and_what_to_do() {
    let environment = Environment { base: Path::new("/"), variable: &|_| None };
    let site = Site::parse(SITE, Path::new("site.toml"), &environment).unwrap();
    let board = Board::default();
    let [county, fire] = ["county", "fire"].map(|id| TargetId::new(id).unwrap());
    let gone = Refusal { stage: "connect".into(), code: "refused".into(), detail: "refused".into() };
    board.failed(&county, NOW, refusal());
    board.failed(&fire, NOW.plus(Duration::from_secs(300)), gone.clone());
    board.failed(&county, NOW.plus(Duration::from_secs(500)), gone);
    let after = |seconds| board.fault(&site.targets, NOW.plus(Duration::from_secs(seconds)));
    assert_eq!(after(599), None);
    let fault = after(600).unwrap();
    assert_eq!(
        (fault.stage.as_deref(), fault.code.as_str()),
        (Some("connect"), "refused"),
        "as it fails now"
    );
    assert!(fault.detail.starts_with("county (http://127.0.0.1:9/in)") && !fault.detail.contains("fire"));
    assert!(fault.remedy.contains("port"), "{}", fault.remedy);
    assert!(after(900).unwrap().detail.contains("; fire"));
    board.succeeded(&county);
    assert!(after(900).unwrap().detail.starts_with("fire"));
}
