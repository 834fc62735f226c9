//! Whether what arrives is recorded: by what the recorder has counted from one look to the next.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sharpeyes_domain::{ids::StreamId, level::Level, ticket::Fault};

use crate::record::RecordStatus;

/// Nothing written for so long while pictures arrive. A fragment has at most a second.
const STANDSTILL: Duration = Duration::from_secs(15);

/// Of all streams that are to be recorded.
#[derive(Default)]
pub(super) struct RecordWatch(HashMap<StreamId, Seen>);

/// What one stream's recorder said at the last look.
struct Seen {
    n_frames: u64,
    n_overflows: u64,
    n_failures: u64,
    /// When something had been written, or nothing was to be.
    moved: Instant,
}

/// Whether pictures arrive that are to be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Arrives,
    /// No pictures, or no disk: other tickets tell of that.
    Excused,
}

impl RecordWatch {
    /// What is wrong with the recording of `stream`.
    pub(super) fn look(
        &mut self,
        stream: &StreamId,
        delivery: Delivery,
        status: &RecordStatus,
        now: Instant,
    ) -> Option<Fault> {
        let new = Seen { n_frames: status.n_frames, n_overflows: 0, n_failures: 0, moved: now };
        let seen = self.0.entry(stream.clone()).or_insert(new);
        if delivery == Delivery::Excused || status.n_frames != seen.n_frames {
            seen.moved = now;
        }
        let n_overflows = status.n_overflows - seen.n_overflows;
        let n_failures = status.n_failures - seen.n_failures;
        let (n_frames, moved) = (status.n_frames, seen.moved);
        *seen = Seen { n_frames, n_overflows: status.n_overflows, n_failures: status.n_failures, moved };
        if delivery == Delivery::Excused {
            return None;
        }
        let still = now.saturating_duration_since(moved);
        let kind = stream.kind.as_str();
        let last = status.last_failure.as_deref().unwrap_or("the recorder has reported no failure");
        let (code, detail) = if still >= STANDSTILL {
            let seconds = still.as_secs();
            ("not_recorded", format!("{kind}: pictures arrive, and none was written for {seconds} s: {last}"))
        } else if n_failures > 0 {
            ("recording_failed", format!("{kind}: recording failed and has a gap: {last}"))
        } else if n_overflows > 0 {
            ("backlog", format!("{kind}: the disk did not keep up, and the recording has a gap"))
        } else {
            return None;
        };
        Some(Fault {
            level: Level::Yellow,
            stage: None,
            code: code.to_owned(),
            detail,
            remedy:
                "look at the disk on the storage page and at the log; a disk that is too slow needs less to write, or [storage] backlog_bytes more memory"
                    .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Overflow, RecorderMessage,
        tests::kit::{Kit, poll, run, stream, unit, units},
    };

    #[test]
    fn pictures_that_arrive_and_are_not_written_are_told_of() {
        let kit = Kit::new();
        let recorder = kit.open();
        let sender = recorder.sender(&stream("gate")).unwrap();
        let mut watch = RecordWatch::default();
        let mut look = |delivery| {
            kit.clock.advance(Duration::from_secs(5));
            let status = sender.status();
            let found = watch.look(&stream("gate"), delivery, &status, kit.clock.instant());
            found.map(|fault| fault.code)
        };
        let code = |code: &str| Some(code.to_owned());
        assert_eq!([(); 5].map(|()| look(Delivery::Excused)), [const { None }; 5]);
        kit.send(&sender, RecorderMessage::RunBegin(run("gate", 1)));
        kit.send(&sender, RecorderMessage::Unit(unit(0, 25)));
        for second in 0..6 {
            // The next keyframe, with which the second is written, is its last.
            for unit in units(second * 25 + 1..second * 25 + 26, 25) {
                kit.send(&sender, RecorderMessage::Unit(unit));
            }
            kit.wait_written(&sender, unit(second * 25 + 25, 25).wall);
            assert_eq!(look(Delivery::Arrives), None, "it is recorded");
        }
        // By the same wall time for ever: what counts is what is written.
        kit.clock.set_wall(unit(0, 25).wall);
        let still = [(); 4].map(|()| look(Delivery::Arrives));
        assert_eq!(still, [None, None, code("not_recorded"), code("not_recorded")]);
        assert_eq!([(); 2].map(|()| look(Delivery::Excused)), [None, None]);
        // The queue is full once.
        let mut big = unit(175, 25);
        big.nals = vec![0; kit.settings.backlog_bytes + 1].into();
        assert_eq!(sender.try_send(RecorderMessage::Unit(big)), Err(Overflow));
        assert_eq!([(); 2].map(|()| look(Delivery::Arrives)), [code("backlog"), None]);
        assert_eq!(look(Delivery::Excused), None, "nothing has stood still for long");
        // The disk is not there any more: the file of the next run cannot be made.
        kit.send(&sender, RecorderMessage::RunBegin(run("gate", 2)));
        std::fs::rename(&kit.settings.media_dir, kit.dir.path().join("elsewhere")).unwrap();
        for unit in units(200..226, 25) {
            kit.send(&sender, RecorderMessage::Unit(unit));
        }
        poll(|| sender.status().n_failures > 0);
        assert_eq!(look(Delivery::Arrives), code("recording_failed"));
    }
}
