//! From a change of an incident to five hundred viewers who wait for it, beside the bare loopback: the same bytes from
//! one connection to five hundred, with nothing between.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use futures::StreamExt as _;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

use super::{Results, Row, process::pss_mib, quantile, sorted};
use crate::{
    console::SseParser,
    gateway::{Client, Program},
    site::{SiteBuilder, SiteCamera},
};

const VIEWERS: usize = 500;
const EVENTS: usize = 60;
/// Between two events: an operator of a busy centre.
const PAUSE: Duration = Duration::from_millis(500);
const PASSWORD: &str = "a long walk to the reservoir";

/// `sse.p95_ms` and `sse.loopback_p95_ms`.
///
/// # Errors
/// When the gateway does not come up, or a viewer misses an event.
pub async fn sse(results: &mut Results) -> anyhow::Result<()> {
    let site = SiteBuilder::new().camera(SiteCamera::new("gate", "rtsp://127.0.0.1:9/none")).write()?;
    let program = Program::new(std::env::current_exe()?.with_file_name("sharpeyes-under-test"));
    program.add_account(&site, "bench", "operator", &["town"], PASSWORD).await?;
    let gateway = program.log_filter("warn").start(&site).await?;
    let client = gateway.sign_in("bench", PASSWORD).await?;
    let idle_mib = pss_mib(gateway.pid())?;
    let (ready, mut readied) = mpsc::channel(VIEWERS);
    let mut viewers = JoinSet::new();
    for _ in 0..VIEWERS {
        viewers.spawn(view(client.clone(), ready.clone()));
    }
    for _ in 0..VIEWERS {
        readied.recv().await.context("a viewer")?;
    }
    let mut sent = BTreeMap::new();
    let mut length = 0;
    for n in 0..EVENTS {
        tokio::time::sleep(PAUSE).await;
        let body = json!({
            "idempotency_key": format!("k{n}"), "class": "help", "area": "town", "title": "有人求助",
            "description": "群众反映井盖破损，请尽快处理。"
        });
        let at = Instant::now();
        let (status, answer) = client.post("/reports", &body).await?;
        ensure!(status == StatusCode::CREATED, "{status} {answer}");
        length = answer["incident"].to_string().len();
        sent.insert(answer["incident"]["id"].as_i64().context("an id")?, at);
    }
    let mut delays = Vec::new();
    while let Some(seen) = viewers.join_next().await {
        let seen = seen??;
        for (id, at) in &sent {
            let arrived = seen.get(id).with_context(|| format!("a viewer missed {id}"))?;
            delays.push(arrived.saturating_duration_since(*at).as_secs_f64() * 1e3);
        }
    }
    let busy_mib = pss_mib(gateway.pid())?;
    gateway.stop().await?;
    let bare = loopback(length).await?;
    let context = |values: &[f64]| {
        format!(
            "{VIEWERS} viewers in one process on the same 2 cores, {EVENTS} reports one every {} ms, from the request on; \
             median {:.1} ms, most {:.1} ms",
            PAUSE.as_millis(),
            quantile(values, 0.5),
            quantile(values, 1.0),
        )
    };
    let (delays, bare) = (sorted(delays), sorted(bare));
    let gateway_context =
        format!("{}; PSS {idle_mib:.0} MiB without viewers, {busy_mib:.0} MiB with them", context(&delays));
    let p95 = quantile(&delays, 0.95);
    results.push(&Row {
        bench: "sse.p95_ms",
        value: p95,
        unit: "ms",
        n: delays.len(),
        context: gateway_context,
    })?;
    let context = format!("{length} bytes, nothing between; {}", context(&bare));
    let p95 = quantile(&bare, 0.95);
    results.push(&Row { bench: "sse.loopback_p95_ms", value: p95, unit: "ms", n: bare.len(), context })
}

/// When each incident was seen first.
async fn view(client: Client, ready: mpsc::Sender<()>) -> anyhow::Result<BTreeMap<i64, Instant>> {
    let answer = client.http().get(client.url("/events")).send().await?.error_for_status()?;
    let mut body = answer.bytes_stream();
    let mut parser = SseParser::default();
    let mut seen = BTreeMap::new();
    while seen.len() < EVENTS {
        let piece = body.next().await.context("the stream ended")??;
        let at = Instant::now();
        for event in parser.push(&piece) {
            match event.event.as_str() {
                "ready" => ready.send(()).await?,
                "incident" => {
                    let incident: Value = serde_json::from_str(&event.data)?;
                    seen.entry(incident["id"].as_i64().context("an id")?).or_insert(at);
                }
                _ => {}
            }
        }
    }
    Ok(seen)
}

/// The same number of bytes to a hub, and from there to as many connections.
async fn loopback(length: usize) -> anyhow::Result<Vec<f64>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let mut readers = JoinSet::new();
    let mut writers = Vec::new();
    for _ in 0..VIEWERS {
        let (reader, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let mut reader = reader?;
        let (writer, _) = accepted?;
        writer.set_nodelay(true)?;
        writers.push(writer);
        readers.spawn(async move {
            let mut bytes = vec![0; length];
            let mut seen = Vec::new();
            while seen.len() < EVENTS {
                reader.read_exact(&mut bytes).await?;
                seen.push(Instant::now());
            }
            anyhow::Ok(seen)
        });
    }
    let (source, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (mut source, (mut hub, _)) = (source?, accepted?);
    source.set_nodelay(true)?;
    let hub = tokio::spawn(async move {
        let mut bytes = vec![0; length];
        for _ in 0..EVENTS {
            hub.read_exact(&mut bytes).await?;
            for writer in &mut writers {
                writer.write_all(&bytes).await?;
            }
        }
        anyhow::Ok(())
    });
    let bytes = vec![b'x'; length];
    let mut sent = Vec::new();
    for _ in 0..EVENTS {
        tokio::time::sleep(PAUSE / 5).await;
        sent.push(Instant::now());
        source.write_all(&bytes).await?;
    }
    hub.await??;
    let mut delays = Vec::new();
    while let Some(seen) = readers.join_next().await {
        let pairs = sent.iter().zip(seen??);
        delays.extend(pairs.map(|(sent, seen)| seen.saturating_duration_since(*sent).as_secs_f64() * 1e3));
    }
    Ok(delays)
}
