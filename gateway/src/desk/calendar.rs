//! Working time on the site's own days: when so much of it has passed.

use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use sharpeyes_domain::{
    centre::{Allowance, Basis, Date, WorkCalendar},
    schedule::Weekday,
    time::WallTime,
};

/// Longer than any allowance reaches, holidays included.
const MOST_DAYS: i32 = 4_000;

/// The working days of a site in its time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    work: WorkCalendar,
    zone: TimeZone,
}

impl Calendar {
    /// Of a site in this zone.
    #[must_use]
    pub const fn new(work: WorkCalendar, zone: TimeZone) -> Self {
        Self { work, zone }
    }

    /// When `allowance` has passed since `start`. Working time begins with the next working hour.
    #[must_use]
    pub fn after(&self, start: WallTime, allowance: Allowance) -> WallTime {
        self.after_ms(start, allowance.basis, i64::from(allowance.seconds) * 1_000)
    }

    /// As [`Calendar::after`], for a part of an allowance.
    pub(super) fn after_ms(&self, start: WallTime, basis: Basis, span_ms: i64) -> WallTime {
        let by_wall = WallTime(start.0.saturating_add(span_ms));
        match basis {
            Basis::Wall => by_wall,
            Basis::Working => self.working(start, span_ms).unwrap_or(by_wall),
        }
    }

    /// How much of `basis` passes between two moments: what [`Calendar::after_ms`] takes to come from one to the other.
    pub(super) fn between_ms(&self, from: WallTime, until: WallTime, basis: Basis) -> i64 {
        let by_wall = until.0.saturating_sub(from.0);
        match basis {
            Basis::Wall => by_wall,
            Basis::Working => self.worked(from, until).unwrap_or(by_wall),
        }
    }

    /// `None` when nothing is worked in the years ahead, or a date is beyond any calendar.
    fn worked(&self, from: WallTime, until: WallTime) -> Option<i64> {
        self.working(from, 1)?;
        let (first, last) = (self.date_of(from)?, self.date_of(until)?);
        let mut worked = 0;
        let days = (0..MOST_DAYS).map_while(|n| first.checked_add(n.days()).ok());
        for day in days.take_while(|day| *day <= last).filter(|day| self.is_working(*day)) {
            for &(begin, end) in &self.work.hours {
                let (begin, end) =
                    (self.moment(day, begin)?.max(from.0), self.moment(day, end)?.min(until.0));
                worked += end.saturating_sub(begin).max(0);
            }
        }
        Some(worked)
    }

    /// `None` when there is not that much working time in the years ahead, or the date is beyond any calendar.
    fn working(&self, start: WallTime, span_ms: i64) -> Option<WallTime> {
        let first = self.date_of(start)?;
        let mut left = span_ms;
        for n in 0..MOST_DAYS {
            let day = first.checked_add(n.days()).ok()?;
            if !self.is_working(day) {
                continue;
            }
            for &(from, to) in &self.work.hours {
                let from = self.moment(day, from)?.max(start.0);
                let to = self.moment(day, to)?;
                let here = to.saturating_sub(from);
                if here <= 0 {
                    continue;
                }
                if left <= here {
                    return Some(WallTime(from + left));
                }
                left -= here;
            }
        }
        None
    }

    /// As in incidents' numbers: `20261126`.
    #[must_use]
    pub fn day_text(&self, at: WallTime) -> String {
        self.date_of(at).map_or_else(|| "00000000".to_owned(), |day| day.strftime("%Y%m%d").to_string())
    }

    /// The year on the site's calendar.
    #[must_use]
    pub fn year(&self, at: WallTime) -> i16 {
        self.date_of(at).map_or(0, civil::Date::year)
    }

    /// The day on the site's calendar; `None` beyond any calendar.
    #[must_use]
    pub fn day(&self, at: WallTime) -> Option<(Date, Weekday)> {
        let day = self.date_of(at)?;
        Some((date(day), weekday(day)))
    }

    fn is_working(&self, day: civil::Date) -> bool {
        self.work.is_working(date(day), weekday(day))
    }

    fn date_of(&self, at: WallTime) -> Option<civil::Date> {
        Some(Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.zone.clone()).date())
    }

    /// A minute of a day as wall time; minute 1440 is the midnight that ends it.
    fn moment(&self, day: civil::Date, minute: u16) -> Option<i64> {
        let day = if minute >= 1_440 { day.tomorrow().ok()? } else { day };
        let minute = i8::try_from(minute % 60).ok().zip(i8::try_from(minute / 60 % 24).ok());
        let (minute, hour) = minute?;
        let zoned = day.at(hour, minute, 0, 0).to_zoned(self.zone.clone()).ok()?;
        Some(zoned.timestamp().as_millisecond())
    }
}

fn date(day: civil::Date) -> Date {
    Date { year: day.year(), month: day.month(), day: day.day() }
}

fn weekday(day: civil::Date) -> Weekday {
    let number = u8::try_from(day.weekday().to_monday_one_offset()).unwrap_or(1);
    Weekday::from_iso(number).unwrap_or(Weekday::Monday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> WallTime {
        WallTime(format!("{text}+08:00").parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn working_time_skips_nights_weekends_and_holidays_and_counts_days_made_up_for() {
        let calendar = Calendar::new(WorkCalendar::default(), TimeZone::get("Asia/Shanghai").unwrap());
        let hour = 3_600;
        let check = |start: &str, seconds: u32, due: &str| {
            let found = calendar.after(wall(start), Allowance::working(seconds));
            assert_eq!(found, wall(due), "{} s from {start} is {} ms, not {due}", seconds, found.0);
        };
        check("2026-11-25T09:00:00", hour, "2026-11-25T10:00:00");
        // Over lunch, over night, over the weekend.
        check("2026-11-25T11:30:00", hour, "2026-11-25T15:00:00");
        check("2026-11-25T17:30:00", hour, "2026-11-26T09:00:00");
        check("2026-11-27T17:30:00", hour, "2026-11-30T09:00:00");
        check("2026-11-28T03:00:00", hour, "2026-11-30T09:30:00");
        let check_between = |from: &str, until: &str, seconds: i64| {
            let worked = calendar.between_ms(wall(from), wall(until), Basis::Working);
            assert_eq!(worked, seconds * 1_000, "from {from} to {until}");
        };
        check_between("2026-11-27T17:30:00", "2026-11-30T09:00:00", 3_600);
        check_between("2026-11-25T11:30:00", "2026-11-25T15:00:00", 3_600);
        check_between("2026-11-28T03:00:00", "2026-11-29T03:00:00", 0);
        // One working day has seven hours.
        check("2026-11-25T10:00:00", 7 * hour, "2026-11-26T10:00:00");
        // National day: the 30th of September, then the 8th of October; Saturday the 10th is worked.
        check("2026-09-30T17:00:00", 2 * hour, "2026-10-08T09:30:00");
        check("2026-10-09T17:00:00", 2 * hour, "2026-10-10T09:30:00");
        // The Sunday before it is worked too.
        check("2026-09-19T12:00:00", hour, "2026-09-20T09:30:00");
        // Spring festival begins on Sunday the 15th of February; Saturday before is worked.
        check("2026-02-14T17:00:00", 2 * hour, "2026-02-24T09:30:00");
        let by_wall = calendar.after(wall("2026-10-01T03:00:00"), Allowance::wall(60));
        assert_eq!(by_wall, wall("2026-10-01T03:01:00"));
    }

    #[test]
    fn a_calendar_without_working_days_falls_back_to_the_wall() {
        let work = WorkCalendar { days: Vec::new(), open: Vec::new(), ..WorkCalendar::default() };
        let calendar = Calendar::new(work, TimeZone::UTC);
        assert_eq!(calendar.after(WallTime(0), Allowance::working(60)), WallTime(60_000));
        assert_eq!(calendar.day_text(WallTime(0)), "19700101");
        assert_eq!(calendar.year(WallTime(i64::MAX)), 0, "beyond any calendar");
    }
}
