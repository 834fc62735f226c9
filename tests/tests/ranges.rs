//! Any stretch of a recording, fetched by HTTP from a gateway that goes on recording, opens in programs that are not
//! ours: every coding, B pictures, sound, a stretch in which the camera was away, one in which its picture changed size
//! twice. Each shows the pictures that are in the recorded files, for as long as the gateway says.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use sharpeyes::mp4::Scanner;
use sharpeyes_domain::{ids::StreamKind, media::VideoCodec, time::WallTime};
use sharpeyes_tests::{
    camsim::{Audio, CamSim, CamSimConfig, CameraConfig, FaultControl, Faults},
    faulty::{id, main_of, now},
    footage::Pattern,
    gateway::{Client, Program},
    players::{Expected, ffmpeg_from, open_everywhere},
    poll, recording, shared,
    site::{SiteBuilder, SiteCamera, TOWN, TestSite},
};

const PASSWORD: &str = "correct horse battery";
/// Before and after the middle, in which one camera is away and the picture of two is larger.
const SIDE: Duration = Duration::from_secs(7);
const MIDDLE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(180);
/// Recordings, at most, of which none may have a gap but those of the middle.
const ATTEMPTS: u32 = 3;

/// What may end or change a run on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Middle {
    Same,
    Away,
    Larger,
}

struct Case {
    name: &'static str,
    codec: VideoCodec,
    b_frames: u32,
    audio: Audio,
    middle: Middle,
}

const fn case(name: &'static str, codec: VideoCodec) -> Case {
    Case { name, codec, b_frames: 0, audio: Audio::None, middle: Middle::Same }
}

const CASES: [Case; 9] = [
    case("h264", VideoCodec::H264),
    case("h265", VideoCodec::H265),
    Case { b_frames: 3, ..case("h264-b3", VideoCodec::H264) },
    Case { b_frames: 3, ..case("h265-b3", VideoCodec::H265) },
    Case { audio: Audio::Aac, ..case("aac", VideoCodec::H264) },
    Case { audio: Audio::Pcma, ..case("pcma", VideoCodec::H264) },
    Case { middle: Middle::Away, ..case("away", VideoCodec::H264) },
    Case { middle: Middle::Larger, ..case("larger-h264", VideoCodec::H264) },
    Case { middle: Middle::Larger, ..case("larger-h265", VideoCodec::H265) },
];

impl Case {
    fn pattern(&self) -> Pattern {
        let size_px = if self.middle == Middle::Larger { (320, 192) } else { (640, 360) };
        Pattern { b_frames: self.b_frames, size_px, ..Pattern::small(self.codec) }
    }

    fn camera(&self, folder: &std::path::Path) -> anyhow::Result<CameraConfig> {
        let has_sound = self.audio != Audio::None;
        let folder = &folder.join(self.name);
        fs::create_dir(folder)?;
        let film = if has_sound { self.pattern().with_noise(folder)? } else { self.pattern().file()? };
        let larger = Pattern { size_px: (640, 360), ..self.pattern() };
        Ok(CameraConfig {
            audio: self.audio,
            as_is: !has_sound,
            alternate: (self.middle == Middle::Larger).then(|| larger.file()).transpose()?,
            ..CameraConfig::new(id(self.name), film)
        })
    }

    fn faults(&self) -> Faults {
        Faults {
            offline: self.middle == Middle::Away,
            alternate: self.middle == Middle::Larger,
            ..Faults::default()
        }
    }

    /// Whether a stretch over the middle misses what it must, and nothing else.
    fn has_expected_gaps(&self, described: &Value) -> bool {
        let gaps = described["gaps"].as_array().into_iter().flatten();
        let causes: Vec<_> = gaps.filter_map(|gap| gap["cause"].as_str()).collect();
        match self.middle {
            Middle::Same => causes.is_empty(),
            Middle::Away => causes.len() == 1,
            Middle::Larger => causes.iter().all(|cause| *cause == "parameter_change"),
        }
    }
}

/// A stretch as the gateway tells and gives it.
struct Fetched {
    path: PathBuf,
    start: WallTime,
    end: WallTime,
    length: Duration,
    /// From the middle on, by ffmpeg's own requests; `None` without ffmpeg.
    n_from_middle: Option<usize>,
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_of_a_recording_open_in_every_player() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let cameras = CASES.iter().map(|case| case.camera(folder.path())).collect::<anyhow::Result<Vec<_>>>()?;
    let control = FaultControl::seeded(7);
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: false };
    let simulator = tokio::task::spawn_blocking({
        let control = control.clone();
        move || CamSim::start_controlled(config, &control)
    })
    .await??;
    let mut site = SiteBuilder::new().set("storage", "segment", "5s");
    for case in &CASES {
        let camera = SiteCamera::new(case.name, simulator.url(case.name, StreamKind::Main));
        site = site.camera(camera.with("audio", case.audio != Audio::None));
    }
    let site = site.write()?;
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    program.add_account(&site, "op", "operator", &[TOWN], PASSWORD).await?;
    let gateway = program.start(&site).await?;
    let operator = gateway.sign_in("op", PASSWORD).await?;

    let mut n_left = ATTEMPTS;
    let (from, to) = loop {
        n_left -= 1;
        let (from, to) = record(&site, &control).await.with_context(|| gateway.log())?;
        match foreign_gap(&operator, from, to).await? {
            None => break (from, to),
            Some(foreign) if n_left > 0 => eprintln!("recorded once more: {foreign}"),
            Some(foreign) => bail!("{foreign}"),
        }
    };
    let mut fetched = Vec::new();
    for case in &CASES {
        let stretch = fetch(&operator, case, from, to, folder.path()).await;
        fetched.push(stretch.with_context(|| case.name)?);
    }
    gateway.stop().await?;
    simulator.stop();
    program.check(&site).await?;

    let (mut missing, mut complaints) = (BTreeSet::new(), Vec::new());
    for (case, fetched) in CASES.iter().zip(fetched) {
        match plays(&site, case, fetched).await {
            Ok(players) => missing.extend(players),
            Err(error) => complaints.push(format!("{}: {error:#}", case.name)),
        }
    }
    ensure!(complaints.is_empty(), "{complaints:#?}");
    for player in missing {
        eprintln!("skipped: {player:?} (not installed)");
    }
    Ok(())
}

/// Records both sides and the middle between them; gives a stretch of these that all cameras have.
async fn record(site: &TestSite, control: &FaultControl) -> anyhow::Result<(WallTime, WallTime)> {
    let begin = now();
    recorded_until(site, begin.plus(SIDE)).await?;
    for case in &CASES {
        control.set(&main_of(case.name), &case.faults());
    }
    tokio::time::sleep(MIDDLE).await;
    control.set_all(&Faults::default());
    recorded_until(site, now().plus(SIDE)).await?;
    let (mut from, mut to) = (begin, WallTime(i64::MAX));
    for case in &CASES {
        let span = site.footage()?.footage_span(&main_of(case.name))?.context("footage")?;
        (from, to) = (from.max(span.from), to.min(span.to));
    }
    // Within a GOP.
    Ok((from.plus(Duration::from_millis(2_300)), to))
}

/// The first camera that misses something for another reason than its middle: a busy machine loses pictures.
async fn foreign_gap(operator: &Client, from: WallTime, to: WallTime) -> anyhow::Result<Option<String>> {
    for case in &CASES {
        let described = describe(operator, case, from, to).await?;
        if !case.has_expected_gaps(&described) {
            return Ok(Some(format!("{}: {described}", case.name)));
        }
    }
    Ok(None)
}

async fn describe(operator: &Client, case: &Case, from: WallTime, to: WallTime) -> anyhow::Result<Value> {
    operator.get(&format!("/cameras/{}/recording?from_ms={}&to_ms={}", case.name, from.0, to.0)).await
}

/// Until every camera has closed files up to `until`.
async fn recorded_until(site: &TestSite, until: WallTime) -> anyhow::Result<()> {
    let footage = site.footage()?;
    poll::until("everything is recorded", PATIENCE, || async {
        for case in &CASES {
            let span = footage.footage_span(&main_of(case.name))?;
            ensure!(span.is_some_and(|span| span.to >= until), "{}: {span:?}", case.name);
        }
        Ok(Some(()))
    })
    .await
}

/// Describes the stretch and takes its file, in ranges.
async fn fetch(
    operator: &Client,
    case: &Case,
    from: WallTime,
    to: WallTime,
    folder: &std::path::Path,
) -> anyhow::Result<Fetched> {
    let described = describe(operator, case, from, to).await?;
    let number = |name: &str| described[name].as_i64().with_context(|| format!("no {name}: {described}"));
    let (start, end) = (WallTime(number("start_ms")?), WallTime(number("end_ms")?));
    ensure!(start <= from && end >= to, "{from:?} to {to:?}: {described}");
    ensure!(described["has_audio"] == (case.audio != Audio::None), "{described}");
    ensure!(case.has_expected_gaps(&described), "{described}");
    let length = Duration::from_millis(u64::try_from(number("duration_ms")?)?);
    // File time follows the camera's clock, and wall time follows it but for the first seconds of a run.
    ensure!(length.abs_diff(end.since(start)) < Duration::from_secs(1), "{described}");

    let address = described["mp4"].as_str().context("an address")?;
    let path = folder.join(format!("{}-range.mp4", case.name));
    fs::write(&path, operator.file(address).await?)?;
    let (url, cookie) = (operator.address(address)?, operator.cookie()?);
    let seeking = tokio::task::spawn_blocking(move || ffmpeg_from(url.as_str(), &cookie, length / 2));
    Ok(Fetched { path, start, end, length, n_from_middle: seeking.await?? })
}

/// Opens a fetched stretch everywhere, and compares it with the files that it is made of; gives the missing players.
async fn plays(
    site: &TestSite,
    case: &Case,
    fetched: Fetched,
) -> anyhow::Result<Vec<sharpeyes_tests::players::Player>> {
    let Fetched { path, start, end, length, n_from_middle } = fetched;
    let mut n_pictures = 0;
    for segment in recording::segments(site, &main_of(case.name))? {
        let file = fs::File::open(site.media().join(&segment.path))?;
        let mut scanner = Scanner::open(std::io::BufReader::new(file))?;
        while let Some(fragment) = scanner.next_fragment()? {
            // The file keeps its wall time finer than the index does.
            let middle = fragment.wall.plus(Duration::from_millis(20));
            if (start..end).contains(&middle) {
                n_pictures += u64::from(fragment.n_frames);
            }
        }
    }
    let has_sound = case.audio != Audio::None;
    // Sound lies beside the pictures, fragment by fragment, and may reach beyond the last.
    let tolerance = Duration::from_millis(if has_sound { 250 } else { 67 });
    let expected = Expected { n_pictures, length, tolerance, has_sound };
    let missing = open_everywhere(path.clone(), expected).await?;
    if let (Some(n), Some(decoded)) = (n_from_middle, recording::decoded_by_ffmpeg(&path)?) {
        let middle = i64::try_from((length / 2).as_micros())?;
        let after = decoded.shown_us.iter().filter(|shown| **shown >= middle).count();
        ensure!(n.abs_diff(after) <= 1 && n < decoded.n_frames, "{n} pictures by HTTP, not {after}");
    }
    eprintln!("{}: {n_pictures} pictures in {length:?}, {n_from_middle:?} from its middle", case.name);
    Ok(missing)
}
