//! Retention over real rows and real files: what goes, what stays, and what a clock does to it.

use std::{collections::HashMap, fs, time::Duration};

use sharpeyes_domain::{
    ids::{AccountId, AlarmId, CameraId, DiskName, StreamId},
    retention::{DeletionReason, LegalBasis, Policy, TierLimits},
    segment::{GapCause, Span},
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    all,
    kit::{Kit, START, poll, run, sha256, stream, unit},
};
use crate::{
    record::{
        Recorder, RecorderMessage, RunEnd, RunInfo,
        retention::{IncidentSource, Retention, RetentionSettings},
        table::{self, Fragment},
        volume::Volume,
    },
    store::{
        db::DbError,
        footage::{
            Change, ClosedSegment, Footage, IncidentMark, NewHold, NewRun, NewSegment, Release, RunRef,
            SegmentState, WhichHolds,
        },
    },
};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

/// What the dispatch database would say.
pub(super) struct Marks(pub(super) Vec<IncidentMark>);

impl IncidentSource for Marks {
    fn changed(&mut self) -> Result<Vec<IncidentMark>, DbError> {
        Ok(std::mem::take(&mut self.0))
    }
}

pub(super) fn retention(
    recorder: &Recorder,
    reserve: u64,
    cameras: &[(&str, Policy)],
    marks: Marks,
) -> Retention {
    retention_of_all(recorder, reserve, cameras, marks).remove(0)
}

/// One for each disk.
pub(super) fn retention_of_all(
    recorder: &Recorder,
    reserve: u64,
    cameras: &[(&str, Policy)],
    marks: Marks,
) -> Vec<Retention> {
    let cameras: HashMap<CameraId, Policy> =
        cameras.iter().map(|(camera, policy)| (CameraId::new(camera).unwrap(), *policy)).collect();
    let recorded = cameras.keys().map(|camera| stream(camera.as_str())).collect();
    let settings = RetentionSettings {
        reserve: Some(reserve),
        unnamed: Policy::default(),
        cameras,
        recorded,
        confirm_after: DAY,
    };
    recorder.retention(settings, Box::new(marks)).unwrap()
}

pub(super) fn new_hold(camera: &str, span: Span) -> NewHold {
    NewHold {
        stream: stream(camera),
        span,
        case_number: "2026-刑-17".to_owned(),
        note: String::new(),
        owner: AccountId(1),
        owner_name: "op".to_owned(),
        review: WallTime(span.to.0 + 30 * 86_400_000),
    }
}

/// Writes rows and small files as a recorder would, a segment an hour, without pictures.
struct Hours<'a> {
    kit: &'a Kit,
    footage: Footage,
    runs: HashMap<StreamId, RunRef>,
    /// Rows that are closed together with the next that is opened: half as many commits.
    closing: Vec<Change>,
}

impl Hours<'_> {
    fn record(&mut self, camera: &str, from: WallTime, bytes: u64) {
        let stream = stream(camera);
        let run = self.runs.get(&stream).cloned().unwrap_or(RunRef::New(NewRun {
            generation: 1,
            wall_start: from,
            audio: None,
            params: super::kit::params(320).into(),
        }));
        let path = format!("{}/{:016x}.mp4", Volume::stream_dir(&stream), from.0);
        let start_pts = Pts((from.0 - START.0) * 90);
        let new = NewSegment {
            run,
            stream: stream.clone(),
            disk: DiskName::main(),
            path: path.clone(),
            start_wall: from,
            start_pts,
        };
        let mut changes = std::mem::take(&mut self.closing);
        changes.push(Change::OpenSegment(new));
        let opened = self.footage.apply(changes).unwrap().unwrap();
        self.runs.insert(stream.clone(), RunRef::Known(opened.run));
        let file = vec![7; usize::try_from(bytes).unwrap()];
        fs::write(self.kit.settings.media_dir.join(&path), &file).unwrap();
        let span = Span { from, to: from.plus(HOUR) };
        let end_pts = start_pts + MediaDuration::from(HOUR);
        let fragment = Fragment {
            offset: 8,
            header_bytes: 8,
            size: bytes - 8,
            base: start_pts,
            end: end_pts,
            wall: span.from,
            wall_end: span.to,
            n_frames: 1,
            is_random_access: true,
        };
        let closed = ClosedSegment {
            id: opened.segment,
            state: SegmentState::Closed,
            span,
            start_pts,
            end_pts,
            size_bytes: bytes,
            sha256: sha256(&file),
            n_frames: 1,
            fragments: table::encode(&[fragment]).unwrap(),
        };
        self.closing.push(Change::CloseSegment(closed));
    }

    fn flush(&mut self) {
        self.footage.apply(std::mem::take(&mut self.closing)).unwrap();
    }
}

fn hours<'a>(kit: &'a Kit, recorder: &Recorder, cameras: &[&str]) -> Hours<'a> {
    for camera in cameras {
        fs::create_dir_all(kit.settings.media_dir.join(camera).join("main")).unwrap();
    }
    Hours { kit, footage: recorder.footage().clone(), runs: HashMap::new(), closing: Vec::new() }
}

/// Begins of what is still there.
fn begins(footage: &Footage, camera: &str) -> Vec<WallTime> {
    footage.segments_in(&stream(camera), all()).unwrap().iter().map(|row| row.start_wall).collect()
}

#[test]
fn a_year_is_kept_to_the_day_and_holds_stay() {
    const HOURS: u32 = 365 * 24;
    const BYTES: u64 = 600;
    let kit = Kit::in_memory();
    let recorder = kit.open();
    let cameras = ["gate", "square", "dam"];
    let mut hours = hours(&kit, &recorder, &cameras);
    let key = Policy::new(90, 90, None, LegalBasis::KeyTarget).unwrap();
    // Twice the bytes that 45 days have room for: what is past 30 days goes early.
    let limited = Policy::new(60, 90, Some(45 * 24 * BYTES), LegalBasis::General).unwrap();
    let policies = [("gate", Policy::default()), ("square", limited), ("dam", key)];
    // An alarm at noon of every tenth day, in one camera.
    let mark = |n: u32| {
        let noon = START.plus(DAY * (n * 10) + HOUR * 12);
        let span = Span { from: noon, to: noon.plus(Duration::from_secs(60)) };
        IncidentMark { alarm: AlarmId(n.into()), camera: CameraId::new("gate").unwrap(), span }
    };
    let marks = (0..36).map(mark).collect();
    let mut retention = retention(&recorder, 0, &policies, Marks(marks));
    let keeping = retention.keeping();
    let footage = recorder.footage().clone();
    let held = Span { from: START.plus(DAY * 20), to: START.plus(DAY * 20 + HOUR + HOUR / 2) };
    for hour in 0..HOURS {
        let from = START.plus(HOUR * hour);
        for camera in cameras {
            hours.record(camera, from, BYTES);
        }
        kit.clock.advance(HOUR);
        if hour % 6 == 5 || hour == 21 * 24 {
            hours.flush();
        }
        if hour == 21 * 24 {
            let hold = keeping.hold(new_hold("gate", held)).unwrap().unwrap();
            assert_eq!(hold.bytes, 2 * BYTES, "one and a half hours touch two files, which stay whole");
        }
        if hour % 6 == 5 {
            retention.turn().unwrap();
        }
        if hour % (24 * 7) == 24 * 7 - 1 {
            let now = from.plus(HOUR);
            let check = |camera: &str, days: u32| {
                let oldest = begins(&footage, camera);
                let limit = now.minus(DAY * days);
                let young = oldest.iter().filter(|begin| **begin >= limit).count();
                let expected = (days * 24).min(hour + 1);
                assert_eq!(young, usize::try_from(expected).unwrap(), "{camera} day {}", hour / 24);
                let is_kept_for_a_reason = |begin: WallTime| {
                    let span = Span { from: begin, to: begin.plus(HOUR) };
                    camera == "gate"
                        && (span.intersection(&held).is_some()
                            || (0..36).any(|n| mark(n).span.intersection(&span).is_some()))
                };
                let late = oldest.iter().filter(|begin| {
                    begin.plus(HOUR) < limit.minus(HOUR * 6) && !is_kept_for_a_reason(**begin)
                });
                assert_eq!(late.count(), 0, "{camera} day {}: nothing stays past its day", hour / 24);
            };
            check("gate", 30);
            check("dam", 90);
        }
    }
    // The last hours of the year.
    kit.clock.advance(Duration::from_secs(700));
    retention.turn().unwrap();

    let gate = begins(&footage, "gate");
    let n_incidents = gate.iter().filter(|begin| **begin < START.plus(DAY * 335 - HOUR)).count();
    assert_eq!(n_incidents, 2 + 6, "two held files, and the alarms of day 280, 290, 300, 310, 320 and 330");
    let square = u64::try_from(begins(&footage, "square").len()).unwrap();
    assert!(square * BYTES <= 45 * 24 * BYTES + 6 * BYTES, "{square} files of 45 days");
    assert!(square >= 45 * 24 - 6);

    let report = keeping.disks().remove(0).report.unwrap();
    let forecast = report.forecast.unwrap();
    assert_eq!(forecast.bytes_per_day, 3 * 24 * BYTES, "as was written");
    let on_disk: u64 = report.streams.iter().map(|stream| stream.usage.bytes).sum();
    let expected = (30 + 90 + 45) * 24 * BYTES + 8 * BYTES;
    assert!(on_disk.abs_diff(expected) <= 3 * 8 * BYTES, "{on_disk} on the disk, {expected} as forecast");
    assert_eq!(report.recorded_bytes, on_disk);
    assert_eq!((forecast.full_in_days, forecast.shortfall_bytes), (None, 0));

    let n_recorded = usize::try_from(3 * HOURS).unwrap();
    let n_left: usize = cameras.iter().map(|camera| begins(&footage, camera).len()).sum();
    let proof = footage.deletions(u32::MAX).unwrap();
    let days = footage.deletion_days().unwrap();
    let n_folded = usize::try_from(days.iter().map(|day| day.n_files).sum::<u64>()).unwrap();
    assert_eq!(
        proof.len() + n_folded + n_left,
        n_recorded,
        "each file is there, or its deletion is written down"
    );
    // Days of proofs go whole, so that up to one more than thirty is there, besides today.
    assert!(proof.len() <= 3 * 32 * 24 && days.len() <= 3 * 365, "{} and {} rows", proof.len(), days.len());
    assert!(proof.iter().any(|row| row.reason == DeletionReason::Bytes));
    assert!(proof.iter().all(|row| row.at.since(row.span.to) >= DAY * 30));
    let gaps = footage.gaps_in(&stream("gate"), all()).unwrap();
    assert!(gaps.iter().filter(|gap| gap.cause == GapCause::Retention).count() <= 8, "{gaps:?}");
    assert!(footage.garbage().unwrap().is_empty());

    // Released, it is older than everything and goes.
    let hold = footage.holds(WhichHolds::Open).unwrap().remove(0);
    let release = Release { at: kit.clock.wall(), by: "op".to_owned(), reason: "closed".to_owned() };
    footage.release_hold(hold.id, release).unwrap();
    kit.clock.advance(HOUR);
    retention.turn().unwrap();
    assert!(begins(&footage, "gate")[0] >= START.plus(DAY * 280));
    for camera in cameras {
        let gap = Change::BeginGap {
            stream: stream(camera),
            from: START.plus(HOUR * HOURS),
            cause: GapCause::Stopped,
        };
        footage.apply(vec![gap]).unwrap();
    }
    drop(retention);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_hold_is_from_keyframe_to_keyframe_and_nothing_deletes_it() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for number in 0..60 * 25 {
        kit.send(&sender, RecorderMessage::Unit(unit(number, 50)));
    }
    let second = |s: u64| START.plus(Duration::from_secs(s));
    kit.wait_written(&sender, second(58));
    let mut retention = retention(&recorder, 0, &[("gate", Policy::default())], Marks(Vec::new()));
    let keeping = retention.keeping();
    let asked = Span { from: second(21), to: second(33) };
    let hold = keeping.hold(new_hold("gate", asked)).unwrap().unwrap();
    assert_eq!(hold.hold.span, Span { from: second(20), to: second(34) });
    // In the file that is being written, too.
    let open = keeping.hold(new_hold("gate", Span { from: second(55), to: second(57) })).unwrap().unwrap();
    assert_eq!(open.hold.span, Span { from: second(54), to: second(58) });
    assert!(keeping.hold(new_hold("bridge", asked)).unwrap().is_none(), "nothing is recorded there");
    let end = RunEnd { cause: GapCause::Stopped, at: second(60) };
    kit.send(&sender, RecorderMessage::RunEnd(end));
    poll(|| recorder.footage().open_gap(&stream("gate")).unwrap().is_some());

    let held_files = |footage: &Footage| {
        let rows = footage.segments_in(&stream("gate"), all()).unwrap();
        rows.iter().filter(|row| kit.settings.media_dir.join(&row.path).exists()).count()
    };
    let before = held_files(recorder.footage());
    kit.clock.advance(DAY * 400);
    // The clock jumped by 400 days, as far as retention can see.
    retention.turn().unwrap();
    let after = held_files(recorder.footage());
    assert!(after < before && after >= 3, "{after} of {before} files: those that the holds touch stay");
    for span in [hold.hold.span, open.hold.span] {
        let holes = super::super::holes(recorder.footage(), &stream("gate"), span).unwrap();
        let gaps = recorder.footage().gaps_in(&stream("gate"), span).unwrap();
        let retained = gaps.iter().all(|gap| gap.cause != GapCause::Retention || gap.to <= Some(span.from));
        assert!(holes.is_empty() && retained, "{holes:?} {gaps:?}");
    }
    let release = || Release { at: kit.clock.wall(), by: "op".to_owned(), reason: "closed".to_owned() };
    recorder.footage().release_hold(hold.id, release()).unwrap();
    recorder.footage().release_hold(open.id, release()).unwrap();
    kit.clock.advance(HOUR);
    retention.turn().unwrap();
    assert_eq!(held_files(recorder.footage()), 0);
    drop(retention);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn one_file_that_cannot_be_deleted_keeps_no_other_and_no_start() {
    let kit = Kit::new();
    let recorder = kit.open();
    let mut hours = hours(&kit, &recorder, &["gate"]);
    for hour in 0..4 {
        hours.record("gate", START.plus(HOUR * hour), 600);
        kit.clock.advance(HOUR);
    }
    hours.flush();
    let footage = recorder.footage().clone();
    let first = footage.segments_in(&stream("gate"), all()).unwrap().remove(0).path;
    // A directory with something in it is what no unlink takes away.
    let path = kit.settings.media_dir.join(&first);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("x"), b"x").unwrap();
    let mut retention = retention(&recorder, 0, &[("gate", Policy::default())], Marks(Vec::new()));
    for _ in 0..2 {
        kit.clock.advance(DAY * 40);
        retention.turn().unwrap();
    }
    let left: Vec<String> = footage.garbage().unwrap().into_iter().map(|row| row.path).collect();
    assert_eq!(left, [first]);
    assert!(begins(&footage, "gate").is_empty());
    drop(retention);
    recorder.close();
    let recorder = kit.open();
    assert_eq!(recorder.recovery().n_deleted, 0);
    fs::remove_dir_all(&path).unwrap();
    let mut retention = super::retention::retention(&recorder, 0, &[], Marks(Vec::new()));
    retention.turn().unwrap();
    assert!(footage.garbage().unwrap().is_empty());
}

#[test]
fn the_first_clock_of_an_index_with_footage_is_doubted_when_it_is_far_ahead() {
    let kit = Kit::new();
    let recorder = kit.open();
    let mut hours = hours(&kit, &recorder, &["gate"]);
    hours.record("gate", START, 600);
    hours.flush();
    kit.clock.advance(DAY * 400);
    let mut retention = retention(&recorder, 0, &[("gate", Policy::default())], Marks(Vec::new()));
    retention.turn().unwrap();
    assert!(retention.keeping().clock().doubt().is_some());
    assert_eq!(begins(recorder.footage(), "gate").len(), 1);
}

/// Panics once, and says that it was asked again.
struct Clumsy {
    has_panicked: bool,
    again: std::sync::mpsc::SyncSender<()>,
}

impl IncidentSource for Clumsy {
    fn changed(&mut self) -> Result<Vec<IncidentMark>, DbError> {
        assert!(std::mem::replace(&mut self.has_panicked, true), "once");
        let _ = self.again.try_send(());
        Ok(Vec::new())
    }
}

#[test]
fn a_sweep_that_one_pass_does_not_suffice_for_goes_on_in_the_next_minute() {
    let kit = Kit::in_memory();
    let recorder = kit.open();
    let many: Vec<String> = (0..8).map(|n| format!("a{n}")).collect();
    let cameras: Vec<&str> = many.iter().map(String::as_str).chain(["zoo"]).collect();
    let policies: Vec<(&str, Policy)> = cameras.iter().map(|camera| (*camera, Policy::default())).collect();
    let span = Span { from: START, to: START.plus(HOUR) };
    let mark = IncidentMark { alarm: AlarmId(1), camera: CameraId::new("zoo").unwrap(), span };
    let mut retention = retention(&recorder, 0, &policies, Marks(vec![mark]));
    let mut hours = hours(&kit, &recorder, &cameras);
    hours.record("zoo", START, 600);
    // All that one pass may delete.
    for hour in 0..128 {
        many.iter().for_each(|camera| hours.record(camera, START.plus(HOUR * hour), 600));
    }
    hours.flush();
    kit.clock.advance(DAY);
    retention.turn().unwrap();
    kit.clock.advance(DAY * 200);
    retention.turn().unwrap();
    let left = |camera: &str| begins(recorder.footage(), camera).len();
    assert_eq!(many.iter().map(|camera| left(camera)).sum::<usize>(), 0);
    assert_eq!(left("zoo"), 1, "the pass was used up");
    kit.clock.advance(Duration::from_secs(60));
    retention.turn().unwrap();
    assert_eq!(left("zoo"), 0);
}

#[test]
fn a_panic_does_not_end_retention() {
    let kit = Kit::new();
    let recorder = kit.open();
    let (again, asked_again) = std::sync::mpsc::sync_channel(1);
    let settings = RetentionSettings {
        reserve: Some(0),
        unnamed: Policy::default(),
        cameras: HashMap::new(),
        recorded: Vec::new(),
        confirm_after: DAY,
    };
    let retention =
        recorder.retention(settings, Box::new(Clumsy { has_panicked: false, again })).unwrap().remove(0);
    let (stop, stopped) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::spawn(move || retention.run(&stopped));
    asked_again.recv_timeout(Duration::from_secs(30)).unwrap();
    drop(stop);
    thread.join().unwrap();
}

/// The wall clock is set while a camera records, as its session would tell: a new run at the next keyframe.
#[test]
fn a_step_of_the_clock_begins_a_run_and_deletes_nothing() {
    let check = |name: &str, step_ms: i64| {
        let kit = Kit::new();
        let recorder = kit.open();
        let sender = recorder.sender(&stream("gate")).unwrap();
        let mut retention = retention(&recorder, 0, &[("gate", Policy::default())], Marks(Vec::new()));
        let send = |generation: u64, numbers: std::ops::Range<i64>, shift: i64| {
            let begin =
                RunInfo { wall_start: WallTime(START.0 + shift), ..(*run("gate", generation)).clone() };
            kit.send(&sender, RecorderMessage::RunBegin(begin.into()));
            for number in numbers {
                let mut unit = unit(number, 25);
                unit.wall.0 += shift;
                kit.send(&sender, RecorderMessage::Unit(unit));
            }
            poll(|| sender.status().queued_bytes < 9_000);
        };
        send(1, 0..60 * 25, 0);
        kit.clock.advance(Duration::from_secs(60));
        retention.turn().unwrap();
        kit.clock.set_wall(WallTime(kit.clock.wall().0 + step_ms));
        let end = RunEnd { cause: GapCause::ClockStep, at: kit.clock.wall() };
        kit.send(&sender, RecorderMessage::RunEnd(end));
        send(2, 60 * 25..120 * 25, step_ms);
        for _ in 0..120 {
            kit.clock.advance(HOUR);
            retention.turn().unwrap();
        }
        let footage = recorder.footage().clone();
        assert!(footage.deletions(9).unwrap().is_empty(), "{name}");
        drop(retention);
        recorder.close();
        let rows = footage
            .segments_in(&stream("gate"), Span { from: WallTime(i64::MIN / 4), to: WallTime(i64::MAX / 4) });
        let rows = rows.unwrap();
        let n_frames: u32 =
            rows.iter().filter_map(|row| row.closed.as_ref().map(|closed| closed.n_frames)).sum();
        assert_eq!(n_frames, 120 * 25, "{name}: no picture is lost");
        let runs: std::collections::BTreeSet<_> = rows.iter().map(|row| row.run).collect();
        assert_eq!(runs.len(), 2, "{name}");
        kit.assert_sound();
    };
    check("an hour on", 3_600_000);
    check("an hour back", -3_600_000);
    check("1970", 60_000 - START.0);
    check("2038", 2_145_916_800_000 - START.0);
}

#[test]
fn what_incidents_keep_past_its_bytes_goes_before_its_days_and_never_before_the_rest_would() {
    let kit = Kit::in_memory();
    let recorder = kit.open();
    let limits = TierLimits { incident_bytes: Some(20_000), held_bytes: Some(1) };
    let policy = Policy::default().with_tiers(limits);
    let mark = |n: u32| {
        let from = START.plus(DAY * n);
        let span = Span { from, to: from.plus(HOUR) };
        IncidentMark { alarm: AlarmId(i64::from(n)), camera: CameraId::new("gate").unwrap(), span }
    };
    let marks = Marks((0..45).map(mark).collect());
    let mut retention = retention(&recorder, 0, &[("gate", policy)], marks);
    let mut hours = hours(&kit, &recorder, &["gate"]);
    for n in 0..45 {
        // As time passes: the retention clock believes no jump.
        hours.record("gate", START.plus(DAY * n), 1_000);
        kit.clock.advance(DAY);
    }
    hours.flush();
    let first = Span { from: START, to: START.plus(HOUR) };
    let held = recorder.footage().add_hold(new_hold("gate", first), START).unwrap().unwrap();
    // The first looks at the bytes, the second at the limit.
    retention.turn().unwrap();
    kit.clock.advance(HOUR);
    retention.turn().unwrap();
    let left = begins(recorder.footage(), "gate");
    let usage = recorder.footage().usage(&DiskName::main(), START).unwrap().remove(0);
    assert_eq!((usage.held_bytes, usage.incident_bytes(), usage.base_bytes()), (1_000, 29_000, 0));
    assert_eq!(left.len(), 30, "{left:?}");
    assert!(left.contains(&START), "the hold stays");
    assert_eq!(left[1], START.plus(DAY * 16), "what is older has had its 30 days");
    let proof = recorder.footage().deletions(100).unwrap();
    assert!(proof.len() == 15 && proof.iter().all(|row| row.reason == DeletionReason::Bytes));
    let due = |at| recorder.footage().due_reviews(at).unwrap();
    assert!(due(WallTime(held.hold.review.0 - 1)).is_empty());
    assert_eq!(due(held.hold.review)[0].id, held.id);
    let release = Release { at: START, by: "op".to_owned(), reason: "closed".to_owned() };
    recorder.footage().release_hold(held.id, release).unwrap();
    assert!(due(held.hold.review).is_empty());
}
