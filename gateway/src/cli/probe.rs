//! `sharpeyes probe`.

use std::path::PathBuf;

use sharpeyes_config::{Credentials, RtspUrl, Secret, Transport};
use sharpeyes_domain::ids::{CameraId, StreamKind};

use super::{Failure, Outcome, SiteFile};
use crate::{
    clock::Clock,
    ingest::{Limits, Source},
    probe::{ProbeReport, ProbedModel},
};

/// One camera by its URL, or one of the site's.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The camera's RTSP URL.
    #[arg(value_name = "URL", required_unless_present = "camera")]
    url: Option<String>,
    /// User name, when the URL has none.
    #[arg(long, requires = "password_env")]
    username: Option<String>,
    /// Environment variable that holds the password.
    #[arg(long, value_name = "VARIABLE", requires = "username")]
    password_env: Option<String>,
    /// Ask for RTP over UDP instead of interleaved TCP.
    #[arg(long)]
    udp: bool,
    /// A camera of the site file, instead of a URL: both streams and its detector are probed.
    #[arg(long, value_name = "ID", requires = "site", conflicts_with = "url")]
    camera: Option<CameraId>,
    /// The site file.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    site: Option<PathBuf>,
}

pub(super) fn probe(arguments: &Arguments) -> Result<Outcome, Failure> {
    let targets = match (&arguments.url, &arguments.camera, &arguments.site) {
        (Some(url), _, _) => vec![by_url(url, arguments)?],
        (None, Some(camera), Some(site)) => of_site(camera, SiteFile { site: site.clone() })?,
        _ => return Err(Failure::Configuration("name a URL, or --camera and -c".into())),
    };
    let runtime = super::runtime()?;
    let mut outcome = Outcome::Clean;
    for Target { name, source, model } in targets {
        let report: ProbeReport =
            runtime.block_on(crate::probe::probe(&source, model, Limits::default(), &Clock::system()));
        say!("{name}  {}\n{report}\n", source.url);
        if !report.is_healthy() {
            outcome = Outcome::Unhealthy;
        }
    }
    Ok(outcome)
}

struct Target {
    name: String,
    source: Source,
    model: Option<ProbedModel>,
}

#[expect(clippy::disallowed_methods, reason = "the user names the variable that holds the password")]
fn by_url(url: &str, arguments: &Arguments) -> Result<Target, Failure> {
    let (url, in_url) = RtspUrl::split(url)?;
    let named = match (&arguments.username, &arguments.password_env) {
        (Some(username), Some(variable)) => {
            let password = std::env::var(variable)
                .map_err(|error| Failure::Configuration(format!("--password-env {variable}: {error}")))?;
            Some(Credentials { username: username.clone(), password: Secret::new(password) })
        }
        _ => None,
    };
    let transport = if arguments.udp { Transport::Udp } else { Transport::Tcp };
    Ok(Target {
        name: "camera".into(),
        source: Source { url, login: named.or(in_url), transport, audio: false },
        model: None,
    })
}

fn of_site(camera: &CameraId, file: SiteFile) -> Result<Vec<Target>, Failure> {
    let site = file.load()?;
    let Some(camera) = site.camera(camera) else {
        return Err(Failure::Configuration(format!("{}: no camera `{camera}`", file.site.display())));
    };
    let analysed = camera.analysed().map(|(stream, _)| stream.kind);
    let model_of = |kind| {
        (analysed == Some(kind)).then(|| ProbedModel {
            runtime: super::onnx_runtime(site.inference.runtime.as_deref()),
            file: crate::models::choose(&site.inference, camera.model.as_ref()),
        })
    };
    let target = |kind: StreamKind| {
        let name = format!("{}/{}", camera.id, kind.as_str());
        Source::of(camera, kind).map(|source| Target { name, source, model: model_of(kind) })
    };
    Ok([StreamKind::Main, StreamKind::Sub].into_iter().filter_map(target).collect())
}
