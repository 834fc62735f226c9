//! Another system that is told of incidents, as bad as such systems are: it fails, hangs, cuts, refuses, goes away.
//!
//! Raw HTTP over a socket of our own, because a good server cannot be made to do most of that.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// One request that arrived whole.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// `POST /path HTTP/1.1`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: String,
    /// What was done with it.
    pub reply: Reply,
    /// How many requests were on their way when it arrived, itself included.
    pub n_at_once: usize,
}

impl Arrival {
    /// A header; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Which incident.
    #[must_use]
    pub fn incident(&self) -> i64 {
        self.json()["incident"]["id"].as_i64().unwrap_or(0)
    }

    /// Which of its changes.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.json()["event"]["version"].as_i64().unwrap_or(0)
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This status.
    Status(u16),
    /// To another address.
    Redirect,
    /// No answer, for so long.
    Hang(Duration),
    /// The connection ends without one.
    Cut,
}

type Judge = Box<dyn Fn(&Arrival) -> Reply + Send + Sync>;

struct Shared {
    judge: Mutex<Judge>,
    arrivals: Mutex<Vec<Arrival>>,
    n_at_once: Mutex<usize>,
}

/// Listens until dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: Option<JoinSet<()>>,
}

impl Receiver {
    /// On a free port; `judge` says what becomes of each request.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(judge: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            judge: Mutex::new(Box::new(judge)),
            arrivals: Mutex::default(),
            n_at_once: Mutex::default(),
        });
        let mut receiver = Self { address, shared, task: None };
        receiver.listen(listener);
        Ok(receiver)
    }

    fn listen(&mut self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    *lock(&shared.n_at_once) += 1;
                    let _ = serve(stream, &shared).await;
                    *lock(&shared.n_at_once) -= 1;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        self.task = Some(task);
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on.
    pub fn judge(&self, judge: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) {
        *lock(&self.shared.judge) = Box::new(judge);
    }

    /// Everything that arrived whole, in order.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        lock(&self.shared.arrivals).clone()
    }

    /// What it has answered with 2xx, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Arrival> {
        let mut all = self.arrivals();
        all.retain(|arrival| matches!(arrival.reply, Reply::Status(200..300)));
        all
    }

    /// Connections are refused, and those that are open end.
    pub fn go_away(&mut self) {
        self.task = None;
    }

    /// It listens again, at the same port.
    ///
    /// # Errors
    /// When somebody else has taken it.
    pub async fn come_back(&mut self) -> anyhow::Result<()> {
        let listener = TcpListener::bind(self.address).await.context("the port is gone")?;
        self.listen(listener);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        ensure!(stream.read_buf(&mut bytes).await? > 0, "ended within the head");
    };
    let text = String::from_utf8(bytes[..head].to_vec())?;
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").context("a length")?;
    let length: usize = length.1.parse()?;
    while bytes.len() < head + 4 + length {
        ensure!(stream.read_buf(&mut bytes).await? > 0, "ended within the body");
    }
    let body = String::from_utf8(bytes[head + 4..].to_vec())?;
    let n_at_once = *lock(&shared.n_at_once);
    let mut arrival = Arrival { line, headers, body, reply: Reply::Cut, n_at_once };
    arrival.reply = (lock(&shared.judge))(&arrival);
    let reply = arrival.reply;
    lock(&shared.arrivals).push(arrival);
    let head = match reply {
        Reply::Status(status) => format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n"),
        Reply::Redirect => {
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/elsewhere\r\nContent-Length: 0\r\n\r\n"
                .to_owned()
        }
        Reply::Cut => return Ok(()),
        Reply::Hang(span) => {
            // Unless the other side has had enough.
            let mut byte = [0];
            let _ = tokio::time::timeout(span, stream.read(&mut byte)).await;
            return Ok(());
        }
    };
    stream.write_all(head.as_bytes()).await?;
    Ok(())
}
