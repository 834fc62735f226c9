//! Other systems are told of incidents by the real service: over HTTP to a receiver that fails, hangs, cuts, refuses and
//! goes away, over TLS with certificates right and wrong, over MQTT to mosquitto; across kill -9 and with a target that is slow beside one that is not.

use std::{collections::BTreeMap, process::Stdio, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use rumqttc::mqttbytes::{
    QoS,
    v4::{Connect, Packet, PubAck, Subscribe},
};
use serde_json::{Value, json};
use sharpeyes_tests::{
    gateway::{Client, Gateway, Program},
    poll,
    receiver::{Arrival, Receiver, Reply},
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
    tls::{Authority, Front, Identity, Validity},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
};

const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "correct-horse-battery-staple";
/// For what must happen, on a machine that does much else.
const SOON: Duration = Duration::from_secs(60);

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test")).log_filter("warn")
}

async fn site(targets: &str) -> anyhow::Result<TestSite> {
    let site = SiteBuilder::new().camera(SiteCamera::new("gate", "rtsp://127.0.0.1:9/none")).write()?;
    let text = std::fs::read_to_string(site.file())?;
    std::fs::write(site.file(), text + targets)?;
    program().add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
    program().add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    Ok(site)
}

fn webhook(id: &str, url: &str, more: &str) -> String {
    format!(
        "\n[[outbound]]\nid = \"{id}\"\npurpose = \"test\"\nkind = \"webhook\"\nurl = \"{url}/{id}\"\nsecret = \"{SECRET}\"\n{more}\n"
    )
}

/// Reports an incident; gives its id.
async fn report(client: &Client, key: &str) -> anyhow::Result<i64> {
    let body = json!({ "idempotency_key": key, "class": "help", "area": TOWN, "title": "有人求助" });
    let (status, answer) = client.post("/reports", &body).await?;
    ensure!(status == StatusCode::CREATED, "{status} {answer}");
    answer["incident"]["id"].as_i64().context("an id")
}

async fn act(client: &Client, id: i64, version: i64, mut body: Value) -> anyhow::Result<()> {
    body["expected_version"] = version.into();
    body["idempotency_key"] = format!("{id}-{version}").into();
    let (status, answer) = client.post(&format!("/incidents/{id}/actions"), &body).await?;
    ensure!(status == StatusCode::OK, "{status} {answer}");
    Ok(())
}

/// Open, claim, note, close: versions 1 to 4.
async fn whole_life(client: &Client, key: &str) -> anyhow::Result<i64> {
    let id = report(client, key).await?;
    act(client, id, 1, json!({ "action": "claim" })).await?;
    act(client, id, 2, json!({ "action": "note", "note": "已核实" })).await?;
    act(client, id, 3, json!({ "action": "close", "reason": "handled", "note": "已处置" })).await?;
    Ok(id)
}

/// What was taken of an incident, by version.
fn versions(taken: &[Arrival], id: i64) -> Vec<i64> {
    taken.iter().filter(|one| one.incident() == id).map(Arrival::version).collect()
}

async fn until_taken(
    receiver: &Receiver,
    what: &str,
    expected: &BTreeMap<i64, Vec<i64>>,
) -> anyhow::Result<()> {
    poll::until(what, SOON, async || {
        let taken = receiver.taken();
        Ok(expected.iter().all(|(id, all)| versions(&taken, *id).len() >= all.len()).then_some(()))
    })
    .await
}

async fn target(gateway: &Gateway, id: &str) -> anyhow::Result<Value> {
    let client = gateway.sign_in("tech", PASSWORD).await?;
    let all = client.get("/outbound").await?;
    let found = all.as_array().and_then(|all| all.iter().find(|one| one["id"] == id)).cloned();
    found.with_context(|| format!("{id} in {all}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_arrives_signed_and_in_order_whatever_the_receiver_does() -> anyhow::Result<()> {
    // The first attempt at each message fails in another way; 410 is for one that nobody may try again.
    let receiver = Receiver::start(|arrival| {
        if arrival.header("x-sharpeyes-attempt") != "1" {
            return Reply::Status(200);
        }
        match (arrival.incident() + arrival.version()) % 6 {
            0 => Reply::Status(500),
            1 => Reply::Cut,
            2 => Reply::Hang(Duration::from_secs(30)),
            3 => Reply::Redirect,
            4 => Reply::Status(503),
            _ => Reply::Status(204),
        }
    })
    .await?;
    let site = site(&webhook("county", &receiver.url(), "timeout = \"1s\"")).await?;
    let gateway = program().start(&site).await?;
    let client = gateway.sign_in("op", PASSWORD).await?;
    let mut expected = BTreeMap::new();
    for n in 0..6 {
        expected.insert(whole_life(&client, &format!("r{n}")).await?, vec![1, 2, 3, 4]);
    }
    until_taken(&receiver, "every change arrives", &expected).await?;
    let taken = receiver.taken();
    for (id, all) in &expected {
        ensure!(versions(&taken, *id) == *all, "{id}: {:?}", versions(&taken, *id));
    }
    let mut kinds =
        taken.iter().filter(|one| one.version() == 4).map(|one| one.json()["event"]["kind"].clone());
    ensure!(kinds.all(|kind| kind == "close"));
    for arrival in receiver.arrivals() {
        check_signature(&arrival)?;
        ensure!(arrival.line.starts_with("POST /county HTTP/1.1"), "{}", arrival.line);
        ensure!(arrival.header("idempotency-key") == arrival.json()["key"], "{arrival:?}");
        ensure!(!arrival.body.contains("有人求助"), "not shared: {}", arrival.body);
    }
    // Of one incident nothing was sent while an earlier message of it was not taken.
    let mut done: BTreeMap<i64, i64> = BTreeMap::new();
    for arrival in receiver.arrivals() {
        let before = done.get(&arrival.incident()).copied().unwrap_or(0);
        ensure!(
            arrival.version() == before + 1,
            "{} of {} after {before}",
            arrival.version(),
            arrival.incident()
        );
        if matches!(arrival.reply, Reply::Status(200..300)) {
            done.insert(arrival.incident(), arrival.version());
        }
    }
    ensure!(receiver.arrivals().iter().all(|one| one.n_at_once <= 4), "more than four at once");
    let state = target(&gateway, "county").await?;
    ensure!(state["waiting"] == 0 && state["dead"] == 0 && state["last_success_ms"].is_i64(), "{state}");
    gateway.stop().await?;
    program().check(&site).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_kept_and_can_be_sent_again_and_the_next_goes_on() -> anyhow::Result<()> {
    let receiver =
        Receiver::start(
            |arrival| if arrival.version() == 2 { Reply::Status(410) } else { Reply::Status(200) },
        )
        .await?;
    let site = site(&webhook("county", &receiver.url(), "")).await?;
    let gateway = program().start(&site).await?;
    let client = gateway.sign_in("op", PASSWORD).await?;
    let id = whole_life(&client, "r").await?;
    until_taken(&receiver, "the others arrive", &BTreeMap::from([(id, vec![1, 3, 4])])).await?;
    ensure!(versions(&receiver.taken(), id) == [1, 3, 4]);
    let dead = client.get("/outbound/county/messages").await?;
    ensure!(
        dead[0]["version"] == 2 && dead[0]["error"]["code"] == "http_410" && dead[0]["attempts"] == 1,
        "{dead}"
    );
    ensure!(dead[0]["error"]["stage"] == "answer" && dead[0]["error"]["remedy"].as_str().is_some(), "{dead}");
    receiver.judge(|_| Reply::Status(200));
    let (status, sent) = client.post("/outbound/county/resend", &json!({ "ids": [dead[0]["id"]] })).await?;
    ensure!(status == StatusCode::OK && sent["messages"] == 1, "{status} {sent}");
    until_taken(&receiver, "it is sent again", &BTreeMap::from([(id, vec![1, 3, 4, 2])])).await?;
    ensure!(versions(&receiver.taken(), id) == [1, 3, 4, 2]);
    gateway.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_away_gets_all_when_it_is_back_over_a_restart_too_and_delays_no_other()
-> anyhow::Result<()> {
    let mut away = Receiver::start(|_| Reply::Status(200)).await?;
    let slow = Receiver::start(|_| Reply::Hang(Duration::from_secs(60))).await?;
    let quick = Receiver::start(|_| Reply::Status(200)).await?;
    let targets = [
        webhook("away", &away.url(), ""),
        webhook("slow", &slow.url(), "timeout = \"30s\""),
        webhook("quick", &quick.url(), ""),
    ];
    let site = site(&targets.concat()).await?;
    away.go_away();
    let gateway = program().start(&site).await?;
    let client = gateway.sign_in("op", PASSWORD).await?;
    let mut expected = BTreeMap::new();
    for n in 0..3 {
        expected.insert(whole_life(&client, &format!("r{n}")).await?, vec![1, 2, 3, 4]);
    }
    until_taken(&quick, "the quick one has all", &expected).await?;
    ensure!(slow.taken().is_empty() && !slow.arrivals().is_empty(), "the slow one holds");
    let state = poll::until("it is known to be away", SOON, async || {
        let state = target(&gateway, "away").await?;
        Ok(state["last_error"].is_object().then_some(state))
    })
    .await?;
    ensure!(
        state["waiting"] == 12 && state["failing_since_ms"].is_i64() && state["oldest_ms"].is_i64(),
        "{state}"
    );
    ensure!(state["last_error"]["stage"] == "connect" && state["last_error"]["code"] == "refused", "{state}");
    let tried = client.get("/outbound/away/messages?state=waiting").await?;
    let n_tried: u64 =
        tried.as_array().into_iter().flatten().filter_map(|one| one["attempts"].as_u64()).sum();
    ensure!(n_tried == 0, "no message is to blame: {tried}");
    gateway.kill9().await?;
    let gateway = program().start(&site).await?;
    away.come_back().await?;
    until_taken(&away, "all arrive when it is back", &expected).await?;
    for (id, all) in &expected {
        ensure!(versions(&away.taken(), *id) == *all, "{:?}", versions(&away.taken(), *id));
    }
    let state = target(&gateway, "away").await?;
    ensure!(state["waiting"] == 0 && state["failing_since_ms"].is_null(), "{state}");
    // What was taken before the kill is not sent twice but by chance; never out of order, never with another key.
    let mut keys: BTreeMap<(i64, i64), String> = BTreeMap::new();
    for arrival in quick.arrivals() {
        let key = arrival.header("idempotency-key").to_owned();
        let known =
            keys.entry((arrival.incident(), arrival.version())).or_insert_with(|| key.clone()).clone();
        ensure!(known == key, "{known} and {key}");
    }
    gateway.stop().await?;
    program().check(&site).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_gets_each_change_under_its_incident() -> anyhow::Result<()> {
    let Some(broker) = Broker::start().await? else {
        eprintln!("skipped: MQTT against a broker that is not ours (no mosquitto)");
        return Ok(());
    };
    let mqtt = format!(
        "\n[[outbound]]\nid = \"broker\"\npurpose = \"test\"\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{}\"\ntopic = \"qinghe\"\n",
        broker.port
    );
    let site = site(&mqtt).await?;
    let gateway = program().start(&site).await?;
    let client = gateway.sign_in("op", PASSWORD).await?;
    let mut subscriber = Subscriber::open(broker.port, "qinghe/#").await?;
    let id = whole_life(&client, "r").await?;
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let (topic, body) = tokio::time::timeout(SOON, subscriber.next()).await.context("a message")??;
        ensure!(topic == format!("qinghe/incidents/{id}"), "{topic}");
        seen.push(body["event"]["version"].as_i64().unwrap_or(0));
    }
    ensure!(seen == [1, 2, 3, 4], "{seen:?}");
    drop(subscriber);
    // The broker goes and comes back; nothing is lost.
    let port = broker.port;
    drop(broker);
    let id = whole_life(&client, "r2").await?;
    poll::until("it is known to be away", SOON, async || {
        Ok((target(&gateway, "broker").await?["last_error"]["stage"] == "connect").then_some(()))
    })
    .await?;
    let _broker = Broker::start_at(port).await?;
    poll::until("all were delivered when it is back", SOON, async || {
        let state = target(&gateway, "broker").await?;
        Ok((state["waiting"] == 0 && state["failing_since_ms"].is_null()).then_some(()))
    })
    .await?;
    let delivered = client.get("/outbound/broker/messages?state=delivered").await?;
    let of_this = delivered.as_array().into_iter().flatten().filter(|one| one["incident"] == id).count();
    ensure!(of_this == 4, "{delivered}");
    gateway.stop().await?;
    program().check(&site).await?;
    Ok(())
}

/// Certificates that nobody may accept, with the word for each.
fn bad_certificates(authority: &Authority) -> anyhow::Result<[(&'static str, Identity); 4]> {
    let stranger = Authority::new("somebody else's authority")?;
    Ok([
        ("certificate_unknown_issuer", stranger.certify("127.0.0.1", Validity::Current)?),
        ("certificate_expired", authority.certify("127.0.0.1", Validity::Expired)?),
        ("certificate_not_valid_yet", authority.certify("127.0.0.1", Validity::Future)?),
        ("certificate_name", authority.certify("platform.example", Validity::Current)?),
    ])
}

/// Until the target is said to be away for this reason, with what to do about it; nothing has been lost by then.
async fn refused_for(gateway: &Gateway, id: &str, code: &str) -> anyhow::Result<()> {
    let state = poll::until(code, SOON, async || {
        let state = target(gateway, id).await?;
        Ok((state["last_error"]["code"] == code).then_some(state))
    })
    .await?;
    let error = &state["last_error"];
    ensure!(error["stage"] == "tls" && error["remedy"].as_str().is_some_and(|it| it.len() > 20), "{state}");
    ensure!(state["waiting"] == 4 && state["dead"] == 0 && state["lost"] == 0, "{state}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_told_over_tls_only_once_its_certificate_is_right() -> anyhow::Result<()> {
    let authority = Authority::new("county authority")?;
    let receiver = Receiver::start(|_| Reply::Status(200)).await?;
    let front = Front::start(receiver.port(), authority.certify("127.0.0.1", Validity::Current)?).await?;
    let url = format!("https://127.0.0.1:{}", front.port());
    let site = site(&webhook("county", &url, "ca = \"county-ca.pem\"")).await?;
    let ca = site.root().join("county-ca.pem");
    std::fs::write(&ca, "no certificate")?;
    let gateway = program().start(&site).await?;
    let client = gateway.sign_in("op", PASSWORD).await?;
    let id = whole_life(&client, "r").await?;
    refused_for(&gateway, "county", "ca_unreadable").await?;
    // No restart: the file is read for each connection.
    std::fs::write(&ca, authority.pem())?;
    for (code, identity) in bad_certificates(&authority)? {
        front.show(identity);
        refused_for(&gateway, "county", code).await?;
    }
    ensure!(receiver.arrivals().is_empty(), "something was said to a stranger: {:?}", receiver.arrivals());
    front.show(authority.certify("127.0.0.1", Validity::Current)?);
    until_taken(&receiver, "all arrive", &BTreeMap::from([(id, vec![1, 2, 3, 4])])).await?;
    ensure!(versions(&receiver.taken(), id) == [1, 2, 3, 4], "{:?}", receiver.taken());
    for arrival in receiver.arrivals() {
        check_signature(&arrival)?;
    }
    let state = target(&gateway, "county").await?;
    ensure!(state["waiting"] == 0 && state["failing_since_ms"].is_null(), "{state}");
    let log = gateway.log();
    ensure!(log.contains("county") && log.contains("tls"), "the log names neither target nor stage: {log}");
    gateway.stop().await?;
    program().check(&site).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_told_over_tls_only_once_its_certificate_is_right() -> anyhow::Result<()> {
    let Some(broker) = Broker::start().await? else {
        eprintln!("skipped: MQTT over TLS to a broker that is not ours (no mosquitto)");
        return Ok(());
    };
    let authority = Authority::new("county authority")?;
    let [(code, bad), ..] = bad_certificates(&authority)?;
    let front = Front::start(broker.port, bad).await?;
    let mqtt = format!(
        "\n[[outbound]]\nid = \"broker\"\npurpose = \"test\"\nkind = \"mqtt\"\nurl = \"mqtts://127.0.0.1:{}\"\ntopic = \"qinghe\"\nca = \"county-ca.pem\"\n",
        front.port()
    );
    let site = site(&mqtt).await?;
    std::fs::write(site.root().join("county-ca.pem"), authority.pem())?;
    let gateway = program().start(&site).await?;
    let client = gateway.sign_in("op", PASSWORD).await?;
    let mut subscriber = Subscriber::open(broker.port, "qinghe/#").await?;
    let id = whole_life(&client, "r").await?;
    refused_for(&gateway, "broker", code).await?;
    front.show(authority.certify("127.0.0.1", Validity::Current)?);
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let (topic, body) = tokio::time::timeout(SOON, subscriber.next()).await.context("a message")??;
        ensure!(topic == format!("qinghe/incidents/{id}"), "{topic}");
        seen.push(body["event"]["version"].as_i64().unwrap_or(0));
    }
    ensure!(seen == [1, 2, 3, 4], "{seen:?}");
    gateway.stop().await?;
    program().check(&site).await?;
    Ok(())
}

/// As docs/outbound.md tells receivers to, with another program's HMAC.
fn check_signature(arrival: &Arrival) -> anyhow::Result<()> {
    let signed = format!("{}.{}", arrival.header("x-sharpeyes-timestamp"), arrival.body);
    let made = hmac_sha256(SECRET.as_bytes(), signed.as_bytes());
    ensure!(arrival.header("x-sharpeyes-signature") == format!("v1={}", hex::encode(made)), "{arrival:?}");
    Ok(())
}

/// RFC 2104, by hand: the product's own library would agree with itself.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner: Vec<u8> = block.iter().map(|byte| byte ^ 0x36).chain(text.iter().copied()).collect();
    let outer: Vec<u8> = block.iter().map(|byte| byte ^ 0x5c).chain(Sha256::digest(inner)).collect();
    Sha256::digest(outer).to_vec()
}

/// mosquitto on a port of its own. Killed when dropped.
struct Broker {
    port: u16,
    _process: tokio::process::Child,
    _folder: Arc<tempfile::TempDir>,
}

impl Broker {
    /// `None`: it is not installed.
    async fn start() -> anyhow::Result<Option<Self>> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        match Self::start_at(port).await {
            Ok(broker) => Ok(Some(broker)),
            Err(error)
                if error
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn start_at(port: u16) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("mosquitto.conf");
        std::fs::write(
            &file,
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"),
        )?;
        let binary = if std::path::Path::new("/usr/sbin/mosquitto").exists() {
            "/usr/sbin/mosquitto"
        } else {
            "mosquitto"
        };
        let process = Command::new(binary)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        poll::until("mosquitto listens", SOON, async || {
            Ok(TcpStream::connect(("127.0.0.1", port)).await.ok())
        })
        .await?;
        Ok(Self { port, _process: process, _folder: Arc::new(folder) })
    }
}

/// Somebody who reads what is published.
struct Subscriber {
    stream: TcpStream,
    received: bytes::BytesMut,
}

impl Subscriber {
    async fn open(port: u16, topic: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut subscriber = Self { stream, received: bytes::BytesMut::new() };
        subscriber.send(Packet::Connect(Connect::new("subscriber"))).await?;
        ensure!(matches!(subscriber.receive().await?, Packet::ConnAck(_)));
        let mut subscribe = Subscribe::new(topic, QoS::AtLeastOnce);
        subscribe.pkid = 1;
        subscriber.send(Packet::Subscribe(subscribe)).await?;
        ensure!(matches!(subscriber.receive().await?, Packet::SubAck(_)));
        Ok(subscriber)
    }

    async fn next(&mut self) -> anyhow::Result<(String, Value)> {
        loop {
            if let Packet::Publish(publish) = self.receive().await? {
                self.send(Packet::PubAck(PubAck::new(publish.pkid))).await?;
                return Ok((publish.topic.clone(), serde_json::from_slice(&publish.payload)?));
            }
        }
    }

    async fn send(&mut self, packet: Packet) -> anyhow::Result<()> {
        let mut bytes = bytes::BytesMut::new();
        packet.write(&mut bytes, 1 << 20)?;
        Ok(self.stream.write_all(&bytes).await?)
    }

    async fn receive(&mut self) -> anyhow::Result<Packet> {
        loop {
            match Packet::read(&mut self.received, 1 << 20) {
                Ok(packet) => return Ok(packet),
                Err(rumqttc::mqttbytes::Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(error.into()),
            }
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "the broker ended the connection");
        }
    }
}
