//! Times as people write them, and as numbers on one clock.
//!
//! A time is a time of day (`08:30`), which is on the plan date, or has its own date
//! (`2026-03-02 08:30`). On the clock it is seconds since midnight of the plan date, counted through
//! the changes of summer time of the zone, so a night shift over such a change has its true length.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

/// How times are read and written.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Clock {
    /// Zone and plan date; `None` for a standard file, whose times are plain numbers.
    zone: Option<(Tz, NaiveDate)>,
    /// Whether times are told with their date.
    dated: bool,
}

/// A time that was written, before it stands on the clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written {
    pub date: Option<NaiveDate>,
    /// Seconds since midnight, up to 24:00.
    pub seconds: i64,
}

/// Reads `08:30`, `08:30:15`, `24:00`, `2026-03-02`, `2026-03-02 08:30` or `2026-03-02T08:30`.
pub(super) fn parse(text: &str) -> Option<Written> {
    let text = text.trim();
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (Some(date), time.trim()),
        None if text.contains('-') => (Some(text), "00:00"),
        None => (None, text),
    };
    let date = match date {
        Some(date) => Some(NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?),
        None => None,
    };
    let seconds = match time {
        "24:00" | "24:00:00" => 86_400,
        _ => {
            let time = NaiveTime::parse_from_str(time, "%H:%M")
                .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S"))
                .ok()?;
            time.signed_duration_since(NaiveTime::MIN).num_seconds()
        }
    };
    Some(Written { date, seconds })
}

impl Clock {
    /// A clock of a zone; `None` where there is no such zone. Times are told with their date when
    /// `dated`.
    pub(super) fn new(zone: &str, plan_date: NaiveDate, dated: bool) -> Option<Self> {
        Some(Clock { zone: Some((zone.parse().ok()?, plan_date)), dated })
    }

    /// Seconds since midnight of the plan date; `later` days are added where no date is written.
    pub(super) fn at(&self, written: Written, later: i64) -> f64 {
        let Some((zone, plan_date)) = self.zone else { return written.seconds as f64 };
        let date = written.date.unwrap_or(plan_date + Duration::days(later));
        let instant = instant(zone, date.and_time(NaiveTime::MIN) + Duration::seconds(written.seconds));
        (instant - instant_of_day(zone, plan_date)).num_seconds() as f64
    }

    /// A time for a person and for a table: with its date where dates are known.
    pub(in super::super) fn write(&self, time: f64) -> String {
        let Some((zone, plan_date)) = self.zone else { return ((time * 1e6).round() / 1e6).to_string() };
        if !time.is_finite() {
            return String::new();
        }
        let at = instant_of_day(zone, plan_date) + Duration::seconds(time.round() as i64);
        // Seconds that are zero say nothing; minutes always stay.
        let told = at.format("%H:%M:%S").to_string();
        let told = told.strip_suffix(":00").unwrap_or(&told);
        if self.dated {
            return format!("{} {told}", at.date_naive());
        }
        let days = (at.date_naive() - plan_date).num_days();
        if days == 0 { told.to_owned() } else { format!("{told} (day {days:+})") }
    }

    /// A time of day for an axis.
    pub(in super::super) fn hour(&self, time: f64) -> String {
        let Some((zone, plan_date)) = self.zone else { return self.write(time) };
        (instant_of_day(zone, plan_date) + Duration::seconds(time.round() as i64)).format("%H:%M").to_string()
    }

    /// The plan date, where dates are known.
    pub(in super::super) fn plan_date(&self) -> Option<NaiveDate> {
        self.zone.filter(|_| self.dated).map(|(_, date)| date)
    }
}

fn instant_of_day(zone: Tz, date: NaiveDate) -> DateTime<Tz> {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// The first instant that a clock of the zone shows `local`; where summer time jumps over it, the
/// time an hour later.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Tz> {
    let found = zone.from_local_datetime(&local).earliest();
    found
        .or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
        .unwrap_or_else(|| zone.from_utc_datetime(&local))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn clock(zone: &str, date: &str) -> Clock {
        Clock::new(zone, date.parse().unwrap(), true).unwrap()
    }

    #[test]
    fn times_are_read_in_their_forms() {
        for (text, seconds) in [("08:30", 30_600), ("08:30:15", 30_615), ("24:00", 86_400)] {
            assert_eq!(parse(text), Some(Written { date: None, seconds }), "{text}");
        }
        let date = NaiveDate::from_ymd_opt(2026, 3, 2);
        for text in ["2026-03-02 08:30", "2026-03-02T08:30"] {
            assert_eq!(parse(text), Some(Written { date, seconds: 30_600 }), "{text}");
        }
        for wrong in ["8.30", "25:00", "2026-13-01 08:00", "", "noon"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_night_with_a_change_of_summer_time_has_its_true_length() {
        // In Berlin clocks go from 2:00 to 3:00 on 2026-03-29, and back on 2026-10-25.
        let length = |date: &str| {
            let clock = clock("Europe/Berlin", date);
            (clock.at(parse("06:00").unwrap(), 1) - clock.at(parse("22:00").unwrap(), 0)) / 3600.0
        };
        assert_eq!([length("2026-03-28"), length("2026-10-24"), length("2026-06-01")], [7.0, 9.0, 8.0]);
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let clock = clock("Europe/Berlin", "2026-03-28");
        for time in [0.0, 30_600.0, 90_000.0, 100_015.0] {
            let written = parse(&clock.write(time)).unwrap();
            assert_eq!(clock.at(written, 0), time, "{}", clock.write(time));
        }
        assert_eq!(Clock::default().write(12.5), "12.5");
    }
}
