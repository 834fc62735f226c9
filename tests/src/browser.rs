//! A script of `console/e2e` with a Chromium of its own: what it says, line by line.

use std::{ffi::OsStr, path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::shared::workspace_root;

/// For the browser to say its next word.
const WORD: Duration = Duration::from_secs(240);
const CHROMIUM: &str = "/usr/bin/chromium";

/// A running script. Killed when dropped.
pub struct Browser {
    _node: Child,
    words: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    /// Starts `console/e2e/SCRIPT` with these variables.
    ///
    /// # Errors
    /// When the console is not built, or node cannot be started.
    pub fn open<V: AsRef<OsStr>>(
        script: &str,
        variables: impl IntoIterator<Item = (&'static str, V)>,
    ) -> anyhow::Result<Self> {
        let console = workspace_root().join("console");
        ensure!(console.join("node_modules").is_dir(), "no node_modules in console/: run `make setup`");
        ensure!(console.join("dist/index.html").is_file(), "the console is not built: run `make console`");
        let mut node = Command::new("node")
            .arg(Path::new("e2e").join(script))
            .current_dir(console)
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting node")?;
        let stdout = node.stdout.take().context("node's output")?;
        Ok(Self { _node: node, words: BufReader::new(stdout).lines() })
    }

    /// The same, or `None` with a printed reason where there is no Chromium.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub fn open_or_skip<V: AsRef<OsStr>>(
        script: &str,
        variables: impl IntoIterator<Item = (&'static str, V)>,
    ) -> anyhow::Result<Option<Self>> {
        if !Path::new(CHROMIUM).exists() {
            println!("skipped: {script} needs {CHROMIUM}, which is not there");
            return Ok(None);
        }
        Self::open(script, variables).map(Some)
    }

    /// Waits for the event, which must be the next one.
    ///
    /// # Errors
    /// When the script says something else, ends, or says nothing in time.
    pub async fn word(&mut self, event: &str) -> anyhow::Result<Value> {
        let line = tokio::time::timeout(WORD, self.words.next_line())
            .await
            .with_context(|| format!("the browser never said `{event}`"))??
            .with_context(|| format!("the browser ended before `{event}`"))?;
        let said: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        ensure!(said["event"] == event, "the browser says {line}");
        Ok(said)
    }
}
