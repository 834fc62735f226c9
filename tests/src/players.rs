//! Programs that are not ours and open what we record: each says how many pictures it decoded, whether it heard anything,
//! and how long they last, and must have nothing to complain about.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc::{self, Sender},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use gstreamer::{self as gst, prelude::*};
use serde_json::Value;

use crate::shared::workspace_root;

/// What a program found in a file; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Played {
    /// Decoded pictures.
    pub n_pictures: Option<u64>,
    /// How long they last.
    pub length: Option<Duration>,
    /// Sound came out of it.
    pub is_heard: Option<bool>,
}

/// What a file must be.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Pictures.
    pub n_pictures: u64,
    /// How long they last.
    pub length: Duration,
    /// How far a player's word may be from `length`: a picture, or what sound reaches beyond the pictures.
    pub tolerance: Duration,
    /// It has a track of sound.
    pub has_sound: bool,
}

/// Opens the file in every player at once; those that are not installed come back.
///
/// # Errors
/// What a player complains about, or sees otherwise than `expected`.
pub async fn open_everywhere(path: PathBuf, expected: Expected) -> anyhow::Result<Vec<Player>> {
    let opening = Player::ALL.map(|player| {
        let path = path.clone();
        (player, tokio::task::spawn_blocking(move || player.open(&path)))
    });
    let mut missing = Vec::new();
    for (player, opening) in opening {
        let Some(played) = opening.await?? else {
            missing.push(player);
            continue;
        };
        let what = format!("{player:?} on {}: {played:?}, not {expected:?}", path.display());
        ensure!(played.n_pictures.is_none_or(|n| n == expected.n_pictures), "{what}");
        let is_near = |is: Duration| is.abs_diff(expected.length) <= expected.tolerance;
        ensure!(played.length.is_none_or(is_near), "{what}");
        ensure!(played.is_heard.is_none_or(|is_heard| is_heard == expected.has_sound), "{what}");
    }
    Ok(missing)
}

/// A program that opens files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Player {
    /// ffmpeg decodes, ffprobe counts.
    Ffmpeg,
    /// A decoding pipeline to the end of the stream.
    GStreamer,
    /// VLC plays to nowhere, faster than time.
    Vlc,
    /// GPAC's mp4box.js reads every box and sample; it decodes nothing.
    Mp4Box,
}

impl Player {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ffmpeg, Self::GStreamer, Self::Vlc, Self::Mp4Box];

    /// Opens `file`; `None` when this machine does not have the program.
    ///
    /// # Errors
    /// What the program complains about.
    pub fn open(self, file: &Path) -> anyhow::Result<Option<Played>> {
        let played = match self {
            Self::Ffmpeg => ffmpeg(file),
            Self::GStreamer => gstreamer_plays(file).map(Some),
            Self::Vlc => vlc(file),
            Self::Mp4Box => mp4box(file),
        };
        played.with_context(|| format!("{self:?} on {}", file.display()))
    }
}

fn ffmpeg(file: &Path) -> anyhow::Result<Option<Played>> {
    let mut decode = Command::new("ffmpeg");
    decode.args(["-nostdin", "-v", "error", "-xerror", "-i"]).arg(file).args(["-f", "null", "-"]);
    let Some(decoded) = output(&mut decode)? else { return Ok(None) };
    ensure!(decoded.status.success() && decoded.stderr.is_empty(), "{}", words(&decoded));
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-count_frames", "-of", "json", "-show_entries"]);
    probe.arg("stream=codec_type,nb_read_frames,duration").arg(file);
    let Some(probed) = output(&mut probe)? else { return Ok(None) };
    ensure!(probed.status.success() && probed.stderr.is_empty(), "{}", words(&probed));
    let found: Value = serde_json::from_slice(&probed.stdout)?;
    let track = |kind: &str| {
        found["streams"].as_array().into_iter().flatten().find(|track| track["codec_type"] == kind)
    };
    let n_frames = |track: &Value| -> anyhow::Result<u64> {
        Ok(track["nb_read_frames"].as_str().context("no count")?.parse()?)
    };
    let video = track("video").context("no video")?;
    let seconds = video["duration"].as_str().context("no duration")?.parse()?;
    Ok(Some(Played {
        n_pictures: Some(n_frames(video)?),
        length: Some(Duration::try_from_secs_f64(seconds)?),
        is_heard: Some(track("audio").map(n_frames).transpose()?.is_some_and(|n| n > 0)),
    }))
}

/// ffmpeg reads a file by HTTP from `at` on, which it comes to by byte ranges: how many pictures it shows from there.
/// `None` when this machine does not have it.
///
/// # Errors
/// What it complains about.
pub fn ffmpeg_from(url: &str, cookie: &str, at: Duration) -> anyhow::Result<Option<usize>> {
    let mut decode = Command::new("ffmpeg");
    decode.args(["-nostdin", "-v", "error", "-xerror", "-headers"]).arg(format!("Cookie: {cookie}\r\n"));
    decode.args([
        "-ss",
        &at.as_secs_f64().to_string(),
        "-i",
        url,
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
    ]);
    // One line for each picture.
    let Some(decoded) = output(decode.args(["-f", "framecrc", "-"]))? else { return Ok(None) };
    ensure!(decoded.status.success() && decoded.stderr.is_empty(), "ffmpeg on {url}: {}", words(&decoded));
    let lines = String::from_utf8(decoded.stdout)?;
    Ok(Some(lines.lines().filter(|line| !line.starts_with('#')).count()))
}

fn gstreamer_plays(file: &Path) -> anyhow::Result<Played> {
    gst::init()?;
    let pipeline = gst::parse::launch("filesrc name=file ! decodebin name=decoder")?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("no bin")?;
    bin.by_name("file").context("no source")?.set_property("location", file);
    let (seen, buffers) = mpsc::channel();
    let sinks = bin.downgrade();
    bin.by_name("decoder").context("no decoder")?.connect_pad_added(move |decoder, pad| {
        let Some(bin) = sinks.upgrade() else { return };
        if let Err(error) = sink(&bin, pad, &seen) {
            let text = format!("{error:#}");
            decoder.post_error_message(gst::error_msg!(gst::StreamError::Failed, ["{text}"]));
        }
    });
    let played = play_to_end(&pipeline);
    let length = pipeline.query_duration::<gst::ClockTime>().map(Duration::from);
    pipeline.set_state(gst::State::Null)?;
    played?;
    let (mut n_pictures, mut is_heard) = (0, false);
    for is_picture in buffers.try_iter() {
        n_pictures += u64::from(is_picture);
        is_heard |= !is_picture;
    }
    Ok(Played { n_pictures: Some(n_pictures), length, is_heard: Some(is_heard) })
}

/// Takes what is decoded on `pad`, and tells of each buffer whether it is a picture.
fn sink(bin: &gst::Bin, pad: &gst::Pad, seen: &Sender<bool>) -> anyhow::Result<()> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let kind = caps.structure(0).context("no caps")?.name();
    ensure!(matches!(kind.as_str(), "video/x-raw" | "audio/x-raw"), "{kind} is not decoded");
    let is_picture = kind.as_str() == "video/x-raw";
    let sink = gst::ElementFactory::make("fakesink").property("sync", false).build()?;
    bin.add(&sink)?;
    sink.sync_state_with_parent()?;
    let entry = sink.static_pad("sink").context("no pad")?;
    let seen = seen.clone();
    entry.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        // Nobody listens any more only when the pipeline is being taken down.
        let _ = seen.send(is_picture);
        gst::PadProbeReturn::Ok
    });
    pad.link(&entry)?;
    Ok(())
}

fn play_to_end(pipeline: &gst::Element) -> anyhow::Result<()> {
    let bus = pipeline.bus().context("no bus")?;
    pipeline.set_state(gst::State::Playing)?;
    let wanted = [gst::MessageType::Eos, gst::MessageType::Error, gst::MessageType::Warning];
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(120), &wanted);
    match message.context("no end within two minutes")?.view() {
        gst::MessageView::Error(error) => bail!("{} {:?}", error.error(), error.debug()),
        gst::MessageView::Warning(warning) => bail!("{} {:?}", warning.error(), warning.debug()),
        _ => Ok(()),
    }
}

/// Outputs, interfaces and pictures that came late are no news about the file.
const VLC_SPEAKS_OF_THE_FILE: [&str; 6] =
    [" demux ", " decoder ", " packetizer ", " input ", " stream ", " es out "];

fn vlc(file: &Path) -> anyhow::Result<Option<Played>> {
    // It refuses to run as root, and nobody may read a test's own folder.
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("clip.mp4");
    fs::copy(file, &copy)?;
    let mut command = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(folder.path(), Some(65_534), Some(65_534))?;
        std::os::unix::fs::chown(&copy, Some(65_534), Some(65_534))?;
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "vlc"]);
        command
    } else {
        Command::new("vlc")
    };
    command.args(["--intf", "dummy", "--no-one-instance", "--aout", "dummy", "--vout", "dummy"]);
    command.args(["--verbose", "2", "--rate", "4", "--play-and-exit"]).arg(&copy).arg("vlc://quit");
    let Some(played) = output(command.env("HOME", folder.path()))? else { return Ok(None) };
    if played.status.code() == Some(127) {
        return Ok(None);
    }
    let log = words(&played);
    // Its warnings are about what any fragmented file has (no chunks, a box `prft`); the decoder's are about pictures.
    let complaint = log.lines().find(|line| {
        let is_error =
            line.contains(" error: ") && VLC_SPEAKS_OF_THE_FILE.iter().any(|part| line.contains(part));
        // An AAC decoder gives nothing for its first frame.
        let is_usual = line.contains("late") || line.ends_with("faad decoder warning: decoded zero sample");
        is_error || (line.contains(" decoder warning: ") && !is_usual)
    });
    ensure!(complaint.is_none(), "{}", complaint.unwrap_or_default());
    ensure!(played.status.success(), "{log}");
    ensure!(log.contains("Received first picture"), "it showed nothing: {log}");
    Ok(Some(Played::default()))
}

fn mp4box(file: &Path) -> anyhow::Result<Option<Played>> {
    let folder = workspace_root().join("tests/mp4box");
    if !folder.join("node_modules/mp4box").is_dir() {
        return Ok(None);
    }
    let Some(read) = output(Command::new("node").arg(folder.join("inspect.mjs")).arg(file))? else {
        return Ok(None);
    };
    ensure!(read.status.success(), "{}", words(&read));
    let found: Value = serde_json::from_slice(&read.stdout)?;
    let complaints = found["complaints"].as_array().context("no list of complaints")?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    let tracks = found["tracks"].as_array().context("no tracks")?;
    let (pictures, sounds): (Vec<_>, Vec<_>) = tracks.iter().partition(|track| track["kind"] == "video");
    let [track] = &pictures[..] else { bail!("not one track of pictures: {found}") };
    let number = |name: &str| track[name].as_u64().with_context(|| format!("no {name}: {track}"));
    let length = Duration::from_secs(number("duration")?) / u32::try_from(number("timescale")?)?;
    let is_heard = sounds.iter().any(|track| track["samples"].as_u64() > Some(0));
    Ok(Some(Played { n_pictures: Some(number("samples")?), length: Some(length), is_heard: Some(is_heard) }))
}

/// `None` when there is no such program.
fn output(command: &mut Command) -> anyhow::Result<Option<Output>> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
