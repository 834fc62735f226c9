//! Parameter sets that a camera announces in its SDP, where retina takes nothing from it.
//!
//! retina 0.4.21 ignores the whole line when it ends in a semicolon, as VLC writes it and some cameras do. With H.264 the
//! parameter sets then come in the band; who sends H.265 and none in the band could never be recorded.

use std::{panic::catch_unwind, sync::Arc};

use retina::{
    client::Stream,
    codec::{Depacketizer, FrameFormat, ParametersRef},
};
use sharpeyes_domain::media::VideoParams;

use super::{fault::SessionFault, session};

/// What `sdp` announces for `stream`, once what is no parameter is left out of it. `None` when there is nothing of use.
///
/// # Errors
/// `Unsupported` when the parameters are those of a picture that is not recorded.
pub(super) fn params(sdp: &[u8], stream: &Stream) -> Result<Option<Arc<VideoParams>>, SessionFault> {
    let Some(format) = format_params(sdp, stream.rtp_payload_type()) else { return Ok(None) };
    let depacketizer = Depacketizer::new(
        stream.media(),
        stream.encoding_name(),
        stream.clock_rate_hz(),
        stream.channels(),
        Some(&format),
    );
    let Ok(mut depacketizer) = depacketizer else { return Ok(None) };
    depacketizer.set_frame_format(FrameFormat::MP4);
    match depacketizer.parameters() {
        Some(ParametersRef::Video(video)) => session::params(video).map(|params| Some(Arc::new(params))),
        _ => Ok(None),
    }
}

/// The `name=value` pairs of the video's `fmtp` attribute.
fn format_params(sdp: &[u8], payload_type: u8) -> Option<String> {
    // sdp-types 0.1.8 steps over a line that is none and then asserts that the next one begins with `m=`.
    let sdp = catch_unwind(|| sdp_types::Session::parse(sdp)).ok()?.ok()?;
    let payload_type = payload_type.to_string();
    let video = sdp.medias.iter().find(|media| {
        media.media == "video" && media.fmt.split_ascii_whitespace().any(|listed| listed == payload_type)
    })?;
    let lines = video.attributes.iter().filter(|attribute| attribute.attribute == "fmtp");
    let mut of_type = lines.filter_map(|line| line.value.as_deref()?.split_once(' '));
    let (_, params) = of_type.find(|(listed, _)| *listed == payload_type)?;
    let pairs: Vec<&str> = params.split(';').map(str::trim).filter(|pair| pair.contains('=')).collect();
    Some(pairs.join(";"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything that may stand in a session description, in any order.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("v=0".to_owned()),
            Just("o=- 1 1 IN IP4 0.0.0.0".to_owned()),
            Just("s=-".to_owned()),
            Just("t=0 0".to_owned()),
            "m=(video|audio) [0-9]{0,6} RTP/AVP( [0-9]{1,3}){0,3}",
            "a=rtpmap:[0-9]{1,3} (H264|H265|AAC)/[0-9]{0,12}",
            "a=fmtp:(96|[0-9]{1,3})( ?[a-z-]{0,12}=?[A-Za-z0-9+/=,]{0,40};?){0,5}",
            "[a-z]=\\PC{0,40}",
        ]
    }

    proptest! {
        /// Whatever a camera announces, and whatever of it retina is given, it is read or refused.
        #[test]
        fn any_announcement_is_read_or_refused(
            lines in prop::collection::vec(line(), 0..12),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            payload_type in prop_oneof![Just(96_u8), any::<u8>()],
        ) {
            let mut sdp = lines.join("\r\n").into_bytes();
            for (at, byte) in damage {
                if !sdp.is_empty() {
                    let at = at.index(sdp.len());
                    sdp[at] = byte;
                }
            }
            if let Some(format) = format_params(&sdp, payload_type) {
                prop_assert!(format.split(';').all(|pair| pair.is_empty() || pair.contains('=')), "{}", format);
                for coding in ["h264", "h265"] {
                    drop(Depacketizer::new("video", coding, 90_000, None, Some(&format)));
                }
            }
        }
    }

    #[test]
    fn what_is_no_parameter_is_left_out() {
        let sdp = b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
            m=audio 0 RTP/AVP 97\r\na=fmtp:97 mode=AAC-hbr;\r\n\
            m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 tx-mode=SRST; sprop-vps=QAE=;odd;\r\n";
        assert_eq!(format_params(sdp, 96).as_deref(), Some("tx-mode=SRST;sprop-vps=QAE="));
        assert_eq!(format_params(sdp, 98), None);
        assert_eq!(format_params(b"nothing", 96), None);
    }

    #[test]
    fn a_line_that_is_none_announces_nothing() {
        let sdp = b"v=0\r\nnonsense\r\ns=-\r\nm=video 0 RTP/AVP 96\r\na=fmtp:96 a=b\r\n";
        assert_eq!(format_params(sdp, 96), None);
    }
}
