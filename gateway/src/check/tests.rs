//! Every kind of damage is planted once, found by its name, and repaired where a repair is promised.

use std::fs;

use super::*;
use crate::{
    record::{
        RecorderMessage,
        tests::kit::{Kit, START, run, stream, unit, units},
    },
    store::footage::Change,
};
use sharpeyes_domain::segment::GapCause;

/// A minute of one camera in segments of about ten seconds, cleanly stopped.
fn recorded() -> Kit {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..60 * 25, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.clock.advance(std::time::Duration::from_secs(60));
    recorder.close();
    kit.assert_sound();
    kit
}

fn rows(kit: &Kit) -> Vec<SegmentRow> {
    kit.footage().segments_after(SegmentId(0), 100).unwrap()
}

fn sql(kit: &Kit, statement: &str) {
    let connection = rusqlite::Connection::open(kit.dir.path().join("footage.db")).unwrap();
    connection.execute_batch(statement).unwrap();
}

/// Whether `--repair` leaves nothing behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    Clean,
    Remains,
}

fn check(
    name: &str,
    damage: impl FnOnce(&Kit, &SegmentRow),
    is_it: impl Fn(&Fault) -> bool,
    afterwards: Afterwards,
) -> Kit {
    let kit = recorded();
    damage(&kit, &rows(&kit)[2]);
    let found = kit.audit(Mode::ReadOnly);
    assert!(found.faults.iter().any(&is_it), "{name}: {:?}", found.faults);
    assert!(found.faults.iter().all(|fault| fault.to_string().contains("remedy: ")));
    assert_eq!(kit.audit(Mode::ReadOnly), found, "{name}: looking changes nothing");
    let repaired = kit.audit(Mode::Repair);
    assert_eq!(repaired.is_clean(), afterwards == Afterwards::Clean, "{name}: {:?}", repaired.faults);
    if afterwards == Afterwards::Clean {
        assert!(!repaired.repaired.is_empty(), "{name}");
        kit.assert_sound();
    }
    kit
}

#[test]
fn each_planted_damage_is_found_and_what_can_be_repaired_is() {
    use Afterwards::{Clean, Remains};
    let path = |kit: &Kit, row: &SegmentRow| kit.settings.media_dir.join(&row.path);

    let kit = check(
        "a file is gone",
        |kit, row| fs::remove_file(path(kit, row)).unwrap(),
        |fault| matches!(fault, Fault::Missing { .. }),
        Clean,
    );
    let span = Span { from: START, to: START.plus(std::time::Duration::from_secs(60)) };
    let gaps = kit.footage().gaps_in(&stream("gate"), span).unwrap();
    assert_eq!(gaps.iter().map(|gap| gap.cause).collect::<Vec<_>>(), [GapCause::Corrupt]);

    let kit = check(
        "a file is cut short",
        |kit, row| {
            let file = fs::OpenOptions::new().write(true).open(path(kit, row)).unwrap();
            file.set_len(row.closed.as_ref().unwrap().size_bytes / 2).unwrap();
        },
        |fault| matches!(fault, Fault::Size { .. }),
        Clean,
    );
    assert_eq!(rows(&kit).len(), recorded_rows());

    check(
        "a file has grown",
        |kit, row| {
            let mut bytes = fs::read(path(kit, row)).unwrap();
            bytes.extend([0; 100]);
            fs::write(path(kit, row), bytes).unwrap();
        },
        |fault| matches!(fault, Fault::Size { .. }),
        Clean,
    );
    check(
        "one byte has changed: only a person may judge",
        |kit, row| {
            let mut bytes = fs::read(path(kit, row)).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(path(kit, row), bytes).unwrap();
        },
        |fault| matches!(fault, Fault::Hash { .. }),
        Remains,
    );
    check(
        "a fragment table is damaged",
        |kit, row| sql(kit, &format!("UPDATE segment SET fragments = x'0105' WHERE id = {}", row.id)),
        |fault| matches!(fault, Fault::Table { .. }),
        Clean,
    );
    check(
        "a file without a row that can be played",
        |kit, row| sql(kit, &format!("DELETE FROM segment WHERE id = {}", row.id)),
        |fault| matches!(fault, Fault::Orphan { .. }),
        Clean,
    );
    let kit = check(
        "a file without a row and without a picture",
        |kit, _| fs::write(kit.settings.media_dir.join("gate/main/0000.mp4"), b"").unwrap(),
        |fault| matches!(fault, Fault::Orphan { .. }),
        Clean,
    );
    assert!(!kit.settings.media_dir.join("gate/main/0000.mp4").exists());
    check(
        "somebody's own file",
        |kit, _| fs::write(kit.settings.media_dir.join("notes.txt"), b"mine").unwrap(),
        |fault| matches!(fault, Fault::Stranger { .. }),
        Remains,
    );
    check(
        "a hole without a cause",
        |kit, row| {
            let discard = Change::Discard { id: row.id, since: START };
            kit.footage().apply(vec![discard, Change::Forget { path: row.path.clone() }]).unwrap();
            fs::remove_file(path(kit, row)).unwrap();
        },
        |fault| matches!(fault, Fault::Unexplained { .. }),
        Clean,
    );
    check(
        "an end without a cause",
        |kit, _| sql(kit, "DELETE FROM gap"),
        |fault| matches!(fault, Fault::EndUnexplained { .. }),
        Clean,
    );
    check(
        "a deletion that was not finished",
        |kit, _| {
            fs::write(kit.settings.media_dir.join("gate/main/ffff.mp4"), b"x").unwrap();
            let discard = Change::DiscardFile {
                disk: DiskName::main(),
                path: "gate/main/ffff.mp4".into(),
                since: START,
            };
            kit.footage().apply(vec![discard]).unwrap();
        },
        |fault| matches!(fault, Fault::Undeleted { .. }),
        Clean,
    );
    for (column, value) in [("start_wall_ms", "-9000000000000000000"), ("n_frames", "5000000000")] {
        let kit = check(
            &format!("a row whose {column} is damaged"),
            |kit, row| sql(kit, &format!("UPDATE segment SET {column} = {value} WHERE id = {}", row.id)),
            |fault| matches!(fault, Fault::Row { .. }),
            Remains,
        );
        assert_eq!(rows(&kit).len(), recorded_rows() - 1, "the others are there");
        let found = kit.footage().readable_segments_in(&stream("gate"), span).unwrap();
        assert_eq!(found.len(), recorded_rows() - 1);
        let gaps = kit.footage().gaps_in(&stream("gate"), span).unwrap();
        assert_eq!(gaps, [], "nothing is said to be missing that may be there");
    }
    check(
        "another disk",
        |kit, _| sql(kit, "UPDATE disk SET uuid = 'other'"),
        |fault| matches!(fault, Fault::Identity { .. }),
        Remains,
    );
}

fn recorded_rows() -> usize {
    rows(&recorded()).len()
}

#[test]
fn an_adopted_file_takes_the_place_of_its_gap() {
    let kit = recorded();
    let row = rows(&kit).remove(2);
    let lost = row.closed.as_ref().unwrap().span;
    let gap = Change::AddGap {
        stream: stream("gate"),
        gap: sharpeyes_domain::segment::Gap { span: lost, cause: GapCause::Corrupt },
    };
    sql(&kit, &format!("DELETE FROM segment WHERE id = {}", row.id));
    kit.footage().apply(vec![gap]).unwrap();
    assert!(kit.audit(Mode::Repair).is_clean());
    let gaps = kit.footage().gaps_in(&stream("gate"), lost).unwrap();
    let n_missing_ms: i64 = gaps.iter().map(|gap| gap.to.unwrap().0 - gap.from.0).sum();
    assert!(n_missing_ms <= 40, "at most what the file cannot know of its last picture: {gaps:?}");
    let found = kit.footage().segments_in(&stream("gate"), lost).unwrap();
    assert!(found.iter().any(|found| found.path == row.path && found.run == row.run));
}

#[test]
fn a_row_that_is_dated_far_off_does_not_keep_the_audit_for_ever() {
    let kit = recorded();
    let row = rows(&kit).remove(2);
    let lost = row.closed.as_ref().unwrap().span;
    let (from, to) = (WallTime(-(1 << 52)), WallTime(10_000 - (1 << 52)));
    let id = row.id;
    sql(
        &kit,
        &format!("UPDATE segment SET start_wall_ms = {}, end_wall_ms = {} WHERE id = {id}", from.0, to.0),
    );
    let faults = kit.audit(Mode::ReadOnly).faults;
    for span in [lost, Span { from: to, to: START }] {
        let hole = Fault::Unexplained { stream: stream("gate"), span };
        assert!(faults.contains(&hole), "{hole}: {faults:?}");
    }
}

#[test]
fn a_crash_is_reported_and_repaired_without_a_start() {
    let kit = Kit::new();
    kit.record_and_crash(0..100);
    let report = kit.audit(Mode::ReadOnly);
    assert!(matches!(report.faults[0], Fault::LeftOpen { .. }), "{:?}", report.faults);
    let report = kit.audit(Mode::Repair);
    assert!(report.is_clean(), "{:?}", report.faults);
    assert_eq!(rows(&kit)[0].closed.as_ref().unwrap().n_frames, 75);
    kit.open().close();
    kit.assert_sound();
}

#[test]
fn a_running_gateway_is_looked_at_but_not_repaired() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
    for unit in units(0..30 * 25, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.wait_written(&sender, unit(29 * 25, 25).wall);
    let report = kit.audit(Mode::ReadOnly);
    assert!(report.is_running);
    assert!(report.is_clean(), "{:?}", report.faults);
    let audit = Audit {
        disks: vec![(kit.settings.disk.clone(), kit.settings.media_dir.clone())],
        footage: kit.footage(),
        hashing: Hashing::Skip,
        mode: Mode::Repair,
        now: START,
    };
    assert!(matches!(super::audit(&audit), Err(CheckError::Running)));
    recorder.close();
    kit.assert_sound();
}

#[test]
fn nothing_recorded_is_nothing_wrong() {
    let kit = Kit::new();
    assert_eq!(kit.audit(Mode::ReadOnly), Report::default());
}

#[test]
fn what_is_deleted_while_the_audit_looks_is_no_fault() {
    let kit = recorded();
    let row = rows(&kit).remove(2);
    let audit = Audit {
        disks: vec![(kit.settings.disk.clone(), kit.settings.media_dir.clone())],
        footage: kit.footage(),
        hashing: Hashing::Full,
        mode: Mode::ReadOnly,
        now: START,
    };
    let dir = &kit.settings.media_dir;
    let listed = |path: &str| look_at_file(&audit, &kit.settings.disk, dir, Path::new(path)).unwrap();
    // Listed, and gone before its row was looked for.
    assert_eq!(listed("gate/main/0000.mp4.torn"), None);
    assert_eq!(listed("gate/main/0000.mp4"), None);
    fs::write(dir.join("gate/main/0000.mp4.torn"), b"x").unwrap();
    assert!(matches!(listed("gate/main/0000.mp4.torn"), Some(Fault::Stranger { .. })));
    assert_eq!(sha256_of(&dir.join("gate/main/none.mp4"), 1).unwrap(), None);
    fs::remove_file(dir.join(&row.path)).unwrap();
    assert!(matches!(look_at_segment(&audit, &row).unwrap(), Some(Fault::Missing { .. })));
    kit.footage().apply(vec![Change::Discard { id: row.id, since: START }]).unwrap();
    assert_eq!(look_at_segment(&audit, &row).unwrap(), None);
}
