//! How long the disk will last, from what was written lately.

use super::Policy;

/// What one stream writes and has.
#[derive(Clone, Copy, Debug)]
pub struct StreamUse {
    /// Of its camera.
    pub policy: Policy,
    /// Written a day, measured.
    pub bytes_per_day: u64,
}

/// The room there is.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Free, without the reserve.
    pub free_bytes: u64,
    /// Used by base footage, which makes room by itself in time.
    pub base_bytes: u64,
}

/// How long the disk will last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Of all streams.
    pub bytes_per_day: u64,
    /// Until the disk is full; `None` when expiry makes room in time, or nothing is written.
    pub full_in_days: Option<f64>,
    /// Days of footage that fit on this disk; `None` while nothing is written.
    pub keeps_days: Option<f64>,
    /// What is missing for every camera's legal floor; 0: it fits.
    pub shortfall_bytes: u64,
    /// What is missing for every camera's own days; 0: it fits.
    pub missing_bytes: u64,
}

/// How long the disk will last when the cameras go on as they did.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "days for people: a disk of 8 PiB is exact")]
pub fn forecast(streams: &[StreamUse], capacity: Capacity) -> Forecast {
    let bytes_per_day: u64 = streams.iter().map(|stream| stream.bytes_per_day).sum();
    let room = capacity.free_bytes.saturating_add(capacity.base_bytes);
    let needed = |days: fn(&Policy) -> u32| -> u64 {
        let one = |stream: &StreamUse| stream.bytes_per_day.saturating_mul(days(&stream.policy).into());
        streams.iter().map(one).fold(0, u64::saturating_add)
    };
    let is_writing = bytes_per_day > 0;
    let missing_bytes = needed(Policy::base_days).saturating_sub(room);
    let days = |bytes: u64| bytes as f64 / bytes_per_day as f64;
    Forecast {
        bytes_per_day,
        full_in_days: (missing_bytes > 0).then(|| days(capacity.free_bytes)),
        keeps_days: is_writing.then(|| days(room)),
        shortfall_bytes: needed(|policy| policy.basis().floor_days()).saturating_sub(room),
        missing_bytes,
    }
}
