//! Writes the corpus's first inputs from small MP4 files of ffmpeg (progressive, `moov` first, one slice a picture):
//! `ffmpeg -f lavfi -i testsrc2=s=64x64:r=5:d=2 -c:v libx264 -bf 2 -g 5 -an -movflags +faststart h264.mp4`.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use sharpeyes::{
    mp4::{FragmentSpec, Scanner, encode_fragment, init_segment},
    record::table::{self, Fragment},
};
use sharpeyes_domain::{
    media::{AccessUnit, VideoCodec, nal_units},
    time::{Pts, WallTime},
};

const FRAME: i64 = 18_000;
const START: WallTime = WallTime(1_700_000_000_000);

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
        let name = params.codec.as_str();
        put("entry", name, &params.sample_entry)?;
        let mdat = source.windows(4).position(|kind| kind == b"mdat").context("no mdat")? + 4;
        let mut file = init_segment(&params, None)?;
        let mut fragments = Vec::new();
        for (sequence, units) in (1..).zip(pictures(params.codec, &source[mdat..]).chunks(5)) {
            let (base, wall) =
                fragments.last().map_or((Pts(0), START), |last: &Fragment| (last.end, last.wall_end));
            let end = Pts(base.0 + FRAME * i64::try_from(units.len())?);
            let spec = FragmentSpec {
                sequence,
                origin: Pts(0),
                sound_origin: 0,
                base,
                end,
                wall,
                units,
                sounds: &[],
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
                n_frames: u32::try_from(units.len())?,
                is_random_access: units[0].is_keyframe,
            });
            file.extend(encoded.head);
            spec.payload().for_each(|piece| file.extend_from_slice(piece));
        }
        ensure!(!fragments.is_empty(), "{path} has no picture");
        put("file", name, &file)?;
        put("table", name, &table::encode(&fragments).context("fragments that follow one another")?)?;
    }
    // Reordered, backwards, torn, empty, and with a step of hours.
    put("units", "order", &[0, 0, 1, 2, 9, 9, 42, 0, 0, 1, 8, 236, 0, 0, 2, 8, 7, 0xf8, 0, 0, 1, 6])?;
    put("units", "torn", &[0, 0, 1, 0, 14, 16, 4, 5, 0, 0, 0, 9, 1])?;
    put("units", "jump", &[0, 0, 1, 1, 1, 0, 1, 2, 1, 7, 14, 16, 0, 1, 3])?;
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
