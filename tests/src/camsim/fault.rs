//! What can be wrong with a stream. Closed: a new fault is a new variant, and the compiler names every place.

use std::str::FromStr;

/// A stream's defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// DESCRIBE, SETUP and PLAY succeed, but no media packet ever comes.
    Silent,
    /// The stream carries a coding that the product does not take.
    Unsupported(ForeignCodec),
}

/// Codings that are neither H.264 nor H.265.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForeignCodec {
    /// RFC 7741.
    Vp8,
    /// ISO/IEC 14496-2, RFC 6416.
    Mpeg4Part2,
}

/// Not a name of a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fault: use silent, vp8 or mpeg4")]
pub struct UnknownFault(pub String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        match text {
            "silent" => Ok(Self::Silent),
            "vp8" => Ok(Self::Unsupported(ForeignCodec::Vp8)),
            "mpeg4" => Ok(Self::Unsupported(ForeignCodec::Mpeg4Part2)),
            _ => Err(UnknownFault(text.to_owned())),
        }
    }
}
