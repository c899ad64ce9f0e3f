//! Weekdays, review periods and days on which something is closed.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use rustc_hash::FxHashSet;

use super::buckets::Buckets;

/// A set of weekdays, written `mon,thu`, `all` or `none`.
///
/// ```
/// use chrono::Weekday;
/// use purvey::data::Weekdays;
/// let days = Weekdays::parse("Thu, Monday").unwrap();
/// assert!(days.contains(Weekday::Mon) && !days.contains(Weekday::Tue));
/// assert_eq!(days.to_string(), "mon,thu");
/// assert_eq!(Weekdays::parse("moonday"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

const DAYS: [(&str, &str); 7] = [
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];

impl Weekdays {
    /// Every day.
    pub const ALL: Weekdays = Weekdays(0x7f);
    /// No day.
    pub const NONE: Weekdays = Weekdays(0);

    /// Reads names or their first three letters, between commas, blanks, `;`, `+` or `/`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        match lower.as_str() {
            "" => return None,
            "all" => return Some(Weekdays::ALL),
            "none" => return Some(Weekdays::NONE),
            _ => {}
        }
        let mut set = 0;
        for word in lower.split([',', ' ', ';', '+', '/']).filter(|word| !word.is_empty()) {
            let day = DAYS.iter().position(|(short, long)| word == *short || word == *long)?;
            set |= 1 << day;
        }
        (set != 0).then_some(Weekdays(set))
    }

    /// Whether `day` is one of them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    /// How many days a week it names.
    #[must_use]
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether it names no day.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first of these days at or after `date`; `None` when there is none.
    #[must_use]
    pub fn next_from(self, date: NaiveDate) -> Option<NaiveDate> {
        (0..7)
            .filter_map(|days| date.checked_add_days(Days::new(days)))
            .find(|day| self.contains(day.weekday()))
    }
}

impl From<Weekday> for Weekdays {
    fn from(day: Weekday) -> Self {
        Weekdays(1 << day.num_days_from_monday())
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Weekdays::ALL => f.write_str("all"),
            Weekdays::NONE => f.write_str("none"),
            Weekdays(set) => {
                let names = DAYS.iter().enumerate().filter(|(day, _)| set & (1 << day) != 0);
                let names: Vec<_> = names.map(|(_, (short, _))| *short).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

/// On which days a place is open or a supplier takes orders: its weekdays less its closures.
#[derive(Debug, Clone)]
pub struct OpenDays {
    weekdays: Weekdays,
    closed: FxHashSet<NaiveDate>,
}

impl OpenDays {
    /// Open on `weekdays`, but not on the dates of `closed`.
    #[must_use]
    pub fn new(weekdays: Weekdays, closed: impl IntoIterator<Item = NaiveDate>) -> Self {
        OpenDays { weekdays, closed: closed.into_iter().collect() }
    }

    /// Whether `date` is an open day.
    #[must_use]
    pub fn is_open(&self, date: NaiveDate) -> bool {
        self.weekdays.contains(date.weekday()) && !self.closed.contains(&date)
    }

    /// For each bucket from `first` on: the share of its days that are open (0 to 1).
    #[must_use]
    pub fn shares(&self, buckets: &Buckets, first: i64, count: usize) -> Vec<f64> {
        let days = |index| {
            let (start, end) = (buckets.start_of(index), buckets.start_of(index + 1));
            start.iter_days().take_while(move |day| *day < end)
        };
        (first..)
            .take(count)
            .map(|index| {
                let (open, all) = days(index)
                    .fold((0_u32, 0_u32), |(open, all), day| (open + u32::from(self.is_open(day)), all + 1));
                if all == 0 { 0.0 } else { f64::from(open) / f64::from(all) }
            })
            .collect()
    }
}

/// For each bucket from `first` on: whether a review falls on it, one every `period` buckets,
/// counted from bucket 0. A period of 0 counts as 1.
#[must_use]
pub fn review_buckets(period: usize, first: i64, count: usize) -> Vec<bool> {
    let period = i64::try_from(period.max(1)).unwrap_or(i64::MAX);
    (first..).take(count).map(|index| index.rem_euclid(period) == 0).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::data::Bucket;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_set_of_weekdays_reads_back() {
        for set in 0..128 {
            let days = Weekdays(set);
            assert_eq!(Weekdays::parse(&days.to_string()), Some(days));
        }
    }

    #[test]
    fn the_next_order_day_may_be_the_day_itself() {
        let days = Weekdays::parse("mon,thu").unwrap();
        assert_eq!(days.next_from(date("2024-04-15")), Some(date("2024-04-15")));
        assert_eq!(days.next_from(date("2024-04-16")), Some(date("2024-04-18")));
        assert_eq!(Weekdays::NONE.next_from(date("2024-04-16")), None);
    }

    #[test]
    fn shares_count_weekdays_and_closures() {
        let weeks = Buckets::new(Bucket::Week, Weekday::Mon, date("2024-04-15"));
        let open = OpenDays::new(Weekdays::parse("mon tue wed thu fri sat").unwrap(), [date("2024-05-01")]);
        assert_eq!(open.shares(&weeks, 1, 2), [6.0 / 7.0, 5.0 / 7.0]);
        let days = Buckets::new(Bucket::Day, Weekday::Mon, date("2024-04-20"));
        assert_eq!(open.shares(&days, 0, 2), [1.0, 0.0]);
    }

    #[test]
    fn reviews_fall_every_period_on_both_sides_of_bucket_zero() {
        assert_eq!(review_buckets(2, -2, 5), [true, false, true, false, true]);
        assert_eq!(review_buckets(0, 0, 2), [true, true]);
    }
}
