//! The days a dashboard covers.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use runtime::{Problem, Violations};

/// Most days of one answer: a year, leap or not.
const DAYS_MAX: i32 = 366;
/// Days before the last one when the caller names no first day.
const DAYS_BEFORE: i32 = 29;

/// First and last day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Date,
    pub(crate) to: Date,
}

impl Period {
    /// The period asked for; the thirty days until today when nothing is.
    pub(crate) fn of(from: Option<Date>, to: Option<Date>, now: Timestamp) -> Result<Self, Problem> {
        let to = to.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
        let from = from.unwrap_or_else(|| to.saturating_sub(DAYS_BEFORE.days()));
        let mut violations = Violations::new();
        violations.check(from <= to, "/from", "after_to", "the first day is not after the last one");
        let is_short = to.saturating_sub((DAYS_MAX - 1).days()) <= from;
        violations.check(is_short, "/from", "too_long", "a period has at most 366 days");
        violations.finish()?;
        Ok(Self { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: Option<&str>, to: Option<&str>) -> Result<(String, String), String> {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let now = "2026-03-01T23:59:59Z".parse().unwrap();
        Period::of(from.map(date), to.map(date), now)
            .map(|period| (period.from.to_string(), period.to.to_string()))
            .map_err(|problem| problem.fields()[0].code.clone())
    }

    #[test]
    fn a_period_is_thirty_days_unless_it_is_named() {
        let days = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        assert_eq!(period(None, None), days("2026-01-31", "2026-03-01"));
        assert_eq!(period(None, Some("2026-01-30")), days("2026-01-01", "2026-01-30"));
        assert_eq!(period(Some("2026-03-01"), None), days("2026-03-01", "2026-03-01"));
    }

    #[test]
    fn a_period_is_neither_backwards_nor_longer_than_a_year() {
        assert!(period(Some("2024-01-01"), Some("2024-12-31")).is_ok());
        assert_eq!(period(Some("2024-01-01"), Some("2025-01-01")), Err("too_long".to_owned()));
        assert_eq!(period(Some("2026-03-02"), None), Err("after_to".to_owned()));
    }
}
