//! Live view: one stream of the hub as fragmented MP4 for Media Source Extensions, one picture a fragment.
//!
//! Nothing is decoded or re-encoded. A viewer that is too slow loses whole stretches up to the next keyframe and is
//! told how much. Fed by the hub; `api` sends the parts over a WebSocket.

use bytes::Bytes;
use sharpeyes_domain::{
    media::{AccessUnit, VideoParams},
    time::{MediaDuration, Pts},
};

use crate::{
    hub::{HubEvent, Subscription},
    mp4::{self, Mp4Error},
};

/// Assumed for a picture whose successor is not known or lies oddly.
const USUAL: MediaDuration = MediaDuration::from_millis(40);
/// A picture is not shown for longer than this, however long the camera pauses.
const LONGEST: MediaDuration = MediaDuration::from_secs(2);

/// What a viewer is sent, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LivePart {
    /// A new run: throw the source buffer away and begin with this initialisation segment.
    Init {
        /// For `addSourceBuffer`, RFC 6381.
        mime: String,
        /// Pixels.
        width_px: u16,
        /// Pixels.
        height_px: u16,
        /// `ftyp` and `moov`.
        segment: Bytes,
    },
    /// `moof` and `mdat` of one picture; media time begins at 0 with the run.
    Fragment(Bytes),
    /// So many pictures were left out.
    Lagged {
        /// Pictures.
        dropped: u64,
    },
    /// The camera's stream is interrupted; a new `Init` follows when it is back.
    Interrupted,
}

/// One viewer's stream.
#[derive(Debug)]
pub struct LiveStream {
    units: Subscription,
    ready: std::collections::VecDeque<LivePart>,
    /// Waits for its successor, which tells how long it is shown.
    held: Option<AccessUnit>,
    origin: Option<Pts>,
    newest_base: Pts,
    sequence: u32,
    last_duration: MediaDuration,
}

impl LiveStream {
    /// Begins at the newest keyframe that `units` has.
    #[must_use]
    pub const fn new(units: Subscription) -> Self {
        Self {
            units,
            ready: std::collections::VecDeque::new(),
            held: None,
            origin: None,
            newest_base: Pts(-1),
            sequence: 0,
            last_duration: USUAL,
        }
    }

    /// The next part; `None` when the service stops.
    ///
    /// # Errors
    /// [`Mp4Error`] when the camera's parameters or times fit into no box.
    pub async fn next(&mut self) -> Result<Option<LivePart>, Mp4Error> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Ok(Some(part));
            }
            match self.units.next().await {
                None => return Ok(None),
                Some(HubEvent::Run(run)) => self.begin(&run.params)?,
                Some(HubEvent::Unit(unit)) => self.push(unit)?,
                Some(HubEvent::Lagged { dropped }) => {
                    self.held = None;
                    self.ready.push_back(LivePart::Lagged { dropped });
                }
                Some(HubEvent::End(_)) => {
                    self.flush(None)?;
                    self.ready.push_back(LivePart::Interrupted);
                }
            }
        }
    }

    fn begin(&mut self, params: &VideoParams) -> Result<(), Mp4Error> {
        self.flush(None)?;
        (self.origin, self.newest_base, self.sequence) = (None, Pts(-1), 0);
        self.ready.push_back(LivePart::Init {
            mime: format!("video/mp4; codecs=\"{}\"", params.rfc6381),
            width_px: params.width_px,
            height_px: params.height_px,
            segment: mp4::init_segment(params, None)?.into(),
        });
        Ok(())
    }

    fn push(&mut self, mut unit: AccessUnit) -> Result<(), Mp4Error> {
        let origin = *self.origin.get_or_insert(unit.pts);
        unit.pts = Pts((unit.pts - origin).0);
        self.flush(Some(unit.pts))?;
        self.held = Some(unit);
        Ok(())
    }

    /// Sends the held picture, now that the time of the next one is known (or that there is none).
    fn flush(&mut self, next: Option<Pts>) -> Result<(), Mp4Error> {
        let Some(unit) = self.held.take() else { return Ok(()) };
        let shown = next.map(|next| next - unit.pts).filter(|shown| *shown > MediaDuration::ZERO);
        self.last_duration = shown.unwrap_or(self.last_duration).min(LONGEST);
        self.sequence += 1;
        // Decoding times must rise; with B-frames a presentation time may lie before the last decoding time.
        let base = unit.pts.max(Pts(self.newest_base.0 + 1));
        self.newest_base = base;
        let bytes = mp4::fragment(self.sequence, base, &[unit], self.last_duration)?;
        self.ready.push_back(LivePart::Fragment(bytes.into()));
        Ok(())
    }
}
