//! From values to positions: ranges, round ticks, ticks of a calendar.

use chrono::{Datelike, Days, Months, NaiveDate};

/// Values beyond this size are drawn at it; differences stay finite.
const LARGEST: f64 = 1e100;

/// A linear map from a range of values to a range of positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// The scale of `low ..= high` on positions `from` (for `low`) to `to`.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        Scale { low, high, from, to }
    }

    /// Position of a value; values outside the range stand at its ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value.clamp(-LARGEST, LARGEST) - self.low) / (self.high - self.low);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

/// Smallest and largest of the known values, or `None` without any.
pub(super) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).map(|value| value.clamp(-LARGEST, LARGEST)).fold(
        None,
        |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        },
    )
}

/// A range that ends at round numbers, and its ticks (about `count`).
///
/// A range without width is widened, so that a scale on it is sound.
pub(super) fn round_range((low, high): (f64, f64), count: usize) -> ((f64, f64), Vec<f64>) {
    let (low, high) = if high > low {
        (low, high)
    } else {
        let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        (low - margin.min(low.max(0.0)), high + margin)
    };
    let step = round_step((high - low) / count.max(1) as f64);
    let first = (low / step).floor();
    let last = (high / step).ceil().max(first + 1.0);
    let steps = (last - first).min(50.0) as usize;
    let ticks: Vec<f64> = (0..=steps).map(|i| (first + i as f64) * step).collect();
    ((first * step, (first + steps as f64) * step), ticks)
}

/// The next step of the form 1, 2, 5 x a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let lead = step / power;
    let lead = [1.0, 2.0, 2.5, 5.0].into_iter().find(|&round| lead <= round * 1.000_001).unwrap_or(10.0);
    lead * power
}

/// Days to be named on an axis from `first` to `last`, at most about `count`.
///
/// They are first days of weeks, months or years, whichever is the finest that fits.
pub(super) fn date_ticks(first: NaiveDate, last: NaiveDate, count: usize) -> Vec<NaiveDate> {
    let count = count.max(2) as i64;
    let days = (last - first).num_days().max(0);
    if days / 7 < count {
        let step = if days < count { 1 } else { 7 };
        return steps(first, last, |day| day.checked_add_days(Days::new(step)));
    }
    if days / 14 < count {
        return steps(first, last, |day| day.checked_add_days(Days::new(14)));
    }
    let months = [1, 2, 3, 6, 12, 24, 60].into_iter();
    let mut months = months.chain(std::iter::successors(Some(120), |months: &u32| months.checked_mul(10)));
    let step = months.find(|&m| days / 30 / i64::from(m) < count).unwrap_or(u32::MAX);
    let Some(start) = round_month(first, step) else { return vec![first] };
    steps(start, last, |day| day.checked_add_months(Months::new(step)))
}

/// First of the month from `day` on whose month (or year) is a multiple of `step` months.
fn round_month(day: NaiveDate, step: u32) -> Option<NaiveDate> {
    let months = i64::from(day.year()) * 12 + i64::from(day.month0());
    let step = i64::from(step);
    let started = if day.day() > 1 { months + 1 } else { months };
    let months = started.div_euclid(step) * step + if started.rem_euclid(step) > 0 { step } else { 0 };
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(year, months.rem_euclid(12) as u32 + 1, 1)
}

fn steps(first: NaiveDate, last: NaiveDate, next: impl Fn(NaiveDate) -> Option<NaiveDate>) -> Vec<NaiveDate> {
    std::iter::successors(Some(first), |&day| next(day)).take_while(|&day| day <= last).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranges_end_at_round_numbers_and_hold_their_values() {
        let ((low, high), ticks) = round_range((3.0, 97.0), 5);
        assert_eq!((low, high), (0.0, 100.0));
        assert_eq!(ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        for range in [(0.0, 0.0), (5.0, 5.0), (-3.0, -3.0), (-LARGEST, LARGEST), (0.0, 1e-300)] {
            let ((low, high), ticks) = round_range(range, 5);
            assert!(high > low && ticks.len() >= 2 && ticks.iter().all(|t| t.is_finite()), "{range:?}");
            assert!(low <= range.0 && high >= range.1 * 0.999, "{range:?} in {low}..{high}");
        }
    }

    #[test]
    fn ticks_of_a_calendar_are_few_and_round() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let ticks = date_ticks(day(2023, 1, 9), day(2024, 6, 3), 8);
        assert!(ticks.len() <= 9 && ticks.iter().all(|t| t.day() == 1), "{ticks:?}");
        assert_eq!(ticks[0], day(2023, 4, 1));
        assert_eq!(date_ticks(day(2024, 1, 1), day(2024, 1, 1), 8), [day(2024, 1, 1)]);
        assert!(date_ticks(NaiveDate::MIN, NaiveDate::MAX, 8).len() < 12);
    }

    #[test]
    fn unknown_values_have_no_extent() {
        assert_eq!(extent([f64::NAN, f64::INFINITY].into_iter()), None);
        assert_eq!(extent([1.0, f64::NAN, -2.0].into_iter()), Some((-2.0, 1.0)));
    }
}
