use sharpeyes_domain::time::WallTime;

use super::*;

const PATIENCE: Duration = Duration::from_secs(1);
const WEIGHT: Weight = Weight::of(Level::Yellow);

const fn busy(level: Level) -> Urgency {
    Urgency::Busy(Weight::of(level))
}

fn camera(name: &str) -> Seat {
    CameraId::new(name).unwrap().into()
}

fn shadow(name: &str) -> Seat {
    Seat { role: Role::Shadow, ..camera(name) }
}

fn model() -> ModelId {
    ModelId::new("model").unwrap()
}

struct Room<T> {
    clock: Clock,
    scheduler: Scheduler<T>,
}

impl<T> Room<T> {
    fn new() -> Self {
        let clock = Clock::simulated(WallTime(0));
        Self { scheduler: Scheduler::new(clock.clone(), PATIENCE), clock }
    }

    fn with(self, names: &[&str]) -> Self {
        for name in names {
            self.scheduler.register(camera(name), model(), WEIGHT);
        }
        self
    }

    fn take(&self) -> Option<Turn<T>> {
        self.scheduler.lock().next(self.clock.instant(), PATIENCE)
    }

    fn standing(&self, name: &str) -> Standing {
        *self.scheduler.lock().slots[&camera(name)].standing.lock().unwrap()
    }
}

#[test]
fn the_newest_frame_wins_and_a_busy_camera_does_not_starve_a_quiet_one() {
    let room = Room::new().with(&["busy", "quiet"]);
    let offer = |name, work| room.scheduler.offer(&camera(name), work);
    offer("busy", "b1");
    offer("busy", "b2");
    let busy = room.take().unwrap();
    assert_eq!(busy.work, "b2");
    offer("busy", "b3");
    offer("quiet", "q1");
    let quiet = room.take().unwrap();
    assert_eq!(quiet.work, "q1", "one frame of a camera at a time");
    room.scheduler.done(&quiet.ticket, Outcome::Seen);
    room.scheduler.done(&busy.ticket, Outcome::Seen);
    offer("quiet", "q2");
    assert_eq!(room.take().unwrap().work, "b3", "whoever waited longest for a turn");
    let expected = Counters { taken: 2, seen: 1, superseded: 1, ..Counters::default() };
    assert_eq!(room.standing("busy").counters, expected);
}

#[test]
fn a_frame_that_waited_too_long_is_dropped_before_work_is_spent_on_it() {
    let room = Room::new().with(&["a", "b"]);
    room.scheduler.offer(&camera("a"), 1);
    room.clock.advance(Duration::from_millis(1001));
    room.scheduler.offer(&camera("b"), 2);
    assert_eq!(room.take().unwrap().work, 2);
    assert_eq!(room.standing("a").counters.expired, 1);
}

#[test]
fn closing_wakes_the_waiting_thread() {
    let scheduler = Scheduler::<u8>::new(Clock::system(), PATIENCE);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| scheduler.take().is_none());
        scheduler.close();
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn what_stirs_before_a_red_camera_is_looked_at_before_yellow_alarms_that_run() {
    let room = Room::new().with(&["yellow", "stirred"]);
    room.scheduler.register(camera("red"), model(), Weight::RED);
    room.scheduler.rank(&camera("yellow"), busy(Level::Yellow));
    let order = || {
        for name in ["red", "stirred", "yellow"] {
            room.scheduler.offer(&camera(name), name);
        }
        [(); 3].map(|()| {
            let turn = room.take().unwrap();
            room.scheduler.done(&turn.ticket, Outcome::Seen);
            turn.work
        })
    };
    assert_eq!(order(), ["yellow", "red", "stirred"], "nothing stirs there");
    room.scheduler.stirred(&camera("red"));
    room.scheduler.stirred(&camera("stirred"));
    assert_eq!(order(), ["red", "yellow", "stirred"], "of one level they take turns");
    assert_eq!(order(), ["red", "yellow", "stirred"]);
    room.scheduler.rank(&camera("red"), Urgency::Idle(Weight::RED));
    assert_eq!(order(), ["yellow", "stirred", "red"], "somebody has looked");
}

/// `n` cameras that always have a frame, one turn every 50 ms: who was served, in order.
fn served(room: &Room<usize>, names: &[String], turns: usize) -> Vec<usize> {
    let mut served = Vec::new();
    for _ in 0..turns {
        for (n, name) in names.iter().enumerate() {
            room.scheduler.offer(&camera(name), n);
        }
        let turn = room.take().unwrap();
        served.push(turn.work);
        room.clock.advance(Duration::from_millis(50));
        room.scheduler.done(&turn.ticket, Outcome::Seen);
    }
    served
}

#[test]
fn under_overload_the_red_camera_comes_first_and_nobody_starves() {
    let names: Vec<String> = (0..200).map(|n| format!("c{n:03}")).collect();
    let room = Room::new().with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    room.scheduler.rank(&camera("c007"), busy(Level::Red));
    room.scheduler.rank(&camera("c011"), busy(Level::Yellow));
    room.scheduler.rank(&camera("c013"), busy(Level::Blue));
    // A minute: 1200 turns for 200 cameras that want 4000.
    let served = served(&room, &names, 1200);
    let share = |n: usize| served.iter().filter(|served| **served == n).count();
    assert_eq!(served[0], 7);
    assert!(share(7) >= 600, "red: {} of 1200", share(7));
    let longest = |n: usize| {
        let at: Vec<usize> = (0..served.len()).filter(|i| served[*i] == n).collect();
        let ends = [0].into_iter().chain(at.iter().copied()).zip(at.iter().copied().chain([served.len()]));
        ends.map(|(from, to)| to - from).max().unwrap()
    };
    // Starving begins after 5 s = 100 turns; from there every second turn is for the one who waits longest.
    for n in 0..200 {
        assert!(longest(n) <= 100 + 2 * 200, "camera {n} waited {} turns", longest(n));
    }
}

#[test]
fn urgency_is_ordered_as_people_read_it() {
    let levels = [Level::Blue, Level::Yellow, Level::Orange, Level::Red];
    let idle = levels.map(|level| Urgency::Idle(Weight::of(level)));
    let rising: Vec<Urgency> = [Urgency::default()].into_iter().chain(idle).chain(levels.map(busy)).collect();
    assert!(rising.is_sorted_by(|less, more| less < more), "{rising:?}");
}

#[test]
fn of_cameras_that_nothing_is_known_of_the_one_with_the_red_rule_is_looked_at_first() {
    let room = Room::new().with(&["a"]);
    room.scheduler.register(camera("red"), model(), Weight::RED);
    let next = |n: i32| {
        room.scheduler.offer(&camera("a"), n);
        room.scheduler.offer(&camera("red"), -n);
        let turn = room.take().unwrap();
        room.scheduler.done(&turn.ticket, Outcome::Seen);
        turn.work
    };
    assert_eq!([next(1), next(2)], [-1, -2]);
    room.scheduler.rank(&camera("a"), busy(Level::Blue));
    assert_eq!(next(3), 3, "what is there comes before what may be");
    room.scheduler.forget(&camera("a"));
    room.scheduler.forget(&camera("red"));
    assert_eq!(next(4), -4, "also after its stream was lost");
}

#[test]
fn equally_urgent_cameras_get_equal_shares() {
    let names: Vec<String> = (0..7).map(|n| format!("c{n}")).collect();
    let room = Room::new().with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let served = served(&room, &names, 70);
    for n in 0..7 {
        assert_eq!(served.iter().filter(|served| **served == n).count(), 10, "camera {n}");
    }
}

#[test]
fn a_camera_whose_frame_hung_rests_and_the_others_go_on() {
    let room = Room::new().with(&["bad", "good"]);
    room.scheduler.offer(&camera("bad"), 1);
    let hung = room.take().unwrap();
    room.scheduler.give_up(&hung.ticket, Loss::Frame);
    room.scheduler.offer(&camera("bad"), 2);
    room.scheduler.offer(&camera("good"), 3);
    assert_eq!(room.standing("bad").counters.refused, 1);
    let good = room.take().unwrap();
    assert_eq!(good.work, 3);
    room.scheduler.done(&good.ticket, Outcome::Seen);
    // What comes back after all says nothing: another turn may be out by then.
    room.scheduler.done(&hung.ticket, Outcome::Seen);
    assert_eq!(room.standing("bad").counters.seen, 0);
    room.clock.advance(REST);
    room.scheduler.offer(&camera("bad"), 4);
    assert_eq!(room.take().unwrap().work, 4);
}

#[test]
fn a_detector_that_hangs_for_everybody_is_tried_with_one_frame_at_a_time() {
    let room = Room::new().with(&["a", "b", "c"]);
    for name in ["a", "b"] {
        room.scheduler.offer(&camera(name), 0);
        let hung = room.take().unwrap();
        room.scheduler.give_up(&hung.ticket, Loss::Frame);
    }
    room.scheduler.offer(&camera("c"), 0);
    assert!(room.take().is_none(), "the detector rests, not only the two cameras");
    room.clock.advance(REST);
    for name in ["a", "b", "c"] {
        room.scheduler.offer(&camera(name), 1);
    }
    let trial = room.take().unwrap();
    assert!(room.take().is_none(), "one frame is enough to see whether it works again");
    room.scheduler.done(&trial.ticket, Outcome::Seen);
    assert!(room.take().is_some() && room.take().is_some(), "it works: everybody may");
    let rests: Vec<u64> = (0..5)
        .scan(Rest::default(), |rest, _| {
            let now = room.clock.instant();
            rest.begin(now);
            rest.until.map(|until| until.duration_since(now).as_secs())
        })
        .collect();
    assert_eq!(rests, [5, 10, 20, 30, 30]);
}

#[test]
fn a_look_that_nobody_answers_makes_a_camera_blind_and_the_next_answer_ends_it() {
    let room = Room::new().with(&["a"]);
    let blind = || room.standing("a").blind_since(room.clock.wall(), Duration::from_secs(15));
    room.clock.advance(Duration::from_secs(60));
    assert_eq!(blind(), None, "nobody asked for a look");
    room.scheduler.offer(&camera("a"), 1);
    room.clock.advance(Duration::from_secs(16));
    room.scheduler.offer(&camera("a"), 2);
    assert_eq!(blind(), Some(WallTime(60_000)), "since the first look, not the latest");
    let failed = room.take().unwrap();
    room.scheduler.done(&failed.ticket, Outcome::Failed);
    assert_eq!(blind(), Some(WallTime(60_000)));
    room.scheduler.offer(&camera("a"), 3);
    let seen = room.take().unwrap();
    room.scheduler.done(&seen.ticket, Outcome::Seen);
    assert_eq!(blind(), None);
    room.scheduler.offer(&camera("a"), 4);
    room.scheduler.forget(&camera("a"));
    room.clock.advance(Duration::from_secs(60));
    assert_eq!(blind(), None, "the stream was over");
}

#[test]
fn shedding_is_told_while_it_lasts() {
    let room = Room::new().with(&["a"]);
    let reduced = || room.standing("a").reduced(room.clock.instant());
    for n in 0..20 {
        room.scheduler.offer(&camera("a"), n);
        if n % 2 == 1 {
            let turn = room.take().unwrap();
            room.scheduler.done(&turn.ticket, Outcome::Seen);
        }
    }
    assert!(reduced().is_some_and(|share| (share - 0.5).abs() < 0.01), "{:?}", reduced());
    room.clock.advance(Duration::from_secs(20));
    assert_eq!(reduced(), None);
}

#[test]
fn a_shadow_model_gets_only_turns_that_no_live_camera_wants() {
    let room = Room::new().with(&["a", "b"]);
    room.scheduler.register(shadow("a"), ModelId::new("other").unwrap(), WEIGHT);
    room.scheduler.rank(&shadow("a"), Urgency::Busy(Weight::RED));
    room.scheduler.offer(&shadow("a"), 9);
    room.scheduler.offer(&camera("a"), 1);
    room.scheduler.offer(&camera("b"), 2);
    let taken: Vec<i32> = (0..3).filter_map(|_| room.take()).map(|turn| turn.work).collect();
    assert_eq!(
        taken,
        [1, 2, 9],
        "whatever it sees itself; and both analyses of a camera may be out at a time"
    );
}

#[test]
fn a_shadow_model_starves_behind_live_cameras_and_its_shed_looks_are_counted() {
    let room = Room::new().with(&["a"]);
    let standing = room.scheduler.register(shadow("s"), model(), WEIGHT);
    for n in 0..20 {
        room.scheduler.offer(&shadow("s"), -1);
        room.scheduler.offer(&camera("a"), n);
        let turn = room.take().unwrap();
        assert_eq!(turn.work, n, "the live camera, also when the shadow has waited for {n} seconds");
        room.scheduler.done(&turn.ticket, Outcome::Seen);
        room.clock.advance(Duration::from_secs(1));
    }
    let standing = *standing.lock().unwrap();
    assert_eq!((standing.counters.taken, standing.counters.superseded), (0, 19));
    assert!(standing.reduced(room.clock.instant()).unwrap() > 0.9);
}

#[test]
fn a_shadow_model_that_took_a_thread_is_not_tried_again_and_live_cameras_of_the_same_model_are() {
    let room = Room::new().with(&["a"]);
    room.scheduler.register(shadow("s"), model(), WEIGHT);
    room.scheduler.register(shadow("t"), model(), WEIGHT);
    room.scheduler.offer(&shadow("s"), 1);
    let turn = room.take().unwrap();
    room.scheduler.give_up(&turn.ticket, Loss::Thread);
    room.clock.advance(LONGEST_REST * 2);
    room.scheduler.offer(&shadow("s"), 2);
    room.scheduler.offer(&shadow("t"), 3);
    assert!(room.take().is_none());
    room.scheduler.offer(&camera("a"), 4);
    let turn = room.take().unwrap();
    assert_eq!(turn.work, 4);
    room.scheduler.done(&turn.ticket, Outcome::Seen);
    room.scheduler.offer(&shadow("t"), 5);
    assert!(room.take().is_none(), "not even when a live camera got an answer");
}

#[test]
fn a_shadow_model_that_took_no_thread_rests_like_any_other_and_is_tried_again() {
    let room = Room::new();
    room.scheduler.register(shadow("s"), model(), WEIGHT);
    for loss in [Loss::Frame, Loss::Detector, Loss::Frame] {
        room.scheduler.offer(&shadow("s"), 1);
        let turn = room.take().unwrap();
        room.scheduler.give_up(&turn.ticket, loss);
        room.scheduler.offer(&shadow("s"), 2);
        assert!(room.take().is_none(), "it rests after {loss:?}");
        room.clock.advance(LONGEST_REST);
    }
}

#[test]
fn a_detector_that_cannot_be_opened_has_hung_on_nobody() {
    let room = Room::new().with(&["a"]);
    room.scheduler.offer(&camera("a"), 1);
    let turn = room.take().unwrap();
    room.scheduler.give_up(&turn.ticket, Loss::Detector);
    room.scheduler.offer(&camera("a"), 2);
    let standing = room.standing("a");
    let expected = Counters { taken: 1, failed: 1, refused: 1, ..Counters::default() };
    assert_eq!((standing.counters, standing.has_hung), (expected, false));
}
