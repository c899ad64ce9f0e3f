//! Moments in tables: on a day, or every day.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use crate::data::WrittenTime;

/// Seconds of a day.
pub(super) const DAY: f64 = 86_400.0;

/// A moment as a table gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    /// Seconds after every midnight.
    Daily(f64),
    /// Seconds since the Monday that began the calendar.
    Dated(f64),
}

impl Moment {
    /// Reads a time of day, or one with its date.
    pub fn parse(text: &str) -> Option<Self> {
        let WrittenTime { date, seconds } = WrittenTime::parse(text)?;
        let second = f64::from(seconds);
        Some(match date {
            Some(date) => Moment::Dated(start_of(date) + second),
            None => Moment::Daily(second),
        })
    }

    /// Whether a row from this moment until another holds at `moment`.
    pub fn holds(self, until: Moment, moment: f64) -> bool {
        match (self, until) {
            (Moment::Dated(from), Moment::Dated(until)) => from <= moment && moment < until,
            (Moment::Daily(from), Moment::Daily(until)) => {
                let second = day_and_second(moment).1;
                // A row may cross midnight; one that ends when it starts holds all day.
                if from < until { from <= second && second < until } else { from <= second || second < until }
            }
            _ => false,
        }
    }

    /// Seconds after `origin` at which the moment comes, the first time.
    pub fn after(self, origin: f64) -> f64 {
        match self {
            Moment::Dated(at) => at - origin,
            Moment::Daily(second) => (second - origin).rem_euclid(DAY),
        }
    }

    pub fn same_kind(self, other: Moment) -> bool {
        matches!((self, other), (Moment::Daily(_), Moment::Daily(_)) | (Moment::Dated(_), Moment::Dated(_)))
    }
}

/// Midnight of a date.
pub(super) fn start_of(date: NaiveDate) -> f64 {
    f64::from(date.num_days_from_ce() - 1) * DAY
}

/// Day of a moment, counted from a Monday, and the seconds after its midnight.
pub(super) fn day_and_second(moment: f64) -> (i32, f64) {
    let day = (moment / DAY).floor();
    (day as i32, moment - day * DAY)
}

/// A moment for a person.
pub(super) fn shown(moment: f64) -> String {
    let (day, second) = day_and_second(moment);
    let date = NaiveDate::from_num_days_from_ce_opt(day + 1);
    let time = NaiveTime::from_num_seconds_from_midnight_opt(second as u32, 0);
    match (date, time) {
        (Some(date), Some(time)) => NaiveDateTime::new(date, time).format("%Y-%m-%d %H:%M").to_string(),
        _ => format!("day {day}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn moments_are_read_and_shown() {
        assert_eq!(Moment::parse("08:30"), Some(Moment::Daily(30_600.0)));
        let Some(Moment::Dated(at)) = Moment::parse("2026-11-25T08:30:00") else { panic!("dated") };
        assert_eq!(day_and_second(at).0.rem_euclid(7), 2, "a Wednesday");
        assert_eq!(shown(at), "2026-11-25 08:30");
        assert_eq!(Moment::parse("2026-11-25 8.30"), None);
        assert_eq!(Moment::parse("25:00"), None);
    }

    #[test]
    fn a_daily_row_may_cross_midnight() {
        let (late, early) = (Moment::Daily(79_200.0), Moment::Daily(7_200.0));
        let midnight = 10.0 * DAY;
        assert!(late.holds(early, midnight + 3_600.0) && late.holds(early, midnight + 80_000.0));
        assert!(!late.holds(early, midnight + 40_000.0));
        assert_eq!(early.after(midnight + 3_600.0), 3_600.0);
        assert_eq!(early.after(midnight + 10_800.0), DAY - 3_600.0);
    }
}
