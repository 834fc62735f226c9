//! Simulated RTSP cameras on the command line; see [`sharpeyes_tests::camsim`].

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::VideoCodec,
};
use sharpeyes_tests::camsim::{
    Audio, CamSim, CamSimConfig, CameraConfig, FaultControl, Faults, Login, control_router,
};
use tokio::signal::unix::{SignalKind, signal};

/// RTSP cameras from video files: rtsp://127.0.0.1:PORT/ID/main and /sub.
#[derive(Parser)]
#[command(version, after_long_help = FAULTS)]
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
    /// ,fault=silent|vp8|mjpeg|opus (or main-fault, sub-fault) ,as-is ,alternate=FILE. Again for each.
    #[arg(long = "camera", value_name = "ID=FILE[,…]")]
    cameras: Vec<String>,
    /// Every video of this folder is a camera, named after its file.
    #[arg(long, value_name = "DIR")]
    site_dir: Option<PathBuf>,
    /// Faults from the start, see below: STREAM is `all` or ID/main or ID/sub. Again for each.
    #[arg(long = "inject", value_name = "STREAM:FAULT[,…]")]
    inject: Vec<String>,
    /// Address of the HTTP interface that switches faults while the cameras run, such as 127.0.0.1:8555.
    #[arg(long, value_name = "ADDRESS")]
    control: Option<std::net::SocketAddr>,
    /// Random faults repeat themselves with the same seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const FAULTS: &str = "\
FAULTS (for --inject, and as JSON for --control; with either, a proxy stands before the RTSP server)
  offline                connections are closed at once, standing ones too
  half_open              accepts, never answers
  never_play             answers everything but PLAY
  slow_loris             one byte of its answers each second
  password_refused       401 from now on
  session_limit=N        453 to SETUP when N sessions play
  close_after_ms=N       closes every connection after N ms
  forget_after_ms=N      no media and 454 to keepalives N ms after PLAY
  silence                no media, the connection stays
  freeze                 the same picture, timestamps advance
  alternate              plays the camera's alternate file (another size or parameter sets)
  reroute=ID             plays another camera's streams from the next session on (another coding)
  loss=P                 share of RTP packets lost, 0 to 1
  reorder=P jitter_ms=N  packets out of order, and late; over UDP only
  garbage=P              share of RTP packets with noise inside
  bad_parameter_sets     sequence parameter sets between the pictures that cannot be parsed
  huge_nal_mib=N         one NAL unit of N MiB in each connection; over TCP only
  endless_unit           a picture that never ends
  timestamp_offset=N     added to RTP timestamps, 1/90000 s
  timestamp_frozen       RTP timestamps stand still
  near_wrap              RTP timestamps wrap two seconds after the start of each session
  other_ssrc             another RTP source
  report_offset_s=N      the camera's clock is off by N s in RTCP sender reports
  no_reports             no RTCP sender reports
HTTP: PUT /faults {…}, GET|PUT /faults/ID/main|sub, POST /disconnect[/ID], GET /counters";

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
    let is_controlled = arguments.control.is_some() || !arguments.inject.is_empty();
    let control = FaultControl::seeded(arguments.seed);
    let faults: Vec<_> = arguments.inject.iter().map(|text| parse_faults(text)).collect::<Result<_, _>>()?;
    let simulator = {
        let control = control.clone();
        let start = move || {
            if is_controlled { CamSim::start_controlled(config, &control) } else { CamSim::start(config) }
        };
        tokio::task::spawn_blocking(start).await??
    };
    for (stream, faults) in &faults {
        match stream {
            Some(stream) => control.set(stream, faults),
            None => control.set_all(faults),
        }
    }
    let mut control_address = None;
    if let Some(address) = arguments.control {
        let listener = tokio::net::TcpListener::bind(address).await.context("--control")?;
        control_address = Some(listener.local_addr()?);
        tokio::spawn(axum::serve(listener, control_router(control)).into_future());
    }
    // Not before: files that are just being encoded must not keep the program from being stopped.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("{}", ready(&simulator, control_address));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    simulator.stop();
    Ok(())
}

/// One JSON line: the port, and each stream's address and format.
fn ready(simulator: &CamSim, control: Option<std::net::SocketAddr>) -> serde_json::Value {
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
    serde_json::json!({
        "ready": true,
        "port": simulator.port(),
        "control": control.map(|address| format!("http://{address}")),
        "streams": streams,
    })
}

/// A stream, or `None` for all, and what is wrong with it.
fn parse_faults(text: &str) -> anyhow::Result<(Option<StreamId>, Faults)> {
    let (stream, faults) = text.split_once(':').context("--inject STREAM:FAULT[,…]")?;
    let faults = faults.parse().context("--inject")?;
    if stream == "all" {
        return Ok((None, faults));
    }
    let (camera, kind) = stream.split_once('/').context("--inject: `all`, ID/main or ID/sub")?;
    let kind = match kind {
        "main" => StreamKind::Main,
        "sub" => StreamKind::Sub,
        _ => bail!("--inject: `{kind}` is neither main nor sub"),
    };
    Ok((Some(StreamId { camera: CameraId::new(camera)?, kind }), faults))
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
        if part == "as-is" {
            camera.as_is = true;
            continue;
        }
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
            "alternate" => camera.alternate = Some(value.into()),
            "auth" => camera.login = Some(parse_login(value)?),
            "fault" => {
                camera.main_fault = Some(value.parse()?);
                camera.sub_fault = camera.main_fault;
            }
            "main-fault" => camera.main_fault = Some(value.parse()?),
            "sub-fault" => camera.sub_fault = Some(value.parse()?),
            _ => bail!(
                "`{key}` is unknown: codec, audio, start, auth, as-is, alternate, fault, main-fault, sub-fault"
            ),
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
