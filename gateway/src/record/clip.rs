//! Clips: any stretch of a stream as one playable file that exists nowhere. Cut at keyframes, never re-encoded.
//!
//! A [`Clip`] is a head (`ftyp`, `moov` with every picture's size and time, the head of `mdat`) and a list of slices of
//! recorded files, so that any byte range of it can be read at any time without a temporary file.
//! Sound that was recorded comes along on a second track; an edit list keeps it together with the pictures.
//! HTTP, authorisation and audit belong to the caller.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt as _, path::PathBuf, sync::Arc};

use bytes::Bytes;
use sharpeyes_domain::{
    ids::{DiskName, RunId, SegmentId, StreamId},
    media::{AudioParams, VideoCodec, VideoParams},
    segment::{Gap, Span},
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    Library, OpenSegment,
    table::{self, Fragment, Origin, TableError},
};
use crate::{
    mp4::{self, AudioSample, AudioTrack, Chunk, FragmentAudio, FragmentTables, Mp4Error, Sample},
    store::footage::{Footage, FootageError, RunRow, SegmentRow},
};

/// One read, and one piece of an HTTP body.
const CHUNK_BYTES: u64 = 256 << 10;
/// A longer stretch is an export, not a clip.
const LONGEST: i64 = 4 * 3_600_000;
/// Wall and media time of a run drift apart by at most 500 ppm; past this much the clip says so with a new span.
const SPAN_TOLERANCE_MS: i64 = 5;

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// Nothing was recorded then; the gaps say why.
    #[error("nothing was recorded of {stream} in this time")]
    Nothing {
        /// Whose.
        stream: StreamId,
        /// Why.
        gaps: Vec<Gap>,
    },
    /// The end is not after the beginning, or too long after it.
    #[error("a clip is longer than nothing and at most {} hours", LONGEST / 3_600_000)]
    Length,
    /// It is recorded, and lies on a disk that is not there now.
    #[error("this was recorded to disk `{disk}`, which is not there now: mount it, then ask again")]
    DiskAway {
        /// Which.
        disk: DiskName,
    },
    /// The index could not be read.
    #[error(transparent)]
    Index(#[from] FootageError),
    /// A table in the index is damaged: `sharpeyes check` tells more.
    #[error("segment {segment}: {source}")]
    Table {
        /// The row.
        segment: SegmentId,
        /// What is wrong.
        source: TableError,
    },
    /// A recorded file is damaged or gone: `sharpeyes check` tells more.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Mp4Error,
    },
    /// The pieces fit no MP4 file.
    #[error(transparent)]
    Mp4(#[from] Mp4Error),
}

/// From here on, clip time and wall time advance together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipSpan {
    /// Since the clip's beginning.
    pub offset: MediaDuration,
    /// Wall time there.
    pub wall: WallTime,
}

/// Makes clips of what is recorded, on whichever disk. Clones share everything.
#[derive(Clone)]
pub struct ClipReader {
    pub(super) library: Arc<Library>,
}

/// A planned clip. Cheap to clone and to read from several threads; it holds no file open.
#[derive(Clone, Debug)]
pub struct Clip {
    /// Wall time of the first picture: the keyframe at or before what was asked for, if there is one.
    pub start: WallTime,
    /// Wall time of the end of the last picture.
    pub end: WallTime,
    /// Length when played.
    pub duration: MediaDuration,
    /// Length of what was recorded: without the pictures that stand still over a gap.
    pub recorded: MediaDuration,
    /// Where the next clip must begin: what follows of the wanted stretch is coded otherwise (H.264, H.265), which no
    /// player and no browser takes in one track.
    pub continues: Option<WallTime>,
    /// Where clip time meets wall time; the first has offset 0.
    pub spans: Vec<ClipSpan>,
    /// What is missing between start and end: there the last picture before it stands still.
    pub gaps: Vec<Gap>,
    /// Of the first run, for `video/mp4; codecs=…`.
    pub params: Arc<VideoParams>,
    /// Of the sound, where there is any. Should its coding change on the way, the clip carries that of its beginning.
    pub audio: Option<Arc<AudioParams>>,
    /// Pictures.
    pub n_frames: usize,
    layout: Arc<Layout>,
}

#[derive(Debug)]
struct Layout {
    head: Bytes,
    slices: Vec<Slice>,
    len: u64,
    track: Arc<Track>,
}

/// The pictures in decoding order, for whoever decodes a clip instead of sending it.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) params: Vec<Arc<VideoParams>>,
    pub(super) chunks: Vec<TrackChunk>,
    pub(super) samples: Vec<Sample>,
}

/// Pictures of one fragment: where the first one's bytes lie.
#[derive(Clone, Debug)]
pub(super) struct TrackChunk {
    pub(super) path: Arc<PathBuf>,
    pub(super) offset: u64,
    pub(super) n_samples: usize,
    /// Which of the track's parameters.
    pub(super) entry: usize,
    pub(super) run: RunId,
    /// Decoding time of the first picture in its run.
    pub(super) base: Pts,
}

/// Bytes of a recorded file that lie at `at` in the clip.
#[derive(Clone, Debug)]
struct Slice {
    at: u64,
    len: u64,
    offset: u64,
    path: Arc<PathBuf>,
}

/// A fragment that goes into the clip.
struct Piece {
    run: RunId,
    path: Arc<PathBuf>,
    /// Media time of the file's first picture.
    origin: Pts,
    fragment: Fragment,
}

impl ClipReader {
    pub(super) fn new(library: Arc<Library>) -> Self {
        Self { library }
    }

    /// Plans a clip that shows all that was recorded of `stream` from `from` to `to`: it begins with the keyframe at or
    /// before `from`. Where the coding changes it ends, and says where to go on. Reads the index and the
    /// head of each fragment. Blocks.
    ///
    /// # Errors
    /// [`ClipError::Nothing`] when nothing was recorded then; the others name what is damaged.
    pub fn plan(&self, stream: &StreamId, from: WallTime, to: WallTime) -> Result<Clip, ClipError> {
        if to <= from || to.0.saturating_sub(from.0) > LONGEST {
            return Err(ClipError::Length);
        }
        let wanted = Span { from, to };
        let mut pieces = self.pieces(stream, wanted)?;
        let continues = self.cut_at_recoding(&mut pieces, from)?;
        let Some((first, last)) = pieces.first().zip(pieces.last()) else {
            return Err(ClipError::Nothing { stream: stream.clone(), gaps: self.gaps(stream, wanted)? });
        };
        let shown = Span { from: first.fragment.wall, to: last.fragment.wall_end };
        let gaps = self.gaps(stream, shown)?;
        let mut plan = Plan::default();
        for piece in &pieces {
            plan.add(piece, &self.library.footage)?;
        }
        plan.finish(shown, gaps, continues)
    }

    /// Fragments in order, from the random access point at or before the wanted beginning. Where a clock step made two
    /// runs claim the same time, one is shown after the other: pictures of both between each other could not be decoded.
    fn pieces(&self, stream: &StreamId, wanted: Span) -> Result<Vec<Piece>, ClipError> {
        // The open file first: should it be closed meanwhile, its row is found too, and one of both is taken.
        let open = self.library.open_segment(stream);
        let rows = self.library.footage.segments_in(stream, wanted)?;
        let mut pieces = Vec::new();
        for row in &rows {
            let path = || self.library.path(&row.disk, &row.path);
            take(&mut pieces, wanted, row.run, path, &fragments_of(row)?)?;
        }
        if let Some(OpenSegment { id, run, disk, path, fragments }) = open
            && rows.iter().all(|row| row.id != id)
        {
            take(&mut pieces, wanted, run, || self.library.path(&disk, &path), &fragments)?;
        }
        Ok(pieces)
    }

    /// Leaves the pieces up to where the pictures are of another coding; gives where those begin. Where that is not after
    /// `from`, since a clock that was set back made both claim the time, the clip begins with them: whoever goes on
    /// where he is told to must get further.
    fn cut_at_recoding(
        &self,
        pieces: &mut Vec<Piece>,
        from: WallTime,
    ) -> Result<Option<WallTime>, ClipError> {
        let mut known: Option<(RunId, VideoCodec)> = None;
        let (mut begin, mut continues) = (0, None);
        for at in 0..pieces.len() {
            let run = pieces[at].run;
            if known.is_some_and(|(last, _)| last == run) {
                continue;
            }
            let codec = self.codec(run)?;
            if known.is_some_and(|(_, before)| before != codec) {
                let wall = pieces[at].fragment.wall;
                if wall > from {
                    pieces.truncate(at);
                    continues = Some(wall);
                    break;
                }
                begin = at;
            }
            known = Some((run, codec));
        }
        pieces.drain(..begin);
        Ok(continues)
    }

    fn codec(&self, run: RunId) -> Result<VideoCodec, ClipError> {
        Ok(run_row(&self.library.footage, run)?.params.codec)
    }

    /// Whether anything of `stream` was recorded within `span`. Reads the index alone. Blocks.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn has_any(&self, stream: &StreamId, span: Span) -> Result<bool, ClipError> {
        let is_open = self.library.open_segment(stream).is_some_and(|open| {
            let (first, last) = (open.fragments.first(), open.fragments.last());
            let is_before = first.is_some_and(|first| first.wall < span.to);
            is_before && last.is_some_and(|last| last.wall_end > span.from)
        });
        Ok(is_open || !self.library.footage.segments_in(stream, span)?.is_empty())
    }

    /// Gaps that touch `span`, each in its full length; one that lasts, until `now`. Blocks.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn gaps_around(&self, stream: &StreamId, span: Span, now: WallTime) -> Result<Vec<Gap>, ClipError> {
        let rows = self.library.footage.gaps_in(stream, span)?;
        let whole = |row: crate::store::footage::GapRow| {
            let to = row.to.unwrap_or_else(|| now.max(span.to));
            Gap { span: Span { from: row.from, to }, cause: row.cause }
        };
        Ok(rows.into_iter().map(whole).collect())
    }

    /// Gap rows inside `span`, cut to it. What neither segment nor row covers does not exist unless check says so.
    pub(super) fn gaps(&self, stream: &StreamId, span: Span) -> Result<Vec<Gap>, ClipError> {
        let rows = self.library.footage.gaps_in(stream, span)?;
        let cut = |row: crate::store::footage::GapRow| {
            let whole = Span { from: row.from, to: row.to.unwrap_or(span.to) };
            whole.intersection(&span).map(|span| Gap { span, cause: row.cause })
        };
        Ok(rows.into_iter().filter_map(cut).collect())
    }
}

/// The fragments of one file that are wanted. Where it lies is asked only when there are any.
fn take(
    pieces: &mut Vec<Piece>,
    wanted: Span,
    run: RunId,
    path: impl FnOnce() -> Result<PathBuf, ClipError>,
    fragments: &[Fragment],
) -> Result<(), ClipError> {
    let begin = fragments
        .iter()
        .rposition(|fragment| fragment.is_random_access && fragment.wall <= wanted.from)
        .or_else(|| fragments.iter().position(|fragment| fragment.is_random_access));
    let (Some(begin), Some(origin)) = (begin, fragments.first().map(|first| first.base)) else {
        return Ok(());
    };
    let overlaps = fragments.last().is_some_and(|last| last.wall_end > wanted.from);
    if !overlaps || fragments[begin].wall >= wanted.to {
        return Ok(());
    }
    let path = Arc::new(path()?);
    let chosen = fragments[begin..].iter().filter(|fragment| fragment.wall < wanted.to);
    pieces.extend(chosen.map(|fragment| Piece { run, path: Arc::clone(&path), origin, fragment: *fragment }));
    Ok(())
}

pub(super) fn fragments_of(row: &SegmentRow) -> Result<Vec<Fragment>, ClipError> {
    let Some(closed) = &row.closed else { return Ok(Vec::new()) };
    let origin = Origin { base: closed.start_pts, wall: closed.span.from };
    table::decode(&closed.fragments, origin).map_err(|source| ClipError::Table { segment: row.id, source })
}

fn run_row(footage: &Footage, run: RunId) -> Result<RunRow, FootageError> {
    let row = footage.run(run)?;
    row.ok_or_else(|| FootageError::Row(format!("run {run} of a segment has no row")))
}

/// A clip as it grows, fragment by fragment.
#[derive(Default)]
struct Plan {
    runs: Vec<(RunId, usize, Option<Arc<AudioParams>>)>,
    params: Vec<Arc<VideoParams>>,
    samples: Vec<Sample>,
    track: SoundTrack,
    chunks: Vec<Chunk>,
    slices: Vec<Slice>,
    located: Vec<TrackChunk>,
    spans: Vec<ClipSpan>,
    length: MediaDuration,
    recorded: MediaDuration,
    previous: Option<(RunId, Fragment)>,
    reading: Option<(Arc<PathBuf>, File)>,
}

impl Plan {
    fn add(&mut self, piece: &Piece, footage: &Footage) -> Result<(), ClipError> {
        let (entry, audio) = self.entry(piece.run, footage)?;
        let fragment = &piece.fragment;
        self.join(piece.run, fragment);
        let FragmentTables { audio: mut heard, video: samples } = self
            .read_tables(piece)
            .map_err(|source| ClipError::File { path: piece.path.as_ref().clone(), source })?;
        let all_sound = heard.bytes();
        let mut skipped = all_sound;
        if let Some(audio) = audio {
            // Where the file's beginning lies in the clip, from which the file counts.
            let zero = self.length - (fragment.base - piece.origin);
            skipped = self.track.add(&audio, zero, &mut heard);
        }
        let sound_bytes = all_sound - skipped;
        self.length += fragment.end - fragment.base;
        self.recorded += fragment.end - fragment.base;
        let payload = fragment.size.saturating_sub(fragment.header_bytes.into());
        let size = payload.saturating_sub(all_sound);
        let n_sounds = if sound_bytes > 0 { heard.samples.len() } else { 0 };
        let n_sounds = u32::try_from(n_sounds).map_err(|_| Mp4Error::Range("the sound"))?;
        self.chunks.push(Chunk { n_samples: fragment.n_frames, size, n_sounds, sound_bytes, entry });
        self.located.push(TrackChunk {
            path: Arc::clone(&piece.path),
            offset: fragment.offset + u64::from(fragment.header_bytes) + all_sound,
            n_samples: samples.len(),
            entry: usize::try_from(entry).map_err(|_| Mp4Error::Range("parameter sets"))?,
            run: piece.run,
            base: fragment.base,
        });
        self.samples.extend(samples);
        // Sound lies before the pictures in the file as in the clip: one slice holds both.
        let offset = fragment.offset + u64::from(fragment.header_bytes) + skipped;
        let len = payload.saturating_sub(skipped);
        self.slices.push(Slice { at: 0, len, offset, path: Arc::clone(&piece.path) });
        self.previous = Some((piece.run, *fragment));
        Ok(())
    }

    /// Stretches the last picture over a gap, and notes where clip time and wall time part.
    fn join(&mut self, run: RunId, next: &Fragment) {
        if let Some((last_run, last)) = self.previous {
            let is_continued = last_run == run && last.end == next.base;
            let missing = MediaDuration::from_millis(next.wall.0 - last.wall_end.0);
            if !is_continued
                && missing > MediaDuration::ZERO
                && let Some(sample) = self.samples.last_mut()
                && let Some(longer) =
                    u32::try_from(missing.0).ok().and_then(|ticks| sample.duration.checked_add(ticks))
            {
                sample.duration = longer;
                self.length += missing;
            }
        }
        let expected = self.spans.last().map(|span| span.wall.plus_media(self.length - span.offset));
        if expected.is_none_or(|wall| (wall.0 - next.wall.0).abs() > SPAN_TOLERANCE_MS) {
            self.spans.push(ClipSpan { offset: self.length, wall: next.wall });
        }
    }

    /// Which sample entry the run needs, and what its sound is; runs with the same parameters share an entry.
    fn entry(&mut self, run: RunId, footage: &Footage) -> Result<(u32, Option<Arc<AudioParams>>), ClipError> {
        let (index, audio) = match self.runs.iter().find(|(known, ..)| *known == run) {
            Some((_, index, audio)) => (*index, audio.clone()),
            None => {
                let RunRow { params, audio, .. } = run_row(footage, run)?;
                let same = self.params.iter().position(|known| known.sample_entry == params.sample_entry);
                let index = same.unwrap_or(self.params.len());
                if same.is_none() {
                    self.params.push(params);
                }
                self.runs.push((run, index, audio.clone()));
                (index, audio)
            }
        };
        Ok((u32::try_from(index).map_err(|_| Mp4Error::Range("parameter sets"))?, audio))
    }

    fn read_tables(&mut self, piece: &Piece) -> Result<FragmentTables, Mp4Error> {
        if self.reading.as_ref().is_none_or(|(path, _)| *path != piece.path) {
            self.reading = Some((Arc::clone(&piece.path), File::open(&*piece.path)?));
        }
        let Some((_, file)) = &self.reading else { return Err(Mp4Error::Damaged("no file")) };
        let size = usize::try_from(piece.fragment.header_bytes)
            .map_err(|_| Mp4Error::Range("the fragment's head"))?;
        let mut head = vec![0; size];
        file.read_exact_at(&mut head, piece.fragment.offset)?;
        let tables = mp4::fragment_tables(&head)?;
        let pictures: u64 = tables.video.iter().map(|sample| u64::from(sample.size)).sum();
        let payload = pictures + tables.audio.bytes();
        let is_whole = payload + u64::from(piece.fragment.header_bytes) == piece.fragment.size
            && u32::try_from(tables.video.len()).ok() == Some(piece.fragment.n_frames);
        if is_whole { Ok(tables) } else { Err(Mp4Error::Damaged("a fragment is not what the index says")) }
    }

    fn finish(mut self, shown: Span, gaps: Vec<Gap>, continues: Option<WallTime>) -> Result<Clip, ClipError> {
        let params: Vec<&VideoParams> = self.params.iter().map(|params| &**params).collect();
        let head = mp4::progressive(&params, shown.from, &self.samples, &self.chunks, self.track.as_track())?;
        let head = Bytes::from(head);
        let mut at = u64::try_from(head.len()).map_err(|_| Mp4Error::Range("the clip"))?;
        for slice in &mut self.slices {
            slice.at = at;
            at += slice.len;
        }
        let n_frames = self.samples.len();
        let first = self.params.first().cloned().ok_or(Mp4Error::Range("a clip without pictures"))?;
        let track = Track { params: self.params, chunks: self.located, samples: self.samples };
        Ok(Clip {
            start: shown.from,
            end: shown.to,
            duration: self.length,
            recorded: self.recorded,
            continues,
            spans: self.spans,
            gaps,
            params: first,
            audio: self.track.params,
            n_frames,
            layout: Arc::new(Layout { head, slices: self.slices, len: at, track: Arc::new(track) }),
        })
    }
}

/// The sound of a clip as it grows.
#[derive(Default)]
struct SoundTrack {
    params: Option<Arc<AudioParams>>,
    delay: MediaDuration,
    samples: Vec<AudioSample>,
    /// End of the last piece, in the track's unit since the clip's beginning.
    end: i64,
}

/// A fragment's sound follows the one before it when it begins no further from its end: rounding, not silence.
const SEAM_TICKS: i64 = 2;

impl SoundTrack {
    /// Takes the sound of one fragment, whose file begins at `zero` in the clip; returns how many bytes at
    /// its beginning are left out, and takes their pieces out of `heard`.
    fn add(&mut self, params: &Arc<AudioParams>, zero: MediaDuration, heard: &mut FragmentAudio) -> u64 {
        if heard.samples.is_empty() || self.params.as_ref().is_some_and(|known| known != params) {
            return heard.bytes();
        }
        let mut at = params.ticks(zero) + heard.at;
        // What was over before the first picture, and, where two runs meet, what would sound at the same time.
        let floor = if self.samples.is_empty() { 0 } else { self.end - SEAM_TICKS };
        let (mut n_skipped, mut skipped) = (0, 0);
        for sample in &heard.samples {
            let is_over =
                if self.samples.is_empty() { at + i64::from(sample.duration) <= 0 } else { at < floor };
            if !is_over {
                break;
            }
            (n_skipped, skipped, at) =
                (n_skipped + 1, skipped + u64::from(sample.size), at + i64::from(sample.duration));
        }
        heard.samples.drain(..n_skipped);
        if heard.samples.is_empty() {
            return skipped;
        }
        match self.samples.last_mut() {
            None => {
                self.params = Some(Arc::clone(params));
                self.delay = params.time(at);
                self.end = at;
            }
            // Silence, told by a longer last piece.
            Some(last) if at - self.end > SEAM_TICKS => {
                let longer = u32::try_from(at - self.end).ok().and_then(|n| last.duration.checked_add(n));
                if let Some(longer) = longer {
                    last.duration = longer;
                    self.end = at;
                }
            }
            Some(_) => {}
        }
        self.end += heard.samples.iter().map(|sample| i64::from(sample.duration)).sum::<i64>();
        self.samples.append(&mut heard.samples.clone());
        skipped
    }

    fn as_track(&self) -> Option<AudioTrack<'_>> {
        let params = self.params.as_deref()?;
        Some(AudioTrack { params, delay: self.delay, samples: &self.samples })
    }
}

impl Clip {
    /// Bytes in all.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a clip has at least its head and one picture")]
    pub fn len(&self) -> u64 {
        self.layout.len
    }

    /// `video/mp4` with the codec of the first run's pictures. Sound does not decide whether they can be shown: a browser
    /// that has no word for it (G.711) plays them without.
    #[must_use]
    pub fn mime(&self) -> String {
        format!("video/mp4; codecs=\"{}\"", self.params.rfc6381)
    }

    /// The same for two plans of the same bytes: for `ETag` and `If-Range`. The head holds every size, time and offset.
    #[must_use]
    pub fn tag(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let mut hasher = Sha256::new_with_prefix(&self.layout.head);
        for slice in &self.layout.slices {
            hasher.update(slice.path.as_os_str().as_encoded_bytes());
            hasher.update(slice.offset.to_be_bytes());
        }
        hex::encode(&hasher.finalize()[..16])
    }

    /// The clip time of a wall time inside the clip.
    #[must_use]
    pub fn offset_of(&self, wall: WallTime) -> MediaDuration {
        let span = self.spans.iter().rev().find(|span| span.wall <= wall).or(self.spans.first());
        span.map_or(MediaDuration::ZERO, |span| {
            let offset = span.offset + MediaDuration::from_millis(wall.0 - span.wall.0);
            MediaDuration(offset.0.clamp(0, self.duration.0))
        })
    }

    /// The wall time of a clip time.
    #[must_use]
    pub fn wall_of(&self, offset: MediaDuration) -> WallTime {
        let span = self.spans.iter().rev().find(|span| span.offset <= offset).or(self.spans.first());
        span.map_or(self.start, |span| span.wall.plus_media(offset + -span.offset))
    }

    pub(super) fn track(&self) -> &Arc<Track> {
        &self.layout.track
    }

    /// Reads a byte range, cut to the clip's length, in pieces of at most 256 KiB. Blocks: for a blocking thread.
    /// The first error ends it.
    #[must_use]
    pub fn read_range(&self, range: Range<u64>) -> ClipBytes {
        let end = range.end.min(self.len());
        ClipBytes { layout: Arc::clone(&self.layout), at: range.start, end, reading: None }
    }
}

/// The bytes of a clip, piece by piece.
#[derive(Debug)]
pub struct ClipBytes {
    layout: Arc<Layout>,
    at: u64,
    end: u64,
    reading: Option<(Arc<PathBuf>, File)>,
}

impl ClipBytes {
    fn read(&mut self) -> io::Result<Bytes> {
        let head = &self.layout.head;
        let wanted = (self.end - self.at).min(CHUNK_BYTES);
        let size = |n: u64| usize::try_from(n).map_err(io::Error::other);
        let head_len = u64::try_from(head.len()).map_err(io::Error::other)?;
        if self.at < head_len {
            let n = wanted.min(head_len - self.at);
            return Ok(head.slice(size(self.at)?..size(self.at + n)?));
        }
        let mut buffer = Vec::with_capacity(size(wanted)?);
        let mut at = self.at;
        // Fragments of a quiet camera are small: several go into one piece.
        while at < self.at + wanted {
            let index = self.layout.slices.partition_point(|slice| slice.at + slice.len <= at);
            let slice = self.layout.slices.get(index).ok_or(io::ErrorKind::UnexpectedEof)?;
            let within = at - slice.at;
            let n = (self.at + wanted - at).min(slice.len - within);
            if self.reading.as_ref().is_none_or(|(path, _)| *path != slice.path) {
                self.reading = Some((Arc::clone(&slice.path), File::open(&*slice.path)?));
            }
            if let Some((_, file)) = &self.reading {
                let start = buffer.len();
                buffer.resize(start + size(n)?, 0);
                file.read_exact_at(&mut buffer[start..], slice.offset + within)?;
            }
            at += n;
        }
        Ok(buffer.into())
    }
}

impl Iterator for ClipBytes {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.at >= self.end {
            return None;
        }
        let piece = self.read();
        match &piece {
            Ok(bytes) => self.at += u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Err(_) => self.at = self.end,
        }
        Some(piece)
    }
}
