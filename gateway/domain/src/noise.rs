//! Noisy sources: which rule of which camera raises more alarms than anybody can look at, or mostly false ones.
//!
//! A budget is only said here, and whether a source is over it. Nothing is hidden for it, and nothing shelved: that is a
//! person's to decide. Fed by `gateway::noise`, which counts.

use std::time::Duration;

use crate::{closed::closed_enum, statistics::Verdicts};

closed_enum! {
    /// In what a source is over its budget.
    pub enum Excess ("excess") {
        /// More alarms within an hour.
        Rate => "rate",
        /// A greater share of false ones among those that were decided.
        FalseShare => "false_share",
    }
}

/// How much a centre is prepared to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseBudget {
    /// Alarms of one rule of one camera within an hour.
    pub source_per_hour: u32,
    /// New incidents of all cameras within an hour.
    pub centre_per_hour: u32,
    /// A greater share of false alarms, in percent, is too much …
    pub false_percent: u32,
    /// … as soon as so many were decided.
    pub false_of: u32,
    /// Over so long back all but the hour is counted.
    pub window: Duration,
}

impl Default for NoiseBudget {
    /// One alarm in five minutes is the most that a person can manage (ISA-18.2); fifty verdicts say more than chance.
    fn default() -> Self {
        Self {
            source_per_hour: 12,
            centre_per_hour: 12,
            false_percent: 80,
            false_of: 50,
            window: Duration::from_hours(7 * 24),
        }
    }
}

/// What one rule of one camera has raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceLoad {
    /// Within the last hour.
    pub last_hour: u64,
    /// Incidents that its alarms belong to.
    pub incidents: u64,
    /// Alarms that came when their incident was already there.
    pub repeats: u64,
    /// What people found them to be, all that came in the window.
    pub verdicts: Verdicts,
    /// For how long incidents of it were put aside, all together.
    pub shelved: Duration,
}

impl NoiseBudget {
    /// In what a source is over it; empty: in nothing.
    #[must_use]
    pub fn excess(&self, load: &SourceLoad) -> Vec<Excess> {
        let decided = load.verdicts.confirmed + load.verdicts.false_alarms;
        let is_told = decided > 0 && decided >= u64::from(self.false_of);
        let is_false = load.verdicts.false_alarms * 100 > u64::from(self.false_percent) * decided;
        let rate = (load.last_hour > u64::from(self.source_per_hour)).then_some(Excess::Rate);
        rate.into_iter().chain((is_told && is_false).then_some(Excess::FalseShare)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_over_its_budget_only_beyond_it_and_when_enough_was_decided() {
        let budget = NoiseBudget::default();
        let check = |last_hour, confirmed, false_alarms, expected: &[Excess]| {
            let verdicts = Verdicts { confirmed, false_alarms, undecided: 1_000 };
            let load = SourceLoad { last_hour, verdicts, ..SourceLoad::default() };
            assert_eq!(budget.excess(&load), expected, "{last_hour} {confirmed} {false_alarms}");
        };
        check(0, 0, 0, &[]);
        check(12, 10, 40, &[]);
        check(13, 0, 0, &[Excess::Rate]);
        check(0, 0, 49, &[]);
        check(0, 9, 41, &[Excess::FalseShare]);
        check(40, 0, 50, &[Excess::Rate, Excess::FalseShare]);
        let none = NoiseBudget { false_of: 0, ..budget };
        assert_eq!(none.excess(&SourceLoad::default()), [], "of nothing nothing is said");
    }
}
