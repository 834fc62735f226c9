//! Alarm edges on their way into the database.
//!
//! The analysis puts them down here, in the order in which they happened and without waiting: a disk that hangs stops no
//! camera. One thread brings them to the database and tries again what it refuses, so that an alarm neither gets lost nor
//! runs for ever because its begin or its end came at the wrong moment. What an edge means is the desk's.

use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::{
    alarm::{AlarmEdge, Moment},
    ids::{CameraId, RuleId},
};

use crate::{
    clock::Clock,
    store::{db::DbError, shadow::ShadowSource},
};

/// What was refused is tried again after so long.
const RETRY: Duration = Duration::from_millis(500);
/// Begins wait only so many in one line …
const MOST_BEGINS: usize = 256;
/// … and edges altogether so many: with every begin an update and the end, and more.
const MOST_EDGES: usize = 1_024;
/// Pictures that wait, of all lines.
const MOST_STILL_BYTES: usize = 64 << 20;

/// Whose edges, and for which table: in one line the order is kept, and one that is refused holds up its own line only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub(super) camera: CameraId,
    pub(super) table: Table,
}

/// Where edges go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Table {
    /// To the desk.
    Alarms,
    /// They raise nothing.
    Shadow(ShadowSource),
}

/// One edge that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) edge: AlarmEdge,
    /// Of a begin.
    pub(super) still: Option<Vec<u8>>,
    since: Instant,
}

/// All lines. Overflow: an update replaces the one before it that still waits; then pictures are left out; then the newest
/// alarms, and the log says so. Clones share it.
#[derive(Clone)]
pub(super) struct AlarmQueue(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    changed: Condvar,
    clock: Clock,
}

#[derive(Default)]
struct State {
    /// Invariant: none is empty.
    lines: HashMap<Line, Edges>,
    still_bytes: usize,
    is_closed: bool,
}

struct Edges {
    /// The first one is on its way or was refused.
    waiting: VecDeque<Waiting>,
    /// The first one is not tried before.
    due: Instant,
    /// It was refused.
    is_refused: bool,
    /// Alarms whose begins found no place: of them nothing more is wanted.
    lost: Vec<(RuleId, Moment)>,
}

impl AlarmQueue {
    pub(super) fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), changed: Condvar::new(), clock }))
    }

    /// One edge more; never waits.
    pub(super) fn put(&self, line: Line, edge: AlarmEdge, still: Option<Vec<u8>>) {
        let now = self.0.clock.instant();
        let mut state = self.lock();
        let State { lines, still_bytes, .. } = &mut *state;
        let still = still.filter(|still| *still_bytes + still.len() <= MOST_STILL_BYTES);
        let one = Waiting { edge, still, since: now };
        let Some(edges) = lines.get_mut(&line) else {
            *still_bytes += one.bytes();
            let waiting = VecDeque::from([one]);
            lines.insert(line, Edges { waiting, due: now, is_refused: false, lost: Vec::new() });
            drop(state);
            self.0.changed.notify_one();
            return;
        };
        if let Some(older) = edges.waiting.iter_mut().skip(1).find(|older| one.is_update_after(older)) {
            older.edge = one.edge;
            return;
        }
        let is_begin = matches!(one.edge, AlarmEdge::Begin(_));
        if let Some(n) = edges.lost.iter().position(|(rule, began)| one.is_of(rule, *began)) {
            if matches!(one.edge, AlarmEdge::End(_)) {
                edges.lost.swap_remove(n);
            }
            return;
        }
        let most = if is_begin { MOST_BEGINS } else { MOST_EDGES };
        if edges.waiting.len() >= most {
            tracing::error!(camera.id = %line.camera, rule = %one.edge.rule(), "an alarm is lost: too many wait for the database");
            if is_begin {
                edges.lost.push((one.edge.rule().clone(), one.edge.began()));
            }
            return;
        }
        *still_bytes += one.bytes();
        edges.waiting.push_back(one);
    }

    /// How long the oldest edge of a line has been waiting.
    pub(super) fn waits(&self, line: &Line) -> Option<Duration> {
        let state = self.lock();
        let oldest = state.lines.get(line)?.waiting.front()?;
        Some(self.0.clock.instant().duration_since(oldest.since))
    }

    /// The one thread that brings edges to the database, until closed and empty. What `store` fails at is tried again.
    pub(super) fn work(&self, store: impl Fn(&Line, Waiting) -> Result<(), DbError>) {
        while let Some((line, first)) = self.next() {
            let stored = catch_unwind(AssertUnwindSafe(|| store(&line, first))).unwrap_or_else(|_| {
                tracing::error!(camera.id = %line.camera, "storing an alarm panicked: it is lost");
                Ok(())
            });
            self.settle(&line, stored);
        }
    }

    /// What waits is tried once more, and then the thread ends.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.0.changed.notify_all();
    }

    /// The first of the line that has been due for longest; waits for one.
    fn next(&self) -> Option<(Line, Waiting)> {
        let mut state = self.lock();
        loop {
            let now = self.0.clock.instant();
            let next = state.lines.iter().min_by_key(|(_, edges)| edges.due);
            let due = next.map(|(_, edges)| edges.due);
            match next {
                Some((line, edges)) if state.is_closed || edges.due <= now => {
                    return Some((line.clone(), edges.waiting.front()?.clone()));
                }
                None if state.is_closed => return None,
                Some(_) | None => {}
            }
            let wait = due.map_or(RETRY, |due| due.saturating_duration_since(now));
            state = self.0.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn settle(&self, line: &Line, stored: Result<(), DbError>) {
        let now = self.0.clock.instant();
        let mut state = self.lock();
        let State { lines, still_bytes, is_closed } = &mut *state;
        let Some(edges) = lines.get_mut(line) else { return };
        match stored {
            Ok(()) => {
                *still_bytes -= edges.waiting.pop_front().map_or(0, |first| first.bytes());
                edges.due = now;
                edges.is_refused = false;
            }
            Err(error) if *is_closed => {
                tracing::error!(camera.id = %line.camera, edges = edges.waiting.len(), %error, "the service stops, and these alarms are not stored");
                *still_bytes -= edges.waiting.drain(..).map(|one| one.bytes()).sum::<usize>();
            }
            Err(error) => {
                if !std::mem::replace(&mut edges.is_refused, true) {
                    tracing::error!(camera.id = %line.camera, %error, "an alarm is not stored: it is tried again until it is");
                }
                edges.due = now + RETRY;
            }
        }
        if edges.waiting.is_empty() {
            lines.remove(line);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.still.as_ref().map_or(0, Vec::len)
    }

    fn is_of(&self, rule: &RuleId, began: Moment) -> bool {
        self.edge.rule() == rule && self.edge.began() == began
    }

    fn is_update_after(&self, older: &Self) -> bool {
        let (new, old) = (&self.edge, &older.edge);
        let are_updates = matches!((new, old), (AlarmEdge::Update(_), AlarmEdge::Update(_)));
        are_updates && self.is_of(old.rule(), old.began())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::desk::tests::{begin_edge, end_edge, update_edge};

    fn line(camera: &str) -> Line {
        Line { camera: CameraId::new(camera).unwrap(), table: Table::Alarms }
    }

    fn told(line: &Line, waiting: &Waiting) -> String {
        let kind = match &waiting.edge {
            AlarmEdge::Begin(_) => "begin".to_owned(),
            AlarmEdge::Update(update) => format!("update {}", update.evidence.count),
            AlarmEdge::End(_) => "end".to_owned(),
        };
        let still = waiting.still.as_ref().map_or_else(String::new, |still| format!(" with {}", still.len()));
        format!("{} {kind} {}{still}", line.camera, waiting.edge.began().wall.0)
    }

    fn of<'a>(told: &'a [String], camera: &str) -> Vec<&'a str> {
        told.iter().filter_map(|told| told.strip_prefix(camera)).map(str::trim).collect()
    }

    #[test]
    fn every_camera_s_edges_are_stored_once_and_in_order_whatever_was_refused() {
        let queue = AlarmQueue::new(Clock::system());
        let stored = Mutex::new(Vec::new());
        let refusals = Mutex::new(HashMap::new());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                queue.work(|line, waiting| {
                    let told = told(line, &waiting);
                    let mut refusals = refusals.lock().unwrap();
                    let times = refusals.entry(told.clone()).or_insert(0);
                    *times += 1;
                    // Of one camera, everything is refused once.
                    if told.starts_with('a') && *times == 1 {
                        return Err(DbError::Closed);
                    }
                    stored.lock().unwrap().push(told);
                    Ok(())
                });
            });
            for camera in ["a", "b"] {
                queue.put(line(camera), begin_edge("r", 1, 2, 1), Some(vec![0; 7]));
                queue.put(line(camera), end_edge("r", 1, 3), None);
                queue.put(line(camera), begin_edge("r", 5, 6, 1), None);
                queue.put(line(camera), end_edge("r", 5, 7), None);
            }
            while queue.waits(&line("a")).is_some() || queue.waits(&line("b")).is_some() {
                std::thread::sleep(Duration::from_millis(20));
            }
            queue.close();
        });
        let stored = stored.into_inner().unwrap();
        for camera in ["a", "b"] {
            assert_eq!(of(&stored, camera), ["begin 1 with 7", "end 1", "begin 5", "end 5"], "{camera}");
        }
    }

    #[test]
    fn nobody_waits_for_a_database_that_hangs_and_updates_wait_one_at_a_time() {
        let queue = AlarmQueue::new(Clock::system());
        let stored = Mutex::new(Vec::new());
        let (asked_tx, asked) = mpsc::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (asked, wait) = (asked_tx, wait);
                queue.work(|line, waiting| {
                    asked.send(()).unwrap();
                    let _ = wait.recv();
                    stored.lock().unwrap().push(told(line, &waiting));
                    Ok(())
                });
            });
            queue.put(line("a"), begin_edge("r", 1, 2, 1), None);
            asked.recv().unwrap();
            // It hangs.
            for n in 2..100 {
                queue.put(line("a"), update_edge("r", 1, 2, n), None);
                queue.put(line("a"), update_edge("other", 1, 2, n), None);
            }
            queue.put(line("a"), end_edge("r", 1, 3), None);
            assert!(queue.waits(&line("a")).is_some());
            queue.close();
            drop(go_on);
        });
        assert_eq!(stored.into_inner().unwrap(), ["a begin 1", "a update 99 1", "a update 99 1", "a end 1"]);
        assert_eq!(queue.waits(&line("a")), None, "what waited was stored at the end");
    }

    #[test]
    fn who_floods_it_loses_pictures_first_then_new_alarms_and_no_end_of_one_that_runs() {
        let queue = AlarmQueue::new(Clock::system());
        for n in 0..300 {
            queue.put(line("a"), begin_edge("r", n, n, 1), Some(vec![0; 1 << 20]));
        }
        queue.put(line("a"), end_edge("running", 0, 3), None);
        queue.put(line("a"), end_edge("r", 299, 300), None);
        let state = queue.lock();
        let waiting = &state.lines[&line("a")].waiting;
        assert_eq!(waiting.len(), MOST_BEGINS + 1);
        assert_eq!(waiting.iter().filter(|one| one.still.is_some()).count(), 64);
        assert_eq!(state.still_bytes, MOST_STILL_BYTES);
    }

    #[test]
    fn at_the_end_what_is_still_refused_is_given_up() {
        let queue = AlarmQueue::new(Clock::system());
        queue.put(line("a"), begin_edge("r", 1, 2, 1), Some(vec![0; 7]));
        queue.put(line("a"), end_edge("r", 1, 3), None);
        queue.close();
        queue.work(|_, _| Err(DbError::Closed));
        assert_eq!((queue.waits(&line("a")), queue.lock().still_bytes), (None, 0));
    }
}
