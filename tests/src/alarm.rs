//! Alarms for those who need an incident and no detector.

use sharpeyes_domain::{
    alarm::{AlarmBegin, AlarmEdge, Evidence, Moment, ZoneRef},
    detection::ObjectClass,
    geometry::Confidence,
    ids::RuleId,
    level::Level,
    rule::RuleClass,
    time::{MediaDuration, Pts, WallTime},
};

/// Twelve people where ten are the limit, from `at` on.
#[must_use]
pub fn crowding(rule: RuleId, zone: Option<ZoneRef>, at: WallTime) -> AlarmEdge {
    let moment = Moment { pts: Pts(0), wall: at };
    AlarmEdge::Begin(AlarmBegin {
        rule,
        class: RuleClass::Crowding,
        level: Level::Yellow,
        began: moment,
        raised: moment,
        evidence: Evidence {
            rule_class: RuleClass::Crowding,
            zone,
            count: 12,
            peak: 12,
            limit: 10,
            held_for: MediaDuration::from_secs(5),
            class: ObjectClass::Person,
            tracks: Vec::new(),
            score: Confidence::new(0.8),
            low_trust: None,
            detail: None,
        },
    })
}
