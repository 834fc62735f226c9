//! Footage that somebody holds for a case while the gateway is cut: it stays, byte for byte, and so does the hold.

use std::fs;

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{ids::StreamId, segment::Span, time::WallTime};

use crate::{gateway::Client, recording, site::TestSite};

/// One hold that was acknowledged, and what it held then.
pub(super) struct Held {
    id: i64,
    stream: StreamId,
    span: Span,
    files: Vec<HeldFile>,
}

#[derive(Debug, PartialEq, Eq)]
struct HeldFile {
    path: String,
    span: Span,
    sha256: [u8; 32],
}

impl Held {
    /// Holds the first file of `stream`; `None` while there is none.
    pub(super) async fn begin(
        site: &TestSite,
        client: &Client,
        stream: &StreamId,
        now: WallTime,
    ) -> anyhow::Result<Option<Self>> {
        let Some(first) = recording::segments(site, stream)?.into_iter().next() else { return Ok(None) };
        let asked = json!({
            "camera": stream.camera.as_str(), "stream": stream.kind.as_str(),
            "from_ms": first.span.from.0, "to_ms": first.span.to.0,
            "case_number": "soak", "review_ms": now.0 + 86_400_000,
        });
        let (status, hold) = client.post("/holds", &asked).await?;
        ensure!(status == StatusCode::CREATED, "a hold was refused: {status} {hold}");
        let number = |key: &str| hold[key].as_i64().with_context(|| format!("{key} of {hold}"));
        let span = Span { from: WallTime(number("from_ms")?), to: WallTime(number("to_ms")?) };
        let files = files(site, stream, span)?;
        ensure!(!files.is_empty(), "{hold} holds nothing");
        Ok(Some(Self { id: number("id")?, stream: stream.clone(), span, files }))
    }

    /// It still holds, and the same files.
    pub(super) async fn is_intact(&self, site: &TestSite, client: &Client) -> anyhow::Result<()> {
        let holds = client.get("/holds").await?;
        let known = holds.as_array().context("a list")?.iter().find(|hold| hold["id"] == self.id);
        let known = known.with_context(|| format!("hold {} is gone: {holds}", self.id))?;
        ensure!(known["released_ms"].is_null(), "nobody released {known}");
        let found = files(site, &self.stream, self.span)?;
        ensure!(found == self.files, "held were {:?}, found {found:?}", self.files);
        Ok(())
    }
}

fn files(site: &TestSite, stream: &StreamId, span: Span) -> anyhow::Result<Vec<HeldFile>> {
    let segments = recording::segments(site, stream)?;
    let held = segments.into_iter().filter(|segment| segment.span.intersection(&span).is_some());
    held.map(|segment| {
        let path = site.media().join(&segment.path);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(HeldFile { path: segment.path, span: segment.span, sha256: Sha256::digest(bytes).into() })
    })
    .collect()
}
