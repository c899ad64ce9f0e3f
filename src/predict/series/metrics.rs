//! How good a forecast was.
//!
//! Given actual values and what was forecast, measure the distance.
//!
//! Method: R. J. Hyndman, A. B. Koehler (2006), "Another look at measures of
//! forecast accuracy", doi:10.1016/j.ijforecast.2006.03.001 (MASE; RMSSE is its
//! quadratic form as in M5); S. Makridakis, E. Spiliotis, V. Assimakopoulos
//! (2020), doi:10.1016/j.ijforecast.2019.04.014 (sMAPE and OWA as in M4); T.
//! Gneiting, A. E. Raftery (2007), doi:10.1198/016214506000001437 (pinball loss
//! and CRPS).
//! Cost: time O(n), CRPS O(S log S) for S paths.
//! Use money instead (a backtest) when the forecast feeds a decision.
//! Not for: comparing series of different size by anything that is not scaled.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: pairs with an unknown actual are left out; a measure
//! of nothing is NaN.

use super::forecast::Forecast;
use super::history::mean_of;

fn pairs<'a>(actual: &'a [f64], forecast: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
    actual.iter().copied().zip(forecast.iter().copied()).filter(|(y, _)| !y.is_nan())
}

fn mean_or_nan(values: impl Iterator<Item = f64> + Clone) -> f64 {
    if values.clone().next().is_none() { f64::NAN } else { mean_of(values) }
}

/// Mean absolute error over the mean absolute seasonal difference of the history.
///
/// ```
/// use purvey::predict::series::metrics::mase;
/// // Differences of the history: 2, 2; errors 1, 3.
/// assert_eq!(mase(&[10.0, 12.0], &[9.0, 15.0], &[4.0, 6.0, 8.0], 1), 1.0);
/// ```
#[must_use]
pub fn mase(actual: &[f64], forecast: &[f64], history: &[f64], season_length: usize) -> f64 {
    let scale = mean_or_nan(differences(history, season_length).map(f64::abs));
    mean_or_nan(pairs(actual, forecast).map(|(y, f)| (y - f).abs())) / scale
}

/// Root mean squared error over the root mean squared seasonal difference of the history.
#[must_use]
pub fn rmsse(actual: &[f64], forecast: &[f64], history: &[f64], season_length: usize) -> f64 {
    let scale = mean_or_nan(differences(history, season_length).map(|d| d * d));
    (mean_or_nan(pairs(actual, forecast).map(|(y, f)| (y - f) * (y - f))) / scale).sqrt()
}

fn differences(history: &[f64], season_length: usize) -> impl Iterator<Item = f64> + Clone + '_ {
    let lag = season_length.max(1).min(history.len());
    history.iter().zip(&history[lag..]).map(|(a, b)| b - a).filter(|d| !d.is_nan())
}

/// Sum of absolute errors over the sum of absolute actual values.
#[must_use]
pub fn wape(actual: &[f64], forecast: &[f64]) -> f64 {
    let size: f64 = pairs(actual, forecast).map(|(y, _)| y.abs()).sum();
    pairs(actual, forecast).map(|(y, f)| (y - f).abs()).sum::<f64>() / size
}

/// Symmetric mean absolute percentage error in percent, 0 to 200, as in M4; two
/// zeros are no error.
#[must_use]
pub fn smape(actual: &[f64], forecast: &[f64]) -> f64 {
    mean_or_nan(pairs(actual, forecast).map(|(y, f)| {
        let size = y.abs() + f.abs();
        if size == 0.0 { 0.0 } else { 200.0 * (y - f).abs() / size }
    }))
}

/// Overall weighted average of M4: sMAPE and MASE, each averaged over all series,
/// relative to those of the Naive 2 benchmark.
#[must_use]
pub fn owa(smape: f64, mase: f64, benchmark_smape: f64, benchmark_mase: f64) -> f64 {
    0.5 * (smape / benchmark_smape + mase / benchmark_mase)
}

/// Pinball loss of one quantile forecast.
///
/// ```
/// use purvey::predict::series::metrics::pinball_loss;
/// assert_eq!(pinball_loss(10.0, 8.0, 0.75), 1.5);
/// assert_eq!(pinball_loss(8.0, 10.0, 0.75), 0.5);
/// ```
#[must_use]
pub fn pinball_loss(actual: f64, quantile: f64, level: f64) -> f64 {
    let above = actual - quantile;
    if above >= 0.0 { level * above } else { (level - 1.0) * above }
}

/// Continuous ranked probability score of an ascending sample: mean distance to
/// the actual value less half the mean distance within the sample.
#[must_use]
pub fn crps(actual: f64, sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    if sorted.is_empty() {
        return f64::NAN;
    }
    let distance = mean_of(sorted.iter().map(|x| (x - actual).abs()));
    // Each pair counts with its rank: the sum of |x_i - x_j| is 2 sum (2 i - n + 1) x_i.
    let within: f64 = sorted.iter().enumerate().map(|(i, x)| (2.0 * i as f64 - n + 1.0) * x).sum();
    distance - within / (n * n)
}

/// Share of the actual values inside the central interval of probability `share`.
#[must_use]
pub fn coverage(actual: &[f64], forecast: &Forecast, share: f64) -> f64 {
    let tail = 0.5 * (1.0 - share);
    let known = actual.iter().enumerate().take(forecast.horizon()).filter(|(_, y)| !y.is_nan());
    mean_or_nan(known.map(|(h, y)| {
        let sorted = forecast.sorted_sums(h, h + 1);
        let low = super::forecast::quantile_of_sorted(&sorted, tail);
        let high = super::forecast::quantile_of_sorted(&sorted, 1.0 - tail);
        if (low..=high).contains(y) { 1.0 } else { 0.0 }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        let (actual, forecast) = ([10.0, 20.0, f64::NAN], [12.0, 15.0, 99.0]);
        assert!((wape(&actual, &forecast) - 7.0 / 30.0).abs() < 1e-12);
        assert!((smape(&actual, &forecast) - 0.5 * (400.0 / 22.0 + 1000.0 / 35.0)).abs() < 1e-12);
        assert!((rmsse(&actual, &forecast, &[1.0, 3.0, 5.0], 1) - (14.5_f64 / 4.0).sqrt()).abs() < 1e-12);
        assert!((owa(9.0, 2.0, 10.0, 2.5) - 0.85).abs() < 1e-12);
        assert!(mase(&[], &[], &[1.0, 2.0], 1).is_nan());
        assert_eq!(smape(&[0.0], &[0.0]), 0.0);
    }

    #[test]
    fn crps_equals_its_definition() {
        let sample = [1.0, 2.0, 4.0, 7.0];
        let distance: f64 = sample.iter().map(|x| (x - 3.0_f64).abs()).sum::<f64>() / 4.0;
        let within: f64 =
            sample.iter().flat_map(|a| sample.iter().map(move |b| (a - b).abs())).sum::<f64>() / 16.0;
        assert!((crps(3.0, &sample) - (distance - 0.5 * within)).abs() < 1e-12);
    }

    #[test]
    fn coverage_counts_what_lies_inside() {
        let forecast = Forecast {
            mean: vec![5.0, 5.0],
            paths: (0..11).flat_map(|i| [f64::from(i), f64::from(i)]).collect(),
            ..Forecast::default()
        };
        assert_eq!(coverage(&[9.0, 9.5], &forecast, 0.8), 0.5);
        assert_eq!(coverage(&[9.0, f64::NAN], &forecast, 0.8), 1.0);
    }
}
