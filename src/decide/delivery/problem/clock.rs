//! Times as people write them, and as numbers on one clock.
//!
//! A time is a time of day (`08:30`), which is on the plan date, or has its own date
//! (`2026-03-02 08:30`). On the clock it is seconds since midnight of the plan date, counted through
//! the changes of summer time of the zone, so a night shift over such a change has its true length.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::data::WrittenTime;

/// How times are read and written.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Clock {
    /// Zone and plan date; `None` for a standard file, whose times are plain numbers.
    zone: Option<(Tz, NaiveDate)>,
    /// Whether times are told with their date.
    dated: bool,
}

/// Times further from the plan date than this, in seconds, are not told: no calendar has them.
const FURTHEST: f64 = 1e11;

impl Clock {
    /// A clock of a zone; `None` where there is no such zone. Times are told with their date when
    /// `dated`. A plan date outside the years 1 to 9999 becomes the nearest day of them.
    pub(super) fn new(zone: &str, plan_date: NaiveDate, dated: bool) -> Option<Self> {
        Some(Clock { zone: Some((zone.parse().ok()?, told(plan_date))), dated })
    }

    /// Seconds since midnight of the plan date; `later` days are added where no date is written.
    pub(in super::super) fn at(&self, written: WrittenTime, later: i64) -> f64 {
        let seconds = TimeDelta::seconds(i64::from(written.seconds));
        let Some((zone, plan_date)) = self.zone else { return seconds.num_seconds() as f64 };
        let date = written.date.unwrap_or_else(|| {
            let later = TimeDelta::try_days(later).unwrap_or_default();
            plan_date.checked_add_signed(later).unwrap_or(plan_date)
        });
        let instant = instant(zone, told(date).and_time(NaiveTime::MIN) + seconds);
        (instant - instant_of_day(zone, plan_date)).num_seconds() as f64
    }

    /// A time for a person and for a table: with its date where dates are known; blank where it is
    /// none.
    pub(in super::super) fn write(&self, time: f64) -> String {
        let Some((zone, plan_date)) = self.zone else { return ((time * 1e6).round() / 1e6).to_string() };
        let Some(at) = after(zone, plan_date, time) else { return String::new() };
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
        after(zone, plan_date, time).map_or_else(String::new, |at| at.format("%H:%M").to_string())
    }

    /// The plan date, where dates are known.
    pub(in super::super) fn plan_date(&self) -> Option<NaiveDate> {
        self.zone.filter(|_| self.dated).map(|(_, date)| date)
    }
}

/// The nearest day of the years 1 to 9999, around which the calendar has room for zones and shifts.
fn told(date: NaiveDate) -> NaiveDate {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or(date);
    date.clamp(day(1, 1, 1), day(9999, 12, 31))
}

/// The instant so many seconds after midnight of a date; `None` beyond the calendar.
fn after(zone: Tz, date: NaiveDate, seconds: f64) -> Option<DateTime<Tz>> {
    let near = seconds.abs() <= FURTHEST;
    let step = TimeDelta::try_seconds(seconds.round() as i64).filter(|_| near)?;
    instant_of_day(zone, date).checked_add_signed(step)
}

fn instant_of_day(zone: Tz, date: NaiveDate) -> DateTime<Tz> {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// The first instant that a clock of the zone shows `local`; where summer time jumps over it, the
/// time an hour later.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Tz> {
    let found = zone.from_local_datetime(&local).earliest();
    found
        .or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())
        .unwrap_or_else(|| zone.from_utc_datetime(&local))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> WrittenTime {
        WrittenTime::parse(text).unwrap()
    }

    fn clock(zone: &str, date: &str) -> Clock {
        Clock::new(zone, date.parse().unwrap(), true).unwrap()
    }

    #[test]
    fn a_time_beyond_every_calendar_is_told_as_none() {
        let clock = clock("Europe/Berlin", "2026-03-28");
        for time in [6e14, 1e300, -6e14] {
            assert_eq!((clock.write(time), clock.hour(time)), (String::new(), String::new()));
        }
        let last = Clock::new("Pacific/Auckland", NaiveDate::MAX, true).unwrap();
        assert!(last.at(WrittenTime { date: None, seconds: 86_400 }, 1) >= 0.0);
    }

    #[test]
    fn a_night_with_a_change_of_summer_time_has_its_true_length() {
        // In Berlin clocks go from 2:00 to 3:00 on 2026-03-29, and back on 2026-10-25.
        let length = |date: &str| {
            let clock = clock("Europe/Berlin", date);
            (clock.at(parse("06:00"), 1) - clock.at(parse("22:00"), 0)) / 3600.0
        };
        assert_eq!([length("2026-03-28"), length("2026-10-24"), length("2026-06-01")], [7.0, 9.0, 8.0]);
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let clock = clock("Europe/Berlin", "2026-03-28");
        for time in [0.0, 30_600.0, 90_000.0, 100_015.0] {
            let written = parse(&clock.write(time));
            assert_eq!(clock.at(written, 0), time, "{}", clock.write(time));
        }
        assert_eq!(Clock::default().write(12.5), "12.5");
    }
}
