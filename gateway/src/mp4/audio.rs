//! The second track: sample entries of AAC and G.711, and the tables of a fragment's or a clip's sound.
//!
//! G.711 has no entry in ISO/IEC 14496-12; `alaw` and `ulaw` are QuickTime's, which ffmpeg, VLC and GStreamer read.
//! One received packet is one sample, whatever the coding.

use std::num::NonZeroU32;

use mp4_atom::{
    Co64, Dinf, Dref, DrefEntry, Edts, Elst, ElstEntry, FixedPoint, FourCC, Hdlr, Mdhd, Mdia, Minf, Moof,
    Smhd, Stbl, Stsc, StscEntry, Stsz, StszSamples, Stts, SttsEntry, Tfdt, Tfhd, Tkhd, Traf, Trak, Trex,
    Trun, TrunEntry, TrunSamples, Url,
};
use sharpeyes_domain::{
    media::{AudioCodec, AudioParams, AudioUnit},
    time::MediaDuration,
};

use super::{AUDIO_TRACK, Mp4Error, SYNC, movie::Chunk};

/// Box header, SampleEntry and AudioSampleEntry fields come before the child boxes.
const ENTRY_BYTES: usize = 36;
const CHANNELS_AT: usize = 24;
const RATE_AT: usize = 32;

/// One piece of sound in a sample table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSample {
    /// Bytes.
    pub size: u32,
    /// Up to the next one, in the track's unit.
    pub duration: u32,
}

/// The sound of one fragment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FragmentAudio {
    /// When it begins, in the track's unit since the run's media time 0; of no meaning when there is none.
    pub at: i64,
    /// Piece by piece.
    pub samples: Vec<AudioSample>,
}

impl FragmentAudio {
    /// Of all its pieces.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.samples.iter().map(|sample| u64::from(sample.size)).sum()
    }
}

/// The sound of a progressive file.
#[derive(Clone, Copy, Debug)]
pub struct AudioTrack<'a> {
    /// What it is.
    pub params: &'a AudioParams,
    /// How long after the first picture it begins; negative: so much of it is not played.
    pub delay: MediaDuration,
    /// Piece by piece; how many lie in which chunk says [`Chunk`].
    pub samples: &'a [AudioSample],
}

/// An `alaw` or `ulaw` sample entry, as QuickTime File Format describes a compressed sound of version 0.
#[must_use]
pub fn g711_sample_entry(codec: AudioCodec, rate_hz: u16, channels: u16) -> Vec<u8> {
    let kind = if codec == AudioCodec::Pcma { b"alaw" } else { b"ulaw" };
    let mut entry = Vec::with_capacity(ENTRY_BYTES);
    entry.extend([0, 0, 0, 36]);
    entry.extend(kind);
    // Reserved, data reference 1, version, revision and vendor.
    entry.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    entry.extend(channels.to_be_bytes());
    // Bits after decoding, compression id, packet size.
    entry.extend([0, 16, 0, 0, 0, 0]);
    entry.extend((u32::from(rate_hz) << 16).to_be_bytes());
    entry
}

/// Reads coding, rate and channels out of a whole sample entry box.
///
/// # Errors
/// [`Mp4Error::SampleEntry`] when it is torn or of another coding.
pub fn audio_params_from_sample_entry(entry: &[u8]) -> Result<AudioParams, Mp4Error> {
    let unusable = Mp4Error::SampleEntry;
    let field = |at: usize| entry.get(at..).and_then(|rest| rest.first_chunk::<2>().copied());
    let size = entry.first_chunk::<4>().map(|size| u32::from_be_bytes(*size));
    if size.and_then(|size| usize::try_from(size).ok()) != Some(entry.len()) || entry.len() < ENTRY_BYTES {
        return Err(unusable("its size does not match"));
    }
    let (codec, rfc6381) = match &entry[4..8] {
        b"mp4a" => (AudioCodec::Aac, aac_string(&entry[ENTRY_BYTES..])),
        b"alaw" => (AudioCodec::Pcma, "alaw".to_owned()),
        b"ulaw" => (AudioCodec::Pcmu, "ulaw".to_owned()),
        _ => return Err(unusable("neither AAC nor G.711")),
    };
    let rate_hz = field(RATE_AT).map(|rate| u32::from(u16::from_be_bytes(rate)));
    let rate_hz = rate_hz.and_then(NonZeroU32::new).ok_or(unusable("no sampling rate"))?;
    let channels = field(CHANNELS_AT).map(u16::from_be_bytes).filter(|n| *n > 0);
    let channels = channels.ok_or(unusable("no channel"))?;
    Ok(AudioParams { codec, rate_hz, channels, rfc6381, sample_entry: entry.into() })
}

/// `mp4a.40.` and the audio object type: the first five bits of the AudioSpecificConfig, deep in `esds`
/// (ISO/IEC 14496-1 §7.2.6.5: descriptors 3, 4 and 5, each inside the one before).
fn aac_string(esds: &[u8]) -> String {
    let config = esds.get(12..).and_then(|es| descriptor(es, 3)).and_then(|es| descriptor(es.get(3..)?, 4));
    let config = config.and_then(|decoder| descriptor(decoder.get(13..)?, 5));
    let object = config.and_then(|config| config.first()).map(|first| first >> 3);
    format!("mp4a.40.{}", object.filter(|object| *object > 0).unwrap_or(2))
}

/// What follows tag and length, which is seven bits a byte.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    let length = rest.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    if *first == tag { rest.get(length + 1..) } else { None }
}

/// `traf` of the sound in a fragment: rules of [`super::fragment`], times in the track's unit.
pub(super) fn traf(units: &[AudioUnit], data_offset: i32) -> Result<Option<Traf>, Mp4Error> {
    let Some(first) = units.first() else { return Ok(None) };
    let samples = samples_of(units)?;
    let all = |of: fn(&AudioSample) -> u32| {
        let value = of(&samples[0]);
        samples.iter().all(|sample| of(sample) == value).then_some(value)
    };
    let (duration, size) = (all(|sample| sample.duration), all(|sample| sample.size));
    let trun = if duration.is_some() && size.is_some() {
        let count = u32::try_from(samples.len()).map_err(|_| Mp4Error::Range("the number of sounds"))?;
        TrunSamples::Inherited { count, first_flags: None }
    } else {
        let entry = |sample: &AudioSample| TrunEntry {
            duration: duration.is_none().then_some(sample.duration),
            size: size.is_none().then_some(sample.size),
            flags: None,
            cts: None,
        };
        samples.iter().map(entry).collect::<Vec<_>>().into()
    };
    let at = u64::try_from(first.at).map_err(|_| Mp4Error::Range("the sound's time"))?;
    Ok(Some(Traf {
        tfhd: Tfhd {
            track_id: AUDIO_TRACK,
            default_base_is_moof: true,
            default_sample_duration: duration,
            default_sample_size: size,
            ..Default::default()
        },
        tfdt: Some(Tfdt { base_media_decode_time: at }),
        trun: vec![Trun { data_offset: Some(data_offset), samples: trun }],
        ..Default::default()
    }))
}

/// A piece lasts until the next one begins, which shows where something was lost; the last one as long as it sounds.
fn samples_of(units: &[AudioUnit]) -> Result<Vec<AudioSample>, Mp4Error> {
    let sample = |(index, unit): (usize, &AudioUnit)| {
        let duration = match units.get(index + 1) {
            Some(next) => u32::try_from(next.at - unit.at).ok(),
            None => Some(unit.duration),
        };
        Ok(AudioSample {
            size: u32::try_from(unit.data.len()).map_err(|_| Mp4Error::Range("a piece of sound"))?,
            duration: duration.ok_or(Mp4Error::Range("the sound's time"))?,
        })
    };
    units.iter().enumerate().map(sample).collect()
}

/// The sound that a fragment's `moof` tells of.
pub(super) fn audio_of(moof: &Moof) -> Result<FragmentAudio, Mp4Error> {
    let damaged = Mp4Error::Damaged;
    let Some(traf) = moof.traf.iter().find(|traf| traf.tfhd.track_id == AUDIO_TRACK) else {
        return Ok(FragmentAudio::default());
    };
    let [trun] = traf.trun.as_slice() else { return Err(damaged("not one run of sounds")) };
    let base = traf.tfdt.as_ref().ok_or(damaged("sound without tfdt"))?.base_media_decode_time;
    let at = i64::try_from(base).map_err(|_| Mp4Error::Range("tfdt"))?;
    // A run without any field of its own is told by its count alone: no packet of sound is a byte long.
    if trun.samples.len() > MOST_SOUNDS {
        return Err(damaged("more sounds than a fragment can hold"));
    }
    let (duration, size) = (traf.tfhd.default_sample_duration, traf.tfhd.default_sample_size);
    let sample = |entry: TrunEntry| {
        Some(AudioSample { size: entry.size.or(size)?, duration: entry.duration.or(duration)? })
    };
    let samples = trun.samples.iter().map(sample).collect::<Option<_>>();
    Ok(FragmentAudio { at, samples: samples.ok_or(damaged("trun lacks a field"))? })
}

/// In one fragment: a second of packets of a millisecond, many times over.
const MOST_SOUNDS: usize = 1 << 16;

/// `trak` without its sample entry, for a fragmented file or with the tables of a progressive one.
pub(super) fn trak(
    params: &AudioParams,
    created: u64,
    movie_duration: u64,
    edts: Option<Edts>,
    stbl: Stbl,
) -> Trak {
    let duration =
        stbl.stts.entries.iter().map(|e| u64::from(e.sample_count) * u64::from(e.sample_delta)).sum();
    Trak {
        tkhd: Tkhd {
            creation_time: created,
            modification_time: created,
            track_id: AUDIO_TRACK,
            duration: movie_duration,
            alternate_group: 1,
            enabled: true,
            in_movie: true,
            volume: FixedPoint::new(1, 0),
            ..Default::default()
        },
        edts,
        mdia: Mdia {
            mdhd: Mdhd {
                creation_time: created,
                modification_time: created,
                timescale: params.rate_hz.get(),
                duration,
                language: "und".into(),
            },
            hdlr: Hdlr { handler: FourCC::new(b"soun"), name: "sound".into() },
            minf: Minf {
                smhd: Some(Smhd::default()),
                dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                stbl,
                ..Default::default()
            },
        },
        ..Default::default()
    }
}

pub(super) fn trex() -> Trex {
    Trex {
        track_id: AUDIO_TRACK,
        default_sample_description_index: 1,
        default_sample_duration: 0,
        default_sample_size: 0,
        default_sample_flags: SYNC,
    }
}

/// The whole track of a progressive file; its pieces lie in each chunk before the pictures.
pub(super) fn progressive_trak(
    track: AudioTrack<'_>,
    created: u64,
    chunks: &[Chunk],
    start: u64,
) -> Result<Trak, Mp4Error> {
    let AudioTrack { params, delay, samples } = track;
    let mut stts: Vec<SttsEntry> = Vec::new();
    for sample in samples {
        match stts.last_mut() {
            Some(last) if last.sample_delta == sample.duration => last.sample_count += 1,
            _ => stts.push(SttsEntry { sample_count: 1, sample_delta: sample.duration }),
        }
    }
    let (mut offsets, mut stsc, mut at) = (Vec::new(), Vec::<StscEntry>::new(), start);
    for chunk in chunks {
        if chunk.n_sounds > 0 {
            offsets.push(at);
            let number = u32::try_from(offsets.len()).map_err(|_| Mp4Error::Range("the clip"))?;
            if stsc.last().is_none_or(|last| last.samples_per_chunk != chunk.n_sounds) {
                stsc.push(StscEntry {
                    first_chunk: number,
                    samples_per_chunk: chunk.n_sounds,
                    sample_description_index: 1,
                });
            }
        }
        at = at.checked_add(chunk.size + chunk.sound_bytes).ok_or(Mp4Error::Range("the clip"))?;
    }
    let ticks: i64 = samples.iter().map(|sample| i64::from(sample.duration)).sum();
    let (edts, shown) = edit(params, delay, ticks)?;
    let stbl = Stbl {
        stts: Stts { entries: stts },
        stsc: Stsc { entries: stsc },
        stsz: Stsz {
            samples: StszSamples::Different { sizes: samples.iter().map(|sample| sample.size).collect() },
        },
        co64: Some(Co64 { entries: offsets }),
        ..Default::default()
    };
    Ok(trak(params, created, shown, edts, stbl))
}

/// The edit list (ISO/IEC 14496-12 §8.6.6) that keeps sound and picture together, and how long the track is shown.
fn edit(params: &AudioParams, delay: MediaDuration, ticks: i64) -> Result<(Option<Edts>, u64), Mp4Error> {
    let range = |_| Mp4Error::Range("the sound's delay");
    let skipped = params.ticks(-delay).max(0);
    let played = u64::try_from(params.time(ticks - skipped).0.max(0)).map_err(range)?;
    let rate = FixedPoint::new(1, 0);
    let silence = u64::try_from(delay.0.max(0)).map_err(range)?;
    if delay == MediaDuration::ZERO {
        return Ok((None, played));
    }
    let mut entries = Vec::new();
    if silence > 0 {
        entries.push(ElstEntry { segment_duration: silence, media_time: None, media_rate: rate });
    }
    let media_time = Some(u64::try_from(skipped).map_err(range)?);
    entries.push(ElstEntry { segment_duration: played, media_time, media_rate: rate });
    Ok((Some(Edts { elst: Some(Elst { entries }) }), silence + played))
}
