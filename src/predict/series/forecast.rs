//! A forecast: the mean and a joint distribution over the horizon as sample paths.

/// Mean and sample paths of one series.
///
/// ```
/// use purvey::predict::series::Forecast;
/// let forecast = Forecast {
///     id: "A".into(),
///     mean: vec![2.0, 2.0],
///     paths: vec![1.0, 1.0, 2.0, 2.0, 3.0, 3.0],
///     label: "example".into(),
///     notes: vec![],
/// };
/// assert_eq!(forecast.quantile(0.5, 0), 2.0);
/// assert_eq!(forecast.sum_quantile(0.5, 0, 2), 4.0);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forecast {
    /// Name of the series.
    pub id: String,
    /// Expected value of each bucket of the horizon.
    pub mean: Vec<f64>,
    /// Sample paths, one after the other, each `horizon` long. They are draws
    /// from the joint distribution: sums over buckets have the right spread.
    pub paths: Vec<f64>,
    /// The model as the field names it, for example `ETS(A,Ad,M)`.
    pub label: String,
    /// What the reader should know: short history, gaps, end of life.
    pub notes: Vec<String>,
}

impl Forecast {
    /// Buckets ahead.
    #[must_use]
    pub fn horizon(&self) -> usize {
        self.mean.len()
    }

    /// Number of sample paths.
    #[must_use]
    pub fn path_count(&self) -> usize {
        if self.mean.is_empty() { 0 } else { self.paths.len() / self.mean.len() }
    }

    /// One sample path.
    #[must_use]
    pub fn path(&self, index: usize) -> &[f64] {
        let h = self.horizon();
        self.paths.get(index * h..(index + 1) * h).unwrap_or(&[])
    }

    /// Value of bucket `h` (0-based) that is not exceeded with probability `level`.
    /// Without paths it is the mean; beyond the horizon it is NaN.
    #[must_use]
    pub fn quantile(&self, level: f64, h: usize) -> f64 {
        self.sum_quantile(level, h, h + 1)
    }

    /// Quantile of the sum over the buckets `from..to` (0-based), for example
    /// over lead time plus review period.
    #[must_use]
    pub fn sum_quantile(&self, level: f64, from: usize, to: usize) -> f64 {
        if from > to || to > self.horizon() {
            return f64::NAN;
        }
        if self.path_count() == 0 {
            return self.sum_mean(from, to);
        }
        quantile_of_sorted(&self.sorted_sums(from, to), level)
    }

    /// Expected sum over the buckets `from..to`.
    #[must_use]
    pub fn sum_mean(&self, from: usize, to: usize) -> f64 {
        self.mean.get(from..to).map_or(f64::NAN, |part| part.iter().sum())
    }

    /// The sums of every path over the buckets `from..to`, ascending.
    #[must_use]
    pub fn sorted_sums(&self, from: usize, to: usize) -> Vec<f64> {
        let mut sums: Vec<f64> = (0..self.path_count())
            .map(|s| self.path(s).get(from..to).map_or(f64::NAN, |part| part.iter().sum()))
            .collect();
        sums.sort_unstable_by(f64::total_cmp);
        sums
    }

    /// Quantiles of every bucket: `levels.len()` rows of `horizon` values.
    #[must_use]
    pub fn quantiles(&self, levels: &[f64]) -> Vec<Vec<f64>> {
        let mut rows = vec![Vec::with_capacity(self.horizon()); levels.len()];
        for h in 0..self.horizon() {
            let sorted = self.sorted_sums(h, h + 1);
            for (row, &level) in rows.iter_mut().zip(levels) {
                let value = if sorted.is_empty() { self.mean[h] } else { quantile_of_sorted(&sorted, level) };
                row.push(value);
            }
        }
        rows
    }
}

/// Quantile of an ascending sample by linear interpolation (Hyndman and Fan's
/// type 7); NaN for an empty sample.
#[must_use]
pub fn quantile_of_sorted(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = level.clamp(0.0, 1.0) * last as f64;
    let low = position.floor() as usize;
    let share = position - low as f64;
    let next = sorted[(low + 1).min(last)];
    if share == 0.0 { sorted[low] } else { sorted[low] + share * (next - sorted[low]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_and_stay_inside() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!(quantile_of_sorted(&sorted, 0.0), 1.0);
        assert_eq!(quantile_of_sorted(&sorted, 0.75), 3.0);
        assert_eq!(quantile_of_sorted(&sorted, 1.0), 4.0);
        assert!(quantile_of_sorted(&[], 0.5).is_nan());
    }

    #[test]
    fn sums_follow_paths_not_marginals() {
        // Two buckets that move against each other: every sum is 3.
        let forecast = Forecast {
            mean: vec![1.5, 1.5],
            paths: vec![0.0, 3.0, 1.0, 2.0, 3.0, 0.0],
            ..Forecast::default()
        };
        assert_eq!(forecast.sum_quantile(0.9, 0, 2), 3.0);
        assert!(forecast.quantile(0.9, 0) > 2.0);
        assert!(forecast.quantile(0.9, 2).is_nan());
    }
}
