//! The product as a process of its own: started, asked, stopped, killed.
//!
//! Tests hand in the binary (`env!("CARGO_BIN_EXE_sharpeyes-under-test")`); everything else goes through the command
//! line and HTTP, as it does for people.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use reqwest::{
    Method, StatusCode, Url,
    cookie::{CookieStore as _, Jar},
    header,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
};

use crate::{poll, site::TestSite};

/// How long a start may take, with every store to be recovered.
const START: Duration = Duration::from_secs(60);
/// How long an orderly end may take.
const STOP: Duration = Duration::from_secs(60);
/// How long one command or request may take.
const ANSWER: Duration = Duration::from_secs(120);

/// The binary under test.
#[derive(Clone, Debug)]
pub struct Program {
    binary: PathBuf,
    log_filter: String,
}

/// What a command that ended has left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// Its log.
    pub stderr: String,
}

impl Program {
    /// `binary` is `env!("CARGO_BIN_EXE_sharpeyes-under-test")`.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { binary: binary.into(), log_filter: "info,retina=warn,ort=warn".into() }
    }

    /// With another log filter, as `SHARPEYES_LOG`.
    #[must_use]
    pub fn log_filter(mut self, filter: &str) -> Self {
        filter.clone_into(&mut self.log_filter);
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env("SHARPEYES_LOG", &self.log_filter).kill_on_drop(true);
        // As people start it: it sets this itself.
        command.env_remove("ORT_DISABLE_TELEMETRY");
        command
    }

    /// Runs a command to its end, with `input` on its standard input.
    ///
    /// # Errors
    /// When it cannot be started or does not end.
    pub async fn run(&self, arguments: &[&str], input: &str) -> anyhow::Result<Finished> {
        let what = format!("sharpeyes {}", arguments.join(" "));
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| what.clone())?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads nothing may already have ended.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let ended = tokio::time::timeout(ANSWER, child.wait_with_output()).await;
        let output = ended.with_context(|| format!("{what}: no end within {ANSWER:?}"))??;
        Ok(Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// `sharpeyes VERB… -c site.toml REST…`
    ///
    /// # Errors
    /// As [`Program::run`].
    pub async fn on_site(&self, site: &TestSite, verb: &[&str], rest: &[&str]) -> anyhow::Result<Finished> {
        let file = site.file();
        let file = file.to_string_lossy();
        self.run(&[verb, &["-c", &file], rest].concat(), "").await
    }

    /// `sharpeyes check`, with every file's hash; fails when it finds anything.
    ///
    /// # Errors
    /// What it found.
    pub async fn check(&self, site: &TestSite) -> anyhow::Result<Finished> {
        let found = self.on_site(site, &["check"], &["--hash"]).await?;
        ensure!(found.code == Some(0), "sharpeyes check: {found:#?}");
        Ok(found)
    }

    /// `sharpeyes account add`.
    ///
    /// # Errors
    /// When the account is refused.
    pub async fn add_account(
        &self,
        site: &TestSite,
        name: &str,
        role: &str,
        areas: &[&str],
        password: &str,
    ) -> anyhow::Result<()> {
        let file = site.file();
        let file = file.to_string_lossy();
        let mut arguments = vec!["account", "add", "-c", &file, name, "--role", role, "--password-stdin"];
        for area in areas {
            arguments.extend(["--area", area]);
        }
        let made = self.run(&arguments, password).await?;
        ensure!(made.code == Some(0), "account {name}: {made:#?}");
        Ok(())
    }

    /// `sharpeyes run`; returns when it listens.
    ///
    /// # Errors
    /// When it ends instead, or does not listen in time: with its log.
    pub async fn start(&self, site: &TestSite) -> anyhow::Result<Gateway> {
        let logs = site.root().join("logs");
        fs::create_dir_all(&logs)?;
        let log = logs.join(format!("run-{:03}.log", fs::read_dir(&logs)?.count()));
        let mut child = self
            .command()
            .args(["run", "-c"])
            .arg(site.file())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("sharpeyes run")?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let printed = Arc::new(Mutex::new(Vec::new()));
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                let url = line.strip_prefix("listening on ").map(str::to_owned);
                keep(&printed, line);
                if let Some(url) = url {
                    return Ok(url);
                }
            }
            bail!("it ended before it listened")
        };
        let listening = tokio::time::timeout(START, listening).await.map_err(anyhow::Error::from).flatten();
        let url = listening.with_context(|| format!("sharpeyes run:\n{}", read(&log)))?;
        tokio::spawn({
            let printed = printed.clone();
            async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    keep(&printed, line);
                }
            }
        });
        Ok(Gateway { child, url, log, printed })
    }
}

fn keep(printed: &Mutex<Vec<String>>, line: String) {
    printed.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

fn read(log: &Path) -> String {
    fs::read(log).map_or_else(|error| error.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The processes of the detectors of a gateway.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn detectors_of(gateway: u32) -> anyhow::Result<Vec<Pid>> {
    let parent = format!("--parent\0{gateway}\0");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may have ended since.
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&command).ends_with(&parent) {
            found.extend(Pid::from_raw(pid));
        }
    }
    Ok(found)
}

/// As long as this lives, no detector of a gateway answers for long.
#[derive(Debug)]
pub struct NoDetectors(Arc<AtomicBool>);

impl NoDetectors {
    /// Kills all detectors of `gateway`, again and again.
    #[must_use]
    pub fn of(gateway: &Gateway) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let (over, service) = (is_over.clone(), gateway.pid());
        std::thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                for detector in detectors_of(service).unwrap_or_default() {
                    // It may have ended meanwhile.
                    let _ = kill_process(detector, Signal::KILL);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Self(is_over)
    }
}

impl Drop for NoDetectors {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A running gateway. Killed when dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    url: String,
    log: PathBuf,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process; 0 after its end.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// The processes of its detectors, in which the models run.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn detectors(&self) -> anyhow::Result<Vec<Pid>> {
        detectors_of(self.pid())
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// What it has printed so far.
    #[must_use]
    pub fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs in.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn sign_in(&self, name: &str, password: &str) -> anyhow::Result<Client> {
        let client = self.stranger()?;
        let (status, body) = client.post("/session", &json!({ "name": name, "password": password })).await?;
        ensure!(status == StatusCode::OK, "{name} cannot sign in: {status} {body}");
        Ok(client)
    }

    /// A client without a session.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn stranger(&self) -> anyhow::Result<Client> {
        let cookies = Arc::new(Jar::default());
        let http = reqwest::Client::builder().cookie_provider(Arc::clone(&cookies)).no_proxy().build()?;
        Ok(Client { http, cookies, base: format!("{}/api/v1", self.url) })
    }

    /// Asks for an orderly end and waits for it.
    ///
    /// # Errors
    /// When it does not end in time, or not with 0.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        kill_process(self.process()?, Signal::TERM)?;
        let ended = tokio::time::timeout(STOP, self.child.wait()).await;
        let ended = ended.with_context(|| format!("no end within {STOP:?}:\n{}", self.log()))??;
        ensure!(ended.code() == Some(0), "ended with {ended}:\n{}", self.log());
        Ok(())
    }

    /// kill -9, and waits until the process and those of its detectors are gone.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn kill9(mut self) -> anyhow::Result<()> {
        let pid = self.pid();
        kill_process(self.process()?, Signal::KILL)?;
        self.child.wait().await?;
        poll::until("the detectors end with the gateway", ANSWER, || async {
            Ok(detectors_of(pid)?.is_empty().then_some(()))
        })
        .await
    }

    fn process(&self) -> anyhow::Result<Pid> {
        let id = self.child.id().context("it has ended by itself")?;
        Pid::from_raw(i32::try_from(id)?).context("process 0")
    }
}

/// Someone at the HTTP interface.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    cookies: Arc<Jar>,
    base: String,
}

impl Client {
    /// The client itself with its session, for what is not JSON.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The full address of a path below `/api/v1`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The session, as the header `Cookie` of programs that are not this client.
    ///
    /// # Errors
    /// When there is none.
    pub fn cookie(&self) -> anyhow::Result<String> {
        let cookie = self.cookies.cookies(&Url::parse(&self.base)?).context("no session")?;
        Ok(cookie.to_str()?.to_owned())
    }

    /// A file as a browser takes it, in ranges, which together must be what comes at once. `address` is the whole
    /// path, as descriptions of files give it.
    ///
    /// # Errors
    /// When a range is refused, or they make another file.
    pub async fn file(&self, address: &str) -> anyhow::Result<Vec<u8>> {
        let url = self.address(address)?;
        let whole = self.http.get(url.clone()).send().await?.error_for_status()?.bytes().await?;
        let mut ranged = Vec::new();
        while ranged.len() < whole.len() {
            let range = format!("bytes={}-{}", ranged.len(), ranged.len() + 300_000);
            let part = self.http.get(url.clone()).header(header::RANGE, range).send().await?;
            ensure!(part.status() == StatusCode::PARTIAL_CONTENT, "{}", part.status());
            ranged.extend(part.bytes().await?);
        }
        ensure!(ranged == whole, "{address}: ranges make another file");
        Ok(ranged)
    }

    /// The full address of a whole path.
    ///
    /// # Errors
    /// When it is none.
    pub fn address(&self, path: &str) -> anyhow::Result<Url> {
        Ok(Url::parse(&self.base)?.join(path)?)
    }

    /// GET below `/api/v1`; anything but 200 is an error.
    ///
    /// # Errors
    /// The answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let (status, body) = self.send(Method::GET, path, None).await?;
        ensure!(status == StatusCode::OK, "GET {path}: {status} {body}");
        Ok(body)
    }

    /// POST below `/api/v1`.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Value)> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// What the centre does to an incident, in the version that it has now, with further fields of the command.
    ///
    /// # Errors
    /// The answer, when it is not done.
    pub async fn act(&self, incident: i64, action: &str, more: Value) -> anyhow::Result<Value> {
        let now = self.get(&format!("/incidents/{incident}")).await?;
        let version = &now["version"];
        let mut command = json!({
            "action": action, "expected_version": version, "idempotency_key": format!("{action}-{incident}-{version}")
        });
        if let (Some(command), Value::Object(more)) = (command.as_object_mut(), more) {
            command.extend(more);
        }
        let (status, body) = self.post(&format!("/incidents/{incident}/actions"), &command).await?;
        ensure!(status == StatusCode::OK, "{action} {incident}: {status} {body}");
        Ok(body)
    }

    /// Any request; a body that is no JSON comes back as null.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request =
            self.http.request(method, self.url(path)).header("x-sharpeyes", "1").timeout(ANSWER);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| path.to_owned())?;
        let status = answer.status();
        let bytes = answer.bytes().await.with_context(|| path.to_owned())?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}
