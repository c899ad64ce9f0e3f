//! What a method fits to: one prepared series and a few facts about it.

/// One prepared series: the marks are already worked in.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// Values, oldest first; NaN where a bucket is not known. Never infinite.
    pub y: &'a [f64],
    /// Buckets in a season, at least 1.
    pub season_length: usize,
    /// Values below zero are impossible (demand).
    pub nonnegative: bool,
    /// All recorded values are whole numbers.
    pub integers: bool,
}

impl History<'_> {
    /// The known values, oldest first.
    pub fn known(&self) -> impl DoubleEndedIterator<Item = f64> + Clone + '_ {
        self.y.iter().copied().filter(|y| !y.is_nan())
    }

    /// Number of known values.
    #[must_use]
    pub fn known_count(&self) -> usize {
        self.known().count()
    }

    /// Mean of the known values; 0 where there is none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        mean_of(self.known())
    }

    /// Average inter-demand interval: known buckets for each bucket with demand
    /// (Syntetos, Boylan and Croston 2005); infinite without demand.
    #[must_use]
    pub fn average_interval(&self) -> f64 {
        let demands = self.known().filter(|&y| y != 0.0).count();
        if demands == 0 { f64::INFINITY } else { self.known_count() as f64 / demands as f64 }
    }

    /// Whether a count distribution fits: whole numbers of demand of modest size.
    #[must_use]
    pub fn is_count(&self, level: f64) -> bool {
        self.integers && self.nonnegative && level < LARGEST_COUNT_LEVEL
    }
}

/// Mean demand up to which whole numbers are drawn from a count distribution.
const LARGEST_COUNT_LEVEL: f64 = 30.0;

/// Mean; 0 of nothing.
pub(super) fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += (value - sum) / count;
    }
    sum
}

/// Standard deviation around the mean with divisor n - 1; 0 for fewer than two values.
pub(super) fn deviation_of(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let mean = mean_of(values.clone());
    let count = values.clone().count();
    if count < 2 {
        return 0.0;
    }
    (values.map(|y| (y - mean) * (y - mean)).sum::<f64>() / (count - 1) as f64).sqrt()
}
