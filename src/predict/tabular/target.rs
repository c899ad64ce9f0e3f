//! What is to be predicted, and the scale on which it is learned.

use serde::{Deserialize, Serialize};

use super::metrics::Metric;

/// A target whose 95 % quantile is so many times its 5 % quantile is judged by shares.
const WIDE: f64 = 3.0;

/// The scale on which a target is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// As it is.
    Plain,
    /// Its logarithm.
    Log,
}

impl Scale {
    /// From the target's own unit.
    pub(crate) fn forward(self, y: f64) -> f64 {
        match self {
            Scale::Plain => y,
            Scale::Log => y.ln(),
        }
    }

    /// Back to the target's own unit.
    pub(crate) fn back(self, z: f64) -> f64 {
        match self {
            Scale::Plain => z,
            Scale::Log => z.exp(),
        }
    }

    /// Its word in texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scale::Plain => "plain",
            Scale::Log => "log",
        }
    }
}

/// The metric that suits a target: shares where it is positive and wide, else squares.
pub(crate) fn natural_metric(y: &[f64]) -> Metric {
    let mut sorted = y.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| sorted.get((share * (sorted.len() - 1) as f64) as usize).copied().unwrap_or(0.0);
    if at(0.0) > 0.0 && at(0.95) > WIDE * at(0.05) { Metric::Mape } else { Metric::Rmse }
}

/// The factor on positive answers (or the shift of others) that makes the metric least.
pub(crate) fn best_offset(z: &[f64], y: &[f64], scale: Scale, metric: Metric) -> f64 {
    let error = |offset: f64| {
        let answers: Vec<f64> = z.iter().map(|z| scale.back(z + offset)).collect();
        metric.of(&answers, y)
    };
    let spread =
        z.iter().zip(y).map(|(z, y)| (z - scale.forward(*y)).abs()).sum::<f64>() / z.len().max(1) as f64;
    // The error has one valley in the offset.
    let (mut low, mut high) = (-spread, spread);
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    for _ in 0..30 {
        let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if error(a) < error(b) { high = b } else { low = a }
    }
    let offset = 0.5 * (low + high);
    if error(offset) < error(0.0) { offset } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_that_of_the_metric() {
        let y = [1.0, 2.0, 4.0, 8.0, 100.0];
        let z = [0.0_f64; 5];
        let mean = best_offset(&z, &y, Scale::Log, Metric::Rmse);
        // The answers may move by the mean distance only, here less than to the mean of 23.
        assert!(mean > 0.0 && mean.exp() <= 23.0 + 1e-6);
        let answers: Vec<f64> = z.iter().map(|z| (z + mean).exp()).collect();
        assert!(Metric::Rmse.of(&answers, &y) < Metric::Rmse.of(&[1.0; 5], &y));
        let at = best_offset(&[1.0; 3], &[1.5, 1.5, 1.5], Scale::Plain, Metric::Mae);
        assert!((at - 0.5).abs() < 1e-3, "{at}");
    }

    #[test]
    fn metrics_suit_their_targets() {
        assert_eq!(natural_metric(&[1.0, 2.0, 50.0, 400.0]), Metric::Mape);
        assert_eq!(natural_metric(&[0.0, 2.0, 50.0]), Metric::Rmse);
        assert_eq!(natural_metric(&[5.0, 5.5, 6.0]), Metric::Rmse);
    }
}
