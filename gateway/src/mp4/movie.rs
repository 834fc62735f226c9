//! `ftyp` and `moov`: for a fragmented file (no samples yet) and for a progressive clip (all samples known).

use mp4_atom::{
    Atom as _, Co64, Ctts, CttsEntry, Dinf, Dref, DrefEntry, Encode, FixedPoint, FourCC, Ftyp, Hdlr, Header,
    Mdat, Mdhd, Mdia, Minf, Moov, Mvex, Mvhd, Stbl, Stco, Stsc, StscEntry, Stss, Stsz, StszSamples, Stts,
    SttsEntry, Tkhd, Trak, Trex, Url, Vmhd,
};
use sharpeyes_domain::{
    media::{AudioParams, VideoParams},
    time::WallTime,
};

use super::{
    AUDIO_TRACK, Mp4Error, NON_SYNC, TRACK,
    audio::{self, AudioTrack},
};

/// 90 kHz for movie and track alike.
const TIMESCALE: u32 = 90_000;
/// Seconds from 1904 (QuickTime) to 1970.
const MP4_TO_UNIX: i64 = 2_082_844_800;

/// One picture in a sample table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Bytes.
    pub size: u32,
    /// 90 kHz, up to the next picture's decoding time.
    pub duration: u32,
    /// Presentation minus decoding time, 90 kHz.
    pub composition: i32,
    /// A random access point.
    pub is_sync: bool,
}

/// Samples that lie one after another in the clip's `mdat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// How many.
    pub n_samples: u32,
    /// Bytes of them all.
    pub size: u64,
    /// Pieces of sound that lie before them.
    pub n_sounds: u32,
    /// Bytes of those.
    pub sound_bytes: u64,
    /// Which of the clip's sample entries, from 0.
    pub entry: u32,
}

/// `ftyp` and `moov` of a fragmented file or a live session.
///
/// # Errors
/// [`Mp4Error`] when the sample entry is unusable.
pub fn init_segment(params: &VideoParams, audio: Option<&AudioParams>) -> Result<Vec<u8>, Mp4Error> {
    let brands = [b"iso6", b"cmfc", b"mp41"];
    let mut bytes = ftyp(b"iso6", &brands)?;
    let stbl = Stbl { stco: Some(Stco::default()), ..Default::default() };
    let mut moov = moov(params, WallTime(0), 0, stbl);
    let mut trex = vec![Trex {
        track_id: TRACK,
        default_sample_description_index: 1,
        default_sample_duration: 0,
        default_sample_size: 0,
        default_sample_flags: NON_SYNC,
    }];
    let mut entries: Vec<Vec<&[u8]>> = vec![vec![&params.sample_entry]];
    if let Some(audio) = audio {
        let stbl = Stbl { stco: Some(Stco::default()), ..Default::default() };
        add_track(&mut moov, audio::trak(audio, created(WallTime(0)), 0, Some(audio::lead()), stbl));
        trex.push(audio::trex());
        entries.push(vec![&audio.sample_entry]);
    }
    moov.mvex = Some(Mvex { mehd: None, trex });
    bytes.extend(with_entries(&moov, &entries)?);
    Ok(bytes)
}

/// All of a progressive file that comes before the payload: `ftyp`, `moov` and the head of `mdat`.
///
/// `samples` and `chunks` are in decoding order; the payload that follows must be exactly theirs.
///
/// # Errors
/// [`Mp4Error::Range`] when there is nothing to show, [`Mp4Error`] when a sample entry is unusable.
pub fn progressive(
    params: &[&VideoParams],
    created_at: WallTime,
    samples: &[Sample],
    chunks: &[Chunk],
    audio: Option<AudioTrack<'_>>,
) -> Result<Vec<u8>, Mp4Error> {
    let first =
        params.first().filter(|_| !samples.is_empty()).ok_or(Mp4Error::Range("a clip without pictures"))?;
    let duration = samples.iter().map(|sample| u64::from(sample.duration)).sum();
    let payload: u64 = chunks.iter().map(|chunk| chunk.size + chunk.sound_bytes).sum();
    let mut entries: Vec<Vec<&[u8]>> = vec![params.iter().map(|params| &*params.sample_entry).collect()];
    entries.extend(audio.map(|audio| vec![&*audio.params.sample_entry]));
    let table = |start| {
        let mut table = moov(first, created_at, duration, tables(samples, chunks, start)?);
        if let Some(audio) = audio {
            add_track(&mut table, audio::progressive_trak(audio, created(created_at), chunks, start)?);
        }
        with_entries(&table, &entries)
    };
    let brands = [b"isom", b"iso2", b"mp41"];
    let head = ftyp(b"isom", &brands)?;
    // Offsets are 64 bits wide whatever their value, so the length of moov is known after the first pass.
    let moov_bytes = table(0)?.len();
    let mdat = Header {
        kind: Mdat::KIND,
        size: Some(usize::try_from(payload).map_err(|_| Mp4Error::Range("the clip"))?),
    };
    let mut mdat_head = Vec::new();
    mdat.encode(&mut mdat_head)?;
    let start =
        u64::try_from(head.len() + moov_bytes + mdat_head.len()).map_err(|_| Mp4Error::Range("the clip"))?;
    let mut bytes = head;
    bytes.extend(table(start)?);
    bytes.extend(mdat_head);
    Ok(bytes)
}

fn ftyp(major: &[u8; 4], compatible: &[&[u8; 4]]) -> Result<Vec<u8>, Mp4Error> {
    let mut bytes = Vec::new();
    let compatible_brands = compatible.iter().map(|brand| FourCC::new(brand)).collect();
    Ftyp { major_brand: FourCC::new(major), minor_version: 0, compatible_brands }.encode(&mut bytes)?;
    Ok(bytes)
}

/// A time of creation as `mvhd`, `tkhd` and `mdhd` have it.
fn created(at: WallTime) -> u64 {
    u64::try_from(at.0.div_euclid(1000) + MP4_TO_UNIX).unwrap_or(0)
}

fn add_track(moov: &mut Moov, trak: Trak) {
    moov.mvhd.next_track_id = AUDIO_TRACK + 1;
    moov.trak.push(trak);
}

fn moov(params: &VideoParams, created_at: WallTime, duration: u64, stbl: Stbl) -> Moov {
    let created = created(created_at);
    Moov {
        mvhd: Mvhd {
            creation_time: created,
            modification_time: created,
            timescale: TIMESCALE,
            duration,
            rate: FixedPoint::new(1, 0),
            volume: FixedPoint::new(1, 0),
            next_track_id: TRACK + 1,
            ..Default::default()
        },
        trak: vec![Trak {
            tkhd: Tkhd {
                creation_time: created,
                modification_time: created,
                track_id: TRACK,
                duration,
                enabled: true,
                in_movie: true,
                width: FixedPoint::new(params.width_px, 0),
                height: FixedPoint::new(params.height_px, 0),
                ..Default::default()
            },
            mdia: Mdia {
                mdhd: Mdhd {
                    creation_time: created,
                    modification_time: created,
                    timescale: TIMESCALE,
                    duration,
                    language: "und".into(),
                },
                hdlr: Hdlr { handler: FourCC::new(b"vide"), name: "video".into() },
                minf: Minf {
                    vmhd: Some(Vmhd::default()),
                    dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                    stbl,
                    ..Default::default()
                },
            },
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn tables(samples: &[Sample], chunks: &[Chunk], start: u64) -> Result<Stbl, Mp4Error> {
    let mut stts: Vec<SttsEntry> = Vec::new();
    let mut ctts: Vec<CttsEntry> = Vec::new();
    let mut sync = Vec::new();
    for (number, sample) in (1u32..).zip(samples) {
        match stts.last_mut() {
            Some(last) if last.sample_delta == sample.duration => last.sample_count += 1,
            _ => stts.push(SttsEntry { sample_count: 1, sample_delta: sample.duration }),
        }
        let offset = i64::from(sample.composition);
        match ctts.last_mut() {
            Some(last) if last.sample_offset == offset => last.sample_count += 1,
            _ => ctts.push(CttsEntry { sample_count: 1, sample_offset: offset }),
        }
        if sample.is_sync {
            sync.push(number);
        }
    }
    let mut stsc: Vec<StscEntry> = Vec::new();
    let mut offsets = Vec::with_capacity(chunks.len());
    let mut at = start;
    for (number, chunk) in (1u32..).zip(chunks) {
        offsets.push(at + chunk.sound_bytes);
        at = at.checked_add(chunk.size + chunk.sound_bytes).ok_or(Mp4Error::Range("the clip"))?;
        let entry = chunk.entry + 1;
        let is_same = stsc.last().is_some_and(|last| {
            last.samples_per_chunk == chunk.n_samples && last.sample_description_index == entry
        });
        if !is_same {
            stsc.push(StscEntry {
                first_chunk: number,
                samples_per_chunk: chunk.n_samples,
                sample_description_index: entry,
            });
        }
    }
    let is_reordered = samples.iter().any(|sample| sample.composition != 0);
    Ok(Stbl {
        stts: Stts { entries: stts },
        ctts: is_reordered.then_some(Ctts { entries: ctts }),
        stss: Some(Stss { entries: sync }),
        stsc: Stsc { entries: stsc },
        stsz: Stsz {
            samples: StszSamples::Different { sizes: samples.iter().map(|sample| sample.size).collect() },
        },
        co64: Some(Co64 { entries: offsets }),
        ..Default::default()
    })
}

/// Encodes `moov` and puts each track's sample entries into its empty `stsd`, byte for byte.
fn with_entries(moov: &Moov, tracks: &[Vec<&[u8]>]) -> Result<Vec<u8>, Mp4Error> {
    let mut bytes = Vec::new();
    moov.encode(&mut bytes)?;
    for (number, entries) in tracks.iter().enumerate() {
        let added: usize = entries.iter().map(|entry| entry.len()).sum();
        let missing = Mp4Error::Damaged;
        grow(&mut bytes, 0, added)?;
        let mut at = find(&bytes, 8, b"trak").ok_or(missing("moov lacks a track of its own"))?;
        for _ in 0..number {
            let size = usize::try_from(read_u32(&bytes, at)?).map_err(|_| Mp4Error::Range("trak"))?;
            at = find(&bytes, at + size, b"trak").ok_or(missing("moov lacks a track of its own"))?;
        }
        for child in [b"mdia", b"minf", b"stbl", b"stsd"] {
            grow(&mut bytes, at, added)?;
            at = find(&bytes, at + 8, child).ok_or(missing("moov lacks a box of its own"))?;
        }
        let end = at + usize::try_from(read_u32(&bytes, at)?).map_err(|_| Mp4Error::Range("stsd"))?;
        grow(&mut bytes, at, added)?;
        let count = u32::try_from(entries.len()).map_err(|_| Mp4Error::Range("sample entries"))?;
        bytes.get_mut(at + 12..at + 16).ok_or(missing("stsd"))?.copy_from_slice(&count.to_be_bytes());
        bytes.splice(end..end, entries.concat());
    }
    Ok(bytes)
}

fn read_u32(bytes: &[u8], at: usize) -> Result<u32, Mp4Error> {
    let field =
        bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(Mp4Error::Damaged("a short box"))?;
    Ok(u32::from_be_bytes(*field))
}

fn grow(bytes: &mut [u8], at: usize, by: usize) -> Result<(), Mp4Error> {
    let by = u32::try_from(by).map_err(|_| Mp4Error::Range("the sample entries"))?;
    let size = read_u32(bytes, at)?.checked_add(by).ok_or(Mp4Error::Range("moov"))?;
    bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    Ok(())
}

/// The sibling of `kind` at or after `at`.
fn find(bytes: &[u8], mut at: usize, kind: &[u8; 4]) -> Option<usize> {
    loop {
        let head = bytes.get(at..)?.first_chunk::<8>()?;
        if &head[4..] == kind {
            return Some(at);
        }
        let size = usize::try_from(u32::from_be_bytes([head[0], head[1], head[2], head[3]])).ok()?;
        if size < 8 {
            return None;
        }
        at += size;
    }
}
