//! What can be wrong with a stream. Closed: a new fault is a new variant, and the compiler names every place.

use std::str::FromStr;

/// A stream's defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// DESCRIBE, SETUP and PLAY succeed, but no media packet ever comes.
    Silent,
    /// The stream carries a coding that the product does not take.
    Unsupported(ForeignCodec),
    /// Its sound is of a coding that the product does not take: Opus (RFC 7587).
    ForeignSound,
}

/// Codings that are neither H.264 nor H.265.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForeignCodec {
    /// RFC 7741.
    Vp8,
    /// RFC 2435: what cheap cameras send on a third stream.
    MotionJpeg,
}

/// Not a name of a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fault: use silent, vp8, mjpeg or opus")]
pub struct UnknownFault(pub String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        match text {
            "silent" => Ok(Self::Silent),
            "vp8" => Ok(Self::Unsupported(ForeignCodec::Vp8)),
            "opus" => Ok(Self::ForeignSound),
            "mjpeg" => Ok(Self::Unsupported(ForeignCodec::MotionJpeg)),
            _ => Err(UnknownFault(text.to_owned())),
        }
    }
}
