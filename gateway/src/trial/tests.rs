use sharpeyes_domain::{
    alarm::Evidence,
    detection::ObjectClass,
    geometry::Confidence,
    ids::{AlarmId, RuleId},
    level::Level,
    rule::RuleClass,
    segment::{GapCause, Span},
    time::{MediaDuration, WallTime},
};

use super::{Blind, LiveAlarm, TrialAlarm, meet};

pub(super) fn evidence() -> Evidence {
    Evidence {
        rule_class: RuleClass::Intrusion,
        zone: None,
        count: 1,
        peak: 1,
        limit: 1,
        held_for: MediaDuration::ZERO,
        class: ObjectClass::Person,
        tracks: Vec::new(),
        score: Confidence::new(0.9),
        detail: None,
        low_trust: None,
    }
}

fn tried(rule: &str, began_s: i64, ended_s: Option<i64>) -> TrialAlarm {
    TrialAlarm {
        rule: RuleId::new(rule).unwrap(),
        class: RuleClass::Intrusion,
        level: Level::Yellow,
        began: WallTime(began_s * 1000),
        raised: WallTime(began_s * 1000),
        ended: ended_s.map(|s| WallTime(s * 1000)),
        cause: None,
        evidence: evidence(),
        boxes: Vec::new(),
        has_still: false,
        is_met: false,
    }
}

pub(super) fn raised(rule: &str, began_s: i64, ended_s: Option<i64>) -> LiveAlarm {
    LiveAlarm {
        alarm: AlarmId(1),
        rule: RuleId::new(rule).unwrap(),
        class: RuleClass::Intrusion,
        level: Level::Yellow,
        began: WallTime(began_s * 1000),
        raised: WallTime(began_s * 1000),
        ended: ended_s.map(|s| WallTime(s * 1000)),
        evidence: evidence(),
        has_still: false,
        is_met: false,
        is_unseen: false,
    }
}

#[test]
fn alarms_of_one_rule_at_the_same_time_are_one_occurrence() {
    let check = |mut a: Vec<TrialAlarm>, mut b: Vec<LiveAlarm>, met: (&[bool], &[bool])| {
        meet(&mut a, &mut b, &[]);
        let found: Vec<bool> = a.iter().map(|alarm| alarm.is_met).collect();
        let live: Vec<bool> = b.iter().map(|alarm| alarm.is_met).collect();
        assert_eq!((&found[..], &live[..]), met, "{a:?} {b:?}");
    };
    check(vec![tried("a", 100, Some(110))], vec![raised("a", 105, Some(120))], (&[true], &[true]));
    check(vec![tried("a", 100, Some(110))], vec![raised("b", 105, Some(120))], (&[false], &[false]));
    check(vec![tried("a", 100, Some(110))], vec![raised("a", 121, Some(130))], (&[false], &[false]));
    check(vec![tried("a", 100, Some(110))], vec![raised("a", 119, Some(130))], (&[true], &[true]));
    check(vec![tried("a", 100, None)], vec![raised("a", 5000, None)], (&[true], &[true]));
    // One long alarm of the live rule is two of the other, and nothing of it is new.
    check(
        vec![tried("a", 100, Some(200)), tried("a", 300, Some(400))],
        vec![raised("a", 90, Some(410))],
        (&[true, true], &[true]),
    );
    check(vec![], vec![raised("a", 1, Some(2))], (&[], &[false]));
}

#[test]
fn what_was_not_recorded_can_be_tried_by_nobody() {
    let span = Span { from: WallTime(100_000), to: WallTime(200_000) };
    let blind = [Blind { span, cause: Some(GapCause::Disk) }];
    let mut live = [raised("a", 99, Some(101)), raised("a", 150, Some(250)), raised("a", 200, Some(210))];
    meet(&mut [], &mut live, &blind);
    assert_eq!(live.map(|alarm| alarm.is_unseen), [false, true, false]);
}
