//! Waiting before trying again: one type for every retry in the process.

use std::time::Duration;

/// Exponential back-off with jitter: a switch that returns must not be met by 100 cameras at the same instant.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    /// Consecutive failures so far.
    failures: u32,
}

impl Backoff {
    /// Waits from `first`, doubling up to `most`.
    #[must_use]
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// As after `failures` failures in a row: what was kept over a restart goes on.
    #[must_use]
    pub const fn after(first: Duration, most: Duration, failures: u32) -> Self {
        Self { first, most, failures }
    }

    /// The wait after one more failure, spread evenly over 50 to 100 % of the step. `spread` is a random 0..=1.
    #[must_use]
    pub fn next_wait(&mut self, spread: f32) -> Duration {
        let step = self.first.saturating_mul(1 << self.failures.min(16)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        step.mul_f32(0.5 + spread.clamp(0.0, 1.0) / 2.0)
    }

    /// Consecutive failures since the last success.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// It worked.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_again_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        let waits: Vec<u64> = (0..9).map(|_| backoff.next_wait(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        backoff.succeeded();
        assert_eq!(backoff.next_wait(0.0), Duration::from_millis(500));
    }
}
