//! Clocks that were ahead: what is recorded once they are right is nowhere said to be missing.

use std::time::Duration;

use sharpeyes_domain::{
    media::AccessUnit,
    segment::{GapCause, Span},
    time::WallTime,
    timeline::Zoom,
};

use super::{
    all,
    kit::{Kit, START, run, stream, unit, units},
};
use crate::{
    check::{Fault, Mode},
    record::{RecordSender, Recorder, RecorderMessage, RunEnd},
    store::footage::GapRow,
};

const HOUR: Duration = Duration::from_hours(1);

fn second(s: u64) -> WallTime {
    START.plus(Duration::from_secs(s))
}

/// Ten seconds by the right clock, ten an hour ahead, a minute by the right clock again: 80 s in all, none of them missing.
fn record_through_the_steps(kit: &Kit) -> (Recorder, RecordSender) {
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    let mut generation = 0;
    for (numbers, ahead) in [(0..250, Duration::ZERO), (250..500, HOUR), (500..2_001, Duration::ZERO)] {
        kit.clock.set_wall(unit(numbers.start, 25).wall.plus(ahead));
        if generation > 0 {
            let end = RunEnd { cause: GapCause::ClockStep, at: kit.clock.wall() };
            kit.send(&sender, RecorderMessage::RunEnd(end));
        }
        generation += 1;
        kit.send(&sender, RecorderMessage::RunBegin(run("gate", generation)));
        for unit in units(numbers, 25) {
            let wall = unit.wall.plus(ahead);
            kit.send(&sender, RecorderMessage::Unit(AccessUnit { wall, ..unit }));
        }
    }
    kit.clock.set_wall(second(80));
    super::kit::poll(|| sender.status().written_until == Some(second(80)));
    (recorder, sender)
}

fn recorded_until(recorder: &Recorder, to: WallTime) -> Vec<Span> {
    let zoom = Zoom { window: Span { from: START, to }, bin: Duration::from_millis(100) };
    let rows = recorder.clips().coverage(&[stream("gate")], zoom).unwrap();
    rows[0].coverage.recorded.clone()
}

#[test]
fn what_follows_a_step_back_is_recorded_and_not_missing() {
    let kit = Kit::new();
    let (recorder, _sender) = record_through_the_steps(&kit);
    let span = |from, to| Span { from: second(from), to: second(to) };
    // Of the file that is being written the row comes when it is complete.
    assert_eq!(recorded_until(&recorder, second(60)), [span(0, 10), span(20, 60)]);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_kill_after_a_step_back_begins_its_gap_in_the_present() {
    let kit = Kit::new();
    let (recorder, _sender) = record_through_the_steps(&kit);
    kit.crash(recorder);
    kit.clock.set_wall(second(90));
    let recorder = kit.open();
    let ahead = |s| second(s).plus(HOUR);
    let gap = |from, to, cause| GapRow { from, to, cause };
    assert_eq!(
        recorder.footage().gaps_in(&stream("gate"), all()).unwrap(),
        [
            gap(second(10), Some(second(20)), GapCause::ClockStep),
            // Up to the footage that is dated into the future.
            gap(second(80), Some(ahead(10)), GapCause::ClockStep),
            gap(second(80), None, GapCause::Restart),
        ]
    );
    let span = |from, to| Span { from: second(from), to: second(to) };
    assert_eq!(recorded_until(&recorder, second(90)), [span(0, 10), span(20, 80)]);
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(run("gate", 4)));
    for unit in units(2_375..2_500, 25) {
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    kit.clock.set_wall(second(100));
    recorder.close();
    let recorder = kit.open();
    assert_eq!(recorded_until(&recorder, second(100)), [span(0, 10), span(20, 80), span(95, 100)]);
    recorder.close();
    kit.assert_sound();
}

#[test]
fn a_gap_row_over_footage_is_found_and_cut() {
    let kit = Kit::new();
    let (recorder, _sender) = record_through_the_steps(&kit);
    recorder.close();
    let connection = rusqlite::Connection::open(kit.dir.path().join("footage.db")).unwrap();
    let sql = "UPDATE gap SET end_wall_ms = ?1 WHERE start_wall_ms = ?2";
    connection.execute(sql, (second(50).0, second(10).0)).unwrap();
    let report = kit.audit(Mode::ReadOnly);
    let span = Span { from: second(10), to: second(50) };
    assert_eq!(report.faults, [Fault::Overlap { stream: stream("gate"), span }]);
    assert!(kit.audit(Mode::Repair).is_clean());
    let gaps = kit.footage().gaps_in(&stream("gate"), span).unwrap();
    assert_eq!(gaps, [GapRow { from: second(10), to: Some(second(20)), cause: GapCause::ClockStep }]);
}
