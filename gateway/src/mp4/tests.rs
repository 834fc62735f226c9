//! Boxes written and read back; a damaged file is an end, never a panic.

use proptest::prelude::*;
use sharpeyes_domain::{
    media::VideoCodec,
    time::{Pts, WallTime},
};

use super::*;
use crate::record::tests::kit::{params, units};

/// Of the run, when the file began.
const ORIGIN: Pts = Pts(90_000 * 86_400);

/// A file of four fragments, and where each ends.
fn file() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = init_segment(&params(320)).unwrap();
    let mut ends = Vec::new();
    for second in 0..4 {
        let units: Vec<_> = units((86_400 + second) * 25..(86_401 + second) * 25, 25).collect();
        let spec = FragmentSpec {
            sequence: u32::try_from(second).unwrap() + 1,
            origin: ORIGIN,
            base: Pts(ORIGIN.0 + second * 90_000),
            end: Pts(ORIGIN.0 + (second + 1) * 90_000),
            wall: WallTime(1_700_000_000_000 + second * 1_000),
            units: &units,
        };
        bytes.extend(encode_fragment(spec).unwrap().bytes);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

fn scan(bytes: &[u8]) -> Option<Vec<ScannedFragment>> {
    let mut scanner = Scanner::open(bytes).ok()?;
    let mut found = Vec::new();
    while let Some(fragment) = scanner.next_fragment().unwrap() {
        found.push(fragment);
    }
    Some(found)
}

#[test]
fn the_sample_entry_is_kept_byte_for_byte() {
    let bytes = init_segment(&params(640)).unwrap();
    let scanner = Scanner::open(&bytes[..]).unwrap();
    assert_eq!(*scanner.params(), params(640));
    assert_eq!(scanner.params().width_px, 640);
}

#[test]
fn an_hevc_sample_entry_says_its_codec_string() {
    // Main profile, level 3.1, as Hikvision main streams have it: ISO/IEC 14496-15 Annex E.3 gives the string.
    let mut config = vec![1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];
    config.extend([0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0]);
    let avc = params(1920).sample_entry;
    let mut entry = avc[..86].to_vec();
    entry.extend(u32::try_from(config.len() + 8).unwrap().to_be_bytes());
    entry.extend(b"hvcC");
    entry.extend(&config);
    let size = u32::try_from(entry.len()).unwrap();
    entry[..4].copy_from_slice(&size.to_be_bytes());
    entry[4..8].copy_from_slice(b"hvc1");
    let read = params_from_sample_entry(&entry).unwrap();
    assert_eq!(read.codec, VideoCodec::H265);
    assert_eq!(read.rfc6381, "hvc1.1.6.L93.B0");
    assert_eq!(*read.decoder_config, config[..]);
    for length in 0..entry.len() {
        assert!(params_from_sample_entry(&entry[..length]).is_err(), "{length} bytes");
    }
    entry[4..8].copy_from_slice(b"av01");
    assert!(matches!(params_from_sample_entry(&entry), Err(Mp4Error::SampleEntry(_))));
}

#[test]
fn fragments_come_back_as_they_were_written_and_the_file_begins_at_0() {
    let (bytes, ends) = file();
    let found = scan(&bytes).unwrap();
    assert_eq!(found.len(), 4);
    for (second, (fragment, end)) in (0..).zip(found.iter().zip(ends)) {
        assert_eq!(fragment.offset + fragment.size, u64::try_from(end).unwrap());
        assert_eq!((fragment.base, fragment.end), (Pts(second * 90_000), Pts((second + 1) * 90_000)));
        assert_eq!(fragment.wall, WallTime(1_700_000_000_000 + second * 1_000));
        assert_eq!((fragment.n_frames, fragment.is_random_access), (25, true));
    }
}

proptest! {
    #[test]
    fn a_changed_byte_ends_the_file_or_stays_unseen_but_never_panics(
        changes in prop::collection::vec((0usize..6_000, any::<u8>()), 1..4),
    ) {
        let (mut bytes, ends) = file();
        let mut first = bytes.len();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
            first = first.min(at);
        }
        let n_untouched = ends.iter().filter(|end| **end <= first).count();
        if let Some(found) = scan(&bytes) {
            prop_assert!(found.len() >= n_untouched || first < ends[0]);
            for fragment in found {
                prop_assert!(fragment.offset + fragment.size <= u64::try_from(bytes.len()).unwrap());
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = scan(&bytes);
        let _ = fragment_samples(&bytes);
        let _ = params_from_sample_entry(&bytes);
        let mut tail = init_segment(&params(320)).unwrap();
        tail.extend(bytes);
        prop_assert!(scan(&tail).is_some());
    }
}
