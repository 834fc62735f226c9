//! Rows of a damaged footage index: whatever stands in them, whoever reads them gets rows or an error.
//!
//! The tables are made anew without their types and checks, which a damaged file does not keep either. An input is a
//! list of rows: a byte for the table, then a byte for the kind of each column's value, and the value.

use std::{
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, params_from_iter, types::Value};
use sharpeyes::{
    check::{Audit, Hashing, Mode, audit},
    clock::Clock,
    record::{
        RecordSettings, Recorder,
        table::{self, Fragment},
    },
    store::footage::{Footage, WhichHolds},
};
use sharpeyes_domain::{
    ids::{CameraId, DiskName, RunId, SegmentId, StreamId, StreamKind},
    retention::Tier,
    segment::Span,
    time::{Pts, WallTime},
    timeline::Zoom,
};

const START: i64 = 1_700_000_000_000;
/// A few seconds: at most so many rows of an input count.
const MOST_ROWS: usize = 24;

/// A table that whoever reads recordings reads, its columns in their order, and what usually stands in them.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    usual: fn(row: i64) -> Vec<Value>,
}

const TABLES: [Table; 6] = [
    Table {
        name: "segment",
        columns: &[
            "id",
            "run_id",
            "camera",
            "stream",
            "path",
            "state",
            "start_wall_ms",
            "end_wall_ms",
            "start_pts_90k",
            "end_pts_90k",
            "size_bytes",
            "sha256",
            "n_frames",
            "fragments",
            "disk",
        ],
        usual: |row| {
            let start = START + (row - 1) * 2_000;
            vec![
                Value::Integer(row),
                Value::Integer(1),
                text("gate"),
                text("main"),
                text(&format!("gate/main/{row}.mp4")),
                text("closed"),
                Value::Integer(start),
                Value::Integer(start + 2_000),
                Value::Integer((row - 1) * 180_000),
                Value::Integer(row * 180_000),
                Value::Integer(10_700),
                Value::Blob(vec![7; 32]),
                Value::Integer(50),
                Value::Blob(fragments(start, (row - 1) * 180_000)),
                text("main"),
            ]
        },
    },
    Table {
        name: "run",
        columns: &[
            "id",
            "camera",
            "stream",
            "generation",
            "wall_start_ms",
            "codec",
            "rfc6381",
            "width_px",
            "height_px",
            "sample_entry",
            "decoder_config",
            "audio_codec",
            "audio_rfc6381",
            "audio_rate_hz",
            "audio_channels",
            "audio_entry",
        ],
        usual: |row| {
            vec![
                Value::Integer(row),
                text("gate"),
                text("main"),
                Value::Integer(1),
                Value::Integer(START),
                text("h264"),
                text("avc1.64000a"),
                Value::Integer(64),
                Value::Integer(64),
                Value::Blob(include_bytes!("../corpus/entry/h264").to_vec()),
                Value::Blob(vec![1]),
                text("pcma"),
                text("alaw"),
                Value::Integer(8_000),
                Value::Integer(1),
                Value::Blob(include_bytes!("../corpus/entry/pcma").to_vec()),
            ]
        },
    },
    Table {
        name: "gap",
        columns: &["id", "camera", "stream", "start_wall_ms", "end_wall_ms", "cause"],
        usual: |row| {
            let start = START + row * 5_000;
            vec![
                Value::Integer(row),
                text("gate"),
                text("main"),
                Value::Integer(start),
                Value::Integer(start + 1_000),
                text("restart"),
            ]
        },
    },
    Table {
        name: "torn",
        columns: &[
            "path",
            "camera",
            "stream",
            "start_wall_ms",
            "end_wall_ms",
            "size_bytes",
            "sha256",
            "since_ms",
            "disk",
        ],
        usual: |row| {
            vec![
                text(&format!("gate/main/{row}.mp4.torn")),
                text("gate"),
                text("main"),
                Value::Integer(START),
                Value::Integer(START + 1_000),
                Value::Integer(100),
                Value::Blob(vec![7; 32]),
                Value::Integer(START),
                text("main"),
            ]
        },
    },
    Table {
        name: "uncut",
        columns: &["segment_id", "start_wall_ms", "end_wall_ms", "since_ms"],
        usual: |row| [row, START, START + 1_000, START].map(Value::Integer).to_vec(),
    },
    Table {
        name: "deletion_day",
        columns: &[
            "camera",
            "stream",
            "day_ms",
            "reason",
            "n_files",
            "size_bytes",
            "from_ms",
            "to_ms",
            "sha256",
        ],
        usual: |row| {
            vec![
                text("gate"),
                text("main"),
                Value::Integer(row * 86_400_000),
                text("expired"),
                Value::Integer(3),
                Value::Integer(10_000),
                Value::Integer(START),
                Value::Integer(START + 1_000),
                Value::Blob(vec![7; 32]),
            ]
        },
    },
];

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Two seconds, each a fragment.
fn fragments(wall: i64, pts: i64) -> Vec<u8> {
    let fragment = |n: i64| Fragment {
        offset: 700 + 5_000 * u64::try_from(n).expect("not negative"),
        header_bytes: 500,
        size: 5_000,
        base: Pts(pts + 90_000 * n),
        end: Pts(pts + 90_000 * (n + 1)),
        wall: WallTime(wall + 1_000 * n),
        wall_end: WallTime(wall + 1_000 * (n + 1)),
        n_frames: 25,
        is_random_access: true,
    };
    table::encode(&[fragment(0), fragment(1)]).expect("they follow one another")
}

/// An index that can be written to past its rules, and what reads it.
struct Bench {
    recorder: Recorder,
    audit: Audit,
    raw: Connection,
    stream: StreamId,
    _folder: tempfile::TempDir,
}

static BENCH: LazyLock<Mutex<Bench>> =
    LazyLock::new(|| Mutex::new(bench().expect("a folder and a database can be made")));

fn bench() -> Result<Bench, Box<dyn std::error::Error>> {
    // Nothing of it need survive.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let (path, media) = (folder.path().join("footage.db"), folder.path().join("media"));
    let (footage, clock) = (Footage::open(&path)?, Clock::simulated(WallTime(START + 60_000)));
    let recorder = Recorder::open(RecordSettings::new(media.clone()), footage.clone(), clock)?;
    let raw = lax(&path)?;
    let audit = Audit {
        disks: vec![(DiskName::main(), media)],
        footage,
        hashing: Hashing::Skip,
        mode: Mode::ReadOnly,
        now: WallTime(START + 60_000),
    };
    let stream = StreamId { camera: CameraId::new("gate")?, kind: StreamKind::Main };
    Ok(Bench { recorder, audit, raw, stream, _folder: folder })
}

/// A connection to the index, in which the tables have neither types nor checks nor triggers any more.
fn lax(path: &Path) -> rusqlite::Result<Connection> {
    let raw = Connection::open(path)?;
    raw.busy_timeout(Duration::from_secs(10))?;
    raw.pragma_update(None, "foreign_keys", false)?;
    raw.pragma_update(None, "ignore_check_constraints", true)?;
    raw.pragma_update(None, "synchronous", "off")?;
    for Table { name, columns, .. } in &TABLES {
        let indexes: Vec<String> = raw
            .prepare(
                "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL",
            )?
            .query_map([name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        raw.execute_batch(&format!("DROP TABLE {name}; CREATE TABLE {name} ({});", columns.join(", ")))?;
        // What was unique need not be so any more.
        for index in indexes {
            raw.execute_batch(&index.replace("UNIQUE ", ""))?;
        }
    }
    Ok(raw)
}

/// Puts the rows in and reads them in every way.
pub(crate) fn rows(input: &[u8]) {
    let bench = BENCH.lock().unwrap_or_else(PoisonError::into_inner);
    bench.put(input).expect("a database that takes anything");
    bench.read();
}

/// A number of bytes off the front; 0 behind the end.
fn take(rest: &mut &[u8], n: usize) -> Vec<u8> {
    let (taken, tail) = rest.split_at(n.min(rest.len()));
    *rest = tail;
    taken.to_vec()
}

fn byte(rest: &mut &[u8]) -> u8 {
    take(rest, 1).first().copied().unwrap_or(0)
}

/// As it usually is, but for a few kinds.
fn value(rest: &mut &[u8], usual: Value) -> Value {
    match byte(rest) {
        1 => Value::Null,
        2 => {
            let bytes = take(rest, 8);
            Value::Integer(bytes.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte)))
        }
        3 => Value::Integer([i64::MIN, i64::MAX, -1, 0, 1 << 53, 1 << 62][usize::from(byte(rest)) % 6]),
        4 => Value::Real(f64::from(byte(rest)) * 1e30),
        5 => {
            let n = usize::from(byte(rest));
            Value::Text(String::from_utf8_lossy(&take(rest, n)).into_owned())
        }
        6 => {
            let n = usize::from(byte(rest));
            Value::Blob(take(rest, n))
        }
        // Something near it.
        7 => match usual {
            Value::Integer(number) => Value::Integer(number + i64::from(byte(rest)) - 128),
            Value::Blob(mut bytes) => {
                let at = usize::from(byte(rest)) % bytes.len().max(1);
                if let Some(changed) = bytes.get_mut(at) {
                    *changed = byte(rest);
                }
                Value::Blob(bytes)
            }
            other => other,
        },
        _ => usual,
    }
}

impl Bench {
    fn put(&self, mut input: &[u8]) -> rusqlite::Result<()> {
        let t = self.raw.unchecked_transaction()?;
        for Table { name, .. } in &TABLES {
            t.execute(&format!("DELETE FROM {name}"), [])?;
        }
        let mut n_rows = [0; TABLES.len()];
        for _ in 0..MOST_ROWS {
            if input.is_empty() {
                break;
            }
            let which = usize::from(byte(&mut input)) % TABLES.len();
            let Table { name, columns, usual } = &TABLES[which];
            n_rows[which] += 1;
            let usual = usual(n_rows[which]);
            let values: Vec<Value> = usual.into_iter().map(|usual| value(&mut input, usual)).collect();
            let places = vec!["?"; columns.len()].join(", ");
            t.execute(&format!("INSERT INTO {name} VALUES ({places})"), params_from_iter(values))?;
        }
        t.commit()
    }

    /// Nothing here need succeed.
    fn read(&self) {
        let Self { recorder, audit: request, stream, .. } = self;
        let (footage, clips) = (recorder.footage(), recorder.clips());
        let at = |s: i64| WallTime(START + s * 1_000);
        let all = Span { from: WallTime(0), to: at(1_000_000) };
        drop((footage.open_segments(), footage.segments_in(stream, all), footage.newest_segment(stream)));
        drop((
            footage.segments_after(SegmentId(0), 100),
            footage.damaged_segments(),
            footage.next_start(stream, at(0)),
            footage.segment(SegmentId(1)),
            footage.run(RunId(1)),
        ));
        drop((footage.streams(), footage.footage_span(stream), footage.newest(), footage.garbage()));
        drop((footage.gaps_in(stream, all), footage.open_gap(stream), footage.gaps_over_footage(stream)));
        drop((footage.torn(), footage.uncut(), footage.deletions(10), footage.deletion_days()));
        drop((footage.usage(&DiskName::main(), at(0)), footage.holds(WhichHolds::Open)));
        for tier in [Tier::Base, Tier::Incident] {
            drop(footage.deletable(&DiskName::main(), stream, tier, SegmentId(0), 100));
        }
        for (from, to) in [(0, 2), (1, 7), (3, 60), (-3_600, 3_600)] {
            let span = Span { from: at(from), to: at(to) };
            if let Ok(clip) = clips.plan(stream, span.from, span.to) {
                // The files are not there; the head of a clip is not made without them.
                unreachable!("a clip of nothing: {clip:?}");
            }
            drop((clips.gaps_around(stream, span, at(60)), clips.has_any(stream, span)));
            drop(clips.still(stream, span.from));
            let zoom = Zoom { window: span, bin: Duration::from_secs(1) };
            drop(clips.coverage(std::slice::from_ref(stream), zoom));
        }
        drop(audit(request));
    }
}
