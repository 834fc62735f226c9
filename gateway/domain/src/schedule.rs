//! When a rule is awake: weekly windows in the site's local time.
//!
//! There is no time zone here: the caller turns a wall time into a [`LocalTime`] and passes it in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::closed::closed_enum;

/// Minutes of a day; a window may end there.
pub const DAY_MINUTES: u16 = 24 * 60;

closed_enum! {
    /// A day of the week, Monday first as in ISO 8601.
    pub enum Weekday ("weekday") {
        /// 1.
        Monday => "mon",
        /// 2.
        Tuesday => "tue",
        /// 3.
        Wednesday => "wed",
        /// 4.
        Thursday => "thu",
        /// 5.
        Friday => "fri",
        /// 6.
        Saturday => "sat",
        /// 7.
        Sunday => "sun",
    }
}

impl Weekday {
    /// The day before.
    #[must_use]
    pub const fn yesterday(self) -> Self {
        match self {
            Self::Monday => Self::Sunday,
            Self::Tuesday => Self::Monday,
            Self::Wednesday => Self::Tuesday,
            Self::Thursday => Self::Wednesday,
            Self::Friday => Self::Thursday,
            Self::Saturday => Self::Friday,
            Self::Sunday => Self::Saturday,
        }
    }

    /// Monday is 1 (ISO 8601); `None` outside 1 to 7.
    #[must_use]
    pub fn from_iso(number: u8) -> Option<Self> {
        usize::from(number).checked_sub(1).and_then(|i| Self::ALL.get(i)).copied()
    }
}

/// What the clock on the wall of the site says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// Today.
    pub weekday: Weekday,
    /// Minutes since midnight, 0 to 1439.
    pub minute_of_day: u16,
}

/// Why a text is no schedule window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not of the form `days from-to`.
    #[error(
        "`{text}` is no window: write days and times, such as `mon-fri 22:00-06:00` or `sat 00:00-24:00`"
    )]
    Form {
        /// The refused text.
        text: String,
    },
    /// Begins and ends in the same minute.
    #[error("`{text}` is empty: for the whole day write 00:00-24:00")]
    Empty {
        /// The refused text.
        text: String,
    },
}

/// Certain days, from a minute up to (not including) another; past midnight when `to <= from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    first: Weekday,
    last: Weekday,
    /// Invariant: below [`DAY_MINUTES`].
    from: u16,
    /// Invariant: 1 to [`DAY_MINUTES`], never equal to `from`.
    to: u16,
}

impl Window {
    /// `at` is inside.
    #[must_use]
    pub fn holds(&self, at: LocalTime) -> bool {
        if self.from < self.to {
            self.on(at.weekday) && (self.from..self.to).contains(&at.minute_of_day)
        } else {
            (self.on(at.weekday) && at.minute_of_day >= self.from)
                || (self.on(at.weekday.yesterday()) && at.minute_of_day < self.to)
        }
    }

    /// `fri-mon` wraps around the week's end.
    fn on(&self, day: Weekday) -> bool {
        if self.first <= self.last {
            (self.first..=self.last).contains(&day)
        } else {
            day >= self.first || day <= self.last
        }
    }
}

impl FromStr for Window {
    type Err = WindowError;

    /// `mon-sun 00:00-24:00`, `sat 08:30-12:00`, `mon-fri 22:00-06:00` (into the next morning).
    fn from_str(text: &str) -> Result<Self, WindowError> {
        let parse = || {
            let (days, times) = text.trim().split_once(' ')?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (from, to) = times.trim().split_once('-')?;
            Some((first.parse().ok()?, last.parse().ok()?, minute(from)?, minute(to)?))
        };
        let shown = || text.chars().take(80).collect::<String>();
        match parse() {
            Some((_, _, from, to)) if from == to => Err(WindowError::Empty { text: shown() }),
            Some((first, last, from, to)) if from < DAY_MINUTES && to > 0 => {
                Ok(Self { first, last, from, to })
            }
            // `22:00-00:00` is what people write for `22:00-24:00`.
            Some((first, last, from, 0)) if from < DAY_MINUTES => {
                Ok(Self { first, last, from, to: DAY_MINUTES })
            }
            _ => Err(WindowError::Form { text: shown() }),
        }
    }
}

/// `hh:mm`, 00:00 to 24:00.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| {
        let fine = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        fine.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.first.as_str())?;
        if self.first != self.last {
            write!(f, "-{}", self.last)?;
        }
        let (from, to) = (self.from, self.to);
        write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;
    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

/// Open whenever one of its windows is; without windows it is never open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule(Vec<Window>);

impl Schedule {
    /// From windows, which may overlap.
    #[must_use]
    pub const fn new(windows: Vec<Window>) -> Self {
        Self(windows)
    }

    /// Day and night.
    #[must_use]
    pub fn always() -> Self {
        Self(vec![Window { first: Weekday::Monday, last: Weekday::Sunday, from: 0, to: DAY_MINUTES }])
    }

    /// The windows as given.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.0
    }

    /// The rule is awake at `at`.
    #[must_use]
    pub fn is_open(&self, at: LocalTime) -> bool {
        self.0.iter().any(|window| window.holds(at))
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::always()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(weekday: Weekday, hour: u16, minute: u16) -> LocalTime {
        LocalTime { weekday, minute_of_day: hour * 60 + minute }
    }

    #[test]
    fn windows_open_and_close_on_the_minute() {
        let check = |text: &str, open: &[LocalTime], closed: &[LocalTime]| {
            let window: Window = text.parse().unwrap();
            open.iter().for_each(|&t| assert!(window.holds(t), "{text} {t:?}"));
            closed.iter().for_each(|&t| assert!(!window.holds(t), "{text} {t:?}"));
        };
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday};
        check("mon-sun 00:00-24:00", &[at(Monday, 0, 0), at(Sunday, 23, 59)], &[]);
        check(
            "sat 08:30-12:00",
            &[at(Saturday, 8, 30), at(Saturday, 11, 59)],
            &[at(Saturday, 8, 29), at(Saturday, 12, 0), at(Friday, 9, 0)],
        );
        check(
            "mon-fri 22:00-06:00",
            &[at(Monday, 22, 0), at(Tuesday, 5, 59), at(Saturday, 5, 59), at(Friday, 23, 0)],
            &[at(Monday, 5, 0), at(Monday, 21, 59), at(Saturday, 6, 0), at(Saturday, 22, 0)],
        );
        check("fri-mon 10:00-11:00", &[at(Sunday, 10, 0), at(Monday, 10, 0)], &[at(Thursday, 10, 0)]);
        check("sun 22:00-00:00", &[at(Sunday, 23, 59)], &[at(Monday, 0, 0)]);
    }

    #[test]
    fn refused_windows_say_how_to_write_them() {
        for text in
            ["", "mon", "mon 8-9", "mon 08:60-09:00", "xxx 08:00-09:00", "mon 08:00-25:00", "mon 24:00-08:00"]
        {
            assert!(matches!(text.parse::<Window>(), Err(WindowError::Form { .. })), "{text:?}");
        }
        assert!(matches!("mon 08:00-08:00".parse::<Window>(), Err(WindowError::Empty { .. })));
        assert!(matches!("mon 00:00-00:00".parse::<Window>(), Err(WindowError::Empty { .. })));
    }

    #[test]
    fn a_schedule_reads_back_what_it_writes() {
        let schedule: Schedule =
            serde_json::from_str(r#"["mon-fri 22:00-06:00", "sat 00:00-24:00"]"#).unwrap();
        assert_eq!(serde_json::to_string(&schedule).unwrap(), r#"["mon-fri 22:00-06:00","sat 00:00-24:00"]"#);
        assert!(!Schedule::new(Vec::new()).is_open(at(Weekday::Monday, 0, 0)));
        assert!(Schedule::default().is_open(at(Weekday::Sunday, 12, 0)));
        assert_eq!(Weekday::from_iso(7), Some(Weekday::Sunday));
        assert_eq!(Weekday::from_iso(0), None);
    }
}
