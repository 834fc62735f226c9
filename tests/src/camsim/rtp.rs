//! Edits one stream's RTP and RTCP packets on their way, as its [`Faults`] want. No socket here.

use super::inject::Faults;

/// Payload bytes of each made packet.
const PAYLOAD: usize = 1400;

/// One connection's view of the video stream: what was changed must stay consistent with what follows.
#[derive(Debug)]
pub(super) struct Editor {
    random: Random,
    /// Sequence numbers are shifted by packets that were put in.
    sequence_shift: u16,
    /// RTP time of the first packet, once one came.
    first: Option<u32>,
    /// While one picture does not end, or timestamps stand still.
    held: Option<u32>,
    has_sent_huge: bool,
    is_inside_picture: bool,
}

impl Editor {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random(seed | 1),
            sequence_shift: 0,
            first: None,
            held: None,
            has_sent_huge: false,
            is_inside_picture: false,
        }
    }

    pub(super) fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.random.unit() < share
    }

    /// Up to `most`.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        if most == 0 { 0 } else { self.random.next() % most }
    }

    /// What is sent instead of `packet`.
    pub(super) fn rtp(&mut self, faults: &Faults, mut packet: Vec<u8>) -> Vec<Vec<u8>> {
        let Some(payload) = payload_at(&packet) else { return vec![packet] };
        if faults.silence {
            return Vec::new();
        }
        let mut packets = Vec::new();
        let time = read(&packet, 4);
        self.first.get_or_insert(time);
        if faults.timestamp_frozen || faults.endless_unit {
            self.held.get_or_insert(time);
        } else {
            self.held = None;
        }
        let time = self.held.unwrap_or(time).wrapping_add(self.shift(faults));
        packet[4..8].copy_from_slice(&time.to_be_bytes());
        let sequence = u16::from_be_bytes([packet[2], packet[3]]).wrapping_add(self.sequence_shift);
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        if faults.other_ssrc {
            packet[8] ^= 0x5a;
        }
        let ends_picture = packet[1] & 0x80 != 0;
        if faults.endless_unit {
            packet[1] &= 0x7f;
        }
        if faults.huge_nal_mib > 0 && !self.has_sent_huge && !self.is_inside_picture {
            self.has_sent_huge = true;
            packets = huge(&mut packet, payload, faults.huge_nal_mib);
            self.sequence_shift =
                self.sequence_shift.wrapping_add(u16::try_from(packets.len() & 0xffff).unwrap_or(0));
        }
        self.is_inside_picture = !ends_picture;
        if faults.bad_parameter_sets && is_sequence_parameter_set(&packet[payload..]) {
            spoil(&mut packet[payload..]);
        }
        if self.chance(faults.garbage) {
            self.random.fill(&mut packet[payload..]);
        }
        if !self.chance(faults.loss) {
            packets.push(packet);
        }
        packets
    }

    /// What is sent instead of an RTCP packet of the camera; `None` for nothing.
    pub(super) fn rtcp(&mut self, faults: &Faults, mut packet: Vec<u8>) -> Option<Vec<u8>> {
        let is_report = packet.len() >= 28 && packet[1] == 200;
        if is_report && (faults.no_reports || faults.silence) {
            return None;
        }
        if is_report {
            let seconds = i64::from(read(&packet, 8)) + faults.report_offset_s;
            let seconds = u32::try_from(seconds.rem_euclid(1 << 32)).unwrap_or(0);
            packet[8..12].copy_from_slice(&seconds.to_be_bytes());
            let time = read(&packet, 16).wrapping_add(self.shift(faults));
            packet[16..20].copy_from_slice(&time.to_be_bytes());
        }
        if faults.other_ssrc && packet.len() >= 8 {
            packet[4] ^= 0x5a;
        }
        Some(packet)
    }

    fn shift(&self, faults: &Faults) -> u32 {
        let wrap = match self.first {
            Some(first) if faults.near_wrap => 0_u32.wrapping_sub(2 * 90_000).wrapping_sub(first),
            _ => 0,
        };
        let offset = u32::try_from(faults.timestamp_offset.rem_euclid(1 << 32)).unwrap_or(0);
        wrap.wrapping_add(offset)
    }
}

/// Where the payload begins (RFC 3550 §5.1); `None` for what is no RTP.
fn payload_at(packet: &[u8]) -> Option<usize> {
    if packet.len() < 16 || packet[0] >> 6 != 2 {
        return None;
    }
    let mut at = 12 + 4 * usize::from(packet[0] & 0x0f);
    if packet[0] & 0x10 != 0 {
        let words = packet.get(at + 2..at + 4)?;
        at += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (packet.len() > at + 2).then_some(at)
}

/// By the first byte of the payload: H.264 NAL type 7, or H.265 NAL type 33.
fn is_sequence_parameter_set(payload: &[u8]) -> bool {
    payload.len() > 4 && (payload[0] & 0x9f == 7 || (payload[0] >> 1 == 33 && payload[1] == 1))
}

/// Nothing but zeros behind profile and level, as the emulation prevention writes them: a number that does not end.
/// Noise would do less harm: one in a few dozen parses, as a picture of 13 x 15.
fn spoil(set: &mut [u8]) {
    for (index, byte) in set.iter_mut().skip(5).enumerate() {
        *byte = if index % 3 == 2 { 3 } else { 0 };
    }
}

/// Fragments (FU-A, RFC 6184 §5.8) of one NAL unit of noise, before `next` and with its time; renumbers `next`.
fn huge(next: &mut [u8], payload: usize, mib: u32) -> Vec<Vec<u8>> {
    let n = usize::try_from(mib).unwrap_or(1) * (1 << 20) / PAYLOAD;
    let mut sequence = u16::from_be_bytes([next[2], next[3]]);
    let mut packets = Vec::with_capacity(n);
    for index in 0..n {
        let mut packet = next[..payload].to_vec();
        packet[1] &= 0x7f;
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        sequence = sequence.wrapping_add(1);
        let position = if index == 0 {
            0x80
        } else if index == n - 1 {
            0x40
        } else {
            0
        };
        packet.extend([0x7c, position | 1]);
        // No zero bytes: they would need emulation prevention.
        packet.resize(payload + PAYLOAD, 0xa5);
        packets.push(packet);
    }
    next[2..4].copy_from_slice(&sequence.to_be_bytes());
    packets
}

fn read(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
}

/// xorshift64: the same numbers for the same seed, whatever library versions come.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 0 to 1.
    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next().to_le_bytes()[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, time: u32, marker: bool) -> Vec<u8> {
        let mut packet = vec![0x80, 96 | (u8::from(marker) << 7)];
        packet.extend(sequence.to_be_bytes());
        packet.extend(time.to_be_bytes());
        packet.extend([1, 2, 3, 4]);
        packet.extend([0x41, 5, 6, 7, 8, 9]);
        packet
    }

    #[test]
    fn a_good_camera_is_left_alone() {
        let mut editor = Editor::new(1);
        let faults = Faults::default();
        for n in 0..5 {
            let sent = packet(n, u32::from(n) * 3600, true);
            assert_eq!(editor.rtp(&faults, sent.clone()), [sent]);
        }
    }

    #[test]
    fn a_huge_nal_unit_shifts_what_follows_and_comes_once() {
        let mut editor = Editor::new(1);
        let faults = Faults { huge_nal_mib: 1, ..Faults::default() };
        let sent = editor.rtp(&faults, packet(65_530, 7, true));
        assert_eq!(sent.len(), (1 << 20) / PAYLOAD + 1);
        for (index, packet) in sent.iter().enumerate() {
            let expected = 65_530_u16.wrapping_add(u16::try_from(index).unwrap());
            assert_eq!(u16::from_be_bytes([packet[2], packet[3]]), expected);
        }
        let next = editor.rtp(&faults, packet(65_531, 3607, true));
        let expected = 65_531_u16.wrapping_add(u16::try_from(sent.len() - 1).unwrap());
        assert_eq!(u16::from_be_bytes([next[0][2], next[0][3]]), expected);
    }

    #[test]
    fn timestamps_wrap_two_seconds_after_the_first() {
        let mut editor = Editor::new(1);
        let faults = Faults { near_wrap: true, ..Faults::default() };
        let time = |sent: &[Vec<u8>]| read(&sent[0], 4);
        assert_eq!(time(&editor.rtp(&faults, packet(0, 777, true))), u32::MAX - 179_999);
        assert_eq!(time(&editor.rtp(&faults, packet(1, 777 + 180_000, true))), 0);
    }

    #[test]
    fn loss_is_as_asked_and_repeats_with_the_seed() {
        let faults = Faults { loss: 0.2, ..Faults::default() };
        let run = |seed| {
            let mut editor = Editor::new(seed);
            (0..1000).map(|n| editor.rtp(&faults, packet(n, 0, true)).len()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        let lost = 1000 - run(7).iter().sum::<usize>();
        assert!((150..250).contains(&lost), "{lost} of 1000");
    }
}
