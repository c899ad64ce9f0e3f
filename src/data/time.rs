//! Times as people write them in tables.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// A time as it is written: a time of day, with or without its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenTime {
    /// Its date, where one is written; of the years 1 to 9999.
    pub date: Option<NaiveDate>,
    /// Seconds since midnight, up to 24:00.
    pub seconds: u32,
}

impl WrittenTime {
    /// Reads `08:30`, `08:30:15`, `24:00`, `2026-03-02`, `2026-03-02 08:30` or `2026-03-02T08:30`;
    /// `None` for anything else.
    ///
    /// ```
    /// use purvey::data::WrittenTime;
    /// assert_eq!(WrittenTime::parse("08:30").unwrap().seconds, 30_600);
    /// assert!(WrittenTime::parse("2026-03-02T24:00").unwrap().date.is_some());
    /// assert_eq!(WrittenTime::parse("8.30"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.split_once([' ', 'T']) {
            Some((date, time)) => (Some(date), time.trim()),
            None if text.contains('-') => (Some(text), "00:00"),
            None => (None, text),
        };
        let date = match date {
            Some(date) => Some(date_of_years_that_are_told(date)?),
            None => None,
        };
        let seconds = match time {
            "24:00" | "24:00:00" => DAY,
            _ => time_of_day(time)?.num_seconds_from_midnight(),
        };
        Some(WrittenTime { date, seconds })
    }
}

fn date_of_years_that_are_told(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (1..=9999).contains(&date.year()).then_some(date)
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        let of_day = |seconds| Some(WrittenTime { date: None, seconds });
        assert_eq!(WrittenTime::parse("08:30"), of_day(30_600));
        assert_eq!(WrittenTime::parse(" 8:30:15 "), of_day(30_615));
        assert_eq!(WrittenTime::parse("24:00"), of_day(86_400));
        let date = NaiveDate::from_ymd_opt(2026, 3, 2);
        assert_eq!(WrittenTime::parse("2026-03-02"), Some(WrittenTime { date, seconds: 0 }));
        for text in ["2026-03-02 08:30", "2026-03-02T08:30"] {
            assert_eq!(WrittenTime::parse(text), Some(WrittenTime { date, seconds: 30_600 }), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        let years = ["+262142-12-31 24:00", "0000-01-01", "-0001-01-01 08:00"];
        for wrong in ["8.30", "25:00", "2026-13-01 08:00", "", "noon"].iter().chain(&years) {
            assert_eq!(WrittenTime::parse(wrong), None, "{wrong}");
        }
    }
}
