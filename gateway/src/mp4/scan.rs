//! A recorded file read back fragment by fragment: after kill -9 its tail may be torn anywhere.

use std::io::Read;

use mp4_atom::{Atom as _, Decode as _, Header, Mdat, Moof, Moov, Prft, Tfdt, Traf};
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    media::{AudioParams, VideoParams, nal_units},
    time::{Pts, WallTime},
};

use super::{
    Mp4Error, SYNC, TRACK,
    audio::{FragmentAudio, audio_of, audio_params_from_sample_entry},
    fragment::from_ntp,
    movie::Sample,
    params_from_sample_entry,
};

/// No fragment of ours comes near it; a damaged size field must not make us allocate the disk.
const MAX_BOX_BYTES: u64 = 256 << 20;

/// A whole fragment of a recorded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedFragment {
    /// Of its first byte in the file.
    pub offset: u64,
    /// Bytes before the payload.
    pub header_bytes: u32,
    /// Bytes in all.
    pub size: u64,
    /// Decoding time of the first picture.
    pub base: Pts,
    /// Decoding time after the last one.
    pub end: Pts,
    /// Wall time of the first picture.
    pub wall: WallTime,
    /// Pictures.
    pub n_frames: u32,
    /// Begins with a random access point.
    pub is_random_access: bool,
}

/// Reads a recorded file from its start; stops at the first byte that belongs to no whole fragment.
pub struct Scanner<R> {
    input: R,
    hasher: Sha256,
    at: u64,
    params: VideoParams,
    audio: Option<AudioParams>,
    init_bytes: u64,
}

impl<R: Read> Scanner<R> {
    /// Reads `ftyp` and `moov`.
    ///
    /// # Errors
    /// [`Mp4Error`] when the file does not begin with them: nothing in it can be used.
    pub fn open(mut input: R) -> Result<Self, Mp4Error> {
        let mut raw = Vec::new();
        loop {
            let start = raw.len();
            let header = read_box(&mut input, &mut raw)?.ok_or(Mp4Error::Damaged("it ends before moov"))?;
            if header.kind == Moov::KIND {
                let (video, sound) = sample_entries(&raw[start..])?;
                let params = params_from_sample_entry(video)?;
                let audio = sound.map(audio_params_from_sample_entry).transpose()?;
                let init_bytes = u64::try_from(raw.len()).map_err(|_| Mp4Error::Range("moov"))?;
                let hasher = Sha256::new_with_prefix(&raw);
                return Ok(Self { input, hasher, at: init_bytes, params, audio, init_bytes });
            }
        }
    }

    /// What `moov` says of the stream.
    #[must_use]
    pub fn params(&self) -> &VideoParams {
        &self.params
    }

    /// What `moov` says of the sound, if there is any.
    #[must_use]
    pub fn audio(&self) -> Option<&AudioParams> {
        self.audio.as_ref()
    }

    /// Bytes of `ftyp` and `moov`.
    #[must_use]
    pub fn init_bytes(&self) -> u64 {
        self.init_bytes
    }

    /// Bytes up to the end of the last whole fragment, and their SHA-256.
    #[must_use]
    pub fn valid(&self) -> (u64, [u8; 32]) {
        (self.at, self.hasher.clone().finalize().into())
    }

    /// The next whole fragment; `None` at the end of the file or where it is torn.
    ///
    /// # Errors
    /// [`Mp4Error::Io`] only when the disk fails: damage is where the file ends for us.
    pub fn next_fragment(&mut self) -> Result<Option<ScannedFragment>, Mp4Error> {
        let mut raw = Vec::new();
        match self.read_fragment(&mut raw) {
            Ok(Some(found)) => {
                self.hasher.update(&raw);
                self.at += found.size;
                Ok(Some(found))
            }
            Ok(None) => Ok(None),
            Err(Mp4Error::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                Err(error.into())
            }
            Err(_) => Ok(None),
        }
    }

    fn read_fragment(&mut self, raw: &mut Vec<u8>) -> Result<Option<ScannedFragment>, Mp4Error> {
        let mut wall = None;
        let mut movie_fragment = None;
        loop {
            let start = raw.len();
            let Some(header) = read_box(&mut self.input, raw)? else { return Ok(None) };
            let body = raw.len() - header.size.unwrap_or(0);
            if header.kind == Prft::KIND {
                wall = Some(from_ntp(Prft::decode(&mut &raw[start..])?.ntp_timestamp));
            } else if header.kind == Moof::KIND {
                // A clip reads the first one, so there must be no other.
                if movie_fragment.replace(decode_moof(&raw[start..])?).is_some() {
                    return Err(Mp4Error::Damaged("moof without mdat"));
                }
            } else if header.kind == Mdat::KIND {
                let moof = movie_fragment.ok_or(Mp4Error::Damaged("mdat without moof"))?;
                let wall = wall.ok_or(Mp4Error::Damaged("moof without prft"))?;
                return describe(&moof, wall, self.at, &raw[body..], raw.len()).map(Some);
            } else {
                return Err(Mp4Error::Damaged("a box that the recorder does not write"));
            }
        }
    }
}

/// What lies in a fragment's payload: first the sound, then the pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentTables {
    /// The sound; may be none.
    pub audio: FragmentAudio,
    /// The pictures.
    pub video: Vec<Sample>,
}

/// What is in a fragment, from its first `header_bytes` bytes.
///
/// # Errors
/// [`Mp4Error`] when they hold no `moof` of ours.
pub fn fragment_tables(head: &[u8]) -> Result<FragmentTables, Mp4Error> {
    let mut rest = head;
    while let Some((kind, whole, tail)) = first_box(rest) {
        if kind == *b"moof" {
            let moof = decode_moof(whole)?;
            return Ok(FragmentTables { audio: audio_of(&moof)?, video: samples(&moof)? });
        }
        rest = tail;
    }
    Err(Mp4Error::Damaged("no moof where the index says there is one"))
}

/// A whole `moof` with the recorder's boxes and no other: some of the others claim, in a few bytes, more entries than
/// memory holds.
fn decode_moof(moof: &[u8]) -> Result<Moof, Mp4Error> {
    let is_ours = holds_only(moof, |kind, whole| match kind {
        b"mfhd" => true,
        b"traf" => holds_only(whole, |kind, _| matches!(kind, b"tfhd" | b"tfdt" | b"trun")),
        _ => false,
    });
    if !is_ours {
        return Err(Mp4Error::Damaged("a box in moof that the recorder does not write"));
    }
    Ok(Moof::decode(&mut &*moof)?)
}

/// Whether a whole box consists of whole boxes, and each is `allowed`.
fn holds_only(whole: &[u8], allowed: impl Fn(&[u8; 4], &[u8]) -> bool) -> bool {
    let mut rest = whole.get(8..).unwrap_or_default();
    while let Some((kind, child, tail)) = first_box(rest) {
        if !allowed(&kind, child) {
            return false;
        }
        rest = tail;
    }
    rest.is_empty()
}

/// Kind and bytes of the first box, and what follows it; `None` where there is no whole one with a 32-bit size.
fn first_box(bytes: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let kind = rest.first_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok().filter(|size| *size >= 8)?;
    let (whole, tail) = bytes.split_at_checked(size)?;
    Some((*kind, whole, tail))
}

fn video_of(moof: &Moof) -> Result<&Traf, Mp4Error> {
    match moof.traf.as_slice() {
        [video] | [video, _] if video.tfhd.track_id == TRACK => Ok(video),
        _ => Err(Mp4Error::Damaged("not the tracks that the recorder writes")),
    }
}

fn samples(moof: &Moof) -> Result<Vec<Sample>, Mp4Error> {
    let traf = video_of(moof)?;
    let [trun] = traf.trun.as_slice() else { return Err(Mp4Error::Damaged("not one run of samples")) };
    let sample = |entry: mp4_atom::TrunEntry| {
        Some(Sample {
            size: entry.size?,
            duration: entry.duration?,
            composition: i32::try_from(entry.cts.unwrap_or(0)).ok()?,
            is_sync: entry.flags == Some(SYNC),
        })
    };
    trun.samples.iter().map(sample).collect::<Option<_>>().ok_or(Mp4Error::Damaged("trun lacks a field"))
}

fn describe(
    moof: &Moof,
    wall: WallTime,
    offset: u64,
    payload: &[u8],
    size: usize,
) -> Result<ScannedFragment, Mp4Error> {
    let samples = samples(moof)?;
    let Tfdt { base_media_decode_time } =
        video_of(moof)?.tfdt.clone().ok_or(Mp4Error::Damaged("moof without tfdt"))?;
    let base = i64::try_from(base_media_decode_time).map_err(|_| Mp4Error::Range("tfdt"))?;
    let sound_bytes = usize::try_from(audio_of(moof)?.bytes()).map_err(|_| Mp4Error::Range("the sound"))?;
    let mut rest = payload.get(sound_bytes..).ok_or(Mp4Error::Damaged("the sound is cut short"))?;
    for sample in &samples {
        let bytes = usize::try_from(sample.size).map_err(|_| Mp4Error::Range("a picture"))?;
        let (unit, tail) = rest.split_at_checked(bytes).ok_or(Mp4Error::Damaged("a picture is cut short"))?;
        // Blocks that never reached the disk read as zeros: NAL units of no length.
        let used: usize = nal_units(unit).take_while(|nal| !nal.is_empty()).map(|nal| nal.len() + 4).sum();
        if used != unit.len() {
            return Err(Mp4Error::Damaged("a picture is no chain of NAL units"));
        }
        rest = tail;
    }
    if !rest.is_empty() || samples.is_empty() {
        return Err(Mp4Error::Damaged("mdat and trun disagree"));
    }
    let duration: i64 = samples.iter().map(|sample| i64::from(sample.duration)).sum();
    let range = |_| Mp4Error::Range("the fragment");
    Ok(ScannedFragment {
        offset,
        header_bytes: u32::try_from(size - payload.len()).map_err(range)?,
        size: u64::try_from(size).map_err(range)?,
        base: Pts(base),
        end: Pts(base.checked_add(duration).ok_or(Mp4Error::Range("the fragment"))?),
        wall,
        n_frames: u32::try_from(samples.len()).map_err(range)?,
        is_random_access: samples[0].is_sync,
    })
}

/// Appends one whole box to `raw`; `None` when the input ends before it or inside its first eight bytes.
fn read_box(input: &mut impl Read, raw: &mut Vec<u8>) -> Result<Option<Header>, Mp4Error> {
    let mut head = [0; 8];
    let mut filled = 0;
    while filled < head.len() {
        match input.read(&mut head[filled..])? {
            0 => return Ok(None),
            n => filled += n,
        }
    }
    raw.extend_from_slice(&head);
    if head[..4] == [0, 0, 0, 1] || head[..4] == [0; 4] {
        return Err(Mp4Error::Damaged("a 64-bit or open box size, which the recorder does not write"));
    }
    let header = Header::decode(&mut &head[..])?;
    let size =
        header.size.and_then(|size| u64::try_from(size).ok()).ok_or(Mp4Error::Damaged("a box size"))?;
    if size > MAX_BOX_BYTES {
        return Err(Mp4Error::Damaged("a box of impossible size"));
    }
    let before = raw.len();
    let read = input.by_ref().take(size).read_to_end(raw)?;
    debug_assert_eq!(raw.len(), before + read);
    if u64::try_from(read).ok() != Some(size) {
        return Ok(None);
    }
    Ok(Some(header))
}

/// The sample entry of the first track, and of the second when there is one, inside a whole `moov` box.
fn sample_entries(moov: &[u8]) -> Result<(&[u8], Option<&[u8]>), Mp4Error> {
    let area = moov.get(8..).unwrap_or_default();
    let (first, rest) = child(area, b"trak").ok_or(Mp4Error::Damaged("moov lacks its track"))?;
    let second = child(rest, b"trak").map(|(track, _)| sample_entry(track)).transpose()?;
    Ok((sample_entry(first)?, second))
}

fn sample_entry(track: &[u8]) -> Result<&[u8], Mp4Error> {
    let mut area = track;
    for kind in [b"mdia", b"minf", b"stbl", b"stsd"] {
        (area, _) = child(area, kind).ok_or(Mp4Error::Damaged("moov lacks its sample entry"))?;
    }
    // FullBox version, flags and the entry count come before the entry.
    let entry = area.get(8..).unwrap_or_default();
    let size = entry.first_chunk::<4>().map(|size| u32::from_be_bytes(*size)).unwrap_or(0);
    let size = usize::try_from(size).map_err(|_| Mp4Error::Range("the sample entry"))?;
    entry
        .get(..size)
        .filter(|entry| !entry.is_empty())
        .ok_or(Mp4Error::Damaged("moov lacks its sample entry"))
}

/// The body of the first box of this kind, and what follows it.
fn child<'a>(mut area: &'a [u8], kind: &[u8; 4]) -> Option<(&'a [u8], &'a [u8])> {
    loop {
        let (this, whole, rest) = first_box(area)?;
        if &this == kind {
            return Some((whole.get(8..)?, rest));
        }
        area = rest;
    }
}
