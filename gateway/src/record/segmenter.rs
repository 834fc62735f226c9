//! One stream's units into fragments, segments and gaps. Runs on a writer thread; owns all of the stream's state.
//!
//! It decides where fragments and segments are cut. Files are `file`'s, rows are `store::footage`'s.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use rand::RngExt as _;
use sharpeyes_domain::{
    ids::{RunId, SegmentId},
    media::{AccessUnit, AudioUnit},
    segment::{GapCause, Span},
    time::{MediaDuration, Pts, WallTime},
};

use super::{
    OpenSegment, RecordError, RecorderMessage, RunEnd, RunInfo, Shared,
    file::SegmentFile,
    queue::{StreamShared, cost},
    table::Fragment,
    volume::Volume,
};
use crate::{
    mp4::{self, FragmentSpec},
    store::footage::{Change, NewRun, NewSegment, Opened, RunRef},
};

/// After disk or index failed; recording resumes by itself.
const RETRY: Duration = Duration::from_secs(2);
/// A run that begins by less than this before the end of the one before begins at that end: what came before it had no
/// length of its own, so that its end was an estimate. More than this is a clock that was set back.
const ESTIMATE: Duration = Duration::from_secs(1);
/// A lone picture's duration until there are two to measure: 25 per second.
const USUAL_FRAME: MediaDuration = MediaDuration(3_600);

/// See the module.
pub(super) struct Segmenter {
    shared: Arc<Shared>,
    stream: Arc<StreamShared>,
    held: Held,
    /// Milliseconds by which this stream's rotations are shifted against the minute, so that cameras take turns.
    phase_ms: i64,
    run: Option<Run>,
    /// Invariant: `Some` only while `run` is.
    file: Option<SegmentFile>,
    gap: GapState,
    /// Where the last written fragment ends.
    reached: Option<WallTime>,
    /// Nothing is written before.
    retry_at: Option<Instant>,
    /// Gap rows that the index could not take yet.
    pending: Vec<Change>,
}

/// What of the stream's bound is in this thread's hands.
struct Held {
    stream: Arc<StreamShared>,
    bytes: usize,
}

impl Held {
    fn release(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.stream.release(bytes);
    }
}

struct Run {
    info: Arc<RunInfo>,
    /// Its row, once it has a segment.
    id: Option<RunId>,
    init: Vec<u8>,
    /// Units of the fragment that is being collected; begins with a keyframe when `cursor` is `None`.
    units: Vec<AccessUnit>,
    /// Sound that no fragment has taken yet, in order.
    sounds: Vec<AudioUnit>,
    /// Of units and sounds.
    units_cost: usize,
    /// Where the next fragment begins: the end of the one before.
    cursor: Option<Cursor>,
    frame: MediaDuration,
}

#[derive(Clone, Copy)]
struct Cursor {
    base: Pts,
    wall: WallTime,
}

/// What the index says of the stream's present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GapState {
    /// A segment is being written, or one has just ended at this wall time.
    Recording { until: WallTime },
    /// A gap row is open.
    Missing { cause: GapCause, is_guess: bool },
}

impl Segmenter {
    /// Of a stream that is to be recorded; [`Segmenter::begin`] comes next.
    pub(super) fn new(shared: Arc<Shared>, stream: Arc<StreamShared>) -> Self {
        let segment_ms = i64::try_from(shared.settings.segment.as_millis()).unwrap_or(i64::MAX).max(1);
        let phase_ms = phase(&stream.stream.to_string()).rem_euclid(segment_ms);
        Self {
            shared,
            held: Held { stream: Arc::clone(&stream), bytes: 0 },
            stream,
            phase_ms,
            run: None,
            file: None,
            // Corrected at once; a failing index leaves it as a guess that is written with the first success.
            gap: GapState::Missing { cause: GapCause::CameraOffline, is_guess: true },
            reached: None,
            retry_at: None,
            pending: Vec::new(),
        }
    }

    /// The stream is to be recorded from now on.
    pub(super) fn begin(&mut self) {
        match self.shared.footage.open_gap(&self.stream.stream) {
            Ok(Some(gap)) => self.gap = GapState::Missing { cause: gap.cause, is_guess: false },
            Ok(None) => {
                self.pending.push(self.begin_gap(self.stream.since, GapCause::CameraOffline));
                self.flush();
            }
            Err(error) => self.note_failure(&error.into()),
        }
    }

    pub(super) fn on_message(&mut self, message: RecorderMessage) {
        let cost = cost(&message);
        self.held.bytes += cost;
        match message {
            RecorderMessage::RunBegin(info) => self.on_begin(info),
            RecorderMessage::Unit(unit) => self.on_unit(unit, cost),
            RecorderMessage::Audio(sound) => self.on_audio(sound, cost),
            RecorderMessage::RunEnd(end) => self.on_end(end),
        }
    }

    /// The service stops: the segment is finished, and what follows is a gap.
    pub(super) fn stop(&mut self) {
        let at = self.shared.clock.wall();
        self.on_end(RunEnd { cause: GapCause::Stopped, at });
    }

    /// After a panic: what is in the file is read back from the disk, the rest is a gap until the next keyframe after a
    /// while. Of the run only what its session said of it is still trusted.
    pub(super) fn abandon(&mut self) {
        self.note(format!("the recorder failed over {}: this is a bug of ours", self.stream.stream));
        self.retry_at = Some(self.shared.clock.instant() + RETRY);
        self.held.release(self.held.bytes);
        self.file = None;
        if let Some(run) = self.run.as_mut() {
            (run.cursor, run.units_cost) = (None, 0);
            run.units.clear();
            run.sounds.clear();
        }
        self.publish(|_| None);
        self.go_missing(GapCause::Disk, self.shared.clock.wall());
        if self.shared.volume.ensure_intact().is_ok()
            && let Err(error) = self.shared.recover_stream(&self.stream.stream)
        {
            self.note_failure(&error);
        }
    }

    fn on_begin(&mut self, info: Arc<RunInfo>) {
        if self.run.is_some() {
            // Ingest ends a run before it begins the next; should it not, the recording is cut here all the same.
            self.on_end(RunEnd { cause: GapCause::SessionEnded, at: info.wall_start });
        }
        match mp4::init_segment(&info.params, info.audio.as_deref()) {
            Ok(init) => {
                self.run = Some(Run {
                    info,
                    id: None,
                    init,
                    units: Vec::new(),
                    sounds: Vec::new(),
                    units_cost: 0,
                    cursor: None,
                    frame: USUAL_FRAME,
                });
            }
            Err(error) => {
                self.note_failure(&error.into());
                self.go_missing(GapCause::Unsupported, info.wall_start);
            }
        }
    }

    fn on_unit(&mut self, unit: AccessUnit, cost: usize) {
        let is_waiting = self.retry_at.is_some_and(|at| self.shared.clock.instant() < at);
        let Some(run) = self.run.as_mut() else {
            self.held.release(cost);
            return;
        };
        if run.units.is_empty() && run.cursor.is_none() && (!unit.is_keyframe || is_waiting) {
            self.held.release(cost);
            self.stream.n_before_keyframe.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if self.must_cut_before(&unit, cost) {
            let next = Cursor { base: unit.pts, wall: unit.wall };
            if !self.write_fragment(next) {
                self.held.release(cost);
                return;
            }
            if unit.is_keyframe && self.is_rotation_due(unit.wall) {
                self.rotate();
            }
        }
        if let Some(run) = self.run.as_mut() {
            run.units_cost += cost;
            run.units.push(unit);
        }
    }

    /// Sound goes where pictures go; alone it is not recorded.
    fn on_audio(&mut self, sound: AudioUnit, cost: usize) {
        match self.run.as_mut() {
            Some(run)
                if run.info.audio.is_some()
                    && !(run.units.is_empty() && run.cursor.is_none())
                    && run.sounds.last().is_none_or(|last| last.at < sound.at) =>
            {
                run.units_cost += cost;
                run.sounds.push(sound);
            }
            Some(_) | None => self.held.release(cost),
        }
    }

    fn on_end(&mut self, end: RunEnd) {
        if let Some(next) = self.run.as_ref().and_then(Run::estimated_end) {
            self.write_fragment(next);
        }
        let mut changes = Vec::new();
        if let Some(file) = self.file.take() {
            self.finish(file, &mut changes);
        }
        if let Some(run) = self.run.take() {
            self.held.release(run.units_cost);
        }
        self.pending.append(&mut changes);
        self.go_missing(end.cause, end.at);
        self.publish(|_| None);
    }

    /// A fragment ends at a keyframe, or before it would hold more than the settings allow in time or bytes.
    fn must_cut_before(&self, unit: &AccessUnit, cost: usize) -> bool {
        let Some(run) = self.run.as_ref() else { return false };
        let Some(first) = run.units.first() else { return false };
        let base = run.cursor.map_or(first.pts, |cursor| cursor.base);
        let longest = MediaDuration::from(self.shared.settings.fragment);
        unit.is_keyframe
            || unit.pts - base + run.frame > longest
            || (run.units_cost + cost) * 4 > self.shared.settings.backlog_bytes
    }

    /// Cameras rotate at their own offset within the minute, never at the same instant.
    fn is_rotation_due(&self, wall: WallTime) -> bool {
        let Some(first) = self.file.as_ref().and_then(|file| file.fragments().first()) else { return false };
        let segment_ms = i64::try_from(self.shared.settings.segment.as_millis()).unwrap_or(i64::MAX).max(1);
        let turn = |at: WallTime| (at.0 - self.phase_ms).div_euclid(segment_ms);
        wall.0 - first.wall.0 >= segment_ms / 4 && turn(wall) != turn(first.wall)
    }

    /// Closes the file; the next fragment opens another. The row is closed with the row of the next file, in one
    /// transaction; until then clips go on reading what was published of it.
    fn rotate(&mut self) {
        let Some(file) = self.file.take() else { return };
        let mut changes = Vec::new();
        self.finish(file, &mut changes);
        self.pending.append(&mut changes);
    }

    /// Writes the collected units as one fragment that ends at `next`. `false` when they are lost.
    fn write_fragment(&mut self, next: Cursor) -> bool {
        let Some(run) = self.run.as_mut() else { return false };
        let units = std::mem::take(&mut run.units);
        let Some(first) = units.first() else { return true };
        let start = run.cursor.unwrap_or(Cursor { base: first.pts, wall: behind(self.reached, first.wall) });
        let begun = self.file.as_ref().and_then(|file| file.fragments().first());
        let sounds = run.take_sounds(begun.map_or(start.base, |first| first.base), next.base);
        let kept: usize = run.sounds.iter().map(|sound| cost(&RecorderMessage::Audio(sound.clone()))).sum();
        let freed = std::mem::replace(&mut run.units_cost, kept) - kept;
        let written = self.try_write(&units, &sounds, start, next);
        self.held.release(freed);
        match written {
            Ok(()) => true,
            Err(error) => {
                let cause = match &error {
                    RecordError::Mp4(_) => GapCause::TimestampJump,
                    RecordError::Volume(_)
                    | RecordError::Index(_)
                    | RecordError::Thread(_)
                    | RecordError::NoDisk { .. } => GapCause::Disk,
                };
                self.give_up(cause, start.wall, &error);
                false
            }
        }
    }

    fn try_write(
        &mut self,
        units: &[AccessUnit],
        sounds: &[AudioUnit],
        start: Cursor,
        next: Cursor,
    ) -> Result<(), RecordError> {
        let Self { shared, run, file, .. } = self;
        let Some(run) = run.as_mut() else { return Ok(()) };
        let sequence = file.as_ref().map_or(0, |file| file.fragments().len()) + 1;
        let first = file.as_ref().and_then(|file| file.fragments().first());
        let origin = first.map_or(start.base, |first| first.base);
        let spec = FragmentSpec {
            origin,
            sound_origin: run.info.audio.as_ref().map_or(0, |audio| audio.ticks(origin - Pts(0))),
            sequence: u32::try_from(sequence).unwrap_or(u32::MAX),
            base: start.base,
            end: next.base,
            wall: start.wall,
            units,
            sounds,
        };
        let encoded = mp4::encode_fragment(spec)?;
        if file.is_none() {
            *file = Some(open_file(shared, &self.stream, run, &mut self.pending, start)?);
        }
        let Some(open) = file.as_mut() else { return Ok(()) };
        let fragment = Fragment {
            offset: open.size(),
            header_bytes: encoded.header_bytes,
            size: encoded.size,
            base: encoded.base,
            end: encoded.end,
            wall: start.wall,
            wall_end: next.wall.max(start.wall),
            n_frames: u32::try_from(units.len()).unwrap_or(u32::MAX),
            is_random_access: units[0].is_keyframe,
        };
        let pieces = std::iter::once(&encoded.head[..]).chain(spec.payload().map(|piece| &piece[..]));
        open.append(&shared.volume, pieces, fragment)?;
        run.frame = MediaDuration((encoded.end - encoded.base).0 / i64::from(fragment.n_frames).max(1));
        run.cursor = Some(Cursor { base: fragment.end, wall: fragment.wall_end });
        self.has_written(fragment);
        Ok(())
    }

    fn has_written(&mut self, fragment: Fragment) {
        let status = &self.stream;
        status.written_bytes.fetch_add(fragment.size, Ordering::Relaxed);
        status.n_frames.fetch_add(fragment.n_frames.into(), Ordering::Relaxed);
        status.written_until_ms.store(fragment.wall_end.0, Ordering::Relaxed);
        if let (Some(file), Some(run)) = (&self.file, self.run.as_ref().and_then(|run| run.id)) {
            let (id, path) = (file.id, file.path.clone());
            let disk = self.shared.volume.name().clone();
            self.publish(|open| {
                let mut segment = open.filter(|open| open.id == id).unwrap_or(OpenSegment {
                    id,
                    run,
                    disk,
                    path,
                    fragments: Vec::new(),
                });
                segment.fragments.push(fragment);
                Some(segment)
            });
        }
        if let GapState::Missing { .. } = self.gap {
            self.pending.push(Change::EndGap { stream: self.stream.stream.clone(), at: fragment.wall });
            self.flush();
        }
        self.gap = GapState::Recording { until: fragment.wall_end };
        self.reached = Some(fragment.wall_end);
    }

    /// Writing failed: what is in the file is kept, the rest is a gap until the next keyframe after a while.
    fn give_up(&mut self, cause: GapCause, from: WallTime, error: &RecordError) {
        self.note_failure(error);
        let mut changes = Vec::new();
        if let Some(file) = self.file.take() {
            self.finish(file, &mut changes);
        }
        self.pending.append(&mut changes);
        self.go_missing(cause, from);
        self.publish(|_| None);
        if let Some(run) = self.run.as_mut() {
            run.cursor = None;
            run.sounds.clear();
            self.held.release(std::mem::take(&mut run.units_cost));
        }
        self.retry_at = Some(self.shared.clock.instant() + RETRY);
    }

    /// Syncs the file and adds its row to `changes`; a file that got no picture goes.
    fn finish(&mut self, file: SegmentFile, changes: &mut Vec<Change>) {
        let (id, path) = (file.id, file.path.clone());
        let ends = file.fragments().first().zip(file.fragments().last());
        let span = ends.map(|(first, last)| Span { from: first.wall, to: last.wall_end });
        match file.finish(&self.shared.volume) {
            Ok(Some(closed)) => changes.push(Change::CloseSegment(closed)),
            Ok(None) => discard(&self.shared, id, path, changes),
            Err(error) => {
                self.note_failure(&error.into());
                // Its row stays open until the disk is mounted anew, or the next start; unless that has just been.
                if self.shared.volume.ensure_intact().is_ok()
                    && let Err(error) = self.shared.recover_open(id, span)
                {
                    self.note_failure(&error);
                }
            }
        }
    }

    /// The gap row of what is missing from the last recorded picture, or from `at`, on.
    fn go_missing(&mut self, cause: GapCause, at: WallTime) {
        let is_away = |cause| matches!(cause, GapCause::Restart | GapCause::Stopped | GapCause::RecordingOff);
        let change = match self.gap {
            GapState::Recording { until } => Some(self.begin_gap(until, cause)),
            GapState::Missing { cause: known, .. } if known == cause => None,
            // The earliest cause wins, except over a guess, and except that "the service was away" ends when the
            // service is back and sees the camera itself fail; a stop of the service cuts every gap.
            GapState::Missing { is_guess: true, .. } if !is_away(cause) => {
                Some(Change::CorrectGap { stream: self.stream.stream.clone(), cause })
            }
            GapState::Missing { cause: known, .. } if is_away(known) || is_away(cause) => {
                Some(self.begin_gap(at, cause))
            }
            GapState::Missing { .. } => return,
        };
        self.gap = GapState::Missing { cause, is_guess: false };
        self.pending.extend(change);
        self.flush();
    }

    fn begin_gap(&self, from: WallTime, cause: GapCause) -> Change {
        Change::BeginGap { stream: self.stream.stream.clone(), from, cause }
    }

    /// Brings the waiting rows to the index; what it refuses waits for the next time.
    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        match self.shared.footage.apply(self.pending.clone()) {
            Ok(_) => self.pending.clear(),
            Err(error) => self.note_failure(&error.into()),
        }
    }

    fn publish(&self, update: impl FnOnce(Option<OpenSegment>) -> Option<OpenSegment>) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        let before = open.remove(&self.stream.stream);
        if let Some(after) = update(before) {
            open.insert(self.stream.stream.clone(), after);
        }
    }

    fn note_failure(&self, error: &RecordError) {
        self.note(error.to_string());
    }

    fn note(&self, text: String) {
        self.stream.n_failures.fetch_add(1, Ordering::Relaxed);
        let mut last = self.stream.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() != Some(&text) {
            tracing::error!(stream = %self.stream.stream, error = text, "recording failed; it is tried again");
        }
        *last = Some(text);
    }
}

impl Run {
    /// The sound that begins before `end`; what is later belongs to the next fragment. What came so late that a file that
    /// begins at `origin` has no time for it is dropped.
    fn take_sounds(&mut self, origin: Pts, end: Pts) -> Vec<AudioUnit> {
        let Some(audio) = &self.info.audio else { return Vec::new() };
        let earliest = audio.ticks(origin - Pts(0)) - i64::from(mp4::SOUND_LEAD_TICKS);
        self.sounds.retain(|sound| sound.at >= earliest);
        let end = audio.ticks(end - Pts(0));
        let later = self.sounds.partition_point(|sound| sound.at < end);
        let rest = self.sounds.split_off(later);
        std::mem::replace(&mut self.sounds, rest)
    }

    /// Where the collected units end when nothing follows them.
    fn estimated_end(&self) -> Option<Cursor> {
        let first = self.units.first()?;
        let start = self.cursor.unwrap_or(Cursor { base: first.pts, wall: first.wall });
        let min = self.units.iter().map(|unit| unit.pts).min()?;
        let (max, last_wall) = self.units.iter().map(|unit| (unit.pts, unit.wall)).max()?;
        let n_steps = i64::try_from(self.units.len()).unwrap_or(i64::MAX) - 1;
        let frame = if n_steps > 0 { MediaDuration((max - min).0 / n_steps) } else { self.frame };
        let frame = frame.max(MediaDuration(1));
        // By the last picture's own wall time: within a run's first seconds wall and media time go at different speeds.
        Some(Cursor { base: max + frame, wall: last_wall.plus_media(frame).max(start.wall) })
    }
}

fn behind(reached: Option<WallTime>, wall: WallTime) -> WallTime {
    reached.filter(|reached| reached.since(wall) <= ESTIMATE).map_or(wall, |reached| reached.max(wall))
}

/// Row, then file, then head: in this order no crash leaves a file that the index does not know.
fn open_file(
    shared: &Shared,
    stream: &StreamShared,
    run: &mut Run,
    pending: &mut Vec<Change>,
    start: Cursor,
) -> Result<SegmentFile, RecordError> {
    shared.volume.ensure_usable()?;
    let path = format!("{}/{:016x}.mp4", Volume::stream_dir(&stream.stream), rand::rng().random::<u64>());
    let run_ref = match run.id {
        Some(id) => RunRef::Known(id),
        None => RunRef::New(NewRun {
            generation: run.info.generation,
            wall_start: run.info.wall_start,
            params: Arc::clone(&run.info.params),
            audio: run.info.audio.clone(),
        }),
    };
    let new = NewSegment {
        run: run_ref,
        stream: stream.stream.clone(),
        disk: shared.volume.name().clone(),
        path: path.clone(),
        start_wall: start.wall,
        start_pts: start.base,
    };
    let mut changes = pending.clone();
    changes.push(Change::OpenSegment(new));
    let opened = shared.footage.apply(changes)?;
    pending.clear();
    let Opened { run: run_id, segment } = opened.expect("a new segment always has rows");
    run.id = Some(run_id);
    SegmentFile::create(&shared.volume, path.clone(), segment, &run.init).map_err(|error| {
        discard(shared, segment, path, pending);
        error.into()
    })
}

/// Takes a file without pictures away. Should the disk refuse, the row stays garbage and the next start tries again.
fn discard(shared: &Shared, id: SegmentId, path: String, changes: &mut Vec<Change>) {
    changes.push(Change::Discard { id, since: shared.clock.wall() });
    if shared.volume.remove(std::slice::from_ref(&path)).is_ok_and(|removed| removed.error.is_none()) {
        changes.push(Change::Forget { path });
    }
}

/// FNV-1a: the same on every start, unlike the standard library's hashes.
fn phase(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from(hash >> 1).unwrap_or(0)
}
