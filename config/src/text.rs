//! Durations and sizes as people write them: `"10s"`, `"1min 30s"`, `"16MiB"`.

use std::time::Duration;

use crate::Fault;

/// `"90s"`, `"1min 30s"`, `"500ms"`.
pub(crate) fn duration(text: &str) -> Result<Duration, Fault> {
    humantime::parse_duration(text).map_err(|_| Fault::Duration(text.to_owned()))
}

/// As [`bytes`], for what lies on a disk.
pub(crate) fn disk_bytes(text: &str) -> Result<u64, Fault> {
    bytes(text).map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// A whole number followed by `B`, `KiB`, `MiB`, `GiB`, `TiB`, or the decimal `kB`, `MB`, `GB`, `TB`.
pub(crate) fn bytes(text: &str) -> Result<usize, Fault> {
    let fault = || Fault::Size(text.to_owned());
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: usize = number.parse().map_err(|_| fault())?;
    let factor: usize = match unit.trim() {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(fault()),
    };
    number.checked_mul(factor).ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_need_their_unit() {
        let check = |text, expected: Option<usize>| assert_eq!(bytes(text).ok(), expected, "{text}");
        check("16MiB", Some(16 << 20));
        check("16 MiB", Some(16 << 20));
        check("2kB", Some(2_000));
        check("2TiB", Some(2 << 40));
        for refused in
            ["", "16", "MiB", "-1MiB", "1.5MiB", "99999999999999999999B", "99999999999GiB", "1 mib"]
        {
            check(refused, None);
        }
    }

    #[test]
    fn durations_need_their_unit() {
        assert_eq!(duration("1min 30s").unwrap(), Duration::from_secs(90));
        assert!(duration("90").is_err());
    }
}
