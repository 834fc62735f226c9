//! A pipeline like Frigate's beside the gateway, on the same streams: `tests/peer/frigate_like.py`.

use std::{
    path::PathBuf,
    process::{Command as Blocking, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use sharpeyes_inference::ModelFile;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{
    films::SIZE_PX,
    process::{cpu_with_children_s, pss_mib, tree},
};
use crate::shared::workspace_root;

/// Installing the packages is not counted in it.
const START: Duration = Duration::from_secs(120);

/// What the peer has done.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Done {
    /// Pictures that it compared.
    pub(super) pictures: u64,
    /// Pictures in which something moved.
    pub(super) moving: u64,
    /// Regions that were looked at.
    pub(super) detections: u64,
}

/// The running peer.
pub(super) struct FrigateLike {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    _folder: tempfile::TempDir,
}

/// The Python that has what the peer needs; `None`, with a word on stderr, when it cannot be had.
pub(super) fn python() -> Option<PathBuf> {
    let script = "scripts/bench-peer.sh";
    let ran = Blocking::new(workspace_root().join(script)).stderr(Stdio::inherit()).output();
    match ran {
        Ok(ran) if ran.status.success() => Some(String::from_utf8_lossy(&ran.stdout).trim().into()),
        Ok(_) | Err(_) => {
            eprintln!("skipped: what is compared with a Frigate-like pipeline ({script}: {ran:?})");
            None
        }
    }
}

impl FrigateLike {
    /// Starts it on these streams and waits until all have delivered.
    pub(super) async fn start(
        python: &PathBuf,
        model: &ModelFile,
        streams: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::TempDir::with_prefix("frigate-like-")?;
        let onnx = folder.path().join("model.onnx");
        std::fs::write(&onnx, model.read()?)?;
        let mut process = Command::new(python)
            .arg(workspace_root().join("tests/peer/frigate_like.py"))
            .arg("--model")
            .arg(&onnx)
            .args(["--size", &format!("{}x{}", SIZE_PX.0, SIZE_PX.1), "--out"])
            .arg(folder.path())
            .args(streams.map(|(name, url)| format!("{name}={url}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| python.display().to_string())?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut output = BufReader::new(stdout).lines();
        let line =
            tokio::time::timeout(START, output.next_line()).await.context("the peer does not start")??;
        ensure!(line.as_deref() == Some("ready"), "the peer says {line:?}");
        Ok(Self { process, output, _folder: folder })
    }

    fn pids(&self) -> anyhow::Result<Vec<u32>> {
        tree(self.process.id().context("the peer has ended")?)
    }

    pub(super) fn cpu_s(&self) -> anyhow::Result<f64> {
        self.pids()?.into_iter().map(cpu_with_children_s).sum()
    }

    pub(super) fn pss_mib(&self) -> anyhow::Result<f64> {
        self.pids()?.into_iter().map(pss_mib).sum()
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<Done> {
        drop(self.process.stdin.take());
        let line = self.output.next_line().await?.context("the peer says nothing of what it did")?;
        self.process.wait().await?;
        Ok(serde_json::from_str(&line)?)
    }
}
