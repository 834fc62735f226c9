//! MP4 boxes: what the recorder writes, what live sends, what a clip is made of, and how a torn file is read again.
//!
//! Boxes come from mp4-atom; only the sample entries are spliced in as bytes, because they must stay as the camera's
//! parameters made them. In every `mdat` the sound lies before the pictures: where a file is torn, the chain of NAL units
//! tells, and what lies before it is whole then. No file, database or clock belongs here. `record` and `live` feed it; it feeds nobody.

mod audio;
mod entry;
mod fragment;
mod movie;
mod params;
mod scan;

pub use audio::{
    AudioSample, AudioTrack, FragmentAudio, SOUND_LEAD_TICKS, audio_params_from_sample_entry,
    g711_sample_entry,
};
pub use entry::h264_params;
pub use fragment::{EncodedFragment, FragmentSpec, encode_fragment, fragment};
pub use movie::{Chunk, Sample, init_segment, progressive};
pub use params::params_from_sample_entry;
pub use scan::{FragmentTables, ScannedFragment, Scanner, fragment_tables};

/// Why boxes could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum Mp4Error {
    /// The sample entry is no `avc1`, `avc3`, `hvc1` or `hev1` box with a decoder configuration.
    #[error("the sample entry is unusable: {0}")]
    SampleEntry(&'static str),
    /// A time, size or count does not fit its field: the camera's timestamps are broken.
    #[error("{0} does not fit into its MP4 field")]
    Range(&'static str),
    /// A box is not what the recorder writes.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// The box library refused.
    #[error("MP4 box: {0}")]
    Box(#[from] mp4_atom::Error),
    /// The file could not be read.
    #[error("reading: {0}")]
    Io(#[from] std::io::Error),
}

/// Track number of the video in every file of ours.
const TRACK: u32 = 1;
/// Track number of the sound, where there is one.
const AUDIO_TRACK: u32 = 2;
/// `sample_flags` of a random access point: depends on no other sample (ISO/IEC 14496-12 §8.8.3.1).
const SYNC: u32 = 0x0200_0000;
/// `sample_flags` of any other picture: depends on others, is no sync sample.
const NON_SYNC: u32 = 0x0101_0000;

#[cfg(test)]
pub(crate) mod tests;
