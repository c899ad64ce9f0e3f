//! Which period a day belongs to, by the dates of the sales.

/// First days of equally long periods; gaps between sales are filled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Periods {
    /// First day of each period, rising.
    pub starts: Vec<i32>,
    /// Days from one to the next, as a rule.
    pub days: f64,
}

/// Mean days of a month, between whose first and last length no calendar differs.
const MONTH: f64 = 365.25 / 12.0;
const YEAR: f64 = 365.25;

impl Periods {
    /// The periods of distinct rising days, at least two of them.
    pub fn of(days: &[i32]) -> Option<Self> {
        let mut gaps: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable();
        // The lower quartile: a few gaps do not lengthen the period.
        let usual = f64::from(*gaps.get(gaps.len() / 4)?);
        let length = if (29.0..=31.0).contains(&usual) { MONTH } else { usual };
        let mut starts = vec![days[0]];
        for pair in days.windows(2) {
            let gap = f64::from(pair[1] - pair[0]);
            let steps = (gap / length).round().max(1.0);
            for step in 1..steps as i32 {
                starts.push(pair[0] + (gap * f64::from(step) / steps).round() as i32);
            }
            starts.push(pair[1]);
        }
        Some(Periods { starts, days: length })
    }

    /// The period that holds a day; `None` before the first and after the last one.
    pub fn at(&self, day: i32) -> Option<usize> {
        let after = self.starts.partition_point(|start| *start <= day);
        let period = after.checked_sub(1)?;
        let is_last = after == self.starts.len();
        let is_beyond = is_last && f64::from(day - self.starts[period]) >= self.days;
        (!is_beyond).then_some(period)
    }

    /// Periods of a year.
    pub fn season_length(&self) -> f64 {
        YEAR / self.days
    }
}
