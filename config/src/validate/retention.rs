//! How long recordings are kept: `[storage]` for all cameras, and what a camera says instead.

use sharpeyes_domain::retention::{LegalBasis, Policy, PolicyError, TierLimits};

use super::{Check, range};
use crate::text;

/// More than ten years is a mistake.
const MOST_DAYS: u32 = 3_660;
/// When nothing is said, so long for what happened around an alarm.
const INCIDENT_DAYS: u32 = 90;

/// As written, in `[storage]` or in a camera.
#[derive(Default)]
pub(super) struct Written {
    pub(super) keep_days: Option<i64>,
    pub(super) incident_days: Option<i64>,
    pub(super) max_bytes: Option<String>,
    pub(super) incident_max_bytes: Option<String>,
    pub(super) held_warn_bytes: Option<String>,
    pub(super) legal_basis: Option<String>,
}

/// What is checked so far; a camera fills its holes from the site's.
#[derive(Clone, Copy, Default)]
pub(super) struct Defaults {
    keep_days: Option<u32>,
    incident_days: Option<u32>,
    max_bytes: Option<u64>,
    tiers: TierLimits,
    legal_basis: Option<LegalBasis>,
}

impl Check<'_> {
    /// The policy of what stands at `at`, and what cameras inherit of it.
    pub(super) fn retention(
        &mut self,
        at: &str,
        written: Written,
        defaults: Defaults,
    ) -> Option<(Policy, Defaults)> {
        let key = |name: &str| format!("{at}.{name}");
        let says_basis = written.legal_basis.is_some();
        let keep_days = self.days(key("keep_days"), written.keep_days)?.or(defaults.keep_days);
        let incident_days = self.days(key("incident_days"), written.incident_days)?;
        let max_bytes = self.disk_size(key("max_bytes"), written.max_bytes)?.or(defaults.max_bytes);
        let incident_bytes = self.disk_size(key("incident_max_bytes"), written.incident_max_bytes)?;
        let held_bytes = self.disk_size(key("held_warn_bytes"), written.held_warn_bytes)?;
        let tiers = TierLimits {
            incident_bytes: incident_bytes.or(defaults.tiers.incident_bytes),
            held_bytes: held_bytes.or(defaults.tiers.held_bytes),
        };
        let legal_basis = match written.legal_basis {
            Some(word) => Some(self.word(key("legal_basis"), Some(word))?),
            None => defaults.legal_basis,
        };
        let basis = legal_basis.unwrap_or(LegalBasis::General);
        // A camera that only names a stricter basis is kept as long as that asks.
        let inherited = written.keep_days.is_none() && says_basis;
        let days = keep_days.unwrap_or(basis.floor_days());
        let days = if inherited { days.max(basis.floor_days()) } else { days };
        let least = days.max(INCIDENT_DAYS);
        let for_incidents =
            incident_days.or(defaults.incident_days.map(|found| found.max(days))).unwrap_or(least);
        let checked = Policy::new(days, for_incidents, max_bytes, basis);
        let place = match checked {
            Err(PolicyError::IncidentShorter { .. }) => key("incident_days"),
            Ok(_) | Err(PolicyError::BelowFloor { .. }) => key("keep_days"),
        };
        let policy = self.accept(place, checked)?.with_tiers(tiers);
        let incident_days = incident_days.or(defaults.incident_days);
        Some((policy, Defaults { keep_days, incident_days, max_bytes, tiers, legal_basis }))
    }

    /// The outer `None` has been reported.
    #[expect(clippy::option_option, reason = "reported, not said, said")]
    fn disk_size(&mut self, at: String, written: Option<String>) -> Option<Option<u64>> {
        let Some(size) = written else { return Some(None) };
        self.accept(at, text::disk_bytes(&size)).map(Some)
    }

    /// The outer `None` has been reported.
    #[expect(clippy::option_option, reason = "reported, not said, said")]
    fn days(&mut self, at: String, written: Option<i64>) -> Option<Option<u32>> {
        let Some(written) = written else { return Some(None) };
        let days = u32::try_from(written).ok().filter(|days| (1..=MOST_DAYS).contains(days));
        self.accept(at, days.ok_or_else(|| range(written, 1, MOST_DAYS))).map(Some)
    }
}
