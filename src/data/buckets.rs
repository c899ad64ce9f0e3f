//! Time buckets: days, weeks or months on a line.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// Length of a planning bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// Calendar days.
    Day,
    /// Seven days from a stated weekday.
    Week,
    /// Calendar months.
    Month,
}

impl Bucket {
    /// Usual season length in buckets: 7 days, 52 weeks or 12 months.
    #[must_use]
    pub fn season_length(self) -> usize {
        match self {
            Bucket::Day => 7,
            Bucket::Week => 52,
            Bucket::Month => 12,
        }
    }

    /// Average length in days.
    #[must_use]
    pub fn days(self) -> f64 {
        match self {
            Bucket::Day => 1.0,
            Bucket::Week => 7.0,
            Bucket::Month => 365.25 / 12.0,
        }
    }
}

/// A line of buckets counted from an origin; bucket 0 begins at the origin.
///
/// ```
/// use chrono::{NaiveDate, Weekday};
/// use purvey::data::{Bucket, Buckets};
/// let monday = NaiveDate::from_ymd_opt(2024, 4, 15).unwrap();
/// let weeks = Buckets::new(Bucket::Week, Weekday::Mon, monday);
/// assert_eq!(weeks.index_of(NaiveDate::from_ymd_opt(2024, 4, 28).unwrap()), 1);
/// assert_eq!(weeks.start_of(-1), NaiveDate::from_ymd_opt(2024, 4, 8).unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    bucket: Bucket,
    origin: NaiveDate,
}

impl Buckets {
    /// Buckets whose number 0 is the one that contains `date`; weeks begin on `week_start`.
    #[must_use]
    pub fn new(bucket: Bucket, week_start: Weekday, date: NaiveDate) -> Self {
        let back = match bucket {
            Bucket::Day => 0,
            Bucket::Week => {
                (7 + date.weekday().num_days_from_monday() - week_start.num_days_from_monday()) % 7
            }
            Bucket::Month => date.day0(),
        };
        let origin = date.checked_sub_days(Days::new(u64::from(back))).unwrap_or(date);
        Buckets { bucket, origin }
    }

    /// Length of a bucket.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        self.bucket
    }

    /// First day of bucket 0.
    #[must_use]
    pub fn origin(&self) -> NaiveDate {
        self.origin
    }

    /// Number of the bucket that contains `date`; negative before the origin.
    #[must_use]
    pub fn index_of(&self, date: NaiveDate) -> i64 {
        let days = (date - self.origin).num_days();
        match self.bucket {
            Bucket::Day => days,
            Bucket::Week => days.div_euclid(7),
            Bucket::Month => month_count(date) - month_count(self.origin),
        }
    }

    /// First day of bucket `index`; clamped to the calendar's ends.
    #[must_use]
    pub fn start_of(&self, index: i64) -> NaiveDate {
        let moved = match self.bucket {
            Bucket::Day => shift_days(self.origin, index),
            Bucket::Week => index.checked_mul(7).and_then(|days| shift_days(self.origin, days)),
            Bucket::Month => u32::try_from(index.unsigned_abs()).ok().and_then(|months| {
                if index >= 0 {
                    self.origin.checked_add_months(Months::new(months))
                } else {
                    self.origin.checked_sub_months(Months::new(months))
                }
            }),
        };
        moved.unwrap_or(if index >= 0 { NaiveDate::MAX } else { NaiveDate::MIN })
    }

    /// Number of the first bucket that begins at or after `date`.
    #[must_use]
    pub fn first_from(&self, date: NaiveDate) -> i64 {
        let index = self.index_of(date);
        if self.start_of(index) == date { index } else { index + 1 }
    }
}

fn shift_days(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let step = Days::new(days.unsigned_abs());
    if days >= 0 { date.checked_add_days(step) } else { date.checked_sub_days(step) }
}

fn month_count(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}
