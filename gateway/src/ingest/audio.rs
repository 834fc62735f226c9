//! Sound beside the pictures: which of a camera's is recorded, and where it lies in the run's media time. Pure.
//!
//! Both tracks count from one zero when the camera says so in RTP-Info (RFC 7826 §18.45); cameras that leave it out or
//! lie there are found by the times of arrival, which then place the sound. Later, each track's least delay within
//! half a minute shows whether its clock runs away from the other's; then the sound is moved after the pictures.

use std::{
    num::NonZeroU16,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sharpeyes_domain::{
    media::{AudioCodec, AudioParams, AudioUnit},
    time::{MediaDuration, Pts},
};

use crate::mp4;

/// What the camera says and the arrival may differ by so much: sound is often sent in packets of a fifth of a second.
const PLAUSIBLE: MediaDuration = MediaDuration::from_millis(400);
/// Sound that has moved so far against the pictures is moved back.
const NOTICEABLE: MediaDuration = MediaDuration::from_millis(80);
const WINDOW: MediaDuration = MediaDuration::from_secs(30);

/// A piece of sound as received.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Since the camera's own zero, in units of the sampling rate.
    pub npt: i64,
    /// In the same unit.
    pub duration: u32,
    /// When its packet arrived.
    pub received: Instant,
    /// As it came.
    pub data: Bytes,
}

/// The sound of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AudioState {
    /// The site does not want it, or the camera has none.
    #[default]
    Off,
    /// It is recorded.
    Recorded(Arc<AudioParams>),
    /// The camera has sound that is not recorded; the pictures are.
    LeftOut {
        /// Its coding, as the camera names it.
        coding: String,
        /// Why.
        reason: String,
    },
}

impl AudioState {
    /// What is recorded.
    #[must_use]
    pub fn params(&self) -> Option<&Arc<AudioParams>> {
        match self {
            Self::Recorded(params) => Some(params),
            Self::Off | Self::LeftOut { .. } => None,
        }
    }
}

/// G.711 needs nothing from the camera but rate and channels.
pub(super) fn g711(codec: AudioCodec, clock_rate: u32, channels: NonZeroU16) -> Result<AudioParams, String> {
    let rate = u16::try_from(clock_rate).map_err(|_| format!("{clock_rate} Hz"))?;
    let entry = mp4::g711_sample_entry(codec, rate, channels.get());
    mp4::audio_params_from_sample_entry(&entry).map_err(|error| error.to_string())
}

/// Where the first picture of a run lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// Since the camera's own zero.
    pub(super) npt: MediaDuration,
    pub(super) received: Instant,
}

/// Places the sound of one run.
#[derive(Debug)]
pub(super) struct AudioClock {
    params: Arc<AudioParams>,
    origin: Origin,
    /// Added to a piece's own time; `None` before the first piece.
    offset: Option<i64>,
    newest: i64,
    window_began: Pts,
    sound: LeastDelay,
    picture: LeastDelay,
    /// Sound's least delay over the pictures' in the first window.
    usual: Option<MediaDuration>,
}

/// The least delay of a window, 90 kHz.
#[derive(Debug)]
struct LeastDelay(i64);

impl LeastDelay {
    const NONE: Self = Self(i64::MAX);

    fn saw(&mut self, delay: MediaDuration) {
        self.0 = self.0.min(delay.0);
    }

    /// What was seen since the last time.
    fn take(&mut self) -> Option<MediaDuration> {
        let least = std::mem::replace(self, Self::NONE).0;
        (least < i64::MAX).then_some(MediaDuration(least))
    }
}

impl AudioClock {
    pub(super) fn new(params: Arc<AudioParams>, origin: Origin) -> Self {
        let (sound, picture) = (LeastDelay::NONE, LeastDelay::NONE);
        Self {
            params,
            origin,
            offset: None,
            newest: i64::MIN,
            window_began: Pts(0),
            sound,
            picture,
            usual: None,
        }
    }

    /// A picture arrived: the measure for the sound.
    pub(super) fn picture(&mut self, pts: Pts, received: Instant) {
        self.picture.saw(self.since_origin(received) - (pts - Pts(0)));
        if pts - self.window_began > WINDOW {
            self.window_began = pts;
            self.compare();
        }
    }

    /// Once a window: has the sound's clock run away from that of the pictures?
    fn compare(&mut self) {
        let (sound, picture) = (self.sound.take(), self.picture.take());
        let Some(lead) = sound.zip(picture).map(|(sound, picture)| sound - picture) else { return };
        let usual = *self.usual.get_or_insert(lead);
        let moved = lead - usual;
        if moved > NOTICEABLE || -moved > NOTICEABLE {
            tracing::info!(by = %moved, "the sound had moved against the pictures and is moved back");
            self.offset = self.offset.map(|offset| offset + self.params.ticks(moved));
        }
    }

    /// The piece in the run's time; `None` for what is older than the run, or than the piece before.
    pub(super) fn place(&mut self, heard: Heard) -> Option<AudioUnit> {
        let length = self.params.time(heard.duration.into());
        // A piece can be sent only when it is over.
        let arrived = self.since_origin(heard.received) - length;
        let offset = match self.offset {
            Some(offset) => offset,
            None => {
                let said = self.params.time(heard.npt) - self.origin.npt;
                let difference = said - arrived;
                let is_plausible = difference <= PLAUSIBLE && -difference <= PLAUSIBLE;
                let at = if is_plausible {
                    heard.npt - self.params.ticks(self.origin.npt)
                } else {
                    self.params.ticks(arrived)
                };
                at - heard.npt
            }
        };
        self.offset = Some(offset);
        let at = heard.npt + offset;
        self.sound.saw(arrived - self.params.time(at));
        if at < 0 || at <= self.newest {
            return None;
        }
        self.newest = at;
        Some(AudioUnit { at, duration: heard.duration, data: heard.data })
    }

    fn since_origin(&self, received: Instant) -> MediaDuration {
        let span =
            |span: Duration| MediaDuration::from_nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
        match received.checked_duration_since(self.origin.received) {
            Some(later) => span(later),
            None => -span(self.origin.received.duration_since(received)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    /// A G.711 camera whose first picture arrived `now`, at 10 s of the camera's own time.
    fn clock(now: Instant) -> AudioClock {
        let params = g711(AudioCodec::Pcmu, 8_000, NonZeroU16::MIN).unwrap();
        AudioClock::new(params.into(), Origin { npt: MediaDuration::from_secs(10), received: now })
    }

    fn heard(npt: i64, received: Instant) -> Heard {
        Heard { npt, duration: 320, received, data: Bytes::from_static(&[0; 320]) }
    }

    #[test]
    fn sound_lies_where_the_camera_says_when_that_can_be() {
        let now = Clock::simulated(sharpeyes_domain::time::WallTime(0)).instant();
        let mut clock = clock(now);
        // Half a frame before the first picture, late by 100 ms.
        assert!(clock.place(heard(80_000 - 160, now + Duration::from_millis(120))).is_none());
        let unit = clock.place(heard(80_000 + 160, now + Duration::from_millis(160))).unwrap();
        assert_eq!((unit.at, unit.duration), (160, 320));
        // Again, or older: no news.
        assert!(clock.place(heard(80_000 + 160, now + Duration::from_millis(161))).is_none());
    }

    #[test]
    fn sound_whose_zero_is_another_one_lies_where_it_arrived() {
        let now = Clock::simulated(sharpeyes_domain::time::WallTime(0)).instant();
        let mut clock = clock(now);
        let unit = clock.place(heard(5, now + Duration::from_millis(240))).unwrap();
        assert_eq!(unit.at, 8 * 200);
        assert_eq!(clock.place(heard(5 + 320, now + Duration::from_millis(300))).unwrap().at, 8 * 200 + 320);
    }

    #[test]
    fn sound_that_runs_away_is_moved_after_the_pictures() {
        let now = Clock::simulated(sharpeyes_domain::time::WallTime(0)).instant();
        let mut clock = clock(now);
        let mut last = 0;
        // Ten minutes; the sound's clock is 1000 ppm slow.
        for n in 0..15_000_i64 {
            let at = now + Duration::from_millis(40) * u32::try_from(n).unwrap();
            clock.picture(Pts(n * 3_600), at);
            let npt = 80_000 + n * 320 - n * 320 / 1_000;
            last = clock.place(heard(npt, at + Duration::from_millis(40))).map_or(last, |unit| unit.at);
        }
        let behind = 15_000 * 320 - last;
        assert!(behind < 8 * 120, "{behind} samples");
    }
}
