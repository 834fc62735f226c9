//! Boxes written and read back; a damaged file is an end, never a panic.

use proptest::prelude::*;
use sharpeyes_domain::{
    media::{AudioCodec, AudioUnit, VideoCodec},
    time::{Pts, WallTime},
};

use super::*;
use crate::record::tests::kit::{params, units};

fn whole(spec: FragmentSpec<'_>) -> Vec<u8> {
    let encoded = encode_fragment(spec).unwrap();
    let bytes = spec.payload().fold(encoded.head, |mut bytes, piece| {
        bytes.extend_from_slice(piece);
        bytes
    });
    assert_eq!(u64::try_from(bytes.len()).unwrap(), encoded.size);
    bytes
}
/// Of the run, when the file began.
const ORIGIN: Pts = Pts(90_000 * 86_400);

/// A file of four fragments, and where each ends.
fn file() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = init_segment(&params(320), None).unwrap();
    let mut ends = Vec::new();
    for second in 0..4 {
        let units: Vec<_> = units((86_400 + second) * 25..(86_401 + second) * 25, 25).collect();
        let spec = FragmentSpec {
            sequence: u32::try_from(second).unwrap() + 1,
            origin: ORIGIN,
            sound_origin: 0,
            base: Pts(ORIGIN.0 + second * 90_000),
            end: Pts(ORIGIN.0 + (second + 1) * 90_000),
            wall: WallTime(1_700_000_000_000 + second * 1_000),
            units: &units,
            sounds: &[],
        };
        bytes.extend(whole(spec));
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
    let bytes = init_segment(&params(640), None).unwrap();
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

/// `n` packets of G.711 of 40 ms, the first at `at`.
fn sounds(at: i64, n: u8) -> Vec<AudioUnit> {
    let unit = |n: u8| AudioUnit { at: at + i64::from(n) * 320, duration: 320, data: vec![n; 320].into() };
    (0..n).map(unit).collect()
}

#[test]
fn sound_lies_beside_the_pictures_and_a_tear_takes_both() {
    let entry = g711_sample_entry(AudioCodec::Pcma, 8_000, 1);
    let audio = audio_params_from_sample_entry(&entry).unwrap();
    assert_eq!((audio.codec, audio.rate_hz.get(), audio.channels), (AudioCodec::Pcma, 8_000, 1));
    let mut bytes = init_segment(&params(320), Some(&audio)).unwrap();
    let head = bytes.len();
    let mut ends = Vec::new();
    for second in 0..3 {
        let units: Vec<_> = units((86_400 + second) * 25..(86_401 + second) * 25, 25).collect();
        // The sound of a file's first pictures may begin before them.
        let mut sounds = sounds((86_400 + second) * 8_000 - 160, 25);
        // A packet was lost, and one was shorter.
        sounds.remove(7);
        sounds[9].data = sounds[9].data.slice(..100);
        let spec = FragmentSpec {
            sequence: 1,
            origin: ORIGIN,
            sound_origin: 86_400 * 8_000,
            base: Pts(ORIGIN.0 + second * 90_000),
            end: Pts(ORIGIN.0 + (second + 1) * 90_000),
            wall: WallTime(0),
            units: &units,
            sounds: if second == 1 { &[] } else { &sounds },
        };
        let fragment = whole(spec);
        let tables = fragment_tables(&fragment).unwrap();
        if second != 1 {
            assert_eq!(tables.audio.at, second * 8_000 - 160);
            assert_eq!(tables.audio.samples.len(), 24);
            assert_eq!(tables.audio.samples[6].duration, 640);
            assert_eq!(tables.audio.bytes(), 23 * 320 + 100);
        } else {
            assert!(tables.audio.samples.is_empty());
        }
        bytes.extend(fragment);
        ends.push(bytes.len());
    }
    assert_eq!(Scanner::open(&bytes[..]).unwrap().audio(), Some(&audio));
    for length in (head..bytes.len()).step_by(97).chain(ends.iter().copied()) {
        let n_whole = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(scan(&bytes[..length]).unwrap().len(), n_whole, "{length} bytes");
    }
}

#[test]
fn an_aac_entry_says_its_object_type() {
    // As retina makes it: AAC-LC, 16 kHz, mono.
    let config = [0x14, 0x08];
    let mut esds = vec![0, 0, 0, 0, 0x03, 0x19, 0, 0, 0, 0x04, 0x11, 0x40, 0x15];
    esds.extend([0; 11]);
    esds.extend([0x05, 0x02]);
    esds.extend(config);
    esds.extend([0x06, 0x01, 0x02]);
    let mut entry = g711_sample_entry(AudioCodec::Pcmu, 16_000, 1);
    entry[4..8].copy_from_slice(b"mp4a");
    entry.extend(u32::try_from(esds.len() + 8).unwrap().to_be_bytes());
    entry.extend(b"esds");
    entry.extend(esds);
    let size = u32::try_from(entry.len()).unwrap();
    entry[..4].copy_from_slice(&size.to_be_bytes());
    let params = audio_params_from_sample_entry(&entry).unwrap();
    assert_eq!((params.codec, params.rfc6381.as_str()), (AudioCodec::Aac, "mp4a.40.2"));
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
        let _ = fragment_tables(&bytes);
        let _ = audio_params_from_sample_entry(&bytes);
        let _ = params_from_sample_entry(&bytes);
        let mut tail = init_segment(&params(320), None).unwrap();
        tail.extend(bytes);
        prop_assert!(scan(&tail).is_some());
    }
}
