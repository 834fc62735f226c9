//! Programs that are not ours and open what we record: each says how many pictures it decoded and how long they last,
//! and must have nothing to complain about.

use std::{
    fs, io,
    path::Path,
    process::{Command, Output, Stdio},
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
}

/// A program that opens files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    probe.args(["-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "json", "-show_entries"]);
    probe.arg("stream=nb_read_frames:packet=dts,duration:frame=pts").arg(file);
    let Some(probed) = output(&mut probe)? else { return Ok(None) };
    ensure!(probed.status.success() && probed.stderr.is_empty(), "{}", words(&probed));
    let found: Value = serde_json::from_slice(&probed.stdout)?;
    let n_pictures = found["streams"][0]["nb_read_frames"].as_str().context("no count")?.parse()?;
    Ok(Some(Played { n_pictures: Some(n_pictures), length: None }))
}

fn gstreamer_plays(file: &Path) -> anyhow::Result<Played> {
    gst::init()?;
    let line = "filesrc name=file ! decodebin ! video/x-raw ! fakesink name=sink sync=false";
    let pipeline = gst::parse::launch(line)?;
    let bin = pipeline.downcast_ref::<gst::Bin>().context("no bin")?;
    bin.by_name("file").context("no source")?.set_property("location", file);
    let pad = bin.by_name("sink").and_then(|sink| sink.static_pad("sink")).context("no sink")?;
    let (seen, pictures) = std::sync::mpsc::channel();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        // Nobody listens any more only when the pipeline is being taken down.
        let _ = seen.send(());
        gst::PadProbeReturn::Ok
    });
    let played = play_to_end(&pipeline);
    let length = pipeline.query_duration::<gst::ClockTime>().map(Duration::from);
    pipeline.set_state(gst::State::Null)?;
    played?;
    let n_pictures = u64::try_from(pictures.try_iter().count())?;
    Ok(Played { n_pictures: Some(n_pictures), length })
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

/// Sound, interfaces and pictures that came late are no news about the file.
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
    command.args(["--intf", "dummy", "--no-one-instance", "--no-audio", "--vout", "dummy", "--verbose", "2"]);
    command.args(["--rate", "4", "--play-and-exit"]).arg(&copy).arg("vlc://quit");
    let Some(played) = output(command.env("HOME", folder.path()))? else { return Ok(None) };
    if played.status.code() == Some(127) {
        return Ok(None);
    }
    let log = words(&played);
    // Its warnings are about what any fragmented file has (no chunks, a box `prft`); the decoder's are about pictures.
    let complaint = log.lines().find(|line| {
        let is_error =
            line.contains(" error: ") && VLC_SPEAKS_OF_THE_FILE.iter().any(|part| line.contains(part));
        is_error || (line.contains(" decoder warning: ") && !line.contains("late"))
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
    let [track] = &found["tracks"].as_array().context("no tracks")?[..] else {
        bail!("not one track: {found}")
    };
    let number = |name: &str| track[name].as_u64().with_context(|| format!("no {name}: {track}"));
    let length = Duration::from_secs(number("duration")?) / u32::try_from(number("timescale")?)?;
    Ok(Some(Played { n_pictures: Some(number("samples")?), length: Some(length) }))
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
