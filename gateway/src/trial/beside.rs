//! A shadow model beside the live one: what both would have raised, and what only one of them.

use sharpeyes_domain::{segment::Span, time::WallTime};

use super::{LiveAlarm, SAME_MS, are_one};
use crate::store::shadow::{ShadowAlarm, ShadowLook};

/// Both sides of a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// What the shadow model would have raised, and whether the live model raised it, too; in the order given.
    pub shadow: Vec<(ShadowAlarm, bool)>,
    /// What the live model did raise, in the order given. `is_unseen`: the shadow model did not look then.
    pub live: Vec<LiveAlarm>,
    /// Alarms of the shadow model that the live one raised, too.
    pub n_both: usize,
    /// … that it did not.
    pub n_only_shadow: usize,
    /// Alarms of the live model that the shadow would not have raised although it looked.
    pub n_only_live: usize,
    /// Pictures that the shadow model saw.
    pub n_seen: u64,
    /// … and should have seen, but had to leave out for others.
    pub n_left_out: u64,
}

/// Compares what was raised within the same time, of rules of the same name.
#[must_use]
pub fn beside(shadow: Vec<ShadowAlarm>, mut live: Vec<LiveAlarm>, looks: &[ShadowLook]) -> Beside {
    for one in &mut live {
        one.is_met = false;
        one.is_unseen = !looks.iter().any(|look| look.n_seen > 0 && is_near(look.span, one.raised));
    }
    let mut met = Vec::with_capacity(shadow.len());
    for alarm in shadow {
        let mut is_met = false;
        for one in live.iter_mut().filter(|one| one.rule == alarm.rule) {
            if are_one((alarm.began, alarm.ended), (one.began, one.ended)) {
                (one.is_met, is_met) = (true, true);
            }
        }
        met.push((alarm, is_met));
    }
    let n_both = met.iter().filter(|(_, is_met)| *is_met).count();
    Beside {
        n_both,
        n_only_shadow: met.len() - n_both,
        n_only_live: live.iter().filter(|one| !one.is_met && !one.is_unseen).count(),
        n_seen: looks.iter().map(|look| look.n_seen).sum(),
        n_left_out: looks.iter().map(|look| look.n_left_out).sum(),
        shadow: met,
        live,
    }
}

/// Pictures are a little older than the clock that counts them.
const fn is_near(span: Span, at: WallTime) -> bool {
    at.0 >= span.from.0.saturating_sub(SAME_MS) && at.0 <= span.to.0.saturating_add(SAME_MS)
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{evidence, raised},
        *,
    };

    fn shadow(rule: &str, began_s: i64, ended_s: i64) -> ShadowAlarm {
        let LiveAlarm { rule, class, level, began, raised, ended, .. } = raised(rule, began_s, Some(ended_s));
        ShadowAlarm { rule, class, level, began, raised, ended, evidence: evidence() }
    }

    #[test]
    fn alarms_are_agreed_on_only_shadow_only_live_or_not_looked_at() {
        let looks = [
            ShadowLook {
                span: Span { from: WallTime(0), to: WallTime(600_000) },
                n_seen: 100,
                n_left_out: 20,
            },
            ShadowLook {
                span: Span { from: WallTime(600_000), to: WallTime(660_000) },
                n_seen: 0,
                n_left_out: 70,
            },
        ];
        let found = beside(
            vec![shadow("a", 100, 110), shadow("a", 300, 310), shadow("b", 100, 110)],
            vec![
                raised("a", 104, Some(120)),
                raised("a", 200, Some(210)),
                raised("a", 650, Some(655)),
                raised("c", 9_000, None),
            ],
            &looks,
        );
        assert_eq!(found.shadow.iter().map(|(_, is_met)| *is_met).collect::<Vec<_>>(), [true, false, false]);
        let live: Vec<_> = found.live.iter().map(|one| (one.is_met, one.is_unseen)).collect();
        assert_eq!(live, [(true, false), (false, false), (false, true), (false, true)]);
        assert_eq!((found.n_both, found.n_only_shadow, found.n_only_live), (1, 2, 1));
        assert_eq!((found.n_seen, found.n_left_out), (100, 90));
    }
}
