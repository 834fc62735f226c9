//! Parameter sets that a camera announces in its SDP, where retina takes nothing from it.
//!
//! retina 0.4.21 ignores the whole line when it ends in a semicolon, as VLC writes it and some cameras do. With H.264 the
//! parameter sets then come in the band; who sends H.265 and none in the band could never be recorded.

use std::sync::Arc;

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
    let sdp = sdp_types::Session::parse(sdp).ok()?;
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
    use super::*;

    #[test]
    fn what_is_no_parameter_is_left_out() {
        let sdp = b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
            m=audio 0 RTP/AVP 97\r\na=fmtp:97 mode=AAC-hbr;\r\n\
            m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 tx-mode=SRST; sprop-vps=QAE=;odd;\r\n";
        assert_eq!(format_params(sdp, 96).as_deref(), Some("tx-mode=SRST;sprop-vps=QAE="));
        assert_eq!(format_params(sdp, 98), None);
        assert_eq!(format_params(b"nothing", 96), None);
    }
}
