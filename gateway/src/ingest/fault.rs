//! Why a session with a camera failed: at which stage, in words a technician can act on.

use std::{net::SocketAddr, time::Duration};

use sharpeyes_domain::segment::GapCause;

/// The stages of a session, in the order in which they are passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The host name becomes an address.
    Resolve,
    /// TCP to the RTSP port.
    Connect,
    /// `DESCRIBE`: password, path, session description.
    Describe,
    /// The description holds a video coding that is supported.
    Codec,
    /// `SETUP` over interleaved TCP.
    Setup,
    /// `PLAY`.
    Play,
    /// Media arrives and goes on arriving.
    Media,
    /// A random access point arrives.
    Keyframe,
    /// The picture decodes.
    Decode,
    /// The camera's detector opens and takes the picture.
    Detect,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Resolve,
        Self::Connect,
        Self::Describe,
        Self::Codec,
        Self::Setup,
        Self::Play,
        Self::Media,
        Self::Keyframe,
        Self::Decode,
        Self::Detect,
    ];

    /// As on the wire and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Describe => "describe",
            Self::Codec => "codec",
            Self::Setup => "setup",
            Self::Play => "play",
            Self::Media => "media",
            Self::Keyframe => "keyframe",
            Self::Decode => "decode",
            Self::Detect => "detect",
        }
    }
}

/// How soon trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// The network or the camera may be back any moment: 1 to 60 s.
    Soon,
    /// Trying often does harm (cameras lock accounts) or cannot help until a person acts.
    Slow,
}

/// A session ended, or never began.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SessionFault {
    /// No address for the host name.
    #[error("host `{host}` has no address: {detail}")]
    Unresolved {
        /// As in the URL.
        host: String,
        /// The resolver's word.
        detail: String,
    },
    /// The host answers, the port is closed.
    #[error("{address} refused the connection")]
    Refused {
        /// Host and port.
        address: SocketAddr,
    },
    /// Nobody answers at all.
    #[error("{address} did not answer: {detail}")]
    Unreachable {
        /// Host and port.
        address: SocketAddr,
        /// The system's word, or how long was waited.
        detail: String,
    },
    /// TCP works; what answers does not speak RTSP, or breaks it.
    #[error("the answer is not usable RTSP: {detail}")]
    Protocol {
        /// The reader's word, without payload.
        detail: String,
    },
    /// The camera wants a password and none is configured.
    #[error("the camera asks for a user name and password, and none is configured")]
    PasswordMissing,
    /// The camera refuses the configured password.
    #[error("the camera refuses the user name or password")]
    PasswordRefused,
    /// There is no such stream.
    #[error("the camera has no stream at `{url}`")]
    NotFound {
        /// Without what may be a password in it.
        url: String,
    },
    /// Another RTSP status.
    #[error("the camera answers {status} at {}", stage.as_str())]
    Rejected {
        /// Which request.
        stage: Stage,
        /// RTSP status, RFC 7826 §17.
        status: u16,
    },
    /// The connection stands, the answer does not come.
    #[error("no answer to {} within {waited:?}", stage.as_str())]
    NoAnswer {
        /// Which request.
        stage: Stage,
        /// How long was waited.
        waited: Duration,
    },
    /// The description has no video at all.
    #[error("the stream has no video")]
    NoVideo,
    /// Video, but in a coding that is not recorded.
    #[error("video coding `{coding}` is not supported")]
    Unsupported {
        /// As the session description names it.
        coding: String,
    },
    /// Playing, yet nothing ever came.
    #[error("the camera accepted PLAY and sent no media within {waited:?}")]
    NoMedia {
        /// How long was waited.
        waited: Duration,
    },
    /// Media, but nothing that decoding could start with.
    #[error("media arrives, but no keyframe within {waited:?}")]
    NoKeyframe {
        /// How long was waited.
        waited: Duration,
    },
    /// Media, but none of the pictures that decoding could start with came whole.
    #[error("packets are lost on the way ({lost} so far), and no keyframe came whole within {waited:?}")]
    PacketLoss {
        /// How long was waited.
        waited: Duration,
        /// RTP packets lost meanwhile.
        lost: u64,
    },
    /// One coded picture is larger than any camera's should be.
    #[error("a coded picture of {bytes} bytes; at most {limit} are taken")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// Another RTP source took the stream's place.
    #[error("the camera changed its RTP source (SSRC) within the session")]
    SourceChanged,
    /// Media came and then stopped.
    #[error("no media for {waited:?}")]
    Stalled {
        /// How long was waited.
        waited: Duration,
    },
    /// The camera ended the session.
    #[error("the camera closed the session")]
    Closed,
    /// Our own reader panicked on what this camera sent. Nobody else notices; the session is begun anew.
    #[error("the reader of this stream failed on what the camera sent: this is a bug of ours")]
    Bug,
}

impl SessionFault {
    /// The camera broke the rules of RTSP or RTP.
    pub(super) const fn protocol(detail: String) -> Self {
        Self::Protocol { detail }
    }

    /// Stable word for rows, the API and the console's dictionary.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unresolved { .. } => "unresolved",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Protocol { .. } => "protocol",
            Self::PasswordMissing => "password_missing",
            Self::PasswordRefused => "password_refused",
            Self::NotFound { .. } => "not_found",
            Self::Rejected { .. } => "rejected",
            Self::NoAnswer { .. } => "no_answer",
            Self::NoVideo => "no_video",
            Self::Unsupported { .. } => "unsupported",
            Self::NoMedia { .. } => "no_media",
            Self::NoKeyframe { .. } => "no_keyframe",
            Self::PacketLoss { .. } => "packet_loss",
            Self::TooLarge { .. } => "too_large",
            Self::SourceChanged => "source_changed",
            Self::Stalled { .. } => "stalled",
            Self::Closed => "closed",
            Self::Bug => "bug",
        }
    }

    /// The first stage that failed.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Unresolved { .. } => Stage::Resolve,
            Self::Refused { .. } | Self::Unreachable { .. } => Stage::Connect,
            Self::Protocol { .. } | Self::PasswordMissing | Self::PasswordRefused | Self::NotFound { .. } => {
                Stage::Describe
            }
            Self::Rejected { stage, .. } | Self::NoAnswer { stage, .. } => *stage,
            Self::NoVideo | Self::Unsupported { .. } => Stage::Codec,
            Self::NoMedia { .. }
            | Self::TooLarge { .. }
            | Self::SourceChanged
            | Self::Stalled { .. }
            | Self::Closed
            | Self::Bug => Stage::Media,
            Self::NoKeyframe { .. } | Self::PacketLoss { .. } => Stage::Keyframe,
        }
    }

    /// What a technician should do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Unresolved { .. } => {
                "check the host name in the URL, or use the camera's IP address; check the DNS server"
            }
            Self::Refused { .. } => {
                "check the port in the URL (usually 554) and that RTSP is switched on in the camera"
            }
            Self::Unreachable { .. } => {
                "check power, cable, switch port, VLAN and route; ping the address from this machine"
            }
            Self::Protocol { .. } => {
                "check that the port is the RTSP port and not HTTP or the vendor's own; restart the camera; update its firmware"
            }
            Self::PasswordMissing => "set username and password of this camera in the site file",
            Self::PasswordRefused => {
                "correct the password in the site file; attempts are made rarely, because cameras lock accounts"
            }
            Self::NotFound { .. } => {
                "check the path in the URL against the vendor's list, and that this stream is enabled in the camera"
            }
            Self::Rejected { .. } => {
                "the camera may be at its limit of viewers: close other clients or restart it; otherwise look the status up"
            }
            Self::NoAnswer { .. } => "the camera hangs: restart it; on a thin link lower its bit rate",
            Self::NoVideo => "enable video for this stream in the camera",
            Self::Unsupported { .. } => {
                "set the stream's coding to H.264 or H.265 in the camera (not H.264+/H.265+ vendor modes, MJPEG or MPEG-4)"
            }
            Self::NoMedia { .. } => {
                "restart the camera; check that interleaved TCP (RTP over RTSP) is allowed in it"
            }
            Self::NoKeyframe { .. } => {
                "set the keyframe (I frame) interval in the camera to 1 to 2 s and switch smart coding off"
            }
            Self::PacketLoss { .. } => {
                "set transport = \"tcp\" for this camera; check cable, switch port and radio link; lower the bit rate"
            }
            Self::TooLarge { .. } => {
                "lower the bit rate or the resolution in the camera; restart it, its encoder may have gone wrong"
            }
            Self::SourceChanged => {
                "recording goes on in a new session; if it happens often, update the camera's firmware and look for a second sender"
            }
            Self::Stalled { .. } => {
                "check the link for loss and the camera for restarts; lower the bit rate on a thin link"
            }
            Self::Closed => {
                "check the camera for restarts and for a limit of viewers; another client may have taken the session"
            }
            Self::Bug => {
                "send us the log and, if you can, a minute of the stream; recording begins again by itself"
            }
        }
    }

    /// The cause that the recording's gap is given.
    #[must_use]
    pub const fn gap_cause(&self) -> GapCause {
        match self {
            Self::Unresolved { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Rejected { .. }
            | Self::NoAnswer { .. } => GapCause::CameraOffline,
            Self::Protocol { .. } | Self::TooLarge { .. } | Self::Closed | Self::Bug => {
                GapCause::SessionEnded
            }
            Self::PacketLoss { .. } => GapCause::PacketLoss,
            Self::SourceChanged => GapCause::TimestampJump,
            Self::PasswordMissing | Self::PasswordRefused => GapCause::AuthFailed,
            Self::NotFound { .. } => GapCause::NotFound,
            Self::NoVideo | Self::Unsupported { .. } => GapCause::Unsupported,
            Self::NoMedia { .. } | Self::NoKeyframe { .. } => GapCause::NoMedia,
            Self::Stalled { .. } => GapCause::Stalled,
        }
    }

    /// How soon to try again.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        match self {
            Self::PasswordMissing
            | Self::PasswordRefused
            | Self::NotFound { .. }
            | Self::NoVideo
            | Self::Unsupported { .. } => Patience::Slow,
            Self::Unresolved { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Protocol { .. }
            | Self::Rejected { .. }
            | Self::NoAnswer { .. }
            | Self::NoMedia { .. }
            | Self::NoKeyframe { .. }
            | Self::PacketLoss { .. }
            | Self::TooLarge { .. }
            | Self::SourceChanged
            | Self::Stalled { .. }
            | Self::Closed
            | Self::Bug => Patience::Soon,
        }
    }
}
