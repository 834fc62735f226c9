//! A day of the desk in a few seconds: alarms, people, restarts and a wall clock that is set; no clock is missed, and
//! none tells twice.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::*;

const ROUND: Duration = Duration::from_secs(15);

/// What is known of a red alarm that nobody takes, by time that has elapsed.
struct Watched {
    id: IncidentId,
    opened: Instant,
    told: Option<Instant>,
}

#[tokio::test]
async fn in_a_day_with_restarts_and_clock_steps_no_clock_is_missed_and_none_tells_twice() {
    let mut bench = Bench::new();
    let mut random = Random(7);
    let mut watched: Vec<Watched> = Vec::new();
    let mut ids: Vec<IncidentId> = Vec::new();
    let rounds = 24 * 3_600 / ROUND.as_secs();
    for n in 0..rounds {
        bench.clock.advance(ROUND);
        // The wall clock is set forward and back, by minutes and by an hour.
        if n % 701 == 700 {
            let by = [3_600_000, -3_600_000, 300_000, -90_000][random.index(4)];
            bench.clock.set_wall(WallTime(bench.clock.wall().0 + by));
            // Something happens between the step and the round that sees it.
            let edge = begin_level("step", bench.clock.wall().0, Level::Red);
            let camera = format!("step{n}");
            let id = bench.desk.alarm(facts(&camera), edge, None).await.unwrap().incident;
            watched.push(Watched { id, opened: bench.clock.instant(), told: None });
        }
        bench.desk.round(Chores { audits: n % 2 == 0, prunes: false }).await.unwrap();
        let now = bench.clock.wall();
        if n % 40 == 0 {
            let camera = format!("cam{n}");
            let level = Level::ALL[random.index(4)];
            let id = bench.desk.alarm(facts(&camera), begin_level("r", now.0, level), None).await.unwrap();
            ids.push(id.incident);
            if level == Level::Red && random.below(3) == 0 {
                let id = ids.pop().unwrap();
                watched.push(Watched { id, opened: bench.clock.instant(), told: None });
            }
        }
        if !ids.is_empty() && n % 4 == 0 {
            let id = ids[random.index(ids.len())];
            let action = random_action(&mut random, now, ids[0]);
            let _ = bench.act(id, action, 1 + i64::from(random.below(2) == 0)).await;
        }
        for one in watched.iter_mut().filter(|one| one.told.is_none()) {
            let detail = bench.desk.dispatch().incident(one.id).await.unwrap().unwrap();
            let is_told = |h: &super::super::super::store::dispatch::HistoryRow| {
                matches!(h.action, Some(IncidentAction::Overdue { clock: ClockKind::Accept, .. }))
            };
            if detail.history.iter().any(is_told) {
                one.told = Some(bench.clock.instant());
            }
        }
        // The service is stopped and started again; while it was down, time went by.
        if n % 997 == 500 {
            let Bench { desk, clock, dir } = bench;
            drop(desk);
            clock.advance(Duration::from_secs(random.below(20)));
            let desk = open(&dir, &clock);
            desk.recover().await.unwrap();
            bench = Bench { desk, clock, dir };
        }
    }
    assert!(watched.len() > 10, "{}", watched.len());
    for one in &watched {
        let waited = one.told.map(|told| told - one.opened);
        let Some(waited) = waited else {
            assert!(
                bench.clock.instant() - one.opened < Duration::from_secs(60) + 2 * ROUND,
                "{} missed",
                one.id
            );
            continue;
        };
        let fine = Duration::from_secs(60)..=Duration::from_secs(60 + 20) + 2 * ROUND;
        assert!(fine.contains(&waited), "incident {}: a minute of waiting was told after {waited:?}", one.id);
    }
    let mut n_told = 0;
    for id in bench.list(Which::All).await {
        n_told += told_once(&bench, IncidentId(id)).await;
    }
    assert!(n_told > 300, "{n_told} things were told");
    assert_eq!(bench.desk.dispatch().audit_blocking().unwrap(), []);
}

/// What clocks told of an incident, each thing as often as clocks had it to tell.
async fn told_once(bench: &Bench, id: IncidentId) -> usize {
    let detail = bench.desk.dispatch().incident(id).await.unwrap().unwrap();
    let mut told: HashMap<(ClockKind, Option<UnitId>, u16), usize> = HashMap::new();
    let mut n = 0;
    for row in &detail.history {
        let what = match &row.action {
            Some(IncidentAction::Warn { clock, unit, percent }) => {
                (*clock, unit.clone(), u16::from(*percent))
            }
            Some(IncidentAction::Overdue { clock, unit }) => (*clock, unit.clone(), 100),
            _ => continue,
        };
        *told.entry(what).or_default() += 1;
        n += 1;
    }
    let mut had: HashMap<(ClockKind, Option<UnitId>, u16), HashSet<i64>> = HashMap::new();
    for clock in detail.clocks.iter().filter(|clock| clock.kind != ClockKind::Escalate) {
        for share in [50, 80, 100].into_iter().filter(|share| clock.fired >= *share) {
            // What is given back waits on: all its clocks are one.
            let one = if clock.kind == ClockKind::Accept { clock.started.0 } else { clock.id.0 };
            had.entry((clock.kind, clock.unit.clone(), share)).or_default().insert(one);
        }
        // Nothing is left untold of a clock that ran beyond it; a round is the grain.
        let end = clock.stopped.unwrap_or(bench.clock.wall()).0;
        let slack = 2 * i64::try_from(ROUND.as_millis()).unwrap() + 20_000;
        for (share, moment) in [(50, clock.half), (80, clock.most), (100, clock.due)] {
            assert!(
                clock.fired >= share || end <= moment.0 + slack,
                "incident {id}: {} ran {} s beyond {share} % and did not tell",
                clock.kind,
                (end - moment.0) / 1_000
            );
        }
    }
    for (what, times) in &told {
        let most = had.get(what).map_or(0, HashSet::len);
        // A clock that goes on, or whose due time was moved, begins with what is past already, and tells it no more.
        use ClockKind::{Accept, Arrive, Finish, Sign};
        let goes_on = matches!(what.0, Accept | Sign | Arrive | Finish);
        assert!(
            *times == most || (goes_on && *times < most),
            "incident {id}: {what:?} told {times}, not {most}"
        );
    }
    n
}
