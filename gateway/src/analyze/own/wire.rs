//! What the service and a detector's process say to each other.
//!
//! Messages are JSON behind their length. Pictures are none of them: they lie in memory that both have, and a message says
//! where. Both sides are the same program, so nothing here has to understand an older one.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sharpeyes_domain::{
    detection::Detection,
    geometry::{Confidence, NormRect},
};
use sharpeyes_inference::{ColourSpace, Provider, Sha256Hash};

/// No message is longer: the boxes of one picture are a few hundred.
const LONGEST: usize = 1 << 20;

/// The first message to the process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opening {
    /// The ONNX Runtime library.
    pub(super) library: PathBuf,
    /// The model's folder; `None`: the one in the program.
    pub(super) model: Option<PathBuf>,
    /// Of the model that is meant: it may have been exchanged since.
    pub(super) sha256: Sha256Hash,
    pub(super) provider: Provider,
    pub(super) threads: u16,
    /// A detection that runs for longer is interrupted.
    pub(super) time_limit_ms: u64,
}

/// Every further one: a picture to be looked at.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) colour: ColourSpace,
    /// Y, U and V, one behind the other from the beginning of the memory.
    pub(super) planes: [PlaneSize; 3],
    /// Where in the picture; `None`: everywhere.
    pub(super) part: Option<NormRect>,
    pub(super) floor: Confidence,
}

/// How a plane lies in the memory.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PlaneSize {
    pub(super) bytes: usize,
    pub(super) stride: usize,
}

/// The answer to each message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// To the first one: the model is loaded.
    Ready,
    /// What is in the picture.
    Seen(Vec<Detection>),
    /// Neither: as [`crate::models::code`] and the error's own words.
    Refused { code: String, text: String },
}

/// Writes a message; waits while the other side is not reading.
pub(super) fn send(line: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - 4;
    let written = u32::try_from(length).ok().filter(|_| length <= LONGEST);
    let written = written.ok_or_else(|| io::Error::other(format!("a message of {length} bytes")))?;
    bytes[..4].copy_from_slice(&written.to_le_bytes());
    line.write_all(&bytes)
}

/// Waits for a message. The other side's end is [`io::ErrorKind::UnexpectedEof`].
pub(super) fn receive<T: DeserializeOwned>(line: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    line.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut bytes = vec![0; length];
    line.read_exact(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::detection::ObjectClass;

    use super::*;

    #[test]
    fn boxes_arrive_as_they_were_to_the_last_bit() {
        let rect = NormRect { x0: 0.1, y0: 1.0 / 3.0, x1: f32::from_bits(0x3f00_0001), y1: 0.7 };
        let seen = Detection { class: ObjectClass::Person, confidence: Confidence::new(0.123_456_79), rect };
        let mut line = Vec::new();
        send(&mut line, &Reply::Seen(vec![seen; 600])).unwrap();
        let Reply::Seen(found) = receive(&mut line.as_slice()).unwrap() else { panic!("boxes") };
        assert_eq!(found, vec![seen; 600]);
    }

    #[test]
    fn an_end_a_short_message_and_nonsense_are_errors() {
        let mut line = Vec::new();
        send(&mut line, &Reply::Ready).unwrap();
        let check = |bytes: &[u8], expected| {
            let error = receive::<Reply>(&mut &*bytes).unwrap_err();
            assert_eq!(error.kind(), expected, "{bytes:?}");
        };
        check(&[], io::ErrorKind::UnexpectedEof);
        check(&line[..line.len() - 1], io::ErrorKind::UnexpectedEof);
        check(&[255; 8], io::ErrorKind::InvalidData);
        check(&[1, 0, 0, 0, b'?'], io::ErrorKind::InvalidData);
    }
}
