//! The interface as its clients meet it, over a whole house with temporary stores and a clock that stands still.

mod assets;
mod audited;
mod centre;
mod detail;
mod feed;
mod handovers;
mod live;
mod map;
mod matrix;
mod noise;
mod outbound;
mod playback;
mod queue;
mod sessions;
mod statistics;
mod storage;
mod tickets;
mod trials;
mod watch;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, Response, StatusCode, header},
};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::Value;
use sharpeyes_config::Site;
use sharpeyes_domain::{
    access::Role,
    alarm::{AlarmBegin, AlarmEdge, AlarmEnd, EndCause, Evidence, Moment, ZoneRef},
    area::AreaTree,
    detection::ObjectClass,
    geometry::Confidence,
    ids::{
        AccountId, AreaId, CameraId, HoldId, IncidentId, ModelId, RuleId, StreamId, StreamKind, TicketId,
        TrackId, TrialId, UnitId, ZoneId,
    },
    incident::IncidentAction,
    level::Level,
    media::{AccessUnit, VideoCodec, VideoParams},
    rule::RuleClass,
    segment::{GapCause, Span},
    ticket::{Fault, FaultKey, TicketChange, TicketKind},
    time::{MediaDuration, Pts, WallTime},
    trial::TrialState,
};
use sharpeyes_inference::InferenceError;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{
    ApiState, Parts,
    ports::{AnalysisReport, AnalysisState, CameraHealth},
    router,
};
use crate::{
    access::{
        accounts::{AccountChange, Accounts, Author, NewAccount},
        gate::Gate,
        viewer::Language,
    },
    analyze::decode::FileDemuxer,
    bulletin::{BulletinKind, document::Bulletin},
    clock::Clock,
    desk::{ActRequest, Desk},
    hub::{Hub, RingLimits},
    ingest::Status,
    mp4::Scanner,
    noise::Noise,
    outbound::{News, Prod},
    record::{
        RecordSettings, RecordStatus, Recorder, RecorderMessage, RunEnd, RunInfo,
        retention::{IncidentSource, Retention},
    },
    stills::Stills,
    store::{
        DISPATCH_MIGRATIONS,
        db::{Db, DbError},
        dispatch::Dispatch,
        footage::{Footage, IncidentMark, NewHold},
        outbox::Outbox,
        shadow::ShadowLog,
        statistics::{NewBulletin, Statistics},
        tickets::{Tickets, WhichTickets},
        trials::{TrialEnd, TrialRows},
    },
    transcode::{TranscodeLimits, Transcodes},
    trial::{TrialAlarm, TrialParts, TrialPlan, TrialResult, Trials},
};

const START: WallTime = WallTime(1_800_000_000_000);
/// When the alarm of every camera begins; the recording begins 20 s before it.
const BEGAN: WallTime = WallTime(START.0 + 60_000);
const PASSWORD: &str = "correct horse battery";
const HOST: &str = "gateway.test";
const PLAN: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 3'/>";
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xD9];

const SITE: &str = r#"
[site]
name = "Liushu"
timezone = "Asia/Shanghai"
data_dir = "data"

[map]
plan = "plan.svg"
tiles = "tiles"

[incident]
pre_roll = "10s"
post_roll = "10s"

[[area]]
id = "town"
name = "柳树镇"
kind = "township"
[[area]]
id = "east"
name = "东村"
parent = "town"
kind = "village"
[[area]]
id = "west"
name = "西村"
parent = "town"
kind = "village"

[[unit]]
id = "patrol"
name = "巡防队"
kind = "team"
[[unit]]
id = "fire"
name = "消防站"

[[class]]
id = "dispute"
grid_workers = false

[[escalation]]
to = "值班长"
reaches = ["account:chief", "duty:patrol"]
[[escalation]]
after = "10m"
to = "中心主任"
reaches = ["account:director"]
[[escalation]]
after = "1h"
to = "分管领导"

[[roster]]
unit = "patrol"
mode = "resident"
people = ["Name of chief"]
phone = "0879-000001"

[[intake]]
id = "p110"
name = "110"
source = "police_110"
area = "west"
token = "correct-horse-battery-staple"

[[outbound]]
id = "county"
purpose = "county platform"
kind = "webhook"
url = "https://county.test/in?token=hidden-from-everybody"
secret = "hidden-from-everybody-too"
share = ["recipients"]

[[camera]]
id = "cam-east"
at = [0.25, 0.5]
position = [25.6, 100.25]
name = "东村广场"
area = "east"
place = "crowded"
shadow_model = "other"
main = "rtsp://192.0.2.1/main"
sub = "rtsp://192.0.2.1/sub"
password = "hidden-from-everybody"
username = "camera"
  [[camera.zone]]
  id = "square"
  name = "广场"
  polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
  [[camera.rule]]
  id = "crowd"
  kind = "crowding"
  zone = "square"
  at_least = 3
[[camera]]
id = "cam-west"
name = "西村路口"
area = "west"
place = "junction"
main = "rtsp://192.0.2.2/main"
sub = "rtsp://192.0.2.2/sub"
"#;

/// Everything that a gateway has, except cameras.
struct House {
    dir: tempfile::TempDir,
    state: ApiState,
    db: Db,
    clock: Clock,
    hub: Hub,
    shutdown: CancellationToken,
    recorder: Arc<Recorder>,
    retention: Arc<Mutex<Retention>>,
}

/// No alarm keeps footage here.
struct NoIncidents;

impl IncidentSource for NoIncidents {
    fn changed(&mut self) -> Result<Vec<IncidentMark>, DbError> {
        Ok(Vec::new())
    }
}

struct Quiet;

impl CameraHealth for Quiet {
    fn stream(&self, _: &StreamId) -> Option<Status> {
        None
    }

    fn recording(&self, _: &StreamId) -> Option<RecordStatus> {
        None
    }

    fn shadow(&self, _: &CameraId) -> Option<AnalysisReport> {
        None
    }

    fn analysis(&self, _: &CameraId) -> Option<AnalysisReport> {
        Some(AnalysisReport {
            state: AnalysisState::Waiting,
            fps: 0.0,
            dropped: 0,
            blind_since: None,
            model: None,
            provider: sharpeyes_inference::Provider::Cpu,
            place: None,
            decoder: None,
            message_code: None,
            remedy: None,
        })
    }
}

impl House {
    async fn new() -> Self {
        Self::with_gate(Gate::new).await
    }

    async fn with_gate(gate: impl FnOnce(AreaTree) -> Gate + Send + 'static) -> Self {
        tokio::task::spawn_blocking(|| Self::build(gate)).await.unwrap()
    }

    /// Stores are opened on a thread that may wait.
    fn build(gate: impl FnOnce(AreaTree) -> Gate) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site.toml");
        std::fs::write(&file, SITE).unwrap();
        std::fs::write(dir.path().join("plan.svg"), PLAN).unwrap();
        std::fs::create_dir_all(dir.path().join("tiles/1/0")).unwrap();
        std::fs::write(dir.path().join("tiles/1/0/1.png"), b"\x89PNG").unwrap();
        let site = Arc::new(Site::load(&file).unwrap());
        std::fs::create_dir_all(&site.data_dir).unwrap();
        let clock = Clock::simulated(START);
        let db = Db::open(&site.data_dir.join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap();
        let dispatch = Dispatch::new(db.clone()).unwrap().announced_by(Arc::new(News::of(&site)));
        let desk = Desk::of_site(dispatch.clone(), clock.clone(), &site);
        let footage = Footage::open(&site.data_dir.join("footage.db")).unwrap();
        let settings = RecordSettings::new(site.storage.disks[0].dir.clone());
        let recorder = Arc::new(Recorder::open(settings, footage, clock.clone()).unwrap());
        let settings = crate::app::keeping::settings(&site);
        let retention = recorder.retention(settings, Box::new(NoIncidents)).unwrap().remove(0);
        let streams = ["cam-east", "cam-west"]
            .into_iter()
            .flat_map(|id| [stream(id, StreamKind::Main), stream(id, StreamKind::Sub)]);
        let span = Duration::from_secs(10);
        let hub = Hub::new(streams, RingLimits { bytes: 1 << 20, span, history: span });
        let shutdown = CancellationToken::new();
        let accounts = Accounts::new(&db, &site.name, site.areas.clone(), clock.clone()).unwrap();
        let stills = site.data_dir.join("pictures");
        let stills = Stills::open(recorder.clips(), recorder.footage().clone(), &stills, 1 << 20).unwrap();
        let limits =
            TranscodeLimits { site: site.playback.transcodes, viewer: site.playback.transcodes_per_viewer };
        let trials = Trials::open(TrialParts {
            site: site.clone(),
            clips: recorder.clips(),
            onnx: Err(Arc::new(InferenceError::RuntimeMissing { path: "no/libonnxruntime.so".into() })),
            health: Arc::new(Quiet),
            rows: TrialRows::new(db.clone()),
            dir: site.data_dir.join("trials"),
            clock: clock.clone(),
        });
        let state = ApiState::new(Parts {
            trials: trials.unwrap(),
            shadow: ShadowLog::open(db.clone()).unwrap(),
            gate: gate(site.areas.clone()),
            accounts,
            desk,
            dispatch,
            noise: Noise::new(site.clone(), Statistics::new(db.clone()), clock.clone()),
            statistics: Statistics::new(db.clone()),
            clips: recorder.clips(),
            stills,
            transcodes: Transcodes::new(limits, clock.clone()),
            keeping: retention.keeping(),
            tickets: Tickets::open(db.clone()).unwrap(),
            outbox: Outbox::new(db.clone()),
            prod: Prod::default(),
            hub: hub.clone(),
            health: Arc::new(Quiet),
            clock: clock.clone(),
            shutdown: shutdown.clone(),
            site,
        });
        let retention = Arc::new(Mutex::new(retention));
        Self { dir, state, db, clock, hub, shutdown, recorder, retention }
    }

    /// A trial that is over, with one alarm and its still, in the middle of what [`House::fill`] recorded.
    async fn trial(&self, camera: &str) -> TrialId {
        let (rows, now) = (TrialRows::new(self.db.clone()), self.clock.wall());
        let plan = TrialPlan {
            stream: stream(camera, StreamKind::Main),
            span: Span { from: START, to: WallTime(START.0 + 90_000) },
            text: "[[camera.rule]]".to_owned(),
            rules: Vec::new(),
            zones: Vec::new(),
            model: ModelId::new("built-in").unwrap(),
            by: "somebody".to_owned(),
        };
        let id = rows.add(&plan, now).await.unwrap();
        let alarm = TrialAlarm {
            rule: RuleId::new("crowd").unwrap(),
            class: RuleClass::Crowding,
            level: Level::Yellow,
            began: BEGAN,
            raised: BEGAN,
            ended: None,
            cause: None,
            evidence: evidence(),
            boxes: Vec::new(),
            has_still: true,
            is_met: false,
        };
        let result = TrialResult { alarms: vec![alarm], n_alarms: 1, ..TrialResult::default() };
        let end = TrialEnd {
            state: TrialState::Done,
            reached: plan.span.to,
            at: now,
            reason: None,
            result: Some(result),
        };
        let ended = tokio::task::spawn_blocking(move || rows.end_blocking(id, end));
        ended.await.unwrap().unwrap();
        let dir = self.state.site.data_dir.join("trials").join(id.to_string());
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("trial-0.jpg"), JPEG).unwrap();
        id
    }

    /// An open ticket of the camera, or of the site.
    async fn ticket(&self, camera: Option<&str>) -> TicketId {
        let key = FaultKey {
            kind: TicketKind::Stream,
            camera: camera.map(|camera| CameraId::new(camera).unwrap()),
        };
        let fault = Fault {
            level: Level::Red,
            stage: Some("connect".to_owned()),
            code: "refused".to_owned(),
            detail: "main: 192.0.2.1:554 refused the connection".to_owned(),
            remedy: "check the port".to_owned(),
        };
        let raise = TicketChange::Raise { key: key.clone(), fault, first: START, times: 1 };
        let (tickets, now) = (self.state.tickets.clone(), self.clock.wall());
        tokio::task::spawn_blocking(move || tickets.apply_blocking(vec![raise], now)).await.unwrap().unwrap();
        let open = self.state.tickets.list(WhichTickets::Open).await.unwrap().tickets;
        open.iter().find(|row| row.key == key).unwrap().id
    }

    /// An open hand-over of a new operator of this area.
    async fn handover(&self, name: &str, area: &str) -> i64 {
        let cookie = self.viewer(name, Role::Operator, area).await;
        let body = serde_json::json!({ "note": "夜班无异常" });
        let answer =
            self.send(with_json(request("POST", "/handovers").header(header::COOKIE, cookie), &body)).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        json(answer).await["id"].as_i64().unwrap()
    }

    /// A bulletin over this area.
    async fn bulletin(&self, area: &str) -> i64 {
        let kept = Bulletin {
            kind: BulletinKind::Daily,
            title: "日报".to_owned(),
            site: "Liushu".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            made_ms: START.0,
            made_by: "somebody".to_owned(),
            statistics: None,
            flash: None,
        };
        let new = NewBulletin {
            kind: "daily".to_owned(),
            title: kept.title.clone(),
            from: START,
            to: START,
            made: START,
            made_by: kept.made_by.clone(),
            areas: vec![AreaId::new(area).unwrap()],
            incident: None,
        };
        let body = move |_| serde_json::to_vec(&kept).unwrap();
        self.state.statistics.keep_bulletin(new, body).await.unwrap().id
    }

    /// An account of this role in this area.
    async fn account(&self, name: &str, role: Role, area: &str) -> AccountId {
        let new = NewAccount {
            name: name.to_owned(),
            display_name: format!("Name of {name}"),
            role,
            areas: vec![AreaId::new(area).unwrap()],
            unit: (role == Role::Unit).then(|| UnitId::new("patrol").unwrap()),
            language: Language::Chinese,
            password: PASSWORD.to_owned(),
        };
        self.state.accounts.create(new, Author::CommandLine).await.unwrap().id
    }

    /// Somebody of this unit, with their cookie.
    async fn member(&self, name: &str, unit: &str, area: &str) -> String {
        let id = self.account(name, Role::Unit, area).await;
        let change = AccountChange { unit: Some(UnitId::new(unit).unwrap()), ..AccountChange::default() };
        self.state.accounts.change(id, change, Author::CommandLine).await.unwrap();
        self.sign_in(name).await
    }

    /// Signs in and gives the cookie.
    async fn sign_in(&self, name: &str) -> String {
        let body = serde_json::json!({ "name": name, "password": PASSWORD });
        let answer = self.send(post("/session", &body)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{name} signs in");
        cookie(&answer)
    }

    /// An account and its cookie.
    async fn viewer(&self, name: &str, role: Role, area: &str) -> String {
        self.account(name, role, area).await;
        self.sign_in(name).await
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        router(self.state.clone()).oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str, cookie: &str) -> Response<Body> {
        self.send(get(path, cookie)).await
    }

    /// One alarm with its recording in each village; gives the incidents of east and west.
    async fn fill(&self) -> (IncidentId, IncidentId) {
        for camera in ["cam-east", "cam-west"] {
            self.record(camera).await;
        }
        self.clock.advance(Duration::from_secs(200));
        let east = self.alarm("cam-east", BEGAN).await;
        let west = self.alarm("cam-west", BEGAN).await;
        (east, west)
    }

    /// An alarm of ten seconds, over.
    async fn alarm(&self, camera: &str, began: WallTime) -> IncidentId {
        let id = CameraId::new(camera).unwrap();
        let camera = self.state.site.camera(&id).unwrap();
        let desk = &self.state.desk;
        let at = |after: i64| moment(WallTime(began.0 + after));
        let begin = AlarmEdge::Begin(AlarmBegin {
            rule: RuleId::new("crowd").unwrap(),
            class: RuleClass::Crowding,
            level: Level::Yellow,
            began: at(0),
            raised: at(5_000),
            evidence: evidence(),
        });
        let end = AlarmEdge::End(AlarmEnd {
            rule: RuleId::new("crowd").unwrap(),
            began: at(0),
            ended: at(10_000),
            cleared: at(15_000),
            cause: EndCause::Cleared,
            peak: 4,
        });
        let alarm = desk.alarm(camera.into(), begin, Some(JPEG.to_vec())).await.unwrap();
        desk.alarm(camera.into(), end, None).await.unwrap();
        alarm.incident
    }

    /// What account 1 does to an incident.
    async fn act(&self, id: IncidentId, action: IncidentAction) {
        let expected_version = self.state.dispatch.incident_row(id).await.unwrap().unwrap().status.version;
        let request = ActRequest {
            incident: id,
            expected_version,
            action,
            by: AccountId(1),
            idempotency_key: format!("{id}-{expected_version}"),
            asked: None,
            note: Some("因为".to_owned()),
        };
        self.state.desk.act(request).await.unwrap();
    }

    /// Claims, assesses and tells a unit.
    async fn tell(&self, id: IncidentId, unit: &str) {
        let level = Level::Yellow;
        self.act(id, IncidentAction::Claim).await;
        let (class, area, lead) = (None, None, None);
        self.act(id, IncidentAction::Assess { level, class, area, lead, assist: Vec::new() }).await;
        let lead = Some(UnitId::new(unit).unwrap());
        self.act(id, IncidentAction::Dispatch { lead, assist: Vec::new(), due: None }).await;
    }

    /// What retention's thread does in a second.
    async fn retain(&self) {
        let retention = Arc::clone(&self.retention);
        tokio::task::spawn_blocking(move || retention.lock().unwrap().turn().unwrap()).await.unwrap();
    }

    /// A hold over all that [`House::fill`] recorded of a camera.
    async fn hold(&self, camera: &str) -> HoldId {
        let keeping = Arc::clone(&self.state.keeping);
        let new = NewHold {
            stream: stream(camera, StreamKind::Main),
            span: Span { from: START, to: WallTime(START.0 + 90_000) },
            case_number: "C-1".to_owned(),
            note: String::new(),
            owner: AccountId(1),
            owner_name: "somebody".to_owned(),
            review: WallTime(i64::MAX / 2),
        };
        tokio::task::spawn_blocking(move || keeping.hold(new).unwrap().unwrap().id).await.unwrap()
    }

    /// Fifty seconds of the main stream from 40 s after the start, a keyframe every two seconds: one real picture.
    async fn record(&self, camera: &str) {
        let stream = stream(camera, StreamKind::Main);
        let picture = coded("village_square", 1);
        let (recorder, whose) = (Arc::clone(&self.recorder), stream.clone());
        let sender = tokio::task::spawn_blocking(move || recorder.sender(&whose).unwrap()).await.unwrap();
        let wall_start = WallTime(START.0 + 40_000);
        let run = RunInfo {
            stream: stream.clone(),
            params: picture.params,
            audio: None,
            wall_start,
            generation: 1,
        };
        sender.try_send(RecorderMessage::RunBegin(Arc::new(run))).unwrap();
        for second in 0..50 {
            let nals = picture.units[0].nals.clone();
            let unit = AccessUnit { nals, ..unit(wall_start, second) };
            sender.try_send(RecorderMessage::Unit(unit)).unwrap();
        }
        let at = WallTime(START.0 + 90_000);
        sender.try_send(RecorderMessage::RunEnd(RunEnd { cause: GapCause::Stopped, at })).unwrap();
        let clips = self.state.clips.clone();
        let whole =
            move || clips.plan(&stream, WallTime(START.0 + 50_000), WallTime(START.0 + 80_000)).is_ok();
        until("the recording is readable", || {
            let whole = whole.clone();
            async move { tokio::task::spawn_blocking(whole).await.unwrap() }
        })
        .await;
    }
}

/// Coded footage of the repository.
struct Coded {
    params: Arc<VideoParams>,
    units: Vec<AccessUnit>,
}

/// The first `n` pictures of a file, in decoding order; wall times begin at 0.
fn coded(name: &str, n: usize) -> Coded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/footage/{name}.mp4"));
    let params = Scanner::open(std::fs::File::open(&path).unwrap()).unwrap().params().clone();
    let mut opened = FileDemuxer::open(&path, WallTime(0)).unwrap();
    let units = std::iter::from_fn(|| opened.demuxer.next_unit().unwrap()).take(n).collect();
    Coded { params: Arc::new(params), units }
}

/// Waits for a condition, and fails the test when it does not come.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn stream(camera: &str, kind: StreamKind) -> StreamId {
    StreamId { camera: CameraId::new(camera).unwrap(), kind }
}

fn run(stream: &StreamId, wall_start: WallTime) -> Arc<RunInfo> {
    // An empty sample entry and record: nothing decodes here.
    let entry: Arc<[u8]> = Arc::from([0, 0, 0, 8, b'a', b'v', b'c', b'1'].as_slice());
    let params = VideoParams {
        codec: VideoCodec::H264,
        rfc6381: "avc1.4D401E".to_owned(),
        width_px: 640,
        height_px: 360,
        sample_entry: entry.clone(),
        decoder_config: Arc::from([1].as_slice()),
    };
    Arc::new(RunInfo {
        stream: stream.clone(),
        params: Arc::new(params),
        audio: None,
        wall_start,
        generation: 1,
    })
}

/// The picture of one second: every other one a keyframe.
fn unit(wall_start: WallTime, second: i64) -> AccessUnit {
    let nal = [0, 0, 0, 3, 0x65, 1, u8::try_from(second % 256).unwrap()];
    AccessUnit {
        pts: Pts(second * 90_000),
        wall: WallTime(wall_start.0 + second * 1000),
        is_keyframe: second % 2 == 0,
        nals: Bytes::copy_from_slice(&nal),
    }
}

fn moment(wall: WallTime) -> Moment {
    Moment { pts: Pts((wall.0 - START.0) * 90), wall }
}

fn evidence() -> Evidence {
    Evidence {
        rule_class: RuleClass::Crowding,
        zone: Some(ZoneRef { id: ZoneId::new("square").unwrap(), name: "广场".to_owned() }),
        count: 4,
        peak: 4,
        limit: 3,
        held_for: MediaDuration::from_secs(5),
        class: ObjectClass::Person,
        tracks: vec![TrackId(7)],
        score: Confidence::new(0.75),
        low_trust: None,
        detail: None,
    }
}

/// A request as the console's own page makes it.
fn request(method: &str, path: &str) -> axum::http::request::Builder {
    let peer: SocketAddr = "192.0.2.50:40000".parse().unwrap();
    Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::HOST, HOST)
        .header("x-sharpeyes", "1")
        .extension(ConnectInfo(peer))
}

fn get(path: &str, cookie: &str) -> Request<Body> {
    request("GET", path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()
}

fn post(path: &str, body: &Value) -> Request<Body> {
    with_json(request("POST", path), body)
}

fn with_json(builder: axum::http::request::Builder, body: &Value) -> Request<Body> {
    builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

/// `name=value` of the session cookie that an answer sets.
fn cookie(answer: &Response<Body>) -> String {
    let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn bytes(answer: Response<Body>) -> Bytes {
    answer.into_body().collect().await.unwrap().to_bytes()
}

async fn json(answer: Response<Body>) -> Value {
    let bytes = bytes(answer).await;
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&bytes)))
}
