//! The camera's own clock, as its RTCP sender reports tell it (RFC 3550 §6.4.1). Measured and shown, never trusted.

use retina::rtcp::ReceivedCompoundPacket;
use sharpeyes_domain::time::WallTime;

/// Seconds from 1900 (NTP era 0) to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// One report: the camera's wall time of an RTP time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SenderReport {
    /// On the same scale as the pictures' RTP times.
    pub(super) rtp: i64,
    /// What the camera believes.
    pub(super) wall: WallTime,
}

impl SenderReport {
    /// `None` when the packet carries no report, or one without a clock: NTP zero means that it has none.
    pub(super) fn of(packet: &ReceivedCompoundPacket) -> Option<Self> {
        let rtp = packet.rtp_timestamp()?.timestamp();
        let report = packet.pkts().next()?.as_sender_report().ok()??;
        let ntp = report.ntp_timestamp().0;
        (ntp != 0).then(|| Self { rtp, wall: from_ntp(ntp) })
    }
}

/// Times before 1970 in era 0 are of era 1, which begins in 2036.
fn from_ntp(ntp: u64) -> WallTime {
    let seconds = i64::from(u32::try_from(ntp >> 32).unwrap_or(u32::MAX));
    let era = if seconds < NTP_TO_UNIX { 1 << 32 } else { 0 };
    let millis = ((ntp & 0xffff_ffff) * 1000) >> 32;
    WallTime((seconds + era - NTP_TO_UNIX) * 1000 + i64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A camera may send any number; the wall time is that of an era, to the millisecond.
        #[test]
        fn any_ntp_time_is_a_wall_time_between_1970_and_2106(ntp in any::<u64>()) {
            let wall = from_ntp(ntp);
            prop_assert!((0..=4_295_000_000_000).contains(&wall.0), "{:?}", wall);
        }
    }

    #[test]
    fn ntp_time_is_read_in_both_eras() {
        assert_eq!(from_ntp((2_208_988_800 << 32) | (1 << 31)), WallTime(500));
        assert_eq!(from_ntp(3_908_988_800 << 32), WallTime(1_700_000_000_000));
        assert_eq!(from_ntp(0), WallTime(2_085_978_496_000));
    }
}
