//! Sound is recorded as it came, beside the pictures and together with them, through a kill -9 and into clips; a camera
//! whose sound cannot be recorded still records its pictures and says so.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use serde_json::Value;
use sharpeyes::{
    clock::Clock,
    mp4::SOUND_LEAD_TICKS,
    record::{RecordSettings, Recorder, clip::Clip},
};
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    media::{AudioParams, VideoCodec},
    segment::Span,
    time::{MediaDuration, WallTime},
};
use sharpeyes_tests::{
    browser::Browser,
    camsim::{Audio, CamSim, CamSimConfig, CameraConfig, Fault},
    footage::Pattern,
    gateway::{Client, Gateway, Program},
    poll,
    recording::{self, Sound},
    shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const PASSWORD: &str = "correct horse battery";
/// Before the kill, and again after it.
const RECORDED: Duration = Duration::from_secs(14);
/// What people do not notice.
const TOGETHER_S: f64 = 0.040;
const CAMERAS: [(&str, Audio); 3] = [("aac", Audio::Aac), ("pcmu", Audio::Pcmu), ("pcma", Audio::Pcma)];

fn stream(id: &str, kind: StreamKind) -> StreamId {
    StreamId { camera: CameraId::new(id).expect("a name of this test"), kind }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_is_kept_as_it_came_and_together_with_the_pictures() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let film = Pattern::small(VideoCodec::H264).with_noise(folder.path())?;
    let camera = |id: &str, audio| {
        let mut camera = CameraConfig::new(CameraId::new(id).unwrap(), &film);
        camera.audio = audio;
        camera
    };
    let mut cameras: Vec<_> = CAMERAS.iter().map(|(id, audio)| camera(id, *audio)).collect();
    cameras.push(camera("unasked", Audio::Pcmu));
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: true };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;

    let mut site = SiteBuilder::new().set("storage", "segment", "6s");
    for (id, _) in CAMERAS {
        let camera = SiteCamera::new(id, simulator.url(id, StreamKind::Main)).with("audio", true);
        site = site.camera(camera);
    }
    let unasked = SiteCamera::new("unasked", simulator.url("unasked", StreamKind::Main));
    site = site.camera(unasked.with("sub", simulator.url("unasked", StreamKind::Sub)).with("record", "both"));
    let site = site.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    program.add_account(&site, "eyes", "operator", &[TOWN], PASSWORD).await?;

    let gateway = program.start(&site).await?;
    record_for(&gateway, &site).await?;
    gateway.kill9().await?;
    let gateway = program.start(&site).await?;
    let (_, states) = record_for(&gateway, &site).await?;
    for (id, _) in CAMERAS {
        let audio = &health(&states, id)?["main"]["audio"];
        assert_eq!((audio["codec"].as_str(), audio["recorded"].as_bool()), (Some(id), Some(true)));
    }
    assert!(health(&states, "unasked")?["main"]["audio"].is_null());
    watch_in_console(&gateway, &site).await?;
    gateway.stop().await?;
    program.check(&site).await?;

    for (id, _) in CAMERAS {
        check_recording(&simulator, &site, id)?;
    }
    // Not asked for: the small pictures are there, and no sound with either.
    for kind in [StreamKind::Main, StreamKind::Sub] {
        let segments = recording::segments(&site, &stream("unasked", kind))?;
        ensure!(!segments.is_empty(), "{kind:?} is recorded");
        for segment in segments {
            let (pictures, sounds) = recording::tracks(&site.media().join(&segment.path))?;
            assert!(!pictures.is_empty() && sounds.is_empty());
        }
    }
    let clips = folder.path().join("clips");
    std::fs::create_dir(&clips)?;
    tokio::task::block_in_place(|| {
        let settings = RecordSettings::new(site.media());
        let recorder = Recorder::open(settings, site.footage()?, Clock::system())?;
        for (id, audio) in CAMERAS {
            check_clips(&recorder, &simulator, &site, id, audio, &clips)?;
        }
        recorder.close();
        anyhow::Ok(())
    })?;
    simulator.stop();
    play_in_chromium(&clips).await
}

/// The console's panes show the pictures as they were recorded, whatever sound lies beside them.
async fn watch_in_console(gateway: &Gateway, site: &TestSite) -> anyhow::Result<()> {
    let all = Span { from: WallTime(0), to: WallTime(i64::MAX) };
    let mut newest = WallTime(i64::MAX);
    for (id, _) in CAMERAS {
        let rows = site.footage()?.segments_in(&stream(id, StreamKind::Main), all)?;
        let closed = rows.iter().filter_map(|row| row.closed.as_ref()).map(|closed| closed.span.to).max();
        newest = newest.min(closed.context("a closed file")?);
    }
    let cameras = CAMERAS.map(|(id, _)| id).join(",");
    let variables = [
        ("E2E_URL", gateway.url().to_owned()),
        ("E2E_NAME", "eyes".to_owned()),
        ("E2E_PASSWORD", PASSWORD.to_owned()),
        ("E2E_CAMERAS", cameras),
        ("E2E_AT_MS", newest.minus(Duration::from_secs(10)).0.to_string()),
        ("E2E_FIRST", "1".to_owned()),
        ("E2E_SEEKS", "0".to_owned()),
        ("E2E_PLAY_S", "3".to_owned()),
    ];
    let Some(mut browser) = Browser::open_or_skip("timeline.mjs", variables)? else { return Ok(()) };
    let seen = browser.word("result").await?;
    let ways: Vec<_> = seen["ways"].as_array().into_iter().flatten().map(Value::as_str).collect();
    assert_eq!(ways, [Some("native"); CAMERAS.len()], "{seen}");
    assert!(seen["trouble"].as_array().is_some_and(Vec::is_empty), "{seen}");
    Ok(())
}

/// A browser that could not decode the sound must still show the pictures; this one plays both.
async fn play_in_chromium(clips: &Path) -> anyhow::Result<()> {
    let console = shared::workspace_root().join("console");
    if !console.join("node_modules").is_dir() || !Path::new("/usr/bin/chromium").exists() {
        println!("skipped: the browser's part (no node_modules in console/, or no Chromium)");
        return Ok(());
    }
    let mut node = tokio::process::Command::new("node");
    node.arg(console.join("e2e/sound.mjs")).arg(clips);
    let output = node.output().await?;
    let (seen, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{seen}\n{complaints}");
    eprintln!("{seen}");
    assert_eq!(seen.lines().count(), 2 * CAMERAS.len());
    for line in seen.lines() {
        let seen: Value = serde_json::from_str(line)?;
        assert_eq!(seen["state"], "playing", "{line}");
        assert!(seen["pictures"].as_u64() > Some(5) && seen["width"] == 640, "{line}");
        assert!(seen["soundBytes"].as_u64() > Some(4_000), "{line}");
    }
    Ok(())
}

/// Until every stream is recorded for long enough; what the cameras' states say then.
async fn record_for(gateway: &Gateway, site: &TestSite) -> anyhow::Result<(Client, Value)> {
    let client = gateway.sign_in("tech", PASSWORD).await?;
    let footage = site.footage()?;
    let since = Clock::system().wall();
    poll::until("every camera is recorded", Duration::from_secs(180), || async {
        let mut done = 0;
        for (id, _) in CAMERAS {
            let all = Span { from: since, to: WallTime(i64::MAX) };
            let recorded = footage.segments_in(&stream(id, StreamKind::Main), all)?;
            let newest = recorded.iter().filter_map(|row| row.closed.as_ref()).map(|c| c.span.to).max();
            done += usize::from(newest.is_some_and(|newest| newest.since(since) >= RECORDED));
        }
        Ok((done == CAMERAS.len()).then_some(()))
    })
    .await?;
    let states = client.get("/cameras").await?;
    Ok((client, states))
}

fn health<'a>(states: &'a Value, id: &str) -> anyhow::Result<&'a Value> {
    states.as_array().into_iter().flatten().find(|state| state["id"] == id).context("a camera's state")
}

/// One uninterrupted stretch of files.
#[derive(Default)]
struct Run {
    first_picture: Vec<Bytes>,
    n_pictures: usize,
    /// Times of the sound count from the first picture.
    sounds: Vec<Sound>,
    media: MediaDuration,
    wall: WallTime,
}

fn runs_of(site: &TestSite, id: &str) -> anyhow::Result<Vec<Run>> {
    let params = params_of(site, id)?;
    let mut runs: Vec<Run> = Vec::new();
    let mut end = WallTime(0);
    for segment in recording::segments(site, &stream(id, StreamKind::Main))? {
        let (pictures, sounds) = recording::tracks(&site.media().join(&segment.path))?;
        probe(&site.media().join(&segment.path), None)?;
        if segment.span.from != end {
            runs.push(Run { first_picture: pictures[0].clone(), wall: segment.span.from, ..Run::default() });
        }
        let run = runs.last_mut().context("a run")?;
        run.n_pictures += pictures.len();
        // Each file counts from its own beginning.
        let begin = params.ticks(run.media);
        run.sounds.extend(sounds.into_iter().map(|sound| Sound { at: sound.at + begin, ..sound }));
        run.media += segment.media;
        end = segment.span.to;
    }
    Ok(runs)
}

fn params_of(site: &TestSite, id: &str) -> anyhow::Result<AudioParams> {
    let segments = recording::segments(site, &stream(id, StreamKind::Main))?;
    let file = std::fs::File::open(site.media().join(&segments[0].path))?;
    Ok(sharpeyes::mp4::Scanner::open(file)?.audio().context("a track of sound")?.clone())
}

/// When the simulator began to play what a run begins with, since its camera's own beginning.
fn media_of(simulator: &CamSim, id: &str, run: &Run) -> anyhow::Result<f64> {
    let camera = CameraId::new(id)?;
    let clip = simulator.clip(&camera, StreamKind::Main).context("a clip")?;
    let near = |wall: WallTime| {
        wall.since(run.wall) < Duration::from_millis(500) && run.wall.since(wall) < Duration::from_millis(500)
    };
    let sent = simulator.sent(&camera, StreamKind::Main);
    let first = sent.iter().find(|unit| {
        near(unit.wall) && clip.video.units[unit.index].is_keyframe && {
            let slices = |nals: &[Bytes]| {
                nals.iter().filter(|nal| matches!(nal[0] & 0x1f, 1 | 5)).cloned().collect::<Vec<_>>()
            };
            slices(&clip.all_nals(unit.index)) == slices(&run.first_picture)
        }
    });
    Ok(first.context("the first picture of a run was sent")?.media.as_secs_f64())
}

/// How far `a` and `b` are apart on a circle of `length`.
fn apart(a: f64, b: f64, length: f64) -> f64 {
    let d = (a - b).rem_euclid(length);
    d.min(length - d)
}

fn check_recording(simulator: &CamSim, site: &TestSite, id: &str) -> anyhow::Result<()> {
    let params = params_of(site, id)?;
    let sent = simulator.sounds(&CameraId::new(id)?, StreamKind::Main);
    let rate = f64::from(params.rate_hz.get());
    let times = simulator.sound_times(&CameraId::new(id)?, StreamKind::Main);
    let runs = runs_of(site, id)?;
    assert_eq!(runs.len(), 2, "{id}: before and after the kill");
    for (n, run) in runs.iter().enumerate() {
        let media = media_of(simulator, id, run)?;
        let (times, length) = times.as_ref().context("times of the sound")?;
        let first = run.sounds.first().context("sound")?;
        let true_time = |at: i64| media + f64::from(i32::try_from(at).expect("seconds of sound")) / rate;
        // A tone repeats itself within its round: the time tells which of the equal ones it is.
        let candidates = (0..sent.len()).filter(|index| sent[*index] == first.data);
        let mut index = candidates
            .min_by(|a, b| {
                let off = |index: &usize| apart(true_time(first.at), times[*index], *length);
                off(a).total_cmp(&off(b))
            })
            .with_context(|| format!("{id}: the first recorded sound was sent"))?;
        let mut worst: f64 = 0.0;
        for (number, sound) in run.sounds.iter().enumerate() {
            assert!(
                sound.data == sent[index],
                "{id} run {n}: sound {number} of {} is another",
                run.sounds.len()
            );
            worst = worst.max(apart(true_time(sound.at), times[index], *length));
            index = (index + 1) % sent.len();
        }
        let seconds = f64::from(i32::try_from(run.sounds.last().context("sound")?.at - first.at)?) / rate;
        assert!(seconds > RECORDED.as_secs_f64() - 2.0, "{id} run {n}: {seconds} s of sound");
        let pictures = f64::from(u32::try_from(run.n_pictures)?) / 15.0;
        eprintln!(
            "{id} run {n}: {} pieces of sound equal over {seconds:.2} s beside {pictures:.2} s of pictures; apart at most {:.1} ms",
            run.sounds.len(),
            worst * 1000.0
        );
        assert!(worst <= TOGETHER_S, "{id} run {n}: {worst} s apart");
        assert!((pictures - seconds).abs() < 1.5, "{id} run {n}: both tracks end where the file was torn");
    }
    Ok(())
}

fn check_clips(
    recorder: &Recorder,
    simulator: &CamSim,
    site: &TestSite,
    id: &str,
    audio: Audio,
    folder: &Path,
) -> anyhow::Result<()> {
    let runs = runs_of(site, id)?;
    let stream = stream(id, StreamKind::Main);
    // From within a GOP to beyond a file, and over the gap that the kill left.
    let after = runs[0].wall.plus(Duration::from_millis(3_400));
    let within = (after, after.plus(Duration::from_secs(7)));
    let across = (runs[1].wall.minus(Duration::from_secs(5)), runs[1].wall.plus(Duration::from_secs(5)));
    for (name, (from, to)) in [("within", within), ("across", across)] {
        let clip = recorder.clips().plan(&stream, from, to)?;
        assert!(clip.audio.is_some(), "{id} {name}");
        let path = folder.join(format!("{id}-{name}.mp4"));
        std::fs::write(&path, bytes_of(&clip)?)?;
        probe(&path, Some(clip.duration.as_secs_f64()))?;
        if name == "within" {
            together(simulator, id, audio, &clip, &path)?;
        }
    }
    Ok(())
}

fn bytes_of(clip: &Clip) -> anyhow::Result<Vec<u8>> {
    let pieces = clip.read_range(0..u64::MAX).collect::<std::io::Result<Vec<_>>>()?;
    let bytes = pieces.concat();
    ensure!(u64::try_from(bytes.len())? == clip.len(), "{} of {} bytes", bytes.len(), clip.len());
    Ok(bytes)
}

/// The sound of a clip by ffmpeg's clock lies where the camera had it.
fn together(simulator: &CamSim, id: &str, audio: Audio, clip: &Clip, path: &Path) -> anyhow::Result<()> {
    let camera = CameraId::new(id)?;
    let film = simulator.clip(&camera, StreamKind::Main).context("a clip")?;
    let sent = simulator.sent(&camera, StreamKind::Main);
    // By its media time: wall time follows the arrival, which a busy machine delays.
    let keyframes = sent.iter().filter(|unit| film.video.units[unit.index].is_keyframe);
    let first = keyframes.min_by_key(|unit| unit.wall.since(clip.start).max(clip.start.since(unit.wall)));
    let start = first.context("the clip's first picture was sent")?.media.as_secs_f64();
    let (times, length) = simulator.sound_times(&camera, StreamKind::Main).context("times")?;
    let sent = simulator.sounds(&camera, StreamKind::Main);
    let packets = ffprobe(path, &["-select_streams", "a", "-show_packets"])?;
    let pts = packets["packets"][0]["pts_time"].as_str().context("a packet of sound")?.parse::<f64>()?;
    let raw = match audio {
        Audio::Aac => "data",
        Audio::Pcmu => "mulaw",
        Audio::Pcma | Audio::None => "alaw",
    };
    let run = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:a", "-c", "copy", "-f", raw, "-"])
        .output()?;
    let sound = Bytes::from(run.stdout);
    let is_first = |index: &usize| sound.starts_with(&sent[*index]);
    let off = |index: &usize| apart(start + pts, times[*index], length);
    let index = (0..sent.len()).filter(is_first).min_by(|a, b| off(a).total_cmp(&off(b)));
    let index = index.with_context(|| format!("{id}: ffmpeg reads other sound than was sent"))?;
    eprintln!(
        "{id}: a clip's sound begins {pts:.3} s after its pictures, {:.1} ms off",
        off(&index) * 1000.0
    );
    assert!(off(&index) <= TOGETHER_S, "{id}: {} s", off(&index));
    let mut rest = &sound[..];
    let mut at = index;
    while let Some(tail) = rest.strip_prefix(&sent[at][..]) {
        (rest, at) = (tail, (at + 1) % sent.len());
    }
    assert!(rest.is_empty(), "{id}: {} bytes of the clip's sound are other than sent", rest.len());
    Ok(())
}

fn ffprobe(path: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let run = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(arguments)
        .arg(path)
        .output()
        .context("ffprobe")?;
    let complaints = String::from_utf8_lossy(&run.stderr);
    ensure!(run.status.success() && complaints.is_empty(), "{}: {complaints}", path.display());
    Ok(serde_json::from_slice(&run.stdout)?)
}

/// Both tracks are there, each as long as it should be.
fn probe(path: &Path, seconds: Option<f64>) -> anyhow::Result<()> {
    let found = ffprobe(path, &["-show_streams", "-count_packets"])?;
    let kinds: Vec<_> = found["streams"].as_array().into_iter().flatten().collect();
    assert_eq!(kinds.len(), 2, "{}: {found}", path.display());
    assert_eq!((&kinds[0]["codec_type"], &kinds[1]["codec_type"]), (&"video".into(), &"audio".into()));
    for track in kinds {
        let packets: u32 = track["nb_read_packets"].as_str().context("packets")?.parse()?;
        let mut long: f64 = track["duration"].as_str().context("duration")?.parse()?;
        // ffprobe counts what the edit list of a recorded file's sound leaves out.
        if seconds.is_none() && track["codec_type"] == "audio" {
            let rate: f64 = track["sample_rate"].as_str().context("rate")?.parse()?;
            long -= f64::from(SOUND_LEAD_TICKS) / rate;
        }
        // The last file is as short as the end of the recording made it.
        assert!(packets > 0 && f64::from(packets) >= 2.0 * long, "{}: {track}", path.display());
        if let Some(seconds) = seconds {
            assert!((long - seconds).abs() < 0.5, "{}: {long} s of {seconds} s: {track}", path.display());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_whose_sound_is_of_another_coding_records_its_pictures_and_says_so() -> anyhow::Result<()> {
    let film = Pattern::small(VideoCodec::H264).file()?;
    let mut camera = CameraConfig::new(CameraId::new("gate")?, &film);
    camera.main_fault = Some(Fault::ForeignSound);
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras: vec![camera], keep_sent: false };
    let simulator = tokio::task::spawn_blocking(|| CamSim::start(config)).await??;
    let camera = SiteCamera::new("gate", simulator.url("gate", StreamKind::Main)).with("audio", true);
    let site = SiteBuilder::new().camera(camera).write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "tech", "technician", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let client = gateway.sign_in("tech", PASSWORD).await?;
    let state = poll::until("pictures come", Duration::from_secs(60), || async {
        let states = client.get("/cameras").await?;
        let main = health(&states, "gate")?["main"].clone();
        Ok((main["state"] == "streaming").then_some(main))
    })
    .await?;
    assert_eq!(state["audio"]["codec"], "opus", "{state}");
    assert_eq!(state["audio"]["recorded"], false, "{state}");
    poll::until("a fragment is written", Duration::from_secs(30), || async {
        Ok((!site.footage()?.open_segments()?.is_empty()).then_some(()))
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    gateway.stop().await?;
    let segments = recording::segments(&site, &stream("gate", StreamKind::Main))?;
    let (pictures, sounds) = recording::tracks(&site.media().join(&segments[0].path))?;
    assert!(!pictures.is_empty() && sounds.is_empty());
    simulator.stop();
    Ok(())
}
