//! The sample entry of what we encode ourselves. A camera's own is never made anew.

use mp4_atom::{Atom as _, Avc1, Avcc, Encode as _, Visual};
use sharpeyes_domain::media::VideoParams;

use super::{Mp4Error, params_from_sample_entry};

/// Parameters of H.264 with this decoder configuration record (`avcC` payload, ISO/IEC 14496-15 §5.3.3).
///
/// # Errors
/// [`Mp4Error`] when it is none.
pub fn h264_params(width_px: u16, height_px: u16, decoder_config: &[u8]) -> Result<VideoParams, Mp4Error> {
    let mut rest = decoder_config;
    let avcc = Avcc::decode_body(&mut rest)?;
    let visual = Visual { data_reference_index: 1, width: width_px, height: height_px, ..Visual::default() };
    let mut entry = Vec::new();
    Avc1 { visual, avcc, ..Avc1::default() }.encode(&mut entry)?;
    params_from_sample_entry(&entry)
}
