//! kill -9, for real: this test starts itself as a recording process and kills it, twenty times over one disk.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rand::RngExt as _;
use sharpeyes_domain::{
    segment::{GapCause, Span},
    time::WallTime,
};

use super::kit::{Kit, START, run_of, stream, unit};
use crate::{
    clock::Clock,
    record::{RecordSettings, Recorder, RecorderMessage, RunInfo},
    store::footage::Footage,
};

/// In the victim's working directory: the second of its first picture. Without it the victim does nothing.
const ORDER: &str = "record-from-second";
const CAMERAS: [&str; 4] = ["bridge", "gate", "reservoir", "square"];
const KILLS: i64 = 20;

/// The process that is killed. It says what is in the files, as acknowledged as a recording can be.
#[test]
fn victim() {
    let Ok(order) = fs::read_to_string(ORDER) else {
        println!("skipped: only the crash test starts this one");
        return;
    };
    let first = order.trim().parse::<i64>().unwrap() * 25;
    let clock = Clock::simulated(unit(first, 25).wall);
    let settings = RecordSettings {
        segment: Duration::from_secs(4),
        ..RecordSettings::new(Path::new("media").to_owned())
    };
    let recorder = Recorder::open(settings, Footage::open(Path::new("footage.db")).unwrap(), clock).unwrap();
    let senders = CAMERAS.map(|camera| recorder.sender(&stream(camera)).unwrap());
    for (camera, sender) in CAMERAS.iter().zip(&senders) {
        let begin = RunInfo { wall_start: START, ..(*run_of(camera, 1, super::kit::params(320))).clone() };
        sender.try_send(RecorderMessage::RunBegin(begin.into())).unwrap();
    }
    for number in first..first + 60 * 25 {
        for (index, sender) in senders.iter().enumerate() {
            sender.try_send(RecorderMessage::Unit(unit(number, 25))).unwrap();
            super::kit::poll(|| sender.status().queued_bytes < 9_000);
            let written = sender.status().written_until.map_or(0, |wall| wall.0);
            println!("at {index} {} {written}", unit(number, 25).wall.0);
        }
    }
}

#[test]
fn twenty_kills_lose_less_than_two_seconds_each_and_every_piece_has_its_cause() {
    let kit = Kit::new();
    let mut second = 0;
    let mut n_recovered = 0;
    for _ in 0..KILLS {
        fs::write(kit.dir.path().join(ORDER), second.to_string()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "record::tests::crash::victim", "--nocapture"])
            .current_dir(kit.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let n_lines = rand::rng().random_range(220..2_000);
        let mut sent = [0; CAMERAS.len()];
        let mut written = [0; CAMERAS.len()];
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref().map_while(Result::ok).take(n_lines) {
            // The harness writes its own words before the first line of ours.
            let Some(at) = line.find("at ") else { continue };
            let words: Vec<i64> = line[at + 3..].split(' ').filter_map(|word| word.parse().ok()).collect();
            if let [index, pts, until] = words[..] {
                let index = usize::try_from(index).unwrap();
                (sent[index], written[index]) = (pts, until);
            }
        }
        child.kill().unwrap();
        // What it said between the last line that was read and its death counts too.
        drop(lines);
        child.wait().unwrap();

        kit.clock.advance(Duration::from_secs(100));
        let recorder = kit.open();
        n_recovered += recorder.recovery().segments.len();
        for (index, camera) in CAMERAS.iter().enumerate() {
            let end = recorder.footage().footage_span(&stream(camera)).unwrap().map_or(0, |span| span.to.0);
            assert!(
                end >= written[index],
                "{camera}: what was in the file is kept: {end} < {}",
                written[index]
            );
            let lost = sent[index] - end.max(unit(second * 25, 25).wall.0);
            assert!(lost <= 2_000, "{camera}: {lost} ms are lost");
        }
        recorder.close();
        kit.assert_sound();
        second += 100;
    }
    assert!(n_recovered > 0);
    let footage = kit.footage();
    for camera in CAMERAS {
        let span = footage.footage_span(&stream(camera)).unwrap().unwrap();
        assert!(super::super::holes(&footage, &stream(camera), span).unwrap().is_empty());
        let gaps =
            footage.gaps_in(&stream(camera), Span { from: span.from, to: WallTime(i64::MAX / 4) }).unwrap();
        let n_restarts = gaps.iter().filter(|gap| gap.cause == GapCause::Restart).count();
        assert!(n_restarts >= usize::try_from(KILLS - 1).unwrap(), "{camera}: {gaps:?}");
    }
}
