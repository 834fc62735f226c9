//! What parses bytes of a camera, a disk or a person, as functions of bytes that must never panic and whose results
//! must hold together. No search for inputs belongs here: `tests/corpus.rs` tries the corpus and changes of it,
//! `bin/guided.rs` looks for new paths.
//!
//! What retina does with RTP is retina's own to fuzz; from it come length-prefixed units, and those are ours.

mod index;

use std::path::Path;

use bytes::Bytes;
use sharpeyes::{
    mp4::{
        FragmentSpec, FragmentTables, Scanner, audio_params_from_sample_entry, encode_fragment,
        fragment_tables, init_segment, params_from_sample_entry,
    },
    record::table::{self, Origin},
};
use sharpeyes_config::{Environment, RtspUrl, Site};
use sharpeyes_domain::{
    media::{AccessUnit, AudioParams, AudioUnit, VideoParams, nal_units},
    time::{Pts, WallTime},
};

/// One entry into our code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A recorded file, as the recovery reads it.
    File,
    /// The head of a fragment, as a clip reads it.
    Head,
    /// A fragment table of the index.
    Table,
    /// A sample entry: what a camera's parameter sets have become.
    Entry,
    /// Coded pictures with their times, written and read again.
    Units,
    /// The address of a camera.
    Url,
    /// A site file.
    Site,
    /// Rows of the index of recordings, as whoever reads recordings reads them.
    Index,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::File, Self::Head, Self::Table, Self::Entry, Self::Units, Self::Url, Self::Site, Self::Index];

    /// Its folder in the corpus.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Head => "head",
            Self::Table => "table",
            Self::Entry => "entry",
            Self::Units => "units",
            Self::Url => "url",
            Self::Site => "site",
            Self::Index => "index",
        }
    }

    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// Runs it once.
    ///
    /// # Panics
    /// When our code panics, or its results contradict each other: that is what is looked for.
    pub fn run(self, input: &[u8]) {
        match self {
            Self::File => file(input),
            Self::Head => drop(fragment_tables(input)),
            Self::Table => index_table(input),
            Self::Entry => entry(input),
            Self::Units => units(input),
            Self::Url => url(input),
            Self::Site => site(input),
            Self::Index => index::rows(input),
        }
    }
}

fn file(input: &[u8]) {
    let Ok(mut scanner) = Scanner::open(input) else { return };
    // Whatever we read, we can write: a clip begins with these parameters.
    writes(scanner.params(), scanner.audio());
    let mut end = scanner.init_bytes();
    while let Some(found) = scanner.next_fragment().expect("a slice is no disk that fails") {
        assert_eq!(found.offset, end, "fragments follow one another");
        end += found.size;
        assert!(found.n_frames > 0 && u64::from(found.header_bytes) <= found.size, "{found:?}");
        assert!(found.end >= found.base, "{found:?}");
        let start = usize::try_from(found.offset).expect("within the input");
        let head = &input[start..start + usize::try_from(found.header_bytes).expect("within the input")];
        let FragmentTables { audio, video } = fragment_tables(head).expect("the scanner has read it");
        let payload: u64 = audio.bytes() + video.iter().map(|sample| u64::from(sample.size)).sum::<u64>();
        assert_eq!(payload + u64::from(found.header_bytes), found.size, "{found:?}");
    }
    let (valid, _) = scanner.valid();
    assert_eq!(valid, end);
    assert!(valid <= u64::try_from(input.len()).expect("64 bits"));
}

fn writes(params: &VideoParams, audio: Option<&AudioParams>) {
    if let Ok(head) = init_segment(params, audio) {
        let scanner = Scanner::open(&head[..]).expect("our own head is read again");
        assert_eq!((scanner.params(), scanner.audio()), (params, audio));
    }
}

fn index_table(input: &[u8]) {
    let origin = Origin { base: Pts(123_456), wall: WallTime(1_700_000_000_000) };
    let Ok(fragments) = table::decode(input, origin) else { return };
    // Numbers may be written longer than needed, so the bytes need not be the same, but what they say must be.
    if let Some(again) = table::encode(&fragments) {
        assert_eq!(table::decode(&again, origin).as_ref(), Ok(&fragments));
    }
}

fn entry(input: &[u8]) {
    if let Ok(params) = params_from_sample_entry(input) {
        writes(&params, None);
    }
    drop(audio_params_from_sample_entry(input));
}

/// Each picture, or piece of sound, is a time step of two bytes, a byte of flags and a byte of length, and so many bytes.
fn units(mut input: &[u8]) {
    let mut units = Vec::new();
    let mut sounds: Vec<AudioUnit> = Vec::new();
    let mut pts = 0_i64;
    while let Some((&[high, low, flags, length], rest)) = input.split_first_chunk() {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(length)));
        let step = i64::from(i16::from_be_bytes([high, low]));
        pts += if flags & 2 == 0 { step } else { step << 24 };
        input = rest;
        if flags & 8 != 0 {
            // The recorder keeps sound in order and drops what is not.
            if sounds.last().is_none_or(|last| last.at < pts) {
                sounds.push(AudioUnit { at: pts, duration: 320, data: payload.to_vec().into() });
            }
            continue;
        }
        let nals = if flags & 4 == 0 {
            let mut nals = u32::try_from(payload.len()).expect("at most 255").to_be_bytes().to_vec();
            nals.extend(payload);
            nals
        } else {
            payload.to_vec()
        };
        let n_split: usize = nal_units(&nals).map(|nal| nal.len() + 4).sum();
        assert!(n_split <= nals.len());
        units.push(AccessUnit {
            pts: Pts(pts),
            wall: WallTime(pts),
            is_keyframe: flags & 1 == 1,
            nals: Bytes::from(nals),
        });
    }
    let Some((first, last)) = units.first().zip(units.last()) else { return };
    let spec = FragmentSpec {
        sequence: 1,
        origin: first.pts,
        sound_origin: first.pts.0,
        base: first.pts,
        end: Pts(last.pts.0.saturating_add(3_600)),
        wall: WallTime(1_700_000_000_000),
        units: &units,
        sounds: &sounds,
    };
    let Ok(encoded) = encode_fragment(spec) else { return };
    assert!(encoded.end > encoded.base, "time goes on");
    let FragmentTables { audio, video } = fragment_tables(&encoded.head).expect("our own head is read again");
    assert_eq!((audio.samples.len(), video.len()), (sounds.len(), units.len()));
    let payload = spec.payload().fold(Vec::new(), |mut all, piece| {
        all.extend_from_slice(piece);
        all
    });
    let (mut at, mut rest) = (audio.at + first.pts.0, &payload[..]);
    for (sample, sound) in audio.samples.iter().zip(&sounds) {
        assert_eq!(at, sound.at, "heard when the camera said");
        let (bytes, tail) = rest.split_at(usize::try_from(sample.size).expect("32 bits"));
        assert_eq!(bytes, sound.data, "byte for byte");
        at += i64::from(sample.duration);
        rest = tail;
    }
    at = encoded.base.0;
    for (sample, unit) in video.iter().zip(&units) {
        assert_eq!(at + i64::from(sample.composition), unit.pts.0, "shown when the camera said");
        assert_eq!(sample.is_sync, unit.is_keyframe);
        let (bytes, tail) = rest.split_at(usize::try_from(sample.size).expect("32 bits"));
        assert_eq!(bytes, unit.nals, "byte for byte");
        at += i64::from(sample.duration);
        rest = tail;
    }
    assert_eq!((at, rest.len()), (encoded.end.0, 0));
}

fn url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok((url, credentials)) = RtspUrl::split(text) else { return };
    assert_eq!(url.as_url().scheme(), "rtsp");
    assert!(url.as_url().username().is_empty() && url.as_url().password().is_none(), "{url}");
    let (again, none) = RtspUrl::split(url.as_url().as_str()).expect("our own address is read again");
    assert_eq!((&again, none.is_none()), (&url, true), "nothing is left in it");
    // Shown addresses and passwords never panic, whatever is in them.
    drop((url.to_string(), format!("{url:?} {credentials:?}")));
}

fn site(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let nowhere = Path::new("/nonexistent");
    let environment = Environment { base: nowhere, variable: &|_| None };
    // Every refusal has its words.
    if let Err(refused) = Site::parse(text, &nowhere.join("site.toml"), &environment) {
        assert!(!refused.to_string().is_empty());
    }
}
