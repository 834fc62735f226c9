//! Recorded pictures for whoever decodes them: all of a clip, or the one keyframe of an instant.
//!
//! Nothing is decoded here.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::PathBuf, sync::Arc};

use sharpeyes_domain::{
    ids::{RunId, SegmentId, StreamId},
    media::{AccessUnit, VideoParams},
    segment::Span,
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    clip::{Clip, ClipError, ClipReader, Track, TrackChunk, fragments_of},
    table::Fragment,
};
use crate::{
    mp4::{self, Mp4Error},
    store::footage::FootageError,
};

/// A picture of a clip.
#[derive(Clone, Debug)]
pub struct ClipUnit {
    /// Its time counts from the clip's beginning, as in the clip's file.
    pub unit: AccessUnit,
    /// What its decoder needs.
    pub params: Arc<VideoParams>,
    /// Its place in what was recorded, whatever the clip.
    pub place: RunPlace,
}

/// Where a picture stands in its run: what the live analysis counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunPlace {
    /// Which run.
    pub run: RunId,
    /// When it is decoded: grows from picture to picture of a run.
    pub decode: Pts,
    /// When it is shown.
    pub pts: Pts,
}

impl Clip {
    /// Every picture in decoding order. Reading blocks: for a blocking thread. The first error ends it.
    #[must_use]
    pub fn units(&self) -> ClipUnits {
        ClipUnits {
            clip: self.clone(),
            track: Arc::clone(self.track()),
            chunk: 0,
            in_chunk: 0,
            sample: 0,
            offset: 0,
            at: Pts(0),
            in_run: Pts(0),
            reading: None,
            is_over: false,
        }
    }
}

/// The pictures of a clip, one by one.
#[derive(Debug)]
pub struct ClipUnits {
    clip: Clip,
    track: Arc<Track>,
    chunk: usize,
    /// Pictures of the chunk that were given.
    in_chunk: usize,
    sample: usize,
    /// Bytes of the chunk that were read.
    offset: u64,
    /// Decoding time of the next picture in the clip.
    at: Pts,
    /// … and in its run, from the second picture of a chunk on.
    in_run: Pts,
    reading: Option<(Arc<PathBuf>, File)>,
    is_over: bool,
}

impl ClipUnits {
    fn read(&mut self, chunk: &TrackChunk) -> io::Result<ClipUnit> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        let sample = *self.track.samples.get(self.sample).ok_or_else(damaged)?;
        let params = Arc::clone(self.track.params.get(chunk.entry).ok_or_else(damaged)?);
        if self.reading.as_ref().is_none_or(|(path, _)| *path != chunk.path) {
            self.reading = Some((Arc::clone(&chunk.path), File::open(&*chunk.path)?));
        }
        let mut nals = vec![0; usize::try_from(sample.size).map_err(io::Error::other)?];
        if let Some((_, file)) = &self.reading {
            file.read_exact_at(&mut nals, chunk.offset + self.offset)?;
        }
        let composition = MediaDuration(sample.composition.into());
        let decode = if self.in_chunk == 0 { chunk.base } else { self.in_run };
        let place = RunPlace { run: chunk.run, decode, pts: decode + composition };
        let pts = self.at + composition;
        let unit = AccessUnit {
            pts,
            wall: self.clip.wall_of(pts - Pts(0)),
            is_keyframe: sample.is_sync,
            nals: nals.into(),
        };
        self.offset += u64::from(sample.size);
        self.at = self.at + MediaDuration(sample.duration.into());
        self.in_run = decode + MediaDuration(sample.duration.into());
        self.in_chunk += 1;
        self.sample += 1;
        Ok(ClipUnit { unit, params, place })
    }
}

impl Iterator for ClipUnits {
    type Item = io::Result<ClipUnit>;

    fn next(&mut self) -> Option<io::Result<ClipUnit>> {
        let chunk = loop {
            let chunk = self.track.chunks.get(self.chunk).filter(|_| !self.is_over)?;
            if self.in_chunk < chunk.n_samples {
                break chunk.clone();
            }
            (self.chunk, self.in_chunk, self.offset) = (self.chunk + 1, 0, 0);
        };
        let unit = self.read(&chunk);
        self.is_over = unit.is_err();
        Some(unit)
    }
}

/// Where the keyframe of an instant lies.
#[derive(Clone, Debug)]
pub struct Still {
    /// Its file's row: while that exists, the picture does.
    pub segment: SegmentId,
    /// Its wall time.
    pub wall: WallTime,
    run: RunId,
    path: Arc<PathBuf>,
    fragment: Fragment,
}

impl Still {
    /// Names the picture within its segment, for ever.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.fragment.offset
    }
}

impl ClipReader {
    /// The keyframe at or before `at`, or the first after it when its file has none before. Reads the index alone.
    /// Blocks.
    ///
    /// # Errors
    /// [`ClipError::Nothing`] when `at` lies in a gap; the others name what is damaged.
    pub fn still(&self, stream: &StreamId, at: WallTime) -> Result<Still, ClipError> {
        let instant = Span { from: at, to: WallTime(at.0.saturating_add(1)) };
        // The open file first, as for a clip.
        let open = self.library.open_segment(stream);
        let rows = self.library.footage.segments_in(stream, instant)?;
        let still = match rows.last() {
            Some(row) => still_of(row.id, row.run, &row.path, &fragments_of(row)?, at)
                .map(|still| (still, row.disk.clone())),
            None => open.and_then(|open| {
                let reaches = open.fragments.first().is_some_and(|first| first.wall <= at)
                    && open.fragments.last().is_some_and(|last| at < last.wall_end);
                let still = still_of(open.id, open.run, &open.path, &open.fragments, at);
                still.filter(|_| reaches).map(|still| (still, open.disk))
            }),
        };
        match still {
            Some((still, disk)) => {
                let path = Arc::new(self.library.path(&disk, &still.path.to_string_lossy())?);
                Ok(Still { path, ..still })
            }
            None => Err(ClipError::Nothing { stream: stream.clone(), gaps: self.gaps(stream, instant)? }),
        }
    }

    /// Its bytes, and what a decoder needs. Blocks.
    ///
    /// # Errors
    /// [`ClipError`] that names what is damaged or gone.
    pub fn read_still(&self, still: &Still) -> Result<ClipUnit, ClipError> {
        let row = self.library.footage.run(still.run)?;
        let missing = || FootageError::Row(format!("run {} of a segment has no row", still.run));
        let params = row.ok_or_else(missing)?.params;
        let unit = read_first(&still.path, &still.fragment)
            .map_err(|source| ClipError::File { path: still.path.as_ref().clone(), source })?;
        let at = still.fragment.base;
        Ok(ClipUnit { unit, params, place: RunPlace { run: still.run, decode: at, pts: at } })
    }
}

fn still_of(
    segment: SegmentId,
    run: RunId,
    path: &str,
    fragments: &[Fragment],
    at: WallTime,
) -> Option<Still> {
    let mut keyframes = fragments.iter().filter(|fragment| fragment.is_random_access);
    let before = keyframes.clone().rfind(|fragment| fragment.wall <= at);
    let fragment = *before.or_else(|| keyframes.next())?;
    Some(Still { segment, wall: fragment.wall, run, path: Arc::new(path.into()), fragment })
}

/// The first picture of a fragment.
fn read_first(path: &PathBuf, fragment: &Fragment) -> Result<AccessUnit, Mp4Error> {
    let file = File::open(path)?;
    let size = usize::try_from(fragment.header_bytes).map_err(|_| Mp4Error::Range("the fragment's head"))?;
    let mut head = vec![0; size];
    file.read_exact_at(&mut head, fragment.offset)?;
    let mp4::FragmentTables { audio, video } = mp4::fragment_tables(&head)?;
    let first = video.first().ok_or(Mp4Error::Damaged("a fragment without pictures"))?;
    // The sound lies before the pictures.
    let before = u64::from(fragment.header_bytes).saturating_add(audio.bytes());
    if before.saturating_add(first.size.into()) > fragment.size {
        return Err(Mp4Error::Damaged("a fragment is not what the index says"));
    }
    let mut nals = vec![0; usize::try_from(first.size).map_err(|_| Mp4Error::Range("a picture"))?];
    file.read_exact_at(&mut nals, fragment.offset + before)?;
    Ok(AccessUnit { pts: Pts(0), wall: fragment.wall, is_keyframe: true, nals: nals.into() })
}
