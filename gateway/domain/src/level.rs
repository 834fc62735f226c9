//! How urgent an alarm or an incident is: 红橙黄蓝, stored as 1 to 4.

use crate::closed::closed_enum;

closed_enum! {
    /// Priority 1 to 4. The order is by number: the most urgent is the smallest, so use [`Level::is_above`].
    pub enum Level ("level") {
        /// Priority 1: someone must look within seconds.
        Red => "red",
        /// Priority 2.
        Orange => "orange",
        /// Priority 3.
        Yellow => "yellow",
        /// Priority 4: for the list only.
        Blue => "blue",
    }
}

impl Level {
    /// 1 (red) to 4 (blue), as in rows and JSON.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Red => 1,
            Self::Orange => 2,
            Self::Yellow => 3,
            Self::Blue => 4,
        }
    }

    /// `None` unless `number` is 1 to 4.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Red),
            2 => Some(Self::Orange),
            3 => Some(Self::Yellow),
            4 => Some(Self::Blue),
            _ => None,
        }
    }

    /// More urgent than `other`.
    #[must_use]
    pub const fn is_above(self, other: Self) -> bool {
        self.number() < other.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_urgency_agree() {
        for &level in Level::ALL {
            assert_eq!(Level::from_number(i64::from(level.number())), Some(level));
            assert!(!level.is_above(level));
        }
        assert!(Level::Red.is_above(Level::Blue));
        for number in [i64::MIN, -1, 0, 5, i64::MAX] {
            assert_eq!(Level::from_number(number), None);
        }
    }
}
