//! A clip re-coded as H.264 while it is watched, for browsers that cannot play what the camera sent.
//!
//! Nothing is written to a disk and recordings stay as they are. A [`Transcode`] works only while its fragments are
//! taken; [`Transcodes`] bounds how many there are. Fed by `record`, decoded and encoded in `analyze::decode`; `api`
//! sends the fragments.

use std::{
    collections::HashMap,
    io,
    iter::Peekable,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use bytes::Bytes;
use sharpeyes_domain::{
    ids::AccountId,
    media::{AccessUnit, VideoParams},
    time::{MediaDuration, Pts},
};

use crate::{
    analyze::decode::{DecodeError, RecodeFormat, Recoded, Recoder},
    clock::Clock,
    mp4::{self, Mp4Error},
    record::{
        clip::Clip,
        pictures::{ClipUnit, ClipUnits},
    },
};

/// Pictures are sent in pieces of about this length.
const FRAGMENT: MediaDuration = MediaDuration::from_millis(500);
/// One wait for the encoder. In between the decoder is fed.
const STEP: Duration = Duration::from_millis(20);
/// Nothing came out for so many steps: it never will.
const STEPS: u32 = 1_000;
/// A transcode whose fragments nobody has taken for so long gives way to one that is wanted.
const ABANDONED: Duration = Duration::from_secs(60);

/// Why a transcode cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum TranscodeError {
    /// GStreamer.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The pictures fit no MP4 file.
    #[error(transparent)]
    Mp4(#[from] Mp4Error),
    /// The recording could not be read.
    #[error("reading the recording: {0}")]
    Read(#[from] io::Error),
    /// The encoder stood still, or changed its parameters.
    #[error("the encoder {0}")]
    Encoder(&'static str),
}

/// A piece of the file.
#[derive(Clone, Debug)]
pub struct Piece {
    /// One fragment; before the first the initialisation segment.
    pub bytes: Bytes,
    /// When its last picture ends, since the clip's beginning.
    pub end: MediaDuration,
}

/// A clip that is being re-coded. Its calls block: for a blocking thread.
pub struct Transcode {
    units: Peekable<ClipUnits>,
    end: Pts,
    format: RecodeFormat,
    run: Option<Run>,
    /// Of the first picture; those of later runs must be the same.
    params: Option<VideoParams>,
    /// Encoded, not yet sent. Invariant: only the first may be a keyframe.
    held: Vec<AccessUnit>,
    sequence: u32,
    is_over: bool,
}

/// The pictures of one set of parameters.
struct Run {
    params: Arc<VideoParams>,
    recoder: Recoder,
    is_fed: bool,
}

impl Transcode {
    /// Of all of `clip`, in pictures not wider than `widest_px`. Does no work yet.
    #[must_use]
    pub fn new(clip: &Clip, widest_px: u16, fps: u16) -> Self {
        Self {
            units: clip.units().peekable(),
            end: Pts(clip.duration.0),
            format: RecodeFormat::within(&clip.params, widest_px, fps),
            run: None,
            params: None,
            held: Vec::new(),
            sequence: 0,
            is_over: false,
        }
    }

    /// RFC 6381, known once the first piece was made.
    #[must_use]
    pub fn mime(&self) -> Option<String> {
        self.params.as_ref().map(|params| format!("video/mp4; codecs=\"{}\"", params.rfc6381))
    }

    /// The next piece: the first one is the initialisation segment with the first fragment. `None` at the end.
    ///
    /// # Errors
    /// [`TranscodeError`]; nothing comes after it.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, TranscodeError> {
        if self.is_over {
            return Ok(None);
        }
        let piece = self.piece();
        self.is_over = !matches!(piece, Ok(Some(_)));
        if self.is_over {
            self.run = None;
        }
        piece
    }

    fn piece(&mut self) -> Result<Option<Piece>, TranscodeError> {
        loop {
            let Some(unit) = self.encoded()? else {
                let end = self.end;
                return if self.held.is_empty() { Ok(None) } else { self.flush(end).map(Some) };
            };
            let first = self.held.first().map(|first| first.pts);
            let is_full = first.is_some_and(|first| unit.is_keyframe || unit.pts - first >= FRAGMENT);
            let sent = if is_full { Some(self.flush(unit.pts)?) } else { None };
            self.held.push(unit);
            if sent.is_some() {
                return Ok(sent);
            }
        }
    }

    /// The next encoded picture of the clip; `None` after the last.
    fn encoded(&mut self) -> Result<Option<AccessUnit>, TranscodeError> {
        let mut waited = 0;
        loop {
            self.feed()?;
            let Some(run) = &self.run else { return Ok(None) };
            match run.recoder.take(STEP)? {
                Recoded::Unit(unit) => {
                    self.check_params()?;
                    return Ok(Some(unit));
                }
                Recoded::Over => self.run = None,
                Recoded::Waiting => {
                    waited += 1;
                    if waited > STEPS {
                        return Err(TranscodeError::Encoder("stands still"));
                    }
                }
            }
        }
    }

    /// Gives the decoder as much as it has room for. Parameters change only when all before has come out.
    fn feed(&mut self) -> Result<(), TranscodeError> {
        loop {
            if self.run.as_ref().is_some_and(|run| run.is_fed || !run.recoder.has_room()) {
                return Ok(());
            }
            let next = match self.units.peek() {
                None => {
                    if let Some(run) = &mut self.run {
                        run.recoder.finish()?;
                        run.is_fed = true;
                    }
                    return Ok(());
                }
                Some(Ok(next)) => next.params.clone(),
                Some(Err(_)) => match self.units.next() {
                    Some(Err(error)) => return Err(error.into()),
                    _ => continue,
                },
            };
            match &mut self.run {
                None => {
                    let recoder = Recoder::new(&next, self.format)?;
                    self.run = Some(Run { params: next, recoder, is_fed: false });
                }
                Some(run) if run.params != next => {
                    run.recoder.finish()?;
                    run.is_fed = true;
                }
                Some(run) => {
                    if let Some(Ok(ClipUnit { unit, .. })) = self.units.next() {
                        run.recoder.feed(&unit)?;
                    }
                }
            }
        }
    }

    /// One file has one sample entry: every encoder must say the same of itself.
    fn check_params(&mut self) -> Result<(), TranscodeError> {
        let Some(config) = self.run.as_ref().and_then(|run| run.recoder.decoder_config()) else {
            return Err(TranscodeError::Encoder("does not say how its pictures are to be decoded"));
        };
        match &self.params {
            None => {
                let RecodeFormat { width_px, height_px, .. } = self.format;
                self.params = Some(mp4::h264_params(width_px, height_px, &config)?);
            }
            Some(known) if *known.decoder_config == *config => {}
            Some(_) => return Err(TranscodeError::Encoder("changed its parameters")),
        }
        Ok(())
    }

    /// What is held as a fragment, the last picture of it standing until `end`.
    fn flush(&mut self, end: Pts) -> Result<Piece, TranscodeError> {
        let held = std::mem::take(&mut self.held);
        let nothing = TranscodeError::Encoder("gave no picture");
        let (first, last) = held.first().zip(held.last()).ok_or(nothing)?;
        let shown = MediaDuration((end - last.pts).0.max(1));
        let mut bytes = match &self.params {
            Some(params) if self.sequence == 0 => mp4::init_segment(params, None)?,
            _ => Vec::new(),
        };
        self.sequence += 1;
        bytes.extend(mp4::fragment(self.sequence, first.pts, &held, shown)?);
        Ok(Piece { bytes: bytes.into(), end: end - Pts(0) })
    }
}

/// How many transcodes there may be. Clones share them.
#[derive(Clone)]
pub struct Transcodes {
    clock: Clock,
    limits: TranscodeLimits,
    running: Arc<Mutex<Running>>,
}

/// For the whole site and for one viewer.
#[derive(Clone, Copy, Debug)]
pub struct TranscodeLimits {
    /// At the same time.
    pub site: u16,
    /// … of one account.
    pub viewer: u16,
}

/// As many run as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{in_use} of {limit} transcodes are running")]
pub struct QuotaReached {
    /// Of the site or of the viewer, whichever is reached.
    pub limit: u16,
    /// Of the site or of the viewer.
    pub in_use: u16,
}

#[derive(Default)]
struct Running {
    last: u64,
    slots: HashMap<u64, SlotState>,
}

struct SlotState {
    account: AccountId,
    taken: Instant,
    work: Weak<Mutex<Option<Transcode>>>,
}

/// A place among the running transcodes; dropping it gives the place back.
pub struct Slot {
    id: u64,
    clock: Clock,
    running: Arc<Mutex<Running>>,
    work: Arc<Mutex<Option<Transcode>>>,
}

impl Transcodes {
    /// None yet.
    #[must_use]
    pub fn new(limits: TranscodeLimits, clock: Clock) -> Self {
        Self { clock, limits, running: Arc::default() }
    }

    /// A place for `transcode`. Those that were abandoned give way.
    ///
    /// # Errors
    /// [`QuotaReached`] when none is free.
    pub fn begin(&self, account: AccountId, transcode: Transcode) -> Result<Slot, QuotaReached> {
        let now = self.clock.instant();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(full) = running.has_place(account, self.limits) {
            release(running.abandon(now));
            running.has_place(account, self.limits).map_err(|_| full)?;
        }
        running.last += 1;
        let id = running.last;
        let work = Arc::new(Mutex::new(Some(transcode)));
        running.slots.insert(id, SlotState { account, taken: now, work: Arc::downgrade(&work) });
        Ok(Slot { id, clock: self.clock.clone(), running: Arc::clone(&self.running), work })
    }

    /// How many there are.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).slots.len()
    }
}

impl Running {
    fn has_place(&self, account: AccountId, limits: TranscodeLimits) -> Result<(), QuotaReached> {
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let all = count(self.slots.len());
        let own = count(self.slots.values().filter(|slot| slot.account == account).count());
        if own >= limits.viewer {
            return Err(QuotaReached { limit: limits.viewer, in_use: own });
        }
        if all >= limits.site {
            return Err(QuotaReached { limit: limits.site, in_use: all });
        }
        Ok(())
    }

    /// A connection that is open and not read holds its place: no word of it comes until someone reads.
    fn abandon(&mut self, now: Instant) -> Vec<Transcode> {
        let mut abandoned = Vec::new();
        self.slots.retain(|_, slot| {
            if now.saturating_duration_since(slot.taken) < ABANDONED {
                return true;
            }
            if let Some(work) = slot.work.upgrade()
                && let Ok(mut work) = work.try_lock()
            {
                abandoned.extend(work.take());
            }
            false
        });
        abandoned
    }
}

/// Ending a pipeline waits for its threads, which no task that others wait for may do.
fn release(transcodes: Vec<Transcode>) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) if !transcodes.is_empty() => drop(runtime.spawn_blocking(move || drop(transcodes))),
        Ok(_) | Err(_) => drop(transcodes),
    }
}

impl Slot {
    /// The next piece; `None` at the end, or when the place was taken away. Blocks.
    ///
    /// # Errors
    /// [`TranscodeError`].
    pub fn next_piece(&self) -> Result<Option<Piece>, TranscodeError> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(transcode) = work.as_mut() else { return Ok(None) };
        let piece = transcode.next_piece();
        drop(work);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = running.slots.get_mut(&self.id) {
            slot.taken = self.clock.instant();
        }
        piece
    }

    /// See [`Transcode::mime`].
    #[must_use]
    pub fn mime(&self) -> Option<String> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Transcode::mime)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).slots.remove(&self.id);
        if let Ok(mut work) = self.work.try_lock() {
            release(work.take().into_iter().collect());
        }
    }
}
