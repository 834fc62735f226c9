//! Writes the corpus's first inputs from small MP4 files of ffmpeg (progressive, `moov` first, one slice a picture):
//! `ffmpeg -f lavfi -i testsrc2=s=64x64:r=5:d=2 -c:v libx264 -crf 45 -bf 2 -g 5 -an -movflags +faststart h264.mp4`, the
//! same with `-c:v libx265 -x265-params info=0`, and one with `-f lavfi -i sine=d=2 -c:a aac` in place of `-an`, which
//! gives the sample entry of AAC.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use sharpeyes::{
    mp4::{
        FragmentSpec, Scanner, audio_params_from_sample_entry, encode_fragment, g711_sample_entry,
        init_segment,
    },
    record::table::{self, Fragment},
};
use sharpeyes_domain::{
    media::{AccessUnit, AudioCodec, AudioUnit, VideoCodec, nal_units},
    time::{Pts, WallTime},
};

const FRAME: i64 = 18_000;
const START: WallTime = WallTime(1_700_000_000_000);
/// As long as a picture, at 8 kHz.
const SOUND: u32 = 1_600;

fn main() -> anyhow::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let put = |target: &str, name: &str, bytes: &[u8]| -> anyhow::Result<()> {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes).context("a seed")
    };
    for path in std::env::args().skip(1) {
        let source = fs::read(&path).with_context(|| path.clone())?;
        let scanner = Scanner::open(&source[..])?;
        let params = scanner.params().clone();
        if let Some(audio) = scanner.audio() {
            // Its sound lies between its pictures, which could not be told from each other below.
            put("entry", audio.codec.as_str(), &audio.sample_entry)?;
            continue;
        }
        let name = params.codec.as_str();
        put("entry", name, &params.sample_entry)?;
        // One file with sound and one without.
        let audio = match params.codec {
            VideoCodec::H264 => {
                Some(audio_params_from_sample_entry(&g711_sample_entry(AudioCodec::Pcma, 8_000, 1))?)
            }
            VideoCodec::H265 => None,
        };
        if let Some(audio) = &audio {
            put("entry", audio.codec.as_str(), &audio.sample_entry)?;
        }
        let mdat = source.windows(4).position(|kind| kind == b"mdat").context("no mdat")? + 4;
        let mut file = init_segment(&params, audio.as_ref())?;
        let mut fragments = Vec::new();
        for (sequence, units) in (1..).zip(pictures(params.codec, &source[mdat..]).chunks(5)) {
            let (base, wall) =
                fragments.last().map_or((Pts(0), START), |last: &Fragment| (last.end, last.wall_end));
            let n_frames = u32::try_from(units.len())?;
            let end = Pts(base.0 + FRAME * i64::from(n_frames));
            let sounds = if audio.is_some() { sounds(sequence, n_frames) } else { Vec::new() };
            let spec = FragmentSpec {
                sequence,
                origin: Pts(0),
                sound_origin: 0,
                base,
                end,
                wall,
                units,
                sounds: &sounds,
            };
            let encoded = encode_fragment(spec)?;
            put("head", &format!("{name}-{sequence}"), &encoded.head)?;
            fragments.push(Fragment {
                offset: u64::try_from(file.len())?,
                header_bytes: encoded.header_bytes,
                size: encoded.size,
                base: encoded.base,
                end: encoded.end,
                wall,
                wall_end: wall.plus_media(encoded.end - encoded.base),
                n_frames,
                is_random_access: units[0].is_keyframe,
            });
            file.extend(encoded.head);
            spec.payload().for_each(|piece| file.extend_from_slice(piece));
        }
        ensure!(!fragments.is_empty(), "{path} has no picture");
        put("file", name, &file)?;
        put("table", name, &table::encode(&fragments).context("fragments that follow one another")?)?;
    }
    // Reordered, backwards, torn, empty, with a step of hours, and with sound of equal pieces and of others.
    put("units", "order", &[0, 0, 1, 2, 9, 9, 42, 0, 0, 1, 8, 236, 0, 0, 2, 8, 7, 0xf8, 0, 0, 1, 6])?;
    put("units", "torn", &[0, 0, 1, 0, 14, 16, 4, 5, 0, 0, 0, 9, 1])?;
    put("units", "jump", &[0, 0, 1, 1, 1, 0, 1, 2, 1, 7, 14, 16, 0, 1, 3])?;
    let equal = [0, 0, 1, 2, 9, 9, 0, 9, 8, 2, 4, 5, 1, 64, 8, 2, 6, 7, 14, 16, 0, 1, 8];
    put("units", "sound-equal", &equal)?;
    let uneven = [0, 9, 8, 3, 4, 5, 6, 0, 0, 1, 1, 9, 1, 0, 8, 1, 7, 9, 0, 8, 0, 14, 16, 0, 1, 8];
    put("units", "sound-uneven", &uneven)?;
    for (name, text) in [
        ("plain", "rtsp://192.168.1.20/Streaming/Channels/101"),
        ("login", "rtsp://admin:p%40ss%3Aword@[fe80::1]:8554/live?channel=1&subtype=0#x"),
        ("dahua", "rtsp://cam.example/user=admin_password=x_channel=1_stream=0.sdp?real_stream"),
    ] {
        put("url", name, text.as_bytes())?;
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/examples/site.toml");
    put("site", "example", &fs::read(examples)?)
}

/// Sound for the fragment of this number, a piece for each picture: of one length in the first, of several later.
fn sounds(sequence: u32, n: u32) -> Vec<AudioUnit> {
    let sound = |number: u32| {
        let length = if sequence == 1 { 8 } else { 6 + number };
        AudioUnit {
            at: i64::from(SOUND * ((sequence - 1) * n + number)),
            duration: SOUND,
            data: (0..length).map(|_| 0xd5).collect(),
        }
    };
    (0..n).map(sound).collect()
}

/// Slices as pictures of their own, length in front, in decoding order.
fn pictures(codec: VideoCodec, mdat: &[u8]) -> Vec<AccessUnit> {
    let slices = nal_units(mdat).filter_map(|nal| {
        let kind = *nal.first()?;
        let (is_slice, is_keyframe) = match codec {
            VideoCodec::H264 => (matches!(kind & 0x1f, 1 | 5), kind & 0x1f == 5),
            VideoCodec::H265 => ((kind >> 1) & 0x3f < 32, (16..=21).contains(&((kind >> 1) & 0x3f))),
        };
        is_slice.then_some((nal, is_keyframe))
    });
    let unit = |(number, (nal, is_keyframe)): (i64, (&[u8], bool))| {
        let mut bytes = u32::try_from(nal.len()).unwrap_or(0).to_be_bytes().to_vec();
        bytes.extend(nal);
        AccessUnit { pts: Pts(number * FRAME), wall: START, is_keyframe, nals: Bytes::from(bytes) }
    };
    (0..).zip(slices).map(unit).collect()
}
