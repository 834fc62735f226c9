//! What holds of every rule, whatever it is shown.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Direction, FrameTime, RuleConfig, RuleKind, RuleState};
use super::{NOON, START_MS, at_ms, scene::rule};
use crate::{
    alarm::{AlarmEdge, EndCause, Evidence},
    detection::ObjectClass,
    geometry::{Confidence, Heading, NormPoint, NormRect},
    ids::{LineId, TrackId},
    schedule::{LocalTime, Schedule},
    time::{MediaDuration, Pts},
    track::Track,
    zone::Line,
};

fn kinds() -> Vec<RuleKind> {
    let p = |x, y| NormPoint { x, y };
    let classes = vec![ObjectClass::Person, ObjectClass::Car];
    let second = MediaDuration::from_secs(1);
    let line = Line::new(LineId::new("l").unwrap(), "l".into(), &[p(0.2, 0.5), p(0.8, 0.5)]).unwrap();
    vec![
        RuleKind::Crowding { at_least: 2 },
        RuleKind::CrowdSurge { grows_by: 1, within: MediaDuration::from_secs(5) },
        RuleKind::Intrusion { classes: classes.clone() },
        RuleKind::WaterEdge { classes: classes.clone() },
        RuleKind::LineCrossing { line, direction: Direction::Both, classes: classes.clone() },
        RuleKind::WrongWay { heading: Heading::new(1.0, 0.0).unwrap(), classes: classes.clone() },
        RuleKind::Loitering { stay: second, classes: classes.clone() },
        RuleKind::StoppedVehicle { stay: second },
        RuleKind::Accident { least_score: Confidence::new(0.3) },
        RuleKind::PersonDown { still: second },
        RuleKind::LeftObject { stay: second },
        RuleKind::Running { at_least: 1, classes },
        RuleKind::Smoke,
        RuleKind::Fire,
    ]
}

/// A thing as a tracker might report it.
#[derive(Clone, Debug)]
struct Glimpse {
    id: u64,
    centre: (f32, f32),
    size: (f32, f32),
    is_seen: bool,
}

fn glimpse() -> impl Strategy<Value = Glimpse> {
    let number = || prop_oneof![30 => 0.0f32..1.0, 1 => Just(f32::NAN), 1 => Just(-0.5f32)];
    (1u64..7, (number(), number()), (0.0f32..0.3, 0.0f32..0.4), prop::bool::weighted(0.85))
        .prop_map(|(id, centre, size, is_seen)| Glimpse { id, centre, size, is_seen })
}

/// A frame after so many milliseconds, with its things.
fn frames() -> impl Strategy<Value = Vec<(i64, Vec<Glimpse>)>> {
    let gap = prop_oneof![20 => 60i64..600, 1 => 12_500i64..20_000, 1 => -3_000i64..1];
    prop::collection::vec((gap, prop::collection::vec(glimpse(), 0..6)), 1..80)
}

const CLASSES: [ObjectClass; 6] = [
    ObjectClass::Person,
    ObjectClass::Car,
    ObjectClass::Person,
    ObjectClass::Truck,
    ObjectClass::Other,
    ObjectClass::Fire,
];

fn tracks(at: Pts, glimpses: &[Glimpse], first: &mut BTreeMap<u64, (Pts, NormRect, Pts)>) -> Vec<Track> {
    let mut found: BTreeMap<u64, Track> = BTreeMap::new();
    for glimpse in glimpses {
        let rect = NormRect::from_centre(
            NormPoint { x: glimpse.centre.0, y: glimpse.centre.1 },
            glimpse.size.0,
            glimpse.size.1,
        );
        let (first_seen, origin, last_seen) = first.entry(glimpse.id).or_insert((at, rect, at));
        if glimpse.is_seen {
            *last_seen = at;
        }
        let class = CLASSES[usize::try_from(glimpse.id).unwrap() % CLASSES.len()];
        let track = Track {
            id: TrackId(glimpse.id),
            class,
            confidence: Confidence::new(0.6),
            rect,
            first_seen: *first_seen,
            last_seen: *last_seen,
            velocity: NormPoint::default(),
            travelled: 1.0,
            origin: *origin,
            still_since: *first_seen,
        };
        found.insert(glimpse.id, track);
    }
    found.into_values().collect()
}

fn replay(config: &RuleConfig, frames: &[(i64, Vec<Glimpse>)]) -> Vec<(FrameTime, AlarmEdge)> {
    let mut rule = RuleState::new(config.clone());
    let mut first = BTreeMap::new();
    let mut now = 0;
    let mut edges = Vec::new();
    for (gap, glimpses) in frames {
        now += gap;
        // A minute of the rule's day passes in two seconds, so that its schedule opens and closes.
        let minute = u16::try_from(now.rem_euclid(120_000) / 2_000).unwrap();
        let local = LocalTime { minute_of_day: NOON.minute_of_day + minute, ..NOON };
        let at = FrameTime { local, ..at_ms(now) };
        let tracks = tracks(at.pts, glimpses, &mut first);
        edges.extend(rule.step(at, &tracks).map(|edge| (at, edge)));
    }
    let at = at_ms(now + 1);
    edges.extend(rule.reset(at.moment(), EndCause::Stopped).map(|edge| (at, edge)));
    edges
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn alarms_of_every_rule_alternate_hold_and_repeat(
        frames in frames(),
        hold in prop_oneof![Just(0i64), 0i64..3_000],
        clear in 0i64..3_000,
        must_have_moved in any::<bool>(),
        is_always in any::<bool>(),
    ) {
        let windows = if is_always { Schedule::always() } else {
            Schedule::new(vec!["mon 12:00-12:10".parse().unwrap(), "mon 12:20-12:40".parse().unwrap()])
        };
        // A leap back is a new run, whose times have nothing to do with those before.
        let is_one_run = frames.iter().all(|(gap, _)| *gap > 0);
        for kind in kinds() {
            let config = RuleConfig {
                hold: MediaDuration::from_millis(hold),
                clear: MediaDuration::from_millis(clear),
                schedule: windows.clone(),
                must_have_moved,
                ..rule(kind)
            };
            let edges = replay(&config, &frames);
            prop_assert_eq!(&edges, &replay(&config, &frames), "the same frames give the same alarms");
            let class = config.kind.class();
            let mut running = None;
            let mut last_cleared: Option<Pts> = None;
            for (at, edge) in &edges {
                match edge {
                    AlarmEdge::Begin(begin) => {
                        prop_assert!(running.is_none(), "{}: two begins", class);
                        prop_assert!(config.schedule.is_open(at.local), "{}: asleep", class);
                        prop_assert_eq!(begin.class, class);
                        prop_assert_eq!(begin.raised.pts, at.pts);
                        prop_assert!(begin.raised.pts - begin.began.pts >= config.hold, "{}: too early", class);
                        prop_assert_eq!(begin.began.wall.0 - START_MS, begin.began.pts.0.div_euclid(90), "one instant");
                        prop_assert!(begin.evidence.count >= begin.evidence.limit, "{}", class);
                        prop_assert!(begin.evidence.tracks.len() <= Evidence::MOST_TRACKS);
                        prop_assert!(begin.evidence.tracks.is_sorted(), "{}", class);
                        if let Some(cleared) = last_cleared.filter(|_| is_one_run) {
                            prop_assert!(begin.began.pts >= cleared, "{}: began before the last one ended", class);
                        }
                        running = Some(begin.began);
                    }
                    AlarmEdge::Update(update) => prop_assert_eq!(Some(update.began), running),
                    AlarmEdge::End(end) => {
                        prop_assert_eq!(Some(end.began), running.take(), "{}: an end of another alarm", class);
                        prop_assert!(end.began.pts <= end.ended.pts);
                        let goes_on = matches!(end.cause, EndCause::Cleared | EndCause::ScheduleClosed);
                        last_cleared = goes_on.then_some(end.cleared.pts);
                        if end.cause == EndCause::Cleared {
                            prop_assert!(end.cleared.pts - end.ended.pts >= config.clear, "{}", class);
                        }
                    }
                }
            }
            prop_assert!(running.is_none(), "{}: reset ends it", class);
        }
    }
}
