//! Tickets (工单): technical faults for technicians, one per camera and kind while it lasts.
//!
//! A fault must last, or come back, before it is worth a ticket, and be gone for a while before the ticket says so: a
//! camera that drops out every minute is one ticket, not sixty an hour. Pure: conditions and time in, changes out.
//! Fed by `gateway::tickets`; rows are `gateway::store`'s. Never in the operators' queue.

use std::{collections::BTreeMap, time::Duration};

use crate::{closed::closed_enum, ids::CameraId, level::Level, tamper::TamperKind, time::WallTime};

closed_enum! {
    /// What is broken.
    pub enum TicketKind ("ticket kind") {
        /// A stream of the camera does not arrive; the stage says where it fails.
        Stream => "stream",
        /// The lens is covered, or sees nothing.
        Covered => "covered",
        /// The picture is out of focus.
        Defocused => "defocused",
        /// The camera looks elsewhere.
        Moved => "moved",
        /// The same picture again and again.
        Frozen => "frozen",
        /// A recorder's own picture instead of the camera's.
        SignalLost => "signal_lost",
        /// The camera's pictures are not analysed.
        AnalysisBlind => "analysis_blind",
        /// A stream arrives and is not recorded, or has lost some of its recording.
        Recording => "recording",
        /// The disk of recordings.
        Disk => "disk",
        /// The wall clock jumped, and nobody has said that it is right.
        Clock => "clock",
        /// The built-in test camera raised no alarm: nothing may be trusted until it does.
        CanaryMissing => "canary_missing",
        /// Another system that is to be told of incidents cannot be.
        Outbound => "outbound",
        /// The disk is too small for what is promised, or holds have grown past their limit.
        Storage => "storage",
        /// A hold was to be looked at by now.
        HoldReview => "hold_review",
        /// Steps of the escalation chain reach nobody who sees the incident.
        Unmanned => "unmanned",
        /// Rules of the camera raise more alarms than the centre's budget allows, or mostly false ones.
        Noisy => "noisy",
        /// An open incident had no deadline ahead of it: nothing would ever have been told of it.
        Untimed => "untimed",
    }
}

impl From<TamperKind> for TicketKind {
    fn from(kind: TamperKind) -> Self {
        match kind {
            TamperKind::Covered => Self::Covered,
            TamperKind::Defocused => Self::Defocused,
            TamperKind::Moved => Self::Moved,
            TamperKind::Frozen => Self::Frozen,
            TamperKind::SignalLost => Self::SignalLost,
        }
    }
}

impl TicketKind {
    /// How long the fault must last. What was judged over time before it came here needs no more.
    const fn hold(self) -> Duration {
        match self {
            Self::Stream => Duration::from_secs(20),
            Self::AnalysisBlind => Duration::from_secs(30),
            Self::Disk => Duration::from_secs(5),
            Self::Covered
            | Self::Defocused
            | Self::Moved
            | Self::Frozen
            | Self::SignalLost
            | Self::Recording
            | Self::Clock
            | Self::CanaryMissing
            | Self::Outbound
            | Self::Storage
            | Self::HoldReview
            | Self::Unmanned
            | Self::Noisy
            | Self::Untimed => Duration::ZERO,
        }
    }
}

/// Gone for so long, a fault is over.
const CLEAR: Duration = Duration::from_secs(120);
/// So many beginnings, each before the last was over, are a fault however short each was.
const FLAPS: u32 = 3;

closed_enum! {
    /// Where a ticket stands.
    pub enum TicketState ("ticket state") {
        /// Nobody has taken it.
        Open => "open",
        /// A technician knows.
        Acknowledged => "acknowledged",
        /// The fault is gone by itself.
        Recovered => "recovered",
        /// A technician says that it is done.
        Closed => "closed",
    }
}

impl TicketState {
    /// It still wants someone.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged)
    }
}

/// What a fault is told apart by: at most one open ticket each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultKey {
    /// What is broken.
    pub kind: TicketKind,
    /// Which camera; `None`: the site.
    pub camera: Option<CameraId>,
}

/// A fault as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How urgent.
    pub level: Level,
    /// The stage that fails, where stages are.
    pub stage: Option<String>,
    /// Stable word for what exactly.
    pub code: String,
    /// What happened, in English, without secrets.
    pub detail: String,
    /// What to do, in English.
    pub remedy: String,
}

/// What is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketChange {
    /// A ticket is due; where one is open, it came again.
    Raise {
        /// Of what.
        key: FaultKey,
        /// As it is now.
        fault: Fault,
        /// When it first began.
        first: WallTime,
        /// How often it has begun since the last change.
        times: u32,
    },
    /// The fault is over.
    Recover {
        /// Of what.
        key: FaultKey,
        /// When it was last there.
        last: WallTime,
    },
}

/// Watches what is broken.
#[derive(Clone, Debug, Default)]
pub struct FaultWatch {
    faults: BTreeMap<FaultKey, Watched>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    first: WallTime,
    last: WallTime,
    /// When this bout began, in the watch's own time; `None` while it is not there.
    bout: Option<Duration>,
    /// When it was last there, in the same.
    seen: Duration,
    /// Bouts that no change has told of.
    times: u32,
    is_raised: bool,
}

impl Watched {
    const fn begin(now: WallTime, up: Duration) -> Self {
        Self { first: now, last: now, bout: None, seen: up, times: 0, is_raised: false }
    }
}

impl FaultWatch {
    /// Knows the tickets that were open when the service stopped: they recover like any other, when their fault is gone.
    #[must_use]
    pub fn resumed(open: impl IntoIterator<Item = FaultKey>, now: WallTime) -> Self {
        let watched = Watched::begin(now, Duration::ZERO);
        let watched = Watched { is_raised: true, ..watched };
        Self { faults: open.into_iter().map(|key| (key, watched)).collect() }
    }

    /// What is broken now, complete. Called every few seconds. `up` is how long the watch has lasted, by a clock that
    /// nobody sets; by it is told how long a fault has lasted or been gone. The wall time is only written down.
    pub fn step(
        &mut self,
        now: WallTime,
        up: Duration,
        present: &BTreeMap<FaultKey, Fault>,
    ) -> Vec<TicketChange> {
        let mut changes = Vec::new();
        for (key, fault) in present {
            let watched = self.faults.entry(key.clone()).or_insert_with(|| Watched::begin(now, up));
            (watched.last, watched.seen) = (now, up);
            if watched.bout.is_none() {
                watched.bout = Some(up);
                watched.times += 1;
            }
            let lasted = watched.bout.map_or(Duration::ZERO, |bout| up.saturating_sub(bout));
            let is_due = watched.is_raised || lasted >= key.kind.hold() || watched.times >= FLAPS;
            if watched.times > 0 && is_due {
                let (first, times) = (watched.first, std::mem::take(&mut watched.times));
                watched.is_raised = true;
                changes.push(TicketChange::Raise { key: key.clone(), fault: fault.clone(), first, times });
            }
        }
        self.faults.retain(|key, watched| {
            if present.contains_key(key) {
                return true;
            }
            watched.bout = None;
            if up.saturating_sub(watched.seen) < CLEAR {
                return true;
            }
            if watched.is_raised {
                changes.push(TicketChange::Recover { key: key.clone(), last: watched.last });
            }
            false
        });
        changes
    }

    /// Nobody can tell now whether faults of this kind last: for as long as this is said before each step, none of them
    /// is over.
    pub fn suspend(&mut self, kind: TicketKind, up: Duration) {
        for (_, watched) in self.faults.iter_mut().filter(|(key, _)| key.kind == kind) {
            watched.seen = up;
        }
    }

    /// Nobody can tell any more whether the fault lasts: its ticket stays for a person.
    pub fn forget(&mut self, key: &FaultKey) {
        self.faults.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: TicketKind) -> FaultKey {
        FaultKey { kind, camera: Some(CameraId::new("gate").unwrap()) }
    }

    fn fault() -> Fault {
        Fault {
            level: Level::Yellow,
            stage: Some("connect".into()),
            code: "refused".into(),
            detail: "refused the connection".into(),
            remedy: "look at its power".into(),
        }
    }

    /// One letter a change, every five seconds for as long as `is_broken` has answers; `R` raised (and how often), `.`
    /// nothing, `c` over.
    fn run(kind: TicketKind, seconds: i64, is_broken: impl Fn(i64) -> bool) -> String {
        run_by(|second| WallTime(second * 1000), kind, seconds, is_broken)
    }

    fn run_by(
        wall: impl Fn(i64) -> WallTime,
        kind: TicketKind,
        seconds: i64,
        is_broken: impl Fn(i64) -> bool,
    ) -> String {
        let mut watch = FaultWatch::default();
        let mut letters = String::new();
        for second in (0..seconds).step_by(5) {
            let present = if is_broken(second) { vec![(key(kind), fault())] } else { Vec::new() };
            let up = Duration::from_secs(second.unsigned_abs());
            for change in watch.step(wall(second), up, &present.into_iter().collect()) {
                match change {
                    TicketChange::Raise { times, .. } => letters.push_str(&format!("R{times}@{second} ")),
                    TicketChange::Recover { last, .. } => {
                        letters.push_str(&format!("c{}@{second} ", last.0 / 1000))
                    }
                }
            }
        }
        letters
    }

    #[test]
    fn a_fault_that_lasts_is_one_ticket_that_ends_by_itself() {
        assert_eq!(run(TicketKind::Stream, 600, |s| (60..300).contains(&s)), "R1@80 c295@415 ");
    }

    #[test]
    fn what_nobody_can_tell_of_is_not_over() {
        let kinds = [TicketKind::Noisy, TicketKind::Stream];
        let mut watch = FaultWatch::resumed(kinds.map(key), WallTime(0));
        let mut over = Vec::new();
        for second in (0..900).step_by(5) {
            let up = Duration::from_secs(second);
            if second < 600 {
                watch.suspend(TicketKind::Noisy, up);
            }
            for change in watch.step(WallTime(0), up, &BTreeMap::new()) {
                let TicketChange::Recover { key, .. } = change else { panic!("{change:?}") };
                over.push((key.kind, second));
            }
        }
        let [(TicketKind::Stream, first), (TicketKind::Noisy, second)] = over[..] else { panic!("{over:?}") };
        assert!(first < 600 && second > 600, "{over:?}");
    }

    #[test]
    fn a_wall_clock_that_is_set_changes_no_hold_and_no_clearance() {
        for step_s in [-8 * 3_600, 8 * 3_600] {
            let stepped = |second| WallTime((second + if second < 65 { 0 } else { step_s }) * 1000);
            let changes = run_by(stepped, TicketKind::Stream, 600, |s| (60..300).contains(&s));
            assert_eq!(changes, format!("R1@80 c{}@415 ", 295 + step_s));
        }
    }

    #[test]
    fn a_moment_is_no_ticket() {
        assert_eq!(run(TicketKind::Stream, 600, |s| s == 60 || s == 65), "");
        assert_eq!(run(TicketKind::Covered, 600, |s| s == 60), "R1@60 c60@180 ");
    }

    #[test]
    fn a_camera_that_drops_out_every_half_minute_is_one_ticket_with_a_count() {
        let flaps = run(TicketKind::Stream, 400, |s| s < 300 && s % 30 < 10);
        assert_eq!(flaps, "R3@60 R1@90 R1@120 R1@150 R1@180 R1@210 R1@240 R1@270 c275@395 ");
    }

    #[test]
    fn a_ticket_of_before_the_restart_recovers_or_goes_on() {
        let mut watch = FaultWatch::resumed([key(TicketKind::Stream), key(TicketKind::Disk)], WallTime(0));
        let present = BTreeMap::from([(key(TicketKind::Stream), fault())]);
        assert!(matches!(
            watch.step(WallTime(5_000), Duration::from_secs(5), &present)[..],
            [TicketChange::Raise { times: 1, .. }]
        ));
        let changes = watch.step(WallTime(130_000), Duration::from_secs(130), &present);
        assert_eq!(changes, [TicketChange::Recover { key: key(TicketKind::Disk), last: WallTime(0) }]);
    }
}
