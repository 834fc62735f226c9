//! What kind of picture an access unit is, by its NAL units. Reads headers only; nothing is decoded or changed.
//!
//! retina 0.4.21 calls nothing but IDR pictures random access points (codec/h264.rs, codec/h265/nal.rs), although its
//! comment promises every IRAP picture. Cameras with open GOPs send one IDR picture, at the beginning of the world.

use sharpeyes_domain::media::{VideoCodec, nal_units};

/// How decoding may begin at a picture, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// IDR, or BLA without leading pictures: nothing that follows refers to what came before.
    Closed,
    /// CRA, BLA, or an H.264 I picture with a recovery point: pictures that follow in decoding order and come before it
    /// in presentation may refer to what came before.
    Open,
    /// Decoding cannot begin here.
    None,
}

/// An access unit's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) access: Access,
    /// H.265 RASL: refers to pictures before the random access point that it follows (ITU-T H.265 §3.131).
    pub(super) is_skipped_leading: bool,
    /// It has a slice, and its first slice is the first of a picture.
    pub(super) has_beginning: bool,
}

impl Picture {
    /// `nals`: NAL units behind 4-byte lengths.
    pub(super) fn of(codec: VideoCodec, nals: &[u8]) -> Self {
        match codec {
            VideoCodec::H264 => h264(nals),
            VideoCodec::H265 => h265(nals),
        }
    }

    pub(super) fn is_random_access(self) -> bool {
        self.access != Access::None
    }
}

/// ITU-T H.265 table 7-1.
fn h265(nals: &[u8]) -> Picture {
    let mut slices = nal_units(nals).filter_map(|nal| {
        let kind = (nal.first()? >> 1) & 0x3f;
        (kind < 32).then_some((kind, nal))
    });
    let Some((first, nal)) = slices.next() else {
        return Picture { access: Access::None, is_skipped_leading: false, has_beginning: false };
    };
    let access_of = |kind| match kind {
        // BLA_N_LP, IDR_W_RADL, IDR_N_LP. BLA_W_RADL has decodable leading pictures only.
        17..=20 => Access::Closed,
        // BLA_W_LP, CRA.
        16 | 21 => Access::Open,
        _ => Access::None,
    };
    let access = access_of(first);
    // Slices of one picture share their type (§7.4.2.2); a mix is no beginning.
    let access = if slices.all(|(kind, _)| access_of(kind) == access) { access } else { Access::None };
    Picture {
        access,
        is_skipped_leading: matches!(first, 8 | 9),
        // first_slice_segment_in_pic_flag is the first bit behind the header of two bytes.
        has_beginning: nal.get(2).is_some_and(|byte| byte & 0x80 != 0),
    }
}

/// ITU-T H.264 table 7-1.
fn h264(nals: &[u8]) -> Picture {
    let mut first = None;
    let (mut is_idr, mut is_intra, mut has_recovery_point) = (true, true, false);
    for nal in nal_units(nals) {
        match nal.first().map(|header| header & 0x1f) {
            Some(6) => has_recovery_point |= is_exact_recovery_point(nal),
            Some(kind @ 1..=5) => {
                is_idr &= kind == 5;
                let slice = (kind < 3 || kind == 5).then(|| slice(nal)).flatten();
                is_intra &= slice.is_some_and(|slice| slice.is_intra);
                first.get_or_insert(slice);
            }
            _ => {}
        }
    }
    let access = match first {
        None => Access::None,
        Some(_) if is_idr => Access::Closed,
        Some(_) if is_intra && has_recovery_point => Access::Open,
        Some(_) => Access::None,
    };
    let has_beginning = first.flatten().is_some_and(|slice| slice.is_first);
    Picture { access, is_skipped_leading: false, has_beginning }
}

#[derive(Clone, Copy)]
struct Slice {
    is_first: bool,
    is_intra: bool,
}

/// `first_mb_in_slice` and `slice_type` of a slice header (ITU-T H.264 §7.3.3).
fn slice(nal: &[u8]) -> Option<Slice> {
    let payload = without_emulation(nal.get(1..)?, 12);
    let mut bits = Bits { bytes: &payload, at: 0 };
    let first_mb = bits.unsigned()?;
    let kind = bits.unsigned()?;
    // I and SI, and the same for "all slices of this picture" (table 7-6).
    Some(Slice { is_first: first_mb == 0, is_intra: matches!(kind, 2 | 4 | 7 | 9) })
}

/// An SEI message of type 6 whose recovery is at this very picture (ITU-T H.264 §D.1.8). With gradual refresh the
/// pictures are right only some time later, and there is no I picture to begin with.
fn is_exact_recovery_point(nal: &[u8]) -> bool {
    // Parameter sets aside, recovery points stand in front; encoders' own text may be long and comes after or before.
    let payload = without_emulation(nal.get(1..).unwrap_or_default(), 4096);
    let mut rest = payload.as_slice();
    while rest.len() > 2 {
        let Some(kind) = sei_number(&mut rest) else { return false };
        let Some(size) = sei_number(&mut rest) else { return false };
        let Some((body, tail)) = rest.split_at_checked(size) else { return false };
        if kind == 6 {
            return Bits { bytes: body, at: 0 }.unsigned() == Some(0);
        }
        rest = tail;
    }
    false
}

/// Bytes of 255 add up until another one ends the number (ITU-T H.264 §7.3.2.3.1).
fn sei_number(rest: &mut &[u8]) -> Option<usize> {
    let mut sum = 0_usize;
    loop {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        sum += usize::from(byte);
        if byte != 255 {
            return Some(sum);
        }
    }
}

/// The first `most` bytes without emulation prevention (ITU-T H.264 §7.4.1).
fn without_emulation(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(most.min(bytes.len()));
    let mut zeros = 0;
    for &byte in bytes {
        if out.len() == most {
            break;
        }
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = (byte >> (7 - self.at % 8)) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    /// ue(v), ITU-T H.264 §9.1.
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let mut value = 1_u32;
        for _ in 0..zeros {
            value = (value << 1) | self.bit()?;
        }
        Some(value - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(nals: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for nal in nals {
            bytes.extend(u32::try_from(nal.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(nal);
        }
        bytes
    }

    #[test]
    fn h265_pictures_are_told_apart_by_their_type() {
        let check = |kind: u8, access, is_skipped_leading| {
            let nals = unit(&[&[35 << 1, 1, 0x50], &[kind << 1, 1, 0x80, 7]]);
            let expected = Picture { access, is_skipped_leading, has_beginning: true };
            assert_eq!(Picture::of(VideoCodec::H265, &nals), expected, "NAL type {kind}");
        };
        check(1, Access::None, false);
        check(6, Access::None, false);
        check(8, Access::None, true);
        check(9, Access::None, true);
        check(16, Access::Open, false);
        check(17, Access::Closed, false);
        check(18, Access::Closed, false);
        check(19, Access::Closed, false);
        check(20, Access::Closed, false);
        check(21, Access::Open, false);
    }

    #[test]
    fn a_picture_without_its_first_slice_has_no_beginning() {
        let torn = unit(&[&[21 << 1, 1, 0x40, 7]]);
        assert!(!Picture::of(VideoCodec::H265, &torn).has_beginning);
        // first_mb_in_slice 1 is `010`, then slice_type 7 is `0001000`.
        let torn = unit(&[&[0x65, 0b0100_0010, 0]]);
        let picture = Picture::of(VideoCodec::H264, &torn);
        assert_eq!((picture.access, picture.has_beginning), (Access::Closed, false));
        for nothing in [&[][..], &[0, 0, 0, 0], &unit(&[&[0x09, 0xf0]])] {
            assert!(!Picture::of(VideoCodec::H264, nothing).has_beginning);
            assert!(!Picture::of(VideoCodec::H264, nothing).is_random_access());
        }
    }

    #[test]
    fn an_h264_i_picture_counts_with_a_recovery_point_at_itself() {
        let sei_here: &[u8] = &[6, 6, 1, 0b1100_0000, 0x80];
        let sei_later: &[u8] = &[6, 6, 1, 0b0110_0000, 0x80];
        let sei_behind_text: &[u8] = &[6, 5, 3, 1, 2, 3, 6, 1, 0b1100_0000, 0x80];
        // first_mb 0 is `1`; slice_type 7 (I) is `0001000`, 2 (I) is `011`, 5 (P) is `00110`.
        let (i, i_alone, p): (&[u8], &[u8], &[u8]) =
            (&[0x41, 0b1000_1000, 0], &[0x41, 0b1011_0000, 0], &[0x41, 0b1001_1000, 0]);
        let check = |nals: &[&[u8]], access| {
            assert_eq!(Picture::of(VideoCodec::H264, &unit(nals)).access, access, "{nals:?}");
        };
        check(&[sei_here, i], Access::Open);
        check(&[sei_behind_text, i_alone], Access::Open);
        check(&[sei_later, i], Access::None);
        check(&[sei_here, p], Access::None);
        check(&[sei_here, i, p], Access::None);
        check(&[i], Access::None);
        check(&[&[0x65, 0b1000_1000, 0]], Access::Closed);
    }

    proptest! {
        #[test]
        fn nothing_that_a_camera_sends_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for nals in [bytes.clone(), unit(&[&bytes])] {
                Picture::of(VideoCodec::H264, &nals);
                Picture::of(VideoCodec::H265, &nals);
            }
        }
    }
}
