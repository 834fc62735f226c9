//! Simulated RTSP cameras on the command line; see [`sharpeyes_tests::camsim`].

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use sharpeyes_domain::{ids::CameraId, media::VideoCodec};
use sharpeyes_tests::camsim::{Audio, CamSim, CamSimConfig, CameraConfig, Login};
use tokio::signal::unix::{SignalKind, signal};

/// RTSP cameras from video files: rtsp://127.0.0.1:PORT/ID/main and /sub.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// TCP port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8554)]
    port: u16,
    /// Where files that had to be re-encoded are kept.
    #[arg(long)]
    cache: PathBuf,
    /// User and password of every camera that names none of its own.
    #[arg(long, value_name = "USER:PASSWORD")]
    auth: Option<String>,
    /// A camera: ID=FILE, then any of ,codec=h264|h265 ,audio=aac|pcmu|pcma|none ,start=SECONDS ,auth=USER:PASSWORD
    /// ,fault=silent|vp8|mjpeg|opus (or main-fault, sub-fault). Again for each.
    #[arg(long = "camera", value_name = "ID=FILE[,…]")]
    cameras: Vec<String>,
    /// Every video of this folder is a camera, named after its file.
    #[arg(long, value_name = "DIR")]
    site_dir: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("camsim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let login = arguments.auth.as_deref().map(parse_login).transpose()?;
    let mut cameras = Vec::new();
    for text in &arguments.cameras {
        cameras.push(parse_camera(text).with_context(|| format!("--camera {text}"))?);
    }
    if let Some(folder) = &arguments.site_dir {
        cameras.extend(site(folder).with_context(|| format!("--site-dir {}", folder.display()))?);
    }
    ensure!(!cameras.is_empty(), "no camera: use --camera or --site-dir");
    for camera in &mut cameras {
        camera.login = camera.login.take().or_else(|| login.clone());
    }
    let config = CamSimConfig { port: arguments.port, cache: arguments.cache, cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    // Not before: files that are just being encoded must not keep the program from being stopped.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("{}", ready(&simulator));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    simulator.stop();
    Ok(())
}

/// One JSON line: the port, and each stream's address and format.
fn ready(simulator: &CamSim) -> serde_json::Value {
    let streams: Vec<_> = simulator
        .streams()
        .map(|(id, clip, origin)| {
            serde_json::json!({
                "camera": id.camera.as_str(),
                "kind": id.kind.as_str(),
                "url": simulator.url(id.camera.as_str(), id.kind),
                "codec": clip.codec.as_str(),
                "width": clip.width_px,
                "height": clip.height_px,
                "seconds": clip.video.end.as_secs_f64(),
                "file": format!("{origin:?}").to_lowercase(),
            })
        })
        .collect();
    serde_json::json!({ "ready": true, "port": simulator.port(), "streams": streams })
}

fn parse_login(text: &str) -> anyhow::Result<Login> {
    let (user, password) = text.split_once(':').context("expected USER:PASSWORD")?;
    Ok(Login { user: user.to_owned(), password: password.to_owned() })
}

fn parse_camera(text: &str) -> anyhow::Result<CameraConfig> {
    let (id, rest) = text.split_once('=').context("expected ID=FILE")?;
    let mut parts = rest.split(',');
    let file = parts.next().filter(|file| !file.is_empty()).context("expected a file after `=`")?;
    let mut camera = CameraConfig::new(CameraId::new(id)?, file);
    for part in parts {
        let (key, value) = part.split_once('=').with_context(|| format!("`{part}` is no KEY=VALUE"))?;
        match key {
            "codec" => {
                camera.codec = Some(match value {
                    "h264" => VideoCodec::H264,
                    "h265" => VideoCodec::H265,
                    _ => bail!("codec: h264 or h265"),
                });
            }
            "audio" => {
                camera.audio = match value {
                    "none" => Audio::None,
                    "aac" => Audio::Aac,
                    "pcmu" => Audio::Pcmu,
                    "pcma" => Audio::Pcma,
                    _ => bail!("audio: aac, pcmu, pcma or none"),
                };
            }
            "start" => camera.start = Duration::try_from_secs_f64(value.parse()?)?,
            "auth" => camera.login = Some(parse_login(value)?),
            "fault" => {
                camera.main_fault = Some(value.parse()?);
                camera.sub_fault = camera.main_fault;
            }
            "main-fault" => camera.main_fault = Some(value.parse()?),
            "sub-fault" => camera.sub_fault = Some(value.parse()?),
            _ => bail!("`{key}` is unknown: codec, audio, start, auth, fault, main-fault, sub-fault"),
        }
    }
    Ok(camera)
}

/// A camera for each video of a folder, in the order of their names.
fn site(folder: &std::path::Path) -> anyhow::Result<Vec<CameraConfig>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
        if matches!(extension.as_deref(), Some("mp4" | "mkv" | "avi" | "mov" | "ts")) {
            files.push(path);
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            let name: String =
                stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            Ok(CameraConfig::new(CameraId::new(name.trim_start_matches('-'))?, file))
        })
        .collect()
}
