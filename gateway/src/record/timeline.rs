//! What is recorded of many streams, at a zoom: from the index and from the files that are being written.

use std::collections::HashMap;

use sharpeyes_domain::{
    ids::StreamId,
    segment::Span,
    time::WallTime,
    timeline::{Coverage, CoverageMarks, Zoom},
};

use super::clip::{ClipError, ClipReader};
use crate::store::footage::{Footage, FootageError, HeldMark};

/// One stream on a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamCoverage {
    /// From the oldest recorded instant to the newest, wherever the window is; `None` when there is none.
    pub footage: Option<Span>,
    /// What of it lies in the window, and what is missing.
    pub coverage: Coverage,
}

impl ClipReader {
    /// One row for each of `streams`, up to the last second. Blocks; what it costs depends on the gaps in the window,
    /// not on the files.
    ///
    /// # Errors
    /// [`ClipError::Index`].
    pub fn coverage(&self, streams: &[StreamId], zoom: Zoom) -> Result<Vec<StreamCoverage>, ClipError> {
        // The open files first: one that is closed meanwhile is found in the index too.
        let mut open = HashMap::new();
        for stream in streams {
            let fragments = self.library.open_segment(stream).map(|open| open.fragments);
            if let Some((first, last)) = fragments.as_ref().and_then(|all| all.first().zip(all.last())) {
                open.insert(stream.clone(), Span { from: first.wall, to: last.wall_end });
            }
        }
        Ok(coverage(&self.library.footage, &open, streams, zoom, self.library.clock.wall())?)
    }

    /// What is held of any stream in `window`. Blocks.
    ///
    /// # Errors
    /// [`ClipError::Index`].
    pub fn held(&self, window: Span) -> Result<Vec<HeldMark>, ClipError> {
        Ok(self.library.footage.held_in(window)?)
    }
}

/// The same from the index alone; `open` is what the files hold that are being written.
///
/// # Errors
/// [`FootageError`] when the index cannot be read.
pub fn coverage(
    footage: &Footage,
    open: &HashMap<StreamId, Span>,
    streams: &[StreamId],
    zoom: Zoom,
    now: WallTime,
) -> Result<Vec<StreamCoverage>, FootageError> {
    footage.timeline(|rows| {
        streams
            .iter()
            .map(|stream| {
                let closed = rows.footage(stream)?;
                let footage = match (closed, open.get(stream)) {
                    (Some(closed), Some(open)) => {
                        Some(Span { from: closed.from.min(open.from), to: closed.to.max(open.to) })
                    }
                    (closed, open) => closed.or(open.copied()),
                };
                let mut marks = CoverageMarks::new(zoom, footage, now);
                rows.gaps(stream, zoom.window, |gap| marks.push(gap.from, gap.to, gap.cause))?;
                Ok(StreamCoverage { footage, coverage: marks.finish() })
            })
            .collect()
    })
}
