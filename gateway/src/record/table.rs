//! The fragment table of a segment: where each fragment lies and what time it holds, small enough for the index.
//!
//! Fragments follow one another without a hole, in the file, in media time and in wall time (the segmenter pins each
//! to the end of the one before), so only lengths are stored: about 10 bytes for a second of video.

use sharpeyes_domain::time::{Pts, WallTime};

/// First byte of an encoded table.
const VERSION: u8 = 1;

/// One fragment of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Of its first byte in the file.
    pub offset: u64,
    /// Bytes before its payload.
    pub header_bytes: u32,
    /// Bytes in all.
    pub size: u64,
    /// Decoding time of its first picture.
    pub base: Pts,
    /// Decoding time after its last one.
    pub end: Pts,
    /// Wall time of its first picture.
    pub wall: WallTime,
    /// Wall time of its end.
    pub wall_end: WallTime,
    /// Pictures.
    pub n_frames: u32,
    /// Begins with a random access point.
    pub is_random_access: bool,
}

/// Where the first fragment lies: the table holds only lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Media time of the first picture.
    pub base: Pts,
    /// Wall time of the first picture.
    pub wall: WallTime,
}

/// A table that this release cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fragment table is damaged")]
pub struct TableError;

/// The table as bytes; `None` when the fragments do not follow one another.
#[must_use]
pub fn encode(fragments: &[Fragment]) -> Option<Vec<u8>> {
    let first = fragments.first()?;
    let mut bytes = vec![VERSION];
    put(&mut bytes, first.offset);
    let mut at = (first.offset, first.base, first.wall);
    for fragment in fragments {
        if at != (fragment.offset, fragment.base, fragment.wall) {
            return None;
        }
        put(&mut bytes, fragment.size);
        put(&mut bytes, fragment.header_bytes.into());
        put(&mut bytes, u64::try_from((fragment.end - fragment.base).0).ok()?);
        put(&mut bytes, u64::try_from(fragment.wall_end.0 - fragment.wall.0).ok()?);
        put(&mut bytes, u64::from(fragment.n_frames) << 1 | u64::from(fragment.is_random_access));
        at = (fragment.offset + fragment.size, fragment.end, fragment.wall_end);
    }
    Some(bytes)
}

/// The fragments of a table.
///
/// # Errors
/// [`TableError`] when it is torn or of another version.
pub fn decode(bytes: &[u8], origin: Origin) -> Result<Vec<Fragment>, TableError> {
    decode_all(bytes, origin).ok_or(TableError)
}

fn decode_all(bytes: &[u8], origin: Origin) -> Option<Vec<Fragment>> {
    let (&version, mut rest) = bytes.split_first()?;
    if version != VERSION {
        return None;
    }
    let mut offset = take(&mut rest)?;
    let Origin { mut base, mut wall } = origin;
    let mut fragments = Vec::new();
    while !rest.is_empty() {
        let size = take(&mut rest)?;
        let header_bytes = u32::try_from(take(&mut rest)?).ok()?;
        let end = Pts(base.0.checked_add_unsigned(take(&mut rest)?)?);
        let wall_end = WallTime(wall.0.checked_add_unsigned(take(&mut rest)?)?);
        if !end.is_plausible() || !wall_end.is_plausible() {
            return None;
        }
        let tail = take(&mut rest)?;
        let n_frames = u32::try_from(tail >> 1).ok()?;
        let is_random_access = tail & 1 == 1;
        fragments.push(Fragment {
            offset,
            header_bytes,
            size,
            base,
            end,
            wall,
            wall_end,
            n_frames,
            is_random_access,
        });
        (offset, base, wall) = (offset.checked_add(size)?, end, wall_end);
    }
    (!fragments.is_empty()).then_some(fragments)
}

/// LEB128: seven bits a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap_or(0));
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragments() -> Vec<Fragment> {
        let mut at = (700, Pts(123_456_789_012), WallTime(1_700_000_000_000));
        [(30_000_u64, 90_000, 1_000), (127, 3_600, 40), (16_777_216, 180_000, 2_001)]
            .into_iter()
            .map(|(size, duration, millis)| {
                let fragment = Fragment {
                    offset: at.0,
                    header_bytes: 88,
                    size,
                    base: at.1,
                    end: Pts(at.1.0 + duration),
                    wall: at.2,
                    wall_end: WallTime(at.2.0 + millis),
                    n_frames: 25,
                    is_random_access: size != 127,
                };
                at = (at.0 + size, fragment.end, fragment.wall_end);
                fragment
            })
            .collect()
    }

    fn origin() -> Origin {
        Origin { base: Pts(123_456_789_012), wall: WallTime(1_700_000_000_000) }
    }

    #[test]
    fn a_table_comes_back_as_it_was() {
        let bytes = encode(&fragments()).unwrap();
        assert_eq!(decode(&bytes, origin()), Ok(fragments()));
        assert!(bytes.len() < 45, "{} bytes", bytes.len());
    }

    #[test]
    fn a_torn_table_is_refused_and_never_panics() {
        let bytes = encode(&fragments()).unwrap();
        let whole = decode(&bytes, origin()).unwrap();
        for length in 0..bytes.len() {
            if let Ok(part) = decode(&bytes[..length], origin()) {
                assert!(whole.starts_with(&part));
            }
        }
        assert_eq!(decode(&[9, 1, 1], origin()), Err(TableError));
        assert_eq!(
            decode(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], origin()),
            Err(TableError)
        );
    }

    #[test]
    fn a_hole_has_no_table() {
        let mut broken = fragments();
        broken[1].offset += 1;
        assert_eq!(encode(&broken), None);
        assert_eq!(encode(&[]), None);
    }
}
