//! The footage index of a month: coverage of a hundred cameras, and the rows of one minute.
//!
//! The index is made up and its files do not exist: nothing here opens one. It is built once and kept.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use sharpeyes::{
    clock::Clock,
    record::{
        table::{self, Fragment, Origin},
        timeline,
    },
    store::footage::{Change, ClosedSegment, Footage, NewRun, NewSegment, Opened, RunRef, SegmentState},
};
use sharpeyes_domain::{
    ids::{CameraId, DiskName, RunId, StreamId, StreamKind},
    media::{VideoCodec, VideoParams},
    segment::{Gap, GapCause, Span},
    time::{Pts, WallTime},
    timeline::Zoom,
};

use super::{Results, Row, quantile, sorted};
use crate::shared::workspace_root;

const CAMERAS: usize = 100;
const DAYS: i64 = 30;
/// A retention that is longer than the law's month.
const LONG_DAYS: i64 = 365;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
/// 2026-01-01.
const BEGIN: i64 = 1_767_225_600_000;
const MEASUREMENTS: usize = 200;
/// Of every file: nothing looks at it.
const SIZE_BYTES: i64 = 15_000_000;
/// One interruption in so many minutes: ten a day, which is a bad link.
const RARITY: u64 = 144;

/// `index.*`.
///
/// # Errors
/// When the index cannot be made or read.
pub fn index(results: &mut Results) -> anyhow::Result<()> {
    let dir = workspace_root().join("target/bench");
    std::fs::create_dir_all(&dir)?;
    let path = built(&dir, "index-30d.db", DAYS, Files::Rows)?;
    let bytes = std::fs::metadata(&path)?.len();
    let footage = Footage::open(&path)?;
    let n_gaps = count(&path, "gap")?;
    let context = format!(
        "{CAMERAS} cameras, {} segments, {n_gaps} gaps, {} MiB",
        count(&path, "segment")?,
        bytes >> 20
    );

    for (name, bins) in [("index.coverage_p95_ms", DAYS), ("index.coverage_1000_bins_p95_ms", 1_000)] {
        let times = coverage(&footage, Window { days: DAYS, held: DAYS, bins })?;
        push(results, name, &times, format!("{DAYS} days at {bins} bins; {context}"))?;
    }
    let mut random = Random(7);
    let times = measure(|| plan_minute(&footage, &mut random))?;
    push(results, "index.minute_p95_ms", &times, context.clone())?;
    let times = cold(&path, || plan_minute(&footage, &mut random))?;
    push(results, "index.minute_cold_p95_ms", &times, format!("nothing in the page cache; {context}"))?;

    let peer = Peer::open(&path)?;
    let times = measure_few(5, || peer.coverage())?;
    push(results, "index.plain_sql_coverage_p95_ms", &times, format!("every segment's row; {context}"))?;
    let times = measure(|| peer.minute(&mut random))?;
    push(results, "index.plain_sql_minute_p95_ms", &times, context)?;

    let path = built(&dir, "index-365d-gaps.db", LONG_DAYS, Files::FirstAndLast)?;
    let footage = Footage::open(&path)?;
    let context = format!("{CAMERAS} cameras, {} gaps in {LONG_DAYS} days", count(&path, "gap")?);
    for (name, days) in [
        ("index.coverage_30_of_365_days_p95_ms", DAYS),
        ("index.coverage_90_of_365_days_p95_ms", 90),
        ("index.coverage_365_days_p95_ms", LONG_DAYS),
    ] {
        let times = coverage(&footage, Window { days, held: LONG_DAYS, bins: 1_000 })?;
        push(results, name, &times, format!("1000 bins; {context}"))?;
    }
    Ok(())
}

fn push(results: &mut Results, bench: &'static str, times: &[f64], context: String) -> anyhow::Result<()> {
    let median = quantile(times, 0.5);
    let context = format!("median {median:.2} ms; {context}");
    results.push(&Row { bench, value: quantile(times, 0.95), unit: "ms", n: times.len(), context })
}

#[derive(Clone, Copy)]
struct Window {
    days: i64,
    held: i64,
    bins: i64,
}

/// Coverage of all cameras in a window somewhere in what is held.
fn coverage(footage: &Footage, window: Window) -> anyhow::Result<Vec<f64>> {
    let streams: Vec<StreamId> = (0..CAMERAS).map(stream).collect::<Result<_, _>>()?;
    let now = WallTime(BEGIN + window.held * DAY);
    let mut random = Random(1);
    measure(|| {
        let slack = u64::try_from((window.held - window.days) * DAY)? + 1;
        let from = BEGIN + i64::try_from(random.next() % slack)?;
        let zoom = Zoom {
            window: Span { from: WallTime(from), to: WallTime(from + window.days * DAY) },
            bin: Duration::from_millis(u64::try_from(window.days * DAY / window.bins)?),
        };
        let rows = timeline::coverage(footage, &HashMap::new(), &streams, zoom, now)?;
        anyhow::ensure!(rows.iter().all(|row| !row.coverage.gaps.is_empty()), "a camera without gaps");
        Ok(())
    })
}

/// What a clip of one minute needs of the index.
fn plan_minute(footage: &Footage, random: &mut Random) -> anyhow::Result<()> {
    let (stream, at) = random.place()?;
    let wanted = Span { from: WallTime(at.0 - MINUTE / 2), to: WallTime(at.0 + MINUTE / 2) };
    let mut n = 0;
    for row in footage.segments_in(&stream, wanted)? {
        let closed = row.closed.context("a complete segment")?;
        let origin = Origin { base: closed.start_pts, wall: closed.span.from };
        n += table::decode(&closed.fragments, origin)?.len();
        footage.run(row.run)?.context("a run")?;
    }
    let gaps = footage.gaps_in(&stream, wanted)?;
    anyhow::ensure!(n > 0 || !gaps.is_empty(), "an instant that is neither recorded nor missing");
    Ok(())
}

fn measure(work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Vec<f64>> {
    measure_few(MEASUREMENTS, work)
}

fn measure_few(n: usize, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Vec<f64>> {
    let clock = Clock::system();
    let mut times = Vec::with_capacity(n);
    for _ in 0..n {
        let begin = clock.instant();
        work()?;
        times.push((clock.instant() - begin).as_secs_f64() * 1000.0);
    }
    Ok(sorted(times))
}

/// With the file thrown out of the page cache before each measurement.
fn cold(path: &Path, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Vec<f64>> {
    let clock = Clock::system();
    let file = std::fs::File::open(path)?;
    let mut times = Vec::with_capacity(MEASUREMENTS);
    for _ in 0..MEASUREMENTS {
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        let begin = clock.instant();
        work()?;
        times.push((clock.instant() - begin).as_secs_f64() * 1000.0);
    }
    Ok(sorted(times))
}

/// The same questions without our code: a row for every file, as SQL gives them.
struct Peer {
    connection: rusqlite::Connection,
}

impl Peer {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        Ok(Self { connection: rusqlite::Connection::open_with_flags(path, flags)? })
    }

    fn coverage(&self) -> anyhow::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT start_wall_ms, end_wall_ms FROM segment WHERE camera = ?1 AND stream = 'main'
             AND start_wall_ms < ?3 AND end_wall_ms > ?2 ORDER BY start_wall_ms",
        )?;
        for camera in 0..CAMERAS {
            let values = (stream(camera)?.camera.to_string(), BEGIN, BEGIN + DAYS * DAY);
            let mut rows = statement.query(values)?;
            let (mut reached, mut n) = (0_i64, 0);
            while let Some(row) = rows.next()? {
                n += i32::from(row.get::<_, i64>(0)? > reached);
                reached = row.get(1)?;
            }
            anyhow::ensure!(n > 0, "nothing is recorded");
        }
        Ok(())
    }

    fn minute(&self, random: &mut Random) -> anyhow::Result<()> {
        let (stream, at) = random.place()?;
        let mut statement = self.connection.prepare_cached(
            "SELECT path, start_wall_ms, end_wall_ms, fragments FROM segment WHERE camera = ?1 AND stream = 'main'
             AND start_wall_ms < ?3 AND end_wall_ms > ?2",
        )?;
        let values = (stream.camera.to_string(), at.0 - MINUTE / 2, at.0 + MINUTE / 2);
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            row.get::<_, Vec<u8>>(3)?;
        }
        Ok(())
    }
}

fn count(path: &Path, table: &str) -> anyhow::Result<u64> {
    let connection = Peer::open(path)?.connection;
    Ok(connection
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))?
        .unsigned_abs())
}

/// Which rows of files an index gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    /// All, one a minute.
    Rows,
    /// Only those that a timeline looks at.
    FirstAndLast,
}

/// The index at `dir/name`, made if it is not there.
fn built(dir: &Path, name: &str, days: i64, files: Files) -> anyhow::Result<PathBuf> {
    let path = dir.join(name);
    if path.exists() {
        return Ok(path);
    }
    println!("building {}: this is done once", path.display());
    let part = dir.join(format!("{name}.part"));
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.join(format!("{name}.part{suffix}")));
    }
    let footage = Footage::open(&part)?;
    Builder::new(footage)?.build(&part, days, files)?;
    std::fs::rename(&part, &path)?;
    Ok(path)
}

struct Builder {
    footage: Footage,
    random: Random,
    cameras: Vec<Camera>,
    gaps: Vec<Change>,
}

struct Camera {
    stream: StreamId,
    run: RunId,
    /// Minutes that its interruption still lasts.
    missing: u64,
    fragments: Vec<u8>,
}

impl Builder {
    fn new(footage: Footage) -> anyhow::Result<Self> {
        let mut random = Random(42);
        let params = Arc::new(VideoParams {
            codec: VideoCodec::H265,
            rfc6381: "hvc1.1.6.L120.90".to_owned(),
            width_px: 2560,
            height_px: 1440,
            sample_entry: vec![0; 230].into(),
            decoder_config: vec![0; 130].into(),
        });
        let mut cameras = Vec::new();
        for n in 0..CAMERAS {
            let stream = stream(n)?;
            let run = NewRun {
                generation: 1,
                wall_start: WallTime(BEGIN - MINUTE),
                params: params.clone(),
                audio: None,
            };
            let first = NewSegment {
                run: RunRef::New(run),
                stream: stream.clone(),
                disk: DiskName::main(),
                path: format!("{}/main/first.mp4", stream.camera),
                start_wall: WallTime(BEGIN - MINUTE),
                start_pts: Pts(0),
            };
            let Opened { run, segment } =
                footage.apply(vec![Change::OpenSegment(first)])?.context("an opened segment")?;
            let fragments = fragments(&mut random, MINUTE)?;
            footage.apply(vec![Change::CloseSegment(ClosedSegment {
                id: segment,
                state: SegmentState::Closed,
                span: Span { from: WallTime(BEGIN - MINUTE), to: WallTime(BEGIN) },
                start_pts: Pts(0),
                end_pts: Pts(MINUTE * 90),
                size_bytes: SIZE_BYTES.unsigned_abs(),
                sha256: random.sha256(),
                n_frames: 1_500,
                fragments: fragments.clone(),
            })])?;
            cameras.push(Camera { stream, run, missing: 0, fragments });
        }
        Ok(Self { footage, random, cameras, gaps: Vec::new() })
    }

    /// In the order in which a recorder makes the rows: minute by minute, every camera. Straight into the file, because
    /// through the recorder's own writes it takes an hour.
    fn build(mut self, path: &Path, days: i64, files: Files) -> anyhow::Result<()> {
        let mut connection = rusqlite::Connection::open(path)?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "cache_size", -200_000)?;
        let whole = connection.transaction()?;
        let mut insert = whole.prepare(
            "INSERT INTO segment (run_id, camera, stream, path, state, start_wall_ms, end_wall_ms, start_pts_90k,
             end_pts_90k, size_bytes, sha256, n_frames, fragments)
             VALUES (?1, ?2, 'main', ?3, 'closed', ?4, ?5, 0, ?6, ?7, ?8, 1500, ?9)",
        )?;
        for minute in 0..days * 1_440 {
            let has_row = files == Files::Rows || minute == days * 1_440 - 1;
            let from = BEGIN + minute * MINUTE;
            for camera in 0..self.cameras.len() {
                let Some(recorded) = self.minute(camera, from)? else { continue };
                let length = recorded.to.0 - recorded.from.0;
                if !has_row {
                    continue;
                }
                let camera = &self.cameras[camera];
                let name = camera.stream.camera.as_str();
                let cut = if length < MINUTE { Some(fragments(&mut self.random, length)?) } else { None };
                insert.execute(rusqlite::params![
                    camera.run.0,
                    name,
                    format!("{name}/main/{}/{from}.mp4", from / DAY),
                    recorded.from.0,
                    recorded.to.0,
                    length * 90,
                    SIZE_BYTES,
                    self.random.sha256(),
                    cut.as_ref().unwrap_or(&camera.fragments),
                ])?;
            }
        }
        drop(insert);
        whole.commit()?;
        self.footage.apply(self.gaps)?;
        Ok(())
    }

    /// What of the minute is recorded; what is missing is noted.
    fn minute(&mut self, camera: usize, from: i64) -> anyhow::Result<Option<Span>> {
        let camera = &mut self.cameras[camera];
        if camera.missing > 0 {
            camera.missing -= 1;
            return Ok(None);
        }
        let end = from + MINUTE;
        if !self.random.next().is_multiple_of(RARITY) {
            return Ok(Some(Span { from: WallTime(from), to: WallTime(end) }));
        }
        // Most are seconds, some are hours.
        let missing = 1_000 << (self.random.next() % 14);
        let begin = (end - missing).max(from + 1_000);
        camera.missing = u64::try_from((begin + missing - end).max(0) / MINUTE)?;
        let to = end + i64::try_from(camera.missing)? * MINUTE;
        let causes = [GapCause::CameraOffline, GapCause::Stalled, GapCause::SessionEnded, GapCause::NoMedia];
        let cause = causes[usize::try_from(self.random.next() % 4)?];
        let gap = Gap { span: Span { from: WallTime(begin), to: WallTime(to) }, cause };
        self.gaps.push(Change::AddGap { stream: camera.stream.clone(), gap });
        Ok(Some(Span { from: WallTime(from), to: WallTime(begin) }))
    }
}

/// A second each, as a 2 Mbit/s camera with a GOP of two seconds has them.
fn fragments(random: &mut Random, length_ms: i64) -> anyhow::Result<Vec<u8>> {
    let mut fragments = Vec::new();
    let (mut at, mut offset) = (0, 900);
    while at < length_ms {
        let length = (length_ms - at).min(1_000);
        let size = 150_000 + random.next() % 200_000;
        fragments.push(Fragment {
            offset,
            header_bytes: 340,
            size,
            base: Pts(at * 90),
            end: Pts((at + length) * 90),
            wall: WallTime(at),
            wall_end: WallTime(at + length),
            n_frames: 25,
            is_random_access: at % 2_000 == 0,
        });
        offset += size;
        at += length;
    }
    table::encode(&fragments).context("fragments that follow one another")
}

fn stream(n: usize) -> anyhow::Result<StreamId> {
    Ok(StreamId { camera: CameraId::new(&format!("camera-{n:03}"))?, kind: StreamKind::Main })
}

/// SplitMix64: the same figures in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn sha256(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes());
        }
        bytes
    }

    /// A camera and an instant.
    fn place(&mut self) -> anyhow::Result<(StreamId, WallTime)> {
        let camera = usize::try_from(self.next() % u64::try_from(CAMERAS)?)?;
        let at = BEGIN + i64::try_from(self.next() % u64::try_from(DAYS * DAY)?)?;
        Ok((stream(camera)?, WallTime(at)))
    }
}
