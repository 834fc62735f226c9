//! A timeline at a zoom: what is recorded, what is missing and what happened, as marks no finer than a bin.
//!
//! Rows are pushed one by one in order of time and nothing is kept of them but the marks, so that a month of a hundred
//! cameras costs a pass over its gaps, whatever the number of files. The rows are `store`'s; nothing is read here.

use std::time::Duration;

use crate::{
    ids::{AlarmId, IncidentId},
    level::Level,
    rule::RuleClass,
    segment::{GapCause, Span},
    time::WallTime,
};

/// What is shown, and how fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoom {
    /// From the left edge to the right one.
    pub window: Span,
    /// What lies closer together than this is one mark.
    pub bin: Duration,
}

impl Zoom {
    fn is_near(&self, earlier: WallTime, later: WallTime) -> bool {
        later.since(earlier) < self.bin
    }
}

/// Missing recording as a mark: one gap, or several that lie closer together than a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapMark {
    /// From the beginning of the first.
    pub from: WallTime,
    /// To the end of the last; `None` while it lasts.
    pub to: Option<WallTime>,
    /// Of the longest.
    pub cause: GapCause,
    /// How many.
    pub n: u32,
    /// What is really missing.
    pub missing: Duration,
}

/// What is recorded of one stream and what is missing, both cut to the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In order; interruptions shorter than a bin are closed.
    pub recorded: Vec<Span>,
    /// In order.
    pub gaps: Vec<GapMark>,
}

/// Takes the gaps of one stream in order of their beginning and makes its [`Coverage`].
///
/// It rests on the recorder's invariant: between the first picture of a stream and its last, every instant is in a
/// file or in a gap.
#[derive(Debug)]
pub struct CoverageMarks {
    zoom: Zoom,
    now: WallTime,
    /// What there is of footage, cut to the window; empty when there is none.
    footage: Span,
    /// Up to here `footage` is told apart.
    reached: WallTime,
    longest: Duration,
    coverage: Coverage,
}

impl CoverageMarks {
    /// `footage` is from the first picture of the stream to its last; `now` ends a gap that lasts.
    #[must_use]
    pub fn new(zoom: Zoom, footage: Option<Span>, now: WallTime) -> Self {
        let nothing = Span { from: zoom.window.from, to: zoom.window.from };
        let footage = footage.and_then(|whole| whole.intersection(&zoom.window)).unwrap_or(nothing);
        let coverage = Coverage::default();
        Self { zoom, now, footage, reached: footage.from, longest: Duration::ZERO, coverage }
    }

    /// The next gap; `to` is `None` while it lasts. One outside the window changes nothing.
    pub fn push(&mut self, from: WallTime, to: Option<WallTime>, cause: GapCause) {
        let whole = Span { from, to: to.unwrap_or(self.now.max(from)) };
        let window = self.zoom.window;
        let Some(cut) = whole.intersection(&window) else { return };
        self.record_until(cut.from);
        self.reached = self.reached.max(cut.to);
        // The end of one that lasts is not known, wherever the window ends.
        self.mark(cut, to.map(|_| cut.to), cause);
    }

    /// After the last gap.
    #[must_use]
    pub fn finish(mut self) -> Coverage {
        self.record_until(self.footage.to);
        self.coverage
    }

    fn record_until(&mut self, end: WallTime) {
        let span = Span { from: self.reached, to: end.min(self.footage.to) };
        if span.is_empty() {
            return;
        }
        match self.coverage.recorded.last_mut() {
            Some(last) if self.zoom.is_near(last.to, span.from) => last.to = last.to.max(span.to),
            _ => self.coverage.recorded.push(span),
        }
    }

    fn mark(&mut self, cut: Span, to: Option<WallTime>, cause: GapCause) {
        let length = cut.length();
        match self.coverage.gaps.last_mut() {
            Some(last) if last.to.is_none_or(|end| self.zoom.is_near(end, cut.from)) => {
                if length > self.longest {
                    (last.cause, self.longest) = (cause, length);
                }
                last.to = last.to.zip(to).map(|(earlier, later)| earlier.max(later));
                last.n = last.n.saturating_add(1);
                last.missing += length;
            }
            _ => {
                self.longest = length;
                self.coverage.gaps.push(GapMark { from: cut.from, to, cause, n: 1, missing: length });
            }
        }
    }
}

/// An alarm as a mark: one, or several of a camera that lie closer together than a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmMark {
    /// Of the most severe, and of several such the first.
    pub incident: IncidentId,
    /// The most severe.
    pub alarm: AlarmId,
    /// When the first began; may lie before the window.
    pub from: WallTime,
    /// When the last ended; `None` while one of them runs.
    pub to: Option<WallTime>,
    /// Of the most severe.
    pub class: RuleClass,
    /// Of the most severe.
    pub level: Level,
    /// How many.
    pub n: u32,
}

/// Takes the alarms of one camera in order of their beginning.
#[derive(Debug)]
pub struct AlarmMarks {
    zoom: Zoom,
    marks: Vec<AlarmMark>,
}

impl AlarmMarks {
    /// No alarm yet.
    #[must_use]
    pub const fn new(zoom: Zoom) -> Self {
        Self { zoom, marks: Vec::new() }
    }

    /// The next alarm.
    pub fn push(&mut self, alarm: AlarmMark) {
        match self.marks.last_mut() {
            Some(last) if last.to.is_none_or(|end| self.zoom.is_near(end, alarm.from)) => {
                let (from, n) = (last.from, last.n.saturating_add(alarm.n));
                let to = last.to.zip(alarm.to).map(|(earlier, later)| earlier.max(later));
                let leading = if alarm.level.is_above(last.level) { alarm } else { *last };
                *last = AlarmMark { from, to, n, ..leading };
            }
            _ => self.marks.push(alarm),
        }
    }

    /// After the last alarm.
    #[must_use]
    pub fn finish(self) -> Vec<AlarmMark> {
        self.marks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span { from: WallTime(from), to: WallTime(to) }
    }

    fn zoom(from: i64, to: i64, bin: u64) -> Zoom {
        Zoom { window: span(from, to), bin: Duration::from_millis(bin) }
    }

    type Row = (i64, Option<i64>, GapCause);

    fn coverage(zoom: Zoom, footage: Option<Span>, rows: &[Row]) -> Coverage {
        let mut marks = CoverageMarks::new(zoom, footage, WallTime(1_000));
        for (from, to, cause) in rows {
            marks.push(WallTime(*from), to.map(WallTime), *cause);
        }
        marks.finish()
    }

    fn mark(from: i64, to: Option<i64>, cause: GapCause, n: u32, missing: u64) -> GapMark {
        let (from, to) = (WallTime(from), to.map(WallTime));
        GapMark { from, to, cause, n, missing: Duration::from_millis(missing) }
    }

    #[test]
    fn the_same_gaps_at_three_zooms() {
        use GapCause::{CameraOffline, PacketLoss, Restart};
        let rows = [
            (100, Some(110), Restart),
            (130, Some(170), CameraOffline),
            (175, Some(176), PacketLoss),
            (500, None, CameraOffline),
        ];
        let check = |bin, recorded: &[Span], gaps: &[GapMark]| {
            let found = coverage(zoom(0, 800, bin), Some(span(50, 500)), &rows);
            assert_eq!(found, Coverage { recorded: recorded.to_vec(), gaps: gaps.to_vec() }, "bin {bin}");
        };
        let last = mark(500, None, CameraOffline, 1, 300);
        check(
            1,
            &[span(50, 100), span(110, 130), span(170, 175), span(176, 500)],
            &[
                mark(100, Some(110), Restart, 1, 10),
                mark(130, Some(170), CameraOffline, 1, 40),
                mark(175, Some(176), PacketLoss, 1, 1),
                last,
            ],
        );
        check(
            20,
            &[span(50, 130), span(170, 500)],
            &[mark(100, Some(110), Restart, 1, 10), mark(130, Some(176), CameraOffline, 2, 41), last],
        );
        check(50, &[span(50, 500)], &[mark(100, Some(176), CameraOffline, 3, 51), last]);
        check(400, &[span(50, 500)], &[mark(100, None, CameraOffline, 4, 351)]);
    }

    #[test]
    fn everything_is_cut_to_the_window() {
        let rows = [(0, Some(100), GapCause::Stopped), (150, Some(250), GapCause::Disk)];
        let found = coverage(zoom(90, 200, 1), Some(span(100, 900)), &rows);
        assert_eq!(found.recorded, [span(100, 150)]);
        assert_eq!(
            found.gaps,
            [mark(90, Some(100), GapCause::Stopped, 1, 10), mark(150, Some(200), GapCause::Disk, 1, 50)]
        );
        let outside = coverage(zoom(950, 960, 1), Some(span(100, 900)), &rows);
        assert_eq!(outside, Coverage::default());
        let never = coverage(zoom(0, 960, 1), None, &[(10, None, GapCause::NotFound)]);
        assert_eq!((never.recorded.len(), never.gaps), (0, vec![mark(10, None, GapCause::NotFound, 1, 950)]));
    }

    #[test]
    fn neighbouring_alarms_are_one_mark_of_the_most_severe() {
        let alarm = |id, from, to: Option<i64>, level| AlarmMark {
            incident: IncidentId(id * 10),
            alarm: AlarmId(id),
            from: WallTime(from),
            to: to.map(WallTime),
            class: RuleClass::Crowding,
            level,
            n: 1,
        };
        let mut marks = AlarmMarks::new(zoom(0, 1_000, 50));
        for one in [
            alarm(1, -5, Some(20), Level::Yellow),
            alarm(2, 10, Some(90), Level::Red),
            alarm(3, 60, Some(70), Level::Red),
            alarm(4, 150, Some(160), Level::Blue),
            alarm(5, 400, None, Level::Blue),
            alarm(6, 900, Some(910), Level::Orange),
        ] {
            marks.push(one);
        }
        assert_eq!(
            marks.finish(),
            [
                AlarmMark {
                    from: WallTime(-5),
                    to: Some(WallTime(90)),
                    n: 3,
                    ..alarm(2, 0, None, Level::Red)
                },
                alarm(4, 150, Some(160), Level::Blue),
                AlarmMark { from: WallTime(400), n: 2, ..alarm(6, 0, None, Level::Orange) },
            ]
        );
    }

    /// Gaps that do not overlap, in order, as the recorder writes them.
    fn rows() -> impl Strategy<Value = Vec<(i64, i64)>> {
        prop::collection::vec((0i64..12, 1i64..12), 0..12).prop_map(|lengths| {
            let mut at = -10;
            lengths
                .into_iter()
                .map(|(pause, length)| {
                    let from = at + pause;
                    at = from + length;
                    (from, at)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn at_the_finest_zoom_every_instant_is_told_apart(
            gaps in rows(),
            (first, until) in (-10i64..60, -10i64..80),
            (left, width) in (-10i64..60, 1i64..80),
        ) {
            let rows: Vec<Row> =
                gaps.iter().map(|(from, to)| (*from, Some(*to), GapCause::Disk)).collect();
            let window = span(left, left + width);
            let found = coverage(Zoom { window, bin: Duration::from_millis(1) }, Some(span(first, until)), &rows);
            for at in (-12..160).map(WallTime) {
                let is_missing = gaps.iter().any(|(from, to)| span(*from, *to).holds(at));
                let is_footage = span(first, until).holds(at) && !is_missing;
                let n = found.recorded.iter().filter(|recorded| recorded.holds(at)).count();
                prop_assert_eq!(n, usize::from(window.holds(at) && is_footage), "{:?}", at);
                let marked = found.gaps.iter().any(|gap| span(gap.from.0, gap.to.unwrap().0).holds(at));
                prop_assert_eq!(marked, window.holds(at) && is_missing, "{:?}", at);
            }
        }

        #[test]
        fn a_coarser_zoom_hides_no_gap_and_makes_at_most_one_mark_a_bin(gaps in rows(), bin in 1u64..40) {
            let rows: Vec<Row> =
                gaps.iter().map(|(from, to)| (*from, Some(*to), GapCause::Disk)).collect();
            let window = span(-20, 200);
            let found = coverage(Zoom { window, bin: Duration::from_millis(bin) }, Some(span(-20, 200)), &rows);
            let n: u32 = found.gaps.iter().map(|gap| gap.n).sum();
            let missing: Duration = found.gaps.iter().map(|gap| gap.missing).sum();
            let expected: i64 = gaps.iter().map(|(from, to)| to - from).sum();
            prop_assert_eq!(usize::try_from(n).unwrap(), gaps.len());
            prop_assert_eq!(missing, Duration::from_millis(expected.unsigned_abs()));
            for pair in found.gaps.windows(2) {
                prop_assert!(pair[1].from.since(pair[0].to.unwrap()) >= Duration::from_millis(bin));
            }
            for pair in found.recorded.windows(2) {
                prop_assert!(pair[1].from.since(pair[0].to) >= Duration::from_millis(bin));
            }
        }
    }
}
