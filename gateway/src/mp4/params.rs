//! A sample entry read back: from a recorded file into [`VideoParams`] (ISO/IEC 14496-12 §12.1.3, 14496-15).

use std::fmt::Write as _;

use sharpeyes_domain::media::{VideoCodec, VideoParams};

use super::Mp4Error;

/// Box header, SampleEntry and VisualSampleEntry fields come before the child boxes.
const VISUAL_BYTES: usize = 86;
const WIDTH_AT: usize = 32;
const HEIGHT_AT: usize = 34;

/// Reads codec, picture size and decoder configuration out of a whole sample entry box.
///
/// # Errors
/// [`Mp4Error::SampleEntry`] when it is torn or of another coding.
pub fn params_from_sample_entry(entry: &[u8]) -> Result<VideoParams, Mp4Error> {
    let (header, kind) = head(entry).ok_or(Mp4Error::SampleEntry("shorter than a box header"))?;
    if header != entry.len() || entry.len() < VISUAL_BYTES {
        return Err(Mp4Error::SampleEntry("its size does not match"));
    }
    let (codec, config_kind) = match &kind {
        b"avc1" | b"avc3" => (VideoCodec::H264, *b"avcC"),
        b"hvc1" | b"hev1" => (VideoCodec::H265, *b"hvcC"),
        _ => return Err(Mp4Error::SampleEntry("neither H.264 nor H.265")),
    };
    let mut children = &entry[VISUAL_BYTES..];
    let config = loop {
        let (size, child) = head(children).ok_or(Mp4Error::SampleEntry("no decoder configuration"))?;
        let (this, rest) =
            children.split_at_checked(size).ok_or(Mp4Error::SampleEntry("a torn child box"))?;
        if child == config_kind {
            break this.get(8..).unwrap_or_default();
        }
        children = rest;
    };
    let four_cc = String::from_utf8_lossy(&kind);
    let rfc6381 = match codec {
        VideoCodec::H264 => avc_string(&four_cc, config),
        VideoCodec::H265 => hevc_string(&four_cc, config),
    }
    .ok_or(Mp4Error::SampleEntry("the decoder configuration is too short"))?;
    Ok(VideoParams {
        codec,
        rfc6381,
        width_px: u16::from_be_bytes([entry[WIDTH_AT], entry[WIDTH_AT + 1]]),
        height_px: u16::from_be_bytes([entry[HEIGHT_AT], entry[HEIGHT_AT + 1]]),
        sample_entry: entry.into(),
        decoder_config: config.into(),
    })
}

/// Size (with header) and kind of the box at the start of `bytes`; 64-bit and open sizes do not occur in here.
fn head(bytes: &[u8]) -> Option<(usize, [u8; 4])> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let kind = rest.first_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
    (size >= 8).then_some((size, *kind))
}

/// RFC 6381 §3.3: profile, constraints and level in hexadecimal.
fn avc_string(four_cc: &str, config: &[u8]) -> Option<String> {
    let [_, profile, constraints, level] = *config.first_chunk::<4>()?;
    Some(format!("{four_cc}.{profile:02X}{constraints:02X}{level:02X}"))
}

/// ISO/IEC 14496-15 Annex E.3: profile space and idc, reversed compatibility flags, tier and level, constraints.
fn hevc_string(four_cc: &str, config: &[u8]) -> Option<String> {
    let head = config.first_chunk::<13>()?;
    let space = ["", "A", "B", "C"][usize::from(head[1] >> 6)];
    let tier = if head[1] & 0x20 == 0 { 'L' } else { 'H' };
    let compatible = u32::from_be_bytes([head[2], head[3], head[4], head[5]]).reverse_bits();
    let mut text = format!("{four_cc}.{space}{}.{compatible:X}.{tier}{}", head[1] & 0x1f, head[12]);
    let constraints = &head[6..12];
    let used = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    for byte in &constraints[..used] {
        write!(text, ".{byte:X}").ok()?;
    }
    Some(text)
}
