//! One fragment: `prft`, `moof`, `mdat`. Time: 90 kHz (the sound: its own rate) from the file's own beginning in `tfdt`,
//! wall time in `prft`.

use bytes::Bytes;
use mp4_atom::{Encode, Header, Mdat, Mfhd, Moof, Prft, ReferenceTime, Tfdt, Tfhd, Traf, Trun, TrunEntry};
use sharpeyes_domain::{
    media::{AccessUnit, AudioUnit},
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    Mp4Error, NON_SYNC, SYNC, TRACK,
    audio::{self, SoundRun},
    movie::Sample,
};

/// Seconds from 1900 (NTP era 0) to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// What goes into one fragment.
#[derive(Clone, Copy, Debug)]
pub struct FragmentSpec<'a> {
    /// Counts from 1 within a file or a live session.
    pub sequence: u32,
    /// Media time that is 0 in the file: the base of its first fragment. Every file plays from 0, however long its run
    /// has lasted; otherwise players show the run's length and an empty beginning.
    pub origin: Pts,
    /// The same instant in the sound's own unit.
    pub sound_origin: i64,
    /// Decoding time of the first unit: its own time, or the end of the fragment before.
    pub base: Pts,
    /// Decoding time of what follows: the next unit's time, or an estimate at the end of a run.
    pub end: Pts,
    /// Wall time of the first unit, written into the file so that it survives without the index.
    pub wall: WallTime,
    /// In decoding order; at least one.
    pub units: &'a [AccessUnit],
    /// Sound of about the same time, in order; may be none.
    pub sounds: &'a [AudioUnit],
}

impl FragmentSpec<'_> {
    /// What follows the head, piece by piece.
    pub fn payload(&self) -> impl Iterator<Item = &Bytes> + Clone {
        let sounds = self.sounds.iter().map(|sound| &sound.data);
        sounds.chain(self.units.iter().map(|unit| &unit.nals))
    }
}

/// A fragment up to its payload, which is [`FragmentSpec::payload`] and is not copied.
#[derive(Clone, Debug)]
pub struct EncodedFragment {
    /// `prft`, `moof` and the head of `mdat`.
    pub head: Vec<u8>,
    /// Length of all that comes before the payload of `mdat`.
    pub header_bytes: u32,
    /// Of head and payload.
    pub size: u64,
    /// Decoding time of its first unit.
    pub base: Pts,
    /// The decoding time at which the next fragment must begin: `end`, or later when that lay before a unit of this one.
    pub end: Pts,
}

/// Writes one fragment of the recording.
///
/// Presentation times are exact whatever the order of the units; decoding times are the sorted presentation times,
/// kept rising, and the composition offsets (`trun` version 1) make up the difference.
///
/// # Errors
/// [`Mp4Error::Range`] when there is no unit, or times or sizes fit no field.
pub fn encode_fragment(spec: FragmentSpec<'_>) -> Result<EncodedFragment, Mp4Error> {
    let base = Pts(spec.base.0.max(0));
    let (samples, end) = lay_out(base, spec.end, spec.units)?;
    let mut head = Vec::new();
    let media_time = u64::try_from(base.0.saturating_sub(spec.origin.0.max(0)))
        .map_err(|_| Mp4Error::Range("the fragment's time"))?;
    Prft {
        reference_track_id: TRACK,
        ntp_timestamp: to_ntp(spec.wall),
        media_time,
        utc_time_semantics: ReferenceTime::RealTime,
    }
    .encode(&mut head)?;
    let payload = spec.payload().map(Bytes::len).sum();
    let sound = audio::traf(spec.sounds, spec.sound_origin)?;
    put_head(&mut head, spec.sequence, media_time, &samples, sound, payload)?;
    let range = |_| Mp4Error::Range("the fragment's head");
    let header_bytes = u32::try_from(head.len()).map_err(range)?;
    let size = u64::try_from(head.len() + payload).map_err(range)?;
    Ok(EncodedFragment { head, header_bytes, size, base, end })
}

/// Writes `moof` and `mdat` for live view: as many or as few units as there are, `duration` for the last one.
///
/// # Errors
/// As [`encode_fragment`].
pub fn fragment(
    sequence: u32,
    base: Pts,
    units: &[AccessUnit],
    duration: MediaDuration,
) -> Result<Vec<u8>, Mp4Error> {
    let base = Pts(base.0.max(0));
    let last = units.iter().map(|unit| unit.pts).max().unwrap_or(base);
    let (samples, _) = lay_out(base, last + duration, units)?;
    let media_time = u64::try_from(base.0).map_err(|_| Mp4Error::Range("the fragment's time"))?;
    let payload = units.iter().map(|unit| unit.nals.len()).sum::<usize>();
    let mut bytes = Vec::new();
    put_head(&mut bytes, sequence, media_time, &samples, None, payload)?;
    bytes.reserve_exact(payload);
    units.iter().for_each(|unit| bytes.extend_from_slice(&unit.nals));
    Ok(bytes)
}

/// Appends `moof` and the head of an `mdat` of `payload` bytes.
fn put_head(
    bytes: &mut Vec<u8>,
    sequence: u32,
    media_time: u64,
    samples: &[Sample],
    sound: Option<SoundRun>,
    payload: usize,
) -> Result<(), Mp4Error> {
    let moof_at = bytes.len();
    // The data offset counts from the first byte of moof; its own value does not change the length.
    moof(sequence, media_time, samples, sound.clone(), 0)?.encode(bytes)?;
    let moof_bytes = bytes.len() - moof_at;
    let offset = i32::try_from(moof_bytes + 8).map_err(|_| Mp4Error::Range("the number of pictures"))?;
    bytes.truncate(moof_at);
    moof(sequence, media_time, samples, sound, offset)?.encode(bytes)?;
    if u32::try_from(payload + 8).is_err() {
        return Err(Mp4Error::Range("the fragment"));
    }
    Header { kind: <Mdat as mp4_atom::Atom>::KIND, size: Some(payload) }.encode(bytes)?;
    Ok(())
}

fn moof(
    sequence: u32,
    media_time: u64,
    samples: &[Sample],
    sound: Option<SoundRun>,
    data_offset: i32,
) -> Result<Moof, Mp4Error> {
    let sound_bytes = sound.as_ref().map_or(0, |sound| sound.bytes);
    let video_offset = data_offset.checked_add(sound_bytes).ok_or(Mp4Error::Range("the sound"))?;
    let is_reordered = samples.iter().any(|sample| sample.composition != 0);
    // Only the first picture may be a keyframe in a recording; then one field says it for all.
    let is_plain = samples.iter().skip(1).all(|sample| !sample.is_sync);
    let entry = |(index, sample): (usize, &Sample)| TrunEntry {
        duration: Some(sample.duration),
        size: Some(sample.size),
        flags: if !is_plain || (index == 0 && sample.is_sync) { Some(flags(sample)) } else { None },
        cts: is_reordered.then_some(i64::from(sample.composition)),
    };
    let video = Traf {
        tfhd: Tfhd { track_id: TRACK, default_base_is_moof: true, ..Default::default() },
        tfdt: Some(Tfdt { base_media_decode_time: media_time }),
        trun: vec![Trun {
            data_offset: Some(video_offset),
            samples: samples.iter().enumerate().map(entry).collect::<Vec<_>>().into(),
        }],
        ..Default::default()
    };
    let traf = std::iter::once(video).chain(sound.map(|sound| sound.at(data_offset))).collect();
    Ok(Moof { mfhd: Mfhd { sequence_number: sequence }, traf })
}

const fn flags(sample: &Sample) -> u32 {
    if sample.is_sync { SYNC } else { NON_SYNC }
}

/// Decoding times for units whose presentation times come in decoding order.
fn lay_out(base: Pts, end: Pts, units: &[AccessUnit]) -> Result<(Vec<Sample>, Pts), Mp4Error> {
    if units.is_empty() {
        return Err(Mp4Error::Range("a fragment without pictures"));
    }
    let mut order: Vec<i64> = units.iter().map(|unit| unit.pts.0).collect();
    order.sort_unstable();
    let mut at = base.0;
    let mut samples = Vec::with_capacity(units.len());
    for (index, unit) in units.iter().enumerate() {
        let next = order.get(index + 1).copied().unwrap_or(end.0).max(at + 1);
        samples.push(Sample {
            size: u32::try_from(unit.nals.len()).map_err(|_| Mp4Error::Range("a picture"))?,
            duration: u32::try_from(next - at).map_err(|_| Mp4Error::Range("a picture's duration"))?,
            composition: i32::try_from(unit.pts.0 - at)
                .map_err(|_| Mp4Error::Range("a picture's presentation time"))?,
            is_sync: unit.is_keyframe,
        });
        at = next;
    }
    Ok((samples, Pts(at)))
}

/// NTP's 32.32 fixed point, whole milliseconds surviving the way there and back.
fn to_ntp(wall: WallTime) -> u64 {
    let millis = u64::try_from(wall.0.rem_euclid(1000)).unwrap_or(0);
    let seconds = (wall.0.div_euclid(1000) + NTP_TO_UNIX).rem_euclid(1 << 32);
    (u64::try_from(seconds).unwrap_or(0) << 32) | (((millis << 32) + 500) / 1000)
}

/// The reverse; era 1 begins in 2036, and no recording is older than 1970.
pub(super) fn from_ntp(ntp: u64) -> WallTime {
    let seconds = i64::from(u32::try_from(ntp >> 32).unwrap_or(u32::MAX));
    let era = if seconds < NTP_TO_UNIX { 1 << 32 } else { 0 };
    let millis = ((ntp & 0xffff_ffff) * 1000 + (1 << 31)) >> 32;
    WallTime((seconds + era - NTP_TO_UNIX) * 1000 + i64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_survives_the_file_to_the_millisecond_and_past_2036() {
        for millis in [0, 1, 999, 1_700_000_000_123, 2_085_978_495_999, 2_085_978_496_000, 4_000_000_000_777]
        {
            assert_eq!(from_ntp(to_ntp(WallTime(millis))), WallTime(millis));
        }
    }
}
